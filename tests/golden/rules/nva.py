#!/usr/bin/env python3
"""Appliances that are more than a hop: tunnels, BGP with policies, strict reverse path checks."""

import sys

from networks import active_active, add_vnet, nva, peer, route_table, two_vnets, with_vpn
from rules import asked, equal, holds, refused, rule, run

EDGE = "203.0.113.50"  # the public address of the branch's appliance


def tunnel(**ipsec):
    return {"ipsec": {"sharedKey": "secret", **ipsec}}


def with_branch(**neighbor):
    """A branch that is a virtual network, whose appliance has a tunnel to each instance."""
    network = active_active()
    add_vnet(network, "branch", "10.7.0.0/16", location="east")
    nva(network, "edge", "branch/work", "10.7.1.9")
    edge = network["virtualMachines"]["edge"]
    edge["publicIPAddress"] = EDGE
    edge["interfaces"] = {
        "lo": {"address": "192.168.7.7/32"},
        "vti0": {"address": "172.30.0.1/32", **tunnel(connection="branch")},
        "vti1": {"address": "172.30.0.2/32", **tunnel(connection="branch", instance=1)},
    }
    edge["routes"] = [
        {"prefix": "10.0.255.4/32", "interface": "vti0"},
        {"prefix": "10.0.255.5/32", "interface": "vti1"},
    ]
    edge["bgp"] = {
        "asn": 65007,
        "networks": ["10.7.0.0/16"],
        "neighbors": {
            address: {"remoteAsn": 65515, "localAddress": "192.168.7.7"}
            for address in ("10.0.255.4", "10.0.255.5")
        },
    }
    edge["bgp"]["neighbors"]["10.0.255.5"].update(neighbor)
    network["localNetworkGateways"]["branch"] = {
        "gatewayIpAddress": EDGE,
        "bgpSettings": {"asn": 65007, "bgpPeeringAddress": "192.168.7.7"},
    }
    network["connections"]["branch"] = dict(
        network["connections"]["office"], localNetworkGateway2="branch"
    )
    route_table(network, "branch/work", [("10.0.0.0/15", "10.7.1.9")])
    return network


@rule("AZ-NVA-6, AZ-VPN-22", "an appliance with tunnels to both instances joins its network")
def tunnels_of_an_appliance():
    one = asked(with_branch())
    equal(one.hops("branch-vm", "hub-vm"), ["10.7.1.9", "10.0.1.4"])
    holds(one.hops("spoke-vm", "branch-vm")[0] in ("172.30.0.1", "172.30.0.2"), "by a tunnel")
    equal(
        one.row("hub-vm", "10.7.0.0/16"),
        [("VirtualNetworkGateway", "Active", ("10.0.255.4", "10.0.255.5"))],
    )
    equal(one.paths("edge", "172.21.1.0/24"), {"65515-65020"})
    equal({row["state"] for row in one.peers("edge").values()}, {"established"})


@rule("AZ-VPN-14, AZ-X-9", "what an appliance prepends towards one instance decides")
def prepends_of_an_appliance():
    one = asked(with_branch(prepend=[65007, 65007]))
    equal(one.row("hub-vm", "10.7.0.0/16"), [("VirtualNetworkGateway", "Active", ("10.0.255.4",))])
    equal(one.paths("vpn-in1", "10.7.0.0/16"), {"65007", "65007-65007-65007"})


@rule("AZ-VPN-14", "prefix lists, route maps and preferences of an appliance are a router's")
def policies_of_an_appliance():
    network = with_branch(routeMapIn="in", routeMapOut="out", prefixListIn="hubs")
    edge = network["virtualMachines"]["edge"]
    edge["prefixLists"] = {"hubs": [{"prefix": "10.0.0.0/15", "le": 16}]}
    edge["routeMaps"] = {
        "in": [{"match": {"asPath": "^65515$"}, "set": {"localPreference": 300}}],
        "out": [{"set": {"prepend": [65007], "nextHop": "172.30.0.2"}}],
    }
    one = asked(network)
    equal(one.paths("vpn-in1", "10.7.0.0/16"), {"65007", "65007-65007"})
    hops = {row[1] for row in one.learned("vpn-in1", "10.7.0.0/16")}
    holds("172.30.0.2" in hops, f"the next hop the map sets is not in {hops}")
    rows = one.learned("edge", "10.0.0.0/16")
    equal([row[1] for row in rows if row[4]], ["10.0.255.5"], "the preferred neighbour")
    equal({row[1] for row in one.learned("edge", "172.21.1.0/24")}, {"10.0.255.4"})


