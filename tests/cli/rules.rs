//! The rules of the add-ons, on manifests: what stops (6), what goes past, what is said.

use crate::support::manifests::{ROLE, aws, cluster, hetzner};
use crate::support::{Env, Run, snapshot};

const ON: &str = "awsWorkloadIdentity: {}";

/// One command on one manifest: the run, and the manifest afterwards.
fn edit(manifest: &str, command: &str) -> (Env, Run, String) {
    let env = Env::new();
    env.write("c.yaml", manifest);
    let mut arguments: Vec<&str> = command.split_whitespace().collect();
    arguments.extend(["-f", "c.yaml"]);
    let run = env.mk8s(&arguments).run();
    let after = env.text("c.yaml");
    (env, run, after)
}

#[track_caller]
fn refused(manifest: &str, command: &str) -> (Env, Run) {
    let (env, run, after) = edit(manifest, command);
    assert_eq!(after, manifest, "a refusal changed the file");
    (env, run.exits(6).silent())
}

#[test]
fn a_missing_prerequisite_stops_with_the_command_that_fixes_it() {
    let (env, run) = refused(&aws("prod", &[]), "addon enable aws-ecr");
    snapshot!(env, run, @r"
    exit 6
    --- stderr
    error: `aws-ecr` was not enabled in c.yaml
      because: it needs `aws-workload-identity`, which is off
    hint: add --with-prerequisites to switch on both
    hint: mk8s addon enable aws-workload-identity -f c.yaml
    ");
    let (_env, run, after) = edit(
        &aws("prod", &[]),
        "addon enable aws-ecr --with-prerequisites",
    );
    let _ = run.ok();
    assert_eq!(after, aws("prod", &[ON, "awsECR: {}"]));
}

#[test]
fn the_hints_of_a_refusal_work_when_they_are_typed() {
    let env = Env::new();
    env.write("c.yaml", aws("prod", &[]));
    let refusal = env
        .mk8s(&["addon", "enable", "aws-ecr", "-f", "c.yaml"])
        .run()
        .exits(6);
    let command = refusal
        .stderr
        .lines()
        .find_map(|line| line.split_once("mk8s addon enable aws-workload-identity"))
        .unwrap_or_else(|| panic!("no command to type\n{refusal}"));
    let typed = format!(
        "addon enable aws-workload-identity{}",
        command.1.trim_end_matches('`')
    );
    let _ = env
        .mk8s(&typed.split_whitespace().collect::<Vec<_>>())
        .run()
        .ok();
    let _ = env
        .mk8s(&["addon", "enable", "aws-ecr", "-f", "c.yaml"])
        .run()
        .ok();
    assert_eq!(env.text("c.yaml"), aws("prod", &[ON, "awsECR: {}"]));
}

#[test]
fn what_an_enabled_add_on_needs_is_not_switched_off() {
    let manifest = aws("prod", &["dashboard: {}", ON, "awsECR: {}", "awsELB: {}"]);
    let (env, run) = refused(&manifest, "addon disable aws-workload-identity");
    snapshot!(env, run, @r"
    exit 6
    --- stderr
    error: `aws-workload-identity` was not disabled in c.yaml
      because: `aws-ecr` and `aws-elb` need it
    hint: --with-dependants disables them too
    ");
    let (_, run, after) = edit(
        &manifest,
        "addon disable aws-workload-identity --with-dependants",
    );
    let _ = run.ok();
    assert_eq!(after, aws("prod", &["dashboard: {}"]));
    let (_, run, after) = edit(&manifest, "addon disable aws-workload-identity --force");
    let _ = run.ok().err("warning");
    assert_eq!(
        after,
        aws("prod", &["dashboard: {}", "awsECR: {}", "awsELB: {}"])
    );
}

#[test]
fn off_aws_a_missing_role_stops_and_force_does_not_help() {
    let off = hetzner("edge", &[ON]);
    let (env, run) = refused(&off, "addon enable aws-ecr");
    snapshot!(env, run, @r"
    exit 6
    --- stderr
    error: `aws-ecr` was not enabled in c.yaml
      because: a cluster of the provider hetzner has no AWS identity of its own, so it can only pull with a role, and none is set
    hint: mk8s addon enable aws-ecr -f c.yaml --role-arn ARN
    ");
    let (_, run) = refused(&off, "addon enable aws-ecr --force");
    let _ = run.err("role");
    let (_, run) = refused(&off, "addon enable aws-ecr --no-role-arn");
    let _ = run.err("role");
    let on = hetzner("edge", &[ON, &format!("awsECR: {{roleArn: \"{ROLE}\"}}")]);
    for command in [
        "addon enable aws-ecr --no-role-arn",
        "addon enable aws-ecr --no-role-arn --force",
    ] {
        let (_, run) = refused(&on, command);
        let _ = run.err("role");
    }
}

#[test]
fn the_output_says_which_registry_case_it_is() {
    let chain = |hop: &str| {
        cluster(
            "c",
            &format!(
                "aws: {{deployRoleArn: \"arn:aws:iam::111122223333:role/hub\", \
                 deployRoleChain: [{{roleArn: \"arn:aws:iam::{hop}:role/spoke\"}}]}}"
            ),
            &[ON],
        )
    };
    let nowhere = cluster("c", "aws: {region: eu-central-1}", &[ON]);
    let other = ROLE;
    let own = "arn:aws:iam::111122223333:role/own";
    let cases = [
        (aws("c", &[ON]), None, "same-account", "111122223333"),
        (
            aws("c", &[ON]),
            Some(own),
            "same-account-role",
            "111122223333",
        ),
        (
            aws("c", &[ON]),
            Some(other),
            "cross-account",
            "999999999999",
        ),
        // The last hop of a chain is where the cluster lives.
        (
            chain("999999999999"),
            Some(other),
            "same-account-role",
            "999999999999",
        ),
        (
            chain("222233334444"),
            Some(own),
            "cross-account",
            "111122223333",
        ),
        (
            hetzner("c", &[ON]),
            Some(other),
            "outside-aws",
            "999999999999",
        ),
        (
            cluster("c", "generic: {location: aws-eu-central-1}", &[ON]),
            Some(other),
            "outside-aws",
            "999999999999",
        ),
        (nowhere, Some(other), "unknown", "999999999999"),
    ];
    for (manifest, role, word, account) in cases {
        let role = role.map_or(String::new(), |role| format!("--role-arn {role}"));
        let (_, run, _) = edit(&manifest, &format!("addon enable aws-ecr {role} -o json"));
        let json = run.ok().json();
        assert_eq!(json["items"][0]["registryAccess"], word, "{manifest}{role}");
        let (_, run, _) = edit(&manifest, &format!("addon enable aws-ecr {role}"));
        let run = run.ok();
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains(account), "{run}");
    }
}

#[test]
fn a_role_is_kept_when_none_is_given_and_removed_on_request() {
    let with = |role: &str| aws("prod", &[ON, &format!("awsECR: {{roleArn: \"{role}\"}}")]);
    let (_, run, after) = edit(&with(ROLE), "addon enable aws-ecr");
    let _ = run.ok().out(ROLE);
    assert_eq!(after, with(ROLE));
    let own = "arn:aws:iam::111122223333:role/own";
    let (_, run, after) = edit(
        &with(ROLE),
        &format!("addon enable aws-ecr --role-arn {own}"),
    );
    let _ = run.ok();
    assert_eq!(after, with(own));
    let (_, run, after) = edit(&with(ROLE), "addon enable aws-ecr --no-role-arn");
    let _ = run.ok();
    assert_eq!(after, aws("prod", &[ON, "awsECR: {}"]));
}

#[test]
fn a_required_setting_is_named() {
    for (addon, field) in [
        ("aws-efs", "roleArn"),
        ("azure-acr", "clientId"),
        ("byok", "location"),
    ] {
        let manifest = aws("prod", &[ON, "azureWorkloadIdentity: {}"]);
        let (_, run) = refused(&manifest, &format!("addon enable {addon} --force"));
        let _ = run.err(field);
    }
    // Judged on the merged result: what is there already counts.
    let manifest = aws(
        "prod",
        &[
            "azureWorkloadIdentity: {}",
            "azureACR: {clientId: 6f1f2d0e-4c5b-4f0a-9a57-0c0c0a1b2c3d}",
        ],
    );
    let (_, run, after) = edit(&manifest, "addon enable azure-acr");
    let _ = run.ok();
    assert_eq!(after, manifest);
}

#[test]
fn every_add_on_without_a_required_setting_goes_on_and_off() {
    for addon in mk8s::addon::CATALOG {
        if addon.params.iter().any(|param| param.required) {
            continue;
        }
        let manifest = aws("prod", &["other: {}"]);
        let (_, run, on) = edit(
            &manifest,
            &format!("addon enable {} --with-prerequisites --force", addon.name),
        );
        let _ = run.ok();
        assert!(on.contains(&format!("    {}: {{}}\n", addon.key)), "{on}");
        let (_, run, off) = edit(&on, &format!("addon disable {}", addon.key));
        let _ = run.ok();
        assert!(!off.contains(addon.key), "{off}");
    }
}

#[test]
fn unknown_add_ons_are_shown_and_kept() {
    let unknown = "rocket: {thrust: [1, 2]}  # newer than this binary";
    let manifest = aws("prod", &[unknown, ON]);
    let (env, run, after) = edit(&manifest, "addon enable aws-ecr");
    let _ = run.ok();
    assert_eq!(after, aws("prod", &[unknown, ON, "awsECR: {}"]));
    let _ = env
        .mk8s(&["addon", "list", "-f", "c.yaml"])
        .run()
        .ok()
        .out("rocket");
    let json = env
        .mk8s(&["addon", "list", "-f", "c.yaml", "-o", "json"])
        .run()
        .ok();
    let _ = json.out("rocket");
}

#[test]
fn a_role_in_another_partition_is_warned_about() {
    let env = Env::new();
    env.write("m.yaml", aws("prod", &["awsWorkloadIdentity: {}"]));
    let role = "arn:aws-cn:iam::111122223333:role/own";
    let line = format!("addon enable aws-ecr -f m.yaml --role-arn {role}");
    let run = env.line(&line).run().ok();
    let _ = run.err("the role is in the partition aws-cn, the cluster in aws");
}
