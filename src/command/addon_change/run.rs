//! An add-on change on many live clusters as it is carried out: each is noted in the journal, written,
//! read back and told.

use super::super::choose::KeptCluster;
use super::super::journal::RunJournal;
use super::super::rollout::{self, RolloutScreen};
use super::super::status::{self, Wait};
use super::change::{ChangeReporter, ChangeRun, Done};
use super::cluster::Planned;
use super::half_done;
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::control::Client;
use crate::control::settle::{SendOutcome, Settled, ShelvedWrite};
use crate::error::{Error, Kind, Result};
use crate::fleet::{
    self, ReadTogether, Rollout, Stop, TargetBegun, TargetEnd, TargetOutcome, TargetState,
};
use crate::journal::FrozenTarget;
use crate::plan::Plan;
use crate::secret;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;

/// What came of a cluster, as what it ended, and what is to be waited for.
type ManyOutcome = (String, TargetState, Result<(Done, Option<Wait>)>);

/// A cluster that is to be changed.
struct ChangeJob {
    name: String,
    cluster: KeptCluster,
    /// What is odd about the plan.
    warnings: Vec<String>,
    /// The add-ons that change, as they are.
    old: Value,
}

/// A cluster whose change was accepted and is to be read back.
struct UnreadChange {
    name: String,
    accepted: ShelvedWrite<Plan>,
}

/// Where the results go, and what is yet to be waited for.
struct ResultDesk<'d, 't> {
    teller: &'d mut ChangeReporter<'t>,
    begin: usize,
    waits: Vec<(usize, Wait)>,
}

/// The clusters of a run that change.
struct ChangeWork<'m, 'd, 't> {
    change: &'m ChangeRun<'m>,
    permit: &'m Permit,
    client: &'m Client,
    log: Option<&'m RunJournal>,
    screen: RolloutScreen<'m>,
    /// Those that were not begun, by their numbers.
    jobs: RefCell<BTreeMap<usize, ChangeJob>>,
    desk: RefCell<ResultDesk<'d, 't>>,
}

impl ChangeWork<'_, '_, '_> {
    /// One that has ended, at a version if that is known.
    fn ended(
        &self,
        name: String,
        version: Option<i64>,
        mut came: Result<(Done, Option<Wait>)>,
    ) -> TargetEnd<ManyOutcome> {
        if let Some(log) = self.log {
            let again = log.again(self.change.cx);
            match &mut came {
                Ok((done, _)) => {
                    done.failed = done.failed.take().map(|error| error.taken_up(&again));
                    if let (Some(item), Some(error)) = (done.items.first_mut(), &done.failed) {
                        item.error = item.error.take().map(|_| self.change.cx.wire(error));
                    }
                }
                Err(error) => *error = error.clone().taken_up(&again),
            }
        }
        let state = state_of(&came, true);
        if let Some(log) = self.log {
            let error = match &came {
                Ok((done, _)) => done.failed.as_ref(),
                Err(error) => Some(error),
            };
            log.ended(&name, state, version, error);
        }
        TargetEnd {
            result: (name, state, came),
            state,
            stop: self.client.is_spent().then_some(Stop::Quota),
        }
    }

    fn settled(&self, name: String, settled: Settled<Plan>) -> TargetEnd<ManyOutcome> {
        let now = settled.after.as_ref().or(settled.before.as_ref());
        let version = now.and_then(Cluster::version);
        let came = self.change.settled(&name, settled);
        self.ended(name, version, came)
    }
}

