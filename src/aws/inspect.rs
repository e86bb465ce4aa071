//! What a checklist asks of IAM and ECR beyond what setting up asks: simulated pulls, repositories,
//! images. Only reads.

use super::connect::AwsSession;
use super::failure::failure;
use super::iam::{AwsFailure, IamAnswer};
use super::image::PrivateImage;
use super::policy::PullRequest;
use super::proof::{ImageManifest, manifest, tag};
use super::state::now;
use crate::addon::AddonSide;
use crate::addon::catalog::IMPORT_ACTION;
use crate::arn::RoleArn;
use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType as Decision,
};

/// Why an action of a role is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ActionRefusal {
    /// A Deny statement of this policy, as IAM names it.
    Denied(String),
    /// The permissions boundary does not allow it.
    Boundary,
    /// A policy of the organization does not allow it.
    Organization,
    /// No policy allows it.
    NotAllowed,
}

/// What IAM says that would happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Simulated {
    /// The action, such as `ecr:BatchGetImage`.
    pub(crate) action: String,
    /// `*`, or the repository's ARN.
    pub(crate) resource: String,
    /// Why it would be refused; `None` if it would be allowed.
    pub(crate) refusal: Option<ActionRefusal>,
    /// Keys that the policies ask for and that a call would have, but that nobody knows beforehand.
    pub(crate) missing: Vec<String>,
}

/// A rule of a registry: what is pulled from below the prefix is fetched from elsewhere and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CacheRule {
    /// What repositories' names begin with, before a slash; `ROOT` means every name that no other
    /// rule has.
    pub(crate) prefix: String,
    /// The host of the registry that it is fetched from.
    pub(crate) upstream: String,
}

impl CacheRule {
    /// The prefix of the rule for all names that no other rule has.
    pub(crate) const ROOT: &str = "ROOT";

    /// The rule for a repository: that of the longest prefix, else the one for all names.
    pub(crate) fn of<'a>(rules: &'a [Self], repository: &str) -> Option<&'a Self> {
        let fits = |rule: &&Self| {
            let rest = repository.strip_prefix(&rule.prefix);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let longest = rules.iter().filter(fits).max_by_key(|it| it.prefix.len());
        longest.or_else(|| rules.iter().find(|rule| rule.prefix == Self::ROOT))
    }
}

/// IAM and ECR, as far as the checklist needs them.
#[derive(Debug)]
pub(crate) struct Inspector {
    session: AwsSession,
}

impl Inspector {
    /// Nothing is sent.
    pub(crate) fn new(session: &AwsSession) -> Self {
        Self {
            session: session.clone(),
        }
    }

    /// `iam:SimulatePrincipalPolicy` for all that an add-on needs, on the image's repository or on any.
    pub(crate) async fn simulate(
        &self,
        side: AddonSide,
        role: &RoleArn,
        image: Option<&PrivateImage>,
    ) -> IamAnswer<Vec<Simulated>> {
        let proofs = side.aws.proves.iter();
        let on = |limited: bool| -> Vec<&str> {
            let proofs = proofs.clone().filter(|proof| proof.on.is_some() == limited);
            proofs.map(|proof| proof.action).collect()
        };
        let any = "*".to_owned();
        let limited = image.map_or_else(|| any.clone(), PrivateImage::repository_arn);
        let mut results = Vec::new();
        for (actions, resource) in [(on(false), any), (on(true), limited)] {
            if !actions.is_empty() {
                results.extend(self.simulate_on(role, &actions, resource, image).await?);
            }
        }
        Ok(results)
    }

    /// The same for what fills a pull-through cache.
    pub(crate) async fn simulate_import(
        &self,
        role: &RoleArn,
        image: &PrivateImage,
    ) -> IamAnswer<Vec<Simulated>> {
        let repository = image.repository_arn();
        self.simulate_on(role, &[IMPORT_ACTION], repository, Some(image))
            .await
    }

