//! Pages and scripts that are made from the program: completions, the command reference, tables of
//! the catalogue and the environment, and the runs that documents show.
//!
//! The tests compare; with `MK8S_UPDATE_DOCS=1` they write instead (`scripts/generate`).

mod addons;

use crate::support::{Bed, Env, aws_python, installed};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn updating() -> bool {
    std::env::var_os("MK8S_UPDATE_DOCS").is_some_and(|value| !value.is_empty())
}

/// Compares a file with what it should hold, or writes it.
#[track_caller]
pub(crate) fn settle(path: &str, content: &str) {
    let file = root().join(path);
    let found = fs::read_to_string(&file).unwrap_or_default();
    if found == content {
        return;
    }
    if updating() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        return;
    }
    let line = found
        .lines()
        .zip(content.lines())
        .position(|(old, new)| old != new)
        .unwrap_or_else(|| found.lines().count().min(content.lines().count()));
    panic!(
        "{path} is not current from line {} on; `scripts/generate` writes it\n  found:    {}\n  expected: {}",
        line + 1,
        found.lines().nth(line).unwrap_or("the end"),
        content.lines().nth(line).unwrap_or("the end"),
    );
}

/// Puts `content` between `<!-- generated: NAME -->` and `<!-- end -->` of a page.
#[track_caller]
pub(crate) fn settle_region(path: &str, name: &str, content: &str) {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let start = format!("<!-- generated: {name} -->\n");
    let (before, rest) = text
        .split_once(&start)
        .unwrap_or_else(|| panic!("{path} has no `{}`", start.trim_end()));
    let (_, after) = rest
        .split_once("<!-- end -->")
        .unwrap_or_else(|| panic!("{path}: `{name}` has no end"));
    settle(
        path,
        &format!("{before}{start}\n{content}\n<!-- end -->{after}"),
    );
}

#[test]
fn completions_are_current() {
    use clap_complete::Shell;
    for (shell, file) in [
        (Shell::Bash, "mk8s.bash"),
        (Shell::Zsh, "_mk8s"),
        (Shell::Fish, "mk8s.fish"),
        (Shell::PowerShell, "mk8s.ps1"),
        (Shell::Elvish, "mk8s.elv"),
    ] {
        settle(
            &format!("completions/{file}"),
            &mk8s::cli::completion(shell),
        );
    }
}

#[test]
fn the_schemas_are_current() {
    let kinds = crate::support::schema_kinds();
    let env = Env::new();
    for kind in &kinds {
        let run = env.line(&format!("schema --of {kind}")).run().ok();
        settle(&format!("docs/schemas/{kind}.json"), &run.stdout);
    }
    let run = env.line("schema").run().ok();
    settle("docs/schemas/manifest.schema.json", &run.stdout);
    for entry in fs::read_dir(root().join("docs/schemas")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let kind = name.trim_end_matches(".json");
        assert!(
            kind == "manifest.schema" || kinds.iter().any(|it| it == kind),
            "docs/schemas/{name} is of no document"
        );
    }
}

#[test]
fn the_command_reference_is_current() {
    let mut command = mk8s::cli::command().term_width(100);
    command.build();
    let mut page = "# Command reference\n\n\
        The help of every command, as `--help` prints it. Generated; do not edit.\n"
        .to_owned();
    reference(&mut command, "", &mut page);
    settle("docs/cli-reference.md", &page);
}

fn reference(command: &mut clap::Command, parent: &str, page: &mut String) {
    let name = format!("{parent}{}", command.get_name());
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    let _ = write!(page, "\n## `{name}`\n\n```text\n{}\n```\n", help.join("\n"));
    let of_add_ons = command.get_subcommand_value_name() == Some("ADDON");
    if of_add_ons {
        for child in command.get_subcommands() {
            flags_of_an_add_on(command, child, &name, page);
        }
        return;
    }
    for child in command.get_subcommands_mut() {
        reference(child, &format!("{name} "), page);
    }
}

