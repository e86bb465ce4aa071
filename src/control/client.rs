//! What the rest of the program calls: get, list, patch, put.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;

use super::answer::Answer;
use super::content;
use super::error::{Access, ApiError, ApiProblem, WriteError};
use super::http::Transport;
use super::list::ListLookup;
use super::request::{self, Request};
use super::retry::RetryPolicy;
use super::{Connection, RequestTrace};
use crate::cluster::{self, Cluster};
use crate::consent::Permit;
use crate::error::{Error, Result};
use crate::text::{self, excerpt};
use crate::waiting::WaitBoard;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// A pause that the server asks for is waited for, where there is much to do, if it is no longer.
const PATIENCE: Duration = Duration::from_mins(5);

/// A client of one org at one endpoint. Connects when the first request is made.
pub(crate) struct Client {
    pub(super) transport: Transport,
    policy: Cell<RetryPolicy>,
    /// Whether the server said that a quota is used up.
    spent: Cell<bool>,
    /// Where it is told what is waited for.
    pub(super) board: Arc<WaitBoard>,
    /// The names of a list in which some were not that were looked for.
    pub(super) listed: RefCell<Vec<String>>,
    /// How clusters were found last.
    pub(super) lookup: RefCell<Option<ListLookup>>,
}

/// What a write that took place did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteEffect {
    /// There was no such cluster before.
    Created,
    /// There was one.
    Updated,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("connection", &self.transport.connection)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client; `trace` gets the lines of `--debug`.
    ///
    /// An org that cannot be a part of a path is of kind usage.
    pub(crate) fn new(connection: Connection, trace: Option<RequestTrace>) -> Result<Self> {
        crate::settings::check_org(&connection.org).map_err(|reason| {
            Error::usage(format!(
                "`{}` is not an org's name",
                excerpt(&connection.org, 80)
            ))
            .because(reason)
        })?;
        let policy = if connection.endpoint.is_loopback() {
            RetryPolicy::LOOPBACK
        } else {
            RetryPolicy::REMOTE
        };
        Ok(Self {
            transport: Transport::new(connection, trace)?,
            policy: Cell::new(policy),
            spent: Cell::new(false),
            board: Arc::default(),
            listed: RefCell::default(),
            lookup: RefCell::new(None),
        })
    }

    /// The same, with what is waited for told on this board.
    pub(crate) fn telling(self, board: &Arc<WaitBoard>) -> Self {
        Self {
            board: Arc::clone(board),
            ..self
        }
    }

    /// Whether the server takes no more requests for now: a quota is used up, or it wants to be left
    /// alone for longer than is waited.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent.get()
    }

    /// There are many requests to come: a server that wants to be left alone for a while is waited for
    /// by all of them, and only one that wants it for longer ends them.
    pub(crate) fn expects_many(&self) {
        self.policy.set(self.policy.get().with_patience(PATIENCE));
        self.transport.gate.is_patient(PATIENCE);
    }

    /// No more than so many requests go out in a second.
    pub(crate) fn cap(&self, rate: f64) {
        self.transport.gate.cap(rate);
    }

    /// How many went out in the last second.
    pub(crate) fn per_second(&self) -> usize {
        self.transport.gate.per_second()
    }

    /// The org of all requests.
    pub(crate) fn org(&self) -> &str {
        &self.transport.connection.org
    }

    /// Reads one cluster. An answer that is of another cluster, or whose version is none, is not
    /// Control Plane's.
    pub(crate) async fn get(&self, name: &str) -> Result<Cluster, ApiError> {
        let request = request::get(self.org(), name)?;
        let (answer, value) = self
            .read(Access::Read, &request, content::BYTES, cluster::KIND)
            .await?;
        let token = &self.transport.connection.token;
        content::check_cluster(&value, name, token).map_err(|what| answer.garbage(what))?;
        Ok(Cluster::new(value))
    }

    /// Reads one cluster; `None` where there is none. The platform may answer 403 for a name that
    /// does not exist (control-plane.md 1.7): then the list decides.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<Cluster>, ApiError> {
        let mut found = self.find_all(&[name]).await;
        found.pop().unwrap_or(Ok(None))
    }

    /// Changes a cluster by a merge patch.
    ///
    /// What the server made of it is to be read afterwards, also when the answer was lost
    /// ([`WriteError::Uncertain`]).
    pub(crate) async fn patch(
        &self,
        _: &Permit,
        name: &str,
        body: &Value,
    ) -> Result<(), WriteError> {
        let request = request::patch(self.org(), name, body)?;
        self.write(Access::Edit, &request, name).await?;
        Ok(())
    }

    /// Creates the cluster that a document names. One that is there already is a conflict, and is
    /// left as it is.
    pub(crate) async fn create(&self, _: &Permit, document: &Value) -> Result<(), WriteError> {
        let request = request::post(self.org(), document)?;
        self.write(Access::Apply, &request, named(document)).await?;
        Ok(())
    }

    /// Creates or updates the cluster that a document names, as `cpln apply` does.
    ///
    /// Whether the server merges or replaces is not known: read afterwards.
    pub(crate) async fn put(
        &self,
        _: &Permit,
        document: &Value,
    ) -> Result<WriteEffect, WriteError> {
        let request = request::put(self.org(), document)?;
        let answer = self.write(Access::Apply, &request, named(document)).await?;
        Ok(if answer.status == 201 {
            WriteEffect::Created
        } else {
            WriteEffect::Updated
        })
    }

    /// Reads the first page of the org's clusters: the moment that the server's `Date` tells, and
    /// whether the read succeeded.
    pub(crate) async fn probe(&self) -> (Option<OffsetDateTime>, Result<(), ApiError>) {
        let token = &self.transport.connection.token;
        let request = request::list(self.org());
        let date = std::cell::Cell::new(None);
        let outcome = self
            .with_retries(Access::List, &request, async || {
                let answer = self.transport.send(&request, content::BYTES).await?;
                date.set(answer.date);
                let answer = answer.check(token, OffsetDateTime::now_utc())?;
                answer.object("list", token).map(|_| ())
            })
            .await;
        (date.get(), outcome)
    }

    pub(super) async fn read(
        &self,
        access: Access,
        request: &Request,
        limit: u64,
        kind: &str,
    ) -> Result<(Answer, Value), ApiError> {
        let token = &self.transport.connection.token;
        self.with_retries(access, request, async || {
            let answer = self.once(request, limit).await?;
            let value = answer.object(kind, token)?;
            Ok((answer, value))
        })
        .await
    }

    async fn write(
        &self,
        access: Access,
        request: &Request,
        name: &str,
    ) -> Result<Answer, ApiError> {
        let token = &self.transport.connection.token;
        self.with_retries(access, request, async || {
            let answer = self.once(request, content::BYTES).await?;
            answer.check_written(name, token)?;
            Ok(answer)
        })
        .await
    }

    pub(super) async fn once(&self, request: &Request, limit: u64) -> Result<Answer, ApiError> {
        let answer = self.transport.send(request, limit).await?;
        answer.check(&self.transport.connection.token, OffsetDateTime::now_utc())
    }

    async fn with_retries<T>(
        &self,
        access: Access,
        request: &Request,
        attempt: impl AsyncFnMut() -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let policy = self.policy.get();
        let doing = doing(access, request, self.org());
        let waiting = self.board.begin(doing.as_str());
        let tried = policy.run(access, attempt, |error, wait| {
            self.transport
                .say(|| Some(format!("again in {} ms: {error}", wait.as_millis())));
            waiting.now(format!(
                "{doing}, again in {}: {error}",
                text::seconds(wait)
            ));
        });
        let result = tried.await;
        if let Err(error) = &result
            && (error.problem == ApiProblem::Quota || self.policy.get().is_beyond(error))
        {
            self.spent.set(true);
        }
        result
    }
}

