//! `mk8s check --live`: the pull itself, offline. The sandbox is Kubernetes and issuer, moto is STS
//! and ECR and checks provider, audience, trust policy and signature; the AWS CLI does the sabotage.

use crate::support::manifests::hetzner;
use crate::support::{ACCOUNT, Bed, Defect, Run, ids};
use serde_json::{Value, json};

const ROLE: &str = "mk8s-sandbox-edge-ecr";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"layers":[]}"#;

fn image() -> String {
    format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/shop:1")
}

/// A cluster that is set up, an image that is there, and a token in the file `token`.
fn ready() -> Bed {
    let bed = Bed::holding(&[hetzner("edge", &[])], &["--oidc"]);
    let roots = bed.sandbox.certificates().unwrap();
    bed.moto.settings(&json!({ "issuer_ca": roots }));
    setup(&bed);
    bed.aws("ecr create-repository --repository-name shop");
    bed.aws_with(&[
        "ecr",
        "put-image",
        "--repository-name",
        "shop",
        "--image-tag",
        "1",
        "--image-manifest",
        MANIFEST,
    ]);
    token(&bed, "");
    bed
}

fn setup(bed: &Bed) {
    bed.run("aws setup aws-ecr -c edge --yes").ok();
}

/// Puts a token into the file `token`.
fn token(bed: &Bed, flags: &str) {
    let made = bed.run(&format!("sandbox token -c edge {flags}")).ok();
    bed.env.write("token", made.stdout);
}

fn check(bed: &Bed) -> Run {
    bed.run(&format!(
        "check -c edge --image {} --live --web-identity-token-file token --only live -o json",
        image()
    ))
}

/// `ID STATE`, evidence and fix of every check of the group.
fn items(run: &Run) -> Vec<(String, String, String)> {
    let report = run.json();
    let items = report["items"].as_array().expect("a report").iter();
    items
        .map(|item| {
            let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            let id = format!("{} {}", text("id"), text("state"));
            (id, text("evidence"), text("fix"))
        })
        .collect()
}

fn states(run: &Run) -> Vec<String> {
    items(run).into_iter().map(|(id, ..)| id).collect()
}

const GREEN: [&str; 3] = ["live-token pass", "live-assume-role pass", "live-pull pass"];

#[test]
fn the_whole_of_it_passes_without_credentials_of_the_caller() {
    let mut bed = ready();
    assert_eq!(states(&check(&bed).ok()), GREEN);
    // Neither the caller's keys nor a profile are needed for it.
    bed.env
        .unset("AWS_ACCESS_KEY_ID")
        .unset("AWS_SECRET_ACCESS_KEY");
    bed.moto.forget();
    assert_eq!(states(&check(&bed).ok()), GREEN);
    let calls = bed.moto.log();
    for call in [
        "AssumeRoleWithWebIdentity",
        "GetAuthorizationToken",
        "BatchGetImage",
        "GetDownloadUrlForLayer",
    ] {
        assert!(calls.iter().any(|it| it == call), "{calls:?}");
    }
}

#[test]
fn every_call_that_arrives_is_shown_under_debug() {
    let bed = ready();
    let all = format!(
        "check -c edge --image {} --live --web-identity-token-file token",
        image()
    );
    for line in [all.as_str(), "aws status aws-ecr -c edge"] {
        bed.moto.forget();
        let run = bed.run(&format!("{line} --debug"));
        let shown: Vec<&str> = run
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("debug: aws "))
            .filter_map(|line| line.split_once(':')?.1.split([' ', ':']).next())
            .collect();
        assert!(shown.contains(&"GetCallerIdentity"), "{run}");
        assert_eq!(shown, bed.moto.log(), "{run}");
        let lines = run.stderr.lines();
        let lines: Vec<&str> = lines.filter(|it| it.starts_with("debug: aws ")).collect();
        let lines = lines.concat();
        for secret in [
            "Authorization:",
            "AWS4-HMAC",
            "ASIA",
            "testing",
            "Statement",
        ] {
            assert!(!lines.contains(secret), "{secret}: {run}");
        }
    }
}

