//! `mk8s addon set`, `copy` and `pull`: all add-ons that are named at once, as one change.

use super::super::Context;
use super::super::choose::ChosenClusters;
use super::super::target::{self, STDIN_LIMIT, Target};
use super::change::ChangeRun;
use crate::addon::{NamedAddon, by_key, by_word, nearest};
use crate::choice::Choice;
use crate::cli::{ChangeArgs, CopyArgs, PullArgs, SetArgs};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::manifest::{self, Manifest};
use crate::plan::{AddonRequest, AddonSet, OwnSettings, Verb};
use crate::secret;
use crate::text::{self, Foreign};
use serde_json::{Map, Value};
use std::path::Path;

/// The settings that say who a cluster is in its cloud: no other cluster's.
const IDENTITIES: [&str; 4] = ["roleArn", "clientId", "tenantId", "location"];

/// The add-ons of a set by their keys; `None` is off.
type WantedAddons = Vec<(String, Option<Map<String, Value>>)>;

/// `mk8s addon set`
pub(in crate::command) async fn set(cx: &Context, args: &SetArgs) -> Result<Outcome> {
    let wanted = read(cx, &args.set, args.unknown)?;
    if wanted.is_empty() && args.prune && !args.allow_empty {
        return Err(
            Error::usage("nothing would be left on of what is known to mk8s")
                .because(format!(
                    "{} names no add-on",
                    Foreign(&args.set.to_string_lossy())
                ))
                .hint("--allow-empty if that is meant"),
        );
    }
    let set = AddonSet {
        wanted,
        prunes: args.prune,
        prunes_unknown: args.prune_unknown,
        exact_but_for: None,
    };
    cx.rate.set(args.change.rollout.rate);
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
    let wanted = copied(cx, &from, args.with_identities);
    let set = AddonSet {
        wanted,
        prunes: args.prune,
        prunes_unknown: args.prune,
        exact_but_for: Some(if args.with_identities {
            OwnSettings::Nothing
        } else {
            OwnSettings::Fields(&IDENTITIES)
        }),
    };
    let change = ChangeArgs {
        rollout: args.rollout.clone(),
        force: args.force,
        dry_run: args.dry_run,
        exit_code: args.exit_code,
        ..ChangeArgs::default()
    };
    cx.rate.set(args.rollout.rate);
    let change = changing(cx, set, &change, args.confirm.as_deref())?;
    let mut names: Vec<String> = Vec::new();
    for name in &args.to {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    change
        .run(Target::Clusters(ChosenClusters::named(names)))
        .await
}

/// `mk8s addon pull`
pub(in crate::command) async fn pull(cx: &Context, args: &PullArgs) -> Result<Outcome> {
    target::check_name(&args.cluster)?;
    let live = cx.read(&args.cluster).await?;
    let mut hidden = Vec::new();
    let wanted = live.add_ons().into_iter().flatten();
    let wanted = wanted
        .filter_map(|(key, settings)| Some((key, settings.as_object()?)))
        .map(|(key, settings)| {
            let mut settings = Value::Object(settings.clone());
            strip(&mut settings, key, &mut hidden);
            (key.clone(), settings.as_object().cloned())
        })
        .collect();
    for path in &hidden {
        let path = Foreign(path);
        cx.ui
            .warn(&format!("{path} may be secret, and stays out of the file"));
    }
    let set = AddonSet {
        wanted,
        prunes: true,
        prunes_unknown: true,
        exact_but_for: Some(OwnSettings::Secrets),
    };
    let change = ChangeArgs {
        dry_run: args.dry_run,
        exit_code: args.exit_code,
        in_place: args.in_place,
        keep_comments: args.keep_comments,
        // What is live was let through by whoever switched it on.
        force: true,
        ..ChangeArgs::default()
    };
    let change = changing(cx, set, &change, None)?;
    let choice = Choice::of(std::slice::from_ref(&args.cluster));
    change
        .run(Target::Files(vec![args.file.clone()], choice))
        .await
}

fn changing<'a>(
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

/// The add-ons of a cluster as another is to have them.
fn copied(cx: &Context, from: &Cluster, with_identities: bool) -> WantedAddons {
    let mut wanted = WantedAddons::new();
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
            cx.ui.warn(&format!(
                "{name} takes {fields} of {} along; whether that lets the other cluster in is \
                 not looked into",
                from.name()
            ));
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
    }
    wanted
}

/// Takes out what may be secret; names it.
fn strip(value: &mut Value, path: &str, hidden: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let secret: Vec<String> = map
                .iter()
                .filter(|(field, value)| secret::is_secret(field, value))
                .map(|(field, _)| field.clone())
                .collect();
            for field in secret {
                map.shift_remove(&field);
                hidden.push(format!("{path}.{field}"));
            }
            for (field, value) in map {
                strip(value, &format!("{path}.{field}"), hidden);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                strip(item, &format!("{path}[{at}]"), hidden);
            }
        }
        _ => {}
    }
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
