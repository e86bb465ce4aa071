//! Every fault at every request of every command that talks to a server: it converges or says why
//! not, and nothing is lost.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Harm, Proxy, Run, Sandbox, Trial, Way, insist};
use serde_json::{Value, json};
use std::time::Duration;

const ON: &str = "awsWorkloadIdentity: {}";

/// How long a run may take; a conflict that never ends is given up after 30 s.
const LIMIT: Duration = Duration::from_secs(50);

/// One of the commands, with the world that it meets and what it makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    Enable,
    Disable,
    Create,
    Update,
    TrustPolicy,
}

pub(crate) const JOBS: [Job; 5] = [
    Job::Enable,
    Job::Disable,
    Job::Create,
    Job::Update,
    Job::TrustPolicy,
];

impl Job {
    /// The cluster in question.
    fn cluster(self) -> &'static str {
        match self {
            Self::Create => "fresh",
            _ => "prod",
        }
    }

    pub(crate) fn line(self) -> &'static str {
        match self {
            Self::Enable => "addon enable aws-ecr -c prod",
            Self::Disable => "addon disable aws-ecr -c prod --yes",
            Self::Create => "apply -f fresh.yaml",
            Self::Update => "apply -f prod.yaml",
            Self::TrustPolicy => "addon trust-policy -c prod --wait=10s",
        }
    }

    /// What the cluster's add-ons are before.
    fn add_ons(self) -> Vec<String> {
        let ecr = match self {
            Self::Disable => "awsECR: {}".to_owned(),
            Self::TrustPolicy => format!("awsECR: {{roleArn: \"{ROLE}\"}}"),
            _ => String::new(),
        };
        [ON.to_owned(), ecr, "metrics: {kubeState: true}".to_owned()]
            .into_iter()
            .filter(|line| !line.is_empty())
            .collect()
    }

    pub(crate) fn writes(self) -> bool {
        self != Self::TrustPolicy
    }

    /// The requests that a run without faults makes at least.
    fn requests(self) -> usize {
        if self.writes() { 3 } else { 1 }
    }

    /// The place of the write among them.
    fn write_at(self) -> Option<usize> {
        self.writes().then_some(1)
    }
}

/// A sandbox with the job's world in it.
pub(crate) struct World {
    job: Job,
    pub(crate) env: Env,
    pub(crate) sandbox: Sandbox,
    before: Option<Value>,
}

impl World {
    pub(crate) fn new(job: Job) -> Self {
        let mut env = Env::new();
        let lines = job.add_ons();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let mut all = vec![];
        if job == Job::TrustPolicy {
            // Long enough for a second look at least.
            all.extend(["--status-delay", "200ms"]);
        }
        let seeds = [aws("prod", &lines), hetzner("other", &[])];
        let sandbox = Sandbox::holding(&mut env, &seeds, &all);
        // What no manifest of the tests says: it must survive.
        let (status, body) = sandbox.call(
            "PATCH",
            &format!("/org/{}/mk8s/prod", sandbox.org()),
            "{\"tags\": {\"owner\": \"somebody\"}, \"spec\": {\"addOns\": {\"dashboard\": {}}}}",
        );
        assert_eq!(status, 200, "{body}");
        env.write("fresh.yaml", aws("fresh", &[ON, "awsECR: {}"]));
        env.write(
            "prod.yaml",
            aws("prod", &[ON, "awsECR: {}", "metrics: {kubeState: true}"]),
        );
        let before = read(&sandbox, job.cluster());
        Self {
            job,
            env,
            sandbox,
            before,
        }
    }

    /// Whether the cluster is as the job wants it.
    fn is_done(&self) -> bool {
        let now = read(&self.sandbox, self.job.cluster());
        let Some(now) = now else { return false };
        let ecr = &now["spec"]["addOns"]["awsECR"];
        match self.job {
            Job::Enable | Job::Create | Job::Update => ecr.is_object(),
            Job::Disable => ecr.is_null(),
            Job::TrustPolicy => true,
        }
    }

