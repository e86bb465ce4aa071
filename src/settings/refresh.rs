//! Renews an interactive login by asking the `cpln` client for the profile's token.
//!
//! `cpln` owns the login: it knows the provider's addresses and writes the renewed token back. Its
//! output is checked before it is believed.

use super::env::Environment;
use super::token::Token;
use crate::error::{Error, Result};
use crate::text::excerpt;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

/// More than any token; the rest is not read.
const LIMIT: u64 = 64 * 1024;
/// What `cpln` prints when the profile holds no token.
const NO_TOKEN: &str = "<no token>";

/// What `cpln profile token` is asked for.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) environment: &'a Environment,
    pub(super) profile: &'a str,
    /// Where the renewal starts, when a flag says other than profile and environment do.
    pub(super) endpoint: Option<&'a str>,
    pub(super) insecure: bool,
    pub(super) limit: Duration,
    /// Seconds since 1970.
    pub(super) now: i64,
}

impl Request<'_> {
    /// Runs `cpln profile token NAME` and takes its one line.
    pub(super) async fn run(&self) -> Result<Token> {
        let Some(program) = find(self.environment) else {
            return Err(self.no_program());
        };
        let output = tokio::time::timeout(self.limit, self.call(program)).await;
        let (status, stdout, stderr) = match output {
            Err(_) => {
                let because = format!(
                    "`cpln profile token` did not end within {} seconds",
                    self.limit.as_secs_f64()
                );
                return Err(Error::unavailable(self.message()).because(because).hint(
                    "run it by hand to see what it waits for, or allow more with --timeout",
                ));
            }
            Ok(Err(error)) => {
                return Err(Error::failure(self.message())
                    .because(format!("`cpln` could not be run: {error}")));
            }
            Ok(Ok(output)) => output,
        };
        if !status.success() {
            return Err(self.log_in_again(format!(
                "`cpln profile token` ended with {status} and said \"{}\"",
                quotable(&stderr)
            )));
        }
        let line = stdout.trim();
        if line == NO_TOKEN || line.is_empty() {
            return Err(self.log_in_again("`cpln` holds no token for it".to_owned()));
        }
        let token = Token::new(line).map_err(|reason| {
            Error::failure(self.message())
                .because(format!("`cpln profile token` printed no token: {reason}"))
        })?;
        // When its own renewal fails `cpln` may print the old token all the same.
        let end = token.claims().and_then(|claims| claims.expires);
        if end.is_some_and(|end| end <= self.now) {
            return Err(self.log_in_again("the token that `cpln` gave has ended".to_owned()));
        }
        Ok(token)
    }

    async fn call(&self, program: PathBuf) -> io::Result<(ExitStatus, String, String)> {
        let mut command = Command::new(program);
        command
            .args(["profile", "token", self.profile])
            .env_clear()
            .envs(self.environment.iter())
            .env("CPLN_SKIP_UPDATE_CHECK", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(endpoint) = self.endpoint {
            command.args(["--endpoint", endpoint]);
        }
        if self.insecure {
            command.arg("--insecure");
        }
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (stdout, stderr, status) = tokio::join!(text(stdout), text(stderr), child.wait());
        Ok((status?, stdout?, stderr?))
    }

    fn message(&self) -> String {
        format!(
            "the login of profile `{}` was not renewed",
            excerpt(self.profile, 80)
        )
    }

    fn no_program(&self) -> Error {
        Error::denied(self.message())
            .because(
                "its stored token has ended or ends within ten minutes, and `cpln`, which renews \
                 it, is not on PATH",
            )
            .hint(format!(
                "install `cpln` (`npm install --global @controlplane/cli`); if the login itself has \
                 ended: `cpln profile update {} --login`",
                excerpt(self.profile, 80)
            ))
            .hint("or put the key of a service account into CPLN_TOKEN")
    }

    fn log_in_again(&self, why: String) -> Error {
        Error::denied(self.message())
            .because(why)
            .hint(format!(
                "log in again: `cpln profile update {} --login`",
                excerpt(self.profile, 80)
            ))
            .hint("or put the key of a service account into CPLN_TOKEN")
    }
}

/// The first executable `cpln` on the snapshot's PATH. An empty part of PATH would mean the current
/// folder; it is skipped.
fn find(environment: &Environment) -> Option<PathBuf> {
    let path: OsString = environment.path("PATH")?.into();
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("cpln"))
        .find(|file| {
            file.metadata().is_ok_and(|metadata| {
                metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
            })
        })
}

/// What `cpln` said, without words so long that they may be tokens. Its standard output is never
/// quoted: that is where a token goes.
fn quotable(stderr: &str) -> String {
    let words: Vec<&str> = stderr
        .split_whitespace()
        .map(|word| if word.len() < 80 { word } else { "***" })
        .collect();
    excerpt(&words.join(" "), 300)
}

async fn text(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(LIMIT).read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
