//! What stands in a journal. Pure.

use crate::error::{Error, Result};
use crate::text::{self, excerpt};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a journal's first line says it is.
const SCHEMA: &str = "mk8s/v1";
const KIND: &str = "JournalHeader";

/// The first line: which run it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JournalHeader {
    /// `mk8s/v1`
    schema: String,
    /// `JournalHeader`
    kind: String,
    /// The name of the run.
    pub(crate) id: String,
    /// When it began, by RFC 3339.
    pub(crate) time: String,
    /// The version of `mk8s`.
    pub(crate) mk8s: String,
    pub(crate) org: String,
    pub(crate) endpoint: String,
    /// The command without the connection, the output and the answer to the question.
    pub(crate) command: Vec<String>,
    /// What was to be done, as a fingerprint.
    pub(crate) plan: String,
    /// The clusters, as they were when it was planned.
    pub(crate) targets: Vec<FrozenTarget>,
}

/// A cluster as it was when the run was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrozenTarget {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<i64>,
}

impl JournalHeader {
    /// The header of a run that begins.
    pub(crate) fn new(
        (id, time): (String, String),
        (org, endpoint): (String, String),
        command: Vec<String>,
        plan: String,
        targets: Vec<FrozenTarget>,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            kind: KIND.to_owned(),
            id,
            time,
            mk8s: env!("CARGO_PKG_VERSION").to_owned(),
            org,
            endpoint,
            command,
            plan,
            targets,
        }
    }
}

/// The add-ons that a run changes of a cluster, by their keys, without what is secret; `null` is off.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ChangedAddons {
    /// As they were.
    pub(crate) old: Map<String, Value>,
    /// As they become; `None` in a journal that does not say it.
    pub(crate) new: Option<Map<String, Value>>,
    /// The paths of the settings that change and are left out, by the keys.
    pub(crate) left_out: Map<String, Value>,
}

impl ChangedAddons {
    fn of(record: &Map<String, Value>) -> Option<Self> {
        let map = |key: &str| record.get(key).and_then(Value::as_object).cloned();
        Some(Self {
            old: map("old")?,
            new: map("new"),
            left_out: map("leftOut").unwrap_or_default(),
        })
    }

    fn write(&self, record: &mut Map<String, Value>) {
        record.insert("old".to_owned(), json!(self.old));
        record.insert("new".to_owned(), json!(self.new));
        if !self.left_out.is_empty() {
            record.insert("leftOut".to_owned(), json!(self.left_out));
        }
    }
}

/// One of the lines that follow.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JournalRecord<'a> {
    /// A change is about to be sent: the version that it is locked on, and the add-ons that it changes.
    Started {
        name: &'a str,
        version: Option<i64>,
        changes: &'a ChangedAddons,
    },
    /// A cluster has ended in a state, by its word: at which version, and why, if it did not go well; and
    /// what was changed in the end, where that is something else than was to be.
    Ended {
        name: &'a str,
        state: &'static str,
        version: Option<i64>,
        because: Option<&'a str>,
        changes: Option<&'a ChangedAddons>,
    },
    /// The run is taken up again.
    Resumed { time: &'a str },
}

impl JournalRecord<'_> {
    /// The line, without its end.
    pub(super) fn line(&self) -> String {
        let mut object = match self {
            Self::Started { name, version, .. } => json!({"started": name, "version": version}),
            Self::Ended {
                name,
                state,
                version,
                because,
                ..
            } => json!({*state: name, "version": version, "because": because}),
            Self::Resumed { time } => json!({"resumed": time}),
        };
        if let Value::Object(map) = &mut object {
            match self {
                Self::Started { changes, .. } => changes.write(map),
                Self::Ended { changes, .. } => {
                    if let Some(changes) = changes {
                        changes.write(map);
                    }
                }
                Self::Resumed { .. } => {}
            }
            map.retain(|_, value| !value.is_null());
        }
        object.to_string()
    }
}

