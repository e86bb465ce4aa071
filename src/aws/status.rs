//! What exists on the AWS side of a cluster, what is missing and what differs. Pure.

use super::iam::Role;
use super::quotable;
use super::standing::Standing;
use super::state::{AwsState, Granted, Seen};
use super::target::{AwsPart, AwsPlacement, ClusterFacts};
use super::template::{fill_account, placeholders};
use super::trust;
use crate::addon::issuer::ISSUING_NAME;
use crate::arn::RoleArn;
use serde_json::{Value, json};

/// How a part is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartState {
    /// There, and right.
    Present,
    /// Not there.
    Missing,
    /// There, but not as the cluster needs it.
    Different,
    /// It could not be looked at, or there is nothing yet to compare it with.
    Unknown,
    /// The cluster does without.
    NotNeeded,
}

impl PartState {
    /// The name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Missing => "missing",
            Self::Different => "different",
            Self::Unknown => "unknown",
            Self::NotNeeded => "not-needed",
        }
    }
}

/// One part of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartStatus {
    /// Which part.
    pub(crate) part: AwsPart,
    /// How it is found.
    pub(crate) state: PartState,
    /// Its ARN or name.
    pub(crate) resource: String,
    /// What was seen, in a few words.
    pub(crate) detail: String,
}

impl PartStatus {
    /// The part as it stands in `AwsStatus`.
    pub(crate) fn json(&self) -> Value {
        json!({
            "part": self.part.name(),
            "state": self.state.name(),
            "resource": self.resource,
            "detail": self.detail,
        })
    }
}

/// Whether anything is missing or differs.
pub(crate) fn differs(parts: &[PartStatus]) -> bool {
    parts
        .iter()
        .any(|part| matches!(part.state, PartState::Missing | PartState::Different))
}

/// All parts, in the order in which they are made.
pub(crate) fn status(
    facts: &ClusterFacts,
    target: &AwsPlacement,
    state: &AwsState,
) -> Vec<PartStatus> {
    let reader = StatusReader {
        facts,
        target,
        state,
    };
    vec![
        reader.workload_identity(),
        reader.provider(),
        reader.addon(),
        reader.role(),
        reader.trust(),
        reader.policy(),
    ]
}

struct StatusReader<'a> {
    facts: &'a ClusterFacts,
    target: &'a AwsPlacement,
    state: &'a AwsState,
}

fn part(part: AwsPart, state: PartState, resource: &str, detail: impl Into<String>) -> PartStatus {
    PartStatus {
        part,
        state,
        resource: resource.to_owned(),
        detail: detail.into(),
    }
}

/// When and where a role was last used, in words. IAM may know the time alone.
pub(crate) fn last_used(role: &Role) -> String {
    match &role.last_used {
        None => "never used yet".to_owned(),
        Some((date, region)) if region.is_empty() => format!("last used {date}"),
        Some((date, region)) => format!("last used {date} in {}", quotable(region)),
    }
}

fn not_allowed(action: &str) -> String {
    format!("{action} is not allowed")
}

