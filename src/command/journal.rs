//! `mk8s journal`, and the journal of a run over many clusters: begun, added to, taken up again.

use super::Context;
use crate::addon::path;
use crate::cli::{JournalArgs, RolloutArgs};
use crate::cluster::Cluster;
use crate::control::settle::made_since;
use crate::error::{Error, Kind, Result};
use crate::exit::Outcome;
use crate::fleet::TargetState;
use crate::history::KeptChange;
use crate::invocation::{Hint, Invocation};
use crate::journal::{
    self, ChangedAddons, ClusterEntry, FleetJournal, FrozenTarget, JournalHeader, JournalRecord,
    JournalWriter,
};
use crate::secret;
use crate::text::{self, Foreign, excerpt};
use crate::ui::{Report, wire};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

/// As much of a reason is kept.
const REASON: usize = 200;

/// A run that is taken up again.
pub(super) struct ResumedRun {
    path: PathBuf,
    /// As it was named.
    word: String,
    journal: FleetJournal,
}

impl ResumedRun {
    /// The run that `--resume` names, if it was given.
    pub(super) fn of(cx: &Context, args: &RolloutArgs) -> Result<Option<Self>> {
        Self::by_word(cx, args.resume.as_ref())
    }

    /// The run of that name, or in that file.
    pub(super) fn by_word(cx: &Context, word: Option<&String>) -> Result<Option<Self>> {
        let Some(word) = word else {
            return Ok(None);
        };
        let (path, journal) = find(cx, word)?;
        if let Some(oddity) = journal.oddity() {
            cx.ui.warn(&oddity);
        }
        Ok(Some(Self {
            path,
            word: word.clone(),
            journal,
        }))
    }

    /// The clusters that the run is about.
    pub(super) fn names(&self) -> Vec<String> {
        let targets = self.journal.header.targets.iter();
        targets.map(|target| target.name.clone()).collect()
    }

    /// Refuses another command, other clusters or another org than those of the journal.
    pub(super) fn check(&self, cx: &Context, plan: &str, names: &[String]) -> Result<()> {
        let header = &self.journal.header;
        let refused = |because: String| {
            Error::usage(format!(
                "the run `{}` was not taken up",
                Foreign(&self.word)
            ))
            .because(because)
            .note("Nothing was changed.")
        };
        if header.org != cx.org()? || header.endpoint != cx.settings()?.endpoint().value.as_str() {
            return Err(refused(format!(
                "it is one of org `{}` at {}",
                Foreign(&header.org),
                Foreign(&header.endpoint)
            )));
        }
        let (its, given): (BTreeSet<String>, BTreeSet<String>) = (
            self.names().into_iter().collect(),
            names.iter().cloned().collect(),
        );
        if its == given && header.plan == plan {
            return Ok(());
        }
        if its == given {
            return Err(refused(self.difference(cx)));
        }
        let other = its.symmetric_difference(&given).next();
        let other = other.map_or_else(String::new, |name| Foreign(name).to_string());
        Err(refused(format!(
            "it is about {}, and other ones were named, such as `{other}`",
            text::count(its.len(), "cluster")
        ))
        .hint("without -c, --all and --selector it goes on with its own"))
    }

    /// What makes this command another one than that of the run.
    fn difference(&self, cx: &Context) -> String {
        let (its, this) = (masked(&self.journal.header.command), masked(cx.said()));
        if change_of(&its) != change_of(&this) {
            return format!(
                "its command is `{}`, and this is `{}`",
                excerpt(&its.join(" "), 400),
                excerpt(&this.join(" "), 400)
            );
        }
        let mut parts: Vec<String> = read_files(&this)
            .iter()
            .map(|file| match *file {
                "-" => "what came on stdin is another one".to_owned(),
                file => format!("`{}` has changed since", Foreign(file)),
            })
            .collect();
        if this != cx.said() {
            parts.push("a setting that is not shown differs".to_owned());
        }
        let version = env!("CARGO_PKG_VERSION");
        if self.journal.header.mk8s != version {
            let its = excerpt(&self.journal.header.mk8s, 40);
            parts.push(format!("it was begun by mk8s {its}, and this is {version}"));
        }
        if parts.is_empty() {
            return "the same words mean another change by now".to_owned();
        }
        parts.join(", or ")
    }

