"""moto as strict as AWS where it matters to mk8s, with faults, a log and cuts.

Adds what moto lacks (audiences of OIDC providers, checks of trust policies and names, quotas, roles
found in any case, slow propagation, credentials for an SSO login) to moto itself, and puts a layer in
front of its server that records every call and fails where it is told to, with AWS's own error bodies.

    moto_launcher.py [--host 127.0.0.1] [--port 0] [--with-parent] [--tls FOLDER]

prints `http://HOST:PORT` when it listens, or `https://…` with `--tls`, by the `server.pem` and
`server.key` of that folder; with `--with-parent` it ends when its standard input
does. Of AWS's managed policies it knows those of ECR, so that a reset takes no time. Besides moto's
own paths it serves:

    GET, DELETE  /__log        the actions so far, as a list of names
    GET          /__refused    those that moto's authorisation refused since then, as `iam:GetRole`
    GET          /__state      every OIDC provider and role of every account, whole
    POST, DELETE /__faults     [{"action", "times"=1, "skip"=0, "code", "message", "status"=400,
                                 "delay_ms"=0, "after"=false, "drop"=false}, …]
    POST         /__settings   {"propagation_ms": 0, "trust_quota": 2048, "trust_delay_ms": 0,
                                "issuer_ca": the file with the roots of issuers,
                                "authorise": false: whether the caller's policies count}
    POST, DELETE /__cut        {"call": 3, "after": false}: the call with this number (from 1, since
                               the log was emptied) and all later ones get no answer
    GET          /__cut        {"reached": true}
    POST         /__reset      empties all of the above and moto

Faults with "after" are answered once the work is done, as when an answer is lost; "drop" closes the
connection instead of answering.
"""

import argparse
import copy
import io
import json
import os
import re
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

from werkzeug.serving import make_server  # noqa: E402

from moto.core.common_models import CloudFormationModel  # noqa: E402
from moto.core.responses import EmptyResult  # noqa: E402
from moto.iam import iam_backends, models  # noqa: E402
from moto.iam.exceptions import (  # noqa: E402
    EntityAlreadyExists,
    InvalidInput,
    LimitExceededException,
    MalformedPolicyDocument,
    NotFoundException,
    ValidationError,
)
from moto.iam.models import IAMBackend  # noqa: E402
from moto.iam.responses import IamResponse  # noqa: E402
from moto.sts.models import sts_backends  # noqa: E402
import authorise  # noqa: E402
import registry  # noqa: E402
import simulate  # noqa: E402
import web_identity  # noqa: E402

from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.utilities.utils import get_partition  # noqa: E402

DEFAULTS = {
    "authorise": False,
    "issuer_ca": None,
    "propagation_ms": 0,
    "trust_delay_ms": 0,
    "trust_quota": 2048,
}
SETTINGS = dict(DEFAULTS)

TRUST_ACTIONS = {
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:setsourceidentity",
    "sts:tagsession",
}
WEB_IDENTITY_DOMAINS = {
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
}


# --- what AWS checks and moto does not -------------------------------------------------------


def as_list(value):
    return value if isinstance(value, list) else [value]


def check_trust(backend, text):
    """Refuses what IAM refuses in a trust policy."""
    if not isinstance(text, str) or not text:
        raise MalformedPolicyDocument("This policy contains invalid Json")
    if any(not (c in "\t\n\r" or "\u0020" <= c <= "\u00ff") for c in text):
        raise ValidationError(
            "1 validation error detected: Value at 'assumeRolePolicyDocument' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern"
        )
    try:
        document = json.loads(text)
    except ValueError:
        raise MalformedPolicyDocument("This policy contains invalid Json") from None
    if not isinstance(document, dict) or set(document) - {"Version", "Id", "Statement"}:
        raise MalformedPolicyDocument("Syntax errors in policy.")
    if document.get("Version", "2008-10-17") not in ("2008-10-17", "2012-10-17"):
        raise MalformedPolicyDocument("The policy must contain a valid version string")
    statements = as_list(document.get("Statement", []))
    if not statements or not all(isinstance(it, dict) for it in statements):
        raise MalformedPolicyDocument("Syntax errors in policy.")
    sids = [it["Sid"] for it in statements if it.get("Sid")]
    if any(not re.fullmatch("[0-9A-Za-z]*", sid) for sid in sids):
        raise MalformedPolicyDocument(
            "Statement IDs (SID) should be alpha-numeric. Check that your input satisfies the "
            "regular expression [0-9A-Za-z]*"
        )
    if len(set(sids)) != len(sids):
        raise MalformedPolicyDocument("Statement IDs (SID) in a single policy must be unique.")
    for statement in statements:
        check_statement(backend, statement)
    size = sum(1 for c in text if not c.isspace())
    if size > SETTINGS["trust_quota"]:
        raise LimitExceededException(
            f"Cannot exceed quota for ACLSizePerRole: {SETTINGS['trust_quota']}"
        )


