//! The settings that a command line gives, by whichever way, as one wish.
//!
//! The type of a value comes from the catalogue and never from the look of the word, so that a flag,
//! `--set` and a file of settings say the same.

use super::super::Context;
use super::super::target::{self, STDIN_LIMIT};
use crate::addon::fault::{self, Wrong};
use crate::addon::param::ParamKind;
use crate::addon::path::{self, Path, Stranger};
use crate::addon::{Addon, NamedAddon};
use crate::cli::{EnableFlags, Given};
use crate::error::{Error, Result};
use crate::invocation::Invocation;
use crate::manifest::{self, Manifest};
use crate::placeholder;
use crate::plan::{Expectation, Setting, Wish};
use crate::secret;
use crate::text::{Foreign, quotable};
use serde_json::{Map, Value};

/// What the command line wants of the add-on.
pub(super) fn wish(
    cx: &Context,
    addon: &NamedAddon,
    given: &[Given],
    flags: &EnableFlags,
) -> Result<Wish> {
    let ways = &flags.ways;
    let placeholders = flags.change.allow_placeholders;
    let mut settings = Vec::new();
    for given in given {
        settings.push(by_flag(addon, given, placeholders)?);
    }
    for text in &ways.set {
        settings.push(set(addon, "--set", text, |addon, path, word| {
            if placeholders && placeholder::is_in(word) {
                return Ok(Value::from(word));
            }
            typed(addon, path, word)
        })?);
    }
    for text in &ways.set_string {
        settings.push(set(addon, "--set-string", text, |addon, path, word| {
            checked(addon, path, Value::from(word))
        })?);
    }
    for text in &ways.set_json {
        settings.push(set(addon, "--set-json", text, |addon, path, word| {
            let value = serde_json::from_str(word)
                .map_err(|error| Error::usage("").because(format!("it is no JSON: {error}")))?;
            // JSON is YAML, and a number in it is another one to who reads it as a manifest.
            if let Ok(manifest) = Manifest::parse("--set-json", word.as_bytes().to_vec()) {
                target::warn_of(cx, "--set-json", manifest.documents());
            }
            checked(addon, path, value)
        })?);
    }
    for text in &ways.unset {
        settings.push(Setting {
            path: path("--unset", text)?,
            value: None,
        });
    }
    for (at, one) in settings.iter().enumerate() {
        if let Some(other) = settings[..at].iter().find(|it| it.path.overlaps(&one.path)) {
            return Err(Error::usage(format!(
                "`{}` was given twice",
                Foreign(&one.path.to_string())
            ))
            .because(format!(
                "`{}` says what it is as well",
                Foreign(&other.path.to_string())
            )));
        }
    }
    let merged = match &ways.settings {
        None => None,
        Some(file) => {
            let from_stdin = file.as_os_str() == "-";
            if from_stdin && flags.target.file.iter().any(|file| file.as_os_str() == "-") {
                return Err(Error::usage("stdin was named twice")
                    .because("-f and --settings cannot both be read from it"));
            }
            Some(read(cx, addon, file, ways.unknown)?)
        }
    };
    Ok(Wish {
        merged,
        replaces: ways.replace_settings,
        settings,
        is_live: false,
    })
}

/// What has to stand there now.
pub(super) fn expectations(addon: &NamedAddon, given: &[String]) -> Result<Vec<Expectation>> {
    let expected = given.iter().map(|text| {
        let (path, word) = assignment("--expect", text)?;
        if let (Some(Ok(spot)), false) = (known(addon, &path), word.is_empty())
            && spot.is_single()
        {
            typed(addon, &path, word).map_err(|error| wrong("--expect", &path, word, error))?;
        }
        Ok(Expectation {
            path,
            text: word.to_owned(),
        })
    });
    expected.collect()
}

/// The kind of what stands at a path, or why the catalogue has none; `None` for an add-on that it does
/// not know.
fn known(addon: &NamedAddon, path: &Path) -> Option<std::result::Result<ParamKind, Stranger>> {
    let addon = addon.addon()?;
    Some(path.spot(addon).map(|spot| spot.kind))
}

