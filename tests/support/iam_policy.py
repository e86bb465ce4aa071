"""Whether IAM policies allow a call, as the IAM reference describes the language of policies.

`Call` is one call with its whole context; `judge` says yes or no of it. Where parts of a context cannot be
known, `answer` tries worlds in which they are one thing or another, and says `depends` if it matters.

As a program it reads a line of JSON for each question (`policy`, `claims`, `now`) and writes the
answer for a token with these claims.
"""

import datetime
import ipaddress
import itertools
import json
import random
import re
import sys

EXCHANGE = "sts:AssumeRoleWithWebIdentity"

# At most so many worlds are looked at for one question.
MOST_WORLDS = 400


class Unresolved(Exception):
    """A variable that has no value: AWS says only that the statement may then be invalid."""


def as_list(value):
    return value if isinstance(value, list) else [value]


def as_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def texts(value):
    return [as_text(it) for it in as_list(value)]


class Call:
    """A call: who makes it (kind and name of the principal, and its account), what, on what, and the
    context, whose keys are in lower case and have lists of values."""

    def __init__(self, kind, name, account, action, resource, context, invalid=None):
        self.kind, self.name, self.account = kind, name, account
        self.action, self.resource, self.context = action, resource, context
        # Whether a condition with a variable that has no value is met; None: the statement is not.
        self.invalid = invalid


# --- texts ------------------------------------------------------------------------------------


def substitute(text, call, wild):
    """A regular expression for the text, with variables replaced."""
    parts, at = [], 0
    while at < len(text):
        end = text.find("}", at) if text.startswith("${", at) and call is not None else -1
        if end > 0:
            parts.append(re.escape(value_of(text[at + 2 : end], call)))
            at = end + 1
            continue
        sign = text[at]
        parts.append({"*": ".*", "?": "."}.get(sign, re.escape(sign)) if wild else re.escape(sign))
        at += 1
    return "".join(parts)


def value_of(variable, call):
    if variable in ("*", "?", "$"):
        return variable
    key, comma, default = variable.partition(",")
    values = call.context.get(key.strip().lower(), [])
    if len(values) == 1:
        return values[0]
    quoted = re.fullmatch(r"\s*'(.*)'\s*", default) if comma else None
    if not values and quoted:
        return quoted.group(1)
    raise Unresolved(key)


def fits(expression, text, flags=0):
    return re.fullmatch(expression, text, re.DOTALL | flags) is not None


def glob(pattern, text):
    return fits(substitute(pattern, None, True), text)


def arn_fits(pattern, arn, call, shorter):
    if pattern and not pattern.strip("*"):
        return True
    wanted, found = split_arn(pattern, call), arn.split(":", 5)
    if len(found) < 6 or (len(wanted) < 6 and not shorter):
        return False
    return all(fits(one, it) for one, it in zip(wanted, found))


def split_arn(pattern, call):
    """The expressions of an ARN's parts. Variables are replaced before it is compared, so that the
    value of one may be a whole ARN; a wildcard in such a value is no wildcard."""
    parts, at = [""], 0
    while at < len(pattern):
        end = pattern.find("}", at) if pattern.startswith("${", at) and call is not None else -1
        piece = pattern[at : end + 1] if end > 0 else pattern[at]
        at += len(piece)
        text = value_of(piece[2:-1], call) if end > 0 else piece
        for sign in text:
            if sign == ":" and len(parts) < 6:
                parts.append("")
            else:
                parts[-1] += re.escape(sign) if end > 0 else substitute(sign, None, True)
    return parts


# --- operators --------------------------------------------------------------------------------


def number(text):
    return float(text) if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text) else None


def moment(text):
    if re.fullmatch(r"[+-]?\d+", text):
        try:
            return datetime.datetime.fromtimestamp(int(text), datetime.timezone.utc)
        except (OverflowError, ValueError, OSError):
            return None
    form = r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?"
    if not re.fullmatch(form, text):
        return None
    try:
        found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)


def ordered(read, test):
    def compare(wanted, found, call):
        wanted, found = read(wanted), read(found)
        return wanted is not None and found is not None and test(found, wanted)

    return compare


def inside(wanted, found, call):
    try:
        network, address = ipaddress.ip_network(wanted, strict=False), ipaddress.ip_address(found)
    except ValueError:
        return False
    return address.version == network.version and address in network


