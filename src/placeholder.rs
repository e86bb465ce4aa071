//! Values that are filled in later, by another tool: `${ROLE_ARN}`, `{{ .Values.role }}`,
//! `ENC[AES256_GCM,…]`. In a file they are kept and never judged; to a live cluster they are never
//! sent. Pure.

use serde_json::Value;

/// What opens and closes what is filled in.
const FORMS: [(&str, &str); 4] = [("${", "}"), ("{{", "}}"), ("<%", "%>"), ("ENC[", "]")];

/// Whether a value stands for another one: a word with something to be filled in. A text of several
/// words, such as a script, says what it says.
pub(crate) fn is_in(text: &str) -> bool {
    let mut rest = text;
    let mut found = is_variable(text);
    while let Some((at, open, close)) = next(rest) {
        if has_blank(&rest[..at]) {
            return false;
        }
        let inside = &rest[at + open.len()..];
        let Some(end) = inside.find(close).filter(|&end| end > 0) else {
            return false;
        };
        found = true;
        rest = &inside[end + close.len()..];
    }
    found && !has_blank(rest)
}

/// Whether anything in the text of a file can stand for another value; far quicker than to look.
pub(crate) fn may_be_in(text: &str) -> bool {
    let mut behind = text.split('$').skip(1);
    behind.any(|rest| rest.starts_with(begins_name))
        || FORMS.iter().any(|(open, _)| text.contains(open))
}

/// The first place in a value where something is to be filled in, as a path, with what stands there.
pub(crate) fn find(value: &Value) -> Option<(Vec<String>, &str)> {
    let below = |key: String, value| {
        find(value).map(|(mut path, text)| {
            path.insert(0, key);
            (path, text)
        })
    };
    match value {
        Value::String(text) if is_in(text) => Some((Vec::new(), text)),
        Value::Object(map) => map
            .iter()
            .find_map(|(key, value)| below(key.clone(), value)),
        Value::Array(list) => {
            let mut list = list.iter().enumerate();
            list.find_map(|(index, value)| below(index.to_string(), value))
        }
        _ => None,
    }
}

/// `$NAME` alone.
fn is_variable(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|name| {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        name.starts_with(begins_name) && name.chars().all(word)
    })
}

/// What the name of a variable begins with.
fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn next(text: &str) -> Option<(usize, &'static str, &'static str)> {
    FORMS
        .iter()
        .filter_map(|&(open, close)| Some((text.find(open)?, open, close)))
        .min_by_key(|&(at, ..)| at)
}

fn has_blank(text: &str) -> bool {
    text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_word_with_something_to_fill_in_is_one() {
        for text in [
            "${ROLE_ARN}",
            "$ROLE_ARN",
            "${ROLE:-arn:aws:iam::1:role/a b}",
            "{{ .Values.role }}",
            "arn:aws:iam::${ACCOUNT}:role/{{ name }}",
            "<%= role %>",
            "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]",
        ] {
            assert!(is_in(text) && may_be_in(text), "{text}");
        }
        for text in ["includeNamespaces: ^(shop|x)-.*$\nnext: $1", "", "$", "a$"] {
            assert!(!may_be_in(text), "{text}");
        }
        for text in [
            "",
            "$",
            "$1",
            "arn:aws:iam::1:role/x",
            "echo ${HOME}",
            "${A} b",
            "^[a-z]{2}$",
            "${}",
            "${A",
            "a\n${B}",
            "costs $5",
        ] {
            assert!(!is_in(text), "{text}");
        }
    }

    #[test]
    fn the_first_one_has_a_path() {
        let value = json!({"a": 1, "b": [{"c": "x"}, {"c": "${X}"}]});
        let (path, text) = find(&value).unwrap();
        assert_eq!((path.join("."), text), ("b.1.c".to_owned(), "${X}"));
        assert_eq!(find(&json!({"a": "x"})), None);
    }
}