/// What is known of a cluster of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ClusterEntry {
    /// The version that its change was locked on, if it was begun.
    pub(crate) locked: Option<i64>,
    /// Whether it was begun.
    pub(crate) is_begun: bool,
    /// The add-ons that the run changes, as they were before and are to be.
    pub(crate) changes: Option<ChangedAddons>,
    /// As what it ended, by its word; `None` if that is not known.
    pub(crate) state: Option<String>,
    /// The version at which it ended.
    pub(crate) version: Option<i64>,
    /// Why it did not go well.
    pub(crate) because: Option<String>,
}

impl ClusterEntry {
    /// Whether the run has done there what it was to do.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state.as_deref(), Some("changed" | "unchanged"))
    }
}

/// A journal that was read.
#[derive(Debug, Clone)]
pub(crate) struct FleetJournal {
    pub(crate) header: JournalHeader,
    /// What is known of the clusters, by their names.
    pub(crate) entries: BTreeMap<String, ClusterEntry>,
    /// How many lines say nothing, but for those that broke off.
    unread: usize,
}

impl FleetJournal {
    /// Reads the lines; the error is about the file of that name.
    pub(crate) fn parse(text: &str, file: &str) -> Result<Self> {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let header: Option<JournalHeader> = serde_json::from_str(first).ok();
        let header = header.filter(|it| it.kind == KIND && it.schema == SCHEMA);
        let Some(header) = header else {
            return Err(
                Error::usage(format!("`{}` is no journal of a run", excerpt(file, 200)))
                    .because("its first line is not that of one"),
            );
        };
        let mut entries = BTreeMap::new();
        let mut unread = 0;
        // Whether the line before broke off, as it looks.
        let mut is_open = false;
        for line in lines.filter(|line| !line.trim().is_empty()) {
            // A line that broke off says nothing; the cluster does.
            if let Ok(Value::Object(record)) = serde_json::from_str(line) {
                let is_resumed = record.contains_key("resumed");
                // Whoever goes on with a journal leaves what broke off on its line.
                unread -= usize::from(is_open && is_resumed);
                is_open = false;
                unread += usize::from(!take(&mut entries, &record) && !is_resumed);
            } else {
                is_open = true;
                unread += 1;
            }
        }
        unread -= usize::from(is_open && !text.ends_with('\n'));
        Ok(Self {
            header,
            entries,
            unread,
        })
    }

    /// What is odd about it: somebody else has written in it.
    pub(crate) fn oddity(&self) -> Option<String> {
        let is_there = |name: &&String| self.header.targets.iter().any(|it| it.name == **name);
        let mut strangers = self
            .entries
            .keys()
            .filter(|name| !is_there(name))
            .peekable();
        let mut parts = Vec::new();
        if self.unread > 0 {
            let lines = text::count(self.unread, "line");
            parts.push(format!("{lines} cannot be read"));
        }
        if let Some(first) = strangers.peek() {
            let first = excerpt(first, 80);
            let count = strangers.count();
            let verb = if count == 1 { "is" } else { "are" };
            let clusters = text::count(count, "cluster");
            parts.push(format!(
                "{clusters} {verb} not in its header, such as `{first}`"
            ));
        }
        let parts = text::list(parts.iter().map(String::as_str));
        (!parts.is_empty()).then(|| format!("the journal was edited: {parts}; that is passed over"))
    }

    /// What is known of a cluster.
    pub(crate) fn entry(&self, name: &str) -> Option<&ClusterEntry> {
        self.entries.get(name)
    }
}

/// The words of the states that a cluster may have ended in.
const STATES: [&str; 7] = [
    "changed",
    "unchanged",
    "refused",
    "skipped",
    "unreachable",
    "failed",
    "not-started",
];

