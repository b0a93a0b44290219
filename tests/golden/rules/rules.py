"""Questions about small networks, and cases named after the rules they show."""

import json
import os
import subprocess
import sys
import tempfile

ROOT = os.environ.get(
    "SOURCE_ROOT", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
)
PROGRAM = os.environ.get("INTERPLANE", os.path.join(ROOT, "build", "interplane"))
RUN_SECONDS_MAX = 60


class Mismatch(Exception):
    pass


def equal(actual, expected, what="answer"):
    if actual != expected:
        raise Mismatch(f"{what}: expected {expected}\n{what}: found    {actual}")


def holds(condition, text):
    if not condition:
        raise Mismatch(text)


class Asked:
    """A network that questions are put to."""

    def __init__(self, network):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "network.yaml")
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(network, file, indent=1)

    def run(self, verb, *arguments):
        command = [PROGRAM, verb, self.path, *map(str, arguments)]
        try:
            return subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=RUN_SECONDS_MAX
            )
        except subprocess.TimeoutExpired:
            raise Mismatch(f"{verb}: not done in {RUN_SECONDS_MAX} s") from None

    def ask(self, verb, *arguments, form="json"):
        done = self.run(verb, *arguments, "--format", form)
        if not done.stdout:
            raise Mismatch(f"{verb}: {done.stderr.decode('utf-8', 'replace').strip()}")
        return json.loads(done.stdout)

    def rows(self, machine, *options):
        """Effective routes: (prefix, next hop type, state, next hops), the form Azure prints."""
        return [
            (
                row["addressPrefix"][0],
                row["nextHopType"],
                row["state"],
                tuple(row["nextHopIpAddress"]),
            )
            for row in self.ask("routes", machine, *options, form="azure")["value"]
        ]

    def row(self, machine, prefix, *options):
        """All rows of one prefix, without it."""
        return sorted(row[1:] for row in self.rows(machine, *options) if row[0] == prefix)

    def next_hop(self, machine, address, *options):
        answer = self.ask("nexthop", machine, address, *options)
        return answer["nextHopType"], answer["nextHopIpAddress"]

    def learned(self, node, prefix=None, *options):
        """Rows (prefix, origin, next hop, AS path, weight, best); of one prefix, without it."""
        rows = [
            (
                row["network"],
                row["origin"],
                row["nextHop"],
                row["asPath"],
                row["weight"],
                row["interplaneBest"],
            )
            for row in self.ask("routes", node, *options, form="azure")["value"]
            if row["origin"] in ("EBgp", "IBgp", "Network")
        ]
        return sorted(row[1:] for row in rows if row[0] == prefix) if prefix else sorted(rows)

    def paths(self, node, prefix, *options):
        """AS paths of a prefix, as a set."""
        return {row[2] for row in self.learned(node, prefix, *options)}

    def best_paths(self, node, prefix, *options):
        return {row[2] for row in self.learned(node, prefix, *options) if row[4]}

    def advertised(self, node, peer, *options):
        """What a node sends a neighbour: prefix to AS path."""
        answer = self.ask("routes", node, "--advertised-to", peer, *options)
        return {
            row["prefix"]: "-".join(map(str, row["asPath"])) for row in answer["routes"]
        }

    def peers(self, node, *options):
        return {row["address"]: row for row in self.ask("peers", node, *options)["peers"]}

    def trace(self, source, target, *options):
        """Verdict and hops, "*" for a hop that does not answer."""
        answer = self.ask("trace", source, target, *options)
        return answer["verdict"], [hop["address"] or "*" for hop in answer["hops"]]

    def hops(self, source, target, *options):
        verdict, hops = self.trace(source, target, *options)
        equal(verdict, "delivered", f"{source} to {target}")
        return hops

    def verdict(self, source, target, *options):
        return self.trace(source, target, *options)[0]

    def nodes(self, source, target, *options):
        """The way there, by name."""
        return self.ask("trace", source, target, *options)["forward"]["nodes"]

    def diagnostics(self):
        return self.ask("check")["diagnostics"]


def asked(network):
    return Asked(network)


def refused(network, *words):
    """The file is refused with one message that has all the words."""
    one = Asked(network)
    messages = [entry["text"] for entry in one.diagnostics() if entry["severity"] == "error"]
    found = [text for text in messages if all(word in text for word in words)]
    holds(found, f"no error with {words} in {messages}")


def warned(network, code, *words):
    """A warning with the code, or the first word of the message, and all the words."""
    messages = [
        (entry.get("code"), entry["text"])
        for entry in Asked(network).diagnostics()
        if entry["severity"] == "warning"
    ]
    found = [
        text for kind, text in messages if kind == code and all(word in text for word in words)
    ]
    holds(found, f"no warning {code} with {words} in {messages}")


def accepted(network):
    errors = [entry for entry in Asked(network).diagnostics() if entry["severity"] == "error"]
    equal(errors, [], "errors")


CASES = []


def rule(numbers, text):
    """Registers a case: the rules it shows, and what it says of them."""

    def register(function):
        CASES.append((f"{numbers}: {text}", function))
        return function

    return register


def run():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, (name, case) in enumerate(CASES, 1):
        problem = None
        try:
            case()
        except Mismatch as mismatch:
            problem = str(mismatch)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            problem = f"can't be compared: {error!r}"
        failed += problem is not None
        print(f"{'not ok' if problem else 'ok'} {number} - {name.replace('#', '')}")
        for line in (problem or "").splitlines():
            print(f"# {line}")
        sys.stdout.flush()
    return 1 if failed else 0
