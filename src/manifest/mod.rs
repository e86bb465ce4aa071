//! Manifest files: finding the clusters in them and editing `spec.addOns` in place.
//!
//! An edit changes the lines that it must, keeps every other byte, and is proved by parsing the
//! result again; what cannot be done so is refused. The parser's events stay in `tree`, what
//! scalars mean is in `scalar` and `value`, and nothing outside this module builds manifest text.

mod aside;
mod block;
mod check;
mod diff;
mod edit;
mod emit;
mod excerpt;
mod files;
mod flow;
mod habit;
mod in_place;
mod limits;
mod locate;
mod plan;
#[cfg(test)]
mod properties;
mod prove;
mod remove;
mod rights;
mod save;
mod scalar;
mod scan;
mod second;
mod shape;
mod split;
mod surprise;
#[cfg(test)]
mod tests;
mod thin;
mod time;
mod tree;
mod trouble;
mod value;
mod view;

pub(crate) use diff::patch_of_new;
pub use diff::{diff, patch};
pub use edit::{DocumentReading, Edit};
pub(crate) use files::{Gathered, Skipped, Taking, gather, read};
pub(crate) use locate::{FileSpot, LocationStep};
pub(crate) use remove::Comments;
pub(crate) use save::FileWriter;

use crate::cluster;
use crate::error::{Error, Result};
use limits::{Added, AliasExcess};
use scan::LineStarts;
use serde_json::Value;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use surprise::Surprises;
use tree::{Id, Tree};
use value::key_text;

/// The label of a manifest that came from standard input.
pub(crate) const STDIN: &str = "stdin";

/// The text of a manifest and the documents in it.
#[derive(Debug)]
pub struct Manifest {
    source: Arc<Source>,
    pieces: Vec<Arc<Piece>>,
    documents: Vec<Document>,
}

/// The whole text.
#[derive(Debug)]
struct Source {
    label: String,
    text: String,
    lines: LineStarts,
}

/// A part of the text that is parsed and edited by itself.
#[derive(Debug)]
struct Piece {
    source: Arc<Source>,
    range: Range<usize>,
    /// `None` where it is parsed again when it is wanted.
    tree: Option<Tree>,
}

/// A document of a manifest: a YAML document, an element of a list at top level, or one of the
/// `items` of a `kind: list`.
#[derive(Debug)]
pub struct Document {
    /// Its place among the documents of the manifest, from 1; empty documents do not count.
    pub number: usize,
    /// The line on which it begins, from 1.
    pub(crate) line: usize,
    /// Its `kind`.
    pub(crate) kind: Option<String>,
    /// Its `name`.
    pub(crate) name: Option<String>,
    /// Where it says that it is a cluster in another spelling than the platform's.
    almost: Option<usize>,
    piece: Arc<Piece>,
    /// Its place among the documents of its piece.
    item: usize,
    root: Id,
    surprises: Surprises,
}

/// Something in a document that `cpln` sends otherwise than it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReaderFinding {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Its column in characters, from 1.
    pub(crate) column: usize,
    /// What is the matter, without a full stop.
    pub(crate) message: String,
}

/// Why a file is not read.
#[derive(Debug)]
struct UnreadFile {
    error: Error,
    /// It is to be filled in by another tool first.
    is_template: bool,
}

impl From<Error> for UnreadFile {
    fn from(error: Error) -> Self {
        Self {
            error,
            is_template: false,
        }
    }
}

/// Writes a value as a YAML document that every common parser reads as the same value.
pub(crate) fn yaml(value: &Value) -> String {
    emit::document(value)
}

impl Document {
    /// Whether it is a cluster (`kind: mk8s`).
    pub(crate) fn is_cluster(&self) -> bool {
        self.kind.as_deref() == Some(cluster::KIND)
    }

    /// Whether it is one, or was meant to be: `kind: Mk8s`, `Kind: mk8s`.
    pub(crate) fn is_meant_for_a_cluster(&self) -> bool {
        self.is_cluster() || self.almost.is_some()
    }

    /// The text that it stands in, which holds the other documents of a list as well.
    pub(crate) fn text(&self) -> &str {
        self.piece.text()
    }

    /// What it means, as `cpln` would send it: aliases written out, merge keys applied, and for a
    /// key that is written twice the last value.
    ///
    /// Differences to `cpln`: `!!binary` stays text, and tags that `cpln` refuses are ignored.
    ///
    /// Worked out at every call and not kept: it takes many times the memory of the text.
    pub fn value(&self) -> Value {
        self.value_in(&self.piece.tree())
    }

