//! IAM in memory, for tests: strict where AWS is, slow to show writes if told so, and failing where
//! told to.

use super::iam::{
    AwsFailure, Caller, Cause, Iam, IamAnswer, NewProvider, NewRole, OidcProvider, Role,
};
use super::name::Tags;
use super::target::tests::caller;
use super::trust;
use crate::consent::Permit;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

/// What IAM holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FakeContent {
    pub(crate) providers: BTreeMap<String, OidcProvider>,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) attached: BTreeMap<String, BTreeSet<String>>,
    pub(crate) inline: BTreeMap<String, BTreeMap<String, Value>>,
    pub(crate) policies: BTreeMap<String, Value>,
    pub(crate) profiles: BTreeMap<String, Vec<String>>,
}

/// A failure to come.
#[derive(Debug, Clone)]
pub(crate) struct FakeFault {
    pub(crate) action: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    /// How many times.
    pub(crate) times: usize,
    /// Whether the work is done before the failure is answered.
    pub(crate) after: bool,
}

impl FakeFault {
    pub(crate) fn new(action: &'static str, code: &'static str) -> Self {
        Self {
            action,
            code,
            message: "told to fail",
            times: 1,
            after: false,
        }
    }

    pub(crate) fn always(action: &'static str, code: &'static str) -> Self {
        Self {
            times: usize::MAX,
            ..Self::new(action, code)
        }
    }
}

/// When everything ends: at this call, before or after it is carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FakeEnd {
    pub(crate) call: usize,
    pub(crate) after: bool,
}

#[derive(Debug)]
pub(crate) struct FakeIam {
    pub(crate) caller: Caller,
    pub(crate) now: RefCell<FakeContent>,
    pub(crate) shown: RefCell<FakeContent>,
    /// How many reads after a write still see what was before.
    pub(crate) lag: Cell<usize>,
    lag_left: Cell<usize>,
    pub(crate) faults: RefCell<Vec<FakeFault>>,
    pub(crate) cut: Cell<Option<FakeEnd>>,
    pub(crate) log: RefCell<Vec<&'static str>>,
    pub(crate) quota: Cell<usize>,
    /// Another writer who started from an older document: after the first read that follows a
    /// change of a trust policy, every role gets this one.
    pub(crate) overwrite: RefCell<Option<Value>>,
}

const WRITES: [&str; 11] = [
    "iam:CreateOpenIDConnectProvider",
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:UpdateOpenIDConnectProviderThumbprint",
    "iam:DeleteOpenIDConnectProvider",
    "iam:CreateRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
    "iam:DeleteRole",
    "iam:TagRole",
    "iam:UntagRole",
];

impl FakeIam {
    pub(crate) fn new(account: &str, partition: &str) -> Self {
        let mut content = FakeContent::default();
        for name in [
            "AmazonEC2ContainerRegistryReadOnly",
            "AmazonEC2ContainerRegistryPullOnly",
        ] {
            content.policies.insert(
                format!("arn:{partition}:iam::aws:policy/{name}"),
                json!({"Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}}),
            );
        }
        Self {
            caller: caller(account, partition),
            shown: RefCell::new(content.clone()),
            now: RefCell::new(content),
            lag: Cell::new(0),
            lag_left: Cell::new(0),
            faults: RefCell::new(Vec::new()),
            cut: Cell::new(None),
            log: RefCell::new(Vec::new()),
            quota: Cell::new(2048),
            overwrite: RefCell::new(None),
        }
    }

    /// The writes so far.
    pub(crate) fn writes(&self) -> Vec<&'static str> {
        let log = self.log.borrow();
        log.iter()
            .copied()
            .filter(|it| WRITES.contains(it))
            .collect()
    }

    pub(crate) fn role_named(&self, name: &str) -> Option<Role> {
        self.now
            .borrow()
            .roles
            .get(&name.to_ascii_lowercase())
            .cloned()
    }

    pub(crate) fn trust_of(&self, name: &str) -> Value {
        serde_json::from_str(&self.role_named(name).expect("the role exists").trust).unwrap()
    }

    /// A role that somebody else made.
    pub(crate) fn add_role(&self, path: &str, name: &str, trust: &Value) {
        let role = Role {
            arn: format!(
                "arn:{}:iam::{}:role{path}{name}",
                self.caller.partition, self.caller.account
            ),
            name: name.to_owned(),
            trust: trust.to_string(),
            tags: Tags::new(),
            boundary: None,
            max_session: Some(3600),
            last_used: None,
        };
        self.change(|content| content.roles.insert(name.to_ascii_lowercase(), role));
    }

    /// Changes the content at once, without a call.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut FakeContent) -> T) -> T {
        let out = change(&mut self.now.borrow_mut());
        *self.shown.borrow_mut() = self.now.borrow().clone();
        out
    }

