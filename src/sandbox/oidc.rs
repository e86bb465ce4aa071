//! The issuers: discovery documents, keys, and tokens of service accounts. Pure but for randomness.
//!
//! Each cluster has one issuer, there while `status.oidcProviderUrl` is, with a key that is made
//! when it is first needed and lives as long as the sandbox, or as long as its state file where
//! there is one. Everything can be made wrong on demand, one thing at a time.

use super::answer::{Refusal, SandboxAnswer};
use super::defect::{DISCOVERY, Defect, KEYS};
use super::keys::IssuerKeys;
use super::world::{Call, World, nothing, parse_json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

/// How long tokens are valid if nobody says, in seconds.
const VALID: i64 = 3600;

/// Answers a request to an issuer.
pub(super) fn answer(
    world: &mut World,
    call: &Call<'_>,
    defect: Option<Defect>,
) -> Result<SandboxAnswer, Refusal> {
    if !matches!(call.method, "GET" | "HEAD") {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{} is not possible here", call.method),
        ));
    }
    let page = [DISCOVERY, KEYS]
        .into_iter()
        .find(|page| call.path.ends_with(page))
        .ok_or_else(|| nothing(call))?;
    let issuer = format!("{}{}", world.issuer, call.path.trim_end_matches(page));
    let exists = world
        .store
        .all(call.now)
        .iter()
        .any(|cluster| url(cluster) == Some(issuer.as_str()));
    if !exists {
        return Err(nothing(call));
    }
    let body = if page == KEYS {
        keys(&mut world.issuers, &issuer, defect)?
    } else {
        discovery(&issuer, defect)
    };
    Ok(SandboxAnswer::json(StatusCode::OK, body))
}

fn url(cluster: &Value) -> Option<&str> {
    cluster.pointer("/status/oidcProviderUrl")?.as_str()
}

fn discovery(issuer: &str, defect: Option<Defect>) -> Value {
    let named = match defect {
        Some(Defect::Issuer) => "https://issuer.example/other".to_owned(),
        Some(Defect::Slash) => format!("{issuer}/"),
        _ => issuer.to_owned(),
    };
    let keys = format!("{issuer}{KEYS}");
    let keys = match defect {
        Some(Defect::HttpKeys) => keys.replacen("https:", "http:", 1),
        _ => keys,
    };
    json!({
        "issuer": named,
        "jwks_uri": keys,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported":
            [if defect == Some(Defect::Hs256) { "HS256" } else { "ES256" }]
    })
}

fn keys(issuers: &mut IssuerKeys, issuer: &str, defect: Option<Defect>) -> Result<Value, Refusal> {
    let keys = match defect {
        Some(Defect::NoKeys) => Vec::new(),
        Some(Defect::OtherKeys) => vec![issuers.stray()?.public()],
        Some(Defect::Hs256) => vec![json!({
            "kty": "oct", "use": "sig", "alg": "HS256", "kid": issuers.key(issuer)?.id
        })],
        Some(Defect::SameIds) => {
            let key = issuers.key(issuer)?.public();
            vec![key.clone(), key]
        }
        _ => vec![issuers.key(issuer)?.public()],
    };
    Ok(json!({ "keys": keys }))
}

