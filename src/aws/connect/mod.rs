//! How AWS is reached: profile, region, endpoint, trusted authorities. TLS by ring.

mod authorities;
mod http;
mod session;
mod trace;

pub(super) use authorities::read;
pub(super) use http::Unreached;
pub(crate) use session::AwsSession;
pub(crate) use trace::Trace;

use super::credentials::{
    CredentialProvider, CredentialSource, CredentialTrouble, NamedBy, NamedProfile, Reason,
    Surroundings,
};
use super::image::default_region;
use super::quotable;
use crate::waiting::WaitBoard;
use aws_config::identity::IdentityCache;
use aws_config::profile::{ProfileFileLoadError, ProfileSet};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_sts::config::SharedCredentialsProvider;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use http::Known;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The longest that one attempt of a call may take, with what it takes to get credentials.
const ATTEMPT: Duration = Duration::from_secs(15);

/// How AWS is reached; what is `None` comes from the standard chain.
#[derive(Debug, Clone, Default)]
pub(crate) struct AwsAccess {
    /// `--aws-profile`.
    pub(crate) profile: Option<String>,
    /// `--aws-region`.
    pub(crate) region: Option<String>,
    /// `--aws-endpoint-url`, for emulators.
    pub(crate) endpoint_url: Option<String>,
    /// The longest a call may take, with all attempts; 30 s if `None`.
    pub(crate) timeout: Option<Duration>,
    /// What the environment says, apart from what the SDK reads itself.
    pub(crate) variables: Variables,
    /// Who sees the calls, if anybody does.
    pub(crate) trace: Option<Trace>,
    /// Where it is told what is waited for.
    pub(crate) board: Arc<WaitBoard>,
}

/// What the environment says of AWS. Holds no secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    /// `AWS_PROFILE`.
    pub(crate) profile: Option<String>,
    /// `AWS_CA_BUNDLE`.
    pub(crate) ca_bundle: Option<PathBuf>,
    /// `AWS_ENDPOINT_URL` and its forms for single services, each with its URL.
    pub(crate) endpoints: Vec<(&'static str, String)>,
    /// What it says of credentials.
    pub(crate) credentials: Surroundings,
}

impl AwsAccess {
    /// The profile that was named: by flag, else by the variable.
    pub(crate) fn named(&self) -> Option<NamedProfile> {
        let named = |name: &Option<String>, by| {
            let name = name.clone().filter(|name| !name.is_empty())?;
            Some(NamedProfile { name, by })
        };
        named(&self.profile, NamedBy::Flag)
            .or_else(|| named(&self.variables.profile, NamedBy::Variable))
    }
}

/// Finds out how AWS is reached and in whose name. Nothing is sent: what is wrong with profile or
/// credentials shows in the first call.
pub(crate) async fn open(connection: &AwsAccess) -> AwsSession {
    let total = connection.timeout.unwrap_or(Duration::from_secs(30));
    let attempt = ATTEMPT.min(total);
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let named = connection.named();
    let (files, env, places) = (Fs::default(), Env::default(), EnvConfigFiles::default());
    let selected = named.as_ref().map(|named| named.name.clone().into());
    // The SDK's futures are large.
    let profiles = aws_config::profile::load(&files, &env, &places, selected);
    let profiles = Box::pin(profiles).await;
    let (trust, trouble) = match trust(connection, named.as_ref(), &profiles) {
        Ok(trust) => (trust, None),
        Err(trouble) => (None, Some(trouble)),
    };
    let known = known_endpoints(connection, &profiles);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::client(trust, known, &connection.board))
        .no_credentials()
        // Ours ends before, with words of its own.
        .identity_cache(IdentityCache::lazy().load_timeout(total).build())
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5).min(total))
                .operation_attempt_timeout(attempt)
                .operation_timeout(total)
                .build(),
        );
    if let Some(named) = &named {
        loader = loader.profile_name(&named.name);
    }
    if let Some(region) = given(&connection.region) {
        loader = loader.region(Region::new(region));
    }
    if let Some(url) = given(&connection.endpoint_url) {
        loader = loader.endpoint_url(url);
    }
    let around = &connection.variables.credentials;
    let source = match &trouble {
        Some(trouble) => CredentialSource::Broken(trouble.clone()),
        None => CredentialSource::find(named.as_ref(), &profiles, around),
    };
    let config = Box::pin(loader.load()).await;
    let mut builder = config.clone().into_builder();
    if config
        .region()
        .is_none_or(|region| region.as_ref().is_empty())
    {
        // IAM has no regions, yet the SDK refuses to sign without one.
        let partition = source.role(around).and_then(|arn| arn.split(':').nth(1));
        let region = of_profile(&profiles, "region")
            .unwrap_or_else(|| default_region(partition.unwrap_or("aws")).to_owned());
        builder.set_region(Region::new(region));
    }
    if config.endpoint_url().is_some_and(str::is_empty) {
        builder.set_endpoint_url(None);
    }
    builder.set_service_config(Some(WithoutEmpty {
        config,
        endpoint_url: of_profile(&profiles, "endpoint_url"),
    }));
    let unsigned = AwsSession {
        config: builder.build(),
        trace: connection.trace.clone(),
        named: named.clone(),
        is_left: matches!(source, CredentialSource::Rest) && around.web_identity.is_none(),
        trouble,
    };
    let provider = CredentialProvider {
        named,
        source,
        around: around.clone(),
        // Calls that credentials take go the same way, and are seen as well.
        session: unsigned.clone(),
        limit: attempt.mul_f32(0.9),
    };
    let mut builder = unsigned.config.to_builder();
    builder.set_credentials_provider(Some(SharedCredentialsProvider::new(provider)));
    AwsSession {
        config: builder.build(),
        ..unsigned
    }
}

