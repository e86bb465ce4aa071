//! `mk8s addon enable` and `mk8s addon disable`: on files, on live clusters, or both.

mod change;
mod cluster;
mod emit;
mod file;
mod fleet;
mod given;
mod identities;
mod many;
mod planner;
mod pull;
mod set;
mod undo;

use super::Context;
use super::choose::{self, ChosenClusters};
use super::target::{self, Loaded, Target};
use super::word::{self, addon_by_word};
use crate::addon::named::Unclear;
use crate::addon::{self, NamedAddon};
use crate::choice::Choice;
use crate::cli::{AddonCommand, DisableArgs, EnableArgs, TargetArgs};
use crate::cluster::Cluster;
use crate::consent::{Agreed, Consent, Mode, Question};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::invocation::Invocation;
use crate::placeholder;
use crate::plan::{AddonRequest, AddonSet, OwnSettings, Verb};
use crate::text::{self, Foreign, excerpt, printable};
use change::{ChangeRun, Stdout};
pub(super) use file::flags as file_flags;
pub(super) use pull::pull;
pub(super) use set::{copy, set};
pub(super) use undo::undo;

/// `mk8s addon enable`
pub(super) async fn enable(cx: &Context, args: &EnableArgs) -> Result<Outcome> {
    let addon = wanted(&args.addon, args.flags.ways.unknown)?;
    if let (Some(flag), false) = (args.flags.make.given().first(), args.flags.create_role) {
        return Err(
            Error::usage(format!("{flag} was given without --create-role"))
                .because("it says what is made in AWS")
                .hint(setup_instead(args).within("add --create-role, or use ", "")),
        );
    }
    let request = enabling(cx, args, addon)?;
    if let Some(format) = args.flags.emit {
        let target = target::resolve(cx, &args.flags.target, false).await?;
        return emit::emit(cx, request, target, format).await;
    }
    let change = ChangeRun::new(cx, request, &args.flags.change, None)?;
    let target = change.target(&args.flags.target).await?;
    change.run(target).await
}

/// What a command asks for that switches an add-on on.
fn enabling(cx: &Context, args: &EnableArgs, addon: NamedAddon) -> Result<AddonRequest> {
    let wish = given::wish(cx, &addon, &args.given, &args.flags)?;
    Ok(AddonRequest {
        expected: given::expectations(&addon, &args.flags.ways.expect)?,
        addon,
        verb: Verb::Enable(wish),
        companions: args.flags.with_prerequisites,
        force: args.flags.change.force,
    })
}

/// What a command asks for that switches an add-on off.
fn disabling(args: &DisableArgs, addon: NamedAddon) -> Result<AddonRequest> {
    Ok(AddonRequest {
        expected: given::expectations(&addon, &args.expect)?,
        addon,
        verb: Verb::Disable,
        companions: args.with_dependants,
        force: args.change.force,
    })
}

/// What a command asks for that switches an add-on on or off, of these clusters; of any other command
/// nothing.
pub(super) fn request<'c>(
    cx: &Context,
    command: &AddonCommand,
    clusters: impl Iterator<Item = &'c Cluster> + Clone,
) -> Result<Option<AddonRequest>> {
    match command {
        AddonCommand::Enable(args) => {
            enabling(cx, args, wanted(&args.addon, args.flags.ways.unknown)?).map(Some)
        }
        AddonCommand::Disable(args) => {
            let meant = NamedAddon::meant(&args.addon, clusters.clone());
            let addon = meant.map_err(|_| word::unknown(&args.addon, clusters))?;
            disabling(args, addon).map(Some)
        }
        _ => Ok(None),
    }
}

/// The command that makes what was asked for in AWS, for the same clusters.
fn setup_instead(args: &EnableArgs) -> Invocation {
    let setup = Invocation::mk8s("aws setup").word(&args.addon);
    let target = &args.flags.target;
    let setup = match choose::choice(&target.cluster, &target.choice) {
        Ok(choice) if !choice.is_open() => setup.with(&choice.flags()),
        _ => setup.flag_hole("-c", "NAME"),
    };
    setup.with(&super::aws_request::make_flags(&args.flags.make))
}

