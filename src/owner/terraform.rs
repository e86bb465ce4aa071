//! The block `add_ons` of a `cpln_mk8s`. Pure.
//!
//! What a program of theirs reads is escaped: `${` and `%{` begin templates there.

use super::{On, spelt};
use crate::addon::{HclForm, ParamKind};
use crate::text::is_hidden;
use serde_json::Value;
use std::fmt::Write as _;

/// The whole block.
pub(super) fn block(on: &[On<'_>]) -> String {
    let entries = on.iter().map(|(addon, settings)| {
        let name = addon.name.replace('-', "_");
        let kind = ParamKind::Object(addon.params);
        match addon.terraform {
            HclForm::Flag => HclEntry::attribute(name, "true".to_owned()),
            HclForm::Attribute => HclEntry::attribute(name, expression(kind, settings, 1)),
            HclForm::Block => HclEntry::block(name, body(kind, settings, 2)),
        }
    });
    let mut out = String::new();
    out.push_str("add_ons {\n");
    out.push_str(&laid_out(
        &entries.collect::<Vec<_>>(),
        1,
        BlankLines::Blank,
    ));
    out.push_str("}\n");
    out
}

/// One thing in a body or an object.
struct HclEntry {
    name: String,
    text: String,
    is_block: bool,
}

impl HclEntry {
    fn attribute(name: String, text: String) -> Self {
        Self {
            name,
            text,
            is_block: false,
        }
    }

    fn block(name: String, body: String) -> Self {
        Self {
            name,
            text: body,
            is_block: true,
        }
    }

    /// Whether it goes over several lines.
    fn is_long(&self) -> bool {
        self.is_block || self.text.contains('\n')
    }
}

/// What stands around entries of several lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BlankLines {
    None,
    Blank,
}

/// Entries below each other, the `=` of attributes that follow each other in one column.
fn laid_out(entries: &[HclEntry], depth: usize, gap: BlankLines) -> String {
    let indent = "  ".repeat(depth);
    let mut out = String::new();
    let mut at = 0;
    while let Some(entry) = entries.get(at) {
        if at > 0 && gap == BlankLines::Blank && (entry.is_long() || entries[at - 1].is_long()) {
            out.push('\n');
        }
        if entry.is_block {
            let name = &entry.name;
            let _ = match entry.text.as_str() {
                "" => writeln!(out, "{indent}{name} {{}}"),
                body => writeln!(out, "{indent}{name} {{\n{body}{indent}}}"),
            };
            at += 1;
            continue;
        }
        let rest = entries[at..].iter();
        let row: Vec<&HclEntry> = rest.take_while(|it| !it.is_long()).collect();
        if row.is_empty() {
            let _ = writeln!(out, "{indent}{} = {}", entry.name, entry.text);
            at += 1;
            continue;
        }
        let width = row.iter().map(|it| it.name.chars().count()).max();
        for one in &row {
            let _ = writeln!(
                out,
                "{indent}{:width$} = {}",
                one.name,
                one.text,
                width = width.unwrap_or(0)
            );
        }
        at += row.len();
    }
    out
}

/// What is in a block: nested objects and lists of objects are blocks as well, of a list one for each
/// item, in the singular.
fn body(kind: ParamKind, settings: &Value, depth: usize) -> String {
    let ParamKind::Object(params) = kind else {
        return String::new();
    };
    let mut entries = Vec::new();
    for (key, value) in fields(settings) {
        let (name, kind) = spelt(params, key);
        match (kind, value) {
            (ParamKind::Object(_), Value::Object(_)) => {
                entries.push(HclEntry::block(name, body(kind, value, depth + 1)));
            }
            (ParamKind::List(item @ ParamKind::Object(_)), Value::Array(items)) => {
                let single = name.strip_suffix('s').unwrap_or(&name);
                for value in items {
                    let inner = body(*item, value, depth + 1);
                    entries.push(HclEntry::block(single.to_owned(), inner));
                }
            }
            _ => entries.push(HclEntry::attribute(name, expression(kind, value, depth))),
        }
    }
    laid_out(&entries, depth, BlankLines::Blank)
}

/// A value; what is in an object stands at the depth behind that of its line.
fn expression(kind: ParamKind, value: &Value, depth: usize) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Object(map) if map.values().all(Value::is_null) => "{}".to_owned(),
        Value::Object(_) => {
            let entries: Vec<HclEntry> = fields(value)
                .map(|(key, value)| {
                    let (name, kind) = match kind {
                        ParamKind::Object(params) => spelt(params, key),
                        ParamKind::Map(kind) => (key.clone(), *kind),
                        _ => (key.clone(), ParamKind::Any),
                    };
                    HclEntry::attribute(label(&name), expression(kind, value, depth + 1))
                })
                .collect();
            let inner = laid_out(&entries, depth + 1, BlankLines::None);
            format!("{{\n{inner}{}}}", "  ".repeat(depth))
        }
        Value::Array(items) => {
            let item = match kind {
                ParamKind::List(item) => *item,
                _ => ParamKind::Any,
            };
            let texts: Vec<String> = items
                .iter()
                .map(|value| expression(item, value, depth))
                .collect();
            format!("[{}]", texts.join(", "))
        }
        other => other.to_string(),
    }
}

/// The fields that are there.
fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let map = value.as_object().into_iter().flatten();
    map.filter(|(_, value)| !value.is_null())
}

/// The key of an object: a name, or a text in quotes.
fn label(name: &str) -> String {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if is_name {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // What nobody sees would be a line of its own to some, or no part of the text.
            c if is_hidden(c) => {
                let _ = match u32::from(c) {
                    code @ 0..=0xffff => write!(out, "\\u{code:04x}"),
                    code => write!(out, "\\U{code:08x}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out.replace("${", "$${").replace("%{", "%%{")
}
