//! `mk8s sandbox start`, `mk8s sandbox run` and `mk8s sandbox token`.

use super::Context;
use super::sandbox_folder::TemporaryFolder;
use crate::choice::Choice;
use crate::cli::{SandboxOptions, SandboxRunArgs, SandboxTokenArgs, TokenDefect, TrustPolicy};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::invocation::Invocation;
use crate::manifest;
use crate::sandbox::{self, Options, Sandbox, Seeds, TrustPolicyForm};
use crate::shell::quote;
use crate::text::is_hidden;
use rustix::process::Signal;
use serde_json::json;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use tokio::signal::unix::{self, SignalKind};

/// The largest trust policy that is read: far above what IAM takes.
const DOCUMENT: u64 = 256 * 1024;

/// `mk8s sandbox start`
pub(super) async fn start(cx: &Context, args: &SandboxOptions) -> Result<Outcome> {
    let mut signals = Signals::new()?;
    let sandbox = Sandbox::bind(options(cx, args)?).await?;
    let mut lines: Vec<String> = sandbox
        .environment()
        .into_iter()
        .map(|(name, value)| format!("export {name}={}", quote(&value)))
        .collect();
    // The file goes with the folder when the sandbox stops.
    let folder = TemporaryFolder::new()?;
    if let Some(path) = trust(&sandbox, &folder)? {
        let path = path.to_str().ok_or_else(|| {
            Error::failure("the certificates of the issuers cannot be exported")
                .because(format!("{} is not UTF-8", path.display()))
                .hint("name another folder in TMPDIR, or leave the issuers out with --no-oidc")
        })?;
        lines.push(format!("export SSL_CERT_FILE={}", exported(path)));
    }
    for line in &lines {
        cx.ui.data(line);
    }
    cx.ui
        .status(&format!("Sandbox on {}; Ctrl-C stops it", sandbox.url()));
    sandbox
        .serve(async move {
            signals.next().await;
        })
        .await?;
    Ok(Outcome::Ok)
}

/// A path as a word of a shell, on one line whatever is in it: in quotes a line end would end the line,
/// and our escapes are none of a shell's. `printf` knows bytes by their octal digits.
fn exported(path: &str) -> String {
    if !path.chars().any(is_hidden) {
        return quote(path);
    }
    let mut word = String::new();
    for c in path.chars() {
        if c == '\\' || is_hidden(c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(word, "\\0{byte:03o}");
            }
        } else {
            word.push(c);
        }
    }
    format!("\"$(printf %b {})\"", quote(&word))
}

/// `mk8s sandbox run`
pub(super) async fn run(cx: &Context, args: &SandboxRunArgs) -> Result<Outcome> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Error::usage("no command was named"));
    };
    // Ctrl-C goes to the child, which is in the same group; we stay to tidy up and pass its code on.
    let mut signals = Signals::new()?;
    let sandbox = Sandbox::bind(options(cx, &args.options)?).await?;
    let folder = TemporaryFolder::new()?;
    let home = folder.folder("home")?;
    let trusted = trust(&sandbox, &folder)?;
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).env_clear();
    for (name, value) in cx.env.iter() {
        // What would point the child elsewhere than at the sandbox stays out.
        let name_text = name.to_string_lossy();
        if !name_text.starts_with("CPLN_") && name_text != "MK8S_CLUSTER" {
            command.env(name, value);
        }
    }
    for (name, value) in sandbox.environment() {
        command.env(name, value);
    }
    if let Some(trusted) = trusted {
        command.env("SSL_CERT_FILE", trusted);
    }
    command
        .env("CPLN_HOME", home)
        .env("CPLN_SKIP_UPDATE_CHECK", "true")
        .env("PATH", path_with_us(cx)?);
    let mut child = command.spawn().map_err(|error| {
        Error::not_found(format!("`{}` was not run", program.to_string_lossy())).because(
            match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such program".to_owned(),
                _ => error.to_string(),
            },
        )
    })?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serve = sandbox.serve(async move {
        let _ = stopped.await;
    });
    let wait = async move {
        let status = loop {
            tokio::select! {
                status = child.wait() => break status,
                signal = signals.next() => {
                    // Whoever ends us means the child as well, which may want to tidy up.
                    if signal != Signal::INT {
                        pass_on(&child, signal);
                    }
                }
            }
        };
        let _ = stop.send(());
        status
    };
    let (served, status) = tokio::join!(serve, wait);
    served?;
    let status = status
        .map_err(|error| Error::failure(format!("the command cannot be waited for: {error}")))?;
    Ok(Outcome::Passed(code(status)))
}

