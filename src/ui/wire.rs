//! The JSON of `mk8s/v1`: what scripts hold on to. Fields are added, never renamed.
//!
//! These structs stand apart from the internal types on purpose.

pub(crate) use super::failure::ErrorObject;
use crate::check::verdict::PullOutcome;
use crate::drift::{self, Drift};
use crate::facts::PlatformFact;
use crate::plan::{AddonStep, display_name};
use crate::secret;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// The version of every document here.
pub(crate) const SCHEMA: &str = "mk8s/v1";

/// A document with items.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemsDocument<T> {
    schema: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    /// How many ended as what, where several clusters were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Value>,
    items: Vec<T>,
}

impl<T: Serialize> ItemsDocument<T> {
    /// A document of a command that only reads.
    pub(crate) fn read(kind: &'static str, items: Vec<T>) -> Self {
        Self {
            schema: SCHEMA,
            kind,
            dry_run: None,
            summary: None,
            items,
        }
    }

    /// A document of a command that changes something.
    pub(crate) fn change(kind: &'static str, dry_run: bool, items: Vec<T>) -> Self {
        Self {
            schema: SCHEMA,
            kind,
            dry_run: Some(dry_run),
            summary: None,
            items,
        }
    }

    /// With how many ended as what.
    #[must_use]
    pub(crate) fn summed_up(self, summary: Option<impl Serialize>) -> Self {
        Self {
            summary: summary.map(|summary| to_value(&summary)),
            ..self
        }
    }
}

/// A document that is one object.
#[derive(Debug, Serialize)]
pub(crate) struct Single<T> {
    schema: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    body: T,
}

impl<T: Serialize> Single<T> {
    /// The object under its kind.
    pub(crate) fn new(kind: &'static str, body: T) -> Self {
        Self {
            schema: SCHEMA,
            kind,
            body,
        }
    }
}

/// Any of the structs here as a JSON value.
pub(crate) fn to_value(wire: &impl Serialize) -> Value {
    // These structs have string keys only, so that this cannot fail.
    serde_json::to_value(wire).unwrap_or_default()
}

/// What something was done to.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum TargetRef {
    /// A live cluster.
    Cluster {
        /// Its org.
        org: String,
        /// Its name.
        name: String,
    },
    /// A document of a manifest file.
    File {
        /// The file as it was named; `-` for stdin.
        path: String,
        /// Which document, from 1.
        document: usize,
        /// The cluster that the document describes.
        name: String,
    },
}

/// One item of `AddonChanges`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddonChange {
    /// What was changed.
    pub(crate) target: TargetRef,
    /// `aws-ecr`; the key itself for an add-on that the catalogue does not know.
    pub(crate) addon: String,
    /// `awsECR`
    pub(crate) key: String,
    /// `enabled`, `updated`, `disabled` or `none`.
    pub(crate) action: &'static str,
    /// As what it ended, where several clusters were asked for: `changed`, `unchanged`, `refused`,
    /// `skipped`, `unreachable`, `failed` or `not-started`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<&'static str>,
    /// Whether anything changes.
    pub(crate) changed: bool,
    /// The add-on's value before; null is off.
    pub(crate) before: Option<Value>,
    /// The add-on's value after; null is off.
    pub(crate) after: Option<Value>,
    /// Add-ons that went on along with it.
    pub(crate) prerequisites: Vec<Companion>,
    /// Add-ons that went off along with it.
    pub(crate) dependants: Vec<Companion>,
    /// The registry case of an add-on that pulls from AWS registries.
    pub(crate) registry_access: Option<&'static str>,
    /// Whether the change was read back; null where there is nothing to read back.
    pub(crate) verified: Option<bool>,
    /// What was waited for; null without `--wait`.
    pub(crate) waited: Option<WaitRecord>,
    /// What looks odd.
    pub(crate) warnings: Vec<String>,
    /// What went wrong on this target.
    pub(crate) error: Option<ErrorObject>,
}

/// An add-on that changes along with the one that was asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Companion {
    addon: String,
    action: &'static str,
}

impl From<&AddonStep> for Companion {
    fn from(step: &AddonStep) -> Self {
        Self {
            addon: step.addon.name().to_owned(),
            action: step.action.name(),
        }
    }
}

/// The result of waiting.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WaitRecord {
    /// The status field.
    pub(crate) condition: String,
    /// Whether it is there.
    pub(crate) reached: bool,
    /// How long it took, in seconds.
    pub(crate) seconds: f64,
}