    fn dead(action: &'static str) -> AwsFailure {
        AwsFailure {
            action,
            cause: Cause::Unreachable,
            message: "the process was killed".to_owned(),
            ..AwsFailure::default()
        }
    }

    fn code(action: &'static str, code: &str, message: &str) -> AwsFailure {
        AwsFailure {
            action,
            cause: Cause::Code(code.to_owned()),
            message: message.to_owned(),
            request_id: Some("request-1".to_owned()),
            ..AwsFailure::default()
        }
    }

    fn fault(&self, action: &'static str, after: bool) -> Option<AwsFailure> {
        let mut faults = self.faults.borrow_mut();
        let fault = faults
            .iter_mut()
            .find(|fault| fault.action == action && fault.times > 0 && fault.after == after)?;
        fault.times -= 1;
        Some(Self::code(action, fault.code, fault.message))
    }

    /// Whether the process lives through this call, before (`false`) or after it.
    fn alive(&self, action: &'static str, after: bool) -> IamAnswer<()> {
        let calls = self.log.borrow().len();
        match self.cut.get() {
            Some(cut) if calls > cut.call => Err(Self::dead(action)),
            Some(cut) if calls == cut.call && cut.after == after => Err(Self::dead(action)),
            _ => Ok(()),
        }
    }

    async fn call<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&mut FakeContent) -> Result<T, (&'static str, &'static str)>,
    ) -> IamAnswer<T> {
        tokio::task::yield_now().await;
        self.log.borrow_mut().push(action);
        self.alive(action, false)?;
        if let Some(failure) = self.fault(action, false) {
            return Err(failure);
        }
        let writes = WRITES.contains(&action);
        let answer = if writes {
            let before = self.now.borrow().clone();
            let answer = work(&mut self.now.borrow_mut());
            if self.lag.get() > 0 && self.lag_left.get() == 0 {
                *self.shown.borrow_mut() = before;
            }
            self.lag_left.set(self.lag.get());
            answer
        } else {
            if self.lag_left.get() == 0 {
                *self.shown.borrow_mut() = self.now.borrow().clone();
            }
            self.lag_left.set(self.lag_left.get().saturating_sub(1));
            work(&mut self.shown.borrow_mut())
        };
        self.alive(action, true)?;
        if let Some(failure) = self.fault(action, true) {
            return Err(failure);
        }
        answer.map_err(|(code, message)| Self::code(action, code, message))
    }
}

const NO_SUCH: (&str, &str) = ("NoSuchEntity", "not found");

fn check_trust(document: &Value, quota: usize) -> Result<(), (&'static str, &'static str)> {
    if trust::size(document) > quota {
        return Err((
            "LimitExceeded",
            "Cannot exceed quota for ACLSizePerRole: 2048",
        ));
    }
    let statements = trust::statements(document);
    let mut sids = BTreeSet::new();
    for statement in &statements {
        if let Some(sid) = statement.get("Sid").and_then(Value::as_str)
            && (!sid.bytes().all(|b| b.is_ascii_alphanumeric()) || !sids.insert(sid.to_owned()))
        {
            return Err(("MalformedPolicyDocument", "Statement IDs (SID) are wrong"));
        }
    }
    if statements.is_empty() {
        return Err(("MalformedPolicyDocument", "Syntax errors in policy."));
    }
    Ok(())
}

impl Iam for FakeIam {
    async fn caller(&self) -> IamAnswer<Caller> {
        let caller = self.caller.clone();
        self.call("sts:GetCallerIdentity", |_| Ok(caller)).await
    }

    async fn provider(&self, arn: &str) -> IamAnswer<Option<OidcProvider>> {
        self.call("iam:GetOpenIDConnectProvider", |content| {
            Ok(content.providers.get(arn).cloned())
        })
        .await
    }

