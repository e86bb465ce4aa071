//! What has to hold for any answer of the API.

use super::super::answer::Answer;
use super::super::content;
use super::super::error::{ApiError, ApiProblem};
use super::{Client, Connection};
use crate::cluster::{self, Cluster};
use crate::control::list::next_link;
use crate::settings::{Endpoint, Token};
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

/// What a server may repeat and nobody may read.
const TOKEN: &str = "very-secret-token";
/// More is not said about an answer, in characters: of the longest parts, five details.
const LONGEST: usize = 5000;

/// Judges bytes as the answer of a read, of a cluster and of a list; see [`crate::fuzz::answer`].
pub(crate) fn answer(data: &[u8]) {
    let (status, body) = parted(data);
    let Some(client) = client() else {
        panic!("the client could not be made");
    };
    let token = &client.transport.connection.token;
    for kind in [cluster::KIND, "list"] {
        let answer = Answer {
            status,
            body: body.to_vec(),
            ..Answer::default()
        };
        let judged = answer
            .check(token, OffsetDateTime::UNIX_EPOCH)
            .and_then(|answer| answer.object(kind, token));
        match judged {
            Err(error) => check_error(&error, status),
            Ok(value) => {
                assert!((200..300).contains(&status), "{status} is a success");
                assert_eq!(value.get("kind").and_then(Value::as_str), Some(kind));
                if kind == cluster::KIND {
                    check_named(&value, token);
                    look_at(&Cluster::new(value));
                } else {
                    check_page(&client, value);
                }
            }
        }
    }
}

/// Status and body.
fn parted(data: &[u8]) -> (u16, &[u8]) {
    let status = data
        .get(..3)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    let status = status.and_then(|digits| digits.parse().ok());
    match (status, data.get(3..)) {
        (Some(status @ 100..=599), Some([b'\n', body @ ..])) => (status, body),
        _ => (200, data),
    }
}

fn client() -> Option<Client> {
    let connection = Connection {
        endpoint: Endpoint::parse("https://gate.example/cpln").ok()?,
        org: "acme".to_owned(),
        token: Token::new(TOKEN).ok()?,
        insecure: false,
        timeout: Duration::from_secs(1),
        proxy: None,
    };
    Client::new(connection, None).ok()
}

/// What is said about it is short, has no token, and nothing that a terminal acts on.
fn check_error(error: &ApiError, status: u16) {
    assert_eq!(error.status, Some(status));
    let said = format!(
        "{error} {:?} {:?} {:?}",
        error.code, error.message, error.details
    );
    assert!(!said.contains(TOKEN), "{said}");
    assert!(!said.chars().any(char::is_control), "{said:?}");
    assert!(said.chars().count() < LONGEST, "{} characters", said.len());
    if (200..300).contains(&status) {
        assert!(
            matches!(error.problem, ApiProblem::Garbage(_) | ApiProblem::Cut),
            "{error:?}"
        );
    }
}

/// An answer is taken for the cluster of its own name alone, and what is said of another one is short,
/// in one line and without the token.
fn check_named(value: &Value, token: &Token) {
    let name = value.get("name").and_then(Value::as_str);
    for asked in name.into_iter().chain(["prod"]) {
        let is_it = name == Some(asked);
        let read = content::check_cluster(value, asked, token);
        let written = content::check_echo(value, asked, token);
        assert!(is_it || read.is_err(), "{name:?} is taken for {asked:?}");
        assert!(
            is_it || name.is_none() || written.is_err(),
            "{name:?} is taken for {asked:?}, which was written"
        );
        for refusal in [read.err(), written.err()].into_iter().flatten() {
            // Only the name that was asked for is quoted whole: it was checked before it was asked.
            let said = refusal.replace(asked, "");
            assert!(!said.contains(TOKEN), "{said}");
            assert!(is_it || !said.chars().any(char::is_control), "{said:?}");
            assert!(said.chars().count() < 400, "{} characters", said.len());
        }
    }
    if let (Some(name), Ok(())) = (name, content::check_item(value, token)) {
        assert!(super::super::request::check_name(name).is_ok(), "{name:?}");
    }
}

/// The view on it takes anything.
fn look_at(cluster: &Cluster) {
    if let Some(home) = cluster.home() {
        assert_eq!(home.account.as_str().len(), 12);
    }
    let add_ons = cluster.add_ons().into_iter().flatten();
    for (key, value) in add_ons {
        assert_eq!(cluster.add_on(key).is_some(), value.is_object());
    }
    for addon in crate::addon::CATALOG {
        for field in addon.status {
            let ready = cluster.ready_at(field.pointer);
            assert!(ready.is_none_or(|value| !value.is_null()));
        }
    }
    let _ = (
        cluster.name(),
        cluster.id(),
        cluster.version(),
        cluster.kubernetes(),
    );
    assert!(cluster.provider().is_none_or(|name| {
        let provider = cluster.value().pointer("/spec/provider");
        provider.is_some_and(|provider| provider.get(name).is_some())
    }));
}

/// The items are objects, and the next page is below the endpoint.
fn check_page(client: &Client, mut page: Value) {
    match client.items(&mut page) {
        Ok(items) => {
            for item in items {
                assert!(item.is_object());
                look_at(&Cluster::new(item));
            }
        }
        Err(error) => assert!(matches!(error.problem, ApiProblem::Garbage(_))),
    }
    if let Some(Ok(path)) = next_link(&page).map(|href| client.page_path(&href)) {
        let endpoint = &client.transport.connection.endpoint;
        let Some(url) = endpoint.join(&path) else {
            panic!("{path:?} leads nowhere");
        };
        assert_eq!(url.host_str(), Some("gate.example"), "{path:?}");
        assert_eq!(url.scheme(), "https", "{path:?}");
        assert!(url.path().starts_with("/cpln/"), "{path:?}");
    }
}