/// Takes a record in; gives whether it is one.
fn take(entries: &mut BTreeMap<String, ClusterEntry>, record: &Map<String, Value>) -> bool {
    let name_at = |key: &str| record.get(key).and_then(Value::as_str).map(str::to_owned);
    let version = record.get("version").and_then(Value::as_i64);
    if let Some(name) = name_at("started") {
        let entry = entries.entry(name).or_default();
        // The value before the first change is the one to go back to.
        if !entry.is_begun {
            entry.changes = ChangedAddons::of(record);
        }
        entry.is_begun = true;
        entry.locked = version;
        entry.state = None;
        return true;
    }
    let ended = STATES.iter().find_map(|&it| Some((it, name_at(it)?)));
    let is_known = ended.is_some();
    if let Some((state, name)) = ended {
        let entry = entries.entry(name).or_default();
        entry.state = Some(state.to_owned());
        entry.version = version;
        entry.because = name_at("because");
        entry.changes = ChangedAddons::of(record).or(entry.changes.take());
    }
    is_known
}

/// A short text that is the same for the same text, and most likely for no other.
pub(crate) fn fingerprint(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let bytes = digest.as_ref().iter().take(8);
    let number = bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> JournalHeader {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        JournalHeader::new(
            pair("r", "2026-01-01T00:00:00Z"),
            pair("acme", "https://x"),
            vec!["addon".to_owned()],
            fingerprint("plan"),
            vec![FrozenTarget {
                name: "a".to_owned(),
                id: None,
                version: Some(1),
            }],
        )
    }

    fn text(records: &[JournalRecord<'_>]) -> String {
        let mut lines = vec![serde_json::to_string(&header()).unwrap()];
        lines.extend(records.iter().map(JournalRecord::line));
        lines.join("\n")
    }

    #[test]
    fn the_last_word_on_a_cluster_counts_and_the_first_old_value() {
        let started = |version, changes| JournalRecord::Started {
            name: "a",
            version: Some(version),
            changes,
        };
        let failed = JournalRecord::Ended {
            name: "a",
            state: "failed",
            version: None,
            because: Some("no"),
            changes: None,
        };
        let changed = JournalRecord::Ended {
            name: "a",
            state: "changed",
            version: Some(3),
            because: None,
            changes: None,
        };
        let addons = |old: Value, new: Value| ChangedAddons {
            old: old.as_object().cloned().unwrap(),
            new: new.as_object().cloned(),
            left_out: Map::new(),
        };
        let off = addons(json!({"x": null}), json!({"x": {}}));
        let other = addons(json!({"x": {}}), json!({"x": {"n": 1}}));
        let read = |records: &[JournalRecord<'_>]| {
            let journal = FleetJournal::parse(&text(records), "f").unwrap();
            assert_eq!(journal.header, header());
            journal.entries["a"].clone()
        };
        let entry = read(&[started(1, &off), failed.clone()]);
        assert_eq!(
            (entry.state.as_deref(), entry.is_done()),
            (Some("failed"), false)
        );
        assert_eq!(entry.because.as_deref(), Some("no"));
        let all = [started(1, &off), failed, started(2, &other), changed];
        let entry = read(&all);
        assert!(entry.is_done());
        assert_eq!((entry.locked, entry.version), (Some(2), Some(3)));
        assert_eq!(entry.changes, Some(off.clone()));
        // What came of it in the end is what counts.
        let last = JournalRecord::Ended {
            name: "a",
            state: "changed",
            version: Some(3),
            because: None,
            changes: Some(&other),
        };
        let entry = read(&[started(1, &off), last]);
        assert_eq!(entry.changes, Some(other.clone()));
        // A change that was begun again has not ended.
        let entry = read(&all[..3]);
        assert_eq!((entry.state, entry.is_begun), (None, true));
    }

    #[test]
    fn a_line_that_broke_off_says_nothing() {
        let off = ChangedAddons::default();
        let whole = text(&[
            JournalRecord::Resumed { time: "t" },
            JournalRecord::Started {
                name: "a",
                version: Some(1),
                changes: &off,
            },
        ]);
        for cut in 1..40 {
            let journal = FleetJournal::parse(&whole[..whole.len() - cut], "f").unwrap();
            assert!(journal.entries.is_empty(), "{cut}");
        }
        for text in ["", "{}", "{\"kind\":\"Journal\"}", "nothing"] {
            assert!(FleetJournal::parse(text, "f").is_err(), "{text}");
        }
    }
}
