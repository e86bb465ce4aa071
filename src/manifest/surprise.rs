//! What a document sends otherwise than it looks, or only to some readers, for warnings. Looks only.

use super::scalar::{Scalar, number, resolve};
use super::scan;
use super::tree::{Id, NodeKind, Tree};
use super::value::{core_tag, key_text};
use crate::text::excerpt;

/// So many are kept of a document: a file can be made of nothing else.
pub(super) const MOST: usize = 100;

/// What was found: positions with sentences without a full stop, and how many more there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Surprises {
    pub(super) found: Vec<(usize, String)>,
    pub(super) more: usize,
}

impl Surprises {
    /// What `cpln`, or another reader, takes otherwise than it looks below the root.
    pub(super) fn of(tree: &Tree, root: Id, source: &str) -> Self {
        let mut all = Self::default();
        let lists = tree.path(0, root).into_iter();
        if lists.filter(|&id| tree.kind(id).is_seq()).count() > 1 {
            all.add(tree.range(root).start, || {
                Some("a list in a list, which `cpln` refuses".to_owned())
            });
        }
        for id in root..tree.next(root) {
            if let Some(tag) = tree.tag(id) {
                all.add(tag.range.start, || tagged(tree, id, source));
            } else if tree.kind(id) == NodeKind::Plain {
                let text = tree.text(id, source);
                all.add(tree.range(id).start, || plain(text));
            }
            let is_flow = tree.kind(id).is_flow();
            for (key, _) in tree.entries(id) {
                all.add(tree.range(key).start, || {
                    odd_key(tree, key, source).or_else(|| split_key(tree, key, source, is_flow))
                });
            }
        }
        all.found.sort_by_key(|&(at, _)| at);
        all
    }

    fn add(&mut self, at: usize, look: impl FnOnce() -> Option<String>) {
        let Some(message) = look() else { return };
        if self.found.len() < MOST {
            self.found.push((at, message));
        } else {
            self.more += 1;
        }
    }
}

/// A tag that `cpln` refuses, alone or on this value.
fn tagged(tree: &Tree, id: Id, source: &str) -> Option<String> {
    let tag = tree.tag(id)?;
    // A tag may be as long as the file.
    let name = excerpt(&tag.name, 60);
    let is_null = tree.kind(id).is_scalar() && resolve(tree.text(id, source)) == Scalar::Null;
    match core_tag(&tag.name) {
        "null" if !is_null => Some(format!("`cpln` refuses the tag `{name}` on this value")),
        "binary" => Some(format!(
            "`cpln` sends the tag `{name}` as something that is no text"
        )),
        "str" | "int" | "float" | "bool" | "null" | "map" | "seq" | "timestamp" | "set"
        | "omap" | "pairs" | "merge" | "!" => None,
        _ => Some(format!("`cpln` does not know the tag `{name}`")),
    }
}

/// A value without quotes that is another one than it looks.
fn plain(text: &str) -> Option<String> {
    if text == "<<" {
        return Some("a merge key: other tools may not apply it".to_owned());
    }
    // Nearly all values are words, and a file may have millions: only what begins like a number, a
    // date or a word of YAML 1.1 is looked into.
    let is_odd = |first: u8| first.is_ascii_digit() || b"+-.yYnNoO".contains(&first);
    if !text.bytes().next().is_some_and(is_odd) {
        return None;
    }
    let shown = excerpt(text, 60);
    let quote = "put it in quotes if it is a text";
    match resolve(text) {
        Scalar::Number(value) => {
            let sent = number(value);
            if is_rounded(text.trim_start_matches(['-', '+']), value) {
                return Some(format!(
                    "`{shown}` is too large for `cpln`, which sends {sent}"
                ));
            }
            let written = sent.to_string();
            (written != text).then(|| format!("`{shown}` is the number {written}; {quote}"))
        }
        Scalar::Time(sent) => Some(format!("`{shown}` is a date, sent as {sent}; {quote}")),
        Scalar::NotFinite => Some(format!(
            "`{shown}` is not a number in JSON and is sent as null"
        )),
        Scalar::Text => elsewhere(text).map(|what| {
            format!("`{shown}` is a text here and {what} to other readers; put it in quotes")
        }),
        Scalar::Null | Scalar::Bool(_) => None,
    }
}

/// What readers of YAML 1.1 take a text for.
fn elsewhere(text: &str) -> Option<&'static str> {
    if matches!(
        text,
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "on" | "On" | "ON" | "off" | "Off" | "OFF"
    ) {
        return Some("true or false");
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if digits.contains('_') && digits.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return Some("a number");
    }
    // Base 60: the first part does not begin with a zero, the others are below 60.
    let mut parts = digits.split(':');
    let first = parts
        .next()
        .filter(|part| is_number(part) && !part.starts_with('0'))?;
    let rest: Vec<&str> = parts.collect();
    let small = |part: &&str| {
        is_number(part) && part.len() <= 2 && part.parse::<u8>().is_ok_and(|value| value < 60)
    };
    (!first.is_empty() && !rest.is_empty() && rest.iter().all(small)).then_some("a number")
}

