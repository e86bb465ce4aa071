//! What goes with an entry of a block map: its lines, the comments that belong to it, and of the
//! blank lines around it those that would be too many.
//!
//! A comment belongs to an entry that it stands in, or directly above; one with a blank line behind
//! it is a heading and stays.

use super::block;
use super::scan::{self, Splice};
use super::view::{Entry, View};
use std::ops::Range;

/// What becomes of the comments of an entry that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comments {
    /// They go with it.
    Go,
    /// They stay where it was, in its column.
    Stay,
}

/// Takes the lines of an entry out; others remain in its map.
pub(super) fn remove(view: View<'_>, entry: Entry, comments: Comments) -> Option<Vec<Splice>> {
    let key = view.tree.outer_start(entry.key);
    if !scan::begins_line(view.text, key) {
        return None;
    }
    let map = view.holder(entry.key)?;
    let entries = view.entries(map);
    let index = entries.iter().position(|&other| other == entry)?;
    let column = scan::prefix(view.text, key).len();
    let floor = match index.checked_sub(1) {
        Some(before) => end_of(view, entries[before], column),
        None => opening(view, map),
    };
    let start = attached(view, scan::line_start(view.text, key), floor, column);
    let end = end_of(view, entry, column);
    let lines = start..end;
    if comments == Comments::Stay {
        let kept = kept(view, lines.clone(), " ".repeat(column).as_str());
        if !kept.is_empty() {
            let newline = scan::newline_near(view.text, start);
            return Some(vec![Splice::replace(lines, kept.join(newline))]);
        }
    }
    let side = if keeps_blanks(view, entry) || index == 0 {
        BlankSide::Below
    } else if index + 1 == entries.len() {
        BlankSide::Above
    } else {
        BlankSide::Shorter
    };
    Some(vec![gone(view, lines, floor, side)])
}

/// Writes `{}` behind the key of a map whose only entry goes. Headings in it are put below, in the
/// column of that key.
pub(super) fn empty(view: View<'_>, owner: Entry, comments: Comments) -> Option<Vec<Splice>> {
    let &[entry] = view.entries(owner.value).as_slice() else {
        return None;
    };
    let behind_key = view.properties_end(owner);
    let owner_start = view.tree.outer_start(owner.key);
    let first = scan::line_start(view.text, view.tree.outer_start(entry.key));
    let line_end = scan::line_end(view.text, behind_key);
    if first < line_end || !scan::begins_line(view.text, owner_start) {
        return None;
    }
    let outer = scan::prefix(view.text, owner_start).len();
    let column = scan::prefix(view.text, view.tree.outer_start(entry.key)).len();
    let end = end_of(view, entry, outer);
    let mut splices = vec![Splice::insert(behind_key, " {}")];
    let indent = " ".repeat(outer);
    let newline = scan::newline_near(view.text, line_end);
    let all = comments == Comments::Stay;
    let own = attached(view, first, line_end, column);
    let own_end = end_of(view, entry, column);
    let lines = if all {
        kept(view, line_end..end, &indent)
    } else {
        let below = kept(view, own_end..end, &indent);
        [kept(view, line_end..own, &indent), below].concat()
    };
    let text: String = lines
        .iter()
        .flat_map(|line| [newline, line.as_str()])
        .collect();
    if text.is_empty() {
        splices.push(block::delete_lines(
            view,
            scan::next_line(view.text, line_end),
            end,
        ));
    } else {
        splices.push(Splice::replace(line_end..end, text));
    }
    Some(splices)
}

/// The number of comments that have lines of their own in what is taken out.
pub(super) fn comment_lines(view: View<'_>, splices: &[Splice]) -> usize {
    let count = |text: &str| {
        text.split(['\n', '\r'])
            .filter(|line| is_comment(line))
            .count()
    };
    splices
        .iter()
        .map(|splice| {
            let there = lines_of(view, splice.range.clone())
                .filter(|line| is_free(view, line.clone()))
                .count();
            there.saturating_sub(count(&splice.text))
        })
        .sum()
}

fn is_comment(line: &str) -> bool {
    line.trim_start_matches([' ', '\t']).starts_with('#')
}

