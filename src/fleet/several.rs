//! Several at a time, and the results in the order of the targets, as far as that holds nobody up.

use futures_util::stream::{self, StreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a result is held back behind an earlier one that is not there yet.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does all jobs, at most `at_once` at a time, and gives the results in the order of the jobs.
pub(crate) async fn all<F: Future>(
    jobs: impl IntoIterator<Item = F>,
    at_once: usize,
) -> Vec<F::Output> {
    stream::iter(jobs).buffered(at_once).collect().await
}

/// Does all jobs, at most `at_once` at a time, and hands each result on with its number.
///
/// The results come in the order of the jobs: two runs of the same command read alike. A slow job
/// holds those behind it back for a moment only, since what was done is to be told when it is done.
/// Whoever drops this half-way (a signal does) still gets every result that there is.
pub(crate) async fn each<F: Future>(
    jobs: impl IntoIterator<Item = F>,
    at_once: usize,
    take: impl FnMut(usize, F::Output),
) {
    let mut queue = Queue::new(take);
    let jobs = jobs.into_iter().enumerate();
    let numbered = jobs.map(|(number, job)| async move { (number, job.await) });
    let mut running = pin!(stream::iter(numbered).buffer_unordered(at_once));
    loop {
        let ended = match queue.until {
            None => running.next().await,
            Some(until) => {
                let Ok(ended) = timeout_at(until, running.next()).await else {
                    queue.release();
                    continue;
                };
                ended
            }
        };
        match ended {
            Some((number, result)) => queue.put(number, result),
            None => break,
        }
    }
}

/// Results on their way to whoever takes them.
pub(super) struct Queue<T, F: FnMut(usize, T)> {
    /// Those that wait for an earlier one.
    held: BTreeMap<usize, T>,
    /// The numbers of those that were handed on before an earlier one.
    ahead: BTreeSet<usize>,
    /// The first number that was not handed on.
    next: usize,
    /// How long the held ones wait.
    until: Option<Instant>,
    take: F,
}

impl<T, F: FnMut(usize, T)> Queue<T, F> {
    pub(super) fn new(take: F) -> Self {
        Self {
            held: BTreeMap::new(),
            ahead: BTreeSet::new(),
            next: 0,
            until: None,
            take,
        }
    }

    /// How long the held ones wait.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    pub(super) fn put(&mut self, number: usize, result: T) {
        self.held.insert(number, result);
        loop {
            if let Some(result) = self.held.remove(&self.next) {
                (self.take)(self.next, result);
            } else if !self.ahead.remove(&self.next) {
                break;
            }
            self.next += 1;
        }
        self.until = if self.held.is_empty() {
            None
        } else {
            self.until.or_else(|| Some(Instant::now() + PATIENCE))
        };
    }

    /// Hands on all that is held.
    pub(super) fn release(&mut self) {
        for (number, result) in std::mem::take(&mut self.held) {
            self.ahead.insert(number);
            (self.take)(number, result);
        }
        self.until = None;
    }
}

impl<T, F: FnMut(usize, T)> Drop for Queue<T, F> {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use tokio::time::sleep;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Jobs that take these times; gives the order of the results and when each came.
    async fn run(times: &[u64], at_once: usize) -> Vec<(usize, u128)> {
        let start = Instant::now();
        let mut seen = Vec::new();
        let jobs = times.iter().map(|&time| sleep(ms(time)));
        each(jobs, at_once, |number, ()| {
            seen.push((number, start.elapsed().as_millis()));
        })
        .await;
        seen
    }

    #[tokio::test(start_paused = true)]
    async fn results_come_in_the_order_of_the_jobs() {
        let seen = run(&[300, 100, 200], 3).await;
        assert_eq!(seen, [(0, 300), (1, 300), (2, 300)]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_run_at_once_than_may() {
        let (now, most) = (Cell::new(0), Cell::new(0));
        let jobs = (0..20).map(|_| async {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            sleep(ms(100)).await;
            now.set(now.get() - 1);
        });
        let start = Instant::now();
        each(jobs, 8, |_, ()| {}).await;
        assert_eq!((most.get(), start.elapsed()), (8, ms(300)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_one_holds_the_others_back_for_a_moment_only() {
        let seen = run(&[10_000, 100, 5_000, 200], 4).await;
        assert_eq!(seen, [(1, 1_100), (3, 1_100), (2, 6_000), (0, 10_000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_done_is_handed_on_when_the_rest_is_given_up() {
        let seen = RefCell::new(Vec::new());
        let jobs = [10_000, 100, 200].map(|time| sleep(ms(time)));
        let work = each(jobs, 3, |number, ()| seen.borrow_mut().push(number));
        assert!(tokio::time::timeout(ms(500), work).await.is_err());
        assert_eq!(seen.into_inner(), [1, 2]);
    }

    #[tokio::test]
    async fn nothing_to_do_is_no_trouble() {
        assert!(run(&[], 8).await.is_empty());
    }
}
