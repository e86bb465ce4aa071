//! What of a manifest the platform would refuse, or take otherwise than it was meant, each with its
//! place in the file. Looks only.
//!
//! The table of fields (`resource`, and the catalogue in it) says what is wrong with the values; here
//! it gets its place and its words.

use crate::addon::fault::{ValueFault, Wrong};
use crate::addon::path::{Path, PathStep};
use crate::addon::{ParamKind, rules, stray};
use crate::cluster::KIND;
use crate::manifest::{Document, FileSpot, LocationStep};
use crate::text::{Foreign, invisible};
use crate::{placeholder, resource};
use serde_json::Value;

/// What sort of thing is wrong: each is told under an id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlawSort {
    /// A name that is known is written otherwise, or stands in another place.
    Spelling,
    /// A name of a field is not known.
    Unknown,
    /// A key below `spec.addOns` is not known.
    UnknownAddon,
    /// Something is required and is not there.
    Missing,
    /// A value is not of its kind.
    Value,
    /// An add-on is no mapping.
    NoMapping,
    /// A setting of an add-on is missing, or is not of its kind.
    Setting,
    /// A version is well formed and not known.
    Version,
}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub(crate) struct Flaw {
    /// What sort it is.
    pub(crate) sort: FlawSort,
    /// Where in the document it is.
    pub(crate) path: Path,
    /// Where in the file that is; of what is missing the place that it is missing from.
    pub(crate) spot: FileSpot,
    /// What is wrong, in one sentence; lower case, no full stop.
    pub(crate) message: String,
    /// The name that is to stand there instead, where renaming is all there is to do.
    pub(crate) rename: Option<&'static str>,
}

/// How many flaws of a sort get a place and words: finding a place costs as much as the document is
/// long, and nobody reads twenty thousand lines that say the same.
pub(crate) const MOST: usize = 100;

/// What is wrong with a document.
#[derive(Debug, Clone, Default)]
pub struct Flaws {
    /// The first [`MOST`] of every sort, in the order of the file.
    pub(crate) listed: Vec<Flaw>,
    /// The sorts of the others.
    more: Vec<FlawSort>,
}

impl Flaws {
    /// Whether nothing is wrong.
    pub fn is_none(&self) -> bool {
        self.listed.is_empty() && self.more.is_empty()
    }

    /// How many of a sort are not listed.
    pub(crate) fn more(&self, sort: FlawSort) -> usize {
        self.more.iter().filter(|other| **other == sort).count()
    }
}

/// Everything that is wrong with a document that means `value`. `org` is the one that links must stay
/// in, where it is known.
pub fn document(document: &Document, value: &Value, org: Option<&str>) -> Flaws {
    let faults = ParamKind::Object(resource::CLUSTER).faults(value, org);
    let mut flaws = Flaws::default();
    for fault in faults.into_iter().filter(|fault| counts(fault, value)) {
        let sort = sort(&fault);
        let of_sort = flaws.listed.iter().filter(|flaw| flaw.sort == sort);
        if of_sort.count() < MOST {
            flaws.listed.push(flaw(document, sort, fault));
        } else {
            flaws.more.push(sort);
        }
    }
    let place = |flaw: &Flaw| flaw.spot.range.start;
    flaws.listed.sort_by_key(place);
    flaws
}

/// Whether a fault is one: nobody knows yet what a placeholder will be, and what SOPS keeps in a file
/// goes when it is decrypted.
fn counts(fault: &ValueFault, value: &Value) -> bool {
    match &fault.what {
        Wrong::Invalid { found, .. } | Wrong::Unlisted { found } => {
            !found.as_str().is_some_and(placeholder::is_in)
        }
        Wrong::Unknown { .. } => {
            let is_sops = fault.path.keys() == ["sops"];
            !(is_sops && value.pointer("/sops/mac").is_some())
        }
        Wrong::Missing | Wrong::Misspelt { .. } => true,
    }
}

/// The place of a fault: what holds it, the name in that, and whether it is below `spec.addOns`.
fn place(fault: &ValueFault) -> (Vec<&str>, &str, bool) {
    let mut keys = fault.path.keys();
    let depth = fault.path.steps().len();
    let is_in_add_ons = keys.starts_with(&["spec", "addOns"]) && depth > 2;
    let key = if keys.len() == depth {
        keys.pop()
    } else {
        None
    };
    (keys, key.unwrap_or_default(), is_in_add_ons)
}

