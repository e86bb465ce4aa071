//! Where an add-on is documented is a fact about pages: it is said, and it stops nothing.

use crate::support::manifests::{ROLE, aws, cluster, hetzner};
use crate::support::{Env, Sandbox, ids, snapshot};
use mk8s::addon::CATALOG;
use serde_json::json;

const PROVIDERS: [&str; 12] = [
    "aws",
    "azure",
    "digitalocean",
    "ephemeral",
    "gcp",
    "generic",
    "hetzner",
    "lambdalabs",
    "linode",
    "oblivus",
    "paperspace",
    "triton",
];

const ON: &str = "awsWorkloadIdentity: {}";

/// What the platform's pages say, written down apart from the catalogue.
fn is_documented(addon: &str, provider: &str) -> bool {
    let list: &[&str] = match addon {
        "aws-ecr" | "aws-workload-identity" => &["aws", "hetzner", "generic", "gcp"],
        "aws-efs" => &["aws", "hetzner", "generic"],
        "aws-elb" => &["aws"],
        "logs" => &["aws", "hetzner", "generic", "gcp", "triton"],
        _ => return true,
    };
    list.contains(&provider)
}

/// The required settings, and the role that a cluster outside AWS needs.
fn settings(addon: &str) -> String {
    match addon {
        "aws-ecr" | "aws-efs" | "aws-elb" => format!(" --role-arn {ROLE}"),
        "azure-acr" => " --client-id 6f1f2d0e-4c5b-4f0a-9a57-0c0c0a1b2c3d".to_owned(),
        "byok" => " --location //location/x".to_owned(),
        _ => String::new(),
    }
}

fn gcp(name: &str, add_ons: &[&str]) -> String {
    cluster(
        name,
        "gcp: {projectId: p, region: us-east1, network: default, saKeyLink: //secret/g, \
         image: {recommended: ubuntu/jammy-22.04}}",
        add_ons,
    )
}

fn linode(name: &str, add_ons: &[&str]) -> String {
    cluster(
        name,
        "linode: {region: eu-west, tokenSecretLink: //secret/l, vpcId: \"1\", image: linode/ubuntu22.04}",
        add_ons,
    )
}

