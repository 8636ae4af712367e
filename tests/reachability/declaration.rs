//! Who may reach whom, by what an environment declares: `uses`, `peers`, `expose`, `access`, and DNS for all.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use crate::policies::{At, Place, Rendered, range};
use crate::{Ways, ways};

const TABLES: [&str; 4] = ["services", "workers", "jobs", "cron_jobs"];

/// The layers of an environment, laid over each other.
pub struct Declaration(Value);

/// A declared workload, by its name in the environment.
struct Workload<'a> {
    declared: &'a Value,
    /// The store that it is part or a job of.
    store: Option<&'a str>,
}

impl Declaration {
    pub fn new(declared: Value) -> Self {
        Self(declared)
    }

    /// All that run.
    fn workloads(&self) -> BTreeMap<String, Workload<'_>> {
        let mut found = BTreeMap::new();
        for table in TABLES {
            for (name, declared) in entries(&self.0[table]) {
                found.insert(name.clone(), Workload { declared, store: None });
            }
        }
        for (store, declared) in entries(&self.0["stores"]) {
            // What makes streams is there when there are some.
            let has_streams = entries(&declared["streams"]).next().is_some();
            let jobs = entries(&declared["jobs"]).filter(|(_, job)| job["needs"] != "streams" || has_streams);
            let jobs = jobs.map(|(name, job)| (format!("{store}-{name}"), job));
            let parts = self.parts(store).into_iter();
            for (name, declared) in parts.chain(jobs) {
                found.insert(name, Workload { declared, store: Some(store) });
            }
        }
        found.retain(|_, workload| workload.declared["enabled"] != false);
        found
    }

    /// The parts of a store that is deployed along, by their names as workloads.
    fn parts<'a>(&'a self, store: &str) -> Vec<(String, &'a Value)> {
        let declared = &self.0["stores"][store];
        if declared["via"] != "embedded" {
            return Vec::new();
        }
        let name = |part: &str| if part == "main" { store.to_owned() } else { format!("{store}-{part}") };
        entries(&declared["embedded"]["parts"]).map(|(part, declared)| (name(part), declared)).collect()
    }

    /// The pods that charts make for stores, by names of their own: who is declared by `chart.pods`.
    fn chart_pods(&self) -> Vec<(String, &Value)> {
        let stores = entries(&self.0["stores"]).filter(|(_, store)| store["via"] == "chart");
        let pods = stores.flat_map(|(store, declared)| {
            entries(&declared["chart"]["pods"]).map(move |(pods, of)| (format!("{store}/{pods}"), of))
        });
        pods.collect()
    }

    /// The namespaces of charts that read everybody's metrics.
    fn readers(&self) -> Vec<&str> {
        let charts = entries(&self.0["charts"]).filter(|(_, chart)| chart["scrapes"] == true);
        charts.map(|(_, chart)| chart["namespace"].as_str().expect("a namespace")).collect()
    }

    pub fn ways(&self, rendered: &Rendered) -> Ways {
        let mut found = Ways::new();
        let workloads = self.workloads();
        let (names, pods): (BTreeSet<_>, BTreeSet<_>) =
            (workloads.keys().collect(), rendered.pods.iter().map(|pod| &pod.name).collect());
        assert_eq!(names, pods, "one pod template for each workload");
        for (name, workload) in &workloads {
            for protocol in ["UDP", "TCP"] {
                found.insert(ways(name, "dns", 53, protocol));
            }
            for used in list(&workload.declared["uses"]) {
                for (to, port) in self.used(&workloads, workload, used) {
                    found.insert(ways(name, &to, port, "TCP"));
                }
            }
            for peer in list(&workload.declared["peers"]) {
                let port = number(&workload.declared["ports"][peer]);
                found.insert(ways(name, name, port, "TCP"));
            }
            for (to, port) in Self::scraped(&workloads, name) {
                found.insert(ways(name, &to, port, "TCP"));
            }
            for (to, port) in self.asked(workload) {
                found.insert(ways("keda", &to, port, "TCP"));
            }
            let scrapers: Vec<&str> = workloads
                .iter()
                .filter(|(_, workload)| workload.declared["scrapes"] == true)
                .map(|(name, _)| name.as_str())
                .collect();
            for reader in self.readers() {
                if let Some(port) = measured(workload.declared) {
                    found.insert(ways(&format!("a pod of {reader}"), name, port, "TCP"));
                }
            }
            if scrapers.contains(&name.as_str()) {
                for (pods, of) in self.chart_pods() {
                    for port in list(&of["metrics"]) {
                        found.insert(ways(name, &pods, number(&of["ports"][port]), "TCP"));
                    }
                }
            }
            if let Some(port) = exposed(workload) {
                found.insert(ways("entry", name, port, "TCP"));
            }
            let server = &self.0["cluster"]["api_server"];
            if entries(&workload.declared["access"]).next().is_some() {
                let port = server["port"].as_u64().map_or(6443, |port| u16::try_from(port).expect("a port"));
                for address in self.inside(&server["cidrs"]) {
                    found.insert(ways(name, &address, port, "TCP"));
                }
            }
        }
        for (name, of) in self.chart_pods() {
            for protocol in ["UDP", "TCP"] {
                found.insert(ways(&name, "dns", 53, protocol));
            }
            for peer in list(&of["peers"]) {
                found.insert(ways(&name, &name, number(&of["ports"][peer]), "TCP"));
            }
            for reader in self.readers() {
                for port in list(&of["metrics"]) {
                    found.insert(ways(
                        &format!("a pod of {reader}"),
                        &name,
                        number(&of["ports"][port]),
                        "TCP",
                    ));
                }
            }
        }
        found
    }

    /// Whose metrics a workload reads, and on which port: of its own or of a sidecar.
    fn scraped(workloads: &BTreeMap<String, Workload<'_>>, reader: &str) -> Vec<(String, u16)> {
        if workloads[reader].declared["scrapes"] != true {
            return Vec::new();
        }
        let others = workloads.iter().filter(|(name, _)| *name != reader);
        others
            .filter_map(|(name, workload)| measured(workload.declared).map(|port| (name.clone(), port)))
            .collect()
    }

    /// Which parts of stores KEDA asks for a workload, and on which port.
    fn asked(&self, workload: &Workload<'_>) -> Vec<(String, u16)> {
        let triggers = entries(&workload.declared["scale"]["triggers"]);
        let stores = triggers.filter_map(|(_, trigger)| {
            let of_queue = || {
                let stream = workload.declared["queue"]["stream"].as_str()?;
                let mut stores = entries(&self.0["stores"]);
                stores.find(|(_, store)| store["streams"][stream].is_object()).map(|(name, _)| name.as_str())
            };
            let named = ["list", "metric"].into_iter().find_map(|key| trigger[key]["store"].as_str());
            named.or_else(|| trigger["queue"].as_object().and_then(|_| of_queue()))
        });
        let endpoint = |name: &str| {
            let store = &self.0["stores"][name];
            let port = store["trigger_port"].as_str().or(store["default_port"].as_str()).expect("a port");
            let of_chart =
                self.chart_pods().into_iter().filter(|(pods, _)| pods.split('/').next() == Some(name));
            let parts = self.parts(name).into_iter().chain(of_chart);
            let fitting = parts.filter(|(_, part)| part["ports"][port].is_number());
            fitting.map(|(name, part)| (name, number(&part["ports"][port]))).collect::<Vec<_>>()
        };
        stores.flat_map(endpoint).collect()
    }

    /// Where an entry of `uses` leads: nowhere, if its workload is switched off.
    fn used(
        &self,
        workloads: &BTreeMap<String, Workload<'_>>,
        user: &Workload<'_>,
        used: &str,
    ) -> Vec<(String, u16)> {
        let (target, port) = used.split_once(':').map_or((used, None), |(target, port)| (target, Some(port)));
        // A part of a store means its siblings first.
        if let Some(store) = user.store {
            let sibling = &self.0["stores"][store]["embedded"]["parts"][target];
            let mut parts = self.parts(store).into_iter();
            if let Some((name, part)) = parts.find(|(_, part)| std::ptr::eq(*part, sibling)) {
                return vec![(name, port_of(&part["ports"], port, &self.0["stores"][store]))];
            }
        }
        let target = user.store.filter(|_| target == "store").unwrap_or(target);
        let store = &self.0["stores"][target];
        if store["via"] == "external" {
            let port = port_of(&store["external"]["ports"], port, store);
            return self
                .inside(&store["external"]["cidrs"])
                .into_iter()
                .map(|address| (address, port))
                .collect();
        }
        if store["via"] == "chart" {
            let named = port.or(store["default_port"].as_str());
            let name = format!("{target}/");
            let pods = self.chart_pods().into_iter().filter(|(pods, _)| pods.starts_with(&name));
            let all = pods.flat_map(|(pods, of)| entries(&of["ports"]).map(move |it| (pods.clone(), it)));
            let mut fitting = all.filter(|(_, (port, _))| named.is_none_or(|named| *port == named));
            let (pods, (_, port)) = fitting.next().unwrap_or_else(|| panic!("{used} leads nowhere"));
            return vec![(pods, number(port))];
        }
        if store.is_object() {
            let parts = self.parts(target);
            let named = port.or(store["default_port"].as_str());
            let all =
                || parts.iter().flat_map(|(name, part)| entries(&part["ports"]).map(move |it| (name, it)));
            let mut fitting = all().filter(|(_, (port, _))| named.is_none_or(|named| *port == named));
            let (name, (_, port)) = fitting.next().unwrap_or_else(|| panic!("{used} leads nowhere"));
            assert!(fitting.next().is_none(), "{used} may mean more than one port");
            return vec![(name.clone(), number(port))];
        }
        let Some(workload) = workloads.get(target) else { return Vec::new() };
        vec![(target.to_owned(), port_of(&workload.declared["ports"], port, &Value::Null))]
    }

    /// Every port that is declared.
    pub fn ports(&self) -> BTreeSet<u16> {
        let tables = |value: &Value| -> Vec<u16> { entries(value).map(|(_, port)| number(port)).collect() };
        let of_workloads =
            self.workloads().into_values().flat_map(|workload| tables(&workload.declared["ports"]));
        let of_stores = entries(&self.0["stores"]).flat_map(|(_, store)| tables(&store["external"]["ports"]));
        let of_charts = self.chart_pods().into_iter().flat_map(|(_, of)| tables(&of["ports"]));
        of_workloads.chain(of_stores).chain(of_charts).chain([53, 443, 6443]).collect()
    }

    /// Who is there beside our pods.
    pub fn witnesses(&self, rendered: &Rendered) -> Vec<Place> {
        let cluster = &self.0["cluster"];
        let dns = &cluster["dns"];
        let dns_labels = dns["labels"].as_object().cloned();
        let dns_labels =
            dns_labels.unwrap_or_else(|| Map::from_iter([("k8s-app".to_owned(), json!("kube-dns"))]));
        let dns_namespace = dns["namespace"].as_str().unwrap_or("kube-system");
        let own = self.0["environment"]["namespace"].as_str().expect("a namespace");
        let mut places = vec![
            Place::pod("dns", dns_namespace, dns_labels.clone()),
            Place::pod("another pod beside DNS", dns_namespace, Map::new()),
            Place::pod("a pod elsewhere that looks like DNS", "elsewhere", dns_labels.clone()),
            Place::stray("a pod here that looks like DNS", own, dns_labels),
            Place::stray("an unknown pod here", own, Map::new()),
            Place::pod("an unknown pod elsewhere", "elsewhere", Map::new()),
        ];
        for pod in &rendered.pods {
            let At::Pod { labels, .. } = &pod.at else { continue };
            places.push(Place::pod(
                &format!("a pod elsewhere that looks like {}", pod.name),
                "elsewhere",
                labels.clone(),
            ));
        }
        for (name, of) in self.chart_pods() {
            let mut labels = of["labels"].as_object().cloned().unwrap_or_default();
            let store = name.split('/').next().expect("a store");
            let system = self.0["system"]["name"].as_str().expect("a name");
            labels.insert("app.kubernetes.io/instance".to_owned(), json!(format!("{system}-{store}")));
            places.push(Place::stray(&name, own, labels));
        }
        for namespace in self.readers() {
            places.push(Place::pod(&format!("a pod of {namespace}"), namespace, Map::new()));
        }
        if let Some(namespace) = self.entry() {
            places.push(Place::pod("entry", namespace, Map::new()));
        }
        if let Some(namespace) = cluster["keda"]["namespace"].as_str() {
            places.push(Place::pod("keda", namespace, Map::new()));
        }

        places.extend(self.addresses().into_iter().map(Place::address));
        places
    }

    /// One at each end of each range, on either side, and one that nothing speaks of.
    fn addresses(&self) -> BTreeSet<Ipv4Addr> {
        let stores = entries(&self.0["stores"]).flat_map(|(_, store)| list(&store["external"]["cidrs"]));
        let mut found = BTreeSet::from([Ipv4Addr::new(192, 0, 2, 1)]);
        for cidr in stores.chain(list(&self.0["cluster"]["api_server"]["cidrs"])) {
            let (first, last) = range(cidr);
            found.extend([first.wrapping_sub(1), first, last, last.wrapping_add(1)].map(Ipv4Addr::from));
        }
        found
    }

    /// Those of them that are in one of the ranges.
    fn inside(&self, ranges: &Value) -> Vec<String> {
        let ranges: Vec<_> = list(ranges).map(range).collect();
        let within = |address: &Ipv4Addr| {
            ranges.iter().any(|(first, last)| (first..=last).contains(&&u32::from(*address)))
        };
        self.addresses().iter().filter(|address| within(address)).map(Ipv4Addr::to_string).collect()
    }

    /// The namespace of what brings requests from outside.
    fn entry(&self) -> Option<&str> {
        let [gateway, ingress] = ["gateway", "ingress"].map(|entry| &self.0["cluster"][entry]);
        let names = [&gateway["pods_namespace"], &gateway["namespace"], &ingress["namespace"]];
        names.into_iter().find_map(Value::as_str)
    }
}

