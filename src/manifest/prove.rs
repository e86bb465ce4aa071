//! Proves an edit: the text is parsed again and compared, node by node, with what was there.
//!
//! Exactly the add-ons that were to change may differ. What is not touched is compared as it is
//! written (quoting, anchors, tags, aliases), so it does not matter how parsers read it.

use super::plan::same;
use super::tree::{Id, Kind, Tree};
use super::value::{key_text, own_entry, value};
use serde_json::{Map, Value};

/// A text with its tree.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) text: &'a str,
    pub(super) tree: &'a Tree,
}

/// A cluster that was to change: its root before, and what its add-ons should be.
pub(super) struct Target {
    pub(super) root: Id,
    pub(super) desired: Map<String, Value>,
}

/// Compares two whole texts; an error names the first difference that was not asked for. The
/// targets are in the order of their roots.
pub(super) fn prove(before: Side<'_>, after: Side<'_>, targets: &[Target]) -> Result<(), String> {
    let proof = Proof {
        before,
        after,
        targets,
    };
    match (before.tree.root(), after.tree.root()) {
        (Some(a), Some(b)) => proof.node(a, b)?,
        (None, None) => {}
        _ => return Err("the document is gone".to_owned()),
    }
    let is_json = |text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if is_json(before.text) && !is_json(after.text) {
        return Err("the result is not JSON any more".to_owned());
    }
    Ok(())
}

struct Proof<'a> {
    before: Side<'a>,
    after: Side<'a>,
    targets: &'a [Target],
}

