//! Words quoted for a POSIX shell; the only place that does it. Pure.

/// A word as a shell takes it.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
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
    }
}
