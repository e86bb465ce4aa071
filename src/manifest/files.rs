//! Manifest files on disk: finding and reading. Writing is in `save`.

use super::{Manifest, in_place, save};
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Larger files are refused: a fleet of 10,000 clusters has 50 MB.
const LARGEST: u64 = 256 * 1024 * 1024;

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
/// without being read. So is one that a run was killed over while it wrote it in place: `copies` is
/// the folder where copies lie that are not beside their files.
pub fn read(path: &Path, copies: Option<&Path>) -> Result<Manifest> {
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
    let file = File::open(path).map_err(|error| cannot_read(path, &error))?;
    // Nobody is in the middle of writing it in place.
    let _ = save::wait(|| file.try_lock_shared());
    in_place::whole(path, copies)?;
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read(path, &error))?;
    Manifest::parse(&name.to_string(), bytes)
}

pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Error {
    let name = path.display();
    if error.kind() == io::ErrorKind::NotFound {
        return Error::not_found(format!("there is no file or folder `{name}`"));
    }
    Error::failure(format!("cannot read `{name}`")).because(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_is_not_there_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no.yaml");
        assert_eq!(read(&missing, None).unwrap_err().kind, Kind::NotFound);
        assert_eq!(collect(&[missing]).unwrap_err().kind, Kind::NotFound);
        let empty = collect(&[folder.path().to_owned()]).unwrap_err();
        assert_eq!(empty.kind, Kind::NotFound);
    }

    #[test]
    fn folders_and_devices_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path(), Path::new("/dev/null")] {
            let error = read(path, None).unwrap_err();
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
