//! What came of the checks, ready to be shown in any format. Pure data.

use super::verdict::PullVerdict;
use super::{CheckState, Finding, FindingPlace, PAGE, Severity};
use std::collections::BTreeSet;

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportItem {
    /// The check's stable id.
    pub(crate) id: &'static str,
    /// Its group's stable id.
    pub(crate) group: &'static str,
    /// The cluster it is about, where several were named.
    pub(crate) cluster: Option<String>,
    /// What was seen.
    pub(crate) finding: Finding,
    /// The command that mends it, as it can be pasted.
    pub(crate) fix: Option<String>,
    /// The group was skipped as a whole, for this finding's reason.
    pub(crate) with_group: bool,
}

impl ReportItem {
    /// How it ended.
    pub(crate) fn state(&self) -> CheckState {
        self.finding.state
    }

    /// Where it is explained.
    pub(crate) fn docs(&self) -> String {
        format!("{PAGE}#{}", self.id)
    }

    /// Where in a file.
    pub(crate) fn place(&self) -> Option<&FindingPlace> {
        self.finding.place.as_ref()
    }
}

/// How many items ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CheckSummary {
    /// Passed.
    pub(crate) pass: usize,
    /// With a warning.
    pub(crate) warn: usize,
    /// Failed.
    pub(crate) fail: usize,
    /// Could not be looked at.
    pub(crate) unknown: usize,
    /// Skipped by themselves.
    pub(crate) skip: usize,
    /// Groups that were skipped as a whole; their checks are not in `skip`.
    pub(crate) groups: usize,
}

/// The whole checklist.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CheckReport {
    /// Every line, in order.
    pub(crate) items: Vec<ReportItem>,
    /// What counts as a failure beside one: `--fail-on`.
    pub(crate) fail_on: Vec<CheckState>,
    /// What the pull of each cluster comes to.
    pub(crate) verdicts: Vec<PullVerdict>,
}

impl CheckReport {
    /// The same report with every text that came from outside changed by a function.
    #[must_use]
    pub(crate) fn map_texts(&self, change: impl Fn(&str) -> String) -> Self {
        let item = |item: &ReportItem| {
            let mut item = item.clone();
            item.cluster = item.cluster.map(|text| change(&text));
            item.fix = item.fix.as_deref().map(&change);
            let finding = &mut item.finding;
            finding.message = change(&finding.message);
            finding.evidence = finding.evidence.as_deref().map(&change);
            if let Some(place) = &mut finding.place {
                place.file = change(&place.file);
                place.excerpt = place.excerpt.as_deref().map(&change);
            }
            item
        };
        Self {
            items: self.items.iter().map(item).collect(),
            fail_on: self.fail_on.clone(),
            verdicts: self
                .verdicts
                .iter()
                .map(|it| it.map_texts(&change))
                .collect(),
        }
    }

    /// The counts.
    pub(crate) fn summary(&self) -> CheckSummary {
        let mut summary = CheckSummary::default();
        let mut groups = BTreeSet::new();
        for item in &self.items {
            match item.state() {
                CheckState::Pass => summary.pass += 1,
                CheckState::Warn => summary.warn += 1,
                CheckState::Fail => summary.fail += 1,
                CheckState::Unknown => summary.unknown += 1,
                CheckState::Skip if item.with_group => {
                    groups.insert((item.cluster.as_deref(), item.group));
                }
                CheckState::Skip => summary.skip += 1,
            }
        }
        summary.groups = groups.len();
        summary
    }

    /// Whether a state counts as a failure.
    pub(crate) fn counts(&self, state: CheckState) -> bool {
        state == CheckState::Fail || self.fail_on.contains(&state)
    }

    /// Whether anything failed.
    pub(crate) fn failed(&self) -> bool {
        self.items.iter().any(|item| self.counts(item.state()))
    }
}

/// What a finding becomes under its check's severity.
pub(super) fn weigh(mut finding: Finding, severity: Severity) -> Finding {
    if severity == Severity::Warning && finding.state == CheckState::Fail {
        finding.state = CheckState::Warn;
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(state: CheckState, with_group: bool) -> ReportItem {
        ReportItem {
            id: "x",
            group: "g",
            cluster: None,
            finding: Finding {
                state,
                ..Finding::pass("m")
            },
            fix: None,
            with_group,
        }
    }

    #[test]
    fn a_group_that_is_skipped_counts_once() {
        let report = CheckReport {
            items: vec![
                item(CheckState::Skip, true),
                item(CheckState::Skip, true),
                item(CheckState::Skip, false),
                item(CheckState::Warn, false),
            ],
            fail_on: Vec::new(),
            verdicts: Vec::new(),
        };
        let summary = report.summary();
        assert_eq!((summary.groups, summary.skip, summary.warn), (1, 1, 1));
        assert!(!report.failed());
        let strict = CheckReport {
            fail_on: vec![CheckState::Warn],
            ..report
        };
        assert!(strict.failed());
    }

    #[test]
    fn a_warning_never_fails() {
        let finding = weigh(Finding::fail("m"), Severity::Warning);
        assert_eq!(finding.state, CheckState::Warn);
        let finding = weigh(Finding::unknown("m"), Severity::Warning);
        assert_eq!(finding.state, CheckState::Unknown);
    }
}
