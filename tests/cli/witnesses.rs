//! Generated manifests, edited by the binary, as two other parsers read them: what was asked for is
//! there, and nothing else is different.
//!
//! Half of them are written in odd but valid styles; the other half is damaged afterwards, at
//! random. Then the edit may be refused, but what is edited has to be right all the same.

use crate::support::{Env, Reader, Trial, insist, read_yaml};
use fastrand::Rng;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

const ROLES: [&str; 2] = [
    "arn:aws:iam::999999999999:role/mk8s-ecr-driver",
    "arn:aws:iam::111122223333:role/path/a,b=c",
];

/// What `mk8s addon` is asked to do.
#[derive(Debug, Clone, Copy)]
struct Wish {
    addon: &'static str,
    key: &'static str,
    on: bool,
    role: Option<&'static str>,
}

impl Wish {
    fn any(chance: &mut Rng) -> Self {
        let (addon, key) = *pick(
            chance,
            &[
                ("aws-ecr", "awsECR"),
                ("aws-ecr", "awsECR"),
                ("metrics", "metrics"),
                ("dashboard", "dashboard"),
                ("aws-workload-identity", "awsWorkloadIdentity"),
            ],
        );
        let on = chance.u8(..3) > 0;
        let role = (on && key == "awsECR" && chance.bool()).then(|| *pick(chance, &ROLES));
        Self {
            addon,
            key,
            on,
            role,
        }
    }

    fn arguments(self, file: &str) -> Vec<&str> {
        let verb = if self.on { "enable" } else { "disable" };
        // `--force` goes past the rules, which are not what is tested.
        let mut arguments = vec!["addon", verb, self.addon, "--force", "-f", file];
        if let Some(role) = self.role {
            arguments.extend(["--role-arn", role]);
        }
        arguments
    }

    /// The documents as they are to be read afterwards.
    fn fulfil(self, documents: &mut Value) {
        each_cluster(documents, &mut |cluster| {
            let Some(spec) = cluster.get_mut("spec").and_then(Value::as_object_mut) else {
                return;
            };
            let mut add_ons = match spec.shift_remove("addOns") {
                Some(Value::Object(map)) => map,
                // Nothing is on in there.
                Some(other) if !self.on => {
                    spec.insert("addOns".to_owned(), other);
                    return;
                }
                _ => Map::new(),
            };
            if self.on {
                let entry = add_ons.entry(self.key).or_insert(Value::Null);
                if entry.is_null() {
                    *entry = json!({});
                }
                if let Some(role) = self.role {
                    entry["roleArn"] = json!(role);
                }
            } else {
                add_ons.remove(self.key);
            }
            spec.insert("addOns".to_owned(), Value::Object(add_ons));
        });
    }
}

/// Every cluster in the documents that a reader gives, lists spread out.
fn each_cluster(value: &mut Value, work: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Array(items) => {
            for item in items {
                each_cluster(item, work);
            }
        }
        Value::Object(map) => match map.get("kind").and_then(Value::as_str) {
            Some("mk8s") => work(value),
            Some("list" | "queryresult") => {
                if let Some(items @ Value::Array(_)) = value.get_mut("items") {
                    each_cluster(items, work);
                }
            }
            _ => {}
        },
        _ => {}
    }
}

/// Without what means the same as nothing: an add-on that is `null`, and add-ons that are empty.
fn normal(mut documents: Value) -> Value {
    each_cluster(&mut documents, &mut |cluster| {
        let Some(spec) = cluster.get_mut("spec").and_then(Value::as_object_mut) else {
            return;
        };
        let rest = match spec.shift_remove("addOns") {
            Some(Value::Object(mut map)) => {
                map.retain(|_, value| !value.is_null());
                Value::Object(map)
            }
            None | Some(Value::Null) => json!({}),
            Some(other) => other,
        };
        spec.insert("addOns".to_owned(), rest);
    });
    documents
}

fn pick<'a, T>(chance: &mut Rng, choices: &'a [T]) -> &'a T {
    &choices[chance.usize(..choices.len())]
}

/// Writes manifests in one style that the chance decides, entry by entry where nothing else holds.
struct Writer<'a> {
    chance: &'a mut Rng,
    step: usize,
    indentless: bool,
    quoted: bool,
    comments: bool,
    /// `PyYAML` takes no tab before a comment.
    tabs: bool,
    anchors: usize,
    text: String,
}

