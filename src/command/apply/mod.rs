//! `mk8s apply -f`: creates missing clusters, and brings existing ones to their manifests.
//!
//! Right whether the server's PUT merges or replaces (control-plane.md 1.5): an existing cluster
//! gets a PATCH, and what is only live is kept unless it is named for removal.

mod item;
mod run;
mod write;

use super::choose;
use super::fleet_change::{self, FleetChange as _};
use super::fleet_course::FleetCourse;
use super::target::{self, Loaded};
use super::{Context, fleet_run};
use crate::choice::Choice;
use crate::cli::ApplyArgs;
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Mode, Question};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{Reporter, Rollout, TargetOutcome, summarise};
use crate::text::{Foreign, excerpt, first_few, printable};
use item::ApplyItem;
use run::{ApplyRun, PlannedApply};
use serde_json::Value;
use std::collections::HashMap;

/// `mk8s apply`
pub(super) async fn apply(cx: &Context, args: &ApplyArgs) -> Result<Outcome> {
    let mode = Mode::of(args.dry_run);
    cx.keeps_history(args.history);
    let mut course = FleetCourse::of(cx, &args.rollout, args.dry_run)?;
    let choice = choose::documents(&args.cluster, &args.narrow)?;
    let loaded = target::load(cx, &target::both(&args.file, &args.files), &choice)?;
    for file in &loaded {
        for document in file.manifest.documents().iter().filter(|d| !d.is_cluster()) {
            cx.ui.status(&format!(
                "Skipped {} in {}: not a cluster",
                describe(document.kind.as_deref(), document.name.as_deref()),
                file.label
            ));
        }
    }
    let mut items = collect(cx, args, &loaded)?;
    keep_those_of(&course, &choice, &mut items);
    course.are_several = items.len() > 1 || course.resumed.is_some();
    let names: Vec<String> = items.iter().map(|item| item.name().to_owned()).collect();
    for item in &items {
        cx.report_role(&item.document);
    }
    let mut run = ApplyRun::new(cx, args, items, course);
    if let Some(resumed) = &run.course.resumed {
        resumed.check(cx, &run.fingerprint(), &names)?;
    }
    let found = cx.client().await?.find_all(&names).await;
    let planned = run.plan_all(found);
    let are_several = run.course.are_several;
    let mut teller = Reporter::changing(&cx.ui, "ApplyResult", mode).of_several(are_several);
    if !fleet_change::is_left(&run, &planned, &mut teller) {
        run.tell_owners(&planned);
        let rollout = fleet_change::lay_out(&run, &planned)?;
        let show = |planned: &Vec<PlannedApply>| show(&run, mode, planned, &rollout);
        let question = |planned: &Vec<PlannedApply>| Ok(Impact::of(&run, planned).question());
        match mode.consent(&*cx.ui, planned, show, question).await? {
            Consent::Preview(planned) => {
                teller.is_counted |= planned.len() > 1;
                for (number, (name, first)) in planned.into_iter().enumerate() {
                    teller.add(match first {
                        Ok((_, update)) => {
                            let item = run.item(number);
                            TargetOutcome::Done(item.done(item.preview(update)))
                        }
                        Err(error) => {
                            let state = run.course.state_at_plan(&name, &error);
                            run.failed(number, &name, state, error)
                        }
                    });
                }
            }
            Consent::Given(Agreed { plan, permit }) => {
                if plan.len() > 1 {
                    let again = "Run the same command again; what is already so is left alone.";
                    let _before = cx.if_interrupted(Some(again.to_owned()));
                }
                run.agree(&plan);
                fleet_run::carry_out(&run, &permit, plan, rollout, &mut teller).await?;
                let _before = cx.if_interrupted(None);
            }
        }
    }
    Ok(Outcome::differing(teller.finish()? && args.exit_code))
}

