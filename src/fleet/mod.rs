//! Many targets: several worked on at a time, and what came of each told once, in one place.

mod amount;
mod drive;
mod outcome;
mod rollout;
mod several;
mod state;
mod told;

pub(crate) use amount::Amount;
pub(crate) use drive::{ReadTogether, RolloutWork, TargetBegun, TargetEnd, drive};
pub(crate) use outcome::{Closing, Reporter, TargetOutcome, TargetResult, summarise};
pub(crate) use rollout::{Canary, Rollout, RolloutProgress, RolloutWanted, Stop, goes_down};
pub(crate) use several::{all, each};
pub(crate) use state::TargetState;
pub(crate) use told::{ToldItem, tally};

/// How many targets are worked on at a time.
pub(crate) const AT_ONCE: usize = 8;

/// How many targets of a rollout are worked on at a time, if nobody says: how many of their requests go
/// out is for the one pace of all requests to say.
pub(crate) const MANY: usize = 128;
