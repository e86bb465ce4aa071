//! Hands the process's arguments, environment and streams to the library.

use mk8s::ui::{Io, Terminal};
use rustix::fs::{OFlags, fcntl_getfl, fstat, stat};
use std::io::{BufReader, IsTerminal as _, stderr, stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let io = Io {
        terminal: Terminal {
            stdin: stdin().is_terminal(),
            stdout: stdout().is_terminal(),
            stderr: stderr().is_terminal(),
            no_stdout: has_no_stdout(),
        },
        stdin: Box::new(BufReader::new(stdin())),
        stdout: Box::new(stdout()),
        stderr: Box::new(stderr()),
    };
    ExitCode::from(mk8s::run_last(
        std::env::args_os(),
        std::env::vars_os().collect(),
        io,
    ))
}

/// Whether standard output was closed when the program began. The runtime has opened `/dev/null` in
/// its place, for reading as well, which no shell does.
fn has_no_stdout() -> bool {
    let (Ok(flags), Ok(out), Ok(null)) =
        (fcntl_getfl(stdout()), fstat(stdout()), stat("/dev/null"))
    else {
        return false;
    };
    flags.contains(OFlags::RDWR) && (out.st_mode, out.st_rdev) == (null.st_mode, null.st_rdev)
}
