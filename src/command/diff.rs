//! `mk8s diff -f`: the add-ons of manifests against the live clusters. Reads only.

use super::Context;
use super::choose;
use super::target::{self, Loaded};
use crate::addon::path::PathStep;
use crate::cli::DiffArgs;
use crate::cluster::Cluster;
use crate::control::ApiError;
use crate::drift::{self, Drift, DriftSide, FieldDrift, IgnoredField};
use crate::error::{Error, FilePlace, Result};
use crate::exit::Outcome;
use crate::fleet::{Reporter, TargetOutcome, TargetResult};
use crate::invocation::Invocation;
use crate::manifest::{self, LocationStep};
use crate::plan;
use crate::secret;
use crate::text;
use crate::ui::{StepRemark, Stream, wire};
use serde_json::{Map, Value};

/// One document that is compared with the cluster it describes.
struct DiffSubject<'l> {
    place: String,
    source: wire::TargetRef,
    name: String,
    /// Where it is written; `None` for a live cluster, and a file that cannot be read.
    written: Option<(&'l Loaded, usize)>,
    /// What it says, or why it cannot be compared.
    manifest: Result<Cluster>,
}

/// What a comparison came to.
struct Compared {
    /// Whether the live cluster exists.
    exists: bool,
    found: DiffFound,
    /// What only seems to differ, where that was asked for.
    ignored: Vec<IgnoredField>,
}

/// What differs.
enum DiffFound {
    /// Of the add-ons.
    AddOns(Vec<Drift>),
    /// Of whole manifests.
    Fields(Vec<FieldDrift>),
}

impl DiffFound {
    fn is_empty(&self) -> bool {
        match self {
            Self::AddOns(drifts) => drifts.is_empty(),
            Self::Fields(fields) => fields.is_empty(),
        }
    }
}

/// What differs of more documents than this is one table, and the equal ones are counted.
const FEW: usize = 8;

/// As much of a value is in a table.
const SHOWN: usize = 40;

/// `mk8s diff`
pub(super) async fn diff(cx: &Context, args: &DiffArgs) -> Result<Outcome> {
    if !args.clusters.is_empty() {
        return two(cx, args).await;
    }
    let paths = target::both(&args.file, &args.files);
    let choice = choose::documents(&args.cluster, &args.narrow)?;
    // One that cannot be read says nothing of the others.
    let (loaded, unreadable) = target::load_all(cx, &paths, &choice)?;
    let subjects: Vec<DiffSubject<'_>> = loaded
        .iter()
        .flat_map(|file| {
            let fit = file.fit().into_iter();
            fit.map(move |(number, fit)| subject(file, number, fit))
        })
        .collect();
    let fit = subjects.iter().filter(|one| one.manifest.is_ok());
    let names: Vec<&str> = fit.map(|one| one.name.as_str()).collect();
    let mut found = if names.is_empty() {
        Vec::new()
    } else {
        cx.client().await?.find_all(&names).await
    }
    .into_iter();
    let mut teller = Reporter::reading(&cx.ui, "Diff");
    let many = subjects.len() > FEW;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in subjects {
        let compared = match &one.manifest {
            Ok(manifest) => match found.next() {
                Some(found) => compare(cx, args, manifest, found),
                None => continue,
            },
            Err(error) => Err(error.clone()),
        };
        if let Ok(compared) = &compared {
            let is_equal = compared.exists && compared.found.is_empty();
            if cx.ui.is_text() {
                show_words(cx, &one, compared, is_equal && many);
                if many {
                    rows.extend(one.rows(&compared.found));
                } else {
                    cx.ui.diff(&lines(&one, &compared.found), Stream::Data);
                }
            }
            if many || !cx.ui.is_text() {
                cx.ui.step_diff(&lines(&one, &compared.found));
            }
        }
        if let (Ok(manifest), true) = (&one.manifest, cx.ui.has_step()) {
            cx.report_role(manifest);
        }
        teller.add(came(cx, one, compared));
    }
    for error in unreadable {
        teller.add(unread(cx, error));
    }
    let headings = ["CLUSTER", "DIFFERENCE", "LIVE", "MANIFEST", "PLACE"];
    if !rows.is_empty() {
        for line in cx.ui.table(&headings, &rows) {
            cx.ui.data(&line);
        }
    }
    Ok(Outcome::differing(teller.finish()? && args.exit_code))
}

