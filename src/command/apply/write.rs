//! The writes of `mk8s apply`: each is looked into when its answer is lost, and read back.

use super::super::Mode;
use super::super::live::{self, Planner as _};
use super::item::{Done, Intent, Item, Update, merge_keeping_nulls};
use crate::cluster::Cluster;
use crate::control::{ApiError, Problem, WriteError};
use crate::error::{Error, Result};
use crate::patch;
use serde_json::{Value, json};

/// How often a write whose answer was lost is looked into.
const LOST_TRIES: u32 = 4;

impl Item<'_> {
    /// Makes the cluster. `--put` sends the document as `cpln apply` does, over whatever is there by
    /// then; otherwise a cluster that came into being meanwhile is an existing one like any other.
    pub(super) async fn create(&self) -> Result<Done> {
        let cx = self.cx;
        let body = self.sent();
        let created = if self.args.put {
            self.put(&body, &[]).await?
        } else {
            if let Some(cluster) = self.post(&body).await? {
                return self.found(cluster).await;
            }
            true
        };
        let after = self.read_back().await?;
        self.verify(&body, &after)?;
        let add_ons = self.document.add_ons().map_or_else(Vec::new, |map| {
            map.iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, _)| crate::plan::display_name(key))
                .collect()
        });
        let with = if add_ons.is_empty() {
            String::new()
        } else {
            format!(", add-ons: {}", add_ons.join(", "))
        };
        let verb = if created { "Created" } else { "Updated" };
        let mut warnings = Vec::new();
        if !created {
            warnings
                .push("it came into being while this ran; the document was put over it".to_owned());
            cx.ui
                .warn(&format!("{}: {}", self.name(), warnings.join("")));
        }
        Ok(Done {
            action: if created { "created" } else { "updated" },
            line: format!("{verb} {}{with}", self.name()),
            live_only: Vec::new(),
            pruned: Vec::new(),
            verified: Some(true),
            warnings,
        })
    }

    /// The cluster that was to be made is there.
    async fn found(&self, cluster: Cluster) -> Result<Done> {
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
        let mut done = self.update(cluster, update).await?;
        done.warnings.push(warning.to_owned());
        Ok(done)
    }

    pub(super) async fn update(&self, cluster: Cluster, update: Update) -> Result<Done> {
        if self.args.put {
            return self.replace(cluster, update).await;
        }
        let name = self.name().to_owned();
        let settled = live::settle(self.cx, self, cluster).await?;
        for remark in &settled.remarks {
            self.cx.ui.detail(remark);
        }
        let Update {
            live_only, pruned, ..
        } = settled.plan;
        self.list_live_only(&live_only, &pruned);
        let before = settled.before.version();
        let Some(after) = settled.after else {
            return Ok(Done {
                action: "none",
                line: format!("{name} is already as the manifest says"),
                live_only,
                pruned,
                verified: None,
                warnings: Vec::new(),
            });
        };
        Ok(Done {
            action: "updated",
            line: format!("Updated {name}{}", versions(before, after.version())),
            live_only,
            pruned,
            verified: Some(true),
            warnings: Vec::new(),
        })
    }

    /// The whole document by PUT, as `cpln apply` sends it.
    async fn replace(&self, cluster: Cluster, update: Update) -> Result<Done> {
        let name = self.name();
        if !self.puts(&cluster) && update.live_only.is_empty() && update.pruned.is_empty() {
            return Ok(Done {
                action: "none",
                line: format!("{name} is already as the manifest says"),
                live_only: Vec::new(),
                pruned: Vec::new(),
                verified: None,
                warnings: Vec::new(),
            });
        }
        let mut body = self.sent();
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
        self.put(&body, &named).await?;
        let after = self.read_back().await?;
        self.verify(&body, &after)?;
        let gone: Vec<String> = update
            .live_only
            .iter()
            .chain(&update.pruned)
            .filter(|path| {
                let pointer = format!("/{}", path.replace('.', "/"));
                after.value().pointer(&pointer).is_none_or(Value::is_null)
            })
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
                versions(cluster.version(), after.version())
            ),
            live_only: kept,
            pruned: gone,
            verified: Some(true),
            warnings: Vec::new(),
        })
    }

    /// Makes the cluster, or gives the one that is there already. A lost answer is looked into, and
    /// the document is sent again only if there is no cluster.
    async fn post(&self, body: &Value) -> Result<Option<Cluster>> {
        let cx = self.cx;
        let client = cx.client().await?;
        let Some(permit) = Mode::of(self.args.dry_run).permit() else {
            return Err(Error::failure("a dry run came to the write"));
        };
        let mut lost = false;
        let mut tries = 0;
        loop {
            let error = match client.create(&permit, body).await {
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
                    if lost && patch::unmet(body, cluster.value(), "", cx.org()?).is_empty() =>
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
    async fn put(&self, body: &Value, named: &[String]) -> Result<bool> {
        let cx = self.cx;
        let client = cx.client().await?;
        let Some(permit) = Mode::of(self.args.dry_run).permit() else {
            return Err(Error::failure("a dry run came to the write"));
        };
        let doing = format!("apply cluster `{}`", self.name());
        let mut lost = 0;
        let mut conflicts = 0;
        loop {
            match client.put(&permit, body).await {
                Ok(written) => return Ok(written.created),
                Err(WriteError::Uncertain(error)) => {
                    lost += 1;
                    let there = client.get(self.name()).await;
                    match there {
                        Ok(cluster)
                            if patch::unmet(body, cluster.value(), "", cx.org()?).is_empty() =>
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

    async fn read_back(&self) -> Result<Cluster> {
        let client = self.cx.client().await?;
        client.get(self.name()).await.map_err(|error| {
            self.cx
                .explain(&error, &format!("read cluster `{}` back", self.name()))
                .note("The document was sent and accepted; only reading it back failed.")
        })
    }

    fn verify(&self, body: &Value, after: &Cluster) -> Result<()> {
        let unmet = patch::unmet(body, after.value(), "", self.cx.org()?);
        if unmet.is_empty() {
            return Ok(());
        }
        Err(Error::failure(self.not_done())
            .because(format!(
                "the document was accepted, but reading `{}` back does not show {}",
                self.name(),
                unmet.join(", ")
            ))
            .hint(format!(
                "mk8s cluster get {} -o yaml shows what is there",
                self.name()
            )))
    }
}

fn versions(before: Option<i64>, after: Option<i64>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!(" (version {before} → {after})"),
        _ => String::new(),
    }
}
