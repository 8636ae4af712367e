//! Whether the servers that settings tell of answer.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use regex::Regex;

use super::resolve::{Effective, Value};
use crate::declare::{Declared, Greeting, SettingName, Typed, host_and_port};

/// The longest answer that is looked at, in bytes.
const LONGEST: usize = 16 << 10;

/// A server that a setting tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The variable that tells of it.
    pub variable: String,
    pub protocol: String,
    pub host: String,
    pub port: u16,
    /// Of a URL; `/` otherwise.
    pub path: String,
}

/// What came of it: what the server says of itself, or why there is no answer.
pub type Answer = Result<String, String>;

static URL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([a-z][a-z0-9+.-]*)://(?:[^@/?#]*@)?([^/?#]+)([^?#]*)").ok());

/// The servers that settings tell of, in the order of the settings' names.
pub fn endpoints(declared: &Declared, settings: &BTreeMap<SettingName, Effective>) -> Vec<Endpoint> {
    let known = |name: &str| match &settings.get(name)?.value {
        Value::Known(typed) => Some(typed),
        Value::Hidden(_) => None,
    };
    let mut found = Vec::new();
    for (name, definition) in declared.system.value().settings.value() {
        let definition = definition.value();
        let (Some(protocol), Some(typed)) = (&definition.protocol, known(name.as_str())) else { continue };
        let port = definition.port.as_ref().and_then(|port| known(port.value().as_str()));
        let texts = match typed {
            Typed::List(items) => items.clone(),
            typed => vec![port.map_or_else(|| typed.to_string(), |port| format!("{typed}:{port}"))],
        };
        for text in texts {
            if let Some((host, port, path)) = parts(&text) {
                found.push(Endpoint {
                    variable: declared.variable_of(name.as_str()),
                    protocol: protocol.value().to_string(),
                    host,
                    port,
                    path,
                });
            }
        }
    }
    found
}

/// Host, port and path of a URL or an address.
fn parts(text: &str) -> Option<(String, u16, String)> {
    let (authority, path, usual) = match URL.as_ref()?.captures(text) {
        Some(url) => {
            let usual = match &url[1] {
                "http" => Some(80),
                "https" => Some(443),
                _ => None,
            };
            (url[2].to_owned(), url[3].to_owned(), usual)
        }
        None => (text.to_owned(), String::new(), None),
    };
    let path = if path.is_empty() { "/".to_owned() } else { path };
    match host_and_port(&authority) {
        Some((host, port)) => Some((host.to_owned(), port, path)),
        None => Some((authority, usual?, path)),
    }
}

/// Asks all of them at once; each has as long to answer.
pub fn probe(endpoints: &[Endpoint], timeout: Duration) -> Vec<Answer> {
    let (sender, receiver) = mpsc::channel();
    for (at, endpoint) in endpoints.iter().enumerate() {
        let (sender, endpoint) = (sender.clone(), endpoint.clone());
        // Nobody waits for one that hangs, in a name server for instance: it ends with the process.
        thread::spawn(move || sender.send((at, ask(&endpoint, timeout))));
    }
    drop(sender);
    let mut answers = vec![Err(format!("no answer in {} ms", timeout.as_millis())); endpoints.len()];
    let end = Instant::now() + timeout + timeout / 4;
    while let Ok((at, answer)) = receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
        answers[at] = answer;
    }
    answers
}

fn ask(endpoint: &Endpoint, timeout: Duration) -> Answer {
    let end = Instant::now() + timeout;
    let left = || end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let late = || format!("no answer in {} ms", timeout.as_millis());
    let greeting = Greeting::of(&endpoint.protocol).ok_or("an unknown protocol")?;
    let bare = endpoint.host.trim_matches(['[', ']']);
    let addresses = (bare, endpoint.port).to_socket_addrs().map_err(|_| "no such host".to_owned())?;
    let mut last = "no such host".to_owned();
    for address in addresses {
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => late(),
            ErrorKind::ConnectionRefused => "refused".to_owned(),
            _ => error.to_string(),
        };
        match TcpStream::connect_timeout(&address, left()) {
            Ok(stream) => return converse(stream, endpoint, greeting, &left).map_err(failed)?,
            Err(error) => last = failed(error),
        }
    }
    Err(last)
}

