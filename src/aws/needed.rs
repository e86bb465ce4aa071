//! The command that prints the policy a caller lacked, with every flag it takes to cover the call
//! that was refused. Pure.

use super::explain::refused_resource;
use super::iam::Failure;
use super::name::default_role_name;
use super::pull::PullPolicy;
use super::target::{ClusterFacts, Request, Target, path_of};
use crate::arn::RoleArn;
use crate::shell::quote;

/// What `mk8s aws permissions` has to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needed {
    /// The partition, if it is known.
    partition: Option<String>,
    /// The name that the role has where none is given.
    default_name: Option<String>,
    role: Option<RoleArn>,
    policy: Option<String>,
    boundary: Option<String>,
}

impl Needed {
    /// What is needed for a cluster's AWS side and what was asked of it.
    pub fn of(facts: &ClusterFacts, target: &Target, request: &Request) -> Self {
        let policy = request.pull_policy.as_ref();
        Self {
            partition: Some(target.partition.clone()),
            default_name: Some(default_role_name(facts.service, &facts.org, &facts.name)),
            role: target.role.clone(),
            policy: policy.map(|policy| policy.arn(&target.partition)),
            boundary: request.boundary.clone(),
        }
    }

    /// The same for a step that attaches or detaches this policy.
    #[must_use]
    pub fn with_policy(self, arn: &str) -> Self {
        Self {
            policy: Some(arn.to_owned()),
            ..self
        }
    }

    /// The same for the role that AWS itself names: it may be another than was looked for, by path
    /// or by case.
    #[must_use]
    pub(super) fn refused(&self, failure: &Failure) -> Self {
        let named = refused_resource(failure).and_then(|text| text.parse().ok());
        Self {
            role: named.or_else(|| self.role.clone()),
            ..self.clone()
        }
    }

    /// The command.
    pub fn command(&self) -> String {
        format!("mk8s aws permissions{}", self.flags())
    }

    /// Its flags, each with a blank before it; none where those of the usual policy do.
    pub fn flags(&self) -> String {
        let partition = self.partition.as_deref().unwrap_or("aws");
        let mut flags = Vec::new();
        if partition != "aws" {
            flags.push(("--partition", partition.to_owned()));
        }
        if let Some(role) = &self.role {
            if self.default_name.as_deref() != Some(role.name()) {
                flags.push(("--role-name", role.name().to_owned()));
            }
            if path_of(role) != "/" {
                flags.push(("--role-path", path_of(role).to_owned()));
            }
        }
        if let Some(arn) = &self.policy {
            if *arn == PullPolicy::PullOnly.arn(partition) {
                flags.push(("--pull-policy", "pull-only".to_owned()));
            } else if *arn != PullPolicy::default().arn(partition) {
                flags.push(("--pull-policy", arn.clone()));
            }
        }
        if let Some(arn) = &self.boundary {
            flags.push(("--permissions-boundary", arn.clone()));
        }
        let words: Vec<String> = flags
            .iter()
            .map(|(flag, value)| format!(" {flag} {}", quote(value)))
            .collect();
        words.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::iam::Cause;
    use crate::aws::target::target;
    use crate::aws::target::tests::{caller, cluster};
    use serde_json::json;

    fn needed(partition: &str, request: &Request) -> Needed {
        let cluster = cluster(&json!({"hetzner": {}}), &json!({}), &json!({}));
        let facts = ClusterFacts::read("acme", &cluster).unwrap();
        let target = target(&facts, request, &caller("111122223333", partition), "x").unwrap();
        Needed::of(&facts, &target, request)
    }

    #[test]
    fn what_the_usual_policy_covers_takes_no_flag() {
        let plain = needed("aws", &Request::default());
        assert_eq!(plain.command(), "mk8s aws permissions");
        let request = Request {
            pull_policy: Some(PullPolicy::ReadOnly),
            ..Request::default()
        };
        assert_eq!(needed("aws", &request).flags(), "");
        let arn = PullPolicy::ReadOnly.arn("aws");
        assert_eq!(plain.with_policy(&arn).flags(), "");
        assert_eq!(Needed::default().command(), "mk8s aws permissions");
    }

    #[test]
    fn every_flag_of_the_command_goes_along() {
        let request = Request {
            role_name: Some("shared".into()),
            role_path: Some("/team/it's/".into()),
            pull_policy: Some(PullPolicy::PullOnly),
            boundary: Some("arn:aws-cn:iam::111122223333:policy/B".into()),
            ..Request::default()
        };
        assert_eq!(
            needed("aws-cn", &request).flags(),
            " --partition aws-cn --role-name shared --role-path '/team/it'\\''s/' \
             --pull-policy pull-only --permissions-boundary arn:aws-cn:iam::111122223333:policy/B"
        );
        let other = "arn:aws:iam::111122223333:policy/P";
        assert_eq!(
            needed("aws", &Request::default())
                .with_policy(other)
                .flags(),
            format!(" --pull-policy {other}")
        );
    }

    #[test]
    fn the_role_is_the_one_that_was_refused() {
        let failure = |resource: &str| Failure {
            action: "iam:UpdateAssumeRolePolicy",
            cause: Cause::Code("AccessDenied".into()),
            message: format!(
                "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: \
                 iam:UpdateAssumeRolePolicy on resource: {resource} because no identity-based policy allows it"
            ),
            ..Failure::default()
        };
        let plain = needed("aws", &Request::default());
        for (resource, flags) in [
            ("arn:aws:iam::111122223333:role/mk8s-acme-prod-ecr", ""),
            (
                "arn:aws:iam::111122223333:role/team/mk8s-acme-prod-ecr",
                " --role-path /team/",
            ),
            (
                "arn:aws:iam::111122223333:role/MK8S-acme-prod-ecr",
                " --role-name MK8S-acme-prod-ecr",
            ),
            ("role mk8s-acme-prod-ecr", ""),
            ("*", ""),
        ] {
            let flags_now = plain.refused(&failure(resource)).flags();
            assert_eq!(flags_now, flags, "{resource}");
        }
    }
}
