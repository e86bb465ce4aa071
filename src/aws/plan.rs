//! A plan: ordered steps, each with what it shows and what it does. Pure.
//!
//! Plans are made by `setup` and `teardown` from facts and state alone, and run by `apply`. The same
//! inputs give the same plan, so a run that was cut short is taken up by planning again.

use super::iam::{NewProvider, NewRole};
use super::name::Tags;
use super::published::{Judgement, Name};
use super::quotable;
use super::target::{AwsPart, AwsPlacement};
use super::thumbprint::PrivateCa;
use super::users::OwnRole;
use crate::addon::access::RegistryAccess;
use crate::addon::{AddonSide, ISSUER};
use crate::change::Change;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a step does to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepAction {
    /// It is right already.
    None,
    /// It is made.
    Create,
    /// It exists, was made by others, and is used from now on.
    Adopt,
    /// It is changed.
    Update,
    /// A policy is attached.
    Attach,
    /// A policy is detached.
    Detach,
    /// It is deleted.
    Delete,
    /// It could go but stays, for the reason that is given.
    Keep,
}

impl StepAction {
    /// The name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Create => "create",
            Self::Adopt => "adopt",
            Self::Update => "update",
            Self::Attach => "attach",
            Self::Detach => "detach",
            Self::Delete => "delete",
            Self::Keep => "keep",
        }
    }

    /// Whether something changes in the world.
    pub(crate) fn changes(self) -> bool {
        !matches!(self, Self::None | Self::Keep | Self::Adopt)
    }
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AwsStep {
    /// The part it belongs to.
    pub(crate) part: AwsPart,
    /// What it does.
    pub(crate) action: StepAction,
    /// The ARN, name or add-on it does it to.
    pub(crate) resource: String,
    /// What exactly, in a few words; may be empty.
    pub(crate) detail: String,
    /// Why, where that is worth saying.
    pub(crate) reason: Option<String>,
    /// What the role gets that it makes, or will make once the cluster has published the trust
    /// policy.
    pub(crate) gets: Option<Box<NewRoleTraits>>,
    /// How it is done.
    pub(crate) work: Work,
}

/// What a role gets that is made, beside its trust policy and the policies that are attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewRoleTraits {
    /// `/` or `/team/`.
    pub(crate) path: String,
    /// The policy that bounds its permissions.
    pub(crate) boundary: Option<String>,
    /// The longest session in seconds; IAM's own without it.
    pub(crate) max_session: Option<i32>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// The longest session, in seconds, of a role that is made without saying.
const USUAL_SESSION: i32 = 3600;

impl NewRoleTraits {
    /// As it stands in a step of `AwsPlan`.
    fn json(&self) -> Value {
        json!({
            "path": self.path,
            "permissionsBoundary": self.boundary,
            "maxSessionDuration": self.max_session,
            "tags": self.tags,
        })
    }

    /// In words, a line each.
    pub(crate) fn told(&self) -> [String; 2] {
        let boundary = match &self.boundary {
            Some(boundary) => format!("permissions boundary {}", quotable(boundary)),
            None => "no permissions boundary".to_owned(),
        };
        let seconds = self.max_session.unwrap_or(USUAL_SESSION);
        let tags = self.tags.iter();
        let tags = tags.map(|(key, value)| format!("{}={}", quotable(key), quotable(value)));
        let tags: Vec<String> = tags.collect();
        [
            format!(
                "path {}; {boundary}; sessions of {seconds} s at most",
                quotable(&self.path)
            ),
            format!("tags {}", tags.join(", ")),
        ]
    }
}

impl AwsStep {
    /// A step that only shows.
    pub(crate) fn shown(
        part: AwsPart,
        action: StepAction,
        resource: &str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            part,
            action,
            resource: resource.to_owned(),
            detail: detail.into(),
            reason: None,
            gets: None,
            work: Work::Nothing,
        }
    }

    #[must_use]
    pub(crate) fn getting(mut self, gets: NewRoleTraits) -> Self {
        self.gets = Some(Box::new(gets));
        self
    }

    #[must_use]
    pub(crate) fn doing(mut self, work: Work) -> Self {
        self.work = work;
        self
    }

    #[must_use]
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The step as it stands in `AwsPlan`.
    pub(crate) fn json(&self, done: bool) -> Value {
        let mut step = json!({
            "part": self.part.name(),
            "action": self.action.name(),
            "resource": self.resource,
            "detail": self.detail,
            "done": done,
            "reason": self.reason,
        });
        if let Some(gets) = &self.gets {
            step["role"] = gets.json();
        }
        step
    }
}

