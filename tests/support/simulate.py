"""iam:SimulatePrincipalPolicy, and repositories of other accounts in ECR.

moto has no simulation. Here a role's inline and attached policies and its permissions boundary are
evaluated for the actions and resources in question, with the context that the caller gives: a key that
it does not give is missing, is named, and meets no condition. Names of policies in the answer are AWS's:
`role_ROLE_POLICY` for an inline one.

moto looks at the caller's own registry whatever `registryId` says; here that account's is meant.
"""

import json

import iam_policy
from moto.core.responses import ActionResult
from moto.ecr.models import ecr_backends
from moto.ecr.responses import ECRResponse
from moto.iam.exceptions import NotFoundException
from moto.iam.responses import IamResponse


def as_list(value):
    return value if isinstance(value, list) else [value]


def document(text):
    return json.loads(text) if isinstance(text, str) else text


def context_of(role, entries):
    """What is known of the call: what the caller gives, and whose role it is."""
    context = {
        "aws:principalarn": [role.arn],
        "aws:principalaccount": [role.arn.split(":")[4]],
    }
    for entry in entries or []:
        context[entry["ContextKeyName"].lower()] = as_list(entry.get("ContextKeyValues", []))
    return context


def missing(texts, context):
    """Keys that the policies ask for and nobody gave."""
    found = {key for text in texts for key in iam_policy.mentioned(document(text))}
    return sorted(key for key in found if key not in context and not key.startswith("aws:calledvia"))


def text_of(policy):
    return next(it.document for it in policy.versions if it.version_id == policy.default_version_id)


def policies_of(backend, role):
    """Name and document of every policy of the role."""
    for name, text in role.policies.items():
        yield f"role_{role.name}_{name}", text
    for arn in role.managed_policies:
        policy = backend.managed_policies[arn]
        yield policy.name, text_of(policy)


def decide(policies, call):
    policies = list(policies)
    for name, text in policies:
        if "Deny" in iam_policy.effects(document(text), call, has_principals=False):
            return "explicitDeny", name
    for name, text in policies:
        if "Allow" in iam_policy.effects(document(text), call, has_principals=False):
            return "allowed", name
    return "implicitDeny", None


def simulate_principal_policy(self):
    source = self._get_param("PolicySourceArn")
    role = next((it for it in self.backend.get_roles() if it.arn == source), None)
    if role is None:
        raise NotFoundException(f"The role {source} cannot be found.")
    boundary = role.permissions_boundary_arn
    bounding = boundary and self.backend.managed_policies.get(boundary)
    context = context_of(role, self._get_param("ContextEntries"))
    own = list(policies_of(self.backend, role))
    results = []
    for action in self._get_param("ActionNames") or []:
        for resource in self._get_param("ResourceArns") or ["*"]:
            account = role.arn.split(":")[4]
            call = iam_policy.Call("AWS", role.arn, account, action, resource, context)
            decision, name = decide(own, call)
            result = {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "MatchedStatements": [],
                "MissingContextValues": missing([text for _, text in own], context),
            }
            if bounding:
                within, _ = decide([(bounding.name, text_of(bounding))], call)
                result["PermissionsBoundaryDecisionDetail"] = {
                    "AllowedByPermissionsBoundary": within == "allowed"
                }
                if within != "allowed" and decision == "allowed":
                    decision, name = "implicitDeny", None
            if name:
                kind = "role" if name.startswith("role_") else "user-managed"
                result["MatchedStatements"].append(
                    {"SourcePolicyId": name, "SourcePolicyType": kind}
                )
            result["EvalDecision"] = decision
            results.append(result)
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def install():
    IamResponse.simulate_principal_policy = simulate_principal_policy

    def ecr_backend(self):
        account = self._get_param("registryId") or self.current_account
        return ecr_backends[account][self.region]

    ECRResponse.ecr_backend = property(ecr_backend)
