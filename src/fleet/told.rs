//! What is told of targets where they are summed up: a word each, how many there are of each word, and a row
//! for a page.

use super::outcome::TargetOutcome;
use super::state::TargetState;
use crate::error::Error;
use crate::ui::{StepRow, Ui, wire};
use serde::Serialize;
use serde_json::Value;

/// What a summary tells of an item of a document.
pub(crate) trait ToldItem: Serialize {
    /// Whether those of a run are counted in words, also where that is no run over a fleet.
    const IS_COUNTED: bool = false;

    /// What it is about.
    fn target(&self) -> Option<&wire::TargetRef> {
        None
    }

    /// The document that it was made from, where that is another.
    fn source(&self) -> Option<&wire::TargetRef> {
        None
    }

    /// `created` or `updated`, where more can be said than that it changed.
    fn action(&self) -> Option<&'static str> {
        None
    }

    /// The role of aws-ecr that is there, or will be.
    fn role(&self) -> Option<&str> {
        None
    }

    /// What is told of it where it has no lines.
    fn words(&self) -> Option<String> {
        None
    }
}

impl ToldItem for Value {}
impl ToldItem for wire::AddonItem {}
impl ToldItem for wire::WaitItem {}

impl ToldItem for wire::AddonChange {
    const IS_COUNTED: bool = true;

    fn target(&self) -> Option<&wire::TargetRef> {
        Some(&self.target)
    }

    fn role(&self) -> Option<&str> {
        let settings = self.after.as_ref().filter(|_| self.key == "awsECR")?;
        settings.get("roleArn")?.as_str()
    }
}

impl ToldItem for wire::Applied {
    const IS_COUNTED: bool = true;

    fn target(&self) -> Option<&wire::TargetRef> {
        Some(&self.target)
    }

    fn source(&self) -> Option<&wire::TargetRef> {
        Some(&self.source)
    }

    fn action(&self) -> Option<&'static str> {
        self.changed.then_some(self.action)
    }
}

impl ToldItem for wire::Diff {
    const IS_COUNTED: bool = true;

    fn target(&self) -> Option<&wire::TargetRef> {
        Some(&self.target)
    }

    fn source(&self) -> Option<&wire::TargetRef> {
        Some(&self.source)
    }

    fn action(&self) -> Option<&'static str> {
        match self.exists {
            Some(true) => Some(UPDATED),
            Some(false) => Some(CREATED),
            None => None,
        }
    }

    fn words(&self) -> Option<String> {
        let paths: Vec<&str> = self.differences.iter().map(|it| it.path.as_str()).collect();
        Some(match self.exists {
            Some(false) => "the cluster does not exist".to_owned(),
            _ if paths.is_empty() => "no differences".to_owned(),
            _ => crate::text::first_few(&paths),
        })
    }
}

const CREATED: &str = "created";
const UPDATED: &str = "updated";

/// The words, in the order in which they are told, and what they are of a run that changes nothing.
const WORDS: [(&str, &str); 3] = [
    (CREATED, "to create"),
    (UPDATED, "to update"),
    ("changed", "to change"),
];

/// As what a target ended that was not done.
pub(super) fn state<T>(came: &TargetOutcome<T>) -> TargetState {
    match came {
        TargetOutcome::Done(_) => TargetState::Unchanged,
        TargetOutcome::Failed(_, error) => TargetState::of(error, false),
        TargetOutcome::HalfDone(..) => TargetState::Failed,
        TargetOutcome::NotStarted(_) => TargetState::NotStarted,
    }
}

/// The word, as it is of a run that has changed something, or has only looked.
pub(super) fn would(word: &'static str, is_done: bool) -> &'static str {
    let change = WORDS.iter().find(|(done, _)| *done == word && !is_done);
    change.map_or(word, |(_, would)| would)
}

/// `2 created, 1 updated, 3 unchanged`: what there is.
pub(crate) fn tally(words: impl Iterator<Item = &'static str>, is_done: bool) -> String {
    let words: Vec<&str> = words.collect();
    let changes = WORDS.iter().map(|(done, _)| *done);
    let states = TargetState::ALL.iter().map(|state| state.name());
    let rest = states.filter(|name| *name != TargetState::Changed.name());
    let parts = changes.chain(rest).filter_map(|word| {
        let count = words.iter().filter(|it| **it == word).count();
        (count > 0).then(|| format!("{count} {}", would(word, is_done)))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// Has what came of a target told on the page, under the word.
pub(super) fn row<T: ToldItem>(ui: &Ui, came: &TargetOutcome<T>, word: &str) {
    let (item, told, error) = match came {
        TargetOutcome::Done(told) => (told.items.first(), Some(told), told.failed.as_ref()),
        TargetOutcome::Failed(item, error) | TargetOutcome::HalfDone(item, error) => {
            (Some(item), None, Some(error))
        }
        TargetOutcome::NotStarted(item) => (Some(item), None, None),
    };
    for item in told.iter().flat_map(|told| &told.items) {
        if let Some(role) = item.role() {
            ui.step_role(role);
        }
    }
    let target = item.and_then(ToldItem::target);
    let file = [item.and_then(ToldItem::source), target];
    let file = file.into_iter().flatten().find_map(|it| match it {
        wire::TargetRef::File { path, .. } => Some(path.clone()),
        wire::TargetRef::Cluster { .. } => None,
    });
    let name = match target {
        Some(wire::TargetRef::Cluster { name, .. } | wire::TargetRef::File { name, .. }) => {
            name.clone()
        }
        None => told.map_or_else(String::new, |told| told.names.join(", ")),
    };
    let mut words = told.map_or_else(Vec::new, |told| told.lines.clone());
    if words.is_empty() && error.is_none() {
        words.extend(item.and_then(ToldItem::words));
    }
    words.extend(error.iter().map(|error: &&Error| error.to_string()));
    ui.step_row(StepRow {
        name,
        file,
        state: word.to_owned(),
        is_bad: error.is_some(),
        is_change: told.is_some_and(|told| told.changed),
        words,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_counts_each_word_once_in_their_order() {
        let words = ["unchanged", "updated", "failed", "created", "updated"];
        assert_eq!(
            tally(words.into_iter(), true),
            "1 created, 2 updated, 1 unchanged, 1 failed"
        );
        assert_eq!(
            tally(words.into_iter(), false),
            "1 to create, 2 to update, 1 unchanged, 1 failed"
        );
        assert_eq!(tally(["changed"].into_iter(), false), "1 to change");
        assert_eq!(tally([].into_iter(), true), "");
    }
}
