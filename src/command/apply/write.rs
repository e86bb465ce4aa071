//! The writes of `mk8s apply`: each is looked into when its answer is lost, and read back.

use super::super::live::{self, Planner as _};
use super::item::{Done, Intent, Item, Update, merge_keeping_nulls};
use crate::cluster::Cluster;
use crate::consent::Permit;
use crate::control::{ApiError, Problem, WriteError};
use crate::error::{Error, Result};
use crate::patch;
use serde_json::{Value, json};

/// How often a write whose answer was lost is looked into.
const LOST_TRIES: u32 = 4;

impl Item<'_> {
    /// Makes the cluster. `--put` sends the document as `cpln apply` does, over whatever is there by
    /// then; otherwise a cluster that came into being meanwhile is an existing one like any other.
    pub(super) async fn create(&self, permit: &Permit) -> Result<Done> {
        let cx = self.cx;
        let body = self.sent(&Value::Null);
        let created = if self.args.put {
            self.put(permit, &body, &[]).await?
        } else {
            if let Some(cluster) = self.post(permit, &body).await? {
                return self.found(permit, cluster).await;
            }
            true
        };
        let (action, verb) = if created {
            ("created", "Created")
        } else {
            ("updated", "Updated")
        };
        let seen = self.read_back(&body, &Value::Null, action).await?;
        let add_ons = self.document.add_ons().map_or_else(Vec::new, |map| {
            map.iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, _)| crate::plan::display_name(key))
                .collect()
        });
        let with = if add_ons.is_empty() || seen.is_unshown {
            String::new()
        } else {
            format!(", add-ons: {}", add_ons.join(", "))
        };
        let mut warnings = seen.warnings;
        if !created {
            warnings
                .push("it came into being while this ran; the document was put over it".to_owned());
        }
        for warning in &warnings {
            cx.ui.warn(&format!("{}: {warning}", self.name()));
        }
        Ok(Done {
            action,
            line: format!("{verb} {}{with}", self.name()),
            live_only: Vec::new(),
            pruned: Vec::new(),
            verified: Some(seen.failed.is_none()),
            warnings,
            failed: seen.failed,
        })
    }

    /// The cluster that was to be made is there.
    async fn found(&self, permit: &Permit, cluster: Cluster) -> Result<Done> {
        let update = self.compare(&cluster)?;
        if !update.pruned.is_empty() {
            // Nobody was asked about these.
            return Err(Error::conflict(self.not_done())
                .because(format!(
                    "it came into being while this ran, with {}",
                    update.pruned.join(", ")
                ))
                .hint("run the same command again"));
        }
        let warning = "it came into being while this ran; what the manifest does not say is kept";
        self.cx.ui.warn(&format!("{}: {warning}", self.name()));
        let mut done = self.update(permit, cluster, update).await?;
        done.warnings.push(warning.to_owned());
        Ok(done)
    }

    pub(super) async fn update(
        &self,
        permit: &Permit,
        cluster: Cluster,
        update: Update,
    ) -> Result<Done> {
        if self.args.put {
            return self.replace(permit, cluster, update).await;
        }
        let name = self.name().to_owned();
        let settled = live::settle(self.cx, permit, self, cluster).await?;
        let verdict = settled.verdict;
        for remark in &verdict.remarks {
            self.cx.ui.detail(remark);
        }
        for warning in &verdict.warnings {
            self.cx.ui.warn(&format!("{name}: {warning}"));
        }
        let Update {
            live_only,
            pruned,
            patch,
        } = settled.plan;
        self.list_live_only(&live_only, &pruned);
        let before = settled.before.version();
        if patch.is_none() {
            return Ok(self.nothing(live_only, pruned));
        }
        let after = settled.after.as_ref().and_then(Cluster::version);
        Ok(Done {
            action: "updated",
            line: format!("Updated {name}{}", versions(before, after)),
            live_only,
            pruned,
            verified: Some(verdict.failed.is_none()),
            warnings: verdict.warnings,
            failed: verdict.failed,
        })
    }

    /// Nothing was to be done.
    fn nothing(&self, live_only: Vec<String>, pruned: Vec<String>) -> Done {
        Done {
            action: "none",
            line: format!("{} is already as the manifest says", self.name()),
            live_only,
            pruned,
            verified: None,
            warnings: Vec::new(),
            failed: None,
        }
    }

    /// The whole document by PUT, as `cpln apply` sends it.
    async fn replace(&self, permit: &Permit, cluster: Cluster, update: Update) -> Result<Done> {
        let name = self.name();
        if !self.puts(&cluster) && update.live_only.is_empty() && update.pruned.is_empty() {
            return Ok(self.nothing(Vec::new(), Vec::new()));
        }
        let mut body = self.sent(cluster.value());
        if self.args.prune_addons
            && let Some(patch) = &update.patch
            && let Some(add_ons) = patch.pointer("/spec/addOns")
        {
            // Removal is said in so many words: a merging server would keep what is left out.
            merge_keeping_nulls(&mut body, &json!({"spec": {"addOns": add_ons}}));
        }
        let named: Vec<String> = update
            .live_only
            .iter()
            .chain(&update.pruned)
            .cloned()
            .collect();
        self.put(permit, &body, &named).await?;
        let seen = self.read_back(&body, cluster.value(), "updated").await?;
        for warning in &seen.warnings {
            self.cx.ui.warn(&format!("{name}: {warning}"));
        }
        let is_gone = |path: &&String| {
            let pointer = format!("/{}", path.replace('.', "/"));
            let after = seen.after.as_ref();
            after.is_some_and(|it| it.value().pointer(&pointer).is_none_or(Value::is_null))
        };
        let gone: Vec<String> = update
            .live_only
            .iter()
            .chain(&update.pruned)
            .filter(is_gone)
            .cloned()
            .collect();
        let kept: Vec<String> = update
            .live_only
            .into_iter()
            .filter(|path| !gone.contains(path))
            .collect();
        self.list_live_only(&kept, &gone);
        Ok(Done {
            action: "updated",
            line: format!(
                "Updated {name}{}",
                versions(
                    cluster.version(),
                    seen.after.as_ref().and_then(Cluster::version)
                )
            ),
            live_only: kept,
            pruned: gone,
            verified: Some(seen.failed.is_none()),
            warnings: seen.warnings,
            failed: seen.failed,
        })
    }

    /// Makes the cluster, or gives the one that is there already. A lost answer is looked into, and
    /// the document is sent again only if there is no cluster.
    async fn post(&self, permit: &Permit, body: &Value) -> Result<Option<Cluster>> {
        let cx = self.cx;
        let client = cx.client().await?;
        let mut lost = false;
        let mut tries = 0;
        loop {
            let error = match client.create(permit, body).await {
                Ok(()) => return Ok(None),
                Err(WriteError::Conflict(error)) => error,
                Err(WriteError::Uncertain(error)) => {
                    lost = true;
                    error
                }
                Err(WriteError::Rejected(error)) => {
                    let mut failure = cx.explain(&error, "");
                    failure.message = self.not_done();
                    return Err(failure);
                }
            };
            tries += 1;
            let then = match client.get(self.name()).await {
                Ok(cluster)
                    if lost
                        && patch::unmet(body, cluster.value(), cx.org()?)
                            .paths
                            .is_empty() =>
                {
                    return Ok(None);
                }
                Ok(cluster) => return Ok(Some(cluster)),
                Err(then) => then,
            };
            let is_missing = matches!(then.problem, Problem::Missing | Problem::Forbidden);
            if !is_missing || tries >= LOST_TRIES {
                let mut failure = cx.explain(&error, "");
                failure.message = self.not_done();
                if lost {
                    failure = failure.note("The change may be in place: its answer was lost.");
                }
                failure.hints.truncate(1);
                let then = cx.explain(&then, &cx.reading(self.name()));
                return Err(failure
                    .because(format!("then: {then}"))
                    .hint("run the same command again"));
            }
            live::pause(tries).await;
        }
    }

    /// Sends the document; a lost answer is looked into, and sent again only if it is not there. After
    /// a conflict it is sent again only if it drops nothing but what is named.
    /// Gives whether the cluster was made.
    async fn put(&self, permit: &Permit, body: &Value, named: &[String]) -> Result<bool> {
        let cx = self.cx;
        let client = cx.client().await?;
        let doing = format!("apply cluster `{}`", self.name());
        let mut lost = 0;
        let mut conflicts = 0;
        loop {
            match client.put(permit, body).await {
                Ok(written) => return Ok(written.created),
                Err(WriteError::Uncertain(error)) => {
                    lost += 1;
                    let there = client.get(self.name()).await;
                    match there {
                        Ok(cluster)
                            if patch::unmet(body, cluster.value(), cx.org()?)
                                .paths
                                .is_empty() =>
                        {
                            return Ok(true);
                        }
                        Ok(_)
                        | Err(ApiError {
                            problem: Problem::Missing | Problem::Forbidden,
                            ..
                        }) => {}
                        Err(_) => lost = LOST_TRIES,
                    }
                    if lost >= LOST_TRIES {
                        let mut failure = cx
                            .explain(&error, &doing)
                            .note("The change may be in place: its answer was lost.");
                        failure.hints.truncate(1);
                        return Err(failure.hint("run the same command again"));
                    }
                }
                Err(WriteError::Conflict(error)) => {
                    conflicts += 1;
                    if conflicts >= live::CONFLICT_TRIES || !self.goes_no_further(named).await? {
                        return Err(self.not_put(&error, &doing));
                    }
                    live::pause(conflicts).await;
                }
                Err(WriteError::Rejected(error)) => return Err(self.not_put(&error, &doing)),
            }
        }
    }

    fn not_put(&self, error: &ApiError, doing: &str) -> Error {
        let mut failure = self.cx.explain(error, doing);
        failure.message = self.not_done();
        failure
    }

    /// Whether the document, sent over the cluster as it is by now, drops nothing but what was named.
    async fn goes_no_further(&self, named: &[String]) -> Result<bool> {
        match self.look().await? {
            Intent::Create => Ok(true),
            Intent::Update(_, update) => {
                let mut gone = update.live_only.iter().chain(&update.pruned);
                Ok(gone.all(|path| named.contains(path)))
            }
        }
    }

    /// Reads the cluster back once the document was accepted. What goes wrong from here on is told
    /// beside what was done.
    async fn read_back(&self, body: &Value, before: &Value, action: &str) -> Result<Seen> {
        let (name, org) = (self.name(), self.cx.org()?);
        let done = format!("`{name}` was {action}");
        let after = match self.cx.client().await?.get(name).await {
            Ok(after) => after,
            Err(error) => {
                return Ok(Seen {
                    failed: Some(live::unread(self.cx, &error, name, &done)),
                    ..Seen::default()
                });
            }
        };
        let unmet = patch::unmet(body, after.value(), org);
        let is_unshown = !unmet.paths.is_empty();
        let (warnings, remarks) = live::kept(&unmet.kept, before, after.value());
        for remark in &remarks {
            self.cx.ui.detail(remark);
        }
        Ok(Seen {
            failed: is_unshown.then(|| live::unshown(name, &done, &unmet.paths)),
            after: Some(after),
            is_unshown,
            warnings,
        })
    }
}

/// What was read back.
#[derive(Default)]
struct Seen {
    after: Option<Cluster>,
    /// Whether something that was asked for is missing.
    is_unshown: bool,
    warnings: Vec<String>,
    failed: Option<Error>,
}

fn versions(before: Option<i64>, after: Option<i64>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!(" (version {before} → {after})"),
        _ => String::new(),
    }
}
