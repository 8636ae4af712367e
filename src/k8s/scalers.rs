//! What KEDA's scalers take: the keys of a trigger's metadata, and the parameters of its authentication.
//!
//! The facts are read from KEDA's module by `make schemas/keda`: see `tests/tools/README.md`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../schemas/keda/scalers.tsv");

static SCALERS: LazyLock<BTreeMap<&'static str, Scaler>> = LazyLock::new(|| {
    let mut scalers: BTreeMap<_, Scaler> = BTreeMap::new();
    for (scaler, parameter) in TABLE.lines().filter_map(Parameter::read) {
        scalers.entry(scaler).or_default().parameters.push(parameter);
    }
    scalers
});

/// A sort of trigger: `cron`, `prometheus`, ….
#[derive(Debug, Default)]
pub struct Scaler {
    parameters: Vec<Parameter>,
}

/// Something that a scaler is told.
#[derive(Debug)]
pub struct Parameter {
    /// Its key in the metadata of triggers, and in what an authentication holds.
    pub key: &'static str,
    /// What its text must look like.
    pub form: Form,
    /// Whether it must be there.
    pub demand: Demand,
    from: &'static str,
    /// The first of several names of one parameter; empty for that itself.
    first: &'static str,
    choices: &'static str,
}

/// What the text of a parameter looks like; in Kubernetes it is text, whatever it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Anything.
    Text,
    /// `true`, `false`, and what else Go takes for one of them.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `30s`, or a number of milliseconds.
    Duration,
}

/// Whether a parameter must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Without it, the scaler does not work.
    Required,
    /// It may be left out.
    Optional,
    /// With it, the scaler does not work any more.
    Removed,
}

/// From where a scaler reads a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The metadata of the trigger.
    Metadata,
    /// A variable of the scaled container, which `<key>FromEnv` names.
    Environment,
    /// A `TriggerAuthentication`.
    Authentication,
}

/// The end of a key that names a variable of the scaled container.
const FROM_ENV: &str = "FromEnv";

/// What is known of a sort of trigger.
pub fn scaler(name: &str) -> Option<&'static Scaler> {
    SCALERS.get(name)
}

/// Every sort of trigger.
pub fn scaler_names() -> impl Iterator<Item = &'static str> {
    SCALERS.keys().copied()
}

/// Whether a trigger measures what pods use of what they request, which says nothing while there are none.
pub fn is_of_resources(scaler: &str) -> bool {
    matches!(scaler, "cpu" | "memory")
}

impl Scaler {
    /// The parameter of a key.
    pub fn parameter(&self, key: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.key == key)
    }

    /// Whether the metadata of a trigger may have a key.
    pub fn takes(&self, key: &str) -> bool {
        let of_environment = || self.parameter(key.strip_suffix(FROM_ENV)?);
        self.parameter("*").is_some()
            || self.parameter(key).is_some_and(|parameter| parameter.is_read_from(Place::Metadata))
            || of_environment().is_some_and(|parameter| parameter.is_read_from(Place::Environment))
    }

    /// The keys that the metadata of a trigger may have.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        let read = self.parameters.iter().filter(|parameter| parameter.is_read_from(Place::Metadata));
        read.filter(|parameter| parameter.demand != Demand::Removed).map(|parameter| parameter.key)
    }

    /// The required parameters that nothing gives, each by the first of its names. `gives` is asked for a key of the
    /// metadata, or of an authentication.
    pub fn lacking(&self, gives: impl Fn(Place, &str) -> bool) -> Vec<&'static str> {
        let given = |parameter: &Parameter| {
            let variable = format!("{}{FROM_ENV}", parameter.key);
            parameter.is_read_from(Place::Metadata) && gives(Place::Metadata, parameter.key)
                || parameter.is_read_from(Place::Environment) && gives(Place::Metadata, &variable)
                || parameter.is_read_from(Place::Authentication)
                    && gives(Place::Authentication, parameter.key)
        };
        let first = self.parameters.iter().filter(|parameter| parameter.first.is_empty());
        let required = first.filter(|parameter| parameter.demand == Demand::Required);
        let names = |first: &'static str| {
            self.parameters.iter().filter(move |other| other.key == first || other.first == first)
        };
        required.map(|parameter| parameter.key).filter(|key| !names(key).any(given)).collect()
    }
}

impl Parameter {
    fn read(line: &'static str) -> Option<(&'static str, Self)> {
        let mut columns = line.split('\t');
        let scaler = columns.next()?;
        let (key, form, from) = (columns.next()?, columns.next()?, columns.next()?);
        let form = match form {
            "boolean" => Form::Boolean,
            "integer" => Form::Integer,
            "number" => Form::Number,
            "duration" => Form::Duration,
            _ => Form::Text,
        };
        let demand = match columns.next()? {
            "required" => Demand::Required,
            "removed" => Demand::Removed,
            _ => Demand::Optional,
        };
        let (first, choices) = (columns.next()?, columns.next()?);
        Some((scaler, Self { key, form, demand, from, first, choices }))
    }

