//! Every add-on on every provider, through its whole life, in files and live: what the table in
//! docs/addons.md shows is what was seen by readers of others, js-yaml and `cpln`.

use crate::generated::settle_region;
use crate::support::manifests::{ROLE, cluster, providers};
use crate::support::{Env, Reader, Sandbox, read_yaml};
use mk8s::addon::path::Path;
use mk8s::addon::{Addon, CATALOG, Documented};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The steps of a life; what is done and whether it changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Enable,
    Configure,
    EnableAgain,
    Disable,
    Undo,
    SecondDisable,
    DisableAgain,
}

const STEPS: [Step; 7] = [
    Step::Enable,
    Step::Configure,
    Step::EnableAgain,
    Step::Disable,
    Step::Undo,
    Step::SecondDisable,
    Step::DisableAgain,
];

/// What stands where: by place, provider and key of the add-on.
type Seen = BTreeMap<(&'static str, String), Map<String, Value>>;

/// The least that an add-on takes anywhere.
fn least(addon: &Addon) -> Value {
    let mut settings = json!({});
    for param in addon.params.iter().filter(|param| param.required) {
        settings[param.field] = param.example_value();
    }
    if addon.name == "aws-ecr" {
        // A cluster that is not on AWS pulls with a role alone.
        settings["roleArn"] = json!(ROLE);
    }
    settings
}

/// Every setting that has one value.
fn all(addon: &Addon) -> Value {
    let mut settings = least(addon);
    for place in addon.places().iter().filter(|it| it.kind.is_single()) {
        let path: Path = place.path.parse().unwrap();
        let value = place.kind.parse(place.example()).unwrap();
        path.put(&mut settings, value).unwrap();
    }
    settings
}

/// The same without what may be secret, which is kept nowhere.
fn without_secrets(addon: &Addon) -> Value {
    let mut settings = all(addon);
    for place in addon.places().iter().filter(|it| it.param.secret) {
        let list: Path = place.path.split('[').next().unwrap().parse().unwrap();
        list.put(&mut settings, Value::Null).unwrap();
    }
    without_nulls(settings)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        value => value,
    }
}

struct Bench {
    env: Env,
    sandbox: Sandbox,
    names: Vec<&'static str>,
    /// How each run is undone that took something away.
    undo: RefCell<Vec<String>>,
}

impl Bench {
    fn new() -> Self {
        let mut env = Env::new();
        let all = providers();
        let manifests: Vec<String> = all
            .iter()
            .map(|(name, settings)| cluster(name, settings, &[]))
            .collect();
        for ((name, _), text) in all.iter().zip(&manifests) {
            env.write(&format!("m/{name}.yaml"), text);
        }
        let sandbox = Sandbox::holding(&mut env, &manifests, &[]);
        let names = all.iter().map(|(name, _)| *name).collect();
        Self {
            env,
            sandbox,
            names,
            undo: RefCell::default(),
        }
    }

    /// Takes back what was taken away, the last of it first.
    fn undo(&self) {
        for line in self.undo.take().iter().rev() {
            let run = self.env.line(&format!("{line} --yes")).run();
            assert!([0, 9].contains(&run.code), "{run}");
            let is_kept = !run.stderr.contains("may be secret");
            assert_eq!(run.code == 0, is_kept, "{run}");
        }
    }

    fn run(&self, line: &str) {
        let run = self.env.line(line).run().ok();
        let undo = run
            .stderr
            .lines()
            .filter_map(|it| it.strip_prefix("Undo: mk8s "));
        self.undo.borrow_mut().extend(undo.map(str::to_owned));
    }

    /// One step of one add-on on all providers, in files and live.
    fn step(&self, step: Step, addon: &Addon) {
        let settings = match step {
            Step::Configure => all(addon),
            _ => least(addon),
        };
        self.env.write("s.json", settings.to_string());
        let verb = match step {
            Step::Enable | Step::Configure | Step::EnableAgain => {
                format!("enable {} --with-prerequisites", addon.name)
            }
            _ => format!("disable {}", addon.name),
        };
        let given = match step {
            Step::Enable | Step::Configure => " --settings s.json",
            _ => "",
        };
        let line = format!("addon {verb}{given} -f m --yes");
        self.run(&line);
        let is_dangerous =
            addon.name == "byok" && matches!(step, Step::Disable | Step::SecondDisable);
        let groups: Vec<Vec<&str>> = if is_dangerous {
            self.names.iter().map(|name| vec![*name]).collect()
        } else {
            vec![self.names.clone()]
        };
        for group in groups {
            let clusters = group.join(" -c ");
            let confirm = match group.as_slice() {
                [name] if is_dangerous => format!(" --confirm {name}"),
                _ => String::new(),
            };
            let line = format!("addon {verb}{given} -c {clusters}{confirm} --yes");
            self.run(&line);
        }
    }

