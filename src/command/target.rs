//! What a command works on: live clusters or manifest files.

use super::Context;
use super::choose::{ChosenClusters, choice, left_out, look_up, names};
use crate::choice::Choice;
use crate::cli::TargetArgs;
use crate::cluster::Cluster;
use crate::error::{Error, Kind, Result};
use crate::invocation::Invocation;
use crate::manifest::{self, Gathered, Manifest, Skipped, Taking};
use crate::pattern::is_pattern;
use crate::placeholder;
use crate::text::{Foreign, excerpt, first_few, printable};
use crate::ui::wire;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How much of standard input is read, in bytes.
pub(super) const STDIN_LIMIT: u64 = 256 * 1024 * 1024;

/// What was named on the command line.
pub(super) enum Target {
    /// Nothing.
    None,
    /// Live clusters.
    Clusters(ChosenClusters),
    /// Manifests, and which of their documents count.
    Files(Vec<PathBuf>, Choice),
}

/// Sorts out `-c`, `-f`, `--all`, `--selector` and `MK8S_CLUSTER`, and looks up which clusters are
/// meant. With `changing`, a cluster from the environment is named together with its source.
pub(super) async fn resolve(cx: &Context, args: &TargetArgs, changing: bool) -> Result<Target> {
    let mut choice = choice(&names(cx, &args.cluster)?, &args.choice)?;
    if !args.file.is_empty() {
        if choice.is_all() {
            return Err(Error::usage("--all was given together with -f")
                .because("it means every live cluster of the org")
                .hint("without it every document of the files is meant"));
        }
        return Ok(Target::Files(args.file.clone(), choice));
    }
    if choice.is_open() {
        if choice.excludes() {
            return Err(
                Error::usage("--exclude was given, and nothing to exclude from")
                    .hint("--all, --selector or -c says which clusters are meant"),
            );
        }
        let Some(name) = cx.env.get("MK8S_CLUSTER") else {
            return Ok(Target::None);
        };
        // A variable that stands for many would be a change of many that nobody sees.
        check_name(name)?;
        if changing {
            cx.ui
                .status(&format!("Cluster {}, from MK8S_CLUSTER", Foreign(name)));
        }
        choice = Choice::of(&[name.to_owned()]);
    }
    for word in choice.given() {
        if is_pattern(word) {
            check_pattern(word)?;
        } else {
            check_name(word)?;
        }
    }
    match choice.by_name() {
        Some(names) if names.is_empty() => Err(choice.nothing("", &left_out(choice.given()))),
        Some(names) => {
            let mut chosen = ChosenClusters::named(names);
            chosen.are_several = choice.given().len() > 1;
            Ok(Target::Clusters(chosen))
        }
        None => look_up(cx, &choice).await.map(Target::Clusters),
    }
}

/// Refuses a name that no cluster can have, before anything is sent.
pub(super) fn check_name(name: &str) -> Result<()> {
    crate::control::check_name(name).map_err(|reason| {
        let shown = excerpt(name, 80);
        let error = Error::usage(format!("`{shown}` is not the name of a cluster")).because(reason);
        error.hint_if(meant_by(name))
    })
}

/// What is meant by a word that is no name, where that can be told.
fn meant_by(word: &str) -> Option<String> {
    let is_name = |name: &str| crate::control::check_name(name).is_ok();
    let several: Vec<&str> = word.split([',', ' ']).filter(|it| !it.is_empty()).collect();
    if several.len() > 1 && several.iter().all(|name| is_name(name)) {
        let flags: Vec<String> = several.iter().map(|name| format!("-c {name}")).collect();
        return Some(format!("did you mean `{}`?", flags.join(" ")));
    }
    let lower = word.trim().to_lowercase().replace(['_', '.'], "-");
    is_name(&lower).then(|| format!("did you mean `{lower}`?"))
}

/// Refuses a pattern that no name of a cluster can fit, likewise.
pub(super) fn check_pattern(pattern: &str) -> Result<()> {
    let may_be = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-*?".contains(c);
    if pattern.chars().all(may_be) {
        return Ok(());
    }
    let pattern = excerpt(pattern, 80);
    Err(
        Error::usage(format!("`{pattern}` fits no name of a cluster")).because(
            "beside * and ? a cluster's name has only small letters a to z, digits and dashes in it",
        ),
    )
}

