//! What the platform takes as a cluster and in the settings of its add-ons, at every depth. Pure.
//!
//! The fields and their types are those of the tables (`resource`, and the catalogue below
//! `spec.addOns`); how a value is judged is written down here once more, so that a mistake of the client
//! is not repeated in the server that tests it. The reasons are worded as the platform words its own.
//!
//! Works on documents as they come: a `null` is nothing, but under a name that nothing has it is refused.

use super::answer::SchemaProblem;
use super::validate::Rules;
use crate::addon::{self, Param, ParamKind};
use crate::arn::RoleArn;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::net::Ipv6Addr;

/// Everything that is wrong with a document.
pub(super) fn check(
    params: &[Param],
    object: &Map<String, Value>,
    rules: &Rules<'_>,
) -> Vec<SchemaProblem> {
    let mut schema = Schema {
        rules,
        problems: Vec::new(),
    };
    schema.fields(params, object, "");
    schema.problems
}

struct Schema<'a> {
    rules: &'a Rules<'a>,
    problems: Vec<SchemaProblem>,
}

fn below(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

impl Schema<'_> {
    fn fields(&mut self, params: &[Param], map: &Map<String, Value>, path: &str) {
        self.known(params, map, path);
        for param in params {
            if param.required && map.get(param.field).is_none_or(Value::is_null) {
                self.problem(below(path, param.field), "is required");
            }
        }
    }

    fn known(&mut self, params: &[Param], map: &Map<String, Value>, path: &str) {
        for (field, value) in map {
            let path = below(path, field);
            match params.iter().find(|param| param.field == field) {
                Some(_) if value.is_null() => {}
                Some(param) => self.value(param.kind, value, &path),
                None => self.problem(path, "is not allowed"),
            }
        }
    }

    fn problem(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.problems.push(SchemaProblem {
            path: path.into(),
            reason: reason.into(),
        });
    }

    fn value(&mut self, kind: ParamKind, value: &Value, path: &str) {
        match (kind, value) {
            (ParamKind::Any, _) | (ParamKind::Bool, Value::Bool(_)) => {}
            (ParamKind::Object(params), Value::Object(map)) => self.fields(params, map, path),
            (ParamKind::One(params), Value::Object(map)) => self.one(params, map, path),
            (ParamKind::AddOns, Value::Object(map)) => self.add_ons(map, path),
            (ParamKind::Map(kind), Value::Object(map)) => {
                for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                    self.value(*kind, value, &below(path, key));
                }
            }
            (ParamKind::Scalars(most), Value::Object(map)) => self.scalars(most, map, path),
            (ParamKind::List(kind), Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    self.value(*kind, item, &format!("{path}[{at}]"));
                }
            }
            (ParamKind::Named(params), Value::Array(items)) => self.named(params, items, path),
            (ParamKind::Number, Value::Number(number)) => {
                if number.as_f64().is_none_or(|number| number < 0.0) {
                    self.problem(path, "must be greater than or equal to 0");
                }
            }
            (ParamKind::Whole(least, most), Value::Number(number)) => {
                if let Some(reason) = outside(number, least, most) {
                    self.problem(path, reason);
                }
            }
            (_, Value::String(text)) if wants(kind) == "must be a string" => {
                if let Some(reason) = self.text(kind, text) {
                    self.problem(path, reason);
                }
            }
            _ => self.problem(path, wants(kind)),
        }
    }

    fn one(&mut self, params: &[Param], map: &Map<String, Value>, path: &str) {
        if map.values().filter(|value| !value.is_null()).count() == 1 {
            self.known(params, map, path);
        } else {
            self.problem(path, "must have exactly one key");
        }
    }

    fn scalars(&mut self, most: usize, map: &Map<String, Value>, path: &str) {
        if map.len() > most {
            self.problem(path, format!("must have less than or equal to {most} keys"));
        }
        for (key, value) in map {
            if value.is_object() || value.is_array() {
                self.problem(
                    below(path, key),
                    "must be one of [string, number, boolean, null]",
                );
            }
        }
    }

    fn named(&mut self, params: &[Param], items: &[Value], path: &str) {
        let mut seen = BTreeSet::new();
        for (at, item) in items.iter().enumerate() {
            let path = format!("{path}[{at}]");
            let name = item.get("name").and_then(Value::as_str);
            if name.is_some_and(|name| !seen.insert(name)) {
                self.problem(&*path, "contains a duplicate value");
            }
            match item {
                Value::Object(map) => self.fields(params, map, &path),
                _ => self.problem(path, "must be of type object"),
            }
        }
    }

    fn add_ons(&mut self, map: &Map<String, Value>, path: &str) {
        for (key, value) in map {
            let path = below(path, key);
            let addon = addon::by_key(key);
            match (addon, value) {
                (None, _) if !self.rules.known.contains(key) => {
                    self.problem(path, "is not allowed");
                }
                (_, Value::Null) => {}
                (Some(addon), Value::Object(settings)) => {
                    self.fields(addon.params, settings, &path);
                    let is_on = |key: &str| map.get(key).is_some_and(|value| !value.is_null());
                    for needed in addon.needs.iter().filter(|key| !is_on(key)) {
                        if self.rules.enforce_prerequisites {
                            self.problem(&*path, format!("requires {needed}"));
                        }
                    }
                    self.absent_role(settings, &path);
                }
                (None, Value::Object(settings)) => self.absent_role(settings, &path),
                _ => self.problem(path, "must be of type object"),
            }
        }
    }

    fn absent_role(&mut self, settings: &Map<String, Value>, path: &str) {
        let role = settings.get("roleArn").and_then(Value::as_str);
        let role = role.and_then(|text| text.parse::<RoleArn>().ok());
        let mut absent = self.rules.absent_roles.iter();
        if role.is_some_and(|role| absent.any(|name| name == role.name())) {
            self.problem(below(path, "roleArn"), "names a role that does not exist");
        }
    }

    fn text(&self, kind: ParamKind, text: &str) -> Option<String> {
        if text.is_empty() && !matches!(kind, ParamKind::AnyText | ParamKind::Line(_)) {
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
            ParamKind::Cidr => (
                is_range(text),
                "must be a valid ip address with an optional CIDR",
            ),
            ParamKind::Quantity => (is_amount(text), "must be a quantity"),
            ParamKind::Registry => (is_registry(text), "must be a valid registry"),
            ParamKind::Regex => (is_expression(text), "must be a regular expression"),
            ParamKind::Name => (
                is_name(text),
                "must start with a lower-case letter, hold lower-case letters, digits and dashes, \
                 not end with a dash and have 2 to 63 characters",
            ),
            ParamKind::Line(most) => return outside_line(text, most),
            ParamKind::Release(known) => return self.release(text, known),
            ParamKind::Link(kind) => {
                let is_link = self.is_link(kind, text);
                return (!is_link).then(|| format!("must be a link to a {kind} of this org"));
            }
            ParamKind::Word([word]) => return (text != *word).then(|| format!("must be {word}")),
            ParamKind::Word(words) => {
                let fits = words.contains(&text);
                return (!fits).then(|| format!("must be one of [{}]", words.join(", ")));
            }
            _ => (true, ""),
        };
        (!fits).then(|| reason.to_owned())
    }

    /// A version that a cluster came with was one at the time.
    fn release(&self, text: &str, known: &[&str]) -> Option<String> {
        let is_known = known.contains(&text)
            || self.rules.release == Some(text)
            || self.rules.known.contains(text);
        (!is_known).then(|| format!("must be one of [{}]", known.join(", ")))
    }

    fn is_link(&self, kind: &str, text: &str) -> bool {
        let own = format!("/org/{}/", self.rules.org);
        let rest = text.strip_prefix("//").or_else(|| text.strip_prefix(&*own));
        let name = rest.and_then(|rest| rest.strip_prefix(kind)?.strip_prefix('/'));
        name.is_some_and(|name| {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !name.is_empty() && name.chars().all(is_part)
        })
    }
}

