//! A hermetic environment: own home, own working folder, and no variable of the caller's.

use super::process::Cmd;
use super::tools;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where a test's processes live. Nothing leaks in: the environment is made from nothing, so that a
/// developer's `CPLN_…`, `MK8S_…`, `AWS_…`, `GITHUB_…` or `CI` cannot change a result.
pub(crate) struct Env {
    root: TempDir,
    variables: BTreeMap<String, String>,
}

impl Env {
    /// An empty home (no profile), an empty working folder, no organisation, endpoint or token.
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new()
            .prefix("mk8s-test-")
            .tempdir()
            .expect("a temporary folder can be made");
        for folder in ["home", "work", "tmp"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        let mut env = Self {
            root,
            variables: BTreeMap::new(),
        };
        for (name, value) in [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("COLUMNS", "100"),
            ("LANG", "C.UTF-8"),
            ("NO_COLOR", "1"),
            ("TERM", "xterm-256color"),
            ("TZ", "UTC"),
        ] {
            env.set(name, value);
        }
        for (name, folder) in [("HOME", "home"), ("TMPDIR", "tmp")] {
            let value = env.root.path().join(folder);
            env.set(name, value.to_str().unwrap());
        }
        env
    }

    /// Sets a variable for every process started from here on.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Removes a variable.
    pub(crate) fn unset(&mut self, name: &str) -> &mut Self {
        self.variables.remove(name);
        self
    }

    /// Every variable that processes get.
    pub(super) fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Points the connection variables at a server.
    pub(crate) fn connect(&mut self, endpoint: &str, org: &str, token: &str) -> &mut Self {
        self.set("CPLN_ENDPOINT", endpoint)
            .set("CPLN_ORG", org)
            .set("CPLN_TOKEN", token)
    }

    /// The folder that holds everything, for filters.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// A path below the home folder.
    pub(crate) fn home(&self, path: &str) -> PathBuf {
        self.root.path().join("home").join(path)
    }

    /// A path below the working folder, which is every process's current one.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join("work").join(path)
    }

    /// Writes a file below the working folder, with its parents.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// The bytes of a file below the working folder.
    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap()
    }

    /// The text of a file below the working folder.
    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).expect("the file is UTF-8")
    }

    /// A `cpln` profile, as the client writes it; `default` makes it the default one.
    pub(crate) fn profile(&self, name: &str, content: &serde_json::Value, default: bool) {
        let folder = self.home(".config/cpln/profiles");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.json")), content.to_string()).unwrap();
        if default {
            fs::write(folder.join("default"), name).unwrap();
        }
    }

    /// The binary under test.
    pub(crate) fn mk8s<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Cmd {
        self.program(Path::new(env!("CARGO_BIN_EXE_mk8s")), arguments)
    }

    /// The real Control Plane client.
    pub(crate) fn cpln<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Cmd {
        let mut all = vec![tools::cpln_script().into_os_string()];
        all.extend(
            arguments
                .iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        let mut command = self.program(&tools::node(), &all);
        command
            .env("CPLN_SKIP_UPDATE_CHECK", "true")
            .env("CPLN_HOME", self.root.path().join("cpln").to_str().unwrap());
        command
    }

    /// Puts the real Control Plane client on PATH, as an installation does; gives the command.
    pub(crate) fn cpln_on_path(&mut self) -> PathBuf {
        let (node, script) = (tools::node(), tools::cpln_script());
        let run = format!(
            "#!/bin/sh\nexec '{}' '{}' \"$@\"\n",
            node.display(),
            script.display()
        );
        let command = self.write("bin/cpln", run);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&command, mode).unwrap();
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        self.set("PATH", &path);
        command
    }

    /// The binary under test, with the arguments of one line.
    pub(crate) fn line(&self, arguments: &str) -> Cmd {
        self.mk8s(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// Any other program, in this environment.
    pub(crate) fn program<A: AsRef<OsStr>>(&self, program: &Path, arguments: &[A]) -> Cmd {
        Cmd::new(program, arguments, &self.variables, &self.path(""))
    }

    /// A shell command in the working folder.
    pub(crate) fn sh(&self, script: &str) -> Cmd {
        self.program(Path::new("/bin/sh"), &["-euc", script])
    }
}
