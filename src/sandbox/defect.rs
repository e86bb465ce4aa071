//! What an issuer serves, and what can be made wrong with it. Data only.

/// Where a discovery document lies below its issuer.
pub(super) const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Where the keys lie.
pub(super) const KEYS: &str = "/openid/v1/jwks";

/// What is wrong with the documents of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    Issuer,
    Slash,
    NoKeys,
    OtherKeys,
    SameIds,
    Hs256,
    HttpKeys,
}

impl Defect {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "other" => Self::Issuer,
            "slash" => Self::Slash,
            "no-keys" => Self::NoKeys,
            "other-keys" => Self::OtherKeys,
            "same-ids" => Self::SameIds,
            "hs256" => Self::Hs256,
            "http-keys" => Self::HttpKeys,
            _ => {
                return Err(format!(
                    "`{text}` is none of other, slash, no-keys, other-keys, same-ids, hs256, \
                     http-keys"
                ));
            }
        })
    }
}

/// The certificate that an issuer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Certificate {
    #[default]
    Good,
    Expired,
    Expiring,
    Unknown,
    Incomplete,
    OtherHost,
    /// Good, and shown by a server that speaks TLS 1.3 only.
    Tls13,
}

impl Certificate {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "expired" => Self::Expired,
            "expiring" => Self::Expiring,
            "unknown" => Self::Unknown,
            "incomplete" => Self::Incomplete,
            "other-host" => Self::OtherHost,
            "tls13" => Self::Tls13,
            _ => {
                return Err(format!(
                    "`{text}` is none of expired, expiring, unknown, incomplete, other-host, tls13"
                ));
            }
        })
    }
}
