//! What the AWS side has to know of a cluster, read from what the API serves.

use super::SetupRequest;
use crate::addon::issuer::{
    AUDIENCE, CONFIGURED_AUDIENCE, CONFIGURED_ISSUER, ISSUER, ISSUING_KEY, PODS_TEMPLATE,
};
use crate::addon::{AddonSide, CATALOG};
use crate::arn::RoleArn;
use crate::aws::name::{Issuer, Owner, sid};
use crate::aws::quotable;
use crate::aws::thumbprint::PrivateCa;
use crate::cluster::{Cluster, HomeAccount};
use crate::error::{Error, Result};
use serde_json::Value;

/// What the AWS side has to know of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClusterFacts {
    /// The add-on that is set up.
    pub(crate) side: AddonSide,
    /// The org's name.
    pub(crate) org: String,
    /// The cluster's name.
    pub(crate) name: String,
    /// The server's id of the cluster.
    pub(crate) id: Option<String>,
    /// The key under `spec.provider`.
    pub(crate) provider: Option<String>,
    /// The AWS account it runs in, if it runs in one.
    pub(crate) home: Option<HomeAccount>,
    /// Its token issuer, once it publishes one.
    pub(crate) issuer: Option<Issuer>,
    /// The issuer's authority, if it was looked at from here and is a private one.
    pub(crate) private_ca: Option<PrivateCa>,
    /// The audience of its tokens.
    pub(crate) audience: String,
    /// Whether aws-workload-identity is on.
    pub(crate) workload_identity: bool,
    /// Whether the add-on is on.
    pub(crate) addon: bool,
    /// The role in the add-on's settings.
    pub(crate) role_arn: Option<RoleArn>,
    /// The trust policy that the add-on publishes, as it stands in the status.
    pub(crate) template: Option<Value>,
    /// The trust policy of aws-workload-identity.
    pub(crate) workload_template: Option<Value>,
    /// Other add-ons that are on and need aws-workload-identity.
    pub(crate) needed_by: Vec<&'static str>,
    /// What is odd about the status, one phrase each.
    pub(crate) warnings: Vec<String>,
}

impl ClusterFacts {
    /// The authority whose thumbprint is to be registered: the one that is named, or what an issuer
    /// on this machine shows. What is seen of any other may be a proxy's.
    pub(crate) fn registered_ca(&self, request: &SetupRequest) -> Option<PrivateCa> {
        match &request.thumbprint {
            Some(hex) => Some(PrivateCa::given(hex)),
            None => self.private_ca.clone().filter(|_| self.is_local()),
        }
    }

    /// Whether the issuer is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.issuer.as_ref().is_some_and(Issuer::is_loopback)
    }

    /// Reads a cluster object as the API serves it.
    ///
    /// Refuses an issuer that IAM cannot register and a role that is not one.
    pub(crate) fn read(side: AddonSide, org: &str, cluster: &Cluster) -> Result<Self> {
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
    pub(crate) fn owner(&self) -> Owner<'_> {
        Owner {
            side: self.side,
            org: &self.org,
            cluster: &self.name,
        }
    }

    /// The Sid of this cluster's statement; `None` as long as neither its id nor its issuer is
    /// known.
    pub(crate) fn sid(&self) -> Option<String> {
        let issuer = self.issuer.as_ref().map(Issuer::url);
        let identity = self.id.as_deref().or(issuer)?;
        Some(sid(self.side, &self.org, identity))
    }
}
