//! Edits inside `{…}`, in YAML and in JSON.

use super::emit::{self, Flow, Quote};
use super::scan::{self, Splice};
use super::tree::{Id, NodeKind};
use super::view::{Entry, View};
use serde_json::{Map, Value};

/// New last entries of a flow map.
pub(super) fn insert(view: View<'_>, map: Id, new: &Map<String, Value>) -> Option<Vec<Splice>> {
    let close = closing(view, map)?;
    let Some(&last) = view.entries(map).last() else {
        return Some(vec![into_empty(view, map, new)?]);
    };
    let style = style(view, map);
    let end = view.entry_end(last);
    let (behind, trailing) = comma(view, end, close);
    let start = view.tree.outer_start(last.key);
    let indent = scan::indent(view.text, start);
    let entries: Vec<String> = new
        .iter()
        .map(|(key, value)| emit::flow_entry(key, value, indent, &style))
        .collect();
    if !scan::begins_line(view.text, start) {
        let text = entries.join(&style.comma);
        let text = if trailing {
            format!("{}{text},", style.comma.trim_start_matches(','))
        } else {
            format!("{}{text}", style.comma)
        };
        return Some(vec![Splice::insert(behind, text)]);
    }
    // That of the line behind which it comes: a key may begin on another one.
    let newline = scan::newline_near(view.text, behind);
    let text = entries.join(&format!(",{newline}{indent}"));
    let text = format!("{newline}{indent}{text}");
    let line_end = scan::line_end(view.text, behind);
    if line_end > close {
        let text = if trailing {
            text + ","
        } else {
            format!(",{text}")
        };
        return Some(vec![Splice::insert(behind, text)]);
    }
    Some(if trailing {
        vec![Splice::insert(line_end, text + ",")]
    } else if behind == line_end {
        vec![Splice::insert(behind, format!(",{text}"))]
    } else {
        vec![Splice::insert(behind, ","), Splice::insert(line_end, text)]
    })
}

/// Takes an entry out; others remain in its map.
pub(super) fn remove(view: View<'_>, map: Id, entry: Entry) -> Option<Vec<Splice>> {
    let close = closing(view, map)?;
    let entries = view.entries(map);
    let index = entries.iter().position(|&other| other == entry)?;
    let start = view.tree.outer_start(entry.key);
    let value_end = view.entry_end(entry);
    let (end, trailing) = comma(view, value_end, close);
    let mut splices = Vec::new();
    let previous = index.checked_sub(1).map(|index| entries[index]);
    let next = entries.get(index + 1);
    // The last entry's comma is the one before it.
    let comma_before = previous
        .filter(|_| next.is_none() && !trailing)
        .map(|previous| comma(view, view.entry_end(previous), start).0);
    if let Some(lines) = whole_lines(view, start, end, close) {
        if let Some(behind) = comma_before {
            splices.push(Splice::delete(behind - 1..behind));
        }
        splices.push(Splice::delete(lines));
        return Some(splices);
    }
    if let Some(next) = next {
        let next = view.tree.outer_start(next.key);
        let gap = view.slice(end..next);
        if scan::is_blank(gap) {
            splices.push(Splice::delete(start..next));
        } else {
            // The rest of the line stays, without the blanks before the entry.
            let blanks = view.text[..start].trim_end_matches([' ', '\t']).len();
            splices.push(Splice::delete(blanks..end));
        }
        return Some(splices);
    }
    let previous_end = view.entry_end(previous?);
    let gap = view.slice(previous_end..start);
    if gap.contains('#') {
        if let Some(behind) = comma_before {
            splices.push(Splice::delete(behind - 1..behind));
        }
        splices.push(Splice::delete(start..end));
    } else {
        splices.push(Splice::delete(previous_end..value_end));
    }
    Some(splices)
}

