//! What of a blueprint exists in AWS already, for the form that takes it over. Pure.

use super::Blueprint;
use crate::aws::iam::Role;
use crate::aws::merge::foreign;
use crate::aws::quotable;
use crate::aws::state::{AwsState, Seen};
use crate::aws::trust;
use crate::aws::users::of_others;

/// What is known of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExistingThing {
    /// It is there; what is lost once it is as it is printed, a sentence each.
    There(Vec<String>),
    /// It is not.
    Missing,
    /// It is there otherwise, and cannot be taken over; why.
    Otherwise(String),
    /// It is not known; why.
    Unknown(String),
}

/// What is known of all that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExistingThings {
    pub(super) provider: ExistingThing,
    pub(super) role: ExistingThing,
    pub(super) policy: ExistingThing,
}

impl ExistingThings {
    /// AWS was not looked at; why, in a phrase.
    pub(crate) fn not_looked(why: &str) -> Self {
        let unknown = || ExistingThing::Unknown(why.to_owned());
        Self {
            provider: unknown(),
            role: unknown(),
            policy: unknown(),
        }
    }

    /// As it was seen.
    pub(crate) fn of(blueprint: &Blueprint, state: &AwsState) -> Self {
        Self {
            provider: provider(blueprint, state),
            role: seen(&state.role, |role| of_role(blueprint, role)),
            policy: policy(blueprint, state),
        }
    }

    /// What whoever applies it has to know, a phrase each.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let all = [&self.provider, &self.role, &self.policy];
        let told = all.into_iter().flat_map(|thing| match thing {
            ExistingThing::There(lost) => lost.clone(),
            ExistingThing::Otherwise(why) => vec![why.clone()],
            ExistingThing::Missing | ExistingThing::Unknown(_) => Vec::new(),
        });
        told.collect()
    }
}

fn seen<T>(seen: &Seen<Option<T>>, there: impl FnOnce(&T) -> ExistingThing) -> ExistingThing {
    match seen {
        Seen::Known(Some(found)) => there(found),
        Seen::Known(None) => ExistingThing::Missing,
        Seen::Unknown(failure) => {
            ExistingThing::Unknown(format!("{} is not allowed", failure.action))
        }
        Seen::NotLooked => ExistingThing::Unknown("it was not looked at".to_owned()),
    }
}

fn provider(blueprint: &Blueprint, state: &AwsState) -> ExistingThing {
    seen(&state.provider, |found| {
        let ours = blueprint.provider.as_ref().map(|new| &new.audience);
        let others: Vec<String> = found
            .client_ids
            .iter()
            .filter(|it| Some(*it) != ours)
            .map(|it| quotable(it))
            .collect();
        ExistingThing::There(if others.is_empty() {
            Vec::new()
        } else {
            let audiences = others.join(", ");
            vec![format!(
                "the OIDC provider exists, and its other audiences go: {audiences}"
            )]
        })
    })
}

fn of_role(blueprint: &Blueprint, found: &Role) -> ExistingThing {
    let Some(wanted) = &blueprint.role else {
        return ExistingThing::Missing;
    };
    let (name, arn) = (quotable(&found.name), quotable(&found.arn));
    if found.arn != wanted.new.arn {
        return ExistingThing::Otherwise(format!(
            "the role {name} exists as {arn}, not as {}: it is not imported, because Terraform \
             would delete it and make another one",
            quotable(&wanted.new.arn)
        ));
    }
    let Ok(document) = trust::parse_text(&found.trust) else {
        return ExistingThing::There(vec![format!(
            "the role {name} exists, and its trust policy, which cannot be read, is replaced"
        )]);
    };
    let lost = foreign(&document, &wanted.sid);
    if lost.is_empty() {
        return ExistingThing::There(Vec::new());
    }
    let ours = wanted.tags.keys().next().map_or("", String::as_str);
    let told = of_others(lost, &found.tags, blueprint.side, ours);
    ExistingThing::There(vec![format!(
        "the role {name} exists, and its trust policy is replaced as a whole; statements that go: \
         {told}"
    )])
}

fn policy(blueprint: &Blueprint, state: &AwsState) -> ExistingThing {
    let Some(wanted) = &blueprint.policy else {
        return ExistingThing::Missing;
    };
    match (&state.attached, &state.role) {
        (Seen::Known(list), _) if list.contains(&wanted.policy) => ExistingThing::There(Vec::new()),
        (Seen::Known(_), _) | (Seen::NotLooked, Seen::Known(None)) => ExistingThing::Missing,
        (Seen::Unknown(failure), _) | (_, Seen::Unknown(failure)) => {
            ExistingThing::Unknown(format!("{} is not allowed", failure.action))
        }
        (Seen::NotLooked, _) => ExistingThing::Unknown("it was not looked at".to_owned()),
    }
}
