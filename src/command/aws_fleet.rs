//! `mk8s aws setup` over several clusters: each is planned on what the plans before it make of its role,
//! ends as exactly one of the states of a run, and is kept in a journal by which the run is taken up
//! again.

use super::aws::AwsScene;
use super::aws_setup::{PlannedSetup, SetupJob};
use super::journal::{ResumedRun, RunJournal};
use crate::addon::issuer::ISSUING_KEY;
use crate::aws::foreseen::{ForeseenFor, ForeseenRoles};
use crate::aws::iam::Caller;
use crate::aws::plan::AwsPlan;
use crate::aws::sdk::Sdk;
use crate::aws::setup::SetupOrder;
use crate::aws::state;
use crate::aws::target::SetupRequest;
use crate::cluster::Cluster;
use crate::error::{Error, Kind, Result};
use crate::fleet::{self, Reporter, Stop, TargetOutcome, TargetState};
use crate::invocation::CommandFlags;
use crate::journal::{self, FrozenTarget};
use crate::secret;
use serde_json::{Map, Value};

/// A cluster as it was before the run.
#[derive(Debug, Default)]
pub(super) struct ClusterBefore {
    id: Option<String>,
    version: Option<i64>,
    /// The add-ons that setting up changes, as they were; `null` is off.
    add_ons: Map<String, Value>,
}

impl SetupJob<'_> {
    /// Plans all clusters, in their order.
    pub(super) async fn plan_all(
        &self,
        sdk: &Sdk,
        caller: &Caller,
        names: &[String],
    ) -> Result<Vec<PlannedSetup>> {
        let read = self.cx.read_all(names).await?;
        let jobs = names.iter().zip(read).map(|(name, cluster)| async move {
            let mut planned = PlannedSetup::of(name.clone());
            planned.first = match cluster {
                Ok(cluster) => {
                    planned.before = self.before(&cluster);
                    let replaced = self.resumed.as_ref().and_then(|it| it.replaced(&cluster));
                    planned.is_skipped = replaced.is_some();
                    match replaced {
                        Some(reason) => Err(self.left_out(name, reason)),
                        None => Box::pin(self.first(sdk, caller, &cluster)).await,
                    }
                }
                Err(error) => Err(error),
            };
            planned
        });
        let mut foreseen = ForeseenRoles::default();
        let mut all = Vec::new();
        for mut planned in fleet::all(jobs, fleet::AT_ONCE).await {
            Box::pin(self.in_turn(sdk, &mut foreseen, &mut planned)).await;
            all.push(planned);
        }
        for warning in foreseen.crowded() {
            self.cx.ui.warn(&warning);
        }
        Ok(all)
    }

    fn before(&self, cluster: &Cluster) -> ClusterBefore {
        let keys = [self.side.addon.key, ISSUING_KEY].into_iter();
        let add_ons = keys.map(|key| {
            let value = cluster.add_on_key(key).map(secret::masked);
            (key.to_owned(), value.unwrap_or_default())
        });
        ClusterBefore {
            id: cluster.id().map(str::to_owned),
            version: cluster.version(),
            add_ons: add_ons.collect(),
        }
    }

    /// The refusal of a cluster that is left out of a run that is taken up again.
    fn left_out(&self, name: &str, reason: String) -> Error {
        Error::conflict(self.refusal(&[name]))
            .because(reason)
            .note(format!("`{name}` is left alone."))
    }

    /// Plans a cluster again on what the plans before it make of its role, if they make anything.
    async fn in_turn(&self, sdk: &Sdk, foreseen: &mut ForeseenRoles, planned: &mut PlannedSetup) {
        let Ok((scene, _)) = &planned.first else {
            return;
        };
        if let Some(state) = foreseen.state(self.foreseen_for(scene), &scene.state) {
            planned.builds_on_others = true;
            let scene = AwsScene {
                state,
                ..scene.clone()
            };
            planned.first = self.on_foreseen(sdk, scene).await;
        }
        let Ok((scene, plan)) = &planned.first else {
            return;
        };
        if !plan.is_empty() {
            let resumed = self.resumed.as_ref();
            if let Some(reason) = resumed.and_then(|it| it.undone(&planned.name)) {
                planned.is_skipped = true;
                planned.first = Err(self.left_out(&planned.name, reason));
                return;
            }
            let trust = plan.trust.as_ref().filter(|_| !self.mode.is_dry_run());
            planned.refusal =
                trust.and_then(|it| self.may_be_asked(scene, it, &self.request).err());
        }
        if planned.refusal.is_none() {
            foreseen.note(self.foreseen_for(scene), &scene.state, plan);
        }
    }

    fn foreseen_for<'a>(&'a self, scene: &'a AwsScene) -> ForeseenFor<'a> {
        ForeseenFor {
            facts: &scene.facts,
            target: &scene.target,
            request: &self.request,
        }
    }

    async fn on_foreseen(&self, sdk: &Sdk, mut scene: AwsScene) -> Result<(AwsScene, AwsPlan)> {
        let AwsScene { target, state, .. } = &mut scene;
        state::look_for_quota(sdk, target, state).await?;
        let order = SetupOrder::default();
        let plan = self.plan(sdk, &mut scene, order, &self.request).await?;
        Ok((scene, plan))
    }

    /// What is to be done, as a fingerprint: where, for which add-on, and everything that was asked for.
    pub(super) fn fingerprint(&self, caller: &Caller) -> String {
        let request = SetupRequest {
            command: None,
            make: CommandFlags::new(),
            wait: None,
            yes: false,
            reach: crate::invocation::Reach::default(),
            ..self.request.clone()
        };
        let (side, account) = (self.side.name(), caller.account.as_str());
        journal::fingerprint(&format!("aws setup {side} {account} {request:?}"))
    }

    /// The journal of the run; none where one cluster was meant, or nothing is to be done.
    pub(super) fn run_book(
        &self,
        caller: &Caller,
        planned: &[PlannedSetup],
    ) -> Result<RunBook<'_>> {
        let has_work = planned.iter().any(|one| one.to_do().is_some());
        let mut book = RunBook {
            job: self,
            log: None,
        };
        if !self.keeps_journal || planned.len() < 2 || !(has_work || self.resumed.is_some()) {
            return Ok(book);
        }
        let frozen = planned.iter().map(|one| FrozenTarget {
            name: one.name.clone(),
            id: one.before.id.clone(),
            version: one.before.version,
        });
        book.log = RunJournal::begin(
            self.cx,
            self.journal.as_ref(),
            self.resumed.as_ref(),
            self.fingerprint(caller),
            frozen.collect(),
        )?;
        Ok(book)
    }
}

