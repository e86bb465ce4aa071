//! Lines and blanks of a text: where they begin and end.
//!
//! Knows line breaks (LF, CRLF, a lone CR) and comments, nothing of structure.

use std::ops::Range;

/// The byte-order mark.
pub(super) const BOM: char = '\u{feff}';

/// The start of the line that holds the position.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text.as_bytes()[..at]
        .iter()
        .rposition(|&byte| byte == b'\n' || byte == b'\r')
        .map_or(0, |found| found + 1)
}

/// The end of the line that holds the position, before its line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text.as_bytes()[at..]
        .iter()
        .position(|&byte| byte == b'\n' || byte == b'\r')
        .map_or(text.len(), |found| at + found)
}

/// The line break at the position: `\r\n`, `\n`, `\r` or nothing.
pub(super) fn line_break(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    if rest.starts_with("\r\n") {
        &rest[..2]
    } else if rest.starts_with(['\n', '\r']) {
        &rest[..1]
    } else {
        ""
    }
}

/// Behind the line break of the line that holds the position.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    let end = line_end(text, at);
    end + line_break(text, end).len()
}

/// The line break to write near the position: that of its line, else the first of the text.
pub(super) fn newline_near(text: &str, at: usize) -> &str {
    let here = line_break(text, line_end(text, at));
    // A lone CR among other line ends is what an editor or a tool left of one of them.
    if here == "\r"
        && let Some(line_feed) = text.find('\n')
    {
        let start = line_feed - usize::from(text[..line_feed].ends_with('\r'));
        return &text[start..=line_feed];
    }
    if !here.is_empty() {
        return here;
    }
    let first = line_break(text, line_end(text, 0));
    if first.is_empty() { "\n" } else { first }
}

/// What stands before the position on its line, without a byte-order mark.
pub(super) fn prefix(text: &str, at: usize) -> &str {
    text[line_start(text, at)..at].trim_start_matches(BOM)
}

/// The blanks at the start of the line that holds the position.
pub(super) fn indent(text: &str, at: usize) -> &str {
    let line = text[line_start(text, at)..line_end(text, at)].trim_start_matches(BOM);
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The column of the position, counted in characters from 0.
pub(super) fn column(text: &str, at: usize) -> usize {
    prefix(text, at).chars().count()
}

/// Whether only blanks stand before the position on its line.
pub(super) fn begins_line(text: &str, at: usize) -> bool {
    is_blank(prefix(text, at))
}

/// Whether the text is blanks only.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte == b'\t')
}

/// Skips blanks, line breaks and comments.
pub(super) fn skip(text: &str, mut at: usize, end: usize) -> usize {
    let bytes = text.as_bytes();
    while at < end {
        match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'#' => at = line_end(text, at).min(end),
            _ => break,
        }
    }
    at
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub(super) struct LineStarts {
    starts: Vec<u32>,
}

impl LineStarts {
    pub(super) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, &byte) in bytes.iter().enumerate() {
            let ends = byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        starts.shrink_to_fit();
        Self { starts }
    }

    /// The number of the line that holds the position, from 1.
    pub(super) fn number(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start as usize <= at)
    }

    /// Line and column of a position, both from 1; the column counts characters.
    pub(super) fn position(&self, text: &str, at: usize) -> (usize, usize) {
        (self.number(at), column(text, at) + 1)
    }
}

/// Cuts the text of `range` out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Splice {
    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self {
            range: at..at,
            text: text.into(),
        }
    }

    pub(super) fn delete(range: Range<usize>) -> Self {
        Self {
            range,
            text: String::new(),
        }
    }

    pub(super) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            range,
            text: text.into(),
        }
    }
}

/// The text with all splices done; `None` if two of them touch the same bytes.
pub(super) fn splice(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let grown: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut result = String::with_capacity(text.len() + grown);
    let mut done = 0;
    for splice in &splices {
        result.push_str(text.get(done..splice.range.start)?);
        result.push_str(&splice.text);
        done = splice.range.end;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_lf_crlf_and_a_lone_cr() {
        let text = "a\r\nb\rc\n\nd";
        let lines = LineStarts::new(text);
        for (at, line) in [(0, 1), (2, 1), (3, 2), (5, 3), (7, 4), (8, 5)] {
            assert_eq!(lines.number(at), line, "position {at}");
        }
        assert_eq!(line_break(text, 1), "\r\n");
        assert_eq!(next_line(text, 0), 3);
        assert_eq!(newline_near(text, 8), "\r\n");
        for (text, newline) in [("a\r\nb\r", "\r\n"), ("a\nb\r", "\n"), ("a\rb\r", "\r")] {
            assert_eq!(newline_near(text, text.len() - 2), newline, "{text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_has_no_column() {
        assert_eq!(column("\u{feff}kind: x", 3), 0);
        assert!(begins_line("\u{feff}kind: x", 3));
    }

    #[test]
    fn overlapping_splices_are_not_done() {
        let both = vec![Splice::delete(0..2), Splice::delete(1..3)];
        assert_eq!(splice("abcd", both), None);
        let apart = vec![Splice::delete(2..3), Splice::insert(0, "x")];
        assert_eq!(splice("abcd", apart).as_deref(), Some("xabd"));
    }
}
