//! `mk8s check` against an emulated AWS: what the real AWS CLI breaks shows under exactly its id,
//! and the command that is named mends it.

use crate::support::manifests::hetzner;
use crate::support::{ACCOUNT, Bed, Defect, Run, fixes, ids, is_read, snapshot};
use serde_json::{Value, json};

const ROLE: &str = "mk8s-sandbox-edge-ecr";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
const OTHER: &str = "222222222222";
/// The sandbox's issuer is not looked at here: nobody serves it.
const CHECK: &str = "check -c edge --skip issuer";

type Break = fn(&Bed);

const fn defect(what: &'static str, ids: &'static [&'static str], mended: bool) -> Defect {
    Defect { what, ids, mended }
}

pub(crate) const DEFECTS: [Defect; 18] = [
    defect(
        "the OIDC provider is deleted",
        &["oidc-provider-exists"],
        true,
    ),
    defect(
        "the OIDC provider has a slash too many",
        &["oidc-provider-exists", "oidc-near-miss"],
        true,
    ),
    defect("the audience is removed", &["oidc-audience"], true),
    defect("the role is deleted", &["role-exists"], true),
    defect("the role has another path", &["role-exists"], true),
    defect(
        "the pull policy is detached",
        &["role-policy-attached"],
        true,
    ),
    defect(
        "an inline policy with a Deny is added",
        &["pull-simulated"],
        false,
    ),
    defect(
        "a managed policy with a Deny is attached",
        &["pull-simulated"],
        false,
    ),
    defect(
        "a permissions boundary without ECR is set",
        &["pull-simulated"],
        false,
    ),
    defect(
        "the subject in the trust policy is changed",
        &["trust-has-statement"],
        true,
    ),
    defect(
        "a Deny is added to the trust policy",
        &["trust-has-statement"],
        false,
    ),
    defect(
        "a statement that lets everybody in is added to the trust policy",
        &["trust-over-broad"],
        false,
    ),
    defect(
        "the condition of the cluster's own statement is removed",
        &["trust-over-broad"],
        true,
    ),
    defect("the trust policy is nearly full", &["trust-size"], false),
    defect(
        "the role in the settings is of another account",
        &["aws-account-match"],
        false,
    ),
    defect(
        "aws-workload-identity is switched off by force",
        &["oidc-url-present", "addon-prerequisite"],
        true,
    ),
    defect(
        "the role is cleared from the settings",
        &["role-arn-needed"],
        true,
    ),
    defect(
        "an inline policy that allows everything is added to the role",
        &["role-over-broad"],
        false,
    ),
];

const BREAKS: [Break; 18] = [
    |bed| {
        bed.aws(&format!(
            "iam delete-open-id-connect-provider --open-id-connect-provider-arn {}",
            provider(bed)
        ));
    },
    |bed| {
        bed.aws(&format!(
            "iam delete-open-id-connect-provider --open-id-connect-provider-arn {}",
            provider(bed)
        ));
        bed.aws(&format!(
            "iam create-open-id-connect-provider --url https://{}/ --client-id-list sts.amazonaws.com",
            bed.issuer("edge")
        ));
    },
    |bed| {
        bed.aws(&format!(
            "iam remove-client-id-from-open-id-connect-provider --open-id-connect-provider-arn {} \
             --client-id sts.amazonaws.com",
            provider(bed)
        ));
    },
    |bed| {
        detach(bed);
        bed.aws(&format!("iam delete-role --role-name {ROLE}"));
    },
    |bed| {
        bed.run(&format!(
            "addon enable aws-ecr -c edge --role-arn arn:aws:iam::{ACCOUNT}:role/team/{ROLE}"
        ))
        .ok();
    },
    detach,
    |bed| {
        bed.aws_with(&[
            "iam",
            "put-role-policy",
            "--role-name",
            ROLE,
            "--policy-name",
            "no-images",
            "--policy-document",
            &deny().to_string(),
        ]);
    },
    |bed| {
        bed.aws_with(&[
            "iam",
            "create-policy",
            "--policy-name",
            "never",
            "--policy-document",
            &deny().to_string(),
        ]);
        bed.aws(&format!(
            "iam attach-role-policy --role-name {ROLE} --policy-arn arn:aws:iam::{ACCOUNT}:policy/never"
        ));
    },
    |bed| {
        let only_logs = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]});
        bed.aws_with(&[
            "iam",
            "create-policy",
            "--policy-name",
            "bound",
            "--policy-document",
            &only_logs.to_string(),
        ]);
        bed.aws(&format!(
            "iam put-role-permissions-boundary --role-name {ROLE} \
             --permissions-boundary arn:aws:iam::{ACCOUNT}:policy/bound"
        ));
    },
    |bed| {
        change_trust(bed, |trust| {
            let text = trust.to_string();
            assert!(text.contains("system:serviceaccount:"), "{text}");
            *trust =
                serde_json::from_str(&text.replace("serviceaccount:", "serviceaccount:x")).unwrap();
        });
    },
    |bed| {
        change_trust(bed, |trust| {
            let mut denied = trust["Statement"][0].clone();
            denied["Effect"] = json!("Deny");
            denied["Sid"] = json!("Stop");
            trust["Statement"].as_array_mut().unwrap().push(denied);
        });
    },
    |bed| {
        change_trust(bed, |trust| {
            let mut open = trust["Statement"][0].clone();
            open["Sid"] = json!("Open");
            open.as_object_mut().unwrap().remove("Condition");
            trust["Statement"].as_array_mut().unwrap().push(open);
        });
    },
    |bed| {
        change_trust(bed, |trust| {
            let mut nodes = trust["Statement"][0].clone();
            nodes["Sid"] = json!("Nodes");
            trust["Statement"][0]
                .as_object_mut()
                .unwrap()
                .remove("Condition");
            trust["Statement"].as_array_mut().unwrap().push(nodes);
        });
    },
    |bed| {
        change_trust(bed, |trust| {
            for at in 0..3 {
                let mut more = trust["Statement"][0].clone();
                more["Sid"] = json!(format!("More{at}"));
                more["Condition"]["StringEquals"]["aws:RequestTag/x"] = json!("x".repeat(90));
                trust["Statement"].as_array_mut().unwrap().push(more);
            }
        });
    },
    |bed| {
        bed.run(&format!(
            "addon enable aws-ecr -c edge --role-arn arn:aws:iam::{OTHER}:role/x"
        ))
        .ok();
    },
    |bed| {
        bed.run("addon disable aws-workload-identity -c edge --force --yes")
            .ok();
    },
    |bed| {
        let (status, _) = bed.sandbox.call(
            "PATCH",
            &format!("/org/{}/mk8s/edge", bed.sandbox.org()),
            &json!({"spec": {"addOns": {"awsECR": {"roleArn": null}}}}).to_string(),
        );
        assert_eq!(status, 200);
    },
    |bed| {
        let all = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        bed.moto.act(
            "PutRolePolicy",
            &[
                ("RoleName", ROLE),
                ("PolicyName", "all"),
                ("PolicyDocument", &all.to_string()),
            ],
        );
    },
];

