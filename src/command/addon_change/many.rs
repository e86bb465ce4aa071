//! An add-on change on many live clusters before it is made: one preview, and the stages and budgets.

use super::change::{ChangeReporter, ChangeRun};
use super::cluster::{Planned, first_few};
use crate::error::{Error, Kind, Result};
use crate::fleet::{Canary, Rollout, TargetOutcome, TargetState};
use crate::plan;
use crate::text::{Foreign, excerpt, nearest};
use std::collections::HashMap;

/// More clusters that cannot be worked on are not listed before the question.
const LISTED: usize = 8;

/// The lines of a diff, each with its sign.
type Lines = Vec<(char, String)>;

impl ChangeRun<'_> {
    /// The stages of the clusters that change.
    pub(super) fn rollout(&self, planned: &[Planned]) -> Result<Rollout> {
        let numbered = planned.iter().enumerate();
        let changing: Vec<(usize, &str)> = numbered
            .filter(|(_, (_, first))| matches!(first, Ok((_, plan)) if !plan.is_empty()))
            .map(|(number, (name, _))| (number, name.as_str()))
            .collect();
        if let Some(Canary::Names(names)) = &self.wanted.canary {
            let chosen: Vec<&str> = planned.iter().map(|(name, _)| name.as_str()).collect();
            if let Some(stray) = names.iter().find(|name| !chosen.contains(&name.as_str())) {
                let error = Error::usage(format!("`{}` cannot be the canary", excerpt(stray, 80)))
                    .because("it is not among the clusters that were chosen");
                return Err(match nearest(stray, chosen) {
                    Some(near) => error.hint(format!("did you mean `{}`?", Foreign(near))),
                    None => error,
                });
            }
        }
        Rollout::new(&self.wanted, &changing)
    }

    /// Shows what would change, clusters with the same change together, how many do not and why, and
    /// in which stages it goes.
    pub(super) fn show_all(&self, planned: &[Planned], rollout: &Rollout) {
        let several = planned.len() > 1;
        let mut groups: Vec<(Lines, Vec<&str>)> = Vec::new();
        let mut known: HashMap<Lines, usize> = HashMap::new();
        let (mut same, mut failed) = (0, Vec::new());
        for (name, first) in planned {
            match first {
                Ok((_, plan)) if plan.is_empty() => same += 1,
                Ok((_, plan)) => {
                    let diff = plan::diff(plan);
                    let at = *known.entry(diff).or_insert_with_key(|diff| {
                        groups.push((diff.clone(), Vec::new()));
                        groups.len() - 1
                    });
                    groups[at].1.push(name);
                }
                Err(error) => failed.push((self.state_at_plan(name, error), error)),
            }
        }
        for (diff, names) in &groups {
            let heading = match names.as_slice() {
                [_] if !several => " spec.addOns:".to_owned(),
                [name] => format!(" {name}, spec.addOns:"),
                names => format!(
                    " {} clusters ({}), spec.addOns:",
                    names.len(),
                    first_few(names)
                ),
            };
            let mut lines = vec![(' ', heading)];
            let indented = diff
                .iter()
                .map(|(sign, line)| (*sign, format!("   {line}")));
            lines.extend(indented);
            self.cx.ui.diff(&lines, self.cx.preview(self.mode));
        }
        if !several {
            return;
        }
        let changing: usize = groups.iter().map(|(_, names)| names.len()).sum();
        let count = |wanted| failed.iter().filter(|(state, _)| *state == wanted).count();
        let refused = count(TargetState::Refused);
        let skipped = count(TargetState::Skipped);
        let counts = [
            (changing, "change"),
            (same, "already so"),
            (refused, "refused"),
            (skipped, "skipped"),
            (failed.len() - refused - skipped, "cannot be worked on"),
        ];
        let there = counts.iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = there
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        self.cx.ui.status(&words.join(", "));
        for (_, error) in failed.iter().take(LISTED) {
            self.cx.ui.status(&format!("  {error}"));
        }
        if let Some(more) = failed.len().checked_sub(LISTED).filter(|more| *more > 0) {
            self.cx.ui.status(&format!("  and {more} more"));
        }
        for line in rollout.arithmetic(&self.wanted) {
            self.cx.ui.status(&line);
        }
    }

    /// Whether the plan is to be left alone: something of it cannot be done, and that was to be all or
    /// nothing. Then it is told.
    pub(super) fn is_left(&self, planned: &[Planned], teller: &mut ChangeReporter<'_>) -> bool {
        let is_whole = planned.iter().all(|(_, first)| first.is_ok());
        if !self.fail_fast || is_whole || self.mode.is_dry_run() {
            return false;
        }
        for (name, first) in planned {
            let number = teller.count();
            let (state, came) = match first {
                Err(error) => {
                    let state = self.state_at_plan(name, error);
                    (
                        state,
                        self.failed(self.cx.cluster(name), state, error.clone()),
                    )
                }
                Ok(_) => (TargetState::NotStarted, self.not_started(name)),
            };
            self.tell(teller, number, state, came);
        }
        let why = "--fail-fast does nothing where not all can be done";
        teller.stopped(Error::new(Kind::Partial, "").because(why));
        true
    }

    pub(super) fn tell(
        &self,
        teller: &mut ChangeReporter<'_>,
        number: usize,
        state: TargetState,
        came: TargetOutcome<crate::ui::wire::AddonChange>,
    ) {
        if self.are_several {
            teller.mark(number, state);
        }
        teller.tell(number, came);
    }

    pub(super) fn not_started(&self, name: &str) -> TargetOutcome<crate::ui::wire::AddonChange> {
        let mut item = self.blank(self.cx.cluster(name));
        item.state = self.are_several.then_some(TargetState::NotStarted.name());
        TargetOutcome::NotStarted(item)
    }
}
