//! Schedules as the controller of cron jobs reads them.
//!
//! Source: `ParseStandard` of `github.com/robfig/cron/v3`, without time zones, which have a field of their own.

use std::ops::RangeInclusive;

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What a field counts, its numbers, and names for the lowest ones.
const FIELDS: [(&str, RangeInclusive<u32>, &[&str]); 5] = [
    ("minutes", 0..=59, &[]),
    ("hours", 0..=23, &[]),
    ("days of the month", 1..=31, &[]),
    ("months", 1..=12, MONTHS),
    ("days of the week", 0..=6, DAYS),
];

const DESCRIPTORS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// What is wrong with a schedule.
pub fn schedule_fault(text: &str) -> Option<String> {
    if text.starts_with('@') {
        // What follows is a duration of Go.
        let is_known = DESCRIPTORS.contains(&text) || text.starts_with("@every ");
        return (!is_known).then(|| format!("there are `{}`", DESCRIPTORS.join("`, `")));
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Some(format!("a schedule has {} fields", FIELDS.len()));
    }
    fields.iter().zip(&FIELDS).find_map(|(field, (what, numbers, names))| {
        let part = field.split(',').find(|part| !is_part(part, numbers, names).unwrap_or(false))?;
        Some(format!("`{part}`: {what} are {} to {}", numbers.start(), numbers.end()))
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
    use super::schedule_fault;

    #[test]
    fn fields_stay_within_their_bounds() {
        for right in ["30 3 * * *", "*/5 0-6,22 1 JAN-Mar sun", "0/15 * ? * 6", "@daily", "@every 1h"] {
            assert_eq!(schedule_fault(right), None, "{right}");
        }
        for wrong in
            ["60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "*/0 * * * *"]
        {
            assert!(schedule_fault(wrong).is_some(), "{wrong}");
        }
        assert_eq!(schedule_fault("30 25 * * *").as_deref(), Some("`25`: hours are 0 to 23"));
        for wrong in ["", "* * * *", "* * * * * *", "@dayly", "x * * * *", "* * * * sunday"] {
            assert!(schedule_fault(wrong).is_some(), "{wrong}");
        }
    }
}
