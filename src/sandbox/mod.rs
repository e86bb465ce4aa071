//! An embedded Control Plane on loopback, for rehearsals and tests.
//!
//! Serves the part of the API that clients of managed Kubernetes clusters use, as faithfully as it
//! is known, and goes wrong on demand (see [`Fault`]). It shares the add-on catalogue, the cluster
//! view, the ARNs, the error type and a shell's quotes with the rest of the crate and nothing else, so
//! that a mistake in the client is not repeated here. Prints nothing.

mod answer;
mod connection;
mod connections;
mod control;
mod defaults;
mod defect;
mod fault;
mod held;
mod journal;
mod keys;
mod kubeconfig;
mod location;
mod mint;
mod oidc;
mod options;
mod patch;
mod query;
mod rate;
mod record;
mod reply;
mod roles;
mod route;
mod schema;
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

pub(crate) use fault::Fault;
pub(crate) use mint::mint;
pub(crate) use options::{Options, PutMode, TrustPolicyForm, token};
pub(crate) use rate::Rate;
pub(crate) use seed::Seeds;
#[cfg(test)]
pub(crate) use seed::builtin_seeds;

use crate::error::Error;
use crate::invocation::Invocation;
use crate::text::{Foreign, printable};
use connection::{Listener, ServedState};
use connections::{Authenticated, Connections};
use fault::Faults;
use journal::Journal;
use keys::IssuerKeys;
use rate::Limiter;
use roles::Roles;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use state::{StateFile, StoredState};
use status::Publisher;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{How, Store, UnknownWays};
use tls::Certificates;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use vault::Vault;
use world::World;

/// A sandbox that listens; [`serve`](Self::serve) makes it answer.
#[derive(Debug)]
pub(crate) struct Sandbox {
    listener: TcpListener,
    address: SocketAddr,
    issuers: Option<TcpListener>,
    shared: Arc<ServedState>,
}

