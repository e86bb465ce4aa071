//! `mk8s addon enable` and `mk8s addon disable`: on files, on live clusters, or both.

use super::live::{self, Planner, Settled};
use super::target::{self, Target};
use super::{Context, Mode, file, summarise};
use crate::addon::Addon;
use crate::addon::rules::RegistryAccess;
use crate::change;
use crate::cli::{ChangeArgs, DisableArgs, EnableArgs, Given};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::plan::{self, Action, Place, Plan, Request, Setting, Step, Verb};
use crate::secret;
use crate::ui::{Report, Stream, wire};
use serde_json::{Value, json};
use std::time::Duration;

/// `mk8s addon enable`
pub(super) async fn enable(cx: &Context, args: &EnableArgs) -> Result<Outcome> {
    let addon = super::addon_by_word(&args.addon)?;
    if let (Some(flag), false) = (args.make.given().first(), args.create_role) {
        return Err(
            Error::usage(format!("{flag} was given without --create-role"))
                .because("it says what is made in AWS")
                .hint("add --create-role, or use `mk8s aws setup`"),
        );
    }
    let request = Request {
        addon,
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
        addon: super::addon_by_word(&args.addon)?,
        verb: Verb::Disable,
        companions: args.with_dependants,
        force: args.change.force,
    };
    let target = target::resolve(cx, &args.target, true)?;
    Change::new(cx, request, &args.change, args.confirm.as_deref())
        .run(target)
        .await
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

/// One change of an add-on, on whatever it is carried out.
pub(super) struct Change<'a> {
    pub(super) cx: &'a Context,
    pub(super) request: Request,
    pub(super) mode: Mode,
    apply: bool,
    exit_code: bool,
    wait: Option<Duration>,
    confirm: Option<&'a str>,
}

/// What came of it on one target.
pub(super) struct Done {
    pub(super) wire: wire::AddonChange,
    pub(super) line: String,
    pub(super) changed: bool,
    /// The command that is the natural next step.
    pub(super) next: Option<String>,
}

impl<'a> Change<'a> {
    fn new(cx: &'a Context, request: Request, args: &ChangeArgs, confirm: Option<&'a str>) -> Self {
        Self {
            cx,
            request,
            mode: Mode::of(args.dry_run),
            apply: args.apply,
            exit_code: args.exit_code,
            wait: args.wait,
            confirm,
        }
    }

    /// Whether live clusters change as well as the files.
    pub(super) fn applies(&self) -> bool {
        self.apply
    }

    async fn run(&self, target: Target) -> Result<Outcome> {
        match target {
            Target::None => Err(target::missing()),
            Target::Clusters(names) => {
                let results = self.live(&names).await?;
                self.finish(results, &[])
            }
            Target::Files(paths, names) => self.files(&paths, &names).await,
        }
    }

    /// On live clusters: all are read and planned, then confirmed together, then changed.
    async fn live(&self, names: &[String]) -> Result<Vec<(String, Result<Done>)>> {
        let mut planned = Vec::new();
        for name in names {
            let first = match self.cx.read(name).await {
                Ok(cluster) => self.plan_live(name, &cluster).map(|plan| (cluster, plan)),
                Err(error) => Err(error),
            };
            planned.push((name.clone(), first));
        }
        let several = names.len() > 1;
        let mut changes = 0_usize;
        let mut removes = false;
        for (name, first) in &planned {
            if let Ok((_, plan)) = first {
                self.show(name, plan, several);
                changes += usize::from(!plan.is_empty());
                removes |= plan.removes();
            }
        }
        if self.mode == Mode::Write && changes > 0 {
            self.confirm(&planned, changes, removes).await?;
        }
        let mut results = Vec::new();
        for (name, first) in planned {
            let result = match first {
                Ok((cluster, plan)) => self.change_live(&name, cluster, plan).await,
                Err(error) => Err(error),
            };
            results.push((name, result));
        }
        Ok(results)
    }

    fn plan_live(&self, name: &str, cluster: &Cluster) -> Result<Plan> {
        plan::plan(cluster, &self.request, &live_place(name))
    }

