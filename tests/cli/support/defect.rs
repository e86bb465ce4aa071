//! Defects that `mk8s check` has to find, and running the commands that it names against them.

use super::aws_cli;
use super::env::Env;
use super::process::Run;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// What goes wrong, and the ids of the checks that have to show it.
pub(crate) struct Defect {
    pub(crate) what: &'static str,
    pub(crate) ids: &'static [&'static str],
    /// Whether pasting the fixes makes the checklist pass.
    pub(crate) mended: bool,
}

/// The ids whose state is one of these.
#[track_caller]
pub(crate) fn ids(run: &Run, states: &[&str]) -> BTreeSet<String> {
    let report = run.json();
    report["items"]
        .as_array()
        .expect("a list of items")
        .iter()
        .filter(|item| states.contains(&item["state"].as_str().unwrap()))
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The fixes of everything that failed or is a warning.
#[track_caller]
pub(crate) fn fixes(run: &Run) -> Vec<String> {
    let report = run.json();
    let items: &Vec<Value> = report["items"].as_array().unwrap();
    items
        .iter()
        .filter(|item| ["fail", "warn"].contains(&item["state"].as_str().unwrap()))
        .map(|item| {
            item["fix"]
                .as_str()
                .unwrap_or_else(|| panic!("no fix: {item}"))
                .to_owned()
        })
        .collect()
}

impl Env {
    /// Puts `mk8s`, and the AWS CLI if it is there, on the PATH of what is started from here on.
    pub(crate) fn with_commands(&mut self) -> &mut Self {
        let bin = self.path("../bin");
        fs::create_dir_all(&bin).unwrap();
        let mk8s = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_mk8s"));
        for (name, script) in [("mk8s", mk8s), ("aws", aws_cli::script_of_aws())] {
            let path = bin.join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
        self.set("PATH", &path)
    }

    /// Pastes a fix into a shell. What a person would answer or fill in is added: yes to a plan, an
    /// ARN for `ARN`.
    #[track_caller]
    pub(crate) fn paste(&self, fix: &str) {
        let arn = "arn:aws:iam::999999999999:role/mk8s-ecr-driver";
        let mut line = fix.replace(" ARN", &format!(" {arn}"));
        if line.starts_with("mk8s aws setup") || line.starts_with("mk8s apply") {
            line.push_str(" --yes");
        }
        let run = self.sh(&line).run();
        assert_eq!(run.code, 0, "the fix does not work: {line}\n{run}");
    }
}
