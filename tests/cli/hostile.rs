//! Input that nobody sends by accident: it ends soon, in little memory, with an exit code and words,
//! and nothing of it reaches a terminal as it came.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Answer, Env, Fake, Run, Sandbox, Terminal, Trial, insist};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

const ON: &str = "awsWorkloadIdentity: {}";
const ENABLE: &str = "addon enable aws-ecr";

/// Whatever the input: an exit code of ours, in time, in words of a sane length, without a raw
/// control character.
#[track_caller]
fn sane(name: &str, run: &Run) {
    assert!((0..=11).contains(&run.code), "{name}\n{run}");
    assert!(
        run.elapsed < Duration::from_secs(25),
        "{name}: {:?}",
        run.elapsed
    );
    assert!(!run.stderr.contains("panicked"), "{name}\n{run}");
    assert!(
        run.stderr.len() < 20_000,
        "{name}: {} bytes of words",
        run.stderr.len()
    );
    for text in [&run.stdout, &run.stderr] {
        no_raw(name, text);
    }
    if run.code != 0 && run.code != 10 {
        assert!(run.stderr.contains("error: "), "{name}\n{run}");
    }
}

#[track_caller]
fn no_raw(name: &str, text: &str) {
    let raw = |c: &char| {
        let turns = matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        c.is_control() && !matches!(c, '\n' | '\t') || turns
    };
    let found = text.chars().find(raw);
    assert_eq!(found, None, "{name} shows it raw: {text:?}");
}

/// Runs in at most so many megabytes of memory.
fn within(env: &Env, megabytes: usize, line: &str) -> Run {
    let script = format!(
        "ulimit -v {}; exec {} {line}",
        megabytes * 1024,
        env!("CARGO_BIN_EXE_mk8s")
    );
    env.sh(&script).run()
}

/// A cluster, and behind it a document of another kind with this in it.
fn beside(other: &str) -> String {
    format!("{}---\nkind: gvc\nname: x\n{other}", aws("prod", &[ON]))
}

/// A cluster with this in its spec.
fn inside(spec: &str) -> String {
    format!("{}{spec}", aws("prod", &[ON]))
}

fn bomb() -> String {
    let mut text = "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let alias = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(
            text,
            "  a{level}: &a{level} [{}]",
            alias.trim_end_matches(", ")
        );
    }
    text
}