#[test]
fn the_token_is_shown_nowhere() {
    let bed = ready();
    let text = bed.env.text("token");
    let token = text.trim();
    for line in [
        "check -c edge --live --web-identity-token-file token --only live --debug",
        "check -c edge --live --web-identity-token-file token --only live -o json --debug -v",
    ] {
        let run = bed.run(line).ok();
        for part in token.split('.') {
            assert!(
                !run.stdout.contains(part) && !run.stderr.contains(part),
                "{line}"
            );
        }
    }
    // Nor is a broken one.
    bed.env.write("token", &token[..token.len() - 9]);
    let run = bed.run("check -c edge --live --web-identity-token-file token --only live --debug");
    let run = run.exits(11);
    for part in token.split('.').take(2) {
        assert!(!run.stdout.contains(part) && !run.stderr.contains(part));
    }
}

#[test]
fn without_a_token_the_command_that_makes_one_is_shown() {
    let bed = ready();
    let line = format!(
        "check -c edge --image {} --live --only live -o json",
        image()
    );
    let run = bed.run(&line).ok();
    let [(id, evidence, fix), ..] = &items(&run)[..] else {
        panic!("no checks");
    };
    assert_eq!(id, "live-token unknown");
    assert!(
        evidence.ends_with(
            "kubectl create token ecr-credential-provider -n kube-system --audience \
         sts.amazonaws.com --duration 10m"
        ),
        "{evidence}"
    );
    bed.run(&format!("{line} --fail-on unknown")).exits(11);
    // What is shown works when it is pasted.
    let path = std::path::Path::new(env!("CARGO_BIN_EXE_mk8s"))
        .parent()
        .unwrap();
    let script = format!("PATH={}:$PATH\n{fix}", path.display());
    bed.env.sh(&script).run().ok().out("live");
    // Without --live nobody speaks of it.
    bed.run("check -c edge").never("live");
    bed.run("check -c edge --web-identity-token-file token")
        .exits(2);
}

/// A token that is not the right one: the flags that make it, and what the evidence says.
pub(crate) const TOKEN_DEFECTS: [(Defect, &str, &str); 7] = [
    token_defect(
        "the token is for another audience",
        "--audience other",
        "its audience is `other`, `sts.amazonaws.com` is needed",
    ),
    token_defect(
        "the token is of another service account",
        "--service-account default:default",
        "its subject is `system:serviceaccount:default:default`",
    ),
    token_defect(
        "the token is of another issuer",
        "--defect issuer",
        "its issuer is `https://issuer.example/other`",
    ),
    token_defect(
        "the token is signed with another key than it names",
        "--defect key",
        "its signature does not fit the key that it names",
    ),
    token_defect(
        "the token is signed with a key that the issuer does not publish",
        "--defect unknown-key",
        "which the issuer does not publish",
    ),
    token_defect(
        "the token is signed in a way that AWS does not take",
        "--defect algorithm",
        "it is signed with HS256, which AWS does not take",
    ),
    token_defect(
        "the token has expired",
        "--defect expired",
        "it expired 15 min ago",
    ),
];

const fn token_defect(
    what: &'static str,
    flags: &'static str,
    evidence: &'static str,
) -> (Defect, &'static str, &'static str) {
    let ids = &["live-token"];
    (
        Defect {
            what,
            ids,
            mended: true,
        },
        flags,
        evidence,
    )
}

#[test]
fn a_wrong_token_is_told_from_the_right_one_before_sts_is_asked() {
    let mut bed = ready();
    bed.env.with_commands();
    for (defect, flags, evidence) in TOKEN_DEFECTS {
        token(&bed, flags);
        bed.moto.forget();
        let run = check(&bed).exits(11);
        let found = items(&run);
        assert_eq!(found[0].0, "live-token fail", "{flags}");
        assert!(found[0].1.contains(evidence), "{flags}: {}", found[0].1);
        assert_eq!(
            states(&run)[1..],
            ["live-assume-role skip", "live-pull skip"],
            "{flags}"
        );
        let calls = bed.moto.log();
        assert!(
            !calls.iter().any(|it| it == "AssumeRoleWithWebIdentity"),
            "{flags}"
        );
        // Pasted, the command makes the right one, and checks it.
        assert!(defect.mended);
        bed.env.paste(&found[0].2);
        assert_eq!(states(&check(&bed).ok()), GREEN, "{flags}");
    }
    for (content, evidence) in [("not a token", "three parts"), ("", "three parts")] {
        bed.env.write("token", content);
        let found = items(&check(&bed).exits(11));
        assert!(found[0].1.contains(evidence), "{}", found[0].1);
    }
    std::fs::remove_file(bed.env.path("token")).unwrap();
    let found = items(&check(&bed).exits(11));
    assert_eq!(found[0].1, "there is no such file");
}

