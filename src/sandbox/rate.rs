//! How many requests a server answers: a bucket of tokens. Pure; the clock is a parameter.

use std::str::FromStr;

/// More than this in a second is no limit for anybody.
const MOST: u32 = 10_000;

/// So many requests in a time, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Microseconds after which one more is answered.
    every: u32,
    /// How many are answered at once after a rest.
    burst: u32,
}

impl FromStr for Rate {
    type Err = String;

    /// `N/s` or `N/m`, and `,burst=M` where more (or fewer) than N come at once.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "such a rate is `10/s`, `30/m` or `10/s,burst=20`".to_owned();
        let (rate, burst) = match text.split_once(",burst=") {
            Some((rate, burst)) => (rate, Some(burst)),
            None => (text, None),
        };
        let (count, unit) = rate.split_once('/').ok_or_else(wrong)?;
        let time = match unit {
            "s" => 1_000_000,
            "m" => 60_000_000,
            _ => return Err(wrong()),
        };
        let number = |text: &str| {
            let number: u32 = text.parse().ok().filter(|_| !text.starts_with('+'))?;
            (1..=MOST).contains(&number).then_some(number)
        };
        let bounds = || format!("from 1 to {MOST} can be counted");
        let count = number(count).ok_or_else(bounds)?;
        let burst = burst.map_or(Some(count), number).ok_or_else(bounds)?;
        Ok(Self {
            every: time / count,
            burst,
        })
    }
}

/// Counts what comes.
#[derive(Debug)]
pub(super) struct Limiter {
    rate: Rate,
    /// Until when the answers that were given are paid for, in microseconds since 1970.
    paid: i64,
}

impl Limiter {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, paid: 0 }
    }

    /// One more request, at a time in milliseconds since 1970; the seconds until the next can be answered if this one cannot.
    pub(super) fn take(&mut self, now: i64) -> Result<(), i64> {
        let now = now.saturating_mul(1000);
        let every = i64::from(self.rate.every);
        // A clock that was set back starts anew.
        let full = now + every * i64::from(self.rate.burst);
        let paid = self.paid.clamp(now, full) + every;
        if paid > full {
            let wait = paid - full;
            return Err((wait + 999_999) / 1_000_000);
        }
        self.paid = paid;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let mut limiter = Limiter::new("2/s,burst=3".parse().unwrap());
        let at = |limiter: &mut Limiter, times: &[i64]| -> Vec<Result<(), i64>> {
            times.iter().map(|now| limiter.take(*now)).collect()
        };
        assert_eq!(
            at(&mut limiter, &[1000, 1000, 1000, 1000, 1499, 1500, 1501]),
            [Ok(()), Ok(()), Ok(()), Err(1), Err(1), Ok(()), Err(1)]
        );
        // Rest fills the bucket, and no more than that.
        let later = [90_000; 4];
        assert_eq!(at(&mut limiter, &later), [Ok(()), Ok(()), Ok(()), Err(1)]);
        let mut slow = Limiter::new("1/m".parse().unwrap());
        assert_eq!(
            at(&mut slow, &[0, 0, 59_000, 60_000]),
            [Ok(()), Err(60), Err(1), Ok(())]
        );
        assert_eq!(at(&mut slow, &[5]), [Err(60)], "a clock that was set back");
    }

    #[test]
    fn rates_are_read() {
        for (text, want) in [
            ("10/s", Some((100_000, 10))),
            ("30/m", Some((2_000_000, 30))),
            ("600/s", Some((1666, 600))),
            ("1000/s,burst=1", Some((1000, 1))),
            ("0/s", None),
            ("+1/s", None),
            ("10001/s", None),
            ("1/h", None),
            ("1", None),
            ("1/s,burst=0", None),
            ("1/s,burst", None),
            ("1/s,burst=1,burst=2", None),
        ] {
            let got = text
                .parse::<Rate>()
                .ok()
                .map(|rate| (rate.every, rate.burst));
            assert_eq!(got, want, "{text}");
        }
    }
}