#[test]
fn manifests_that_were_made_to_hurt_end_soon_in_little_memory() {
    let trial = Trial::begin("hostile::manifests");
    let megabyte = trial.scale(100 << 10, 1 << 20);
    let many = trial.scale(10_000, 100_000);
    let deep_block = |levels: usize| {
        let mut text = String::new();
        for level in 0..levels {
            let _ = writeln!(text, "{:1$}k:", "", level * 2 + 2);
        }
        text
    };
    let list = "- ".repeat(100_000);
    let cases: Vec<(&str, String, i32)> = vec![
        (
            "flow depth",
            inside(&format!("  x: {}\n", "[".repeat(100_000))),
            6,
        ),
        (
            "closed flow depth",
            inside(&format!(
                "  x: {}{}\n",
                "[".repeat(100_000),
                "]".repeat(100_000)
            )),
            6,
        ),
        (
            "map depth",
            inside(&format!("  x: {}\n", "{a: ".repeat(100_000))),
            6,
        ),
        ("block depth", inside(&deep_block(2_000)), 6),
        ("list depth", inside(&format!("  x:\n  {list}\n")), 6),
        (
            "depth beside",
            beside(&format!("x: {}{}\n", "[".repeat(3_000), "]".repeat(3_000))),
            6,
        ),
        (
            "JSON depth",
            format!("{{\"kind\":\"mk8s\",\"a\":{}", "[".repeat(500_000)),
            6,
        ),
        (
            "questions",
            inside(&format!("  x:\n  {}\n", "? ".repeat(50_000))),
            6,
        ),
        ("bomb inside", inside(&bomb()), 6),
        ("bomb beside", beside(&format!("spec:\n{}", bomb())), 0),
        ("endless alias", inside("  x: &x [*x]\n"), 6),
        ("endless alias beside", beside("x: &x {y: *x}\n"), 0),
        (
            "merge bomb",
            inside(
                "  m0: &m0 {a: 1}\n  m1: &m1 {<<: [*m0, *m0, *m0]}\n  m2: {<<: [*m1, *m1, *m1]}\n",
            ),
            0,
        ),
        (
            "many anchors",
            inside(&(0..many).fold("  x:\n".to_owned(), |mut text, n| {
                let _ = writeln!(text, "  - &a{n} 1");
                text
            })),
            0,
        ),
        (
            "many keys",
            inside(&(0..many).fold("  x:\n".to_owned(), |mut text, n| {
                let _ = writeln!(text, "    k{n}: 1");
                text
            })),
            0,
        ),
        (
            "a key of a megabyte",
            inside(&format!("  {}: 1\n", "k".repeat(1 << 20))),
            6,
        ),
        (
            "a line of 10 megabytes",
            inside(&format!("  x: {}\n", "y".repeat(megabyte * 10))),
            0,
        ),
        (
            "a quoted line of 10 megabytes",
            inside(&format!("  x: \"{}\"\n", "\\u263a".repeat(megabyte))),
            0,
        ),
        (
            "a comment of 10 megabytes",
            inside(&format!("# {}\n", "y".repeat(megabyte * 10))),
            0,
        ),
        (
            "a fault in a line of 10 megabytes",
            inside(&format!("  x: [{}\n", "y".repeat(megabyte * 10))),
            6,
        ),
        ("spaces", inside(&" ".repeat(megabyte * 10)), 0),
        ("tabs", inside(&"\t".repeat(megabyte * 10)), 0),
        ("empty lines", inside(&"\n".repeat(megabyte * 10)), 0),
        (
            "many empty documents",
            format!("{}{}", aws("prod", &[ON]), "---\n".repeat(100_000)),
            0,
        ),
        ("NUL", inside("  x: \"\0\"\n"), 6),
        ("only NUL", "\0".repeat(megabyte * 10), 6),
        ("an escape", inside("  x: \u{1b}[31m\n"), 6),
        ("C1", inside("  x: \u{9b}31m\n"), 6),
        ("a mark in the middle", inside("  x: a\u{feff}b\n"), 0),
        (
            "a tag of a megabyte",
            inside(&format!("  x: !{} y\n", "t".repeat(1 << 20))),
            0,
        ),
        (
            "many directives",
            format!("{}---\n{}", "%FOO bar\n".repeat(10_000), aws("prod", &[ON])),
            0,
        ),
        ("nothing", String::new(), 3),
        ("only a mark", "\u{feff}".to_owned(), 3),
        ("only a comment", "# x".to_owned(), 3),
        ("only a marker", "---".to_owned(), 3),
        ("a scalar", "mk8s".to_owned(), 3),
        ("a number", "1e999".to_owned(), 3),
    ];
    let check = |name: &str, text: &str, code: i32| {
        let env = Env::new();
        env.write("a.yaml", text);
        let run = within(&env, 700, &format!("{ENABLE} -f a.yaml"));
        sane(name, &run);
        insist!(run.code == code, "{code} was expected\n{run}");
        let after = env.text("a.yaml");
        if code == 0 {
            let added = after.len() - text.len();
            insist!(added == "    awsECR: {}\n".len(), "{added} more bytes");
            insist!(after.contains("    awsECR: {}\n"), "it is not on");
        } else {
            insist!(after == text, "the file is changed");
        }
        let read = within(&env, 700, "addon list -f a.yaml");
        sane(name, &read);
        Ok(())
    };
    trial.each(
        &cases,
        2,
        |(name, ..)| (*name).to_owned(),
        |(name, text, code)| check(name, text, *code),
    );
    trial.end();
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let env = Env::new();
    let mut chance = fastrand::Rng::with_seed(7);
    let noise: Vec<u8> = (0..1 << 20).map(|_| chance.u8(..)).collect();
    for (name, bytes) in [
        ("noise", noise.as_slice()),
        ("UTF-16", b"\xff\xfek\0i\0n\0d\0"),
        ("half a character", b"kind: mk8s\nname: \xe2\x98"),
        ("a surrogate", b"kind: mk8s\nname: \xed\xa0\x80\n"),
        ("a program", b"\x7fELF\x02\x01\x01\0\0\0"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0"),
    ] {
        env.write("a.yaml", bytes);
        let run = env.line("addon enable aws-ecr -f a.yaml").run();
        sane(name, &run);
        assert_eq!(run.code, 6, "{name}\n{run}");
        assert_eq!(env.read("a.yaml"), bytes, "{name}");
        let piped = env.line("addon enable aws-ecr -f -").stdin(bytes).run();
        sane(name, &piped);
        assert_eq!((piped.code, piped.stdout.as_str()), (6, ""), "{name}");
    }
}

#[test]
fn thousands_of_documents_and_of_faults_are_no_flood() {
    let env = Env::new();
    let many = |add_ons: &[&str]| {
        let documents: Vec<String> = (0..2_000).map(|n| aws(&format!("c{n}"), add_ons)).collect();
        documents.join("---\n")
    };
    env.write("many.yaml", many(&[ON]));
    let run = within(&env, 1_500, "addon enable aws-ecr -f many.yaml -q");
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(env.text("many.yaml"), many(&[ON, "awsECR: {}"]));
    // None of these has the prerequisite.
    env.write("many.yaml", many(&[]));
    let run = env.line("addon enable aws-ecr -f many.yaml").run().exits(6);
    assert!(run.elapsed < Duration::from_secs(25), "{:?}", run.elapsed);
    assert_eq!(env.text("many.yaml"), many(&[]));
    for number in 0..500 {
        env.write(&format!("d/{number}.yaml"), "spec: [\n");
    }
    let run = env.line("addon enable aws-ecr -f d").run().exits(6);
    no_raw("500 files", &run.stderr);
}

/// Names in files come from strangers too.
#[test]
fn names_in_manifests_are_shown_escaped() {
    let evil = "a\\x1b]0;owned\\x07\\x9b2J\\u202e\\r\\nb";
    let env = Env::new();
    let manifest = format!(
        "kind: mk8s\nname: \"{evil}\"\ntags: {{\"{evil}\": \"{evil}\"}}\nspec:\n  provider: {{aws: {{deployRoleArn: \"{evil}\"}}}}\n  \
         addOns:\n    awsWorkloadIdentity: {{}}\n    \"{evil}\": {{x: \"{evil}\"}}\n    metrics: {{\"{evil}\": 1}}\n    awsEFS: {{roleArn: \"{evil}\"}}\n"
    );
    env.write("a.yaml", format!("{manifest}---\n{manifest}"));
    env.write("one.yaml", &manifest);
    for line in [
        "addon list -f a.yaml",
        "addon list -f one.yaml",
        "addon list -f one.yaml -o wide",
        "addon list -f one.yaml -o names",
        "addon list -f one.yaml -o json",
        "addon show metrics -f one.yaml",
        "addon show aws-efs -f one.yaml",
        "addon show metrics -f one.yaml -o yaml",
        "addon enable aws-ecr -f a.yaml --dry-run",
        "addon enable aws-efs -f a.yaml --dry-run",
        "addon enable aws-elb -f a.yaml --dry-run",
        "addon disable aws-workload-identity -f a.yaml",
        "addon disable metrics -f one.yaml --dry-run",
        "addon enable headlamp -f a.yaml -c nobody",
        "addon trust-policy -f one.yaml",
        "apply -f a.yaml --yes",
        "apply -f one.yaml --dry-run",
        "diff -f one.yaml",
        "addon enable dashboard -f a.yaml",
    ] {
        let run = env
            .line(line)
            .with("CPLN_ORG", "acme")
            .with("CPLN_TOKEN", "t")
            .with("CPLN_ENDPOINT", "http://127.0.0.1:9")
            .run();
        sane(line, &run);
        let mut terminal = env
            .path("one.yaml")
            .exists()
            .then(|| Terminal::start(&env, line));
        if let Some(terminal) = terminal.take() {
            let (_, screen) = terminal.end();
            assert!(!screen.contains("\u{1b}]0;"), "{line}: {screen:?}");
            assert!(
                !screen.contains('\u{9b}') && !screen.contains('\u{7}'),
                "{line}: {screen:?}"
            );
            assert!(!screen.contains('\u{202e}'), "{line}: {screen:?}");
        }
    }
}

#[test]
fn paths_that_are_no_files_are_refused_at_once() {
    let env = Env::new();
    let status = env.sh("mkfifo pipe.yaml; mkdir -p empty loop tree; ln -s loop.yaml loop.yaml; ln -s ../loop loop/again; ln -s /dev/zero zero.yaml; ln -s gone dangling.yaml; mkfifo tree/pipe.yaml; ln -s /dev/zero tree/zero.yaml").run();
    let _ = status.ok();
    env.write("tree/a.yaml", aws("prod", &[ON]));
    let long = "x".repeat(300);
    for (path, codes) in [
        ("pipe.yaml", &[6][..]),
        ("zero.yaml", &[6]),
        ("/dev/zero", &[6]),
        ("/dev/stdin", &[6, 3]),
        ("/dev/full", &[6]),
        ("/proc/self/mem", &[1, 6]),
        ("empty", &[3]),
        ("loop", &[1]),
        ("loop.yaml", &[1]),
        ("dangling.yaml", &[3]),
        ("tree/a.yaml/b.yaml", &[1, 3]),
        ("gone", &[3]),
        ("gone/../tree/a.yaml/", &[1, 3]),
        (&long, &[1]),
        ("gone\u{1b}[31m\u{9b}\r\nerror: x", &[3]),
    ] {
        for verb in ["enable", "disable"] {
            let run = env
                .mk8s(&["addon", verb, "aws-ecr", "-f", path])
                .limit(Duration::from_secs(20))
                .run();
            sane(path, &run);
            assert!(codes.contains(&run.code), "{path}: {codes:?}\n{run}");
            assert_eq!(run.stdout, "", "{path}");
        }
    }
    // In a folder they are not even looked at.
    let run = env.line("addon enable aws-ecr -f tree").run();
    sane("tree", &run);
    assert_eq!(run.code, 0, "{run}");
    // A file's own name is a stranger's too.
    for name in [
        "a\u{1b}[31m.yaml",
        "b\n\rerror: x.yaml",
        "c\u{9b}31m.yaml",
        "-d.yaml",
        "e \u{202e}.yaml",
    ] {
        env.write(&format!("names/{name}"), aws("prod", &[ON]));
    }
    for line in [
        "addon enable aws-ecr -f names --dry-run",
        "addon enable aws-ecr -f names",
        "addon enable aws-ecr -f names",
        "addon list -f names",
    ] {
        let run = env.line(line).run();
        sane(line, &run);
        assert_eq!(run.code, 0, "{line}\n{run}");
    }
}

#[test]
fn an_endless_input_and_a_full_output_end() {
    let env = Env::new();
    let binary = env!("CARGO_BIN_EXE_mk8s");
    env.write("a.yaml", aws("prod", &[ON]));
    for (script, codes) in [
        (
            format!("yes 'a: b' | {binary} addon enable aws-ecr -f -"),
            &[6][..],
        ),
        (
            format!("{binary} addon enable aws-ecr -f - </dev/zero"),
            &[6],
        ),
        (format!("{binary} addon list -f a.yaml >/dev/full"), &[1]),
        (
            format!("{binary} addon enable aws-ecr -f - <a.yaml >/dev/full"),
            &[1],
        ),
        (
            format!("{binary} addon list -f a.yaml 2>/dev/full >/dev/full"),
            &[1],
        ),
        (
            format!("{binary} addon list -f gone.yaml 2>/dev/full"),
            &[3],
        ),
        (format!("{binary} addon list -f gone.yaml 2>&-"), &[3]),
        (format!("{binary} addon list -f a.yaml >&-"), &[0, 1]),
        (format!("{binary} addon list -f a.yaml <&-"), &[0]),
        (
            format!("{{ {binary} addon explain aws-ecr; echo $? >code; }} | :; exit $(cat code)"),
            &[0, 1],
        ),
    ] {
        let run = env.sh(&script.replace("-euc", "-uc")).run();
        let words = run.stderr.clone();
        assert!(codes.contains(&run.code), "{script}\n{run}");
        assert!(!words.contains("panicked"), "{script}\n{words}");
        assert!(
            run.elapsed < Duration::from_secs(40),
            "{script}: {:?}",
            run.elapsed
        );
    }
}

/// Nothing that is typed becomes another path.
#[test]
fn names_on_the_command_line_cannot_leave_their_place() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[ON])], &[]);
    let long = "a".repeat(100_000);
    let names = [
        "..",
        ".",
        "../..",
        "../../x",
        "prod/",
        "/prod",
        "prod/../prod",
        "prod/-kubeconfig",
        "%2e%2e",
        "prod%2f..",
        "prod?x",
        "prod#x",
        "prod;x",
        "PROD",
        "prod prod",
        "prod\n",
        "\u{1b}[31m",
        "prod\u{9b}",
        "pr\u{202e}od",
        "ｐｒｏｄ",
        "-prod",
        "prod-",
        "",
        &long,
    ];
    for name in names {
        for arguments in [
            vec![
                "cluster".to_owned(),
                "get".to_owned(),
                "--".to_owned(),
                name.to_owned(),
            ],
            vec![
                "addon".to_owned(),
                "enable".to_owned(),
                "aws-ecr".to_owned(),
                format!("--cluster={name}"),
            ],
            vec![
                "addon".to_owned(),
                "list".to_owned(),
                format!("--cluster={name}"),
            ],
            vec![
                "addon".to_owned(),
                "trust-policy".to_owned(),
                format!("--cluster={name}"),
                "--wait=1s".to_owned(),
            ],
        ] {
            let run = env.mk8s(&arguments).run();
            if name.len() < 1000 {
                sane(name, &run);
            }
            assert!(matches!(run.code, 2), "{arguments:?}\n{run}");
        }
    }
    assert_eq!(sandbox.requests(), Vec::<String>::new());
    for org in [
        "..",
        ".",
        "../x",
        "sandbox/../sandbox",
        "a/b",
        "a\\b",
        "a\nb",
        "\u{1b}[31m",
        "a\u{9b}b",
        " ",
    ] {
        let run = env.line("cluster list").with("CPLN_ORG", org).run();
        sane(org, &run);
        assert_ne!(run.code, 0, "{org:?}\n{run}");
    }
    assert_eq!(sandbox.requests(), Vec::<String>::new());
    // What is no path is a name, if a strange one: it arrives as one segment.
    for org in ["a?b", "a#b", "a%2fb", "%2e%2e", "ä", "a b", "\u{202e}"] {
        let run = env.line("cluster list").with("CPLN_ORG", org).run();
        sane(org, &run);
        assert_ne!(run.code, 0, "{org:?}\n{run}");
    }
    for request in sandbox.requests() {
        assert_eq!(request.matches('/').count(), 3, "{request}");
    }
}

