//! What `mk8s` asks of IAM and STS, apart from how it is asked.
//!
//! One method is one call of the API (pages are followed). Calls that change something take a
//! [`Permit`], so that a dry run cannot write by construction.

use super::credentials::{CredentialTrouble, NamedProfile};
use super::name::Tags;
use crate::arn::AccountId;
use crate::consent::Permit;
use serde_json::Value;

/// Why a call did not do what it was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AwsFailure {
    /// The action as policies name it: `iam:CreateRole`.
    pub(crate) action: &'static str,
    /// What sort of failure it is.
    pub(crate) cause: Cause,
    /// AWS's own text, or that of the transport; raw, to be escaped where it is quoted.
    pub(crate) message: String,
    /// The id by which AWS finds the request.
    pub(crate) request_id: Option<String>,
    /// The address that was not reached.
    pub(crate) endpoint: Option<Box<AwsAddress>>,
    /// The profile whose credentials were used, where one was named and it matters.
    pub(crate) profile: Option<NamedProfile>,
}

/// An address of AWS that was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwsAddress {
    /// Scheme, host and port.
    pub(crate) url: String,
    /// What set it (`AWS_ENDPOINT_URL`), unless it is AWS's own.
    pub(crate) from: Option<String>,
    /// Whether it answers, but its certificate is not accepted.
    pub(crate) distrusted: bool,
}

/// What sort of failure a call met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Cause {
    /// AWS answered with this error code.
    Code(String),
    /// An answer with this status came, but without a code that can be read.
    Status(u16),
    /// No credentials were found, or they could not be had.
    Credentials(Box<CredentialTrouble>),
    /// The endpoint was not reached.
    Unreachable,
    /// The endpoint that is configured is not a URL.
    Endpoint,
    /// No answer came in time; the call may have been carried out.
    TimedOut,
    /// Anything else, such as an answer that cannot be read.
    #[default]
    Other,
}

impl AwsFailure {
    /// Whether AWS answered with this code.
    pub(crate) fn is(&self, code: &str) -> bool {
        matches!(&self.cause, Cause::Code(found) if found == code)
    }

    /// Whether the caller lacks the right.
    pub(crate) fn denied(&self) -> bool {
        self.is("AccessDenied")
            || self.is("AccessDeniedException")
            || self.cause == Cause::Status(403)
    }

    /// Whether the same call may do a little later, whatever it asks.
    pub(crate) fn passing(&self) -> bool {
        match &self.cause {
            Cause::Code(code) => [
                "ConcurrentModification",
                "ConcurrentModificationException",
                "Throttling",
                "ThrottlingException",
                "RequestLimitExceeded",
                "TooManyRequestsException",
                "ServiceFailure",
                "ServiceFailureException",
                "ServiceUnavailable",
                "InternalFailure",
                "InternalError",
            ]
            .contains(&code.as_str()),
            Cause::Status(status) => *status == 429 || *status >= 500,
            _ => false,
        }
    }
}

/// The outcome of a call.
pub(crate) type IamAnswer<T> = Result<T, AwsFailure>;

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The account that the credentials belong to.
    pub(crate) account: AccountId,
    /// User, role session or root.
    pub(crate) arn: String,
    /// The partition in the ARN: `aws`, `aws-cn`, ….
    pub(crate) partition: String,
}

/// An OIDC provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OidcProvider {
    /// The audiences.
    pub(crate) client_ids: Vec<String>,
    /// SHA-1 of CA certificates, 40 hexadecimal digits each.
    pub(crate) thumbprints: Vec<String>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// An OIDC provider to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewProvider {
    /// The ARN that it will have.
    pub(crate) arn: String,
    /// The issuer's URL.
    pub(crate) url: String,
    /// Its audience.
    pub(crate) audience: String,
    /// The thumbprint of a private authority; without one IAM finds it itself.
    pub(crate) thumbprint: Option<String>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// A role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Role {
    /// The whole ARN, path included.
    pub(crate) arn: String,
    /// The name, in the case that counts.
    pub(crate) name: String,
    /// The trust policy's text, decoded.
    pub(crate) trust: String,
    /// Its tags.
    pub(crate) tags: Tags,
    /// The policy that bounds its permissions.
    pub(crate) boundary: Option<String>,
    /// The longest session in seconds.
    pub(crate) max_session: Option<i32>,
    /// When it was last used, as RFC 3339, and the region; IAM remembers 400 days.
    pub(crate) last_used: Option<(String, String)>,
}

