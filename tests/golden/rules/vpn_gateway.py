#!/usr/bin/env python3
"""VPN gateways: docs/rules/vpn-gateway.md."""

import sys

from networks import (
    ALONE,
    active_active,
    add_gateway,
    add_spoke,
    add_vnet,
    add_vpn_site,
    announce,
    base,
    nva,
    route_table,
    with_vpn,
)
from rules import accepted, asked, equal, holds, refused, rule, run


def router(network, site="office"):
    return network["sites"][site]["routers"][f"{site}-ce"]


def neighbor(network, address, site="office"):
    return router(network, site)["bgp"]["neighbors"][address]


def second_site(network, gateway="vpn", peerings=(ALONE,)):
    return add_vpn_site(network, "plant", gateway, list(peerings), 2, 65030, "172.22.1.0/24")


def two_hubs(bgp=True, asn=65010):
    """Two hubs joined gateway to gateway, and the office at the first."""
    network = with_vpn()
    add_vnet(network, "west", "10.5.0.0/16")
    add_gateway(network, "west", "west-vpn", "Vpn", bgpSettings={"asn": asn})
    add_spoke(network, "far", "10.6.0.0/16", hub="west")
    network["connections"]["hubs"] = {
        "connectionType": "Vnet2Vnet",
        "virtualNetworkGateway1": "vpn",
        "virtualNetworkGateway2": "west-vpn",
        "enableBgp": bgp,
        "sharedKey": "between",
    }
    return network


@rule(
    "AZ-VPN-1",
    "the AS number is 65515 unless given; Azure's reserved ones are refused, 65516 is not",
)
def as_numbers():
    equal(asked(with_vpn()).ask("routes", "vpn")["asn"], 65515)
    for asn in (8074, 8075, 12076, 23456, 64496, 64511, 65517, 65520, 65535, 65551, 4294967295):
        network = with_vpn()
        network["localNetworkGateways"]["office"]["bgpSettings"]["asn"] = asn
        refused(network, str(asn), "reserved")
        network = with_vpn()
        gateway = network["virtualNetworks"]["hub"]["gateways"]["vpn"]
        gateway["bgpSettings"] = {"asn": asn}
        refused(network, str(asn), "reserved")
    network = with_vpn()
    network["localNetworkGateways"]["office"]["bgpSettings"]["asn"] = 65516
    router(network)["bgp"]["asn"] = 65516
    equal(asked(network).paths("vpn", "172.21.1.0/24"), {"65516"})


@rule(
    "AZ-VPN-3",
    "the one instance has the last usable address, from which BGP speaks, or the given one",
)
def bgp_address():
    one = asked(with_vpn())
    equal(one.peers("vpn")["172.31.1.1"]["localAddress"], ALONE)
    network = with_vpn()
    gateway = network["virtualNetworks"]["hub"]["gateways"]["vpn"]
    gateway["bgpSettings"] = {"bgpPeeringAddress": "10.0.255.40"}
    ce = router(network)
    ce["bgp"]["neighbors"] = {"10.0.255.40": neighbor(network, ALONE)}
    ce["staticRoutes"] = [{"prefix": "10.0.255.40/32", "interface": "tunnel0"}]
    equal(asked(network).peers("vpn")["172.31.1.1"]["state"], "established")
    gateway["bgpSettings"] = {"bgpPeeringAddress": "10.0.1.62"}
    refused(network, "10.0.1.62", "GatewaySubnet")


@rule("AZ-VPN-4", "a custom APIPA address on both sides carries the session")
def apipa():
    network = with_vpn()
    gateway = network["virtualNetworks"]["hub"]["gateways"]["vpn"]
    gateway["bgpSettings"] = {"bgpPeeringAddress": "169.254.21.2"}
    network["localNetworkGateways"]["office"]["bgpSettings"]["bgpPeeringAddress"] = "169.254.21.1"
    ce = router(network)
    ce["interfaces"]["loopback"]["address"] = "169.254.21.1/32"
    ce["staticRoutes"] = [{"prefix": "169.254.21.2/32", "interface": "tunnel0"}]
    peer = {**neighbor(network, ALONE), "localAddress": "169.254.21.1"}
    ce["bgp"]["neighbors"] = {"169.254.21.2": peer}
    one = asked(network)
    equal(one.peers("vpn")["169.254.21.1"]["state"], "established")
    one.hops("hub-vm", "office-host")


