//! The file half of an add-on change: plan and edit everything in memory, then write.

use super::super::Context;
use super::super::keep::{KeptStart, changes_of};
use super::super::pick::{AgreedPlans, agreed_name};
use super::super::target::{self, Loaded};
use super::change::{ChangeReporter, ChangeRun};
use crate::addon::stray::Stray;
use crate::backoff::Backoff;
use crate::change;
use crate::choice::Choice;
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::error::{Error, Kind, Result};
use crate::fleet::TargetOutcome;
use crate::fleet::summarise;
use crate::history::KeptTarget;
use crate::invocation::{CommandFlags, Invocation, shown};
use crate::manifest::{self, Document, FileWriter, LocationStep};
use crate::placeholder;
use crate::plan::{self, Plan, TargetWords};
use crate::text::{Foreign, printable};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long others may go on changing a file before this run gives up.
const CONFLICT_TIME: Duration = Duration::from_secs(10);

/// One file with its edits, still in memory.
pub(super) struct FileEdit {
    pub(super) file: Loaded,
    /// The text afterwards.
    text: String,
    /// Document number and plan, in the order of the file.
    plans: Vec<(usize, Plan)>,
    /// How many lines of comments go with what is removed.
    comments: usize,
}

impl FileEdit {
    /// Whether the bytes change.
    pub(super) fn changed(&self) -> bool {
        self.plans.iter().any(|(_, plan)| !plan.is_empty())
    }

    /// Whether what is done to its documents was agreed to.
    pub(super) fn is_agreed(&self, agreed: &AgreedPlans) -> bool {
        self.plans.iter().all(|(number, plan)| {
            let document = agreed_name(&self.file.label, *number);
            plan.is_empty() || agreed.has(&document, plan)
        })
    }

    /// Whether a key or a setting goes.
    pub(super) fn removes(&self) -> bool {
        self.plans
            .iter()
            .flat_map(|(_, plan)| &plan.changes)
            .any(|change| change.value.is_none())
    }

    /// How each document that another tool has yet to fill in is sent then, if that is known.
    pub(super) fn filled_in(&self) -> Vec<Option<Invocation>> {
        // Nearly no document has one, and reading all of them once more would be a fourth of a large edit.
        let may_be = |number: usize, plan: &Plan| {
            let mut new = plan
                .changes
                .iter()
                .filter_map(|change| change.value.as_ref());
            let document = self.file.document(number);
            document.is_some_and(|document| placeholder::may_be_in(document.text()))
                || new.any(|value| placeholder::find(value).is_some())
        };
        let open = self.plans.iter();
        let open = open.filter(|(number, plan)| may_be(*number, plan));
        let clusters = open.map(|(number, plan)| {
            let mut value = self.file.cluster(*number).into_value();
            change::apply(&mut value, &plan.changes);
            Cluster::new(value)
        });
        let open = clusters.filter(|cluster| target::open_value(cluster).is_some());
        open.map(|cluster| target::filled_in(&cluster, &self.file.label))
            .collect()
    }

    /// The clusters that the documents describe.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.plans
            .iter()
            .map(|(number, _)| self.file.name(*number).to_owned())
    }
}

/// Plans and edits every document of every file; every refusal is listed, and then nothing is
/// written.
pub(super) fn plan(
    change: &ChangeRun<'_>,
    loaded: Vec<Loaded>,
    unreadable: Vec<Error>,
) -> Result<Vec<FileEdit>> {
    let mut edits = Vec::new();
    let mut errors = unreadable;
    for file in loaded {
        let label = file.label.clone();
        match plan_one(change, file) {
            Ok(edit) => edits.push(edit),
            Err(refusals) => {
                errors.extend(refusals.into_iter().map(|refusal| refusal.in_file(&label)));
            }
        }
    }
    match summarise(errors, 0) {
        None => Ok(edits),
        Some(mut error) => {
            if !error.others.is_empty() && error.excerpt.is_none() && error.because.is_empty() {
                error.message = format!("nothing was written: {} refusals", error.others.len());
            }
            Err(error)
        }
    }
}

