//! A template as one text, with what it includes in its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::machinery::ast::{CallArg, Expr};
use minijinja::machinery::parse_expr;

use super::{Chunk, Expression, Fragments, Include, Key, Loop, Part, PartKind, Template};
use crate::k8s::Value;

/// The deepest inclusion that is followed; a circle is an error of the static check.
const DEPTH: usize = 20;

/// The template's text in block style. Arguments stand where the fragments name them.
pub fn resolved(template: &Template, fragments: &Fragments) -> String {
    let resolver = Resolver { fragments, depth: 0 };
    let mut text = String::new();
    let bare = BTreeMap::new();
    let clauses: Vec<String> =
        template.loops.iter().map(|clause| quoted(&clause_of(clause, &bare))).collect();
    if !clauses.is_empty() {
        text.extend(["for: [", &clauses.join(", "), "]\n"]);
    }
    if let Some(test) = &template.condition {
        text.extend(["if: ", &scalar(&test.source), "\n"]);
    }
    if template.path.split('/').next() != Some(&*template.family) {
        text.extend(["family: ", &scalar(&template.family), "\n"]);
    }
    if let Some(file) = &template.file
        && let Tree::Scalar(path) = resolver.part(file, &bare)
    {
        text.extend(["file: ", &path, "\n"]);
    }
    if !text.is_empty() {
        text.push_str("---\n");
    }
    write(&resolver.part(&template.body, &bare), 0, &mut text);
    text
}

/// What is left of a part when nothing is included any more.
#[derive(Clone)]
enum Tree {
    /// As it is written.
    Scalar(String),
    List(Vec<Tree>),
    /// Keys as they are written.
    Map(Vec<(String, Tree)>),
}

/// What the names of a fragment stand for.
#[derive(Clone)]
enum Bound {
    Expression(String),
    Structure(Tree),
}

type Names = BTreeMap<Arc<str>, Bound>;

#[derive(Clone, Copy)]
struct Resolver<'t> {
    fragments: &'t Fragments,
    depth: usize,
}

impl Resolver<'_> {
    fn part(self, part: &Part, names: &Names) -> Tree {
        match &part.kind {
            PartKind::Literal(value) => Tree::Scalar(literal(value)),
            PartKind::Expression(expression) => match names.get(&*expression.source) {
                Some(Bound::Structure(tree)) => tree.clone(),
                _ => Tree::Scalar(quoted(&format!("${{{{ {} }}}}", source(expression, names)))),
            },
            PartKind::Splice(chunks) => Tree::Scalar(quoted(&spliced(chunks, names))),
            PartKind::List(items) => Tree::List(items.iter().map(|item| self.part(item, names)).collect()),
            PartKind::Map(entries) => Tree::Map(
                entries
                    .iter()
                    .map(|entry| {
                        let key = match &entry.key {
                            Key::Literal(key) if key.starts_with('$') => scalar(&format!("${key}")),
                            Key::Literal(key) => scalar(key),
                            Key::Splice(chunks) => quoted(&spliced(chunks, names)),
                        };
                        (key, self.part(&entry.value, names))
                    })
                    .collect(),
            ),
            PartKind::If(condition) => {
                let test = Tree::Scalar(scalar(&source(&condition.test, names)));
                let mut entries = beside("$if", test, self.part(&condition.then, names));
                let otherwise = condition.otherwise.as_ref().map(|part| self.part(part, names));
                entries.extend(otherwise.map(|tree| ("$else".to_owned(), tree)));
                Tree::Map(entries)
            }
            PartKind::For(each) => {
                let clause = Tree::Scalar(quoted(&clause_of(&each.0, names)));
                Tree::Map(beside("$for", clause, self.part(&each.1, names)))
            }
            PartKind::Merge(layers) => {
                let (base, over) = (self.part(&layers.0, names), self.part(&layers.1, names));
                let mut entries = match base {
                    Tree::Map(entries) if entries.iter().all(|(key, _)| !is_directive(key)) => entries,
                    base => vec![("$value".to_owned(), base)],
                };
                entries.push(("$merge".to_owned(), over));
                Tree::Map(entries)
            }
            PartKind::Include(include) => match self.fragments.parts.get(&*include.path) {
                Some(body) if self.depth < DEPTH => {
                    let inner = self.arguments(include, names).into_iter().collect();
                    Self { depth: self.depth + 1, ..self }.part(body, &inner)
                }
                _ => self.named("$include", include, names),
            },
            PartKind::File(include) => self.named("$file", include, names),
            PartKind::Remove(item) => {
                Tree::Map(beside("$remove", Tree::Scalar("true".to_owned()), self.part(item, names)))
            }
        }
    }

    fn arguments(self, include: &Include, names: &Names) -> Vec<(Arc<str>, Bound)> {
        let bound = |part: &Part| match &part.kind {
            PartKind::Expression(expression) => match names.get(&*expression.source) {
                Some(bound) => bound.clone(),
                None => Bound::Expression(source(expression, names)),
            },
            _ => Bound::Structure(self.part(part, names)),
        };
        include.arguments.iter().map(|it| (Arc::clone(&it.name), bound(&it.value))).collect()
    }

    fn named(self, directive: &str, include: &Include, names: &Names) -> Tree {
        let mut entries = vec![(directive.to_owned(), Tree::Scalar(scalar(&include.path)))];
        let argument = |it: &super::Argument| (scalar(&it.name), self.part(&it.value, names));
        entries.extend(include.arguments.iter().map(argument));
        Tree::Map(entries)
    }
}

