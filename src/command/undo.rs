//! The runs that were kept on this machine: which there are, and the one that is meant.

use super::Context;
use super::target::{check_name, check_pattern};
use crate::addon::by_word;
use crate::choice::Choice;
use crate::cli::HistoryArgs;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::history::{History, HistoryRun, KeptChange, KeptEntry, KeptTarget};
use crate::invocation::Invocation;
use crate::journal::{self, ChangedAddons, FleetJournal};
use crate::pattern::is_pattern;
use crate::plan::display_name;
use crate::secret;
use crate::text::{Foreign, excerpt, list};
use crate::ui::{Report, wire};
use serde_json::Value;
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// So many runs are offered to a shell.
const OFFERED: usize = 20;
/// More targets of a run are counted.
const NAMED: usize = 3;

/// A run that was kept, of one cluster or many.
pub(super) struct KeptRun {
    pub(super) id: String,
    time: String,
    command: Vec<String>,
    /// The targets that it has changed, or may have.
    pub(super) entries: Vec<KeptEntry>,
}

impl From<HistoryRun> for KeptRun {
    fn from(run: HistoryRun) -> Self {
        Self {
            id: run.header.id,
            time: run.header.time,
            command: run.header.command,
            entries: run.entries,
        }
    }
}

impl From<FleetJournal> for KeptRun {
    fn from(mut journal: FleetJournal) -> Self {
        let header = journal.header;
        let mut entries = Vec::new();
        for target in &header.targets {
            let Some(entry) = journal.entries.remove(&target.name) else {
                continue;
            };
            let is_left = matches!(
                entry.state.as_deref(),
                Some("unchanged" | "refused" | "skipped" | "not-started")
            );
            // Where it does not say what the run made of them, that is in the history.
            let is_told = |changes: &ChangedAddons| changes.new.is_some();
            let changes = entry.changes.filter(is_told);
            let Some(changes) = changes.filter(|_| entry.is_begun && !is_left) else {
                continue;
            };
            let kept = changes.old.into_iter().map(|(key, before)| {
                let of = |map: Option<&serde_json::Map<String, Value>>| map?.get(&key).cloned();
                let left_out = of(Some(&changes.left_out)).unwrap_or_default();
                KeptChange {
                    before,
                    after: of(changes.new.as_ref()).unwrap_or_default(),
                    left_out: serde_json::from_value(left_out).unwrap_or_default(),
                    key,
                }
            });
            entries.push(KeptEntry {
                changes: kept.collect(),
                is_changed: (entry.state.as_deref() == Some("changed")).then_some(true),
                target: KeptTarget::Cluster {
                    org: header.org.clone(),
                    endpoint: header.endpoint.clone(),
                    name: target.name.clone(),
                },
            });
        }
        Self {
            id: header.id,
            time: header.time,
            command: header.command,
            entries,
        }
    }
}

impl KeptRun {
    fn began(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(&self.time, &Rfc3339).ok()
    }
}

/// The names of runs that were kept, the last one first.
struct KeptRuns<'a> {
    cx: &'a Context,
    history: Option<History>,
    ids: Vec<String>,
}

impl<'a> KeptRuns<'a> {
    fn of(cx: &'a Context) -> Result<Self> {
        let history = cx.state().map(|state| History::below(&state));
        let mut ids = match &history {
            Some(history) => history.ids()?,
            None => Vec::new(),
        };
        ids.extend(journal::names(cx.journals().as_deref()));
        ids.sort_unstable_by(|a, b| b.cmp(a));
        // Of a run on files and clusters the history has all, and the journal the clusters.
        ids.dedup();
        Ok(Self { cx, history, ids })
    }

    /// A run by its name, or by the file of its journal. What is odd about it is told.
    fn read(&self, word: &str) -> Result<KeptRun> {
        let (run, oddity) = self.load(word)?;
        if let Some(oddity) = oddity {
            self.cx.ui.warn(&oddity);
        }
        Ok(run)
    }

    /// The same, with what is odd about it.
    fn load(&self, word: &str) -> Result<(KeptRun, Option<String>)> {
        let is_file = word.contains('/') || Path::new(word).exists();
        if let Some(history) = self.history.as_ref().filter(|_| !is_file)
            && let Some(run) = history.read(word)?
        {
            return Ok((run.into(), None));
        }
        match journal::read(word, self.cx.journals().as_deref()) {
            Ok((_, journal)) => {
                let oddity = journal.oddity();
                Ok((journal.into(), oddity))
            }
            Err(error) if error.kind == crate::error::Kind::NotFound => {
                let name = excerpt(word, 80);
                Err(
                    Error::not_found(format!("no run `{name}` is kept on this machine"))
                        .because("neither a run nor the file of a journal has that name")
                        .hint(Invocation::mk8s("history")),
                )
            }
            Err(error) => Err(error),
        }
    }

