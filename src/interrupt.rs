//! The signals that end a run: Ctrl-C (INT), TERM and HUP.
//!
//! A run that waits for an answer ends with words ([`Interrupt::ends`]). One that works without
//! waiting (reads standard input, parses) ends on the spot, as without any of this. In between is
//! what must not be cut off: while a file is written, signals are noted and held back
//! ([`Interrupt::hold`]), and whoever writes looks afterwards ([`Interrupt::came`]).

use crate::error::{Error, Kind, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What is known about signals, shared by all who ask. The default is deaf.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    came: Arc<AtomicBool>,
    /// Whether a signal ends the process where it stands.
    at_once: Arc<AtomicBool>,
    /// How many signals a run was seen to get, and how many of them it takes for a wish to end soon.
    heard: Arc<AtomicUsize>,
    spare: Arc<AtomicUsize>,
}

/// Lets a run end well, until it is dropped.
#[must_use = "it lasts until it is dropped"]
pub(crate) struct SignalGrace {
    spare: Arc<AtomicUsize>,
}

/// Wakes a run that waits.
pub(crate) struct SignalBell(Vec<Signal>);

/// Puts back, at its end, what a signal does.
#[must_use = "it lasts until it is dropped"]
pub(crate) struct Until {
    at_once: Arc<AtomicBool>,
    before: bool,
}

impl Interrupt {
    /// Begins to listen. A signal that is ignored already stays so: `nohup` and background jobs
    /// count on it.
    pub(crate) fn listen(&self) -> Result<SignalBell> {
        let ignored = ignored();
        let mut bell = Vec::new();
        for number in [SIGINT, SIGTERM, SIGHUP] {
            // Where nobody can say whether HUP is ignored, it keeps its own way.
            if ignored.map_or(number == SIGHUP, |mask| mask >> (number - 1) & 1 == 1) {
                continue;
            }
            let code = i32::from(Kind::Interrupted.code());
            let listening =
                flag::register_conditional_shutdown(number, code, Arc::clone(&self.at_once))
                    .and_then(|_| flag::register(number, Arc::clone(&self.came)))
                    .and_then(|_| signal(SignalKind::from_raw(number)));
            bell.push(
                listening.map_err(|error| {
                    Error::failure(format!("signals cannot be handled: {error}"))
                })?,
            );
        }
        Ok(SignalBell(bell))
    }

    /// Whether a signal came that was held back.
    pub(crate) fn came(&self) -> bool {
        self.came.load(Ordering::SeqCst)
    }

    /// From here on a signal ends the process where it stands, if `yes`; else it is noted.
    pub(crate) fn ends_at_once(&self, yes: bool) -> Until {
        Until {
            before: self.at_once.swap(yes, Ordering::SeqCst),
            at_once: Arc::clone(&self.at_once),
        }
    }

    /// Holds signals back.
    pub(crate) fn hold(&self) -> Until {
        self.ends_at_once(false)
    }

    /// Holds signals back until the next wait, since there is more to say than "interrupted".
    pub(crate) fn has_words(&self) {
        self.at_once.store(false, Ordering::SeqCst);
    }

    /// Whether a signal ends the waiting; else the bell will wake the task.
    pub(crate) fn ends(&self, bell: &mut SignalBell, task: &mut Context<'_>) -> bool {
        for signal in &mut bell.0 {
            // Each is asked until it has nothing more to tell: only then does it wake the task.
            while let Poll::Ready(Some(())) = signal.poll_recv(task) {
                self.heard.fetch_add(1, Ordering::SeqCst);
            }
        }
        let heard = self.heard.load(Ordering::SeqCst);
        self.came() && heard > self.spare.load(Ordering::SeqCst)
    }

    /// Whether a signal came that is a wish to end soon.
    pub(crate) fn is_wished(&self) -> bool {
        self.came() && self.spare.load(Ordering::SeqCst) > 0
    }

    /// From here on the first signal is a wish, which whoever works looks after ([`Interrupt::came`])
    /// and follows soon; the next one ends the run at once.
    pub(crate) fn has_grace(&self) -> SignalGrace {
        let heard = self.heard.load(Ordering::SeqCst);
        self.spare.store(heard + 1, Ordering::SeqCst);
        SignalGrace {
            spare: Arc::clone(&self.spare),
        }
    }
}

impl Drop for SignalGrace {
    fn drop(&mut self) {
        self.spare.store(0, Ordering::SeqCst);
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        self.at_once.store(self.before, Ordering::SeqCst);
    }
}

/// The signals that this process was started to ignore, as a mask; `None` where the system does
/// not tell.
fn ignored() -> Option<u64> {
    let status: io::Result<String> = std::fs::read_to_string("/proc/self/status");
    let status = status.ok()?;
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back() {
        let interrupt = Interrupt::default();
        let at_once = || interrupt.at_once.load(Ordering::SeqCst);
        let working = interrupt.ends_at_once(true);
        assert!(at_once());
        let held = interrupt.hold();
        assert!(!at_once());
        drop(held);
        assert!(at_once());
        interrupt.has_words();
        assert!(!at_once());
        drop(working);
        assert!(!at_once() && !interrupt.came());
    }
}
