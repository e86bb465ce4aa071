//! A terminal on which single keys are read and whole pages drawn, and that is as before afterwards,
//! whichever way it ends.

use super::patience::Speaking;
use super::{Tone, Ui};
use crate::error::{Error, Result};
use crate::picker::{KeyReader, PickKey, Shade, ViewLine};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize,
    tcsetattr,
};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{Stdin, Write as _, stderr, stdin};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The other screen, no cursor, no wrapped lines; pasted text is told from typed.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[H\x1b[2J";
/// All of that as it was.
const LEAVE: &str = "\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l";
/// An Escape is one if nothing follows for so long.
const ESCAPE_TIME: Duration = Duration::from_millis(60);

/// What is put back by a panic, which may end the process without any drop.
static BEFORE: Mutex<Option<(OwnedFd, Termios)>> = Mutex::new(None);
/// Whether a page is shown.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// How a terminal was before single keys were read.
#[must_use = "it is put back when this is dropped"]
struct TerminalModes<F: AsFd> {
    terminal: F,
    before: Termios,
}

impl<F: AsFd> TerminalModes<F> {
    /// Has the terminal give each key as it comes, without showing it, Ctrl-C included.
    fn raw(terminal: F) -> std::io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut modes = before.clone();
        modes.local_modes -=
            LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
        modes.input_modes -= InputModes::IXON | InputModes::ICRNL | InputModes::INLCR;
        // A read gives what is there, and never waits.
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        HOOK.call_once(|| {
            let earlier = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                put_back_at_a_panic();
                earlier(panic);
            }));
        });
        *lock() = Some((terminal.as_fd().try_clone_to_owned()?, before.clone()));
        tcsetattr(&terminal, OptionalActions::Now, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl<F: AsFd> Drop for TerminalModes<F> {
    fn drop(&mut self) {
        *lock() = None;
        // What was typed ahead is the shell's.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

fn lock() -> std::sync::MutexGuard<'static, Option<(OwnedFd, Termios)>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put_back_at_a_panic() {
    if IS_SHOWN.swap(false, Ordering::SeqCst) {
        let _ = stderr().write_all(LEAVE.as_bytes());
    }
    if let Some((terminal, before)) = lock().take() {
        let _ = tcsetattr(terminal, OptionalActions::Now, &before);
    }
}

/// What happens while a page is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScreenEvent {
    Key(PickKey),
    /// The terminal has another size.
    Resized,
}

/// Pages and keys. When it is dropped the terminal is as it was.
pub(crate) struct KeyScreen<'a> {
    ui: &'a Ui,
    input: AsyncFd<Stdin>,
    resized: Signal,
    reader: KeyReader,
    keys: VecDeque<PickKey>,
    /// Its line would go through the page.
    _speaking: Speaking<'a>,
    /// Put back last.
    _modes: TerminalModes<Stdin>,
}

impl Ui {
    /// Whether pages can be drawn and keys read: all three streams are a terminal, and somebody may be
    /// asked.
    pub(crate) fn has_keys(&self) -> bool {
        self.interactive && self.terminal.stdout
    }

    /// Begins to read keys.
    pub(crate) fn keys(&self) -> Result<KeyScreen<'_>> {
        let failed = |error| Error::failure(format!("keys cannot be read: {error}"));
        #[expect(
            deprecated,
            reason = "standard input stays what it is for as long as the process lives"
        )]
        let input = AsyncFd::with_interest(stdin(), Interest::READABLE).map_err(failed)?;
        Ok(KeyScreen {
            ui: self,
            input,
            resized: signal(SignalKind::window_change()).map_err(failed)?,
            reader: KeyReader::default(),
            keys: VecDeque::new(),
            _speaking: self.speaks(),
            _modes: TerminalModes::raw(stdin()).map_err(failed)?,
        })
    }
}

