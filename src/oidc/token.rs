//! Tokens of service accounts: what they claim, and whether the issuer's keys bear them out. Pure.
//!
//! A token is a secret: nothing here prints one, and no error quotes one.

use super::document::PublicKey;
use crate::pattern;
use crate::text::excerpt;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;
use std::fmt;

/// How far clocks may be apart, in seconds: as much as AWS grants after the end of a token.
const SKEW: i64 = 300;

/// A token, taken apart.
pub(crate) struct ParsedToken {
    /// The algorithm that its head names.
    pub(crate) algorithm: String,
    /// The key that its head names.
    pub(crate) key: Option<String>,
    /// `iss`.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `aud`, one or several.
    pub(crate) audiences: Vec<String>,
    /// `exp`, in seconds since 1970.
    pub(crate) expires: Option<i64>,
    /// `nbf`, likewise.
    pub(crate) not_before: Option<i64>,
    /// Head and claims as they were signed.
    signed: String,
    signature: Vec<u8>,
}

impl fmt::Debug for ParsedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// What a token should claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ExpectedClaims {
    /// The issuer's URL.
    pub(crate) issuer: String,
    /// The audience.
    pub(crate) audience: String,
    /// Any of these service accounts; may hold `*` and `?`. Empty: any.
    pub(crate) subjects: Vec<String>,
}

impl ParsedToken {
    /// Takes a token apart; surrounding blanks and line ends do not count. The error never quotes
    /// it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let parts: Vec<&str> = text.split('.').collect();
        let [head, claims, signature] = parts[..] else {
            return Err("it does not have the three parts of a JSON Web Token".to_owned());
        };
        let decode = |part: &str, what: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| format!("its {what} is not base64url"))
        };
        let object = |part: &str, what: &str| match serde_json::from_slice(&decode(part, what)?) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(format!("its {what} is not a JSON object")),
        };
        let header = object(head, "head")?;
        let claims_object = object(claims, "body")?;
        let text_of = |object: &serde_json::Map<String, Value>, name: &str| {
            object.get(name).and_then(Value::as_str).map(str::to_owned)
        };
        let seconds = |name: &str| {
            let value = claims_object.get(name)?;
            // Fractions are allowed; the whole seconds are enough.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a date far away is far away"
            )]
            value
                .as_i64()
                .or_else(|| value.as_f64().map(|seconds| seconds as i64))
        };
        let audiences = match claims_object.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) => several
                .iter()
                .filter_map(|it| it.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            algorithm: text_of(&header, "alg").ok_or("its head names no algorithm")?,
            key: text_of(&header, "kid"),
            issuer: text_of(&claims_object, "iss"),
            subject: text_of(&claims_object, "sub"),
            audiences,
            expires: seconds("exp"),
            not_before: seconds("nbf"),
            signed: format!("{head}.{claims}"),
            signature: decode(signature, "signature")?,
        })
    }

    /// What AWS would not take about the claims at a time (seconds since 1970), one phrase each.
    pub(crate) fn problems(&self, expected: &ExpectedClaims, now: i64) -> Vec<String> {
        let mut problems = Vec::new();
        let quote = |text: &Option<String>| match text {
            Some(text) => format!("`{}`", excerpt(text, 200)),
            None => "missing".to_owned(),
        };
        if self.issuer.as_deref() != Some(expected.issuer.as_str()) {
            problems.push(format!(
                "its issuer is {}, the cluster's is `{}`",
                quote(&self.issuer),
                excerpt(&expected.issuer, 200)
            ));
        }
        if !self.audiences.contains(&expected.audience) {
            let audiences = Some(self.audiences.join(", ")).filter(|text| !text.is_empty());
            problems.push(format!(
                "its audience is {}, `{}` is needed",
                quote(&audiences),
                excerpt(&expected.audience, 200)
            ));
        }
        let is_expected = |subject: &str| {
            let fits = |pattern: &String| pattern::fits(pattern, subject);
            expected.subjects.is_empty() || expected.subjects.iter().any(fits)
        };
        if !self.subject.as_deref().is_some_and(is_expected) {
            problems.push(format!(
                "its subject is {}, the trust policy names `{}`",
                quote(&self.subject),
                excerpt(&expected.subjects.join(", "), 200)
            ));
        }
        match self.expires {
            None => problems.push("it has no `exp`".to_owned()),
            Some(at) if at + SKEW <= now => {
                problems.push(format!("it expired {}", ago(now - at)));
            }
            Some(_) => {}
        }
        if self.not_before.is_some_and(|at| at > now + SKEW) {
            problems.push("it is not valid yet; this machine's clock may be slow".to_owned());
        }
        problems
    }

    /// Holds the signature against the keys.
    pub(crate) fn verify(&self, keys: &[PublicKey]) -> SignatureVerdict {
        let Some(algorithm) = Algorithm::of(&self.algorithm) else {
            return SignatureVerdict::Bad(format!(
                "it is signed with {}, which AWS does not take",
                excerpt(&self.algorithm, 20)
            ));
        };
        let fitting: Vec<&PublicKey> = match &self.key {
            Some(id) => keys
                .iter()
                .filter(|key| key.kid.as_ref() == Some(id))
                .collect(),
            None => keys.iter().collect(),
        };
        if fitting.is_empty() {
            return SignatureVerdict::Bad(format!(
                "it is signed with key {}, which the issuer does not publish",
                match &self.key {
                    Some(id) => format!("`{}`", excerpt(id, 60)),
                    None => "without an id".to_owned(),
                }
            ));
        }
        if algorithm == Algorithm::Es512 {
            return SignatureVerdict::Unknown("mk8s cannot verify ES512 signatures".to_owned());
        }
        let bears_out =
            |key: &&PublicKey| algorithm.verifies(key, self.signed.as_bytes(), &self.signature);
        if fitting.iter().any(bears_out) {
            SignatureVerdict::Good
        } else {
            SignatureVerdict::Bad("its signature does not fit the key that it names".to_owned())
        }
    }
}

