//! Looks again and again until a condition holds or the time is up.
//!
//! Knows nothing of add-ons: the caller brings the look, the condition and the words.

use super::error::ApiError;
use crate::backoff::Backoff;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// The first look comes at once. The waits after it double from this one, so that what is there in
/// a moment is seen in a moment, …
const FIRST: Duration = Duration::from_millis(250);
/// … and from here on they are those of the contract: 2 s, 4 s, 8 s, then always the longest.
const LONGEST: Duration = Duration::from_secs(15);

/// How waiting ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WaitEnd<C, T> {
    /// The condition holds.
    Ready {
        /// What the condition found.
        value: T,
        /// How long it took.
        elapsed: Duration,
    },
    /// The time is up.
    TimedOut {
        /// What the last look that succeeded saw.
        last_seen: Option<C>,
        /// Why later looks failed, if they did.
        last_error: Option<ApiError>,
        /// How long it took.
        elapsed: Duration,
    },
}

/// Looks until `condition` gives a value, for at most `limit`.
///
/// A look that fails in a way that may pass is as good as "not yet"; any other failure ends the
/// wait at once. `on_progress` is called after every look that was not enough. A look that is under
/// way when the time is up is given up.
pub(crate) async fn until<C, T>(
    mut look: impl AsyncFnMut() -> Result<C, ApiError>,
    mut condition: impl FnMut(&C) -> Option<T>,
    limit: Duration,
    mut on_progress: impl FnMut(),
) -> Result<WaitEnd<C, T>, ApiError> {
    let start = Instant::now();
    let deadline = start.checked_add(limit).unwrap_or(start + YEAR);
    let mut last_seen = None;
    let mut last_error = None;
    let mut waits = Backoff::new(FIRST, LONGEST);
    // However short the limit is, the first look is waited for.
    while let Ok(result) = timeout_at(deadline.max(start + GRACE), look()).await {
        let wait = waits.next();
        match result {
            Ok(seen) => {
                if let Some(value) = condition(&seen) {
                    return Ok(WaitEnd::Ready {
                        value,
                        elapsed: start.elapsed(),
                    });
                }
                on_progress();
                last_seen = Some(seen);
                last_error = None;
            }
            Err(error) if error.is_transient() => {
                on_progress();
                last_error = Some(error);
            }
            Err(error) => return Err(error),
        }
        let next = Instant::now() + wait;
        if next >= deadline {
            // A last look right before the end, rather than an idle rest.
            if Instant::now() + FIRST >= deadline {
                break;
            }
            sleep_until(deadline - FIRST).await;
        } else {
            sleep_until(next).await;
        }
    }
    sleep_until(deadline).await;
    Ok(WaitEnd::TimedOut {
        last_seen,
        last_error,
        elapsed: start.elapsed(),
    })
}

/// How long the first look may take even if the limit is shorter.
const GRACE: Duration = Duration::from_secs(1);

/// Instead of a limit that no clock can hold.
const YEAR: Duration = Duration::from_hours(365 * 24);

#[cfg(test)]
mod tests {
    use super::super::error::ApiProblem;
    use super::*;
    use std::cell::RefCell;

    /// Runs a wait over a script of looks; gives the result and the seconds of all looks.
    async fn run(
        script: Vec<Result<u32, ApiError>>,
        limit: Duration,
    ) -> (Result<WaitEnd<u32, u32>, ApiError>, Vec<f64>) {
        let start = Instant::now();
        let script = RefCell::new(script.into_iter());
        let looks = RefCell::new(Vec::new());
        let result = until(
            async || {
                looks.borrow_mut().push(start.elapsed().as_secs_f64());
                let next = script.borrow_mut().next();
                next.unwrap_or(Ok(0))
            },
            |seen| (*seen >= 10).then_some(*seen),
            limit,
            || {},
        )
        .await;
        (result, looks.into_inner())
    }

    const LONG: Duration = Duration::from_mins(5);

    #[tokio::test(start_paused = true)]
    async fn what_is_there_is_seen_at_once() {
        let (result, looks) = run(vec![Ok(10)], LONG).await;
        let elapsed = Duration::ZERO;
        assert_eq!(result, Ok(WaitEnd::Ready { value: 10, elapsed }));
        assert_eq!(looks, [0.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn looks_are_quick_at_first_and_then_up_to_fifteen_seconds_apart() {
        let (result, looks) = run(Vec::new(), LONG).await;
        assert!(matches!(
            result,
            Ok(WaitEnd::TimedOut { last_seen: Some(0), last_error: None, elapsed }) if elapsed <= LONG
        ));
        let waits: Vec<f64> = looks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for (wait, nominal) in waits
            .iter()
            .zip([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0])
        {
            assert!(
                *wait >= nominal * 0.49 && *wait <= nominal * 1.01,
                "{waits:?}"
            );
        }
        assert!(waits.iter().all(|wait| *wait <= 15.1), "{waits:?}");
        assert!(
            looks.last().unwrap() + 0.3 > LONG.as_secs_f64(),
            "{looks:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_may_pass_is_not_the_end() {
        let script = vec![
            Err(ApiError::new(ApiProblem::Server)),
            Ok(3),
            Err(ApiError::new(ApiProblem::Timeout)),
            Ok(11),
        ];
        let (result, looks) = run(script, LONG).await;
        assert!(matches!(result, Ok(WaitEnd::Ready { value: 11, .. })));
        assert_eq!(looks.len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn any_other_failure_is() {
        let script = vec![Ok(1), Err(ApiError::new(ApiProblem::Forbidden)), Ok(11)];
        let (result, looks) = run(script, LONG).await;
        assert_eq!(result.unwrap_err().problem, ApiProblem::Forbidden);
        assert_eq!(looks.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_tells_what_was_seen_last() {
        let cut = ApiError::new(ApiProblem::Cut);
        let script = vec![Ok(1), Ok(2), Err(cut.clone()), Err(cut)];
        let (result, _) = run(script, Duration::from_secs(1)).await;
        let Ok(WaitEnd::TimedOut {
            last_seen,
            last_error,
            ..
        }) = result
        else {
            panic!("{result:?}");
        };
        assert_eq!(last_seen, Some(2));
        assert_eq!(last_error.map(|error| error.problem), Some(ApiProblem::Cut));
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_hangs_ends_with_the_time() {
        let start = Instant::now();
        let result: Result<WaitEnd<u32, u32>, _> = until(
            async || {
                std::future::pending::<()>().await;
                Ok(1)
            },
            |_| None,
            Duration::from_secs(3),
            || panic!("there is nothing to report"),
        )
        .await;
        assert!(matches!(
            result,
            Ok(WaitEnd::TimedOut {
                last_seen: None,
                ..
            })
        ));
        assert_eq!(start.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn every_look_is_reported() {
        let script =
            RefCell::new(vec![Ok(1), Err(ApiError::new(ApiProblem::Cut)), Ok(10)].into_iter());
        let mut reports = 0;
        let result = until(
            async || script.borrow_mut().next().unwrap(),
            |seen| (*seen == 10).then_some(()),
            Duration::MAX,
            || reports += 1,
        )
        .await;
        assert!(matches!(result, Ok(WaitEnd::Ready { .. })));
        assert_eq!(reports, 2, "one of what was seen, one of what failed");
    }
}
