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
