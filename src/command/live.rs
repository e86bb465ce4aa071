//! Live changes of this run: whose they are, and who hears of them.

use super::Context;
use super::keep::changes_of_write;
use super::source::{ChangedAddon, FEW, tell_source};
use crate::addon::NamedAddon;
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::control::Asker;
use crate::control::settle::{ClusterPlanner, SettleNotice, Settled, Settling};
use crate::error::Result;
use crate::history::KeptChange;
use crate::invocation::Invocation;
use crate::owner::OtherOwner;
use crate::text::printable;

/// "`prod` is kept by …": what is to be known before it is changed.
pub(super) fn kept_by(name: &str, owner: &OtherOwner) -> String {
    format!(
        "`{name}` is kept by {}: {}",
        owner.name(),
        owner.consequence()
    )
}

/// A change of a cluster that another tool keeps.
pub(super) struct OwnedChange {
    pub(super) name: String,
    pub(super) owner: OtherOwner,
    pub(super) changed: Vec<ChangedAddon>,
    /// What prints the same for Pulumi.
    pub(super) pulumi: Option<Invocation>,
}

/// Says of several, before any of them is changed, who keeps them and what the sources need so that the change
/// stays.
pub(super) fn tell_owners(cx: &Context, owned: &[OwnedChange]) {
    if owned.len() > FEW {
        let names = owned.iter().take(FEW);
        let names: Vec<String> = names
            .map(|it| format!("`{}`", printable(&it.name)))
            .collect();
        cx.ui.warn(&format!(
            "{} of the clusters are kept by other tools ({}, …), whose next run takes back what their \
             sources do not have",
            owned.len(),
            names.join(", ")
        ));
        return;
    }
    for it in owned {
        cx.ui.warn(&kept_by(&printable(&it.name), &it.owner));
        tell_source(cx, &it.owner, &it.changed, it.pulumi.clone());
    }
}

/// Brings a cluster to what the planner wants, starting from a read of it; `None` is none there. Whoever
/// keeps the cluster beside us is told first, and what its add-ons are is kept.
pub(super) async fn settle<P: ClusterPlanner>(
    cx: &Context,
    permit: &Permit,
    planner: &P,
    first: Option<Cluster>,
) -> Result<Settled<P::Plan>> {
    let mut kept = None;
    if let Some(cluster) = &first {
        let changes = changes(cx, planner, cluster, None)?;
        if let Some(owner) = OtherOwner::of(cluster) {
            cx.ui.warn(&kept_by(&printable(cluster.name()), &owner));
            let told = cx.sources_told.get();
            if told < FEW {
                cx.sources_told.set(told + 1);
                let changed: Vec<ChangedAddon> = changes.iter().map(changed).collect();
                tell_source(cx, &owner, &changed, None);
            }
        }
        kept = Some(cx.keep(cx.kept_cluster(planner.name())?, changes)?);
    }
    let settled = with(cx, permit, async |settling| {
        settling.run(planner, first).await
    })
    .await;
    if let Some(kept) = &kept {
        match &settled {
            Ok(Settled {
                before: Some(before),
                after,
                written,
                ..
            }) => {
                let is_changed = Some(written.is_some());
                let changes = changes(cx, planner, before, after.as_ref())?;
                cx.kept(kept, is_changed, Some(&changes));
            }
            Ok(_) => cx.kept(kept, None, None),
            Err(error) => {
                let is_changed = error.leaves_all_as_it_was().then_some(false);
                cx.kept(kept, is_changed, None);
            }
        }
    }
    settled
}

/// What the planner makes of a cluster's add-ons; nothing where it refuses, which it says later.
fn changes<P: ClusterPlanner>(
    cx: &Context,
    planner: &P,
    cluster: &Cluster,
    after: Option<&Cluster>,
) -> Result<Vec<KeptChange>> {
    let org = cx.org()?;
    let write = planner.plan(cluster).ok();
    let write = write.and_then(|plan| planner.write(&plan));
    Ok(write.map_or_else(Vec::new, |write| {
        changes_of_write(cluster, &write, after, org)
    }))
}

pub(super) fn changed(change: &KeptChange) -> ChangedAddon {
    ChangedAddon {
        addon: NamedAddon::of_key(&change.key),
        after: Some(&change.after).filter(|it| !it.is_null()).cloned(),
    }
}

/// Does one part of it, whichever.
pub(super) async fn with<T>(
    cx: &Context,
    permit: &Permit,
    part: impl AsyncFnOnce(&Settling<'_>) -> Result<T>,
) -> Result<T> {
    let settling = Settling {
        client: cx.client().await?,
        permit,
        who: &Asker::of(cx.settings()?)?,
        say: &|said| match said {
            SettleNotice::Detail(text) => cx.ui.detail(text),
            SettleNotice::Warning(text) => cx.ui.warn(text),
        },
    };
    part(&settling).await
}

/// " (version 12 → 13)", where both are known.
pub(super) fn versions<P>(settled: &Settled<P>) -> String {
    settled
        .versions()
        .map_or_else(String::new, |(before, after)| {
            format!(" (version {before} → {after})")
        })
}
