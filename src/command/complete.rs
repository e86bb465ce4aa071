//! `mk8s completion SHELL`, and what the scripts ask for at a TAB: candidates, within a blink.
//!
//! Nothing of it may hold up or clutter a prompt: live names come from a cache, or within 300 ms from a login
//! that is there; nobody is logged in for it, and nothing is said where something fails.

use super::Context;
use crate::addon::{self, param::ParamKind};
use crate::check::select::Selection;
use crate::cli::{self, Candidate, Completing, CompletionArgs, NamedThing, ShellPart};
use crate::control::{Client, Connection, check_name};
use crate::error::Result;
use crate::exit::Outcome;
use crate::settings::{ConnectionFlags, Settings};
use clap_complete::Shell;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long live names are asked for.
const PATIENCE: Duration = Duration::from_millis(300);
/// How long names are good, in seconds.
const FRESH: u64 = 60;

/// `mk8s completion`
pub(super) fn completion(cx: &Context, args: &CompletionArgs) -> Outcome {
    let shim = match args.shell {
        Shell::Bash => Some(include_str!("shims/mk8s.bash")),
        Shell::Zsh => Some(include_str!("shims/mk8s.zsh")),
        Shell::Fish => Some(include_str!("shims/mk8s.fish")),
        _ => None,
    };
    match shim.filter(|_| !args.standalone) {
        Some(shim) => cx.ui.raw(shim),
        None => cx.ui.raw(&cli::completion(args.shell)),
    }
    Outcome::Ok
}

/// The first word of what a script asks. It is no command: nobody types it.
pub(crate) const ASKING: &str = "__complete";

/// What a script asks for: the shell, then the words up to the cursor, or of bash the line and the piece of
/// its last word that is replaced. The answer is a line for what the shell adds, and one for each
/// candidate.
pub(crate) async fn complete(cx: &Context, asked: &[OsString]) {
    let Some((shell, line)) = asked.split_first() else {
        return;
    };
    let is_bash = shell == "bash";
    let (words, seen) = if is_bash {
        of_bash(line)
    } else {
        (line.to_vec(), String::new())
    };
    let root = cli::command();
    let found = cli::completing(&root, &words);
    let named = match &found.named {
        Some(thing) => named(cx, thing, &words, &found).await,
        None => Vec::new(),
    };
    let kind = match found.shell {
        ShellPart::Nothing => "none",
        ShellPart::Files => "files",
        ShellPart::Folders => "folders",
        ShellPart::Programs => "programs",
    };
    let mut out = format!("{kind}\n");
    for (word, what) in found.whole(named) {
        // What is not a word of one line is none that can be typed.
        if word.chars().any(char::is_control) {
            continue;
        }
        let word = word.strip_prefix(&seen).unwrap_or(&word);
        out.push_str(word);
        if !is_bash && !what.is_empty() {
            out.push('\t');
            out.extend(what.chars().map(|c| if c.is_control() { ' ' } else { c }));
        }
        out.push('\n');
    }
    cx.ui.raw(&out);
}

/// The words of bash's line, and what stands of the last one before the piece that it replaces: bash
/// splits words at `=` and `:`.
fn of_bash(line: &[OsString]) -> (Vec<OsString>, String) {
    let whole = line.first().map(|it| it.to_string_lossy());
    let words = cli::line_words(&whole.unwrap_or_default());
    let piece = line.get(1).map(|it| it.to_string_lossy());
    let last = words.last().cloned().unwrap_or_default();
    let seen = last.strip_suffix(&*piece.unwrap_or_default());
    let seen = seen.unwrap_or_default().to_owned();
    (words.into_iter().map(OsString::from).collect(), seen)
}

/// Candidates that the tree of commands does not know.
async fn named(
    cx: &Context,
    thing: &NamedThing,
    words: &[OsString],
    found: &Completing,
) -> Vec<Candidate> {
    let plain = |names: Vec<String>| {
        names
            .into_iter()
            .map(|name| (name, String::new()))
            .collect()
    };
    match thing {
        NamedThing::Checks => Selection::known()
            .map(|(id, summary)| (id.to_owned(), summary.to_owned()))
            .collect(),
        NamedThing::Topics => super::help::topics()
            .map(|(name, about)| (name.to_owned(), about.to_owned()))
            .collect(),
        NamedThing::Profiles => plain(Settings::profiles(&cx.env)),
        NamedThing::AwsProfiles => plain(aws_profiles(cx)),
        NamedThing::Journals => plain(journals(cx)),
        NamedThing::Runs => super::undo::runs(cx),
        NamedThing::Settings(addon) => settings(addon, &found.typed),
        NamedThing::Clusters => plain(clusters(cx, words).await),
    }
}

/// The names of the runs that are kept, the latest first.
fn journals(cx: &Context) -> Vec<String> {
    let folder = cx.journals().and_then(|folder| fs::read_dir(folder).ok());
    let files = folder.into_iter().flatten().flatten();
    let names = files.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        Some(name.strip_suffix(".jsonl")?.to_owned())
    });
    let mut names: Vec<String> = names.collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    names
}