/// `POST /_sandbox/token`: a token of a service account.
///
/// `cluster` is needed. `serviceAccount` (`NAMESPACE:NAME`) and `audience` are those of the trust
/// policy of `addon` (`awsECR` if omitted), `expiresIn` is in seconds and may be negative. `issuer`
/// and `subject` replace the claims; `key` is `other` (an unpublished one, under the published id)
/// or `unknown` (likewise, under an id of its own); `algorithm` is `HS256` or `none`.
pub(super) fn mint(world: &mut World, call: &Call<'_>) -> Result<SandboxAnswer, Refusal> {
    if !world.has_issuers {
        return Err(Refusal::bad_request(
            "the sandbox has no issuers: it was started with --no-oidc",
        ));
    }
    let request = parse_json(call.body)?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let name = text("cluster")
        .ok_or_else(|| Refusal::bad_request("\"cluster\" is not allowed to be empty"))?;
    let cluster = world.store.get(name, call.now)?;
    let own = url(&cluster).ok_or_else(|| {
        Refusal::bad_request(format!(
            "cluster \"{name}\" has no issuer: awsWorkloadIdentity is off"
        ))
    })?;
    let key = text("addon").unwrap_or("awsECR");
    let wanted = TrustDemand::of(&cluster, key);
    let subject = match (text("subject"), text("serviceAccount")) {
        (Some(subject), _) => subject.to_owned(),
        (None, Some(account)) if account.split(':').filter(|it| !it.is_empty()).count() == 2 => {
            format!("system:serviceaccount:{account}")
        }
        (None, Some(account)) => {
            return Err(Refusal::bad_request(format!(
                "\"{account}\" is not a service account: NAMESPACE:NAME is needed"
            )));
        }
        (None, None) => wanted.subject.ok_or_else(|| {
            Refusal::bad_request(format!(
                "\"serviceAccount\" is needed: \"{name}\" has no trust policy of {key} to take it from"
            ))
        })?,
    };
    let audience = match request.get("audience") {
        None => json!([wanted.audience.as_deref().unwrap_or("sts.amazonaws.com")]),
        Some(Value::String(one)) => json!([one]),
        Some(other) => other.clone(),
    };
    let valid = request
        .get("expiresIn")
        .map_or(Some(VALID), Value::as_i64)
        .ok_or_else(|| Refusal::bad_request("\"expiresIn\" is not a whole number of seconds"))?;
    let now = call.now / 1000;
    // One that has expired was issued before it did.
    let issued = now.min(now + valid - 600);
    let mut claims = Map::new();
    claims.insert("aud".to_owned(), audience);
    claims.insert("exp".to_owned(), json!(now + valid));
    claims.insert("iat".to_owned(), json!(issued));
    claims.insert("iss".to_owned(), json!(text("issuer").unwrap_or(own)));
    claims.insert("jti".to_owned(), json!(call.request_id));
    if let Some((namespace, account)) = subject
        .strip_prefix("system:serviceaccount:")
        .and_then(|account| account.split_once(':'))
    {
        claims.insert(
            "kubernetes.io".to_owned(),
            json!({"namespace": namespace, "serviceaccount": {"name": account}}),
        );
    }
    claims.insert("nbf".to_owned(), json!(issued));
    claims.insert("sub".to_owned(), json!(subject));
    let signing = Signing::of(text("key"), text("algorithm"))?;
    let token = signing.token(&mut world.issuers, own, &Value::Object(claims))?;
    Ok(SandboxAnswer::json(
        StatusCode::CREATED,
        json!({"token": token, "subject": subject, "expires": now + valid}),
    ))
}

/// What a trust policy asks of a token.
#[derive(Debug, Default)]
struct TrustDemand {
    subject: Option<String>,
    audience: Option<String>,
}

impl TrustDemand {
    fn of(cluster: &Value, key: &str) -> Self {
        let mut wanted = Self::default();
        let policy = cluster.pointer(&format!("/status/addOns/{key}/trustPolicy"));
        let policy = match policy {
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            Some(policy) => policy.clone(),
            None => return wanted,
        };
        let conditions = policy.pointer("/Statement/0/Condition/StringEquals");
        for (name, value) in conditions.and_then(Value::as_object).into_iter().flatten() {
            let first = match value {
                Value::Array(items) => items.first().and_then(Value::as_str),
                value => value.as_str(),
            };
            let first = first.map(str::to_owned);
            if name.ends_with(":sub") {
                wanted.subject = first;
            } else if name.ends_with(":aud") {
                wanted.audience = first;
            }
        }
        wanted
    }
}

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signing {
    Right,
    /// With a key that is not published, under the id of the one that is.
    OtherKey,
    /// Likewise, under its own id.
    UnknownKey,
    Hs256,
    Nothing,
}

impl Signing {
    fn of(key: Option<&str>, algorithm: Option<&str>) -> Result<Self, Refusal> {
        match (key, algorithm) {
            (None, None | Some("ES256")) => Ok(Self::Right),
            (Some("other"), None) => Ok(Self::OtherKey),
            (Some("unknown"), None) => Ok(Self::UnknownKey),
            (None, Some("HS256")) => Ok(Self::Hs256),
            (None, Some("none")) => Ok(Self::Nothing),
            _ => Err(Refusal::bad_request(
                "\"key\" is `other` or `unknown`, \"algorithm\" is `HS256` or `none`, and not both",
            )),
        }
    }

    fn token(
        self,
        issuers: &mut IssuerKeys,
        issuer: &str,
        claims: &Value,
    ) -> Result<String, Refusal> {
        let mut id = issuers.key(issuer)?.id.clone();
        if self == Self::UnknownKey {
            id.clone_from(&issuers.stray()?.id);
        }
        let algorithm = match self {
            Self::Hs256 => "HS256",
            Self::Nothing => "none",
            _ => "ES256",
        };
        let header = json!({"alg": algorithm, "kid": id, "typ": "JWT"});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encode(&header), encode(claims));
        let signature = match self {
            Self::Nothing => Vec::new(),
            Self::Hs256 => {
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, id.as_bytes());
                ring::hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
            }
            Self::Right => issuers.key(issuer)?.sign(&text)?,
            Self::OtherKey | Self::UnknownKey => issuers.stray()?.sign(&text)?,
        };
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
