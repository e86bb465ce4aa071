//! The group *manifest*: what `cpln` or the platform would take otherwise than it looks. Offline.

use super::scene::{CheckSubject, Doc};
use super::words::{as_finding, or_pass, set};
use super::{Check, CheckFunction, Finding, Gate, Group, Scene, Severity, Soon};
use crate::addon::{self, ParamKind, rules};
use crate::invocation::Invocation;
use crate::manifest::LocationStep;
use crate::resource::READ_ONLY;
use crate::text::{Foreign, count};
use crate::validate;
use serde_json::Value;
use std::ops::RangeInclusive;

pub(super) static GROUP: Group = Group {
    id: "manifest",
    summary: "manifest files, offline",
    prepare,
    checks: &[
        Check {
            id: "manifest-parse",
            summary: "every file parses",
            needs: &[],
            severity: Severity::Failure,
            hint: "A file is not UTF-8, or has a syntax error.",
            fix: "Mend the line that is shown.",
            run: CheckFunction::Now(parse),
        },
        Check {
            id: "manifest-duplicate-key",
            summary: "no key is written twice in a mapping",
            needs: &[],
            severity: Severity::Failure,
            hint: "A key is written twice. `cpln` takes the last one and says nothing; other \
                   parsers refuse the file.",
            fix: "Delete the one that is not meant; the command that is named deletes the first, \
                  which does not count today.",
            run: CheckFunction::Now(duplicate_key),
        },
        Check {
            id: "manifest-value-meaning",
            summary: "every value means what it looks like, to every reader",
            needs: &[],
            severity: Severity::Warning,
            hint: "A value without quotes is a number, a date or a text otherwise than it looks, or \
                   readers of YAML 1.1 and 1.2 disagree on it, or `cpln` refuses it.",
            fix: "Put it in quotes if it is a text.",
            run: CheckFunction::Now(value_meaning),
        },
        Check {
            id: "manifest-unknown-addon",
            summary: "every add-on is one that mk8s knows",
            needs: &[],
            severity: Severity::Warning,
            hint: "A key under `spec.addOns` is misspelt (case counts), or newer than this mk8s. \
                   It is left untouched, and the platform may ignore it.",
            fix: "Where it is misspelt, write it as `mk8s addon list -o wide` does. Where it is newer \
                  than this mk8s, nothing; `mk8s addon show KEY -f FILE` shows it.",
            run: CheckFunction::Now(unknown_addon),
        },
        Check {
            id: "manifest-readonly-fields",
            summary: "nothing stands there that only the server sets",
            needs: &[],
            severity: Severity::Warning,
            hint: "The file was made from the API's own object. A stale `version` makes an apply \
                   fail with a conflict, and the other fields mean nothing in a manifest.",
            fix: "Delete them; `mk8s cluster get NAME -o yaml-slim` prints a cluster without them.",
            run: CheckFunction::Now(readonly_fields),
        },
        Check {
            id: "addon-value-bool",
            summary: "every add-on is a mapping",
            needs: &[],
            severity: Severity::Failure,
            hint: "An add-on is written as `true`, `false` or another plain value. That is how the \
                   Terraform provider switches; the API takes a mapping for on, and no key or \
                   `null` for off.",
            fix: "Write `{}` for on, `null` or nothing for off.",
            run: CheckFunction::Now(value_bool),
        },
        Check {
            id: "addon-required-field",
            summary: "every add-on has the settings that the platform requires, of the right kind",
            needs: &[],
            severity: Severity::Failure,
            hint: "A setting that the platform requires is missing, or one is not of its kind.",
            fix: "Set it with `mk8s addon enable ADDON -f FILE`.",
            run: CheckFunction::Now(required_field),
        },
    ],
};

pub(super) fn prepare<'a>(scene: &'a Scene<'_>) -> Soon<'a, Gate> {
    let gate = if scene.session.files.is_empty() {
        Gate::NotAsked("no manifest was named (-f FILE)".to_owned())
    } else {
        Gate::Open
    };
    Box::pin(async { gate })
}

