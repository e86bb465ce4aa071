//! The trust policy that a cluster publishes, made fit for one account. Pure.
//!
//! A cluster outside AWS cannot know the account, so the published document may hold a placeholder
//! or another account. Only `Principal.Federated` is rewritten; whatever else is left open is a
//! finding, never a guess.

use super::quotable;
use super::trust::STATEMENT;
use crate::arn::AccountId;
use serde_json::Value;

/// A template with its account set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filled {
    /// The document, with the key order of the template.
    pub(crate) document: Value,
    /// What stood where the account, or the partition, is now: each text once, raw as it was.
    pub(crate) replaced: Vec<String>,
}

/// Sets the account, and the partition if one is given, of every OIDC provider in
/// `Principal.Federated`.
///
/// Provider and role must share an account, so this is done even where twelve other digits stand.
/// A value that is not the ARN of an OIDC provider stays; [`placeholders`] finds it.
pub(crate) fn fill_account(
    template: &Value,
    account: &AccountId,
    partition: Option<&str>,
) -> Filled {
    let mut document = template.clone();
    let mut replaced = Vec::new();
    for statement in statements_mut(&mut document) {
        let Some(federated) = statement.pointer_mut("/Principal/Federated") else {
            continue;
        };
        for value in strings_mut(federated) {
            let Some(provider) = ProviderArn::split(value) else {
                continue;
            };
            let partition = partition.unwrap_or(provider.partition);
            for (before, after) in [
                (provider.partition, partition),
                (provider.account, account.as_str()),
            ] {
                if before != after && !replaced.iter().any(|known| known == before) {
                    replaced.push(before.to_owned());
                }
            }
            *value = format!(
                "arn:{partition}:iam::{account}:oidc-provider/{}",
                provider.issuer
            );
        }
    }
    Filled { document, replaced }
}

/// What is still open in a document: `<…>`, `${…}` or `{{…}}` in any key or value, and an account
/// in `Principal.Federated` that is not twelve digits.
///
/// Each finding is a phrase that names the field, without a full stop; empty means complete.
pub(crate) fn placeholders(document: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    walk(document, &mut String::new(), &mut |path, text| {
        if let Some(open) = placeholder(text) {
            findings.push(format!(
                "{} still holds the placeholder `{}`",
                quotable(path),
                quotable(open)
            ));
        } else if path.contains(".Principal.Federated")
            && let Some(provider) = ProviderArn::split(text)
            && provider.account.parse::<AccountId>().is_err()
        {
            findings.push(format!(
                "{path} has `{}` where the 12 digits of an account belong",
                quotable(provider.account)
            ));
        }
    });
    findings
}

/// What in a document belongs to another issuer than the cluster's: the provider in
/// `Principal.Federated`, and the condition keys of its claims.
///
/// `issuer` is the URL with or without `https://`; it is compared byte for byte, condition keys
/// without regard to case as IAM does. Each finding is a phrase that names the field.
pub(crate) fn issuer_mismatches(document: &Value, issuer: &str) -> Vec<String> {
    let issuer = issuer.strip_prefix("https://").unwrap_or(issuer);
    let mut findings = Vec::new();
    walk(document, &mut String::new(), &mut |path, text| {
        if path.contains(".Principal.Federated")
            && let Some(provider) = ProviderArn::split(text)
            && provider.issuer != issuer
        {
            findings.push(format!(
                "{path} names the issuer `{}`, the cluster's is `{}`",
                quotable(provider.issuer),
                quotable(issuer)
            ));
        }
        if path.contains(".Condition.")
            && let Some(named) = claim_issuer(text)
            && path.ends_with(text)
            && !named.eq_ignore_ascii_case(issuer)
        {
            let prefix = ["https://", "oidc-provider/"].iter().find_map(|before| {
                let (head, rest) = named.split_once(before)?;
                rest.eq_ignore_ascii_case(issuer)
                    .then_some(&named[..head.len() + before.len()])
            });
            findings.push(if let Some(prefix) = prefix {
                format!(
                    "the condition key `{}` has to begin with `{}:`, without `{}`",
                    quotable(text),
                    quotable(issuer),
                    quotable(prefix)
                )
            } else {
                format!(
                    "the condition key `{}` names another issuer than the cluster's `{}`",
                    quotable(text),
                    quotable(issuer)
                )
            });
        }
    });
    findings
}

