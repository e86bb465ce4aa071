//! `mk8s aws status`: what exists in AWS, what is missing and what differs. Reads only.

use super::aws::{self, AwsScene, ClusterReport};
use super::{Context, aws_show};
use crate::aws::iam::Caller;
use crate::aws::sdk::Sdk;
use crate::aws::state::{self, AwsQuestions};
use crate::aws::status::{PartStatus, differs, status as parts_of};
use crate::aws::target::SetupRequest;
use crate::aws::trust;
use crate::aws::who::{HomeCluster, LetIn};
use crate::cli::StatusArgs;
use crate::error::Result;
use crate::exit::Outcome;
use crate::fleet::{self, Reporter};
use crate::ui::table;
use serde_json::{Value, json};

/// `mk8s aws status`
pub(super) async fn status(cx: &Context, args: &StatusArgs) -> Result<Outcome> {
    let side = aws::side(&args.target.addon)?;
    let mut chosen = aws::clusters(cx, &args.target, false).await?;
    let request = SetupRequest {
        role_arn: aws::role_arn(args.role_arn.as_ref())?,
        account: aws::account(args.account.as_ref())?,
        role_name: args.role_name.clone(),
        ..SetupRequest::default()
    };
    let sdk = Sdk::new(&aws::connect(cx, &args.connection).await?);
    let caller = state::caller(&sdk).await?;
    let issuers = aws::IssuerAuthorities::new(cx);
    let read = chosen.read(cx).await?;
    let jobs = read.into_iter().map(|cluster| async {
        let cluster = cluster?;
        let ask = |_: &_| AwsQuestions::default();
        let what = "was not looked at";
        let mut scene = aws::look(cx, &sdk, &caller, (side, &cluster), &request, ask, what).await?;
        issuers.complete(&mut scene.facts).await;
        Ok(scene)
    });
    let mut teller = Reporter::reading(&cx.ui, "AwsStatus").of_several(chosen.are_several);
    let names = &chosen.names;
    fleet::each(jobs, fleet::AT_ONCE, |number, scene: Result<AwsScene>| {
        let name = &names[number];
        let report = scene.map(|scene| report(cx, name, &caller, &scene));
        teller.tell(number, aws::came(cx, side.name(), name, report));
    })
    .await;
    Ok(Outcome::differing(teller.finish()? && args.exit_code))
}

fn report(cx: &Context, name: &str, caller: &Caller, scene: &AwsScene) -> ClusterReport {
    let parts = parts_of(&scene.facts, &scene.target, &scene.state);
    let who = who(scene);
    for warning in &scene.facts.warnings {
        cx.ui.warn(warning);
    }
    let account = &scene.target.account;
    ClusterReport {
        changed: differs(&parts),
        lines: text(name, account, &caller.arn, &parts, who.as_ref()),
        body: json!({
            "account": account.as_str(),
            "partition": scene.target.partition,
            "caller": caller.arn,
            "registryAccess": scene.target.access.name(),
            "who": who.as_ref().map(ToString::to_string),
            "parts": parts.iter().map(PartStatus::json).collect::<Vec<Value>>(),
            "warnings": scene.facts.warnings,
        }),
    }
}

/// Who may assume the role that is there.
fn who(scene: &AwsScene) -> Option<LetIn> {
    let role = scene.state.role.known()?.as_ref()?;
    let document = trust::parse_text(&role.trust).ok()?;
    let home = HomeCluster::of(&scene.facts, &scene.target, scene.state.seen_at);
    Some(LetIn::of(&document, &home))
}

fn text(
    name: &str,
    account: &crate::arn::AccountId,
    caller: &str,
    parts: &[PartStatus],
    who: Option<&LetIn>,
) -> Vec<String> {
    let rows: Vec<Vec<String>> = parts
        .iter()
        .map(|part| {
            vec![
                format!("  {}", part.part.name()),
                part.state.name().to_owned(),
                aws_show::short(&part.resource).to_owned(),
                part.detail.clone(),
            ]
        })
        .collect();
    let mut lines = vec![format!("{name} in account {account} (caller {caller})")];
    lines.extend(table::rows(&rows));
    lines.extend(who.map(|who| format!("  {}: {who}", aws_show::MAY_ASSUME)));
    lines
}
