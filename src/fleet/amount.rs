//! `3` or `10%`: so many of those that there are. Pure.

use std::fmt;

/// A number, or a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// So many.
    Count(usize),
    /// So many of a hundred.
    Percent(usize),
}

impl Amount {
    /// Parses `3` or `10%`; the error is the reason.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (digits, is_share) = match text.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        let digits = digits.trim();
        let number = (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse().ok())
            .flatten();
        match (number, is_share) {
            (Some(number), false) => Ok(Self::Count(number)),
            (Some(number), true) if number <= 100 => Ok(Self::Percent(number)),
            (Some(_), true) => Err("more than all, 100%, there is not".to_owned()),
            (None, _) => Err("a number such as 3 or a share such as 10% is expected".to_owned()),
        }
    }

    /// Whether it is nothing, of however many.
    pub(crate) fn is_none(self) -> bool {
        matches!(self, Self::Count(0) | Self::Percent(0))
    }

    /// Whether it is more than another, of however many.
    pub(crate) fn is_surely_more(self, other: Self) -> bool {
        match (self, other) {
            (Self::Count(one), Self::Count(other)) | (Self::Percent(one), Self::Percent(other)) => {
                one > other
            }
            _ => false,
        }
    }

    /// How many of `all` these are, a share rounded up.
    pub(crate) fn up(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count.min(all),
            Self::Percent(share) => share.saturating_mul(all).div_ceil(100),
        }
    }

    /// The same rounded down; a number is what it is.
    pub(crate) fn down(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(share) => share.saturating_mul(all) / 100,
        }
    }

    /// How a share came to its number, in parentheses; nothing of a number.
    pub(crate) fn how(self, all: usize, way: &str) -> Option<String> {
        match self {
            Self::Count(_) => None,
            Self::Percent(share) if share.saturating_mul(all).is_multiple_of(100) => {
                Some(format!("({share} %)"))
            }
            Self::Percent(share) => Some(format!("({share} %, rounded {way})")),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_as_it_is_safe() {
        for (text, all, up, down) in [
            ("3", 37, 3, 3),
            ("50", 37, 37, 50),
            ("5%", 37, 2, 1),
            ("10%", 3, 1, 0),
            ("10%", 3000, 300, 300),
            ("100%", 37, 37, 37),
            ("0%", 37, 0, 0),
            ("1%", 0, 0, 0),
        ] {
            let amount = Amount::parse(text).unwrap();
            assert_eq!(
                (amount.up(all), amount.down(all)),
                (up, down),
                "{text} of {all}"
            );
        }
        for text in ["", "%", "-1", "1.5", "101%", "a", "1 0"] {
            assert!(Amount::parse(text).is_err(), "{text}");
        }
    }
}
