//! Which of the files that say who and where can be changed by everybody on the machine.

use super::profile::shown;
use crate::invocation::Invocation;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Everybody may write.
const OTHERS_WRITE: u32 = 0o002;
/// In such a folder nobody replaces what is another's.
const STICKY: u32 = 0o1000;

/// A file or folder that everybody on the machine can change, and with it where the token is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exposed {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its permissions, without the type.
    pub(crate) mode: u32,
}

impl Exposed {
    /// In a sentence.
    pub(crate) fn words(&self) -> String {
        format!(
            "everybody on this machine can change {} (mode {:03o}), and with it where the token goes",
            shown(&self.path),
            self.mode
        )
    }

    /// The command that mends it.
    pub(crate) fn fix(&self) -> Invocation {
        Invocation::other("chmod")
            .plain("o-w")
            .word(self.path.to_string_lossy())
    }
}

/// Those of the paths that everybody can change. What is not there, and pipes and devices, do not
/// count.
pub(super) fn among<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Vec<Exposed> {
    let exposed = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        let mode = metadata.permissions().mode() & 0o7777;
        let counts = metadata.is_file() || metadata.is_dir() && mode & STICKY == 0;
        (counts && mode & OTHERS_WRITE != 0).then(|| Exposed {
            path: path.to_owned(),
            mode,
        })
    };
    paths.into_iter().filter_map(exposed).collect()
}