fn sort(fault: &ValueFault) -> FlawSort {
    let (place, key, is_in_add_ons) = place(fault);
    let is_add_on = is_in_add_ons && fault.path.steps().len() == 3;
    match &fault.what {
        Wrong::Missing if is_in_add_ons => FlawSort::Setting,
        Wrong::Missing => FlawSort::Missing,
        Wrong::Misspelt { .. } => FlawSort::Spelling,
        Wrong::Unknown { .. } if stray::meant(&place, key).is_some() => FlawSort::Spelling,
        Wrong::Unknown { .. } if is_add_on => FlawSort::UnknownAddon,
        Wrong::Unknown { .. } => FlawSort::Unknown,
        Wrong::Unlisted { .. } => FlawSort::Version,
        Wrong::Invalid { found, .. } if is_almost_the_kind(&place, key, found) => {
            FlawSort::Spelling
        }
        Wrong::Invalid { .. } if is_add_on => FlawSort::NoMapping,
        Wrong::Invalid { .. } if is_in_add_ons => FlawSort::Setting,
        Wrong::Invalid { .. } => FlawSort::Value,
    }
}

/// `kind: Mk8s`
fn is_almost_the_kind(place: &[&str], key: &str, found: &Value) -> bool {
    let is_kind = place.is_empty() && key == "kind";
    is_kind
        && found
            .as_str()
            .is_some_and(|text| text.eq_ignore_ascii_case(KIND))
}

fn flaw(document: &Document, sort: FlawSort, fault: ValueFault) -> Flaw {
    let path = fault.path.to_string();
    let shown = Foreign(&path);
    let mut rename = None;
    let message = match &fault.what {
        Wrong::Missing => {
            let what = fault.param.map_or("", |param| param.summary);
            format!("`{shown}` is missing ({what})")
        }
        Wrong::Misspelt { meant } => {
            rename = Some(*meant);
            let odd = invisible(last(&fault.path));
            format!("`{shown}` is not known{odd}; `{meant}` is meant")
        }
        Wrong::Unknown { near } => unknown(&fault, *near),
        Wrong::Unlisted { found } => {
            let found = Foreign(found.as_str().unwrap_or_default());
            format!("`{shown}` is {found}, which is not among the versions that mk8s knows")
        }
        Wrong::Invalid { found, .. } if sort == FlawSort::Spelling => {
            let found = Foreign(found.as_str().unwrap_or_default());
            format!("`{shown}` is `{found}`; `{KIND}` is meant")
        }
        Wrong::Invalid { found, reason } => invalid(document, &fault, found, reason),
    };
    Flaw {
        sort,
        spot: document.spot(&parts(&fault.path)),
        message,
        rename,
        path: fault.path,
    }
}

fn unknown(fault: &ValueFault, near: Option<&'static str>) -> String {
    let path = fault.path.to_string();
    let shown = Foreign(&path);
    let (place, key, _) = place(fault);
    let odd = invisible(key);
    if let Some(meant) = stray::meant(&place, key) {
        return format!("`{shown}` is not known{odd}; `{meant}` is meant");
    }
    let version = env!("CARGO_PKG_VERSION");
    let message = format!("`{shown}` is not known to mk8s {version}{odd}");
    match near {
        Some(near) => format!("{message}; `{near}` may be meant"),
        None => message,
    }
}

/// What stands there and why it will not do. What may be secret is not shown.
fn invalid(document: &Document, fault: &ValueFault, found: &Value, reason: &str) -> String {
    let path = fault.path.to_string();
    let shown = Foreign(&path);
    let value = match fault.param {
        Some(param) => rules::shown(param, found),
        None => found.clone(),
    };
    let text = rules::short(&value);
    let text = Foreign(&text);
    let names = fault.path.keys();
    let written = document.written(&names).filter(|_| !found.is_string());
    match (fault.param.map(|param| param.kind), found) {
        // More than one provider, or none.
        (Some(ParamKind::One(_)), Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            if names.is_empty() {
                return format!("`{shown}` is empty: {reason}");
            }
            format!("`{shown}` has {}: {reason}", Foreign(&names.join(", ")))
        }
        (Some(kind), Value::Number(_) | Value::Bool(_)) if is_text(kind) => {
            let what = match found {
                Value::Number(number) => format!("the number {number}"),
                other => format!("{other}"),
            };
            let written = written.unwrap_or_default();
            format!(
                "`{shown}` is `{}`, which is {what}: {} is expected, put it in quotes",
                Foreign(&written),
                kind.noun()
            )
        }
        _ => {
            let odd = found.as_str().map_or_else(String::new, invisible);
            format!("`{shown}` is `{text}`{odd}: {reason}")
        }
    }
}

/// Whether values of the kind are texts.
fn is_text(kind: ParamKind) -> bool {
    kind.is_single()
        && !matches!(
            kind,
            ParamKind::Bool | ParamKind::Whole(..) | ParamKind::Number
        )
}

fn last(path: &Path) -> &str {
    match path.steps().last() {
        Some(PathStep::Key(key)) => key,
        _ => "",
    }
}

