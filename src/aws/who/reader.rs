//! Asks the evaluator about everybody whom a statement speaks of. Pure.

use super::words::{GITHUB, further, principal_in_words, subject_in_words, subjects_in_words};
use super::{HomeCluster, LetIn, Others};
use crate::aws::claims::{Admitted, Class, admitted, service_account};
use crate::aws::normal::{Listed, Principal, Statement};
use crate::aws::policy::{AwsRequest, Decision, Fact, Facts, RequestCaller, WebToken, of_resource};
use crate::aws::quotable;
use serde_json::Value;
use std::collections::BTreeSet;

/// A service account that nobody named.
const ANY: &str = "system:serviceaccount:any:any";

/// Somebody whom a statement speaks of.
struct Entrant {
    side: AccountSide,
    words: String,
    is_class: bool,
    /// Calls by which they would get in; none if nobody can be it.
    calls: Vec<AwsRequest>,
    /// A call of a class of which nothing more is known.
    vague: Option<AwsRequest>,
}

enum AccountSide {
    Account,
    Own,
    Other,
}

pub(super) struct TrustReader<'a> {
    pub(super) document: &'a Value,
    pub(super) home: &'a HomeCluster<'a>,
    pub(super) who: LetIn,
}

impl TrustReader<'_> {
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
            let may: Vec<(&AwsRequest, Decision)> = calls
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
            AccountSide::Account => {
                self.who.accounts.insert(words);
                return;
            }
            AccountSide::Own => &mut self.who.own,
            AccountSide::Other => &mut self.who.others,
        };
        if !list.contains(&words) {
            list.push(words);
        }
    }

    fn other(&mut self, words: String, is_class: bool, calls: Vec<AwsRequest>) {
        self.add(Entrant {
            side: AccountSide::Other,
            words,
            is_class,
            calls,
            vague: None,
        });
    }

    pub(super) fn allow(&mut self, statement: &Statement) {
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
                    let call = AwsRequest {
                        caller: RequestCaller::Other(kind.to_owned(), value.clone()),
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
            let call = AwsRequest {
                caller: RequestCaller::Federated(arn.to_owned()),
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
            let call = AwsRequest {
                caller: RequestCaller::Federated(arn.to_owned()),
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
                            side: AccountSide::Account,
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
                self.class(issuer, &class, AccountSide::Own, words, true);
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
                    AccountSide::Other,
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
                    self.class(
                        issuer,
                        &one,
                        AccountSide::Other,
                        format!("{words}{further}"),
                        open,
                    );
                }
            }
        }
    }

    fn class(
        &mut self,
        issuer: &str,
        class: &Class,
        side: AccountSide,
        words: String,
        is_class: bool,
    ) {
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
    fn token(&self, issuer: &str, subject: &str) -> AwsRequest {
        let token = WebToken {
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
    fn strange_token(&self) -> AwsRequest {
        self.token("any.invalid", ANY)
    }

    /// A principal of IAM that nobody named.
    fn stranger(&self) -> AwsRequest {
        let arn = format!("arn:{}:iam::any:role/any", self.home.partition);
        self.principal_call("any", &arn, Fact::Is(vec![arn.clone()]))
    }

    fn principal_call(&self, account: &str, arn: &str, known: Fact) -> AwsRequest {
        AwsRequest {
            caller: RequestCaller::Aws {
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