    async fn simulate_on(
        &self,
        role: &RoleArn,
        actions: &[&str],
        resource: String,
        image: Option<&PrivateImage>,
    ) -> IamAnswer<Vec<Simulated>> {
        let names = actions.iter().map(|&action| action.to_owned()).collect();
        let answer = self
            .session
            .iam()
            .simulate_principal_policy()
            .policy_source_arn(role.as_str())
            .set_action_names(Some(names))
            .resource_arns(&resource)
            .set_context_entries(Some(context(role, image, &resource)))
            .send()
            .await
            .map_err(|error| failure("iam:SimulatePrincipalPolicy", &error))?;
        Ok(answer
            .evaluation_results()
            .iter()
            .map(|result| Simulated {
                action: result.eval_action_name().to_owned(),
                resource: resource.clone(),
                refusal: refusal(result),
                missing: result.missing_context_values().to_vec(),
            })
            .collect())
    }

    fn ecr(&self, image: &PrivateImage) -> aws_sdk_ecr::Client {
        self.session.in_region(&image.region).ecr()
    }

    /// `ecr:DescribeRepositories`: whether the repository is there.
    pub(crate) async fn repository_exists(&self, image: &PrivateImage) -> IamAnswer<bool> {
        let answer = self
            .ecr(image)
            .describe_repositories()
            .registry_id(image.account.as_str())
            .repository_names(&image.repository)
            .send()
            .await
            .map_err(|error| failure("ecr:DescribeRepositories", &error));
        there(
            answer.map(|answer| !answer.repositories().is_empty()),
            "RepositoryNotFoundException",
        )
    }

    /// `ecr:DescribePullThroughCacheRules`: all rules of the image's registry and region.
    pub(crate) async fn cache_rules(&self, image: &PrivateImage) -> IamAnswer<Vec<CacheRule>> {
        let pages = self
            .ecr(image)
            .describe_pull_through_cache_rules()
            .registry_id(image.account.as_str())
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| failure("ecr:DescribePullThroughCacheRules", &error))?;
        Ok(pages
            .iter()
            .filter_map(|rule| {
                Some(CacheRule {
                    prefix: rule.ecr_repository_prefix()?.to_owned(),
                    upstream: rule.upstream_registry_url().unwrap_or_default().to_owned(),
                })
            })
            .collect())
    }

    /// `ecr:BatchGetImage`: the manifest.
    pub(crate) async fn manifest(&self, image: &PrivateImage) -> IamAnswer<ImageManifest> {
        manifest(&self.ecr(image), image).await
    }

    /// `ecr:DescribeImages`: whether the tag or digest is there.
    pub(crate) async fn image_exists(&self, image: &PrivateImage) -> IamAnswer<bool> {
        let id = match &image.digest {
            Some(digest) => ImageIdentifier::builder().image_digest(digest),
            None => ImageIdentifier::builder().image_tag(tag(image)),
        };
        let answer = self
            .ecr(image)
            .describe_images()
            .registry_id(image.account.as_str())
            .repository_name(&image.repository)
            .image_ids(id.build())
            .send()
            .await
            .map_err(|error| failure("ecr:DescribeImages", &error));
        there(
            answer.map(|answer| !answer.image_details().is_empty()),
            "ImageNotFoundException",
        )
    }
}

/// Turns the code that says "not there" into an answer.
fn there(answer: Result<bool, AwsFailure>, missing: &str) -> IamAnswer<bool> {
    match answer {
        Err(failure) if failure.is(missing) => Ok(false),
        other => other,
    }
}

/// What is known of the call, as the evaluator knows it too: IAM adds nothing by itself.
fn context(role: &RoleArn, image: Option<&PrivateImage>, resource: &str) -> Vec<ContextEntry> {
    let pull = PullRequest {
        role,
        provider: None,
        image,
        now: now(),
    };
    let entry = |(key, value): (String, String)| {
        let kind = match key.as_str() {
            "aws:securetransport" | "aws:viaawsservice" | "aws:principalisawsservice" => {
                ContextKeyTypeEnum::Boolean
            }
            "aws:currenttime" => ContextKeyTypeEnum::Date,
            "aws:epochtime" => ContextKeyTypeEnum::Numeric,
            _ => ContextKeyTypeEnum::String,
        };
        ContextEntry::builder()
            .context_key_name(key)
            .context_key_type(kind)
            .context_key_values(value)
            .build()
    };
    let facts = pull.request("", resource).facts;
    facts.values().map(entry).collect()
}

