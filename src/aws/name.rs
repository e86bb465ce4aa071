//! Names that `mk8s` gives in AWS: role, Sid, tags, provider ARN; and issuer URLs. Pure.
//!
//! Every name follows from org, cluster and issuer alone, so that a second run finds what the first
//! one made.

use super::quotable;
use crate::addon::AddonSide;
use crate::arn::AccountId;
use crate::place::HostPlace;
use ring::digest::{SHA256, digest};
use std::collections::BTreeMap;

/// The version in the tag `mk8s.cpln/created-by`.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The URL of a cluster's token issuer, as AWS must be told it: never a slash added or taken away,
/// case kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer(String);

impl Issuer {
    /// Takes an https URL of at most 255 characters without query and fragment.
    ///
    /// The error is the reason alone; the caller names the value.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let Some(bare) = url.strip_prefix("https://") else {
            return Err("it does not start with `https://`".to_owned());
        };
        let host = bare.split('/').next().unwrap_or_default();
        if host.is_empty() {
            return Err("it has no host".to_owned());
        }
        if host.contains('@') {
            return Err("it holds a user name".to_owned());
        }
        if url.len() > 255 {
            return Err(format!("it has {} characters, IAM allows 255", url.len()));
        }
        if let Some(bad) = url.chars().find(|c| "?#".contains(*c)) {
            return Err(format!(
                "it has a `{bad}`: no query and no fragment is allowed"
            ));
        }
        if let Some(bad) = url.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(format!("it has the character {bad:?}"));
        }
        Ok(Self(url.to_owned()))
    }

    /// The whole URL.
    pub(crate) fn url(&self) -> &str {
        &self.0
    }

    /// Host and path, as in the provider's ARN and in condition keys.
    pub(crate) fn bare(&self) -> &str {
        &self.0["https://".len()..]
    }

    /// The ARN that the OIDC provider of this issuer has in an account.
    pub(crate) fn provider_arn(&self, partition: &str, account: &AccountId) -> String {
        format!(
            "arn:{partition}:iam::{account}:oidc-provider/{}",
            self.bare()
        )
    }

    /// Whether it is on this machine, as those of the sandbox are.
    pub(crate) fn is_loopback(&self) -> bool {
        let (host, _) = split_path(self.bare());
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next(),
            None => host.split(':').next(),
        };
        let name = name.unwrap_or_default().to_ascii_lowercase();
        name == "localhost"
            || name.ends_with(".localhost")
            || name
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// What may go wrong with this URL at AWS, one phrase each.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let (host, _) = split_path(self.bare());
        let mut warnings = Vec::new();
        // A rehearsal's issuer is on loopback, with whatever port was free.
        if host.contains(':') && !self.is_loopback() {
            warnings.push(format!(
                "the issuer `{}` names a port; IAM may not reach it",
                quotable(&self.0)
            ));
        }
        if host.bytes().any(|b| b.is_ascii_uppercase()) {
            warnings.push(format!(
                "the issuer's host `{}` has capital letters; IAM compares them",
                quotable(host)
            ));
        }
        warnings
    }

    /// That AWS does not reach the host, one phrase, if it is in a network of its own.
    pub(crate) fn inner_host(&self) -> Option<String> {
        let (host, _) = split_path(self.bare());
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        let place = HostPlace::of_host(host);
        (!matches!(place, HostPlace::Public | HostPlace::Loopback)).then(|| {
            format!(
                "the issuer's host `{}` is {}; AWS looks from the internet and does not reach it",
                quotable(host),
                place.words()
            )
        })
    }

    /// How a registered provider's URL (without scheme) misses this one: by slash, case or port.
    /// `None` if it is the same, or another issuer altogether.
    pub(crate) fn near_miss(&self, other: &str) -> Option<String> {
        let mine = self.bare();
        if mine == other {
            return None;
        }
        let plain = |text: &str| {
            let (host, path) = split_path(text);
            let host = host.split(':').next().unwrap_or_default();
            format!("{host}{}", path.trim_end_matches('/')).to_ascii_lowercase()
        };
        if plain(mine) != plain(other) {
            return None;
        }
        let port = |text: &str| {
            split_path(text)
                .0
                .split_once(':')
                .map(|(_, port)| port.to_owned())
        };
        let slashes = |text: &str| text.len() - text.trim_end_matches('/').len();
        let without = |text: &str| {
            let (host, path) = split_path(text);
            format!(
                "{}{}",
                host.split(':').next().unwrap_or_default(),
                path.trim_end_matches('/')
            )
        };
        let mut by = Vec::new();
        if port(mine) != port(other) {
            by.push("the port");
        }
        if slashes(mine) != slashes(other) {
            by.push("a slash at the end");
        }
        if without(mine) != without(other) {
            by.push("upper and lower case");
        }
        Some(by.join(" and "))
    }
}