/// Two live clusters: from the first to the second.
async fn two(cx: &Context, args: &DiffArgs) -> Result<Outcome> {
    let [first, second] = args.clusters.as_slice() else {
        return Err(Error::usage("--clusters takes two names")
            .because(match args.clusters.len() {
                1 => "one was given".to_owned(),
                count => format!("{count} were given"),
            })
            .hint("the first and the second, as in --clusters staging,prod"));
    };
    for name in [first, second] {
        target::check_name(name)?;
    }
    let mut read = cx.read_all(&[first, second]).await?.into_iter();
    let (Some(there), Some(wanted)) = (read.next(), read.next()) else {
        return Err(Error::failure("the clusters were not read"));
    };
    let one = DiffSubject {
        place: "(live)".to_owned(),
        source: cx.cluster(second),
        name: first.clone(),
        written: None,
        manifest: Ok(Cluster::new(Value::Null)),
    };
    let compared = match (there, wanted) {
        (Ok(there), Ok(wanted)) => compare(cx, args, &wanted, Ok(Some(there))),
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    if let (Ok(compared), true) = (&compared, cx.ui.is_text()) {
        show_words(cx, &one, compared, false);
        cx.ui.diff(&lines(&one, &compared.found), Stream::Data);
    }
    let mut teller = Reporter::reading(&cx.ui, "Diff");
    teller.add(came(cx, one, compared));
    Ok(Outcome::differing(teller.finish()? && args.exit_code))
}

fn subject(file: &Loaded, number: usize, fit: Result<()>) -> DiffSubject<'_> {
    let manifest = file.cluster(number);
    let name = manifest.name().to_owned();
    let fit = fit.and_then(|()| target::check_name(&name));
    DiffSubject {
        place: file.place(number),
        source: file.wire(number),
        name,
        written: Some((file, number)),
        manifest: fit.map(|()| manifest),
    }
}

/// A file that cannot be read.
fn unread(cx: &Context, error: Error) -> TargetOutcome<wire::Diff> {
    let file = wire::TargetRef::File {
        path: error
            .place
            .as_ref()
            .map_or_else(String::new, |place| place.file.clone()),
        document: 0,
        name: String::new(),
    };
    let item = wire::Diff {
        target: file.clone(),
        source: file,
        exists: None,
        differences: Vec::new(),
        error: Some(cx.wire(&error)),
    };
    TargetOutcome::Failed(item, error)
}

/// The differences, and whether the live cluster exists.
fn compare(
    cx: &Context,
    args: &DiffArgs,
    manifest: &Cluster,
    found: Result<Option<Cluster>, ApiError>,
) -> Result<Compared> {
    let live = found.map_err(|error| cx.explain(&error, &cx.reading(manifest.name())))?;
    let exists = live.is_some();
    let live = live.unwrap_or_else(|| Cluster::new(Value::Null));
    let org = cx.org()?;
    if !args.all_fields {
        return Ok(Compared {
            exists,
            found: DiffFound::AddOns(drift::add_ons(manifest, &live, org)),
            ignored: Vec::new(),
        });
    }
    let (fields, mut ignored) = drift::fields(manifest, &live, org);
    ignored.retain(|_| args.explain_ignored);
    Ok(Compared {
        exists,
        found: DiffFound::Fields(fields),
        ignored,
    })
}

/// What is said of a comparison beside what differs.
fn show_words(cx: &Context, one: &DiffSubject<'_>, compared: &Compared, is_counted: bool) {
    let name = &one.name;
    if !compared.exists {
        let path = match &one.source {
            wire::TargetRef::File { path, .. } => path.as_str(),
            wire::TargetRef::Cluster { .. } => manifest::STDIN,
        };
        let filled = one.manifest.as_ref().ok();
        let filled = filled.and_then(|cluster| target::filled_in(cluster, path));
        let apply = filled.unwrap_or_else(|| Invocation::mk8s("apply").file(path).cluster(name));
        cx.ui.status(&format!(
            "{name}, {}: the cluster does not exist; `{}` creates it",
            one.place,
            apply.render(cx.ui.reach())
        ));
    }
    for ignored in &compared.ignored {
        let (path, rule) = (&ignored.path, ignored.rule);
        cx.ui
            .status(&format!("{name}: {path} is no difference: {rule}"));
    }
    if compared.found.is_empty() && compared.exists && !is_counted {
        let what = match &one.source {
            wire::TargetRef::Cluster { name: second, .. } => format!("{name} and {second}"),
            wire::TargetRef::File { .. } => format!("{name}, {}", one.place),
        };
        cx.ui.status(&format!("{what}: no differences"));
    }
}

