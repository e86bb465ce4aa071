//! References to images in Amazon ECR, and the partitions of AWS. Pure.
//!
//! The host alone tells account, region and partition; whatever only looks like an ECR host is
//! refused with the part that is wrong.

use super::quotable;
use crate::arn::AccountId;
use std::fmt;

/// A partition of AWS: what belongs to it is named by region prefix and host suffix.
struct Partition {
    name: &'static str,
    /// What its regions start with; empty matches the rest.
    regions: &'static [&'static str],
    /// Of `ACCOUNT.dkr.ecr.REGION.`.
    suffix: &'static str,
    /// Of `ACCOUNT.dkr-ecr.REGION.`, where dual stack exists.
    dual_stack: Option<&'static str>,
    /// The region whose name signs calls of IAM.
    default_region: &'static str,
}

/// More specific prefixes first; `aws` takes what is left.
const PARTITIONS: &[Partition] = &[
    Partition {
        name: "aws-cn",
        regions: &["cn-"],
        suffix: "amazonaws.com.cn",
        dual_stack: Some("on.amazonwebservices.com.cn"),
        default_region: "cn-northwest-1",
    },
    Partition {
        name: "aws-us-gov",
        regions: &["us-gov-"],
        suffix: "amazonaws.com",
        dual_stack: Some("on.aws"),
        default_region: "us-gov-west-1",
    },
    Partition {
        name: "aws-eusc",
        regions: &["eusc-"],
        suffix: "amazonaws.eu",
        dual_stack: Some("on.amazonwebservices.eu"),
        default_region: "eusc-de-east-1",
    },
    Partition {
        name: "aws-iso-b",
        regions: &["us-isob-"],
        suffix: "sc2s.sgov.gov",
        dual_stack: None,
        default_region: "us-isob-east-1",
    },
    Partition {
        name: "aws-iso-e",
        regions: &["eu-isoe-"],
        suffix: "cloud.adc-e.uk",
        dual_stack: None,
        default_region: "eu-isoe-west-1",
    },
    Partition {
        name: "aws-iso-f",
        regions: &["us-isof-"],
        suffix: "csp.hci.ic.gov",
        dual_stack: None,
        default_region: "us-isof-south-1",
    },
    Partition {
        name: "aws-iso",
        regions: &["us-iso-"],
        suffix: "c2s.ic.gov",
        dual_stack: None,
        default_region: "us-iso-east-1",
    },
    Partition {
        name: "aws",
        regions: &[""],
        suffix: "amazonaws.com",
        dual_stack: Some("on.aws"),
        default_region: "us-east-1",
    },
];

fn of_region(region: &str) -> &'static Partition {
    PARTITIONS
        .iter()
        .find(|partition| {
            partition
                .regions
                .iter()
                .any(|start| region.starts_with(start))
        })
        .unwrap_or(&PARTITIONS[PARTITIONS.len() - 1])
}

/// The partition that a region belongs to.
pub(crate) fn partition_of_region(region: &str) -> &'static str {
    of_region(region).name
}

/// The region that signs calls of IAM in a partition, where none is configured.
pub(crate) fn default_region(partition: &str) -> &'static str {
    PARTITIONS
        .iter()
        .find(|known| known.name == partition)
        .map_or("us-east-1", |known| known.default_region)
}

/// What an image reference points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Image {
    /// A private registry of an account.
    Private(PrivateImage),
    /// Public ECR, which needs no role; the host.
    PublicEcr(String),
    /// Another registry, which the add-on does not serve; the host, `docker.io` if none is named.
    Other(String),
}

/// An image in a private ECR registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrivateImage {
    /// The account that owns the registry.
    pub(crate) account: AccountId,
    /// `eu-central-1`.
    pub(crate) region: String,
    /// `aws`, `aws-cn`, ….
    pub(crate) partition: &'static str,
    /// The host as written.
    pub(crate) host: String,
    /// Whether it is a dual-stack host, which not every node's credential provider knows.
    pub(crate) dual_stack: bool,
    /// Whether it is a FIPS endpoint.
    pub(crate) fips: bool,
    /// `team/app`.
    pub(crate) repository: String,
    /// After the colon, if given.
    pub(crate) tag: Option<String>,
    /// `sha256:…`, if given.
    pub(crate) digest: Option<String>,
}

