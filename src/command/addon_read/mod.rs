//! `mk8s addon list`, `show` and `explain`: reading the targets, and an add-on as JSON has it.

mod field;
mod list;
mod one;

pub(super) use list::list;
pub(super) use one::{explain, show};

use super::Context;
use super::target::{self, Target};
use crate::addon::{self, Addon, CATALOG, Documented};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fleet::{Closing, Reporter, TargetOutcome, TargetResult};
use crate::secret;
use crate::ui::wire;
use serde_json::Value;
use std::borrow::Cow;

/// A cluster and the target that it came from.
struct SeenCluster {
    cluster: Cluster,
    target: wire::TargetRef,
}

impl SeenCluster {
    /// The keys of the add-ons that are on, those that the catalogue does not know included.
    fn on(&self) -> impl Iterator<Item = &str> {
        let add_ons = self.cluster.add_ons().into_iter().flatten();
        add_ons
            .filter(|(key, value)| match addon::by_key(key) {
                Some(_) => value.is_object(),
                None => !value.is_null() && misspelt(self, key).is_none(),
            })
            .map(|(key, _)| key.as_str())
    }
}

/// A target that could not be read.
struct UnreadTarget {
    target: wire::TargetRef,
    error: Error,
}

impl UnreadTarget {
    fn came(self, cx: &Context) -> TargetOutcome<wire::AddonItem> {
        let item = wire::AddonItem::Unread {
            target: self.target,
            error: Box::new(cx.wire(&self.error)),
        };
        TargetOutcome::Failed(item, self.error)
    }
}

/// What was read of the targets.
struct ReadTargets {
    /// Each of them, or why it could not be read.
    each: Vec<Result<SeenCluster, UnreadTarget>>,
    /// Whether several clusters were asked for, however many they turned out to be.
    of_several: bool,
}

/// Reads every target; failures of single clusters do not hide the others.
async fn look(cx: &Context, target: Target) -> Result<ReadTargets> {
    let of_several = matches!(&target, Target::Clusters(chosen) if chosen.are_several);
    Ok(ReadTargets {
        each: look_at(cx, target).await?,
        of_several,
    })
}

async fn look_at(cx: &Context, target: Target) -> Result<Vec<Result<SeenCluster, UnreadTarget>>> {
    match target {
        Target::None => Ok(Vec::new()),
        Target::Clusters(mut chosen) => {
            let read = chosen.read(cx).await?.into_iter().zip(chosen.names);
            let looked = read.map(|(read, name)| {
                let target = cx.cluster(&name);
                match read {
                    Ok(cluster) => Ok(SeenCluster { cluster, target }),
                    Err(error) => Err(UnreadTarget { target, error }),
                }
            });
            Ok(looked.collect())
        }
        Target::Files(paths, choice) => {
            let mut seen = Vec::new();
            for file in target::read(cx, &paths, &choice, false)? {
                let whole = file.wire(0, "");
                seen.extend(file.documents.iter().map(|&number| {
                    let cluster = file.cluster(number);
                    Ok(SeenCluster {
                        target: file.wire(number, cluster.name()),
                        cluster,
                    })
                }));
                if let Err(error) = file.manifest {
                    seen.push(Err(UnreadTarget {
                        target: whole,
                        error,
                    }));
                }
            }
            Ok(seen)
        }
    }
}

/// Tells of every target, and ends.
fn finish(
    cx: &Context,
    mut teller: Reporter<'_, wire::AddonItem>,
    looked: ReadTargets,
    told: impl Fn(&SeenCluster) -> TargetResult<wire::AddonItem>,
    closing: Closing,
) -> Result<bool> {
    teller = teller.of_several(looked.of_several);
    for one in looked.each {
        teller.add(match one {
            Ok(seen) => TargetOutcome::Done(told(&seen)),
            Err(unread) => unread.came(cx),
        });
    }
    teller.close(closing)
}

