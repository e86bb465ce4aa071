//! The file: made for its owner alone, added to, and on the disk when it is said to be.

use super::record::{FleetJournal, JournalHeader, JournalRecord};
use crate::error::{Error, Kind, Result};
use crate::text::Foreign;
use rustix::fs::{Access, FlockOperation, flock};
use std::cell::{Cell, RefCell};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Mutex;

/// So many journals are kept where nobody named a file.
const KEPT: usize = 200;
/// No journal is longer.
const LONGEST: u64 = 256 * 1024 * 1024;
/// What the names of journals end with.
const ENDING: &str = "jsonl";

/// A journal that is added to.
pub(crate) struct JournalWriter {
    path: PathBuf,
    file: Arc<File>,
    /// What was added and not written out yet.
    line: RefCell<String>,
    /// How many lines were added, and how many are on the disk for sure.
    added: Cell<u64>,
    kept: Cell<u64>,
    /// One has the disk work at a time; those behind it are done with it by then, mostly.
    disk: Mutex<()>,
}

/// The folder of journals below that of the user's state.
pub(crate) fn folder_of(state: &Path) -> PathBuf {
    state.join("journal")
}

/// Finds and reads a journal: a file, or the name of a run in the folder.
pub(crate) fn read(word: &str, folder: Option<&Path>) -> Result<(PathBuf, FleetJournal)> {
    let path = find(word, folder);
    let unread = |error: &io::Error| {
        let what = format!("the journal `{}` cannot be read", Foreign(word));
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                Error::not_found(format!("no journal `{}`", Foreign(word)))
                    .because("neither a file nor a run of that name is there")
            }
            _ => Error::failure(what).because(error.to_string()),
        }
    };
    let mut text = Vec::new();
    let file = File::open(&path).map_err(|error| unread(&error))?;
    file.take(LONGEST)
        .read_to_end(&mut text)
        .map_err(|error| unread(&error))?;
    let text = String::from_utf8_lossy(&text);
    Ok((path, FleetJournal::parse(&text, word)?))
}

/// The names of the runs in the folder.
pub(crate) fn names(folder: Option<&Path>) -> Vec<String> {
    let files = folder.map(files).unwrap_or_default().into_iter();
    files
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

fn find(word: &str, folder: Option<&Path>) -> PathBuf {
    let path = PathBuf::from(word);
    let is_name = !word.contains('/') && !path.exists();
    match folder.filter(|_| is_name) {
        Some(folder) => folder.join(format!("{word}.{ENDING}")),
        None => path,
    }
}

impl JournalWriter {
    /// Begins one in a file of that name, which must not be there, or in the folder.
    pub(crate) fn begin(
        file: Option<&Path>,
        folder: Option<&Path>,
        header: &JournalHeader,
    ) -> Result<Self> {
        let path = match (file, folder) {
            (Some(file), _) => file.to_owned(),
            (None, Some(folder)) => {
                make(folder).map_err(|error| unwritten(folder, &error))?;
                clear(folder);
                folder.join(format!("{}.{ENDING}", header.id))
            }
            (None, None) => {
                return Err(Error::failure("no journal can be kept")
                    .because("neither HOME nor XDG_STATE_HOME is set")
                    .hint("--journal FILE says where"));
            }
        };
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => taken(&path),
                _ => unwritten(&path, &error),
            })?;
        let writer = Self::over(path, file)?;
        // A header has texts and numbers alone, so that this cannot fail.
        let line = serde_json::to_string(header).unwrap_or_default();
        writer.add_line(&line);
        writer.flush()?;
        writer
            .file
            .sync_all()
            .map_err(|error| writer.broken(&error))?;
        if let Some(Ok(folder)) = writer.path.parent().map(|parent| {
            let here = Path::new(".");
            File::open(if parent.as_os_str().is_empty() {
                here
            } else {
                parent
            })
        }) {
            // A file system that cannot do it does it by itself.
            let _ = folder.sync_all();
        }
        Ok(writer)
    }

    /// Goes on with one that is there. Two runs cannot at a time.
    pub(crate) fn resume(path: &Path) -> Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(path)
            .map_err(|error| unwritten(path, &error))?;
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(-1)).is_ok() {
            file.read_exact(&mut last)
                .map_err(|error| unwritten(path, &error))?;
        }
        let writer = Self::over(path.to_owned(), file)?;
        if last != [b'\n'] {
            // What broke off stays alone on its line.
            writer.add_line("");
        }
        Ok(writer)
    }

    fn over(path: PathBuf, file: File) -> Result<Self> {
        if flock(&file, FlockOperation::NonBlockingLockExclusive)
            .is_err_and(|error| error == rustix::io::Errno::WOULDBLOCK)
        {
            return Err(
                Error::conflict("the run was not taken up again").because(format!(
                    "another process is at it, and writes `{}`",
                    Foreign(&path.to_string_lossy())
                )),
            );
        }
        Ok(Self {
            path,
            file: Arc::new(file),
            line: RefCell::new(String::new()),
            added: Cell::new(0),
            kept: Cell::new(0),
            disk: Mutex::new(()),
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a record; it is on the disk some time.
    pub(crate) fn add(&self, record: &JournalRecord<'_>) -> Result<()> {
        self.add_line(&record.line());
        self.flush()
    }

    /// Adds a record, and waits until it is on the disk.
    pub(crate) async fn keep(&self, record: &JournalRecord<'_>) -> Result<()> {
        self.add(record)?;
        let wanted = self.added.get();
        let _disk = self.disk.lock().await;
        if self.kept.get() >= wanted {
            return Ok(());
        }
        let (file, upto) = (Arc::clone(&self.file), self.added.get());
        let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
        let synced = synced.unwrap_or_else(|error| Err(io::Error::other(error)));
        synced.map_err(|error| self.broken(&error))?;
        self.kept.set(upto);
        Ok(())
    }

    fn add_line(&self, line: &str) {
        let mut all = self.line.borrow_mut();
        all.push_str(line);
        all.push('\n');
        self.added.set(self.added.get() + 1);
    }

    fn flush(&self) -> Result<()> {
        let line = std::mem::take(&mut *self.line.borrow_mut());
        let mut file = &*self.file;
        file.write_all(line.as_bytes())
            .map_err(|error| self.broken(&error))
    }

    fn broken(&self, error: &io::Error) -> Error {
        unwritten(&self.path, error)
    }
}

/// Refuses a file that is there, or cannot be made: before anything is planned, which makes none.
pub(crate) fn can_begin(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Err(taken(path)),
    };
    let access = Access::WRITE_OK | Access::EXEC_OK;
    let reason = match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Some("its folder is a file".to_owned()),
        Ok(_) => rustix::fs::access(folder, access)
            .err()
            .map(|error| io::Error::from(error).to_string()),
        Err(error) => Some(format!("`{}`: {error}", Foreign(&folder.to_string_lossy()))),
    };
    match reason {
        None => Ok(()),
        Some(reason) => Err(Error::usage(format!(
            "the journal `{}` cannot be made",
            Foreign(&path.to_string_lossy())
        ))
        .because(reason)),
    }
}

