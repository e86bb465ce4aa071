//! Who may assume a role, in words, by its trust policy. Pure.
//!
//! The statements say whom to ask for, the evaluator whether they get in: somebody whom a Deny keeps
//! out is not named. Of a class some members are tried, and where that does not settle it, it counts
//! as let in: more may be named than get in, never fewer.

use super::claims::{Admitted, Class, admitted, service_account};
use super::name::Issuer;
use super::normal::{Condition, Listed, Principal, Statement, view};
use super::policy::{Caller, Decision, Fact, Facts, Request, Token, of_resource};
use super::quotable;
use super::target::{ClusterFacts, Target};
use super::template::fill_account;
use super::trust;
use serde_json::Value;
use std::collections::BTreeSet;

/// The cluster whose role it is.
#[derive(Debug, Clone)]
pub struct Home<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The issuer's host and path, if it is known.
    pub issuer: Option<&'a str>,
    /// The account of the role.
    pub account: &'a str,
    /// Its partition.
    pub partition: &'a str,
    /// The trust policy that the cluster publishes, for this account.
    pub published: Option<Value>,
    /// When, in seconds since 1970.
    pub now: i64,
}

impl<'a> Home<'a> {
    /// The cluster of these facts, with its role in the target account, at a time in seconds since
    /// 1970.
    pub fn of(facts: &'a ClusterFacts, target: &'a Target, now: i64) -> Self {
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
pub enum Others {
    /// Nobody.
    None,
    /// Identities that are named one by one.
    Named,
    /// A whole class, such as any pod, any repository, any caller.
    Open,
}

impl Others {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Named => "named",
            Self::Open => "open",
        }
    }
}

/// Those whom a trust policy lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    beyond: Others,
    guarded: bool,
}

impl Who {
    /// Reads a trust policy.
    pub fn of(document: &Value, home: &Home<'_>) -> Self {
        Self::read(document, None, home)
    }

    /// Those whom one of its statements lets in, given by its place from 0.
    pub fn of_statement(document: &Value, index: usize, home: &Home<'_>) -> Self {
        Self::read(document, Some(index), home)
    }

    fn read(document: &Value, only: Option<usize>, home: &Home<'_>) -> Self {
        let mut reader = Reader {
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
    pub fn open(&self) -> &[String] {
        &self.open
    }

    /// Who gets in beyond those whom the cluster publishes.
    pub fn others(&self) -> Others {
        self.beyond
    }
}

/// Somebody whom a statement speaks of.
struct Entrant {
    side: Side,
    words: String,
    is_class: bool,
    /// Calls by which they would get in; none if nobody can be it.
    calls: Vec<Request>,
    /// A call of a class of which nothing more is known.
    vague: Option<Request>,
}

enum Side {
    Account,
    Own,
    Other,
}

struct Reader<'a> {
    document: &'a Value,
    home: &'a Home<'a>,
    who: Who,
}

impl Reader<'_> {
    fn add(&mut self, entrant: Entrant) {
        let Entrant {
            side,
            words,
            is_class,
            calls,
            vague,
        } = entrant;
        if !calls.is_empty() {
            let decisions = calls.iter().map(|call| of_resource(self.document, call));
            let may: Vec<(&Request, Decision)> = calls
                .iter()
                .zip(decisions)
                .filter(|(_, decision)| decision.answer().may_be())
                .collect();
            let vague = vague.as_ref().map(|call| of_resource(self.document, call));
            // No member was found that gets in: unless it is a Deny that keeps them out, some may.
            let unsettled = matches!(
                vague,
                Some(Decision::Allowed { .. } | Decision::Depends { denied: None, .. })
            );
            if may.is_empty() && !unsettled {
                return;
            }
            let is_guarded = |(_, it): &(_, Decision)| {
                matches!(
                    it,
                    Decision::Depends {
                        denied: Some(_),
                        ..
                    }
                )
            };
            self.who.guarded |= may.iter().any(is_guarded);
            let is_published = !may.is_empty()
                && self.home.published.as_ref().is_some_and(|published| {
                    may.iter()
                        .all(|(call, _)| of_resource(published, call).answer().may_be())
                });
            if !is_published {
                let beyond = if is_class {
                    Others::Open
                } else {
                    Others::Named
                };
                self.who.beyond = self.who.beyond.max(beyond);
            }
            if is_class && !self.who.open.contains(&words) {
                self.who.open.push(words.clone());
            }
        }
        let list = match side {
            Side::Account => {
                self.who.accounts.insert(words);
                return;
            }
            Side::Own => &mut self.who.own,
            Side::Other => &mut self.who.others,
        };
        if !list.contains(&words) {
            list.push(words);
        }
    }

