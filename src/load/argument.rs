//! `--set PATH=VALUE`: a layer on the command line.

use std::sync::Arc;

use super::environments::{Layer, layer};
use super::{Table, Tree, Value, secrecy, toml};
use crate::diag::{ARGUMENT, Code, Diagnostic, FileId, Sink, Sources, Span};

/// Reads an argument: keys as TOML writes them, and a value. What is not TOML is a text, as it stands; but not if it
/// begins as a text, list or table of TOML does.
pub fn argument(text: &str, sources: &mut Sources) -> Layer {
    let file = sources.add(ARGUMENT, text);
    let mut syntax = Sink::default();
    let tree = tree(text, file, &mut syntax);
    secrecy::hide(&tree, file, sources);
    if !syntax.is_empty() {
        let from = text.find('=').map_or(text.len(), |equals| equals + 1);
        sources.conceal_secrets(file, std::slice::from_ref(&(from..text.len())));
    }
    let mut layer = layer(ARGUMENT, tree, syntax);
    for (below, at) in std::mem::take(&mut layer.extends) {
        let found = Diagnostic::error(Code::UnknownKey, format!("`{ARGUMENT}` cannot extend `{below}`"));
        layer.syntax.push(found.at(at, "only files extend layers"));
    }
    layer
}

fn tree(text: &str, file: FileId, syntax: &mut Sink) -> Tree {
    let at = |range| Span::new(file, range);
    let nothing = Tree { value: Value::Table(Table::new()), origin: at(0..text.len()), key: None };
    let equals = equals_sign(text);
    let Some(keys) = equals.and_then(|equals| toml::keys(&text[..equals])) else {
        let title = format!("an argument of `{ARGUMENT}` does not set anything");
        let found = Diagnostic::error(Code::TomlSyntax, title).at(at(0..text.len()), "not PATH=VALUE");
        syntax.push(found.help("such as `services.api.replicas=3`"));
        return nothing;
    };
    let start = equals.map_or(0, |equals| equals + 1);
    let Some(mut tree) = value(text, start, file, syntax) else { return nothing };
    for (key, range) in keys.into_iter().rev() {
        let key_span = at(range);
        tree.key = Some(key_span);
        tree = Tree { value: Value::Table(Table::from_iter([(key, tree)])), origin: key_span, key: None };
    }
    Tree { origin: nothing.origin, ..tree }
}

fn value(text: &str, start: usize, file: FileId, syntax: &mut Sink) -> Option<Tree> {
    let written = text[start..].trim();
    let start = text.len() - text[start..].trim_start().len();
    match toml::value(written, start, file, syntax) {
        Ok(tree) => tree,
        Err(error) => {
            let origin = Span::new(file, start..start + written.len());
            if written.starts_with(['"', '\'', '[', '{']) {
                syntax.push(Diagnostic::error(Code::TomlSyntax, error).at(origin, "not TOML"));
                return None;
            }
            Some(Tree { value: Value::String(Arc::from(written)), origin, key: None })
        }
    }
}

/// The first `=` outside of quotes.
fn equals_sign(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, c)| {
        match (quote, c) {
            (None, '=') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some('"'), _) if is_escaped => is_escaped = false,
            (Some('"'), '\\') => is_escaped = true,
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree as its paths and values with the text of each, or the codes of what was found.
    fn read(text: &str) -> Result<String, Vec<&'static str>> {
        fn write(tree: &Tree, sources: &Sources) -> String {
            match &tree.value {
                Value::Table(entries) => {
                    let entry = |(key, tree): (&Arc<str>, &Tree)| {
                        let key_text = tree.key.map(|key| sources.text(key)).unwrap_or_default();
                        format!("{key}<{key_text}>:{}", write(tree, sources))
                    };
                    format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(","))
                }
                value => format!("{}<{}>", value.type_name(), sources.text(tree.origin)),
            }
        }
        let mut sources = Sources::default();
        let layer = argument(text, &mut sources);
        let found: Vec<_> = layer.syntax.into_sorted().iter().map(|found| found.code.as_str()).collect();
        if found.is_empty() { Ok(write(&layer.tree, &sources)) } else { Err(found) }
    }

    #[test]
    fn an_argument_is_keys_and_a_value() {
        for (text, wanted) in [
            ("a=1", "{a<a>:integer<1>}"),
            ("a.b = true", "{a<a>:{b<b>:boolean<true>}}"),
            ("a.\"b.c/d=e\"=x", "{a<a>:{b.c/d=e<\"b.c/d=e\">:string<x>}}"),
            ("a=x:1.2@sha256:0", "{a<a>:string<x:1.2@sha256:0>}"),
            ("a= two words ", "{a<a>:string<two words>}"),
            ("a=\"1\"", "{a<a>:string<\"1\">}"),
            ("a=", "{a<a>:string<>}"),
            ("a=007", "{a<a>:string<007>}"),
            ("a={ b = 2 }", "{a<a>:{b<b>:integer<2>}}"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, code) in [
            ("a", "toml-syntax"),
            ("=1", "toml-syntax"),
            ("a b=1", "toml-syntax"),
            ("a=[1", "toml-syntax"),
            ("a=\"b", "toml-syntax"),
            ("a=2020-01-01", "toml-value"),
            ("extends=[\"x.toml\"]", "unknown-key"),
        ] {
            assert_eq!(read(text), Err(vec![code]), "{text}");
        }
    }
}
