//! Resource quantities: `500m`, `1Gi`, `1e3`.

use std::str::FromStr;

/// A quantity, exact to a thousand-millionth (nano), which is what the API server keeps.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource`: sign, digits with at most one point, then a binary suffix
/// (Ki … Ei), a decimal one (n u m k M G T P E) or an exponent. Larger than 2^63 - 1 is capped there; here too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    nanos: i128,
}

impl Quantity {
    /// Thousand-millionths.
    pub fn nanos(self) -> i128 {
        self.nanos
    }
}

impl FromStr for Quantity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') {
            return Err(());
        }
        let (base, power) = scale(suffix).ok_or(())?;
        // Digits beyond the point and the decimal exponent, together with the nine digits of nanos.
        let digits: i128 = format!("{whole}{fraction}").parse().map_err(|_| ())?;
        let exponent = power + 9 - i32::try_from(fraction.len()).map_err(|_| ())?;
        let ten = |power: i32| 10i128.checked_pow(u32::try_from(power).unwrap_or(u32::MAX));
        let cap = i128::from(i64::MAX) * 1_000_000_000;
        let scaled = digits.checked_mul(base).unwrap_or(cap);
        let nanos = if exponent >= 0 {
            ten(exponent).and_then(|factor| scaled.checked_mul(factor)).unwrap_or(cap)
        } else {
            // Finer than a nano is rounded up, as the API server does.
            ten(-exponent).map_or(i128::from(scaled > 0), |divisor| {
                scaled.div_euclid(divisor) + i128::from(scaled.rem_euclid(divisor) > 0)
            })
        };
        let nanos = nanos.min(cap);
        Ok(Self { nanos: if text.starts_with('-') { -nanos } else { nanos } })
    }
}

/// A suffix as a factor and a power of ten.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        _ => (1, suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|power| (-99..=99).contains(power))?),
    })
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn equal_amounts_are_equal() {
        let nanos = |text: &str| text.parse::<Quantity>().map(Quantity::nanos);
        for (a, b) in
            [("1", "1000m"), ("1Ki", "1024"), ("0.5", "500m"), (".5", "500m"), ("1e3", "1k"), ("1E", "1e18")]
        {
            assert_eq!(nanos(a), nanos(b), "{a} {b}");
        }
        for bad in ["", ".", "1.2.3", "1 Gi", "1gi", "m", "1e", "--1"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }
}