#[test]
fn settings_that_were_made_to_hurt_are_errors() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[aws("prod", &[ON])], &[]);
    for (name, value, codes) in [
        ("CPLN_ENDPOINT", "file:///etc/passwd", &[2][..]),
        ("CPLN_ENDPOINT", "http://example.com", &[2]),
        ("CPLN_ENDPOINT", "http://127.0.0.1@example.com/", &[2]),
        ("CPLN_ENDPOINT", "http://127.0.0.1.example.com/", &[2]),
        ("CPLN_ENDPOINT", "http://localhost.example.com", &[2]),
        ("CPLN_ENDPOINT", "http://\u{1b}[31m", &[2]),
        ("CPLN_ENDPOINT", "http://[::1", &[2]),
        ("CPLN_ENDPOINT", "http://127.0.0.1:99999", &[2]),
        ("CPLN_ENDPOINT", "javascript:alert(1)", &[2]),
        ("CPLN_TOKEN", "a\r\nX-Evil: 1", &[2, 4]),
        ("CPLN_TOKEN", "a\u{1b}[31m", &[2, 4]),
        ("CPLN_TOKEN", "\u{202e}", &[2, 4]),
        ("HTTPS_PROXY", "http://\u{1b}[31m:1", &[0, 2, 8]),
        ("COLUMNS", "99999999999999999999", &[0]),
        ("COLUMNS", "0", &[0]),
        ("COLUMNS", "-1", &[0]),
        ("LANG", "\u{1b}", &[0]),
        ("MK8S_CLUSTER", "../x", &[0]),
        ("MK8S_OUTPUT", "\u{1b}[31m", &[2]),
        ("CPLN_HOME", "/dev/null", &[0, 1, 2]),
        ("CPLN_HOME", "\u{1b}", &[0]),
        ("HOME", "", &[0]),
    ] {
        let run = env.line("cluster list").with(name, value).run();
        sane(&format!("{name}={value:?}"), &run);
        assert!(codes.contains(&run.code), "{name}={value:?}\n{run}");
    }
    for request in sandbox.log() {
        assert_eq!(request["headers"]["x-evil"], Value::Null);
    }
}

