//! How much a file may stand for: what its aliases and merge keys add to it.
//!
//! Counts only, from the tree and before anything is written out, so that a file that is too large
//! costs no more than to parse it.

use super::tree::{Id, Tree};
use super::value::is_merge;

/// So many keys and values may be added, over all documents of a file.
pub(super) const NODES: u64 = 1_000_000;

/// So many bytes of text may be added, over all documents of a file.
pub(super) const BYTES: u64 = 64 * 1024 * 1024;

/// So deep may a value be nested with its aliases written out; what is written is not deeper either.
const NESTING: u32 = 200;

/// What the aliases and merge keys of a file add to what is written in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Added {
    nodes: u64,
    bytes: u64,
}

/// An alias that makes a file stand for too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AliasExcess {
    /// It is inside its own anchor.
    Endless(Id),
    /// What it stands for is more than is left.
    TooLarge(Id),
    /// What it stands for is nested too deep.
    TooDeep(Id),
}

impl Added {
    /// Counts the aliases of a document, which is refused at the first that is too much.
    ///
    /// Linear: an alias comes behind all that it stands for, so what that adds is known by then.
    pub(super) fn take(&mut self, tree: &Tree, text: &str) -> Result<(), AliasExcess> {
        let aliases = tree.aliases();
        if aliases.is_empty() {
            return Ok(());
        }
        let written = AliasSpans::of(tree, text);
        // What the first aliases add, one after the other.
        let mut sums = vec![Self::default()];
        let before = *self;
        for &alias in aliases {
            let Some(target) = tree.target(alias) else {
                continue;
            };
            if tree.contains(target, alias) {
                return Err(AliasExcess::Endless(alias));
            }
            let end = tree.next(target);
            let first = aliases.partition_point(|&other| other < target);
            let last = aliases.partition_point(|&other| other < end);
            let sum = sums.last().copied().unwrap_or_default();
            let inside = sums[last].less(sums[first]);
            // The alias itself is a node that is there.
            let nodes = (end - target) as u64 - 1;
            let sum = Self {
                nodes: sum.nodes + nodes + inside.nodes,
                bytes: sum.bytes + written.between(target, end) + inside.bytes,
            };
            *self = Self {
                nodes: before.nodes + sum.nodes,
                bytes: before.bytes + sum.bytes,
            };
            if self.nodes > NODES || self.bytes > BYTES {
                return Err(AliasExcess::TooLarge(alias));
            }
            sums.push(sum);
        }
        deep(tree, text).map_or(Ok(()), |alias| Err(AliasExcess::TooDeep(alias)))
    }

    fn less(self, other: Self) -> Self {
        Self {
            nodes: self.nodes - other.nodes,
            bytes: self.bytes - other.bytes,
        }
    }
}

/// The first alias that makes a value nest too deep: values are made and dropped by functions that
/// call themselves. What a merge key brings in is not deeper than the map that it is brought into.
fn deep(tree: &Tree, text: &str) -> Option<Id> {
    let mut heights: Vec<u32> = Vec::with_capacity(tree.len());
    // The open nodes, with the number of those that are in them so far.
    let mut open: Vec<(Id, usize)> = Vec::new();
    for id in 0..=tree.len() {
        while let Some(&(top, _)) = open.last()
            && id >= tree.next(top)
        {
            open.pop();
            let Some(&(parent, count)) = open.last() else {
                continue;
            };
            let is_value = tree.kind(parent).is_map() && count % 2 == 0;
            let more = match tree.kind(tree.resolve(top)) {
                _ if !(is_value && is_merge(tree, top - 1, text)) => heights[top] + 1,
                kind if kind.is_seq() => heights[top].saturating_sub(1),
                _ => heights[top],
            };
            heights[parent] = heights[parent].max(more);
        }
        if id == tree.len() {
            break;
        }
        if let Some((_, count)) = open.last_mut() {
            *count += 1;
        }
        let height = tree.target(id).map_or(0, |target| heights[target]);
        if height > NESTING {
            return Some(id);
        }
        heights.push(height);
        open.push((id, 0));
    }
    None
}

