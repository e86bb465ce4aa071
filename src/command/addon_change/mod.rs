//! `mk8s addon enable` and `mk8s addon disable`: on files, on live clusters, or both.

mod change;
mod cluster;
mod file;

use super::Context;
use super::target::{self, Loaded, Target};
use super::word::{self, addon_by_word};
use crate::addon::named::Unclear;
use crate::addon::rules;
use crate::addon::{self, Addon, Named};
use crate::cli::{DisableArgs, EnableArgs, Given};
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Mode};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::plan::{Request, Setting, Verb};
use crate::text::printable;
use change::{Change, Stdout};
use serde_json::json;

/// `mk8s addon enable`
pub(super) async fn enable(cx: &Context, args: &EnableArgs) -> Result<Outcome> {
    let addon = addon_by_word(&args.addon)?;
    if let (Some(flag), false) = (args.make.given().first(), args.create_role) {
        return Err(
            Error::usage(format!("{flag} was given without --create-role"))
                .because("it says what is made in AWS")
                .hint("add --create-role, or use `mk8s aws setup`"),
        );
    }
    let request = Request {
        addon: Named::Known(addon),
        verb: Verb::Enable(settings(addon, &args.settings.given)?),
        companions: args.with_prerequisites,
        force: args.change.force,
    };
    let target = target::resolve(cx, &args.target, true)?;
    Change::new(cx, request, &args.change, None)
        .run(target)
        .await
}

/// `mk8s addon disable`
pub(super) async fn disable(cx: &Context, args: &DisableArgs) -> Result<Outcome> {
    let request = Request {
        addon: Named::of(&args.addon),
        verb: Verb::Disable,
        companions: args.with_dependants,
        force: args.change.force,
    };
    let target = target::resolve(cx, &args.target, true)?;
    if matches!(target, Target::None) {
        addon_by_word(&args.addon)?;
    }
    let mut change = Change::new(cx, request, &args.change, args.confirm.as_deref());
    change.word = Some(&args.addon);
    change.run(target).await
}

/// The given flags as settings of the add-on; a flag that it does not have or a value that is not
/// of its kind is of kind usage.
fn settings(addon: &'static Addon, given: &[Given]) -> Result<Vec<Setting>> {
    given
        .iter()
        .map(|given| {
            let param = addon.param_by_flag(given.flag).ok_or_else(|| {
                Error::usage(format!("`{}` has no setting --{}", addon.name, given.flag)).hint(
                    format!("mk8s addon explain {} shows its settings", addon.name),
                )
            })?;
            if let Some(value) = &given.value {
                param.kind.check(value).map_err(|reason| {
                    let what = param
                        .kind
                        .describe()
                        .replace("ARN of an IAM role", "role ARN");
                    Error::usage(match value.as_str() {
                        "" => format!("--{} was given no value", given.flag),
                        value => format!("`{value}` is not a {what}"),
                    })
                    .because(reason)
                })?;
            }
            Ok(Setting {
                param,
                value: given.value.as_ref().map(|value| json!(value)),
            })
        })
        .collect()
}

