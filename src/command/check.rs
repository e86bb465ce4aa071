//! `mk8s check`: puts together what is looked at, runs the checklist, shows it. Reads only.

use super::target::{self, Target};
use super::{Context, aws, report};
use crate::addon;
use crate::arn::RoleArn;
use crate::check::catalog;
use crate::check::{self, Asked, File, Report, Scene, Selection, Session, State};
use crate::cli::{CheckArgs, FailOn, TargetArgs};
use crate::cluster::Cluster;
use crate::control::wait::{self, Waited};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::manifest::{self, Manifest};
use crate::ui::{self, wire};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `mk8s check`
pub(super) async fn check(cx: &Context, args: &CheckArgs) -> Result<Outcome> {
    let selection = Selection::new(&args.only, &args.skip).map_err(|word| {
        let word = crate::text::printable(&word);
        let error = Error::usage(format!("no check and no group is called `{word}`"));
        match Selection::nearest(&word) {
            Some(id) => error.hint(format!(
                "did you mean `{id}`? `mk8s check --list` shows all"
            )),
            None => error.hint("`mk8s check --list` shows all"),
        }
    })?;
    if args.list {
        return list(cx, &selection);
    }
    if !report::wanted(cx, args.report)? {
        return look(cx, args, &selection).await?.show(cx);
    }
    let (seen, outcome) = match look(cx, args, &selection).await {
        Ok(seen) => {
            let outcome = seen.show(cx);
            (Some(seen), outcome)
        }
        Err(error) => (None, Err(error)),
    };
    let ended = report::Ended {
        checklist: seen.as_ref().map(|seen| &seen.report),
        roles: seen
            .as_ref()
            .map_or_else(Vec::new, |seen| seen.roles.clone()),
        outcome: &outcome,
    };
    // What went wrong with the run itself is the news.
    match (report::write(cx, &ended), outcome) {
        (Err(unwritten), Ok(_)) => Err(unwritten),
        (_, outcome) => outcome,
    }
}

/// What was seen.
struct Looked {
    report: Report,
    /// The roles of aws-ecr, each once.
    roles: Vec<String>,
}

impl Looked {
    fn show(&self, cx: &Context) -> Result<Outcome> {
        cx.ui.checklist(&self.report)?;
        Ok(if self.report.failed() {
            Outcome::CheckFailed
        } else {
            Outcome::Ok
        })
    }

    /// Adds the roles of a scene; what is no ARN of a role is none.
    fn note(&mut self, scene: &Scene<'_>) {
        for subject in scene.subjects() {
            let role = subject
                .cluster()
                .add_on("awsECR")
                .and_then(|settings| settings.get("roleArn")?.as_str()?.parse::<RoleArn>().ok())
                .map(|role| role.to_string());
            if let Some(role) = role.filter(|role| !self.roles.contains(role)) {
                self.roles.push(role);
            }
        }
    }
}

/// Puts together what is looked at, and looks.
async fn look(cx: &Context, args: &CheckArgs, selection: &Selection) -> Result<Looked> {
    let target = TargetArgs {
        cluster: args.cluster.clone(),
        file: args.file.clone(),
    };
    let (names, files) = match target::resolve(cx, &target, false)? {
        Target::None => (Vec::new(), Vec::new()),
        Target::Clusters(names) => (names, Vec::new()),
        Target::Files(paths, names) => {
            for name in &names {
                target::check_name(name)?;
            }
            let files = load(cx, &paths, &names)?;
            (names, files)
        }
    };
    let online = files.is_empty() || !names.is_empty();
    let login = if online {
        let settings = cx.settings();
        let client = match &settings {
            Ok(_) => cx.client().await,
            Err(error) => Err(error.clone()),
        };
        Some((settings, client))
    } else {
        None
    };
    let timeout = cx.flags.timeout.or_else(|| {
        let (settings, _) = login.as_ref()?;
        settings.as_ref().ok().map(|settings| settings.timeout())
    });
    let session = Session::new(
        asked(cx, args),
        &cx.env,
        login,
        aws::connection(cx, &args.connection, timeout),
        files,
    );
    let mut looked = Looked {
        roles: Vec::new(),
        report: Report {
            items: Vec::new(),
            fail_on: args
                .fail_on
                .iter()
                .map(|state| match state {
                    FailOn::Warning => State::Warn,
                    FailOn::Unknown => State::Unknown,
                })
                .collect(),
        },
    };
    if names.is_empty() {
        let scene = Scene::new(&session, None);
        check::run(&scene, selection, &mut looked.report.items).await;
        looked.note(&scene);
    }
    for name in &names {
        if let Some(limit) = args.wait {
            wait_for(cx, &session, name, limit).await;
        }
        let scene = Scene::new(&session, Some(name));
        check::run(&scene, selection, &mut looked.report.items).await;
        looked.note(&scene);
    }
    Ok(looked)
}

fn asked(cx: &Context, args: &CheckArgs) -> Asked {
    Asked {
        image: args.image.clone(),
        live: args.live,
        wait: args.wait,
        web_identity_token_file: args.web_identity_token_file.clone(),
        control_flags: cx.connection_flags(),
    }
}

