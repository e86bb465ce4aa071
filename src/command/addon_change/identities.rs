//! Whether the roles that one cluster's add-ons have let another cluster in, before they are copied to it.

use super::super::Context;
use super::super::aws;
use super::set::WantedAddons;
use crate::addon::{AddonSide, by_key};
use crate::arn::RoleArn;
use crate::aws::iam::Caller;
use crate::aws::sdk::Sdk;
use crate::aws::state::{self, AwsQuestions};
use crate::aws::target::SetupRequest;
use crate::aws::trust;
use crate::cli::AwsConnection;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::text::Foreign;
use serde_json::Value;

/// Warns of each cluster that a role does not let in, and where that cannot be known.
pub(super) async fn look(cx: &Context, wanted: &WantedAddons, to: &[(String, Result<Cluster>)]) {
    let roles = wanted.iter().filter_map(|(key, settings)| {
        let side = AddonSide::of(by_key(key)?)?;
        let role = settings.as_ref()?.get("roleArn")?.as_str()?;
        Some((side, role.parse::<RoleArn>().ok()?))
    });
    let roles: Vec<(AddonSide, RoleArn)> = roles.collect();
    if roles.is_empty() {
        return;
    }
    let sides = match connect(cx).await {
        Ok(sides) => sides,
        Err(error) => {
            for (side, _) in &roles {
                unknown(cx, *side, "the other cluster", &error);
            }
            return;
        }
    };
    for (name, cluster) in to {
        // What cannot be read is told with the change.
        let Ok(cluster) = cluster else { continue };
        for (side, role) in &roles {
            match lets_in(cx, &sides, (*side, cluster), role).await {
                Ok(None) => {}
                Ok(Some(why)) => cx.ui.warn(&format!(
                    "the role {role} of {} does not let {name} in: {}",
                    side.name(),
                    Foreign(&why)
                )),
                Err(error) => unknown(cx, *side, name, &error),
            }
        }
    }
}

async fn connect(cx: &Context) -> Result<(Sdk, Caller)> {
    let sdk = Sdk::new(&aws::connect(cx, &AwsConnection::default()).await?);
    let caller = state::caller(&sdk).await?;
    Ok((sdk, caller))
}

/// Why the role of an add-on does not let a cluster in, if it does not.
async fn lets_in(
    cx: &Context,
    (sdk, caller): &(Sdk, Caller),
    (side, cluster): (AddonSide, &Cluster),
    role: &RoleArn,
) -> Result<Option<String>> {
    let request = SetupRequest {
        role_arn: Some(role.clone()),
        ..SetupRequest::default()
    };
    let ask = |_: &_| AwsQuestions::default();
    let what = "was not looked at";
    let scene = aws::look(cx, sdk, caller, (side, cluster), &request, ask, what).await?;
    let Some(provider) = &scene.target.provider_arn else {
        let error = Error::failure("it publishes no issuer");
        return Err(error.because("aws-workload-identity is off, or on for a moment only"));
    };
    let role = match scene.state.role.known() {
        Some(Some(role)) => role,
        Some(None) => return Ok(Some("there is no such role".to_owned())),
        None => return Err(Error::failure("the role cannot be looked at")),
    };
    let document = trust::parse_text(&role.trust).map_err(Error::failure)?;
    let names = |statement: &&Value| match statement.pointer("/Principal/Federated") {
        Some(Value::String(one)) => one == provider,
        Some(Value::Array(several)) => several.iter().any(|one| one == provider),
        _ => false,
    };
    let is_trusted = trust::statements(&document).iter().any(names);
    Ok((!is_trusted).then(|| format!("its trust policy does not name {provider}")))
}

fn unknown(cx: &Context, side: AddonSide, name: &str, error: &Error) {
    let because = error
        .because
        .first()
        .map_or(String::new(), |why| format!(" ({why})"));
    cx.ui.warn(&format!(
        "whether the role of {} lets {name} in is not known: {}{because}",
        side.name(),
        error.message
    ));
}
