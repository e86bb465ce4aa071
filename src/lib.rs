//! `mk8s` switches the add-ons of Control Plane managed Kubernetes clusters on and off, in manifest
//! files and on live clusters.
//!
//! The modules depend one way. Pure, without clock, network, file or terminal: [`error`], [`exit`],
//! `arn`, [`cluster`], [`change`], `patch`, [`addon`], `drift`, `secret`, `consent`, `place`,
//! `placeholder`, [`plan`], `picker`, [`invocation`] (commands that are printed), `shell` and `text` (what is
//! escaped). At the edges, and unaware of each other:
//! [`manifest`] (files), `control` (the API), [`aws`] (IAM; its rules are pure), `oidc` (token
//! issuers), [`settings`] (who and where), `sandbox` (an embedded Control Plane), [`ui`] (the
//! streams), `journal` (what a run over many clusters did), `history` (what runs changed of add-ons) and
//! `interrupt` (signals). On top: [`check`] (the checklist), [`cli`] (the command line)
//! and `command` (one file per verb), which ties them together.

pub mod addon;
pub(crate) mod arn;
mod authorities;
pub mod aws;
mod backoff;
pub mod change;
pub mod check;
mod choice;
pub mod cli;
pub mod cluster;
mod command;
pub(crate) mod consent;
pub(crate) mod control;
pub(crate) mod defaults;
pub(crate) mod drift;
pub mod error;
pub mod exit;
mod facts;
mod fleet;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod history;
mod interrupt;
pub mod invocation;
mod journal;
pub mod manifest;
mod number;
pub(crate) mod oidc;
mod owner;
pub(crate) mod patch;
mod pattern;
mod picker;
pub(crate) mod place;
pub(crate) mod placeholder;
pub mod plan;
pub(crate) mod remedy;
pub(crate) mod resource;
pub(crate) mod sandbox;
mod schema;
pub(crate) mod secret;
pub mod settings;
pub(crate) mod shell;
mod text;
pub mod ui;
pub mod validate;
mod waiting;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use cli::{Cli, Gist, Guess};
use error::{Error, Kind};
use settings::{ConnectionFlags, Environment};
use std::ffi::OsString;
use std::future::{Future as _, poll_fn};
use std::mem::ManuallyDrop;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use text::printable;
use ui::{Io, Ui};

/// Runs one command and gives the process's exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, env: Environment, io: Io) -> u8 {
    run_by(&mut cli::command(), args, env, io)
}

/// The same in a process that ends with it: the tree of commands, thousands of small allocations, is left
/// to the system. A small edit is a process of five million instructions, a sixth of them were for this.
pub fn run_last(args: impl IntoIterator<Item = OsString>, env: Environment, io: Io) -> u8 {
    run_by(&mut ManuallyDrop::new(cli::command()), args, env, io)
}

fn run_by(
    command: &mut clap::Command,
    args: impl IntoIterator<Item = OsString>,
    env: Environment,
    io: Io,
) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    if let [_, asking, asked @ ..] = args.as_slice()
        && asking == command::complete::ASKING
    {
        return candidates(asked, env, io);
    }
    cli::run_as(command, args.first());
    let mut gist = Gist::of(command, &args);
    let cli = match cli::parse(command, args.iter().cloned()) {
        Ok(cli) => cli,
        Err(error) => {
            let named = env.get("MK8S_OUTPUT").and_then(|word| word.parse().ok());
            gist.output = gist.output.or(named);
            let cx = unparsed(io, env, &gist);
            cx.reports_a_line(&gist);
            let error = escaped(expanded(guessed(error, command, &args), &args));
            return refuse(&error, command, &args, &cx);
        }
    };
    if cli.is_group_alone(&args) && !Ui::may_ask_by_keys(io.terminal, &env) {
        let bare = command.error(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, "");
        return refuse(&bare, command, &args, &unparsed(io, env, &gist));
    }
    let ui = match Ui::new(io, &cli, &gist, &env) {
        Ok(ui) => Rc::new(ui),
        Err(failed) => {
            let (error, io) = *failed;
            Ui::early(io, &gist).fail(&error);
            return error.kind.code();
        }
    };
    let flags = ConnectionFlags {
        org: cli.global.org.clone(),
        profile: cli.global.profile.clone(),
        endpoint: cli.global.endpoint.clone(),
        token: cli.global.token.clone().map(Into::into),
        token_file: cli.global.token_file.clone(),
        insecure: cli.global.insecure,
        timeout: cli.global.timeout,
    };
    let cx = command::Context::new(Rc::clone(&ui), env, flags, gist.said);
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failure(format!("the runtime cannot be started: {error}")))
        .and_then(|runtime| runtime.block_on(until_interrupted(&cx, cli)));
    // What is left is words: whoever waits for them may still have an end.
    let _ending = cx.interrupt.ends_at_once(true);
    let result = result.and_then(|outcome| ui.finish().map(|()| outcome));
    match cx.reported(result) {
        Ok(outcome) => outcome.code(),
        Err(error) => {
            ui.fail(&error);
            error.kind.code()
        }
    }
}