fn refusal(result: &EvaluationResult) -> Option<ActionRefusal> {
    let within = |detail: Option<bool>| detail.unwrap_or(true);
    let boundary = result.permissions_boundary_decision_detail().map(
        aws_sdk_iam::types::PermissionsBoundaryDecisionDetail::allowed_by_permissions_boundary,
    );
    let organization = result
        .organizations_decision_detail()
        .map(aws_sdk_iam::types::OrganizationsDecisionDetail::allowed_by_organizations);
    match result.eval_decision() {
        Decision::Allowed => None,
        Decision::ExplicitDeny => Some(
            result
                .matched_statements()
                .iter()
                .find_map(|statement| statement.source_policy_id())
                .map_or(ActionRefusal::Organization, |id| {
                    ActionRefusal::Denied(id.to_owned())
                }),
        ),
        _ if !within(organization) => Some(ActionRefusal::Organization),
        _ if !within(boundary) => Some(ActionRefusal::Boundary),
        _ => Some(ActionRefusal::NotAllowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_iam::types::{PermissionsBoundaryDecisionDetail, Statement};

    #[test]
    fn the_longest_prefix_wins_and_root_takes_what_is_left() {
        let rule = |prefix: &str| CacheRule {
            prefix: prefix.to_owned(),
            upstream: "registry-1.docker.io".to_owned(),
        };
        let rules = [rule("hub"), rule("hub/library"), rule("quay")];
        for (repository, expected) in [
            ("hub/nginx", Some("hub")),
            ("hub/library/nginx", Some("hub/library")),
            ("hubble/nginx", None),
            ("hub", None),
            ("shop", None),
        ] {
            let found = CacheRule::of(&rules, repository).map(|rule| rule.prefix.as_str());
            assert_eq!(found, expected, "{repository}");
        }
        let rules = [rule(CacheRule::ROOT), rule("hub")];
        for (repository, expected) in [("shop", "ROOT"), ("hub/nginx", "hub")] {
            assert_eq!(CacheRule::of(&rules, repository).unwrap().prefix, expected);
        }
    }

    #[test]
    fn a_refusal_names_its_cause() {
        let result = |decision, policy: Option<&str>, boundary: Option<bool>| {
            let mut builder = EvaluationResult::builder()
                .eval_action_name("ecr:BatchGetImage")
                .eval_decision(decision);
            if let Some(policy) = policy {
                builder = builder
                    .matched_statements(Statement::builder().source_policy_id(policy).build());
            }
            if let Some(allowed) = boundary {
                builder = builder.permissions_boundary_decision_detail(
                    PermissionsBoundaryDecisionDetail::builder()
                        .allowed_by_permissions_boundary(allowed)
                        .build(),
                );
            }
            builder.build().unwrap()
        };
        for (decision, policy, boundary, expected) in [
            (Decision::Allowed, None, None, None),
            (
                Decision::ExplicitDeny,
                Some("role_r_no"),
                None,
                Some(ActionRefusal::Denied("role_r_no".to_owned())),
            ),
            (
                Decision::ExplicitDeny,
                None,
                None,
                Some(ActionRefusal::Organization),
            ),
            (
                Decision::ImplicitDeny,
                None,
                Some(false),
                Some(ActionRefusal::Boundary),
            ),
            (
                Decision::ImplicitDeny,
                None,
                Some(true),
                Some(ActionRefusal::NotAllowed),
            ),
            (
                Decision::ImplicitDeny,
                None,
                None,
                Some(ActionRefusal::NotAllowed),
            ),
        ] {
            let found = refusal(&result(decision.clone(), policy, boundary));
            assert_eq!(found, expected, "{decision:?} {policy:?} {boundary:?}");
        }
    }
}
