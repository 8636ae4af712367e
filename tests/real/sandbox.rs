//! Runs the containers of rendered pods without a container engine: each with the files, the user, the arguments
//! and the variables that its pod says, and none beside; all of them on one network of their own.
//!
//! Where a Service or pod is looked for by its name, it is found: every name of the environment leads to the one
//! loopback address. So each port can be listened on by one container only, and there is one pod of each workload.
//!
//! The image's files are not there. The programs come from `make tools`, their libraries from this machine.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

use crate::container::{Container, Objects, Pod};
use crate::processes::Processes;

const START_LIMIT: Duration = Duration::from_mins(1);
const POLL_PAUSE: Duration = Duration::from_millis(100);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const SCRIPT: &str = include_str!("sandbox.sh");

/// What stands for an image.
pub struct Image {
    /// Its name, without tag and digest.
    pub repository: &'static str,
    /// Where it looks for programs.
    pub path: &'static str,
    /// Its programs: where each is here, and where there, below `/usr/local`.
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

/// Containers on a network of their own.
pub struct Sandbox {
    processes: Processes,
    images: Vec<Image>,
    network: PathBuf,
    count: u32,
}

/// A container that runs.
pub struct Running {
    pub container: Container,
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

        let mut hosts = String::from("127.0.0.1 localhost\n");
        hosts.extend(names(objects).iter().flat_map(|name| ["127.0.0.1 ", name, "\n"]));
        let etc = folder.join("etc");
        fs::create_dir(&etc).expect("a folder can be made");
        fs::write(etc.join("hosts"), hosts).expect("a file can be written");
        fs::write(etc.join("nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files\n")
            .expect("a file can be written");

        let mut holder = Command::new("unshare");
        holder.args(["--net", "sh", "-ec", "ip link set lo up; touch \"$1\"; exec sleep infinity", "sh"]);
        holder.arg(folder.join("up"));
        let holder = processes.start("network", &mut holder);
        let network = PathBuf::from(format!("/proc/{holder}/ns/net"));
        let mut sandbox = Self { processes, images, network, count: 0 };
        sandbox.until("the network is up", |_| folder.join("up").exists());
        sandbox
    }

    /// Runs a pod's init containers to their end, then starts the others.
    ///
    /// # Panics
    ///
    /// If an init container fails.
    pub fn start(&mut self, pod: &Pod<'_>) -> Vec<Running> {
        let volumes = self.processes.folder().join(&pod.name).join("volumes");
        pod.make_volumes(&volumes);
        for container in pod.init_containers() {
            let name = format!("{}-{}", pod.name, container.name);
            let (mut command, _) = self.command(&container, pod, &volumes);
            let output = command.output().expect("nsenter of util-linux");
            assert!(output.status.success(), "{name}: {}", said(&output));
        }
        let had =
            pod.containers().into_iter().filter(|container| !NOT_HAD.contains(&repository(&container.image)));
        had.map(|container| self.start_one(container, pod, &volumes)).collect()
    }

    /// Runs another command with a pod's files and user, as a check before it is started.
    pub fn output(&mut self, pod: &Pod<'_>, container: &Container, words: &[&str]) -> Output {
        let volumes = self.processes.folder().join(&pod.name).join("volumes");
        pod.make_volumes(&volumes);
        let (mut command, _) =
            self.command_of(container, pod, &volumes, words.iter().map(ToString::to_string));
        command.output().expect("nsenter of util-linux")
    }

