//! The AWS side of the add-ons: OIDC provider, role, trust policy and permissions in IAM.
//!
//! Rules about policies, names and plans are pure and know neither network nor files; only `sdk`,
//! `ecr`, `inspect` and `proof` talk to AWS, over what `connect` and `credentials` give them. Nothing here reads the environment, prints, or knows Control Plane's API.

pub mod apply;
pub mod backup;
pub(crate) mod claims;
pub mod connect;
pub mod cover;
pub mod credentials;
pub mod ecr;
pub mod emit;
pub mod explain;
mod failure;
#[cfg(test)]
mod fake;
pub mod grant;
pub mod iam;
pub mod image;
pub mod inspect;
pub mod merge;
pub mod name;
pub mod needed;
pub(crate) mod normal;
pub mod orphans;
pub mod permissions;
pub mod plan;
pub mod platform;
pub mod policy;
pub mod proof;
#[cfg(test)]
mod properties;
pub mod published;
pub mod region;
pub mod repository;
pub mod rights;
#[cfg(test)]
mod scenarios;
pub mod sdk;
pub mod setup;
#[cfg(test)]
mod sides;
pub mod standing;
pub mod state;
pub mod status;
pub mod target;
pub mod teardown;
pub mod template;
pub mod thumbprint;
pub mod tool;
pub mod trust;
pub mod users;
pub mod who;
pub mod workload;

pub(crate) use crate::text::quotable;
pub use iam::Iam;
