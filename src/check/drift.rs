//! The group *drift*: whether manifest and live cluster say the same about add-ons.

use super::scene::quote;
use super::words::or_pass;
use super::{Check, Finding, Gate, Group, Run, Scene, Severity, Soon};
use crate::drift::{self, Side};

pub(super) static GROUP: Group = Group {
    id: "drift",
    summary: "the manifest's add-ons against the live cluster's",
    prepare,
    checks: &[Check {
        id: "addons-drift",
        summary: "the add-ons of the manifest are those of the live cluster",
        needs: &["cluster-exists", "manifest-parse", "addon-value-bool"],
        severity: Severity::Failure,
        hint: "Somebody changed the live cluster past the manifest, or the manifest was changed \
               and not applied.",
        fix: "Look with `mk8s diff`, then bring the cluster to the manifest with `mk8s apply`, or \
              write the change into the manifest.",
        run: Run::Now(addons_drift),
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
            .map(|one| format!("{} ({})", one.dotted().escape_debug(), one.side.name()))
            .collect();
        let prune = drifts.iter().any(|one| one.side == Side::LiveOnly);
        let words = format!(
            "apply -f {} -c {}{}",
            quote(&doc.file.label),
            quote(live.name()),
            if prune { " --prune-addons" } else { "" }
        );
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
                .fix(scene.mk8s(&words))
                .at(&doc.file.label, Some(line)),
        );
    }
    or_pass(problems, || {
        Finding::pass(format!("{} is as its manifest says", live.name()))
    })
}