/// What the command of an add-on has beyond the one that it is below.
fn flags_of_an_add_on(
    parent: &clap::Command,
    command: &clap::Command,
    name: &str,
    page: &mut String,
) {
    let known: Vec<_> = parent
        .get_arguments()
        .filter(|arg| !arg.is_hide_set())
        .map(clap::Arg::get_id)
        .collect();
    let mut own = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && !known.contains(&arg.get_id()))
        .peekable();
    let _ = write!(page, "\n### `{name} {}`\n\n", command.get_name());
    if own.peek().is_none() {
        let _ = writeln!(
            page,
            "{}. It has no flags of its own.",
            command.get_about().unwrap()
        );
        return;
    }
    let _ = writeln!(
        page,
        "{}.\n\n| flag | meaning |\n|---|---|",
        command.get_about().unwrap()
    );
    for arg in own {
        let flag = arg.to_string().replace('|', "\\|");
        let help = arg.get_help().unwrap().to_string().replace('|', "\\|");
        let _ = writeln!(page, "| `{flag}` | {help} |");
    }
}

#[test]
fn the_table_of_variables_is_current() {
    let mut table = "| variable | meaning |\n|---|---|\n".to_owned();
    for variable in mk8s::settings::VARIABLES {
        let _ = writeln!(table, "| `{}` | {} |", variable.name, variable.meaning);
    }
    settle_region("docs/environment.md", "variables", &table);
}

#[test]
fn the_table_of_exit_codes_is_true() {
    use mk8s::error::Kind;
    use mk8s::exit::Outcome;
    let kinds = [
        Kind::Failure,
        Kind::Usage,
        Kind::NotFound,
        Kind::Denied,
        Kind::Conflict,
        Kind::Refused,
        Kind::Timeout,
        Kind::Unavailable,
        Kind::Partial,
        Kind::Interrupted,
    ];
    let mut expected: Vec<(u8, &str)> = kinds
        .iter()
        .map(|kind| (kind.code(), kind.name()))
        .collect();
    expected.push((Outcome::Ok.code(), "ok"));
    expected.push((Outcome::Differences.code(), "differences"));
    expected.push((Outcome::CheckFailed.code(), "check-failed"));
    expected.sort_unstable();
    let page = "docs/exit-codes.md";
    let text = fs::read_to_string(root().join(page)).unwrap();
    let found: Vec<(u8, &str)> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            Some((cells.next()?.parse().ok()?, cells.next()?))
        })
        .collect();
    assert_eq!(found, expected, "{page}");
}

/// README.md and the pages of docs/.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name)
            .extension()
            .is_some_and(|ending| ending == "md")
        {
            pages.push(format!("docs/{name}"));
        }
    }
    pages.sort();
    pages
}

/// A page, cut at what is to be run.
enum Piece {
    Text(String),
    /// `<!-- setup: COMMAND -->`: run first, not shown.
    Setup(String),
    /// The fenced block after `<!-- run -->`, with its `$ ` lines.
    Run(String, Vec<String>),
}

fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(setup) = line
            .strip_prefix("<!-- setup: ")
            .and_then(|rest| rest.strip_suffix(" -->"))
        {
            pieces.push(Piece::Setup(setup.to_owned()));
        } else if line == "<!-- run -->" {
            let fence = lines.next().expect("a fence follows").to_owned();
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let mut commands: Vec<String> = Vec::new();
            let mut open = false;
            for line in block {
                match line.strip_prefix("$ ") {
                    Some(command) => commands.push(command.to_owned()),
                    None if open => {
                        let command = commands.last_mut().unwrap();
                        command.push('\n');
                        command.push_str(line);
                    }
                    None => {}
                }
                open = line.ends_with('\\');
            }
            assert!(!commands.is_empty(), "a block to run has no command");
            pieces.push(Piece::Run(fence, commands));
        } else {
            pieces.push(Piece::Text(line.to_owned()));
        }
    }
    pieces
}

