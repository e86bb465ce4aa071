"""Holds documents, one a line, against the schemas of a folder; answers each with a JSON string, empty
for a good one.

Strictly: a field that a schema does not name is wrong here, so that none is printed that has no place
in docs/schemas.
"""

import json
import pathlib
import sys

from jsonschema import Draft7Validator

# Of a fleet the first and the last items stand for those between them, which are made by the same code.
MANY = 100


def strict(schema):
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: strict(one) for name, one in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        schema["additionalProperties"] = False
    return schema


def load(folder):
    for path in pathlib.Path(folder).glob("*.json"):
        schema = json.loads(path.read_text())
        Draft7Validator.check_schema(schema)
        yield path.stem, Draft7Validator(strict(schema))


def judge(validators, document):
    kind = document.get("kind")
    validator = validators.get(kind)
    if validator is None:
        return f"no schema for kind {kind!r}"
    items = document.get("items")
    if isinstance(items, list) and len(items) > 2 * MANY:
        document = {**document, "items": items[:MANY] + items[-MANY:]}
    faults = [
        f"{fault.json_path}: {fault.message[:400]}"
        + "".join(f"\n    {it.json_path}: {it.message[:400]}" for it in fault.context)
        for fault in validator.iter_errors(document)
    ]
    return "\n".join(faults)


def main():
    validators = dict(load(sys.argv[1]))
    for line in sys.stdin:
        print(json.dumps(judge(validators, json.loads(line))), flush=True)


main()
