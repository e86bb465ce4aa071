//! Credentials from IAM Identity Center (SSO), with the login that the AWS CLI keeps.

use super::super::connect::AwsSession;
use super::super::failure::{failure, unreadable};
use super::chain::Sso;
use super::{Reason, Surroundings, call};
use aws_config::SdkConfig;
use aws_config::sso::SsoTokenProvider;
use aws_credential_types::provider::token::ProvideToken as _;
use aws_sdk_sts::config::{Credentials, Region};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The longest that a kept login may be.
const LONGEST: u64 = 1 << 20;

/// Exchanges the login for credentials of a role.
pub(super) async fn credentials(
    session: &AwsSession,
    around: &Surroundings,
    sso: &Sso,
) -> Result<Credentials, Reason> {
    let action = "sso:GetRoleCredentials";
    let what = || {
        format!(
            "SSO gave no credentials for the role {} in account {}",
            super::super::quotable(&sso.role),
            super::super::quotable(&sso.account)
        )
    };
    let session = session.in_region(&sso.region);
    let token = token(session.config(), around, sso).await?;
    let answer = session
        .sso()
        .get_role_credentials()
        .access_token(token.expose_secret())
        .account_id(&sso.account)
        .role_name(&sso.role)
        .send()
        .await
        .map_err(|error| {
            let failure = failure(action, &error);
            // The login was ended before its time.
            if failure.is("UnauthorizedException") {
                Reason::SsoOver
            } else {
                call(what(), failure)
            }
        })?;
    let given = answer.role_credentials().and_then(|given| {
        let until = u64::try_from(given.expiration()).ok().filter(|&it| it > 0);
        Some(Credentials::new(
            given.access_key_id()?,
            given.secret_access_key()?,
            given.session_token().map(str::to_owned),
            until.map(|it| UNIX_EPOCH + Duration::from_millis(it)),
            "sso",
        ))
    });
    given.ok_or_else(|| call(what(), unreadable(action)))
}

/// The token of the login; one of a session is renewed where that can be done without a browser.
async fn token(
    config: &SdkConfig,
    around: &Surroundings,
    sso: &Sso,
) -> Result<SecretString, Reason> {
    let file = kept(around, sso.session.as_ref().unwrap_or(&sso.start_url));
    let bytes = file
        .and_then(|file| super::super::connect::read(&file, LONGEST).ok())
        .ok_or(Reason::SsoNever)?;
    let kept: Value = serde_json::from_slice(&bytes).map_err(|_| Reason::SsoNever)?;
    if let Some(session) = &sso.session {
        let provider = SsoTokenProvider::builder()
            .configure(config)
            .start_url(&sso.start_url)
            .session_name(session)
            .region(Region::new(sso.region.clone()))
            .build()
            .await;
        let token = provider.provide_token().await;
        let token = token.map_err(|_| Reason::SsoOver)?;
        // A login that could not be renewed comes back as it was.
        let over = token.expiration().is_some_and(|it| it <= SystemTime::now());
        return if over {
            Err(Reason::SsoOver)
        } else {
            Ok(token.token().to_owned().into())
        };
    }
    let until = kept["expiresAt"]
        .as_str()
        .map(|text| text.replace("UTC", "Z"));
    let until = until.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok());
    if until.is_some_and(|until| until <= OffsetDateTime::now_utc()) {
        return Err(Reason::SsoOver);
    }
    let token = kept["accessToken"].as_str().ok_or(Reason::SsoNever)?;
    Ok(token.to_owned().into())
}

/// Where the AWS CLI keeps a login, by the name of the session or the URL.
fn kept(around: &Surroundings, of: &str) -> Option<PathBuf> {
    let mut name = String::new();
    for byte in digest(&SHA1_FOR_LEGACY_USE_ONLY, of.as_bytes()).as_ref() {
        let _ = write!(name, "{byte:02x}");
    }
    let folder = around.home.as_ref()?.join(".aws/sso/cache");
    Some(folder.join(format!("{name}.json")))
}
