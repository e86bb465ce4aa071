//! Many targets: several worked on at a time, and what came of each told once, in one place.

mod outcome;
mod several;

pub(crate) use outcome::{Came, Closing, Teller, Told, summarise};
pub(crate) use several::{all, each};

/// How many targets are worked on at a time.
pub(crate) const AT_ONCE: usize = 8;
