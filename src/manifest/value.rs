//! What the nodes of a document mean: the JSON value that `cpln` would send for them.
//!
//! Follows the parser of `cpln` (js-yaml 4, YAML 1.2 core with merge keys and timestamps), which
//! reads a few scalars otherwise than other parsers do; [`findings`] names those.
//!
//! Not followed: `!!binary` stays text, a tag that `cpln` refuses is ignored, and integers above
//! 2^53 are rounded as it does but written as integers.

use super::time::time;
use super::tree::{Id, Kind, Tree};
use crate::text::Foreign;
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// What a plain scalar is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Number(f64),
    /// `.inf`, `.nan`: JSON has no such number, `cpln` sends `null`.
    NotFinite,
    /// A date or time, as `cpln` sends it.
    Time(String),
    Text,
}

/// The value of a node, aliases expanded and merge keys applied.
///
/// How much that is was counted when the file was read (`limits`); an alias inside its own anchor,
/// which is refused there, stands for nothing here.
pub(super) fn value(tree: &Tree, id: Id, source: &str) -> Value {
    let Some(target) = meant(tree, id) else {
        return Value::Null;
    };
    let kind = tree.kind(target);
    if kind.is_seq() {
        let elements = tree.elements(target);
        return elements
            .map(|element| value(tree, element, source))
            .collect();
    }
    if !kind.is_map() {
        return scalar_value(tree, target, source);
    }
    if tree
        .entries(target)
        .any(|(key, _)| is_merge(tree, key, source))
    {
        let mut merged = Merged::default();
        merged.fill(tree, target, source);
        return Value::Object(merged.map);
    }
    let mut map = Map::new();
    for (key, entry) in tree.entries(target) {
        let entry = value(tree, entry, source);
        map.insert(key_text(tree, key, source).into_owned(), entry);
    }
    Value::Object(map)
}

/// What an alias stands for, unless it is inside of that; any other node is itself.
fn meant(tree: &Tree, id: Id) -> Option<Id> {
    let target = tree.resolve(id);
    (target == id || !tree.contains(target, id)).then_some(target)
}

/// A map with merge keys. Every map that is merged is gone through once, without being made first.
#[derive(Default)]
struct Merged {
    map: Map<String, Value>,
    /// The place of each key in the order in which they came.
    places: HashMap<String, usize>,
}

impl Merged {
    fn fill(&mut self, tree: &Tree, map: Id, source: &str) {
        // What a map writes itself counts more than what it merges, and less than all that was
        // there before it.
        let first = self.places.len();
        for (key, entry) in tree.entries(map) {
            if is_merge(tree, key, source) {
                for from in merge_sources(tree, entry) {
                    if let Some(target) = meant(tree, from)
                        && tree.kind(target).is_map()
                    {
                        self.fill(tree, target, source);
                    }
                }
                continue;
            }
            let name = key_text(tree, key, source).into_owned();
            let place = self.places.len();
            if *self.places.entry(name.clone()).or_insert(place) >= first {
                self.map.insert(name, value(tree, entry, source));
            }
        }
    }
}

/// The value of a key in a map: what the map writes itself, else what it merges.
pub(super) fn entry(tree: &Tree, map: Id, key: &str, source: &str) -> Option<Id> {
    if let Some((_, value)) = own_entry(tree, map, key, source) {
        return Some(value);
    }
    tree.entries(map)
        .filter(|&(merge, _)| is_merge(tree, merge, source))
        .flat_map(|(_, entry)| merge_sources(tree, entry))
        .find_map(|from| {
            let target = meant(tree, from).filter(|&target| tree.kind(target).is_map())?;
            self::entry(tree, target, key, source)
        })
}

/// The maps that a merge key takes in, in the order in which they count.
pub(super) fn merge_sources(tree: &Tree, entry: Id) -> Vec<Id> {
    let target = tree.resolve(entry);
    if tree.kind(target).is_seq() {
        tree.elements(target).collect()
    } else {
        vec![entry]
    }
}

/// Whether the key is `<<`, unquoted and untagged.
pub(super) fn is_merge(tree: &Tree, key: Id, source: &str) -> bool {
    tree.kind(key) == Kind::Plain && tree.tag(key).is_none() && tree.text(key, source) == "<<"
}

