//! The log: what each room did and how long it took, on standard error, when asked for.

use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry, Scope};

use super::globals::{Globals, LogFormat};
use crate::workspace;

/// Starts logging as asked for; without `-v` nothing is recorded at all.
pub(super) fn start(globals: &Globals) {
    let level = match globals.verbose {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let log = Log { format: globals.log_format, correlation_id: workspace::correlation_id() };
    // Fails only if there is a log already.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(level).with(log));
}

struct Log {
    format: LogFormat,
    /// The same in every record of this run.
    correlation_id: String,
}

/// A span while it is open.
struct Open {
    since: Instant,
    fields: Fields,
}

#[derive(Clone, Default)]
struct Fields(Map<String, Value>);

/// One line of the log.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    logger: &'a str,
    message: &'a str,
    correlation_id: &'a str,
    service: &'static str,
    #[serde(flatten)]
    fields: &'a Map<String, Value>,
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(Open { since: Instant::now(), fields });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            values.record(&mut open.fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = event
            .parent()
            .or(context.current_span().id())
            .map_or_else(Fields::default, |id| within(id, &context));
        event.record(&mut fields);
        let message = fields.0.remove("message");
        let message = message.as_ref().and_then(Value::as_str).unwrap_or_default();
        self.write(event.metadata(), message, &fields);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let mut fields = within(&id, &context);
        if let Some(open) = span.extensions().get::<Open>() {
            let milliseconds = open.since.elapsed().as_secs_f64() * 1e3;
            fields.0.insert("processing_time_ms".to_owned(), ((milliseconds * 1e3).round() / 1e3).into());
        }
        self.write(span.metadata(), span.name(), &fields);
    }
}

/// The fields of a span and of those around it.
fn within<S: Subscriber + for<'s> LookupSpan<'s>>(id: &Id, context: &Context<'_, S>) -> Fields {
    let mut fields = Fields::default();
    for span in context.span_scope(id).into_iter().flat_map(Scope::from_root) {
        if let Some(open) = span.extensions().get::<Open>() {
            fields.0.extend(open.fields.0.clone());
        }
    }
    fields
}

impl Log {
    fn write(&self, metadata: &Metadata<'_>, message: &str, Fields(fields): &Fields) {
        let line = Line {
            timestamp: now(),
            level: metadata.level().as_str(),
            logger: metadata.target(),
            message,
            correlation_id: &self.correlation_id,
            service: "p8fs-gen",
            fields,
        };
        let line = match self.format {
            LogFormat::Json => serde_json::to_string(&line).unwrap_or_default(),
            LogFormat::Text => text(&line),
        };
        // A closed standard error is no reason to fail.
        let _ = writeln!(anstream::stderr(), "{line}");
    }
}

fn text(line: &Line<'_>) -> String {
    let Line { timestamp, level, logger, message, correlation_id, service, fields } = line;
    let timestamp = timestamp.replace('T', " ").replace('Z', "");
    let mut text = format!(
        "{timestamp} | {level} | {logger} | {message} | correlation_id={correlation_id} service={service}"
    );
    for (key, value) in *fields {
        // Writing to a string cannot fail.
        let _ = match value {
            Value::String(value) if !value.contains([' ', '"', '=', '|']) => write!(text, " {key}={value}"),
            value => write!(text, " {key}={value}"),
        };
    }
    text
}

/// `2024-01-15T10:30:00.123Z`
fn now() -> String {
    let mut time = String::new();
    // Writing to a string cannot fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    // It has microseconds.
    format!("{}Z", time.get(..23).unwrap_or(&time))
}

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_text_has_its_parts_in_order() {
        let fields = Map::from_iter([
            ("environment".to_owned(), Value::from("prod")),
            ("processing_time_ms".to_owned(), Value::from(1.5)),
            ("said".to_owned(), Value::from("a b")),
        ]);
        let line = Line {
            timestamp: "2024-01-15T10:30:00.123Z".to_owned(),
            level: "INFO",
            logger: "p8fs-gen.load",
            message: "read layers",
            correlation_id: "c",
            service: "p8fs-gen",
            fields: &fields,
        };
        assert_eq!(
            text(&line),
            "2024-01-15 10:30:00.123 | INFO | p8fs-gen.load | read layers | correlation_id=c \
             service=p8fs-gen environment=prod processing_time_ms=1.5 said=\"a b\""
        );
    }
}