/// The emulator is as strict as AWS: what `mk8s` would stop is refused there too.
#[test]
fn the_emulator_checks_tokens_itself() {
    let bed = ready();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}");
    for (flags, code) in [
        ("", ""),
        ("--audience other", "Incorrect token audience"),
        ("--service-account default:default", "AccessDenied"),
        ("--defect issuer", "No OpenIDConnect provider found"),
        ("--defect key", "could not be validated"),
        ("--defect unknown-key", "Couldn't retrieve verification key"),
        ("--defect algorithm", "not a valid JWT"),
        ("--defect expired", "ExpiredTokenException"),
    ] {
        token(&bed, flags);
        let text = bed.env.text("token");
        let arguments = [
            "sts",
            "assume-role-with-web-identity",
            "--role-arn",
            &role,
            "--role-session-name",
            "rehearsal",
            "--web-identity-token",
            text.trim(),
        ];
        let run = bed.env.aws(&arguments).run();
        if code.is_empty() {
            run.ok();
        } else {
            assert!(run.stderr.contains(code), "{flags}: {}", run.stderr);
        }
    }
}

type Break = fn(&Bed);

const fn broken(
    what: &'static str,
    ids: &'static [&'static str],
    mended: bool,
    act: Break,
) -> (Defect, Break) {
    (Defect { what, ids, mended }, act)
}

/// What the AWS CLI breaks, looked at with `--live`: the pull fails, and the check that says why.
pub(crate) const DEFECTS: [(Defect, Break); 9] = [
    broken(
        "with `--live`: the pull policy is detached",
        &["role-policy-attached", "live-pull"],
        true,
        detach,
    ),
    broken(
        "with `--live`: the role may read manifests, not layers",
        &["role-policy-attached", "live-pull"],
        true,
        |bed| {
            detach(bed);
            only_allow(bed, &["ecr:GetAuthorizationToken", "ecr:BatchGetImage"]);
        },
    ),
    broken(
        "with `--live`: a policy with a Deny is added",
        &["pull-simulated", "live-pull"],
        false,
        |bed| {
            let deny = json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Deny", "Action": "ecr:BatchGetImage", "Resource": "*"}]});
            put_policy(bed, &deny);
        },
    ),
    broken(
        "with `--live`: the subject in the trust policy is changed",
        &["trust-has-statement", "live-assume-role"],
        true,
        |bed| {
            change_trust(bed, |trust| {
                let text = trust.to_string();
                let text = text.replace("serviceaccount:", "serviceaccount:x");
                *trust = serde_json::from_str(&text).unwrap();
            });
        },
    ),
    broken(
        "with `--live`: a Deny is added to the trust policy",
        &["trust-has-statement", "live-assume-role"],
        false,
        |bed| {
            change_trust(bed, |trust| {
                let mut denied = trust["Statement"][0].clone();
                denied["Effect"] = json!("Deny");
                denied["Sid"] = json!("Stop");
                trust["Statement"].as_array_mut().unwrap().push(denied);
            });
        },
    ),
    broken(
        "with `--live`: the audience is removed",
        &["oidc-audience", "live-assume-role"],
        true,
        |bed| {
            bed.aws(&format!(
                "iam remove-client-id-from-open-id-connect-provider \
                 --open-id-connect-provider-arn {} --client-id sts.amazonaws.com",
                provider(bed)
            ));
        },
    ),
    broken(
        "with `--live`: the OIDC provider is deleted",
        &["oidc-provider-exists", "live-assume-role"],
        true,
        |bed| {
            bed.aws(&format!(
                "iam delete-open-id-connect-provider --open-id-connect-provider-arn {}",
                provider(bed)
            ));
        },
    ),
    broken(
        "with `--live`: the role is deleted",
        &["role-exists", "live-assume-role"],
        true,
        |bed| {
            detach(bed);
            bed.aws(&format!("iam delete-role --role-name {ROLE}"));
        },
    ),
    broken(
        "with `--live`: there is no such tag",
        &["image-exists", "live-pull"],
        false,
        |bed| {
            bed.aws("ecr batch-delete-image --repository-name shop --image-ids imageTag=1");
        },
    ),
];

fn provider(bed: &Bed) -> String {
    format!(
        "arn:aws:iam::{ACCOUNT}:oidc-provider/{}",
        bed.issuer("edge")
    )
}

fn detach(bed: &Bed) {
    bed.aws(&format!(
        "iam detach-role-policy --role-name {ROLE} --policy-arn {READ_ONLY}"
    ));
}

