//! The state file: what of a sandbox outlives its process.
//!
//! Written whole, and on disk before the answer of the write is sent: a killed sandbox has lost
//! nothing that was answered. Holds no token.

use super::held::{self, HeldFile};
use super::record::Record;
use crate::error::{Error, Kind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// The layout that this binary writes and reads.
const FORMAT: u32 = 1;

/// Everything that is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredState {
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

impl StoredState {
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

/// An open state file, held against other sandboxes.
#[derive(Debug)]
pub(super) struct StateFile(HeldFile);

impl StateFile {
    /// Locks the file and reads it; `None` if it does not exist yet.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<StoredState>), Error> {
        let not_started = |kind, reason: String| {
            let path = path.display();
            Error::new(
                kind,
                format!("the sandbox was not started with the state file {path}"),
            )
            .because(reason)
        };
        let other = |reason: String| {
            not_started(Kind::Refused, reason)
                .hint("name a file that does not exist; the sandbox makes it")
        };
        let (file, content) = HeldFile::open(path).map_err(|error| match error.kind {
            Kind::Refused => other(error.message),
            kind => not_started(kind, error.message),
        })?;
        let Some(content) = content else {
            return Ok((Self(file), None));
        };
        let not_ours = || {
            other(format!(
                "it is not the state of a sandbox: {}",
                held::what(&content)
            ))
        };
        let Head { format } = serde_json::from_slice(&content).map_err(|_| not_ours())?;
        if format != FORMAT {
            return Err(other(format!(
                "it has format {format}, this version reads {FORMAT}"
            )));
        }
        let state: StoredState = serde_json::from_slice(&content).map_err(|_| not_ours())?;
        Ok((Self(file), Some(state)))
    }

    /// The path of a file beside this one, which the lock guards as well.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.0.path().as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    }

    /// Puts the state on disk.
    pub(super) fn save(&mut self, state: &StoredState) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(state)?;
        text.push(b'\n');
        self.0.write(&text)
    }
}

/// What every layout has.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_state_is_read_back_and_the_file_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let (mut file, none) = StateFile::open(&path).unwrap();
        assert!(none.is_none());
        let mut state = StoredState::new("acme");
        state.made = 3;
        state.known.insert("rocket".to_owned());
        file.save(&state).unwrap();
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
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
        let path = folder.path().join("x");
        for (content, reason) in [
            (
                "kind: mk8s\n",
                "it is not the state of a sandbox: it is some other text",
            ),
            ("", "it is not the state of a sandbox: it is empty"),
            (
                r#"{"format":1}"#,
                "it is not the state of a sandbox: it is JSON of another kind",
            ),
            (
                r#"{"format":9,"clusters":[]}"#,
                "it has format 9, this version reads 1",
            ),
        ] {
            fs::write(&path, content).unwrap();
            let error = StateFile::open(&path).unwrap_err();
            assert_eq!(error.because, [reason]);
            assert_eq!(error.kind, Kind::Refused);
            assert!(error.message.ends_with(path.to_str().unwrap()), "{error:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        let error = StateFile::open(folder.path()).unwrap_err();
        assert_eq!(error.because, ["it is a folder"]);
    }
}
