#!/usr/bin/env python3
"""The second reference network, with other equipment: routes at the firewall, what the VPN gateway
learns and announces, the traces with the circuit up and down, and how long the switch takes."""

import os
import sys

from program import ROOT, ask, check, run_cases

NETWORK = os.path.join(ROOT, "examples", "sea-cust11.yaml")
HOST, VM = "10.1.11.10", "10.17.11.132"
FIREWALL = "10.1.11.1"
INSTANCES = ("10.17.11.76", "10.17.11.77")
VPN_PEER = "192.168.11.88"
AZURE = ("10.17.11.0/25", "10.17.11.128/26")
EDGES = ("192.168.11.0", "192.168.11.2")  # the customer edges, seen from the firewall
MSEES = ("10.17.11.68", "10.17.11.69")  # in the GatewaySubnet
SWITCH_MS_MAX = 10000
PING_INTERVAL_MS = 100


def links():
    return [link["name"] for link in ask("show", NETWORK, "links")["links"]]


def circuit_links():
    """Both links between a customer edge and an MSEE, found by what joins the two /30s."""
    found = []
    for number in (17, 21):
        edge = node_of(f"192.168.11.{number}")
        msee = node_of(f"192.168.11.{number + 1}")
        found += [
            name for name in links() if set(name.split("#")[0].split("--")) == {edge, msee}
        ]
    check(len(found) == 2, f"links of the circuit: {found}")
    return found


def node_of(address):
    nodes = ask("show", NETWORK, "nodes")["nodes"]
    return next(node["name"] for node in nodes if address in node["addresses"])


def rows(where, prefix, origins=("EBgp", "IBgp", "Network")):
    return [
        row for row in ask("routes", NETWORK, where)["routes"]
        if row["prefix"] == prefix and row["origin"] in origins
    ]


def firewall_routes(prefix):
    def case():
        table = rows(FIREWALL, prefix)
        circuit = [row for row in table if row["asPath"] == [12076]]
        tunnel = [row for row in table if row["asPath"] == [65515]]
        check(len(table) == len(circuit) + len(tunnel), str(table))
        check({hop for row in circuit for hop in row["nextHops"]} == set(EDGES), str(circuit))
        check(all(row["localPreference"] == 150 and row["best"] for row in circuit), str(circuit))
        check({hop for row in tunnel for hop in row["nextHops"]} == set(INSTANCES), str(tunnel))
        check(all(row["localPreference"] == 100 and not row["best"] for row in tunnel), str(tunnel))
    return case


def learned_routes(own, twin):
    def case():
        table = {
            (tuple(row["nextHops"]), tuple(row["asPath"]), row["weight"], row["origin"])
            for row in rows(own, "10.1.11.0/25")
        }
        wanted = {
            ((VPN_PEER,), (65020,), 32768, "EBgp"),
            ((twin,), (65020,), 32768, "IBgp"),
        }
        check(wanted <= table, f"{table} without {wanted - table}")
        # The ExpressRoute gateway shows the best of its equal routes: by which MSEE is a tie, whose
        # outcome a recording can only be one of (AZ-X-13).
        leaked = table - wanted
        check(leaked, "no route of the ExpressRoute gateway")
        for hops, path, weight, origin in leaked:
            check((path, weight, origin) == ((12076, 65020), 32769, "IBgp"), str(leaked))
            check(hops[0] in MSEES, str(leaked))
    return case


def announced(own):
    def case():
        sent = ask("routes", NETWORK, own, "--advertised-to", VPN_PEER)["routes"]
        table = {(row["prefix"], tuple(row["asPath"])) for row in sent}
        check(table == {(prefix, (65515,)) for prefix in AZURE}, str(table))
    return case


def trace(*options):
    answer = ask("trace", NETWORK, HOST, VM, *options)
    check(answer["reached"], answer["verdict"])
    return [hop["address"] or "*" for hop in answer["hops"]]


def downs():
    return [word for link in circuit_links() for word in ("--down", link)]


def trace_by_the_circuit():
    hops = trace()
    printed = [FIREWALL, "192.168.11.0", "192.168.11.18", "*", VM]
    other = [FIREWALL, "192.168.11.2", "192.168.11.22", "*", VM]
    check(hops in (printed, other), str(hops))


def trace_as_printed():
    check(trace() == [FIREWALL, "192.168.11.0", "192.168.11.18", "*", VM], str(trace()))


def trace_by_the_tunnel():
    hops = trace(*downs())
    check(hops == [FIREWALL, "*", VM], str(hops))


def switch(fault):
    """Both circuit links fail one second into a ping."""
    def case():
        events = [
            word for link in circuit_links() for word in ("--event", f"1s {fault} {link}")
        ]
        answer = ask("ping", NETWORK, HOST, VM, "--interval", f"{PING_INTERVAL_MS}ms",
                     "--count", 200, *events)
        lost = [row for row in answer["rows"] if row["lost"]]
        check(len(lost) * PING_INTERVAL_MS < SWITCH_MS_MAX, f"{len(lost)} packets lost")
        check(lost or fault == "down", "a cut was not noticed")
        check(not answer["rows"][0]["lost"] and not answer["rows"][-1]["lost"], "not before, after")
        check(all(row["verdict"] != "loop" for row in answer["rows"]), "a packet looped")
    return case


def main():
    cases = [(f"the firewall's routes to {prefix}", firewall_routes(prefix)) for prefix in AZURE]
    cases += [
        ("the first VPN instance's learned routes", learned_routes(*INSTANCES)),
        ("the second VPN instance's learned routes", learned_routes(*reversed(INSTANCES))),
        ("the first VPN instance announces the networks only", announced(INSTANCES[0])),
        ("the second VPN instance announces the networks only", announced(INSTANCES[1])),
        ("the trace takes one of both circuit links", trace_by_the_circuit),
        ("the trace is the printed one", trace_as_printed),
        ("with both circuit links down the trace takes the tunnel", trace_by_the_tunnel),
        ("links that go down switch in less than 10 s", switch("down")),
        ("links that are cut switch in less than 10 s", switch("cut")),
    ]
    return run_cases(cases)


if __name__ == "__main__":
    sys.exit(main())
