//! Which clusters are meant: names, patterns of names, `--selector`, `--exclude`, `--all`. Pure.
//!
//! The same choice is made among the live clusters of an org and among the documents of files. What
//! is written and fits nothing is an error wherever others would be changed in its place: a slip of
//! the pen never makes more of less.

mod selector;

use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::invocation::CommandFlags;
use crate::pattern::{fits, is_pattern};
use crate::text::{self, excerpt, printable};
use selector::Selector;
use serde_json::Value;
use std::collections::HashSet;

/// More names than this are not listed in an error.
const SHOWN: usize = 5;

/// Which clusters are meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    all: bool,
    /// What was named, each once, in order.
    given: Vec<String>,
    /// The names among them.
    names: HashSet<String>,
    /// The patterns among them.
    patterns: Vec<String>,
    /// As it was written, for commands that are printed.
    written: Option<String>,
    selector: Option<Selector>,
    exclude: Vec<String>,
}

impl Choice {
    /// What was named, or a pattern, each once; nothing is everything.
    pub(crate) fn of(given: &[String]) -> Self {
        let mut choice = Self::default();
        let mut seen = HashSet::new();
        for word in given.iter().filter(|word| seen.insert(word.as_str())) {
            choice.given.push(word.clone());
            if is_pattern(word) {
                choice.patterns.push(word.clone());
            } else {
                choice.names.insert(word.clone());
            }
        }
        choice
    }

    /// Every cluster of the org.
    #[must_use]
    pub(crate) fn with_all(mut self, all: bool) -> Self {
        self.all = all;
        self
    }

    /// Those alone for which the selector holds, and that are not excluded.
    pub(crate) fn narrowed(mut self, selector: Option<&str>, exclude: &[String]) -> Result<Self> {
        self.selector = selector.map(Selector::parse).transpose()?;
        self.written = selector.map(str::to_owned);
        exclude.clone_into(&mut self.exclude);
        if self.all && !(self.given.is_empty() && self.selector.is_none()) {
            let other = if self.given.is_empty() {
                "--selector"
            } else {
                "-c"
            };
            return Err(
                Error::usage(format!("--all was given together with {other}"))
                    .because("it means every cluster of the org")
                    .hint(format!("leave out --all for those that {other} means")),
            );
        }
        Ok(self)
    }

    /// Whether nothing says what is meant.
    pub(crate) fn is_open(&self) -> bool {
        !self.all && self.given.is_empty() && self.selector.is_none()
    }

    /// Whether it leaves nothing out: no words and no selector, and nothing excluded.
    pub(crate) fn is_everything(&self) -> bool {
        self.given.is_empty() && self.selector.is_none() && self.exclude.is_empty()
    }

    /// Whether every cluster of the org was asked for by name of the flag.
    pub(crate) fn is_all(&self) -> bool {
        self.all
    }

    /// Whether something is left out by `--exclude`.
    pub(crate) fn excludes(&self) -> bool {
        !self.exclude.is_empty()
    }

    /// The names, where names alone say what is meant and no list is needed to tell.
    pub(crate) fn by_name(&self) -> Option<Vec<String>> {
        let is_so = !self.all && self.selector.is_none() && self.patterns.is_empty();
        is_so.then(|| {
            let left = self.given.iter().filter(|name| !self.is_excluded(name));
            left.cloned().collect()
        })
    }

