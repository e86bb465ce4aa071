//! What stands in the way of a change under a key that the platform takes for nothing. Pure.

use super::{AddonRequest, TargetWords};
use crate::addon::stray::{self, Stray};
use crate::cluster::Cluster;
use crate::error::Error;
use crate::text::{Foreign, invisible, printable};

/// Refuses to switch an add-on on where it, or all add-ons, stand there misspelt or misplaced: a second
/// one beside it would not be what is meant. Other slips of this kind are warned about.
pub(super) fn in_the_way(
    cluster: &Cluster,
    request: &AddonRequest,
    place: &TargetWords,
) -> Result<Vec<String>, Error> {
    let (blocking, others) = found(cluster, request);
    if blocking.is_empty() {
        return Ok(others.iter().map(words).collect());
    }
    let name = request.addon.shown();
    let refusal = Error::refused(format!("`{name}` was not enabled {}", place.words));
    Err(blocking
        .iter()
        .fold(refusal, |error, stray| error.because(words(stray))))
}

/// The same where an add-on goes off: all are warned about.
pub(super) fn beside(cluster: &Cluster, request: &AddonRequest) -> Vec<String> {
    let (blocking, _) = found(cluster, request);
    blocking.iter().map(words).collect()
}

/// The first thing that stands in the way of a request to switch an add-on on.
pub(crate) fn first(cluster: &Cluster, request: &AddonRequest) -> Option<Stray> {
    found(cluster, request).0.into_iter().next()
}

fn found(cluster: &Cluster, request: &AddonRequest) -> (Vec<Stray>, Vec<Stray>) {
    let addon = request.addon.addon();
    let strays = stray::of(cluster.value()).into_iter();
    strays
        .filter(|stray| stray.path.last().map(String::as_str) != Some(request.addon.key()))
        .partition(|stray| stray.is_in_the_way_of(addon))
}

fn words(stray: &Stray) -> String {
    let odd = stray
        .path
        .last()
        .map_or_else(String::new, |key| invisible(key));
    format!(
        "`{}` is not known to the platform{odd}; `{}` is meant",
        printable(&stray.path.join(".")),
        Foreign(&stray.meant)
    )
}