    /// Whether all is as it was, or the job is done and all else is as it was.
    pub(crate) fn nothing_is_lost(&self) -> Result<(), String> {
        let other = read(&self.sandbox, "other");
        insist!(
            other.is_some_and(|other| other["version"] == 1),
            "another cluster was touched"
        );
        let now = read(&self.sandbox, self.job.cluster());
        let (Some(before), Some(now)) = (&self.before, &now) else {
            // Only `fresh` may come into being.
            return match (&self.before, now) {
                (None, None) => Ok(()),
                (None, Some(now)) if now["spec"]["addOns"]["awsECR"].is_object() => Ok(()),
                (before, now) => Err(format!("before: {before:?}\nafter: {now:?}")),
            };
        };
        let (before, now) = (bare(before), bare(now));
        let mut done = before.clone();
        let add_ons = done["spec"]["addOns"].as_object_mut().unwrap();
        match self.job {
            Job::Enable | Job::Update | Job::Create => {
                add_ons.insert("awsECR".to_owned(), json!({}));
            }
            Job::Disable => {
                add_ons.remove("awsECR");
            }
            Job::TrustPolicy => {}
        }
        insist!(
            now == before || now == done,
            "something else is changed\nbefore: {before}\n   now: {now}"
        );
        Ok(())
    }

    /// Whatever happened: no panic, words where it failed, nothing raw, nothing lost.
    fn ended_well(&self, run: &Run) -> Result<(), String> {
        insist!((0..=10).contains(&run.code), "{run}");
        insist!(
            !run.stderr.contains("panicked") && !run.stdout.contains("panicked"),
            "{run}"
        );
        for text in [&run.stdout, &run.stderr] {
            let raw = text.chars().find(|c| c.is_control() && *c != '\n');
            insist!(raw.is_none(), "{raw:?} is shown raw\n{run}");
            insist!(!text.contains(self.sandbox.token()), "the token is shown");
        }
        self.nothing_is_lost()
            .map_err(|why| format!("{why}\n{run}"))?;
        if run.code == 0 {
            insist!(self.is_done(), "it says that it is done, and is not\n{run}");
            if self.job == Job::TrustPolicy {
                insist!(
                    serde_json::from_str::<Value>(&run.stdout).is_ok_and(|v| v.is_object()),
                    "no policy\n{run}"
                );
            }
        } else {
            insist!(
                run.stderr.contains("error: ") && run.stderr.contains("\n  because: "),
                "it does not say why\n{run}"
            );
            // A change that was accepted is told, whatever went wrong afterwards.
            let told = run.stderr.contains(", but could not be read back");
            insist!(
                run.stdout.is_empty() || told && self.is_done(),
                "it failed with a result\n{run}"
            );
        }
        Ok(())
    }

    /// The writes that took effect, races left out.
    fn applied(&self) -> usize {
        let is_applied = |entry: &&Value| entry["applied"] == true;
        self.sandbox.log().iter().filter(is_applied).count()
    }

    /// Without faults, the same command ends well.
    pub(crate) fn converges(&self) -> Result<(), String> {
        let (status, _) = self.sandbox.call("DELETE", "/_sandbox/faults", "");
        insist!(status == 204, "the faults stay: {status}");
        let run = self.env.line(self.job.line()).limit(LIMIT).run();
        insist!(run.code == 0, "a second run fails\n{run}");
        self.ended_well(&run)
    }
}

fn read(sandbox: &Sandbox, name: &str) -> Option<Value> {
    let path = format!("/org/{}/mk8s/{name}", sandbox.org());
    let (status, body) = sandbox.call("GET", &path, "");
    match status {
        200 => Some(body),
        404 => None,
        _ => panic!("{status}: {body}"),
    }
}

