//! Our statements in a trust policy: put in, put again, taken out. Pure.
//!
//! A statement is ours by its Sid. Every other statement stays as it is, byte for byte and in its
//! place, however much it looks like ours.

use super::normal::{Listed, Principal, Statement};
use super::trust::{STATEMENT, label, statements};
use serde_json::{Map, Value};

/// The digit after the Sid of a statement that only lasts until the add-on publishes its own.
pub(crate) const INTERIM: &str = "0";

/// The version of documents that are made here.
const VERSION: &str = "2012-10-17";

/// A new document with the template's statements under our Sids.
pub(crate) fn fresh(template: &Value, sid: &str) -> Value {
    let mut document = Map::new();
    document.insert("Version".to_owned(), Value::from(VERSION));
    document.insert(STATEMENT.to_owned(), Value::Array(ours(template, sid)));
    Value::Object(document)
}

/// The document with the template's statements as ours: in the place of those that are there
/// already, else at the end. Version, Id and every foreign statement are kept.
pub(crate) fn merge(existing: &Value, template: &Value, sid: &str) -> Value {
    let mut fresh = ours(template, sid)
        .into_iter()
        .collect::<std::collections::VecDeque<_>>();
    let mut list = Vec::new();
    for statement in statements(existing) {
        if !is_ours(statement, sid) {
            list.push(statement.clone());
        } else if let Some(next) = fresh.pop_front() {
            list.push(next);
        }
    }
    list.extend(fresh);
    with_statements(existing, list)
}

/// What taking our statements out leaves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Removal {
    /// The document without ours; `None` if no statement would be left, which IAM does not take.
    pub(crate) document: Option<Value>,
    /// The Sids that were taken out.
    pub(crate) removed: Vec<String>,
    /// Statements with our Sid that name another provider than this cluster's, and stay.
    pub(crate) other_provider: Vec<String>,
    /// Statements that say what the template says but were made by hand, and stay.
    pub(crate) by_hand: Vec<String>,
}

/// Takes our statements out: those with our Sid that name `provider`, the ARN of the cluster's
/// OIDC provider, or no provider at all. Without `provider` the Sid decides alone.
pub(crate) fn remove(
    existing: &Value,
    template: Option<&Value>,
    sid: &str,
    provider: Option<&str>,
) -> Removal {
    let wanted: Vec<Statement> = template
        .map(|template| {
            statements(template)
                .into_iter()
                .map(Statement::new)
                .collect()
        })
        .unwrap_or_default();
    let mut removal = Removal {
        document: None,
        removed: Vec::new(),
        other_provider: Vec::new(),
        by_hand: Vec::new(),
    };
    let mut list = Vec::new();
    for (index, statement) in statements(existing).into_iter().enumerate() {
        if is_ours(statement, sid) {
            if names_other_provider(statement, provider) {
                removal.other_provider.push(label(statement, index));
            } else {
                removal.removed.push(label(statement, index));
                continue;
            }
        } else if wanted.contains(&Statement::new(statement)) {
            removal.by_hand.push(label(statement, index));
        }
        list.push(statement.clone());
    }
    if !list.is_empty() {
        removal.document = Some(with_statements(existing, list));
    }
    removal
}

/// Whether a statement carries our Sid: `sid` itself, or followed by a number.
pub(crate) fn is_ours(statement: &Value, sid: &str) -> bool {
    statement
        .get("Sid")
        .and_then(Value::as_str)
        .and_then(|found| found.strip_prefix(sid))
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether one of our statements only stands in until the add-on publishes its own.
pub(crate) fn has_interim(document: &Value, sid: &str) -> bool {
    let interim = format!("{sid}{INTERIM}");
    statements(document)
        .into_iter()
        .any(|statement| is_ours(statement, &interim))
}

/// The statements that are not ours, as they stand.
pub(crate) fn foreign<'a>(document: &'a Value, sid: &str) -> Vec<&'a Value> {
    statements(document)
        .into_iter()
        .filter(|statement| !is_ours(statement, sid))
        .collect()
}

/// The OIDC providers that our statements name.
pub(crate) fn providers_of_ours(document: &Value, sid: &str) -> Vec<String> {
    statements(document)
        .into_iter()
        .filter(|statement| is_ours(statement, sid))
        .flat_map(federated)
        .collect()
}

/// Whether any statement, of any effect, names the OIDC provider.
pub(crate) fn names_provider(document: &Value, provider: &str) -> bool {
    statements(document)
        .into_iter()
        .any(|statement| federated(statement).iter().any(|found| found == provider))
}

fn names_other_provider(statement: &Value, provider: Option<&str>) -> bool {
    let named = federated(statement);
    provider
        .is_some_and(|provider| !named.is_empty() && !named.iter().any(|found| found == provider))
}

fn federated(statement: &Value) -> Vec<String> {
    let (Listed::These(principals) | Listed::AllBut(principals)) =
        Statement::new(statement).principals;
    principals
        .into_iter()
        .filter_map(|principal| match principal {
            Principal::Other(kind, value) if kind == "Federated" => Some(value),
            _ => None,
        })
        .collect()
}

