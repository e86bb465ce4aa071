//! The picker at the keyboard: pages, and the question below what was there before.

use super::super::Context;
use super::review::{self, PickedReview};
use crate::consent::Person as _;
use crate::error::{Error, Result};
use crate::picker::{PickKey, PickStep, Picker};
use crate::ui::{KeyScreen, ScreenEvent};

/// What was answered to the question.
enum PickedAnswer {
    Yes,
    No,
    /// To the pages again.
    Back,
}

/// Has somebody pick, and gives what was agreed to; `None` where it was left.
pub(super) async fn ask(cx: &Context, picker: &mut Picker) -> Result<Option<PickedReview>> {
    let mut screen = cx.ui.keys()?;
    loop {
        screen.draw(|width, height| picker.view(width, height));
        let ScreenEvent::Key(key) = screen.next().await? else {
            continue;
        };
        match picker.press(&key) {
            PickStep::Stay => {}
            PickStep::Leave => return Ok(None),
            PickStep::Interrupt => return Err(cx.interruption()),
            PickStep::Review => match review::plan(cx, picker) {
                Err(error) => {
                    picker.go_back();
                    picker.say(in_a_line(&error));
                }
                Ok(review) => {
                    screen.hide();
                    cx.ui.listens(true);
                    review.show(&cx.ui);
                    cx.ui.listens(false);
                    match answer(cx, &mut screen, &review.question).await? {
                        PickedAnswer::Yes => return Ok(Some(review)),
                        PickedAnswer::No => return Err(PickedReview::refusal()),
                        PickedAnswer::Back => picker.go_back(),
                    }
                }
            },
        }
    }
}

/// Asks by a single key.
async fn answer(cx: &Context, screen: &mut KeyScreen<'_>, question: &str) -> Result<PickedAnswer> {
    screen.prompt(&format!("{question} [y/N]"));
    loop {
        let ScreenEvent::Key(key) = screen.next().await? else {
            continue;
        };
        let (said, answer) = match key {
            PickKey::Char('y' | 'Y') => ("y", PickedAnswer::Yes),
            PickKey::Char('n' | 'N' | 'q') | PickKey::Enter => ("n", PickedAnswer::No),
            PickKey::Closed => ("", PickedAnswer::No),
            PickKey::Escape => ("back", PickedAnswer::Back),
            PickKey::Interrupt => {
                screen.answer("");
                return Err(cx.interruption());
            }
            _ => continue,
        };
        screen.answer(said);
        return Ok(answer);
    }
}

/// A refusal as it is said on a page.
pub(super) fn in_a_line(error: &Error) -> String {
    let first = error.others.first().unwrap_or(error);
    match first.because.as_slice() {
        [] => first.message.clone(),
        because => format!("{}: {}", first.message, because.join("; ")),
    }
}