    fn value_in(&self, tree: &Tree) -> Value {
        value::value(tree, self.root, self.piece.text())
    }

    /// What `cpln` sends otherwise than it looks, or other readers read otherwise than `cpln`, in the
    /// order of the file, and the number of all that is not in the list.
    pub(crate) fn warnings(&self) -> (Vec<ReaderFinding>, usize) {
        let source = &self.piece.source;
        let found = self.surprises.found.iter().map(|(at, message)| {
            let at = self.piece.range.start + at;
            let (line, column) = source.lines.position(&source.text, at);
            ReaderFinding {
                line,
                column,
                message: message.clone(),
            }
        });
        (found.collect(), self.surprises.more)
    }
}

impl Piece {
    fn text(&self) -> &str {
        &self.source.text[self.range.clone()]
    }

    fn tree(&self) -> Cow<'_, Tree> {
        match &self.tree {
            Some(tree) => Cow::Borrowed(tree),
            // The same text was parsed before, so this does not fail.
            None => Cow::Owned(Tree::parse(self.text()).unwrap_or_default()),
        }
    }
}

impl Manifest {
    /// Reads a manifest: YAML or JSON, one or several documents. The label is how errors call it.
    ///
    /// Refused, with line, column and the line in question: what is not UTF-8, has control
    /// characters or a syntax error, is nested deeper than 100 levels, and what stands for more than
    /// the limits of a file (docs/manifests.md) with its aliases and merge keys written out.
    ///
    /// So is what is not a manifest, but a template, an unfinished merge or the like (`shape`).
    pub fn parse(label: &str, bytes: Vec<u8>) -> Result<Self> {
        Self::parse_or(label, bytes, KEPT).map_err(|unread| unread.error)
    }

    /// The same for whoever looks into every document, as `mk8s validate` does: the trees of longer texts
    /// are kept, too.
    pub fn parse_whole(label: &str, bytes: Vec<u8>) -> Result<Self> {
        Self::parse_or(label, bytes, KEPT_WHOLE).map_err(|unread| unread.error)
    }

    /// The same, and whether it is a template that cannot be read.
    /// Of longer texts than `kept` no trees are kept.
    fn parse_or(label: &str, bytes: Vec<u8>, kept: usize) -> Result<Self, UnreadFile> {
        let text = decode(label, bytes)?;
        let lines = LineStarts::new(&text);
        let source = Arc::new(Source {
            label: label.to_owned(),
            text,
            lines,
        });
        if let Some((at, c)) = control_character(&source.text) {
            let because = format!(
                "the character U+{:04X} is not allowed in a manifest",
                c as u32
            );
            return Err(source.syntax(at, because, None).into());
        }
        if let Some(at) = mark_inside(&source.text) {
            let because = "there is a byte-order mark inside the document";
            let hint = "remove it: `cpln` takes it for a part of the key";
            return Err(source.syntax(at, because, Some(hint)).into());
        }
        if let Some(found) = shape::of(&source.text) {
            return Err(source.shaped(0, found));
        }
        let mut manifest = Self {
            source: Arc::clone(&source),
            pieces: Vec::new(),
            documents: Vec::new(),
        };
        let ranges: Vec<Range<usize>> = split::split(&source.text)
            .into_iter()
            .filter(|part| !part.is_empty)
            .map(|part| part.range)
            .collect();
        let keep = source.text.len() <= kept || ranges.len() == 1;
        let mut added = Added::default();
        for part in ranges.chunks(PART) {
            let trees = parallel(part, |range| Tree::parse(&source.text[range.clone()]));
            for (range, tree) in part.iter().zip(trees) {
                let text = &source.text[range.clone()];
                let tree = tree.map_err(|trouble| match shape::behind(text, trouble.at) {
                    Some(found) => source.shaped(range.start, found),
                    None => source
                        .syntax(range.start + trouble.at, trouble.message, trouble.hint)
                        .into(),
                })?;
                if let Some(found) = shape::within(text, &tree) {
                    return Err(source.shaped(range.start, found));
                }
                added
                    .take(&tree, text)
                    .map_err(|excess| source.excess(range.start, &tree, excess))?;
                manifest.take(range.clone(), tree, keep);
            }
        }
        Ok(manifest)
    }

    /// The text as it was read, with its byte-order mark if it has one.
    pub(crate) fn text(&self) -> &str {
        &self.source.text
    }

    /// How errors call the manifest.
    pub(crate) fn label(&self) -> &str {
        &self.source.label
    }

