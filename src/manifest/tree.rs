//! One YAML document (or JSON text) as a flat tree of nodes with byte ranges.
//!
//! The only module that knows the parser's events. It says where things are; what a scalar means is
//! `value`, what may be edited is `edit`.

use super::scan;
use super::trouble::Trouble;
use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, options};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// How a node is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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

impl Kind {
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
    kind: Kind,
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

/// Collections may be nested so deep, block and flow counted apart.
const NESTING: usize = 100;

impl Tree {
    /// Parses a text that holds one document at most.
    pub(super) fn parse(text: &str) -> Result<Self, Trouble> {
        let tree = Self::of(text)?;
        let is_open = tree
            .nodes
            .last()
            .is_some_and(|last| last.kind.is_block_scalar())
            && !text.ends_with(['\n', '\r']);
        if !is_open {
            return Ok(tree);
        }
        // `cpln` reads as if the last line had an end, and only here that makes a difference.
        let mut tree = Self::of(&format!("{text}\n"))?;
        for node in &mut tree.nodes {
            node.end = node.end.min(narrow(text.len())?);
        }
        Ok(tree)
    }

    fn of(text: &str) -> Result<Self, Trouble> {
        let options = options! {
            emit_comments: false,
            emit_anchor_events: true,
            flow_nesting_limit: NESTING,
            block_nesting_limit: NESTING,
        };
        let mut builder = Builder {
            tree: Self::default(),
            open: Vec::new(),
            anchors: HashMap::new(),
            documents: 0,
            text,
        };
        for event in Parser::new_from_str_with_options(text, options) {
            match event {
                Ok((event, span)) => builder.take(event, span)?,
                Err(error) => {
                    return Err(Trouble::of(&error, text));
                }
            }
        }
        builder.tree.nodes.shrink_to_fit();
        Ok(builder.tree)
    }

    /// The document's root; `None` for an empty document.
    pub(super) fn root(&self) -> Option<Id> {
        let root = self.nodes.first()?;
        let empty = root.kind == Kind::Plain && root.start == root.end && root.extra == 0;
        (!empty).then_some(0)
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn kind(&self, id: Id) -> Kind {
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
        let quotes = usize::from(matches!(self.kind(id), Kind::Single | Kind::Double));
        source
            .get(range.start + quotes..range.end - quotes)
            .unwrap_or_default()
    }

    /// Whether the node is a plain scalar of no characters, as the value of `key:`.
    pub(super) fn is_missing(&self, id: Id) -> bool {
        self.kind(id) == Kind::Plain && self.range(id).is_empty()
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

struct Builder<'a> {
    tree: Tree,
    open: Vec<Id>,
    anchors: HashMap<usize, Id>,
    documents: usize,
    text: &'a str,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Trouble> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Trouble {
                        at: offset(span.start.byte_offset())?,
                        message: "a second document begins here without a `---` line".into(),
                        hint: None,
                    });
                }
            }
            Event::Scalar(value, style, anchor, tag) => {
                let kind = match style {
                    ScalarStyle::Plain => Kind::Plain,
                    ScalarStyle::SingleQuoted => Kind::Single,
                    ScalarStyle::DoubleQuoted => Kind::Double,
                    ScalarStyle::Literal => Kind::Literal,
                    ScalarStyle::Folded => Kind::Folded,
                };
                let id = self.push(kind, span, anchor)?;
                self.tag(id, span, tag);
                self.place(id, &value);
                if !self.tree.is_missing(id) && self.tree.text(id, self.text) != value {
                    self.extra(id).text = Some(value.into());
                }
                self.close(id);
            }
            Event::Alias(anchor) => {
                let id = self.push(Kind::Alias, span, 0)?;
                self.extra(id).target = self.anchors.get(&anchor).copied();
                self.tree.aliases.push(id);
                self.close(id);
            }
            Event::MappingStart(style, anchor, tag) => {
                let kind = match style {
                    StructureStyle::Block => Kind::BlockMap,
                    StructureStyle::Flow => Kind::FlowMap,
                };
                let id = self.push(kind, span, anchor)?;
                self.tag(id, span, tag);
                self.open.push(id);
            }
            Event::SequenceStart(style, anchor, tag) => {
                let kind = match style {
                    StructureStyle::Block => Kind::BlockSeq,
                    StructureStyle::Flow => Kind::FlowSeq,
                };
                let id = self.push(kind, span, anchor)?;
                self.tag(id, span, tag);
                self.open.push(id);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                if let Some(id) = self.open.pop() {
                    if self.tree.kind(id).is_flow() {
                        self.tree.nodes[id].end = position(span.end.byte_offset())?;
                    }
                    self.tree.nodes[id].next = narrow(self.tree.nodes.len())?;
                    self.close(id);
                }
            }
            Event::Anchor(id, _) => {
                if let (Some(&node), Some(range)) = (self.anchors.get(&id), span.byte_range()) {
                    self.extra(node).anchor = Some(range);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind, span: Span, anchor: usize) -> Result<Id, Trouble> {
        let id = self.tree.nodes.len();
        let start = position(span.start.byte_offset())?;
        let end = match kind {
            Kind::BlockMap | Kind::BlockSeq => start,
            _ => position(span.end.byte_offset())?,
        };
        self.tree.nodes.push(Node {
            start,
            end,
            next: narrow(id + 1)?,
            extra: 0,
            kind,
        });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        Ok(id)
    }

    /// Moves the two sorts of scalars whose span is not where they are written: a block scalar
    /// begins at its header and ends with its last line that counts, and a value without a colon
    /// (`? key`) is right behind its key.
    fn place(&mut self, id: Id, value: &str) {
        let Range { start, end } = self.tree.range(id);
        let before = self.written_end(id);
        let (start, end) = if self.tree.kind(id).is_block_scalar() {
            let header = header(self.text, before, start);
            (
                header,
                block_scalar_end(self.text, header, start..end, value),
            )
        } else if start == end
            && self.tree.kind(id) == Kind::Plain
            && self.tree.nodes[id].extra == 0
            && self
                .open
                .last()
                .is_some_and(|&open| self.tree.kind(open).is_map())
            && !self.text[..start].ends_with(':')
        {
            (before, before)
        } else {
            return;
        };
        if let (Ok(start), Ok(end)) = (narrow(start), narrow(end)) {
            self.tree.nodes[id].start = start;
            self.tree.nodes[id].end = end;
        }
    }

    /// The end of what is written before the node.
    fn written_end(&self, id: Id) -> usize {
        let Some(previous) = id.checked_sub(1) else {
            return 0;
        };
        let range = self.tree.range(previous);
        if self.tree.kind(previous).is_flow() && range.end <= range.start + 1 {
            return range.start + 1;
        }
        // An end that is not known yet is that of an open collection, whose start counts.
        range.end.max(range.start)
    }

    /// A block collection ends where its last node ends.
    fn close(&mut self, id: Id) {
        if let Some(&parent) = self.open.last() {
            let end = self.tree.nodes[id].end;
            let parent = &mut self.tree.nodes[parent];
            if !parent.kind.is_flow() {
                parent.end = parent.end.max(end);
            }
        }
    }

    fn tag(&mut self, id: Id, span: Span, tag: Option<Cow<'_, granit_parser::Tag>>) {
        let Some(tag) = tag else { return };
        let range = span
            .tag_span()
            .and_then(|span| span.byte_range())
            .unwrap_or_else(|| self.tree.range(id));
        let name = format!("{}{}", tag.handle(), tag.suffix());
        self.extra(id).tag = Some(Tag { range, name });
    }

    fn extra(&mut self, id: Id) -> &mut Extra {
        if self.tree.nodes[id].extra == 0 {
            self.tree.extras.push(Extra::default());
            self.tree.nodes[id].extra = u32::try_from(self.tree.extras.len()).unwrap_or(u32::MAX);
        }
        let index = self.tree.nodes[id].extra as usize - 1;
        &mut self.tree.extras[index]
    }
}

