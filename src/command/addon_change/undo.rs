//! `mk8s undo`: what a run changed of add-ons as it was before, in files and on live clusters.

use super::super::Context;
use super::super::choose::ChosenClusters;
use super::super::target::{self, Loaded};
use super::super::undo::{KeptRun, meant};
use super::change::{ChangeReporter, ChangeRun};
use super::{file, half_done};
use crate::addon::NamedAddon;
use crate::choice::Choice;
use crate::cli::{ChangeArgs, UndoArgs};
use crate::consent::{Agreed, Consent};
use crate::error::{Error, Kind, Result};
use crate::exit::Outcome;
use crate::history::{KeptEntry, KeptTarget};
use crate::journal::fingerprint;
use crate::plan::{AddonRequest, UndoneChange, Verb, display_name};
use crate::text::{Foreign, count};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// What a run that is undone asks of each of its targets.
pub(super) struct UndoneTargets {
    /// The name of the run.
    id: String,
    clusters: HashMap<String, AddonRequest>,
    /// By the paths: the number and the name of the document.
    files: HashMap<PathBuf, Vec<(usize, String, AddonRequest)>>,
}

impl UndoneTargets {
    fn of(run: &KeptRun, force: bool) -> Self {
        let mut targets = Self {
            id: run.id.clone(),
            clusters: HashMap::new(),
            files: HashMap::new(),
        };
        for entry in &run.entries {
            let changes = entry.changes.iter().map(|it| UndoneChange {
                key: it.key.clone(),
                before: it.before.clone(),
                after: it.after.clone(),
            });
            let request = asked(changes.collect(), force);
            match &entry.target {
                KeptTarget::Cluster { name, .. } => {
                    targets.clusters.insert(name.clone(), request);
                }
                KeptTarget::File {
                    path,
                    document,
                    name,
                } => {
                    let documents = targets.files.entry(path.clone()).or_default();
                    documents.push((*document, name.clone(), request));
                }
            }
        }
        targets
    }

    /// What is asked of a cluster.
    pub(super) fn on(&self, name: &str) -> Option<&AddonRequest> {
        self.clusters.get(name)
    }

    /// What is asked of a document: that of its number and name, or the only one of its name.
    pub(super) fn within(&self, file: &Loaded, number: usize) -> Option<&AddonRequest> {
        let documents = self.files.get(file.path.as_ref()?)?;
        let name = file.name(number);
        let mut called_so = documents.iter().filter(|(_, its, _)| its == name);
        let of_the_number = called_so.clone().find(|(its, ..)| *its == number);
        let found = match of_the_number {
            Some(found) => Some(found),
            None => called_so.next().filter(|_| called_so.next().is_none()),
        };
        found.map(|(_, _, request)| request)
    }

    /// The same for the same run.
    pub(super) fn fingerprint(&self) -> String {
        let mut names: Vec<&String> = self.clusters.keys().collect();
        names.sort_unstable();
        fingerprint(&format!("{} {names:?}", self.id))
    }

    fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.files.keys().cloned().collect();
        paths.sort_unstable();
        paths
    }
}

fn asked(changes: Vec<UndoneChange>, force: bool) -> AddonRequest {
    AddonRequest {
        addon: NamedAddon::Key("addOns".to_owned()),
        verb: Verb::Undo(changes),
        companions: false,
        force,
        expected: Vec::new(),
    }
}

/// `mk8s undo`
pub(in crate::command) async fn undo(cx: &Context, args: &UndoArgs) -> Result<Outcome> {
    if args.run.is_none() && args.rollout.resume.is_some() {
        return Err(Error::usage("--resume was given, and no run to undo")
            .because("the last run is the one that is to be taken up"));
    }
    let run = meant(cx, args.run.as_deref())?;
    if args.run.is_none() {
        cx.names_what_is_undone(&run.id);
    }
    is_reached(cx, &run)?;
    if run.entries.is_empty() {
        let id = Foreign(&run.id);
        cx.ui.status(&format!("The run {id} has changed nothing"));
    }
    let flags = ChangeArgs {
        history: args.history,
        rollout: args.rollout.clone(),
        force: args.force,
        dry_run: args.dry_run,
        exit_code: args.exit_code,
        ..ChangeArgs::default()
    };
    let mut change = ChangeRun::new(
        cx,
        asked(Vec::new(), args.force),
        &flags,
        args.confirm.as_deref(),
    )?;
    let targets = UndoneTargets::of(&run, args.force);
    let clusters = clusters(&run);
    let paths = targets.paths();
    let files = (!paths.is_empty()).then(|| names(&run));
    change.undone = Some(targets);
    if let (Some(flag), true) = (change.rollout_flag, clusters.is_empty()) {
        return Err(Error::usage(format!(
            "{flag} was given, and no live cluster changes"
        )));
    }
    // Of files it is not counted as what each ended.
    change.course.are_several = files.is_none() && clusters.len() > 1;
    change.apply = !clusters.is_empty();
    let outcome = change.back(&paths, files, clusters).await?;
    match left_out(&run.entries) {
        Some(error) if !args.dry_run => Err(error),
        Some(error) => {
            for reason in &error.because {
                cx.ui.warn(reason);
            }
            Ok(outcome)
        }
        None => Ok(outcome),
    }
}

