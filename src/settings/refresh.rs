//! Renews an interactive login by asking the `cpln` client for the profile's token.
//!
//! `cpln` owns the login: it knows the provider's addresses and writes the renewed token back. Its
//! output is checked before it is believed.

use super::env::Environment;
use super::token::Token;
use crate::error::{Error, Result};
use crate::invocation::Invocation;
use crate::text::excerpt;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

/// More than any token; the rest is not read.
const LIMIT: u64 = 64 * 1024;
/// What `cpln` prints when the profile holds no token.
const NO_TOKEN: &str = "<no token>";

/// What `cpln profile token` is asked for.
#[derive(Debug)]
pub(super) struct TokenRequest<'a> {
    pub(super) environment: &'a Environment,
    pub(super) profile: &'a str,
    /// Where the renewal starts, when a flag says other than profile and environment do.
    pub(super) endpoint: Option<&'a str>,
    pub(super) insecure: bool,
    pub(super) limit: Duration,
    /// Seconds since 1970.
    pub(super) now: i64,
    /// What is not to be quoted.
    pub(super) secrets: &'a [Token],
}

impl TokenRequest<'_> {
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
                quotable(&stderr, self.secrets)
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
            // What it starts itself ends with it when the time is up or this run is interrupted.
            .process_group(0)
            .kill_on_drop(true);
        if let Some(endpoint) = self.endpoint {
            command.args(["--endpoint", endpoint]);
        }
        if self.insecure {
            command.arg("--insecure");
        }
        let mut child = command.spawn()?;
        let group = ProcessGroup::of(&child);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (stdout, stderr, status) = tokio::join!(text(stdout), text(stderr), child.wait());
        group.release();
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
            .hint(
                Invocation::other("npm")
                    .plain("install --global @controlplane/cli")
                    .within("install `cpln` (", "); if the login itself has ended: ")
                    .command(login(self.profile)),
            )
            .hint("or put the key of a service account into CPLN_TOKEN")
    }

    fn log_in_again(&self, why: String) -> Error {
        Error::denied(self.message())
            .because(why)
            .hint(login(self.profile).within("log in again: ", ""))
            .hint("or put the key of a service account into CPLN_TOKEN")
    }
}

/// The command that logs a profile in again.
pub(crate) fn login(profile: &str) -> Invocation {
    Invocation::cpln("profile update")
        .word(profile)
        .plain("--login")
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

/// The processes that `cpln` started, itself included; they are ended when this goes unreleased.
struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// It has ended by itself.
    fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            // There may be nobody left.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

/// From this length on, characters in a row with a digit among them may be a token …
const TOKEN_LIKE: usize = 16;
/// … and from this one without.
const LONG: usize = 64;

/// What `cpln` said, without what is known to be secret and without what may be. Its standard output
/// is never quoted: that is where a token goes.
fn quotable(stderr: &str, secrets: &[Token]) -> String {
    let text = secrets
        .iter()
        .fold(stderr.to_owned(), |text, secret| secret.redact(&text));
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.~+".contains(c);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        let has_both = run.contains(|c: char| c.is_ascii_digit())
            && run.contains(|c: char| c.is_ascii_alphabetic());
        out.push_str(before);
        if run.len() >= LONG || run.len() >= TOKEN_LIKE && has_both {
            out.push_str("***");
        } else {
            out.push_str(run);
        }
        rest = after;
    }
    out.push_str(rest);
    let words: Vec<&str> = out.split_whitespace().collect();
    excerpt(&words.join(" "), 300)
}

async fn text(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(LIMIT).read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_token_is_not_quoted() {
        let known = [Token::new("short-one").unwrap()];
        for (said, quoted) in [
            ("Error: no network\n at x", "Error: no network at x"),
            ("token=abc short-one, gone", "token=abc ***, gone"),
            (
                "GET https://securetoken.googleapis.com/v1/token?key=AIzaSyA1b2c3d4e5f6 failed",
                "GET https://securetoken.googleapis.com/v1/token?key=*** failed",
            ),
            ("bad eyJhbGciOiJSUzI1NiJ9.e30.c2ln!", "bad ***!"),
            (
                "in /home/me/.config/cpln/profiles/ci.json",
                "in /home/me/.config/cpln/profiles/ci.json",
            ),
            (&"x".repeat(80), "***"),
        ] {
            assert_eq!(quotable(said, &known), quoted, "{said}");
        }
    }
}
