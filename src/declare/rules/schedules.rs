//! [`Code::InvalidValue`] for schedules: what a pattern cannot see.

use super::Facts;
use crate::diag::{Code, Diagnostic, Sink};

/// The fields of a schedule, with the least and the greatest number, and the names of the numbers.
const FIELDS: [(&str, u32, u32, &[&str]); 5] = [
    ("minutes", 0, 59, &[]),
    ("hours", 0, 23, &[]),
    ("days of the month", 1, 31, &[]),
    ("months", 1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    ("days of the week", 0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for job in facts.declared.cron_jobs.values() {
        let schedule = &job.value().own.schedule;
        let (Some(at), text) = (facts.place(schedule), schedule.value().as_str()) else { continue };
        if let Some(wrong) = fault(text) {
            let title = format!("`{text}` is not a schedule");
            sink.push(Diagnostic::error(Code::InvalidValue, title).at(at, wrong));
        }
    }
}

/// What is wrong with the first field that an API server would refuse.
fn fault(schedule: &str) -> Option<String> {
    if schedule.starts_with('@') {
        return None;
    }
    let fields = schedule.split(' ').zip(FIELDS);
    let wrong = |(text, (what, least, greatest, names)): &(&str, (&str, u32, u32, &[&str]))| {
        let items = text.split(',').find(|item| !is_item(item, *least..=*greatest, names))?;
        Some(format!("`{items}`: {what} are {least} to {greatest}"))
    };
    fields.into_iter().find_map(|field| wrong(&field))
}

/// Whether it is `*`, a number, a range or steps of these.
fn is_item(item: &str, bounds: std::ops::RangeInclusive<u32>, names: &[&str]) -> bool {
    let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
    let number = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = named.and_then(|index| u32::try_from(index).ok()).map(|index| index + bounds.start());
        named.or_else(|| text.parse().ok()).filter(|number| bounds.contains(number))
    };
    let is_range = match range.split_once('-') {
        None => matches!(range, "*" | "?") || number(range).is_some(),
        Some((from, to)) => number(from).zip(number(to)).is_some_and(|(from, to)| from <= to),
    };
    is_range && step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn fields_have_bounds() {
        for good in ["30 3 * * *", "@daily", "*/5 0-23/2 1,15 JAN-mar ?", "0 0 31 12 6"] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in [
            "60 3 * * *",
            "30 25 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 7",
            "0 5-3 * * *",
            "*/0 * * * *",
            "x * * * *",
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
        assert_eq!(fault("30 25 * * *").as_deref(), Some("`25`: hours are 0 to 23"));
    }
}