/// The clusters of a run, each once, in order.
fn clusters(run: &KeptRun) -> Vec<String> {
    let mut seen = HashSet::new();
    let names = run.entries.iter().filter_map(|entry| match &entry.target {
        KeptTarget::Cluster { name, .. } => Some(name.clone()),
        KeptTarget::File { .. } => None,
    });
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// The documents of a run by their names.
fn names(run: &KeptRun) -> Choice {
    let names = run.entries.iter().filter_map(|entry| match &entry.target {
        KeptTarget::File { name, .. } => Some(name.clone()),
        KeptTarget::Cluster { .. } => None,
    });
    let names: Vec<String> = names.collect();
    // A document without a name is chosen by none.
    if names.iter().any(String::is_empty) {
        Choice::default()
    } else {
        Choice::of(&names)
    }
}

/// Refuses a run whose clusters are elsewhere than where this one looks.
fn is_reached(cx: &Context, run: &KeptRun) -> Result<()> {
    for entry in &run.entries {
        let KeptTarget::Cluster {
            org,
            endpoint,
            name,
        } = &entry.target
        else {
            continue;
        };
        let refused = |what: String| {
            Error::usage(format!("the run `{}` was not undone", Foreign(&run.id)))
                .because(format!("`{}` is in {what}", Foreign(name)))
        };
        let own = cx.org()?;
        if own != org {
            let what = format!("org `{}`, and `{}` is used", Foreign(org), Foreign(own));
            let flag = format!("--org {} uses the other", crate::shell::quote(org));
            return Err(refused(what).hint(flag));
        }
        let reached = cx.settings()?.endpoint();
        if reached.value.as_str() != endpoint {
            let (its, own) = (Foreign(endpoint), reached.value.as_str());
            return Err(refused(format!(
                "the Control Plane at {its}, and {own} is used"
            )));
        }
    }
    Ok(())
}

/// What could not be brought back, since it was never kept.
fn left_out(entries: &[KeptEntry]) -> Option<Error> {
    let mut paths = Vec::new();
    for entry in entries {
        for change in &entry.changes {
            let (name, key) = (entry.target.name(), display_name(&change.key));
            let named = |path: &String| {
                format!(
                    "`{}` of {} on {} may be secret, and was not kept",
                    Foreign(path),
                    Foreign(key),
                    Foreign(name)
                )
            };
            paths.extend(change.left_out.iter().map(named));
        }
    }
    if paths.is_empty() {
        return None;
    }
    let settings = count(paths.len(), "setting");
    let was = if paths.len() == 1 { "was" } else { "were" };
    let error = Error::new(Kind::Partial, format!("{settings} {was} not brought back"))
        .note("The rest is as it was before the run.");
    Some(paths.into_iter().fold(error, Error::because))
}

impl ChangeRun<'_> {
    /// In files, then on live clusters: all is planned before anything is written.
    async fn back(
        mut self,
        paths: &[PathBuf],
        files: Option<Choice>,
        clusters: Vec<String>,
    ) -> Result<Outcome> {
        let cx = self.cx;
        let mut teller = self.teller();
        let mut is_written = None;
        if let Some(choice) = files {
            let (mut loaded, unreadable) = target::load_all(cx, paths, &choice)?;
            for file in &mut loaded {
                let documents = std::mem::take(&mut file.documents);
                let meant = |number: &usize| {
                    let undone = self.undone.as_ref();
                    undone.is_some_and(|it| it.within(file, *number).is_some())
                };
                let documents = documents.into_iter().filter(meant).collect();
                file.documents = documents;
            }
            let edits = file::plan(&self, loaded, unreadable)?;
            let show = |edits: &Vec<file::FileEdit>| {
                if self.mode.is_dry_run() {
                    file::show(&self, edits);
                }
            };
            let consent = self.mode.consent(&*cx.ui, edits, show, |_| Ok(None));
            match consent.await? {
                Consent::Preview(edits) => file::preview(&self, &edits, &mut teller),
                Consent::Given(Agreed {
                    plan: mut edits,
                    permit,
                }) => {
                    if !clusters.is_empty() {
                        self.rehearse(&clusters).await?;
                    }
                    let changed = edits.iter().any(file::FileEdit::changed);
                    if let Err(error) =
                        file::write(&self, &permit, &mut edits, &choice, &mut teller)
                    {
                        return Err(teller.fail(error));
                    }
                    is_written = Some(changed);
                }
            }
        }
        self.files_changed = is_written;
        match self.back_live(clusters, &mut teller).await {
            Ok(()) => self.finish(teller, Vec::new()),
            Err(error) => Err(match is_written {
                Some(changed) => teller.fail(half_done(error, changed)),
                None => error,
            }),
        }
    }

    async fn back_live(
        &mut self,
        clusters: Vec<String>,
        teller: &mut ChangeReporter<'_>,
    ) -> Result<()> {
        if clusters.is_empty() {
            return Ok(());
        }
        self.live(ChosenClusters::named(clusters), teller).await
    }
}
