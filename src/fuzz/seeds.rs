//! Inputs to begin with, and what is made of them: real manifests, policies and answers, damaged in
//! the ways in which people and machines damage them.

use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What is put in: what means something in one of the forms, or looks like it.
const WORDS: [&str; 60] = [
    ":",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "#",
    " # x",
    "&a ",
    "*a",
    "!!str ",
    "|",
    ">-",
    "'",
    "\"",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "  ",
    "---\n",
    "...\n",
    "<<: ",
    "? ",
    "~",
    "null",
    "\\u0000",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{202e}",
    "\0",
    "\u{1b}[2J",
    "addOns:",
    "awsECR:",
    "headlamp: {}",
    "headlamp:",
    "spec:",
    "kind: mk8s",
    "  addOns: {}\n",
    "{}",
    "é",
    "🚀",
    "\\",
    "/",
    "//",
    "/../",
    "?",
    "%2e",
    "@",
    "sha256:",
    ".dkr.ecr.",
    "-fips",
    "0",
    "12e999",
    "Sid",
    "\\ud800",
];

/// The folder of kept cases.
pub(super) fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/fuzz")
        .join(target)
}

/// The kept cases of a target, sorted.
pub(super) fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    files(&folder(target), |_| true)
}

fn files(folder: &Path, fits: impl Fn(&str) -> bool) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| fits(&path.to_string_lossy()))
        .collect();
    paths.sort_unstable();
    paths
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect()
}

/// The inputs that a target begins with.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found = kept(target);
    match target {
        "edit" => {
            found.extend(files(&fixtures.join("manifests"), |_| true));
            found.extend(files(&fixtures.join("edits"), |name| name.contains(".in.")));
        }
        "trust" => {
            let vectors = fs::read(fixtures.join("iam/trust_policy_vectors.json")).unwrap();
            let vectors: Vec<Value> = serde_json::from_slice(&vectors).unwrap();
            found.extend(vectors.iter().map(|vector| {
                let policies = json!({"existing": vector["existing"], "wanted": vector["wanted"]});
                (PathBuf::new(), policies.to_string().into_bytes())
            }));
        }
        _ => {}
    }
    assert!(found.len() > 2, "{target} has only {} seeds", found.len());
    found.into_iter().map(|(_, bytes)| bytes).collect()
}

/// One damage: which, and where.
type Damage = (u8, usize, usize);

/// Seeds with some damages, and some bytes that are anything.
pub(super) fn inputs(target: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let seeds = seeds(target);
    let damage = (0..12_u8, 0..5000_usize, 0..5000_usize);
    let damaged = (
        any::<prop::sample::Index>(),
        prop::collection::vec(damage, 0..7),
    )
        .prop_map(move |(index, damages)| {
            let mut data = index.get(&seeds).clone();
            for damage in damages {
                data = damaged(data, damage, &seeds);
            }
            data
        });
    prop_oneof![
        7 => damaged,
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn damaged(mut data: Vec<u8>, (kind, at, other): Damage, seeds: &[Vec<u8>]) -> Vec<u8> {
    let place = at % (data.len() + 1);
    let end = data.len().min(place + other % 9);
    let word = WORDS[other % WORDS.len()].bytes();
    match kind {
        0 => drop(data.splice(place..place, word)),
        1 => drop(data.splice(place..end, word)),
        2 => drop(data.drain(place..end)),
        3 => {
            let from = &seeds[other % seeds.len()];
            let start = at % (from.len() + 1);
            let part = from[start..from.len().min(start + 60)].to_vec();
            drop(data.splice(place..place, part));
        }
        4 if at.is_multiple_of(7) => data.truncate(place),
        4..=7 => return lines(&data, kind, at, other),
        _ => {
            if let Ok(mut value) = serde_json::from_slice::<Value>(&data) {
                graft(&mut value, kind, at, other);
                return value.to_string().into_bytes();
            }
            return lines(&data, kind % 4 + 4, at, other);
        }
    }
    data
}

/// A line goes, comes again elsewhere, moves, or stands deeper or less deep.
fn lines(data: &[u8], kind: u8, at: usize, other: usize) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = data
        .split_inclusive(|&b| b == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let at = at % lines.len();
    match kind {
        4 => drop(lines.remove(at)),
        5 => {
            let line = lines[at].clone();
            lines.insert(other % (lines.len() + 1), line);
        }
        6 => {
            let line = lines.remove(at);
            lines.insert(other % (lines.len() + 1), line);
        }
        _ if other.is_multiple_of(3) && lines[at].first() == Some(&b' ') => {
            let _ = lines[at].remove(0);
        }
        _ => lines[at].insert(
            0,
            if other.is_multiple_of(11) {
                b'\t'
            } else {
                b' '
            },
        ),
    }
    lines.concat()
}

/// A value in a tree goes, is another, or is a copy of one that stands elsewhere.
fn graft(root: &mut Value, kind: u8, at: usize, other: usize) {
    let mut pointers = Vec::new();
    collect(root, "", &mut pointers);
    let pointer = &pointers[at % pointers.len()];
    let copy = root
        .pointer(&pointers[other % pointers.len()])
        .cloned()
        .unwrap();
    let word = WORDS[other % WORDS.len()];
    let new = match kind {
        8 => copy,
        9 => {
            let odd = [
                json!(null),
                json!(true),
                json!(7),
                json!([]),
                json!({}),
                json!("*"),
                json!("Deny"),
            ];
            odd[other % odd.len()].clone()
        }
        10 => match root.pointer(pointer) {
            Some(Value::String(text)) => json!(format!("{text}{word}")),
            Some(value) => json!([value, copy]),
            None => copy,
        },
        _ => {
            let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
            match root.pointer_mut(parent) {
                Some(Value::Object(map)) => {
                    let value = map.shift_remove(key).unwrap_or(copy);
                    // Every other time under another name.
                    if other.is_multiple_of(2) {
                        map.insert(format!("{key}{word}"), value);
                    }
                }
                Some(Value::Array(list)) => list.push(copy),
                _ => {}
            }
            return;
        }
    };
    if let Some(place) = root.pointer_mut(pointer) {
        *place = new;
    }
}

fn collect(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Array(list) => {
            for (index, item) in list.iter().enumerate() {
                collect(item, &format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(item, &format!("{pointer}/{key}"), found);
            }
        }
        _ => {}
    }
}
