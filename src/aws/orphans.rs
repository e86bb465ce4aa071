//! What deleted and recreated clusters left behind, known by our tags. The rules are pure.
//!
//! A thing of ours is an orphan if it was made for this org and belongs to no cluster that is there:
//! a role by the cluster's name, a provider by the issuer too. Whatever is used by anybody else, or
//! could be, stays and is told with the reason.

use super::explain::explain;
use super::iam::{AwsFailure, Caller, Iam, OidcProvider, Role};
use super::merge::{is_ours, names_provider, remove};
use super::name::{
    Issuer, Owner, ROLE_PREFIX, SID_DIGITS, Tags, attached_tag, made_for, made_in, statement_owners,
};
use super::plan::{AwsStep, StepAction, Work};
use super::quotable;
use super::target::{AwsPart, ClusterFacts};
use super::trust::{self, label, statements};
use super::users::OwnRole;
use crate::addon::AddonSide;
use crate::error::Result;
use crate::text::count;
use serde_json::Value;
use std::collections::BTreeSet;

/// A role that carries our tags, with what hangs on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TaggedRole {
    /// The role.
    pub(crate) role: Role,
    /// The ARNs of its managed policies.
    pub(crate) attached: Vec<String>,
    /// The names of its inline policies.
    pub(crate) inline: Vec<String>,
    /// The instance profiles that hold it.
    pub(crate) profiles: Vec<String>,
}

/// What an account holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct AccountContent {
    /// The OIDC providers, by ARN.
    pub(crate) providers: Vec<(String, OidcProvider)>,
    /// The roles that carry tags of this org.
    pub(crate) roles: Vec<TaggedRole>,
    /// All roles: ARN and trust policy.
    pub(crate) all: Vec<(String, String)>,
    /// What could not be looked at, one phrase each.
    pub(crate) warnings: Vec<String>,
}

/// Looks at all providers, and at all roles that may be ours. What lists them must be allowed.
pub(crate) async fn look(iam: &impl Iam, caller: &Caller, org: &str) -> Result<AccountContent> {
    let failed = |failure: &AwsFailure| {
        explain(
            failure,
            "what clusters left behind was not looked for",
            Some(&caller.arn),
        )
    };
    let mut found = AccountContent::default();
    for arn in iam.providers().await.map_err(|it| failed(&it))? {
        match iam.provider(&arn).await {
            Ok(Some(provider)) => found.providers.push((arn, provider)),
            Ok(None) => {}
            Err(failure) if failure.denied() => found.warnings.push(unseen(&arn, &failure)),
            Err(failure) => return Err(failed(&failure)),
        }
    }
    found.all = iam.roles().await.map_err(|it| failed(&it))?;
    for (arn, text) in &found.all {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let names_ours = AddonSide::all().any(|side| text.contains(side.aws.sid));
        if !names_ours && !name.starts_with(ROLE_PREFIX) {
            continue;
        }
        let role = match iam.role(name).await {
            Ok(Some(role)) => role,
            Ok(None) => continue,
            Err(failure) if failure.denied() => {
                found.warnings.push(unseen(arn, &failure));
                continue;
            }
            Err(failure) => return Err(failed(&failure)),
        };
        if !made_in(&role.tags, org) && !statement_owners(&role.tags).any(|it| it.0 == org) {
            continue;
        }
        let attached = iam.attached(name).await.map_err(|it| failed(&it))?;
        let inline = iam.inline(name).await.map_err(|it| failed(&it))?;
        let profiles = iam
            .instance_profiles(name)
            .await
            .map_err(|it| failed(&it))?;
        found.roles.push(TaggedRole {
            role,
            attached: attached.unwrap_or_default(),
            inline: inline.unwrap_or_default(),
            profiles,
        });
    }
    Ok(found)
}

fn unseen(arn: &str, failure: &AwsFailure) -> String {
    format!(
        "whether {} is left over is not known: {} is not allowed",
        quotable(arn),
        failure.action
    )
}

/// The steps that take down what belongs to none of the clusters that are there, each with the name
/// of the cluster that it was made for. The facts of every cluster are given once for each add-on.
pub(crate) fn plan(
    org: &str,
    there: &[ClusterFacts],
    found: &AccountContent,
) -> Vec<(String, AwsStep)> {
    let mut planner = OrphansPlanner {
        org,
        there,
        found,
        steps: Vec::new(),
        released: BTreeSet::new(),
    };
    let providers = found.providers.iter();
    let lost: Vec<Lost> = providers
        .filter_map(|(arn, provider)| planner.lost(arn, provider))
        .collect();
    for held in &found.roles {
        planner.role(held, &lost);
    }
    for lost in &lost {
        planner.provider(lost);
    }
    planner.steps
}