@rule("AZ-NVA-6", "an appliance has tunnels to other appliances and to routers of sites")
def tunnels_among_routers():
    network = two_vnets()
    del network["virtualNetworks"]["hub"]["peerings"]
    del network["virtualNetworks"]["spoke"]["peerings"]
    ends = {"hub": (EDGE, "10.0.1.9"), "spoke": ("203.0.113.51", "10.1.1.9")}
    for name, far in (("hub", "spoke"), ("spoke", "hub")):
        nva(network, f"{name}-nva", f"{name}/work", ends[name][1])
        network["virtualMachines"][f"{name}-nva"].update(
            publicIPAddress=ends[name][0],
            interfaces={
                "to-other": tunnel(remoteAddress=ends[far][0]),
                "to-site": tunnel(remoteAddress="198.51.100.7"),
            },
            routes=[
                {"prefix": network["virtualNetworks"][far]["addressSpace"][0],
                 "interface": "to-other"},
                {"prefix": "172.22.0.0/16", "interface": "to-site"},
            ],
        )
        route_table(network, f"{name}/work", [("0.0.0.0/0", ends[name][1])])
    network["sites"] = {
        "plant": {
            "hosts": {"plant-host": {"segment": "lan", "address": "172.22.0.10"}},
            "routers": {
                "plant-ce": {
                    "interfaces": {
                        "lan": {"address": "172.22.0.1/24", "segment": "lan"},
                        "internet": {"address": "198.51.100.7/32", "internet": True},
                        "to-hub": tunnel(remoteAddress=EDGE),
                        "to-spoke": tunnel(remoteAddress=ends["spoke"][0]),
                    },
                    "staticRoutes": [
                        {"prefix": "10.0.0.0/16", "interface": "to-hub"},
                        {"prefix": "10.1.0.0/16", "interface": "to-spoke"},
                    ],
                }
            },
        }
    }
    one = asked(network)
    equal(one.nodes("hub-vm", "spoke-vm")[1:3], ["hub-nva", "spoke-nva"])
    equal(one.nodes("plant-host", "spoke-vm")[1:3], ["plant-ce", "spoke-nva"])
    equal(one.verdict("hub-vm", "plant-host"), "delivered")


def asymmetric(**firewall):
    """What hub-vm sends comes in by the firewall's inner NIC; back it would go by the outer one."""
    network = two_vnets()
    network["virtualNetworks"]["hub"]["subnets"]["trust"] = "10.0.2.0/24"
    network["virtualNetworks"]["spoke"]["peerings"]["hub"]["allowForwardedTraffic"] = True
    nics = {"outer": ("hub/work", "10.0.1.9"), "inner": ("hub/trust", "10.0.2.9")}
    network["virtualMachines"]["fw"] = {
        "networkInterfaces": {
            name: {"subnet": subnet, "privateIPAddress": address, "enableIPForwarding": True}
            for name, (subnet, address) in nics.items()
        },
        "routes": [{"prefix": "10.1.0.0/16", "nextHop": "10.0.2.1"}],
        **firewall,
    }
    route_table(network, "hub/work", [("10.1.0.0/16", "10.0.2.9")])
    return network


@rule("AZ-NVA-6", "with rpf: strict an appliance drops what the way back would not meet")
def strict_reverse_path():
    equal(asked(asymmetric()).verdict("hub-vm", "spoke-vm"), "delivered")
    equal(asked(asymmetric(rpf="strict")).verdict("hub-vm", "spoke-vm"), "source-not-known")
    straight = asymmetric(
        rpf="strict",
        routes=[
            {"prefix": "10.0.1.4/32", "interface": "inner"},
            {"prefix": "10.1.0.0/16", "nextHop": "10.0.2.1"},
        ],
    )
    equal(asked(straight).verdict("hub-vm", "spoke-vm"), "delivered")


@rule("AZ-NVA-6", "a router of a site with rpf: strict does the same")
def strict_site_router():
    network = with_vpn()
    office = network["sites"]["office"]["routers"]["office-ce"]
    office["rpf"] = "strict"
    equal(asked(network).verdict("office-host", "hub-vm"), "delivered")
    # The way back to the hub leads into nothing, so nothing from there is let in.
    office["staticRoutes"].append({"prefix": "10.0.1.0/24", "discard": True})
    equal(asked(network).verdict("hub-vm", "office-host"), "source-not-known")


@rule("AZ-NVA-6", "mistakes of an appliance are told in its words")
def mistakes():
    network = with_branch()
    edge = network["virtualMachines"]["edge"]
    edge["routes"].append({"prefix": "10.99.0.0/16", "interface": "vti9"})
    refused(network, "edge has no interface", "vti9")
    network = with_branch()
    del network["virtualMachines"]["edge"]["publicIPAddress"]
    refused(network, "edge has no NIC with a publicIPAddress")
    network = with_branch(prefixListIn="nowhere")
    refused(network, "virtualMachine edge has no prefix list", "nowhere")
    network = with_branch()
    network["virtualMachines"]["edge"]["interfaces"]["eth0"] = {"address": "10.9.9.9/32"}
    refused(network, "edge already has an interface", "eth0")
    network = with_branch()
    network["virtualMachines"]["edge"]["interfaces"]["far"] = tunnel(remoteAddress="203.0.113.99")
    refused(network, "no router has a tunnel interface at 203.0.113.99")


if __name__ == "__main__":
    sys.exit(run())