fn change_trust(bed: &Bed, change: impl FnOnce(&mut Value)) {
    let mut trust = bed.moto.role(ROLE)["trust"].take();
    change(&mut trust);
    bed.aws_with(&[
        "iam",
        "update-assume-role-policy",
        "--role-name",
        ROLE,
        "--policy-document",
        &trust.to_string(),
    ]);
}

/// Breaks, looks at everything, mends by the commands that are shown, and looks again.
fn provoke(at: usize) {
    let (defect, act) = &DEFECTS[at];
    let mut bed = ready();
    bed.env.with_commands();
    let line = format!(
        "check -c edge --image {} --live --web-identity-token-file token -o json",
        image()
    );
    let green = ids(&bed.run(&line).ok(), &["fail", "warn", "unknown"]);
    assert!(green.is_empty(), "{green:?}");
    act(&bed);
    let run = bed.run(&line).exits(11);
    let expected = defect.ids.iter().map(|&id| id.to_owned()).collect();
    let found = ids(&run, &["fail", "warn", "unknown"]);
    assert_eq!(found, expected, "{}\n{run}", defect.what);
    if defect.mended {
        let report = run.json();
        let items = report["items"].as_array().unwrap().iter();
        // The pull alone does not always know what would mend it; the check before it does.
        for item in items.filter(|item| item["state"] == "fail") {
            if let Some(fix) = item["fix"].as_str() {
                bed.env.paste(fix);
            }
        }
        bed.run(&format!("{line} --fail-on warning,unknown")).ok();
    }
}

#[test]
fn sabotage_of_the_pull_policy_shows_in_the_pull_and_where_it_is() {
    (0..3).for_each(provoke);
}

#[test]
fn sabotage_of_the_trust_policy_shows_in_the_exchange_and_where_it_is() {
    (3..5).for_each(provoke);
}

#[test]
fn sabotage_of_provider_role_and_image_shows_in_the_proof_and_where_it_is() {
    (5..DEFECTS.len()).for_each(provoke);
}

#[test]
fn sabotage_fails_the_step_it_breaks_and_the_fix_mends_it() {
    let bed = ready();
    let provider = format!(
        "arn:aws:iam::{ACCOUNT}:oidc-provider/{}",
        bed.issuer("edge")
    );
    let detach = format!("iam detach-role-policy --role-name {ROLE} --policy-arn {READ_ONLY}");
    let audience = format!(
        "iam remove-client-id-from-open-id-connect-provider --open-id-connect-provider-arn \
         {provider} --client-id sts.amazonaws.com"
    );
    let delete =
        format!("iam delete-open-id-connect-provider --open-id-connect-provider-arn {provider}");
    for (sabotage, id, evidence) in [
        (
            &detach,
            "live-pull fail",
            "ecr:GetAuthorizationToken: no policy of the role allows it",
        ),
        (
            &audience,
            "live-assume-role fail",
            "lacks the token's audience",
        ),
        (
            &delete,
            "live-assume-role fail",
            "the OIDC provider is missing in account",
        ),
    ] {
        bed.aws(sabotage);
        let run = check(&bed).exits(11);
        let found = items(&run);
        let failed = found.iter().find(|it| it.0.ends_with("fail")).unwrap();
        assert_eq!(failed.0, id, "{sabotage}");
        assert!(failed.1.contains(evidence), "{sabotage}: {}", failed.1);
        let fix = failed.2.strip_prefix("mk8s ").expect("a fix of ours");
        bed.run(&format!("{fix} --yes")).ok();
        assert_eq!(states(&check(&bed).ok()), GREEN, "{sabotage}");
    }
}

/// Gives the role, in place of the attached policy, an inline one with these actions.
fn only_allow(bed: &Bed, actions: &[&str]) {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    put_policy(bed, &policy);
}

fn put_policy(bed: &Bed, policy: &Value) {
    bed.aws_with(&[
        "iam",
        "put-role-policy",
        "--role-name",
        ROLE,
        "--policy-name",
        "own",
        "--policy-document",
        &policy.to_string(),
    ]);
}