/// One add-on, of the catalogue or on a target.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddonRecord {
    /// Where; null for the catalogue.
    pub(crate) target: Option<TargetRef>,
    /// `aws-ecr`; the key itself for an add-on that the catalogue does not know.
    pub(crate) addon: String,
    /// `awsECR`
    pub(crate) key: String,
    /// Whether the catalogue knows it.
    pub(crate) known: bool,
    /// Whether it is on; null for the catalogue.
    pub(crate) enabled: Option<bool>,
    /// Its value in `spec.addOns`.
    pub(crate) settings: Option<Value>,
    /// Its part of the status, secrets masked.
    pub(crate) status: Option<Value>,
    /// What it is for.
    pub(crate) summary: Option<&'static str>,
    /// The providers for which it is documented; null means all.
    pub(crate) providers: Option<Vec<&'static str>>,
    /// Whether it is documented for the target's provider; null for the catalogue and for an add-on
    /// that it does not know.
    pub(crate) documented: Option<bool>,
    /// What it needs of the nodes; null if nothing.
    pub(crate) nodes: Option<NodeRecord>,
    /// What it needs.
    pub(crate) needs: Vec<&'static str>,
    /// The settings it takes.
    pub(crate) fields: Cow<'static, [Field]>,
    /// The platform's page.
    pub(crate) docs: Option<&'static str>,
}

/// What an add-on needs of the nodes.
#[derive(Debug, Serialize)]
pub(crate) struct NodeRecord {
    /// The label of a node pool.
    pub(crate) label: Option<&'static str>,
    /// What the machines have to have.
    pub(crate) hardware: &'static str,
}

/// One item of `AddonList`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum AddonItem {
    /// An add-on.
    Addon(Box<AddonRecord>),
    /// A target that could not be read.
    Unread {
        /// Which.
        target: TargetRef,
        /// Why.
        error: Box<ErrorObject>,
    },
}

/// One setting of an add-on.
#[derive(Debug, Serialize, Clone)]
pub(crate) struct Field {
    /// Its place below the add-on: `roleArn`, `scrapeAnnotated.intervalSeconds`.
    pub(crate) name: String,
    /// Its flag, if it has one.
    pub(crate) flag: Option<String>,
    /// What values it takes.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// Whether the platform refuses what it is in without it.
    pub(crate) required: bool,
    /// What holds where it is left out.
    pub(crate) default: Option<&'static str>,
    /// A value, as it is written on the command line; lists and objects as JSON.
    pub(crate) example: &'static str,
    /// What a value must be beyond its type.
    pub(crate) constraint: Option<String>,
    /// Whether it may hold a password or a key.
    pub(crate) secret: bool,
    /// What it is called in `add_ons` of Terraform.
    pub(crate) terraform: String,
    /// What it is called in `addOns` of Pulumi.
    pub(crate) pulumi: String,
    /// What it is.
    pub(crate) summary: &'static str,
}

/// One item of `Waits`.
#[derive(Debug, Serialize)]
pub(crate) struct WaitItem {
    /// The cluster.
    pub(crate) target: TargetRef,
    /// What was waited for.
    pub(crate) condition: String,
    /// Whether it came.
    pub(crate) reached: bool,
    /// How long it took; null if it did not come.
    pub(crate) seconds: Option<f64>,
    /// Why it did not.
    pub(crate) error: Option<ErrorObject>,
}

/// The body of `Journal`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JournalBody {
    /// The name of the run.
    pub(crate) id: String,
    /// When it began.
    pub(crate) time: String,
    /// The version of `mk8s`.
    pub(crate) mk8s: String,
    /// The org.
    pub(crate) org: String,
    /// Where the API is.
    pub(crate) endpoint: String,
    /// What was done, word by word.
    pub(crate) command: Vec<String>,
    /// The clusters.
    pub(crate) items: Vec<JournalItem>,
}

/// One cluster of `Journal`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JournalItem {
    /// Its name.
    pub(crate) name: String,
    /// As what it ended; `started` if that is not known.
    pub(crate) state: String,
    /// The version that the change was locked on.
    #[serde(rename = "lockedVersion")]
    pub(crate) locked: Option<i64>,
    /// The version at which it ended.
    pub(crate) version: Option<i64>,
    /// The add-ons that the run changes, as they were.
    pub(crate) before: Option<Value>,
    /// Why it did not go well.
    pub(crate) because: Option<String>,
}

/// One item of `History`.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryItem {
    /// The name of the run.
    pub(crate) id: String,
    /// When it began.
    pub(crate) time: String,
    /// What was done, word by word.
    pub(crate) command: Vec<String>,
    /// What it has changed, or may have.
    pub(crate) targets: Vec<HistoryTarget>,
}

/// What a run changed of one target.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryTarget {
    /// Which; files from the root on.
    pub(crate) target: TargetRef,
    /// Each add-on that changed.
    pub(crate) changes: Vec<HistoryChange>,
}

