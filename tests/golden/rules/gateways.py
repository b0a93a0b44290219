#!/usr/bin/env python3
"""Gateways of one virtual network together: docs/rules/gateways.md."""

import sys

from networks import (
    ALONE,
    active_active,
    add_circuit,
    add_circuit_site,
    add_gateway,
    add_vnet,
    announce,
    base,
    connect_circuit,
    with_circuit,
    with_vpn,
)
from rules import asked, equal, holds, refused, rule, run, warned


def add_both_ways(network):
    """The office's LAN is announced by the circuit's site too."""
    announce(network, "dc", "172.21.1.0/24")
    return network


def codes(network):
    return {entry.get("code") for entry in asked(network).diagnostics()}


@rule("AZ-GW-1", "a gateway needs a subnet of the name GatewaySubnet")
def gateway_subnet():
    network = with_vpn()
    subnets = network["virtualNetworks"]["hub"]["subnets"]
    subnets["gateways"] = subnets.pop("GatewaySubnet")
    refused(network, "hub", "GatewaySubnet")


@rule("AZ-GW-2", "addresses that the file leaves open, by offset in the GatewaySubnet")
def offsets():
    one = asked(with_vpn())
    equal(one.peers("vpn")["172.31.1.1"]["localAddress"], ALONE)
    one = asked(active_active())
    for instance in (0, 1):
        local = one.peers(f"vpn-in{instance}")["172.31.1.1"]["localAddress"]
        equal(local, f"10.0.255.{4 + instance}")
    network = base()
    add_circuit(network, "c2", 2, 65011)
    connect_circuit(network, "er", "c2")
    one = asked(network)
    for instance in (0, 1):
        peers = one.peers(f"er-in{instance}")
        equal({row["localAddress"] for row in peers.values()}, {f"10.0.255.{12 + instance}"})
        equal(sorted(peers)[-4:], [f"10.0.255.{at}" for at in (4, 5, 6, 7)], "endpoints")
    equal({row["localAddress"] for row in one.peers("vpn").values()}, {"10.0.255.14"})
    network["connections"]["er-c1"]["tunnelEndpoints"] = ["10.0.255.30", "10.0.255.31"]
    holds("10.0.255.30" in asked(network).peers("er"), "the file's endpoints are not taken")


@rule(
    "AZ-GW-3, AZ-GW-4",
    "an ExpressRoute gateway peers with its MSEEs and the VPN gateway, not with itself",
)
def peers_of_er():
    one = asked(base())
    rows = one.ask("peers", "er", form="azure")["value"]
    equal(
        {(row["neighbor"], row["asn"]) for row in rows},
        {("10.0.255.4", 12076), ("10.0.255.5", 12076), ("10.0.255.14", 65515)},
    )
    equal({row["state"] for row in rows}, {"Connected"})
    equal({row["neighbor"]: row["routesReceived"] for row in rows}["10.0.255.14"], 1)


@rule("AZ-GW-4", "a peer that is out of reach is not Connected")
def lost_peer():
    one = asked(base())
    options = ("--down", "dc-ce--c1-primary")
    rows = one.ask("peers", "c1-primary", *options, form="azure")["value"]
    states = {row["neighbor"]: row["state"] for row in rows}
    holds(states["192.168.1.1"] != "Connected" and states["10.0.255.12"] == "Connected", states)


@rule("AZ-GW-5", "weights: own rows and VPN 32768, circuits 32769 and the connection's own on top")
def weights():
    network = base()
    network["connections"]["er-c1"]["routingWeight"] = 10
    one = asked(network)
    equal({row[3] for row in one.learned("er", "172.20.1.0/24")}, {32779})
    equal({row[3] for row in one.learned("er", "172.21.1.0/24")}, {32768})
    equal({row[4] for row in one.learned("er") if row[1] == "Network"}, {32768})
    found = {(row[0], row[3]) for row in one.learned("vpn", "10.0.0.0/16")}
    equal(found, {("Network", 32768), ("IBgp", 32769)})


