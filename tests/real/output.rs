//! An output folder before and after a render, for tests that disturb the render.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The environment that is rendered.
pub const ENVIRONMENT: &str = "x";

/// What is in a folder: path → mode and content.
pub type Content = BTreeMap<PathBuf, String>;

/// Two versions of a workspace, and folders that the old one was rendered into.
pub struct Case {
    folder: TempDir,
    /// The output folder before.
    pub old: Content,
    /// The output folder after.
    pub new: Content,
}

impl Case {
    /// With files of somebody else's among the output.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        // One object differs, one is gone, one is new.
        write_workspace(&folder.path().join("old"), "1", "replicas = 2\n");
        write_workspace(&folder.path().join("new"), "2", "replicas = 1\n[settings]\nCOLOR = \"blue\"\n");
        let mut case = Self { folder, old: Content::new(), new: Content::new() };

        let start = case.path("start");
        succeed(&case.render("old", &start));
        let theirs = start.join(ENVIRONMENT).join("theirs");
        fs::create_dir_all(theirs.join("empty")).expect("folder");
        fs::write(theirs.join("run.sh"), "#!/bin/sh\n").expect("file");
        fs::set_permissions(theirs.join("run.sh"), fs::Permissions::from_mode(0o750)).expect("mode");
        symlink("nowhere", theirs.join("link")).expect("link");
        fs::set_permissions(theirs.join("empty"), fs::Permissions::from_mode(0o700)).expect("mode");
        case.old = content(&start.join(ENVIRONMENT));

        let out = case.out("undisturbed");
        succeed(&case.render("new", &out));
        case.new = content(&out.join(ENVIRONMENT));
        assert_eq!(names(&out), [ENVIRONMENT]);
        assert_ne!(case.old, case.new);
        case
    }

    /// A path of the case's own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A fresh folder for `--out` that holds the old version.
    pub fn out(&self, name: &str) -> PathBuf {
        let out = self.path(name);
        let copied = Command::new("cp").arg("-a").arg(self.path("start")).arg(&out).status();
        assert!(copied.expect("cp can be started").success());
        out
    }

    /// Renders a version as a user does; on one thread, so that it makes the same system calls every time.
    pub fn command(&self, version: &str, out: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"));
        command.arg("-C").arg(self.path(version)).args(["render", ENVIRONMENT, "--out"]).arg(out);
        command.env("RAYON_NUM_THREADS", "1");
        command
    }

    /// Runs [`Self::command`].
    pub fn render(&self, version: &str, out: &Path) -> Output {
        self.command(version, out).output().expect("the binary can be started")
    }

    /// Asserts that the next render, undisturbed, leaves the new folder and nothing beside it.
    pub fn assert_next_render_completes(&self, out: &Path, what: &str) {
        succeed(&self.render("new", out));
        assert!(
            content(&out.join(ENVIRONMENT)) == self.new,
            "{what}: not the new folder after the next render"
        );
        assert_eq!(names(out), [ENVIRONMENT], "{what}: something lies beside it after the next render");
    }
}

/// A service, with a few lines more of its own.
fn write_workspace(folder: &Path, version: &str, more: &str) {
    let text = format!(
        "[system]\nname = \"shop\"\n[environment]\ntier = \"development\"\nnamespace = \"shop\"\n\
        [cluster]\nkubernetes = \"1.36\"\n[services.web]\nimage = \"registry.example/web:{version}\"\n\
        ports.http = 8080\nprobes = {{ readiness.path = \"/\", liveness.path = \"/\" }}\n\
        resources = {{ cpu = \"1\", memory = \"1Gi\", storage = \"1Gi\" }}\n{more}"
    );
    fs::create_dir_all(folder.join("environments")).expect("folder");
    fs::write(folder.join(format!("environments/{ENVIRONMENT}.toml")), text).expect("file");
}

/// Asserts that a render went well.
pub fn succeed(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

/// What a run said.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Everything in a folder, and itself as the empty path; nothing where there is nothing.
pub fn content(folder: &Path) -> Content {
    let mut found = Content::new();
    if folder.symlink_metadata().is_ok() {
        collect(folder, PathBuf::new(), &mut found);
    }
    found
}

fn collect(root: &Path, relative: PathBuf, found: &mut Content) {
    let path = if relative.as_os_str().is_empty() { root.to_owned() } else { root.join(&relative) };
    let metadata = path.symlink_metadata().expect("metadata");
    let mode = metadata.mode() & 0o7777;
    let text = if metadata.is_symlink() {
        format!("link to {}", fs::read_link(&path).expect("link").display())
    } else if metadata.is_dir() {
        for entry in fs::read_dir(&path).expect("folder") {
            collect(root, relative.join(entry.expect("entry").file_name()), found);
        }
        format!("folder {mode:o}")
    } else {
        format!("file {mode:o} {}", String::from_utf8_lossy(&fs::read(&path).expect("readable")))
    };
    found.insert(relative, text);
}

/// What is in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
