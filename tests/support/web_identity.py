"""sts:AssumeRoleWithWebIdentity as strict as AWS, and ECR as the role's policies allow.

moto gives any role to any token. Here the OIDC provider must be in the role's account, the issuer's
keys must bear the token out (they are fetched, over TLS), the audience must be one of the provider's
and the trust policy must admit the claims; each refusal has AWS's own code and text. What comes back
may then read from ECR what the role's policies allow.

The setting `issuer_ca` names the file with the roots that are trusted; without it the system's are.
"""

import base64
import fnmatch
import json
import re
import ssl
import time
import urllib.error
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from moto.ecr.models import ecr_backends
from moto.iam.models import iam_backends
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
ALGORITHMS = {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}

# The role of each access key that was given for a token.
ROLES = {}


def invalid(message):
    return STSClientError("InvalidIdentityToken", message)


def denied():
    return STSClientError(
        "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    )


def no_keys():
    return invalid(
        "Couldn't retrieve verification key from your identity provider,  please reference "
        "AssumeRoleWithWebIdentity documentation for requirements"
    )


def as_list(value):
    return value if isinstance(value, list) else [value]


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def number(part):
    return int.from_bytes(decode(part), "big")


def fetch(url, settings):
    context = ssl.create_default_context(cafile=settings.get("issuer_ca"))
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:
            return json.loads(answer.read(1024 * 1024))
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise invalid(
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
            ) from None
        raise no_keys() from None
    except (OSError, ValueError):
        raise no_keys() from None


def verify(head, signed, signature, keys):
    algorithm = head.get("alg", "")
    if algorithm not in ALGORITHMS:
        raise invalid("The ID Token provided is not a valid JWT.")
    named = [key for key in keys if head.get("kid") in (None, key.get("kid"))]
    if not named:
        raise no_keys()
    digest = HASHES[algorithm[2:]]()
    for key in named:
        try:
            if key["kty"] == "RSA" and algorithm.startswith("RS"):
                public = rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
                public.verify(signature, signed, padding.PKCS1v15(), digest)
                return
            if key["kty"] == "EC" and algorithm.startswith("ES"):
                curve = CURVES[key["crv"]]()
                point = ec.EllipticCurvePublicNumbers(number(key["x"]), number(key["y"]), curve)
                half = len(signature) // 2
                pair = (signature[:half], signature[half:])
                pair = encode_dss_signature(*(int.from_bytes(it, "big") for it in pair))
                point.public_key().verify(pair, signed, ec.ECDSA(digest))
                return
        except (InvalidSignature, KeyError, ValueError):
            continue
    raise invalid("The web identity token that was passed could not be validated")


def claims_of(token, backend, account, settings):
    """What a token claims, once it is known to be good."""
    try:
        head, body, signature = token.split(".")
        header, claims = json.loads(decode(head)), json.loads(decode(body))
        signature = decode(signature)
    except ValueError:
        raise invalid("The ID Token provided is not a valid JWT.") from None
    issuer = claims.get("iss", "")
    bare = issuer.removeprefix("https://")
    arn = f"arn:{backend.partition}:iam::{account}:oidc-provider/{bare}"
    provider = backend.open_id_providers.get(arn)
    if provider is None or not issuer.startswith("https://"):
        raise invalid(f"No OpenIDConnect provider found in your account for {issuer}")
    if claims.get("exp", 0) + 300 <= time.time():
        raise STSClientError(
            "ExpiredTokenException",
            f"Token expired: current date/time {int(time.time())} must be before the expiration "
            f"date/time {claims.get('exp')}",
        )
    document = fetch(issuer.removesuffix("/") + "/.well-known/openid-configuration", settings)
    if document.get("issuer") != issuer:
        raise no_keys()
    keys = fetch(document.get("jwks_uri", ""), settings).get("keys", [])
    verify(header, f"{head}.{body}".encode(), signature, keys)
    if not set(as_list(claims.get("aud", []))) & set(provider.client_id_list):
        raise invalid("Incorrect token audience")
    return arn, bare, claims


def holds(operator, wanted, found):
    """Whether one condition holds for the values of a claim."""
    operator = operator.lower()
    if operator.startswith("foranyvalue:"):
        operator = operator.split(":", 1)[1]
    if operator.endswith("ifexists"):
        operator = operator.removesuffix("ifexists")
        if not found:
            return True
    match operator:
        case "stringequals":
            return any(it in wanted for it in found)
        case "stringequalsignorecase":
            return any(it.lower() in [one.lower() for one in wanted] for it in found)
        case "stringlike":
            return any(fnmatch.fnmatchcase(it, one) for it in found for one in wanted)
        case "stringnotequals":
            return not any(it in wanted for it in found)
    return False


def admits(statement, arn, bare, claims):
    """Whether a statement of a trust policy speaks of the claims."""
    principals = statement.get("Principal", {})
    if principals != "*" and arn not in as_list(principals.get("Federated", [])):
        return False
    action = "sts:assumerolewithwebidentity"
    if not any(fnmatch.fnmatchcase(action, it.lower()) for it in as_list(statement.get("Action", []))):
        return False
    for operator, conditions in statement.get("Condition", {}).items():
        for key, wanted in conditions.items():
            space, _, name = key.rpartition(":")
            known = space.lower() == bare.lower() and name.lower() in ("aud", "sub", "amr")
            found = as_list(claims.get(name.lower(), [])) if known else []
            if not holds(operator, [str(it) for it in as_list(wanted)], found):
                return False
    return True


def check(role_arn, token, settings, visible):
    match = re.fullmatch(r"arn:(aws[a-z-]*):iam::(\d{12}):role/.+", role_arn or "")
    if not match:
        raise STSClientError("ValidationError", f"{role_arn} is invalid")
    partition, account = match.groups()
    backend = iam_backends[account][partition]
    arn, bare, claims = claims_of(token or "", backend, account, settings)
    role = next((it for it in backend.get_roles() if it.arn == role_arn and visible(it)), None)
    if role is None:
        raise denied()
    statements = as_list(json.loads(role.assume_role_policy_document).get("Statement", []))
    speaking = [it["Effect"] for it in statements if admits(it, arn, bare, claims)]
    if "Allow" not in speaking or "Deny" in speaking:
        raise denied()


def strict_assume(original, settings, visible):
    def assume_role_with_web_identity(self):
        role_arn = self._get_param("RoleArn")
        check(role_arn, self._get_param("WebIdentityToken"), settings, visible)
        answer = original(self)
        ROLES[answer.result["Credentials"].access_key_id] = role_arn
        return answer

    return assume_role_with_web_identity


# --- what such a role may do in ECR ----------------------------------------------------------


def policies(role, backend):
    for policy in role.managed_policies.values():
        for version in policy.versions:
            if version.version_id == policy.default_version_id:
                yield version.document
    for document in role.policies.values():
        yield document


# What a repository of another account has to allow as well.
OF_REPOSITORIES = {"BatchGetImage", "GetDownloadUrlForLayer"}


def admitted(partition, role_arn, account, region, name, action):
    """Whether a repository's policy lets the role of another account do it."""
    repository = ecr_backends[account][region].repositories.get(name)
    effects = set()
    policy = json.loads(repository.policy) if repository and repository.policy else {}
    root = f"arn:{partition}:iam::{role_arn.split(':')[4]}:root"
    for statement in as_list(policy.get("Statement", [])):
        principal = statement.get("Principal", {})
        named = ["*"] if principal == "*" else as_list(principal.get("AWS", []))
        actions = [it.lower() for it in as_list(statement.get("Action", []))]
        if set(named) & {"*", role_arn, root} and any(
            fnmatch.fnmatchcase(f"ecr:{action}".lower(), it) for it in actions
        ):
            effects.add(statement["Effect"])
    return effects == {"Allow"}


def refusal(environ, action, body):
    """Why a call to ECR with a role that was given for a token is refused, if it is."""
    key = re.search(r"Credential=([^/,\s]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    role_arn = ROLES.get(key.group(1)) if key else None
    if role_arn is None:
        return None
    _, partition, _, _, account, path = role_arn.split(":", 5)
    backend = iam_backends[account][partition]
    role = next((it for it in backend.get_roles() if it.arn == role_arn), None)
    effects = set()
    for document in policies(role, backend) if role else []:
        document = json.loads(document) if isinstance(document, str) else document
        for statement in as_list(document.get("Statement", [])):
            actions = [it.lower() for it in as_list(statement.get("Action", []))]
            if any(fnmatch.fnmatchcase(f"ecr:{action}".lower(), it) for it in actions):
                effects.add(statement["Effect"])
    why = None
    if effects == {"Allow"}:
        request = json.loads(body or b"{}")
        registry = request.get("registryId", account)
        region = environ["HTTP_AUTHORIZATION"].split("Credential=")[1].split("/")[2]
        if (
            action not in OF_REPOSITORIES
            or registry == account
            or admitted(
                partition, role_arn, registry, region, request.get("repositoryName"), action
            )
        ):
            return None
        why = f"because no resource-based policy allows the ecr:{action} action"
    why = why or "with an explicit deny in an identity-based policy"
    if "Deny" not in effects:
        why = f"because no identity-based policy allows the ecr:{action} action"
    name = path.rsplit("/", 1)[-1]
    return (
        f"User: arn:{partition}:sts::{account}:assumed-role/{name}/mk8s-check is not authorized to "
        f"perform: ecr:{action} on resource: * {why}"
    )


def install(settings, visible):
    """Puts all of it into moto; what `refusal` says is for the layer in front."""
    TokenResponse.assume_role_with_web_identity = strict_assume(
        TokenResponse.assume_role_with_web_identity, settings, visible
    )
