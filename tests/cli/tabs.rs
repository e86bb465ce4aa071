//! TAB in real shells: somebody at the keyboard of bash, zsh and fish.

use crate::support::{Env, Sandbox, Terminal, installed, of_debian};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// What is typed, and the words that are there after one TAB.
const CASES: &[(&str, &[&str])] = &[
    ("mk8s addo", &["addon"]),
    ("mk8s val", &["validate"]),
    ("mk8s addon en", &["addon", "enable"]),
    ("mk8s addon trust", &["addon", "trust-policy"]),
    ("mk8s addon enable headl", &["addon", "enable", "headlamp"]),
    ("mk8s addon enable aws-el", &["addon", "enable", "aws-elb"]),
    (
        "mk8s addon explain node",
        &["addon", "explain", "node-local-dns"],
    ),
    ("mk8s addon disable kub", &["addon", "disable", "kubevirt"]),
    (
        "mk8s addon enable headlamp --with",
        &["addon", "enable", "headlamp", "--with-prerequisites"],
    ),
    ("mk8s addon list --excl", &["addon", "list", "--exclude"]),
    (
        "mk8s addon list -c fleet-0003",
        &["addon", "list", "-c", "fleet-0003"],
    ),
    (
        "mk8s addon list -c fleet-001",
        &["addon", "list", "-c", "fleet-0010"],
    ),
    (
        "mk8s addon list --cluster fleet-001",
        &["addon", "list", "--cluster", "fleet-0010"],
    ),
    (
        "mk8s addon list --cluster=fleet-001",
        &["addon", "list", "--cluster=fleet-0010"],
    ),
    (
        "mk8s cluster get fleet-001",
        &["cluster", "get", "fleet-0010"],
    ),
    (
        "mk8s cluster list --exclude fleet-001",
        &["cluster", "list", "--exclude", "fleet-0010"],
    ),
    ("mk8s check -c fleet-001", &["check", "-c", "fleet-0010"]),
    ("mk8s check -o jun", &["check", "-o", "junit"]),
    ("mk8s check --output=jun", &["check", "--output=junit"]),
    ("mk8s check -o shor", &["check", "-o", "short"]),
    (
        "mk8s check --only role-e",
        &["check", "--only", "role-exists"],
    ),
    (
        "mk8s check --only issuer,role-e",
        &["check", "--only", "issuer,role-exists"],
    ),
    ("mk8s check --skip=role-e", &["check", "--skip=role-exists"]),
    (
        "mk8s check --fail-on unk",
        &["check", "--fail-on", "unknown"],
    ),
    (
        "mk8s addon enable logs --set audit",
        &["addon", "enable", "logs", "--set", "auditEnabled="],
    ),
    ("mk8s help sele", &["help", "selectors"]),
    ("mk8s help fle", &["help", "fleets"]),
    ("mk8s help addon expl", &["help", "addon", "expl"]),
    ("mk8s aws set", &["aws", "setup"]),
    (
        "mk8s aws emit aws-ecr --format terr",
        &["aws", "emit", "aws-ecr", "--format", "terraform"],
    ),
    (
        "mk8s aws emit aws-ecr --format=cloud",
        &["aws", "emit", "aws-ecr", "--format=cloudformation"],
    ),
    (
        "mk8s aws setup aws-ecr --only oid",
        &["aws", "setup", "aws-ecr", "--only", "oidc-provider"],
    ),
    (
        "mk8s aws setup aws-ecr --shared",
        &["aws", "setup", "aws-ecr", "--shared-role"],
    ),
    (
        "mk8s auth status --profile sta",
        &["auth", "status", "--profile", "staging"],
    ),
    (
        "mk8s auth status --profile=sta",
        &["auth", "status", "--profile=staging"],
    ),
    ("mk8s apply -f clus", &["apply", "-f", "clusters.yaml"]),
    ("mk8s apply --file=clus", &["apply", "--file=clusters.yaml"]),
    ("mk8s validate clus", &["validate", "clusters.yaml"]),
    ("mk8s completion fis", &["completion", "fish"]),
    (
        "mk8s sandbox run -- mk8s addon sho",
        &["sandbox", "run", "--", "mk8s", "addon", "show"],
    ),
    (
        "mk8s schema --of CheckR",
        &["schema", "--of", "CheckReport"],
    ),
    (
        "mk8s --org sandbox addon expl",
        &["--org", "sandbox", "addon", "explain"],
    ),
];

