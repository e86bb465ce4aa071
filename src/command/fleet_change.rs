//! A change of many live clusters before it is made, whatever the change is: what is to be known of it,
//! and what is the same for each.

use super::Context;
use super::choose::KeptCluster;
use super::fleet_course::FleetCourse;
use super::live;
use super::status::Wait;
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::control::settle::{ClusterPlanner, SendOutcome, Settled};
use crate::error::{Error, Kind, Result};
use crate::fleet::{
    self, Canary, Reporter, Rollout, TargetOutcome, TargetResult, TargetState, ToldItem,
};
use crate::history::KeptChange;
use crate::text::{Foreign, excerpt, nearest};
use crate::ui::wire;

/// A cluster as it was read (`None`: there is none), and what is to be done with it; or why that is not
/// known.
pub(super) type FleetPlanned<P> = (String, Result<(Option<KeptCluster>, P)>);

/// What is told of a cluster that was worked on, and what is to be waited for.
pub(super) type FleetDone<T> = (TargetResult<T>, Option<Wait>);

/// A change of live clusters. They are called by their numbers, in the order of the plan, and their
/// names.
pub(super) trait FleetChange {
    /// What is decided for one.
    type Plan;
    /// What is told of one in a document.
    type Item: FleetItem;

    /// What every command works with.
    fn context(&self) -> &Context;

    /// How it goes over many.
    fn course(&self) -> &FleetCourse;

    /// What is done to a cluster, decided anew from each read of it.
    fn planner<'p>(
        &'p self,
        number: usize,
        name: &'p str,
    ) -> impl ClusterPlanner<Plan = Self::Plan> + 'p;

    /// Whether a plan changes nothing.
    fn is_empty(&self, plan: &Self::Plan) -> bool;

    /// What a plan that changes something makes of its cluster, in a word of a summary.
    fn word(&self, _: &Self::Plan) -> &'static str {
        TargetState::Changed.name()
    }

    /// What a plan makes of the add-ons of a cluster as it was; `after` is how it was read back, once it was.
    fn changes(
        &self,
        cluster: Option<&Cluster>,
        plan: &Self::Plan,
        after: Option<&Cluster>,
    ) -> Vec<KeptChange>;

    /// What is odd about a plan, told before its change is sent.
    fn warnings(&self, name: &str, cluster: Option<&Cluster>, plan: &Self::Plan) -> Vec<String>;

    /// What is told of a cluster that was changed, or did not need it, and what is to be waited for.
    fn settled(
        &self,
        number: usize,
        name: &str,
        settled: Settled<Self::Plan>,
    ) -> Result<FleetDone<Self::Item>>;

    /// The same of a cluster that the run has changed before it was taken up again.
    fn left_alone(
        &self,
        number: usize,
        name: &str,
        cluster: &Cluster,
        plan: &Self::Plan,
    ) -> FleetDone<Self::Item>;

    /// The item of a cluster that did not come to be changed.
    fn blank(&self, number: usize, name: &str) -> Self::Item;

    /// An error of a cluster as it is told.
    fn told(&self, error: Error) -> Error {
        error
    }

    /// The same with what to do next, where this change knows better.
    fn advised(&self, _: usize, error: Error) -> Error {
        error
    }

    /// What is told of a cluster with which nothing was done.
    fn failed(
        &self,
        number: usize,
        name: &str,
        state: TargetState,
        error: Error,
    ) -> TargetOutcome<Self::Item> {
        let error = self.advised(number, error);
        let mut item = self.blank(number, name);
        let course = self.course();
        *item.state() = (course.are_several && !course.is_dry_run).then_some(state.name());
        *item.error() = Some(self.context().wire(&error));
        TargetOutcome::Failed(item, error)
    }

    /// What is told of a cluster that was not begun.
    fn not_started(&self, number: usize, name: &str) -> TargetOutcome<Self::Item> {
        let mut item = self.blank(number, name);
        let state = TargetState::NotStarted.name();
        *item.state() = self.course().are_several.then_some(state);
        TargetOutcome::NotStarted(item)
    }

    /// What is done, in a few letters: the same for the same change alone.
    fn fingerprint(&self) -> String;
}

