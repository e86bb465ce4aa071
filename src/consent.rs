//! Consent: a plan is shown, whoever runs the program agrees, and only then is there a right to
//! write. Pure: who is asked is a [`Person`], which `ui` is.

use crate::error::{Error, Result};

/// The right to write something outside this process: in Control Plane, in AWS, in a file.
///
/// Every function that writes wants one. It can only be made here: by [`Mode::consent`], once the
/// plan was shown and agreed to, and never for a dry run. It is neither copied nor kept: it lives
/// beside the plan that it was given for ([`Agreed`]).
#[derive(Debug)]
pub(crate) struct Permit(());

impl Permit {
    /// For tests of what writes.
    #[cfg(test)]
    pub(crate) fn for_a_test() -> Self {
        Self(())
    }
}

/// Whether a command may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Do it.
    Write,
    /// Show what would be done.
    DryRun,
}

/// What is asked before a plan is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// The question, with its mark.
    pub(crate) text: String,
    /// What was not done, if the answer is no or nobody can be asked.
    pub(crate) refusal: String,
}

impl Question {
    /// A question, and what is said of the refusal.
    pub(crate) fn new(text: impl Into<String>, refusal: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            refusal: refusal.into(),
        }
    }
}

/// Who answers.
pub(crate) trait Person {
    /// Asks, and gives whether the answer was yes. Where nobody can be asked it is an error of kind
    /// usage with the refusal as its message.
    fn ask(&self, question: &Question) -> impl Future<Output = Result<bool>>;

    /// Whether what is said from here on is what a question will be about.
    fn listens(&self, _yes: bool) {}
}

/// A plan that was agreed to, with the right to carry it out.
#[derive(Debug)]
pub(crate) struct Agreed<P> {
    /// The plan, as it was shown.
    pub(crate) plan: P,
    /// The right.
    pub(crate) permit: Permit,
}

/// What became of a plan that was shown.
#[derive(Debug)]
pub(crate) enum Consent<P> {
    /// It may be carried out.
    Given(Agreed<P>),
    /// It was a dry run.
    Preview(P),
}

impl Mode {
    /// The mode of a command with or without `--dry-run`.
    pub(crate) fn of(dry_run: bool) -> Self {
        if dry_run { Self::DryRun } else { Self::Write }
    }

    /// Whether nothing is written.
    pub(crate) fn is_dry_run(self) -> bool {
        self == Self::DryRun
    }

    /// Shows a plan and asks what there is to ask; an error of kind usage where the answer is no.
    ///
    /// No question means that the contract asks none: an edit of a file, which git has the old
    /// version of, one cluster where nothing disappears, a plan that changes nothing.
    pub(crate) async fn consent<P>(
        self,
        person: &impl Person,
        plan: P,
        show: impl FnOnce(&P),
        question: impl FnOnce(&P) -> Result<Option<Question>>,
    ) -> Result<Consent<P>> {
        if self == Self::DryRun {
            show(&plan);
            return Ok(Consent::Preview(plan));
        }
        let question = question(&plan);
        // Whoever is asked sees what it is about, however quiet the run is to be.
        person.listens(matches!(question, Ok(Some(_))));
        show(&plan);
        person.listens(false);
        if let Some(question) = question? {
            ask(person, &question).await?;
        }
        Ok(Consent::Given(Agreed {
            plan,
            permit: Permit(()),
        }))
    }
}

/// Asks, and ends with the refusal where the answer is no: the one place for that.
pub(crate) async fn ask(person: &impl Person, question: &Question) -> Result<()> {
    if person.ask(question).await? {
        Ok(())
    } else {
        Err(Error::usage(question.refusal.clone()).because("the answer was no"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::cell::{Cell, RefCell};

    /// Answers, and writes down what happens in which order.
    #[derive(Default)]
    struct Scripted {
        answer: Option<bool>,
        log: RefCell<Vec<String>>,
    }

    impl Person for Scripted {
        async fn ask(&self, question: &Question) -> Result<bool> {
            self.log.borrow_mut().push(question.text.clone());
            self.answer
                .ok_or_else(|| Error::usage(question.refusal.clone()))
        }
    }

    async fn run(
        mode: Mode,
        person: &Scripted,
        question: Option<&str>,
    ) -> Result<Consent<&'static str>> {
        mode.consent(
            person,
            "plan",
            |plan| person.log.borrow_mut().push((*plan).to_owned()),
            |_| Ok(question.map(|text| Question::new(text, "not done"))),
        )
        .await
    }

    #[tokio::test]
    async fn the_plan_is_shown_before_the_question() {
        let person = Scripted {
            answer: Some(true),
            ..Scripted::default()
        };
        let consent = run(Mode::Write, &person, Some("Do it?")).await.unwrap();
        assert!(matches!(
            consent,
            Consent::Given(Agreed { plan: "plan", .. })
        ));
        assert_eq!(person.log.into_inner(), ["plan", "Do it?"]);
    }

    #[tokio::test]
    async fn a_no_is_a_refusal_and_no_permit() {
        for (answer, because) in [(Some(false), vec!["the answer was no"]), (None, vec![])] {
            let person = Scripted {
                answer,
                ..Scripted::default()
            };
            let error = run(Mode::Write, &person, Some("Do it?")).await.unwrap_err();
            assert_eq!(
                (error.kind, error.message.as_str()),
                (Kind::Usage, "not done")
            );
            assert_eq!(error.because, because);
        }
    }

    #[tokio::test]
    async fn a_dry_run_shows_and_neither_asks_nor_gives_a_permit() {
        let person = Scripted::default();
        let consent = run(Mode::DryRun, &person, Some("Do it?")).await.unwrap();
        assert!(matches!(consent, Consent::Preview("plan")));
        assert_eq!(person.log.into_inner(), ["plan"]);
    }

    #[tokio::test]
    async fn what_needs_no_question_is_shown_all_the_same() {
        let person = Scripted::default();
        let consent = run(Mode::Write, &person, None).await.unwrap();
        assert!(matches!(consent, Consent::Given(_)));
        assert_eq!(person.log.into_inner(), ["plan"]);
    }

    #[tokio::test]
    async fn a_plan_that_may_not_be_asked_about_ends_there() {
        let person = Scripted::default();
        let shown = Cell::new(false);
        let refused = Mode::Write
            .consent(
                &person,
                (),
                |()| shown.set(true),
                |()| Err(Error::refused("never")),
            )
            .await;
        assert_eq!(refused.unwrap_err().kind, Kind::Refused);
        assert!(shown.get() && person.log.into_inner().is_empty());
    }
}