/// What became of an add-on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryChange {
    /// `aws-ecr`; the key itself for an add-on that the catalogue does not know.
    pub(crate) addon: String,
    /// `awsECR`
    pub(crate) key: String,
    /// The add-on's value before, without what may be secret; null is off.
    pub(crate) before: Option<Value>,
    /// The same afterwards.
    pub(crate) after: Option<Value>,
    /// The settings that changed and were not kept, since they may be secret.
    pub(crate) left_out: Vec<String>,
}

/// The body of `Facts`.
#[derive(Debug, Serialize)]
pub(crate) struct FactsBody {
    /// The version of `mk8s`.
    pub(crate) mk8s: &'static str,
    /// How many clusters were looked at.
    pub(crate) clusters: usize,
    /// The questions.
    pub(crate) items: Vec<FactRecord>,
}

/// One item of `Facts`.
#[derive(Debug, Serialize)]
pub(crate) struct FactRecord {
    /// Its stable name.
    pub(crate) id: &'static str,
    /// The question.
    pub(crate) question: &'static str,
    /// What was seen.
    pub(crate) seen: Vec<SightingRecord>,
    /// Why nothing can be seen of it; null where something can.
    pub(crate) open: Option<&'static str>,
}

/// What was seen, and on how many clusters.
#[derive(Debug, Serialize)]
pub(crate) struct SightingRecord {
    text: String,
    clusters: usize,
}

impl From<&PlatformFact> for FactRecord {
    fn from(fact: &PlatformFact) -> Self {
        let seen = fact.seen.iter().map(|(text, clusters)| SightingRecord {
            text: text.clone(),
            clusters: *clusters,
        });
        Self {
            id: fact.id,
            question: fact.question,
            seen: seen.collect(),
            open: fact.open,
        }
    }
}

/// One item of `ApplyResult`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Applied {
    /// The live cluster.
    pub(crate) target: TargetRef,
    /// The document that was applied.
    pub(crate) source: TargetRef,
    /// `created`, `updated` or `none`.
    pub(crate) action: &'static str,
    /// As what it ended, where several documents were applied; the same words as of `AddonChange`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<&'static str>,
    /// Whether anything changes.
    pub(crate) changed: bool,
    /// How the add-ons differed before, as in `Diff`.
    pub(crate) differences: Vec<DifferenceRecord>,
    /// Paths of add-ons and settings that are only live and were kept.
    pub(crate) live_only: Vec<String>,
    /// Paths of add-ons and settings that were only live and were removed.
    pub(crate) pruned: Vec<String>,
    /// Whether every field of the manifest was read back.
    pub(crate) verified: Option<bool>,
    /// What looks odd.
    pub(crate) warnings: Vec<String>,
    /// What went wrong on this target.
    pub(crate) error: Option<ErrorObject>,
}

/// One item of `Diff`.
#[derive(Debug, Serialize)]
pub(crate) struct Diff {
    /// The live cluster.
    pub(crate) target: TargetRef,
    /// The document that it was compared with.
    pub(crate) source: TargetRef,
    /// Whether the live cluster exists; null if that could not be told.
    pub(crate) exists: Option<bool>,
    /// What differs.
    pub(crate) differences: Vec<DifferenceRecord>,
    /// What went wrong on this target.
    pub(crate) error: Option<ErrorObject>,
}

/// One difference of `Diff`.
#[derive(Debug, Serialize)]
pub(crate) struct DifferenceRecord {
    /// `spec.addOns.awsECR.roleArn`
    pub(crate) path: String,
    /// `aws-ecr`; the key itself for an add-on that the catalogue does not know.
    pub(crate) addon: String,
    /// `manifest-only`, `live-only` or `different`; of two live clusters `second-only` or `first-only`.
    pub(crate) state: &'static str,
    /// The manifest's value; of two live clusters the second's.
    pub(crate) manifest: Option<Value>,
    /// The live value; of two live clusters the first's.
    pub(crate) live: Option<Value>,
    /// Its line in the manifest, or that of what it would be in, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// Its column, in characters from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<usize>,
}

impl From<&drift::FieldDrift> for DifferenceRecord {
    fn from(field: &drift::FieldDrift) -> Self {
        let key = field.path.strip_prefix("spec.addOns.");
        let key = key.and_then(|rest| rest.split('.').next());
        let name = field.path.rsplit(['.', '[']).next().unwrap_or_default();
        let masked = |value: &Value| masked(name, value);
        Self {
            path: field.path.clone(),
            addon: key.map_or_else(String::new, |key| display_name(key).to_owned()),
            state: field.side.name(),
            manifest: field.manifest.as_ref().map(masked),
            live: field.live.as_ref().map(masked),
            line: None,
            column: None,
        }
    }
}

