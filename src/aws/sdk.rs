//! IAM and STS through the AWS SDK: credentials by the standard chain, TLS by ring.
//!
//! The only place that talks to AWS. The SDK repeats throttled and failed attempts a few times;
//! everything beyond that is decided in `apply`.

use super::iam::{Answer, Caller, Cause, Failure, Iam, NewProvider, NewRole, Provider, Role};
use super::image::default_region;
use super::name::Tags;
use crate::permit::Permit;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_iam::config::SharedHttpClient;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;
use aws_sdk_iam::types::Tag;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// How AWS is reached; what is `None` comes from the standard chain.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// `--aws-profile`.
    pub profile: Option<String>,
    /// `--aws-region`.
    pub region: Option<String>,
    /// `--aws-endpoint-url`, for emulators.
    pub endpoint_url: Option<String>,
    /// The longest a call may take, with all attempts; 30 s if `None`.
    pub timeout: Option<Duration>,
}

/// IAM and STS by the AWS SDK.
#[derive(Debug, Clone)]
pub struct Sdk {
    iam: aws_sdk_iam::Client,
    sts: aws_sdk_sts::Client,
}

impl Sdk {
    /// Loads credentials, region and endpoint. Nothing is sent, except what the credential chain
    /// itself needs when the first call is made.
    pub async fn connect(connection: &Connection) -> Self {
        let config = load(connection).await;
        Self {
            iam: aws_sdk_iam::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
        }
    }
}

/// The SDK's configuration for all services.
pub async fn load(connection: &Connection) -> SdkConfig {
    let total = connection.timeout.unwrap_or(Duration::from_secs(30));
    let http = http_client();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5).min(total))
                .operation_attempt_timeout(Duration::from_secs(15).min(total))
                .operation_timeout(total)
                .build(),
        );
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(profile) = given(&connection.profile) {
        // The profile that is named counts, whatever keys the environment holds.
        let provider = ProviderConfig::without_region().with_http_client(http_client());
        loader = loader.profile_name(&profile).credentials_provider(
            ProfileFileCredentialsProvider::builder()
                .configure(&provider)
                .profile_name(&profile)
                .build(),
        );
    }
    if let Some(region) = given(&connection.region) {
        loader = loader.region(Region::new(region));
    }
    if let Some(url) = given(&connection.endpoint_url) {
        loader = loader.endpoint_url(url);
    }
    let config = loader.load().await;
    let mut builder = config.clone().into_builder();
    if config
        .region()
        .is_none_or(|region| region.as_ref().is_empty())
    {
        // IAM has no regions, yet the SDK refuses to sign without one.
        builder.set_region(Region::new(default_region("aws")));
    }
    if config.endpoint_url().is_some_and(str::is_empty) {
        builder.set_endpoint_url(None);
    }
    builder.set_service_config(Some(WithoutEmpty(config)));
    builder.build()
}

/// What environment and profile say of one service, with an empty text as unset: on an empty
/// `AWS_ENDPOINT_URL` the SDK panics.
#[derive(Debug)]
struct WithoutEmpty(SdkConfig);

impl LoadServiceConfig for WithoutEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let text = self.0.service_config()?.load_config(key)?;
        Some(text).filter(|text| !text.is_empty())
    }
}

/// TLS by ring, proxies by the environment: the client that the builder makes by itself knows none.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector
            .tls_provider(Tls::Rustls(CryptoMode::Ring))
            .build()
    })
}