    /// Whether the scaler looks for it there.
    pub fn is_read_from(&self, place: Place) -> bool {
        let word = match place {
            Place::Metadata => "metadata",
            Place::Environment => "env",
            Place::Authentication => "auth",
        };
        self.from.split(',').any(|from| from == word)
    }

    /// The only words that it may hold, one or several of them with commas between; empty for any.
    pub fn choices(&self) -> impl Iterator<Item = &'static str> {
        self.choices.split('|').filter(|choice| !choice.is_empty())
    }

    /// What is wrong with a text, as what it should be.
    pub fn refuses(&self, text: &str) -> Option<String> {
        let text = text.trim();
        let mut words = text.split(',').map(str::trim);
        if !self.choices.is_empty() && !words.all(|word| self.choices().any(|choice| choice == word)) {
            return Some(format!("one of `{}`", self.choices().collect::<Vec<_>>().join("`, `")));
        }
        (!self.form.fits(text)).then(|| self.form.words().to_owned())
    }
}

impl Form {
    fn words(self) -> &'static str {
        match self {
            Form::Text => "text",
            Form::Boolean => "\"true\" or \"false\"",
            Form::Integer => "a whole number",
            Form::Number => "a number",
            Form::Duration => "a length of time, such as \"30s\"",
        }
    }

    /// As KEDA reads it: flags and lengths of time as Go does, numbers as JSON has them.
    fn fits(self, text: &str) -> bool {
        match self {
            Form::Text => true,
            Form::Boolean => {
                let words = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
                words.contains(&text)
            }
            Form::Integer => serde_json::from_str::<i64>(text).is_ok(),
            Form::Number => serde_json::from_str::<f64>(text).is_ok(),
            Form::Duration => text.parse::<u64>().is_ok() || is_go_duration(text),
        }
    }
}

/// `1h30m`, `1.5s`: numbers, each with its unit.
fn is_go_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (digits, after) = rest.split_at(number);
        let unit =
            ["ns", "us", "µs", "ms", "s", "m", "h"].into_iter().find_map(|unit| after.strip_prefix(unit));
        match unit {
            Some(after) if digits.parse::<f64>().is_ok() => rest = after,
            _ => return false,
        }
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let parameters: usize = SCALERS.values().map(|scaler| scaler.parameters.len()).sum();
        assert_eq!(parameters, TABLE.lines().count());
        assert!(scaler_names().count() >= 79);
        let cron: Vec<_> = scaler("cron").unwrap().keys().collect();
        assert_eq!(cron, ["desiredReplicas", "end", "start", "timezone"]);
    }

    #[test]
    fn keys_are_taken_from_where_they_are_read() {
        let redis = scaler("redis").unwrap();
        assert!(redis.takes("password") && redis.takes("passwordFromEnv"));
        assert!(!redis.takes("tls") && !redis.takes("listNameFromEnv"));
        assert!(scaler("external").unwrap().takes("whatever"));
        assert!(!scaler("cpu").unwrap().keys().any(|key| key == "type"));
    }

    #[test]
    fn any_of_the_names_of_a_parameter_will_do() {
        let queues = scaler("ibmmq").unwrap();
        let given = |keys: &'static [&'static str]| queues.lacking(|_, key| keys.contains(&key));
        assert_eq!(given(&[]), ["host", "password", "queueName", "username"]);
        assert_eq!(given(&["host", "queueNames", "usernameFromEnv"]), ["password"]);
    }

    #[test]
    fn texts_are_read_as_keda_reads_them() {
        for (form, right, wrong) in [
            (Form::Boolean, ["true", "0", "F"], ["yes", "TRue", ""]),
            (Form::Integer, ["10", "-1", "0"], ["1.5", "010", "ten"]),
            (Form::Number, ["10", "1.5", "1e3"], ["1,5", ".5", "ten"]),
            (Form::Duration, ["30s", "1h30m", "500"], ["-1s", "s", "1.2.3s"]),
        ] {
            for text in right {
                assert!(form.fits(text), "{form:?} {text}");
            }
            for text in wrong {
                assert!(!form.fits(text), "{form:?} {text}");
            }
        }
        let tls = scaler("kafka").unwrap().parameter("tls").unwrap();
        assert_eq!(tls.refuses("enable"), None);
        assert_eq!(tls.refuses("on").as_deref(), Some("one of `enable`, `disable`"));
    }
}