/// A profile is a file in a folder that others may write to.
#[test]
fn a_profile_that_is_no_profile_is_an_error_and_no_hang() {
    let deep = format!("{{\"a\": {}", "[".repeat(200_000));
    let good = json!({"name": "evil", "context": {"org": "evil"}, "request": {"endpoint": "http://127.0.0.1:9", "token": "stolen"}}).to_string();
    for (name, script) in [
        ("a pipe", "mkfifo P"),
        ("a folder", "mkdir P"),
        ("a device", "ln -s /dev/zero P"),
        ("a loop", "ln -s P P"),
        ("dangling", "ln -s nowhere P"),
        ("huge", "truncate -s 3G P"),
        ("empty", ": >P"),
        ("NUL", "printf '\\0\\0' >P"),
        ("deep", "cat deep >P"),
        ("an array", "echo '[]' >P"),
        (
            "a control character",
            "printf '{\"name\": \"\\033[31m\"' >P",
        ),
        (
            "another type",
            "echo '{\"request\": 7, \"context\": [1]}' >P",
        ),
    ] {
        for file in ["default", "evil.json"] {
            let env = Env::new();
            env.write("deep", &deep);
            let folder = env.home(".config/cpln/profiles");
            fs::create_dir_all(&folder).unwrap();
            if file == "evil.json" {
                fs::write(folder.join("default"), "evil").unwrap();
            }
            let path = folder.join(file);
            let make = script.replace('P', path.to_str().unwrap());
            let _ = env.sh(&make).run().ok();
            for line in [
                "auth status",
                "cluster list",
                "addon enable aws-ecr -c prod",
                "cluster list --profile evil",
            ] {
                let run = within(&env, 700, line);
                sane(&format!("{name} as {file}: {line}"), &run);
                assert!(
                    run.code != 0 || line == "auth status",
                    "{name} as {file}: {line}\n{run}"
                );
            }
            // Nobody needs a profile for this.
            let _ = env.line("addon explain aws-ecr").run().ok();
            env.write("a.yaml", aws("prod", &[ON]));
            let _ = env.line("addon enable aws-ecr -f a.yaml").run().ok();
        }
    }
    // A name is no path.
    let env = Env::new();
    fs::create_dir_all(env.home(".config/cpln/profiles")).unwrap();
    fs::write(env.home("evil.json"), &good).unwrap();
    fs::write(env.home(".config/evil.json"), &good).unwrap();
    fs::write(env.path("evil.json"), &good).unwrap();
    let absolute = env.path("evil");
    for name in [
        "../../../evil",
        "../../evil",
        "/evil",
        absolute.to_str().unwrap(),
        "..",
        ".",
        "evil/",
        "evil\u{1b}[31m",
        "\n",
        "x/../../../../evil",
    ] {
        let run = env.mk8s(&["auth", "status", "--profile", name]).run();
        sane(name, &run);
        assert_ne!(run.code, 0, "{name:?}\n{run}");
        assert!(
            !run.stdout.contains("stolen") && !run.stdout.contains("127.0.0.1:9"),
            "{name:?}\n{run}"
        );
        fs::write(env.home(".config/cpln/profiles/default"), name).unwrap();
        let run = env.line("cluster list").run();
        sane(name, &run);
        assert_ne!(run.code, 0, "{name:?}\n{run}");
        assert!(
            !run.stderr.contains("127.0.0.1:9"),
            "{name:?} was followed\n{run}"
        );
        fs::remove_file(env.home(".config/cpln/profiles/default")).unwrap();
    }
}

