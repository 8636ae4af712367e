//! [`Code::InvalidValue`] for schedules: what a pattern cannot see.

use super::Facts;
use crate::diag::{Code, Diagnostic, Sink};
use crate::k8s::schedule_fault;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for job in facts.declared.cron_jobs.values() {
        let schedule = &job.value().own.schedule;
        let (Some(at), text) = (facts.place(schedule), schedule.value().as_str()) else { continue };
        if let Some(wrong) = schedule_fault(text) {
            let title = format!("`{text}` is not a schedule");
            sink.push(Diagnostic::error(Code::InvalidValue, title).at(at, wrong));
        }
    }
}
