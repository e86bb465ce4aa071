//! `mk8s cluster wait`: until clusters show something.

use super::target::{self, Target};
use super::{Context, word};
use crate::addon::{self, NamedAddon};
use crate::cli::{ClusterWaitArgs, TargetArgs};
use crate::cluster::Cluster;
use crate::control::{ApiError, wait};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{Reporter, TargetOutcome, TargetResult};
use crate::invocation::Invocation;
use crate::text::{self, Foreign, excerpt};
use crate::ui::{jsonpath, wire};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// As much of a value is shown.
const SHOWN: usize = 80;

/// What is waited for.
enum WaitCondition {
    /// That the status shows the add-on.
    AddOn(NamedAddon),
    /// That an expression has a match, or this one.
    Path(String, Option<String>),
}

/// How far one cluster is.
struct ClusterWait {
    name: String,
    /// When it was reached, or why it never will be.
    ended: Option<Result<Duration>>,
    /// What was seen last.
    seen: String,
}

impl WaitCondition {
    fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: &str| {
            Error::usage(format!("`{}` cannot be waited for", excerpt(text, SHOWN))).because(reason)
        };
        match text.split_once('=') {
            Some(("addon", word)) if !word.is_empty() => Ok(Self::AddOn(NamedAddon::of(word))),
            Some(("jsonpath", rest)) => {
                let rest = rest.trim();
                // A value follows the braces, as kubectl has it.
                let (path, value) = match rest.rsplit_once("}=") {
                    Some((path, value)) => (format!("{path}}}"), Some(value.to_owned())),
                    None => (rest.to_owned(), None),
                };
                jsonpath::check(&path)?;
                Ok(Self::Path(path, value))
            }
            _ => Err(wrong("addon=NAME or jsonpath=EXPR is expected")),
        }
    }

    /// Refuses a word that is no add-on's name and the key of nothing that is there.
    fn settle(&self, read: &[Result<Cluster>]) -> Result<()> {
        let Self::AddOn(NamedAddon::Key(word)) = self else {
            return Ok(());
        };
        let there = read.iter().flatten();
        if there
            .clone()
            .any(|cluster| cluster.add_on_key(word).is_some())
        {
            return Ok(());
        }
        // A cluster that could not be read may have the key.
        Err(match read.iter().find_map(|read| read.as_ref().err()) {
            Some(error) => word::undecided(error.clone(), word),
            None => word::unknown(word, there),
        })
    }

    /// How it is called.
    fn words(&self, cluster: &Cluster) -> String {
        match self {
            Self::AddOn(named) => match Self::pointer(named, cluster) {
                Ok(pointer) => pointer.trim_start_matches('/').replace('/', "."),
                Err(_) => named.shown().to_string(),
            },
            Self::Path(path, None) => path.clone(),
            Self::Path(path, Some(value)) => format!("{path}={value}"),
        }
    }

    /// Where the status shows the add-on.
    fn pointer(named: &NamedAddon, cluster: &Cluster) -> Result<&'static str> {
        let name = named.shown();
        let refused = |reason: String| {
            Error::refused(format!(
                "`{name}` cannot be waited for on `{}`",
                cluster.name()
            ))
            .because(reason)
        };
        let Some(settings) = cluster.add_on(named.key()) else {
            let error = refused("it is off".to_owned());
            let enable = named.addon().map(|addon| {
                Invocation::mk8s("addon enable")
                    .word(addon.name)
                    .cluster(cluster.name())
            });
            return Err(error.hint_if(enable.filter(|_| named.addon().is_some_and(is_plain))));
        };
        let pointer = named
            .addon()
            .and_then(|addon| addon.ready.pointer(settings));
        pointer.ok_or_else(|| refused("the platform publishes no status for it".to_owned()))
    }

    /// What a cluster shows: whether that is enough, and what it is.
    fn look(&self, cluster: &Cluster) -> Result<(bool, String)> {
        match self {
            Self::AddOn(named) => {
                let pointer = Self::pointer(named, cluster)?;
                let is_there = cluster.ready_at(pointer).is_some();
                Ok((
                    is_there,
                    if is_there { "there" } else { "absent" }.to_owned(),
                ))
            }
            Self::Path(path, wanted) => {
                let found = jsonpath::select(cluster.value(), path).unwrap_or_default();
                let is_there = match wanted {
                    Some(wanted) => found.iter().any(|it| it == wanted),
                    None => found
                        .iter()
                        .any(|it| !matches!(it.as_str(), "" | "null" | "{}")),
                };
                let seen = found
                    .first()
                    .map_or("absent".to_owned(), |it| excerpt(it, SHOWN));
                Ok((is_there, seen))
            }
        }
    }
}

/// Whether an add-on goes on without a setting.
fn is_plain(addon: &addon::Addon) -> bool {
    addon.params.iter().all(|param| !param.required) && addon.needs.is_empty()
}