/// A cluster without what the server and the sandbox's other writer set.
fn bare(cluster: &Value) -> Value {
    let mut cluster = cluster.clone();
    let map = cluster.as_object_mut().unwrap();
    for key in ["version", "lastModified", "status"] {
        map.shift_remove(key);
    }
    if let Some(tags) = map.get_mut("tags").and_then(Value::as_object_mut) {
        tags.shift_remove("sandbox/other-writer");
    }
    cluster
}

/// What goes wrong, and what comes of it.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// The sandbox's name of it.
    text: &'static str,
    /// The exit codes when it meets a read once, when it meets the write once, and when it stays.
    read: &'static [i32],
    write: &'static [i32],
    always: &'static [i32],
    /// What an error says of it.
    words: &'static str,
}

const fn kind(
    text: &'static str,
    read: &'static [i32],
    write: &'static [i32],
    always: &'static [i32],
    words: &'static str,
) -> Kind {
    Kind {
        text,
        read,
        write,
        always,
        words,
    }
}

/// What passes is tried again; what does not pass is not; and a write whose answer says nothing is
/// looked into.
const KINDS: [Kind; 25] = [
    kind("cut", &[0], &[0], &[8], "broke off"),
    kind("stall", &[0], &[0], &[8], "within"),
    kind("noise", &[0], &[0], &[8], "not"),
    kind("truncate", &[0], &[0], &[8], "broke off"),
    kind("drip=0ms", &[0], &[0], &[0], ""),
    kind("drip=5ms", &[0], &[0], &[8], "within"),
    kind("delay=100ms", &[0], &[0], &[0], ""),
    kind("delay=1s", &[0], &[0], &[8], "within"),
    kind("garble", &[8], &[0], &[8], "not Control Plane's answer"),
    kind("html", &[8], &[0], &[8], "not Control Plane's answer"),
    kind("html=502", &[0], &[0], &[8], "502"),
    kind("flood=70m", &[0, 8], &[0], &[8], "because"),
    kind(
        "redirect=http://127.0.0.1:9/x",
        &[8],
        &[8],
        &[8],
        "127.0.0.1:9",
    ),
    kind("status=400", &[6], &[6], &[6], "400"),
    kind("status=401", &[4], &[4], &[4], "401"),
    kind("status=403", &[4], &[4], &[4], "403"),
    kind("status=404", &[3], &[3], &[3], "404"),
    kind("status=409", &[5], &[0], &[5], "409"),
    kind("status=500", &[0], &[0], &[8], "500"),
    kind("status=502", &[0], &[0], &[8], "502"),
    kind("status=503", &[0], &[0], &[8], "503"),
    kind("status=504", &[0], &[0], &[8], "504"),
    kind("throttle", &[0], &[0], &[8], "429"),
    kind("quota", &[8], &[8], &[8], "quota"),
    kind("race", &[0], &[0], &[5], "other writers"),
];

/// The kinds under which the server does its work in any case.
const WORKING: [&str; 3] = ["race", "truncate", "drip"];

/// Which requests a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// The one at this place, once.
    Once(usize),
    /// All reads.
    Reads,
    /// All writes.
    Writes,
    /// All.
    All,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    job: Job,
    kind: Kind,
    when: When,
    after: bool,
}

impl Case {
    fn fault(&self) -> String {
        let mut text = self.kind.text.to_owned();
        match self.when {
            When::Once(at) => text = format!("{text},skip={at},times=1"),
            When::Reads => text.push_str(",on=GET"),
            When::Writes => text.push_str(",on=PATCH|PUT|POST"),
            When::All => {}
        }
        if self.after {
            text.push_str(",after");
        }
        text
    }

