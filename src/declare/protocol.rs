//! How servers greet: data, of which settings name an entry.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

/// How a server greets, or answers to the first that is said to it.
#[derive(Debug)]
pub struct Greeting {
    /// What is sent; `{host}` and `{path}` stand for those of the endpoint. Empty where the server speaks first.
    pub send: Vec<u8>,
    /// Of the first bytes of its answer; the first group says something of the server.
    pub answer: Regex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    send: String,
    #[serde(default)]
    send_hex: String,
    answer: String,
}

static GREETINGS: LazyLock<BTreeMap<String, Greeting>> = LazyLock::new(|| {
    let raw: BTreeMap<String, Raw> = toml::from_str(include_str!("protocols.toml")).unwrap_or_default();
    raw.into_iter().filter_map(|(name, raw)| Some((name, greeting(&raw)?))).collect()
});

fn greeting(raw: &Raw) -> Option<Greeting> {
    let mut send = raw.send.clone().into_bytes();
    for at in (0..raw.send_hex.len()).step_by(2) {
        send.push(u8::from_str_radix(raw.send_hex.get(at..at + 2)?, 16).ok()?);
    }
    let answer = RegexBuilder::new(&raw.answer).unicode(false).dot_matches_new_line(true).build().ok()?;
    Some(Greeting { send, answer })
}

impl Greeting {
    /// That of a protocol.
    pub fn of(protocol: &str) -> Option<&'static Self> {
        GREETINGS.get(protocol)
    }

    /// The protocols that are known.
    pub fn protocols() -> impl Iterator<Item = &'static str> {
        GREETINGS.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::Greeting;

    #[test]
    fn every_protocol_can_be_read() {
        let all: Vec<&str> = Greeting::protocols().collect();
        assert_eq!(all, ["http", "http2", "mysql", "nats", "postgresql", "redis"]);
        assert_eq!(Greeting::of("postgresql").expect("there").send, [0, 0, 0, 8, 4, 210, 22, 47]);
    }
}
