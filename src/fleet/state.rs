//! What a target of a run ends as: exactly one of these. Pure.

use crate::error::{Error, Kind};
use crate::text;
use serde::Serialize;

/// What a target ends as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TargetState {
    /// This run's write was read back, at a version above the one that it was locked on.
    Changed,
    /// It was so already.
    Unchanged,
    /// A rule of ours is against it, which was known at the plan.
    Refused,
    /// It was left out, for a reason that is told.
    Skipped,
    /// The server could not be reached, or did not answer.
    Unreachable,
    /// The server refused it, or it went otherwise than it should.
    Failed,
    /// The run ended before.
    NotStarted,
}

impl TargetState {
    /// All of them, in the order in which they are told.
    pub(crate) const ALL: [Self; 7] = [
        Self::Changed,
        Self::Unchanged,
        Self::Refused,
        Self::Skipped,
        Self::Unreachable,
        Self::Failed,
        Self::NotStarted,
    ];

    /// The stable word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::Skipped => "skipped",
            Self::Unreachable => "unreachable",
            Self::Failed => "failed",
            Self::NotStarted => "not-started",
        }
    }

    /// What a failure of a target makes of it; `planned` says whether it had come to be written.
    pub(crate) fn of(error: &Error, planned: bool) -> Self {
        match error.kind {
            Kind::Unavailable => Self::Unreachable,
            Kind::Refused | Kind::Conflict | Kind::Usage if !planned => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// How many ended as what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FleetSummary {
    /// All of them.
    pub(crate) targets: usize,
    changed: usize,
    unchanged: usize,
    refused: usize,
    skipped: usize,
    unreachable: usize,
    failed: usize,
    not_started: usize,
}

impl FleetSummary {
    /// Counts.
    pub(crate) fn of(states: impl IntoIterator<Item = TargetState>) -> Self {
        let mut summary = Self::default();
        for state in states {
            summary.targets += 1;
            *summary.slot(state) += 1;
        }
        summary
    }

    fn slot(&mut self, state: TargetState) -> &mut usize {
        match state {
            TargetState::Changed => &mut self.changed,
            TargetState::Unchanged => &mut self.unchanged,
            TargetState::Refused => &mut self.refused,
            TargetState::Skipped => &mut self.skipped,
            TargetState::Unreachable => &mut self.unreachable,
            TargetState::Failed => &mut self.failed,
            TargetState::NotStarted => &mut self.not_started,
        }
    }

    /// How many ended so.
    pub(crate) fn count(mut self, state: TargetState) -> usize {
        *self.slot(state)
    }

    /// Whether each of `targets` ended as one of them.
    pub(crate) fn adds_up(self, targets: usize) -> bool {
        let counts = TargetState::ALL.iter().map(|&state| self.count(state));
        counts.sum::<usize>() == targets && self.targets == targets
    }

    /// `of 38 targets 1 failed and 2 were unreachable`: what was not done though it was tried.
    pub(crate) fn not_done(self) -> String {
        let was = |count: usize| if count == 1 { "was" } else { "were" };
        let mut words = Vec::new();
        if self.failed > 0 {
            words.push(format!("{} failed", self.failed));
        }
        for (count, word) in [
            (self.unreachable, "unreachable"),
            (self.refused, "refused"),
            (self.skipped, "skipped"),
        ] {
            if count > 0 {
                words.push(format!("{count} {} {word}", was(count)));
            }
        }
        let words = text::list(words.iter().map(String::as_str));
        format!("of {} {words}", text::count(self.targets, "target"))
    }

    /// `35 changed, 2 unchanged, 1 failed`: what there is.
    pub(crate) fn words(self) -> String {
        let there = TargetState::ALL
            .iter()
            .filter(|&&state| self.count(state) > 0);
        let words = there.map(|&state| format!("{} {}", self.count(state), state.name()));
        words.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_each_once() {
        let states = [
            TargetState::Changed,
            TargetState::Failed,
            TargetState::Changed,
            TargetState::NotStarted,
        ];
        let summary = FleetSummary::of(states);
        assert!(summary.adds_up(4) && !summary.adds_up(5));
        assert_eq!(summary.words(), "2 changed, 1 failed, 1 not-started");
        assert_eq!(summary.not_done(), "of 4 targets 1 failed");
        assert_eq!(
            serde_json::to_value(summary).unwrap(),
            serde_json::json!({"targets": 4, "changed": 2, "unchanged": 0, "refused": 0,
                "skipped": 0, "unreachable": 0, "failed": 1, "notStarted": 1})
        );
    }
}
