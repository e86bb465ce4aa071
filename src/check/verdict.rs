//! What all checks come to: whether a cluster's pull of an image works. Pure.
//!
//! One sure failure decides. Without one, whatever was not looked at or could not be seen leaves it
//! open, and is named: nothing is called working that was not looked at whole.

use super::words::SAME_ACCOUNT;
use super::{CheckState, GROUPS, ReportItem, Scene};
use std::collections::BTreeSet;

/// What a pull comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PullOutcome {
    /// Every step was seen to work.
    Works,
    /// A step surely does not.
    Fails {
        /// The id of its check.
        step: &'static str,
        /// What is the case.
        why: String,
    },
    /// Nothing fails, but this was not seen.
    Unknown {
        /// A phrase each.
        missing: Vec<String>,
    },
}

/// What the pull of one image by one cluster comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PullVerdict {
    /// The cluster.
    pub(crate) cluster: String,
    /// The image, as it was named.
    pub(crate) image: Option<String>,
    /// What it comes to.
    pub(crate) outcome: PullOutcome,
}

impl PullVerdict {
    /// The state's word in JSON.
    pub(crate) fn state(&self) -> &'static str {
        match self.outcome {
            PullOutcome::Works => "works",
            PullOutcome::Fails { .. } => "fails",
            PullOutcome::Unknown { .. } => "unknown",
        }
    }

    /// The same with every text that came from outside changed by a function.
    #[must_use]
    pub(crate) fn map_texts(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            cluster: change(&self.cluster),
            image: self.image.as_deref().map(&change),
            outcome: match &self.outcome {
                PullOutcome::Works => PullOutcome::Works,
                PullOutcome::Fails { step, why } => PullOutcome::Fails {
                    step,
                    why: change(why),
                },
                PullOutcome::Unknown { missing } => PullOutcome::Unknown {
                    missing: missing.iter().map(|it| change(it)).collect(),
                },
            },
        }
    }
}

impl std::fmt::Display for PullVerdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.image {
            Some(image) => write!(f, "A pull of {image} by {}", self.cluster)?,
            None => write!(f, "A pull by {}", self.cluster)?,
        }
        match &self.outcome {
            PullOutcome::Works => write!(f, " works"),
            PullOutcome::Fails { step, why } => write!(f, " fails at {step}: {why}"),
            PullOutcome::Unknown { missing } => {
                write!(f, " cannot be told: {}", missing.join("; "))
            }
        }
    }
}

/// The steps of a pull, in the order in which they are taken.
const STEPS: [PullStep; 22] = [
    PullStep::sure("image-form"),
    PullStep::sure("image-partition"),
    PullStep::sure("addon-prerequisite"),
    PullStep::sure("role-arn-form"),
    PullStep::sure("role-arn-needed"),
    PullStep::sure("oidc-url-present"),
    PullStep::sure("issuer-url-form"),
    // From here it may look otherwise than from AWS.
    PullStep::seen("issuer-discovery"),
    PullStep::sure("issuer-match"),
    PullStep::sure("issuer-keys"),
    // About whoever runs this.
    PullStep::seen("aws-identity"),
    PullStep::seen("aws-account-match"),
    PullStep::sure("oidc-provider-exists"),
    PullStep::sure("oidc-audience"),
    PullStep::seen("oidc-thumbprint"),
    PullStep::sure("role-exists"),
    PullStep::sure("trust-has-statement"),
    PullStep::sure("role-policy-attached"),
    PullStep::sure("pull-simulated"),
    PullStep::sure("repository-exists"),
    PullStep::sure("image-exists"),
    PullStep::sure("repository-policy"),
];

/// What fills the cache that an image comes from; a step only where it is not cached.
const CACHE: PullStep = PullStep::sure("pull-through-cache");

struct PullStep {
    id: &'static str,
    /// Whether its failure is one of the pull, not of what can be seen from here.
    is_sure: bool,
}

impl PullStep {
    const fn sure(id: &'static str) -> Self {
        Self { id, is_sure: true }
    }

    const fn seen(id: &'static str) -> Self {
        Self { id, is_sure: false }
    }
}

/// What the checks of a scene come to; `None` where nobody asks for a pull.
pub(crate) fn verdict(scene: &Scene<'_>, items: &[ReportItem]) -> Option<PullVerdict> {
    let cluster = scene.cluster()?;
    let image = scene.session.private_image().is_some();
    let is_on = cluster.add_on("awsECR").is_some();
    if !is_on && !image {
        return None;
    }
    let named = scene.session.asked.image.clone();
    // An image elsewhere is no business of the add-on.
    if named.is_some() && !image && !items.iter().any(is_bad_image) {
        return None;
    }
    let own: Vec<&ReportItem> = items
        .iter()
        .filter(|item| {
            let of = item.cluster.as_deref();
            item.place().is_none() && of.is_none_or(|it| Some(it) == scene.cluster_name)
        })
        .collect();
    let outcome = match judge(&own, named.is_some()) {
        // Where the check that tells it was left out.
        PullOutcome::Works | PullOutcome::Unknown { .. } if !is_on => PullOutcome::Fails {
            step: "addon-prerequisite",
            why: "aws-ecr is off".to_owned(),
        },
        outcome => outcome,
    };
    Some(PullVerdict {
        cluster: cluster.name().to_owned(),
        image: named,
        outcome,
    })
}

fn is_bad_image(item: &ReportItem) -> bool {
    item.id == "image-form" && item.state() == CheckState::Fail
}

