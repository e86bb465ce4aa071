//! The writes of `mk8s apply`: a cluster that is made, one that is patched, a document that is put.

use super::super::live;
use super::item::{ApplyItem, ApplyResult, Update};
use crate::cluster::Cluster;
use crate::control::WriteEffect;
use crate::control::settle::{ClusterPlanner, Settled, Write};
use crate::error::{Error, Result};
use serde_json::Value;

/// One document on its way, bound to what was shown and agreed to before.
pub(super) struct DocumentWrite<'a> {
    pub(super) item: &'a ApplyItem<'a>,
    pub(super) terms: &'a AgreedTerms,
}

/// What was agreed to of one document.
#[derive(Debug, Default)]
pub(super) struct AgreedTerms {
    /// The cluster was there when it was planned. One that went since is not made: what was agreed
    /// to is a change.
    pub(super) was_there: bool,
    /// The paths that go, as they were named. What others add while this runs is nobody's to remove.
    pub(super) gone: Vec<String>,
}

impl ApplyItem<'_> {
    /// The paths that this takes away; by `--put` from a server that replaces.
    pub(super) fn goes(&self, update: &Update) -> Vec<String> {
        let mut paths = update.pruned.clone();
        if self.args.put {
            paths.extend(update.live_only.iter().cloned());
        }
        paths
    }

    /// What is told of a cluster that was written, or did not need it.
    pub(super) fn told(&self, settled: Settled<Update>, was_there: bool) -> ApplyResult {
        let ui = &self.cx.ui;
        let name = self.name();
        for remark in &settled.verdict.remarks {
            ui.detail(remark);
        }
        let mut warnings = settled.verdict.warnings.clone();
        if !was_there && (settled.before.is_some() || settled.written == Some(WriteEffect::Updated))
        {
            warnings.push(
                if self.args.put {
                    "it came into being while this ran; the document was put over it"
                } else {
                    "it came into being while this ran; what the manifest does not say is kept"
                }
                .to_owned(),
            );
        }
        for warning in &warnings {
            ui.warn(&format!("{name}: {warning}"));
        }
        let (live_only, pruned) = self.left(&settled);
        self.list_live_only(&live_only, &pruned);
        let (action, line) = match settled.written {
            None => ("none", format!("{name} is already as the manifest says")),
            Some(WriteEffect::Created) => {
                ("created", format!("Created {name}{}", self.with(&settled)))
            }
            Some(WriteEffect::Updated) => (
                "updated",
                format!("Updated {name}{}", live::versions(&settled)),
            ),
        };
        ApplyResult {
            action,
            line,
            differences: settled.plan.drifts.iter().map(Into::into).collect(),
            live_only,
            pruned,
            verified: settled.verified(),
            warnings,
            failed: settled.verdict.failed,
        }
    }

    /// What is only live and stays, and what has gone. Of a document that was put nobody knows
    /// beforehand: reading back tells.
    fn left(&self, settled: &Settled<Update>) -> (Vec<String>, Vec<String>) {
        let update = &settled.plan;
        let (live_only, pruned) = (&update.live_only, &update.pruned);
        if !self.args.put {
            return (live_only.clone(), pruned.clone());
        }
        let is_gone = |path: &&String| {
            let pointer = format!("/{}", path.replace('.', "/"));
            let after = settled.after.as_ref();
            after.is_some_and(|it| it.value().pointer(&pointer).is_none_or(Value::is_null))
        };
        let gone: Vec<String> = live_only
            .iter()
            .chain(pruned)
            .filter(is_gone)
            .cloned()
            .collect();
        let mut kept = live_only.clone();
        kept.retain(|path| !gone.contains(path));
        (kept, gone)
    }

    /// ", add-ons: aws-ecr, logs", unless reading back says otherwise.
    fn with(&self, settled: &Settled<Update>) -> String {
        let names: Vec<&str> = self
            .document
            .add_ons()
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, _)| crate::plan::display_name(key))
            .collect();
        if names.is_empty() || settled.verdict.is_unshown {
            String::new()
        } else {
            format!(", add-ons: {}", names.join(", "))
        }
    }
}

impl ClusterPlanner for DocumentWrite<'_> {
    type Plan = Update;

    fn name(&self) -> &str {
        self.item.name()
    }

    fn plan(&self, cluster: &Cluster) -> Result<Update> {
        let update = self.item.compare(cluster)?;
        let mut new = self.item.goes(&update);
        new.retain(|path| !self.terms.gone.contains(path));
        if new.is_empty() {
            return Ok(update);
        }
        let what = if self.terms.was_there {
            "it was changed while this ran, and has"
        } else {
            "it came into being while this ran, with"
        };
        Err(Error::conflict(self.not_done())
            .because(format!("{what} {}", new.join(", ")))
            .hint("run the same command again"))
    }

    fn plan_missing(&self) -> Option<Update> {
        (!self.terms.was_there).then(|| self.item.creation())
    }

    fn write(&self, plan: &Update) -> Option<Write> {
        plan.write.clone()
    }

    fn not_done(&self) -> String {
        format!(
            "the cluster {} was not applied to `{}`",
            self.item.place,
            self.item.name()
        )
    }

    fn done(&self, written: WriteEffect) -> String {
        let verb = match written {
            WriteEffect::Created => "created",
            WriteEffect::Updated => "updated",
        };
        format!("`{}` was {verb}", self.item.name())
    }
}
