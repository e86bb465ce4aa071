//! What a run waits for at the moment: a board that whoever waits writes on, and that `ui` reads. Pure, but
//! for the clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The board of a run.
#[derive(Debug, Default)]
pub(crate) struct WaitBoard(Mutex<BoardLines>);

#[derive(Debug, Default)]
struct BoardLines {
    next: u64,
    open: BTreeMap<u64, BoardLine>,
}

#[derive(Debug)]
struct BoardLine {
    text: String,
    since: Instant,
}

/// A line on the board, for as long as this is kept.
#[derive(Debug)]
pub(crate) struct Waiting {
    board: Arc<WaitBoard>,
    number: u64,
}

/// What is waited for, and how long already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LongWait {
    /// What, in words that could stand behind "waiting:".
    pub(crate) text: String,
    /// How long.
    pub(crate) elapsed: Duration,
}

impl WaitBoard {
    fn lines(&self) -> MutexGuard<'_, BoardLines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on this is waited for.
    pub(crate) fn begin(self: &Arc<Self>, text: impl Into<String>) -> Waiting {
        let mut lines = self.lines();
        let number = lines.next;
        lines.next += 1;
        let line = BoardLine {
            text: text.into(),
            since: Instant::now(),
        };
        lines.open.insert(number, line);
        Waiting {
            board: Arc::clone(self),
            number,
        }
    }

    /// What has been waited for longer than that: for how long anything has, and of what takes so long the
    /// part that began last, which says best what it is.
    pub(crate) fn longer_than(&self, limit: Duration) -> Option<LongWait> {
        let lines = self.lines();
        let mut long = lines.open.values().map(|line| (line, line.since.elapsed()));
        let (first, elapsed) = long.by_ref().find(|(_, elapsed)| *elapsed >= limit)?;
        let last = long.rfind(|(_, elapsed)| *elapsed >= limit);
        let line = last.map_or(first, |(line, _)| line);
        Some(LongWait {
            text: line.text.clone(),
            elapsed,
        })
    }
}

impl Waiting {
    /// What is waited for now, as a part of the same.
    pub(crate) fn now(&self, text: impl Into<String>) {
        if let Some(line) = self.board.lines().open.get_mut(&self.number) {
            line.text = text.into();
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.board.lines().open.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_began_last_is_told_with_the_time_of_the_whole() {
        let board = Arc::new(WaitBoard::default());
        let long = |limit| board.longer_than(limit).map(|wait| wait.text);
        assert_eq!(long(Duration::ZERO), None);
        let whole = board.begin("whole");
        assert_eq!(long(Duration::ZERO).as_deref(), Some("whole"));
        assert_eq!(long(Duration::from_hours(1)), None);
        let part = board.begin("part");
        assert_eq!(long(Duration::ZERO).as_deref(), Some("part"));
        part.now("another try");
        assert_eq!(long(Duration::ZERO).as_deref(), Some("another try"));
        drop(part);
        assert_eq!(long(Duration::ZERO).as_deref(), Some("whole"));
        drop(whole);
        assert_eq!(long(Duration::ZERO), None);
    }
}
