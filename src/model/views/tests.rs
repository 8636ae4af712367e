//! `docs/context.md` lists what templates see: every path with its type, and no other.

use std::collections::BTreeSet;

use super::shape;
use crate::model::Shape;

/// A path and its type, as the page writes them.
type Row = (String, String);

const PAGE: &str = include_str!("../../../docs/context.md");
/// All of them have the shape of `workloads`.
const VIEWS: [&str; 5] = ["services[]", "workers[]", "jobs[]", "cron_jobs[]", "parts[]"];

#[test]
fn the_page_about_the_context_lists_exactly_its_paths_and_types() {
    let mut wanted = BTreeSet::new();
    rows(&shape(), "", &mut wanted);
    let page = page();
    let missing: Vec<_> = wanted.difference(&page).collect();
    let too_many: Vec<_> = page.difference(&wanted).collect();
    assert!(missing.is_empty() && too_many.is_empty(), "missing: {missing:#?}\ntoo many: {too_many:#?}");
}

/// The rows below `prefix`.
fn rows(shape: &Shape, prefix: &str, into: &mut BTreeSet<Row>) {
    match shape {
        Shape::Optional(inner) => rows(inner, prefix, into),
        Shape::List(item) | Shape::Map(item) => rows(item, &format!("{prefix}[]"), into),
        Shape::Struct(fields) => {
            for (name, shape) in fields {
                let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
                rows(shape, &path, into);
                into.insert((path, described(shape)));
            }
        }
        _ => {}
    }
}

fn described(shape: &Shape) -> String {
    let of = |word: &str, item: &Shape| match described(item) {
        item if item.is_empty() => word.to_owned(),
        item => format!("{word} of {item}"),
    };
    match shape {
        Shape::Any => "any".to_owned(),
        Shape::Bool => "true or false".to_owned(),
        Shape::Int => "number".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::Choice(_) => "choice".to_owned(),
        Shape::Optional(inner) => format!("{} ?", described(inner)).trim_start().to_owned(),
        Shape::List(item) => of("list", item),
        Shape::Map(item) => of("map", item),
        Shape::Struct(_) => String::new(),
    }
}

/// What the page says. A heading names what the paths below it begin with.
fn page() -> BTreeSet<Row> {
    let mut rows = BTreeSet::new();
    let mut prefixes = Vec::new();
    for line in PAGE.lines() {
        if line.starts_with("## ") {
            prefixes = code(line);
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [paths, described, _] = cells[..] {
            for path in code(paths) {
                let whole: Vec<String> = match &prefixes[..] {
                    [] => vec![path],
                    prefixes => prefixes.iter().map(|prefix| format!("{prefix}.{path}")).collect(),
                };
                rows.extend(whole.into_iter().map(|path| (path, described.to_owned())));
            }
        }
    }
    // What is said of a workload's parts is said of each view's.
    let of_views: Vec<Row> = rows
        .iter()
        .filter_map(|(path, described)| Some((path.strip_prefix("workloads[]")?, described)))
        .flat_map(|(rest, described)| VIEWS.map(|view| (format!("{view}{rest}"), described.clone())))
        .collect();
    rows.extend(of_views);
    rows
}

/// What stands in backticks.
fn code(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
