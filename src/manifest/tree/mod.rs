//! One YAML document (or JSON text) as a flat tree of nodes with byte ranges.
//!
//! It says where things are, and is made of the parser's events by `build`; what a scalar means is
//! `value`, what may be edited is `edit`.

mod build;

use super::trouble::ParseTrouble;
use std::ops::Range;

/// How a node is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
    Alias,
    BlockMap,
    FlowMap,
    BlockSeq,
    FlowSeq,
}

impl NodeKind {
    pub(super) fn is_map(self) -> bool {
        matches!(self, Self::BlockMap | Self::FlowMap)
    }

    pub(super) fn is_seq(self) -> bool {
        matches!(self, Self::BlockSeq | Self::FlowSeq)
    }

    pub(super) fn is_flow(self) -> bool {
        matches!(self, Self::FlowMap | Self::FlowSeq)
    }

    pub(super) fn is_scalar(self) -> bool {
        !self.is_map() && !self.is_seq() && self != Self::Alias
    }

    pub(super) fn is_block_scalar(self) -> bool {
        matches!(self, Self::Literal | Self::Folded)
    }
}

/// The place of a node in its tree; a parent comes before its children.
pub(super) type Id = usize;

#[derive(Debug, Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    /// The first node after this one and all below it.
    next: u32,
    /// One more than the index into `extras`; 0 for none.
    extra: u32,
    kind: NodeKind,
}

/// What few nodes have.
#[derive(Debug, Clone, Default)]
struct Extra {
    anchor: Option<Range<usize>>,
    tag: Option<Tag>,
    /// The content of a scalar that is not simply its source text.
    text: Option<Box<str>>,
    /// The node that an alias stands for.
    target: Option<Id>,
}

/// An explicit tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// Where it is written.
    pub(super) range: Range<usize>,
    /// The full name; `!` for the non-specific one.
    pub(super) name: String,
}

/// A parsed document. All positions are bytes of the text that was parsed.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    extras: Vec<Extra>,
    aliases: Vec<Id>,
}

impl Tree {
    /// Parses a text that holds one document at most.
    pub(super) fn parse(text: &str) -> Result<Self, ParseTrouble> {
        let tree = build::build(text)?;
        let is_open = tree
            .nodes
            .last()
            .is_some_and(|last| last.kind.is_block_scalar())
            && !text.ends_with(['\n', '\r']);
        if !is_open {
            return Ok(tree);
        }
        // `cpln` reads as if the last line had an end, and only here that makes a difference.
        let mut tree = build::build(&format!("{text}\n"))?;
        for node in &mut tree.nodes {
            node.end = node.end.min(build::narrow(text.len())?);
        }
        Ok(tree)
    }