impl Iam for Sdk {
    async fn caller(&self) -> Answer<Caller> {
        let action = "sts:GetCallerIdentity";
        let answer = self
            .sts
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| failure(action, &error))?;
        let arn = answer.arn().unwrap_or_default().to_owned();
        let partition = arn.split(':').nth(1).filter(|it| !it.is_empty());
        let account = answer.account().unwrap_or_default().parse();
        match (partition.map(str::to_owned), account) {
            (Some(partition), Ok(account)) => Ok(Caller {
                account,
                arn,
                partition,
            }),
            _ => Err(unreadable(action)),
        }
    }

    async fn provider(&self, arn: &str) -> Answer<Option<Provider>> {
        let action = "iam:GetOpenIDConnectProvider";
        let call = self
            .iam
            .get_open_id_connect_provider()
            .open_id_connect_provider_arn(arn);
        let answer = found(action, call.send().await)?;
        Ok(answer.map(|answer| Provider {
            client_ids: answer.client_id_list().to_vec(),
            thumbprints: answer.thumbprint_list().to_vec(),
            tags: from_tags(answer.tags()),
        }))
    }

    async fn providers(&self) -> Answer<Vec<String>> {
        let action = "iam:ListOpenIDConnectProviders";
        let answer = self
            .iam
            .list_open_id_connect_providers()
            .send()
            .await
            .map_err(|error| failure(action, &error))?;
        let list = answer.open_id_connect_provider_list().iter();
        Ok(list
            .filter_map(|entry| entry.arn().map(str::to_owned))
            .collect())
    }

    async fn role(&self, name: &str) -> Answer<Option<Role>> {
        let action = "iam:GetRole";
        let answer = found(action, self.iam.get_role().role_name(name).send().await)?;
        let Some(answer) = answer else {
            return Ok(None);
        };
        let role = answer.role().ok_or_else(|| unreadable(action))?;
        let used = role.role_last_used().and_then(|used| {
            let date = used.last_used_date()?;
            let format = aws_sdk_iam::primitives::DateTimeFormat::DateTime;
            let region = used.region().unwrap_or_default().to_owned();
            Some((date.fmt(format).ok()?, region))
        });
        Ok(Some(Role {
            arn: role.arn().to_owned(),
            name: role.role_name().to_owned(),
            trust: decode(role.assume_role_policy_document().unwrap_or_default()),
            tags: from_tags(role.tags()),
            boundary: role
                .permissions_boundary()
                .and_then(|boundary| boundary.permissions_boundary_arn())
                .map(str::to_owned),
            max_session: role.max_session_duration(),
            last_used: used,
        }))
    }

    async fn roles(&self) -> Answer<Vec<(String, String)>> {
        let action = "iam:ListRoles";
        let mut pages = self.iam.list_roles().into_paginator().items().send();
        let mut roles = Vec::new();
        while let Some(role) = pages.next().await {
            let role = role.map_err(|error| failure(action, &error))?;
            let trust = decode(role.assume_role_policy_document().unwrap_or_default());
            roles.push((role.arn().to_owned(), trust));
        }
        Ok(roles)
    }

    async fn attached(&self, role: &str) -> Answer<Option<Vec<String>>> {
        let action = "iam:ListAttachedRolePolicies";
        let call = self.iam.list_attached_role_policies().role_name(role);
        let mut pages = call.into_paginator().items().send();
        let mut policies = Vec::new();
        while let Some(policy) = pages.next().await {
            match found(action, policy)? {
                Some(policy) => policies.extend(policy.policy_arn().map(str::to_owned)),
                None => return Ok(None),
            }
        }
        Ok(Some(policies))
    }

    async fn inline(&self, role: &str) -> Answer<Option<Vec<String>>> {
        let action = "iam:ListRolePolicies";
        let call = self.iam.list_role_policies().role_name(role);
        let mut pages = call.into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(name) = pages.next().await {
            match found(action, name)? {
                Some(name) => names.push(name),
                None => return Ok(None),
            }
        }
        Ok(Some(names))
    }

    async fn inline_policy(&self, role: &str, policy: &str) -> Answer<Option<String>> {
        let action = "iam:GetRolePolicy";
        let call = self.iam.get_role_policy().role_name(role);
        let answer = found(action, call.policy_name(policy).send().await)?;
        Ok(answer.map(|answer| decode(answer.policy_document())))
    }

    async fn instance_profiles(&self, role: &str) -> Answer<Vec<String>> {
        let action = "iam:ListInstanceProfilesForRole";
        let call = self.iam.list_instance_profiles_for_role().role_name(role);
        let mut pages = call.into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(profile) = pages.next().await {
            if let Some(profile) = found(action, profile)? {
                names.push(profile.instance_profile_name().to_owned());
            }
        }
        Ok(names)
    }

    async fn policy(&self, arn: &str) -> Answer<Option<String>> {
        let action = "iam:GetPolicy";
        let answer = found(action, self.iam.get_policy().policy_arn(arn).send().await)?;
        Ok(answer.map(|answer| {
            let policy = answer.policy();
            policy
                .and_then(|policy| policy.default_version_id())
                .unwrap_or("v1")
                .to_owned()
        }))
    }

    async fn policy_text(&self, arn: &str, version: &str) -> Answer<Option<String>> {
        let action = "iam:GetPolicyVersion";
        let call = self.iam.get_policy_version().policy_arn(arn);
        let answer = found(action, call.version_id(version).send().await)?;
        Ok(answer
            .as_ref()
            .and_then(|answer| answer.policy_version()?.document())
            .map(decode))
    }

    async fn trust_quota(&self) -> Answer<Option<usize>> {
        let action = "iam:GetAccountSummary";
        let answer = self
            .iam
            .get_account_summary()
            .send()
            .await
            .map_err(|error| failure(action, &error))?;
        let key = aws_sdk_iam::types::SummaryKeyType::AssumeRolePolicySizeQuota;
        Ok(answer
            .summary_map()
            .and_then(|map| map.get(&key))
            .and_then(|&quota| usize::try_from(quota).ok()))
    }

    async fn create_provider(&self, provider: &NewProvider, _permit: &Permit) -> Answer<()> {
        let action = "iam:CreateOpenIDConnectProvider";
        let call = self
            .iam
            .create_open_id_connect_provider()
            .url(&provider.url)
            .client_id_list(&provider.audience)
            .set_thumbprint_list(provider.thumbprint.clone().map(|it| vec![it]))
            .set_tags(Some(to_tags(action, &provider.tags)?));
        done(action, call.send().await)
    }

    async fn add_audience(&self, arn: &str, audience: &str, _permit: &Permit) -> Answer<()> {
        let call = self
            .iam
            .add_client_id_to_open_id_connect_provider()
            .open_id_connect_provider_arn(arn)
            .client_id(audience);
        done("iam:AddClientIDToOpenIDConnectProvider", call.send().await)
    }

    async fn set_thumbprints(&self, arn: &str, list: &[String], _permit: &Permit) -> Answer<()> {
        let call = self
            .iam
            .update_open_id_connect_provider_thumbprint()
            .open_id_connect_provider_arn(arn)
            .set_thumbprint_list(Some(list.to_vec()));
        done(
            "iam:UpdateOpenIDConnectProviderThumbprint",
            call.send().await,
        )
    }

    async fn delete_provider(&self, arn: &str, _permit: &Permit) -> Answer<()> {
        let call = self
            .iam
            .delete_open_id_connect_provider()
            .open_id_connect_provider_arn(arn);
        done("iam:DeleteOpenIDConnectProvider", call.send().await)
    }

    async fn create_role(&self, role: &NewRole, _permit: &Permit) -> Answer<()> {
        let action = "iam:CreateRole";
        let call = self
            .iam
            .create_role()
            .role_name(&role.name)
            .path(&role.path)
            .description(&role.description)
            .assume_role_policy_document(role.trust.to_string())
            .set_permissions_boundary(role.boundary.clone())
            .set_max_session_duration(role.max_session)
            .set_tags(Some(to_tags(action, &role.tags)?));
        done(action, call.send().await)
    }

    async fn set_trust(&self, role: &str, document: &str, _permit: &Permit) -> Answer<()> {
        let call = self.iam.update_assume_role_policy().role_name(role);
        done(
            "iam:UpdateAssumeRolePolicy",
            call.policy_document(document).send().await,
        )
    }

    async fn attach(&self, role: &str, policy: &str, _permit: &Permit) -> Answer<()> {
        let call = self.iam.attach_role_policy().role_name(role);
        done("iam:AttachRolePolicy", call.policy_arn(policy).send().await)
    }

    async fn detach(&self, role: &str, policy: &str, _permit: &Permit) -> Answer<()> {
        let call = self.iam.detach_role_policy().role_name(role);
        done("iam:DetachRolePolicy", call.policy_arn(policy).send().await)
    }

    async fn delete_role(&self, role: &str, _permit: &Permit) -> Answer<()> {
        let call = self.iam.delete_role().role_name(role);
        done("iam:DeleteRole", call.send().await)
    }

    async fn tag_role(&self, role: &str, tags: &Tags, _permit: &Permit) -> Answer<()> {
        let action = "iam:TagRole";
        let call = self.iam.tag_role().role_name(role);
        done(
            action,
            call.set_tags(Some(to_tags(action, tags)?)).send().await,
        )
    }

    async fn untag_role(&self, role: &str, keys: &[String], _permit: &Permit) -> Answer<()> {
        let call = self.iam.untag_role().role_name(role);
        done(
            "iam:UntagRole",
            call.set_tag_keys(Some(keys.to_vec())).send().await,
        )
    }
}

