//! Many targets: several worked on at a time, and what came of each told once, in one place.

mod amount;
mod drive;
mod outcome;
mod rollout;
mod several;
mod state;

pub(crate) use amount::Amount;
pub(crate) use drive::{Ended, drive};
pub(crate) use outcome::{Came, Closing, Teller, Told, summarise};
pub(crate) use rollout::{Canary, Rollout, Stop, Wanted};
pub(crate) use several::{all, each};
pub(crate) use state::State;

/// How many targets are worked on at a time.
pub(crate) const AT_ONCE: usize = 8;
