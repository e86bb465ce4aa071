//! `mk8s apply -f`: creates missing clusters, and brings existing ones to their manifests.
//!
//! Right whether the server's PUT merges or replaces (control-plane.md 1.5): an existing cluster
//! gets a PATCH, and what is only live is kept unless it is named for removal.

use super::live::{self, Planner};
use super::target::{self, Loaded};
use super::{Context, Mode, summarise};
use crate::cli::ApplyArgs;
use crate::cluster::Cluster;
use crate::control::{ApiError, Problem, WriteError};
use crate::drift;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::manifest;
use crate::patch;
use crate::secret;
use crate::ui::{Report, Stream, wire};
use serde_json::{Map, Value, json};

/// What a manifest says and `apply` sends.
const FIELDS: [&str; 3] = ["description", "tags", "spec"];

/// How often a write whose answer was lost is looked into.
const LOST_TRIES: u32 = 4;

/// One document on its way to a cluster.
struct Item<'a> {
    cx: &'a Context,
    args: &'a ApplyArgs,
    document: Cluster,
    source: wire::Target,
    place: String,
}

/// What will be done with one document.
enum Intent {
    /// The cluster is not there.
    Create,
    /// It is there, as read.
    Update(Cluster, Update),
}

/// What is to be done with an existing cluster.
struct Update {
    /// The merge patch; `None` when all is as the manifest says.
    patch: Option<Value>,
    /// Add-ons and their settings that are only live and stay.
    live_only: Vec<String>,
    /// The same, to be removed.
    pruned: Vec<String>,
}

/// What came of it.
struct Done {
    action: &'static str,
    line: String,
    live_only: Vec<String>,
    pruned: Vec<String>,
    verified: Option<bool>,
    warnings: Vec<String>,
}

/// `mk8s apply`
pub(super) async fn apply(cx: &Context, args: &ApplyArgs) -> Result<Outcome> {
    let mode = Mode::of(args.dry_run);
    let loaded = target::load(cx, &args.file, &args.cluster)?;
    for file in &loaded {
        for document in file.manifest.documents().iter().filter(|d| !d.is_cluster()) {
            cx.ui.status(&format!(
                "Skipped {} in {}: not a cluster",
                describe(document.kind.as_deref(), document.name.as_deref()),
                file.label
            ));
        }
    }
    let items = collect(cx, args, &loaded)?;
    let mut planned = Vec::new();
    for item in items {
        let intent = item.look().await;
        planned.push((item, intent));
    }
    confirm(cx, args, mode, &planned).await?;
    let mut results = Vec::new();
    for (item, intent) in planned {
        let result = match intent {
            Ok(intent) if mode == Mode::DryRun => {
                let stream = if cx.ui.is_text() {
                    Stream::Data
                } else {
                    Stream::Words
                };
                Ok(item.preview(&intent, stream))
            }
            Ok(Intent::Create) => item.create().await,
            Ok(Intent::Update(cluster, update)) => item.update(cluster, update).await,
            Err(error) => Err(error),
        };
        results.push((item, result));
    }
    finish(cx, args, mode, results)
}

fn describe(kind: Option<&str>, name: Option<&str>) -> String {
    match (kind, name) {
        (Some(kind), Some(name)) => format!("{kind} `{name}`"),
        (Some(kind), None) => format!("a document of kind {kind}"),
        (None, _) => "a document without a kind".to_owned(),
    }
}

/// Every document with its checks; one refusal and nothing is sent.
fn collect<'a>(cx: &'a Context, args: &'a ApplyArgs, loaded: &[Loaded]) -> Result<Vec<Item<'a>>> {
    let mut items: Vec<Item<'a>> = Vec::new();
    let mut errors = Vec::new();
    for file in loaded {
        for &number in &file.documents {
            let document = file.cluster(number);
            let place = file.place(number);
            // The same checks as before an edit: a duplicate key has no one meaning.
            let untouched = manifest::Edit {
                document: number,
                changes: Vec::new(),
            };
            if let Err(mut error) = file.manifest.edit(&[untouched]) {
                error.message = format!("the cluster {place} was not applied");
                errors.push(error);
                continue;
            }
            for finding in file
                .document(number)
                .map(manifest::Document::warnings)
                .into_iter()
                .flatten()
            {
                cx.ui.warn(&format!(
                    "{}:{}:{}: {}",
                    file.label, finding.line, finding.column, finding.message
                ));
            }
            if let Err(error) = check(&document, &place) {
                errors.push(error);
                continue;
            }
            if items
                .iter()
                .any(|item| item.document.name() == document.name())
            {
                errors.push(
                    Error::refused(format!("`{}` was not applied", document.name()))
                        .because("more than one document describes it")
                        .hint("keep one of them, or name the file that counts"),
                );
                continue;
            }
            items.push(Item {
                cx,
                args,
                document,
                source: file.wire(number),
                place,
            });
        }
    }
    match summarise(errors, 0) {
        Some(error) => Err(error.note("Nothing was sent.")),
        None => Ok(items),
    }
}

