//! Tests against the real programs that `make tools` builds.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod accepted;
mod api_server;
mod custom;
mod definitions;
mod faults;
mod kubectl;
mod languages;
mod manifests;
mod output;
mod places;
mod stream;
mod toml_files;
