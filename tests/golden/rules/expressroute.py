#!/usr/bin/env python3
"""ExpressRoute circuits, MSEEs and gateways: docs/rules/expressroute.md."""

import sys

from networks import (
    ALONE,
    add_circuit,
    add_circuit_site,
    add_gateway,
    add_vnet,
    add_vpn_site,
    announce,
    base,
    connect_circuit,
    with_circuit,
    with_vpn,
)
from rules import asked, equal, holds, refused, rule, run, warned

BOTH_DOWN = ("--down", "dc-ce--c1-primary", "--down", "dc-ce--c1-secondary")


def router(network, site="dc"):
    return network["sites"][site]["routers"][f"{site}-ce"]


def neighbor(network, address="192.168.1.2", site="dc"):
    return router(network, site)["bgp"]["neighbors"][address]


def two_circuits():
    """A second circuit with a site of its own, at the same gateway."""
    network = with_circuit()
    add_circuit(network, "c2", 2, 65011)
    connect_circuit(network, "er", "c2")
    add_circuit_site(network, "dc2", "c2", 2, 65011, "172.22.1.0/24")
    return network


def two_gateways(allowed=True):
    """A second network, `other`, at the same circuit."""
    network = with_circuit()
    add_vnet(network, "other", "10.5.0.0/16")
    add_gateway(network, "other", "er2", "ExpressRoute", allowRemoteVnetTraffic=allowed)
    network["virtualNetworks"]["hub"]["gateways"]["er"]["allowRemoteVnetTraffic"] = allowed
    connect_circuit(network, "er2", "c1")
    return network


def transit_edge():
    """Two circuits with a network each, and one customer edge that passes all on."""
    network = with_circuit()
    add_vnet(network, "other", "10.5.0.0/16")
    add_gateway(network, "other", "er2", "ExpressRoute")
    add_circuit(network, "c2", 2, 65010)
    connect_circuit(network, "er2", "c2")
    ce = router(network)
    ce["interfaces"]["other"] = {"address": "192.168.2.1/30", "circuit": "c2/primary"}
    ce["bgp"]["neighbors"]["192.168.2.2"] = {"remoteAsn": 12076}
    for peer in ce["bgp"]["neighbors"].values():
        peer.pop("prefixListOut", None)
    return network


@rule("AZ-ER-1", "two links, the customer has the first address of each /30, the MSEE the second")
def links():
    one = asked(with_circuit())
    equal(one.peers("c1-primary")["192.168.1.1"]["localAddress"], "192.168.1.2")
    equal(one.peers("c1-secondary")["192.168.1.5"]["localAddress"], "192.168.1.6")
    equal(one.ask("routes", "c1-primary")["asn"], 12076)
    network = with_circuit()
    private = network["expressRouteCircuits"]["c1"]["peerings"]["AzurePrivatePeering"]
    private["primaryPeerAddressPrefix"] = "192.168.1.0/29"
    refused(network, "192.168.1.0/29", "/30")
    swapped = with_circuit()
    router(swapped)["interfaces"]["primary"]["address"] = "192.168.1.2/30"
    refused(swapped, "192.168.1")


def dual_stack():
    """with_circuit() in both families: hub fd00:10::/48, spoke fd00:11::/48, site fd00:20::/64."""
    network = with_circuit()
    hub, spoke = (network["virtualNetworks"][name] for name in ("hub", "spoke"))
    hub["addressSpace"] += ["fd00:10::/48"]
    spoke["addressSpace"] += ["fd00:11::/48"]
    hub["subnets"]["work"] = ["10.0.1.0/24", "fd00:10:0:1::/64"]
    hub["subnets"]["GatewaySubnet"] = ["10.0.255.0/26", "fd00:10:0:ff::/64"]
    spoke["subnets"]["work"] = ["10.1.1.0/24", "fd00:11:0:1::/64"]
    network["expressRouteCircuits"]["c1"]["peerings"]["AzurePrivatePeering"][
        "ipv6PeeringConfig"
    ] = {
        "primaryPeerAddressPrefix": "fd00:c1::/126",
        "secondaryPeerAddressPrefix": "fd00:c1::4/126",
    }
    site = network["sites"]["dc"]
    site["hosts"]["dc-host"]["address"] = ["172.20.1.10/24", "fd00:20::10/64"]
    site["prefixLists"]["own"] += ["fd00:20::/64"]
    ce = router(network)
    ce["interfaces"]["lan"]["address"] = ["172.20.1.1/24", "fd00:20::1/64"]
    ce["interfaces"]["primary"]["address"] = ["192.168.1.1/30", "fd00:c1::1/126"]
    ce["interfaces"]["secondary"]["address"] = ["192.168.1.5/30", "fd00:c1::5/126"]
    ce["bgp"]["networks"] += ["fd00:20::/64"]
    for address in ("fd00:c1::2", "fd00:c1::6"):
        ce["bgp"]["neighbors"][address] = dict(neighbor(network))
    return network


