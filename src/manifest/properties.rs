//! Generated manifests in many styles: whatever the style, an edit does what was asked and no more.

use super::{Edit, Manifest};
use crate::change::{self, Change};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// How a manifest is written. What is not named here is decided by the seed, entry by entry.
#[derive(Debug, Clone)]
struct ManifestStyle {
    step: usize,
    indentless: bool,
    newline: &'static str,
    bom: bool,
    marker: bool,
    final_newline: bool,
    decorated: bool,
    flow: bool,
    json: bool,
    quoted: bool,
    around: bool,
    seed: u64,
}

fn shapes() -> impl Strategy<Value = ManifestStyle> {
    let flags = prop::array::uniform10(any::<bool>());
    (1_usize..6, flags, any::<u64>()).prop_map(|(step, flags, seed)| ManifestStyle {
        step,
        indentless: flags[0],
        newline: if flags[1] { "\r\n" } else { "\n" },
        bom: flags[2],
        marker: flags[3],
        final_newline: flags[4],
        decorated: flags[5],
        flow: flags[6],
        json: flags[7] && flags[8],
        quoted: flags[8] && !flags[0],
        around: flags[9],
        seed,
    })
}

/// The add-ons before; `None` for no key at all.
fn add_ons() -> impl Strategy<Value = Option<Value>> {
    let entry = prop_oneof![
        3 => Just(json!({})),
        1 => Just(json!(null)),
        2 => Just(json!({"roleArn": "arn:aws:iam::111122223333:role/x"})),
        1 => Just(json!({"kubeState": true, "scrapeAnnotated": {"intervalSeconds": 30}})),
        1 => Just(json!({"mirrors": [{"registry": "*", "mirrors": ["https://m"]}, {"registry": "a"}]})),
    ];
    let keys: &[&str] = &["awsECR", "awsWorkloadIdentity", "metrics", "rocket", "42"];
    let entries = prop::collection::vec((prop::sample::select(keys), entry), 0..4);
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(json!(null))),
        5 => entries.prop_map(|entries| {
            let map: Map<String, Value> = entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect();
            Some(Value::Object(map))
        }),
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        Just(Change::set(&["awsECR"], json!({}))),
        Just(Change::set(
            &["awsECR"],
            json!({"roleArn": "arn:aws:iam::999999999999:role/a"})
        )),
        Just(Change::set(
            &["awsECR", "roleArn"],
            json!("arn:aws:iam::999999999999:role/b,c")
        )),
        Just(Change::set(&["awsWorkloadIdentity"], json!({}))),
        Just(Change::set(
            &["metrics"],
            json!({"a": [1, {"b": ["yes", "x: y"], "c": {}}], "d": {"e": 012.5, "f": "1.0"}})
        )),
        Just(Change::set(
            &["metrics", "scrapeAnnotated", "retainLabels"],
            json!("^a$")
        )),
        Just(Change::remove(&["awsECR"])),
        Just(Change::remove(&["awsECR", "roleArn"])),
        Just(Change::remove(&["awsWorkloadIdentity"])),
        Just(Change::remove(&["rocket"])),
    ];
    prop::collection::vec(change, 1..4)
}

fn cluster(shape: &ManifestStyle, add_ons: Option<&Value>) -> Value {
    let mut spec = json!({
        "version": "1.33.5",
        "provider": {"aws": {
            "region": "eu-central-1",
            "script": "#!/bin/sh\naddOns: {}\n",
            "nodePools": [{"name": "a", "labels": {"x": "y"}}, {"name": "b"}],
        }},
        "firewall": [{"sourceCIDR": "0.0.0.0/0"}],
        "note": "two\nlines",
    });
    if let (Some(add_ons), Some(spec)) = (add_ons, spec.as_object_mut()) {
        let at = usize::try_from(shape.seed % 5).unwrap();
        spec.shift_insert(at, "addOns".to_owned(), add_ons.clone());
    }
    if shape.seed.is_multiple_of(3) {
        json!({"spec": spec, "kind": "mk8s", "name": "prod"})
    } else {
        json!({"kind": "mk8s", "name": "prod", "tags": {"addOns": "x"}, "spec": spec})
    }
}

