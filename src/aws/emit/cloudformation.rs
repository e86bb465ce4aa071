//! A `CloudFormation` template in YAML. Pure.
//!
//! Every text is double-quoted, so that no reader takes it for anything else.

use super::{Blueprint, Format, VERSION};
use crate::aws::name::Tags;
use crate::aws::quotable;
use crate::error::Result;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What guards the account: a rule and a condition.
const RIGHT_ACCOUNT: &str = "RightAccount";

/// The whole template.
pub(super) fn template(blueprint: &Blueprint) -> Result<String> {
    let document = document(blueprint);
    let reason = |why: String| blueprint.not_written(Format::CloudFormation).because(why);
    if blueprint.role.is_none() && blueprint.provider.is_none() {
        return Err(reason(
            "CloudFormation cannot attach a policy to a role that it did not make".to_owned(),
        ));
    }
    if let Some(text) = dynamic(&document) {
        return Err(reason(format!(
            "CloudFormation would put something else in the place of `{}`",
            quotable(text)
        )));
    }
    let mut out = format!(
        "# {}.\n\
         # Written by mk8s {VERSION}; makes in AWS what `{}` makes.\n",
        blueprint.purpose(),
        blueprint.command(),
    );
    if blueprint.role.is_some() {
        out.push_str(
            "# Deploy it with --capabilities CAPABILITY_NAMED_IAM, because the role has a name.\n",
        );
    }
    out.push_str(
        "# What exists already is not adopted: import it into the stack, or leave it out. Never deploy\n\
         # a provider that exists: the rollback of such a stack can delete it.\n",
    );
    block(&document, 0, &mut out);
    Ok(out)
}

fn document(blueprint: &Blueprint) -> Value {
    let mut resources = json!({});
    let mut outputs = json!({});
    if let Some(provider) = &blueprint.provider {
        let mut properties = json!({
            "Url": provider.url,
            "ClientIdList": [provider.audience],
        });
        if let Some(thumbprint) = &provider.thumbprint {
            properties["ThumbprintList"] = json!([thumbprint]);
        }
        properties["Tags"] = tag_list(&provider.tags);
        resources["OidcProvider"] = json!({
            "Type": "AWS::IAM::OIDCProvider",
            "Condition": RIGHT_ACCOUNT,
            "Properties": properties,
        });
        outputs["OidcProviderArn"] = json!({
            "Condition": RIGHT_ACCOUNT,
            "Value": {"Ref": "OidcProvider"},
        });
    }
    if let Some(role) = &blueprint.role {
        let new = &role.new;
        let mut properties = json!({
            "RoleName": new.name,
            "Path": new.path,
            "Description": new.description,
            "AssumeRolePolicyDocument": new.trust,
        });
        if let Some(policy) = &blueprint.policy {
            properties["ManagedPolicyArns"] = json!([policy.policy]);
        }
        if let Some(boundary) = &new.boundary {
            properties["PermissionsBoundary"] = json!(boundary);
        }
        if let Some(seconds) = new.max_session {
            properties["MaxSessionDuration"] = json!(seconds);
        }
        properties["Tags"] = tag_list(&new.tags);
        let mut resource = json!({"Type": "AWS::IAM::Role", "Condition": RIGHT_ACCOUNT});
        if blueprint.provider.is_some() {
            resource["DependsOn"] = json!("OidcProvider");
        }
        resource["Properties"] = properties;
        resources["Role"] = resource;
        outputs["RoleArn"] = json!({
            "Condition": RIGHT_ACCOUNT,
            "Value": {"Fn::GetAtt": ["Role", "Arn"]},
        });
    }
    // The rule stops a deployment elsewhere; what does not know rules makes nothing there.
    let account = blueprint.plan.target.account.as_str();
    let is_right = json!({"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]});
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": shortened(&blueprint.purpose()),
        "Rules": {RIGHT_ACCOUNT: {"Assertions": [{
            "Assert": is_right,
            "AssertDescription": format!("The AWS account must be {account}."),
        }]}},
        "Conditions": {RIGHT_ACCOUNT: is_right},
        "Resources": resources,
        "Outputs": outputs,
    })
}

fn tag_list(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
}

/// A description may have 1,024 bytes.
fn shortened(text: &str) -> String {
    text.chars().take(250).collect()
}

/// A text with a dynamic reference, which `CloudFormation` resolves wherever it stands.
fn dynamic(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => text.contains("{{resolve:").then_some(text),
        Value::Array(list) => list.iter().find_map(dynamic),
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            key.contains("{{resolve:")
                .then_some(key.as_str())
                .or_else(|| dynamic(value))
        }),
        _ => None,
    }
}

/// The lines of a map or a list, in block style.
fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let _ = write!(out, "{:indent$}{}:", "", key_text(key));
                after(value, indent + 2, out);
            }
        }
        Value::Array(list) => {
            for value in list {
                let _ = write!(out, "{:indent$}-", "");
                match value {
                    Value::Object(map) if !map.is_empty() => {
                        let mut item = String::new();
                        block(value, indent + 2, &mut item);
                        // The first key stands beside the dash.
                        let _ = write!(out, " {}", &item[indent + 2..]);
                    }
                    value => after(value, indent + 2, out),
                }
            }
        }
        _ => {}
    }
}

/// What follows a key or a dash.
fn after(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(value, indent, out);
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            block(value, indent, out);
        }
        Value::String(text) => {
            let _ = writeln!(out, " {}", double_quoted(text));
        }
        other => {
            let _ = writeln!(out, " {other}");
        }
    }
}

/// Words that no reader takes for a value stand bare.
fn key_text(key: &str) -> String {
    let known = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric())
        && !known.contains(&key.to_ascii_lowercase().as_str());
    if plain || ["Fn::GetAtt", "Fn::Equals"].contains(&key) {
        key.to_owned()
    } else {
        double_quoted(key)
    }
}

/// JSON's form is YAML's too, once what YAML does not print is escaped.
fn double_quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut out = String::new();
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
