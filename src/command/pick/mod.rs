//! `mk8s addon` alone on a terminal: the picker. What is picked becomes commands, and those are run by the
//! same way as if they had been typed; none of them is done by other means.

mod agreed;
mod keys;
mod plain;
mod review;
mod run;

pub(super) use agreed::{AgreedPlans, agreed_name};

use super::Context;
use super::addon_change::file_flags;
use super::choose::{self, ChosenClusters};
use super::target::{self, Target};
use crate::choice::Choice;
use crate::cli::AddonArgs;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::summarise;
use crate::invocation::{CommandFlags, Invocation, shown};
use crate::picker::{PickTargets, Picker};
use std::collections::HashSet;
use std::path::PathBuf;

/// `mk8s addon`
pub(super) async fn pick(cx: &Context, args: &AddonArgs) -> Result<Outcome> {
    may_ask(cx, args)?;
    let is_plain = is_plain(cx, args);
    let reading = (!is_plain && args.target.file.is_empty()).then(|| {
        let progress = cx.ui.progress();
        progress.say("Reading the clusters");
        progress
    });
    let mut picker = Picker::new(gather(cx, args).await?);
    drop(reading);
    // A signal ends the waiting for a key, so that the terminal is put back, and never the process at once.
    let before = cx.if_interrupted(Some("Nothing was changed.".to_owned()));
    let picked = if is_plain {
        plain::ask(cx, &mut picker).await?
    } else {
        keys::ask(cx, &mut picker).await?
    };
    let _asked = cx.if_interrupted(before);
    if let Some(review) = picked {
        return run::run(cx, review).await;
    }
    cx.ui.status("Nothing was changed");
    Ok(Outcome::Ok)
}

/// Refuses where nobody can be asked, or what comes of it would be no document.
fn may_ask(cx: &Context, args: &AddonArgs) -> Result<()> {
    if !cx.ui.has_keys() {
        let list = Invocation::mk8s("addon list");
        return Err(Error::usage("no command was given")
            .because("`mk8s addon` alone asks for it, and nobody can be asked here")
            .hint(
                list.within("", " shows what is on; ")
                    .command(Invocation::mk8s("help addon"))
                    .text(" lists the commands"),
            ));
    }
    if !cx.ui.is_text() || cx.ui.is_patch() {
        let error = match cx.env.get("MK8S_OUTPUT") {
            Some(_) => Error::usage("the picker was asked to print a document")
                .hint("-o text goes past MK8S_OUTPUT"),
            None => Error::usage("-o was given to the picker"),
        };
        return Err(error.because("it runs several commands, each with a document of its own"));
    }
    if args.target.file.iter().any(|file| file.as_os_str() == "-") {
        return Err(
            Error::usage("-f - was given to the picker").because("it reads keys from stdin")
        );
    }
    Ok(())
}

/// Whether it is asked in plain lines.
fn is_plain(cx: &Context, args: &AddonArgs) -> bool {
    let is_dumb = matches!(cx.env.get("TERM"), None | Some("dumb"));
    args.accessible || cx.env.get("MK8S_ACCESSIBLE").is_some() || is_dumb
}

/// Reads what is picked from.
async fn gather(cx: &Context, args: &AddonArgs) -> Result<PickTargets> {
    let given = choose::names(cx, &args.target.cluster)?;
    let choice = choose::choice(&given, &args.target.choice)?;
    match target::resolve(cx, &args.target, true).await? {
        Target::None => {
            let all = Choice::default().with_all(true);
            let listed = choose::look_up(cx, &all).await?;
            clusters(cx, listed, None).await
        }
        Target::Clusters(chosen) => {
            // A name that comes from a variable is the only one.
            let one = chosen.names.first().filter(|_| choice.is_open());
            let flags = match one {
                Some(name) => CommandFlags::new().cluster(name),
                None => choice.flags(),
            };
            clusters(cx, chosen, Some(flags)).await
        }
        Target::Files(paths, choice) => documents(cx, &paths, &choice),
    }
}

async fn clusters(
    cx: &Context,
    mut chosen: ChosenClusters,
    flags: Option<CommandFlags>,
) -> Result<PickTargets> {
    let mut errors = Vec::new();
    let mut clusters: Vec<Cluster> = Vec::new();
    let names = chosen.names.clone();
    let are_open = flags.is_none();
    let mut flags = flags.unwrap_or_default();
    for (read, name) in chosen.read(cx).await?.into_iter().zip(names) {
        match read {
            Ok(cluster) => clusters.push(cluster),
            Err(error) => {
                if !are_open {
                    flags = flags.flag("--exclude", name);
                }
                errors.push(error);
            }
        }
    }
    if clusters.is_empty()
        && let Some(error) = summarise(std::mem::take(&mut errors), 0)
    {
        return Err(error);
    }
    for error in errors {
        cx.ui.warn(&format!("left out: {}", error.message));
    }
    Ok(PickTargets {
        ids: clusters.iter().map(|it| it.name().to_owned()).collect(),
        clusters,
        is_live: true,
        flags,
        are_open,
        place: format!("org {}", cx.org()?),
    })
}

fn documents(cx: &Context, paths: &[PathBuf], choice: &Choice) -> Result<PickTargets> {
    let mut targets = PickTargets {
        ids: Vec::new(),
        clusters: Vec::new(),
        is_live: false,
        flags: file_flags(paths).with(&choice.flags()),
        are_open: false,
        place: paths
            .iter()
            .map(|it| shown(it))
            .collect::<Vec<_>>()
            .join(", "),
    };
    for file in target::load(cx, paths, choice)? {
        for &number in &file.documents {
            targets.ids.push(agreed_name(&file.label, number));
            targets.clusters.push(file.cluster(number));
        }
    }
    // Several documents that can be told apart by their names, of which none was named.
    let names = targets.clusters.iter().map(Cluster::name);
    let names: HashSet<&str> = names.filter(|name| !name.is_empty()).collect();
    let count = targets.clusters.len();
    targets.are_open = choice.is_everything() && count > 1 && names.len() == count;
    Ok(targets)
}
