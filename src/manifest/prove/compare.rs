//! The comparison of two readings, node by node.

use super::super::plan::same;
use super::super::second::Second;
use super::super::tree::{Id, NodeKind};
use super::super::value::{describes, is_core_tag, is_merge, key_text, own_entry, value};
use super::{Doubt, ProofTarget, ReadText};
use crate::text::Foreign;
use serde_json::{Map, Value, json};

/// Two texts that are compared.
pub(super) struct TextProof<'a> {
    pub(super) before: ReadText<'a>,
    pub(super) after: ReadText<'a>,
    pub(super) targets: &'a [ProofTarget],
    /// What stands aside and was to change: the node before, and what it is to be.
    pub(super) aside: Vec<(Id, Value)>,
    /// The second readings of both.
    pub(super) seconds: Option<(Second, Second)>,
}

impl TextProof<'_> {
    /// Two nodes that have to be the same but for the targets below them.
    pub(super) fn node(&self, a: Id, b: Id) -> Result<(), Doubt> {
        if let Ok(found) = self.targets.binary_search_by_key(&a, |target| target.root) {
            return self.cluster(a, b, &self.targets[found].desired);
        }
        let mut asked = self.aside.iter().filter(|(id, _)| *id == a);
        if let Some((_, desired)) = asked.next() {
            return match asked.next() {
                None => self.changed(a, b, desired, true),
                Some(_) => Err("not all that use the anchor are asked for the same".into()),
            };
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
    fn head(&self, a: Id, b: Id) -> Result<(), Doubt> {
        let (old, new) = (self.before, self.after);
        let alike = old.tree.kind(a) == new.tree.kind(b) && self.properties(a, b);
        let alike = alike
            && match old.tree.kind(a) {
                NodeKind::Alias => old.text[old.tree.range(a)] == new.text[new.tree.range(b)],
                kind if kind.is_scalar() => {
                    old.tree.text(a, old.text) == new.tree.text(b, new.text)
                        && old.tree.is_missing(a) == new.tree.is_missing(b)
                        && self
                            .seconds
                            .as_ref()
                            .is_none_or(|(first, second)| first.text(a) == second.text(b))
                }
                _ => true,
            };
        if alike { Ok(()) } else { Err(self.lost(a)) }
    }

    /// Anchor and tag.
    fn properties(&self, a: Id, b: Id) -> bool {
        let (old, new) = (self.before, self.after);
        self.anchors(a, b)
            && old.tree.tag(a).map(|tag| &tag.name) == new.tree.tag(b).map(|tag| &tag.name)
    }

    fn anchors(&self, a: Id, b: Id) -> bool {
        let (old, new) = (self.before, self.after);
        let anchor =
            |side: ReadText<'_>, id| side.tree.anchor(id).map(|at| side.text[at].to_owned());
        anchor(old, a) == anchor(new, b)
    }

    fn lost(&self, a: Id) -> Doubt {
        let ReadText { text, tree } = self.before;
        let range = tree.range(a);
        if tree.kind(a).is_block_scalar()
            && range.end == text.len()
            && !text.ends_with(['\n', '\r'])
        {
            return Doubt {
                because: "this text ends with the file, in a line that has no end, and readers \
                          disagree on what its last line is"
                    .to_owned(),
                at: Some(range.start),
                hint: "end the file with a line break",
            };
        }
        let shown: String = text[range.clone()].chars().take(40).collect();
        Doubt {
            at: Some(range.start),
            ..Doubt::from(format!("`{}` would not stay as it is", Foreign(&shown)))
        }
    }

    fn cluster(&self, a: Id, b: Id, desired: &Map<String, Value>) -> Result<(), Doubt> {
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

    fn spec(&self, a: Id, b: Id, desired: &Map<String, Value>) -> Result<(), Doubt> {
        let (old, new) = (self.before, self.after);
        let add_ons = |side: ReadText<'_>, map| own_entry(side.tree, map, "addOns", side.text);
        if self.is_alias_still(a, b)? {
            let is_done = same(&value(new.tree, b, new.text)["addOns"], &json!(desired));
            return if is_done { Ok(()) } else { Err(self.lost(a)) };
        }
        let stays = old.tree.kind(a).is_map() && self.properties(a, b);
        let asked = Value::Object(desired.clone());
        if !new.tree.kind(b).is_map() || !(stays || self.replaced(a, b, &asked)) {
            return Err(self.lost(a));
        }
        let Some((key, after)) = add_ons(new, b) else {
            return Err("`addOns` would be missing".into());
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
            return Err("`spec` would hold more than `addOns` more".into());
        }
        if !same(&value(new.tree, after, new.text), &asked) {
            return Err("`spec.addOns` would not be what was asked for".into());
        }
        match before {
            Some((old_key, before)) => {
                self.head(old_key, key)?;
                self.changed(before, after, &asked, true)
            }
            None if self.is_fresh(key) && self.is_fresh(after) => Ok(()),
            None => Err("`addOns` would be more than what was asked for".into()),
        }
    }

    /// A value that may have changed, the add-ons themselves (`is_outer`) or one in them. In a
    /// mapping, what was not to change is written as before, in its order.
    fn changed(&self, a: Id, b: Id, desired: &Value, is_outer: bool) -> Result<(), Doubt> {
        let (old, new) = (self.before, self.after);
        if self.is_alias_still(a, b)? {
            // What it stands for is what has changed.
            let is_done = same(&value(new.tree, b, new.text), desired);
            return if is_done { Ok(()) } else { Err(self.lost(a)) };
        }
        let (Value::Object(desired), true, true) = (
            desired,
            old.tree.kind(a).is_map(),
            new.tree.kind(b).is_map(),
        ) else {
            let done = self.replaced(a, b, desired);
            return if done { Ok(()) } else { Err(self.lost(a)) };
        };
        let keeps_none = old.tree.entries(a).all(|(key, _)| {
            !is_merge(old.tree, key, old.text)
                && !desired.contains_key(&*key_text(old.tree, key, old.text))
        });
        // A tag of an application may stand on the add-ons as on the whole document.
        let tag = new.tree.tag(b).is_none_or(|tag| {
            describes(&tag.name, &json!({})) || is_outer && !is_core_tag(&tag.name)
        });
        let form = keeps_none || old.tree.kind(a) == new.tree.kind(b);
        let stays = form && tag && self.properties(a, b);
        if !(stays || keeps_none && self.replaced(a, b, &json!({}))) {
            return Err(self.lost(a));
        }
        let mut right = new.tree.entries(b);
        let mut fresh = |upto: Option<&str>| {
            // The entries up to the one with this key are new.
            for (key, value) in right.by_ref() {
                if upto.is_some_and(|upto| key_text(new.tree, key, new.text) == upto) {
                    return Some((key, value));
                }
                if !(self.is_fresh(key) && self.is_fresh(value)) {
                    break;
                }
            }
            None
        };
        for (key, entry) in old.tree.entries(a) {
            let name = key_text(old.tree, key, old.text);
            let merges = is_merge(old.tree, key, old.text);
            let wanted = desired.get(&*name);
            if !merges && wanted.is_none() {
                continue;
            }
            let Some((new_key, new_entry)) = fresh(Some(&name)) else {
                return Err(self.lost(key));
            };
            self.head(key, new_key)?;
            match wanted.filter(|_| !merges) {
                Some(wanted) if !same(&value(old.tree, entry, old.text), wanted) => {
                    self.changed(entry, new_entry, wanted, false)?;
                }
                _ => self.node(entry, new_entry)?,
            }
        }
        for (key, value) in right {
            if !(self.is_fresh(key) && self.is_fresh(value)) {
                return Err("a new value would be more than what was asked for".into());
            }
        }
        Ok(())
    }

    /// Whether an alias stands where it stood.
    fn is_alias_still(&self, a: Id, b: Id) -> Result<bool, Doubt> {
        let is_alias = self.before.tree.kind(a) == NodeKind::Alias
            && self.after.tree.kind(b) == NodeKind::Alias;
        if is_alias {
            self.head(a, b)?;
        }
        Ok(is_alias)
    }

    /// Whether one value stands where another was: with its anchor, and with a tag only if that
    /// says what the new value is.
    fn replaced(&self, a: Id, b: Id, desired: &Value) -> bool {
        let (old, new) = (self.before.tree, self.after.tree);
        let tag = match (old.tag(a), new.tag(b)) {
            (_, None) => true,
            (Some(old), Some(new)) => old.name == new.name && describes(&new.name, desired),
            (None, Some(_)) => false,
        };
        tag && self.anchors(a, b)
            && self.is_plain(b)
            && (b + 1..new.next(b)).all(|id| self.is_fresh(id))
    }

    /// Whether nothing is in the value but what every reader takes for the same.
    fn is_fresh(&self, id: Id) -> bool {
        let tree = self.after.tree;
        let bare = |id| tree.anchor(id).is_none() && tree.tag(id).is_none();
        (id..tree.next(id)).all(|id| bare(id) && self.is_plain(id))
    }

    /// Whether both readings have the same at the node, and it stands for nothing else.
    fn is_plain(&self, id: Id) -> bool {
        let seconds = self.seconds.as_ref();
        self.after.tree.kind(id) != NodeKind::Alias
            && seconds.is_none_or(|(_, second)| second.text(id).is_none())
    }
}
