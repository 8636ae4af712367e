use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use tempfile::{TempDir, tempdir};

use super::*;
use crate::emit::exchange::tests::names;
use crate::emit::survey::walk;

fn files<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Files {
    entries.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect()
}

/// An output folder that holds `entries` as we wrote them.
fn written<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> (TempDir, PathBuf) {
    let out = tempdir().unwrap();
    let target = out.path().join("prod");
    assert_eq!(write(&files(entries), &target).unwrap(), report([]));
    (out, target)
}

fn report<const K: usize>(kept: [&str; K]) -> Outcome {
    Outcome::Written { former: Files::new(), kept: kept.map(str::to_owned).to_vec() }
}

/// As it is, without what was there before.
fn write(files: &Files, target: &Path) -> Result<Outcome, FolderError> {
    super::write(files, target).map(|outcome| match outcome {
        Outcome::Written { kept, .. } => Outcome::Written { former: Files::new(), kept },
        Outcome::Unchanged => Outcome::Unchanged,
    })
}

/// Every path in the folder with what identifies the file and its state.
fn state(folder: &Path) -> Vec<(PathBuf, u64, i64, u32)> {
    let entries = walk(folder).unwrap().into_iter();
    entries.map(|(path, data)| (path, data.ino(), data.mtime_nsec(), data.mode())).collect()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Asserts that the write is refused for that reason, and leaves everything as it was.
fn assert_refused<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>, target: &Path, why: &str) {
    let parent = target.parent().unwrap();
    let before = state(parent);
    let error = write(&files(entries), target).unwrap_err();
    let relevant = |state: Vec<(PathBuf, u64, i64, u32)>| state.into_iter().skip(1).collect::<Vec<_>>();
    assert_eq!(relevant(state(parent)), relevant(before));
    assert!(matches!(&error, FolderError::Refused { reason, .. } if reason.contains(why)), "{error}");
}

#[test]
fn a_new_folder_holds_the_files_and_their_inventory() {
    let (out, target) = written([("manifests/p8fs/service-api.yaml", "kind: Service\n"), ("top", "")]);
    assert_eq!(names(out.path()), ["prod"]);
    assert_eq!(fs::read(target.join("manifests/p8fs/service-api.yaml")).unwrap(), b"kind: Service\n");
    let inventory = "{\n  \"sha256\": {\n    \"manifests/p8fs/service-api.yaml\": \
        \"0986089a4d6c36657cb202f9580c17af4d96f818afca398410926f5b9703104d\",\n    \"top\": \
        \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n  }\n}\n";
    assert_eq!(fs::read_to_string(target.join(INVENTORY)).unwrap(), inventory);
    let umask = fs::metadata(target.join("manifests")).unwrap().mode();
    assert_eq!(fs::metadata(&target).unwrap().mode(), umask);
}

#[test]
fn writing_the_same_again_touches_nothing() {
    let (_out, target) = written([("a", "1"), ("b/c", "2")]);
    fs::write(target.join("theirs"), "").unwrap();
    let before = state(&target);
    assert_eq!(write(&files([("a", "1"), ("b/c", "2")]), &target).unwrap(), Outcome::Unchanged);
    assert_eq!(state(&target), before);
}