/// A folder with a manifest, profiles, and `mk8s` on PATH.
fn desk() -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::start(&mut env, &["--clusters", "10"]);
    env.with_commands();
    let folder = PathBuf::from(env!("CARGO_BIN_EXE_mk8s"));
    let folder = folder.parent().unwrap().display().to_string();
    env.set("PATH", &format!("{folder}:/usr/bin:/bin"));
    env.set("TERM", "xterm").set("HISTFILE", "/dev/null");
    env.write("clusters.yaml", "kind: mk8s\n");
    let profiles = env.home(".config/cpln/profiles");
    fs::create_dir_all(&profiles).unwrap();
    fs::write(profiles.join("staging.json"), "{}").unwrap();
    (env, sandbox)
}

/// Types each line with a TAB behind it, and has the shell say which words it would run.
fn all(mut shell: Terminal, name: &str) {
    let mut wrong = Vec::new();
    for (number, (line, wanted)) in CASES.iter().enumerate() {
        shell.forget().type_in(line).type_in("\t");
        // The start of the line, and a command in front that prints the words and where they end.
        let said = format!("{number}: ");
        shell
            .type_in(&format!("\u{1}printf '[%s]' {number}': ' "))
            .type_in("\u{5} end\r");
        shell.until("[end]");
        let screen = shell.screen().to_owned();
        let (_, words) = screen.rsplit_once(&format!("[{said}]")).unwrap_or_default();
        let words = words.split_once("[end]").unwrap_or_default().0;
        let mut expected = "[mk8s]".to_owned();
        for word in *wanted {
            let _ = write!(expected, "[{word}]");
        }
        // What stands behind a sign goes on in the same word.
        let found = words.replace("][end", "");
        if found != expected
            && !(expected.ends_with("=]") && found.starts_with(expected.trim_end_matches(']')))
        {
            wrong.push(format!("{line}: {found}, and not {expected}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{name}: {} of {} wrong\n{}",
        wrong.len(),
        CASES.len(),
        wrong.join("\n")
    );
}

#[test]
fn somebody_presses_tab_in_bash() {
    let (env, _sandbox) = desk();
    let rc = env.write(
        "bashrc",
        "PS1='> '\nsource <(mk8s completion bash)\necho ready\n",
    );
    let words = [
        "--rcfile".to_owned(),
        rc.display().to_string(),
        "-i".to_owned(),
    ];
    let mut shell = Terminal::program(&env, &of_debian("bash"), &words);
    shell.until("ready").until("> ");
    all(shell, "bash");
}

#[test]
fn somebody_presses_tab_in_zsh() {
    let (mut env, _sandbox) = desk();
    let zsh = of_debian("zsh");
    let mut setup = String::new();
    if let Some(root) = zsh.to_str().and_then(|path| path.strip_suffix("/bin/zsh"))
        && root.ends_with("/debian")
    {
        setup = format!(
            "module_path=({root}/usr/lib/*/zsh/*)\nfpath=({root}/usr/share/zsh/functions/**/*(/) {root}/usr/share/zsh/functions)\n"
        );
    }
    env.write("dot/.zshenv", &setup);
    env.write(
        "dot/.zshrc",
        "PS1='> '\nbindkey -e\nautoload -Uz compinit && compinit -u -D\nsource <(mk8s completion zsh)\necho ready\n",
    );
    let dot = env.path("dot").display().to_string();
    env.set("ZDOTDIR", &dot);
    let mut shell = Terminal::program(&env, &zsh, &["-i".to_owned()]);
    shell.until("ready").until("> ");
    all(shell, "zsh");
}

#[test]
fn somebody_presses_tab_in_fish() {
    let (mut env, _sandbox) = desk();
    let fish = of_debian("fish");
    if fish.ends_with("debian/usr/bin/fish") {
        let library = installed("debian/usr/lib/x86_64-linux-gnu")
            .display()
            .to_string();
        env.set("LD_LIBRARY_PATH", &library);
    }
    let start = "function fish_prompt; echo '> '; end; function fish_greeting; end; \
                 set -g fish_autosuggestion_enabled 0; mk8s completion fish | source; echo ready";
    let words = ["-i".to_owned(), "-C".to_owned(), start.to_owned()];
    let mut shell = Terminal::program(&env, &fish, &words);
    shell.until("ready").until("> ");
    all(shell, "fish");
}

/// A TAB never says a word beside candidates, never waits long and never logs in: a server that hangs, one
/// that is not there, no login, an expired one.
#[test]
fn a_tab_is_silent_and_quick_where_nothing_answers() {
    let mut env = Env::new();
    let hole = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let hangs = format!("http://{}", hole.local_addr().unwrap());
    for (endpoint, token) in [
        (hangs.as_str(), "s1.x"),
        ("http://127.0.0.1:1", "s1.x"),
        ("http://127.0.0.1:1", ""),
        ("not a url", "s1.x"),
    ] {
        env.set("CPLN_ENDPOINT", endpoint)
            .set("CPLN_ORG", "o")
            .set("CPLN_TOKEN", token);
        let run = env
            .mk8s(&["__complete", "fish", "mk8s", "addon", "list", "-c", ""])
            .run()
            .ok();
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            ("none\n", ""),
            "{run}"
        );
        assert!(run.elapsed.as_millis() < 5_000, "{:?}", run.elapsed);
    }
}

/// Names are kept for a minute, for their owner alone, by org and endpoint.
#[test]
fn names_of_clusters_are_kept_for_a_minute() {
    let (env, sandbox) = desk();
    let ask = || {
        env.mk8s(&["__complete", "fish", "mk8s", "check", "-c", ""])
            .run()
            .ok()
            .stdout
    };
    let first = ask();
    assert!(first.contains("fleet-0010\n"), "{first}");
    let folder = env.home(".cache/mk8s");
    let files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&files[0]).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // What is kept is taken, and not what others could have written, or what is old.
    let kept = fs::read_to_string(&files[0]).unwrap();
    fs::write(&files[0], kept.replace("fleet-0010", "kept")).unwrap();
    assert!(ask().contains("kept\n"));
    let mut old: serde_json::Value = serde_json::from_str(&kept).unwrap();
    old["at"] = (old["at"].as_u64().unwrap() - 61).into();
    fs::write(&files[0], old.to_string().replace("fleet-0010", "kept")).unwrap();
    assert_eq!(ask(), first);
    fs::write(&files[0], kept.replace("fleet-0010", "kept\\u001b[31m")).unwrap();
    assert!(!ask().contains("kept"));
    assert!(sandbox.org().len() > 1);
}

#[test]
fn scripts_are_short_and_those_for_packages_stand_alone() {
    let env = Env::new();
    for shell in ["bash", "zsh", "fish"] {
        let shim = env.mk8s(&["completion", shell]).run().ok().stdout;
        assert!(shim.len() <= 2048 && shim.contains("__complete"), "{shell}");
        let whole = env
            .mk8s(&["completion", shell, "--static"])
            .run()
            .ok()
            .stdout;
        assert!(
            whole.len() > 5_000 && !whole.contains("__complete"),
            "{shell}"
        );
    }
}
