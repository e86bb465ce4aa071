//! What the groups look at before their checks judge it. Data only.

use crate::aws::iam::IamAnswer;
use crate::aws::inspect::{CacheRule, Simulated};
use crate::aws::proof::{Assumed, ImageManifest};
use crate::aws::state::AwsState;
use crate::aws::target::{AwsPlacement, ClusterFacts};
use crate::error::Error;
use crate::oidc::IssuerView;
use secrecy::SecretString;
use tokio::sync::OnceCell;

/// What the group *aws* looked at.
#[derive(Debug)]
pub(super) struct AwsFacts {
    /// What the cluster publishes, or why it is unfit.
    pub(super) cluster: Result<ClusterFacts, Error>,
    /// Where the AWS side belongs, or why the credentials are not for it.
    pub(super) target: Option<Result<AwsPlacement, Error>>,
    /// What IAM holds, or why it could not be looked at.
    pub(super) iam: Option<Result<AwsState, Error>>,
    /// What IAM says of a pull by the role.
    pub(super) simulated: Option<IamAnswer<Vec<Simulated>>>,
    /// The Deny statements that stand against it, as far as they could be read.
    pub(super) denying: Vec<String>,
}

/// What the group *image* looked at.
#[derive(Debug)]
pub(super) struct ImageFacts {
    pub(super) repository: IamAnswer<bool>,
    pub(super) image: Option<IamAnswer<bool>>,
    /// What the image consists of, if it is there.
    pub(super) manifest: Option<IamAnswer<ImageManifest>>,
    /// The rules of the registry's pull-through cache.
    pub(super) rules: IamAnswer<Vec<CacheRule>>,
    /// What IAM says of filling the cache, where a rule is for the repository.
    pub(super) import: Option<IamAnswer<Vec<Simulated>>>,
    pub(super) policy: Option<IamAnswer<Option<String>>>,
}

/// What the group *issuer* looked at.
#[derive(Debug)]
pub(super) struct IssuerFacts {
    /// The issuer's URL, as the status names it.
    pub(super) url: String,
    /// The other URL in the status, where the two differ.
    pub(super) other: Option<String>,
    /// Why IAM does not take the URL; then nothing was fetched.
    pub(super) bad: Option<String>,
    /// What the issuer showed.
    pub(super) look: Option<Result<IssuerView, Error>>,
}

impl IssuerFacts {
    /// What the issuer showed, if it could be asked.
    pub(super) fn look(&self) -> Option<&IssuerView> {
        self.look.as_ref()?.as_ref().ok()
    }
}

/// What the group *live* looked at.
#[derive(Debug)]
pub(super) struct LiveFacts {
    /// The token as it was read, or why it was not; `None` if no file was named.
    pub(super) token: Option<Result<SecretString, String>>,
    /// What came of the exchange at STS.
    pub(super) assumed: OnceCell<Assumed>,
}
