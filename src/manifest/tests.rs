//! Byte-exact edits: every case of `tests/fixtures/edits` and every sample manifest.

use super::*;
use crate::addon;
use crate::change::Change;
use crate::invocation::Hint;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder)
}

/// The changes that a command makes to a cluster, as far as the cases need it.
fn changes(words: &str, cluster: &Value) -> Vec<Change> {
    let mut words = words.split_whitespace();
    let verb = words.next().unwrap();
    let addon = addon::by_word(words.next().unwrap()).unwrap();
    let flags: Vec<&str> = words.collect();
    let has = |flag: &str| flags.contains(&flag);
    let on = |key: &str| {
        cluster
            .pointer(&format!("/spec/addOns/{key}"))
            .is_some_and(Value::is_object)
    };
    let mut changes = Vec::new();
    if verb == "disable" {
        if has("--with-dependants") {
            for other in addon.dependants().filter(|other| on(other.key)) {
                changes.push(Change::remove(&[other.key]));
            }
        }
        // `null` is off already.
        if !cluster["spec"]["addOns"][addon.key].is_null() {
            changes.push(Change::remove(&[addon.key]));
        }
        return changes;
    }
    assert_eq!(verb, "enable");
    for key in addon.needs.iter().filter(|key| !on(key)) {
        assert!(has("--with-prerequisites"), "{key} is off");
        changes.push(Change::set(&[key], json!({})));
    }
    let role = flags
        .iter()
        .position(|&flag| flag == "--role-arn")
        .map(|at| flags[at + 1]);
    match role {
        Some(role) if on(addon.key) => {
            changes.push(Change::set(&[addon.key, "roleArn"], json!(role)));
        }
        Some(role) => changes.push(Change::set(&[addon.key], json!({"roleArn": role}))),
        None if !on(addon.key) => changes.push(Change::set(&[addon.key], json!({}))),
        None if has("--no-role-arn") => changes.push(Change::remove(&[addon.key, "roleArn"])),
        None => {}
    }
    changes
}

fn run(label: &str, input: Vec<u8>, words: &str) -> Result<String> {
    let manifest = Manifest::parse(label, input)?;
    if words.contains("--keep-comments") {
        let numbers: Vec<usize> = manifest.clusters().map(|cluster| cluster.number).collect();
        let edited = manifest.edit_planned(&numbers, Comments::Stay, |reading| {
            Ok(((), changes(words, &reading.value())))
        });
        return edited
            .map(|edited| edited.text)
            .map_err(|mut errors| errors.remove(0));
    }
    let edits: Vec<Edit> = manifest
        .clusters()
        .map(|cluster| Edit {
            document: cluster.number,
            changes: changes(words, &cluster.value()),
        })
        .collect();
    manifest.edit(&edits)
}

/// Everything that a person would read of an error.
fn shown(error: &Error) -> String {
    let mut parts = vec![error.message.clone()];
    parts.extend(error.excerpt.clone());
    parts.extend(error.because.clone());
    parts.extend(error.hints.iter().map(Hint::bare));
    parts.join("\n")
}

