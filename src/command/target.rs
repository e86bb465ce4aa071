//! What a command works on: live clusters or manifest files.

use super::Context;
use crate::cli::TargetArgs;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::manifest::{self, Manifest};
use crate::text::{Foreign, excerpt, printable};
use crate::ui::wire;
use std::path::{Path, PathBuf};

/// How much of standard input is read, in bytes.
pub(super) const STDIN_LIMIT: u64 = 256 * 1024 * 1024;

/// What was named on the command line.
pub(super) enum Target {
    /// Nothing.
    None,
    /// Live clusters.
    Clusters(Vec<String>),
    /// Manifests, and the names of the documents that count (all if empty).
    Files(Vec<PathBuf>, Vec<String>),
}

/// Sorts out `-c`, `-f` and `MK8S_CLUSTER`. With `changing`, a cluster from the environment is
/// named together with its source.
pub(super) fn resolve(cx: &Context, args: &TargetArgs, changing: bool) -> Result<Target> {
    if !args.file.is_empty() {
        return Ok(Target::Files(args.file.clone(), args.cluster.clone()));
    }
    let mut names = args.cluster.clone();
    if names.is_empty()
        && let Some(name) = cx.env.get("MK8S_CLUSTER")
    {
        if changing && check_name(name).is_ok() {
            cx.ui
                .status(&format!("Cluster {}, from MK8S_CLUSTER", Foreign(name)));
        }
        names.push(name.to_owned());
    }
    if names.is_empty() {
        return Ok(Target::None);
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    for name in &names {
        check_name(name)?;
    }
    Ok(Target::Clusters(names))
}

/// Refuses a name that no cluster can have, before anything is sent.
pub(super) fn check_name(name: &str) -> Result<()> {
    crate::control::check_name(name).map_err(|reason| {
        let name = excerpt(name, 80);
        Error::usage(format!("`{name}` is not the name of a cluster")).because(reason)
    })
}

/// The error of a command that needs a target and got none.
pub(super) fn missing() -> Error {
    Error::usage("no cluster and no file was named")
        .hint("name a live cluster with -c NAME, or a manifest with -f FILE")
}

/// One manifest with the place it came from.
pub(super) struct Loaded {
    /// The file, or `None` for stdin.
    pub(super) path: Option<PathBuf>,
    /// How it is called: the path as it was named, `-` for stdin.
    pub(super) label: String,
    /// What is in them.
    pub(super) manifest: Manifest,
    /// The numbers of the cluster documents that count.
    pub(super) documents: Vec<usize>,
}

impl Loaded {
    /// The document with the number.
    pub(super) fn document(&self, number: usize) -> Option<&manifest::Document> {
        self.manifest.documents().get(number.checked_sub(1)?)
    }

    /// The cluster that a document describes.
    pub(super) fn cluster(&self, number: usize) -> Cluster {
        Cluster::new(
            self.document(number)
                .map(manifest::Document::value)
                .unwrap_or_default(),
        )
    }

    /// The name of the cluster that a document describes.
    pub(super) fn name(&self, number: usize) -> &str {
        self.document(number)
            .and_then(|document| document.name.as_deref())
            .unwrap_or_default()
    }

    /// The same file as it is now, with the same choice of documents; if none is left, that is a
    /// conflict.
    pub(super) fn again(&self, names: &[String], copies: Option<&Path>) -> Result<Self> {
        let manifest = match &self.path {
            Some(path) => manifest::read(path, copies)?,
            None => return Err(Error::failure("stdin cannot be read twice")),
        };
        let documents = pick(&manifest, names);
        if documents.is_empty() && !self.documents.is_empty() {
            return Err(
                Error::conflict(format!("`{}` was not written", Foreign(&self.label)))
                    .because("somebody else took the cluster out of it meanwhile"),
            );
        }
        Ok(Self {
            path: self.path.clone(),
            label: self.label.clone(),
            manifest,
            documents,
        })
    }

    /// How a document is called in sentences: the file, and the cluster where the file has several.
    pub(super) fn place(&self, number: usize) -> String {
        let label = if self.path.is_some() {
            Foreign(&self.label)
        } else {
            Foreign(manifest::STDIN)
        };
        if self.manifest.clusters().nth(1).is_some() {
            format!("for {} in {label}", Foreign(self.name(number)))
        } else {
            format!("in {label}")
        }
    }

    /// The document as JSON output names it.
    pub(super) fn wire(&self, number: usize) -> wire::Target {
        wire::Target::File {
            path: self.label.clone(),
            document: number,
            name: self.name(number).to_owned(),
        }
    }
}

/// The numbers of the cluster documents with these names; all if there are none.
fn pick(manifest: &Manifest, names: &[String]) -> Vec<usize> {
    let counts = |document: &&manifest::Document| {
        let name = document.name.as_ref();
        names.is_empty() || name.is_some_and(|name| names.contains(name))
    };
    let counting = manifest.clusters().filter(counts);
    counting.map(|document| document.number).collect()
}

/// Reads every file, and picks the cluster documents that count.
///
/// All files are read before anything is said about one; every refusal is listed. No cluster
/// document at all, or a name that no document has, is of kind not-found.
pub(super) fn load(cx: &Context, paths: &[PathBuf], names: &[String]) -> Result<Vec<Loaded>> {
    let (loaded, errors) = load_all(cx, paths, names)?;
    super::summarise(errors, 0).map_or(Ok(loaded), Err)
}

/// The same, with the files that could not be read apart, for a caller that has more to say about
/// the others.
pub(super) fn load_all(
    cx: &Context,
    paths: &[PathBuf],
    names: &[String],
) -> Result<(Vec<Loaded>, Vec<Error>)> {
    let mut loaded = Vec::new();
    let mut errors = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            if files.iter().any(Option::is_none) {
                return Err(Error::usage("stdin was named twice"));
            }
            files.push(None);
        } else {
            files.extend(
                manifest::collect(std::slice::from_ref(path))?
                    .into_iter()
                    .map(Some),
            );
        }
    }
    let copies = cx.copies();
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| {
        let path = file.as_ref();
        seen.insert(path.map(|path| path.canonicalize().unwrap_or_else(|_| path.clone())))
    });
    for path in files {
        let (label, parsed) = match &path {
            None => (
                "-".to_owned(),
                cx.ui
                    .stdin(STDIN_LIMIT)
                    .and_then(|bytes| Manifest::parse(manifest::STDIN, bytes)),
            ),
            Some(path) => (
                path.display().to_string(),
                manifest::read(path, copies.as_deref()),
            ),
        };
        match parsed {
            Ok(manifest) => loaded.push(Loaded {
                path,
                label,
                documents: pick(&manifest, names),
                manifest,
            }),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Ok((loaded, errors));
    }
    let list = loaded
        .iter()
        .map(|file| printable(&file.label))
        .collect::<Vec<_>>()
        .join(", ");
    let where_ = if list.is_empty() { "the folder" } else { &list };
    if loaded
        .iter()
        .all(|file| file.manifest.clusters().count() == 0)
    {
        return Err(Error::not_found(format!("no cluster is in {where_}"))
            .because("no document has `kind: mk8s`"));
    }
    for name in names {
        let known = |file: &Loaded| {
            file.manifest
                .clusters()
                .any(|document| document.name.as_ref() == Some(name))
        };
        if !loaded.iter().any(known) {
            let names: Vec<String> = loaded
                .iter()
                .flat_map(|file| file.manifest.clusters())
                .filter_map(|document| document.name.as_deref().map(printable))
                .collect();
            return Err(Error::not_found(format!(
                "no cluster called `{}` is in {where_}",
                excerpt(name, 80)
            ))
            .because(format!("the clusters there are {}", names.join(", "))));
        }
    }
    Ok((loaded, errors))
}
