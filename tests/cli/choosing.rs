//! Which clusters are meant: `--all`, `--selector`, patterns and `--exclude`, for every command alike.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Env, Run, Sandbox, snapshot};
use serde_json::Value;

const WI: &str = "awsWorkloadIdentity: {}";

fn tagged(manifest: &str, tags: &str) -> String {
    manifest.replacen(
        "kind: mk8s\n",
        &format!("kind: mk8s\ntags: {{{tags}}}\n"),
        1,
    )
}

/// `edge`, `prod-eu` and `prod-us`, each with something that the others do not have.
fn manifests() -> Vec<String> {
    vec![
        tagged(&hetzner("edge", &[]), "team: red, tier: \"3\""),
        tagged(&aws("prod-eu", &[WI, "metrics: {}"]), "team: blue"),
        tagged(&hetzner("prod-us", &[WI]), "team: blue, canary: \"true\""),
    ]
}

fn place() -> (Env, Sandbox) {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &manifests(), &[]);
    (env, sandbox)
}

/// The targets of a document, each once.
fn targets(run: &Run) -> Vec<String> {
    let items = run.json()["items"].as_array().unwrap().clone();
    let name = |item: &Value| {
        let name = item["target"]["name"].as_str().or(item["cluster"].as_str());
        name.map(str::to_owned)
    };
    let mut names: Vec<String> = items.iter().filter_map(name).collect();
    names.dedup();
    names
}

/// A choice and the clusters that it means.
const CHOICES: &[(&str, &[&str])] = &[
    ("--all", &["edge", "prod-eu", "prod-us"]),
    ("--all --exclude prod-us", &["edge", "prod-eu"]),
    ("--all --exclude prod-*", &["edge"]),
    ("-c prod-*", &["prod-eu", "prod-us"]),
    ("-c prod-?u -c edge", &["edge", "prod-eu"]),
    ("-c * --exclude *-?u", &["edge", "prod-us"]),
    ("--selector tag.team=blue", &["prod-eu", "prod-us"]),
    ("-l tag.team!=blue", &["edge"]),
    ("-l tag.canary", &["prod-us"]),
    ("-l !tag.canary", &["edge", "prod-eu"]),
    ("-l tag.tier>=3", &["edge"]),
    (
        "-l provider=hetzner,addon.aws-workload-identity",
        &["prod-us"],
    ),
    ("-l !addon.metrics,tag.team=blue", &["prod-us"]),
    ("-l kubernetes>=1.2", &["edge", "prod-eu", "prod-us"]),
    ("-l tag.team=blue --exclude prod-us", &["prod-eu"]),
    ("-c prod-* -l provider=aws", &["prod-eu"]),
];

#[test]
fn every_command_means_the_same_clusters() {
    let (env, _sandbox) = place();
    for (flags, expected) in CHOICES {
        let listed = env
            .line(&format!("cluster list {flags} -o names"))
            .run()
            .ok();
        assert_eq!(
            listed.stdout.lines().collect::<Vec<_>>(),
            *expected,
            "{flags}"
        );
        for line in [
            "addon list",
            "addon show metrics",
            "addon explain metrics",
            "addon enable headlamp --dry-run",
            "addon disable aws-workload-identity --dry-run",
            "check --only cluster-exists",
        ] {
            let run = env.line(&format!("{line} {flags} -o json")).run().ok();
            assert_eq!(targets(&run), *expected, "{line} {flags}");
        }
    }
}

#[test]
fn documents_of_files_are_chosen_in_the_same_words() {
    let (env, _sandbox) = place();
    env.write("all.yaml", manifests().join("---\n"));
    for (flags, expected) in CHOICES
        .iter()
        .filter(|(flags, _)| !flags.starts_with("--all"))
    {
        for line in [
            "addon list",
            "addon enable headlamp --dry-run",
            "apply --dry-run",
            "diff",
        ] {
            let run = env
                .line(&format!("{line} -f all.yaml {flags} -o json"))
                .run()
                .ok();
            assert_eq!(targets(&run), *expected, "{line} {flags}");
        }
    }
    // In `check`, -c means the live clusters of these names as well; a selector alone does not.
    let live = |flags: &str| {
        let run = env
            .line(&format!("check -f all.yaml {flags} -o json"))
            .run();
        let items = run.json()["items"].as_array().unwrap().clone();
        let there = items.iter().filter(|it| it["id"] == "cluster-exists");
        there.count()
    };
    assert_eq!(live("-c prod-* --only control-plane,manifest"), 2);
    assert_eq!(live("-l tag.team=blue --only manifest"), 0);
    let run = env
        .line("addon list -f all.yaml --all")
        .run()
        .exits(2)
        .silent();
    let _ = run.err("--all was given together with -f");
}