/// A run that is taken up again goes on with its own clusters, where nobody says which.
fn keep_those_of(course: &FleetCourse, choice: &Choice, items: &mut Vec<ApplyItem<'_>>) {
    if let Some(resumed) = course.resumed.as_ref().filter(|_| choice.is_everything()) {
        let its = resumed.names();
        items.retain(|item| its.iter().any(|name| name == item.name()));
    }
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
            let mut others = items.iter();
            if let Some(first) = others.find(|it| it.document.name() == document.name()) {
                errors.push(
                    Error::refused(format!("`{}` was not applied", document.name()))
                        .because(format!(
                            "more than one document describes it: one {}, one {place}",
                            first.place
                        ))
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
    fn of(run: &ApplyRun<'_>, planned: &'a [PlannedApply]) -> Self {
        let mut impact = Self {
            dropped: Vec::new(),
            removed: Vec::new(),
            changing: Vec::new(),
        };
        for (name, first) in planned {
            let Ok((_, update)) = first else { continue };
            let of_item = |path: &String| format!("{path} of {name}");
            if update.action != "none" {
                impact.changing.push(name);
            }
            if run.args.put {
                impact.dropped.extend(update.live_only.iter().map(of_item));
            }
            impact.removed.extend(update.pruned.iter().map(of_item));
        }
        impact
    }

    /// The question where an add-on disappears, or where several live clusters change.
    fn question(&self) -> Option<Question> {
        let text = match (self.dropped.len() + self.removed.len(), self.changing.len()) {
            (0, 0 | 1) => return None,
            (0, several) => format!(
                "Apply to {several} live clusters ({})?",
                first_few(&self.changing)
            ),
            (1, _) => "Remove it?".to_owned(),
            (several, _) => format!("Remove these {several}?"),
        };
        Some(Question::new(text, "nothing was applied"))
    }
}

/// The line of a name that each of several new clusters has for itself.
const NAMED: &str = "\n+name: …\n";

/// What applying changes, clusters with the same change together: new ones as well that are alike but for
/// their names.
fn diffs(run: &ApplyRun<'_>, planned: &[PlannedApply]) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (number, (name, first)) in planned.iter().enumerate() {
        let Ok((kept, update)) = first else { continue };
        let cluster = kept.as_ref().map(choose::KeptCluster::open);
        let diff = run.item(number).diff(cluster.as_deref(), update);
        // The first two lines name the cluster.
        let Some((at, _)) = diff.match_indices('\n').nth(1) else {
            continue;
        };
        let own = format!("\n+name: {name}\n");
        let hunks = match update.action {
            "created" => diff[at..].replacen(&own, NAMED, 1),
            _ => diff[at..].to_owned(),
        };
        let at = *known.entry(hunks).or_insert_with_key(|hunks| {
            groups.push((hunks.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(name);
    }
    let groups = groups.iter();
    let diff = |(hunks, names): &(String, Vec<&str>)| {
        let heading = match names.as_slice() {
            [name] => Foreign(name).to_string(),
            names => format!("{} clusters ({})", names.len(), first_few(names)),
        };
        let hunks = match names.as_slice() {
            [name] => hunks.replacen(NAMED, &format!("\n+name: {name}\n"), 1),
            _ => hunks.clone(),
        };
        format!("--- {heading}\n+++ {heading}{hunks}")
    };
    groups.map(diff).collect()
}

/// Shows the differences of a dry run, and before a question what it is about.
fn show(run: &ApplyRun<'_>, mode: Mode, planned: &[PlannedApply], rollout: &Rollout) {
    let cx = run.cx;
    let impact = Impact::of(run, planned);
    if !mode.is_dry_run() {
        for one in &impact.dropped {
            cx.ui.status(&format!("A server that replaces drops {one}"));
        }
        for one in &impact.removed {
            cx.ui.status(&format!("This removes {one}"));
        }
    }
    if mode.is_dry_run() || impact.question().is_some() {
        for diff in diffs(run, planned) {
            cx.ui.unified(&diff, cx.preview(mode));
        }
        if planned.len() > 1 {
            fleet_change::show_counts(run, planned, rollout);
        }
    } else if cx.ui.has_step() {
        for diff in diffs(run, planned) {
            cx.ui.keep_unified(&diff);
        }
    }
}