/// How a step is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// Nothing is to do.
    Nothing,
    /// The cluster's add-ons are changed; the caller does that, `apply` does not.
    Cluster(Vec<Change>),
    /// Cannot be done before the cluster publishes what is named; plan again then.
    Later(Awaited),
    /// Makes the OIDC provider.
    CreateProvider(Box<NewProvider>),
    /// Adds an audience to the OIDC provider.
    AddAudience {
        /// Its ARN.
        arn: String,
        /// The audience.
        audience: String,
    },
    /// Adds the thumbprint of a private authority to the OIDC provider.
    AddThumbprint {
        /// Its ARN.
        arn: String,
        /// The authority.
        ca: PrivateCa,
    },
    /// Makes the role; if it exists by now, sees to its trust policy instead.
    CreateRole {
        /// The role.
        role: Box<NewRole>,
        /// How its trust policy is to be.
        trust: Box<Trusting>,
    },
    /// Sees to the trust policy of a role that exists.
    SetTrust(Box<Trusting>),
    /// Takes our statements out of a trust policy.
    RemoveTrust {
        /// The role's name.
        role: String,
        /// The Sid of our statements.
        sid: String,
        /// The provider that they must name.
        provider: Option<String>,
        /// The tags that go with them.
        untag: Vec<String>,
    },
    /// Attaches a policy.
    Attach {
        /// The role's name.
        role: String,
        /// The policy's ARN.
        policy: String,
        /// The tags that say that we did, and who did without it so far, as far as they are not
        /// there yet.
        tags: Tags,
    },
    /// Detaches a policy, unless somebody else has come to need it.
    Detach {
        /// The role's name.
        role: String,
        /// The policy's ARN.
        policy: String,
        /// For whom it is taken off.
        whose: OwnRole,
        /// The tags that spoke of it; none if the role goes too.
        untag: Vec<String>,
    },
    /// Takes tags off a role that speak of what is not there any more.
    Untag {
        /// The role's name.
        role: String,
        /// Their keys.
        keys: Vec<String>,
    },
    /// Deletes the role, if its trust policy still holds nothing but ours.
    DeleteRole {
        /// Its name.
        role: String,
        /// The Sid of our statements.
        sid: String,
    },
    /// Deletes the OIDC provider.
    DeleteProvider {
        /// Its ARN.
        arn: String,
    },
}

/// What a cluster still has to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// `status.oidcProviderUrl`.
    Issuer,
    /// The add-on's trust policy.
    Template,
}

impl Awaited {
    /// Where the cluster publishes it, as a JSON pointer.
    pub(crate) fn pointer(self, side: AddonSide) -> &'static str {
        match self {
            Self::Issuer => ISSUER,
            Self::Template => side.addon.trust_policy.unwrap_or(ISSUER),
        }
    }

    /// The same as the path of a field.
    pub(crate) fn field(self, side: AddonSide) -> String {
        self.pointer(side).trim_start_matches('/').replace('/', ".")
    }
}

/// How a trust policy is to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trusting {
    /// The role's name.
    pub(crate) role: String,
    /// The Sid of our statements.
    pub(crate) sid: String,
    /// The template, with its account set.
    pub(crate) template: Value,
    /// Whether other statements are kept.
    pub(crate) mode: TrustMode,
    /// The longest document that IAM takes.
    pub(crate) quota: usize,
    /// The tag that marks our statement on a role of others, if it is to be set.
    pub(crate) tag: Option<(String, String)>,
    /// The tag that records what was accepted of it: its key, and its value if anything was.
    pub(crate) accepted: (String, Option<String>),
}

/// What becomes of the statements that are not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TrustMode {
    /// They stay.
    Merge,
    /// They go; the document that the user saw, and nothing newer, is overwritten.
    Replace {
        /// That document's text.
        base: String,
        /// The key of the tag of this cluster's statement: those of other clusters go too.
        ours: String,
    },
}

/// What is to be done for one cluster.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AwsPlan {
    /// Where.
    pub(crate) target: AwsPlacement,
    /// In which order.
    pub(crate) steps: Vec<AwsStep>,
    /// What the user should know, one phrase each.
    pub(crate) warnings: Vec<String>,
    /// The ARN of the role that the add-on gets; the true one where the role exists.
    pub(crate) role_arn: Option<String>,
    /// What its trust policy comes to, once the cluster has published it.
    pub(crate) trust: Option<TrustPlan>,
    /// What a role that is adopted may beyond pulling, in a sentence: it is asked about once more.
    pub(crate) beyond: Option<String>,
}

