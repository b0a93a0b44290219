#!/usr/bin/env python3
"""What a trace shows, and from which address: docs/rules/traceroute.md, sources.md, nva.md."""

import sys

from networks import (
    active_active,
    add_circuit,
    add_gateway,
    add_vnet,
    add_vpn_site,
    announce,
    base,
    connect_circuit,
    nva,
    peer,
    route_table,
    two_vnets,
    with_circuit,
    with_vpn,
)
from rules import asked, equal, holds, rule, run

ONE_LINK = ("--down", "dc-ce--c1-secondary")


def router(network, site="dc"):
    return network["sites"][site]["routers"][f"{site}-ce"]


def announce_links(network):
    announce(network, "dc", "192.168.1.0/30", "192.168.1.4/30", discard=False)
    return network


def by_appliance(source="egress"):
    """hub-vm reaches spoke-vm through an appliance with two NICs, in and out."""
    network = two_vnets()
    network["virtualNetworks"]["hub"]["subnets"]["trust"] = "10.0.2.0/24"
    network["virtualMachines"]["fw"] = {
        "icmpSource": source,
        "networkInterfaces": {
            "outer": {
                "subnet": "hub/work",
                "privateIPAddress": "10.0.1.9",
                "enableIPForwarding": True,
            },
            "inner": {
                "subnet": "hub/trust",
                "privateIPAddress": "10.0.2.9",
                "enableIPForwarding": True,
            },
        },
        "routes": [{"prefix": "10.1.0.0/16", "nextHop": "10.0.2.1"}],
    }
    network["virtualNetworks"]["spoke"]["peerings"]["hub"]["allowForwardedTraffic"] = True
    # In by the inner NIC; back to the source it would go by the outer one.
    route_table(network, "hub/work", [("10.1.0.0/16", "10.0.2.9")])
    return network


@rule(
    "AZ-TR-1, AZ-TR-11",
    "inside a network and over peerings the target is hop 1; the subnet's .1 never shows",
)
def no_fabric():
    network = two_vnets()
    network["virtualMachines"]["near"] = {"subnet": "hub/work", "privateIPAddress": "10.0.1.5"}
    one = asked(network)
    equal(one.hops("hub-vm", "near"), ["10.0.1.5"])
    equal(one.hops("hub-vm", "spoke-vm"), ["10.1.1.4"])
    holds(one.verdict("hub-vm", "10.0.1.1") != "delivered", "the .1 answers")


@rule(
    "AZ-TR-2, AZ-SRC-3",
    "out by ExpressRoute: first the MSEE, by its address in the GatewaySubnet; no gateway",
)
def outbound():
    network = announce_links(with_circuit())
    one = asked(network)
    equal(one.hops("spoke-vm", "dc-host", *ONE_LINK), ["10.0.255.4", "192.168.1.1", "172.20.1.10"])
    nodes = one.nodes("spoke-vm", "dc-host", *ONE_LINK)
    equal(nodes, ["spoke-vm", "c1-primary", "dc-ce", "dc-host"])
    network["connections"]["er-c1"]["delay"] = "7ms"
    hop = asked(network).ask("trace", "hub-vm", "dc-host")["hops"][0]
    holds(14 <= min(hop["rttMs"]) < 15, f"not the way to the MSEE and back: {hop}")


@rule(
    "AZ-TR-3",
    "in by ExpressRoute: the MSEE's address of the /30, then the gateway, which is silent",
)
def inbound():
    one = asked(with_circuit())
    equal(
        one.hops("dc-host", "spoke-vm", *ONE_LINK), ["172.20.1.1", "192.168.1.2", "*", "10.1.1.4"]
    )
    holds(one.nodes("dc-host", "spoke-vm")[3].startswith("er-in"), "not through the gateway")


@rule("AZ-TR-4", "network to network by one circuit: MSEE, the far gateway, the target")
def hairpin():
    network = with_circuit()
    add_vnet(network, "other", "10.5.0.0/16")
    add_gateway(network, "other", "er2", "ExpressRoute", allowRemoteVnetTraffic=True)
    network["virtualNetworks"]["hub"]["gateways"]["er"]["allowRemoteVnetTraffic"] = True
    connect_circuit(network, "er2", "c1")
    network["connections"]["er-c1"]["sessionsDown"] = "secondary"
    equal(asked(network).hops("hub-vm", "other-vm"), ["10.0.255.4", "*", "10.5.1.4"])


@rule(
    "AZ-TR-5",
    "across two circuits and their common edge: MSEE, edge, MSEE, the far gateway, the target",
)
def two_circuits():
    network = announce_links(with_circuit())
    add_vnet(network, "other", "10.5.0.0/16")
    add_gateway(network, "other", "er2", "ExpressRoute")
    add_circuit(network, "c2", 2, 65010)
    connect_circuit(network, "er2", "c2")
    ce = router(network)
    del ce["interfaces"]["secondary"]
    del ce["bgp"]["neighbors"]["192.168.1.6"]
    ce["interfaces"]["other"] = {"address": "192.168.2.1/30", "circuit": "c2/primary"}
    ce["bgp"]["neighbors"]["192.168.2.2"] = {"remoteAsn": 12076}
    ce["bgp"]["neighbors"]["192.168.1.2"].pop("prefixListOut")
    ce["bgp"]["networks"] += ["192.168.2.0/30"]
    equal(
        asked(network).hops("hub-vm", "other-vm"),
        ["10.0.255.4", "192.168.1.1", "192.168.2.2", "*", "10.5.1.4"],
    )