#[test]
fn what_others_put_there_is_carried_over() {
    let (out, target) = written([("a/ours", "1")]);
    fs::create_dir(target.join("theirs")).unwrap();
    fs::write(target.join("a/run.sh"), "#!").unwrap();
    chmod(&target.join("a/run.sh"), 0o751);
    chmod(&target.join("theirs"), 0o750);
    chmod(&target, 0o711);
    symlink("nowhere", target.join("theirs/link")).unwrap();
    fs::create_dir_all(target.join("a/empty/below")).unwrap();
    chmod(&target.join("a/empty/below"), 0o500);
    let odd = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"odd\xff");
    fs::write(target.join(odd), "3").unwrap();
    let script = fs::metadata(target.join("a/run.sh")).unwrap();

    // All that is ours goes, its folder stays for their file.
    assert_eq!(write(&files([("b", "2")]), &target).unwrap(), report([]));
    assert_eq!(names(out.path()), ["prod"]);
    assert!(!target.join("a/ours").exists());
    let carried = fs::metadata(target.join("a/run.sh")).unwrap();
    assert_eq!((carried.ino(), carried.mode(), carried.nlink()), (script.ino(), script.mode(), 1));
    assert_eq!(fs::metadata(target.join("theirs")).unwrap().mode() & 0o777, 0o750);
    assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o711);
    assert_eq!(fs::metadata(target.join("a/empty/below")).unwrap().mode() & 0o777, 0o500);
    assert_eq!(fs::read_link(target.join("theirs/link")).unwrap(), Path::new("nowhere"));
    assert_eq!(fs::read(target.join(odd)).unwrap(), b"3");
}

#[test]
fn stale_files_go_unless_somebody_edited_them() {
    let (_out, target) =
        written([("stale", "1"), ("edited", "1"), ("linked", "1"), ("both", "1"), ("gone", "1")]);
    fs::write(target.join("edited"), "2").unwrap();
    fs::remove_file(target.join("gone")).unwrap();
    fs::remove_file(target.join("linked")).unwrap();
    symlink("stale", target.join("linked")).unwrap();
    assert_eq!(write(&files([("both", "4")]), &target).unwrap(), report(["edited", "linked"]));
    assert_eq!(names(&target), [INVENTORY, "both", "edited", "linked"]);
    assert_eq!(fs::read(target.join("edited")).unwrap(), b"2");
    // From now on they are somebody else's.
    assert_eq!(write(&files([("both", "5")]), &target).unwrap(), report([]));
    assert_eq!(names(&target), [INVENTORY, "both", "edited", "linked"]);
    assert_refused([("edited", "6")], &target, "in the way");
    // A file like ours becomes ours.
    assert_eq!(write(&files([("edited", "2")]), &target).unwrap(), report([]));
    assert_eq!(write(&files([]), &target).unwrap(), report([]));
    assert_eq!(names(&target), [INVENTORY, "linked"]);
}

#[test]
fn what_somebody_edited_is_not_overwritten() {
    let (_out, target) = written([("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")]);
    fs::write(target.join("a"), "2").unwrap();
    fs::remove_file(target.join("b")).unwrap();
    symlink("c", target.join("b")).unwrap();
    let all = |text| [("a", text), ("b", text), ("c", text), ("d", text)];
    assert_refused(all("3"), &target, "move or remove a, b, then");
    // The same edit and the same content are nobody's loss.
    fs::remove_file(target.join("b")).unwrap();
    assert_eq!(write(&files(all("2")), &target).unwrap(), report([]));
    assert_eq!(names(&target), [INVENTORY, "a", "b", "c", "d"]);
}

