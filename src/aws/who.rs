//! Who may assume a role, in words, by its trust policy. Pure.
//!
//! Only what allows is told, so the words may name somebody whom a Deny keeps out, never fewer
//! than get in.

use super::claims::{Admitted, Class, admitted, service_account};
use super::name::Issuer;
use super::normal::{Condition, Listed, Principal, Statement, includes, view};
use super::quotable;
use super::target::{ClusterFacts, Target};
use serde_json::Value;
use std::collections::BTreeSet;

/// The cluster whose role it is.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The issuer's host and path, if it is known.
    pub issuer: Option<&'a str>,
    /// The account of the role.
    pub account: &'a str,
}

impl<'a> Home<'a> {
    /// The cluster of these facts, with its role in the target account.
    pub fn of(facts: &'a ClusterFacts, target: &'a Target) -> Self {
        Self {
            cluster: &facts.name,
            issuer: facts.issuer.as_ref().map(Issuer::bare),
            account: target.account.as_str(),
        }
    }
}

/// Those whom a trust policy lets in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Who {
    cluster: String,
    /// Service accounts of the cluster, as `NAMESPACE/NAME`.
    accounts: BTreeSet<String>,
    /// Other subjects of the cluster, in words.
    own: Vec<String>,
    /// Others, in words.
    others: Vec<String>,
    /// Whole classes among the two before, in words.
    open: Vec<String>,
    has_deny: bool,
}

impl Who {
    /// Reads a trust policy.
    pub fn of(document: &Value, home: Home<'_>) -> Self {
        let mut who = Self {
            cluster: quotable(home.cluster),
            ..Self::default()
        };
        for statement in view(document) {
            match statement.effect.as_str() {
                "Allow" => who.allow(&statement, home),
                "Deny" => who.has_deny = true,
                _ => {}
            }
        }
        who
    }

    /// Whole classes that get in: any pod, any repository, any caller.
    pub fn open(&self) -> &[String] {
        &self.open
    }

    fn allow(&mut self, statement: &Statement, home: Home<'_>) {
        let assumes = |pattern: &String| {
            ["", "withwebidentity", "withsaml"]
                .iter()
                .any(|how| includes(pattern, &format!("sts:assumerole{how}")))
        };
        if matches!(&statement.actions, Listed::These(actions) if !actions.iter().any(assumes)) {
            return;
        }
        let principals = match &statement.principals {
            Listed::These(principals) => principals,
            Listed::AllBut(_) => {
                let words = "everybody but those whom a statement lists".to_owned();
                self.other(&words, true, &further(statement, None));
                return;
            }
        };
        for principal in principals {
            self.principal(principal, statement, home);
        }
    }

    fn principal(&mut self, principal: &Principal, statement: &Statement, home: Home<'_>) {
        let bare = |words: String| (words, false);
        let (words, open) = match principal {
            Principal::Anyone => {
                let named = home
                    .issuer
                    .map(|issuer| admitted(&statement.conditions, &format!("{issuer}:sub")));
                if let Some(Admitted::Named(_)) = named {
                    self.of_issuer(statement, home.issuer.unwrap_or_default(), home);
                    return;
                }
                ("anyone".to_owned(), true)
            }
            Principal::Account(account) => bare(format!("account {account} (root)")),
            Principal::Other(kind, value) => match kind.as_str() {
                "Federated" => {
                    self.federated(value, statement, home);
                    return;
                }
                "Service" => bare(format!("the service {}", quotable(value))),
                "AWS" => bare(principal_in_words(value)),
                other => bare(format!("{} {}", quotable(other), quotable(value))),
            },
        };
        self.other(&words, open, &further(statement, None));
    }

    fn federated(&mut self, arn: &str, statement: &Statement, home: Home<'_>) {
        let further = further(statement, None);
        if let Some((_, name)) = arn.split_once(":saml-provider/") {
            self.other(
                &format!("the SAML provider {}", quotable(name)),
                false,
                &further,
            );
        } else if let Some((head, issuer)) = arn.split_once(":oidc-provider/") {
            let account = head.rsplit(':').next().unwrap_or_default();
            if account != home.account {
                let words = format!(
                    "the OIDC provider of account {}, which can never be used",
                    quotable(account)
                );
                self.other(&words, false, "");
                return;
            }
            self.of_issuer(statement, issuer, home);
        } else {
            self.other(&format!("identities of {}", quotable(arn)), true, &further);
        }
    }