    async fn providers(&self) -> IamAnswer<Vec<String>> {
        self.call("iam:ListOpenIDConnectProviders", |content| {
            Ok(content.providers.keys().cloned().collect())
        })
        .await
    }

    async fn role(&self, name: &str) -> IamAnswer<Option<Role>> {
        let answer = self
            .call("iam:GetRole", |content| {
                Ok(content.roles.get(&name.to_ascii_lowercase()).cloned())
            })
            .await;
        if self.writes().contains(&"iam:UpdateAssumeRolePolicy")
            && let Some(text) = self.overwrite.take()
        {
            self.change(|content| {
                for role in content.roles.values_mut() {
                    role.trust = text.to_string();
                }
            });
        }
        answer
    }

    async fn roles(&self) -> IamAnswer<Vec<(String, String)>> {
        self.call("iam:ListRoles", |content| {
            let roles = content.roles.values();
            Ok(roles
                .map(|role| (role.arn.clone(), role.trust.clone()))
                .collect())
        })
        .await
    }

    async fn attached(&self, role: &str) -> IamAnswer<Option<Vec<String>>> {
        let role = role.to_ascii_lowercase();
        self.call("iam:ListAttachedRolePolicies", |content| {
            let list = content.attached.get(&role);
            let list = list.map_or_else(Vec::new, |list| list.iter().cloned().collect());
            Ok(content.roles.contains_key(&role).then_some(list))
        })
        .await
    }

    async fn inline(&self, role: &str) -> IamAnswer<Option<Vec<String>>> {
        let role = role.to_ascii_lowercase();
        self.call("iam:ListRolePolicies", |content| {
            let list = content.inline.get(&role);
            let list = list.map_or_else(Vec::new, |list| list.keys().cloned().collect());
            Ok(content.roles.contains_key(&role).then_some(list))
        })
        .await
    }

    async fn inline_policy(&self, role: &str, policy: &str) -> IamAnswer<Option<String>> {
        self.call("iam:GetRolePolicy", |content| {
            let list = content.inline.get(&role.to_ascii_lowercase());
            Ok(list.and_then(|list| list.get(policy)).map(Value::to_string))
        })
        .await
    }

    async fn instance_profiles(&self, role: &str) -> IamAnswer<Vec<String>> {
        self.call("iam:ListInstanceProfilesForRole", |content| {
            Ok(content.profiles.get(role).cloned().unwrap_or_default())
        })
        .await
    }

    async fn policy(&self, arn: &str) -> IamAnswer<Option<String>> {
        self.call("iam:GetPolicy", |content| {
            Ok(content.policies.get(arn).map(|_| "v1".to_owned()))
        })
        .await
    }

    async fn policy_text(&self, arn: &str, _version: &str) -> IamAnswer<Option<String>> {
        self.call("iam:GetPolicyVersion", |content| {
            Ok(content.policies.get(arn).map(Value::to_string))
        })
        .await
    }

    async fn trust_quota(&self) -> IamAnswer<Option<usize>> {
        let quota = self.quota.get();
        self.call("iam:GetAccountSummary", |_| Ok(Some(quota)))
            .await
    }

    async fn create_provider(&self, provider: &NewProvider, _permit: &Permit) -> IamAnswer<()> {
        let arn = format!(
            "arn:{}:iam::{}:oidc-provider/{}",
            self.caller.partition,
            self.caller.account,
            provider.url.trim_start_matches("https://")
        );
        self.call("iam:CreateOpenIDConnectProvider", |content| {
            if content.providers.contains_key(&arn) {
                return Err(("EntityAlreadyExists", "Provider with url already exists"));
            }
            let made = OidcProvider {
                client_ids: vec![provider.audience.clone()],
                thumbprints: provider.thumbprint.iter().cloned().collect(),
                tags: provider.tags.clone(),
            };
            content.providers.insert(arn, made);
            Ok(())
        })
        .await
    }

    async fn add_audience(&self, arn: &str, audience: &str, _permit: &Permit) -> IamAnswer<()> {
        self.call("iam:AddClientIDToOpenIDConnectProvider", |content| {
            let provider = content.providers.get_mut(arn).ok_or(NO_SUCH)?;
            if !provider.client_ids.iter().any(|it| it == audience) {
                provider.client_ids.push(audience.to_owned());
            }
            Ok(())
        })
        .await
    }

