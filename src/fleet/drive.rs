//! Carries a rollout out: begins what may be begun, and hands on what ended.

use super::rollout::{Rollout, RolloutStep, Stop};
use super::several::Queue;
use super::state::TargetState;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::timeout_at;

/// What came of a target, and what it is to the rollout.
pub(crate) struct TargetEnd<T> {
    /// The result.
    pub(crate) result: T,
    /// As what it ended.
    pub(crate) state: TargetState,
    /// Whether, and why, no more are to be begun, whatever the budgets say.
    pub(crate) stop: Option<Stop>,
}

/// Works on the targets of a rollout, and hands each result on with its number.
///
/// `decided` are the results of the targets that no stage has, which nothing is done to. The results
/// come in the order of the numbers as far as that holds nobody up, as in [`super::each`]. Between two
/// stages `between` decides whether to go on; by then all that is done was handed on.
pub(crate) async fn drive<F, T>(
    rollout: &mut Rollout,
    decided: Vec<(usize, T)>,
    start: impl Fn(usize) -> F,
    mut between: impl AsyncFnMut(&mut Rollout) -> bool,
    take: impl FnMut(usize, T),
) where
    F: Future<Output = TargetEnd<T>>,
{
    let mut queue = Queue::new(take);
    for (number, result) in decided {
        queue.put(number, result);
    }
    let mut running = FuturesUnordered::new();
    loop {
        match rollout.step() {
            RolloutStep::Start(number) => {
                let job = start(number);
                running.push(async move { (number, job.await) });
            }
            RolloutStep::Wait => {
                let next = match queue.until() {
                    None => running.next().await,
                    Some(until) => {
                        let Ok(next) = timeout_at(until, running.next()).await else {
                            queue.release();
                            continue;
                        };
                        next
                    }
                };
                let Some((number, ended)) = next else { break };
                rollout.ended(ended.state);
                if let Some(why) = ended.stop {
                    rollout.stop(why);
                }
                queue.put(number, ended.result);
            }
            RolloutStep::Between => {
                queue.release();
                if between(rollout).await {
                    rollout.go_on();
                } else {
                    rollout.stop(Stop::Paused);
                }
            }
            RolloutStep::End => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Amount, Canary, RolloutWanted};
    use std::cell::RefCell;
    use std::time::Duration;
    use tokio::time::sleep;

    /// Runs six targets of which the second fails; gives what was begun and what was handed on.
    async fn run(wanted: &RolloutWanted, goes_on: bool) -> (Vec<usize>, Vec<usize>, Option<Stop>) {
        let targets: Vec<(usize, &str)> = (1..7).map(|number| (number, "c")).collect();
        let mut rollout = Rollout::new(wanted, &targets).unwrap();
        let (begun, seen) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let start = |number: usize| {
            begun.borrow_mut().push(number);
            async move {
                sleep(Duration::from_millis(10 * (7 - number as u64))).await;
                let state = if number == 2 {
                    TargetState::Failed
                } else {
                    TargetState::Changed
                };
                TargetEnd {
                    result: (),
                    state,
                    stop: None,
                }
            }
        };
        let take = |number, ()| seen.borrow_mut().push(number);
        let between = async |_: &mut Rollout| goes_on;
        drive(&mut rollout, vec![(0, ())], start, between, take).await;
        (begun.into_inner(), seen.into_inner(), rollout.stopped())
    }

    #[tokio::test(start_paused = true)]
    async fn results_come_in_order_whatever_ends_first() {
        let (begun, seen, stopped) = run(&RolloutWanted::default(), true).await;
        assert_eq!(
            (begun, seen),
            (vec![1, 2, 3, 4, 5, 6], vec![0, 1, 2, 3, 4, 5, 6])
        );
        assert_eq!(stopped, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_or_a_no_ends_it() {
        let budget = RolloutWanted {
            max_failures: Some(Amount::Count(0)),
            ..RolloutWanted::default()
        };
        let (begun, seen, stopped) = run(&budget, true).await;
        assert_eq!((begun, seen), (vec![1, 2], vec![0, 1, 2]));
        assert_eq!(stopped, Some(Stop::Failures));
        let canary = RolloutWanted {
            canary: Some(Canary::Amount(Amount::Count(1))),
            ..RolloutWanted::default()
        };
        let (begun, _, stopped) = run(&canary, false).await;
        assert_eq!((begun, stopped), (vec![1], Some(Stop::Paused)));
    }
}
