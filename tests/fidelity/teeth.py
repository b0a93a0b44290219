#!/usr/bin/env python3
"""tools/fidelity and tools/recorded2topo, shown to notice what is wrong: a recording with one row
changed, taken out or made up has to come out so, facts have to make a difference, and facts without
words have to be named."""

import copy
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.environ.get(
    "SOURCE_ROOT", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
)
RECORDED = os.path.join(ROOT, "tests", "fidelity", "recorded")
VOCABULARY = os.path.join(ROOT, "tests", "fidelity", "vocabulary.json")
PROGRAM = os.environ.get("INTERPLANE", os.path.join(ROOT, "build", "interplane"))
RUN_SECONDS_MAX = 60


def load(name):
    with open(os.path.join(RECORDED, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


CIRCUITS = load("ka09-1-er1-pri-down")
BACKUP = load("sea-cust11")
BRANCH = load("ka08-3-er1-er2-down")

# Where each kind of table's rows are, and a field whose change makes a row another one.
TABLES = (
    (CIRCUITS, ("nics", "spoke1-vm", "rows"), "nextHopType", "VirtualAppliance"),
    (CIRCUITS, ("nics", "spoke1-vm", "rows"), "state", "Invalid"),
    (CIRCUITS, ("gatewayRibs", "hub1-ergw"), "asPath", "12076-1"),
    (CIRCUITS, ("gatewayRibs", "hub1-vpngw"), "weight", 1),
    (CIRCUITS, ("gatewayPeers", "hub1-ergw"), "rx", 99),
    (CIRCUITS, ("mseeTables", "er1", "secondary"), "path", "64512 1"),
    (CIRCUITS, ("mseeTables", "er3", "primary"), "nextHops", ["172.16.0.1"]),
    (CIRCUITS, ("routerBgp", "mcr1"), "nextHop", "172.16.0.99"),
    (BACKUP, ("gatewayAdvertised", "vpn", "192.168.11.88"), "asPath", "65515-65020"),
    (BACKUP, ("routerBgp", "fw"), "localPref", 151),
)

LEFT_OUT = (
    ({"loadBalancers": {"lb": {"frontend": "10.0.0.9", "backends": []}}}, "loadBalancers"),
    ({"routeServers": {"rs": {"vnet": "hub1", "instances": []}}}, "routeServers"),
    ({"firewalls": {"fw": {}}}, "firewalls"),
    ({"parameters": {"noneRoutes": ["10.0.0.0/8"]}}, "1 None routes"),
)


# Of vocabulary.json, which has every word of the form.
LEFT_OUT_OF_VOCABULARY = (
    "loadBalancers: hub-ilb",
    "routeServers: ars",
    "firewalls: azfw",
    "the peering hub2 to branch3, which has no other half",
    "useRemoteGateways of far: branch3 has no gateway here",
    "router hub-nva: the session with 10.0.4.4, an address nobody has",
    "router hub-nva: the session with 10.0.4.5, an address nobody has",
    "interface lan of the machine branch-nva: a segment",
    "router branch-nva: the static route 10.50.0.0/16 via elsewhere",
    "fastPath of ergw-er1",
    "hubs: that a tunnel between gateways is down",
    "sourcePrefixes of t of router dc-ce",
)


def run(tool, document, *arguments):
    """(exit code, output) of a tool for a recorded file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "changed.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)
        done = subprocess.run(
            [os.path.join(ROOT, "tools", tool), *arguments, path],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=RUN_SECONDS_MAX,
        )
    return done.returncode, done.stdout.decode()


def with_only(document, where):
    """The recording, with this table alone."""
    changed = copy.deepcopy(document)
    expect, source = {}, document["expect"]
    inner = expect
    for key in where[:-1]:
        inner[key] = {}
        inner, source = inner[key], source[key]
    inner[where[-1]] = copy.deepcopy(source[where[-1]])
    if where[0] == "nics":
        inner["filter"] = source.get("filter")
    changed["expect"] = expect
    return changed, inner[where[-1]]


def counts(output):
    words = output.splitlines()[-1].replace(",", "").split()
    return {words[i + 1]: int(words[i]) for i in range(1, len(words), 2)}


def expect_counts(document, missing, extra):
    code, output = run("fidelity", document)
    found = counts(output)
    wanted = {"missing": missing, "extra": extra}
    if {key: found[key] for key in wanted} != wanted or code != (1 if missing + extra else 0):
        return output
    return None


def a_changed_row(document, where, field, value):
    changed, rows = with_only(document, where)
    rows[0][field] = value
    return expect_counts(changed, 1, 1)


def a_row_taken_out(document, where, *_):
    changed, rows = with_only(document, where)
    rows.pop(0)
    return expect_counts(changed, 0, 1)


def a_row_made_up(document, where, field, value):
    changed, rows = with_only(document, where)
    rows.append({**rows[0], field: value})
    return expect_counts(changed, 1, 0)


def a_changed_hop():
    changed = copy.deepcopy(CIRCUITS)
    changed["expect"] = {"traces": [copy.deepcopy(CIRCUITS["expect"]["traces"][0])]}
    changed["expect"]["traces"][0]["hops"][2] = ["172.16.0.18"]
    return expect_counts(changed, 1, 0)


def hops_too_many():
    changed = copy.deepcopy(CIRCUITS)
    changed["expect"] = {"traces": [copy.deepcopy(CIRCUITS["expect"]["traces"][0])]}
    changed["expect"]["traces"][0]["hops"].pop()
    # The silent hop before the last says nothing at the end of a trace.
    return expect_counts(changed, 0, 2)


def an_answer_to_a_dead_ping():
    changed = copy.deepcopy(BACKUP)
    changed["expect"] = {"pings": [{"from": "spoke-vm", "to": "10.1.11.10", "ok": False}]}
    return expect_counts(changed, 1, 0)


def ignored_rows_count_on_neither_side():
    changed, rows = with_only(CIRCUITS, ("gatewayRibs", "hub1-ergw"))
    rows.pop(0)
    changed["ignore"] = CIRCUITS["ignore"] + [
        {"table": "gatewayRibs", "of": "hub1-ergw", "match": {"prefix": "."}, "reason": "test"}
    ]
    return expect_counts(changed, 0, 0)


def expectations_are_not_read():
    for document in (CIRCUITS, BACKUP):
        bare = {key: value for key, value in document.items() if key not in ("expect", "ignore")}
        if run("recorded2topo", document) != run("recorded2topo", bare):
            return "the topology depends on what was recorded"
    return None


def left_out(facts, word):
    code, output = run("recorded2topo", {**CIRCUITS, **facts})
    return None if code == 0 and "left out: " in output and word in output else output


def without(facts, *where):
    """The recording without one of its facts comes out as another deployment."""
    changed = copy.deepcopy(facts)
    inner = changed
    for key in where[:-1]:
        inner = inner[key]
    del inner[where[-1]]
    code, output = run("fidelity", changed)
    return None if code == 1 and counts(output)["missing"] > 0 else output


def every_word_is_converted_or_named():
    done = subprocess.run(
        [os.path.join(ROOT, "tools", "recorded2topo"), VOCABULARY],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=RUN_SECONDS_MAX,
    )
    named = {line.split("left out: ")[1] for line in done.stderr.decode().splitlines()}
    if named != set(LEFT_OUT_OF_VOCABULARY):
        return f"left out otherwise than expected: {sorted(named ^ set(LEFT_OUT_OF_VOCABULARY))}"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vocabulary.yaml")
        with open(path, "wb") as file:
            file.write(done.stdout)
        checked = subprocess.run(
            [PROGRAM, "check", path],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=RUN_SECONDS_MAX,
        )
    return checked.stdout.decode() if checked.returncode else None


def what_nothing_answers_for_is_missing():
    changed, rows = with_only(CIRCUITS, ("gatewayRibs", "hub1-ergw"))
    changed["expect"]["gatewayRibs"]["nowhere"] = copy.deepcopy(rows[2:5])
    changed["expect"]["nics"] = {"rs-nic": {"rows": CIRCUITS["expect"]["nics"]["spoke1-vm"]["rows"][:2]}}
    return expect_counts(changed, 5, 0)


def cases():
    for change in (a_changed_row, a_row_taken_out, a_row_made_up):
        for table in TABLES:
            name = f"{change.__name__.replace('_', ' ')} of {'/'.join(table[1])} shows ({table[2]})"
            yield name, lambda change=change, table=table: change(*table)
    for case in (a_changed_hop, hops_too_many, an_answer_to_a_dead_ping):
        yield f"{case.__name__.replace('_', ' ')} shows", case
    for case in (
        ignored_rows_count_on_neither_side,
        expectations_are_not_read,
        what_nothing_answers_for_is_missing,
        every_word_is_converted_or_named,
    ):
        yield case.__name__.replace("_", " "), case
    appliance = ("routers", "branch2-nva")
    for where in (
        (*appliance, "neighbors", 0, "prepend"),
        (*appliance, "neighbors", 0, "localPref"),
        (*appliance, "networks"),
        (*appliance, "interfaces", 2, "address"),
        ("vpnConnections", 0),
    ):
        name = f"the fact {'/'.join(map(str, where))} makes a difference"
        yield name, lambda where=where: without(BRANCH, *where)
    for facts, word in LEFT_OUT:
        name = f"{next(iter(facts))} is left out by name"
        yield name, lambda facts=facts, word=word: left_out(facts, word)


def main():
    all_cases = list(cases())
    failed = 0
    print(f"1..{len(all_cases)}")
    for number, (name, case) in enumerate(all_cases, 1):
        problem = case()
        print(f"{'not ok' if problem else 'ok'} {number} - {name}")
        if problem:
            failed += 1
            for line in problem.splitlines():
                print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
