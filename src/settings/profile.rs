//! The profile files of the `cpln` client: which one applies, and what is in it.
//!
//! Read only. Writing them (login, renewal) is left to `cpln` itself.

use super::env::Environment;
use super::{Origin, Sourced};
use crate::error::{Error, Result};
use crate::invocation::Invocation;
use crate::text::{excerpt, nearest, printable};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// No profile is larger, and nothing larger is read.
const LIMIT: u64 = 1024 * 1024;
/// A limit of a request beyond this is a slip of the pen.
const LONGEST: Duration = Duration::from_hours(1);
/// How many profiles a message lists.
const LISTED: usize = 5;

/// The fields of a profile that matter here; empty strings are absent.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub(super) org: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) insecure: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) token: Option<Secret>,
    pub(super) access_token: Option<Secret>,
    /// What `cpln` can renew the access token with.
    pub(super) refresh_token: Option<Secret>,
    pub(super) email: Option<String>,
}

/// A text that `Debug` does not show.
pub(super) struct Secret(pub(super) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The folder of `cpln`'s settings.
#[derive(Debug)]
pub(super) struct ProfileFolder {
    profiles: Option<PathBuf>,
}

impl ProfileFolder {
    /// `CPLN_HOME`, else `$XDG_CONFIG_HOME/cpln`, else `$HOME/.config/cpln`.
    pub(super) fn find(environment: &Environment) -> Self {
        let root = environment
            .path("CPLN_HOME")
            .map(Path::to_owned)
            .or_else(|| Some(environment.path("XDG_CONFIG_HOME")?.join("cpln")))
            .or_else(|| Some(environment.path("HOME")?.join(".config/cpln")));
        Self {
            profiles: root.map(|root| root.join("profiles")),
        }
    }

    /// The profile that applies: named, else the default, else the only one there is.
    pub(super) fn choose(
        &self,
        flag: Option<&str>,
        environment: &Environment,
    ) -> Result<Option<Sourced<String>>> {
        let given = match flag.filter(|name| !name.is_empty()) {
            Some(name) => Some((name, Origin::Flag("--profile"))),
            None => environment
                .text("CPLN_PROFILE")?
                .map(|name| (name, Origin::Env("CPLN_PROFILE"))),
        };
        if let Some((name, origin)) = given {
            return Ok(Some(Sourced {
                value: name.to_owned(),
                origin,
            }));
        }
        let default = self.default_name()?.or_else(|| {
            let names = self.names();
            (names.len() == 1).then(|| names.into_iter().next())?
        });
        Ok(default.map(|value| Sourced {
            value,
            origin: Origin::Default,
        }))
    }

    /// Reads a profile.
    pub(super) fn load(&self, chosen: &Sourced<String>) -> Result<Profile> {
        let name = chosen.value.as_str();
        let failed = format!("profile `{}` cannot be used", excerpt(name, 80));
        if !is_safe(name) {
            return Err(Error::usage(failed).because(format!(
                "`{}` is not the name of a profile ({})",
                excerpt(name, 80),
                chosen.origin
            )));
        }
        let Some(folder) = &self.profiles else {
            return Err(
                Error::usage(failed).because("none of CPLN_HOME, XDG_CONFIG_HOME and HOME is set")
            );
        };
        let path = folder.join(format!("{name}.json"));
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.missing(chosen, &path));
            }
            Err(error) => {
                return Err(Error::failure(failed).because(format!("{}: {error}", shown(&path))));
            }
        };
        Profile::parse(&text)
            .map_err(|reason| Error::usage(failed).because(format!("{}: {reason}", shown(&path))))
    }

    /// The file of a profile and the folders above it that are `cpln`'s.
    pub(super) fn paths(&self, name: &str) -> Vec<PathBuf> {
        let folder = self.profiles.iter();
        folder
            .flat_map(|folder| {
                let file = folder.join(format!("{name}.json"));
                let root = folder.parent().map(Path::to_owned);
                [Some(file), Some(folder.clone()), root]
            })
            .flatten()
            .collect()
    }

    /// The names of all profiles, sorted; none when the folder cannot be read.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = self.profiles.as_ref().map(fs::read_dir);
        let Some(Ok(entries)) = entries else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| {
                let name = entry.ok()?.file_name().into_string().ok()?;
                let name = name.strip_suffix(".json")?.to_owned();
                is_safe(&name).then_some(name)
            })
            .collect();
        names.sort_unstable();
        names
    }

    /// `` `ci`, `prod` ``, for messages; `None` when there is no profile.
    pub(super) fn listed(&self) -> Option<String> {
        let names = self.names();
        let mut quoted: Vec<String> = names
            .iter()
            .take(LISTED)
            .map(|name| format!("`{}`", printable(name)))
            .collect();
        if names.len() > LISTED {
            quoted.push("…".to_owned());
        }
        (!quoted.is_empty()).then(|| quoted.join(", "))
    }

    fn default_name(&self) -> Result<Option<String>> {
        let Some(folder) = &self.profiles else {
            return Ok(None);
        };
        let path = folder.join("default");
        match read(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|name| !name.is_empty())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::failure("the default profile cannot be read")
                .because(format!("{}: {error}", shown(&path)))),
        }
    }

    fn missing(&self, chosen: &Sourced<String>, path: &Path) -> Error {
        let name = excerpt(&chosen.value, 80);
        let (named_by, way_out) = match chosen.origin {
            Origin::Default => (
                "the default profile".to_owned(),
                Invocation::cpln("profile set-default")
                    .hole("NAME")
                    .within("or choose another default: ", ""),
            ),
            Origin::Env(variable) => (variable.to_owned(), "or unset it".into()),
            _ => (chosen.origin.to_string(), "or leave the flag out".into()),
        };
        let error = Error::usage(format!("profile `{name}` does not exist")).because(format!(
            "{named_by} names it; {} is not there",
            excerpt(&shown(path), 300)
        ));
        match self.listed() {
            Some(names) => {
                let existing = self.names();
                let near = nearest(&chosen.value, existing.iter().map(String::as_str));
                let meant = near.map_or_else(String::new, |near| {
                    format!("did you mean `{}`? ", printable(near))
                });
                error
                    .hint(format!("{meant}profiles that exist: {names}"))
                    .hint(way_out)
            }
            None => error.hint(
                Invocation::cpln("profile create")
                    .word(&chosen.value)
                    .flag_hole("--token", "KEY")
                    .flag_hole("--org", "ORG")
                    .within("make it: ", ""),
            ),
        }
    }
}

