//! Every command that is printed to be pasted is pasted, in the state in which it was printed.
//!
//! `support::printed` looks at whatever any test has printed: it fails on a command that a shell does
//! not split or the command tree does not read, and on one of a kind that has no row here.

use crate::support::manifests::{aws, hetzner};
use crate::support::printed::{kind, printed};
use crate::support::{ACCOUNT, Env, Fake, Moto, Sandbox, Trial, insist};
use crate::told::forgetful;
use serde_json::json;

/// What stands beside Control Plane in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    Nothing,
    Aws,
    /// The same, and a Control Plane whose trust policies let more in than they should.
    Broad,
    /// AWS, and issuers that the sandbox serves.
    Served,
    /// Nothing, and a Control Plane that takes changes and does not keep them.
    Forgetful,
}

use Beside::{Aws, Broad, Forgetful, Nothing, Served};

/// The kinds of commands that nothing has to be filled into: what each is called, what stands beside,
/// and the lines that lead to one, of which the last prints it.
pub(crate) const KINDS: &[(&str, Beside, &[&str])] = &[
    (
        "addon disable --apply -f",
        Nothing,
        &["addon disable headlamp -f both.yaml -f bare-headlamp.yaml"],
    ),
    (
        "addon disable -c",
        Nothing,
        &["addon disable headlamp -f both.yaml"],
    ),
    ("addon enable -c", Nothing, &["addon oidc-url -c bare"]),
    (
        "addon enable --accept-trust -c",
        Broad,
        &["addon enable aws-ecr -c edge --create-role --with-prerequisites --yes"],
    ),
    ("addon enable -f", Nothing, &["check -f needy.yaml"]),
    (
        "addon enable --resume",
        Nothing,
        &["addon enable headlamp --all --canary 1 --pause --yes"],
    ),
    (
        "addon disable --resume",
        Nothing,
        &[
            "addon enable headlamp --all --yes",
            "addon disable headlamp --all --canary 1 --pause --yes",
        ],
    ),
    (
        "apply --resume -f",
        Nothing,
        &["apply -f bare-headlamp.yaml -f role.yaml --canary 1 --pause --yes"],
    ),
    (
        "addon enable --emit -c",
        Nothing,
        &["addon enable dashboard -c owned"],
    ),
    (
        "addon explain",
        Nothing,
        &["addon enable dashboard -c bare --role-arn arn:aws:iam::123456789012:role/x"],
    ),
    ("addon list", Nothing, &["aws setup aws-erc -c bare"]),
    ("validate", Nothing, &["apply -f refused.yaml"]),
    (
        "addon list -c",
        Nothing,
        &["addon set set.yaml -c bare --expect logs.x=1"],
    ),
    (
        "addon list -f",
        Nothing,
        &["addon set set.yaml -f bare.yaml --expect logs.x=1"],
    ),
    (
        "addon show -f",
        Nothing,
        &["addon enable metrics -f bare.yaml --expect kubeState=true"],
    ),
    (
        "addon show -c",
        Nothing,
        &["addon enable metrics -c bare --expect kubeState=true"],
    ),
    (
        "addon oidc-url -c",
        Nothing,
        &["addon enable aws-workload-identity -c bare"],
    ),
    (
        "addon trust-policy -c",
        Nothing,
        &["addon enable aws-efs -c ready --role-arn arn:aws:iam::123456789012:role/efs"],
    ),
    ("apply -f", Nothing, &["addon enable headlamp -f bare.yaml"]),
    (
        "apply -c -f",
        Nothing,
        &["check -c bare -f bare-headlamp.yaml --skip issuer,aws"],
    ),
    (
        "apply --prune-addons -f",
        Nothing,
        &["addon enable aws-ecr --no-role-arn -f role.yaml"],
    ),
    (
        "auth status",
        Nothing,
        &["check -c bare --skip issuer,aws --token wrong"],
    ),
    (
        "aws emit --accept-trust -c",
        Broad,
        &[
            "addon enable aws-ecr -c edge --with-prerequisites --role-arn arn:aws:iam::123456789012:role/x",
            "aws setup aws-ecr -c edge --emit plan --account 123456789012",
        ],
    ),
    (
        "addon enable --with-prerequisites -c",
        Nothing,
        &["aws emit aws-ecr -c bare --format plan --account 123456789012"],
    ),
    (
        "aws permissions",
        Aws,
        &["moto CreateRole", "aws setup aws-ecr -c ready --yes"],
    ),
    (
        "aws repository-policy --apply -c",
        Aws,
        &[
            "addon enable aws-ecr -c ready --role-arn arn:aws:iam::999999999999:role/x",
            "aws-cli ecr create-repository --region eu-central-1 --repository-name shop",
            "aws repository-policy aws-ecr -c ready --image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
        ],
    ),
    (
        "aws setup -c",
        Nothing,
        &["addon enable aws-ecr -c home --with-prerequisites"],
    ),
    (
        "aws setup --accept-trust -c",
        Broad,
        &["aws setup aws-ecr -c edge --yes"],
    ),
    (
        "aws setup --resume",
        Aws,
        &[
            "moto CreateRole",
            "aws setup aws-ecr -c ready -c both --yes",
        ],
    ),
    (
        "aws setup --only -c",
        Aws,
        &["check -c ready --skip issuer"],
    ),
    (
        "aws teardown -c",
        Aws,
        &[
            "aws setup aws-ecr -c ready --yes --role-name other",
            "addon disable aws-ecr -c ready --yes",
        ],
    ),
    (
        "aws teardown --keep-addon -c",
        Aws,
        &[
            "aws setup aws-ecr -c ready --yes",
            "aws setup aws-ecr -c ready --yes --role-name other",
        ],
    ),
    (
        "aws workload",
        Aws,
        &[
            "aws setup aws-ecr -c ready --yes --image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
        ],
    ),
    ("check --list", Nothing, &["check --only role-exist"]),
    (
        "check -c",
        Aws,
        &[
            "aws setup aws-ecr -c ready --yes",
            "check -c ready --skip issuer --image 123456789012.dkr-ecr.eu-central-1.on.aws/shop:1.4",
        ],
    ),
    ("cluster get", Forgetful, &["addon enable headlamp -c prod"]),
    (
        "cluster get",
        Nothing,
        &["aws emit aws-ecr -f ready.yaml --format aws-cli --account 123456789012"],
    ),
    ("cluster list", Nothing, &["cluster get nosuch"]),
    ("help", Nothing, &["help zzz"]),
    ("cluster list -c", Nothing, &["cluster get b*"]),
    ("diff -f", Nothing, &["addon disable rocket -f odd.yaml"]),
    (
        "aws repository-policy --apply -c -f",
        Aws,
        &[
            "addon enable aws-ecr -c ready --role-arn arn:aws:iam::999999999999:role/x",
            "sh mk8s cluster get ready -o json > ready.json",
            "aws-cli ecr create-repository --region eu-central-1 --repository-name shop",
            "aws repository-policy aws-ecr -c ready -f ready.json --image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1",
        ],
    ),
    ("history", Nothing, &["undo no-such-run"]),
    ("undo", Nothing, &["addon disable headlamp -c both --yes"]),
    (
        "undo --resume",
        Nothing,
        &[
            "addon enable headlamp --all --yes",
            "addon disable headlamp --all --yes",
            "undo --canary 1 --pause --yes",
        ],
    ),
    (
        "sandbox start",
        Nothing,
        &["sandbox token -c bare --endpoint https://api.example"],
    ),
    (
        "sandbox token -c",
        Served,
        &[
            "aws setup aws-ecr -c ready --yes",
            "aws-cli ecr create-repository --region us-east-1 --repository-name shop",
            "check -c ready --image 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1 --live --web-identity-token-file token",
        ],
    ),
];

