//! Runs one process with its input, under a time limit, and keeps what it said.

use super::{documents, printed};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// No command of a test needs longer; one that does hangs.
const LIMIT: Duration = Duration::from_mins(1);

/// A process about to be run.
#[must_use = "nothing has run yet"]
pub(crate) struct Cmd {
    command: Command,
    stdin: Vec<u8>,
    limit: Duration,
    line: String,
    /// The arguments, of the binary under test alone.
    ours: Option<Vec<String>>,
}

impl Cmd {
    pub(super) fn new<A: AsRef<OsStr>>(
        program: &Path,
        arguments: &[A],
        variables: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Self {
        let mut line = program.file_name().unwrap().to_string_lossy().into_owned();
        for argument in arguments {
            let _ = write!(line, " {}", argument.as_ref().to_string_lossy());
        }
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(variables)
            .current_dir(folder);
        let is_ours = program == Path::new(env!("CARGO_BIN_EXE_mk8s"));
        let words = arguments
            .iter()
            .map(|it| it.as_ref().to_string_lossy().into_owned());
        Self {
            ours: is_ours.then(|| words.collect()),
            command,
            stdin: Vec::new(),
            limit: LIMIT,
            line,
        }
    }

    /// Sets a variable for this process only.
    pub(crate) fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.command.env(name, value);
        self
    }

    /// The same, for a chain that ends in [`Cmd::run`].
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.env(name, value);
        self
    }

    /// What the process reads; otherwise its input is empty.
    pub(crate) fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.stdin = content.into();
        self
    }

    /// Another time limit.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts the process with its output piped and no input, for a test that talks to it while it
    /// runs.
    pub(crate) fn spawn(mut self) -> Child {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`{}` did not start: {error}", self.line))
    }

    /// Runs to the end. A process that does not end in time is killed and fails the test.
    #[track_caller]
    #[must_use = "look at what it said"]
    pub(crate) fn run(mut self) -> Run {
        let began = Instant::now();
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`{}` did not start: {error}", self.line));
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.stdin);
        // A process that ends without reading its input is no failure of the test's.
        let writer = thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = collect(child.stdout.take().unwrap());
        let stderr = collect(child.stderr.take().unwrap());
        let status = wait(&mut child, self.limit);
        let elapsed = began.elapsed();
        let Some(status) = status else {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!(
                "`{}` had not ended after {elapsed:?}\n--- stdout\n{}--- stderr\n{}",
                self.line,
                String::from_utf8_lossy(&stdout.join().unwrap()),
                String::from_utf8_lossy(&stderr.join().unwrap()),
            );
        };
        writer.join().unwrap();
        let bytes = stdout.join().unwrap();
        let run = Run {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
            stderr: String::from_utf8_lossy(&stderr.join().unwrap()).into_owned(),
            elapsed,
            line: self.line,
        };
        documents::validate(&run.line, &run.bytes, run.stderr.as_bytes());
        if let Some(arguments) = &self.ours {
            printed::look(&run, arguments);
        }
        run
    }
}

/// Reads a pipe to its end beside the test.
pub(super) fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        // A killed process cuts its pipe off; what came before counts.
        let _ = pipe.read_to_end(&mut all);
        all
    })
}

/// Waits for the end, at most that long.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let mut status = None;
    comes_within(limit, || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status
}

/// Waits until it is so; gives up, with `false`, after a time that nothing here takes.
pub(crate) fn comes(is_so: impl FnMut() -> bool) -> bool {
    comes_within(Duration::from_secs(20), is_so)
}

fn comes_within(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        if is_so() {
            return true;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// What a process said and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; -1 after a signal.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The standard output as it came, for what need not be UTF-8.
    pub(crate) bytes: Vec<u8>,
    pub(crate) elapsed: Duration,
    line: String,
}

impl Run {
    /// What a call of the library said.
    pub(super) fn inside(line: String, code: u8, bytes: Vec<u8>, stderr: &[u8]) -> Self {
        documents::validate(&line, &bytes, stderr);
        Self {
            code: code.into(),
            stdout: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
            stderr: String::from_utf8_lossy(stderr).into_owned(),
            elapsed: Duration::ZERO,
            line,
        }
    }

    /// Insists on the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "the exit code of `{}`\n{self}", self.line);
        self
    }

    /// Insists on success.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.exits(0)
    }

    /// Insists on a text in stdout.
    #[track_caller]
    pub(crate) fn out(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "`{}` does not print {text:?}\n{self}",
            self.line
        );
        self
    }

    /// Insists on a text in stderr.
    #[track_caller]
    pub(crate) fn err(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "`{}` does not say {text:?}\n{self}",
            self.line
        );
        self
    }

    /// Insists that a text is in neither stream.
    #[track_caller]
    pub(crate) fn never(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "`{}` says {text:?}\n{self}",
            self.line
        );
        self
    }

    /// Insists on an empty stdout.
    #[track_caller]
    pub(crate) fn silent(self) -> Self {
        assert_eq!(self.stdout, "", "the stdout of `{}`\n{self}", self.line);
        self
    }

    /// Stdout as one JSON document and nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("`{}` prints no JSON: {error}\n{self}", self.line))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit {}", self.code)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "--- {name}")?;
                f.write_str(text)?;
                if !text.ends_with('\n') {
                    f.write_str("(no newline)\n")?;
                }
            }
        }
        Ok(())
    }
}