/// Says what the protocol says first, and reads until the answer is known to be one, or none.
fn converse(
    mut stream: TcpStream,
    endpoint: &Endpoint,
    greeting: &Greeting,
    left: &dyn Fn() -> Duration,
) -> std::io::Result<Answer> {
    let host = format!("{}:{}", endpoint.host, endpoint.port);
    stream.set_write_timeout(Some(left()))?;
    stream.write_all(&placed(&placed(&greeting.send, "{host}", &host), "{path}", &endpoint.path))?;
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(answer) = greeting.answer.captures(&read) {
            let said = answer.get(1).map(|said| String::from_utf8_lossy(said.as_bytes()).into_owned());
            return Ok(Ok(said.unwrap_or_default()));
        }
        stream.set_read_timeout(Some(left()))?;
        let count = match stream.read(&mut buffer) {
            Err(_) if !read.is_empty() => 0,
            count => count?,
        };
        if count == 0 || read.len() > LONGEST {
            let what = if read.is_empty() { "closed without a word" } else { "something else answers" };
            return Ok(Err(what.to_owned()));
        }
        read.extend_from_slice(&buffer[..count]);
    }
}

/// The bytes with a text in the place of another.
fn placed(bytes: &[u8], name: &str, text: &str) -> Vec<u8> {
    let mut placed = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(name.len()).position(|window| window == name.as_bytes()) {
        placed.extend_from_slice(&rest[..at]);
        placed.extend_from_slice(text.as_bytes());
        rest = &rest[at + name.len()..];
    }
    placed.extend_from_slice(rest);
    placed
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener};

    use super::*;

    /// A server that says something, after it heard something if it is to.
    fn server(hears: bool, says: &'static [u8]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let answer = move |mut stream: TcpStream| {
            if hears {
                let _ = stream.read(&mut [0; 512]);
            }
            let _ = stream.write_all(says);
            if !says.is_empty() {
                let _ = stream.shutdown(Shutdown::Write);
            }
            // Closing before all is read would take back what was said.
            let _ = stream.read_to_end(&mut Vec::new());
        };
        thread::spawn(move || {
            for stream in listener.incoming() {
                thread::spawn(move || answer(stream.expect("connected")));
            }
        });
        port
    }

    fn endpoint(protocol: &str, port: u16) -> Endpoint {
        let (host, path) = ("127.0.0.1".to_owned(), "/".to_owned());
        Endpoint { variable: String::new(), protocol: protocol.to_owned(), host, port, path }
    }

    #[test]
    fn greetings_are_told_from_other_answers_and_from_silence() {
        let nats = server(false, b"INFO {\"server_id\":\"N\",\"version\":\"2.14.2\"}\r\n");
        let mysql = server(false, b"\x4a\x00\x00\x00\x0a8.0.11-TiDB-v8.5.0\x00\x01\x00");
        let postgresql = server(true, b"N");
        let redis = server(true, b"-NOAUTH Authentication required.\r\n");
        let http = server(true, b"HTTP/1.1 404 Not Found\r\n\r\n");
        let http2 = server(true, b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00");
        let silent = server(true, b"");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        let asked = [
            (endpoint("nats", nats), Ok("2.14.2")),
            (endpoint("mysql", mysql), Ok("8.0.11-TiDB-v8.5.0")),
            (endpoint("postgresql", postgresql), Ok("N")),
            (endpoint("redis", redis), Ok("NOAUTH Authentication required.")),
            (endpoint("http", http), Ok("404 Not Found")),
            (endpoint("http2", http2), Ok("")),
            (endpoint("nats", mysql), Err("something else answers")),
            (endpoint("nats", free), Err("refused")),
        ];
        let endpoints: Vec<Endpoint> = asked.iter().map(|(endpoint, _)| endpoint.clone()).collect();
        let answers = probe(&endpoints, Duration::from_mins(1));
        for ((endpoint, wanted), answer) in asked.iter().zip(&answers) {
            assert_eq!(answer.as_deref().map_err(String::as_str), *wanted, "{endpoint:?}");
        }
        let nothing = probe(&[endpoint("redis", silent)], Duration::from_millis(100));
        assert_eq!(nothing, [Err("no answer in 100 ms".to_owned())]);
    }

    #[test]
    fn an_endpoint_is_found_in_urls_and_addresses() {
        for (text, wanted) in [
            ("nats://nats:4222", Some(("nats", 4222, "/"))),
            ("http://otel/v1/traces", Some(("otel", 80, "/v1/traces"))),
            ("mysql://root:p%40@db:4000/p8fs?ssl=true", Some(("db", 4000, "/p8fs"))),
            ("seaweedfs:9333", Some(("seaweedfs", 9333, "/"))),
            ("http://[::1]:4317", Some(("[::1]", 4317, "/"))),
            ("nats://nats", None),
        ] {
            let found = parts(text);
            let found = found.as_ref().map(|(host, port, path)| (host.as_str(), *port, path.as_str()));
            assert_eq!(found, wanted, "{text}");
        }
    }
}
