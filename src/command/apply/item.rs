//! One document on its way to a cluster: what is there, what is to be done, and how it is shown.

use super::super::Context;
use super::super::cluster::slimmed;
use crate::cli::ApplyArgs;
use crate::cluster::Cluster;
use crate::control::ApiError;
use crate::control::settle::Write;
use crate::drift::{self, Drift};
use crate::error::{Error, Result};
use crate::fleet::TargetResult;
use crate::manifest;
use crate::patch;
use crate::secret;
use crate::ui::wire;
use serde_json::{Map, Value, json};

/// What a manifest says and `apply` sends.
const FIELDS: [&str; 3] = ["description", "tags", "spec"];

/// One document on its way to a cluster.
pub(super) struct ApplyItem<'a> {
    pub(super) cx: &'a Context,
    pub(super) args: &'a ApplyArgs,
    pub(super) document: Cluster,
    pub(super) source: wire::TargetRef,
    pub(super) place: String,
}

/// What is to be done with a cluster.
pub(super) struct Update {
    /// `created`, `updated` or `none`.
    pub(super) action: &'static str,
    /// The merge patch; `None` when all is as the manifest says, or there is no cluster.
    pub(super) patch: Option<Value>,
    /// What is sent: the patch, or the document.
    pub(super) write: Option<Write>,
    /// How the add-ons differ.
    pub(super) drifts: Vec<Drift>,
    /// Add-ons and their settings that are only live and stay.
    pub(super) live_only: Vec<String>,
    /// What goes: the same where it is pruned, and add-ons that the manifest sets to `null`.
    pub(super) pruned: Vec<String>,
}

/// What came of it.
pub(super) struct ApplyResult {
    /// `created`, `updated` or `none`.
    pub(super) action: &'static str,
    pub(super) line: String,
    pub(super) differences: Vec<wire::DifferenceRecord>,
    pub(super) live_only: Vec<String>,
    pub(super) pruned: Vec<String>,
    pub(super) verified: Option<bool>,
    pub(super) warnings: Vec<String>,
    /// What went wrong once it was done: it could not be read back, or is not all there.
    pub(super) failed: Option<Error>,
}

