//! Everything that drives the built binary: the only integration-test binary, so that linking stays
//! cheap.
//!
//! `support` holds the hermetic environment and the servers; each other file holds the tests of one
//! subject and must be listed here.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step of a test is a failed test"
)]

mod support;

mod agreement;
mod all_fields;
mod apply_fleets;
mod applying;
mod architecture;
mod asking;
mod auth;
mod aws_accounts;
mod aws_adopt;
mod aws_conditions;
mod aws_credentials;
mod aws_errors;
mod aws_fleet;
mod aws_harmless;
mod aws_kills;
mod aws_offline;
mod aws_orphans;
mod aws_permissions;
mod aws_plans;
mod aws_setup;
mod aws_teardown;
mod aws_thumbprints;
mod aws_trust;
mod catalogue;
mod check;
mod check_aws;
mod check_image;
mod check_manifest;
mod choosing;
mod client;
mod contract;
mod costs;
mod documents;
mod editors;
mod edits;
mod emit;
mod error_documents;
mod facts;
mod failures;
mod faults;
mod files;
mod fleets;
mod generated;
mod green;
mod harness;
mod helps;
mod hostile;
mod issuer;
mod journals;
mod kept;
mod kills;
mod live;
mod matrix;
mod nulls;
mod owners;
mod package;
mod picker;
mod policies;
mod printed;
mod proof;
mod providers;
mod provoked;
mod pulling;
mod quiet;
mod races;
mod reports;
mod repository;
mod resuming;
mod rollouts;
mod rules;
mod samples;
mod sandboxes;
mod screens;
mod sets;
mod settings;
mod settling;
mod shared_anchors;
mod streams;
mod surface;
mod tabs;
mod targets;
mod told;
mod undo;
mod unknown;
mod usage;
mod validate;
mod verdicts;
mod waiting;
mod walk;
mod witnesses;

/// A file that is not listed would never run.
#[test]
fn every_file_here_is_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let listed: Vec<&str> = include_str!("main.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        // Those of whole answers stand in files of their own.
        .filter(|name| name != "main" && name != "snapshots")
        .collect();
    found.sort();
    let missing: Vec<&String> = found
        .iter()
        .filter(|name| !listed.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "add `mod …;` for {missing:?}");
}