/// Writes a value in the style of a shape.
struct StyleWriter<'a> {
    shape: &'a ManifestStyle,
    state: u64,
    lines: Vec<String>,
}

impl StyleWriter<'_> {
    /// One in `n`, in a way that the seed repeats.
    fn chance(&mut self, n: u64) -> bool {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33).is_multiple_of(n)
    }

    fn decorate(&mut self, indent: usize) {
        if self.shape.decorated && self.chance(4) {
            let deeper = if self.chance(4) { 3 } else { 0 };
            self.lines
                .push(format!("{:1$}# addOns: {{}} ?", "", indent + deeper));
        }
        if self.shape.decorated && self.chance(6) {
            self.lines.push(String::new());
        }
    }

    fn comment(&mut self) {
        if self.shape.decorated
            && self.chance(4)
            && let Some(line) = self.lines.last_mut()
        {
            line.push_str("   # note: {");
        }
    }

    fn key(&self, key: &str) -> String {
        if self.shape.quoted || key == "42" {
            format!("\"{key}\"")
        } else {
            key.to_owned()
        }
    }

    fn scalar(&mut self, value: &Value, in_flow: bool) -> String {
        match value {
            Value::String(text) => {
                let plain = !text.contains(['*', '^', '\n', '#', '{']) && text != "1.33.5";
                let plain = plain && (!in_flow || !text.contains([',', '[']));
                if plain && !self.chance(3) {
                    text.clone()
                } else if !text.contains('\n') && self.chance(2) {
                    format!("'{text}'")
                } else {
                    value.to_string()
                }
            }
            Value::Null => {
                let texts = ["null", "~", "Null"];
                texts[usize::from(self.chance(2)) + usize::from(self.chance(2))].to_owned()
            }
            other => other.to_string(),
        }
    }

    fn flow(&mut self, value: &Value) -> String {
        let pad = if self.chance(3) { " " } else { "" };
        match value {
            Value::Object(map) => {
                let parts: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.key(key), self.flow(value)))
                    .collect();
                let trailing = if !parts.is_empty() && self.chance(5) {
                    ","
                } else {
                    ""
                };
                format!("{{{pad}{}{trailing}{pad}}}", parts.join(", "))
            }
            Value::Array(list) => {
                let parts: Vec<String> = list.iter().map(|value| self.flow(value)).collect();
                format!("[{}]", parts.join(", "))
            }
            other => self.scalar(other, true),
        }
    }

    /// `key: {` and an entry a line.
    fn flow_lines(&mut self, head: &str, map: &Map<String, Value>, indent: usize) {
        self.lines.push(format!("{head} {{"));
        let trailing = self.chance(2);
        for (index, (key, value)) in map.iter().enumerate() {
            self.decorate(indent + 2);
            let last = index + 1 == map.len();
            let comma = if last && !trailing { "" } else { "," };
            let line = format!(
                "{:3$}{}: {}{comma}",
                "",
                self.key(key),
                self.flow(value),
                indent + 2
            );
            self.lines.push(line);
            self.comment();
        }
        self.lines.push(format!("{:indent$}}}", ""));
        self.comment();
    }

    fn map(&mut self, map: &Map<String, Value>, indent: usize) {
        for (key, value) in map {
            self.decorate(indent);
            let head = format!("{:indent$}{}:", "", self.key(key));
            match value {
                Value::Object(inner) if !inner.is_empty() => {
                    if self.shape.flow && self.chance(3) {
                        if self.chance(2) {
                            let text = self.flow(value);
                            self.lines.push(format!("{head} {text}"));
                            self.comment();
                        } else {
                            self.flow_lines(&head, inner, indent);
                        }
                    } else {
                        self.lines.push(head);
                        self.comment();
                        self.map(inner, indent + self.shape.step);
                    }
                }
                Value::Array(list) if !list.is_empty() => {
                    if self.shape.flow && self.chance(2) {
                        let text = self.flow(value);
                        self.lines.push(format!("{head} {text}"));
                    } else {
                        self.lines.push(head);
                        let step = if self.shape.indentless {
                            0
                        } else {
                            self.shape.step
                        };
                        self.list(list, indent + step);
                    }
                    self.comment();
                }
                Value::String(text) if text.contains('\n') && self.chance(2) => {
                    let signs = if text.ends_with('\n') {
                        ["", "+"]
                    } else {
                        ["-", "-"]
                    };
                    let sign = signs[usize::from(self.chance(2))];
                    self.lines.push(format!("{head} |{sign}"));
                    for line in text.lines() {
                        self.lines
                            .push(format!("{:1$}{line}", "", indent + self.shape.step));
                    }
                }
                Value::Null if self.chance(2) => {
                    self.lines.push(head);
                    self.comment();
                    if self.chance(3) {
                        self.lines
                            .push(format!("{:1$}# none yet", "", indent + self.shape.step));
                    }
                }
                Value::Object(_) | Value::Array(_) => {
                    self.lines.push(format!("{head} {value}"));
                    self.comment();
                }
                scalar => {
                    let text = self.scalar(scalar, false);
                    self.lines.push(format!("{head} {text}"));
                    self.comment();
                }
            }
        }
    }

    fn list(&mut self, list: &[Value], indent: usize) {
        for value in list {
            let first = self.lines.len();
            match value {
                Value::Object(map) if !map.is_empty() => {
                    let decorated = std::mem::take(&mut self.lines);
                    // The first line gets the dash, so nothing may stand before it.
                    let mut inner = StyleWriter {
                        shape: &ManifestStyle {
                            decorated: false,
                            ..self.shape.clone()
                        },
                        state: self.state,
                        lines: Vec::new(),
                    };
                    inner.map(map, indent + 2);
                    self.state = inner.state;
                    self.lines = decorated;
                    self.lines.append(&mut inner.lines);
                }
                other => {
                    let text = self.flow(other);
                    self.lines.push(format!("{:1$}{text}", "", indent + 2));
                }
            }
            self.lines[first].replace_range(indent..indent + 2, "- ");
        }
    }
}