/// The parts of `arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER`; the first two may be anything.
struct ProviderArn<'a> {
    partition: &'a str,
    account: &'a str,
    issuer: &'a str,
}

impl<'a> ProviderArn<'a> {
    /// Looks for the fixed parts, because a placeholder may itself hold colons.
    fn split(text: &'a str) -> Option<Self> {
        let (partition, rest) = text.strip_prefix("arn:")?.split_once(":iam::")?;
        let (account, issuer) = match rest.strip_prefix("oidc-provider/") {
            Some(issuer) => ("", issuer),
            None => rest.split_once(":oidc-provider/")?,
        };
        Some(Self {
            partition,
            account,
            issuer,
        })
    }
}

/// The issuer in a condition key such as `oidc.example.com/id:sub`, or what stands in its place.
fn claim_issuer(key: &str) -> Option<&str> {
    let (issuer, claim) = key.rsplit_once(':')?;
    let known = ["aud", "sub", "amr", "azp", "oaud", "email"];
    (!issuer.eq_ignore_ascii_case("saml")
        && known.iter().any(|&name| claim.eq_ignore_ascii_case(name)))
    .then_some(issuer)
}

/// The first placeholder in a text, with its brackets.
fn placeholder(text: &str) -> Option<&str> {
    [("<", ">"), ("${", "}"), ("{{", "}}")]
        .into_iter()
        .filter_map(|(open, close)| {
            let start = text.find(open)?;
            let inner = start + open.len();
            let length = text[inner..].find(close)?;
            (length > 0).then(|| (start, &text[start..inner + length + close.len()]))
        })
        .min_by_key(|(start, _)| *start)
        .map(|(_, found)| found)
}

fn statements_mut(document: &mut Value) -> &mut [Value] {
    match document.get_mut(STATEMENT) {
        Some(Value::Array(list)) => list,
        Some(one) => std::slice::from_mut(one),
        None => &mut [],
    }
}

