//! Commands that are printed to be pasted: words quoted once, for a POSIX shell. Pure.

use std::path::PathBuf;

/// A word as a shell takes it.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Flags with their values as a shell takes them, each with a blank before it; those without a
/// value are left out.
pub fn flags(given: &[(&str, Option<String>)]) -> String {
    given
        .iter()
        .filter_map(|(flag, value)| Some(format!(" {flag} {}", quote(value.as_deref()?))))
        .collect()
}

/// A path as text, for [`flags`].
pub fn shown(path: Option<&PathBuf>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_act_on_them() {
        for (word, quoted) in [
            ("clusters/prod.yaml", "clusters/prod.yaml"),
            (
                "arn:aws:iam::1:role/a+b=c,d@e",
                "arn:aws:iam::1:role/a+b=c,d@e",
            ),
            ("file:///a b'c", r"'file:///a b'\''c'"),
            ("my file", "'my file'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("$(x)", "'$(x)'"),
            ("x;touch y", "'x;touch y'"),
            ("~", "'~'"),
            ("é", "'é'"),
        ] {
            assert_eq!(quote(word), quoted, "{word}");
        }
        assert_eq!(
            flags(&[("--org", Some("a b".to_owned())), ("--profile", None)]),
            " --org 'a b'"
        );
    }
}
