//! Emptiness that data brought about: allowed, except where Kubernetes reads it as "all".

use std::borrow::Cow;

use crate::diag::{Code, Diagnostic, Span};
use crate::k8s::{Cursor, empty_means_all};

/// A step of the path from an object's root; borrowed from the template where it was written there.
#[derive(Clone, Debug)]
pub(super) enum Step<'t> {
    Key(Cow<'t, str>),
    Item,
}

/// A place that data left empty, or left out.
#[derive(Clone, Debug)]
pub(super) struct Omission<'t> {
    pub(super) path: Vec<Step<'t>>,
    pub(super) span: Span,
}

/// The finding, if the omission widens what the object allows.
pub(super) fn judge(omission: &Omission<'_>, root: Option<Cursor<'_>>) -> Option<Diagnostic> {
    let (last, parents) = omission.path.split_last()?;
    let Step::Key(field) = last else { return None };
    let parent = parents.iter().try_fold(root?, |cursor, step| match step {
        Step::Key(key) => cursor.field(key),
        Step::Item => cursor.item(),
    })?;
    empty_means_all(parent.definition(), field).then(|| {
        Diagnostic::error(
            Code::EmptyMeansAll,
            format!("`{field}` would be empty, which Kubernetes reads as \"all\""),
        )
        .at(omission.span, "nothing came of this")
        .help("leave out the whole rule or object in this case (`$if` around it)")
        .help("if all is meant, write a literal `[]` or `{}`")
    })
}
