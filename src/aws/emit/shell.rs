//! A POSIX shell script that calls the AWS CLI. Pure.
//!
//! It may be run again: what exists is looked at and kept, and a trust policy that holds statements
//! of others is never overwritten, because a shell cannot merge JSON. It ends well only when what
//! the cluster asks for is there: a role of that name with another ARN, with an older statement of
//! ours among those of others, or with a Deny that may keep the cluster out, stops it, and so does what
//! the role's policies take away (`super::proof`).

use super::proof::proof;
use super::{Attachment, Blueprint, RoleToMake, VERSION};
use crate::aws::iam::NewProvider;
use crate::aws::name::Tags;
use crate::aws::trust::statements;
use crate::shell::quote;
use serde_json::{Value, json};
use std::fmt::Write as _;

const FUNCTIONS: &str = r#"
say() {
    printf '%s\n' "$1"
}

stop() {
    printf '%s\n' "$1" >&2
    exit 1
}

# Runs a command that makes something: 1 if it exists already, and the end if it fails otherwise.
make() {
    if output=$("$@" 2>&1); then
        return 0
    fi
    case $output in
    *EntityAlreadyExists*) return 1 ;;
    *) stop "$output" ;;
    esac
}
"#;

/// The part for a provider that exists where its authority is a private one. IAM replaces the whole
/// list, which may have five.
const THUMBPRINT: &str = r#"    stored=$(aws iam get-open-id-connect-provider --output text \
        --open-id-connect-provider-arn "$provider" --query 'ThumbprintList[]' | tr A-F a-f)
    case $stored in
    *"$thumbprint"*) say "It has the thumbprint $thumbprint" ;;
    *)
        [ "$stored" != None ] || stored=
        # shellcheck disable=SC2086 # Words on purpose.
        set -- $stored
        while [ $# -gt 4 ]; do
            shift
        done
        aws iam update-open-id-connect-provider-thumbprint \
            --open-id-connect-provider-arn "$provider" --thumbprint-list "$@" "$thumbprint"
        say "Added the thumbprint $thumbprint"
        ;;
    esac
"#;

/// A role of this name may stand under another path: then the cluster's ARN is of none.
const COMPARE: &str = r#"# Stops unless the role is the one that the cluster names.
compare() {
    found=$(aws iam get-role --role-name="$role" --output text --query Role.Arn)
    [ "$found" = "$role_arn" ] && return
    say "Role $role exists as $found, and the cluster names $role_arn."
    stop "Nothing was changed in it. Name that one in the cluster, or make one of another name."
}
"#;

const COUNT: &str = r#"# How many statements of the role's trust policy fit.
count() {
    aws iam get-role --role-name="$role" --output text \
        --query "length([Role.AssumeRolePolicyDocument.Statement][] | [?$1])"
}
"#;

/// The part that asks IAM whether any policy of the role gives it what it needs, on whatever resource.
/// Whoever may not ask, or a role that is limited to some resources, goes without an answer.
const MAY: &str = r#"may_VERB() {
    arn=$(aws iam get-role --role-name="$role" --output text --query Role.Arn 2>/dev/null) ||
        return 1
    allowed=$(aws iam simulate-principal-policy --policy-source-arn="$arn" --output text \
        --action-names ACTIONS \
        --query "length(EvaluationResults[?EvalDecision=='allowed'])" 2>/dev/null) || return 1
    [ "$allowed" = NUMBER ]
}
"#;

/// The whole script.
pub(super) fn script(blueprint: &Blueprint) -> String {
    let mut out = format!(
        "#!/bin/sh\n\
         # {}.\n\
         # Written by mk8s {VERSION}; does in AWS what `{}` does.\n\
         # Needs the AWS CLI with credentials of that account. It may be run again.\n\
         set -eu\n{FUNCTIONS}",
        blueprint.purpose(),
        blueprint.command(),
    );
    let account = blueprint.plan.target.account.as_str();
    let region = match blueprint.plan.target.partition.as_str() {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    };
    let _ = write!(
        out,
        r#"
# IAM has no regions, but the AWS CLI asks for one.
export AWS_DEFAULT_REGION="${{AWS_DEFAULT_REGION:-${{AWS_REGION:-{region}}}}}"
account={account}
caller=$(aws sts get-caller-identity --query Account --output text)
[ "$caller" = "$account" ] ||
    stop "The AWS credentials belong to account $caller, not to $account."
"#
    );
    if let Some(provider) = &blueprint.provider {
        make_provider(&mut out, provider);
    }
    if let Some(role) = &blueprint.role {
        make_role(&mut out, blueprint, role);
    }
    if let Some(policy) = &blueprint.policy {
        attach(&mut out, blueprint, policy);
        out.push_str(&proof(blueprint));
    }
    out
}

