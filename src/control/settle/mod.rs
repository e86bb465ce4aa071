//! One live change, safely: read, decide, write with the lock, read again, verify.
//!
//! Whatever changes a cluster goes through here: a patch, a cluster that is made, a document that is
//! put over what is there. Three things are held to, and they are why there is a loop:
//!
//! - **What is there decides, not what was sent.** Of a write whose answer was lost nobody knows
//!   whether it took place. It is never sent again blindly: the cluster is read, and if it does not
//!   show the change, the change is planned anew from what was read.
//! - **No body is ever built from an old document.** After a lost race the plan is made again, so
//!   that what another writer did in between is never undone by ours.
//! - **A yes of the server is a claim.** It is believed once the cluster, read back, shows it
//!   (`verify`). What goes wrong from the yes on is told beside what was done, never instead of it.

mod verify;

use super::error::{ApiError, WriteError};
use super::explain::Asker;
use super::{Client, WriteEffect};
use crate::backoff::Backoff;
use crate::cluster::{Cluster, PackedCluster};
use crate::consent::Permit;
use crate::error::{Error, Result};
use crate::text::{Foreign, seconds};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};
pub(crate) use verify::ReadBack;

/// A lost race is run again at least this often …
const CONFLICT_TRIES: u32 = 10;
/// … and at least this long: among many writers the tries alone are soon used up, and a slow server
/// makes the time alone a matter of a few.
const CONFLICT_TIME: Duration = Duration::from_secs(30);
/// How often a write that was not told to be done, and that reading does not show, is planned anew.
/// It is no contest with others: a server that loses answers four times in a row is out of order.
const LOST_TRIES: u32 = 4;

/// What to do to a cluster, decided anew from each read of it.
pub(crate) trait ClusterPlanner {
    /// What was decided.
    type Plan;

    /// The cluster's name.
    fn name(&self) -> &str;

    /// Decides; an error ends the change.
    fn plan(&self, cluster: &Cluster) -> Result<Self::Plan>;

    /// What is to be done where there is no such cluster. With `None`, which is meant unless it is
    /// said otherwise, a cluster that is not there is a failure.
    fn plan_missing(&self) -> Option<Self::Plan> {
        None
    }

    /// What to send for a plan; `None` when everything is as wished already.
    fn write(&self, plan: &Self::Plan) -> Option<Write>;

    /// What was asked for, in errors: "`aws-ecr` was not enabled on `prod`".
    fn not_done(&self) -> String;

    /// The same once it was accepted: "`aws-ecr` was enabled on `prod`".
    fn done(&self, written: WriteEffect) -> String;
}

/// One request that writes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Write {
    /// A merge patch of a cluster, without the lock, which is added here.
    Patch(Value),
    /// A document that makes a cluster, and is refused where there is one.
    Create(Value),
    /// A document over whatever is there, as `cpln apply` sends it.
    Put(Value),
}

impl Write {
    /// What is sent.
    pub(crate) fn body(&self) -> &Value {
        match self {
            Self::Patch(body) | Self::Create(body) | Self::Put(body) => body,
        }
    }

    /// Completes "cannot … cluster `prod`".
    fn verb(&self) -> &'static str {
        match self {
            Self::Patch(_) => "change",
            Self::Create(_) => "create",
            Self::Put(_) => "apply",
        }
    }
}

/// A change that was carried out, or was not needed.
pub(crate) struct Settled<P> {
    /// The plan that counts: the one that was sent, or the empty one.
    pub(crate) plan: P,
    /// The cluster as it was when that plan was made; `None` where there was none.
    pub(crate) before: Option<Cluster>,
    /// What was done; `None` when nothing was sent.
    pub(crate) written: Option<WriteEffect>,
    /// The cluster as it was read back; `None` when nothing was sent or it could not be read.
    pub(crate) after: Option<Cluster>,
    /// What is to be known of the verification.
    pub(crate) verdict: ReadBack,
}

