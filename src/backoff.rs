//! How long to wait before the next try: the one place, whatever is tried again.

use std::time::Duration;

/// Waits that double from the first to the longest, each with jitter.
///
/// The jitter takes away up to half of a wait. Two runs that failed together would otherwise come
/// back together, again and again: a server that is down would be met by all of them at the moment
/// it is up, and writers that race for a lock would meet at every round. Half of it always stays, so
/// that a wait is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    taken: u32,
}

impl Backoff {
    /// Nothing has been waited for yet.
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            taken: 0,
        }
    }

    /// Between runs that change the same thing. The longest wait is short: whoever was passed by
    /// slept for longer than the one who passed, and would lose to newcomers for ever.
    pub(crate) const fn between_writers() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(2))
    }

    /// Until somebody on this machine lets go of a file.
    pub(crate) const fn for_a_file() -> Self {
        Self::new(Duration::from_millis(5), Duration::from_millis(20))
    }

    /// The wait that is due, and the one after it next time.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.after(self.taken, fastrand::f64());
        self.taken = self.taken.saturating_add(1);
        wait
    }

    /// The wait once `taken` waits are over; `jitter` from 0 to 1 is half of the wait to all of it.
    pub(crate) fn after(&self, taken: u32, jitter: f64) -> Duration {
        // 2^16 of anything is beyond every longest wait, and still a number.
        let doubled = self.first.saturating_mul(1 << taken.min(16));
        doubled
            .min(self.longest)
            .mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits = Backoff::new(SECOND, SECOND * 5);
        let nominal: Vec<u64> = (0..5).map(|n| waits.after(n, 1.0).as_secs()).collect();
        assert_eq!(nominal, [1, 2, 4, 5, 5]);
        assert_eq!(waits.after(u32::MAX, 1.0), SECOND * 5);
    }

    #[test]
    fn jitter_takes_at_most_half_away() {
        let waits = Backoff::new(SECOND, SECOND * 5);
        assert_eq!(waits.after(0, 0.0), SECOND / 2);
        assert_eq!(waits.after(2, 0.5), SECOND * 3);
        assert_eq!(waits.after(2, 7.0), SECOND * 4);
        assert_eq!(waits.after(2, -7.0), SECOND * 2);
    }

    #[test]
    fn each_wait_follows_the_one_before() {
        let mut waits = Backoff::new(SECOND, SECOND * 60);
        for nominal in [1, 2, 4, 8, 16, 32, 60, 60] {
            let wait = waits.next();
            let nominal = SECOND * nominal;
            assert!(
                wait >= nominal / 2 && wait <= nominal,
                "{wait:?} of {nominal:?}"
            );
        }
    }
}