#[test]
fn no_add_on_is_refused_for_the_provider_and_every_silence_of_the_pages_is_said() {
    assert_eq!(CATALOG.len(), 18);
    let documents: Vec<String> = PROVIDERS
        .iter()
        .map(|provider| cluster(provider, &format!("{provider}: {{}}"), &[]))
        .collect();
    let fleet = documents.join("---\n");
    let env = Env::new();
    for addon in CATALOG {
        env.write("fleet.yaml", &fleet);
        let line = format!(
            "addon enable {}{} --with-prerequisites -f fleet.yaml -o json",
            addon.name,
            settings(addon.name)
        );
        let run = env.line(&line).run().ok();
        let report = run.json();
        let items = report["items"].as_array().unwrap();
        assert_eq!(items.len(), PROVIDERS.len(), "{run}");
        let mut along = vec![addon.name];
        along.extend(
            addon
                .needs
                .iter()
                .map(|key| mk8s::addon::by_key(key).unwrap().name),
        );
        for (item, provider) in items.iter().zip(PROVIDERS) {
            assert_eq!(item["action"], "enabled", "{run}");
            let silent = along.iter().filter(|name| !is_documented(name, provider));
            let expected: Vec<String> = silent
                .map(|name| format!("{name} is not documented for {provider}; documented: "))
                .collect();
            let warnings: Vec<&str> = item["warnings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|warning| warning.as_str().unwrap())
                .collect();
            assert_eq!(warnings.len(), expected.len(), "{warnings:?} {expected:?}");
            for (warning, expected) in warnings.iter().zip(&expected) {
                assert!(warning.starts_with(expected), "{warning} {expected}");
                assert!(run.stderr.contains(warning), "{run}");
            }
        }
        // What is on is judged in the same way.
        let run = env.line("check -f fleet.yaml --skip schema -o json").run();
        assert_eq!(run.code, 0, "{run}");
        let warns = ids(&run, &["warn"]).contains("addon-provider");
        let silent = |provider: &&str| along.iter().any(|name| !is_documented(name, provider));
        assert_eq!(warns, PROVIDERS.iter().any(silent), "{run}");
        assert!(!run.stdout.contains("addon disable"), "{run}");
        let list = format!("addon explain {} -f fleet.yaml -o json", addon.name);
        let list = env.line(&list).run().ok().json();
        for (item, provider) in list["items"].as_array().unwrap().iter().zip(PROVIDERS) {
            assert_eq!(item["documented"], is_documented(addon.name, provider));
        }
    }
}

#[test]
fn the_warning_is_the_same_in_files_and_in_a_dry_run() {
    let env = Env::new();
    env.write("c.yaml", hetzner("edge", &[ON]));
    let line = format!("addon enable aws-elb --role-arn {ROLE} -f c.yaml");
    snapshot!(env, env.line(&format!("{line} --dry-run")).run(), @r#"
    exit 0
    --- stdout
    --- c.yaml
    +++ c.yaml
    @@ -6,3 +6,5 @@
         hetzner: {region: fsn1, tokenSecretLink: //secret/h, networkId: "1", image: ubuntu-22.04}
       addOns:
         awsWorkloadIdentity: {}
    +    awsELB:
    +      roleArn: arn:aws:iam::999999999999:role/mk8s-ecr-driver
    --- stderr
    warning: in c.yaml: aws-elb is not documented for hetzner; documented: aws
    Would enable aws-elb in c.yaml
    "#);
    snapshot!(env, env.line(&line).run(), @r"
    exit 0
    --- stdout
    Enabled aws-elb in c.yaml; the live cluster is not changed
    --- stderr
    warning: in c.yaml: aws-elb is not documented for hetzner; documented: aws
    Next: mk8s apply -f c.yaml
    ");
    // A role is still needed where the cluster has no identity in AWS.
    env.write("l.yaml", linode("lin", &[ON]));
    snapshot!(env, env.line("addon enable aws-ecr -f l.yaml --force").run(), @r"
    exit 6
    --- stderr
    error: `aws-ecr` was not enabled in l.yaml
      because: a cluster of the provider linode has no AWS identity of its own, so it can only pull with a role, and none is set
    hint: mk8s addon enable aws-ecr -f l.yaml --role-arn ARN
    ");
    // Nor is a document without a provider refused for that.
    env.write(
        "n.yaml",
        "kind: mk8s\nname: none\nspec:\n  version: 1.33.5\n",
    );
    snapshot!(env, env.line("addon enable logs -f n.yaml").run(), @r"
    exit 0
    --- stdout
    Enabled logs in n.yaml; the live cluster is not changed
    --- stderr
    warning: in n.yaml: logs is documented for aws, hetzner, generic, gcp and triton, and no provider is named
    Next: mk8s apply -f n.yaml
    ");
}

#[test]
fn what_is_on_is_shown_with_what_the_pages_leave_out() {
    let env = Env::new();
    let elb = "awsELB: {}";
    env.write("c.yaml", hetzner("edge", &[ON, elb]));
    let list = env.line("addon list -f c.yaml").run().ok();
    let _ = list.out("(not documented for hetzner)");
    snapshot!(env, env.line("addon show aws-elb -f c.yaml").run(), @r"
    exit 0
    --- stdout
    Add-on    aws-elb
    Cluster   edge (c.yaml)
    State     on
    Provider  aws-elb is not documented for hetzner; documented: aws
    Settings  none
    ");
    snapshot!(env, env.line("addon explain aws-elb -f c.yaml").run(), @r"
    exit 0
    --- stdout
    aws-elb (spec.addOns.awsELB)
    Make AWS load balancers for services and ingresses

    Installs the AWS Load Balancer Controller. Subnets must carry the
    kubernetes.io/role tags. Without a role the recommended one is made.

    Documented for  aws; not documented elsewhere
    Needs           aws-workload-identity
    Nodes           any
    Needed by       nothing
    Documentation   https://docs.controlplane.com/mk8s/add-ons/aws_elb

    Settings
      roleArn: IAM role the load balancer controller assumes; the recommended one is made if absent (ARN of an IAM role, --role-arn ARN)

    Status
      status.addOns.awsELB.trustPolicy: trust policy that the role must have

    In the cloud account
      subnets tagged kubernetes.io/role/elb or kubernetes.io/role/internal-elb

    Add-on    aws-elb
    Cluster   edge (c.yaml)
    State     on
    Provider  aws-elb is not documented for hetzner; documented: aws
    Settings  none
    ");
    snapshot!(env, env.line("check -f c.yaml --only addon-provider").run(), @r"
    exit 0
    --- stdout
    add-ons
    -------
    ‼ aws-elb is not documented for hetzner
        documented: aws
        see docs/checks.md#addon-provider

    1 warning, 0 passed
    ");
    env.write(
        "n.yaml",
        "kind: mk8s\nname: none\nspec: {addOns: {logs: {}}}\n",
    );
    snapshot!(env, env.line("check -f n.yaml --only addon-provider").run(), @r"
    exit 0
    --- stdout
    add-ons
    -------
    ‼ logs is not documented for every provider
        no provider is named in n.yaml; documented: aws, hetzner, generic, gcp and triton
        see docs/checks.md#addon-provider

    1 warning, 0 passed
    ");
}

#[test]
fn ecr_on_gcp_works_all_the_way_and_elsewhere_with_a_warning() {
    let mut env = Env::new();
    let live = [gcp("gke", &[]), linode("lin", &[])];
    let sandbox = Sandbox::holding(&mut env, &live, &[]);
    let enable = |name: &str| {
        format!("addon enable aws-ecr -c {name} --with-prerequisites --role-arn {ROLE}")
    };
    let run = env.line(&enable("gke")).run().ok();
    let _ = run
        .never("warning")
        .out("cluster outside AWS, role in account 999999999999");
    let run = env.line(&enable("lin")).run().ok();
    let _ = run
        .err("warning: aws-ecr is not documented for linode; documented: aws, hetzner, generic and gcp")
        .err("warning: aws-workload-identity is not documented for linode");
    for name in ["gke", "lin"] {
        let on = &sandbox.cluster(name)["spec"]["addOns"];
        assert_eq!(
            on,
            &json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}})
        );
    }
    let run = env.line("check -c gke --only add-ons -o json").run().ok();
    assert!(ids(&run, &["pass"]).contains("addon-provider"), "{run}");
    let run = env.line("check -c lin --only add-ons -o json").run().ok();
    assert!(ids(&run, &["warn"]).contains("addon-provider"), "{run}");
    let report = run.json();
    let items = report["items"].as_array().unwrap();
    let mut warned = items.iter().filter(|item| item["state"] == "warn");
    assert!(warned.all(|item| item["fix"] == json!(null)), "{run}");
    let run = env.line("addon enable kata -c gke").run().ok();
    let _ = run.never("warning").out("Enabled kata on gke");
    assert_eq!(sandbox.cluster("gke")["spec"]["addOns"]["kata"], json!({}));
    // A dry run of what is done already still says it, and changes nothing.
    let run = env.line(&format!("{} --dry-run", enable("lin"))).run().ok();
    let _ = run.err("aws-ecr is not documented for linode");
}

#[test]
fn logs_are_documented_for_triton() {
    let env = Env::new();
    env.write("t.yaml", cluster("t", "triton: {}", &[]));
    let run = env.line("addon enable logs -f t.yaml").run().ok();
    let _ = run.never("warning");
    env.write("a.yaml", aws("a", &[]));
    let run = env.line("addon enable kata -f a.yaml").run().ok();
    let _ = run.never("warning");
    assert_eq!(env.text("a.yaml"), aws("a", &["kata: {}"]));
}