/// What the role's trust policy comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TrustPlan {
    /// The published statements.
    pub(crate) judgement: Judgement,
    /// The trust policy that the role then has.
    pub(crate) document: Value,
    /// Who may assume the role, in words, once the plan is done.
    pub(crate) who: String,
    /// The findings that were accepted by name.
    pub(crate) accepted: BTreeSet<Name>,
    /// Those that are still to be asked about; never any that lets in others than this issuer's
    /// service accounts.
    pub(crate) open: BTreeSet<Name>,
    /// The statements that the plan writes; none where the role trusts the cluster already.
    pub(crate) written: Vec<WrittenStatement>,
}

/// A statement that is written into a trust policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WrittenStatement {
    /// Its Sid.
    pub(crate) name: String,
    /// Whom it lets in, and how: issuer, subject and audience.
    pub(crate) words: String,
    /// The statement, as it will stand.
    pub(crate) document: Value,
}

impl WrittenStatement {
    /// As it stands in `AwsPlan`.
    fn json(&self) -> Value {
        json!({"statement": self.name, "words": self.words, "document": self.document})
    }
}

impl TrustPlan {
    /// The names of all findings that a run goes past, once it goes on.
    pub(crate) fn consented(&self) -> BTreeSet<Name> {
        self.accepted.union(&self.open).copied().collect()
    }

    /// As it stands in `AwsPlan`.
    pub(crate) fn json(&self) -> Value {
        let names = |names: &BTreeSet<Name>| -> Vec<&str> {
            names.iter().map(|name| name.name()).collect()
        };
        json!({
            "verdict": self.judgement.verdict().name(),
            "who": self.who,
            "document": self.document,
            "statements": self.judgement.json(),
            "accepted": names(&self.accepted),
            "written": self.written.iter().map(WrittenStatement::json).collect::<Vec<_>>(),
        })
    }
}

impl AwsPlan {
    /// Whether nothing changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.work == Work::Nothing)
    }

    /// How many steps make something, how many change or remove something, and how many find it
    /// right.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let count = |test: fn(StepAction) -> bool| {
            self.steps.iter().filter(|step| test(step.action)).count()
        };
        (
            count(|action| matches!(action, StepAction::Create | StepAction::Attach)),
            count(|action| {
                matches!(
                    action,
                    StepAction::Update | StepAction::Detach | StepAction::Delete
                )
            }),
            count(|action| !action.changes()),
        )
    }

    /// What the cluster still has to publish before the plan can be finished.
    pub(crate) fn awaited(&self) -> Option<Awaited> {
        self.steps.iter().find_map(|step| match step.work {
            Work::Later(awaited) => Some(awaited),
            _ => None,
        })
    }

    /// `registryAccess` in JSON.
    pub(crate) fn access(&self) -> RegistryAccess {
        self.target.access
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::status::{PartState, PartStatus};

    #[test]
    fn steps_and_parts_have_the_fields_of_the_contract() {
        let step =
            AwsStep::shown(AwsPart::OidcProvider, StepAction::Keep, "arn", "detail").because("why");
        assert_eq!(
            step.json(false),
            json!({"part": "oidc-provider", "action": "keep", "resource": "arn",
                   "detail": "detail", "done": false, "reason": "why"})
        );
        let step = AwsStep::shown(AwsPart::Addon, StepAction::None, "aws-ecr", "");
        assert_eq!(step.json(true)["reason"], Value::Null);
        let part = PartStatus {
            part: AwsPart::Trust,
            state: PartState::NotNeeded,
            resource: String::new(),
            detail: "d".to_owned(),
        };
        assert_eq!(
            part.json(),
            json!({"part": "trust", "state": "not-needed", "resource": "", "detail": "d"})
        );
    }

    #[test]
    fn names_are_those_of_the_contract() {
        let actions = [
            StepAction::None,
            StepAction::Create,
            StepAction::Adopt,
            StepAction::Update,
            StepAction::Attach,
            StepAction::Detach,
            StepAction::Delete,
            StepAction::Keep,
        ];
        assert_eq!(
            actions.map(StepAction::name),
            [
                "none", "create", "adopt", "update", "attach", "detach", "delete", "keep"
            ]
        );
        let quiet = actions.iter().filter(|action| !action.changes()).count();
        assert_eq!(quiet, 3);
    }
}
