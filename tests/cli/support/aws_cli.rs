//! The real AWS CLI, as `scripts/test` installs it. Half of what a call costs is the start of Python, so
//! that it is started once and forks (`tests/support/aws_cli.py`).

use super::env::Env;
use super::process::Cmd;
use super::tools;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// What forks; it ends with this process, because its standard input does.
struct Server {
    folder: TempDir,
    _child: Child,
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/aws_cli.py")
}

/// Where calls go.
fn socket() -> PathBuf {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(tools::aws_python())
            .arg(script())
            .arg("--serve")
            .arg(folder.path().join("aws"))
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the AWS CLI starts");
        let mut first = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut first).unwrap();
        assert_eq!(first, "ready\n", "the AWS CLI does not start");
        Server {
            folder,
            _child: child,
        }
    });
    server.folder.path().join("aws")
}

/// A `PATH` with `aws`, and the checkers of what is emitted.
pub(crate) fn path_with_aws() -> String {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = socket().with_file_name("bin");
        fs::create_dir_all(&folder).unwrap();
        let aws = folder.join("aws");
        fs::write(&aws, script_of_aws()).unwrap();
        fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    });
    let (aws, others) = (folder.display(), tools::aws_programs());
    format!("{aws}:{}:/usr/local/bin:/usr/bin:/bin", others.display())
}

/// What `aws` is on a `PATH` of the tests.
pub(super) fn script_of_aws() -> String {
    let words: Vec<String> = words()
        .iter()
        .map(|word| format!("'{}'", word.display()))
        .collect();
    let words = words.join(" ");
    format!("#!/bin/sh\nexport AWS_PAGER=\nexec {words} \"$@\"\n")
}

/// The words that begin a call.
fn words() -> Vec<OsString> {
    vec![
        tools::aws_python().into(),
        "-ISE".into(),
        script().into(),
        socket().into(),
    ]
}

impl Env {
    /// A call of the AWS CLI.
    pub(crate) fn aws<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Cmd {
        let mut all = words();
        let program = PathBuf::from(all.remove(0));
        all.extend(arguments.iter().map(|it| it.as_ref().to_owned()));
        let mut command = self.program(&program, &all);
        command
            .env("AWS_PAGER", "")
            .env("AWS_RETRY_MODE", "standard");
        command
    }
}
