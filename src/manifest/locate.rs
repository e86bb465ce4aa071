//! Where in a file something of a document stands, for messages. Looks only.

use super::tree::{Id, NodeKind};
use super::value::{self, is_merge, key_text, own_entry};
use super::view::{Entry, View};
use super::{Document, ReaderFinding, STDIN, excerpt, scan};
use crate::invocation::Invocation;
use crate::text::Foreign;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};

/// A key that is written again in the same mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// Where it is written again, and what is the matter.
    pub(crate) finding: ReaderFinding,
    /// The key.
    pub(crate) key: String,
    /// The line on which it is first written.
    pub(crate) first: usize,
    /// The whole lines of the first entry, if it has lines of its own.
    pub(crate) lines: Option<RangeInclusive<usize>>,
}

/// One step into a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LocationStep<'a> {
    /// To the value of a key.
    Key(&'a str),
    /// To an item of a list.
    Item(usize),
}

/// Where something stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileSpot {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Its column in characters, from 1.
    pub(crate) column: usize,
    /// Its bytes in the file, of a key or of an item of a list; of more lines the first.
    pub(crate) range: Range<usize>,
    /// Whether all of the path is written there; else this is the last part of it that is.
    pub(crate) is_there: bool,
}

impl Document {
    /// Where the last part of a path stands, or as much of it as is written.
    pub(crate) fn spot(&self, path: &[LocationStep<'_>]) -> FileSpot {
        let tree = self.piece.tree();
        let view = self.view(&tree);
        let mut at = view.tree.resolve(view.root);
        let mut named = at;
        let mut done = 0;
        for part in path {
            let next = match part {
                LocationStep::Key(key) => match own_entry(view.tree, at, key, view.text) {
                    Some((key, value)) => Some((key, value)),
                    // What a merge key brings in stands where it is written.
                    None => value::entry(view.tree, at, key, view.text).map(|it| (it, it)),
                },
                LocationStep::Item(index) => view.tree.elements(at).nth(*index).map(|it| (it, it)),
            };
            let Some((key, value)) = next else { break };
            named = key;
            at = view.tree.resolve(value);
            done += 1;
        }
        let range = view.tree.range(named);
        let end = scan::line_end(view.text, range.start);
        let range = range.start..range.end.min(end).max(range.start);
        FileSpot {
            line: view.line(range.start),
            column: scan::column(view.text, range.start) + 1,
            range: view.base + range.start..view.base + range.end,
            is_there: done == path.len(),
        }
    }

    /// The command that writes the key at the end of a path under another name. None where that name is
    /// there already beside it, for a key that is not made of plain characters, and for standard input.
    pub(crate) fn renaming(&self, path: &[LocationStep<'_>], name: &str) -> Option<Invocation> {
        let (LocationStep::Key(key), above) = path.split_last()? else {
            return None;
        };
        let beside = [above, &[LocationStep::Key(name)]].concat();
        let spot = self.spot(path);
        let source = &self.piece.source;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_plain = !key.is_empty() && key.chars().all(is_word);
        if !spot.is_there || self.spot(&beside).is_there || !is_plain || source.label == STDIN {
            return None;
        }
        // `sed` takes the first on the line that looks like it.
        let start = scan::line_start(&source.text, spot.range.start);
        let before = &source.text[start..spot.range.start];
        (!before.contains(key)).then(|| {
            Invocation::other("sed")
                .plain("-E -i.bak")
                .word(format!("{}s/{key}/{name}/", spot.line))
                .word(&source.label)
        })
    }

    /// The line of a spot with the spot underlined.
    pub(crate) fn excerpt(&self, spot: &FileSpot) -> String {
        let source = &self.piece.source;
        let mark = excerpt::Mark {
            range: spot.range.clone(),
            label: "",
            sign: '^',
        };
        excerpt::draw(&source.text, &source.lines, vec![mark])
    }

    /// The line of the key at the end of the path; `None` if no such key is written there.
    pub(crate) fn line_of(&self, path: &[&str]) -> Option<usize> {
        let tree = self.piece.tree();
        let view = self.view(&tree);
        let (_, entry) = find(view, path)?;
        Some(view.line(view.tree.outer_start(entry.key)))
    }

    /// The lines of an entry, if it has them for itself: in block style.
    pub(crate) fn lines_of(&self, path: &[&str]) -> Option<RangeInclusive<usize>> {
        let tree = self.piece.tree();
        let view = self.view(&tree);
        let (map, entry) = find(view, path)?;
        own_lines(view, map, entry)
    }

    /// The scalar at the end of the path as it is written, quotes included.
    pub(crate) fn written(&self, path: &[&str]) -> Option<String> {
        let tree = self.piece.tree();
        let view = self.view(&tree);
        let (_, entry) = find(view, path)?;
        let scalar = view.tree.kind(entry.value).is_scalar();
        scalar.then(|| view.slice(view.tree.range(entry.value)).to_owned())
    }

    /// The keys that are written more than once in their mapping, at most so many of them, and the
    /// number of all others.
    pub(crate) fn duplicates(&self, most: usize) -> (Vec<Duplicate>, usize) {
        let tree = self.piece.tree();
        let view = self.view(&tree);
        let within = view.root..view.tree.next(view.root);
        let mut found = Vec::new();
        let mut more = 0;
        for map in within.filter(|&id| view.tree.kind(id).is_map()) {
            let mut seen: HashMap<Cow<'_, str>, Entry> = HashMap::new();
            for (key, value) in view.tree.entries(map) {
                if is_merge(view.tree, key, view.text) {
                    continue;
                }
                let name = key_text(view.tree, key, view.text);
                let Some(first) = seen.insert(name.clone(), Entry { key, value }) else {
                    continue;
                };
                if found.len() < most {
                    found.push(duplicate(view, map, name.into_owned(), first, key));
                } else {
                    more += 1;
                }
            }
        }
        found.sort_by_key(|it| (it.finding.line, it.finding.column));
        (found, more)
    }
}

fn duplicate(view: View<'_>, map: Id, key: String, first: Entry, again: Id) -> Duplicate {
    let at = view.tree.range(again).start;
    let first_line = view.line(view.tree.range(first.key).start);
    Duplicate {
        finding: ReaderFinding {
            line: view.line(at),
            column: scan::column(view.text, at) + 1,
            message: format!(
                "`{}` is written in lines {first_line} and {}, and only the last counts",
                Foreign(&key),
                view.line(at)
            ),
        },
        first: first_line,
        lines: own_lines(view, map, first),
        key,
    }
}

/// The map and the entry at the end of the path.
fn find(view: View<'_>, path: &[&str]) -> Option<(Id, Entry)> {
    let mut map = view.tree.resolve(view.root);
    let mut found = None;
    for part in path {
        let (key, value) = own_entry(view.tree, map, part, view.text)?;
        found = Some((map, Entry { key, value }));
        map = view.tree.resolve(value);
    }
    found
}

fn own_lines(view: View<'_>, map: Id, entry: Entry) -> Option<RangeInclusive<usize>> {
    let start = view.tree.outer_start(entry.key);
    if view.tree.kind(map) != NodeKind::BlockMap || !scan::begins_line(view.text, start) {
        return None;
    }
    let end = view.entry_end(entry).max(start + 1);
    let end = start + view.slice(start..end).trim_end().len();
    Some(view.line(start)..=view.line(end.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::super::Manifest;

    const TEXT: &str = "kind: mk8s\nname: a\nid: x\nstatus:\n  oidc: y\n  more: [1,\n    2]\n\nspec:\n  \
                        addOns:\n    awsECR: true # on\n    logs: {}\n    logs:\n      docker: true\n";

    fn document(text: &str) -> Manifest {
        Manifest::parse("m.yaml", text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn keys_have_lines() {
        let manifest = document(TEXT);
        let document = &manifest.documents()[0];
        for (path, line, lines) in [
            (&["id"][..], Some(3), Some(3..=3)),
            (&["status"], Some(4), Some(4..=7)),
            (&["spec", "addOns", "awsECR"], Some(11), Some(11..=11)),
            (&["spec", "addOns", "metrics"], None, None),
            (&["status", "more"], Some(6), Some(6..=7)),
        ] {
            assert_eq!(document.line_of(path), line, "{path:?}");
            assert_eq!(document.lines_of(path), lines, "{path:?}");
        }
        assert_eq!(
            document.written(&["spec", "addOns", "awsECR"]).as_deref(),
            Some("true")
        );
        assert_eq!(document.written(&["spec", "addOns"]), None);
    }

    #[test]
    fn every_duplicate_is_found() {
        let manifest = document(TEXT);
        let (found, more) = manifest.documents()[0].duplicates(9);
        assert_eq!((found.len(), more), (1, 0));
        assert_eq!((found[0].key.as_str(), found[0].first), ("logs", 12));
        assert_eq!((found[0].finding.line, found[0].finding.column), (13, 5));
        assert_eq!(found[0].lines, Some(12..=12));
        let flow = document("{kind: mk8s, name: a, name: b, spec: {x: 1, x: 2}}\n");
        let (found, more) = flow.documents()[0].duplicates(1);
        assert_eq!((found.len(), more), (1, 1));
        let (found, _) = flow.documents()[0].duplicates(9);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|it| it.lines.is_none()));
    }
}