/// The type that a value of the kind has, as a reason.
fn wants(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Bool => "must be a boolean",
        ParamKind::Number | ParamKind::Whole(..) => "must be a number",
        ParamKind::List(_) | ParamKind::Named(_) => "must be an array",
        ParamKind::Map(_)
        | ParamKind::Object(_)
        | ParamKind::One(_)
        | ParamKind::Scalars(_)
        | ParamKind::AddOns => "must be of type object",
        _ => "must be a string",
    }
}

fn is_name(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (2..=63).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(is_plain)
}

fn outside_line(text: &str, most: usize) -> Option<String> {
    if text.chars().count() > most {
        let reason = format!("length must be less than or equal to {most} characters long");
        Some(reason)
    } else if text.trim() != text {
        Some("must not have leading or trailing whitespace".to_owned())
    } else {
        None
    }
}

fn outside(number: &serde_json::Number, least: i64, most: i64) -> Option<String> {
    let whole = match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => i128::from(whole),
        // What JSON writes as 30.0 is the integer 30 to the platform.
        (None, Some(float)) if float.fract() == 0.0 && float.abs() < 1e16 => {
            format!("{float:.0}").parse().unwrap_or(i128::MAX)
        }
        _ => return Some("must be an integer".to_owned()),
    };
    if whole >= 1 << 53 {
        Some("must be a safe number".to_owned())
    } else if whole < i128::from(least) {
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
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let place = &rest[..end];
    let host = place.find('@').map_or(place, |at| &place[at + 1..]);
    let (name, port) = match host.rfind(':') {
        Some(at) if !host[at..].contains(']') => (&host[..at], Some(&host[at + 1..])),
        _ => (host, None),
    };
    let is_named = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let literal = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    matches!(scheme, "http" | "https")
        && text.chars().all(|c| ('!'..='~').contains(&c))
        && port.is_none_or(is_port)
        && (is_named || literal.is_some_and(|text| text.parse::<Ipv6Addr>().is_ok()))
}