fn deny() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": "ecr:BatchGetImage", "Resource": "*"}]})
}

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

/// A cluster that is set up, with the commands of the fixes on the PATH.
fn set_up() -> Bed {
    let mut bed = Bed::edge();
    bed.env.with_commands();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed
}

fn json_of(bed: &Bed, line: &str) -> Run {
    bed.run(&format!("{line} -o json"))
}

/// Breaks, looks, mends, looks again.
fn provoke(at: usize) {
    let (defect, bed) = (&DEFECTS[at], set_up());
    BREAKS[at](&bed);
    let run = json_of(&bed, CHECK);
    let expected = defect.ids.iter().map(|&id| id.to_owned()).collect();
    let found = ids(&run, &["fail", "warn", "unknown"]);
    assert_eq!(found, expected, "{}\n{run}", defect.what);
    if defect.mended {
        for fix in fixes(&run) {
            bed.env.paste(&fix);
        }
        let line = format!("{CHECK} --fail-on warning,unknown");
        let _ = bed.run(&line).ok();
    }
}

#[test]
fn defects_of_the_oidc_provider_and_the_role() {
    (0..5).for_each(provoke);
}

#[test]
fn defects_of_the_pull_policies() {
    (5..9).for_each(provoke);
}

#[test]
fn defects_of_the_trust_policy() {
    (9..14).for_each(provoke);
}

#[test]
fn defects_of_the_add_ons_settings() {
    (14..DEFECTS.len()).for_each(provoke);
}