/// IAM percent-encodes documents; a plus sign stays one.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn from_tags(tags: &[Tag]) -> Tags {
    tags.iter()
        .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
        .collect()
}

fn to_tags(action: &'static str, tags: &Tags) -> Answer<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| Failure {
            action,
            cause: Cause::Other,
            message: error.to_string(),
            request_id: None,
        })
}

pub(super) fn unreadable(action: &'static str) -> Failure {
    Failure {
        action,
        cause: Cause::Other,
        message: "the answer lacks what it must hold".to_owned(),
        request_id: None,
    }
}

/// Turns "there is no such thing" into `None`.
fn found<T, E, R>(action: &'static str, answer: Result<T, SdkError<E, R>>) -> Answer<Option<T>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Status + std::fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: RequestId,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => {
            let failure = failure(action, &error);
            if failure.is("NoSuchEntity") {
                Ok(None)
            } else {
                Err(failure)
            }
        }
    }
}

pub(super) fn done<T, E, R>(action: &'static str, answer: Result<T, SdkError<E, R>>) -> Answer<()>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Status + std::fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: RequestId,
{
    answer.map(|_| ()).map_err(|error| failure(action, &error))
}

/// The HTTP status of a raw answer.
pub(super) trait Status {
    fn status(&self) -> u16;
}

impl Status for aws_sdk_iam::config::http::HttpResponse {
    fn status(&self) -> u16 {
        Self::status(self).as_u16()
    }
}

/// A failed call of any service.
pub(super) fn failure<E, R>(action: &'static str, error: &SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Status + std::fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: RequestId,
{
    let status = error.raw_response().map(Status::status);
    let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
    let code = meta.and_then(|meta| meta.code());
    let text = chain(error);
    let cause = match (code, status, error) {
        (Some(code), _, _) => Cause::Code(code.to_owned()),
        (None, Some(status), _) => Cause::Status(status),
        (None, None, SdkError::TimeoutError(_)) => Cause::TimedOut,
        (None, None, SdkError::DispatchFailure(inner)) if inner.is_timeout() => Cause::TimedOut,
        (None, None, SdkError::DispatchFailure(inner)) if inner.is_io() => Cause::Unreachable,
        (None, None, SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_)) => {
            unsent(&text)
        }
        _ => Cause::Other,
    };
    let message = meta
        .and_then(|meta| meta.message())
        .map_or(text, str::to_owned);
    Failure {
        action,
        cause,
        message,
        request_id: error.request_id().map(str::to_owned),
    }
}

/// The causes of an error on one line; the SDK's own outermost word says nothing.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error.source().or(Some(error));
    while let Some(cause) = next {
        let text = cause.to_string();
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    parts.join(": ")
}

/// The SDK reports missing credentials and odd endpoints as a failed dispatch; only the text tells.
fn unsent(text: &str) -> Cause {
    let text = text.to_ascii_lowercase();
    if text.contains("failed to apply endpoint") {
        Cause::Endpoint
    } else if text.contains("credential") || text.contains("sso") {
        Cause::NoCredentials
    } else {
        Cause::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_percent_decoded_and_plus_stays() {
        assert_eq!(decode("%7B%22a%22%3A%20%22x+y%22%7D"), r#"{"a": "x+y"}"#);
    }

    #[test]
    fn what_was_never_sent_is_told_apart_by_its_text() {
        for (text, cause) in [
            ("other: no credentials found in chain", Cause::NoCredentials),
            ("the SSO session has expired", Cause::NoCredentials),
            (
                "other: failed to apply endpoint `x` to request GetCallerIdentity",
                Cause::Endpoint,
            ),
            ("no route", Cause::Unreachable),
        ] {
            assert_eq!(unsent(text), cause, "{text}");
        }
    }

    #[tokio::test]
    async fn empty_settings_are_unset_and_a_region_is_always_there() {
        let empty = Some(String::new());
        let connection = Connection {
            profile: empty.clone(),
            region: Some("cn-north-1".into()),
            endpoint_url: empty,
            timeout: None,
        };
        let config = load(&connection).await;
        assert_eq!(config.region().map(AsRef::as_ref), Some("cn-north-1"));
        assert_ne!(config.endpoint_url(), Some(""));
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_unreachable() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let credentials =
            aws_sdk_iam::config::Credentials::new("AKID", "secret", None, None, "test");
        let config = load(&Connection {
            endpoint_url: Some(format!("http://127.0.0.1:{port}")),
            ..Connection::default()
        })
        .await
        .into_builder()
        .credentials_provider(aws_sdk_iam::config::SharedCredentialsProvider::new(
            credentials,
        ))
        .retry_config(RetryConfig::disabled())
        .build();
        let sdk = Sdk {
            iam: aws_sdk_iam::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
        };
        let failure = sdk.caller().await.unwrap_err();
        assert_eq!(failure.cause, Cause::Unreachable, "{failure:?}");
        assert!(!failure.message.contains("DispatchFailure"), "{failure:?}");
    }
}
