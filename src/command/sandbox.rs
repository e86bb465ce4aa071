//! `mk8s sandbox start`, `mk8s sandbox run` and `mk8s sandbox token`.

use super::Context;
use crate::cli::{SandboxOptions, SandboxRunArgs, SandboxTokenArgs, TokenDefect};
use crate::control::Connection;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::manifest;
use crate::sandbox::{self, Options, Sandbox, Seeds};
use serde_json::json;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitStatus;
use tokio::signal::unix::{SignalKind, signal};

/// `mk8s sandbox start`
pub(super) async fn start(cx: &Context, args: &SandboxOptions) -> Result<Outcome> {
    let sandbox = Sandbox::bind(options(cx, args)?).await?;
    let mut lines: Vec<String> = sandbox
        .environment()
        .into_iter()
        .map(|(name, value)| format!("export {name}={value}"))
        .collect();
    // The file goes with the folder when the sandbox stops.
    let folder = folder()?;
    if let Some(path) = trust(&sandbox, &folder)? {
        lines.push(format!("export SSL_CERT_FILE={}", path.display()));
    }
    cx.ui.data(&lines.join("\n"));
    cx.ui
        .status(&format!("Sandbox on {}; Ctrl-C stops it", sandbox.url()));
    let mut terminate = signals(SignalKind::terminate())?;
    let mut interrupt = signals(SignalKind::interrupt())?;
    sandbox
        .serve(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await?;
    Ok(Outcome::Ok)
}

/// `mk8s sandbox run`
pub(super) async fn run(cx: &Context, args: &SandboxRunArgs) -> Result<Outcome> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Error::usage("no command was named"));
    };
    let sandbox = Sandbox::bind(options(cx, &args.options)?).await?;
    let home = folder()?;
    let certificates = folder()?;
    let trusted = trust(&sandbox, &certificates)?;
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
        .env("CPLN_HOME", home.path())
        .env("CPLN_SKIP_UPDATE_CHECK", "true")
        .env("PATH", path_with_us(cx)?);
    // Ctrl-C goes to the child, which is in the same group; we stay to tidy up and pass its code on.
    let mut interrupt = signals(SignalKind::interrupt())?;
    let mut terminate = signals(SignalKind::terminate())?;
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
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {
                    // Whoever ends us means the child as well, which may want to tidy up.
                    terminate_child(&child);
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
            .because(format!("{} is not a sandbox on this machine", endpoint.as_str()))
            .hint("run this below `mk8s sandbox run --oidc`, or with what `mk8s sandbox start --oidc` prints"));
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
    let connection = Connection::open(settings).await?;
    let token = sandbox::mint(endpoint.as_str(), &connection.token.header()?, &request).await?;
    cx.ui.data(&token);
    Ok(Outcome::Ok)
}

/// A temporary folder that goes with the value.
fn folder() -> Result<tempfile::TempDir> {
    tempfile::Builder::new()
        .prefix("mk8s-sandbox-")
        .tempdir()
        .map_err(|error| Error::failure(format!("cannot make a temporary folder: {error}")))
}

/// Writes the file for `SSL_CERT_FILE`, where there are issuers to trust.
fn trust(sandbox: &Sandbox, folder: &tempfile::TempDir) -> Result<Option<PathBuf>> {
    let Some(trusted) = sandbox.trusted() else {
        return Ok(None);
    };
    let path = folder.path().join("trusted.pem");
    match std::fs::write(&path, trusted) {
        Ok(()) => Ok(Some(path)),
        Err(error) => Err(Error::failure(format!(
            "the certificates were not written to {}",
            path.display()
        ))
        .because(error.to_string())),
    }
}

/// Passes SIGTERM on; a child that has ended already needs none.
fn terminate_child(child: &tokio::process::Child) {
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
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

fn signals(kind: SignalKind) -> Result<tokio::signal::unix::Signal> {
    signal(kind).map_err(|error| Error::failure(format!("signals cannot be handled: {error}")))
}

/// PATH with this binary's folder first, so that `mk8s` in the command is this one.
fn path_with_us(cx: &Context) -> Result<OsString> {
    let us = std::env::current_exe()
        .map_err(|error| Error::failure(format!("cannot find this binary: {error}")))?;
    let mut folders: Vec<PathBuf> = us.parent().map(PathBuf::from).into_iter().collect();
    if let Some(path) = cx.env.path("PATH") {
        folders.extend(std::env::split_paths(path));
    }
    std::env::join_paths(folders)
        .map_err(|error| Error::failure(format!("PATH cannot be extended: {error}")))
}

fn options(cx: &Context, args: &SandboxOptions) -> Result<Options> {
    let mut seeds = Vec::new();
    for path in &args.seed {
        for file in manifest::collect(std::slice::from_ref(path))? {
            let manifest = manifest::read(&file)?;
            seeds.extend(manifest.clusters().map(manifest::Document::value));
        }
    }
    if !args.seed.is_empty() && seeds.is_empty() {
        let names: Vec<String> = args
            .seed
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        return Err(
            Error::not_found(format!("no cluster is in the seed {}", names.join(", ")))
                .because("no document has `kind: mk8s`"),
        );
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
    Ok(Options {
        port: args.port,
        seeds: if args.seed.is_empty() {
            Seeds::Builtin
        } else {
            Seeds::Objects(seeds)
        },
        state: args.state.clone(),
        put: args.put,
        trust_policy: args.trust_policy,
        status_delay: args.status_delay.unwrap_or_default(),
        latency: args.latency.unwrap_or_default(),
        oidc: args.oidc,
        faults: args.fault.clone(),
        enforce_prerequisites: args.enforce_prerequisites,
        require_role: args.require_role.clone(),
        iam,
        ..sandbox::Options::default()
    })
}
