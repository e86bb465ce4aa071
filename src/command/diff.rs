//! `mk8s diff -f`: the add-ons of manifests against the live clusters. Reads only.

use super::Context;
use super::choose;
use super::target::{self, Loaded};
use crate::cli::DiffArgs;
use crate::cluster::Cluster;
use crate::control::ApiError;
use crate::drift::{self, Drift};
use crate::error::Result;
use crate::exit::Outcome;
use crate::fleet::{Reporter, TargetOutcome, TargetResult};
use crate::invocation::Invocation;
use crate::manifest;
use crate::plan;
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
    drifts: Vec<Drift>,
}

/// `mk8s diff`
pub(super) async fn diff(cx: &Context, args: &DiffArgs) -> Result<Outcome> {
    let loaded = target::load(
        cx,
        &target::both(&args.file, &args.files),
        &choose::documents(&args.cluster, &args.narrow)?,
    )?;
    let subjects: Vec<DiffSubject> = loaded
        .iter()
        .flat_map(|file| file.documents.iter().map(|&number| subject(file, number)))
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
    for one in subjects {
        let compared = match &one.manifest {
            Ok(manifest) => match found.next() {
                Some(found) => compare(cx, manifest, found),
                None => continue,
            },
            Err(error) => Err(error.clone()),
        };
        if let (Ok(compared), true) = (&compared, cx.ui.is_text()) {
            show(cx, &one, compared);
        }
        teller.add(came(cx, one, compared));
    }
    Ok(Outcome::differing(teller.finish()? && args.exit_code))
}

fn subject(file: &Loaded, number: usize) -> DiffSubject {
    let manifest = file.cluster(number);
    let untouched = crate::manifest::Edit {
        document: number,
        changes: Vec::new(),
    };
    let name = manifest.name().to_owned();
    let fit = file
        .manifest
        .edit(&[untouched])
        .and_then(|_| target::check_name(&name));
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
    manifest: &Cluster,
    found: Result<Option<Cluster>, ApiError>,
) -> Result<Compared> {
    let live = found.map_err(|error| cx.explain(&error, &cx.reading(manifest.name())))?;
    let exists = live.is_some();
    let live = live.unwrap_or_else(|| Cluster::new(Value::Null));
    Ok(Compared {
        exists,
        drifts: drift::add_ons(manifest, &live, cx.org()?),
    })
}

/// The lines that lead from the live cluster to the manifest.
fn show(cx: &Context, one: &DiffSubject, compared: &Compared) {
    let name = &one.name;
    if !compared.exists {
        let path = match &one.source {
            wire::TargetRef::File { path, .. } => path.as_str(),
            wire::TargetRef::Cluster { .. } => manifest::STDIN,
        };
        let filled = one.manifest.as_ref().ok();
        let filled = filled.and_then(|cluster| target::filled_in(cluster, path));
        let apply = filled.unwrap_or_else(|| Invocation::mk8s("apply").file(path));
        cx.ui.status(&format!(
            "{name}, {}: the cluster does not exist; `{}` creates it",
            one.place,
            apply.cluster(name).render(cx.ui.reach())
        ));
    }
    if compared.drifts.is_empty() {
        if compared.exists {
            cx.ui
                .status(&format!("{name}, {}: no differences", one.place));
        }
        return;
    }
    let mut live = Map::new();
    let mut manifest = Map::new();
    for drift in &compared.drifts {
        put(&mut live, &drift.path, drift.live.as_ref());
        put(&mut manifest, &drift.path, drift.manifest.as_ref());
    }
    let mut lines = vec![
        ('-', format!("-- {name} (live)")),
        ('+', format!("++ {name} {}", one.place)),
        (' ', " spec.addOns:".to_owned()),
    ];
    lines.extend(
        plan::signed(live, manifest)
            .into_iter()
            .map(|(sign, line)| (sign, format!("   {line}"))),
    );
    cx.ui.diff(&lines, Stream::Data);
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
    let differs = !compared.exists || !compared.drifts.is_empty();
    item.exists = Some(compared.exists);
    item.differences = compared.drifts.iter().map(Into::into).collect();
    TargetOutcome::Done(TargetResult {
        items: vec![item],
        names: differs.then_some(one.name).into_iter().collect(),
        lines: Vec::new(),
        changed: differs,
        next: None,
        failed: None,
    })
}
