//! The private file beside the state file: what makes an issuer the same after a restart.
//!
//! Holds the port, the root and the intermediate with their keys, and the key of every issuer, so it
//! is for its owner alone. Written whole and on disk before anything that depends on it is shown. It
//! is held as the state file is.

use super::held::{self, HeldFile};
use super::tls::Authorities;
use crate::error::{Error, Kind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

/// The layout that this binary writes and reads.
const FORMAT: u32 = 1;

#[derive(Clone, Serialize, Deserialize)]
struct VaultContent {
    format: u32,
    /// Where the issuers were served.
    port: u16,
    authorities: Authorities,
    /// PKCS #8 in Base64, by the issuer's path.
    keys: BTreeMap<String, String>,
}

/// What is kept of the issuers.
pub(super) struct Vault {
    file: HeldFile,
    content: VaultContent,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("path", &self.file.path())
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Reads the file, or makes what belongs into a new one; writes nothing yet.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let not_started = |kind, reason: String| {
            let path = path.display();
            Error::new(
                kind,
                format!("the sandbox was not started with the keys of its issuers, {path}"),
            )
            .because(reason)
        };
        let other = |reason: String| {
            not_started(Kind::Refused, reason)
                .hint("move it away, and new keys are made; `--no-oidc` needs none")
        };
        let (file, bytes) = HeldFile::open(path).map_err(|error| match error.kind {
            Kind::Refused => other(error.message),
            kind => not_started(kind, error.message),
        })?;
        let content = match bytes {
            None => VaultContent {
                format: FORMAT,
                port: 0,
                authorities: Authorities::new()
                    .map_err(|reason| not_started(Kind::Failure, reason))?,
                keys: BTreeMap::new(),
            },
            Some(bytes) => {
                let content: VaultContent = serde_json::from_slice(&bytes).map_err(|_| {
                    other(format!(
                        "it does not hold the keys of a sandbox: {}",
                        held::what(&bytes)
                    ))
                })?;
                if content.format != FORMAT {
                    return Err(other(format!(
                        "it has format {}, this version reads {FORMAT}",
                        content.format
                    )));
                }
                content
            }
        };
        Ok(Self { file, content })
    }

    /// Where the issuers were served before; 0 if they were not.
    pub(super) fn port(&self) -> u16 {
        self.content.port
    }

    /// Root and intermediate.
    pub(super) fn authorities(&self) -> &Authorities {
        &self.content.authorities
    }

    /// Keeps the port, and writes all of it.
    pub(super) fn served_on(&mut self, port: u16) -> io::Result<()> {
        self.content.port = port;
        self.save()
    }

    /// The key of an issuer.
    pub(super) fn key(&self, issuer: &str) -> Option<Vec<u8>> {
        STANDARD.decode(self.content.keys.get(issuer)?).ok()
    }

    /// Keeps the key of an issuer; one that cannot be written is not kept.
    pub(super) fn keep(&mut self, issuer: &str, key: &[u8]) -> io::Result<()> {
        let key = STANDARD.encode(key);
        let before = self.content.keys.insert(issuer.to_owned(), key);
        self.save().inspect_err(|_| {
            match before {
                Some(before) => self.content.keys.insert(issuer.to_owned(), before),
                None => self.content.keys.remove(issuer),
            };
        })
    }

    fn save(&mut self) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(&self.content)?;
        text.push(b'\n');
        self.file.write(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_is_kept_is_read_back_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json.issuers");
        let mut vault = Vault::open(&path).unwrap();
        assert_eq!((vault.port(), vault.key("/a")), (0, None));
        vault.served_on(4432).unwrap();
        // One that others could read does not stay so.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        vault.served_on(4433).unwrap();
        vault.keep("/a", b"key").unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let kept = vault.authorities().clone();
        drop(vault);
        let again = Vault::open(&path).unwrap();
        assert_eq!(
            (again.port(), again.key("/a")),
            (4433, Some(b"key".to_vec()))
        );
        assert_eq!(again.authorities(), &kept);
        let shown = format!("{again:?} {:?}", again.authorities());
        let text = fs::read_to_string(&path).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let key = value["authorities"]["root"]["key"].as_str().unwrap();
        assert!(!key.is_empty() && !shown.contains(key), "{shown}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_cannot_be_written_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        fs::create_dir(&gone).unwrap();
        let mut vault = Vault::open(&gone.join("x")).unwrap();
        fs::remove_dir(&gone).unwrap();
        assert!(vault.keep("/a", b"key").is_err());
        assert_eq!(vault.key("/a"), None);
    }

    #[test]
    fn a_file_of_another_kind_is_refused_and_kept_without_being_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for (content, what) in [
            ("secret: yes\n", "it is some other text"),
            ("{\"format\": 1}", "it is JSON of another kind"),
        ] {
            fs::write(&path, content).unwrap();
            let error = Vault::open(&path).unwrap_err();
            assert_eq!(
                error.because,
                [format!("it does not hold the keys of a sandbox: {what}")]
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }
}
