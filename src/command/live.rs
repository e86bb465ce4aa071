//! One live change, safely: read, decide, send the smallest patch with the lock, read again, verify.
//!
//! No body is ever built from an old document. A lost race goes back to the read, a lost answer
//! too: what is there decides, not what was sent.

use super::Context;
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::control::{ApiError, Client, WriteError};
use crate::error::{Error, Result};
use crate::patch::{self, DifferenceKind};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// A 409 is tried again at least this often …
pub(super) const CONFLICT_TRIES: u32 = 10;
/// … and at least this long.
const CONFLICT_TIME: Duration = Duration::from_secs(30);
/// How often a write whose answer was lost is planned anew.
const LOST_TRIES: u32 = 4;

/// What to do to a cluster, decided anew from each read of it.
pub(super) trait Planner {
    /// What was decided.
    type Plan;

    /// Decides; an error ends the change.
    fn plan(&self, cluster: &Cluster) -> Result<Self::Plan>;

    /// The merge patch without the lock fields; `None` when everything is as wished already.
    fn patch(&self, plan: &Self::Plan) -> Option<Value>;

    /// What was asked for, in errors: "`aws-ecr` was not enabled on `prod`".
    fn not_done(&self) -> String;

    /// The same once it was accepted: "`aws-ecr` was enabled on `prod`".
    fn done(&self) -> String;
}

/// A change that was carried out, or was not needed.
pub(super) struct Settled<P> {
    /// The plan that counts: the one that was sent, or the empty one.
    pub(super) plan: P,
    /// The cluster as it was when that plan was made.
    pub(super) before: Cluster,
    /// The cluster as it was read back; `None` when nothing was sent.
    pub(super) after: Option<Cluster>,
    /// What is to be known of the verification.
    pub(super) verdict: Verdict,
}

/// What reading a cluster back says of a change that was accepted.
#[derive(Default)]
pub(super) struct Verdict {
    /// Remarks.
    pub(super) remarks: Vec<String>,
    /// What is odd, and no failure.
    pub(super) warnings: Vec<String>,
    /// Whether what was asked for is missing.
    pub(super) is_unshown: bool,
    /// What went wrong: the cluster could not be read back, does not show the change, or something
    /// else changed along with it. It says what was done.
    pub(super) failed: Option<Error>,
}

/// A patch that was sent and whose answer was lost.
struct Unanswered<P> {
    plan: P,
    before: Cluster,
    patch: Value,
    failure: Error,
}

/// Brings a cluster to what the planner wants, starting from a read of it. What goes wrong before
/// the change is accepted is the error; what goes wrong afterwards stands in the verdict, so that
/// the caller tells what was done.
pub(super) async fn settle<P: Planner>(
    cx: &Context,
    permit: &Permit,
    planner: &P,
    first: Cluster,
) -> Result<Settled<P::Plan>> {
    let name = first.name().to_owned();
    let client = cx.client().await?;
    let started = Instant::now();
    let mut conflicts = 0_u32;
    let mut lost = 0_u32;
    let mut unanswered: Option<Unanswered<P::Plan>> = None;
    let mut unlocked = false;
    let mut cluster = first;
    loop {
        if let Some(open) = unanswered.take() {
            if arrived(cx, &open.before, &open.patch, &cluster)? {
                let mut verdict = verify(cx, &open.before, &open.patch, &cluster, planner)?;
                verdict
                    .remarks
                    .push("the answer to the change was lost; reading it back shows it".to_owned());
                return Ok(Settled {
                    plan: open.plan,
                    before: open.before,
                    after: Some(cluster),
                    verdict,
                });
            }
            if lost >= LOST_TRIES {
                return Err(open
                    .failure
                    .note(format!("Reading `{name}` back does not show it.")));
            }
        }
        let plan = planner.plan(&cluster)?;
        let Some(patch) = planner.patch(&plan) else {
            return Ok(Settled {
                plan,
                before: cluster,
                after: None,
                verdict: Verdict::default(),
            });
        };
        if cluster.version().is_none() && !unlocked {
            unlocked = true;
            cx.ui.warn(&format!(
                "Control Plane's answer has no `version` of `{name}`: a change that somebody else \
                 makes at this moment would not be noticed"
            ));
        }
        match client.patch(permit, &name, &lock(&cluster, &patch)).await {
            Ok(()) => {
                return accepted(cx, client, planner, plan, cluster, &patch).await;
            }
            Err(WriteError::Conflict(error)) => {
                conflicts += 1;
                if conflicts >= CONFLICT_TRIES && started.elapsed() >= CONFLICT_TIME {
                    return Err(overtaken(&cluster, conflicts, started.elapsed(), &error));
                }
                cx.ui
                    .detail(&format!("{name} was changed meanwhile; reading it again"));
                pause(conflicts).await;
            }
            Err(WriteError::Uncertain(error)) => {
                lost += 1;
                cx.ui.detail(&format!(
                    "the answer to the change of {name} was lost; reading it again"
                ));
                unanswered = Some(Unanswered {
                    plan,
                    before: cluster,
                    patch,
                    failure: uncertain(cx.explain(&error, &format!("change cluster `{name}`"))),
                });
                pause(lost).await;
            }
            Err(WriteError::Rejected(error)) => {
                let mut failure = cx.explain(&error, &format!("change cluster `{name}`"));
                failure.message = planner.not_done();
                return Err(failure);
            }
        }
        cluster = match client.get(&name).await {
            Ok(cluster) => cluster,
            Err(error) => {
                let failure = cx.explain(&error, &cx.reading(&name));
                return Err(match unanswered {
                    Some(open) => open.failure.because(format!("then: {failure}")),
                    None => failure,
                });
            }
        };
    }
}

