//! Who else uses a role, and whether they need a policy that `mk8s` attached to it. Pure.
//!
//! Whoever an Allow statement of the trust policy lets in, and no Deny keeps out, uses the role, and
//! so does a cluster whose tag it carries. They need every policy that is on it, but for one case: statements that stood in
//! a role of others before we attached a policy did without it. Those are written down in a tag when
//! we attach; without that tag, or once such a statement has changed, it counts as one that needs
//! the policy.

use super::iam::Role;
use super::merge::is_ours;
use super::name::{LONGEST_TAG, Tags, hash, other_clusters, without_tag};
use super::quotable;
use super::trust::{self, label, statements};
use super::who::{HomeCluster, LetIn};
use crate::addon::AddonSide;
use crate::arn::RoleArn;
use serde_json::{Map, Value};

/// How many hexadecimal digits stand for a statement in a tag.
const DIGITS: usize = 10;

/// Whose look at the role it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnRole {
    /// The add-on.
    pub(crate) side: AddonSide,
    /// The Sid of the cluster's statements.
    pub(crate) sid: String,
    /// The key of the tag that marks them.
    pub(crate) tag: String,
}

/// Who but this cluster needs a policy of the role, one phrase each: `acme/prod`, `statement Nodes of
/// its trust policy`. `now` is in seconds since 1970: a policy may speak of the time.
pub(crate) fn needing(
    role: &Role,
    trust: &Value,
    whose: &OwnRole,
    policy: &str,
    now: i64,
) -> Vec<String> {
    let mut found = other_clusters(&role.tags, &whose.tag);
    // A statement of another cluster of ours goes by the name of that cluster.
    let named = !found.is_empty();
    let without = role.tags.get(&without_tag(policy));
    let arn: Option<RoleArn> = role.arn.parse().ok();
    let home = HomeCluster {
        cluster: "",
        issuer: None,
        account: arn.as_ref().map_or("", |arn| arn.account().as_str()),
        partition: arn.as_ref().map_or("aws", RoleArn::partition),
        published: None,
        now,
    };
    for (index, statement) in statements(trust).into_iter().enumerate() {
        let name = label(statement, index);
        if !is_allow(statement)
            || is_ours(statement, &whose.sid)
            || LetIn::of_statement(trust, index, &home).is_nobody()
            || (named && name.starts_with(whose.side.aws.sid))
            || without.is_some_and(|list| list.split(' ').any(|it| it == mark(statement)))
        {
            continue;
        }
        found.push(format!("{} of its trust policy", trust::titled(&name)));
    }
    found
}

/// Statements that are not this cluster's, counted: those of other clusters of `mk8s` by their names, as
/// the tags of the role have them. `ours` is the key of the tag that marks this cluster's.
pub(crate) fn of_others<'a>(
    list: impl IntoIterator<Item = &'a Value>,
    tags: &Tags,
    side: AddonSide,
    ours: &str,
) -> String {
    let (clusters, others): (Vec<&Value>, Vec<&Value>) =
        list.into_iter().partition(|it| is_of_cluster(it, side));
    let named: Vec<String> = other_clusters(tags, ours)
        .iter()
        .map(|it| quotable(it))
        .collect();
    let named = match named.as_slice() {
        [] => "other clusters".to_owned(),
        named => named.join(", "),
    };
    match (clusters.len(), others.len()) {
        (0, others) => format!("{others} of others"),
        (clusters, 0) => format!("{clusters} of {named}"),
        (clusters, others) => format!("{clusters} of {named} and {others} of others"),
    }
}

/// The tag that says which statements of others did without a policy before we attached it: key and
/// value; `None` if there is none, or the trust policy cannot be read.
pub(crate) fn those_without(
    role: &Role,
    side: AddonSide,
    policy: &str,
) -> Option<(String, String)> {
    let trust = trust::parse_text(&role.trust).ok()?;
    let mut value = String::new();
    for statement in statements(&trust) {
        if !is_allow(statement) || is_of_cluster(statement, side) {
            continue;
        }
        // Those that find no room count as needing it.
        if value.len() + DIGITS + 1 > LONGEST_TAG {
            break;
        }
        if !value.is_empty() {
            value.push(' ');
        }
        value.push_str(&mark(statement));
    }
    (!value.is_empty()).then(|| (without_tag(policy), value))
}

/// Whether a statement is that of a cluster, whichever, by its Sid.
pub(crate) fn is_of_cluster(statement: &Value, side: AddonSide) -> bool {
    let sid = statement.get("Sid").and_then(Value::as_str);
    sid.is_some_and(|sid| sid.starts_with(side.aws.sid))
}

fn is_allow(statement: &Value) -> bool {
    statement.get("Effect").and_then(Value::as_str) != Some("Deny")
}

