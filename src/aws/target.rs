//! Where the AWS half of an add-on belongs: which account, and whether a role is needed. Pure.

use super::grant::{PolicyChoice, check_policy_arn};
use super::iam::Caller;
use super::image::PrivateImage;
use super::name::{Issuer, Owner, Tags, check_tag, default_role_name, sid};
use super::published::{Name, accepting};
use super::quotable;
use super::thumbprint::PrivateCa;
use crate::addon::access::RegistryAccess;
use crate::addon::aws_side::RoleNeed;
use crate::addon::issuer::{
    AUDIENCE, CONFIGURED_AUDIENCE, CONFIGURED_ISSUER, ISSUER, ISSUING_KEY, PODS_TEMPLATE,
};
use crate::addon::{CATALOG, Side};
use crate::arn::{AccountId, RoleArn};
use crate::cluster::{Cluster, Home};
use crate::error::{Error, Result};
use crate::invocation::{Flags, Invocation, Reach};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// What the AWS side has to know of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterFacts {
    /// The add-on that is set up.
    pub side: Side,
    /// The org's name.
    pub org: String,
    /// The cluster's name.
    pub name: String,
    /// The server's id of the cluster.
    pub id: Option<String>,
    /// The key under `spec.provider`.
    pub provider: Option<String>,
    /// The AWS account it runs in, if it runs in one.
    pub home: Option<Home>,
    /// Its token issuer, once it publishes one.
    pub issuer: Option<Issuer>,
    /// The issuer's authority, if it was looked at from here and is a private one.
    pub private_ca: Option<PrivateCa>,
    /// The audience of its tokens.
    pub audience: String,
    /// Whether aws-workload-identity is on.
    pub workload_identity: bool,
    /// Whether the add-on is on.
    pub addon: bool,
    /// The role in the add-on's settings.
    pub role_arn: Option<RoleArn>,
    /// The trust policy that the add-on publishes, as it stands in the status.
    pub template: Option<Value>,
    /// The trust policy of aws-workload-identity.
    pub workload_template: Option<Value>,
    /// Other add-ons that are on and need aws-workload-identity.
    pub needed_by: Vec<&'static str>,
    /// What is odd about the status, one phrase each.
    pub warnings: Vec<String>,
}

impl ClusterFacts {
    /// The authority whose thumbprint is to be registered: the one that is named, or what an issuer
    /// on this machine shows. What is seen of any other may be a proxy's.
    pub fn registered_ca(&self, request: &Request) -> Option<PrivateCa> {
        match &request.thumbprint {
            Some(hex) => Some(PrivateCa::given(hex)),
            None => self.private_ca.clone().filter(|_| self.is_local()),
        }
    }

    /// Whether the issuer is on this machine.
    pub fn is_local(&self) -> bool {
        self.issuer.as_ref().is_some_and(Issuer::is_loopback)
    }