impl<P> Settled<P> {
    /// The counter of the lock before and after, where both are known.
    pub(crate) fn versions(&self) -> Option<(i64, i64)> {
        let before = self.before.as_ref()?.version()?;
        Some((before, self.after.as_ref()?.version()?))
    }

    /// Whether reading back shows what was done; `None` where nothing was.
    pub(crate) fn verified(&self) -> Option<bool> {
        self.written.map(|_| self.verdict.failed.is_none())
    }
}

/// What is said while a change is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SettleNotice<'a> {
    /// For whoever wants to know more.
    Detail(&'a str),
    /// To be seen.
    Warning(&'a str),
}

/// Who writes, and who hears of it.
pub(crate) struct Settling<'a> {
    pub(crate) client: &'a Client,
    pub(crate) permit: &'a Permit,
    pub(crate) who: &'a Asker,
    pub(crate) say: &'a dyn Fn(SettleNotice<'_>),
}

/// What came of sending.
pub(crate) enum SendOutcome<P> {
    /// Nothing was to be done, or it was read back in finding out what had become of it.
    Settled(Box<Settled<P>>),
    /// It was accepted, and is to be read back.
    Accepted(Box<AcceptedWrite<P>>),
}

/// A write that was accepted and not read back yet.
pub(crate) struct AcceptedWrite<P> {
    plan: P,
    write: Write,
    before: Option<Cluster>,
    written: WriteEffect,
}

/// The same, put away until it is read back: a fleet has many of them.
pub(crate) struct ShelvedWrite<P> {
    plan: P,
    write: ShelvedBody,
    before: Option<PackedCluster>,
    written: WriteEffect,
}

impl<P> AcceptedWrite<P> {
    /// Puts it away.
    pub(crate) fn shelve(self) -> ShelvedWrite<P> {
        ShelvedWrite {
            plan: self.plan,
            write: ShelvedBody::of(&self.write),
            before: self.before.map(PackedCluster::of),
            written: self.written,
        }
    }
}

impl<P> ShelvedWrite<P> {
    /// Takes it out again.
    pub(crate) fn open(self) -> AcceptedWrite<P> {
        AcceptedWrite {
            plan: self.plan,
            write: self.write.open(),
            before: self.before.as_ref().map(PackedCluster::open),
            written: self.written,
        }
    }
}

/// What was sent, as text: a tree of values takes many times as much.
struct ShelvedBody {
    kind: fn(Value) -> Write,
    text: Box<str>,
}

impl ShelvedBody {
    fn of(write: &Write) -> Self {
        Self {
            kind: match write {
                Write::Patch(_) => Write::Patch,
                Write::Create(_) => Write::Create,
                Write::Put(_) => Write::Put,
            },
            text: write.body().to_string().into(),
        }
    }

    fn open(&self) -> Write {
        // It was written by us, so that it can be read.
        (self.kind)(serde_json::from_str(&self.text).unwrap_or_default())
    }
}

/// A write that was sent and of which nobody knows whether it took place.
struct Open<P> {
    plan: P,
    write: Write,
    before: Option<Cluster>,
    failure: Error,
}

/// What was tried so far.
struct Tries {
    started: Instant,
    conflicts: u32,
    lost: u32,
    waits: Backoff,
}