fn split_path(bare: &str) -> (&str, &str) {
    bare.find('/').map_or((bare, ""), |at| bare.split_at(at))
}

/// How every name begins that `mk8s` gives a role.
pub(super) const ROLE_PREFIX: &str = "mk8s-";

/// The role's name when none is given: `mk8s-ORG-CLUSTER-ecr`, cut to 64 characters with a hash of
/// the whole.
pub(crate) fn default_role_name(side: AddonSide, org: &str, cluster: &str) -> String {
    let whole = format!("{ROLE_PREFIX}{org}-{cluster}-{}", side.aws.suffix);
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if whole.len() <= 64 && whole.chars().all(allowed) {
        return whole;
    }
    let tail = format!("-{}-{}", hash(&whole, 8), side.aws.suffix);
    let head: String = whole
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .take(64 - tail.len())
        .collect();
    format!("{}{tail}", head.trim_end_matches('-'))
}

/// How many hexadecimal digits of a Sid stand for the cluster.
pub(super) const SID_DIGITS: usize = 10;

/// The Sid of this cluster's statement: letters and digits only, as IAM wants it.
///
/// `identity` is the cluster's id, or its issuer where the id is not known.
pub(crate) fn sid(side: AddonSide, org: &str, identity: &str) -> String {
    let hash = hash(&format!("{org}/{identity}"), SID_DIGITS);
    format!("{}{hash}", side.aws.sid)
}

/// The longest value of a tag.
pub(crate) const LONGEST_TAG: usize = 256;

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// The tag of all that `mk8s` makes: key and value.
pub(super) const MADE_BY_MK8S: (&str, &str) = ("mk8s.cpln/managed-by", "mk8s");
const ORG: &str = "mk8s.cpln/org";
const CLUSTER: &str = "mk8s.cpln/cluster";
const ADDON: &str = "mk8s.cpln/addon";
const ACCEPTED: &str = "mk8s.cpln/accepted-trust";
const CREATED_BY: &str = "mk8s.cpln/created-by";

/// Who owns what `mk8s` makes: an add-on of a cluster of an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner<'a> {
    /// The add-on.
    pub(crate) side: AddonSide,
    /// The org's name.
    pub(crate) org: &'a str,
    /// The cluster's name.
    pub(crate) cluster: &'a str,
}

impl Owner<'_> {
    /// The tags of what is made for this cluster.
    pub(crate) fn tags(&self) -> Tags {
        [
            MADE_BY_MK8S,
            (ORG, self.org),
            (CLUSTER, self.cluster),
            (ADDON, self.side.key()),
            (CREATED_BY, VERSION),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), tag_text(value, LONGEST_TAG)))
        .collect()
    }

    /// Whether the tags say that `mk8s` made the thing for this very cluster.
    pub(crate) fn made(&self, tags: &Tags) -> bool {
        let is = |key: &str, value: &str| {
            tags.get(key)
                .is_some_and(|found| *found == tag_text(value, LONGEST_TAG))
        };
        made_by_mk8s(tags) && is(ORG, self.org) && is(CLUSTER, self.cluster)
    }

    /// The tag that marks this cluster's statement in a role: key and value.
    pub(crate) fn statement_tag(&self) -> (String, String) {
        let key = format!("{CLUSTER}/{}/{}", self.org, self.cluster);
        (tag_text(&key, 128), self.side.key().to_owned())
    }

    /// The key of the tag that records what of the published trust policy was accepted by name.
    pub(crate) fn accepted_tag(&self) -> String {
        let key = format!("{ACCEPTED}/{}/{}", self.org, self.cluster);
        tag_text(&key, 128)
    }
}

/// Whether `mk8s` made the thing, for whichever cluster.
pub(crate) fn made_by_mk8s(tags: &Tags) -> bool {
    let (key, made) = MADE_BY_MK8S;
    tags.get(key).is_some_and(|value| value == made)
}

