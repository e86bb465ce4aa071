//! The state file: what of a sandbox outlives its process.
//!
//! Written whole, to a new file that takes the old one's place, and on disk before the answer of
//! the write is sent: a killed sandbox has lost nothing that was answered. Holds no token.

use super::record::Record;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The layout that this binary writes and reads.
const FORMAT: u32 = 1;

/// Everything that is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    format: u32,
    /// The org whose links are in the documents.
    pub(super) org: String,
    /// How many clusters were ever made: the source of ids.
    pub(super) made: u64,
    /// Add-on keys that came with seeds and that the catalogue does not have.
    pub(super) known: BTreeSet<String>,
    /// The clusters by name.
    pub(super) clusters: BTreeMap<String, Record>,
}

impl State {
    pub(super) fn new(org: &str) -> Self {
        Self {
            format: FORMAT,
            org: org.to_owned(),
            made: 0,
            known: BTreeSet::new(),
            clusters: BTreeMap::new(),
        }
    }
}

/// An open state file, held against other sandboxes by a lock on a file beside it.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    /// Kept for its lock.
    _lock: File,
}

impl StateFile {
    /// Locks the file and reads it; `None` if it does not exist yet.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<State>), Error> {
        let failed = |reason: String| {
            Error::failure(format!(
                "the sandbox was not started with the state file {}",
                path.display()
            ))
            .because(reason)
        };
        // A link is followed once, here, so that the rename replaces its target and not itself.
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let mut lock_path = path.clone().into_os_string();
        lock_path.push(".lock");
        let lock = File::create(&lock_path).map_err(|error| failed(error.to_string()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(failed("another sandbox is using it".to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error.to_string())),
        }
        let state = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error.to_string())),
            Ok(meta) if !meta.is_file() => return Err(failed("it is not a file".to_owned())),
            Ok(_) => {
                let text = fs::read(path).map_err(|error| failed(error.to_string()))?;
                let state: State = serde_json::from_slice(&text)
                    .map_err(|error| failed(format!("it is not a state file: {error}")))?;
                if state.format != FORMAT {
                    return Err(failed(format!(
                        "it has format {}, this version reads {FORMAT}",
                        state.format
                    )));
                }
                Some(state)
            }
        };
        let file = Self {
            path: path.clone(),
            _lock: lock,
        };
        Ok((file, state))
    }

    /// The path of a file beside this one, which the lock guards as well.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(ending);
        PathBuf::from(path)
    }

    /// Puts the state on disk.
    pub(super) fn save(&self, state: &State) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(state)?;
        text.push(b'\n');
        write_whole(&self.path, &text)
    }
}

/// Replaces a file by a new one, for its owner alone, in one step; on disk when this returns. Only
/// whoever holds the lock may call it.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Always the same name, which the lock makes ours: a killed sandbox leaves one at most.
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".tmp");
    match fs::remove_file(folder.join(&name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = tempfile::Builder::new()
        .prefix(&name)
        .rand_bytes(0)
        .tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_and_the_file_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let (file, none) = StateFile::open(&path).unwrap();
        assert!(none.is_none());
        let mut state = State::new("acme");
        state.made = 3;
        state.known.insert("rocket".to_owned());
        // What a killed sandbox left behind does not stand in the way.
        fs::write(folder.path().join("state.json.tmp"), "{").unwrap();
        file.save(&state).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        let busy = StateFile::open(&path).unwrap_err();
        assert_eq!(busy.because, ["another sandbox is using it"]);
        drop(file);
        let (_file, read) = StateFile::open(&path).unwrap();
        let read = read.unwrap();
        assert_eq!((read.made, read.org.as_str()), (3, "acme"));
        assert!(read.known.contains("rocket"));
    }

    #[test]
    fn what_is_not_a_state_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        for (content, reason) in [
            ("kind: mk8s\n", "it is not a state file: expected value"),
            (
                r#"{"format":9,"org":"a","made":0,"known":[],"clusters":{}}"#,
                "it has format 9",
            ),
        ] {
            let path = folder.path().join("x");
            fs::write(&path, content).unwrap();
            let error = StateFile::open(&path).unwrap_err();
            assert!(error.because[0].starts_with(reason), "{error:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        let error = StateFile::open(folder.path()).unwrap_err();
        assert_eq!(error.because, ["it is not a file"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        let (file, _) = StateFile::open(&target).unwrap();
        file.save(&State::new("acme")).unwrap();
        drop(file);
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let (file, state) = StateFile::open(&link).unwrap();
        let mut state = state.unwrap();
        state.made = 7;
        file.save(&state).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&target).unwrap().contains("\"made\": 7"));
    }
}