fn check(document: &Cluster, place: &str) -> Result<()> {
    let refused = |reason: String| {
        Err(Error::refused(format!("the cluster {place} was not applied")).because(reason))
    };
    if document.name().is_empty() {
        return refused("the document has no `name`".to_owned());
    }
    if let Err(reason) = crate::control::check_name(document.name()) {
        return refused(format!(
            "`{}` is not the name of a cluster: {reason}",
            document.name()
        ));
    }
    let spec = document.value().get("spec");
    if !spec.is_some_and(Value::is_object) {
        return refused("the document has no `spec`".to_owned());
    }
    match document.value().pointer("/spec/addOns") {
        None | Some(Value::Null | Value::Object(_)) => Ok(()),
        Some(_) => refused("`spec.addOns` is not a mapping".to_owned()),
    }
}

impl Item<'_> {
    fn name(&self) -> &str {
        self.document.name()
    }

    /// Reads the cluster. Where the platform may answer 403 for one that does not exist, the list
    /// decides (control-plane.md 1.7).
    async fn look(&self) -> Result<Intent> {
        let client = self.cx.client().await?;
        let doing = self.cx.reading(self.name());
        match client.get(self.name()).await {
            Ok(cluster) => {
                let update = self.compare(&cluster)?;
                Ok(Intent::Update(cluster, update))
            }
            Err(error) if error.problem == Problem::Missing => Ok(Intent::Create),
            Err(error) if error.problem == Problem::Forbidden => match client.list().await {
                Ok(list) if list.iter().all(|cluster| cluster.name() != self.name()) => {
                    Ok(Intent::Create)
                }
                _ => Err(self.cx.explain(&error, &doing)),
            },
            Err(error) => Err(self.cx.explain(&error, &doing)),
        }
    }

    /// What brings an existing cluster to the manifest.
    fn compare(&self, cluster: &Cluster) -> Result<Update> {
        let org = self.cx.org()?;
        let mut patch = Map::new();
        for field in FIELDS {
            if let Some(value) = self.document.value().get(field) {
                patch.insert(field.to_owned(), value.clone());
            }
        }
        let mut patch = Value::Object(patch);
        drop_empty_add_ons(&mut patch);
        let live_only: Vec<Vec<String>> = drift::add_ons(&self.document, cluster, org)
            .into_iter()
            .filter(|drift| drift.side == drift::Side::LiveOnly)
            .map(|drift| drift.path)
            .collect();
        let mut pruned = Vec::new();
        if self.args.prune_addons {
            for path in &live_only {
                let mut removal = Value::Null;
                for key in path.iter().rev() {
                    removal = json!({ key: removal });
                }
                merge_keeping_nulls(&mut patch, &json!({"spec": {"addOns": removal}}));
            }
        }
        let paths: Vec<String> = live_only
            .iter()
            .map(|path| format!("spec.addOns.{}", path.join(".")))
            .collect();
        let kept = if self.args.prune_addons {
            pruned = paths;
            Vec::new()
        } else {
            paths
        };
        let unmet = patch::unmet(&patch, cluster.value(), "", org);
        Ok(Update {
            patch: (!unmet.is_empty()).then_some(patch),
            live_only: kept,
            pruned,
        })
    }

    /// Shows the difference that applying makes, and gives what it is called.
    fn show(&self, intent: &Intent, stream: Stream) -> &'static str {
        let slim = |value: &Value| manifest::yaml(&secret::masked(&super::cluster::slimmed(value)));
        let (before, after, action) = match intent {
            Intent::Create => (String::new(), slim(self.document.value()), "created"),
            Intent::Update(cluster, update) => {
                let mut after = cluster.value().clone();
                if let Some(patch) = &update.patch {
                    self.settle_links(patch, &mut after);
                }
                let action = if update.patch.is_some() || self.puts(cluster) {
                    "updated"
                } else {
                    "none"
                };
                (slim(cluster.value()), slim(&after), action)
            }
        };
        let diff = manifest::diff(self.name(), &before, &after);
        self.cx.ui.unified(&diff, stream);
        action
    }

    fn preview(&self, intent: &Intent, stream: Stream) -> Done {
        let action = self.show(intent, stream);
        let name = self.name();
        let line = match action {
            "created" => format!("Would create {name}"),
            "updated" => format!("Would update {name}"),
            _ => format!("{name} is already as the manifest says"),
        };
        let (live_only, pruned) = match intent {
            Intent::Create => (Vec::new(), Vec::new()),
            Intent::Update(_, update) => (update.live_only.clone(), update.pruned.clone()),
        };
        self.list_live_only(&live_only, &pruned);
        Done {
            action,
            line,
            live_only,
            pruned,
            verified: None,
            warnings: Vec::new(),
        }
    }

    /// Merges a patch into the live object, and leaves what means the same as it is written there.
    fn settle_links(&self, patch: &Value, live: &mut Value) {
        let org = self.cx.org().unwrap_or_default();
        match (patch, &mut *live) {
            (Value::Object(fields), Value::Object(map)) => {
                for (key, value) in fields {
                    if value.is_null() {
                        map.shift_remove(key);
                    } else {
                        self.settle_links(value, map.entry(key.clone()).or_insert(Value::Null));
                    }
                }
            }
            (patch, live) => {
                if !patch::unmet(patch, live, "", org).is_empty() {
                    patch::merge(live, patch);
                }
            }
        }
    }

    /// Whether `--put` sends the document: unless the cluster is already as it says.
    fn puts(&self, cluster: &Cluster) -> bool {
        self.args.put
            && !patch::unmet(
                &self.sent(),
                cluster.value(),
                "",
                self.cx.org().unwrap_or_default(),
            )
            .is_empty()
    }

    /// The document without the fields that only the server sets.
    fn sent(&self) -> Value {
        let mut body = super::cluster::slimmed(self.document.value());
        drop_empty_add_ons(&mut body);
        body
    }

    fn list_live_only(&self, kept: &[String], pruned: &[String]) {
        for path in kept {
            self.cx
                .ui
                .status(&format!("{}: {path} is live only, kept", self.name()));
        }
        for path in pruned {
            let word = if self.args.dry_run {
                "would be removed"
            } else {
                "removed"
            };
            self.cx
                .ui
                .status(&format!("{}: {path} is live only, {word}", self.name()));
        }
    }

    /// Makes the cluster. `--put` sends the document as `cpln apply` does, over whatever is there by
    /// then; otherwise a cluster that came into being meanwhile is an existing one like any other.
    async fn create(&self) -> Result<Done> {
        let cx = self.cx;
        let body = self.sent();
        let created = if self.args.put {
            self.put(&body).await?
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

    async fn update(&self, cluster: Cluster, update: Update) -> Result<Done> {
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
        self.put(&body).await?;
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

    /// Sends the document; a lost answer is looked into, and sent again only if it is not there.
    /// Gives whether the cluster was made.
    async fn put(&self, body: &Value) -> Result<bool> {
        let cx = self.cx;
        let client = cx.client().await?;
        let Some(permit) = Mode::of(self.args.dry_run).permit() else {
            return Err(Error::failure("a dry run came to the write"));
        };
        let doing = format!("apply cluster `{}`", self.name());
        let mut lost = 0;
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
                Err(WriteError::Conflict(error) | WriteError::Rejected(error)) => {
                    let mut failure = cx.explain(&error, &doing);
                    failure.message = self.not_done();
                    return Err(failure);
                }
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

impl Planner for Item<'_> {
    type Plan = Update;

    fn plan(&self, cluster: &Cluster) -> Result<Update> {
        self.compare(cluster)
    }

    fn patch(&self, plan: &Update) -> Option<Value> {
        plan.patch.clone()
    }

    fn not_done(&self) -> String {
        format!(
            "the cluster {} was not applied to `{}`",
            self.place,
            self.name()
        )
    }
}

/// An `addOns:` with nothing behind it says nothing about add-ons.
fn drop_empty_add_ons(body: &mut Value) {
    if body.pointer("/spec/addOns") == Some(&Value::Null)
        && let Some(Value::Object(spec)) = body.get_mut("spec")
    {
        spec.shift_remove("addOns");
    }
}

fn versions(before: Option<i64>, after: Option<i64>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!(" (version {before} → {after})"),
        _ => String::new(),
    }
}

/// Puts one patch into another: `null` stays, since it still has to be sent.
fn merge_keeping_nulls(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(map), Value::Object(fields)) => {
            for (key, value) in fields {
                merge_keeping_nulls(map.entry(key.clone()).or_insert_with(|| json!({})), value);
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}

/// Asks where an add-on disappears, or where several live clusters change.
async fn confirm(
    cx: &Context,
    args: &ApplyArgs,
    mode: Mode,
    planned: &[(Item<'_>, Result<Intent>)],
) -> Result<()> {
    let mut removals = Vec::new();
    let mut changing = Vec::new();
    for (item, intent) in planned {
        match intent {
            Ok(Intent::Create) => changing.push(item.name()),
            Ok(Intent::Update(cluster, update)) => {
                if update.patch.is_some() || item.puts(cluster) {
                    changing.push(item.name());
                }
                if args.put && !args.prune_addons {
                    for path in &update.live_only {
                        removals.push(format!("{} of {}", path, item.name()));
                    }
                } else {
                    removals.extend(
                        update
                            .pruned
                            .iter()
                            .map(|path| format!("{path} of {}", item.name())),
                    );
                }
            }
            Err(_) => {}
        }
    }
    if mode == Mode::DryRun {
        return Ok(());
    }
    if !removals.is_empty() {
        let word = if args.put && !args.prune_addons {
            "A server that replaces drops"
        } else {
            "This removes"
        };
        for removal in &removals {
            cx.ui.status(&format!("{word} {removal}"));
        }
    }
    let question = match (removals.len(), changing.len()) {
        (0, 0 | 1) => return Ok(()),
        (0, several) => format!(
            "Apply to {several} live clusters ({})?",
            changing.join(", ")
        ),
        (1, _) => "Remove it?".to_owned(),
        (several, _) => format!("Remove these {several}?"),
    };
    for (item, intent) in planned {
        if let Ok(intent) = intent {
            item.show(intent, Stream::Words);
        }
    }
    if cx.ui.ask(&question, "nothing was applied").await? {
        Ok(())
    } else {
        Err(Error::usage("nothing was applied").because("the answer was no"))
    }
}

fn finish(
    cx: &Context,
    args: &ApplyArgs,
    mode: Mode,
    results: Vec<(Item<'_>, Result<Done>)>,
) -> Result<Outcome> {
    let single = results.len() == 1;
    let mut items = Vec::new();
    let mut lines = Vec::new();
    let mut names = Vec::new();
    let mut errors = Vec::new();
    let mut changed = false;
    for (item, result) in results {
        let target = wire::Target::Cluster {
            org: cx.org()?.to_owned(),
            name: item.name().to_owned(),
        };
        let mut applied = wire::Applied {
            target,
            source: item.source.clone(),
            action: "none",
            changed: false,
            live_only: Vec::new(),
            pruned: Vec::new(),
            verified: None,
            warnings: Vec::new(),
            error: None,
        };
        match result {
            Ok(done) => {
                changed |= done.action != "none";
                applied.action = done.action;
                applied.changed = done.action != "none";
                applied.live_only = done.live_only;
                applied.pruned = done.pruned;
                applied.verified = done.verified;
                applied.warnings = done.warnings;
                lines.push(done.line);
                names.push(item.name().to_owned());
            }
            Err(error) if single => return Err(error),
            Err(error) => {
                applied.error = Some((&error).into());
                errors.push(error);
            }
        }
        items.push(applied);
    }
    let done = lines.len();
    if mode == Mode::DryRun && cx.ui.is_text() {
        for line in &lines {
            cx.ui.status(line);
        }
    } else {
        cx.ui.report(&Report {
            json: wire::to_value(&wire::Document::change(
                "ApplyResult",
                mode == Mode::DryRun,
                items,
            )),
            slim: None,
            names,
            text: lines.join("\n"),
            wide: None,
        })?;
    }
    if let Some(error) = summarise(errors, done) {
        return Err(error);
    }
    Ok(if args.exit_code && changed {
        Outcome::Differences
    } else {
        Outcome::Ok
    })
}
