//! What kind itself fixes.

/// A minor of Kubernetes and the image of kind's nodes with it, one a line.
///
/// Source: the release notes of kind v0.33.0. An image is made for one release of kind; its digest says which.
const NODE_IMAGES: &str = include_str!("../../schemas/kind/node-images.tsv");

/// The image of kind's nodes that runs a minor of Kubernetes.
pub fn kind_node_image(minor: &str) -> Option<&'static str> {
    let mut images = NODE_IMAGES.lines().filter_map(|line| line.split_once('\t'));
    images.find(|(known, _)| *known == minor).map(|(_, image)| image)
}

/// The minor of Kubernetes that an image of kind's nodes says it runs, by its tag: `1.36` of `kindest/node:v1.36.4`.
pub fn kind_node_minor(image: &str) -> Option<&str> {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let tag = name.rsplit_once(':')?.1.strip_prefix('v')?;
    let (minor, _patch) = tag.rsplit_once('.')?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (major, second) = minor.split_once('.')?;
    (is_number(major) && is_number(second)).then_some(minor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::MINORS;

    #[test]
    fn every_minor_has_an_image_that_runs_it() {
        for minor in MINORS.iter().copied() {
            let image = kind_node_image(minor).unwrap();
            assert_eq!(kind_node_minor(image), Some(minor), "{image}");
            assert!(image.contains("@sha256:"), "{image}");
        }
    }

    #[test]
    fn what_a_tag_says() {
        assert_eq!(kind_node_minor("registry.example:5000/node:v1.35.8"), Some("1.35"));
        for unknown in ["kindest/node:latest", "kindest/node@sha256:00", "node:v1.36", "localhost:5001/node"]
        {
            assert_eq!(kind_node_minor(unknown), None, "{unknown}");
        }
    }
}