/// Leaves `{}` where the only entry was.
pub(super) fn empty(view: View<'_>, map: Id) -> Option<Vec<Splice>> {
    let close = closing(view, map)?;
    let range = view.tree.range(map);
    let &entry = view.entries(map).first()?;
    let start = view.tree.outer_start(entry.key);
    let (end, _) = comma(view, view.entry_end(entry), close);
    let inside = [range.start + 1..start, end..close];
    if inside
        .into_iter()
        .any(|part| view.slice(part).contains('#'))
    {
        return Some(vec![Splice::delete(start..end)]);
    }
    Some(vec![Splice::replace(range, "{}")])
}

/// Another value behind a key, written in flow style.
pub(super) fn replace(view: View<'_>, map: Id, entry: Entry, value: &Value) -> Option<Vec<Splice>> {
    let old = view.tree.kind(entry.value);
    let range = view.tree.range(entry.value);
    if let (true, Value::Object(new)) = (old.is_map(), value)
        && view.slice(range.clone()).contains('#')
        && view.entries(entry.value).is_empty()
    {
        return Some(vec![into_empty(view, entry.value, new)?]);
    }
    let mut style = style(view, map);
    style.texts = match old {
        NodeKind::Double => Quote::Double,
        NodeKind::Single => Quote::Single,
        _ => style.texts,
    };
    let indent = scan::indent(view.text, view.tree.outer_start(entry.key));
    let text = emit::flow_value(value, indent, &style);
    if view.tree.is_missing(entry.value) {
        let text = if view.colon(entry).is_some() {
            format!(" {text}")
        } else {
            format!(": {text}")
        };
        return Some(vec![Splice::insert(view.properties_end(entry), text)]);
    }
    Some(vec![Splice::replace(range, text)])
}

/// The first entries of a map that holds nothing but comments.
fn into_empty(view: View<'_>, map: Id, new: &Map<String, Value>) -> Option<Splice> {
    let close = closing(view, map)?;
    let style = Flow {
        lines: None,
        ..style(view, map)
    };
    let entries: Vec<String> = new
        .iter()
        .map(|(key, value)| emit::flow_entry(key, value, "", &style))
        .collect();
    let open = view.tree.range(map).start + 1;
    let has_lines = has_break(view.slice(open..close));
    if !has_lines || !scan::begins_line(view.text, close) {
        return Some(Splice::insert(close, entries.join(&style.comma)));
    }
    // On lines of their own: before a bracket in the column of a key nobody reads on.
    let line = scan::line_start(view.text, close);
    let newline = scan::newline_near(view.text, open);
    let outer = scan::indent(view.text, view.tree.range(map).start);
    let inner = view.text[open..close]
        .split('\n')
        .skip(1)
        .find(|line| line.trim_start().starts_with('#'))
        .map(|line| &line[..line.len() - line.trim_start().len()])
        .filter(|indent| indent.len() > outer.len());
    let indent = inner.map_or_else(
        || format!("{outer}{}", unit(view, &view.chain(map))),
        str::to_owned,
    );
    let entries: Vec<String> = entries
        .iter()
        .map(|entry| format!("{indent}{entry}"))
        .collect();
    Some(Splice::insert(
        line,
        entries.join(&format!(",{newline}")) + newline,
    ))
}

/// Where the `}` is.
fn closing(view: View<'_>, map: Id) -> Option<usize> {
    let end = view.tree.range(map).end.checked_sub(1)?;
    (view.text.as_bytes().get(end) == Some(&b'}')).then_some(end)
}

/// Behind the comma that follows the position, if there is one before `end`; else the position.
fn comma(view: View<'_>, at: usize, end: usize) -> (usize, bool) {
    let next = scan::skip(view.text, at, end);
    if view.text.as_bytes().get(next) == Some(&b',') {
        (next + 1, true)
    } else {
        (at, false)
    }
}

/// The lines of an entry, if it has them for itself.
fn whole_lines(
    view: View<'_>,
    start: usize,
    end: usize,
    close: usize,
) -> Option<std::ops::Range<usize>> {
    let line_end = scan::line_end(view.text, end);
    let rest = view.slice(end..line_end).trim_start_matches([' ', '\t']);
    let alone = scan::begins_line(view.text, start)
        && (rest.is_empty() || rest.starts_with('#'))
        && line_end < close;
    alone.then(|| scan::line_start(view.text, start)..scan::next_line(view.text, line_end))
}

