//! `mk8s check`: puts together what is looked at, runs the checklist, shows it. Reads only.

use super::choose::ChosenClusters;
use super::target::{self, Target};
use super::{Context, aws, checklist};
use crate::addon;
use crate::check::catalog;
use crate::check::{
    self, CheckOptions, CheckReport, CheckState, File, JoinedChecks, ReportItem, Scene, Selection,
    Session,
};
use crate::choice::Choice;
use crate::cli::{CheckArgs, FailOn, TargetArgs};
use crate::cluster::Cluster;
use crate::control::wait::{self, WaitEnd};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::fleet;
use crate::invocation::Invocation;
use crate::manifest::Manifest;
use crate::ui::{self, wire};
use serde_json::json;
use std::cell::RefCell;
use std::time::Duration;

/// `mk8s check`
pub(super) async fn check(cx: &Context, args: &CheckArgs) -> Result<Outcome> {
    let selection = Selection::new(&args.only, &args.skip).map_err(|word| {
        let word = crate::text::printable(&word);
        let error = Error::usage(format!("no check and no group is called `{word}`"));
        let list = Invocation::mk8s("check --list");
        match Selection::nearest(&word) {
            Some(id) => error.hint(list.within(&format!("did you mean `{id}`? "), " shows all")),
            None => error.hint(list.within("", " shows all")),
        }
    })?;
    if args.facts {
        return super::facts::facts(cx, args).await;
    }
    if args.list {
        return list(cx, &selection);
    }
    let report = look(cx, args, &selection).await?;
    cx.ui.step_checklist(&report);
    Ok(if report.failed() {
        Outcome::CheckFailed
    } else {
        Outcome::Ok
    })
}

/// A report before anything is looked at.
fn nothing(args: &CheckArgs) -> CheckReport {
    let fail_on = args.fail_on.iter().map(|state| match state {
        FailOn::Warning => CheckState::Warn,
        FailOn::Unknown => CheckState::Unknown,
    });
    CheckReport {
        items: Vec::new(),
        verdicts: Vec::new(),
        fail_on: fail_on.collect(),
    }
}

/// Tells of the roles of a scene.
fn note(cx: &Context, scene: &Scene<'_>) {
    for subject in scene.subjects() {
        cx.report_role(subject.cluster());
    }
}

/// Puts together what is looked at, looks, and shows what is seen, as it is seen where people read it.
async fn look(cx: &Context, args: &CheckArgs, selection: &Selection) -> Result<CheckReport> {
    let target = TargetArgs {
        cluster: args.cluster.clone(),
        file: target::both(&args.file, &args.files),
        choice: args.choice.clone(),
    };
    let (mut chosen, files) = match target::resolve(cx, &target, false).await? {
        Target::None => (ChosenClusters::named(Vec::new()), Vec::new()),
        Target::Clusters(chosen) => (chosen, Vec::new()),
        Target::Files(paths, choice) => {
            for name in choice.names() {
                target::check_name(name)?;
            }
            let files = checklist::files(cx, &paths, &choice, args.allow_empty)?;
            if files.is_empty() {
                let report = nothing(args);
                cx.ui.checklist(&report)?;
                return Ok(report);
            }
            (ChosenClusters::named(live(&choice, &files)), files)
        }
    };
    let known = chosen.take_whole();
    let names = chosen.names;
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
        asked(args),
        login,
        aws::connection(cx, &args.connection, timeout),
        cx.ui.reach().clone(),
        files,
    )
    .looking_at(&names)
    .knowing(known);
    if let Some(limit) = args.wait {
        wait_for(cx, &session, &names, limit).await;
    }
    // Without a cluster there is one scene as well: the files.
    let scenes: Vec<Option<&str>> = match names.as_slice() {
        [] => vec![None],
        names => names.iter().map(|name| Some(name.as_str())).collect(),
    };
    let stream = cx.ui.check_stream(scenes.len() > 1);
    let joined = JoinedChecks::new(scenes.len(), |item| stream.add(item));
    let jobs = scenes.into_iter().enumerate().map(|(number, name)| {
        let (session, joined) = (&session, &joined);
        async move {
            let of = name.map_or_else(String::new, |name| format!(" {name}"));
            let _waiting = cx.ui.board().begin(format!("checking{of}"));
            let scene = Scene::new(session, name);
            let seen = |more: &[ReportItem]| joined.came(number, more);
            check::run(&scene, selection, &mut Vec::new(), seen).await;
            joined.ended(number);
            scene
        }
    });
    let scenes = fleet::all(jobs, fleet::AT_ONCE).await;
    let mut report = CheckReport {
        items: joined.into_items(),
        ..nothing(args)
    };
    for scene in scenes {
        // Whoever asks for single checks asks for nothing more.
        if args.only.is_empty() {
            let verdict = check::verdict(&scene, &report.items);
            report.verdicts.extend(verdict);
        }
        note(cx, &scene);
    }
    stream.end(&report)?;
    Ok(report)
}

fn asked(args: &CheckArgs) -> CheckOptions {
    CheckOptions {
        image: args.image.clone(),
        live: args.live,
        wait: args.wait,
        web_identity_token_file: args.web_identity_token_file.clone(),
    }
}

/// The names of the documents that `-c` means: the live clusters of these names are looked at as well.
fn live(choice: &Choice, files: &[File]) -> Vec<String> {
    if let Some(names) = choice.by_name() {
        return names;
    }
    let mut names = Vec::new();
    for file in files.iter().filter(|_| !choice.given().is_empty()) {
        let documents = file.manifest.iter().flat_map(Manifest::clusters);
        let counting = documents.filter(|it| file.documents.contains(&it.number));
        for name in counting.filter_map(|it| it.name.clone()) {
            if target::check_name(&name).is_ok() && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Waits until all clusters publish what their add-ons promise. What does not come, or cannot be
/// read, is told by the checklist.
async fn wait_for(cx: &Context, session: &Session<'_>, names: &[String], limit: Duration) {
    let Some(client) = session.client() else {
        return;
    };
    let progress = cx.ui.progress();
    let open = RefCell::new(names.to_vec());
    let missing = RefCell::new(String::new());
    let look = async || {
        let names = open.borrow().clone();
        let looks = client.get_all(&names).await;
        let (mut still, mut first) = (Vec::new(), None);
        for (name, look) in names.into_iter().zip(looks) {
            let lack = match look {
                Ok(cluster) => pending(&cluster),
                Err(error) if error.is_transient() => Some(error.to_string()),
                Err(_) => None,
            };
            if let Some(lack) = lack {
                first.get_or_insert(format!("waiting for {lack} on {name}"));
                still.push(name);
            }
        }
        open.replace(still);
        missing.replace(first.unwrap_or_default());
        Ok(())
    };
    // Failures are taken in look by look, so that there is none left for this.
    let waited = wait::until(
        look,
        |()| open.borrow().is_empty().then_some(()),
        limit,
        || {
            let more = match open.borrow().len().saturating_sub(1) {
                0 => String::new(),
                1 => " and 1 other".to_owned(),
                more => format!(" and {more} others"),
            };
            progress.say(&format!("{}{more}", missing.borrow()));
        },
    )
    .await;
    drop(progress);
    if let Ok(WaitEnd::TimedOut { elapsed, .. }) = waited {
        for name in open.borrow().iter() {
            cx.ui.status(&format!(
                "Gave up waiting for {name} after {}",
                crate::text::elapsed(elapsed)
            ));
        }
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
        json: wire::to_value(&wire::ItemsDocument::read("CheckList", items)),
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
