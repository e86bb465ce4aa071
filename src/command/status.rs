//! What a cluster publishes: its trust policies and its OIDC issuer, and waiting for them.

use super::Context;
use super::target::{self, Target};
use crate::addon::{Addon, ISSUER};
use crate::arn::AccountId;
use crate::aws::{template, trust};
use crate::cli::{OidcUrlArgs, OneArgs, TargetArgs, TrustPolicyArgs};
use crate::cluster::Cluster;
use crate::control::{ApiError, wait};
use crate::error::{Error, Kind, Result};
use crate::exit::Outcome;
use crate::invocation::{CommandFlags, Invocation};
use crate::remedy;
use crate::text;
use crate::ui::{self, Report, wire};
use serde_json::Value;
use std::cell::RefCell;
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

/// A wait for one field of a cluster's status.
#[derive(Debug, Clone)]
pub(super) struct Wait {
    /// The cluster.
    pub(super) name: String,
    /// JSON pointer of the field.
    pub(super) pointer: String,
    /// Wait for it to go rather than to come.
    pub(super) gone: bool,
    /// What is waited for, in a sentence: "the trust policy of `aws-ecr`".
    pub(super) what: String,
    /// What holds all the same when the wait ends early: "aws-ecr stays enabled".
    pub(super) stays: String,
    /// The command that takes the wait up again, `--wait` left out where it has none.
    pub(super) again: Invocation,
    /// How long.
    pub(super) limit: Duration,
}

/// The cluster at the end of a wait, and how the wait went.
pub(super) type Reached = (Cluster, wire::WaitRecord);

/// How far a wait has come.
#[derive(Default)]
struct WaitProgress {
    /// The end: the cluster and the time it took, or what no more waiting mends.
    ended: Option<Result<(Cluster, Duration), ApiError>>,
    /// What the last look that succeeded saw.
    seen: Option<Cluster>,
    /// Why the last look failed, if it did.
    failed: Option<ApiError>,
}

impl WaitProgress {
    /// Takes in what a look saw.
    fn look(&mut self, wait: &Wait, look: Result<Cluster, ApiError>, elapsed: Duration) {
        match look {
            Ok(cluster) if wait.is_reached(&cluster) => self.ended = Some(Ok((cluster, elapsed))),
            Ok(cluster) => (self.seen, self.failed) = (Some(cluster), None),
            Err(error) if error.is_transient() => self.failed = Some(error),
            Err(error) => self.ended = Some(Err(error)),
        }
    }
}

