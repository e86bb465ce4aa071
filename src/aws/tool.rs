//! The connection to AWS as printed commands repeat it. Pure.
//!
//! What the run took from the environment, a command takes from there as well.

use super::connect::AwsAccess;

impl AwsAccess {
    /// Whether anything of it was named.
    pub(crate) fn is_given(&self) -> bool {
        [&self.profile, &self.region, &self.endpoint_url]
            .into_iter()
            .flatten()
            .any(|text| !text.is_empty())
    }
}
