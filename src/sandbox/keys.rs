//! The key pairs of the issuers. Pure but for randomness and for the file that keeps them.

use super::answer::Refusal;
use super::vault::Vault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::StatusCode;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The keys of all issuers.
#[derive(Debug, Default)]
pub(super) struct IssuerKeys {
    /// By the path of the issuer.
    keys: HashMap<String, KeyPair>,
    /// What outlives the process, where something does.
    vault: Option<Vault>,
    /// The key that nobody publishes.
    stray: Option<KeyPair>,
}

/// The key pair of an issuer.
#[derive(Debug)]
pub(super) struct KeyPair {
    pub(super) id: String,
    pair: EcdsaKeyPair,
}

impl KeyPair {
    /// A new one in PKCS #8.
    fn generate() -> Result<Vec<u8>, Refusal> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
            .map(|key| key.as_ref().to_vec())
            .map_err(|_| no_key("made"))
    }

    fn read(pkcs8: &[u8]) -> Result<Self, Refusal> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new())
            .map_err(|_| no_key("read"))?;
        let digest = ring::digest::digest(&ring::digest::SHA256, pair.public_key().as_ref());
        Ok(Self {
            id: URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]),
            pair,
        })
    }

    pub(super) fn public(&self) -> Value {
        // 0x04, then both coordinates.
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)
        })
    }

    /// The signature of a text, in the form of JWS.
    pub(super) fn sign(&self, text: &str) -> Result<Vec<u8>, Refusal> {
        self.pair
            .sign(&SystemRandom::new(), text.as_bytes())
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "nothing could be signed"))
    }
}

fn no_key(what: &str) -> Refusal {
    let message = format!("no key could be {what}");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message)
}

impl IssuerKeys {
    /// Those whose keys are kept.
    pub(super) fn kept_in(vault: Option<Vault>) -> Self {
        Self {
            vault,
            ..Self::default()
        }
    }

    pub(super) fn key(&mut self, issuer: &str) -> Result<&KeyPair, Refusal> {
        // The port may be another one after a restart.
        let path = issuer.splitn(4, '/').last().unwrap_or_default();
        if !self.keys.contains_key(path) {
            let kept = self.vault.as_ref().and_then(|vault| vault.key(path));
            let key = match (kept, &mut self.vault) {
                (Some(kept), _) => KeyPair::read(&kept)?,
                (None, None) => KeyPair::read(&KeyPair::generate()?)?,
                (None, Some(vault)) => {
                    let made = KeyPair::generate()?;
                    vault.keep(path, &made).map_err(|_| no_key("kept"))?;
                    KeyPair::read(&made)?
                }
            };
            self.keys.insert(path.to_owned(), key);
        }
        self.keys.get(path).ok_or_else(|| no_key("found"))
    }

    pub(super) fn stray(&mut self) -> Result<&KeyPair, Refusal> {
        if self.stray.is_none() {
            self.stray = Some(KeyPair::read(&KeyPair::generate()?)?);
        }
        self.stray.as_ref().ok_or_else(|| no_key("found"))
    }
}
