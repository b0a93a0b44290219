#!/usr/bin/env python3
"""The examples against the JSON Schema that `interplane schema` prints.

A validator for the part of draft 2020-12 which the schema uses; it refuses keywords it does not know,
so that none passes unchecked. Prints TAP.
"""

import json
import os
import re
import subprocess
import sys

import yaml

ROOT = os.environ["SOURCE_ROOT"]
ANNOTATIONS = {"$schema", "$comment", "title", "description", "$defs"}


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as far as the file has numbers and words."""


Core.yaml_implicit_resolvers = {}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(null|~|)$"), ["n", "~", ""])
Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]*)$"),
                           list("-0123456789"))

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "null": lambda v: v is None,
}


def any_of(schemas, value, where, root):
    tries = [list(mistakes(s, value, where, root)) for s in schemas]
    if all(tries):
        yield min(tries, key=len)[0]


def object_mistakes(schema, value, where, root):
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties", True)
    for key in schema.get("required", []):
        if key not in value:
            yield f"{where}: {key} is missing"
    for key, item in value.items():
        here = f"{where}/{key}"
        names = schema.get("propertyNames", {}).get("pattern")
        if names and not re.search(names, key):
            yield f"{here}: not a name"
        if key in properties:
            yield from mistakes(properties[key], item, here, root)
        elif extra is False:
            yield f"{here}: unknown key"
        elif isinstance(extra, dict):
            yield from mistakes(extra, item, here, root)


def mistakes(schema, value, where, root):
    known = ANNOTATIONS | {"$ref", "anyOf", "type", "enum", "pattern", "minimum", "maximum",
                           "items", "properties", "additionalProperties", "required",
                           "propertyNames"}
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema:
        yield from mistakes(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, where,
                            root)
    if "anyOf" in schema:
        yield from any_of(schema["anyOf"], value, where, root)
    if "type" in schema and not TYPES[schema["type"]](value):
        yield f"{where}: {value!r} is not of type {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{where}: {value} is below {schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{where}: {value} is above {schema['maximum']}"
    for i, item in enumerate(value if "items" in schema else []):
        yield from mistakes(schema["items"], item, f"{where}/{i}", root)
    if isinstance(value, dict):
        yield from object_mistakes(schema, value, where, root)


WRONG = [
    ("an unknown key", "virtualNetwork: {}"),
    ("a missing key", "virtualNetworks: {a: {}}"),
    ("a word that is none", "virtualNetworks: {a: {addressSpace: 10.0.0.0/8, "
                            "gateways: {g: {gatewayType: VPN}}}}"),
    ("a number that is none", "seed: x"),
    ("a number out of range", "connections: {c: {connectionType: IPsec, "
                              "virtualNetworkGateway1: g, routingWeight: 40000}}"),
    ("text that is no prefix", "virtualNetworks: {a: {addressSpace: ten}}"),
    ("a list in place of a map", "virtualNetworks: [a]"),
    ("a name with two dashes", "virtualNetworks: {a--b: {addressSpace: 10.0.0.0/8}}"),
]


def main():
    printed = subprocess.run([os.environ["INTERPLANE"], "schema"], check=True,
                             capture_output=True, timeout=30).stdout
    schema = json.loads(printed)
    examples = sorted(f for f in os.listdir(f"{ROOT}/examples") if f.endswith(".yaml"))
    print(f"1..{len(examples) + len(WRONG)}")
    number, failed = 0, 0
    for name in examples:
        number += 1
        with open(f"{ROOT}/examples/{name}", encoding="utf-8") as file:
            found = list(mistakes(schema, yaml.load(file, Loader=Core), "", schema))
        print(f"{'not ok' if found else 'ok'} {number} - {name} is valid")
        for text in found:
            print(f"# {text}")
        failed += bool(found)
    for what, text in WRONG:
        number += 1
        found = list(mistakes(schema, yaml.load(text, Loader=Core), "", schema))
        print(f"{'ok' if found else 'not ok'} {number} - {what} is refused")
        failed += not found
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