#[test]
fn what_fits_nothing_is_told_before_anything_is_done() {
    let (env, sandbox) = place();
    snapshot!(env, env.line("addon enable headlamp -c prdo-* --yes").run(), @r"
    exit 3
    --- stderr
    error: no cluster in org `sandbox` fits `prdo-*`
      because: the clusters there are prod-eu, prod-us, edge
    ");
    snapshot!(env, env.line("addon enable headlamp -l tag.team=blu,provider=hetzner --yes").run(), @r"
    exit 3
    --- stderr
    error: no cluster in org `sandbox` fits `tag.team=blu,provider=hetzner`
      because: `tag.team=blu` holds for no cluster; the tag `team` is blue, red
    ");
    snapshot!(env, env.line("addon enable headlamp --all --exclude * --yes").run(), @r"
    exit 3
    --- stderr
    error: no cluster is left to work on
      because: --exclude leaves out all that were meant
    ");
    for (flags, code) in [
        ("-c prod-* -c prdo-*", 3),
        ("-c edge --exclude edge", 3),
        ("-l tag.nobody", 3),
        ("-l kubernetes", 2),
        ("-l provider=aws,provider=gcp", 2),
        ("-l team=blue", 2),
        ("--exclude edge", 2),
        ("--all -c edge", 2),
        ("--all -l tag.team", 2),
    ] {
        for line in ["addon enable headlamp --yes", "addon list", "check"] {
            let run = env.line(&format!("{line} {flags}")).run();
            let _ = run.exits(code).silent();
        }
    }
    for flags in [["--selector", ""], ["-c", ""], ["--exclude", ""]] {
        let line = [&["addon", "list", "--all"], &flags[..]].concat();
        let _ = env.mk8s(&line).run().exits(2).silent();
    }
    assert!(!sandbox.requests().iter().any(|it| it.starts_with("PATCH ")));
    // What leaves out nothing may be a slip.
    let run = env.line("addon list --all --exclude prod-e").run().ok();
    let _ = run.err("--exclude `prod-e` leaves out nothing; the nearest is prod-eu");
}

#[test]
fn an_org_without_clusters_has_none_to_choose() {
    let mut env = Env::new();
    let sandbox = Sandbox::holding(&mut env, &[hetzner("edge", &[])], &[]);
    let path = format!("/org/{}/mk8s/edge", sandbox.org());
    assert!(sandbox.answers(202, "DELETE", &path, "") || sandbox.answers(404, "GET", &path, ""));
    let run = env.line("addon list --all").run().exits(3).silent();
    let _ = run.err("no cluster is in org `sandbox`");
    let _ = env.line("cluster list --all").run().ok();
}

#[test]
fn the_server_sorts_out_what_it_can_and_is_not_relied_on() {
    let (env, sandbox) = place();
    let search = format!("POST /org/{}/mk8s/-query", sandbox.org());
    let line = "addon enable headlamp -l tag.team=blue,provider=hetzner --yes -o names";
    let _ = env.line(line).run().ok().out("prod-us\n");
    let requests = sandbox.requests();
    assert_eq!(requests.first(), Some(&search));
    // One page that has both of the team, one change, one look at it.
    assert_eq!(requests.len(), 3, "{requests:#?}");
    for fault in [
        "status=404",
        "status=400",
        "status=403",
        "html",
        "status=405",
    ] {
        sandbox.fault(&format!("{fault},on=POST:-query,times=1"));
        let run = env.line("addon list -l tag.team=blue -o json").run().ok();
        assert_eq!(targets(&run), ["prod-eu", "prod-us"], "{fault}");
    }
    sandbox.fault("status=401,on=POST:-query,times=1");
    let _ = env
        .line("addon list -l tag.team=blue")
        .run()
        .exits(4)
        .silent();
}

#[test]
fn what_is_printed_and_asked_does_not_depend_on_how_many_fit() {
    let (mut env, sandbox) = place();
    for flags in [
        "-l tag.canary",
        "-c prod-u*",
        "--all --exclude prod-eu --exclude edge",
    ] {
        let run = env
            .line(&format!("addon show metrics {flags} -o json"))
            .run()
            .ok();
        assert_eq!(run.json()["kind"], "AddonList", "{flags}");
        let run = env.line(&format!("addon enable headlamp {flags}")).run();
        let _ = run.exits(2).silent().err("--yes");
    }
    // One that cannot be read is an item, as among others.
    sandbox.fault("status=500,on=GET:/prod-us");
    let run = env
        .line("addon list -c prod-us -c prod-eu --exclude prod-eu -o json")
        .run();
    assert_eq!(run.exits(8).json()["items"][0]["error"]["code"], 8);
    sandbox.heals();
    // The variable names one cluster, and nothing when something else says which.
    env.set("MK8S_CLUSTER", "edge");
    let run = env.line("addon list --all -o json").run().ok();
    assert_eq!(targets(&run).len(), 3);
    env.set("MK8S_CLUSTER", "*");
    let _ = env.line("addon list").run().exits(2).silent();
}

#[test]
fn a_list_shows_where_an_add_on_is_on_or_off() {
    let (env, _sandbox) = place();
    for (flags, expected) in [
        ("--on metrics", vec!["prod-eu"]),
        ("--off metrics", vec!["edge", "prod-us"]),
        ("--on aws-workload-identity --off metrics", vec!["prod-us"]),
        ("--on headlamp", vec![]),
    ] {
        let run = env
            .line(&format!("addon list --all {flags} -o json"))
            .run()
            .ok();
        assert_eq!(targets(&run), expected, "{flags}");
    }
    let _ = env.line("addon list --on metrics").run().exits(2).silent();
    let _ = env
        .line("addon list --all --on nonsense")
        .run()
        .exits(2)
        .silent();
}
