//! Answers for people.

use super::answer::{Answer, Kind, Leaf, Line, Missing, Place, Source};

/// A value with all that decided it; of a part, a line for each value with the first place that gave it.
pub fn text(answer: &Answer) -> String {
    let mut page = Page(String::new());
    let subject = &answer.object;
    let namespace = subject.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let name = format!("{} {namespace}{}", subject.kind, subject.name);
    match (answer.found, answer.leaves.as_slice(), answer.left_out.as_slice()) {
        (Kind::Value, [leaf], _) => {
            page.line(&format!("{name} {} = {}", leaf.field, leaf.value));
            page.leaf(leaf);
        }
        (Kind::LeftOut, _, [missing]) => {
            page.line(&format!("{name} {} is left out", missing.field));
            page.missing(missing);
        }
        // An empty list or mapping, asked for by its name.
        (_, [leaf], []) if leaf.field == answer.field => {
            page.line(&format!("{name} {} = {}", leaf.field, leaf.value));
            page.leaf(leaf);
        }
        (_, leaves, left_out) => {
            page.line(&name);
            for Leaf { field, value, source, value_from, template, .. } in leaves {
                let place =
                    value_from.iter().map(|line| &line.place).next().filter(|_| *source == Source::Inputs);
                page.line(&format!("  {field} = {value}  ({})", short(place.unwrap_or(template))));
            }
            for Missing { field, is_item, decided_by, template, .. } in left_out {
                let place = decided_by.first().map_or(template, |line| &line.place);
                let what = if *is_item { "lacks an item" } else { "is left out" };
                page.line(&format!("  {field} {what}  ({})", short(place)));
            }
        }
    }
    page.0
}

fn short(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}

struct Page(String);

impl Page {
    fn leaf(&mut self, leaf: &Leaf) {
        match (leaf.source, leaf.value_from.as_slice()) {
            (Source::Inputs, lines) => self.lines("value", lines),
            (Source::Default, []) => self.line("  value: a default; no environment file sets it"),
            (Source::Default, lines) => self.lines("value: a default", lines),
            (Source::Template, _) => self.line("  value: written in the template"),
        }
        self.template(&leaf.template);
        self.lines("because of", &leaf.because);
    }

    fn missing(&mut self, missing: &Missing) {
        self.lines("decided by", &missing.decided_by);
        self.template(&missing.template);
        self.lines("because of", &missing.because);
    }

    fn template(&mut self, place: &Place) {
        self.line("  template:");
        self.place("    ", place, "");
    }

    fn lines(&mut self, title: &str, lines: &[Line]) {
        if lines.is_empty() {
            return;
        }
        self.line(&format!("  {title}:"));
        for line in lines {
            self.place("    ", &line.place, if line.lacks_key { "  (does not say so)" } else { "" });
            let word = if line.is_table { "      with " } else { "      instead of " };
            line.shadowed.iter().for_each(|place| self.place(word, place, ""));
        }
    }

    fn place(&mut self, before: &str, place: &Place, after: &str) {
        self.line(&format!("{before}{}: {}{after}", short(place), place.text));
    }

    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }
}