/// The error of a command that needs a target and got none.
pub(super) fn missing() -> Error {
    missing_one().hint("--all and --selector mean clusters of the org")
}

/// The same of a command that works on one alone.
pub(super) fn missing_one() -> Error {
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
    pub(super) fn again(&self, choice: &Choice, copies: Option<&Path>) -> Result<Self> {
        let manifest = match &self.path {
            Some(path) => manifest::read(path, copies)?,
            None => return Err(Error::failure("stdin cannot be read twice")),
        };
        let documents = pick(manifest.clusters(), choice);
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

    /// Whether an edit could touch each of the documents that count, by their numbers: a duplicate key,
    /// say, has no one meaning. All are tried at once, since each try reads the whole file.
    pub(super) fn fit(&self) -> Vec<(usize, Result<()>)> {
        let untouched = |number: usize| manifest::Edit {
            document: number,
            changes: Vec::new(),
        };
        let all: Vec<manifest::Edit> = self.documents.iter().map(|&it| untouched(it)).collect();
        let are_fit = self.manifest.edit(&all).is_ok();
        let fit = |number: usize| {
            if are_fit {
                Ok(())
            } else {
                self.manifest.edit(&[untouched(number)]).map(|_| ())
            }
        };
        self.documents.iter().map(|&it| (it, fit(it))).collect()
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
    pub(super) fn wire(&self, number: usize) -> wire::TargetRef {
        wire::TargetRef::File {
            path: self.label.clone(),
            document: number,
            name: self.name(number).to_owned(),
        }
    }
}

/// The numbers of the cluster documents that are meant.
fn pick<'m>(clusters: impl Iterator<Item = &'m manifest::Document>, choice: &Choice) -> Vec<usize> {
    let counts = |document: &&manifest::Document| {
        if choice.is_everything() {
            return true;
        }
        let name = document.name.as_deref();
        name.is_some_and(|name| choice.takes(name))
            && (!choice.looks_inside() || choice.holds(&Cluster::new(document.value())))
    };
    let counting = clusters.filter(counts);
    counting.map(|document| document.number).collect()
}

/// Reads every file, and picks the cluster documents that count.
///
/// All files are read before anything is said about one; every refusal is listed. No cluster
/// document at all, or a name that no document has, is of kind not-found.
pub(super) fn load(cx: &Context, paths: &[PathBuf], choice: &Choice) -> Result<Vec<Loaded>> {
    let (loaded, errors) = load_all(cx, paths, choice)?;
    crate::fleet::summarise(errors, 0).map_or(Ok(loaded), Err)
}

/// The same, with the files that could not be read apart, for a caller that has more to say about
/// the others.
pub(super) fn load_all(
    cx: &Context,
    paths: &[PathBuf],
    choice: &Choice,
) -> Result<(Vec<Loaded>, Vec<Error>)> {
    let mut loaded = Vec::new();
    let mut errors = Vec::new();
    for file in read(cx, paths, choice, false)? {
        match file.manifest {
            Ok(manifest) => loaded.push(Loaded {
                path: file.path,
                label: file.label,
                documents: file.documents,
                manifest,
            }),
            Err(error) => errors.push(error.in_file(&file.label)),
        }
    }
    Ok((loaded, errors))
}

/// The manifests of a folder, none where it holds none, and why what else looks like one cannot be
/// read.
pub(super) fn in_folder(cx: &Context, folder: &Path) -> Result<(Vec<Loaded>, Vec<Error>)> {
    if !folder.is_dir() {
        let folder = Foreign(&folder.to_string_lossy()).to_string();
        return Err(Error::usage(format!("`{folder}` is not a folder")));
    }
    let mut loaded = Vec::new();
    let mut errors = Vec::new();
    let everything = Choice::default();
    let files = match read(cx, &[folder.to_owned()], &everything, true) {
        Err(error) if error.kind == Kind::NotFound => Vec::new(),
        files => files?,
    };
    for file in files {
        match file.manifest {
            Ok(manifest) => loaded.push(Loaded {
                path: file.path,
                label: file.label,
                documents: file.documents,
                manifest,
            }),
            Err(error) => errors.push(error.in_file(&file.label)),
        }
    }
    Ok((loaded, errors))
}

/// One file that was named, whether it can be read or not.
pub(super) struct NamedFile {
    /// The file, or `None` for stdin.
    path: Option<PathBuf>,
    /// How it is called: the path as it was named, `-` for stdin.
    pub(super) label: String,
    /// What is in it, or why it cannot be read.
    pub(super) manifest: Result<Manifest>,
    /// The numbers of the cluster documents that count.
    pub(super) documents: Vec<usize>,
}

impl NamedFile {
    /// The cluster that a document describes.
    pub(super) fn cluster(&self, number: usize) -> Cluster {
        let index = number.checked_sub(1);
        let document = self
            .manifest
            .as_ref()
            .ok()
            .zip(index)
            .and_then(|(manifest, index)| manifest.documents().get(index));
        Cluster::new(document.map(manifest::Document::value).unwrap_or_default())
    }

    /// A document, or the file itself (0), as JSON output names it.
    pub(super) fn wire(&self, number: usize, name: &str) -> wire::TargetRef {
        wire::TargetRef::File {
            path: self.label.clone(),
            document: number,
            name: name.to_owned(),
        }
    }

    /// How sentences call it.
    fn called(&self) -> String {
        match &self.path {
            Some(_) => printable(&self.label),
            None => manifest::STDIN.to_owned(),
        }
    }

    fn clusters(&self) -> impl Iterator<Item = &manifest::Document> {
        let manifest = self.manifest.as_ref().ok();
        manifest.into_iter().flat_map(Manifest::clusters)
    }
}

/// The command that sends a document once another tool has filled in what it leaves open, if there is
/// something: a value of this kind, or what SOPS has encrypted. `None` too where it is not known what
/// fills it in; nothing but that keeps it from being sent.
pub(super) fn filled_in(document: &Cluster, label: &str) -> Option<Invocation> {
    let text = open_value(document).map_or("", |(_, text)| text);
    let tool = if text.starts_with("ENC[") || document.value().pointer("/sops/mac").is_some() {
        Invocation::other("sops").plain("decrypt").word(label)
    } else if text.starts_with('$') || text.contains("${") {
        Invocation::other("envsubst").reads(label)
    } else {
        return None;
    };
    // What came from stdin came from another command, which is not known.
    let apply = Invocation::mk8s("apply").plain("-f").plain("-");
    let is_stdin = matches!(label, manifest::STDIN | "-");
    // A name that is filled in is another one then.
    let apply = match check_name(document.name()) {
        Ok(()) => apply.cluster(document.name()),
        Err(_) => apply,
    };
    (!is_stdin).then(|| apply.fed_by(tool))
}

/// The first value that another tool has yet to fill in, of what is sent, with its path.
pub(super) fn open_value(document: &Cluster) -> Option<(String, &str)> {
    let sent = ["name", "description", "tags", "spec"];
    sent.iter().find_map(|key| {
        let (mut path, text) = placeholder::find(document.value().get(key)?)?;
        path.insert(0, (*key).to_owned());
        Some((path.join("."), text))
    })
}

/// The files that were named with `-f`, and those that were named without.
pub(super) fn both(file: &[PathBuf], files: &[PathBuf]) -> Vec<PathBuf> {
    [file, files].concat()
}

/// Reads what the paths come to, and says what was left out of folders.
fn gather(cx: &Context, paths: &[PathBuf], taking: Taking) -> Result<Gathered> {
    let stdin = || cx.ui.stdin(STDIN_LIMIT);
    let gathered = manifest::gather(paths, cx.copies().as_deref(), taking, stdin)?;
    if gathered.skipped.count() > 0 {
        cx.ui.status(&gathered.skipped.to_string());
    }
    Ok(gathered)
}

/// So many values of a file are warned about one by one.
const WARNINGS: usize = 10;

/// Warns about what the documents that count send otherwise than it looks.
fn warn(cx: &Context, file: &NamedFile) {
    let Ok(manifest) = &file.manifest else {
        return;
    };
    let documents = file.documents.iter().filter_map(|number| {
        let index = number.checked_sub(1)?;
        manifest.documents().get(index)
    });
    warn_of(cx, manifest.label(), documents);
}

/// The same of these documents of a file.
pub(super) fn warn_of<'m>(
    cx: &Context,
    label: &str,
    documents: impl IntoIterator<Item = &'m manifest::Document>,
) {
    let mut left = 0;
    let mut shown = 0;
    for document in documents {
        let (found, more) = document.warnings();
        left += more;
        for finding in found {
            if shown == WARNINGS {
                left += 1;
                continue;
            }
            shown += 1;
            let (line, column) = (finding.line, finding.column);
            let message = finding.message;
            cx.ui.warn(&format!("{label}:{line}:{column}: {message}"));
        }
    }
    if left > 0 {
        cx.ui
            .warn(&format!("{left} more values of this kind are in {label}"));
    }
}