@rule(
    "AZ-TR-6, AZ-X-23",
    "a VPN gateway of the visible kind answers the network with its inside address, a tunnel never",
)
def visible_gateway():
    network = with_vpn()
    gateway = network["virtualNetworks"]["hub"]["gateways"]["vpn"]
    gateway.update({"ttl": "decrement", "insideAddress": "10.0.255.20"})
    one = asked(network)
    equal(one.hops("hub-vm", "office-host"), ["10.0.255.20", "*", "172.21.1.10"])
    equal(one.hops("office-host", "hub-vm"), ["172.21.1.1", "*", "10.0.1.4"])


@rule("AZ-TR-7", "a VPN gateway is no hop unless told so")
def transparent_gateway():
    one = asked(with_vpn())
    equal(one.hops("office-host", "hub-vm"), ["172.21.1.1", "10.0.1.4"])
    holds("vpn" in one.nodes("office-host", "hub-vm"), "not through the gateway")
    equal(len(one.hops("hub-vm", "office-host")), 2)


@rule(
    "AZ-TR-9, AZ-NVA-6, AZ-X-21",
    "an appliance shows, with its way's address: towards the source, or where the packet came in",
)
def appliance():
    equal(asked(by_appliance()).hops("hub-vm", "spoke-vm"), ["10.0.1.9", "10.1.1.4"])
    equal(asked(by_appliance("ingress")).hops("hub-vm", "spoke-vm"), ["10.0.2.9", "10.1.1.4"])


@rule(
    "AZ-X-21, AZ-SRC-2",
    "an on-premises router answers from where the packet came in, or towards its source",
)
def router_source():
    network = announce_links(with_circuit())
    ce = router(network)
    # In by the secondary link, whose path is shorter; back by the primary one.
    ce["bgp"]["neighbors"]["192.168.1.2"].update({"localPreference": 300, "prepend": [65010]})
    equal(asked(network).hops("hub-vm", "dc-host"), ["10.0.255.5", "192.168.1.5", "172.20.1.10"])
    ce["icmpSource"] = "egress"
    equal(asked(network).hops("hub-vm", "dc-host"), ["10.0.255.5", "192.168.1.1", "172.20.1.10"])


@rule("AZ-TR-10", "ExpressRoute's way out is a hop shorter than its way in")
def asymmetric_length():
    one = asked(with_circuit())
    out = one.hops("hub-vm", "dc-host", *ONE_LINK)
    back = one.hops("dc-host", "hub-vm", *ONE_LINK)
    equal(len(back), len(out) + 1)


@rule("AZ-TR-12", "a trace that fails ends in silence: Azure sends no unreachables")
def silence():
    one = asked(two_vnets())
    answer = one.ask("trace", "hub-vm", "10.0.1.77")
    equal(answer["reached"], False)
    equal([hop["address"] for hop in answer["hops"] if hop["address"]], [])
    answer = one.ask("trace", "hub-vm", "10.9.9.9")
    equal(answer["verdict"], "none-route")
    equal([hop["address"] for hop in answer["hops"] if hop["address"]], [])


@rule("AZ-TR-12", "nor does an MSEE that has no route: the site's trace ends behind it")
def silent_msee():
    network = with_circuit()
    way_out = {"prefix": "10.0.0.0/8", "nextHop": "192.168.1.2"}
    router(network)["staticRoutes"] = [way_out]
    answer = asked(network).ask("trace", "dc-host", "10.99.0.1")
    equal(answer["verdict"], "no-route")
    equal([hop["address"] for hop in answer["hops"]][:2], ["172.20.1.1", "192.168.1.2"])
    equal([hop["address"] for hop in answer["hops"][2:] if hop["address"]], [])


@rule("AZ-TR-13", "with equal ways every hop is a member of a set, of which one flow sees one")
def sets():
    one = asked(with_circuit())
    members = {
        one.hops("hub-vm", "dc-host", "--protocol", "udp", "--port", port)[0]
        for port in range(1000, 1016)
    }
    equal(members, {"10.0.255.4", "10.0.255.5"})


@rule(
    "AZ-TR-14",
    "across a tunnel: the edge's tunnel address and the target, no gateway in between",
)
def tunnel():
    network = with_vpn()
    router(network, "office")["interfaces"]["tunnel0"]["address"] = "172.31.1.9/32"
    announce(network, "office", "172.31.1.9/32", discard=False)
    equal(asked(network).hops("hub-vm", "office-host"), ["172.31.1.9", "172.21.1.10"])


