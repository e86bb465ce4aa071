//! Manifest files on disk: finding, reading, writing.
//!
//! Writing is atomic and never overwrites what somebody else wrote meanwhile.

use super::Manifest;
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use walkdir::WalkDir;

/// Larger files are refused: a fleet of 10,000 clusters has 50 MB.
const LARGEST: u64 = 256 * 1024 * 1024;

/// How long another process may hold the folder while it writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// The files that are meant: a file as named, of a folder all `.yaml`, `.yml` and `.json` files in
/// it and below, sorted by name. A file that is named twice is there once.
///
/// What does not exist, and a folder without such files, is an error of kind "not found".
pub fn collect(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let name = path.display();
        let metadata = fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
        if !metadata.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| {
                let at = error.path().unwrap_or(path).to_owned();
                match error.io_error() {
                    Some(error) => cannot_read(&at, error),
                    None => Error::failure(format!("cannot read `{}`", at.display()))
                        .because("a link leads back to a folder above it"),
                }
            })?;
            let extension = entry.path().extension().and_then(|text| text.to_str());
            if entry.file_type().is_file() && matches!(extension, Some("yaml" | "yml" | "json")) {
                files.push(entry.into_path());
            }
        }
        if files.len() == before {
            return Err(
                Error::not_found(format!("there is no manifest in `{name}`"))
                    .because("the folder holds no .yaml, .yml or .json file"),
            );
        }
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(fs::canonicalize(file).unwrap_or_else(|_| file.clone())));
    Ok(files)
}

/// Reads and parses a file. Its path, as given, is the manifest's label.
///
/// Missing is "not found"; a folder, a device or pipe, and a file that is too large are refused
/// without being read.
pub fn read(path: &Path) -> Result<Manifest> {
    let metadata = fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
    let name = path.display();
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a folder"
        } else {
            "a pipe or device"
        };
        return Err(
            Error::refused(format!("cannot read a manifest from `{name}`"))
                .because(format!("it is {what}, not a file"))
                .hint("`-f -` reads standard input"),
        );
    }
    if metadata.len() > LARGEST {
        return Err(
            Error::refused(format!("cannot read a manifest from `{name}`"))
                .because(format!("it is larger than {} MiB", LARGEST / 1024 / 1024)),
        );
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| cannot_read(path, &error))?;
    Manifest::parse(&name.to_string(), bytes)
}

fn cannot_read(path: &Path, error: &io::Error) -> Error {
    let name = path.display();
    if error.kind() == io::ErrorKind::NotFound {
        return Error::not_found(format!("there is no file or folder `{name}`"));
    }
    Error::failure(format!("cannot read `{name}`")).because(error.to_string())
}

/// Replaces the content of a file by `text`, or leaves it as it is.
///
/// `before` is what was read: if the file holds something else by now, nothing is written and the
/// error is a conflict. The new content is complete on disk before it takes the file's place; mode
/// and, where the system allows it, owner are kept, and a symbolic link keeps pointing to the file.
pub fn save(path: &Path, before: &[u8], text: &str) -> Result<()> {
    let name = path.display();
    let failed = |error: io::Error| {
        Error::failure(format!("`{name}` was not written")).because(error.to_string())
    };
    let target = fs::canonicalize(path).map_err(|error| cannot_read(path, &error))?;
    let folder = target.parent().unwrap_or(Path::new("."));
    // Opened for writing although the file itself is not written to: a file that is read-only is
    // meant to stay as it is.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&target)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    drop(file);
    let mut temporary = tempfile::Builder::new()
        .prefix(".mk8s-")
        .tempfile_in(folder)
        .map_err(failed)?;
    temporary.write_all(text.as_bytes()).map_err(failed)?;
    keep_owner(temporary.as_file(), &metadata);
    temporary
        .as_file()
        .set_permissions(metadata.permissions())
        .map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    let folder = File::open(folder).map_err(failed)?;
    // Held until the end, so that two runs do not both find the file unchanged.
    lock(&folder, path)?;
    if !holds(&target, before).map_err(failed)? {
        return Err(Error::conflict(format!("`{name}` was not written"))
            .because("somebody else changed the file meanwhile")
            .hint("run the same command again"));
    }
    temporary
        .persist(&target)
        .map_err(|error| failed(error.error))?;
    // The new name is in place; a folder that cannot be synced (some network file systems) is no
    // reason to report the opposite.
    let _ = folder.sync_all();
    Ok(())
}

/// Whether the file holds exactly these bytes; it is never in memory as a whole.
fn holds(path: &Path, bytes: &[u8]) -> io::Result<bool> {
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

/// Takes the lock of the folder; where there are no locks, goes on without.
fn lock(folder: &File, path: &Path) -> Result<()> {
    let start = Instant::now();
    loop {
        match folder.try_lock() {
            Ok(()) | Err(fs::TryLockError::Error(_)) => return Ok(()),
            Err(fs::TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(fs::TryLockError::WouldBlock) => {
                return Err(
                    Error::conflict(format!("`{}` was not written", path.display()))
                        .because("another run of mk8s is writing in the same folder"),
                );
            }
        }
    }
}

/// Only root can give a file away; anybody else owns the new file, as after any other edit.
#[cfg(unix)]
fn keep_owner(file: &File, metadata: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let owner = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
    if owner.is_err() {
        let _ = fchown(file, None, Some(metadata.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _metadata: &fs::Metadata) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn saving_keeps_the_mode_and_follows_links() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.yaml");
        let link = folder.path().join("link.yaml");
        fs::write(&real, "a").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real.yaml", &link).unwrap();
        save(&link, b"a", "b").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"b");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::metadata(&real).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "theirs").unwrap();
        let error = save(&file, b"ours", "new").unwrap_err();
        assert_eq!(error.kind, Kind::Conflict);
        assert_eq!(fs::read(&file).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_or_lock_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no.yaml");
        assert_eq!(save(&missing, b"", "x").unwrap_err().kind, Kind::NotFound);
        assert_eq!(read(&missing).unwrap_err().kind, Kind::NotFound);
        assert_eq!(collect(&[missing]).unwrap_err().kind, Kind::NotFound);
        let empty = collect(&[folder.path().to_owned()]).unwrap_err();
        assert_eq!(empty.kind, Kind::NotFound);
    }

    #[test]
    fn folders_and_devices_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path(), Path::new("/dev/null")] {
            let error = read(path).unwrap_err();
            assert_eq!(error.kind, Kind::Refused, "{}", path.display());
            assert!(error.because[0].contains("not a file"), "{error}");
        }
    }

    #[test]
    fn folders_are_walked_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        for name in [
            "z.yaml",
            "b/c/x.json",
            "b/y.yml",
            "a.txt",
            "b/Chart.lock",
            "c.yaml.bak",
        ] {
            fs::write(root.join(name), "").unwrap();
        }
        symlink(root.join("z.yaml"), root.join("again.yaml")).unwrap();
        let files = collect(&[root.join("a.txt"), root.to_owned(), root.join("z.yaml")]).unwrap();
        let names: Vec<_> = files
            .iter()
            .map(|file| file.strip_prefix(root).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["a.txt", "again.yaml", "b/c/x.json", "b/y.yml"]);
    }
}
