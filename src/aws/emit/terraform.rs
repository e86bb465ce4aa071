//! Terraform's language. Pure.
//!
//! `${` and `%{` of names and documents are escaped: Terraform must read back what was meant. The
//! layout is that of `terraform fmt`, which many a repository checks.

use super::existing::ExistingThing;
use super::{Blueprint, Format, RoleToMake, VERSION};
use crate::aws::iam::NewProvider;
use crate::aws::name::Tags;
use crate::error::Result;
use crate::text::printable;
use hcl::expr::{FuncCall, Object, ObjectKey, Traversal, TraversalOperator, Variable};
use hcl::{Attribute, Block, Body, Expression, Identifier};
use serde_json::Value;
use std::fmt::Write as _;

const PROVIDER: &str = "aws_iam_openid_connect_provider";
const ROLE: &str = "aws_iam_role";
const ATTACHMENT: &str = "aws_iam_role_policy_attachment";

/// The whole configuration.
pub(super) fn configuration(blueprint: &Blueprint) -> Result<String> {
    let label = label(&blueprint.cluster);
    let mut out = format!(
        "# {}.\n\
         # Written by mk8s {VERSION}; makes in AWS what `{}` makes.\n",
        blueprint.purpose(),
        blueprint.command(),
    );
    out.push_str(&imports(blueprint, &label)?);
    out.push_str(&written(blueprint, &body(blueprint, &label))?);
    Ok(out)
}

/// What takes over what exists, with the comments on it: a block for what is there, one in comments for
/// what may be.
fn imports(blueprint: &Blueprint, label: &str) -> Result<String> {
    let mut things = Vec::new();
    let existing = &blueprint.existing;
    if let Some(provider) = &blueprint.provider {
        things.push((PROVIDER, provider.arn.clone(), &existing.provider));
    }
    if let Some(role) = &blueprint.role {
        things.push((ROLE, role.new.name.clone(), &existing.role));
    }
    if let Some(policy) = &blueprint.policy {
        let id = format!("{}/{}", policy.role, policy.policy);
        things.push((ATTACHMENT, id, &existing.policy));
    }
    let (mut comments, mut blocks) = (String::new(), String::new());
    let mut unknown = None;
    for (kind, id, thing) in things {
        let block = Block::builder("import")
            .add_attribute(("to", Variable::unchecked(format!("{kind}.{label}"))))
            .add_attribute(("id", text(&id)))
            .build();
        let block = written(blueprint, &Body::from([block]))?;
        match thing {
            ExistingThing::Missing => {}
            ExistingThing::Otherwise(why) => {
                let _ = writeln!(comments, "# Mind: {}.", printable(why));
            }
            ExistingThing::There(lost) => {
                for told in lost {
                    let _ = writeln!(comments, "# Mind: {}.", printable(told));
                }
                let _ = writeln!(blocks, "{block}");
            }
            ExistingThing::Unknown(why) => {
                if unknown != Some(why) {
                    let _ = writeln!(
                        comments,
                        "# What exists already has to be imported. Whether this does is not known: {}.\n\
                         # Take the `# ` from the block of what does (Terraform 1.5 or later), plan, and \
                         apply.",
                        printable(why)
                    );
                    unknown = Some(why);
                }
                for line in block.lines() {
                    let _ = writeln!(comments, "# {line}");
                }
            }
        }
    }
    if blueprint.role.is_some() {
        comments.push_str(
            "# An imported role gets this trust policy as a whole: other statements go.\n",
        );
    }
    Ok(format!("{comments}\n{blocks}"))
}

fn written(blueprint: &Blueprint, body: &Body) -> Result<String> {
    let text = hcl::to_string(body).map_err(|error| {
        blueprint
            .not_written(Format::Terraform)
            .because(format!("it cannot be written: {error}"))
    })?;
    Ok(aligned(&text))
}

/// The same with the `=` of attributes that follow each other in one column. One whose value goes on
/// over further lines ends the row, and so does any other line.
fn aligned(text: &str) -> String {
    let mut out = String::new();
    let mut row: Vec<(&str, &str)> = Vec::new();
    let flush = |row: &mut Vec<(&str, &str)>, out: &mut String| {
        let width = |key: &str| key.chars().count();
        let widest = row.iter().map(|(key, _)| width(key)).max().unwrap_or(0);
        for (key, value) in row.drain(..) {
            let _ = writeln!(out, "{key}{:1$}= {value}", "", widest + 1 - width(key));
        }
    };
    for line in text.lines() {
        let goes_on = line.ends_with(['{', '[', '(']);
        if let (Some(attribute), false) = (attribute(line), goes_on) {
            row.push(attribute);
        } else {
            flush(&mut row, &mut out);
            out.push_str(line);
            out.push('\n');
        }
    }
    flush(&mut row, &mut out);
    out
}

/// Key, with what stands before it, and value of a line with an attribute.
fn attribute(line: &str) -> Option<(&str, &str)> {
    let start = line.len() - line.trim_start().len();
    let end = if line[start..].starts_with('"') {
        let mut escaped = false;
        let mut inner = line[start + 1..].char_indices();
        let close = inner.find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        start + close?.0 + 2
    } else {
        start + line[start..].find(' ')?
    };
    Some((&line[..end], line[end..].strip_prefix(" = ")?))
}

