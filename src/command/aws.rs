//! What the AWS commands share: the connection, the facts, showing a plan, changing the cluster.

use super::choose::ChosenClusters;
use super::{Context, target};
use crate::addon::AddonSide;
use crate::arn::{AccountId, RoleArn};
use crate::aws::connect::{AwsAccess, AwsSession, Trace, Variables, open as aws_open};
use crate::aws::credentials::{Surroundings, WebIdentity};
use crate::aws::iam::Caller;
use crate::aws::name::Issuer;
use crate::aws::plan::{AwsPlan, AwsStep, TrustPlan};
use crate::aws::sdk::Sdk;
use crate::aws::state::{self, AwsQuestions, AwsState};
use crate::aws::target::{self as aws_target, AwsPlacement, ClusterFacts, SetupRequest};
use crate::aws::thumbprint::PrivateCa;
use crate::change::{self, Change};
use crate::cli::{AwsConnection, AwsTarget};
use crate::cluster::Cluster;
use crate::control::WriteEffect;
use crate::control::settle::{ClusterPlanner, Write};
use crate::error::{Error, Result};
use crate::fleet::{TargetOutcome, TargetResult};
use crate::oidc;
use crate::text::excerpt;
use crate::text::list;
use crate::ui::wire;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The clusters of an AWS command; a changing one names a cluster from the environment.
pub(super) async fn clusters(
    cx: &Context,
    args: &AwsTarget,
    changing: bool,
) -> Result<ChosenClusters> {
    let args = crate::cli::TargetArgs {
        cluster: args.cluster.clone(),
        file: Vec::new(),
        choice: args.choice.clone(),
    };
    match target::resolve(cx, &args, changing).await? {
        target::Target::Clusters(chosen) => Ok(chosen),
        _ => Err(Error::usage("no cluster was named").hint("name a live cluster with -c NAME")),
    }
}

/// The add-on of an AWS command: one whose AWS side is made.
pub(super) fn side(word: &str) -> Result<AddonSide> {
    let addon = super::word::addon_by_word(word)?;
    AddonSide::of(addon).ok_or_else(|| {
        let made: Vec<&str> = AddonSide::all().map(AddonSide::name).collect();
        let which = match made.as_slice() {
            [one] => format!("{one} is the one add-on that it makes it for"),
            several => format!("it makes it for {}", list(several.iter().copied())),
        };
        Error::usage(format!("`{}` has no AWS side that mk8s makes", addon.name)).because(which)
    })
}

impl AwsConnection {
    /// As it was given on the command line.
    pub(super) fn given(&self) -> AwsAccess {
        AwsAccess {
            profile: self.aws_profile.clone(),
            region: self.aws_region.clone(),
            endpoint_url: self.aws_endpoint_url.clone(),
            ..AwsAccess::default()
        }
    }
}

/// Connects to AWS; nothing is sent yet. Once a run: all clients are made from what it gives.
pub(super) async fn connect(cx: &Context, args: &AwsConnection) -> Result<AwsSession> {
    let timeout = cx.settings()?.timeout();
    Ok(aws_open(&connection(cx, args, Some(timeout))).await)
}

