//! A process that is killed at any moment leaves nothing half-done that a second run cannot finish.
//!
//! Most runs are killed as they enter a certain system call (`tests/support/kill_at.py`), so that no
//! moment between two writes is missed; some are killed after a time.

use crate::faults::{JOBS, Job, World};
use crate::support::manifests::aws;
use crate::support::{Env, Sandbox, Trial, comes, insist, snapshot, wait};
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
    /// Before its Nth system call, by a signal.
    Call(usize, &'static str),
    /// After a time.
    After(Duration),
}

/// It lives.
const NEVER: Moment = Moment::Call(0, "KILL");

/// How a run ended.
struct Ended {
    /// The exit code, or the signal with a minus; `None` if it was killed.
    code: Option<i64>,
    /// How many system calls it made, where they were counted.
    calls: usize,
}

/// The command line that sends a run a signal before its Nth system call.
fn kill_at(number: usize, signal: &str, line: &str) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/kill_at.py");
    let mut arguments = vec![
        script.to_str().unwrap().to_owned(),
        number.to_string(),
        signal.to_owned(),
        env!("CARGO_BIN_EXE_mk8s").to_owned(),
    ];
    arguments.extend(line.split_whitespace().map(str::to_owned));
    arguments
}

/// Runs `mk8s` and kills it.
fn killed(env: &Env, line: &str, moment: Moment) -> Result<Ended, String> {
    match moment {
        Moment::Call(number, signal) => {
            let run = env
                .program("python3".as_ref(), &kill_at(number, signal, line))
                .run();
            insist!(run.code == 0, "kill_at.py fails\n{run}");
            let last = run.stdout.lines().last().unwrap_or_default();
            let words: Vec<&str> = last.split(' ').collect();
            match words.as_slice() {
                ["killed"] => Ok(Ended {
                    code: None,
                    calls: number,
                }),
                ["ended", code, calls] => {
                    let code: i64 = code.parse().unwrap();
                    let expected: &[i64] = match signal {
                        "INT" => &[0, 130, -2],
                        "TERM" => &[0, 130, -15],
                        _ => &[0],
                    };
                    insist!(expected.contains(&code), "it ended by itself\n{run}");
                    Ok(Ended {
                        code: Some(code),
                        calls: calls.parse().unwrap(),
                    })
                }
                _ => Err(format!("kill_at.py says something else\n{run}")),
            }
        }
        Moment::After(time) => {
            let mut child = env.line(line).spawn();
            if wait(&mut child, time).is_none() {
                child.kill().unwrap();
            }
            let status = child.wait().unwrap();
            insist!(status.code().is_none_or(|code| code == 0), "{status}");
            Ok(Ended {
                code: status.code().map(i64::from),
                calls: 0,
            })
        }
    }
}

