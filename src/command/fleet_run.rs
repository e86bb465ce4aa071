//! A change of many live clusters as it is carried out, whatever the change is: each is noted in the
//! journal, written, read back and told.

use super::Context;
use super::choose::KeptCluster;
use super::fleet_change::{
    FleetChange, FleetDone, FleetItem, FleetPlanned, change_one, send, tell,
};
use super::fleet_keeper::{FleetKeeper, journal_of};
use super::journal::RunJournal;
use super::live;
use super::rollout::{self, RolloutScreen};
use super::status::{self, Wait};
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::control::Client;
use crate::control::settle::{ClusterPlanner as _, SendOutcome, Settled, ShelvedWrite};
use crate::error::{Error, Kind, Result};
use crate::fleet::{
    self, ReadTogether, Reporter, Rollout, RolloutWork, Stop, TargetBegun, TargetEnd,
    TargetOutcome, TargetResult, TargetState,
};
use crate::history::KeptChange;
use crate::text::Foreign;
use crate::ui::wire;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Instant;

/// What came of a cluster, as what it ended, and what is to be waited for.
type FleetOutcome<T> = (String, TargetState, Result<FleetDone<T>>);

/// A cluster that is to be changed.
struct FleetJob {
    name: String,
    cluster: Option<KeptCluster>,
}

/// A cluster whose change was accepted and is to be read back.
pub(super) struct UnreadChange<P> {
    name: String,
    number: usize,
    accepted: ShelvedWrite<P>,
}

/// Where the results go, and what is yet to be waited for.
struct ResultDesk<'d, 't, T: FleetItem> {
    teller: &'d mut Reporter<'t, T>,
    begin: usize,
    waits: Vec<(usize, Wait)>,
}

/// The clusters of a run that change.
struct FleetWork<'m, 'd, 't, C: FleetChange> {
    change: &'m C,
    permit: &'m Permit,
    client: &'m Client,
    keeper: FleetKeeper<'m>,
    screen: RolloutScreen<'m>,
    /// Those that were not begun, by their numbers.
    jobs: RefCell<BTreeMap<usize, FleetJob>>,
    desk: RefCell<ResultDesk<'d, 't, C::Item>>,
}

/// Carries a plan out that was agreed to.
pub(super) async fn carry_out<C: FleetChange>(
    change: &C,
    permit: &Permit,
    planned: Vec<FleetPlanned<C::Plan>>,
    mut rollout: Rollout,
    teller: &mut Reporter<'_, C::Item>,
) -> Result<()> {
    let cx = change.context();
    let client = cx.client().await?;
    let many = planned.len() > 1;
    if many {
        client.expects_many();
    }
    let log = journal_of(change, &planned)?;
    if let Some(log) = &log {
        // What a second signal leaves behind is taken up as what the first one does.
        let _before = cx.if_interrupted(Some(log.later(cx)));
    }
    let names = planned
        .iter()
        .filter(|(_, first)| matches!(first, Ok((_, plan)) if !change.is_empty(plan)));
    let mut names = names.map(|(name, _)| name.clone());
    if let (None, Some(name), None) = (&log, names.next(), names.next()) {
        // What a signal cuts off is not known.
        let name = Foreign(&name).to_string();
        let _before =
            cx.if_interrupted(Some(format!("What was sent to `{name}` may be in place.")));
    }
    // One signal is a wish from here on, and the second an order.
    let _grace = many.then(|| cx.interrupt.has_grace());
    let (mut decided, jobs) = sort(change, permit, planned, log.as_ref()).await;
    let run = FleetWork {
        change,
        permit,
        client,
        keeper: FleetKeeper::new(cx, log.as_ref()),
        screen: RolloutScreen::new(cx, many),
        jobs: RefCell::new(jobs),
        desk: RefCell::new(ResultDesk {
            begin: teller.count(),
            teller,
            waits: Vec::new(),
        }),
    };
    if rollout.is_staged() && change.course().waits {
        // What is so already and not ready holds up what comes after it, whichever run made it so.
        for (number, outcome) in std::mem::take(&mut decided) {
            run.take(number, outcome);
        }
        for state in run.wait_for().await {
            rollout.turned_out(state);
        }
    }
    let take = |number: usize, result: FleetOutcome<C::Item>| run.take(number, result);
    fleet::drive(&mut rollout, &run, decided, take).await;
    run.screen.hide();
    for (number, job) in run.jobs.take() {
        let mut desk = run.desk.borrow_mut();
        let at = desk.begin + number;
        let came = change.not_started(number, &job.name);
        tell(change, desk.teller, at, TargetState::NotStarted, came);
    }
    let _late = run.wait_for().await;
    let stop = rollout.stopped();
    let stop = stop.or_else(|| cx.interrupt.is_wished().then_some(Stop::Interrupted));
    if let Some(stop) = stop {
        let mut desk = run.desk.borrow_mut();
        desk.teller.stopped(why(cx, stop, log.as_ref()));
    }
    let _told = cx.if_interrupted(None);
    Ok(())
}