/// Whether `mk8s` made the thing for a cluster of this org.
pub(crate) fn made_in(tags: &Tags, org: &str) -> bool {
    made_by_mk8s(tags)
        && tags
            .get(ORG)
            .is_some_and(|it| *it == tag_text(org, LONGEST_TAG))
}

/// Whose statements a role's tags speak of: org and cluster of each.
pub(crate) fn statement_owners(tags: &Tags) -> impl Iterator<Item = (String, String)> {
    other_clusters(tags, "").into_iter().filter_map(|whose| {
        let (org, cluster) = whose.split_once('/')?;
        Some((org.to_owned(), cluster.to_owned()))
    })
}

/// The cluster that a thing was made for, as `ORG/CLUSTER`, if its tags say so.
pub(crate) fn made_for(tags: &Tags) -> Option<String> {
    Some(format!("{}/{}", tags.get(ORG)?, tags.get(CLUSTER)?))
}

/// The statement tags of other clusters than the one whose tag is `ours`, as `ORG/CLUSTER`.
pub(crate) fn other_clusters(tags: &Tags, ours: &str) -> Vec<String> {
    other_statement_tags(tags, ours)
        .filter_map(|key| key.strip_prefix(CLUSTER)?.strip_prefix('/'))
        .map(str::to_owned)
        .collect()
}

/// The keys of those tags, and of what was accepted for them.
pub(crate) fn other_statement_tags<'a>(
    tags: &'a Tags,
    ours: &'a str,
) -> impl Iterator<Item = &'a String> {
    // Whose statement it is stands after both, if it is short enough for a tag.
    let own = ours.strip_prefix(CLUSTER);
    tags.keys().filter(move |key| {
        [CLUSTER, ACCEPTED].iter().any(|prefix| {
            key.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with('/') && Some(rest) != own)
        })
    })
}

/// Whether a tag says that `mk8s` attached a policy.
pub(crate) fn is_tag_of_attached(key: &str) -> bool {
    key.starts_with("mk8s.cpln/attached/")
}

/// The tag that says that `mk8s` attached a policy: key and value.
pub(crate) fn attached_tag(policy_arn: &str) -> (String, String) {
    let name = policy_arn.rsplit('/').next().unwrap_or(policy_arn);
    (
        tag_text(&format!("mk8s.cpln/attached/{name}"), 128),
        tag_text(policy_arn, LONGEST_TAG),
    )
}

/// The key of the tag that says which statements of others did without a policy before `mk8s`
/// attached it.
pub(crate) fn without_tag(policy_arn: &str) -> String {
    let name = policy_arn.rsplit('/').next().unwrap_or(policy_arn);
    tag_text(&format!("mk8s.cpln/without/{name}"), 128)
}

/// The tags that say which policies `mk8s` attached: key and ARN.
pub(crate) fn tags_of_attached(tags: &Tags) -> impl Iterator<Item = (&String, &String)> {
    tags.iter().filter(|(key, _)| is_tag_of_attached(key))
}

/// Why a tag that the user gives cannot be set.
pub(crate) fn check_tag(key: &str, value: &str) -> Result<(), String> {
    let length = |text: &str| text.chars().count();
    if key.is_empty() || length(key) > 128 {
        return Err(format!(
            "the key has {} characters, 1 to 128 are allowed",
            length(key)
        ));
    }
    if length(value) > 256 {
        return Err(format!(
            "the value has {} characters, 256 are allowed",
            length(value)
        ));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err("keys that start with `aws:` are AWS's own".to_owned());
    }
    if key.to_ascii_lowercase().starts_with("mk8s.cpln/") {
        return Err("keys that start with `mk8s.cpln/` are set by mk8s".to_owned());
    }
    match key.chars().chain(value.chars()).find(|c| !in_tag(*c)) {
        Some(bad) => Err(format!(
            "the character {bad:?} is not allowed; letters, digits, blanks and _.:/=+-@ are"
        )),
        None => Ok(()),
    }
}

fn in_tag(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}

/// A text made fit for a tag; one that is too long keeps its start and gets a hash.
fn tag_text(text: &str, longest: usize) -> String {
    let fit: String = text
        .chars()
        .map(|c| if in_tag(c) { c } else { '_' })
        .collect();
    if fit.chars().count() <= longest {
        return fit;
    }
    let head: String = fit.chars().take(longest - 11).collect();
    format!("{head}-{}", hash(text, 10))
}