@rule("AZ-ER-1, AZ-ER-2", "with ipv6PeeringConfig each link has a session for either family")
def both_families():
    one = asked(dual_stack())
    peers = one.peers("c1-primary")
    equal(peers["192.168.1.1"]["localAddress"], "192.168.1.2")
    equal(peers["fd00:c1::1"]["localAddress"], "fd00:c1::2")
    equal({peer["state"] for peer in peers.values()}, {"established"})
    holds({"10.0.255.4", "fd00:10:0:ff::4"} <= set(one.peers("er-in0")), "the gateway's peers")
    for machine in ("hub-vm", "spoke-vm"):
        equal(
            one.row(machine, "fd00:20::/64"),
            [("VirtualNetworkGateway", "Active", (f"fd00:10:0:ff::{at}",)) for at in (4, 5)],
        )
        equal(len(one.row(machine, "172.20.1.0/24")), 2)
        for options in ((), ("--ipv6",)):
            one.hops(machine, "dc-host", *options)
            one.hops("dc-host", machine, *options)
            one.hops("dc-host", machine, *options, "--down", "dc-ce--c1-primary")
            one.hops(machine, "dc-host", *options, "--down", "dc-ce--c1-secondary")
    for prefix in ("fd00:10::/48", "fd00:11::/48"):
        equal(one.paths("dc-ce", prefix), {"12076"})


@rule("AZ-ER-1", "a gateway carries the families that its GatewaySubnet has")
def gateway_of_one_family():
    network = dual_stack()
    network["virtualNetworks"]["hub"]["subnets"]["GatewaySubnet"] = "10.0.255.0/26"
    warned(network, "gateway-without-ipv6", "c1", "hub")
    one = asked(network)
    one.hops("dc-host", "spoke-vm")
    equal(one.verdict("dc-host", "spoke-vm", "--ipv6"), "no-route")
    network = dual_stack()
    peering = network["expressRouteCircuits"]["c1"]["peerings"]["AzurePrivatePeering"]
    peering["ipv6PeeringConfig"]["primaryPeerAddressPrefix"] = "fd00:c1::/125"
    refused(network, "fd00:c1::/125", "/126")


@rule("AZ-ER-40", "around one circuit two networks meet in both families")
def both_families_meet():
    network = dual_stack()
    add_vnet(network, "other", ["10.5.0.0/16", "fd00:15::/48"])
    other = network["virtualNetworks"]["other"]
    other["subnets"] = {
        "work": ["10.5.1.0/24", "fd00:15:0:1::/64"],
        "GatewaySubnet": ["10.5.255.0/26", "fd00:15:0:ff::/64"],
    }
    add_gateway(network, "other", "er2", "ExpressRoute", allowRemoteVnetTraffic=True)
    network["virtualNetworks"]["hub"]["gateways"]["er"]["allowRemoteVnetTraffic"] = True
    connect_circuit(network, "er2", "c1")
    one = asked(network)
    equal(one.hops("hub-vm", "other-vm")[1:], ["*", "10.5.1.4"])
    equal(one.hops("hub-vm", "other-vm", "--ipv6")[1:], ["*", "fd00:15:0:1::4"])


@rule("AZ-ER-7", "a hundred IPv6 prefixes are taken from the customer, and not one more")
def limit_of_ipv6():
    for count, state in ((99, True), (100, False)):
        network = dual_stack()
        announce(network, "dc", *(f"fd00:{0x1000 + at:x}::/32" for at in range(count)))
        peers = asked(network).peers("c1-primary")
        equal(peers["fd00:c1::1"]["state"] == "established", state, f"{count + 1} prefixes")
        equal(peers["192.168.1.1"]["state"], "established")


