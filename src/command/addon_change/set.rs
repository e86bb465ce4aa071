//! `mk8s addon set` and `copy`: all add-ons that are named at once, as one change.

use super::super::Context;
use super::super::choose::ChosenClusters;
use super::super::target::{self, STDIN_LIMIT, Target};
use super::super::word;
use super::change::ChangeRun;
use super::{given, identities};
use crate::addon::{self, AddonSide, NamedAddon, by_key, by_word, nearest};
use crate::cli::{ChangeArgs, CopyArgs, SetArgs};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::manifest::{self, Manifest};
use crate::plan::{AddonRequest, AddonSet, Expectation, OwnSettings, Verb};
use crate::text::{self, Foreign};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The settings that say who a cluster is in its cloud: no other cluster's.
const IDENTITIES: [&str; 4] = ["roleArn", "clientId", "tenantId", "location"];

/// The add-ons of a set by their keys; `None` is off.
pub(super) type WantedAddons = Vec<(String, Option<Map<String, Value>>)>;

/// `mk8s addon set`
pub(in crate::command) async fn set(cx: &Context, args: &SetArgs) -> Result<Outcome> {
    let is_stdin = |file: &PathBuf| file.as_os_str() == "-";
    if is_stdin(&args.set) && args.target.file.iter().any(is_stdin) {
        return Err(Error::usage("stdin was named twice")
            .because("the set and the manifest cannot both be read from it"));
    }
    let wanted = read(cx, &args.set, args.unknown)?;
    if wanted.is_empty() && args.prune && !args.allow_empty {
        return Err(
            Error::usage("nothing would be left on of what is known to mk8s")
                .because(format!(
                    "{} names no add-on",
                    if is_stdin(&args.set) {
                        manifest::STDIN.to_owned()
                    } else {
                        Foreign(&args.set.to_string_lossy()).to_string()
                    }
                ))
                .hint("--allow-empty if that is meant"),
        );
    }
    let set = AddonSet {
        wanted,
        prunes: args.prune,
        prunes_unknown: args.prune_unknown,
        expected: expected(&args.expect, args.unknown)?,
        ..AddonSet::default()
    };
    let change = changing(cx, set, &args.change, args.confirm.as_deref())?;
    let target = change.target(&args.target).await?;
    change.run(target).await
}

/// `mk8s addon copy`
pub(in crate::command) async fn copy(cx: &Context, args: &CopyArgs) -> Result<Outcome> {
    for name in args.to.iter().chain([&args.from]) {
        target::check_name(name)?;
    }
    if args.to.contains(&args.from) {
        return Err(Error::usage(format!(
            "`{}` cannot be copied onto itself",
            args.from
        )));
    }
    let from = cx.read(&args.from).await?;
    let (wanted, lacking) = copied(cx, &from, args.with_identities);
    let mut names: Vec<String> = Vec::new();
    for name in &args.to {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if args.with_identities {
        let read = cx.read_all(&names).await?;
        let to: Vec<_> = names.iter().cloned().zip(read).collect();
        identities::look(cx, &wanted, &to).await;
    }
    let set = AddonSet {
        wanted,
        lacking,
        prunes: args.prune,
        prunes_unknown: args.prune,
        exact_but_for: Some(if args.with_identities {
            OwnSettings::Nothing
        } else {
            OwnSettings::Fields(&IDENTITIES)
        }),
        ..AddonSet::default()
    };
    let change = ChangeArgs {
        rollout: args.rollout.clone(),
        force: args.force,
        history: args.history,
        dry_run: args.dry_run,
        exit_code: args.exit_code,
        ..ChangeArgs::default()
    };
    let change = changing(cx, set, &change, args.confirm.as_deref())?;
    change
        .run(Target::Clusters(ChosenClusters::named(names)))
        .await
}

pub(super) fn changing<'a>(
    cx: &'a Context,
    set: AddonSet,
    args: &ChangeArgs,
    confirm: Option<&'a str>,
) -> Result<ChangeRun<'a>> {
    if args.wait.is_some() {
        return Err(
            Error::usage("--wait was given to a set of add-ons").because(
                "each add-on has a status of its own, or none: `cluster wait` waits for one",
            ),
        );
    }
    let request = AddonRequest {
        addon: NamedAddon::Key("addOns".to_owned()),
        verb: Verb::Set(set),
        companions: false,
        force: args.force,
        expected: Vec::new(),
    };
    ChangeRun::new(cx, request, args, confirm)
}

