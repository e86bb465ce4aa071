//! The policies of ECR repositories through the AWS SDK, and writing one.
//!
//! What a policy means and how it is merged is the business of `repository`. A client signs for one
//! region: that of the repository.

use super::apply::clock::Clock;
use super::connect::AwsSession;
use super::explain::explain;
use super::failure::{done, failure};
use super::iam::{AwsFailure, IamAnswer};
use super::repository::{self, LONGEST, Repository};
use super::trust;
use crate::arn::RoleArn;
use crate::consent::Permit;
use crate::error::{Error, Kind, Result};
use crate::invocation::Invocation;
use serde_json::Value;
use std::time::Duration;

/// ECR, as far as it is needed.
pub(crate) trait Ecr {
    /// `ecr:GetRepositoryPolicy`: the text; `None` if the repository has no policy.
    async fn repository_policy(&self, repository: &Repository) -> IamAnswer<Option<String>>;
    /// `ecr:SetRepositoryPolicy`: replaces the whole policy.
    async fn set_repository_policy(
        &self,
        repository: &Repository,
        text: &str,
        permit: &Permit,
    ) -> IamAnswer<()>;
}

/// ECR by the AWS SDK.
#[derive(Debug, Clone)]
pub(crate) struct EcrSdk {
    client: aws_sdk_ecr::Client,
}

impl EcrSdk {
    /// A client for the region of a repository. Nothing is sent.
    pub(crate) fn new(session: &AwsSession, region: &str) -> Self {
        Self {
            client: session.in_region(region).ecr(),
        }
    }
}

impl Ecr for EcrSdk {
    async fn repository_policy(&self, repository: &Repository) -> IamAnswer<Option<String>> {
        let action = "ecr:GetRepositoryPolicy";
        let answer = self
            .client
            .get_repository_policy()
            .registry_id(&repository.account)
            .repository_name(&repository.name)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.policy_text().map(str::to_owned)),
            Err(error) => {
                let failure = failure(action, &error);
                if failure.is("RepositoryPolicyNotFoundException") {
                    Ok(None)
                } else {
                    Err(failure)
                }
            }
        }
    }

    async fn set_repository_policy(
        &self,
        repository: &Repository,
        text: &str,
        _permit: &Permit,
    ) -> IamAnswer<()> {
        let call = self
            .client
            .set_repository_policy()
            .registry_id(&repository.account)
            .repository_name(&repository.name)
            .policy_text(text);
        done("ecr:SetRepositoryPolicy", call.send().await)
    }
}

/// The policy of a repository as it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Current {
    /// Its text; `None` if there is none.
    pub(crate) text: Option<String>,
    /// The document; `{}` if there is none.
    pub(crate) document: Value,
}

/// Reads the policy of a repository. `what` says what is not done if that fails.
pub(crate) async fn read(
    ecr: &impl Ecr,
    repository: &Repository,
    caller: Option<&str>,
    what: &str,
) -> Result<Current> {
    let text = ecr
        .repository_policy(repository)
        .await
        .map_err(|failure| told(&failure, repository, what, caller))?;
    let document = match &text {
        None => Value::Object(serde_json::Map::new()),
        Some(text) => repository::parse(text).map_err(|reason| {
            Error::refused(what).because(format!(
                "the policy of {} cannot be read: {reason}",
                repository.arn
            ))
        })?,
    };
    Ok(Current { text, document })
}

/// Who writes, and for which role.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing<'a> {
    /// The repository.
    pub(crate) repository: &'a Repository,
    /// The role that it is to admit.
    pub(crate) role: &'a RoleArn,
    /// The ARN of the caller.
    pub(crate) caller: &'a str,
    /// What is not done if it fails, with the names in question.
    pub(crate) what: &'a str,
    /// How long to go on while ECR does not know the role yet.
    pub(crate) patience: Duration,
}