@rule("AZ-ER-2, AZ-ER-21", "both links carry, flow by flow, and either alone carries all")
def both_links():
    one = asked(with_circuit())
    used = {row[1] for row in one.learned("dc-ce", "10.0.0.0/16") if row[4]}
    equal(used, {"192.168.1.2", "192.168.1.6"})
    for pair in (("hub-vm", "dc-host"), ("dc-host", "hub-vm")):
        seen = set()
        for port in range(1000, 1016):
            nodes = one.nodes(*pair, "--protocol", "udp", "--port", port)
            seen |= {node for node in nodes if node.startswith("c1-")}
        equal(seen, {"c1-primary", "c1-secondary"}, str(pair))
        for link in ("primary", "secondary"):
            one.hops(*pair, "--down", f"dc-ce--c1-{link}")


@rule("AZ-ER-3", "reserved AS numbers are refused for the customer, private ones are not")
def as_numbers():
    for asn in (12076, 65515, 65520):
        network = with_circuit()
        private = network["expressRouteCircuits"]["c1"]["peerings"]["AzurePrivatePeering"]
        private["peerASN"] = asn
        refused(network, str(asn), "reserved")
    asked(with_circuit()).hops("hub-vm", "dc-host")


@rule(
    "AZ-ER-4",
    "hold 180 s and BFD of 3 x 300 ms towards the edge: a dead link costs a second, not minutes",
)
def bfd():
    one = asked(with_circuit())
    equal(one.peers("c1-primary")["192.168.1.1"]["holdS"], 180)
    dead = ("--event", "10s cut dc-ce--c1-primary", "--at")
    equal(len(one.learned("dc-ce", "10.0.0.0/16", *dead, "10.6s")), 2, "paths before detection")
    equal(len(one.learned("dc-ce", "10.0.0.0/16", *dead, "11.1s")), 1, "paths after 3 x 300 ms")
    network = with_circuit()
    network["expressRouteCircuits"]["c1"]["bfd"] = False
    for peer in router(network)["bgp"]["neighbors"].values():
        peer["bfd"] = False
    one = asked(network)
    equal(len(one.learned("dc-ce", "10.0.0.0/16", *dead, "100s")), 2, "without BFD, 90 s on")
    equal(len(one.learned("dc-ce", "10.0.0.0/16", *dead, "200s")), 1, "after the hold time")


@rule("AZ-ER-4", "the gateway notices a lost MSEE after a minute: BFD does not run there")
def gateway_hold():
    one = asked(with_circuit())
    equal(one.peers("er")["10.0.255.4"]["holdS"], 60)
    dead = ("--event", "10s cut er--c1-primary", "--at")
    equal(len(one.row("hub-vm", "172.20.1.0/24", *dead, "40s")), 2)
    equal(len(one.row("hub-vm", "172.20.1.0/24", *dead, "80s")), 1)


@rule("AZ-ER-5", "the customer's AS path counts at the MSEE and beyond, its communities don't")
def no_communities():
    network = with_circuit()
    site = network["sites"]["dc"]
    site["routeMaps"] = {"tagged": [{"set": {"communities": ["65535:65281", "65535:65282"]}}]}
    for peer in router(network)["bgp"]["neighbors"].values():
        peer["routeMapOut"] = "tagged"
    asked(network).hops("hub-vm", "dc-host")
    network = with_circuit()
    neighbor(network)["prepend"] = [65010]
    one = asked(network)
    equal(one.paths("c1-primary", "172.20.1.0/24"), {"65010-65010"})
    equal([row[2] for row in one.row("hub-vm", "172.20.1.0/24")], [("10.0.255.5",)])


@rule("AZ-ER-6", "prefixes up to /32 are taken, and the default route")
def long_and_short():
    network = with_circuit()
    announce(network, "dc", "172.20.9.9/32", "0.0.0.0/0")
    one = asked(network)
    for prefix in ("172.20.9.9/32", "0.0.0.0/0"):
        equal(one.paths("er", prefix), {"12076-65010"})
        equal(one.paths("dc-ce", "0.0.0.0/0") - {""}, set(), "sent back")


