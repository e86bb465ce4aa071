//! What is kept of a run over live clusters: that each is begun, and how it ended, in the journal or, where
//! there is none, in the history.

use super::Context;
use super::choose::KeptCluster;
use super::fleet_change::{FleetChange, FleetPlanned};
use super::journal::RunJournal;
use super::keep::KeptStart;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fleet::TargetState;
use crate::history::KeptChange;
use crate::journal::FrozenTarget;
use std::cell::RefCell;
use std::collections::HashMap;

/// Keeps what a run over live clusters changes.
pub(super) struct FleetKeeper<'m> {
    cx: &'m Context,
    log: Option<&'m RunJournal>,
    /// What is kept of those that were begun and have not ended.
    begun: RefCell<HashMap<String, KeptStart>>,
}

impl<'m> FleetKeeper<'m> {
    /// With the journal, if there is one.
    pub(super) fn new(cx: &'m Context, log: Option<&'m RunJournal>) -> Self {
        Self {
            cx,
            log,
            begun: RefCell::default(),
        }
    }

    /// The journal.
    pub(super) fn log(&self) -> Option<&'m RunJournal> {
        self.log
    }

    /// A change is about to be sent: on the disk when this ends.
    pub(super) async fn started(
        &self,
        name: &str,
        version: Option<i64>,
        changes: Vec<KeptChange>,
    ) -> Result<()> {
        let cx = self.cx;
        if let Some(log) = self.log {
            log.started(name, version, &changes).await?;
        }
        let start = if self.log.is_some() && !cx.has_kept() {
            KeptStart::elsewhere(changes)
        } else {
            // What was done to files before is undone with it.
            cx.keep(cx.kept_cluster(name)?, changes)?
        };
        self.begun.borrow_mut().insert(name.to_owned(), start);
        Ok(())
    }

    /// A cluster that was begun has ended: whether it was changed, if that is known, and what was changed of
    /// it in the end, likewise.
    pub(super) fn ended(
        &self,
        name: &str,
        (state, version): (TargetState, Option<i64>),
        error: Option<&Error>,
        is_changed: Option<bool>,
        changes: Option<&[KeptChange]>,
    ) {
        let start = self.begun.borrow_mut().remove(name);
        let mut others = None;
        if let Some(start) = start {
            self.cx.kept(&start, is_changed, changes);
            others = changes.filter(|changes| start.is_other(changes));
            if let (Some(log), Some(true)) = (self.log, is_changed) {
                let changes = others.unwrap_or(start.changes());
                self.cx.has_changed(log.word(), changes);
            }
        }
        if let Some(log) = self.log {
            log.ended(name, state, version, error, others);
        }
    }
}

/// The journal of the run; none where one cluster was meant, or nothing is to be done.
pub(super) fn journal_of<C: FleetChange>(
    change: &C,
    planned: &[FleetPlanned<C::Plan>],
) -> Result<Option<RunJournal>> {
    let course = change.course();
    let mut plans = planned.iter().filter_map(|(_, first)| first.as_ref().ok());
    let has_work = plans.any(|(_, plan)| !change.is_empty(plan));
    if planned.len() < 2 || !(has_work || course.resumed.is_some()) {
        return Ok(None);
    }
    let frozen = |(name, first): &FleetPlanned<C::Plan>| {
        let kept = first.as_ref().ok().and_then(|(kept, _)| kept.as_ref());
        let cluster = kept.map(KeptCluster::open);
        let cluster = cluster.as_deref();
        FrozenTarget {
            name: name.clone(),
            id: cluster.and_then(Cluster::id).map(str::to_owned),
            version: cluster.and_then(Cluster::version),
        }
    };
    RunJournal::begin(
        change.context(),
        course.journal.as_ref(),
        course.resumed.as_ref(),
        change.fingerprint(),
        planned.iter().map(frozen).collect(),
    )
}
