//! The edit cases of `tests/fixtures/edits`, byte for byte, through the binary, and what other
//! readers make of the results.

use crate::support::{Env, Reader, fixture, read_yaml};
use serde_json::Value;
use std::fs;

/// One case; see the README beside the fixtures.
struct Case {
    name: String,
    words: Vec<String>,
    /// The name of the file to edit.
    file: String,
    input: Vec<u8>,
    expected: Expected,
}

enum Expected {
    Output(Vec<u8>),
    Refusal { place: String, phrases: Vec<String> },
}

fn cases() -> Vec<Case> {
    let folder = fixture("edits");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            Some(name.strip_suffix(".cmd")?.to_owned())
        })
        .collect();
    names.sort();
    assert!(names.len() >= 60, "only {} cases are there", names.len());
    let mut files = 0;
    let cases: Vec<Case> = names
        .into_iter()
        .map(|name| {
            let read = |file: &str| fs::read(folder.join(file)).ok();
            let command = String::from_utf8(read(&format!("{name}.cmd")).unwrap()).unwrap();
            let (ending, input) = ["yaml", "json"]
                .iter()
                .find_map(|ending| Some((ending, read(&format!("{name}.in.{ending}"))?)))
                .unwrap_or_else(|| panic!("{name} has no input"));
            let output = read(&format!("{name}.out.{ending}"));
            let refusal = read(&format!("{name}.refused"));
            let expected = match (output, refusal) {
                (Some(output), None) => Expected::Output(output),
                (None, Some(refusal)) => {
                    let text = String::from_utf8(refusal).unwrap();
                    let mut lines = text.lines().map(str::to_owned);
                    Expected::Refusal {
                        place: lines.next().unwrap(),
                        phrases: lines.collect(),
                    }
                }
                _ => panic!("{name} needs an output or a refusal, and not both"),
            };
            files += 3;
            Case {
                file: format!("{name}.in.{ending}"),
                words: command.split_whitespace().map(str::to_owned).collect(),
                name,
                input,
                expected,
            }
        })
        .collect();
    let there = fs::read_dir(folder).unwrap().count();
    assert_eq!(there, files + 1, "a file belongs to no case");
    cases
}

impl Case {
    fn arguments(&self, file: &str) -> Vec<String> {
        let mut arguments = vec!["addon".to_owned()];
        arguments.extend(self.words.iter().cloned());
        arguments.extend(["-f".to_owned(), file.to_owned()]);
        arguments
    }
}

/// What went wrong with one case, for a report of all of them at once.
fn differences(env: &Env, case: &Case) -> Result<(), String> {
    let run = env.mk8s(&case.arguments(&case.file)).run();
    let after = env.read(&case.file);
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match &case.expected {
        Expected::Output(output) => {
            if run.code != 0 {
                return Err(run.to_string());
            }
            if after != *output {
                return Err(format!(
                    "expected {:?}\n     got {:?}",
                    show(output),
                    show(&after)
                ));
            }
            let again = env.mk8s(&case.arguments(&case.file)).run();
            if again.code != 0 || env.read(&case.file) != *output {
                return Err(format!("a second run changes something\n{again}"));
            }
            let piped = env
                .mk8s(&case.arguments("-"))
                .stdin(case.input.clone())
                .run();
            if piped.code != 0 || piped.bytes != *output {
                return Err(format!("from stdin it is another result\n{piped}"));
            }
        }
        Expected::Refusal { place, phrases } => {
            if run.code != 6 || !run.stdout.is_empty() {
                return Err(run.to_string());
            }
            if after != case.input {
                return Err("the file is changed".to_owned());
            }
            let place = format!("{}:{place}", case.file);
            for phrase in [&place].into_iter().chain(phrases) {
                if !run.stderr.contains(phrase.as_str()) {
                    return Err(format!("no {phrase:?} in\n{run}"));
                }
            }
            let piped = env
                .mk8s(&case.arguments("-"))
                .stdin(case.input.clone())
                .run();
            if piped.code != 6 || !piped.stdout.is_empty() {
                return Err(format!("from stdin it is not refused\n{piped}"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_edit_is_as_expected_to_the_byte() {
    let env = Env::new();
    let mut failed = Vec::new();
    for case in cases() {
        env.write(&case.file, &case.input);
        if let Err(reason) = differences(&env, &case) {
            failed.push(format!(
                "## {}: {}\n{reason}",
                case.name,
                case.words.join(" ")
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Takes out of every cluster what the edits may change, and says what that was.
fn without_edited(documents: &mut Value) -> Vec<Value> {
    let mut edited = Vec::new();
    for document in documents.as_array_mut().into_iter().flatten() {
        // The client spreads arrays and lists out.
        if document.is_array() {
            edited.extend(without_edited(document));
            continue;
        }
        if document["kind"] == "list" {
            edited.extend(without_edited(&mut document["items"]));
            continue;
        }
        if document["kind"] != "mk8s" {
            continue;
        }
        let Some(spec) = document.get_mut("spec").and_then(Value::as_object_mut) else {
            continue;
        };
        let mut add_ons = spec.shift_remove("addOns").unwrap_or_default();
        if let Some(map) = add_ons.as_object_mut() {
            edited.push(map.shift_remove("awsECR").unwrap_or_default());
            map.shift_remove("awsWorkloadIdentity");
            // Empty and missing mean the same.
            map.retain(|_, value| !value.is_null());
        }
        let rest = if add_ons.as_object().is_some_and(serde_json::Map::is_empty) {
            Value::Null
        } else {
            add_ons
        };
        spec.insert("addOns".to_owned(), rest);
    }
    edited
}

#[test]
fn other_readers_see_the_wish_fulfilled_and_nothing_else_changed() {
    let ecr: Vec<Case> = cases()
        .into_iter()
        .filter(|case| case.words.get(1).is_some_and(|word| word == "aws-ecr"))
        .filter(|case| matches!(case.expected, Expected::Output(_)))
        .collect();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let inputs: Vec<String> = ecr.iter().map(|case| text(&case.input)).collect();
    let outputs: Vec<String> = ecr
        .iter()
        .map(|case| match &case.expected {
            Expected::Output(output) => text(output),
            Expected::Refusal { .. } => unreachable!("filtered out"),
        })
        .collect();
    for reader in [Reader::JsYaml, Reader::PyYaml] {
        let (before, after) = (read_yaml(reader, &inputs), read_yaml(reader, &outputs));
        let mut read = 0;
        for ((case, before), after) in ecr.iter().zip(before).zip(after) {
            let (mut before, mut after) = match (before, after) {
                (Ok(before), Ok(after)) => (before, after),
                // What one reader never took cannot be judged by it; our edit must not be why.
                (Err(_), Err(_)) => continue,
                (before, after) => panic!(
                    "{}: {reader:?} reads {before:?} before and {after:?} after",
                    case.name
                ),
            };
            read += 1;
            without_edited(&mut before);
            let edited = without_edited(&mut after);
            assert_eq!(after, before, "{} as {reader:?} reads it", case.name);
            let on = case.words[0] == "enable";
            let role = case
                .words
                .iter()
                .position(|word| word == "--role-arn")
                .and_then(|at| case.words.get(at + 1));
            for value in &edited {
                assert_eq!(value.is_object(), on, "{}: {value}", case.name);
                if let Some(role) = role {
                    assert_eq!(value["roleArn"], role.as_str(), "{}", case.name);
                }
            }
        }
        assert!(read * 10 >= ecr.len() * 9, "{reader:?} reads only {read}");
    }
}