fn make_provider(out: &mut String, provider: &NewProvider) {
    let mut input = json!({
        "Url": provider.url,
        "ClientIDList": [provider.audience],
    });
    let mut thumbprint = "";
    if let Some(hex) = &provider.thumbprint {
        input["ThumbprintList"] = json!([hex]);
        thumbprint = THUMBPRINT;
    }
    input["Tags"] = tag_list(&provider.tags);
    let named = provider
        .thumbprint
        .as_deref()
        .map_or_else(String::new, |hex| {
            format!("# Of the issuer's private CA.\nthumbprint={}\n", quote(hex))
        });
    let _ = write!(
        out,
        r#"
# The OIDC provider.
provider={arn}
audience={audience}
{named}input={input}
if make aws iam create-open-id-connect-provider --cli-input-json "$input"; then
    say "Created OIDC provider $provider"
else
    aws iam add-client-id-to-open-id-connect-provider \
        --open-id-connect-provider-arn "$provider" --client-id="$audience"
    say "OIDC provider $provider exists and has the audience $audience"
{thumbprint}fi
"#,
        arn = quote(&provider.arn),
        audience = quote(&provider.audience),
        input = quote(&format!("{input:#}")),
    );
}

fn make_role(out: &mut String, blueprint: &Blueprint, role: &RoleToMake) {
    let new = &role.new;
    let mut input = json!({
        "RoleName": new.name,
        "Path": new.path,
        "Description": new.description,
        "Tags": tag_list(&new.tags),
    });
    if let Some(boundary) = &new.boundary {
        input["PermissionsBoundary"] = Value::from(boundary.as_str());
    }
    if let Some(seconds) = new.max_session {
        input["MaxSessionDuration"] = Value::from(seconds);
    }
    let tagging = if role.tags.is_empty() {
        String::new()
    } else {
        format!(
            "\n    aws iam tag-role --role-name=\"$role\" --tags {} ||\n        \
             say \"The tag of this statement was not set.\"",
            quote(&tag_list(&role.tags).to_string())
        )
    };
    let _ = write!(
        out,
        r#"
# The role. The trust policy is the one that the cluster publishes.
role={name}
role_arn={arn}
trust={trust}
input={input}
new_role=
{COMPARE}{count}# Overwrites the trust policy, after keeping what it was in a file that is yours alone.
update() {{
    kept=${{XDG_STATE_HOME:-$HOME/.local/state}}/mk8s/trust
    (umask 077 && mkdir -p "$kept")
    kept=$kept/$account-$role-$(date -u +%Y%m%dT%H%M%SZ)-$$.json
    (umask 077 && set -C && aws iam get-role --role-name="$role" --output json \
        --query Role.AssumeRolePolicyDocument >"$kept") ||
        stop "The trust policy of role $role was not changed: it could not be kept in $kept."
    say "The previous trust policy is kept in $kept; to put it back:"
    # A quote in the path would end the word.
    word=$(printf %s "file://$kept" | sed "s/'/'\\\\''/g")
    say "aws iam update-assume-role-policy --role-name=$role --policy-document '$word'"
    aws iam update-assume-role-policy --role-name="$role" --policy-document "$trust"{tagging}
    say "Updated the trust policy of role $role"
}}
if make aws iam create-role --cli-input-json "$input" --assume-role-policy-document "$trust"; then
    new_role=1
    aws iam wait role-exists --role-name="$role"
    say "Created role $role"
{exists}fi
"#,
        name = quote(&new.name),
        arn = quote(&new.arn),
        count = if blueprint.replace_trust { "" } else { COUNT },
        trust = quote(&format!("{:#}", new.trust)),
        input = quote(&format!("{input:#}")),
        exists = exists(blueprint, role),
    );
}