const TEXTS: [&str; 22] = [
    "eu-central-1",
    "1.33.5",
    "arn:aws:iam::111122223333:role/cpln",
    "",
    "yes",
    "null",
    "~",
    "012",
    "2024-01-01",
    "a: b",
    "a #b",
    "#a",
    "it's",
    "say \"so\"",
    "addOns: {awsECR: {}}",
    "two\nlines",
    "addOns:\n  awsECR: {}\n",
    "  led by spaces",
    "trailing ",
    "ümläut ☺ 🚀",
    "back\\slash",
    "-",
];

impl Writer<'_> {
    fn one_in(&mut self, n: u32) -> bool {
        self.chance.u32(..n) == 0
    }

    fn key(&mut self, key: &str) -> String {
        if self.quoted || self.one_in(12) {
            let quote = *pick(self.chance, &['"', '\'']);
            format!("{quote}{key}{quote}")
        } else {
            key.to_owned()
        }
    }

    /// The end of a line, perhaps with a comment.
    fn end(&mut self) {
        if self.comments && self.one_in(5) {
            let gap = *pick(self.chance, &[" ", "  ", "      "]);
            let gap = if self.tabs { "\t" } else { gap };
            let words = *pick(
                self.chance,
                &[
                    "# note",
                    "#",
                    "# addOns: {}",
                    "# awsECR: {}  ",
                    "# '\"{[&*",
                    "# -",
                ],
            );
            self.text.push_str(gap);
            self.text.push_str(words);
        } else if self.one_in(15) {
            let blank = if self.tabs { "\t" } else { "  " };
            self.text.push_str(blank);
        }
        self.text.push('\n');
        while self.comments && self.one_in(8) {
            let indent = self.chance.usize(..9);
            let line = *pick(self.chance, &["# awsECR: {}", "# - x", "#", "", "#addOns:"]);
            if line.is_empty() {
                self.text.push('\n');
            } else {
                let _ = writeln!(self.text, "{:indent$}{line}", "");
            }
        }
    }

    /// A text on one line.
    fn scalar(&mut self, text: &str, in_flow: bool) -> String {
        let special = "-?:,[]{}#&*!|>'\"%@`~=<";
        let plain = !text.is_empty()
            && text.trim() == text
            && !text.contains(['\n', '#', '\\', '"'])
            && !text.contains(": ")
            && !text.ends_with(':')
            && !text.starts_with(|c| special.contains(c))
            && !(in_flow && text.contains([',', '[', ']', '{', '}', ':']));
        match self.chance.u8(..4) {
            0 | 1 if plain => text.to_owned(),
            2 if !text.contains('\n') => format!("'{}'", text.replace('\'', "''")),
            _ => json!(text).to_string(),
        }
    }

    fn flow(&mut self, value: &Value) -> String {
        let pad = if self.one_in(2) { "" } else { " " };
        let colon = if self.one_in(9) { " : " } else { ": " };
        let comma = *pick(self.chance, &[", ", ",", " , ", ",  "]);
        match value {
            Value::Object(map) => {
                let parts: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{}{colon}{}", self.key(key), self.flow(value)))
                    .collect();
                let tail = if !parts.is_empty() && self.one_in(6) {
                    ","
                } else {
                    ""
                };
                format!("{{{pad}{}{tail}{pad}}}", parts.join(comma))
            }
            Value::Array(items) => {
                let parts: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{pad}{}{pad}]", parts.join(comma))
            }
            Value::String(text) => self.scalar(text, true),
            other => other.to_string(),
        }
    }

    /// What stands behind a key or a dash: on the same line, or below with that indentation.
    fn value(&mut self, value: &Value, indent: usize, in_list: bool) {
        if !in_list && self.one_in(25) {
            self.anchors += 1;
            let _ = write!(self.text, " &a{}", self.anchors);
        } else if !in_list && self.anchors > 0 && self.one_in(40) {
            let _ = write!(self.text, " *a{}", 1 + self.chance.usize(..self.anchors));
            self.end();
            return;
        }
        match value {
            Value::Object(map) if !map.is_empty() => {
                if self.one_in(7) {
                    self.flow_value(value, indent);
                } else if in_list {
                    self.text.push(' ');
                    self.map(map, indent + 2, true);
                } else {
                    self.end();
                    self.map(map, indent + self.step, false);
                }
            }
            Value::Array(items) if !items.is_empty() && !in_list => {
                if self.one_in(5) {
                    self.flow_value(value, indent);
                    return;
                }
                let indent = if self.indentless {
                    indent
                } else {
                    indent + self.step
                };
                self.end();
                for item in items {
                    let _ = write!(self.text, "{:indent$}-", "");
                    self.value(item, indent, true);
                }
            }
            Value::String(text) if text.contains('\n') && self.one_in(2) => {
                self.block_scalar(text, indent);
            }
            Value::String(text) => {
                let text = self.scalar(text, false);
                let _ = write!(self.text, " {text}");
                self.end();
            }
            Value::Null => {
                let text = *pick(self.chance, &["", " null", " ~", " NULL", " {}"]);
                self.text.push_str(if in_list { " null" } else { text });
                self.end();
            }
            other => {
                let text = self.flow(other);
                let _ = write!(self.text, " {text}");
                self.end();
            }
        }
    }

    fn block_scalar(&mut self, text: &str, indent: usize) {
        let chomp = if text.ends_with('\n') {
            *pick(self.chance, &["", "+"])
        } else {
            "-"
        };
        let _ = writeln!(self.text, " |{chomp}");
        for line in text.lines() {
            let _ = writeln!(self.text, "{:1$}{line}", "", indent + self.step);
        }
    }

    fn flow_value(&mut self, value: &Value, indent: usize) {
        let mut text = self.flow(value);
        if self.one_in(3) && !text.contains('"') && !text.contains('\'') {
            // Over several lines, deeper than the key.
            let gap = format!(",\n{:1$}", "", indent + self.step + 1);
            text = text.replacen(',', &gap, 3);
        }
        let _ = write!(self.text, " {text}");
        self.end();
    }

    fn map(&mut self, map: &Map<String, Value>, indent: usize, mut started: bool) {
        for (key, value) in map {
            if !started {
                let _ = write!(self.text, "{:indent$}", "");
            }
            started = false;
            let key = self.key(key);
            let _ = write!(self.text, "{key}:");
            self.value(value, indent, false);
        }
    }
}

