//! Which failure is tried again, and when. The decision is pure; the loop only sleeps.

use super::error::{Access, ApiError, ApiProblem};
use crate::backoff::Backoff;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// No wait between two tries is longer, unless the server asks for it.
const LONGEST: Duration = Duration::from_secs(8);
/// How often one request is put off because all are.
const PAUSES: u32 = 30;

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct RetryPolicy {
    /// All tries, the first one included.
    pub(super) tries: u32,
    /// The last try starts within this time.
    pub(super) budget: Duration,
    /// The waits between the tries.
    pub(super) waits: Backoff,
    /// How long a pause may be that the server asks for, so that it counts as none of the tries: there
    /// is more to do than this one request.
    patience: Option<Duration>,
}

impl RetryPolicy {
    /// For a server that many share.
    pub(super) const REMOTE: Self = Self {
        tries: 4,
        budget: Duration::from_secs(20),
        waits: Backoff::new(Duration::from_millis(500), LONGEST),
        patience: None,
    };
    /// For a server on this machine, which nobody else presses on.
    pub(super) const LOOPBACK: Self = Self {
        waits: Backoff::new(Duration::from_millis(50), LONGEST),
        ..Self::REMOTE
    };

    /// The same, where many requests are to come.
    pub(super) fn with_patience(self, patience: Duration) -> Self {
        Self {
            patience: Some(patience),
            ..self
        }
    }

    /// Whether the server wants to be left alone for longer than is waited.
    pub(super) fn is_beyond(&self, error: &ApiError) -> bool {
        let is_longer = |patience| error.retry_after.is_some_and(|wish| wish > patience);
        error.problem == ApiProblem::Throttled && self.patience.is_some_and(is_longer)
    }

    /// Whether a failure is the server's pause, which all wait for together and which is no try.
    fn is_pause(&self, error: &ApiError, pauses: u32) -> bool {
        let is_one = error.problem == ApiProblem::Throttled && pauses < PAUSES;
        is_one && self.patience.is_some() && !self.is_beyond(error)
    }

    /// How long to wait before the next try; `None` when this failure is the result.
    ///
    /// `jitter` is from 0 to 1.
    pub(super) fn next(
        &self,
        access: Access,
        error: &ApiError,
        tries: u32,
        elapsed: Duration,
        jitter: f64,
    ) -> Option<Duration> {
        if tries >= self.tries || !error.is_transient() {
            return None;
        }
        // Whether to write again is for whoever can read first: sent blindly, a second write could
        // undo what somebody did after the first.
        if access.writes() && error.may_be_applied() {
            return None;
        }
        let wait = self.waits.after(tries.saturating_sub(1), jitter);
        // Earlier than the server asks for would be refused for sure, and count against us.
        let wait = wait.max(error.retry_after.unwrap_or_default());
        (elapsed.checked_add(wait)? <= self.budget).then_some(wait)
    }

