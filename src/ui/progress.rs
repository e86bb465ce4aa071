//! What is waited for: one line rewritten on a terminal, elsewhere a line when the state changes
//! and one every 30 seconds.

use super::Ui;
use super::patience::{REMINDER, Speaking, spinner};
use crate::text;
use crate::text::printable;
use indicatif::ProgressBar;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// Tells what is waited for; silent under `-q`.
pub(crate) struct Progress<'a> {
    ui: &'a Ui,
    spoken: bool,
    bar: Option<ProgressBar>,
    started: Instant,
    last: RefCell<String>,
    last_at: Cell<Instant>,
    _speaking: Speaking<'a>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(ui: &'a Ui, spoken: bool, terminal: bool) -> Self {
        let speaking = ui.speaks();
        let bar = (spoken && terminal).then(|| {
            let bar = spinner(ui.utf8);
            // What else is written does not go through the middle of its line.
            *ui.bar.borrow_mut() = Some(bar.clone());
            bar
        });
        let now = Instant::now();
        Self {
            ui,
            spoken,
            bar,
            started: now,
            last: RefCell::new(String::new()),
            last_at: Cell::new(now),
            _speaking: speaking,
        }
    }

    /// Whether one line is rewritten, which can be told the state at any time.
    pub(crate) fn is_live(&self) -> bool {
        self.bar.is_some()
    }

    /// Says the present state.
    pub(crate) fn say(&self, state: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(printable(&self.ui.concealed(state)));
            return;
        }
        if !self.spoken {
            return;
        }
        let changed = *self.last.borrow() != state;
        if changed || self.last_at.get().elapsed() >= REMINDER {
            let elapsed = self.started.elapsed();
            if elapsed < Duration::from_secs(1) {
                self.ui.status(state);
            } else {
                self.ui
                    .status(&format!("{state} ({})", text::elapsed(elapsed)));
            }
            state.clone_into(&mut self.last.borrow_mut());
            self.last_at.set(Instant::now());
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            *self.ui.bar.borrow_mut() = None;
        }
    }
}
