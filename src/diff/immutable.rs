//! [`Code::ImmutableField`]: what differs from the output before, and cannot become so in a cluster.

use std::collections::BTreeMap;
use std::path::Path;

use crate::diag::{Code, Diagnostic, Sink, Sources};
use crate::k8s::{Change, Identity, Node, Object, Remedy, immutable_changes};
use crate::manifest;

/// Compares the objects of an output with those of the files in `folder` that it takes the place of, by path.
pub fn immutable(
    former: &BTreeMap<String, Vec<u8>>,
    folder: &Path,
    objects: &[Object],
    sources: &mut Sources,
    sink: &mut Sink,
) {
    let mut now = BTreeMap::new();
    for object in objects.iter().filter(|_| !former.is_empty()) {
        now.insert(key(&object.identity), object);
    }
    for (path, bytes) in former.iter().filter(|(path, _)| path.starts_with("manifests/")) {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        let file = sources.add(folder.join(path).display().to_string(), text);
        // What somebody made of it that is no manifest any more is none of this.
        for document in manifest::documents(file, sources, &mut Sink::default()) {
            let (before, findings) = manifest::objects(&document, sources);
            let secrets = manifest::secrets(&document, &before, findings.is_empty(), sources);
            sources.conceal_secrets(file, &secrets);
            for old in before {
                let Some(new) = now.get(&key(&old.identity)) else { continue };
                let changes =
                    immutable_changes(group(&old.identity), &old.identity.kind, &old.root, &new.root);
                sink.extend(changes.iter().map(|change| finding(&old, change)));
            }
        }
    }
}

fn group(identity: &Identity) -> &str {
    identity.api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// The versions of a group are views of one object.
fn key(identity: &Identity) -> (&str, &str, Option<&str>, &str) {
    (group(identity), &identity.kind, identity.namespace.as_deref(), &identity.name)
}

fn finding(object: &Object, change: &Change<'_>) -> Diagnostic {
    let Identity { kind, name, namespace, .. } = &object.identity;
    let title = format!("`{}` of {} never changes", change.path, object.identity);
    let place = change.old.unwrap_or(&object.root).at;
    // A Secret's values are nobody's to read.
    let shown = |node: Option<&Node>| match node {
        None => "nothing".to_owned(),
        Some(_) if kind == "Secret" => "another value".to_owned(),
        Some(node) => format!("`{}`", node.to_json().to_string().trim_matches('"')),
    };
    let found = Diagnostic::warning(Code::ImmutableField, title)
        .at(place, format!("{} here, {} now", shown(change.old), shown(change.new)));
    let kind = kind.to_lowercase();
    let namespace = namespace.as_ref().map(|namespace| format!(" -n {namespace}")).unwrap_or_default();
    let orphan = format!("kubectl delete {kind} {name}{namespace} --cascade=orphan");
    match change.remedy {
        Remedy::GrowClaims => found
            .help(format!(
                "`kubectl patch pvc` of each pod, named <claim>-{name}-<number>, if the storage class can grow volumes"
            ))
            .help(format!("then `{orphan}`, and apply again: the pods run on and are taken over")),
        Remedy::Orphan => found
            .help(format!("`{orphan}`, and apply again: the pods run on and are taken over, volumes stay as they are")),
        Remedy::Replace => found.help(format!("`kubectl delete {kind} {name}{namespace}`, and apply again; or give it another name")),
        Remedy::Copy => found.help("give it another name, and copy what is stored"),
    }
}