/// How many bytes of text are written before the nodes that aliases stand for, and behind them.
struct AliasSpans {
    at: Vec<(Id, u64)>,
}

impl AliasSpans {
    fn of(tree: &Tree, text: &str) -> Self {
        let targets = tree
            .aliases()
            .iter()
            .filter_map(|&alias| tree.target(alias));
        let mut places: Vec<Id> = targets
            .flat_map(|target| [target, tree.next(target)])
            .collect();
        places.sort_unstable();
        places.dedup();
        let mut sum = 0;
        let mut from = 0;
        let at = places
            .into_iter()
            .map(|place| {
                let scalars = (from..place).filter(|&id| tree.kind(id).is_scalar());
                sum += scalars
                    .map(|id| tree.text(id, text).len() as u64)
                    .sum::<u64>();
                from = place;
                (place, sum)
            })
            .collect();
        Self { at }
    }

    fn between(&self, start: Id, end: Id) -> u64 {
        let before = |id| {
            let found = self.at.binary_search_by_key(&id, |&(place, _)| place);
            found.map_or(0, |index| self.at[index].1)
        };
        before(end) - before(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> Result<(u64, u64), AliasExcess> {
        let mut added = Added::default();
        added.take(&Tree::parse(text).unwrap(), text)?;
        Ok((added.nodes, added.bytes))
    }

    #[test]
    fn what_aliases_add_is_counted_with_the_aliases_inside() {
        assert_eq!(added("a: [x, y]\n"), Ok((0, 0)));
        assert_eq!(added("a: &a xyz\nb: *a\nc: *a\n"), Ok((0, 6)));
        // The list and its two elements for one alias: two more nodes.
        assert_eq!(added("a: &a [x, y]\nb: *a\n"), Ok((2, 2)));
        assert_eq!(
            added("a: &a [x, y]\nb: &b [*a, *a]\nc: *b\n"),
            Ok((4 + 2 + 4, 4 + 4))
        );
        assert_eq!(added("a: &a {k: vw}\nb:\n  <<: *a\n"), Ok((2, 3)));
    }

    #[test]
    fn what_would_nest_too_deep_is_found() {
        let chain = |levels: usize, open: &str, close: &str| {
            let mut text = "a0: &a0 {x: 1}\n".to_owned();
            for level in 1..levels {
                text = format!("{text}a{level}: &a{level} {open}*a{}{close}\n", level - 1);
            }
            added(&text)
        };
        assert!(chain(190, "[", "]").is_ok());
        assert!(matches!(chain(210, "[", "]"), Err(AliasExcess::TooDeep(_))));
        assert!(matches!(
            chain(110, "[[", "]]"),
            Err(AliasExcess::TooDeep(_))
        ));
        assert!(matches!(
            chain(210, "[<<, ", "]"),
            Err(AliasExcess::TooDeep(_))
        ));
        assert!(matches!(
            chain(210, "{k: ", "}"),
            Err(AliasExcess::TooDeep(_))
        ));
        assert!(chain(600, "{<<: ", "}").is_ok());
        assert!(chain(400, "{<<: [", "], k: 1}").is_ok());
    }

    #[test]
    fn what_is_too_much_is_found_before_it_is_written_out() {
        assert_eq!(added("a: &a [x, *a]\n"), Err(AliasExcess::Endless(4)));
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..60 {
            let below = vec![format!("*a{}", level - 1); 10].join(", ");
            text = format!("{text}a{level}: &a{level} [{below}]\n");
        }
        assert!(matches!(added(&text), Err(AliasExcess::TooLarge(_))));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a,".repeat(65));
        assert!(matches!(added(&long), Err(AliasExcess::TooLarge(_))));
        let less = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a,".repeat(64));
        assert_eq!(added(&less), Ok((0, BYTES)));
    }
}
