//! `mk8s validate`: manifests by the platform's schema. Reads files and nothing else.

use super::{Context, aws, checklist, choose, target};
use crate::check::{
    self, CheckOptions, CheckReport, CheckState, ReportItem, Scene, Selection, Session,
};
use crate::cli::{AwsConnection, ValidateArgs};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::text::count;

/// What a manifest is held against: these groups and checks.
const CHECKS: [&str; 3] = ["manifest", "schema", "role-arn-form"];

/// What `--strict` makes failures: what the platform may know and this mk8s does not.
const UNKNOWN: [&str; 3] = ["manifest-unknown-addon", "schema-unknown", "schema-version"];

/// `mk8s validate`
pub(super) async fn validate(cx: &Context, args: &ValidateArgs) -> Result<Outcome> {
    let paths = target::both(&args.file, &args.files);
    let choice = choose::documents(&args.cluster, &args.narrow)?;
    for name in choice.names() {
        target::check_name(name)?;
    }
    let files = checklist::files(cx, &paths, &choice, args.allow_empty)?;
    let documents = files.iter().map(|file| file.documents.len()).sum();
    let looked_at = format!(
        "{}, {}",
        count(files.len(), "file"),
        count(documents, "cluster")
    );
    let session = Session::new(
        CheckOptions::default(),
        None,
        aws::connection(cx, &AwsConnection::default(), None),
        cx.ui.reach().clone(),
        files,
    );
    let scene = Scene::new(&session, None);
    let mut report = CheckReport::default();
    let only = CHECKS.map(str::to_owned);
    let selection = Selection::new(&only, &[])
        .map_err(|id| Error::failure(format!("no check is called `{id}`")))?;
    if !session.files.is_empty() {
        check::run(&scene, &selection, &mut report.items, |_| {}).await;
    }
    if args.strict {
        report.items.iter_mut().for_each(harden);
    }
    let names: Vec<&str> = session.files.iter().map(|it| it.label.as_str()).collect();
    cx.ui.step_checklist(&report);
    cx.ui.validation(&report, &names, &looked_at)?;
    Ok(if report.failed() {
        Outcome::CheckFailed
    } else {
        Outcome::Ok
    })
}

fn harden(item: &mut ReportItem) {
    if UNKNOWN.contains(&item.id) && item.finding.state == CheckState::Warn {
        item.finding.state = CheckState::Fail;
    }
}