fn body(blueprint: &Blueprint, label: &str) -> Body {
    let account = blueprint.plan.target.account.as_str();
    let mut body = Body::builder()
        .add_block(
            Block::builder("terraform")
                .add_block(
                    Block::builder("required_providers")
                        .add_attribute(("aws", aws_provider()))
                        .build(),
                )
                .build(),
        )
        .add_block(
            Block::builder("data")
                .add_labels(["aws_caller_identity", label])
                .build(),
        );
    if let Some(provider) = &blueprint.provider {
        body = body.add_block(provider_block(provider, label, account));
    }
    if let Some(role) = &blueprint.role {
        // By itself, because a document within a call is written on one line.
        body = body.add_block(
            Block::builder("locals")
                .add_attribute((trust_policy(label), expression(&role.new.trust)))
                .build(),
        );
        let after = blueprint.provider.is_some();
        body = body.add_block(role_block(role, label, account, after));
    }
    if let Some(policy) = &blueprint.policy {
        let role = if blueprint.role.is_some() {
            reference(&[ROLE, label, "name"])
        } else {
            text(&policy.role)
        };
        body = body.add_block(
            Block::builder("resource")
                .add_labels([ATTACHMENT, label])
                .add_attribute(("role", role))
                .add_attribute(("policy_arn", text(&policy.policy)))
                .build(),
        );
    }
    body.build()
}

fn aws_provider() -> Expression {
    let mut wanted = Object::new();
    for (key, value) in [("source", "hashicorp/aws"), ("version", ">= 6.0")] {
        wanted.insert(ObjectKey::from(Identifier::unchecked(key)), text(value));
    }
    Expression::from(wanted)
}

fn provider_block(provider: &NewProvider, label: &str, account: &str) -> Block {
    let mut block = Block::builder("resource")
        .add_labels([PROVIDER, label])
        .add_attribute(("url", text(&provider.url)))
        .add_attribute((
            "client_id_list",
            Expression::from(vec![text(&provider.audience)]),
        ));
    if let Some(thumbprint) = &provider.thumbprint {
        let list = Expression::from(vec![text(thumbprint)]);
        block = block.add_attribute(("thumbprint_list", list));
    }
    block
        .add_attribute(tags(&provider.tags))
        .add_block(right_account(label, account))
        .build()
}

fn role_block(role: &RoleToMake, label: &str, account: &str, after_provider: bool) -> Block {
    let new = &role.new;
    let document = FuncCall::builder("jsonencode")
        .arg(reference(&["local", &trust_policy(label)]))
        .build();
    let mut block = Block::builder("resource")
        .add_labels([ROLE, label])
        .add_attribute(("name", text(&new.name)))
        .add_attribute(("path", text(&new.path)))
        .add_attribute(("description", text(&new.description)))
        .add_attribute(("assume_role_policy", Expression::from(document)));
    if let Some(boundary) = &new.boundary {
        block = block.add_attribute(("permissions_boundary", text(boundary)));
    }
    if let Some(seconds) = new.max_session {
        block = block.add_attribute(("max_session_duration", Expression::from(seconds)));
    }
    block = block.add_attribute(tags(&new.tags));
    if after_provider {
        let provider = reference(&[PROVIDER, label]);
        block = block.add_attribute(("depends_on", Expression::from(vec![provider])));
    }
    block.add_block(right_account(label, account)).build()
}

/// Stops a run with the credentials of another account.
fn right_account(label: &str, account: &str) -> Block {
    let condition = hcl::expr::BinaryOp::new(
        reference(&["data", "aws_caller_identity", label, "account_id"]),
        hcl::expr::BinaryOperator::Eq,
        text(account),
    );
    Block::builder("lifecycle")
        .add_block(
            Block::builder("precondition")
                .add_attribute((
                    "condition",
                    Expression::from(hcl::expr::Operation::from(condition)),
                ))
                .add_attribute((
                    "error_message",
                    text(&format!("The AWS account must be {account}.")),
                ))
                .build(),
        )
        .build()
}

fn tags(tags: &Tags) -> Attribute {
    let mut object = Object::new();
    for (key, value) in tags {
        object.insert(ObjectKey::from(text(key)), text(value));
    }
    Attribute::new("tags", Expression::from(object))
}

/// A JSON value, every key quoted.
fn expression(value: &Value) -> Expression {
    match value {
        Value::Null => Expression::Null,
        Value::Bool(value) => Expression::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), _, _) => Expression::from(number),
            (_, Some(number), _) => Expression::from(number),
            (_, _, number) => Expression::from(number.unwrap_or_default()),
        },
        Value::String(value) => text(value),
        Value::Array(list) => Expression::from(list.iter().map(expression).collect::<Vec<_>>()),
        Value::Object(map) => {
            let mut object = Object::new();
            for (key, value) in map {
                object.insert(ObjectKey::from(text(key)), expression(value));
            }
            Expression::from(object)
        }
    }
}

fn text(text: &str) -> Expression {
    Expression::String(text.to_owned())
}

/// `a.b.c`.
fn reference(path: &[&str]) -> Expression {
    let mut parts = path.iter();
    let first = Variable::unchecked(parts.next().copied().unwrap_or_default());
    let operators: Vec<TraversalOperator> = parts
        .map(|part| TraversalOperator::GetAttr(Identifier::unchecked(*part)))
        .collect();
    Expression::from(Traversal::new(first, operators))
}

/// The name of the trust policy among the local values.
fn trust_policy(label: &str) -> String {
    format!("{label}_trust_policy")
}

/// The resources' name: that of the cluster, made fit.
fn label(cluster: &str) -> String {
    let fit: String = cluster
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("mk8s_{fit}")
}
