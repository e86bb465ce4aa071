//! `mk8s check --facts`: what the platform answers to the questions that are open. Reads only.

use super::Context;
use super::choose::{self, ChosenClusters};
use super::target::{self, Target};
use crate::choice::Choice;
use crate::cli::{CheckArgs, TargetArgs};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::facts::{self, PlatformFact};
use crate::fleet::summarise;
use crate::text::count;
use crate::ui::{Report, wire};

/// `mk8s check --facts`
pub(super) async fn facts(cx: &Context, args: &CheckArgs) -> Result<Outcome> {
    let target = TargetArgs {
        cluster: args.cluster.clone(),
        file: Vec::new(),
        choice: args.choice.clone(),
    };
    let chosen = match target::resolve(cx, &target, false).await? {
        Target::Clusters(chosen) => chosen,
        Target::None | Target::Files(..) => {
            choose::look_up(cx, &Choice::default().with_all(true)).await?
        }
    };
    let clusters = read(cx, chosen).await?;
    let facts = facts::facts(&clusters, cx.org()?);
    let items: Vec<wire::FactRecord> = facts.iter().map(Into::into).collect();
    cx.ui.report(&Report {
        json: wire::to_value(&wire::Single::new(
            "Facts",
            wire::FactsBody {
                mk8s: env!("CARGO_PKG_VERSION"),
                clusters: clusters.len(),
                items,
            },
        )),
        slim: None,
        names: facts.iter().map(|fact| fact.id.to_owned()).collect(),
        text: text(&facts, clusters.len()),
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

/// The clusters that can be read. If none can, that is the failure; else the others are warned about.
async fn read(cx: &Context, mut chosen: ChosenClusters) -> Result<Vec<Cluster>> {
    let (mut clusters, mut errors) = (Vec::new(), Vec::new());
    for read in chosen.read(cx).await? {
        match read {
            Ok(cluster) => clusters.push(cluster),
            Err(error) => errors.push(error),
        }
    }
    if clusters.is_empty() {
        let nothing = || Error::not_found("no cluster is there to be looked at");
        return Err(summarise(errors, 0).unwrap_or_else(nothing));
    }
    for error in &errors {
        cx.ui.warn(&format!("left out: {error}"));
    }
    Ok(clusters)
}

fn text(facts: &[PlatformFact], clusters: usize) -> Vec<String> {
    let all = count(clusters, "cluster");
    let mut lines = vec![
        "# What Control Plane answers".to_owned(),
        String::new(),
        format!(
            "mk8s {}, {all}, by reads alone. Names, accounts and ids are replaced by words.",
            env!("CARGO_PKG_VERSION")
        ),
    ];
    for fact in facts {
        lines.push(String::new());
        lines.push(format!("## {}", fact.id));
        lines.push(String::new());
        lines.push(fact.question.to_owned());
        lines.push(String::new());
        for (text, number) in &fact.seen {
            lines.push(format!("- `{text}` ({number} of {clusters})"));
        }
        if fact.seen.is_empty() {
            let why = fact.open.unwrap_or("nothing of it was seen");
            lines.push(format!("- {why}"));
        }
    }
    lines
}