#[test]
fn every_case_is_edited_byte_for_byte() {
    let folder = fixtures("edits");
    let mut count = 0;
    let mut failures = Vec::new();
    let mut names: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cmd"))
        .collect();
    names.sort();
    for cmd in names {
        count += 1;
        let name = cmd.file_stem().unwrap().to_str().unwrap();
        let words = fs::read_to_string(&cmd).unwrap();
        let (input, output) = ["yaml", "json"]
            .map(|extension| {
                let file = |part| folder.join(format!("{name}.{part}.{extension}"));
                (file("in"), file("out"))
            })
            .into_iter()
            .find(|(input, _)| input.exists())
            .unwrap();
        let result = run(name, fs::read(&input).unwrap(), words.trim());
        let refused = folder.join(format!("{name}.refused"));
        if refused.exists() {
            let expected = fs::read_to_string(&refused).unwrap();
            let (place, phrases) = expected.trim_end().split_once('\n').unwrap();
            match result {
                Ok(_) => failures.push(format!("{name}: not refused")),
                Err(error) => {
                    let text = shown(&error);
                    let fits = error.kind == crate::error::Kind::Refused
                        && error.message.starts_with(&format!("{name}:{place} "))
                        && phrases.lines().all(|phrase| text.contains(phrase));
                    if !fits {
                        failures.push(format!("{name}: refused otherwise:\n{text}"));
                    }
                }
            }
            continue;
        }
        let expected = fs::read(&output).unwrap();
        match result {
            Ok(text) if text.as_bytes() == expected => {}
            Ok(text) => {
                let expected = String::from_utf8_lossy(&expected);
                failures.push(format!("{name}:\n{}", diff(name, &expected, &text)));
            }
            Err(error) => failures.push(format!("{name}: {}", shown(&error))),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count >= 80, "only {count} cases");
}

#[test]
fn enabling_in_a_sample_only_adds_or_changes_its_lines() {
    let words = "enable aws-ecr --with-prerequisites --role-arn arn:aws:iam::999999999999:role/x";
    let mut count = 0;
    for entry in fs::read_dir(fixtures("manifests")).unwrap() {
        let path = entry.unwrap().path();
        let manifest = read(&path, None).unwrap();
        let text = run("sample", manifest.text().into(), words).unwrap();
        let gone = similar::TextDiff::from_lines(manifest.text(), &text)
            .iter_all_changes()
            .filter(|change| change.tag() == similar::ChangeTag::Delete)
            .count();
        let name = path.file_name().unwrap().to_str().unwrap();
        // A line changes where a value on it does.
        let changed = match name {
            "aws-production.yaml" | "ephemeral-ci.yaml" | "hetzner.yaml" => 1,
            _ => 0,
        };
        assert_eq!(
            gone,
            changed,
            "{name}\n{}",
            diff(name, manifest.text(), &text)
        );
        assert_eq!(
            run("sample", text.clone().into(), words).unwrap(),
            text,
            "{name}"
        );
        count += 1;
    }
    assert_eq!(count, 9);
}

#[test]
fn every_refusal_of_every_document_is_reported() {
    let text = "kind: mk8s\nspec: {addOns: all}\n---\nkind: mk8s\nspec: {}\n---\nkind: mk8s\n";
    let error = run("fleet.yaml", text.into(), "enable headlamp").unwrap_err();
    let messages: Vec<&str> = std::iter::once(&error)
        .chain(&error.others)
        .map(|error| error.message.split(' ').next().unwrap())
        .collect();
    assert_eq!(messages, ["fleet.yaml:2:16", "fleet.yaml:7:1"]);
}

#[test]
fn an_edit_without_changes_checks_the_document() {
    let manifest = |text: &str| Manifest::parse(STDIN, text.into()).unwrap();
    let check = Edit {
        document: 1,
        changes: Vec::new(),
    };
    let text = "kind: mk8s\nspec: {addOns: {headlamp: true}}\n";
    let good = manifest(text);
    assert_eq!(good.edit(std::slice::from_ref(&check)).unwrap(), text);
    let already = |change| {
        let edit = Edit {
            document: 1,
            changes: vec![change],
        };
        good.edit(&[edit])
    };
    assert_eq!(already(Change::remove(&["awsECR"])).unwrap(), text);
    let error = already(Change::set(&["headlamp"], json!(true))).unwrap_err();
    assert!(error.message.ends_with("; nothing was written"), "{error}");
    let twice = manifest("kind: mk8s\nkind: mk8s\n");
    assert!(twice.edit(&[check]).is_err());
    let missing = Edit {
        document: 2,
        changes: Vec::new(),
    };
    let error = good.edit(&[missing]).unwrap_err();
    assert_eq!(error.kind, crate::error::Kind::NotFound);
}

#[test]
fn what_is_not_text_is_refused_with_its_place() {
    for (bytes, place, because) in [
        (&b"\xff\xfea\0"[..], "1:1", "UTF-16"),
        (b"a: b\nc: \xe4\n", "2:4", "0xE4"),
        (b"a: b\nc: \x1b[2J\n", "2:4", "U+001B"),
        ("a: \u{9b}2J\n".as_bytes(), "1:4", "U+009B"),
        ("\u{feff}a: [\n".as_bytes(), "1:4", "never closed"),
        ("---\n\u{feff}a: 1\n".as_bytes(), "2:1", "byte-order mark"),
        (
            "  # x\n \u{feff}a: 1\n".as_bytes(),
            "2:2",
            "byte-order mark",
        ),
    ] {
        let error = Manifest::parse("m.yaml", bytes.to_vec()).unwrap_err();
        let start = format!("m.yaml:{place} has a syntax error");
        assert_eq!(error.message, start, "{error:?}");
        assert!(error.because[0].contains(because), "{error:?}");
    }
}

#[test]
fn documents_are_found_in_streams_lists_and_behind_aliases() {
    let text = "# nothing\n---\n- kind: mk8s\n  name: a\n- kind: gvc\n  name: 12\n---\n\
                kind: list\nitems:\n  - kind: queryresult\n    items: [{kind: mk8s, name: b}]\n---\n\
                x: &k mk8s\nkind: *k\nname: c\n---\n- 1\n";
    let manifest = Manifest::parse("m", text.into()).unwrap();
    let found: Vec<_> = manifest
        .documents()
        .iter()
        .map(|document| {
            let name = document.name.as_deref().unwrap_or("-");
            (document.number, document.line, document.is_cluster(), name)
        })
        .collect();
    assert_eq!(
        found,
        [
            (1, 3, true, "a"),
            (2, 5, false, "12"),
            (3, 11, true, "b"),
            (4, 13, true, "c"),
            (5, 17, false, "-"),
        ]
    );
    assert_eq!(manifest.clusters().count(), 3);
}

#[test]
fn warnings_have_their_place_in_the_file() {
    let text = "kind: secret\n---\nkind: mk8s\ntags:\n  account: 012345678901\n";
    let manifest = Manifest::parse("m", text.into()).unwrap();
    let (found, _) = manifest.documents()[1].warnings();
    assert_eq!((found[0].line, found[0].column), (5, 12));
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("12345678901"), "{found:?}");
}

