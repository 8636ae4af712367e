//! The formats of text that the API server looks at.

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;

use super::cron::schedule_fault;
use super::quantity::is_quantity;

/// What the API server checks as well, but nothing here does.
///
/// Source: the formats that `k8s.io/apiextensions-apiserver` supports; all others mean nothing to it.
const UNCHECKED: &[&str] = &[
    "bsonobjectid",
    "creditcard",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "isbn",
    "isbn10",
    "isbn13",
    "k8s-long-name",
    "k8s-short-name",
    "mac",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid3",
    "uuid4",
    "uuid5",
];

static DATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$").ok());
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$").ok()
});
static UUID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$").ok()
});

/// Whether nothing here says if a text is of the format, although the API server would.
pub(super) fn is_unchecked(format: &str) -> bool {
    UNCHECKED.contains(&format)
}

/// Whether a text is of a format; if not, what is wrong with it and what would be right.
pub(super) fn is_of_format(text: &str, format: &str) -> Result<(), (String, &'static str)> {
    let matches = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(text));
    let wanted = match format {
        "cron" if schedule_fault(text).is_some() => {
            "five fields within their bounds, such as `30 3 * * *`, or `@daily`"
        }
        "quantity" if !is_quantity(text) => "a quantity is a number with a suffix, like `250m` or `1Gi`",
        // Not shown: what is in base64 is often a secret.
        "byte" if !is_base64(text) => return Err(("is not base64".to_owned(), "data is written in base64")),
        "ipv4" if !(text.contains('.') && text.parse::<IpAddr>().is_ok()) => "an address like `192.0.2.1`",
        "ipv6" if !(text.contains(':') && text.parse::<IpAddr>().is_ok()) => "an address like `2001:db8::1`",
        "cidr" if !is_cidr(text) => "a network like `192.0.2.0/24`",
        "date" if !matches(&DATE) => "a date like `2026-01-31`",
        "date-time" | "datetime" if !is_date_time(text) => "a time like `2026-01-31T12:00:00Z`",
        "uuid" if !matches(&UUID) => "32 hexadecimal digits in five groups",
        _ => return Ok(()),
    };
    let name = match format {
        "cron" => "a schedule",
        "quantity" => "a quantity",
        "date" => "a date",
        "date-time" | "datetime" => "a time",
        _ => format,
    };
    Err((format!("is `{text}`, which is not {name}"), wanted))
}

fn is_date_time(text: &str) -> bool {
    let matches =
        |regex: &Option<Regex>, part: &str| regex.as_ref().is_some_and(|regex| regex.is_match(part));
    text.split_once(['T', 't']).is_some_and(|(date, time)| matches(&DATE, date) && matches(&TIME, time))
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.bytes().all(|byte| byte.is_ascii_digit()) && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

/// Standard base64 with padding; line breaks are skipped, as Go's decoder does.
fn is_base64(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let body = digits.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    digits.len().is_multiple_of(4) && digits.len() - body <= 2 && digits[..body].iter().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::is_of_format;

    #[test]
    fn formats_tell_right_from_wrong() {
        for (format, right, wrong) in [
            ("ipv4", "192.0.2.1", "192.0.2"),
            ("ipv6", "2001:db8::1", "192.0.2.1"),
            ("cidr", "192.0.2.0/24", "192.0.2.0/33"),
            ("date", "2026-01-31", "2026-13-31"),
            ("date-time", "2026-01-31T12:00:00.5+01:00", "2026-01-31 12:00:00"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
            ("byte", "aGk=", "aGk"),
            ("quantity", "250m", "250 m"),
            ("cron", "30 3 * * *", "30 24 * * *"),
        ] {
            assert!(is_of_format(right, format).is_ok(), "{format}: {right}");
            assert!(is_of_format(wrong, format).is_err(), "{format}: {wrong}");
        }
    }
}