impl<C: FleetChange> FleetWork<'_, '_, '_, C> {
    /// One that has ended, at a version if that is known; with what was changed of it, if that is.
    fn ended(
        &self,
        name: String,
        version: Option<i64>,
        mut came: Result<FleetDone<C::Item>>,
        changes: Option<&[KeptChange]>,
    ) -> TargetEnd<FleetOutcome<C::Item>> {
        let cx = self.change.context();
        let is_changed = match &came {
            Ok((done, _)) => Some(done.changed),
            Err(error) => error.leaves_all_as_it_was().then_some(false),
        };
        if let Some(log) = self.keeper.log() {
            let again = log.again(cx);
            match &mut came {
                Ok((done, _)) => {
                    done.failed = done.failed.take().map(|error| error.taken_up(&again));
                    if let (Some(item), Some(error)) = (done.items.first_mut(), &done.failed) {
                        let slot = item.error();
                        *slot = slot.take().map(|_| cx.wire(error));
                    }
                }
                Err(error) => *error = error.clone().taken_up(&again),
            }
        }
        let state = state_of(&came, true);
        let error = match &came {
            Ok((done, _)) => done.failed.as_ref(),
            Err(error) => Some(error),
        };
        self.keeper
            .ended(&name, (state, version), error, is_changed, changes);
        TargetEnd {
            result: (name, state, came),
            state,
            stop: self.client.is_spent().then_some(Stop::Quota),
        }
    }

    /// What is odd about the plan of a cluster, and what becomes of its add-ons. Of a plan that cannot be made
    /// any more it is told when it is to be sent.
    fn foretold(
        &self,
        number: usize,
        name: &str,
        cluster: Option<&Cluster>,
    ) -> (Vec<String>, Vec<KeptChange>) {
        let change = self.change;
        let planner = change.planner(number, name);
        let plan = match cluster {
            Some(cluster) => planner.plan(cluster).ok(),
            None => planner.plan_missing(),
        };
        let told = plan.map(|plan| {
            let warnings = change.warnings(name, cluster, &plan);
            (warnings, change.changes(cluster, &plan, None))
        });
        told.unwrap_or_default()
    }

    fn settled(
        &self,
        number: usize,
        name: String,
        settled: Settled<C::Plan>,
    ) -> TargetEnd<FleetOutcome<C::Item>> {
        let now = settled.after.as_ref().or(settled.before.as_ref());
        let version = now.and_then(Cluster::version);
        let changes = self.change.changes(
            settled.before.as_ref(),
            &settled.plan,
            settled.after.as_ref(),
        );
        let came = self.change.settled(number, &name, settled);
        self.ended(name, version, came, Some(&changes))
    }

    /// Tells of one cluster.
    fn take(&self, number: usize, (name, state, came): FleetOutcome<C::Item>) {
        let mut desk = self.desk.borrow_mut();
        let at = desk.begin + number;
        let is_right = matches!(state, TargetState::Changed | TargetState::Unchanged);
        if self.change.course().are_several && !is_right {
            // Of a run that did not go all the way it is said how the part is undone that did.
            self.change.context().tells_undo();
        }
        let came = match came {
            Ok((mut done, wait)) => {
                if wait.is_some() {
                    desk.teller.expect_more(at);
                }
                desk.waits.extend(wait.map(|wait| (at, wait)));
                for item in &mut done.items {
                    *item.state() = self.change.course().are_several.then_some(state.name());
                }
                TargetOutcome::Done(done)
            }
            Err(error) => {
                let error = self.change.told(error);
                self.change.failed(number, &name, state, error)
            }
        };
        tell(self.change, desk.teller, at, state, came);
    }

    /// Waits for all that is to be waited for together, and completes what was told of each; gives as
    /// what those turned out that were in vain.
    async fn wait_for(&self) -> Vec<TargetState> {
        let cx = self.change.context();
        let waits = std::mem::take(&mut self.desk.borrow_mut().waits);
        let (numbers, waits): (Vec<usize>, Vec<Wait>) = waits.into_iter().unzip();
        let started = Instant::now();
        let ends = match status::together(cx, &waits).await {
            Ok(ends) => ends,
            Err(error) => waits.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut late = Vec::new();
        let mut desk = self.desk.borrow_mut();
        for ((number, wait), end) in numbers.into_iter().zip(waits).zip(ends) {
            // What nobody waits for any more may come.
            let failed = end.as_ref().err();
            let failed = failed.filter(|error| error.kind != Kind::Interrupted);
            let state = failed.map(|error| TargetState::of(error, true));
            if let (Some(log), Some(state)) = (self.keeper.log(), state) {
                log.ended(&wait.name, state, None, failed, None);
            }
            if let Some(told) = desk.teller.told(number) {
                complete(
                    cx,
                    told,
                    end.map_err(|error| (error, wait.in_vain(started))),
                    state,
                );
            }
            if let Some(state) = state {
                late.push(state);
                if self.change.course().are_several {
                    desk.teller.mark(number, state);
                }
            }
            desk.teller.complete(number);
        }
        late
    }
}

