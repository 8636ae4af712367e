//! A Kubernetes API server of this test binary's own: etcd and kube-apiserver
//! on free loopback ports, with no controllers, kubelets or pods.

use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kube::api::GetParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::Request;
use kube::{Client, Config};
use serde_json::json;
use tokio::sync::OnceCell;

const START_LIMIT: Duration = Duration::from_mins(2);
const TOKEN: &str = "loopback-only";

pub struct ApiServer {
    folder: PathBuf,
    etcd: Child,
    apiserver: Child,
    /// Ends both when this process ends, in whatever way.
    _guard: Guard,
}

impl ApiServer {
    /// The server that all tests of this binary share; each works in a namespace of its own.
    pub async fn shared() -> &'static Self {
        static SERVER: OnceCell<ApiServer> = OnceCell::const_new();
        SERVER.get_or_init(Self::start).await
    }

    /// Starts a server and returns once it is ready.
    ///
    /// # Panics
    ///
    /// If a program is missing, ends early, or the server is not ready within [`START_LIMIT`].
    pub async fn start() -> Self {
        let [etcd, apiserver] = [program("etcd"), program("kube-apiserver")];
        let folder = tempfile::Builder::new()
            .prefix("p8fs-gen-api-server-")
            .tempdir()
            .expect("a temporary folder can be made")
            .keep();
        let mut guard = Guard::new(&folder);
        let [etcd_port, port] = free_ports();

        let mut command = Command::new(etcd);
        command
            .arg(format!("--data-dir={}", folder.join("etcd").display()))
            .arg(format!("--listen-client-urls=http://127.0.0.1:{etcd_port}"))
            .arg(format!("--advertise-client-urls=http://127.0.0.1:{etcd_port}"))
            .arg("--listen-peer-urls=http://127.0.0.1:0")
            .arg("--unsafe-no-fsync")
            .arg("--log-level=warn");
        let etcd = guard.spawn(&mut command, &folder.join("etcd.log"));

        let tokens = folder.join("tokens.csv");
        fs::write(&tokens, format!("{TOKEN},admin,admin,system:masters\n"))
            .expect("the tokens can be written");

        let tls_key = folder.join("apiserver.key").display().to_string();
        let mut command = Command::new(apiserver);
        command
            .arg(format!("--etcd-servers=http://127.0.0.1:{etcd_port}"))
            .arg("--bind-address=127.0.0.1")
            .arg(format!("--secure-port={port}"))
            // It makes an authority, a certificate and a key in here before it reads any key.
            .arg(format!("--cert-dir={}", folder.display()))
            .arg("--authorization-mode=RBAC")
            .arg(format!("--token-auth-file={}", tokens.display()))
            .arg("--service-account-issuer=https://kubernetes.default.svc")
            .arg(format!("--service-account-key-file={tls_key}"))
            .arg(format!("--service-account-signing-key-file={tls_key}"))
            .arg("--service-cluster-ip-range=10.0.0.0/16")
            .arg("--allow-privileged=true")
            // Both wait for controllers that do not run here.
            .arg("--disable-admission-plugins=ServiceAccount,ResourceQuota")
            .arg("--endpoint-reconciler-type=none")
            .arg("--enable-priority-and-fairness=false")
            .arg("--profiling=false");
        let apiserver = guard.spawn(&mut command, &folder.join("kube-apiserver.log"));

        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "real", "cluster": {
                "server": format!("https://127.0.0.1:{port}"),
                "certificate-authority": folder.join("apiserver.crt"),
            }}],
            "users": [{"name": "admin", "user": {"token": TOKEN}}],
            "contexts": [{"name": "real", "context": {"cluster": "real", "user": "admin"}}],
            "current-context": "real",
        });
        fs::write(folder.join("kubeconfig"), kubeconfig.to_string()).expect("the kubeconfig can be written");

        let mut server = Self { folder, etcd, apiserver, _guard: guard };
        server.wait_until_ready().await;
        server
    }

    /// The file to give to programs under test; its one context is called `real`.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// A new client, a cluster administrator. It belongs to the calling test's runtime.
    pub async fn client(&self) -> Client {
        self.try_client().await.expect("the kubeconfig works")
    }

    async fn try_client(&self) -> Result<Client, Box<dyn std::error::Error>> {
        let kubeconfig = Kubeconfig::read_from(self.kubeconfig())?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        Ok(Client::try_from(config)?)
    }

    async fn wait_until_ready(&mut self) {
        let started = Instant::now();
        loop {
            for (name, child) in [("etcd", &mut self.etcd), ("kube-apiserver", &mut self.apiserver)] {
                if let Some(status) = child.try_wait().expect("a child can be asked for its status") {
                    panic!("{name} ended with {status}:\n{}", last_lines(&self.folder, name));
                }
            }
            if self.is_ready().await {
                return;
            }
            assert!(
                started.elapsed() < START_LIMIT,
                "kube-apiserver is not ready after {START_LIMIT:?}:\n{}",
                last_lines(&self.folder, "kube-apiserver"),
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn is_ready(&self) -> bool {
        // Its certificate is there only after a moment.
        let Ok(client) = self.try_client().await else {
            return false;
        };
        let readyz = Request::new("").get("readyz", &GetParams::default()).expect("/readyz is a valid path");
        client.request_text(readyz).await.is_ok()
    }
}

/// A shell that outlives this process by a moment. Statics are never dropped, and a test process can
/// be killed; but the pipe to the shell closes however it ends. Then the shell kills what it was told
/// of, the newest first: kube-apiserver hangs for minutes if etcd goes before it.
struct Guard {
    shell: Child,
}

impl Guard {
    const SCRIPT: &str = r#"
        while read -r pid; do pids="$pid $pids"; done
        kill -KILL $pids
        rm -rf "$1" || { sleep 1; rm -rf "$1"; }
    "#;

    fn new(folder: &Path) -> Self {
        let shell = Command::new("/bin/sh")
            .args(["-c", Self::SCRIPT, "guard"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("/bin/sh can be started");
        Self { shell }
    }

    /// Starts a program that ends when this process does.
    fn spawn(&mut self, command: &mut Command, log: &Path) -> Child {
        let log = File::create(log).expect("a log file can be made");
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file handle can be copied"))
            .stderr(log)
            // An interrupt from the terminal reaches the test process alone.
            .process_group(0)
            .spawn()
            .expect("the program can be started");
        let pipe = self.shell.stdin.as_mut().expect("the guard's input is a pipe");
        writeln!(pipe, "{}", child.id()).expect("the guard is reading");
        child
    }
}

/// Where a program is: in `KUBEBUILDER_ASSETS` if that is set, else in `target/tools`.
pub fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("KUBEBUILDER_ASSETS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.is_file(), "{} is missing: run `make tools`", path.display());
    path
}

fn free_ports() -> [u16; 2] {
    // Both at once, so that they differ.
    let listeners = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free"));
    listeners.map(|l| l.local_addr().expect("a bound socket has an address").port())
}

/// What a program said last.
fn last_lines(folder: &Path, program: &str) -> String {
    let text = fs::read_to_string(folder.join(program).with_extension("log")).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
