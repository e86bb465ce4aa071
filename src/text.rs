//! Text made fit to stand in a line: what comes from outside, and lists, counts and times. Pure.
//!
//! Names, settings, file names, server messages, tokens' claims and the output of other programs are
//! written by somebody else. Here is the one list of characters that are not seen as they are, and
//! the one way to write them. [`Foreign`] is how such a text enters a line; `ui` does the
//! same to every line that goes out, so that a text which was forgotten begins no line of its own.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// A text from outside: displayed, it escapes itself and is one line whatever it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Foreign<'a>(pub(crate) &'a str);

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, self.0, |_| false)
    }
}

/// Escapes what is not seen as it is: [`Foreign`] as a text, or a whole line, ours and theirs mixed.
pub(crate) fn printable(text: &str) -> String {
    Foreign(text).to_string()
}

/// What is said of the first character in a name that nobody sees as it is; nothing if there is none.
pub(crate) fn invisible(name: &str) -> String {
    let is_odd = |c: &char| is_hidden(*c) || c.is_whitespace() && *c != ' ';
    name.chars().find(is_odd).map_or_else(String::new, |c| {
        format!(" and has an invisible character (U+{:04X})", u32::from(c))
    })
}

/// The trimmed text, escaped and cut to `limit` characters of what is shown, `…` for the rest.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    cut(text.trim(), limit)
}

/// A text that is quoted in a message: escaped, and cut behind 200 characters.
pub(crate) fn quotable(text: &str) -> String {
    cut(text, 200)
}

/// What is shown is counted, not what is read: an escape takes up to ten characters for one, and a
/// message has to stay short whatever is quoted in it. An escape is shown whole or not at all.
fn cut(text: &str, limit: usize) -> String {
    let mut shown = 0;
    for (at, c) in text.char_indices() {
        shown += if is_hidden(c) {
            printable(c.encode_utf8(&mut [0; 4])).chars().count()
        } else {
            1
        };
        if shown > limit {
            return format!("{}…", printable(text[..at].trim_end()));
        }
    }
    printable(text)
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = items.into_iter().collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `1 cluster`, `3 clusters`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The nearest of the names to a word that is none of them, if one is near enough to be meant: alike
/// in its letters, or the only one that holds the word.
pub(crate) fn nearest<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let mut holding = names
        .clone()
        .into_iter()
        .filter(|name| lower.chars().count() > 2 && name.to_lowercase().contains(&lower));
    let only = holding.next().filter(|_| holding.next().is_none());
    alike(word, names).or(only)
}

/// The name that is most alike in its letters, if any is.
pub(crate) fn alike<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&name.to_lowercase(), &word), name))
        // Below it, words have hardly more than their length in common.
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The sentence with a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A time that went by, as a clock shows it: `45s`, `5m00s`, `1h05m`; below a second `300ms`.
pub(crate) fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{}ms", time.as_millis()),
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A limit in a sentence: `30 s`, `1.5 s`.
pub(crate) fn seconds(limit: Duration) -> String {
    if limit.subsec_millis() == 0 || limit.as_secs() >= 10 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{:.1} s", limit.as_secs_f64())
    }
}

/// A line of a file, as a diff shows it: its tabs stay.
pub(crate) fn source(text: &str) -> String {
    kept(text, |c| c == '\t')
}

/// A document of several lines for a terminal: line ends and tabs stay.
pub(crate) fn block(text: &str) -> String {
    kept(text, |c| matches!(c, '\n' | '\t'))
}

fn kept(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing to a String cannot fail.
    let _ = escape(&mut out, text, stays);
    out
}

fn escape(out: &mut impl fmt::Write, text: &str, stays: impl Fn(char) -> bool) -> fmt::Result {
    let mut rest = text;
    while let Some((at, c)) = rest
        .char_indices()
        .find(|&(_, c)| is_hidden(c) && !stays(c))
    {
        out.write_str(&rest[..at])?;
        match c {
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            c => write!(out, "\\u{{{:x}}}", u32::from(c))?,
        }
        rest = &rest[at + c.len_utf8()..];
    }
    out.write_str(rest)
}

