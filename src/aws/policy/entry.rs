//! Whether a role lets in those whom a template lets in. Pure.

use super::facts::Fact;
use super::{Decision, WebToken, of_resource};
use crate::aws::claims::{Admitted, admitted};
use crate::aws::normal::{Listed, Principal, Statement, view};
use crate::aws::trust::{label, statements};
use serde_json::Value;
use std::collections::BTreeSet;

/// Whether they get in; of several the worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryAnswer {
    /// The template names nobody with a token, so there is nobody to ask for.
    NotJudged,
    /// They do.
    Open,
    /// It depends.
    Depends {
        /// On these keys.
        on: BTreeSet<String>,
        /// The statement that allows it or stands against it, by its Sid or as `statement 2`.
        statement: String,
        /// Whether it stands against it.
        denies: bool,
    },
    /// No statement lets this subject in.
    NotAllowed {
        /// The subject.
        subject: String,
    },
    /// A statement keeps them out.
    Denied {
        /// Its Sid, or its number as `statement 2`.
        statement: String,
    },
}

impl EntryAnswer {
    fn rank(&self) -> u8 {
        match self {
            Self::NotJudged => 0,
            Self::Open => 1,
            Self::Depends { .. } => 2,
            Self::NotAllowed { .. } => 3,
            Self::Denied { .. } => 4,
        }
    }
}

/// Whether the trust policy lets in whom the template lets in, at a time in seconds since 1970.
///
/// `provider` is the ARN of the OIDC provider that is meant where the template names no principal.
pub(crate) fn entry(
    document: &Value,
    template: &Value,
    provider: Option<&str>,
    now: i64,
) -> EntryAnswer {
    let named = |place: super::StatementPlace| {
        let found = statements(document);
        let statement = found.get(place.statement);
        statement.map_or_else(String::new, |it| label(it, place.statement))
    };
    tokens(template, provider)
        .into_iter()
        .map(|token| match of_resource(document, &token.request(now)) {
            Decision::Allowed { .. } => EntryAnswer::Open,
            Decision::NotAllowed => EntryAnswer::NotAllowed {
                subject: token.subject,
            },
            Decision::Denied { by } => EntryAnswer::Denied {
                statement: named(by),
            },
            Decision::Depends {
                on,
                allowed,
                denied,
            } => EntryAnswer::Depends {
                on,
                statement: named(denied.unwrap_or(allowed)),
                denies: denied.is_some(),
            },
        })
        .max_by_key(EntryAnswer::rank)
        .unwrap_or(EntryAnswer::NotJudged)
}

/// A token for each subject that the template names; of a class one that is in it.
fn tokens(template: &Value, provider: Option<&str>) -> Vec<WebToken> {
    let mut found: Vec<WebToken> = Vec::new();
    for statement in view(template) {
        let Listed::These(principals) = &statement.principals else {
            continue;
        };
        if statement.effect != "Allow" {
            continue;
        }
        for principal in principals {
            let provider = match principal {
                Principal::Other(kind, value) if kind == "Federated" => Some(value.as_str()),
                Principal::Anyone => provider,
                _ => None,
            };
            for token in provider.map_or_else(Vec::new, |it| of_statement(&statement, it)) {
                if !found.contains(&token) {
                    found.push(token);
                }
            }
        }
    }
    found
}

fn of_statement(statement: &Statement, provider: &str) -> Vec<WebToken> {
    let Some((head, issuer)) = provider.split_once(":oidc-provider/") else {
        return Vec::new();
    };
    let claim = |name: &str| admitted(&statement.conditions, &format!("{issuer}:{name}"));
    let audience = match claim("aud") {
        Admitted::Named(named) => named.into_iter().next().map(|it| Fact::Is(vec![it])),
        Admitted::Class(_) => None,
    };
    let subjects = match claim("sub") {
        Admitted::Named(named) => named.into_iter().collect(),
        Admitted::Class(class) => class.examples(),
    };
    let token = |subject| WebToken {
        provider: provider.to_owned(),
        issuer: issuer.to_owned(),
        account: head.rsplit(':').next().unwrap_or_default().to_owned(),
        audience: audience.clone().unwrap_or(Fact::Unknown),
        subject,
    };
    subjects.into_iter().map(token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PROVIDER: &str = "arn:aws:iam::999988887777:oidc-provider/oidc.example/c147bab";

    fn allow(condition: &Value) -> Value {
        json!({"Effect": "Allow", "Principal": {"Federated": PROVIDER},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition})
    }

    #[test]
    fn the_worst_of_those_who_are_named_counts() {
        let sub = "oidc.example/c147bab:sub";
        let one = |name: &str| {
            allow(&json!({"StringEquals": {sub: format!("system:serviceaccount:a:{name}")}}))
        };
        let two = allow(
            &json!({"StringEquals": {sub: ["system:serviceaccount:a:b", "system:serviceaccount:a:c"]}}),
        );
        let class = allow(&json!({"StringLike": {sub: "system:serviceaccount:a:*"}}));
        let from = json!({"Sid": "Net", "Effect": "Deny", "Principal": "*", "Action": "*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}});
        let never =
            json!({"Sid": "Not", "Effect": "Deny", "NotPrincipal": {"AWS": "*"}, "Action": "*"});
        let deny = json!({"Sid": "No", "Effect": "Deny", "Principal": {"Federated": PROVIDER}, "Action": "*",
            "Condition": {"StringLike": {sub: "*:c"}}});
        let of = |list: Value, template: &Value| {
            let wrap = |list: &Value| json!({"Version": "2012-10-17", "Statement": list});
            entry(&wrap(&list), &wrap(template), Some(PROVIDER), 0)
        };
        let not = |name: &str| EntryAnswer::NotAllowed {
            subject: format!("system:serviceaccount:a:{name}"),
        };
        assert_eq!(of(json!([one("b")]), &one("b")), EntryAnswer::Open);
        assert_eq!(of(json!([one("b")]), &two), not("c"));
        assert_eq!(of(json!([class]), &two), EntryAnswer::Open);
        assert_eq!(of(json!([class, never]), &two), EntryAnswer::Open);
        assert_eq!(of(json!([class]), &class), EntryAnswer::Open);
        assert_eq!(of(json!([one("b")]), &class), not("any"));
        let denied = EntryAnswer::Denied {
            statement: "No".to_owned(),
        };
        assert_eq!(of(json!([two, deny]), &two), denied);
        assert_eq!(of(json!([two, deny]), &one("b")), EntryAnswer::Open);
        let on = BTreeSet::from(["aws:sourceip".to_owned()]);
        let depends = EntryAnswer::Depends {
            on,
            statement: "Net".to_owned(),
            denies: true,
        };
        assert_eq!(of(json!([two, from]), &two), depends);
        assert_eq!(of(json!([]), &deny), EntryAnswer::NotJudged);
        // Anyone with exact claims of the issuer is the cluster.
        let mut anyone = one("b");
        anyone["Principal"] = json!("*");
        assert_eq!(of(anyone.clone(), &one("b")), EntryAnswer::Open);
        assert_eq!(of(json!([one("b")]), &anyone), EntryAnswer::Open);
    }
}