/// How AWS is reached, by flags and environment; `--debug` shows every call.
pub(super) fn connection(
    cx: &Context,
    args: &AwsConnection,
    timeout: Option<Duration>,
) -> AwsAccess {
    let env = &cx.env;
    let text = |name| env.get(name).map(str::to_owned);
    // Blanks count as unset for the SDK.
    let is_set = |name| env.get(name).is_some_and(|text| !text.trim().is_empty());
    let web_identity = text("AWS_WEB_IDENTITY_TOKEN_FILE").and_then(|file| {
        Some(WebIdentity {
            file,
            role: text("AWS_ROLE_ARN")?,
            session: text("AWS_ROLE_SESSION_NAME"),
        })
    });
    AwsAccess {
        timeout,
        trace: cx.ui.tracer().map(Trace::new),
        board: Arc::clone(cx.ui.board()),
        variables: Variables {
            profile: text("AWS_PROFILE"),
            ca_bundle: env.path("AWS_CA_BUNDLE").map(Path::to_path_buf),
            endpoints: ENDPOINTS
                .iter()
                .filter_map(|&name| Some((name, text(name)?)))
                .collect(),
            credentials: Surroundings {
                has_keys: is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY"),
                web_identity,
                in_container: is_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
                    || is_set("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
                home: env.path("HOME").map(Path::to_path_buf),
            },
        },
        ..args.given()
    }
}

/// The variables that set the address of the services that are called.
const ENDPOINTS: [&str; 6] = [
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL",
];

/// What Ctrl-C says once something may have been done.
pub(super) const AGAIN: &str = "Run the same command again; it continues where it stopped.";

/// How long one step may wait and try again: twice the limit of one request.
pub(super) fn patience(cx: &Context) -> Result<Duration> {
    Ok(cx.settings()?.timeout().saturating_mul(2))
}

/// An account id from the command line.
pub(super) fn account(text: Option<&String>) -> Result<Option<AccountId>> {
    text.map(|text| {
        text.parse().map_err(|reason: String| {
            Error::usage(format!("`{text}` is not an AWS account id")).because(reason)
        })
    })
    .transpose()
}

/// A role ARN from the command line.
pub(super) fn role_arn(text: Option<&String>) -> Result<Option<RoleArn>> {
    text.map(|text| {
        text.parse().map_err(|reason: String| {
            Error::usage(format!("`{text}` is not a role ARN")).because(reason)
        })
    })
    .transpose()
}

/// Where copies of trust policies are kept: `$XDG_STATE_HOME/mk8s/trust`, or none.
pub(super) fn backup_folder(cx: &Context, without: bool) -> Result<Option<PathBuf>> {
    copies(cx, without, "trust", "trust policies")
}

/// The same for policies of repositories: `$XDG_STATE_HOME/mk8s/repository`.
pub(super) fn repository_backups(cx: &Context, without: bool) -> Result<Option<PathBuf>> {
    copies(cx, without, "repository", "policies of repositories")
}

fn copies(cx: &Context, without: bool, name: &str, what: &str) -> Result<Option<PathBuf>> {
    if without {
        return Ok(None);
    }
    match cx.state() {
        Some(folder) => Ok(Some(folder.join(name))),
        None => Err(
            Error::usage(format!("there is no folder for copies of {what}"))
                .because("neither XDG_STATE_HOME, as an absolute path, nor HOME is set")
                .hint("go without the copy: --no-backup"),
        ),
    }
}

/// Everything that is known about one cluster and its AWS side.
#[derive(Debug, Clone)]
pub(super) struct AwsScene {
    pub(super) facts: ClusterFacts,
    pub(super) target: AwsPlacement,
    pub(super) state: AwsState,
}

/// What issuers show of their authority, seen from here; each is asked once a run.
pub(super) struct IssuerAuthorities<'a> {
    cx: &'a Context,
    seen: RefCell<HashMap<String, Option<PrivateCa>>>,
}

impl<'a> IssuerAuthorities<'a> {
    pub(super) fn new(cx: &'a Context) -> Self {
        Self {
            cx,
            seen: RefCell::default(),
        }
    }

    /// Completes the facts. An issuer that does not answer leaves the thumbprint to IAM.
    pub(super) async fn complete(&self, facts: &mut ClusterFacts) {
        let Some(url) = facts.issuer.as_ref().map(Issuer::url) else {
            return;
        };
        let known = self.seen.borrow().get(url).cloned();
        if let Some(known) = known {
            facts.private_ca = known;
            return;
        }
        let found = self.look(url).await;
        self.seen.borrow_mut().insert(url.to_owned(), found.clone());
        facts.private_ca = found;
    }

    async fn look(&self, url: &str) -> Option<PrivateCa> {
        let settings = self.cx.settings().ok();
        let proxy = settings.and_then(|settings| settings.proxy());
        match oidc::glance(url, proxy).await {
            Ok(handshake) => handshake.private_chain().and_then(PrivateCa::of_chain),
            Err(reason) => {
                self.cx.ui.detail(&format!(
                    "The issuer {} cannot be looked at from here ({reason}); its thumbprint is left to IAM",
                    excerpt(url, 300)
                ));
                None
            }
        }
    }
}