fn strings_mut(value: &mut Value) -> Vec<&mut String> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list
            .iter_mut()
            .filter_map(|item| match item {
                Value::String(text) => Some(text),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Calls `visit` with the path and the text of every string value, and of every key under its own
/// path.
fn walk(value: &Value, path: &mut String, visit: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(list) => {
            for (index, item) in list.iter().enumerate() {
                let length = path.len();
                path.extend(["[", &index.to_string(), "]"]);
                walk(item, path, visit);
                path.truncate(length);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                let length = path.len();
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
                visit(path, key);
                walk(item, path, visit);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account() -> AccountId {
        "111122223333".parse().unwrap()
    }

    fn template(federated: &Value) -> Value {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Federated": federated},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {
                    "oidc.example.com/c1:sub": "system:serviceaccount:kube-system:ecr",
                    "oidc.example.com/c1:aud": "sts.amazonaws.com"
                }}
            }]
        })
    }

    fn federated(document: &Value) -> &str {
        document["Statement"][0]["Principal"]["Federated"]
            .as_str()
            .unwrap()
    }

    #[test]
    fn whatever_stands_for_the_account_is_replaced_and_named() {
        for (part, replaced) in [
            ("<ACCOUNT_ID>", vec!["<ACCOUNT_ID>"]),
            ("${AWS::AccountId}", vec!["${AWS::AccountId}"]),
            ("{{account}}", vec!["{{account}}"]),
            ("ACCOUNT", vec!["ACCOUNT"]),
            ("", vec![""]),
            ("999999999999", vec!["999999999999"]),
            ("111122223333", vec![]),
        ] {
            let arn = format!("arn:aws:iam::{part}:oidc-provider/oidc.example.com/c1");
            let filled = fill_account(&template(&json!(arn)), &account(), None);
            assert_eq!(
                federated(&filled.document),
                "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/c1"
            );
            assert_eq!(filled.replaced, replaced, "{part}");
            assert_eq!(placeholders(&filled.document), Vec::<String>::new());
        }
    }

    #[test]
    fn an_account_part_left_out_altogether_is_filled() {
        let template = template(&json!("arn:aws:iam::oidc-provider/oidc.example.com/c1"));
        let filled = fill_account(&template, &account(), None);
        assert!(federated(&filled.document).contains("::111122223333:oidc-provider/"));
    }

    #[test]
    fn the_partition_is_set_only_when_it_is_known() {
        let template = template(&json!(
            "arn:${AWS::Partition}:iam::<A>:oidc-provider/oidc.example.com/c1"
        ));
        let filled = fill_account(&template, &account(), Some("aws-us-gov"));
        assert_eq!(
            federated(&filled.document),
            "arn:aws-us-gov:iam::111122223333:oidc-provider/oidc.example.com/c1"
        );
        assert_eq!(filled.replaced, ["${AWS::Partition}", "<A>"]);
        let open = fill_account(&template, &account(), None);
        assert_eq!(
            placeholders(&open.document),
            ["Statement[0].Principal.Federated still holds the placeholder `${AWS::Partition}`"]
        );
    }

    #[test]
    fn the_rest_of_the_document_keeps_bytes_and_order() {
        let before = template(&json!([
            "arn:aws:iam::<A>:oidc-provider/oidc.example.com/c1",
            "cognito-identity.amazonaws.com"
        ]));
        let after = fill_account(&before, &account(), None).document;
        assert_eq!(
            after.to_string(),
            before.to_string().replace("<A>", "111122223333")
        );
    }

    #[test]
    fn a_single_statement_object_is_filled_too() {
        let mut single = template(&json!("arn:aws:iam::X:oidc-provider/h"));
        single["Statement"] = single["Statement"][0].clone();
        let filled = fill_account(&single, &account(), None).document;
        assert_eq!(
            filled["Statement"]["Principal"]["Federated"],
            "arn:aws:iam::111122223333:oidc-provider/h"
        );
    }

    #[test]
    fn what_is_left_open_is_named_with_its_field() {
        let mut open = template(&json!("<PROVIDER_ARN>"));
        open["Statement"][0]["Condition"] =
            json!({"StringEquals": {"{{issuer}}:aud": ["a", "${audience}"]}});
        let open = fill_account(&open, &account(), Some("aws")).document;
        assert_eq!(
            placeholders(&open),
            [
                "Statement[0].Principal.Federated still holds the placeholder `<PROVIDER_ARN>`",
                "Statement[0].Condition.StringEquals.{{issuer}}:aud still holds the placeholder `{{issuer}}`",
                "Statement[0].Condition.StringEquals.{{issuer}}:aud[1] still holds the placeholder `${audience}`",
            ]
        );
        let bare = template(&json!("arn:aws:iam::12345:oidc-provider/h"));
        assert_eq!(
            placeholders(&bare),
            [
                "Statement[0].Principal.Federated has `12345` where the 12 digits of an account belong"
            ]
        );
    }

    #[test]
    fn lone_brackets_are_not_placeholders() {
        for text in ["a < b", "a > b", "<>", "${}", "}{", "$ {x}", "a{b}c"] {
            assert_eq!(placeholder(text), None, "{text}");
        }
        assert_eq!(placeholder("x{{b}}<a>"), Some("{{b}}"));
    }

    #[test]
    fn another_issuer_is_found_in_principal_and_condition_keys() {
        let arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/c1";
        let document = template(&json!(arn));
        assert_eq!(
            issuer_mismatches(&document, "https://oidc.example.com/c1"),
            Vec::<String>::new()
        );
        let found = issuer_mismatches(&document, "https://oidc.example.com/c1/");
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("Statement[0].Principal.Federated names the issuer"));
        assert!(found[1].contains("`oidc.example.com/c1:sub`"));
        for (key, finding) in [
            ("OIDC_PROVIDER:sub", "names another issuer"),
            (
                "https://oidc.example.com/c1:sub",
                "has to begin with `oidc.example.com/c1:`",
            ),
            (
                "arn:aws:iam::1:oidc-provider/oidc.example.com/c1:aud",
                "has to begin with",
            ),
        ] {
            let mut odd = document.clone();
            odd["Statement"][0]["Condition"]["StringLike"] = json!({ key: "x" });
            let found = issuer_mismatches(&odd, "https://oidc.example.com/c1");
            assert!(found.len() == 1 && found[0].contains(finding), "{found:?}");
        }
    }

    #[test]
    fn keys_that_are_no_claims_do_not_count_as_issuers() {
        let mut document = template(&json!(
            "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/c1"
        ));
        document["Statement"][0]["Condition"]["StringEquals"]["aws:PrincipalTag/x"] =
            json!("other.example.com:sub");
        document["Statement"][0]["Condition"]["Bool"] = json!({"aws:SecureTransport": true});
        assert_eq!(
            issuer_mismatches(&document, "oidc.example.com/c1"),
            Vec::<String>::new()
        );
    }
}