impl PrivateImage {
    /// The image of a repository on the usual (IPv4) host of its region.
    ///
    /// The error is the reason alone; the caller names the values.
    pub(crate) fn new(account: &AccountId, region: &str, repository: &str) -> Result<Self, String> {
        check_region(region)?;
        check_repository(repository)?;
        Ok(Self {
            account: account.clone(),
            region: region.to_owned(),
            partition: partition_of_region(region),
            host: usual_host(account.as_str(), region),
            dual_stack: false,
            fips: false,
            repository: repository.to_owned(),
            tag: None,
            digest: None,
        })
    }

    /// The ARN of the repository.
    pub(crate) fn repository_arn(&self) -> String {
        format!(
            "arn:{}:ecr:{}:{}:repository/{}",
            self.partition, self.region, self.account, self.repository
        )
    }
}

impl fmt::Display for PrivateImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Reads an image reference.
///
/// The error is the reason alone, with the host that was probably meant where one can be told; the
/// caller names the value.
pub(crate) fn parse(text: &str) -> Result<Image, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(format!(
            "it starts with `{}://`; an image has no scheme",
            quotable(scheme)
        ));
    }
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(format!("it has the character {bad:?}"));
    }
    let Some((host, rest)) = text.split_once('/') else {
        if looks_like_ecr(text) {
            return Err("it names a registry but no repository".to_owned());
        }
        return Ok(Image::Other("docker.io".to_owned()));
    };
    let host_lower = host.to_ascii_lowercase();
    if ["public.ecr.aws", "ecr-public.aws.com"].contains(&host_lower.as_str()) {
        return Ok(Image::PublicEcr(host.to_owned()));
    }
    if !looks_like_ecr(host) {
        let is_host = host.contains(['.', ':']) || host == "localhost";
        let host = if is_host { host } else { "docker.io" };
        return Ok(Image::Other(host.to_owned()));
    }
    let mut image = parse_host(host)?;
    let (name, digest) = match rest.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (rest, None),
    };
    let (repository, tag) = match name.rsplit_once(':') {
        Some((repository, tag)) => (repository, Some(tag)),
        None => (name, None),
    };
    check_repository(repository)?;
    tag.map_or(Ok(()), check_tag)?;
    digest.map_or(Ok(()), check_digest)?;
    repository.clone_into(&mut image.repository);
    image.tag = tag.map(str::to_owned);
    image.digest = digest.map(str::to_owned);
    Ok(Image::Private(image))
}

/// Whether somebody who wrote this host must have meant a private ECR registry.
fn looks_like_ecr(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let first = host.split('.').next().unwrap_or_default();
    let digits = first.len() >= 9 && first.bytes().all(|b| b.is_ascii_digit());
    host.contains(".dkr.")
        || host.contains(".dkr-ecr")
        || host.contains(".ecr.")
        || (digits && (host.contains("amazonaws") || host.ends_with("on.aws")))
}

fn parse_host(host: &str) -> Result<PrivateImage, String> {
    if host.contains(':') {
        return Err("its host names a port; ECR has none".to_owned());
    }
    if host.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("its host has capital letters; ECR hosts are in lower case".to_owned());
    }
    let (account, rest) = host.split_once('.').unwrap_or((host, ""));
    let account = AccountId::read(account, "the account at its start")?;
    let forms = [
        ("dkr.ecr.", false, false),
        ("dkr.ecr-fips.", false, true),
        ("dkr-ecr.", true, false),
        ("dkr-ecr-fips.", true, true),
    ];
    let found = forms
        .iter()
        .find_map(|&(start, dual, fips)| Some((rest.strip_prefix(start)?, dual, fips)));
    let Some((rest, dual_stack, fips)) = found else {
        return Err("its host is not `ACCOUNT.dkr.ecr.REGION.…`".to_owned());
    };
    let (region, suffix) = rest.split_once('.').unwrap_or((rest, ""));
    check_region(region)?;
    let partition = of_region(region);
    let right = if dual_stack {
        partition
            .dual_stack
            .ok_or_else(|| format!("the partition {} has no dual-stack hosts", partition.name))?
    } else {
        partition.suffix
    };
    if suffix != right {
        let start = &host[..host.len() - suffix.len()];
        return Err(format!(
            "its host ends in `{}`; for {region} it is `{}.{right}`",
            quotable(suffix),
            start.trim_end_matches('.')
        ));
    }
    Ok(PrivateImage {
        account,
        region: region.to_owned(),
        partition: partition.name,
        host: host.to_owned(),
        dual_stack,
        fips,
        repository: String::new(),
        tag: None,
        digest: None,
    })
}