fn parse(scene: &Scene<'_>) -> Vec<Finding> {
    let files = &scene.session.files;
    let problems: Vec<Finding> = files
        .iter()
        .filter_map(|file| {
            let error = file.manifest.as_ref().err()?;
            let finding = as_finding(error);
            Some(match &error.place {
                Some(place) => {
                    let finding = finding.at(&place.file, place.line);
                    match place.column {
                        Some(column) => finding.column(column, error.excerpt.clone()),
                        None => finding,
                    }
                }
                None => finding.at(&file.label, None),
            })
        })
        .collect();
    or_pass(problems, || {
        let clusters = count(scene.documents().len(), "cluster");
        match files.as_slice() {
            [file] => Finding::pass(format!("{} parses, {clusters}", file.called())),
            _ => Finding::pass(format!("{} files parse, {clusters}", files.len())),
        }
    })
}

/// A command that edits lines of a file; none for stdin.
fn sed(doc: &Doc<'_>, script: &str) -> Option<Invocation> {
    let sed = Invocation::other("sed").plain("-E -i.bak");
    (doc.file.label != "-").then(|| sed.word(script).word(&doc.file.label))
}

fn deletion(lines: &RangeInclusive<usize>) -> String {
    if lines.start() == lines.end() {
        format!("{}d", lines.start())
    } else {
        format!("{},{}d", lines.start(), lines.end())
    }
}

/// So many problems of one kind are listed for a document: a file can be made of nothing else.
pub(super) const MOST: usize = validate::MOST;

/// Says how many problems are not listed.
pub(super) fn others(doc: &Doc<'_>, count: usize, what: &str) -> Option<Finding> {
    (count > 0).then(|| {
        Finding::fail(format!("{count} more {what} in {}", doc.label()))
            .evidence(format!("the first {MOST} are listed"))
            .at(&doc.file.label, None)
    })
}

/// The problems, or that there is none; nothing of either where no file could be read.
pub(super) fn judged(
    scene: &Scene<'_>,
    problems: Vec<Finding>,
    pass: impl FnOnce() -> Finding,
) -> Vec<Finding> {
    if scene.documents().is_empty() && scene.session.files.iter().any(|it| it.manifest.is_err()) {
        return vec![Finding::skip("manifest-parse failed")];
    }
    or_pass(problems, pass)
}

fn duplicate_key(scene: &Scene<'_>) -> Vec<Finding> {
    let mut problems = Vec::new();
    for doc in scene.documents() {
        let (found, more) = doc.document.duplicates(MOST);
        for twice in found {
            let lines = twice.lines.as_ref();
            let fix = lines.and_then(|lines| sed(doc, &deletion(lines)));
            let finding = Finding::fail(format!(
                "`{}` is written twice in {}",
                Foreign(&twice.key),
                doc.label()
            ))
            .evidence(twice.finding.message)
            .at(&doc.file.label, Some(twice.finding.line))
            .column(twice.finding.column, None);
            problems.push(finding.fix_if(fix));
        }
        problems.extend(others(doc, more, "keys are written twice"));
    }
    judged(scene, problems, || Finding::pass("no key is written twice"))
}

fn value_meaning(scene: &Scene<'_>) -> Vec<Finding> {
    let mut problems = Vec::new();
    for doc in scene.documents() {
        let (found, more) = doc.document.warnings();
        for it in found {
            problems.push(
                Finding::fail(format!(
                    "a value is not what it looks like in {}",
                    doc.label()
                ))
                .evidence(format!("line {}: {}", it.line, it.message))
                .at(&doc.file.label, Some(it.line))
                .column(it.column, None),
            );
        }
        problems.extend(bare(doc));
        problems.extend(others(doc, more, "values are not what they look like"));
    }
    judged(scene, problems, || {
        Finding::pass("every value means what it looks like")
    })
}