    /// Reads a cluster object as the API serves it.
    ///
    /// Refuses an issuer that IAM cannot register and a role that is not one.
    pub fn read(side: Side, org: &str, cluster: &Cluster) -> Result<Self> {
        let name = cluster.name().to_owned();
        let text = |pointer: &str| cluster.ready_at(pointer).and_then(Value::as_str);
        let direct = text(ISSUER);
        let configured = text(CONFIGURED_ISSUER);
        let mut warnings = Vec::new();
        if let (Some(direct), Some(configured)) = (direct, configured)
            && direct != configured
        {
            warnings.push(format!(
                "the status names two issuers, `{}` and `{}`; the first is used",
                quotable(direct),
                quotable(configured)
            ));
        }
        let issuer = direct.or(configured).map(|url| {
            Issuer::parse(url).map_err(|reason| {
                Error::refused(format!(
                    "the issuer `{}` of `{}` cannot be registered in IAM",
                    quotable(url),
                    quotable(&name)
                ))
                .because(reason)
            })
        });
        let issuer = issuer.transpose()?;
        let settings = cluster.add_on(side.key());
        let role_arn = settings
            .and_then(|settings| settings.get("roleArn")?.as_str())
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse().map_err(|reason: String| {
                    Error::refused(format!(
                        "spec.addOns.{}.roleArn of `{}` is not a role ARN: `{}`",
                        side.key(),
                        quotable(&name),
                        quotable(text)
                    ))
                    .because(reason)
                    .hint("set the right one: --role-arn ARN")
                })
            });
        let audience = text(CONFIGURED_AUDIENCE).unwrap_or(AUDIENCE);
        let needed_by = CATALOG
            .iter()
            .filter(|addon| addon.key != side.key() && addon.needs.contains(&ISSUING_KEY))
            .filter(|addon| cluster.add_on(addon.key).is_some())
            .map(|addon| addon.name)
            .collect();
        Ok(Self {
            side,
            org: org.to_owned(),
            id: cluster.id().map(str::to_owned),
            provider: cluster.provider().map(str::to_owned),
            home: cluster.home(),
            issuer,
            private_ca: None,
            audience: audience.to_owned(),
            workload_identity: cluster.add_on(ISSUING_KEY).is_some(),
            addon: settings.is_some(),
            role_arn: role_arn.transpose()?,
            template: side
                .addon
                .trust_policy
                .and_then(|pointer| cluster.ready_at(pointer))
                .cloned(),
            workload_template: cluster.ready_at(PODS_TEMPLATE).cloned(),
            needed_by,
            warnings,
            name,
        })
    }

    /// Whose things are made.
    pub fn owner(&self) -> Owner<'_> {
        Owner {
            side: self.side,
            org: &self.org,
            cluster: &self.name,
        }
    }

    /// The Sid of this cluster's statement; `None` as long as neither its id nor its issuer is
    /// known.
    pub fn sid(&self) -> Option<String> {
        let issuer = self.issuer.as_ref().map(Issuer::url);
        let identity = self.id.as_deref().or(issuer)?;
        Some(sid(self.side, &self.org, identity))
    }
}

/// One of the parts that are made or looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An add-on of the cluster.
    Addon,
    /// The OIDC provider in IAM.
    OidcProvider,
    /// The role.
    Role,
    /// The role's trust policy.
    Trust,
    /// The policy that lets the role pull.
    Policy,
    /// The policy of a repository in another account.
    RepositoryPolicy,
}

impl Part {
    /// The name in JSON and in `--only`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Addon => "addon",
            Self::OidcProvider => "oidc-provider",
            Self::Role => "role",
            Self::Trust => "trust",
            Self::Policy => "policy",
            Self::RepositoryPolicy => "repository-policy",
        }
    }
}

/// What the user asks for on the command line.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `--role-arn`.
    pub role_arn: Option<RoleArn>,
    /// `--account`.
    pub account: Option<AccountId>,
    /// The image in `--image`.
    pub image: Option<PrivateImage>,
    /// `--role-name`.
    pub role_name: Option<String>,
    /// `--role-path`, as [`check_path`] returns it.
    pub role_path: Option<String>,
    /// `--permissions-boundary`.
    pub boundary: Option<String>,
    /// `--tag`.
    pub tags: Tags,
    /// `--max-session-duration`, in seconds.
    pub max_session: Option<i32>,
    /// `--pull-policy`.
    pub pull_policy: Option<PolicyChoice>,
    /// `--only`; never [`Part::Addon`].
    pub only: Option<Part>,
    /// `--replace-trust`.
    pub replace_trust: bool,
    /// `--accept-trust`.
    pub accept: BTreeSet<Name>,
    /// `--thumbprint`.
    pub thumbprint: Option<String>,
    /// The command without cluster and flags; `mk8s aws setup ADDON` if `None`.
    pub command: Option<Invocation>,
    /// The flags that say what is made, as they were given, to be repeated in commands.
    pub make: Flags,
    /// `--wait`.
    pub wait: Option<Duration>,
    /// `--yes`.
    pub yes: bool,
    /// The connections as they were given, for commands in what the plan says.
    pub reach: Reach,
}

impl Request {
    /// The command that was given, for this cluster, with all that says what is made.
    pub fn again(&self, facts: &ClusterFacts) -> Invocation {
        let setup = || Invocation::mk8s("aws setup").word(facts.side.name());
        self.command
            .clone()
            .unwrap_or_else(setup)
            .cluster(&facts.name)
            .with(&self.make)
    }