/// The key as the member name that `cpln` would send.
pub(super) fn key_text<'a>(tree: &'a Tree, key: Id, source: &'a str) -> Cow<'a, str> {
    let key = tree.resolve(key);
    if tree.kind(key).is_map() {
        return "[object Object]".into();
    }
    if tree.kind(key).is_seq() {
        let parts: Vec<Cow<'_, str>> = tree
            .elements(key)
            .map(|element| key_text(tree, element, source))
            .collect();
        return parts.join(",").into();
    }
    // Nearly all keys are words, which are copied by none who only looks.
    let text = tree.text(key, source);
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if tree.tag(key).is_none()
        && (tree.kind(key) != Kind::Plain || is_word && resolve(text) == Scalar::Text)
    {
        return text.into();
    }
    match scalar_value(tree, key, source) {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

/// The entry of a map with this key, as written in the map itself; the last one counts.
pub(super) fn own_entry(tree: &Tree, map: Id, key: &str, source: &str) -> Option<(Id, Id)> {
    tree.entries(map)
        .filter(|&(id, _)| {
            let id = tree.resolve(id);
            tree.kind(id).is_scalar() && is_key(tree, id, key, source)
        })
        .last()
}

fn is_key(tree: &Tree, id: Id, key: &str, source: &str) -> bool {
    let text = tree.text(id, source);
    let plain = tree.kind(id) == Kind::Plain || tree.tag(id).is_some();
    if plain && resolve(text) != Scalar::Text {
        return key_text(tree, id, source) == key;
    }
    text == key && !is_merge(tree, id, source)
}

/// Whether the node means `null`.
pub(super) fn is_null(tree: &Tree, id: Id, source: &str) -> bool {
    tree.kind(id).is_scalar() && scalar_value(tree, id, source).is_null()
}

fn scalar_value(tree: &Tree, id: Id, source: &str) -> Value {
    let text = tree.text(id, source);
    let tag = tree.tag(id).map(|tag| core_tag(&tag.name));
    match tag {
        None if tree.kind(id) != Kind::Plain => return Value::String(text.to_owned()),
        Some("map") if text.is_empty() => return Value::Object(Map::new()),
        Some("seq") if text.is_empty() => return Value::Array(Vec::new()),
        None | Some("null" | "bool" | "int" | "float" | "timestamp") => {}
        Some(_) => return Value::String(text.to_owned()),
    }
    match resolve(text) {
        Scalar::Null | Scalar::NotFinite => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Number(value) => number(value),
        Scalar::Time(time) => Value::String(time),
        Scalar::Text => Value::String(text.to_owned()),
    }
}

/// The part of a standard tag behind its common prefix; other tags whole.
fn core_tag(name: &str) -> &str {
    name.strip_prefix("tag:yaml.org,2002:").unwrap_or(name)
}

/// Whether a tag says what the value is: then it may stay when the value takes another's place.
pub(super) fn describes(tag: &str, value: &Value) -> bool {
    match (core_tag(tag), value) {
        ("!", Value::String(_) | Value::Array(_) | Value::Object(_))
        | ("str", Value::String(_))
        | ("seq", Value::Array(_))
        | ("map", Value::Object(_))
        | ("bool", Value::Bool(_))
        | ("null", Value::Null) => true,
        ("int", Value::Number(number)) => !number.is_f64(),
        ("float", Value::Number(number)) => number.is_f64(),
        _ => false,
    }
}

/// Whether the tag is one of YAML's own, and not one that an application defines.
pub(super) fn is_core_tag(name: &str) -> bool {
    name == "!" || core_tag(name) != name
}

/// JavaScript writes a whole number without a point.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked before the cast"
)]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9.2e18 {
        return Value::Number(Number::from(value as i64));
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// What a plain scalar is, read as `cpln` reads it.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::NotFinite,
        _ => {}
    }
    let Some(first) = text.bytes().next() else {
        return Scalar::Text;
    };
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return Scalar::Text;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Scalar::NotFinite;
    }
    if let Some(value) = integer(unsigned) {
        let negative = text.starts_with('-');
        return Scalar::Number(if negative { 0.0 - value } else { value });
    }
    if is_float(text) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Scalar::Number(value),
            _ => Scalar::Text,
        };
    }
    time(text).map_or(Scalar::Text, Scalar::Time)
}