    /// All documents that are not empty, in order.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The documents that are clusters.
    pub fn clusters(&self) -> impl Iterator<Item = &Document> {
        self.documents
            .iter()
            .filter(|document| document.is_cluster())
    }

    /// The clusters, and what was meant to be one.
    pub(crate) fn meant(&self) -> impl Iterator<Item = &Document> {
        let documents = self.documents.iter();
        documents.filter(|document| document.is_meant_for_a_cluster())
    }

    /// The first line that says of a document that it is a cluster, in another spelling.
    pub(crate) fn almost(&self) -> Option<usize> {
        let document = self.documents.iter().find(|it| it.almost.is_some())?;
        let at = document.piece.range.start + document.almost?;
        Some(self.source.lines.number(at))
    }

    /// Why the file is none of ours, where it has no cluster and another tool describes one in it.
    fn foreign(&self) -> Option<Error> {
        if self.clusters().next().is_some() {
            return None;
        }
        self.documents.iter().find_map(|document| {
            let piece = &document.piece;
            let found = shape::foreign(piece.text(), &piece.tree(), document.root)?;
            let mut error = self.source.shaped(piece.range.start, found).error;
            error.kind = crate::error::Kind::NotFound;
            Some(error)
        })
    }

    /// Takes the documents of a piece in.
    fn take(&mut self, range: Range<usize>, tree: Tree, keep: bool) {
        let (tree, kept) = if keep {
            (None, Some(tree))
        } else {
            (Some(tree), None)
        };
        let piece = Arc::new(Piece {
            source: Arc::clone(&self.source),
            range,
            tree: kept,
        });
        self.pieces.push(Arc::clone(&piece));
        let Some(tree) = tree.as_ref().or(piece.tree.as_ref()) else {
            return;
        };
        let text = piece.text();
        for (item, root) in items(tree, text).into_iter().enumerate() {
            let at = piece.range.start + tree.range(root).start;
            self.documents.push(Document {
                number: self.documents.len() + 1,
                line: self.source.lines.number(at),
                kind: member(tree, root, "kind", text),
                name: member(tree, root, "name", text),
                almost: almost(tree, root, text),
                piece: Arc::clone(&piece),
                item,
                root,
                surprises: Surprises::of(tree, root, text),
            });
        }
    }
}

/// Longer texts do not keep the trees of their pieces: to parse a piece again when it is wanted
/// takes less than to hold all trees.
const KEPT: usize = 1024 * 1024;

/// The same for whoever looks into every document anyway.
const KEPT_WHOLE: usize = 16 * 1024 * 1024;

/// So many pieces are worked on at a time, so that not every one is in memory twice.
const PART: usize = 64;

/// Fewer pieces than this are not worth a thread.
const MANY: usize = 64;

