//! The files: made for their owner alone, added to, and on the disk before what they speak of is changed.

use super::record::{self, HistoryHeader, HistoryRun, KeptChange, KeptTarget};
use crate::error::{Error, Result};
use crate::text::Foreign;
use std::cell::Cell;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// So many runs are kept.
const KEPT: usize = 200;
/// No file of a run is longer.
const LONGEST: u64 = 256 * 1024 * 1024;
/// What their names end with.
const ENDING: &str = ".jsonl";

/// The folder of all runs.
#[derive(Debug)]
pub(crate) struct History {
    folder: PathBuf,
}

/// Keeps what one run changes.
#[derive(Debug)]
pub(crate) struct HistoryWriter {
    id: String,
    file: File,
    /// How many targets were added.
    count: Cell<usize>,
}

impl History {
    /// The one below the user's folder of state.
    pub(crate) fn below(state: &Path) -> Self {
        Self {
            folder: state.join("history"),
        }
    }

    /// The names of all runs, the last one first.
    pub(crate) fn ids(&self) -> Result<Vec<String>> {
        let found = match fs::read_dir(&self.folder) {
            Ok(found) => found,
            Err(error) if is_nowhere(&error) => return Ok(Vec::new()),
            Err(error) => return Err(self.unread(&error)),
        };
        let mut ids: Vec<String> = found
            .filter_map(|entry| {
                let name = entry.ok()?.file_name().into_string().ok()?;
                name.strip_suffix(ENDING).map(str::to_owned)
            })
            .collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }

    /// A run; `None` if there is none of that name.
    pub(crate) fn read(&self, id: &str) -> Result<Option<HistoryRun>> {
        if !id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
            return Ok(None);
        }
        let mut text = Vec::new();
        let read =
            File::open(self.path(id)).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
        match read {
            Ok(_) => HistoryRun::parse(&String::from_utf8_lossy(&text), id).map(Some),
            Err(error) if is_nowhere(&error) => Ok(None),
            Err(error) => Err(self.unread(&error)),
        }
    }

    /// Begins a run. The error is the reason alone.
    pub(crate) fn begin(&self, header: &HistoryHeader) -> Result<HistoryWriter, String> {
        let reason = |error: io::Error| {
            let folder = self.folder.to_string_lossy();
            format!("{}: {error}", Foreign(&folder))
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(reason)?;
        for old in self.ids().unwrap_or_default().iter().skip(KEPT - 1) {
            // One that stays is no harm.
            let _ = fs::remove_file(self.path(old));
        }
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path(&header.id))
            .map_err(reason)?;
        let writer = HistoryWriter {
            id: header.id.clone(),
            file,
            count: Cell::new(0),
        };
        // A header has texts alone, so that this cannot fail.
        let line = serde_json::to_string(header).unwrap_or_default();
        writer.add(&line).map_err(reason)?;
        if let Ok(folder) = File::open(&self.folder) {
            // A file system that cannot do it does it by itself.
            let _ = folder.sync_all();
        }
        Ok(writer)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}{ENDING}"))
    }

    fn unread(&self, error: &io::Error) -> Error {
        let folder = self.folder.to_string_lossy();
        Error::failure(format!("`{}` cannot be read", Foreign(&folder))).because(error.to_string())
    }
}

/// Whether there is nothing to be read.
fn is_nowhere(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

impl HistoryWriter {
    /// The name of the run.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Adds targets that are about to be changed, and gives the number of the first; they are on the disk
    /// then. The error is the reason alone.
    pub(crate) fn begun(&self, targets: &[(KeptTarget, Vec<KeptChange>)]) -> Result<usize, String> {
        let lines = targets
            .iter()
            .map(|(target, changes)| record::begun(target, changes));
        self.add(&lines.collect::<Vec<_>>().join("\n"))
            .and_then(|()| self.file.sync_data())
            .map_err(|error| error.to_string())?;
        let first = self.count.get();
        self.count.set(first + targets.len());
        Ok(first)
    }

    /// Adds whether one was changed, and what, if that is something else than was to be. A word that is
    /// lost costs a look.
    pub(crate) fn ended(&self, number: usize, is_changed: bool, changes: Option<&[KeptChange]>) {
        let _ = self.add(&record::ended(number, is_changed, changes));
    }

    fn add(&self, line: &str) -> io::Result<()> {
        let mut file = &self.file;
        file.write_all(format!("{line}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::PermissionsExt as _;

    fn header(id: &str) -> HistoryHeader {
        HistoryHeader::new((id.to_owned(), "t".to_owned()), vec!["addon".to_owned()])
    }

    #[test]
    fn runs_are_kept_for_their_user_alone_and_only_so_many() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::below(&folder.path().join("mk8s"));
        assert_eq!(history.ids().unwrap(), [""; 0]);
        assert!(history.read("20260101-000000-0000").unwrap().is_none());
        let target = KeptTarget::Cluster {
            org: "acme".to_owned(),
            endpoint: "https://x".to_owned(),
            name: "prod".to_owned(),
        };
        let change = KeptChange {
            key: "metrics".to_owned(),
            before: json!({"kubeState": true}),
            after: json!(null),
            left_out: Vec::new(),
        };
        for number in 0..KEPT + 3 {
            let writer = history.begin(&header(&format!("{number:04}"))).unwrap();
            let number = writer
                .begun(&[(target.clone(), vec![change.clone()])])
                .unwrap();
            writer.ended(number, true, None);
        }
        let ids = history.ids().unwrap();
        assert_eq!(ids.len(), KEPT);
        assert_eq!(ids[0], format!("{:04}", KEPT + 2));
        let run = history.read(&ids[0]).unwrap().unwrap();
        assert_eq!(run.entries[0].changes, [change]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&history.path(&ids[0])), 0o600);
        assert_eq!(mode(&history.folder), 0o700);
        assert!(history.read("../mk8s/x").unwrap().is_none());
        // Another run never gets the same name.
        assert!(history.begin(&header(&ids[0])).is_err());
    }
}