    async fn set_thumbprints(&self, arn: &str, list: &[String], _permit: &Permit) -> IamAnswer<()> {
        self.call("iam:UpdateOpenIDConnectProviderThumbprint", |content| {
            let provider = content.providers.get_mut(arn).ok_or(NO_SUCH)?;
            if list.is_empty() || list.len() > 5 {
                return Err(("ValidationError", "1 to 5 thumbprints are taken"));
            }
            provider.thumbprints = list.to_vec();
            Ok(())
        })
        .await
    }

    async fn delete_provider(&self, arn: &str, _permit: &Permit) -> IamAnswer<()> {
        self.call("iam:DeleteOpenIDConnectProvider", |content| {
            content.providers.remove(arn).map(|_| ()).ok_or(NO_SUCH)
        })
        .await
    }

    async fn create_role(&self, role: &NewRole, _permit: &Permit) -> IamAnswer<()> {
        let quota = self.quota.get();
        self.call("iam:CreateRole", |content| {
            let key = role.name.to_ascii_lowercase();
            if content.roles.contains_key(&key) {
                return Err(("EntityAlreadyExists", "Role already exists"));
            }
            check_trust(&role.trust, quota)?;
            let made = Role {
                arn: role.arn.clone(),
                name: role.name.clone(),
                trust: role.trust.to_string(),
                tags: role.tags.clone(),
                boundary: role.boundary.clone(),
                max_session: role.max_session.or(Some(3600)),
                last_used: None,
            };
            content.roles.insert(key, made);
            Ok(())
        })
        .await
    }

    async fn set_trust(&self, role: &str, document: &str, _permit: &Permit) -> IamAnswer<()> {
        let quota = self.quota.get();
        self.call("iam:UpdateAssumeRolePolicy", |content| {
            let role = content
                .roles
                .get_mut(&role.to_ascii_lowercase())
                .ok_or(NO_SUCH)?;
            let parsed = serde_json::from_str(document)
                .map_err(|_| ("MalformedPolicyDocument", "not JSON"))?;
            check_trust(&parsed, quota)?;
            document.clone_into(&mut role.trust);
            Ok(())
        })
        .await
    }

    async fn attach(&self, role: &str, policy: &str, _permit: &Permit) -> IamAnswer<()> {
        self.call("iam:AttachRolePolicy", |content| {
            let key = role.to_ascii_lowercase();
            if !content.roles.contains_key(&key) || !content.policies.contains_key(policy) {
                return Err(NO_SUCH);
            }
            content
                .attached
                .entry(key)
                .or_default()
                .insert(policy.to_owned());
            Ok(())
        })
        .await
    }

    async fn detach(&self, role: &str, policy: &str, _permit: &Permit) -> IamAnswer<()> {
        self.call("iam:DetachRolePolicy", |content| {
            let list = content
                .attached
                .get_mut(&role.to_ascii_lowercase())
                .ok_or(NO_SUCH)?;
            if list.remove(policy) {
                Ok(())
            } else {
                Err(NO_SUCH)
            }
        })
        .await
    }

    async fn delete_role(&self, role: &str, _permit: &Permit) -> IamAnswer<()> {
        self.call("iam:DeleteRole", |content| {
            let key = role.to_ascii_lowercase();
            let is_used = content
                .attached
                .get(&key)
                .is_some_and(|list| !list.is_empty())
                || content
                    .inline
                    .get(&key)
                    .is_some_and(|list| !list.is_empty());
            if is_used {
                return Err(("DeleteConflict", "must detach all policies first"));
            }
            content.attached.remove(&key);
            content.roles.remove(&key).map(|_| ()).ok_or(NO_SUCH)
        })
        .await
    }

    async fn tag_role(&self, role: &str, tags: &Tags, _permit: &Permit) -> IamAnswer<()> {
        self.call("iam:TagRole", |content| {
            let role = content
                .roles
                .get_mut(&role.to_ascii_lowercase())
                .ok_or(NO_SUCH)?;
            role.tags.extend(tags.clone());
            Ok(())
        })
        .await
    }

    async fn untag_role(&self, role: &str, keys: &[String], _permit: &Permit) -> IamAnswer<()> {
        self.call("iam:UntagRole", |content| {
            let role = content
                .roles
                .get_mut(&role.to_ascii_lowercase())
                .ok_or(NO_SUCH)?;
            role.tags.retain(|key, _| !keys.contains(key));
            Ok(())
        })
        .await
    }
}
