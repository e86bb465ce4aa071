//! Small manifests, for tests of one rule each.

/// A hetzner cluster whose `addOns` holds these lines, each `KEY: VALUE`.
pub(crate) fn hetzner(name: &str, add_ons: &[&str]) -> String {
    cluster(
        name,
        "hetzner: {region: fsn1, tokenSecretLink: //secret/h, networkId: \"1\", image: ubuntu-22.04}",
        add_ons,
    )
}

/// A cluster on AWS in account 111122223333.
pub(crate) fn aws(name: &str, add_ons: &[&str]) -> String {
    cluster(
        name,
        "aws: {region: eu-central-1, deployRoleArn: \"arn:aws:iam::111122223333:role/cpln\", \
         vpcId: vpc-1, image: {recommended: amazon/al2023}}",
        add_ons,
    )
}

/// A cluster on GCP.
pub(crate) fn gcp(name: &str, add_ons: &[&str]) -> String {
    let all = providers();
    let (_, settings) = all.iter().find(|(provider, _)| *provider == "gcp").unwrap();
    cluster(name, settings, add_ons)
}

/// The twelve providers, each with the least that its schema wants (control-plane.md 3.3).
pub(crate) fn providers() -> Vec<(&'static str, String)> {
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE ops@acme.example";
    [
        (
            "aws",
            "{region: eu-central-1, deployRoleArn: \"arn:aws:iam::111122223333:role/cpln\", vpcId: vpc-1, \
             image: {recommended: amazon/al2023}}"
                .to_owned(),
        ),
        (
            "azure",
            format!(
                "{{location: westeurope, subscriptionId: 00000000-1111-2222-3333-444444444444, \
                 sdkSecretLink: //secret/azure, resourceGroup: rg, networkId: vnet, \
                 image: {{recommended: ubuntu/noble-24.04}}, sshKeys: [{ssh}]}}"
            ),
        ),
        (
            "digitalocean",
            format!(
                "{{region: ams3, tokenSecretLink: //secret/do, vpcId: vpc-1, image: ubuntu-22-04-x64, \
                 sshKeys: [{ssh}]}}"
            ),
        ),
        ("ephemeral", "{location: aws-us-east-2}".to_owned()),
        (
            "gcp",
            "{projectId: acme, region: europe-west3, network: default, saKeyLink: //secret/gcp, \
             image: {recommended: google/cos-stable}}"
                .to_owned(),
        ),
        ("generic", "{location: aws-eu-central-1}".to_owned()),
        (
            "hetzner",
            "{region: fsn1, tokenSecretLink: //secret/h, networkId: \"1\", image: ubuntu-22.04}"
                .to_owned(),
        ),
        (
            "lambdalabs",
            "{region: europe-central-1, tokenSecretLink: //secret/l, sshKey: ops}".to_owned(),
        ),
        (
            "linode",
            "{region: fr-par, tokenSecretLink: //secret/l, vpcId: \"1\", image: linode/ubuntu24.04}"
                .to_owned(),
        ),
        (
            "oblivus",
            "{datacenter: OSL1, tokenSecretLink: //secret/o}".to_owned(),
        ),
        (
            "paperspace",
            "{region: AMS1, tokenSecretLink: //secret/p, networkId: \"1\"}".to_owned(),
        ),
        (
            "triton",
            "{location: aws-us-west-2, connection: {url: \"https://triton.example.com\", account: acme, \
             privateKeySecretLink: //secret/t}, privateNetworkId: n, imageId: i}"
                .to_owned(),
        ),
    ]
    .into_iter()
    .map(|(provider, settings)| (provider, format!("{provider}: {settings}")))
    .collect()
}

/// A cluster of any provider; without lines there is no `addOns` at all.
pub(crate) fn cluster(name: &str, provider: &str, add_ons: &[&str]) -> String {
    let mut text = format!(
        "kind: mk8s\nname: {name}  # do not rename\nspec:\n  version: 1.33.5\n  provider:\n    {provider}\n"
    );
    if !add_ons.is_empty() {
        text.push_str("  addOns:\n");
        for line in add_ons {
            text.push_str("    ");
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// A role in account 999999999999.
pub(crate) const ROLE: &str = "arn:aws:iam::999999999999:role/mk8s-ecr-driver";
