//! The add-ons that work with an Azure tenant.

use crate::addon::{Addon, Documented, HclForm, Param, ParamKind, Ready};

pub(super) const ADD_ONS: &[Addon] = &[
    Addon {
        key: "azureACR",
        name: "azure-acr",
        summary: "Pull images from private Azure Container Registries",
        purpose: "Lets the cluster pull images from private Azure Container Registries with a \
                  managed identity that has AcrPull.",
        documented: Documented::All,
        nodes: None,
        needs: &["azureWorkloadIdentity"],
        params: &[Param::new(
            "clientId",
            ParamKind::Uuid,
            "client id of the identity that may pull",
        )
        .required()],
        status: &[],
        cloud: &[
            "an identity with AcrPull on the registry and a federated credential for the cluster's issuer",
        ],
        trust_policy: None,
        ready: Ready::Never,
        aws: None,
        danger: None,
        next: None,
        terraform: HclForm::Block,
        docs: "https://docs.controlplane.com/mk8s/add-ons/azure_acr",
    },
    Addon {
        key: "azureWorkloadIdentity",
        name: "azure-workload-identity",
        summary: "Give pods Entra identities",
        purpose: "Lets pods act as Microsoft Entra applications or managed identities.",
        documented: Documented::All,
        nodes: None,
        needs: &[],
        params: &[Param::new(
            "tenantId",
            ParamKind::Uuid,
            "id of the Entra tenant",
        )],
        status: &[],
        cloud: &["federated credentials whose issuer is the cluster's OIDC URL"],
        trust_policy: None,
        ready: Ready::Never,
        aws: None,
        danger: None,
        next: None,
        terraform: HclForm::Block,
        docs: "https://docs.controlplane.com/mk8s/add-ons/azure_workload_identity",
    },
];