/// What there is of a run whose command line is not to be carried out.
fn unparsed(io: Io, env: Environment, gist: &Gist) -> command::Context {
    let ui = Rc::new(Ui::early(io, gist));
    command::Context::new(ui, env, ConnectionFlags::default(), Vec::new())
}

/// What a shell asks for at a TAB. It is always answered, and never with a word.
fn candidates(asked: &[OsString], env: Environment, io: Io) -> u8 {
    let cx = unparsed(io, env, &Gist::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    if let Ok(runtime) = runtime {
        runtime.block_on(command::complete::complete(&cx, asked));
        // A request that is under way is nobody's any more.
        runtime.shutdown_background();
    }
    let _ = cx.ui.finish();
    0
}

/// The command, unless a signal comes first. The sandbox handles signals itself.
async fn until_interrupted(cx: &command::Context, cli: Cli) -> Result<exit::Outcome, Error> {
    if matches!(cli.command, cli::Command::Sandbox(_)) {
        return command::run(cx, cli).await;
    }
    let mut bell = cx.interrupt.listen()?;
    let mut command = pin!(command::run(cx, cli));
    let mut watch = pin!(cx.ui.watch());
    poll_fn(|task| {
        let working = cx.interrupt.ends_at_once(cx.is_silent());
        let result = command.as_mut().poll(task);
        drop(working);
        let ended = if result.is_pending() && cx.interrupt.ends(&mut bell, task) {
            Poll::Ready(Err(cx.interruption()))
        } else {
            result
        };
        if ended.is_ready() {
            cx.ui.calm();
        } else {
            // It has no end of its own.
            let _ = watch.as_mut().poll(task);
        }
        ended
    })
    .await
}

/// What clap guesses, where there is nothing better to say.
fn guessed(mut error: clap::Error, command: &clap::Command, args: &[OsString]) -> clap::Error {
    let guess = cli::guess(command, args, &error);
    if matches!(guess, Guess::Clap) {
        return error;
    }
    for kind in [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
        ContextKind::SuggestedCommand,
        ContextKind::TrailingArg,
        ContextKind::Suggested,
    ] {
        error.remove(kind);
    }
    // Where a flag was guessed it stands in the usage as well.
    if error.get(ContextKind::Usage).is_some() {
        let usage = cli::usage_of(command, args);
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage.into()));
    }
    if let Guess::Hint(hint) = guess {
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![hint.into()]),
        );
    }
    error
}

/// Where a shell has put several files behind one `-f`, says how to name them.
fn expanded(mut error: clap::Error, args: &[OsString]) -> clap::Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    if word.starts_with('-') {
        return error;
    }
    let at = args.iter().position(|arg| arg == word.as_str());
    let before = args.get(..at.unwrap_or_default()).unwrap_or_default();
    let is_flag = |arg: &&OsString| arg.as_encoded_bytes().starts_with(b"-");
    let flag = before.iter().rfind(is_flag);
    if flag.is_some_and(|flag| flag == "-f" || flag == "--file") {
        let tip = "-f takes one value: quote a pattern, as in -f 'clusters/*.yaml', or write -f \
                   before each file";
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![tip.into()]),
        );
    }
    error
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
fn refuse(
    error: &clap::Error,
    command: &clap::Command,
    args: &[OsString],
    cx: &command::Context,
) -> u8 {
    let ui = &cx.ui;
    // Whoever names a group alone asks what is in it.
    let is_bare = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let is_short = error.kind() == ErrorKind::DisplayHelp && !args.iter().any(|it| it == "--help");
    let words = if is_bare || is_short {
        cli::screen(command, args)
    } else {
        error.render().to_string()
    };
    if error.use_stderr() && !is_bare {
        let error = usage(&words);
        ui.complain(&error, &words);
        let _ = cx.reported(Err(error));
        return Kind::Usage.code();
    }
    ui.raw(&words);
    match ui.finish() {
        Ok(()) => 0,
        Err(error) => {
            ui.fail(&error);
            error.kind.code()
        }
    }
}

/// The parser's words as an error: its first paragraph is what is wrong, a tip is a hint. What
/// follows is the usage, which stands in the help.
fn usage(words: &str) -> Error {
    let help = "add --help for the usage";
    // The first paragraph is the message, our own reason and hint below it; a tip is a paragraph.
    let mut paragraphs = words.split("\n\n");
    let (mut message, mut because, mut hints) = (Vec::new(), None, Vec::new());
    for line in paragraphs.next().unwrap_or_default().lines().map(str::trim) {
        match line.split_once(": ") {
            Some(("because", reason)) => because = Some(reason),
            Some(("hint", hint)) => hints.push(hint.to_owned()),
            Some(("error", rest)) if message.is_empty() => message.push(rest),
            _ => message.push(line),
        }
    }
    hints.extend(paragraphs.filter_map(|paragraph| {
        let words: Vec<&str> = paragraph.split_whitespace().collect();
        let (name, tip) = words.split_first()?;
        ["tip:", "hint:"].contains(name).then(|| tip.join(" "))
    }));
    let error = Error::usage(message.join(" "));
    let error = because.into_iter().fold(error, Error::because);
    hints
        .into_iter()
        .take(1)
        .fold(error, Error::hint)
        .hint(help)
}
