//! In whose name AWS is called: profiles of every kind, and what is said of those that cannot be
//! used.

use crate::support::{Bed, Run, TlsMoto, filters, fixture};
use serde_json::json;
use std::fmt::Write as _;

const STATUS: &str = "aws status aws-ecr -c edge";
const CHECK: &str = "check -c edge --only aws";

/// Profiles that work, with the ARN of the caller by each.
const WORKING: [(&str, &str); 7] = [
    ("keys", "arn:aws:sts::123456789012:user/moto"),
    ("one", "arn:aws:sts::222222222222:assumed-role/ops/mk8s"),
    ("two", "arn:aws:sts::333333333333:assumed-role/deep/me"),
    ("self", "arn:aws:sts::222222222222:assumed-role/ops/mk8s"),
    (
        "variables",
        "arn:aws:sts::222222222222:assumed-role/ops/mk8s",
    ),
    ("process", "arn:aws:sts::222222222222:assumed-role/ops/mk8s"),
    ("sso", "arn:aws:sts::222222222222:assumed-role/Admin/me"),
];

const PROFILES: &str = r#"
[profile keys]
aws_access_key_id = testing
aws_secret_access_key = testing
[profile one]
role_arn = arn:aws:iam::222222222222:role/ops
source_profile = keys
[profile two]
role_arn = arn:aws:iam::333333333333:role/deep
role_session_name = me
external_id = shared
duration_seconds = 900
source_profile = one
[profile self]
role_arn = arn:aws:iam::222222222222:role/ops
source_profile = self
aws_access_key_id = testing
aws_secret_access_key = testing
[profile variables]
role_arn = arn:aws:iam::222222222222:role/ops
credential_source = Environment
[profile printing]
credential_process = echo '{"Version":1,"AccessKeyId":"testing","SecretAccessKey":"testing"}'
[profile process]
role_arn = arn:aws:iam::222222222222:role/ops
source_profile = printing
[profile sso]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = Admin
[profile old-sso]
sso_start_url = https://old.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 222222222222
sso_role_name = Admin
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
"#;

/// Profiles that do not.
const BROKEN: &str = r#"
[profile "no login"]
sso_session = never
sso_account_id = 222222222222
sso_role_name = Admin
[sso-session never]
sso_start_url = https://never.awsapps.com/start
sso_region = eu-west-1
[profile over]
sso_start_url = https://over.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 222222222222
sso_role_name = Admin
[profile revoked]
sso_start_url = https://revoked.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 222222222222
sso_role_name = Admin
[profile above]
role_arn = arn:aws:iam::222222222222:role/ops
source_profile = over
[profile half-sso]
sso_start_url = https://over.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 222222222222
[profile no-section]
sso_session = nowhere
sso_account_id = 222222222222
sso_role_name = Admin
[profile code]
role_arn = arn:aws:iam::222222222222:role/ops
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile console]
login_session = arn:aws:iam::123456789012:user/me
[profile no-source]
role_arn = arn:aws:iam::222222222222:role/ops
[profile two-sources]
role_arn = arn:aws:iam::222222222222:role/ops
source_profile = keys
credential_source = Environment
[profile odd-source]
role_arn = arn:aws:iam::222222222222:role/ops
credential_source = Thin-air
[profile dangling]
role_arn = arn:aws:iam::222222222222:role/ops
source_profile = nowhere
[profile round]
role_arn = arn:aws:iam::222222222222:role/ops
source_profile = about
[profile about]
role_arn = arn:aws:iam::222222222222:role/ops
source_profile = round
[profile no-keys]
role_arn = arn:aws:iam::222222222222:role/ops
credential_source = Environment
[profile half-keys]
aws_access_key_id = testing
[profile nothing]
region = eu-central-1
[profile failing]
credential_process = sh -c 'echo very-secret; echo very-secret >&2; exit 3'
[profile rubbish]
credential_process = echo very-secret
[profile absent]
credential_process = /nowhere/very-secret
[profile token]
role_arn = arn:aws:iam::222222222222:role/ops
web_identity_token_file = /nowhere/token
"#;

