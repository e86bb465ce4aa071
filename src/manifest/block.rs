//! Edits in block context: whole lines, indented as their neighbours.

use super::emit::{self, Block, Quote};
use super::flow;
use super::habit::Habit;
use super::remove;
use super::scan::{self, Splice};
use super::tree::{Id, NodeKind};
use super::view::{Entry, View};
use serde_json::{Map, Value};

/// New last entries of a block map that has entries.
pub(super) fn insert(view: View<'_>, map: Id, new: &Map<String, Value>) -> Option<Vec<Splice>> {
    let entries = view.entries(map);
    let last = *entries.last()?;
    let column = column(view, map)?;
    let style = style(view, map, view.key_quote(map));
    let indent = " ".repeat(column);
    let habit = Habit::of(view, map);
    let is_open = ends_open(view) && view.tree.contains(last.value, view.tree.len() - 1);
    // The lines that come before an entry, and those that come last.
    let mut before: Vec<(Entry, Vec<String>)> = Vec::new();
    let mut behind = Vec::new();
    for (key, value) in habit.in_order(new) {
        let lines = emit::entry_lines(key, value, &indent, &style);
        let next = habit
            .next(view, &entries, key)
            .or_else(|| is_open.then_some(last));
        match (next, before.last_mut()) {
            (Some(next), Some((entry, all))) if *entry == next => {
                all.extend(habit.gap());
                all.extend(lines);
            }
            (Some(next), _) => before.push((next, lines)),
            (None, _) => {
                behind.extend(habit.gap());
                behind.extend(lines);
            }
        }
    }
    let mut splices = Vec::new();
    for (entry, mut lines) in before {
        lines.extend(habit.gap());
        splices.push(add_before(view, map, entry, &lines)?);
    }
    if !behind.is_empty() {
        let end = scan::line_end(view.text, view.entry_end(last));
        splices.push(add_lines(view, below(view, end, column), &behind));
    }
    Some(splices)
}

/// Whether the text ends in a block scalar whose last line has no end, and it matters whether it has
/// one.
fn ends_open(view: View<'_>) -> bool {
    let last = view.tree.len() - 1;
    let range = view.tree.range(last);
    view.tree.kind(last).is_block_scalar()
        && range.end == view.text.len()
        && !view.text.ends_with(['\n', '\r'])
        && !strips(view, range.start)
}

/// Whether a block scalar is written without the line breaks at its end.
fn strips(view: View<'_>, header: usize) -> bool {
    view.slice(header..header_end(view, header)).contains('-')
}

/// Adds lines before an entry, and before the comments directly above it.
fn add_before(view: View<'_>, map: Id, entry: Entry, lines: &[String]) -> Option<Splice> {
    let key = view.tree.outer_start(entry.key);
    if !scan::begins_line(view.text, key) {
        return None;
    }
    let entries = view.entries(map);
    let before = entries.iter().take_while(|&&other| other != entry).last();
    let above = before.map_or(0, |&other| {
        scan::next_line(view.text, view.entry_end(other))
    });
    let column = scan::prefix(view.text, key).len();
    let start = scan::line_start(view.text, key);
    let start = remove::attached(view, start, above.saturating_sub(1), column);
    let newline = scan::newline_near(view.text, start);
    Some(Splice::insert(start, lines.join(newline) + newline))
}

/// Another value behind a key of a block map.
pub(super) fn replace(view: View<'_>, map: Id, entry: Entry, value: &Value) -> Option<Vec<Splice>> {
    let old = view.tree.kind(entry.value);
    let range = view.tree.range(entry.value);
    let behind_key = view.properties_end(entry);
    let texts = match old {
        NodeKind::Single => Quote::Single,
        NodeKind::Double => Quote::Double,
        _ => Quote::Plain,
    };
    let Some(inline) = emit::block_inline(value, texts) else {
        return lines(view, map, entry, value);
    };
    if view.tree.is_missing(entry.value) {
        return Some(vec![Splice::insert(behind_key, format!(" {inline}"))]);
    }
    if matches!(old, NodeKind::BlockMap | NodeKind::BlockSeq) {
        let first = scan::line_start(view.text, range.start);
        return (first >= behind_key).then(|| {
            vec![
                Splice::insert(behind_key, format!(" {inline}")),
                delete_lines(view, range.start, range.end),
            ]
        });
    }
    if old.is_block_scalar() {
        let header = range.start..header_end(view, range.start);
        let first = scan::line_end(view.text, range.start);
        return Some(vec![
            Splice::replace(header, inline),
            Splice::delete(first..range.end.max(first)),
        ]);
    }
    Some(vec![Splice::replace(range, inline)])
}

