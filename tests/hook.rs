//! The Git hook, with a real git: what is staged counts, and nothing else.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use run::{Ran, command};

/// A repository with a workspace, committed.
struct Repository {
    folder: tempfile::TempDir,
}

/// Git and p8fs-gen as a user has them, apart from the configuration of who runs the tests.
fn as_user(mut command: Command) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_p8fs-gen")).parent().expect("a folder");
    let path = std::env::var("PATH").expect("PATH");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ("GIT_AUTHOR_NAME", "a"),
        ("GIT_AUTHOR_EMAIL", "a@b.example"),
        ("GIT_COMMITTER_NAME", "a"),
        ("GIT_COMMITTER_EMAIL", "a@b.example"),
        ("NO_COLOR", "1"),
        ("PATH", &format!("{}:{path}", program.display())),
    ] {
        command.env(name, value);
    }
    command
}

fn git(folder: &Path, arguments: &[&str]) -> Ran {
    let mut git = as_user(Command::new("git"));
    git.arg("-C").arg(folder).args(["-c", "protocol.file.allow=always"]).args(arguments);
    git.output().expect("git runs").into()
}

fn done(folder: &Path, arguments: &[&str]) -> Ran {
    let ran = git(folder, arguments);
    assert_eq!(ran.code, Some(0), "git {arguments:?}: {}{}", ran.stdout, ran.stderr);
    ran
}