fn text(chance: &mut Rng) -> Value {
    json!(*pick(chance, &TEXTS))
}

/// A map with its entries in any order.
fn shuffled(chance: &mut Rng, mut entries: Vec<(&str, Value)>) -> Value {
    if chance.u8(..3) == 0 {
        chance.shuffle(&mut entries);
    }
    let entries = entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    Value::Object(entries.collect())
}

fn cluster(chance: &mut Rng, number: usize) -> Value {
    let entry = |chance: &mut Rng| match chance.u8(..6) {
        0 => json!({"roleArn": "arn:aws:iam::111122223333:role/x"}),
        1 => json!({"kubeState": true, "scrapeAnnotated": {"intervalSeconds": 30}}),
        2 => json!({"list": [{"a": 1}, "b"], "deep": {"er": {"est": text(chance)}}}),
        3 => json!(null),
        _ => json!({}),
    };
    let mut add_ons = Vec::new();
    for key in [
        "awsECR",
        "awsWorkloadIdentity",
        "metrics",
        "rocket",
        "dashboard",
    ] {
        if chance.u8(..5) < 2 {
            add_ons.push((key, entry(chance)));
        }
    }
    let add_ons = shuffled(chance, add_ons);
    let provider = json!({"aws": {
        "region": text(chance), "deployRoleArn": TEXTS[2],
        "nodePools": [{"name": "a", "labels": {"x": text(chance)}}, {"name": "b", "taints": [text(chance)]}],
    }});
    let mut spec = vec![("version", text(chance)), ("provider", provider)];
    if chance.u8(..4) > 0 {
        spec.push((
            "firewall",
            json!([{"sourceCIDR": "0.0.0.0/0", "description": text(chance)}]),
        ));
    }
    if chance.u8(..5) > 0 {
        spec.push(("addOns", add_ons));
    }
    let spec = shuffled(chance, spec);
    let mut entries = vec![
        ("kind", json!("mk8s")),
        ("name", json!(format!("c{number}"))),
    ];
    if chance.bool() {
        entries.push(("description", text(chance)));
    }
    if chance.bool() {
        entries.push((
            "tags",
            json!({"addOns": text(chance), "spec": text(chance)}),
        ));
    }
    entries.push(("spec", spec));
    shuffled(chance, entries)
}

