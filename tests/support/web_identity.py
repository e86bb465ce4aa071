"""sts:AssumeRoleWithWebIdentity as strict as AWS, and ECR as the role's policies allow.

moto gives any role to any token. Here the OIDC provider must be in the role's account, the issuer's
keys must bear the token out (they are fetched, over TLS), the audience must be one of the provider's
and the trust policy must admit the claims; each refusal has AWS's own code and text. What comes back
may then read from ECR what the role's policies allow.

The setting `issuer_ca` names the file with the roots that are trusted; without it the system's are.
"""

import base64
import json
import re
import ssl
import time
import urllib.error
import urllib.request

import iam_policy
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


def circumstances(call, account, region, session):
    """Adds what the emulator knows of a call, as AWS would."""
    call.context["aws:sourceip"] = ["127.0.0.1"]
    call.context["aws:requestedregion"] = [region]
    call.context["aws:resourceaccount"] = [account]
    if session:
        call.context["sts:rolesessionname"] = [session]
    return call


def check(role_arn, token, settings, visible, region, session):
    match = re.fullmatch(r"arn:(aws[a-z-]*):iam::(\d{12}):role/.+", role_arn or "")
    if not match:
        raise STSClientError("ValidationError", f"{role_arn} is invalid")
    partition, account = match.groups()
    backend = iam_backends[account][partition]
    arn, bare, claims = claims_of(token or "", backend, account, settings)
    role = next((it for it in backend.get_roles() if it.arn == role_arn and visible(it)), None)
    if role is None:
        raise denied()
    call = iam_policy.call_with_token(claims, arn, bare, account, str(int(time.time())))
    circumstances(call, account, region, session)
    if iam_policy.judge([role.assume_role_policy_document], call) != "allowed":
        raise denied()


def strict_assume(original, settings, visible):
    def assume_role_with_web_identity(self):
        role_arn = self._get_param("RoleArn")
        token, session = self._get_param("WebIdentityToken"), self._get_param("RoleSessionName")
        check(role_arn, token, settings, visible, self.region, session)
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
OF_REPOSITORIES = {"BatchGetImage", "GetDownloadUrlForLayer", "BatchImportUpstreamImage"}


def text_of(policy):
    return next(it.document for it in policy.versions if it.version_id == policy.default_version_id)


def repository_policy(account, region, name):
    repository = ecr_backends[account][region].repositories.get(name)
    return repository.policy if repository and repository.policy else {}


def refusal(environ, action, body):
    """Why a call to ECR with a role that was given for a token is refused, if it is."""
    key = re.search(r"Credential=([^/,\s]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    role_arn = ROLES.get(key.group(1)) if key else None
    if role_arn is None:
        return None
    _, partition, _, _, account, path = role_arn.split(":", 5)
    backend = iam_backends[account][partition]
    role = next((it for it in backend.get_roles() if it.arn == role_arn), None)
    request = json.loads(body or b"{}")
    registry = request.get("registryId", account)
    region = environ["HTTP_AUTHORIZATION"].split("Credential=")[1].split("/")[2]
    name = request.get("repositoryName")
    resource = f"arn:{partition}:ecr:{region}:{registry}:repository/{name}" if name else "*"
    now = str(int(time.time()))
    context = {
        "aws:securetransport": ["true"],
        "aws:currenttime": [now],
        "aws:epochtime": [now],
        "aws:sourceip": ["127.0.0.1"],
        "aws:requestedregion": [region],
        "aws:principalarn": [role_arn],
        "aws:principalaccount": [account],
        "aws:principaltype": ["AssumedRole"],
        "aws:principalisawsservice": ["false"],
        "aws:viaawsservice": ["false"],
        "aws:resourceaccount": [registry],
    }
    call = iam_policy.Call("AWS", role_arn, account, f"ecr:{action}", resource, context)
    own, bounding = list(policies(role, backend)) if role else [], None
    boundary = role and role.permissions_boundary_arn
    if boundary:
        bounding = text_of(backend.managed_policies[boundary])
    said = iam_policy.judge(own, call, has_principals=False)
    why = None
    if said == "denied":
        why = "with an explicit deny in an identity-based policy"
    elif bounding and iam_policy.judge([bounding], call, has_principals=False) != "allowed":
        why = f"because no permissions boundary allows the ecr:{action} action"
    elif action in OF_REPOSITORIES:
        # A repository of the same account may let in a role that has no policy of its own for it.
        there = iam_policy.judge([repository_policy(registry, region, name)], call)
        if there == "denied":
            why = "with an explicit deny in a resource-based policy"
        elif registry != account and there != "allowed":
            why = f"because no resource-based policy allows the ecr:{action} action"
        elif registry == account and there == "allowed":
            return None
    if why is None:
        if said == "allowed":
            return None
        why = f"because no identity-based policy allows the ecr:{action} action"
    name = path.rsplit("/", 1)[-1]
    return (
        f"User: arn:{partition}:sts::{account}:assumed-role/{name}/mk8s-check is not authorized to "
        f"perform: ecr:{action} on resource: {resource} {why}"
    )


def install(settings, visible):
    """Puts all of it into moto; what `refusal` says is for the layer in front."""
    TokenResponse.assume_role_with_web_identity = strict_assume(
        TokenResponse.assume_role_with_web_identity, settings, visible
    )
