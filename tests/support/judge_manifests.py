"""Holds documents, one a line, against the schema of a file with `jsonschema`; answers each with a JSON
string, empty for a good one."""

import json
import sys

from jsonschema import Draft7Validator

schema = json.load(open(sys.argv[1]))
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema)
for line in sys.stdin:
    fault = next(validator.iter_errors(json.loads(line)), None)
    print(json.dumps("" if fault is None else f"{fault.json_path}: {fault.message[:300]}"))
