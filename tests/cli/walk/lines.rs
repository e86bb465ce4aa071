//! Every command with the least that makes it show something hostile.

/// Words in braces stand for what the world holds: `{sound.yaml}` and the like for absolute paths of
/// hostile names, `{EVIL}` for the text itself.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn lines(leaf: &str) -> Option<&'static [&'static str]> {
    Some(match leaf {
        "addon list" => &[
            "-c prod",
            "-c prod -c edge",
            "-f {sound.yaml}",
            "-f {evil.yaml}",
            "-f {fleet}",
            "-f {torn.yaml}",
            "-c {EVIL}",
        ],
        "addon show" => &[
            "aws-ecr -c prod",
            "{EVIL} -c prod",
            "{EVIL} -f {evil.yaml}",
            "metrics -f {fleet}",
            "{EVIL}x -f {evil.yaml}",
        ],
        "addon explain" => &["{EVIL}", "aws-ecr -c prod", "{EVIL} -f {sound.yaml}"],
        "addon enable" => &[
            "dashboard -c prod --dry-run",
            "metrics -c prod",
            "aws-ecr -c prod --role-arn {EVIL}",
            "aws-ecr -c edge --create-role --dry-run",
            "aws-efs -f {sound.yaml} --dry-run --force",
            "headlamp -f {fleet} --dry-run",
            "dashboard -f {sound.yaml}",
            "dashboard -f {broken.yaml}",
            "logs -f {fleet} -c {EVIL}x",
            "nvidia -f {sound.yaml} -c edge --apply --dry-run",
        ],
        "addon disable" => &[
            "{EVIL} -c prod --yes",
            "{EVIL} -c prod --dry-run",
            "aws-workload-identity -c edge",
            "aws-workload-identity -c edge --with-dependants",
            "{EVIL} -f {sound.yaml} --dry-run",
            "metrics -f {evil.yaml} --dry-run",
            "{EVIL} -f {fleet} --yes --dry-run",
        ],
        "addon trust-policy" => &[
            "-c prod",
            "-c edge",
            "-c prod --account 111122223333",
            "-c prod --account {EVIL}",
            "-f {evil.yaml}",
        ],
        "addon oidc-url" => &["-c prod", "-f {evil.yaml}", "-f {fleet}"],
        "aws setup" => &[
            "aws-ecr -c prod --dry-run",
            "aws-ecr -c edge --dry-run",
            "aws-ecr -c edge --emit aws-cli",
            "aws-ecr -c edge --emit terraform --account 111122223333",
            "aws-ecr -c edge --emit cloudformation",
            "aws-ecr -c edge --dry-run --tag {EVIL}",
            "aws-ecr -c edge --dry-run --role-name {EVIL}",
            "aws-ecr -f {evil.yaml} --emit aws-cli",
            "aws-ecr -c edge --image {EVIL} --repository-policy",
            "aws-ecr -c edge --dry-run --apply-repository-policy --image \
             111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
            "aws-ecr -c edge --dry-run --apply-repository-policy --image \
             222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
        ],
        "aws status" => &["aws-ecr -c edge", "aws-ecr -c prod", "{EVIL} -c edge"],
        "aws teardown" => &[
            "aws-ecr -c edge --dry-run",
            "aws-ecr -c edge --role-name {EVIL} --dry-run",
            "aws-ecr -c prod --dry-run",
        ],
        "aws permissions" => &["", "--account {EVIL}", "--partition {EVIL}"],
        "aws workload" => &[
            "--image {EVIL}",
            "--image 111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop:1 --name {EVIL}",
            "--image 111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop:1 --namespace {EVIL}",
        ],
        "apply" => &[
            "-f {sound.yaml} --dry-run",
            "-f {evil.yaml} --dry-run",
            "-f {fleet} --dry-run",
            "-f {broken.yaml}",
            "-f {sound.yaml} --prune-addons",
        ],
        "diff" => &["-f {sound.yaml}", "-f {fleet}", "-f {torn.yaml}"],
        "check" => &[
            "-f {fleet}",
            "-f {broken.yaml} -f {torn.yaml}",
            "-f {sound.yaml} --report github",
            "-c prod",
            "-c edge -c prod --skip issuer --report github",
            "-c edge --only aws --image {EVIL}",
            "-c edge --only image --image 222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
            "--only {EVIL}",
            "--list",
        ],
        "cluster list" => &[""],
        "cluster get" => &["prod", "edge", "{EVIL}"],
        "auth status" => &["", "--profile {EVIL}", "--profile ci"],
        // It runs until Ctrl-C: what it says once it serves is `a_running_sandbox_says_nothing_raw`.
        "sandbox start" => &[
            "--seed {evil.yaml}",
            "--seed {torn.yaml}",
            "--seed {gone.yaml}",
            "--fault {EVIL}",
            "--state {evil.yaml}",
            "--trust-policy {evil.yaml}",
            "--known {EVIL} --seed {gone.yaml}",
        ],
        "sandbox run" => &["--no-oidc -- {EVIL}", "--seed {evil.yaml} -- true"],
        "sandbox token" => &["-c prod", "-c {EVIL}"],
        "completion" => &["bash", "{EVIL}"],
        "version" => &["", "{EVIL}", "--{EVIL}", "--output {EVIL}"],
        _ => return None,
    })
}