/// Paths of an add-on's settings with their sign, and behind it the values of those that have few.
fn settings(name: &str, typed: &str) -> Vec<Candidate> {
    let Some(addon) = addon::by_word(name) else {
        return Vec::new();
    };
    let places = addon
        .places()
        .into_iter()
        .filter(|place| !place.param.secret);
    let mut all = Vec::new();
    for place in places {
        if typed.starts_with(&format!("{}=", place.path)) {
            let values: &[&str] = match place.kind {
                ParamKind::Bool => &["true", "false"],
                ParamKind::Word(words) => words,
                _ => &[],
            };
            all.extend(
                values
                    .iter()
                    .map(|it| (format!("{}={it}", place.path), String::new())),
            );
        } else {
            all.push((format!("{}=", place.path), place.param.summary.to_owned()));
        }
    }
    all
}

/// The profiles in the files of the AWS tools.
fn aws_profiles(cx: &Context) -> Vec<String> {
    let home = cx.env.path("HOME").map(Path::to_path_buf);
    let file = |variable: &str, name: &str| {
        let named = cx.env.path(variable).map(Path::to_path_buf);
        named.or_else(|| Some(home.as_ref()?.join(".aws").join(name)))
    };
    let mut names = Vec::new();
    for path in [
        file("AWS_CONFIG_FILE", "config"),
        file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    ] {
        let text = path.and_then(|path| fs::read_to_string(path).ok());
        for line in text.unwrap_or_default().lines() {
            let section = line
                .trim()
                .strip_prefix('[')
                .and_then(|it| it.split(']').next());
            let Some(section) = section.map(str::trim) else {
                continue;
            };
            let name = section.strip_prefix("profile ").unwrap_or(section).trim();
            if !section.starts_with("sso-session ") && !section.starts_with("services ") {
                names.push(name.to_owned());
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Names that were read a moment ago.
#[derive(Serialize, Deserialize)]
struct CachedNames {
    /// Of which org at which endpoint.
    of: String,
    /// When, in seconds since 1970.
    at: u64,
    names: Vec<String>,
}

/// The clusters of the org that the line works in.
async fn clusters(cx: &Context, words: &[OsString]) -> Vec<String> {
    let given = |id: &str| cli::flag_value(&cli::command(), words, id);
    let flags = ConnectionFlags {
        org: given("org"),
        profile: given("profile"),
        endpoint: given("endpoint"),
        token: given("token").map(Into::into),
        token_file: given("token_file").map(PathBuf::from),
        insecure: words.iter().any(|it| it == "--insecure" || it == "-k"),
        timeout: Some(PATIENCE),
    };
    let Ok(settings) = Settings::resolve(&flags, &cx.env) else {
        return Vec::new();
    };
    let (Ok(org), endpoint) = (settings.org(), settings.endpoint()) else {
        return Vec::new();
    };
    let of = format!("{} {}", org.value, endpoint.value.as_str());
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let cache = cache_of(cx, &of);
    if let Some(path) = &cache
        && let Some(names) = cached(path, &of, now)
    {
        return names;
    }
    // What would have to be renewed first is no login.
    if !settings.has_token() {
        return Vec::new();
    }
    let asked = tokio::time::timeout(PATIENCE, ask(&settings)).await;
    let Ok(Ok(names)) = asked else {
        return Vec::new();
    };
    if let Some(path) = cache {
        let kept = CachedNames {
            of,
            at: now,
            names: names.clone(),
        };
        // Without a cache the next TAB asks again.
        let _ = keep(&path, &kept);
    }
    names
}

async fn ask(settings: &Settings) -> Result<Vec<String>> {
    let client = Client::new(Connection::open(settings).await?, None)?;
    let clusters = client.list().await.unwrap_or_default();
    let names = clusters.iter().map(|cluster| cluster.name().to_owned());
    Ok(names.filter(|name| check_name(name).is_ok()).collect())
}

/// The file for an org at an endpoint, in the user's folder of caches.
fn cache_of(cx: &Context, of: &str) -> Option<PathBuf> {
    let folder = cx
        .env
        .path("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .map(Path::to_path_buf)
        .or_else(|| Some(cx.env.path("HOME")?.join(".cache")))?;
    let name = crate::journal::fingerprint(of);
    Some(folder.join("mk8s").join(format!("names-{name}.json")))
}

/// What the file has, if it is the user's alone, of the same org, and fresh.
fn cached(path: &Path, of: &str, now: u64) -> Option<Vec<String>> {
    let found = fs::symlink_metadata(path).ok()?;
    if !found.is_file() || found.permissions().mode() & 0o077 != 0 || found.len() > 4_000_000 {
        return None;
    }
    let kept: CachedNames = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    let is_fresh = now.checked_sub(kept.at).is_some_and(|age| age < FRESH);
    let names = kept
        .names
        .into_iter()
        .filter(|name| check_name(name).is_ok());
    (kept.of == of && is_fresh).then(|| names.collect())
}

fn keep(path: &Path, kept: &CachedNames) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(serde_json::to_string(kept)?.as_bytes())?;
    fs::rename(&beside, path)
}
