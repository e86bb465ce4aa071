//! Hands the process's arguments, environment and streams to the library.

use mk8s::ui::{Io, Terminal};
use std::io::{BufReader, IsTerminal as _, stderr, stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let io = Io {
        terminal: Terminal {
            stdin: stdin().is_terminal(),
            stdout: stdout().is_terminal(),
            stderr: stderr().is_terminal(),
        },
        stdin: Box::new(BufReader::new(stdin())),
        stdout: Box::new(stdout()),
        stderr: Box::new(stderr()),
    };
    ExitCode::from(mk8s::run(
        std::env::args_os(),
        std::env::vars_os().collect(),
        io,
    ))
}