/// How many system calls a run makes that nobody kills.
fn calls(env: &Env, line: &str) -> usize {
    let ended = killed(env, line, NEVER).unwrap();
    assert_eq!(ended.code, Some(0), "mk8s {line}");
    ended.calls
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

/// In place, where a file gets longer and where it gets shorter.
fn in_place() -> Vec<Edit> {
    let (off, on) = (large(&[ON]), large(&[ON, "awsECR: {}"]));
    vec![
        Edit {
            line: "addon enable aws-ecr -f b.yaml --in-place",
            before: BTreeMap::from([("b.yaml", off.clone())]),
            after: BTreeMap::from([("b.yaml", on.clone())]),
        },
        Edit {
            line: "addon disable aws-ecr -f link.yaml --in-place",
            before: BTreeMap::from([("a.yaml", on)]),
            after: BTreeMap::from([("a.yaml", off)]),
        },
    ]
}

fn large(add_ons: &[&str]) -> String {
    let documents: Vec<String> = (0..40).map(|n| aws(&format!("c{n}"), add_ons)).collect();
    documents.join("---\n")
}

impl Edit {
    fn world(&self) -> Env {
        let env = Env::new();
        for (name, text) in &self.before {
            env.write(name, text);
        }
        if self.line.contains("link.yaml") {
            std::os::unix::fs::symlink("a.yaml", env.path("link.yaml")).unwrap();
        }
        env
    }

    /// What lies there and is neither a manifest nor the link.
    fn strange(&self, env: &Env) -> Vec<String> {
        fs::read_dir(env.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !self.before.contains_key(name.as_str()) && name != "link.yaml")
            .collect()
    }

    /// The moments at which it writes, and some before: all but the writing is what a run does as
    /// well that finds nothing to do.
    fn writing(&self) -> std::ops::RangeInclusive<usize> {
        let env = self.world();
        let all = calls(&env, self.line);
        let idle = calls(&env, self.line);
        assert!(idle > 100 && all > idle + 15, "{idle} and {all}");
        idle - 30..=all
    }

    /// One run that is killed, and what comes after it.
    fn run(&self, moment: Moment) -> Result<(), String> {
        let env = self.world();
        let ended = killed(&env, self.line, moment)?;
        let in_place = self.line.contains("--in-place");
        let mut done = 0;
        let mut damaged = false;
        for (name, before) in &self.before {
            let now = env.text(name);
            let is_done = now == self.after[name];
            done += usize::from(is_done);
            if !is_done && now != *before {
                let cut_off = in_place && ended.code.is_none();
                insist!(cut_off, "{name} is neither: {now:?}");
                damaged = true;
            }
        }
        if ended.code == Some(0) {
            insist!(done == self.after.len(), "only {done} files are done");
        }
        let strange = self.strange(&env);
        if let Moment::Call(_, "INT" | "TERM") = moment {
            insist!(strange.is_empty(), "{strange:?} is left over");
        }
        let known = strange.iter().all(|name| name.starts_with(".mk8s-"));
        insist!(known, "{strange:?} is left over");
        let copy = copy_in(&strange);
        if damaged {
            self.mend(&env, copy)?;
        }
        // The whole folder: what is left over must not be taken for a manifest.
        let run = env.line(self.line).run();
        insist!(
            run.code == 0,
            "after {done} files, a second run fails\n{run}"
        );
        if copy.is_some() && !damaged {
            let text = if done == 1 { "new" } else { "old" };
            let said = format!("mk8s was killed; it is whole and holds the {text} text");
            insist!(run.stderr.contains(&said), "nothing is said\n{run}");
        }
        for (name, after) in &self.after {
            insist!(env.text(name) == *after, "{name} is not done\n{run}");
        }
        let run = env.line("addon list -f .").run();
        insist!(run.code == 0, "the folder cannot be read any more\n{run}");
        // What a killed run left over goes with the next one that writes there.
        let back = if self.line.contains("enable") {
            self.line.replace("enable", "disable")
        } else {
            self.line.replace("disable", "enable")
        };
        let run = env.line(&back).run();
        insist!(run.code == 0, "there is no way back\n{run}");
        let strange = self.strange(&env);
        insist!(strange.is_empty(), "{strange:?} stays for ever");
        Ok(())
    }

    /// A damaged file is refused by all who read it, and the first hint mends it.
    fn mend(&self, env: &Env, copy: Option<&String>) -> Result<(), String> {
        let (name, before) = self.before.first_key_value().unwrap();
        let Some(copy) = copy else {
            return Err(format!("{name} is damaged, and there is no copy"));
        };
        insist!(env.text(copy) == *before, "the copy is not whole");
        let damaged = env.text(name);
        let mut hint = None;
        for (line, code) in [("check -f .", 11), ("addon list -f .", 6), (self.line, 6)] {
            let run = env.line(line).run();
            let words = format!("{}{}", run.stdout, run.stderr);
            insist!(
                run.code == code && words.contains("may be damaged"),
                "{run}"
            );
            insist!(env.text(name) == damaged, "{line} changes it\n{run}");
            let rest = run.stderr.split_once("hint: `").map(|(_, rest)| rest);
            hint = rest.and_then(|rest| Some(rest.split_once('`')?.0.to_owned()));
        }
        let run = env.sh(hint.as_deref().unwrap_or("exit 1")).run();
        insist!(run.code == 0, "the hint {hint:?} does not work\n{run}");
        insist!(env.text(name) == *before, "the hint {hint:?} mends nothing");
        Ok(())
    }
}

/// The copy of a file's old text among what is left over.
fn copy_in(names: &[String]) -> Option<&String> {
    names
        .iter()
        .find(|name| Path::new(name).extension().is_some_and(|end| end == "copy"))
}

/// INT, TERM and KILL at every system call of the writing.
#[test]
fn a_signal_while_writing_damages_nothing_and_leaves_nothing() {
    let trial = Trial::begin("kills::writing");
    let mut edits = edits();
    edits.extend(in_place());
    let mut cases = Vec::new();
    for edit in &edits {
        for call in edit.writing() {
            let moments = ["INT", "TERM", "KILL"].map(|signal| Moment::Call(call, signal));
            cases.extend(moments.map(|moment| (edit, moment)));
        }
    }
    assert!(cases.len() >= 1_000, "{} cases", cases.len());
    let cases = trial.sample(cases, 40);
    trial.each(
        &cases,
        4,
        |(edit, moment)| format!("mk8s {} killed at {moment:?}", edit.line),
        |(edit, moment)| edit.run(*moment),
    );
    trial.end();
}

/// A moment in which the file is neither the old nor the new one, and what is said then.
#[test]
fn a_file_that_is_not_whole_is_refused_and_can_be_mended() {
    let edit = &in_place()[0];
    let damaged = edit.writing().rev().find_map(|call| {
        let env = edit.world();
        killed(&env, edit.line, Moment::Call(call, "KILL")).unwrap();
        let now = env.text("b.yaml");
        let whole = [&edit.before["b.yaml"], &edit.after["b.yaml"]].contains(&&now);
        (!whole).then_some(env)
    });
    let env = damaged.expect("the end is written before the beginning");
    snapshot!(env, env.line(edit.line).run(), @r"
    exit 6
    --- stderr
    error: `b.yaml` may be damaged
      because: mk8s was killed while it wrote it in place
      because: it is neither the old text nor the new one; the old one is whole in `[WORK]/.mk8s-0f9a30d3bea9d99c.copy`
    hint: `cp [WORK]/.mk8s-0f9a30d3bea9d99c.copy b.yaml && rm [WORK]/.mk8s-0f9a30d3bea9d99c.copy [WORK]/.mk8s-0f9a30d3bea9d99c.sum` takes the old text
    hint: `rm [WORK]/.mk8s-0f9a30d3bea9d99c.copy [WORK]/.mk8s-0f9a30d3bea9d99c.sum` keeps the file as it is
    ");
    let strange = edit.strange(&env);
    let copy = copy_in(&strange);
    edit.mend(&env, copy).unwrap();
    let _ = env.line(edit.line).run().ok();
    assert_eq!(env.text("b.yaml"), edit.after["b.yaml"]);
    assert!(edit.strange(&env).is_empty());
}

/// What a signal does before, while and after one of three files is written: the others are named.
#[test]
fn a_signal_between_files_says_what_is_written() {
    let edit = &edits()[2];
    let between = edit.writing().find_map(|call| {
        let env = edit.world();
        let ended = killed(&env, edit.line, Moment::Call(call, "TERM")).unwrap();
        let one = env.text("a.yaml") == edit.after["a.yaml"];
        let two = env.text("b.yaml") == edit.after["b.yaml"];
        (one && !two).then_some((call, ended.code))
    });
    let (call, code) = between.expect("one file is written before the other");
    assert_eq!(code, Some(130));
    let env = edit.world();
    let run = env
        .program("python3".as_ref(), &kill_at(call, "TERM", edit.line))
        .run();
    // What kill_at.py says itself differs with the number of calls.
    let mut settings = crate::support::filters(&env);
    settings.add_filter(r"ended 130 \d+\n", "");
    settings.bind(|| {
        insta::assert_snapshot!(run, @r"
    exit 0
    --- stdout
    Enabled aws-ecr in ./a.yaml; the live cluster is not changed
    --- stderr
    Registry access: same account (111122223333), no role needed
    error: 2 of 3 files were not written
      because: `./b.yaml` was not written: interrupted
    Written: ./a.yaml.
    Not written: ./b.yaml, ./c.yaml.
    hint: run the same command again; what is already so is left alone
    ");
    });
}

/// `nohup` and background jobs have signals ignored, and count on it.
#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let edit = &edits()[0];
    for call in edit.writing().step_by(10) {
        let env = edit.world();
        let words = kill_at(call, "TERM", edit.line).join("' '");
        let run = env
            .sh(&format!("trap '' TERM; exec python3 '{words}'"))
            .run();
        assert!(run.ok().stdout.contains("ended 0 "));
        assert_eq!(env.text("a.yaml"), edit.after["a.yaml"]);
    }
}

#[test]
fn a_killed_edit_leaves_the_old_file_or_the_new_one() {
    let trial = Trial::begin("kills::file");
    let edits = edits();
    let mut cases = Vec::new();
    for edit in &edits {
        let calls = calls(&edit.world(), edit.line);
        assert!(calls > 100, "{calls} system calls");
        // What comes before is the start of any program.
        cases.extend((50..=calls).map(|call| (edit, Moment::Call(call, "KILL"))));
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
        let calls = calls(&World::new(job).env, job.line());
        assert!(calls > 90, "{calls} system calls");
        cases.extend((60..=calls).map(|call| (job, "", Moment::Call(call, "KILL"))));
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
