//! An add-on change on many live clusters: one preview, and a rollout in stages within budgets.

use super::super::rollout;
use super::super::status::{self, Wait};
use super::change::{ChangeReporter, ChangeRun, Done};
use super::cluster::{Planned, first_few};
use super::half_done;
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::error::{Error, Kind, Result};
use crate::fleet::{self, Canary, Rollout, Stop, TargetEnd, TargetOutcome, TargetState};
use crate::plan::{self, Plan};
use crate::text::{Foreign, excerpt, nearest};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// More clusters that cannot be worked on are not listed before the question.
const LISTED: usize = 8;

/// The lines of a diff, each with its sign.
type Lines = Vec<(char, String)>;

/// What came of a cluster, as what it ended, and what is to be waited for.
type ManyOutcome = (String, TargetState, Result<(Done, Option<Wait>)>);

/// Where the results go, and what is yet to be waited for.
struct ResultDesk<'d, 't> {
    teller: &'d mut ChangeReporter<'t>,
    begin: usize,
    waits: Vec<(usize, Wait)>,
}

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
                Err(error) => failed.push(error),
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
        let is_ours = |error: &&&Error| TargetState::of(error, false) == TargetState::Refused;
        let refused = failed.iter().filter(is_ours).count();
        let counts = [
            (changing, "change"),
            (same, "already so"),
            (refused, "refused"),
            (failed.len() - refused, "cannot be worked on"),
        ];
        let there = counts.iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = there
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        self.cx.ui.status(&words.join(", "));
        for error in failed.iter().take(LISTED) {
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
                    let state = TargetState::of(error, false);
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

    fn tell(
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

    fn not_started(&self, name: &str) -> TargetOutcome<crate::ui::wire::AddonChange> {
        let mut item = self.blank(self.cx.cluster(name));
        item.state = self.are_several.then_some(TargetState::NotStarted.name());
        TargetOutcome::NotStarted(item)
    }

    /// Carries a plan out that was agreed to.
    pub(super) async fn carry_out(
        &self,
        permit: &Permit,
        planned: Vec<Planned>,
        mut rollout: Rollout,
        teller: &mut ChangeReporter<'_>,
    ) -> Result<()> {
        let mut decided = Vec::new();
        let mut open = BTreeMap::new();
        for (number, (name, first)) in planned.into_iter().enumerate() {
            match first {
                Ok((cluster, plan)) if !plan.is_empty() => {
                    open.insert(number, (name, cluster, plan));
                }
                first => {
                    let came = match first {
                        Ok((cluster, plan)) => self.change_live(permit, &name, cluster, plan).await,
                        Err(error) => Err(error),
                    };
                    decided.push((number, (name, state_of(&came, false), came)));
                }
            }
        }
        let open = RefCell::new(open);
        let desk = RefCell::new(ResultDesk {
            begin: teller.count(),
            teller,
            waits: Vec::new(),
        });
        let start = |number: usize| {
            let job = open.borrow_mut().remove(&number);
            async move { self.change_one(permit, job).await }
        };
        let between = async |rollout: &mut Rollout| {
            if rollout.is_staged() {
                for state in self.wait_for(&desk).await {
                    rollout.turned_out(state);
                }
            }
            if rollout.stopped().is_some() || !rollout.pauses() {
                return true;
            }
            rollout::goes_on(self.cx, rollout).await
        };
        let take = |number: usize, result: ManyOutcome| self.take(&desk, number, result);
        fleet::drive(&mut rollout, decided, start, between, take).await;
        for (number, (name, ..)) in open.take() {
            let mut desk = desk.borrow_mut();
            let number = desk.begin + number;
            self.tell(
                desk.teller,
                number,
                TargetState::NotStarted,
                self.not_started(&name),
            );
        }
        if let Some(stop) = rollout.stopped() {
            let why = Error::new(Kind::Partial, "").because(stop.to_string());
            let again = "run the same command again; what is already so is left alone";
            desk.borrow_mut().teller.stopped(why.hint(again));
        }
        self.cx.if_interrupted(None);
        let _late = self.wait_for(&desk).await;
        Ok(())
    }

    /// Changes the cluster of a job.
    async fn change_one(
        &self,
        permit: &Permit,
        job: Option<(String, Cluster, Plan)>,
    ) -> TargetEnd<ManyOutcome> {
        let Some((name, cluster, plan)) = job else {
            let error = Error::failure("a cluster was begun twice");
            return TargetEnd {
                result: (String::new(), TargetState::Failed, Err(error)),
                state: TargetState::Failed,
                stop: None,
            };
        };
        let came = self.change_live(permit, &name, cluster, plan).await;
        let state = state_of(&came, true);
        let is_spent = match self.cx.client().await {
            Ok(client) => client.is_spent(),
            Err(_) => false,
        };
        TargetEnd {
            result: (name, state, came),
            state,
            stop: is_spent.then_some(Stop::Quota),
        }
    }

    /// Tells of one cluster.
    fn take(
        &self,
        desk: &RefCell<ResultDesk<'_, '_>>,
        number: usize,
        (name, state, came): ManyOutcome,
    ) {
        let mut desk = desk.borrow_mut();
        let number = desk.begin + number;
        let came = match came {
            Ok((mut done, wait)) => {
                desk.waits.extend(wait.map(|wait| (number, wait)));
                if let Some(item) = done.items.first_mut() {
                    item.state = self.are_several.then_some(state.name());
                }
                TargetOutcome::Done(done)
            }
            Err(error) => {
                let error = match self.files_changed {
                    Some(changed) => half_done(error, changed),
                    None => error,
                };
                self.failed(self.cx.cluster(&name), state, error)
            }
        };
        self.tell(desk.teller, number, state, came);
    }

    /// Waits for all that is to be waited for together, and completes what was told of each; gives as
    /// what those turned out that were in vain.
    async fn wait_for(&self, desk: &RefCell<ResultDesk<'_, '_>>) -> Vec<TargetState> {
        let waits = std::mem::take(&mut desk.borrow_mut().waits);
        let (numbers, waits): (Vec<usize>, Vec<Wait>) = waits.into_iter().unzip();
        let ends = match status::together(self.cx, &waits).await {
            Ok(ends) => ends,
            Err(error) => waits.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut late = Vec::new();
        let mut desk = desk.borrow_mut();
        for (number, end) in numbers.into_iter().zip(ends) {
            let state = end.as_ref().err().map(|error| TargetState::of(error, true));
            if let Some(told) = desk.teller.told(number) {
                self.complete(told, end, state);
            }
            if let Some(state) = state {
                late.push(state);
                if self.are_several {
                    desk.teller.mark(number, state);
                }
            }
        }
        late
    }

    /// Completes what was told of a cluster with the end of its wait.
    fn complete(&self, told: &mut Done, end: Result<status::Reached>, state: Option<TargetState>) {
        let item = told.items.first_mut();
        match end {
            Ok((_, waited)) => {
                if let Some(item) = item {
                    item.waited = Some(waited);
                }
            }
            Err(error) => {
                if let Some(item) = item {
                    item.error = Some(self.cx.wire(&error));
                    item.state = item.state.and(state.map(TargetState::name));
                }
                told.next = None;
                told.failed = Some(error);
            }
        }
    }
}

/// As what a cluster ended; `planned` says whether it had come to be written.
fn state_of(came: &Result<(Done, Option<Wait>)>, planned: bool) -> TargetState {
    match came {
        Ok((done, _)) => match &done.failed {
            Some(error) => TargetState::of(error, true),
            None if done.changed => TargetState::Changed,
            None => TargetState::Unchanged,
        },
        Err(error) => TargetState::of(error, planned),
    }
}