    fn other(&mut self, words: String, is_class: bool, calls: Vec<Request>) {
        self.add(Entrant {
            side: Side::Other,
            words,
            is_class,
            calls,
            vague: None,
        });
    }

    fn allow(&mut self, statement: &Statement) {
        match &statement.principals {
            Listed::These(principals) => {
                for principal in principals {
                    self.principal(principal, statement);
                }
            }
            Listed::AllBut(_) => {
                let words = format!(
                    "everybody but those whom a statement lists{}",
                    further(statement, None)
                );
                let mut calls = vec![self.stranger(), self.strange_token()];
                calls.extend(self.home.issuer.map(|it| self.token(it, ANY)));
                self.other(words, true, calls);
            }
        }
    }

    fn principal(&mut self, principal: &Principal, statement: &Statement) {
        let further = || further(statement, None);
        match principal {
            Principal::Anyone => self.anyone(statement),
            Principal::Account(account) => {
                let arn = format!("arn:{}:iam::{account}:root", self.home.partition);
                let words = format!("account {account} (root){}", further());
                let call = self.principal_call(account, &arn, Fact::Unknown);
                self.other(words, false, vec![call]);
            }
            Principal::Other(kind, value) => match kind.as_str() {
                "Federated" => self.federated(value, statement),
                "AWS" => {
                    let words = format!("{}{}", principal_in_words(value), further());
                    let account = value.split(':').nth(4).unwrap_or_default();
                    // What was deleted cannot come back.
                    let known = Fact::Is(vec![value.clone()]);
                    let call =
                        (!account.is_empty()).then(|| self.principal_call(account, value, known));
                    self.other(words, false, call.into_iter().collect());
                }
                kind => {
                    let shown = quotable(value);
                    let words = if kind == "Service" {
                        format!("the service {shown}{}", further())
                    } else {
                        format!("{} {shown}{}", quotable(kind), further())
                    };
                    let call = Request {
                        caller: Caller::Other(kind.to_owned(), value.clone()),
                        action: "sts:AssumeRole".to_owned(),
                        resource: "*".to_owned(),
                        facts: self.known(),
                    };
                    self.other(words, value == "*", vec![call]);
                }
            },
        }
    }

    /// `"*"`: principals of IAM, and whoever has a token of an issuer that the account knows.
    fn anyone(&mut self, statement: &Statement) {
        for issuer in self.issuers(statement) {
            self.of_issuer(statement, &issuer);
        }
        let further = further(statement, None);
        let calls = vec![self.stranger(), self.strange_token()];
        self.other(format!("anyone{further}"), true, calls);
        // Those whom conditions name.
        for condition in &statement.conditions {
            for value in &condition.values {
                let wild = value.contains(['*', '?']);
                let example = value.replace('*', "any").replace('?', "x");
                let (words, account, arn) = match condition.key.as_str() {
                    "aws:principalaccount" => {
                        let arn = format!("arn:{}:iam::{example}:role/any", self.home.partition);
                        (format!("account {}", quotable(value)), example, arn)
                    }
                    "aws:principalarn" if wild => {
                        let account = example.split(':').nth(4).unwrap_or_default().to_owned();
                        (
                            format!("principals like `{}`", quotable(value)),
                            account,
                            example,
                        )
                    }
                    "aws:principalarn" => {
                        let account = value.split(':').nth(4).unwrap_or_default().to_owned();
                        (principal_in_words(value), account, value.clone())
                    }
                    _ => continue,
                };
                let call = self.principal_call(&account, &arn, Fact::Is(vec![arn.clone()]));
                self.other(words, wild, vec![call]);
            }
        }
    }