/// The cluster after a patch that was accepted: read back and verified.
async fn accepted<P: Planner>(
    cx: &Context,
    client: &Client,
    planner: &P,
    plan: P::Plan,
    before: Cluster,
    patch: &Value,
) -> Result<Settled<P::Plan>> {
    let name = before.name().to_owned();
    let (after, verdict) = match client.get(&name).await {
        Ok(after) => {
            let verdict = verify(cx, &before, patch, &after, planner)?;
            (Some(after), verdict)
        }
        Err(error) => {
            let verdict = Verdict {
                failed: Some(unread(cx, &error, &name, &planner.done())),
                ..Verdict::default()
            };
            (None, verdict)
        }
    };
    if verdict.failed.is_none() {
        cx.ui.detail(&format!(
            "Verified: reading {name} back shows the change, and nothing else is lost"
        ));
    }
    Ok(Settled {
        plan,
        before,
        after,
        verdict,
    })
}

/// Whether the patch without an answer took effect: the cluster shows it and is not as it was.
fn arrived(cx: &Context, before: &Cluster, patch: &Value, now: &Cluster) -> Result<bool> {
    Ok(patch::unmet(patch, now.value(), cx.org()?).paths.is_empty()
        && (now.version().is_none() || now.version() != before.version()))
}

/// The failure of a write of which nobody knows whether it took place.
fn uncertain(mut error: Error) -> Error {
    error.hints.truncate(1);
    error
        .note("The change may be in place: its answer was lost.")
        .hint("run the same command again; what is already so is left alone")
}

/// The failure after losing every race.
fn overtaken(cluster: &Cluster, conflicts: u32, elapsed: Duration, error: &ApiError) -> Error {
    let version = cluster.version().map_or_else(String::new, |version| {
        format!("; last seen version {version}")
    });
    let mut failure = Error::conflict(format!(
        "`{}` kept changing while this ran; nothing was written",
        cluster.name()
    ))
    .because(format!(
        "other writers were faster {conflicts} times in {}{version}",
        crate::ui::duration(elapsed)
    ))
    .hint("run the same command again")
    .request(error.request_id.clone());
    if let Some(message) = &error.message {
        failure = failure.because(format!("Control Plane said \"{message}\""));
    }
    failure
}

/// The failure to read back what was accepted; `done` says what that was.
pub(super) fn unread(cx: &Context, error: &ApiError, name: &str, done: &str) -> Error {
    let doing = format!("read cluster `{name}` back");
    let mut failure = cx.explain(error, &doing);
    let message = std::mem::replace(
        &mut failure.message,
        format!("{done}, but could not be read back"),
    );
    // Some failures have words of their own.
    if message != format!("cannot {doing}") {
        failure.because.insert(0, message);
    }
    failure
}

/// The failure of a change that was accepted and that reading back does not show.
pub(super) fn unshown(name: &str, done: &str, paths: &[String]) -> Error {
    Error::failure(format!(
        "{done}, but reading `{name}` back does not show all of it"
    ))
    .because(format!("missing or different: {}", paths.join(", ")))
    .hint(format!(
        "mk8s cluster get {name} -o yaml shows what is there"
    ))
}

