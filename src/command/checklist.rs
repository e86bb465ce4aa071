//! The files of a checklist, for the commands that have one.

use super::{Context, target};
use crate::check::File;
use crate::choice::Choice;
use crate::error::{Kind, Result};
use crate::manifest::Taking;
use std::path::PathBuf;

/// Reads every file; one that does not parse is for the checklist, one that is not there ends the
/// run, as do files without any cluster and a name that no document has.
pub(super) fn files(
    cx: &Context,
    paths: &[PathBuf],
    choice: &Choice,
    allow_empty: bool,
) -> Result<Vec<File>> {
    let taking = Taking {
        lenient: allow_empty,
        whole: true,
    };
    let mut files = target::read_silently(cx, paths, choice, taking)?;
    // What is no manifest at all is no finding about one.
    let is_none = |file: &target::NamedFile| {
        let error = file.manifest.as_ref().err();
        error.is_some_and(|error| error.kind == Kind::NotFound)
    };
    if let Some(at) = files.iter().position(is_none)
        && let Err(error) = files.swap_remove(at).manifest
    {
        return Err(error);
    }
    let files = files.into_iter();
    let files = files.map(|file| File {
        label: file.label,
        manifest: file.manifest,
        documents: file.documents,
    });
    Ok(files.collect())
}
