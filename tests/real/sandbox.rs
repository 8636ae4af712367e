//! Runs the containers of rendered pods without a container engine: each with the files, the user, the arguments
//! and the variables that its pod says, and none beside; each pod with an address of its own.
//!
//! The image's files are not there. The programs come from `make tools` and from Debian, their libraries from this
//! machine.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

use rustix::process::Signal;
use serde_json::Value;

use crate::container::{Container, Objects, Pod};
use crate::network::Network;
use crate::processes::Processes;

const SCRIPT: &str = include_str!("sandbox.sh");

/// What stands for an image.
pub struct Image {
    /// Its name, without tag and digest.
    pub repository: &'static str,
    /// Where it looks for programs.
    pub path: &'static str,
    /// Its programs: where each is here, and where there. What Debian has in `/usr` is there anyway.
    pub programs: Vec<(PathBuf, &'static str)>,
    /// The name of its user, and where that one is at home.
    pub user: (&'static str, &'static str),
}

/// Images whose programs neither Go's module proxy nor Debian has: their containers are not started.
const NOT_HAD: [&str; 2] =
    ["docker.io/natsio/prometheus-nats-exporter", "docker.io/oliver006/redis_exporter"];

/// The name of an image without its tag and digest.
fn repository(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    name.rsplit_once(':').map_or(name, |(repository, _)| repository)
}

/// Pods on a network of their own.
pub struct Sandbox {
    processes: Processes,
    images: Vec<Image>,
    network: Network,
    count: u32,
}

/// A container that runs.
pub struct Running {
    pub container: Container,
    pub pod: String,
    /// What it is called in the log.
    name: String,
    /// Its first process.
    process: u32,
    env: Vec<String>,
}

impl Sandbox {
    /// # Panics
    ///
    /// If the user is not root, who alone may mount and change users.
    pub fn new(objects: &Objects, images: Vec<Image>) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "these tests start programs as other users: run them as root"
        );
        let mut processes = Processes::new("sandbox");
        let folder = processes.folder().to_owned();
        fs::write(folder.join("sandbox.sh"), SCRIPT).expect("the script can be written");

        let network = Network::new(objects, &mut processes);
        let etc = folder.join("etc");
        fs::create_dir(&etc).expect("a folder can be made");
        fs::write(etc.join("hosts"), network.hosts(objects)).expect("a file can be written");
        fs::write(etc.join("nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files\n")
            .expect("a file can be written");
        Self { processes, images, network, count: 0 }
    }

    /// Starts the containers of a pod.
    ///
    /// # Panics
    ///
    /// If it has init containers, which no pod has so far.
    pub fn start(&mut self, pod: &Pod<'_>) -> Vec<Running> {
        assert_eq!(pod.init_containers(), 0, "{}: init containers", pod.name);
        let volumes = self.volumes(pod);
        let had =
            pod.containers().into_iter().filter(|container| !NOT_HAD.contains(&repository(&container.image)));
        had.map(|container| self.start_one(container, pod, &volumes)).collect()
    }

    /// Runs another command with a pod's files and user, to its end.
    pub fn output(&mut self, pod: &Pod<'_>, container: &Container, words: &[&str]) -> Output {
        let volumes = self.volumes(pod);
        let (mut command, _) =
            self.command_of(container, pod, &volumes, words.iter().map(ToString::to_string));
        command.output().expect("nsenter of util-linux")
    }

    /// Runs the container of a Job's pod to its end.
    pub fn run(&mut self, pod: &Pod<'_>) -> Output {
        let volumes = self.volumes(pod);
        let container = pod.containers().remove(0);
        let (mut command, _) = self.command(&container, pod, &volumes);
        command.output().expect("nsenter of util-linux")
    }

    fn volumes(&self, pod: &Pod<'_>) -> PathBuf {
        let volumes = self.processes.folder().join(&pod.name).join("volumes");
        pod.make_volumes(&volumes);
        volumes
    }