fn write(shape: &ManifestStyle, cluster: &Value) -> String {
    let mut text = if shape.json {
        let pretty = if shape.flow {
            cluster.to_string()
        } else {
            serde_json::to_string_pretty(cluster).unwrap()
        };
        let tabs = shape.step == 5;
        if tabs {
            pretty.replace("  ", "\t")
        } else {
            pretty
        }
    } else {
        let mut writer = StyleWriter {
            shape,
            state: shape.seed,
            lines: Vec::new(),
        };
        if let Value::Object(map) = cluster {
            writer.map(map, 0);
        }
        writer.lines.join("\n")
    };
    if shape.final_newline {
        text.push('\n');
    }
    if shape.around && !shape.json {
        text = format!(
            "# head\nkind: secret\nx: 1\nx: 2\n---\n{text}{}---\nkind: other\na: &a [1]\nb: *a\n",
            if shape.final_newline { "" } else { "\n" }
        );
    } else if shape.marker && !shape.json {
        text.insert_str(0, "--- # one\n");
    }
    if shape.bom {
        text.insert(0, '\u{feff}');
    }
    text.replace('\n', shape.newline)
}

/// The result of changes to the one cluster of a text.
fn edited(text: &str, changes: &[Change]) -> (String, Value, Value) {
    let before = Manifest::parse("m", text.into()).unwrap();
    let cluster = before.clusters().next().unwrap();
    let edit = Edit {
        document: cluster.number,
        changes: changes.to_vec(),
    };
    let result = before.edit(&[edit]);
    let result = result.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let after = Manifest::parse("m", result.clone().into()).unwrap();
    let value = after.clusters().next().unwrap().value().clone();
    (result, cluster.value().clone(), value)
}

