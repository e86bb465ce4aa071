//! `mk8s diff -f`: the add-ons of manifests against the live clusters. Reads only.

use super::Context;
use super::choose;
use super::target::{self, Loaded};
use crate::cli::DiffArgs;
use crate::cluster::Cluster;
use crate::control::ApiError;
use crate::drift::{self, Drift, FieldDrift, IgnoredField};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet::{Reporter, TargetOutcome, TargetResult};
use crate::invocation::Invocation;
use crate::manifest;
use crate::plan;
use crate::secret;
use crate::text;
use crate::ui::{Stream, wire};
use serde_json::{Map, Value};

/// One document that is compared with the cluster it describes.
struct DiffSubject {
    place: String,
    source: wire::TargetRef,
    name: String,
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

    fn wire(&self) -> Vec<wire::DifferenceRecord> {
        match self {
            Self::AddOns(drifts) => drifts.iter().map(Into::into).collect(),
            Self::Fields(fields) => fields.iter().map(Into::into).collect(),
        }
    }
}

/// Of more documents than this the equal ones are counted.
const FEW: usize = 8;

/// `mk8s diff`
pub(super) async fn diff(cx: &Context, args: &DiffArgs) -> Result<Outcome> {
    if !args.clusters.is_empty() {
        return two(cx, args).await;
    }
    let loaded = target::load(
        cx,
        &target::both(&args.file, &args.files),
        &choose::documents(&args.cluster, &args.narrow)?,
    )?;
    let subjects: Vec<DiffSubject> = loaded
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
    let (many, mut equal, mut all) = (subjects.len() > FEW, 0, 0);
    for one in subjects {
        let compared = match &one.manifest {
            Ok(manifest) => match found.next() {
                Some(found) => compare(cx, args, manifest, found),
                None => continue,
            },
            Err(error) => Err(error.clone()),
        };
        all += 1;
        if let Ok(compared) = &compared {
            let is_equal = compared.exists && compared.found.is_empty();
            equal += usize::from(is_equal);
            if cx.ui.is_text() {
                show(cx, &one, compared, is_equal && many);
            }
        }
        teller.add(came(cx, one, compared));
    }
    if many && cx.ui.is_text() {
        cx.ui
            .status(&format!("{equal} of {all} have no differences"));
    }
    Ok(Outcome::differing(teller.finish()? && args.exit_code))
}

/// Two live clusters: the first stands where a manifest does.
async fn two(cx: &Context, args: &DiffArgs) -> Result<Outcome> {
    let [first, second] = args.clusters.as_slice() else {
        return Err(Error::usage("--clusters takes two names")
            .because(format!("{} were given", args.clusters.len())));
    };
    for name in [first, second] {
        target::check_name(name)?;
    }
    let mut read = cx.read_all(&[first, second]).await?.into_iter();
    let (Some(wanted), Some(there)) = (read.next(), read.next()) else {
        return Err(Error::failure("the clusters were not read"));
    };
    let one = DiffSubject {
        place: "(live)".to_owned(),
        source: cx.cluster(first),
        name: second.clone(),
        manifest: Ok(Cluster::new(Value::Null)),
    };
    let compared = match (wanted, there) {
        (Ok(wanted), Ok(there)) => compare(cx, args, &wanted, Ok(Some(there))),
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    if let (Ok(compared), true) = (&compared, cx.ui.is_text()) {
        show(cx, &one, compared, false);
    }
    let mut teller = Reporter::reading(&cx.ui, "Diff");
    teller.add(came(cx, one, compared));
    Ok(Outcome::differing(teller.finish()? && args.exit_code))
}

fn subject(file: &Loaded, number: usize, fit: Result<()>) -> DiffSubject {
    let manifest = file.cluster(number);
    let name = manifest.name().to_owned();
    let fit = fit.and_then(|()| target::check_name(&name));
    DiffSubject {
        place: file.place(number),
        source: file.wire(number),
        name,
        manifest: fit.map(|()| manifest),
    }
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

/// The lines that lead from the live cluster to the manifest.
fn show(cx: &Context, one: &DiffSubject, compared: &Compared, is_counted: bool) {
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
    if compared.found.is_empty() {
        if compared.exists && !is_counted {
            cx.ui
                .status(&format!("{name}, {}: no differences", one.place));
        }
        return;
    }
    let other = match &one.source {
        wire::TargetRef::Cluster { name, .. } => name,
        wire::TargetRef::File { .. } => name,
    };
    let mut lines = vec![
        ('-', format!("-- {name} (live)")),
        ('+', format!("++ {other} {}", one.place)),
    ];
    match &compared.found {
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
        DiffFound::Fields(fields) => lines.extend(fields.iter().flat_map(field_lines)),
    }
    cx.ui.diff(&lines, Stream::Data);
}

/// A field as it is live, and as the manifest has it.
fn field_lines(field: &FieldDrift) -> Vec<(char, String)> {
    let name = field.path.rsplit(['.', '[']).next().unwrap_or_default();
    let sides = [('-', &field.live), ('+', &field.manifest)];
    let there = sides
        .into_iter()
        .filter_map(|(sign, value)| Some((sign, value.as_ref()?)));
    there
        .map(|(sign, value)| {
            let mut named = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
            secret::mask(&mut named);
            let value = text::json(named[name].to_string());
            (sign, format!(" {}: {value}", text::printable(&field.path)))
        })
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
fn came(cx: &Context, one: DiffSubject, compared: Result<Compared>) -> TargetOutcome<wire::Diff> {
    let mut item = wire::Diff {
        target: cx.cluster(&one.name),
        source: one.source,
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
    item.differences = compared.found.wire();
    TargetOutcome::Done(TargetResult {
        items: vec![item],
        names: differs.then_some(one.name).into_iter().collect(),
        lines: Vec::new(),
        changed: differs,
        next: None,
        failed: None,
    })
}
