//! "Did you mean".

/// The name among `known` that `wrong` was most likely meant to be, if any is near enough.
///
/// Near enough: a Jaro-Winkler similarity of 0.8, the measure clap uses for its own suggestions; one edit; or the
/// same name in another case or with other separators.
pub fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(wrong);
    known
        .into_iter()
        .filter(|name| *name != wrong)
        .map(|name| {
            let one_edit = wrong.len() > 1 && strsim::osa_distance(wrong, name) == 1;
            let score =
                if fold(name) == folded || one_edit { 1.0 } else { strsim::jaro_winkler(wrong, name) };
            (score, name)
        })
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_near_name_is_found_and_a_far_one_is_not() {
        let known = ["replicas", "resources", "image"];
        assert_eq!(closest("replica", known), Some("replicas"));
        assert_eq!(closest("Image", known), Some("image"));
        assert_eq!(closest("zebra", known), None);
    }
}