@rule(
    "AZ-VPN-5",
    "the peer's address is a route through the tunnel; further prefixes are static ones",
)
def host_route():
    network = with_vpn()
    network["localNetworkGateways"]["office"]["localNetworkAddressSpace"] = ["172.29.0.0/16"]
    one = asked(network)
    for prefix in ("172.31.1.1/32", "172.29.0.0/16"):
        equal(
            one.learned("vpn", prefix), [("Network", "", "", 32768, True)], f"row of {prefix}"
        )
        equal(one.row("hub-vm", prefix), [("VirtualNetworkGateway", "Active", ("203.0.113.10",))])
    holds("172.31.1.1/32" not in one.advertised("vpn", "172.31.1.1"), "the peer hears of itself")


@rule("AZ-VPN-6", "a site peers from a loopback, several hops of routing behind the tunnel")
def loopback():
    one = asked(with_vpn())
    equal(one.peers("vpn")["172.31.1.1"]["state"], "established")
    network = with_vpn()
    router(network)["staticRoutes"] = []  # no way to the gateway's address, so no session
    holds(asked(network).peers("vpn")["172.31.1.1"]["state"] != "established", "without a route")


@rule("AZ-VPN-7", "hold 180 s, and nothing faster: a dead tunnel is noticed by the hold time")
def timers():
    network = with_vpn()
    one = asked(network)
    equal(one.peers("vpn")["172.31.1.1"]["holdS"], 180)
    events = ("--event", "10s cut vpn--office-ce")
    learned = one.paths("vpn", "172.21.1.0/24", *events, "--at", "100s")
    equal(learned, {"65020"}, "100 s after a silent death")
    equal(one.paths("vpn", "172.21.1.0/24", *events, "--at", "200s"), set(), "after the hold time")


@rule(
    "AZ-VPN-8",
    "two devices of one site are two local network gateways, each with its own session",
)
def two_devices():
    network = with_vpn()
    second_site(network)
    announce(network, "plant", "172.21.1.0/24")
    one = asked(network)
    equal({row[1] for row in one.learned("vpn", "172.21.1.0/24")}, {"172.31.1.1", "172.31.2.1"})
    equal(
        {row[1] for row in one.learned("vpn", "172.21.1.0/24", "--down", "vpn--office-ce")},
        {"172.31.2.1"},
    )


@rule("AZ-VPN-9", "connections with and without BGP live on one gateway")
def mixed():
    network = with_vpn()
    second_site(network)
    network["connections"]["plant"]["enableBgp"] = False
    network["localNetworkGateways"]["plant"] = {
        "gatewayIpAddress": "198.51.100.2",
        "localNetworkAddressSpace": ["172.22.1.0/24"],
    }
    ce = router(network, "plant")
    del ce["bgp"]
    ce["staticRoutes"] = [{"prefix": "10.0.0.0/15", "interface": "tunnel0"}]
    one = asked(network)
    for host in ("office-host", "plant-host"):
        one.hops("hub-vm", host)
        one.hops(host, "hub-vm")


@rule(
    "AZ-VPN-10, AZ-VPN-12",
    "announced: own ranges, spokes', static prefixes, other peers' routes",
)
def announced():
    network = with_vpn()
    second_site(network)
    network["localNetworkGateways"]["plant"]["localNetworkAddressSpace"] = ["172.29.0.0/16"]
    one = asked(network)
    equal(
        one.advertised("vpn", "172.31.1.1"),
        {
            "10.0.0.0/16": "65515",
            "10.1.0.0/16": "65515",
            "172.29.0.0/16": "65515",
            "172.22.1.0/24": "65515-65030",
        },
    )


@rule(
    "AZ-VPN-11",
    "a prefix equal to or inside the network is rejected, one around it and 0/0 are taken",
)
def rejected():
    network = with_vpn()
    announce(network, "office", "10.0.0.0/16", "10.0.7.0/24", "10.0.0.0/8", "0.0.0.0/0")
    one = asked(network)
    learned = {row[0] for row in one.learned("vpn") if row[1] == "EBgp"}
    equal(learned, {"172.21.1.0/24", "10.0.0.0/8", "0.0.0.0/0"})