/// Plans and edits the documents of one file; gives every refusal.
fn plan_one(change: &ChangeRun<'_>, file: Loaded) -> std::result::Result<FileEdit, Vec<Error>> {
    // Several documents are planned at a time, each by itself.
    let (each, all) = (&change.each, &change.request);
    let undone = change.undone.as_ref();
    let edit = |reading: manifest::DocumentReading<'_>| {
        let number = reading.document.number;
        let cluster = Cluster::new(reading.value());
        let own = undone.and_then(|undone| undone.within(&file, number));
        let request = own.or_else(|| each.get(cluster.name())).unwrap_or(all);
        let plan =
            plan::plan(&cluster, request, &place(&file, number)).map_err(
                |error| match plan::stray(&cluster, request) {
                    Some(stray) if request.is_enabling() => {
                        located(error, reading.document, &stray, &file)
                    }
                    _ => error,
                },
            )?;
        let changes = plan.changes.clone();
        Ok(((number, plan), changes))
    };
    let edited = file
        .manifest
        .edit_planned(&file.documents, change.comments, edit)?;
    Ok(FileEdit {
        text: edited.text,
        plans: edited.plans,
        comments: edited.comments,
        file,
    })
}

/// A refusal with the line of what stands in the way, and what mends it.
fn located(error: Error, document: &Document, stray: &Stray, file: &Loaded) -> Error {
    let path: Vec<LocationStep<'_>> = stray
        .path
        .iter()
        .map(|key| LocationStep::Key(key))
        .collect();
    let spot = document.spot(&path);
    let error = error
        .at(&file.label, spot.line, spot.column)
        .excerpt(document.excerpt(&spot));
    let (place, name) = stray.meant.rsplit_once('.').unwrap_or_default();
    let above = &stray.path[..stray.path.len().saturating_sub(1)];
    let (key, line) = (printable(key_of(stray)), spot.line);
    if place == above.join(".") {
        match document.renaming(&path, name) {
            Some(command) => error.hint(command),
            None => error.hint(format!(
                "in line {line}, write `{name}` in place of `{key}`"
            )),
        }
    } else {
        error.hint(format!("move `{key}` in line {line} to `{}`", stray.meant))
    }
}

/// The key itself.
fn key_of(stray: &Stray) -> &str {
    stray.path.last().map_or("", String::as_str)
}

fn place(file: &Loaded, number: usize) -> TargetWords {
    TargetWords {
        words: file.place(number),
        flags: CommandFlags::new().file(&file.label),
    }
}

/// The `-f` flags again, for a hint.
pub(in crate::command) fn flags(paths: &[PathBuf]) -> CommandFlags {
    paths
        .iter()
        .fold(CommandFlags::new(), |flags, path| flags.file(&shown(path)))
}

/// Shows what a dry run would write.
pub(super) fn show(change: &ChangeRun<'_>, edits: &[FileEdit]) {
    let ui = &change.cx.ui;
    let stream = change.cx.preview(change.mode);
    for edit in edits.iter().filter(|edit| edit.changed()) {
        let (label, before) = (&edit.file.label, edit.file.manifest.text());
        if ui.is_patch() {
            ui.raw(&manifest::patch(label, before, &edit.text));
            ui.keep_unified(&manifest::diff(label, before, &edit.text));
        } else {
            ui.unified(&manifest::diff(label, before, &edit.text), stream);
        }
    }
}

/// The same for what the run is summed up as alone.
pub(super) fn keep_shown(change: &ChangeRun<'_>, edits: &[FileEdit]) {
    let ui = &change.cx.ui;
    for edit in edits.iter().filter(|edit| ui.has_step() && edit.changed()) {
        let (label, before) = (&edit.file.label, edit.file.manifest.text());
        ui.keep_unified(&manifest::diff(label, before, &edit.text));
    }
}

