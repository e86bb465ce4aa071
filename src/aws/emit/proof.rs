//! The last part of the script: whether the role may really do what it is for. Pure.
//!
//! What was attached may be taken away by a Deny of the role's other policies, by a permissions
//! boundary or by the organisation. IAM's own simulation knows all of these, but for conditions whose
//! keys it is not given. Where it may not be asked, or leaves a key open, the script reads the policies
//! itself: patterns of IAM's actions have the wildcards of the shell's `case`. It takes every Deny that
//! names a needed action as one that may be in the way, because resources and conditions are more than
//! a shell can judge, and it ends well only where none is.

use super::Blueprint;
use super::shell::quoted;

/// `VERB`, `ACTIONS` (in lower case) and `CHECK` are filled in.
const PROVE: &str = r#"
# Nothing else may take away what the policy gives. Whether IAM says that the role may VERB:
# 0 yes, 1 no, 2 not known.
ask() {
    answers=$(aws iam simulate-principal-policy --policy-source-arn="$role_arn" --output text \
        --action-names ACTIONS \
        --query "EvaluationResults[].[EvalDecision, length(MissingContextValues || \`[]\`)]" \
        2>/dev/null) || return 2
    case $answers in
    *[1-9]*) return 2 ;; # A key of a condition is not known.
    *Deny*) return 1 ;;
    *allowed*) return 0 ;;
    esac
    return 2
}

# Whether one of the patterns covers the action.
covers() {
    for pattern in $2; do
        # shellcheck disable=SC2254 # A pattern on purpose.
        case $1 in
        $pattern) return 0 ;;
        esac
    done
    return 1
}

# Actions of the statements that fit in the document of an answer, in lower case. Everything but some
# is taken for everything.
actions() {
    document=$1 fits=$2
    shift 2
    found=$("$@" --output text \
        --query "[$document.Statement][] | [?$fits].[Action || '*'][][]") || return 1
    printf '%s\n' "$found" | tr '[:upper:]' '[:lower:]'
}

# The same of the current version of a managed policy.
managed() {
    version=$(aws iam get-policy --policy-arn="$1" --output text --query Policy.DefaultVersionId) ||
        return 1
    actions PolicyVersion.Document "$2" \
        aws iam get-policy-version --policy-arn="$1" --version-id="$version"
}

# Stops where a policy denies what is needed.
allows() {
    for action in $needed; do
        covers "$action" "$2" || continue
        say "$1 of role $role denies $action, in some cases or in all." >&2
        stop "Whether it keeps the cluster out is not judged here: CHECK tells."
    done
}

prove() {
    needed='ACTIONS'
    clearly="Effect=='Allow' && Action && !Condition && [Resource][] == ['*']"
    unread="What is in the way of role $role could not be read: CHECK tells."
    set -f
    names=$(aws iam list-role-policies --role-name="$role" --output text --query 'PolicyNames[]') ||
        stop "$unread"
    arns=$(aws iam list-attached-role-policies --role-name="$role" --output text \
        --query 'AttachedPolicies[].PolicyArn') || stop "$unread"
    boundary=$(aws iam get-role --role-name="$role" --output text \
        --query Role.PermissionsBoundary.PermissionsBoundaryArn) || stop "$unread"
    for name in $names; do
        denied=$(actions PolicyDocument "Effect=='Deny'" \
            aws iam get-role-policy --role-name="$role" --policy-name="$name") || stop "$unread"
        allows "The policy $name" "$denied"
    done
    for arn in $arns; do
        denied=$(managed "$arn" "Effect=='Deny'") || stop "$unread"
        allows "The policy $arn" "$denied"
    done
    if [ "$boundary" != None ]; then
        denied=$(managed "$boundary" "Effect=='Deny'") || stop "$unread"
        allows "The permissions boundary $boundary" "$denied"
        allowed=$(managed "$boundary" "$clearly") || stop "$unread"
        for action in $needed; do
            covers "$action" "$allowed" ||
                stop "The permissions boundary $boundary does not clearly allow $action: CHECK tells."
        done
    fi
    set +f
}

asked=0
ask || asked=$?
if [ "$asked" -eq 1 ]; then
    # It takes IAM a moment to know of what was attached.
    tries=0
    while [ -n "$attached" ] && [ "$asked" -eq 1 ] && [ $tries -lt 8 ]; do
        sleep 2
        tries=$((tries + 1))
        asked=0
        ask || asked=$?
    done
fi
case $asked in
0) say "The role may VERB, as IAM says" ;;
1)
    say "IAM says that role $role may not VERB: a policy, a permissions boundary or the" >&2
    stop "organisation is in the way. Everything above is done; CHECK tells more."
    ;;
*)
    prove
    say "Nothing that the role has keeps it from it"
    ;;
esac
"#;

/// The part that ends the script well only where the role may do what it is for.
pub(super) fn proof(blueprint: &Blueprint) -> String {
    let aws = &blueprint.side.aws;
    let actions: Vec<String> = (aws.proves.iter())
        .map(|it| it.action.to_ascii_lowercase())
        .collect();
    PROVE
        .replace("VERB", aws.verb)
        .replace("ACTIONS", &actions.join(" "))
        .replace("CHECK", &quoted(&blueprint.check()))
}
