//! What a cluster publishes of its token issuer, and the add-on that makes it do so.

/// Where a cluster publishes its token issuer, as a JSON pointer.
pub(crate) const ISSUER: &str = "/status/oidcProviderUrl";

/// The key of the add-on that makes a cluster publish its token issuer.
pub(crate) const ISSUING_KEY: &str = "awsWorkloadIdentity";

/// Its word on the command line.
pub(crate) const ISSUING_NAME: &str = "aws-workload-identity";

/// Where the issuer stands once more, as a JSON pointer.
pub(crate) const CONFIGURED_ISSUER: &str =
    "/status/addOns/awsWorkloadIdentity/oidcProviderConfig/providerUrl";

/// Where the audience of the cluster's tokens stands, as a JSON pointer.
pub(crate) const CONFIGURED_AUDIENCE: &str =
    "/status/addOns/awsWorkloadIdentity/oidcProviderConfig/audience";

/// The audience where the cluster names none: AWS's token service, in every partition.
pub(crate) const AUDIENCE: &str = "sts.amazonaws.com";

/// Where the template of trust policies for pods stands, as a JSON pointer.
pub(crate) const PODS_TEMPLATE: &str = "/status/addOns/awsWorkloadIdentity/trustPolicy";
