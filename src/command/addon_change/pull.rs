//! `mk8s addon pull`: live add-ons written back into manifests, and manifests made where there is none.

use super::super::cluster::slimmed;
use super::super::target::{self, Loaded, Target};
use super::super::{Context, choose};
use super::change::{ChangeReporter, ChangeRun};
use super::file::{self, FileEdit};
use super::set::{WantedAddons, changing};
use crate::choice::Choice;
use crate::cli::{ChangeArgs, PullArgs, TargetArgs};
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Permit};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{TargetOutcome, TargetResult, summarise};
use crate::invocation::shown;
use crate::manifest::{self, FileWriter};
use crate::plan::{AddonRequest, AddonSet, OwnSettings, Verb};
use crate::secret;
use crate::text::Foreign;
use crate::ui::wire;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A manifest that is made.
struct NewManifest {
    path: PathBuf,
    cluster: Cluster,
    text: String,
}

/// Where the add-ons go.
struct PullPlan {
    edits: Vec<FileEdit>,
    new: Vec<NewManifest>,
}

/// `mk8s addon pull`
pub(in crate::command) async fn pull(cx: &Context, args: &PullArgs) -> Result<Outcome> {
    let target = TargetArgs {
        cluster: args.cluster.clone(),
        choice: args.choice.clone(),
        ..TargetArgs::default()
    };
    if choose::choice(&args.cluster, &args.choice)?.is_open() {
        return Err(Error::usage("no cluster was named")
            .hint("-c NAME is one, --all and --selector mean clusters of the org"));
    }
    let Target::Clusters(mut chosen) = target::resolve(cx, &target, false).await? else {
        return Err(target::missing());
    };
    let are_several = chosen.are_several;
    let read = chosen.read(cx).await?;
    let (mut live, mut failed) = (Vec::new(), Vec::new());
    for (name, read) in chosen.names.iter().zip(read) {
        match read {
            Ok(cluster) => live.push(cluster),
            Err(error) => failed.push((name.clone(), error)),
        }
    }
    if live.is_empty() || !are_several {
        let errors = failed.iter().map(|(_, error)| error.clone());
        if let Some(error) = summarise(errors.collect(), 0) {
            return Err(error);
        }
    }
    let mut change = changing(cx, exact(Vec::new()), &how(args), None)?;
    change.course.are_several = are_several;
    for cluster in &live {
        let request = wanted(cx, cluster, &change, are_several);
        change.each.insert(cluster.name().to_owned(), request);
    }
    let names: Vec<String> = live.iter().map(|it| it.name().to_owned()).collect();
    let choice = Choice::of(&names);
    if let Some(file) = &args.file
        && failed.is_empty()
        && (file.as_os_str() == "-" || file.symlink_metadata().is_ok())
    {
        return change.run(Target::Files(vec![file.clone()], choice)).await;
    }
    let plan = place(&change, args, &live)?;
    let mut teller = change.teller();
    let show = |plan: &PullPlan| {
        if change.mode.is_dry_run() {
            show(&change, plan);
        } else if cx.ui.has_step() {
            file::keep_shown(&change, &plan.edits);
            for new in &plan.new {
                cx.ui
                    .keep_unified(&manifest::diff(&shown(&new.path), "", &new.text));
            }
        }
    };
    let consent = change.mode.consent(&*cx.ui, plan, show, |_| Ok(None));
    match consent.await? {
        Consent::Preview(plan) => {
            file::preview(&change, &plan.edits, &mut teller);
            for new in &plan.new {
                teller.add(told(&change, new));
            }
        }
        Consent::Given(Agreed { mut plan, permit }) => {
            let written = write(&change, &permit, &mut plan, &choice, &mut teller);
            if let Err(error) = written {
                return Err(teller.fail(error));
            }
        }
    }
    for (name, error) in failed {
        let mut item = change.nothing_done(cx.cluster(&name));
        item.error = Some(cx.wire(&error));
        teller.add(TargetOutcome::Failed(item, error));
    }
    change.finish(teller, Vec::new())
}

