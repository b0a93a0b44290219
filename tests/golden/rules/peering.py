#!/usr/bin/env python3
"""Virtual network peering: docs/rules/peering.md."""

import sys

from networks import (
    add_circuit,
    add_circuit_site,
    add_gateway,
    add_spoke,
    add_vnet,
    base,
    connect_circuit,
    nva,
    peer,
    route_table,
    two_vnets,
    with_circuit,
    with_vpn,
)
from rules import accepted, asked, equal, holds, refused, rule, run, warned


def halves(network, one="hub", other="spoke"):
    vnets = network["virtualNetworks"]
    return vnets[one]["peerings"][other], vnets[other]["peerings"][one]


@rule("AZ-PEER-1", "peering is not transitive")
def not_transitive():
    network = two_vnets()
    add_vnet(network, "third", "10.2.0.0/16")
    peer(network, "hub", "third")
    one = asked(network)
    equal(one.verdict("spoke-vm", "third-vm"), "none-route")
    equal(one.row("spoke-vm", "10.2.0.0/16"), [])
    one.hops("hub-vm", "third-vm")


@rule(
    "AZ-PEER-1, AZ-PEER-5",
    "an appliance in the hub joins two spokes, where both take forwarded traffic",
)
def joined_by_appliance():
    network = two_vnets()
    add_vnet(network, "third", "10.2.0.0/16")
    nva(network)
    flag = {"allowForwardedTraffic": True}
    peer(network, "hub", "spoke", {}, flag)
    peer(network, "hub", "third", {}, flag)
    route_table(network, "spoke/work", [("10.2.0.0/16", "10.0.1.9")])
    route_table(network, "third/work", [("10.1.0.0/16", "10.0.1.9")])
    equal(asked(network).hops("spoke-vm", "third-vm"), ["10.0.1.9", "10.2.1.4"])


@rule("AZ-PEER-2", "half a peering is refused: it would stay Initiated and carry nothing")
def other_half():
    network = two_vnets()
    del network["virtualNetworks"]["spoke"]["peerings"]
    refused(network, "hub", "spoke", "other half")


@rule("AZ-PEER-3", "overlapping address spaces can't be peered; two peers of one hub may overlap")
def overlap():
    network = {}
    add_vnet(network, "hub", "10.0.0.0/16")
    add_vnet(network, "spoke", ["10.1.0.0/16", "10.0.128.0/17"])
    peer(network, "hub", "spoke")
    refused(network, "overlap", "10.0.128.0/17")
    network = two_vnets()
    add_vnet(network, "alone", "10.0.0.0/16")
    accepted(network)


@rule("AZ-PEER-4", "allowVirtualNetworkAccess: false keeps machines apart, both ways")
def no_access():
    for at in (0, 1):
        network = two_vnets()
        halves(network)[at]["allowVirtualNetworkAccess"] = False
        one = asked(network)
        for pair in (("hub-vm", "spoke-vm"), ("spoke-vm", "hub-vm")):
            holds(one.verdict(*pair) in ("peering-refused", "reply-lost"), f"{pair} pass")


@rule("AZ-PEER-4", "without access the peer leaves the tag VirtualNetwork")
def no_access_no_tag():
    network = two_vnets()
    network["networkSecurityGroups"] = {"group": {"securityRules": {}}}
    network["virtualNetworks"]["hub"]["subnets"]["work"]["networkSecurityGroup"] = "group"
    network["parameters"] = {"hideDeniedPeeringRoutes": False}
    asked(network).hops("spoke-vm", "hub-vm")
    halves(network)[0]["allowVirtualNetworkAccess"] = False
    answer = asked(network).ask("flow", "hub-vm", "spoke-vm")
    equal(answer["passes"], False)
    equal(answer["rules"][0]["rule"], "DefaultRule_DenyAllOutBound")