@rule("AZ-GW-6", "own rows first, then weight, AS path, EBgp before IBgp, then identifiers")
def order():
    one = asked(add_both_ways(base()))
    rows = one.ask("routes", "er")["routes"]
    why = {row["origin"]: row["why"] for row in rows if row["prefix"] == "172.21.1.0/24"}
    holds("AZ-GW-5" in why["IBgp"], why)
    rows = asked(base()).ask("routes", "vpn")["routes"]
    own = [row for row in rows if row["prefix"] == "10.0.0.0/16" and row["best"]]
    equal([row["origin"] for row in own], ["Network"], "the range is the gateway's own")
    network = active_active()
    best = {row[0] for row in asked(network).learned("vpn-in0", "172.21.1.0/24") if row[4]}
    equal(best, {"EBgp"})


@rule("AZ-GW-6b", "an ExpressRoute gateway rejects what is equal to or inside its network")
def er_rejects():
    network = with_circuit()
    announce(network, "dc", "10.0.0.0/16", "10.0.9.0/24", "10.0.0.0/9")
    one = asked(network)
    learned = {row[0] for row in one.learned("er") if row[1] == "EBgp"}
    equal(learned, {"172.20.1.0/24", "10.0.0.0/9"})


@rule("AZ-GW-7", "the two gateways speak iBGP; neither hands the other's routes outside")
def inner_sessions():
    one = asked(base())
    equal(
        one.learned("er", "172.21.1.0/24"), [("IBgp", "10.0.255.14", "65020", 32768, True)]
    )
    equal(one.learned("vpn", "172.20.1.0/24"), [])
    equal(one.paths("c1-primary", "172.21.1.0/24"), set())
    received = {row["routesReceived"] for row in one.peers("vpn").values() if row["asn"] == 65515}
    equal(received, {2}, "ranges from each instance of the ExpressRoute gateway")


@rule("AZ-X-10", "leakErToVpn shows the circuit's routes at the VPN gateway, which never uses them")
def leak():
    network = base()
    network["virtualNetworks"]["hub"]["gateways"]["er"]["leakErToVpn"] = True
    one = asked(network)
    rows = one.learned("vpn", "172.20.1.0/24")
    # The next hop stays what it was: the MSEE's tunnel endpoint.
    equal({row[2:4] for row in rows}, {("12076-65010", 32769)})
    holds({row[1] for row in rows} <= {"10.0.255.4", "10.0.255.5"} and rows, rows)
    holds(not any(row[4] for row in rows), "one is chosen")
    equal(one.paths("office-ce", "172.20.1.0/24"), set())


@rule(
    "AZ-GW-8, AZ-ER-20",
    "for one prefix ExpressRoute wins, for a longer one the VPN, and the VPN is the backup",
)
def er_before_vpn():
    network = add_both_ways(base())
    ce = network["sites"]["dc"]["routers"]["dc-ce"]
    one = asked(network)
    equal({row[2][0] for row in one.row("hub-vm", "172.21.1.0/24")}, {"10.0.255.4", "10.0.255.5"})
    options = ("--down", "dc-ce--c1-primary", "--down", "dc-ce--c1-secondary")
    equal({row[2][0] for row in one.row("hub-vm", "172.21.1.0/24", *options)}, {"203.0.113.10"})
    one.hops("hub-vm", "office-host", *options)
    ce["bgp"]["networks"][-1] = "172.21.0.0/16"
    ce["staticRoutes"][-1]["prefix"] = "172.21.0.0/16"
    network["sites"]["dc"]["prefixLists"]["own"][-1] = {"prefix": "172.21.0.0/16"}
    one = asked(network)
    equal(one.nodes("hub-vm", "office-host")[1], "vpn")
    equal({row[2][0] for row in one.row("hub-vm", "172.21.0.0/16")}, {"10.0.255.4", "10.0.255.5"})


@rule(
    "AZ-GW-9",
    "both gateways side by side, and no session between them when the VPN's AS is its own",
)
def coexistence():
    one = asked(base())
    for host in ("dc-host", "office-host"):
        one.hops("spoke-vm", host)
    network = base()
    network["virtualNetworks"]["hub"]["gateways"]["vpn"]["bgpSettings"] = {"asn": 65010}
    ce = network["sites"]["office"]["routers"]["office-ce"]
    ce["bgp"]["neighbors"]["10.0.255.14"]["remoteAsn"] = 65010
    equal(sorted(asked(network).peers("er")), ["10.0.255.4", "10.0.255.5"])