impl Settling<'_> {
    /// Brings a cluster to what the planner wants, starting from a read of it (`None`: there is no
    /// such cluster). What goes wrong before a write is accepted is the error; what goes wrong
    /// afterwards stands in the verdict, so that the caller tells what was done.
    pub(crate) async fn run<P: ClusterPlanner>(
        &self,
        planner: &P,
        first: Option<Cluster>,
    ) -> Result<Settled<P::Plan>> {
        match self.send_until_accepted(planner, first).await? {
            SendOutcome::Settled(settled) => Ok(*settled),
            SendOutcome::Accepted(accepted) => self.read_back(planner, *accepted).await,
        }
    }

    /// The first half of it: ends when the server has accepted the write, which is then to be read
    /// back, alone ([`Settling::read_back`]) or among others ([`Settling::seen`]).
    pub(crate) async fn send_until_accepted<P: ClusterPlanner>(
        &self,
        planner: &P,
        first: Option<Cluster>,
    ) -> Result<SendOutcome<P::Plan>> {
        let name = planner.name();
        let mut tries = Tries {
            started: Instant::now(),
            conflicts: 0,
            lost: 0,
            waits: Backoff::between_writers(),
        };
        let waiting = self.client.board.begin(format!("changing {name}"));
        let mut open: Option<Open<P::Plan>> = None;
        let meant = first.as_ref().and_then(Cluster::id).map(str::to_owned);
        let mut live = first;
        let mut unlocked = false;
        loop {
            if let Some(sent) = open.take() {
                if let Some(now) = live.take_if(|now| self.arrived(&sent, now)) {
                    let found = self.found(planner, sent, now)?;
                    return Ok(SendOutcome::Settled(Box::new(found)));
                }
                if tries.lost >= LOST_TRIES {
                    return Err(sent.failure.note(format!(
                        "It was sent {} times without an answer, and reading `{name}` back does not show \
                         the change.",
                        tries.lost
                    )));
                }
            }
            let plan = match &live {
                Some(cluster) => planner.plan(cluster)?,
                None => planner.plan_missing().ok_or_else(|| {
                    Error::not_found(planner.not_done()).because("the cluster is not there")
                })?,
            };
            let Some(write) = planner.write(&plan) else {
                return Ok(SendOutcome::Settled(Box::new(Settled {
                    plan,
                    before: live,
                    written: None,
                    after: None,
                    verdict: ReadBack::default(),
                })));
            };
            if !unlocked && lacks_lock(&write, live.as_ref()) {
                unlocked = true;
                (self.say)(SettleNotice::Warning(&format!(
                    "Control Plane's answer has no `version` of `{name}`: a change that somebody \
                     else makes at this moment would not be noticed"
                )));
            }
            match self.send(name, &write, live.as_ref()).await {
                Ok(written) => {
                    return Ok(SendOutcome::Accepted(Box::new(AcceptedWrite {
                        plan,
                        write,
                        before: live,
                        written,
                    })));
                }
                Err(WriteError::Rejected(error)) => {
                    let mut failure = self.explain(&error, &write, name);
                    failure.message = planner.not_done();
                    return Err(failure);
                }
                Err(WriteError::Conflict(error)) => {
                    tries.conflicts += 1;
                    if tries.are_used_up(&write) {
                        return Err(overtaken(planner, &write, live.as_ref(), &tries, &error));
                    }
                    let meanwhile = format!("{name} was changed meanwhile; reading it again");
                    (self.say)(SettleNotice::Detail(&meanwhile));
                    waiting.now(format!(
                        "changing {name}: others were faster {} times",
                        tries.conflicts
                    ));
                }
                Err(WriteError::Uncertain(error)) => {
                    tries.lost += 1;
                    (self.say)(SettleNotice::Detail(&format!(
                        "the answer to the change of {name} was lost; reading it again"
                    )));
                    open = Some(Open {
                        plan,
                        failure: again(self.explain(&error, &write, name)),
                        write,
                        before: live,
                    });
                }
            }
            sleep(tries.waits.next()).await;
            live = self
                .look_again(planner, meant.as_deref(), open.as_ref())
                .await?;
        }
    }

    /// Reads the cluster again that was planned, by its id if that is known, after a write that was
    /// refused for others' sake, or of which nobody knows what became of it.
    async fn look_again<P: ClusterPlanner>(
        &self,
        planner: &P,
        meant: Option<&str>,
        open: Option<&Open<P::Plan>>,
    ) -> Result<Option<Cluster>> {
        let live = match (self.look(planner).await, open) {
            (Ok(live), _) => live,
            (Err(failure), None) => return Err(failure),
            (Err(failure), Some(sent)) => {
                let error = sent.failure.clone().because(format!("then: {failure}"));
                return Err(error.note("The change may be in place: its answer was lost."));
            }
        };
        // What was planned, and agreed to, was for the cluster that was there then.
        let other = live.as_ref().zip(meant);
        let Some(how) = other.and_then(|(now, meant)| made_since(now, meant)) else {
            return Ok(live);
        };
        let error = Error::conflict(planner.not_done()).because(how);
        Err(match open {
            Some(_) => error.note("Whether the change reached the other one is not known."),
            None => error,
        })
    }

    async fn look<P: ClusterPlanner>(&self, planner: &P) -> Result<Option<Cluster>> {
        let name = planner.name();
        let read = if planner.plan_missing().is_some() {
            self.client.find(name).await
        } else {
            self.client.get(name).await.map(Some)
        };
        read.map_err(|error| {
            let org = self.client.org();
            error.explain(&format!("read cluster `{name}` in org `{org}`"), self.who)
        })
    }

    async fn send(
        &self,
        name: &str,
        write: &Write,
        live: Option<&Cluster>,
    ) -> Result<WriteEffect, WriteError> {
        let (client, permit) = (self.client, self.permit);
        match write {
            Write::Patch(patch) => {
                let body = locked(live, patch);
                client.patch(permit, name, &body).await?;
                Ok(WriteEffect::Updated)
            }
            Write::Create(document) => {
                client.create(permit, document).await?;
                Ok(WriteEffect::Created)
            }
            Write::Put(document) => client.put(permit, document).await,
        }
    }

    /// The cluster after a write that was accepted, as a list has it that was read afterwards. Where
    /// that does not show the change, and nothing else, at a newer version, it is to be looked at by
    /// itself: a list may be older than it seems.
    pub(crate) fn seen<P: ClusterPlanner>(
        &self,
        planner: &P,
        accepted: AcceptedWrite<P::Plan>,
        after: Cluster,
    ) -> Result<Settled<P::Plan>, Box<AcceptedWrite<P::Plan>>> {
        let (before, write) = (accepted.before.as_ref(), &accepted.write);
        let is_newer = after.version() > before.and_then(Cluster::version);
        let verdict = self.verify(planner, before, write, accepted.written, &after);
        match verdict {
            Ok(verdict) if is_newer && verdict.failed.is_none() => {
                self.say_verified(planner.name());
                Ok(Settled {
                    plan: accepted.plan,
                    before: accepted.before,
                    written: Some(accepted.written),
                    after: Some(after),
                    verdict,
                })
            }
            _ => Err(Box::new(accepted)),
        }
    }

    fn say_verified(&self, name: &str) {
        (self.say)(SettleNotice::Detail(&format!(
            "Verified: reading {name} back shows the change, and nothing else is lost"
        )));
    }

    /// The cluster after a write that was accepted: read back and verified.
    pub(crate) async fn read_back<P: ClusterPlanner>(
        &self,
        planner: &P,
        accepted: AcceptedWrite<P::Plan>,
    ) -> Result<Settled<P::Plan>> {
        let name = planner.name();
        let AcceptedWrite {
            plan,
            write,
            before,
            written,
        } = accepted;
        let (after, verdict) = match self.client.get(name).await {
            Ok(after) => {
                let verdict = self.verify(planner, before.as_ref(), &write, written, &after)?;
                (Some(after), verdict)
            }
            Err(error) => {
                let verdict = ReadBack {
                    failed: Some(self.unread(&error, name, &planner.done(written))),
                    ..ReadBack::default()
                };
                (None, verdict)
            }
        };
        if verdict.failed.is_none() {
            self.say_verified(name);
        }
        Ok(Settled {
            plan,
            before,
            written: Some(written),
            after,
            verdict,
        })
    }

    /// The end of a write whose answer was lost and which the cluster shows.
    fn found<P: ClusterPlanner>(
        &self,
        planner: &P,
        sent: Open<P::Plan>,
        now: Cluster,
    ) -> Result<Settled<P::Plan>> {
        let written = if sent.before.is_some() {
            WriteEffect::Updated
        } else {
            WriteEffect::Created
        };
        let before = sent.before.as_ref();
        let mut verdict = self.verify(planner, before, &sent.write, written, &now)?;
        verdict
            .remarks
            .push("the answer to the change was lost; reading it back shows it".to_owned());
        Ok(Settled {
            plan: sent.plan,
            before: sent.before,
            written: Some(written),
            after: Some(now),
            verdict,
        })
    }

    fn explain(&self, error: &ApiError, write: &Write, name: &str) -> Error {
        error.explain(&format!("{} cluster `{name}`", write.verb()), self.who)
    }

    /// The failure to read back what was accepted; `done` says what that was.
    fn unread(&self, error: &ApiError, name: &str, done: &str) -> Error {
        let doing = format!("read cluster `{name}` back");
        let mut failure = error.explain(&doing, self.who);
        let message = std::mem::replace(
            &mut failure.message,
            format!("{done}, but could not be read back"),
        );
        // Some failures have words of their own.
        if message != format!("cannot {doing}") {
            failure.because.insert(0, message);
        }
        failure
    }
}

