//! Names and paths of files, and what stands in their place.

use super::{ON, sane};
use crate::support::manifests::aws;
use crate::support::{Env, Terminal};
use std::time::Duration;

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
        ("loop", &[3]),
        ("loop.yaml", &[1]),
        ("dangling.yaml", &[3]),
        ("tree/a.yaml/b.yaml", &[1, 3]),
        ("gone", &[3]),
        ("gone/../tree/a.yaml/", &[1, 3]),
        (&long, &[1]),
        // A bracket that is never closed is no pattern.
        ("gone\u{1b}[31m\u{9b}\r\nerror: x", &[2]),
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