/// A collection in lines of its own where something else was.
fn lines(view: View<'_>, map: Id, entry: Entry, value: &Value) -> Option<Vec<Splice>> {
    let range = view.tree.range(entry.value);
    let kind = view.tree.kind(entry.value);
    let behind_key = view.properties_end(entry);
    let column = column(view, map)?;
    let style = style(view, map, view.key_quote(map));
    let lines = emit::value_lines(value, &" ".repeat(column), &style);
    if matches!(kind, NodeKind::BlockMap | NodeKind::BlockSeq) {
        let gone = delete_lines(view, range.start, range.end);
        let end = scan::line_end(view.text, behind_key);
        return (gone.range.start >= end).then(|| vec![add_lines(view, end, &lines), gone]);
    }
    let old_end = if view.tree.is_missing(entry.value) {
        behind_key
    } else {
        range.end
    };
    let old = view.slice(behind_key..old_end);
    if !kind.is_block_scalar() && old.contains('#') && kind.is_flow() {
        // A comment stands before or inside the brackets and must stay.
        return flow::replace(view, map, entry, value);
    }
    let gone = if kind.is_block_scalar() {
        // The comment of the header stays.
        let first = scan::line_end(view.text, range.start);
        let header = header_end(view, range.start);
        vec![
            Splice::delete(behind_key..header),
            Splice::delete(first..range.end.max(first)),
        ]
    } else {
        vec![Splice::delete(behind_key..old_end)]
    };
    let end = scan::line_end(view.text, old_end);
    let end = below(view, end, column);
    let mut splices: Vec<Splice> = gone
        .into_iter()
        .filter(|splice| !splice.range.is_empty())
        .collect();
    splices.push(add_lines(view, end, &lines));
    Some(splices)
}

fn header_end(view: View<'_>, start: usize) -> usize {
    let rest = &view.text[start..scan::line_end(view.text, start)];
    start + rest.find([' ', '\t']).unwrap_or(rest.len())
}

/// The column of a block map's keys; `None` if none is at the start of its line.
fn column(view: View<'_>, map: Id) -> Option<usize> {
    view.tree.entries(map).find_map(|(key, _)| {
        let prefix = scan::prefix(view.text, view.tree.outer_start(key));
        prefix
            .chars()
            .all(|c| matches!(c, ' ' | '-'))
            .then_some(prefix.len())
    })
}

/// The end of the last line below that holds a comment deeper than the column: such lines belong
/// to what stands above them.
pub(super) fn below(view: View<'_>, line_end: usize, column: usize) -> usize {
    let mut end = line_end;
    let mut at = scan::next_line(view.text, line_end);
    while at < view.text.len() {
        let next = scan::line_end(view.text, at);
        let line = &view.text[at..next];
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if line[indent..].starts_with('#') && indent > column {
            end = next;
        } else if indent < line.len() {
            break;
        }
        at = scan::next_line(view.text, next);
    }
    end
}

/// Adds lines behind the line that ends at `end`. A file without a final newline stays without.
fn add_lines(view: View<'_>, end: usize, lines: &[String]) -> Splice {
    let newline = scan::newline_near(view.text, end);
    let joined = lines.join(newline);
    Splice::insert(end, format!("{newline}{joined}"))
}

/// Takes out the lines from the one that holds `start` to the one that holds `end`.
pub(super) fn delete_lines(view: View<'_>, start: usize, end: usize) -> Splice {
    let first = scan::line_start(view.text, start);
    let last = scan::line_end(view.text, end.max(start));
    // The line break before goes, not the one behind: the end of the file stays as it is.
    let before = &view.text[..first];
    let cut = before
        .strip_suffix('\n')
        .map_or(before, |before| before.strip_suffix('\r').unwrap_or(before));
    let cut = if cut.len() == before.len() {
        before.strip_suffix('\r').unwrap_or(before)
    } else {
        cut
    };
    // A block scalar before keeps the end of its last line.
    let is_kept = last == view.text.len()
        && (0..view.tree.len()).any(|id| {
            let range = view.tree.range(id);
            let is_block = view.tree.kind(id).is_block_scalar();
            is_block && range.end == cut.len() && !strips(view, range.start)
        });
    Splice::delete(if is_kept { first } else { cut.len() }..last)
}

/// The style of new lines below the keys of a map.
fn style(view: View<'_>, map: Id, keys: Quote) -> Block {
    Block {
        step: step(view, map),
        indentless: is_indentless(view),
        keys,
        texts: Quote::Plain,
    }
}

/// Blanks per level: as a neighbour's, else as the map's own, else as anywhere in the document.
fn step(view: View<'_>, map: Id) -> usize {
    let between = |outer: Id, inner: Id| {
        let (outer, inner) = (column(view, outer)?, column(view, inner)?);
        inner.checked_sub(outer).filter(|&step| step > 0)
    };
    let is_block = |&id: &Id| view.tree.kind(id) == NodeKind::BlockMap;
    let neighbours = view.tree.entries(map).map(|(_, value)| value);
    if let Some(step) = neighbours
        .filter(is_block)
        .find_map(|value| between(map, value))
    {
        return step;
    }
    let chain = view.chain(map);
    if let [.., outer, inner] = chain.as_slice()
        && let Some(step) = between(*outer, *inner)
    {
        return step;
    }
    (view.root..view.tree.next(view.root))
        .filter(is_block)
        .find_map(|outer| {
            view.tree
                .entries(outer)
                .map(|(_, value)| value)
                .filter(is_block)
                .find_map(|inner| between(outer, inner))
        })
        .unwrap_or(2)
}

/// Whether the document writes `- ` in the column of the list's key.
fn is_indentless(view: View<'_>) -> bool {
    (view.root..view.tree.next(view.root))
        .filter(|&id| view.tree.kind(id) == NodeKind::BlockMap)
        .find_map(|map| {
            let (_, list) = view
                .tree
                .entries(map)
                .find(|&(_, value)| view.tree.kind(value) == NodeKind::BlockSeq)?;
            let start = view.tree.range(list).start;
            let dash = scan::indent(view.text, start).len();
            Some(dash <= column(view, map)?)
        })
        .unwrap_or(false)
}
