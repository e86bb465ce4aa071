//! Profiles and files of tokens: read or refused, and no secret in any word about them.

use crate::settings::{ConnectionFlags, Environment, Settings, Token};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// The fields that are secrets.
const SECRETS: [&str; 3] = [
    "/request/token",
    "/authInfo/accessToken",
    "/authInfo/refreshToken",
];
/// A shorter text is no secret: any word may hold it.
const SHORTEST: usize = 8;

/// Bytes as the one profile there is, as a file of a token, and as a token.
pub fn profile(data: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        panic!("there is no place for files");
    };
    let (profiles, token) = (folder.path().join("profiles"), folder.path().join("token"));
    for result in [
        fs::create_dir(&profiles),
        fs::write(profiles.join("one.json"), data),
        fs::write(&token, data),
    ] {
        assert!(result.is_ok(), "{result:?}");
    }
    // No PATH: no `cpln` is run.
    let environment = |home: &Path| -> Environment {
        [("CPLN_HOME", home)]
            .map(|(name, value)| (OsString::from(name), value.as_os_str().to_owned()))
            .into_iter()
            .collect()
    };
    let text = String::from_utf8_lossy(data);
    let json = serde_json::from_slice(data).ok();
    let words = said(&ConnectionFlags::default(), &environment(folder.path()));
    for secret in secrets(json.as_ref(), &text) {
        assert!(!words.contains(&secret), "{secret:?} is said: {words}");
    }
    let flags = ConnectionFlags {
        token_file: Some(token),
        ..ConnectionFlags::default()
    };
    let words = said(&flags, &environment(&folder.path().join("none")));
    let bare = text.trim();
    if bare.len() >= SHORTEST && !words_without_token().contains(bare) {
        assert!(!words.contains(bare), "{bare:?} is said: {words}");
    }
    match Token::new(&text) {
        Ok(token) => {
            assert_eq!(format!("{token:?}"), "***");
            let sent = token.header().ok();
            let sent = sent.as_ref().and_then(|value| value.to_str().ok());
            let value = sent.and_then(|sent| sent.strip_prefix("Bearer "));
            let Some(value) = value else {
                panic!("it cannot be sent: {text:?}");
            };
            assert!(text.contains(value), "another token is sent: {value:?}");
            if value.len() >= SHORTEST {
                let shown = token.redact(&format!("<{value}>"));
                assert!(!shown.contains(value), "{shown}");
            }
        }
        Err(reason) => {
            let said = bare.len() >= SHORTEST && reason.contains(bare);
            assert!(!said, "{reason}");
        }
    }
}

/// Everything that is said of the settings, to people and to those who debug.
fn said(flags: &ConnectionFlags, environment: &Environment) -> String {
    match Settings::resolve(flags, environment) {
        Ok(settings) => format!(
            "{settings:?} {:?} {:?} {:?}",
            settings.org(),
            settings.identity(),
            settings.warnings()
        ),
        Err(error) => format!("{error} {error:?}"),
    }
}

/// What is said when a token is good, so that what is a part of it is not taken for a leak.
fn words_without_token() -> String {
    let flags = ConnectionFlags {
        token: Some("x".into()),
        ..ConnectionFlags::default()
    };
    said(&flags, &Environment::default()) + "UserServiceAccount"
}

/// The secrets of a profile: of JSON the fields, unless they stand somewhere else too; of anything
/// else every long word.
fn secrets(json: Option<&Value>, text: &str) -> Vec<String> {
    let Some(json) = json else {
        return text
            .split(|c: char| !c.is_alphanumeric() && !"._-".contains(c))
            .filter(|word| word.len() > 30)
            .map(str::to_owned)
            .collect();
    };
    let mut rest = json.clone();
    let mut found = Vec::new();
    for field in SECRETS {
        if let Some(value) = rest.pointer_mut(field)
            && let Value::String(text) = value.take()
        {
            found.push(text);
        }
    }
    let rest = format!("{rest}{}", words_without_token());
    found.retain(|secret| secret.len() >= SHORTEST && !rest.contains(secret.as_str()));
    found
}