fn providers(addon: &Addon) -> String {
    match addon.documented {
        Documented::All => "all".to_owned(),
        Documented::For(list) => list.join(", "),
    }
}

/// A catalogue entry.
fn entry(addon: &'static Addon) -> wire::AddonRecord {
    wire::AddonRecord {
        target: None,
        addon: addon.name.to_owned(),
        key: addon.key.to_owned(),
        known: true,
        enabled: None,
        settings: None,
        status: None,
        summary: Some(addon.summary),
        providers: match addon.documented {
            Documented::All => None,
            Documented::For(list) => Some(list.to_vec()),
        },
        documented: None,
        nodes: addon.nodes.map(|it| wire::NodeRecord {
            label: it.label,
            hardware: it.hardware,
        }),
        needs: addon
            .needs
            .iter()
            .filter_map(|key| addon::by_key(key))
            .map(|addon| addon.name)
            .collect(),
        fields: Cow::Borrowed(field::all(addon)),
        docs: Some(addon.docs),
    }
}

/// An add-on of the catalogue on a target.
fn known(seen: &SeenCluster, addon: &'static Addon) -> wire::AddonRecord {
    let settings = seen.cluster.add_on(addon.key);
    wire::AddonRecord {
        target: Some(seen.target.clone()),
        enabled: Some(settings.is_some()),
        settings: settings.map(secret::masked),
        status: status(&seen.cluster, addon.key),
        documented: Some(addon.is_documented_for(seen.cluster.provider())),
        ..entry(addon)
    }
}

/// The add-on that a key of a manifest means and is not: what is live, the platform took.
fn misspelt(seen: &SeenCluster, key: &str) -> Option<&'static Addon> {
    match seen.target {
        wire::TargetRef::File { .. } => addon::misspelt(key),
        wire::TargetRef::Cluster { .. } => None,
    }
}

/// What is said of a key that is written otherwise than the platform has it.
fn taken_for_nothing(addon: &Addon) -> String {
    format!("not known to the platform; `{}` is meant", addon.key)
}

/// A key that the catalogue does not know on a target.
fn unknown(seen: &SeenCluster, key: &str) -> wire::AddonRecord {
    let settings = seen.cluster.add_on_key(key);
    let is_taken = misspelt(seen, key).is_none();
    wire::AddonRecord {
        target: Some(seen.target.clone()),
        addon: key.to_owned(),
        key: key.to_owned(),
        known: false,
        enabled: Some(settings.is_some() && is_taken),
        settings: settings.map(secret::masked),
        status: status(&seen.cluster, key),
        summary: None,
        providers: None,
        documented: None,
        nodes: None,
        needs: Vec::new(),
        fields: Cow::Borrowed(&[]),
        docs: None,
    }
}

/// Every add-on of the catalogue, then the keys that it does not know.
fn all(seen: &SeenCluster) -> Vec<wire::AddonRecord> {
    let mut items: Vec<wire::AddonRecord> =
        CATALOG.iter().map(|addon| known(seen, addon)).collect();
    let keys = seen.cluster.add_ons().into_iter().flatten();
    items.extend(
        keys.filter(|(key, value)| addon::by_key(key).is_none() && !value.is_null())
            .map(|(key, _)| unknown(seen, key)),
    );
    items
}

/// The add-on's part of the status, without what may be secret.
fn status(cluster: &Cluster, key: &str) -> Option<Value> {
    let status = cluster.value().pointer("/status/addOns")?.get(key)?;
    Some(secret::masked(status))
}

/// Whether the platform shows that it works: `ready`, `pending`, or `-` where it shows nothing.
fn readiness(cluster: &Cluster, addon: &Addon) -> &'static str {
    match cluster
        .add_on(addon.key)
        .and_then(|settings| addon.ready.pointer(settings))
    {
        None => "-",
        Some(pointer) if cluster.ready_at(pointer).is_some() => "ready",
        Some(_) => "pending",
    }
}
