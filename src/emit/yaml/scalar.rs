//! Scalars of canonical YAML: plain where every reader agrees, quoted otherwise.

use std::fmt::Write;

use super::indent;

/// Words that some YAML reader takes for a boolean, a null or a number; compared without case.
const WORDS: [&str; 14] =
    ["y", "yes", "n", "no", "on", "off", "true", "false", "null", ".inf", ".nan", "inf", "infinity", "nan"];
const LONGEST_WORD: usize = "infinity".len();

/// Whether a byte stands in names and paths: most bytes of the output are asked.
const IS_OF_NAMES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/' | b'_');
        byte += 1;
    }
    table
};

/// Writes a string as a value after its key or dash, with the end of its line.
///
/// `column` is that of the mapping or list it stands in; a block literal stands two further in.
pub(super) fn text(text: &str, column: usize, out: &mut String) {
    if is_word(text) {
        out.push_str(text);
        out.push('\n');
        return;
    }
    if !fits_literal(text) {
        line(text, out);
        out.push('\n');
        return;
    }
    out.push('|');
    if text.starts_with([' ', '\t', '\n']) {
        // A reader would guess the indentation wrong from such a first line.
        out.push('2');
    }
    let body = text.strip_suffix('\n');
    match body {
        None => out.push('-'),
        Some(body) if body.ends_with('\n') => out.push('+'),
        Some(_) => {}
    }
    out.push('\n');
    for line in body.unwrap_or(text).split('\n') {
        if !line.is_empty() {
            indent(column + 2, out);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// Writes a string on one line, as keys have to be; without the end of the line.
pub(super) fn line(text: &str, out: &mut String) {
    if is_word(text) || is_plain(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_visible(c) => out.push(c),
            c => {
                // Writing to a string cannot fail.
                let _ = match u32::from(c) {
                    code @ 0..=0xffff => write!(out, "\\u{code:04X}"),
                    code => write!(out, "\\U{code:08X}"),
                };
            }
        }
    }
    out.push('"');
}

/// Writes a number that is no integer so that YAML 1.1 sees it too: with a point, and a sign in the exponent.
pub(super) fn float(number: f64, out: &mut String) {
    let shortest = format!("{number:?}");
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        out.push_str(&shortest);
        return;
    };
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    out.push_str(if exponent.starts_with('-') { "e" } else { "e+" });
    out.push_str(exponent);
}

/// Several lines, none of which would need an escape or end in a blank that an editor may strip.
fn fits_literal(text: &str) -> bool {
    text.contains('\n')
        && text.contains(|c| c != '\n')
        && text
            .split('\n')
            .all(|line| !line.ends_with([' ', '\t']) && line.chars().all(|c| c == '\t' || is_visible(c)))
}

/// Most keys and many values, told at a glance: plain, because a letter that begins no number is followed by what
/// stands in names and paths, and the whole is no reserved word.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E'))
        && text.bytes().all(|byte| IS_OF_NAMES[usize::from(byte)])
        && !is_reserved(text)
}

fn is_reserved(text: &str) -> bool {
    text.len() <= LONGEST_WORD
        && text.starts_with(['.', 'f', 'F', 'i', 'I', 'n', 'N', 'o', 'O', 't', 'T', 'y', 'Y'])
        && WORDS.iter().any(|reserved| text.eq_ignore_ascii_case(reserved))
}

/// Nobody takes the text for anything but this string.
fn is_plain(text: &str) -> bool {
    // Dashes are fine before a word (`--verbose`), a point too (`./run`); alone they mean something, and some
    // readers take `-_` for a number.
    let word = text.strip_prefix('.').unwrap_or_else(|| text.trim_start_matches('-'));
    (text.starts_with('_') || word.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '$' | '(')))
        && reads_through(text)
        && !looks_numeric(text)
        && !is_reserved(text)
}

/// Nothing inside or at the end makes a key, a comment, or something that one cannot see.
fn reads_through(text: &str) -> bool {
    let mut previous = ' ';
    for c in text.chars() {
        if !is_visible(c) || matches!((previous, c), (':', ' ') | (' ', '#')) {
            return false;
        }
        previous = c;
    }
    !matches!(previous, ' ' | ':')
}

/// Made of nothing but what numbers, sexagesimals, dates and times are made of. Wider than any reader's own
/// rule (`1.2.3` is a YAML 1.1 float to some, `E1` to others), and it keeps hashes such as `12e4567` safe.
fn looks_numeric(text: &str) -> bool {
    text.starts_with(|c: char| c.is_numeric() || matches!(c, '.' | '+' | '-' | 'e' | 'E'))
        && text.contains(char::is_numeric)
        && text.chars().all(|c| c.is_ascii_hexdigit() || c.is_numeric() || "_.,:+- xXoOpPtTzZ".contains(c))
}

/// A character that YAML allows and a reader sees: no controls, no blanks but the space, nothing that
/// hides or reorders text.
fn is_visible(c: char) -> bool {
    let hides = |c| {
        matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        )
    };
    matches!(c, ' '..='~')
        || matches!(c, '\u{a1}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{dffff}')
            && !hides(c)
}