    /// The exit codes that are right.
    fn codes(&self) -> Vec<i32> {
        let Kind {
            text,
            read,
            write,
            always,
            ..
        } = self.kind;
        let (job, when) = (self.job, self.when);
        let writes = job.write_at();
        // A cluster that is not there is one to be made; after a 403 the list decides.
        let hides = matches!(text, "status=404" | "status=403");
        if job == Job::Create && hides && when == When::Once(0) {
            return vec![0];
        }
        // It is made only if it is not there, and it is: then it is changed.
        if job == Job::Update && text == "status=404" {
            match when {
                When::Once(0) => return vec![0],
                When::Reads => return vec![5],
                _ => {}
            }
        }
        // A race needs a write of ours to be one.
        if text == "race" && (job == Job::TrustPolicy || job == Job::Create) {
            return vec![0];
        }
        // A byte at a time is no answer in time where the machine is busy.
        if job == Job::TrustPolicy && text == "drip=0ms" {
            return vec![0, 7];
        }
        match when {
            When::Once(at) if Some(at) == writes => write.to_vec(),
            // One more look only where the status is waited for.
            When::Once(at) if at >= job.requests() => [&[0], read].concat(),
            When::Once(_) => read.to_vec(),
            When::Writes if !job.writes() => vec![0],
            When::Writes if text == "race" => always.to_vec(),
            // A 429 is believed: what answers it has done nothing.
            When::Writes if text == "throttle" => always.to_vec(),
            // The first answer that is lost leads to a read, which finds it done.
            When::Writes if self.works() && write == [0] => vec![0],
            When::Reads if text == "race" => vec![0],
            When::Reads | When::Writes | When::All => always.to_vec(),
        }
    }

    /// Whether the server does the work before it fails.
    fn works(&self) -> bool {
        self.after || WORKING.iter().any(|name| self.kind.text.starts_with(name))
    }

    fn describe(&self) -> String {
        format!("mk8s {} under {}", self.job.line(), self.fault())
    }

    fn run(&self) -> Result<(), String> {
        let world = World::new(self.job);
        world.sandbox.fault(&self.fault());
        // Short only where nothing else ends the run: a busy machine is slow by itself.
        let stalls = ["stall", "delay=1s", "drip=5ms", "flood"];
        let stalls = stalls.iter().any(|name| self.kind.text.starts_with(name));
        let timeout = if stalls { "700ms" } else { "20s" };
        let run = world
            .env
            .line(&format!("{} --timeout {timeout}", self.job.line()))
            .limit(LIMIT)
            .run();
        let (status, _) = world.sandbox.call("DELETE", "/_sandbox/faults", "");
        insist!(status == 204, "the faults stay: {status}");
        world.ended_well(&run)?;
        let codes = self.codes();
        insist!(codes.contains(&run.code), "expected {codes:?}\n{run}");
        if run.code != 0 {
            insist!(
                run.code == 7 || run.stderr.contains(self.kind.words),
                "it does not say {:?}\n{run}",
                self.kind.words
            );
        }
        let applied = world.applied();
        insist!(applied <= 1, "it was written {applied} times\n{run}");
        world.converges()
    }
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for job in JOBS {
        let mut whens: Vec<When> = (0..=3).map(When::Once).collect();
        whens.extend([When::Reads, When::Writes, When::All]);
        for kind in KINDS {
            for &when in &whens {
                for after in [false, true] {
                    let case = Case {
                        job,
                        kind,
                        when,
                        after,
                    };
                    let anyway = Case {
                        after: false,
                        ..case
                    };
                    if !(after && anyway.works()) {
                        all.push(case);
                    }
                }
            }
        }
    }
    all
}

#[test]
fn every_fault_at_every_request_converges_or_says_why_not() {
    let trial = Trial::begin("faults::matrix");
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|case| {
            // A conflict without end is given up after 30 s: `failures` has one of them.
            let endless = matches!(case.kind.text, "status=409" | "race");
            trial.is_long() || case.when == When::Once(1) || !endless || case.codes() != [5]
        })
        .collect();
    let cases = trial.sample(cases, 500);
    trial.each(&cases, 16, Case::describe, Case::run);
    trial.end();
}