    /// The same after a wait that ended too early.
    pub fn waiting(&self, facts: &ClusterFacts) -> Invocation {
        self.again(facts)
            .with(&accepting(&self.accept))
            .tied("--wait", "15m")
            .plain_if(self.yes, "--yes")
    }

    /// Whether the OIDC provider is among what is made.
    pub fn makes_provider(&self) -> bool {
        matches!(self.only, None | Some(Part::OidcProvider))
    }
}

/// Where things are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The account; always the caller's.
    pub account: AccountId,
    /// Its partition.
    pub partition: String,
    /// The ARN of the caller.
    pub caller: String,
    /// How the images are reached.
    pub access: RegistryAccess,
    /// The role, where one is needed.
    pub role: Option<RoleArn>,
    /// The ARN of the OIDC provider, once the issuer is known.
    pub provider_arn: Option<String>,
}

/// Works out account and role, and stops where the credentials belong to another account.
///
/// `what` says what is not done then, without names: `was not set up`.
pub fn target(
    facts: &ClusterFacts,
    request: &Request,
    caller: &Caller,
    what: &str,
) -> Result<Target> {
    let refused = || {
        Error::refused(format!(
            "{} {what} for `{}`",
            facts.side.name(),
            quotable(&facts.name)
        ))
    };
    let named = request.role_arn.as_ref().or(facts.role_arn.as_ref());
    if let (Some(role), Some(account)) = (named, &request.account)
        && role.account() != account
    {
        return Err(refused().because(format!(
            "--account is {account}, and the role {role} belongs to account {}",
            role.account()
        )));
    }
    let (account, origin) = wanted_account(facts, request, caller);
    if account != caller.account {
        let error = refused()
            .because(format!("the account is {account}, {origin}"))
            .because(format!(
                "the AWS credentials belong to account {} ({})",
                caller.account,
                quotable(&caller.arn)
            ))
            .hint(format!(
                "use credentials of account {account}: --aws-profile NAME"
            ));
        return Err(if named.is_some() {
            error
        } else {
            error.hint(format!(
                "or name the account of the credentials: --account {}",
                caller.account
            ))
        });
    }
    if let Some(role) = named
        && role.partition() != caller.partition
    {
        return Err(refused().because(format!(
            "the role {role} is in the partition {}, the AWS credentials belong to {}",
            role.partition(),
            caller.partition
        )));
    }
    check_policies(request, &account, &caller.partition)
        .map_err(|reason| refused().because(reason))?;
    let need = facts.side.aws.role;
    let is_asked = named.is_some() || request.role_name.is_some();
    let access = RegistryAccess::judge(
        facts.provider.as_deref(),
        facts.home.as_ref(),
        Some((&account, &caller.partition)),
        is_asked || need == RoleNeed::Always,
    );
    let role = match (need, access) {
        (RoleNeed::Never, _) | (RoleNeed::UnlessHome, RegistryAccess::SameAccount) => None,
        _ => Some(role(facts, request, caller)?),
    };
    Ok(Target {
        provider_arn: facts
            .issuer
            .as_ref()
            .map(|issuer| issuer.provider_arn(&caller.partition, &account)),
        account,
        partition: caller.partition.clone(),
        caller: caller.arn.clone(),
        access,
        role,
    })
}

/// Why a policy that was named cannot be had in an account.
fn check_policies(
    request: &Request,
    account: &AccountId,
    partition: &str,
) -> std::result::Result<(), String> {
    let pull = match &request.pull_policy {
        Some(PolicyChoice::Arn(arn)) => Some(("--pull-policy", arn)),
        _ => None,
    };
    let boundary = request.boundary.as_ref();
    let boundary = boundary.map(|arn| ("--permissions-boundary", arn));
    for (flag, arn) in pull.into_iter().chain(boundary) {
        check_owner(flag, arn, Some(account), partition)?;
    }
    Ok(())
}

/// Why a policy cannot be had by a role of this account, if one is named, and partition. The error
/// is the reason alone.
pub fn check_owner(
    flag: &str,
    arn: &str,
    account: Option<&AccountId>,
    partition: &str,
) -> std::result::Result<(), String> {
    let mut parts = arn.split(':').skip(1);
    let (theirs, owner) = (parts.next(), parts.nth(2));
    let shown = quotable(arn);
    if theirs != Some(partition) {
        return Err(format!(
            "{flag} {shown} is not in the partition {partition}, where the role is"
        ));
    }
    match account {
        Some(account) if owner != Some("aws") && owner != Some(account.as_str()) => Err(format!(
            "{flag} {shown} is not in the account {account}, where the role is"
        )),
        _ => Ok(()),
    }
}

