//! In whose name AWS is called: the order in which credentials are looked for, and the calls that
//! profiles ask for before there are any.
//!
//! The order is that of the AWS tools: a profile named by flag; the keys of the environment; the
//! profile of `AWS_PROFILE`, else `default`; a web identity token; the container; the machine. All
//! nested calls go by the same configuration as the calls they are made for, so that none leaves
//! for the real AWS where an endpoint is given, and none lacks a region.

mod chain;
mod sso;
mod trouble;

pub(crate) use chain::WebIdentity;
pub(crate) use trouble::{CredentialTrouble, NamedBy, NamedProfile, Reason};

use super::connect::AwsSession;
use super::failure::{failure, unreadable};
use super::iam::AwsFailure;
use aws_config::credential_process::CredentialProcessProvider;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::{ProfileFileLoadError, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Future;
use aws_sdk_sts::config::{Credentials, ProvideCredentials};
use aws_sdk_sts::types::Credentials as Given;
use chain::{Base, Chain, LinkFault, RoleStep};
use secrecy::ExposeSecret as _;
use std::error::Error as _;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How sessions are called where a profile does not say: it shows in logs and in ARNs.
const SESSION: &str = "mk8s";
/// The longest that a file with a token may be.
const LONGEST_TOKEN: u64 = 64 << 10;

/// What the environment says of credentials, apart from the keys, which the SDK reads itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// Whether both halves of a key are set.
    pub(crate) has_keys: bool,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` and what belongs to it.
    pub(crate) web_identity: Option<WebIdentity>,
    /// Whether a container says where its credentials are.
    pub(crate) in_container: bool,
    /// The home folder, below which SSO tokens are kept.
    pub(crate) home: Option<PathBuf>,
}

/// Where credentials come from.
pub(super) enum CredentialSource {
    /// They cannot be had.
    Broken(CredentialTrouble),
    /// The keys of the environment.
    Environment,
    /// A profile.
    Profile(Chain),
    /// Whatever is left: a web identity token, the container, the machine.
    Rest,
}

impl CredentialSource {
    /// Finds out, without asking anybody.
    pub(super) fn find(
        named: Option<&NamedProfile>,
        profiles: &Result<ProfileSet, ProfileFileLoadError>,
        around: &Surroundings,
    ) -> Self {
        let broken = |at: Option<String>, reason| {
            Self::Broken(CredentialTrouble {
                named: named.cloned(),
                at,
                reason,
            })
        };
        let by_flag = named.is_some_and(|named| named.by == NamedBy::Flag);
        let name = named.map_or("default", |named| named.name.as_str());
        let at = || Some(name.to_owned());
        let profiles = match profiles {
            Ok(profiles) => profiles,
            Err(_) if named.is_none() && around.has_keys => return Self::Environment,
            Err(error) => {
                let source = error.source().map(ToString::to_string);
                let why = match (error, source) {
                    (ProfileFileLoadError::ParseError { .. }, Some(source)) => source,
                    (_, Some(source)) => format!("{error}: {source}"),
                    (_, None) => error.to_string(),
                };
                let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
                return broken(at(), Reason::Files(why));
            }
        };
        let profile = profiles.get_profile(name);
        if named.is_some() && profile.is_none() {
            let mut known: Vec<String> = profiles.profiles().map(str::to_owned).collect();
            known.sort();
            return broken(at(), Reason::NoSuchProfile(known));
        }
        let chain = match profile {
            Some(profile) if by_flag || !chain::is_empty(profile) => {
                Some(chain::chain(profiles, name))
            }
            _ => None,
        };
        // Keys of the environment come before a profile, unless the profile that was named is one
        // that is to be worked in by means of them.
        let by_keys = matches!(&chain, Some(Ok(chain)) if matches!(chain.base, Base::Environment));
        if !by_flag && around.has_keys && !(named.is_some() && by_keys) {
            return Self::Environment;
        }
        match chain {
            Some(Ok(chain)) => Self::Profile(chain),
            Some(Err((at, reason))) => broken(Some(at), reason),
            None => Self::Rest,
        }
    }

    /// The ARN of the role that is worked in, where it is known beforehand.
    pub(super) fn role<'a>(&'a self, around: &'a Surroundings) -> Option<&'a str> {
        match self {
            Self::Profile(Chain { base, roles, .. }) => match (roles.last(), base) {
                (Some(step), _) => Some(&step.arn),
                (None, Base::WebIdentity(identity)) => Some(&identity.role),
                _ => None,
            },
            Self::Rest => Some(around.web_identity.as_ref()?.role.as_str()),
            _ => None,
        }
    }
}

/// Gives the SDK its credentials; what goes wrong is a [`CredentialTrouble`].
pub(super) struct CredentialProvider {
    pub(super) named: Option<NamedProfile>,
    pub(super) source: CredentialSource,
    pub(super) around: Surroundings,
    /// How AWS is reached, without credentials.
    pub(super) session: AwsSession,
    /// The longest that it may take.
    pub(super) limit: Duration,
}

impl fmt::Debug for CredentialProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("named", &self.named)
            .finish_non_exhaustive()
    }
}

impl ProvideCredentials for CredentialProvider {
    fn provide_credentials<'a>(&'a self) -> Future<'a>
    where
        Self: 'a,
    {
        Future::new(async {
            let slow = |_| Err(self.trouble(None, Reason::Slow));
            tokio::time::timeout(self.limit, self.resolve())
                .await
                .unwrap_or_else(slow)
                .map_err(CredentialsError::provider_error)
        })
    }
}

impl CredentialProvider {
    fn trouble(&self, at: Option<&str>, reason: Reason) -> CredentialTrouble {
        let named = self.named.as_ref().map(|named| named.name.as_str());
        CredentialTrouble {
            named: self.named.clone(),
            at: at.or(named).map(str::to_owned),
            reason,
        }
    }

    async fn resolve(&self) -> Result<Credentials, CredentialTrouble> {
        let told = |(at, reason): LinkFault| self.trouble(Some(&at), reason);
        match &self.source {
            CredentialSource::Broken(trouble) => Err(trouble.clone()),
            CredentialSource::Environment => environment()
                .await
                .map_err(|reason| self.trouble(None, reason)),
            CredentialSource::Profile(chain) => {
                let mut credentials = self
                    .base(&chain.base)
                    .await
                    .map_err(|reason| told((chain.at.clone(), reason)))?;
                for step in &chain.roles {
                    credentials = self
                        .assume(credentials, step)
                        .await
                        .map_err(|reason| told((step.at.clone(), reason)))?;
                }
                Ok(credentials)
            }
            CredentialSource::Rest => self.rest().await,
        }
    }

    async fn base(&self, base: &Base) -> Result<Credentials, Reason> {
        match base {
            Base::Keys(credentials) => Ok(credentials.clone()),
            Base::Environment => environment().await,
            Base::Container => self
                .container()
                .await
                .map_err(|_| Reason::Metadata("the container")),
            Base::Machine => self
                .machine()
                .await
                .map_err(|_| Reason::Metadata("the machine (EC2)")),
            Base::Process(command) => process(command.expose_secret()).await,
            Base::WebIdentity(identity) => self.web_identity(identity).await,
            Base::Sso(login) => sso::credentials(&self.session, &self.around, login).await,
        }
    }

    async fn rest(&self) -> Result<Credentials, CredentialTrouble> {
        if let Some(identity) = &self.around.web_identity {
            let answer = self.web_identity(identity).await;
            return answer.map_err(|reason| self.trouble(None, reason));
        }
        // Where a container has credentials, the machine's are not meant.
        let answer = if self.around.in_container {
            self.container().await
        } else {
            self.machine().await
        };
        answer.map_err(|_| {
            let reason = match &self.named {
                Some(_) => Reason::Empty,
                None => Reason::Nothing,
            };
            self.trouble(None, reason)
        })
    }

    fn provider_config(&self) -> ProviderConfig {
        let reached = self.session.config();
        let mut config = ProviderConfig::without_region().with_region(reached.region().cloned());
        if let Some(client) = reached.http_client() {
            config = config.with_http_client(client);
        }
        config
    }

    async fn container(&self) -> Result<Credentials, CredentialsError> {
        let builder = EcsCredentialsProvider::builder().configure(&self.provider_config());
        builder.build().provide_credentials().await
    }

    async fn machine(&self) -> Result<Credentials, CredentialsError> {
        let builder = ImdsCredentialsProvider::builder().configure(&self.provider_config());
        builder.build().provide_credentials().await
    }

    async fn assume(
        &self,
        credentials: Credentials,
        step: &RoleStep,
    ) -> Result<Credentials, Reason> {
        let action = "sts:AssumeRole";
        let what = || format!("the role {} was not assumed", super::quotable(&step.arn));
        let answer = self
            .session
            .with_credentials(credentials)
            .sts()
            .assume_role()
            .role_arn(&step.arn)
            .role_session_name(step.session.as_deref().unwrap_or(SESSION))
            .set_external_id(step.external_id.clone())
            .set_duration_seconds(step.seconds)
            .send()
            .await
            .map_err(|error| call(what(), failure(action, &error)))?;
        given(answer.credentials()).ok_or_else(|| call(what(), unreadable(action)))
    }

    async fn web_identity(&self, identity: &WebIdentity) -> Result<Credentials, Reason> {
        let action = "sts:AssumeRoleWithWebIdentity";
        let what = || {
            let role = super::quotable(&identity.role);
            format!("the role {role} was not assumed with the web identity token")
        };
        let token = read_token(&identity.file)?;
        // Nothing is signed here, and the SDK asks for no credentials.
        let answer = self
            .session
            .sts()
            .assume_role_with_web_identity()
            .role_arn(&identity.role)
            .role_session_name(identity.session.as_deref().unwrap_or(SESSION))
            .web_identity_token(token)
            .send()
            .await
            .map_err(|error| call(what(), failure(action, &error)))?;
        given(answer.credentials()).ok_or_else(|| call(what(), unreadable(action)))
    }
}

fn call(what: String, failure: AwsFailure) -> Reason {
    Reason::Call {
        what,
        failure: Box::new(failure),
    }
}

async fn environment() -> Result<Credentials, Reason> {
    let provider = EnvironmentVariableCredentialsProvider::new();
    let answer = provider.provide_credentials().await;
    answer.map_err(|_| Reason::NoKeysInEnvironment)
}

fn given(given: Option<&Given>) -> Option<Credentials> {
    let given = given?;
    Some(Credentials::new(
        given.access_key_id(),
        given.secret_access_key(),
        Some(given.session_token().to_owned()),
        SystemTime::try_from(*given.expiration()).ok(),
        "sts",
    ))
}

/// Runs the command. What it prints on either stream may be a secret and is never told.
async fn process(command: &str) -> Result<Credentials, Reason> {
    let provider = CredentialProcessProvider::new(command.to_owned());
    provider.provide_credentials().await.map_err(|error| {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        // Only these two words of the SDK's are looked at: the rest quotes the command's output.
        let how = match text.split_once("exited with code ") {
            Some((_, rest)) => {
                let status = rest.split(". Stderr").next().unwrap_or_default();
                let number: String = status
                    .chars()
                    .skip_while(|c| !c.is_ascii_digit())
                    .take_while(char::is_ascii_digit)
                    .collect();
                if number.is_empty() {
                    "failed".to_owned()
                } else {
                    format!("failed with status {number}")
                }
            }
            None => "printed no credentials in the form that the AWS tools expect".to_owned(),
        };
        Reason::Process(how)
    })
}

fn read_token(path: &str) -> Result<String, Reason> {
    let bad = |why: &str| Reason::TokenFile {
        path: path.to_owned(),
        why: why.to_owned(),
    };
    let bytes = super::connect::read(path.as_ref(), LONGEST_TOKEN).map_err(|why| bad(&why))?;
    let text = String::from_utf8(bytes).map_err(|_| bad("it is not text"))?;
    match text.trim() {
        "" => Err(bad("it is empty")),
        token => Ok(token.to_owned()),
    }
}
