//! What an add-on change is, whatever it is carried out on, and how its results are told.

use super::super::{Context, summarise};
use crate::addon::rules::{self, RegistryAccess};
use crate::cli::ChangeArgs;
use crate::consent::Mode;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::plan::{Action, Plan, Request, Step, Verb};
use crate::secret;
use crate::ui::{Report, wire};
use serde_json::Value;
use std::time::Duration;

/// One change of an add-on, on whatever it is carried out.
pub(super) struct Change<'a> {
    pub(super) cx: &'a Context,
    pub(super) request: Request,
    /// The word whose meaning the targets decide; `None` once that is settled.
    pub(super) word: Option<&'a str>,
    pub(super) mode: Mode,
    pub(super) apply: bool,
    pub(super) in_place: bool,
    exit_code: bool,
    pub(super) stdout: Stdout,
    pub(super) wait: Option<Duration>,
    pub(super) confirm: Option<&'a str>,
}

/// What standard output is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stdout {
    /// What came of the change.
    Report,
    /// The manifest that came on standard input.
    Manifest,
}

/// What came of it on one target.
pub(super) struct Done {
    pub(super) wire: wire::AddonChange,
    pub(super) line: String,
    pub(super) changed: bool,
    /// The command that is the natural next step.
    pub(super) next: Option<String>,
    /// What went wrong after it was done: it could not be read back, or the wait was in vain.
    pub(super) failed: Option<Error>,
}

impl<'a> Change<'a> {
    pub(super) fn new(
        cx: &'a Context,
        request: Request,
        args: &ChangeArgs,
        confirm: Option<&'a str>,
    ) -> Self {
        Self {
            cx,
            request,
            word: None,
            mode: Mode::of(args.dry_run),
            apply: args.apply,
            in_place: args.in_place,
            exit_code: args.exit_code,
            stdout: Stdout::Report,
            wait: args.wait,
            confirm,
        }
    }

    pub(super) fn verb(&self) -> &'static str {
        match self.request.verb {
            Verb::Enable(_) => "enable",
            Verb::Disable => "disable",
        }
    }

    /// The line that tells what came of it.
    pub(super) fn line(&self, plan: &Plan, place: &str, version: &str) -> String {
        let step = &plan.main;
        let name = step.addon.shown();
        let along = match plan.companions.as_slice() {
            [] => String::new(),
            companions => {
                let names = companions.iter().map(|step| step.addon.name());
                format!(", with {}", rules::list(names))
            }
        };
        let case = plan
            .registry_access
            .as_ref()
            .map_or_else(String::new, |case| format!(", {case}"));
        let would = self.mode == Mode::DryRun;
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
                        rules::list(names)
                    )
                }
                Verb::Disable => format!("{name} is already disabled {place}"),
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
        target: wire::Target,
        plan: &Plan,
        line: String,
        verified: Option<bool>,
        waited: Option<wire::Waited>,
    ) -> Done {
        let companions = |action| {
            plan.companions
                .iter()
                .filter(|step: &&Step| step.action == action)
                .map(wire::Companion::from)
                .collect()
        };
        Done {
            changed: !plan.is_empty(),
            line,
            next: None,
            failed: None,
            wire: wire::AddonChange {
                target,
                addon: plan.main.addon.name().to_owned(),
                key: plan.main.addon.key().to_owned(),
                action: plan.main.action.name(),
                changed: !plan.is_empty(),
                before: plan.main.before.as_ref().map(secret::masked),
                after: plan.main.after.as_ref().map(secret::masked),
                prerequisites: companions(Action::Enabled),
                dependants: companions(Action::Disabled),
                registry_access: plan.registry_access.as_ref().map(RegistryAccess::name),
                verified,
                waited,
                warnings: plan.warnings.clone(),
                error: None,
            },
        }
    }

    fn failed(&self, target: wire::Target, error: &Error) -> wire::AddonChange {
        wire::AddonChange {
            target,
            addon: self.request.addon.name().to_owned(),
            key: self.request.addon.key().to_owned(),
            action: Action::None.name(),
            changed: false,
            before: None,
            after: None,
            prerequisites: Vec::new(),
            dependants: Vec::new(),
            registry_access: None,
            verified: None,
            waited: None,
            warnings: Vec::new(),
            error: Some(error.into()),
        }
    }

    pub(super) fn cluster_target(&self, name: &str) -> Result<wire::Target> {
        Ok(wire::Target::Cluster {
            org: self.cx.org()?.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Prints the results, then the hints, and ends with the failures if there are any.
    pub(super) fn finish(
        &self,
        results: Vec<(String, Result<Done>)>,
        hints: &[String],
    ) -> Result<Outcome> {
        let cx = self.cx;
        let single = results.len() == 1;
        let mut items = Vec::new();
        let mut lines = Vec::new();
        let mut nexts = Vec::new();
        let mut names = Vec::new();
        let mut errors = Vec::new();
        let mut late = Vec::new();
        let mut changed = false;
        for (name, result) in results {
            match result {
                Ok(done) => {
                    changed |= done.changed;
                    nexts.extend(done.next);
                    late.extend(done.failed);
                    lines.push(done.line);
                    names.push(name);
                    items.push(done.wire);
                }
                Err(error) if single => return Err(error),
                Err(error) => {
                    items.push(self.failed(self.cluster_target(&name)?, &error));
                    errors.push(error);
                }
            }
        }
        let done = lines.len();
        let dry_run = self.mode == Mode::DryRun;
        let words = dry_run || self.stdout == Stdout::Manifest;
        if words && cx.ui.is_text() {
            // The diff or the manifest was the data; the lines go with it as words.
            for line in &lines {
                cx.ui.status(line);
            }
        } else if !items.is_empty() {
            names.dedup();
            // For a fleet the document takes as much memory as the files: only if it is printed.
            let json = if cx.ui.is_text() {
                Value::Null
            } else {
                wire::to_value(&wire::Document::change("AddonChanges", dry_run, items))
            };
            let told = cx.ui.report(&Report {
                json,
                slim: None,
                names,
                text: lines.clone(),
                wide: None,
            });
            // What was done is said even where it cannot be shown as was asked.
            told.map_err(|error| {
                if changed && !dry_run {
                    error.note(format!("{}.", lines.join("; ")))
                } else {
                    error
                }
            })?;
        }
        for hint in hints.iter().chain(&nexts) {
            cx.ui.next(hint);
        }
        // Every target that was changed is done, also where something went wrong afterwards.
        let done = if errors.is_empty() { 0 } else { done };
        errors.extend(late);
        if let Some(error) = summarise(errors, done) {
            return Err(error);
        }
        Ok(if self.exit_code && changed {
            Outcome::Differences
        } else {
            Outcome::Ok
        })
    }
}