/// Does the same to all items, on several cores if they are many; the results are in order.
fn parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    // The system is asked with a dozen calls, so only where it matters.
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let cores = if items.len() < MANY { 1 } else { cores() };
    if cores < 2 {
        return items.iter().map(work).collect();
    }
    let work = &work;
    std::thread::scope(|scope| {
        let parts: Vec<_> = items
            .chunks(items.len().div_ceil(cores))
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>()))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| match part.join() {
                Ok(results) => results,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// The nodes that are documents: the root, or what is in its lists.
fn items(tree: &Tree, text: &str) -> Vec<Id> {
    let mut found = Vec::new();
    let mut open: Vec<Id> = tree.root().into_iter().collect();
    while let Some(id) = open.pop() {
        let list = if tree.kind(id).is_seq() {
            Some(id)
        } else {
            item_list(tree, id, text)
        };
        match list {
            Some(list) => {
                let elements: Vec<Id> = tree.elements(list).collect();
                open.extend(elements.into_iter().rev());
            }
            None => found.push(id),
        }
    }
    found
}

/// The `items` of a `kind: list` or `queryresult`.
fn item_list(tree: &Tree, id: Id, text: &str) -> Option<Id> {
    let kind = member(tree, id, "kind", text)?;
    if !matches!(kind.as_str(), "list" | "queryresult") {
        return None;
    }
    let (_, items) = value::own_entry(tree, id, "items", text)?;
    tree.kind(items).is_seq().then_some(items)
}

/// A scalar member of a map, as text.
fn member(tree: &Tree, id: Id, key: &str, text: &str) -> Option<String> {
    let map = tree.resolve(id);
    let value = tree.resolve(value::entry(tree, map, key, text)?);
    let is_text = tree.kind(value).is_scalar() && !value::is_null(tree, value, text);
    is_text.then(|| key_text(tree, value, text).into_owned())
}

/// Where a document says that it is a cluster, as no reader but a person takes it.
fn almost(tree: &Tree, root: Id, text: &str) -> Option<usize> {
    let folded = |text: &str, word: &str| text != word && text.eq_ignore_ascii_case(word);
    let entries = tree.entries(tree.resolve(root));
    let mut found = None;
    for (key, value) in entries {
        let value = tree.resolve(value);
        if !tree.kind(key).is_scalar() || !tree.kind(value).is_scalar() {
            continue;
        }
        let (name, kind) = (key_text(tree, key, text), key_text(tree, value, text));
        if name == "kind" {
            return folded(&kind, cluster::KIND).then(|| tree.range(key).start);
        }
        if folded(&name, "kind") && kind.eq_ignore_ascii_case(cluster::KIND) {
            found = Some(tree.range(key).start);
        }
    }
    found
}

fn decode(label: &str, bytes: Vec<u8>) -> Result<String> {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let bytes = error.into_bytes();
    let byte = bytes.get(at).copied().unwrap_or_default();
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    // What comes before is valid, so the place in the repaired text is the same.
    let source = Source {
        label: label.to_owned(),
        lines: LineStarts::new(&String::from_utf8_lossy(&bytes)),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    };
    let because = if is_utf16 {
        "it is UTF-16, manifests are UTF-8".to_owned()
    } else {
        format!("the byte 0x{byte:02X} is not UTF-8")
    };
    Err(source.syntax(at, because, Some("save the file as UTF-8")))
}

/// A byte-order mark at the beginning of a line other than the first, as files have it that were
/// put together: some parsers skip it there.
fn mark_inside(text: &str) -> Option<usize> {
    text.match_indices(scan::BOM).map(|(at, _)| at).find(|&at| {
        let before = &text[scan::line_start(text, at)..at];
        at > 0 && before.chars().all(|c| c.is_whitespace() || c == scan::BOM)
    })
}

/// The first character that neither YAML nor JSON allows, and that `cpln` refuses.
fn control_character(text: &str) -> Option<(usize, char)> {
    // Looks at bytes first: nearly all files have none.
    let suspicious = |&byte: &u8| byte < b' ' && !matches!(byte, b'\n' | b'\r' | b'\t');
    let has_any = text
        .as_bytes()
        .iter()
        .any(|byte| suspicious(byte) || matches!(byte, 0x7f | 0xc2));
    if !has_any {
        return None;
    }
    text.char_indices()
        .find(|&(_, c)| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}'))
}

impl Source {
    fn excess(&self, base: usize, tree: &Tree, excess: AliasExcess) -> Error {
        let (alias, message, because) = match excess {
            AliasExcess::TooDeep(alias) => (
                alias,
                "is too large",
                "with its aliases written out it is nested too deep".to_owned(),
            ),
            AliasExcess::Endless(alias) => (
                alias,
                "has a syntax error",
                "the alias is inside its own anchor, so it never ends".to_owned(),
            ),
            AliasExcess::TooLarge(alias) => (
                alias,
                "is too large",
                format!(
                    "with this alias, those up to here add more than {} nodes or {} MB",
                    limits::NODES,
                    limits::BYTES >> 20
                ),
            ),
        };
        self.at(base + tree.range(alias).start, message)
            .because(because)
    }

    /// What is said of a text that is something else than a manifest; the place is in the part that
    /// begins at `base`.
    fn shaped(&self, base: usize, found: shape::FoundShape) -> UnreadFile {
        let words = found.shape.words(&self.label);
        UnreadFile {
            error: self
                .at(base + found.at, words.is)
                .because(words.because)
                .hint(words.hint),
            is_template: found.shape.is_template(),
        }
    }

    fn syntax(&self, at: usize, because: impl Into<String>, hint: Option<&'static str>) -> Error {
        let error = self.at(at, "has a syntax error").because(because);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    fn at(&self, at: usize, message: &str) -> Error {
        let at = floor(&self.text, at);
        let (line, column) = self.lines.position(&self.text, at);
        let width = self.text[at..].chars().next().map_or(0, char::len_utf8);
        let mark = excerpt::Mark {
            range: at..at + width,
            label: "",
            sign: '^',
        };
        Error::refused(format!("{}:{line}:{column} {message}", self.label))
            .at(&self.label, line, column)
            .excerpt(excerpt::draw(&self.text, &self.lines, vec![mark]))
    }
}

/// The start of the character that holds the position.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
