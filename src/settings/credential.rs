//! Which token applies, and whether it is still good enough to be sent.

use super::env::Environment;
use super::profile::{self, Profile, Secret, shown};
use super::token::{Token, TokenKind};
use super::{ConnectionFlags, Origin, TIMEOUT};
use crate::error::{Error, Result};
use std::fs::File;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// An interactive token is renewed when less is left of it, in seconds.
const RENEW_BELOW: i64 = 600;
/// No token is longer, in bytes.
const TOKEN_FILE_LIMIT: u64 = 64 * 1024;

/// The token as found, before a renewal.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) token: Option<Token>,
    pub(super) origin: Origin,
    /// Of an interactive login, which `cpln` can renew.
    pub(super) interactive: bool,
    /// What the profile holds and no text of `cpln` may repeat.
    pub(super) secrets: Vec<Token>,
}

impl Credential {
    /// The token that applies: `--token`, `--token-file`, `CPLN_TOKEN`, the profile.
    pub(super) fn find(
        flags: &ConnectionFlags,
        environment: &Environment,
        profile: &Profile,
        from: &impl Fn(&'static str) -> Origin,
    ) -> Result<Option<Self>> {
        let flag = flags.token.as_ref().filter(|token| !token.0.is_empty());
        if flag.is_some() && flags.token_file.is_some() {
            return Err(Error::usage(
                "`--token` and `--token-file` cannot be given together",
            ));
        }
        let fixed = |text: &str, origin: Origin| match Token::new(text) {
            Ok(token) => Ok(Some(Self {
                token: Some(token),
                origin,
                interactive: false,
                secrets: Vec::new(),
            })),
            Err(reason) => {
                Err(Error::usage(format!("the token of {origin} cannot be used")).because(reason))
            }
        };
        if let Some(text) = flag {
            return fixed(&text.0, Origin::Flag("--token"));
        }
        if let Some(path) = &flags.token_file {
            return fixed(
                &token_file(path, flags.timeout.unwrap_or(TIMEOUT))?,
                Origin::Flag("--token-file"),
            );
        }
        if let Some(text) = environment.text("CPLN_TOKEN")? {
            return fixed(text, Origin::Env("CPLN_TOKEN"));
        }
        if let Some(Secret(text)) = &profile.token {
            return fixed(text, from("request.token"));
        }
        if profile.access_token.is_none() && profile.refresh_token.is_none() {
            return Ok(None);
        }
        let origin = from("authInfo.accessToken");
        // A stored token that is broken is as good as none: `cpln` can renew it.
        let token = profile
            .access_token
            .as_ref()
            .and_then(|Secret(text)| Token::new(text).ok());
        let interactive = !token
            .as_ref()
            .is_some_and(|token| token.kind() == TokenKind::ServiceAccount);
        Ok(Some(Self {
            token,
            origin,
            interactive,
            secrets: [&profile.access_token, &profile.refresh_token]
                .into_iter()
                .flatten()
                .filter_map(|Secret(text)| Token::new(text).ok())
                .collect(),
        }))
    }
}

/// Whether enough is left of an interactive token. One that does not say when it ends is renewed.
pub(super) fn lasts(token: &Token, now: i64) -> bool {
    token
        .claims()
        .and_then(|claims| claims.expires)
        .is_some_and(|end| end.saturating_sub(now) >= RENEW_BELOW)
}

/// A pipe is fine here, as in `--token-file <(vault read …)`, and what comes out of it is waited for
/// no longer than an answer.
fn token_file(path: &Path, limit: Duration) -> Result<String> {
    let failed = || format!("the token file {} cannot be used", shown(path));
    let read = {
        let path = path.to_owned();
        move || File::open(path).and_then(|file| profile::read_at_most(file, TOKEN_FILE_LIMIT))
    };
    let is_plain = path.metadata().is_ok_and(|metadata| metadata.is_file());
    let text = if is_plain {
        read()
    } else {
        let (send, receive) = mpsc::channel();
        // Opening a pipe that nobody writes to waits as well, and cannot be called off.
        std::thread::spawn(move || send.send(read()));
        receive.recv_timeout(limit).map_err(|_| {
            Error::failure(failed()).because(format!(
                "nothing came out of it within {} s",
                limit.as_secs_f64()
            ))
        })?
    };
    text.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::not_found(failed()).because("it does not exist"),
        std::io::ErrorKind::IsADirectory => Error::usage(failed()).because("it is a folder"),
        _ => Error::failure(failed()).because(error.to_string()),
    })
}