/// A path as the manifest takes it.
pub(crate) fn parts(path: &Path) -> Vec<LocationStep<'_>> {
    let parts = path.steps().iter().map(|step| match step {
        PathStep::Key(key) => LocationStep::Key(key),
        PathStep::Index(index) => LocationStep::Item(*index),
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use crate::manifest::Manifest;

    const GOOD: &str = "kind: mk8s\nname: c1\nspec:\n  version: 1.33.5\n  provider:\n    \
                        generic: {location: aws-us-west-2}\n  addOns:\n    logs: {}\n";

    /// What is replaced in it by what, and what is told then.
    const SLIPS: &[(&str, &str, &str)] = &[
        (
            "addOns:",
            "addons:",
            "7:3 Spelling `spec.addons` is not known; `addOns` is meant",
        ),
        (
            "addOns:",
            "addOns\u{200b}:",
            "7:3 Spelling `spec.addOns\\u{200b}` is not known and has an invisible character \
                 (U+200B); `addOns` is meant",
        ),
        (
            "  addOns:\n    logs",
            "addOns:\n  logs",
            "7:1 Spelling `addOns` is not known; `spec.addOns` is meant",
        ),
        (
            "    logs: {}",
            "    awsEcr: {}",
            "8:5 Spelling `spec.addOns.awsEcr` is not known; `awsECR` is meant",
        ),
        (
            "    logs: {}",
            "    metrics: {apiServer: true}",
            "8:15 Spelling `spec.addOns.metrics.apiServer` is not known; `apiserver` is meant",
        ),
        (
            "    logs: {}",
            "    headlmp: {}",
            "8:5 UnknownAddon `spec.addOns.headlmp` is not known to mk8s 0.1.0; `headlamp` may be meant",
        ),
        (
            "    logs: {}",
            "    logs: true",
            "8:5 NoMapping `spec.addOns.logs` is `true`: an object is expected",
        ),
        (
            "    logs: {}",
            "    metrics: {scrapeAnnotated: {intervalSeconds: \"30\"}}",
            "8:33 Setting `spec.addOns.metrics.scrapeAnnotated.intervalSeconds` is `30`: a whole number \
                 is expected",
        ),
        (
            "    logs: {}",
            "    registryMirror:\n      mirrors:\n      - mirrors: []",
            "10:9 Setting `spec.addOns.registryMirror.mirrors[0].registry` is missing (registry whose \
                 images come from the mirrors, or * for all)",
        ),
        (
            "1.33.5",
            "1.30",
            "4:3 Value `spec.version` is `1.30`, which is the number 1.3: a version is expected, put it \
                 in quotes",
        ),
        (
            "1.33.5",
            "1.99.0",
            "4:3 Version `spec.version` is 1.99.0, which is not among the versions that mk8s knows",
        ),
        (
            "  version: 1.33.5\n",
            "",
            "3:1 Missing `spec.version` is missing (Kubernetes version)",
        ),
        (
            "name: c1\n",
            "",
            "1:1 Missing `name` is missing (name of the cluster)",
        ),
        (
            "c1",
            "Bad_Name",
            "2:1 Value `name` is `Bad_Name`: it does not begin with a small letter",
        ),
        (
            "aws-us-west-2}",
            "aws-us-west-2}\n    aws: {}",
            "5:3 Value `spec.provider` has generic, aws: one is expected, and 2 are there; 7:5 Missing \
                 `spec.provider.aws.region` is missing (region); 7:5 Missing `spec.provider.aws.deployRoleArn` \
                 is missing (role that Control Plane assumes); 7:5 Missing `spec.provider.aws.vpcId` is missing \
                 (network of the nodes); 7:5 Missing `spec.provider.aws.image` is missing (image of the nodes)",
        ),
        (
            "  addOns:\n    logs: {}",
            "  addOns: [headlamp]",
            "7:3 Value `spec.addOns` is `[\"headlamp\"]`: an object is expected",
        ),
        (
            "    logs: {}",
            "    awsECR:\u{a0}{}",
            "7:3 Value `spec.addOns` is `awsECR:\u{a0}{}` and has an invisible character (U+00A0): an \
                 object is expected",
        ),
        (
            "kind: mk8s",
            "kind: mk8s\nowner: me",
            "2:1 Unknown `owner` is not known to mk8s 0.1.0",
        ),
        ("    logs: {}", "    awsECR: {roleArn: \"${ROLE}\"}", ""),
    ];

    fn told(text: &str) -> Vec<String> {
        let manifest = Manifest::parse("m.yaml", text.as_bytes().to_vec()).unwrap();
        let document = &manifest.documents()[0];
        let flaws = super::document(document, &document.value(), Some("acme"));
        flaws
            .listed
            .iter()
            .map(|it| {
                format!(
                    "{}:{} {:?} {}",
                    it.spot.line, it.spot.column, it.sort, it.message
                )
            })
            .collect()
    }

    #[test]
    fn everything_that_is_wrong_has_a_place_a_sort_and_words() {
        assert_eq!(told(GOOD), [""; 0]);
        for (from, to, expected) in SLIPS {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD, "{from}");
            assert_eq!(told(&text).join("; "), *expected, "{text}");
        }
    }
}
