//! Files that SOPS encrypted, as far as they can be judged without their keys.

use crate::declare::{Declared, SecretKey, SecretVia};
use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span, closest};
use crate::k8s::{Node, Value};
use crate::manifest;
use crate::merge::{Merged, Sourced};
use crate::workspace::{Workspace, WorkspaceError};

/// What a value that SOPS encrypted begins with.
const ENCRYPTED: &str = "ENC[";

/// Who can decrypt a file: lists of them in its table `sops`.
const RECIPIENTS: [&str; 6] = ["age", "kms", "pgp", "gcp_kms", "azure_kv", "hc_vault"];

/// Reports the files of secrets that are not there, that are not encrypted, or that lack a key which is read.
pub fn check(
    declared: &Declared,
    merged: &Merged,
    workspace: &Workspace,
    sources: &mut Sources,
    sink: &mut Sink,
) -> Result<(), WorkspaceError> {
    for (name, secret) in &declared.secrets {
        let raw = secret.value();
        let Some(sops) = raw.sops.as_ref().filter(|_| *raw.via.value() == SecretVia::Sops) else { continue };
        let path = &sops.value().file;
        let Some(at) = merged.place(path) else { continue };
        let Some(file) = workspace.read_if_there(path.value(), sources, sink)? else {
            let title = format!("no file `{}`", path.value());
            let found = Diagnostic::error(Code::EncryptedFile, title).at(at, "not in the workspace");
            sink.push(found.help("paths begin where `environments/` is"));
            continue;
        };
        let uses = declared.secret_uses().filter(|used| used.secret.value() == name);
        let uses: Vec<_> = uses.filter_map(|used| used.key).collect();
        sink.extend(File { path: path.value(), file, at }.findings(&uses, merged, sources));
    }
    Ok(())
}

struct File<'a> {
    path: &'a str,
    file: FileId,
    /// Where the declaration names it.
    at: Span,
}

impl File<'_> {
    fn findings(
        &self,
        uses: &[&Sourced<SecretKey>],
        merged: &Merged,
        sources: &mut Sources,
    ) -> Vec<Diagnostic> {
        let refused =
            |title: String, label: &str| Diagnostic::error(Code::EncryptedFile, title).at(self.at, label);
        let mut syntax = Sink::default();
        let documents = manifest::documents(self.file, sources, &mut syntax);
        let (node, errors) = match &*documents {
            [document] => manifest::node(document, sources),
            _ => (None, Vec::new()),
        };
        // Nothing of it is shown: it may hold what should have been encrypted.
        let length = sources.get(self.file).text.len();
        sources.conceal(self.file, std::slice::from_ref(&(0..length)));
        let Some(node) = node.filter(|node| errors.is_empty() && matches!(node.value, Value::Map(_))) else {
            return vec![refused(format!("`{}` cannot be read", self.path), "not one YAML or JSON mapping")];
        };
        let has_recipients = RECIPIENTS.iter().any(|key| {
            let recipients = node.path(&["sops", key]).map(|node| &node.value);
            matches!(recipients, Some(Value::List(items)) if !items.is_empty())
        });
        if node.path(&["sops", "mac"]).is_none() || !has_recipients {
            let found = refused(format!("`{}` is not encrypted", self.path), "SOPS left no mark in it");
            let found = found.help(format!("sops encrypt --in-place {}", self.path));
            return vec![
                found.help("what was committed is known to everybody who reads the repository: replace it"),
            ];
        }
        let entries = values(&node);
        uses.iter().filter_map(|key| self.of_key(key, &entries, merged)).collect()
    }

    /// What is wrong with a key that is read.
    fn of_key(
        &self,
        key: &Sourced<SecretKey>,
        entries: &[(&str, &Node)],
        merged: &Merged,
    ) -> Option<Diagnostic> {
        let wanted = key.value().as_str();
        let Some((_, value)) = entries.iter().find(|(name, _)| *name == wanted) else {
            let names = || entries.iter().map(|(name, _)| *name);
            let title = format!("`{}` has no key `{wanted}`", self.path);
            let found =
                Diagnostic::error(Code::UnknownReference, title).at(merged.place(key)?, "no such key");
            let found = found.context(self.at, "the file").suggest(wanted, names());
            return Some(match closest(wanted, names()) {
                Some(_) => found,
                None => found.note(format!("it has `{}`", names().collect::<Vec<_>>().join("`, `"))),
            });
        };
        if value.as_str().is_some_and(|text| text.starts_with(ENCRYPTED)) {
            return None;
        }
        let title = format!("`{wanted}` of `{}` is not encrypted", self.path);
        let found = Diagnostic::error(Code::EncryptedFile, title).at(self.at, "anybody may read it");
        Some(found.help(format!("sops encrypt --in-place {}", self.path)))
    }
}

/// The values by key: of a Secret, those of its data; otherwise, those of the file.
fn values(node: &Node) -> Vec<(&str, &Node)> {
    let tables: Vec<&Node> = if node.get("kind").and_then(Node::as_str) == Some("Secret") {
        [node.get("data"), node.get("stringData")].into_iter().flatten().collect()
    } else {
        vec![node]
    };
    let entries = tables.into_iter().filter_map(|table| match &table.value {
        Value::Map(entries) => Some(entries.iter().map(|(key, value)| (&**key, value))),
        _ => None,
    });
    entries.flatten().filter(|(key, _)| *key != "sops").collect()
}