/// The lines that lead from the live cluster to the manifest, or from the first to the second.
fn lines(one: &DiffSubject<'_>, found: &DiffFound) -> Vec<(char, String)> {
    if found.is_empty() {
        return Vec::new();
    }
    let name = &one.name;
    let (from, to) = match &one.source {
        wire::TargetRef::Cluster { name: second, .. } => {
            (format!("{name} (live)"), format!("{second} (live)"))
        }
        wire::TargetRef::File { .. } => (format!("{name} (live)"), format!("{name} {}", one.place)),
    };
    let mut lines = vec![('-', format!("-- {from}")), ('+', format!("++ {to}"))];
    match found {
        DiffFound::AddOns(drifts) => {
            let (mut live, mut manifest) = (Map::new(), Map::new());
            for drift in drifts {
                put(&mut live, &drift.path, drift.live.as_ref());
                put(&mut manifest, &drift.path, drift.manifest.as_ref());
            }
            lines.push((' ', " spec.addOns:".to_owned()));
            let signed = plan::signed(live, manifest).into_iter();
            lines.extend(signed.map(|(sign, line)| (sign, format!("   {line}"))));
        }
        DiffFound::Fields(fields) => {
            for field in fields {
                if let Some((line, column)) = one.spot(&field.steps) {
                    let word = match field.side {
                        DriftSide::Both => "changed",
                        side => side.name(),
                    };
                    let file = one.file();
                    lines.push((' ', format!("{file}:{line}:{column}: {word}")));
                }
                lines.extend(field_lines(field));
            }
        }
    }
    lines
}

impl DiffSubject<'_> {
    /// What differs as rows of a table.
    fn rows(&self, found: &DiffFound) -> Vec<Vec<String>> {
        let row =
            |path: &str, steps: &[PathStep], live: Option<&Value>, manifest: Option<&Value>| {
                let name = path.rsplit(['.', '[']).next().unwrap_or_default();
                let (live, manifest) = shown(name, live, manifest);
                let cell = |value: Option<String>| {
                    value.map_or_else(|| "-".to_owned(), |it| text::excerpt(&it, SHOWN))
                };
                let place = self.spot(steps);
                vec![
                    self.name.clone(),
                    path.to_owned(),
                    cell(live),
                    cell(manifest),
                    place.map_or_else(String::new, |(line, _)| format!("{}:{line}", self.file())),
                ]
            };
        match found {
            DiffFound::AddOns(drifts) => drifts
                .iter()
                .map(|it| {
                    let (live, manifest) = (it.live.as_ref(), it.manifest.as_ref());
                    row(&it.dotted(), &it.steps(), live, manifest)
                })
                .collect(),
            DiffFound::Fields(fields) => fields
                .iter()
                .map(|it| row(&it.path, &it.steps, it.live.as_ref(), it.manifest.as_ref()))
                .collect(),
        }
    }

    /// How its file is called.
    fn file(&self) -> String {
        let label = self.written.map_or("", |(file, _)| file.label.as_str());
        let label = if label == "-" { manifest::STDIN } else { label };
        text::printable(label)
    }

    /// Where a field stands in the file, or what it would be in: line and column.
    fn spot(&self, steps: &[PathStep]) -> Option<(usize, usize)> {
        let (file, number) = self.written?;
        let steps: Vec<LocationStep<'_>> = steps
            .iter()
            .map(|step| match step {
                PathStep::Key(key) => LocationStep::Key(key),
                PathStep::Index(at) => LocationStep::Item(*at),
            })
            .collect();
        let spot = file.document(number)?.spot(&steps);
        Some((spot.line, spot.column))
    }
}

