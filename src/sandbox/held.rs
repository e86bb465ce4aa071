//! Files that a sandbox keeps, and nobody else's.
//!
//! A file is changed only by whoever made it: one that is there must be read and believed first (the
//! caller's work), a link is not followed, and a write is refused once another file stands in the
//! place. Writes are whole: a new file, for its owner alone, takes the old one's place, and is on
//! disk when the write returns. Each is locked before it has its name, so no file beside it is
//! needed to keep other sandboxes away, and no moment is open to them.

use crate::error::Error;
use rustix::fs::OFlags;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The most that is read: what a manifest may have.
const LARGEST: u64 = 256 * 1024 * 1024;

/// How often another sandbox may replace the file while it is opened.
const TRIES: usize = 100;

/// A path, and the file there that is ours.
#[derive(Debug)]
pub(super) struct HeldFile {
    path: PathBuf,
    /// Locked. `None` until there is one.
    file: Option<File>,
}

impl HeldFile {
    /// Locks the file and reads it; nothing is there to read if it does not exist yet.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<Vec<u8>>), Error> {
        let held = |file| Self {
            path: path.to_path_buf(),
            file,
        };
        for _ in 0..TRIES {
            let Some(meta) = there(path).map_err(|error| failed(&error))? else {
                return Ok((held(None), None));
            };
            if let Some(what) = other_than_a_file(&meta) {
                return Err(Error::refused(what));
            }
            let mut file = match OpenOptions::new()
                .read(true)
                // What NFS wants of a file that is to be locked; nothing is written to it.
                .write(true)
                // Should a link or a pipe have come in the meantime.
                .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
                .open(path)
            {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(|error| failed(&error))?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::failure("another sandbox is using it"));
                }
                Err(TryLockError::Error(error)) => return Err(failed(&error)),
            }
            // A sandbox that has just ended may have replaced it before it let go of the lock.
            if !stands(path, &file).map_err(|error| failed(&error))? {
                continue;
            }
            let mut content = Vec::new();
            (&mut file)
                .take(LARGEST + 1)
                .read_to_end(&mut content)
                .map_err(|error| failed(&error))?;
            if content.len() as u64 > LARGEST {
                return Err(Error::refused(format!(
                    "it is larger than {} MiB",
                    LARGEST / 1024 / 1024
                )));
            }
            return Ok((held(Some(file)), Some(content)));
        }
        Err(Error::failure("other programs keep replacing it"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the content in place.
    pub(super) fn write(&mut self, content: &[u8]) -> io::Result<()> {
        let folder = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(self.path.file_name().unwrap_or_default());
        prefix.push(".");
        let mut file = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(".tmp")
            .tempfile_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.as_file().try_lock()?;
        let is_ours = match &self.file {
            Some(ours) => stands(&self.path, ours)?,
            None => false,
        };
        // Where nothing of ours is, nothing may be at all.
        let placed = if is_ours {
            file.persist(&self.path)
        } else {
            file.persist_noclobber(&self.path)
        };
        let file = placed.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => io::Error::new(
                io::ErrorKind::AlreadyExists,
                "another file stands in its place now",
            ),
            _ => error.error,
        })?;
        self.file = Some(file);
        File::open(folder)?.sync_all()
    }
}

/// What a file is that was not made by a sandbox, for people. None of it is quoted: it may be a
/// secret.
pub(super) fn what(content: &[u8]) -> &'static str {
    if content.is_empty() {
        return "it is empty";
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(content).is_ok() {
        return "it is JSON of another kind";
    }
    match std::str::from_utf8(content) {
        Ok(text) if !text.contains('\0') => "it is some other text",
        _ => "it is not text",
    }
}

fn failed(error: &io::Error) -> Error {
    Error::failure(error.to_string())
}

/// What stands at a path, links not followed.
fn there(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn other_than_a_file(meta: &Metadata) -> Option<&'static str> {
    if meta.is_symlink() {
        Some("it is a symbolic link, and none is followed")
    } else if meta.is_dir() {
        Some("it is a folder")
    } else if !meta.is_file() {
        Some("it is not a regular file")
    } else {
        None
    }
}

/// Whether a file still has its name.
fn stands(path: &Path, file: &File) -> io::Result<bool> {
    let ours = file.metadata()?;
    Ok(there(path)?.is_some_and(|meta| (meta.dev(), meta.ino()) == (ours.dev(), ours.ino())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_file_is_made_held_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let (mut first, none) = HeldFile::open(&path).unwrap();
        assert_eq!(none, None);
        assert!(!path.exists(), "nothing is made before there is a content");
        for content in ["one", "two"] {
            first.write(content.as_bytes()).unwrap();
            let busy = HeldFile::open(&path).unwrap_err();
            assert_eq!(busy.message, "another sandbox is using it");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(first);
        let (mut again, content) = HeldFile::open(&path).unwrap();
        assert_eq!(content.unwrap(), b"two");
        // One that was taken away is made again.
        fs::remove_file(&path).unwrap();
        again.write(b"three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
    }

    #[test]
    fn what_came_into_the_place_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (folder.path().join("state"), folder.path().join("victim"));
        fs::write(&victim, "precious").unwrap();
        for made in [false, true] {
            let (mut held, _) = HeldFile::open(&path).unwrap();
            if made {
                held.write(b"ours").unwrap();
                fs::remove_file(&path).unwrap();
            }
            fs::write(&path, "theirs").unwrap();
            let error = held.write(b"ours").unwrap_err();
            assert_eq!(error.to_string(), "another file stands in its place now");
            assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
            fs::remove_file(&path).unwrap();
            symlink(&victim, &path).unwrap();
            assert!(held.write(b"ours").is_err());
            assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_a_regular_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "precious").unwrap();
        symlink(at("victim"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        for (name, want) in [
            ("link", "it is a symbolic link, and none is followed"),
            ("dangling", "it is a symbolic link, and none is followed"),
            ("socket", "it is not a regular file"),
            ("", "it is a folder"),
        ] {
            let error = HeldFile::open(&at(name)).unwrap_err();
            assert_eq!(error.message, want, "{name}");
        }
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), "precious");
        assert!(!at("nowhere").exists());
    }

    #[test]
    fn other_files_are_named_by_what_they_are() {
        assert_eq!(what(b""), "it is empty");
        assert_eq!(what(b"kind: mk8s\n"), "it is some other text");
        assert_eq!(what(b"{\"lock\": 1}"), "it is JSON of another kind");
        assert_eq!(what(b"\x7fELF\0"), "it is not text");
        assert_eq!(what(b"\xff\xfe"), "it is not text");
    }
}
