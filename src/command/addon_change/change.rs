//! What an add-on change is, whatever it is carried out on, and how its results are told.

use super::super::Context;
use super::super::fleet_course::FleetCourse;
use super::super::live;
use super::undo::UndoneTargets;
use crate::cli::ChangeArgs;
use crate::consent::Mode;
use crate::error::Result;
use crate::exit::Outcome;
use crate::fleet::{Closing, Reporter, TargetResult};
use crate::invocation::Invocation;
use crate::manifest::Comments;
use crate::plan::{Action, AddonRequest, AddonStep, Plan, Verb};
use crate::secret;
use crate::text;
use crate::ui::wire;
use std::collections::HashMap;
use std::time::Duration;

/// One change of an add-on, on whatever it is carried out.
pub(super) struct ChangeRun<'a> {
    pub(super) cx: &'a Context,
    pub(super) request: AddonRequest,
    /// What is wanted of the document of a cluster, where each has its own.
    pub(super) each: HashMap<String, AddonRequest>,
    /// The word whose meaning the targets decide; `None` once that is settled.
    pub(super) word: Option<&'a str>,
    pub(super) mode: Mode,
    pub(super) apply: bool,
    pub(super) in_place: bool,
    /// Whether the files changed, once they are written.
    pub(super) files_changed: Option<bool>,
    pub(super) comments: Comments,
    exit_code: bool,
    pub(super) stdout: Stdout,
    pub(super) wait: Option<Duration>,
    pub(super) confirm: Option<&'a str>,
    /// How it goes over many clusters.
    pub(super) course: FleetCourse,
    /// The first flag that says so.
    pub(super) rollout_flag: Option<&'static str>,
    /// What is asked of each target by itself, where a run is undone.
    pub(super) undone: Option<UndoneTargets>,
}

/// What standard output is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stdout {
    /// What came of the change.
    Report,
    /// The manifest that came on standard input.
    Manifest,
}

/// What is told of one target.
pub(super) type Done = TargetResult<wire::AddonChange>;

/// Tells what came of every target.
pub(super) type ChangeReporter<'a> = Reporter<'a, wire::AddonChange>;

impl<'a> ChangeRun<'a> {
    pub(super) fn new(
        cx: &'a Context,
        request: AddonRequest,
        args: &ChangeArgs,
        confirm: Option<&'a str>,
    ) -> Result<Self> {
        cx.keeps_history(args.history);
        Ok(Self {
            cx,
            request,
            each: HashMap::new(),
            word: None,
            mode: Mode::of(args.dry_run),
            apply: args.apply,
            in_place: args.in_place,
            files_changed: None,
            comments: if args.keep_comments {
                Comments::Stay
            } else {
                Comments::Go
            },
            exit_code: args.exit_code,
            stdout: Stdout::Report,
            wait: args.wait,
            confirm,
            course: FleetCourse {
                waits: args.wait.is_some(),
                ..FleetCourse::of(cx, &args.rollout, args.dry_run)?
            },
            rollout_flag: args.rollout.first(),
            undone: None,
        })
    }

    /// What is asked of a cluster.
    pub(super) fn request_on(&self, name: &str) -> &AddonRequest {
        let own = self.undone.as_ref().and_then(|undone| undone.on(name));
        own.unwrap_or(&self.request)
    }