@rule(
    "AZ-SRC-1, AZ-X-22",
    "what ExpressRoute delivers needs a source that the network has a route to",
)
def known_sources():
    one = asked(with_circuit())
    equal(one.hops("hub-vm", "dc-host", *ONE_LINK)[1], "*", "the edge's link is not announced")
    answer = one.ask("trace", "hub-vm", "dc-host", *ONE_LINK)
    equal(answer["hops"][1]["reason"]["code"], "source-not-known")
    network = with_circuit()
    network["sites"]["dc"]["hosts"]["lost"] = {"segment": "inner", "address": "172.28.1.10/24"}
    router(network)["interfaces"]["inner"] = {"address": "172.28.1.1/24", "segment": "inner"}
    equal(asked(network).verdict("lost", "hub-vm"), "source-not-known")
    # A route of the user's own makes it known; Internet and None do not.
    route_table(network, "hub/GatewaySubnet", [("172.28.0.0/16", "None")])
    equal(asked(network).verdict("lost", "hub-vm"), "source-not-known")


@rule("AZ-SRC-2", "a port without an address has nothing to answer from")
def nothing_to_answer_from():
    network = with_vpn()
    network["virtualNetworks"]["hub"]["gateways"]["vpn"]["ttl"] = "decrement"
    one = asked(network)
    hop = one.ask("trace", "office-host", "hub-vm")["hops"][1]
    equal((hop["address"], hop["node"]), (None, "vpn"))


@rule("CE-TTL-1", "a tunnel that starts the TTL anew hides all behind it, from its own side only")
def inner_ttl():
    network = with_vpn()
    network["virtualNetworks"]["hub"]["gateways"]["vpn"]["ttl"] = "decrement"
    tunnel_end = router(network, "office")["interfaces"]["tunnel0"]
    equal(asked(network).hops("office-host", "hub-vm"), ["172.21.1.1", "*", "10.0.1.4"])
    tunnel_end["ipsec"]["innerTtl"] = "reset"
    one = asked(network)
    equal(one.hops("office-host", "hub-vm"), ["172.21.1.1", "10.0.1.4"])
    equal(len(one.hops("hub-vm", "office-host")), 3)


@rule("AZ-NVA-1", "without enableIPForwarding a NIC takes and sends only its own address")
def no_forwarding():
    network = by_appliance()
    asked(network).hops("hub-vm", "spoke-vm")
    network["virtualMachines"]["fw"]["networkInterfaces"]["inner"]["enableIPForwarding"] = False
    equal(asked(network).verdict("hub-vm", "spoke-vm"), "not-forwarding")


@rule("AZ-NVA-4", "a route to an appliance that is not there stays active and swallows")
def dead_appliance():
    network = two_vnets()
    network["virtualNetworks"]["hub"]["subnets"]["nvas"] = "10.0.9.0/24"
    route_table(network, "hub/work", [("10.1.0.0/16", "10.0.9.9")])
    active = ("VirtualAppliance", "Active", ("10.0.9.9",))
    one = asked(network)
    holds(active in one.row("hub-vm", "10.1.0.0/16"), "the route is gone")
    equal(one.verdict("hub-vm", "spoke-vm"), "no-host")
    nva(network, subnet="hub/nvas", address="10.0.9.9")
    network["virtualNetworks"]["spoke"]["peerings"]["hub"]["allowForwardedTraffic"] = True
    one = asked(network)
    one.hops("hub-vm", "spoke-vm")
    down = ("--down-node", "nva")
    holds(one.verdict("hub-vm", "spoke-vm", *down) != "delivered", "a dead appliance forwards")
    holds(active in one.row("hub-vm", "10.1.0.0/16", *down), "the route went with the appliance")


@rule("AZ-NVA-6", "an appliance between hub and spoke shows once in each direction")
def appliance_both_ways():
    network = with_vpn()
    nva(network)
    route_table(network, "spoke/work", [("172.21.1.0/24", "10.0.1.9")])
    route_table(network, "hub/GatewaySubnet", [("10.1.0.0/16", "10.0.1.9")])
    network["virtualNetworks"]["spoke"]["peerings"]["hub"]["allowForwardedTraffic"] = True
    one = asked(network)
    equal(one.hops("spoke-vm", "office-host")[0], "10.0.1.9")
    equal(one.hops("office-host", "spoke-vm"), ["172.21.1.1", "10.0.1.9", "10.1.1.4"])


@rule("AZ-TR-7", "two gateways that are no hops, and an appliance, on one way")
def transparent_chain():
    network = active_active()
    add_vpn_site(network, "plant", "vpn", ["10.0.255.4", "10.0.255.5"], 2, 65030, "172.22.1.0/24")
    one = asked(network)
    equal(len(one.hops("office-host", "plant-host")), 3)  # two edges and the host


@rule("AZ-TR-2", "both directions meet the same MSEE when there is one link")
def same_msee():
    one = asked(base())
    answer = one.ask("trace", "spoke-vm", "dc-host", *ONE_LINK)
    equal(answer["return"]["symmetric"], True)
    network = two_vnets()
    peer(network, "hub", "spoke")
    equal(asked(network).ask("trace", "hub-vm", "spoke-vm")["return"]["symmetric"], True)


if __name__ == "__main__":
    sys.exit(run())
