//! The order of rooms: a room uses only rooms above it. Read from the `crate::` paths of the sources.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

/// From the top down; `pipeline` and `cli` may use everything.
const ROOMS: &str = "diag workspace load merge yaml k8s manifest declare model template settings render verify compose explain emit diff pipeline fuzz cli";

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("source folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            let name = path.display().to_string().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).expect("source file")));
        }
    }
}

/// The rooms that a text names outside of comments: `load` of `crate::load::…`.
fn named(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let uses = code.flat_map(|line| line.split("crate::").skip(1));
    uses.map(|after| after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn a_room_uses_only_rooms_above_it() {
    let place = |room: &str| ROOMS.split(' ').position(|known| known == room);
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let mut wrong = Vec::new();
    for (path, text) in &found {
        let inside = path.split("/src/").last().expect("below src");
        let room = inside.split(['/', '.']).next().expect("a name");
        if ["lib", "main", "properties"].contains(&room) {
            continue;
        }
        let here = place(room).unwrap_or_else(|| panic!("{inside}: no room in ROOMS"));
        for name in named(text) {
            match place(&name) {
                Some(there) if there <= here => {}
                Some(_) => wrong.push(format!("{inside} uses `{name}`, which lies below `{room}`")),
                None => wrong.push(format!("{inside} uses `crate::{name}`, which is no room")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_the_sources_sees_every_use() {
    assert_eq!(
        named("use crate::load;\nlet x: crate::k8s::Value = crate::merge::x;"),
        ["load", "k8s", "merge"]
    );
    // A group has no name, and is refused as no room.
    assert_eq!(named("use crate::{load, merge};"), [""]);
    assert_eq!(named("/// see [`crate::cli`]\n"), Vec::<String>::new());
}

#[test]
fn no_file_is_longer_than_600_lines() {
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    for (path, text) in
        found.iter().filter(|(path, _)| Path::new(path).extension().is_some_and(|end| end == "rs"))
    {
        assert!(text.lines().count() <= 600, "{path}");
    }
}
