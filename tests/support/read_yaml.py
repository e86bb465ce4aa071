"""Reads a JSON array of YAML texts from stdin and prints, for each, the documents that PyYAML sees,
or with an argument libyaml or ruamel, or the error."""

import json
import math
import sys

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


def plain(value):
    """The value with what JSON cannot hold as text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value


def load(text):
    name = sys.argv[1] if len(sys.argv) > 1 else "pure"
    if name == "ruamel":
        # A reader remembers the version that a document names, for all that come after.
        return YAML(typ="safe", pure=True).load_all(text)
    loader = yaml.CSafeLoader if name == "libyaml" else yaml.SafeLoader
    return yaml.load_all(text, Loader=loader)


def read(text):
    try:
        return {"documents": [plain(document) for document in load(text)]}
    except (yaml.YAMLError, YAMLError, NotImplementedError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        # Not all of what its constructors refuse (a date that does not exist, an alias inside its
        # own anchor) is a YAMLError.
        return {"error": str(error) or type(error).__name__}


answers = [read(text) for text in json.load(sys.stdin)]
# Half of a surrogate pair is a text to Python and to nobody else.
shown = json.dumps(answers, default=str, ensure_ascii=False)
sys.stdout.buffer.write(shown.encode("utf-8", "replace"))
