//! [`Code::SelectorMismatch`]: a workload's selector must match its own pods.

use super::Findings;
use crate::diag::Code;
use crate::k8s::{Node, Object};

pub(super) fn check(object: &Object, findings: &mut Findings<'_>) {
    let Some(selector) = object.root.path(&["spec", "selector", "matchLabels"]) else { return };
    let Some(template) = object.root.path(&["spec", "template"]) else { return };
    let labels = template.path(&["metadata", "labels"]);
    for (key, wanted) in selector.entries() {
        let found = labels.and_then(|labels| labels.get(key)).and_then(Node::as_str);
        if found != wanted.as_str() {
            let title = format!("{}: the selector does not match the pods' labels", object.identity);
            let label = match found {
                Some(found) => format!("the pods have `{key}: {found}`"),
                None => format!("the pods have no label `{key}`"),
            };
            findings.push(findings.structure(Code::SelectorMismatch, title, wanted, &label));
        }
    }
}
