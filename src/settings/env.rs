//! The environment as `main` found it, and the name and meaning of every variable that is read.
//!
//! Nothing else looks at the process's environment; the page of documentation about it is made
//! from [`VARIABLES`].

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

/// A variable that `mk8s` reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// The name.
    pub name: &'static str,
    /// What it does, one sentence without a full stop.
    pub meaning: &'static str,
}

/// Every variable that `mk8s` reads.
pub static VARIABLES: &[Variable] = &[
    variable("CPLN_ORG", "Org, when `--org` is not given"),
    variable(
        "CPLN_PROFILE",
        "Profile of the `cpln` client, when `--profile` is not given; it must exist",
    ),
    variable(
        "CPLN_TOKEN",
        "Token, when neither `--token` nor `--token-file` is given: a service-account key or what `cpln profile token` prints",
    ),
    variable(
        "CPLN_ENDPOINT",
        "URL of the API, when `--endpoint` is not given",
    ),
    variable(
        "CPLN_HOME",
        "Folder that holds `profiles/`; otherwise `$XDG_CONFIG_HOME/cpln` or `$HOME/.config/cpln`",
    ),
    variable(
        "MK8S_CLUSTER",
        "Cluster, when neither `-c` nor `-f` is given",
    ),
    variable("MK8S_OUTPUT", "Output format, when `-o` is not given"),
    variable(
        "MK8S_REPORT",
        "`github`: commands that can report to GitHub Actions do, when `--report` is not given",
    ),
    variable(
        "MK8S_REPORT_FILE",
        "File of the report for a comment, when `--report-file` is not given",
    ),
    variable(
        "GITHUB_STEP_SUMMARY",
        "File that the page of `--report github` is appended to",
    ),
    variable(
        "GITHUB_OUTPUT",
        "File that the outputs of `--report github` are appended to",
    ),
    variable("MK8S_NO_INPUT", "Set: never ask, as `--no-input`"),
    variable(
        "MK8S_ACCESSIBLE",
        "Set: the picker asks in plain lines, as `mk8s addon --accessible`",
    ),
    variable("MK8S_LOG", "`debug`: as `--debug`"),
    variable(
        "LC_ALL",
        "Locale: √ ‼ × of `check` where it is UTF-8, else ok, warn, FAIL; `LC_CTYPE` and `LANG` are read after it",
    ),
    variable("NO_COLOR", "Set: no colour"),
    variable("CLICOLOR_FORCE", "Set and not 0: colour, also in a pipe"),
    variable("FORCE_COLOR", "Set and not 0: colour, also in a pipe"),
    variable(
        "TERM",
        "`dumb`: no colour, and the picker asks in plain lines",
    ),
    variable(
        "COLUMNS",
        "Width of tables, when the terminal does not tell it",
    ),
    variable("CI", "Set: never ask"),
    variable(
        "HTTPS_PROXY",
        "Proxy to the API; `https_proxy`, `ALL_PROXY` and `all_proxy` are read after it",
    ),
    variable(
        "NO_PROXY",
        "Hosts that are reached without the proxy; `no_proxy` is read after it",
    ),
    variable(
        "SSL_CERT_FILE",
        "PEM file of the certificate authorities to trust, in place of the system's",
    ),
    variable(
        "AWS_PROFILE",
        "Profile of the AWS tools, when `--aws-profile` is not given; it must exist",
    ),
    variable(
        "AWS_ACCESS_KEY_ID",
        "Key of the AWS account, with `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; counts before `AWS_PROFILE`, not before `--aws-profile`",
    ),
    variable(
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "File of a token, with `AWS_ROLE_ARN` and `AWS_ROLE_SESSION_NAME`, when there is neither key nor profile",
    ),
    variable(
        "AWS_REGION",
        "Region that signs the requests to AWS, when `--aws-region` is not given",
    ),
    variable(
        "AWS_ENDPOINT_URL",
        "Address of all AWS services, when `--aws-endpoint-url` is not given; `AWS_ENDPOINT_URL_IAM`, `_STS`, `_ECR` and `_SSO` are read before it",
    ),
    variable(
        "AWS_CA_BUNDLE",
        "PEM file of the certificate authorities to trust for AWS, in place of the system's; `ca_bundle` of the profile is read after it",
    ),
    variable(
        "AWS_CONFIG_FILE",
        "File of the AWS profiles, in place of `~/.aws/config`; `AWS_SHARED_CREDENTIALS_FILE` in place of `~/.aws/credentials`",
    ),
    variable(
        "XDG_CONFIG_HOME",
        "Folder of settings that holds `cpln/`, when `CPLN_HOME` is not set",
    ),
    variable(
        "XDG_CACHE_HOME",
        "Folder of caches that holds `mk8s/`, for the names that a TAB offers; otherwise `$HOME/.cache`",
    ),
    variable(
        "XDG_STATE_HOME",
        "Folder of state that holds `mk8s/`, for copies of what is replaced; otherwise `$HOME/.local/state`",
    ),
    variable(
        "HOME",
        "Home folder, when neither `CPLN_HOME` nor `XDG_CONFIG_HOME` is set; `.aws` is below it",
    ),
    variable(
        "PATH",
        "Where `cpln` is looked for when an interactive login has to be renewed",
    ),
];

const fn variable(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning }
}

/// A snapshot of the environment. `Debug` shows names only: values may be secrets.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// The value of a variable; unset, empty and not UTF-8 read as `None`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name)?.to_str()
    }

    /// The value of a variable that names a file or a folder; empty is unset.
    pub(crate) fn path(&self, name: &str) -> Option<&Path> {
        self.raw(name).map(Path::new)
    }

    /// The value of a variable whose loss would go unnoticed: one that is not UTF-8 is an error of
    /// kind usage.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.raw(name) {
            None => Ok(None),
            Some(value) => value.to_str().map(Some).ok_or_else(|| {
                Error::usage(format!("the environment variable {name} cannot be used"))
                    .because("it is not UTF-8")
            }),
        }
    }

    /// All of it, to hand to a child process.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    fn raw(&self, name: &str) -> Option<&OsStr> {
        self.values
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self {
            values: variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt as _;

    #[test]
    fn empty_is_unset() {
        let environment: Environment = [("CPLN_ORG", ""), ("CPLN_PROFILE", "ci")]
            .into_iter()
            .collect();
        assert_eq!(environment.get("CPLN_ORG"), None);
        assert_eq!(environment.get("CPLN_PROFILE"), Some("ci"));
        assert_eq!(environment.get("CPLN_TOKEN"), None);
        assert_eq!(environment.iter().count(), 2);
    }

    #[test]
    fn a_value_that_is_not_utf8_is_named() {
        let environment: Environment = [(
            OsString::from("CPLN_TOKEN"),
            OsString::from_vec(vec![b's', 0xff]),
        )]
        .into_iter()
        .collect();
        assert_eq!(environment.get("CPLN_TOKEN"), None);
        let error = environment.text("CPLN_TOKEN").unwrap_err();
        assert!(error.message.contains("CPLN_TOKEN"), "{error}");
    }

    #[test]
    fn debug_shows_no_values() {
        let environment: Environment = [("CPLN_TOKEN", "s-very-secret")].into_iter().collect();
        let shown = format!("{environment:?}");
        assert!(
            shown.contains("CPLN_TOKEN") && !shown.contains("secret"),
            "{shown}"
        );
    }

    #[test]
    fn names_are_listed_once() {
        let mut names: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(
            VARIABLES
                .iter()
                .all(|variable| !variable.meaning.ends_with('.'))
        );
    }
}
