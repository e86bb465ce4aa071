//! What goes after the role: the OIDC provider and the cluster's add-ons.

use super::{
    AddonExtent, Extent, Left, ProviderExtent, TeardownPlanner, providers_in_role, unseen,
};
use crate::addon::issuer::{ISSUING_KEY, ISSUING_NAME};
use crate::aws::iam::OidcProvider;
use crate::aws::plan::{AwsStep, StepAction, Work};
use crate::aws::quotable;
use crate::aws::state::Seen;
use crate::aws::target::AwsPart;
use crate::change::Change;

impl TeardownPlanner<'_> {
    /// Whether the provider is gone afterwards.
    pub(super) fn provider(&mut self, extent: Extent, left: &Left) -> bool {
        let part = AwsPart::OidcProvider;
        let Some(arn) = self.target.provider_arn.clone() else {
            let named = providers_in_role(self.facts, self.state);
            if named.is_empty() {
                let detail = "not known: the cluster publishes no issuer";
                self.steps
                    .push(AwsStep::shown(part, StepAction::None, "(unknown)", detail));
            }
            for arn in named {
                let reason =
                    "it is not of this account, and the cluster publishes no issuer any more";
                self.steps
                    .push(AwsStep::shown(part, StepAction::Keep, &arn, "").because(reason));
            }
            return false;
        };
        let provider = match &self.state.provider {
            Seen::Known(Some(provider)) => provider.clone(),
            Seen::Known(None) => {
                self.steps
                    .push(AwsStep::shown(part, StepAction::None, &arn, "not there"));
                return true;
            }
            Seen::Unknown(failure) => {
                let reason = format!("{} is not allowed", failure.action);
                self.steps
                    .push(AwsStep::shown(part, StepAction::Keep, &arn, "").because(reason));
                return false;
            }
            Seen::NotLooked => return false,
        };
        let reasons = if extent.provider == ProviderExtent::Keep {
            vec!["it goes only with --with-oidc-provider".to_owned()]
        } else {
            self.reasons_to_keep_provider(extent, &provider, left)
        };
        if !reasons.is_empty() {
            self.steps
                .push(AwsStep::shown(part, StepAction::Keep, &arn, "").because(reasons.join("; ")));
            return false;
        }
        self.steps.push(
            AwsStep::shown(
                part,
                StepAction::Delete,
                &arn,
                "made by mk8s, trusted by no role",
            )
            .doing(Work::DeleteProvider { arn }),
        );
        true
    }

    fn reasons_to_keep_provider(
        &self,
        extent: Extent,
        provider: &OidcProvider,
        left: &Left,
    ) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.facts.owner().made(&provider.tags) {
            reasons.push("it was not made by mk8s for this cluster".to_owned());
        }
        reasons.extend(self.needed(extent));
        match &self.state.trusting {
            Seen::Known(roles) => {
                let released = match left {
                    Left::Released(arn) => Some(arn),
                    Left::Nothing | Left::Trusting => None,
                };
                for role in roles.iter().filter(|role| Some(*role) != released) {
                    reasons.push(format!("the role {} trusts it", quotable(role)));
                }
            }
            other => reasons.extend(unseen(other)),
        }
        reasons
    }

    pub(super) fn addon(&mut self, extent: Extent) {
        let side = self.facts.side;
        let step = match (self.facts.addon, extent.addon) {
            (false, _) => AwsStep::shown(AwsPart::Addon, StepAction::None, side.name(), "off"),
            (true, AddonExtent::Off) => AwsStep::shown(
                AwsPart::Addon,
                StepAction::Delete,
                side.name(),
                "switched off",
            )
            .doing(Work::Cluster(vec![Change::remove(&[side.key()])])),
            (true, AddonExtent::WithoutRole) if self.facts.role_arn.is_some() => AwsStep::shown(
                AwsPart::Addon,
                StepAction::Update,
                side.name(),
                "role cleared",
            )
            .doing(Work::Cluster(vec![Change::remove(&[
                side.key(),
                "roleArn",
            ])])),
            (true, AddonExtent::WithoutRole) => AwsStep::shown(
                AwsPart::Addon,
                StepAction::None,
                side.name(),
                "on, without a role",
            ),
        };
        self.steps.push(step);
    }

    /// Which add-ons that stay on need provider and aws-workload-identity.
    fn needed(&self, extent: Extent) -> Option<String> {
        let mut names = self.facts.needed_by.clone();
        if self.facts.addon && extent.addon == AddonExtent::WithoutRole {
            names.push(self.facts.side.name());
        }
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("{one} needs it")),
            several => Some(format!("{} need it", several.join(", "))),
        }
    }

    pub(super) fn workload_identity(&mut self, extent: Extent, provider_gone: bool) {
        let name = ISSUING_NAME;
        let step = if !self.facts.workload_identity {
            AwsStep::shown(AwsPart::Addon, StepAction::None, name, "off")
        } else if let Some(reason) = self.needed(extent) {
            AwsStep::shown(AwsPart::Addon, StepAction::Keep, name, "").because(reason)
        } else if provider_gone {
            AwsStep::shown(AwsPart::Addon, StepAction::Delete, name, "switched off")
                .doing(Work::Cluster(vec![Change::remove(&[ISSUING_KEY])]))
        } else {
            AwsStep::shown(AwsPart::Addon, StepAction::Keep, name, "")
                .because("the OIDC provider stays")
        };
        self.steps.push(step);
    }
}
