//! What the tests stand on. Nothing here asserts what `mk8s` should do.

mod bed;
mod env;
mod fake;
mod gate;
mod http;
pub(crate) mod manifests;
mod moto;
mod process;
mod sandbox;
mod snapshot;
mod terminal;
mod tools;

pub(crate) use bed::Bed;
pub(crate) use env::Env;
pub(crate) use fake::{Answer, Fake};
pub(crate) use gate::{Edge, Gate};
pub(crate) use moto::{ACCOUNT, Moto, is_read};
pub(crate) use process::{Run, wait};
pub(crate) use sandbox::Sandbox;
pub(crate) use snapshot::{filters, snapshot};
pub(crate) use terminal::Terminal;
pub(crate) use tools::{Reader, read_yaml};

use std::path::{Path, PathBuf};

/// A file or folder of `tests/fixtures`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(path)
}
