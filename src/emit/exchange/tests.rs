use tempfile::{TempDir, tempdir};

use super::*;

/// A parent folder with a target that holds `old`, and a complete build that holds `new`.
fn site() -> (TempDir, Site) {
    let out = tempdir().unwrap();
    let site = Site::to_write(&out.path().join("prod")).unwrap();
    for (folder, file) in [(&site.target, "old"), (&site.build, "new")] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join(file), "").unwrap();
    }
    (out, site)
}

/// What is in a folder, sorted.
pub(in crate::emit) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn both_ways_replace() {
    let (out, by_exchange) = site();
    assert_eq!(by_exchange.install().unwrap(), Some(&*by_exchange.build));
    assert_eq!(names(&by_exchange.build), ["old"]);
    by_exchange.sweep().unwrap();
    assert_eq!((names(out.path()), names(&by_exchange.target)), (vec!["prod".into()], vec!["new".into()]));

    let (out, in_two_steps) = site();
    in_two_steps.replace_in_two_steps().unwrap();
    assert_eq!(names(&in_two_steps.former), ["old"]);
    in_two_steps.sweep().unwrap();
    assert_eq!((names(out.path()), names(&in_two_steps.target)), (vec!["prod".into()], vec!["new".into()]));
}

#[test]
fn both_ways_can_be_undone() {
    let (_out, by_exchange) = site();
    by_exchange.undo(by_exchange.install().unwrap().unwrap()).unwrap();
    let (_out, in_two_steps) = site();
    in_two_steps.replace_in_two_steps().unwrap();
    in_two_steps.undo(&in_two_steps.former).unwrap();
    for site in [by_exchange, in_two_steps] {
        assert_eq!((names(&site.target), names(&site.build)), (vec!["old".into()], vec!["new".into()]));
    }
}

#[test]
fn what_forbids_to_be_removed_is_removed() {
    let (out, site) = site();
    fs::create_dir_all(site.build.join("a/b")).unwrap();
    for folder in ["a/b", "a", ""] {
        fs::set_permissions(site.build.join(folder), Permissions::from_mode(0o000)).unwrap();
    }
    site.sweep().unwrap();
    assert_eq!(names(out.path()), ["prod"]);
}

#[test]
fn killed_at_any_rename_the_old_folder_stays_or_the_new_one_comes() {
    for (renames, content) in [(0, "old"), (1, "new"), (2, "new")] {
        let (out, site) = site();
        let steps = [(&site.target, &site.former), (&site.build, &site.target)];
        for (from, to) in &steps[..renames] {
            fs::rename(from, to).unwrap();
        }
        assert_eq!(names(site.current().unwrap()), [content]);
        site.recover().unwrap();
        assert_eq!((names(out.path()), names(&site.target)), (vec!["prod".into()], vec![content.into()]));
    }
}

#[test]
fn a_target_made_after_the_kill_is_not_lost() {
    let (_out, site) = site();
    fs::rename(&site.target, &site.former).unwrap();
    fs::create_dir_all(site.target.join("work")).unwrap();
    assert!(matches!(site.recover(), Err(FolderError::Io { action: "complete", .. })));
    assert!(site.target.join("work").exists() && site.former.exists() && site.build.exists());
}

#[test]
fn only_our_leftovers_are_swept() {
    let (out, site) = site();
    let others = [".prod.p8fs-gen-other", ".prod2.p8fs-gen-build", "prod", "prod.p8fs-gen-build"];
    for name in others {
        fs::create_dir_all(out.path().join(name)).unwrap();
    }
    site.recover().unwrap();
    assert_eq!(names(out.path()), others);
}