impl KeyScreen<'_> {
    /// Draws a page in place of the one before; it is asked for with the columns and rows that there are.
    pub(crate) fn draw(&self, page: impl FnOnce(usize, usize) -> Vec<ViewLine>) {
        let (width, height) = size();
        let lines = page(width, height);
        let mut text = String::new();
        if !IS_SHOWN.swap(true, Ordering::SeqCst) {
            text.push_str(ENTER);
        }
        for row in 0..height {
            let _ = write!(text, "\x1b[{};1H", row + 1);
            for (shade, piece) in lines.get(row).iter().flat_map(|line| &line.pieces) {
                text.push_str(&match tone(*shade) {
                    Some(tone) => self.ui.paint_err(piece, tone),
                    None => piece.clone(),
                });
            }
            text.push_str("\x1b[K");
        }
        self.ui.write_err(&text);
    }

    /// Takes the pages away: from here on lines follow what was there before. Keys are still read.
    pub(crate) fn hide(&self) {
        if IS_SHOWN.swap(false, Ordering::SeqCst) {
            self.ui.write_err(LEAVE);
        }
    }

    /// Shows a question behind which a key is waited for.
    pub(crate) fn prompt(&self, text: &str) {
        self.ui.write_err(&crate::text::printable(text));
        self.ui.write_err(" ");
    }

    /// Shows what was answered.
    pub(crate) fn answer(&self, text: &str) {
        self.ui
            .write_err(&format!("{}\n", crate::text::printable(text)));
    }

    /// Waits for the next.
    pub(crate) async fn next(&mut self) -> Result<ScreenEvent> {
        loop {
            if let Some(key) = self.keys.pop_front() {
                return Ok(ScreenEvent::Key(key));
            }
            let is_open = self.reader.is_open();
            tokio::select! {
                // Another size is drawn before what is typed into it.
                biased;
                _ = self.resized.recv() => return Ok(ScreenEvent::Resized),
                ready = self.input.readable() => {
                    let mut ready = ready
                        .map_err(|error| Error::failure(format!("keys cannot be read: {error}")))?;
                    let mut bytes = [0; 1024];
                    match rustix::io::read(ready.get_inner(), &mut bytes) {
                        Ok(0) if ready.ready().is_read_closed() => {
                            return Ok(ScreenEvent::Key(PickKey::Closed));
                        }
                        Ok(length) => {
                            let read = bytes.get(..length).unwrap_or_default();
                            self.keys.extend(self.reader.feed(read));
                            if length < bytes.len() {
                                ready.clear_ready();
                            }
                        }
                        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => ready.clear_ready(),
                        Err(_) => return Ok(ScreenEvent::Key(PickKey::Closed)),
                    }
                }
                () = tokio::time::sleep(ESCAPE_TIME), if is_open => {
                    self.keys.extend(self.reader.close());
                }
            }
        }
    }
}

/// Columns and rows.
fn size() -> (usize, usize) {
    let size = tcgetwinsize(stderr()).ok();
    let size = size.filter(|it| it.ws_col > 0 && it.ws_row > 0);
    size.map_or((80, 24), |it| (it.ws_col.into(), it.ws_row.into()))
}

impl Drop for KeyScreen<'_> {
    fn drop(&mut self) {
        self.hide();
    }
}

fn tone(shade: Shade) -> Option<Tone> {
    match shade {
        Shade::Plain => None,
        Shade::Marked => Some(Tone::Cyan),
        Shade::Good => Some(Tone::Green),
        Shade::Bad => Some(Tone::Red),
        Shade::Odd => Some(Tone::Yellow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_terminal_is_as_before_after_an_end_an_error_and_a_panic() {
        let pair = portable_pty::native_pty_system();
        let pair = pair.openpty(portable_pty::PtySize::default()).unwrap();
        let name = pair.master.tty_name().unwrap();
        let other = std::fs::OpenOptions::new();
        let other = other.clone().read(true).write(true).open(name).unwrap();
        let modes = || format!("{:?}", tcgetattr(&other).unwrap());
        let before = modes();
        let raw = TerminalModes::raw(&other).unwrap();
        assert_ne!(modes(), before);
        drop(raw);
        assert_eq!(modes(), before);
        let failing = || -> std::io::Result<()> {
            let _raw = TerminalModes::raw(&other)?;
            Err(std::io::Error::other("it failed"))
        };
        failing().unwrap_err();
        assert_eq!(modes(), before);
        let panicking = catch_unwind(AssertUnwindSafe(|| {
            let _raw = TerminalModes::raw(&other).unwrap();
            panic!("it panicked");
        }));
        assert!(panicking.is_err());
        assert_eq!(modes(), before);
        // A process that ends by it drops nothing.
        let raw = TerminalModes::raw(&other).unwrap();
        put_back_at_a_panic();
        assert_eq!(modes(), before);
        drop(raw);
        assert_eq!(modes(), before);
    }
}