/// The part for a role that exists.
fn exists(blueprint: &Blueprint, role: &RoleToMake) -> String {
    if blueprint.replace_trust {
        return "else\n    compare\n    update\n".to_owned();
    }
    let ours = statements(&role.new.trust);
    let mut out = format!("else\n    compare\n    sid={}\n", quote(&role.sid));
    let mut tests = Vec::new();
    for (index, statement) in ours.iter().enumerate() {
        let _ = writeln!(
            out,
            "    statement{}={}",
            index + 1,
            quote(&literal(statement))
        );
        tests.push(format!("@ == \\`$statement{}\\`", index + 1));
    }
    let _ = write!(
        out,
        r#"    # A Sid that only starts like ours is somebody else's.
    ours="Sid == '$sid'"
    for digit in 0 1 2 3 4 5 6 7 8 9; do
        ours="$ours || Sid == '$sid$digit'"
    done
    same=$(count "{same}")
    mine=$(count "$ours")
    others=$(count "!($ours)")
    if [ "$same" -eq {number} ]; then
        say "Role $role exists and trusts the cluster"
        # The cluster's tokens come over TLS; what else a condition may mean is not judged in a shell.
        tls='{{"Bool": {{"aws:SecureTransport": "false"}}}}'
        denies=$(count "Effect == 'Deny' && Condition != \`$tls\`")
        [ "$denies" -eq 0 ] || {{
            say "Its trust policy has Deny statements, which may keep the cluster out: {check} tells." >&2
            stop "Nothing more was changed."
        }}
    elif [ "$others" -eq 0 ]; then
        update
    elif [ "$mine" -gt 0 ]; then
        say "Role $role exists and trusts others too, and its statement $sid differs from this one."
        say "Nothing was changed in it. Put this statement in the place of that one and run this"
        say "again, or let mk8s aws setup do it:"
        stop "$trust"
    else
        say "Role $role exists and trusts others too. Nothing was changed in it. Add this statement"
        say "to its trust policy and run this again, or let mk8s aws setup do it:"
        stop "$trust"
    fi
"#,
        check = quoted(&blueprint.check()),
        same = tests.join(" || "),
        number = ours.len(),
    );
    out
}

fn attach(out: &mut String, blueprint: &Blueprint, attachment: &Attachment) {
    let side = blueprint.side;
    let mut enough = vec![attachment.policy.clone()];
    if !attachment.asked {
        enough.extend(attachment.instead.iter().cloned());
        enough.dedup();
    }
    let mut fits = String::new();
    for arn in &enough {
        let _ = write!(fits, " \\\n    -e {}", quote(arn));
    }
    let verb = side.aws.verb;
    let function = verb.replace(' ', "_");
    let actions: Vec<&str> = side.aws.proves.iter().map(|it| it.action).collect();
    // A policy that was asked for is attached whatever others allow.
    let (function, simulated) = if attachment.asked {
        (String::new(), String::new())
    } else {
        (
            MAY.replace("VERB", &function)
                .replace("ACTIONS", &actions.join(" "))
                .replace("NUMBER", &actions.len().to_string()),
            format!(
                "elif [ -z \"$new_role\" ] && may_{function}; then\n    \
                 say \"The role may {verb} already, as IAM says\"\n"
            ),
        )
    };
    let (key, value) = &attachment.tag;
    let tag = quote(&json!([{"Key": key, "Value": value}]).to_string());
    let role = match &blueprint.plan.target.role {
        Some(arn) if blueprint.role.is_none() => format!(
            "role={}\nrole_arn={}\nnew_role=\n{COMPARE}compare\n",
            quote(&attachment.role),
            quote(arn.as_str())
        ),
        _ => String::new(),
    };
    let _ = write!(
        out,
        r#"
# The policy that lets the role {verb}.
{role}policy={policy}
attached=
{function}if aws iam list-attached-role-policies --role-name="$role" --output text \
    --query 'AttachedPolicies[].PolicyArn' | tr '\t' '\n' | grep -Fqx{fits}; then
    say "A policy that lets the role {verb} is attached already"
{simulated}else
    aws iam attach-role-policy --role-name="$role" --policy-arn "$policy"
    attached=1
    say "Attached $policy"
    [ -n "$new_role" ] || aws iam tag-role --role-name="$role" --tags {tag} ||
        say "The tag of this policy was not set."
fi
"#,
        policy = quote(&attachment.policy),
    );
}

/// A text between double quotes.
pub(super) fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('$', "\\$")
        .replace('`', "\\`")
}

fn tag_list(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect()
}

/// A literal of `JMESPath`: a backtick would end it.
fn literal(value: &Value) -> String {
    value.to_string().replace('`', r"\u0060")
}
