"""Whether what a program says it is made of (cargo auditable) is what the file beside it says (CycloneDX)."""

import json
import sys
import zlib

inside, beside = sys.argv[1:]
with open(inside, "rb") as file:
    packages = json.loads(zlib.decompress(file.read()))["packages"]
with open(beside, encoding="utf-8") as file:
    document = json.load(file)
root = document["metadata"]["component"]
one = {(it["name"], it["version"]) for it in packages}
other = {(it["name"], it["version"]) for it in document["components"]} | {(root["name"], root["version"])}
for name, version in sorted(one ^ other):
    where = "the program" if (name, version) in one else "the file beside it"
    print(f"{name} {version} is in {where} alone", file=sys.stderr)
print(f"{len(one & other)} packages")
sys.exit(one != other)