def same_truth(wanted, found, call):
    return wanted.lower() == found.lower() and wanted.lower() in ("true", "false")


ORDERS = {
    "equals": lambda one, two: one == two,
    "lessthan": lambda one, two: one < two,
    "lessthanequals": lambda one, two: one <= two,
    "greaterthan": lambda one, two: one > two,
    "greaterthanequals": lambda one, two: one >= two,
}
COMPARISONS = {
    "stringequals": lambda w, f, call: fits(substitute(w, call, False), f),
    "stringequalsignorecase": lambda w, f, call: fits(substitute(w, call, False), f, re.IGNORECASE),
    "stringlike": lambda w, f, call: fits(substitute(w, call, True), f),
    "arnequals": lambda w, f, call: arn_fits(w, f, call, False),
    "arnlike": lambda w, f, call: arn_fits(w, f, call, False),
    "bool": same_truth,
    "binaryequals": lambda w, f, call: w == f,
    "ipaddress": inside,
}
for order, test in ORDERS.items():
    COMPARISONS["numeric" + order] = ordered(number, test)
    COMPARISONS["date" + order] = ordered(moment, test)
NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}


def met(operator, key, wanted, call, version):
    """Whether one condition is met by the context."""
    found = call.context.get(key.lower(), [])
    name = operator.lower()
    quantifier, colon, rest = name.partition(":")
    if colon:
        name = rest
    else:
        quantifier = ""
    if name == "null" and not quantifier:
        return any(it.lower() == ("false" if found else "true") for it in wanted)
    optional = name.endswith("ifexists")
    if optional:
        name = name[: -len("ifexists")]
    negated = name in NEGATED
    compare = COMPARISONS.get(NEGATED.get(name, name))
    if compare is None:
        # IAM would not have taken the document: nobody can say.
        if call.invalid is None:
            raise Unresolved(operator)
        return call.invalid
    if not found:
        if quantifier == "foranyvalue":
            return False
        return quantifier == "forallvalues" or optional or negated
    filled = call if version == "2012-10-17" else None

    def one(value):
        unresolved, hit = None, False
        for it in wanted:
            try:
                hit = hit or compare(it, value, filled)
            except Unresolved as error:
                unresolved = error
        if not hit and unresolved:
            if call.invalid is None:
                raise unresolved
            hit = call.invalid
        return hit != negated

    if quantifier == "forallvalues":
        return all(one(value) for value in found)
    if quantifier == "foranyvalue":
        return any(one(value) for value in found)
    return all(one(value) for value in found) if negated else any(one(value) for value in found)


# --- statements -------------------------------------------------------------------------------


def is_named(kind, value, call):
    if kind == "AWS":
        if value == "*":
            return True
        root = re.fullmatch(r"(?:arn:[^:]+:iam::)?(\d{12})(:root)?", value)
        if root and (":root" in value) == value.startswith("arn:"):
            return call.kind == "AWS" and call.account == root.group(1)
    return call.kind == kind and value in ("*", call.name)


def named(principals, call):
    if principals == "*":
        return True
    if not isinstance(principals, dict):
        principals = {"AWS": principals}
    return any(
        is_named(kind, value, call) for kind, values in principals.items() for value in texts(values)
    )


def acts(patterns, call):
    return any(glob(it.lower(), call.action.lower()) for it in texts(patterns))


def reached(patterns, call, version):
    filled = call if version == "2012-10-17" else None
    for it in texts(patterns):
        if call.resource == "*":
            if it and not it.strip("*"):
                return True
        elif arn_fits(it, call.resource, filled, True):
            return True
    return False


def speaks(statement, call, version, has_principals):
    if has_principals:
        if "NotPrincipal" in statement:
            if named(statement["NotPrincipal"], call):
                return False
        elif not named(statement.get("Principal", {}), call):
            return False
    if "NotAction" in statement:
        if acts(statement["NotAction"], call):
            return False
    elif not acts(statement.get("Action", []), call):
        return False
    try:
        if "NotResource" in statement:
            if reached(statement["NotResource"], call, version):
                return False
        elif "Resource" in statement:
            if not reached(statement["Resource"], call, version):
                return False
        elif not has_principals:
            return False
        return all(
            met(operator, key, texts(wanted), call, version)
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, wanted in keys.items()
        )
    except Unresolved:
        return False


