//! Who and where: org, endpoint, profile and token, each with the place it came from.
//!
//! Resolved as `cpln` resolves them: flag, then environment, then profile. Resolving reads profile
//! files and nothing else; only `Settings::token` may run a program (`cpln`), and nothing here
//! uses the network.

mod credential;
mod echo;
pub(crate) mod endpoint;
pub(crate) mod env;
mod exposed;
mod org;
mod profile;
mod refresh;
pub(crate) mod token;

#[cfg(test)]
mod tests;

pub(crate) use endpoint::Endpoint;
pub use env::{Environment, VARIABLES, Variable};
pub(crate) use exposed::Exposed;
pub(crate) use org::check_org;
pub(crate) use refresh::login;
pub(crate) use token::{Token, TokenKind};

use crate::error::{Error, Result};
use crate::invocation::Invocation;
use crate::text::{excerpt, printable};
use credential::Credential;
use profile::{Profile, ProfileFolder};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::OnceCell;

/// Limit of one API request when nothing else is said.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// The connection flags; an empty text is as if the flag were not given.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectionFlags {
    /// `--org`.
    pub(crate) org: Option<String>,
    /// `--profile`.
    pub(crate) profile: Option<String>,
    /// `--endpoint`.
    pub(crate) endpoint: Option<String>,
    /// `--token`.
    pub(crate) token: Option<SecretFlag>,
    /// `--token-file`.
    pub(crate) token_file: Option<PathBuf>,
    /// `--insecure`.
    pub(crate) insecure: bool,
    /// `--timeout`: limit of one API request.
    pub(crate) timeout: Option<Duration>,
}

/// The text of a flag that `Debug` does not show.
#[derive(Clone, Default)]
pub(crate) struct SecretFlag(pub String);

