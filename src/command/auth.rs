//! `mk8s auth status`: who, where, and which source won.

use super::Context;
use crate::control;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::invocation::Invocation;
use crate::settings::{Settings, Sourced, TokenKind};
use crate::ui::{Report, table, wire};
use time::format_description::well_known::Rfc3339;

/// Tries the login with one read of the org's clusters. Exit 4 when there is none or it is refused.
pub(super) async fn status(cx: &Context) -> Result<Outcome> {
    let settings = cx.settings()?;
    let identity = settings.identity();
    let attempt = match (&identity, settings.org_if_set()) {
        (None, _) => Some(Err(settings.token().await.err().unwrap_or_else(|| {
            Error::denied("not logged in")
                .hint(Invocation::cpln("login").within("set CPLN_TOKEN, or log in with ", ""))
        }))),
        (Some(_), None) => None,
        (Some(_), Some(org)) => Some(try_login(cx, &org.value).await),
    };
    let endpoint = settings.endpoint();
    let expires = identity
        .as_ref()
        .and_then(|identity| identity.expires)
        .and_then(|at| at.format(&Rfc3339).ok());
    let kind = identity.as_ref().map(|identity| identity.kind);
    let kind_words = in_words(kind);
    let who = identity.as_ref().and_then(|identity| identity.who.clone());
    let origin = |sourced: &Sourced<String>| wire::OriginRecord {
        value: sourced.value.clone(),
        source: sourced.origin.to_string(),
    };
    let auth = wire::Auth {
        authenticated: attempt.as_ref().map(Result::is_ok),
        identity: who.clone(),
        identity_kind: kind.map(TokenKind::name),
        expires: expires.clone(),
        org: settings.org_if_set().map(origin),
        endpoint: wire::OriginRecord {
            value: endpoint.value.as_str().to_owned(),
            source: endpoint.origin.to_string(),
        },
        profile: settings.profile().map(origin),
        token_source: identity
            .as_ref()
            .map(|identity| identity.origin.to_string()),
        identity_org: identity.as_ref().and_then(|identity| identity.org.clone()),
        insecure: settings.insecure().is_some(),
    };
    let sourced = |origin: &wire::OriginRecord| match origin.source.as_str() {
        "default" => format!("{} (default)", origin.value),
        source => format!("{} (from {source})", origin.value),
    };
    let none = || "none".to_owned();
    let mut fields = vec![
        (
            "Login",
            match &attempt {
                Some(Ok(())) => "accepted".to_owned(),
                Some(Err(error)) if identity.is_some() => format!("not accepted: {error}"),
                Some(Err(_)) => none(),
                None => "not tried: no org is set".to_owned(),
            },
        ),
        (
            "Who",
            match &who {
                Some(who) => format!("{who} ({kind_words})"),
                None => kind_words.to_owned(),
            },
        ),
        (
            "Token",
            auth.token_source
                .as_ref()
                .map_or_else(none, |source| format!("from {source}")),
        ),
        ("Org", auth.org.as_ref().map_or_else(none, sourced)),
        ("Endpoint", sourced(&auth.endpoint)),
        ("Profile", auth.profile.as_ref().map_or_else(none, sourced)),
    ];
    if let Some(org) = &auth.identity_org {
        fields.insert(2, ("Key of", format!("org {org}")));
    }
    if let Some(expires) = expires {
        fields.push(("Expires", expires));
    }
    if auth.insecure {
        fields.push(("Certificates", "not checked".to_owned()));
    }
    for exposed in settings.exposed() {
        cx.ui.warn(&exposed.words());
        cx.ui.hint(exposed.fix());
    }
    cx.ui.report(&Report {
        text: table::fields(fields),
        names: who.into_iter().collect(),
        json: wire::to_value(&wire::Single::new("Auth", auth)),
        slim: None,
        wide: None,
    })?;
    match attempt {
        Some(Err(error)) => Err(error),
        _ => Ok(Outcome::Ok),
    }
}

fn in_words(kind: Option<TokenKind>) -> &'static str {
    match kind {
        Some(TokenKind::ServiceAccount) => "service account",
        Some(TokenKind::User) => "user",
        Some(TokenKind::Unknown) => "token of unknown kind",
        None => "nobody",
    }
}

async fn try_login(cx: &Context, org: &str) -> Result<()> {
    let client = cx.client().await?;
    client.list_value().await.map(|_| ()).map_err(|error| {
        let mut error = cx.explain(&error, &format!("read org `{org}`"));
        let identity = cx.settings().ok().and_then(Settings::identity);
        if let Some(identity) = identity {
            // That is what is shown already.
            let whose = control::whose(&identity.origin);
            let another = format!("the token is from {}: put another there", identity.origin);
            for hint in error.hints.iter_mut().filter(|it| **it == whose) {
                *hint = another.as_str().into();
            }
        }
        error
    })
}
