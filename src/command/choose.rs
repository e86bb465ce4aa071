//! Which live clusters a command works on: found once, and from then on the same.

use super::Context;
use crate::choice::Choice;
use crate::cli::{ChoiceArgs, NarrowArgs};
use crate::cluster::{Cluster, PackedCluster};
use crate::control::ApiError;
use crate::error::{Error, Result};
use crate::pattern::is_pattern;
use crate::text::Foreign;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Live clusters that are meant, and what was read of them to tell. From here on the set is what it
/// is: a cluster that comes later is none of it.
pub(super) struct ChosenClusters {
    /// Their names.
    pub(super) names: Vec<String>,
    /// Whether several were asked for, however many they turned out to be: what a run prints does not
    /// depend on that.
    pub(super) are_several: bool,
    /// Whether they were looked up, so that nobody typed their names.
    pub(super) are_found: bool,
    known: HashMap<String, Result<KeptCluster, ApiError>>,
}

/// What was read of a cluster.
pub(super) enum KeptCluster {
    /// All of it.
    Whole(Box<Cluster>),
    /// What a change needs.
    Packed(PackedCluster),
}

impl KeptCluster {
    /// A cluster, with what a change needs alone if it is to take little room.
    pub(super) fn of(cluster: Cluster, is_lean: bool) -> Self {
        if is_lean {
            Self::Packed(PackedCluster::of(cluster))
        } else {
            Self::Whole(Box::new(cluster))
        }
    }

    /// The cluster.
    pub(super) fn take(self) -> Cluster {
        match self {
            Self::Whole(cluster) => *cluster,
            Self::Packed(packed) => packed.open(),
        }
    }

    /// The cluster, to be looked at.
    pub(super) fn open(&self) -> Cow<'_, Cluster> {
        match self {
            Self::Whole(cluster) => Cow::Borrowed(cluster),
            Self::Packed(packed) => Cow::Owned(packed.open()),
        }
    }
}

impl ChosenClusters {
    /// Clusters that were named one by one.
    pub(super) fn named(names: Vec<String>) -> Self {
        Self {
            are_several: names.len() > 1,
            are_found: false,
            names,
            known: HashMap::new(),
        }
    }

    /// Those of a run that is taken up again.
    pub(super) fn of_a_run(names: Vec<String>) -> Self {
        Self {
            are_several: true,
            are_found: true,
            ..Self::named(names)
        }
    }

    /// What was read of them so far.
    pub(super) fn take_whole(&mut self) -> HashMap<String, Result<Cluster, ApiError>> {
        let known = self.take_known().into_iter();
        known
            .map(|(name, read)| (name, read.map(KeptCluster::take)))
            .collect()
    }

    fn take_known(&mut self) -> HashMap<String, Result<KeptCluster, ApiError>> {
        std::mem::take(&mut self.known)
    }

    /// The clusters in the order of the names; what was not read yet is read now.
    pub(super) async fn read(&mut self, cx: &Context) -> Result<Vec<Result<Cluster>>> {
        let read = self.keep(cx).await?.into_iter();
        Ok(read.map(|kept| kept.map(KeptCluster::take)).collect())
    }

    /// The same, with what is kept of each.
    pub(super) async fn keep(&mut self, cx: &Context) -> Result<Vec<Result<KeptCluster>>> {
        let is_lean = cx.is_lean.get();
        let mut known = self.take_known();
        let unread = self.names.iter().filter(|name| !known.contains_key(*name));
        let unread: Vec<&String> = unread.collect();
        let mut read = if unread.is_empty() {
            Vec::new()
        } else {
            cx.read_all(&unread).await?
        }
        .into_iter();
        let clusters = self.names.iter().map(|name| match known.remove(name) {
            Some(known) => known.map_err(|error| cx.explain(&error, &cx.reading(name))),
            None => match read.next() {
                Some(read) => read.map(|cluster| KeptCluster::of(cluster, is_lean)),
                None => Err(Error::failure(format!("`{name}` was not read"))),
            },
        });
        Ok(clusters.collect())
    }
}

/// The name in a link to a cluster, as the platform and its console write it: `//mk8s/NAME`,
/// `/org/ORG/mk8s/NAME`. Any other word is given back. A link into another org is refused.
pub(super) fn name(cx: &Context, word: &str) -> Result<String> {
    if let Some(name) = word.strip_prefix("//mk8s/") {
        return Ok(name.to_owned());
    }
    let rest = word.strip_prefix("/org/");
    let Some((org, name)) = rest.and_then(|rest| rest.split_once("/mk8s/")) else {
        return Ok(word.to_owned());
    };
    let own = cx.settings()?.org()?;
    if own.value != org {
        return Err(Error::usage(format!(
            "`{}` is in another org than the one that is used",
            Foreign(word)
        ))
        .because(format!(
            "that is `{}`, from {}",
            Foreign(&own.value),
            own.origin
        ))
        .hint(format!("--org {} uses the other", crate::shell::quote(org))));
    }
    Ok(name.to_owned())
}

