//! `mk8s diff -f`: the add-ons of manifests against the live clusters. Reads only.

use super::Context;
use super::target;
use crate::cli::DiffArgs;
use crate::cluster::Cluster;
use crate::drift::{self, Drift};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::plan::{self, display_name};
use crate::secret;
use crate::ui::{Report, Stream, wire};
use serde_json::{Map, Value};

/// One document and the cluster that it describes.
struct Compared {
    place: String,
    source: wire::Target,
    name: String,
    /// Whether the live cluster exists.
    exists: bool,
    drifts: Vec<Drift>,
}

/// `mk8s diff`
pub(super) async fn diff(cx: &Context, args: &DiffArgs) -> Result<Outcome> {
    let loaded = target::load(cx, &args.file, &args.cluster)?;
    let mut compared = Vec::new();
    let mut failed: Vec<(wire::Target, String, Error)> = Vec::new();
    for file in &loaded {
        for &number in &file.documents {
            let manifest = file.cluster(number);
            let name = manifest.name().to_owned();
            let untouched = crate::manifest::Edit {
                document: number,
                changes: Vec::new(),
            };
            let result = match file.manifest.edit(&[untouched]) {
                Ok(_) => compare(cx, &manifest).await,
                Err(error) => Err(error),
            };
            match result {
                Ok((exists, drifts)) => compared.push(Compared {
                    place: file.place(number),
                    source: file.wire(number),
                    name,
                    exists,
                    drifts,
                }),
                Err(error) => failed.push((file.wire(number), name, error)),
            }
        }
    }
    if compared.is_empty() {
        let errors = failed.into_iter().map(|(.., error)| error).collect();
        return super::summarise(errors, 0).map_or(Ok(Outcome::Ok), Err);
    }
    if cx.ui.is_text() {
        for one in &compared {
            show(cx, one);
        }
    } else {
        report(cx, &compared, &failed)?;
    }
    let different = compared
        .iter()
        .any(|one| !one.exists || !one.drifts.is_empty());
    let errors = failed.into_iter().map(|(.., error)| error).collect();
    if let Some(error) = super::summarise(errors, compared.len()) {
        return Err(error);
    }
    Ok(if args.exit_code && different {
        Outcome::Differences
    } else {
        Outcome::Ok
    })
}

/// The differences, and whether the live cluster exists.
async fn compare(cx: &Context, manifest: &Cluster) -> Result<(bool, Vec<Drift>)> {
    let org = cx.org()?;
    let name = manifest.name();
    target::check_name(name)?;
    let client = cx.client().await?;
    match client.find(name).await {
        Ok(Some(live)) => Ok((true, drift::add_ons(manifest, &live, org))),
        Ok(None) => {
            let nothing = Cluster::new(Value::Null);
            Ok((false, drift::add_ons(manifest, &nothing, org)))
        }
        Err(error) => Err(cx.explain(&error, &cx.reading(name))),
    }
}

/// The lines that lead from the live cluster to the manifest.
fn show(cx: &Context, one: &Compared) {
    let name = &one.name;
    if !one.exists {
        cx.ui.status(&format!(
            "{name}, {}: the cluster does not exist; `mk8s apply` creates it",
            one.place
        ));
    }
    if one.drifts.is_empty() {
        if one.exists {
            cx.ui
                .status(&format!("{name}, {}: no differences", one.place));
        }
        return;
    }
    let mut live = Map::new();
    let mut manifest = Map::new();
    for drift in &one.drifts {
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

fn report(
    cx: &Context,
    compared: &[Compared],
    failed: &[(wire::Target, String, Error)],
) -> Result<()> {
    let org = cx.org()?;
    let target = |name: &str| wire::Target::Cluster {
        org: org.to_owned(),
        name: name.to_owned(),
    };
    let mut items: Vec<wire::Diff> = compared
        .iter()
        .map(|one| wire::Diff {
            target: target(&one.name),
            source: one.source.clone(),
            exists: Some(one.exists),
            differences: one
                .drifts
                .iter()
                .map(|drift| wire::Difference {
                    path: drift.dotted(),
                    addon: drift
                        .path
                        .first()
                        .map(|key| display_name(key).to_owned())
                        .unwrap_or_default(),
                    state: drift.side.name(),
                    manifest: drift.manifest.as_ref().map(secret::masked),
                    live: drift.live.as_ref().map(secret::masked),
                })
                .collect(),
            error: None,
        })
        .collect();
    items.extend(failed.iter().map(|(source, name, error)| wire::Diff {
        target: target(name),
        source: source.clone(),
        exists: None,
        differences: Vec::new(),
        error: Some(error.into()),
    }));
    cx.ui.report(&Report {
        names: compared
            .iter()
            .filter(|one| !one.exists || !one.drifts.is_empty())
            .map(|one| one.name.clone())
            .collect(),
        json: wire::to_value(&wire::Document::read("Diff", items)),
        slim: None,
        text: Vec::new(),
        wide: None,
    })
}
