//! What was shown before somebody said yes: a run of the picker that would do anything else asks again.

use crate::change::Change;
use crate::plan::Plan;
use std::collections::HashMap;

/// The changes that one command was said to make, by cluster or document.
#[derive(Debug, Clone, Default)]
pub(in crate::command) struct AgreedPlans(HashMap<String, Vec<Change>>);

impl AgreedPlans {
    /// Takes in what is made of one.
    pub(super) fn add(&mut self, name: &str, plan: &Plan) {
        self.0.insert(name.to_owned(), plan.changes.clone());
    }

    /// Whether nothing is changed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a plan is the one that was shown.
    pub(in crate::command) fn has(&self, name: &str, plan: &Plan) -> bool {
        self.0.get(name) == Some(&plan.changes)
    }
}

/// What a document is called here: several may describe a cluster of one name.
pub(in crate::command) fn agreed_name(label: &str, number: usize) -> String {
    format!("{label}#{number}")
}
