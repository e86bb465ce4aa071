//! Thumbprints of issuers whose authority is a private one: which one IAM has to know. Pure.
//!
//! AWS goes by its own list of public authorities and looks at the stored thumbprints only where
//! none of those vouches for the issuer, so there is nothing to do for a public one. What is seen
//! from here may be a proxy that opens TLS: whoever registers its thumbprint lets it speak for the
//! issuer. So a thumbprint is registered only where it is named, or where the issuer is on this
//! machine.

use super::iam::OidcProvider;

/// The most thumbprints that a provider may have.
pub(crate) const MOST: usize = 5;

/// What an issuer serves for which no public authority vouches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrivateCa {
    /// The thumbprint of the last certificate that was served: the topmost authority's.
    pub(crate) thumbprint: String,
    /// The thumbprints of the authorities below it that were served too.
    below: Vec<String>,
    /// Whether it is the server's own certificate, because no other was served.
    alone: bool,
    /// Whether it was named on the command line, rather than seen.
    given: bool,
}

impl PrivateCa {
    /// By the thumbprints of all certificates, the server's own first; `None` if there is none.
    pub(crate) fn of_chain(mut chain: Vec<String>) -> Option<Self> {
        let thumbprint = chain.pop()?;
        let alone = chain.is_empty();
        Some(Self {
            thumbprint,
            below: chain.into_iter().skip(1).collect(),
            alone,
            given: false,
        })
    }

    /// The one that was named on the command line.
    pub(crate) fn given(hex: &str) -> Self {
        Self {
            thumbprint: hex.to_owned(),
            below: Vec::new(),
            alone: false,
            given: true,
        }
    }

    /// Whether a stored thumbprint is that of an authority that was served.
    pub(crate) fn fits(&self, provider: &OidcProvider) -> bool {
        let served = || self.below.iter().chain([&self.thumbprint]);
        let stored = &provider.thumbprints;
        stored
            .iter()
            .any(|stored| served().any(|served| served.eq_ignore_ascii_case(stored)))
    }

    /// The list with which ours is added: the stored ones stay, but for the oldest where there are
    /// too many.
    pub(crate) fn added_to(&self, stored: &[String]) -> Vec<String> {
        let mut list = stored[Self::leaving(stored)..].to_vec();
        list.push(self.thumbprint.clone());
        list
    }

    /// How many of the stored ones have to make room.
    pub(crate) fn leaving(stored: &[String]) -> usize {
        (stored.len() + 1).saturating_sub(MOST)
    }

    /// `thumbprint HEX of the issuer's private CA`, or who gave it.
    pub(crate) fn describe(&self) -> String {
        if self.given {
            return format!("thumbprint {} given by --thumbprint", self.thumbprint);
        }
        let whose = if self.alone {
            "only certificate, which no public CA signed"
        } else {
            "private CA"
        };
        format!("thumbprint {} of the issuer's {whose}", self.thumbprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digit: char) -> String {
        digit.to_string().repeat(40)
    }

    fn chain(digits: &str) -> Option<PrivateCa> {
        PrivateCa::of_chain(digits.chars().map(hex).collect())
    }

    fn provider(digits: &str) -> OidcProvider {
        OidcProvider {
            thumbprints: digits.chars().map(hex).collect(),
            ..OidcProvider::default()
        }
    }

    #[test]
    fn authorities_count_and_the_servers_own_certificate_only_where_it_is_alone() {
        assert_eq!(chain(""), None);
        for (served, stored, fits) in [
            ("abc", "c", true),
            ("abc", "0b", true),
            ("abc", "BC", true),
            ("abc", "a", false),
            ("abc", "", false),
            ("ab", "a", false),
            ("a", "a", true),
            ("a", "b", false),
        ] {
            let ca = chain(served).unwrap();
            assert_eq!(ca.fits(&provider(stored)), fits, "{served} {stored}");
        }
        let told = |served| chain(served).unwrap().describe();
        assert_eq!(
            told("abc"),
            format!("thumbprint {} of the issuer's private CA", hex('c'))
        );
        assert!(told("a").ends_with("only certificate, which no public CA signed"));
        let given = PrivateCa::given(&hex('A'));
        assert!(given.fits(&provider("ba")) && !given.fits(&provider("b")));
        assert!(given.describe().ends_with("given by --thumbprint"));
    }

    #[test]
    fn the_list_keeps_what_is_stored_and_has_five_at_most() {
        for (stored, list, leaving) in [
            ("", "f", 0),
            ("1", "1f", 0),
            ("1234", "1234f", 0),
            ("12345", "2345f", 1),
        ] {
            let ca = chain("ef").unwrap();
            let stored = provider(stored).thumbprints;
            assert_eq!(ca.added_to(&stored), provider(list).thumbprints);
            assert_eq!(PrivateCa::leaving(&stored), leaving);
        }
    }
}