/// The style of the map and of those around it.
fn style(view: View<'_>, map: Id) -> Flow {
    let chain = view.chain(map);
    let mut filled = chain
        .iter()
        .rev()
        .copied()
        .filter(|&id| view.tree.entries(id).next().is_some());
    let quoted = filled
        .clone()
        .next()
        .is_some_and(|id| view.key_quote(id) == Quote::Double);
    let flows = || filled.clone().filter(|&id| view.tree.kind(id).is_flow());
    let colon = flows().find_map(|id| colon(view, id));
    let colon = colon.unwrap_or(": ").to_owned();
    let comma = flows().find_map(|id| separator(view, id));
    let comma = comma.map_or_else(
        || if colon == ":" { "," } else { ", " }.to_owned(),
        str::to_owned,
    );
    let padded = flows().find_map(|id| {
        let open = view.tree.range(id).start + 1;
        let first = view.tree.entries(id).next()?.0;
        let gap = view.slice(open..view.tree.outer_start(first));
        scan::is_blank(gap).then_some(!gap.is_empty())
    });
    let lines = filled
        .find(|&id| view.tree.kind(id).is_flow())
        .filter(|&id| is_in_lines(view, id, quoted))
        .map(|id| {
            let start = view.tree.outer_start(id + 1);
            (
                scan::newline_near(view.text, start).to_owned(),
                unit(view, &chain),
            )
        });
    Flow {
        keys: if quoted { Quote::Double } else { Quote::Plain },
        texts: if quoted { Quote::Double } else { Quote::Plain },
        colon: if quoted || colon.ends_with(' ') {
            colon
        } else {
            ": ".to_owned()
        },
        comma,
        pad: if padded == Some(true) { " " } else { "" },
        lines,
    }
}

/// Whether a new collection in the map goes over several lines: as its neighbours do, else as the
/// map itself if this is JSON.
fn is_in_lines(view: View<'_>, map: Id, quoted: bool) -> bool {
    let neighbour = view
        .tree
        .entries(map)
        .filter(|&(_, value)| view.tree.kind(value).is_map())
        .filter_map(|(_, value)| {
            let first = view.tree.entries(value).next()?.0;
            let open = view.tree.range(value).start;
            Some(has_break(view.slice(open..view.tree.outer_start(first))))
        })
        .last();
    neighbour.unwrap_or_else(|| {
        let first = view.tree.entries(map).next();
        quoted
            && first
                .is_some_and(|(key, _)| scan::begins_line(view.text, view.tree.outer_start(key)))
    })
}

/// What a level is indented by: the first map, from the inside, that shows it.
fn unit(view: View<'_>, chain: &[Id]) -> String {
    chain
        .iter()
        .rev()
        .find_map(|&map| {
            let first = view.tree.entries(map).next()?.0;
            let start = view.tree.outer_start(first);
            let outer = scan::indent(view.text, view.tree.range(map).start);
            let unit = scan::indent(view.text, start).strip_prefix(outer)?;
            (scan::begins_line(view.text, start) && !unit.is_empty()).then(|| unit.to_owned())
        })
        .unwrap_or_else(|| "  ".to_owned())
}

/// What stands between a key and its value in the map.
fn colon(view: View<'_>, map: Id) -> Option<&str> {
    view.tree.entries(map).find_map(|(key, value)| {
        let gap = view.slice(view.tree.range(key).end..view.tree.outer_start(value));
        let written = !view.tree.is_missing(value) && !has_break(gap) && gap.contains(':');
        written.then_some(gap)
    })
}

/// What stands between two entries of the map that share a line.
fn separator(view: View<'_>, map: Id) -> Option<&str> {
    let entries = view.entries(map);
    entries.windows(2).find_map(|pair| {
        let gap = view.slice(view.entry_end(pair[0])..view.tree.outer_start(pair[1].key));
        gap.strip_prefix(',')
            .filter(|rest| scan::is_blank(rest))
            .map(|_| gap)
    })
}

fn has_break(text: &str) -> bool {
    text.contains(['\n', '\r'])
}