/// A bed whose credentials come from these profiles alone. Whatever would leave for the real AWS
/// ends at a proxy that is not there.
fn bed(profiles: &str) -> Bed {
    let mut bed = Bed::edge();
    let file = bed.env.write("config", profiles);
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ] {
        bed.env.unset(name);
    }
    bed.env
        .set("AWS_CONFIG_FILE", file.to_str().unwrap())
        .set("HTTPS_PROXY", "http://127.0.0.1:9")
        .set("NO_PROXY", "127.0.0.1");
    bed
}

/// A login as the AWS CLI keeps it, by the SHA-1 of the session's name or URL.
fn log_in(bed: &Bed, sha1: &str, token: &str, until: &str) {
    let folder = bed.env.home(".aws/sso/cache");
    std::fs::create_dir_all(&folder).unwrap();
    let login = json!({"accessToken": token, "expiresAt": until, "region": "eu-west-1"});
    std::fs::write(folder.join(format!("{sha1}.json")), login.to_string()).unwrap();
}

/// `corp` and `https://old.awsapps.com/start`.
fn log_in_twice(bed: &Bed) {
    for sha1 in [CORP, OLD] {
        log_in(bed, sha1, "signed-in", "2099-01-01T00:00:00Z");
    }
}

const CORP: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f";
const OLD: &str = "33d5ca4bf3b1a62edb96b47f7c203034a43ac435";
const OVER: &str = "27847db5f1756f73630b8e5659fa16a68ad50ad1";
const REVOKED: &str = "5a620218a45d221748a89d189e721245d9389a94";

/// A run with the keys that `credential_source = Environment` means.
fn run_as(bed: &Bed, line: &str, profile: &str, by_flag: bool) -> Run {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    if by_flag {
        words.extend(["--aws-profile", profile]);
    }
    let mut command = bed.env.mk8s(&words);
    if !by_flag {
        command.env("AWS_PROFILE", profile);
    }
    if profile == "variables" {
        command
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing");
    }
    command.run()
}

#[test]
fn every_kind_of_profile_works_wherever_the_region_is() {
    for (place, line, variable, in_profile) in [
        ("nowhere", STATUS, None, ""),
        ("in the profile", STATUS, None, "region = eu-central-1\n"),
        (
            "by flag",
            "aws status aws-ecr -c edge --aws-region eu-central-1",
            None,
            "",
        ),
        (
            "in the environment",
            STATUS,
            Some(("AWS_REGION", "eu-central-1")),
            "",
        ),
    ] {
        let mut profiles = String::new();
        for text in PROFILES.lines() {
            writeln!(profiles, "{text}").unwrap();
            if text.starts_with("[profile") {
                profiles.push_str(in_profile);
            }
        }
        let mut bed = bed(&profiles);
        if let Some((name, value)) = variable {
            bed.env.set(name, value);
        }
        log_in_twice(&bed);
        for (profile, arn) in WORKING {
            for by_flag in [true, false] {
                let run = run_as(&bed, line, profile, by_flag);
                assert!(
                    run.code == 0 && run.stdout.contains(&format!("(caller {arn})")),
                    "{profile}, by flag: {by_flag}, region {place}\n{run}"
                );
            }
        }
    }
}

#[test]
fn nested_calls_go_where_all_others_go() {
    let mut bed = bed(PROFILES);
    log_in_twice(&bed);
    let url = bed.moto.url().to_owned();
    bed.env.unset("AWS_ENDPOINT_URL");
    let all = |bed: &Bed, line: &str, how: &str| {
        for (profile, arn) in WORKING.iter().chain([&("old-sso", WORKING[6].1)]) {
            let run = run_as(bed, line, profile, true);
            assert!(run.stdout.contains(arn), "{profile}, {how}\n{run}");
        }
    };
    bed.moto.forget();
    let flag = format!("{STATUS} --aws-endpoint-url {url}");
    all(&bed, &flag, "by flag");
    let log = bed.moto.log();
    let count = |action| log.iter().filter(|it| *it == action).count();
    assert_eq!(count("AssumeRole"), 6, "{log:?}");
    assert_eq!(count("GetRoleCredentials"), 2, "{log:?}");
    // The flag counts before the variable.
    bed.env.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    bed.env.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    all(&bed, &flag, "by flag against the environment");
    for name in ["STS", "IAM", "SSO"] {
        bed.env.set(&format!("AWS_ENDPOINT_URL_{name}"), &url);
    }
    all(&bed, STATUS, "by the variables of the services");
    for name in ["", "_STS", "_IAM", "_SSO"] {
        bed.env.unset(&format!("AWS_ENDPOINT_URL{name}"));
    }
    // An empty variable is none.
    bed.env.set("AWS_ENDPOINT_URL", "");
    let setting = format!("endpoint_url = {url}\n[profile ");
    let profiles = PROFILES.replace("[profile ", &setting);
    let profiles = profiles.replacen(&setting, "[profile ", 1);
    let profiles = profiles.replace("[sso-session", &format!("endpoint_url = {url}\n[sso-session"));
    bed.env.write("config", profiles);
    all(&bed, STATUS, "by the profile");
}