/// The template's statements with our Sids: `sid`, then `sid2`, `sid3`, ….
fn ours(template: &Value, sid: &str) -> Vec<Value> {
    statements(template)
        .into_iter()
        .enumerate()
        .map(|(index, statement)| {
            let sid = match index {
                0 => sid.to_owned(),
                more => format!("{sid}{}", more + 1),
            };
            let mut named = Map::new();
            named.insert("Sid".to_owned(), Value::String(sid));
            for (key, value) in statement.as_object().into_iter().flatten() {
                if key != "Sid" {
                    named.insert(key.clone(), value.clone());
                }
            }
            Value::Object(named)
        })
        .collect()
}

fn with_statements(existing: &Value, list: Vec<Value>) -> Value {
    let mut document = existing.as_object().cloned().unwrap_or_default();
    if document.is_empty() {
        document.insert("Version".to_owned(), Value::from(VERSION));
    }
    document.insert(STATEMENT.to_owned(), Value::Array(list));
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SID: &str = "Mk8sEcr0123456789";
    const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/h.example";

    fn template() -> Value {
        json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "FromCluster",
            "Effect": "Allow",
            "Principal": {"Federated": PROVIDER},
            "Action": "sts:AssumeRoleWithWebIdentity"
        }]})
    }

    fn foreign_statement(sid: &str) -> Value {
        json!({"Sid": sid, "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    }

    #[test]
    fn a_new_document_holds_the_template_under_our_sid() {
        assert_eq!(
            fresh(&template(), SID).to_string(),
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"{SID}","Effect":"Allow","Principal":{{"Federated":"{PROVIDER}"}},"Action":"sts:AssumeRoleWithWebIdentity"}}]}}"#
            )
        );
    }

    #[test]
    fn ours_is_appended_then_replaced_in_place() {
        let existing =
            json!({"Version": "2008-10-17", "Id": "x", "Statement": foreign_statement("A")});
        let once = merge(&existing, &template(), SID);
        assert_eq!(once["Version"], "2008-10-17");
        assert_eq!(once["Id"], "x");
        assert_eq!(once["Statement"][0], foreign_statement("A"));
        assert_eq!(once["Statement"][1]["Sid"], SID);

        let mut older = once.clone();
        older["Statement"][1]["Action"] = json!("sts:Old");
        older["Statement"]
            .as_array_mut()
            .unwrap()
            .push(foreign_statement("B"));
        let again = merge(&older, &template(), SID);
        assert_eq!(again["Statement"][1], once["Statement"][1]);
        assert_eq!(again["Statement"][2], foreign_statement("B"));
        assert_eq!(again["Statement"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn several_statements_are_numbered_and_surplus_ones_go() {
        let mut two = template();
        let second = two["Statement"][0].clone();
        two["Statement"].as_array_mut().unwrap().push(second);
        let document = merge(&json!({}), &two, SID);
        assert_eq!(document["Version"], "2012-10-17");
        assert_eq!(document["Statement"][1]["Sid"], format!("{SID}2"));
        let one = merge(&document, &template(), SID);
        assert_eq!(one["Statement"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn only_our_sid_of_this_cluster_is_ours() {
        for (sid, yes) in [
            (json!(SID), true),
            (json!(format!("{SID}2")), true),
            (json!(format!("{SID}x")), false),
            (json!("Mk8sEcr0123456788"), false),
            (json!(null), false),
        ] {
            assert_eq!(is_ours(&json!({"Sid": sid}), SID), yes, "{sid}");
        }
    }

    #[test]
    fn removal_leaves_foreign_statements_and_tells_about_look_alikes() {
        let mut existing = merge(
            &json!({"Version": "2012-10-17", "Statement": [foreign_statement("A")]}),
            &template(),
            SID,
        );
        let by_hand = template()["Statement"][0].clone();
        existing["Statement"].as_array_mut().unwrap().push(by_hand);
        let removal = remove(&existing, Some(&template()), SID, Some(PROVIDER));
        assert_eq!(removal.removed, [SID]);
        assert_eq!(removal.by_hand, ["FromCluster"]);
        let left = removal.document.unwrap();
        assert_eq!(left["Statement"].as_array().unwrap().len(), 2);

        let other = remove(
            &existing,
            None,
            SID,
            Some("arn:aws:iam::111122223333:oidc-provider/other"),
        );
        assert_eq!(other.removed, Vec::<String>::new());
        assert_eq!(other.other_provider, [SID]);
        assert_eq!(other.document.unwrap(), existing);
    }

    #[test]
    fn nothing_left_is_no_document() {
        let removal = remove(&fresh(&template(), SID), None, SID, None);
        assert_eq!(removal.document, None);
        assert_eq!(removal.removed, [SID]);
    }

    #[test]
    fn providers_are_found_where_they_are_named() {
        let document = fresh(&template(), SID);
        assert_eq!(providers_of_ours(&document, SID), [PROVIDER]);
        assert!(names_provider(&document, PROVIDER));
        assert!(!names_provider(
            &document,
            "arn:aws:iam::111122223333:oidc-provider/h.example/"
        ));
    }
}
