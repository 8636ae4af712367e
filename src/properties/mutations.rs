//! The repository's own environment files with changes that nobody planned: nothing panics, and what is found points at
//! the change.

use std::collections::BTreeMap;
use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

use crate::diag::{Diagnostic, Sources, github, human, json, sarif};
use crate::pipeline::{Compiler, Coverage};
use crate::template::Recording;
use crate::workspace::{Memory, SETTINGS, Workspace};

type Texts = BTreeMap<String, Vec<u8>>;

fn environments() -> Texts {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/environments");
    let entries = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path());
    let named = entries.map(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        (format!("environments/{name}"), fs::read(&path).expect("readable"))
    });
    named.collect()
}

/// What `check` finds.
fn check(texts: &Texts) -> (Vec<Diagnostic>, Sources) {
    let files = texts.iter().fold(Memory::default(), |files, (path, text)| files.with(path, text));
    let workspace = Workspace::open(Box::new(files));
    let mut compiler = Compiler::new(&workspace).expect("readable");
    let names = compiler.environments().expect("readable");
    for name in &names {
        compiler.compile(name, Recording::Reads).expect("readable");
    }
    compiler.without_effect(&names, Coverage::Every).expect("readable");
    (compiler.sink.into_sorted(), compiler.sources)
}

/// Prints the findings in every format.
fn print(found: &[Diagnostic], sources: &Sources) {
    let mut run = sarif::Run::default();
    for diagnostic in found {
        human::render(diagnostic, sources);
        json::render(diagnostic, sources).expect("JSON");
        github::render(diagnostic, sources);
        run.add(diagnostic, sources);
    }
    run.document();
}

/// Replaces a few bytes by others.
#[derive(Clone, Debug)]
struct Edit {
    file: Index,
    start: Index,
    removed: usize,
    inserted: Vec<u8>,
}

impl Edit {
    fn apply(&self, texts: &mut Texts) {
        let at = self.file.index(texts.len());
        let text = texts.values_mut().nth(at).expect("within");
        let start = self.start.index(text.len() + 1);
        text.splice(start..text.len().min(start + self.removed), self.inserted.iter().copied());
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let syntax = "[\\[\\]{}=\"'.,#\n a0-]{0,6}".prop_map(String::into_bytes);
    let inserted = prop_oneof![3 => syntax, 1 => vec(any::<u8>(), 0..4)];
    let edit = (any::<Index>(), any::<Index>(), 0..40_usize, inserted);
    edit.prop_map(|(file, start, removed, inserted)| Edit { file, start, removed, inserted })
}

/// Where the words of a file are, but for comments.
fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut words = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let mut rest = offset;
        for word in line.split(|c: char| !is_part(c)) {
            if !line.starts_with('#') && word.len() > 1 {
                words.push(rest..rest + word.len());
            }
            rest += word.len() + 1;
        }
        offset += line.len();
    }
    words
}

/// The same cases in every run, so that a change is judged by what it changes; other seeds find others, which are kept in
/// `proptest-regressions` and tried from then on.
fn fixed() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(64) }
}

proptest! {
    #![proptest_config(fixed())]

    #[test]
    fn no_change_of_bytes_makes_the_compiler_panic(edits in vec(edit(), 1..4)) {
        let mut texts = environments();
        for edit in &edits {
            edit.apply(&mut texts);
        }
        let (found, sources) = check(&texts);
        print(&found, &sources);
    }

    #[test]
    fn no_bytes_of_the_settings_make_the_compiler_panic(
        bytes in prop_oneof![vec(any::<u8>(), 0..40), "(version|vers)? ?[=.]? ?[\"0-9\n\\[{]{0,9}".prop_map(String::into_bytes)],
    ) {
        let texts = Texts::from([(SETTINGS.to_owned(), bytes)]);
        let (found, sources) = check(&texts);
        print(&found, &sources);
    }

    /// A slip of the fingers is either allowed, for names and values that are free, or found where it was made.
    #[test]
    fn a_slip_is_found_where_it_was_made(file in any::<Index>(), word in any::<Index>(), letter in any::<Index>()) {
        let mut texts = environments();
        let at = file.index(texts.len());
        let path = texts.keys().nth(at).expect("within").clone();
        let mut text = String::from_utf8(texts[&path].clone()).expect("UTF-8");
        let words = words(&text);
        let word = words[word.index(words.len())].clone();
        let letter = word.start + letter.index(word.len());
        let line = text[..letter].matches('\n').count() + 1;
        text.remove(letter);
        texts.insert(path.clone(), text.clone().into_bytes());
        let (found, sources) = check(&texts);
        let at_it = found.iter().any(|found| {
            let mut places = found.primary.iter().chain(&found.context);
            places.any(|label| {
                let region = sources.region(label.span);
                sources.path(label.span) == path && (region.line..=region.end_line).contains(&line)
            })
        });
        let said: Vec<&str> = found.iter().map(|found| &*found.title).collect();
        prop_assert!(found.is_empty() || at_it, "{path}:{line}: {:?}: {said:?}", text.lines().nth(line - 1));
    }
}
