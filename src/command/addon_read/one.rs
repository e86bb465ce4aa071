//! `mk8s addon show` and `explain`: one add-on, and what stands of it on the targets.

use super::super::target::{self, Target};
use super::super::word::{self, addon_by_word};
use super::super::{Context, summarise};
use super::{Seen, entry, known, look, providers, readiness, unknown};
use crate::addon::named::Unclear;
use crate::addon::{Addon, Documented, Named, rules};
use crate::cli::{ExplainArgs, ShowArgs, TargetArgs};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::manifest;
use crate::ui::{self, Report, table, wire};
use serde_json::{Map, Value};

/// `mk8s addon show`
pub(in crate::command) async fn show(cx: &Context, args: &ShowArgs) -> Result<Outcome> {
    let (seen, errors) = match target::resolve(cx, &args.target, false)? {
        Target::None => {
            addon_by_word(&args.addon)?;
            return Err(target::missing());
        }
        target => look_for(cx, target, &args.addon).await?,
    };
    let (addon, errors) = meant(&args.addon, &seen, errors)?;
    let mut items: Vec<wire::Addon> = seen.iter().map(|seen| item(seen, &addon)).collect();
    let on = items.iter().all(|item| item.enabled == Some(true));
    let text = blocks(&seen, &addon, &items);
    let names = seen
        .iter()
        .zip(&items)
        .filter(|(_, item)| item.enabled == Some(true))
        .map(|(seen, _)| seen.cluster.name().to_owned())
        .collect();
    let json = if items.len() == 1 {
        wire::to_value(&wire::Single::new("Addon", items.remove(0)))
    } else {
        wire::to_value(&wire::Document::read("AddonList", items))
    };
    cx.ui.report(&Report {
        json,
        slim: None,
        names,
        text,
        wide: None,
    })?;
    if let Some(error) = summarise(errors, seen.len()) {
        return Err(error);
    }
    Ok(if args.exit_code && !on {
        Outcome::Differences
    } else {
        Outcome::Ok
    })
}

/// `mk8s addon explain`: the catalogue's words, offline; with a target what stands there as well.
pub(in crate::command) async fn explain(cx: &Context, args: &ExplainArgs) -> Result<Outcome> {
    // `MK8S_CLUSTER` alone does not make it go to the network.
    if args.cluster.is_empty() && args.file.is_empty() {
        let addon = addon_by_word(&args.addon)?;
        cx.ui.report(&Report {
            json: wire::to_value(&wire::Single::new("Addon", entry(addon))),
            slim: None,
            names: vec![addon.name.to_owned()],
            text: explanation(addon),
            wide: None,
        })?;
        return Ok(Outcome::Ok);
    }
    let named = TargetArgs {
        cluster: args.cluster.clone(),
        file: args.file.clone(),
    };
    let target = target::resolve(cx, &named, false)?;
    let (seen, errors) = look_for(cx, target, &args.addon).await?;
    let (addon, errors) = meant(&args.addon, &seen, errors)?;
    let mut items: Vec<wire::Addon> = seen.iter().map(|seen| item(seen, &addon)).collect();
    let mut text = match &addon {
        Named::Known(addon) => explanation(addon),
        Named::Key(_) => vec![
            format!("{shown} (spec.addOns.{shown})", shown = addon.shown()),
            format!(
                "Not known to mk8s {}: every edit keeps it, and `mk8s addon disable` switches it off",
                env!("CARGO_PKG_VERSION")
            ),
        ],
    };
    text.push(String::new());
    text.extend(blocks(&seen, &addon, &items));
    let json = if items.len() == 1 {
        wire::to_value(&wire::Single::new("Addon", items.remove(0)))
    } else {
        wire::to_value(&wire::Document::read("AddonList", items))
    };
    cx.ui.report(&Report {
        json,
        slim: None,
        names: vec![addon.name().to_owned()],
        text,
        wide: None,
    })?;
    summarise(errors, seen.len()).map_or(Ok(Outcome::Ok), Err)
}

