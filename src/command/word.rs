//! Which add-on a word on the command line means, and the errors where it means none.

use crate::addon::{self, Addon};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::invocation::Invocation;
use crate::text::printable;

/// The add-on of the catalogue that a word means; an unknown one suggests the nearest, with kind
/// usage.
pub(super) fn addon_by_word(word: &str) -> Result<&'static Addon> {
    addon::by_word(word).ok_or_else(|| unknown(word, std::iter::empty()))
}

/// The error of a word that the catalogue does not have, nor any of the clusters as a key.
pub(super) fn unknown<'a>(word: &str, mut clusters: impl Iterator<Item = &'a Cluster>) -> Error {
    let count = addon::CATALOG.len();
    let key = clusters.find_map(|cluster| {
        let mut keys = cluster.add_ons()?.keys();
        keys.find(|key| key.eq_ignore_ascii_case(word))
    });
    let error = Error::usage(format!("no add-on is called `{}`", printable(word)));
    let list = |before: &str| {
        Invocation::mk8s("addon list").within(before, &format!(" shows all {count}"))
    };
    error.hint(match (key, addon::nearest(word)) {
        (Some(key), _) => {
            format!("did you mean `{key}`? Case counts in a key that mk8s does not know").into()
        }
        (None, Some(name)) => list(&format!("did you mean `{name}`? ")),
        (None, None) => list(""),
    })
}

/// What a failure to read the targets leaves open about a word that the catalogue does not have.
pub(super) fn undecided(error: Error, word: &str) -> Error {
    if addon::by_word(word).is_some() {
        return error;
    }
    error.note(format!(
        "No add-on is called `{}`; whether it is a key there could not be told.",
        printable(word)
    ))
}