/// Looks at a cluster as it was read, and at IAM.
pub(super) async fn look(
    cx: &Context,
    aws: &Sdk,
    caller: &Caller,
    (side, cluster): (AddonSide, &Cluster),
    request: &SetupRequest,
    ask: impl FnOnce(&AwsPlacement) -> AwsQuestions,
    what: &str,
) -> Result<AwsScene> {
    let looking = format!("looking at what there is in AWS for {}", cluster.name());
    let _waiting = cx.ui.board().begin(looking);
    let facts = ClusterFacts::read(side, cx.org()?, cluster)?;
    let target = aws_target::target(&facts, request, caller, what)?;
    let state = state::look(aws, &facts, &target, &ask(&target)).await?;
    Ok(AwsScene {
        facts,
        target,
        state,
    })
}

/// What is told of one cluster.
pub(super) struct ClusterReport {
    /// Whether anything changed, differs, or would change.
    pub(super) changed: bool,
    /// The text; its first line names the cluster.
    pub(super) lines: Vec<String>,
    /// The fields of its item beyond `target`, `addon` and `error`.
    pub(super) body: Value,
}

/// What came of one cluster, for the teller.
pub(super) fn came(
    cx: &Context,
    addon: &'static str,
    name: &str,
    result: Result<ClusterReport>,
) -> TargetOutcome<Value> {
    match result {
        Ok(report) => TargetOutcome::Done(TargetResult {
            items: vec![item(&cx.cluster(name), addon, report.body, None)],
            names: vec![name.to_owned()],
            lines: report.lines,
            changed: report.changed,
            next: None,
            failed: None,
        }),
        Err(error) => {
            let item = item(&cx.cluster(name), addon, json!({}), Some(&cx.wire(&error)));
            TargetOutcome::Failed(item, error)
        }
    }
}

/// An item of `AwsPlan` and `AwsStatus`.
pub(super) fn item(
    target: &wire::TargetRef,
    addon: &'static str,
    body: Value,
    error: Option<&wire::ErrorObject>,
) -> Value {
    let mut item = json!({ "target": target, "addon": addon });
    if let (Value::Object(item), Value::Object(body)) = (&mut item, body) {
        item.extend(body);
        item.insert("error".to_owned(), wire::to_value(&error));
    }
    item
}

/// The fields of an item of `AwsPlan`.
pub(super) fn plan_json(
    plan: &AwsPlan,
    steps: &[(AwsStep, bool)],
    previous: Option<&Value>,
) -> Value {
    json!({
        "account": plan.target.account.as_str(),
        "partition": plan.target.partition,
        "caller": plan.target.caller,
        "registryAccess": plan.access().name(),
        "steps": steps.iter().map(|(step, done)| step.json(*done)).collect::<Vec<_>>(),
        "previousTrust": previous,
        "trust": plan.trust.as_ref().map(TrustPlan::json),
        "warnings": plan.warnings,
    })
}

/// Brings changes of a plan's step to a live cluster, decided anew from each read of it.
pub(super) struct ClusterStep<'a> {
    pub(super) name: &'a str,
    pub(super) what: &'a str,
    pub(super) changes: &'a [Change],
}

impl ClusterPlanner for ClusterStep<'_> {
    type Plan = Vec<Change>;

    fn name(&self) -> &str {
        self.name
    }

    fn plan(&self, cluster: &Cluster) -> Result<Vec<Change>> {
        Ok(self
            .changes
            .iter()
            .filter(|change| {
                let key = change.path.first().map_or("", String::as_str);
                let now = match change.path.get(1) {
                    Some(field) => cluster.add_on(key).and_then(|value| value.get(field)),
                    None => cluster.add_on(key),
                };
                match (&change.value, now) {
                    (None, None | Some(Value::Null)) => false,
                    (Some(Value::Object(wanted)), Some(Value::Object(now))) => wanted
                        .iter()
                        .any(|(field, value)| now.get(field) != Some(value)),
                    (Some(wanted), Some(now)) => wanted != now,
                    _ => true,
                }
            })
            .cloned()
            .collect())
    }

    fn write(&self, plan: &Vec<Change>) -> Option<Write> {
        (!plan.is_empty()).then(|| Write::Patch(json!({"spec": {"addOns": change::patch(plan)}})))
    }

    fn not_done(&self) -> String {
        format!("`{}` of `{}` was not changed", self.what, self.name)
    }

    fn done(&self, _: WriteEffect) -> String {
        format!("`{}` of `{}` was changed", self.what, self.name)
    }
}
