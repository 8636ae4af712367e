//! Resource quantities: `500m`, `1Gi`, `1e3`.

/// Whether a text is a quantity.
///
/// Source: `k8s.io/apimachinery/pkg/api/resource`: sign, digits with at most one point, then a binary suffix
/// (Ki … Ei), a decimal one (n u m k M G T P E) or an exponent.
pub fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let is_number = number.bytes().any(|byte| byte != b'.') && number.matches('.').count() <= 1;
    let is_exponent = || suffix.strip_prefix(['e', 'E']).is_some_and(|power| power.parse::<i16>().is_ok());
    let suffixes = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    is_number && (suffixes.contains(&suffix) || is_exponent())
}

#[cfg(test)]
mod tests {
    use super::is_quantity;

    #[test]
    fn quantities() {
        for good in ["1", "+1", "-1", "0.5", ".5", "5.", "1Ki", "500m", "1e3", "1E-3", "1E"] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", ".", "1.2.3", "1 Gi", "1gi", "m", "1e", "--1", "128MB"] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }
}
