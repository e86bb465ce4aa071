//! Cuts a stream at its `---` and `...` lines, without parsing it.
//!
//! Such a line in column 0 ends a document everywhere, also inside a block scalar, so every piece
//! can be parsed, edited and proved on its own.

use super::scan::{BOM, next_line};
use std::ops::Range;

/// A part of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StreamPart {
    /// Where it is.
    pub(super) range: Range<usize>,
    /// Whether there is nothing in it but markers, comments and blanks: no document, or several
    /// empty ones.
    pub(super) is_empty: bool,
}

/// The pieces of the text, in order and without gaps; each holds one document at most. Empty
/// documents that follow each other are one piece, since a file may be made of nothing else.
pub(super) fn split(text: &str) -> Vec<StreamPart> {
    let mut pieces: Vec<StreamPart> = Vec::new();
    let mut cut = |range: Range<usize>, is_empty: bool| match pieces.last_mut() {
        Some(last) if last.is_empty && is_empty => last.range.end = range.end,
        _ => pieces.push(StreamPart { range, is_empty }),
    };
    let mut start = 0;
    let mut at = 0;
    // Whether the piece has a document, so that a `---` line begins another one.
    let mut begun = false;
    let mut is_empty = true;
    while at < text.len() {
        let next = next_line(text, at);
        // Most lines can be nothing but a part of what has begun.
        if begun && !is_empty && text[at..].starts_with([' ', '#']) {
            at = next;
            continue;
        }
        let line = text[at..next].trim_start_matches(BOM);
        if let Some(rest) = behind_marker(line, "---") {
            if begun {
                cut(start..at, is_empty);
                start = at;
                is_empty = true;
            }
            begun = true;
            is_empty &= is_blank(rest);
        } else if let Some(rest) = behind_marker(line, "...") {
            cut(start..next, is_empty && is_blank(rest));
            start = next;
            begun = false;
            is_empty = true;
        } else if !is_blank(line) {
            is_empty = false;
            begun |= !line.trim_start_matches([' ', '\t']).starts_with('%');
        }
        at = next;
    }
    if start < text.len() || text.is_empty() {
        cut(start..text.len(), is_empty);
    }
    pieces
}

/// Whether the line holds a comment or nothing.
pub(super) fn is_blank(line: &str) -> bool {
    let rest = line.trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with(['#', '\n', '\r'])
}

fn behind_marker<'a>(line: &'a str, marker: &str) -> Option<&'a str> {
    line.strip_prefix(marker)
        .filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_begin_at_markers_and_end_behind_them() {
        for (text, expected) in [
            ("", vec![""]),
            ("a: 1\n", vec!["a: 1\n"]),
            ("---\na: 1\n---\nb: 2", vec!["---\na: 1\n", "---\nb: 2"]),
            (
                "# head\n\n---\na: 1\n...\n# between\n---\nb: 2\n",
                vec!["# head\n\n---\na: 1\n...\n", "# between\n---\nb: 2\n"],
            ),
            (
                "%YAML 1.2\n---\na: |\n  x\n--- # end\nb: 1\n",
                vec!["%YAML 1.2\n---\na: |\n  x\n", "--- # end\nb: 1\n"],
            ),
            ("a: --- b\n---x: 1\n", vec!["a: --- b\n---x: 1\n"]),
            ("---\r\na: 1\r\n---\r\n", vec!["---\r\na: 1\r\n", "---\r\n"]),
            ("\u{feff}---\na: 1\n", vec!["\u{feff}---\na: 1\n"]),
            ("{\"a\": 1}", vec!["{\"a\": 1}"]),
        ] {
            let pieces: Vec<&str> = split(text)
                .into_iter()
                .map(|piece| &text[piece.range])
                .collect();
            assert_eq!(pieces, expected, "{text:?}");
            assert_eq!(pieces.concat(), text);
        }
    }

    #[test]
    fn empty_documents_are_one_piece() {
        let pieces = |text: &str| -> Vec<(String, bool)> {
            let pieces = split(text).into_iter();
            pieces
                .map(|piece| (text[piece.range].to_owned(), piece.is_empty))
                .collect()
        };
        let piece = |text: &str, is_empty| (text.to_owned(), is_empty);
        assert_eq!(
            pieces("---\n--- # x\n\n...\n---\na: 1\n---\n # y\n---\n"),
            [
                piece("---\n--- # x\n\n...\n", true),
                piece("---\na: 1\n", false),
                piece("---\n # y\n---\n", true)
            ]
        );
        for text in ["%YAML 1.2\n---\n", "--- x\n", "... x\n", "---\n\u{2028}"] {
            assert!(!split(text)[0].is_empty, "{text:?}");
        }
        assert_eq!(split(&"---\n".repeat(100_000)).len(), 1);
    }
}