/// What is said of fields that a manifest sets to `null` and that hold a value all the same: the one
/// from before is worth a warning, another one is the server's default.
pub(super) fn kept(paths: &[String], before: &Value, after: &Value) -> (Vec<String>, Vec<String>) {
    let at = |root: &Value, path: &str| {
        let pointer = path.replace(['.', '['], "/").replace(']', "");
        root.pointer(&format!("/{pointer}")).cloned()
    };
    let (same, other): (Vec<&String>, Vec<&String>) = paths
        .iter()
        .partition(|path| at(before, path) == at(after, path));
    (
        same.iter()
            .map(|path| format!("{path} was to be removed, and the server kept it"))
            .collect(),
        other
            .iter()
            .map(|path| format!("the server filled in {path}"))
            .collect(),
    )
}

/// The patch with the lock fields, as far as the cluster has them.
fn lock(cluster: &Cluster, patch: &Value) -> Value {
    let mut body = Map::new();
    if let Some(id) = cluster.id() {
        body.insert("id".to_owned(), json!(id));
    }
    if let Some(version) = cluster.version() {
        body.insert("version".to_owned(), json!(version));
    }
    if let Value::Object(fields) = patch {
        body.extend(fields.clone());
    }
    Value::Object(body)
}

/// Whether the cluster shows what was asked, and nothing else was lost by it.
///
/// If the counter is the next after the one that was locked on, a changed or lost field elsewhere
/// in `spec` is a failure and an added one a remark. If it is higher, others wrote after us, and
/// only what was asked is judged. If it is the same, nothing was done at all: that is the error.
fn verify<P: Planner>(
    cx: &Context,
    before: &Cluster,
    patch: &Value,
    after: &Cluster,
    planner: &P,
) -> Result<Verdict> {
    let org = cx.org()?;
    let name = before.name();
    let unmet = patch::unmet(patch, after.value(), org);
    if !unmet.paths.is_empty() {
        let failure = unshown(name, &planner.done(), &unmet.paths);
        if before.version().is_some() && before.version() == after.version() {
            return Err(Error {
                message: planner.not_done(),
                ..failure.because("the change was accepted, and the cluster's version is the same")
            });
        }
        return Ok(Verdict {
            is_unshown: true,
            failed: Some(failure),
            ..Verdict::default()
        });
    }
    let (warnings, mut remarks) = kept(&unmet.kept, before.value(), after.value());
    let next = match (before.version(), after.version()) {
        (Some(locked), Some(now)) => locked.checked_add(1) == Some(now),
        _ => false,
    };
    if !next {
        return Ok(Verdict {
            remarks,
            warnings,
            ..Verdict::default()
        });
    }
    let mut intended = before.value().clone();
    patch::merge(&mut intended, patch);
    let spec = |value: &Value| value.get("spec").cloned().unwrap_or_default();
    let differences = patch::compare(&spec(&intended), &spec(after.value()), "spec", org);
    let (added, lost): (Vec<_>, Vec<_>) = differences
        .into_iter()
        .filter(|difference| !unmet.kept.contains(&difference.path))
        .partition(|difference| difference.kind == DifferenceKind::Added);
    if !lost.is_empty() {
        let paths = |kind| {
            lost.iter()
                .filter(|difference| difference.kind == kind)
                .map(|difference| difference.path.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut error = Error::failure(format!(
            "{}, but other fields changed along with it",
            planner.done()
        ));
        for (kind, word) in [
            (DifferenceKind::Lost, "lost"),
            (DifferenceKind::Changed, "changed"),
        ] {
            let paths = paths(kind);
            if !paths.is_empty() {
                error = error.because(format!("{word}: {paths}"));
            }
        }
        let error = error.hint(format!(
            "mk8s cluster get {name} -o yaml shows what is there; compare it with your manifest"
        ));
        return Ok(Verdict {
            warnings,
            failed: Some(error),
            ..Verdict::default()
        });
    }
    let added = added
        .iter()
        .map(|difference| format!("the server added {}", difference.path));
    remarks.extend(added);
    Ok(Verdict {
        remarks,
        warnings,
        ..Verdict::default()
    })
}

/// A pause that grows with the tries, with jitter, so that writers do not meet again.
pub(super) async fn pause(tries: u32) {
    let base = 0.1 * 1.6_f64.powi(i32::try_from(tries.min(12)).unwrap_or(12));
    let seconds = base.min(5.0) * (0.5 + fastrand::f64());
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}
