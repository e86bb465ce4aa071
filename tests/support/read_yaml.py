"""Reads a JSON array of YAML texts from stdin and prints, for each, the documents that PyYAML sees,
or the error."""

import json
import sys

import yaml


def read(text):
    try:
        return {"documents": list(yaml.safe_load_all(text))}
    except yaml.YAMLError as error:
        return {"error": str(error)}


json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout, default=str)