@rule("AZ-VPN-11", "more than 4,000 prefixes end the session")
def too_many():
    network = with_vpn()
    ce = router(network)
    del neighbor(network, ALONE)["prefixListOut"]
    many = [f"172.{16 + at // 256}.{at % 256}.0/24" for at in range(4001) if at < 3840]
    many += [f"100.64.{at}.0/24" for at in range(161)]
    ce["staticRoutes"] += [{"prefix": prefix, "discard": True} for prefix in many]
    ce["bgp"]["networks"] = many
    equal(len(set(many)), 4001)
    holds(asked(network).peers("vpn")["172.31.1.1"]["state"] != "established", "4,001 are taken")
    ce["bgp"]["networks"] = many[:4000]
    equal(asked(network).peers("vpn")["172.31.1.1"]["routesReceived"], 4000)


@rule("AZ-VPN-12", "neither the default route nor a prefix that overlaps the network is passed on")
def not_passed_on():
    network = with_vpn()
    second_site(network)
    announce(network, "plant", "0.0.0.0/0", "10.0.0.0/8")
    one = asked(network)
    sent = one.advertised("vpn", "172.31.1.1")
    holds("172.22.1.0/24" in sent, "nothing is passed on")
    holds("0.0.0.0/0" not in sent, "the default route is passed on")


@rule("AZ-VPN-12", "two sites of one gateway reach each other")
def site_to_site():
    network = with_vpn()
    second_site(network)
    one = asked(network)
    one.hops("office-host", "plant-host")
    one.hops("plant-host", "office-host")


@rule("AZ-VPN-13", "gateway to gateway with BGP needs two AS numbers")
def same_asn():
    refused(two_hubs(asn=65515), "65515", "different")
    one = asked(two_hubs())
    equal(one.paths("office-ce", "10.6.0.0/16"), {"65515-65010"})
    one.hops("far-vm", "office-host")


@rule("AZ-VPN-14, AZ-GW-9b", "prepending makes a way worse, equal ways are used together")
def prepending():
    network = with_vpn()
    second_site(network)
    announce(network, "plant", "172.21.1.0/24")
    one = asked(network)
    used = {row[1] for row in one.learned("vpn", "172.21.1.0/24") if row[4]}
    equal(used, {"172.31.1.1", "172.31.2.1"})
    neighbor(network, ALONE)["prepend"] = [65020, 65020]
    one = asked(network)
    equal(one.best_paths("vpn", "172.21.1.0/24"), {"65030"})
    equal(one.paths("vpn", "172.21.1.0/24"), {"65030", "65020-65020-65020"})


@rule(
    "AZ-VPN-15, AZ-GW-6b",
    "no transit between VPN and ExpressRoute, in tables and in the data plane",
)
def no_transit():
    one = asked(base())
    equal(one.paths("dc-ce", "172.21.1.0/24"), set())
    equal(one.paths("office-ce", "172.20.1.0/24"), set())
    for pair in (("dc-host", "office-host"), ("office-host", "dc-host")):
        equal(one.verdict(*pair), "no-route")
    network = base()
    for site, interface in (("dc", "primary"), ("office", "tunnel0")):
        ce = router(network, site)
        far = "172.21.1.0/24" if site == "dc" else "172.20.1.0/24"
        hop = {"nextHop": "192.168.1.2"} if site == "dc" else {"interface": interface}
        ce.setdefault("staticRoutes", []).append({"prefix": far, **hop})
    one = asked(network)
    for pair in (("dc-host", "office-host"), ("office-host", "dc-host")):
        holds(one.verdict(*pair) != "delivered", f"{pair} pass when sites insist")
    # A summary brings packets as far as the gateways, which have no way for them.
    network["virtualNetworks"]["hub"]["summarizedGatewayPrefixes"] = ["172.16.0.0/12", "10.0.0.0/8"]
    one = asked(network)
    for pair, end in ((("dc-host", "office-host"), "er-in"), (("office-host", "dc-host"), "vpn")):
        equal(one.verdict(*pair), "no-route")
        holds(one.nodes(*pair)[-1].startswith(end), f"{pair} end at {one.nodes(*pair)}")


@rule("AZ-VPN-16", "one VPN gateway and one ExpressRoute gateway a network")
def one_of_each():
    network = base()
    add_gateway(network, "hub", "another", "Vpn")
    refused(network, "already has a gateway of type Vpn")
    accepted(base())


