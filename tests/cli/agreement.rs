//! What a manifest may hold is said three times: by `validate --strict`, by the schema that is published
//! and by the server of the sandbox. Here they are asked about the same manifests, right and wrong ones,
//! the schema by two validators that others made.

use crate::support::manifests::{cluster, hetzner, providers};
use crate::support::{
    Env, Reader, Sandbox, Trial, aws_python, fixture, insist, installed, node, read_yaml,
};
use fastrand::Rng;
use mk8s::addon::CATALOG;
use mk8s::addon::path::Path;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// The org of the fixtures.
const ORG: &str = "acme";

/// What JSON Schema cannot say is not among them: patterns that are none, names that are there twice and
/// links into other orgs have a test of their own.
const WORDS: [&str; 78] = [
    "",
    " ",
    "a",
    "ab",
    "a b",
    " a",
    "a\n",
    "a\u{a0}",
    "\u{85}a",
    "ü",
    "A",
    "a-",
    "-a",
    "a_b",
    "1a",
    "true",
    "null",
    "0",
    "1",
    "-1",
    "30",
    "1.30",
    "1.33.5",
    "1.34.2\n",
    "1.99.0",
    "1e3",
    "1E",
    "1Ei",
    "500m",
    "2Gi",
    "2gi",
    ".5",
    "5.",
    ".",
    "+1",
    "1.2.3",
    "1.2.3.4",
    "1.2.3.04",
    "1.2.3.256",
    "10.0.0.0/8",
    "10.0.0.0/08",
    "10.0.0.0/33",
    "10.0.0.0/",
    "::/0",
    "::1/128",
    "::1/129",
    "1::2::3",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "::ffff:1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4/96",
    "1:2:3:4:5:6:7::",
    "12345::",
    "docker.io",
    "localhost:5000",
    "localhost:65536",
    "a..b",
    "https://a",
    "http://a/b?c#d",
    "https://u:p@a:8080/x",
    "https://[::1]:5000/",
    "https://",
    "https:///a",
    "https://a:b",
    "https://a:99999",
    "https://a b",
    "ftp://a",
    "NoSchedule",
    "most-pods",
    "info",
    "//location/x",
    "//secret/x",
    "//secret/a b",
    "/org/acme/secret/x",
    "/org/acme/location/",
    "6f1f2d0e-4c5b-4f0a-9a57-0c0c0a1b2c3d",
    "arn:aws:iam::111122223333:role/a/b/x",
];

fn values(rng: &mut Rng) -> Value {
    let number = [
        json!(0),
        json!(1),
        json!(-1),
        json!(30.0),
        json!(0.5),
        json!(1e300),
        json!(u64::MAX),
        json!((1u64 << 53) - 1),
        json!(1u64 << 53),
        json!(1.33),
    ];
    match rng.u8(..20) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3..=5 => number[rng.usize(..number.len())].clone(),
        6 => json!([]),
        7 => json!({}),
        8 => json!([WORDS[rng.usize(..WORDS.len())]]),
        9 => json!({"a": WORDS[rng.usize(..WORDS.len())]}),
        10 => json!("x".repeat([62, 63, 64, 250, 251][rng.usize(..5)])),
        11 => json!([{"name": "p"}]),
        12 => json!([null]),
        13 => json!("arn:aws:iam::11112222333:role/x"),
        _ => json!(WORDS[rng.usize(..WORDS.len())]),
    }
}