@rule(
    "AZ-PEER-5",
    "the receiving half decides on forwarded traffic; gateway transit doesn't need it",
)
def forwarded():
    network = with_vpn()
    nva(network)
    route_table(network, "hub/GatewaySubnet", [("10.1.0.0/16", "10.0.1.9")])
    equal(asked(network).verdict("office-host", "spoke-vm"), "peering-refused")
    halves(network)[1]["allowForwardedTraffic"] = True
    holds("nva" in asked(network).nodes("office-host", "spoke-vm"), "not by the appliance")
    asked(with_vpn()).hops("office-host", "spoke-vm")


@rule("AZ-PEER-6", "what useRemoteGateways needs, and that a network may have it once")
def remote_gateways():
    network = two_vnets()
    halves(network)[0]["allowGatewayTransit"] = True
    halves(network)[1]["useRemoteGateways"] = True
    refused(network, "has no gateway")
    network = with_vpn()
    del halves(network)[0]["allowGatewayTransit"]
    refused(network, "allowGatewayTransit")
    network = with_vpn()
    add_gateway(network, "spoke", "own", "Vpn", bgpSettings={"asn": 65010})
    refused(network, "gateway of its own")
    network = with_vpn()
    add_vnet(network, "second", "10.8.0.0/16")
    add_gateway(network, "second", "second-vpn", "Vpn")
    peer(network, "second", "spoke", {"allowGatewayTransit": True}, {"useRemoteGateways": True})
    refused(network, "only one peering may have useRemoteGateways")


@rule(
    "AZ-PEER-7, AZ-PEER-9",
    "gateway transit works over a global peering, whose rows are named so",
)
def global_transit():
    network = base()
    network["virtualNetworks"]["spoke"]["location"] = "east"
    one = asked(network)
    equal(one.row("spoke-vm", "10.0.0.0/16"), [("VNetGlobalPeering", "Active", ())])
    learned = {row for row in one.rows("hub-vm") if row[1] == "VirtualNetworkGateway"}
    equal({row for row in one.rows("spoke-vm") if row[1] == "VirtualNetworkGateway"}, learned)
    for host in ("dc-host", "office-host"):
        one.hops("spoke-vm", host)


@rule(
    "AZ-PEER-8",
    "every range of a spoke is announced as the hub's own are, only with useRemoteGateways",
)
def spoke_ranges():
    network = base()
    network["virtualNetworks"]["spoke"]["addressSpace"].append("10.11.0.0/16")
    one = asked(network)
    for prefix in ("10.0.0.0/16", "10.1.0.0/16", "10.11.0.0/16"):
        equal(one.paths("office-ce", prefix), {"65515"}, prefix)
        equal(one.paths("c1-primary", prefix), {"65515"}, prefix)
        equal(one.paths("dc-ce", prefix), {"12076"}, prefix)
    del halves(network)[1]["useRemoteGateways"]
    one = asked(network)
    equal(one.paths("office-ce", "10.1.0.0/16"), set())
    equal(one.paths("dc-ce", "10.11.0.0/16"), set())
    equal(one.row("spoke-vm", "172.20.1.0/24"), [])


@rule("AZ-PEER-9", "a spoke has the rows of its hub's gateways, with the same next hops")
def same_rows():
    one = asked(base())
    for prefix in ("172.20.1.0/24", "172.21.1.0/24"):
        rows = one.row("hub-vm", prefix)
        holds(rows, f"{prefix} is not at the hub")
        equal(one.row("spoke-vm", prefix), rows, prefix)


