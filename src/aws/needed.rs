//! The command that prints the policy a caller lacked, with every flag it takes to cover the call
//! that was refused. Pure.

use super::explain::refused_resource;
use super::iam::AwsFailure;
use super::name::default_role_name;
use super::target::{AwsPlacement, ClusterFacts, SetupRequest, path_of};
use crate::addon::AddonSide;
use crate::arn::RoleArn;
use crate::invocation::{CommandFlags, Invocation};

/// What `mk8s aws permissions` has to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Needed {
    /// The add-on, if it is known.
    side: Option<AddonSide>,
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
    pub(crate) fn of(facts: &ClusterFacts, target: &AwsPlacement, request: &SetupRequest) -> Self {
        let policy = request.pull_policy.as_ref();
        Self {
            side: Some(facts.side),
            partition: Some(target.partition.clone()),
            default_name: Some(default_role_name(facts.side, &facts.org, &facts.name)),
            role: target.role.clone(),
            policy: policy.map(|policy| policy.arn(&target.partition)),
            boundary: request.boundary.clone(),
        }
    }

    /// The same for a step that attaches or detaches this policy.
    #[must_use]
    pub(crate) fn with_policy(self, arn: &str) -> Self {
        Self {
            policy: Some(arn.to_owned()),
            ..self
        }
    }

    /// The same for the role that AWS itself names: it may be another than was looked for, by path
    /// or by case.
    #[must_use]
    pub(super) fn refused(&self, failure: &AwsFailure) -> Self {
        let named = refused_resource(failure).and_then(|text| text.parse().ok());
        Self {
            role: named.or_else(|| self.role.clone()),
            ..self.clone()
        }
    }

    /// The command.
    pub(crate) fn command(&self) -> Invocation {
        Invocation::mk8s("aws permissions").with(&self.flags())
    }

    /// Its flags; none where those of the usual policy do.
    pub(crate) fn flags(&self) -> CommandFlags {
        let partition = self.partition.as_deref().unwrap_or("aws");
        let mut flags = CommandFlags::new();
        if partition != "aws" {
            flags = flags.flag("--partition", partition.to_owned());
        }
        if let Some(role) = &self.role {
            if self.default_name.as_deref() != Some(role.name()) {
                flags = flags.flag("--role-name", role.name().to_owned());
            }
            if path_of(role) != "/" {
                flags = flags.flag("--role-path", path_of(role).to_owned());
            }
        }
        if let Some(arn) = &self.policy {
            let is_usual = |side: AddonSide| side.usual_policy(partition).as_ref() == Some(arn);
            if !self.side.is_some_and(is_usual) {
                let policy = self.side.and_then(|side| side.policy(arn));
                // The word stands for the policy of the partition that is named.
                let word = policy.filter(|it| it.arn(partition) == *arn);
                let word = word.and_then(|policy| policy.word);
                let value = word.map_or_else(|| arn.clone(), str::to_owned);
                flags = flags.flag("--pull-policy", value);
            }
        }
        if let Some(arn) = &self.boundary {
            flags = flags.flag("--permissions-boundary", arn.clone());
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::grant::PolicyChoice;
    use crate::aws::iam::Cause;
    use crate::aws::sides::ecr;
    use crate::aws::target::target;
    use crate::aws::target::tests::{caller, cluster};
    use serde_json::json;

    const NONE: &str = "mk8s aws permissions";

    fn needed(partition: &str, request: &SetupRequest) -> Needed {
        let cluster = cluster(&json!({"hetzner": {}}), &json!({}), &json!({}));
        let facts = ClusterFacts::read(ecr(), "acme", &cluster).unwrap();
        let target = target(&facts, request, &caller("111122223333", partition), "x").unwrap();
        Needed::of(&facts, &target, request)
    }

    #[test]
    fn what_the_usual_policy_covers_takes_no_flag() {
        let plain = needed("aws", &SetupRequest::default());
        assert_eq!(plain.command(), NONE);
        let request = SetupRequest {
            pull_policy: PolicyChoice::parse(ecr(), "read-only").ok(),
            ..SetupRequest::default()
        };
        assert_eq!(needed("aws", &request).command(), NONE);
        let arn = ecr().usual_policy("aws").unwrap();
        assert_eq!(plain.with_policy(&arn).command(), NONE);
        assert_eq!(Needed::default().command(), NONE);
    }

    #[test]
    fn every_flag_of_the_command_goes_along() {
        let request = SetupRequest {
            role_name: Some("shared".into()),
            role_path: Some("/team/it's/".into()),
            pull_policy: PolicyChoice::parse(ecr(), "pull-only").ok(),
            boundary: Some("arn:aws-cn:iam::111122223333:policy/B".into()),
            ..SetupRequest::default()
        };
        assert_eq!(
            needed("aws-cn", &request).command(),
            "mk8s aws permissions --partition aws-cn --role-name shared --role-path '/team/it'\\''s/' \
             --pull-policy pull-only --permissions-boundary arn:aws-cn:iam::111122223333:policy/B"
        );
        let other = "arn:aws:iam::111122223333:policy/P";
        assert_eq!(
            needed("aws", &SetupRequest::default())
                .with_policy(other)
                .command(),
            format!("{NONE} --pull-policy {other}")
        );
    }

    #[test]
    fn the_role_is_the_one_that_was_refused() {
        let failure = |resource: &str| AwsFailure {
            action: "iam:UpdateAssumeRolePolicy",
            cause: Cause::Code("AccessDenied".into()),
            message: format!(
                "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: \
                 iam:UpdateAssumeRolePolicy on resource: {resource} because no identity-based policy allows it"
            ),
            ..AwsFailure::default()
        };
        let plain = needed("aws", &SetupRequest::default());
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
            let command = plain.refused(&failure(resource)).command();
            assert_eq!(command, format!("{NONE}{flags}"), "{resource}");
        }
    }
}
