//! What can be an org's name. Pure.

/// No org's name is longer, in characters.
const LONGEST: usize = 128;

/// Checks that an org is one segment of a path. Its pattern is the server's business.
///
/// The error is the reason alone; the caller names the value.
pub(crate) fn check_org(org: &str) -> Result<(), String> {
    if org.trim().is_empty() {
        return Err("an org's name cannot be empty".to_owned());
    }
    if org.chars().count() > LONGEST {
        return Err(format!(
            "an org's name has no more than {LONGEST} characters"
        ));
    }
    if matches!(org, "." | "..") || org.contains(['/', '\\']) || org.chars().any(char::is_control) {
        return Err("there is a character in it that no org's name has".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orgs_are_one_segment() {
        let long = "a".repeat(LONGEST + 1);
        for org in ["", " ", ".", "..", "a/b", "a\\b", "a\0", "a\n", &long] {
            assert!(check_org(org).is_err(), "{org:?}");
        }
        for org in ["acme-1", "a b", "zürich", &long[1..]] {
            assert_eq!(check_org(org), Ok(()), "{org}");
        }
    }
}