    /// What readers of others see.
    fn seen(&self) -> Seen {
        let mut seen = Seen::new();
        let texts: Vec<String> = self
            .names
            .iter()
            .map(|name| self.env.text(&format!("m/{name}.yaml")))
            .collect();
        for read in read_yaml(Reader::JsYaml, &texts) {
            add(&mut seen, "files", &read.unwrap()[0]);
        }
        let run = self
            .env
            .cpln(&["mk8s", "get", "--max", "0", "-o", "json"])
            .run()
            .ok();
        for cluster in run.json()["items"].as_array().unwrap() {
            add(&mut seen, "live", cluster);
        }
        assert_eq!(seen.len(), 2 * self.names.len());
        seen
    }

    /// All that a step that changes nothing must leave alone.
    fn state(&self) -> Vec<String> {
        let files = self
            .names
            .iter()
            .map(|name| self.env.text(&format!("m/{name}.yaml")));
        let live = self
            .names
            .iter()
            .map(|name| self.sandbox.cluster(name)["version"].to_string());
        files.chain(live).collect()
    }
}

fn add(seen: &mut Seen, place: &'static str, cluster: &Value) {
    let name = cluster["name"].as_str().unwrap().to_owned();
    let text = cluster["spec"]["addOns"].to_string();
    // The server writes links in full.
    let text = text.replace("/org/sandbox/location/", "//location/");
    let add_ons = serde_json::from_str(&text).unwrap();
    seen.insert(
        (place, name),
        if let Value::Object(map) = add_ons {
            map
        } else {
            Map::new()
        },
    );
}

#[test]
fn every_add_on_lives_on_every_provider() {
    let bench = Bench::new();
    // How many steps came out right, by provider and add-on.
    let mut right: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for step in STEPS {
        let before = bench.state();
        if step == Step::Disable {
            bench.undo.take();
        }
        if step == Step::Undo {
            bench.undo();
        } else {
            for addon in CATALOG {
                bench.step(step, addon);
            }
        }
        let is_idle = matches!(step, Step::EnableAgain | Step::DisableAgain);
        let kept = bench.state() == before;
        assert_eq!(kept, is_idle, "{step:?}");
        let seen = bench.seen();
        for ((place, name), add_ons) in &seen {
            for addon in CATALOG {
                let expected = match step {
                    Step::Enable => Some(least(addon)),
                    Step::Configure | Step::EnableAgain => Some(all(addon)),
                    Step::Undo => Some(without_secrets(addon)),
                    Step::Disable | Step::SecondDisable | Step::DisableAgain => None,
                };
                let found = add_ons.get(addon.key);
                assert_eq!(
                    found,
                    expected.as_ref(),
                    "{step:?} {} {name} in {place}",
                    addon.name
                );
                *right.entry((name.clone(), addon.name)).or_default() += 1;
            }
        }
    }
    settle_region("docs/addons.md", "matrix", &table(&bench, &right));
}

fn table(bench: &Bench, right: &BTreeMap<(String, &str), usize>) -> String {
    let mut table = String::from("| add-on |");
    for name in &bench.names {
        let _ = write!(table, " {name} |");
    }
    let _ = write!(table, "\n|---|{}", "---|".repeat(bench.names.len()));
    for addon in CATALOG {
        let _ = write!(table, "\n| `{}` |", addon.name);
        for name in &bench.names {
            let count = right[&((*name).to_owned(), addon.name)];
            let is_documented = match addon.documented {
                Documented::All => true,
                Documented::For(list) => list.contains(name),
            };
            let mark = if is_documented { "" } else { "\\*" };
            let _ = write!(table, " {count} of {}{mark} |", 2 * STEPS.len());
        }
    }
    table
}