/// One shell script for the whole page: later blocks see what earlier ones did.
fn script(pieces: &[Piece]) -> String {
    let mut script = "exec 2>&1\nrc=0\n".to_owned();
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Setup(command) => {
                let _ = writeln!(script, "{command}");
            }
            Piece::Run(_, commands) => {
                for command in commands {
                    let shown = command.replace('\'', "'\\''");
                    // `$?` of a command is the exit code of the one before it.
                    let _ = writeln!(
                        script,
                        "printf '%s\\n' '$ {shown}'\n(exit $rc)\n{command}\nrc=$?"
                    );
                }
                script.push_str("printf '\\036'\n");
            }
        }
    }
    script
}

/// The output of a script inside a fresh sandbox and a fresh folder, with what differs from run to
/// run made the same.
fn output(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    fs::create_dir(&work).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_mk8s"))
        .args(["sandbox", "run", "--", "sh", "-c", script])
        .current_dir(&work)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("LANG", "C.UTF-8")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env("ROOT", root())
        .env("FIXTURES", root().join("tests/fixtures/manifests"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(complaints.is_empty(), "{complaints}\n{text}");
    same_every_time(&fixed_thumbprints(&text))
}

/// What stands before, what varies, and what is put in its place.
type Place = (&'static str, fn(char) -> bool, &'static str);

/// Ports, request ids, key ids, moments and durations, each replaced by a fixed one.
fn same_every_time(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    let places: [Place; 13] = [
        ("on `aws-same` after ", is_duration, "1s"),
        ("absent from status (", is_duration, "30ms"),
        ("127.0.0.1:", |c| c.is_ascii_digit(), "43210"),
        ("localhost:", |c| c.is_ascii_digit(), "40000"),
        (
            "(request ",
            |c| c.is_ascii_hexdigit(),
            "24026b8d0649c903a331f18b",
        ),
        (
            "\"requestId\":\"",
            |c| c.is_ascii_hexdigit(),
            "24026b8d0649c903a331f18b",
        ),
        (
            "\"requestId\": \"",
            |c| c.is_ascii_hexdigit(),
            "24026b8d0649c903a331f18b",
        ),
        ("mk8s undo 20", is_run, "261128-101500-3fa2"),
        ("\"id\": \"20", is_run, "261128-101500-3fa2"),
        ("\"seconds\": ", |c| c.is_ascii_digit() || c == '.', "0.1"),
        (
            "Changed      ",
            |c| !c.is_whitespace(),
            "2026-11-24T09:30:00.000Z",
        ),
        ("Who       s", |c| c.is_ascii_hexdigit(), "8ffebbb8554db3e"),
        (
            "\"identity\": \"s",
            |c| c.is_ascii_hexdigit(),
            "8ffebbb8554db3e",
        ),
    ];
    while let Some((at, place)) = places
        .iter()
        .filter_map(|place| Some((rest.find(place.0)?, place)))
        .min_by_key(|(at, _)| *at)
    {
        let (lead, matches, fixed) = place;
        let end = at + lead.len();
        result.push_str(&rest[..end]);
        let tail = rest[end..].trim_start_matches(matches);
        if tail.len() < rest[end..].len() {
            result.push_str(fixed);
        }
        rest = tail;
    }
    result.push_str(rest);
    result
}

fn is_run(c: char) -> bool {
    c.is_ascii_hexdigit() || c == '-'
}

fn is_duration(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, 'm' | 's' | '.')
}

#[test]
fn the_runs_in_the_documents_are_real() {
    for page in pages() {
        let text = fs::read_to_string(root().join(&page)).unwrap();
        let pieces = pieces(&text);
        if !pieces.iter().any(|piece| matches!(piece, Piece::Run(..))) {
            continue;
        }
        let output = output(&script(&pieces));
        let mut blocks = output.split('\u{1e}');
        let mut made = String::new();
        for piece in &pieces {
            match piece {
                Piece::Text(line) => made.push_str(line),
                Piece::Setup(command) => {
                    let _ = write!(made, "<!-- setup: {command} -->");
                }
                Piece::Run(fence, _) => {
                    let block = blocks.next().unwrap().trim_end();
                    let _ = write!(made, "<!-- run -->\n{fence}\n{block}\n```");
                }
            }
            made.push('\n');
        }
        settle(&page, &made);
    }
}

/// The calls of one run, told apart: reads and writes in IAM, reads and writes of the cluster.
fn calls(bed: &Bed, line: &str) -> String {
    bed.moto.forget();
    let before = bed.sandbox.requests().len();
    bed.run(line).ok();
    let log = bed.moto.log();
    let writes = bed.moto.writes();
    let requests = bed.sandbox.requests();
    let (gets, patches): (Vec<_>, Vec<_>) = requests[before..]
        .iter()
        .partition(|request| request.starts_with("GET "));
    format!(
        "{} | {} | {} | {} | {}",
        log.len() - writes.len(),
        writes.len(),
        gets.len(),
        patches.len(),
        if writes.is_empty() {
            "–".to_owned()
        } else {
            writes.join(", ")
        },
    )
}

#[test]
fn the_table_of_aws_calls_is_current() {
    let mut table = "| run | reads in AWS | writes in AWS | reads of the cluster | \
        changes of the cluster | the writes in AWS |\n|---|---|---|---|---|---|\n"
        .to_owned();
    let bed = Bed::edge();
    let (setup, down) = (
        "aws setup aws-ecr -c edge --yes",
        "aws teardown aws-ecr -c edge --with-oidc-provider --yes",
    );
    for (name, line) in [
        ("setup, fresh", setup),
        ("setup, repeated", setup),
        ("status", "aws status aws-ecr -c edge"),
        ("teardown with the provider", down),
        ("teardown, repeated", down),
    ] {
        let _ = writeln!(table, "| {name} | {} |", calls(&bed, line));
    }
    settle_region("docs/aws.md", "calls", &table);
}

/// What a script prints, with the binary under test; it brings its own servers.
fn rehearsal() -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(root().join("scripts/rehearse-aws"))
        .arg(env!("CARGO_BIN_EXE_mk8s"))
        .env_clear()
        // The Python that the emulator was installed with.
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("LANG", "C.UTF-8")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}\n{text}");
    same_every_time(&fixed_thumbprints(&fixed_ports(&text)))
}

