//! Texts of a policy that stand for others: wildcards, and variables such as `${aws:username}`. Pure.

use super::facts::{Fact, Facts};

/// One sign of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Char(char),
    /// `?`.
    One,
    /// `*`.
    Run,
}

/// A text with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Sign>);

/// How a text of a policy is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PatternReading<'a> {
    /// Whether `*` and `?` are wildcards.
    pub(super) wild: bool,
    /// What fills variables; `None` where a `$` is only that, as in policies of 2008.
    pub(super) variables: Option<&'a Facts>,
}

impl Pattern {
    /// Reads a text. The error is the key of a variable that cannot be filled.
    pub(super) fn read(text: &str, how: PatternReading<'_>) -> Result<Self, String> {
        let mut signs = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(facts) = how.variables
                && let Some((name, after)) = variable(rest)
            {
                let value = fill(name, facts)?;
                signs.extend(value.chars().map(Sign::Char));
                rest = after;
                continue;
            }
            signs.push(match first {
                '*' if how.wild => Sign::Run,
                '?' if how.wild => Sign::One,
                other => Sign::Char(other),
            });
            rest = &rest[first.len_utf8()..];
        }
        Ok(Self(signs))
    }

    /// Whether the text is one of those that are meant.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        matches(&self.0, &text)
    }

    /// The same without regard to case.
    pub(super) fn matches_any_case(&self, text: &str) -> bool {
        let lower = |sign: &Sign| match sign {
            Sign::Char(c) => c.to_lowercase().map(Sign::Char).collect(),
            other => vec![*other],
        };
        let signs: Vec<Sign> = self.0.iter().flat_map(lower).collect();
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        matches(&signs, &text)
    }

    /// Whether an ARN is meant: its parts are compared one by one, so that no wildcard reaches over
    /// a colon, but for the last one, which may have colons of its own. A pattern with fewer parts
    /// means any in those that are left, if `open`; else only `*` alone does.
    pub(super) fn matches_arn(&self, arn: &str, open: bool) -> bool {
        if self.0.iter().all(|sign| *sign == Sign::Run) && !self.0.is_empty() {
            return true;
        }
        let parts: Vec<&[Sign]> = self.0.splitn(6, |sign| *sign == Sign::Char(':')).collect();
        let found: Vec<&str> = arn.splitn(6, ':').collect();
        let enough = parts.len() == 6 || (open && !parts.is_empty());
        enough
            && found.len() == 6
            && parts.iter().zip(&found).all(|(part, found)| {
                let found: Vec<char> = found.chars().collect();
                matches(part, &found)
            })
    }
}

/// A variable at the beginning of a text: what stands in its braces, and what comes after it.
fn variable(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${")?.split_once('}')
}

/// The value of a variable: `*`, `?` and `$` are those signs themselves, and `key, 'text'` has a
/// text for where the key is absent.
fn fill(name: &str, facts: &Facts) -> Result<String, String> {
    if let "*" | "?" | "$" = name {
        return Ok(name.to_owned());
    }
    let (key, otherwise) = match name.split_once(',') {
        Some((key, text)) => {
            let text = text.trim();
            let bare = text
                .strip_prefix('\'')
                .and_then(|text| text.strip_suffix('\''));
            (key.trim(), bare)
        }
        None => (name.trim(), None),
    };
    match (facts.get(key), otherwise) {
        (Fact::Is(values), _) if values.len() == 1 => Ok(values[0].clone()),
        (Fact::Absent, Some(text)) => Ok(text.to_owned()),
        // What AWS makes of a variable that has no value, or several, it does not say.
        _ => Err(key.to_ascii_lowercase()),
    }
}

fn matches(signs: &[Sign], text: &[char]) -> bool {
    let (mut s, mut t) = (0, 0);
    let mut run: Option<(usize, usize)> = None;
    while t < text.len() {
        match signs.get(s) {
            Some(Sign::Run) => {
                run = Some((s, t));
                s += 1;
                continue;
            }
            Some(Sign::Char(c)) if *c == text[t] => {}
            Some(Sign::One) => {}
            _ => {
                let Some((at, from)) = run else { return false };
                run = Some((at, from + 1));
                s = at + 1;
                t = from + 1;
                continue;
            }
        }
        s += 1;
        t += 1;
    }
    signs[s..].iter().all(|sign| *sign == Sign::Run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts::new(Fact::Unknown)
            .is("aws:PrincipalAccount", "111122223333")
            .is("odd", "a*")
            .with("aws:username", Fact::Absent)
            .with(
                "aws:TagKeys",
                Fact::Is(vec!["a".to_owned(), "b".to_owned()]),
            )
    }

    #[test]
    fn variables_are_filled_with_what_is_known() {
        let facts = facts();
        let how = PatternReading {
            wild: true,
            variables: Some(&facts),
        };
        for (text, value, yes) in [
            ("a/${aws:principalaccount}/*", "a/111122223333/x", true),
            ("${*}${?}${$}", "*?$", true),
            ("${*}", "x", false),
            ("${aws:username, 'no one'}", "no one", true),
            ("${odd}", "ab", false),
            ("${odd}", "a*", true),
            ("$x${", "$x${", true),
            ("a?c*", "abcde", true),
            ("*a*b", "xaxaxb", true),
            ("*a*b", "xaxaxbc", false),
            ("", "", true),
            ("**", "", true),
        ] {
            let pattern = Pattern::read(text, how).unwrap();
            assert_eq!(pattern.matches(value), yes, "{text} {value}");
        }
        for (text, key) in [
            ("${aws:username}", "aws:username"),
            ("${aws:SourceIp}", "aws:sourceip"),
            ("${aws:SourceIp, 'x'}", "aws:sourceip"),
            ("${aws:TagKeys}", "aws:tagkeys"),
            ("${}", ""),
        ] {
            assert_eq!(Pattern::read(text, how), Err(key.to_owned()), "{text}");
        }
        let old = PatternReading {
            wild: false,
            variables: None,
        };
        let pattern = Pattern::read("${aws:username}*", old).unwrap();
        assert!(pattern.matches("${aws:username}*"));
    }

    #[test]
    fn parts_of_an_arn_are_compared_one_by_one() {
        let how = PatternReading {
            wild: true,
            variables: None,
        };
        let arn = "arn:aws:ecr:eu-west-1:111122223333:repository/team/app:x";
        for (text, open, yes) in [
            (arn, false, true),
            ("*", false, true),
            ("arn:aws:ecr:*:*:repository/*", false, true),
            ("arn:*:repository/team/app:x", false, false),
            ("arn:*", false, false),
            ("arn:*", true, true),
            ("arn:aws:ecr", true, true),
            ("arn:aws:s3", true, false),
            ("arn:aws:ecr:*:111122223333:repository/team/*", false, true),
            (
                "arn:aws:ecr:*:111122223333:repository/other/*",
                false,
                false,
            ),
        ] {
            let pattern = Pattern::read(text, how).unwrap();
            assert_eq!(pattern.matches_arn(arn, open), yes, "{text} {open}");
        }
        assert!(!Pattern::read("", how).unwrap().matches_arn(arn, false));
        assert!(
            !Pattern::read("arn:*:*:*:*:*", how)
                .unwrap()
                .matches_arn("x", false)
        );
    }
}
