//! The role: taken down, or left with what its other users need.

use super::{Left, TeardownPlanner, unseen};
use crate::aws::explain::explain_to;
use crate::aws::iam::Role;
use crate::aws::merge::{Removal, is_ours, names_provider, remove};
use crate::aws::name::{attached_tag, made_by_mk8s, other_clusters, tags_of_attached, without_tag};
use crate::aws::needed::Needed;
use crate::aws::plan::{AwsStep, StepAction, Work};
use crate::aws::quotable;
use crate::aws::state::Seen;
use crate::aws::target::{AwsPart, SetupRequest};
use crate::aws::template::fill_account;
use crate::aws::trust::{self, label, statements, titled};
use crate::aws::users::{OwnRole, is_of_cluster, needing, of_others};
use crate::error::{Error, Result};
use crate::text;
use serde_json::Value;

impl TeardownPlanner<'_> {
    pub(super) fn role(&mut self) -> Result<Left> {
        let Some(wanted) = &self.target.role else {
            return Ok(Left::Nothing);
        };
        let role = match &self.state.role {
            Seen::Known(Some(role)) => role.clone(),
            Seen::Unknown(failure) => {
                return Err(explain_to(
                    failure,
                    format!(
                        "nothing was taken down for `{}`",
                        quotable(&self.facts.name)
                    ),
                    Some(&self.target.caller),
                    &Needed::of(self.facts, self.target, &SetupRequest::default()),
                ));
            }
            _ => {
                self.steps.push(AwsStep::shown(
                    AwsPart::Role,
                    StepAction::None,
                    wanted.as_str(),
                    "not there",
                ));
                return Ok(Left::Nothing);
            }
        };
        let existing = trust::parse_text(&role.trust).map_err(|reason| {
            Error::refused(format!(
                "nothing was taken down for `{}`",
                quotable(&self.facts.name)
            ))
            .because(format!(
                "the trust policy of {} cannot be read: {reason}",
                quotable(&role.arn)
            ))
        })?;
        let sid = self.facts.sid().unwrap_or_else(|| "-".to_owned());
        let template = self
            .facts
            .template
            .as_ref()
            .and_then(|published| trust::parse(published).ok())
            .map(|published| {
                let partition = Some(self.target.partition.as_str());
                fill_account(&published, &self.target.account, partition).document
            });
        let provider = self.target.provider_arn.as_deref();
        let removal = remove(&existing, template.as_ref(), &sid, provider);
        let sharers = self.sharers(&role, &existing, &sid);
        let keep = self.reasons_to_keep(&role, &removal, (&sharers, &sid));
        if keep.is_empty() {
            self.delete_role(&role, &sid);
            return Ok(Left::Released(role.arn));
        }
        self.release_trust(&role, &removal, &sid);
        self.release_policies(&role, &existing, &removal, &sid);
        self.steps.push(
            AwsStep::shown(AwsPart::Role, StepAction::Keep, &role.arn, "").because(keep.join("; ")),
        );
        let names =
            |document: &Value| provider.is_some_and(|provider| names_provider(document, provider));
        Ok(match &removal.document {
            Some(document) if !names(document) => Left::Released(role.arn),
            _ => Left::Trusting,
        })
    }

    /// Other clusters that use the role, by tag or by statement.
    fn sharers(&self, role: &Role, existing: &Value, sid: &str) -> Vec<String> {
        let mut sharers = other_clusters(&role.tags, &self.facts.owner().statement_tag().0);
        if sharers.is_empty() {
            for (index, statement) in statements(existing).into_iter().enumerate() {
                let name = label(statement, index);
                if name.starts_with(self.facts.side.aws.sid) && !is_ours(statement, sid) {
                    sharers.push(format!("the one of statement {name}"));
                }
            }
        }
        sharers
    }

    fn reasons_to_keep(
        &self,
        role: &Role,
        removal: &Removal,
        (sharers, sid): (&[String], &str),
    ) -> Vec<String> {
        let mut reasons = Vec::new();
        // Whether the cluster that it was made for still uses it is told by that cluster's tag.
        if !made_by_mk8s(&role.tags) {
            reasons.push("it was not made by mk8s".to_owned());
        }
        if !sharers.is_empty() {
            reasons.push(format!(
                "other clusters use it: {}",
                quotable(&sharers.join(", "))
            ));
        }
        if let Some(left) = &removal.document {
            // Those of other clusters are told by the names of the clusters.
            let side = self.facts.side;
            let of_sharer = |it: &&Value| is_of_cluster(it, side) && !is_ours(it, sid);
            let list = statements(left).into_iter();
            let count = list.filter(|it| !of_sharer(it)).count();
            let verb = if count == 1 { "is" } else { "are" };
            if count > 0 {
                reasons.push(format!(
                    "its trust policy has {} that {verb} not ours",
                    text::count(count, "statement")
                ));
            }
        }
        let foreign = |arn: &&String| !role.tags.contains_key(&attached_tag(arn).0);
        match &self.state.attached {
            Seen::Known(list) => {
                for arn in list.iter().filter(foreign) {
                    reasons.push(format!("{} was attached by others", quotable(arn)));
                }
            }
            other => reasons.extend(unseen(other)),
        }
        for (seen, what) in [
            (&self.state.inline, "inline policy"),
            (&self.state.instance_profiles, "instance profile"),
        ] {
            match seen {
                Seen::Known(list) => {
                    reasons.extend(
                        list.iter()
                            .map(|name| format!("it has the {what} {}", quotable(name))),
                    );
                }
                other => reasons.extend(unseen(other)),
            }
        }
        reasons
    }

    /// The statements that a trust policy keeps, counted, those of other clusters by their names.
    fn of_others(&self, role: &Role, left: &Value) -> String {
        let (ours, _) = self.facts.owner().statement_tag();
        of_others(statements(left), &role.tags, self.facts.side, &ours)
    }

    fn delete_role(&mut self, role: &Role, sid: &str) {
        for policy in self.state.attached.known().into_iter().flatten() {
            let work = Work::Detach {
                role: role.name.clone(),
                policy: policy.clone(),
                whose: self.whose(sid),
                untag: Vec::new(),
            };
            let from = format!("from {}", role.name);
            self.steps.push(
                AwsStep::shown(AwsPart::Policy, StepAction::Detach, policy, from).doing(work),
            );
        }
        self.steps.push(
            AwsStep::shown(
                AwsPart::Role,
                StepAction::Delete,
                &role.arn,
                "made by mk8s, used by nobody else",
            )
            .doing(Work::DeleteRole {
                role: role.name.clone(),
                sid: sid.to_owned(),
            }),
        );
    }

    fn release_trust(&mut self, role: &Role, removal: &Removal, sid: &str) {
        let owner = self.facts.owner();
        let tags: Vec<String> = [owner.statement_tag().0, owner.accepted_tag()]
            .into_iter()
            .filter(|key| role.tags.contains_key(key))
            .collect();
        let is_tagged = !tags.is_empty();
        let arn = role.arn.as_str();
        let take_out = |detail: String| {
            AwsStep::shown(AwsPart::Trust, StepAction::Update, arn, detail).doing(
                Work::RemoveTrust {
                    role: role.name.clone(),
                    sid: sid.to_owned(),
                    provider: self.target.provider_arn.clone(),
                    untag: tags.clone(),
                },
            )
        };
        let step = if removal.removed.is_empty() {
            if !removal.other_provider.is_empty() {
                AwsStep::shown(AwsPart::Trust, StepAction::Keep, arn, "").because(format!(
                    "statement {} names another OIDC provider than this cluster's",
                    removal.other_provider.join(", ")
                ))
            } else if !removal.by_hand.is_empty() {
                AwsStep::shown(AwsPart::Trust, StepAction::Keep, arn, "")
                    .because(format!("{} was made by hand", removal.by_hand.join(", ")))
            } else if is_tagged {
                take_out("takes off the tag of our statement".to_owned())
            } else {
                AwsStep::shown(
                    AwsPart::Trust,
                    StepAction::None,
                    arn,
                    "no statement of ours",
                )
            }
        } else if let Some(left) = &removal.document {
            take_out(format!(
                "takes out statement {}, keeps {}",
                removal.removed.join(", "),
                self.of_others(role, left)
            ))
        } else {
            AwsStep::shown(AwsPart::Trust, StepAction::Keep, arn, "")
                .because("our statement is the only one, and IAM takes no trust policy without any")
        };
        self.steps.push(step);
    }

    /// What we attached goes once nobody is left who needs it; the tags that speak of it go with it,
    /// and stay with it, so that the last teardown finds them.
    fn release_policies(&mut self, role: &Role, trust: &Value, removal: &Removal, sid: &str) {
        let whose = self.whose(sid);
        let attached = self.state.attached.known().cloned().unwrap_or_default();
        for policy in &attached {
            let (tag, _) = attached_tag(policy);
            if !role.tags.contains_key(&tag) {
                let kept = AwsStep::shown(AwsPart::Policy, StepAction::Keep, policy, "");
                self.steps.push(kept.because("attached by others"));
                continue;
            }
            let mut needed = needing(role, trust, &whose, policy, self.state.seen_at);
            needed.extend(
                removal
                    .other_provider
                    .iter()
                    .map(|name| format!("{} of its trust policy", titled(name))),
            );
            self.steps.push(if needed.is_empty() {
                let from = format!("from {}", role.name);
                AwsStep::shown(AwsPart::Policy, StepAction::Detach, policy, from).doing(
                    Work::Detach {
                        role: role.name.clone(),
                        policy: policy.clone(),
                        whose: whose.clone(),
                        untag: tags_of(role, policy),
                    },
                )
            } else {
                AwsStep::shown(AwsPart::Policy, StepAction::Keep, policy, "")
                    .because(format!("needed by {}", quotable(&needed.join(", "))))
            });
        }
        // A run that was cut short may have left the tag of a policy that is off by now.
        if let Seen::Known(attached) = &self.state.attached {
            for (key, policy) in tags_of_attached(&role.tags) {
                if attached.iter().any(|arn| attached_tag(arn).0 == *key) {
                    continue;
                }
                let work = Work::Untag {
                    role: role.name.clone(),
                    keys: tags_of(role, policy),
                };
                let detail = "not attached any more; takes off its tag";
                self.steps.push(
                    AwsStep::shown(AwsPart::Policy, StepAction::Detach, policy, detail).doing(work),
                );
            }
        }
    }

    fn whose(&self, sid: &str) -> OwnRole {
        OwnRole {
            side: self.facts.side,
            sid: sid.to_owned(),
            tag: self.facts.owner().statement_tag().0,
        }
    }
}

/// The tags of a role that speak of a policy that we attached.
fn tags_of(role: &Role, policy: &str) -> Vec<String> {
    [attached_tag(policy).0, without_tag(policy)]
        .into_iter()
        .filter(|key| role.tags.contains_key(key))
        .collect()
}