    /// The names that were given, patterns left out.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let given = self.given.iter().map(String::as_str);
        given.filter(|word| !is_pattern(word))
    }

    /// What was given behind `-c`, as it was written.
    pub(crate) fn given(&self) -> &[String] {
        &self.given
    }

    fn is_excluded(&self, name: &str) -> bool {
        self.exclude.iter().any(|word| is_meant(word, name))
    }

    /// Whether a name is meant, as far as the name tells.
    pub(crate) fn takes(&self, name: &str) -> bool {
        let is_named = || {
            self.given.is_empty()
                || self.names.contains(name)
                || self.patterns.iter().any(|pattern| fits(pattern, name))
        };
        is_named() && !self.is_excluded(name)
    }

    /// Whether more than the name has to be known to tell.
    pub(crate) fn looks_inside(&self) -> bool {
        self.selector.is_some()
    }

    /// Whether a cluster is meant.
    pub(crate) fn holds(&self, cluster: &Cluster) -> bool {
        let selected = |selector: &Selector| selector.matches(cluster);
        self.takes(cluster.name()) && self.selector.as_ref().is_none_or(selected)
    }

    /// What of it the platform's search understands; it may let through more than is meant.
    pub(crate) fn query(&self) -> Option<Value> {
        self.selector.as_ref()?.query()
    }

    /// The words behind `-c` that fit none of the names.
    pub(crate) fn missed<'a>(&'a self, names: &HashSet<&str>) -> Vec<&'a str> {
        let given = self.given.iter().map(String::as_str);
        given
            .filter(|word| !names.iter().any(|name| is_meant(word, name)))
            .collect()
    }

    /// What `--exclude` names and is not there: it may be gone, and it may be a slip.
    pub(crate) fn idle(&self, names: &HashSet<&str>) -> Vec<String> {
        let idle = self
            .exclude
            .iter()
            .filter(|word| !names.iter().any(|name| is_meant(word, name)));
        let told = idle.map(|word| {
            let near = text::nearest(&bare(word), names.iter().copied());
            let near = near.map_or_else(String::new, |name| {
                format!("; the nearest is {}", printable(name))
            });
            format!("--exclude `{}` leaves out nothing{near}", excerpt(word, 80))
        });
        told.collect()
    }

    /// The error for a word behind `-c` that nothing fits; `place` completes "no cluster …".
    pub(crate) fn unfit(word: &str, place: &str, names: &HashSet<&str>) -> Error {
        let verb = if is_pattern(word) {
            "fits"
        } else {
            "is called"
        };
        let error = Error::not_found(format!("no cluster {place} {verb} `{}`", excerpt(word, 80)))
            .because(nearest_names(word, names));
        let near = text::nearest(word, names.iter().copied()).filter(|_| !is_pattern(word));
        error.hint_if(near.map(|near| format!("did you mean `{}`?", printable(near))))
    }

    /// The error where no cluster of those that are there is meant; `place` completes "no cluster …".
    pub(crate) fn nothing(&self, place: &str, clusters: &[Cluster]) -> Error {
        if clusters.is_empty() {
            return Error::not_found(format!("no cluster is {place}"));
        }
        let names: HashSet<&str> = clusters.iter().map(Cluster::name).collect();
        let by_name: Vec<Cluster> = clusters
            .iter()
            .filter(|cluster| self.takes(cluster.name()))
            .cloned()
            .collect();
        if by_name.is_empty() {
            if let Some(word) = self.missed(&names).first() {
                return Self::unfit(word, place, &names);
            }
            return Error::not_found("no cluster is left to work on")
                .because("--exclude leaves out all that were meant");
        }
        let mut error = Error::not_found(format!(
            "no cluster {place} fits `{}`",
            excerpt(self.written.as_deref().unwrap_or_default(), 200)
        ));
        for reason in self
            .selector
            .iter()
            .flat_map(|selector| selector.why_nothing(&by_name))
        {
            error = error.because(reason);
        }
        error
    }

    /// The flags again, for commands that are printed.
    pub(crate) fn flags(&self) -> CommandFlags {
        let flags = CommandFlags::new().plain_if(self.all, "--all");
        let flags = self.given.iter().fold(flags, |flags, it| flags.cluster(it));
        let flags = flags.flag_if("--selector", self.written.clone());
        let exclude = self.exclude.iter();
        exclude.fold(flags, |flags, it| flags.flag("--exclude", it))
    }
}

/// Whether a word means a name: it is a pattern that the name fits, or the name.
fn is_meant(word: &str, name: &str) -> bool {
    if is_pattern(word) {
        fits(word, name)
    } else {
        word == name
    }
}

/// A pattern without what stands for others.
fn bare(word: &str) -> String {
    word.replace(['*', '?'], "")
}