/// What came of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignatureVerdict {
    /// A published key bears it out.
    Good,
    /// It does not hold; says why.
    Bad(String),
    /// It cannot be verified here; says why.
    Unknown(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    Es512,
}

impl Algorithm {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            _ => return None,
        })
    }

    fn verifies(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rs256 => rsa(
                key,
                &signature::RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
            Self::Rs384 => rsa(
                key,
                &signature::RSA_PKCS1_2048_8192_SHA384,
                message,
                signature,
            ),
            Self::Rs512 => rsa(
                key,
                &signature::RSA_PKCS1_2048_8192_SHA512,
                message,
                signature,
            ),
            Self::Es256 => {
                let algorithm = &signature::ECDSA_P256_SHA256_FIXED;
                ec(key, "P-256", algorithm, message, signature)
            }
            Self::Es384 => {
                let algorithm = &signature::ECDSA_P384_SHA384_FIXED;
                ec(key, "P-384", algorithm, message, signature)
            }
            Self::Es512 => false,
        }
    }
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}

fn rsa(key: &PublicKey, parameters: &RsaParameters, message: &[u8], signature: &[u8]) -> bool {
    let (Some(n), Some(e)) = (bytes(key.n.as_ref()), bytes(key.e.as_ref())) else {
        return false;
    };
    key.kty == "RSA"
        && RsaPublicKeyComponents { n: &n, e: &e }
            .verify(parameters, message, signature)
            .is_ok()
}

fn ec(
    key: &PublicKey,
    curve: &str,
    algorithm: &'static signature::EcdsaVerificationAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let (Some(x), Some(y)) = (bytes(key.x.as_ref()), bytes(key.y.as_ref())) else {
        return false;
    };
    // An uncompressed point: 4, then both coordinates.
    let mut point = vec![4];
    point.extend(x);
    point.extend(y);
    key.kty == "EC"
        && key.crv.as_deref() == Some(curve)
        && UnparsedPublicKey::new(algorithm, point)
            .verify(message, signature)
            .is_ok()
}