/// Puts our statement into the policy and reads it back. `seen` is the policy that the user was
/// shown; if it is another by now, nothing is written and the error is of kind conflict. `keep` gets
/// the text that is about to be replaced, if there is one; if it fails, nothing is written.
///
/// ECR refuses a policy that names a role which it does not know; a role that was made moments ago
/// is such a one, so that answer is waited out for a while.
pub(crate) async fn admit(
    ecr: &impl Ecr,
    seen: &Current,
    writing: Writing<'_>,
    keep: impl FnOnce(&str) -> Result<()>,
    permit: &Permit,
) -> Result<()> {
    let Writing {
        repository,
        role,
        caller,
        what,
        patience,
    } = writing;
    let now = read(ecr, repository, Some(caller), what).await?;
    if now.document != seen.document {
        return Err(Error::conflict(what)
            .because(format!(
                "the policy of {repository} was changed by somebody else meanwhile"
            ))
            .hint("run the same command again"));
    }
    let merged = repository::with_statement(&now.document, role);
    let text = merged.to_string();
    let length = text.chars().count();
    if length > LONGEST {
        return Err(Error::refused(what).because(format!(
            "the policy would have {length} characters, ECR allows {LONGEST}"
        )));
    }
    now.text.as_deref().map_or(Ok(()), keep)?;
    let mut clock = Clock::start(patience);
    let unknown_role = |failure: &AwsFailure| {
        failure.passing()
            || (failure.is("InvalidParameterException") && failure.message.contains("olicy"))
    };
    clock
        .persist(unknown_role, async || {
            ecr.set_repository_policy(repository, &text, permit).await
        })
        .await
        .map_err(|failure| {
            let error = told(&failure, repository, what, Some(caller));
            if !failure.is("InvalidParameterException") {
                return error;
            }
            let error = error.because(format!(
                "ECR takes no policy that names a role which does not exist; is {role} there?"
            ));
            match trust::dead_principals(&now.document).first() {
                Some((statement, id)) => {
                    error.because(format!("{statement} names {id}, which was deleted"))
                }
                None => error,
            }
        })?;
    loop {
        let after = read(ecr, repository, Some(caller), what).await?;
        if after.document == merged {
            return Ok(());
        }
        if !clock.wait().await {
            return Err(Error::failure(what).because(format!(
                "ECR took the policy of {repository}, but another one stands there now"
            )));
        }
    }
}

