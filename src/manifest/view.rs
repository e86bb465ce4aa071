//! A document in its text, with the places in it that edits need.
//!
//! Looks only; knows where an entry's colon and end are, not what may be done to it.

use super::emit::Quote;
use super::scan::{self, LineStarts};
use super::tree::{Id, NodeKind, Tree};
use super::value;
use serde_json::Value;
use std::ops::Range;

/// A document in its parsed text.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) text: &'a str,
    pub(super) tree: &'a Tree,
    pub(super) root: Id,
    /// The lines of the whole file, and where in it the text begins.
    pub(super) lines: &'a LineStarts,
    pub(super) base: usize,
    /// Whether a node may change that aliases repeat: all who use it are asked for the same, and what
    /// each of them comes to is proven at the end (`prove`).
    pub(super) shares: bool,
}

/// The key and value nodes of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Id,
    pub(super) value: Id,
}

impl<'a> View<'a> {
    /// The same of all that the text holds, what surrounds the documents as well.
    pub(super) fn whole(self) -> Self {
        Self { root: 0, ..self }
    }

    /// The number of the line in the file.
    pub(super) fn line(self, at: usize) -> usize {
        self.lines.number(self.base + at)
    }

    pub(super) fn slice(self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// The entries of a map as pairs.
    pub(super) fn entries(self, map: Id) -> Vec<Entry> {
        let tree = self.tree;
        tree.entries(map)
            .map(|(key, value)| Entry { key, value })
            .collect()
    }

    /// The end of an entry's key and value.
    pub(super) fn entry_end(self, entry: Entry) -> usize {
        let mut end = self.tree.range(entry.value).end;
        end = end.max(self.tree.range(entry.key).end);
        if self.tree.is_missing(entry.value) {
            end = end.max(self.properties_end(entry));
        }
        end
    }

    /// Right behind an entry's colon and the value's anchor and tag.
    pub(super) fn properties_end(self, entry: Entry) -> usize {
        let mut end = self
            .colon(entry)
            .map_or_else(|| self.tree.range(entry.key).end, |colon| colon + 1);
        if let Some(anchor) = self.tree.anchor(entry.value) {
            end = end.max(anchor.end);
        }
        if let Some(tag) = self.tree.tag(entry.value) {
            end = end.max(tag.range.end);
        }
        end
    }

    /// Where the colon of an entry is.
    pub(super) fn colon(self, entry: Entry) -> Option<usize> {
        let from = self.tree.range(entry.key).end;
        let at = scan::skip(self.text, from, self.text.len());
        (self.text.as_bytes().get(at) == Some(&b':')).then_some(at)
    }

    /// The maps that hold the node, the document's root first, the node itself last if it is one.
    pub(super) fn chain(self, id: Id) -> Vec<Id> {
        let mut chain = self.tree.path(self.root, id);
        chain.retain(|&outer| self.tree.kind(outer).is_map());
        chain
    }

    /// The map whose entry the key begins.
    pub(super) fn holder(self, key: Id) -> Option<Id> {
        self.chain(key).into_iter().rfind(|&map| map != key)
    }

    /// How the keys of a map are written, if all in one way.
    pub(super) fn key_quote(self, map: Id) -> Quote {
        let mut kinds = self.tree.entries(map).map(|(key, _)| self.tree.kind(key));
        let Some(first) = kinds.next() else {
            return Quote::Plain;
        };
        let alike = kinds.all(|kind| kind == first);
        match first {
            NodeKind::Double if alike => Quote::Double,
            NodeKind::Single if alike => Quote::Single,
            _ => Quote::Plain,
        }
    }

    /// What a node means.
    pub(super) fn value(self, id: Id) -> Value {
        value::value(self.tree, id, self.text)
    }
}
