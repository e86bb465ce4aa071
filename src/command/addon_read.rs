//! `mk8s addon list`, `show` and `explain`.

use super::Context;
use super::target::{self, Target};
use crate::addon::{self, Addon, CATALOG, Providers};
use crate::cli::{ExplainArgs, ListArgs, ShowArgs};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::manifest;
use crate::secret;
use crate::ui::{Report, table, wire};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// More clusters than this do not stand side by side.
const ACROSS: usize = 8;

/// A cluster and the target that it came from.
struct Seen {
    cluster: Cluster,
    target: wire::Target,
}

impl Seen {
    /// The keys of the add-ons that are on, those that the catalogue does not know included.
    fn on(&self) -> impl Iterator<Item = &str> {
        let add_ons = self.cluster.add_ons().into_iter().flatten();
        add_ons
            .filter(|(key, value)| match addon::by_key(key) {
                Some(_) => value.is_object(),
                None => !value.is_null(),
            })
            .map(|(key, _)| key.as_str())
    }
}

/// `mk8s addon list`
pub(super) async fn list(cx: &Context, args: &ListArgs) -> Result<Outcome> {
    let (seen, errors) = match target::resolve(cx, &args.target, false)? {
        Target::None => return catalogue(cx),
        target => look(cx, target).await?,
    };
    let items: Vec<wire::Addon> = seen.iter().flat_map(all).collect();
    let (text, wide) = match seen.as_slice() {
        [one] if errors.is_empty() => (single(cx, one, false), single(cx, one, true)),
        several => {
            let overview = if several.len() > ACROSS {
                fleet(cx, several)
            } else {
                matrix(cx, several)
            };
            (overview.clone(), overview)
        }
    };
    cx.ui.report(&Report {
        names: {
            let mut names: Vec<String> = items
                .iter()
                .filter(|item| item.enabled == Some(true))
                .map(|item| item.addon.clone())
                .collect();
            if seen.len() > 1 {
                names.sort_unstable();
                names.dedup();
            }
            names
        },
        json: wire::to_value(&wire::Document::read("AddonList", items)),
        slim: None,
        text,
        wide: Some(wide),
    })?;
    super::summarise(errors, seen.len()).map_or(Ok(Outcome::Ok), Err)
}

/// `mk8s addon show`
pub(super) async fn show(cx: &Context, args: &ShowArgs) -> Result<Outcome> {
    let addon = super::addon_by_word(&args.addon)?;
    let (seen, errors) = match target::resolve(cx, &args.target, false)? {
        Target::None => return Err(target::missing()),
        target => look(cx, target).await?,
    };
    let mut items: Vec<wire::Addon> = seen.iter().map(|seen| known(seen, addon)).collect();
    let on = items.iter().all(|item| item.enabled == Some(true));
    let text = seen
        .iter()
        .zip(&items)
        .map(|(seen, item)| shown(seen, addon, item))
        .collect::<Vec<_>>()
        .join("\n\n");
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
    if let Some(error) = super::summarise(errors, seen.len()) {
        return Err(error);
    }
    Ok(if args.exit_code && !on {
        Outcome::Differences
    } else {
        Outcome::Ok
    })
}