/// What denies, or lets in others, is somebody's: it is shown, and no command takes it away.
#[test]
fn what_others_wrote_is_shown_and_never_taken_away() {
    let deny = r#"{"Effect":"Deny","Action":"ecr:BatchGetImage","Resource":"*"}"#;
    for (at, shown) in [
        (
            6,
            format!(
                "the role's inline policy no-images stands against ecr:BatchGetImage on *; statement 1 is {deny}; the policy's owner has to change it"
            ),
        ),
        (
            7,
            format!(
                "arn:aws:iam::{ACCOUNT}:policy/never stands against ecr:BatchGetImage on *; statement 1 is {deny}; the policy's owner has to change it"
            ),
        ),
        (
            10,
            r#"statement Stop of the role's trust policy is {"Sid":"Stop","Effect":"Deny","#
                .to_owned(),
        ),
        (
            11,
            r#"statement Open of the role's trust policy is {"Sid":"Open","Effect":"Allow","#
                .to_owned(),
        ),
    ] {
        let bed = set_up();
        BREAKS[at](&bed);
        let report = json_of(&bed, CHECK).json();
        let found: Vec<&Value> = report["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["state"] == "fail" || item["state"] == "warn")
            .collect();
        assert_eq!(found.len(), 1, "{}: {found:?}", DEFECTS[at].what);
        assert_eq!(found[0]["fix"], Value::Null, "{}", found[0]);
        let evidence = found[0]["evidence"].as_str().unwrap();
        assert!(evidence.contains(&shown), "{evidence}");
        assert!(evidence.contains("owner has to change it"), "{evidence}");
    }
}

/// Ours goes back to what is published; the statement beside it stays as it is.
#[test]
fn the_fix_of_our_statement_keeps_those_of_others() {
    let bed = set_up();
    BREAKS[12](&bed);
    let before = bed.moto.role(ROLE)["trust"]["Statement"][1].take();
    assert_eq!(before["Sid"], "Nodes");
    let run = json_of(&bed, CHECK);
    for fix in fixes(&run) {
        assert!(!fix.contains("--replace-trust"), "{fix}");
        bed.env.paste(&fix);
    }
    let after = bed.moto.role(ROLE)["trust"]["Statement"].take();
    assert_eq!(after[1], before);
    assert!(after[0]["Condition"].is_object(), "{after}");
}

#[test]
fn a_cluster_that_is_set_up_passes_and_a_bare_one_names_its_fixes() {
    let mut bed = Bed::edge();
    bed.env.with_commands();
    // Nothing of it is on, so nothing is wrong, until an image asks for it.
    let _ = json_of(&bed, CHECK).ok();
    let image = format!("{CHECK} --image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1");
    let bare = json_of(&bed, &image).exits(11);
    let failed = ids(&bare, &["fail"]);
    assert!(failed.contains("addon-prerequisite"), "{bare}");
    assert!(fixes(&bare)[0].contains("aws-workload-identity"), "{bare}");
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed.moto.forget();
    let patches = bed.patches();
    snapshot!(bed.env, bed.run(CHECK), @r"
    exit 0
    --- stdout
    setup
    -----
    √ no profile is named, none is needed
    √ token from CPLN_TOKEN (service account)
    √ the token has no end that it tells
    √ this machine's clock agrees with the API's

    control-plane
    -------------
    √ can reach http://127.0.0.1:[PORT]
    √ token accepted (CPLN_TOKEN, service account)
    √ org sandbox is readable
    √ cluster edge exists (hetzner)
    √ edge publishes its issuer: https://oidc.sandbox.localhost/kz3wqgbhbjse

    add-ons
    -------
    √ what the 2 add-ons need is on
    √ every add-on is documented for the provider
    √ the role that is set is a role ARN
    √ aws-ecr: cluster outside AWS, role in account 123456789012
    √ 2 add-ons published a status
    √ no tag says that another tool keeps the cluster

    aws
    ---
    √ AWS account 123456789012, caller arn:aws:sts::123456789012:user/moto
    √ account 123456789012 is where provider and role belong
    √ OIDC provider exists: arn:aws:iam::123456789012:oidc-provider/oidc.sandbox.localhost/kz3wqgbhbjse
    √ the issuer's own OIDC provider exists
    √ the OIDC provider accepts the audience sts.amazonaws.com
    √ no thumbprint is stored: AWS goes by public authorities
    √ role exists: arn:aws:iam::123456789012:role/mk8s-sandbox-edge-ecr (never used yet)
    √ pulls are allowed by arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly
    √ nothing that goes far beyond pulls is among the role's policies
    √ IAM says that the role may pull
    √ the trust policy is the published one
    √ the role may be assumed by service account kube-system/ecr-credential-provider of edge; nobody else
    √ the trust policy has 423 of 2048 characters

    28 passed
    A pull by edge cannot be told: no image was named (--image IMAGE); the group issuer was not looked at
    ");
    assert!(bed.moto.log().iter().all(|action| is_read(action)));
    assert_eq!(bed.patches(), patches);
}

#[test]
fn the_same_account_needs_no_role() {
    let bed = Bed::home();
    bed.run("aws setup aws-ecr -c home --yes").ok();
    let run = json_of(&bed, "check -c home --skip issuer").ok();
    let skipped = ids(&run, &["skip"]);
    for id in [
        "role-exists",
        "role-policy-attached",
        "pull-simulated",
        "trust-has-statement",
        "trust-over-broad",
        "trust-size",
    ] {
        assert!(skipped.contains(id), "{id}\n{run}");
    }
    let _ = bed
        .run("check -c home --skip issuer")
        .ok()
        .out("skipped: same account, no role needed");
}

#[test]
fn what_the_caller_may_not_see_is_unknown_and_named() {
    let bed = set_up();
    for (action, id, right) in [
        ("GetRole", "role-exists", "iam:GetRole"),
        (
            "GetOpenIDConnectProvider",
            "oidc-provider-exists",
            "iam:GetOpenIDConnectProvider",
        ),
        (
            "SimulatePrincipalPolicy",
            "pull-simulated",
            "iam:SimulatePrincipalPolicy",
        ),
    ] {
        bed.moto
            .faults(&json!([{"action": action, "code": "AccessDenied", "times": 50}]));
        let run = json_of(&bed, CHECK).ok();
        assert_eq!(ids(&run, &["unknown"]), [id.to_owned()].into(), "{run}");
        assert!(ids(&run, &["fail", "warn"]).is_empty(), "{run}");
        let _ = bed
            .run(&format!("{CHECK} --fail-on unknown"))
            .exits(11)
            .out(&format!("{right} is not allowed"));
        bed.moto.heals();
    }
}

#[test]
fn without_credentials_the_group_is_skipped_and_wrong_ones_fail() {
    let mut bed = set_up();
    bed.moto.faults(
        &json!([{"action": "GetCallerIdentity", "code": "InvalidClientTokenId", "status": 403, "times": 50}]),
    );
    let run = json_of(&bed, CHECK).exits(11);
    assert_eq!(
        ids(&run, &["fail", "warn", "unknown"]),
        OTHER_DEFECTS[0]
            .ids
            .iter()
            .map(|&id| id.to_owned())
            .collect()
    );
    bed.moto.heals();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        bed.env.unset(name);
    }
    let _ = bed
        .run(CHECK)
        .ok()
        .out("- aws checks skipped: no AWS credentials (pass --aws-profile)\n")
        .out("1 group skipped");
}

/// A repository with one image, in an account.
fn repository(bed: &Bed, account: &str) {
    bed.aws(&format!(
        "ecr create-repository --region eu-central-1 --registry-id {account} --repository-name shop"
    ));
    bed.aws_with(&[
        "ecr",
        "put-image",
        "--region",
        "eu-central-1",
        "--registry-id",
        account,
        "--repository-name",
        "shop",
        "--image-tag",
        "1.4",
        "--image-manifest",
        r#"{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "config": {"mediaType": "x", "size": 1, "digest": "sha256:0"}, "layers": []}"#,
    ]);
}

pub(crate) const OTHER_DEFECTS: [Defect; 2] = [
    defect("AWS does not know the access key", &["aws-identity"], false),
    defect(
        "the issuer's certificate is from no public authority, and another thumbprint is registered",
        &["issuer-tls", "oidc-thumbprint"],
        false,
    ),
];

#[test]
fn a_private_authority_makes_the_thumbprint_matter() {
    let mut bed = Bed::holding(&[hetzner("edge", &[])], &["--oidc"]);
    bed.env.with_commands();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    let run = json_of(&bed, "check -c edge").ok();
    assert!(ids(&run, &["pass"]).contains("oidc-thumbprint"), "{run}");
    let arn = bed.aws("iam list-open-id-connect-providers")["OpenIDConnectProviderList"][0]["Arn"]
        .as_str()
        .unwrap()
        .to_owned();
    bed.aws(&format!(
        "iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn {arn} \
         --thumbprint-list {}",
        "0".repeat(40)
    ));
    // As AWS sees it: without the sandbox's own authority.
    bed.env.unset("SSL_CERT_FILE");
    let run = json_of(&bed, "check -c edge").exits(11);
    let found = ids(&run, &["fail", "warn", "unknown"]);
    let expected = OTHER_DEFECTS[1].ids.iter().map(|&id| id.to_owned());
    assert_eq!(found, expected.collect(), "{run}");
    let report = run.json();
    let item = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["id"] == "oidc-thumbprint")
        .unwrap();
    bed.env.paste(item["fix"].as_str().unwrap());
    let run = json_of(&bed, "check -c edge").ok();
    assert!(ids(&run, &["pass"]).contains("oidc-thumbprint"), "{run}");
}

