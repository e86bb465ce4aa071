//! What the tests stand on. Nothing here asserts what `mk8s` should do.

mod aws_cli;
mod bed;
mod defect;
mod documents;
mod env;
mod fake;
mod gate;
mod http;
mod inside;
mod lsp;
pub(crate) mod manifests;
mod moto;
pub(crate) mod printed;
mod process;
mod proxy;
mod sandbox;
mod screen;
mod snapshot;
mod terminal;
mod tools;
mod trial;

pub(crate) use aws_cli::path_with_aws;
pub(crate) use bed::Bed;
pub(crate) use defect::{Defect, fixes, ids};
pub(crate) use documents::schema_kinds;
pub(crate) use env::Env;
pub(crate) use fake::{Answer, Fake};
pub(crate) use gate::{Edge, Gate};
pub(crate) use http::try_request;
pub(crate) use inside::Inside;
pub(crate) use lsp::Lsp;
pub(crate) use moto::{ACCOUNT, Moto, TlsMoto, is_read};
pub(crate) use process::{Cmd, Run, comes, wait};
pub(crate) use proxy::{Harm, Proxy, Way};
pub(crate) use sandbox::Sandbox;
pub(crate) use screen::{Left, Screen};
pub(crate) use snapshot::{filters, snapshot};
pub(crate) use terminal::Terminal;
pub(crate) use tools::{
    Reader, aws_programs, aws_python, format_hcl, installed, node, of_debian, read_hcl, read_yaml,
};
pub(crate) use trial::{Trial, insist};

use std::path::{Path, PathBuf};

/// A file or folder of `tests/fixtures`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(path)
}
