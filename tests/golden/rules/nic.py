#!/usr/bin/env python3
"""Effective routes of a NIC: docs/rules/nic.md."""

import sys

from networks import (
    active_active,
    add_circuit,
    add_circuit_site,
    add_gateway,
    add_vnet,
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
from rules import asked, equal, holds, refused, rule, run, warned

NONE_DOCUMENTED = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"]


def none_rows(one, machine, *options):
    return [row[0] for row in one.rows(machine, *options) if row[1] == "None"]


@rule("AZ-NIC-1, AZ-NIC-4", "the longest prefix decides, and a covering route stays active")
def longest_prefix():
    network = with_circuit()
    route_table(network, "hub/work", [("172.20.1.128/25", "None"), ("172.20.0.0/16", "Internet")])
    one = asked(network)
    equal(one.next_hop("hub-vm", "172.20.1.10")[0], "VirtualNetworkGateway")
    equal(one.next_hop("hub-vm", "172.20.1.200")[0], "None")
    equal(one.next_hop("hub-vm", "172.20.9.1")[0], "Internet")
    equal({row[2] for row in one.rows("hub-vm")}, {"Active"}, "states")
    one.hops("hub-vm", "dc-host")


@rule(
    "AZ-NIC-2, AZ-NIC-3",
    "at one prefix the user's route beats BGP, and the loser shows as Invalid",
)
def user_before_bgp():
    network = with_vpn()
    nva(network)
    route_table(network, "hub/work", [("172.21.1.0/24", "10.0.1.9")])
    route_table(network, "spoke/work", [("172.21.1.0/24", "None")])
    one = asked(network)
    equal(
        one.row("hub-vm", "172.21.1.0/24"),
        [
            ("VirtualAppliance", "Active", ("10.0.1.9",)),
            ("VirtualNetworkGateway", "Invalid", ("203.0.113.10",)),
        ],
    )
    equal(one.next_hop("hub-vm", "172.21.1.10"), ("VirtualAppliance", "10.0.1.9"))
    equal(one.verdict("spoke-vm", "office-host"), "none-route")


@rule("AZ-NIC-2, AZ-NIC-3", "at one prefix BGP beats Azure's own route, which shows as Invalid")
def bgp_before_system():
    network = with_vpn()
    announce(network, "office", "172.16.0.0/12")
    network["sites"]["office"]["hosts"]["far"] = {
        "segment": "far",
        "address": "172.22.1.10/24",
    }
    network["sites"]["office"]["routers"]["office-ce"]["interfaces"]["far"] = {
        "address": "172.22.1.1/24",
        "segment": "far",
    }
    one = asked(network)
    equal(
        one.row("hub-vm", "172.16.0.0/12"),
        [
            ("None", "Invalid", ()),
            ("VirtualNetworkGateway", "Active", ("203.0.113.10",)),
        ],
    )
    one.hops("hub-vm", "far")


@rule("AZ-NIC-5, AZ-X-14", "a longer BGP prefix inside a peer's range changes nothing")
def system_before_longer_bgp():
    for network in (with_circuit(), with_vpn()):
        site = next(iter(network["sites"]))
        announce(network, site, "10.1.1.0/24")
        one = asked(network)
        gateway = "er" if site == "dc" else "vpn"
        holds(one.paths(gateway, "10.1.1.0/24"), "the gateway does not even learn it")
        equal(one.hops("hub-vm", "spoke-vm"), ["10.1.1.4"])
        equal(one.next_hop("hub-vm", "10.1.1.4")[0], "VNetPeering")
        equal(one.row("hub-vm", "10.1.1.0/24"), [], "rows")
        equal(one.row("spoke-vm", "10.1.1.0/24"), [], "rows")


@rule("AZ-NIC-5", "a user's route does override a peering, also a longer one")
def user_before_peering():
    network = two_vnets()
    route_table(network, "hub/work", [("10.1.1.0/24", "None")])
    one = asked(network)
    equal(one.verdict("hub-vm", "spoke-vm"), "none-route")
    equal(one.row("hub-vm", "10.1.0.0/16"), [("VNetPeering", "Active", ())])


@rule("AZ-NIC-6", "every subnet has its ranges, the Internet and the reserved ranges")
def default_rows():
    network = {}
    add_vnet(network, "hub", ["10.0.0.0/16", "10.5.0.0/16"])
    one = asked(network)
    equal(
        one.rows("hub-vm"),
        [
            ("10.0.0.0/16", "VnetLocal", "Active", ()),
            ("10.5.0.0/16", "VnetLocal", "Active", ()),
            ("0.0.0.0/0", "Internet", "Active", ()),
        ]
        + [(prefix, "None", "Active", ()) for prefix in NONE_DOCUMENTED],
    )
    equal(one.next_hop("hub-vm", "10.9.9.9")[0], "None")
    equal(one.next_hop("hub-vm", "8.8.8.8")[0], "Internet")
    network["parameters"] = {"noneRoutes": "observed"}
    more = none_rows(asked(network), "hub-vm")
    equal(len(more), 21, "reserved ranges that tables show")
    holds(set(NONE_DOCUMENTED) <= set(more) and "23.103.0.0/18" in more, str(more))


@rule("AZ-NIC-7", "a range equal to a reserved one takes its place, one around it removes it")
def displaced_rows():
    network = {}
    add_vnet(network, "hub", ["192.168.0.0/16", "100.0.0.0/8"])
    one = asked(network)
    equal(one.row("hub-vm", "192.168.0.0/16"), [("VnetLocal", "Active", ())])
    equal(one.row("hub-vm", "100.64.0.0/10"), [])
    equal(none_rows(one, "hub-vm"), ["10.0.0.0/8", "172.16.0.0/12"])
    inside = {}
    add_vnet(inside, "hub", "10.0.0.0/16")
    equal(none_rows(asked(inside), "hub-vm"), NONE_DOCUMENTED)


@rule("AZ-NIC-8, AZ-X-15", "a user's default route: Internet shows as Invalid, None rows are gone")
def user_default():
    network = two_vnets()
    nva(network)
    route_table(network, "spoke/work", [("0.0.0.0/0", "10.0.1.9")])
    one = asked(network)
    equal(none_rows(one, "spoke-vm"), [])
    equal(
        one.row("spoke-vm", "0.0.0.0/0"),
        [("Internet", "Invalid", ()), ("VirtualAppliance", "Active", ("10.0.1.9",))],
    )
    equal(one.next_hop("spoke-vm", "10.9.9.9"), ("VirtualAppliance", "10.0.1.9"))
    equal(none_rows(one, "hub-vm"), NONE_DOCUMENTED, "the other subnet's rows")


@rule(
    "AZ-NIC-8, AZ-X-15, AZ-ER-6",
    "a default route by BGP removes Internet and None; its end restores them",
)
def learned_default():
    network = with_circuit()
    announce(network, "dc", "0.0.0.0/0")
    one = asked(network)
    for machine in ("hub-vm", "spoke-vm"):
        equal(none_rows(one, machine), [])
        equal(
            one.row(machine, "0.0.0.0/0"),
            [("VirtualNetworkGateway", "Active", (f"10.0.255.{at}",)) for at in (4, 5)],
        )
    cut = ["--down", "dc-ce--c1-primary", "--down", "dc-ce--c1-secondary"]
    equal(one.row("hub-vm", "0.0.0.0/0", *cut), [("Internet", "Active", ())])
    equal(none_rows(one, "hub-vm", *cut), NONE_DOCUMENTED)
    equal(one.next_hop("hub-vm", "10.9.9.9", *cut)[0], "None")


@rule(
    "AZ-NIC-9",
    "peerings add a row a range, gateways what they learned and were told, to every subnet",
)
def optional_rows():
    network = with_vpn()
    network["localNetworkGateways"]["office"]["localNetworkAddressSpace"] = ["172.29.0.0/16"]
    network["virtualNetworks"]["hub"]["subnets"]["other"] = "10.0.2.0/24"
    network["virtualMachines"]["other-vm"] = {"subnet": "hub/other"}
    one = asked(network)
    for machine in ("hub-vm", "other-vm", "spoke-vm"):
        kinds = {row[0]: row[1] for row in one.rows(machine)}
        equal(kinds["172.21.1.0/24"], "VirtualNetworkGateway", "learned by BGP")
        equal(kinds["172.29.0.0/16"], "VirtualNetworkGateway", "of the local network gateway")
    equal({row[0]: row[1] for row in one.rows("other-vm")}["10.1.0.0/16"], "VNetPeering")


@rule("AZ-NIC-10", "the five next hop types of a user's route, and what is refused")
def next_hop_types():
    network = with_vpn()
    nva(network)
    kinds = {
        "172.30.1.0/24": "10.0.1.9",
        "172.30.2.0/24": "VirtualNetworkGateway",
        "172.30.3.0/24": "None",
        "172.30.4.0/24": "Internet",
        "10.0.1.0/24": "VnetLocal",
    }
    route_table(network, "hub/work", list(kinds.items()))
    one = asked(network)
    shown = {row[0]: row[1] for row in one.rows("hub-vm") if row[0] in kinds}
    equal(shown, {**kinds, "172.30.1.0/24": "VirtualAppliance"})
    for wrong in ("VNetPeering", "VirtualNetworkServiceEndpoint"):
        route_table(network, "hub/work", [("172.30.1.0/24", wrong)])
        refused(network, wrong)
    route_table(network, "hub/work", [("172.30.1.0/24", "VirtualNetworkGateway")])
    add_gateway(network, "hub", "er", "ExpressRoute")
    refused(network, "both gateway types")
    only_circuit = with_circuit()
    route_table(only_circuit, "hub/work", [("172.30.1.0/24", "VirtualNetworkGateway")])
    refused(only_circuit, "no VPN gateway")


@rule("AZ-NIC-11", "more routes than a table holds are warned of; a service tag is no prefix here")
def route_limit():
    network = two_vnets()
    many = [(f"172.{16 + at // 256}.{at % 256}.0/24", "None") for at in range(401)]
    route_table(network, "hub/work", many)
    warned(network, "limit", "401 routes", "AZ-NIC-11")
    route_table(network, "hub/work", [("Storage", "Internet")])
    refused(network, "Storage")


@rule("AZ-NIC-12", "disableBgpRoutePropagation keeps gateway routes out, BGP's and static ones")
def no_propagation():
    network = with_vpn()
    network["localNetworkGateways"]["office"]["localNetworkAddressSpace"] = ["172.29.0.0/16"]
    route_table(network, "spoke/work", [], disableBgpRoutePropagation=True)
    one = asked(network)
    kinds = {row[1] for row in one.rows("spoke-vm")}
    equal(kinds, {"VnetLocal", "VNetPeering", "Internet", "None"})
    equal(one.verdict("spoke-vm", "office-host"), "none-route")
    one.hops("hub-vm", "office-host")
    route_table(network, "hub/GatewaySubnet", [], disableBgpRoutePropagation=True)
    refused(network, "disableBgpRoutePropagation", "GatewaySubnet")


@rule("AZ-NIC-13, AZ-X-18", "a route table of the GatewaySubnet steers what gateways deliver")
def steered_from_gateways():
    for network, site in ((with_vpn(), "office"), (with_circuit(), "dc")):
        nva(network)
        route_table(network, "hub/GatewaySubnet", [("10.1.0.0/16", "10.0.1.9")])
        network["virtualNetworks"]["spoke"]["peerings"]["hub"]["allowForwardedTraffic"] = True
        one = asked(network)
        holds("nva" in one.nodes(f"{site}-host", "spoke-vm"), "not through the appliance")
        holds("nva" not in one.nodes("spoke-vm", f"{site}-host"), "the way back is not steered")
    vpn = with_vpn()
    route_table(vpn, "hub/GatewaySubnet", [("0.0.0.0/0", "None")])
    refused(vpn, "default route", "GatewaySubnet")
    circuit = with_circuit()
    route_table(circuit, "hub/GatewaySubnet", [("0.0.0.0/0", "None")])
    equal(asked(circuit).ask("check")["errors"], 0, "errors with an ExpressRoute gateway only")


@rule("AZ-NIC-14, AZ-X-20", "ExpressRoute shows the MSEE's provider address where it is known")
def provider_addresses():
    network = with_circuit()
    equal(
        asked(network).row("spoke-vm", "172.20.1.0/24"),
        [("VirtualNetworkGateway", "Active", (f"10.0.255.{at}",)) for at in (4, 5)],
    )
    links = {
        "primary": {"providerAddress": "10.63.110.248"},
        "secondary": {"providerAddress": "10.63.110.252"},
    }
    network["expressRouteCircuits"]["c1"]["links"] = links
    known = [("VirtualNetworkGateway", "Active", (f"10.63.110.{at}",)) for at in (248, 252)]
    equal(asked(network).row("spoke-vm", "172.20.1.0/24"), known)
    # A second circuit on the same pair of MSEEs: the four ways show as two addresses.
    add_circuit(network, "c2", 2, 65010)
    network["expressRouteCircuits"]["c2"]["links"] = links
    connect_circuit(network, "er", "c2")
    site = add_circuit_site(network, "dc2", "c2", 2, 65010, "172.22.1.0/24")
    site["prefixLists"]["own"].append("172.20.1.0/24")
    ce = site["routers"]["dc2-ce"]
    ce["bgp"]["networks"].append("172.20.1.0/24")
    ce["staticRoutes"] = [{"prefix": "172.20.1.0/24", "discard": True}]
    one = asked(network)
    equal(len(one.learned("er", "172.20.1.0/24")), 4, "paths")
    equal(one.row("spoke-vm", "172.20.1.0/24"), known)


@rule(
    "AZ-NIC-14, AZ-NIC-15",
    "a VPN gateway shows its public address, two instances one row with both",
)
def vpn_addresses():
    equal(
        asked(with_vpn()).row("spoke-vm", "172.21.1.0/24"),
        [("VirtualNetworkGateway", "Active", ("203.0.113.10",))],
    )
    equal(
        asked(active_active()).row("spoke-vm", "172.21.1.0/24"),
        [("VirtualNetworkGateway", "Active", ("10.0.255.4", "10.0.255.5"))],
    )


@rule("AZ-NIC-15", "flows spread over all next hops, one flow keeps to one")
def flows_spread():
    one = asked(with_circuit())
    seen = set()
    for port in range(16):
        options = ("--protocol", "udp", "--port", 1000 + port)
        way = one.nodes("hub-vm", "dc-host", *options)
        equal(one.nodes("hub-vm", "dc-host", *options), way, "the same flow again")
        seen.add(way[1])
    equal(seen, {"c1-primary", "c1-secondary"})


@rule("AZ-NIC-16", "a user's route for one of a peer's ranges invalidates that row only")
def one_row_a_range():
    network = {}
    add_vnet(network, "hub", "10.0.0.0/16")
    add_vnet(network, "spoke", ["10.1.0.0/16", "10.2.0.0/16"])
    peer(network, "hub", "spoke")
    route_table(network, "hub/work", [("10.1.0.0/16", "None")])
    one = asked(network)
    rows = [("None", "Active", ()), ("VNetPeering", "Invalid", ())]
    equal(one.row("hub-vm", "10.1.0.0/16"), rows)
    equal(one.row("hub-vm", "10.2.0.0/16"), [("VNetPeering", "Active", ())])


@rule(
    "AZ-NIC-18",
    "routes are the NIC's own, and only the primary NIC has the machine's default route",
)
def several_nics():
    network = two_vnets()
    subnets = network["virtualNetworks"]["hub"]["subnets"]
    subnets["front"] = "10.0.2.0/24"
    network["virtualMachines"]["both"] = {
        "networkInterfaces": {
            "inner": {"subnet": "hub/work", "privateIPAddress": "10.0.1.20"},
            "outer": {"subnet": "hub/front", "privateIPAddress": "10.0.2.20"},
        }
    }
    route_table(network, "hub/front", [("10.1.0.0/16", "None")])
    one = asked(network)
    equal(one.row("both", "10.1.0.0/16"), [("VNetPeering", "Active", ())])
    equal(
        one.row("both", "10.1.0.0/16", "--nic", "outer"),
        [("None", "Active", ()), ("VNetPeering", "Invalid", ())],
    )
    one.hops("both", "spoke-vm")  # by the primary: the other's table would drop it


@rule("AZ-NIC-19", "the worked example of Azure's documentation")
def worked_example():
    network = {}
    add_vnet(network, "v1", "10.0.0.0/16")
    v1 = network["virtualNetworks"]["v1"]
    v1["subnets"] = {"s1": "10.0.0.0/24", "s2": "10.0.1.0/24", "nva": "10.0.100.0/24"}
    add_vnet(network, "v2", ["10.1.0.0/16", "10.2.0.0/16"])
    peer(network, "v1", "v2")
    add_gateway(network, "v1", "vpn", "Vpn", publicIPAddress="203.0.113.1")
    network["localNetworkGateways"] = {
        "site": {"gatewayIpAddress": "198.51.100.1", "localNetworkAddressSpace": ["10.10.0.0/16"]}
    }
    network["connections"] = {
        "site": {
            "connectionType": "IPsec",
            "virtualNetworkGateway1": "vpn",
            "localNetworkGateway2": "site",
        }
    }
    network["virtualMachines"]["v1-vm"] = {"subnet": "v1/s1"}
    network["virtualMachines"]["vm2"] = {"subnet": "v1/s2"}
    nva(network, subnet="v1/nva", address="10.0.100.4")
    route_table(
        network,
        "v1/s1",
        [
            ("10.0.0.0/16", "10.0.100.4"),
            ("10.0.0.0/24", "VnetLocal"),
            ("10.1.0.0/16", "None"),
            ("10.2.0.0/16", "None"),
            ("10.10.0.0/16", "10.0.100.4"),
            ("0.0.0.0/0", "10.0.100.4"),
        ],
    )
    one = asked(network)
    appliance = ("10.0.100.4",)
    equal(
        sorted(one.rows("v1-vm")),
        sorted(
            [
                ("10.0.0.0/16", "VnetLocal", "Invalid", ()),
                ("10.0.0.0/16", "VirtualAppliance", "Active", appliance),
                ("10.0.0.0/24", "VnetLocal", "Active", ()),
                ("10.1.0.0/16", "VNetPeering", "Invalid", ()),
                ("10.2.0.0/16", "VNetPeering", "Invalid", ()),
                ("10.1.0.0/16", "None", "Active", ()),
                ("10.2.0.0/16", "None", "Active", ()),
                ("10.10.0.0/16", "VirtualNetworkGateway", "Invalid", ("203.0.113.1",)),
                ("10.10.0.0/16", "VirtualAppliance", "Active", appliance),
                ("0.0.0.0/0", "Internet", "Invalid", ()),
                ("0.0.0.0/0", "VirtualAppliance", "Active", appliance),
            ]
        ),
    )
    equal({row[2] for row in one.rows("vm2")}, {"Active"}, "the other subnet's states")


@rule("AZ-NIC-20", "the five reserved addresses are refused, and the first free one has offset 4")
def reserved_addresses():
    for last in (0, 1, 2, 3, 255):
        network = two_vnets()
        network["virtualMachines"]["hub-vm"]["privateIPAddress"] = f"10.0.1.{last}"
        refused(network, f"10.0.1.{last}", "AZ-NIC-20")
    network = two_vnets()
    del network["virtualMachines"]["hub-vm"]["privateIPAddress"]
    equal(asked(network).hops("spoke-vm", "hub-vm"), ["10.0.1.4"])


@rule("AZ-NIC-21", "a peering that is denied still shows its rows, unless the switch hides them")
def denied_peering():
    network = two_vnets()
    network["virtualNetworks"]["spoke"]["peerings"]["hub"]["allowVirtualNetworkAccess"] = False
    one = asked(network)
    equal(one.row("hub-vm", "10.1.0.0/16"), [("VNetPeering", "Active", ())])
    equal(one.verdict("hub-vm", "spoke-vm"), "peering-refused")
    network["parameters"] = {"hideDeniedPeeringRoutes": True}
    one = asked(network)
    equal(one.row("hub-vm", "10.1.0.0/16"), [])
    equal(one.verdict("hub-vm", "spoke-vm"), "none-route")


@rule("AZ-X-15", "forced tunnelling by the VPN's default route reaches a whole hub and its spokes")
def forced_tunnelling():
    network = with_vpn()
    announce(network, "office", "0.0.0.0/0")
    one = asked(network)
    for machine in ("hub-vm", "spoke-vm"):
        equal(one.next_hop(machine, "8.8.8.8")[0], "VirtualNetworkGateway")
        equal(none_rows(one, machine), [])
    network = base()
    announce(network, "office", "0.0.0.0/0")
    equal(asked(network).next_hop("hub-vm", "10.9.9.9")[0], "VirtualNetworkGateway")


if __name__ == "__main__":
    sys.exit(run())