    /// As what a cluster has ended already, as it is now: it was done, or was begun and shows it.
    pub(super) fn ended(&self, cluster: &Cluster, is_so: bool) -> Option<TargetState> {
        let entry = self.journal.entry(cluster.name())?;
        match entry.state.as_deref() {
            Some("changed") => Some(TargetState::Changed),
            Some("unchanged") => Some(TargetState::Unchanged),
            // Nobody was left to hear of it, and it is there.
            None if is_so && entry.is_begun && cluster.version() > entry.locked => {
                Some(TargetState::Changed)
            }
            _ => None,
        }
    }

    /// As what a cluster ended for which nothing is left to be done.
    pub(super) fn state_so(&self, name: &str) -> Option<TargetState> {
        let entry = self.journal.entry(name)?;
        match entry.state.as_deref() {
            Some("unchanged") => Some(TargetState::Unchanged),
            // Nobody was left to hear of it, and it is there.
            Some("changed") | None if entry.is_begun => Some(TargetState::Changed),
            _ => None,
        }
    }

    /// Why a cluster is not the one that the run was about, though it is called alike.
    pub(super) fn replaced(&self, cluster: &Cluster) -> Option<String> {
        let mut targets = self.journal.header.targets.iter();
        let target = targets.find(|target| target.name == cluster.name())?;
        made_since(cluster, target.id.as_deref()?)
    }

    /// Why a cluster that is not as it is wanted is not changed again.
    pub(super) fn undone(&self, name: &str) -> Option<String> {
        let entry = self.journal.entry(name).filter(|entry| entry.is_done())?;
        Some(match entry.state.as_deref() {
            Some("changed") => "it was changed by this run, and is not so any more".to_owned(),
            _ => "it was so already when the run began, and is not so any more".to_owned(),
        })
    }

    /// Whether a version is the one that this run's change of a cluster made.
    pub(super) fn wrote(&self, name: &str, version: i64) -> bool {
        let entry = self.journal.entry(name);
        let locked = entry.and_then(|entry| entry.locked);
        locked.is_some_and(|locked| locked.checked_add(1) == Some(version))
    }

    /// Whether the run has done there what it was to do.
    pub(super) fn is_done(&self, name: &str) -> bool {
        self.journal.entry(name).is_some_and(ClusterEntry::is_done)
    }
}

/// The journal of a run that is under way.
pub(super) struct RunJournal {
    writer: JournalWriter,
    /// How it is named on the command line.
    word: String,
}

impl RunJournal {
    /// Begins a journal, or goes on with one. Where nobody named a file and none can be kept, the run
    /// has none, which is said.
    pub(super) fn begin(
        cx: &Context,
        file: Option<&PathBuf>,
        resumed: Option<&ResumedRun>,
        plan: String,
        targets: Vec<FrozenTarget>,
    ) -> Result<Option<Self>> {
        let (id, time) = cx.run_name();
        if let Some(resumed) = resumed {
            let writer = JournalWriter::resume(&resumed.path)?;
            writer.add(&JournalRecord::Resumed { time: &time })?;
            return Ok(Some(Self {
                writer,
                word: resumed.word.clone(),
            }));
        }
        let header = JournalHeader::new(
            (id.clone(), time),
            (
                cx.org()?.to_owned(),
                cx.settings()?.endpoint().value.as_str().to_owned(),
            ),
            masked(cx.said()),
            plan,
            targets,
        );
        let folder = cx.journals();
        match JournalWriter::begin(file.map(PathBuf::as_path), folder.as_deref(), &header) {
            Ok(writer) => {
                let path = writer.path().to_string_lossy();
                cx.ui.detail(&format!("Journal: {}", Foreign(&path)));
                let word = if file.is_some() {
                    path.clone().into_owned()
                } else {
                    id
                };
                Ok(Some(Self { writer, word }))
            }
            Err(error) if file.is_none() => {
                cx.ui
                    .warn(&format!("this run cannot be taken up again: {error}"));
                Ok(None)
            }
            Err(error) => Err(error.note("Nothing was changed.")),
        }
    }