/// Reads every file; one that does not parse is for the checklist, one that is not there ends the
/// run, as do files without any cluster and a name that no document has.
fn load(cx: &Context, paths: &[PathBuf], names: &[String]) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            let bytes = cx.ui.stdin(target::STDIN_LIMIT)?;
            files.push(file(
                "-".to_owned(),
                Manifest::parse(manifest::STDIN, bytes),
                names,
            ));
            continue;
        }
        for path in manifest::collect(std::slice::from_ref(path))? {
            let label = path.display().to_string();
            if !files.iter().any(|file: &File| file.label == label) {
                let manifest = manifest::read(&path, cx.copies().as_deref());
                files.push(file(label, manifest, names));
            }
        }
    }
    if files.iter().any(|file| file.manifest.is_err()) {
        return Ok(files);
    }
    let list: Vec<&str> = files.iter().map(File::called).collect();
    let list = list.join(", ");
    let clusters = || {
        files
            .iter()
            .filter_map(|file| file.manifest.as_ref().ok())
            .flat_map(Manifest::clusters)
    };
    if clusters().count() == 0 {
        return Err(Error::not_found(format!("no cluster is in {list}"))
            .because("no document has `kind: mk8s`"));
    }
    for name in names {
        if !clusters().any(|document| document.name.as_ref() == Some(name)) {
            let known: Vec<&str> = clusters().filter_map(|it| it.name.as_deref()).collect();
            return Err(Error::not_found(format!(
                "no cluster called `{}` is in {list}",
                crate::text::excerpt(name, 80)
            ))
            .because(format!("the clusters there are {}", known.join(", "))));
        }
    }
    Ok(files)
}

fn file(label: String, manifest: Result<Manifest>, names: &[String]) -> File {
    let counts = |document: &&manifest::Document| {
        names.is_empty()
            || document
                .name
                .as_ref()
                .is_some_and(|name| names.contains(name))
    };
    let documents = manifest.as_ref().map_or_else(
        |_| Vec::new(),
        |manifest| {
            manifest
                .clusters()
                .filter(counts)
                .map(|document| document.number)
                .collect()
        },
    );
    File {
        label,
        manifest,
        documents,
    }
}

/// Waits until the cluster publishes what its add-ons promise. What does not come, or cannot be
/// read, is told by the checklist.
async fn wait_for(cx: &Context, session: &Session<'_>, name: &str, limit: Duration) {
    let Some(client) = session.client() else {
        return;
    };
    let progress = cx.ui.progress();
    let waited = wait::until(
        async || client.get(name).await,
        |cluster| pending(cluster).is_none().then_some(()),
        limit,
        |look| {
            let missing = match look.look {
                Ok(cluster) => pending(cluster).unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            progress.say(&format!("waiting for {missing} on {name}"));
        },
    )
    .await;
    drop(progress);
    if let Ok(Waited::TimedOut { elapsed, .. }) = waited {
        cx.ui.status(&format!(
            "Gave up waiting for {name} after {}",
            ui::duration(elapsed)
        ));
    }
}

/// The first thing that an add-on which is on has not published yet.
fn pending(cluster: &Cluster) -> Option<String> {
    addon::CATALOG.iter().find_map(|addon| {
        let pointer = addon.ready.pointer(cluster.add_on(addon.key)?)?;
        let missing = cluster.ready_at(pointer).is_none();
        missing.then(|| pointer.trim_start_matches('/').replace('/', "."))
    })
}

/// `--list`
fn list(cx: &Context, selection: &Selection) -> Result<Outcome> {
    let checks: Vec<_> = catalog::checks()
        .filter(|(group, check)| selection.reports(group, check))
        .collect();
    let rows: Vec<Vec<String>> = checks
        .iter()
        .map(|(group, check)| {
            vec![
                check.id.to_owned(),
                group.id.to_owned(),
                check.severity.name().to_owned(),
                check.summary.to_owned(),
            ]
        })
        .collect();
    let items: Vec<serde_json::Value> = checks
        .iter()
        .map(|(group, check)| {
            json!({
                "id": check.id,
                "group": group.id,
                "severity": check.severity.name(),
                "summary": check.summary,
                "needs": check.needs,
                "hint": check.hint,
                "fix": check.fix,
                "docs": format!("{}#{}", check::PAGE, check.id),
            })
        })
        .collect();
    if let Some(word) = cx.ui.format().of_check()
        && word != "short"
    {
        return Err(Error::usage(format!(
            "the list of checks has no `{word}` format"
        )));
    }
    let headings = ["ID", "GROUP", "SEVERITY", "WHAT HOLDS"];
    cx.ui.report(&ui::Report {
        json: wire::to_value(&wire::Document::read("CheckList", items)),
        slim: None,
        names: checks
            .iter()
            .map(|(_, check)| check.id.to_owned())
            .collect(),
        text: cx.ui.table(&headings, &rows),
        wide: None,
    })?;
    Ok(Outcome::Ok)
}
