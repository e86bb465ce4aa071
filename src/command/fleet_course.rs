//! How a change goes over many clusters, as it was asked for, and which of them a run that is taken up
//! again leaves out.

use super::Context;
use super::journal::ResumedRun;
use super::rollout;
use crate::cli::RolloutArgs;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fleet::{RolloutWanted, TargetState};
use crate::journal;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// How a change goes over many clusters.
pub(super) struct FleetCourse {
    /// The stages and the budgets.
    pub(super) wanted: RolloutWanted,
    /// Whether nothing is done where not all can be.
    pub(super) fail_fast: bool,
    /// Where the journal of it is to be.
    pub(super) journal: Option<PathBuf>,
    /// The run that is taken up again.
    pub(super) resumed: Option<ResumedRun>,
    /// The clusters that are left out of it.
    pub(super) skipped: BTreeSet<String>,
    /// Whether several clusters were asked for, however many they turned out to be.
    pub(super) are_several: bool,
    /// Whether nothing is written.
    pub(super) is_dry_run: bool,
    /// Whether what changed is waited for.
    pub(super) waits: bool,
}

impl FleetCourse {
    /// What was asked for, checked, before anything is read.
    pub(super) fn of(cx: &Context, args: &RolloutArgs, is_dry_run: bool) -> Result<Self> {
        if let Some(file) = &args.journal {
            journal::can_begin(file)?;
        }
        cx.rate.set(args.rate);
        Ok(Self {
            wanted: rollout::wanted(args)?,
            fail_fast: args.fail_fast,
            journal: args.journal.clone(),
            resumed: ResumedRun::of(cx, args)?,
            skipped: BTreeSet::new(),
            are_several: false,
            is_dry_run,
            waits: false,
        })
    }

    /// As what a cluster ends of which no change could be planned.
    pub(super) fn state_at_plan(&self, name: &str, error: &Error) -> TargetState {
        if self.skipped.contains(name) {
            TargetState::Skipped
        } else {
            TargetState::of(error, false)
        }
    }

    /// Why a run that is taken up again leaves a cluster alone before anything is planned: it is another
    /// one by now.
    pub(super) fn replaced(&self, cluster: &Cluster) -> Option<String> {
        self.resumed.as_ref()?.replaced(cluster)
    }

    /// The same of a cluster that is not as it is wanted.
    pub(super) fn undone(&self, name: &str) -> Option<String> {
        self.resumed.as_ref()?.undone(name)
    }

    /// The refusal of a cluster that is left out for a reason; `not_done` is what does not happen.
    pub(super) fn left_out(name: &str, not_done: String, reason: String) -> Error {
        let error = Error::conflict(not_done).because(reason);
        error.note(format!("`{name}` is left alone."))
    }
}