fn ours(folder: &Path, arguments: &[&str]) -> Ran {
    as_user(command(folder, arguments)).output().expect("the binary runs").into()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

fn program(path: &Path, text: &str) {
    write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode is set");
}

impl Repository {
    /// With the workspace at `prefix`.
    fn new(prefix: &str) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        done(folder.path(), &["init", "--quiet"]);
        let made = ours(folder.path(), &["init", prefix, "--name", "demo"]);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        done(folder.path(), &["add", "."]);
        done(folder.path(), &["commit", "--quiet", "-m", "start"]);
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn hook(&self) -> PathBuf {
        self.path().join(".git/hooks/pre-commit")
    }

    fn install(&self, workspace: &str) {
        let installed = ours(&self.path().join(workspace), &["hook", "install"]);
        assert_eq!(installed.code, Some(0), "{}", installed.stderr);
    }
}

/// Puts a text in the place of another in an environment file.
fn edit(workspace: &Path, file: &str, from: &str, to: &str) {
    let path = workspace.join("environments").join(file);
    let before = fs::read_to_string(&path).expect("readable");
    assert!(before.contains(from), "{file} has no {from}");
    fs::write(&path, before.replace(from, to)).expect("writable");
}

const RIGHT: &str = "replicas = 3 ";
const WRONG: &str = "replica = 3 ";

#[test]
fn what_is_staged_counts_and_the_work_tree_does_not() {
    let repository = Repository::new(".");
    let path = repository.path();
    repository.install(".");

    edit(path, "prod.toml", RIGHT, WRONG);
    done(path, &["add", "."]);
    edit(path, "prod.toml", WRONG, RIGHT);
    let refused = git(path, &["commit", "-m", "the index is wrong"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("environments/prod.toml:"), "{}", refused.stderr);
    assert!(refused.stderr.contains("did you mean `replicas`?"), "{}", refused.stderr);

    edit(path, "prod.toml", RIGHT, "replicas = 4 ");
    done(path, &["add", "."]);
    edit(path, "prod.toml", "replicas = 4 ", WRONG);
    done(path, &["commit", "-m", "the work tree is wrong"]);

    // As `commit --all` stages by itself.
    assert_eq!(git(path, &["commit", "--all", "-m", "all"]).code, Some(1));
    done(path, &["commit", "--all", "--no-verify", "-m", "all"]);
    // Broken already, and not by this commit.
    write(&path.join("environments/README.md"), "notes");
    done(path, &["add", "."]);
    assert_eq!(git(path, &["commit", "-m", "notes"]).code, Some(1));
}

#[test]
fn a_commit_that_leaves_the_workspace_alone_is_not_checked() {
    let repository = Repository::new("deploy's own");
    let (path, workspace) = (repository.path(), repository.path().join("deploy's own"));
    repository.install("deploy's own");
    edit(&workspace, "prod.toml", RIGHT, WRONG);
    done(path, &["add", "."]);
    let refused = git(path, &["commit", "-m", "wrong"]);
    assert!(refused.stderr.contains("what is staged in deploy's own is refused"), "{}", refused.stderr);
    done(path, &["commit", "--no-verify", "-m", "wrong"]);
    write(&path.join("notes"), "elsewhere");
    done(path, &["add", "."]);
    done(path, &["commit", "-m", "notes"]);
    // Without its workspace, a commit has nothing to check.
    done(path, &["rm", "-r", "--quiet", "deploy's own"]);
    done(path, &["commit", "-m", "gone"]);
}

#[test]
fn a_rendered_folder_has_to_be_staged_as_it_would_be_rendered() {
    let repository = Repository::new("deploy");
    let (path, workspace) = (repository.path(), repository.path().join("deploy"));
    repository.install("deploy");
    let rendered = ours(&workspace, &["render", "--all", "--out", "manifests"]);
    assert_eq!(rendered.code, Some(0), "{}", rendered.stderr);
    done(path, &["add", "."]);
    done(path, &["commit", "-m", "rendered"]);

    edit(&workspace, "prod.toml", RIGHT, "replicas = 4 ");
    done(path, &["add", "."]);
    // Rendered, but not staged.
    assert_eq!(ours(&workspace, &["render", "--all", "--out", "manifests"]).code, Some(0));
    let refused = git(path, &["commit", "-m", "stale"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("-  replicas: 3\n+  replicas: 4\n"), "{}", refused.stderr);
    done(path, &["add", "."]);
    done(path, &["commit", "-m", "fresh"]);
}

#[test]
fn a_former_hook_is_kept_called_first_and_put_back() {
    let repository = Repository::new(".");
    let path = repository.path();
    let former = "#!/bin/sh\necho former >> calls\ntest ! -e forbidden\n";
    program(&repository.hook(), former);
    repository.install(".");
    repository.install(".");
    write(&path.join("notes"), "1");
    done(path, &["add", "notes"]);
    done(path, &["commit", "-m", "notes"]);
    assert_eq!(fs::read_to_string(path.join("calls")).expect("called"), "former\n");

    write(&path.join("forbidden"), "");
    write(&path.join("notes"), "2");
    done(path, &["add", "notes"]);
    assert_eq!(git(path, &["commit", "-m", "refused by the former hook"]).code, Some(1));

    assert_eq!(ours(path, &["hook", "uninstall"]).code, Some(0));
    assert_eq!(fs::read_to_string(repository.hook()).expect("back"), former);
    let entries = fs::read_dir(path.join(".git/hooks")).expect("hooks");
    let left: Vec<_> = entries.map(|entry| entry.expect("entry").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("p8fs-gen")), "{left:?}");
    // Nothing of ours is left, so nothing is touched.
    assert_eq!(ours(path, &["hook", "uninstall"]).code, Some(0));
    assert_eq!(fs::read_to_string(repository.hook()).expect("still there"), former);
}

#[test]
fn another_tools_hook_over_a_kept_one_needs_force() {
    let repository = Repository::new(".");
    program(&repository.hook(), "#!/bin/sh\n# first\n");
    repository.install(".");
    program(&repository.hook(), "#!/bin/sh\n# second\n");
    let refused = ours(repository.path(), &["hook", "install"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(fs::read_to_string(repository.hook()).expect("a hook").contains("second"));
    assert_eq!(ours(repository.path(), &["hook", "install", "--force"]).code, Some(0));
    let kept = repository.path().join(".git/hooks/pre-commit.before-p8fs-gen");
    assert!(fs::read_to_string(kept).expect("kept").contains("second"));
}

#[test]
fn several_workspaces_share_the_hook() {
    let repository = Repository::new("one");
    let path = repository.path();
    assert_eq!(ours(path, &["init", "two"]).code, Some(0));
    repository.install("one");
    repository.install("two");
    let hook = fs::read_to_string(repository.hook()).expect("a hook");
    assert!(hook.ends_with("\nworkspace 'one'\nworkspace 'two'\n"), "{hook}");
    edit(&path.join("two"), "prod.toml", RIGHT, WRONG);
    done(path, &["add", "."]);
    assert_eq!(git(path, &["commit", "-m", "wrong"]).code, Some(1));
    assert_eq!(ours(&path.join("one"), &["hook", "print"]).stdout.lines().last(), Some("workspace 'one'"));
}

#[test]
fn every_work_tree_and_the_configured_folder_have_the_hook() {
    let repository = Repository::new(".");
    let path = repository.path();
    repository.install(".");
    let beside = tempfile::tempdir().expect("temporary folder");
    let tree = beside.path().join("tree");
    done(path, &["worktree", "add", "--quiet", tree.to_str().expect("UTF-8")]);
    edit(&tree, "prod.toml", RIGHT, WRONG);
    done(&tree, &["add", "."]);
    assert_eq!(git(&tree, &["commit", "-m", "wrong"]).code, Some(1));
    // It is known from the work tree, too.
    assert_eq!(ours(&tree, &["hook", "uninstall"]).code, Some(0));
    assert!(!repository.hook().exists());

    done(path, &["config", "core.hooksPath", ".githooks"]);
    repository.install(".");
    assert!(path.join(".githooks/pre-commit").is_file() && !repository.hook().exists());

    let shared = beside.path().join("shared");
    done(path, &["config", "core.hooksPath", shared.to_str().expect("UTF-8")]);
    let refused = ours(path, &["hook", "install"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("core.hooksPath"), "{}", refused.stderr);
    assert!(!shared.exists());
    assert_eq!(ours(path, &["hook", "install", "--force"]).code, Some(0));
    assert!(shared.join("pre-commit").is_file());
}

#[test]
fn a_submodule_has_a_hook_of_its_own() {
    let inner = Repository::new(".");
    let outer = tempfile::tempdir().expect("temporary folder");
    done(outer.path(), &["init", "--quiet"]);
    let source = inner.path().to_str().expect("UTF-8");
    done(outer.path(), &["submodule", "--quiet", "add", source, "deploy"]);
    let submodule = outer.path().join("deploy");
    let installed = ours(&submodule, &["hook", "install"]);
    assert_eq!(installed.code, Some(0), "{}", installed.stderr);
    assert!(outer.path().join(".git/modules/deploy/hooks/pre-commit").is_file(), "{}", installed.stderr);
    edit(&submodule, "prod.toml", RIGHT, WRONG);
    done(&submodule, &["add", "."]);
    assert_eq!(git(&submodule, &["commit", "-m", "wrong"]).code, Some(1));
}

#[test]
fn without_the_program_or_a_repository_it_says_so() {
    let repository = Repository::new(".");
    repository.install(".");
    let mut hook = as_user(Command::new("/bin/sh"));
    hook.arg(repository.hook()).current_dir(repository.path()).env("PATH", "/nowhere");
    let ran = Ran::from(hook.output().expect("a shell runs"));
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stderr, "pre-commit: p8fs-gen is not on PATH: install it, or commit with --no-verify\n");

    let folder = tempfile::tempdir().expect("temporary folder");
    assert_eq!(ours(folder.path(), &["init", ".", "--name", "demo"]).code, Some(0));
    let ran = ours(folder.path(), &["hook", "install"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("not a git repository"), "{}", ran.stderr);
}