    /// A change is about to be sent: on the disk when this ends.
    pub(super) async fn started(
        &self,
        name: &str,
        version: Option<i64>,
        changes: &[KeptChange],
    ) -> Result<()> {
        let record = JournalRecord::Started {
            name,
            version,
            changes: &changed_addons(changes),
        };
        self.writer.keep(&record).await
    }

    /// The same of which it is only known what may change.
    pub(super) async fn begun(
        &self,
        name: &str,
        version: Option<i64>,
        old: &Map<String, Value>,
    ) -> Result<()> {
        let changes = ChangedAddons {
            old: old.clone(),
            ..ChangedAddons::default()
        };
        let record = JournalRecord::Started {
            name,
            version,
            changes: &changes,
        };
        self.writer.keep(&record).await
    }

    /// How the journal is named on the command line.
    pub(super) fn word(&self) -> &str {
        &self.word
    }

    /// A cluster has ended; `changes` is what was changed in the end, where that is not what was to be.
    pub(super) fn ended(
        &self,
        name: &str,
        state: TargetState,
        version: Option<i64>,
        error: Option<&Error>,
        changes: Option<&[KeptChange]>,
    ) {
        let because = error.map(|error| excerpt(&error.to_string(), REASON));
        // A word that is lost costs one look at the cluster, and the change of the next one fails
        // where its own cannot be kept.
        let _ = self.writer.add(&JournalRecord::Ended {
            name,
            state: state.name(),
            version,
            because: because.as_deref(),
            changes: changes.map(changed_addons).as_ref(),
        });
    }

    /// What takes the run up again: with the answer to the question if the run had it.
    pub(super) fn again(&self, cx: &Context) -> Hint {
        match self.command(cx) {
            Some(command) => command.into(),
            None => self.in_words().into(),
        }
    }

    /// The same as a sentence, for whoever ends the run on the spot.
    pub(super) fn later(&self, cx: &Context) -> String {
        match self.command(cx) {
            Some(command) => command.within("", " goes on.").render(cx.ui.reach()),
            None => format!("{}.", text::capital(&self.in_words())),
        }
    }

    fn in_words(&self) -> String {
        let word = Foreign(&self.word);
        format!("the same command with --resume {word} goes on")
    }

    /// The command; none where a secret would stand in it, or something has to come on stdin.
    fn command(&self, cx: &Context) -> Option<Invocation> {
        let reads_stdin = cx.said().iter().any(|it| it == "-" || it.ends_with("=-"));
        if reads_stdin || masked(cx.said()) != cx.said() {
            return None;
        }
        let command = Invocation::again(cx.said()).plain_if(cx.ui.is_yes(), "--yes");
        Some(command.flag("--resume", &self.word))
    }
}

/// What is changed of a cluster, as a journal has it.
fn changed_addons(changes: &[KeptChange]) -> ChangedAddons {
    let each = |value: fn(&KeptChange) -> Value| -> Map<String, Value> {
        let pairs = changes.iter().map(|it| (it.key.clone(), value(it)));
        pairs.collect()
    };
    let mut left_out = each(|it| Value::from(it.left_out.clone()));
    left_out.retain(|_, paths| paths.as_array().is_some_and(|it| !it.is_empty()));
    ChangedAddons {
        old: each(|it| it.before.clone()),
        new: Some(each(|it| it.after.clone())),
        left_out,
    }
}

