//! Manifest files on disk: finding and reading. Writing is in `save`.

use super::{Manifest, in_place, save};
use crate::error::{Error, Result};
use crate::text::{self, Foreign};
use std::collections::HashSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Larger files are refused: a fleet of 10,000 clusters has 50 MB.
const LARGEST: u64 = 256 * 1024 * 1024;

/// What the paths on a command line come to.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The files that count, in order, each once.
    pub(crate) files: Vec<Input>,
    /// What was left out.
    pub(crate) skipped: Skipped,
}

/// A file that counts.
#[derive(Debug)]
pub(crate) struct Input {
    /// Where it is, as it was named or found; `None` for standard input.
    pub(crate) path: Option<PathBuf>,
    /// How it is called: the path, `-` for standard input.
    pub(crate) label: String,
    /// What is in it, or why it could not be read.
    pub(crate) manifest: Result<Manifest>,
    /// Whether it was named itself, and not found in a folder or by a pattern.
    pub(crate) is_named: bool,
}

/// What was found in folders and is no manifest of a cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Skipped {
    without_cluster: usize,
    templates: usize,
    dangling: usize,
    loops: usize,
}

impl Input {
    fn new(path: PathBuf, manifest: Result<Manifest>, is_named: bool) -> Self {
        Self {
            label: path.display().to_string(),
            path: Some(path),
            manifest,
            is_named,
        }
    }
}

impl Skipped {
    /// How much that is.
    pub(crate) fn count(self) -> usize {
        self.without_cluster + self.templates + self.dangling + self.loops
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = [
            (
                self.without_cluster,
                "without kind: mk8s",
                "without kind: mk8s",
            ),
            (self.templates, "template", "templates"),
            (self.dangling, "dangling link", "dangling links"),
            (
                self.loops,
                "link to a folder above it",
                "links to folders above them",
            ),
        ]
        .into_iter()
        .filter(|&(count, ..)| count > 0)
        .map(|(count, one, several)| format!("{count} {}", if count == 1 { one } else { several }))
        .collect();
        write!(f, "skipped {}: {}", self.count(), parts.join(", "))
    }
}

/// How files are taken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taking {
    /// Files that are named are left out like those in folders.
    pub(crate) lenient: bool,
    /// Every document is looked into, so that none is to be parsed twice.
    pub(crate) whole: bool,
}

impl Taking {
    fn kept(self) -> usize {
        if self.whole {
            super::KEPT_WHOLE
        } else {
            super::KEPT
        }
    }

    fn parse(self, label: &str, bytes: Vec<u8>) -> Result<Manifest> {
        Manifest::parse_or(label, bytes, self.kept()).map_err(|unread| unread.error)
    }
}

/// Reads what is meant by the paths: `-` for standard input, which `stdin` reads; a file as named; of a folder, and of what a pattern matches, the
/// `.yaml`, `.yml` and `.json` files that hold a cluster, sorted by name.
///
/// Not walked are names that begin with a dot, and `node_modules`. What is in a folder and cannot be
/// a cluster's manifest is counted and left out; what holds the bytes of one and cannot be read is
/// that file's own error. Here fail a path that is not there and a folder without any manifest.
pub(crate) fn gather(
    paths: &[PathBuf],
    copies: Option<&Path>,
    taking: Taking,
    stdin: impl Fn() -> Result<Vec<u8>>,
) -> Result<Gathered> {
    let mut gathered = Gathered::default();
    let mut seen = HashSet::new();
    for path in paths {
        if path == Path::new("-") {
            if gathered.files.iter().any(|file| file.path.is_none()) {
                return Err(Error::usage("stdin was named twice"));
            }
            gathered.files.push(Input {
                path: None,
                label: "-".to_owned(),
                manifest: stdin().and_then(|bytes| taking.parse(super::STDIN, bytes)),
                is_named: true,
            });
            continue;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let found = walk(path, &mut gathered.skipped);
                if found.is_empty() && gathered.skipped.count() == 0 {
                    return Err(Error::not_found(format!(
                        "there is no manifest in `{}`",
                        Foreign(&path.display().to_string())
                    ))
                    .because("the folder holds no .yaml, .yml or .json file"));
                }
                gathered.take_found(found, &mut seen, copies, taking);
            }
            Ok(_) if taking.lenient => {
                gathered.take_found(vec![Ok(path.clone())], &mut seen, copies, taking);
            }
            Ok(_) => {
                if seen.insert(real(path)) {
                    let manifest = bytes(path, copies)
                        .and_then(|bytes| taking.parse(&path.display().to_string(), bytes))
                        .and_then(named);
                    gathered
                        .files
                        .push(Input::new(path.clone(), manifest, true));
                }
            }
            Err(error) => match matches(path) {
                Some(found) => {
                    let found = found?;
                    let mut files = Vec::new();
                    for path in found {
                        if path.is_dir() {
                            files.extend(walk(&path, &mut gathered.skipped));
                        } else if is_there(&path, &mut gathered.skipped) {
                            files.push(Ok(path));
                        }
                    }
                    gathered.take_found(files, &mut seen, copies, taking);
                }
                None => return Err(cannot_read(path, &error)),
            },
        }
    }
    Ok(gathered)
}