const EVIL: &str = "x\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{8}\u{0}\u{202e}\r\nerror: y\u{7f}";

/// A cluster whose every text is hostile.
fn hostile_cluster() -> Value {
    json!({
        "kind": "mk8s", "name": "prod", "id": EVIL, "version": 3, "alias": EVIL,
        "description": EVIL, "tags": {EVIL: EVIL}, "created": EVIL, "lastModified": EVIL,
        "spec": {
            "version": EVIL, "provider": {"aws": {"region": EVIL, "deployRoleArn": EVIL}},
            "addOns": {
                "awsWorkloadIdentity": {}, EVIL: {EVIL: EVIL},
                "awsECR": {"roleArn": EVIL}, "metrics": {EVIL: EVIL},
            },
        },
        "status": {
            "oidcProviderUrl": EVIL, "serverUrl": EVIL,
            "addOns": {"awsECR": {"trustPolicy": {
                "Version": EVIL,
                "Statement": [{"Effect": "Allow", "Principal": {"Federated": EVIL}, "Action": EVIL,
                    "Condition": {"StringEquals": {EVIL: EVIL}}}],
            }}},
        },
    })
}

#[test]
fn what_a_server_says_is_shown_escaped() {
    let list = json!({"kind": "list", "itemKind": "mk8s", "links": [], "items": [hostile_cluster(), {"kind": "mk8s", "name": EVIL, "spec": {"addOns": {EVIL: {}}}}]});
    let problem = json!({"status": EVIL, "message": EVIL, "code": EVIL, "details": [{"message": EVIL, "path": [EVIL]}, EVIL, {EVIL: EVIL}], "id": EVIL});
    let cases: Vec<(&str, Answer)> = vec![
        ("a cluster", Answer::json(200, &hostile_cluster())),
        ("a list", Answer::json(200, &list)),
        ("400", Answer::json(400, &problem)),
        ("401", Answer::json(401, &problem)),
        ("403", Answer::json(403, &problem)),
        ("404", Answer::json(404, &problem)),
        ("409", Answer::json(418, &problem)),
        (
            "429",
            Answer::json(
                429,
                &json!({"message": format!("quota {EVIL}"), "code": EVIL}),
            ),
        ),
        ("503", Answer::json(503, &problem)),
        ("a page", Answer::text(200, "text/html", EVIL)),
        ("a text", Answer::text(502, "text/plain", EVIL)),
        (
            "another kind",
            Answer::json(200, &json!({"kind": EVIL, "name": EVIL})),
        ),
        (
            "a redirect",
            Answer::headers(
                302,
                &[("Location", "http://\u{9b}31m.example/\u{202e}")],
                "",
            ),
        ),
        (
            "a request id",
            Answer::headers(
                400,
                &[
                    ("x-cpln-request-id", "\u{9b}31m\u{202e}"),
                    ("x-request-id", "\u{9b}31m\u{202e}"),
                ],
                "{}",
            ),
        ),
        (
            "a reason",
            Answer::Raw(
                b"HTTP/1.1 400 \xc2\x9b31m\xe2\x80\xae\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
            ),
        ),
    ];
    let env = Env::new();
    env.write("prod.yaml", aws("prod", &[ON]));
    for (name, answer) in cases {
        let fake = Fake::serve(vec![answer]);
        let mut env = Env::new();
        env.connect(fake.endpoint(), "acme", "token");
        env.write("prod.yaml", aws("prod", &[ON, "awsECR: {}"]));
        for line in [
            "cluster list",
            "cluster list -o names",
            "cluster list -o yaml",
            "cluster get prod",
            "cluster get prod -o yaml",
            "cluster get prod -o json",
            "addon list -c prod",
            "addon list -c prod -o wide",
            "addon list -c prod -c other",
            "addon list -c prod -o yaml",
            "addon show aws-ecr -c prod",
            "addon show metrics -c prod",
            "addon trust-policy -c prod",
            "addon trust-policy -c prod -o yaml",
            "addon trust-policy -c prod --account 111122223333",
            "addon oidc-url -c prod",
            "addon oidc-url -c prod -o jsonpath=$",
            "cluster get prod -o jsonpath=$.tags",
            "addon enable aws-ecr -c prod --dry-run",
            "addon enable metrics -c prod",
            "addon disable aws-ecr -c prod --dry-run",
            "addon disable aws-workload-identity -c prod --yes",
            "diff -f prod.yaml",
            "apply -f prod.yaml --dry-run",
            "addon enable metrics -c prod --error-format json",
            "auth status",
            "cluster list -d",
            "addon enable metrics -c prod -v",
        ] {
            // Strings of one field print raw for programs; everything else is for people.
            let run = env.line(line).run();
            if !line.starts_with("addon oidc-url -c") {
                sane(&format!("{name}: {line}"), &run);
            } else {
                assert!((0..=10).contains(&run.code), "{name}: {line}\n{run}");
                no_raw(&format!("{name}: {line}"), &run.stderr);
            }
        }
        for line in [
            "cluster list",
            "cluster get prod",
            "addon list -c prod",
            "addon show aws-ecr -c prod",
            "addon enable metrics -c prod",
            "addon oidc-url -c prod",
            "addon trust-policy -c prod",
        ] {
            let (_, screen) = Terminal::start(&env, line).end();
            for raw in [
                "\u{1b}]0;",
                "\u{1b}[2J",
                "\u{7}",
                "\u{9b}",
                "\u{8}",
                "\u{202e}",
                "\u{7f}",
            ] {
                assert!(
                    !screen.contains(raw),
                    "{name}: {line} shows {raw:?} on a terminal\n{screen:?}"
                );
            }
        }
    }
}