    fn show(&self, name: &str, plan: &Plan, several: bool) {
        let stream = if self.mode == Mode::DryRun && self.cx.ui.is_text() {
            Stream::Data
        } else {
            Stream::Words
        };
        if plan.is_empty() {
            return;
        }
        let heading = if several {
            format!(" {name}, spec.addOns:")
        } else {
            " spec.addOns:".to_owned()
        };
        let mut lines = vec![(' ', heading)];
        lines.extend(
            plan::diff(plan)
                .into_iter()
                .map(|(sign, line)| (sign, format!("   {line}"))),
        );
        self.cx.ui.diff(&lines, stream);
    }

    /// Asks where something disappears, or where several live clusters change.
    async fn confirm(
        &self,
        planned: &[(String, Result<(Cluster, Plan)>)],
        changes: usize,
        removes: bool,
    ) -> Result<()> {
        let names: Vec<&str> = planned
            .iter()
            .filter(|(_, first)| first.as_ref().is_ok_and(|(_, plan)| !plan.is_empty()))
            .map(|(name, _)| name.as_str())
            .collect();
        let (what, addon) = (self.verb(), self.request.addon);
        if let (Some(danger), true) = (addon.danger, removes)
            && self.confirm != names.first().copied().filter(|_| names.len() == 1)
        {
            let name = names.first().copied().unwrap_or_default();
            return Err(
                Error::usage(format!("`{}` was not disabled on `{name}`", addon.name))
                    .because(danger)
                    .hint(format!(
                        "if that is meant: mk8s addon disable {} -c {name} --confirm {name}",
                        addon.name
                    )),
            );
        }
        if !removes && changes < 2 || self.confirm.is_some() {
            return Ok(());
        }
        let refusal = format!(
            "`{}` was not {what}d on {}",
            addon.name,
            quoted(&names).join(", ")
        );
        let place = match names.as_slice() {
            [name] => format!("on {name}"),
            _ => format!("on {changes} live clusters ({})", names.join(", ")),
        };
        let mut verb = what.to_owned();
        if let Some(first) = verb.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        if self
            .cx
            .ui
            .ask(&format!("{verb} {} {place}?", addon.name), &refusal)
            .await?
        {
            Ok(())
        } else {
            Err(Error::usage(refusal).because("the answer was no"))
        }
    }

