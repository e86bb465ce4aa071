//! Looks again and again until a condition holds or the time is up.
//!
//! Knows nothing of add-ons: the caller brings the look, the condition and the words.

use super::error::ApiError;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// The first look comes at once. The waits after it double from this one, so that what is there in
/// a moment is seen in a moment, …
const FIRST: Duration = Duration::from_millis(250);
/// … and from here on they are those of the contract: 2 s, 4 s, 8 s, then always the longest.
const LONGEST: Duration = Duration::from_secs(15);

/// How waiting ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Waited<C, T> {
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

/// One look that was not enough.
#[derive(Debug)]
pub struct Progress<'a, C> {
    /// Since the first look.
    pub elapsed: Duration,
    /// What this look saw, or why it failed.
    pub look: Result<&'a C, &'a ApiError>,
    /// Until the next look.
    pub next: Duration,
}

/// Looks until `condition` gives a value, for at most `limit`.
///
/// A look that fails in a way that may pass is as good as "not yet"; any other failure ends the
/// wait at once. `on_progress` is called after every look that was not enough. A look that is under
/// way when the time is up is given up.
pub async fn until<C, T>(
    mut look: impl AsyncFnMut() -> Result<C, ApiError>,
    mut condition: impl FnMut(&C) -> Option<T>,
    limit: Duration,
    mut on_progress: impl FnMut(&Progress<'_, C>),
) -> Result<Waited<C, T>, ApiError> {
    let start = Instant::now();
    let deadline = start.checked_add(limit).unwrap_or(start + YEAR);
    let mut last_seen = None;
    let mut last_error = None;
    let mut nominal = FIRST;
    while let Ok(result) = timeout_at(deadline, look()).await {
        let wait = jittered(nominal, fastrand::f64());
        nominal = (nominal * 2).min(LONGEST);
        let progress = |look| Progress {
            elapsed: start.elapsed(),
            look,
            next: wait,
        };
        match result {
            Ok(seen) => {
                if let Some(value) = condition(&seen) {
                    return Ok(Waited::Ready {
                        value,
                        elapsed: start.elapsed(),
                    });
                }
                on_progress(&progress(Ok(&seen)));
                last_seen = Some(seen);
                last_error = None;
            }
            Err(error) if error.is_transient() => {
                on_progress(&progress(Err(&error)));
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
    Ok(Waited::TimedOut {
        last_seen,
        last_error,
        elapsed: start.elapsed(),
    })
}

/// Instead of a limit that no clock can hold.
const YEAR: Duration = Duration::from_hours(8760);

/// Between four fifths and six fifths of the nominal wait.
fn jittered(nominal: Duration, jitter: f64) -> Duration {
    nominal.mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0))
}