/// The account and where it comes from.
fn wanted_account(facts: &ClusterFacts, request: &Request, caller: &Caller) -> (AccountId, String) {
    named_account(facts, request)
        .unwrap_or_else(|| (caller.account.clone(), "that of the caller".to_owned()))
}

/// The account that follows without asking AWS who calls, and where it comes from.
pub fn named_account(facts: &ClusterFacts, request: &Request) -> Option<(AccountId, String)> {
    if let Some(role) = &request.role_arn {
        return Some((role.account().clone(), "that of --role-arn".to_owned()));
    }
    if let Some(role) = &facts.role_arn {
        let origin = format!("that of the role {role} in the add-on's settings");
        return Some((role.account().clone(), origin));
    }
    if let Some(account) = &request.account {
        return Some((account.clone(), "by --account".to_owned()));
    }
    if let Some(image) = &request.image {
        return Some((image.account.clone(), "that of --image".to_owned()));
    }
    if facts.provider.as_deref() == Some("aws")
        && let Some(home) = &facts.home
    {
        let origin = "the one the cluster runs in".to_owned();
        return Some((home.account.clone(), origin));
    }
    None
}

fn role(facts: &ClusterFacts, request: &Request, caller: &Caller) -> Result<RoleArn> {
    if let Some(role) = &request.role_arn {
        return Ok(role.clone());
    }
    if let Some(role) = &facts.role_arn
        && request
            .role_name
            .as_deref()
            .is_none_or(|name| name == role.name())
    {
        return Ok(role.clone());
    }
    let name = request
        .role_name
        .clone()
        .unwrap_or_else(|| default_role_name(facts.side, &facts.org, &facts.name));
    let arn = format!(
        "arn:{}:iam::{}:role{}{name}",
        caller.partition,
        caller.account,
        request.role_path.as_deref().unwrap_or("/")
    );
    arn.parse().map_err(|reason: String| {
        Error::usage(format!("`{}` cannot be a role's name", quotable(&name))).because(reason)
    })
}

/// The path of a role in its ARN: `/`, or `/team/`.
pub fn path_of(role: &RoleArn) -> &str {
    let text = role.as_str();
    let resource = text
        .find(":role/")
        .map_or("/", |at| &text[at + ":role".len()..]);
    &resource[..resource.len() - role.name().len()]
}

/// Reads `--role-path`: a slash at either end may be left out. The error is the reason alone.
pub fn check_path(text: &str) -> Result<String, String> {
    let inner = text.trim_matches('/');
    if inner.is_empty() {
        return Ok("/".to_owned());
    }
    let path = format!("/{inner}/");
    if path.len() > 512 {
        return Err(format!("it has {} characters, IAM allows 512", path.len()));
    }
    if path.contains("//") || !path.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
        return Err("it is not of the form `/division/team/`, printable ASCII".to_owned());
    }
    Ok(path)
}

/// Why a text cannot be the name of a role.
fn check_role_name(name: &str) -> Result<(), String> {
    let length = name.chars().count();
    if name.is_empty() || length > 64 {
        return Err(format!("it has {length} characters, 1 to 64 are allowed"));
    }
    match name
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !"_+=,.@-".contains(*c))
    {
        Some('/') => Err("a path is given by itself: --role-path PATH".to_owned()),
        Some(bad) => Err(format!(
            "the character {bad:?} is not allowed; letters, digits and _+=,.@- are"
        )),
        None => Ok(()),
    }
}

/// Reads `--max-session-duration`: seconds, or `90m`, `1h`. The error is the reason alone.
pub fn check_max_session(text: &str) -> Result<i32, String> {
    let (number, unit) = match text.strip_suffix(['h', 'm', 's']) {
        Some(number) if text.ends_with('h') => (number, 3600),
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) => (number, 1),
        None => (text, 1),
    };
    let seconds = number
        .parse::<u32>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .and_then(|seconds| i32::try_from(seconds).ok())
        .ok_or("it is not a number of seconds, nor `1h`")?;
    if (3600..=43200).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("IAM allows 3600 seconds (1h) to 43200 (12h)".to_owned())
    }
}

