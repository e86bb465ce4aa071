//! Every command, in every format, against a cluster, manifests, files, folders, profiles and an IAM
//! in which somebody wrote what hurts: to a pipe, to a terminal and in GitHub Actions nothing of it is
//! acted on, begins a line, or hides. What is raw by contract is raw, and nothing else is.
//!
//! The commands come from the command line itself: a new one fails here until it has its lines.

mod lines;
mod world;

use crate::support::manifests::hetzner;
use crate::support::{Env, Inside, Reader, Run, Sandbox, Terminal, read_yaml, try_request};
use lines::lines;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;
use world::{EVIL, World};

pub(crate) use world::{history, journal};

const FORMATS: [&str; 12] = [
    "text",
    "wide",
    "json",
    "jsonl",
    "yaml",
    "json-slim",
    "yaml-slim",
    "names",
    "jsonpath=$",
    "short",
    "github",
    "junit",
];

/// Every command that does something, as it is typed.
fn leaves(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    // The commands of the add-ons below `enable` are one and the same.
    if command.get_subcommand_value_name() == Some("ADDON") {
        found.push(path.to_owned());
        return;
    }
    let mut below = command.get_subcommands().peekable();
    if below.peek().is_none() {
        found.push(path.to_owned());
    }
    for one in below {
        leaves(one, format!("{path} {}", one.get_name()).trim(), found);
    }
}

fn commands() -> Vec<(String, &'static [&'static str])> {
    let mut found = Vec::new();
    leaves(&mk8s::cli::command(), "", &mut found);
    assert!(found.len() > 15, "{found:?}");
    found
        .into_iter()
        .map(|leaf| {
            let lines = lines(&leaf).unwrap_or_else(|| {
                panic!(
                    "the walk does not know `{leaf}`: add it to tests/cli/walk/lines.rs, with the \
                     fewest arguments that make it show the name or content of a hostile cluster, \
                     file, profile or answer"
                )
            });
            (leaf, lines)
        })
        .collect()
}

/// What looks for faults finds them.
#[test]
fn the_walk_notices() {
    for (text, fault) in [
        ("a\u{9b}31m", "raw"),
        ("a\u{200b}", "raw"),
        ("a\rb", "raw"),
        ("a\tb", "raw"),
        ("a\n::set-output name=k::v", "forged"),
        ("a\n  ::error title=x::y\n::error x", "forged"),
        ("a\nforged one", "forged"),
    ] {
        let found = faults(None, text);
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        assert!(found[0].contains(fault), "{text:?}: {found:?}");
    }
    let world = World::new(None);
    let found = faults(Some(&world), &format!("x {} y", world.token));
    assert_eq!(found, ["the token"]);
    assert!(EVIL.chars().filter(|c| is_raw(*c)).count() > 20);
    assert_eq!(
        faults(None, "::error file=a,title=b::c\nplain – ✓ 漢\n"),
        [""; 0]
    );
}

#[test]
fn every_output_format_is_walked() {
    let words: BTreeSet<String> = mk8s::cli::command()
        .get_arguments()
        .find(|argument| argument.get_id() == "output")
        .unwrap()
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().trim_end_matches('=').to_owned())
        .chain(["short", "github", "junit"].map(str::to_owned))
        .collect();
    let walked: BTreeSet<String> = FORMATS
        .iter()
        .map(|format| format.split('=').next().unwrap().to_owned())
        .collect();
    assert_eq!(walked, words, "add it to FORMATS");
}

/// The words of a command, with what the world holds in place of the braces.
fn words(world: &World, leaf: &str, line: &str) -> Vec<String> {
    leaf.split(' ')
        .chain(line.split_whitespace())
        .map(|word| match word.find('{').zip(word.find('}')) {
            Some((from, to)) => {
                let text = match &word[from + 1..to] {
                    "EVIL" => EVIL.to_owned(),
                    file => world.path(file).to_str().unwrap().to_owned(),
                };
                format!("{}{text}{}", &word[..from], &word[to + 1..])
            }
            None => word.to_owned(),
        })
        .collect()
}

