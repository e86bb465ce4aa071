//! Discovery documents and key sets: read, and held against what AWS takes. Pure.

use super::FetchTrouble;
use crate::text::excerpt;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;

/// The algorithms of signatures that AWS's token service takes.
pub(crate) const ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/// The most keys that a set may hold for AWS.
const KEYS: usize = 100;

/// What a discovery document says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Discovery {
    /// `issuer`.
    pub(crate) issuer: Option<String>,
    /// `jwks_uri`.
    pub(crate) keys: Option<String>,
    /// `id_token_signing_alg_values_supported`; empty if it says nothing.
    pub(crate) algorithms: Vec<String>,
}

impl Discovery {
    /// Reads the document.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, FetchTrouble> {
        let value = object(body)?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let algorithms = value
            .get("id_token_signing_alg_values_supported")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect();
        Ok(Self {
            issuer: text("issuer"),
            keys: text("jwks_uri"),
            algorithms,
        })
    }

    /// What AWS does not take about the document itself, one phrase each.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.issuer.is_none() {
            problems.push("it has no `issuer`".to_owned());
        }
        if self.keys.is_none() {
            problems.push("it has no `jwks_uri`".to_owned());
        }
        problems
    }
}

/// One public key (RFC 7517), as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(crate) struct PublicKey {
    /// The id that tokens name.
    pub(crate) kid: Option<String>,
    /// The type: `RSA` or `EC`.
    #[serde(default)]
    pub(crate) kty: String,
    /// The curve, of an EC key.
    pub(crate) crv: Option<String>,
    /// The algorithm, if it is for one only.
    pub(crate) alg: Option<String>,
    /// `sig`, `enc` or nothing.
    #[serde(rename = "use")]
    pub(crate) purpose: Option<String>,
    /// Modulus and exponent of an RSA key.
    pub(crate) n: Option<String>,
    /// See `n`.
    pub(crate) e: Option<String>,
    /// Coordinates of an EC key.
    pub(crate) x: Option<String>,
    /// See `x`.
    pub(crate) y: Option<String>,
}

impl PublicKey {
    /// Reads a key set.
    pub(crate) fn parse_all(body: &[u8]) -> Result<Vec<Self>, FetchTrouble> {
        let value = object(body)?;
        let Some(Value::Array(keys)) = value.get("keys") else {
            return Err(FetchTrouble::Content("it has no list of `keys`".to_owned()));
        };
        keys.iter()
            .map(|key| {
                serde_json::from_value(key.clone()).map_err(|_| {
                    FetchTrouble::Content("one of its keys is not a JSON Web Key".to_owned())
                })
            })
            .collect()
    }

    /// How sentences call it.
    fn called(&self) -> String {
        match &self.kid {
            Some(id) => format!("key `{}`", excerpt(id, 60)),
            None => "a key without an id".to_owned(),
        }
    }

    /// Why AWS does not take the key; `None` if it does.
    fn problem(&self) -> Option<String> {
        let called = self.called();
        if let Some(algorithm) = &self.alg
            && !ALGORITHMS.contains(&algorithm.as_str())
        {
            return Some(format!(
                "{called} is for {}, AWS takes {}",
                excerpt(algorithm, 20),
                ALGORITHMS.join(", ")
            ));
        }
        if let Some(purpose) = self.purpose.as_deref().filter(|it| *it != "sig") {
            return Some(format!(
                "{called} is for `{}`, not for signatures",
                excerpt(purpose, 20)
            ));
        }
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) if self.n.is_some() && self.e.is_some() => None,
            ("EC", Some("P-256" | "P-384" | "P-521")) if self.x.is_some() && self.y.is_some() => {
                None
            }
            ("EC", Some(curve)) => Some(format!(
                "{called} is on the curve {}, or lacks a coordinate",
                excerpt(curve, 20)
            )),
            ("RSA" | "EC", _) => Some(format!("{called} is not complete")),
            (other, _) => Some(format!(
                "{called} is of type `{}`, RSA or EC is needed",
                excerpt(other, 20)
            )),
        }
    }
}

