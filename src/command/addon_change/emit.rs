//! `mk8s addon enable --emit`: what another tool's source needs, and the word on who keeps a cluster.
//! Writes nothing.

use super::super::Context;
use super::super::live::{self, OwnedChange};
use super::super::source::{ChangedAddon, fit, written};
use super::super::target::{self, Target};
use super::change::ChangeRun;
use super::cluster::Planned;
use super::planner::live_place;
use crate::addon::Addon;
use crate::cli::SourceFormat;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::invocation::Invocation;
use crate::owner::OtherOwner;
use crate::plan::{self, AddonRequest, Plan, TargetWords};
use crate::text::{Foreign, excerpt};
use serde_json::{Value, json};

/// A cluster, what it is called, and how the request is planned for it.
struct EmitSubject {
    name: String,
    cluster: Cluster,
    place: TargetWords,
}

/// `mk8s addon enable … --emit FORMAT`
pub(super) async fn emit(
    cx: &Context,
    mut request: AddonRequest,
    target: Target,
    format: SourceFormat,
) -> Result<Outcome> {
    if !cx.ui.is_text() || cx.ui.is_patch() {
        return Err(Error::usage("-o was given together with --emit")
            .because("it prints the source of another tool, as it is"));
    }
    let subjects = match target {
        Target::None => {
            // What is there is not known, so that no rule speaks; and on AWS nothing asks for a role.
            request.force = true;
            let somewhere = json!({"spec": {"provider": {"aws": {}}, "addOns": {}}});
            vec![EmitSubject {
                name: String::new(),
                cluster: Cluster::new(somewhere),
                place: TargetWords::default(),
            }]
        }
        Target::Clusters(mut chosen) => {
            let read = chosen.read(cx).await?;
            let read = chosen.names.into_iter().zip(read);
            let subjects = read.map(|(name, cluster)| {
                Ok(EmitSubject {
                    cluster: cluster?,
                    place: live_place(&name),
                    name,
                })
            });
            subjects.collect::<Result<Vec<_>>>()?
        }
        Target::Files(paths, choice) => {
            let loaded = target::load(cx, &paths, &choice)?;
            let documents = loaded.iter().flat_map(|file| {
                file.documents.iter().map(|&number| EmitSubject {
                    name: file.name(number).to_owned(),
                    cluster: file.cluster(number),
                    place: TargetWords {
                        words: file.place(number),
                        flags: super::file::flags(&paths),
                    },
                })
            });
            documents.collect()
        }
    };
    let mut blocks: Vec<(Vec<String>, String)> = Vec::new();
    for subject in subjects {
        let plan = plan::plan(&subject.cluster, &request, &subject.place)?;
        if !subject.name.is_empty() {
            for warning in &plan.warnings {
                cx.ui.warn(warning);
            }
        }
        if let (Some(addon), Some(after)) = (request.addon.addon(), &plan.main.after) {
            let (_, secrets, strange) = fit(addon, after, format);
            for (what, paths) in [("may be secret", secrets), ("mk8s does not know", strange)] {
                if !paths.is_empty() {
                    let paths: Vec<String> = paths.iter().map(|path| excerpt(path, 80)).collect();
                    let paths = paths.join(", ");
                    cx.ui.warn(&format!("what {what} is left out: {paths}"));
                }
            }
        }
        let text = source_of(&plan, format, &subject.place)?;
        match blocks.iter_mut().find(|(_, other)| *other == text) {
            Some((names, _)) => names.push(subject.name),
            None => blocks.push((vec![subject.name], text)),
        }
    }
    let are_several = blocks.len() > 1;
    for (at, (names, text)) in blocks.iter().enumerate() {
        if are_several {
            let gap = if at > 0 { "\n" } else { "" };
            let names: Vec<String> = names.iter().map(|name| Foreign(name).to_string()).collect();
            cx.ui.raw(&format!("{gap}# {}\n", names.join(", ")));
        }
        cx.ui.raw(text);
    }
    Ok(Outcome::Ok)
}

/// What the steps of a plan switch on, in the form of a source.
fn source_of(plan: &Plan, format: SourceFormat, place: &TargetWords) -> Result<String> {
    let mut on: Vec<(&'static Addon, &Value)> = Vec::new();
    for step in plan.steps() {
        let Some(after) = &step.after else { continue };
        let Some(addon) = step.addon.addon() else {
            let name = step.addon.shown();
            return Err(Error::refused(format!(
                "nothing was written for `{name}` {}",
                place.words
            ))
            .because("how other tools have an add-on that mk8s does not know is not known"));
        };
        on.push((addon, after));
    }
    Ok(written(on, format))
}

impl ChangeRun<'_> {
    /// Before anything is changed: which of the clusters another tool keeps, and what its source needs.
    pub(super) fn tell_owners(&self, planned: &[Planned]) {
        let owned = planned.iter().filter_map(|(name, first)| {
            let (_, plan) = first.as_ref().ok()?;
            Some((name, plan.owner.as_ref()?, plan))
        });
        let owned = owned.map(|(name, owner, plan)| self.owned(name, owner, plan));
        live::tell_owners(self.cx, &owned.collect::<Vec<_>>());
    }

    fn owned(&self, name: &str, owner: &OtherOwner, plan: &Plan) -> OwnedChange {
        let steps = plan.steps().map(|step| ChangedAddon {
            addon: step.addon.clone(),
            after: step.after.clone(),
        });
        let pulumi = self.request.addon.addon().map(|addon| {
            Invocation::mk8s("addon enable")
                .word(addon.name)
                .cluster(name)
                .plain("--emit pulumi")
        });
        OwnedChange {
            name: name.to_owned(),
            owner: owner.clone(),
            changed: steps.collect(),
            pulumi,
        }
    }
}