@rule(
    "AZ-GW-9b, AZ-X-9",
    "the AS path's length goes before EBgp over IBgp; NICs list instances with a way of their own",
)
def path_before_origin():
    network = active_active()
    neighbors = network["sites"]["office"]["routers"]["office-ce"]["bgp"]["neighbors"]
    for other, address in ((1, "10.0.255.4"), (0, "10.0.255.5")):
        for each in neighbors.values():
            each.pop("prepend", None)
        neighbors[address]["prepend"] = [65020]
        one = asked(network)
        longer = f"vpn-in{1 - other}"
        best = [row for row in one.learned(longer, "172.21.1.0/24") if row[4]]
        equal([(row[0], row[2]) for row in best], [("IBgp", "65020")], longer)
        equal(one.row("hub-vm", "172.21.1.0/24")[0][2], (f"10.0.255.{4 + other}",))
        # It no longer gives its own way to the twin.
        kinds = {row[0] for row in one.learned(f"vpn-in{other}", "172.21.1.0/24")}
        equal(kinds, {"EBgp"})


@rule(
    "AZ-GW-10, AZ-ER-37",
    "12076 and 65515 are equally long, so a site that does not prefer is warned of",
)
def no_preference():
    def one_edge(prefers):
        network = base()
        del network["sites"]["dc"]["routers"]["dc-ce"]["interfaces"]["primary"]
        dc = network["sites"]["dc"]["routers"]["dc-ce"]["bgp"]["neighbors"]
        peer = dc.pop("192.168.1.2")
        ce = network["sites"]["office"]["routers"]["office-ce"]
        ce["interfaces"]["er"] = {"address": "192.168.1.1/30", "circuit": "c1/primary"}
        ce["bgp"]["neighbors"]["192.168.1.2"] = peer
        network["expressRouteCircuits"]["c1"]["peerings"]["AzurePrivatePeering"].pop("peerASN")
        if not prefers:
            del peer["localPreference"]
        return network

    holds("no-preference" not in codes(one_edge(True)), "warned in vain")
    warned(one_edge(False), "no-preference", "office-ce", "AZ-GW-10")
    one = asked(one_edge(False))
    equal(one.paths("office-ce", "10.0.0.0/16"), {"12076", "65515"})
    equal(asked(one_edge(True)).best_paths("office-ce", "10.0.0.0/16"), {"12076"})


@rule(
    "AZ-X-14",
    "the filter is the NIC's network's: a hub leaves out what lies in its peer's range",
)
def filter_of_each():
    network = with_vpn()
    add_vnet(network, "third", "10.7.0.0/16")
    network["virtualNetworks"]["hub"]["peerings"]["third"] = {}
    network["virtualNetworks"]["third"]["peerings"] = {"hub": {}}
    announce(network, "office", "10.7.9.0/24")
    one = asked(network)
    equal(one.row("hub-vm", "10.7.9.0/24"), [])
    equal([row[0] for row in one.row("spoke-vm", "10.7.9.0/24")], ["VirtualNetworkGateway"])
    equal(one.next_hop("hub-vm", "10.7.9.9")[0], "VNetPeering")


@rule("AZ-X-14", "the same with ExpressRoute, where the peer has no part in the gateways")
def filter_with_circuit():
    network = with_circuit()
    add_gateway(network, "hub", "vpn", "Vpn", publicIPAddress="203.0.113.10")
    add_vnet(network, "third", "10.7.0.0/16")
    network["virtualNetworks"]["hub"]["peerings"]["third"] = {}
    network["virtualNetworks"]["third"]["peerings"] = {"hub": {}}
    add_circuit(network, "c2", 2, 65011)
    connect_circuit(network, "er", "c2")
    add_circuit_site(network, "dc2", "c2", 2, 65011, "10.7.1.0/24")
    one = asked(network)
    equal(one.hops("hub-vm", "third-vm"), ["10.7.1.4"])


if __name__ == "__main__":
    sys.exit(run())
