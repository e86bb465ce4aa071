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

/// Switches on what makes `check` look at AWS.
fn with_ecr(bed: &Bed) {
    let _ = bed
        .run(
            "addon enable aws-ecr -c edge --with-prerequisites \
             --role-arn arn:aws:iam::222222222222:role/puller",
        )
        .ok();
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
    // An empty variable is none, and hides nothing.
    bed.env.set("AWS_ENDPOINT_URL", "").set("AWS_REGION", "");
    let setting = format!("endpoint_url = {url}\n[profile ");
    let profiles = PROFILES.replace("[profile ", &setting);
    let profiles = profiles.replacen(&setting, "[profile ", 1);
    let profiles = profiles.replace(
        "[sso-session",
        &format!("endpoint_url = {url}\n[sso-session"),
    );
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
    filters(&bed.env).bind(|| insta::assert_snapshot!(text, @r#"
    error: the AWS account is not known
      because: the AWS profile `ci` (--aws-profile) cannot be used: the role arn:aws:iam::222222222222:role/ops was not assumed with the web identity token
      because: AWS answered sts:AssumeRoleWithWebIdentity with InvalidIdentityToken: "The ID Token provided is not a valid JWT."

    error: the AWS account is not known
      because: the AWS profile `ci` (AWS_PROFILE) cannot be used: the role arn:aws:iam::222222222222:role/ops was not assumed with the web identity token
      because: AWS answered sts:AssumeRoleWithWebIdentity with InvalidIdentityToken: "The ID Token provided is not a valid JWT."

    error: the AWS account is not known
      because: AWS_WEB_IDENTITY_TOKEN_FILE cannot be used: the role arn:aws:iam::222222222222:role/ops was not assumed with the web identity token
      because: AWS answered sts:AssumeRoleWithWebIdentity with InvalidIdentityToken: "The ID Token provided is not a valid JWT."
    "#));
}

#[test]
fn a_profile_that_cannot_be_used_is_named_with_the_reason_and_the_way_out() {
    let bed = bed(&format!("{PROFILES}{BROKEN}"));
    log_in(&bed, OVER, "signed-in", "2020-01-01T00:00:00UTC");
    log_in(&bed, REVOKED, "ended", "2099-01-01T00:00:00Z");
    with_ecr(&bed);
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
        let check = check
            .out("aws-account-match, ")
            .out("skipped: aws-identity failed");
        let _ = check.never("very-secret").never("--aws-profile NAME");
        let _ = run_as(&bed, CHECK, name, false)
            .exits(11)
            .out("AWS_PROFILE");
    }
    // Nobody was asked, but for the one login that only SSO knows to be over.
    assert!(bed.moto.log().iter().all(|it| it == "GetRoleCredentials"));
    filters(&bed.env).bind(|| insta::assert_snapshot!(text, @r#"
    error: the AWS account is not known
      because: there is no AWS profile `nobody`, which --aws-profile names
    hint: profiles that exist: about, above, absent, code, console, dangling, failing, half-keys, half-sso, keys and 19 more (`aws configure list-profiles`)

    error: the AWS account is not known
      because: there is no AWS profile `prinitng`, which --aws-profile names
    hint: did you mean --aws-profile printing?
    hint: profiles that exist: about, above, absent, code, console, dangling, failing, half-keys, half-sso, keys and 19 more (`aws configure list-profiles`)

    error: the AWS account is not known
      because: there is no AWS profile `no login`, which --aws-profile names
    hint: a profile is read only if its name has letters, digits and _ - / . % @ : + alone: give it another one
    hint: profiles that exist: about, above, absent, code, console, dangling, failing, half-keys, half-sso, keys and 19 more (`aws configure list-profiles`)

    error: the AWS account is not known
      because: the AWS profile `over` (--aws-profile) cannot be used: its SSO session has ended
    hint: aws sso login --profile over

    error: the AWS account is not known
      because: the AWS profile `revoked` (--aws-profile) cannot be used: its SSO session has ended
    hint: aws sso login --profile revoked

    error: the AWS account is not known
      because: the AWS profile `above` (--aws-profile) cannot be used: the source profile `over`'s SSO session has ended
    hint: aws sso login --profile over

    error: the AWS account is not known
      because: the AWS profile `half-sso` (--aws-profile) cannot be used: it lacks sso_role_name
    hint: `aws configure sso --profile half-sso` sets all of it up

    error: the AWS account is not known
      because: the AWS profile `no-section` (--aws-profile) cannot be used: it has sso_session = nowhere, and there is no such section
    hint: `aws configure sso-session` makes it, by the name nowhere

    error: the AWS account is not known
      because: the AWS profile `code` (--aws-profile) cannot be used: it wants a one-time code (mfa_serial), and mk8s cannot ask for one
    hint: `eval "$(aws configure export-credentials --profile code --format env)"`, then run the command without --aws-profile

    error: the AWS account is not known
      because: the AWS profile `console` (--aws-profile) cannot be used: it signs in with `aws login`, and mk8s does not read such sessions
    hint: `eval "$(aws configure export-credentials --profile console --format env)"`, then run the command without --aws-profile

    error: the AWS account is not known
      because: the AWS profile `no-source` (--aws-profile) cannot be used: it has role_arn, but neither source_profile nor credential_source
    hint: name a profile with credentials: `aws configure set source_profile NAME --profile no-source`

    error: the AWS account is not known
      because: the AWS profile `two-sources` (--aws-profile) cannot be used: it has both source_profile and credential_source, and only one can be meant
    hint: take one of the two lines out of the profile

    error: the AWS account is not known
      because: the AWS profile `odd-source` (--aws-profile) cannot be used: it has credential_source = Thin-air, which means nothing: it is Environment, Ec2InstanceMetadata or EcsContainer
    hint: name the right one: `aws configure set credential_source SOURCE --profile odd-source`

    error: the AWS account is not known
      because: the AWS profile `dangling` (--aws-profile) cannot be used: it has source_profile = nowhere, and there is no such profile
    hint: name a profile with credentials: `aws configure set source_profile NAME --profile dangling`

    error: the AWS account is not known
      because: the AWS profile `round` (--aws-profile) cannot be used: its source_profile leads in a circle: round, about, round
    hint: name a profile with credentials: `aws configure set source_profile NAME --profile round`

    error: the AWS account is not known
      because: the AWS profile `about` (--aws-profile) cannot be used: its source_profile leads in a circle: about, round, about
    hint: name a profile with credentials: `aws configure set source_profile NAME --profile about`

    error: the AWS account is not known
      because: the AWS profile `no-keys` (--aws-profile) cannot be used: it takes its credentials from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and they are not set

    error: the AWS account is not known
      because: the AWS profile `half-keys` (--aws-profile) cannot be used: it lacks aws_secret_access_key
    hint: `aws configure --profile half-keys` sets both halves of the key

    error: the AWS account is not known
      because: the AWS profile `nothing` (--aws-profile) cannot be used: it has no credentials and does not say where any come from
    hint: give it some: `aws configure --profile nothing` for keys, `aws configure sso --profile nothing` for SSO

    error: the AWS account is not known
      because: the AWS profile `failing` (--aws-profile) cannot be used: its credential_process failed with status 3
    hint: `aws sts get-caller-identity --profile failing` shows what the command says

    error: the AWS account is not known
      because: the AWS profile `rubbish` (--aws-profile) cannot be used: its credential_process printed no credentials in the form that the AWS tools expect
    hint: `aws sts get-caller-identity --profile rubbish` shows what the command says

    error: the AWS account is not known
      because: the AWS profile `absent` (--aws-profile) cannot be used: its credential_process failed with status 127
    hint: `aws sts get-caller-identity --profile absent` shows what the command says

    error: the AWS account is not known
      because: the AWS profile `token` (--aws-profile) cannot be used: the web identity token /nowhere/token cannot be read: No such file or directory (os error 2)
    "#));
}

/// A flag is about this run, a variable is about whatever needs AWS.
#[test]
fn where_nothing_needs_aws_only_a_profile_named_by_the_flag_is_tried() {
    let bed = bed(PROFILES);
    let _ = run_as(&bed, CHECK, "nobody", true).exits(11).out("nobody");
    let _ = run_as(&bed, CHECK, "nobody", false)
        .ok()
        .out("no AWS add-on is on");
}

#[test]
fn a_role_that_does_not_let_its_profile_in_is_told_by_name() {
    let mut bed = bed(PROFILES);
    with_ecr(&bed);
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
    filters(&bed.env).bind(|| insta::assert_snapshot!(text, @r#"
    error: the AWS account is not known
      because: the AWS profile `one` (--aws-profile) cannot be used: the role arn:aws:iam::222222222222:role/ops was not assumed
      because: AWS refused sts:AssumeRole on arn:aws:iam::222222222222:role/ops for arn:aws:iam::123456789012:user/moto
    hint: the role's trust policy must let in whoever assumes it, and they need sts:AssumeRole on the role
    aws
    ---
    × AWS does not say who is calling
        the AWS profile `two` (AWS_PROFILE) cannot be used: the role arn:aws:iam::222222222222:role/ops was not assumed; AWS refused sts:AssumeRole on arn:aws:iam::222222222222:role/ops for arn:aws:iam::123456789012:user/moto
        see docs/checks.md#aws-identity
    - aws-account-match, oidc-provider-exists, oidc-near-miss, oidc-audience, oidc-thumbprint, role-exists, role-policy-attached, role-over-broad, pull-simulated, trust-has-statement, trust-over-broad, trust-size skipped: aws-identity failed

    1 failed, 0 passed, 12 skipped
    error: the AWS account is not known
      because: AWS does not accept the credentials of the AWS profile `keys` (--aws-profile)
      because: AWS answered sts:GetCallerIdentity with InvalidClientTokenId: "The security token included in the request is invalid."
    hint: name another profile, or mend its keys, and check this machine's clock
    hint: in China, GovCloud or the European Sovereign Cloud name a region too: --aws-region REGION
    error: the AWS account is not known
      because: the AWS profile `one` (--aws-profile) cannot be used: the role arn:aws:iam::222222222222:role/ops was not assumed
      because: AWS could not be reached for sts:AssumeRole at http://127.0.0.1:[PORT]: connection refused
    hint: the endpoint is from AWS_ENDPOINT_URL_STS
    "#));
}

#[test]
fn what_nobody_named_is_no_failure_of_a_check() {
    let bed = bed("[default]\nregion = eu-central-1\n");
    with_ecr(&bed);
    let _ = bed
        .run(CHECK)
        .ok()
        .out("- aws checks skipped: no AWS credentials (pass --aws-profile)\n");
    let run = bed.run(STATUS).exits(4);
    crate::support::snapshot!(bed.env, run, @r"
    exit 4
    --- stderr
    error: the AWS account is not known
      because: no AWS credentials were found
    hint: pass --aws-profile NAME, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    ");
    // A default that cannot be used now is not what was asked for, but the reason is a true one.
    let over = "sso_start_url = https://over.awsapps.com/start\nsso_region = eu-west-1\n\
                sso_account_id = 222222222222\nsso_role_name = Admin\n";
    bed.env.write("config", format!("[default]\n{over}"));
    log_in(&bed, OVER, "signed-in", "2020-01-01T00:00:00Z");
    crate::support::snapshot!(bed.env, bed.run(CHECK), @r"
    exit 0
    --- stdout
    aws
    ---
    - aws checks skipped: no AWS credentials: the AWS profile `default` cannot be used: its SSO session has ended (`aws sso login`)

    0 passed, 1 group skipped
    ");
    let _ = bed.run(STATUS).exits(4).err("hint: aws sso login\n");
    // Files that cannot be read are no reason to go on with other credentials.
    bed.env.write("config", "[profile broken\n");
    crate::support::snapshot!(bed.env, run_as(&bed, STATUS, "one", true).exits(4), @r"
    exit 4
    --- stderr
    error: the AWS account is not known
      because: the AWS profile `one` (--aws-profile) cannot be used: the files of the profiles cannot be read: error parsing [WORK]/config on line 1: Profile definition must end with ']'
    hint: `aws configure list-profiles` reads the same files
    ");
}

#[test]
fn a_private_authority_is_trusted_by_variable_or_profile() {
    let mut bed = bed(PROFILES);
    let moto = TlsMoto::start();
    bed.env
        .set("AWS_ENDPOINT_URL", moto.url())
        .unset("HTTPS_PROXY");
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
        let _ = run_as(bed, &check, "keys", true)
            .exits(11)
            .out("there is no repository shop");
    };
    works(&bed);
    bed.env.unset("AWS_CA_BUNDLE");
    let setting = format!("ca_bundle = {authority}\n[profile ");
    let profiles = PROFILES.replace("[profile ", &setting);
    let profiles = profiles.replacen(&setting, "[profile ", 1);
    bed.env.write(
        "config",
        profiles.replace(
            "[sso-session",
            &format!("ca_bundle = {authority}\n[sso-session"),
        ),
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
    filters(&bed.env).bind(|| insta::assert_snapshot!(text, @r"
    error: the AWS account is not known
      because: AWS could not be reached for sts:GetCallerIdentity at https://127.0.0.1:[PORT]: its certificate is from an authority that is not trusted here
    hint: the endpoint is from AWS_ENDPOINT_URL
    hint: authorities of your own: name their PEM file in AWS_CA_BUNDLE

    error: the AWS account is not known
      because: the AWS profile `one` (--aws-profile) cannot be used: the role arn:aws:iam::222222222222:role/ops was not assumed
      because: AWS could not be reached for sts:AssumeRole at https://127.0.0.1:[PORT]: its certificate is from an authority that is not trusted here
    hint: the endpoint is from AWS_ENDPOINT_URL
    hint: authorities of your own: name their PEM file in AWS_CA_BUNDLE

    error: the AWS account is not known
      because: the trusted authorities cannot be read from /nowhere/ca.pem (AWS_CA_BUNDLE): No such file or directory (os error 2)
    hint: AWS_CA_BUNDLE has to name a file with certificates in PEM (-----BEGIN CERTIFICATE-----)

    error: the AWS account is not known
      because: the trusted authorities cannot be read from [WORK]/none.pem (AWS_CA_BUNDLE): it has no certificate that can be used
    hint: AWS_CA_BUNDLE has to name a file with certificates in PEM (-----BEGIN CERTIFICATE-----)

    error: the AWS account is not known
      because: the trusted authorities cannot be read from /dev/zero (AWS_CA_BUNDLE): it is not a file
    hint: AWS_CA_BUNDLE has to name a file with certificates in PEM (-----BEGIN CERTIFICATE-----)

    error: the AWS account is not known
      because: the trusted authorities cannot be read from /nowhere (ca_bundle of the AWS profile `keys`): No such file or directory (os error 2)
    hint: ca_bundle of the AWS profile `keys` has to name a file with certificates in PEM (-----BEGIN CERTIFICATE-----)
    "));
}

#[test]
fn a_program_that_gives_credentials_runs_once_and_the_calls_that_they_take_are_shown() {
    let mut bed = Bed::edge();
    let program = bed.env.write(
        "program",
        r#"echo >> runs; echo '{"Version":1,"AccessKeyId":"testing","SecretAccessKey":"testing"}'"#,
    );
    let profiles = format!(
        "[profile program]\ncredential_process = sh {}\n[profile role]\n\
         role_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = program\n",
        program.display()
    );
    let config = bed.env.write("config", profiles);
    bed.env
        .set("AWS_CONFIG_FILE", config.to_str().unwrap())
        .unset("AWS_ACCESS_KEY_ID")
        .unset("AWS_SECRET_ACCESS_KEY");
    let image = "--image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1";
    for line in [
        format!("check -c edge --only aws,image {image} --aws-profile role --debug"),
        format!(
            "aws setup aws-ecr -c edge {image} --role-arn arn:aws:iam::123456789012:role/r \
             --apply-repository-policy --dry-run --aws-profile role --debug"
        ),
    ] {
        bed.env.write("runs", "");
        bed.moto.forget();
        let run = bed.run(&line);
        assert_eq!(bed.env.text("runs"), "\n", "{run}");
        assert!(
            run.stderr
                .contains("debug: aws sts:AssumeRole arn:aws:iam::123456789012:role/ops: ok ("),
            "{run}"
        );
        let assumed = bed.moto.log();
        let assumed = assumed.iter().filter(|call| *call == "AssumeRole").count();
        assert_eq!(assumed, 1, "{run}");
    }
}
