//! What a value of a setting is: read from a word, judged as JSON, compared by meaning. Pure.

use super::param::ParamKind;
use crate::arn::RoleArn;
use crate::number;
use serde_json::{Value, json};

impl ParamKind {
    /// Whoever reads JSON as JavaScript does, as the platform's clients do, takes no whole number beyond
    /// this one exactly.
    pub(crate) const EXACT: i64 = (1 << 53) - 1;

    /// The placeholder of a value in help and hints.
    pub(crate) fn placeholder(self) -> &'static str {
        match self {
            Self::RoleArn => "ARN",
            Self::Text | Self::AnyText => "VALUE",
            Self::Bool => "BOOL",
            Self::Regex => "REGEX",
            Self::Link(_) => "LINK",
            Self::Uuid => "UUID",
            Self::Url => "URL",
            Self::Registry => "HOST",
            Self::Ipv4 => "IP",
            Self::Quantity => "QUANTITY",
            Self::Whole(..) | Self::Number => "NUMBER",
            Self::Word(_) => "WORD",
            Self::Name => "NAME",
            Self::Line(_) => "TEXT",
            Self::Release(_) => "VERSION",
            Self::Cidr => "CIDR",
            Self::List(_) | Self::Named(_) => "LIST",
            Self::Map(_) | Self::Object(_) | Self::Scalars(_) | Self::One(_) | Self::AddOns => {
                "OBJECT"
            }
            Self::Any => "JSON",
        }
    }

    /// The type's name in `explain` and in the documentation.
    pub fn describe(self) -> &'static str {
        match self {
            Self::RoleArn => "ARN of an IAM role",
            Self::Text | Self::AnyText | Self::Line(_) => "text",
            Self::Name => "name",
            Self::Release(_) => "version",
            Self::Cidr => "address range",
            Self::Bool => "true or false",
            Self::Regex => "regular expression",
            Self::Link(_) => "link",
            Self::Uuid => "UUID",
            Self::Url => "URL",
            Self::Registry => "registry host",
            Self::Ipv4 => "IPv4 address",
            Self::Quantity => "quantity",
            Self::Whole(..) => "whole number",
            Self::Number => "number",
            Self::Word(_) => "word",
            Self::List(_) | Self::Named(_) => "list",
            Self::Map(_) | Self::Object(_) | Self::Scalars(_) | Self::One(_) | Self::AddOns => {
                "object"
            }
            Self::Any => "any value",
        }
    }

    /// The type in a sentence: "a role ARN".
    pub(crate) fn noun(self) -> String {
        match self {
            Self::RoleArn => "a role ARN".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            _ if self.describe().starts_with(['a', 'o', 'I']) => format!("an {}", self.describe()),
            _ => format!("a {}", self.describe()),
        }
    }

    /// What a value must be beyond its type, if anything.
    pub fn constraint(self) -> Option<String> {
        Some(match self {
            Self::Word(words) => words.join(", "),
            Self::Link(kind) => format!("//{kind}/NAME"),
            Self::Whole(least, i64::MAX) => format!("{least} or more"),
            Self::Whole(least, most) => format!("{least} to {most}"),
            Self::Number => "0 or more".to_owned(),
            Self::Url => "http or https".to_owned(),
            Self::Registry => "or * for all".to_owned(),
            Self::List(item) => format!("of {}s", item.describe()),
            Self::Line(most) => format!("at most {most} characters"),
            Self::Scalars(most) => format!("at most {most} names"),
            Self::One(_) => "exactly one field".to_owned(),
            Self::Map(value) => format!("names with a {} each", value.describe()),
            _ => return None,
        })
    }

    /// A value, as it is written on the command line; lists and objects as JSON.
    pub fn example(self) -> &'static str {
        match self {
            Self::RoleArn => "arn:aws:iam::111122223333:role/NAME",
            Self::Text | Self::AnyText | Self::Line(_) => "text",
            Self::Bool => "true",
            Self::Regex => "^shop-.*$",
            Self::Link(_) => "//location/edge",
            Self::Uuid => "6f1f2d0e-4c5b-4f0a-9a57-0c0c0a1b2c3d",
            Self::Url => "https://mirror.example.com",
            Self::Registry => "docker.io",
            Self::Ipv4 => "10.0.0.10",
            Self::Quantity => "200Mi",
            Self::Whole(..) => "2",
            Self::Number => "60",
            Self::Word(words) | Self::Release(words) => words.last().copied().unwrap_or_default(),
            Self::Name => "prod",
            Self::Cidr => "10.0.0.0/8",
            Self::List(_) | Self::Named(_) => "[]",
            Self::Map(_)
            | Self::Object(_)
            | Self::Scalars(_)
            | Self::One(_)
            | Self::AddOns
            | Self::Any => "{}",
        }
    }

    /// Whether a value is one word: neither a list nor an object.
    pub fn is_single(self) -> bool {
        !matches!(
            self,
            Self::List(_)
                | Self::Named(_)
                | Self::Map(_)
                | Self::Object(_)
                | Self::Scalars(_)
                | Self::One(_)
                | Self::AddOns
                | Self::Any
        )
    }

    /// The value that a word on the command line means. The kind decides the type, never the look of
    /// the word. The error is the reason alone.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        if text.is_empty() && self != Self::AnyText {
            return Err("it is empty".to_owned());
        }
        let value = match self {
            Self::Bool => match text {
                "true" => json!(true),
                "false" => json!(false),
                _ => return Err("`true` or `false` is expected".to_owned()),
            },
            Self::Whole(..) => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let is_whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                match text.parse::<i64>() {
                    Ok(number) if is_whole => json!(number),
                    _ => return Err(self.expected()),
                }
            }
            Self::Number => match serde_json::from_str(text) {
                Ok(Value::Number(number)) => Value::Number(number),
                _ => return Err(self.expected()),
            },
            _ if !self.is_single() => {
                return Err(format!("{} is no single value", self.noun()));
            }
            _ => json!(text),
        };
        self.judge(&value)?;
        Ok(value)
    }

    /// Why a value is not of this kind; of lists and objects only whether it is one.
    pub(super) fn judge(self, value: &Value) -> Result<(), String> {
        let fits = match self {
            Self::Bool => value.is_boolean(),
            Self::Whole(least, most) => match whole(value) {
                None => false,
                Some(number) if number < least => return Err(format!("it is less than {least}")),
                Some(number) if number > most.min(Self::EXACT) => {
                    return Err(format!("it is more than {}", most.min(Self::EXACT)));
                }
                Some(_) => true,
            },
            Self::Number => match value.as_f64() {
                Some(number) if number < 0.0 => return Err("it is less than 0".to_owned()),
                number => number.is_some(),
            },
            Self::List(_) | Self::Named(_) => value.is_array(),
            Self::Map(_) | Self::Object(_) | Self::Scalars(_) | Self::One(_) | Self::AddOns => {
                value.is_object()
            }
            Self::Any => true,
            _ => match value {
                Value::String(text) => return self.judge_text(text),
                _ => false,
            },
        };
        if fits { Ok(()) } else { Err(self.expected()) }
    }

    fn expected(self) -> String {
        format!("{} is expected", self.noun())
    }

    fn judge_text(self, text: &str) -> Result<(), String> {
        if text.is_empty() && !matches!(self, Self::AnyText | Self::Line(_)) {
            return Err("it is empty".to_owned());
        }
        let fits = match self {
            Self::Name => return name(text),
            Self::Line(most) => return line(text, most),
            Self::Release(_) => is_release(text),
            Self::Cidr => is_range(text),
            Self::RoleArn => return text.parse::<RoleArn>().map(|_| ()),
            Self::Regex => return regex(text),
            Self::Link(kind) => return link(kind, text),
            Self::Url => return url(text),
            Self::Uuid => is_uuid(text),
            Self::Registry => text == "*" || is_host(text),
            Self::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
            Self::Quantity => is_quantity(text),
            Self::Word(words) => words.contains(&text),
            _ => true,
        };
        match (fits, self) {
            (true, _) => Ok(()),
            (false, Self::Quantity) => {
                Err("an amount such as 500m, 2 or 1.5Gi is expected".to_owned())
            }
            (false, Self::Uuid) => {
                Err("32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 are expected".to_owned())
            }
            (false, Self::Registry) => {
                Err("a host such as docker.io, or `*` for all, is expected".to_owned())
            }
            (false, Self::Release(_)) => Err("a version such as 1.33.5 is expected".to_owned()),
            (false, Self::Cidr) => {
                Err("an address range such as 10.0.0.0/8 is expected".to_owned())
            }
            (false, _) => Err(self.expected()),
        }
    }

    /// Whether two values mean the same: numbers compare as numbers, a link in both spellings.
    pub(crate) fn same(self, a: &Value, b: &Value) -> bool {
        match (self, a, b) {
            (Self::Link(_), Value::String(a), Value::String(b)) => same_link(a, b),
            (_, Value::Number(a), Value::Number(b)) => number::same(a, b),
            (Self::List(item), Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| item.same(a, b))
            }
            (Self::Map(_) | Self::Object(_), Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, a)| {
                        let kind = self.below(key).unwrap_or(Self::Any);
                        b.get(key).is_some_and(|b| kind.same(a, b))
                    })
            }
            _ => a == b,
        }
    }

    /// The kind of what stands at a key.
    pub(crate) fn below(self, key: &str) -> Option<Self> {
        match self {
            Self::Map(value) => Some(*value),
            Self::Object(params) => params.iter().find(|it| it.field == key).map(|it| it.kind),
            _ => None,
        }
    }
}