/// A value without what may be secret, also where its own name says that it is all of it.
fn masked(name: &str, value: &Value) -> Value {
    let mut named = serde_json::json!({ name: value });
    secret::mask(&mut named);
    named[name].take()
}

impl From<&Drift> for DifferenceRecord {
    fn from(drift: &Drift) -> Self {
        let key = drift.path.first();
        let name = drift.path.last().map_or("", String::as_str);
        let masked = |value: &Value| masked(name, value);
        Self {
            path: drift.dotted(),
            addon: key.map_or_else(String::new, |key| display_name(key).to_owned()),
            state: drift.side.name(),
            manifest: drift.manifest.as_ref().map(masked),
            live: drift.live.as_ref().map(masked),
            line: None,
            column: None,
        }
    }
}

/// The body of `Auth`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Auth {
    /// Whether the API accepted the login; null if it was not tried.
    pub(crate) authenticated: Option<bool>,
    /// The profile's e-mail or the key's id.
    pub(crate) identity: Option<String>,
    /// `service-account` or `user`.
    pub(crate) identity_kind: Option<&'static str>,
    /// When the token ends, RFC 3339.
    pub(crate) expires: Option<String>,
    /// The org.
    pub(crate) org: Option<OriginRecord>,
    /// The address of the API.
    pub(crate) endpoint: OriginRecord,
    /// The profile.
    pub(crate) profile: Option<OriginRecord>,
    /// Where the token comes from; its value is never shown.
    pub(crate) token_source: Option<String>,
    /// The org that a service-account key is of.
    pub(crate) identity_org: Option<String>,
    /// Whether certificates go unchecked.
    pub(crate) insecure: bool,
}

/// A value and the source that won.
#[derive(Debug, Serialize)]
pub(crate) struct OriginRecord {
    /// The value.
    pub(crate) value: String,
    /// Where it comes from.
    pub(crate) source: String,
}

/// One item of `CheckReport`.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    /// The check's stable id.
    pub(crate) id: &'static str,
    /// Its group's stable id.
    pub(crate) group: &'static str,
    /// `pass`, `warn`, `fail`, `unknown` or `skip`.
    pub(crate) state: &'static str,
    /// What is, or is not, the case; the reason of a skip.
    pub(crate) message: String,
    /// The fact behind it.
    pub(crate) evidence: Option<String>,
    /// The command that mends it.
    pub(crate) fix: Option<String>,
    /// Where it is explained.
    pub(crate) docs: String,
    /// The live cluster it is about.
    pub(crate) cluster: Option<String>,
    /// The file it is about.
    pub(crate) file: Option<String>,
    /// The line in the file, from 1.
    pub(crate) line: Option<usize>,
    /// The column in it, in characters from 1.
    pub(crate) column: Option<usize>,
}

fn verdict(verdict: &crate::check::PullVerdict) -> Value {
    let (step, why, missing) = match &verdict.outcome {
        PullOutcome::Works => (None, None, &[][..]),
        PullOutcome::Fails { step, why } => (Some(*step), Some(why), &[][..]),
        PullOutcome::Unknown { missing } => (None, None, &missing[..]),
    };
    serde_json::json!({
        "cluster": verdict.cluster,
        "image": verdict.image,
        "state": verdict.state(),
        "step": step,
        "why": why,
        "missing": missing,
    })
}

/// The document of `check` and of `validate`.
pub(crate) fn check_report(report: &crate::check::CheckReport) -> Value {
    let summary = report.summary();
    let all_skipped = report
        .items
        .iter()
        .filter(|item| item.state() == crate::check::CheckState::Skip)
        .count();
    let items: Vec<Checked> = report
        .items
        .iter()
        .map(|item| Checked {
            id: item.id,
            group: item.group,
            state: item.state().name(),
            message: item.finding.message.clone(),
            evidence: item.finding.evidence.clone(),
            fix: item.fix.clone(),
            docs: item.docs(),
            cluster: item.cluster.clone(),
            file: item.place().map(|place| place.file.clone()),
            line: item.place().and_then(|place| place.line),
            column: item.place().and_then(|place| place.column),
        })
        .collect();
    serde_json::json!({
        "schema": SCHEMA,
        "kind": "CheckReport",
        "items": to_value(&items),
        "verdicts": report.verdicts.iter().map(verdict).collect::<Vec<Value>>(),
        "summary": {
            "pass": summary.pass,
            "warn": summary.warn,
            "fail": summary.fail,
            "unknown": summary.unknown,
            "skip": all_skipped,
        },
    })
}
