//! What stands in the file of a run. Pure.

use crate::error::{Error, Result};
use crate::text::excerpt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What a file's first line says it is.
const SCHEMA: &str = "mk8s/v1";
const KIND: &str = "HistoryHeader";

/// The first line: which run it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HistoryHeader {
    /// `mk8s/v1`
    schema: String,
    /// `HistoryHeader`
    kind: String,
    /// The name of the run.
    pub(crate) id: String,
    /// When it began, by RFC 3339.
    pub(crate) time: String,
    /// The version of `mk8s`.
    mk8s: String,
    /// The command without the connection, the output and the answer to the question.
    pub(crate) command: Vec<String>,
}

impl HistoryHeader {
    /// The header of a run that begins.
    pub(crate) fn new((id, time): (String, String), command: Vec<String>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            kind: KIND.to_owned(),
            id,
            time,
            mk8s: env!("CARGO_PKG_VERSION").to_owned(),
            command,
        }
    }
}

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum KeptTarget {
    /// A live cluster.
    Cluster {
        /// Its org.
        org: String,
        /// Where the API is.
        endpoint: String,
        /// Its name.
        name: String,
    },
    /// A document of a file.
    File {
        /// The file, from the root on.
        path: PathBuf,
        /// Which document, from 1.
        document: usize,
        /// The cluster that the document describes.
        name: String,
    },
}

impl KeptTarget {
    /// The cluster that it is, or describes.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Cluster { name, .. } | Self::File { name, .. } => name,
        }
    }
}

/// What becomes of one add-on, without what may be secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeptChange {
    /// Its key.
    pub(crate) key: String,
    /// Its value before; `null` is off.
    #[serde(default)]
    pub(crate) before: Value,
    /// Its value afterwards; `null` is off.
    #[serde(default)]
    pub(crate) after: Value,
    /// The settings of before that change and are not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) left_out: Vec<String>,
}

impl KeptChange {
    /// Whether something goes that was there.
    pub(crate) fn loses(&self) -> bool {
        !self.left_out.is_empty() || is_lost(&self.before, &self.after)
    }
}

/// Whether a value has something that the other has not.
fn is_lost(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Null, _) => false,
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            .any(|(key, value)| is_lost(value, after.get(key).unwrap_or(&Value::Null))),
        _ => before != after,
    }
}

/// A target of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeptEntry {
    pub(crate) target: KeptTarget,
    pub(crate) changes: Vec<KeptChange>,
    /// Whether it was changed; `None` if that is not known.
    pub(crate) is_changed: Option<bool>,
}

/// A run that was read.
#[derive(Debug, Clone)]
pub(crate) struct HistoryRun {
    pub(crate) header: HistoryHeader,
    /// The targets that it has changed, or may have.
    pub(crate) entries: Vec<KeptEntry>,
}

/// The line of a target that is about to be changed.
#[derive(Serialize, Deserialize)]
struct BegunLine {
    target: KeptTarget,
    changes: Vec<KeptChange>,
}

/// The line of how one ended, by its number.
#[derive(Serialize, Deserialize)]
struct EndedLine {
    ended: usize,
    changed: bool,
    /// What was changed in the end, where that is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<KeptChange>>,
}

/// The line of a target that is about to be changed.
pub(super) fn begun(target: &KeptTarget, changes: &[KeptChange]) -> String {
    json!({"target": target, "changes": changes}).to_string()
}

/// The line of how one ended.
pub(super) fn ended(number: usize, is_changed: bool, changes: Option<&[KeptChange]>) -> String {
    let mut line = json!({"ended": number, "changed": is_changed});
    if let Some(changes) = changes {
        line["changes"] = json!(changes);
    }
    line.to_string()
}

impl HistoryRun {
    /// Reads the lines; the error is about the run of that name.
    pub(super) fn parse(text: &str, name: &str) -> Result<Self> {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let header: Option<HistoryHeader> = serde_json::from_str(first).ok();
        let Some(header) = header.filter(|it| it.kind == KIND && it.schema == SCHEMA) else {
            return Err(
                Error::failure(format!("the run `{}` cannot be read", excerpt(name, 80)))
                    .because("its first line is not that of one"),
            );
        };
        let mut entries: Vec<KeptEntry> = Vec::new();
        for line in lines {
            if let Ok(BegunLine { target, changes }) = serde_json::from_str(line) {
                entries.push(KeptEntry {
                    target,
                    changes,
                    is_changed: None,
                });
            } else if let Ok(line) = serde_json::from_str::<EndedLine>(line)
                && let Some(entry) = entries.get_mut(line.ended)
            {
                entry.is_changed = Some(line.changed);
                entry.changes = line.changes.unwrap_or(std::mem::take(&mut entry.changes));
            }
        }
        entries.retain(|entry| entry.is_changed != Some(false));
        Ok(Self { header, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(before: &Value, after: &Value) -> KeptChange {
        KeptChange {
            key: "metrics".to_owned(),
            before: before.clone(),
            after: after.clone(),
            left_out: Vec::new(),
        }
    }

    #[test]
    fn only_what_goes_is_a_loss() {
        for (before, after, expected) in [
            (json!(null), json!({}), false),
            (json!({}), json!(null), true),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), false),
            (json!({"a": 1}), json!({"a": 2}), true),
            (json!({"a": {"b": 1}}), json!({"a": {}}), true),
            (json!({"a": [1]}), json!({"a": [1, 2]}), true),
        ] {
            assert_eq!(
                change(&before, &after).loses(),
                expected,
                "{before} {after}"
            );
        }
        let secret = KeptChange {
            left_out: vec!["x".to_owned()],
            ..change(&json!({}), &json!({}))
        };
        assert!(secret.loses());
    }

    #[test]
    fn the_last_word_on_a_target_counts_and_what_was_not_changed_is_none() {
        let header = HistoryHeader::new(("r".to_owned(), "t".to_owned()), vec!["addon".to_owned()]);
        let cluster = |name: &str| KeptTarget::Cluster {
            org: "acme".to_owned(),
            endpoint: "https://x".to_owned(),
            name: name.to_owned(),
        };
        let file = KeptTarget::File {
            path: PathBuf::from("/m.yaml"),
            document: 2,
            name: "d".to_owned(),
        };
        let (first, last) = (
            change(&json!({}), &json!(null)),
            change(&json!({"kubeState": true}), &json!(null)),
        );
        let lines = [
            serde_json::to_string(&header).unwrap(),
            begun(&cluster("a"), std::slice::from_ref(&first)),
            begun(&cluster("b"), std::slice::from_ref(&first)),
            begun(&file, std::slice::from_ref(&first)),
            begun(&cluster("c"), std::slice::from_ref(&first)),
            ended(0, true, Some(std::slice::from_ref(&last))),
            ended(1, false, None),
            ended(2, true, None),
            "{\"ended\":3,\"chan".to_owned(),
        ];
        let run = HistoryRun::parse(&lines.join("\n"), "r").unwrap();
        assert_eq!(run.header, header);
        let found: Vec<(&str, &KeptChange, Option<bool>)> = run
            .entries
            .iter()
            .map(|it| (it.target.name(), &it.changes[0], it.is_changed))
            .collect();
        assert_eq!(
            found,
            [
                ("a", &last, Some(true)),
                ("d", &first, Some(true)),
                ("c", &first, None)
            ]
        );
        assert_eq!(run.entries[1].target, file);
        for text in ["", "{}", "nothing"] {
            assert!(HistoryRun::parse(text, "r").is_err(), "{text}");
        }
    }
}