/// Tells what a dry run says of each document.
pub(super) fn preview(change: &ChangeRun<'_>, edits: &[FileEdit], teller: &mut ChangeReporter<'_>) {
    for edit in edits {
        tell(change, edit, "", teller);
    }
}

/// Writes the files that change, stdin's to stdout, and tells of each as soon as it is written.
/// `choice` says which documents count.
///
/// The first file that cannot be written is a failure of its own; a later one is of kind partial
/// and names what is written and what is not.
pub(super) fn write(
    change: &ChangeRun<'_>,
    permit: &Permit,
    edits: &mut [FileEdit],
    choice: &Choice,
    teller: &mut ChangeReporter<'_>,
) -> Result<()> {
    let cx = change.cx;
    let writer = FileWriter::new(change.in_place, cx.copies(), cx.interrupt.clone());
    // Between two files as well, so that it can be said which of them are written.
    let has_files = edits.iter().all(|edit| edit.file.path.is_some());
    let _held = has_files.then(|| cx.interrupt.hold());
    let mut written: Vec<String> = Vec::new();
    let mut kept = keep(cx, edits)?.into_iter();
    for number in 0..edits.len() {
        let edit = &mut edits[number];
        let saved = save(change, permit, &writer, edit, choice);
        ended(cx, edit, kept.next().unwrap_or_default(), saved.as_ref());
        match saved {
            Ok(true) => written.push(edit.file.label.clone()),
            Ok(false) => {}
            Err(error) => {
                return Err(if written.is_empty() {
                    error
                } else {
                    partial(edits, &written, &error)
                });
            }
        }
        tell_written(change, edit, teller);
    }
    Ok(())
}

/// Keeps what is about to be changed of each file: of its documents, by their numbers.
fn keep(cx: &Context, edits: &[FileEdit]) -> Result<Vec<Vec<(usize, KeptStart)>>> {
    let changing = edits.iter().flat_map(|edit| {
        let path = edit.file.path.as_ref();
        let path = path.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        let plans = edit.plans.iter().filter(|(_, plan)| !plan.is_empty());
        plans.filter_map(move |(number, plan)| {
            let target = KeptTarget::File {
                path: path.clone()?,
                document: *number,
                name: edit.file.name(*number).to_owned(),
            };
            Some((target, changes_of(plan)))
        })
    });
    let mut kept = cx.keep_all(changing.collect())?.into_iter();
    let starts = edits.iter().map(|edit| {
        let is_file = edit.file.path.is_some();
        let plans = edit.plans.iter();
        let changing = plans.filter(|(_, plan)| is_file && !plan.is_empty());
        let numbers = changing.map(|(number, _)| *number);
        numbers.zip(kept.by_ref()).collect()
    });
    Ok(starts.collect())
}

/// Keeps what came of them: of a file that could not be written nobody knows here.
fn ended(
    cx: &Context,
    edit: &FileEdit,
    kept: Vec<(usize, KeptStart)>,
    saved: std::result::Result<&bool, &Error>,
) {
    for (number, start) in kept {
        let plan = edit.plans.iter().find(|(it, _)| *it == number);
        let changes = plan.map(|(_, plan)| changes_of(plan));
        let is_changed = match saved {
            Ok(_) => Some(changes.as_ref().is_some_and(|it| !it.is_empty())),
            Err(error) => error.leaves_all_as_it_was().then_some(false),
        };
        cx.kept(&start, is_changed, changes.as_deref());
    }
}

