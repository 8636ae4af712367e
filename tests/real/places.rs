//! Output folders in places that resist: full, read-only, mounted, unreadable, or in use by others.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use crate::output::{Case, ENVIRONMENT, content, names, stderr, succeed};

/// Runs a shell line in a mount namespace of its own, whose user may mount; `$out` is the output folder, `$1` and
/// what follows the render of the new version into it.
fn mounted(case: &Case, out: &Path, line: &str) -> Output {
    unshared(case, out, "-rm", line)
}

/// Likewise, as a user whom modes bind, even if the test is run by root.
fn unprivileged(case: &Case, out: &Path) -> Output {
    unshared(case, out, "-U", "\"$@\"")
}

fn unshared(case: &Case, out: &Path, namespaces: &str, line: &str) -> Output {
    let render = case.command("new", out);
    let mut command = Command::new("unshare");
    command.args([namespaces, "sh", "-c", line, "sh"]).arg(render.get_program()).args(render.get_args());
    command.env("out", out).output().expect("unshare of util-linux")
}

fn assert_failed(output: &Output, cause: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.starts_with("error: cannot ") && said.contains(cause), "{said}");
}

fn assert_refused(output: &Output, why: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(why), "{said}");
}

fn assert_old(case: &Case, out: &Path) {
    assert!(content(&out.join(ENVIRONMENT)) == case.old);
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
}

#[test]
fn a_full_disk_leaves_the_old_folder_however_much_fits() {
    let case = Case::new();
    let (disk, mut fitted) = (case.path("disk"), 0);
    fs::create_dir(&disk).expect("folder");
    for pages in 8..40 {
        // tmpfs counts pages, and lets no one write over its size.
        let after = case.path(&format!("after-{pages}"));
        let line = format!(
            "mount -t tmpfs -o size={}k none \"$out\" && cp -a {}/. \"$out\" || exit 99; \"$@\"; code=$?; \
            cp -a \"$out\" {}; exit $code",
            pages * 4,
            case.path("start").display(),
            after.display()
        );
        let output = mounted(&case, &disk, &line);
        match output.status.code() {
            // Not even the old version fits.
            Some(99) => continue,
            Some(0) => {
                fitted += 1;
                assert!(content(&after.join(ENVIRONMENT)) == case.new);
            }
            _ => {
                assert_eq!(fitted, 0, "{pages} pages");
                assert_failed(&output, "No space left on device");
                assert_old(&case, &after);
            }
        }
        assert_eq!(names(&after), [ENVIRONMENT]);
    }
    assert!((1..32).contains(&fitted), "{fitted} disks were large enough");
}

#[test]
fn a_limit_to_the_size_of_files_leaves_the_old_folder() {
    let case = Case::new();
    let out = case.out("limited");
    let output = unshared(&case, &out, "-U", "ulimit -f 1; exec \"$@\"");
    // SIGXFSZ, of which nothing can be said.
    assert_eq!(output.status.signal(), Some(25), "{}", stderr(&output));
    assert_old(&case, &out);
    case.assert_next_render_completes(&out, "limited");
}

#[test]
fn what_is_read_only_is_told() {
    let case = Case::new();
    let out = case.out("mounted");
    let output = mounted(&case, &out, "mount --bind -o ro \"$out\" \"$out\" && \"$@\"");
    assert_failed(&output, "Read-only file system");
    assert_old(&case, &out);
    assert_eq!(names(&out), [ENVIRONMENT]);

    chmod(&out, 0o555);
    let output = unprivileged(&case, &out);
    chmod(&out, 0o755);
    assert_failed(&output, "Permission denied");
    assert_old(&case, &out);
    case.assert_next_render_completes(&out, "read-only");
}

#[test]
fn mount_points_are_refused() {
    let case = Case::new();
    let out = case.out("out");
    for (line, why) in [
        ("mount -t tmpfs none $out/x && \"$@\"", "is a mount point"),
        ("mount --bind $out/x $out/x && \"$@\"", "is a mount point"),
        ("mount -t tmpfs none $out/x/theirs/empty && \"$@\"", "empty is a mount point"),
        ("mount --bind $0 $out/x/theirs/run.sh && \"$@\"", "run.sh is a mount point"),
    ] {
        let line = line.replace("$0", "/etc/hostname");
        assert_refused(&mounted(&case, &out, &line), why);
        assert_old(&case, &out);
        assert_eq!(names(&out), [ENVIRONMENT]);
    }
}

#[test]
fn what_may_not_be_read_is_told_and_what_may_not_be_written_is_taken_over() {
    let case = Case::new();
    let out = case.out("out");
    let theirs = out.join(ENVIRONMENT).join("theirs");
    chmod(&theirs.join("empty"), 0o000);
    assert_failed(&unprivileged(&case, &out), "theirs/empty: Permission denied");
    assert_eq!(names(&out), [ENVIRONMENT]);

    chmod(&theirs.join("empty"), 0o700);
    chmod(&theirs, 0o555);
    succeed(&unprivileged(&case, &out));
    assert_eq!(fs::metadata(&theirs).expect("carried").mode() & 0o777, 0o555);
    chmod(&theirs, case_mode(&case));
    assert!(content(&out.join(ENVIRONMENT)) == case.new);
    assert_eq!(names(&out), [ENVIRONMENT]);
}

