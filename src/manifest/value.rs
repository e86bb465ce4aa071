//! What the nodes of a document mean: the JSON value that `cpln` would send for them.
//!
//! Follows the parser of `cpln` (js-yaml 4, YAML 1.2 core with merge keys and timestamps), which
//! reads a few scalars otherwise than other parsers do; `surprise` names those.
//!
//! Not followed: `!!binary` stays text, a tag that `cpln` refuses is ignored, and integers above
//! 2^53 are rounded as it does but written as integers.

use super::scalar::{Scalar, number, resolve};
use super::tree::{Id, NodeKind, Tree};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;

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
    tree.kind(key) == NodeKind::Plain && tree.tag(key).is_none() && tree.text(key, source) == "<<"
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
        && (tree.kind(key) != NodeKind::Plain || is_word && resolve(text) == Scalar::Text)
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
    let plain = tree.kind(id) == NodeKind::Plain || tree.tag(id).is_some();
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
        None if tree.kind(id) != NodeKind::Plain => return Value::String(text.to_owned()),
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
pub(super) fn core_tag(name: &str) -> &str {
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
}