@rule(
    "AZ-ER-7",
    "limits: prefixes from the customer end the session, ranges towards it are warned of",
)
def limits():
    network = with_circuit()
    ce = router(network)
    many = [f"{100 + at // 65536}.{at // 256 % 256}.{at % 256}.0/24" for at in range(10001)]
    ce["staticRoutes"] = [{"prefix": prefix, "discard": True} for prefix in many]
    ce["bgp"]["networks"] = many
    for peer in ce["bgp"]["neighbors"].values():
        peer.pop("prefixListOut")
    holds(asked(network).peers("c1-primary")["192.168.1.1"]["state"] != "established", "all taken")
    network = with_circuit()
    spoke = network["virtualNetworks"]["spoke"]
    spoke["addressSpace"] += [f"100.{at // 256}.{at % 256}.0/24" for at in range(1001)]
    warned(network, "limit", "prefixes", "AZ-ER-7")


@rule("AZ-ER-8", "into a network go packets of 1,400 bytes; TCP is held to them both ways")
def packet_size():
    one = asked(with_circuit())
    quiet = ("--dont-fragment", "--count", 1)
    for size, verdict in ((1372, "delivered"), (1373, "mtu")):
        row = one.ask("ping", "dc-host", "hub-vm", "--size", size, *quiet)["rows"][0]
        equal(row["verdict"], verdict, f"{size} bytes behind the header")
    holds("mtu" not in row, "the gateway answers nothing")
    holds(row["stoppedAt"].startswith("er-in"), "it ends at the gateway")
    answer = one.ask("ping", "dc-host", "hub-vm", "--size", 1400, "--count", 1)
    equal(answer["answered"], 1, "fragmented where that is allowed")
    answer = one.ask("ping", "hub-vm", "dc-host", "--size", 1472, *quiet)
    equal(answer["answered"], 1, "what leaves does not cross it, and the answer may be cut")
    for pair in (("dc-host", "hub-vm"), ("hub-vm", "dc-host"), ("spoke-vm", "dc-host")):
        row = one.ask("ping", *pair, "--protocol", "tcp", "--count", 1)["rows"][0]
        equal(row.get("mss"), 1360, f"segments of {pair}")
    network = with_circuit()
    network["virtualNetworks"]["hub"]["gateways"]["er"]["mtu"] = 1500
    one = asked(network)
    answer = one.ask("ping", "dc-host", "hub-vm", "--size", 1472, *quiet)
    equal(answer["answered"], 1, "a gateway of 1,500 bytes")
    row = one.ask("ping", "dc-host", "hub-vm", "--protocol", "tcp", "--count", 1)["rows"][0]
    equal(row.get("mss"), None, "nothing to lower")


def shown(network, *options):
    return [row[2][0] for row in asked(network).row("hub-vm", "172.20.1.0/24", *options)]


@rule("AZ-ER-20, AZ-X-6", "longest prefix, routing weight, AS path, then all MSEEs of all circuits")
def choice():
    network = two_circuits()
    announce(network, "dc2", "172.20.1.0/24")
    equal(shown(network), [f"10.0.255.{at}" for at in (4, 5, 6, 7)], "four of four")
    one_down = ("--down", "dc2-ce--c2-primary")
    equal(shown(network, *one_down), ["10.0.255.4", "10.0.255.5", "10.0.255.7"], "three")
    for address in ("192.168.1.2", "192.168.1.6"):
        neighbor(network, address)["prepend"] = [65010]
    equal(shown(network), ["10.0.255.6", "10.0.255.7"], "the shorter path")
    network["connections"]["er-c1"]["routingWeight"] = 5
    equal(shown(network), ["10.0.255.4", "10.0.255.5"], "the higher weight")
    announce(network, "dc2", "172.20.1.0/25")
    equal(asked(network).next_hop("hub-vm", "172.20.1.10")[1], "10.0.255.6", "the longer prefix")


@rule("AZ-ER-22", "a longer AS path on one link drains it")
def drained():
    network = with_circuit()
    neighbor(network)["prepend"] = [65010, 65010]
    one = asked(network)
    equal({row[1] for row in one.learned("er", "172.20.1.0/24")}, {"10.0.255.4", "10.0.255.5"})
    equal({row[1] for row in one.learned("er", "172.20.1.0/24") if row[4]}, {"10.0.255.5"})


@rule(
    "AZ-ER-23, AZ-X-3",
    "an MSEE chooses by prefix length and AS path alone, gateway or customer alike",
)
def msee_choice():
    network = with_circuit()
    announce(network, "dc", "10.1.0.0/16")  # the spoke's own range, from the customer: equally long
    one = asked(network)
    rows = one.learned("c1-primary", "10.1.0.0/16")
    equal({row[2] for row in rows}, {"65010", "65515"})
    equal({row[2] for row in rows if row[4]}, {"65010", "65515"}, "used together")
    for address in ("192.168.1.2", "192.168.1.6"):
        neighbor(network, address)["prepend"] = [65010]
    equal(asked(network).best_paths("c1-primary", "10.1.0.0/16"), {"65515"})