#[test]
fn answers_that_were_made_to_hurt_end_soon_in_little_memory() {
    let raw = |head: &str, body: String| {
        Answer::Raw(
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{head}\r\n\r\n{body}")
                .into_bytes(),
        )
    };
    let sized = |body: String| raw(&format!("Content-Length: {}", body.len()), body);
    let circle = json!({"kind": "list", "itemKind": "mk8s", "items": [], "links": [{"rel": "next", "href": "/org/acme/mk8s"}]});
    let cases: Vec<(&str, Answer)> = vec![
        (
            "depth",
            sized(format!(
                "{{\"kind\":\"mk8s\",\"a\":{}",
                "[".repeat(5_000_000)
            )),
        ),
        (
            "closed depth",
            sized(format!(
                "{{\"kind\":\"mk8s\",\"a\":{}{}}}",
                "[".repeat(100_000),
                "]".repeat(100_000)
            )),
        ),
        (
            "a long string",
            sized(format!(
                "{{\"kind\":\"mk8s\",\"name\":\"{}\"}}",
                "x".repeat(10 << 20)
            )),
        ),
        (
            "many keys",
            sized(format!(
                "{{\"kind\":\"mk8s\"{}}}",
                (0..20_000)
                    .map(|n| format!(",\"k{n}\":{n}"))
                    .collect::<String>()
            )),
        ),
        (
            "many headers",
            Answer::Raw(
                format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(200_000)).into_bytes(),
            ),
        ),
        (
            "a long header",
            Answer::Raw(
                format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n", "b".repeat(20 << 20)).into_bytes(),
            ),
        ),
        (
            "a long reason",
            Answer::Raw(format!("HTTP/1.1 200 {}\r\n\r\n", "b".repeat(20 << 20)).into_bytes()),
        ),
        (
            "no end of the head",
            Answer::Raw(b"HTTP/1.1 200 OK\r\nX-A:".to_vec()),
        ),
        (
            "interim answers",
            Answer::Raw("HTTP/1.1 100 Continue\r\n\r\n".repeat(20_000).into_bytes()),
        ),
        (
            "a huge chunk",
            raw(
                "Transfer-Encoding: chunked",
                "ffffffffffffffff\r\n{".to_owned(),
            ),
        ),
        (
            "a negative chunk",
            raw("Transfer-Encoding: chunked", "-1\r\n{".to_owned()),
        ),
        (
            "two lengths",
            raw("Content-Length: 2\r\nContent-Length: 50", "{}".to_owned()),
        ),
        (
            "a huge length",
            raw("Content-Length: 99999999999999999999", "{}".to_owned()),
        ),
        ("a circle of pages", Answer::json(200, &circle)),
        (
            "a redirect to itself",
            Answer::headers(307, &[("Location", "/org/acme/mk8s/prod")], ""),
        ),
        (
            "a number",
            sized(format!(
                "{{\"kind\":\"mk8s\",\"name\":\"prod\",\"version\":{}}}",
                "9".repeat(100_000)
            )),
        ),
        (
            "a negative version",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "version": i64::MIN, "spec": {"addOns": {}}}),
            ),
        ),
        (
            "the last version",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "version": i64::MAX, "spec": {"addOns": {"awsWorkloadIdentity": {}}}}),
            ),
        ),
        (
            "a list in place of add-ons",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "version": 1, "spec": {"addOns": [1, 2]}}),
            ),
        ),
        (
            "a text in place of a spec",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "version": "1", "spec": "x", "status": 7}),
            ),
        ),
        (
            "add-ons of all types",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "prod", "spec": {"provider": 5, "addOns": {"awsECR": true, "metrics": "x", "logs": [], "byok": 1e300, "nvidia": null}}}),
            ),
        ),
        (
            "another name",
            Answer::json(
                200,
                &json!({"kind": "mk8s", "name": "other", "version": 1, "spec": {"addOns": {"awsWorkloadIdentity": {}}}}),
            ),
        ),
        (
            "retry after for ever",
            Answer::headers(429, &[("Retry-After", "99999999999999999999")], "{}"),
        ),
        (
            "retry after a date",
            Answer::headers(
                503,
                &[("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")],
                "{}",
            ),
        ),
        (
            "half a second of retry",
            Answer::headers(429, &[("Retry-After", "-1")], "{}"),
        ),
    ];
    for (name, answer) in cases {
        let fake = Fake::serve(vec![answer]);
        let mut env = Env::new();
        env.connect(fake.endpoint(), "acme", "token");
        for line in [
            "cluster get prod -o names",
            "cluster list -o names",
            "addon list -c prod",
            "addon enable metrics -c prod",
            "addon enable aws-ecr -c prod --dry-run",
            "addon show aws-ecr -c prod",
        ] {
            let run = within(&env, 900, &format!("{line} --timeout 3s"));
            sane(&format!("{name}: {line}"), &run);
        }
    }
    let mut env = Env::new();
    let _sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[])], &["--fault", "flood=2g"]);
    for line in [
        "cluster get edge",
        "cluster list",
        &format!("{ENABLE} -c edge --role-arn {ROLE} --with-prerequisites"),
    ] {
        let run = within(&env, 900, line);
        sane(line, &run);
        assert_eq!(run.code, 8, "{run}");
    }
}