/// Keys of add-ons with nothing behind them, which looks like on and is off: `headlamp:`.
fn bare(doc: &Doc<'_>) -> Vec<Finding> {
    let bare = add_ons(doc).filter(|(key, value)| {
        let written = || doc.document.written(&["spec", "addOns", key]);
        value.is_null() && addon::by_key(key).is_some() && written().is_none_or(|it| it.is_empty())
    });
    let finding = |key: &str| {
        let path = [
            LocationStep::Key("spec"),
            LocationStep::Key("addOns"),
            LocationStep::Key(key),
        ];
        let spot = doc.document.spot(&path);
        let evidence = format!(
            "line {}: `{key}:` with nothing behind it is off, and `apply` removes it; `{key}: {{}}` is on, \
             `{key}: null` says that off is meant",
            spot.line
        );
        let finding = Finding::fail(format!(
            "a value is not what it looks like in {}",
            doc.label()
        ));
        doc.at(finding.evidence(evidence), &spot)
    };
    bare.map(|(key, _)| finding(key)).collect()
}

/// The keys under `spec.addOns` with their values.
fn add_ons<'a>(doc: &'a Doc<'_>) -> impl Iterator<Item = (&'a String, &'a Value)> {
    doc.cluster.add_ons().into_iter().flatten()
}

fn unknown_addon(scene: &Scene<'_>) -> Vec<Finding> {
    let mut problems = Vec::new();
    for doc in scene.documents() {
        // What is written otherwise than the catalogue has it is told by `schema-spelling`.
        let is_known = |key: &str| addon::CATALOG.iter().any(|addon| addon.is_meant_by(key));
        let unknown = || add_ons(doc).filter(|(key, _)| !is_known(key));
        for (key, _) in unknown().take(MOST) {
            let path = [
                LocationStep::Key("spec"),
                LocationStep::Key("addOns"),
                LocationStep::Key(key),
            ];
            let spot = doc.document.spot(&path);
            let shown = Foreign(key);
            let meant = addon::alike(key).and_then(addon::by_word);
            let line = spot.line;
            let evidence = match meant {
                Some(meant) => format!("line {line}; {} may be meant", meant.key),
                None => format!("line {line}; it is left untouched"),
            };
            let fix = meant.and_then(|meant| doc.document.renaming(&path, meant.key));
            let finding = Finding::fail(format!(
                "add-on \"{shown}\" is not known to mk8s {}",
                env!("CARGO_PKG_VERSION")
            ))
            .evidence(evidence);
            problems.push(doc.at(finding, &spot).fix_if(fix));
        }
        let more = unknown().skip(MOST).count();
        problems.extend(others(doc, more, "add-ons are not known to this mk8s"));
    }
    judged(scene, problems, || Finding::pass("every add-on is known"))
}

fn readonly_fields(scene: &Scene<'_>) -> Vec<Finding> {
    let mut problems = Vec::new();
    for doc in scene.documents() {
        let value = doc.cluster.value();
        let there: Vec<&str> = READ_ONLY
            .into_iter()
            .filter(|field| value.get(field).is_some())
            .collect();
        if there.is_empty() {
            continue;
        }
        let lines: Option<Vec<RangeInclusive<usize>>> = there
            .iter()
            .map(|field| doc.document.lines_of(&[field]))
            .collect();
        let script = lines.map(|lines| lines.iter().map(deletion).collect::<Vec<_>>().join(";"));
        let fix = script.and_then(|script| sed(doc, &script));
        let spots = there
            .iter()
            .map(|field| doc.document.spot(&[LocationStep::Key(field)]));
        let line = spots
            .map(|spot| (spot.line, spot))
            .min_by_key(|(line, _)| *line);
        let finding = Finding::fail(format!(
            "{} has fields that only the server sets",
            doc.label()
        ))
        .evidence(there.join(", "));
        let first = line.map(|(_, spot)| spot);
        let finding = match &first {
            Some(spot) => doc.at(finding, spot),
            None => finding.at(&doc.file.label, None),
        };
        problems.push(finding.fix_if(fix));
    }
    judged(scene, problems, || {
        Finding::pass("no field is the server's")
    })
}

