//! Resource quantities: `500m`, `1Gi`, `1e3`.

/// Whether a text is a quantity.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource`: sign, digits with at most one point, then a binary suffix
/// (Ki … Ei), a decimal one (n u m k M G T P E) or an exponent.
pub fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, suffix) = split(unsigned);
    let is_number = number.bytes().any(|byte| byte != b'.') && number.matches('.').count() <= 1;
    let is_exponent = || suffix.strip_prefix(['e', 'E']).is_some_and(|power| power.parse::<i16>().is_ok());
    is_number && (scale(suffix).is_some() || is_exponent())
}

/// A quantity without sign or exponent in thousandths, rounded up as the API server does; none for other texts and for
/// those too large.
pub fn thousandths(text: &str) -> Option<u128> {
    let (number, suffix) = split(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (multiplier, divisor) = scale(suffix)?;
    let digits: u128 = format!("0{whole}{fraction}").parse().ok()?;
    let divisor = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?.checked_mul(divisor)?;
    Some(digits.checked_mul(multiplier)?.checked_mul(1000)?.div_ceil(divisor))
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(end)
}

/// By what a suffix multiplies, and by what it divides.
fn scale(suffix: &str) -> Option<(u128, u128)> {
    let power = |letters: &str, base: u128| {
        let at = letters.find(suffix.strip_suffix('i').unwrap_or(suffix))?;
        base.checked_pow(u32::try_from(at).ok()? + 1)
    };
    match suffix {
        "" => Some((1, 1)),
        "n" => Some((1, 1_000_000_000)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1000)),
        "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei" => Some((power("KMGTPE", 1024)?, 1)),
        "k" | "M" | "G" | "T" | "P" | "E" => Some((power("kMGTPE", 1000)?, 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_quantity, thousandths};

    #[test]
    fn quantities() {
        for good in ["1", "+1", "-1", "0.5", ".5", "5.", "1Ki", "500m", "1e3", "1E-3", "1E"] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", ".", "1.2.3", "1 Gi", "1gi", "m", "1e", "--1", "128MB"] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn amounts() {
        for (text, wanted) in [
            ("1", 1000),
            ("1.5", 1500),
            (".5", 500),
            ("5.", 5000),
            ("250m", 250),
            ("0.5m", 1),
            ("1n", 1),
            ("1k", 1_000_000),
            ("2Ki", 2_048_000),
            ("1.5Gi", 1_610_612_736_000),
        ] {
            assert_eq!(thousandths(text), Some(wanted), "{text}");
        }
        assert_eq!(thousandths("1e3"), None);
        assert_eq!(thousandths("-1"), None);
    }
}