def check_statement(backend, statement):
    if "Resource" in statement or "NotResource" in statement:
        raise MalformedPolicyDocument("Has prohibited field Resource")
    known = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"}
    if set(statement) - known or statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyDocument("Syntax errors in policy.")
    if ("Action" in statement) == ("NotAction" in statement):
        raise MalformedPolicyDocument("Policy statement must contain actions.")
    for action in as_list(statement.get("Action", [])):
        lower = action.lower()
        pattern = re.escape(lower).replace(r"\*", ".*").replace(r"\?", ".")
        if not any(re.fullmatch(pattern, known) for known in TRUST_ACTIONS):
            raise MalformedPolicyDocument(
                "AssumeRole policy may only specify STS AssumeRole actions."
            )
    if ("Principal" in statement) == ("NotPrincipal" in statement):
        raise MalformedPolicyDocument("AssumeRolepolicy must contain principals.")
    principals = statement.get("Principal", statement.get("NotPrincipal"))
    if principals == "*":
        return
    if not isinstance(principals, dict) or not principals:
        raise MalformedPolicyDocument("Invalid principal in policy.")
    for value in as_list(principals.get("Federated", [])):
        check_federated(backend, value)
    for value in as_list(principals.get("AWS", [])):
        check_principal(backend, value)


def check_federated(backend, value):
    arn = rf"arn:{backend.partition}:iam::\d{{12}}:(oidc|saml)-provider/.+"
    if value not in WEB_IDENTITY_DOMAINS and not re.fullmatch(arn, str(value)):
        raise MalformedPolicyDocument(
            "Federated principals must be valid domain names or SAML metadata ARNs"
        )


def check_principal(backend, value):
    """An identity of this account must exist; one that was deleted stands there by its id."""
    if re.fullmatch(r"A(ROA|IDA)[A-Z0-9]{8,}", value):
        raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{value}"')
    named = re.fullmatch(rf"arn:{backend.partition}:iam::{backend.account_id}:role/(.*)", value)
    if named and not any(
        role.arn == value and visible(role) for role in backend.get_roles()
    ):
        raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{value}"')


def check_tags(tags):
    for tag in tags or []:
        if tag["Key"].lower().startswith("aws:"):
            raise InvalidInput("Tag keys beginning with aws: are reserved")


def visible(thing):
    """Whether a thing that was just made shows already."""
    made = getattr(thing, "made_at", 0)
    return time.monotonic() - made >= SETTINGS["propagation_ms"] / 1000


def strict_create_role(original):
    def create_role(self, role_name, assume_role_policy_document, path, *rest, **named):
        if not re.fullmatch(r"[\w+=,.@-]{1,64}", role_name, re.ASCII):
            raise ValidationError("1 validation error detected: Value at 'roleName' is not valid")
        if path and not re.fullmatch(r"/|/[\x21-\x7e]*/", path):
            raise ValidationError("The specified value for path is invalid.")
        if any(role.name.lower() == role_name.lower() for role in self.get_roles()):
            raise EntityAlreadyExists(f"Role with name {role_name} already exists.")
        check_trust(self, assume_role_policy_document)
        tags = named.get("tags", rest[2] if len(rest) > 2 else [])
        check_tags(tags)
        role = original(self, role_name, assume_role_policy_document, path, *rest, **named)
        role.made_at = time.monotonic()
        return role

    return create_role


