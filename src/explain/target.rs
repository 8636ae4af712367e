//! The object that is meant, named as kubectl does, or the file, by its path.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::k8s::{FieldPath, Identity, Object, plural_of};
use crate::render::Artifact;
use crate::verify::Verified;

/// What is asked.
pub struct Question<'q> {
    /// The name of the environment.
    pub environment: &'q str,
    /// `deployment/p8fs-api`, `deploy/p8fs-api`, `deployments.apps/p8fs-api` or `p8fs/deployment/p8fs-api`; of a file
    /// beside the objects its path, `helm/keda/values.yaml`.
    pub object: &'q str,
    /// The namespace, if the object's name does not say it.
    pub namespace: Option<&'q str>,
    /// The field; empty for all of the object.
    pub field: FieldPath,
}

/// The only object that is meant, or the file beside the objects.
pub fn object<'v>(
    question: &Question<'_>,
    verified: &'v Verified,
) -> Result<Cow<'v, Object>, Box<Diagnostic>> {
    let text = question.object;
    if let Some(file) = verified.artifacts().iter().find(|file| *file.path == *text) {
        return Ok(Cow::Owned(of_file(file)));
    }
    let (rest, name) = text.rsplit_once('/').unwrap_or((text, ""));
    let (namespace, kind) = match rest.split_once('/') {
        Some((namespace, kind)) => (Some(namespace), kind),
        None => (question.namespace, rest),
    };
    let kind = kind.to_lowercase();
    let of_kind = || verified.objects().iter().filter(|object| is_of_kind(&object.identity, &kind, verified));
    let in_namespace =
        |object: &&Object| namespace.is_none_or(|own| object.identity.namespace.as_deref() == Some(own));
    let meant: Vec<&Object> =
        of_kind().filter(|object| object.identity.name == name).filter(in_namespace).collect();
    match meant.as_slice() {
        [object] => Ok(Cow::Borrowed(object)),
        [] => {
            // Nearest among those of the kind, if it is one.
            let candidates: Vec<String> = match of_kind().next() {
                Some(_) => of_kind().map(|object| format!("{rest}/{}", object.identity.name)).collect(),
                None => verified.objects().iter().map(short).collect(),
            };
            let all: Vec<String> = verified.objects().iter().map(short).collect();
            let place = question.namespace.map(|own| format!(" in namespace `{own}`")).unwrap_or_default();
            let title = format!("`{}` has no object `{text}`{place}", question.environment);
            let found = Diagnostic::error(Code::UnknownObject, title);
            let found = found.suggest(text, candidates.iter().map(String::as_str));
            Err(Box::new(found.note(format!("its objects are {}", all.join(", ")))))
        }
        several => {
            let title = format!("`{text}` means {} objects of `{}`", several.len(), question.environment);
            let found = Diagnostic::error(Code::AmbiguousObject, title);
            let names: Vec<String> = several.iter().map(|object| full(&object.identity, several)).collect();
            Err(Box::new(found.help(format!("name one of them: {}", names.join(", ")))))
        }
    }
}

/// A file, as an object of no API.
fn of_file(file: &Artifact) -> Object {
    let identity = Identity {
        api_version: String::new(),
        kind: "file".to_owned(),
        namespace: None,
        name: file.path.to_string(),
    };
    Object { identity, family: Arc::clone(&file.family), root: file.root.clone() }
}

fn short(object: &Object) -> String {
    format!("{}/{}", object.identity.kind.to_lowercase(), object.identity.name)
}

/// With as much as it takes to tell it from the others.
fn full(identity: &Identity, all: &[&Object]) -> String {
    let Identity { kind, namespace, name, .. } = identity;
    let alike = |object: &&&Object| object.identity.namespace == *namespace;
    let group = match group_and_version(identity).0 {
        "" => String::new(),
        _ if all.iter().filter(alike).count() < 2 => String::new(),
        group => format!(".{group}"),
    };
    let namespace = namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{namespace}{}{group}/{name}", kind.to_lowercase())
}

/// Whether `kind`, in lower case, names the kind: as it is, in the plural or short, perhaps with its group or with its
/// version and group.
fn is_of_kind(identity: &Identity, kind: &str, verified: &Verified) -> bool {
    let (word, rest) = kind.split_once('.').map_or((kind, None), |(word, rest)| (word, Some(rest)));
    let own = identity.kind.to_lowercase();
    let known = verified.catalog().kind(&identity.api_version, &identity.kind).map(|known| known.plural);
    let is_meant =
        word == own || known.is_some_and(|plural| word == plural || plural_of(word) == Some(plural));
    let (group, version) = group_and_version(identity);
    is_meant
        && rest.is_none_or(|rest| match rest.strip_prefix(version) {
            Some("") => group.is_empty(),
            Some(after) => after.strip_prefix('.') == Some(group),
            None => rest == group,
        })
}

/// `apps` and `v1` of `apps/v1`
fn group_and_version(identity: &Identity) -> (&str, &str) {
    identity.api_version.split_once('/').unwrap_or(("", &identity.api_version))
}