/// A manifest in some style.
fn manifest(chance: &mut Rng) -> String {
    let documents = 1 + chance.usize(..4) / 2;
    let mut all = Vec::new();
    for number in 0..documents {
        let document = match chance.u8(..12) {
            0 if number > 0 => {
                json!({"kind": "gvc", "name": "g", "spec": {"addOns": {"awsECR": {}}}, "note": text(chance)})
            }
            1 => json!({"kind": "list", "items": [cluster(chance, 7), cluster(chance, 8)]}),
            2 => json!([cluster(chance, 5), cluster(chance, 6)]),
            _ => cluster(chance, number),
        };
        all.push(document);
    }
    if documents == 1 && chance.u8(..10) == 0 {
        return match chance.u8(..3) {
            0 => all[0].to_string(),
            1 => format!("{:#}", all[0]),
            _ => format!("{:#}\n", all[0]).replace("  ", "\t"),
        };
    }
    let mut writer = Writer {
        step: 1 + chance.usize(..5),
        indentless: chance.bool(),
        quoted: chance.u8(..8) == 0,
        comments: chance.u8(..4) > 0,
        tabs: chance.u8(..10) == 0,
        chance,
        anchors: 0,
        text: String::new(),
    };
    if writer.one_in(12) {
        writer.text.push('\u{feff}');
    }
    if writer.one_in(20) {
        writer.text.push_str("%YAML 1.2\n");
        writer.text.push_str("---\n");
    }
    for (number, document) in all.iter().enumerate() {
        // An anchor is known in its own document only.
        writer.anchors = 0;
        if number > 0 || writer.one_in(4) {
            let ends = number > 0 && writer.one_in(6);
            writer.text.push_str(if ends { "...\n---" } else { "---" });
            writer.end();
        }
        match document {
            Value::Object(map) if !writer.one_in(15) => writer.map(map, 0, false),
            Value::Array(items) => {
                for item in items {
                    writer.text.push('-');
                    writer.value(item, 0, true);
                }
            }
            other => {
                let text = writer.flow(other);
                writer.text.push_str(&text);
                writer.end();
            }
        }
    }
    let chance = writer.chance;
    let mut text = writer.text;
    match chance.u8(..10) {
        0 | 1 => text = text.replace('\n', "\r\n"),
        2 => text.truncate(text.trim_end().len()),
        3 => text.push_str("\n\n"),
        _ => {}
    }
    text
}

/// Damages a text a little.
fn damaged(chance: &mut Rng, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=chance.usize(..3) {
        let at = chance.usize(..=characters.len());
        let signs: Vec<char> = "::{}[],,##&*!|>'\"%@\t\t  -?~\n\n\r<=\\0aé\u{85}\u{2028}"
            .chars()
            .collect();
        match chance.u8(..6) {
            0 | 1 => characters.insert(at, *pick(chance, &signs)),
            2 if at < characters.len() => {
                characters.remove(at);
            }
            3 if at < characters.len() => characters[at] = *pick(chance, &signs),
            4 => {
                // A line again, or moved.
                let text: String = characters.iter().collect();
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                let line = lines[chance.usize(..lines.len())];
                lines.insert(chance.usize(..=lines.len()), line);
                characters = lines.concat().chars().collect();
            }
            _ => {
                // A line deeper or shallower.
                let starts: Vec<usize> = (0..characters.len())
                    .filter(|&at| at == 0 || characters[at - 1] == '\n')
                    .collect();
                if starts.is_empty() {
                    continue;
                }
                let at = *pick(chance, &starts);
                if chance.bool() || characters[at] != ' ' {
                    characters.insert(at, ' ');
                } else {
                    characters.remove(at);
                }
            }
        }
    }
    characters.into_iter().collect()
}

/// A manifest before and after an edit that was carried out.
struct Edited {
    number: usize,
    wish: Wish,
    before: String,
    after: String,
}

/// Edits one; `None` when it was refused.
fn edit(env: &Env, number: usize, wish: Wish, before: &str) -> Result<Option<Edited>, String> {
    let file = format!("{number}.yaml");
    env.write(&file, before);
    let run = env.mk8s(&wish.arguments(&file)).run();
    let after = env.text(&file);
    if run.code != 0 {
        insist!(matches!(run.code, 3 | 6), "{run}");
        insist!(after == before, "it was refused and changed\n{run}");
        std::fs::remove_file(env.path(&file)).unwrap();
        return Ok(None);
    }
    let again = env.mk8s(&wish.arguments(&file)).run();
    insist!(
        again.code == 0 && env.text(&file) == after,
        "a second run changes it or fails\n{again}\n--- after\n{after}"
    );
    std::fs::remove_file(env.path(&file)).unwrap();
    Ok(Some(Edited {
        number,
        wish,
        before: before.to_owned(),
        after,
    }))
}

/// Whether the add-on was switched on in every cluster, beside another that was there.
fn was_added(edited: &Edited, before: &Value) -> bool {
    let mut before = before.clone();
    let mut all = edited.wish.on && edited.after != edited.before;
    each_cluster(&mut before, &mut |cluster| {
        let add_ons = cluster["spec"]["addOns"].as_object();
        let beside = |map: &Map<String, Value>| {
            !map.contains_key(edited.wish.key) && map.values().any(|value| !value.is_null())
        };
        all &= add_ons.is_some_and(beside);
    });
    all
}

