//! What of a document the second reading may leave out: lines far from the change.
//!
//! A parser reads from the front and keeps nothing but what is open, so whole entries of a block
//! collection that are the same bytes before and after, and not next to the change, are read the
//! same both times. A cluster is mostly node pools and labels; to read all of them twice more would
//! cost as much as the edit.

use super::prove::{ReadText, odd_break};
use super::scan;
use super::split::is_blank;
use super::tree::{Id, NodeKind};
use super::value::own_entry;
use std::borrow::Cow;
use std::ops::Range;

/// Ranges of whole lines, in order, that are left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct OmittedLines {
    lines: Vec<Range<usize>>,
}

impl OmittedLines {
    /// Whether the position is in a line that is left out.
    pub(super) fn holds(&self, at: usize) -> bool {
        let index = self.lines.partition_point(|range| range.end <= at);
        self.lines
            .get(index)
            .is_some_and(|range| range.contains(&at))
    }

    /// The text without what is left out.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.lines.is_empty() {
            return text.into();
        }
        let mut rest = String::new();
        let mut done = 0;
        for range in &self.lines {
            rest.push_str(text.get(done..range.start).unwrap_or_default());
            done = range.end;
        }
        rest.push_str(text.get(done..).unwrap_or_default());
        rest.into()
    }

    fn take(&mut self, range: Range<usize>) {
        match self.lines.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ if range.is_empty() => {}
            _ => self.lines.push(range),
        }
    }
}

/// What may be left out of the texts before and after an edit of the cluster that is all of the
/// document. Nothing where a line elsewhere may matter: aliases, and characters that only some
/// readers take for the end of a line.
pub(super) fn cuts(before: ReadText<'_>, after: ReadText<'_>) -> (OmittedLines, OmittedLines) {
    let nothing = (OmittedLines::default(), OmittedLines::default());
    let ReadText { text, tree } = before;
    if !tree.aliases().is_empty() || odd_break(text).is_some() {
        return nothing;
    }
    let Some(root) = tree.root() else {
        return nothing;
    };
    let change = change(text, after.text);
    let thinner = Thinner { before, change };
    let mut cut = OmittedLines::default();
    let spec = own_entry(tree, root, "spec", text).map(|(_, spec)| spec);
    thinner.around(root, text.len(), spec, &mut cut);
    let moved = |at: usize| {
        if at >= thinner.change.end {
            after.text.len() - (text.len() - at)
        } else {
            at
        }
    };
    let lines = cut.lines.iter();
    let moved = lines.map(|range| moved(range.start)..moved(range.end));
    let moved = OmittedLines {
        lines: moved.collect(),
    };
    (cut, moved)
}

/// Bytes that are compared at a time.
const STEP: usize = 64;

/// How many bytes are the same, of two texts from either end: first in steps, then one by one.
fn alike<'a>(
    steps: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    bytes: impl Iterator<Item = (&'a u8, &'a u8)>,
) -> usize {
    let whole = steps.take_while(|(a, b)| a.len() == STEP && a == b).count() * STEP;
    whole + bytes.skip(whole).take_while(|(a, b)| a == b).count()
}

/// The lines of the first text outside of which both are the same.
fn change(before: &str, after: &str) -> Range<usize> {
    let (a, b) = (before.as_bytes(), after.as_bytes());
    let start = alike(a.chunks(STEP).zip(b.chunks(STEP)), a.iter().zip(b));
    let start = a[..start]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1);
    let left = a.len().min(b.len()) - start;
    let (x, y) = (&a[a.len() - left..], &b[b.len() - left..]);
    let ends = x.iter().rev().zip(y.iter().rev());
    let end = a.len() - alike(x.rchunks(STEP).zip(y.rchunks(STEP)), ends);
    if a[..end].last().is_none_or(|&byte| byte == b'\n') {
        return start..end;
    }
    let rest = a[end..].iter().position(|&byte| byte == b'\n');
    start..rest.map_or(a.len(), |at| end + at + 1)
}

/// Whether the second text is the first with whole lines added in one place.
pub(super) fn is_insertion(before: &str, after: &str) -> bool {
    let change = change(before, after);
    let kept = before.len() - change.end;
    change.is_empty()
        && after.len() > before.len()
        && after[change.start..after.len() - kept].ends_with('\n')
}

struct Thinner<'a> {
    before: ReadText<'a>,
    change: Range<usize>,
}

