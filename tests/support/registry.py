"""What moto's ECR lacks: where a layer can be fetched, and rules of pull-through caches.

The address of a layer is presigned, as AWS's is: whoever sees it may fetch the layer.
"""

import json

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ecr.exceptions import RepositoryNotFoundException
from moto.ecr.responses import ECRResponse

# By account and region: prefix to rule.
RULES = {}


class LayersNotFound(ServiceException):
    code = "LayersNotFoundException"


class RuleNotFound(ServiceException):
    code = "PullThroughCacheRuleNotFoundException"


class RuleExists(ServiceException):
    code = "PullThroughCacheRuleAlreadyExistsException"


def blobs(repository):
    """The digests of all that the manifests in the repository speak of."""
    for image in repository.images:
        manifest = json.loads(image.image_manifest)
        yield manifest.get("config", {}).get("digest")
        for layer in manifest.get("layers", []):
            yield layer.get("digest")


def get_download_url_for_layer(self):
    name = self._get_param("repositoryName")
    digest = self._get_param("layerDigest")
    backend = self.ecr_backend
    registry = self._get_param("registryId") or backend.account_id
    repository = backend.repositories.get(name)
    if repository is None:
        raise RepositoryNotFoundException(name, registry)
    if digest not in set(blobs(repository)):
        raise LayersNotFound(
            f"Layers with digests '{digest}' required for pushing image into repository with name "
            f"'{name}' in the registry with id '{registry}' do not exist"
        )
    url = f"https://layers.example/{digest}?X-Amz-Security-Token=presigned&X-Amz-Signature=presigned"
    return ActionResult({"downloadUrl": url, "layerDigest": digest})


def rules_of(response):
    account = response._get_param("registryId") or response.current_account
    return account, RULES.setdefault((account, response.region), {})


def create_pull_through_cache_rule(self):
    account, rules = rules_of(self)
    prefix = self._get_param("ecrRepositoryPrefix")
    if prefix in rules:
        raise RuleExists(f"A pull through cache rule with prefix '{prefix}' already exists")
    rules[prefix] = {
        "ecrRepositoryPrefix": prefix,
        "upstreamRegistryUrl": self._get_param("upstreamRegistryUrl"),
        "registryId": account,
    }
    return ActionResult(rules[prefix])


def describe_pull_through_cache_rules(self):
    account, rules = rules_of(self)
    wanted = self._get_param("ecrRepositoryPrefixes") or list(rules)
    if any(prefix not in rules for prefix in wanted):
        raise RuleNotFound(f"No such pull through cache rule in the registry with id '{account}'")
    return ActionResult({"pullThroughCacheRules": [rules[prefix] for prefix in wanted]})


def delete_pull_through_cache_rule(self):
    account, rules = rules_of(self)
    prefix = self._get_param("ecrRepositoryPrefix")
    if prefix not in rules:
        raise RuleNotFound(f"No such pull through cache rule in the registry with id '{account}'")
    return ActionResult(rules.pop(prefix))


def install():
    for function in (
        get_download_url_for_layer,
        create_pull_through_cache_rule,
        describe_pull_through_cache_rules,
        delete_pull_through_cache_rule,
    ):
        setattr(ECRResponse, function.__name__, function)