    /// The cluster's issuer, if it is known, and those whose claims a statement asks for.
    fn issuers(&self, statement: &Statement) -> BTreeSet<String> {
        let named = statement.conditions.iter().filter_map(|condition| {
            let (issuer, claim) = condition.key.rsplit_once(':')?;
            (["sub", "aud"].contains(&claim) && issuer.contains('.')).then_some(issuer)
        });
        let home = self.home.issuer;
        let is_home = |issuer: &&str| home.is_some_and(|home| home.eq_ignore_ascii_case(issuer));
        let named: BTreeSet<&str> = named.collect();
        let mut issuers: BTreeSet<String> = named
            .iter()
            .filter(|it| !is_home(it))
            .map(|&it| it.to_owned())
            .collect();
        // In the case in which it is registered, for keys are read in lower case.
        if named.iter().any(is_home) {
            issuers.extend(home.map(str::to_owned));
        }
        issuers
    }

    fn federated(&mut self, arn: &str, statement: &Statement) {
        let further = further(statement, None);
        if let Some((_, name)) = arn.split_once(":saml-provider/") {
            let call = Request {
                caller: Caller::Federated(arn.to_owned()),
                action: "sts:AssumeRoleWithSAML".to_owned(),
                resource: "*".to_owned(),
                facts: self.known().family("saml:", Fact::Unknown),
            };
            let words = format!("the SAML provider {}{further}", quotable(name));
            self.other(words, false, vec![call]);
        } else if let Some((head, issuer)) = arn.split_once(":oidc-provider/") {
            let account = head.rsplit(':').next().unwrap_or_default();
            if account != self.home.account {
                let words = format!(
                    "the OIDC provider of account {}, which can never be used",
                    quotable(account)
                );
                self.other(words, false, Vec::new());
                return;
            }
            self.of_issuer(statement, issuer);
        } else {
            let call = Request {
                caller: Caller::Federated(arn.to_owned()),
                facts: self.known().family(&format!("{arn}:"), Fact::Unknown),
                ..self.strange_token()
            };
            let words = format!("identities of {}{further}", quotable(arn));
            self.other(words, true, vec![call]);
        }
    }

    /// The subjects of an issuer that meet the conditions.
    fn of_issuer(&mut self, statement: &Statement, issuer: &str) {
        let further = further(statement, Some(issuer));
        let is_home = self.home.issuer == Some(issuer);
        let (whose, shown) = (issuer, quotable(issuer));
        match admitted(&statement.conditions, &format!("{issuer}:sub")) {
            Admitted::Named(named) => {
                for subject in &named {
                    let calls = vec![self.token(issuer, subject)];
                    match service_account(subject) {
                        Some((namespace, name)) if is_home => self.add(Entrant {
                            side: Side::Account,
                            words: format!("{namespace}/{name}{further}"),
                            is_class: false,
                            calls,
                            vague: None,
                        }),
                        // Tokens of a cluster are for service accounts, and none is called so.
                        _ if is_home => {}
                        Some((namespace, name)) => {
                            let words = format!(
                                "service account {namespace}/{name} of the issuer {shown}{further}"
                            );
                            self.other(words, false, calls);
                        }
                        None => {
                            let (words, open) = subject_in_words(subject, whose);
                            self.other(format!("{words}{further}"), open, calls);
                        }
                    }
                }
            }
            Admitted::Class(class) if is_home => {
                let words = subjects_in_words(&class, self.home.cluster);
                let words = format!("{words}{further}");
                self.class(issuer, &class, Side::Own, words, true);
            }
            Admitted::Class(class) if class.like.is_empty() => {
                let words = if whose == GITHUB {
                    "any repository of GitHub".to_owned()
                } else {
                    format!("any identity of the issuer {shown}")
                };
                self.class(
                    issuer,
                    &class,
                    Side::Other,
                    format!("{words}{further}"),
                    true,
                );
            }
            Admitted::Class(class) => {
                for pattern in &class.like {
                    let (words, open) = subject_in_words(pattern, whose);
                    let one = Class {
                        like: BTreeSet::from([pattern.clone()]),
                        but: class.but.clone(),
                    };
                    self.class(issuer, &one, Side::Other, format!("{words}{further}"), open);
                }
            }
        }
    }