/// What AWS does not take about a key set, one phrase each.
pub(crate) fn problems(keys: &[PublicKey]) -> Vec<String> {
    if keys.is_empty() {
        return vec!["the set is empty, so that no token can be verified".to_owned()];
    }
    if keys.len() > KEYS {
        return vec![format!("the set has {} keys, AWS takes {KEYS}", keys.len())];
    }
    let mut problems: Vec<String> = keys.iter().filter_map(PublicKey::problem).collect();
    let mut ids = HashSet::new();
    for id in keys.iter().filter_map(|key| key.kid.as_deref()) {
        if !ids.insert(id) {
            problems.push(format!("two keys have the id `{}`", excerpt(id, 60)));
        }
    }
    problems
}

fn object(body: &[u8]) -> Result<Value, FetchTrouble> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(FetchTrouble::Content("it is not a JSON object".to_owned())),
        Err(_) => Err(FetchTrouble::Content("it is not JSON".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discovery_documents_are_read() {
        let good = br#"{"issuer":"https://a","jwks_uri":"https://a/k",
            "id_token_signing_alg_values_supported":["RS256"]}"#;
        let good = Discovery::parse(good).unwrap();
        assert_eq!(good.issuer.as_deref(), Some("https://a"));
        assert_eq!(good.keys.as_deref(), Some("https://a/k"));
        assert_eq!(good.algorithms, ["RS256"]);
        assert_eq!(good.problems(), [""; 0]);
        let bare = Discovery::parse(br#"{"issuer":1}"#).unwrap();
        assert_eq!(
            bare.problems(),
            ["it has no `issuer`", "it has no `jwks_uri`"]
        );
        for (body, why) in [
            (&b"[]"[..], "it is not a JSON object"),
            (b"<html>", "it is not JSON"),
        ] {
            assert_eq!(
                Discovery::parse(body),
                Err(FetchTrouble::Content(why.to_owned()))
            );
        }
    }

    #[test]
    fn key_sets_are_judged_as_aws_does() {
        for (set, want) in [
            (r#"{"keys":[]}"#, "the set is empty"),
            (
                r#"{"keys":[{"kty":"RSA","kid":"a","n":"AQ","e":"AQAB"}]}"#,
                "",
            ),
            (
                r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ","alg":"ES256","use":"sig"}]}"#,
                "",
            ),
            (
                r#"{"keys":[{"kty":"EC","crv":"secp256k1","x":"AQ","y":"AQ"}]}"#,
                "a key without an id is on the curve secp256k1",
            ),
            (
                r#"{"keys":[{"kty":"oct","alg":"HS256","kid":"a"}]}"#,
                "key `a` is for HS256, AWS takes RS256",
            ),
            (
                r#"{"keys":[{"kty":"oct","kid":"a"}]}"#,
                "key `a` is of type `oct`",
            ),
            (
                r#"{"keys":[{"kty":"RSA","kid":"a","e":"AQAB"}]}"#,
                "key `a` is not complete",
            ),
            (
                r#"{"keys":[{"kty":"RSA","kid":"a","n":"AQ","e":"AQAB","use":"enc"}]}"#,
                "key `a` is for `enc`",
            ),
            (
                r#"{"keys":[{"kty":"RSA","kid":"a","n":"AQ","e":"AQAB"},
                    {"kty":"RSA","kid":"a","n":"AQ","e":"AQAB"}]}"#,
                "two keys have the id `a`",
            ),
        ] {
            let keys = PublicKey::parse_all(set.as_bytes()).unwrap();
            let found = problems(&keys).join("; ");
            assert!(found.starts_with(want), "{set}: {found}");
            assert_eq!(found.is_empty(), want.is_empty(), "{set}: {found}");
        }
        let many = vec![PublicKey::default(); KEYS + 1];
        assert_eq!(problems(&many), ["the set has 101 keys, AWS takes 100"]);
        for set in [r#"{"keys":{}}"#, "{}", r#"{"keys":[1]}"#] {
            assert!(PublicKey::parse_all(set.as_bytes()).is_err(), "{set}");
        }
    }
}