    fn start_one(&mut self, container: Container, pod: &Pod<'_>, volumes: &Path) -> Running {
        let name = format!("{}-{}", pod.name, container.name);
        let (mut command, env) = self.command(&container, pod, volumes);
        let parent = self.processes.start(&name, &mut command);
        let mut process = None;
        self.processes.until(&format!("{name} is started"), |_| {
            let children =
                fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
            process = children.split_whitespace().next().and_then(|child| child.parse().ok());
            process.is_some()
        });
        let pod = pod.name.clone();
        Running { container, pod, name, process: process.expect("found"), env }
    }

    fn command(&mut self, container: &Container, pod: &Pod<'_>, volumes: &Path) -> (Command, Vec<String>) {
        assert!(!container.command.is_empty(), "{}: what the image starts is not known here", container.name);
        self.command_of(container, pod, volumes, container.command.iter().cloned())
    }

    fn command_of(
        &mut self,
        container: &Container,
        pod: &Pod<'_>,
        volumes: &Path,
        words: impl Iterator<Item = String>,
    ) -> (Command, Vec<String>) {
        assert_ne!(container.user, 0, "{}: it is root", container.name);
        self.count += 1;
        let place = self.processes.folder().join(format!("container-{}", self.count));
        let image = self.image(&container.image);
        let (user, home) = image.user;

        let mut mounts = Vec::new();
        for (source, target) in &image.programs {
            mounts.push(format!("ro {} {target}\n", source.display()));
        }
        for mount in &container.mounts {
            let mut source = volumes.join(&mount.volume);
            assert!(source.is_dir(), "{}: there is no volume {}", container.name, mount.volume);
            source.extend(&mount.sub_path);
            let access = if mount.read_only { "ro" } else { "rw" };
            mounts.push(format!("{access} {} {}\n", source.display(), mount.path));
        }
        let etc = place.join("etc");
        for folder in [&etc, &place.join("root")] {
            fs::create_dir_all(folder).expect("a folder can be made");
        }
        for file in ["hosts", "nsswitch.conf"] {
            fs::copy(self.processes.folder().join("etc").join(file), etc.join(file))
                .expect("a file can be copied");
        }
        let (uid, gid) = (container.user, container.group);
        let passwd = format!("root:x:0:0::/root:/bin/sh\n{user}:x:{uid}:{gid}::{home}:/bin/sh\n");
        fs::write(etc.join("passwd"), passwd).expect("a file can be written");
        fs::write(etc.join("group"), format!("root:x:0:\n{user}:x:{gid}:\n")).expect("a file can be written");
        fs::write(place.join("mounts"), mounts.concat()).expect("a file can be written");

        let mut env =
            vec![format!("PATH={}", image.path), format!("HOME={home}"), format!("HOSTNAME={}", pod.name)];
        env.extend(container.env.iter().map(|(name, value)| format!("{name}={value}")));
        let groups = [Some(gid), container.fs_group].into_iter().flatten().map(|id| id.to_string());
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.network.of(&pod.name, &mut self.processes).display()));
        command.args(["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "sh"]);
        command.arg(self.processes.folder().join("sandbox.sh"));
        command.args([place.join("root"), etc, place.join("mounts")]);
        command.arg(if container.read_only_root { "ro" } else { "rw" });
        command.args([uid.to_string(), gid.to_string(), groups.collect::<Vec<_>>().join(",")]);
        command.args(&env).args(words);
        (command, env)
    }

    fn image(&self, image: &str) -> &Image {
        let repository = repository(image);
        self.images
            .iter()
            .find(|image| image.repository == repository)
            .unwrap_or_else(|| panic!("no program stands for the image {repository}"))
    }

    /// Asks a container's probes until each has answered well.
    ///
    /// # Panics
    ///
    /// If one does not within a minute, or a container has ended.
    pub fn probe(&mut self, running: &Running) {
        assert!(!running.container.probes.is_empty(), "{} has no probe", running.name);
        for probe in &running.container.probes {
            let network = &self.network;
            self.processes.until(&format!("{} answers {probe}", running.name), |_| {
                ask(network, running, probe).is_ok()
            });
        }
    }

    /// Runs a command in a container, as its user.
    pub fn exec(running: &Running, words: &[&str]) -> Output {
        let container = &running.container;
        let groups =
            [Some(container.group), container.fs_group].into_iter().flatten().map(|id| id.to_string());
        Command::new("nsenter")
            .args([
                "--target",
                &running.process.to_string(),
                "--mount",
                "--pid",
                "--ipc",
                "--net",
                "--root",
                "--wd",
            ])
            .args([
                "/usr/bin/setpriv",
                &format!("--reuid={}", container.user),
                &format!("--regid={}", container.group),
            ])
            .arg(format!("--groups={}", groups.collect::<Vec<_>>().join(",")))
            .args(["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--", "/usr/bin/env", "-i"])
            .args(&running.env)
            .args(words)
            .output()
            .expect("nsenter of util-linux")
    }

    /// The status and body of a container's answer to an HTTP request of the node: `GET`, or `POST` of JSON.
    pub fn http(
        &self,
        running: &Running,
        port: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, String), String> {
        self.network.http(&running.pod, running.container.ports[port], path, body)
    }

    /// Waits for something, as long as all containers run.
    pub fn until(&mut self, what: &str, mut reached: impl FnMut(&Network) -> bool) {
        let network = &self.network;
        self.processes.until(what, |_| reached(network));
    }

    /// All that a container said.
    pub fn said(&self, running: &Running) -> String {
        self.processes.said(&running.name)
    }

    /// Sends a signal to a container's first process.
    pub fn signal(running: &Running, signal: Signal) {
        let process = i32::try_from(running.process).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(process.expect("a process"), signal).expect("it runs");
    }

    /// Does what a kubelet does to end a container: runs its command for that, then asks it to end. How it ended.
    pub fn stop(&mut self, running: &Running) -> ExitStatus {
        if let Some(words) = &running.container.stop {
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let stopped = Self::exec(running, &words);
            // It goes with the container, should that end at once.
            let is_gone = stopped.status.signal() == Some(Signal::KILL.as_raw());
            assert!(stopped.status.success() || is_gone, "{words:?}: {}", said(&stopped));
        }
        // It may have ended by then.
        if Path::new(&format!("/proc/{}", running.process)).exists() {
            Self::signal(running, Signal::TERM);
        }
        self.ended(running)
    }

    /// Waits until a container has ended by itself, and says how.
    pub fn ended(&mut self, running: &Running) -> ExitStatus {
        self.processes.ended(&running.name)
    }
}

/// Asks one probe once.
fn ask(network: &Network, running: &Running, probe: &Value) -> Result<(), String> {
    let port = |value: &Value| match value.as_str() {
        Some(name) => *running.container.ports.get(name).unwrap_or_else(|| panic!("{name} is no port")),
        None => value.as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port"),
    };
    if probe["httpGet"].is_object() {
        let path = probe["httpGet"]["path"].as_str().unwrap_or("/");
        let (status, body) = network.http(&running.pod, port(&probe["httpGet"]["port"]), path, None)?;
        return if (200..400).contains(&status) { Ok(()) } else { Err(format!("{status}: {body}")) };
    }
    if probe["tcpSocket"].is_object() {
        return network.connect(&running.pod, port(&probe["tcpSocket"]["port"]), |_| Ok(()));
    }
    let words = probe["exec"]["command"].as_array().unwrap_or_else(|| panic!("a probe {probe}"));
    let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
    let output = Sandbox::exec(running, &words);
    if output.status.success() { Ok(()) } else { Err(said(&output)) }
}

/// What a command printed, and how it ended.
pub fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}
