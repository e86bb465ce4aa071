//! THE list: every group in the order in which it is looked at and shown.

use super::{Check, Group};

/// All groups. What a check needs stands before it.
pub static GROUPS: &[&Group] = &[
    &super::setup::GROUP,
    &super::control_plane::GROUP,
    &super::manifest::GROUP,
    &super::schema::GROUP,
    &super::addons::GROUP,
    &super::drift::GROUP,
    &super::issuer::GROUP,
    &super::aws::GROUP,
    &super::image::GROUP,
    &super::live::GROUP,
];

/// Every check with its group, in order.
pub fn checks() -> impl Iterator<Item = (&'static Group, &'static Check)> {
    GROUPS
        .iter()
        .flat_map(|group| group.checks.iter().map(move |check| (*group, check)))
}

/// Checks of the login and of files: the same for every cluster of a run, reported once.
pub(crate) const SHARED: [&str; 11] = [
    "profile-found",
    "token-source",
    "token-expiry",
    "clock-skew",
    "api-reachable",
    "api-auth",
    "org-readable",
    "manifest-parse",
    "aws-identity",
    "image-form",
    "repository-exists",
];