/// The first hexadecimal digits of the text's SHA-256.
pub(crate) fn hash(text: &str, digits: usize) -> String {
    digest(&SHA256, text.as_bytes())
        .as_ref()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .take(digits)
        .filter_map(|half| char::from_digit(u32::from(half), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::sides::ecr;

    const OWNER: Owner<'static> = Owner {
        side: ecr(),
        org: "acme",
        cluster: "prod",
    };

    #[test]
    fn role_names_fit_and_stay_apart() {
        assert_eq!(
            default_role_name(ecr(), "acme", "prod"),
            "mk8s-acme-prod-ecr"
        );
        let long = "x".repeat(60);
        let one = default_role_name(ecr(), "acme", &format!("{long}1"));
        let two = default_role_name(ecr(), "acme", &format!("{long}2"));
        assert_eq!(one.len(), 64);
        assert!(
            one.starts_with("mk8s-acme-xxx") && one.ends_with("-ecr"),
            "{one}"
        );
        assert_ne!(one, two);
        let odd = default_role_name(ecr(), "ac me", "prod");
        assert!(odd.starts_with("mk8s-ac-me-prod-ecr-"), "{odd}");
        assert_ne!(odd, default_role_name(ecr(), "ac-me", "prod"));
        for name in [one, two, odd] {
            let arn = format!("arn:aws:iam::111122223333:role/{name}");
            assert!(arn.parse::<crate::arn::RoleArn>().is_ok(), "{name}");
        }
    }

    #[test]
    fn sids_have_letters_and_digits_only_and_follow_org_and_id() {
        let one = sid(ecr(), "acme", "id-1");
        assert_eq!(one.len(), 17);
        assert!(one.starts_with("Mk8sEcr") && one.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_eq!(one, sid(ecr(), "acme", "id-1"));
        assert_ne!(one, sid(ecr(), "acme", "id-2"));
        assert_ne!(one, sid(ecr(), "other", "id-1"));
    }

    #[test]
    fn tags_of_other_clusters_are_told_from_ours() {
        let ours = OWNER.statement_tag().0;
        let other = Owner {
            cluster: "other",
            ..OWNER
        };
        let keys = [
            ours.clone(),
            OWNER.accepted_tag(),
            other.statement_tag().0,
            other.accepted_tag(),
        ];
        let tags: Tags = keys
            .iter()
            .map(|key| (key.clone(), String::new()))
            .collect();
        assert_eq!(other_clusters(&tags, &ours), ["acme/other"]);
        let found: Vec<&String> = other_statement_tags(&tags, &ours).collect();
        assert_eq!(found, [&keys[3], &keys[2]]);
    }

    #[test]
    fn issuers_on_this_machine_are_told() {
        for (url, yes) in [
            ("https://localhost:1/x", true),
            ("https://oidc.sandbox.localhost/x", true),
            ("https://127.0.0.2/x", true),
            ("https://[::1]:1/x", true),
            ("https://localhost.example/x", false),
            ("https://127.0.0.1.example/x", false),
            ("https://oidc.example/localhost", false),
        ] {
            assert_eq!(Issuer::parse(url).unwrap().is_loopback(), yes, "{url}");
        }
    }

    #[test]
    fn the_hash_is_sha_256() {
        assert_eq!(hash("abc", 16), "ba7816bf8f01cfea");
    }

    #[test]
    fn the_issuer_keeps_slash_and_case() {
        let account = "111122223333".parse().unwrap();
        let issuer = Issuer::parse("https://oidc.example.com/Abc/").unwrap();
        assert_eq!(
            issuer.provider_arn("aws-cn", &account),
            "arn:aws-cn:iam::111122223333:oidc-provider/oidc.example.com/Abc/"
        );
        assert_eq!(issuer.warnings(), Vec::<String>::new());
        assert_eq!(
            Issuer::parse("https://H.example:8443")
                .unwrap()
                .warnings()
                .len(),
            2
        );
    }

    #[test]
    fn an_issuer_in_a_network_of_its_own_is_said_to_be() {
        for (url, place) in [
            (
                "https://169.254.169.254/latest",
                Some("at a link-local address"),
            ),
            ("https://10.0.0.1:8443/x", Some("in a private network")),
            ("https://[fd00::1]:8443/x", Some("in a private network")),
            (
                "https://issuer.corp.internal/x",
                Some("in a private network"),
            ),
            ("https://0.0.0.0/x", Some("at an address that no host has")),
            ("https://localhost:7000/x", None),
            ("https://127.0.0.1:7000/x", None),
            ("https://oidc.example.com/x", None),
        ] {
            let found = Issuer::parse(url).unwrap().inner_host();
            assert_eq!(found.is_some(), place.is_some(), "{url}: {found:?}");
            assert!(
                found
                    .unwrap_or_default()
                    .contains(place.unwrap_or_default())
            );
        }
    }

    #[test]
    fn issuers_that_iam_would_refuse_are_refused() {
        for (url, reason) in [
            ("http://h.example", "does not start with"),
            ("oidc.example.com", "does not start with"),
            ("https:///x", "no host"),
            ("https://u@h.example", "user name"),
            ("https://h.example/x?y=1", "`?`"),
            ("https://h.example/#a", "`#`"),
            ("https://h.example/\u{1b}[1m", "character '\\u{1b}'"),
        ] {
            let got = Issuer::parse(url).unwrap_err();
            assert!(got.contains(reason), "{url}: {got}");
        }
        let long = format!("https://{}", "h".repeat(250));
        assert!(Issuer::parse(&long).unwrap_err().contains("258 characters"));
    }

    #[test]
    fn near_misses_say_by_what() {
        let issuer = Issuer::parse("https://oidc.example.com/abc").unwrap();
        for (other, by) in [
            ("oidc.example.com/abc", None),
            ("oidc.example.com/abd", None),
            ("example.com/abc", None),
            ("oidc.example.com/abc/", Some("a slash at the end")),
            ("oidc.example.com/ABC", Some("upper and lower case")),
            ("oidc.example.com:443/abc", Some("the port")),
            (
                "OIDC.example.com:443/abc/",
                Some("the port and a slash at the end and upper and lower case"),
            ),
        ] {
            assert_eq!(issuer.near_miss(other).as_deref(), by, "{other}");
        }
    }

    #[test]
    fn tags_tell_whose_a_thing_is() {
        let mut tags = OWNER.tags();
        assert_eq!(tags["mk8s.cpln/managed-by"], "mk8s");
        assert_eq!(tags["mk8s.cpln/addon"], "awsECR");
        assert!(OWNER.made(&tags) && made_by_mk8s(&tags));
        assert_eq!(made_for(&tags).as_deref(), Some("acme/prod"));
        let other = Owner {
            cluster: "test",
            ..OWNER
        };
        assert!(!other.made(&tags));
        let (key, value) = OWNER.statement_tag();
        assert_eq!(
            (key.as_str(), value.as_str()),
            ("mk8s.cpln/cluster/acme/prod", "awsECR")
        );
        tags.insert(key, value);
        assert_eq!(
            other_clusters(&tags, &OWNER.statement_tag().0),
            Vec::<String>::new()
        );
        assert_eq!(
            other_clusters(&tags, &other.statement_tag().0),
            ["acme/prod"]
        );
    }

    #[test]
    fn the_tag_of_a_policy_names_it() {
        let arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
        assert_eq!(
            attached_tag(arn),
            (
                "mk8s.cpln/attached/AmazonEC2ContainerRegistryReadOnly".to_owned(),
                arn.to_owned()
            )
        );
        let long = format!(
            "arn:aws:iam::111122223333:policy/{}/{}",
            "p".repeat(300),
            "n,".repeat(64)
        );
        let (key, value) = attached_tag(&long);
        assert_eq!(key.len(), 128);
        assert_eq!(value.len(), 256);
        assert!(!key.contains(','));
    }

    #[test]
    fn tags_that_iam_would_refuse_are_refused() {
        assert_eq!(check_tag("team", "Größe/1 @x"), Ok(()));
        assert_eq!(check_tag("team", ""), Ok(()));
        for (key, value, reason) in [
            ("", "x", "0 characters"),
            ("AWS:x", "x", "AWS's own"),
            ("mk8s.cpln/org", "x", "set by mk8s"),
            ("MK8S.cpln/org", "x", "set by mk8s"),
            ("a,b", "x", "character ','"),
            ("a", "\n", "character '\\n'"),
        ] {
            let got = check_tag(key, value).unwrap_err();
            assert!(got.contains(reason), "{key}: {got}");
        }
        assert!(
            check_tag("k", &"v".repeat(257))
                .unwrap_err()
                .contains("257")
        );
    }
}