    /// All that can be read and have changed something, the last one first. One that cannot be read hides no
    /// other.
    fn all(&self, ids: &[String]) -> Vec<KeptRun> {
        let read = ids.iter().filter_map(|id| match self.read(id) {
            Ok(run) => Some(run),
            Err(error) => {
                self.cx.ui.warn(&error.to_string());
                None
            }
        });
        let mut runs: Vec<KeptRun> = read.filter(|run| !run.entries.is_empty()).collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.began()));
        runs
    }

    /// The last one that has changed something.
    fn last(&self) -> Option<KeptRun> {
        self.ids
            .chunks(1)
            .find_map(|id| self.all(id).into_iter().next())
    }
}

/// The runs that can be undone, each with its command; the last one first, and no word of what is wrong.
pub(super) fn runs(cx: &Context) -> Vec<(String, String)> {
    let Ok(runs) = KeptRuns::of(cx) else {
        return Vec::new();
    };
    let read = runs
        .ids
        .iter()
        .take(OFFERED)
        .filter_map(|id| runs.load(id).ok());
    let read = read.filter(|(run, _)| !run.entries.is_empty());
    read.map(|(run, _)| (run.id, run.command.join(" ")))
        .collect()
}

/// The name of the last run.
pub(super) fn last_id(cx: &Context) -> Option<String> {
    KeptRuns::of(cx).ok()?.ids.into_iter().next()
}

/// The run that is to be undone: the one that is named, or the last one.
pub(super) fn meant(cx: &Context, word: Option<&str>) -> Result<KeptRun> {
    let runs = KeptRuns::of(cx)?;
    let run = match word {
        Some(word) => runs.read(word)?,
        None => runs.last().ok_or_else(|| {
            Error::not_found("no run is kept on this machine").because(
                "nothing of an add-on was changed yet, or only under CI, where runs are kept with --history",
            )
        })?,
    };
    // What it made in AWS belongs to what it changed of add-ons.
    if matches!(run.command.as_slice(), [group, verb, ..] if group == "aws" && verb == "setup") {
        let addon = run.command.iter().find_map(|word| by_word(word));
        let teardown = Invocation::mk8s("aws teardown");
        let teardown = addon.iter().fold(teardown, |it, addon| it.word(addon.name));
        let error = Error::refused(format!("the run `{}` was not undone", excerpt(&run.id, 80)))
            .because("it set up the AWS side, which is more than the add-ons");
        return Err(error.hint(teardown.flag_hole("-c", "NAME")));
    }
    Ok(run)
}

/// `mk8s history`
pub(super) fn history(cx: &Context, args: &HistoryArgs) -> Result<Outcome> {
    for word in &args.cluster {
        if is_pattern(word) {
            check_pattern(word)?;
        } else {
            check_name(word)?;
        }
    }
    let choice = Choice::of(&args.cluster);
    let runs = KeptRuns::of(cx)?;
    let mut runs = runs.all(&runs.ids);
    runs.retain(|run| {
        let mut entries = run.entries.iter();
        choice.is_everything() || entries.any(|entry| choice.takes(entry.target.name()))
    });
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let command = run.command.join(" ");
            vec![run.id.clone(), excerpt(&command, 60), targets(run)]
        })
        .collect();
    let items: Vec<wire::HistoryItem> = runs.iter().map(item).collect();
    let text = if rows.is_empty() {
        vec!["no run is kept".to_owned()]
    } else {
        cx.ui.table(&["RUN", "COMMAND", "CHANGED"], &rows)
    };
    cx.ui.report(&Report {
        json: wire::to_value(&wire::ItemsDocument::read("History", items)),
        slim: None,
        names: runs.iter().map(|run| run.id.clone()).collect(),
        text,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

/// `prod, edge in clusters/edge.yaml and 35 more`
fn targets(run: &KeptRun) -> String {
    let mut names: Vec<String> = Vec::new();
    for entry in &run.entries {
        let name = match &entry.target {
            KeptTarget::Cluster { name, .. } => Foreign(name).to_string(),
            KeptTarget::File { path, name, .. } => {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                format!("{} in {}", Foreign(name), Foreign(&file))
            }
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.len().saturating_sub(NAMED) {
        0 => list(names.iter().map(String::as_str)),
        more => format!("{} and {more} more", names[..NAMED].join(", ")),
    }
}

fn item(run: &KeptRun) -> wire::HistoryItem {
    let target = |entry: &KeptEntry| wire::HistoryTarget {
        target: match &entry.target {
            KeptTarget::Cluster { org, name, .. } => wire::TargetRef::Cluster {
                org: org.clone(),
                name: name.clone(),
            },
            KeptTarget::File {
                path,
                document,
                name,
            } => wire::TargetRef::File {
                path: path.to_string_lossy().into_owned(),
                document: *document,
                name: name.clone(),
            },
        },
        changes: entry.changes.iter().map(change).collect(),
    };
    wire::HistoryItem {
        id: run.id.clone(),
        time: run.time.clone(),
        command: run.command.clone(),
        targets: run.entries.iter().map(target).collect(),
    }
}

fn change(change: &KeptChange) -> wire::HistoryChange {
    let shown = |value: &Value| (!value.is_null()).then(|| secret::masked(value));
    wire::HistoryChange {
        addon: display_name(&change.key).to_owned(),
        key: change.key.clone(),
        before: shown(&change.before),
        after: shown(&change.after),
        left_out: change.left_out.clone(),
    }
}