fn how(args: &PullArgs) -> ChangeArgs {
    ChangeArgs {
        dry_run: args.dry_run,
        history: args.history,
        exit_code: args.exit_code,
        in_place: args.in_place,
        keep_comments: args.keep_comments,
        // What is live was let through by whoever switched it on.
        force: true,
        ..ChangeArgs::default()
    }
}

/// These add-ons and no others, but for what may be secret.
fn exact(wanted: WantedAddons) -> AddonSet {
    AddonSet {
        wanted,
        prunes: true,
        prunes_unknown: true,
        exact_but_for: Some(OwnSettings::Secrets),
        ..AddonSet::default()
    }
}

/// What the manifest of a cluster is to have; what may be secret is named and left out.
fn wanted(
    cx: &Context,
    cluster: &Cluster,
    change: &ChangeRun<'_>,
    are_several: bool,
) -> AddonRequest {
    let mut hidden = Vec::new();
    let there = cluster.add_ons().into_iter().flatten();
    let there = there.filter_map(|(key, settings)| Some((key, settings.as_object()?)));
    let wanted = there.map(|(key, settings)| {
        let mut settings = Value::Object(settings.clone());
        strip(&mut settings, key, &mut hidden);
        (key.clone(), settings.as_object().cloned())
    });
    let set = exact(wanted.collect());
    let of = if are_several {
        format!("{}: ", cluster.name())
    } else {
        String::new()
    };
    for path in &hidden {
        let path = Foreign(path);
        cx.ui.warn(&format!(
            "{of}{path} may be secret, and stays out of the file"
        ));
    }
    AddonRequest {
        verb: Verb::Set(set),
        ..change.request.clone()
    }
}

/// Where each cluster's add-ons go: into the document that describes it, or into a new file.
fn place(change: &ChangeRun<'_>, args: &PullArgs, live: &[Cluster]) -> Result<PullPlan> {
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    let (mut loaded, mut errors) = match (&args.dir, &args.file) {
        (Some(dir), _) if is_there(dir) => target::in_folder(change.cx, dir)?,
        (_, Some(file)) if is_there(file) => {
            target::load_all(change.cx, std::slice::from_ref(file), &Choice::default())?
        }
        _ => (Vec::new(), Vec::new()),
    };
    let meant: HashSet<&str> = live.iter().map(Cluster::name).collect();
    let mut places: HashMap<String, String> = HashMap::new();
    for file in &mut loaded {
        let label = file.label.clone();
        let numbers = std::mem::take(&mut file.documents);
        for number in numbers {
            let name = file.name(number).to_owned();
            if !meant.contains(name.as_str()) {
                continue;
            }
            if let Some(first) = places.insert(name.clone(), label.clone()) {
                errors.push(
                    Error::refused(format!("the add-ons of `{name}` were not written"))
                        .because(format!(
                            "it is described in {} and in {}",
                            Foreign(&first),
                            Foreign(&label)
                        ))
                        .hint("-f FILE names the one that counts"),
                );
            }
            file.documents.push(number);
        }
    }
    loaded.retain(|file: &Loaded| !file.documents.is_empty());
    let mut new = Vec::new();
    for cluster in live.iter().filter(|it| !places.contains_key(it.name())) {
        match made(change.cx, args, cluster, live.len()) {
            Ok(one) => new.push(one),
            Err(error) => errors.push(error),
        }
    }
    let edits = file::plan(change, loaded, errors)?;
    Ok(PullPlan { edits, new })
}

