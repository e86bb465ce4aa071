//! A process that is killed at any moment leaves nothing half-done that a second run cannot finish.
//!
//! Most runs are killed as they enter a certain system call (`tests/support/kill_at.py`), so that no
//! moment between two writes is missed; some are killed after a time.

use crate::faults::{JOBS, Job, World};
use crate::support::manifests::aws;
use crate::support::{Env, Sandbox, Trial, comes, insist, wait};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// When a run is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// Before its Nth system call.
    Call(usize),
    /// After a time.
    After(Duration),
}

/// Runs `mk8s` and kills it; `Call(0)` lets it live and gives the number of its system calls.
fn killed(env: &Env, line: &str, moment: Moment) -> Result<usize, String> {
    match moment {
        Moment::Call(number) => {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/kill_at.py");
            let mut arguments = vec![
                script.to_str().unwrap().to_owned(),
                number.to_string(),
                env!("CARGO_BIN_EXE_mk8s").to_owned(),
            ];
            arguments.extend(line.split_whitespace().map(str::to_owned));
            let run = env.program("python3".as_ref(), &arguments).run();
            insist!(run.code == 0, "kill_at.py fails\n{run}");
            let last = run.stdout.lines().last().unwrap_or_default();
            let words: Vec<&str> = last.split(' ').collect();
            match words.as_slice() {
                ["killed"] => Ok(number),
                ["ended", "0", calls] => Ok(calls.parse().unwrap()),
                _ => Err(format!("it ended by itself\n{run}")),
            }
        }
        Moment::After(time) => {
            let mut child = env.line(line).spawn();
            if wait(&mut child, time).is_none() {
                child.kill().unwrap();
            }
            let status = child.wait().unwrap();
            insist!(status.code().is_none_or(|code| code == 0), "{status}");
            Ok(0)
        }
    }
}

/// An edit of files: the files before and after, and how they are named on the command line.
struct Edit {
    line: &'static str,
    before: BTreeMap<&'static str, String>,
    after: BTreeMap<&'static str, String>,
}

const ON: &str = "awsWorkloadIdentity: {}";

fn edits() -> Vec<Edit> {
    let off = |name: &str| aws(name, &[ON]);
    let on = |name: &str| aws(name, &[ON, "awsECR: {}"]);
    let large = |add_ons: &[&str]| {
        let documents: Vec<String> = (0..40).map(|n| aws(&format!("c{n}"), add_ons)).collect();
        documents.join("---\n")
    };
    vec![
        Edit {
            line: "addon enable aws-ecr -f a.yaml",
            before: BTreeMap::from([("a.yaml", off("a"))]),
            after: BTreeMap::from([("a.yaml", on("a"))]),
        },
        Edit {
            line: "addon disable aws-ecr -f link.yaml",
            before: BTreeMap::from([("a.yaml", on("a"))]),
            after: BTreeMap::from([("a.yaml", off("a"))]),
        },
        Edit {
            line: "addon enable aws-ecr -f .",
            before: BTreeMap::from([
                ("a.yaml", off("a")),
                ("b.yaml", large(&[ON])),
                ("c.yaml", off("c")),
            ]),
            after: BTreeMap::from([
                ("a.yaml", on("a")),
                ("b.yaml", large(&[ON, "awsECR: {}"])),
                ("c.yaml", on("c")),
            ]),
        },
    ]
}

impl Edit {
    fn world(&self) -> Env {
        let env = Env::new();
        for (name, text) in &self.before {
            env.write(name, text);
        }
        if self.line.ends_with("link.yaml") {
            std::os::unix::fs::symlink("a.yaml", env.path("link.yaml")).unwrap();
        }
        env
    }

    fn run(&self, moment: Moment) -> Result<(), String> {
        let env = self.world();
        killed(&env, self.line, moment)?;
        let mut done = 0;
        for (name, before) in &self.before {
            let now = env.text(name);
            let is_done = now == self.after[name];
            insist!(is_done || now == *before, "{name} is neither: {now:?}");
            done += usize::from(is_done);
        }
        let strange: Vec<String> = fs::read_dir(env.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| {
                !self.before.contains_key(name.as_str())
                    && name != "link.yaml"
                    && !name.starts_with(".mk8s-")
            })
            .collect();
        insist!(strange.is_empty(), "{strange:?} is left over");
        // The whole folder: what is left over must not be taken for a manifest.
        let run = env.line(self.line).run();
        insist!(
            run.code == 0,
            "after {done} files, a second run fails\n{run}"
        );
        for (name, after) in &self.after {
            insist!(env.text(name) == *after, "{name} is not done\n{run}");
        }
        let run = env.line("addon list -f .").run();
        insist!(run.code == 0, "the folder cannot be read any more\n{run}");
        Ok(())
    }
}

