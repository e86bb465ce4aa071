//! The group *drift*: whether manifest and live cluster say the same about add-ons.

use super::scene::Doc;
use super::words::or_pass;
use super::{Check, CheckFunction, Finding, Gate, Group, Scene, Severity, Soon};
use crate::addon::{self, Addon, CATALOG, rules};
use crate::cluster::Cluster;
use crate::drift::{self, Drift, DriftSide};
use crate::invocation::{CommandFlags, Hint, Invocation};
use crate::text::printable;
use crate::{change, remedy};
use serde_json::Value;

pub(super) static GROUP: Group = Group {
    id: "drift",
    summary: "the manifest's add-ons against the live cluster's",
    prepare,
    checks: &[Check {
        id: "addons-drift",
        summary: "the add-ons of the manifest are those of the live cluster",
        needs: &["cluster-exists", "addon-value-bool"],
        severity: Severity::Failure,
        hint: "Somebody changed the live cluster past the manifest, or the manifest was changed \
               and not applied.",
        fix: "Look with `mk8s diff`. What the manifest says is brought to the cluster by `mk8s apply`; \
              what is only live is written into the manifest by `mk8s addon enable -f`, or goes with \
              `mk8s apply --prune-addons`.",
        run: CheckFunction::Now(addons_drift),
    }],
};

fn prepare<'a>(scene: &'a Scene<'_>) -> Soon<'a, Gate> {
    Box::pin(async move {
        if scene.session.files.is_empty() || scene.cluster_name.is_none() {
            return Gate::NotAsked(
                "it takes a manifest and a cluster (-f FILE -c NAME)".to_owned(),
            );
        }
        if scene.session.probe().await.is_some() {
            scene.read_cluster().await;
        }
        Gate::Open
    })
}

fn addons_drift(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(live) = scene.cluster() else {
        return vec![Finding::skip("there is no cluster to compare with")];
    };
    let documents = scene.documents();
    if documents.is_empty() && scene.session.files.iter().any(|it| it.manifest.is_err()) {
        return vec![Finding::skip("manifest-parse failed")];
    }
    if documents.is_empty() {
        return vec![Finding::skip(format!(
            "no document describes {}",
            live.name()
        ))];
    }
    let mut problems = Vec::new();
    for doc in documents {
        let drifts = drift::add_ons(&doc.cluster, live, scene.org());
        let Some(first) = drifts.first() else {
            continue;
        };
        let evidence: Vec<String> = drifts
            .iter()
            .map(|one| format!("{} ({})", printable(&one.dotted()), one.side.name()))
            .collect();
        let path: Vec<&str> = ["spec", "addOns"]
            .into_iter()
            .chain(first.path.iter().map(String::as_str))
            .collect();
        let line = doc
            .document
            .line_of(&path)
            .unwrap_or_else(|| doc.line(&["spec", "addOns"]));
        problems.push(
            Finding::fail(format!("{} differs from {}", live.name(), doc.label()))
                .evidence(evidence.join(", "))
                .fix_if(fix(doc, live, &drifts))
                .at(&doc.file.label, Some(line)),
        );
    }
    or_pass(problems, || {
        Finding::pass(format!("{} is as its manifest says", live.name()))
    })
}

/// What brings both together and takes away nothing that anybody wrote: the manifest is applied, or
/// what is only live is written into it. Where neither can be a command, the difference is shown.
fn fix(doc: &Doc<'_>, live: &Cluster, drifts: &[Drift]) -> Option<Hint> {
    let on = CommandFlags::new()
        .file(&doc.file.label)
        .cluster(live.name());
    if drifts.iter().any(|one| one.side != DriftSide::LiveOnly) {
        return is_applicable(doc, live).then(|| Invocation::mk8s("apply").with(&on).into());
    }
    let look = || Invocation::mk8s("diff").with(&on).into();
    Some(adopting(doc, drifts).unwrap_or_else(look))
}

/// Whether nothing is known that would have the manifest refused.
fn is_applicable(doc: &Doc<'_>, live: &Cluster) -> bool {
    let fits = |(key, settings): (&String, &Value)| match addon::by_key(key) {
        // Whether the platform knows it is seen only where it is on already.
        None => settings.is_null() || live.add_on_key(key).is_some(),
        Some(_) if settings.is_null() => true,
        Some(addon) => rules::before_enable(&doc.cluster, addon, settings)
            .iter()
            .all(|finding| {
                !matches!(
                    finding,
                    rules::RuleViolation::SettingMissing { .. }
                        | rules::RuleViolation::SettingInvalid { .. }
                )
            }),
    };
    doc.takes(Vec::new()) && doc.cluster.add_ons().into_iter().flatten().all(fits)
}

/// The commands that write into the manifest what is only live, if all of it can be given by flags.
fn adopting(doc: &Doc<'_>, drifts: &[Drift]) -> Option<Hint> {
    let mut value = doc.cluster.value().clone();
    let mut changes = Vec::new();
    let mut commands = Vec::new();
    // What others need comes first.
    let mut order: Vec<&'static Addon> = CATALOG.iter().collect();
    order.sort_by_key(|addon| !addon.needs.is_empty());
    let mut left = drifts.len();
    for addon in order {
        let of_addon: Vec<&Drift> = drifts
            .iter()
            .filter(|one| one.path.first().is_some_and(|key| key == addon.key))
            .collect();
        let mut wanted = Vec::new();
        for one in &of_addon {
            match (one.path.as_slice(), &one.live) {
                ([_], Some(Value::Object(settings))) => {
                    wanted.extend(settings.iter().map(|(field, it)| (field.as_str(), it)));
                }
                ([_, field], Some(live)) => wanted.push((field.as_str(), live)),
                _ => return None,
            }
        }
        if of_addon.is_empty() {
            continue;
        }
        left -= of_addon.len();
        let cluster = Cluster::new(value.clone());
        let remedy = remedy::with_settings(&cluster, addon, &doc.flags(), &wanted)?;
        change::apply(&mut value, &remedy.changes);
        commands.push(remedy.command);
        changes.extend(remedy.changes);
    }
    (left == 0 && doc.takes(changes)).then(|| commands.into_iter().collect())
}
