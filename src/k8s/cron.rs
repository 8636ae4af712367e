//! Schedules as the controller of cron jobs reads them.
//!
//! Source: `ParseStandard` of `github.com/robfig/cron/v3`, without time zones, which have a field of their own.

use std::ops::RangeInclusive;

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Minutes, hours, days of the month, months and days of the week: their numbers, and names for the lowest ones.
const FIELDS: [(RangeInclusive<u32>, &[&str]); 5] =
    [(0..=59, &[]), (0..=23, &[]), (1..=31, &[]), (1..=12, MONTHS), (0..=6, DAYS)];

const DESCRIPTORS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Whether a text is a schedule.
pub(super) fn is_schedule(text: &str) -> bool {
    if text.starts_with('@') {
        // What follows is a duration of Go.
        return DESCRIPTORS.contains(&text) || text.starts_with("@every ");
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    fields.len() == FIELDS.len()
        && fields.iter().zip(&FIELDS).all(|(field, (numbers, names))| {
            field.split(',').all(|part| is_part(part, numbers, names).unwrap_or(false))
        })
}

/// `*`, `4`, `1-5`, each perhaps with a step; none where a number cannot be read.
fn is_part(part: &str, numbers: &RangeInclusive<u32>, names: &[&str]) -> Option<bool> {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if let Some(step) = step
        && step.parse::<u32>().ok()? == 0
    {
        return Some(false);
    }
    if let "*" | "?" = range {
        return Some(true);
    }
    let number = |text: &str| match names.iter().position(|name| text.eq_ignore_ascii_case(name)) {
        Some(index) => u32::try_from(index).ok().map(|index| numbers.start() + index),
        None => text.parse().ok(),
    };
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    let (low, high) = (number(low)?, number(high)?);
    Some(low <= high && numbers.contains(&low) && numbers.contains(&high))
}

#[cfg(test)]
mod tests {
    use super::is_schedule;

    #[test]
    fn fields_stay_within_their_bounds() {
        for right in ["30 3 * * *", "*/5 0-6,22 1 JAN-Mar sun", "0/15 * ? * 6", "@daily", "@every 1h"] {
            assert!(is_schedule(right), "{right}");
        }
        for wrong in
            ["60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "*/0 * * * *"]
        {
            assert!(!is_schedule(wrong), "{wrong}");
        }
        for wrong in ["", "* * * *", "* * * * * *", "@dayly", "x * * * *", "* * * * sunday"] {
            assert!(!is_schedule(wrong), "{wrong}");
        }
    }
}
