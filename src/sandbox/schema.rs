//! What the platform takes as settings of an add-on, at every depth. Pure.
//!
//! The fields and their types are the catalogue's; how a value is judged is written down here once
//! more, so that a mistake of the client is not repeated in the server that tests it. The reasons are
//! worded as the platform words its own.

use super::answer::SchemaProblem;
use crate::addon::{Param, ParamKind};
use crate::arn::RoleArn;
use serde_json::{Map, Value};

/// Everything that is wrong with the settings at `path` in a document of `org`.
pub(super) fn check(
    params: &[Param],
    settings: &Map<String, Value>,
    path: &str,
    org: &str,
) -> Vec<SchemaProblem> {
    let mut schema = Schema {
        org,
        problems: Vec::new(),
    };
    schema.fields(params, settings, path);
    schema.problems
}

struct Schema<'a> {
    org: &'a str,
    problems: Vec<SchemaProblem>,
}

impl Schema<'_> {
    fn fields(&mut self, params: &[Param], map: &Map<String, Value>, path: &str) {
        for (field, value) in map {
            let path = format!("{path}.{field}");
            match params.iter().find(|param| param.field == field) {
                Some(param) => self.value(param.kind, value, &path),
                None => self.problem(path, "is not allowed"),
            }
        }
        for param in params {
            if param.required && !map.contains_key(param.field) {
                self.problem(format!("{path}.{}", param.field), "is required");
            }
        }
    }

    fn problem(&mut self, path: String, reason: impl Into<String>) {
        let reason = reason.into();
        self.problems.push(SchemaProblem { path, reason });
    }

    fn value(&mut self, kind: ParamKind, value: &Value, path: &str) {
        match (kind, value) {
            (ParamKind::Any, _) | (ParamKind::Bool, Value::Bool(_)) => {}
            (ParamKind::Object(params), Value::Object(map)) => self.fields(params, map, path),
            (ParamKind::Map(kind), Value::Object(map)) => {
                for (key, value) in map {
                    self.value(*kind, value, &format!("{path}.{key}"));
                }
            }
            (ParamKind::List(kind), Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    self.value(*kind, item, &format!("{path}[{at}]"));
                }
            }
            (ParamKind::Number, Value::Number(number)) => {
                if number.as_f64().is_none_or(|number| number < 0.0) {
                    self.problem(path.to_owned(), "must be greater than or equal to 0");
                }
            }
            (ParamKind::Whole(least, most), Value::Number(number)) => {
                if let Some(reason) = outside(number, least, most) {
                    self.problem(path.to_owned(), reason);
                }
            }
            (_, Value::String(text)) if wants(kind) == "must be a string" => {
                if let Some(reason) = self.text(kind, text) {
                    self.problem(path.to_owned(), reason);
                }
            }
            _ => self.problem(path.to_owned(), wants(kind)),
        }
    }

    fn text(&self, kind: ParamKind, text: &str) -> Option<String> {
        if text.is_empty() && kind != ParamKind::AnyText {
            return Some("is not allowed to be empty".to_owned());
        }
        let (fits, reason) = match kind {
            ParamKind::RoleArn => (
                text.parse::<RoleArn>().is_ok(),
                "must be the ARN of an IAM role",
            ),
            ParamKind::Uuid => (is_guid(text), "must be a valid GUID"),
            ParamKind::Url => (is_web_address(text), "must be a valid uri"),
            ParamKind::Ipv4 => (is_ip(text), "must be a valid ip address of version ipv4"),
            ParamKind::Quantity => (is_amount(text), "must be a quantity"),
            ParamKind::Registry => (is_registry(text), "must be a valid registry"),
            ParamKind::Regex => (is_expression(text), "must be a regular expression"),
            ParamKind::Link(kind) => {
                let mut parts = text.split('/').skip(1);
                let is_link = parts.next() == Some("org")
                    && parts.next() == Some(self.org)
                    && parts.next() == Some(kind)
                    && parts.next().is_some_and(|name| !name.is_empty())
                    && parts.next().is_none();
                if !is_link {
                    return Some(format!("must be a link to a {kind} of this org"));
                }
                (true, "")
            }
            ParamKind::Word(words) => {
                if !words.contains(&text) {
                    return Some(format!("must be one of [{}]", words.join(", ")));
                }
                (true, "")
            }
            _ => (true, ""),
        };
        (!fits).then(|| reason.to_owned())
    }
}