    /// Tries until it works, or until a failure is not worth another try.
    pub(super) async fn run<T>(
        &self,
        access: Access,
        mut attempt: impl AsyncFnMut() -> Result<T, ApiError>,
        announce: impl Fn(&ApiError, Duration),
    ) -> Result<T, ApiError> {
        let mut start = Instant::now();
        let mut tries = 1;
        let mut pauses = 0;
        loop {
            let mut error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            error.access = access;
            error.tries = tries + pauses;
            if self.is_pause(&error, pauses) {
                // The gate lets nobody through before it is over.
                let wait = error.retry_after.unwrap_or_default();
                announce(&error, wait);
                let paused = Instant::now();
                sleep(wait).await;
                start += paused.elapsed();
                pauses += 1;
                continue;
            }
            match self.next(access, &error, tries, start.elapsed(), fastrand::f64()) {
                None => return Err(error),
                Some(wait) => {
                    announce(&error, wait);
                    sleep(wait).await;
                    tries += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::{AnswerExcess, ApiProblem};
    use super::*;
    use std::cell::RefCell;

    fn throttled(seconds: Option<u64>) -> ApiError {
        ApiError {
            status: Some(429),
            retry_after: seconds.map(Duration::from_secs),
            ..ApiError::new(ApiProblem::Throttled)
        }
    }

    #[test]
    fn reads_are_tried_again_when_it_may_help() {
        let start = Duration::ZERO;
        for (problem, again) in [
            (ApiProblem::Server, true),
            (ApiProblem::Throttled, true),
            (ApiProblem::Refused, true),
            (ApiProblem::Dns, true),
            (ApiProblem::Unreachable(String::new()), true),
            (ApiProblem::Timeout, true),
            (ApiProblem::Cut, true),
            (ApiProblem::Quota, false),
            (ApiProblem::Rejected, false),
            (ApiProblem::Unauthorized, false),
            (ApiProblem::Forbidden, false),
            (ApiProblem::Missing, false),
            (ApiProblem::Conflict, false),
            (ApiProblem::Unexpected, false),
            (ApiProblem::Redirected(String::new()), false),
            (ApiProblem::Tls(String::new()), false),
            (ApiProblem::TooLarge(AnswerExcess::Bytes), false),
            (ApiProblem::Garbage(String::new()), false),
            (ApiProblem::Unsendable(String::new()), false),
            (ApiProblem::Setup(String::new()), false),
        ] {
            let error = ApiError::new(problem);
            let next = RetryPolicy::REMOTE.next(Access::Read, &error, 1, start, 0.5);
            assert_eq!(next.is_some(), again, "{error:?}");
        }
    }

    #[test]
    fn writes_are_tried_again_only_when_they_were_surely_not_applied() {
        for (error, again) in [
            (ApiError::unsent(ApiProblem::Refused), true),
            (ApiError::unsent(ApiProblem::Dns), true),
            (
                ApiError::unsent(ApiProblem::Unreachable(String::new())),
                true,
            ),
            (ApiError::unsent(ApiProblem::Timeout), true),
            (throttled(None), true),
            (ApiError::new(ApiProblem::Timeout), false),
            (ApiError::new(ApiProblem::Cut), false),
            (ApiError::new(ApiProblem::Server), false),
            (ApiError::new(ApiProblem::Quota), false),
            (ApiError::new(ApiProblem::Conflict), false),
        ] {
            for access in [Access::Edit, Access::Apply] {
                let next = RetryPolicy::REMOTE.next(access, &error, 1, Duration::ZERO, 0.5);
                assert_eq!(next.is_some(), again, "{error:?}");
            }
        }
    }

    #[test]
    fn waits_double_and_end_with_tries_and_budget() {
        let policy = RetryPolicy::REMOTE;
        let error = ApiError::new(ApiProblem::Server);
        let next = |tries, elapsed, jitter| {
            policy.next(
                Access::Read,
                &error,
                tries,
                Duration::from_millis(elapsed),
                jitter,
            )
        };
        assert_eq!(next(1, 0, 1.0), Some(Duration::from_millis(500)));
        assert_eq!(next(1, 0, 0.0), Some(Duration::from_millis(250)));
        assert_eq!(next(2, 0, 1.0), Some(Duration::from_secs(1)));
        assert_eq!(next(3, 0, 1.0), Some(Duration::from_secs(2)));
        assert_eq!(next(4, 0, 1.0), None);
        assert_eq!(next(1, 19_600, 1.0), None);
        assert_eq!(next(1, 30_000, 0.0), None);
    }

    #[test]
    fn the_server_s_wish_counts_within_the_budget() {
        let next = |seconds, elapsed| {
            let elapsed = Duration::from_secs(elapsed);
            RetryPolicy::REMOTE.next(Access::Edit, &throttled(Some(seconds)), 1, elapsed, 0.5)
        };
        assert_eq!(next(7, 0), Some(Duration::from_secs(7)));
        assert_eq!(next(0, 0), Some(Duration::from_millis(375)));
        assert_eq!(next(20, 0), Some(Duration::from_secs(20)));
        assert_eq!(next(7, 14), None);
        assert_eq!(next(21, 0), None);
        assert_eq!(next(u64::MAX, 1), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_loop_waits_and_stops_at_the_first_success() {
        let start = Instant::now();
        let left = RefCell::new(vec![Some(throttled(None)), Some(throttled(Some(5))), None]);
        let waits = RefCell::new(Vec::new());
        let result = RetryPolicy::REMOTE
            .run(
                Access::Read,
                async || match left.borrow_mut().remove(0) {
                    Some(error) => Err(error),
                    None => Ok("done"),
                },
                |_, wait| waits.borrow_mut().push(wait),
            )
            .await;
        assert_eq!(result, Ok("done"));
        let waits = waits.into_inner();
        assert!(waits[0] >= Duration::from_millis(250) && waits[0] <= Duration::from_millis(500));
        assert_eq!(waits[1], Duration::from_secs(5));
        let slept = start.elapsed();
        assert!(
            slept >= waits[0] + waits[1] && slept < Duration::from_secs(6),
            "{slept:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_loop_gives_up_after_four_tries() {
        let count = RefCell::new(0);
        let result: Result<(), _> = RetryPolicy::REMOTE
            .run(
                Access::Read,
                async || {
                    *count.borrow_mut() += 1;
                    Err(ApiError::new(ApiProblem::Server))
                },
                |_, _| {},
            )
            .await;
        assert_eq!(*count.borrow(), 4);
        assert_eq!(result.unwrap_err().tries, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn slow_failures_end_with_the_budget() {
        let count = RefCell::new(0);
        let start = Instant::now();
        let result: Result<(), _> = RetryPolicy::REMOTE
            .run(
                Access::Read,
                async || {
                    *count.borrow_mut() += 1;
                    sleep(Duration::from_secs(15)).await;
                    Err(ApiError::new(ApiProblem::Timeout))
                },
                |_, _| {},
            )
            .await;
        assert_eq!(result.unwrap_err().tries, 2);
        assert!(start.elapsed() < Duration::from_secs(31));
    }
}
