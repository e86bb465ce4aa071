//! Calls of ECR by a role, and whether all policies together let it pull. Pure.

use super::answer::Allowed;
use super::facts::{Fact, Facts};
use super::{AwsRequest, Decision, RequestCaller, StatementPlace, of_identity};
use crate::arn::RoleArn;
use crate::aws::image::PrivateImage;
use crate::aws::normal::list;
use crate::aws::trust::statements;
use serde_json::Value;
use std::collections::BTreeSet;

/// A role that acts in ECR.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PullRequest<'a> {
    /// The role.
    pub(crate) role: &'a RoleArn,
    /// The ARN of the OIDC provider by which it was assumed, if that is known.
    pub(crate) provider: Option<&'a str>,
    /// The image, if one is named.
    pub(crate) image: Option<&'a PrivateImage>,
    /// When, in seconds since 1970.
    pub(crate) now: i64,
}

impl PullRequest<'_> {
    /// The call of one action on a resource; `*` for what is for none, such as the login.
    pub(crate) fn request(&self, action: &str, resource: &str) -> AwsRequest {
        let account = self.role.account().to_string();
        let mut facts = Facts::new(Fact::Unknown)
            .at(self.now)
            .is("aws:SecureTransport", "true")
            .is("aws:PrincipalArn", self.role.as_str())
            .is("aws:PrincipalAccount", account.as_str())
            .is("aws:PrincipalType", "AssumedRole")
            .is("aws:PrincipalIsAWSService", "false")
            .is("aws:ViaAWSService", "false")
            .with("aws:username", Fact::Absent)
            .family("aws:CalledVia", Fact::Absent)
            .family("aws:MultiFactorAuth", Fact::Absent)
            .family("aws:RequestTag/", Fact::Absent)
            .with("aws:TagKeys", Fact::Absent);
        if let Some(provider) = self.provider {
            facts = facts.is("aws:FederatedProvider", provider);
        }
        if let Some(image) = self.image {
            facts = facts.is("aws:RequestedRegion", image.region.as_str());
            if resource != "*" {
                facts = facts.is("aws:ResourceAccount", image.account.as_str());
            }
        }
        AwsRequest {
            caller: RequestCaller::Aws {
                account,
                arn: self.role.as_str().to_owned(),
            },
            action: action.to_owned(),
            resource: resource.to_owned(),
            facts,
        }
    }
}

/// The policies of a role.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RolePolicies {
    /// Each with what it is called.
    pub(crate) policies: Vec<(String, Value)>,
    /// The permissions boundary, if there is one.
    pub(crate) boundary: Option<Value>,
}

/// What a role's own policies say of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rights {
    /// This policy allows it, nothing stands against it.
    Allowed(String),
    /// No policy allows it.
    NotAllowed,
    /// This statement of this policy denies it; its place there, from 0.
    Denied(String, usize),
    /// The boundary does not allow it.
    Bounded,
    /// It depends on these keys.
    Depends(BTreeSet<String>),
}

impl RolePolicies {
    /// What the policies say together: any Deny counts, one Allow suffices, and the boundary has to
    /// allow it too.
    pub(crate) fn decide(&self, request: &AwsRequest) -> Rights {
        let documents: Vec<&Value> = self.policies.iter().map(|(_, document)| document).collect();
        let name = |place: StatementPlace| {
            let policy = self.policies.get(place.document);
            policy.map(|(name, _)| name.clone()).unwrap_or_default()
        };
        let own = of_identity(&documents, request);
        let within = self
            .boundary
            .as_ref()
            .map_or(Allowed::Yes, |it| of_identity(&[it], request).answer());
        match (own, within) {
            (Decision::Denied { by }, _) => Rights::Denied(name(by), by.statement),
            (Decision::NotAllowed, _) => Rights::NotAllowed,
            (_, Allowed::No) => Rights::Bounded,
            (Decision::Allowed { by }, Allowed::Yes) => Rights::Allowed(name(by)),
            (Decision::Depends { on, .. }, Allowed::Yes)
            | (Decision::Allowed { .. }, Allowed::Depends(on)) => Rights::Depends(on),
            (Decision::Depends { mut on, .. }, Allowed::Depends(more)) => {
                on.extend(more);
                Rights::Depends(on)
            }
        }
    }

    /// Resources of a service that the policies speak of, and one that they do not: where none is
    /// named, a role that may act on one of them may act.
    pub(crate) fn resources(&self, service: &str, partition: &str) -> Vec<String> {
        let mark = format!(":{service}:");
        let mut found = vec![format!("arn:{partition}:{service}:any:any:any/any")];
        for (_, document) in &self.policies {
            for statement in statements(document) {
                let listed = statement.get("Resource").map(list).unwrap_or_default();
                let of_service = listed.into_iter().filter(|it| it.contains(&mark));
                found.extend(of_service.map(|it| it.replace('*', "any").replace('?', "x")));
            }
        }
        found
    }
}
