//! Everything that drives the built binary: the only integration-test binary, so that linking stays
//! cheap.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step of a test is a failed test"
)]

mod generated;
