//! What a document sends otherwise than it looks, for warnings. Looks only.

use super::scalar::{Scalar, number, resolve};
use super::tree::{Id, Kind, Tree};
use super::value::core_tag;
use crate::text::Foreign;

/// What reads otherwise than it looks: its position and a sentence without a full stop.
pub(super) fn findings(tree: &Tree, root: Id, source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for id in root..tree.next(root) {
        if let Some(tag) = tree.tag(id) {
            let known = [
                "str",
                "int",
                "float",
                "bool",
                "null",
                "map",
                "seq",
                "timestamp",
                "set",
                "omap",
                "pairs",
                "binary",
                "merge",
                "!",
            ];
            if !known.contains(&core_tag(&tag.name)) {
                let name = Foreign(&tag.name);
                found.push((
                    tag.range.start,
                    format!("`cpln` does not know the tag `{name}`"),
                ));
            }
            continue;
        }
        if tree.kind(id) != Kind::Plain {
            continue;
        }
        let text = tree.text(id, source);
        let at = tree.range(id).start;
        if text == "<<" {
            found.push((at, "a merge key: other tools may not apply it".to_owned()));
            continue;
        }
        match resolve(text) {
            Scalar::Number(value) => {
                let digits = text.trim_start_matches(['-', '+']);
                let leading = digits.len() > 1
                    && digits.starts_with('0')
                    && digits.bytes().all(|byte| byte.is_ascii_digit());
                if leading {
                    let sent = number(value);
                    found.push((
                        at,
                        format!("`{text}` is the number {sent}; put it in quotes if it is a text"),
                    ));
                } else if is_rounded(digits, value) {
                    let sent = number(value);
                    found.push((
                        at,
                        format!("`{text}` is too large for `cpln`, which sends {sent}"),
                    ));
                }
            }
            Scalar::Time(sent) => {
                found.push((
                    at,
                    format!("`{text}` is a date, sent as {sent}; put it in quotes if it is a text"),
                ));
            }
            Scalar::NotFinite => {
                found.push((
                    at,
                    format!("`{text}` is not a number in JSON and is sent as null"),
                ));
            }
            Scalar::Null | Scalar::Bool(_) | Scalar::Text => {}
        }
    }
    found
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

    #[test]
    fn what_reads_otherwise_than_it_looks_is_found() {
        let text = "a: 012\nb: '012'\nc: 2024-01-01\nd: .inf\ne: 9007199254740993\nf: 1e30\n<<: {}\ng: !foo x\n";
        let tree = Tree::parse(text).unwrap();
        let found: Vec<String> = findings(&tree, 0, text)
            .into_iter()
            .map(|(at, message)| format!("{at} {message}"))
            .collect();
        assert_eq!(
            found,
            [
                "3 `012` is the number 12; put it in quotes if it is a text",
                "19 `2024-01-01` is a date, sent as 2024-01-01T00:00:00.000Z; put it in quotes if it is a text",
                "33 `.inf` is not a number in JSON and is sent as null",
                "41 `9007199254740993` is too large for `cpln`, which sends 9007199254740992",
                "66 a merge key: other tools may not apply it",
                "76 `cpln` does not know the tag `!foo`",
            ]
        );
    }
}