fn ago(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        _ => format!("{} h ago", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_950_000_000;

    /// Keys, and a token of each algorithm, made by another program.
    fn vectors() -> (Vec<PublicKey>, Vec<(String, String)>) {
        let file: Value =
            serde_json::from_str(include_str!("../../tests/fixtures/tokens.json")).unwrap();
        let keys =
            PublicKey::parse_all(json!({"keys": file["keys"]}).to_string().as_bytes()).unwrap();
        let tokens = file["tokens"].as_object().unwrap().iter();
        let tokens = tokens
            .map(|(name, token)| (name.clone(), token.as_str().unwrap().to_owned()))
            .collect();
        (keys, tokens)
    }

    fn expected() -> ExpectedClaims {
        ExpectedClaims {
            issuer: "https://issuer.example/a".to_owned(),
            audience: "sts.amazonaws.com".to_owned(),
            subjects: vec!["system:serviceaccount:kube-system:ecr".to_owned()],
        }
    }

    #[test]
    fn signatures_of_others_are_verified() {
        let (keys, tokens) = vectors();
        assert_eq!(tokens.len(), 5);
        for (name, text) in &tokens {
            let token = ParsedToken::parse(&format!("{text}\n")).unwrap();
            assert_eq!(token.verify(&keys), SignatureVerdict::Good, "{name}");
            assert_eq!(token.problems(&expected(), NOW), [""; 0]);
            let mut changed = ParsedToken::parse(text).unwrap();
            changed.signature[7] ^= 1;
            let bad = "its signature does not fit the key that it names".to_owned();
            assert_eq!(
                changed.verify(&keys),
                SignatureVerdict::Bad(bad.clone()),
                "{name}"
            );
            let mut other = ParsedToken::parse(text).unwrap();
            other.signed.push('x');
            assert_eq!(other.verify(&keys), SignatureVerdict::Bad(bad), "{name}");
        }
    }

    #[test]
    fn keys_and_algorithms_must_fit() {
        let (mut keys, tokens) = vectors();
        let token = ParsedToken::parse(&tokens[0].1).unwrap();
        for key in &mut keys {
            key.kid = Some("new".to_owned());
        }
        assert_eq!(
            token.verify(&keys),
            SignatureVerdict::Bad(
                "it is signed with key `rsa`, which the issuer does not publish".to_owned()
            )
        );
        let mut plain = ParsedToken::parse(&tokens[0].1).unwrap();
        plain.algorithm = "none".to_owned();
        assert!(matches!(plain.verify(&keys), SignatureVerdict::Bad(why) if why.contains("none")));
        plain.algorithm = "ES512".to_owned();
        plain.key = None;
        assert!(matches!(plain.verify(&keys), SignatureVerdict::Unknown(_)));
        // A token without a key's id is held against all of them.
        let mut nameless = ParsedToken::parse(&tokens[0].1).unwrap();
        nameless.key = None;
        assert_eq!(nameless.verify(&keys), SignatureVerdict::Good);
    }

    #[test]
    fn claims_are_judged_one_by_one() {
        let (_, tokens) = vectors();
        let token = ParsedToken::parse(&tokens[0].1).unwrap();
        let right = expected();
        for (expected, now, want) in [
            (
                ExpectedClaims {
                    issuer: "https://issuer.example/a/".to_owned(),
                    ..right.clone()
                },
                NOW,
                "its issuer is `https://issuer.example/a`, the cluster's is `https://issuer.example/a/`",
            ),
            (
                ExpectedClaims {
                    audience: "other".to_owned(),
                    ..right.clone()
                },
                NOW,
                "its audience is `sts.amazonaws.com`, `other` is needed",
            ),
            (
                ExpectedClaims {
                    subjects: vec!["system:serviceaccount:a:b".to_owned()],
                    ..right.clone()
                },
                NOW,
                "its subject is `system:serviceaccount:kube-system:ecr`, the trust policy names `system:serviceaccount:a:b`",
            ),
            (right.clone(), 2_000_000_301, "it expired 5 min ago"),
            (
                right.clone(),
                1_899_999_000,
                "it is not valid yet; this machine's clock may be slow",
            ),
        ] {
            assert_eq!(token.problems(&expected, now), [want]);
        }
        // Within the skew, a pattern, and any subject: fine.
        assert_eq!(token.problems(&right, 2_000_000_299), [""; 0]);
        for subjects in [vec![], vec!["system:serviceaccount:kube-*:e?r".to_owned()]] {
            let expected = ExpectedClaims {
                subjects,
                ..right.clone()
            };
            assert_eq!(token.problems(&expected, NOW), [""; 0]);
        }
    }

    #[test]
    fn what_is_not_a_token_is_refused_without_quoting_it() {
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        for (text, why) in [
            ("secret".to_owned(), "it does not have the three parts"),
            (
                "a.b.c.secret".to_owned(),
                "it does not have the three parts",
            ),
            ("!.secret.x".to_owned(), "its head is not base64url"),
            (
                format!("{head}.c2VjcmV0.x"),
                "its body is not a JSON object",
            ),
            (
                format!("{}.e30.AA", URL_SAFE_NO_PAD.encode("{}")),
                "its head names no algorithm",
            ),
        ] {
            let error = ParsedToken::parse(&text).unwrap_err();
            assert!(error.starts_with(why), "{error}");
            assert!(
                !error.contains("secret") && !error.contains("c2Vj"),
                "{error}"
            );
        }
        let (_, tokens) = vectors();
        let shown = format!("{:?}", ParsedToken::parse(&tokens[0].1).unwrap());
        assert!(!shown.contains(&tokens[0].1[..20]), "{shown}");
    }

    #[test]
    fn patterns_fit_as_in_iam() {
        for (pattern, text, fits) in [
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*", "", true),
            ("", "a", false),
            ("a*b*c", "a-b-b-c", true),
        ] {
            assert_eq!(pattern::fits(pattern, text), fits, "{pattern} {text}");
        }
    }
}