impl ApplyItem<'_> {
    pub(super) fn name(&self) -> &str {
        self.document.name()
    }

    /// What is to be done, by what was found of the cluster; the cluster itself as well.
    pub(super) fn intent(
        &self,
        found: Result<Option<Cluster>, ApiError>,
    ) -> Result<(Option<Cluster>, Update)> {
        match found {
            Ok(Some(cluster)) => {
                let update = self.compare(&cluster)?;
                Ok((Some(cluster), update))
            }
            Ok(None) => Ok((None, self.creation())),
            Err(error) => Err(self.cx.explain(&error, &self.cx.reading(self.name()))),
        }
    }

    /// The item of a document with which nothing was done.
    pub(super) fn blank(&self) -> wire::Applied {
        wire::Applied {
            target: self.cx.cluster(self.name()),
            source: self.source.clone(),
            action: "none",
            state: None,
            changed: false,
            differences: Vec::new(),
            live_only: Vec::new(),
            pruned: Vec::new(),
            verified: None,
            warnings: Vec::new(),
            error: None,
        }
    }

    /// What is told of one that was applied, or did not need it.
    pub(super) fn done(&self, done: ApplyResult) -> TargetResult<wire::Applied> {
        let changed = done.action != "none";
        TargetResult {
            names: vec![self.name().to_owned()],
            lines: vec![done.line],
            changed,
            next: None,
            items: vec![wire::Applied {
                action: done.action,
                changed,
                differences: done.differences,
                live_only: done.live_only,
                pruned: done.pruned,
                verified: done.verified,
                warnings: done.warnings,
                error: done.failed.as_ref().map(|it| self.cx.wire(it)),
                ..self.blank()
            }],
            failed: done.failed,
        }
    }

    /// What makes the cluster. `--put` sends the document as `cpln apply` does, over whatever is
    /// there by then.
    pub(super) fn creation(&self) -> Update {
        let body = self.sent(&Value::Null);
        Update {
            action: "created",
            patch: None,
            write: Some(if self.args.put {
                Write::Put(body)
            } else {
                Write::Create(body)
            }),
            drifts: drift::add_ons(
                &self.document,
                &Cluster::new(Value::Null),
                self.cx.org().unwrap_or_default(),
            ),
            live_only: Vec::new(),
            pruned: Vec::new(),
        }
    }

    /// What brings an existing cluster to the manifest.
    pub(super) fn compare(&self, cluster: &Cluster) -> Result<Update> {
        let org = self.cx.org()?;
        let mut patch = Map::new();
        for field in FIELDS {
            if let Some(value) = self.document.value().get(field) {
                patch.insert(field.to_owned(), value.clone());
            }
        }
        let mut patch = Value::Object(patch);
        drop_empty_add_ons(&mut patch);
        patch::drop_idle_nulls(&mut patch, cluster.value(), org);
        let drifts = drift::add_ons(&self.document, cluster, org);
        let live_only: Vec<&[String]> = drifts
            .iter()
            .filter(|drift| drift.side == drift::DriftSide::LiveOnly)
            .map(|drift| drift.path.as_slice())
            .filter(|path| !path.first().is_some_and(|key| self.sets_to_null(key)))
            .collect();
        let mut removed = Vec::new();
        if self.args.prune_addons {
            for path in &live_only {
                let mut removal = Value::Null;
                for key in path.iter().rev() {
                    removal = json!({ key: removal });
                }
                merge_keeping_nulls(&mut patch, &json!({"spec": {"addOns": removal}}));
            }
        }
        let paths: Vec<String> = live_only
            .iter()
            .map(|path| format!("spec.addOns.{}", path.join(".")))
            .collect();
        let kept = if self.args.prune_addons {
            removed = paths;
            Vec::new()
        } else {
            paths
        };
        removed.extend(self.nulls(cluster));
        let unmet = patch::unmet(&patch, cluster.value(), org);
        let patch = (!unmet.is_empty()).then_some(patch);
        let write = if !self.args.put {
            patch.clone().map(Write::Patch)
        } else if self.puts(cluster) || !kept.is_empty() || !removed.is_empty() {
            Some(Write::Put(self.whole(cluster, patch.as_ref())))
        } else {
            None
        };
        let is_so = patch.is_none() && !self.puts(cluster);
        Ok(Update {
            action: if is_so { "none" } else { "updated" },
            patch,
            write,
            drifts,
            live_only: kept,
            pruned: removed,
        })
    }

    /// Whether the manifest sets an add-on's key to `null`.
    fn sets_to_null(&self, key: &str) -> bool {
        let add_ons = self.document.add_ons();
        add_ons.is_some_and(|add_ons| add_ons.get(key) == Some(&Value::Null))
    }

    /// The add-ons that are on and that the manifest sets to `null`.
    fn nulls(&self, cluster: &Cluster) -> Vec<String> {
        let live = cluster.add_ons().into_iter().flatten();
        live.filter(|(key, value)| !value.is_null() && self.sets_to_null(key))
            .map(|(key, _)| format!("spec.addOns.{key}"))
            .collect()
    }

    /// The difference that applying makes to what is there; empty if none.
    pub(super) fn diff(&self, cluster: Option<&Cluster>, update: &Update) -> String {
        let slim = |value: Value| manifest::yaml(&slimmed(&value));
        let (before, after) = match cluster {
            None => (String::new(), slim(secret::masked(self.document.value()))),
            Some(cluster) => {
                let org = self.cx.org().unwrap_or_default();
                let mut before = cluster.value().clone();
                let mut after = match &update.patch {
                    Some(patch) => patch::settled(patch, cluster.value(), org),
                    None => before.clone(),
                };
                secret::mask_both(&mut before, &mut after);
                (slim(before), slim(after))
            }
        };
        manifest::diff(self.name(), &before, &after)
    }

    /// What is told of one that is as its manifest says.
    pub(super) fn so_already(&self, update: &Update) -> ApplyResult {
        ApplyResult {
            action: "none",
            line: format!("{} is already as the manifest says", self.name()),
            differences: Vec::new(),
            live_only: update.live_only.clone(),
            pruned: Vec::new(),
            verified: None,
            warnings: Vec::new(),
            failed: None,
        }
    }

    /// What a dry run says of it.
    pub(super) fn preview(&self, update: Update) -> ApplyResult {
        let name = self.name();
        let line = match update.action {
            "created" => format!("Would create {name}"),
            "updated" => format!("Would update {name}"),
            _ => format!("{name} is already as the manifest says"),
        };
        self.list_live_only(&update.live_only, &update.pruned);
        ApplyResult {
            action: update.action,
            line,
            differences: update.drifts.iter().map(Into::into).collect(),
            live_only: update.live_only,
            pruned: update.pruned,
            verified: None,
            warnings: Vec::new(),
            failed: None,
        }
    }

    /// Whether `--put` sends the document: unless the cluster is already as it says.
    fn puts(&self, cluster: &Cluster) -> bool {
        let org = self.cx.org().unwrap_or_default();
        let live = cluster.value();
        self.args.put && !patch::unmet(&self.sent(live), live, org).is_empty()
    }

    /// The document without the fields that only the server sets, and without what asks for nothing
    /// over `live`, which is `null` where there is no cluster.
    fn sent(&self, live: &Value) -> Value {
        let mut body = slimmed(self.document.value());
        drop_empty_add_ons(&mut body);
        patch::drop_idle_nulls(&mut body, live, self.cx.org().unwrap_or_default());
        body
    }

    /// The document that is put over a cluster.
    fn whole(&self, cluster: &Cluster, patch: Option<&Value>) -> Value {
        let mut body = self.sent(cluster.value());
        if self.args.prune_addons
            && let Some(add_ons) = patch.and_then(|patch| patch.pointer("/spec/addOns"))
        {
            // Removal is said in so many words: a merging server would keep what is left out.
            merge_keeping_nulls(&mut body, &json!({"spec": {"addOns": add_ons}}));
        }
        body
    }

    pub(super) fn list_live_only(&self, kept: &[String], pruned: &[String]) {
        for path in kept {
            self.cx
                .ui
                .status(&format!("{}: {path} is live only, kept", self.name()));
        }
        for path in pruned {
            let key = path.strip_prefix("spec.addOns.").unwrap_or(path);
            let why = if self.sets_to_null(key) {
                "is null in the manifest"
            } else {
                "is live only"
            };
            let word = if self.args.dry_run {
                "would be removed"
            } else {
                "removed"
            };
            self.cx
                .ui
                .status(&format!("{}: {path} {why}, {word}", self.name()));
        }
    }
}

/// An `addOns:` with nothing behind it says nothing about add-ons.
fn drop_empty_add_ons(body: &mut Value) {
    if body.pointer("/spec/addOns") == Some(&Value::Null)
        && let Some(Value::Object(spec)) = body.get_mut("spec")
    {
        spec.shift_remove("addOns");
    }
}

/// Puts one patch into another: `null` stays, since it still has to be sent.
fn merge_keeping_nulls(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(map), Value::Object(fields)) => {
            for (key, value) in fields {
                merge_keeping_nulls(map.entry(key.clone()).or_insert_with(|| json!({})), value);
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}
