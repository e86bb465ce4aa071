//! `mk8s addon explain ADDON PATH`: one setting, at any depth.

use super::super::Context;
use super::one::traits;
use super::{ReadTargets, entry};
use crate::addon::param::SettingPlace;
use crate::addon::path::{Path, PathStep, Stranger};
use crate::addon::{Addon, CATALOG, by_word};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::invocation::Invocation;
use crate::owner;
use crate::secret;
use crate::text::{Foreign, quotable};
use crate::ui::{Report, table, wire};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The add-on and the setting that the words of a command line mean: `metrics kubeState`,
/// `metrics.kubeState`, `spec.addOns.metrics.kubeState`.
pub(super) fn words<'w>(word: &'w str, path: Option<&'w str>) -> (&'w str, Option<&'w str>) {
    if path.is_some() {
        return (word, path);
    }
    let rest = word.strip_prefix("spec.addOns.").unwrap_or(word);
    match rest.split_once('.') {
        Some((addon, path)) if by_word(addon).is_some() => (addon, Some(path)),
        _ => (rest, None),
    }
}

/// The settings of an add-on of the catalogue as JSON has them. They are the same for every cluster, and
/// made once.
pub(super) fn all(addon: &'static Addon) -> &'static [wire::Field] {
    static OF_ALL: LazyLock<HashMap<&str, Vec<wire::Field>>> = LazyLock::new(|| {
        let of_one = |addon: &'static Addon| {
            let places = addon.places().into_iter();
            (addon.key, places.map(|place| wire(addon, place)).collect())
        };
        CATALOG.iter().map(of_one).collect()
    });
    OF_ALL.get(addon.key).map_or(&[], Vec::as_slice)
}

/// A setting as JSON has it.
fn wire(addon: &Addon, place: SettingPlace) -> wire::Field {
    let path: Path = place.path.parse().unwrap_or_default();
    let (terraform, pulumi) = owner::spelling(addon, &path);
    wire::Field {
        example: place.example(),
        name: place.path,
        flag: place.flag.map(|flag| format!("--{flag}")),
        kind: place.kind.describe(),
        required: place.param.required,
        default: place.param.default,
        constraint: place.kind.constraint(),
        secret: place.param.secret,
        terraform,
        pulumi,
        summary: place.param.summary,
    }
}

/// Tells of one setting, and what it is on the targets.
pub(super) fn explain(
    cx: &Context,
    addon: &'static Addon,
    path: &str,
    looked: Option<&ReadTargets>,
) -> Result<Outcome> {
    let given: Path = path.parse().map_err(|reason: String| {
        Error::usage(format!("`{}` is no path", quotable(path)))
            .because(reason)
            .hint("a path is written scrapeAnnotated.intervalSeconds, mirrors[0].registry")
    })?;
    let place = match given.spot(addon) {
        Err(stranger) => return Err(unknown(addon, &stranger)),
        Ok(spot) => addon
            .places()
            .into_iter()
            .find(|place| is_at(&place.path, &given))
            // An object in a list has no place of its own, only what is in it.
            .unwrap_or_else(|| SettingPlace {
                path: first_of_all(&given).to_string(),
                flag: None,
                param: spot.param,
                kind: spot.kind,
                depth: given.steps().len(),
            }),
    };
    let below: Vec<SettingPlace> = addon
        .places()
        .into_iter()
        .filter(|other| other.path.starts_with(&place.path))
        .collect();
    let mut text = described(addon, &given, &place);
    let lines = below.iter().filter(|other| other.path != place.path);
    let lines: Vec<String> = lines
        .map(|other| {
            let about = traits(other).join(", ");
            format!("  {}: {} ({about})", other.path, other.param.summary)
        })
        .collect();
    if !lines.is_empty() {
        text.extend([String::new(), "Below it".to_owned()]);
        text.extend(lines);
    }
    if let Some(looked) = looked {
        text.push(String::new());
        text.extend(stands(addon, &given, looked));
    }
    let item = wire::AddonRecord {
        fields: below.into_iter().map(|place| wire(addon, place)).collect(),
        ..entry(addon)
    };
    cx.ui.report(&Report {
        json: wire::to_value(&wire::Single::new("Addon", item)),
        slim: None,
        names: vec![place.path.clone()],
        text,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

/// The path to the first item of each list on the way.
fn first_of_all(path: &Path) -> Path {
    let first = |step: &PathStep| match step {
        PathStep::Index(_) => PathStep::Index(0),
        key @ PathStep::Key(_) => key.clone(),
    };
    path.steps().iter().map(first).collect()
}

/// Whether a place of the catalogue stands for a path: the first item for all, `NAME` for every key.
fn is_at(place: &str, path: &Path) -> bool {
    let place: Path = place.parse().unwrap_or_default();
    let pairs = place.steps().iter().zip(path.steps());
    place.steps().len() == path.steps().len()
        && pairs.into_iter().all(|pair| match pair {
            (PathStep::Index(_), PathStep::Index(_)) => true,
            (PathStep::Key(known), PathStep::Key(given)) => known == given || known == "NAME",
            _ => false,
        })
}

fn unknown(addon: &Addon, stranger: &Stranger) -> Error {
    let path = stranger.path.to_string();
    let name = addon.name;
    let error = Error::usage(format!("`{name}` has no setting `{}`", Foreign(&path)));
    error.hint(match &stranger.near {
        Some(near) => format!("did you mean `{near}`?").into(),
        None => Invocation::mk8s("addon explain")
            .word(name)
            .within("", " shows its settings"),
    })
}

fn described(addon: &Addon, path: &Path, place: &SettingPlace) -> Vec<String> {
    let param = place.param;
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let (terraform, pulumi) = owner::spelling(addon, path);
    let shown = path.to_string();
    let shown = Foreign(&shown).to_string();
    let mut rows = vec![
        ("Path", format!("spec.addOns.{}.{shown}", addon.key)),
        ("Type", place.kind.describe().to_owned()),
    ];
    rows.extend(place.kind.constraint().map(|text| ("Constraint", text)));
    let default = param.default.filter(|_| place.kind == param.kind);
    rows.extend(default.map(|text| ("Default", text.to_owned())));
    rows.push(("Required", yes(param.required && place.kind == param.kind)));
    rows.push(("Secret", yes(param.secret)));
    let example = place.example();
    let way = if place.kind.is_single() {
        "--set"
    } else {
        "--set-json"
    };
    let shell = crate::shell::quote(&format!("{shown}={example}"));
    rows.push(("Example", format!("{way} {shell}")));
    rows.extend(place.given(example).map(|given| ("Flag", given)));
    rows.push(("Terraform", terraform));
    rows.push(("Pulumi", pulumi));
    if !param.others.is_empty() {
        rows.push(("Also called", param.others.join(", ")));
    }
    let mut text = vec![
        format!("{shown} of {}", addon.name),
        param.summary.to_owned(),
        String::new(),
    ];
    text.extend(table::fields(rows));
    text
}

/// What the setting is on the targets.
fn stands(addon: &Addon, path: &Path, looked: &ReadTargets) -> Vec<String> {
    let seen = looked.each.iter().flatten();
    seen.map(|seen| {
        let name = seen.cluster.name();
        let settings = seen.cluster.add_on(addon.key).map(secret::masked);
        let state = match &settings {
            None => format!("{} is off", addon.name),
            Some(settings) => match path.get(settings) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => "not set".to_owned(),
            },
        };
        format!("{name}: {state}")
    })
    .collect()
}
