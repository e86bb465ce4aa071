//! A token: kept out of every text, and the little that can be read out of one without a network.
//!
//! Nothing here checks a signature: the server does. What is read decides whom to name, when to
//! renew and which org to fall back on.

use super::echo::Forms;
use crate::error::{Error, Result};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// URL-safe base64, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A bearer token. `Debug` prints `***`, and there is no `Display`.
#[derive(Clone)]
pub(crate) struct Token {
    secret: SecretString,
    /// Worked out when a text is looked through for the first time.
    forms: Arc<OnceLock<Forms>>,
}

/// What sort of token it is, by its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A service-account key: long-lived.
    ServiceAccount,
    /// A JWT of an interactive login: about an hour.
    User,
    /// Of no known shape; sent as it is.
    Unknown,
}

impl TokenKind {
    /// The name in tables and JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ServiceAccount => "service-account",
            Self::User => "user",
            Self::Unknown => "unknown",
        }
    }
}

/// What a service-account key says of itself. The secret part is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceAccountKey {
    pub(super) id: String,
    pub(super) org: String,
}

/// The claims of a JWT that are used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) email: Option<String>,
    /// Seconds since 1970.
    pub(super) expires: Option<i64>,
}

impl Token {
    /// Takes a token as people paste it: with blanks around it or a `Bearer ` prefix.
    ///
    /// The error is the reason alone, without the token; the caller names the source.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let mut text = text.trim();
        if let Some((scheme, rest)) = text.split_once(char::is_whitespace)
            && scheme.eq_ignore_ascii_case("bearer")
        {
            text = rest.trim_start();
        }
        if text.is_empty() || text.eq_ignore_ascii_case("bearer") {
            return Err("it is empty".to_owned());
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("there is a blank, a line break or a control character in it".to_owned());
        }
        if !text.is_ascii() {
            return Err("there is a character in it that is not ASCII".to_owned());
        }
        Ok(Self {
            secret: SecretString::from(text),
            forms: Arc::default(),
        })
    }

    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) fn header(&self) -> Result<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.secret.expose_secret()))
            .map_err(|_| Error::usage("the token cannot be sent in a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The kind, by its shape.
    pub(crate) fn kind(&self) -> TokenKind {
        if self.key().is_some() {
            TokenKind::ServiceAccount
        } else if self.claims().is_some() {
            TokenKind::User
        } else {
            TokenKind::Unknown
        }
    }

    /// Replaces the token in a text that came from outside and may repeat it: as it is, in part, or
    /// in another form, such as base64.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.forms
            .get_or_init(|| {
                let id = self.key().map_or(0, |key| key.id.len());
                Forms::of(self.secret.expose_secret(), id)
            })
            .redact(text)
    }

    /// `s<keyid>.<base64url("org.account.secret")>`, possibly with more parts.
    pub(super) fn key(&self) -> Option<ServiceAccountKey> {
        let mut parts = self.secret.expose_secret().split('.');
        let id = parts.next()?;
        if !id.starts_with('s') || id.len() < 2 {
            return None;
        }
        let decoded = String::from_utf8(BASE64.decode(parts.next()?).ok()?).ok()?;
        let mut inner = decoded.splitn(3, '.');
        let (org, account, secret) = (inner.next()?, inner.next()?, inner.next()?);
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'/')
        };
        (is_name(org) && is_name(account) && !secret.is_empty()).then(|| ServiceAccountKey {
            id: id.to_owned(),
            org: org.to_owned(),
        })
    }

    /// The claims, when it is a JWT.
    pub(super) fn claims(&self) -> Option<Claims> {
        let mut parts = self.secret.expose_secret().split('.');
        let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let object = |part: &str| {
            let value: Value = serde_json::from_slice(&BASE64.decode(part).ok()?).ok()?;
            value.is_object().then_some(value)
        };
        object(header)?;
        let payload = object(payload)?;
        let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
        let expires = payload.get("exp").and_then(|exp| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a fraction of a second does not matter, and the cast saturates"
            )]
            exp.as_i64().or_else(|| exp.as_f64().map(|exp| exp as i64))
        });
        Some(Claims {
            email: text("email").or_else(|| text("sub")),
            expires,
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use base64::engine::general_purpose::{URL_SAFE as PADDED, URL_SAFE_NO_PAD};
    use serde_json::json;

    /// A key of the shape that the platform gives out.
    pub(crate) fn key(id: &str, inner: &str) -> String {
        format!("{id}.{}", URL_SAFE_NO_PAD.encode(inner))
    }

    /// An unsigned JWT.
    pub(crate) fn jwt(payload: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(&json!({"alg": "RS256"})), part(payload))
    }

    fn token(text: &str) -> Token {
        Token::new(text).unwrap()
    }

    #[test]
    fn pasted_forms_are_one_token() {
        for text in [
            "abc",
            " abc\n",
            "Bearer abc",
            "bearer  abc",
            "BEARER\tabc\r\n",
        ] {
            let header = token(text).header().unwrap();
            assert_eq!(header, "Bearer abc", "{text:?}");
            assert!(header.is_sensitive());
        }
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_without_showing_it() {
        for text in [
            "",
            "  ",
            "Bearer",
            "Bearer ",
            "se cret",
            "se\ncret",
            "se\u{0}cret",
            "se\u{7f}cret",
            "secrét",
        ] {
            let reason = Token::new(text).unwrap_err();
            assert!(!reason.contains("cret"), "{text:?}: {reason}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", token("secret")), "***");
    }

    #[test]
    fn a_repeated_token_is_taken_out_of_a_text() {
        assert_eq!(
            token("secret-token").redact("bad secret-token!"),
            "bad ***!"
        );
        assert_eq!(token("a").redact("a banana"), "a banana");
    }

    #[test]
    fn a_service_account_key_names_its_org() {
        let expected = Some(ServiceAccountKey {
            id: "sabc123".into(),
            org: "acme".into(),
        });
        for text in [
            key("sabc123", "acme.ci.s3cr3t?>"),
            key("sabc123", "acme.ci.se.cr.et"),
            format!("sabc123.{}", PADDED.encode("acme.ci.s3cr3t")),
            format!("sabc123.{}", PADDED.encode("acme.ci.s3cr3tt")),
            format!("{}.more", key("sabc123", "acme.ci.s3cr3t")),
        ] {
            assert_eq!(token(&text).key(), expected, "{text}");
            assert_eq!(token(&text).kind(), TokenKind::ServiceAccount);
        }
    }

    #[test]
    fn other_texts_are_no_key() {
        for text in [
            "s".to_owned(),
            "sabc".to_owned(),
            "sabc.!!!".to_owned(),
            key("sabc", "acme.ci"),
            key("sabc", "acme..secret"),
            key("sabc", ".ci.secret"),
            key("xabc", "acme.ci.secret"),
            key("sabc", "a/b.ci.secret"),
        ] {
            assert_eq!(token(&text).key(), None, "{text}");
            assert_eq!(token(&text).kind(), TokenKind::Unknown, "{text}");
        }
    }

    #[test]
    fn a_jwt_tells_its_holder_and_its_end() {
        let text = jwt(&json!({"email": "a@b.example", "exp": 1_700_000_000}));
        assert_eq!(
            token(&text).claims(),
            Some(Claims {
                email: Some("a@b.example".into()),
                expires: Some(1_700_000_000)
            })
        );
        assert_eq!(token(&text).kind(), TokenKind::User);
        let bare = token(&jwt(&json!({"exp": "soon"}))).claims().unwrap();
        assert_eq!((bare.email, bare.expires), (None, None));
        for text in ["a.b.c", "e30.e30", "e30.W10.c2ln"] {
            assert_eq!(token(text).claims(), None, "{text}");
        }
    }
}