impl Thinner<'_> {
    /// Thins the entries around the change: one on either side is left, and the first, which shows
    /// where the mapping stands.
    fn around(&self, map: Id, end: usize, inner: Option<Id>, cut: &mut OmittedLines) {
        let Some(parts) = self.parts(map, end) else {
            return;
        };
        for (index, (id, lines)) in parts.iter().enumerate() {
            let next_too = parts
                .get(index + 1)
                .is_some_and(|(_, next)| next.end <= self.change.start);
            let before_too = index > 0 && parts[index - 1].1.start >= self.change.end;
            if lines.end <= self.change.start {
                if index > 0 && next_too {
                    cut.take(lines.clone());
                } else {
                    self.inside(*id, lines.end, !next_too, cut);
                }
            } else if lines.start >= self.change.end {
                if before_too {
                    cut.take(lines.clone());
                } else {
                    self.inside(*id, lines.end, false, cut);
                }
            } else if Some(*id) == inner {
                self.around(*id, lines.end, None, cut);
            }
        }
    }

    /// Thins what is in an entry before or behind the change: the first part is left, and before
    /// the change the last.
    fn inside(&self, node: Id, end: usize, last: bool, cut: &mut OmittedLines) {
        let Some(parts) = self.parts(node, end) else {
            if !last {
                self.behind(node, end, cut);
            }
            return;
        };
        let count = parts.len();
        for (index, (id, lines)) in parts.into_iter().enumerate() {
            let is_last = index + 1 == count;
            if index == 0 || is_last && last {
                self.inside(id, lines.end, is_last && last, cut);
            } else {
                cut.take(lines);
            }
        }
    }

    /// Leaves out the comments behind a value.
    fn behind(&self, node: Id, end: usize, cut: &mut OmittedLines) {
        let ReadText { text, tree } = self.before;
        if tree.kind(node).is_block_scalar() {
            return;
        }
        let from = scan::next_line(text, tree.range(node).end);
        if let Some(rest) = text.get(from..end)
            && rest.lines().all(is_blank)
        {
            cut.take(from..end);
        }
    }

    /// The values in a block collection with their lines, from that of the key or dash to the next;
    /// `None` if they do not have lines for themselves.
    fn parts(&self, node: Id, end: usize) -> Option<Vec<(Id, Range<usize>)>> {
        let ReadText { text, tree } = self.before;
        let starts: Vec<(Id, Id)> = match tree.kind(node) {
            NodeKind::BlockMap => tree.entries(node).collect(),
            NodeKind::BlockSeq => tree.elements(node).map(|id| (id, id)).collect(),
            _ => return None,
        };
        let dash = if tree.kind(node) == NodeKind::BlockSeq {
            "-"
        } else {
            ""
        };
        let mut parts: Vec<(Id, Range<usize>)> = Vec::with_capacity(starts.len());
        for (index, &(first, value)) in starts.iter().enumerate() {
            let at = tree.outer_start(first);
            // The first of a list in a list, or of a mapping in a list, shares its line.
            let own = scan::prefix(text, at).trim_matches(' ') == dash;
            if !own && (index > 0 || dash == "-") {
                return None;
            }
            let start = scan::line_start(text, at);
            if let Some((_, previous)) = parts.last_mut() {
                previous.end = start;
            }
            parts.push((value, start..end));
        }
        Some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::super::second::Second;
    use super::super::tree::Tree;
    use super::*;

    fn thin(before: &str, after: &str) -> (String, String) {
        let (old, new) = (Tree::parse(before).unwrap(), Tree::parse(after).unwrap());
        let side = |text, tree| ReadText { text, tree };
        let (left, right) = cuts(
            ReadText {
                text: before,
                tree: &old,
            },
            side(after, &new),
        );
        for (text, tree, cut) in [(before, &old, &left), (after, &new, &right)] {
            Second::read(text, tree, cut).unwrap();
        }
        (
            left.text(before).into_owned(),
            right.text(after).into_owned(),
        )
    }

    #[test]
    fn what_is_far_from_the_change_is_left_out() {
        let before = "kind: mk8s\nname: a\ntags:\n  a: 1\n  b: 2\n  c: 3\nspec:\n  version: 1\n  \
                      # x\n  firewall:\n  - a: 1\n    b: 2\n  - c: 3\n  - d: 4\n  - e: 5\n  more: |\n    \
                      # y\n    z\n  addOns:\n    logs: {}\n    metrics: {}\n  last: 1\n  rest: 2\ntaints:\n  \
                      - key: a\n  - key: b\nend: 1\n";
        let after = before.replace("    metrics: {}\n", "    metrics: {}\n    awsECR: {}\n");
        let (left, right) = thin(before, &after);
        assert_eq!(
            left,
            "kind: mk8s\ntags:\n  a: 1\n  c: 3\nspec:\n  version: 1\n  addOns:\n    logs: {}\n    \
             metrics: {}\n  last: 1\ntaints:\n  - key: a\n"
        );
        assert_eq!(
            right,
            left.replace("    metrics: {}\n", "    metrics: {}\n    awsECR: {}\n")
        );
    }

    #[test]
    fn where_a_line_elsewhere_may_matter_nothing_is_left_out() {
        for before in [
            "a: &a 1\nb: 1\nc: *a\nd: 1\nspec:\n  addOns: {}\n",
            "a: 1\nb: 1\nc: 1 # \u{2028}\nd: 1\nspec:\n  addOns: {}\n",
            "{a: 1, b: 1, c: 1, d: 1, spec: {addOns: {}}}\n",
        ] {
            let after = before.replace("addOns: {}", "addOns: {x: {}}");
            assert_eq!(thin(before, &after).0, before);
        }
    }
}