/// Two values of one field as they are shown, without what may be secret.
fn shown(
    name: &str,
    live: Option<&Value>,
    manifest: Option<&Value>,
) -> (Option<String>, Option<String>) {
    let named = |value: Option<&Value>| {
        let there = value.map(|value| (name.to_owned(), value.clone()));
        Value::Object(there.into_iter().collect())
    };
    let (mut live, mut manifest) = (named(live), named(manifest));
    secret::mask_both(&mut live, &mut manifest);
    let text = |value: &Value| Some(text::json(value.get(name)?.to_string()));
    (text(&live), text(&manifest))
}

/// A field as it is live, and as the manifest has it.
fn field_lines(field: &FieldDrift) -> Vec<(char, String)> {
    let name = field.path.rsplit(['.', '[']).next().unwrap_or_default();
    let (live, manifest) = shown(name, field.live.as_ref(), field.manifest.as_ref());
    let sides = [('-', live), ('+', manifest)].into_iter();
    let there = sides.filter_map(|(sign, value)| Some((sign, value?)));
    there
        .map(|(sign, value)| (sign, format!(" {}: {value}", text::printable(&field.path))))
        .collect()
}

/// Puts a value at its path; the value of an add-on that is there with other settings only is
/// shown by its key.
fn put(map: &mut Map<String, Value>, path: &[String], value: Option<&Value>) {
    let Some((key, rest)) = path.split_first() else {
        return;
    };
    match rest {
        [] => {
            if let Some(value) = value {
                map.insert(key.clone(), value.clone());
            }
        }
        rest => {
            let entry = map
                .entry(key.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = entry {
                put(inner, rest, value);
            }
        }
    }
}

/// What is told of one document; its text is shown already.
fn came(
    cx: &Context,
    one: DiffSubject<'_>,
    compared: Result<Compared>,
) -> TargetOutcome<wire::Diff> {
    let mut item = wire::Diff {
        target: cx.cluster(&one.name),
        source: one.source.clone(),
        exists: None,
        differences: Vec::new(),
        error: None,
    };
    let compared = match compared {
        Ok(compared) => compared,
        Err(error) => {
            item.error = Some(cx.wire(&error));
            return TargetOutcome::Failed(item, error);
        }
    };
    let differs = !compared.exists || !compared.found.is_empty();
    item.exists = Some(compared.exists);
    if !cx.ui.is_text() || cx.ui.has_step() {
        item.differences = one.records(&compared.found);
        remark(cx, &one, &item);
    }
    TargetOutcome::Done(TargetResult {
        items: vec![item],
        names: differs.then_some(one.name).into_iter().collect(),
        lines: Vec::new(),
        changed: differs,
        next: None,
        failed: None,
    })
}

/// Has what differs told with the place in the file, where it is summed up: once for each document, since
/// a runner shows only the first ten.
fn remark(cx: &Context, one: &DiffSubject<'_>, item: &wire::Diff) {
    let (Some(first), wire::TargetRef::File { path, .. }) =
        (item.differences.first(), &item.source)
    else {
        return;
    };
    let paths: Vec<&str> = item.differences.iter().map(|it| it.path.as_str()).collect();
    cx.ui.step_remark(StepRemark {
        text: if item.exists == Some(false) {
            format!("{} does not exist", one.name)
        } else {
            let paths = text::first_few(&paths);
            format!("{} differs from the live cluster: {paths}", one.name)
        },
        place: Some(FilePlace {
            file: path.clone(),
            line: first.line,
            column: first.column,
        }),
    });
}

impl DiffSubject<'_> {
    /// What differs, as JSON has it: with its place in the file, or as that of two clusters.
    fn records(&self, found: &DiffFound) -> Vec<wire::DifferenceRecord> {
        let are_live = matches!(self.source, wire::TargetRef::Cluster { .. });
        let completed = |mut record: wire::DifferenceRecord, steps: &[PathStep]| {
            if let Some((line, column)) = self.spot(steps) {
                record.line = Some(line);
                record.column = Some(column);
            }
            record.state = match record.state {
                "manifest-only" if are_live => "second-only",
                "live-only" if are_live => "first-only",
                state => state,
            };
            record
        };
        match found {
            DiffFound::AddOns(drifts) => drifts
                .iter()
                .map(|drift| completed(drift.into(), &drift.steps()))
                .collect(),
            DiffFound::Fields(fields) => fields
                .iter()
                .map(|field| completed(field.into(), &field.steps))
                .collect(),
        }
    }
}
