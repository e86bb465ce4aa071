//! Input that nobody sends by accident: it ends soon, in little memory, with an exit code and words,
//! and nothing of it reaches a terminal as it came.

mod answers;
mod bombs;
mod files;
mod manifests;
mod servers;
mod settings;

use crate::support::{Env, Run};
use crate::walk::is_raw;
use std::time::Duration;

const ON: &str = "awsWorkloadIdentity: {}";

/// Whatever the input: an exit code of ours, in time, in words of a sane length, without a raw
/// control character.
#[track_caller]
fn sane(name: &str, run: &Run) {
    assert!((0..=11).contains(&run.code), "{name}\n{run}");
    assert!(
        run.elapsed < Duration::from_secs(25),
        "{name}: {:?}",
        run.elapsed
    );
    assert!(!run.stderr.contains("panicked"), "{name}\n{run}");
    assert!(
        run.stderr.len() < 20_000,
        "{name}: {} bytes of words",
        run.stderr.len()
    );
    for text in [&run.stdout, &run.stderr] {
        no_raw(name, text);
    }
    if !matches!(run.code, 0 | 10 | 11) {
        let is_told = ["error: ", "\"kind\":\"Error\""]
            .iter()
            .any(|words| run.stderr.contains(words));
        assert!(is_told, "{name}\n{run}");
    }
}

#[track_caller]
fn no_raw(name: &str, text: &str) {
    // A diff shows the tabs of a file.
    let found = text.chars().find(|c| is_raw(*c) && *c != '\t');
    assert_eq!(found, None, "{name} shows it raw: {text:?}");
}

/// Runs in at most so many megabytes of memory.
fn within(env: &Env, megabytes: usize, line: &str) -> Run {
    let script = format!(
        "ulimit -v {}; exec {} {line}",
        megabytes * 1024,
        env!("CARGO_BIN_EXE_mk8s")
    );
    env.sh(&script).run()
}