/// The error for a file that was named and holds no cluster.
/// `almost` is the line that says so in another spelling.
fn without_cluster(label: &str, almost: Option<usize>) -> Error {
    let label = if label == "-" { manifest::STDIN } else { label };
    let error = Error::not_found(format!("no cluster is in {}", Foreign(label)))
        .because("no document has `kind: mk8s`");
    match almost {
        Some(line) => error
            .because(format!("line {line} has it in another spelling"))
            .hint(format!("write `kind: mk8s` in line {line}")),
        None => error,
    }
}

/// The error for folders and patterns that hold no cluster.
fn nothing(paths: &[PathBuf], skipped: Skipped) -> Error {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| printable(&path.display().to_string()))
        .collect();
    Error::not_found(format!("no cluster is in {}", paths.join(", "))).because(skipped.to_string())
}

/// Reads every file once, in whatever ways it is named, and warns about what is in them. A file that
/// was named and holds no cluster cannot be read; with `lenient` it is left out, as from a folder.
/// If all can be read, no cluster at all, or a name that no document has, is of kind not-found.
pub(super) fn read(
    cx: &Context,
    paths: &[PathBuf],
    choice: &Choice,
    lenient: bool,
) -> Result<Vec<NamedFile>> {
    let taking = Taking {
        lenient,
        whole: false,
    };
    let files = read_silently(cx, paths, choice, taking)?;
    for file in &files {
        warn(cx, file);
    }
    Ok(files)
}