    /// The document's root; `None` for an empty document.
    pub(super) fn root(&self) -> Option<Id> {
        let root = self.nodes.first()?;
        let empty = root.kind == NodeKind::Plain && root.start == root.end && root.extra == 0;
        (!empty).then_some(0)
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn kind(&self, id: Id) -> NodeKind {
        self.nodes[id].kind
    }

    /// From the first to behind the last character, without anchor and tag. A value that is not
    /// there has an empty range right behind the colon.
    pub(super) fn range(&self, id: Id) -> Range<usize> {
        let node = &self.nodes[id];
        node.start as usize..node.end as usize
    }

    /// The first node behind this one and all below it.
    pub(super) fn next(&self, id: Id) -> Id {
        self.nodes[id].next as usize
    }

    /// Whether `inner` is `outer` or lies below it.
    pub(super) fn contains(&self, outer: Id, inner: Id) -> bool {
        (outer..self.next(outer)).contains(&inner)
    }

    /// All nodes from `outer` down to `inner`, both included.
    pub(super) fn path(&self, outer: Id, inner: Id) -> Vec<Id> {
        let mut path = vec![outer];
        let mut at = outer;
        while at != inner {
            // The children follow their parent, each behind all that is below the one before.
            let mut child = at + 1;
            while self.next(child) <= inner {
                child = self.next(child);
            }
            path.push(child);
            at = child;
        }
        path
    }

    /// The key and value of every entry, as written.
    pub(super) fn entries(&self, map: Id) -> impl Iterator<Item = (Id, Id)> {
        let end = if self.kind(map).is_map() {
            self.next(map)
        } else {
            map
        };
        let mut at = map + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let key = at;
                let value = self.next(key);
                at = self.next(value);
                (key, value)
            })
        })
    }

    /// The elements of a sequence.
    pub(super) fn elements(&self, seq: Id) -> impl Iterator<Item = Id> {
        let end = if self.kind(seq).is_seq() {
            self.next(seq)
        } else {
            seq
        };
        let mut at = seq + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let element = at;
                at = self.next(element);
                element
            })
        })
    }

    /// Where the anchor (`&name`) of the node is written.
    pub(super) fn anchor(&self, id: Id) -> Option<Range<usize>> {
        self.extra(id)?.anchor.clone()
    }

    pub(super) fn tag(&self, id: Id) -> Option<&Tag> {
        self.extra(id)?.tag.as_ref()
    }

    /// The node that an alias stands for.
    pub(super) fn target(&self, id: Id) -> Option<Id> {
        self.extra(id)?.target
    }

    /// All aliases of the document.
    pub(super) fn aliases(&self) -> &[Id] {
        &self.aliases
    }

    /// Follows an alias; any other node is itself.
    pub(super) fn resolve(&self, id: Id) -> Id {
        self.target(id).unwrap_or(id)
    }

    /// The content of a scalar.
    pub(super) fn text<'a>(&'a self, id: Id, source: &'a str) -> &'a str {
        if let Some(text) = self.extra(id).and_then(|extra| extra.text.as_deref()) {
            return text;
        }
        let range = self.range(id);
        let quotes = usize::from(matches!(self.kind(id), NodeKind::Single | NodeKind::Double));
        source
            .get(range.start + quotes..range.end - quotes)
            .unwrap_or_default()
    }

    /// Whether the node is a plain scalar of no characters, as the value of `key:`.
    pub(super) fn is_missing(&self, id: Id) -> bool {
        self.kind(id) == NodeKind::Plain && self.range(id).is_empty()
    }

    /// Whether the position is in a scalar.
    pub(super) fn is_in_scalar(&self, at: usize) -> bool {
        // A node begins behind all that come before it.
        let next = self.nodes.partition_point(|node| node.start as usize <= at);
        next.checked_sub(1)
            .is_some_and(|id| self.kind(id).is_scalar() && self.range(id).contains(&at))
    }

    /// Where the node begins, its anchor and tag included.
    pub(super) fn outer_start(&self, id: Id) -> usize {
        let mut start = self.range(id).start;
        if let Some(anchor) = self.anchor(id) {
            start = start.min(anchor.start);
        }
        if let Some(tag) = self.tag(id) {
            start = start.min(tag.range.start);
        }
        start
    }

    fn extra(&self, id: Id) -> Option<&Extra> {
        let extra = self.nodes[id].extra;
        (extra > 0).then(|| &self.extras[extra as usize - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> Vec<(NodeKind, &str)> {
        let tree = Tree::parse(text).unwrap();
        (0..tree.len())
            .map(|id| (tree.kind(id), &text[tree.range(id)]))
            .collect()
    }

    #[test]
    fn block_scalars_begin_at_their_header_and_end_with_their_last_line() {
        for (text, expected) in [
            ("a: |\n  x\n\n\nb: 1\n", "|\n  x"),
            ("a: |+\n  x\n\n\nb: 1\n", "|+\n  x\n\n"),
            ("a: |+\r\n  x\r\n\r\nb: 1\r\n", "|+\r\n  x\r\n"),
            ("a: |-\n  x", "|-\n  x"),
            ("a: |+\n  x", "|+\n  x"),
            ("a: |\n\n\nb: 1", "|"),
            ("a: |\n  x\n   \n  \nb: 1\n", "|\n  x\n   \n  "),
            ("a: >-  # |\n  x\n  y\n\n # d\nb: 1\n", ">-  # |\n  x\n  y"),
            ("a: &q !!str # >\n  |\n  x\n", "|\n  x"),
            ("b: {x: [1]}\na: |\n  x\n", "|\n  x"),
        ] {
            let found = ranges(text)
                .into_iter()
                .find(|(kind, _)| kind.is_block_scalar());
            assert_eq!(found.map(|(_, text)| text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn a_value_without_a_colon_is_right_behind_its_key() {
        let text = "a:\n  ? b\n# c\nd: 1\n";
        let tree = Tree::parse(text).unwrap();
        assert_eq!(tree.range(4), 8..8, "{:?}", ranges(text));
        assert_eq!(tree.range(2), 5..8);
    }

    #[test]
    fn anchors_tags_and_aliases_have_their_places() {
        let text = "a: &q !!map\n  b: 1\nc: *q\n";
        let tree = Tree::parse(text).unwrap();
        assert_eq!(tree.anchor(2), Some(3..5));
        assert_eq!(tree.tag(2).map(|tag| tag.range.clone()), Some(6..11));
        assert_eq!(tree.target(6), Some(2));
        assert_eq!(tree.aliases(), [6]);
        assert_eq!(tree.outer_start(2), 3);
    }

    #[test]
    fn troubles_have_a_place_and_plain_words() {
        for (text, at, words) in [
            ("a:\n  b: 1\n\tc: 2\n", 10, "a tab is used as indentation"),
            ("a: 'x", 3, "this quote is never closed"),
            ("a: [1", 3, "this bracket is never closed"),
            ("a: b: c", 4, "a `:` is not allowed here"),
            ("a: *zz\n", 3, "no anchor of this name"),
            ("{{ if }}\na: b\n", 9, "something follows"),
            ("a: 1\n...\nb: 2\n", 9, "a second document begins here"),
        ] {
            let trouble = Tree::parse(text).unwrap_err();
            assert!(trouble.message.starts_with(words), "{trouble:?}");
            assert_eq!(trouble.at, at, "{text:?}");
        }
        let deep = "[".repeat(101);
        assert_eq!(
            Tree::parse(&deep).unwrap_err().message,
            "it is nested too deep"
        );
    }
}