/// The cluster as another parser reads it.
fn witness(text: &str) -> Value {
    use serde::Deserialize as _;
    let text = text.trim_start_matches('\u{feff}');
    serde_yaml::Deserializer::from_str(text)
        .map(|document| {
            let value = serde_yaml::Value::deserialize(document);
            match value {
                Ok(value) => serde_json::to_value(value).unwrap(),
                // The document beside the cluster has duplicate keys.
                Err(error) => json!({"error": error.to_string()}),
            }
        })
        .find(|value| value["kind"] == "mk8s")
        .unwrap()
}

fn comments(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text
        .lines()
        .filter_map(|line| line.find("# ").map(|at| &line[at..]))
        .collect();
    found.sort_unstable();
    found
}

fn is_subsequence(less: &[&str], more: &[&str]) -> bool {
    let mut rest = more.iter();
    less.iter().all(|line| rest.any(|other| other == line))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_edit_means_what_was_asked(shape in shapes(), add_ons in add_ons(), changes in changes()) {
        let text = write(&shape, &cluster(&shape, add_ons.as_ref()));
        let (result, before, after) = edited(&text, &changes);
        let mut expected = before.clone();
        change::apply(&mut expected, &changes);
        prop_assert_eq!(&after, &expected, "{}\n->\n{}", text, result);
        // Another parser agrees.
        let mut seen = witness(&text);
        change::apply(&mut seen, &changes);
        prop_assert_eq!(witness(&result), seen, "{}\n->\n{}", text, result);
        // Once more changes nothing.
        let (again, ..) = edited(&result, &changes);
        prop_assert_eq!(&again, &result);
        if before == after {
            prop_assert_eq!(&result, &text);
        }
        // Line ends, byte-order mark and final newline stay.
        prop_assert_eq!(result.starts_with('\u{feff}'), shape.bom);
        // (A blank line before the last one may become the last.)
        let blank = text.contains("\n\n") || text.contains("\r\n\r\n");
        prop_assert!(result.ends_with('\n') == text.ends_with('\n') || blank);
        if shape.newline == "\r\n" {
            prop_assert_eq!(result.matches('\n').count(), result.matches("\r\n").count());
        } else {
            prop_assert!(!result.contains('\r'));
        }
    }

    #[test]
    fn adding_keeps_every_line_and_comment(shape in shapes(), add_ons in add_ons()) {
        let text = write(&shape, &cluster(&shape, add_ons.as_ref()));
        let change = Change::set(&["nodeLocalDns"], json!({}));
        let (result, ..) = edited(&text, std::slice::from_ref(&change));
        prop_assert_eq!(comments(&text), comments(&result), "{}\n->\n{}", text, result);
        let (old, new): (Vec<&str>, Vec<&str>) = (text.lines().collect(), result.lines().collect());
        // At most one line is another than before: that of `addOns:` or of its last entry.
        let differing = (0..=old.len()).find(|&skip| {
            let rest: Vec<&str> = old.iter().enumerate().filter(|&(at, _)| at != skip).map(|(_, line)| *line).collect();
            is_subsequence(&rest, &new)
        });
        prop_assert!(differing.is_some(), "{}\n->\n{}", text, result);
        prop_assert!(new.len() <= old.len() + 3);
    }

    #[test]
    fn disabling_after_enabling_restores_the_file(shape in shapes(), add_ons in add_ons(), role in any::<bool>()) {
        let text = write(&shape, &cluster(&shape, add_ons.as_ref()));
        let settings = if role { json!({"roleArn": "arn:aws:iam::999999999999:role/r"}) } else { json!({}) };
        let on = Change::set(&["nodeLocalDns"], settings);
        let (enabled, before, _) = edited(&text, &[on]);
        let others = before.pointer("/spec/addOns").and_then(Value::as_object).map_or(0, Map::len);
        let (restored, ..) = edited(&enabled, &[Change::remove(&["nodeLocalDns"])]);
        if others > 0 {
            prop_assert_eq!(restored, text);
        }
    }
}
