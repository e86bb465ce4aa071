//! The time that one step has, and how calls are repeated within it.

use crate::aws::iam::{Answer, Failure};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The time that one step has: waits grow from half a second to five, with jitter.
pub(in crate::aws) struct Clock {
    pub(in crate::aws) patience: Duration,
    until: Instant,
    next: Duration,
}

impl Clock {
    /// A step starts now.
    pub(in crate::aws) fn start(patience: Duration) -> Self {
        Self {
            patience,
            until: Instant::now() + patience,
            next: Duration::from_millis(500),
        }
    }

    /// Waits a little longer than the last time; `false` if the time is over.
    pub(in crate::aws) async fn wait(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let jitter = self.next.mul_f64(0.2 * fastrand::f64());
        sleep((self.next + jitter).min(left)).await;
        self.next = self.next.mul_f64(1.6).min(Duration::from_secs(5));
        true
    }

    /// Repeats a call as long as its failure may pass and there is time.
    pub(in crate::aws) async fn persist<T>(
        &mut self,
        may_pass: impl Fn(&Failure) -> bool,
        call: impl AsyncFn() -> Answer<T>,
    ) -> Answer<T> {
        loop {
            match call().await {
                Err(failure) if may_pass(&failure) => {
                    if !self.wait().await {
                        return Err(failure);
                    }
                }
                answer => return answer,
            }
        }
    }
}
