//! Subjects and principals in words. Pure.

use crate::aws::claims::{Admitted, Class, admitted};
use crate::aws::normal::{Condition, Listed, Principal, Statement};
use crate::aws::quotable;

pub(super) const GITHUB: &str = "token.actions.githubusercontent.com";

/// Whom a statement is for and what they have to show: issuer, subject and audience of their tokens,
/// and what narrows it further. What is not the exchange of tokens is said by its elements.
pub(crate) fn statement_in_words(statement: &serde_json::Value, cluster: &str) -> String {
    let view = Statement::new(statement);
    let issuer = match &view.principals {
        Listed::These(listed) if listed.len() == 1 => listed.first().and_then(issuer_of),
        _ => None,
    };
    let (Some(issuer), "Allow") = (issuer, view.effect.as_str()) else {
        let told = ["Effect", "Principal", "NotPrincipal", "Action", "NotAction"]
            .iter()
            .filter_map(|&element| {
                let value = statement.get(element)?;
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                Some(format!("{element} {}", quotable(&text)))
            });
        let told: Vec<String> = told.collect();
        return format!("{}{}", told.join(", "), further(&view, None));
    };
    let listed = |named: std::collections::BTreeSet<String>| {
        let named: Vec<String> = named.iter().map(|it| quotable(it)).collect();
        named.join(" or ")
    };
    let claim = |name: &str| admitted(&view.conditions, &format!("{issuer}:{name}"));
    let subject = match claim("sub") {
        Admitted::Named(named) if named.is_empty() => "no subject at all".to_owned(),
        Admitted::Named(named) => format!("subject {}", listed(named)),
        Admitted::Class(class) => subjects_in_words(&class, cluster),
    };
    let audience = match claim("aud") {
        Admitted::Named(named) if named.is_empty() => "no audience at all".to_owned(),
        Admitted::Named(named) => format!("audience {}", listed(named)),
        Admitted::Class(_) => "any audience".to_owned(),
    };
    format!(
        "tokens of the issuer {}, {subject}, {audience}{}",
        quotable(issuer),
        further(&view, Some(issuer))
    )
}

/// The issuer of an OIDC provider.
fn issuer_of(principal: &Principal) -> Option<&str> {
    match principal {
        Principal::Other(kind, arn) if kind == "Federated" => {
            Some(arn.split_once(":oidc-provider/")?.1)
        }
        _ => None,
    }
}

/// A class of a cluster's subjects.
pub(crate) fn subjects_in_words(class: &Class, cluster: &str) -> String {
    let cluster = quotable(cluster);
    let of_namespace = |pattern: &String| {
        let namespace = pattern
            .strip_prefix("system:serviceaccount:")?
            .strip_suffix(":*")?;
        (!namespace.contains(['*', '?', ':'])).then(|| quotable(namespace))
    };
    let all = ["*", "system:serviceaccount:*", "system:serviceaccount:*:*"];
    let like: Vec<&String> = class.like.iter().collect();
    let mut words = match &like[..] {
        [] => format!("any service account of {cluster}"),
        like if like.iter().any(|it| all.contains(&it.as_str())) => {
            format!("any service account of {cluster}")
        }
        [one] if of_namespace(one).is_some() => format!(
            "any service account of the namespace {} of {cluster}",
            of_namespace(one).unwrap_or_default()
        ),
        like => {
            let shown: Vec<String> = like
                .iter()
                .map(|it| format!("`{}`", quotable(it)))
                .collect();
            format!(
                "any service account of {cluster} like {}",
                shown.join(" or ")
            )
        }
    };
    if !class.but.is_empty() {
        let but: Vec<String> = class
            .but
            .iter()
            .map(|it| format!("`{}`", quotable(it)))
            .collect();
        words = format!("{words} but {}", but.join(", "));
    }
    words
}

/// A subject, or a pattern of some, of another issuer; and whether it is a whole class.
pub(super) fn subject_in_words(subject: &str, issuer: &str) -> (String, bool) {
    let wild = |text: &str| text.contains(['*', '?']);
    if issuer == GITHUB {
        let repository = subject.strip_prefix("repo:").unwrap_or("*");
        let repository = repository.split(':').next().unwrap_or_default();
        return match repository.split_once('/') {
            Some((org, name)) if !wild(org) && !wild(name) => (
                format!("repository {} of GitHub", quotable(repository)),
                false,
            ),
            Some((org, _)) if !wild(org) => (
                format!("any repository of {} on GitHub", quotable(org)),
                true,
            ),
            _ => ("any repository of GitHub".to_owned(), true),
        };
    }
    let (subject, issuer) = (quotable(subject), quotable(issuer));
    if subject == "*" {
        (format!("any identity of the issuer {issuer}"), true)
    } else if wild(&subject) {
        (
            format!("identities like `{subject}` of the issuer {issuer}"),
            true,
        )
    } else {
        (format!("`{subject}` of the issuer {issuer}"), false)
    }
}

/// A role, a user or what was one.
pub(super) fn principal_in_words(arn: &str) -> String {
    let shown = quotable(arn);
    let parts: Vec<&str> = shown.splitn(6, ':').collect();
    let [_, _, _, _, account, resource] = parts[..] else {
        let gone = shown.starts_with("AROA") || shown.starts_with("AIDA");
        return if gone {
            format!("{shown}, which was deleted")
        } else {
            shown
        };
    };
    match resource.split_once('/') {
        Some((kind @ ("role" | "user"), name)) => format!("{kind} {name} of account {account}"),
        _ => shown,
    }
}

/// The conditions beyond subject and audience of an issuer, in brackets.
pub(super) fn further(statement: &Statement, issuer: Option<&str>) -> String {
    let is_claim = |condition: &&Condition| {
        issuer.is_some_and(|issuer| {
            ["sub", "aud"].iter().any(|claim| {
                condition
                    .key
                    .eq_ignore_ascii_case(&format!("{issuer}:{claim}"))
            })
        })
    };
    let told: Vec<String> = statement
        .conditions
        .iter()
        .filter(|it| !is_claim(it))
        .map(Condition::describe)
        .collect();
    if told.is_empty() {
        String::new()
    } else {
        format!(" (if {})", told.join(" and "))
    }
}
