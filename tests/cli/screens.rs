//! What a person sees of the commands that look: the layout, once per command.

use crate::support::manifests::{ROLE, aws, hetzner};
use crate::support::{Env, Sandbox, filters, snapshot};

fn place() -> (Env, Sandbox) {
    let on = "awsWorkloadIdentity: {}";
    let ecr = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let mut env = Env::new();
    let sandbox = Sandbox::holding(
        &mut env,
        &[
            aws(
                "prod",
                &[on, "metrics: {kubeState: true}", "rocket: {thrust: 2}"],
            ),
            hetzner("edge", &[on, &ecr, "headlamp: {}"]),
        ],
        &[],
    );
    (env, sandbox)
}

/// A snapshot in which ids, dates and the sandbox's host names are replaced.
macro_rules! screen {
    ($env:expr, $line:expr, @$expected:literal) => {{
        let run = $env.line($line).run();
        let mut settings = filters(&$env);
        settings.add_filter(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "[DATE]");
        settings.add_filter(r"\bk[0-9a-z]{11}\b", "[ALIAS]");
        settings.add_filter(r"s[0-9a-f]{16}\b", "[KEY]");
        settings.add_filter(r"in \d+ ms", "in [TIME]");
        settings.add_filter(r"[0-9a-f]{8}-[0-9a-f-]{27}", "[UUID]");
        settings.bind(|| insta::assert_snapshot!(run, @$expected));
    }};
}