/// One connection harmed at one byte.
#[derive(Debug, Clone, Copy)]
struct Cut {
    job: Job,
    way: Way,
    harm: Harm,
    /// How many connections; all of them for `usize::MAX`.
    times: usize,
}

impl Cut {
    fn describe(&self) -> String {
        format!(
            "mk8s {} with {:?} of {:?}, {} times",
            self.job.line(),
            self.harm,
            self.way,
            self.times
        )
    }

    fn run(&self) -> Result<(), String> {
        let world = World::new(self.job);
        let proxy = Proxy::before(world.sandbox.endpoint(), self.way, self.harm, self.times);
        let timeout = match self.harm {
            Harm::Stall(_) => "700ms",
            // The length of an answer may be what is changed.
            Harm::Flip(_) => "2s",
            Harm::Cut(_) | Harm::Split => "20s",
        };
        let run = world
            .env
            .line(&format!("{} --timeout {timeout}", self.job.line()))
            .with("CPLN_ENDPOINT", &proxy.endpoint())
            .limit(LIMIT)
            .run();
        drop(proxy);
        match self.harm {
            // One bit of an answer can turn a name or a number into another one: then there is
            // nothing to find, but what is written stays what was asked for.
            Harm::Flip(_) => {
                let raw = world.ended_well(&run);
                if run.code == 0 || run.code == 1 {
                    world.nothing_is_lost()?;
                } else {
                    raw?;
                }
            }
            Harm::Split => {
                world.ended_well(&run)?;
                insist!(run.code == 0, "{run}");
            }
            Harm::Cut(_) | Harm::Stall(_) => {
                world.ended_well(&run)?;
                if self.times == 1 {
                    insist!(run.code == 0, "it does not get over one connection\n{run}");
                } else {
                    // Waiting goes on when a look breaks off, until the time is up.
                    let waits = self.job == Job::TrustPolicy && run.code == 7;
                    insist!(waits || matches!(run.code, 0 | 8), "{run}");
                }
            }
        }
        let applied = world.applied();
        insist!(applied <= 1, "it was written {applied} times\n{run}");
        world.converges()
    }
}

#[test]
fn a_connection_that_dies_at_any_byte_converges() {
    let trial = Trial::begin("faults::bytes");
    let mut cuts = Vec::new();
    for job in JOBS {
        let world = World::new(job);
        let proxy = Proxy::before(world.sandbox.endpoint(), Way::Request, Harm::Split, 0);
        let run = world
            .env
            .line(job.line())
            .with("CPLN_ENDPOINT", &proxy.endpoint())
            .run()
            .ok();
        let run = world.ended_well(&run);
        assert_eq!(run, Ok(()), "{job:?} without harm");
        for way in [Way::Request, Way::Answer] {
            let total = proxy.bytes(way);
            assert!(total > 500, "{job:?} has {total} bytes of {way:?}");
            let step = trial.scale(7, 1);
            for at in (0..total).step_by(step) {
                for (harm, times) in [
                    (Harm::Cut(at), 1),
                    (Harm::Cut(at), usize::MAX),
                    (Harm::Stall(at), 1),
                    (Harm::Flip(at), 1),
                ] {
                    // A turned bit of a request is another request, which TLS keeps from arriving.
                    if matches!(harm, Harm::Flip(_)) && way == Way::Request {
                        continue;
                    }
                    cuts.push(Cut {
                        job,
                        way,
                        harm,
                        times,
                    });
                }
            }
            cuts.push(Cut {
                job,
                way,
                harm: Harm::Split,
                times: usize::MAX,
            });
        }
    }
    let mut cuts = trial.sample(cuts, 240);
    if trial.is_long() {
        trial.chance(0).shuffle(&mut cuts);
        cuts.truncate(4000);
    }
    trial.each(&cuts, 16, Cut::describe, Cut::run);
    trial.end();
}