impl<C: FleetChange> RolloutWork for FleetWork<'_, '_, '_, C> {
    type Result = FleetOutcome<C::Item>;
    type Open = UnreadChange<C::Plan>;

    async fn begin(&self, number: usize) -> TargetBegun<Self::Result, Self::Open> {
        let job = self.jobs.borrow_mut().remove(&number);
        let Some(FleetJob { name, cluster }) = job else {
            let error = Error::failure("a cluster was begun twice");
            return TargetBegun::Ended(self.ended(String::new(), None, Err(error), None));
        };
        let cluster = cluster.map(KeptCluster::take);
        let version = cluster.as_ref().and_then(Cluster::version);
        let (warnings, changes) = self.foretold(number, &name, cluster.as_ref());
        if let Err(error) = self.keeper.started(&name, version, changes).await {
            // What nobody could find again is not begun, here or elsewhere.
            return TargetBegun::Ended(TargetEnd {
                stop: Some(Stop::Journal),
                ..self.ended(name, None, Err(error), None)
            });
        }
        let change = self.change;
        match send(change, self.permit, (number, &name), cluster, &warnings).await {
            Ok(SendOutcome::Accepted(accepted)) => TargetBegun::Written(UnreadChange {
                name,
                number,
                accepted: accepted.shelve(),
            }),
            Ok(SendOutcome::Settled(settled)) => {
                TargetBegun::Ended(self.settled(number, name, *settled))
            }
            Err(error) => TargetBegun::Ended(self.ended(name, None, Err(error), None)),
        }
    }

    async fn read_back(&self, open: Self::Open) -> TargetEnd<Self::Result> {
        let UnreadChange {
            name,
            number,
            accepted,
        } = open;
        let planner = self.change.planner(number, &name);
        let read = live::with(self.change.context(), self.permit, async |settling| {
            settling.read_back(&planner, accepted.open()).await
        });
        let read = read.await;
        drop(planner);
        match read {
            Ok(settled) => self.settled(number, name, settled),
            Err(error) => self.ended(name, None, Err(error), None),
        }
    }

    async fn read_together(
        &self,
        open: Vec<(usize, Self::Open)>,
    ) -> ReadTogether<Self::Result, Self::Open> {
        let names: Vec<String> = open.iter().map(|(_, open)| open.name.clone()).collect();
        let mut open: BTreeMap<String, (usize, ShelvedWrite<C::Plan>)> = open
            .into_iter()
            .map(|(number, open)| (open.name, (number, open.accepted)))
            .collect();
        let (mut ended, mut left) = (Vec::new(), Vec::new());
        let see = async |after: Cluster| {
            let name = after.name().to_owned();
            let Some((number, accepted)) = open.remove(&name) else {
                return;
            };
            let planner = self.change.planner(number, &name);
            let seen = live::with(self.change.context(), self.permit, async |settling| {
                let seen = settling.seen(&planner, accepted.open(), after);
                Ok(seen.map_err(|accepted| *accepted))
            });
            let seen = seen.await;
            drop(planner);
            match seen {
                Ok(Ok(settled)) => ended.push((number, self.settled(number, name, settled))),
                Ok(Err(accepted)) => {
                    let accepted = accepted.shelve();
                    let unread = UnreadChange {
                        name,
                        number,
                        accepted,
                    };
                    left.push((number, unread));
                }
                Err(error) => ended.push((number, self.ended(name, None, Err(error), None))),
            }
        };
        self.client.read_again(&names, see).await;
        left.extend(open.into_iter().map(|(name, (number, accepted))| {
            let unread = UnreadChange {
                name,
                number,
                accepted,
            };
            (number, unread)
        }));
        ReadTogether { ended, left }
    }

    fn is_cheaper_together(&self, count: usize) -> bool {
        self.client.is_cheaper_by_pages(count)
    }

    async fn between(&self, rollout: &mut Rollout) -> bool {
        if rollout.is_staged() {
            self.screen.hide();
            for state in self.wait_for().await {
                rollout.turned_out(state);
            }
        }
        if self.is_stopped().is_some() {
            return false;
        }
        if rollout.stopped().is_some() || !rollout.pauses() {
            return true;
        }
        let stopped = poll_fn(|_| match self.is_stopped() {
            Some(_) => Poll::Ready(()),
            None => Poll::Pending,
        });
        tokio::select! {
            biased;
            () = stopped => false,
            goes_on = rollout::goes_on(self.change.context(), rollout) => goes_on,
        }
    }

    fn shows(&self, rollout: &Rollout) {
        self.screen.show(rollout, self.client);
    }

    fn is_stopped(&self) -> Option<Stop> {
        let is_wished = self.change.context().interrupt.is_wished();
        is_wished.then_some(Stop::Interrupted)
    }
}

