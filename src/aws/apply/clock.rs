//! The time that one step has, and how calls are repeated within it.

use crate::aws::iam::{AwsFailure, IamAnswer};
use crate::backoff::Backoff;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The time that one step has.
///
/// IAM is known everywhere seconds after it says yes, sometimes a minute: what fails for that reason
/// alone is tried again, first soon, then every few seconds, since nothing tells when it is through.
pub(in crate::aws) struct Clock {
    pub(in crate::aws) patience: Duration,
    until: Instant,
    waits: Backoff,
}

impl Clock {
    /// A step starts now.
    pub(in crate::aws) fn start(patience: Duration) -> Self {
        Self {
            patience,
            until: Instant::now() + patience,
            waits: Backoff::new(Duration::from_millis(500), Duration::from_secs(5)),
        }
    }

    /// Waits a little longer than the last time; `false` if the time is over.
    pub(in crate::aws) async fn wait(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        sleep(self.waits.next().min(left)).await;
        true
    }

    /// Repeats a call as long as its failure may pass and there is time.
    pub(in crate::aws) async fn persist<T>(
        &mut self,
        may_pass: impl Fn(&AwsFailure) -> bool,
        call: impl AsyncFn() -> IamAnswer<T>,
    ) -> IamAnswer<T> {
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