/// The words that say what is changed, without those of how the run goes over many clusters.
fn change_of(words: &[String]) -> Vec<&str> {
    let mut words = words.iter().map(String::as_str);
    let mut change = Vec::new();
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word, None),
        };
        match flag {
            "--canary" | "--batch" | "--max-failures" | "--max-unreachable" | "--parallel"
            | "--rate" | "--timeout"
                if value.is_none() =>
            {
                words.next();
            }
            "--canary" | "--batch" | "--max-failures" | "--max-unreachable" | "--parallel"
            | "--rate" | "--timeout" | "--pause" | "--fail-fast" | "--wait" => {}
            _ => change.push(word),
        }
    }
    change
}

/// The files that a command reads: of settings, of add-ons, of manifests.
fn read_files(words: &[String]) -> Vec<&str> {
    let mut files = Vec::new();
    let mut words = words.iter().map(String::as_str);
    let verb: Vec<&str> = words.clone().filter(|it| !it.starts_with('-')).collect();
    if let ["addon", "set", file, ..] = verb.as_slice() {
        files.push(*file);
    }
    let applies = verb.first() == Some(&"apply");
    let beside = words.clone().skip(1);
    files.extend(beside.take_while(|it| applies && !it.starts_with('-')));
    while let Some(word) = words.next() {
        let flags = [
            ("--settings", true),
            ("--file", applies),
            ("-f", applies && !word.starts_with("--")),
        ];
        let rest = flags
            .into_iter()
            .find_map(|(flag, reads)| word.strip_prefix(flag).filter(|_| reads));
        files.extend(match rest {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').or_else(|| word.strip_prefix("-f")),
            None => None,
        });
    }
    files
}

/// The flags whose values are settings with their paths.
const ASSIGNING: [&str; 4] = ["--set", "--set-string", "--set-json", "--expect"];

/// The words without the values of settings that may be secret.
pub(super) fn masked(words: &[String]) -> Vec<String> {
    let mut flag: Option<String> = None;
    let mask = |word: &String| {
        let is_flag = word.starts_with("--");
        let (name, text) = match flag.take() {
            // One without a value may stand before another flag.
            Some(name) if !is_flag => (name, word.as_str()),
            _ if is_flag => {
                let Some((name, text)) = word.split_once('=') else {
                    flag = Some(word.clone());
                    return word.clone();
                };
                (name.to_owned(), text)
            }
            _ => return word.clone(),
        };
        let value = if ASSIGNING.contains(&name.as_str()) {
            path::assignment(text)
                .filter(|(path, value)| secret::may_hold(path, value))
                .map(|(_, value)| value)
        } else {
            // A setting that has a flag of its own is called as it is.
            secret::may_hold(name.trim_start_matches('-'), text).then_some(text)
        };
        match value {
            Some(value) => format!("{}***", &word[..word.len() - value.len()]),
            None => word.clone(),
        }
    };
    words.iter().map(mask).collect()
}

/// One cluster of `mk8s journal`.
fn item(target: &FrozenTarget, entry: Option<&ClusterEntry>) -> wire::JournalItem {
    wire::JournalItem {
        name: target.name.clone(),
        state: word_of(entry),
        locked: entry.and_then(|entry| entry.locked).or(target.version),
        version: entry.and_then(|entry| entry.version),
        before: entry.and_then(|entry| Some(Value::Object(entry.changes.as_ref()?.old.clone()))),
        because: entry.and_then(|entry| entry.because.clone()),
    }
}

/// The state of a cluster: one that was begun and of which no more is known is `started`.
fn word_of(entry: Option<&ClusterEntry>) -> String {
    match entry {
        Some(entry) => match &entry.state {
            Some(state) => state.clone(),
            None => "started".to_owned(),
        },
        None => TargetState::NotStarted.name().to_owned(),
    }
}

