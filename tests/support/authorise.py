"""What moto's authorisation leaves out: the resource of a call, and the conditions mk8s writes.

moto can hold every call against the policies of whoever signed it, as IAM does; the launcher's setting
`authorise` switches it on. moto then asks a service for the resource in question, and neither IAM
nor ECR has an answer. Here they have: a thing that is there by its whole ARN, a role that is not by
its name alone. Of conditions moto knows those of `sts:AssumeRole`; here the policy that is attached,
the boundary of a new role and the tags of what is there are known as well. A condition on any
other key never holds.
"""

import re
import threading

from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.ecr.responses import ECRResponse
from moto.iam.access_control import IAMPolicyStatement, IAMRequestBase, PermissionResult
from moto.iam.exceptions import NotFoundException
from moto.iam.responses import IamResponse

# Of the call that this thread answers.
CALL = threading.local()


def as_list(value):
    return value if isinstance(value, list) else [value]


def tags_of(thing):
    tags = thing.tags
    if isinstance(tags, dict):
        tags = tags.values()
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def resource_in_iam(self):
    field = self._get_param
    context = {"iam:policyarn": field("PolicyArn")}
    context["iam:permissionsboundary"] = field("PermissionsBoundary")
    partition, account = self.partition, self.current_account
    thing, resource = None, "*"
    action = self._get_action()
    if action == "CreateRole":
        resource = f"arn:{partition}:iam::{account}:role{field('Path') or '/'}{field('RoleName')}"
    elif field("RoleName"):
        resource = f"arn:{partition}:iam::{account}:role/{field('RoleName')}"
        try:
            thing = self.backend.get_role(field("RoleName"))
        except NotFoundException:
            pass
    elif field("OpenIDConnectProviderArn"):
        resource = field("OpenIDConnectProviderArn")
        thing = self.backend.open_id_providers.get(resource)
    elif action == "CreateOpenIDConnectProvider":
        bare = (field("Url") or "").removeprefix("https://")
        resource = f"arn:{partition}:iam::{account}:oidc-provider/{bare}"
    else:
        resource = field("PolicySourceArn") or field("PolicyArn") or "*"
    if thing is not None:
        resource = thing.arn
        for key, value in tags_of(thing).items():
            context[f"aws:resourcetag/{key.lower()}"] = value
    return remember(resource, context)


def resource_in_ecr(self):
    field = self._get_param
    names = as_list(field("repositoryName") or field("repositoryNames") or [])
    if not names:
        return remember("*", {})
    account = field("registryId") or self.current_account
    return remember(f"arn:{self.partition}:ecr:{self.region}:{account}:repository/{names[0]}", {})


def remember(resource, context):
    CALL.resource, CALL.context = resource, context
    return resource


def holds(operator, key, wanted):
    found = getattr(CALL, "context", {}).get(key.lower())
    return operator in ("ArnEquals", "StringEquals") and found in as_list(wanted)


def with_conditions(original):
    def is_action_permitted(self, action, resource="*", principal=None, values=None):
        conditions = self._statement.get("Condition")
        if principal is not None or not conditions:
            return original(self, action, resource, principal, values)
        if not all(
            holds(operator, key, wanted)
            for operator, keys in conditions.items()
            for key, wanted in keys.items()
        ):
            return PermissionResult.NEUTRAL
        plain = {key: value for key, value in self._statement.items() if key != "Condition"}
        return original(IAMPolicyStatement(plain), action, resource)

    return is_action_permitted


def with_body(original):
    """moto writes the body of a form anew, which changes what was signed."""

    def __init__(self, *, body, **rest):
        original(self, body=getattr(CALL, "body", body), **rest)

    return __init__


def refusal(status, payload):
    """What AWS says where moto refused, and the action; `None` if it did not."""
    text = payload.decode("utf-8", "replace")
    if not status.startswith("403") or "AccessDenied" not in text:
        return None
    said = re.search(r"User: (\S+) is not authorized to perform: (\w+:\w+)", text)
    if not said:
        return None
    user, action = said.groups()
    resource = getattr(CALL, "resource", "*")
    return action, (
        f"User: {user} is not authorized to perform: {action} on resource: {resource} because no "
        f"identity-based policy allows the {action} action"
    )


def switch(on):
    """moto counts the calls that it lets through before it asks for rights: none, or all."""
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0 if on else float("inf")
    ActionAuthenticatorMixin.request_count = 0


def install():
    IamResponse._determine_resource = resource_in_iam
    ECRResponse._determine_resource = resource_in_ecr
    IAMRequestBase.__init__ = with_body(IAMRequestBase.__init__)
    IAMPolicyStatement.is_action_permitted = with_conditions(IAMPolicyStatement.is_action_permitted)
