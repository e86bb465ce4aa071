//! AWS as one run reaches it. All clients are made here, so that credentials are looked for once,
//! and no call is made that `--debug` does not show; elsewhere the lints refuse to make one.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the place that the lint leads to"
)]

use super::super::credentials::{CredentialTrouble, NamedProfile};
use super::trace::Trace;
use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_sdk_sts::config::{Credentials, Region, SharedCredentialsProvider};

/// How AWS is reached, in whose name, and who sees the calls.
///
/// Clones share one cache of credentials: a program that gives them (`credential_process`) runs
/// once, whatever is called with them.
#[derive(Debug, Clone)]
pub(crate) struct AwsSession {
    pub(super) config: SdkConfig,
    pub(super) trace: Option<Trace>,
    /// The profile that was named.
    pub(in crate::aws) named: Option<NamedProfile>,
    /// Whether nothing names credentials, so that a container or the machine is asked for them.
    pub(super) is_left: bool,
    /// Why nothing can be called, with or without credentials.
    pub(in crate::aws) trouble: Option<CredentialTrouble>,
}

impl AwsSession {
    /// Whether nothing names credentials, by flag, variable or profile, so that a container or the
    /// machine would be asked for them.
    pub(crate) fn is_left_to_the_machine(&self) -> bool {
        self.is_left
    }

    pub(in crate::aws) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The same without credentials, for calls that are not signed.
    pub(in crate::aws) fn anonymous(&self) -> Self {
        let mut builder = self.config.to_builder();
        builder.set_credentials_provider(None);
        self.with_config(builder.build())
    }

    /// The same in another name. Nothing is kept of these credentials beyond the clients.
    pub(in crate::aws) fn with_credentials(&self, credentials: Credentials) -> Self {
        let builder = self.config.to_builder();
        let builder = builder
            .identity_cache(IdentityCache::no_cache())
            .credentials_provider(SharedCredentialsProvider::new(credentials));
        self.with_config(builder.build())
    }

    /// The same in another region.
    pub(in crate::aws) fn in_region(&self, region: &str) -> Self {
        let region = Region::new(region.to_owned());
        self.with_config(self.config.to_builder().region(region).build())
    }

    fn with_config(&self, config: SdkConfig) -> Self {
        Self {
            config,
            ..self.clone()
        }
    }

    pub(in crate::aws) fn iam(&self) -> aws_sdk_iam::Client {
        let mut config = aws_sdk_iam::config::Builder::from(&self.config);
        if let Some(trace) = self.trace.clone() {
            config = config.interceptor(trace);
        }
        aws_sdk_iam::Client::from_conf(config.build())
    }

    pub(in crate::aws) fn sts(&self) -> aws_sdk_sts::Client {
        let mut config = aws_sdk_sts::config::Builder::from(&self.config);
        if let Some(trace) = self.trace.clone() {
            config = config.interceptor(trace);
        }
        aws_sdk_sts::Client::from_conf(config.build())
    }

    pub(in crate::aws) fn ecr(&self) -> aws_sdk_ecr::Client {
        let mut config = aws_sdk_ecr::config::Builder::from(&self.config);
        if let Some(trace) = self.trace.clone() {
            config = config.interceptor(trace);
        }
        aws_sdk_ecr::Client::from_conf(config.build())
    }

    pub(in crate::aws) fn sso(&self) -> aws_sdk_sso::Client {
        let mut config = aws_sdk_sso::config::Builder::from(&self.config);
        if let Some(trace) = self.trace.clone() {
            config = config.interceptor(trace);
        }
        aws_sdk_sso::Client::from_conf(config.build())
    }
}