/// A provider that is left over.
struct Lost<'a> {
    arn: &'a str,
    cluster: String,
    why: String,
}

struct OrphansPlanner<'a> {
    org: &'a str,
    there: &'a [ClusterFacts],
    found: &'a AccountContent,
    steps: Vec<(String, AwsStep)>,
    /// ARNs of roles that trust the orphans no more afterwards.
    released: BTreeSet<String>,
}

impl OrphansPlanner<'_> {
    fn is_there(&self, cluster: &str) -> bool {
        self.there.iter().any(|facts| facts.name == cluster)
    }

    fn add(&mut self, cluster: &str, step: AwsStep) {
        self.steps.push((cluster.to_owned(), step));
    }

    /// A provider with the reason if it is left over.
    fn lost<'b>(&self, arn: &'b str, provider: &OidcProvider) -> Option<Lost<'b>> {
        if !made_in(&provider.tags, self.org) {
            return None;
        }
        let cluster = cluster(&provider.tags)?;
        let bare = arn
            .split_once(":oidc-provider/")
            .map_or("", |(_, bare)| bare);
        let issuers = self.there.iter().filter_map(|it| it.issuer.as_ref());
        if issuers.clone().any(|issuer| issuer.bare() == bare) {
            return None;
        }
        let mut own = self.there.iter().filter(|facts| facts.name == cluster);
        let why = match own.next().map(|facts| facts.issuer.as_ref()) {
            None => gone(&cluster),
            Some(Some(now)) => format!(
                "{} has the issuer {} by now",
                quotable(&cluster),
                quotable(Issuer::bare(now))
            ),
            // It may publish this one in a moment.
            Some(None) => return None,
        };
        Some(Lost { arn, cluster, why })
    }

    /// A role that was made for a cluster that is gone, or a statement in one that stays.
    fn role(&mut self, held: &TaggedRole, lost: &[Lost<'_>]) {
        let role = &held.role;
        let Ok(document) = trust::parse_text(&role.trust) else {
            return;
        };
        let sids = sids(&document);
        let made_for = made_in(&role.tags, self.org)
            .then(|| cluster(&role.tags))
            .flatten();
        if let Some(cluster) = made_for.filter(|cluster| !self.is_there(cluster)) {
            let keep = self.reasons_to_keep(held, &document, &sids);
            if keep.is_empty() {
                self.delete(held, &cluster, sids.first().map_or("-", |(_, sid)| sid));
                return;
            }
            let step = AwsStep::shown(AwsPart::Role, StepAction::Keep, &role.arn, gone(&cluster));
            self.add(&cluster, step.because(keep.join("; ")));
        }
        self.statements(held, &document, &sids, lost);
    }

    fn reasons_to_keep(
        &self,
        held: &TaggedRole,
        document: &Value,
        sids: &[(AddonSide, String)],
    ) -> Vec<String> {
        let role = &held.role;
        let mut reasons = Vec::new();
        for (org, cluster) in statement_owners(&role.tags) {
            if org != self.org || self.is_there(&cluster) {
                reasons.push(format!("{} uses it", quotable(&format!("{org}/{cluster}"))));
            }
        }
        for facts in self.there {
            let named = facts.role_arn.as_ref();
            if named.is_some_and(|arn| arn.as_str() == role.arn) {
                reasons.push(format!("{} names it", quotable(&facts.name)));
            }
            let provider = facts.issuer.as_ref().map(Issuer::bare);
            let trusts = |bare: &str| role.trust.contains(&format!(":oidc-provider/{bare}\""));
            if provider.is_some_and(trusts) {
                reasons.push(format!("it trusts the issuer of {}", quotable(&facts.name)));
            }
        }
        let others = statements(document).into_iter();
        let others = others.filter(|it| !sids.iter().any(|(_, sid)| is_ours(it, sid)));
        match (others.count(), sids.len()) {
            (0, 0 | 1) => {}
            (0, several) => reasons.push(format!(
                "its trust policy has statements for {several} clusters of ours"
            )),
            (others, _) => reasons.push(format!(
                "its trust policy has {} that mk8s did not make",
                count(others, "statement")
            )),
        }
        for arn in &held.attached {
            if !role.tags.contains_key(&attached_tag(arn).0) {
                reasons.push(format!("{} was attached by others", quotable(arn)));
            }
        }
        for (names, what) in [
            (&held.inline, "inline policy"),
            (&held.profiles, "instance profile"),
        ] {
            reasons.extend(
                names
                    .iter()
                    .map(|name| format!("it has the {what} {}", quotable(name))),
            );
        }
        reasons.sort();
        reasons.dedup();
        reasons
    }

    fn delete(&mut self, held: &TaggedRole, cluster: &str, sid: &str) {
        let role = &held.role;
        let side = AddonSide::all().find(|side| sid.starts_with(side.aws.sid));
        for policy in &held.attached {
            let step = AwsStep::shown(
                AwsPart::Policy,
                StepAction::Detach,
                policy,
                format!("from {}", role.name),
            );
            let Some(side) = side.or_else(|| AddonSide::all().next()) else {
                continue;
            };
            let owner = Owner {
                side,
                org: self.org,
                cluster,
            };
            let step = step.doing(Work::Detach {
                role: role.name.clone(),
                policy: policy.clone(),
                whose: OwnRole {
                    side,
                    sid: sid.to_owned(),
                    tag: owner.statement_tag().0,
                },
                untag: Vec::new(),
            });
            self.add(cluster, step);
        }
        let step = AwsStep::shown(AwsPart::Role, StepAction::Delete, &role.arn, gone(cluster));
        let work = Work::DeleteRole {
            role: role.name.clone(),
            sid: sid.to_owned(),
        };
        self.add(cluster, step.doing(work));
        self.released.insert(role.arn.clone());
    }

    /// Statements of ours for a provider that is left over, in a role that stays.
    fn statements(
        &mut self,
        held: &TaggedRole,
        document: &Value,
        sids: &[(AddonSide, String)],
        lost: &[Lost<'_>],
    ) {
        let role = &held.role;
        let live: Vec<String> = self.there.iter().filter_map(ClusterFacts::sid).collect();
        let mut left = document.clone();
        for Lost { arn, cluster, .. } in lost {
            for (_, sid) in sids.iter().filter(|(_, sid)| !live.contains(sid)) {
                let removal = remove(&left, None, sid, Some(arn));
                let (Some(next), false) = (removal.document, removal.removed.is_empty()) else {
                    continue;
                };
                left = next;
                let detail = format!("takes out statement {}", removal.removed.join(", "));
                let step = AwsStep::shown(AwsPart::Trust, StepAction::Update, &role.arn, detail);
                let step = step.because("its OIDC provider is left over");
                let work = Work::RemoveTrust {
                    role: role.name.clone(),
                    sid: sid.clone(),
                    provider: Some((*arn).to_owned()),
                    untag: Vec::new(),
                };
                self.add(cluster, step.doing(work));
            }
        }
        if !lost.iter().any(|it| names_provider(&left, it.arn)) {
            self.released.insert(role.arn.clone());
        }
    }

    fn provider(&mut self, lost: &Lost<'_>) {
        let Lost { arn, cluster, why } = lost;
        let trusting = self.found.all.iter().filter(|(role, text)| {
            !self.released.contains(role)
                && match trust::parse_text(text) {
                    Ok(document) => names_provider(&document, arn),
                    Err(_) => text.contains(*arn),
                }
        });
        let keep: Vec<String> = trusting
            .map(|(role, _)| format!("the role {} trusts it", quotable(role)))
            .collect();
        let shown = |action| AwsStep::shown(AwsPart::OidcProvider, action, arn, why.as_str());
        let step = if keep.is_empty() {
            let arn = (*arn).to_owned();
            shown(StepAction::Delete).doing(Work::DeleteProvider { arn })
        } else {
            shown(StepAction::Keep).because(keep.join("; "))
        };
        self.add(cluster, step);
    }
}

/// The reason of what was made for a cluster that is gone.
fn gone(cluster: &str) -> String {
    format!("there is no cluster {} any more", quotable(cluster))
}

fn cluster(tags: &Tags) -> Option<String> {
    let whose = made_for(tags)?;
    whose.split_once('/').map(|(_, cluster)| cluster.to_owned())
}

/// The Sids of our statements, without the number at their end, each once.
fn sids(document: &Value) -> Vec<(AddonSide, String)> {
    let mut found: Vec<(AddonSide, String)> = Vec::new();
    for (index, statement) in statements(document).into_iter().enumerate() {
        let name = label(statement, index);
        for side in AddonSide::all() {
            let Some(rest) = name.strip_prefix(side.aws.sid) else {
                continue;
            };
            let Some(hash) = rest.get(..SID_DIGITS) else {
                continue;
            };
            let sid = format!("{}{hash}", side.aws.sid);
            if is_ours(statement, &sid) && !found.iter().any(|(_, it)| *it == sid) {
                found.push((side, sid));
            }
        }
    }
    found
}