    fn verb(&self) -> &'static str {
        match self.request.verb {
            Verb::Enable(_) => "enable",
            Verb::Disable => "disable",
        }
    }

    async fn change_live(&self, name: &str, cluster: Cluster, plan: Plan) -> Result<Done> {
        let cx = self.cx;
        for warning in &plan.warnings {
            cx.ui.warn(warning);
        }
        if self.mode == Mode::DryRun {
            let line = self.line(&plan, &format!("on {name}"), "");
            return Ok(Self::done(
                self.cluster_target(name)?,
                &plan,
                line,
                None,
                None,
            ));
        }
        let planner = LivePlanner {
            request: &self.request,
            name,
        };
        let settled = live::settle(cx, &planner, cluster).await?;
        let Settled {
            plan,
            before,
            after,
            remarks,
        } = settled;
        for remark in &remarks {
            cx.ui.detail(remark);
        }
        let version = match (before.version(), after.as_ref().and_then(Cluster::version)) {
            (Some(before), Some(after)) => format!(" (version {before} → {after})"),
            _ => String::new(),
        };
        let line = self.line(&plan, &format!("on {name}"), &version);
        let verified = after.is_some().then_some(true);
        let target = self.cluster_target(name)?;
        let waited = match self.wait {
            Some(limit) => {
                let now = after.unwrap_or(before);
                match self.wait_for(name, &plan, &now, limit).await {
                    Ok(waited) => waited,
                    Err(error) => {
                        // The change is done; its line belongs before the failure to wait.
                        if cx.ui.is_text() {
                            cx.ui.data(&line);
                        }
                        return Err(error);
                    }
                }
            }
            None => None,
        };
        let mut done = Self::done(target, &plan, line, verified, waited);
        if !plan.is_empty() && matches!(self.request.verb, Verb::Enable(_)) {
            done.next = next(name, &plan);
        }
        Ok(done)
    }

    /// Waits until the status shows the change, where the platform publishes anything.
    async fn wait_for(
        &self,
        name: &str,
        plan: &Plan,
        now: &Cluster,
        limit: Duration,
    ) -> Result<Option<wire::Waited>> {
        let cx = self.cx;
        let addon = plan.main.addon;
        let gone = matches!(self.request.verb, Verb::Disable);
        let pointer = if gone {
            let pointer = format!("/status/addOns/{}", addon.key);
            now.ready_at(&pointer).is_some().then_some(pointer)
        } else {
            plan.main
                .after
                .as_ref()
                .and_then(|after| addon.ready.pointer(after))
                .map(str::to_owned)
        };
        let Some(pointer) = pointer else {
            cx.ui.status(&if gone {
                format!(
                    "Nothing to wait for: the status of {name} shows nothing of {}",
                    addon.name
                )
            } else {
                format!(
                    "Nothing to wait for: the platform publishes no status for {}",
                    addon.name
                )
            });
            return Ok(None);
        };
        let state = if gone { "off" } else { "enabled" };
        let trust_policy = addon.trust_policy == Some(pointer.as_str());
        let what = if gone {
            format!("the status of `{}` to disappear", addon.name)
        } else if trust_policy {
            format!("the trust policy of `{}`", addon.name)
        } else {
            format!("`{}`", addon.name)
        };
        let again = if trust_policy {
            format!(
                "mk8s addon trust-policy {} -c {name} --wait=15m",
                addon.name
            )
        } else {
            format!(
                "mk8s addon {} {} -c {name} --wait=15m",
                self.verb(),
                addon.name
            )
        };
        let wait = super::status::Wait {
            name,
            pointer: &pointer,
            gone,
            what: &what,
            stays: &format!("{} stays {state}", addon.name),
            again: &again,
            limit,
        };
        wait.run(cx).await.map(|(_, waited)| Some(waited))
    }

    /// On files: everything is planned and edited in memory first; one refusal and nothing is
    /// written. With `--apply` the live clusters are planned as well before the first write.
    async fn files(&self, paths: &[std::path::PathBuf], names: &[String]) -> Result<Outcome> {
        let cx = self.cx;
        if self.wait.is_some() && !self.apply {
            return Err(
                Error::usage("--wait was given, and no live cluster changes")
                    .hint("--apply changes the live cluster as well as the file"),
            );
        }
        let stdin = paths.iter().any(|path| path.as_os_str() == "-");
        if stdin && self.mode == Mode::Write && !cx.ui.is_text() {
            return Err(Error::usage("-o was given together with -f -")
                .because("stdout is the edited manifest then"));
        }
        let (loaded, unreadable) = target::load_all(cx, paths, names)?;
        let mut edits = file::plan(self, loaded, unreadable)?;
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
        if self.mode == Mode::DryRun {
            let mut results = file::dry_run(self, &edits);
            if self.apply {
                results.extend(self.live(&live_names).await?);
            }
            return self.finish(results, &[]);
        }
        if self.apply {
            self.rehearse(&live_names).await?;
        }
        let (written, failure) = file::write(self, &mut edits, names);
        if let Some(failure) = failure {
            // What is written is told before what is not.
            self.finish(written, &[])?;
            return Err(failure);
        }
        if !self.apply {
            let hints: Vec<String> = if stdin {
                Vec::new()
            } else {
                self.then(paths, &edits).into_iter().collect()
            };
            return self.finish(written, &hints);
        }
        let mut results = written;
        let changed = edits.iter().any(file::Edit::changed);
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

    /// The command that brings the live clusters to the edited files. What a manifest leaves out
    /// stays live, so a removal needs more than an apply.
    fn then(&self, paths: &[std::path::PathBuf], edits: &[file::Edit]) -> Option<String> {
        if !edits.iter().any(file::Edit::changed) {
            return None;
        }
        let names: Vec<String> = edits.iter().flat_map(file::Edit::names).collect();
        if matches!(self.request.verb, Verb::Disable) {
            if let [name] = names.as_slice()
                && target::check_name(name).is_ok()
            {
                return Some(format!(
                    "mk8s addon disable {} -c {name}",
                    self.request.addon.name
                ));
            }
            return Some(format!("mk8s apply {} --prune-addons", file::flags(paths)));
        }
        let prune = if edits.iter().any(file::Edit::removes) {
            " --prune-addons"
        } else {
            ""
        };
        Some(format!("mk8s apply {}{prune}", file::flags(paths)))
    }

    /// Plans the live half before the files are written, so that a refusal there leaves them alone.
    async fn rehearse(&self, names: &[String]) -> Result<()> {
        let mut errors = Vec::new();
        let mut asks = 0;
        let mut removes = false;
        for name in names {
            let planned = match self.cx.read(name).await {
                Ok(cluster) => self.plan_live(name, &cluster),
                Err(error) => Err(error),
            };
            match planned {
                Ok(plan) => {
                    asks += usize::from(!plan.is_empty());
                    removes |= plan.removes();
                }
                Err(error) => errors.push(error),
            }
        }
        if (removes || asks > 1)
            && !self.cx.ui.is_yes()
            && !self.cx.ui.is_interactive()
            && self.confirm.is_none()
        {
            errors.push(
                Error::usage(format!(
                    "`{}` was not {}d on the live cluster",
                    self.request.addon.name,
                    self.verb()
                ))
                .because("the live change has to be confirmed, and nobody can be asked here")
                .hint("add --yes to confirm it on the command line"),
            );
        }
        match summarise(errors, 0) {
            Some(error) => Err(error.note("No file was changed.")),
            None => Ok(()),
        }
    }

    /// The line that tells what came of it.
    pub(super) fn line(&self, plan: &Plan, place: &str, version: &str) -> String {
        let step = &plan.main;
        let name = step.addon.name;
        let along = match plan.companions.as_slice() {
            [] => String::new(),
            companions => {
                let names = companions.iter().map(|step| step.addon.name);
                format!(", with {}", crate::addon::rules::list(names))
            }
        };
        let case = plan
            .registry_access
            .as_ref()
            .map_or_else(String::new, |case| format!(", {case}"));
        let would = self.mode == Mode::DryRun;
        match step.action {
            Action::None => match &self.request.verb {
                Verb::Enable(_) if plan.is_empty() => {
                    let kept = plan
                        .role_kept
                        .as_ref()
                        .map_or_else(String::new, |role| format!("; role kept: {role}"));
                    format!("{name} is already enabled {place}{kept}")
                }
                Verb::Enable(_) => {
                    let verb = if would { "would go on" } else { "went on" };
                    let names = plan.companions.iter().map(|step| step.addon.name);
                    format!(
                        "{name} is already enabled {place}; {} {verb}{version}",
                        crate::addon::rules::list(names)
                    )
                }
                Verb::Disable => format!("{name} is already disabled {place}"),
            },
            Action::Enabled | Action::Updated | Action::Disabled => {
                let verb = match (step.action, would) {
                    (Action::Enabled, false) => "Enabled",
                    (Action::Enabled, true) => "Would enable",
                    (Action::Updated, false) => "Updated",
                    (Action::Updated, true) => "Would update",
                    (_, false) => "Disabled",
                    (_, true) => "Would disable",
                };
                format!("{verb} {name} {place}{version}{along}{case}")
            }
        }
    }

    pub(super) fn done(
        target: wire::Target,
        plan: &Plan,
        line: String,
        verified: Option<bool>,
        waited: Option<wire::Waited>,
    ) -> Done {
        let companions = |action| {
            plan.companions
                .iter()
                .filter(|step: &&Step| step.action == action)
                .map(wire::Companion::from)
                .collect()
        };
        Done {
            changed: !plan.is_empty(),
            line,
            next: None,
            wire: wire::AddonChange {
                target,
                addon: plan.main.addon.name,
                key: plan.main.addon.key,
                action: plan.main.action.name(),
                changed: !plan.is_empty(),
                before: plan.main.before.as_ref().map(secret::masked),
                after: plan.main.after.as_ref().map(secret::masked),
                prerequisites: companions(Action::Enabled),
                dependants: companions(Action::Disabled),
                registry_access: plan.registry_access.as_ref().map(RegistryAccess::name),
                verified,
                waited,
                warnings: plan.warnings.clone(),
                error: None,
            },
        }
    }

    fn failed(&self, target: wire::Target, error: &Error) -> wire::AddonChange {
        wire::AddonChange {
            target,
            addon: self.request.addon.name,
            key: self.request.addon.key,
            action: Action::None.name(),
            changed: false,
            before: None,
            after: None,
            prerequisites: Vec::new(),
            dependants: Vec::new(),
            registry_access: None,
            verified: None,
            waited: None,
            warnings: Vec::new(),
            error: Some(error.into()),
        }
    }

    fn cluster_target(&self, name: &str) -> Result<wire::Target> {
        Ok(wire::Target::Cluster {
            org: self.cx.org()?.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Prints the results, then the hints, and ends with the failures if there are any.
    fn finish(&self, results: Vec<(String, Result<Done>)>, hints: &[String]) -> Result<Outcome> {
        let cx = self.cx;
        let single = results.len() == 1;
        let mut items = Vec::new();
        let mut lines = Vec::new();
        let mut nexts = Vec::new();
        let mut names = Vec::new();
        let mut errors = Vec::new();
        let mut changed = false;
        for (name, result) in results {
            match result {
                Ok(done) => {
                    changed |= done.changed;
                    nexts.extend(done.next);
                    lines.push(done.line);
                    names.push(name);
                    items.push(done.wire);
                }
                Err(error) if single => return Err(error),
                Err(error) => {
                    items.push(self.failed(self.cluster_target(&name)?, &error));
                    errors.push(error);
                }
            }
        }
        let done = lines.len();
        let dry_run = self.mode == Mode::DryRun;
        if dry_run && cx.ui.is_text() {
            // The diff was the data; the lines go with it as words.
            for line in &lines {
                cx.ui.status(line);
            }
        } else if !items.is_empty() {
            names.dedup();
            // For a fleet the document takes as much memory as the files: only if it is printed.
            let json = if cx.ui.is_text() {
                Value::Null
            } else {
                wire::to_value(&wire::Document::change("AddonChanges", dry_run, items))
            };
            cx.ui.report(&Report {
                json,
                slim: None,
                names,
                text: lines.join("\n"),
                wide: None,
            })?;
        }
        for hint in hints.iter().chain(&nexts) {
            cx.ui.next(hint);
        }
        if let Some(error) = summarise(errors, done) {
            return Err(error);
        }
        Ok(if self.exit_code && changed {
            Outcome::Differences
        } else {
            Outcome::Ok
        })
    }
}

/// What holds after the file was written and the cluster was not changed.
fn half_done(error: Error, changed: bool) -> Error {
    error.note(if changed {
        "The file is changed; the cluster is not."
    } else {
        "The file was already so; the cluster is not changed."
    })
}

fn quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

fn live_place(name: &str) -> Place {
    Place {
        words: format!("on `{name}`"),
        flags: format!("-c {name}"),
    }
}

/// The next command: what is left to do in AWS, or the one that reads what the add-on publishes.
fn next(name: &str, plan: &Plan) -> Option<String> {
    let addon = plan.main.addon;
    if addon.aws_registry {
        return Some(format!("mk8s aws setup {} -c {name}", addon.name));
    }
    let step = addon.next?;
    let wait = if step == "oidc-url" { "" } else { " --wait" };
    Some(format!("mk8s addon {step} -c {name}{wait}"))
}

/// Plans the request on every read of a cluster.
struct LivePlanner<'a> {
    request: &'a Request,
    name: &'a str,
}

impl Planner for LivePlanner<'_> {
    type Plan = Plan;

    fn plan(&self, cluster: &Cluster) -> Result<Plan> {
        plan::plan(cluster, self.request, &live_place(self.name))
    }

    fn patch(&self, plan: &Plan) -> Option<Value> {
        (!plan.is_empty()).then(|| json!({"spec": {"addOns": change::patch(&plan.changes)}}))
    }

    fn not_done(&self) -> String {
        let verb = match self.request.verb {
            Verb::Enable(_) => "enabled",
            Verb::Disable => "disabled",
        };
        format!(
            "`{}` was not {verb} on `{}`",
            self.request.addon.name, self.name
        )
    }
}