impl fleet::RolloutWork for ChangeWork<'_, '_, '_> {
    type Result = ManyOutcome;
    type Open = UnreadChange;

    async fn begin(&self, number: usize) -> TargetBegun<ManyOutcome, UnreadChange> {
        let job = self.jobs.borrow_mut().remove(&number);
        let Some(ChangeJob {
            name,
            cluster,
            warnings,
            old,
        }) = job
        else {
            let error = Error::failure("a cluster was begun twice");
            return TargetBegun::Ended(self.ended(String::new(), None, Err(error)));
        };
        let cluster = cluster.take();
        if let Some(log) = self.log
            && let Err(error) = log.started(&name, cluster.version(), &old).await
        {
            // What nobody could find again is not begun, here or elsewhere.
            return TargetBegun::Ended(TargetEnd {
                stop: Some(Stop::Journal),
                ..self.ended(name, None, Err(error))
            });
        }
        let change = self.change;
        match change.send(self.permit, &name, cluster, &warnings).await {
            Ok(SendOutcome::Accepted(accepted)) => TargetBegun::Written(UnreadChange {
                name,
                accepted: accepted.shelve(),
            }),
            Ok(SendOutcome::Settled(settled)) => TargetBegun::Ended(self.settled(name, *settled)),
            Err(error) => TargetBegun::Ended(self.ended(name, None, Err(error))),
        }
    }

    async fn read_back(&self, open: UnreadChange) -> TargetEnd<ManyOutcome> {
        let UnreadChange { name, accepted } = open;
        let change = self.change;
        match change.read_back(self.permit, &name, accepted.open()).await {
            Ok(settled) => self.settled(name, settled),
            Err(error) => self.ended(name, None, Err(error)),
        }
    }

    async fn read_together(
        &self,
        open: Vec<(usize, UnreadChange)>,
    ) -> ReadTogether<ManyOutcome, UnreadChange> {
        let names: Vec<String> = open.iter().map(|(_, open)| open.name.clone()).collect();
        let mut open: BTreeMap<String, (usize, ShelvedWrite<Plan>)> = open
            .into_iter()
            .map(|(number, UnreadChange { name, accepted })| (name, (number, accepted)))
            .collect();
        let (mut ended, mut left) = (Vec::new(), Vec::new());
        let see = async |after: Cluster| {
            let name = after.name().to_owned();
            let Some((number, accepted)) = open.remove(&name) else {
                return;
            };
            let accepted = accepted.open();
            let change = self.change;
            match change.seen(self.permit, &name, accepted, after).await {
                Ok(Ok(settled)) => ended.push((number, self.settled(name, settled))),
                Ok(Err(accepted)) => {
                    let accepted = accepted.shelve();
                    left.push((number, UnreadChange { name, accepted }));
                }
                Err(error) => ended.push((number, self.ended(name, None, Err(error)))),
            }
        };
        self.client.read_again(&names, see).await;
        let unseen = open.into_iter();
        left.extend(
            unseen.map(|(name, (number, accepted))| (number, UnreadChange { name, accepted })),
        );
        ReadTogether { ended, left }
    }

    fn is_cheaper_together(&self, count: usize) -> bool {
        self.client.is_cheaper_by_pages(count)
    }

    async fn between(&self, rollout: &mut Rollout) -> bool {
        if rollout.is_staged() {
            self.screen.hide();
            for state in self.change.wait_for(&self.desk, self.log).await {
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
            goes_on = rollout::goes_on(self.change.cx, rollout) => goes_on,
        }
    }

    fn shows(&self, rollout: &Rollout) {
        self.screen.show(rollout, self.client);
    }

    fn is_stopped(&self) -> Option<Stop> {
        let is_wished = self.change.cx.interrupt.is_wished();
        is_wished.then_some(Stop::Interrupted)
    }
}