impl Sandbox {
    /// Checks the options, reads or makes the clusters and opens the port.
    ///
    /// A port that is taken, a state file that cannot be read or is in use, a bad org, or a seed
    /// that the API would refuse is an error.
    pub(crate) async fn bind(options: Options) -> Result<Self, Error> {
        options::check(&options)?;
        let (file, state) = match &options.state {
            Some(path) => {
                let (file, state) = StateFile::open(path)?;
                if let Some(state) = &state {
                    check_org(path, &state.org, &options.org)?;
                }
                (Some(file), state)
            }
            None => (None, None),
        };
        let is_new = state.is_none();
        let mut state = state.unwrap_or_else(|| StoredState::new(&options.org));
        state.known.extend(options.known);
        let mut vault = match (&file, options.oidc) {
            (Some(file), Some(_)) => Some(Vault::open(&file.beside(".issuers"))?),
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
                let certificates = Certificates::new(vault.as_ref().map(Vault::authorities))?;
                (Some((listener, address)), issuer, Some(certificates))
            }
        };
        let issuer = issuer.trim_end_matches('/').to_owned();
        let policy = UnknownWays {
            put: options.put,
            enforce_prerequisites: options.enforce_prerequisites,
            absent_roles: Vec::new(),
            publisher: Publisher {
                issuer: issuer.clone(),
                trust_policy: options.trust_policy,
                document: options.trust_document,
                delay: i64::try_from(options.status_delay.as_millis()).unwrap_or(i64::MAX),
            },
        };
        let mut store = Store::new(policy, state);
        if is_new {
            plant(&mut store, options.seeds.objects())?;
        }
        if let Some(file) = file {
            store.keep_in(file).map_err(|error| {
                Error::failure("the sandbox was not started with its state file")
                    .because(error.to_string())
            })?;
        }
        // After the state file, which keeps other sandboxes away from both.
        if let (Some(vault), Some((_, address))) = (&mut vault, &issuers) {
            vault.served_on(address.port()).map_err(|error| {
                Error::failure("the sandbox was not started with its issuers")
                    .because(format!("their keys cannot be kept: {error}"))
            })?;
        }
        let (listener, address) = listen(options.port).await?;
        let mut faults = Faults::default();
        for fault in options.faults {
            faults.add(fault);
        }
        let world = World {
            locations: location::Locations::default(),
            store,
            token: options.token,
            url: format!("http://{address}"),
            page_size: options.page_size,
            journal: Journal::default(),
            faults,
            limiter: options.rate.map(Limiter::new),
            connections: 0,
            issuer,
            has_issuers: issuers.is_some(),
            issuers: IssuerKeys::kept_in(vault),
        };
        Ok(Self {
            listener,
            address,
            issuers: issuers.map(|(listener, _)| listener),
            shared: Arc::new(ServedState {
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
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What clients need in their environment: endpoint, org and token, in plain text.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let world = self.shared.world();
        vec![
            ("CPLN_ENDPOINT", self.url()),
            ("CPLN_ORG", world.store.org().to_owned()),
            ("CPLN_TOKEN", world.token.expose_secret().to_owned()),
        ]
    }

    /// Certificates for a file that `SSL_CERT_FILE` names, in PEM: the root of the issuers, and
    /// what this machine trusts already. `None` where no issuers are served.
    pub(crate) fn trusted(&self) -> Option<String> {
        self.shared.certificates.as_ref().map(Certificates::bundle)
    }

    /// Answers requests until `until` is done, then closes every connection.
    pub(crate) async fn serve(self, until: impl Future<Output = ()>) -> Result<(), Error> {
        let mut until = pin!(until);
        let mut connections = JoinSet::new();
        let mut served = Connections::default();
        loop {
            self.shared.world().connections = served.len();
            let has_room = served.has_room();
            let (stream, door) = tokio::select! {
                biased;
                () = &mut until => break,
                Some(ended) = connections.join_next_with_id() => {
                    served.leave(ended.map_or_else(|error| error.id(), |(id, ())| id));
                    continue;
                }
                accepted = accept(Some(&self.listener)), if has_room => (accepted, Listener::Api),
                accepted = accept(self.issuers.as_ref()), if has_room => (accepted, Listener::Issuer),
            };
            let Ok(stream) = stream else {
                // The client has gone, or there are no file descriptors just now.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let (shared, guest) = (self.shared.clone(), Authenticated::default());
            // Before it can ask how many there are.
            shared.world().connections += 1;
            let task = connections.spawn(connection::serve(stream, shared, door, guest.clone()));
            served.take(task, guest);
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

/// The next connection; never comes where nobody listens.
async fn accept(listener: Option<&TcpListener>) -> std::io::Result<TcpStream> {
    match listener {
        Some(listener) => Ok(listener.accept().await?.0),
        None => std::future::pending().await,
    }
}

/// Refuses the state of another org: its links name that one.
fn check_org(path: &Path, stored: &str, asked: &str) -> Result<(), Error> {
    if stored == asked {
        return Ok(());
    }
    let error = Error::usage("the sandbox was not started").because(format!(
        "its state file belongs to org `{}`, not `{asked}`",
        Foreign(stored)
    ));
    let path = path.display().to_string();
    Err(if options::is_org(stored) {
        error.hint(
            Invocation::mk8s("sandbox start")
                .flag("--org", stored)
                .flag("--state", path),
        )
    } else {
        error.hint("name a file that does not exist; the sandbox makes it")
    })
}

fn plant(store: &mut Store, seeds: Vec<Value>) -> Result<(), Error> {
    for seed in seeds {
        let name = seed.get("name").and_then(Value::as_str);
        let name = printable(name.unwrap_or("without a name"));
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
        object.retain(|key, _| !crate::resource::READ_ONLY.contains(&key.as_str()));
        if let Some(spec) = object.get_mut("spec") {
            defaults::adopt(spec, store.org());
        }
        if let Err(refusal) = store.put(object, How::Seed, connection::now()) {
            return refused(refusal.message);
        }
    }
    Ok(())
}