/// The same without warnings, for a caller that has them as findings.
pub(super) fn read_silently(
    cx: &Context,
    paths: &[PathBuf],
    choice: &Choice,
    taking: Taking,
) -> Result<Vec<NamedFile>> {
    let gathered = gather(cx, paths, taking)?;
    let files = gathered.files.into_iter().map(|input| {
        let manifest = input.manifest.and_then(|manifest| {
            // Whoever looks for what is wrong is shown that as well.
            let has_any =
                manifest.clusters().next().is_some() || taking.whole && manifest.almost().is_some();
            if input.is_named && !has_any {
                Err(without_cluster(&input.label, manifest.almost()))
            } else {
                Ok(manifest)
            }
        });
        let documents = match &manifest {
            Ok(manifest) if taking.whole => pick(manifest.meant(), choice),
            Ok(manifest) => pick(manifest.clusters(), choice),
            Err(_) => Vec::new(),
        };
        NamedFile {
            path: input.path,
            label: input.label,
            documents,
            manifest,
        }
    });
    let files: Vec<NamedFile> = files.collect();
    if files.is_empty() && !taking.lenient {
        return Err(nothing(paths, gathered.skipped));
    }
    if files.is_empty() || files.iter().any(|file| file.manifest.is_err()) {
        return Ok(files);
    }
    check_choice(cx, &files, choice)?;
    Ok(files)
}

/// That each word of the choice means some document, and the choice at least one.
fn check_choice(cx: &Context, files: &[NamedFile], choice: &Choice) -> Result<()> {
    if choice.is_everything() {
        return Ok(());
    }
    let place = || {
        let list = files.iter().map(NamedFile::called).collect::<Vec<_>>();
        format!("in {}", first_few(&list))
    };
    let documents = || files.iter().flat_map(NamedFile::clusters);
    let names: HashSet<&str> = documents()
        .filter_map(|document| document.name.as_deref())
        .collect();
    if let Some(word) = choice.missed(&names).first() {
        return Err(Choice::unfit(word, &place(), &names));
    }
    for warning in choice.idle(&names) {
        cx.ui.warn(&warning);
    }
    if files.iter().all(|file| file.documents.is_empty()) {
        let clusters = documents().map(|document| Cluster::new(document.value()));
        return Err(choice.nothing(&place(), &clusters.collect::<Vec<_>>()));
    }
    Ok(())
}
