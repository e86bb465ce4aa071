//! The checklist of `mk8s check`: what is looked at, in which order, and what depends on what.
//!
//! A check is data plus one function; a group is a file with a list of checks and a line in
//! [`catalog`]. Checks only read. Nothing here prints, and nothing writes to a cluster or to AWS.

mod addons;
mod aws;
mod aws_view;
mod cache;
pub mod catalog;
mod control_plane;
mod deny;
mod drift;
mod facts;
mod image;
pub(crate) mod issuer;
mod live;
mod manifest;
pub(crate) mod report;
mod rights;
mod run;
pub(crate) mod scene;
mod schema;
pub(crate) mod select;
mod setup;
mod thumbprint;
mod trust;
pub(crate) mod verdict;
mod words;

pub use catalog::GROUPS;
pub(crate) use report::{CheckReport, ReportItem};
pub(crate) use run::{JoinedChecks, run};
pub(crate) use scene::{CheckOptions, File, Scene, Session};
pub(crate) use select::Selection;
pub(crate) use verdict::{PullVerdict, verdict};

use crate::invocation::Hint;
use std::future::Future;
use std::pin::Pin;

/// The page that explains every check; its anchors are the ids.
pub(crate) const PAGE: &str = "docs/checks.md";

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CheckState {
    /// All is well.
    Pass,
    /// It works, and should not stay so.
    Warn,
    /// Not looked at, because there is no point or no need.
    Skip,
    /// The caller may not look, or cannot.
    Unknown,
    /// It does not work.
    Fail,
}

impl CheckState {
    /// The word in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Skip => "skip",
        }
    }
}

/// What a check's failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The rest of the group, and whatever needs it, is skipped.
    Fatal,
    /// Whatever needs it is skipped.
    Failure,
    /// A failure counts as a warning.
    Warning,
}

impl Severity {
    /// The word in `--list`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Failure => "failure",
            Self::Warning => "warning",
        }
    }
}

/// The place in a file that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FindingPlace {
    /// The file, as it was named.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: Option<usize>,
    /// The column in characters, from 1.
    pub(crate) column: Option<usize>,
    /// The line as it is written, with the place underlined.
    pub(crate) excerpt: Option<String>,
}

/// What a check saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// How it ended.
    pub(crate) state: CheckState,
    /// What is, or is not, the case; lower case, no full stop. For a skip: the reason.
    pub(crate) message: String,
    /// The fact behind it, on one line.
    pub(crate) evidence: Option<String>,
    /// The command that mends it.
    pub(crate) fix: Option<Hint>,
    /// Where in a file.
    pub(crate) place: Option<FindingPlace>,
}

impl Finding {
    fn new(state: CheckState, message: impl Into<String>) -> Self {
        Self {
            state,
            message: message.into(),
            evidence: None,
            fix: None,
            place: None,
        }
    }

    /// All is well; says what was seen.
    pub(crate) fn pass(message: impl Into<String>) -> Self {
        Self::new(CheckState::Pass, message)
    }

    /// It works, and should not stay so.
    pub(crate) fn warn(message: impl Into<String>) -> Self {
        Self::new(CheckState::Warn, message)
    }

    /// It does not work. The runner makes it a warning where the check's severity says so.
    pub(crate) fn fail(message: impl Into<String>) -> Self {
        Self::new(CheckState::Fail, message)
    }

    /// The caller may not look.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::new(CheckState::Unknown, message)
    }

    /// There is no point or no need to look; says why, to follow "skipped: ".
    pub(crate) fn skip(reason: impl Into<String>) -> Self {
        Self::new(CheckState::Skip, reason)
    }

    /// Adds the fact behind it; line breaks become `; `.
    #[must_use]
    pub(crate) fn evidence(mut self, evidence: impl Into<String>) -> Self {
        let text: String = evidence.into();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        self.evidence = Some(lines.join("; ")).filter(|text| !text.is_empty());
        self
    }

    /// Adds the command that mends it.
    #[must_use]
    pub(crate) fn fix(mut self, command: impl Into<Hint>) -> Self {
        self.fix = Some(command.into());
        self
    }

    /// Adds the command that mends it, where there is one that would not be refused.
    #[must_use]
    pub(crate) fn fix_if(mut self, command: Option<impl Into<Hint>>) -> Self {
        self.fix = command.map(Into::into);
        self
    }

    /// Adds the place in a file.
    #[must_use]
    pub(crate) fn at(mut self, file: impl Into<String>, line: Option<usize>) -> Self {
        self.place = Some(FindingPlace {
            file: file.into(),
            line,
            column: None,
            excerpt: None,
        });
        self
    }

    /// Adds the column, and the line as it is written, to the place in a file.
    #[must_use]
    pub(crate) fn column(mut self, column: usize, excerpt: Option<String>) -> Self {
        if let Some(place) = &mut self.place {
            place.column = Some(column);
            place.excerpt = excerpt;
        }
        self
    }
}

/// Something that is there a little later.
pub(crate) type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The function of a check. It gives at least one finding: all that is wrong, or one that passes.
#[derive(Clone, Copy)]
pub(crate) enum CheckFunction {
    /// Judges what the group has prepared.
    Now(fn(&Scene<'_>) -> Vec<Finding>),
    /// Looks for itself.
    Later(for<'a> fn(&'a Scene<'_>) -> Soon<'a, Vec<Finding>>),
}

/// One check.
pub struct Check {
    /// The stable id; a retired one is never used again.
    pub id: &'static str,
    /// What holds when it passes, in a few words.
    pub summary: &'static str,
    /// The checks that must not fail, be unknown or be skipped, or else this one is skipped.
    pub needs: &'static [&'static str],
    /// What its failure means.
    pub severity: Severity,
    /// Why it fails, usually; for the documentation and `--list -o json`.
    pub hint: &'static str,
    /// What mends it, in general; each finding names the exact command.
    pub fix: &'static str,
    /// Looks and judges.
    pub(crate) run: CheckFunction,
}

/// Whether a group is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It is.
    Open,
    /// Nobody asked for it; the reason is said only to those who name it with `--only`.
    NotAsked(String),
    /// It is skipped as a whole, and the reason is said.
    Closed(String),
}

/// Checks that belong together and look at the same things.
pub struct Group {
    /// The stable id.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub summary: &'static str,
    /// Looks at what its checks judge, and says whether there is anything to judge.
    pub(crate) prepare: for<'a> fn(&'a Scene<'_>) -> Soon<'a, Gate>,
    /// The checks, each behind those it needs.
    pub checks: &'static [Check],
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_unique_and_needs_come_first() {
        let mut seen = HashSet::new();
        for group in GROUPS {
            assert!(seen.insert(group.id), "{}", group.id);
            for check in group.checks {
                for need in check.needs {
                    assert!(seen.contains(need), "{} needs {need}", check.id);
                }
                assert!(seen.insert(check.id), "{}", check.id);
                for text in [check.summary, check.hint, check.fix] {
                    assert!(!text.is_empty(), "{}", check.id);
                }
                assert!(!check.summary.ends_with('.'), "{}", check.id);
                assert!(check.hint.ends_with('.'), "{}", check.id);
                assert!(check.fix.ends_with('.'), "{}", check.id);
            }
        }
    }

    #[test]
    fn evidence_is_one_line() {
        let finding = Finding::fail("x").evidence("a\n  b\r\nc");
        assert_eq!(finding.evidence.as_deref(), Some("a; b; c"));
    }
}