#[test]
fn the_catalogue() {
    let env = Env::new();
    snapshot!(env, env.line("addon list").run(), @r"
    exit 0
    --- stdout
    ADD-ON                   PURPOSE                                              DOCUMENTED FOR                      NEEDS
    aws-ecr                  Pull images from private Amazon ECR registries       aws, hetzner, generic, gcp          aws-workload-identity
    aws-efs                  Mount Amazon EFS file systems as volumes             aws, hetzner, generic               aws-workload-identity
    aws-elb                  Make AWS load balancers for services and ingresses   aws                                 aws-workload-identity
    aws-workload-identity    Let pods assume IAM roles                            aws, hetzner, generic, gcp          -
    azure-acr                Pull images from private Azure Container Registries  all                                 azure-workload-identity
    azure-workload-identity  Give pods Entra identities                           all                                 -
    byok                     Make the cluster a Control Plane location            all                                 -
    dashboard                Serve the Kubernetes Dashboard                       all                                 -
    headlamp                 Serve the Headlamp user interface                    all                                 -
    kata                     Run pods in virtual machines of their own            all                                 -
    kubevirt                 Run virtual machines                                 all                                 node-local-dns
    local-path-storage       Offer volumes on the node's own disk                 all                                 -
    logs                     Send pod logs and audit records to Control Plane     aws, hetzner, generic, gcp, triton  -
    metrics                  Send Prometheus metrics to Control Plane             all                                 -
    node-local-dns           Cache DNS answers on every node                      all                                 -
    nvidia                   Run GPU workloads on NVIDIA nodes                    all                                 -
    registry-mirror          Share pulled images between nodes                    all                                 -
    sysbox                   Run Docker and Kubernetes inside pods                all                                 -
    ");
    snapshot!(env, env.line("addon explain aws-ecr").run(), @r"
    exit 0
    --- stdout
    aws-ecr (spec.addOns.awsECR)
    Pull images from private Amazon ECR registries

    Lets the cluster pull images from private ECR registries. A cluster of the AWS
    provider that pulls from its own account needs no role. Another account, or a
    cluster that is not on AWS, needs an IAM role with the pull policy, trusted by
    the trust policy that the cluster publishes once the add-on is on.

    Documented for  aws, hetzner, generic, gcp; not documented elsewhere
    Needs           aws-workload-identity
    Nodes           any
    Needed by       nothing
    Documentation   https://docs.controlplane.com/mk8s/add-ons/aws_ecr

    Settings
      roleArn: IAM role the cluster assumes to pull images; not needed on AWS for the cluster's own account (ARN of an IAM role, --role-arn ARN)

    Status
      status.addOns.awsECR.trustPolicy: trust policy that the role must have

    In the cloud account
      an IAM OIDC identity provider for status.oidcProviderUrl with audience sts.amazonaws.com
      with a role: the managed policy AmazonEC2ContainerRegistryReadOnly attached to it
      with a role: its trust policy set to status.addOns.awsECR.trustPolicy
    ");
}

#[test]
fn the_add_ons_of_one_cluster() {
    let (env, _sandbox) = place();
    screen!(env, "addon list -c edge", @r"
    exit 0
    --- stdout
    ADD-ON                   STATE  STATUS  SETTINGS
    aws-ecr                  on     ready   roleArn=arn:aws:iam::999999999999:role/mk8s-ecr-driver
    aws-efs                  off    -
    aws-elb                  off    -
    aws-workload-identity    on     ready
    azure-acr                off    -
    azure-workload-identity  off    -
    byok                     off    -
    dashboard                off    -
    headlamp                 on     ready
    kata                     off    -
    kubevirt                 off    -
    local-path-storage       off    -
    logs                     off    -
    metrics                  off    -
    node-local-dns           off    -
    nvidia                   off    -
    registry-mirror          off    -
    sysbox                   off    -
    ");
    screen!(env, "addon list -c prod -o wide", @r"
    exit 0
    --- stdout
    ADD-ON                   KEY                    STATE  STATUS  SETTINGS
    aws-ecr                  awsECR                 off    -
    aws-efs                  awsEFS                 off    -
    aws-elb                  awsELB                 off    -
    aws-workload-identity    awsWorkloadIdentity    on     ready
    azure-acr                azureACR               off    -
    azure-workload-identity  azureWorkloadIdentity  off    -
    byok                     byok                   off    -
    dashboard                dashboard              off    -
    headlamp                 headlamp               off    -
    kata                     kata                   off    -
    kubevirt                 kubevirt               off    -
    local-path-storage       localPathStorage       off    -
    logs                     logs                   off    -
    metrics                  metrics                on     ready   kubeState=true
    node-local-dns           nodeLocalDns           off    -
    nvidia                   nvidia                 off    -
    registry-mirror          registryMirror         off    -
    sysbox                   sysbox                 off    -
    rocket                   rocket                 on     -       thrust=2 (not known to mk8s, left untouched)
    ");
    screen!(env, "addon show aws-ecr -c edge", @r"
    exit 0
    --- stdout
    Add-on           aws-ecr
    Cluster          edge
    State            on
    Settings         roleArn: arn:aws:iam::999999999999:role/mk8s-ecr-driver
    Registry access  cluster outside AWS, role in account 999999999999
    Status           trustPolicy:
                       Version: '2012-10-17'
                       Statement:
                       - Effect: Allow
                         Principal:
                           Federated: arn:aws:iam::999999999999:oidc-provider/oidc.sandbox.localhost/[ALIAS]
                         Action: sts:AssumeRoleWithWebIdentity
                         Condition:
                           StringEquals:
                             oidc.sandbox.localhost/[ALIAS]:aud: sts.amazonaws.com
                             oidc.sandbox.localhost/[ALIAS]:sub: system:serviceaccount:kube-system:ecr-credential-provider
    ");
    screen!(env, "addon show aws-ecr -c prod", @r"
    exit 0
    --- stdout
    Add-on   aws-ecr
    Cluster  prod
    State    off
    ");
    screen!(env, "addon show metrics -c prod", @r"
    exit 0
    --- stdout
    Add-on    metrics
    Cluster   prod
    State     on
    Settings  kubeState: true
    Status    prometheusEndpoint: https://metrics.sandbox.localhost/metrics/org/sandbox
              remoteWriteConfig: '***'
    ");
}

#[test]
fn the_add_ons_of_several_clusters() {
    let (env, _sandbox) = place();
    screen!(env, "addon list -c prod -c edge", @r"
    exit 0
    --- stdout
    ADD-ON                   prod  edge
    aws-ecr                  off   on
    aws-efs                  off   off
    aws-elb                  off   off
    aws-workload-identity    on    on
    azure-acr                off   off
    azure-workload-identity  off   off
    byok                     off   off
    dashboard                off   off
    headlamp                 off   on
    kata                     off   off
    kubevirt                 off   off
    local-path-storage       off   off
    logs                     off   off
    metrics                  on    off
    node-local-dns           off   off
    nvidia                   off   off
    registry-mirror          off   off
    sysbox                   off   off
    rocket                   on    off
    ");
}

#[test]
fn clusters() {
    let (env, _sandbox) = place();
    screen!(env, "cluster list", @r"
    exit 0
    --- stdout
    NAME  PROVIDER  KUBERNETES  ADD-ONS
    edge  hetzner   1.33.5      aws-workload-identity, aws-ecr, headlamp
    prod  aws       1.33.5      aws-workload-identity, metrics, rocket
    ");
    screen!(env, "cluster get edge", @r"
    exit 0
    --- stdout
    Name         edge
    Org          sandbox
    Description  edge
    Provider     hetzner
    Location     fsn1
    Kubernetes   1.33.5
    OIDC issuer  https://oidc.sandbox.localhost/[ALIAS]
    API server   https://[ALIAS].k8s.sandbox.localhost:6443
    Add-ons      aws-workload-identity
                 aws-ecr
                 headlamp
    Version      1
    Changed      [DATE]
    ");
}

#[test]
fn who_and_where() {
    let (env, _sandbox) = place();
    screen!(env, "auth status", @r"
    exit 0
    --- stdout
    Login     accepted
    Who       [KEY] (service account)
    Key of    org sandbox
    Token     from CPLN_TOKEN
    Org       sandbox (from CPLN_ORG)
    Endpoint  http://127.0.0.1:[PORT] (from CPLN_ENDPOINT)
    Profile   none
    ");
    screen!(env, "auth status -o json", @r#"
    exit 0
    --- stdout
    {
      "schema": "mk8s/v1",
      "kind": "Auth",
      "authenticated": true,
      "identity": "[KEY]",
      "identityKind": "service-account",
      "expires": null,
      "org": {
        "value": "sandbox",
        "source": "CPLN_ORG"
      },
      "endpoint": {
        "value": "http://127.0.0.1:[PORT]",
        "source": "CPLN_ENDPOINT"
      },
      "profile": null,
      "tokenSource": "CPLN_TOKEN",
      "identityOrg": "sandbox",
      "insecure": false
    }
    "#);
}

#[test]
fn an_apply() {
    let (env, _sandbox) = place();
    env.write("new.yaml", aws("new", &["awsWorkloadIdentity: {}"]));
    env.write("edge.yaml", hetzner("edge", &["awsWorkloadIdentity: {}"]));
    screen!(env, "apply -f new.yaml --dry-run", @r"
    exit 0
    --- stdout
    --- new
    +++ new
    @@ -0,0 +1,13 @@
    +kind: mk8s
    +name: new
    +spec:
    +  version: 1.33.5
    +  provider:
    +    aws:
    +      region: eu-central-1
    +      deployRoleArn: arn:aws:iam::111122223333:role/cpln
    +      vpcId: vpc-1
    +      image:
    +        recommended: amazon/al2023
    +  addOns:
    +    awsWorkloadIdentity: {}
    --- stderr
    Would create new
    ");
    screen!(env, "apply -f new.yaml", @r"
    exit 0
    --- stdout
    Created new, add-ons: aws-workload-identity
    ");
    screen!(env, "apply -f edge.yaml --prune-addons --dry-run", @r"
    exit 0
    --- stdout
    --- edge
    +++ edge
    @@ -21,9 +21,6 @@
             utilizationThreshold: 0.7
       addOns:
         awsWorkloadIdentity: {}
    -    awsECR:
    -      roleArn: arn:aws:iam::999999999999:role/mk8s-ecr-driver
    -    headlamp: {}
       firewall:
       - sourceCIDR: 0.0.0.0/0
         description: Default allow all
    --- stderr
    edge: spec.addOns.awsECR is live only, would be removed
    edge: spec.addOns.headlamp is live only, would be removed
    Would update edge
    ");
    screen!(env, "apply -f edge.yaml --prune-addons", @r"
    exit 2
    --- stderr
    This removes spec.addOns.awsECR of edge
    This removes spec.addOns.headlamp of edge
    --- edge
    +++ edge
    @@ -21,9 +21,6 @@
             utilizationThreshold: 0.7
       addOns:
         awsWorkloadIdentity: {}
    -    awsECR:
    -      roleArn: arn:aws:iam::999999999999:role/mk8s-ecr-driver
    -    headlamp: {}
       firewall:
       - sourceCIDR: 0.0.0.0/0
         description: Default allow all
    error: nothing was applied
      because: it has to be confirmed, and nobody can be asked here
    hint: add --yes to confirm it on the command line
    ");
    screen!(env, "apply -f edge.yaml", @r"
    exit 0
    --- stdout
    edge is already as the manifest says
    --- stderr
    edge: spec.addOns.awsECR is live only, kept
    edge: spec.addOns.headlamp is live only, kept
    ");
    screen!(env, "apply -f edge.yaml --put", @r"
    exit 2
    --- stderr
    A server that replaces drops spec.addOns.awsECR of edge
    A server that replaces drops spec.addOns.headlamp of edge
    error: nothing was applied
      because: it has to be confirmed, and nobody can be asked here
    hint: add --yes to confirm it on the command line
    ");
}

#[test]
fn the_requests_under_debug() {
    let (env, _sandbox) = place();
    screen!(env, "addon oidc-url -c prod --debug", @r#"
    exit 0
    --- stdout
    https://oidc.sandbox.localhost/[ALIAS]
    --- stderr
    debug: GET http://127.0.0.1:[PORT]/org/sandbox/mk8s/prod 200 in [TIME], request [ID]
    debug: < {"kind":"mk8s","name":"prod","spec":{"version":"1.33.5","provider":{"aws":{"region":"eu-central-1","deployRoleArn":"arn:aws:iam::111122223333:role/cpln","vpcId":"vpc-1","image":{"recommended":"amazon/al2023"},"networking":{"serviceNetwork":"10.43.0.0/16","podNetwork":"10.42.0.0/16"},"autoscaler":{"expander":["most-pods"],"unneededTime":"10m","unreadyTime":"20m","utilizationThreshold":0.7}}},"addOns":{"awsWorkloadIdentity":{},"metrics":{"kubeState":true},"rocket":{"thrust":2}},"firewall":[{"sourceCIDR":"0.0.0.0/0","description":"Default allow all"}]},"description":"prod","tags":{},"version":1,"id":"[UUID]","alias":"[ALIAS]","created":"[DATE]","lastModified":"[DATE]","links":[{"rel":"self","href":"/org/sandbox/mk8s/prod"},{"rel":"org","href":"/org/sandbox"},{"rel":"accessreport","href":"/org/sandbox/mk8s/prod/-accessreport"},{"rel":"eventlog","href":"/org/sandbox/mk8s/prod/-eventlog"}],"status":{"serverUrl":"https://[ALIAS].k8s.sandbox.localhost:6443","homeLocation":"aws-eu-central-1","oidcProviderUrl":"https://oidc.sandbox.localhost/[ALIAS]","addOns":{"metrics":{"prometheusEndpoint":"https://metrics.sandbox.localhost/metrics/org/sandbox","remoteWriteConfig":"***"},"awsWorkloadIdentity":{"oidcProviderConfig":{"providerUrl":"https://oidc.sandbox.localhost/[ALIAS]","audience":"sts.amazonaws.com"},"trustPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.sandbox.localhost/[ALIAS]"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.sandbox.localhost/[ALIAS]:aud":"sts.amazonaws.com","oidc.sandbox.localhost/[ALIAS]:sub":"system:serviceaccount:default:default"}}}]}}}}}
    "#);
}

/// The word says what is so; where colour is shown it has one as well, and nothing else of a table has.
#[test]
fn words_of_states_are_coloured_in_tables() {
    let mut env = Env::new();
    let _sandbox = Sandbox::holding(
        &mut env,
        &[hetzner("edge", &["metrics: {}"]), hetzner("west", &[])],
        &[],
    );
    for line in ["addon list -c edge", "addon list -c edge -c west"] {
        let plain = env.line(line).run().ok().stdout;
        assert!(!plain.contains('\u{1b}'), "{plain}");
        let run = env.line(&format!("{line} --color always")).run().ok();
        let metrics = run.stdout.lines().find(|it| it.starts_with("metrics"));
        let metrics = metrics.expect("the add-on is in the table");
        assert!(metrics.contains("\u{1b}[32mon\u{1b}[0m"), "{run}");
        // Without the colours it is the same.
        let bare = run
            .stdout
            .replace("\u{1b}[32m", "")
            .replace("\u{1b}[0m", "");
        assert_eq!(bare, plain);
    }
    let run = env.line("addon list --color always").run().ok();
    assert!(!run.stdout.contains('\u{1b}'), "{run}");
    let run = env.line("addon list -c edge --color always -o json").run();
    assert!(!run.ok().stdout.contains('\u{1b}'));
}