/// The stages of the clusters that change.
pub(super) fn lay_out<C: FleetChange>(
    change: &C,
    planned: &[FleetPlanned<C::Plan>],
) -> Result<Rollout> {
    let numbered = planned.iter().enumerate();
    let changing: Vec<(usize, &str)> = numbered
        .filter(|(_, (_, first))| matches!(first, Ok((_, plan)) if !change.is_empty(plan)))
        .map(|(number, (name, _))| (number, name.as_str()))
        .collect();
    let wanted = &change.course().wanted;
    let names = wanted.canary.as_ref().map_or(&[][..], Canary::names);
    if !names.is_empty() {
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
    Rollout::new(wanted, &changing)
}

/// More clusters that cannot be worked on are not listed before the question.
const LISTED: usize = 8;

/// Says how many change, how many do not and why, and in which stages it goes.
pub(super) fn show_counts<C: FleetChange>(
    change: &C,
    planned: &[FleetPlanned<C::Plan>],
    rollout: &Rollout,
) {
    let ui = &change.context().ui;
    let course = change.course();
    let words = planned.iter().map(|(name, first)| match first {
        Ok((_, plan)) if change.is_empty(plan) => TargetState::Unchanged.name(),
        Ok((_, plan)) => change.word(plan),
        Err(error) => course.state_at_plan(name, error).name(),
    });
    let is_idle = words
        .clone()
        .all(|word| word == TargetState::Unchanged.name());
    // What a run ends with says the same then.
    if course.is_dry_run || !is_idle {
        ui.status(&fleet::tally(words, false));
    }
    let failed: Vec<&Error> = planned
        .iter()
        .filter_map(|(_, first)| first.as_ref().err())
        .collect();
    for error in failed.iter().take(LISTED) {
        ui.status(&format!("  {error}"));
    }
    if let Some(more) = failed.len().checked_sub(LISTED).filter(|more| *more > 0) {
        ui.status(&format!("  and {more} more"));
    }
    for line in rollout.arithmetic(&course.wanted) {
        ui.status(&line);
    }
}

/// Tells of a target, and counts as what it ended where that is counted.
pub(super) fn tell<C: FleetChange>(
    change: &C,
    teller: &mut Reporter<'_, C::Item>,
    number: usize,
    state: TargetState,
    came: TargetOutcome<C::Item>,
) {
    if change.course().are_several {
        teller.mark(number, state);
    }
    teller.tell(number, came);
}

/// Whether the plan is to be left alone: something of it cannot be done, and that was to be all or
/// nothing. Then it is told.
pub(super) fn is_left<C: FleetChange>(
    change: &C,
    planned: &[FleetPlanned<C::Plan>],
    teller: &mut Reporter<'_, C::Item>,
) -> bool {
    let course = change.course();
    let is_whole = planned.iter().all(|(_, first)| first.is_ok());
    if !course.fail_fast || is_whole || course.is_dry_run {
        return false;
    }
    let begin = teller.count();
    for (number, (name, first)) in planned.iter().enumerate() {
        let (state, came) = match first {
            Err(error) => {
                let state = course.state_at_plan(name, error);
                (state, change.failed(number, name, state, error.clone()))
            }
            Ok(_) => (TargetState::NotStarted, change.not_started(number, name)),
        };
        tell(change, teller, begin + number, state, came);
    }
    let why = "--fail-fast does nothing where not all can be done";
    teller.stopped(Error::new(Kind::Partial, "").because(why));
    true
}

/// Sends the change of one cluster, until it is accepted or was not needed.
pub(super) async fn send<C: FleetChange>(
    change: &C,
    permit: &Permit,
    (number, name): (usize, &str),
    cluster: Option<Cluster>,
    warnings: &[String],
) -> Result<SendOutcome<C::Plan>> {
    let cx = change.context();
    for warning in warnings {
        cx.ui.warn(warning);
    }
    let planner = change.planner(number, name);
    live::with(cx, permit, async |settling| {
        settling.send_until_accepted(&planner, cluster).await
    })
    .await
}

/// Brings one cluster to what is wanted, from the first look to the proof.
pub(super) async fn change_one<C: FleetChange>(
    change: &C,
    permit: &Permit,
    (number, name): (usize, &str),
    cluster: Option<Cluster>,
    warnings: &[String],
) -> Result<FleetDone<C::Item>> {
    match send(change, permit, (number, name), cluster, warnings).await? {
        SendOutcome::Settled(settled) => change.settled(number, name, *settled),
        SendOutcome::Accepted(accepted) => {
            let planner = change.planner(number, name);
            let settled = live::with(change.context(), permit, async |settling| {
                settling.read_back(&planner, *accepted).await
            })
            .await?;
            change.settled(number, name, settled)
        }
    }
}

/// What is told of a cluster in a document, as far as every change of many tells it.
pub(super) trait FleetItem: ToldItem {
    /// As what it ended.
    fn state(&mut self) -> &mut Option<&'static str>;

    /// What went wrong.
    fn error(&mut self) -> &mut Option<wire::ErrorObject>;

    /// How waiting for it went.
    fn waited(&mut self, _: wire::WaitRecord) {}
}

impl FleetItem for wire::AddonChange {
    fn state(&mut self) -> &mut Option<&'static str> {
        &mut self.state
    }

    fn error(&mut self) -> &mut Option<wire::ErrorObject> {
        &mut self.error
    }

    fn waited(&mut self, waited: wire::WaitRecord) {
        self.waited = Some(waited);
    }
}

impl FleetItem for wire::Applied {
    fn state(&mut self) -> &mut Option<&'static str> {
        &mut self.state
    }

    fn error(&mut self) -> &mut Option<wire::ErrorObject> {
        &mut self.error
    }
}