fn is_directive(key: &str) -> bool {
    key.starts_with('$') && !key.starts_with("$$")
}

/// A directive beside the entries of what it governs, or with `$value` where that has none or directives of its own.
fn beside(directive: &str, value: Tree, body: Tree) -> Vec<(String, Tree)> {
    let mut entries = vec![(directive.to_owned(), value)];
    match body {
        // A loop with a condition beside it filters.
        Tree::Map(own)
            if own.iter().all(|(key, _)| {
                !is_directive(key) || directive == "$for" && matches!(&**key, "$if" | "$value")
            }) =>
        {
            entries.extend(own);
        }
        body => entries.push(("$value".to_owned(), body)),
    }
    entries
}

fn clause_of(clause: &Loop, names: &Names) -> String {
    let over = source(&clause.over, names);
    match &clause.key {
        Some(key) => format!("{key}, {} in {over}", clause.item),
        None => format!("{} in {over}", clause.item),
    }
}

fn spliced(chunks: &[Chunk], names: &Names) -> String {
    let chunk = |chunk: &Chunk| match chunk {
        Chunk::Text(text) => text.replace("${{", "$${{"),
        Chunk::Expression(expression) => format!("${{{{ {} }}}}", source(expression, names)),
    };
    chunks.iter().map(chunk).collect()
}

/// The expression with the names of a fragment replaced by what they stand for.
fn source(expression: &Expression, names: &Names) -> String {
    let text = &expression.source;
    let Ok(tree) = parse_expr(text) else { return text.clone() };
    let mut found = Vec::new();
    variables(&tree, &mut found);
    found.sort_unstable();
    let mut out = String::new();
    let mut from = 0;
    for (start, name) in found {
        let standing_for = match names.get(name) {
            Some(Bound::Expression(source)) if *source == name => continue,
            Some(Bound::Expression(source)) if name.len() == text.len() => source.clone(),
            Some(Bound::Expression(source)) if source.contains(' ') => format!("({source})"),
            Some(Bound::Expression(source)) => source.clone(),
            _ => continue,
        };
        out.push_str(&text[from..start]);
        out.push_str(&standing_for);
        from = start + name.len();
    }
    out + &text[from..]
}

/// Where an expression names variables.
fn variables<'e>(expression: &Expr<'e>, found: &mut Vec<(usize, &'e str)>) {
    let arguments = |arguments: &[CallArg<'e>], found: &mut Vec<(usize, &'e str)>| {
        for argument in arguments {
            let (CallArg::Pos(value) | CallArg::Kwarg(_, value)) = argument else { continue };
            variables(value, found);
        }
    };
    match expression {
        Expr::Var(variable) => found.push((expression.span().start_offset as usize, variable.id)),
        Expr::GetAttr(attribute) => variables(&attribute.expr, found),
        Expr::UnaryOp(operation) => variables(&operation.expr, found),
        Expr::BinOp(operation) => {
            variables(&operation.left, found);
            variables(&operation.right, found);
        }
        Expr::Compare(comparison) => {
            variables(&comparison.expr, found);
            comparison.ops.iter().for_each(|operand| variables(&operand.expr, found));
        }
        Expr::IfExpr(choice) => {
            variables(&choice.test_expr, found);
            variables(&choice.true_expr, found);
            choice.false_expr.iter().for_each(|no| variables(no, found));
        }
        Expr::Filter(filter) => {
            filter.expr.iter().for_each(|of| variables(of, found));
            arguments(&filter.args, found);
        }
        Expr::Test(test) => {
            variables(&test.expr, found);
            arguments(&test.args, found);
        }
        Expr::List(list) => list.items.iter().for_each(|item| variables(item, found)),
        _ => {}
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(&text.replace("${{", "$${{")),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        _ => "null".to_owned(),
    }
}

/// Plain where every reader takes it for this text.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " ._/$-".contains(c))
        && !text.ends_with(' ')
        && !matches!(
            &*text.to_lowercase(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn write(tree: &Tree, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match tree {
        Tree::List(items) if !items.is_empty() => {
            for item in items {
                let mut text = String::new();
                write(item, indent + 2, &mut text);
                // The item begins behind its dash.
                out.extend([&*pad, "- ", &text[indent + 2..]]);
            }
        }
        Tree::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                out.extend([&*pad, key, ":"]);
                match flat(value) {
                    Some(text) => out.extend([" ", text, "\n"]),
                    None => {
                        out.push('\n');
                        write(value, indent + 2, out);
                    }
                }
            }
        }
        tree => out.extend([&*pad, flat(tree).unwrap_or_default(), "\n"]),
    }
}

/// What stands on the line of its key.
fn flat(tree: &Tree) -> Option<&str> {
    match tree {
        Tree::Scalar(text) => Some(text),
        Tree::List(items) if items.is_empty() => Some("[]"),
        Tree::Map(entries) if entries.is_empty() => Some("{}"),
        _ => None,
    }
}
