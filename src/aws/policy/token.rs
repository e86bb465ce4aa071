//! Calls of STS, and what is known of them beforehand. Pure.

use super::facts::{Fact, Facts};
use super::{AwsRequest, RequestCaller};

/// The action by which a token is exchanged for a role.
pub(super) const EXCHANGE: &str = "sts:AssumeRoleWithWebIdentity";

/// A token of an OIDC provider that is shown to STS to assume a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebToken {
    /// The ARN of the provider, which is in the account of the role.
    pub provider: String,
    /// The issuer's host and path.
    pub issuer: String,
    /// The account of the role.
    pub account: String,
    /// The audience of the token.
    pub audience: Fact,
    /// Its subject.
    pub subject: String,
}

impl WebToken {
    /// The call that shows it, at a time in seconds since 1970.
    pub fn request(&self, now: i64) -> AwsRequest {
        let claim = |name: &str| format!("{}:{name}", self.issuer);
        AwsRequest {
            caller: RequestCaller::Federated(self.provider.clone()),
            action: EXCHANGE.to_owned(),
            resource: String::from("*"),
            facts: of_token(&self.account)
                .at(now)
                .is("aws:FederatedProvider", self.provider.clone())
                .with(&claim("aud"), self.audience.clone())
                .is(&claim("sub"), self.subject.clone()),
        }
    }
}

/// What is known of every call that shows a token: whoever makes it is no principal of IAM, so that
/// nothing is known of one, and keys of other issuers and of other services are not there.
fn of_token(account: &str) -> Facts {
    let mut facts = Facts::new(Fact::Absent)
        .family("aws:", Fact::Unknown)
        .family("sts:", Fact::Unknown)
        .family("iam:", Fact::Unknown)
        .is("aws:SecureTransport", "true")
        .is("aws:ResourceAccount", account)
        .is("aws:ViaAWSService", "false");
    for family in [
        "aws:Principal",
        "aws:RequestTag/",
        "aws:MultiFactorAuth",
        "aws:CalledVia",
    ] {
        facts = facts.family(family, Fact::Absent);
    }
    for key in [
        "aws:username",
        "aws:TokenIssueTime",
        "aws:TagKeys",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "sts:ExternalId",
        "sts:SourceIdentity",
        "sts:TransitiveTagKeys",
    ] {
        facts = facts.with(key, Fact::Absent);
    }
    facts
}