/// `mk8s addon explain`
pub(super) fn explain(cx: &Context, args: &ExplainArgs) -> Result<Outcome> {
    let addon = super::addon_by_word(&args.addon)?;
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
    let mut text = format!(
        "{} (spec.addOns.{})\n{}\n\n",
        addon.name, addon.key, addon.summary
    );
    text.push_str(&wrap(addon.purpose));
    text.push_str("\n\n");
    text.push_str(&table::fields(&[
        ("Works on", providers(addon)),
        ("Needs", names(addon.needs)),
        ("Needed by", names(&dependants)),
        ("Documentation", addon.docs.to_owned()),
    ]));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(text, "\n\n{title}");
            for line in lines {
                let _ = write!(text, "\n  {line}");
            }
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
    cx.ui.report(&Report {
        json: wire::to_value(&wire::Single::new("Addon", entry(addon))),
        slim: None,
        names: vec![addon.name.to_owned()],
        text,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

/// Reads every target; failures of single clusters do not hide the others.
async fn look(cx: &Context, target: Target) -> Result<(Vec<Seen>, Vec<Error>)> {
    let mut seen = Vec::new();
    let mut errors = Vec::new();
    match target {
        Target::None => {}
        Target::Clusters(names) => {
            for name in names {
                match cx.read(&name).await {
                    Ok(cluster) => seen.push(Seen {
                        cluster,
                        target: wire::Target::Cluster {
                            org: cx.org()?.to_owned(),
                            name,
                        },
                    }),
                    Err(error) => errors.push(error),
                }
            }
            if seen.is_empty()
                && let Some(error) = super::summarise(std::mem::take(&mut errors), 0)
            {
                return Err(error);
            }
        }
        Target::Files(paths, names) => {
            for file in target::load(cx, &paths, &names)? {
                seen.extend(file.documents.iter().map(|&number| Seen {
                    cluster: file.cluster(number),
                    target: file.wire(number),
                }));
            }
        }
    }
    Ok((seen, errors))
}

fn catalogue(cx: &Context) -> Result<Outcome> {
    let draw = |wide: bool| {
        let rows: Vec<Vec<String>> = CATALOG
            .iter()
            .map(|addon| {
                let mut row = vec![
                    addon.name.to_owned(),
                    addon.summary.to_owned(),
                    providers(addon),
                    needs(addon),
                ];
                if wide {
                    row.insert(1, addon.key.to_owned());
                    row.push(addon.docs.to_owned());
                }
                row
            })
            .collect();
        let headings: &[&str] = if wide {
            &[
                "ADD-ON",
                "KEY",
                "PURPOSE",
                "WORKS ON",
                "NEEDS",
                "DOCUMENTATION",
            ]
        } else {
            &["ADD-ON", "PURPOSE", "WORKS ON", "NEEDS"]
        };
        table::draw(headings, &rows, cx.ui.width())
    };
    cx.ui.report(&Report {
        text: draw(false),
        wide: Some(draw(true)),
        names: CATALOG.iter().map(|addon| addon.name.to_owned()).collect(),
        json: wire::to_value(&wire::Document::read(
            "AddonList",
            CATALOG.iter().map(entry).collect(),
        )),
        slim: None,
    })?;
    Ok(Outcome::Ok)
}

fn providers(addon: &Addon) -> String {
    match addon.providers {
        Providers::All => "all".to_owned(),
        Providers::Only(list) => list.join(", "),
    }
}

fn needs(addon: &Addon) -> String {
    let names: Vec<&str> = addon
        .needs
        .iter()
        .map(|key| crate::plan::display_name(key))
        .collect();
    if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(", ")
    }
}

/// A catalogue entry.
fn entry(addon: &Addon) -> wire::Addon {
    wire::Addon {
        target: None,
        addon: addon.name.to_owned(),
        key: addon.key.to_owned(),
        known: true,
        enabled: None,
        settings: None,
        status: None,
        summary: Some(addon.summary),
        providers: match addon.providers {
            Providers::All => None,
            Providers::Only(list) => Some(list.to_vec()),
        },
        needs: addon
            .needs
            .iter()
            .filter_map(|key| addon::by_key(key))
            .map(|addon| addon.name)
            .collect(),
        fields: addon
            .params
            .iter()
            .map(|param| wire::Field {
                name: param.field,
                flag: param.flag.map(|flag| format!("--{flag}")),
                kind: param.kind.describe(),
                required: param.required,
                summary: param.summary,
            })
            .collect(),
        docs: Some(addon.docs),
    }
}

/// An add-on of the catalogue on a target.
fn known(seen: &Seen, addon: &Addon) -> wire::Addon {
    let settings = seen.cluster.add_on(addon.key);
    wire::Addon {
        target: Some(seen.target.clone()),
        enabled: Some(settings.is_some()),
        settings: settings.map(secret::masked),
        status: status(&seen.cluster, addon.key),
        ..entry(addon)
    }
}

/// Every add-on of the catalogue, then the keys that it does not know.
fn all(seen: &Seen) -> Vec<wire::Addon> {
    let mut items: Vec<wire::Addon> = CATALOG.iter().map(|addon| known(seen, addon)).collect();
    items.extend(
        seen.cluster
            .add_ons()
            .into_iter()
            .flatten()
            .filter(|(key, value)| addon::by_key(key).is_none() && !value.is_null())
            .map(|(key, value)| wire::Addon {
                target: Some(seen.target.clone()),
                addon: key.clone(),
                key: key.clone(),
                known: false,
                enabled: Some(true),
                settings: Some(secret::masked(value)),
                status: status(&seen.cluster, key),
                summary: None,
                providers: None,
                needs: Vec::new(),
                fields: Vec::new(),
                docs: None,
            }),
    );
    items
}

/// The add-on's part of the status, without what may be secret.
fn status(cluster: &Cluster, key: &str) -> Option<Value> {
    let status = cluster.value().pointer("/status/addOns")?.get(key)?;
    Some(secret::masked(status))
}

/// Settings on one line: `roleArn=arn:…`.
fn settings_line(value: &Value) -> String {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) => format!("{key}={text}"),
                other => format!("{key}={other}"),
            })
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}