fn usual_host(account: &str, region: &str) -> String {
    format!("{account}.dkr.ecr.{region}.{}", of_region(region).suffix)
}

/// Why a text is not the name of a region.
pub(crate) fn check_region(region: &str) -> Result<(), String> {
    let parts: Vec<&str> = region.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let fits = match parts.split_last() {
        Some((number, words)) => {
            words.len() >= 2
                && words.iter().all(letters)
                && (1..=2).contains(&number.len())
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        None => false,
    };
    if fits {
        Ok(())
    } else {
        Err(format!(
            "`{}` is not the name of a region, such as eu-central-1",
            quotable(region)
        ))
    }
}

/// Why a text is not the name of a repository in ECR.
pub(crate) fn check_repository(name: &str) -> Result<(), String> {
    if name.len() < 2 || name.len() > 256 {
        return Err(format!(
            "the repository's name has {} characters, 2 to 256 are allowed",
            name.len()
        ));
    }
    let word = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && !text.is_empty()
    };
    if name
        .split('/')
        .all(|level| level.split(['.', '_', '-']).all(word))
    {
        Ok(())
    } else {
        Err(format!(
            "`{}` is not a repository's name: lower-case letters and digits, joined by one of ._- or /",
            quotable(name)
        ))
    }
}

fn check_tag(tag: &str) -> Result<(), String> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let start = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if tag.len() <= 128 && tag.bytes().next().is_some_and(start) && tag.bytes().all(inner) {
        Ok(())
    } else {
        Err(format!("`{}` is not a tag", quotable(tag)))
    }
}

