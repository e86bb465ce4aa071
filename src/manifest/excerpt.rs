//! Draws the lines of a file that an error is about.
//!
//! ```text
//!    24 |   addOns: *defaults
//!       |           ^^^^^^^^^ spec.addOns is an alias
//! ```

use super::scan::{self, LineStarts};
use crate::text::{Foreign, is_hidden};
use std::fmt::Write as _;
use std::ops::Range;

/// A place in the file and what is to be said about it.
pub(super) struct Mark<'a> {
    pub(super) range: Range<usize>,
    pub(super) label: &'a str,
    /// Drawn under the place; `^` for the one that the error is about.
    pub(super) sign: char,
}

/// Longer lines are cut, so that the place can be seen: a JSON file may be one line.
const WIDTH: usize = 100;

/// The lines of the marks, in the order of the file.
pub(super) fn draw(text: &str, lines: &LineStarts, mut marks: Vec<Mark<'_>>) -> String {
    marks.sort_by_key(|mark| mark.range.start);
    let last = marks
        .last()
        .map_or(1, |mark| lines.number(mark.range.start));
    let gutter = last.to_string().len().max(5);
    let mut drawn = String::new();
    let mut previous = 0;
    for mark in &marks {
        let number = lines.number(mark.range.start);
        let (line, before, width) = visible(text, mark.range.clone());
        if previous > 0 && number > previous + 1 {
            let _ = writeln!(drawn, "{:gutter$} …", "");
        }
        if number != previous {
            let _ = writeln!(drawn, "{number:gutter$} | {line}");
        }
        previous = number;
        let signs = mark.sign.to_string().repeat(width);
        let _ = writeln!(
            drawn,
            "{:gutter$} | {:before$}{signs} {}",
            "",
            "",
            Foreign(mark.label)
        );
    }
    drawn.truncate(drawn.trim_end().len());
    drawn
}

/// Where the last characters of a range begin that an excerpt may show.
fn nth_before(text: &str, start: usize, end: usize) -> usize {
    let mut before = text[start..end].char_indices().rev();
    before.nth(2 * WIDTH).map_or(start, |(at, _)| start + at)
}

/// Where the first characters of a range end that an excerpt may show.
fn nth_behind(text: &str, start: usize, end: usize) -> usize {
    let mut behind = text[start..end].char_indices();
    behind.nth(2 * WIDTH).map_or(end, |(at, _)| start + at)
}

/// The printable line, the characters before the place, and those of the place.
fn visible(text: &str, range: Range<usize>) -> (String, usize, usize) {
    let start = scan::line_start(text, range.start);
    let end = scan::line_end(text, range.start);
    // No more is looked at than can be shown: every excerpt of a line of a megabyte would cost as much.
    let from = nth_before(text, start, range.start);
    let inside = range.start..nth_behind(text, range.start, range.end.clamp(range.start, end));
    let behind = inside.end..nth_behind(text, inside.end, end);
    let before = text[from..range.start].trim_start_matches(scan::BOM);
    let (before, inside) = (printable(before), printable(&text[inside]));
    let behind = printable(&text[behind]);
    let (mut column, width) = (before.chars().count(), inside.chars().count().max(1));
    let line: Vec<char> = before
        .chars()
        .chain(inside.chars())
        .chain(behind.chars())
        .collect();
    let from = if from > start || column + width.min(WIDTH / 2) > WIDTH {
        column.saturating_sub(WIDTH / 2)
    } else {
        0
    };
    let to = line.len().min(from + WIDTH);
    let mut shown: String = line[from..to].iter().collect();
    if from > 0 {
        shown.insert(0, '…');
        column = column - from + 1;
    }
    if to < line.len() {
        shown.push('…');
    }
    let room = (from + WIDTH + usize::from(from > 0))
        .saturating_sub(from + column)
        .max(1);
    (shown.trim_end().to_owned(), column, width.min(room))
}

/// Tabs as one blank, what is hidden as a replacement: nothing moves the cursor, and each character
/// keeps its column.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if is_hidden(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, range: Range<usize>) -> String {
        let mark = Mark {
            range,
            label: "here",
            sign: '^',
        };
        draw(text, &LineStarts::new(text), vec![mark])
    }

    #[test]
    fn the_place_is_underlined() {
        let text = "a: 1\n\taddOns: *x # c\n";
        assert_eq!(
            one(text, 14..16),
            "    2 |  addOns: *x # c\n      |          ^^ here"
        );
        assert_eq!(
            one(text, 20..20),
            "    2 |  addOns: *x # c\n      |                ^ here"
        );
        assert_eq!(one("", 0..0), "    1 | \n      | ^ here");
    }

    #[test]
    fn two_places_are_drawn_in_the_order_of_the_file() {
        let text = "a: 1\nb: 2\na: 3\n";
        let marks = vec![
            Mark {
                range: 10..11,
                label: "again",
                sign: '^',
            },
            Mark {
                range: 0..1,
                label: "first",
                sign: '-',
            },
        ];
        assert_eq!(
            draw(text, &LineStarts::new(text), marks),
            "    1 | a: 1\n      | - first\n      …\n    3 | a: 3\n      | ^ again"
        );
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{{{}\"addOns\": true}}", "\"x\": 1, ".repeat(1000));
        let at = text.find("true").unwrap();
        let drawn = one(&text, at..at + 4);
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(lines[0].chars().count() < 120, "{drawn}");
        let caret = lines[1].chars().position(|c| c == '^').unwrap();
        let under: String = lines[0].chars().skip(caret).take(4).collect();
        assert_eq!(under, "true", "{drawn}");
        assert!(lines[1].ends_with("^^^^ here"));
    }

    #[test]
    fn nothing_moves_the_cursor() {
        let drawn = one("a: \u{1b}[2J\u{202e}\u{9b}x\n", 0..1);
        assert!(!drawn.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{drawn}");
    }
}