/// The witness of the product's list: written down again, by the blocks of Unicode.
pub(crate) fn is_raw(c: char) -> bool {
    let code = u32::from(c);
    c != '\n' && code < 0x20
        || (0x7f..0xa0).contains(&code)
        || [0xad, 0x61c, 0x115f, 0x1160, 0x2800, 0x3164, 0xfeff, 0xffa0].contains(&code)
        || (0x200b..=0x200f).contains(&code)
        || (0x2028..=0x202e).contains(&code)
        || (0x2060..=0x206f).contains(&code)
        || (0xfe00..=0xfe0f).contains(&code)
        || (0xe0000..=0xe01ef).contains(&code)
}

/// What is wrong with a text: characters that act or hide, lines that somebody else began, a token.
fn faults(world: Option<&World>, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let raw: BTreeSet<char> = text.chars().filter(|c| is_raw(*c)).collect();
    if !raw.is_empty() {
        found.push(format!("raw {raw:?}"));
    }
    for line in text.split('\n') {
        let start = line.trim_start();
        let ours = ["::error ", "::warning ", "::notice "].iter().any(|ours| {
            let rest = start.strip_prefix(ours);
            rest.is_some_and(|rest| rest.starts_with("file=") || rest.starts_with("title="))
        });
        let command = start.starts_with("::") || start.starts_with("##[");
        if start.starts_with("forged") || command && !ours {
            found.push(format!("a forged line {line:?}"));
        }
    }
    if let Some(world) = world {
        let end = world.token.rsplit('.').next().unwrap();
        if text.contains(end) {
            found.push("the token".to_owned());
        }
    }
    found
}

#[track_caller]
fn plain(what: &str, text: &str) {
    let found = faults(None, text);
    assert!(found.is_empty(), "{what}: {found:?}\n{text}");
}

/// One command in one format, to a pipe or a terminal.
fn look(world: &World, words: &[String], format: &str, terminal: bool) -> Run {
    let mut words = words.to_vec();
    let at = words.iter().position(|word| word == "--");
    let output = ["-o".to_owned(), format.to_owned()];
    let _ = words
        .splice(at.map_or(words.len()..words.len(), |at| at..at), output)
        .count();
    let run = if asks_aws(&words) {
        world.env.mk8s(&words).run()
    } else {
        let call = Inside::new(&world.env, &words);
        if terminal {
            call.on_a_terminal().stdin("n\n").run()
        } else {
            call.run()
        }
    };
    let mut found = faults(Some(world), &run.stderr);
    let mut data = faults(Some(world), &run.stdout);
    if format.starts_with("jsonpath") {
        // Paths give texts as they are, to programs; a terminal is none, but shows their lines.
        let raw = |c: char| is_raw(c) && c != '\t';
        let acts = terminal && run.stdout.chars().any(raw);
        data.retain(|fault| fault == "the token" || acts && fault.starts_with("raw"));
    }
    found.append(&mut data);
    if !(0..=11).contains(&run.code) && words.get(1).is_none_or(|word| word != "run") {
        found.push(format!("exit {}", run.code));
    }
    if !found.is_empty() {
        let said = format!("{}\n{}", run.stdout, run.stderr);
        let said: String = said.chars().take(3000).collect();
        let place = if terminal { "a terminal" } else { "a pipe" };
        world.complain(format!("{words:?} to {place}: {found:?}\n{said}"));
    }
    run
}

/// Whether credentials of AWS are looked for, which its SDK does in the variables of the process: such
/// a command needs a process of its own.
fn asks_aws(words: &[String]) -> bool {
    let has = |word: &str| words.iter().any(|it| it == word);
    words[0] == "aws" && !["permissions", "workload"].iter().any(|it| has(it))
        || words[0] == "check" && has("-c")
        || has("--create-role")
}

