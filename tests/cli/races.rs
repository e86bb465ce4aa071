//! Many writers at once, on one cluster and on one file: nothing of anybody is lost.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Env, Run, Sandbox, Trial, comes, insist};
use mk8s::manifest::Manifest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Add-ons that need nothing, with their keys.
const FREE: [(&str, &str); 9] = [
    ("dashboard", "dashboard"),
    ("headlamp", "headlamp"),
    ("local-path-storage", "localPathStorage"),
    ("logs", "logs"),
    ("metrics", "metrics"),
    ("node-local-dns", "nodeLocalDns"),
    ("nvidia", "nvidia"),
    ("sysbox", "sysbox"),
    ("aws-workload-identity", "awsWorkloadIdentity"),
];

/// One who changes one thing of a cluster, again and again, and knows what it is now.
#[derive(Debug, Clone, Copy)]
enum Writer {
    /// `mk8s addon enable|disable` of one add-on.
    Mk8s(&'static str, &'static str),
    /// `cpln mk8s tag`, which sends no lock.
    Tag(&'static str),
    /// `cpln mk8s update --set`, which sends the lock and gives up when it is old.
    Update(&'static str),
    /// A PATCH of a tag, without a lock.
    PatchTag(&'static str),
    /// A PATCH of a field of the spec, without a lock.
    PatchSpec,
}

const WRITERS: [Writer; 10] = [
    Writer::Mk8s("dashboard", "dashboard"),
    Writer::Mk8s("metrics", "metrics"),
    Writer::Mk8s("nvidia", "nvidia"),
    Writer::Mk8s("sysbox", "sysbox"),
    Writer::Mk8s("logs", "logs"),
    Writer::Tag("tagged"),
    Writer::Update("updated"),
    Writer::PatchTag("patched-1"),
    Writer::PatchTag("patched-2"),
    Writer::PatchSpec,
];

impl Writer {
    /// What is there of this writer's.
    fn look(self, cluster: &Value) -> Value {
        match self {
            Self::Mk8s(_, key) => json!(cluster["spec"]["addOns"][key].is_object()),
            Self::Tag(tag) | Self::Update(tag) | Self::PatchTag(tag) => {
                cluster["tags"][tag].clone()
            }
            Self::PatchSpec => cluster["spec"]["firewall"][0]["sourceCIDR"].clone(),
        }
    }

    /// Writes for the `round`th time; gives what must be there now, or `None` if it was refused.
    fn write(self, env: &Env, sandbox: &Sandbox, round: usize) -> Result<Option<Value>, String> {
        let value = format!("v{round}");
        let patch = |body: &Value| {
            let path = format!("/org/{}/mk8s/edge", sandbox.org());
            sandbox.call("PATCH", &path, &body.to_string()).0
        };
        match self {
            Self::Mk8s(addon, _) => {
                let on = round.is_multiple_of(2);
                let verb = if on { "enable" } else { "disable" };
                let run = env
                    .line(&format!("addon {verb} {addon} -c edge --yes"))
                    .run();
                insist!(run.code == 0, "mk8s fails\n{run}");
                Ok(Some(json!(on)))
            }
            Self::Tag(tag) => {
                let line = format!("mk8s tag edge --tag {tag}={value}");
                let run = cpln(env, &line);
                insist!(run.code == 0, "cpln fails\n{run}");
                Ok(Some(json!(value)))
            }
            Self::Update(tag) => {
                let line = format!("mk8s update edge --set tags.{tag}={value}");
                let run = cpln(env, &line);
                Ok((run.code == 0).then(|| json!(value)))
            }
            Self::PatchTag(tag) => {
                let status = patch(&json!({"tags": {tag: value}}));
                insist!(status == 200, "PATCH is answered with {status}");
                Ok(Some(json!(value)))
            }
            Self::PatchSpec => {
                let cidr = format!("10.0.{}.0/24", round % 256);
                let rule = json!([{"sourceCIDR": cidr}]);
                let status = patch(&json!({"spec": {"firewall": rule}}));
                insist!(status == 200, "PATCH is answered with {status}");
                Ok(Some(json!(cidr)))
            }
        }
    }
}

fn cpln(env: &Env, line: &str) -> Run {
    env.cpln(&line.split_whitespace().collect::<Vec<_>>()).run()
}

#[test]
fn ten_writers_on_one_cluster_lose_nothing() {
    let trial = Trial::begin("races::cluster");
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &["headlamp: {}"])], &[]);
    let until = Instant::now() + Duration::from_secs(trial.scale(8, 90) as u64);
    let slow = AtomicUsize::new(0);
    let last: Vec<Option<Value>> = thread::scope(|scope| {
        let threads: Vec<_> = WRITERS
            .iter()
            .map(|&writer| {
                let (trial, env, sandbox, slow) = (&trial, &env, &sandbox, &slow);
                scope.spawn(move || {
                    let mut mine = None;
                    let mut round = 0;
                    while Instant::now() < until {
                        round += 1;
                        let result = writer.write(env, sandbox, round).and_then(|value| {
                            mine = value.or(mine.take());
                            let now = writer.look(&sandbox.cluster("edge"));
                            let lost = mine.as_ref().is_some_and(|mine| now != *mine);
                            insist!(!lost, "{mine:?} was written, {now} is there");
                            Ok(())
                        });
                        trial.count(&format!("{writer:?}, round {round}"), result);
                        // The quick ones write once for each time that one of the others does.
                        if matches!(writer, Writer::PatchTag(_) | Writer::PatchSpec) {
                            let seen = slow.load(Ordering::Relaxed);
                            comes(|| {
                                slow.load(Ordering::Relaxed) != seen || Instant::now() >= until
                            });
                        } else {
                            slow.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    mine
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let cluster = sandbox.cluster("edge");
    for (writer, last) in WRITERS.iter().zip(last) {
        let there = writer.look(&cluster);
        if let Some(last) = last {
            assert_eq!(there, last, "{writer:?} in the end");
        }
    }
    assert_eq!(cluster["spec"]["addOns"]["headlamp"], json!({}));
    trial.end();
}

#[test]
fn two_who_create_one_cluster_make_one_of_both() {
    let trial = Trial::begin("races::create");
    let rounds: Vec<usize> = (0..trial.scale(12, 100)).collect();
    trial.each(
        &rounds,
        2,
        |round| format!("round {round}"),
        |round| {
            let mut env = Env::new();
            let sandbox = Sandbox::holding(&mut env, &[hetzner("other", &[])], &[]);
            let manifest = |tag: &str, add_on: &str| {
                let text = aws("fresh", &[add_on]);
                format!("{text}tags: {{{tag}: \"{round}\"}}\n")
            };
            env.write("a.yaml", manifest("a", "dashboard: {}"));
            env.write("b.yaml", manifest("b", "metrics: {}"));
            let env = &env;
            let runs = thread::scope(|scope| {
                ["apply -f a.yaml", "apply -f b.yaml"]
                    .map(|line| scope.spawn(move || env.line(line).run()))
                    .map(|thread| thread.join().unwrap())
            });
            for run in &runs {
                insist!(run.code == 0, "{run}");
            }
            let cluster = sandbox.cluster("fresh");
            let (tags, add_ons) = (&cluster["tags"], &cluster["spec"]["addOns"]);
            let all = tags["a"].is_string()
                && tags["b"].is_string()
                && add_ons["dashboard"].is_object()
                && add_ons["metrics"].is_object();
            insist!(
                all,
                "something is lost: {cluster}\n{}\n{}",
                runs[0],
                runs[1]
            );
            Ok(())
        },
    );
    trial.end();
}

const HEAD: &str = "# the first line\n";
const TAIL: &str = "# the last line\n";

/// The add-ons of a manifest that must be whole.
fn add_ons(bytes: &[u8]) -> Result<BTreeMap<String, Value>, String> {
    let text = String::from_utf8_lossy(bytes);
    insist!(
        text.starts_with(HEAD) && text.ends_with(TAIL),
        "half of a file: {text:?}"
    );
    let manifest =
        Manifest::parse("watched", bytes.to_vec()).map_err(|error| format!("{error}\n{text}"))?;
    let value = manifest.documents()[0].value();
    serde_json::from_value(value["spec"]["addOns"].clone()).map_err(|error| error.to_string())
}

/// One round: every add-on is switched by a process of its own, all at once, while somebody reads.
fn storm(env: &Env, file: &str, before: &BTreeMap<String, Value>) -> Result<usize, String> {
    let done = AtomicBool::new(false);
    let (runs, seen) = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0_usize;
            while !done.load(Ordering::SeqCst) {
                add_ons(&env.read(file))?;
                seen += 1;
            }
            Ok::<usize, String>(seen)
        });
        let threads: Vec<_> = FREE
            .iter()
            .map(|(addon, key)| {
                let on = !before.contains_key(*key);
                let verb = if on { "enable" } else { "disable" };
                let line = format!("addon {verb} {addon} -f {file}");
                (*key, on, scope.spawn(move || env.line(&line).run()))
            })
            .collect();
        let runs: Vec<(&str, bool, Run)> = threads
            .into_iter()
            .map(|(key, on, thread)| (key, on, thread.join().unwrap()))
            .collect();
        done.store(true, Ordering::SeqCst);
        (runs, reader.join().unwrap())
    });
    let seen = seen?;
    let after = add_ons(&env.read(file))?;
    for (key, on, run) in &runs {
        insist!(run.code == 0, "a writer was not let in\n{run}");
        insist!(
            after.contains_key(*key) == *on,
            "{key} is lost, and this was said:\n{run}"
        );
    }
    insist!(after.get("rocket") == Some(&json!({"a": 1})), "{after:?}");
    let names: Vec<_> = fs::read_dir(env.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    insist!(names.len() == 1, "something is left over: {names:?}");
    Ok(seen)
}

#[test]
fn many_processes_on_one_file_lose_nothing() {
    let trial = Trial::begin("races::file");
    let env = Env::new();
    let text = hetzner("edge", &["rocket: {a: 1}"]);
    env.write("edge.yaml", format!("{HEAD}{text}{TAIL}"));
    let mut reads = 0;
    for round in 0..trial.scale(8, 150) {
        let result = add_ons(&env.read("edge.yaml"))
            .and_then(|before| storm(&env, "edge.yaml", &before))
            .map(|seen| reads += seen);
        trial.count(&format!("round {round}"), result);
    }
    trial.end();
    assert!(reads > 0, "nobody looked");
}