fn check_digest(digest: &str) -> Result<(), String> {
    let fits = digest.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    });
    if fits {
        Ok(())
    } else {
        Err(format!(
            "`{}` is not a digest: `sha256:` and 64 hexadecimal digits",
            quotable(digest)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private(text: &str) -> PrivateImage {
        match parse(text) {
            Ok(Image::Private(image)) => image,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn hosts_of_every_partition_are_read() {
        for (host, partition, dual_stack, fips) in [
            (
                "111122223333.dkr.ecr.eu-central-1.amazonaws.com",
                "aws",
                false,
                false,
            ),
            (
                "111122223333.dkr.ecr.us-gov-west-1.amazonaws.com",
                "aws-us-gov",
                false,
                false,
            ),
            (
                "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com",
                "aws",
                false,
                true,
            ),
            (
                "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "aws-cn",
                false,
                false,
            ),
            (
                "111122223333.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
                "aws-cn",
                true,
                false,
            ),
            (
                "111122223333.dkr.ecr.eusc-de-east-1.amazonaws.eu",
                "aws-eusc",
                false,
                false,
            ),
            (
                "111122223333.dkr-ecr.ap-southeast-4.on.aws",
                "aws",
                true,
                false,
            ),
            (
                "111122223333.dkr-ecr-fips.us-west-2.on.aws",
                "aws",
                true,
                true,
            ),
            (
                "111122223333.dkr.ecr.us-iso-east-1.c2s.ic.gov",
                "aws-iso",
                false,
                false,
            ),
            (
                "111122223333.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
                "aws-iso-b",
                false,
                false,
            ),
            (
                "111122223333.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
                "aws-iso-e",
                false,
                false,
            ),
            (
                "111122223333.dkr.ecr.us-isof-south-1.csp.hci.ic.gov",
                "aws-iso-f",
                false,
                false,
            ),
        ] {
            let text = format!("{host}/team/app");
            let image = private(&text);
            assert_eq!(
                (image.partition, image.dual_stack, image.fips),
                (partition, dual_stack, fips),
                "{host}"
            );
            assert_eq!(image.account.as_str(), "111122223333");
            assert_eq!(image.to_string(), text);
        }
    }

    #[test]
    fn tag_and_digest_are_taken_apart() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let text =
            format!("012345678901.dkr.ecr.us-east-1.amazonaws.com/a-b/c_d.e:v1.2-x@{digest}");
        let image = private(&text);
        assert_eq!(image.repository, "a-b/c_d.e");
        assert_eq!(image.tag.as_deref(), Some("v1.2-x"));
        assert_eq!(image.digest.as_deref(), Some(digest.as_str()));
        assert_eq!(image.region, "us-east-1");
        assert_eq!(image.to_string(), text);
        assert_eq!(
            image.repository_arn(),
            "arn:aws:ecr:us-east-1:012345678901:repository/a-b/c_d.e"
        );
    }

    #[test]
    fn what_is_wrong_with_a_reference_is_named() {
        for (text, reason) in [
            ("", "empty"),
            (
                "https://111122223333.dkr.ecr.us-east-1.amazonaws.com/app",
                "no scheme",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com",
                "no repository",
            ),
            (
                "11112222333.dkr.ecr.us-east-1.amazonaws.com/app",
                "at its start has 11 digits",
            ),
            (
                "1111222233334.dkr.ecr.us-east-1.amazonaws.com/app",
                "has 13 digits",
            ),
            (
                "x.dkr.ecr.us-east-1.amazonaws.com/app",
                "other characters than digits",
            ),
            (
                "111122223333.dkr.us-east-1.amazonaws.com/app",
                "not `ACCOUNT.dkr.ecr.REGION",
            ),
            (
                "111122223333.ecr.us-east-1.amazonaws.com/app",
                "not `ACCOUNT.dkr.ecr.REGION",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com.evil.com/app",
                "`111122223333.dkr.ecr.us-east-1.amazonaws.com`",
            ),
            (
                "111122223333.dkr.ecr.us-east-1/app",
                "`111122223333.dkr.ecr.us-east-1.amazonaws.com`",
            ),
            (
                "111122223333.dkr.ecr.cn-north-1.amazonaws.com/app",
                "amazonaws.com.cn`",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com.cn/app",
                "us-east-1.amazonaws.com`",
            ),
            (
                "111122223333.dkr.ecr.useast1.amazonaws.com/app",
                "`useast1` is not the name of a region",
            ),
            (
                "111122223333.dkr.ecr.[region].amazonaws.com/app",
                "`[region]` is not",
            ),
            (
                "111122223333.dkr.ecr.US-east-1.amazonaws.com/app",
                "capital letters",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com:443/app",
                "port",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/App",
                "not a repository's name",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/a//b",
                "not a repository's name",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/a",
                "has 1 characters",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:",
                "not a tag",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:-x",
                "not a tag",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/app@sha256:12",
                "not a digest",
            ),
            (
                "111122223333.dkr-ecr.us-iso-east-1.on.aws/app",
                "no dual-stack",
            ),
            (
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/a\u{1b}b",
                "character",
            ),
        ] {
            let got = parse(text).unwrap_err();
            assert!(got.contains(reason), "{text}: {got}");
        }
    }

    #[test]
    fn other_registries_are_not_an_error() {
        for (text, image) in [
            ("nginx", Image::Other("docker.io".into())),
            ("library/nginx:1", Image::Other("docker.io".into())),
            ("localhost:5000/app", Image::Other("localhost:5000".into())),
            ("ghcr.io/acme/app", Image::Other("ghcr.io".into())),
            (
                "public.ecr.aws/nginx/nginx",
                Image::PublicEcr("public.ecr.aws".into()),
            ),
            (
                "ecr-public.aws.com/nginx/nginx",
                Image::PublicEcr("ecr-public.aws.com".into()),
            ),
        ] {
            assert_eq!(parse(text), Ok(image), "{text}");
        }
    }

    #[test]
    fn an_image_is_put_together_from_its_parts() {
        let account = "111122223333".parse().unwrap();
        let image = PrivateImage::new(&account, "cn-northwest-1", "team/app").unwrap();
        assert_eq!(
            image.to_string(),
            "111122223333.dkr.ecr.cn-northwest-1.amazonaws.com.cn/team/app"
        );
        assert_eq!(private(&image.to_string()), image);
        assert!(PrivateImage::new(&account, "region", "app").is_err());
        assert!(PrivateImage::new(&account, "us-east-1", "App").is_err());
    }

    #[test]
    fn regions_lead_to_partitions_and_back() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("mx-central-1", "aws"),
            ("us-gov-east-1", "aws-us-gov"),
            ("cn-north-1", "aws-cn"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-isob-east-1", "aws-iso-b"),
        ] {
            assert_eq!(partition_of_region(region), partition);
            assert_eq!(partition_of_region(default_region(partition)), partition);
        }
        assert_eq!(default_region("aws-new"), "us-east-1");
    }
}
