//! A command on a terminal, with somebody at the keyboard.

use super::env::Env;
use super::process::comes;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_mins(1);

/// A running command; what it shows and what is typed go through here.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    shown: Receiver<Vec<u8>>,
    screen: String,
    // Closed last: the terminal goes away with it.
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts the binary under test on a terminal of 100 columns.
    pub(crate) fn start(env: &Env, line: &str) -> Self {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Self::with(env, &words)
    }

    /// The same for arguments with blanks in them.
    pub(crate) fn with(env: &Env, words: &[String]) -> Self {
        Self::program(env, env!("CARGO_BIN_EXE_mk8s").as_ref(), words)
    }

    /// The same for another program.
    pub(crate) fn program(env: &Env, program: &Path, words: &[String]) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize {
                rows: 40,
                cols: 100,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(words);
        command.env_clear();
        for (name, value) in env.variables() {
            command.env(name, value);
        }
        command.cwd(env.path(""));
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
            screen: String::new(),
            _master: pair.master,
        }
    }

    /// Waits until the text has been shown.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) -> &mut Self {
        let end = Instant::now() + LIMIT;
        while !self.screen.contains(text) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.shown.recv_timeout(left) else {
                panic!("{text:?} was not shown\n--- screen\n{}", self.screen);
            };
            self.screen.push_str(&String::from_utf8_lossy(&bytes));
        }
        self
    }

    /// Forgets what was shown so far.
    pub(crate) fn forget(&mut self) -> &mut Self {
        self.screen.clear();
        self
    }

    /// What was shown since.
    pub(crate) fn screen(&self) -> &str {
        &self.screen
    }

    /// Types.
    pub(crate) fn type_in(&mut self, text: &str) -> &mut Self {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
        self
    }

    /// Waits for the end: the exit code and everything that was shown.
    #[track_caller]
    pub(crate) fn end(mut self) -> (u32, String) {
        let end = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > end {
                let _ = self.child.kill();
                panic!("the command did not end\n--- screen\n{}", self.screen);
            }
            match self.shown.recv_timeout(Duration::from_millis(20)) {
                Ok(bytes) => self.screen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout) => {}
                // Nothing any more: the process is about to end.
                Err(RecvTimeoutError::Disconnected) => {
                    comes(|| self.child.try_wait().unwrap().is_some());
                }
            }
        };
        // The terminal closes once nobody holds its other end; until then something may be under way.
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_secs(10)) {
            self.screen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status.exit_code(), self.screen)
    }
}