impl Proof<'_> {
    /// Two nodes that have to be the same but for the targets below them.
    fn node(&self, a: Id, b: Id) -> Result<(), String> {
        if let Ok(found) = self.targets.binary_search_by_key(&a, |target| target.root) {
            return self.cluster(a, b, &self.targets[found].desired);
        }
        self.head(a, b)?;
        let (old, new) = (self.before.tree, self.after.tree);
        match old.kind(a) {
            kind if kind.is_map() => {
                let (mut left, mut right) = (old.entries(a), new.entries(b));
                loop {
                    match (left.next(), right.next()) {
                        (None, None) => return Ok(()),
                        (Some(x), Some(y)) => {
                            self.node(x.0, y.0)?;
                            self.node(x.1, y.1)?;
                        }
                        _ => return Err(self.lost(a)),
                    }
                }
            }
            kind if kind.is_seq() => {
                let (mut left, mut right) = (old.elements(a), new.elements(b));
                loop {
                    match (left.next(), right.next()) {
                        (None, None) => return Ok(()),
                        (Some(x), Some(y)) => self.node(x, y)?,
                        _ => return Err(self.lost(a)),
                    }
                }
            }
            _ => Ok(()),
        }
    }

    /// The nodes themselves, without what is below them.
    fn head(&self, a: Id, b: Id) -> Result<(), String> {
        let (old, new) = (self.before, self.after);
        let alike = old.tree.kind(a) == new.tree.kind(b) && self.properties(a, b);
        let alike = alike
            && match old.tree.kind(a) {
                Kind::Alias => old.text[old.tree.range(a)] == new.text[new.tree.range(b)],
                kind if kind.is_scalar() => {
                    old.tree.text(a, old.text) == new.tree.text(b, new.text)
                        && old.tree.is_missing(a) == new.tree.is_missing(b)
                }
                _ => true,
            };
        if alike { Ok(()) } else { Err(self.lost(a)) }
    }

    /// Anchor and tag.
    fn properties(&self, a: Id, b: Id) -> bool {
        let (old, new) = (self.before, self.after);
        let anchor = |side: Side<'_>, id| side.tree.anchor(id).map(|at| side.text[at].to_owned());
        anchor(old, a) == anchor(new, b)
            && old.tree.tag(a).map(|tag| &tag.name) == new.tree.tag(b).map(|tag| &tag.name)
    }

    fn lost(&self, a: Id) -> String {
        let range = self.before.tree.range(a);
        let text: String = self.before.text[range].chars().take(40).collect();
        format!("`{}` would not stay as it is", text.escape_debug())
    }

    fn cluster(&self, a: Id, b: Id, desired: &Map<String, Value>) -> Result<(), String> {
        self.head(a, b)?;
        let spec = own_entry(self.before.tree, a, "spec", self.before.text);
        let (mut left, mut right) = (self.before.tree.entries(a), self.after.tree.entries(b));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ok(()),
                (Some(x), Some(y)) => {
                    self.node(x.0, y.0)?;
                    if Some(x) == spec {
                        self.spec(x.1, y.1, desired)?;
                    } else {
                        self.node(x.1, y.1)?;
                    }
                }
                _ => return Err(self.lost(a)),
            }
        }
    }

    fn spec(&self, a: Id, b: Id, desired: &Map<String, Value>) -> Result<(), String> {
        let (old, new) = (self.before, self.after);
        let add_ons = |side: Side<'_>, map| own_entry(side.tree, map, "addOns", side.text);
        if !new.tree.kind(b).is_map() || !self.properties(a, b) {
            return Err(self.lost(a));
        }
        let Some((_, after)) = add_ons(new, b) else {
            return Err("`addOns` would be missing".to_owned());
        };
        // Every other entry stays, in its order.
        let before = add_ons(old, a);
        let mut right = new.tree.entries(b).filter(|&(_, value)| value != after);
        for (key, value) in old.tree.entries(a) {
            if Some((key, value)) == before {
                continue;
            }
            let Some((new_key, new_value)) = right.next() else {
                return Err(self.lost(key));
            };
            self.node(key, new_key)?;
            self.node(value, new_value)?;
        }
        if right.next().is_some() {
            return Err("`spec` would hold more than `addOns` more".to_owned());
        }
        let result = value(new.tree, after, new.text, &mut super::EXPANDED.clone());
        if !result.is_some_and(|result| same(&result, &Value::Object(desired.clone()))) {
            return Err("`spec.addOns` would not be what was asked for".to_owned());
        }
        match before {
            Some((_, before)) if old.tree.kind(before).is_map() => {
                self.kept(before, after, desired)
            }
            _ => Ok(()),
        }
    }

    /// The add-ons that were not to change are written as before, in their order.
    fn kept(&self, a: Id, b: Id, desired: &Map<String, Value>) -> Result<(), String> {
        let (old, new) = (self.before, self.after);
        if !self.properties(a, b) {
            return Err(self.lost(a));
        }
        let mut right = new.tree.entries(b);
        for (key, entry) in old.tree.entries(a) {
            let name = key_text(old.tree, key, old.text);
            let is_merge = super::value::is_merge(old.tree, key, old.text);
            let wanted = desired.get(&name);
            if !is_merge && wanted.is_none() {
                continue;
            }
            let found = right.find(|&(other, _)| key_text(new.tree, other, new.text) == name);
            let Some((new_key, new_entry)) = found else {
                return Err(self.lost(key));
            };
            self.head(key, new_key)?;
            let before = value(old.tree, entry, old.text, &mut super::EXPANDED.clone());
            let unchanged =
                before.is_some_and(|before| wanted.is_some_and(|wanted| same(&before, wanted)));
            if is_merge || unchanged {
                self.node(entry, new_entry)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(before: &str, after: &str, desired: Value) -> Result<(), String> {
        let (old, new) = (Tree::parse(before).unwrap(), Tree::parse(after).unwrap());
        let Value::Object(desired) = desired else {
            panic!("not an object");
        };
        prove(
            Side {
                text: before,
                tree: &old,
            },
            Side {
                text: after,
                tree: &new,
            },
            &[Target { root: 0, desired }],
        )
    }

    #[test]
    fn only_what_was_asked_for_may_differ() {
        let before = "kind: mk8s\nspec:\n  version: 1.0\n  addOns:\n    a: {x: 1}\n";
        let good = "kind: mk8s\nspec:\n  version: 1.0\n  addOns:\n    a: {x: 1}\n    b: {}\n";
        let wanted = json!({"a": {"x": 1}, "b": {}});
        assert_eq!(check(before, good, wanted.clone()), Ok(()));
        for (bad, reason) in [
            (good.replace("1.0", "1.00"), "`1.0` would not stay as it is"),
            (
                good.replace("mk8s", "'mk8s'"),
                "`mk8s` would not stay as it is",
            ),
            (
                good.replace("    b: {}\n", ""),
                "`spec.addOns` would not be what was asked for",
            ),
            (
                good.replace("x: 1}", "x: 1.0}"),
                "`1` would not stay as it is",
            ),
            (
                good.replace("a: {x: 1}\n    b: {}", "b: {}\n    a: {x: 1}"),
                "",
            ),
            (good.replace("spec:", "spec: !!map"), "`version: 1.0"),
            (good.to_owned() + "  more: 1\n", "`spec` would hold more"),
            (good.to_owned() + "more: 1\n", "`kind: mk8s"),
            (
                good.replace("  version: 1.0\n", ""),
                "`version` would not stay as it is",
            ),
        ] {
            let found = check(before, &bad, wanted.clone());
            if reason.is_empty() {
                // A new add-on may stand anywhere.
                assert_eq!(found, Ok(()), "{bad}");
            } else {
                assert!(
                    found.clone().is_err_and(|found| found.starts_with(reason)),
                    "{found:?}\n{bad}"
                );
            }
        }
    }

    #[test]
    fn json_stays_json() {
        let before = r#"{"spec": {"addOns": {}}}"#;
        let wanted = json!({"a": {}});
        assert_eq!(
            check(before, r#"{"spec": {"addOns": {"a": {}}}}"#, wanted.clone()),
            Ok(())
        );
        assert_eq!(
            check(before, r#"{"spec": {"addOns": {a: {}}}}"#, wanted),
            Err("the result is not JSON any more".to_owned())
        );
    }
}