/// The mode that the folder of somebody else's has in every case.
fn case_mode(case: &Case) -> u32 {
    fs::metadata(case.path("start").join(ENVIRONMENT).join("theirs")).expect("there").mode() & 0o7777
}

#[test]
fn what_is_no_folder_of_ours_is_refused() {
    let case = Case::new();
    let target = |name: &str| {
        let out = case.path(name);
        fs::create_dir(&out).expect("folder");
        out.join(ENVIRONMENT)
    };
    fs::write(target("file"), "").expect("file");
    symlink(case.path("start").join(ENVIRONMENT), target("link")).expect("link");
    symlink("nowhere", target("dangling")).expect("link");
    fs::create_dir_all(target("repository").join(".git")).expect("folder");
    fs::create_dir(target("theirs")).expect("folder");
    fs::write(case.path("theirs").join(ENVIRONMENT).join("Chart.yaml"), "").expect("file");
    fs::write(case.path("file-above"), "").expect("file");
    symlink("nowhere", case.path("dangling-above")).expect("link");
    for (out, why) in [
        ("file", "is no folder"),
        ("link", "is a link"),
        ("dangling", "is a link"),
        ("repository", "is the root of a repository"),
        ("theirs", "was not written by p8fs-gen"),
        ("file-above", "is no folder"),
        ("dangling-above", "is no folder"),
    ] {
        let out = case.path(out);
        let before = content(&out);
        assert_refused(&case.render("new", &out), why);
        assert!(content(&out) == before, "{out:?}");
    }
    // A link above the folder is a way like any other.
    let out = case.out("out");
    symlink(&out, case.path("way")).expect("link");
    case.assert_next_render_completes(&case.path("way"), "by a link");
}

#[test]
fn an_edited_file_is_refused_by_name() {
    let case = Case::new();
    let out = case.out("out");
    let deployment = "manifests/shop/deployment-shop-web.yaml";
    fs::write(out.join(ENVIRONMENT).join(deployment), "edited").expect("file");
    let before = content(&out);
    let output = case.render("new", &out);
    assert_refused(&output, deployment);
    assert!(content(&out) == before);
}

#[test]
fn names_of_any_kind_are_taken_over() {
    let case = Case::new();
    let out = case.out("out");
    let theirs = out.join(ENVIRONMENT).join("theirs");
    let (long, deep) = ("n".repeat(255), "d/".repeat(300));
    for name in ["two\nlines", "\u{1b}[31m", "'\"$(x)`", " ", "-rf", "größe", "日本", ".hidden", &long] {
        fs::write(theirs.join(name), name).expect("file");
    }
    fs::write(theirs.join(OsStr::from_bytes(b"\xff\xfe")), "bytes").expect("file");
    fs::create_dir_all(theirs.join(&deep)).expect("folders");
    fs::write(theirs.join(&deep).join("bottom"), "").expect("file");
    fs::create_dir(out.join(ENVIRONMENT).join("Manifests")).expect("folder");
    fs::write(out.join(ENVIRONMENT).join("Manifests/Shop"), "").expect("file");
    let before = content(&theirs);
    succeed(&case.render("new", &out));
    assert!(content(&theirs) == before);
    assert!(out.join(ENVIRONMENT).join("Manifests/Shop").is_file());
    assert_eq!(names(&out), [ENVIRONMENT]);
}

#[test]
fn two_renders_at_once_leave_the_work_of_one() {
    let case = Case::new();
    let out = case.out("out");
    for _ in 0..10 {
        let runs = ["old", "new", "old", "new"].map(|version| {
            let mut command = case.command(version, &out);
            command.stderr(std::process::Stdio::piped()).spawn().expect("the binary can be started")
        });
        for run in runs {
            succeed(&run.wait_with_output().expect("ends"));
        }
        let now = content(&out.join(ENVIRONMENT));
        assert!(now == case.old || now == case.new);
        assert_eq!(names(&out), [ENVIRONMENT]);
    }
}

/// The exchange is held up, so that there is a while in which the successor is complete.
#[test]
fn a_file_that_another_program_adds_meanwhile_is_not_lost() {
    let case = Case::new();
    let out = case.out("out");
    let render = case.command("new", &out);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "inject=renameat2:delay_enter=3s:when=1"]);
    strace.arg(render.get_program()).args(render.get_args()).stderr(std::process::Stdio::piped());
    let run = strace.spawn().expect("strace is missing: `apt-get install strace`, or `make tools` as root");
    while !out.join(format!(".{ENVIRONMENT}.p8fs-gen-build/theirs/run.sh")).exists() {
        thread::sleep(Duration::from_millis(10));
    }
    fs::write(out.join(ENVIRONMENT).join("theirs/meanwhile"), "1").expect("file");
    succeed(&run.wait_with_output().expect("ends"));
    let mut now = content(&out.join(ENVIRONMENT));
    assert!(now.remove(Path::new("theirs/meanwhile")).is_some(), "lost");
    assert!(now == case.new);
    assert_eq!(names(&out), [ENVIRONMENT]);
}
