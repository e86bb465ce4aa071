//! Copies of trust policies and of repositories' policies from before they are changed, on this
//! machine.
//!
//! The folder and its files are for their owner alone. A change whose copy cannot be written does
//! not happen.

use super::repository::Repository;
use crate::arn::AccountId;
use crate::error::{Error, Result};
use crate::invocation::Invocation;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backup {
    /// What it is a copy of: "trust policy".
    pub(crate) what: &'static str,
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// The command that puts it back.
    pub(crate) restore: Invocation,
}

/// Writes the text of a role's trust policy into the folder, which is made if it is missing.
pub(crate) fn save(folder: &Path, account: &AccountId, role: &str, text: &str) -> Result<Backup> {
    let name = format!("{account}-{role}");
    let path = write(folder, &name, text, OffsetDateTime::now_utc())
        .map_err(|error| unsaved(&format!("the trust policy of `{role}`"), folder, &error))?;
    let restore = Invocation::aws("iam update-assume-role-policy")
        .flag("--role-name", role)
        .flag("--policy-document", url(&path));
    Ok(Backup {
        what: "trust policy",
        path,
        restore,
    })
}

/// The same for the policy of a repository.
pub(crate) fn save_repository(
    folder: &Path,
    repository: &Repository,
    text: &str,
) -> Result<Backup> {
    let Repository {
        account,
        region,
        name,
        ..
    } = repository;
    // A name may have slashes, a file's may not.
    let file = format!("{account}-{region}-{}", name.replace('/', "+"));
    let path = write(folder, &file, text, OffsetDateTime::now_utc())
        .map_err(|error| unsaved(&format!("the policy of {repository}"), folder, &error))?;
    let restore = Invocation::aws("ecr set-repository-policy")
        .flag("--registry-id", account)
        .flag("--repository-name", name)
        .flag("--policy-text", url(&path))
        .in_region(region);
    Ok(Backup {
        what: "repository policy",
        path,
        restore,
    })
}

fn unsaved(what: &str, folder: &Path, error: &std::io::Error) -> Error {
    Error::failure(format!(
        "{what} was not changed, because the present one could not be saved"
    ))
    .because(format!("{}: {error}", folder.display()))
    .hint("go without the copy: --no-backup")
}

/// Writes a new file with the name, the time and, where that is taken, a number.
fn write(folder: &Path, name: &str, text: &str, now: OffsetDateTime) -> std::io::Result<PathBuf> {
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
        let path = folder.join(format!("{name}-{stamp}{again}.json"));
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
    Ok(path)
}

/// A file as the AWS CLI takes it.
fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_copy_is_the_owners_alone_and_never_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("mk8s/trust");
        let at = |text: &str| {
            write(
                &folder,
                "111122223333-mk8s-r",
                text,
                OffsetDateTime::UNIX_EPOCH,
            )
            .unwrap()
        };
        let (first, second) = (at("{\"a\": 1}"), at("{}"));
        assert!(first.ends_with("111122223333-mk8s-r-19700101T000000Z.json"));
        assert!(second.ends_with("111122223333-mk8s-r-19700101T000000Z-2.json"));
        assert_eq!(std::fs::read_to_string(&first).unwrap(), "{\"a\": 1}");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&first), 0o600);
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn the_command_names_all_that_putting_it_back_takes() {
        let home = tempfile::tempdir().unwrap();
        let trust = save(
            home.path(),
            &"111122223333".parse().unwrap(),
            "mk8s-r",
            "{}",
        )
        .unwrap();
        assert_eq!(
            trust.restore,
            format!(
                "aws iam update-assume-role-policy --role-name mk8s-r --policy-document file://{}",
                trust.path.display()
            )
        );
        let repository = Repository {
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
            name: "team/shop".to_owned(),
            arn: String::new(),
        };
        let policy = save_repository(home.path(), &repository, "{}").unwrap();
        let file = policy.path.file_name().unwrap().to_str().unwrap();
        assert!(
            file.starts_with("111122223333-eu-central-1-team+shop-"),
            "{file}"
        );
        assert_eq!(
            policy.restore,
            format!(
                "aws ecr set-repository-policy --registry-id 111122223333 --repository-name team/shop \
                 --policy-text file://{} --region eu-central-1",
                policy.path.display()
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
}