/// The number, if it is a whole one: `30.0` is.
fn whole(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let number = value.as_f64().filter(|number| number.fract() == 0.0)?;
    format!("{number:.0}").parse().ok()
}

/// What no reader of regular expressions takes is refused. Which one the platform has is not known,
/// so that what some have and others have not (looking around, back references) passes.
fn regex(text: &str) -> Result<(), String> {
    use regex_syntax::ast::{ErrorKind, parse::Parser};
    match Parser::new().parse(text) {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            ErrorKind::UnsupportedLookAround
            | ErrorKind::UnsupportedBackreference
            | ErrorKind::EscapeUnrecognized => Ok(()),
            kind => Err(format!("{kind}")),
        },
    }
}

/// An address of the web in ASCII, as RFC 3986 has it; mending it is left to nobody.
fn url(text: &str) -> Result<(), String> {
    let is_web = || {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority
            .split_once('@')
            .map_or(authority, |(_, host)| host);
        let literal = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (is_host, port) = if let Some((address, port)) = literal {
            (address.parse::<std::net::Ipv6Addr>().is_ok(), port)
        } else {
            let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
            let is_part = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            (!name.is_empty() && name.bytes().all(is_part), port)
        };
        let has_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        Some(is_host && has_port && text.bytes().all(|b| b.is_ascii_graphic()))
    };
    if is_web() == Some(true) {
        Ok(())
    } else {
        Err("an address such as https://mirror.example.com is expected".to_owned())
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// Why a text is not the name of a resource.
fn name(text: &str) -> Result<(), String> {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let reason = if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        "it does not begin with a small letter"
    } else if !text.bytes().all(is_plain) {
        "it has something else than small letters, digits and dashes"
    } else if text.ends_with('-') {
        "it ends with a dash"
    } else if !(2..=63).contains(&text.len()) {
        "it does not have 2 to 63 characters"
    } else {
        return Ok(());
    };
    Err(reason.to_owned())
}

/// Why a text is too long, or has blanks around it.
fn line(text: &str, most: usize) -> Result<(), String> {
    if text.chars().count() > most {
        return Err(format!("it has more than {most} characters"));
    }
    if text.trim() != text {
        return Err("it begins or ends with blanks".to_owned());
    }
    Ok(())
}

/// `1.33.5`; two numbers at least.
fn is_release(text: &str) -> bool {
    let is_number =
        |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u32>().is_ok();
    text.split('.').count() >= 2 && text.split('.').all(is_number)
}

/// An address of either family, with the length of its network or without.
fn is_range(text: &str) -> bool {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<std::net::IpAddr>() else {
        return false;
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| {
        let is_plain = length.bytes().all(|b| b.is_ascii_digit());
        let is_short = length == "0" || !length.starts_with('0');
        is_plain && is_short && length.parse::<u8>().is_ok_and(|length| length <= most)
    })
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let is_label = |label: &str| {
        let is_edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
        label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && is_edge(label.bytes().next())
            && is_edge(label.bytes().last())
    };
    name.split('.').all(is_label) && port.is_none_or(is_port)
}

/// The units of quantities: decimal, and powers of 1024.
const UNITS: [&str; 16] = [
    "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
];

/// A quantity as Kubernetes defines it: a number, and at most one unit or a power of ten.
fn is_quantity(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || number.len() - digits > 1 {
        return false;
    }
    let power = unit
        .strip_prefix(['e', 'E'])
        .filter(|rest| !rest.is_empty());
    UNITS.contains(&unit)
        || power.is_some_and(|rest| {
            let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
        })
}

/// Why a text is no link to a resource of this kind.
fn link(kind: &str, text: &str) -> Result<(), String> {
    let expected = || format!("a link is written //{kind}/NAME or /org/ORG/{kind}/NAME");
    let (_, rest) = org_of(text);
    let mut parts = rest.ok_or_else(expected)?.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(found), Some(name), None) if !found.is_empty() && is_in_a_link(name) => {
            if found == kind {
                Ok(())
            } else {
                Err(format!(
                    "it is a link to a {found}, and a {kind} is expected"
                ))
            }
        }
        _ => Err(expected()),
    }
}

