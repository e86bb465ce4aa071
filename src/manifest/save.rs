//! Writing a manifest: whole or not at all, and never over what somebody else wrote meanwhile.
//!
//! The new text is complete on disk, under another name, before a rename gives it the file's place.
//! Where no rename is possible, or where it is not wanted, `in_place` writes into the file itself.
//! From the first file that is made until the last one is gone, signals are held back.

use super::files::cannot_read;
use super::{in_place, rights};
use crate::backoff::Backoff;
use crate::consent::Permit;
use crate::error::{Error, Kind, Result};
use crate::interrupt::Interrupt;
use crate::invocation::{Invocation, shown};
use crate::shell;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// How long another process may hold a folder or a file while it writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Names of files that are not finished: this, some letters and digits, and the end.
const BEGIN: &str = ".mk8s-";
const END: &str = ".tmp";
const LETTERS: usize = 6;

/// The end of a checksum's name; it counts only beside a copy (`in_place`).
const SUM: &str = ".sum";

/// How files are written in this run.
pub(crate) struct FileWriter {
    /// Whether files are written in place although they could be replaced.
    pub(crate) in_place: bool,
    /// The folder for copies of files that are written in place and have no room beside them.
    pub(crate) copies: Option<PathBuf>,
    /// The signals, which are held back meanwhile.
    pub(crate) interrupt: Interrupt,
    swept: RefCell<HashSet<PathBuf>>,
}

/// What is to be said about a file that was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Saved {
    /// What the file has lost by it.
    pub(crate) warnings: Vec<String>,
    /// Why it was written in place, where that was not asked for.
    pub(crate) in_place: Option<String>,
}

/// Why a file was not replaced.
pub(super) enum SaveFailure {
    /// It cannot be, here.
    Impossible(io::Error),
    /// Anything else.
    Other(Error),
}

impl FileWriter {
    pub(crate) fn new(in_place: bool, copies: Option<PathBuf>, interrupt: Interrupt) -> Self {
        Self {
            in_place,
            copies,
            interrupt,
            swept: RefCell::default(),
        }
    }

    /// Gives a file the content `text`, or leaves it as it is.
    ///
    /// `before` is what was read: if the file holds something else by now, nothing is written and
    /// the error is a conflict. A symbolic link keeps pointing to the file. What `rights` says is
    /// kept; a file that is read-only is not written.
    pub(crate) fn save(&self, _: &Permit, path: &Path, before: &[u8], text: &str) -> Result<Saved> {
        let target = fs::canonicalize(path).map_err(|error| cannot_read(path, &error))?;
        let folder = target.parent().unwrap_or(Path::new("."));
        let metadata = fs::metadata(&target).map_err(|error| failed(path, &error))?;
        let us = rustix::process::geteuid();
        if metadata.mode() & 0o222 == 0 && (us.is_root() || us.as_raw() == metadata.uid()) {
            // Root could write it, and whoever owns it could replace it. It is meant to stay.
            return Err(not_written(path)
                .because("it is read-only")
                .hint(Invocation::other("chmod").plain("u+w").word(shown(path))));
        }
        // Opened for writing also where the file itself is not written to: whoever may not write
        // it may not replace it either.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&target)
            .map_err(|error| failed(path, &error))?;
        let metadata = file.metadata().map_err(|error| failed(path, &error))?;
        let _held = self.interrupt.hold();
        // Locked until the end, so that two runs do not both find the file unchanged. Where a
        // folder cannot be read or has no locks, it goes without.
        let handle = File::open(folder).ok();
        let locked = match &handle {
            Some(handle) => lock(handle, path, &self.interrupt)?,
            None => false,
        };
        if locked {
            self.sweep(folder);
        }
        in_place::whole(path, self.copies.as_deref())?;
        let edit = PendingWrite {
            path,
            target: &target,
            folder,
            file: &file,
            metadata: &metadata,
            before,
            text,
            interrupt: &self.interrupt,
        };
        if self.in_place {
            in_place::write(&edit, self.copies.as_deref())?;
            return Ok(Saved::default());
        }
        match edit.replace() {
            Ok(warnings) => {
                // The new name is in place; a folder that cannot be synced (some network file
                // systems) is no reason to report the opposite.
                let _ = handle.map(|handle| handle.sync_all());
                Ok(Saved {
                    warnings,
                    in_place: None,
                })
            }
            Err(SaveFailure::Other(error)) => Err(error),
            Err(SaveFailure::Impossible(reason)) => {
                in_place::write(&edit, self.copies.as_deref())?;
                Ok(Saved {
                    warnings: Vec::new(),
                    in_place: Some(format!(
                        "{} was written in place, since it cannot be replaced: {reason}",
                        path.display()
                    )),
                })
            }
        }
    }

