//! Many targets: several worked on at a time, and what came of each told once, in one place.

mod amount;
mod drive;
mod outcome;
mod rollout;
mod several;
mod state;

pub(crate) use amount::Amount;
pub(crate) use drive::{TargetEnd, drive};
pub(crate) use outcome::{Closing, Reporter, TargetOutcome, TargetResult, summarise};
pub(crate) use rollout::{Canary, Rollout, RolloutWanted, Stop};
pub(crate) use several::{all, each};
pub(crate) use state::TargetState;

/// How many targets are worked on at a time.
pub(crate) const AT_ONCE: usize = 8;