@rule(
    "AZ-ER-30, AZ-ER-37, AZ-X-1",
    "the customer sees 12076 where the path was private, in every mode",
)
def stripped():
    for mode in ("leading", "all", "only-if-all-private"):
        network = with_circuit()
        network["expressRouteCircuits"]["c1"]["stripPrivate"] = mode
        one = asked(network)
        equal(one.paths("c1-primary", "10.0.0.0/16"), {"65515"})
        equal(one.paths("dc-ce", "10.0.0.0/16"), {"12076"}, mode)


@rule(
    "AZ-ER-31, AZ-ER-33",
    "an MSEE takes paths with its own AS, so a customer edge joins two circuits",
)
def own_as_accepted():
    one = asked(transit_edge())
    rows = one.learned("c1-primary", "10.5.0.0/16")
    equal({row[2] for row in rows}, {"65010-12076"})
    equal(one.best_paths("er", "10.5.0.0/16"), {"12076-65010-12076"})
    one.hops("hub-vm", "other-vm")


@rule(
    "AZ-ER-32, AZ-ER-40, AZ-X-2",
    "two networks of one circuit reach each other by it, with path 12076-12076",
)
def hairpin():
    one = asked(two_gateways())
    equal(one.paths("er", "10.5.0.0/16"), {"12076-12076"})
    equal(one.hops("hub-vm", "other-vm")[1:], ["*", "10.5.1.4"])
    one.hops("spoke-vm", "other-vm")


@rule(
    "AZ-ER-33",
    "a customer's prefix arrives as 12076 and the customer's AS; its link only if announced",
)
def customer_path():
    network = with_circuit()
    one = asked(network)
    equal(one.paths("er", "172.20.1.0/24"), {"12076-65010"})
    equal(one.paths("er", "192.168.1.0/30"), set())
    announce(network, "dc", "192.168.1.0/30", discard=False)
    equal(asked(network).paths("er", "192.168.1.0/30"), {"12076-65010"})


@rule(
    "AZ-X-4",
    "an edge that redistributes connected sends all links on every session, the session's own too",
)
def connected_everywhere():
    network = with_circuit()
    bgp = router(network)["bgp"]
    bgp["redistribute"] = ["connected"]
    for peer in bgp["neighbors"].values():
        peer.pop("prefixListOut")
    one = asked(network)
    for address in ("192.168.1.2", "192.168.1.6"):
        sent = one.advertised("dc-ce", address)
        holds({"192.168.1.0/30", "192.168.1.4/30"} <= set(sent), str(sent))
    equal({row[1] for row in one.learned("er", "192.168.1.0/30")}, {"10.0.255.4", "10.0.255.5"})


@rule("AZ-ER-34", "the gateway announces 65515 from both instances, and nothing it learned")
def gateway_announces():
    one = asked(base())
    equal(
        one.learned("c1-primary", "10.1.0.0/16"),
        [("EBgp", f"10.0.255.{at}", "65515", 0, True) for at in (12, 13)],
    )
    equal(one.advertised("er", "10.0.255.4"), {"10.0.0.0/16": "65515", "10.1.0.0/16": "65515"})


@rule("AZ-ER-35", "a gateway is no transit between two circuits")
def no_circuit_transit():
    one = asked(two_circuits())
    equal(one.paths("dc2-ce", "172.20.1.0/24"), set())
    for pair in (("dc-host", "dc2-host"), ("dc2-host", "dc-host")):
        equal(one.verdict(*pair), "no-route")
    network = two_circuits()
    for site, number, far in (("dc", 1, "172.22.1.0/24"), ("dc2", 2, "172.20.1.0/24")):
        hop = {"prefix": far, "nextHop": f"192.168.{number}.2"}
        router(network, site).setdefault("staticRoutes", []).append(hop)
    holds(asked(network).verdict("dc-host", "dc2-host") != "delivered", "passes when sites insist")
    # A summary brings the packet as far as the gateway, which does not forward what it learned.
    network["virtualNetworks"]["hub"]["summarizedGatewayPrefixes"] = ["172.16.0.0/12", "10.0.0.0/8"]
    one = asked(network)
    for pair in (("dc-host", "dc2-host"), ("dc2-host", "dc-host")):
        equal(one.verdict(*pair), "no-route")
        holds(one.nodes(*pair)[-1].startswith("er-in"), f"{pair} end at {one.nodes(*pair)}")