/// Walks every line in a thread per command; two at a time is what the machine has.
fn walk(world: &World, each: impl Fn(&str, &[String]) + Sync) {
    let commands = commands();
    let (one, two): (Vec<_>, Vec<_>) = commands.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    thread::scope(|scope| {
        for half in [one, two] {
            let each = &each;
            scope.spawn(move || {
                for (_, (leaf, lines)) in half {
                    for line in *lines {
                        each(leaf, &words(world, leaf, line));
                    }
                }
            });
        }
    });
}

#[test]
fn nothing_from_outside_acts_in_a_pipe_or_on_a_terminal() {
    let world = World::new(None);
    let silent: BTreeSet<String> = commands().into_iter().map(|(leaf, _)| leaf).collect();
    let silent = Mutex::new(silent);
    walk(&world, |leaf, words| {
        for format in FORMATS {
            for terminal in [false, true] {
                // A process each, so only what differs; their terminal is a real one, below.
                let costs = terminal || ["wide", "json-slim", "yaml-slim"].contains(&format);
                if costs && asks_aws(words) {
                    continue;
                }
                // On a terminal as in a pipe, but for these.
                let shown = ["text", "wide", "yaml", "names", "jsonpath=$", "junit"];
                if terminal && !shown.contains(&format) {
                    continue;
                }
                // Everything but `check` refuses these alike.
                if leaf != "check" && ["short", "junit"].contains(&format) {
                    continue;
                }
                let run = look(&world, words, format, terminal);
                if [&run.stdout, &run.stderr]
                    .iter()
                    .any(|it| it.contains("::set-output"))
                {
                    silent.lock().unwrap().remove(leaf);
                }
                if terminal || run.stdout.is_empty() {
                    continue;
                }
                match format {
                    "json" | "json-slim" if !IS_TEXT.contains(&words[0].as_str()) => {
                        drop(run.json());
                    }
                    "yaml" => means_the_same(&world, words, &run.stdout),
                    _ => {}
                }
            }
        }
    });
    world.is_well();
    // What never comes near a hostile text has nothing to say for itself.
    let silent = silent.into_inner().unwrap();
    assert!(silent.is_empty(), "nothing hostile was shown by {silent:?}");
}

/// Scripts and pages are what they are in every format.
const IS_TEXT: [&str; 3] = ["completion", "help", "man"];

/// YAML is the JSON of the same run, whatever was escaped in either.
fn means_the_same(world: &World, words: &[String], yaml: &str) {
    // Scripts are scripts in every format, and what an edit came to is another thing the next time.
    let head: Vec<&str> = words.iter().map(String::as_str).take(2).collect();
    if matches!(
        head[..],
        ["completion" | "help" | "man", ..] | ["addon", "enable"] | ["sandbox", "run"]
    ) {
        return;
    }
    let json = look(world, words, "json", false).json();
    let yaml: Value = serde_yaml::from_str(yaml).unwrap();
    assert_eq!(yaml, json, "{words:?}");
}

#[test]
fn nothing_that_a_refusal_says_acts() {
    let world = World::new(Some(400));
    walk(&world, |leaf, words| {
        for format in ["text", "json", "names"] {
            let _ = look(&world, words, format, false);
        }
        // Asked for everything, the requests, headers and bodies are shown.
        let mut loud = words.to_vec();
        if leaf != "sandbox run" {
            loud.extend(["-v", "--debug"].map(str::to_owned));
        }
        let _ = look(&world, &loud, "text", true);
    });
    world.is_well();
}

