//! THE list: every group in the order in which it is looked at and shown.

use super::{Check, Group};

/// All groups. What a check needs stands before it.
pub static GROUPS: &[&Group] = &[
    &super::setup::GROUP,
    &super::control_plane::GROUP,
    &super::manifest::GROUP,
    &super::addons::GROUP,
    &super::drift::GROUP,
    &super::issuer::GROUP,
    &super::live::GROUP,
];

/// Every check with its group, in order.
pub fn checks() -> impl Iterator<Item = (&'static Group, &'static Check)> {
    GROUPS
        .iter()
        .flat_map(|group| group.checks.iter().map(move |check| (*group, check)))
}