    /// The subjects of an issuer that meet the conditions.
    fn of_issuer(&mut self, statement: &Statement, issuer: &str, home: Home<'_>) {
        let further = further(statement, Some(issuer));
        let is_home = home.issuer == Some(issuer);
        let (whose, shown) = (issuer, quotable(issuer));
        match admitted(&statement.conditions, &format!("{issuer}:sub")) {
            Admitted::Named(named) => {
                for subject in &named {
                    match service_account(subject) {
                        Some((namespace, name)) if is_home => {
                            self.accounts.insert(format!("{namespace}/{name}{further}"));
                        }
                        _ if is_home => {
                            let words = format!("the subject `{}`", quotable(subject));
                            self.own
                                .push(format!("{words} of {}{further}", self.cluster));
                        }
                        Some((namespace, name)) => {
                            let words =
                                format!("service account {namespace}/{name} of the issuer {shown}");
                            self.other(&words, false, &further);
                        }
                        None => {
                            let (words, open) = subject_in_words(subject, whose);
                            self.other(&words, open, &further);
                        }
                    }
                }
            }
            Admitted::Class(class) if is_home => {
                let words = format!("{}{further}", subjects_in_words(&class, home.cluster));
                self.open.push(words.clone());
                self.own.push(words);
            }
            Admitted::Class(class) if class.like.is_empty() => {
                let words = if whose == GITHUB {
                    "any repository of GitHub".to_owned()
                } else {
                    format!("any identity of the issuer {shown}")
                };
                self.other(&words, true, &further);
            }
            Admitted::Class(class) => {
                for pattern in &class.like {
                    let (words, open) = subject_in_words(pattern, whose);
                    self.other(&words, open, &further);
                }
            }
        }
    }

    fn other(&mut self, words: &str, open: bool, further: &str) {
        let words = format!("{words}{further}");
        if open && !self.open.contains(&words) {
            self.open.push(words.clone());
        }
        if !self.others.contains(&words) {
            self.others.push(words);
        }
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut own = self.own.clone();
        let accounts: Vec<&str> = self.accounts.iter().map(String::as_str).collect();
        match accounts.split_last() {
            None => {}
            Some((one, [])) => own.insert(0, format!("service account {one} of {}", self.cluster)),
            Some((last, before)) => own.insert(
                0,
                format!(
                    "service accounts {} and {last} of {}",
                    before.join(", "),
                    self.cluster
                ),
            ),
        }
        match (own.is_empty(), self.others.is_empty()) {
            (true, true) => write!(f, "nobody")?,
            (true, false) => write!(
                f,
                "nobody of {}; also: {}",
                self.cluster,
                self.others.join(", ")
            )?,
            (false, true) => write!(f, "{}; nobody else", own.join(", "))?,
            (false, false) => write!(f, "{}; also: {}", own.join(", "), self.others.join(", "))?,
        }
        if self.has_deny {
            write!(f, "; a Deny statement may keep some of them out")?;
        }
        Ok(())
    }
}

