//! Writing into a file where another one cannot take its place.
//!
//! That is not one step, so the old text is on disk as a copy before it begins, and gone afterwards.
//! A run that finds a copy compares: the file holds the old text or the new one, or it is neither,
//! and then only its owner can say what to do.
//!
//! The copy lies beside the file, else in a folder of the user's own; its name follows from the
//! file's. It counts only if it is ours and for us alone: in a shared folder somebody else may have
//! put it there.

use super::files::cannot_read;
use super::save::{PendingWrite, failed, holds, lock, not_written, sweep, unfinished, wait};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::invocation::{Hint, Invocation, shown};
use ring::digest::{Context, SHA256, digest};
use rustix::fs::{OFlags, fchmod};
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

/// A copy of a file's old text, and the checksum of the new one.
struct Copy {
    /// The old text.
    text: PathBuf,
    /// SHA-256 of the new text. There whenever the copy is.
    sum: PathBuf,
}

/// What a file holds that a run was killed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileContent {
    Old,
    New,
    Neither,
}

impl Copy {
    /// Where the copy lies for a file: beside it, or in the user's own folder.
    fn places(target: &Path, own: Option<&Path>) -> [Option<Self>; 2] {
        let at = |folder: &Path, of: &[u8]| {
            let id = hex(&digest(&SHA256, of).as_ref()[..8]);
            Self {
                text: folder.join(format!(".mk8s-{id}.copy")),
                sum: folder.join(format!(".mk8s-{id}.sum")),
            }
        };
        let beside = target.parent().zip(target.file_name());
        [
            // Goes along when the folder is moved, or mounted elsewhere.
            beside.map(|(folder, name)| at(folder, name.as_bytes())),
            own.map(|folder| at(folder, target.as_os_str().as_bytes())),
        ]
    }

    /// The copy that a killed run left, if one did.
    fn left(target: &Path, own: Option<&Path>) -> Option<Self> {
        Self::places(target, own)
            .into_iter()
            .flatten()
            .find(|copy| ours(&copy.text).is_ok())
    }

    /// Makes one; it is on disk when this returns.
    fn make(edit: &PendingWrite<'_>, own: Option<&Path>) -> Result<Self> {
        let [beside, elsewhere] = Self::places(edit.target, own);
        let mut reasons = Vec::new();
        if let Some(copy) = beside {
            match copy.write(edit) {
                Ok(()) => return Ok(copy),
                Err(error) => reasons.push(format!("{}: {error}", edit.folder.display())),
            }
        }
        if let (Some(copy), Some(own)) = (elsewhere, own) {
            let folder = DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(own)
                .and_then(|()| File::open(own));
            let written = folder.and_then(|folder| {
                // Other runs come here for other files.
                if lock(&folder, edit.path, &Interrupt::default()).unwrap_or_default() {
                    sweep(own);
                }
                copy.write(edit)
            });
            match written {
                Ok(()) => return Ok(copy),
                Err(error) => reasons.push(format!("{}: {error}", own.display())),
            }
        }
        let mut error = not_written(edit.path)
            .because("it can only be written in place, and there is no room for a copy of it");
        for reason in reasons {
            error = error.because(reason);
        }
        Err(error.hint("set XDG_STATE_HOME to a folder that you can write: copies go there"))
    }

    /// The checksum first: where the copy is, all is.
    fn write(&self, edit: &PendingWrite<'_>) -> io::Result<()> {
        let sum = hex(digest(&SHA256, edit.text.as_bytes()).as_ref());
        let folder = self.text.parent().unwrap_or(Path::new("."));
        for (path, bytes) in [(&self.sum, sum.as_bytes()), (&self.text, edit.before)] {
            let file = unfinished(folder, bytes)?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)?;
        }
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    /// Takes it away, the copy first.
    fn remove(&self) {
        let _ = fs::remove_file(&self.text);
        let _ = fs::remove_file(&self.sum);
    }

    /// Compares the file with the copy and the checksum.
    fn compare(&self, target: &Path) -> io::Result<FileContent> {
        let mut old = Vec::new();
        ours(&self.text)?.read_to_end(&mut old)?;
        if holds(target, &old)? {
            return Ok(FileContent::Old);
        }
        let mut sum = String::new();
        // Without it only the old text can be told.
        let read = ours(&self.sum).and_then(|file| file.take(1024).read_to_string(&mut sum));
        let new = read.is_ok() && sum == hash(File::open(target)?)?;
        Ok(if new {
            FileContent::New
        } else {
            FileContent::Neither
        })
    }
}

