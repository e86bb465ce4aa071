//! `mk8s` switches the add-ons of Control Plane managed Kubernetes clusters on and off, in manifest
//! files and on live clusters.
//!
//! The modules depend one way. Pure, without clock, network, file or terminal: [`error`], [`exit`],
//! [`arn`], [`cluster`], [`change`], [`patch`], [`addon`], [`drift`], [`secret`], [`consent`],
//! [`place`], [`plan`], [`shell`] and `text` (what is escaped). At the edges, and unaware of each other:
//! [`manifest`] (files), [`control`] (the API), [`aws`] (IAM; its rules are pure), [`oidc`] (token
//! issuers), [`settings`] (who and where), [`sandbox`] (an embedded Control Plane), [`ui`] (the
//! streams) and `interrupt` (signals). On top: [`check`] (the checklist), [`cli`] (the command line)
//! and `command` (one file per verb), which ties them together.

pub mod addon;
pub mod arn;
pub mod aws;
mod backoff;
pub mod change;
pub mod check;
pub mod cli;
pub mod cluster;
mod command;
pub mod consent;
pub mod control;
pub mod defaults;
pub mod drift;
pub mod error;
pub mod exit;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod interrupt;
pub mod manifest;
pub mod oidc;
pub mod patch;
mod pattern;
pub mod place;
pub mod plan;
pub mod remedy;
pub mod sandbox;
pub mod secret;
pub mod settings;
pub mod shell;
mod text;
pub mod ui;

use clap::Parser as _;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use cli::Cli;
use error::{Error, Kind};
use settings::{Environment, Flags};
use std::ffi::OsString;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use text::printable;
use ui::{Io, Ui};

/// Runs one command and gives the process's exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, env: Environment, io: Io) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return refuse(&escaped(error), io),
    };
    let ui = match Ui::new(io, &cli.global, &env) {
        Ok(ui) => Rc::new(ui),
        Err(failed) => {
            let (error, io) = *failed;
            Ui::bare(io).error(&error);
            return error.kind.code();
        }
    };
    let flags = Flags {
        org: cli.global.org.clone(),
        profile: cli.global.profile.clone(),
        endpoint: cli.global.endpoint.clone(),
        token: cli.global.token.clone().map(Into::into),
        token_file: cli.global.token_file.clone(),
        insecure: cli.global.insecure,
        timeout: cli.global.timeout,
    };
    let cx = command::Context::new(Rc::clone(&ui), env, flags);
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failure(format!("the runtime cannot be started: {error}")))
        .and_then(|runtime| runtime.block_on(until_interrupted(&cx, cli)));
    // What is left is words: whoever waits for them may still have an end.
    let _ending = cx.interrupt.ends_at_once(true);
    let result = result.and_then(|outcome| ui.finish().map(|()| outcome));
    match result {
        Ok(outcome) => outcome.code(),
        Err(error) => {
            ui.error(&error);
            error.kind.code()
        }
    }
}

/// The command, unless a signal comes first. The sandbox handles signals itself.
async fn until_interrupted(cx: &command::Context, cli: Cli) -> Result<exit::Outcome, Error> {
    if matches!(cli.command, cli::Command::Sandbox(_)) {
        return command::run(cx, cli).await;
    }
    let mut bell = cx.interrupt.listen()?;
    let mut command = pin!(command::run(cx, cli));
    poll_fn(|task| {
        let working = cx.interrupt.ends_at_once(cx.is_silent());
        let result = command.as_mut().poll(task);
        drop(working);
        if result.is_pending() && cx.interrupt.ends(&mut bell, task) {
            return Poll::Ready(Err(cx.interruption()));
        }
        result
    })
    .await
}

/// The words of the command line that clap quotes come from outside like any other.
fn escaped(mut error: clap::Error) -> clap::Error {
    let fit: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(printable(text)),
                ContextValue::Strings(texts) => {
                    ContextValue::Strings(texts.iter().map(|text| printable(text)).collect())
                }
                ContextValue::StyledStrs(texts) => {
                    let fit = |text: &StyledStr| printable(&text.to_string()).into();
                    ContextValue::StyledStrs(texts.iter().map(fit).collect())
                }
                _ => return None,
            };
            Some((kind, value))
        })
        .collect();
    for (kind, value) in fit {
        error.insert(kind, value);
    }
    error
}

/// What clap says: help and version go to stdout with 0, everything else to stderr with 2.
fn refuse(error: &clap::Error, io: Io) -> u8 {
    let ui = Ui::bare(io);
    if error.use_stderr() {
        ui.complain(&error.render().to_string());
        Kind::Usage.code()
    } else {
        ui.raw(&error.render().to_string());
        match ui.finish() {
            Ok(()) => 0,
            Err(error) => {
                ui.error(&error);
                error.kind.code()
            }
        }
    }
}