/// Whole lines in a range.
fn lines_of(view: View<'_>, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let text = view.text;
    let mut at = range.start;
    if scan::line_start(text, at) < at {
        at = scan::next_line(text, at);
    }
    std::iter::from_fn(move || {
        (at < range.end).then(|| {
            let line = at..scan::line_end(text, at);
            at = scan::next_line(text, at).max(at + 1);
            line
        })
    })
}

/// Whether the line is a comment, and not a line of a text in which a `#` is.
fn is_free(view: View<'_>, line: Range<usize>) -> bool {
    if !is_comment(&view.text[line.clone()]) {
        return false;
    }
    let at = line.start + scan::indent(view.text, line.start).len();
    !view.tree.is_in_scalar(at)
}

/// The comments of the lines, each in the column.
fn kept(view: View<'_>, lines: Range<usize>, indent: &str) -> Vec<String> {
    lines_of(view, lines)
        .filter(|line| is_free(view, line.clone()))
        .map(|line| {
            format!(
                "{indent}{}",
                view.text[line].trim_start_matches([' ', '\t'])
            )
        })
        .collect()
}

/// The end of an entry's last line, with the comments below that are deeper than the column.
fn end_of(view: View<'_>, entry: Entry, column: usize) -> usize {
    let end = scan::line_end(view.text, view.entry_end(entry));
    block::below(view, end, column)
}

/// The end of the line that opens a map.
fn opening(view: View<'_>, map: super::tree::Id) -> usize {
    let key = (view.root..map)
        .rev()
        .find(|&id| view.tree.kind(id).is_scalar() && view.tree.next(id) == map);
    match key {
        Some(key) => {
            let entry = Entry { key, value: map };
            scan::line_end(view.text, view.properties_end(entry))
        }
        None => 0,
    }
}

/// The start of the comments directly above a line, not above `floor`; deeper ones belong to what is
/// above them.
pub(super) fn attached(view: View<'_>, line: usize, floor: usize, column: usize) -> usize {
    let mut start = line;
    while let Some(above) = line_before(view.text, start).filter(|&above| above > floor) {
        let text = &view.text[above..scan::line_end(view.text, above)];
        let indent = text.len() - text.trim_start_matches([' ', '\t']).len();
        if !is_comment(text) || indent > column {
            break;
        }
        start = above;
    }
    start
}

/// The start of the line before the one that begins here.
fn line_before(text: &str, start: usize) -> Option<usize> {
    let before = text[..start]
        .strip_suffix('\n')
        .or_else(|| text[..start].strip_suffix('\r'))?;
    let before = before
        .strip_suffix('\r')
        .filter(|_| text[..start].ends_with('\n'))
        .unwrap_or(before);
    Some(scan::line_start(text, before.len()))
}

/// Which of the blank lines around an entry go with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BlankSide {
    Above,
    Below,
    /// So that no gap is wider than before.
    Shorter,
}

/// Whether blank lines behind what stands before the entry would be a part of it.
fn keeps_blanks(view: View<'_>, entry: Entry) -> bool {
    entry.key.checked_sub(1).is_some_and(|before| {
        let range = view.tree.range(before);
        let header = scan::line_end(view.text, range.start).min(range.end);
        view.tree.kind(before).is_block_scalar() && view.slice(range.start..header).contains('+')
    })
}

/// The lines out, with the blank lines on one side.
fn gone(view: View<'_>, lines: Range<usize>, floor: usize, side: BlankSide) -> Splice {
    let text = view.text;
    let is_blank = |at: usize| scan::is_blank(&text[at..scan::line_end(text, at)]);
    let mut above = 0;
    let mut first = lines.start;
    while let Some(line) = line_before(text, first).filter(|&line| line > floor && is_blank(line)) {
        first = line;
        above += 1;
    }
    let mut below = 0;
    let mut last = lines.end;
    loop {
        let next = scan::next_line(text, last);
        if next == last || next >= text.len() || !is_blank(next) {
            break;
        }
        last = scan::line_end(text, next);
        below += 1;
    }
    let is_above = match side {
        BlankSide::Above => true,
        BlankSide::Below => false,
        BlankSide::Shorter => below >= above,
    };
    if is_above {
        block::delete_lines(view, first, lines.end)
    } else {
        block::delete_lines(view, lines.start, last)
    }
}
