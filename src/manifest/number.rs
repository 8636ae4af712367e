//! Numbers as Go's `strconv` reads and writes them.

/// A whole number; `0x`, `0o`, `0b` and a leading `0` give the base.
pub(super) fn integer(text: &str) -> Option<i64> {
    let (is_negative, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(unsigned) => (text.starts_with('-'), unsigned),
        None => (false, text),
    };
    let (digits, radix) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&unsigned[2..], 16),
        [b'0', b'o' | b'O', ..] => (&unsigned[2..], 8),
        [b'0', b'b' | b'B', ..] => (&unsigned[2..], 2),
        [b'0', _, ..] => (&unsigned[1..], 8),
        _ => (unsigned, 10),
    };
    // Rust would read a second sign.
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from_str_radix(digits, radix).ok()?;
    i64::try_from(if is_negative { -number } else { number }).ok()
}

/// A decimal number with a point, an exponent or both; none when it is too large for 64 bits.
pub(super) fn float(text: &str) -> Option<f64> {
    // Rust would read `inf` and `nan`.
    let is_decimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    text.parse::<f64>().ok().filter(|number| is_decimal && number.is_finite())
}

/// The shortest text that gives the number back in 32 bits, with an exponent below 1e-4 and from 1e6 on.
#[allow(clippy::cast_possible_truncation, reason = "what Go does")]
pub(super) fn short(number: f64) -> String {
    match number {
        f64::INFINITY => return ".inf".to_owned(),
        f64::NEG_INFINITY => return "-.inf".to_owned(),
        number if number.is_nan() => return ".nan".to_owned(),
        _ => {}
    }
    let scientific = format!("{:e}", number as f32);
    match scientific.split_once('e') {
        Some((digits, power)) => match power.parse::<i32>() {
            Ok(power) if !(-4..6).contains(&power) => {
                let sign = if power < 0 { '-' } else { '+' };
                format!("{digits}e{sign}{:02}", power.abs())
            }
            _ => (number as f32).to_string(),
        },
        None => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_bases() {
        for (text, number) in [("0", 0), ("012", 10), ("0o14", 12), ("-0x1F", -31), ("+0b11", 3), ("7", 7)] {
            assert_eq!(integer(text), Some(number), "{text}");
        }
        for text in ["08", "0x", "", "+", "--1", "0x-1", "1.0", "9223372036854775808"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn short_numbers_are_written_as_go_writes_them() {
        for (number, text) in [(1.5, "1.5"), (1e-5, "1e-05"), (1e21, "1e+21"), (0.1, "0.1"), (1e6, "1e+06")] {
            assert_eq!(short(number), text);
        }
    }
}