/// Switching off what was switched on gives the bytes back.
fn back(env: &Env, edited: &Edited) -> Result<(), String> {
    let file = format!("back-{}.yaml", edited.number);
    env.write(&file, &edited.after);
    let wish = Wish {
        on: false,
        role: None,
        ..edited.wish
    };
    let run = env.mk8s(&wish.arguments(&file)).run();
    insist!(run.code == 0, "{run}");
    let after = env.text(&file);
    insist!(
        after == edited.before,
        "other bytes come back\n--- before\n{}--- after\n{after}---",
        edited.before
    );
    std::fs::remove_file(env.path(&file)).unwrap();
    Ok(())
}

/// What one reader says of an edit; whether it could say anything.
fn judge(
    edited: &Edited,
    before: Result<Value, String>,
    after: Result<Value, String>,
) -> Result<bool, String> {
    let Ok(mut wished) = before else {
        return Ok(false);
    };
    let after = after.map_err(|error| format!("it cannot be read any more: {error}"))?;
    edited.wish.fulfil(&mut wished);
    let (wished, after) = (normal(wished), normal(after));
    insist!(after == wished, "wished {wished}\n   got {after}");
    Ok(true)
}

#[test]
fn two_other_parsers_see_the_wish_fulfilled_and_nothing_else_changed() {
    let trial = Trial::begin("witnesses::edits");
    let env = Env::new();
    let total = trial.scale(600, 40_000);
    let batch = 200;
    let (mut carried_out, mut refused, mut judged) = (0, 0, 0);
    for start in (0..total).step_by(batch) {
        let numbers: Vec<usize> = (start..total.min(start + batch)).collect();
        let done = std::sync::Mutex::new(Vec::new());
        let words = |number: usize| {
            let mut chance = trial.chance(number);
            let wish = Wish::any(&mut chance);
            let mut text = manifest(&mut chance);
            if number % 2 == 1 {
                text = damaged(&mut chance, &text);
            }
            (wish, text)
        };
        trial.each(
            &numbers,
            3,
            |&number| {
                let (wish, text) = words(number);
                format!("case {number}: {wish:?}\n--- before\n{text}---")
            },
            |&number| {
                let (wish, text) = words(number);
                let edited = edit(&env, number, wish, &text)?;
                insist!(
                    edited.is_some()
                        || number % 2 == 1
                        || text.contains('*')
                        || text.contains('&')
                        || text.contains('\t')
                        || text.contains("%YAML"),
                    "a valid one was refused"
                );
                done.lock().unwrap().push(edited);
                Ok(())
            },
        );
        let all = done.into_inner().unwrap();
        refused += all.iter().filter(|edited| edited.is_none()).count();
        let all: Vec<Edited> = all.into_iter().flatten().collect();
        carried_out += all.len();
        let texts =
            |side: fn(&Edited) -> &String| all.iter().map(side).cloned().collect::<Vec<_>>();
        let (before, after) = (
            texts(|edited| &edited.before),
            texts(|edited| &edited.after),
        );
        for reader in [Reader::JsYaml, Reader::PyYaml] {
            let (before, after) = (read_yaml(reader, &before), read_yaml(reader, &after));
            if matches!(reader, Reader::JsYaml) {
                let added: Vec<&Edited> = all
                    .iter()
                    .zip(&before)
                    .filter(|(edited, before)| {
                        edited.number % 2 == 0
                            && before
                                .as_ref()
                                .is_ok_and(|before| was_added(edited, before))
                    })
                    .map(|(edited, _)| edited)
                    .collect();
                trial.each(
                    &added,
                    3,
                    |edited| format!("case {} and back: {:?}", edited.number, edited.wish),
                    |edited| back(&env, edited),
                );
            }
            for ((edited, before), after) in all.iter().zip(before).zip(after) {
                match judge(edited, before, after) {
                    Ok(did) => judged += usize::from(did),
                    Err(reason) => trial.count(
                        &format!(
                            "case {} as {reader:?} reads it: {:?}",
                            edited.number, edited.wish
                        ),
                        Err(format!(
                            "{reason}\n--- before\n{}--- after\n{}---",
                            edited.before, edited.after
                        )),
                    ),
                }
            }
        }
    }
    eprintln!("{carried_out} edits carried out, {refused} refused, {judged} judgements");
    trial.end();
    // Otherwise it would be easy to have none of them wrong.
    assert!(
        carried_out * 2 > total,
        "only {carried_out} of {total} were carried out"
    );
    assert!(judged * 10 > carried_out * 15, "only {judged} judgements");
}