/// What the catalogue says of an add-on.
fn explanation(addon: &Addon) -> Vec<String> {
    let names = |keys: &[&str]| {
        let names: Vec<&str> = keys
            .iter()
            .map(|key| crate::plan::display_name(key))
            .collect();
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        }
    };
    let dependants: Vec<&str> = addon.dependants().map(|other| other.key).collect();
    let mut text = vec![
        format!("{} (spec.addOns.{})", addon.name, addon.key),
        addon.summary.to_owned(),
        String::new(),
    ];
    text.extend(wrap(addon.purpose));
    text.push(String::new());
    text.extend(table::fields([
        (
            "Documented for",
            match addon.documented {
                Documented::All => providers(addon),
                Documented::For(_) => format!("{}; not documented elsewhere", providers(addon)),
            },
        ),
        ("Needs", names(addon.needs)),
        ("Needed by", names(&dependants)),
        ("Documentation", addon.docs.to_owned()),
    ]));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.extend([String::new(), title.to_owned()]);
            text.extend(lines.iter().map(|line| format!("  {line}")));
        }
    };
    section(
        "Settings",
        addon
            .params
            .iter()
            .map(|param| {
                let flag = param.flag.map_or_else(String::new, |flag| {
                    format!(", --{flag} {}", param.kind.placeholder())
                });
                let required = if param.required { ", required" } else { "" };
                format!(
                    "{}: {} ({}{required}{flag})",
                    param.field,
                    param.summary,
                    param.kind.describe()
                )
            })
            .collect(),
    );
    section(
        "Status",
        addon
            .status
            .iter()
            .map(|field| {
                format!(
                    "{}: {}",
                    field.pointer.trim_start_matches('/').replace('/', "."),
                    field.summary
                )
            })
            .collect(),
    );
    section(
        "In the cloud account",
        addon.cloud.iter().map(|&line| line.to_owned()).collect(),
    );
    text
}

/// Reads every target, for a word that may be a key there.
async fn look_for(cx: &Context, target: Target, word: &str) -> Result<(Vec<Seen>, Vec<Error>)> {
    let seen = look(cx, target).await;
    seen.map_err(|error| word::undecided(error, word))
}

/// What a word means to the targets. Reading does no harm: of two that may be meant it is the
/// add-on of the catalogue.
fn meant(word: &str, seen: &[Seen], errors: Vec<Error>) -> Result<(Named, Vec<Error>)> {
    let clusters = seen.iter().map(|seen| &seen.cluster);
    match Named::meant(word, clusters.clone()) {
        Ok(named) => Ok((named, errors)),
        Err(Unclear::Both(addon)) => Ok((Named::Known(addon), errors)),
        Err(Unclear::Nothing) => Err(match summarise(errors, 0) {
            Some(error) => word::undecided(error, word),
            None => word::unknown(word, clusters),
        }),
    }
}

fn item(seen: &Seen, addon: &Named) -> wire::Addon {
    match addon {
        Named::Known(addon) => known(seen, addon),
        Named::Key(key) => unknown(seen, key),
    }
}

/// The add-on on every target.
fn blocks(seen: &[Seen], addon: &Named, items: &[wire::Addon]) -> Vec<String> {
    let mut lines = Vec::new();
    for (seen, item) in seen.iter().zip(items) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(shown(seen, addon, item));
    }
    lines
}

/// The add-on on one target.
fn shown(seen: &Seen, addon: &Named, item: &wire::Addon) -> Vec<String> {
    let block = |value: &Value| ui::lines(&manifest::yaml(value));
    let place = match &seen.target {
        wire::Target::Cluster { name, .. } => name.clone(),
        wire::Target::File { path, name, .. } => format!("{name} ({path})"),
    };
    let state = match (item.enabled, item.known) {
        (Some(true), true) => "on",
        (Some(true), false) => "on (not known to mk8s, left untouched)",
        _ => "off",
    };
    let known = addon.addon();
    let mut fields = vec![
        ("Add-on", vec![addon.shown().into_owned()]),
        ("Cluster", vec![place]),
        ("State", vec![state.to_owned()]),
    ];
    if let Some(addon) = known
        && let Some(finding) = rules::undocumented(seen.cluster.provider(), addon)
    {
        fields.push(("Provider", vec![finding.to_string()]));
    }
    if let Some(settings) = &item.settings {
        fields.push((
            "Settings",
            match settings {
                Value::Object(map) if map.is_empty() => vec!["none".to_owned()],
                other => block(other),
            },
        ));
        if known.is_some_and(|addon| addon.aws_registry) {
            let role = settings.get("roleArn").and_then(Value::as_str);
            fields.push((
                "Registry access",
                vec![rules::RegistryAccess::of(&seen.cluster, role).to_string()],
            ));
        }
        if matches!(seen.target, wire::Target::Cluster { .. }) {
            fields.push((
                "Status",
                match &item.status {
                    Some(status) if *status != Value::Object(Map::new()) => block(status),
                    _ => vec![
                        known
                            .map_or("-", |addon| readiness(&seen.cluster, addon))
                            .replace('-', "nothing is published"),
                    ],
                },
            ));
        }
    }
    table::blocks(&fields)
}

/// Breaks running text at 80 columns.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                word.clone_into(line);
            } else if line.len() + 1 + word.len() <= 80 {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}