/// The authorities to trust in place of the system's, as the AWS CLI has them: `AWS_CA_BUNDLE`, else
/// `ca_bundle` of the profile.
fn trust(
    connection: &AwsAccess,
    named: Option<&NamedProfile>,
    profiles: &Result<ProfileSet, ProfileFileLoadError>,
) -> Result<Option<Vec<u8>>, CredentialTrouble> {
    let by_profile = || {
        let path = of_profile(profiles, "ca_bundle")?;
        let name = quotable(profiles.as_ref().ok()?.selected_profile());
        let from = format!("ca_bundle of the AWS profile `{name}`");
        Some((PathBuf::from(path), from))
    };
    let variable = connection.variables.ca_bundle.clone();
    let variable = variable.map(|path| (path, "AWS_CA_BUNDLE".to_owned()));
    let Some((path, from)) = variable.or_else(by_profile) else {
        return Ok(None);
    };
    match authorities::load(&path) {
        Ok(pem) => Ok(Some(pem)),
        Err(why) => Err(CredentialTrouble {
            named: named.cloned(),
            at: None,
            reason: Reason::Bundle {
                path: path.display().to_string(),
                from,
                why,
            },
        }),
    }
}

/// Every address that something sets, with what sets it.
fn known_endpoints(
    connection: &AwsAccess,
    profiles: &Result<ProfileSet, ProfileFileLoadError>,
) -> Vec<Known> {
    let flag = connection.endpoint_url.iter();
    let flag = flag.map(|url| ("--aws-endpoint-url".to_owned(), url.as_str()));
    let variables = connection.variables.endpoints.iter();
    let variables = variables.map(|(name, url)| ((*name).to_owned(), url.as_str()));
    let profile = profiles.as_ref().ok().and_then(|profiles| {
        let name = quotable(profiles.selected_profile());
        let from = format!("endpoint_url of the AWS profile `{name}`");
        Some((from, profiles.get("endpoint_url")?))
    });
    flag.chain(variables)
        .chain(profile)
        .map(|(from, url)| Known {
            from,
            url: url.to_owned(),
        })
        .collect()
}

/// A setting of the profile; an empty one is none.
fn of_profile(
    profiles: &Result<ProfileSet, ProfileFileLoadError>,
    setting: &str,
) -> Option<String> {
    let text = profiles.as_ref().ok()?.get(setting)?;
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// What environment and profile say of one service, with an empty text as unset: on an empty
/// `AWS_ENDPOINT_URL` the SDK panics, and looks no further.
#[derive(Debug)]
struct WithoutEmpty {
    config: SdkConfig,
    /// The profile's, which an empty variable does not hide.
    endpoint_url: Option<String>,
}

impl LoadServiceConfig for WithoutEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let of_profile = (key.profile() == "endpoint_url").then(|| self.endpoint_url.clone());
        let text = self.config.service_config()?.load_config(key)?;
        if text.is_empty() {
            of_profile.flatten()
        } else {
            Some(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::failure::failure;
    use crate::aws::iam::Cause;

    #[tokio::test]
    async fn empty_settings_are_unset_and_a_region_is_always_there() {
        let empty = Some(String::new());
        let connection = AwsAccess {
            profile: empty.clone(),
            region: Some("cn-north-1".into()),
            endpoint_url: empty,
            ..AwsAccess::default()
        };
        let config = open(&connection).await.config;
        assert_eq!(config.region().map(AsRef::as_ref), Some("cn-north-1"));
        assert_ne!(config.endpoint_url(), Some(""));
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_unreachable() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let credentials =
            aws_sdk_iam::config::Credentials::new("AKID", "secret", None, None, "test");
        let session = open(&AwsAccess {
            endpoint_url: Some(url.clone()),
            ..AwsAccess::default()
        })
        .await
        .with_credentials(credentials);
        let answer = session.sts().get_caller_identity().send().await;
        let failure = failure("sts:GetCallerIdentity", &answer.unwrap_err());
        assert_eq!(failure.cause, Cause::Unreachable, "{failure:?}");
        let endpoint = failure.endpoint.as_ref().unwrap();
        assert_eq!(endpoint.url, url);
        assert_eq!(endpoint.from.as_deref(), Some("--aws-endpoint-url"));
        assert!(!failure.message.contains("DispatchFailure"), "{failure:?}");
    }
}
