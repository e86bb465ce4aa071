//! Live changes of this run: whose they are, and who hears of them.

use super::Context;
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::control::Asker;
use crate::control::settle::{ClusterPlanner, SettleNotice, Settled, Settling};
use crate::error::Result;
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

/// Brings a cluster to what the planner wants, starting from a read of it; `None` is none there. Asker
/// keeps the cluster beside us is told first.
pub(super) async fn settle<P: ClusterPlanner>(
    cx: &Context,
    permit: &Permit,
    planner: &P,
    first: Option<Cluster>,
) -> Result<Settled<P::Plan>> {
    if let Some(cluster) = &first
        && let Some(owner) = OtherOwner::of(cluster)
    {
        cx.ui.warn(&kept_by(&printable(cluster.name()), &owner));
    }
    with(cx, permit, async |settling| {
        settling.run(planner, first).await
    })
    .await
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
