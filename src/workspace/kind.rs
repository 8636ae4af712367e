//! kind, and the container engine that it uses, as programs of this machine.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::variable;

/// Why a cluster of kind cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// There is no kind.
    #[error(
        "kind is not installed; `go install sigs.k8s.io/kind@v0.33.0` does it, and \
         https://kind.sigs.k8s.io/docs/user/quick-start/#installation names other ways"
    )]
    NotInstalled,
    /// There is nothing that kind could run nodes with.
    #[error("kind needs docker, podman or nerdctl, and none of them is installed")]
    NoEngine,
    /// A program cannot be started, or spoken to.
    #[error("cannot run {program}")]
    Run { program: String, source: io::Error },
    /// A program failed; what it said about it was printed, or is here.
    #[error("{command} failed{said}")]
    Failed { command: String, said: String },
}

impl KindError {
    /// The terminal does not answer.
    pub fn terminal(source: io::Error) -> Self {
        Self::Run { program: "the terminal".to_owned(), source }
    }
}

/// The engines, in the order in which kind looks for them.
const ENGINES: [&str; 3] = ["docker", "nerdctl", "podman"];

/// An installed kind and the engine that it uses.
pub struct Kind {
    /// Where it is started: relative paths of its configuration begin here.
    root: PathBuf,
    engine: String,
}

impl Kind {
    /// Finds both. kind is started in `root`.
    pub fn find(root: &Path) -> Result<Self, KindError> {
        let kind = Self { root: root.to_owned(), engine: String::new() };
        match kind.output("kind", &["version"]) {
            Err(KindError::Run { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(KindError::NotInstalled);
            }
            version => drop(version?),
        }
        let answers = |engine: &&&str| kind.output(engine, &["-v"]).is_ok_and(|it| it.status.success());
        let engine = match variable("KIND_EXPERIMENTAL_PROVIDER") {
            Some(engine) => engine,
            None => ENGINES.iter().find(answers).ok_or(KindError::NoEngine)?.to_string(),
        };
        Ok(Self { engine, ..kind })
    }

    /// The engine's program.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// The network that the nodes are on.
    pub fn network(&self) -> String {
        let variable_of = |engine: &str| variable(&format!("KIND_EXPERIMENTAL_{engine}_NETWORK"));
        let named = if self.engine == "podman" { variable_of("PODMAN") } else { variable_of("DOCKER") };
        named.unwrap_or_else(|| "kind".to_owned())
    }

    /// The clusters that there are.
    pub fn clusters(&self) -> Result<Vec<String>, KindError> {
        self.lines("kind", &["get", "clusters"])
    }

    /// The nodes of a cluster.
    pub fn nodes(&self, cluster: &str) -> Result<Vec<String>, KindError> {
        self.lines("kind", &["get", "nodes", "--name", cluster])
    }

    /// Makes a cluster, and waits until its control plane is ready. What kind prints goes where ours does.
    pub fn create(&self, configuration: &[u8]) -> Result<(), KindError> {
        self.pass("kind", &["create", "cluster", "--config=-", "--wait=5m"], configuration)
    }

    /// Removes a cluster with everything in it.
    pub fn delete(&self, cluster: &str) -> Result<(), KindError> {
        self.pass("kind", &["delete", "cluster", "--name", cluster], b"")
    }

    /// Copies images of the engine's into the nodes of a cluster.
    pub fn load(&self, cluster: &str, images: &[&str]) -> Result<(), KindError> {
        let arguments = [&["load", "docker-image", "--name", cluster], images].concat();
        self.pass("kind", &arguments, b"")
    }

    /// Asks the engine something; none when it says no.
    pub fn ask_engine(&self, arguments: &[&str]) -> Result<Option<String>, KindError> {
        let output = self.output(&self.engine, arguments)?;
        Ok(output.status.success().then(|| text(&output.stdout)))
    }

    /// Has the engine do something that prints nothing of interest.
    pub fn tell_engine(&self, arguments: &[&str]) -> Result<(), KindError> {
        self.told(&self.engine, arguments).map(drop)
    }

    /// Has the engine do something that takes time; what it prints goes where ours does.
    pub fn watch_engine(&self, arguments: &[&str]) -> Result<(), KindError> {
        self.pass(&self.engine, arguments, b"")
    }

    /// Runs a command in a node, with something to read.
    pub fn execute(&self, node: &str, command: &[&str], input: &[u8]) -> Result<(), KindError> {
        let arguments = [&["exec", "-i", node], command].concat();
        let mut program = self.command(&self.engine, &arguments);
        let output = feed(program.stdout(Stdio::piped()).stderr(Stdio::piped()), input);
        check(&self.engine, &arguments, output.map_err(cannot(&self.engine))?).map(drop)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root);
        command
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Result<Output, KindError> {
        let output = self.command(program, arguments).stdin(Stdio::null()).output();
        output.map_err(cannot(program))
    }

    fn told(&self, program: &str, arguments: &[&str]) -> Result<Output, KindError> {
        check(program, arguments, self.output(program, arguments)?)
    }

    fn lines(&self, program: &str, arguments: &[&str]) -> Result<Vec<String>, KindError> {
        let output = self.told(program, arguments)?;
        let said = text(&output.stdout);
        Ok(said.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect())
    }

    /// Runs a program whose output is for the user.
    fn pass(&self, program: &str, arguments: &[&str], input: &[u8]) -> Result<(), KindError> {
        let mut command = self.command(program, arguments);
        let output = feed(&mut command, input).map_err(cannot(program))?;
        check(program, arguments, output).map(drop)
    }
}

fn cannot(program: &str) -> impl FnOnce(io::Error) -> KindError {
    |source| KindError::Run { program: program.to_owned(), source }
}

/// Starts a program, gives it something to read, and waits for it.
fn feed(command: &mut Command, input: &[u8]) -> io::Result<Output> {
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let fed = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input));
    let output = child.wait_with_output()?;
    // Who fails has no need to read everything; why it failed counts then.
    match fed {
        Err(error) if output.status.success() => Err(error),
        _ => Ok(output),
    }
}

fn check(program: &str, arguments: &[&str], output: Output) -> Result<Output, KindError> {
    if output.status.success() {
        return Ok(output);
    }
    let said = text(&output.stderr);
    let command = format!("`{program} {}`", arguments.join(" "));
    Err(KindError::Failed { command, said: if said.is_empty() { said } else { format!(": {said}") } })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