/// The certificates of a sandbox are made anew for every run.
fn fixed_thumbprints(text: &str) -> String {
    let mark = "thumbprint ";
    let mut parts = text.split(mark);
    let mut fixed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        fixed.push_str(mark);
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits == 40 {
            fixed.push_str(&"0123456789".repeat(4));
            fixed.push_str(&part[digits..]);
        } else {
            fixed.push_str(part);
        }
    }
    fixed
}

/// The free ports of this run, as wide as they are so that columns stay, and how long a look took.
fn fixed_ports(text: &str) -> String {
    let places = [
        ("localhost:", "40000"),
        ("127.0.0.1:", "40000"),
        ("from here, in ", "9"),
    ];
    let mut fixed = String::new();
    let mut rest = text;
    while let Some((at, figure)) = places
        .iter()
        .filter_map(|(mark, figure)| rest.find(mark).map(|at| (at + mark.len(), figure)))
        .min()
    {
        let (before, after) = rest.split_at(at);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        fixed.push_str(before);
        fixed.push_str(figure);
        rest = &after[digits..];
    }
    fixed + rest
}

/// Whether the page shows, in this order, what the script prints.
fn is_excerpt(page: &str, script: &str, output: &str) {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let start = format!("<!-- excerpt: {script} -->\n");
    let (_, rest) = text.split_once(&start).unwrap();
    let block = rest.lines().skip(1).take_while(|line| *line != "```");
    let mut real = output.lines();
    let mut shown = 0;
    // The first line is the script's own command.
    for line in block.filter(|line| line.trim() != "…").skip(1) {
        assert!(
            real.any(|one| one == line),
            "{script} does not print, at this point: {line}\n{output}"
        );
        shown += 1;
    }
    assert!(shown > 20, "only {shown} lines");
}