/// A failed call in the user's words; a repository that is not there has more than one reading.
fn told(failure: &AwsFailure, repository: &Repository, what: &str, caller: Option<&str>) -> Error {
    let error = explain(failure, what, caller);
    if failure.is("RepositoryNotFoundException") {
        return Error {
            kind: Kind::NotFound,
            ..error
        }
        .because(format!(
            "account {} has no repository {} in {}",
            repository.account, repository.name, repository.region
        ));
    }
    if failure.is("InvalidParameterException") {
        return Error {
            kind: Kind::Refused,
            ..error
        };
    }
    if failure.denied() {
        let partition = repository.arn.split(':').nth(1);
        let print = Invocation::mk8s("aws permissions --for repository-policy")
            .flag_if("--partition", partition.filter(|it| *it != "aws"));
        let error = Error {
            hints: Vec::new(),
            ..error
        };
        return error
            .hint(format!(
                "the caller needs ecr:GetRepositoryPolicy and ecr:SetRepositoryPolicy on {}",
                repository.arn
            ))
            .hint(print.within("", " prints such a policy"));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::iam::Cause;
    use serde_json::json;
    use std::cell::{Cell, RefCell};

    /// One repository in memory.
    #[derive(Default)]
    struct FakeEcr {
        text: RefCell<Option<String>>,
        /// So often the role is not known yet.
        unknown: Cell<usize>,
        calls: RefCell<Vec<&'static str>>,
        gone: bool,
        /// What was kept, and whether keeping fails.
        kept: RefCell<Vec<String>>,
        full: bool,
    }

    fn code(action: &'static str, code: &str, message: &str) -> AwsFailure {
        AwsFailure {
            action,
            cause: Cause::Code(code.to_owned()),
            message: message.to_owned(),
            ..AwsFailure::default()
        }
    }

    impl Ecr for FakeEcr {
        async fn repository_policy(&self, _: &Repository) -> IamAnswer<Option<String>> {
            self.calls.borrow_mut().push("get");
            if self.gone {
                let name = "RepositoryNotFoundException";
                return Err(code("ecr:GetRepositoryPolicy", name, "gone"));
            }
            Ok(self.text.borrow().clone())
        }

        async fn set_repository_policy(
            &self,
            _: &Repository,
            text: &str,
            _: &Permit,
        ) -> IamAnswer<()> {
            self.calls.borrow_mut().push("set");
            if self.unknown.get() > 0 {
                self.unknown.set(self.unknown.get() - 1);
                return Err(code(
                    "ecr:SetRepositoryPolicy",
                    "InvalidParameterException",
                    "Invalid parameter at 'PolicyText': Invalid repository policy provided",
                ));
            }
            *self.text.borrow_mut() = Some(text.to_owned());
            Ok(())
        }
    }

    fn repository() -> Repository {
        Repository {
            account: "999999999999".to_owned(),
            region: "eu-central-1".to_owned(),
            name: "shop".to_owned(),
            arn: "arn:aws:ecr:eu-central-1:999999999999:repository/shop".to_owned(),
        }
    }

    async fn run(fake: &FakeEcr, seen: &Current) -> Result<()> {
        let keep = |text: &str| {
            fake.kept.borrow_mut().push(text.to_owned());
            if fake.full {
                Err(Error::failure("no room"))
            } else {
                Ok(())
            }
        };

        let role = "arn:aws:iam::111122223333:role/pull".parse().unwrap();
        let writing = Writing {
            repository: &repository(),
            role: &role,
            caller: "arn:aws:iam::999999999999:user/ops",
            what: "the policy of shop was not changed",
            patience: Duration::from_secs(20),
        };
        admit(fake, seen, writing, keep, &Permit::for_a_test()).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_that_is_not_known_yet_is_waited_for() {
        let fake = FakeEcr {
            unknown: Cell::new(3),
            ..FakeEcr::default()
        };
        let seen = read(&fake, &repository(), None, "x").await.unwrap();
        assert_eq!(seen.document, json!({}));
        run(&fake, &seen).await.unwrap();
        let calls = ["get", "get", "set", "set", "set", "set", "get"];
        assert_eq!(*fake.calls.borrow(), calls);
        assert!(fake.text.borrow().as_ref().unwrap().contains("Mk8sEcrPull"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_that_never_appears_is_named_and_so_is_a_dead_id() {
        let before = json!({"Version": "2012-10-17", "Statement": [{"Sid": "old one",
            "Effect": "Allow", "Principal": {"AWS": "AROAJ2ABCDEFGHIJKLMNO"}, "Action": "ecr:*"}]});
        let fake = FakeEcr {
            text: RefCell::new(Some(before.to_string())),
            unknown: Cell::new(usize::MAX),
            ..FakeEcr::default()
        };
        let seen = read(&fake, &repository(), None, "x").await.unwrap();
        let error = run(&fake, &seen).await.unwrap_err();
        assert_eq!(error.kind, Kind::Refused);
        let text = error.to_string();
        assert!(
            text.contains("role/pull") && text.contains("old one names AROA"),
            "{text}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_replaced_is_kept_first_or_nothing_is_written() {
        let text = r#"{"Statement":[]}"#.to_owned();
        for full in [false, true] {
            let fake = FakeEcr {
                text: RefCell::new(Some(text.clone())),
                full,
                ..FakeEcr::default()
            };
            let seen = read(&fake, &repository(), None, "x").await.unwrap();
            assert_eq!(run(&fake, &seen).await.is_err(), full);
            assert_eq!(*fake.kept.borrow(), std::slice::from_ref(&text));
            assert_eq!(fake.calls.borrow().contains(&"set"), !full);
        }
        // Where there is nothing, nothing is kept.
        let fake = FakeEcr::default();
        let seen = read(&fake, &repository(), None, "x").await.unwrap();
        run(&fake, &seen).await.unwrap();
        assert!(fake.kept.borrow().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_changed_meanwhile_or_grew_too_long_is_not_written() {
        let fake = FakeEcr::default();
        let seen = read(&fake, &repository(), None, "x").await.unwrap();
        *fake.text.borrow_mut() = Some(r#"{"Statement":[]}"#.to_owned());
        assert_eq!(run(&fake, &seen).await.unwrap_err().kind, Kind::Conflict);
        let long = json!({"Id": "x".repeat(LONGEST), "Statement": []}).to_string();
        *fake.text.borrow_mut() = Some(long);
        let seen = read(&fake, &repository(), None, "x").await.unwrap();
        assert_eq!(run(&fake, &seen).await.unwrap_err().kind, Kind::Refused);
        assert!(!fake.calls.borrow().contains(&"set"));
    }

    #[tokio::test]
    async fn a_repository_that_is_not_there_is_not_found() {
        let fake = FakeEcr {
            gone: true,
            ..FakeEcr::default()
        };
        let error = read(&fake, &repository(), None, "x").await.unwrap_err();
        assert_eq!(error.kind, Kind::NotFound);
        assert!(
            error
                .to_string()
                .contains("no repository shop in eu-central-1")
        );
    }
}