/// Waits for all together, each at most for its own time: one that does not come holds up no other.
/// The results are in the order of the waits.
pub(super) async fn together(cx: &Context, waits: &[Wait]) -> Result<Vec<Result<Reached>>> {
    let Some(first) = waits.first() else {
        return Ok(Vec::new());
    };
    let client = cx.client().await?;
    let progress = cx.ui.progress();
    let before = cx.if_interrupted(Some(format!("Stopped waiting; {}.", first.stays)));
    let courses = RefCell::new(
        waits
            .iter()
            .map(|_| WaitProgress::default())
            .collect::<Vec<_>>(),
    );
    let open = || {
        let courses = courses.borrow();
        let open = courses.iter().enumerate();
        let open = open.filter(|(_, course)| course.ended.is_none());
        open.map(|(number, _)| number).collect::<Vec<usize>>()
    };
    let started = Instant::now();
    let limit = waits.iter().map(|wait| wait.limit).max();
    let look = async || {
        let numbers = open();
        let names: Vec<&str> = numbers.iter().map(|&it| waits[it].name.as_str()).collect();
        let looks = client.get_all(&names).await;
        let mut courses = courses.borrow_mut();
        for (number, look) in numbers.into_iter().zip(looks) {
            courses[number].look(&waits[number], look, started.elapsed());
        }
        Ok(())
    };
    let looking = wait::until(
        look,
        |()| open().is_empty().then_some(()),
        limit.unwrap_or_default(),
        || progress.say(&state(cx, waits, &open(), &courses.borrow())),
    );
    let wished = poll_fn(|_| {
        if cx.interrupt.is_wished() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    let is_given_up = tokio::select! {
        biased;
        () = wished => true,
        // Failures are taken in look by look, so that there is none left for this.
        _ended = looking => false,
    };
    let _ended = cx.if_interrupted(before);
    drop(progress);
    let elapsed = started.elapsed();
    let ends = waits.iter().zip(courses.into_inner());
    Ok(ends
        .map(|(wait, course)| {
            if is_given_up && course.ended.is_none() {
                return Err(wait.given_up());
            }
            wait.end(cx, course, elapsed)
        })
        .collect())
}

/// What is waited for at this moment.
fn state(cx: &Context, waits: &[Wait], open: &[usize], courses: &[WaitProgress]) -> String {
    let Some(&first) = open.first() else {
        return String::new();
    };
    let (wait, course) = (&waits[first], &courses[first]);
    let condition = dotted(&wait.pointer);
    let more = match open.len() - 1 {
        0 => String::new(),
        1 => " and 1 other".to_owned(),
        more => format!(" and {more} others"),
    };
    match (&course.failed, &course.seen) {
        (Some(error), _) => format!(
            "Waiting for {}{more}: {}",
            wait.name,
            cx.explain(error, &cx.reading(&wait.name))
        ),
        (None, Some(cluster)) => format!(
            "Waiting for {condition} of {}{more}: {}",
            wait.name,
            last_seen(cluster, &wait.pointer)
        ),
        (None, None) => format!("Waiting for {condition} of {}{more}", wait.name),
    }
}

impl Wait {
    /// Waits; a timeout is of its own kind and names the condition and what was last seen.
    pub(super) async fn run(self, cx: &Context) -> Result<Reached> {
        let mut ends = together(cx, std::slice::from_ref(&self)).await?;
        let end = ends.pop();
        end.unwrap_or_else(|| Err(Error::failure("nothing was waited for")))
    }

    fn is_reached(&self, cluster: &Cluster) -> bool {
        if self.gone {
            cluster.there_at(&self.pointer).is_none()
        } else {
            cluster.ready_at(&self.pointer).is_some()
        }
    }

    /// How it went if it ended without what was waited for.
    pub(super) fn in_vain(&self, started: Instant) -> wire::WaitRecord {
        wire::WaitRecord {
            condition: dotted(&self.pointer),
            reached: false,
            seconds: started.elapsed().as_secs_f64(),
        }
    }

    /// Nobody waits for it any more.
    fn given_up(&self) -> Error {
        let what = format!("stopped waiting for {} on `{}`", self.what, self.name);
        Error::new(Kind::Interrupted, what)
            .note(format!("{}.", capital(&self.stays)))
            .hint(self.again.clone())
    }

    /// How it ended, in words.
    fn end(&self, cx: &Context, course: WaitProgress, elapsed: Duration) -> Result<Reached> {
        let condition = dotted(&self.pointer);
        match course.ended {
            Some(Ok((cluster, elapsed))) => {
                let waited = wire::WaitRecord {
                    condition,
                    reached: true,
                    seconds: elapsed.as_secs_f64(),
                };
                return Ok((cluster, waited));
            }
            Some(Err(error)) => {
                return Err(cx
                    .explain(&error, &format!("wait for {}", self.what))
                    .note(format!("{}.", capital(&self.stays))));
            }
            None => {}
        }
        let verb = if self.gone {
            "did not go"
        } else {
            "never appeared"
        };
        let seen = course.seen.map_or_else(
            || "nothing could be read".to_owned(),
            |cluster| last_seen(&cluster, &self.pointer),
        );
        let mut error = Error::timeout(format!(
            "gave up waiting for {} on `{}` after {}",
            self.what,
            self.name,
            text::elapsed(elapsed)
        ))
        .because(format!("{condition} {verb}; last seen: {seen}"))
        .note(format!("{}.", capital(&self.stays)));
        if let Some(last) = course.failed {
            let doing = cx.reading(&self.name);
            error = error.because(cx.explain(&last, &doing).to_string());
        }
        Err(error.hint(self.again.clone()))
    }
}

/// `/status/addOns/x` as people write it: `status.addOns.x`.
fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// How far along the pointer the cluster's status goes.
fn last_seen(cluster: &Cluster, pointer: &str) -> String {
    if let Some(what) = cluster.malformed_at(pointer) {
        return what;
    }
    let mut at = cluster.value();
    let mut parent = "the cluster".to_owned();
    for part in pointer.trim_start_matches('/').split('/') {
        match at.get(part) {
            None if part == "addOns" => at = &Value::Null,
            None => return format!("{part} absent from {parent}"),
            Some(Value::Null) => return format!("{part} is null in {parent}"),
            Some(next) => {
                at = next;
                // People know the status by its add-ons; the level between says nothing.
                if part != "addOns" {
                    part.clone_into(&mut parent);
                }
            }
        }
    }
    match at {
        Value::String(text) if text.is_empty() => format!("{parent} is an empty string"),
        Value::Object(map) if map.is_empty() => format!("{parent} is an empty object"),
        _ => format!("{parent} is there"),
    }
}

/// The sentence with a capital, unless it begins with an add-on's name, which keeps its spelling.
fn capital(sentence: &str) -> String {
    let word = sentence.split(' ').next().unwrap_or_default();
    if crate::addon::by_word(word).is_some() {
        return sentence.to_owned();
    }
    text::capital(sentence)
}

/// The one cluster that a reading command is about, live or in a file.
async fn one(cx: &Context, args: &OneArgs) -> Result<(Cluster, Option<String>)> {
    let args = TargetArgs {
        cluster: args.cluster.clone(),
        file: args.file.clone(),
        ..TargetArgs::default()
    };
    match target::resolve(cx, &args, false).await? {
        Target::None => Err(target::missing_one()),
        Target::Clusters(chosen) => match chosen.names.as_slice() {
            [name] => Ok((cx.read(name).await?, Some(name.clone()))),
            _ => Err(Error::usage(
                "several clusters were named, and this reads one",
            )),
        },
        Target::Files(paths, choice) => {
            let loaded = target::load(cx, &paths, &choice)?;
            let mut clusters = loaded
                .iter()
                .flat_map(|file| file.documents.iter().map(|&number| file.cluster(number)));
            match (clusters.next(), clusters.next()) {
                (Some(cluster), None) => Ok((cluster, None)),
                _ => Err(
                    Error::usage("the files hold several clusters, and this reads one")
                        .hint("-c NAME picks one of them"),
                ),
            }
        }
    }
}

/// `mk8s addon trust-policy`
pub(super) async fn trust_policy(cx: &Context, args: &TrustPolicyArgs) -> Result<Outcome> {
    let addon = super::word::addon_by_word(&args.addon)?;
    let name = addon.name;
    let Some(pointer) = addon.trust_policy else {
        let with: Vec<&str> = crate::addon::CATALOG
            .iter()
            .filter(|addon| addon.trust_policy.is_some())
            .map(|addon| addon.name)
            .collect();
        return Err(Error::usage(format!("`{name}` publishes no trust policy"))
            .because(format!("only {} do", text::list(with))));
    };
    let account: Option<AccountId> = match &args.account {
        None => None,
        Some(text) => Some(text.parse().map_err(|reason: String| {
            Error::usage(format!("`{text}` is not an AWS account id")).because(reason)
        })?),
    };
    let cluster = published(cx, args, addon, pointer).await?;
    let place = cluster.name().to_owned();
    let served = cluster.ready_at(pointer).cloned().unwrap_or_default();
    let mut document = trust::parse(&served).map_err(|reason| {
        Error::unavailable(format!(
            "the trust policy of `{name}` on `{place}` cannot be read"
        ))
        .because(format!(
            "{} is not a JSON document: {reason}",
            dotted(pointer)
        ))
    })?;
    if let Some(account) = &account {
        let partition = cluster
            .add_on(addon.key)
            .and_then(|settings| settings.get("roleArn"))
            .and_then(Value::as_str)
            .and_then(|role| role.parse::<crate::arn::RoleArn>().ok())
            .map(|role| role.partition().to_owned());
        let filled = template::fill_account(&document, account, partition.as_deref());
        for replaced in &filled.replaced {
            cx.ui.warn(&format!(
                "`{replaced}` in Principal.Federated was replaced, for the role's account {account}"
            ));
        }
        document = filled.document;
    }
    let placeholders = template::placeholders(&document);
    for finding in &placeholders {
        cx.ui
            .warn(&format!("the trust policy is not complete: {finding}"));
    }
    if !placeholders.is_empty() && account.is_none() {
        cx.ui
            .hint("--account ID sets the AWS account that owns the role");
    }
    cx.ui.report(&Report {
        text: ui::lines(&ui::json(&document)),
        names: vec![place],
        json: document,
        slim: None,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

/// The cluster once its status shows the trust policy: off is of kind refused, not there yet of
/// kind not-found unless it is waited for.
async fn published(
    cx: &Context,
    args: &TrustPolicyArgs,
    addon: &'static Addon,
    pointer: &str,
) -> Result<Cluster> {
    let name = addon.name;
    let (cluster, live) = one(cx, &args.target).await?;
    let place = cluster.name().to_owned();
    if cluster.add_on(addon.key).is_none() {
        let error = Error::refused(format!("there is no trust policy of `{name}` on `{place}`"))
            .because(format!("`{name}` is off"));
        let hint = live.as_ref().and_then(|_| enabling(&cluster, addon));
        return Err(error.hint_if(hint));
    }
    if cluster.ready_at(pointer).is_some() {
        return Ok(cluster);
    }
    let again = Invocation::mk8s("addon trust-policy")
        .word(name)
        .cluster(&place)
        .flag_if("--account", args.account.clone());
    if let (Some(target), Some(limit)) = (&live, args.wait) {
        let wait = Wait {
            name: target.clone(),
            pointer: pointer.to_owned(),
            gone: false,
            what: format!("the trust policy of `{name}`"),
            stays: "the add-on stays enabled".to_owned(),
            again: again.tied("--wait", "15m"),
            limit,
        };
        return Ok(wait.run(cx).await?.0);
    }
    if let Some(what) = cluster.malformed_at(pointer) {
        let message = format!("the trust policy of `{name}` on `{place}` cannot be read");
        return Err(malformed(message, what, live.is_some()));
    }
    let error = Error::not_found(format!(
        "the trust policy of `{name}` is not there yet on `{place}`"
    ))
    .because(format!(
        "{} is missing; last seen: {}",
        dotted(pointer),
        last_seen(&cluster, pointer)
    ));
    let needed = addon.needs.iter().find(|key| cluster.add_on(key).is_none());
    Err(match (&live, needed) {
        (Some(_), Some(key)) => {
            let hint = crate::addon::by_key(key).and_then(|needed| enabling(&cluster, needed));
            let needed = crate::plan::display_name(key);
            error
                .because(format!("`{needed}`, which it needs, is off"))
                .hint_if(hint)
        }
        (Some(_), None) => error.hint(again.plain("--wait")),
        (None, _) => error.because("a manifest has no status; the live cluster has"),
    })
}

/// The failure of a field that is there and of another type: an answer like that is not Control
/// Plane's.
fn malformed(message: String, what: String, is_live: bool) -> Error {
    let kind = if is_live {
        Kind::Unavailable
    } else {
        Kind::Refused
    };
    Error::new(kind, message).because(what)
}

/// The command that switches an add-on on, with what it will need there; `None` where our own rules
/// would refuse it.
fn enabling(cluster: &Cluster, addon: &'static Addon) -> Option<Invocation> {
    let flags = CommandFlags::new().cluster(cluster.name());
    remedy::enable(cluster, addon, &flags, None).map(|remedy| remedy.command)
}

/// `mk8s addon oidc-url`
pub(super) async fn oidc_url(cx: &Context, args: &OidcUrlArgs) -> Result<Outcome> {
    let (cluster, live) = one(cx, &args.target).await?;
    let name = cluster.name();
    // The issuer is the cluster's: whatever is on, it is there or not.
    let Some(url) = cluster.ready_at(ISSUER) else {
        if let Some(what) = cluster.malformed_at(ISSUER) {
            let message = format!("the OIDC issuer URL of `{name}` cannot be read");
            return Err(malformed(message, what, live.is_some()));
        }
        let issuing = crate::addon::issuing();
        let hint = live.as_ref().and_then(|_| enabling(&cluster, issuing?));
        if let Some(off) = issuing.filter(|addon| cluster.add_on(addon.key).is_none()) {
            let error = Error::refused(format!("`{name}` has no OIDC issuer URL"))
                .because(format!("`{}`, which publishes it, is off", off.name));
            return Err(error.hint_if(hint));
        }
        let error = Error::not_found(format!("the OIDC issuer URL of `{name}` is not there yet"))
            .because(format!(
                "{} is missing; last seen: {}",
                dotted(ISSUER),
                last_seen(&cluster, ISSUER)
            ));
        return Err(match live {
            Some(_) => error.hint_if(hint.map(|it| it.plain("--wait").within("", " waits for it"))),
            None => error.because("a manifest has no status; the live cluster has"),
        });
    };
    cx.ui.report(&Report {
        text: vec![url.as_str().unwrap_or_default().to_owned()],
        names: vec![name.to_owned()],
        json: url.clone(),
        slim: None,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}
