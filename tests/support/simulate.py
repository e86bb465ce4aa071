"""iam:SimulatePrincipalPolicy, and repositories of other accounts in ECR.

moto has no simulation. Here a role's inline and attached policies and its permissions boundary are
evaluated for the actions and resources in question: Deny beats Allow, conditions never match. Names
of policies in the answer are AWS's: `role_ROLE_POLICY` for an inline one.

moto looks at the caller's own registry whatever `registryId` says; here that account's is meant.
"""

import fnmatch
import json

from moto.core.responses import ActionResult
from moto.ecr.models import ecr_backends
from moto.ecr.responses import ECRResponse
from moto.iam.exceptions import NotFoundException
from moto.iam.responses import IamResponse


def as_list(value):
    return value if isinstance(value, list) else [value]


def document(text):
    return json.loads(text) if isinstance(text, str) else text


def statements(text):
    return as_list(document(text).get("Statement", []))


def matches(statement, action, resource):
    if "Condition" in statement or "NotAction" in statement or "NotResource" in statement:
        return False
    actions = [it.lower() for it in as_list(statement.get("Action", []))]
    resources = as_list(statement.get("Resource", []))
    # `*` as a resource of the question means any: a narrower statement does for it.
    return any(fnmatch.fnmatchcase(action.lower(), it) for it in actions) and any(
        resource == "*" and it.startswith("arn:aws:ecr") or fnmatch.fnmatchcase(resource, it)
        for it in resources
    )


def text_of(policy):
    return next(it.document for it in policy.versions if it.version_id == policy.default_version_id)


def policies_of(backend, role):
    """Name and document of every policy of the role."""
    for name, text in role.policies.items():
        yield f"role_{role.name}_{name}", text
    for arn in role.managed_policies:
        policy = backend.managed_policies[arn]
        yield policy.name, text_of(policy)


def decide(policies, action, resource):
    allowed = None
    for name, text in policies:
        for statement in statements(text):
            if not matches(statement, action, resource):
                continue
            if statement["Effect"] == "Deny":
                return "explicitDeny", name
            allowed = allowed or name
    return ("allowed", allowed) if allowed else ("implicitDeny", None)


def simulate_principal_policy(self):
    source = self._get_param("PolicySourceArn")
    role = next((it for it in self.backend.get_roles() if it.arn == source), None)
    if role is None:
        raise NotFoundException(f"The role {source} cannot be found.")
    boundary = role.permissions_boundary_arn
    bounding = boundary and self.backend.managed_policies.get(boundary)
    results = []
    for action in self._get_param("ActionNames") or []:
        for resource in self._get_param("ResourceArns") or ["*"]:
            decision, name = decide(policies_of(self.backend, role), action, resource)
            result = {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "MatchedStatements": [],
                "MissingContextValues": [],
            }
            if bounding:
                within, _ = decide([(bounding.name, text_of(bounding))], action, resource)
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