/// `mk8s sandbox token`
pub(super) async fn token(cx: &Context, args: &SandboxTokenArgs) -> Result<Outcome> {
    let settings = cx.settings()?;
    let endpoint = &settings.endpoint().value;
    if !endpoint.is_loopback() {
        return Err(Error::usage("no token was made")
            .because(format!(
                "{} is not a sandbox on this machine",
                endpoint.as_str()
            ))
            .hint(
                Invocation::mk8s("sandbox run --")
                    .hole("COMMAND")
                    .within("run this below ", ", or with what ")
                    .command(Invocation::mk8s("sandbox start"))
                    .text(" prints"),
            ));
    }
    let mut request = json!({ "cluster": args.cluster });
    if let Some(account) = &args.service_account {
        request["serviceAccount"] = json!(account);
    }
    if let Some(audience) = &args.audience {
        request["audience"] = json!(audience);
    }
    if let Some(time) = args.expires_in {
        request["expiresIn"] = json!(time.as_secs());
    }
    match args.defect {
        None => {}
        Some(TokenDefect::Expired) => request["expiresIn"] = json!(-900),
        Some(TokenDefect::Issuer) => request["issuer"] = json!("https://issuer.example/other"),
        Some(TokenDefect::Key) => request["key"] = json!("other"),
        Some(TokenDefect::UnknownKey) => request["key"] = json!("unknown"),
        Some(TokenDefect::Algorithm) => request["algorithm"] = json!("HS256"),
    }
    let connection = cx.connection().await?;
    let token = sandbox::mint(endpoint.as_str(), &connection.token.header()?, &request).await?;
    cx.ui.data(&token);
    Ok(Outcome::Ok)
}

/// Writes the file for `SSL_CERT_FILE`, where there are issuers to trust.
fn trust(sandbox: &Sandbox, folder: &TemporaryFolder) -> Result<Option<PathBuf>> {
    sandbox
        .trusted()
        .map(|trusted| folder.file("trusted.pem", &trusted))
        .transpose()
}

/// What asks us to end.
struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    /// `None` where it is to be ignored, as below `nohup`.
    hangup: Option<unix::Signal>,
}

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| {
            unix::signal(kind)
                .map_err(|error| Error::failure(format!("signals cannot be handled: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: if ignores_hangup() {
                None
            } else {
                Some(listen(SignalKind::hangup())?)
            },
        })
    }

    async fn next(&mut self) -> Signal {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
            _ = hangup => Signal::HUP,
        }
    }
}

/// Whether we were started to outlive the terminal. Linux alone says so; to listen to the signal
/// would undo it.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        // The lowest bit is the first signal, which SIGHUP is.
        .is_some_and(|mask| mask & 1 == 1)
}

/// Passes a signal on; a child that has ended already needs none.
fn pass_on(child: &tokio::process::Child, signal: Signal) {
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// A shell's view of how a process ended: its code, or 128 and the signal.
fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

/// PATH with this binary's folder first, so that `mk8s` in the command is this one.
fn path_with_us(cx: &Context) -> Result<OsString> {
    // Not known without /proc; then PATH has to lead to us.
    let us = std::env::current_exe().ok();
    let us = us.as_deref().and_then(Path::parent);
    let mut folders: Vec<PathBuf> = us.map(PathBuf::from).into_iter().collect();
    if let Some(path) = cx.env.path("PATH") {
        folders.extend(std::env::split_paths(path));
    }
    std::env::join_paths(folders)
        .map_err(|error| Error::failure(format!("PATH cannot be extended: {error}")))
}

fn options(cx: &Context, args: &SandboxOptions) -> Result<Options> {
    let mut seeds = Vec::new();
    if !args.seed.is_empty() {
        for file in &super::target::load(cx, &args.seed, &Choice::default())? {
            seeds.extend(file.manifest.clusters().map(manifest::Document::value));
        }
    }
    let iam = ["AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL"]
        .iter()
        .find_map(|name| cx.env.get(name))
        .map(str::to_owned);
    if !args.require_role.is_empty() && iam.is_none() {
        return Err(
            Error::usage("--require-role was given, and there is no IAM to ask")
                .hint("set AWS_ENDPOINT_URL to the address of an IAM emulator"),
        );
    }
    let (trust_policy, trust_document) = match &args.trust_policy {
        TrustPolicy::Form(form) => (*form, None),
        TrustPolicy::File(path) => (TrustPolicyForm::default(), Some(document(path)?)),
    };
    let defaults = Options::default();
    // Only the flag: what the environment names is the org of real work.
    let org = cx.flags.org.clone().unwrap_or(defaults.org);
    Ok(Options {
        port: args.port,
        token: sandbox::token(&org),
        org,
        seeds: match args.clusters {
            Some(count) => Seeds::Fleet(seeds, count),
            None if args.seed.is_empty() => Seeds::Builtin,
            None => Seeds::Objects(seeds),
        },
        state: args.state.clone(),
        put: args.put,
        trust_policy,
        trust_document,
        known: args.known.clone(),
        rate: args.rate,
        status_delay: args.status_delay.unwrap_or_default(),
        latency: args.latency.unwrap_or_default(),
        oidc: (!args.no_oidc).then(|| args.oidc.unwrap_or_default()),
        faults: args.fault.clone(),
        enforce_prerequisites: args.enforce_prerequisites,
        require_role: args.require_role.clone(),
        iam,
        page_size: defaults.page_size,
        issuer: defaults.issuer,
    })
}

/// The document of `--trust-policy FILE`: any JSON.
fn document(path: &Path) -> Result<serde_json::Value> {
    let message = format!(
        "the sandbox was not started with the trust policy of {}",
        path.display()
    );
    let mut text = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(DOCUMENT + 1).read_to_end(&mut text))
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::not_found(&message)
                .because("there is no such file")
                .hint("name a file, or one of object, string and placeholder"),
            _ => Error::failure(&message).because(error.to_string()),
        })?;
    if text.len() as u64 > DOCUMENT {
        return Err(
            Error::refused(message).because(format!("it is larger than {} KiB", DOCUMENT / 1024))
        );
    }
    serde_json::from_slice(&text)
        .map_err(|error| Error::refused(message).because(format!("it is not JSON: {error}")))
}