#[test]
fn a_web_identity_token_is_shown_where_all_other_calls_go() {
    let mut bed = bed("");
    let token = bed.env.write("token", "very.secret.token\n");
    let profiles = format!(
        "[profile ci]\nrole_arn = arn:aws:iam::222222222222:role/ops\nweb_identity_token_file = {}\n",
        token.display()
    );
    bed.env.write("config", profiles);
    bed.moto.forget();
    let mut text = String::new();
    for by_flag in [true, false] {
        let run = run_as(&bed, STATUS, "ci", by_flag).exits(4);
        writeln!(text, "{}", run.never("very.secret").stderr).unwrap();
    }
    bed.env
        .set("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap())
        .set("AWS_ROLE_ARN", "arn:aws:iam::222222222222:role/ops");
    let run = bed.run(STATUS).exits(4).never("very.secret");
    writeln!(text, "{}", run.stderr).unwrap();
    assert_eq!(bed.moto.log(), ["AssumeRoleWithWebIdentity"; 3]);
    filters(&bed.env).bind(|| insta::assert_snapshot!(text, @r""));
}

#[test]
fn a_profile_that_cannot_be_used_is_named_with_the_reason_and_the_way_out() {
    let bed = bed(&format!("{PROFILES}{BROKEN}"));
    log_in(&bed, OVER, "signed-in", "2020-01-01T00:00:00UTC");
    log_in(&bed, REVOKED, "ended", "2099-01-01T00:00:00Z");
    bed.moto.forget();
    let mut text = String::new();
    let names = BROKEN.lines().filter_map(|line| {
        let name = line.strip_prefix("[profile ")?.trim_end_matches(']');
        Some(name.trim_matches('"'))
    });
    for name in ["nobody", "prinitng"].into_iter().chain(names) {
        let run = run_as(&bed, STATUS, name, true).exits(4).silent();
        let run = run.never("very-secret").never("dispatch").never("other: ");
        writeln!(text, "{}", run.stderr).unwrap();
        let by_variable = run_as(&bed, STATUS, name, false).exits(4).silent();
        let by_variable = by_variable.err("AWS_PROFILE").never("--aws-profile NAME");
        assert!(by_variable.stderr.contains(name), "{by_variable}");
        let check = run_as(&bed, CHECK, name, true).exits(11).out(name);
        let check = check.out("aws-account-match, ").out("skipped: aws-identity failed");
        let _ = check.never("very-secret").never("--aws-profile NAME");
        let _ = run_as(&bed, CHECK, name, false).exits(11).out("AWS_PROFILE");
    }
    // Nobody was asked, but for the one login that only SSO knows to be over.
    assert!(bed.moto.log().iter().all(|it| it == "GetRoleCredentials"));
    filters(&bed.env).bind(|| insta::assert_snapshot!(text, @r""));
}

#[test]
fn a_role_that_does_not_let_its_profile_in_is_told_by_name() {
    let mut bed = bed(PROFILES);
    bed.moto.faults(&json!([{
        "action": "AssumeRole", "code": "AccessDenied", "times": 99,
        "message": "User: arn:aws:iam::123456789012:user/moto is not authorized to perform: \
                    sts:AssumeRole on resource: arn:aws:iam::222222222222:role/ops"
    }]));
    let run = run_as(&bed, STATUS, "one", true).exits(4);
    let mut text = run.stderr;
    let run = run_as(&bed, CHECK, "two", false).exits(11);
    text.push_str(&run.stdout);
    bed.moto.heals();
    bed.moto.faults(&json!([{
        "action": "GetCallerIdentity", "code": "InvalidClientTokenId", "status": 403, "times": 99,
        "message": "The security token included in the request is invalid."
    }]));
    text.push_str(&run_as(&bed, STATUS, "keys", true).exits(4).stderr);
    bed.moto.heals();
    bed.env.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    text.push_str(&run_as(&bed, STATUS, "one", true).exits(8).stderr);
    let _ = run_as(&bed, CHECK, "one", true).exits(11);
    filters(&bed.env).bind(|| insta::assert_snapshot!(text, @r""));
}

#[test]
fn what_nobody_named_is_no_failure_of_a_check() {
    let bed = bed("[default]\nregion = eu-central-1\n");
    let _ = bed
        .run(CHECK)
        .ok()
        .out("- aws checks skipped: no AWS credentials (pass --aws-profile)\n");
    let run = bed.run(STATUS).exits(4);
    crate::support::snapshot!(bed.env, run, @r"");
    // A default that cannot be used now is not what was asked for, but the reason is a true one.
    let over = "sso_start_url = https://over.awsapps.com/start\nsso_region = eu-west-1\n\
                sso_account_id = 222222222222\nsso_role_name = Admin\n";
    bed.env.write("config", format!("[default]\n{over}"));
    log_in(&bed, OVER, "signed-in", "2020-01-01T00:00:00Z");
    crate::support::snapshot!(bed.env, bed.run(CHECK), @r"");
    let _ = bed.run(STATUS).exits(4).err("hint: aws sso login\n");
    // Files that cannot be read are no reason to go on with other credentials.
    bed.env.write("config", "[profile broken\n");
    crate::support::snapshot!(bed.env, run_as(&bed, STATUS, "one", true).exits(4), @r"");
}

#[test]
fn a_private_authority_is_trusted_by_variable_or_profile() {
    let mut bed = bed(PROFILES);
    let moto = TlsMoto::start();
    bed.env.set("AWS_ENDPOINT_URL", moto.url()).unset("HTTPS_PROXY");
    let authority = fixture("tls/ca.pem");
    let authority = authority.to_str().unwrap();
    log_in_twice(&bed);
    let mut text = String::new();
    for profile in ["keys", "one"] {
        let run = run_as(&bed, STATUS, profile, true).exits(8);
        writeln!(text, "{}", run.stderr).unwrap();
    }
    bed.env.set("AWS_CA_BUNDLE", authority);
    let works = |bed: &Bed| {
        for (profile, arn) in WORKING {
            let run = run_as(bed, STATUS, profile, true).ok();
            assert!(run.stdout.contains(arn), "{profile}\n{run}");
        }
        let image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1";
        let check = format!("check -c edge --only image --only aws-identity --image {image}");
        // ECR is asked as well: it answers that there is no such repository.
        let _ = run_as(bed, &check, "keys", true).exits(11).out("shop does not exist");
    };
    works(&bed);
    bed.env.unset("AWS_CA_BUNDLE");
    let setting = format!("ca_bundle = {authority}\n[profile ");
    let profiles = PROFILES.replace("[profile ", &setting);
    let profiles = profiles.replacen(&setting, "[profile ", 1);
    bed.env.write(
        "config",
        profiles.replace("[sso-session", &format!("ca_bundle = {authority}\n[sso-session")),
    );
    works(&bed);
    // The variable counts before the profile, and what cannot be read is never passed over.
    let none = bed.env.write("none.pem", "no certificate\n");
    for path in ["/nowhere/ca.pem", none.to_str().unwrap(), "/dev/zero"] {
        bed.env.set("AWS_CA_BUNDLE", path);
        let run = run_as(&bed, STATUS, "one", true).exits(2);
        writeln!(text, "{}", run.stderr).unwrap();
        let _ = run_as(&bed, CHECK, "one", true).exits(11).out(path);
    }
    bed.env.unset("AWS_CA_BUNDLE");
    let config = PROFILES.replacen("[profile keys]", "[profile keys]\nca_bundle = /nowhere", 1);
    bed.env.write("config", config);
    let run = run_as(&bed, STATUS, "keys", false).exits(2);
    writeln!(text, "{}", run.stderr).unwrap();
    filters(&bed.env).bind(|| insta::assert_snapshot!(text, @r""));
}