/// The names that are there, the nearest first.
fn nearest_names(word: &str, names: &HashSet<&str>) -> String {
    let bare = bare(word);
    let near = |name: &str| strsim::jaro_winkler(name, &bare);
    let mut sorted: Vec<&str> = names.iter().copied().collect();
    sorted.sort_unstable();
    sorted.sort_by(|a, b| near(b).total_cmp(&near(a)));
    let more = if sorted.len() > SHOWN { ", …" } else { "" };
    let shown: Vec<String> = sorted.iter().take(SHOWN).map(|it| printable(it)).collect();
    format!("the clusters there are {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn clusters() -> Vec<Cluster> {
        ["prod-eu", "prod-us", "edge"]
            .iter()
            .map(|name| {
                Cluster::new(json!({"name": name, "tags": {"team": "blue"}, "spec": {
                    "version": "1.32.1", "provider": {"hetzner": {}},
                }}))
            })
            .collect()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn choice(given: &[&str], selector: Option<&str>, exclude: &[&str]) -> Choice {
        Choice::of(&words(given))
            .narrowed(selector, &words(exclude))
            .unwrap()
    }

    fn chosen(choice: &Choice) -> Vec<String> {
        let clusters = clusters();
        let held = clusters.iter().filter(|cluster| choice.holds(cluster));
        held.map(|cluster| cluster.name().to_owned()).collect()
    }

    #[test]
    fn names_and_patterns_add_up_and_the_rest_narrows() {
        for (given, selector, exclude, expected) in [
            (vec![], None, vec![], vec!["prod-eu", "prod-us", "edge"]),
            (vec!["edge"], None, vec![], vec!["edge"]),
            (vec!["prod-*"], None, vec![], vec!["prod-eu", "prod-us"]),
            (
                vec!["prod-?u", "edge"],
                None,
                vec![],
                vec!["prod-eu", "edge"],
            ),
            (vec!["prod-*"], None, vec!["*-us"], vec!["prod-eu"]),
            (vec!["edge", "prod-eu"], None, vec!["edge"], vec!["prod-eu"]),
            (vec![], Some("name~prod"), vec!["prod-us"], vec!["prod-eu"]),
            (vec!["edge"], Some("tag.team=blue"), vec![], vec!["edge"]),
            (vec!["edge"], Some("tag.team=red"), vec![], vec![]),
        ] {
            let choice = choice(&given, selector, &exclude);
            assert_eq!(
                chosen(&choice),
                expected,
                "{given:?} {selector:?} {exclude:?}"
            );
        }
    }

    #[test]
    fn names_alone_need_no_list() {
        assert_eq!(
            choice(&["b", "a", "b"], None, &["a"]).by_name(),
            Some(words(&["b"]))
        );
        for open in [
            choice(&["a*"], None, &[]),
            choice(&["a"], Some("tag.x"), &[]),
            Choice::of(&[]).with_all(true),
        ] {
            assert_eq!(open.by_name(), None, "{open:?}");
        }
        assert!(choice(&[], None, &["a"]).is_open());
    }

    #[test]
    fn all_is_all_and_nothing_else() {
        for (given, selector) in [(vec!["a"], None), (vec![], Some("tag.x"))] {
            let choice = Choice::of(&words(&given)).with_all(true);
            let error = choice.narrowed(selector, &[]).unwrap_err();
            assert_eq!(error.kind, crate::error::Kind::Usage);
        }
    }

    #[test]
    fn why_nothing_is_meant_is_told() {
        let because = |choice: &Choice| choice.nothing("in org `acme`", &clusters()).to_string();
        for (choice, expected) in [
            (
                choice(&["prdo-*"], None, &[]),
                "no cluster in org `acme` fits `prdo-*`: the clusters there are prod-eu, prod-us, edge",
            ),
            (
                choice(&["prod-*"], None, &["prod*"]),
                "no cluster is left to work on: --exclude leaves out all that were meant",
            ),
            (
                choice(&["prod-*"], Some("tag.team=blu"), &[]),
                "no cluster in org `acme` fits `tag.team=blu`: `tag.team=blu` holds for no cluster; \
                 the tag `team` is blue",
            ),
        ] {
            assert_eq!(because(&choice), expected);
        }
        assert_eq!(
            choice(&[], Some("tag.x"), &[])
                .nothing("in org `acme`", &[])
                .to_string(),
            "no cluster is in org `acme`"
        );
    }

    #[test]
    fn what_excludes_nothing_is_named() {
        let clusters = clusters();
        let names = clusters.iter().map(Cluster::name).collect();
        assert_eq!(
            choice(&["*"], None, &["prod-e", "edge"]).idle(&names),
            ["--exclude `prod-e` leaves out nothing; the nearest is prod-eu"]
        );
    }
}