#[test]
fn arguments_of_all_kinds_are_usage_errors_at_worst() {
    use std::os::unix::ffi::OsStrExt as _;
    let env = Env::new();
    env.write("a.yaml", aws("prod", &[ON]));
    let long = "x".repeat(120_000);
    let cases: Vec<Vec<&[u8]>> = vec![
        vec![b"addon", b"enable", b"\xff\xfe"],
        vec![b"addon", b"enable", b"aws-ecr", b"-f", b"\xff.yaml"],
        vec![b"addon", b"enable", b"aws-ecr", b"-c", b"\xff"],
        vec![b"addon", b"enable", b"\x1b[31m"],
        vec![b"addon", b"enable", "\u{9b}\u{202e}".as_bytes()],
        vec![b"addon", b"enable", long.as_bytes()],
        vec![
            b"addon",
            b"enable",
            b"aws-ecr",
            b"-f",
            b"a.yaml",
            b"--role-arn",
            b"arn:aws:iam::111122223333:role/\x1b[31m",
        ],
        vec![
            b"addon",
            b"enable",
            b"aws-ecr",
            b"-f",
            b"a.yaml",
            b"--role-arn",
            b"arn:aws:iam::111122223333:role/a\nb",
        ],
        vec![
            b"addon",
            b"enable",
            b"aws-ecr",
            b"-f",
            b"a.yaml",
            b"--role-arn",
            long.as_bytes(),
        ],
        vec![
            b"addon",
            b"enable",
            b"aws-ecr",
            b"-f",
            b"a.yaml",
            b"--role-arn",
            b"\xff",
        ],
        vec![b"\x1b[31m"],
        vec![b"--\x1b[31m"],
        vec![
            b"--timeout",
            b"99999999999999999999999h",
            b"cluster",
            b"list",
        ],
        vec![b"--timeout", b"-1s", b"cluster", b"list"],
        vec![b"--timeout", b"\x1b", b"cluster", b"list"],
        vec![b"cluster", b"list", b"-o", b"\x1b[31m"],
        vec![b"cluster", b"list", b"-o", b"jsonpath=$[\x1b"],
        vec![
            b"addon",
            b"list",
            b"-f",
            b"a.yaml",
            b"-o",
            b"jsonpath=$..[?(@..[?(@..[?(@",
        ],
        vec![b"sandbox", b"start", b"--fault", b"\x1b"],
        vec![b"sandbox", b"start", b"--seed", b"\x1b.yaml"],
        vec![b"completion", b"\x1b"],
        vec![b"apply", b"-f", b""],
        vec![b"addon", b"list", b"-f", b""],
    ];
    for arguments in cases {
        let shown: Vec<String> = arguments
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes).chars().take(60).collect())
            .collect();
        let arguments: Vec<&std::ffi::OsStr> = arguments
            .iter()
            .map(|bytes| std::ffi::OsStr::from_bytes(bytes))
            .collect();
        let run = env.mk8s(&arguments).run();
        let code = run.code;
        assert!((1..=8).contains(&code), "{shown:?}\n{run}");
        assert!(!run.stderr.contains("panicked"), "{shown:?}\n{run}");
        no_raw(&format!("{shown:?}"), &run.stderr);
        assert_eq!(env.text("a.yaml"), aws("prod", &[ON]));
    }
}
