//! Many small runs under one seed: counting, repeating, reporting.
//!
//! `scripts/torture` sets three variables: `MK8S_TORTURE=long` asks for the long form,
//! `MK8S_TORTURE_SEED` gives the seed, and `MK8S_TORTURE_REPORT` names a file that gets a line
//! `NAME RUNS BAD` of every trial. Without them a trial is short and always the same.

use std::any::Any;
use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// The seed of short trials.
const SEED: u64 = 20_250_601;

/// A trial under way; [`Trial::end`] fails the test when a run ended badly.
#[must_use = "it only counts when it ends"]
pub(crate) struct Trial {
    name: &'static str,
    seed: u64,
    long: bool,
    began: Instant,
    runs: AtomicUsize,
    bad: Mutex<Vec<String>>,
}

impl Trial {
    /// Begins one; the name is `MODULE::TEST`.
    pub(crate) fn begin(name: &'static str) -> Self {
        let seed = std::env::var("MK8S_TORTURE_SEED")
            .map_or(SEED, |text| text.parse().expect("a seed is a number"));
        Self {
            name,
            seed,
            long: std::env::var("MK8S_TORTURE").is_ok_and(|word| word == "long"),
            began: Instant::now(),
            runs: AtomicUsize::new(0),
            bad: Mutex::default(),
        }
    }

    /// Whether this is the long form.
    pub(crate) fn is_long(&self) -> bool {
        self.long
    }

    /// A number for the short form and one for the long form.
    pub(crate) fn scale(&self, short: usize, long: usize) -> usize {
        if self.long { long } else { short }
    }

    /// The chance of one run: the same for the same seed and number.
    pub(crate) fn chance(&self, run: usize) -> fastrand::Rng {
        let mixed = self.seed ^ (run as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        fastrand::Rng::with_seed(mixed)
    }

    /// A sample of the cases that the seed decides; all of them in the long form.
    pub(crate) fn sample<T>(&self, mut cases: Vec<T>, short: usize) -> Vec<T> {
        if !self.long {
            self.chance(usize::MAX).shuffle(&mut cases);
            cases.truncate(short);
        }
        cases
    }

    /// Does every case, several at a time. A case that fails or panics is a bad end, and the others
    /// go on.
    pub(crate) fn each<T: Sync>(
        &self,
        cases: &[T],
        at_once: usize,
        describe: impl Fn(&T) -> String + Sync,
        work: impl Fn(&T) -> Result<(), String> + Sync,
    ) {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| {
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                        let result = panic::catch_unwind(AssertUnwindSafe(|| work(case)))
                            .unwrap_or_else(|payload| Err(words(payload.as_ref())));
                        self.count(&describe(case), result);
                    }
                });
            }
        });
    }

    /// Counts one run.
    pub(crate) fn count(&self, what: &str, result: Result<(), String>) {
        self.runs.fetch_add(1, Ordering::SeqCst);
        if let Err(reason) = result {
            self.bad
                .lock()
                .unwrap()
                .push(format!("## {what}\n{}", reason.trim_end()));
        }
    }

    /// Reports, and fails the test when a run ended badly.
    #[track_caller]
    #[expect(
        clippy::print_stderr,
        reason = "what a trial did is shown with --nocapture"
    )]
    pub(crate) fn end(self) {
        let runs = self.runs.into_inner();
        let bad = self.bad.into_inner().unwrap();
        let (name, seed) = (self.name, self.seed);
        eprintln!(
            "{name}: seed {seed}, {runs} runs, {} bad ends, {:.1} s",
            bad.len(),
            self.began.elapsed().as_secs_f64()
        );
        if let Some(path) = std::env::var_os("MK8S_TORTURE_REPORT") {
            let line = format!("{name} {runs} {}\n", bad.len());
            std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .and_then(|mut file| file.write_all(line.as_bytes()))
                .expect("the report can be written");
        }
        assert!(runs > 0, "{name} did nothing");
        if bad.is_empty() {
            return;
        }
        let module = name.split("::").next().unwrap_or(name);
        let repeat = if self.long {
            format!("scripts/torture --seed {seed} {module}::")
        } else {
            format!("scripts/test {module}::")
        };
        let mut text = String::new();
        for one in bad.iter().take(10) {
            let _ = writeln!(text, "{one}\n");
        }
        panic!(
            "{} of {runs} runs of {name} ended badly; to repeat: {repeat}\n{text}",
            bad.len()
        );
    }
}

/// What a panic said.
fn words(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| {
            payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
        })
        .unwrap_or_else(|| "a panic without words".to_owned())
}

/// Fails a run with words, unless the condition holds.
macro_rules! insist {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use insist;