#[test]
fn changes_of_others_are_noticed_where_they_would_be_lost() {
    type Edit = (&'static str, fn(&Path));
    let edits: [Edit; 6] = [
        ("nothing", |_| {}),
        ("written to a file taken over", |former| fs::write(former.join("theirs"), "longer").unwrap()),
        ("a new file", |former| fs::write(former.join("a/new"), "").unwrap()),
        ("a new folder", |former| fs::create_dir(former.join("new")).unwrap()),
        ("a file of ours edited", |former| fs::write(former.join("a/ours"), "longer").unwrap()),
        ("a file gone", |former| fs::remove_file(former.join("theirs")).unwrap()),
    ];
    for (index, (what, edit)) in edits.into_iter().enumerate() {
        let (_out, target) = written([("a/ours", "1")]);
        fs::write(target.join("theirs"), "").unwrap();
        let survey = Survey::of(&target).unwrap();
        fs::hard_link(target.join("theirs"), target.with_file_name("taken over")).unwrap();
        edit(&target);
        assert_eq!(survey.still_describes(&target).unwrap(), index < 2, "{what}");
    }
}

#[test]
fn a_file_may_become_a_folder_and_back() {
    let (_out, target) = written([("a", "1")]);
    assert_eq!(write(&files([("a/b", "1")]), &target).unwrap(), report([]));
    assert_eq!(write(&files([("a", "1")]), &target).unwrap(), report([]));
    assert_eq!(names(&target), [INVENTORY, "a"]);
}

#[test]
fn nothing_foreign_is_replaced() {
    let (_out, target) = written([("a", "1")]);
    fs::write(target.join("file"), "theirs").unwrap();
    fs::create_dir(target.join("folder")).unwrap();
    fs::write(target.join("folder/below"), "theirs").unwrap();
    symlink("folder", target.join("link")).unwrap();
    for path in ["file", "file/below", "folder", "link", "link/below"] {
        assert_refused([(path, "ours")], &target, "in the way");
    }
}

#[test]
fn a_target_that_is_no_folder_of_ours_is_refused() {
    let out = tempdir().unwrap();
    let at = |name: &str| out.path().join(name);
    fs::write(at("file"), "").unwrap();
    fs::create_dir(at("empty")).unwrap();
    symlink("empty", at("link")).unwrap();
    fs::create_dir_all(at("repository/.git")).unwrap();
    fs::create_dir_all(at("theirs/work")).unwrap();
    fs::create_dir(at("damaged")).unwrap();
    fs::write(at("damaged").join(INVENTORY), "{").unwrap();
    for (name, why) in [
        ("file", "no folder"),
        ("link", "is a link"),
        ("repository", "repository"),
        ("theirs", "not written by p8fs-gen"),
        ("damaged", "damaged"),
    ] {
        assert_refused([], &at(name), why);
    }
    let below = at("file/prod");
    for result in [write(&files([]), &below).map(drop), compare(&files([]), &below).map(drop)] {
        let error = result.unwrap_err();
        assert!(matches!(error, FolderError::Refused { path, .. } if path == at("file")));
    }
    // An empty folder is as good as none.
    write(&files([("a", "")]), &at("empty")).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_mount_point_is_refused() {
    let error = compare(&files([]), Path::new("/proc")).unwrap_err();
    assert!(error.to_string().contains("mount point"), "{error}");
}

#[test]
fn compare_tells_what_a_write_would_change_and_changes_nothing() {
    let out = tempdir().unwrap();
    let target = out.path().join("x/prod");
    assert_eq!(compare(&files([("a", "1")]), &target).unwrap(), files([("a", "")]));
    assert_eq!(names(out.path()), [""; 0]);

    write(&files([("a", "1"), ("b", "1"), ("c", "3")]), &target).unwrap();
    let before = state(out.path());
    assert_eq!(compare(&files([("a", "1"), ("b", "1"), ("c", "3")]), &target).unwrap(), files([]));
    let differences = compare(&files([("a", "2"), ("b", "1"), ("d", "1")]), &target).unwrap();
    assert_eq!(differences, files([("a", "1"), ("c", "3"), ("d", "")]));
    assert_eq!(state(out.path()), before);

    fs::write(target.join("a"), "2").unwrap();
    let differences = compare(&files([("a", "2"), ("b", "1"), ("c", "3")]), &target).unwrap();
    assert!(differences.keys().eq([INVENTORY]));
}

#[test]
fn two_writers_leave_the_work_of_one() {
    let out = tempdir().unwrap();
    let target = out.path().join("prod");
    let versions = [files([("a", "1"), ("only-1", "1")]), files([("a", "2"), ("only-2", "2")])];
    std::thread::scope(|scope| {
        for version in versions.iter().cycle().take(6) {
            scope.spawn(|| write(version, &target).unwrap());
        }
    });
    assert!(versions.iter().any(|version| compare(version, &target).unwrap().is_empty()));
    assert_eq!(names(out.path()), ["prod"]);
}
