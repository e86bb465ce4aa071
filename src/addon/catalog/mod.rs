//! THE table: one entry per add-on, from published schema types, Terraform provider and pages.
//!
//! A file per field; which add-ons there are follows from them, so that a new add-on is one entry in one
//! file.

mod aws;
mod azure;
mod byok;
mod location;
mod observe;
mod platform;
#[cfg(test)]
mod probe;

pub(crate) use aws::IMPORT_ACTION;
pub(super) use aws::REGISTRY;

use super::Addon;

const PARTS: &[&[Addon]] = &[
    aws::ADD_ONS,
    azure::ADD_ONS,
    location::ADD_ONS,
    observe::ADD_ONS,
    platform::ADD_ONS,
    #[cfg(test)]
    probe::ADD_ONS,
];

/// Every add-on that the platform is known to have, in alphabetical order of the names.
pub static CATALOG: &[Addon] = &joined::<{ count(PARTS) }>(PARTS);

const fn count(parts: &[&[Addon]]) -> usize {
    let (mut count, mut part) = (0, 0);
    while part < parts.len() {
        count += parts[part].len();
        part += 1;
    }
    count
}

/// All of them, sorted by name while they are put together: the compiler does it, once.
const fn joined<const N: usize>(parts: &[&[Addon]]) -> [Addon; N] {
    let mut all = [parts[0][0]; N];
    let (mut done, mut part) = (0, 0);
    while part < parts.len() {
        let mut entry = 0;
        while entry < parts[part].len() {
            let addon = parts[part][entry];
            let mut at = done;
            while at > 0 && is_before(addon.name, all[at - 1].name) {
                all[at] = all[at - 1];
                at -= 1;
            }
            all[at] = addon;
            done += 1;
            entry += 1;
        }
        part += 1;
    }
    all
}

const fn is_before(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return a[at] < b[at];
        }
        at += 1;
    }
    a.len() < b.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::{alike, by_key, by_word, nearest};
    use std::collections::HashSet;

    #[test]
    fn names_and_keys_are_unique_and_in_order() {
        let mut seen = HashSet::new();
        for addon in CATALOG {
            assert!(
                seen.insert(addon.name.to_ascii_lowercase()),
                "{}",
                addon.name
            );
            if addon.key != addon.name {
                assert!(seen.insert(addon.key.to_ascii_lowercase()), "{}", addon.key);
            }
        }
        assert!(CATALOG.is_sorted_by_key(|addon| addon.name));
        // The probe is one more, in these tests alone.
        assert_eq!(CATALOG.len(), 19);
    }

    #[test]
    fn prerequisites_exist_and_have_none_themselves() {
        for addon in CATALOG {
            for key in addon.needs {
                let needed = by_key(key).unwrap();
                assert!(needed.needs.is_empty(), "{key} would need a second look");
            }
        }
    }

    #[test]
    fn a_word_is_found_in_any_case_and_a_slip_is_corrected() {
        for word in ["aws-ecr", "awsECR", "awsecr", "AWS-ECR"] {
            assert_eq!(by_word(word).unwrap().key, "awsECR");
        }
        assert!(by_word("aws-erc").is_none());
        assert_eq!(nearest("aws-erc"), Some("aws-ecr"));
        assert_eq!(nearest("ecr"), Some("aws-ecr"));
        assert_eq!(alike("ecr"), None);
        assert_eq!(nearest("zzz"), None);
    }
}
