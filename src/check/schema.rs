//! The group *schema*: what of a manifest the platform would refuse, beside what the group *manifest*
//! tells of add-ons. Offline.

use super::manifest::{MOST, judged, others, prepare};
use super::scene::Doc;
use super::{Check, CheckFunction, Finding, Group, Scene, Severity};
use crate::manifest::LocationStep;
use crate::text::Foreign;
use crate::validate::{Flaw, FlawSort};
use std::collections::HashMap;

pub(super) static GROUP: Group = Group {
    id: "schema",
    summary: "manifest files by the platform's schema, offline",
    prepare,
    checks: &[
        Check {
            id: "schema-spelling",
            summary: "every name that is known is written so, and stands in its place",
            needs: &[],
            severity: Severity::Failure,
            hint: "A name is written in another case, with dashes, with a character that nobody sees, or \
                   as another tool has it (`apiServer`, `elbRole`), or add-ons stand beside `spec` in place \
                   of below it. The platform refuses it.",
            fix: "Write the name that is shown, in the place that is shown.",
            run: CheckFunction::Now(spelling),
        },
        Check {
            id: "schema-unknown",
            summary: "every field is one that mk8s knows",
            needs: &[],
            severity: Severity::Warning,
            hint: "A field is misspelt, or newer than this mk8s. The platform refuses what it does not \
                   know.",
            fix: "Where it is misspelt, write the name that is shown. Where it is newer than this mk8s, \
                  nothing.",
            run: CheckFunction::Now(unknown),
        },
        Check {
            id: "schema-required",
            summary: "everything is there that the platform requires",
            needs: &[],
            severity: Severity::Failure,
            hint: "The name, the version, the provider or a field of it is missing.",
            fix: "Add it.",
            run: CheckFunction::Now(required),
        },
        Check {
            id: "schema-value",
            summary: "every value is of its kind",
            needs: &[],
            severity: Severity::Failure,
            hint: "A value is of another type than the platform wants: a number without quotes for a \
                   text, a list for a mapping, two providers in place of one, a name with capitals.",
            fix: "Mend the value that is shown; put a version or an id in quotes.",
            run: CheckFunction::Now(value),
        },
        Check {
            id: "schema-version",
            summary: "the version of Kubernetes is one that mk8s knows",
            needs: &[],
            severity: Severity::Warning,
            hint: "The platform has certain versions of Kubernetes, and this is none that this mk8s knows: \
                   it is mistyped, or newer.",
            fix: "Where it is mistyped, write the version that is meant. Where it is newer, nothing.",
            run: CheckFunction::Now(version),
        },
        Check {
            id: "schema-name-twice",
            summary: "no two documents of a file describe one cluster",
            needs: &[],
            severity: Severity::Failure,
            hint: "Two documents have one name. `cpln apply` sends both, one after the other, and what \
                   the second has wins.",
            fix: "Make one of both, or give one another name.",
            run: CheckFunction::Now(name_twice),
        },
    ],
};

/// Tells the flaws of one sort.
fn tell(
    scene: &Scene<'_>,
    sort: FlawSort,
    what: &str,
    pass: &'static str,
    words: impl Fn(&Doc<'_>, &Flaw) -> Finding,
) -> Vec<Finding> {
    let mut problems = Vec::new();
    for doc in scene.documents() {
        let flaws = doc.flaws();
        for flaw in flaws.listed.iter().filter(|flaw| flaw.sort == sort) {
            problems.push(doc.at(words(doc, flaw), &flaw.spot));
        }
        problems.extend(others(doc, flaws.more(sort), what));
    }
    judged(scene, problems, || Finding::pass(pass))
}

fn plain(doc: &Doc<'_>, flaw: &Flaw) -> Finding {
    let (file, spot) = (doc.file.called(), &flaw.spot);
    // The same place as the finding's own, for who reads it as a line.
    let place = format!("{file}:{}:{}", spot.line, spot.column);
    Finding::fail(flaw.message.clone()).evidence(place)
}

fn spelling(scene: &Scene<'_>) -> Vec<Finding> {
    let what = "names are misspelt or misplaced";
    let pass = "every name that is known is written so";
    tell(scene, FlawSort::Spelling, what, pass, |doc, flaw| {
        let fix = flaw.rename.and_then(|name| {
            let path = crate::validate::parts(&flaw.path);
            doc.document.renaming(&path, name)
        });
        plain(doc, flaw).fix_if(fix)
    })
}

fn unknown(scene: &Scene<'_>) -> Vec<Finding> {
    let what = "fields are not known to this mk8s";
    tell(
        scene,
        FlawSort::Unknown,
        what,
        "every field is known",
        plain,
    )
}

fn required(scene: &Scene<'_>) -> Vec<Finding> {
    let what = "fields are missing";
    let pass = "everything is there that is required";
    tell(scene, FlawSort::Missing, what, pass, plain)
}

fn value(scene: &Scene<'_>) -> Vec<Finding> {
    let what = "values are not of their kind";
    tell(
        scene,
        FlawSort::Value,
        what,
        "every value is of its kind",
        plain,
    )
}

fn version(scene: &Scene<'_>) -> Vec<Finding> {
    let what = "versions are not known";
    tell(
        scene,
        FlawSort::Version,
        what,
        "every version is known",
        plain,
    )
}

fn name_twice(scene: &Scene<'_>) -> Vec<Finding> {
    let mut problems = Vec::new();
    let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
    for doc in scene.documents() {
        let Some(name) = doc.document.name.as_deref() else {
            continue;
        };
        let spot = doc.document.spot(&[LocationStep::Key("name")]);
        match seen.get(&(doc.file.label.as_str(), name)) {
            Some(first) => {
                let finding = Finding::fail(format!(
                    "two documents of {} describe `{}`",
                    doc.file.called(),
                    Foreign(name)
                ));
                let finding = finding.evidence(format!("line {first} and line {}", spot.line));
                problems.push(doc.at(finding, &spot));
            }
            None => {
                seen.insert((&doc.file.label, name), spot.line);
            }
        }
    }
    problems.truncate(MOST);
    judged(scene, problems, || {
        Finding::pass("every cluster is described once")
    })
}
