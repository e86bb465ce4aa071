//! Writes JSON values as YAML or JSON text, in the style of the place.
//!
//! A text is written plain only where every common parser, of YAML 1.1 and 1.2, reads the same
//! text back.

use super::scalar::{Scalar, resolve};
use crate::text::is_hidden;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// How texts and keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// Without quotes where that is safe, else single.
    Plain,
    /// Single, else (control characters) double.
    Single,
    /// Double, as JSON.
    Double,
}

/// The style of lines in block context.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Blanks that each level of keys is indented by.
    pub(super) step: usize,
    /// Whether `- ` stands in the column of its key.
    pub(super) indentless: bool,
    /// How keys are written.
    pub(super) keys: Quote,
    /// How texts are written.
    pub(super) texts: Quote,
}

/// The style inside `{…}` and `[…]`.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// How keys are written.
    pub(super) keys: Quote,
    /// How texts are written.
    pub(super) texts: Quote,
    /// Between key and value: `: `.
    pub(super) colon: String,
    /// Between entries on one line: `, `.
    pub(super) comma: String,
    /// Inside the brackets of a collection on one line.
    pub(super) pad: &'static str,
    /// One entry a line: the line break and what a level is indented by.
    pub(super) lines: Option<(String, String)>,
}

/// A whole document in block style, with a final line break.
pub(super) fn document(value: &Value) -> String {
    let style = Block {
        step: 2,
        indentless: true,
        keys: Quote::Plain,
        texts: Quote::Plain,
    };
    let lines = match value {
        Value::Object(map) if !map.is_empty() => map_lines(map, "", &style),
        Value::Array(list) if !list.is_empty() => list_lines(list, "", &style),
        value => block_inline(value, style.texts).into_iter().collect(),
    };
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The lines of one entry, indented, without line breaks.
pub(super) fn entry_lines(key: &str, value: &Value, indent: &str, style: &Block) -> Vec<String> {
    let key = text(key, style.keys, TextContext::Key);
    if let Some(inline) = inline(value, style.texts, TextContext::Block) {
        return vec![format!("{indent}{key}: {inline}")];
    }
    let mut lines = vec![format!("{indent}{key}:")];
    lines.extend(value_lines(value, indent, style));
    lines
}

/// The lines of a collection that is not empty, below a key that is indented by `indent`.
pub(super) fn value_lines(value: &Value, indent: &str, style: &Block) -> Vec<String> {
    let deeper = format!("{indent}{:1$}", "", style.step);
    match value {
        Value::Object(map) => map_lines(map, &deeper, style),
        Value::Array(list) => {
            let indent = if style.indentless { indent } else { &deeper };
            list_lines(list, indent, style)
        }
        _ => Vec::new(),
    }
}

fn map_lines(map: &Map<String, Value>, indent: &str, style: &Block) -> Vec<String> {
    map.iter()
        .flat_map(|(key, value)| entry_lines(key, value, indent, style))
        .collect()
}

fn list_lines(list: &[Value], indent: &str, style: &Block) -> Vec<String> {
    let inner = format!("{indent}  ");
    let mut lines = Vec::new();
    for value in list {
        if let Some(inline) = inline(value, style.texts, TextContext::Block) {
            lines.push(format!("{indent}- {inline}"));
            continue;
        }
        let mut item = match value {
            Value::Object(map) => map_lines(map, &inner, style),
            Value::Array(list) => list_lines(list, &inner, style),
            _ => Vec::new(),
        };
        if let Some(first) = item.first_mut() {
            first.replace_range(..inner.len(), &format!("{indent}- "));
        }
        lines.append(&mut item);
    }
    lines
}

/// A scalar or an empty collection for block context; `None` for what needs lines of its own.
pub(super) fn block_inline(value: &Value, texts: Quote) -> Option<String> {
    inline(value, texts, TextContext::Block)
}

fn inline(value: &Value, texts: Quote, context: TextContext) -> Option<String> {
    Some(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => numeral(&number.to_string()),
        Value::String(value) => text(value, texts, context),
        Value::Array(list) if list.is_empty() => "[]".to_owned(),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

/// YAML 1.1 reads an exponent only behind a point and with a sign.
fn numeral(text: &str) -> String {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return text.to_owned();
    };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) {
        ""
    } else {
        "+"
    };
    format!("{mantissa}{point}e{sign}{exponent}")
}

/// One entry inside `{…}`, on a line that is indented by `indent`.
pub(super) fn flow_entry(key: &str, value: &Value, indent: &str, style: &Flow) -> String {
    let key = text(key, style.keys, TextContext::Key);
    let value = flow_value(value, indent, style);
    format!("{key}{}{value}", style.colon)
}

/// Any value inside `{…}` or `[…]`, on a line that is indented by `indent`.
pub(super) fn flow_value(value: &Value, indent: &str, style: &Flow) -> String {
    if let Some(inline) = inline(value, style.texts, TextContext::Flow) {
        return inline;
    }
    let inner = match &style.lines {
        Some((_, unit)) => format!("{indent}{unit}"),
        None => indent.to_owned(),
    };
    let (open, close, parts): (_, _, Vec<String>) = match value {
        Value::Object(map) => {
            let parts = map
                .iter()
                .map(|(key, value)| flow_entry(key, value, &inner, style));
            ('{', '}', parts.collect())
        }
        Value::Array(list) => {
            let parts = list.iter().map(|value| flow_value(value, &inner, style));
            ('[', ']', parts.collect())
        }
        _ => return String::new(),
    };
    if let Some((newline, _)) = &style.lines {
        let parts = parts.join(&format!(",{newline}{inner}"));
        return format!("{open}{newline}{inner}{parts}{newline}{indent}{close}");
    }
    let pad = if open == '{' { style.pad } else { "" };
    format!("{open}{pad}{}{pad}{close}", parts.join(&style.comma))
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextContext {
    Key,
    Block,
    Flow,
}

/// A text, quoted where the place or the wish asks for it.
pub(super) fn text(value: &str, quote: Quote, context: TextContext) -> String {
    let printable = value.chars().all(is_printable);
    match quote {
        Quote::Plain if printable && is_plain(value, context) => value.to_owned(),
        Quote::Plain | Quote::Single if printable => format!("'{}'", value.replace('\'', "''")),
        _ => double(value, quote),
    }
}

/// A text in double quotes; for [`Quote::Double`] one that JSON and YAML read alike.
fn double(value: &str, quote: Quote) -> String {
    let json = Value::String(value.to_owned()).to_string();
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match u32::from(c) {
            _ if is_printable(c) => text.push(c),
            code @ ..=0xffff => {
                let _ = write!(text, "\\u{code:04x}");
            }
            // JSON knows pairs of halves, which libyaml refuses, and YAML eight digits, which JSON
            // does not know.
            _ if quote == Quote::Double => text.push(c),
            code => {
                let _ = write!(text, "\\U{code:08x}");
            }
        }
    }
    text
}

/// Whether a character may stand for itself on one line. What is hidden may
/// not: it makes a reader see something else.
fn is_printable(c: char) -> bool {
    !is_hidden(c)
}

/// Whether every parser reads the unquoted text as this text.
fn is_plain(value: &str, context: TextContext) -> bool {
    let indicators = "-?:,[]{}#&*!|>'\"%@`";
    let Some(first) = value.chars().next() else {
        return false;
    };
    !indicators.contains(first)
        && !value.starts_with([' ', '='])
        && !value.starts_with("...")
        && !value.ends_with([' ', ':'])
        && !value.contains(": ")
        && !value.contains(" #")
        && (context == TextContext::Block || !value.contains([',', '[', ']', '{', '}', '?']))
        && resolve(value) == Scalar::Text
        && !is_other_in_yaml_1_1(value)
}

/// Whether a YAML 1.1 parser reads something else than text. Errs on the side of quotes.
fn is_other_in_yaml_1_1(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    if matches!(
        lower.as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "<<"
    ) {
        return true;
    }
    let unsigned = lower.strip_prefix(['-', '+']).unwrap_or(&lower);
    let only =
        |text: &str, more: &str| text.chars().all(|c| c.is_ascii_digit() || more.contains(c));
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return digits.chars().all(|c| c.is_ascii_hexdigit() || c == '_');
    }
    if let Some(digits) = unsigned.strip_prefix("0b").or(unsigned.strip_prefix("0o")) {
        return only(digits, "_");
    }
    let Some(first) = unsigned.chars().next() else {
        return false;
    };
    if first == '.' {
        return matches!(unsigned, ".inf" | ".nan") || only(unsigned, "._e+-");
    }
    if !first.is_ascii_digit() {
        return false;
    }
    let date = unsigned.len() >= 8 && unsigned.as_bytes()[4..].starts_with(b"-");
    let points = unsigned.matches('.').count();
    (date && only(unsigned, "-:.+tz \t")) || (points <= 1 && only(unsigned, "_.:e+-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_quoted_only_where_needed() {
        for (value, block, flow) in [
            (
                "arn:aws:iam::1:role/x",
                "arn:aws:iam::1:role/x",
                "arn:aws:iam::1:role/x",
            ),
            (
                "arn:aws:iam::1:role/a,b",
                "arn:aws:iam::1:role/a,b",
                "'arn:aws:iam::1:role/a,b'",
            ),
            ("//location/x", "//location/x", "//location/x"),
            ("^(a|b)-.*$", "^(a|b)-.*$", "^(a|b)-.*$"),
            ("^[a-z]{2}$", "^[a-z]{2}$", "'^[a-z]{2}$'"),
            ("", "''", "''"),
            ("a: b", "'a: b'", "'a: b'"),
            ("a #b", "'a #b'", "'a #b'"),
            ("a?b", "a?b", "'a?b'"),
            ("it's", "it's", "it's"),
            ("'it", "'''it'", "'''it'"),
            ("1.32.9", "1.32.9", "1.32.9"),
            ("1.32", "'1.32'", "'1.32'"),
            ("012345678901", "'012345678901'", "'012345678901'"),
            ("0x1F", "'0x1F'", "'0x1F'"),
            ("1_000", "'1_000'", "'1_000'"),
            ("190:20:30", "'190:20:30'", "'190:20:30'"),
            ("1e3", "'1e3'", "'1e3'"),
            ("-.5", "'-.5'", "'-.5'"),
            ("2024-01-01", "'2024-01-01'", "'2024-01-01'"),
            ("2024-01-01x", "2024-01-01x", "2024-01-01x"),
            ("10m", "10m", "10m"),
            ("yes", "'yes'", "'yes'"),
            ("Off", "'Off'", "'Off'"),
            ("~", "'~'", "'~'"),
            ("<<", "'<<'", "'<<'"),
            ("=", "'='", "'='"),
            ("- x", "'- x'", "'- x'"),
            ("*x", "'*x'", "'*x'"),
            ("a\nb", "\"a\\nb\"", "\"a\\nb\""),
            ("a\u{85}b", "\"a\\u0085b\"", "\"a\\u0085b\""),
            ("a\u{202e}b", "\"a\\u202eb\"", "\"a\\u202eb\""),
            ("a\u{200b}b", "\"a\\u200bb\"", "\"a\\u200bb\""),
            ("a\u{e0041}b", "\"a\\U000e0041b\"", "\"a\\U000e0041b\""),
            ("größe", "größe", "größe"),
        ] {
            assert_eq!(text(value, Quote::Plain, TextContext::Block), block);
            assert_eq!(text(value, Quote::Plain, TextContext::Flow), flow);
        }
        assert_eq!(text("a", Quote::Double, TextContext::Block), "\"a\"");
        let json = text("\u{200b}\u{e0041}", Quote::Double, TextContext::Flow);
        assert_eq!(json, "\"\\u200b\u{e0041}\"");
        assert_eq!(text("it's", Quote::Single, TextContext::Block), "'it''s'");
        assert_eq!(numeral("1e30"), "1.0e+30");
    }

    #[test]
    fn any_value_can_be_written_in_either_style() {
        let value = json!({
            "on": true, "list": [1, {"a": null, "b": [[], ["x"]]}], "empty": {}, "text": "a, b"
        });
        let block = Block {
            step: 2,
            indentless: false,
            keys: Quote::Plain,
            texts: Quote::Plain,
        };
        let lines = entry_lines("k", &value, "    ", &block).join("\n");
        assert_eq!(
            lines,
            "    k:\n      'on': true\n      list:\n        - 1\n        - a: null\n          b:\n            - []\n            - - x\n      empty: {}\n      text: a, b"
        );
        let tight = Block {
            indentless: true,
            ..block
        };
        assert_eq!(
            entry_lines("k", &json!([{"a": 1, "b": 2}]), "", &tight).join("\n"),
            "k:\n- a: 1\n  b: 2"
        );
        let flow = Flow {
            keys: Quote::Plain,
            texts: Quote::Plain,
            colon: ": ".to_owned(),
            comma: ", ".to_owned(),
            pad: "",
            lines: None,
        };
        assert_eq!(
            flow_entry("k", &value, "", &flow),
            "k: {'on': true, list: [1, {a: null, b: [[], [x]]}], empty: {}, text: 'a, b'}"
        );
        let json = Flow {
            keys: Quote::Double,
            texts: Quote::Double,
            lines: Some(("\n".to_owned(), "\t".to_owned())),
            ..flow
        };
        assert_eq!(
            flow_entry("k", &json!({"a": {"b": "c"}, "d": []}), "\t", &json),
            "\"k\": {\n\t\t\"a\": {\n\t\t\t\"b\": \"c\"\n\t\t},\n\t\t\"d\": []\n\t}"
        );
    }
}