/// As what the clusters of a run ended, told and kept.
pub(super) struct RunBook<'a> {
    job: &'a SetupJob<'a>,
    log: Option<RunJournal>,
}

impl RunBook<'_> {
    /// Whether the run is kept, and a signal is a wish at first.
    pub(super) fn is_kept(&self) -> bool {
        self.log.is_some()
    }

    /// What a signal says once something may have been done.
    pub(super) fn later(&self) -> String {
        match &self.log {
            Some(log) => log.later(self.job.cx),
            None => super::aws::AGAIN.to_owned(),
        }
    }

    /// Something is about to be done for a cluster: on the disk when this ends.
    pub(super) async fn started(&self, name: &str, before: &ClusterBefore) -> Result<()> {
        match &self.log {
            Some(log) => log.begun(name, before.version, &before.add_ons).await,
            None => Ok(()),
        }
    }

    /// Tells of a cluster that has ended.
    pub(super) fn tell(
        &self,
        teller: &mut Reporter<'_, Value>,
        number: usize,
        name: &str,
        state: TargetState,
        came: TargetOutcome<Value>,
    ) {
        let came = self.with_way_on(came);
        // What was cut short is taken up again; what this run or an earlier one left alone is told in the
        // journal already, or is somebody else's doing.
        let is_over = !matches!(state, TargetState::NotStarted | TargetState::Skipped);
        let error = error_of(&came);
        let is_cut = error.is_some_and(|error| error.kind == Kind::Interrupted);
        if let Some(log) = self.log.as_ref().filter(|_| is_over && !is_cut) {
            log.ended(name, state, None, error, None);
        }
        self.mark(teller, number, state, came);
    }

    /// The same of one that was not worked on.
    pub(super) fn mark(
        &self,
        teller: &mut Reporter<'_, Value>,
        number: usize,
        state: TargetState,
        mut came: TargetOutcome<Value>,
    ) {
        if self.job.several {
            let items = match &mut came {
                TargetOutcome::Done(told) => told.items.as_mut_slice(),
                TargetOutcome::Failed(item, _)
                | TargetOutcome::HalfDone(item, _)
                | TargetOutcome::NotStarted(item) => std::slice::from_mut(item),
            };
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                item.insert("state".to_owned(), state.name().into());
            }
            teller.mark(number, state);
        }
        teller.tell(number, came);
    }

    /// The failure with the command that takes the run up, which is the way on for all of it.
    fn with_way_on(&self, came: TargetOutcome<Value>) -> TargetOutcome<Value> {
        let Some(log) = &self.log else {
            return came;
        };
        let again = log.again(self.job.cx);
        match came {
            TargetOutcome::Failed(item, error) => {
                let error = error.taken_up(&again);
                TargetOutcome::Failed(self.with_error(item, &error), error)
            }
            TargetOutcome::HalfDone(item, error) => {
                let error = error.taken_up(&again);
                TargetOutcome::HalfDone(self.with_error(item, &error), error)
            }
            other => other,
        }
    }

    fn with_error(&self, mut item: Value, error: &Error) -> Value {
        if let Some(item) = item.as_object_mut() {
            let error = self.job.cx.wire(error);
            item.insert("error".to_owned(), crate::ui::wire::to_value(&error));
        }
        item
    }

    /// As what a cluster ended for which nothing was to be done: an earlier part of the run may have
    /// done it.
    pub(super) fn state_before(&self, name: &str) -> TargetState {
        let resumed = self.job.resumed.as_ref();
        resumed
            .and_then(|it| it.state_so(name))
            .unwrap_or(TargetState::Unchanged)
    }

    /// Ends the run that was cut short: why, and what goes on.
    pub(super) fn close(&self, teller: &mut Reporter<'_, Value>) {
        if let (true, Some(log)) = (self.job.cx.interrupt.is_wished(), &self.log) {
            let why = Error::new(Kind::Interrupted, "").because(Stop::Interrupted.to_string());
            teller.stopped(why.hint(log.again(self.job.cx)));
        }
    }
}

/// Why a target was not done.
fn error_of(came: &TargetOutcome<Value>) -> Option<&Error> {
    match came {
        TargetOutcome::Failed(_, error) | TargetOutcome::HalfDone(_, error) => Some(error),
        TargetOutcome::Done(told) => told.failed.as_ref(),
        TargetOutcome::NotStarted(_) => None,
    }
}

/// As what a cluster ended at the plan.
pub(super) fn state_at_plan(is_skipped: bool, error: &Error) -> TargetState {
    if is_skipped {
        TargetState::Skipped
    } else {
        TargetState::of(error, false)
    }
}

/// The run that `--resume` names takes up its own clusters.
pub(super) fn names_of(resumed: Option<&ResumedRun>, is_open: bool) -> Option<Vec<String>> {
    resumed.filter(|_| is_open).map(ResumedRun::names)
}