def effects(policy, call, has_principals=True):
    policy = json.loads(policy) if isinstance(policy, str) else policy
    version = policy.get("Version")
    return {
        statement.get("Effect")
        for statement in as_list(policy.get("Statement", []))
        if speaks(statement, call, version, has_principals)
    }


def judge(policies, call, has_principals=True):
    """`allowed`, `denied` by a statement, or `silent`."""
    found = set()
    for policy in policies:
        found |= effects(policy, call, has_principals)
    if "Deny" in found:
        return "denied"
    return "allowed" if "Allow" in found else "silent"


# --- a token ----------------------------------------------------------------------------------


def call_with_token(claims, provider, bare, account, now):
    """A call that shows a token, as far as it is known whatever the circumstances."""
    context = {
        "aws:securetransport": ["true"],
        "aws:currenttime": [now],
        "aws:epochtime": [now],
        "aws:federatedprovider": [provider],
        "aws:resourceaccount": [account],
        "aws:viaawsservice": ["false"],
    }
    for name in ("aud", "sub", "amr"):
        if name in claims:
            context[f"{bare}:{name}".lower()] = texts(claims[name])
    return Call("Federated", provider, account, EXCHANGE, "*", context)


# Whoever has a token is no principal of IAM, has no session, no MFA and no tags, and is no service
# of AWS: these keys are not there, nor are those of other issuers and services.
NEVER = re.compile(
    r"aws:(principal|requesttag/|multifactorauth|calledvia|source(account|arn|org))"
    r"|(aws:(username|tokenissuetime|tagkeys)|sts:(externalid|sourceidentity|transitivetagkeys))$"
)


def is_open(key, call):
    """Whether nobody can know a key beforehand."""
    known = key in call.context or NEVER.match(key)
    return key.startswith(("aws:", "sts:", "iam:")) and not known


def mentioned(policy):
    """Keys in the policy, each with the values that are asked of it."""
    found = {}
    for statement in as_list(policy.get("Statement", [])):
        for keys in (statement.get("Condition") or {}).values():
            for key, wanted in keys.items():
                found.setdefault(key.lower(), []).extend(texts(wanted))
                for text in texts(wanted):
                    for name in re.findall(r"\$\{([^}]*)\}", text):
                        found.setdefault(name.split(",")[0].strip().lower(), [])
    return found


def samples(wanted):
    """Values on this side and on the other of what is asked, and no value."""
    values = {"unrelated", "192.0.2.77", "2001:db8:ffff::9", "arn:aws:x:y:z:w", "true", "false"}
    for text in wanted:
        values.add(text)
        values.add(text.replace("*", "zz").replace("?", "z"))
        if number(text) is not None:
            values |= {str(number(text) + 1), str(number(text) - 1)}
        if moment(text) is not None:
            values |= {"1990-01-01T00:00:00Z", "2100-01-01T00:00:00Z"}
        try:
            values.add(str(ipaddress.ip_network(text, strict=False)[0]))
        except ValueError:
            pass
    return [[it] for it in sorted(values)] + [[]]


def answer(policy, claims, now):
    issuer, account = claims["iss"], claims["account"]
    bare = issuer.removeprefix("https://")
    provider = f"arn:aws:iam::{account}:oidc-provider/{bare}"
    call = call_with_token(claims, provider, bare, account, now)
    asked = mentioned(policy)
    unknown = {key: samples(values) for key, values in asked.items() if is_open(key, call)}
    worlds = itertools.product([True, False], *unknown.values())
    size = 2
    for values in unknown.values():
        size *= len(values)
    if size > MOST_WORLDS:
        chance = random.Random(json.dumps(policy))
        worlds = [
            (chance.random() < 0.5, *(chance.choice(values) for values in unknown.values()))
            for _ in range(MOST_WORLDS)
        ]
    known, found = dict(call.context), set()
    for invalid, *values in worlds:
        call.invalid = invalid
        call.context = {**known, **dict(zip(unknown, values))}
        found.add(judge([policy], call) == "allowed")
        if len(found) == 2:
            return "depends"
    return "yes" if True in found else "no"


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        print(answer(asked["policy"], asked["claims"], asked["now"]))


if __name__ == "__main__":
    main()