fn integer(text: &str) -> Option<f64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x', ..] => (&text[2..], 16),
        [b'0', b'o', ..] => (&text[2..], 8),
        [b'0', b'b', ..] => (&text[2..], 2),
        _ => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    if radix == 10 {
        return digits.parse().ok().filter(|value: &f64| value.is_finite());
    }
    let value = digits.chars().fold(0.0, |sum, digit| {
        sum * f64::from(radix) + f64::from(digit.to_digit(radix).unwrap_or_default())
    });
    value.is_finite().then_some(value)
}

/// Digits with a point or an exponent; a sign is only read before a digit.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_fits = digits(whole)
        && digits(fraction)
        && (!whole.is_empty() || (!fraction.is_empty() && unsigned.len() == text.len()));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits && (exponent.is_some() || mantissa.contains('.'))
}

/// What reads otherwise than it looks: its position and a sentence without a full stop.
pub(super) fn findings(tree: &Tree, root: Id, source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for id in root..tree.next(root) {
        if let Some(tag) = tree.tag(id) {
            let known = [
                "str",
                "int",
                "float",
                "bool",
                "null",
                "map",
                "seq",
                "timestamp",
                "set",
                "omap",
                "pairs",
                "binary",
                "merge",
                "!",
            ];
            if !known.contains(&core_tag(&tag.name)) {
                let name = Foreign(&tag.name);
                found.push((
                    tag.range.start,
                    format!("`cpln` does not know the tag `{name}`"),
                ));
            }
            continue;
        }
        if tree.kind(id) != Kind::Plain {
            continue;
        }
        let text = tree.text(id, source);
        let at = tree.range(id).start;
        if text == "<<" {
            found.push((at, "a merge key: other tools may not apply it".to_owned()));
            continue;
        }
        match resolve(text) {
            Scalar::Number(value) => {
                let digits = text.trim_start_matches(['-', '+']);
                let leading = digits.len() > 1
                    && digits.starts_with('0')
                    && digits.bytes().all(|byte| byte.is_ascii_digit());
                if leading {
                    let sent = number(value);
                    found.push((
                        at,
                        format!("`{text}` is the number {sent}; put it in quotes if it is a text"),
                    ));
                } else if is_rounded(digits, value) {
                    let sent = number(value);
                    found.push((
                        at,
                        format!("`{text}` is too large for `cpln`, which sends {sent}"),
                    ));
                }
            }
            Scalar::Time(sent) => {
                found.push((
                    at,
                    format!("`{text}` is a date, sent as {sent}; put it in quotes if it is a text"),
                ));
            }
            Scalar::NotFinite => {
                found.push((
                    at,
                    format!("`{text}` is not a number in JSON and is sent as null"),
                ));
            }
            Scalar::Null | Scalar::Bool(_) | Scalar::Text => {}
        }
    }
    found
}