/// Checks what is to be set on a new role. The error names flag and value.
pub fn check_request(request: &Request) -> Result<()> {
    if let Some(name) = &request.role_name {
        check_role_name(name).map_err(|reason| {
            Error::usage(format!("`{}` cannot be a role's name", quotable(name))).because(reason)
        })?;
    }
    if let Some(role) = &request.role_arn {
        let name = request
            .role_name
            .as_deref()
            .map(|it| ("--role-name", it, role.name()));
        let path = request
            .role_path
            .as_deref()
            .map(|it| ("--role-path", it, path_of(role)));
        for (flag, given, named) in [name, path].into_iter().flatten() {
            if given != named {
                return Err(Error::usage(format!(
                    "{flag} {} was given together with --role-arn {role}",
                    quotable(given)
                ))
                .because("the ARN names another role"));
            }
        }
    }
    if let Some(boundary) = &request.boundary {
        check_policy_arn(boundary).map_err(|reason| {
            Error::usage("--permissions-boundary is not the ARN of a policy").because(reason)
        })?;
    }
    for (key, value) in &request.tags {
        check_tag(key, value).map_err(|reason| {
            Error::usage(format!(
                "--tag {}={} cannot be set",
                quotable(key),
                quotable(value)
            ))
            .because(reason)
        })?;
    }
    // To IAM they are one key.
    let mut keys = std::collections::BTreeMap::new();
    for key in request.tags.keys() {
        if let Some(other) = keys.insert(key.to_lowercase(), key) {
            return Err(Error::usage(format!(
                "the tags {} and {} cannot both be set",
                quotable(other),
                quotable(key)
            ))
            .because("their keys differ only by case, which IAM ignores"));
        }
    }
    // Ours take nine places at most.
    if request.tags.len() > 40 {
        return Err(Error::usage("too many tags").because(format!(
            "--tag is given {} times; IAM allows 50 tags, mk8s sets up to 10 of its own",
            request.tags.len()
        )));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::aws::sides::ecr;
    use crate::error::Kind;
    use serde_json::json;

    /// A cluster that has everything, as the API would serve it.
    pub(crate) fn cluster(provider: &Value, add_ons: &Value, template: &Value) -> Cluster {
        Cluster::new(json!({
            "kind": "mk8s", "name": "prod", "id": "id-1", "version": 3,
            "spec": {"provider": provider, "addOns": add_ons},
            "status": {
                "oidcProviderUrl": "https://oidc.example.com/abc",
                "addOns": {
                    "awsWorkloadIdentity": {"oidcProviderConfig": {
                        "providerUrl": "https://oidc.example.com/abc", "audience": "sts.amazonaws.com"}},
                    "awsECR": {"trustPolicy": template}
                }
            }
        }))
    }

    pub(crate) fn caller(account: &str, partition: &str) -> Caller {
        Caller {
            account: account.parse().unwrap(),
            arn: format!("arn:{partition}:iam::{account}:user/ops"),
            partition: partition.to_owned(),
        }
    }

    fn facts(provider: &Value, add_ons: &Value) -> ClusterFacts {
        ClusterFacts::read(ecr(), "acme", &cluster(provider, add_ons, &json!({}))).unwrap()
    }

    fn on_aws() -> Value {
        json!({"aws": {"deployRoleArn": "arn:aws:iam::111122223333:role/deploy"}})
    }

    #[test]
    fn facts_are_read_from_spec_and_status() {
        let facts = facts(
            &json!({"hetzner": {}}),
            &json!({
            "awsWorkloadIdentity": {}, "awsEFS": {"roleArn": "x"},
            "awsECR": {"roleArn": "arn:aws:iam::111122223333:role/r"}}),
        );
        assert!(facts.workload_identity && facts.addon);
        assert_eq!(facts.role_arn.as_ref().unwrap().name(), "r");
        assert_eq!(
            facts.issuer.as_ref().unwrap().bare(),
            "oidc.example.com/abc"
        );
        assert_eq!(facts.needed_by, ["aws-efs"]);
        assert_eq!(facts.template, None);
        assert_eq!(facts.sid(), Some(sid(ecr(), "acme", "id-1")));
    }

    #[test]
    fn an_issuer_or_role_that_cannot_be_used_is_refused() {
        let mut bad = cluster(&json!({}), &json!({}), &json!({})).into_value();
        bad["status"]["oidcProviderUrl"] = json!("http://x");
        let error = ClusterFacts::read(ecr(), "acme", &Cluster::new(bad)).unwrap_err();
        assert_eq!(error.kind, Kind::Refused);
        let bad = cluster(
            &json!({}),
            &json!({"awsECR": {"roleArn": "arn:x"}}),
            &json!({}),
        );
        let error = ClusterFacts::read(ecr(), "acme", &bad).unwrap_err();
        assert!(error.message.contains("`arn:x`"), "{error}");
    }

    #[test]
    fn two_issuers_are_a_warning_and_the_first_counts() {
        let mut odd = cluster(&json!({}), &json!({}), &json!({})).into_value();
        odd["status"]["oidcProviderUrl"] = json!("https://other.example");
        let facts = ClusterFacts::read(ecr(), "acme", &Cluster::new(odd)).unwrap();
        assert_eq!(facts.issuer.unwrap().url(), "https://other.example");
        assert_eq!(facts.warnings.len(), 1);
    }

    #[test]
    fn the_account_follows_the_order_of_the_contract() {
        let role: RoleArn = "arn:aws:iam::444455556666:role/flag".parse().unwrap();
        let with_role = json!({"awsECR": {"roleArn": "arn:aws:iam::333344445555:role/spec"}});
        let account = |text: &str| Some(text.parse().unwrap());
        let image = |text: &str| {
            let account = text.parse().unwrap();
            Some(PrivateImage::new(&account, "eu-central-1", "shop").unwrap())
        };
        for (add_ons, request, expected) in [
            (
                &with_role,
                Request {
                    role_arn: Some(role.clone()),
                    ..Request::default()
                },
                "444455556666",
            ),
            (
                &with_role,
                Request {
                    image: image("888877776666"),
                    ..Request::default()
                },
                "333344445555",
            ),
            (
                &json!({}),
                Request {
                    account: account("777766665555"),
                    image: image("888877776666"),
                    ..Request::default()
                },
                "777766665555",
            ),
            (
                &json!({}),
                Request {
                    image: image("888877776666"),
                    ..Request::default()
                },
                "888877776666",
            ),
            (&json!({}), Request::default(), "111122223333"),
        ] {
            let facts = facts(&on_aws(), add_ons);
            let got = target(&facts, &request, &caller(expected, "aws"), "was not set up").unwrap();
            assert_eq!(got.account.as_str(), expected);
            let other = caller("999999999999", "aws");
            let error = target(&facts, &request, &other, "was not set up").unwrap_err();
            assert_eq!(error.kind, Kind::Refused);
            assert!(error.because[0].contains(expected), "{error:?}");
            assert!(error.hints[0].contains("--aws-profile"));
        }
        let hetzner = facts(&json!({"hetzner": {}}), &json!({}));
        let got = target(
            &hetzner,
            &Request::default(),
            &caller("999999999999", "aws"),
            "x",
        )
        .unwrap();
        assert_eq!(got.access, RegistryAccess::OutsideAws);
    }

    #[test]
    fn an_account_that_contradicts_the_role_stops() {
        let request = Request {
            role_arn: Some("arn:aws:iam::444455556666:role/r".parse().unwrap()),
            account: Some("111122223333".parse().unwrap()),
            ..Request::default()
        };
        let facts = facts(&on_aws(), &json!({}));
        let error = target(&facts, &request, &caller("444455556666", "aws"), "x").unwrap_err();
        assert!(error.because[0].contains("--account is 111122223333"));
    }

    #[test]
    fn a_role_of_another_partition_stops() {
        let facts = facts(
            &json!({"hetzner": {}}),
            &json!({"awsECR": {"roleArn": "arn:aws:iam::111122223333:role/r"}}),
        );
        let error = target(
            &facts,
            &Request::default(),
            &caller("111122223333", "aws-cn"),
            "x",
        )
        .unwrap_err();
        assert!(error.because[0].contains("partition aws,"), "{error}");
    }

    #[test]
    fn a_role_is_needed_unless_the_account_is_the_clusters_and_none_is_named() {
        let home = caller("111122223333", "aws");
        let named = Request {
            role_name: Some("own".into()),
            ..Request::default()
        };
        let with_role = json!({"awsECR": {"roleArn": "arn:aws:iam::111122223333:role/team/spec"}});
        for (provider, add_ons, request, access, role) in [
            (
                on_aws(),
                json!({}),
                Request::default(),
                RegistryAccess::SameAccount,
                None,
            ),
            (
                on_aws(),
                json!({}),
                named.clone(),
                RegistryAccess::SameAccountRole,
                Some("own"),
            ),
            (
                on_aws(),
                with_role.clone(),
                Request::default(),
                RegistryAccess::SameAccountRole,
                Some("team/spec"),
            ),
            (
                on_aws(),
                with_role.clone(),
                named.clone(),
                RegistryAccess::SameAccountRole,
                Some("own"),
            ),
            (
                json!({"aws": {"deployRoleArn": "arn:aws:iam::999999999999:role/d"}}),
                json!({}),
                Request {
                    account: Some("111122223333".parse().unwrap()),
                    ..Request::default()
                },
                RegistryAccess::CrossAccount,
                Some("mk8s-acme-prod-ecr"),
            ),
            (
                json!({"aws": {}}),
                json!({}),
                Request::default(),
                RegistryAccess::Unknown,
                Some("mk8s-acme-prod-ecr"),
            ),
            (
                json!({"gcp": {}}),
                json!({}),
                Request::default(),
                RegistryAccess::OutsideAws,
                Some("mk8s-acme-prod-ecr"),
            ),
            (
                json!({"generic": {}}),
                json!({}),
                Request {
                    role_path: Some("/a/b/".into()),
                    ..Request::default()
                },
                RegistryAccess::OutsideAws,
                Some("a/b/mk8s-acme-prod-ecr"),
            ),
        ] {
            let got = target(&facts(&provider, &add_ons), &request, &home, "x").unwrap();
            assert_eq!(got.access, access, "{provider} {add_ons}");
            let arn = role.map(|role| format!("arn:aws:iam::111122223333:role/{role}"));
            assert_eq!(got.role.map(|role| role.as_str().to_owned()), arn);
        }
    }

    #[test]
    fn flags_are_checked() {
        assert_eq!(check_path("team"), Ok("/team/".into()));
        assert_eq!(check_path("/a/b/"), Ok("/a/b/".into()));
        assert_eq!(check_path("/"), Ok("/".into()));
        assert!(check_path("a//b").is_err() && check_path("a b").is_err());
        assert!(check_path(&"x".repeat(600)).unwrap_err().contains("602"));
        for (text, seconds) in [
            ("3600", 3600),
            ("1h", 3600),
            ("90m", 5400),
            ("43200s", 43200),
        ] {
            assert_eq!(check_max_session(text), Ok(seconds), "{text}");
        }
        for bad in ["", "59m", "13h", "x", "99999999999h", "-1"] {
            assert!(check_max_session(bad).is_err(), "{bad}");
        }
        let request = Request {
            boundary: Some("x".into()),
            ..Request::default()
        };
        assert_eq!(check_request(&request).unwrap_err().kind, Kind::Usage);
        for (one, other) in [("a", "A"), ("Ümlaut", "ümlaut")] {
            let request = Request {
                tags: Tags::from([(one.into(), "1".into()), (other.into(), "2".into())]),
                ..Request::default()
            };
            let error = check_request(&request).unwrap_err();
            assert_eq!(error.kind, Kind::Usage, "{one}");
            assert!(error.message.contains("cannot both be set"), "{error}");
        }
        let request = Request {
            tags: Tags::from([("aws:x".into(), "y".into())]),
            ..Request::default()
        };
        assert!(
            check_request(&request)
                .unwrap_err()
                .message
                .contains("aws:x=y")
        );
    }

    #[test]
    fn the_path_is_read_from_an_arn() {
        for (arn, path) in [("role/x", "/"), ("role/a/b/x", "/a/b/")] {
            let arn: RoleArn = format!("arn:aws:iam::111122223333:{arn}").parse().unwrap();
            assert_eq!(path_of(&arn), path);
        }
    }
}