impl Change<'_> {
    async fn run(mut self, target: Target) -> Result<Outcome> {
        match target {
            Target::None => Err(target::missing()),
            Target::Clusters(names) => {
                let results = self.live(&names).await?;
                self.finish(results, &[])
            }
            Target::Files(paths, names) => {
                let from_stdin = paths.iter().any(|path| path.as_os_str() == "-");
                if from_stdin && self.mode == Mode::Write {
                    self.stdout = Stdout::Manifest;
                }
                self.files(&paths, &names).await
            }
        }
    }

    /// Takes the word for what it means to these clusters.
    fn settle<'c>(
        &mut self,
        word: &str,
        clusters: impl Iterator<Item = &'c Cluster> + Clone,
    ) -> std::result::Result<(), Unclear> {
        self.request.addon = Named::meant(word, clusters)?;
        self.word = None;
        Ok(())
    }

    /// The refusal of a word whose meaning is not certain.
    fn unclear<'c>(
        &self,
        word: &str,
        unclear: &Unclear,
        clusters: impl Iterator<Item = &'c Cluster>,
    ) -> Error {
        match unclear {
            Unclear::Nothing => word::unknown(word, clusters),
            Unclear::Both(addon) => {
                let key = addon.key;
                let clusters: Vec<&Cluster> = clusters.collect();
                let with = |key: &str| {
                    let with = clusters.iter().filter(|it| it.add_on_key(key).is_some());
                    let mut names: Vec<String> = with
                        .map(|it| format!("`{}`", printable(it.name())))
                        .collect();
                    names.dedup();
                    rules::list(names.iter().map(String::as_str))
                };
                Error::refused(format!("`{word}` was not {}d", self.verb()))
                    .because(format!(
                        "it is a key of its own, not known to mk8s, in {}, and {} (`{key}`) is on in {}",
                        with(word),
                        addon.name,
                        with(key)
                    ))
                    .hint(format!("for {}: name it `{key}`", addon.name))
                    .hint(format!(
                        "for the other: delete `{word}` below spec.addOns by hand"
                    ))
            }
        }
    }

    /// Takes the word for what it means to the documents and, with `--apply`, to the live clusters.
    async fn settle_files(&mut self, word: &str, loaded: &[Loaded]) -> Result<()> {
        // Most words are names of the catalogue that stand in no file, and a fleet is large.
        let looks = addon::by_word(word).is_none()
            || loaded
                .iter()
                .any(|file| file.manifest.text().contains(word));
        let documents = loaded.iter().filter(|_| looks).flat_map(|file| {
            let numbers = file.documents.iter();
            numbers.map(|&number| file.cluster(number))
        });
        let mut clusters: Vec<Cluster> = documents.collect();
        let settled = self.settle(word, clusters.iter());
        if self.apply && !(settled.is_ok() && self.request.addon.addon().is_some()) {
            let mut seen = std::collections::HashSet::new();
            let names = loaded.iter().flat_map(|file| {
                let numbers = file.documents.iter();
                numbers.map(|&number| file.name(number))
            });
            for name in names.filter(|name| target::check_name(name).is_ok()) {
                if seen.insert(name) {
                    let live = self.cx.read(name).await;
                    clusters.push(live.map_err(|error| {
                        word::undecided(error, word).note("No file was changed.")
                    })?);
                }
            }
            let settled = self.settle(word, clusters.iter());
            return settled.map_err(|unclear| self.unclear(word, &unclear, clusters.iter()));
        }
        settled.map_err(|unclear| self.unclear(word, &unclear, clusters.iter()))
    }

    /// On files: everything is planned and edited in memory first; one refusal and nothing is
    /// written. With `--apply` the live clusters are planned as well before the first write.
    async fn files(&mut self, paths: &[std::path::PathBuf], names: &[String]) -> Result<Outcome> {
        let cx = self.cx;
        if self.wait.is_some() && !self.apply {
            return Err(
                Error::usage("--wait was given, and no live cluster changes")
                    .hint("--apply changes the live cluster as well as the file"),
            );
        }
        if self.stdout == Stdout::Manifest && !cx.ui.is_text() {
            let error = match cx.env.get("MK8S_OUTPUT") {
                None => Error::usage("-o was given together with -f -"),
                Some(_) => Error::usage("-f - was given together with -o or MK8S_OUTPUT")
                    .hint("-o text goes past MK8S_OUTPUT"),
            };
            return Err(error.because("stdout is the edited manifest then"));
        }
        let (loaded, unreadable) = target::load_all(cx, paths, names)?;
        // With a file that cannot be read the run ends in the refusals of the plan.
        if let (Some(word), true) = (self.word, unreadable.is_empty()) {
            self.settle_files(word, &loaded).await?;
        }
        let edits = file::plan(self, loaded, unreadable)?;
        let mut live_names: Vec<String> = Vec::new();
        if self.apply {
            for name in edits.iter().flat_map(file::Edit::names) {
                if name.is_empty() {
                    return Err(
                        Error::refused("the live cluster was not changed, nor the file")
                            .because("a document names no cluster"),
                    );
                }
                target::check_name(&name)?;
                if !live_names.contains(&name) {
                    live_names.push(name);
                }
            }
        }
        // An edit of a file is never asked about, git has the old version, and so only a dry run
        // shows it.
        let show = |edits: &Vec<file::Edit>| {
            if self.mode.is_dry_run() {
                file::show(self, edits);
            }
        };
        let consent = self.mode.consent(&*cx.ui, edits, show, |_| Ok(None));
        let Agreed {
            plan: mut edits,
            permit,
        } = match consent.await? {
            Consent::Given(agreed) => agreed,
            Consent::Preview(edits) => return self.preview_files(&edits, &live_names).await,
        };
        if self.apply {
            self.rehearse(&live_names).await?;
        }
        let (written, failure) = file::write(self, &permit, &mut edits, names);
        if let Some(failure) = failure {
            // What is written is told before what is not.
            self.finish(written, &[])?;
            return Err(failure);
        }
        if !self.apply {
            let hints: Vec<String> = if self.stdout == Stdout::Manifest {
                Vec::new()
            } else {
                self.then(paths, names, &edits).into_iter().collect()
            };
            return self.finish(written, &hints);
        }
        let changed = edits.iter().any(file::Edit::changed);
        if cx.interrupt.came() {
            self.finish(written, &[])?;
            return Err(half_done(cx.interruption(), changed));
        }
        let mut results = written;
        match self.live(&live_names).await {
            Ok(live) => {
                results.extend(live.into_iter().map(|(name, result)| {
                    let result = result.map_err(|error| half_done(error, changed));
                    (name, result)
                }));
                self.finish(results, &[])
            }
            Err(error) => Err(half_done(error, changed)),
        }
    }

    /// What a dry run says of files and, with `--apply`, of the live clusters.
    async fn preview_files(
        &mut self,
        edits: &[file::Edit],
        live_names: &[String],
    ) -> Result<Outcome> {
        let mut results = file::preview(self, edits);
        if self.apply {
            results.extend(self.live(live_names).await?);
        }
        self.finish(results, &[])
    }

    /// The command that brings the live clusters to the edited files. What a manifest leaves out
    /// stays live, so a removal needs more than an apply.
    fn then(
        &self,
        paths: &[std::path::PathBuf],
        picked: &[String],
        edits: &[file::Edit],
    ) -> Option<String> {
        if !edits.iter().any(file::Edit::changed) {
            return None;
        }
        let names: Vec<String> = edits.iter().flat_map(file::Edit::names).collect();
        // A document without the name of a cluster cannot be applied.
        if !names.iter().all(|name| target::check_name(name).is_ok()) {
            return None;
        }
        let Some(addon) = self.request.addon.addon() else {
            // Its name means something else to a live cluster that does not have the key.
            let words = picked
                .iter()
                .fold(format!("diff {}", file::flags(paths)), |command, name| {
                    format!("{command} -c {name}")
                });
            return Some(self.cx.mk8s(&words));
        };
        if let (Verb::Disable, [name]) = (&self.request.verb, names.as_slice()) {
            let mut command = format!("addon disable {} -c {name}", addon.name);
            if self.request.companions {
                command.push_str(" --with-dependants");
            }
            if self.request.force {
                command.push_str(" --force");
            }
            return Some(self.cx.mk8s(&command));
        }
        let mut command = format!("apply {}", file::flags(paths));
        for name in picked {
            command = format!("{command} -c {name}");
        }
        if edits.iter().any(file::Edit::removes) {
            command.push_str(" --prune-addons");
        }
        Some(self.cx.mk8s(&command))
    }
}

/// What holds after the file was written and the cluster was not changed. Where the error says
/// itself what became of the cluster, only the file is spoken of.
fn half_done(error: Error, changed: bool) -> Error {
    let note = match (changed, error.notes.is_empty()) {
        (true, true) => "The file is changed; the cluster is not.",
        (true, false) => "The file is changed.",
        (false, true) => "The file was already so; the cluster is not changed.",
        (false, false) => "The file was already so.",
    };
    error.note(note)
}