/// `mk8s addon disable`
pub(super) async fn disable(cx: &Context, args: &DisableArgs) -> Result<Outcome> {
    let request = disabling(args, NamedAddon::of(&args.addon))?;
    let mut change = ChangeRun::new(cx, request, &args.change, args.confirm.as_deref())?;
    let target = change.target(&args.target).await?;
    if matches!(target, Target::None) {
        addon_by_word(&args.addon)?;
    }
    change.word = Some(&args.addon);
    change.run(target).await
}

/// The add-on that is to go on: one of the catalogue, or with `--unknown` any key.
fn wanted(word: &str, is_unknown: bool) -> Result<NamedAddon> {
    let named = NamedAddon::of(word);
    if named.addon().is_some() {
        return Ok(named);
    }
    if !is_unknown {
        let error = word::unknown(word, std::iter::empty());
        // Where a name is near, that is what is meant.
        return Err(match addon::nearest(word) {
            Some(_) => error,
            None => error.hint("--unknown switches on a key that mk8s does not know"),
        });
    }
    let starts_right = word.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts_right || !word.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(
            Error::usage(format!("`{}` cannot be an add-on's key", printable(word)))
                .because("a key is written in letters and digits, the first one small"),
        );
    }
    Ok(named)
}

impl ChangeRun<'_> {
    /// What it works on: what was named, or with `--resume` what the run was about.
    async fn target(&self, args: &TargetArgs) -> Result<Target> {
        // What is waited for stands in the status.
        self.cx.is_lean.set(self.wait.is_none());
        let is_open =
            args.file.is_empty() && choose::choice(&args.cluster, &args.choice)?.is_open();
        match &self.course.resumed {
            Some(resumed) if is_open && args.choice.narrow.exclude.is_empty() => {
                Ok(Target::Clusters(ChosenClusters::of_a_run(resumed.names())))
            }
            _ => target::resolve(self.cx, args, true).await,
        }
    }

    async fn run(mut self, target: Target) -> Result<Outcome> {
        if self.apply || matches!(target, Target::Clusters(_)) {
            self.nothing_to_fill_in()?;
        }
        match target {
            Target::None => Err(target::missing()),
            Target::Clusters(_) if self.cx.ui.is_patch() => Err(Error::usage(
                "`patch` is an output format of a dry run on files only",
            )
            .hint("name the manifest with -f in place of the cluster")),
            Target::Clusters(chosen) => {
                self.course.are_several = chosen.are_several;
                let mut teller = self.teller();
                self.live(chosen, &mut teller).await?;
                self.finish(teller, Vec::new())
            }
            Target::Files(paths, choice) => {
                let from_stdin = paths.iter().any(|path| path.as_os_str() == "-");
                if from_stdin && self.mode == Mode::Write && self.cx.ui.has_no_stdout() {
                    return Err(Error::failure("stdin was not edited")
                        .because("stdout is closed, where the manifest would go"));
                }
                if from_stdin && self.mode == Mode::Write {
                    self.stdout = Stdout::Manifest;
                }
                self.files(&paths, &choice).await
            }
        }
    }

    /// Refuses to send what another tool has yet to fill in.
    fn nothing_to_fill_in(&self) -> Result<()> {
        let wish = match &self.request.verb {
            Verb::Enable(wish) => wish,
            Verb::Disable | Verb::Undo(_) => return Ok(()),
            Verb::Set(set) => return nothing_left(set),
        };
        let given = wish.settings.iter().find_map(|setting| {
            let (_, text) = placeholder::find(setting.value.as_ref()?)?;
            Some((setting.path.to_string(), text))
        });
        let left = given.or_else(|| {
            let settings = wish.merged.iter().flatten();
            let mut found = settings.filter_map(|(key, value)| {
                let (path, text) = placeholder::find(value)?;
                Some(([vec![key.clone()], path].concat().join("."), text))
            });
            found.next()
        });
        match left {
            None => Ok(()),
            Some((field, text)) => Err(Error::refused(format!(
                "`{}` was not enabled",
                self.request.addon.shown()
            ))
            .because(format!(
                "`{}` is `{}`, which another tool has yet to fill in",
                Foreign(&field),
                excerpt(text, 80)
            ))
            .note("Nothing was sent.")),
        }
    }

    /// Takes the word for what it means to these clusters.
    fn settle<'c>(
        &mut self,
        word: &str,
        clusters: impl Iterator<Item = &'c Cluster> + Clone,
    ) -> std::result::Result<(), Unclear> {
        self.request.addon = NamedAddon::meant(word, clusters)?;
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
                    text::list(names.iter().map(String::as_str))
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
            let mut names: Vec<&str> = Vec::new();
            for file in loaded {
                for name in file.documents.iter().map(|&number| file.name(number)) {
                    if target::check_name(name).is_ok() && !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            for live in self.cx.read_all(&names).await? {
                clusters.push(
                    live.map_err(|error| {
                        word::undecided(error, word).note("No file was changed.")
                    })?,
                );
            }
            let settled = self.settle(word, clusters.iter());
            return settled.map_err(|unclear| self.unclear(word, &unclear, clusters.iter()));
        }
        settled.map_err(|unclear| self.unclear(word, &unclear, clusters.iter()))
    }

    /// On files: everything is planned and edited in memory first; one refusal and nothing is
    /// written. With `--apply` the live clusters are planned as well before the first write.
    async fn files(&mut self, paths: &[std::path::PathBuf], choice: &Choice) -> Result<Outcome> {
        let cx = self.cx;
        if self.wait.is_some() && !self.apply {
            return Err(
                Error::usage("--wait was given, and no live cluster changes")
                    .hint("--apply changes the live cluster as well as the file"),
            );
        }
        if let Some(flag) = self.rollout_flag.filter(|_| !self.apply) {
            let error = Error::usage(format!("{flag} was given, and no live cluster changes"));
            return Err(error.hint("--apply changes the live clusters as well as the files"));
        }
        if self.stdout == Stdout::Manifest && !cx.ui.is_text() {
            let error = match cx.env.get("MK8S_OUTPUT") {
                None => Error::usage("-o was given together with -f -"),
                Some(_) => Error::usage("-f - was given together with -o or MK8S_OUTPUT")
                    .hint("-o text goes past MK8S_OUTPUT"),
            };
            return Err(error.because("stdout is the edited manifest then"));
        }
        let (loaded, unreadable) = target::load_all(cx, paths, choice)?;
        // With a file that cannot be read the run ends in the refusals of the plan.
        if let (Some(word), true) = (self.word, unreadable.is_empty()) {
            self.settle_files(word, &loaded).await?;
        }
        let edits = file::plan(self, loaded, unreadable)?;
        let mut live_names: Vec<String> = Vec::new();
        if self.apply {
            for name in edits.iter().flat_map(file::FileEdit::names) {
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
        let show = |edits: &Vec<file::FileEdit>| {
            if self.mode.is_dry_run() {
                file::show(self, edits);
            } else {
                file::keep_shown(self, edits);
            }
        };
        let question = |edits: &Vec<file::FileEdit>| Ok(self.question_of_files(edits));
        let consent = self.mode.consent(&*cx.ui, edits, show, question);
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
        let mut teller = self.teller();
        if let Err(failure) = file::write(self, &permit, &mut edits, choice, &mut teller) {
            // What is written is told before what is not.
            return Err(teller.fail(failure));
        }
        if !self.apply {
            let next = if self.stdout == Stdout::Manifest {
                None
            } else {
                self.then(paths, choice, &edits)
            };
            return self.finish(teller, next.into_iter().collect());
        }
        let changed = edits.iter().any(file::FileEdit::changed);
        self.files_changed = Some(changed);
        if cx.interrupt.came() {
            return Err(teller.fail(half_done(cx.interruption(), changed)));
        }
        match self
            .live(ChosenClusters::named(live_names), &mut teller)
            .await
        {
            Ok(()) => self.finish(teller, Vec::new()),
            Err(error) => Err(teller.fail(half_done(error, changed))),
        }
    }

    /// The question where something else was agreed to than is done to the files now; none else.
    fn question_of_files(&self, edits: &[file::FileEdit]) -> Option<Question> {
        let agreed = self.cx.agreed.as_ref()?;
        let is_agreed = edits.iter().all(|edit| edit.is_agreed(agreed));
        (!is_agreed).then(|| {
            file::show(self, edits);
            let (subject, was) = self.request.subject();
            Question::new(
                "The files were changed meanwhile: change them as shown here?",
                format!("{subject} {was} not {} there", self.request.verb.done()),
            )
        })
    }

    /// What a dry run says of files and, with `--apply`, of the live clusters.
    async fn preview_files(
        &mut self,
        edits: &[file::FileEdit],
        live_names: &[String],
    ) -> Result<Outcome> {
        let mut teller = self.teller();
        file::preview(self, edits, &mut teller);
        if self.apply {
            self.live(ChosenClusters::named(live_names.to_vec()), &mut teller)
                .await?;
        }
        self.finish(teller, Vec::new())
    }

    /// Whether the live cluster is what the file is brought to.
    fn pulls(&self) -> bool {
        let own = match &self.request.verb {
            Verb::Set(set) => set.exact_but_for,
            _ => None,
        };
        own == Some(OwnSettings::Secrets)
    }

    /// The command that brings the live clusters to the edited files. What a manifest leaves out
    /// stays live, so a removal needs more than an apply.
    fn then(
        &self,
        paths: &[std::path::PathBuf],
        choice: &Choice,
        edits: &[file::FileEdit],
    ) -> Option<Invocation> {
        // What was written back from the live cluster is so there.
        if !edits.iter().any(file::FileEdit::changed) || self.pulls() {
            return None;
        }
        let names: Vec<String> = edits.iter().flat_map(file::FileEdit::names).collect();
        // A document without the name of a cluster cannot be applied.
        if !names.iter().all(|name| target::check_name(name).is_ok()) {
            return None;
        }
        let on = file::flags(paths).with(&choice.flags());
        let Some(addon) = self.request.addon.addon() else {
            // Its name means something else to a live cluster that does not have the key.
            return Some(Invocation::mk8s("diff").with(&on));
        };
        if matches!(self.request.verb, Verb::Disable) {
            // An apply that prunes would take along whatever else is on live alone.
            let disable = Invocation::mk8s("addon disable").word(addon.name);
            let disable = match names.as_slice() {
                [name] => disable.cluster(name),
                _ => disable.with(&on).plain("--apply"),
            };
            return Some(
                disable
                    .plain_if(self.request.companions, "--with-dependants")
                    .plain_if(self.request.force, "--force"),
            );
        }
        let prunes = edits.iter().any(file::FileEdit::removes);
        let mut open = edits.iter().flat_map(file::FileEdit::filled_in).peekable();
        let apply = if open.peek().is_some() {
            // What is not filled in is not sent, so that a file with such a value goes by another way.
            open.next().filter(|_| names.len() == 1)??
        } else {
            Invocation::mk8s("apply").with(&on)
        };
        Some(apply.plain_if(prunes, "--prune-addons"))
    }
}

/// Refuses to send a set in which another tool has yet to fill something in.
fn nothing_left(set: &AddonSet) -> Result<()> {
    for (key, settings) in &set.wanted {
        for (field, value) in settings.iter().flatten() {
            if let Some((_, text)) = placeholder::find(value) {
                return Err(Error::refused("the add-ons were not set")
                    .because(format!(
                        "`{}` of {} is `{}`, which another tool has yet to fill in",
                        Foreign(field),
                        Foreign(key),
                        excerpt(text, 80)
                    ))
                    .note("Nothing was sent."));
            }
        }
    }
    Ok(())
}

/// What holds after the file was written and the cluster was not changed. Where the error says
/// itself what became of the cluster, only the file is spoken of.
pub(super) fn half_done(error: Error, changed: bool) -> Error {
    let note = match (changed, error.notes.is_empty()) {
        (true, true) => "The file is changed; the cluster is not.",
        (true, false) => "The file is changed.",
        (false, true) => "The file was already so; the cluster is not changed.",
        (false, false) => "The file was already so.",
    };
    error.note(note)
}
