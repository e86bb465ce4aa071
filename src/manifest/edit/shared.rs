//! Edits of what aliases repeat.

use super::super::tree::{Id, Tree};
use super::super::value::own_entry;
use super::super::view::View;
use super::super::{Comments, Document, Piece};
use super::{DocumentChange, prepare, rounds};
use crate::change::Change;
use crate::error::Error;

/// The edit where aliases are all that speaks against it: what they repeat is edited once, where it is
/// written, if whatever uses it is asked for the same. If not, the error is what else stands in the way,
/// where all that use it are asked.
pub(super) fn edit(
    piece: &Piece,
    tree: &Tree,
    asked: &[(&Document, Vec<Change>)],
    comments: Comments,
) -> Result<(String, usize), Vec<Error>> {
    let (mut jobs, mut inner) = (Vec::new(), Vec::new());
    for (document, changes) in asked {
        let view = View {
            shares: true,
            ..document.view(tree)
        };
        match prepare(view, document, changes) {
            Ok(desired) => jobs.push(DocumentChange { document, desired }),
            Err(refusal) if refusal.is_shared => return Err(Vec::new()),
            Err(refusal) => inner.push(piece.source.refused(view, refusal)),
        }
    }
    let is_asked = |&alias: &Id| {
        let mut roots = asked.iter().map(|(document, _)| document.root);
        roots.any(|root| tree.contains(root, alias))
    };
    if inner.is_empty() {
        return rounds(piece, tree, &jobs, comments, true).map_err(|_| {
            let mut strangers = tree.aliases().iter().filter(|alias| !is_asked(alias));
            let found = strangers.find_map(|&alias| used_within(piece, tree, asked, alias));
            found.into_iter().collect()
        });
    }
    if !tree.aliases().iter().all(is_asked) {
        inner.clear();
    }
    Err(inner)
}

/// The refusal where an alias elsewhere repeats something in an add-on that was to change.
fn used_within(
    piece: &Piece,
    tree: &Tree,
    asked: &[(&Document, Vec<Change>)],
    alias: Id,
) -> Option<Error> {
    let target = tree.target(alias)?;
    let anchor = tree.anchor(target)?;
    let own = |view: View<'_>, map: Id, key: &str| {
        own_entry(tree, map, key, view.text).map(|(_, value)| value)
    };
    asked.iter().find_map(|(document, changes)| {
        let view = document.view(tree);
        let spec = tree.resolve(own(view, document.root, "spec")?);
        let add_ons = tree.resolve(own(view, spec, "addOns")?);
        let mut keys = changes.iter().filter_map(|change| change.path.first());
        let key = keys.find(|key| {
            own(view, add_ons, key).is_some_and(|value| tree.contains(value, target))
        })?;
        let refusal = view.shared(alias, anchor.clone(), &format!("spec.addOns.{key}"));
        Some(piece.source.refused(view, refusal))
    })
}
