//! Cuts a stream at its `---` and `...` lines, without parsing it.
//!
//! Such a line in column 0 ends a document everywhere, also inside a block scalar, so every piece
//! can be parsed, edited and proved on its own.

use super::scan::{BOM, next_line};
use std::ops::Range;

/// The pieces of the text, in order and without gaps; each holds one document at most.
pub(super) fn split(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    // Whether the piece has a document, so that a `---` line begins another one.
    let mut begun = false;
    while at < text.len() {
        let next = next_line(text, at);
        let line = text[at..next].trim_start_matches(BOM);
        if is_marker(line, "---") {
            if begun {
                pieces.push(start..at);
                start = at;
            }
            begun = true;
        } else if is_marker(line, "...") {
            pieces.push(start..next);
            start = next;
            begun = false;
        } else if !begun {
            let blank = line.trim_start_matches([' ', '\t']);
            begun = !(blank.is_empty() || blank.starts_with(['#', '\n', '\r', '%']));
        }
        at = next;
    }
    if start < text.len() || pieces.is_empty() {
        pieces.push(start..text.len());
    }
    pieces
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
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
            let pieces: Vec<&str> = split(text).into_iter().map(|piece| &text[piece]).collect();
            assert_eq!(pieces, expected, "{text:?}");
            assert_eq!(pieces.concat(), text);
        }
    }
}