@rule("AZ-VPN-17", "a user's default route to the gateway, and a site that stands for 0.0.0.0/0")
def default_site():
    network = with_vpn()
    second_site(network)
    network["connections"]["plant"]["enableBgp"] = False
    network["localNetworkGateways"]["plant"] = {
        "gatewayIpAddress": "198.51.100.2",
        "localNetworkAddressSpace": ["0.0.0.0/0"],
    }
    ce = router(network, "plant")
    del ce["bgp"]
    ce["staticRoutes"] = [{"prefix": "10.0.0.0/15", "interface": "tunnel0"}]
    route_table(network, "hub/work", [("0.0.0.0/0", "VirtualNetworkGateway")])
    one = asked(network)
    holds(("VirtualNetworkGateway", "Active", ()) in one.row("hub-vm", "0.0.0.0/0"), "no such row")
    one.hops("hub-vm", "plant-host")
    one.hops("hub-vm", "office-host")


@rule(
    "AZ-VPN-18, AZ-X-9",
    "the twin's routes show as IBgp with the twin's address, and NICs leave it out",
)
def twins():
    network = active_active()
    one = asked(network)
    equal(
        one.learned("vpn-in0", "172.21.1.0/24"),
        [
            ("EBgp", "172.31.1.1", "65020", 32768, True),
            ("IBgp", "10.0.255.5", "65020", 32768, False),
        ],
    )
    neighbor(network, "10.0.255.5")["prepend"] = [65020]
    one = asked(network)
    equal(
        one.learned("vpn-in1", "172.21.1.0/24"),
        [
            ("EBgp", "172.31.1.1", "65020-65020", 32768, False),
            ("IBgp", "10.0.255.4", "65020", 32768, True),
        ],
    )
    equal(one.row("spoke-vm", "172.21.1.0/24")[0][2], ("10.0.255.4",))
    equal(one.nodes("spoke-vm", "office-host")[1:], ["vpn-in0", "office-ce", "office-host"])


@rule("AZ-VPN-19", "a tunnel carries packets of 1,400 bytes whole, says so of larger ones, and holds TCP to them")
def tunnel_mtu():
    one = asked(with_vpn())
    for size, verdict in ((1372, "delivered"), (1373, "mtu")):
        options = ("--size", size, "--dont-fragment", "--count", 1)
        answer = one.ask("ping", "hub-vm", "office-host", *options)
        equal(answer["rows"][0]["verdict"], verdict, f"{size} bytes behind the header")
    for pair, by in ((("hub-vm", "office-host"), "vpn"), (("office-host", "hub-vm"), "vpn")):
        row = one.ask("ping", *pair, "--protocol", "tcp", "--count", 1)["rows"][0]
        equal((row["mss"], row["mssBy"]), (1360, by), f"segments of {pair[0]}")
    network = with_vpn()
    tunnel = network["sites"]["office"]["routers"]["office-ce"]["interfaces"]["tunnel0"]
    tunnel["tcpMss"] = 1350
    row = asked(network).ask("ping", "hub-vm", "office-host", "--protocol", "tcp", "--count", 1)
    equal((row["rows"][0]["mss"], row["rows"][0]["mssBy"]), (1350, "office-ce"), "tcpMss")


@rule(
    "AZ-VPN-20",
    "a route-based tunnel takes every source and destination; policy-based is refused by name",
)
def selectors():
    network = with_vpn()
    second_site(network)
    one = asked(network)
    one.hops("spoke-vm", "plant-host")
    one.hops("office-host", "plant-host")  # neither end is in the network's own ranges
    network["connections"]["office"]["usePolicyBasedTrafficSelectors"] = True
    refused(network, "usePolicyBasedTrafficSelectors")


@rule("AZ-VPN-22", "both instances carry, and one alone carries all")
def one_of_two():
    one = asked(active_active())
    used = {
        one.nodes("hub-vm", "office-host", "--protocol", "udp", "--port", port)[1]
        for port in range(1000, 1016)
    }
    equal(used, {"vpn-in0", "vpn-in1"})
    for instance in (0, 1):
        down = ("--down", f"vpn-in{instance}--office-ce")
        equal(one.nodes("hub-vm", "office-host", *down)[1], f"vpn-in{1 - instance}")
        one.hops("office-host", "hub-vm", *down)


