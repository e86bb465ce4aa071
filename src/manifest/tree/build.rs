//! Makes a tree of the parser's events, which no other module knows, and mends the places that the parser gives otherwise.

use super::super::scan;
use super::super::trouble::ParseTrouble;
use super::{Extra, Id, Node, NodeKind, Tag, Tree};
use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, options};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// Collections may be nested so deep, block and flow counted apart.
const NESTING: usize = 100;

/// Reads a text that holds one document at most.
pub(super) fn build(text: &str) -> Result<Tree, ParseTrouble> {
    let options = options! {
        emit_comments: false,
        emit_anchor_events: true,
        flow_nesting_limit: NESTING,
        block_nesting_limit: NESTING,
    };
    let mut builder = Builder {
        tree: Tree::default(),
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: 0,
        text,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => {
                return Err(ParseTrouble::of(&error, text));
            }
        }
    }
    builder.tree.nodes.shrink_to_fit();
    Ok(builder.tree)
}

struct Builder<'a> {
    tree: Tree,
    open: Vec<Id>,
    anchors: HashMap<usize, Id>,
    documents: usize,
    text: &'a str,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), ParseTrouble> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(ParseTrouble {
                        at: offset(span.start.byte_offset())?,
                        message: "a second document begins here without a `---` line".into(),
                        hint: None,
                    });
                }
            }
            Event::Scalar(value, style, anchor, tag) => {
                let kind = match style {
                    ScalarStyle::Plain => NodeKind::Plain,
                    ScalarStyle::SingleQuoted => NodeKind::Single,
                    ScalarStyle::DoubleQuoted => NodeKind::Double,
                    ScalarStyle::Literal => NodeKind::Literal,
                    ScalarStyle::Folded => NodeKind::Folded,
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
                let id = self.push(NodeKind::Alias, span, 0)?;
                self.extra(id).target = self.anchors.get(&anchor).copied();
                self.tree.aliases.push(id);
                self.close(id);
            }
            Event::MappingStart(style, anchor, tag) => {
                let kind = match style {
                    StructureStyle::Block => NodeKind::BlockMap,
                    StructureStyle::Flow => NodeKind::FlowMap,
                };
                let id = self.push(kind, span, anchor)?;
                self.tag(id, span, tag);
                self.open.push(id);
            }
            Event::SequenceStart(style, anchor, tag) => {
                let kind = match style {
                    StructureStyle::Block => NodeKind::BlockSeq,
                    StructureStyle::Flow => NodeKind::FlowSeq,
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

    fn push(&mut self, kind: NodeKind, span: Span, anchor: usize) -> Result<Id, ParseTrouble> {
        let id = self.tree.nodes.len();
        let start = position(span.start.byte_offset())?;
        let end = match kind {
            NodeKind::BlockMap | NodeKind::BlockSeq => start,
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
            && self.tree.kind(id) == NodeKind::Plain
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
pub(super) fn narrow(value: usize) -> Result<u32, ParseTrouble> {
    u32::try_from(value).map_err(|_| ParseTrouble {
        at: 0,
        message: "the file is too large".into(),
        hint: None,
    })
}

fn offset(value: Option<usize>) -> Result<usize, ParseTrouble> {
    value.ok_or(ParseTrouble {
        at: 0,
        message: "the parser gave no position".into(),
        hint: None,
    })
}

fn position(value: Option<usize>) -> Result<u32, ParseTrouble> {
    narrow(offset(value)?)
}
