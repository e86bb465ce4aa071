//! The client of the Control Plane API: reads clusters, writes them, waits for their status.
//!
//! It sends what it is told and says what came back. It does not decide what to change, it prints
//! nothing, and a write needs a [`Permit`](crate::consent::Permit).

mod answer;
mod client;
mod content;
mod error;
mod explain;
mod http;
mod list;
mod mask;
mod pace;
mod request;
mod retry;
pub(crate) mod settle;
pub(crate) mod wait;

#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;

#[cfg(any(test, fuzzing))]
pub(crate) use client::fuzz;
pub(crate) use client::{Client, WriteEffect};
pub(crate) use error::{ApiError, ApiProblem};
pub(crate) use explain::{Asker, THERE, whose};
pub(crate) use request::check_name;

use crate::error::Result;
use crate::settings::{Endpoint, Proxy, Settings, Token};
use std::time::Duration;

/// Takes the lines of `--debug`: one request, answer or body each, secrets masked, no line breaks.
pub(crate) type RequestTrace = Box<dyn Fn(&str)>;

/// What a client needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// Where the API is.
    pub(crate) endpoint: Endpoint,
    /// The org of all requests.
    pub(crate) org: String,
    /// Sent with every request.
    pub(crate) token: Token,
    /// Certificates are not checked.
    pub(crate) insecure: bool,
    /// Limit of one request, from connecting to the last byte of the answer.
    pub(crate) timeout: Duration,
    /// The proxy, for endpoints off this machine.
    pub(crate) proxy: Option<Proxy>,
}

impl Connection {
    /// The connection that the settings describe. May run `cpln` to renew a login; fails when there
    /// is no org (usage) or no token (denied).
    pub(crate) async fn open(settings: &Settings) -> Result<Self> {
        Ok(Self {
            org: settings.org()?.value.clone(),
            endpoint: settings.endpoint().value.clone(),
            token: settings.token().await?,
            insecure: settings.insecure().is_some(),
            timeout: settings.timeout(),
            proxy: settings.proxy().cloned(),
        })
    }
}