/// What came of the clusters to which nothing is done, and those that change, by their numbers.
type SortedJobs<T> = (Vec<(usize, FleetOutcome<T>)>, BTreeMap<usize, FleetJob>);

/// The clusters that change, and what came of all others: nothing is done to them.
async fn sort<C: FleetChange>(
    change: &C,
    permit: &Permit,
    planned: Vec<FleetPlanned<C::Plan>>,
    log: Option<&RunJournal>,
) -> SortedJobs<C::Item> {
    let course = change.course();
    let resumed = course.resumed.as_ref();
    let (mut decided, mut jobs) = (Vec::new(), BTreeMap::new());
    for (number, (name, first)) in planned.into_iter().enumerate() {
        let is_done = resumed.is_some_and(|it| it.is_done(&name));
        let (kept, plan) = match first {
            Ok((kept, plan)) if !change.is_empty(&plan) => {
                // The plan is made again when it is its turn: that takes less than to keep so many.
                let cluster = kept;
                jobs.insert(number, FleetJob { name, cluster });
                continue;
            }
            Ok(fine) => fine,
            Err(error) => {
                let state = course.state_at_plan(&name, &error);
                // What the run has done there stays the last word on it: what became of it since is
                // somebody else's doing, as is a cluster that was made since.
                if let Some(log) = log
                    && !is_done
                    && state != TargetState::Skipped
                {
                    log.ended(&name, state, None, Some(&error), None);
                }
                decided.push((number, (name, state, Err(error))));
                continue;
            }
        };
        let cluster = kept.map(KeptCluster::take);
        let mut version = cluster.as_ref().and_then(Cluster::version);
        let before = resumed
            .zip(cluster.as_ref())
            .and_then(|(it, cluster)| it.ended(cluster, true));
        let came = match &cluster {
            Some(cluster) if is_done => Ok(change.left_alone(number, &name, cluster, &plan)),
            _ => {
                let warnings = change.warnings(&name, cluster.as_ref(), &plan);
                change_one(change, permit, (number, &name), cluster, &warnings).await
            }
        };
        let state = before.unwrap_or_else(|| state_of(&came, false));
        let mut came = came;
        if let (Ok((done, _)), false) = (&mut came, change.context().ui.has_documents()) {
            // All of them are here at once.
            done.items = Vec::new();
        }
        if let Some(resumed) = resumed.filter(|_| before.is_some()) {
            version = version.filter(|version| resumed.wrote(&name, *version));
        }
        if let Some(log) = log.filter(|_| !is_done) {
            log.ended(&name, state, version, came.as_ref().err(), None);
        }
        decided.push((number, (name, state, came)));
    }
    (decided, jobs)
}

/// Why not all were begun, and what goes on.
fn why(cx: &Context, stop: Stop, log: Option<&RunJournal>) -> Error {
    let kind = match stop {
        Stop::Interrupted => Kind::Interrupted,
        _ => Kind::Partial,
    };
    let why = Error::new(kind, "").because(stop.to_string());
    match log {
        Some(log) => why.hint(log.again(cx)),
        None => why.hint("run the same command again; what is already so is left alone"),
    }
}

/// Completes what was told of a cluster with the end of its wait.
fn complete<T: FleetItem>(
    cx: &Context,
    told: &mut TargetResult<T>,
    end: std::result::Result<status::Reached, (Error, wire::WaitRecord)>,
    state: Option<TargetState>,
) {
    let item = told.items.first_mut();
    match end {
        Ok((_, waited)) => {
            if let Some(item) = item {
                item.waited(waited);
            }
        }
        Err((error, waited)) => {
            if let Some(item) = item {
                *item.error() = Some(cx.wire(&error));
                item.waited(waited);
                let slot = item.state();
                *slot = state.map_or(*slot, |state| slot.and(Some(state.name())));
            }
            told.next = None;
            told.failed = Some(error);
        }
    }
}

/// As what a cluster ended; `planned` says whether it had come to be written.
fn state_of<T>(came: &Result<FleetDone<T>>, planned: bool) -> TargetState {
    match came {
        Ok((done, _)) => match &done.failed {
            Some(error) => TargetState::of(error, true),
            None if done.changed => TargetState::Changed,
            None => TargetState::Unchanged,
        },
        Err(error) => TargetState::of(error, planned),
    }
}
