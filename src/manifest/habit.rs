//! How a file keeps the entries of a block map: in the order of their names, with blank lines between
//! them. New entries follow it.

use super::scan;
use super::tree::{Id, NodeKind};
use super::value::{is_merge, key_text};
use super::view::{Entry, View};
use serde_json::{Map, Value};

/// What the entries of a map have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Habit {
    is_sorted: bool,
    is_spaced: bool,
}

impl Habit {
    pub(super) fn of(view: View<'_>, map: Id) -> Self {
        Self {
            is_sorted: is_sorted(view, map),
            is_spaced: is_spaced(view, map),
        }
    }

    /// New entries, in the order in which they are written.
    pub(super) fn in_order(self, new: &Map<String, Value>) -> Vec<(&String, &Value)> {
        let mut all: Vec<(&String, &Value)> = new.iter().collect();
        if self.is_sorted {
            all.sort_unstable_by_key(|&(key, _)| key);
        }
        all
    }

    /// The entry before which a new one comes; `None` for the end.
    pub(super) fn next(self, view: View<'_>, entries: &[Entry], key: &str) -> Option<Entry> {
        if !self.is_sorted {
            return None;
        }
        let next = entries.partition_point(|it| *key_text(view.tree, it.key, view.text) < *key);
        entries.get(next).copied()
    }

    /// The line between two entries.
    pub(super) fn gap(self) -> Option<String> {
        self.is_spaced.then(String::new)
    }
}

/// So many names do not stand in their order by chance, where those of all other maps do as well.
const MANY: usize = 3;

/// Whether the names stand in their order, and not by chance.
fn is_sorted(view: View<'_>, map: Id) -> bool {
    let in_order = |map: Id| {
        let keys: Vec<_> = view
            .tree
            .entries(map)
            .map(|(key, _)| key_text(view.tree, key, view.text))
            .collect();
        keys.is_sorted_by(|a, b| a < b).then_some(keys.len())
    };
    let merges = view
        .tree
        .entries(map)
        .any(|(key, _)| is_merge(view.tree, key, view.text));
    if merges || in_order(map).is_none_or(|count| count < MANY) {
        return false;
    }
    let mut maps = (view.root..view.tree.next(view.root))
        .filter(|&id| view.tree.kind(id) == NodeKind::BlockMap);
    maps.all(|map| in_order(map).is_some())
}

/// Whether there is a blank line between all of the entries.
fn is_spaced(view: View<'_>, map: Id) -> bool {
    let entries = view.entries(map);
    let is_apart = |pair: &[Entry]| {
        let from = scan::next_line(view.text, view.entry_end(pair[0]));
        let to = view.tree.outer_start(pair[1].key);
        let between = view.slice(from..to.max(from));
        // What is behind the last line break is the indentation of the key.
        let lines: Vec<&str> = between.split('\n').collect();
        let (_, lines) = lines.split_last().unwrap_or((&"", &[]));
        lines.iter().any(|line| line.trim().is_empty())
    };
    entries.len() > 1 && entries.windows(2).all(is_apart)
}