#[test]
fn each_action_that_a_pull_takes_is_told_apart() {
    let bed = ready();
    bed.aws(&format!(
        "iam detach-role-policy --role-name {ROLE} --policy-arn {READ_ONLY}"
    ));
    let all = [
        "ecr:GetAuthorizationToken",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
    ];
    let words = [
        "log in to the registry",
        "may not read shop",
        "not its layers",
    ];
    for at in 0..all.len() {
        only_allow(&bed, &[&all[..at], &["ecr:ListImages"]].concat());
        let run = check(&bed).exits(11);
        let report = run.json();
        let item = &report["items"][2];
        assert_eq!(item["id"], "live-pull");
        assert_eq!(item["state"], "fail", "{run}");
        let (message, evidence) = (&item["message"], &item["evidence"]);
        assert!(message.as_str().unwrap().contains(words[at]), "{message}");
        let refused = format!("{}: no policy of the role allows it", all[at]);
        assert!(
            evidence.as_str().unwrap().starts_with(&refused),
            "{evidence}"
        );
    }
    only_allow(&bed, &all);
    assert_eq!(states(&check(&bed).ok()), GREEN);
    // The fix adds what the role's own policy lacks.
    only_allow(&bed, &all[..2]);
    let found = items(&check(&bed).exits(11));
    let fix = found[2].2.strip_prefix("mk8s ").unwrap();
    bed.run(&format!("{fix} --yes")).ok();
    assert_eq!(states(&check(&bed).ok()), GREEN);
}

#[test]
fn the_address_of_a_layer_is_shown_nowhere() {
    let bed = ready();
    for more in ["", "-o json", "-o short", "-o github", "-o junit"] {
        let run = bed.run(&format!(
            "check -c edge --image {} --live --web-identity-token-file token --only live --debug \
             -v {more}",
            image()
        ));
        let _ = run.ok().never("presigned").never("layers.example");
    }
    assert!(
        bed.moto
            .log()
            .iter()
            .any(|it| it == "GetDownloadUrlForLayer")
    );
}

#[test]
fn a_list_of_images_is_followed_to_one_of_them() {
    let bed = ready();
    let digest =
        bed.aws("ecr describe-images --repository-name shop")["imageDetails"][0]["imageDigest"]
            .take();
    let list = json!({"schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {"digest": "sha256:00", "platform": {"os": "unknown", "architecture": "unknown"}},
            {"digest": digest, "platform": {"os": "linux", "architecture": "amd64"}}]});
    let put = |tag: &str, list: &Value| {
        bed.aws_with(&[
            "ecr",
            "put-image",
            "--repository-name",
            "shop",
            "--image-tag",
            tag,
            "--image-manifest",
            &list.to_string(),
        ]);
    };
    put("list", &list);
    let run = |tag: &str| {
        bed.run(&format!(
            "check -c edge --image {ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/shop:{tag} --live \
             --web-identity-token-file token --only live -o json"
        ))
    };
    assert_eq!(states(&run("list").ok()), GREEN);
    // One whose image was deleted, and one whose layers are gone.
    let mut broken = list.clone();
    broken["manifests"][1]["digest"] = json!(format!("sha256:{}", "0".repeat(64)));
    put("broken", &broken);
    let found = items(&run("broken").exits(11));
    assert!(
        found[2].1.contains("AWS said ImageNotFound"),
        "{}",
        found[2].1
    );
    bed.moto
        .faults(&json!([{"action": "GetDownloadUrlForLayer", "times": 9,
        "code": "LayerInaccessibleException", "message": "not available"}]));
    let found = items(&run("1").exits(11));
    assert!(
        found[2].1.contains("AWS said LayerInaccessible"),
        "{}",
        found[2].1
    );
}

/// An image of another account takes both policies: the role's and the repository's.
#[test]
fn across_accounts_the_repository_has_to_admit_the_role() {
    let bed = ready();
    let other = "222222222222";
    bed.aws(&format!(
        "ecr create-repository --registry-id {other} --repository-name far"
    ));
    bed.aws_with(&[
        "ecr",
        "put-image",
        "--registry-id",
        other,
        "--repository-name",
        "far",
        "--image-tag",
        "1",
        "--image-manifest",
        MANIFEST,
    ]);
    let line = format!(
        "check -c edge --image {other}.dkr.ecr.us-east-1.amazonaws.com/far:1 --live \
         --web-identity-token-file token --only live,repository-policy -o json"
    );
    let run = bed.run(&line).exits(11);
    let found = items(&run);
    let failed: Vec<_> = found.iter().filter(|it| it.0.ends_with("fail")).collect();
    let [(policy, _, fix), (pull, evidence, _)] = failed[..] else {
        panic!("{run}");
    };
    assert_eq!(
        (policy.as_str(), pull.as_str()),
        ("repository-policy fail", "live-pull fail")
    );
    assert!(
        evidence.contains("that of the repository in another account"),
        "{evidence}"
    );
    let mut bed = bed;
    bed.env.with_commands();
    bed.env.paste(fix);
    bed.run(&line).ok();
}