/// Where a block scalar's `|` or `>` is: behind colon, anchor, tag and comments.
fn header(text: &str, from: usize, content: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at = scan::skip(text, at, content);
        match bytes.get(at) {
            Some(b'|' | b'>') => return at,
            Some(b':' | b'-' | b'?') => at += 1,
            Some(b'&' | b'!') => {
                at += bytes[at..]
                    .iter()
                    .position(u8::is_ascii_whitespace)
                    .unwrap_or(bytes.len() - at);
            }
            _ => return content,
        }
    }
}

/// The end of the last line of a block scalar that counts, before its line break.
fn block_scalar_end(text: &str, header: usize, content: Range<usize>, value: &str) -> usize {
    let trimmed = value.trim_end_matches([' ', '\t', '\n']);
    let end = if value.len() <= trimmed.len() + 1 && !trimmed.is_empty() {
        content.start
            + text[content]
                .trim_end_matches([' ', '\t', '\n', '\r'])
                .len()
    } else if value.is_empty() {
        scan::line_end(text, header)
    } else {
        // Blank lines at the end count: everything up to the last whole line.
        let all = &text[..content.end];
        let lines = all.trim_end_matches([' ', '\t']);
        let lines = if lines.ends_with(['\n', '\r']) {
            lines
        } else {
            all
        };
        let end = lines.len();
        let end = lines.strip_suffix('\n').map_or(end, str::len);
        lines[..end].strip_suffix('\r').map_or(end, str::len)
    };
    end.max(scan::line_end(text, header))
}

/// Every position fits: `read` refuses files that are far smaller than 4 GiB.
fn narrow(value: usize) -> Result<u32, Trouble> {
    u32::try_from(value).map_err(|_| Trouble {
        at: 0,
        message: "the file is too large".into(),
        hint: None,
    })
}

fn offset(value: Option<usize>) -> Result<usize, Trouble> {
    value.ok_or(Trouble {
        at: 0,
        message: "the parser gave no position".into(),
        hint: None,
    })
}

fn position(value: Option<usize>) -> Result<u32, Trouble> {
    narrow(offset(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> Vec<(Kind, &str)> {
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