@rule(
    "AZ-X-7",
    "a peer's address goes to the twin and no further, and to NICs only without ExpressRoute",
)
def peer_addresses():
    network = active_active()
    second_site(network, peerings=("10.0.255.4", "10.0.255.5"))
    one = asked(network)
    row = ("IBgp", "10.0.255.5", "", 32768, False)
    holds(row in one.learned("vpn-in0", "172.31.1.1/32"), "the twin doesn't hear of it")
    equal(one.paths("plant-ce", "172.31.1.1/32"), set())
    holds(one.row("hub-vm", "172.31.1.1/32"), "NICs don't have it")
    network = base()
    network["localNetworkGateways"]["office"]["localNetworkAddressSpace"] = []
    one = asked(network)
    equal(one.row("hub-vm", "172.31.1.1/32"), [])
    equal(one.paths("er", "172.31.1.1/32"), set())


@rule("AZ-X-7, AZ-VPN-5", "a peer's address that the local network gateway lists is announced")
def listed_peer_address():
    network = with_vpn()
    second_site(network)
    network["localNetworkGateways"]["plant"]["localNetworkAddressSpace"] = ["172.31.2.1/32"]
    equal(asked(network).paths("office-ce", "172.31.2.1/32"), {"65515"})


@rule("AZ-VPN-21", "the standby of an active-standby gateway steps in; of two active instances none is replaced")
def standby():
    one = asked(with_vpn())
    gone = ("--down-node", "vpn")
    equal(one.verdict("hub-vm", "office-host", *gone, "--at", "50s") == "delivered", False)
    equal(one.verdict("hub-vm", "office-host", *gone, "--at", "200s"), "delivered")
    network = with_vpn()
    network["parameters"] = {"standbyTakeover": "10s"}
    equal(asked(network).verdict("hub-vm", "office-host", *gone, "--at", "150s"), "delivered")
    rows = asked(active_active()).row("hub-vm", "172.21.1.0/24", "--down-node", "vpn-in0")
    holds(rows and "10.0.255.4" not in str(rows), f"{rows}: the other instance only")


@rule(
    "AZ-X-8",
    "without BGP the far ranges are static rows, and go to peers and the ExpressRoute gateway",
)
def static_hubs():
    network = two_hubs(bgp=False)
    one = asked(network)
    for prefix in ("10.5.0.0/16", "10.6.0.0/16"):
        equal(one.learned("vpn", prefix), [("Network", "", "", 32768, True)])
        equal(one.paths("office-ce", prefix), {"65515"})
    one.hops("hub-vm", "far-vm")
    add_gateway(network, "hub", "er", "ExpressRoute")
    ce = router(network)
    ce["bgp"]["neighbors"] = {"10.0.255.14": neighbor(network, ALONE)}
    ce["staticRoutes"] = [{"prefix": "10.0.255.14/32", "interface": "tunnel0"}]
    equal(
        asked(network).learned("er", "10.6.0.0/16"), [("IBgp", "10.0.255.14", "", 32768, True)]
    )


@rule(
    "AZ-X-12",
    "only sources the gateway knows go into a tunnel; what comes out of one is not checked",
)
def tunnel_sources():
    network = with_vpn()
    # A link of the office that it does not announce: its answers from there get into the network.
    office = network["sites"]["office"]
    office["hosts"]["unknown"] = {"segment": "inner", "address": "172.28.1.10/24"}
    router(network)["interfaces"]["inner"] = {"address": "172.28.1.1/24", "segment": "inner"}
    one = asked(network)
    equal(one.verdict("unknown", "hub-vm"), "reply-lost")
    holds("hub-vm" in one.nodes("unknown", "hub-vm"), "stopped on the way in")
    second_site(network)
    one = asked(network)
    equal(one.verdict("unknown", "plant-host"), "source-not-known")


@rule("AZ-X-11", "with its own AS a gateway has no session with the ExpressRoute gateway beside it")
def own_as():
    network = base()
    network["virtualNetworks"]["hub"]["gateways"]["vpn"]["bgpSettings"] = {"asn": 65010}
    neighbor(network, "10.0.255.14")["remoteAsn"] = 65010
    equal(sorted(asked(network).peers("vpn")), ["172.31.1.1"])
    equal(len(asked(base()).peers("vpn")), 3)


@rule("AZ-NIC-10", "an appliance of the hub can be the next hop towards a site's prefix")
def appliance_before_gateway():
    network = with_vpn()
    nva(network)
    route_table(network, "spoke/work", [("172.21.1.0/24", "10.0.1.9")])
    one = asked(network)
    equal(one.nodes("spoke-vm", "office-host")[1:3], ["nva", "vpn"])


if __name__ == "__main__":
    sys.exit(run())