/// A Control Plane with clusters in the states that the lines speak of, their manifests, and AWS.
struct World {
    env: Env,
    sandbox: Sandbox,
    moto: Option<Moto>,
    _fake: Option<Fake>,
}

impl World {
    fn new(beside: Beside) -> Self {
        let mut env = Env::new();
        env.with_commands();
        let moto = matches!(beside, Aws | Broad | Served).then(|| Moto::start(&mut env));
        let home = aws("home", &[]).replace("111122223333", ACCOUNT);
        let both = ["awsWorkloadIdentity: {}", "headlamp: {}"];
        let edge = [hetzner("edge", &[])];
        let clusters = [
            hetzner("bare", &[]),
            hetzner("ready", &["awsWorkloadIdentity: {}"]),
            hetzner("both", &both),
            home,
            hetzner("owned", &[])
                .replace("spec:", "tags: {cpln/managedByTerraform: \"true\"}\nspec:"),
        ];
        // Any service account of the cluster `edge`, by the issuer that the sandbox gives it.
        let issuer = "oidc.sandbox.localhost/kz3wqgbhbjse";
        let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}");
        let audience = format!("{issuer}:aud");
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {audience: "sts.amazonaws.com"}},
        }]});
        let file = env.write("trust.json", trust.to_string());
        let broad = ["--trust-policy", file.to_str().unwrap()];
        let flags: &[&str] = match beside {
            Broad => &broad,
            Served => &["--oidc"],
            Nothing | Aws | Forgetful => &[],
        };
        let sandbox = if beside == Broad {
            Sandbox::holding(&mut env, &edge, flags)
        } else {
            Sandbox::holding(&mut env, &clusters, flags)
        };
        for (file, manifest) in [
            ("bare.yaml", hetzner("bare", &[])),
            ("bare-headlamp.yaml", hetzner("bare", &["headlamp: {}"])),
            ("both.yaml", hetzner("both", &both)),
            ("token", "no.token.this".to_owned()),
            ("set.yaml", "logs: {}\n".to_owned()),
            (
                "refused.yaml",
                hetzner("fresh", &[]).replace("tokenSecretLink: //secret/h, ", ""),
            ),
            ("odd.yaml", hetzner("bare", &["rocket: {}"])),
            ("ready.yaml", hetzner("ready", &["awsWorkloadIdentity: {}"])),
            (
                "role.yaml",
                aws(
                    "home",
                    &[
                        "awsWorkloadIdentity: {}",
                        "awsECR: {roleArn: \"arn:aws:iam::123456789012:role/x\"}",
                    ],
                ),
            ),
            ("needy.yaml", aws("home", &["awsECR: {}"])),
        ] {
            env.write(file, manifest);
        }
        // Last, since it takes the place of the sandbox.
        let fake = (beside == Forgetful).then(|| forgetful(&mut env, 3));
        Self {
            env,
            sandbox,
            moto,
            _fake: fake,
        }
    }

    /// A line that leads to the state: a command of ours, one of AWS's client, or a fault.
    fn prepare(&self, line: &str) {
        match line.split_once(' ').unwrap() {
            ("sandbox", fault) => self.sandbox.fault(fault),
            ("moto", action) => self.moto().faults(&json!([
                {"action": action, "code": "AccessDenied", "times": 50}
            ])),
            ("sh", script) => {
                let _ = self.env.sh(script).run().ok();
            }
            ("aws-cli", words) => {
                let words: Vec<&str> = words.split(' ').collect();
                let _ = self.env.aws(&words).run().ok();
            }
            _ => {
                let _ = self.env.line(line).run().ok();
            }
        }
    }

    fn moto(&self) -> &Moto {
        self.moto.as_ref().expect("a row with AWS beside it")
    }

    /// Pastes a command; what it would ask about is answered, and what it waits for may not come.
    fn works(&self, command: &str) -> Result<(), String> {
        let mut line = command.replace("=5m", "=1s").replace("=15m", "=1s");
        let asks = [
            "aws setup",
            "aws teardown",
            "apply",
            "addon disable",
            "--apply",
            "--create-role",
            "--resume",
        ];
        if asks.iter().any(|words| line.contains(words)) && !line.contains("--yes") {
            line.push_str(" --yes");
        }
        if line.starts_with("mk8s sandbox start") {
            // It serves until it is told to end.
            line.insert_str(0, "timeout -s INT 2 ");
        }
        let run = self.env.sh(&line).run();
        insist!(![2, 6].contains(&run.code), "`{command}` is refused\n{run}");
        Ok(())
    }
}

#[test]
fn what_is_printed_works_where_it_is_printed() {
    let trial = Trial::begin("printed::what_is_printed_works_where_it_is_printed");
    for (name, beside, lines) in KINDS {
        let world = World::new(*beside);
        let (last, before) = lines.split_last().unwrap();
        for line in before {
            world.prepare(line);
        }
        let run = world.env.line(last).run();
        let given: Vec<String> = last.split(' ').map(str::to_owned).collect();
        let found: Vec<_> = printed(&run, &given)
            .into_iter()
            .filter(|one| !one.has_hole())
            .filter(|one| {
                one.ours()
                    .unwrap()
                    .iter()
                    .any(|words| kind(words, &given) == *name)
            })
            .collect();
        trial.count(
            name,
            (|| {
                insist!(
                    !found.is_empty(),
                    "`{last}` prints no command like `{name}`\n{run}"
                );
                for one in &found {
                    world.works(&one.0)?;
                }
                Ok(())
            })(),
        );
    }
    trial.end();
}
