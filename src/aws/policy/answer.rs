//! Yes, no, or that it depends. Pure.

use std::collections::BTreeSet;

/// An answer with three values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// Whatever else is so.
    Yes,
    /// Whatever else is so.
    No,
    /// On these keys, which are not known.
    Depends(BTreeSet<String>),
}

impl Allowed {
    /// One that depends on a key.
    pub(super) fn on(key: &str) -> Self {
        Self::Depends(BTreeSet::from([key.to_owned()]))
    }

    /// Whether it may be yes.
    pub(crate) fn may_be(&self) -> bool {
        *self != Self::No
    }

    /// Both.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, other) | (other, Self::Yes) => other,
            (Self::Depends(mut one), Self::Depends(two)) => {
                one.extend(two);
                Self::Depends(one)
            }
        }
    }

    /// At least one.
    #[must_use]
    pub(crate) fn or(self, other: Self) -> Self {
        !(!self).and(!other)
    }

    /// All of them.
    pub(crate) fn all(answers: impl IntoIterator<Item = Self>) -> Self {
        answers.into_iter().fold(Self::Yes, Self::and)
    }

    /// Any of them.
    pub(crate) fn any(answers: impl IntoIterator<Item = Self>) -> Self {
        answers.into_iter().fold(Self::No, Self::or)
    }
}

impl std::ops::Not for Allowed {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            depends @ Self::Depends(_) => depends,
        }
    }
}

impl From<bool> for Allowed {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}