/// Finds and reads a journal.
fn find(cx: &Context, word: &str) -> Result<(PathBuf, FleetJournal)> {
    journal::read(word, cx.journals().as_deref()).map_err(|error| match error.kind {
        Kind::NotFound => {
            error.hint(Invocation::mk8s("history").within("", " lists the runs that are kept"))
        }
        _ => error,
    })
}

/// `mk8s journal`
pub(super) fn journal(cx: &Context, args: &JournalArgs) -> Result<Outcome> {
    let (_, journal) = find(cx, &args.journal)?;
    if let Some(oddity) = journal.oddity() {
        cx.ui.warn(&oddity);
    }
    let header = &journal.header;
    // Whoever wrote it may have kept more.
    let command = masked(&header.command);
    let items: Vec<wire::JournalItem> = header
        .targets
        .iter()
        .map(|target| item(target, journal.entry(&target.name)))
        .collect();
    let rows: Vec<Vec<String>> = items.iter().map(row).collect();
    let mut lines = vec![
        format!("{}, {}, org {}", header.id, header.time, header.org),
        command.join(" "),
    ];
    let headings = ["CLUSTER", "STATE", "VERSION", "BECAUSE"];
    lines.extend(cx.ui.table(&headings, &rows));
    lines.push(counts(&items));
    cx.ui.report(&Report {
        json: if cx.ui.is_text() {
            Value::Null
        } else {
            wire::to_value(&wire::Single::new(
                "Journal",
                wire::JournalBody {
                    id: header.id.clone(),
                    time: header.time.clone(),
                    mk8s: header.mk8s.clone(),
                    org: header.org.clone(),
                    endpoint: header.endpoint.clone(),
                    command,
                    items: items.clone(),
                },
            ))
        },
        slim: None,
        names: items.iter().map(|item| item.name.clone()).collect(),
        text: lines,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

fn row(item: &wire::JournalItem) -> Vec<String> {
    let number = |version: Option<i64>| version.map(|it| it.to_string());
    let versions = match (number(item.locked), number(item.version)) {
        (Some(before), Some(after)) if before != after => format!("{before} → {after}"),
        (before, after) => after.or(before).unwrap_or_default(),
    };
    vec![
        item.name.clone(),
        item.state.clone(),
        versions,
        item.because.clone().unwrap_or_default(),
    ]
}

/// `98 changed, 1 failed, 1 started`
fn counts(items: &[wire::JournalItem]) -> String {
    let states = TargetState::ALL.iter().map(|state| state.name());
    let known: HashSet<&str> = items.iter().map(|item| item.state.as_str()).collect();
    let there = states.chain(["started"]).filter(|it| known.contains(it));
    let count = |state: &str| items.iter().filter(|item| item.state == state).count();
    let words: Vec<String> = there.map(|it| format!("{} {it}", count(it))).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_on_the_command_line_is_not_kept() {
        let words = |line: &str| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
        for (line, kept) in [
            (
                "addon enable x --set a.password=b=c",
                "addon enable x --set a.password=***",
            ),
            (
                "addon enable x --set-string=a.apiKey=b",
                "addon enable x --set-string=a.apiKey=***",
            ),
            (
                "addon enable x --unknown --set-json fuel={\"password\":\"b\"} --expect fuel.token=c",
                "addon enable x --unknown --set-json fuel=*** --expect fuel.token=***",
            ),
            (
                "addon enable x --pull-token b --admin-password=c",
                "addon enable x --pull-token *** --admin-password=***",
            ),
            (
                "addon enable x --set a=b --role-arn c --settings s.yaml --set-string=d.secretLink=//secret/e",
                "addon enable x --set a=b --role-arn c --settings s.yaml --set-string=d.secretLink=//secret/e",
            ),
        ] {
            assert_eq!(masked(&words(line)).join(" "), kept);
        }
    }
}