    /// Makes a file with the content `text`, and the folder for it; one that is there is left as it is,
    /// and a conflict.
    pub(crate) fn create(&self, _: &Permit, path: &Path, text: &str) -> Result<()> {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let _held = self.interrupt.hold();
        not_interrupted(path, &self.interrupt)?;
        fs::create_dir_all(folder).map_err(|error| failed(path, &error))?;
        // With the rights that any new file has.
        let temporary = unfinished_with(folder, text.as_bytes(), 0o666)
            .and_then(|file| file.as_file().sync_all().map(|()| file))
            .map_err(|error| failed(path, &error))?;
        match temporary.persist_noclobber(path) {
            Ok(_) => {
                // The new name is in place, whether or not the folder can be synced.
                let _ = File::open(folder).map(|folder| folder.sync_all());
                Ok(())
            }
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                Err(not_written(path).because("somebody else made it meanwhile"))
            }
            Err(error) => Err(failed(path, &error.error)),
        }
    }

    /// Says what became of a file that a run was killed over, if it was, and takes the copy away;
    /// one that is not whole is refused.
    pub(crate) fn settle(&self, path: &Path) -> Result<Option<String>> {
        let _held = self.interrupt.hold();
        in_place::settle(path, self.copies.as_deref())
    }

    /// Takes away what runs left over that were killed, once for each folder. With the lock of the
    /// folder nobody is at work there.
    fn sweep(&self, folder: &Path) {
        if self.swept.borrow_mut().insert(folder.to_owned()) {
            sweep(folder);
        }
    }
}

/// One file about to be written.
pub(super) struct PendingWrite<'a> {
    /// As it was named.
    pub(super) path: &'a Path,
    /// The file itself.
    pub(super) target: &'a Path,
    pub(super) folder: &'a Path,
    /// The file, open for reading and writing.
    pub(super) file: &'a File,
    metadata: &'a Metadata,
    pub(super) before: &'a [u8],
    pub(super) text: &'a str,
    interrupt: &'a Interrupt,
}

