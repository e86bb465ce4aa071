//! A command that draws pages on a terminal: what stands on it, and how it is left.

use super::env::Env;
use super::process::comes;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read as _, Write};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_mins(1);

/// A running command, its keyboard and its screen.
pub(crate) struct Screen {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    shown: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
    modes: String,
    // Closed last: the terminal goes away with it.
    master: Box<dyn MasterPty + Send>,
}

/// How a command has left its terminal.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) code: u32,
    /// All that was written, sequences included.
    pub(crate) raw: String,
    /// What stands on the screen.
    pub(crate) text: String,
    /// What is not as it was before, in words; empty if all is.
    pub(crate) otherwise: String,
}

fn size_of(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn least(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap()
}

impl Screen {
    /// Starts the binary under test on a terminal of that size.
    pub(crate) fn start(env: &Env, line: &str, (cols, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size_of(cols, rows)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_mk8s"));
        command.args(line.split_whitespace());
        command.env_clear();
        for (name, value) in env.variables() {
            command.env(name, value);
        }
        command.cwd(env.path(""));
        let modes = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let keyboard = pair.master.take_writer().unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, shown) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // An error is how a terminal says that the other side is gone.
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            keyboard,
            shown,
            parser: vt100::Parser::new(least(rows), least(cols), 0),
            raw: Vec::new(),
            modes,
            master: pair.master,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.raw.extend_from_slice(bytes);
    }

    /// What stands on the screen.
    pub(crate) fn text(&self) -> String {
        let text = self.parser.screen().contents();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Waits until the text stands on the screen.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) -> &mut Self {
        self.until_it(&format!("{text:?} is seen"), |screen| screen.contains(text))
    }

    /// Waits until what stands on the screen is so.
    #[track_caller]
    pub(crate) fn until_it(&mut self, what: &str, holds: impl Fn(&str) -> bool) -> &mut Self {
        let end = Instant::now() + LIMIT;
        while !(self.is_whole() && holds(&self.text())) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.shown.recv_timeout(left) else {
                panic!("it did not come that {what}\n--- screen\n{}", self.text());
            };
            self.take(&bytes);
        }
        self
    }

    /// Whether a page is drawn to its end: its last row is drawn last.
    fn is_whole(&self) -> bool {
        let screen = self.parser.screen();
        let (rows, _) = screen.size();
        !screen.alternate_screen() || screen.cursor_position().0 + 1 == rows.get()
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
        self
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, cols: u16, rows: u16) -> &mut Self {
        self.parser.screen_mut().set_size(least(rows), least(cols));
        self.master.resize(size_of(cols, rows)).unwrap();
        self
    }

    /// Sends the process a signal.
    pub(crate) fn signal(&mut self, signal: Signal) -> &mut Self {
        let id = self.child.process_id().unwrap();
        let id = Pid::from_raw(id.try_into().unwrap()).unwrap();
        kill_process(id, signal).unwrap();
        self
    }

    /// Whether the terminal is another than it was.
    pub(crate) fn is_raw(&self) -> bool {
        format!("{:?}", self.master.get_termios()) != self.modes
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Left {
        let end = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > end {
                let _ = self.child.kill();
                panic!("the command did not end\n--- screen\n{}", self.text());
            }
            match self.shown.recv_timeout(Duration::from_millis(20)) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                // Nothing any more: the process is about to end.
                Err(RecvTimeoutError::Disconnected) => {
                    comes(|| self.child.try_wait().unwrap().is_some());
                }
            }
        };
        // The terminal closes once nobody holds its other end; until then something may be under way.
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_secs(10)) {
            self.take(&bytes);
        }
        let screen = self.parser.screen();
        let mut otherwise = Vec::new();
        if format!("{:?}", self.master.get_termios()) != self.modes {
            otherwise.push("modes");
        }
        if screen.alternate_screen() {
            otherwise.push("the other screen");
        }
        if screen.hide_cursor() {
            otherwise.push("no cursor");
        }
        if screen.bracketed_paste() {
            otherwise.push("brackets around what is pasted");
        }
        // The emulator does not know this one.
        let last = |text: &str| String::from_utf8_lossy(&self.raw).rfind(text);
        if last("\x1b[?7l") > last("\x1b[?7h") {
            otherwise.push("lines are not wrapped");
        }
        Left {
            code: status.exit_code(),
            raw: String::from_utf8_lossy(&self.raw).into_owned(),
            text: self.text(),
            otherwise: otherwise.join(", "),
        }
    }
}