/// A role to make.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewRole {
    /// The ARN that it will have.
    pub(crate) arn: String,
    /// The name.
    pub(crate) name: String,
    /// `/` or `/team/`.
    pub(crate) path: String,
    /// The trust policy.
    pub(crate) trust: Value,
    /// What it is for.
    pub(crate) description: String,
    /// The policy that is to bound its permissions.
    pub(crate) boundary: Option<String>,
    /// The longest session in seconds; IAM's default is 3600.
    pub(crate) max_session: Option<i32>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// IAM and STS, as far as they are needed. What does not exist is `None`, not a failure.
pub(crate) trait Iam {
    /// `sts:GetCallerIdentity`.
    async fn caller(&self) -> IamAnswer<Caller>;
    /// `iam:GetOpenIDConnectProvider`.
    async fn provider(&self, arn: &str) -> IamAnswer<Option<OidcProvider>>;
    /// `iam:ListOpenIDConnectProviders`: ARNs.
    async fn providers(&self) -> IamAnswer<Vec<String>>;
    /// `iam:GetRole`.
    async fn role(&self, name: &str) -> IamAnswer<Option<Role>>;
    /// `iam:ListRoles`: ARN and trust policy of every role of the account.
    async fn roles(&self) -> IamAnswer<Vec<(String, String)>>;
    /// `iam:ListAttachedRolePolicies`: ARNs; `None` if there is no such role.
    async fn attached(&self, role: &str) -> IamAnswer<Option<Vec<String>>>;
    /// `iam:ListRolePolicies`: names of inline policies; `None` if there is no such role.
    async fn inline(&self, role: &str) -> IamAnswer<Option<Vec<String>>>;
    /// `iam:GetRolePolicy`: the text of an inline policy, decoded.
    async fn inline_policy(&self, role: &str, policy: &str) -> IamAnswer<Option<String>>;
    /// `iam:ListInstanceProfilesForRole`: names.
    async fn instance_profiles(&self, role: &str) -> IamAnswer<Vec<String>>;
    /// `iam:GetPolicy`: the id of a managed policy's default version.
    async fn policy(&self, arn: &str) -> IamAnswer<Option<String>>;
    /// `iam:GetPolicyVersion`: the text of a managed policy, decoded.
    async fn policy_text(&self, arn: &str, version: &str) -> IamAnswer<Option<String>>;
    /// `iam:GetAccountSummary`: how long a trust policy may be, if the summary says so.
    async fn trust_quota(&self) -> IamAnswer<Option<usize>>;

    /// `iam:CreateOpenIDConnectProvider`.
    async fn create_provider(&self, provider: &NewProvider, permit: &Permit) -> IamAnswer<()>;
    /// `iam:AddClientIDToOpenIDConnectProvider`; adding twice does nothing.
    async fn add_audience(&self, arn: &str, audience: &str, permit: &Permit) -> IamAnswer<()>;
    /// `iam:UpdateOpenIDConnectProviderThumbprint`: replaces the whole list.
    async fn set_thumbprints(&self, arn: &str, list: &[String], permit: &Permit) -> IamAnswer<()>;
    /// `iam:DeleteOpenIDConnectProvider`.
    async fn delete_provider(&self, arn: &str, permit: &Permit) -> IamAnswer<()>;
    /// `iam:CreateRole`.
    async fn create_role(&self, role: &NewRole, permit: &Permit) -> IamAnswer<()>;
    /// `iam:UpdateAssumeRolePolicy`: replaces the whole document.
    async fn set_trust(&self, role: &str, document: &str, permit: &Permit) -> IamAnswer<()>;
    /// `iam:AttachRolePolicy`; attaching twice does nothing.
    async fn attach(&self, role: &str, policy: &str, permit: &Permit) -> IamAnswer<()>;
    /// `iam:DetachRolePolicy`.
    async fn detach(&self, role: &str, policy: &str, permit: &Permit) -> IamAnswer<()>;
    /// `iam:DeleteRole`.
    async fn delete_role(&self, role: &str, permit: &Permit) -> IamAnswer<()>;
    /// `iam:TagRole`.
    async fn tag_role(&self, role: &str, tags: &Tags, permit: &Permit) -> IamAnswer<()>;
    /// `iam:UntagRole`.
    async fn untag_role(&self, role: &str, keys: &[String], permit: &Permit) -> IamAnswer<()>;
}