impl PendingWrite<'_> {
    /// Puts a new file into the old one's place; gives what is lost by it.
    fn replace(&self) -> Result<Vec<String>, SaveFailure> {
        let named = |words: &String| format!("`{}` {words}", self.path.display());
        let temporary = unfinished(self.folder, self.text.as_bytes()).map_err(|e| self.why(e))?;
        let lost = rights::carry_over(self.file, self.metadata, temporary.as_file())
            .and_then(|lost| temporary.as_file().sync_all().map(|()| lost))
            .map_err(|error| SaveFailure::Other(failed(self.path, &error)))?;
        self.unchanged().map_err(SaveFailure::Other)?;
        temporary
            .persist(self.target)
            .map_err(|error| self.why(error.error))?;
        let mut warnings: Vec<String> = lost.iter().map(named).collect();
        if let Some(last) = warnings.last_mut() {
            last.push_str("; --in-place keeps all of a file but its content");
        }
        if self.metadata.nlink() > 1 {
            warnings.push(format!(
                "`{}` had {} hard links, and only this name has the new text; --in-place writes \
                 through all of them",
                self.path.display(),
                self.metadata.nlink()
            ));
        }
        Ok(warnings)
    }

    /// Whether it is still the file that was read, and nobody wants an end.
    pub(super) fn unchanged(&self) -> Result<()> {
        not_interrupted(self.path, self.interrupt)?;
        let identity = |metadata: &Metadata| {
            (
                (metadata.dev(), metadata.ino()),
                (metadata.mode(), metadata.uid(), metadata.gid()),
            )
        };
        let same = fs::metadata(self.target)
            .and_then(|now| {
                Ok(identity(&now) == identity(self.metadata) && holds(self.target, self.before)?)
            })
            .map_err(|error| failed(self.path, &error))?;
        if same {
            return Ok(());
        }
        Err(
            Error::conflict(format!("`{}` was not written", self.path.display()))
                .because("somebody else changed the file meanwhile")
                .hint("run the same command again"),
        )
    }

    fn why(&self, error: io::Error) -> SaveFailure {
        match error.kind() {
            // A folder that cannot be written, one where only owners may rename, a mount point.
            ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::ResourceBusy
            | ErrorKind::CrossesDevices => SaveFailure::Impossible(error),
            _ => SaveFailure::Other(failed(self.path, &error)),
        }
    }
}

/// A new file under a name that says so, for its owner alone. It goes if it is not renamed.
pub(super) fn unfinished(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    unfinished_with(folder, bytes, 0o600)
}

/// The same with other rights, of which the process's mask takes its share.
fn unfinished_with(folder: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    // The library's own way of making and writing it puts its name into every error.
    let mut file = tempfile::Builder::new()
        .prefix(BEGIN)
        .suffix(END)
        .rand_bytes(LETTERS)
        .make_in(folder, |path| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(path)
        })?;
    file.as_file_mut().write_all(bytes)?;
    Ok(file)
}

