//! The program without its process: `mk8s::run` with streams of the test's, for walks over a thousand
//! commands. What depends on the process (signals, the current folder, real terminals) is not here.

use super::env::Env;
use super::printed;
use super::process::Run;
use mk8s::ui::{Io, Terminal};
use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// One call.
#[must_use = "nothing has run yet"]
pub(crate) struct Inside {
    arguments: Vec<OsString>,
    variables: Vec<(String, String)>,
    stdin: Vec<u8>,
    terminal: bool,
}

impl Inside {
    /// The arguments behind the program's name, in this environment. Paths have to be absolute.
    pub(crate) fn new(env: &Env, arguments: &[String]) -> Self {
        let program = OsString::from("mk8s");
        let variables = env.variables().iter();
        Self {
            arguments: std::iter::once(program)
                .chain(arguments.iter().map(OsString::from))
                .collect(),
            variables: variables
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            stdin: Vec::new(),
            terminal: false,
        }
    }

    /// Sets a variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves variables out.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.variables
            .retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// What it reads; otherwise its input is empty.
    pub(crate) fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.stdin = content.into();
        self
    }

    /// All three streams are a terminal, by their word.
    pub(crate) fn on_a_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Runs to the end.
    #[must_use = "look at what it said"]
    pub(crate) fn run(self) -> Run {
        let (stdout, stderr) = (Pipe::default(), Pipe::default());
        let io = Io {
            stdin: Box::new(Cursor::new(self.stdin)),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            terminal: Terminal {
                stdin: self.terminal,
                stdout: self.terminal,
                stderr: self.terminal,
                no_stdout: false,
            },
        };
        let line = self
            .arguments
            .iter()
            .map(|it| it.to_string_lossy().escape_debug().to_string())
            .collect::<Vec<_>>()
            .join(" ");
        let given = self.arguments.iter().skip(1);
        let given: Vec<String> = given.map(|it| it.to_string_lossy().into_owned()).collect();
        let code = mk8s::run(self.arguments, self.variables.into_iter().collect(), io);
        let run = Run::inside(line, code, stdout.take(), &stderr.take());
        printed::look(&run, &given);
        run
    }
}

/// Keeps what is written.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
