//! Who may assume a role, in words, by its trust policy. Pure.
//!
//! The statements say whom to ask for, the evaluator whether they get in: somebody whom a Deny keeps
//! out is not named. Of a class some members are tried, and where that does not settle it, it counts
//! as let in: more may be named than get in, never fewer.

mod reader;
mod words;

use super::name::Issuer;
use super::normal::view;
use super::quotable;
use super::target::{AwsPlacement, ClusterFacts};
use super::template::fill_account;
use super::trust;
use reader::TrustReader;
use serde_json::Value;
use std::collections::BTreeSet;

pub(crate) use words::{statement_in_words, subjects_in_words};

/// The cluster whose role it is.
#[derive(Debug, Clone)]
pub(crate) struct HomeCluster<'a> {
    /// The cluster's name.
    pub(crate) cluster: &'a str,
    /// The issuer's host and path, if it is known.
    pub(crate) issuer: Option<&'a str>,
    /// The account of the role.
    pub(crate) account: &'a str,
    /// Its partition.
    pub(crate) partition: &'a str,
    /// The trust policy that the cluster publishes, for this account.
    pub(crate) published: Option<Value>,
    /// When, in seconds since 1970.
    pub(crate) now: i64,
}

impl<'a> HomeCluster<'a> {
    /// The cluster of these facts, with its role in the target account, at a time in seconds since
    /// 1970.
    pub(crate) fn of(facts: &'a ClusterFacts, target: &'a AwsPlacement, now: i64) -> Self {
        let published = facts.template.as_ref();
        let published = published.and_then(|it| trust::parse(it).ok());
        Self {
            cluster: &facts.name,
            issuer: facts.issuer.as_ref().map(Issuer::bare),
            account: target.account.as_str(),
            partition: &target.partition,
            published: published
                .map(|it| fill_account(&it, &target.account, Some(&target.partition)).document),
            now,
        }
    }

    fn provider(&self, issuer: &str) -> String {
        let (partition, account) = (self.partition, self.account);
        format!("arn:{partition}:iam::{account}:oidc-provider/{issuer}")
    }
}

/// Who gets in beyond those whom the cluster publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Others {
    /// Nobody.
    None,
    /// Identities that are named one by one.
    Named,
    /// A whole class, such as any pod, any repository, any caller.
    Open,
}

#[cfg(test)]
impl Others {
    /// The word in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Named => "named",
            Self::Open => "open",
        }
    }
}

/// Those whom a trust policy lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LetIn {
    cluster: String,
    /// Service accounts of the cluster, as `NAMESPACE/NAME`.
    accounts: BTreeSet<String>,
    /// Other subjects of the cluster, in words.
    own: Vec<String>,
    /// Others, in words.
    others: Vec<String>,
    /// Whole classes among the two before, in words.
    open: Vec<String>,
    beyond: Others,
    guarded: bool,
}

impl LetIn {
    /// Reads a trust policy.
    pub(crate) fn of(document: &Value, home: &HomeCluster<'_>) -> Self {
        Self::read(document, None, home)
    }

    /// Those whom one of its statements lets in, given by its place from 0.
    pub(crate) fn of_statement(document: &Value, index: usize, home: &HomeCluster<'_>) -> Self {
        Self::read(document, Some(index), home)
    }

    fn read(document: &Value, only: Option<usize>, home: &HomeCluster<'_>) -> Self {
        let mut reader = TrustReader {
            document,
            home,
            who: Self {
                cluster: quotable(home.cluster),
                accounts: BTreeSet::new(),
                own: Vec::new(),
                others: Vec::new(),
                open: Vec::new(),
                beyond: Others::None,
                guarded: false,
            },
        };
        for (index, statement) in view(document).iter().enumerate() {
            if statement.effect == "Allow" && only.is_none_or(|only| only == index) {
                reader.allow(statement);
            }
        }
        reader.who
    }

    /// Whole classes that get in: any pod, any repository, any caller.
    pub(crate) fn open(&self) -> &[String] {
        &self.open
    }

    /// Whether nobody gets in.
    pub(crate) fn is_nobody(&self) -> bool {
        self.accounts.is_empty() && self.own.is_empty() && self.others.is_empty()
    }

    /// Who gets in beyond those whom the cluster publishes.
    #[cfg(test)]
    pub(crate) fn others(&self) -> Others {
        self.beyond
    }
}