/// Opens a file that only we can have put there and nobody else can read.
fn ours(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    let ours = metadata.is_file()
        && metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.nlink() == 1
        && metadata.permissions().mode() & 0o777 == 0o600;
    if ours {
        Ok(file)
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn hash(mut file: impl Read) -> io::Result<String> {
    let mut context = Context::new(&SHA256);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok(hex(context.finish().as_ref()));
        }
        context.update(&piece[..length]);
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Refuses a file that a run was killed over and that is not whole.
pub(super) fn whole(path: &Path, own: Option<&Path>) -> Result<()> {
    let target = fs::canonicalize(path).map_err(|error| cannot_read(path, &error))?;
    let Some(copy) = Copy::left(&target, own) else {
        return Ok(());
    };
    match copy.compare(&target) {
        Ok(FileContent::Old | FileContent::New) => Ok(()),
        Ok(FileContent::Neither) => Err(torn(path, &copy)),
        Err(error) => Err(cannot_read(path, &error)),
    }
}

/// The same, and takes the copy of a file away that is whole; gives what there is to say.
pub(super) fn settle(path: &Path, own: Option<&Path>) -> Result<Option<String>> {
    let target = fs::canonicalize(path).map_err(|error| cannot_read(path, &error))?;
    if Copy::left(&target, own).is_none() {
        return Ok(None);
    }
    let file = File::open(&target).map_err(|error| cannot_read(path, &error))?;
    // Whoever has the lock is not dead. Looked at again under it.
    let _ = wait(|| file.try_lock());
    let Some(copy) = Copy::left(&target, own) else {
        return Ok(None);
    };
    let text = match copy.compare(&target) {
        Ok(FileContent::Old) => "old",
        Ok(FileContent::New) => "new",
        Ok(FileContent::Neither) => return Err(torn(path, &copy)),
        Err(error) => return Err(cannot_read(path, &error)),
    };
    copy.remove();
    Ok(Some(format!(
        "{} was being written when mk8s was killed; it is whole and holds the {text} text",
        path.display()
    )))
}

/// The refusal of a file that is neither the old nor the new one.
fn torn(path: &Path, copy: &Copy) -> Error {
    let remove = || {
        Invocation::other("rm")
            .word(shown(&copy.text))
            .word(shown(&copy.sum))
    };
    let take = Invocation::other("cp")
        .word(shown(&copy.text))
        .word(shown(path));
    Error::refused(format!("`{}` may be damaged", path.display()))
        .because("mk8s was killed while it wrote it in place")
        .because(format!(
            "it is neither the old text nor the new one; the old one is whole in `{}`",
            copy.text.display()
        ))
        .hint(
            Hint::from(take)
                .command(remove())
                .text(" takes the old text"),
        )
        .hint(remove().within("", " keeps the file as it is"))
}

/// Writes the new text into the file.
pub(super) fn write(edit: &PendingWrite<'_>, own: Option<&Path>) -> Result<()> {
    // Readers wait, and so do runs that come to the file by another of its names.
    if let Err(fs::TryLockError::WouldBlock) = wait(|| edit.file.try_lock()) {
        return Err(
            Error::conflict(format!("`{}` was not written", edit.path.display()))
                .because("another process holds the lock of the file"),
        );
    }
    edit.unchanged()?;
    let copy = Copy::make(edit, own)?;
    if let Err(error) = edit.unchanged() {
        copy.remove();
        return Err(error);
    }
    let (old, new) = (edit.before, edit.text.as_bytes());
    if let Err(error) = overwrite(edit.file, old, new) {
        let back = edit
            .file
            .write_all_at(old, 0)
            .and_then(|()| edit.file.set_len(old.len() as u64))
            .and_then(|()| edit.file.sync_all());
        if back.is_err() {
            return Err(torn(edit.path, &copy).because(error.to_string()));
        }
        copy.remove();
        return Err(failed(edit.path, &error));
    }
    // The system takes these bits away when a file is written, but not from root.
    if let Ok(metadata) = edit.file.metadata()
        && metadata.mode() & 0o6000 != 0
    {
        let _ = fchmod(edit.file, (metadata.mode() & 0o1777).into());
    }
    copy.remove();
    Ok(())
}

/// What makes the file longer first: a full disk is met while all of the old text is there.
fn overwrite(file: &File, old: &[u8], new: &[u8]) -> io::Result<()> {
    let common = old.len().min(new.len());
    let (head, tail) = new.split_at(common);
    if !tail.is_empty() {
        file.write_all_at(tail, common as u64)?;
        file.sync_all()?;
    }
    file.write_all_at(head, 0)?;
    file.set_len(new.len() as u64)?;
    file.sync_all()
}
