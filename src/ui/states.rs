//! The words of states in tables, coloured beside: it is the word that says what is so.

use super::Tone;

/// The words, as they stand alone in a cell.
const STATES: [(&str, Tone); 15] = [
    ("on", Tone::Green),
    ("ok", Tone::Green),
    ("ready", Tone::Green),
    ("changed", Tone::Green),
    ("pending", Tone::Yellow),
    ("started", Tone::Yellow),
    ("skipped", Tone::Yellow),
    ("not-started", Tone::Yellow),
    ("unreachable", Tone::Yellow),
    ("warning", Tone::Yellow),
    ("refused", Tone::Red),
    ("failed", Tone::Red),
    ("failure", Tone::Red),
    ("missing", Tone::Red),
    ("differs", Tone::Red),
];

/// A line of a table with the words of states painted. Cells are as far apart as no words in one are, and
/// the first is a name.
pub(super) fn painted(line: &str, paint: impl Fn(&str, Tone) -> String) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    let mut is_first = true;
    while !rest.is_empty() {
        let end = rest.find("  ").unwrap_or(rest.len());
        let (cell, behind) = rest.split_at(end);
        let tone = STATES.iter().find(|(word, _)| *word == cell);
        match tone.filter(|_| !is_first) {
            Some((word, tone)) => out.push_str(&paint(word, *tone)),
            None => out.push_str(cell),
        }
        let blanks = behind.len() - behind.trim_start_matches(' ').len();
        let (gap, next) = behind.split_at(blanks);
        out.push_str(gap);
        rest = next;
        is_first = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_painted_where_it_stands_alone_in_a_cell() {
        let paint = |word: &str, tone: Tone| format!("<{tone:?} {word}>");
        for (line, expected) in [
            ("metrics  on   turned on", "metrics  <Green on>   turned on"),
            ("on       off  on", "on       off  <Green on>"),
            (
                "c1  failed  why it failed",
                "c1  <Red failed>  why it failed",
            ),
            ("        on", "        <Green on>"),
            ("", ""),
            ("a", "a"),
        ] {
            assert_eq!(painted(line, paint), expected);
        }
    }
}