/// The schema without what lets values through that are filled in later.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let later = json!({"$ref": "#/definitions/placeholder"});
            let alternatives = map.get("anyOf").and_then(Value::as_array);
            let of_itself = alternatives.filter(|all| all.get(1) == Some(&later));
            let mut made: Map<String, Value> = map
                .iter()
                .filter(|(key, _)| of_itself.is_none() || *key != "anyOf")
                .map(|(key, value)| (key.clone(), plain(value)))
                .collect();
            if let (Some(all), Value::Object(own)) = (
                of_itself,
                of_itself.map_or(Value::Null, |all| plain(&all[0])),
            ) {
                assert_eq!(all.len(), 2);
                made.extend(own);
            }
            Value::Object(made)
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// A manifest with all that the schema knows in it, made from what it says of each field.
fn full(at: &Value, rng: &mut Rng) -> Value {
    if let Some(words) = at["enum"].as_array() {
        let words: Vec<&Value> = words.iter().filter(|it| !it.is_null()).collect();
        return words[rng.usize(..words.len())].clone();
    }
    let kind = match &at["type"] {
        Value::Array(kinds) => kinds[0].as_str(),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") => {
            let one = at["oneOf"].as_array();
            let chosen = one.map(|each| &each[rng.usize(..each.len())]["required"][0]);
            let mut map = Map::new();
            for (name, field) in at["properties"].as_object().into_iter().flatten() {
                if chosen.is_none_or(|chosen| chosen == name) {
                    map.insert(name.clone(), full(field, rng));
                }
            }
            if at["additionalProperties"].is_object() {
                let value = full(&at["additionalProperties"], rng);
                map.insert("NAME".to_owned(), value);
            }
            Value::Object(map)
        }
        Some("array") => json!([full(&at["items"], rng)]),
        Some("boolean") => json!(rng.bool()),
        Some("integer" | "number") => json!(rng.u32(1..9)),
        Some("string") => json!(text(at["pattern"].as_str().unwrap_or_default())),
        _ => json!("anything"),
    }
}

/// A text that a pattern takes.
fn text(pattern: &str) -> &'static str {
    for (part, text) in [
        ("arn:aws", "arn:aws:iam::111122223333:role/x"),
        ("/secret/", "//secret/x"),
        ("/location/", "/org/acme/location/x"),
        ("{8}", "6f1f2d0e-4c5b-4f0a-9a57-0c0c0a1b2c3d"),
        ("https?", "https://mirror.example.com/x"),
        ("\\*|", "docker.io"),
        ("Ki|Mi", "2Gi"),
        ("::", "10.0.0.0/8"),
        ("25[0-5]", "10.0.0.10"),
        ("[a-z][a-z0-9-]*", "full"),
    ] {
        if pattern.contains(part) {
            return text;
        }
    }
    "text"
}

/// Every place in a value, as JSON pointers of what can be changed; the kind stays.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    if at == "/kind" {
        return;
    }
    found.push(at.to_owned());
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (n, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{n}"), found);
            }
        }
        _ => {}
    }
}

/// One slip, or one thing that is as good.
fn change(document: &mut Value, names: &[String], rng: &mut Rng) {
    let mut found = Vec::new();
    places(document, "", &mut found);
    let at = found[rng.usize(..found.len())].clone();
    let spot = document.pointer_mut(&at).unwrap();
    let new = values(rng);
    match (rng.u8(..5), spot) {
        (0 | 1, Value::Object(map)) if !map.is_empty() => {
            let key = map.keys().nth(rng.usize(..map.len())).unwrap().clone();
            if key == "kind" {
                return;
            }
            let value = map.shift_remove(&key).unwrap();
            let other = match rng.u8(..4) {
                0 => None,
                1 => Some(key.to_ascii_lowercase()),
                2 => Some(format!("{key}s")),
                _ => Some(names[rng.usize(..names.len())].clone()),
            };
            if let Some(other) = other {
                map.insert(other, value);
            }
        }
        (2, Value::Object(map)) => {
            let name = names[rng.usize(..names.len())].clone();
            if name != "kind" {
                map.insert(name, new);
            }
        }
        (0 | 1, Value::Array(items)) => items.push(new),
        (_, spot) if !at.is_empty() => *spot = new,
        _ => {}
    }
}

