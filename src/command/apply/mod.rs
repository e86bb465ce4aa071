//! `mk8s apply -f`: creates missing clusters, and brings existing ones to their manifests.
//!
//! Right whether the server's PUT merges or replaces (control-plane.md 1.5): an existing cluster
//! gets a PATCH, and what is only live is kept unless it is named for removal.

mod item;
mod write;

use super::Context;
use super::choose;
use super::target::{self, Loaded};
use crate::cli::ApplyArgs;
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Mode, Question};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{self, Reporter, summarise};
use crate::text::{excerpt, printable};
use item::{ApplyIntent, ApplyItem};
use serde_json::Value;

/// `mk8s apply`
pub(super) async fn apply(cx: &Context, args: &ApplyArgs) -> Result<Outcome> {
    let mode = Mode::of(args.dry_run);
    let loaded = target::load(
        cx,
        &target::both(&args.file, &args.files),
        &choose::documents(&args.cluster, &args.narrow)?,
    )?;
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
    let names: Vec<&str> = items.iter().map(ApplyItem::name).collect();
    let found = cx.client().await?.find_all(&names).await;
    let planned: Vec<PlannedApply<'_>> = items
        .into_iter()
        .zip(found)
        .map(|(item, found)| {
            let intent = item.intent(found);
            (item, intent)
        })
        .collect();
    let show = |planned: &Vec<PlannedApply<'_>>| show(cx, args, mode, planned);
    let question = |planned: &Vec<PlannedApply<'_>>| Ok(Impact::of(args, planned).question());
    let consent = mode.consent(&*cx.ui, planned, show, question);
    let (planned, permit) = match consent.await? {
        Consent::Preview(planned) => (planned, None),
        Consent::Given(Agreed { plan, permit }) => (plan, Some(permit)),
    };
    if planned.len() > 1 && permit.is_some() {
        let again = "Run the same command again; what is already so is left alone.";
        cx.if_interrupted(Some(again.to_owned()));
    }
    let permit = permit.as_ref();
    let jobs = planned.into_iter().map(|(item, intent)| async move {
        let result = match (intent, permit) {
            (Ok(intent), None) => Ok(item.preview(&intent)),
            (Ok(intent), Some(permit)) => item.carry_out(permit, intent).await,
            (Err(error), _) => Err(error),
        };
        item.came(result)
    });
    let mut teller = Reporter::changing(&cx.ui, "ApplyResult", mode);
    fleet::each(jobs, fleet::AT_ONCE, |number, came| {
        teller.tell(number, came);
    })
    .await;
    cx.if_interrupted(None);
    Ok(Outcome::differing(teller.finish()? && args.exit_code))
}

fn describe(kind: Option<&str>, name: Option<&str>) -> String {
    match (kind, name) {
        (Some(kind), Some(name)) => format!("{kind} `{name}`"),
        (Some(kind), None) => format!("a document of kind {kind}"),
        (None, _) => "a document without a kind".to_owned(),
    }
}

/// Every document with its checks; one refusal and nothing is sent.
fn collect<'a>(
    cx: &'a Context,
    args: &'a ApplyArgs,
    loaded: &[Loaded],
) -> Result<Vec<ApplyItem<'a>>> {
    let mut items: Vec<ApplyItem<'a>> = Vec::new();
    let mut errors = Vec::new();
    for file in loaded {
        for (number, fit) in file.fit() {
            let document = file.cluster(number);
            let place = file.place(number);
            // The same checks as before an edit: a duplicate key has no one meaning.
            if let Err(mut error) = fit {
                error.message = format!("the cluster {place} was not applied");
                errors.push(error.in_file(&file.label));
                continue;
            }
            if let Err(mut error) = check(&document, &place) {
                if let Some(apply) = target::filled_in(&document, &file.label) {
                    error = error.hint(apply.plain_if(args.prune_addons, "--prune-addons"));
                }
                errors.push(error.in_file(&file.label));
                continue;
            }
            if items
                .iter()
                .any(|item| item.document.name() == document.name())
            {
                errors.push(
                    Error::refused(format!("`{}` was not applied", document.name()))
                        .because("more than one document describes it")
                        .hint("keep one of them, or name the file that counts")
                        .in_file(&file.label),
                );
                continue;
            }
            items.push(ApplyItem {
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
    if let Some((path, text)) = target::open_value(document) {
        return refused(format!(
            "`{}` is `{}`, which another tool has yet to fill in",
            printable(&path),
            excerpt(text, 80)
        ));
    }
    if document.value().pointer("/sops/mac").is_some() {
        return refused("SOPS has encrypted it".to_owned());
    }
    if document.name().is_empty() {
        return refused(match document.value().get("name") {
            None | Some(Value::Null) => "the document has no `name`".to_owned(),
            Some(Value::String(_)) => "its `name` is empty".to_owned(),
            Some(other) => format!("its `name` is {other}, which is not a text; quote it"),
        });
    }
    if let Err(reason) = crate::control::check_name(document.name()) {
        return refused(format!(
            "`{}` is not the name of a cluster: {reason}",
            excerpt(document.name(), 80)
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

/// A document and what is to be done with it, or why that is not known.
type PlannedApply<'a> = (ApplyItem<'a>, Result<ApplyIntent>);

/// What carrying out the plans comes to.
struct Impact<'a> {
    /// What a server that replaces drops.
    dropped: Vec<String>,
    /// What is removed.
    removed: Vec<String>,
    /// The clusters that change.
    changing: Vec<&'a str>,
}

impl<'a> Impact<'a> {
    fn of(args: &ApplyArgs, planned: &'a [PlannedApply<'_>]) -> Self {
        let mut impact = Self {
            dropped: Vec::new(),
            removed: Vec::new(),
            changing: Vec::new(),
        };
        for (item, intent) in planned {
            let of_item = |path: &String| format!("{path} of {}", item.name());
            match intent {
                Ok(ApplyIntent::Create) => impact.changing.push(item.name()),
                Ok(ApplyIntent::Update(cluster, update)) => {
                    if update.patch.is_some() || item.puts(cluster) {
                        impact.changing.push(item.name());
                    }
                    if args.put {
                        impact.dropped.extend(update.live_only.iter().map(of_item));
                    }
                    impact.removed.extend(update.pruned.iter().map(of_item));
                }
                Err(_) => {}
            }
        }
        impact
    }

    /// The question where an add-on disappears, or where several live clusters change.
    fn question(&self) -> Option<Question> {
        let text = match (self.dropped.len() + self.removed.len(), self.changing.len()) {
            (0, 0 | 1) => return None,
            (0, several) => format!(
                "Apply to {several} live clusters ({})?",
                self.changing.join(", ")
            ),
            (1, _) => "Remove it?".to_owned(),
            (several, _) => format!("Remove these {several}?"),
        };
        Some(Question::new(text, "nothing was applied"))
    }
}

/// Shows the differences of a dry run, and before a question what it is about.
fn show(cx: &Context, args: &ApplyArgs, mode: Mode, planned: &[PlannedApply<'_>]) {
    let impact = Impact::of(args, planned);
    if !mode.is_dry_run() {
        for one in &impact.dropped {
            cx.ui.status(&format!("A server that replaces drops {one}"));
        }
        for one in &impact.removed {
            cx.ui.status(&format!("This removes {one}"));
        }
    }
    if mode.is_dry_run() || impact.question().is_some() {
        for (item, intent) in planned {
            if let Ok(intent) = intent {
                item.show(intent, cx.preview(mode));
            }
        }
    }
}