#[test]
fn a_killed_edit_leaves_the_old_file_or_the_new_one() {
    let trial = Trial::begin("kills::file");
    let edits = edits();
    let mut cases = Vec::new();
    for edit in &edits {
        let calls = killed(&edit.world(), edit.line, Moment::Call(0)).unwrap();
        assert!(calls > 100, "{calls} system calls");
        // What comes before is the start of any program.
        cases.extend((50..=calls).map(|call| (edit, Moment::Call(call))));
    }
    let mut cases = trial.sample(cases, 100);
    let mut chance = trial.chance(0);
    for _ in 0..trial.scale(30, 200) {
        let edit = &edits[chance.usize(..edits.len())];
        let after = Duration::from_micros(chance.u64(1_000..40_000));
        cases.push((edit, Moment::After(after)));
    }
    trial.each(
        &cases,
        4,
        |(edit, moment)| format!("mk8s {} killed at {moment:?}", edit.line),
        |(edit, moment)| edit.run(*moment),
    );
    trial.end();
}

#[test]
fn a_killed_change_leaves_the_cluster_as_it_was_or_as_wished() {
    let trial = Trial::begin("kills::request");
    let mut cases = Vec::new();
    let jobs = JOBS.into_iter().filter(|job| job.writes());
    let jobs: Vec<Job> = jobs.collect();
    for &job in &jobs {
        let calls = killed(&World::new(job).env, job.line(), Moment::Call(0)).unwrap();
        assert!(calls > 90, "{calls} system calls");
        cases.extend((60..=calls).map(|call| (job, "", Moment::Call(call))));
    }
    let mut cases = trial.sample(cases, 80);
    let mut chance = trial.chance(0);
    for _ in 0..trial.scale(20, 150) {
        let job = jobs[chance.usize(..jobs.len())];
        let after = Duration::from_millis(chance.u64(1..160));
        // Every answer, and the work before it, comes late: the kill meets a request on its way.
        let fault = ["delay=40ms", "delay=40ms,after"][chance.usize(..2)];
        cases.push((job, fault, Moment::After(after)));
    }
    trial.each(
        &cases,
        6,
        |(job, fault, moment)| format!("mk8s {} killed at {moment:?} {fault}", job.line()),
        |(job, fault, moment)| {
            let world = World::new(*job);
            if !fault.is_empty() {
                world.sandbox.fault(fault);
            }
            killed(&world.env, job.line(), *moment)?;
            // What was sent may still be on its way.
            world.sandbox.settles();
            world.nothing_is_lost()?;
            world.converges()
        },
    );
    trial.end();
}

/// The sandbox's own file: what it has answered with yes is there after the next start.
#[test]
fn a_killed_sandbox_keeps_what_it_has_accepted() {
    let trial = Trial::begin("kills::sandbox");
    for round in 0..trial.scale(6, 60) {
        let mut chance = trial.chance(round);
        let mut env = Env::new();
        env.write("prod.yaml", aws("prod", &[ON]));
        let flags = ["--state", "state.json", "--seed", "prod.yaml"];
        let sandbox = Sandbox::start(&mut env, &flags);
        let path = format!("/org/{}/mk8s/prod", sandbox.org());
        let accepted = AtomicUsize::new(0);
        let enough = chance.usize(1..60);
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let body = |n: usize| json!({"tags": {"n": n.to_string()}}).to_string();
                let mut next = 1;
                while sandbox.answers(200, "PATCH", &path, &body(next)) {
                    accepted.store(next, Ordering::Relaxed);
                    next += 1;
                }
            });
            assert!(comes(|| accepted.load(Ordering::Relaxed) >= enough));
            let kill = format!("kill -9 {}", sandbox.pid());
            let _ = env.sh(&kill).run().ok();
            writer.join().unwrap();
        });
        let accepted = accepted.into_inner();
        drop(sandbox);
        let sandbox = Sandbox::start(&mut env, &["--state", "state.json"]);
        let there: Value = sandbox.cluster("prod")["tags"]["n"].take();
        // The last one may be stored and its answer lost.
        let there: usize = there.as_str().map_or(0, |n| n.parse().unwrap());
        let result = if (accepted..=accepted + 1).contains(&there) {
            Ok(())
        } else {
            Err(format!("{accepted} was accepted, {there} is there"))
        };
        trial.count(&format!("round {round}"), result);
    }
    trial.end();
}