@rule(
    "AZ-ER-36, AZ-X-2",
    "65515 is replaced on the way to a gateway, so what comes back is no loop",
)
def as_override():
    network = transit_edge()
    equal(asked(network).paths("er2", "10.0.0.0/16"), {"12076-65010-12076"})
    announce(network, "dc", "172.30.0.0/16")
    for peer in router(network)["bgp"]["neighbors"].values():
        peer["prepend"] = [65515]
    one = asked(network)
    equal(one.paths("er", "172.30.0.0/16"), {"12076-65010-12076"})


@rule(
    "AZ-ER-38",
    "without the customer's link the gateway's session stays, empty; the MSEE leaves the NICs",
)
def independent_sessions():
    one = asked(with_circuit())
    peer = one.peers("er", *BOTH_DOWN)["10.0.255.4"]
    equal((peer["state"], peer["routesReceived"]), ("established", 0))
    equal(one.row("hub-vm", "172.20.1.0/24", *BOTH_DOWN), [])
    equal(one.paths("c1-primary", "10.0.0.0/16", *BOTH_DOWN), {"65515"})
    rows = one.row("hub-vm", "172.20.1.0/24", *BOTH_DOWN[:2])
    equal([row[2] for row in rows], [("10.0.255.5",)], "one link down")


@rule("AZ-ER-41", "networks of one circuit keep apart by default, which is warned of")
def remote_traffic():
    one = asked(two_gateways(allowed=False))
    equal(one.paths("er", "10.5.0.0/16"), set())
    equal(one.verdict("hub-vm", "other-vm"), "none-route")
    warned(two_gateways(allowed=False), "remote-vnet-traffic", "er2", "AZ-ER-41")
    one_way = two_gateways()
    one_way["virtualNetworks"]["other"]["gateways"]["er2"]["allowRemoteVnetTraffic"] = False
    one = asked(one_way)
    equal(one.paths("er", "10.5.0.0/16"), {"12076-12076"})
    equal(one.paths("er2", "10.0.0.0/16"), set())


@rule("AZ-X-5", "communities pass gateways; an edge without sendCommunity ends them")
def communities():
    network = with_vpn()
    add_vpn_site(network, "plant", "vpn", [ALONE], 2, 65030, "172.22.1.0/24")
    office = network["sites"]["office"]
    office["routeMaps"] = {"tag": [{"set": {"communities": ["65020:77"]}}]}
    neighbor(network, ALONE, "office")["routeMapOut"] = "tag"
    tagged = {"action": "deny", "match": {"communities": ["65020:77"]}}
    network["sites"]["plant"]["routeMaps"] = {"untagged": [tagged, {"action": "permit"}]}
    neighbor(network, ALONE, "plant")["routeMapIn"] = "untagged"
    one = asked(network)
    equal(one.paths("plant-ce", "172.21.1.0/24"), set())
    equal(one.paths("plant-ce", "10.0.0.0/16"), {"65515"})
    router(network, "office")["bgp"]["sendCommunity"] = False
    equal(asked(network).paths("plant-ce", "172.21.1.0/24"), {"65515-65020"})


@rule("AZ-ER-39", "a gateway ignores its own ranges when they come back by a shorter path")
def echo():
    network = with_circuit()
    network["virtualNetworks"]["hub"]["gateways"]["er"]["allowRemoteVnetTraffic"] = True
    for peer in router(network)["bgp"]["neighbors"].values():
        peer.pop("prefixListOut")
    one = asked(network)
    echoes = [one.paths(f"c1-{link}", "10.1.0.0/16") for link in ("primary", "secondary")]
    holds({"65515", "65010-12076"} in echoes, f"no echo at an MSEE: {echoes}")
    for instance in (0, 1):
        rows = one.learned(f"er-in{instance}", "10.1.0.0/16")
        equal({row[0] for row in rows}, {"Network"}, f"instance {instance}")
    one.hops("dc-host", "spoke-vm")


if __name__ == "__main__":
    sys.exit(run())