fn judge(items: &[&ReportItem], with_image: bool) -> PullOutcome {
    let of = |id: &str| -> Vec<&ReportItem> {
        let own = items.iter().filter(|item| item.id == id);
        own.copied().collect()
    };
    let worst = |id: &str| of(id).iter().map(|item| item.state()).max();
    // The pull itself, if it was tried, says it all.
    if worst("live-pull") == Some(CheckState::Pass) {
        return PullOutcome::Works;
    }
    let live = ["live-assume-role", "live-pull"].map(PullStep::sure);
    let steps = || STEPS.iter().chain([&CACHE]).chain(&live);
    let failure = steps().filter(|step| step.is_sure).find_map(|step| {
        let failed = of(step.id).into_iter();
        let mut failed = failed.filter(|item| item.state() == CheckState::Fail);
        failed.next().map(|item| (step.id, item))
    });
    if let Some((step, item)) = failure {
        return PullOutcome::Fails {
            step,
            why: item.finding.message.clone(),
        };
    }
    let mut missing: Vec<String> = Vec::new();
    let mut groups: BTreeSet<&str> = BTreeSet::new();
    let mut note = |phrase: String| {
        if !missing.contains(&phrase) {
            missing.push(phrase);
        }
    };
    for step in STEPS.iter().chain([&CACHE]) {
        let found = of(step.id);
        if found.is_empty() {
            groups.extend(group(step.id));
        }
        for item in found {
            match item.state() {
                CheckState::Pass | CheckState::Warn => {}
                CheckState::Fail | CheckState::Unknown => note(item.finding.message.clone()),
                CheckState::Skip => skipped(item, &mut note),
            }
        }
    }
    for group in groups {
        note(match group {
            "image" if !with_image => "no image was named (--image IMAGE)".to_owned(),
            group => format!("the group {group} was not looked at"),
        });
    }
    if missing.is_empty() {
        PullOutcome::Works
    } else {
        PullOutcome::Unknown { missing }
    }
}

fn skipped(item: &ReportItem, note: &mut impl FnMut(String)) {
    let reason = item.finding.message.as_str();
    if reason == SAME_ACCOUNT {
        note("what the cluster's own nodes may is not seen from here".to_owned());
    } else if item.with_group {
        note(format!("{} was skipped: {reason}", item.group));
    } else if !reason.ends_with(" is unknown") && !reason.ends_with(" failed") {
        // What is skipped for another step is told by that one.
        note(format!("{} was skipped: {reason}", item.id));
    }
}

fn group(id: &str) -> Option<&'static str> {
    let of = GROUPS.iter();
    let mut of = of.filter(|group| group.checks.iter().any(|check| check.id == id));
    of.next().map(|group| group.id)
}

#[cfg(test)]
mod tests {
    use super::super::Finding;
    use super::*;

    fn item(id: &'static str, finding: Finding) -> ReportItem {
        ReportItem {
            id,
            group: group(id).unwrap(),
            cluster: None,
            finding,
            fix: None,
            with_group: false,
        }
    }

    /// Every step passes, but for those that are given.
    fn of(others: Vec<ReportItem>) -> PullOutcome {
        let ids = STEPS.iter().chain([&CACHE]).map(|step| step.id);
        let mut items: Vec<ReportItem> = ids
            .filter(|id| !others.iter().any(|it| it.id == *id))
            .map(|id| item(id, Finding::pass("fine")))
            .collect();
        items.extend(others);
        judge(&items.iter().collect::<Vec<_>>(), true)
    }

    #[test]
    fn every_step_is_a_check() {
        for step in STEPS.iter().chain([&CACHE]) {
            assert!(group(step.id).is_some(), "{}", step.id);
        }
    }

    #[test]
    fn a_sure_failure_decides_and_what_was_not_seen_leaves_it_open() {
        let fails = |step, why: &str| PullOutcome::Fails {
            step,
            why: why.to_owned(),
        };
        let open = |missing: &[&str]| PullOutcome::Unknown {
            missing: missing.iter().map(|&it| it.to_owned()).collect(),
        };
        let role = || item("role-exists", Finding::fail("no role"));
        let far = || item("issuer-discovery", Finding::fail("not reached"));
        for (items, outcome) in [
            (vec![], PullOutcome::Works),
            (
                vec![item("trust-has-statement", Finding::warn("x"))],
                PullOutcome::Works,
            ),
            (vec![far(), role()], fails("role-exists", "no role")),
            (
                vec![
                    far(),
                    item("issuer-match", Finding::skip("issuer-discovery failed")),
                ],
                open(&["not reached"]),
            ),
            (
                vec![item(
                    "pull-simulated",
                    Finding::unknown("not allowed to ask"),
                )],
                open(&["not allowed to ask"]),
            ),
            (
                vec![role(), item("live-pull", Finding::pass("pulled"))],
                PullOutcome::Works,
            ),
            (
                vec![item("live-pull", Finding::fail("refused"))],
                fails("live-pull", "refused"),
            ),
            (
                vec![item("role-exists", Finding::skip(SAME_ACCOUNT))],
                open(&["what the cluster's own nodes may is not seen from here"]),
            ),
            (
                vec![
                    item("image-exists", Finding::unknown("not cached")),
                    item("pull-through-cache", Finding::fail("may not fill")),
                ],
                fails("pull-through-cache", "may not fill"),
            ),
        ] {
            assert_eq!(of(items.clone()), outcome, "{items:?}");
        }
        assert_eq!(
            judge(&[], false),
            open(&[
                "the group add-ons was not looked at",
                "the group aws was not looked at",
                "the group control-plane was not looked at",
                "no image was named (--image IMAGE)",
                "the group issuer was not looked at",
            ])
        );
    }
}
