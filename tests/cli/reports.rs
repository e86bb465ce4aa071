//! `--report github` and `--report-file`: what a pipeline shows of a run, however it ends.

use crate::support::manifests::{ROLE, hetzner};
use crate::support::{Env, Run, Sandbox, filters};
use std::fs;
use std::process::Command;
use std::time::Duration;

/// What GitHub takes of a comment, and of the summary of a step.
const COMMENT: usize = 65_536;
const SUMMARY: usize = 1 << 20;
const WORKLOAD: &str = "awsWorkloadIdentity: {}";

/// A runner of GitHub Actions beside a sandbox with the clusters `prod` and `same`, and manifests in
/// `clusters`: of `fresh`, which there is not, of `prod`, on which headlamp is to go on, and of `same`.
fn runner() -> (Env, Sandbox) {
    let mut env = Env::new();
    let live = [hetzner("prod", &["logs: {}"]), hetzner("same", &[])];
    let sandbox = Sandbox::holding(&mut env, &live, &[]);
    let role = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    env.write("clusters/fresh.yaml", hetzner("fresh", &[WORKLOAD, &role]));
    let prod = hetzner("prod", &["logs: {}", "headlamp: {}"]);
    env.write("clusters/prod.yaml", prod);
    env.write("clusters/same.yaml", hetzner("same", &[]));
    let (summary, outputs) = (env.path("summary.md"), env.path("outputs"));
    env.set("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())
        .set("GITHUB_OUTPUT", outputs.to_str().unwrap())
        .set("MK8S_REPORT", "github")
        .set("CI", "true");
    (env, sandbox)
}

/// Runs a line with empty files of the runner.
#[track_caller]
fn run(env: &Env, line: &str, code: i32) -> (Run, String) {
    env.write("summary.md", "");
    env.write("outputs", "");
    let run = env.line(line).run().exits(code);
    (run, env.text("summary.md"))
}

#[track_caller]
fn outputs(env: &Env, changed: bool, kind: &str, role: &str) {
    assert_eq!(
        env.text("outputs"),
        format!("changed={changed}\nexit-kind={kind}\nrole-arn={role}\n")
    );
}

fn annotations(run: &Run) -> Vec<&str> {
    run.stderr
        .lines()
        .filter(|it| it.starts_with("::"))
        .collect()
}

#[test]
fn a_file_that_cannot_be_written_costs_none_of_the_others() {
    let (env, _sandbox) = runner();
    let (seen, page) = run(
        &env,
        "apply -f clusters/prod.yaml --yes --report-file nowhere/plan.md",
        1,
    );
    assert!(page.contains("1 updated"), "{page}");
    outputs(&env, true, "ok", "");
    let seen = seen.err("error: the report was not written to `nowhere/plan.md`");
    drop(seen);
    let (seen, page) = run(&env, "diff -f nobody.yaml --report-file nowhere/plan.md", 3);
    assert!(page.contains("nobody.yaml"), "{page}");
    let _ = seen.err("The report was not written to `nowhere/plan.md`: ");
}

#[test]
fn a_password_in_a_url_is_on_no_page() {
    let (env, _sandbox) = runner();
    let mirror = "registryMirror: {mirrors: [{registry: docker.io, mirrors: [\"https://u:p4ssw0rd@mirror.gcr.io\"]}]}";
    env.write("clusters/prod.yaml", hetzner("prod", &["logs: {}", mirror]));
    let (_, page) = run(
        &env,
        "apply -f clusters/prod.yaml --dry-run --report-file plan.md",
        0,
    );
    for text in [page, env.text("plan.md")] {
        assert!(
            text.contains("***@mirror.gcr.io") && !text.contains("p4ssw0rd"),
            "{text}"
        );
    }
}

#[test]
fn a_plan_is_a_page_with_a_table_and_folded_diffs() {
    let (env, _sandbox) = runner();
    let (seen, page) = run(&env, "apply -f clusters --dry-run", 0);
    assert_eq!(annotations(&seen), Vec::<&str>::new());
    outputs(&env, true, "ok", ROLE);
    filters(&env).bind(|| insta::assert_snapshot!("plan", page));

    // The same for a comment, which is replaced and not appended to.
    for _ in 0..2 {
        let line = "apply -f clusters --dry-run -q --report-file plan.md";
        let (_, summary) = run(&env, line, 0);
        assert_eq!(summary, page);
        assert_eq!(env.text("plan.md"), format!("<!-- mk8s report -->\n{page}"));
    }

    // Done: the differences are on the page although nothing has shown them.
    let (seen, page) = run(&env, "apply -f clusters --yes -q", 0);
    assert_eq!(seen.stderr, "", "{seen}");
    assert!(
        page.contains("### mk8s apply: 1 created, 1 updated, 1 unchanged\n"),
        "{page}"
    );
    assert!(page.contains("+    headlamp: {}\n"), "{page}");
    outputs(&env, true, "ok", ROLE);
    let (_, page) = run(&env, "apply -f clusters --yes", 0);
    assert!(page.contains("### mk8s apply: 3 unchanged\n"), "{page}");
    assert!(!page.contains("<details>"), "{page}");
    outputs(&env, false, "ok", ROLE);
}

#[test]
fn every_change_of_an_addon_is_told_alike() {
    let (env, _sandbox) = runner();
    env.write("set.yaml", "headlamp: {}\n");
    let on = "+    headlamp: {}";
    for (line, title, told, diff) in [
        (
            "addon enable headlamp -c prod --dry-run",
            "addon enable --dry-run: 1 to change",
            "| Would enable headlamp on prod |",
            "+   headlamp: {}",
        ),
        (
            "addon enable headlamp -c prod",
            "addon enable: 1 changed",
            "| Enabled headlamp on prod",
            "+   headlamp: {}",
        ),
        (
            "addon disable headlamp -c prod --yes",
            "addon disable: 1 changed",
            "| Disabled headlamp on prod",
            "-   headlamp: {}",
        ),
        (
            "addon set set.yaml -c prod -c same --yes",
            "addon set: 2 changed",
            "| Set the add-ons on same",
            "+   headlamp: {}",
        ),
        (
            "addon copy --from prod --to same --prune --yes",
            "addon copy: 1 changed",
            "| Set the add-ons on same",
            "+   logs: {}",
        ),
        (
            "addon pull -c same -f clusters/same.yaml",
            "addon pull: 1 changed",
            "<br>clusters/same.yaml | changed |",
            on,
        ),
        (
            "addon disable headlamp -f clusters/prod.yaml",
            "addon disable: 1 changed",
            "| Disabled headlamp in clusters/prod.yaml",
            "-    headlamp: {}",
        ),
        (
            "addon enable headlamp -f clusters --dry-run -o patch",
            "addon enable --dry-run: 2 to change, 1 unchanged",
            "<br>clusters/fresh.yaml | to change | Would enable headlamp",
            on,
        ),
    ] {
        let (_, page) = run(&env, line, 0);
        let heading = format!("### mk8s {title}\n");
        assert!(page.contains(&heading), "{line}\n{page}");
        assert!(page.contains(told), "{line}\n{page}");
        let has = |wanted: &str| page.lines().any(|it| it == wanted);
        assert!(has(diff), "{line}: {diff}\n{page}");
        outputs(&env, true, "ok", "");
    }
    let enable = format!("addon enable aws-ecr -c prod --with-prerequisites --role-arn {ROLE}");
    let _ = run(&env, &enable, 0);
    outputs(&env, true, "ok", ROLE);
}

#[test]
fn differences_have_their_place_in_the_file() {
    let (env, _sandbox) = runner();
    for format in ["text", "json"] {
        let (seen, page) = run(
            &env,
            &format!("diff -f clusters --exit-code -o {format}"),
            10,
        );
        assert!(
            page.contains("### mk8s diff: 1 to create, 1 to update, 1 unchanged\n"),
            "{page}"
        );
        let lines = env.text("clusters/prod.yaml");
        let line = 1 + lines
            .lines()
            .position(|it| it.contains("headlamp"))
            .unwrap();
        let wanted = format!(
            "::warning file=clusters/prod.yaml,line={line},col=5,title=mk8s diff::prod differs from \
             the live cluster: spec.addOns.headlamp"
        );
        assert!(annotations(&seen).contains(&wanted.as_str()), "{seen}");
        assert!(page.contains("+   headlamp: {}\n"), "{page}");
        outputs(&env, true, "differences", ROLE);
    }
}

/// Whatever a run fails of is told with its place, its reason and what to do next.
#[test]
fn a_run_that_fails_is_told_as_well() {
    let (env, sandbox) = runner();
    env.write("broken.yaml", "kind: mk8s\nname: [\n");
    env.write("twice.yaml", hetzner("prod", &["logs: {}", "logs: {}"]));
    for (line, code, kind, annotation) in [
        (
            "apply -f gone.yaml",
            3,
            "not-found",
            "::error file=gone.yaml,title=mk8s apply::",
        ),
        (
            "apply -f broken.yaml --dry-run",
            6,
            "refused",
            "::error file=broken.yaml,line=2,col=7,title=mk8s apply --dry-run::",
        ),
        (
            "diff -f twice.yaml",
            6,
            "refused",
            "::error file=twice.yaml,line=",
        ),
        (
            "addon enable metrics -c prdo",
            3,
            "not-found",
            "::error title=mk8s addon enable::",
        ),
        (
            "addon disable aws-workload-identity -f clusters/fresh.yaml",
            6,
            "refused",
            "::error file=clusters/fresh.yaml,title=mk8s addon disable::",
        ),
        (
            "check -f gone.yaml",
            3,
            "not-found",
            "::error file=gone.yaml,title=mk8s check::",
        ),
        // Nobody can be asked.
        (
            "apply -f clusters",
            2,
            "usage",
            "::error title=mk8s apply::",
        ),
        // What the parser refuses.
        (
            "apply -f clusters --frobnicate",
            2,
            "usage",
            "::error title=mk8s apply::unexpected argument '--frobnicate'",
        ),
        (
            "addon enable aws-ecr -c prod --wait 5m",
            2,
            "usage",
            "::error title=mk8s addon enable::unexpected argument '5m'",
        ),
    ] {
        let (seen, page) = run(&env, line, code);
        let told = annotations(&seen);
        assert_eq!(told.len(), 1, "{seen}");
        assert!(told[0].starts_with(annotation), "{seen}");
        assert!(page.contains("- **error**: "), "{line}\n{page}");
        if seen.stderr.lines().any(|it| it.starts_with("hint: ")) {
            assert!(told[0].contains("%0Ahint: "), "{seen}");
            assert!(page.contains("<br>hint: <code>"), "{page}");
        }
        // The manifests were read before anybody was to be asked.
        let role = if line == "apply -f clusters" {
            ROLE
        } else {
            ""
        };
        outputs(&env, false, kind, role);
    }
    // Of several each has its own, and those that went well are told.
    env.write("clusters/gone.yaml", "kind: mk8s\nname: [\n");
    let (seen, page) = run(&env, "diff -f clusters", 9);
    let errors = annotations(&seen)
        .iter()
        .filter(|it| it.starts_with("::error"))
        .count();
    assert_eq!(errors, 1, "{seen}");
    assert!(
        page.contains("| <code>prod</code><br>clusters/prod.yaml | to update |"),
        "{page}"
    );
    outputs(&env, true, "partial", ROLE);
    fs::remove_file(env.path("clusters/gone.yaml")).unwrap();

    sandbox.fault("status=503,on=GET,times=999");
    let (seen, page) = run(&env, "apply -f clusters --yes --timeout 1s", 8);
    assert!(page.contains("(unavailable)"), "{page}");
    assert_eq!(annotations(&seen).len(), 3, "{seen}");
    outputs(&env, false, "unavailable", ROLE);
    // Outside of a runner nothing is written, and nothing is wrong with that.
    let mut env = env;
    env.unset("GITHUB_STEP_SUMMARY").unset("GITHUB_OUTPUT");
    let _ = env.line("apply -f gone.yaml").run().exits(3).err("::error");
}

/// Text of others is on the page as text, and no line of it is a workflow command or an output.
#[test]
fn nothing_from_outside_acts_in_a_report() {
    let (env, _sandbox) = runner();
    let evil = "\"```\\n````\\n</details>\\n| x |\\n::error::fake\\nrole-arn=fake\"";
    let manifest = hetzner("prod", &["logs: {}"]).replace(
        "kind: mk8s\n",
        &format!("kind: mk8s\ndescription: {evil}\ntags: {{'</details>`|': \"<b>\"}}\n"),
    );
    env.write("clusters/prod.yaml", &manifest);
    let (_, page) = run(&env, "apply -f clusters/prod.yaml --dry-run", 0);
    let fence = "`````";
    assert!(page.contains(&format!("\n{fence}diff\n")), "{page}");
    assert_eq!(page.matches(&format!("\n{fence}")).count(), 2, "{page}");
    let (_, rest) = page.split_once("diff\n").unwrap();
    let (diff, behind) = rest.split_once(&format!("\n{fence}\n")).unwrap();
    assert!(diff.contains("</details>"), "{page}");
    assert_eq!(behind, "\n</details>\n\n");
    let name = "`</details>|::error::x%0A";
    let (seen, page) = run(&env, &format!("apply -f '{name}'"), 3);
    assert!(!page.contains("</details>"), "{page}");
    assert_eq!(annotations(&seen).len(), 1, "{seen}");
    assert!(seen.stderr.contains("%250A"), "{seen}");
}

#[test]
fn a_page_is_no_longer_than_github_takes_it() {
    let (env, _sandbox) = runner();
    let many: Vec<String> = (0..400)
        .map(|it| hetzner(&format!("c{it:03}"), &[]))
        .collect();
    env.write("clusters/many.yaml", many.join("---\n"));
    // So that no two are alike.
    let text = env.text("clusters/many.yaml");
    let parts = text.split("kind: mk8s\n").enumerate();
    let text: Vec<String> = parts
        .map(|(at, part)| match at {
            0 => part.to_owned(),
            at => format!(
                "kind: mk8s\ndescription: {}{part}",
                format!("{at} ").repeat(20) + "x\n"
            ),
        })
        .collect();
    env.write("clusters/many.yaml", text.concat());
    let (_, page) = run(
        &env,
        "apply -f clusters --dry-run -q --report-file plan.md",
        0,
    );
    let comment = env.text("plan.md");
    assert!(page.len() <= SUMMARY && comment.len() <= COMMENT);
    let cut = "_Cut here: no more fits on this page. The log of the run has all of it._\n";
    assert!(comment.len() > COMMENT - 2000 && comment.ends_with(cut));
    assert!(comment.contains(": 401 to create, 1 to update, 1 unchanged\n"));
    // What is there already counts.
    for there in [SUMMARY - 3000, SUMMARY, SUMMARY + 10] {
        env.write("summary.md", "x".repeat(there));
        let _ = env.line("apply -f clusters --dry-run -q").run().ok();
        let summary = env.text("summary.md");
        assert!(summary.len() <= SUMMARY.max(there), "{}", summary.len());
        assert!(there >= SUMMARY || summary.ends_with(cut));
    }
}

/// The file of the report is replaced where it is one, and nothing else ever is.
#[test]
fn a_report_replaces_reports_alone() {
    let (env, sandbox) = runner();
    let before = env.text("clusters/prod.yaml");
    let line = "apply -f clusters --yes --report-file clusters/prod.yaml";
    let _ = env
        .line(line)
        .run()
        .exits(2)
        .silent()
        .err("error: `clusters/prod.yaml` cannot be the report");
    assert_eq!(env.text("clusters/prod.yaml"), before);
    let writes = sandbox.requests().into_iter();
    assert_eq!(writes.filter(|it| !it.starts_with("GET ")).count(), 0);
    let _ = env
        .line("apply -f clusters --dry-run --report-file nowhere/plan.md")
        .run()
        .exits(1)
        .err("error: the report was not written to `nowhere/plan.md`");
    let mut env = env;
    env.unset("MK8S_REPORT").set("MK8S_REPORT_FILE", "plan.md");
    env.write("summary.md", "");
    let seen = env.line("apply -f gone.yaml").run().exits(3);
    assert_eq!(annotations(&seen), Vec::<&str>::new());
    assert_eq!(env.text("summary.md"), "");
    assert!(env.text("plan.md").contains("failed (not-found)"));
}

/// What a runner cancels is told as well.
#[test]
fn an_interrupted_run_is_told() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[hetzner("prod", &[])], &["--latency", "2s"]);
    env.set("MK8S_REPORT", "github")
        .set("MK8S_REPORT_FILE", "report.md");
    let mut child = env.line("addon enable headlamp -c prod").spawn();
    assert!(crate::support::comes(|| !sandbox.log().is_empty()));
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let status = crate::support::wait(&mut child, Duration::from_secs(20)).unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(env.text("report.md").contains("failed (interrupted)"));
}

/// Where a report is collected from stdout, a run that comes to no checklist is in it as an error.
#[test]
fn a_failure_is_in_the_report_of_a_checklist() {
    let (mut env, _sandbox) = runner();
    env.unset("MK8S_REPORT");
    for line in [
        "check -f gone.yaml",
        "validate gone.yaml",
        "check -c prod --frobnicate",
    ] {
        let run = env.line(&format!("{line} -o junit")).run();
        assert!([2, 3].contains(&run.code), "{run}");
        let wanted =
            "<testsuites name=\"mk8s\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">";
        assert!(run.stdout.contains(wanted), "{run}");
        let read = env.program(
            "python3".as_ref(),
            &[
                "-c",
                "import sys, xml.etree.ElementTree as e; e.parse(sys.stdin)",
            ],
        );
        let _ = read.stdin(run.stdout).run().ok();
        let run = env.line(&format!("{line} -o github")).run();
        assert!(run.stdout.starts_with("::error "), "{run}");
    }
    // Others have no such format, and print nothing in it.
    let _ = env
        .line("apply -f clusters -o junit")
        .run()
        .exits(2)
        .silent();
}