#[test]
fn the_rehearsal_is_real() {
    let output = rehearsal();
    settle(
        "docs/rehearsal.md",
        &format!(
            "# The rehearsal\n\nWhat [`scripts/rehearse-aws`](../scripts/rehearse-aws) prints, written \
             by `scripts/generate`; do not edit. Ports,\nthumbprints and times are set to the same \
             ones.\n\n```console\n$ scripts/rehearse-aws\n{}\n```\n",
            output.trim()
        ),
    );
}

#[test]
fn the_excerpt_of_the_demo_is_real() {
    is_excerpt(
        "docs/index.md",
        "scripts/demo.sh",
        &output("sh \"$ROOT/scripts/demo.sh\""),
    );
}

#[test]
fn the_pictures_are_real() {
    let mut command = Command::new(installed("pictures/bin/python"));
    command
        .arg("-B")
        .arg(root().join("scripts/pictures.py"))
        .args(["--binary", env!("CARGO_BIN_EXE_mk8s"), "--aws"])
        .arg(aws_python());
    if !updating() {
        command.arg("--check");
    }
    let output = command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_page_on_checks_explains_every_check() {
    let mut text = String::new();
    for group in mk8s::check::GROUPS {
        let _ = writeln!(
            text,
            "## The group *{}*\n\nLooks at {}.",
            group.id, group.summary
        );
        for check in group.checks {
            let _ = writeln!(
                text,
                "\n### {}\n\n**Checked:** {}{}.",
                check.id,
                check.summary,
                match check.severity {
                    mk8s::check::Severity::Fatal => " (else the rest of the group is skipped)",
                    mk8s::check::Severity::Failure => "",
                    mk8s::check::Severity::Warning => " (else a warning)",
                }
            );
            if !check.needs.is_empty() {
                let needs: Vec<String> = check
                    .needs
                    .iter()
                    .map(|id| format!("[{id}](#{id})"))
                    .collect();
                let _ = writeln!(text, "Needs {}.", needs.join(", "));
            }
            let _ = writeln!(
                text,
                "\n**Why it fails:** {}\n\n**How to mend it:** {}",
                check.hint, check.fix
            );
        }
        text.push('\n');
    }
    settle_region("docs/checks.md", "checks", text.trim_end());
}

#[test]
fn the_matrix_of_defects_is_current() {
    let mut table =
        "| defect | checks that show it | mended by their fixes |\n|---|---|---|\n".to_owned();
    let defects = crate::check::DEFECTS
        .iter()
        .chain(&crate::check_manifest::DEFECTS)
        .chain(crate::issuer::URL_DEFECTS.iter().map(|it| &it.0))
        .chain(crate::issuer::DEFECTS.iter().map(|it| &it.0))
        .chain(&crate::check_aws::DEFECTS)
        .chain(&crate::check_aws::OTHER_DEFECTS)
        .chain(&crate::check_aws::IMAGE_DEFECTS)
        .chain(&crate::check_image::DEFECTS)
        .chain(crate::proof::TOKEN_DEFECTS.iter().map(|it| &it.0))
        .chain(crate::proof::DEFECTS.iter().map(|it| &it.0));
    let mut shown: std::collections::BTreeSet<&str> = std::collections::BTreeSet::new();
    for defect in defects {
        let ids: Vec<String> = defect
            .ids
            .iter()
            .map(|id| format!("[`{id}`](#{id})"))
            .collect();
        shown.extend(defect.ids);
        let mended = if defect.mended { "yes" } else { "" };
        let _ = writeln!(table, "| {} | {} | {mended} |", defect.what, ids.join(", "));
    }
    settle_region("docs/checks.md", "matrix", &table);
    // A check that nothing can make fail proves nothing; but for this one, which only informs.
    shown.insert("owner-conflict");
    for (_, check) in mk8s::check::catalog::checks() {
        assert!(shown.contains(check.id), "no defect shows {}", check.id);
        shown.remove(check.id);
    }
    assert!(shown.is_empty(), "no such checks: {shown:?}");
}

#[test]
fn the_matrix_of_trust_policies_is_current() {
    settle_region("docs/aws.md", "trust", crate::verdicts::matrix().trim_end());
}
