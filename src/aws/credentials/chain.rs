//! What a profile says of its credentials: where the first ones come from, and the roles that are
//! assumed with them, one after the other. Pure.
//!
//! The SDK can do this too, but its nested calls then know neither the endpoint nor the region of
//! the run, and its errors are not for people.

use super::trouble::Reason;
use aws_config::profile::{Profile, ProfileSet};
use aws_sdk_sts::config::Credentials;
use secrecy::SecretString;

/// How a profile comes by its credentials.
#[derive(Debug)]
pub(in crate::aws) struct Chain {
    /// The profile that the first credentials are from.
    pub(super) at: String,
    /// The first credentials.
    pub(super) base: Base,
    /// The roles, in the order in which they are assumed.
    pub(super) roles: Vec<RoleStep>,
}

/// A role to assume.
#[derive(Debug)]
pub(in crate::aws) struct RoleStep {
    /// The profile that says so.
    pub(super) at: String,
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session: Option<String>,
    pub(super) seconds: Option<i32>,
}

/// Where first credentials come from.
#[derive(Debug)]
pub(in crate::aws) enum Base {
    Keys(Credentials),
    Environment,
    Container,
    Machine,
    Process(SecretString),
    WebIdentity(WebIdentity),
    Sso(Sso),
}

/// A token that a role is assumed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebIdentity {
    /// The file that holds it.
    pub(crate) file: String,
    /// The role.
    pub(crate) role: String,
    /// How the session is called.
    pub(crate) session: Option<String>,
}

/// An account and a role behind an SSO session.
#[derive(Debug)]
pub(in crate::aws) struct Sso {
    /// The name of the section `sso-session`; `None` where the profile has all itself.
    pub(super) session: Option<String>,
    pub(super) start_url: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) role: String,
}

/// What is wrong, and in which profile.
pub(super) type LinkFault = (String, Reason);

/// How the profile comes by its credentials. The caller has made sure that it exists.
pub(super) fn chain(profiles: &ProfileSet, name: &str) -> Result<Chain, LinkFault> {
    let mut seen: Vec<&str> = Vec::new();
    let mut roles = Vec::new();
    let mut at = name;
    loop {
        let fault = |reason| (at.to_owned(), reason);
        let Some(profile) = profiles.get_profile(at) else {
            let from = seen.last().copied().unwrap_or(name);
            return Err((from.to_owned(), Reason::NoSourceProfile(at.to_owned())));
        };
        if seen.contains(&at) {
            let names = seen.iter().chain([&at]).map(|&it| it.to_owned());
            return Err((name.to_owned(), Reason::Circle(names.collect())));
        }
        let whole = |base, mut roles: Vec<RoleStep>| {
            roles.reverse();
            Chain {
                at: at.to_owned(),
                base,
                roles,
            }
        };
        // Beneath a role, keys count before anything else that the profile says.
        if !seen.is_empty()
            && let Ok(Some(keys)) = keys(profile)
        {
            return Ok(whole(keys, roles));
        }
        seen.push(at);
        let Some(step) = step(profile) else {
            let base = base(profiles, profile).map_err(fault)?;
            return Ok(whole(base, roles));
        };
        if profile.get("mfa_serial").is_some() {
            return Err(fault(Reason::Mfa));
        }
        roles.push(step);
        match (
            profile.get("source_profile"),
            profile.get("credential_source"),
        ) {
            (Some(_), Some(_)) => return Err(fault(Reason::TwoSources)),
            (None, None) => return Err(fault(Reason::NoSource)),
            (None, Some(source)) => {
                let base = named_source(source).map_err(fault)?;
                return Ok(whole(base, roles));
            }
            // A role whose source is its own profile takes what else the profile has.
            (Some(source), None) if source == at => {
                let base = base(profiles, profile).map_err(fault)?;
                return Ok(whole(base, roles));
            }
            (Some(source), None) => at = source,
        }
    }
}

