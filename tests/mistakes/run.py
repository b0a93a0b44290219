#!/usr/bin/env python3
"""Files with many mistakes: all of them are told, each once, in the order of their places, and
nothing that only follows from one of them. Prints TAP.

    tests/mistakes/run.py [SEEDS]

cases/*.yaml say behind "#!" which mistakes their line has. Then, for each seed, some independent
mistakes out of a catalogue are put into an example, or into whole.yaml, at random places.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
PROGRAM = os.path.abspath(
    os.environ.get("INTERPLANE", os.path.join(ROOT, "build", "interplane")))
RUN_SECONDS_MAX = 20
EXAMPLES = ["examples/interop.yaml", "examples/sea-cust11.yaml", "tests/golden/cli/lab.yaml",
            "tests/mistakes/whole.yaml", "tests/interop/attach.yaml", "tests/interop/both.yaml",
            "tests/scenario/hub-and-spokes.yaml", "tests/scenario/transit.yaml"]
NAMES = (r"subnet|routeTable|networkSecurityGroup|virtualNetworkGateway[12]|localNetworkGateway2|"
         r"expressRouteCircuit|circuit|connection|prefixListIn|prefixListOut|routeMapIn|"
         r"routeMapOut|prefixList|interface|from|to")
RANGES = (r"addressSpace|addressPrefix|primaryPeerAddressPrefix|secondaryPeerAddressPrefix|"
          r"networks|localNetworkAddressSpace")


def check(text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([PROGRAM, "check", path, "--format", "json"], capture_output=True,
                              text=True, timeout=RUN_SECONDS_MAX, check=False)
    return done.returncode, json.loads(done.stdout)["diagnostics"]


def compare(wanted, found):
    """What is wrong: `wanted` holds (line, part of the text)."""
    wrong = []
    places = [(one["line"], one["column"]) for one in found]
    if places != sorted(places):
        wrong.append("not in the order of places")
    left = list(found)
    for line, part in wanted:
        match = [one for one in left if one["line"] == line and part in one["text"]]
        if match:
            left.remove(match[0])
        else:
            wrong.append(f"not told: {line}: {part}")
    wrong += [f"surplus: {one['line']}:{one['column']}: {one['text']}" for one in left]
    return wrong


def misspell(word):
    """Two letters in the middle change places, or one is left out."""
    for at in range(len(word) // 2, len(word) - 1):
        if word[at] != word[at + 1] and word[at].isalpha() and word[at + 1].isalpha():
            return word[:at] + word[at + 1] + word[at] + word[at + 2:]
    return None


def known_keys():
    done = subprocess.run([PROGRAM, "schema"], capture_output=True, text=True, check=True)
    keys = set()
    for one in json.loads(done.stdout)["$defs"].values():
        for form in one.get("anyOf", []) + one.get("oneOf", []) + [one]:
            keys |= set(form.get("properties", {}))
    return {key for key in keys if len(key) >= 6}


def replace(pattern, make, said):
    """Mistakes that put something in the place of a match's last group."""
    def places(lines, _keys):
        for number, line in enumerate(lines):
            code = line.split(" #")[0]
            for match in re.finditer(pattern, code):
                last = match.lastindex
                new = make(match.group(last))
                if new is None:
                    continue
                changed = line[:match.start(last)] + new + line[match.end(last):]
                yield number, changed, said.format(old=match.group(last), new=new)
    return places


def wrong_key(lines, keys):
    for number, line in enumerate(lines):
        for match in re.finditer(r"(?:^\s*(?:- )?|[{,] ?)([A-Za-z0-9]+):(?: |$)",
                                 line.split(" #")[0]):
            new = misspell(match.group(1))
            is_name = match.group(1) == "internet" and "{" in line  # of an interface
            if match.group(1) in keys and new and not is_name:
                yield (number, line[:match.start(1)] + new + line[match.end(1):],
                       f'has no key "{new}"; did you mean "{match.group(1)}"?')