impl Gathered {
    /// Takes in files that were not named themselves.
    fn take_found(
        &mut self,
        found: Vec<Result<PathBuf, (PathBuf, Error)>>,
        seen: &mut HashSet<PathBuf>,
        copies: Option<&Path>,
        taking: Taking,
    ) {
        for path in found {
            let path = match path {
                Ok(path) => path,
                Err((path, error)) => {
                    self.files.push(Input::new(path, Err(error), false));
                    continue;
                }
            };
            if !seen.insert(real(&path)) {
                continue;
            }
            let manifest = match bytes(&path, copies) {
                Ok(bytes) => match found_manifest(&path, bytes, taking) {
                    FolderEntry::Cluster(manifest) => Ok(manifest),
                    FolderEntry::Nothing => {
                        self.skipped.without_cluster += 1;
                        continue;
                    }
                    FolderEntry::Template => {
                        self.skipped.templates += 1;
                        continue;
                    }
                    FolderEntry::Unreadable(error) => Err(error),
                },
                Err(error) => Err(error),
            };
            self.files.push(Input::new(path, manifest, false));
        }
    }
}

/// A file that was named, unless it is another tool's description of a cluster.
fn named(manifest: Manifest) -> Result<Manifest> {
    match manifest.foreign() {
        Some(error) => Err(error),
        None => Ok(manifest),
    }
}

/// What a file in a folder is.
enum FolderEntry {
    Cluster(Manifest),
    Nothing,
    Template,
    Unreadable(Error),
}

fn found_manifest(path: &Path, bytes: Vec<u8>, taking: Taking) -> FolderEntry {
    let kind = crate::cluster::KIND.as_bytes();
    let has_kind = bytes
        .windows(kind.len())
        .any(|part| part == kind || taking.whole && part.eq_ignore_ascii_case(kind));
    // Most of what lies about in a repository is not even parsed. An escape may write the kind.
    if !has_kind && !bytes.contains(&b'\\') {
        return FolderEntry::Nothing;
    }
    match Manifest::parse_or(&path.display().to_string(), bytes, taking.kept()) {
        Ok(manifest) if manifest.clusters().next().is_some() => FolderEntry::Cluster(manifest),
        Ok(manifest) if taking.whole && manifest.almost().is_some() => {
            FolderEntry::Cluster(manifest)
        }
        Ok(_) => FolderEntry::Nothing,
        Err(_) if !has_kind => FolderEntry::Nothing,
        Err(unread) if unread.is_template => FolderEntry::Template,
        Err(unread) => FolderEntry::Unreadable(unread.error),
    }
}

/// The file itself, so that none is there twice.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn is_manifest_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|text| text.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

/// Names that no person gave to a manifest: those of editors, tools and systems.
fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b".") || name == "node_modules")
}