impl From<String> for SecretFlag {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for SecretFlag {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for SecretFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a setting came from. Displayed as a person would name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag, with its dashes.
    Flag(&'static str),
    /// An environment variable.
    Env(&'static str),
    /// A field of a profile file.
    Profile {
        /// The profile's name.
        name: String,
        /// The field, as `context.org`.
        field: &'static str,
    },
    /// Read out of the service-account key.
    Key,
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Env(name) => f.write_str(name),
            Self::Profile { name, .. } => write!(f, "profile `{}`", printable(name)),
            Self::Key => f.write_str("the service-account key"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and the place it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    /// The value.
    pub(crate) value: T,
    /// The place.
    pub(crate) origin: Origin,
}

impl<T> Sourced<T> {
    fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

/// The proxy to the API, as the environment names it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// Its URL, which may hold a password.
    pub(crate) url: String,
    /// The variable that names it.
    pub(crate) variable: &'static str,
    /// The hosts that are reached without it, in the form of `NO_PROXY`.
    pub(crate) exceptions: Option<String>,
}

impl Proxy {
    /// Whether the host is surely reached without it: named in the exceptions, or below a domain
    /// that is. Ranges of addresses are not looked into.
    pub(crate) fn excepts(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let entries = self.exceptions.iter().flat_map(|list| list.split(','));
        entries
            .map(|entry| entry.trim().trim_start_matches('.').to_ascii_lowercase())
            .filter(|entry| !entry.is_empty())
            .any(|entry| {
                let below = host.strip_suffix(&entry);
                entry == "*" || below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("variable", &self.variable)
            .field("exceptions", &self.exceptions)
            .finish_non_exhaustive()
    }
}

/// Who is logged in, as far as it can be told without a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The profile's e-mail address or the id of the service-account key.
    pub(crate) who: Option<String>,
    /// What sort of token it is.
    pub(crate) kind: TokenKind,
    /// Where the token came from.
    pub(crate) origin: Origin,
    /// When the token ends, if it says so.
    pub(crate) expires: Option<OffsetDateTime>,
    /// The org that a service-account key is of: it is written in it.
    pub(crate) org: Option<String>,
}

/// All settings that say who and where.
#[derive(Debug)]
pub(crate) struct Settings {
    environment: Environment,
    org: Option<Sourced<String>>,
    endpoint: Sourced<Endpoint>,
    profile: Option<Sourced<String>>,
    insecure: Option<Origin>,
    timeout: Duration,
    proxy: Option<Proxy>,
    credential: Option<Credential>,
    email: Option<String>,
    /// The profiles to choose from, when none applies.
    choices: Option<String>,
    warnings: Vec<String>,
    exposed: Vec<Exposed>,
    renewed: OnceCell<Token>,
}

impl Settings {
    /// Puts flags, environment and profile together.
    ///
    /// A missing org or token is not an error yet: not every command needs them. A profile that was
    /// named and does not exist, an endpoint that must not get a token and a file that cannot be
    /// read are (usage, or failure for I/O).
    pub(crate) fn resolve(flags: &ConnectionFlags, environment: &Environment) -> Result<Self> {
        let folder = ProfileFolder::find(environment);
        let chosen = folder.choose(flags.profile.as_deref(), environment)?;
        let profile = match &chosen {
            Some(chosen) => folder.load(chosen)?,
            None => Profile::default(),
        };
        let from = |field| Origin::Profile {
            name: chosen
                .as_ref()
                .map(|chosen| chosen.value.clone())
                .unwrap_or_default(),
            field,
        };

        let credential = Credential::find(flags, environment, &profile, &from)?;
        let org = first(
            ("--org", flags.org.as_deref()),
            ("CPLN_ORG", environment),
            profile
                .org
                .clone()
                .map(|org| Sourced::new(org, from("context.org"))),
        )?
        .or_else(|| {
            let key = credential.as_ref()?.token.as_ref()?.key()?;
            Some(Sourced::new(key.org, Origin::Key))
        });
        if let Some(org) = &org {
            check_org(&org.value).map_err(|reason| {
                let shown = excerpt(&org.value, 80);
                Error::usage(format!("`{shown}` is not an org's name ({})", org.origin))
                    .because(reason)
            })?;
        }
        let endpoint = first(
            ("--endpoint", flags.endpoint.as_deref()),
            ("CPLN_ENDPOINT", environment),
            profile
                .endpoint
                .clone()
                .map(|url| Sourced::new(url, from("request.endpoint"))),
        )?
        .unwrap_or_else(|| Sourced::new(endpoint::DEFAULT.to_owned(), Origin::Default));
        let endpoint = check_endpoint(endpoint)?;

        let insecure = if flags.insecure {
            Some(Origin::Flag("--insecure"))
        } else {
            profile.insecure.then(|| from("request.insecure"))
        };
        if flags.timeout.is_some_and(|limit| limit.is_zero()) {
            return Err(Error::usage("`--timeout` cannot be 0")
                .because("a request needs some time to be answered"));
        }
        let warnings = match &insecure {
            Some(origin) if endpoint.value.is_https() => vec![format!(
                "the certificate of {} is not checked ({origin}): whoever is on the way can read the token",
                endpoint.value.as_str()
            )],
            _ => Vec::new(),
        };
        Ok(Self {
            environment: environment.clone(),
            org,
            proxy: proxy(environment, &endpoint.value)?,
            endpoint,
            insecure,
            timeout: flags.timeout.or(profile.timeout).unwrap_or(TIMEOUT),
            credential,
            email: profile.email,
            choices: if chosen.is_none() {
                folder.listed()
            } else {
                None
            },
            exposed: exposed::among(
                chosen
                    .iter()
                    .flat_map(|chosen| folder.paths(&chosen.value))
                    .chain(flags.token_file.clone())
                    .collect::<Vec<_>>()
                    .iter()
                    .map(PathBuf::as_path),
            ),
            profile: chosen,
            warnings,
            renewed: OnceCell::new(),
        })
    }

    /// The org. Missing is of kind usage; without a login that is said first, since whoever logs in
    /// may have an org then.
    pub(crate) fn org(&self) -> Result<&Sourced<String>> {
        self.org.as_ref().ok_or_else(|| {
            if self.credential.is_none() {
                return self.logged_out().because("no org is set either");
            }
            let error = Error::usage("no org is set").hint("name it with `--org` or in CPLN_ORG");
            match (&self.choices, &self.profile) {
                (Some(names), _) => error
                    .because("no profile is the default one")
                    .hint(format!("or choose a profile with `--profile`: {names}")),
                (None, Some(profile)) => error
                    .because(format!(
                        "profile `{0}` names none",
                        printable(&profile.value)
                    ))
                    .hint(
                        Invocation::cpln("profile update")
                            .word(&profile.value)
                            .flag_hole("--org", "ORG")
                            .within("or for good: ", ""),
                    ),
                (None, None) => error,
            }
        })
    }

    /// The org if there is one.
    pub(crate) fn org_if_set(&self) -> Option<&Sourced<String>> {
        self.org.as_ref()
    }

    /// The API's URL.
    pub(crate) fn endpoint(&self) -> &Sourced<Endpoint> {
        &self.endpoint
    }

    /// The profile that applies.
    pub(crate) fn profile(&self) -> Option<&Sourced<String>> {
        self.profile.as_ref()
    }

    /// Who asked not to check certificates, if somebody did.
    pub(crate) fn insecure(&self) -> Option<&Origin> {
        self.insecure.as_ref()
    }

    /// Limit of one API request.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The proxy on the way to the endpoint. There is none on loopback.
    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// What should be said once, before the first request.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The files of these settings, and their folders, that everybody on the machine can change.
    pub(crate) fn exposed(&self) -> &[Exposed] {
        &self.exposed
    }

    /// Who is logged in; `None` when there is no token at all.
    pub(crate) fn identity(&self) -> Option<Identity> {
        let credential = self.credential.as_ref()?;
        let token = self.renewed.get().or(credential.token.as_ref());
        let key = token.and_then(Token::key);
        let (key, org) = key.map_or((None, None), |key| (Some(key.id), Some(key.org)));
        let claims = token.and_then(Token::claims);
        let expires = claims
            .as_ref()
            .and_then(|claims| OffsetDateTime::from_unix_timestamp(claims.expires?).ok());
        let email = match credential.origin {
            Origin::Profile { .. } => self.email.clone(),
            _ => None,
        };
        Some(Identity {
            who: email.or(key).or_else(|| claims?.email),
            kind: match token {
                Some(token) => token.kind(),
                None => TokenKind::User,
            },
            origin: credential.origin.clone(),
            expires,
            org,
        })
    }

    /// The token to send.
    ///
    /// An interactive login that has less than ten minutes left is renewed by running
    /// `cpln profile token`, once. Not logged in, or not renewable: kind denied.
    pub(crate) async fn token(&self) -> Result<Token> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        self.token_at(now).await
    }

    /// Whether there is a token that nothing has to be asked for.
    pub(crate) fn has_token(&self) -> bool {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let Some(credential) = &self.credential else {
            return false;
        };
        let token = credential.token.as_ref();
        token.is_some_and(|token| !credential.interactive || credential::lasts(token, now))
    }

    /// The names of the profiles of `cpln`.
    pub(crate) fn profiles(environment: &Environment) -> Vec<String> {
        ProfileFolder::find(environment).names()
    }

    async fn token_at(&self, now: i64) -> Result<Token> {
        let Some(credential) = &self.credential else {
            return Err(self.logged_out());
        };
        if let Some(token) = &credential.token
            && (!credential.interactive || credential::lasts(token, now))
        {
            return Ok(token.clone());
        }
        let profile = match &credential.origin {
            Origin::Profile { name, .. } => name.as_str(),
            _ => return Err(self.logged_out()),
        };
        let request = refresh::TokenRequest {
            environment: &self.environment,
            profile,
            endpoint: match self.endpoint.origin {
                Origin::Flag(_) => Some(self.endpoint.value.as_str()),
                _ => None,
            },
            insecure: matches!(self.insecure, Some(Origin::Flag(_))),
            limit: self.timeout,
            now,
            secrets: &credential.secrets,
        };
        self.renewed
            .get_or_try_init(|| request.run())
            .await
            .cloned()
    }

    fn logged_out(&self) -> Error {
        let error = Error::denied("not logged in to Control Plane")
            .hint("put the key of a service account into CPLN_TOKEN, or give `--token-file`");
        match (&self.profile, &self.choices) {
            (Some(profile), _) => {
                let name = printable(&profile.value);
                error
                    .because(format!("profile `{name}` holds no token"))
                    .hint(refresh::login(&profile.value).within("or log in: ", ""))
            }
            (None, Some(names)) => error
                .because("no token is given, and no profile is the default one")
                .hint(format!("or choose a profile with `--profile`: {names}")),
            (None, None) => error
                .because("no token is given, and there is no profile")
                .hint(Invocation::cpln("login").within("or log in: ", "")),
        }
    }
}

/// Flag, then environment, then profile.
fn first(
    (flag, given): (&'static str, Option<&str>),
    (variable, environment): (&'static str, &Environment),
    profile: Option<Sourced<String>>,
) -> Result<Option<Sourced<String>>> {
    if let Some(value) = given.filter(|value| !value.is_empty()) {
        return Ok(Some(Sourced::new(value.to_owned(), Origin::Flag(flag))));
    }
    Ok(match environment.text(variable)? {
        Some(value) => Some(Sourced::new(value.to_owned(), Origin::Env(variable))),
        None => profile,
    })
}

fn check_endpoint(found: Sourced<String>) -> Result<Sourced<Endpoint>> {
    match Endpoint::parse(&found.value) {
        Ok(endpoint) => Ok(Sourced::new(endpoint, found.origin)),
        Err(reason) => {
            // Nothing before an `@` is repeated: it may be a password.
            let shown = found.value.rsplit('@').next().unwrap_or_default();
            let error = Error::usage(format!(
                "the endpoint `{}` cannot be used ({})",
                excerpt(shown, 200),
                found.origin
            ));
            Err(error.because(reason).hint_if(meant(shown)))
        }
    }
}

/// The address that may be meant by one that cannot be used: the same over https.
fn meant(shown: &str) -> Option<String> {
    let host = shown.split_once("://").map_or(shown, |(_, host)| host);
    let https = format!("https://{host}");
    let is_one = host.contains('.') && Endpoint::parse(&https).is_ok();
    is_one.then(|| format!("did you mean `{https}`?"))
}

fn proxy(environment: &Environment, endpoint: &Endpoint) -> Result<Option<Proxy>> {
    // A request in plain http would hand the token to the proxy.
    if endpoint.is_loopback() {
        return Ok(None);
    }
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        if let Some(url) = environment.text(variable)? {
            let exceptions = environment.get("NO_PROXY").or(environment.get("no_proxy"));
            return Ok(Some(Proxy {
                url: url.to_owned(),
                variable,
                exceptions: exceptions.map(str::to_owned),
            }));
        }
    }
    Ok(None)
}