def get_role_in_any_case(self, role_name):
    for role in self.get_roles():
        if role.name.lower() == role_name.lower() and visible(role):
            return role
    raise NotFoundException(f"The role with name {role_name} cannot be found.")


def strict_update_assume_role_policy(self, role_name, policy_document):
    role = self.get_role(role_name)
    check_trust(self, policy_document)
    role.trust_before = role.assume_role_policy_document
    role.trust_at = time.monotonic()
    role.assume_role_policy_document = policy_document


def strict_create_provider(original):
    def create(self, url, thumbprint_list, client_id_list, tags):
        if not re.fullmatch(r"https://[^?#\s]+", url):
            raise ValidationError("Invalid Open ID Connect Provider URL")
        if any(not re.fullmatch("[0-9a-fA-F]{40}", it) for it in thumbprint_list):
            raise ValidationError("Thumbprint must be 40 hexadecimal digits")
        check_tags(tags)
        try:
            provider = original(self, url, thumbprint_list, client_id_list, tags)
        except EntityAlreadyExists:
            raise EntityAlreadyExists(f"Provider with url {url} already exists.") from None
        provider.made_at = time.monotonic()
        return provider

    return create


def slow_get_provider(original):
    def get(self, arn):
        provider = original(self, arn)
        if not visible(provider):
            raise NotFoundException(f"OpenIDConnect Provider not found for arn {arn}")
        return provider

    return get