fn taken(path: &Path) -> Error {
    let path = path.to_string_lossy();
    Error::usage(format!("`{}` is there already", Foreign(&path)))
        .because("a journal is never overwritten")
        .hint("--resume takes the run up that it is of; else name another file")
}

fn unwritten(path: &Path, error: &io::Error) -> Error {
    Error::new(
        Kind::Failure,
        format!(
            "the journal `{}` cannot be written",
            Foreign(&path.to_string_lossy())
        ),
    )
    .because(error.to_string())
}

fn make(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// Removes the oldest journals beyond those that are kept. Their names begin with their time.
fn clear(folder: &Path) {
    let mut all = files(folder);
    all.sort_unstable();
    let surplus = all.len().saturating_sub(KEPT - 1);
    for old in all.into_iter().take(surplus) {
        // One that stays is no harm.
        let _ = fs::remove_file(old);
    }
}

/// The journals in the folder; none if it cannot be read.
fn files(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    found
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == ENDING))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{FrozenTarget, fingerprint};

    fn header(id: &str) -> JournalHeader {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        JournalHeader::new(
            pair(id, "t"),
            pair("acme", "e"),
            Vec::new(),
            fingerprint(""),
            Vec::<FrozenTarget>::new(),
        )
    }

    fn ended(name: &str) -> JournalRecord<'_> {
        JournalRecord::Ended {
            name,
            state: "changed",
            version: Some(2),
            because: None,
            changes: None,
        }
    }

    #[tokio::test]
    async fn what_is_added_is_read_by_the_name_of_the_run_or_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a/b");
        let writer = JournalWriter::begin(None, Some(&folder), &header("one")).unwrap();
        writer.keep(&ended("x")).await.unwrap();
        writer.add(&ended("y")).unwrap();
        let path = writer.path().to_owned();
        // Nobody else goes on with it meanwhile.
        let busy = JournalWriter::resume(&path).err().unwrap();
        assert_eq!(busy.kind, Kind::Conflict);
        drop(writer);
        fs::write(&path, fs::read_to_string(&path).unwrap() + "{\"chan").unwrap();
        let again = JournalWriter::resume(&path).unwrap();
        again.add(&ended("z")).unwrap();
        for word in ["one", path.to_str().unwrap()] {
            let (_, journal) = read(word, Some(&folder)).unwrap();
            let names: Vec<&str> = journal.entries.keys().map(String::as_str).collect();
            assert_eq!(names, ["x", "y", "z"], "{word}");
        }
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read("two", Some(&folder)).unwrap_err().kind, Kind::NotFound);
        let taken = JournalWriter::begin(Some(&path), None, &header("two"))
            .err()
            .unwrap();
        assert_eq!(taken.kind, Kind::Usage);
    }

    #[test]
    fn the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..KEPT + 3 {
            fs::write(folder.path().join(format!("{number:04}.jsonl")), "").unwrap();
        }
        let _new = JournalWriter::begin(None, Some(folder.path()), &header("9999")).unwrap();
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, KEPT);
        assert!(!folder.path().join("0003.jsonl").exists());
    }
}
