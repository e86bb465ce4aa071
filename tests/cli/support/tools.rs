//! The outside witnesses: the Control Plane client, js-yaml, `PyYAML`, the AWS CLI and the readers of
//! what is handed over, as `scripts/test` installs them. A missing one fails the test that wants it.

use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file of `tests/.tools`.
pub(crate) fn installed(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/.tools")
        .join(path);
    assert!(
        path.exists(),
        "{} is not installed: run scripts/test",
        path.display()
    );
    path
}

/// The client's script, for `node`.
pub(super) fn cpln_script() -> PathBuf {
    installed("npm/node_modules/@controlplane/cli/dist/src/cpln.js")
}

/// The `node` on the developer's PATH.
pub(crate) fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("node"))
        .find(|candidate| candidate.is_file())
        .expect("node is not on PATH: run scripts/test")
}

/// A program of the machine, or the one of Debian's package that `scripts/test` unpacked.
pub(crate) fn of_debian(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            let root = installed("debian");
            let folders = ["usr/bin", "bin"].map(|folder| root.join(folder).join(name));
            let found = folders.into_iter().find(|path| path.exists());
            found.unwrap_or_else(|| panic!("{name} is not installed: run scripts/test"))
        })
}

/// The Python that has the emulator of AWS and the AWS CLI.
pub(crate) fn aws_python() -> PathBuf {
    installed("aws/bin/python")
}

/// The folder with `aws`, `shellcheck` and `cfn-lint`.
pub(crate) fn aws_programs() -> PathBuf {
    installed("aws/bin")
}

/// What `HashiCorp`'s own parser makes of a text in HCL. Strings are templates still: `$${` stands for
/// `${`.
#[track_caller]
pub(crate) fn read_hcl(text: &str) -> Value {
    serde_json::from_slice(&by_node("read-hcl.cjs", text)).expect("JSON")
}

/// A text in HCL as `HashiCorp`'s own formatter lays it out.
#[track_caller]
pub(crate) fn format_hcl(text: &str) -> String {
    String::from_utf8(by_node("format-hcl.cjs", text)).expect("UTF-8")
}

#[track_caller]
fn by_node(script: &str, text: &str) -> Vec<u8> {
    let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
    let mut child = Command::new(node())
        .arg(support.join(script))
        .env("NODE_PATH", installed("npm/node_modules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the reader starts");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "HCL cannot be read:\n{text}");
    output.stdout
}

/// Who reads a YAML text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// js-yaml, called as the Control Plane client calls it.
    JsYaml,
    /// `PyYAML`'s safe loader.
    PyYaml,
    /// The same on libyaml.
    LibYaml,
    /// ruamel, YAML 1.2.
    Ruamel,
    /// The package `yaml` of npm.
    Eemeli,
}

/// The documents that the reader sees in each text, or its error.
#[track_caller]
pub(crate) fn read_yaml(reader: Reader, texts: &[String]) -> Vec<Result<Value, String>> {
    let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
    let mut command = match reader {
        Reader::JsYaml | Reader::Eemeli => {
            let mut command = Command::new(node());
            command
                .arg(support.join("read-yaml.cjs"))
                .args((reader == Reader::Eemeli).then_some("yaml"))
                .env("NODE_PATH", installed("npm/node_modules"));
            command
        }
        Reader::PyYaml | Reader::LibYaml | Reader::Ruamel => {
            let mut command = Command::new(installed("python/bin/python"));
            command.arg(support.join("read_yaml.py"));
            command.args(match reader {
                Reader::LibYaml => Some("libyaml"),
                Reader::Ruamel => Some("ruamel"),
                _ => None,
            });
            command
        }
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the reader starts");
    let input = serde_json::to_vec(texts).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{reader:?} failed");
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a JSON array");
    answers
        .into_iter()
        .map(|mut answer| match answer.get("error") {
            Some(error) => Err(error.as_str().unwrap_or_default().to_owned()),
            None => Ok(answer["documents"].take()),
        })
        .collect()
}