    fn start_one(&mut self, container: Container, pod: &Pod<'_>, volumes: &Path) -> Running {
        let name = format!("{}-{}", pod.name, container.name);
        let (mut command, env) = self.command(&container, pod, volumes);
        let parent = self.processes.start(&name, &mut command);
        let mut process = None;
        self.until(&format!("{name} is started"), |_| {
            let children =
                fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
            process = children.split_whitespace().next().and_then(|child| child.parse().ok());
            process.is_some()
        });
        Running { container, name, process: process.expect("found"), env }
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
            mounts.push(format!("ro {} /usr/local/{target}\n", source.display()));
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
        command.arg(format!("--net={}", self.network.display()));
        command.args(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh"]);
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
    /// If one does not within [`START_LIMIT`], or a container has ended.
    pub fn probe(&mut self, running: &Running) {
        assert!(!running.container.probes.is_empty(), "{} has no probe", running.name);
        for probe in &running.container.probes {
            let mut last = String::new();
            self.until(&format!("{} answers {probe}", running.name), |sandbox| {
                sandbox.ask(running, probe).map_err(|error| last = error).is_ok()
            });
        }
    }

    /// Asks one probe once.
    pub fn ask(&self, running: &Running, probe: &Value) -> Result<(), String> {
        let port = |value: &Value| match value.as_str() {
            Some(name) => *running.container.ports.get(name).unwrap_or_else(|| panic!("{name} is no port")),
            None => value.as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port"),
        };
        if probe["httpGet"].is_object() {
            let path = probe["httpGet"]["path"].as_str().unwrap_or("/");
            let (status, body) = self.get(port(&probe["httpGet"]["port"]), path)?;
            return if (200..400).contains(&status) { Ok(()) } else { Err(format!("{status}: {body}")) };
        }
        if probe["tcpSocket"].is_object() {
            return self.connect(port(&probe["tcpSocket"]["port"]), |_| Ok(()));
        }
        let words = probe["exec"]["command"].as_array().unwrap_or_else(|| panic!("a probe {probe}"));
        let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
        let output = Self::exec(running, &words);
        if output.status.success() { Ok(()) } else { Err(said(&output)) }
    }

    /// Runs a command in a container, as its user.
    pub fn exec(running: &Running, words: &[&str]) -> Output {
        let container = &running.container;
        let groups =
            [Some(container.group), container.fs_group].into_iter().flatten().map(|id| id.to_string());
        Command::new("nsenter")
            .args(["--target", &running.process.to_string(), "--mount", "--pid", "--net", "--root", "--wd"])
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

    /// The status and body of an answer to `GET`.
    pub fn get(&self, port: u16, path: &str) -> Result<(u16, String), String> {
        let request =
            format!("GET {path} HTTP/1.0\r\nHost: localhost:{port}\r\nUser-Agent: kube-probe/1.36\r\n\r\n");
        let answer = self.connect(port, move |mut stream| {
            stream.write_all(request.as_bytes())?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Ok(String::from_utf8_lossy(&answer).into_owned())
        })?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        status.map(|status| (status, body)).ok_or(answer)
    }

    /// Talks to a port on the containers' network.
    fn connect<T: Send + 'static>(
        &self,
        port: u16,
        talk: impl FnOnce(TcpStream) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let network = File::open(&self.network).expect("the network is held");
        // A thread alone changes its network, and ends.
        let thread = std::thread::spawn(move || {
            move_into_link_name_space(std::os::fd::AsFd::as_fd(&network), Some(LinkNameSpaceType::Network))?;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let stream = TcpStream::connect_timeout(&address, ANSWER_LIMIT)?;
            stream.set_read_timeout(Some(ANSWER_LIMIT))?;
            talk(stream)
        });
        thread.join().expect("it does not panic").map_err(|error| error.to_string())
    }

    /// Waits until a container has ended by itself.
    pub fn ended(&mut self, running: &Running) {
        let started = Instant::now();
        while Path::new(&format!("/proc/{}", running.process)).exists() && started.elapsed() < START_LIMIT {
            std::thread::sleep(POLL_PAUSE);
        }
        let gone = !Path::new(&format!("/proc/{}", running.process)).exists();
        assert!(gone, "{} goes on:\n{}", running.name, self.processes.last_lines(&running.name));
        self.processes.forget(&running.name);
    }

    fn until(&mut self, what: &str, mut reached: impl FnMut(&Self) -> bool) {
        let started = Instant::now();
        while !reached(self) {
            self.processes.assert_running();
            assert!(
                started.elapsed() < START_LIMIT,
                "not after {START_LIMIT:?}: {what}\n{}",
                self.processes.all_last_lines()
            );
            std::thread::sleep(POLL_PAUSE);
        }
    }
}

/// The names of Services, and of the pods that one of them has names for.
fn names(objects: &Objects) -> Vec<String> {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let domains = |name: String, object: &Value| {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        let long = ["", ".svc", ".svc.cluster.local"].map(|end| format!("{name}.{namespace}{end}"));
        [name].into_iter().chain(long).collect::<Vec<_>>()
    };
    let services = objects.of_kind("Service").flat_map(|service| domains(name(service), service));
    let pods = objects.of_kind("StatefulSet").flat_map(|set| {
        let service = set["spec"]["serviceName"].as_str().unwrap_or_default();
        domains(format!("{}-0.{service}", name(set)), set)
    });
    services.chain(pods).collect()
}

/// What a command printed, and how it ended.
pub fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}