/// Removes our files in a folder that were never finished. Only with its lock.
pub(super) fn sweep(folder: &Path) {
    let us = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let letters = name.to_str().and_then(|name| name.strip_prefix(BEGIN));
        let over = letters.is_some_and(|letters| {
            let whole = |letters: &str| letters.bytes().all(|byte| byte.is_ascii_alphanumeric());
            match (letters.strip_suffix(END), letters.strip_suffix(SUM)) {
                (Some(letters), _) => letters.len() == LETTERS && whole(letters),
                (_, Some(letters)) => whole(letters) && !path.with_extension("copy").exists(),
                _ => false,
            }
        });
        let ours = over
            && entry.metadata().is_ok_and(|metadata| {
                metadata.is_file() && metadata.uid() == us && metadata.nlink() == 1
            });
        if ours {
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether the file holds exactly these bytes; it is never in memory as a whole.
pub(super) fn holds(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut file = BufReader::with_capacity(64 * 1024, File::open(path)?);
    let mut rest = bytes;
    loop {
        let piece = file.fill_buf()?;
        if piece.is_empty() {
            return Ok(rest.is_empty());
        }
        let length = piece.len();
        match rest.strip_prefix(piece) {
            Some(more) => rest = more,
            None => return Ok(false),
        }
        file.consume(length);
    }
}

/// Takes the lock of a folder or file, for the one that is written; gives whether there are locks.
pub(super) fn lock(handle: &File, path: &Path, interrupt: &Interrupt) -> Result<bool> {
    let mut interrupted = Ok(());
    let locked = wait(|| {
        interrupted = not_interrupted(path, interrupt);
        if interrupted.is_err() {
            return Ok(());
        }
        handle.try_lock()
    });
    interrupted?;
    match locked {
        Ok(()) => Ok(true),
        Err(TryLockError::Error(_)) => Ok(false),
        Err(TryLockError::WouldBlock) => Err(Error::conflict(format!(
            "`{}` was not written",
            path.display()
        ))
        .because("another run of mk8s is writing in the same folder")),
    }
}

/// Tries for a lock until it is free, or patience ends.
pub(super) fn wait(
    mut lock: impl FnMut() -> std::result::Result<(), TryLockError>,
) -> std::result::Result<(), TryLockError> {
    let start = Instant::now();
    let mut waits = Backoff::for_a_file();
    loop {
        match lock() {
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(waits.next());
            }
            result => return result,
        }
    }
}

pub(super) fn not_written(path: &Path) -> Error {
    Error::failure(format!("`{}` was not written", path.display()))
        .in_file(path.display().to_string())
}

/// Whether nobody wants an end.
fn not_interrupted(path: &Path, interrupt: &Interrupt) -> Result<()> {
    if !interrupt.came() {
        return Ok(());
    }
    let message = format!("`{}` was not written", path.display());
    Err(Error::new(Kind::Interrupted, message).because("interrupted"))
}

/// What the system said, with what can be done about it.
pub(super) fn failed(path: &Path, error: &io::Error) -> Error {
    let told = not_written(path).because(error.to_string());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            let name = path.display().to_string();
            told.hint(format!(
                "`-f - < {0} > {1}`, in place of `-f {0}`, writes another file",
                shell::quote(&name),
                shell::quote(&format!("{name}.new"))
            ))
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => told
            .note("The file is as it was.")
            .hint(Invocation::other("df").plain("-h").word(shown(path))),
        _ => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn save(path: &Path, before: &[u8], text: &str) -> Result<Saved> {
        let writer = FileWriter::new(false, None, Interrupt::default());
        writer.save(&Permit::for_a_test(), path, before, text)
    }

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn saving_keeps_the_mode_and_follows_links() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.yaml");
        let link = folder.path().join("link.yaml");
        fs::write(&real, "a").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real.yaml", &link).unwrap();
        assert_eq!(save(&link, b"a", "b").unwrap(), Saved::default());
        assert_eq!(fs::read(&real).unwrap(), b"b");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::metadata(&real).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(count(folder.path()), 2);
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "theirs").unwrap();
        for in_place in [false, true] {
            let writer = FileWriter::new(in_place, None, Interrupt::default());
            let error = writer
                .save(&Permit::for_a_test(), &file, b"ours", "new")
                .unwrap_err();
            assert_eq!(error.kind, Kind::Conflict);
            assert_eq!(fs::read(&file).unwrap(), b"theirs");
            assert_eq!(count(folder.path()), 1);
        }
        let missing = folder.path().join("no.yaml");
        assert_eq!(save(&missing, b"", "x").unwrap_err().kind, Kind::NotFound);
    }

    #[test]
    fn only_what_a_killed_run_left_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "a").unwrap();
        let keep = [".mk8s-abc.tmp", ".mk8s-abcde-.tmp", ".mk8s-abcdef", "x.tmp"];
        for name in keep.into_iter().chain([".mk8s-aB3dEf.tmp"]) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        symlink("a.yaml", folder.path().join(".mk8s-linked.tmp")).unwrap();
        fs::hard_link(
            folder.path().join("x.tmp"),
            folder.path().join(".mk8s-harder.tmp"),
        )
        .unwrap();
        save(&file, b"a", "b").unwrap();
        assert!(!folder.path().join(".mk8s-aB3dEf.tmp").exists());
        assert_eq!(count(folder.path()), 1 + keep.len() + 2);
    }

    #[test]
    fn an_error_names_the_file_and_what_can_be_done() {
        let path = Path::new("my file.yaml");
        let error = failed(path, &io::Error::from(ErrorKind::PermissionDenied));
        assert_eq!(error.message, "`my file.yaml` was not written");
        assert_eq!(
            error.hints,
            [
                "`-f - < 'my file.yaml' > 'my file.yaml.new'`, in place of `-f 'my file.yaml'`, writes \
              another file"
            ]
        );
        let error = failed(path, &io::Error::from(ErrorKind::StorageFull));
        assert_eq!(error.hints, ["df -h 'my file.yaml'"]);
    }
}
