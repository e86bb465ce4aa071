//! What reading a cluster back says of a write that was accepted.

use super::super::WriteEffect;
use super::{ClusterPlanner, Open, Settling, Write};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::invocation::Invocation;
use crate::patch::{self, DifferenceKind};
use serde_json::Value;

/// What reading a cluster back says of a change that was accepted.
#[derive(Debug, Default)]
pub(crate) struct ReadBack {
    /// Remarks.
    pub(crate) remarks: Vec<String>,
    /// What is odd, and no failure.
    pub(crate) warnings: Vec<String>,
    /// Whether what was asked for is missing.
    pub(crate) is_unshown: bool,
    /// What went wrong: the cluster could not be read back, does not show the change, or something
    /// else changed along with it. It says what was done.
    pub(crate) failed: Option<Error>,
}

impl Settling<'_> {
    /// Whether a write without an answer took effect: the cluster shows it and is not as it was. A
    /// cluster that shows it at the version that was locked on showed it before, to a comparison
    /// that takes two spellings for one.
    pub(super) fn arrived<P>(&self, sent: &Open<P>, now: &Cluster) -> bool {
        let before = sent.before.as_ref().and_then(Cluster::version);
        patch::unmet(sent.write.body(), now.value(), self.client.org())
            .paths
            .is_empty()
            && (now.version().is_none() || now.version() != before)
    }

    /// Whether the cluster shows what was asked, and nothing else was lost by it.
    ///
    /// If the counter is the next after the one that was locked on, ours was the only write: a
    /// changed or lost field elsewhere in `spec` is a failure and an added one a remark. If it is
    /// higher, others wrote after us, and only what was asked is judged, since the rest may be
    /// theirs. If it is the same and nothing shows, nothing was done at all: that is the error. A
    /// document that was put says by itself what goes, so that there is no "elsewhere".
    pub(super) fn verify<P: ClusterPlanner>(
        &self,
        planner: &P,
        before: Option<&Cluster>,
        write: &Write,
        written: WriteEffect,
        after: &Cluster,
    ) -> Result<ReadBack> {
        let org = self.client.org();
        let name = planner.name();
        let unmet = patch::unmet(write.body(), after.value(), org);
        let version = before.and_then(Cluster::version);
        if !unmet.paths.is_empty() {
            let failure = unshown(name, &planner.done(written), &unmet.paths);
            if version.is_some() && version == after.version() {
                return Err(Error {
                    message: planner.not_done(),
                    ..failure
                        .because("the change was accepted, and the cluster's version is the same")
                });
            }
            return Ok(ReadBack {
                is_unshown: true,
                failed: Some(failure),
                ..ReadBack::default()
            });
        }
        let (warnings, mut remarks) = kept(&unmet.kept, before, after);
        let next = version.and_then(|version| version.checked_add(1));
        let failed = match (write, before) {
            (Write::Patch(patch), Some(before)) if next.is_some() && next == after.version() => {
                let beside = SideEffects::of(before, patch, after, &unmet.kept, org);
                let added = beside.added.iter();
                remarks.extend(added.map(|path| format!("the server added {path}")));
                beside.failure(name, &planner.done(written))
            }
            _ => None,
        };
        Ok(ReadBack {
            remarks,
            warnings,
            is_unshown: false,
            failed,
        })
    }
}

/// What changed in `spec` along with what was asked for.
#[derive(Default)]
struct SideEffects {
    added: Vec<String>,
    lost: Vec<String>,
    changed: Vec<String>,
}

impl SideEffects {
    fn of(before: &Cluster, patch: &Value, after: &Cluster, kept: &[String], org: &str) -> Self {
        let mut intended = before.value().clone();
        patch::merge(&mut intended, patch);
        let spec = |value: &Value| value.get("spec").cloned().unwrap_or_default();
        let mut beside = Self::default();
        for difference in patch::compare(&spec(&intended), &spec(after.value()), "spec", org) {
            if !kept.contains(&difference.path) {
                match difference.kind {
                    DifferenceKind::Added => beside.added.push(difference.path),
                    DifferenceKind::Lost => beside.lost.push(difference.path),
                    DifferenceKind::Changed => beside.changed.push(difference.path),
                }
            }
        }
        beside
    }

    fn failure(&self, name: &str, done: &str) -> Option<Error> {
        if self.lost.is_empty() && self.changed.is_empty() {
            return None;
        }
        let mut error = Error::failure(format!("{done}, but other fields changed along with it"));
        for (word, paths) in [("lost", &self.lost), ("changed", &self.changed)] {
            if !paths.is_empty() {
                error = error.because(format!("{word}: {}", paths.join(", ")));
            }
        }
        Some(
            error.hint(
                showing(name).within("", " shows what is there; compare it with your manifest"),
            ),
        )
    }
}

/// The failure of a change that was accepted and that reading back does not show.
fn unshown(name: &str, done: &str, paths: &[String]) -> Error {
    Error::failure(format!(
        "{done}, but reading `{name}` back does not show all of it"
    ))
    .because(format!("missing or different: {}", paths.join(", ")))
    .hint(showing(name).within("", " shows what is there"))
}

fn showing(name: &str) -> Invocation {
    Invocation::mk8s("cluster get").word(name).plain("-o yaml")
}

/// What is said of fields that a manifest sets to `null` and that hold a value all the same: the one
/// from before is worth a warning, another one is the server's default.
fn kept(paths: &[String], before: Option<&Cluster>, after: &Cluster) -> (Vec<String>, Vec<String>) {
    let at = |root: &Value, path: &str| {
        let pointer = path.replace(['.', '['], "/").replace(']', "");
        root.pointer(&format!("/{pointer}")).cloned()
    };
    let (mut warnings, mut remarks) = (Vec::new(), Vec::new());
    for path in paths {
        let was = before.and_then(|before| at(before.value(), path));
        if was == at(after.value(), path) {
            warnings.push(format!("{path} was to be removed, and the server kept it"));
        } else {
            remarks.push(format!("the server filled in {path}"));
        }
    }
    (warnings, remarks)
}