/// Saves one file if it changes, and gives whether it did.
///
/// As with a live cluster, somebody else's edit meanwhile is no failure: the file is read and
/// planned again.
fn save(
    change: &ChangeRun<'_>,
    permit: &Permit,
    writer: &FileWriter,
    edit: &mut FileEdit,
    choice: &Choice,
) -> Result<bool> {
    let ui = &change.cx.ui;
    let started = Instant::now();
    let mut waits = Backoff::for_a_file();
    loop {
        let Some(path) = &edit.file.path else {
            return Ok(false);
        };
        if let Some(words) = writer.settle(path)? {
            ui.status(&words);
        }
        if !edit.changed() {
            return Ok(false);
        }
        let before = edit.file.manifest.text().as_bytes();
        match writer.save(permit, path, before, &edit.text) {
            Ok(saved) => {
                for warning in &saved.warnings {
                    ui.warn(warning);
                }
                if let Some(words) = &saved.in_place {
                    ui.detail(words);
                }
                return Ok(true);
            }
            Err(error) if error.kind != Kind::Conflict || started.elapsed() >= CONFLICT_TIME => {
                return Err(error);
            }
            Err(_) => {}
        }
        ui.detail(&format!(
            "{} was changed meanwhile; reading it again",
            edit.file.label
        ));
        std::thread::sleep(waits.next());
        let again = edit.file.again(choice, writer.copies.as_deref())?;
        *edit = plan_one(change, again).map_err(|refusals| {
            let error = summarise(refusals, 0);
            error.unwrap_or_else(|| Error::failure("a file could not be planned again"))
        })?;
    }
}

/// Some files are written and one could not be.
fn partial(edits: &[FileEdit], written: &[String], error: &Error) -> Error {
    let open: Vec<&str> = edits
        .iter()
        .filter(|edit| edit.changed() && edit.file.path.is_some())
        .map(|edit| edit.file.label.as_str())
        .filter(|label| written.iter().all(|other| other != label))
        .collect();
    let total = open.len() + written.len();
    let verb = if open.len() == 1 { "was" } else { "were" };
    // A signal is no failure of the files'.
    let kind = match error.kind {
        Kind::Interrupted => Kind::Interrupted,
        _ => Kind::Partial,
    };
    Error::new(
        kind,
        format!("{} of {total} files {verb} not written", open.len()),
    )
    .because(error.to_string())
    .note(format!("Written: {}.", written.join(", ")))
    .note(format!("Not written: {}.", open.join(", ")))
    .hint("run the same command again; what is already so is left alone")
}

/// Tells what was done in one file. For stdin, stdout is the manifest and all else is words.
fn tell_written(change: &ChangeRun<'_>, edit: &FileEdit, teller: &mut ChangeReporter<'_>) {
    if edit.file.path.is_none() {
        change.cx.ui.raw(&edit.text);
    }
    let live = if change.apply {
        ""
    } else {
        "; the live cluster is not changed"
    };
    tell(change, edit, live, teller);
}

/// The warnings of a file's plans, the comments that go along, and which registry case they took.
fn remark(change: &ChangeRun<'_>, edit: &FileEdit) {
    let ui = &change.cx.ui;
    for (number, plan) in &edit.plans {
        for warning in &plan.warnings {
            ui.warn(&format!("{}: {warning}", edit.file.place(*number)));
        }
        if let (Some(case), false) = (&plan.registry_access, plan.is_empty()) {
            ui.status(&format!("Registry access: {case}"));
        }
    }
    if edit.comments > 0 {
        let lines = if edit.comments == 1 { "line" } else { "lines" };
        ui.status(&format!(
            "{} comment {lines} in {} went as well; --keep-comments keeps them",
            edit.comments,
            Foreign(&edit.file.label)
        ));
    }
}

/// Tells of every document of a file; `live` completes the line of one that changes.
fn tell(change: &ChangeRun<'_>, edit: &FileEdit, live: &str, teller: &mut ChangeReporter<'_>) {
    remark(change, edit);
    for (number, plan) in &edit.plans {
        // The case is said apart, so that the line stays short.
        let bare = Plan {
            registry_access: None,
            ..plan.clone()
        };
        let mut line = change.line(&bare, &edit.file.place(*number), "");
        if !plan.is_empty() {
            line.push_str(live);
        }
        let (name, target) = (edit.file.name(*number), edit.file.wire(*number));
        teller.add(TargetOutcome::Done(ChangeRun::done(
            &change.request.verb,
            name,
            &target,
            plan,
            line,
        )));
    }
}
