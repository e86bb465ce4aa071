//! The commands that were agreed to, run one after the other as if they had been typed.

use super::super::Context;
use super::review::{PickedCommand, PickedReview};
use crate::error::{Error, Result};
use crate::exit::Outcome;

/// Runs them until one does not go well.
pub(super) async fn run(cx: &Context, review: PickedReview) -> Result<Outcome> {
    let mut left = review.commands.into_iter();
    let mut done = Vec::new();
    while let Some(command) = left.next() {
        let PickedCommand {
            shown,
            cli,
            said,
            agreed,
        } = command;
        let within = cx.within(said, agreed);
        let ended = Box::pin(super::super::run(&within, cli)).await;
        if let Err(error) = ended {
            return Err(left.fold(error, |error, command| not_run(cx, error, &command)));
        }
        done.push(shown);
        if cx.interrupt.came() {
            let error = cx.interruption();
            return Err(left.fold(error, |error, command| not_run(cx, error, &command)));
        }
    }
    for command in &done {
        cx.ui.equivalent(command);
    }
    Ok(Outcome::Ok)
}

fn not_run(cx: &Context, error: Error, command: &PickedCommand) -> Error {
    error.note(format!("Not run: {}", command.shown.render(cx.ui.reach())))
}
