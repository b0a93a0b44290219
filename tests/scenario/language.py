#!/usr/bin/env python3
"""The language of scenarios, shown to fail on what is wrong, unmet or unread. The program is a
script that prints a fixed answer."""

import json
import os
import stat
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

TRACE = {
    "reached": True,
    "verdict": "delivered",
    "hops": [{"address": "10.0.0.1"}, {"address": None}, {"address": "10.0.0.9"}],
    "forward": {"nodes": ["a", "r", "b"]},
    "return": {"symmetric": False, "nodes": ["b", "s", "a"]},
}
DENIED = {
    "reached": False,
    "verdict": "denied",
    "stoppedAt": {"node": "r", "direction": "forward", "reason": {"code": "denied", "text": "rule"}},
    "hops": [{"address": "10.0.0.1"}, {"address": None}],
    "forward": {"nodes": ["a", "r"]},
    "return": {"symmetric": False, "nodes": []},
}
PING = {
    "paths": [{"nodes": ["a", "b"], "returnNodes": ["b", "a"]}],
    "rows": [{"answered": True, "path": 0}] * 3
    + [{"answered": False, "path": 0, "stoppedAt": "r", "reason": "cut", "direction": "return"}] * 2
    + [{"answered": True, "path": 0}],
}
ROUTES = {
    "value": [
        {
            "addressPrefix": ["10.0.0.0/8"],
            "nextHopType": "None",
            "nextHopIpAddress": [],
            "source": "Default",
            "state": "Active",
        }
    ]
}

# (name, answer, words on standard error, scenario, does it pass)
CASES = (
    ("a trace that is as expected passes", TRACE, "",
     "expect trace a b: 10.0.0.1 * 10.0.0.9", True),
    ("a hop may be one of several", TRACE, "",
     "expect trace a b: 10.0.0.2|10.0.0.1 * 10.0.0.9", True),
    ("another hop fails", TRACE, "", "expect trace a b: 10.0.0.2 * 10.0.0.9", False),
    ("a hop that is not expected fails", TRACE, "", "expect trace a b: 10.0.0.1 *", False),
    ("a hop that does not come fails", TRACE, "",
     "expect trace a b: 10.0.0.1 * 10.0.0.9 10.0.0.10", False),
    ("a trace that does not arrive fails", DENIED, "", "expect trace a b: 10.0.0.1", False),
    ("words on standard error that nobody reads fail", TRACE, "odd",
     "expect trace a b: 10.0.0.1 * 10.0.0.9", False),
    ("words on standard error can be read", TRACE, "odd",
     "expect trace a b: 10.0.0.1 * 10.0.0.9\n\tsays ^odd$", True),
    ("words that do not come fail", TRACE, "",
     "expect trace a b: 10.0.0.1 * 10.0.0.9\n\tsays odd", False),
    ("a verdict with its place passes", DENIED, "",
     "expect verdict a b: denied at r on forward because rule", True),
    ("another verdict fails", DENIED, "", "expect verdict a b: no-route", False),
    ("another place fails", DENIED, "", "expect verdict a b: denied at q", False),
    ("another cause fails", DENIED, "", "expect verdict a b: denied because route", False),
    ("the way passes", TRACE, "", "expect way a b: a r b", True),
    ("another way fails", TRACE, "", "expect way a b: a b", False),
    ("the way back passes", TRACE, "", "expect return a b: asymmetric b s a", True),
    ("the other symmetry fails", TRACE, "", "expect return a b: symmetric", False),
    ("runs of packets pass", PING, "",
     "expect ping a b count 6:\n\tanswered 3 via a b\n\tlost 1..2 at r because cut\n\tanswered 1",
     True),
    ("a run out of bounds fails", PING, "",
     "expect ping a b count 6:\n\tanswered 2\n\tlost 2\n\tanswered 1", False),
    ("a run that is left over fails", PING, "",
     "expect ping a b count 6:\n\tanswered 3\n\tlost 2", False),
    ("a run that does not come fails", PING, "",
     "expect ping a b count 6:\n\tanswered 3\n\tlost 2\n\tanswered 1\n\tlost 1", False),
    ("rows pass", ROUTES, "", "expect routes a:\n\t10.0.0.0/8 None - Default Active", True),
    ("an unread row fails", ROUTES, "", "expect routes a:", False),
    ("a row that is not there fails", ROUTES, "",
     "expect routes a:\n\t10.0.0.0/8 None - Default Active\n\t10.0.0.0/8 None - Default Active",
     False),
    ("a scenario that expects nothing fails", TRACE, "", "down a--b", False),
    ("a line that is not understood fails", TRACE, "", "hope trace a b: 10.0.0.1", False),
    ("a question that is not understood fails", TRACE, "", "expect luck a b: yes", False),
    ("a replacement that finds nothing fails", TRACE, "",
     "replace x => y\nexpect way a b: a r b", False),
)


def passes(answer, errors, scenario):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        with open(program, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n")
            if errors:
                file.write(f"echo '{errors}' >&2\n")
            file.write(f"cat <<'END'\n{json.dumps(answer)}\nEND\n")
        os.chmod(program, os.stat(program).st_mode | stat.S_IXUSR)
        path = os.path.join(folder, "case.scenario")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"network:\n\tdescription: none\n{scenario}\n")
        done = subprocess.run(
            [os.path.join(HERE, "run"), path],
            env={**os.environ, "INTERPLANE": program},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=20,
        )
    return done.returncode == 0, done.stdout.decode()


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, (name, answer, errors, scenario, expected) in enumerate(CASES, 1):
        passed, output = passes(answer, errors, scenario)
        print(f"{'ok' if passed == expected else 'not ok'} {number} - {name}")
        if passed != expected:
            failed += 1
            for line in output.splitlines():
                print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