impl std::fmt::Display for LetIn {
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
        if self.guarded {
            write!(f, "; a Deny statement may keep some of them out")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HOME: HomeCluster<'static> = HomeCluster {
        cluster: "hetzner",
        issuer: Some("oidc.example/c1"),
        account: "111122223333",
        partition: "aws",
        published: None,
        now: 0,
    };

    fn told(statements: &Value) -> (String, usize) {
        let who = LetIn::of(&json!({"Statement": statements}), &HOME);
        (who.to_string(), who.open().len())
    }

    /// The 45 policies of the field, each with who gets in beyond the cluster.
    #[test]
    fn others_are_counted_as_the_cases_have_it() {
        let text = include_str!("../../../tests/fixtures/iam/trust_verdicts.json");
        let cases: Value = serde_json::from_str(text).unwrap();
        let policies = cases["policies"].as_object().unwrap();
        let home = HomeCluster {
            cluster: "prod",
            issuer: Some("oidc.example/c147bab"),
            account: "999988887777",
            published: Some(policies["exact"]["policy"].clone()),
            now: 1_795_780_800,
            ..HOME
        };
        assert_eq!(policies.len(), 45);
        for (name, case) in policies {
            let who = LetIn::of(&case["policy"], &home);
            assert_eq!(who.others().name(), case["others"], "{name}: {who}");
        }
        let class = |name: &str| {
            LetIn::of(&policies[name]["policy"], &home)
                .open()
                .join(", ")
        };
        for (name, words) in [
            ("aws-root-star", "anyone"),
            ("github-no-sub", "any repository of GitHub"),
            ("like-star", "any service account of prod"),
            (
                "like-ns-wild",
                "any service account of the namespace kube-system of prod",
            ),
        ] {
            assert_eq!(class(name), words, "{name}");
        }
    }

    #[test]
    fn whom_a_deny_keeps_out_does_not_get_in() {
        let sub = "oidc.example/c1:sub";
        let open = own(&json!({}));
        let deny = |principal: Value, condition: Value| {
            json!({"Effect": "Deny", "Action": "*",
            "Principal": principal, "Condition": condition})
        };
        let but_one = deny(
            json!("*"),
            json!({"StringNotEquals": {sub: "system:serviceaccount:a:b"}}),
        );
        let outside = deny(
            json!("*"),
            json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        );
        let anyone = json!({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"});
        for (statements, words, open) in [
            (json!([open, but_one]), "nobody", 0),
            (
                json!([open, outside]),
                "any service account of hetzner; nobody else; a Deny statement may keep some of them out",
                1,
            ),
            (
                json!([anyone, deny(json!({"AWS": "*"}), json!({}))]),
                "nobody",
                0,
            ),
            (
                json!([
                    anyone,
                    deny(
                        json!("*"),
                        json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})
                    )
                ]),
                "nobody of hetzner; also: anyone; a Deny statement may keep some of them out",
                1,
            ),
        ] {
            assert_eq!(told(&statements), (words.to_owned(), open), "{statements}");
        }
    }

    #[test]
    fn anyone_is_whom_the_conditions_leave() {
        let sub = "oidc.example/c1:sub";
        let anyone = |condition: Value| {
            json!({"Effect": "Allow", "Principal": "*", "Action": "sts:*",
            "Condition": condition})
        };
        for (condition, words, open) in [
            (json!({}), "nobody of hetzner; also: anyone", 1),
            (
                json!({"StringEquals": {"aws:PrincipalAccount": "222222222222"}}),
                "nobody of hetzner; also: account 222222222222",
                0,
            ),
            (
                json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/ci-*"}}),
                "nobody of hetzner; also: principals like `arn:aws:iam::222222222222:role/ci-*`",
                1,
            ),
            (
                json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
                "nobody of hetzner; also: anyone (if StringEquals aws:principalorgid o-1)",
                1,
            ),
            (
                json!({"StringEqualsIfExists": {sub: "system:serviceaccount:a:b"}}),
                "service account a/b of hetzner; also: anyone (if StringEqualsIfExists oidc.example/c1:sub system:serviceaccount:a:b)",
                1,
            ),
            (json!({"Bool": {"aws:SecureTransport": false}}), "nobody", 0),
        ] {
            assert_eq!(
                told(&anyone(condition.clone())),
                (words.to_owned(), open),
                "{condition}"
            );
        }
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
                 the service ec2.amazonaws.com",
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
                "nobody",
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