#[test]
fn nothing_in_flags_and_variables_acts() {
    let world = World::new(None);
    let well = |what: String, run: &Run| {
        for text in [&run.stdout, &run.stderr] {
            let found = faults(Some(&world), text);
            if !found.is_empty() {
                world.complain(format!("{what}: {found:?}\n{run}"));
            }
        }
    };
    for line in [
        "cluster list",
        "addon list -c edge",
        "auth status",
        "check",
        "aws status aws-ecr -c edge",
    ] {
        let usual = words(&world, line, "");
        for flag in [
            "--org",
            "--profile",
            "--endpoint",
            "--token-file",
            "--token",
            "--timeout",
            "--color",
            "-c",
        ] {
            let more = [flag.to_owned(), EVIL.to_owned()];
            let _ = look(&world, &[&usual[..], &more].concat(), "text", false);
        }
        for variable in [
            "CPLN_ORG",
            "CPLN_PROFILE",
            "CPLN_ENDPOINT",
            "CPLN_TOKEN",
            "CPLN_HOME",
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "SSL_CERT_FILE",
            "MK8S_CLUSTER",
            "MK8S_OUTPUT",
            "MK8S_REPORT",
            "MK8S_TIMEOUT",
            "AWS_PROFILE",
            "AWS_REGION",
            "AWS_ENDPOINT_URL",
            "AWS_CA_BUNDLE",
            "HOME",
        ] {
            let run = if asks_aws(&usual) {
                world.env.mk8s(&usual).with(variable, EVIL).run()
            } else {
                Inside::new(&world.env, &usual).with(variable, EVIL).run()
            };
            well(format!("{line} with {variable}"), &run);
        }
    }
    // What the profile holds counts where neither flag nor variable does.
    for more in ["", " --endpoint http://127.0.0.1:9", " --org acme"] {
        for leaf in ["auth status", "cluster list"] {
            let line = format!("--profile ci{more}");
            let run = Inside::new(&world.env, &words(&world, leaf, &line))
                .without(&["CPLN_ORG", "CPLN_ENDPOINT", "CPLN_TOKEN"])
                .run();
            well(format!("{leaf} {line}"), &run);
        }
    }
    world.is_well();
}

/// GitHub's runner reads every line of a step, and the files that it names.
#[test]
fn nothing_from_outside_is_a_command_to_github() {
    let mut world = World::new(None);
    let files = ["summary", "output"].map(|name| world.env.path(name));
    world
        .env
        .set("CI", "true")
        .set("GITHUB_ACTIONS", "true")
        .set("MK8S_REPORT", "github")
        .set("GITHUB_STEP_SUMMARY", files[0].to_str().unwrap())
        .set("GITHUB_OUTPUT", files[1].to_str().unwrap());
    walk(&world, |_, words| {
        let _ = look(&world, words, "text", false);
    });
    let _ = look(
        &world,
        &words(&world, "check", "-f {fleet}"),
        "github",
        false,
    );
    world.is_well();
    let summary = world.env.text("summary");
    plain("the summary", &summary);
    assert!(summary.contains("| **fail** |"), "{summary}");
    // Nothing leaves its cell: as many bars in a row as in its heading, and no markup but ours.
    let mut bars = 0;
    for row in summary.lines().filter(|line| line.starts_with('|')) {
        let count = row.matches('|').count();
        if ["| state |", "| cluster |"]
            .iter()
            .any(|it| row.starts_with(it))
        {
            bars = count;
        }
        assert_eq!(count, bars, "{row}");
        assert!(!row.contains("<b>"), "{row}");
    }
    // Nothing ends its fence, and each fold has its end.
    let ends = summary.lines().filter(|it| *it == "</details>").count();
    assert!(ends > 0 && ends == summary.matches("<details>").count());
    let output = world.env.text("output");
    plain("the outputs", &output);
    for line in output.lines() {
        let name = line.split('=').next().unwrap();
        assert!(
            ["changed", "exit-kind", "role-arn"].contains(&name),
            "{output}"
        );
    }
}