/// What a request does, in words.
fn doing(access: Access, request: &Request, org: &str) -> String {
    let name = request.path.rsplit('/').next().unwrap_or_default();
    match access {
        Access::List => format!("reading the clusters of {org}"),
        Access::Read => format!("reading {name}"),
        Access::Edit => format!("changing {name}"),
        Access::Apply => format!("writing a cluster of {org}"),
    }
}

/// The name in a document; a request without one was not made.
fn named(document: &Value) -> &str {
    document
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Endpoint, Token};

    #[test]
    fn pages_are_paths_below_the_endpoint_or_its_own_urls() {
        let client = Client::new(
            Connection {
                endpoint: Endpoint::parse("https://gate.example/cpln").unwrap(),
                org: "acme".to_owned(),
                token: Token::new("abc").unwrap(),
                insecure: false,
                timeout: Duration::from_secs(1),
                proxy: None,
            },
            None,
        )
        .unwrap();
        for (href, path) in [
            ("/org/acme/mk8s?next=2", Some("/org/acme/mk8s?next=2")),
            ("https://gate.example/cpln/org?next=2", Some("/org?next=2")),
            ("https://gate.example/other/org", None),
            ("https://gate.example.evil/cpln/org", None),
            ("https://gate.example/cpln.evil/org", None),
            ("http://gate.example/cpln/org", None),
            ("//evil.example/org", None),
            ("/../org?next=2", None),
            ("/org/%2e%2e/%2E./org", None),
            ("https://gate.example/cpln/../org", None),
            ("org/acme", None),
            ("", None),
        ] {
            assert_eq!(client.page_path(href).ok().as_deref(), path, "{href}");
        }
    }
}
