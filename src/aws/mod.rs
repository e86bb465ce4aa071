//! The AWS side of the add-ons: OIDC provider, role, trust policy and permissions in IAM.
//!
//! Rules about policies, names and plans are pure and know neither network nor files; only `sdk`,
//! `ecr`, `inspect` and `proof` talk to AWS, over what `connect` and `credentials` give them. Nothing here reads the environment, prints, or knows Control Plane's API.

pub(crate) mod apply;
pub(crate) mod backup;
pub(crate) mod claims;
pub(crate) mod connect;
pub(crate) mod cover;
pub(crate) mod credentials;
pub(crate) mod ecr;
pub(crate) mod emit;
pub(crate) mod explain;
mod failure;
#[cfg(test)]
mod fake;
pub(crate) mod foreseen;
pub(crate) mod grant;
pub(crate) mod iam;
pub(crate) mod image;
pub(crate) mod inspect;
pub(crate) mod merge;
pub(crate) mod name;
pub(crate) mod needed;
pub(crate) mod normal;
pub(crate) mod orphans;
pub(crate) mod permissions;
pub(crate) mod plan;
pub(crate) mod platform;
pub mod policy;
pub(crate) mod proof;
#[cfg(test)]
mod properties;
pub(crate) mod published;
pub(crate) mod region;
pub(crate) mod repository;
pub(crate) mod rights;
#[cfg(test)]
mod scenarios;
pub(crate) mod sdk;
pub(crate) mod setup;
#[cfg(test)]
mod sides;
pub(crate) mod standing;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod target;
pub(crate) mod teardown;
pub(crate) mod template;
pub(crate) mod thumbprint;
pub(crate) mod tool;
pub(crate) mod trust;
pub(crate) mod users;
pub(crate) mod who;
pub(crate) mod workload;

pub(crate) use crate::text::quotable;
pub(crate) use iam::Iam;
