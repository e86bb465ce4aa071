//! Values that stand aside: below keys that mean nothing by themselves (`x-defaults`, `.defaults`), there
//! to be repeated by aliases. Looks only.

use super::items;
use super::tree::{Id, Tree};
use super::value::key_text;
use super::view::Entry;

/// Whether a key means nothing by itself.
pub(super) fn is_aside(key: &str) -> bool {
    key.starts_with("x-") || key.starts_with('.')
}

/// The entry that holds what an alias stands for, and its map, if that stands aside: below a key of what
/// surrounds the clusters, or of a cluster itself, that means nothing by itself.
pub(super) fn home(tree: &Tree, text: &str, alias: Id) -> Option<(Id, Entry)> {
    let target = tree.target(alias)?;
    let documents = items(tree, text);
    let is_top = |map: Id| {
        let around = |document: &&Id| tree.contains(**document, map);
        documents.iter().find(around).is_none_or(|it| *it == map)
    };
    let mut held = None;
    let mut stands_aside = false;
    for pair in tree.path(0, target).windows(2) {
        let &[outer, inner] = pair else { continue };
        held = None;
        if tree.kind(outer).is_map() {
            let (key, value) = tree.entries(outer).find(|&(_, value)| value == inner)?;
            stands_aside |= is_top(outer) && is_aside(&key_text(tree, key, text));
            held = Some((outer, Entry { key, value }));
        }
    }
    held.filter(|_| stands_aside)
}
