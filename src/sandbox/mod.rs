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
mod defect;
mod fault;
mod journal;
mod keys;
mod kubeconfig;
mod mint;
mod oidc;
mod patch;
mod query;
mod record;
mod reply;
mod roles;
mod route;
mod seed;
mod state;
mod status;
mod store;
#[cfg(test)]
mod tests;
mod tls;
mod validate;
mod vault;
mod world;

pub use fault::Fault;
pub use mint::mint;
pub use seed::{Seeds, builtin_seeds};

use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connection::{Door, Shared};
use fault::Faults;
use journal::Journal;
use keys::Issuers;
use roles::Roles;
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
use tls::Certificates;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use vault::Vault;
use world::World;

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
    /// beside it, and with issuers `FILE.issuers`, which holds their keys and is for its owner alone.
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
    /// URL below which each cluster has its issuer; not used where the sandbox serves them.
    pub issuer: String,
    /// Port on 127.0.0.1 on which the issuers are served over HTTPS, as `https://localhost:PORT/…`;
    /// 0 takes that of the time before where the state file has one and nobody else is there, else a
    /// free one. `None` serves none.
    pub oidc: Option<u16>,
    /// Whether an add-on without what it needs is refused, as a stricter server might.
    pub enforce_prerequisites: bool,
    /// Names of IAM roles that no add-on may name before IAM has them, likewise.
    pub require_role: Vec<String>,
    /// Address of the IAM emulator that is asked for them.
    pub iam: Option<String>,
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
    issuers: Option<TcpListener>,
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
        let mut vault = match (&file, options.oidc) {
            (Some(file), Some(_)) => Some(Vault::open(file.beside(".issuers"))?),
            _ => None,
        };
        let (issuers, issuer, certificates) = match options.oidc {
            None => (None, options.issuer, None),
            Some(port) => {
                let (listener, address) = match &vault {
                    Some(vault) if port == 0 && vault.port() != 0 => {
                        match listen(vault.port()).await {
                            Ok(same) => same,
                            Err(_) => listen(0).await?,
                        }
                    }
                    _ => listen(port).await?,
                };
                let issuer = format!("https://{}:{}", tls::HOST, address.port());
                if let Some(vault) = &mut vault {
                    vault.served_on(address.port()).map_err(|error| {
                        Error::failure("the sandbox was not started with its issuers")
                            .because(format!("their keys cannot be kept: {error}"))
                    })?;
                }
                let certificates = Certificates::new(vault.as_ref().map(Vault::authorities))?;
                (Some(listener), issuer, Some(certificates))
            }
        };
        let issuer = issuer.trim_end_matches('/').to_owned();
        let policy = Policy {
            put: options.put,
            enforce_prerequisites: options.enforce_prerequisites,
            absent_roles: Vec::new(),
            publisher: Publisher {
                issuer: issuer.clone(),
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
        let (listener, address) = listen(options.port).await?;
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
            connections: 0,
            issuer,
            has_issuers: issuers.is_some(),
            issuers: Issuers::kept_in(vault),
        };
        Ok(Self {
            listener,
            address,
            issuers,
            shared: Arc::new(Shared {
                world: Mutex::new(world),
                roles: Roles {
                    names: options.require_role,
                    iam: options.iam,
                },
                latency: options.latency,
                certificates,
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

    /// Certificates for a file that `SSL_CERT_FILE` names, in PEM: the root of the issuers, and
    /// what this machine trusts already. `None` where no issuers are served.
    pub fn trusted(&self) -> Option<String> {
        self.shared.certificates.as_ref().map(Certificates::bundle)
    }

    /// Answers requests until `until` is done, then closes every connection.
    pub async fn serve(self, until: impl Future<Output = ()>) -> Result<(), Error> {
        let mut until = pin!(until);
        let mut connections = JoinSet::new();
        loop {
            self.shared.world().connections = connections.len();
            tokio::select! {
                biased;
                () = &mut until => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => {
                    match accepted {
                        Ok((stream, _)) => {
                            let shared = self.shared.clone();
                            // Before it can ask how many there are.
                            shared.world().connections += 1;
                            connections.spawn(connection::serve(stream, shared, Door::Api));
                        }
                        // The client has gone, or there are no file descriptors just now.
                        Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                }
                accepted = accept(self.issuers.as_ref()), if connections.len() < CONNECTIONS => {
                    match accepted {
                        Ok(stream) => {
                            let shared = self.shared.clone();
                            connections.spawn(connection::serve(stream, shared, Door::Issuer));
                        }
                        Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                }
            }
        }
        connections.shutdown().await;
        Ok(())
    }
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let failed = |error: std::io::Error| {
        Error::failure(format!("the sandbox cannot listen on {address}")).because(error.to_string())
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The next connection to the issuers; never comes where there are none.
async fn accept(listener: Option<&TcpListener>) -> std::io::Result<TcpStream> {
    match listener {
        Some(listener) => Ok(listener.accept().await?.0),
        None => std::future::pending().await,
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
