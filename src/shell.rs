//! Words as a POSIX shell takes them. Pure.

/// One word, in quotes where a shell would act on it otherwise.
pub fn quote(word: &str) -> String {
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
        for (word, want) in [
            ("clusters/prod.yaml", "clusters/prod.yaml"),
            ("", "''"),
            ("a b", "'a b'"),
            ("x;touch y", "'x;touch y'"),
            ("it's", r"'it'\''s'"),
            ("$(id)", "'$(id)'"),
            ("~", "'~'"),
            ("é", "'é'"),
        ] {
            assert_eq!(quote(word), want);
        }
    }
}
