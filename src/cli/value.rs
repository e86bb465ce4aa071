//! Parsers of single values on the command line.

use crate::addon::CATALOG;
use crate::text::nearest;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, ValueEnum};
use std::ffi::OsStr;
use std::time::Duration;

/// The thumbprint of a certificate: 40 hexadecimal digits, with colons or without.
pub(super) fn parse_thumbprint(text: &str) -> Result<String, String> {
    let hex = text.replace(':', "");
    if hex.len() == 40 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(hex)
    } else {
        Err("40 hexadecimal digits are expected, the SHA-1 of a certificate".to_owned())
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// Where a terminal shows it and nothing speaks against it.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// The form of an error on stderr.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ErrorFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document in one line.
    Json,
}

impl std::str::FromStr for ErrorFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        ValueEnum::from_str(text, false)
    }
}

/// The form of what goes to stdout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    /// For people.
    Text,
    /// Text with more columns.
    Wide,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// One JSON object a line, each as soon as it is known.
    JsonLines,
    /// JSON without what the server sets.
    JsonSlim,
    /// YAML without what the server sets.
    YamlSlim,
    /// Names alone, one a line.
    Names,
    /// The matches of an expression on the JSON document.
    JsonPath(String),
    /// A patch for `git apply`; for a dry run on files only.
    Patch,
    /// JSON Schema; for `schema` and `addon explain` only.
    JsonSchema,
    /// What is not well, a line each; for `check` only.
    Short,
    /// Annotations of GitHub Actions; for `check` only.
    Github,
    /// `JUnit` XML; for `check` only.
    Junit,
}

impl OutputFormat {
    const WORDS: [&'static str; 9] = [
        "text",
        "wide",
        "json",
        "jsonl",
        "yaml",
        "json-slim",
        "yaml-slim",
        "names",
        "jsonpath=",
    ];

    /// The word of a format that only `check` has.
    pub(crate) fn of_check(&self) -> Option<&'static str> {
        match self {
            Self::Short => Some("short"),
            Self::Github => Some("github"),
            Self::Junit => Some("junit"),
            _ => None,
        }
    }
}

impl std::str::FromStr for OutputFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "text" => Self::Text,
            "wide" => Self::Wide,
            "json" => Self::Json,
            "jsonl" => Self::JsonLines,
            "yaml" => Self::Yaml,
            "json-slim" => Self::JsonSlim,
            "yaml-slim" => Self::YamlSlim,
            "names" | "name" => Self::Names,
            "patch" => Self::Patch,
            "json-schema" => Self::JsonSchema,
            "short" => Self::Short,
            "github" => Self::Github,
            "junit" => Self::Junit,
            _ => {
                let Some(expression) = text.strip_prefix("jsonpath=") else {
                    let words = Self::WORDS.into_iter().chain([
                        "short",
                        "github",
                        "junit",
                        "patch",
                        "json-schema",
                    ]);
                    let near = nearest(text, words)
                        .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
                    return Err(format!(
                        "{near}text, wide, json, jsonl, yaml, json-slim, yaml-slim, names or jsonpath=EXPR \
                         is expected, for `check` also short, github or junit, for a dry run on files \
                         patch, for `addon explain` json-schema"
                    ));
                };
                Self::JsonPath(expression.to_owned())
            }
        })
    }
}

/// Parses `-o`, and offers the words to completions.
#[derive(Debug, Clone)]
pub(super) struct OutputParser;

impl TypedValueParser for OutputParser {
    type Value = OutputFormat;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<OutputFormat, clap::Error> {
        let parse = |text: &str| text.parse::<OutputFormat>();
        TypedValueParser::parse_ref(&parse, command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            OutputFormat::WORDS
                .iter()
                .map(|word| PossibleValue::new(*word)),
        ))
    }
}

/// Takes any word, so that the error for an unknown add-on is ours; offers the names to
/// completions.
#[derive(Debug, Clone)]
pub(super) struct AddonWord;

impl TypedValueParser for AddonWord {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        TypedValueParser::parse_ref(
            &clap::builder::StringValueParser::new(),
            command,
            arg,
            value,
        )
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(CATALOG.iter().map(|addon| {
            PossibleValue::new(addon.name).help(addon.summary)
        })))
    }
}

/// `30s`, `5m`, `1h30m`, `500ms`; digits alone are seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(text)
            .map_err(|_| "a duration such as 30s, 5m or 1h30m is expected".to_owned())?,
    };
    if duration > Duration::from_hours(168) {
        return Err("at most 7 days are possible".to_owned());
    }
    Ok(duration)
}

/// `10/s` or `30/m`: so many in a second or a minute, as so many in a second.
pub(crate) fn parse_rate(text: &str) -> Result<f64, String> {
    let expected = || "a rate such as 10/s or 30/m is expected".to_owned();
    let (count, unit) = text.split_once('/').ok_or_else(expected)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err(expected()),
    };
    let count: u32 = count
        .parse()
        .ok()
        .filter(|_| !count.starts_with('+'))
        .ok_or_else(expected)?;
    if count == 0 {
        return Err("at least one request has to go out".to_owned());
    }
    Ok(f64::from(count) / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_in_seconds_or_minutes() {
        for (text, rate) in [("10/s", 10.0), ("30/m", 0.5), ("1/s", 1.0)] {
            assert_eq!(parse_rate(text), Ok(rate), "{text}");
        }
        for text in ["", "10", "/s", "0/s", "+1/s", "1.5/s", "10/h", "-1/s"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_units_or_are_seconds() {
        for (text, millis) in [
            ("30", 30_000),
            ("30s", 30_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
        for text in ["", "soon", "5 parsecs", "-1s", "8d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
