//! `mk8s` switches the add-ons of Control Plane managed Kubernetes clusters on and off.
pub mod addon;
pub mod arn;
pub mod aws;
pub mod change;
pub mod cluster;
pub mod control;
pub mod error;
pub mod exit;
pub mod sandbox;
pub mod settings;