/// The manifest of a cluster that has none.
fn made(cx: &Context, args: &PullArgs, cluster: &Cluster, count: usize) -> Result<NewManifest> {
    let name = cluster.name();
    // A server names it, and it becomes the name of a file.
    target::check_name(name)?;
    let path = match (&args.file, &args.dir) {
        (Some(file), _) if count == 1 => file.clone(),
        (Some(file), _) => {
            return Err(Error::usage(format!(
                "{} is not there, and one file is made of one cluster",
                Foreign(&file.to_string_lossy())
            ))
            .hint("--dir DIR makes a file for each"));
        }
        (None, dir) => {
            let file = format!("{name}.yaml");
            dir.as_deref().unwrap_or(Path::new(".")).join(file)
        }
    };
    if path.symlink_metadata().is_ok() {
        return Err(Error::refused(format!("no manifest of `{name}` was made"))
            .because(format!(
                "`{}` is there, and does not describe it",
                Foreign(&path.to_string_lossy())
            ))
            .hint("move that file, or name another with -f"));
    }
    let mut slim = slimmed(cluster.value());
    let mut hidden = Vec::new();
    strip(&mut slim, "", &mut hidden);
    // Those of the add-ons are told already.
    for path in hidden.iter().filter(|it| !it.starts_with("spec.addOns.")) {
        let path = Foreign(path);
        cx.ui.warn(&format!(
            "{name}: {path} may be secret, and stays out of the file"
        ));
    }
    let is_json = path.extension().is_some_and(|it| it == "json");
    Ok(NewManifest {
        text: if is_json {
            format!("{slim:#}\n")
        } else {
            manifest::yaml(&slim)
        },
        cluster: Cluster::new(slim),
        path,
    })
}

fn show(change: &ChangeRun<'_>, plan: &PullPlan) {
    let ui = &change.cx.ui;
    file::show(change, &plan.edits);
    for NewManifest { path, text, .. } in &plan.new {
        let label = shown(path);
        if ui.is_patch() {
            ui.raw(&manifest::patch_of_new(&label, text));
        } else {
            let stream = change.cx.preview(change.mode);
            ui.unified(&manifest::diff(&label, "", text), stream);
        }
    }
}

/// Writes the files that change, and makes those that are not there.
fn write(
    change: &ChangeRun<'_>,
    permit: &Permit,
    plan: &mut PullPlan,
    choice: &Choice,
    teller: &mut ChangeReporter<'_>,
) -> Result<()> {
    let cx = change.cx;
    file::write(change, permit, &mut plan.edits, choice, teller)?;
    let writer = FileWriter::new(change.in_place, cx.copies(), cx.interrupt.clone());
    for (made, new) in plan.new.iter().enumerate() {
        if let Err(error) = writer.create(permit, &new.path, &new.text) {
            let left = plan.new.len() - made;
            return Err(match (made + plan.edits.len(), left) {
                (0, 1) => error,
                _ => error.note(format!(
                    "{left} of {} manifests were not made; the same command once more makes them.",
                    plan.new.len()
                )),
            });
        }
        teller.add(told(change, new));
    }
    Ok(())
}

/// What is told of a manifest that is made.
fn told(change: &ChangeRun<'_>, new: &NewManifest) -> TargetOutcome<wire::AddonChange> {
    let name = new.cluster.name();
    let target = wire::TargetRef::File {
        path: shown(&new.path),
        document: 1,
        name: name.to_owned(),
    };
    let verb = if change.mode.is_dry_run() {
        "Would make"
    } else {
        "Made"
    };
    let on = new.cluster.add_ons().into_iter().flatten();
    let on = on.filter(|(_, settings)| !settings.is_null());
    let mut items: Vec<wire::AddonChange> = on
        .map(|(key, settings)| wire::AddonChange {
            addon: crate::plan::display_name(key).to_owned(),
            key: key.clone(),
            action: "enabled",
            changed: true,
            after: Some(secret::masked(settings)),
            ..change.nothing_done(target.clone())
        })
        .collect();
    if items.is_empty() {
        items.push(wire::AddonChange {
            changed: true,
            ..change.nothing_done(target)
        });
    }
    TargetOutcome::Done(TargetResult {
        items,
        names: vec![name.to_owned()],
        lines: vec![format!(
            "{verb} {}, the manifest of {name}",
            Foreign(&new.path.to_string_lossy())
        )],
        changed: true,
        next: None,
        failed: None,
    })
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
                hidden.push(joined(path, &field));
            }
            for (field, value) in map {
                strip(value, &joined(path, field), hidden);
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

fn joined(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}
