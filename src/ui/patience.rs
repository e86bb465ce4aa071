//! What takes longer than a second says what it waits for: on a terminal one line that is rewritten and
//! goes, elsewhere a line every 30 seconds. Whoever tells its own progress is not spoken over.

use super::{Ui, Volume};
use crate::text::{elapsed, printable};
use crate::waiting::WaitBoard;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Silence is no longer than this on a terminal.
const SILENCE: Duration = Duration::from_secs(1);
/// Elsewhere a line is written as often as this.
pub(super) const REMINDER: Duration = Duration::from_secs(30);
/// How often the board is looked at.
const TICK: Duration = Duration::from_millis(200);

/// The line that is rewritten, with what turns before it.
pub(super) fn spinner(utf8: bool) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(if utf8 {
            style
        } else {
            style.tick_chars("|/-\\ ")
        });
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

impl Ui {
    /// The board that is told from.
    pub(crate) fn board(&self) -> &Arc<WaitBoard> {
        &self.board
    }

    /// Tells what is waited for, for as long as this is polled; it never ends.
    pub(crate) async fn watch(&self) {
        if self.volume() < Volume::Normal || self.debug {
            return std::future::pending().await;
        }
        let mut told: Option<Instant> = None;
        loop {
            tokio::time::sleep(TICK).await;
            if self.terminal.stderr {
                self.show_wait();
            } else {
                self.remind(&mut told);
            }
        }
    }

    /// For as long as this is kept, nothing else is told of what is waited for.
    pub(crate) fn speaks(&self) -> Speaking<'_> {
        self.calm();
        self.speakers.set(self.speakers.get() + 1);
        Speaking(self)
    }

    fn show_wait(&self) {
        let wait = self.board.longer_than(SILENCE);
        let Some(wait) = wait.filter(|_| self.speakers.get() == 0) else {
            return self.calm();
        };
        let text = printable(&self.concealed(&wait.text));
        if let Some(bar) = &*self.wait_bar.borrow() {
            return bar.set_message(text);
        }
        let bar = spinner(self.utf8).with_elapsed(wait.elapsed);
        bar.set_message(text);
        // What else is written does not go through the middle of its line.
        *self.bar.borrow_mut() = Some(bar.clone());
        *self.wait_bar.borrow_mut() = Some(bar);
    }

    /// Takes the line away that tells what is waited for.
    pub(crate) fn calm(&self) {
        if let Some(bar) = self.wait_bar.borrow_mut().take() {
            bar.finish_and_clear();
            *self.bar.borrow_mut() = None;
        }
    }

    /// The same where nothing is waited for any more: what is written then is what came of it.
    pub(super) fn calm_if_over(&self) {
        if self.wait_bar.borrow().is_some() && self.board.longer_than(SILENCE).is_none() {
            self.calm();
        }
    }

    fn remind(&self, told: &mut Option<Instant>) {
        let Some(wait) = self.board.longer_than(REMINDER) else {
            *told = None;
            return;
        };
        let is_due = told.is_none_or(|at| at.elapsed() >= REMINDER);
        if is_due && self.speakers.get() == 0 {
            *told = Some(Instant::now());
            let (text, time) = (&wait.text, elapsed(wait.elapsed));
            self.status(&format!("Still waiting: {text} ({time})"));
        }
    }
}

/// Somebody tells the progress, asks, or has the terminal.
pub(crate) struct Speaking<'a>(&'a Ui);

impl Drop for Speaking<'_> {
    fn drop(&mut self) {
        self.0.speakers.set(self.0.speakers.get().saturating_sub(1));
    }
}