fn is_in_a_link(name: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !name.is_empty() && name.bytes().all(is_part)
}

/// The org that a link names, and what follows it: `KIND/NAME`.
pub(super) fn org_of(link: &str) -> (Option<&str>, Option<&str>) {
    if let Some(rest) = link.strip_prefix("//") {
        return (None, Some(rest));
    }
    let named = link
        .strip_prefix("/org/")
        .and_then(|rest| rest.split_once('/'));
    match named {
        Some((org, rest)) if !org.is_empty() => (Some(org), Some(rest)),
        _ => (None, None),
    }
}

/// `//location/x` is the same in every org, so that it means what `/org/ORG/location/x` does.
fn same_link(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    match (org_of(a), org_of(b)) {
        ((Some(_), _), (Some(_), _)) => false,
        ((_, Some(a)), (_, Some(b))) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: ParamKind = ParamKind::Whole(1, i64::MAX);

    #[test]
    fn the_kind_decides_the_type_and_never_the_look() {
        for (kind, text, value) in [
            (ParamKind::Text, "true", json!("true")),
            (ParamKind::Text, "1.30", json!("1.30")),
            (ParamKind::Text, "null", json!("null")),
            (ParamKind::AnyText, "", json!("")),
            (ParamKind::Bool, "true", json!(true)),
            (WHOLE, "30", json!(30)),
            (ParamKind::Number, "62.5", json!(62.5)),
            (ParamKind::Quantity, "2", json!("2")),
            (ParamKind::Regex, "^a|b$", json!("^a|b$")),
        ] {
            assert_eq!(kind.parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_of_the_kind_is_refused_with_a_reason() {
        let bad: &[(ParamKind, &[&str])] = &[
            (ParamKind::Text, &[""]),
            (ParamKind::Bool, &["", "yes", "True", "1", "on"]),
            (
                WHOLE,
                &[
                    "",
                    "0",
                    "-1",
                    "+1",
                    "1.0",
                    "1e3",
                    "0x10",
                    "a",
                    "99999999999999999999",
                ],
            ),
            (ParamKind::Number, &["", "-1", "NaN", "inf", "1,5", "\"1\""]),
            (ParamKind::Regex, &["[", "(", "*a", "a{2,1}"]),
            (
                ParamKind::Uuid,
                &[
                    "x",
                    "6f1f2d0e4c5b4f0a9a570c0c0a1b2c3d",
                    "6f1f2d0e-4c5b-4f0a-9a57-0c0c0a1b2c3g",
                ],
            ),
            (
                ParamKind::Url,
                &[
                    "mirror.gcr.io",
                    "ftp://a",
                    "https:/a",
                    "https://",
                    "https://a b",
                    "//a",
                ],
            ),
            (
                ParamKind::Registry,
                &["a/b", "*.io", "-a", "a..b", "a:b", "https://a"],
            ),
            (ParamKind::Ipv4, &["1.2.3", "1.2.3.256", "::1"]),
            (
                ParamKind::Quantity,
                &["m", "1.2.3", "1 Gi", "1gi", "1Kib", "1e", "."],
            ),
            (ParamKind::Word(&["info", "error"]), &["Info", "warn"]),
            (
                ParamKind::Link("location"),
                &[
                    "edge",
                    "//secret/x",
                    "/org/a/secret/x",
                    "//location/",
                    "//location/a/b",
                    "/org/a",
                ],
            ),
            (ParamKind::RoleArn, &["x", "arn:aws:iam::1:role/x"]),
            (ParamKind::Any, &["{}"]),
        ];
        for (kind, texts) in bad {
            for text in *texts {
                let reason = kind.parse(text);
                assert!(
                    reason.as_ref().is_err_and(|it| !it.is_empty()),
                    "{kind:?} {text} {reason:?}"
                );
            }
        }
    }

    #[test]
    fn what_only_some_readers_of_expressions_take_passes() {
        for text in ["(?!kube-).*", r"(a)\1", r"\d+", r"a\/b", "^(a|b)$"] {
            assert_eq!(ParamKind::Regex.parse(text), Ok(json!(text)));
        }
        for text in [
            "500m", "2", "1.5Gi", ".5", "5.", "1e3", "1E-2", "100k", "-1", "+1Ki",
        ] {
            assert_eq!(ParamKind::Quantity.parse(text), Ok(json!(text)));
        }
        for text in ["docker.io", "localhost:5000", "*", "a-b.example.com"] {
            assert_eq!(ParamKind::Registry.parse(text), Ok(json!(text)));
        }
    }

    #[test]
    fn a_link_is_the_same_in_both_spellings() {
        let link = ParamKind::Link("location");
        let short = json!("//location/x");
        let long = json!("/org/a/location/x");
        assert!(link.same(&short, &long) && link.same(&long, &short));
        assert!(!link.same(&long, &json!("/org/b/location/x")));
        assert!(!link.same(&short, &json!("//location/y")));
        assert!(!ParamKind::Text.same(&short, &long));
        assert!(WHOLE.same(&json!(30), &json!(30.0)));
    }
}
