//! The network of a sandbox: a node, and pods each with a network namespace and an address of its own.
//!
//! What stands for the node's own network is where probes come from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

use crate::container::Objects;
use crate::processes::Processes;

const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// $1: a file that is made once it is up.
const NODE: &str = r#"
    ip link set lo up
    ip link add pods type bridge
    ip addr add 10.244.0.1/16 dev pods
    ip link set pods up
    touch "$1"
    exec sleep infinity
"#;

/// $1: likewise; $2: the node's namespace; $3: the name of the node's end; $4: the pod's address.
const POD: &str = r#"
    ip link set lo up
    nsenter --net="$2" ip link add "$3" type veth peer name eth0 netns $$
    nsenter --net="$2" ip link set "$3" master pods up
    ip addr add "$4/16" dev eth0
    ip link set eth0 up
    touch "$1"
    exec sleep infinity
"#;

/// The namespaces and addresses so far.
pub struct Network {
    node: PathBuf,
    addresses: BTreeMap<String, Ipv4Addr>,
    pods: BTreeMap<String, PathBuf>,
}

impl Network {
    pub fn new(objects: &Objects, processes: &mut Processes) -> Self {
        let up = processes.folder().join("node-up");
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-ec", NODE, "sh"]).arg(&up);
        let node = held(processes, "node", &mut command, &up);
        let mut network = Self { node, addresses: BTreeMap::new(), pods: BTreeMap::new() };
        for pod in objects.pods() {
            network.address(&pod.name);
        }
        network
    }

    /// The address of a pod; the next that is free when it is first asked for.
    fn address(&mut self, pod: &str) -> Ipv4Addr {
        let next = u8::try_from(self.addresses.len() + 1).expect("fewer than 256 pods");
        *self.addresses.entry(pod.to_owned()).or_insert(Ipv4Addr::new(10, 244, 1, next))
    }

    /// What a pod's `/etc/hosts` says in the place of DNS: where Services and the pods that have names of their own are.
    pub fn hosts(&self, objects: &Objects) -> String {
        let mut hosts = String::from("127.0.0.1 localhost\n");
        let mut add = |name: &str, namespace: &Value, pod: &str| {
            let namespace = namespace.as_str().unwrap_or_default();
            let address = self.addresses[pod].to_string();
            for end in [
                String::new(),
                format!(".{namespace}"),
                format!(".{namespace}.svc"),
                format!(".{namespace}.svc.cluster.local"),
            ] {
                hosts.extend([&address, " ", name, &end, "\n"]);
            }
        };
        for service in objects.of_kind("Service") {
            let (name, namespace) = (&service["metadata"]["name"], &service["metadata"]["namespace"]);
            for pod in objects.pods().filter(|pod| pod.is_behind(service)) {
                add(name.as_str().expect("a name"), namespace, &pod.name);
                if let Some(host) =
                    pod.host.as_deref().filter(|host| host.split_once('.').map(|it| it.1) == name.as_str())
                {
                    add(host, namespace, &pod.name);
                }
            }
        }
        hosts
    }

    /// The namespace of a pod, made when it is first asked for.
    pub fn of(&mut self, pod: &str, processes: &mut Processes) -> PathBuf {
        if let Some(known) = self.pods.get(pod) {
            return known.clone();
        }
        let address = self.address(pod);
        let up = processes.folder().join(format!("network-{pod}-up"));
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.node.display()));
        command.args(["unshare", "--net", "sh", "-ec", POD, "sh"]).arg(&up).arg(&self.node);
        command.args([format!("pod{}", self.pods.len()), address.to_string()]);
        let namespace = held(processes, &format!("network-{pod}"), &mut command, &up);
        self.pods.insert(pod.to_owned(), namespace.clone());
        namespace
    }

    /// The status and body of a pod's answer to an HTTP request of the node: `GET`, or `POST` of JSON.
    pub fn http(
        &self,
        pod: &str,
        port: u16,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, String), String> {
        let head = format!("{path} HTTP/1.0\r\nHost: localhost:{port}\r\nUser-Agent: kube-probe/1.36\r\n");
        let request = match body.map(Value::to_string) {
            None => format!("GET {head}\r\n"),
            Some(body) => format!(
                "POST {head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        };
        let answer = self.connect(pod, port, move |mut stream| {
            stream.write_all(request.as_bytes())?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Ok(String::from_utf8_lossy(&answer).into_owned())
        })?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        status.map(|status| (status, body)).ok_or(answer)
    }

    /// Talks to a port of a pod, from the node.
    pub fn connect<T: Send + 'static>(
        &self,
        pod: &str,
        port: u16,
        talk: impl FnOnce(TcpStream) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let node = File::open(&self.node).expect("the network is held");
        let address = SocketAddr::from((self.addresses[pod], port));
        // A thread alone changes its network, and ends.
        let thread = std::thread::spawn(move || {
            move_into_link_name_space(node.as_fd(), Some(LinkNameSpaceType::Network))?;
            let stream = TcpStream::connect_timeout(&address, ANSWER_LIMIT)?;
            stream.set_read_timeout(Some(ANSWER_LIMIT))?;
            talk(stream)
        });
        thread.join().expect("it does not panic").map_err(|error| error.to_string())
    }
}

/// Starts what holds a namespace, and waits until it is up.
fn held(processes: &mut Processes, name: &str, command: &mut Command, up: &Path) -> PathBuf {
    let holder = processes.start(name, command);
    processes.until(&format!("{name} is up"), |_| up.exists());
    PathBuf::from(format!("/proc/{holder}/ns/net"))
}