def host_bits(prefix):
    return prefix.replace(".0/", ".1/") if ".0/" in prefix else None


def elsewhere(address):
    return "203.0." + ".".join(address.split(".")[2:])


CATALOGUE = {
    "key": wrong_key,
    "bool": replace(r": (true|false)\b", lambda _: "perhaps", '"perhaps" is not true or false'),
    "number": replace(r"\b(?:asn|remoteAsn|peerASN|localPreference|routingWeight): (\d+)",
                      lambda _: "many", '"many" is not a whole number'),
    "duration": replace(r"\bdelay: ([\d.]+[mu]?s)", lambda _: "soon", '"soon" is not a duration'),
    "word": replace(r"\b(?:gatewayType|connectionType|nextHopType): (\w{4,})", misspell,
                    'unknown word "{new}"; did you mean "{old}"?'),
    "reference": replace(r"\b(?:%s): ([\w/-]{5,})" % NAMES, misspell,
                         '"{new}"; did you mean "{old}"?'),
    "host bits": replace(r"\b(?:%s): \[?([\d./]+)" % RANGES, host_bits,
                         '"{new}" has bits set behind its length; did you mean {old}?'),
    "address": replace(r"\b(?:privateIPAddress|gateway|gatewayIpAddress|remoteAddress|"
                       r"publicIPAddress|nextHop|nextHopIpAddress): ([\d.]+)",
                       lambda _: "10.0.0", '"10.0.0" is not an address'),
    "outside": replace(r"\bprivateIPAddress: ([\d.]+)", elsewhere, "{new} of"),
    "extra key": replace(r"\b(nextHopType: \w+)", lambda old: old + ", hop: 7",
                         'has no key "hop"'),
}


# An address is judged by its subnet only where the subnet could be read, and found.
JUDGED_BY = {"outside": {"host bits", "key", "reference"}, "host bits": {"outside"},
             "key": {"outside"}, "reference": {"outside"}}


def plant(seed, keys):
    """An example with mistakes: its text and what has to be told."""
    chance = random.Random(seed)
    path = EXAMPLES[seed % len(EXAMPLES)]
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        lines = file.read().split("\n")
    wanted, used, kinds = [], set(), set()
    for _ in range(chance.randint(2, 5)):
        kind = chance.choice(sorted(CATALOGUE))
        places = [one for one in CATALOGUE[kind](lines, keys) if one[0] not in used]
        if not places or kinds & JUDGED_BY.get(kind, set()):
            continue
        number, changed, said = chance.choice(places)
        lines[number] = changed
        used.add(number)
        kinds.add(kind)
        wanted.append((number + 1, said))
    return path, "\n".join(lines), wanted


def report(number, name, wrong):
    print(f"{'not ok' if wrong else 'ok'} {number} {name}")
    for line in wrong:
        print(f"# {line}")
    return not wrong


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    cases = sorted(os.listdir(os.path.join(HERE, "cases")))
    good = True
    for number, name in enumerate(cases, 1):
        with open(os.path.join(HERE, "cases", name), encoding="utf-8") as file:
            text = file.read()
        wanted = [(at, part.strip()) for at, line in enumerate(text.split("\n"), 1)
                  for part in line.split(" #!")[1:]]
        code, found = check(text)
        wrong = compare(wanted, found) + ([] if code == 2 else [f"exit code {code}"])
        good &= report(number, name, wrong)
    keys = known_keys()
    wrong = []
    for seed in range(seeds):
        path, text, wanted = plant(seed, keys)
        code, found = check(text)
        bad = compare(wanted, found) + ([] if code == 2 or not wanted else [f"exit code {code}"])
        wrong += [f"seed {seed}, {path}: {one}" for one in bad]
    good &= report(len(cases) + 1, f"{seeds} examples with mistakes put into them", wrong)
    print(f"1..{len(cases) + 1}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
