//! The folder of a running sandbox: what the commands against it need on disk.
//!
//! For its owner alone, and gone with the value. A sandbox that was killed leaves its folder behind;
//! the next one takes it away. To be sure whose it is, each folder holds a mark, which the living
//! process keeps locked: no mark, somebody else's mark or a locked one, and the folder stays.

use crate::error::{Error, Result};
use rustix::fs::OFlags;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PREFIX: &str = "mk8s-sandbox-";
const MARK: &str = "mark";
const MARK_TEXT: &[u8] = b"A folder of `mk8s sandbox`, swept once its process is gone.\n";

/// A folder that goes with the value.
#[derive(Debug)]
pub(super) struct TemporaryFolder {
    folder: TempDir,
    /// Kept for its lock.
    _mark: File,
}

impl TemporaryFolder {
    /// Sweeps what killed sandboxes left, and makes a new one.
    pub(super) fn new() -> Result<Self> {
        let parent = std::env::temp_dir();
        // What cannot be looked at or taken away stays for the next one.
        let _ = sweep(&parent);
        Self::below(&parent).map_err(|error| {
            Error::failure(format!(
                "cannot make a temporary folder in {}",
                parent.display()
            ))
            .because(error.to_string())
        })
    }

    fn below(parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)?;
        // Locked before it has its name: nobody finds a mark whose process lives unlocked.
        let mut mark = tempfile::NamedTempFile::new_in(folder.path())?;
        mark.write_all(MARK_TEXT)?;
        mark.as_file().try_lock()?;
        let mark = mark
            .persist_noclobber(folder.path().join(MARK))
            .map_err(|error| error.error)?;
        Ok(Self {
            folder,
            _mark: mark,
        })
    }

    /// An empty folder in it.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| not_made(&path, &error))?;
        Ok(path)
    }

    /// A file in it.
    pub(super) fn file(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(content.as_bytes()))
            .map_err(|error| not_made(&path, &error))?;
        Ok(path)
    }
}

fn not_made(path: &Path, error: &io::Error) -> Error {
    Error::failure(format!("{} was not made", path.display())).because(error.to_string())
}

/// Takes away the folders of sandboxes that are gone.
fn sweep(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX)
            && let Some(_mark) = left_behind(&entry.path())
        {
            // Another sandbox may be doing the same.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// The mark of a folder, locked by us, if the folder is ours and its process is gone.
fn left_behind(folder: &Path) -> Option<File> {
    let meta = fs::symlink_metadata(folder).ok()?;
    let is_ours = meta.is_dir()
        && meta.uid() == rustix::process::geteuid().as_raw()
        && meta.mode() & 0o777 == 0o700;
    if !is_ours {
        return None;
    }
    let mark = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(folder.join(MARK))
        .ok()?;
    if !mark.metadata().ok()?.is_file() {
        return None;
    }
    mark.try_lock().ok()?;
    let mut text = Vec::new();
    let limit = MARK_TEXT.len() as u64 + 1;
    (&mark).take(limit).read_to_end(&mut text).ok()?;
    (text == MARK_TEXT).then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_folders_of_sandboxes_that_are_gone_are_swept() {
        let parent = tempfile::tempdir().unwrap();
        let made = |name: &str| {
            let path = parent.path().join(format!("{PREFIX}{name}"));
            fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
            path
        };
        let living = TemporaryFolder::below(parent.path()).unwrap();
        let home = living.folder("home").unwrap();
        let file = living.file("trusted.pem", "x").unwrap();
        for (path, mode) in [
            (living.folder.path(), 0o700),
            (home.as_path(), 0o700),
            (file.as_path(), 0o600),
        ] {
            let meta = fs::metadata(path).unwrap();
            assert_eq!(meta.permissions().mode() & 0o777, mode, "{path:?}");
        }
        let left = made("left");
        fs::write(left.join(MARK), MARK_TEXT).unwrap();
        fs::write(left.join("trusted.pem"), "x").unwrap();
        let unmarked = made("unmarked");
        let other = made("other");
        fs::write(other.join(MARK), "mine").unwrap();
        let open = made("open");
        fs::write(open.join(MARK), MARK_TEXT).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
        let linked = made("linked");
        symlink(open.join(MARK), linked.join(MARK)).unwrap();
        let precious = tempfile::tempdir().unwrap();
        fs::write(precious.path().join(MARK), MARK_TEXT).unwrap();
        let link = parent.path().join(format!("{PREFIX}link"));
        symlink(precious.path(), &link).unwrap();
        let elsewhere = parent.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join(MARK), MARK_TEXT).unwrap();

        sweep(parent.path()).unwrap();
        assert!(!left.exists());
        for path in [&unmarked, &other, &open, &linked, &link, &elsewhere, &home] {
            assert!(path.exists(), "{path:?} is gone");
        }
        assert!(precious.path().join(MARK).exists());
        let path = living.folder.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }
}
