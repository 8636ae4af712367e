//! The values of secrets, wherever expressions carried them: only the data of Secrets may hold them.

use super::Artifact;
use crate::diag::{Code, Diagnostic, Sink};
use crate::k8s::{Node, Object, Value};
use crate::merge::{InputSet, Reads};

/// Reports every place of the output that would show a secret. Where none was read, nothing knows its inputs, and there
/// is nothing to look at.
pub fn check(objects: &[Object], artifacts: &[Artifact], reads: &Reads, sink: &mut Sink) {
    for object in objects {
        let identity = &object.identity;
        let is_secret = identity.kind == "Secret" && identity.api_version == "v1";
        let whole = Taint { what: identity.to_string(), reads, sink };
        match &object.root.value {
            Value::Map(entries) if is_secret => {
                let mut whole = whole;
                let others = entries.iter().filter(|(key, _)| !matches!(&**key, "data" | "stringData"));
                others.for_each(|(key, node)| whole.look(key, node));
            }
            _ => { whole }.look("", &object.root),
        }
    }
    for artifact in artifacts {
        Taint { what: artifact.path.to_string(), reads, sink }.look("", &artifact.root);
    }
}

struct Taint<'a> {
    what: String,
    reads: &'a Reads,
    sink: &'a mut Sink,
}

impl Taint<'_> {
    fn look(&mut self, path: &str, node: &Node) {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|(key, entry)| self.look(&below(key), entry)),
            Value::List(items) => {
                items.iter().enumerate().for_each(|(at, item)| self.look(&format!("{path}[{at}]"), item));
            }
            _ => {}
        }
        let Some(from) = &node.from else { return };
        let of = |inputs: &InputSet| inputs.iter().find_map(|input| self.reads.secret(input));
        let made = of(&from.value).map(|secret| (secret, "made of it"));
        let Some((secret, how)) = made.or_else(|| Some((of(&from.because)?, "there because of it"))) else {
            return;
        };
        let place = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
        let title = format!("{} would show `{}`{place}", self.what, secret.path);
        let found = Diagnostic::error(Code::SecretLeak, title).at(node.at, how);
        self.sink.push(
            found
                .context(secret.place, "a secret")
                .help("refer to its Secret: `secretKeyRef` of a variable, or a volume"),
        );
    }
}
