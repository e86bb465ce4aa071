//! The AWS side of the add-ons: OIDC provider, role, trust policy and pull permission in IAM.
//!
//! Rules about policies, names and plans are pure and know neither network nor files; only `sdk`,
//! `ecr`, `inspect` and `proof` talk to AWS, over what `connect` and `credentials` give them. Nothing here reads the environment, prints, or knows Control Plane's API.

pub mod apply;
pub mod backup;
pub mod connect;
pub mod cover;
pub mod credentials;
pub mod ecr;
pub mod emit;
pub mod explain;
mod failure;
#[cfg(test)]
mod fake;
pub mod iam;
pub mod image;
pub mod inspect;
pub mod merge;
pub mod name;
pub mod needed;
pub(crate) mod normal;
pub mod permissions;
pub mod plan;
pub mod platform;
pub mod proof;
#[cfg(test)]
mod properties;
pub mod pull;
pub mod repository;
#[cfg(test)]
mod scenarios;
pub mod sdk;
pub mod setup;
pub mod state;
pub mod status;
pub mod target;
pub mod teardown;
pub mod template;
pub mod thumbprint;
pub mod tool;
pub mod traced;
pub mod trust;
pub mod users;
pub mod workload;

pub use iam::Iam;

/// Text from outside, made fit to be quoted in a message: control characters are escaped and what
/// is longer than 200 characters is cut.
pub(crate) fn quotable(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == 200 {
            out.push('…');
            break;
        }
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_escapes_control_characters_and_cuts() {
        assert_eq!(quotable("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(quotable(&"x".repeat(300)).chars().count(), 201);
        assert_eq!(quotable("grün"), "grün");
    }
}