fn value_bool(scene: &Scene<'_>) -> Vec<Finding> {
    let mut problems = Vec::new();
    for doc in scene.documents() {
        let odd = || add_ons(doc).filter(|(_, value)| !value.is_object() && !value.is_null());
        for (key, value) in odd().take(MOST) {
            let line = doc.line(&["spec", "addOns", key]);
            let name = Foreign(crate::plan::display_name(key));
            let text = crate::text::excerpt(&value.to_string(), 40);
            let finding = Finding::fail(format!("{name} is not a mapping in {}", doc.label()))
                .evidence(format!("line {line}: {}: {text}", Foreign(key)));
            let keys = [
                LocationStep::Key("spec"),
                LocationStep::Key("addOns"),
                LocationStep::Key(key),
            ];
            let finding = doc.place(finding, &keys);
            let written = doc.document.written(&["spec", "addOns", key]);
            let fix = replace_scalar(key, value, written.as_deref())
                .and_then(|script| sed(doc, &format!("{line}{script}")));
            problems.push(finding.fix_if(fix));
        }
        let more = odd().skip(MOST).count();
        problems.extend(others(doc, more, "add-ons are not mappings"));
    }
    judged(scene, problems, || {
        Finding::pass("every add-on is a mapping")
    })
}

/// The `sed` command that writes a mapping, or `null` for `false`, in the place of a scalar.
fn replace_scalar(key: &str, value: &Value, written: Option<&str>) -> Option<String> {
    let written = written?;
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "\" '".contains(c))
    };
    if !plain(written) || !plain(key) {
        return None;
    }
    let to = if *value == Value::Bool(false) {
        "null"
    } else {
        "{}"
    };
    Some(format!(r#"s/({key}["']?[ ]*:[ ]*){written}/\1{to}/"#))
}

fn required_field(scene: &Scene<'_>) -> Vec<Finding> {
    let mut problems = Vec::new();
    for doc in scene.documents() {
        for (key, settings) in add_ons(doc).filter(|(_, value)| value.is_object()) {
            let Some(addon) = addon::by_key(key) else {
                continue;
            };
            for finding in rules::before_enable(&doc.cluster, addon, settings) {
                let (path, text) = match &finding {
                    rules::RuleViolation::SettingMissing { path, .. } => (
                        path,
                        format!("{} has no `{}`", addon.name, Foreign(&path.to_string())),
                    ),
                    rules::RuleViolation::SettingInvalid { path, param, .. }
                        if param.kind != ParamKind::RoleArn =>
                    {
                        let shown = path.to_string();
                        let text = format!("`{}` of {} will not do", Foreign(&shown), addon.name);
                        (path, text)
                    }
                    _ => continue,
                };
                let mut at = vec![
                    LocationStep::Key("spec"),
                    LocationStep::Key("addOns"),
                    LocationStep::Key(key),
                ];
                at.extend(validate::parts(path));
                let problem = Finding::fail(format!("{text} in {}", doc.label()))
                    .evidence(finding.to_string())
                    .fix_if(set(&CheckSubject::Document(doc), addon, path));
                problems.push(doc.place(problem, &at));
            }
        }
    }
    judged(scene, problems, || {
        Finding::pass("every add-on has the settings it must have")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_scalar_becomes_a_mapping_or_null() {
        for (value, written, script) in [
            (
                json!(true),
                Some("true"),
                Some(r#"s/(logs["']?[ ]*:[ ]*)true/\1{}/"#),
            ),
            (
                json!(false),
                Some("false"),
                Some(r#"s/(logs["']?[ ]*:[ ]*)false/\1null/"#),
            ),
            (json!("a/b"), Some("a/b"), None),
            (json!([1]), None, None),
        ] {
            let found = replace_scalar("logs", &value, written);
            assert_eq!(found.as_deref(), script, "{value}");
        }
    }
}