#[test]
fn a_changed_trust_policy_is_refused_without_a_reason_and_mended() {
    let bed = ready();
    let mut trust: Value = bed.moto.role(ROLE)["trust"].take();
    let statement = &mut trust["Statement"][0];
    let equals = statement["Condition"]["StringEquals"]
        .as_object_mut()
        .unwrap();
    for (key, value) in equals.iter_mut() {
        if key.ends_with(":sub") {
            *value = json!("system:serviceaccount:kube-system:somebody-else");
        }
    }
    let text = trust.to_string();
    bed.aws_with(&[
        "iam",
        "update-assume-role-policy",
        "--role-name",
        ROLE,
        "--policy-document",
        &text,
    ]);
    let run = check(&bed).exits(11);
    let found = items(&run);
    assert_eq!(found[1].0, "live-assume-role fail");
    assert!(
        found[1].1.starts_with("STS does not say why"),
        "{}",
        found[1].1
    );
    assert!(
        found[1].1.contains("AWS said AccessDenied"),
        "{}",
        found[1].1
    );
    let fix = found[1].2.strip_prefix("mk8s ").unwrap();
    bed.run(&format!("{fix} --yes")).ok();
    assert_eq!(states(&check(&bed).ok()), GREEN);
}

#[test]
fn what_the_registry_lacks_is_named() {
    let bed = ready();
    for (name, evidence) in [
        ("shop:2", "AWS said ImageNotFound"),
        ("shop", "AWS said ImageNotFound"),
        ("other:1", "AWS said RepositoryNotFoundException"),
    ] {
        let run = bed.run(&format!(
            "check -c edge --image {ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/{name} --live \
             --web-identity-token-file token --only live-pull -o json"
        ));
        let found = items(&run.exits(11));
        let failed = found.iter().find(|it| it.0 == "live-pull fail").unwrap();
        assert!(failed.1.contains(evidence), "{name}: {}", failed.1);
    }
    // Without an image there is nothing to pull.
    let run = bed.run("check -c edge --live --web-identity-token-file token --only live -o json");
    let found = states(&run.ok());
    assert_eq!(found[2], "live-pull skip");
}

#[test]
fn aws_that_cannot_be_asked_is_unknown() {
    let bed = ready();
    bed.moto
        .faults(&json!([{"action": "AssumeRoleWithWebIdentity", "times": 99,
        "code": "ServiceUnavailable", "status": 503}]));
    let found = states(&check(&bed).ok());
    assert_eq!(found[1..], ["live-assume-role unknown", "live-pull skip"]);
}

#[test]
fn with_wait_iam_gets_the_time_to_know_what_was_changed() {
    let bed = ready();
    // A role that was made a moment ago is not known everywhere.
    bed.aws(&format!(
        "iam detach-role-policy --role-name {ROLE} --policy-arn {READ_ONLY}"
    ));
    bed.aws(&format!("iam delete-role --role-name {ROLE}"));
    setup(&bed);
    bed.moto.settings(&json!({ "propagation_ms": 6000 }));
    let line = "check -c edge --live --web-identity-token-file token --only live -o json";
    let found = states(&bed.run(line).exits(11));
    assert_eq!(found[1], "live-assume-role fail");
    let found = states(&bed.run(&format!("{line} --wait=1m")).ok());
    assert_eq!(found[1], "live-assume-role pass");
}

/// What cannot hold a token is not named by the command that makes one.
#[test]
fn the_fix_for_a_token_names_a_file_that_can_be_written() {
    let bed = ready();
    std::fs::create_dir(bed.env.path("folder")).unwrap();
    for (given, file) in [("folder", "folder/token"), ("-", "token"), ("gone", "gone")] {
        let run = bed
            .run(&format!(
                "check -c edge --live --web-identity-token-file {given} --only live -o json"
            ))
            .exits(11);
        let found = items(&run);
        let fix = &found[0].2;
        assert!(fix.contains(&format!(" > {file} && ")), "{given}: {fix}");
        assert!(
            fix.contains(&format!("--web-identity-token-file {file}")),
            "{given}: {fix}"
        );
    }
}