/// What stands for a statement in a tag, whatever the order of its keys.
fn mark(statement: &Value) -> String {
    hash(&sorted(statement).to_string(), DIGITS)
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            let fields = keys.into_iter().map(|key| (key.clone(), sorted(&map[key])));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::sides::ecr;
    use serde_json::json;

    const POLICY: &str = "arn:aws:iam::aws:policy/ReadOnly";

    fn whose() -> OwnRole {
        OwnRole {
            side: ecr(),
            sid: "Mk8sEcr0000000000".to_owned(),
            tag: "mk8s.cpln/cluster/acme/prod".to_owned(),
        }
    }

    fn role(statements: &Value) -> Role {
        Role {
            arn: "arn:aws:iam::111122223333:role/shared".to_owned(),
            trust: json!({"Statement": statements}).to_string(),
            ..Role::default()
        }
    }

    fn users(role: &Role) -> Vec<String> {
        let trust = trust::parse_text(&role.trust).unwrap();
        needing(role, &trust, &whose(), POLICY, 0)
    }

    #[test]
    fn whoever_is_let_in_needs_what_is_attached() {
        let nodes = json!({"Sid": "Nodes", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
        let nameless = json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"});
        let ours = json!({"Sid": "Mk8sEcr0000000000", "Effect": "Allow"});
        let others = json!({"Sid": "Mk8sEcr1111111111", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example/c2"}});
        let deny = json!({"Sid": "Never", "Effect": "Deny", "Principal": "*", "Action": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
        assert_eq!(users(&role(&json!([ours, deny]))), [""; 0]);
        assert_eq!(users(&role(&ours)), [""; 0]);
        let mut shared = role(&json!([ours, nodes, nameless, others, deny]));
        assert_eq!(
            users(&shared),
            [
                "statement Nodes of its trust policy",
                "statement 3 of its trust policy",
                "statement Mk8sEcr1111111111 of its trust policy"
            ]
        );
        for cluster in ["prod", "west"] {
            let key = format!("mk8s.cpln/cluster/acme/{cluster}");
            shared.tags.insert(key, "awsECR".to_owned());
        }
        assert_eq!(
            users(&shared),
            [
                "acme/west",
                "statement Nodes of its trust policy",
                "statement 3 of its trust policy"
            ]
        );
    }

    #[test]
    fn whom_a_deny_keeps_out_is_no_user() {
        let nodes = json!({"Sid": "Nodes", "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"}});
        let people = json!({"Sid": "People", "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": "444455556666"}});
        let deny = |condition: &Value| {
            json!({"Effect": "Deny", "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole", "Condition": condition})
        };
        let shut = role(&json!([nodes, people, deny(&json!({}))]));
        assert_eq!(users(&shut), ["statement People of its trust policy"]);
        // One that may let somebody in leaves a user.
        let address = json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
        let guarded = role(&json!([nodes, deny(&address)]));
        assert_eq!(users(&guarded), ["statement Nodes of its trust policy"]);
    }

    #[test]
    fn those_who_did_without_a_policy_are_written_down() {
        let nodes = json!({"Sid": "Nodes", "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
        let cluster = json!({"Sid": "Mk8sEcr1111111111", "Effect": "Allow"});
        let before = role(&json!([nodes, cluster, {"Effect": "Deny"}]));
        let (key, value) = those_without(&before, ecr(), POLICY).unwrap();
        assert_eq!(
            (key.as_str(), value.len()),
            ("mk8s.cpln/without/ReadOnly", DIGITS)
        );
        assert_eq!(those_without(&role(&json!([cluster])), ecr(), POLICY), None);

        // In another order of its keys it is the same statement, with another word it is not.
        let turned = json!({"Principal": {"Service": "ec2.amazonaws.com"}, "Effect": "Allow", "Action": "sts:AssumeRole", "Sid": "Nodes"});
        let mut after = role(&json!([turned]));
        after.tags.insert(key.clone(), value.clone());
        assert_eq!(users(&after), [""; 0]);
        let added = json!({"Sid": "Later", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"});
        let changed = json!({"Sid": "Nodes", "Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"});
        let mut after = role(&json!([changed, added]));
        after.tags.insert(key, value);
        assert_eq!(users(&after).len(), 2);

        let many: Vec<Value> = (0..40)
            .map(|at| json!({"Sid": format!("S{at}"), "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}))
            .collect();
        let mut full = role(&json!(many));
        let (key, value) = those_without(&full, ecr(), POLICY).unwrap();
        assert!(value.len() <= 256, "{value}");
        full.tags.insert(key, value);
        assert_eq!(users(&full).len(), 17);
    }
}
