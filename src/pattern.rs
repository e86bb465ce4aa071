//! Patterns with `*` for any text and `?` for one character, as the policies of IAM and the names of
//! clusters have them. Pure.

/// Whether a text is meant as a pattern: without `*` and `?` it is what it says, and nothing else.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether the whole text fits the pattern. Takes at most the product of the two lengths.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    // Where the last star stands, and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(in_text) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(p) if *p == '?' || p == c => {
                at += 1;
                in_text += 1;
            }
            _ => match &mut star {
                Some((back, taken)) => {
                    *taken += 1;
                    at = *back + 1;
                    in_text = *taken;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_whole_text_has_to_fit() {
        for (pattern, text, is_so) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("prod-*", "prod-eu", true),
            ("prod-*", "my-prod-eu", false),
            ("*-eu", "prod-eu-eu", true),
            ("p?od", "prod", true),
            ("p?od", "pr*od", false),
            ("a*b*c", "a-b-b-c", true),
            ("ü?", "üß", true),
        ] {
            assert_eq!(fits(pattern, text), is_so, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_what_it_was_made_from(parts in prop::collection::vec("[a-c]{0,3}", 1..5), between in "[a-c]{0,4}") {
            prop_assert!(fits(&parts.join("*"), &parts.join(&between)));
            let one: Vec<String> = parts.iter().map(|part| "?".repeat(part.chars().count())).collect();
            prop_assert!(fits(&one.concat(), &parts.concat()));
            prop_assert_eq!(fits(&one.concat(), &format!("{}x", parts.concat())), false);
        }
    }
}