fn is_port(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_digit())
        && text.trim_start_matches('0').len() <= 5
        && text.parse::<u32>().is_ok_and(|port| port < 65_536)
}

/// An address of either family, and behind a slash the bits that count.
fn is_range(text: &str) -> bool {
    let mut parts = text.splitn(2, '/');
    let address = parts.next().unwrap_or_default();
    let bits = if is_ip(address) {
        32
    } else if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else {
        return false;
    };
    parts.next().is_none_or(|length| {
        let number = length.parse::<u32>();
        number.is_ok_and(|number| number <= bits && number.to_string() == length)
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
    let has_port = parts.next().is_none_or(is_port);
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

    fn lax(known: &BTreeSet<String>) -> Rules<'_> {
        Rules {
            org: "acme",
            known,
            release: None,
            enforce_prerequisites: false,
            absent_roles: &[],
        }
    }

    fn problems(addon: &str, settings: &Value) -> Vec<String> {
        let addon = by_word(addon).unwrap();
        let known = BTreeSet::new();
        let rules = lax(&known);
        let mut schema = Schema {
            rules: &rules,
            problems: Vec::new(),
        };
        schema.fields(addon.params, settings.as_object().unwrap(), addon.key);
        let found = schema.problems;
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
        let known = BTreeSet::new();
        let rules = lax(&known);
        let mut compared = 0;
        for addon in CATALOG {
            for place in addon.places() {
                for value in &values {
                    let mut server = Schema {
                        rules: &rules,
                        problems: Vec::new(),
                    };
                    server.value(place.kind, value, "x");
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