const GITHUB: &str = "token.actions.githubusercontent.com";

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
fn subject_in_words(subject: &str, issuer: &str) -> (String, bool) {
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
fn principal_in_words(arn: &str) -> String {
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
fn further(statement: &Statement, issuer: Option<&str>) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HOME: Home<'static> = Home {
        cluster: "hetzner",
        issuer: Some("oidc.example/c1"),
        account: "111122223333",
    };

    fn told(statements: &Value) -> (String, usize) {
        let who = Who::of(&json!({"Statement": statements}), HOME);
        (who.to_string(), who.open().len())
    }

    fn own(condition: &Value) -> Value {
        json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example/c1"},
            "Condition": condition})
    }

    fn github(condition: &Value) -> Value {
        json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated":
                "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
            "Condition": condition})
    }

    #[test]
    fn whoever_gets_in_is_named() {
        let sub = "oidc.example/c1:sub";
        let aud = "oidc.example/c1:aud";
        let ecr = "system:serviceaccount:kube-system:ecr";
        let exact = own(&json!({"StringEquals": {sub: ecr, aud: "sts.amazonaws.com"}}));
        let hub = "token.actions.githubusercontent.com:sub";
        let assume = |principal: Value| json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal});
        for (statements, words, open) in [
            (
                json!(exact),
                "service account kube-system/ecr of hetzner; nobody else",
                0,
            ),
            (
                own(&json!({"StringEquals": {sub: [ecr, "system:serviceaccount:a:b"]}})),
                "service accounts a/b and kube-system/ecr of hetzner; nobody else",
                0,
            ),
            (
                own(
                    &json!({"StringEquals": {sub: ecr}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
                ),
                "service account kube-system/ecr (if IpAddress aws:sourceip 10.0.0.0/8) of hetzner; nobody else",
                0,
            ),
            (
                own(&json!({})),
                "any service account of hetzner; nobody else",
                1,
            ),
            (
                own(&json!({"StringLike": {sub: "system:serviceaccount:kube-system:*"}})),
                "any service account of the namespace kube-system of hetzner; nobody else",
                1,
            ),
            (
                own(&json!({"StringLike": {sub: "system:serviceaccount:a*:b"}})),
                "any service account of hetzner like `system:serviceaccount:a*:b`; nobody else",
                1,
            ),
            (
                own(&json!({"StringNotEquals": {sub: "system:serviceaccount:a:b"}})),
                "any service account of hetzner but `system:serviceaccount:a:b`; nobody else",
                1,
            ),
            (
                json!([
                    exact,
                    assume(json!({"AWS": "222222222222"})),
                    github(&json!({}))
                ]),
                "service account kube-system/ecr of hetzner; also: account 222222222222 (root), any repository of GitHub",
                1,
            ),
            (
                json!([
                    github(&json!({"StringLike": {hub: ["repo:a/b:*", "repo:c/*"]}})),
                    github(&json!({"StringEquals": {hub: "repo:d/e:ref:refs/heads/main"}}))
                ]),
                "nobody of hetzner; also: repository a/b of GitHub, any repository of c on GitHub, repository d/e of GitHub",
                1,
            ),
            (
                json!([assume(
                    json!({"AWS": ["arn:aws:iam::222222222222:role/x/y", "AROAJ2ABCDEFGHIJKLMNO"],
                    "Service": "ec2.amazonaws.com", "Federated": "arn:aws:iam::111122223333:saml-provider/corp"})
                )]),
                "nobody of hetzner; also: AROAJ2ABCDEFGHIJKLMNO, which was deleted, role x/y of account 222222222222, \
                 the SAML provider corp, the service ec2.amazonaws.com",
                0,
            ),
            (
                json!(assume(json!("*"))),
                "nobody of hetzner; also: anyone",
                1,
            ),
            (
                json!({"Effect": "Allow", "Action": "sts:*", "Principal": "*",
                    "Condition": {"StringEquals": {sub: ecr}}}),
                "service account kube-system/ecr of hetzner; nobody else",
                0,
            ),
            (
                json!({"Effect": "Allow", "Action": "sts:*", "Principal": {"Federated":
                    "arn:aws:iam::444455556666:oidc-provider/oidc.example/c1"}}),
                "nobody of hetzner; also: the OIDC provider of account 444455556666, which can never be used",
                0,
            ),
            (
                json!([exact, {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}]),
                "service account kube-system/ecr of hetzner; nobody else; a Deny statement may keep some of them out",
                0,
            ),
            (
                json!({"Effect": "Allow", "Principal": "*", "Action": "sts:TagSession"}),
                "nobody",
                0,
            ),
            (
                json!({"Effect": "Allow", "NotPrincipal": {"AWS": "222222222222"}, "Action": "sts:*"}),
                "nobody of hetzner; also: everybody but those whom a statement lists",
                1,
            ),
        ] {
            assert_eq!(told(&statements), (words.to_owned(), open), "{statements}");
        }
    }
}