    pub(super) fn verb(&self) -> &'static str {
        match self.request.verb {
            Verb::Enable(_) => "enable",
            Verb::Disable => "disable",
            Verb::Set(_) => "set",
            Verb::Undo(_) => "undo",
        }
    }

    /// The line that tells what came of it.
    pub(super) fn line(&self, plan: &Plan, place: &str, version: &str) -> String {
        let would = self.mode == Mode::DryRun;
        match self.request.verb {
            Verb::Set(_) => return set_line(plan, place, version, would),
            Verb::Undo(_) => return undo_line(plan, place, version, would),
            Verb::Enable(_) | Verb::Disable => {}
        }
        let step = &plan.main;
        let name = step.addon.shown();
        let along = match plan.companions.as_slice() {
            [] => String::new(),
            companions => {
                let names = companions.iter().map(|step| step.addon.name());
                format!(", with {}", text::list(names))
            }
        };
        let case = plan
            .registry_access
            .as_ref()
            .map_or_else(String::new, |case| format!(", {case}"));
        match step.action {
            Action::None => match &self.request.verb {
                Verb::Enable(_) if plan.is_empty() => {
                    let kept = plan
                        .role_kept
                        .as_ref()
                        .map_or_else(String::new, |role| format!("; role kept: {role}"));
                    format!("{name} is already enabled {place}{kept}")
                }
                Verb::Enable(_) => {
                    let verb = if would { "would go on" } else { "went on" };
                    let names = plan.companions.iter().map(|step| step.addon.name());
                    format!(
                        "{name} is already enabled {place}; {} {verb}{version}",
                        text::list(names)
                    )
                }
                _ => format!("{name} is already disabled {place}"),
            },
            Action::Enabled | Action::Updated | Action::Disabled => {
                let verb = match (step.action, would) {
                    (Action::Enabled, false) => "Enabled",
                    (Action::Enabled, true) => "Would enable",
                    (Action::Updated, false) => "Updated",
                    (Action::Updated, true) => "Would update",
                    (_, false) => "Disabled",
                    (_, true) => "Would disable",
                };
                format!("{verb} {name} {place}{version}{along}{case}")
            }
        }
    }

    pub(super) fn done(
        verb: &Verb,
        name: &str,
        target: &wire::TargetRef,
        plan: &Plan,
        line: String,
    ) -> Done {
        let companions = |action| {
            plan.companions
                .iter()
                .filter(|step: &&AddonStep| step.action == action)
                .map(wire::Companion::from)
                .collect()
        };
        let kept_by = plan.owner.as_ref().map(|owner| live::kept_by(name, owner));
        let item = |step: &AddonStep| wire::AddonChange {
            target: target.clone(),
            addon: step.addon.name().to_owned(),
            key: step.addon.key().to_owned(),
            action: step.action.name(),
            state: None,
            changed: !plan.is_empty(),
            before: step.before.as_ref().map(secret::masked),
            after: step.after.as_ref().map(secret::masked),
            prerequisites: Vec::new(),
            dependants: Vec::new(),
            registry_access: plan.registry_access.as_ref().map(|it| it.access.name()),
            verified: None,
            waited: None,
            warnings: plan.warnings.iter().chain(&kept_by).cloned().collect(),
            error: None,
        };
        let items = if verb.is_of_several() {
            // Each add-on that changes is one that was asked for.
            let main = std::iter::once(&plan.main);
            main.chain(&plan.companions).map(item).collect()
        } else {
            vec![wire::AddonChange {
                prerequisites: companions(Action::Enabled),
                dependants: companions(Action::Disabled),
                ..item(&plan.main)
            }]
        };
        TargetResult {
            changed: !plan.is_empty(),
            lines: vec![line],
            names: vec![name.to_owned()],
            next: None,
            failed: None,
            items,
        }
    }

    /// The item of a target that did not come to be changed.
    pub(super) fn nothing_done(&self, target: wire::TargetRef) -> wire::AddonChange {
        wire::AddonChange {
            target,
            addon: self.request.addon.name().to_owned(),
            key: self.request.addon.key().to_owned(),
            action: Action::None.name(),
            state: None,
            changed: false,
            before: None,
            after: None,
            prerequisites: Vec::new(),
            dependants: Vec::new(),
            registry_access: None,
            verified: None,
            waited: None,
            warnings: Vec::new(),
            error: None,
        }
    }

    /// Whoever tells what comes of it.
    pub(super) fn teller(&self) -> ChangeReporter<'a> {
        let mut teller = Reporter::changing(&self.cx.ui, "AddonChanges", self.mode)
            .of_several(self.course.are_several);
        // A file and its cluster are one thing that changes.
        teller.is_counted = self.apply;
        match self.stdout {
            Stdout::Report => teller,
            Stdout::Manifest => teller.beside(),
        }
    }

    /// The end of a run, with the commands that come next.
    pub(super) fn finish(
        &self,
        teller: ChangeReporter<'_>,
        next: Vec<Invocation>,
    ) -> Result<Outcome> {
        let changed = teller.close(Closing {
            next,
            ..Closing::default()
        })?;
        Ok(Outcome::differing(self.exit_code && changed))
    }
}

/// The line of a set: what becomes of which add-on.
fn set_line(plan: &Plan, place: &str, version: &str, would: bool) -> String {
    if plan.is_empty() {
        return format!("The add-ons are already so {place}");
    }
    let verb = if would { "Would set" } else { "Set" };
    let parts = parts(plan);
    format!("{verb} the add-ons {place}{version}: {parts}")
}

/// The same of a run that is undone.
fn undo_line(plan: &Plan, place: &str, version: &str, would: bool) -> String {
    if plan.is_empty() {
        return format!("Nothing is left to undo {place}");
    }
    let verb = if would { "Would be undone" } else { "Undone" };
    let parts = parts(plan);
    format!("{verb} {place}{version}: {parts}")
}

/// `metrics enabled, logs and nvidia disabled`
fn parts(plan: &Plan) -> String {
    let mut parts = Vec::new();
    for (action, done) in [
        (Action::Enabled, "enabled"),
        (Action::Updated, "updated"),
        (Action::Disabled, "disabled"),
    ] {
        let steps = plan.steps().filter(|step| step.action == action);
        let names: Vec<_> = steps.map(|step| step.addon.shown()).collect();
        if !names.is_empty() {
            let names = text::list(names.iter().map(AsRef::as_ref));
            parts.push(format!("{names} {done}"));
        }
    }
    parts.join(", ")
}
