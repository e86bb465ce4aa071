//! Copies of trust policies from before they are changed, on this machine.
//!
//! The folder and its files are for their owner alone. A change whose copy cannot be written does
//! not happen.

use crate::arn::AccountId;
use crate::error::{Error, Result};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Where it lies.
    pub path: PathBuf,
    /// The command that puts it back.
    pub restore: String,
}

/// Writes the text of a role's trust policy into the folder, which is made if it is missing.
pub fn save(folder: &Path, account: &AccountId, role: &str, text: &str) -> Result<Backup> {
    write(folder, account, role, text, OffsetDateTime::now_utc()).map_err(|error| {
        Error::failure(format!(
            "the trust policy of `{role}` was not changed, because the present one could not be saved"
        ))
        .because(format!("{}: {error}", folder.display()))
        .hint("go without the copy: --no-backup")
    })
}

fn write(
    folder: &Path,
    account: &AccountId,
    role: &str,
    text: &str,
    now: OffsetDateTime,
) -> std::io::Result<Backup> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let stamp = format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    );
    let mut number = 1;
    let (path, mut file) = loop {
        let again = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        let path = folder.join(format!("{account}-{role}-{stamp}{again}.json"));
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
        {
            Ok(file) => break (path, file),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 1000 => number += 1,
            Err(error) => return Err(error),
        }
    };
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let restore = format!(
        "aws iam update-assume-role-policy --role-name {role} --policy-document {}",
        quoted(&format!("file://{}", path.display()))
    );
    Ok(Backup { path, restore })
}

/// One word of a shell command.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/:._-+=,@".contains(&b);
    if text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn save_at(folder: &Path, text: &str) -> Backup {
        let account = "111122223333".parse().unwrap();
        write(folder, &account, "mk8s-r", text, OffsetDateTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_copy_is_the_owners_alone_and_never_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("mk8s/trust");
        let first = save_at(&folder, "{\"a\": 1}");
        let second = save_at(&folder, "{}");
        assert!(
            first
                .path
                .ends_with("111122223333-mk8s-r-19700101T000000Z.json")
        );
        assert!(
            second
                .path
                .ends_with("111122223333-mk8s-r-19700101T000000Z-2.json")
        );
        assert_eq!(std::fs::read_to_string(&first.path).unwrap(), "{\"a\": 1}");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&first.path), 0o600);
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(
            first.restore,
            format!(
                "aws iam update-assume-role-policy --role-name mk8s-r --policy-document file://{}",
                first.path.display()
            )
        );
    }

    #[test]
    fn a_folder_that_cannot_be_made_stops_the_change() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = save(&file, &"111122223333".parse().unwrap(), "r", "{}").unwrap_err();
        assert!(error.message.contains("was not changed"));
        assert!(error.hints[0].contains("--no-backup"));
    }

    #[test]
    fn paths_are_quoted_for_the_shell() {
        assert_eq!(quoted("file:///a-b_c/d.json"), "file:///a-b_c/d.json");
        assert_eq!(quoted("file:///a b'c"), "'file:///a b'\\''c'");
    }
}