pub(crate) const IMAGE_DEFECTS: [Defect; 7] = [
    defect("the image's account has 11 digits", &["image-form"], false),
    defect("the image has a dual-stack host", &["image-form"], false),
    defect(
        "the image is in China, the role is not",
        &["image-partition", "repository-exists"],
        false,
    ),
    defect("there is no such repository", &["repository-exists"], false),
    defect("there is no such tag", &["image-exists"], false),
    defect(
        "a repository of another account does not admit the role",
        &["repository-policy"],
        true,
    ),
    defect(
        "a repository of another account denies the role",
        &["repository-policy"],
        false,
    ),
];

#[test]
fn defects_of_the_image() {
    let bed = set_up();
    repository(&bed, ACCOUNT);
    repository(&bed, OTHER);
    let ecr = "dkr.ecr.eu-central-1.amazonaws.com";
    let images = [
        format!("12345678901.{ecr}/shop:1.4"),
        format!("{ACCOUNT}.dkr-ecr.eu-central-1.on.aws/shop:1.4"),
        format!("{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/shop:1.4"),
        format!("{ACCOUNT}.{ecr}/shap:1.4"),
        format!("{ACCOUNT}.{ecr}/shop:1.5"),
        format!("{OTHER}.{ecr}/shop:1.4"),
        format!("{OTHER}.{ecr}/shop:1.4"),
    ];
    for (at, (defect, image)) in IMAGE_DEFECTS.iter().zip(&images).enumerate() {
        if at == 6 {
            let deny = json!({"Version": "2012-10-17", "Statement": [{"Sid": "no", "Effect": "Deny",
                "Principal": "*", "Action": "ecr:*"}]});
            bed.aws_with(&[
                "ecr",
                "set-repository-policy",
                "--region",
                "eu-central-1",
                "--registry-id",
                OTHER,
                "--repository-name",
                "shop",
                "--policy-text",
                &deny.to_string(),
            ]);
        }
        let line = format!("{CHECK} --image {image}");
        let run = json_of(&bed, &line);
        let expected = defect.ids.iter().map(|&id| id.to_owned()).collect();
        let found = ids(&run, &["fail", "warn", "unknown"]);
        assert_eq!(found, expected, "{}\n{run}", defect.what);
        if at == 6 {
            let report = run.json();
            let items = report["items"].as_array().unwrap();
            let denied = items.iter().find(|item| item["state"] == "fail").unwrap();
            assert_eq!(denied["fix"], Value::Null, "{denied}");
            let evidence = denied["evidence"].as_str().unwrap();
            let shown =
                r#"statement no of the repository's policy is {"Sid":"no","Effect":"Deny","#;
            assert!(evidence.contains(shown), "{evidence}");
        }
        if defect.mended {
            for fix in fixes(&run) {
                bed.env.paste(&fix);
            }
            let _ = bed.run(&format!("{line} --fail-on warning,unknown")).ok();
        }
    }
    let good = format!("{CHECK} --image {ACCOUNT}.{ecr}/shop:1.4 --fail-on warning,unknown");
    let _ = bed.run(&good).ok().out("shop:1.4 exists");
    let other = format!("{CHECK} --image nginx:1.27");
    let _ = bed.run(&other).ok().out("docker.io is not ECR");
}