fn by_flag(addon: &NamedAddon, given: &Given, placeholders: bool) -> Result<Setting> {
    let path: Path = given
        .path
        .parse()
        .map_err(|reason: String| Error::failure(reason))?;
    let value = match (&given.value, known(addon, &path)) {
        (Some(word), _) if placeholders && placeholder::is_in(word) => {
            Some(Value::from(word.as_str()))
        }
        (Some(word), Some(Ok(kind))) => Some(kind.parse(word).map_err(|reason| {
            let error = Error::usage(match word.as_str() {
                "" => format!("--{} was given no value", given.flag),
                word => format!("`{}` is not {}", quotable(word), kind.noun()),
            })
            .because(reason);
            if placeholder::is_in(word) {
                error.hint(
                    "with -f, --allow-placeholders lets a value through that another tool fills in",
                )
            } else {
                error
            }
        })?),
        (Some(word), _) => Some(Value::from(word.as_str())),
        (None, _) => None,
    };
    Ok(Setting { path, value })
}

/// One `PATH=VALUE`, its value read in the way of the flag.
fn set(
    addon: &NamedAddon,
    flag: &str,
    text: &str,
    read: impl Fn(&NamedAddon, &Path, &str) -> Result<Value>,
) -> Result<Setting> {
    let (path, word) = assignment(flag, text)?;
    let value = read(addon, &path, word).map_err(|error| wrong(flag, &path, word, error))?;
    Ok(Setting {
        path,
        value: Some(value),
    })
}

/// The error of an assignment, with what was not done put before the reasons.
fn wrong(flag: &str, path: &Path, word: &str, error: Error) -> Error {
    let path = path.to_string();
    let message = match word {
        _ if !error.message.is_empty() => return error,
        "" => format!("`{}` was given no value by {flag}", Foreign(&path)),
        word if secret::may_hold(&path, word) => {
            format!("`{}` cannot be what {flag} gives it", Foreign(&path))
        }
        word => format!("`{}` cannot be `{}`", Foreign(&path), quotable(word)),
    };
    Error { message, ..error }
}

fn assignment<'t>(flag: &str, text: &'t str) -> Result<(Path, &'t str)> {
    let Some((given, value)) = path::assignment(text) else {
        let shown = if secret::may_hold("", text) {
            format!("{flag} was given no `=`")
        } else {
            format!("{flag} was given `{}`", quotable(text))
        };
        return Err(Error::usage(shown)
            .because("PATH=VALUE is expected, such as scrapeAnnotated.intervalSeconds=60"));
    };
    Ok((path(flag, given)?, value))
}

fn path(flag: &str, text: &str) -> Result<Path> {
    text.parse().map_err(|reason: String| {
        Error::usage(format!("{flag} was given the path `{}`", quotable(text)))
            .because(reason)
            .hint("a path is written scrapeAnnotated.intervalSeconds, mirrors[0].registry")
    })
}

/// The value of a word, by the catalogue.
fn typed(addon: &NamedAddon, path: &Path, word: &str) -> Result<Value> {
    match known(addon, path) {
        Some(Ok(kind)) => kind.parse(word).map_err(|reason| {
            let error = Error::usage("").because(reason);
            if kind.is_single() {
                error
            } else {
                error.hint(format!("--set-json '{path}=…' gives it as a whole"))
            }
        }),
        Some(Err(stranger)) => Err(unknown(addon, &stranger)),
        None => Err(Error::usage(format!(
            "the settings of `{}` are not known to mk8s",
            addon.shown()
        ))
        .because("so that the type of a value is not either")
        .hint("--set-string gives a text, --set-json any value")),
    }
}

