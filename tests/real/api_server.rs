//! A Kubernetes API server of this test binary's own: etcd and kube-apiserver
//! on free loopback ports, with no controllers, kubelets or pods. [`crate::cluster`] adds those.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use kube::api::GetParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::Request;
use kube::{Client, Config};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::processes::{Processes, program};

const START_LIMIT: Duration = Duration::from_mins(2);
const TOKEN: &str = "loopback-only";

pub struct ApiServer {
    processes: Processes,
}

/// Whether controllers will run beside a server.
#[derive(Clone, Copy, PartialEq)]
pub enum Controllers {
    Absent,
    Present,
}

impl ApiServer {
    /// The server that all tests of this binary share; each works in a namespace of its own.
    pub async fn shared() -> &'static Self {
        static SERVER: OnceCell<ApiServer> = OnceCell::const_new();
        SERVER.get_or_init(|| Self::start(Controllers::Absent)).await
    }

    /// Starts a server and returns once it is ready.
    ///
    /// # Panics
    ///
    /// If a program is missing, ends early, or the server is not ready within [`START_LIMIT`].
    pub async fn start(controllers: Controllers) -> Self {
        let [etcd, apiserver] = [program("etcd"), program("kube-apiserver")];
        let mut processes = Processes::new("api-server");
        let folder = processes.folder().to_owned();
        let [etcd_port, port] = free_ports();

        let mut command = Command::new(etcd);
        command
            .arg(format!("--data-dir={}", folder.join("etcd").display()))
            .arg(format!("--listen-client-urls=http://127.0.0.1:{etcd_port}"))
            .arg(format!("--advertise-client-urls=http://127.0.0.1:{etcd_port}"))
            .arg("--listen-peer-urls=http://127.0.0.1:0")
            .arg("--unsafe-no-fsync")
            .arg("--log-level=warn");
        processes.start("etcd", &mut command);

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
            .arg("--endpoint-reconciler-type=none")
            .arg("--enable-priority-and-fairness=false")
            .arg("--profiling=false");
        if controllers == Controllers::Absent {
            // Both wait for what controllers write.
            command.arg("--disable-admission-plugins=ServiceAccount,ResourceQuota");
        }
        processes.start("kube-apiserver", &mut command);

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

        let mut server = Self { processes };
        server.wait_until_ready().await;
        server
    }

    /// The file to give to programs under test; its one context is called `real`.
    pub fn kubeconfig(&self) -> PathBuf {
        self.processes.folder().join("kubeconfig")
    }

    /// What runs for this server, to start more beside it. In their folder are `apiserver.crt`, its own authority,
    /// and `apiserver.key`, by which it knows the tokens of service accounts.
    pub fn processes(&mut self) -> &mut Processes {
        &mut self.processes
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
            self.processes.assert_running();
            if self.is_ready().await {
                return;
            }
            assert!(
                started.elapsed() < START_LIMIT,
                "kube-apiserver is not ready after {START_LIMIT:?}:\n{}",
                self.processes.last_lines("kube-apiserver"),
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

/// Two ports that nobody listens on.
pub fn free_ports() -> [u16; 2] {
    // Both at once, so that they differ.
    let listeners = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free"));
    listeners.map(|l| l.local_addr().expect("a bound socket has an address").port())
}
