//! Exit codes: the one exhaustive mapping from what happened to what a script sees.
//!
//! Below 10 are failures, 10 and above are answers.

use crate::error::Kind;

/// How a run that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or already so.
    Ok,
    /// Different, or off; only with `--exit-code`.
    Differences,
    /// `check` found failures.
    CheckFailed,
    /// The exit code of a command that was run on the user's behalf (`sandbox run`).
    Passed(u8),
}

impl Outcome {
    /// The outcome of a run that was asked whether anything differs.
    pub(crate) fn differing(differs: bool) -> Self {
        if differs { Self::Differences } else { Self::Ok }
    }

    /// The stable name, as in the exit-code table; that of a command's own code is `passed`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Differences => "differences",
            Self::CheckFailed => "check-failed",
            Self::Passed(_) => "passed",
        }
    }

    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Differences => 10,
            Self::CheckFailed => 11,
            Self::Passed(code) => code,
        }
    }
}

impl Kind {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Failure => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Denied => 4,
            Self::Conflict => 5,
            Self::Refused => 6,
            Self::Timeout => 7,
            Self::Unavailable => 8,
            Self::Partial => 9,
            Self::Interrupted => 130,
        }
    }
}