/// A value as it is, of which only what is surely wrong is refused: what the catalogue does not know
/// passes.
fn checked(addon: &NamedAddon, path: &Path, value: Value) -> Result<Value> {
    if let Some(Ok(kind)) = known(addon, path) {
        let faults = kind.faults(&value, None).into_iter();
        for fault in faults {
            if let Wrong::Invalid { reason, .. } = fault.what {
                let at = fault.path.to_string();
                return Err(Error::usage("").because(if at.is_empty() {
                    reason
                } else {
                    format!("`{}` in it: {reason}", Foreign(&at))
                }));
            }
        }
    }
    Ok(value)
}

/// The error of a path that the catalogue does not have.
fn unknown(addon: &NamedAddon, stranger: &Stranger) -> Error {
    let name = addon.shown();
    let path = stranger.path.to_string();
    let error = Error::usage(format!("`{name}` has no setting `{}`", Foreign(&path)));
    let error = match &stranger.near {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(
            Invocation::mk8s("addon explain")
                .word(name)
                .within("", " shows its settings"),
        ),
    };
    error.hint("--set-string and --set-json go past it, for what is newer than this mk8s")
}

/// The object in a file of settings.
fn read(
    cx: &Context,
    addon: &NamedAddon,
    file: &std::path::Path,
    takes_unknown: bool,
) -> Result<Map<String, Value>> {
    let manifest = if file.as_os_str() == "-" {
        let bytes = cx.ui.stdin(STDIN_LIMIT)?;
        Manifest::parse(manifest::STDIN, bytes)?
    } else {
        manifest::read(file, None)?
    };
    let label = manifest.label().to_owned();
    let refuse = |reason: String| {
        Error::usage(format!("{} holds no settings", Foreign(&label))).because(reason)
    };
    target::warn_of(cx, &label, manifest.documents());
    let settings = match manifest.documents() {
        // A template that rendered nothing would take away whatever is set.
        [] => {
            return Err(refuse(
                "it is empty; no settings at all are written as {}".to_owned(),
            ));
        }
        [document] => match document.value() {
            Value::Object(map) => {
                let (twice, _) = document.duplicates(1);
                if let Some(twice) = twice.first() {
                    return Err(refuse(format!(
                        "`{}` is written twice, first in line {}, and only one counts",
                        Foreign(&twice.key),
                        twice.first
                    )));
                }
                map
            }
            Value::Null => {
                return Err(refuse(
                    "it is empty; no settings at all are written as {}".to_owned(),
                ));
            }
            _ => {
                return Err(refuse(
                    "an object is expected, as below the add-on's key".to_owned(),
                ));
            }
        },
        several => return Err(refuse(format!("it has {} documents", several.len()))),
    };
    let Some(known) = addon.addon() else {
        return Ok(settings);
    };
    if let Some(error) = misfit(known, &settings, takes_unknown) {
        let message = format!("the settings in {} were not taken", Foreign(&label));
        return Err(Error { message, ..error });
    }
    Ok(settings)
}

/// What in a file of settings is not of its kind, or not known. What is missing may stand there.
fn misfit(addon: &Addon, settings: &Map<String, Value>, takes_unknown: bool) -> Option<Error> {
    let mut error = Error::usage("");
    let mut is_unknown = false;
    for fault in fault::faults(addon.params, settings, None) {
        let path = fault.path.to_string();
        let shown = Foreign(&path);
        match fault.what {
            Wrong::Invalid { reason, .. } => {
                error = error.because(format!("`{shown}`: {reason}"));
            }
            Wrong::Misspelt { .. } | Wrong::Unknown { .. } if !takes_unknown => {
                is_unknown = true;
                let near = fault
                    .path
                    .spot(addon)
                    .err()
                    .and_then(|stranger| stranger.near);
                error = error.because(match near {
                    Some(near) => format!(
                        "`{shown}` is no setting of {}: did you mean `{near}`?",
                        addon.name
                    ),
                    None => format!("`{shown}` is no setting of {}", addon.name),
                });
            }
            _ => {}
        }
    }
    if is_unknown {
        error = error.hint("--unknown takes what is newer than this mk8s");
    }
    (!error.because.is_empty()).then_some(error)
}
