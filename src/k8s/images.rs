//! The images of an object's containers.

use super::{Node, Object};

/// The images that the pods of an object run, wherever in it a pod is described.
pub fn images(object: &Object) -> Vec<&str> {
    let mut found = Vec::new();
    collect(&object.root, &mut found);
    found
}

fn collect<'a>(node: &'a Node, found: &mut Vec<&'a str>) {
    for (key, within) in node.entries() {
        if matches!(&**key, "containers" | "initContainers") {
            let images = within.items().iter().filter_map(|container| container.get("image"));
            found.extend(images.filter_map(Node::as_str));
        }
        collect(within, found);
    }
    node.items().iter().for_each(|item| collect(item, found));
}