/// Whether a profile says anything of credentials.
pub(super) fn is_empty(profile: &Profile) -> bool {
    [
        "role_arn",
        "credential_source",
        "credential_process",
        "web_identity_token_file",
        "login_session",
        "sso_session",
        "sso_account_id",
        "sso_role_name",
        "sso_start_url",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
    ]
    .iter()
    .all(|setting| profile.get(setting).is_none())
}

fn step(profile: &Profile) -> Option<RoleStep> {
    if profile.get("web_identity_token_file").is_some() {
        return None;
    }
    let text = |name: &str| profile.get(name).map(str::to_owned);
    Some(RoleStep {
        at: profile.name().to_owned(),
        arn: text("role_arn")?,
        external_id: text("external_id"),
        session: text("role_session_name"),
        seconds: profile
            .get("duration_seconds")
            .and_then(|text| text.parse().ok()),
    })
}

fn base(profiles: &ProfileSet, profile: &Profile) -> Result<Base, Reason> {
    let text = |name: &str| profile.get(name).map(str::to_owned);
    if let Some(source) = profile.get("credential_source") {
        return named_source(source);
    }
    if let Some(file) = text("web_identity_token_file") {
        return Ok(Base::WebIdentity(WebIdentity {
            file,
            role: text("role_arn").ok_or(Reason::Lacks("role_arn"))?,
            session: text("role_session_name"),
        }));
    }
    if let Some(sso) = sso(profiles, profile)? {
        return Ok(Base::Sso(sso));
    }
    if profile.get("login_session").is_some() {
        return Err(Reason::Login);
    }
    if let Some(command) = text("credential_process") {
        return Ok(Base::Process(command.into()));
    }
    keys(profile)?.ok_or(Reason::Empty)
}

fn named_source(source: &str) -> Result<Base, Reason> {
    match source.to_ascii_lowercase().as_str() {
        "environment" => Ok(Base::Environment),
        "ec2instancemetadata" => Ok(Base::Machine),
        "ecscontainer" => Ok(Base::Container),
        _ => Err(Reason::UnknownSource(source.to_owned())),
    }
}

fn keys(profile: &Profile) -> Result<Option<Base>, Reason> {
    let (id, secret) = (
        profile.get("aws_access_key_id"),
        profile.get("aws_secret_access_key"),
    );
    match (id, secret) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Reason::Lacks("aws_access_key_id")),
        (Some(_), None) => Err(Reason::Lacks("aws_secret_access_key")),
        (Some(id), Some(secret)) => {
            let token = profile.get("aws_session_token").map(str::to_owned);
            let keys = Credentials::new(id, secret, token, None, "profile");
            Ok(Some(Base::Keys(keys)))
        }
    }
}

fn sso(profiles: &ProfileSet, profile: &Profile) -> Result<Option<Sso>, Reason> {
    let text = |name: &str| profile.get(name).map(str::to_owned);
    let session = text("sso_session");
    let (account, role) = (text("sso_account_id"), text("sso_role_name"));
    let (start_url, region) = match &session {
        Some(name) => {
            let section = profiles
                .sso_session(name)
                .ok_or_else(|| Reason::NoSsoSession(name.clone()))?;
            let text = |name: &str| section.get(name).map(str::to_owned);
            (text("sso_start_url"), text("sso_region"))
        }
        None => (text("sso_start_url"), text("sso_region")),
    };
    if session.is_none() && account.is_none() && role.is_none() && start_url.is_none() {
        return Ok(None);
    }
    Ok(Some(Sso {
        start_url: start_url.ok_or(Reason::Lacks("sso_start_url"))?,
        region: region.ok_or(Reason::Lacks("sso_region"))?,
        account: account.ok_or(Reason::Lacks("sso_account_id"))?,
        role: role.ok_or(Reason::Lacks("sso_role_name"))?,
        session,
    }))
}
