//! Tests against the real programs that `make tools` builds.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod accepted;
mod api_server;
mod capacity;
mod charts;
mod cluster;
mod compose;
mod container;
mod custom;
mod definitions;
mod faults;
mod keda;
mod kind;
mod kubectl;
mod languages;
mod manifests;
mod network;
mod nodes;
mod output;
mod places;
mod processes;
#[path = "../run/mod.rs"]
mod run;
mod sandbox;
mod scheduled;
mod stores;
mod stream;
mod toml_files;
