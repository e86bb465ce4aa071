//! One file per verb: the context and its arguments in, an outcome or an error out.
//!
//! This is where a library error gets the user's situation: which cluster, which org, what to do
//! next. Commands do not call each other; what they share stands in `target`, `live` and `file`.

mod addon_change;
mod addon_read;
mod apply;
mod auth;
mod aws;
mod aws_cache;
mod aws_carry_out;
mod aws_emit;
mod aws_fleet;
mod aws_offline;
mod aws_orphans;
mod aws_permissions;
mod aws_repository;
mod aws_request;
mod aws_setup;
mod aws_show;
mod aws_status;
mod aws_teardown;
mod check;
mod checklist;
mod choose;
mod cluster;
mod cluster_wait;
pub(crate) mod complete;
mod diff;
mod facts;
mod fleet_change;
mod fleet_course;
mod fleet_keeper;
mod fleet_run;
mod help;
mod journal;
mod keep;
mod live;
mod pick;
mod report;
mod rollout;
mod sandbox;
mod sandbox_folder;
mod schema;
mod source;
mod status;
mod target;
mod undo;
mod validate;
mod word;

use crate::cli::{
    AddonArgs, AddonCommand, AuthCommand, AwsCommand, Cli, ClusterCommand, Command, OutputFormat,
    SandboxCommand,
};
use crate::cluster::Cluster;
use crate::consent::Mode;
use crate::control::{self, ApiError, Asker, Client, Connection};
use crate::error::{Error, Kind, Result};
use crate::exit::Outcome;
use crate::interrupt::Interrupt;
use crate::invocation::Invocation;
use crate::settings::{ConnectionFlags, Environment, Settings};
use crate::text::{Foreign, nearest};
use crate::ui::{Report, Stream, Ui, wire};
use keep::RunRecord;
use pick::AgreedPlans;
use std::cell::{Cell, OnceCell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

/// What every command works with.
pub(crate) struct Context {
    /// The door to the streams.
    pub(crate) ui: Rc<Ui>,
    /// The environment as `main` found it.
    pub(crate) env: Environment,
    /// The signals that end the run.
    pub(crate) interrupt: Interrupt,
    flags: ConnectionFlags,
    settings: Rc<OnceCell<Settings>>,
    client: Rc<OnceCell<Client>>,
    /// How many requests may go out in a second, where that was said.
    rate: Cell<Option<f64>>,
    /// Whether of clusters that are found only that is kept which a change needs.
    is_lean: Cell<bool>,
    /// The words of the command line that say what is done.
    said: Vec<String>,
    /// The same with what the run itself has filled in.
    said_in_full: OnceCell<Vec<String>>,
    /// What is kept of the run.
    record: RunRecord,
    /// How many sources of other tools were told of.
    sources_told: Cell<usize>,
    /// What to say when a signal ends a wait.
    interrupted: Rc<RefCell<Option<String>>>,
    /// The plans that were shown and agreed to before this run, if it is one of the picker's.
    agreed: Option<AgreedPlans>,
    /// Where the run is told beside its output.
    report: OnceCell<report::ReportSink>,
}

impl Context {
    /// A context that reads settings and connects when first asked to.
    pub(crate) fn new(
        ui: Rc<Ui>,
        env: Environment,
        flags: ConnectionFlags,
        said: Vec<String>,
    ) -> Self {
        Self {
            ui,
            env,
            interrupt: Interrupt::default(),
            flags,
            settings: Rc::default(),
            client: Rc::default(),
            rate: Cell::new(None),
            is_lean: Cell::new(false),
            said,
            said_in_full: OnceCell::new(),
            record: RunRecord::default(),
            sources_told: Cell::new(0),
            interrupted: Rc::default(),
            agreed: None,
            report: OnceCell::new(),
        }
    }

    /// A run of its own within this one: another command, with plans that were agreed to.
    fn within(&self, said: Vec<String>, agreed: AgreedPlans) -> Self {
        Self {
            interrupt: self.interrupt.clone(),
            settings: Rc::clone(&self.settings),
            client: Rc::clone(&self.client),
            interrupted: Rc::clone(&self.interrupted),
            agreed: Some(agreed),
            ..Self::new(
                Rc::clone(&self.ui),
                self.env.clone(),
                self.flags.clone(),
                said,
            )
        }
    }

    /// Who and where, resolved once.
    fn settings(&self) -> Result<&Settings> {
        if let Some(settings) = self.settings.get() {
            return Ok(settings);
        }
        let settings = Settings::resolve(&self.flags, &self.env)?;
        for warning in settings.warnings() {
            self.ui.warn(warning);
        }
        Ok(self.settings.get_or_init(|| settings))
    }

    /// The org's name.
    fn org(&self) -> Result<&str> {
        Ok(&self.settings()?.org()?.value)
    }

    /// The connection; from here on its token is written nowhere.
    async fn connection(&self) -> Result<Connection> {
        let connection = Connection::open(self.settings()?).await?;
        self.ui.mask(&connection.token);
        Ok(connection)
    }

    /// The one client of the process.
    async fn client(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let connection = self.connection().await?;
        let ui = Rc::clone(&self.ui);
        let client = Client::new(
            connection,
            ui.is_debug()
                .then(|| Box::new(move |line: &str| ui.trace(line)) as Box<dyn Fn(&str)>),
        )?
        .telling(self.ui.board());
        if let Some(rate) = self.rate.get() {
            client.cap(rate);
        }
        Ok(self.client.get_or_init(|| client))
    }

    /// An API error in the user's words; `doing` completes "cannot …".
    fn explain(&self, error: &ApiError, doing: &str) -> Error {
        match self.settings().and_then(Asker::of) {
            Ok(who) => error.explain(doing, &who),
            Err(error) => error,
        }
    }

    /// The error as JSON has it.
    fn wire(&self, error: &Error) -> wire::ErrorObject {
        wire::ErrorObject::new(error, self.ui.reach())
    }

    /// Reads a cluster.
    async fn read(&self, name: &str) -> Result<Cluster> {
        let client = self.client().await?;
        match client.get(name).await {
            Ok(cluster) => Ok(cluster),
            Err(error) => {
                let known = known_names(client, std::iter::once(&error)).await;
                Err(self.explain_read(&error, name, &known))
            }
        }
    }

    /// A failed read of a cluster in the user's words, with the nearest of the names that are known.
    fn explain_read(&self, error: &ApiError, name: &str, known: &[String]) -> Error {
        let mut told = self.explain(error, &self.reading(name));
        let known = known.iter().map(String::as_str);
        // One that is there was refused for another reason.
        let is_there = known.clone().any(|it| it == name);
        if let Some(near) = nearest(name, known).filter(|_| !is_there) {
            let near = format!("did you mean `{}`? ", Foreign(near));
            let hint = Invocation::mk8s("cluster list").within(&near, " lists all");
            let all = Invocation::mk8s("cluster list").within(control::THERE, "");
            let mut others = std::mem::take(&mut told.hints);
            others.retain(|it| *it != all);
            told = others.into_iter().fold(told.hint(hint), Error::hint);
        }
        told
    }

    /// Reads several clusters in few round trips.
    async fn read_all<N: AsRef<str>>(&self, names: &[N]) -> Result<Vec<Result<Cluster>>> {
        let client = self.client().await?;
        if names.len() > 1 {
            client.expects_many();
        }
        let read = client.get_all(names).await;
        let known = known_names(client, read.iter().filter_map(|it| it.as_ref().err())).await;
        let explained = |(read, name): (Result<Cluster, ApiError>, &N)| {
            read.map_err(|error| self.explain_read(&error, name.as_ref(), &known))
        };
        Ok(read.into_iter().zip(names).map(explained).collect())
    }

    /// A live cluster as JSON output names it.
    fn cluster(&self, name: &str) -> wire::TargetRef {
        wire::TargetRef::Cluster {
            // Without an org no cluster was read.
            org: self.org().unwrap_or_default().to_owned(),
            name: name.to_owned(),
        }
    }

    /// "read cluster `prod` in org `acme`", to complete "cannot …".
    fn reading(&self, name: &str) -> String {
        match self.org() {
            Ok(org) => format!("read cluster `{name}` in org `{org}`"),
            Err(_) => format!("read cluster `{name}`"),
        }
    }

    /// Where a preview goes: of a dry run that people read it is the answer, else it goes with it.
    fn preview(&self, mode: Mode) -> Stream {
        if mode.is_dry_run() && self.ui.is_text() {
            Stream::Data
        } else {
            Stream::Words
        }
    }

    /// Sets what is said if a signal comes from now on; gives what was to be said before.
    fn if_interrupted(&self, text: Option<String>) -> Option<String> {
        if text.is_some() {
            self.interrupt.has_words();
        }
        self.interrupted.replace(text)
    }

    /// The folder of the journals of runs.
    fn journals(&self) -> Option<PathBuf> {
        Some(crate::journal::folder_of(&self.state()?))
    }

    /// The words of the command line that say what is done, as they can be said again.
    fn said(&self) -> &[String] {
        self.said_in_full.get().unwrap_or(&self.said)
    }

    /// Whether a signal needs no words.
    pub(crate) fn is_silent(&self) -> bool {
        self.interrupted.borrow().is_none() && self.report.get().is_none()
    }

    /// The folder of the user's own state, `$XDG_STATE_HOME/mk8s`; `None` if no variable names one.
    fn state(&self) -> Option<PathBuf> {
        let state = self
            .env
            .path("XDG_STATE_HOME")
            // The XDG specification has relative paths ignored.
            .filter(|path| path.is_absolute())
            .map(PathBuf::from)
            .or_else(|| Some(self.env.path("HOME")?.join(".local/state")));
        Some(state?.join("mk8s"))
    }

    /// Where copies of manifests are kept that are written in place.
    fn copies(&self) -> Option<PathBuf> {
        Some(self.state()?.join("in-place"))
    }

    /// The failure that a signal is.
    pub(crate) fn interruption(&self) -> Error {
        match self.interrupted.borrow().as_ref() {
            Some(text) => Error::new(Kind::Interrupted, "interrupted").note(text.clone()),
            None => Error::new(Kind::Interrupted, "interrupted"),
        }
    }
}

/// The names of clusters that are there, where a read may have failed for its name; none where that is
/// not to be had.
async fn known_names(client: &Client, errors: impl IntoIterator<Item = &ApiError>) -> Vec<String> {
    let mut errors = errors.into_iter();
    if errors.any(|error| matches!(error.kind(), Kind::NotFound | Kind::Denied)) {
        client.some_names().await
    } else {
        Vec::new()
    }
}

/// Runs the command that was parsed, and says how what it took away comes back.
pub(crate) async fn run(cx: &Context, cli: Cli) -> Result<Outcome> {
    report::begin(cx, &cli.command)?;
    let result = dispatch(cx, cli).await;
    cx.tell_undo();
    result
}

async fn dispatch(cx: &Context, cli: Cli) -> Result<Outcome> {
    if let Some(word) = cx.ui.format().of_check()
        && !matches!(cli.command, Command::Check(_) | Command::Validate(_))
    {
        return Err(Error::usage(format!(
            "`{word}` is an output format of `mk8s check` and `mk8s validate` only"
        )));
    }
    if *cx.ui.format() == OutputFormat::JsonSchema
        && !matches!(
            cli.command,
            Command::Schema(_)
                | Command::Addon(AddonArgs {
                    command: Some(AddonCommand::Explain(_)),
                    ..
                })
        )
    {
        return Err(Error::usage(
            "`json-schema` is an output format of `mk8s schema` and `mk8s addon explain` only",
        ));
    }
    let is_preview = match &cli.command {
        Command::Addon(addon) => addon.command.as_ref().is_some_and(previews),
        _ => false,
    };
    if cx.ui.is_patch() && !is_preview {
        return Err(
            Error::usage("`patch` is an output format of a dry run on files only")
                .hint("mk8s addon enable ADDON -f FILE --dry-run -o patch"),
        );
    }
    match cli.command {
        Command::Addon(AddonArgs {
            command: Some(command),
            ..
        }) => addon(cx, command).await,
        Command::Addon(args) => Box::pin(pick::pick(cx, &args)).await,
        Command::Aws(command) => match command {
            AwsCommand::Setup(args) => Box::pin(aws_setup::setup(cx, &args)).await,
            AwsCommand::Emit(args) => Box::pin(aws_setup::setup(cx, &(*args).into())).await,
            AwsCommand::RepositoryPolicy(args) => {
                Box::pin(aws_setup::setup(cx, &(*args).into())).await
            }
            AwsCommand::Status(args) => Box::pin(aws_status::status(cx, &args)).await,
            AwsCommand::Teardown(args) if args.orphans => {
                Box::pin(aws_orphans::orphans(cx, &args)).await
            }
            AwsCommand::Teardown(args) => Box::pin(aws_teardown::teardown(cx, &args)).await,
            AwsCommand::Permissions(args) => aws_permissions::permissions(cx, &args),
            AwsCommand::Workload(args) => aws_offline::workload(cx, &args),
        },
        Command::Apply(args) => apply::apply(cx, &args).await,
        Command::Diff(args) => diff::diff(cx, &args).await,
        Command::Check(args) => check::check(cx, &args).await,
        Command::Validate(args) => validate::validate(cx, &args).await,
        Command::Journal(args) => journal::journal(cx, &args),
        Command::Undo(args) => Box::pin(addon_change::undo(cx, &args)).await,
        Command::History(args) => undo::history(cx, &args),
        Command::Cluster(ClusterCommand::List(args)) => cluster::list(cx, &args).await,
        Command::Cluster(ClusterCommand::Get(args)) => cluster::get(cx, &args).await,
        Command::Cluster(ClusterCommand::Wait(args)) => cluster_wait::wait(cx, &args).await,
        Command::Auth(AuthCommand::Status) => auth::status(cx).await,
        Command::Sandbox(SandboxCommand::Start(options)) => sandbox::start(cx, &options).await,
        Command::Sandbox(SandboxCommand::Run(args)) => sandbox::run(cx, &args).await,
        Command::Sandbox(SandboxCommand::Token(args)) => sandbox::token(cx, &args).await,
        Command::Completion(args) => Ok(complete::completion(cx, &args)),
        Command::Help(args) => help::help(cx, &args.words),
        Command::Man(args) => help::man(cx, args.folder.as_deref()),
        Command::Schema(args) => schema::schema(cx, &args),
        Command::Version => version(cx),
    }
}

/// Whether a command shows what would be done to files, and does nothing.
fn previews(command: &AddonCommand) -> bool {
    match command {
        AddonCommand::Enable(args) => args.flags.change.dry_run && !args.flags.change.apply,
        AddonCommand::Disable(args) => args.change.dry_run && !args.change.apply,
        AddonCommand::Set(args) => args.change.dry_run && !args.change.apply,
        AddonCommand::Pull(args) => args.dry_run,
        _ => false,
    }
}

async fn addon(cx: &Context, command: AddonCommand) -> Result<Outcome> {
    match command {
        AddonCommand::List(args) => addon_read::list(cx, &args).await,
        AddonCommand::Show(args) => addon_read::show(cx, &args).await,
        AddonCommand::Explain(args) => addon_read::explain(cx, &args).await,
        AddonCommand::Enable(args) if args.flags.create_role => {
            Box::pin(aws_setup::with_role(cx, &args)).await
        }
        AddonCommand::Enable(args) => addon_change::enable(cx, &args).await,
        AddonCommand::Disable(args) => addon_change::disable(cx, &args).await,
        AddonCommand::Set(args) => addon_change::set(cx, &args).await,
        AddonCommand::Copy(args) => addon_change::copy(cx, &args).await,
        AddonCommand::Pull(args) => addon_change::pull(cx, &args).await,
        AddonCommand::TrustPolicy(args) => status::trust_policy(cx, &args).await,
        AddonCommand::OidcUrl(args) => status::oidc_url(cx, &args).await,
    }
}

fn version(cx: &Context) -> Result<Outcome> {
    let version = env!("CARGO_PKG_VERSION");
    cx.ui.report(&Report {
        json: wire::to_value(&wire::Single::new(
            "Version",
            serde_json::json!({ "version": version }),
        )),
        slim: None,
        names: vec![version.to_owned()],
        text: vec![format!("mk8s {version}")],
        wide: None,
    })?;
    Ok(Outcome::Ok)
}