impl Profile {
    /// The error is the reason alone. It never quotes content: there are tokens in it.
    fn parse(text: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        if !value.is_object() {
            return Err("it is not a JSON object".to_owned());
        }
        for group in ["context", "request", "authInfo"] {
            if value
                .get(group)
                .is_some_and(|at| !(at.is_object() || at.is_null()))
            {
                return Err(format!("`{group}` is not an object"));
            }
        }
        Ok(Self {
            org: string(&value, "context.org")?,
            endpoint: string(&value, "request.endpoint")?,
            insecure: match find(&value, "request.insecure") {
                None => false,
                Some(Value::Bool(insecure)) => *insecure,
                Some(_) => return Err("`request.insecure` is not true or false".to_owned()),
            },
            timeout: match find(&value, "request.timeout") {
                None => None,
                Some(seconds) => seconds_of(seconds)?,
            },
            token: string(&value, "request.token")?.map(Secret),
            access_token: string(&value, "authInfo.accessToken")?.map(Secret),
            refresh_token: string(&value, "authInfo.refreshToken")?.map(Secret),
            email: string(&value, "authInfo.email")?,
        })
    }
}

/// Zero means "no limit" to `cpln`; here it means the default.
fn seconds_of(value: &Value) -> Result<Option<Duration>, String> {
    let seconds = value
        .as_f64()
        .filter(|seconds| *seconds >= 0.0)
        .ok_or("`request.timeout` is not a number of seconds")?;
    let limit = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST);
    Ok((!limit.is_zero()).then_some(limit.min(LONGEST)))
}

fn find<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    let found = field.split('.').try_fold(value, |at, part| at.get(part))?;
    (!found.is_null()).then_some(found)
}

fn string(value: &Value, field: &str) -> Result<Option<String>, String> {
    match find(value, field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("`{field}` is not a string")),
    }
}

/// A file name of its own, not a path, and nothing that another program could take for a flag.
fn is_safe(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['.', '-'])
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control)
}

/// Reads a regular file of bounded size. A pipe or a device could block for ever.
fn read(path: &Path) -> io::Result<String> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    if !kind.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    read_at_most(File::open(path)?, LIMIT)
}

/// Reads UTF-8 text of at most `limit` bytes.
pub(super) fn read_at_most(source: impl io::Read, limit: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it is larger than {limit} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// A path, fit for a terminal; of a longer one than any system takes, the beginning.
pub(super) fn shown(path: &Path) -> String {
    excerpt(&path.to_string_lossy(), 4096)
}