/// The same of all words.
pub(super) fn names(cx: &Context, words: &[String]) -> Result<Vec<String>> {
    words.iter().map(|word| name(cx, word)).collect()
}

/// What `-c`, `--all`, `--selector` and `--exclude` say.
pub(super) fn choice(cluster: &[String], args: &ChoiceArgs) -> Result<Choice> {
    narrowed(Choice::of(cluster).with_all(args.all), &args.narrow)
}

/// What `-c`, `--selector` and `--exclude` say of documents.
pub(super) fn documents(cluster: &[String], args: &NarrowArgs) -> Result<Choice> {
    narrowed(Choice::of(cluster), args)
}

fn narrowed(choice: Choice, args: &NarrowArgs) -> Result<Choice> {
    choice.narrowed(args.selector.as_deref(), &args.exclude)
}

/// Names that were given and excluded, as clusters of which nothing else is known.
pub(super) fn left_out(names: &[String]) -> Vec<Cluster> {
    let clusters = names.iter().map(|name| Cluster::new(json!({"name": name})));
    clusters.collect()
}

/// Those of a list that are meant.
pub(super) fn among(cx: &Context, choice: &Choice, all: Vec<Cluster>) -> Result<Vec<Cluster>> {
    if choice.is_everything() {
        return Ok(all);
    }
    let place = format!("in org `{}`", cx.org()?);
    let names: HashSet<&str> = all.iter().map(Cluster::name).collect();
    if let Some(word) = choice.missed(&names).first() {
        return Err(Choice::unfit(word, &place, &names));
    }
    for warning in choice.idle(&names) {
        cx.ui.warn(&warning);
    }
    if !all.iter().any(|cluster| choice.holds(cluster)) {
        return Err(choice.nothing(&place, &all));
    }
    Ok(all.into_iter().filter(|it| choice.holds(it)).collect())
}

/// Finds the clusters that are meant, by the pages of the list or of the platform's search.
pub(super) async fn look_up(cx: &Context, choice: &Choice) -> Result<ChosenClusters> {
    let client = cx.client().await?;
    client.expects_many();
    let read = async |query: Option<&Value>| {
        let is_lean = cx.is_lean.get();
        let keep = |cluster| KeptCluster::of(cluster, is_lean);
        let all = client.candidates(query, keep).await;
        all.map_err(|error| cx.explain(&error, "list the clusters"))
    };
    let query = choice.query();
    let mut all = read(query.as_ref()).await?;
    let mut meant = pick(choice, &all);
    let is_short = meant.is_empty() || choice.names().any(|name| !meant.contains(name));
    // What the search left out may be what was meant: who looks for a slip has to see all.
    let sees_all = query.is_none() || is_short;
    if query.is_some() && is_short {
        all = read(None).await?;
    }
    let place = format!("in org `{}`", cx.org()?);
    let names: HashSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    // A name that no list has answers for itself.
    let unlisted = choice
        .names()
        .filter(|it| !names.contains(it) && choice.takes(it));
    let unlisted: Vec<String> = unlisted.map(str::to_owned).collect();
    if sees_all {
        let mut missed = choice.missed(&names).into_iter();
        if let Some(word) = missed.find(|word| is_pattern(word)) {
            return Err(Choice::unfit(word, &place, &names));
        }
        for warning in choice.idle(&names) {
            cx.ui.warn(&warning);
        }
    }
    if sees_all {
        let is_lean = cx.is_lean.get();
        let read = client.get_all(&unlisted).await.into_iter();
        let read = read.map(|read| read.map(|cluster| KeptCluster::of(cluster, is_lean)));
        all.extend(unlisted.into_iter().zip(read));
        meant = pick(choice, &all);
    }
    if meant.is_empty() {
        let clusters = all.into_iter().filter_map(|(_, it)| it.ok());
        let clusters: Vec<Cluster> = clusters.map(KeptCluster::take).collect();
        return Err(choice.nothing(&place, &clusters));
    }
    let known = all.into_iter().filter(|(name, _)| meant.contains(name));
    let known: HashMap<String, Result<KeptCluster, ApiError>> = known.collect();
    let mut names: Vec<String> = known.keys().cloned().collect();
    names.sort_unstable();
    Ok(ChosenClusters {
        names,
        are_several: true,
        are_found: true,
        known,
    })
}

/// The names of those that are meant. One that cannot be read may be: it is told as what it is, and
/// nothing is done to it.
fn pick(choice: &Choice, all: &[(String, Result<KeptCluster, ApiError>)]) -> HashSet<String> {
    let is_meant = |name: &str, read: &Result<KeptCluster, ApiError>| match read {
        Ok(kept) => choice.holds(&kept.open()),
        Err(_) => choice.takes(name),
    };
    let meant = all.iter().filter(|(name, read)| is_meant(name, read));
    meant.map(|(name, _)| name.clone()).collect()
}