impl StatusReader<'_> {
    fn workload_identity(&self) -> PartStatus {
        let name = ISSUING_NAME;
        if self.facts.workload_identity {
            part(AwsPart::Addon, PartState::Present, name, "on")
        } else {
            part(AwsPart::Addon, PartState::Missing, name, "off")
        }
    }

    fn addon(&self) -> PartStatus {
        let name = self.facts.side.name();
        let role = self.facts.role_arn.as_ref().map(RoleArn::as_str);
        match (self.facts.addon, role, &self.target.role) {
            (false, _, _) => part(AwsPart::Addon, PartState::Missing, name, "off"),
            (true, Some(role), _) => part(
                AwsPart::Addon,
                PartState::Present,
                name,
                format!("on, role {role}"),
            ),
            (true, None, None) => part(AwsPart::Addon, PartState::Present, name, "on"),
            (true, None, Some(_)) => part(
                AwsPart::Addon,
                PartState::Different,
                name,
                "on, but without a role",
            ),
        }
    }

    fn provider(&self) -> PartStatus {
        let kind = AwsPart::OidcProvider;
        let Some(arn) = &self.target.provider_arn else {
            return part(
                kind,
                PartState::Missing,
                "",
                "the cluster has no issuer yet",
            );
        };
        let audience = quotable(&self.facts.audience);
        match &self.state.provider {
            Seen::Known(Some(provider)) => {
                let mut missing = Vec::new();
                if !provider.client_ids.contains(&self.facts.audience) {
                    missing.push(format!("the audience {audience} is missing"));
                }
                let private = self.facts.private_ca.as_ref();
                let unfit = private.filter(|ca| !ca.fits(provider));
                if let Some(ca) = unfit.filter(|_| self.facts.is_local()) {
                    missing.push(format!("the {} is missing", ca.describe()));
                }
                if !missing.is_empty() {
                    return part(kind, PartState::Different, arn, missing.join("; "));
                }
                let thumbprint = match (private, unfit) {
                    (None, _) => "",
                    (Some(_), None) => ", thumbprint ok",
                    // It may be a proxy's; IAM looks for itself.
                    (Some(_), Some(_)) => ", no public authority as seen from here",
                };
                let detail = format!("audience {audience}{thumbprint}");
                part(kind, PartState::Present, arn, detail)
            }
            Seen::Known(None) => {
                let near = self
                    .state
                    .near_misses
                    .first()
                    .map_or_else(String::new, |(arn, by)| {
                        format!("not there; {} differs by {by}", quotable(arn))
                    });
                let detail = if near.is_empty() {
                    "not there".to_owned()
                } else {
                    near
                };
                part(kind, PartState::Missing, arn, detail)
            }
            Seen::Unknown(failure) => {
                part(kind, PartState::Unknown, arn, not_allowed(failure.action))
            }
            Seen::NotLooked => part(kind, PartState::Unknown, arn, "not looked at"),
        }
    }

    fn role(&self) -> PartStatus {
        let Some(wanted) = &self.target.role else {
            let detail = format!(
                "the cluster {} from its own account",
                self.facts.side.aws.verbs
            );
            return part(AwsPart::Role, PartState::NotNeeded, "", detail);
        };
        match &self.state.role {
            Seen::Known(Some(role)) if role.arn == wanted.as_str() => part(
                AwsPart::Role,
                PartState::Present,
                &role.arn,
                last_used(role),
            ),
            Seen::Known(Some(role)) => part(
                AwsPart::Role,
                PartState::Different,
                &role.arn,
                format!("the cluster names {wanted}"),
            ),
            Seen::Known(None) | Seen::NotLooked => part(
                AwsPart::Role,
                PartState::Missing,
                wanted.as_str(),
                "not there",
            ),
            Seen::Unknown(failure) => part(
                AwsPart::Role,
                PartState::Unknown,
                wanted.as_str(),
                not_allowed(failure.action),
            ),
        }
    }

    fn trust(&self) -> PartStatus {
        let kind = AwsPart::Trust;
        let Some(wanted) = &self.target.role else {
            return part(kind, PartState::NotNeeded, "", "");
        };
        let arn = wanted.as_str();
        let role = match &self.state.role {
            Seen::Known(Some(role)) => role,
            Seen::Unknown(failure) => {
                return part(kind, PartState::Unknown, arn, not_allowed(failure.action));
            }
            _ => return part(kind, PartState::Missing, arn, "there is no role"),
        };
        let Some(published) = &self.facts.template else {
            let detail = "the cluster publishes no trust policy yet";
            return part(kind, PartState::Unknown, &role.arn, detail);
        };
        let template = match trust::parse(published) {
            Ok(document) => {
                let partition = Some(self.target.partition.as_str());
                fill_account(&document, &self.target.account, partition).document
            }
            Err(reason) => {
                let detail = format!("the published trust policy cannot be read: {reason}");
                return part(kind, PartState::Unknown, &role.arn, detail);
            }
        };
        if let Some(finding) = placeholders(&template).into_iter().next() {
            return part(kind, PartState::Unknown, &role.arn, finding);
        }
        let existing = match trust::parse_text(&role.trust) {
            Ok(document) => document,
            Err(reason) => return part(kind, PartState::Different, &role.arn, reason),
        };
        let provider = self.target.provider_arn.as_deref();
        let standing = Standing::of(&existing, &template, provider, self.state.seen_at);
        let state = match standing {
            Standing::Identical | Standing::Covered | Standing::Otherwise(_) => PartState::Present,
            Standing::Missing(_) | Standing::Vain(_) | Standing::Denied(_) => PartState::Different,
            Standing::Depends { .. } => PartState::Unknown,
        };
        part(kind, state, &role.arn, standing.describe())
    }

    fn policy(&self) -> PartStatus {
        let kind = AwsPart::Policy;
        if self.target.role.is_none() {
            return part(kind, PartState::NotNeeded, "", "");
        }
        let side = self.facts.side.aws;
        match (&self.state.granted, &self.state.role) {
            (Some(Granted::By(by)), _) => part(
                kind,
                PartState::Present,
                by,
                format!("allows {}", side.verbs),
            ),
            (Some(Granted::Nowhere), _) => part(
                kind,
                PartState::Missing,
                "",
                format!("no policy of the role allows {}", side.verbs),
            ),
            (Some(Granted::Denied { policy, .. }), _) => part(
                kind,
                PartState::Different,
                policy,
                format!("denies {}", side.verbs),
            ),
            (Some(Granted::Bounded), Seen::Known(role)) => {
                let boundary = role.as_ref().and_then(|role| role.boundary.as_deref());
                let detail = format!("the permissions boundary does not allow {}", side.verbs);
                part(
                    kind,
                    PartState::Different,
                    boundary.unwrap_or_default(),
                    detail,
                )
            }
            (Some(Granted::Depends(on)), _) => {
                let keys: Vec<String> = on.iter().map(|it| quotable(it)).collect();
                let detail = format!("depends on {}", keys.join(", "));
                part(kind, PartState::Unknown, "", detail)
            }
            (Some(Granted::Within { by, unread, why }), _) => {
                let detail = format!(
                    "allows {}, unless {unread} stands against it: {why}",
                    side.verbs
                );
                part(kind, PartState::Unknown, by, detail)
            }
            (Some(Granted::Unknown(why)), _) => part(kind, PartState::Unknown, "", why.to_string()),
            (_, Seen::Unknown(failure)) => {
                part(kind, PartState::Unknown, "", not_allowed(failure.action))
            }
            (Some(Granted::Bounded) | None, _) => {
                part(kind, PartState::Missing, "", "there is no role")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_was_used_where_nobody_says_has_no_empty_region() {
        let used = |seen: Option<(&str, &str)>| {
            let role = Role {
                last_used: seen.map(|(date, region)| (date.to_owned(), region.to_owned())),
                ..Role::default()
            };
            last_used(&role)
        };
        assert_eq!(used(None), "never used yet");
        assert_eq!(used(Some(("2026-01-01", ""))), "last used 2026-01-01");
        assert_eq!(
            used(Some(("2026-01-01", "eu-west-1"))),
            "last used 2026-01-01 in eu-west-1"
        );
    }
}