    fn class(&mut self, issuer: &str, class: &Class, side: Side, words: String, is_class: bool) {
        let examples = class.examples();
        let calls = examples.iter().map(|it| self.token(issuer, it)).collect();
        let mut vague = self.token(issuer, ANY);
        vague.facts = vague.facts.with(&format!("{issuer}:sub"), Fact::Unknown);
        self.add(Entrant {
            side,
            words,
            is_class,
            calls,
            vague: Some(vague),
        });
    }

    /// A token with whatever audience the provider takes.
    fn token(&self, issuer: &str, subject: &str) -> Request {
        let token = Token {
            provider: self.home.provider(issuer),
            issuer: issuer.to_owned(),
            account: self.home.account.to_owned(),
            audience: Fact::Unknown,
            subject: subject.to_owned(),
        };
        let mut call = token.request(self.home.now);
        if self.home.issuer != Some(issuer) {
            // Of other issuers nobody knows which claims they give.
            call.facts = call.facts.family(&format!("{issuer}:"), Fact::Unknown);
        }
        call
    }

    /// A token of an issuer that nobody named.
    fn strange_token(&self) -> Request {
        self.token("any.invalid", ANY)
    }

    /// A principal of IAM that nobody named.
    fn stranger(&self) -> Request {
        let arn = format!("arn:{}:iam::any:role/any", self.home.partition);
        self.principal_call("any", &arn, Fact::Is(vec![arn.clone()]))
    }

    fn principal_call(&self, account: &str, arn: &str, known: Fact) -> Request {
        Request {
            caller: Caller::Aws {
                account: account.to_owned(),
                arn: arn.to_owned(),
            },
            action: "sts:AssumeRole".to_owned(),
            resource: "*".to_owned(),
            facts: self
                .known()
                .is("aws:PrincipalAccount", account)
                .with("aws:PrincipalArn", known),
        }
    }

    /// What is known of a call of whomever: keys of other services are not there.
    fn known(&self) -> Facts {
        ["aws:", "sts:", "iam:"]
            .into_iter()
            .fold(Facts::new(Fact::Absent), |facts, family| {
                facts.family(family, Fact::Unknown)
            })
            .at(self.home.now)
            .is("aws:SecureTransport", "true")
            .is("aws:ResourceAccount", self.home.account)
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
        if self.guarded {
            write!(f, "; a Deny statement may keep some of them out")?;
        }
        Ok(())
    }
}

/// A service account that nobody named.
const ANY: &str = "system:serviceaccount:any:any";

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
        partition: "aws",
        published: None,
        now: 0,
    };

    fn told(statements: &Value) -> (String, usize) {
        let who = Who::of(&json!({"Statement": statements}), &HOME);
        (who.to_string(), who.open().len())
    }

    /// The 45 policies of the field, each with who gets in beyond the cluster.
    #[test]
    fn others_are_counted_as_the_cases_have_it() {
        let text = include_str!("../../tests/fixtures/iam/trust_verdicts.json");
        let cases: Value = serde_json::from_str(text).unwrap();
        let policies = cases["policies"].as_object().unwrap();
        let home = Home {
            cluster: "prod",
            issuer: Some("oidc.example/c147bab"),
            account: "999988887777",
            published: Some(policies["exact"]["policy"].clone()),
            now: 1_795_780_800,
            ..HOME
        };
        assert_eq!(policies.len(), 45);
        for (name, case) in policies {
            let who = Who::of(&case["policy"], &home);
            assert_eq!(who.others().name(), case["others"], "{name}: {who}");
        }
        let class = |name: &str| Who::of(&policies[name]["policy"], &home).open().join(", ");
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
