//! What a sandbox is to be like, and what it cannot be like.

use super::fault::Fault;
use super::rate::Rate;
use super::seed::Seeds;
use crate::error::Error;
use crate::text::Foreign;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What a sandbox is to be like.
#[derive(Debug)]
pub(crate) struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub(crate) port: u16,
    /// The one org: lower-case letters, digits and dashes.
    pub(crate) org: String,
    /// The token that requests must bring; see [`token`].
    pub(crate) token: SecretString,
    /// Clusters to start with, unless the state file already exists.
    pub(crate) seeds: Seeds,
    /// File that keeps the clusters; nothing is kept without it. With issuers `FILE.issuers` is put
    /// beside it, which holds their keys and is for its owner alone.
    pub(crate) state: Option<PathBuf>,
    /// What a PUT does to what its body omits.
    pub(crate) put: PutMode,
    /// How trust policies are published.
    pub(crate) trust_policy: TrustPolicyForm,
    /// What is published in place of every trust policy, whatever it says.
    pub(crate) trust_document: Option<Value>,
    /// Add-on keys that are accepted besides those of the catalogue.
    pub(crate) known: Vec<String>,
    /// How many requests are answered; all if omitted.
    pub(crate) rate: Option<Rate>,
    /// Time from a change to the status that it brings about.
    pub(crate) status_delay: Duration,
    /// Wait before every answer.
    pub(crate) latency: Duration,
    /// Clusters on one page of a list or search; at least 1.
    pub(crate) page_size: usize,
    /// URL below which each cluster has its issuer; not used where the sandbox serves them.
    pub(crate) issuer: String,
    /// Port on 127.0.0.1 on which the issuers are served over HTTPS, as `https://localhost:PORT/…`;
    /// 0 takes that of the time before where the state file has one and nobody else is there, else a
    /// free one. `None` serves none.
    pub(crate) oidc: Option<u16>,
    /// Whether an add-on without what it needs is refused, as a stricter server might.
    pub(crate) enforce_prerequisites: bool,
    /// Names of IAM roles that no add-on may name before IAM has them, likewise.
    pub(crate) require_role: Vec<String>,
    /// Address of the IAM emulator that is asked for them.
    pub(crate) iam: Option<String>,
    /// What goes wrong from the start; more can follow through `POST /_sandbox/faults`.
    pub(crate) faults: Vec<Fault>,
}

impl Default for Options {
    /// A free port, org `sandbox`, a token of its own, the built-in clusters, no delays.
    fn default() -> Self {
        let org = "sandbox".to_owned();
        Self {
            port: 0,
            token: token(&org),
            org,
            seeds: Seeds::default(),
            state: None,
            put: PutMode::default(),
            trust_policy: TrustPolicyForm::default(),
            trust_document: None,
            known: Vec::new(),
            rate: None,
            status_delay: Duration::ZERO,
            latency: Duration::ZERO,
            page_size: 50,
            issuer: "https://oidc.sandbox.localhost".to_owned(),
            oidc: None,
            enforce_prerequisites: false,
            require_role: Vec::new(),
            iam: None,
            faults: Vec::new(),
        }
    }
}

/// What a PUT does to fields that its body omits (control-plane.md 1.5: nobody knows).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PutMode {
    /// They go: the harsher answer.
    #[default]
    Replace,
    /// They stay.
    Merge,
}

impl FromStr for PutMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "replace" => Ok(Self::Replace),
            "merge" => Ok(Self::Merge),
            _ => Err("it is neither `replace` nor `merge`".to_owned()),
        }
    }
}

/// How trust policies stand in status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TrustPolicyForm {
    /// A JSON object.
    #[default]
    Object,
    /// A JSON document in a string.
    String,
    /// An object with a placeholder where the account belongs.
    Placeholder,
}

impl FromStr for TrustPolicyForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "object" => Ok(Self::Object),
            "string" => Ok(Self::String),
            "placeholder" => Ok(Self::Placeholder),
            _ => Err("it is none of `object`, `string`, `placeholder`".to_owned()),
        }
    }
}

/// A new token in the form of a service-account key, from which clients can read the org.
pub(crate) fn token(org: &str) -> SecretString {
    let key = fastrand::u64(..);
    let secret = fastrand::u128(..);
    let parts = URL_SAFE_NO_PAD.encode(format!("{org}.sandbox.{secret:032x}"));
    SecretString::from(format!("s{key:016x}.{parts}"))
}

/// Refuses options that no sandbox can be started with.
pub(super) fn check(options: &Options) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::usage("the sandbox was not started").because(reason));
    let org = &options.org;
    if !is_org(org) {
        return refuse(format!("`{}` is not the name of an org", Foreign(org)));
    }
    let is_key = |key: &String| {
        key.starts_with(|c: char| c.is_ascii_alphabetic())
            && key.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let is_version =
        |text: &String| text.contains('.') && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_neither = |word: &&String| !is_key(word) && !is_version(word);
    if let Some(key) = options.known.iter().find(is_neither) {
        return refuse(format!(
            "`{}` is neither the key of an add-on nor a version: letters and digits are expected, as in \
             `awsECR`, or numbers with dots",
            Foreign(key)
        ));
    }
    if options.page_size == 0 {
        return refuse("a page needs room for at least one cluster".to_owned());
    }
    let token = options.token.expose_secret();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return refuse("the token must be visible ASCII, without blanks".to_owned());
    }
    Ok(())
}

/// Whether it can be the name of an org.
pub(super) fn is_org(org: &str) -> bool {
    !org.is_empty()
        && org.len() <= 63
        && org
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