impl ChangeRun<'_> {
    /// Carries a plan out that was agreed to.
    pub(super) async fn carry_out(
        &self,
        permit: &Permit,
        planned: Vec<Planned>,
        mut rollout: Rollout,
        teller: &mut ChangeReporter<'_>,
    ) -> Result<()> {
        let cx = self.cx;
        let client = cx.client().await?;
        let many = planned.len() > 1;
        if many {
            client.expects_many();
        }
        let log = self.log(&planned)?;
        if let Some(log) = &log {
            // What a second signal leaves behind is taken up as what the first one does.
            let _before = cx.if_interrupted(Some(log.later(cx)));
        }
        // One signal is a wish from here on, and the second an order.
        let _grace = many.then(|| cx.interrupt.has_grace());
        let (mut decided, jobs) = self.sort(permit, planned, log.as_ref()).await;
        let run = ChangeWork {
            change: self,
            permit,
            client,
            log: log.as_ref(),
            screen: RolloutScreen::new(cx, many),
            jobs: RefCell::new(jobs),
            desk: RefCell::new(ResultDesk {
                begin: teller.count(),
                teller,
                waits: Vec::new(),
            }),
        };
        if rollout.is_staged() && self.wait.is_some() {
            // What is so already and not ready holds up what comes after it, whichever run made it so.
            for (number, outcome) in std::mem::take(&mut decided) {
                self.take(&run.desk, number, outcome);
            }
            for state in self.wait_for(&run.desk, log.as_ref()).await {
                rollout.turned_out(state);
            }
        }
        let take = |number: usize, result: ManyOutcome| self.take(&run.desk, number, result);
        fleet::drive(&mut rollout, &run, decided, take).await;
        let ChangeWork {
            jobs, desk, screen, ..
        } = run;
        drop(screen);
        for (number, job) in jobs.take() {
            let mut desk = desk.borrow_mut();
            let number = desk.begin + number;
            let state = TargetState::NotStarted;
            self.tell(desk.teller, number, state, self.not_started(&job.name));
        }
        let _late = self.wait_for(&desk, log.as_ref()).await;
        let stop = rollout.stopped();
        let stop = stop.or_else(|| cx.interrupt.is_wished().then_some(Stop::Interrupted));
        if let Some(stop) = stop {
            desk.borrow_mut()
                .teller
                .stopped(self.why(stop, log.as_ref()));
        }
        let _told = cx.if_interrupted(None);
        Ok(())
    }

    /// Why not all were begun, and what goes on.
    fn why(&self, stop: Stop, log: Option<&RunJournal>) -> Error {
        let kind = match stop {
            Stop::Interrupted => Kind::Interrupted,
            _ => Kind::Partial,
        };
        let why = Error::new(kind, "").because(stop.to_string());
        match log {
            Some(log) => why.hint(log.again(self.cx)),
            None => why.hint("run the same command again; what is already so is left alone"),
        }
    }

    /// The journal of the run; none where one cluster was meant, or nothing is to be done.
    fn log(&self, planned: &[Planned]) -> Result<Option<RunJournal>> {
        let mut plans = planned.iter().filter_map(|(_, first)| first.as_ref().ok());
        let has_work = plans.any(|(_, plan)| !plan.is_empty());
        if planned.len() < 2 || !(has_work || self.resumed.is_some()) {
            return Ok(None);
        }
        let frozen = |(name, first): &Planned| {
            let cluster = first.as_ref().ok().map(|(kept, _)| kept.open());
            let cluster = cluster.as_deref();
            FrozenTarget {
                name: name.clone(),
                id: cluster.and_then(Cluster::id).map(str::to_owned),
                version: cluster.and_then(Cluster::version),
            }
        };
        RunJournal::begin(
            self.cx,
            self.journal.as_ref(),
            self.resumed.as_ref(),
            self.fingerprint(),
            planned.iter().map(frozen).collect(),
        )
    }

    /// The clusters that change, and what came of all others: nothing is done to them.
    async fn sort(
        &self,
        permit: &Permit,
        planned: Vec<Planned>,
        log: Option<&RunJournal>,
    ) -> (Vec<(usize, ManyOutcome)>, BTreeMap<usize, ChangeJob>) {
        let (mut decided, mut jobs) = (Vec::new(), BTreeMap::new());
        for (number, (name, first)) in planned.into_iter().enumerate() {
            let (cluster, plan) = match first {
                Ok((cluster, plan)) if !plan.is_empty() => {
                    let job = ChangeJob {
                        old: old(&plan),
                        warnings: plan.warnings,
                        name,
                        cluster,
                    };
                    jobs.insert(number, job);
                    continue;
                }
                Ok((kept, plan)) => (kept.take(), plan),
                Err(error) => {
                    let state = self.state_at_plan(&name, &error);
                    let is_done = self.resumed.as_ref().is_some_and(|it| it.is_done(&name));
                    // What the run has done there stays the last word on it: what became of it since is
                    // somebody else's doing, as is a cluster that was made since.
                    if let Some(log) = log
                        && !is_done
                        && state != TargetState::Skipped
                    {
                        log.ended(&name, state, None, Some(&error));
                    }
                    decided.push((number, (name, state, Err(error))));
                    continue;
                }
            };
            let mut version = cluster.version();
            let before = self
                .resumed
                .as_ref()
                .and_then(|it| it.ended(&cluster, true));
            let is_done = self.resumed.as_ref().is_some_and(|it| it.is_done(&name));
            let came = if is_done {
                Ok(self.left_alone(&name, &plan, &cluster))
            } else {
                let warnings = &plan.warnings;
                self.change_live(permit, &name, cluster, warnings).await
            };
            let state = before.unwrap_or_else(|| state_of(&came, false));
            if let Some(resumed) = self.resumed.as_ref().filter(|_| before.is_some()) {
                version = version.filter(|version| resumed.wrote(&name, *version));
            }
            if let Some(log) = log.filter(|_| !is_done) {
                log.ended(&name, state, version, came.as_ref().err());
            }
            decided.push((number, (name, state, came)));
        }
        (decided, jobs)
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
                if wait.is_some() {
                    desk.teller.expect_more(number);
                }
                desk.waits.extend(wait.map(|wait| (number, wait)));
                for item in &mut done.items {
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
    async fn wait_for(
        &self,
        desk: &RefCell<ResultDesk<'_, '_>>,
        log: Option<&RunJournal>,
    ) -> Vec<TargetState> {
        let waits = std::mem::take(&mut desk.borrow_mut().waits);
        let (numbers, waits): (Vec<usize>, Vec<Wait>) = waits.into_iter().unzip();
        let ends = match status::together(self.cx, &waits).await {
            Ok(ends) => ends,
            Err(error) => waits.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut late = Vec::new();
        let mut desk = desk.borrow_mut();
        for ((number, wait), end) in numbers.into_iter().zip(waits).zip(ends) {
            // What nobody waits for any more may come.
            let failed = end.as_ref().err();
            let failed = failed.filter(|error| error.kind != Kind::Interrupted);
            let state = failed.map(|error| TargetState::of(error, true));
            if let (Some(log), Some(state)) = (log, state) {
                log.ended(&wait.name, state, None, failed);
            }
            if let Some(told) = desk.teller.told(number) {
                self.complete(told, end, state);
            }
            if let Some(state) = state {
                late.push(state);
                if self.are_several {
                    desk.teller.mark(number, state);
                }
            }
            desk.teller.complete(number);
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
                    item.state =
                        state.map_or(item.state, |state| item.state.and(Some(state.name())));
                }
                told.next = None;
                told.failed = Some(error);
            }
        }
    }
}

/// The add-ons that a plan changes, as they are; `null` is off. What may be secret is left out.
fn old(plan: &Plan) -> Value {
    let steps = plan.steps().filter(|step| step.before != step.after);
    let each = steps.map(|step| {
        let before = step.before.as_ref().map(secret::masked);
        (step.addon.key().to_owned(), before.unwrap_or_default())
    });
    Value::Object(each.collect::<Map<String, Value>>())
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