/// What the walk saw by the word of its streams, the real binary shows on a real terminal.
#[test]
fn nothing_from_outside_acts_on_a_real_terminal() {
    let mut world = World::new(None);
    world.env.set("COLUMNS", "100").unset("NO_COLOR");
    for (leaf, line) in [
        ("addon list", "-c prod"),
        ("addon enable", "headlamp -f {fleet} --dry-run"),
        ("addon disable", "{EVIL} -c prod --dry-run"),
        ("check", "-f {fleet} -o junit"),
        ("check", "-c prod --wait 1s"),
        ("cluster get", "prod -o yaml"),
        ("cluster list", "-o names"),
        ("auth status", "--debug"),
        ("aws status", "aws-ecr -c edge"),
        ("aws setup", "aws-ecr -c edge --dry-run"),
        ("aws teardown", "aws-ecr -c edge --dry-run --debug"),
    ] {
        let words = words(&world, leaf, line);
        let (_, screen) = Terminal::with(&world.env, &words).end();
        plain(&format!("{words:?}"), &shown(&screen));
    }
}

/// A screen without what the program itself may send: colours, and the line that is drawn again.
fn shown(screen: &str) -> String {
    let mut text = screen.replace("\r\n", "\n");
    for own in [
        "\u{1b}[2K",
        "\u{1b}[1A",
        "\u{1b}[K",
        "\u{1b}[?25l",
        "\u{1b}[?25h",
    ] {
        text = text.replace(own, "");
    }
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let end = behind.find(|c: char| !c.is_ascii_digit() && c != ';');
        match end {
            // Only `m` ends a colour; anything else stays, and is found.
            Some(end) if behind[end..].starts_with('m') => rest = &behind[end + 1..],
            _ => {
                out.push_str("\u{1b}[");
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out.replace('\r', "\n")
}

#[test]
fn a_running_sandbox_says_nothing_raw() {
    let mut env = Env::new();
    // `Sandbox` ends it; what it printed is what it took its connection from.
    let sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[])], &[]);
    for path in [
        "/org/acme/mk8s/\u{9b}%0A::x",
        "/%1b%5b2J",
        "/org/%E2%80%AE/mk8s",
    ] {
        let _ = try_request(sandbox.endpoint(), "GET", path, sandbox.token(), EVIL);
    }
    let said = sandbox.ends();
    plain("the sandbox", &said);
}

/// JSON escapes as JSON does and means the same; paths and the bytes of `-f -` are not touched.
#[test]
fn what_is_raw_by_contract_is_exactly_that() {
    let world = World::new(None);
    let inside = |line: &str| Inside::new(&world.env, &words(&world, line, ""));
    let cluster = inside("cluster get prod -o json").run().ok().json();
    assert_eq!(cluster["description"], EVIL);
    assert_eq!(cluster["tags"][EVIL], EVIL);
    let run = inside("cluster get prod -o jsonpath=$.description")
        .run()
        .ok();
    assert_eq!(run.stdout, format!("{EVIL}\n"));
    let run = inside("addon oidc-url -c prod -o jsonpath=$").run().ok();
    assert_eq!(run.stdout, format!("{EVIL}\n"));
    let run = inside("addon oidc-url -c prod").run().ok();
    assert_eq!(run.stdout.lines().count(), 1, "{run}");
    // One name is one line, so that a loop over names gets as many as there are clusters.
    let run = inside("cluster list -o names").run().ok();
    assert_eq!(run.stdout.lines().count(), 3, "{run}");
    let before = world.env.text("stdin.yaml");
    let run = inside("addon enable dashboard -f -")
        .stdin(before.clone())
        .run()
        .ok();
    let kept: String = run
        .stdout
        .split_inclusive('\n')
        .filter(|line| !line.contains("dashboard"))
        .collect();
    assert_eq!(kept, before, "{run}");
    assert!(run.stdout.contains('\u{202e}'), "{run}");
    plain("-f -", &run.stderr);
    // Other readers of YAML agree with ours on what the escapes mean.
    let yaml = inside("cluster get prod -o yaml").run().ok().stdout;
    for reader in [Reader::JsYaml, Reader::PyYaml] {
        let read = read_yaml(reader, std::slice::from_ref(&yaml)).remove(0);
        assert_eq!(read, Ok(json!([cluster])), "{reader:?}");
    }
}