/// Whether an integer loses digits as a JavaScript number.
fn is_rounded(digits: &str, value: f64) -> bool {
    value.abs() >= 9_007_199_254_740_992.0
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && format!("{:.0}", value.abs()) != digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Value {
        let tree = Tree::parse(text).unwrap();
        value(&tree, tree.root().unwrap(), text)
    }

    /// The answers are those of js-yaml 4.3.2.
    #[test]
    fn scalars_read_as_in_cpln() {
        for (text, expected) in [
            ("012", json!(12)),
            ("08", json!(8)),
            ("012345678901", json!(12_345_678_901_u64)),
            ("0o14", json!(12)),
            ("0x1F", json!(31)),
            ("0b101", json!(5)),
            ("-012", json!(-12)),
            ("-0", json!(0)),
            ("1_000", json!("1_000")),
            ("190:20:30", json!("190:20:30")),
            ("1e3", json!(1000)),
            ("1.0", json!(1)),
            ("1.", json!(1)),
            (".5", json!(0.5)),
            ("-.5", json!("-.5")),
            ("+1.5", json!(1.5)),
            ("1.32.9", json!("1.32.9")),
            ("1.32", json!(1.32)),
            ("1e400", json!("1e400")),
            ("1e", json!("1e")),
            ("0x", json!("0x")),
            ("0o8", json!("0o8")),
            (".inf", json!(null)),
            ("-.INF", json!(null)),
            (".NaN", json!(null)),
            ("nULL", json!("nULL")),
            ("TRUE", json!(true)),
            ("tRUE", json!("tRUE")),
            ("yes", json!("yes")),
            ("9007199254740993", json!(9_007_199_254_740_992_u64)),
            ("2024-01-01", json!("2024-01-01T00:00:00.000Z")),
            ("2024-1-1", json!("2024-1-1")),
            ("2024-01-01 10:00:00", json!("2024-01-01T10:00:00.000Z")),
            (
                "2024-01-01t10:00:00.5 +01:30",
                json!("2024-01-01T08:30:00.500Z"),
            ),
            ("2024-13-45", json!("2025-02-14T00:00:00.000Z")),
            ("2024-01-01T25:00:00Z", json!("2024-01-02T01:00:00.000Z")),
            ("2024-01-01T", json!("2024-01-01T")),
            ("!!str 12", json!("12")),
            ("! 12", json!("12")),
            ("!!int \"12\"", json!(12)),
            ("!!bool true", json!(true)),
            ("!!map", json!({})),
            ("'012'", json!("012")),
            ("\"\\uD83D\\uDE00\"", json!("😀")),
        ] {
            let document = format!("a: {text}\n");
            assert_eq!(read(&document), json!({"a": expected}), "{text}");
        }
    }

    #[test]
    fn merge_keys_fill_in_what_is_not_written() {
        for (text, expected) in [
            ("<<: {a: 1, b: 2}\na: 3\n", r#"{"a":3,"b":2}"#),
            ("a: 3\n<<: {a: 1, b: 5}\n", r#"{"a":3,"b":5}"#),
            ("<<: [{a: 1}, {a: 2, b: 3}]\n", r#"{"a":1,"b":3}"#),
            (
                "x: &x {a: 1}\ny:\n  <<: *x\n  b: *x\n",
                r#"{"x":{"a":1},"y":{"a":1,"b":{"a":1}}}"#,
            ),
            ("\"<<\": {a: 1}\n", r#"{"<<":{"a":1}}"#),
            (
                "1: a\ntrue: b\n~: c\n[d]: e\n",
                r#"{"1":"a","true":"b","null":"c","d":"e"}"#,
            ),
        ] {
            assert_eq!(read(text).to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_merged_counts_as_near_as_it_is_written() {
        let text = "a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2, z: 2}\nc: {<<: [*b, {z: 3, w: 3}], x: 4}\nd: {w: 0, <<: *b}\n";
        let value = read(text);
        assert_eq!(value["c"].to_string(), r#"{"x":4,"y":2,"z":2,"w":3}"#);
        assert_eq!(value["d"].to_string(), r#"{"w":0,"x":1,"y":2,"z":2}"#);
        let tree = Tree::parse(text).unwrap();
        let c = own_entry(&tree, 0, "c", text).unwrap().1;
        for key in ["x", "y", "z", "w"] {
            let found = entry(&tree, c, key, text).unwrap();
            assert_eq!(super::value(&tree, found, text), value["c"][key], "{key}");
        }
        assert_eq!(entry(&tree, c, "v", text), None);
    }

    #[test]
    fn a_chain_of_merge_keys_is_read_in_time() {
        let mut text = "b0: &b0 {k0: 1}\n".to_owned();
        for n in 1..600 {
            text = format!("{text}b{n}: &b{n} {{<<: *b{}, k{n}: 1}}\n", n - 1);
        }
        let start = std::time::Instant::now();
        assert_eq!(read(&text)["b599"].as_object().unwrap().len(), 600);
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }

    #[test]
    fn an_alias_that_never_ends_stands_for_nothing() {
        assert_eq!(read("a: &a [*a]\n"), json!({"a": [null]}));
    }

    #[test]
    fn what_reads_otherwise_than_it_looks_is_found() {
        let text = "a: 012\nb: '012'\nc: 2024-01-01\nd: .inf\ne: 9007199254740993\nf: 1e30\n<<: {}\ng: !foo x\n";
        let tree = Tree::parse(text).unwrap();
        let found: Vec<String> = findings(&tree, 0, text)
            .into_iter()
            .map(|(at, message)| format!("{at} {message}"))
            .collect();
        assert_eq!(
            found,
            [
                "3 `012` is the number 12; put it in quotes if it is a text",
                "19 `2024-01-01` is a date, sent as 2024-01-01T00:00:00.000Z; put it in quotes if it is a text",
                "33 `.inf` is not a number in JSON and is sent as null",
                "41 `9007199254740993` is too large for `cpln`, which sends 9007199254740992",
                "66 a merge key: other tools may not apply it",
                "76 `cpln` does not know the tag `!foo`",
            ]
        );
    }
}