/// `mk8s cluster wait`
pub(super) async fn wait(cx: &Context, args: &ClusterWaitArgs) -> Result<Outcome> {
    let condition = WaitCondition::parse(&args.condition)?;
    let target = TargetArgs {
        cluster: args.cluster.clone(),
        choice: args.choice.clone(),
        ..TargetArgs::default()
    };
    let Target::Clusters(mut chosen) = target::resolve(cx, &target, false).await? else {
        return Err(Error::usage("no cluster was named")
            .hint("name one with -c NAME; --all and --selector mean clusters of the org"));
    };
    let are_several = chosen.are_several;
    let read = chosen.read(cx).await?;
    condition.settle(&read)?;
    let started = Instant::now();
    let mut words = String::new();
    let mut courses = Vec::new();
    for (name, cluster) in chosen.names.iter().zip(read) {
        let mut course = ClusterWait {
            name: name.clone(),
            ended: None,
            seen: "absent".to_owned(),
        };
        match cluster {
            Ok(cluster) => {
                if words.is_empty() {
                    words = condition.words(&cluster);
                }
                course.take(&condition, &cluster, started);
            }
            Err(error) => course.ended = Some(Err(error)),
        }
        courses.push(course);
    }
    let limit = args.wait.unwrap_or(Duration::from_mins(5));
    let courses = watch(cx, &condition, &words, courses, limit).await?;
    let mut teller = Reporter::reading(&cx.ui, "Waits").of_several(are_several);
    for course in courses {
        teller.add(told(cx, &course, &words, limit));
    }
    teller.finish()?;
    Ok(Outcome::Ok)
}

impl ClusterWait {
    fn take(&mut self, condition: &WaitCondition, cluster: &Cluster, started: Instant) {
        match condition.look(cluster) {
            Ok((true, _)) => self.ended = Some(Ok(started.elapsed())),
            Ok((false, seen)) => self.seen = seen,
            Err(error) => self.ended = Some(Err(error)),
        }
    }
}

/// Looks until all have ended or the time is up.
async fn watch(
    cx: &Context,
    condition: &WaitCondition,
    words: &str,
    courses: Vec<ClusterWait>,
    limit: Duration,
) -> Result<Vec<ClusterWait>> {
    if courses.iter().all(|course| course.ended.is_some()) {
        return Ok(courses);
    }
    let client = cx.client().await?;
    let progress = cx.ui.progress();
    let started = Instant::now();
    let courses = RefCell::new(courses);
    let open = || -> Vec<(usize, String)> {
        let courses = courses.borrow();
        let open = courses.iter().enumerate();
        let open = open.filter(|(_, course)| course.ended.is_none());
        open.map(|(at, course)| (at, course.name.clone())).collect()
    };
    let look = async || -> Result<(), ApiError> {
        let (numbers, names): (Vec<usize>, Vec<String>) = open().into_iter().unzip();
        let looks = client.get_all(&names).await;
        let mut courses = courses.borrow_mut();
        for (at, look) in numbers.into_iter().zip(looks) {
            let course = &mut courses[at];
            match look {
                Ok(cluster) => course.take(condition, &cluster, started),
                Err(error) if error.is_transient() => course.seen = error.to_string(),
                Err(error) => {
                    let error = cx.explain(&error, &cx.reading(&course.name));
                    course.ended = Some(Err(error));
                }
            }
        }
        Ok(())
    };
    let say = || {
        let open = open();
        if let Some((at, name)) = open.first() {
            let courses = courses.borrow();
            let more = match open.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            progress.say(&format!(
                "Waiting for {words} of {}{more}: {}",
                Foreign(name),
                Foreign(&courses[*at].seen)
            ));
        }
    };
    // Failures are taken in look by look.
    let _ended = wait::until(look, |()| open().is_empty().then_some(()), limit, say).await;
    drop(progress);
    Ok(courses.into_inner())
}

/// What is told of one cluster.
fn told(
    cx: &Context,
    course: &ClusterWait,
    words: &str,
    limit: Duration,
) -> TargetOutcome<wire::WaitItem> {
    let item = |seconds: Option<f64>, error: Option<&Error>| wire::WaitItem {
        target: cx.cluster(&course.name),
        condition: words.to_owned(),
        reached: seconds.is_some(),
        seconds,
        error: error.map(|error| cx.wire(error)),
    };
    match &course.ended {
        Some(Ok(took)) => TargetOutcome::Done(TargetResult {
            items: vec![item(Some((took.as_secs_f64() * 10.0).round() / 10.0), None)],
            names: vec![course.name.clone()],
            lines: vec![format!("{}: {words} is there", course.name)],
            changed: false,
            next: None,
            failed: None,
        }),
        Some(Err(error)) => TargetOutcome::Failed(item(None, Some(error)), error.clone()),
        None => {
            let error = Error::timeout(format!(
                "gave up waiting for {words} on `{}` after {}",
                course.name,
                text::elapsed(limit)
            ))
            .because(format!("last seen: {}", course.seen));
            TargetOutcome::Failed(item(None, Some(&error)), error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_waits_for_any_match_or_for_one() {
        let cluster = Cluster::new(json!({"status": {"a": "x", "b": "", "c": null, "d": {}}}));
        for (text, is_there) in [
            ("jsonpath={.status.a}", true),
            ("jsonpath=$.status.a", true),
            ("jsonpath={.status.a}=x", true),
            ("jsonpath={.status.a}=y", false),
            ("jsonpath={.status.b}", false),
            ("jsonpath={.status.c}", false),
            ("jsonpath={.status.d}", false),
            ("jsonpath={.status.e}", false),
        ] {
            let condition = WaitCondition::parse(text).unwrap();
            assert_eq!(condition.look(&cluster).unwrap().0, is_there, "{text}");
        }
        for text in ["", "addon", "addon=", "jsonpath=", "ready", "jsonpath=a"] {
            assert!(WaitCondition::parse(text).is_err(), "{text}");
        }
    }
}