/// The type that a value of the kind has, as a reason.
fn wants(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Bool => "must be a boolean",
        ParamKind::Number | ParamKind::Whole(..) => "must be a number",
        ParamKind::List(_) => "must be an array",
        ParamKind::Map(_) | ParamKind::Object(_) => "must be of type object",
        _ => "must be a string",
    }
}

fn outside(number: &serde_json::Number, least: i64, most: i64) -> Option<String> {
    let whole = match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => i128::from(whole),
        // What JSON writes as 30.0 is the integer 30 to the platform.
        (None, Some(float)) if float.fract() == 0.0 && float.abs() < 9e15 => {
            format!("{float:.0}").parse().unwrap_or(i128::MAX)
        }
        _ => return Some("must be an integer".to_owned()),
    };
    if whole < i128::from(least) {
        Some(format!("must be greater than or equal to {least}"))
    } else if whole > i128::from(most) {
        Some(format!("must be less than or equal to {most}"))
    } else {
        None
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

fn is_web_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

fn is_ip(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_part = |part: &&str| {
        let is_plain = *part == "0" || !part.starts_with('0');
        is_plain && part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u8>().is_ok()
    };
    parts.len() == 4 && parts.iter().all(is_part)
}

fn is_registry(text: &str) -> bool {
    let mut parts = text.splitn(2, ':');
    let host = parts.next().unwrap_or_default();
    let has_port = parts.next().is_none_or(|port| port.parse::<u16>().is_ok());
    text == "*"
        || has_port
            && host.split('.').all(|label| {
                let fits = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                fits && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
            })
}

/// A number, behind it nothing, a unit, or a power of ten.
fn is_amount(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let number = |text: &str| match text.split_once('.') {
        None => digits(text),
        Some((whole, part)) => {
            (digits(whole) || whole.is_empty())
                && (digits(part) || part.is_empty())
                && whole.len() + part.len() > 0
        }
    };
    if let Some((mantissa, power)) = text.split_once(['e', 'E'])
        && digits(power.strip_prefix(['-', '+']).unwrap_or(power))
    {
        return number(mantissa);
    }
    let number_alone = text
        .strip_suffix('i')
        .and_then(|text| text.strip_suffix(['K', 'M', 'G', 'T', 'P', 'E']))
        .or_else(|| text.strip_suffix(['n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E']))
        .unwrap_or(text);
    number(number_alone)
}

/// Whether some reader of regular expressions takes it: which one the platform has is not known.
fn is_expression(text: &str) -> bool {
    use regex_syntax::ast::ErrorKind;
    match regex_syntax::ast::parse::Parser::new().parse(text) {
        Ok(_) => true,
        Err(error) => matches!(
            error.kind(),
            ErrorKind::EscapeUnrecognized
                | ErrorKind::UnsupportedBackreference
                | ErrorKind::UnsupportedLookAround
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::{CATALOG, by_word};
    use serde_json::json;

    fn problems(addon: &str, settings: &Value) -> Vec<String> {
        let addon = by_word(addon).unwrap();
        let settings = settings.as_object().unwrap();
        let found = check(addon.params, settings, addon.key, "acme");
        found.iter().map(SchemaProblem::to_string).collect()
    }

    #[test]
    fn nested_settings_are_judged_at_every_depth() {
        let location = "/org/acme/location/x";
        for (addon, settings, expected) in [
            (
                "registry-mirror",
                json!({"mirrors": [{"registy": "a"}]}),
                r#""registryMirror.mirrors[0].registy" is not allowed; "registryMirror.mirrors[0].registry" is required"#,
            ),
            (
                "registry-mirror",
                json!({"mirrors": ["docker.io"]}),
                r#""registryMirror.mirrors[0]" must be of type object"#,
            ),
            (
                "metrics",
                json!({"scrapeAnnotated": {"intervalSeconds": "30", "retainLabels": "["}}),
                r#""metrics.scrapeAnnotated.intervalSeconds" must be a number; "metrics.scrapeAnnotated.retainLabels" must be a regular expression"#,
            ),
            (
                "metrics",
                json!({"scrapeAnnotated": {"intervalSeconds": 0.5}}),
                r#""metrics.scrapeAnnotated.intervalSeconds" must be an integer"#,
            ),
            (
                "byok",
                json!({"location": location, "config": {"redis": {"storage": 8}, "longhorn": {"replicas": 0}, "actuator": {"logLevel": "debug"}, "foo": 1}}),
                r#""byok.config.redis.storage" must be a string; "byok.config.longhorn.replicas" must be greater than or equal to 1; "byok.config.actuator.logLevel" must be one of [trace, info, error]; "byok.config.foo" is not allowed"#,
            ),
            (
                "byok",
                json!({"location": "/org/acme/secret/x"}),
                r#""byok.location" must be a link to a location of this org"#,
            ),
            (
                "byok",
                json!({"location": location, "config": {"actuator": {"env": {"A": 1}}, "redisHa": {"storage": 0}}}),
                r#""byok.config.actuator.env.A" must be a string"#,
            ),
        ] {
            assert_eq!(problems(addon, &settings).join("; "), expected);
        }
    }

    /// What is near the border of some kind.
    const WORDS: &[&str] = &[
        "",
        "a",
        "true",
        "null",
        "0",
        "1",
        "-1",
        "30",
        "1.5",
        "1e3",
        "1E",
        "1Ei",
        "500m",
        "2Gi",
        "2gi",
        ".5",
        "5.",
        ".",
        "+1",
        "1.2.3",
        "1.2.3.4",
        "1.2.3.04",
        "1.2.3.256",
        "*",
        "*.io",
        "docker.io",
        "localhost:5000",
        "a:b",
        "a..b",
        "-a",
        "https://a",
        "http://a/b?c#d",
        "https://",
        "https:///a",
        "https://a b",
        "https:/a",
        "ftp://a",
        "[",
        "(",
        "*a",
        "(?!a)",
        r"(a)\1",
        r"\y",
        "a{2,1}",
        "info",
        "Info",
        "//location/x",
        "/org/acme/location/x",
        "/org/b/location/x",
        "/org/acme/secret/x",
        "/org/acme/location/",
        "/org/acme/location/a/b",
        "6f1f2d0e-4c5b-4f0a-9a57-0c0c0a1b2c3d",
        "6f1f2d0e4c5b4f0a9a570c0c0a1b2c3d",
        "arn:aws:iam::111122223333:role/x",
        "arn:aws:iam::1:role/x",
    ];

    /// Client and server are two readers of one table: on what is near the border of each kind they
    /// have to agree.
    #[test]
    fn the_server_takes_what_the_client_takes_and_no_more() {
        let mut values: Vec<Value> = WORDS.iter().map(|word| json!(word)).collect();
        values.extend([
            json!(true),
            json!(0),
            json!(1),
            json!(-1),
            json!(30.0),
            json!(0.5),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(65_535),
            json!(65_536),
            json!([]),
            json!([1]),
            json!(["https://a"]),
            json!({}),
            json!({"a": ""}),
            json!({"a": 1}),
            json!({"registry": "a"}),
        ]);
        let mut compared = 0;
        for addon in CATALOG {
            for place in addon.places() {
                for value in &values {
                    let mut server = Schema {
                        org: "acme",
                        problems: Vec::new(),
                    };
                    // The server has lengthened the link before.
                    let long = match (place.kind, value.as_str()) {
                        (ParamKind::Link(_), Some(text)) if text.starts_with("//") => {
                            json!(format!("/org/acme/{}", &text[2..]))
                        }
                        _ => value.clone(),
                    };
                    server.value(place.kind, &long, "x");
                    let client = place.kind.faults(value, Some("acme"));
                    let agree = client.is_empty() == server.problems.is_empty();
                    assert!(
                        agree,
                        "{} {value}: {client:?} {:?}",
                        place.path, server.problems
                    );
                    compared += 1;
                }
            }
        }
        assert!(compared > 5_000, "{compared}");
    }
}