#[test]
fn a_fleet_is_edited_on_all_cores_and_in_order() {
    let one = |number: usize| {
        format!(
            "kind: mk8s\nname: c{number}\nspec:\n  provider: {{aws: {{}}}}\n  addOns:\n    a: {{}}\n"
        )
    };
    let documents: Vec<String> = (0..700).map(one).collect();
    let text = documents.join("---\n");
    let result = run("fleet", text.clone().into(), "enable headlamp").unwrap();
    assert_eq!(
        result,
        text.replace("    a: {}\n", "    a: {}\n    headlamp: {}\n")
    );
    let list =
        serde_json::to_string_pretty(&vec![json!({"kind": "mk8s", "spec": {"addOns": {}}}); 700]);
    let list = list.unwrap();
    let result = run("fleet", list.clone().into(), "enable headlamp").unwrap();
    let filled = "\"addOns\": {\n        \"headlamp\": {}\n      }";
    assert_eq!(result, list.replace("\"addOns\": {}", filled));
}

/// Such a text keeps no trees: everything comes out as it does for each document by itself.
#[test]
fn a_long_text_is_edited_as_its_documents_are() {
    let alias = "kind: mk8s\nname: &n linked\ntags: {a: *n}\nspec:\n  provider: {aws: {}}\n";
    let mut samples: Vec<String> = fs::read_dir(fixtures("manifests"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    samples.sort();
    samples.push(alias.to_owned());
    let samples: Vec<String> = samples
        .iter()
        .map(|text| format!("---\n{}\n", text.trim_start_matches("---\n").trim_end()))
        .collect();
    let rounds = KEPT / samples.concat().len() + 1;
    let text = samples.concat().repeat(rounds);
    assert!(text.len() > KEPT);
    let edited: Vec<String> = samples
        .iter()
        .map(|text| run("one", text.clone().into(), "enable nvidia").unwrap())
        .collect();
    let manifest = Manifest::parse("all", text.clone().into()).unwrap();
    assert!(manifest.pieces.iter().all(|piece| piece.tree.is_none()));
    for (document, text) in manifest.documents().iter().zip(samples.iter().cycle()) {
        let alone = Manifest::parse("one", text.clone().into()).unwrap();
        assert_eq!(document.value(), alone.documents()[0].value());
        assert_eq!(document.name, alone.documents()[0].name);
    }
    let result = run("all", text.clone().into(), "enable nvidia").unwrap();
    assert!(
        result == edited.concat().repeat(rounds),
        "not the same text"
    );

    let place = format!("all:{}:", text.lines().count() + 3);
    let broken = text + "---\nkind: mk8s\nspec: {addOns: {nvidia: true}}\n";
    let error = run("all", broken.into(), "enable nvidia").unwrap_err();
    assert_eq!(error.kind, crate::error::Kind::Refused);
    assert!(error.message.starts_with(&place), "{error}");
}

#[test]
fn a_tag_goes_with_the_value_that_it_was_for() {
    let text = |value: &str| {
        format!("kind: mk8s\nname: c\nspec:\n  addOns:\n    a:\n      x: {value} # c\n      y: 1\n")
    };
    for (before, after) in [
        ("!Ref Role", "new"),
        ("!vault |\n        abc", "new"),
        ("&r !Sub ${x}", "&r new"),
        ("!Sub &r ${x}", "&r new"),
        ("!!float 1.5", "new"),
        ("!<tag:yaml.org,2002:bool> true", "new"),
        (
            "!<tag:yaml.org,2002:str> old",
            "!<tag:yaml.org,2002:str> new",
        ),
        ("! old", "! new"),
    ] {
        let edit = Edit {
            document: 1,
            changes: vec![Change::set(&["a", "x"], json!("new"))],
        };
        let before = text(before).replace("abc # c", "abc");
        let manifest = Manifest::parse("m", before.clone().into()).unwrap();
        let result = manifest
            .edit(&[edit])
            .unwrap_or_else(|error| panic!("{}", shown(&error)));
        let found = result.replace(" # c", "");
        assert_eq!(found, text(after).replace(" # c", ""), "{before}");
    }
    // What is in a mapping with such a tag is not changed.
    let edit = Edit {
        document: 1,
        changes: vec![Change::set(&["a", "x"], json!("new"))],
    };
    for tag in ["!Ref", "!!omap"] {
        let text = text("1").replace("a:\n", &format!("a: {tag}\n"));
        let manifest = Manifest::parse("m", text.into()).unwrap();
        let refusal = shown(&manifest.edit(std::slice::from_ref(&edit)).unwrap_err());
        assert!(
            refusal.contains(&format!("has the tag `{tag}`")),
            "{refusal}"
        );
    }
}
