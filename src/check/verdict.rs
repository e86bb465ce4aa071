//! What all checks come to: whether a cluster's pull of an image works. Pure.
//!
//! One sure failure decides. Without one, whatever was not looked at or could not be seen leaves it
//! open, and is named: nothing is called working that was not looked at whole.

use super::words::SAME_ACCOUNT;
use super::{GROUPS, Item, Scene, State};
use std::collections::BTreeSet;

/// What a pull comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
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
pub(crate) struct Verdict {
    /// The cluster.
    pub(crate) cluster: String,
    /// The image, as it was named.
    pub(crate) image: Option<String>,
    /// What it comes to.
    pub(crate) outcome: Outcome,
}

impl Verdict {
    /// The state's word in JSON.
    pub(crate) fn state(&self) -> &'static str {
        match self.outcome {
            Outcome::Works => "works",
            Outcome::Fails { .. } => "fails",
            Outcome::Unknown { .. } => "unknown",
        }
    }

    /// The same with every text that came from outside changed by a function.
    #[must_use]
    pub(crate) fn map_texts(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            cluster: change(&self.cluster),
            image: self.image.as_deref().map(&change),
            outcome: match &self.outcome {
                Outcome::Works => Outcome::Works,
                Outcome::Fails { step, why } => Outcome::Fails {
                    step,
                    why: change(why),
                },
                Outcome::Unknown { missing } => Outcome::Unknown {
                    missing: missing.iter().map(|it| change(it)).collect(),
                },
            },
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.image {
            Some(image) => write!(f, "A pull of {image} by {}", self.cluster)?,
            None => write!(f, "A pull by {}", self.cluster)?,
        }
        match &self.outcome {
            Outcome::Works => write!(f, " works"),
            Outcome::Fails { step, why } => write!(f, " fails at {step}: {why}"),
            Outcome::Unknown { missing } => write!(f, " cannot be told: {}", missing.join("; ")),
        }
    }
}

/// The steps of a pull, in the order in which they are taken.
const STEPS: [Step; 22] = [
    Step::sure("image-form"),
    Step::sure("image-partition"),
    Step::sure("addon-prerequisite"),
    Step::sure("role-arn-form"),
    Step::sure("role-arn-needed"),
    Step::sure("oidc-url-present"),
    Step::sure("issuer-url-form"),
    // From here it may look otherwise than from AWS.
    Step::seen("issuer-discovery"),
    Step::sure("issuer-match"),
    Step::sure("issuer-keys"),
    // About whoever runs this.
    Step::seen("aws-identity"),
    Step::seen("aws-account-match"),
    Step::sure("oidc-provider-exists"),
    Step::sure("oidc-audience"),
    Step::seen("oidc-thumbprint"),
    Step::sure("role-exists"),
    Step::sure("trust-has-statement"),
    Step::sure("role-policy-attached"),
    Step::sure("pull-simulated"),
    Step::sure("repository-exists"),
    Step::sure("image-exists"),
    Step::sure("repository-policy"),
];

/// What fills the cache that an image comes from; a step only where it is not cached.
const CACHE: Step = Step::sure("pull-through-cache");

struct Step {
    id: &'static str,
    /// Whether its failure is one of the pull, not of what can be seen from here.
    is_sure: bool,
}

impl Step {
    const fn sure(id: &'static str) -> Self {
        Self { id, is_sure: true }
    }

    const fn seen(id: &'static str) -> Self {
        Self { id, is_sure: false }
    }
}

/// What the checks of a scene come to; `None` where nobody asks for a pull.
pub(crate) fn verdict(scene: &Scene<'_>, items: &[Item]) -> Option<Verdict> {
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
    let own: Vec<&Item> = items
        .iter()
        .filter(|item| {
            let of = item.cluster.as_deref();
            item.place().is_none() && of.is_none_or(|it| Some(it) == scene.cluster_name)
        })
        .collect();
    let outcome = match judge(&own, named.is_some()) {
        // Where the check that tells it was left out.
        Outcome::Works | Outcome::Unknown { .. } if !is_on => Outcome::Fails {
            step: "addon-prerequisite",
            why: "aws-ecr is off".to_owned(),
        },
        outcome => outcome,
    };
    Some(Verdict {
        cluster: cluster.name().to_owned(),
        image: named,
        outcome,
    })
}

fn is_bad_image(item: &Item) -> bool {
    item.id == "image-form" && item.state() == State::Fail
}

fn judge(items: &[&Item], with_image: bool) -> Outcome {
    let of = |id: &str| -> Vec<&Item> {
        let own = items.iter().filter(|item| item.id == id);
        own.copied().collect()
    };
    let worst = |id: &str| of(id).iter().map(|item| item.state()).max();
    // The pull itself, if it was tried, says it all.
    if worst("live-pull") == Some(State::Pass) {
        return Outcome::Works;
    }
    let live = ["live-assume-role", "live-pull"].map(Step::sure);
    let steps = || STEPS.iter().chain([&CACHE]).chain(&live);
    let failure = steps().filter(|step| step.is_sure).find_map(|step| {
        let failed = of(step.id).into_iter();
        let mut failed = failed.filter(|item| item.state() == State::Fail);
        failed.next().map(|item| (step.id, item))
    });
    if let Some((step, item)) = failure {
        return Outcome::Fails {
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
                State::Pass | State::Warn => {}
                State::Fail | State::Unknown => note(item.finding.message.clone()),
                State::Skip => skipped(item, &mut note),
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
        Outcome::Works
    } else {
        Outcome::Unknown { missing }
    }
}

fn skipped(item: &Item, note: &mut impl FnMut(String)) {
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

    fn item(id: &'static str, finding: Finding) -> Item {
        Item {
            id,
            group: group(id).unwrap(),
            cluster: None,
            finding,
            fix: None,
            with_group: false,
        }
    }

    /// Every step passes, but for those that are given.
    fn of(others: Vec<Item>) -> Outcome {
        let ids = STEPS.iter().chain([&CACHE]).map(|step| step.id);
        let mut items: Vec<Item> = ids
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
        let fails = |step, why: &str| Outcome::Fails {
            step,
            why: why.to_owned(),
        };
        let open = |missing: &[&str]| Outcome::Unknown {
            missing: missing.iter().map(|&it| it.to_owned()).collect(),
        };
        let role = || item("role-exists", Finding::fail("no role"));
        let far = || item("issuer-discovery", Finding::fail("not reached"));
        for (items, outcome) in [
            (vec![], Outcome::Works),
            (
                vec![item("trust-has-statement", Finding::warn("x"))],
                Outcome::Works,
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
                Outcome::Works,
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
