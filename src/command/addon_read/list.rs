//! `mk8s addon list`: the catalogue, one target, several side by side, a fleet.

use super::super::Context;
use super::super::target::{self, Target};
use super::super::word::addon_by_word;
use super::{
    SeenCluster, all, entry, finish, look, misspelt, providers, readiness, taken_for_nothing,
};
use crate::addon::{self, Addon, CATALOG};
use crate::cli::ListArgs;
use crate::error::Result;
use crate::exit::Outcome;
use crate::fleet::{Closing, Reporter, TargetResult};
use crate::text::Foreign;
use crate::ui::{Report, wire};
use serde_json::Value;

/// More clusters than this do not stand side by side.
const ACROSS: usize = 8;

/// `mk8s addon list`
pub(in crate::command) async fn list(cx: &Context, args: &ListArgs) -> Result<Outcome> {
    let (on, off) = (filter(&args.on)?, filter(&args.off)?);
    let filters = !(on.is_empty() && off.is_empty());
    let mut looked = match target::resolve(cx, &args.target, false).await? {
        Target::None if filters => return Err(target::missing()),
        Target::None => return catalogue(cx),
        target => look(cx, target).await?,
    };
    if filters {
        looked.of_several = true;
        looked.each.retain(|one| {
            let is_on = |addon: &&Addon| {
                let seen = one.as_ref().ok();
                seen.map(|seen| seen.cluster.add_on(addon.key).is_some())
            };
            // What cannot be read is told.
            let is_off = |addon| is_on(addon) == Some(false);
            !on.iter().any(is_off) && off.iter().all(|addon| is_on(addon) != Some(true))
        });
    }
    let seen: Vec<&SeenCluster> = looked.each.iter().flatten().collect();
    let (text, wide) = match seen.as_slice() {
        [] => (Vec::new(), Vec::new()),
        [one] if looked.each.len() == 1 && !looked.of_several => {
            (single(cx, one, false), single(cx, one, true))
        }
        several => {
            let overview = if several.len() > ACROSS {
                fleet(cx, several)
            } else {
                matrix(cx, several)
            };
            (overview.clone(), overview)
        }
    };
    let mut names: Vec<String> = if filters {
        // Which clusters they are is what was asked.
        seen.iter()
            .map(|seen| seen.cluster.name().to_owned())
            .collect()
    } else {
        seen.iter().flat_map(|seen| names_on(seen)).collect()
    };
    if seen.len() > 1 {
        names.sort_unstable();
        names.dedup();
    }
    let closing = Closing {
        text,
        wide: Some(wide),
        names: Some(names),
        ..Closing::default()
    };
    let told = |seen: &SeenCluster| TargetResult {
        items: all(seen)
            .into_iter()
            .map(|item| wire::AddonItem::Addon(Box::new(item)))
            .collect(),
        names: Vec::new(),
        lines: Vec::new(),
        changed: false,
        next: None,
        failed: None,
    };
    finish(
        cx,
        Reporter::reading(&cx.ui, "AddonList"),
        looked,
        told,
        closing,
    )?;
    Ok(Outcome::Ok)
}

/// The add-ons of the catalogue that `--on` or `--off` names.
fn filter(words: &[String]) -> Result<Vec<&'static Addon>> {
    words.iter().map(|word| addon_by_word(word)).collect()
}

/// The add-ons that are on.
fn names_on(seen: &SeenCluster) -> Vec<String> {
    let items = all(seen).into_iter();
    items
        .filter(|item| item.enabled == Some(true))
        .map(|item| item.addon)
        .collect()
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
                "DOCUMENTED FOR",
                "NEEDS",
                "DOCUMENTATION",
            ]
        } else {
            &["ADD-ON", "PURPOSE", "DOCUMENTED FOR", "NEEDS"]
        };
        cx.ui.table(headings, &rows)
    };
    cx.ui.report(&Report {
        text: draw(false),
        wide: Some(draw(true)),
        names: CATALOG.iter().map(|addon| addon.name.to_owned()).collect(),
        json: wire::to_value(&wire::ItemsDocument::read(
            "AddonList",
            CATALOG.iter().map(entry).collect(),
        )),
        slim: None,
    })?;
    Ok(Outcome::Ok)
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

fn single(cx: &Context, seen: &SeenCluster, wide: bool) -> Vec<String> {
    let live = matches!(seen.target, wire::TargetRef::Cluster { .. });
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
        if !wide && settings.chars().count() > 100 {
            settings = settings.chars().take(99).chain(['…']).collect();
        }
        if let Some(remark) = remark(seen, &item) {
            let blank = if settings.is_empty() { "" } else { " " };
            settings = format!("{settings}{blank}({remark})");
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
    cx.ui.table(&headings, &rows)
}

/// What is to be said of an add-on that is on, beside its settings.
fn remark(seen: &SeenCluster, item: &wire::AddonRecord) -> Option<String> {
    let cluster = &seen.cluster;
    if let Some(addon) = misspelt(seen, &item.key) {
        return Some(taken_for_nothing(addon));
    }
    if !item.known {
        return Some("not known to mk8s, left untouched".to_owned());
    }
    if item.enabled != Some(true) || item.documented != Some(false) {
        return None;
    }
    Some(match cluster.provider() {
        Some(provider) => format!("not documented for {}", Foreign(provider)),
        None => "documented for some providers, and none is named".to_owned(),
    })
}

/// Add-ons down, clusters across.
fn matrix(cx: &Context, seen: &[&SeenCluster]) -> Vec<String> {
    let mut keys: Vec<&str> = CATALOG.iter().map(|addon| addon.key).collect();
    for key in seen.iter().flat_map(|seen| seen.on()) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let rows: Vec<Vec<String>> = keys
        .iter()
        .map(|key| {
            let mut row = vec![crate::plan::display_name(key).to_owned()];
            row.extend(seen.iter().map(|seen| {
                let on = seen.on().any(|on| on == *key);
                if on { "on" } else { "off" }.to_owned()
            }));
            row
        })
        .collect();
    let names: Vec<&str> = seen.iter().map(|seen| seen.cluster.name()).collect();
    let mut headings = vec!["ADD-ON"];
    headings.extend(names);
    cx.ui.table(&headings, &rows)
}

/// Clusters down, each with what is on.
fn fleet(cx: &Context, seen: &[&SeenCluster]) -> Vec<String> {
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
    cx.ui.table(&["CLUSTER", "ON"], &rows)
}