/// Whether the platform shows that it works: `ready`, `pending`, or `-` where it shows nothing.
fn readiness(cluster: &Cluster, addon: &Addon) -> &'static str {
    match cluster
        .add_on(addon.key)
        .and_then(|settings| addon.ready.pointer(settings))
    {
        None => "-",
        Some(pointer) if cluster.ready_at(pointer).is_some() => "ready",
        Some(_) => "pending",
    }
}

fn single(cx: &Context, seen: &Seen, wide: bool) -> String {
    let live = matches!(seen.target, wire::Target::Cluster { .. });
    let mut rows = Vec::new();
    for item in all(seen) {
        let on = item.enabled == Some(true);
        let mut row = vec![item.addon.clone(), if on { "on" } else { "off" }.to_owned()];
        if live {
            row.push(
                addon::by_key(&item.key)
                    .map_or("-", |addon| readiness(&seen.cluster, addon))
                    .to_owned(),
            );
        }
        let mut settings = item
            .settings
            .as_ref()
            .map(settings_line)
            .unwrap_or_default();
        if !item.known {
            settings.push_str(" (not known to mk8s, left untouched)");
        }
        if !wide && settings.chars().count() > 100 {
            settings = settings.chars().take(99).chain(['…']).collect();
        }
        row.push(settings);
        if wide {
            row.insert(1, item.key);
        }
        rows.push(row);
    }
    let mut headings = vec!["ADD-ON", "STATE", "SETTINGS"];
    if live {
        headings.insert(2, "STATUS");
    }
    if wide {
        headings.insert(1, "KEY");
    }
    table::draw(&headings, &rows, cx.ui.width())
}

/// Add-ons down, clusters across.
fn matrix(cx: &Context, seen: &[Seen]) -> String {
    let mut keys: Vec<&str> = CATALOG.iter().map(|addon| addon.key).collect();
    for key in seen.iter().flat_map(Seen::on) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let rows: Vec<Vec<String>> = keys
        .iter()
        .map(|key| {
            let mut row = vec![crate::plan::display_name(key).to_owned()];
            row.extend(seen.iter().map(|seen| {
                let on = seen.cluster.add_on(key).is_some();
                if on { "on" } else { "off" }.to_owned()
            }));
            row
        })
        .collect();
    let names: Vec<&str> = seen.iter().map(|seen| seen.cluster.name()).collect();
    let mut headings = vec!["ADD-ON"];
    headings.extend(names);
    table::draw(&headings, &rows, cx.ui.width())
}

/// Clusters down, each with what is on.
fn fleet(cx: &Context, seen: &[Seen]) -> String {
    let rows: Vec<Vec<String>> = seen
        .iter()
        .map(|seen| {
            let mut on: Vec<&str> = seen.on().map(crate::plan::display_name).collect();
            on.sort_unstable();
            let on = if on.is_empty() {
                "-".to_owned()
            } else {
                on.join(", ")
            };
            vec![seen.cluster.name().to_owned(), on]
        })
        .collect();
    table::draw(&["CLUSTER", "ON"], &rows, cx.ui.width())
}

fn shown(seen: &Seen, addon: &Addon, item: &wire::Addon) -> String {
    let block = |value: &Value| manifest::yaml(value).trim_end().to_owned();
    let place = match &seen.target {
        wire::Target::Cluster { name, .. } => name.clone(),
        wire::Target::File { path, name, .. } => format!("{name} ({path})"),
    };
    let mut fields = vec![
        ("Add-on", addon.name.to_owned()),
        ("Cluster", place),
        (
            "State",
            if item.enabled == Some(true) {
                "on"
            } else {
                "off"
            }
            .to_owned(),
        ),
    ];
    if let Some(settings) = &item.settings {
        fields.push((
            "Settings",
            match settings {
                Value::Object(map) if map.is_empty() => "none".to_owned(),
                other => block(other),
            },
        ));
        if addon.aws_registry {
            let role = settings.get("roleArn").and_then(Value::as_str);
            fields.push((
                "Registry access",
                addon::rules::RegistryAccess::of(&seen.cluster, role).to_string(),
            ));
        }
        if matches!(seen.target, wire::Target::Cluster { .. }) {
            fields.push((
                "Status",
                match &item.status {
                    Some(status) if *status != Value::Object(Map::new()) => block(status),
                    _ => readiness(&seen.cluster, addon).replace('-', "nothing is published"),
                },
            ));
        }
    }
    table::fields(&fields)
}

/// Breaks running text at 80 columns.
fn wrap(text: &str) -> String {
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
    lines.join("\n")
}