/// What `--expect` says of the add-ons: the whole of one, or what stands at a path in it.
fn expected(given: &[String], takes_unknown: bool) -> Result<Vec<(String, Expectation)>> {
    let each = given.iter().map(|text| {
        let end = text.find(['.', '[', '=']).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        let named = NamedAddon::of(word);
        if named.addon().is_none() && !takes_unknown {
            let error = word::unknown(word, std::iter::empty());
            return Err(error.hint("--unknown takes keys that mk8s does not know"));
        }
        if let Some(value) = rest.strip_prefix('=') {
            let whole = Expectation {
                path: addon::path::Path::default(),
                text: value.to_owned(),
            };
            return Ok((named.key().to_owned(), whole));
        }
        let rest = rest.strip_prefix('.').unwrap_or(rest).to_owned();
        let mut found = given::expectations(&named, &[rest])?;
        let found = found.pop();
        let found = found.ok_or_else(|| Error::failure("an expectation was lost"))?;
        Ok((named.key().to_owned(), found))
    });
    each.collect()
}

/// The add-ons of a cluster as another is to have them, and the keys of those from which something was
/// left out.
fn copied(cx: &Context, from: &Cluster, with_identities: bool) -> (WantedAddons, Vec<String>) {
    let (mut wanted, mut lacking) = (WantedAddons::new(), Vec::new());
    for (key, settings) in from.add_ons().into_iter().flatten() {
        let Some(settings) = settings.as_object() else {
            continue;
        };
        let mut settings = settings.clone();
        let its: Vec<&str> = IDENTITIES
            .into_iter()
            .filter(|field| settings.contains_key(*field))
            .collect();
        if its.is_empty() {
            wanted.push((key.clone(), Some(settings)));
            continue;
        }
        let name = crate::plan::display_name(key);
        let fields = text::list(its.iter().copied());
        if with_identities {
            let from = from.name();
            let line = format!("{name} takes {fields} of {from} along");
            if by_key(key).and_then(AddonSide::of).is_some() {
                cx.ui.status(&line);
            } else {
                let unknown = "whether that lets the other cluster in is not looked into";
                cx.ui.warn(&format!("{line}; {unknown}"));
            }
            wanted.push((key.clone(), Some(settings)));
            continue;
        }
        let is_needed = |field: &&str| {
            let addon = by_key(key);
            addon.is_some_and(|addon| {
                addon
                    .params
                    .iter()
                    .any(|it| it.field == *field && it.required)
            })
        };
        if its.iter().any(is_needed) {
            cx.ui.status(&format!(
                "Not copied: {name}, which needs {fields}; that belongs to {}",
                from.name()
            ));
            continue;
        }
        cx.ui.status(&format!(
            "Left out: {fields} of {name}, which belongs to {}",
            from.name()
        ));
        settings.retain(|field, _| !its.contains(&field.as_str()));
        wanted.push((key.clone(), Some(settings)));
        lacking.push(key.clone());
    }
    (wanted, lacking)
}

/// Reads a set from a file: what stands below `spec.addOns`, with or without that above it.
fn read(cx: &Context, file: &Path, takes_unknown: bool) -> Result<WantedAddons> {
    let manifest = if file.as_os_str() == "-" {
        let bytes = cx.ui.stdin(STDIN_LIMIT)?;
        Manifest::parse(manifest::STDIN, bytes)?
    } else {
        manifest::read(file, None)?
    };
    let label = manifest.label().to_owned();
    let refused = |reason: String| {
        Error::usage(format!("{} holds no set of add-ons", Foreign(&label))).because(reason)
    };
    let document = match manifest.documents() {
        [document] => document,
        several => return Err(refused(text::count(several.len(), "document"))),
    };
    let (twice, _) = document.duplicates(1);
    if let Some(twice) = twice.first() {
        return Err(refused(format!(
            "`{}` is written twice",
            Foreign(&twice.key)
        )));
    }
    let mut value = document.value();
    for above in ["spec", "addOns"] {
        if let Some(below) = value.get_mut(above) {
            value = below.take();
        }
    }
    let map = match value {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        _ => {
            return Err(refused(
                "an object is expected, as below spec.addOns".to_owned(),
            ));
        }
    };
    let mut wanted = WantedAddons::new();
    for (key, settings) in map {
        if by_key(&key).is_none() && !takes_unknown {
            let error = refused(format!("`{}` is no key of an add-on", Foreign(&key)));
            let near = nearest(&key).and_then(by_word).map(|addon| addon.key);
            return Err(match near {
                Some(addon) => error.hint(format!("did you mean `{addon}`?")),
                None => error.hint("--unknown takes keys that mk8s does not know"),
            });
        }
        wanted.push(match settings {
            Value::Object(settings) => (key, Some(settings)),
            Value::Null => (key, None),
            _ => {
                return Err(refused(format!(
                    "`{}` is neither an object of settings nor null",
                    Foreign(&key)
                )));
            }
        });
    }
    Ok(wanted)
}