impl Tries {
    /// Whether a lost race was the last. A cluster that cannot be made and is not there either is in
    /// nobody's hands: waiting for other writers to finish would be waiting for nobody.
    fn are_used_up(&self, write: &Write) -> bool {
        match write {
            Write::Create(_) => self.conflicts >= LOST_TRIES,
            Write::Patch(_) | Write::Put(_) => {
                self.conflicts >= CONFLICT_TRIES && self.started.elapsed() >= CONFLICT_TIME
            }
        }
    }
}

/// Why a cluster is not the one with this id, though it is called alike.
pub(crate) fn made_since(cluster: &Cluster, id: &str) -> Option<String> {
    let now = cluster.id().filter(|now| *now != id)?;
    Some(format!(
        "it was made since under the same name: its id is {}, and that of the cluster that was planned \
         was {}",
        Foreign(now),
        Foreign(id)
    ))
}

/// Whether a patch has nothing to be locked on: the cluster's answer named no version.
fn lacks_lock(write: &Write, live: Option<&Cluster>) -> bool {
    matches!(write, Write::Patch(_)) && live.is_some_and(|cluster| cluster.version().is_none())
}

/// The patch with the lock, as far as the cluster has one.
fn locked(live: Option<&Cluster>, patch: &Value) -> Value {
    let mut body = Map::new();
    if let Some(id) = live.and_then(Cluster::id) {
        body.insert("id".to_owned(), json!(id));
    }
    if let Some(version) = live.and_then(Cluster::version) {
        body.insert("version".to_owned(), json!(version));
    }
    if let Value::Object(fields) = patch {
        body.extend(fields.clone());
    }
    Value::Object(body)
}

/// The failure of a write of which nobody knows whether it took place.
fn again(mut error: Error) -> Error {
    error.hints.truncate(1);
    error.hint("run the same command again; what is already so is left alone")
}

/// The failure after losing every race.
fn overtaken<P: ClusterPlanner>(
    planner: &P,
    write: &Write,
    live: Option<&Cluster>,
    tries: &Tries,
    error: &ApiError,
) -> Error {
    let mut failure = if matches!(write, Write::Create(_)) {
        Error::conflict(planner.not_done()).because(format!(
            "Control Plane said {} times that it is there, and answers reads of it with 404 or 403",
            tries.conflicts
        ))
    } else {
        let version = live.and_then(Cluster::version);
        let version = version.map_or_else(String::new, |it| format!("; last seen version {it}"));
        Error::conflict(format!(
            "`{}` kept changing while this ran; nothing was written",
            planner.name()
        ))
        .because(format!(
            "other writers were faster {} times in {}{version}",
            tries.conflicts,
            seconds(tries.started.elapsed())
        ))
    };
    if let Some(message) = &error.message {
        failure = failure.because(format!("Control Plane said \"{message}\""));
    }
    failure
        .hint("run the same command again")
        .request(error.request_id.clone())
}