/// Every name of a field.
fn names(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(fields) = map.get("properties").and_then(Value::as_object) {
                found.extend(fields.keys().cloned());
            }
            map.values().for_each(|value| names(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

/// What a validator says of each document; nothing of a good one.
fn judged(mut command: Command, documents: &[Value]) -> Vec<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the validator starts");
    let lines: Vec<String> = documents.iter().map(|it| format!("{it}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        for line in lines {
            // One that ended says why.
            if stdin.write_all(line.as_bytes()).is_err() {
                break;
            }
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the validator failed");
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<String> = answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), documents.len());
    answers
}

struct Judges {
    env: Env,
    sandbox: Sandbox,
    schema: Value,
}

/// What each says of a document; nothing of a good one.
#[derive(Debug)]
struct Verdicts {
    validate: String,
    sandbox: String,
    jsonschema: String,
    ajv: String,
}

impl Judges {
    fn new() -> Self {
        let mut env = Env::new();
        let schema = env.line("schema").run().ok().stdout;
        env.write("schema.json", &schema);
        // What is there already cannot become all that it could be new.
        let only = [hetzner("not-among-them", &[])];
        let sandbox = Sandbox::holding(&mut env, &only, &["--org", ORG]);
        Self {
            env,
            sandbox,
            schema: plain(&serde_json::from_str(&schema).unwrap()),
        }
    }

    fn cluster(&self) -> &Value {
        &self.schema["definitions"]["cluster"]
    }

    /// All four about all documents.
    fn ask(&self, documents: &[Value]) -> Vec<Verdicts> {
        let path = self.env.path("schema.json");
        let support = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
        let mut python = Command::new(aws_python());
        python.arg(support.join("judge_manifests.py")).arg(&path);
        let mut ajv = Command::new(node());
        ajv.arg(support.join("judge-manifests.cjs"))
            .arg(&path)
            .env("NODE_PATH", installed("npm/node_modules"));
        let (python, ajv) = (judged(python, documents), judged(ajv, documents));
        let validate = self.validate(documents);
        let mut all = Vec::new();
        for (n, document) in documents.iter().enumerate() {
            all.push(Verdicts {
                validate: validate.get(&n).cloned().unwrap_or_default(),
                sandbox: self.put(document),
                jsonschema: python[n].clone(),
                ajv: ajv[n].clone(),
            });
        }
        all
    }

    /// The first that fails in each document.
    fn validate(&self, documents: &[Value]) -> HashMap<usize, String> {
        let folder = self.env.path("m");
        let _ = std::fs::remove_dir_all(&folder);
        for (n, document) in documents.iter().enumerate() {
            self.env.write(&format!("m/{n}.json"), document.to_string());
        }
        let run = self.env.line("validate m --strict -o json").run();
        let report = run.json();
        let mut failed = HashMap::new();
        for item in report["items"].as_array().unwrap() {
            if item["state"] == "fail" {
                let file = item["file"].as_str().unwrap_or_else(|| panic!("{item}"));
                let number = file.trim_start_matches("m/").trim_end_matches(".json");
                let words = format!("{}: {}", item["id"], item["message"]);
                failed.entry(number.parse().unwrap()).or_insert(words);
            }
        }
        failed
    }

    fn delete(&self, document: &Value) {
        let name = document["name"].as_str().unwrap();
        let path = format!("/org/{ORG}/mk8s/{name}");
        let _ = self.sandbox.call("DELETE", &path, "");
    }

    fn put(&self, document: &Value) -> String {
        let path = format!("/org/{ORG}/mk8s?dryRun=true");
        let (status, answer) = self.sandbox.call("PUT", &path, &document.to_string());
        match status {
            200 | 201 => String::new(),
            400 => answer["details"].to_string(),
            _ => panic!("{status} {answer}"),
        }
    }
}

/// Manifests that are right: the fixtures, the least of each provider, and all fields at once.
fn sound(judges: &Judges, rng: &mut Rng) -> Vec<Value> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(fixture("manifests")).unwrap() {
        texts.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    texts.sort();
    texts.extend(
        providers()
            .iter()
            .map(|(name, settings)| cluster(name, settings, &[])),
    );
    let read = read_yaml(Reader::JsYaml, &texts).into_iter();
    let mut sound: Vec<Value> = read
        .flat_map(|it| match it.unwrap() {
            Value::Array(documents) => documents,
            other => panic!("{other}"),
        })
        .collect();
    for _ in 0..24 {
        sound.push(full(judges.cluster(), rng));
    }
    // Server's fields of a made-up document would be taken for a lock.
    for document in &mut sound {
        let map = document.as_object_mut().unwrap();
        for field in [
            "id",
            "version",
            "created",
            "lastModified",
            "links",
            "alias",
            "status",
        ] {
            map.shift_remove(field);
        }
    }
    sound
}

#[test]
fn validate_the_schema_and_the_server_agree() {
    let trial = Trial::begin("agreement::validate_the_schema_and_the_server_agree");
    let judges = Judges::new();
    let mut documents = sound(&judges, &mut trial.chance(0));
    let right = documents.len();
    let mut all = Vec::new();
    names(judges.cluster(), &mut all);
    let count = trial.scale(400, 5000);
    for run in 0..count {
        let mut rng = trial.chance(run + 1);
        let mut document = documents[rng.usize(..right)].clone();
        for _ in 0..rng.usize(1..3) {
            change(&mut document, &all, &mut rng);
        }
        documents.push(document);
    }
    let verdicts = judges.ask(&documents);
    let mut wrong = 0;
    for (n, (document, said)) in documents.iter().zip(&verdicts).enumerate() {
        let good =
            [&said.validate, &said.sandbox, &said.jsonschema, &said.ajv].map(String::is_empty);
        let agree = || {
            insist!(
                n >= right || good == [true; 4],
                "it is sound\n{said:#?}\n{document}"
            );
            insist!(good == [good[0]; 4], "{said:#?}\n{document}");
            Ok(())
        };
        wrong += usize::from(!good[0]);
        trial.count(&format!("document {n}"), agree());
    }
    let made = documents.len() - right;
    assert!(
        wrong * 4 > made && wrong < made,
        "{wrong} of {made} are wrong"
    );
    trial.end();
}

#[test]
fn what_json_schema_cannot_say_is_three_things() {
    let judges = Judges::new();
    let base = |settings: Value| {
        let mut base = json!({"kind": "mk8s", "name": "c1", "spec": {"version": "1.33.5",
            "provider": {"generic": {"location": "aws-us-west-2"}}}});
        for (path, value) in settings.as_object().unwrap() {
            let path: Path = path.parse().unwrap();
            path.put(&mut base, value.clone()).unwrap();
        }
        base
    };
    let documents = [
        base(json!({"spec.addOns.logs.includeNamespaces": "["})),
        base(json!({"spec.provider.generic.nodePools": [{"name": "a"}, {"name": "a"}]})),
    ];
    for said in judges.ask(&documents) {
        assert!(
            !said.validate.is_empty() && !said.sandbox.is_empty(),
            "{said:?}"
        );
        assert!(
            said.jsonschema.is_empty() && said.ajv.is_empty(),
            "{said:?}"
        );
    }
    // Which org it is, `validate` is not told.
    let other = base(json!({"spec.addOns.byok.location": "/org/other/location/x"}));
    let said = judges.ask(&[other]).remove(0);
    assert!(!said.sandbox.is_empty() && said.ajv.is_empty(), "{said:?}");
}

/// What another tool has yet to fill in is right wherever `validate` takes it for that, and nowhere else; it is
/// never sent.
#[test]
fn what_is_filled_in_later_is_right_for_validate_and_the_schema() {
    let judges = Judges::new();
    let paths = [
        "spec.version",
        "spec.provider",
        "spec.provider.generic",
        "spec.provider.generic.location",
        "spec.provider.generic.nodePools",
        "spec.addOns",
        "spec.addOns.awsECR",
        "spec.addOns.awsECR.roleArn",
        "spec.addOns.metrics.kubeState",
        "spec.addOns.metrics.scrapeAnnotated.intervalSeconds",
        "spec.addOns.azureACR.clientId",
        "spec.addOns.registryMirror.mirrors",
        "spec.firewall",
        "description",
    ];
    let texts = [
        "${X}",
        "$X",
        "{{ .Values.a b }}",
        "<%= x %>",
        "ENC[AES256_GCM,data:a b]",
        "a${X}b{{ y }}",
        "${A:-x y}",
        "${}",
        "${A",
        "a ${B}",
        "${A} b",
        "$1",
        "{{}}",
        "x",
        "${A}${",
        "{{ a }",
        "\u{a0}${A}",
    ];
    let mut documents = Vec::new();
    for path in paths {
        for text in texts {
            let mut document = json!({"kind": "mk8s", "name": "c1", "spec": {"version": "1.33.5",
                "provider": {"generic": {"location": "aws-us-west-2"}}}});
            let pointer = format!("/{}", path.replace('.', "/"));
            let mut at = &mut document;
            for key in pointer.split('/').skip(1) {
                if at.is_null() {
                    *at = json!({});
                }
                at = &mut at[key];
            }
            *at = json!(text);
            documents.push(document);
        }
    }
    let mut differ = Vec::new();
    for (document, said) in documents.iter().zip(judges.ask(&documents)) {
        let right = [&said.validate, &said.jsonschema, &said.ajv].map(String::is_empty);
        if right[0] != right[1] || right[1] != right[2] {
            differ.push(format!("{right:?} {document}"));
        }
    }
    assert!(differ.is_empty(), "{}: {differ:#?}", differ.len());
}

#[test]
fn cpln_is_answered_as_the_schema_says() {
    let judges = Judges::new();
    let trial = Trial::begin("agreement::cpln_is_answered_as_the_schema_says");
    let sound = sound(&judges, &mut trial.chance(0));
    let mut all = Vec::new();
    names(judges.cluster(), &mut all);
    // All fixtures in one go.
    let fixtures: Vec<Value> = sound.iter().take(9).cloned().collect();
    judges
        .env
        .write("fixtures.json", json!(fixtures).to_string());
    let run = judges
        .env
        .cpln(&["apply", "-f", "fixtures.json"])
        .run()
        .ok();
    assert_eq!(run.stdout.matches("Created ").count(), 9, "{run}");
    for fixture in &fixtures {
        judges.delete(fixture);
    }
    let mut documents: Vec<Value> = Vec::new();
    for run in 0..trial.scale(6, 60) {
        let mut rng = trial.chance(run + 1);
        let mut document = sound[rng.usize(..sound.len())].clone();
        change(&mut document, &all, &mut rng);
        documents.push(document);
    }
    let verdicts = judges.ask(&documents);
    for (document, said) in documents.into_iter().zip(verdicts) {
        judges.env.write("c.json", document.to_string());
        let run = judges.env.cpln(&["apply", "-f", "c.json"]).run();
        let agree = || {
            insist!(
                (run.code == 0) == said.ajv.is_empty(),
                "{said:#?}\n{document}\n{run}"
            );
            Ok(())
        };
        trial.count(&document["name"].to_string(), agree());
        // Whatever it is called, the next one is new again.
        if run.code == 0 {
            judges.delete(&document);
        }
    }
    trial.end();
}

#[test]
fn the_schema_of_an_add_on_is_the_one_of_its_settings() {
    let judges = Judges::new();
    for addon in CATALOG {
        let by_schema = judges
            .env
            .line(&format!("schema {}", addon.name))
            .run()
            .ok();
        let by_explain = judges
            .env
            .line(&format!("addon explain {} -o json-schema", addon.key))
            .run()
            .ok();
        assert_eq!(by_schema.stdout, by_explain.stdout);
        let own: Value = serde_json::from_str(&by_schema.stdout).unwrap();
        let own = plain(&own);
        let whole = &judges.cluster()["properties"]["spec"]["properties"]["addOns"];
        let part = &whole["properties"][addon.key];
        for key in ["properties", "required", "additionalProperties"] {
            assert_eq!(own[key], part[key], "{}", addon.name);
        }
    }
    let _ = judges
        .env
        .line("schema aws-erc")
        .run()
        .exits(2)
        .err("did you mean `aws-ecr`?");
    let _ = judges.env.line("addon list -o json-schema").run().exits(2);
    let _ = judges.env.line("schema --modeline=").run().exits(2);
}
