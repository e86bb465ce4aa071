//! `mk8s` switches the add-ons of Control Plane managed Kubernetes clusters on and off, in manifest
//! files and on live clusters.
//!
//! The modules depend one way. Pure, without clock, network, file or terminal: [`error`], [`exit`],
//! [`arn`], [`cluster`], [`change`], [`patch`], [`addon`], [`drift`], [`secret`], [`permit`], [`shell`]
//! and [`plan`]. At the edges, and unaware of each other: [`manifest`] (files), [`control`] (the API),
//! [`aws`] (IAM; its rules are pure), [`oidc`] (token issuers), [`settings`] (who and where),
//! [`sandbox`] (an embedded Control Plane) and [`ui`] (the streams). On top: [`check`] (the
//! checklist), [`cli`] (the command line) and `command` (one file per verb), which ties them
//! together.

pub mod addon;
pub mod arn;
pub mod aws;
pub mod change;
pub mod check;
pub mod cli;
pub mod cluster;
mod command;
pub mod control;
pub mod defaults;
pub mod drift;
pub mod error;
pub mod exit;
pub mod manifest;
pub mod oidc;
pub mod patch;
pub mod permit;
pub mod plan;
pub mod remedy;
pub mod sandbox;
pub mod secret;
pub mod settings;
pub mod shell;
pub mod ui;

use clap::Parser as _;
use cli::Cli;
use error::{Error, Kind};
use settings::{Environment, Flags};
use std::ffi::OsString;
use std::rc::Rc;
use ui::{Io, Ui};

/// Runs one command and gives the process's exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, env: Environment, io: Io) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, io),
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
    let result = result.and_then(|outcome| ui.finish().map(|()| outcome));
    match result {
        Ok(outcome) => outcome.code(),
        Err(error) => {
            ui.error(&error);
            error.kind.code()
        }
    }
}

/// The command, unless Ctrl-C comes first. The sandbox handles signals itself.
async fn until_interrupted(cx: &command::Context, cli: Cli) -> Result<exit::Outcome, Error> {
    if matches!(cli.command, cli::Command::Sandbox(_)) {
        return command::run(cx, cli).await;
    }
    tokio::select! {
        result = command::run(cx, cli) => result,
        Ok(()) = tokio::signal::ctrl_c() => Err(cx.interruption()),
    }
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