/// A key that `cpln` refuses, or loses.
fn odd_key(tree: &Tree, key: Id, source: &str) -> Option<String> {
    let meant = tree.resolve(key);
    if !tree.kind(meant).is_scalar() {
        return Some(format!(
            "a mapping or a list as a key, which `cpln` sends as `{}`",
            excerpt(&key_text(tree, key, source), 60)
        ));
    }
    let text = tree.text(meant, source);
    let is_plain = tree.kind(meant) == NodeKind::Plain;
    if text == "__proto__" {
        return Some("`cpln` does not send a key of this name".to_owned());
    }
    if is_plain && text.is_empty() {
        return Some("an empty key, which `cpln` refuses".to_owned());
    }
    let range = tree.range(meant);
    let lines = source.get(range).unwrap_or_default();
    (lines.contains(['\n', '\r'])).then(|| "a key over two lines, which `cpln` refuses".to_owned())
}

/// A key in `{…}` whose colon is in another line.
fn split_key(tree: &Tree, key: Id, source: &str, is_flow: bool) -> Option<String> {
    let range = tree.range(key);
    if !is_flow || source[..range.start].trim_end().ends_with('?') {
        return None;
    }
    let colon = scan::skip(source, range.end, source.len());
    let between = source.get(range.end..colon)?;
    let is_split = source[colon..].starts_with(':') && between.contains(['\n', '\r']);
    is_split.then(|| "a key whose `:` is in another line, which `cpln` refuses".to_owned())
}

/// Whether an integer loses digits as a JavaScript number.
fn is_rounded(digits: &str, value: f64) -> bool {
    value.abs() >= 9_007_199_254_740_992.0
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && format!("{:.0}", value.abs()) != digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let tree = Tree::parse(text).unwrap();
        Surprises::of(&tree, 0, text)
            .found
            .into_iter()
            .map(|(at, message)| format!("{at} {message}"))
            .collect()
    }

    #[test]
    fn what_reads_otherwise_than_it_looks_is_found() {
        let text = "a: 012\nb: '012'\nc: 2024-01-01\nd: .inf\ne: 9007199254740993\nf: 1.5\n<<: {}\ng: !foo x\n";
        assert_eq!(
            found(text),
            [
                "3 `012` is the number 12; put it in quotes if it is a text",
                "19 `2024-01-01` is a date, sent as 2024-01-01T00:00:00.000Z; put it in quotes if it is a text",
                "33 `.inf` is not a number in JSON and is sent as null",
                "41 `9007199254740993` is too large for `cpln`, which sends 9007199254740992",
                "65 a merge key: other tools may not apply it",
                "75 `cpln` does not know the tag `!foo`",
            ]
        );
    }

    #[test]
    fn numbers_that_are_written_otherwise_are_found() {
        for text in [
            "1.30",
            "1.0",
            "123.4560",
            "1e3",
            "1234567e8",
            "0x1F",
            "0o17",
            "0b11",
            "+1",
            "01.5",
            "-0",
            "yes",
            "Off",
            "1_000",
            "190:20:30",
            "!!binary aGk=",
            "!!null x",
        ] {
            assert_eq!(found(&format!("a: {text}\n")).len(), 1, "{text}");
        }
        for text in [
            "1.3",
            "-1",
            "0",
            "1.33.5",
            "'1.30'",
            "true",
            "~",
            "yes please",
            "10:70",
            "0:30",
            "on-demand",
            "1_a",
            "!!str 012",
            "x:1",
            "2a",
        ] {
            assert_eq!(found(&format!("a: {text}\n")), [""; 0], "{text}");
        }
    }

    #[test]
    fn keys_that_the_other_client_refuses_are_found() {
        for text in [
            ": y\n",
            "__proto__: {}\n",
            "{a\n : b}\n",
            "{a\n  b: c}\n",
            "x: {a: b, \"c\" # d: e\n  : f}\n",
            "? [a]\n: b\n",
            "2024-01-01: x\n",
        ] {
            assert_eq!(found(text).len(), 1, "{text:?} {:?}", found(text));
        }
        for text in ["{? a\n : b}\n", "{a:\n b}\n", "? a\n: b\n"] {
            assert_eq!(found(text), [""; 0], "{text:?}");
        }
        let text = "- - kind: mk8s\n";
        let tree = Tree::parse(text).unwrap();
        let nested = Surprises::of(&tree, 2, text).found;
        let message = "a list in a list, which `cpln` refuses".to_owned();
        assert_eq!(nested, [(4, message)]);
    }

    #[test]
    fn most_are_counted_only() {
        let text = "a: 012\n".repeat(150);
        let tree = Tree::parse(&text).unwrap();
        let all = Surprises::of(&tree, 0, &text);
        assert_eq!((all.found.len(), all.more), (MOST, 50));
    }
}