/// The port where the metrics of a workload are read, its own or of a sidecar.
fn measured(declared: &Value) -> Option<u16> {
    let port = declared["metrics"]["port"].as_str()?;
    let sidecars = entries(&declared["sidecars"]).map(|(_, sidecar)| &sidecar["ports"]);
    let mut tables = std::iter::once(&declared["ports"]).chain(sidecars);
    let table = tables.find(|table| table[port].is_number()).expect("a port of that name");
    Some(number(&table[port]))
}

/// The port at which requests from outside come in.
fn exposed(workload: &Workload<'_>) -> Option<u16> {
    let expose = workload.declared["expose"].as_object()?;
    Some(port_of(&workload.declared["ports"], expose.get("port").and_then(Value::as_str), &Value::Null))
}

/// The named port; else that which is meant where none is named.
fn port_of(ports: &Value, named: Option<&str>, store: &Value) -> u16 {
    match named.or(store["default_port"].as_str()) {
        Some(name) => number(&ports[name]),
        None => {
            let mut all = entries(ports);
            let (_, port) = all.next().expect("it has a port");
            assert!(all.next().is_none(), "it has several ports");
            number(port)
        }
    }
}

fn entries(table: &Value) -> impl Iterator<Item = (&String, &Value)> {
    table.as_object().into_iter().flatten()
}

fn list(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn number(port: &Value) -> u16 {
    port.as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or_else(|| panic!("{port} is no port"))
}
