//! `--only` and `--skip`: which checks are reported. Pure.

use super::catalog::checks;
use super::{Check, GROUPS, Group};
use crate::text;
use std::collections::HashSet;

/// The check that says whether a cluster is there.
const CLUSTER_EXISTS: &str = "cluster-exists";

/// Which checks are reported. What they need is looked at all the same, silently.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    only: Vec<String>,
    skip: Vec<String>,
}

impl Selection {
    /// Takes ids of checks and groups. The error is the word that is neither.
    pub(crate) fn new(only: &[String], skip: &[String]) -> Result<Self, String> {
        let known = |word: &String| {
            GROUPS.iter().any(|group| group.id == word)
                || checks().any(|(_, check)| check.id == word)
        };
        match only.iter().chain(skip).find(|word| !known(word)) {
            Some(word) => Err(word.clone()),
            None => Ok(Self {
                only: only.to_vec(),
                skip: skip.to_vec(),
            }),
        }
    }

    /// Whether a check is reported.
    pub(crate) fn reports(&self, group: &Group, check: &Check) -> bool {
        let named = |list: &[String]| list.iter().any(|word| word == check.id || word == group.id);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// Whether some checks alone were asked for, of groups that look at a live cluster, and not what
    /// says whether there is one.
    pub(crate) fn takes_cluster_for_granted(&self) -> bool {
        let looks = |(group, check): (&Group, &Check)| {
            let is_of_cluster = match group.id {
                "setup" | "manifest" | "schema" => false,
                "control-plane" => check.needs.contains(&CLUSTER_EXISTS),
                _ => true,
            };
            is_of_cluster && self.reports(group, check)
        };
        let says = |(group, check): (&Group, &Check)| {
            check.id == CLUSTER_EXISTS && self.reports(group, check)
        };
        !self.only.is_empty() && checks().any(looks) && !checks().any(says)
    }

    /// Whether somebody asked for the check or its group in so many words.
    pub(crate) fn names(&self, group: &Group, check: &Check) -> bool {
        self.only
            .iter()
            .any(|word| word == check.id || word == group.id)
    }

    /// The ids of all checks to look at: those reported, and what they need.
    pub(crate) fn wanted(&self) -> HashSet<&'static str> {
        let mut wanted: HashSet<&'static str> = checks()
            .filter(|(group, check)| self.reports(group, check))
            .map(|(_, check)| check.id)
            .collect();
        // Needs stand before what needs them, so one way back is enough.
        let all: Vec<_> = checks().collect();
        for (_, check) in all.iter().rev() {
            if wanted.contains(check.id) {
                wanted.extend(check.needs);
            }
        }
        wanted
    }

    /// The ids of the groups and of all checks, with what they are about.
    pub(crate) fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
        let groups = GROUPS.iter().map(|group| (group.id, "a group"));
        groups.chain(checks().map(|(_, check)| (check.id, check.summary)))
    }

    /// The nearest id to a word that is none.
    pub(crate) fn nearest(word: &str) -> Option<&'static str> {
        let groups = GROUPS.iter().map(|group| group.id);
        let ids: Vec<&str> = groups.chain(checks().map(|(_, check)| check.id)).collect();
        text::nearest(word, ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn what_is_needed_is_looked_at_and_not_reported() {
        let selection = Selection::new(&words(&["cluster-exists"]), &[]).unwrap();
        let wanted = selection.wanted();
        assert!(wanted.contains("api-auth") && wanted.contains("api-reachable"));
        assert!(!wanted.contains("org-readable"));
        let reported: Vec<&str> = checks()
            .filter(|(group, check)| selection.reports(group, check))
            .map(|(_, check)| check.id)
            .collect();
        assert_eq!(reported, ["cluster-exists"]);
    }

    #[test]
    fn skip_beats_only_and_groups_are_words() {
        let selection =
            Selection::new(&words(&["control-plane"]), &words(&["cluster-exists"])).unwrap();
        let reported: Vec<&str> = checks()
            .filter(|(group, check)| selection.reports(group, check))
            .map(|(_, check)| check.id)
            .collect();
        assert!(reported.contains(&"api-auth") && !reported.contains(&"cluster-exists"));
    }

    #[test]
    fn an_unknown_word_is_refused_with_the_nearest() {
        let error = Selection::new(&words(&["role-exist"]), &[]).unwrap_err();
        assert_eq!(error, "role-exist");
        assert_eq!(Selection::nearest("cluster-exist"), Some("cluster-exists"));
        assert_eq!(Selection::nearest("zzz"), None);
    }
}