/// Whether something is behind the name; a link that leads nowhere is counted.
fn is_there(path: &Path, skipped: &mut Skipped) -> bool {
    let is_there = fs::metadata(path).is_ok() || fs::symlink_metadata(path).is_err();
    skipped.dangling += usize::from(!is_there);
    is_there
}

/// The files of a folder that have a manifest's name, and the folders in it that cannot be read.
fn walk(folder: &Path, skipped: &mut Skipped) -> Vec<Result<PathBuf, (PathBuf, Error)>> {
    let mut found = Vec::new();
    let entries = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.path()));
    for entry in entries {
        match entry {
            Ok(entry) => {
                if entry.file_type().is_file() && is_manifest_name(entry.path()) {
                    found.push(Ok(entry.into_path()));
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                if is_hidden(&path) {
                    continue;
                }
                match error.io_error() {
                    None => skipped.loops += 1,
                    Some(io) if is_there(&path, skipped) => {
                        let error = cannot_read(&path, io);
                        found.push(Err((path, error)));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    found
}

/// What a pattern matches, if the path is one; nothing is an error.
fn matches(path: &Path) -> Option<Result<Vec<PathBuf>>> {
    let text = path.to_str()?;
    if !text.contains(['*', '?', '[']) {
        return None;
    }
    let shown = Foreign(text);
    let options = glob::MatchOptions {
        require_literal_separator: true,
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let found = match glob::glob_with(text, options) {
        Ok(found) => found,
        Err(error) => {
            return Some(Err(
                Error::usage(format!("`{shown}` is not a pattern")).because(error.msg.to_owned())
            ));
        }
    };
    let mut files = Vec::new();
    for entry in found {
        match entry {
            Ok(path) => files.push(path),
            Err(error) => return Some(Err(cannot_read(error.path(), error.error()))),
        }
    }
    if files.is_empty() {
        return Some(Err(Error::not_found(format!(
            "there is no file or folder `{shown}`"
        ))
        .because("nothing matches it as a pattern either")));
    }
    Some(Ok(files))
}

/// Reads and parses a file. Its path, as given, is the manifest's label.
///
/// Missing is "not found"; a folder, a device or pipe, and a file that is too large are refused
/// without being read. So is one that a run was killed over while it wrote it in place: `copies` is
/// the folder where copies lie that are not beside their files.
pub(crate) fn read(path: &Path, copies: Option<&Path>) -> Result<Manifest> {
    let bytes = bytes(path, copies)?;
    Manifest::parse(&path.display().to_string(), bytes)
}

/// The bytes of a file.
fn bytes(path: &Path, copies: Option<&Path>) -> Result<Vec<u8>> {
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
                .hint("`-` in its place reads standard input"),
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
    Ok(bytes)
}

/// More names than this of a folder are not looked at for a guess.
const GUESSED: usize = 1000;

/// What is there and is called nearly so: the first part of the path that is not there may be a slip.
fn nearest(path: &Path) -> Option<String> {
    let is_there = |it: &&Path| it.as_os_str().is_empty() || it.exists();
    let above = path.ancestors().skip(1).find(is_there)?;
    let mut rest = path.strip_prefix(above).ok()?.components();
    let word = rest.next()?.as_os_str().to_str()?;
    let folder = if above.as_os_str().is_empty() {
        Path::new(".")
    } else {
        above
    };
    let names: Vec<String> = fs::read_dir(folder)
        .ok()?
        .take(GUESSED)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let near = text::nearest(word, names.iter().map(String::as_str))?;
    let near = Path::new(near);
    let found = rest.fold(above.join(near), |found, part| found.join(part));
    found.exists().then(|| found.display().to_string())
}

pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Error {
    let name = path.display();
    if error.kind() == io::ErrorKind::NotFound {
        let near = nearest(path).map(|near| format!("did you mean `{}`?", Foreign(&near)));
        return Error::not_found(format!("there is no file or folder `{name}`"))
            .in_file(name.to_string())
            .hint_if(near);
    }
    Error::failure(format!("cannot read `{name}`"))
        .because(error.to_string())
        .in_file(name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::os::unix::fs::symlink;

    const CLUSTER: &str = "kind: mk8s\nname: a\nspec: {}\n";

    fn names(root: &Path, gathered: &Gathered) -> Vec<String> {
        let names = gathered.files.iter().map(|file| {
            let path = file.path.as_deref().unwrap();
            path.strip_prefix(root).unwrap().display().to_string()
        });
        names.collect()
    }

    fn gather(paths: &[PathBuf]) -> Result<Gathered> {
        super::gather(paths, None, Taking::default(), || Ok(CLUSTER.into()))
    }

    #[test]
    fn standard_input_is_read_once() {
        let dash = PathBuf::from("-");
        let gathered = gather(std::slice::from_ref(&dash)).unwrap();
        assert_eq!(gathered.files[0].label, "-");
        assert_eq!(gather(&[dash.clone(), dash]).unwrap_err().kind, Kind::Usage);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no.yaml");
        assert_eq!(read(&missing, None).unwrap_err().kind, Kind::NotFound);
        for path in [
            missing,
            folder.path().to_owned(),
            folder.path().join("*.yaml"),
        ] {
            let error = gather(&[path]).unwrap_err();
            assert_eq!(error.kind, Kind::NotFound);
        }
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
        for below in ["b/c", ".git", "node_modules/x"] {
            fs::create_dir_all(root.join(below)).unwrap();
        }
        for name in [
            "z.yaml",
            "b/c/x.json",
            "b/y.yml",
            "a.txt",
            "b/Chart.lock",
            "c.yaml.bak",
            ".git/x.yaml",
            "node_modules/x/y.yaml",
            "._c.yaml",
        ] {
            fs::write(root.join(name), CLUSTER).unwrap();
        }
        symlink(root.join("z.yaml"), root.join("again.yaml")).unwrap();
        let paths = [root.join("a.txt"), root.to_owned(), root.join("z.yaml")];
        let gathered = gather(&paths).unwrap();
        assert_eq!(
            names(root, &gathered),
            ["a.txt", "again.yaml", "b/c/x.json", "b/y.yml"]
        );
        assert_eq!(gathered.skipped, Skipped::default());
        let named: Vec<bool> = gathered.files.iter().map(|file| file.is_named).collect();
        assert_eq!(named, [true, false, false, false]);
        let pattern = gather(&[root.join("*/*.yml"), root.join("?.yaml")]).unwrap();
        assert_eq!(names(root, &pattern), ["b/y.yml", "z.yaml"]);
    }

    #[test]
    fn what_cannot_be_a_cluster_is_counted_and_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("deep")).unwrap();
        for (name, text) in [
            ("a.yaml", CLUSTER),
            ("values.yaml", "a: {{ b }}\n"),
            ("gvc.yaml", "kind: gvc\nname: mk8s\n"),
            (
                "tpl.yaml",
                "kind: mk8s\n{{- if .x }}\nname: a\n{{- end }}\n",
            ),
            ("bad.yaml", "kind: mk8s\nname: [\n"),
            ("escaped.json", "{\"kind\": \"mk\\u0038s\"}"),
        ] {
            fs::write(root.join(name), text).unwrap();
        }
        symlink("user@host.1:2", root.join(".#a.yaml")).unwrap();
        symlink("gone", root.join("README")).unwrap();
        symlink("..", root.join("deep/up")).unwrap();
        let gathered = gather(&[root.to_owned()]).unwrap();
        assert_eq!(
            names(root, &gathered),
            ["a.yaml", "bad.yaml", "escaped.json"]
        );
        assert!(gathered.files[1].manifest.is_err());
        assert_eq!(
            gathered.skipped.to_string(),
            "skipped 5: 2 without kind: mk8s, 1 template, 1 dangling link, \
             1 link to a folder above it"
        );
        let named = gather(&[root.join("tpl.yaml")]).unwrap();
        let error = named.files[0].manifest.as_ref().unwrap_err();
        assert!(error.message.contains("is a Helm template"), "{error}");
    }
}
