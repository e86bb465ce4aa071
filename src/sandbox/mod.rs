//! An embedded Control Plane on loopback, for rehearsals and tests.
//!
//! Serves the part of the API that clients of managed Kubernetes clusters use, as faithfully as it
//! is known, and goes wrong on demand (see [`Fault`]). It shares the add-on catalogue, the cluster
//! view, the ARNs and the error type with the rest of the crate and nothing else, so that a
//! mistake in the client is not repeated here. Prints nothing.

mod answer;
mod connection;
mod control;
mod defaults;
mod fault;
mod journal;
mod kubeconfig;
mod patch;
mod query;
mod record;
mod reply;
mod route;
mod seed;
mod state;
mod status;
mod store;
#[cfg(test)]
mod tests;
mod validate;

pub use fault::Fault;
pub use seed::{Seeds, builtin_seeds};

use crate::addon;
use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connection::Shared;
use fault::Faults;
use journal::Journal;
use route::World;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use state::{State, StateFile};
use status::Publisher;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{How, Policy, Store};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How many connections are served at a time; further ones wait.
const CONNECTIONS: usize = 512;

/// What a sandbox is to be like.
#[derive(Debug)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The one org: lower-case letters, digits and dashes.
    pub org: String,
    /// The token that requests must bring; see [`token`].
    pub token: SecretString,
    /// Clusters to start with, unless the state file already exists.
    pub seeds: Seeds,
    /// File that keeps the clusters; nothing is kept without it. A lock file, `FILE.lock`, is put
    /// beside it.
    pub state: Option<PathBuf>,
    /// What a PUT does to what its body omits.
    pub put: PutMode,
    /// How trust policies are published.
    pub trust_policy: TrustPolicyForm,
    /// Time from a change to the status that it brings about.
    pub status_delay: Duration,
    /// Wait before every answer.
    pub latency: Duration,
    /// Clusters on one page of a list or search; at least 1.
    pub page_size: usize,
    /// URL below which each cluster has its issuer.
    pub issuer: String,
    /// Whether an add-on without what it needs is refused, as a stricter server might.
    pub enforce_prerequisites: bool,
    /// Names or keys of add-ons that are refused without `roleArn`, likewise.
    pub require_role: Vec<String>,
    /// What goes wrong from the start; more can follow through `POST /_sandbox/faults`.
    pub faults: Vec<Fault>,
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
            status_delay: Duration::ZERO,
            latency: Duration::ZERO,
            page_size: 50,
            issuer: "https://oidc.sandbox.localhost".to_owned(),
            enforce_prerequisites: false,
            require_role: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// What a PUT does to fields that its body omits (control-plane.md 1.5: nobody knows).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PutMode {
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
pub enum TrustPolicyForm {
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
pub fn token(org: &str) -> SecretString {
    let key = fastrand::u64(..);
    let secret = fastrand::u128(..);
    let parts = URL_SAFE_NO_PAD.encode(format!("{org}.sandbox.{secret:032x}"));
    SecretString::from(format!("s{key:016x}.{parts}"))
}

/// A sandbox that listens; [`serve`](Self::serve) makes it answer.
#[derive(Debug)]
pub struct Sandbox {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Sandbox {
    /// Checks the options, reads or makes the clusters and opens the port.
    ///
    /// A port that is taken, a state file that cannot be read or is in use, a bad org, or a seed
    /// that the API would refuse is an error.
    pub async fn bind(options: Options) -> Result<Self, Error> {
        check(&options)?;
        let (file, state) = match &options.state {
            Some(path) => {
                let (file, state) = StateFile::open(path)?;
                (Some(file), state)
            }
            None => (None, None),
        };
        let is_new = state.is_none();
        let state = state.unwrap_or_else(|| State::new(&options.org));
        if state.org != options.org {
            return Err(Error::usage("the sandbox was not started")
                .because(format!(
                    "its state file belongs to org `{}`, not `{}`",
                    state.org, options.org
                ))
                .hint(format!("add --org {}", state.org)));
        }
        let policy = Policy {
            put: options.put,
            enforce_prerequisites: options.enforce_prerequisites,
            require_role: options.require_role.iter().map(|word| key(word)).collect(),
            publisher: Publisher {
                issuer: options.issuer,
                trust_policy: options.trust_policy,
                delay: i64::try_from(options.status_delay.as_millis()).unwrap_or(i64::MAX),
            },
        };
        let mut store = Store::new(policy, state);
        if is_new {
            sow(&mut store, options.seeds.objects())?;
        }
        if let Some(file) = file {
            store.keep_in(file).map_err(|error| {
                Error::failure("the sandbox was not started with its state file")
                    .because(error.to_string())
            })?;
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let failed = |error: std::io::Error| {
            Error::failure(format!("the sandbox cannot listen on {address}"))
                .because(error.to_string())
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let mut faults = Faults::default();
        for fault in options.faults {
            faults.add(fault);
        }
        let world = World {
            store,
            token: options.token,
            url: format!("http://{address}"),
            page_size: options.page_size,
            journal: Journal::default(),
            faults,
        };
        Ok(Self {
            listener,
            address,
            shared: Arc::new(Shared {
                world: Mutex::new(world),
                latency: options.latency,
            }),
        })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What clients need in their environment: endpoint, org and token, in plain text.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let world = self.shared.world();
        vec![
            ("CPLN_ENDPOINT", self.url()),
            ("CPLN_ORG", world.store.org().to_owned()),
            ("CPLN_TOKEN", world.token.expose_secret().to_owned()),
        ]
    }

    /// Answers requests until `until` is done, then closes every connection.
    pub async fn serve(self, until: impl Future<Output = ()>) -> Result<(), Error> {
        let mut until = pin!(until);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = &mut until => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => {
                    match accepted {
                        Ok((stream, _)) => {
                            connections.spawn(connection::serve(stream, self.shared.clone()));
                        }
                        // The client has gone, or there are no file descriptors just now.
                        Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                }
            }
        }
        connections.shutdown().await;
        Ok(())
    }
}

fn check(options: &Options) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::usage("the sandbox was not started").because(reason));
    let org = &options.org;
    let is_org = !org.is_empty()
        && org.len() <= 63
        && org
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !is_org {
        return refuse(format!(
            "`{}` is not the name of an org",
            org.escape_debug()
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

/// The key of an add-on that is given by name or key; other words are taken as keys.
fn key(word: &str) -> String {
    addon::by_word(word).map_or_else(|| word.to_owned(), |addon| addon.key.to_owned())
}

fn sow(store: &mut Store, seeds: Vec<Value>) -> Result<(), Error> {
    for seed in seeds {
        let name = seed
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("without a name")
            .escape_debug()
            .to_string();
        let refused = |reason: String| {
            Err(Error::refused(format!(
                "the sandbox was not started with the cluster `{name}`"
            ))
            .because(reason))
        };
        let Value::Object(mut object) = seed else {
            return refused("it is not an object".to_owned());
        };
        // An exported cluster is a seed as well: its counter and id begin anew.
        object.retain(|key, _| !validate::READ_ONLY.contains(&key.as_str()));
        if let Err(refusal) = store.put(object, How::Seed, connection::now()) {
            return refused(refusal.message);
        }
    }
    Ok(())
}