def add_client_id(self):
    provider = self.backend.get_open_id_connect_provider(
        self._get_param("OpenIDConnectProviderArn")
    )
    client_id = self._get_param("ClientID")
    if not client_id or len(client_id) > 255:
        raise ValidationError("1 validation error detected: Value at 'clientID' is not valid")
    if client_id not in provider.client_id_list:
        if len(provider.client_id_list) >= 100:
            raise LimitExceededException("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
        provider.client_id_list.append(client_id)
    return EmptyResult()


def remove_client_id(self):
    provider = self.backend.get_open_id_connect_provider(
        self._get_param("OpenIDConnectProviderArn")
    )
    client_id = self._get_param("ClientID")
    if client_id in provider.client_id_list:
        provider.client_id_list.remove(client_id)
    return EmptyResult()


def slow_get_role(original):
    """A trust policy that was just changed shows as it was for a while."""

    def get_role(self):
        answer = original(self)
        role = answer.result["Role"]
        age = time.monotonic() - getattr(role, "trust_at", 0)
        if age < SETTINGS["trust_delay_ms"] / 1000:
            old = copy.copy(role)
            old.assume_role_policy_document = role.trust_before
            answer.result["Role"] = old
        return answer

    return get_role


def quota_of_settings(original):
    def summary_map(self):
        summary = dict(original.fget(self))
        summary["AssumeRolePolicySizeQuota"] = SETTINGS["trust_quota"]
        return summary

    return property(summary_map)


class OidcProvider(CloudFormationModel):
    """AWS::IAM::OIDCProvider, which moto's CloudFormation does not know."""

    # By this moto tells whose thing it is.
    __module__ = "moto.iam.models"

    def __init__(self, provider):
        self.physical_resource_id = provider.arn

    @staticmethod
    def cloudformation_name_type():
        return ""

    @staticmethod
    def cloudformation_type():
        return "AWS::IAM::OIDCProvider"

    @classmethod
    def create_from_cloudformation_json(
        cls, _resource_name, cloudformation_json, account_id, region_name, **_rest
    ):
        properties = cloudformation_json["Properties"]
        backend = iam_backends[account_id][get_partition(region_name)]
        return cls(
            backend.create_open_id_connect_provider(
                properties["Url"],
                properties.get("ThumbprintList", []),
                properties.get("ClientIdList", []),
                properties.get("Tags", []),
            )
        )


def role_of_a_stack(create):
    """moto forgets the managed policies of a role, and gives it an empty boundary."""

    def create_from_cloudformation_json(
        cls, resource_name, cloudformation_json, account_id, region_name, **rest
    ):
        role = create(resource_name, cloudformation_json, account_id, region_name, **rest)
        backend = iam_backends[account_id][get_partition(region_name)]
        for arn in cloudformation_json["Properties"].get("ManagedPolicyArns", []):
            backend.attach_role_policy(arn, role.name)
        role.permissions_boundary_arn = role.permissions_boundary_arn or None
        return role

    return classmethod(create_from_cloudformation_json)


def policies_of_ecr(text):
    """AWS's managed policies, without the thousand that no test attaches."""
    wanted = ("AmazonEC2ContainerRegistry", "AmazonS3ReadOnly")
    return json.dumps({k: v for k, v in json.loads(text).items() if k.startswith(wanted)})


def everything():
    """What is in IAM, by account and partition, in an order of its own."""
    found = {}
    for account, backends in list(iam_backends.items()):
        for partition, backend in list(backends.items()):
            providers = {
                arn: {
                    "url": provider.url,
                    "audiences": list(provider.client_id_list),
                    "thumbprints": list(provider.thumbprint_list),
                    "tags": tags_of(provider),
                }
                for arn, provider in backend.open_id_providers.items()
            }
            roles = {
                role.arn: {
                    "id": role.id,
                    "trust": role.assume_role_policy_document,
                    "description": role.description,
                    "boundary": role.permissions_boundary_arn,
                    "maxSession": role.max_session_duration,
                    "attached": sorted(role.managed_policies),
                    "inline": dict(role.policies),
                    "tags": tags_of(role),
                }
                for role in backend.get_roles()
            }
            if providers or roles:
                found[f"{account} {partition}"] = {"providers": providers, "roles": roles}
    return found


def tags_of(thing):
    tags = thing.tags
    if isinstance(tags, dict):
        tags = tags.values()
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def make_strict():
    models.aws_managed_policies_data = policies_of_ecr(models.aws_managed_policies_data)
    models.Role.create_from_cloudformation_json = role_of_a_stack(
        models.Role.create_from_cloudformation_json
    )
    IAMBackend.create_role = strict_create_role(IAMBackend.create_role)
    IAMBackend.get_role = get_role_in_any_case
    IAMBackend.update_assume_role_policy = strict_update_assume_role_policy
    IAMBackend.create_open_id_connect_provider = strict_create_provider(
        IAMBackend.create_open_id_connect_provider
    )
    IAMBackend.get_open_id_connect_provider = slow_get_provider(
        IAMBackend.get_open_id_connect_provider
    )
    # moto turns an action's name into a method's name.
    IamResponse.add_client_id_to_open_id_connect_provider = add_client_id
    IamResponse.remove_client_id_from_open_id_connect_provider = remove_client_id
    IamResponse.get_role = slow_get_role(IamResponse.get_role)
    web_identity.install(SETTINGS, visible)
    simulate.install()
    authorise.install()
    registry.install()
    summary = models.AccountSummary
    summary.summary_map = quota_of_settings(summary.summary_map)


# --- the layer in front ----------------------------------------------------------------------


class Front:
    """Records, delays, fails and cuts calls; all else goes to moto."""

    def __init__(self, moto):
        self.moto = moto
        self.lock = threading.Condition()
        self.empty()

    def empty(self):
        self.log = []
        self.refused = []
        self.faults = []
        self.cut = None
        self.reached = False
        SETTINGS.update(DEFAULTS)
        authorise.switch(False)

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        body = read_body(environ)
        if path.startswith("/__"):
            return self.control(environ["REQUEST_METHOD"], path, body, start_response)
        action, service = action_of(environ, body)
        if path == "/federation/credentials":
            return self.federate(environ, start_response)
        if action is None:
            return self.moto(environ, start_response)
        with self.lock:
            self.log.append(action)
            number = len(self.log)
        self.stall(number, after=False)
        fault = self.take_fault(action)
        if fault:
            time.sleep(fault.get("delay_ms", 0) / 1000)
        if fault and not fault.get("after") and is_failing(fault):
            return self.fail(fault, action, service, environ, start_response)
        message = web_identity.refusal(environ, action, body) if service == "ecr" else None
        if message:
            refused = {"code": "AccessDeniedException", "message": message}
            return self.fail(refused, action, service, environ, start_response)
        authorise.CALL.body = body
        answer = run(self.moto, environ)
        self.stall(number, after=True)
        if fault and fault.get("after") and is_failing(fault):
            return self.fail(fault, action, service, environ, start_response)
        status, headers, payload = answer
        refusal = authorise.refusal(status, payload)
        if refusal:
            # moto's own body is none that the SDKs can read.
            with self.lock:
                self.refused.append(refusal[0])
            code = "AccessDeniedException" if service == "ecr" else "AccessDenied"
            refused = {"code": code, "message": refusal[1]}
            return self.fail(refused, action, service, environ, start_response)
        start_response(status, headers)
        return [payload]

    def federate(self, environ, start_response):
        """sso:GetRoleCredentials: moto has no portal. The token `signed-in` is a login."""
        with self.lock:
            self.log.append("GetRoleCredentials")
        if environ.get("HTTP_X_AMZ_SSO_BEARER_TOKEN") != "signed-in":
            content = {"__type": "UnauthorizedException", "message": "Session token not found or invalid"}
            return reply(start_response, content, "401 Unauthorized")
        query = parse_qs(environ.get("QUERY_STRING", ""))
        account, role = query["account_id"][0], query["role_name"][0]
        given = sts_backends[account]["aws"].assume_role(
            region_name="us-east-1",
            role_session_name="me",
            role_arn=f"arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/{role}",
            policy=None,
            duration=3600,
            external_id=None,
        )
        keys = {
            "accessKeyId": given.access_key_id,
            "secretAccessKey": given.secret_access_key,
            "sessionToken": given.session_token,
            "expiration": int(given.expiration.timestamp() * 1000),
        }
        return reply(start_response, {"roleCredentials": keys})

    def control(self, method, path, body, start_response):
        content = json.loads(body) if body else None
        with self.lock:
            if path == "/__log" and method == "GET":
                return reply(start_response, self.log)
            if path == "/__refused" and method == "GET":
                return reply(start_response, self.refused)
            if path == "/__log" and method == "DELETE":
                self.log = []
                self.refused = []
            elif path == "/__state" and method == "GET":
                return reply(start_response, everything())
            elif path == "/__faults":
                self.faults = [dict(it) for it in content] if method == "POST" else []
            elif path == "/__settings" and method == "POST":
                SETTINGS.update(content)
                authorise.switch(SETTINGS["authorise"])
            elif path == "/__cut" and method == "GET":
                return reply(start_response, {"reached": self.reached})
            elif path == "/__cut":
                self.cut = content if method == "POST" else None
                self.reached = False
                self.lock.notify_all()
            elif path == "/__reset" and method == "POST":
                self.empty()
                self.lock.notify_all()
            else:
                return reply(start_response, {"error": "no such path"}, "404 Not Found")
        if path == "/__reset":
            registry.RULES.clear()
            run(self.moto, bare_environ("/moto-api/reset"))
        return reply(start_response, {})

    def stall(self, number, after):
        """Keeps a call that is cut waiting until the cut is taken back."""
        with self.lock:
            while self.cut and (
                number > self.cut["call"]
                or (number == self.cut["call"] and bool(self.cut.get("after")) == after)
            ):
                self.reached = True
                self.lock.wait(timeout=60)

    def take_fault(self, action):
        with self.lock:
            for fault in self.faults:
                if fault["action"] not in (action, "*"):
                    continue
                if fault.get("skip", 0) > 0:
                    fault["skip"] -= 1
                    continue
                times = fault.setdefault("times", 1)
                if times > 0:
                    fault["times"] = times - 1
                    return fault
        return None

    def fail(self, fault, action, service, environ, start_response):
        if fault.get("drop"):
            connection = environ.get("werkzeug.socket")
            if connection is not None:
                connection.shutdown(socket.SHUT_RDWR)
            start_response("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        code = fault["code"]
        message = fault.get("message") or default_message(code, action, service)
        status = f"{fault.get('status', default_status(code))} Error"
        if service == "ecr":
            payload = json.dumps({"__type": code, "message": message}).encode()
            kind = "application/x-amz-json-1.1"
        else:
            payload = error_xml(service, code, message, fault).encode()
            kind = "text/xml"
        start_response(status, [("Content-Type", kind), ("x-amzn-RequestId", REQUEST_ID)])
        return [payload]


REQUEST_ID = "7a62c49f-347e-4fc4-9331-6e8eaf7e27d1"


def is_failing(fault):
    return bool(fault.get("code") or fault.get("drop"))


def error_xml(service, code, message, fault):
    space = {
        "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
        "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    }.get(service, "https://iam.amazonaws.com/doc/2010-05-08/")
    kind = "Receiver" if fault.get("status", default_status(code)) >= 500 else "Sender"
    return (
        f'<ErrorResponse xmlns="{space}"><Error><Type>{kind}</Type><Code>{escape(code)}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{REQUEST_ID}</RequestId>"
        "</ErrorResponse>"
    )


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def default_status(code):
    return {
        "AccessDenied": 403,
        "ExpiredToken": 403,
        "InvalidClientTokenId": 403,
        "SignatureDoesNotMatch": 403,
        "NoSuchEntity": 404,
        "EntityAlreadyExists": 409,
        "ConcurrentModification": 409,
        "DeleteConflict": 409,
        "LimitExceeded": 409,
        "ServiceFailure": 500,
        "ServiceUnavailable": 503,
    }.get(code, 400)


def default_message(code, action, service):
    return {
        "AccessDenied": (
            "User: arn:aws:iam::123456789012:user/moto is not authorized to perform: "
            f"{service}:{action} on resource: * because no identity-based policy allows the "
            f"{service}:{action} action"
        ),
        "ConcurrentModification": "The request was rejected because multiple requests to change "
        "this object were submitted simultaneously. Wait a few minutes and submit your request "
        "again.",
        "ExpiredToken": "The security token included in the request is expired",
        "Throttling": "Rate exceeded",
        "ServiceFailure": "The request processing has failed because of an unknown error.",
    }.get(code, f"{code} was asked for")


def read_body(environ):
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def action_of(environ, body):
    """The action and the service that a request speaks of."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.rsplit(".", 1)[-1], "ecr"
    fields = parse_qs(body.decode("utf-8", "replace"))
    if "Action" not in fields:
        return None, None
    version = fields.get("Version", [""])[0]
    return fields["Action"][0], "sts" if version == "2011-06-15" else "iam"


def run(app, environ):
    """A whole answer of the app."""
    head = []

    def start(status, headers, _error=None):
        head[:] = [status, headers]

    chunks = app(environ, start)
    try:
        payload = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return head[0], head[1], payload


def bare_environ(path):
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": "0",
        "wsgi.input": io.BytesIO(b""),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def reply(start_response, content, status="200 OK"):
    payload = json.dumps(content).encode()
    start_response(
        status, [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))]
    )
    return [payload]


class QuietHandler(MotoRequestHandler):
    """No line per request: the log is served, not printed."""

    def make_environ(self):
        # Underscores in names are dropped on the way, and SSO has two.
        environ = super().make_environ()
        environ["HTTP_X_AMZ_SSO_BEARER_TOKEN"] = self.headers.get("x-amz-sso_bearer_token", "")
        return environ

    def log_request(self, *_args):
        pass


def end_with_parent():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description="moto, as strict as AWS")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--with-parent", action="store_true")
    parser.add_argument("--tls", type=Path)
    arguments = parser.parse_args()
    if arguments.with_parent:
        threading.Thread(target=end_with_parent, daemon=True).start()
    make_strict()
    front = Front(DomainDispatcherApplication(create_backend_app))
    folder = arguments.tls
    tls = (folder / "server.pem", folder / "server.key") if folder else None
    server = make_server(
        arguments.host,
        arguments.port,
        front,
        threaded=True,
        request_handler=QuietHandler,
        ssl_context=tls,
    )
    scheme = "https" if tls else "http"
    print(f"{scheme}://{arguments.host}:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