/// JSON text with more of it escaped, so that it means the same: all that is hidden, but for the
/// line ends between its parts.
pub(crate) fn json(text: String) -> String {
    let acts = |c| is_hidden(c) && c != '\n';
    if !text.chars().any(acts) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A line broken between words so that it fits, the rest indented; blanks within it stay. A word that is
/// longer than a line stays whole.
pub(crate) fn fold(line: &str, width: usize, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = line.to_owned();
    loop {
        let lead = rest.len() - rest.trim_start().len();
        let too_far = rest.char_indices().nth(width).map(|(at, _)| at);
        let fit = too_far.map(|at| rest[..at].rfind(' ').filter(|&at| at > lead));
        // Nothing fits before the first word's end.
        let at = match fit {
            None => None,
            Some(Some(at)) => Some(at),
            Some(None) => rest[lead..].find(' ').map(|at| lead + at),
        };
        let Some(at) = at else {
            lines.push(rest);
            return lines;
        };
        let next = rest[at..].trim_start().to_owned();
        rest.truncate(rest[..at].trim_end().len());
        lines.push(rest);
        if next.is_empty() {
            return lines;
        }
        rest = " ".repeat(indent) + &next;
    }
}

/// The one list: whether a terminal, a runner or a parser acts on the character, or a reader does not
/// see it. Controls and all line ends; marks that change the direction of text; what has no width or
/// looks like a blank and is none; tags and variation selectors, which can carry a text of their own;
/// and the two non-characters that XML and YAML refuse.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// More names than this are counted.
const NAMED: usize = 8;

/// The names, the last of many by their number.
pub(crate) fn first_few(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_folded_between_words() {
        let fold = |line: &str, width| fold(line, width, 4);
        assert_eq!(fold("", 5), [""]);
        assert_eq!(fold("a  b", 5), ["a  b"]);
        assert_eq!(fold("  + a   b c", 8), ["  + a", "    b c"]);
        assert_eq!(fold("  aaaaaaaaaaaa bb", 6), ["  aaaaaaaaaaaa", "    bb"]);
        assert_eq!(fold("ä ö ü ß", 4), ["ä ö", "    ü", "    ß"]);
        assert_eq!(fold("a ", 1), ["a"]);
    }

    #[test]
    fn what_is_not_seen_as_it_is_is_escaped() {
        for (raw, shown) in [
            ("plain – ü ✓ 漢字 עברית", "plain – ü ✓ 漢字 עברית"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{202e}evil", "\\u{202e}evil"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("c1 \u{9b}2J", "c1 \\u{9b}2J"),
            ("nul\0", "nul\\u{0}"),
            ("\u{2028}\u{2029}\u{85}", "\\u{2028}\\u{2029}\\u{85}"),
            ("\u{e0041}\u{fe0f}\u{3164}", "\\u{e0041}\\u{fe0f}\\u{3164}"),
            ("", ""),
        ] {
            assert_eq!(printable(raw), shown);
            assert_eq!(printable(shown), shown, "what is escaped stays so");
        }
    }

    #[test]
    fn the_list_holds_each_kind_and_no_letter() {
        let ranges = [
            ('\0', '\u{1f}'),
            ('\u{7f}', '\u{9f}'),
            ('\u{200b}', '\u{200f}'),
            ('\u{2028}', '\u{202e}'),
            ('\u{2060}', '\u{206f}'),
            ('\u{fe00}', '\u{fe0f}'),
            ('\u{e0000}', '\u{e007f}'),
            ('\u{e0100}', '\u{e01ef}'),
        ];
        for (from, to) in ranges {
            assert!((from..=to).all(is_hidden), "{from:?}..={to:?}");
        }
        for c in "\u{ad}\u{61c}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{2800}\u{feff}".chars() {
            assert!(is_hidden(c), "{c:?}");
        }
        assert!(!('\u{20}'..='\u{7e}').any(is_hidden));
        assert!(!"éßñøжλאعक漢か한😀√×‼…–·↑".chars().any(is_hidden));
        // No letter and no digit of any script is lost, but for the fillers, which are blanks.
        let fillers = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];
        let letters = ('\0'..=char::MAX).filter(|c| c.is_alphanumeric() && is_hidden(*c));
        assert!(letters.eq(fillers));
    }

    #[test]
    fn lists_counts_and_capitals_read_like_sentences() {
        assert_eq!(list([]), "");
        assert_eq!(list(["a"]), "a");
        assert_eq!(list(["a", "b"]), "a and b");
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert_eq!(count(0, "cluster"), "0 clusters");
        assert_eq!(count(1, "cluster"), "1 cluster");
        assert_eq!(count(3, "cluster"), "3 clusters");
        assert_eq!(capital("été"), "Été");
        assert_eq!(capital(""), "");
    }

    #[test]
    fn the_nearest_is_alike_or_holds_the_word() {
        let names = [
            "aws-ecr",
            "aws-workload-identity",
            "azure-workload-identity",
            "byok",
        ];
        for (word, near) in [
            ("aws-erc", Some("aws-ecr")),
            ("AWS-ECR", Some("aws-ecr")),
            ("ecr", Some("aws-ecr")),
            ("identity", None),
            ("qqq", None),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), near, "{word}");
        }
    }

    #[test]
    fn times_read_like_clocks_and_limits_like_sentences() {
        for (millis, clock, limit) in [
            (300, "300ms", "0.3 s"),
            (45_000, "45s", "45 s"),
            (300_000, "5m00s", "300 s"),
            (3_900_000, "1h05m", "3900 s"),
        ] {
            let time = Duration::from_millis(millis);
            assert_eq!(
                (elapsed(time).as_str(), seconds(time).as_str()),
                (clock, limit)
            );
        }
    }

    #[test]
    fn a_line_of_a_file_keeps_its_tabs_and_a_block_its_lines() {
        let text = "a\tb\nc\r\u{1b}\u{2028}";
        assert_eq!(source(text), "a\tb\\nc\\r\\u{1b}\\u{2028}");
        assert_eq!(block(text), "a\tb\nc\\r\\u{1b}\\u{2028}");
    }

    #[test]
    fn an_excerpt_is_cut_on_a_character() {
        assert_eq!(excerpt("  äöü  ", 3), "äöü");
        assert_eq!(excerpt("äöüß", 3), "äöü…");
        assert_eq!(excerpt("a b c", 2), "a…");
    }

    #[test]
    fn what_is_cut_is_what_is_shown() {
        assert_eq!(excerpt(&"\0".repeat(100), 12), "\\u{0}\\u{0}…");
        assert_eq!(excerpt("ab\u{e0041}", 12), "ab\\u{e0041}");
        assert_eq!(excerpt("abc\u{e0041}", 11), "abc…");
        for limit in 0..40 {
            let shown = quotable(&"\u{1b}x".repeat(limit)).chars().count();
            assert!(shown <= 201, "{shown}");
            let shown = excerpt(&"\u{202e}é".repeat(9), limit).chars().count();
            assert!(shown <= limit + 1, "{shown} of {limit}");
        }
    }

    #[test]
    fn what_is_quoted_is_escaped_and_cut() {
        assert_eq!(quotable("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(quotable(&"x".repeat(300)).chars().count(), 201);
        assert_eq!(quotable("grün"), "grün");
    }

    #[test]
    fn json_means_the_same_when_more_of_it_is_escaped() {
        let value = serde_json::json!({"a\u{9b}": ["\u{e0041}\u{2028}\n\u{200b}", 1]});
        let text = json(format!("{value:#}"));
        assert_eq!(
            text,
            "{\n  \"a\\u009b\": [\n    \"\\udb40\\udc41\\u2028\\n\\u200b\",\n    1\n  ]\n}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }
}