@rule("AZ-PEER-10", "a peering beats the way through the gateways")
def peering_first():
    network = with_circuit()
    network["virtualNetworks"]["hub"]["gateways"]["er"]["allowRemoteVnetTraffic"] = True
    add_vnet(network, "other", "10.5.0.0/16")
    add_gateway(network, "other", "er2", "ExpressRoute", allowRemoteVnetTraffic=True)
    connect_circuit(network, "er2", "c1")
    one = asked(network)
    equal(one.next_hop("hub-vm", "10.5.1.4")[0], "VirtualNetworkGateway")
    equal(len(one.hops("hub-vm", "other-vm")), 3, "hops by the circuit")
    peer(network, "hub", "other")
    one = asked(network)
    holds(one.paths("er", "10.5.0.0/16"), "the circuit offers the same prefix")
    equal(one.next_hop("hub-vm", "10.5.1.4")[0], "VNetPeering")
    equal(one.hops("hub-vm", "other-vm"), ["10.5.1.4"])


@rule("AZ-PEER-11", "more than 500 peerings are warned of")
def peering_limit():
    network = {}
    add_vnet(network, "hub", "10.0.0.0/16")
    for at in range(501):
        name = f"v{at}"
        network["virtualNetworks"][name] = {
            "addressSpace": [f"172.{16 + at // 256}.{at % 256}.0/24"],
            "subnets": {},
        }
        peer(network, "hub", name)
    warned(network, "limit", "501 peerings", "AZ-PEER-11")


@rule(
    "AZ-PEER-12, AZ-X-17",
    "summarizedGatewayPrefixes replaces the hub's ranges, and spokes' that it covers",
)
def summaries():
    network = base()
    add_spoke(network, "far", "192.168.64.0/18")
    del network["virtualMachines"]["far-vm"]
    network["virtualNetworks"]["far"]["subnets"] = {}
    hub = network["virtualNetworks"]["hub"]

    hub["summarizedGatewayPrefixes"] = ["10.0.0.0/12"]
    one = asked(network)
    equal(one.advertised("vpn", "172.31.1.1"), {"10.0.0.0/12": "65515", "192.168.64.0/18": "65515"})
    equal(one.paths("dc-ce", "10.0.0.0/12"), {"12076"})
    equal(one.paths("dc-ce", "10.0.0.0/16"), set())
    one.hops("dc-host", "spoke-vm")
    # The hub's ranges go, whatever the summary covers; no spoke is covered here.
    hub["summarizedGatewayPrefixes"] = ["172.16.0.0/16"]
    equal(
        asked(network).advertised("vpn", "172.31.1.1"),
        {"172.16.0.0/16": "65515", "10.1.0.0/16": "65515", "192.168.64.0/18": "65515"},
    )


@rule("AZ-PEER-14, AZ-TR-1", "neither a peering nor a subnet is a hop, inside a region or across")
def no_hop():
    network = two_vnets()
    network["virtualNetworks"]["hub"]["subnets"]["other"] = "10.0.2.0/24"
    network["virtualMachines"]["other-vm"] = {"subnet": "hub/other"}
    equal(asked(network).hops("hub-vm", "spoke-vm"), ["10.1.1.4"])
    equal(asked(network).hops("hub-vm", "other-vm"), ["10.0.2.4"])
    network["virtualNetworks"]["spoke"]["location"] = "east"
    equal(asked(network).hops("hub-vm", "spoke-vm"), ["10.1.1.4"])


@rule("AZ-PEER-10", "two hubs of one circuit that are peered, with a site behind it")
def peered_hubs_of_one_circuit():
    network = with_circuit()
    add_vnet(network, "other", "10.5.0.0/16")
    add_gateway(network, "other", "er2", "ExpressRoute")
    connect_circuit(network, "er2", "c1")
    peer(network, "hub", "other")
    add_circuit(network, "c2", 2, 65011)
    connect_circuit(network, "er2", "c2")
    add_circuit_site(network, "dc2", "c2", 2, 65011, "172.22.1.0/24")
    one = asked(network)
    equal(one.hops("other-vm", "hub-vm"), ["10.0.1.4"])
    equal(one.verdict("hub-vm", "dc2-host"), "none-route", "no transit through the other hub")
    one.hops("other-vm", "dc2-host")


if __name__ == "__main__":
    sys.exit(run())
