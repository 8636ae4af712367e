//! Which values a version of a chart has: `schemas/helm/<chart>/<version>.tsv`, a line for each, its path and its type.

use include_dir::{Dir, include_dir};

use super::chart::ChartValue;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas/helm");

/// The values of one version of a chart.
#[derive(Debug)]
pub(super) struct ChartKeys<'t>(Vec<&'t str>);

/// What may stand at a place.
#[derive(Clone, Debug)]
pub(super) struct Place<'t> {
    /// As the lines write it: `*` for any key, in quotes what has a dot.
    path: String,
    /// Joined by `|`, each one of `any`, `bool`, `int`, `list`, `map`, `number`, `scalar`, `string` and `table`.
    types: &'t str,
}

impl<'t> ChartKeys<'t> {
    /// Those that are built in.
    pub(super) fn of(chart: &str, version: &str) -> Option<ChartKeys<'static>> {
        BUILT_IN.get_file(format!("{chart}/{version}.tsv"))?.contents_utf8().map(ChartKeys::new)
    }

    /// The versions of a chart that are built in, sorted.
    pub(super) fn versions(chart: &str) -> Vec<&'static str> {
        let files = BUILT_IN.get_dir(chart).into_iter().flat_map(Dir::files);
        let mut versions: Vec<&str> = files.filter_map(|file| file.path().file_stem()?.to_str()).collect();
        versions.sort_unstable();
        versions
    }

    /// Those that a text lists, in any order.
    pub(super) fn new(text: &'t str) -> Self {
        let mut lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        lines.sort_unstable();
        Self(lines)
    }

    /// Where all values stand.
    pub(super) fn root() -> Place<'static> {
        Place { path: String::new(), types: "table" }
    }

    /// What may stand below a key; none where the chart has no such.
    pub(super) fn at(&self, holder: &Place<'t>, key: &str) -> Option<Place<'t>> {
        let quoted = if key.contains(['.', '"']) { format!("{key:?}") } else { key.to_owned() };
        let own = self.line(&holder.below(&quoted)).or_else(|| self.line(&holder.below("*")));
        own.or_else(|| {
            let is_open = holder.takes("map") || holder.takes("any");
            is_open.then(|| Place { path: holder.below(&quoted), types: "any" })
        })
    }

    fn line(&self, path: &str) -> Option<Place<'t>> {
        let start = format!("{path}\t");
        let place = self.0.partition_point(|line| **line < *start);
        let types = self.0.get(place)?.strip_prefix(&*start)?;
        Some(Place { path: path.to_owned(), types })
    }

    /// The keys that are known at a place, as they are written.
    pub(super) fn below(&self, holder: &Place<'t>) -> Vec<&'t str> {
        let start = holder.below("");
        let from = self.0.partition_point(|line| **line < *start);
        let lines = self.0[from..].iter().map_while(|line| line.strip_prefix(&*start));
        let keys = lines.filter_map(|rest| rest.split_once('\t')).map(|(path, _)| path);
        keys.filter(|path| path.starts_with('"') || !path.contains('.')).collect()
    }
}

impl Place<'_> {
    fn below(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn takes(&self, name: &str) -> bool {
        self.types.split('|').any(|own| own == name)
    }

    /// Whether a value may stand there, looking not into it.
    pub(super) fn accepts(&self, value: &ChartValue) -> bool {
        let fitting: &[&str] = match value {
            ChartValue::Flag(_) => &["bool", "scalar"],
            ChartValue::Number(_) => &["int", "number", "scalar"],
            ChartValue::Fraction(_) => &["number", "scalar"],
            ChartValue::Text(_) => &["string", "scalar"],
            ChartValue::List(_) => &["list"],
            ChartValue::Table(_) => &["map", "table"],
        };
        self.takes("any") || fitting.iter().any(|name| self.takes(name))
    }

    /// What may stand there, in TOML's words.
    pub(super) fn wanted(&self) -> String {
        let words = self.types.split('|').map(|name| match name {
            "bool" => "boolean",
            "int" => "integer",
            "list" => "array",
            "map" | "table" => "table",
            "number" => "number",
            "scalar" => "string, number or boolean",
            _ => "string",
        });
        words.collect::<Vec<_>>().join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_by_its_keys() {
        let keys = ChartKeys::new(
            "a\ttable\na.b\tbool\na.\"x.ini\"\tmap\nports\tmap\nports.*\ttable\nports.*.on\tbool\n",
        );
        let root = ChartKeys::root();
        let types = |path: &[&str]| {
            let place = path.iter().try_fold(root.clone(), |place, key| keys.at(&place, key));
            place.map(|place| place.types)
        };
        assert_eq!(types(&["a", "b"]), Some("bool"));
        assert_eq!(types(&["a", "c"]), None);
        assert_eq!(types(&["a", "x.ini", "anything", "below"]), Some("any"));
        assert_eq!(types(&["ports", "mine", "on"]), Some("bool"));
        assert_eq!(types(&["ports", "mine", "off"]), None);
        assert_eq!(types(&["b"]), None);
        assert_eq!(keys.below(&root), ["a", "ports"]);
        assert_eq!(keys.below(&keys.at(&root, "a").unwrap()), ["\"x.ini\"", "b"]);
    }

    #[test]
    fn every_line_that_is_built_in_has_a_type_that_is_known() {
        let known = ["any", "bool", "int", "list", "map", "number", "scalar", "string", "table"];
        let mut files = 0;
        for file in BUILT_IN.dirs().flat_map(Dir::files) {
            files += 1;
            for line in file.contents_utf8().unwrap().lines() {
                let (path, types) = line.split_once('\t').unwrap_or_else(|| panic!("{line}"));
                assert!(types.split('|').all(|name| known.contains(&name)), "{path}: {types}");
            }
        }
        assert!(files > 0);
    }
}
