#!/usr/bin/env python3
"""Private endpoints and service endpoints: docs/rules/nic.md."""

import sys

from networks import (
    add_vnet,
    announce,
    nva,
    peer,
    route_table,
    two_vnets,
    with_circuit,
    with_vpn,
)
from rules import asked, equal, holds, refused, rule, run, warned

HERE = ("InterfaceEndpoint", "Active", ())
OUT = ("InterfaceEndpoint", "Invalid", ())
TCP = ("--protocol", "tcp", "--port", 443)


def endpoint(network, name="store", subnet="hub/links", address="10.0.7.9", policies=None):
    """A private endpoint in a subnet of its own, 10.0.7.0/24 of `hub` unless told otherwise."""
    vnet, _, at = subnet.partition("/")
    prefix = address.rsplit(".", 1)[0] + ".0/24"
    subnets = network["virtualNetworks"][vnet]["subnets"]
    home = subnets.setdefault(at, {"addressPrefix": prefix})
    if policies:
        home["privateEndpointNetworkPolicies"] = policies
    network.setdefault("privateEndpoints", {})[name] = {
        "subnet": subnet,
        "privateIPAddress": address,
        "groupIds": ["blob"],
    }
    return home


def service(network, subnet, *prefixes):
    vnet, _, name = subnet.partition("/")
    network["virtualNetworks"][vnet]["subnets"][name]["serviceEndpoints"] = [
        {"service": "Microsoft.Storage", "addressPrefixes": list(prefixes)}
    ]


@rule("AZ-NIC-17", "a route to the endpoint in its network and in direct peers, and not beyond")
def routes_of_an_endpoint():
    network = two_vnets()
    add_vnet(network, "far", "10.2.0.0/16")
    add_vnet(network, "abroad", "10.3.0.0/16", location="east")
    peer(network, "spoke", "far")
    peer(network, "hub", "abroad")
    endpoint(network)
    one = asked(network)
    for machine in ("hub-vm", "spoke-vm", "abroad-vm"):
        equal(one.row(machine, "10.0.7.9/32"), [HERE], machine)
        equal(one.next_hop(machine, "10.0.7.9"), ("InterfaceEndpoint", None))
        equal(one.hops(machine, "store", *TCP), ["10.0.7.9"])
    equal(one.row("far-vm", "10.0.7.9/32"), [])
    holds(one.verdict("far-vm", "store", *TCP) != "delivered", "beyond a peer it is reached")


@rule("AZ-NIC-17", "it answers TCP, and not ping")
def answers():
    network = two_vnets()
    endpoint(network)
    one = asked(network)
    equal(one.verdict("spoke-vm", "store", *TCP), "delivered")
    equal(one.verdict("spoke-vm", "store"), "reply-lost")
    network["tests"] = [{"from": "spoke-vm", "to": "store", "protocol": "tcp", "port": 443}]
    equal(asked(network).run("test").returncode, 0, "a test that asks it")
    network["tests"][0].update({"from": "store", "to": "spoke-vm"})
    refused(network, "store")


# The two recorded tables: a user's route for exactly the peer's range leaves the endpoint's row
# Active in one, and makes it Invalid in the other. What differs is the endpoint's subnet.
def recorded(space, address, policies):
    network = {}
    add_vnet(network, "hub", "10.10.0.0/16")
    add_vnet(network, "spoke", space)
    peer(network, "hub", "spoke")
    network["virtualNetworks"]["hub"]["subnets"]["front"] = {"addressPrefix": "10.10.2.0/24"}
    nva(network, subnet="hub/front", address="10.10.2.9")
    endpoint(network, "store", "spoke/links", address, policies)
    range_of_it = space if isinstance(space, str) else space[0]
    route_table(network, "hub/work", [(range_of_it, "10.10.2.9")])
    return asked(network)


@rule(
    "AZ-NIC-17",
    "by default a user's route for the peer's range leaves the endpoint's row active",
)
def stays_active():
    for policies in (None, "Disabled", "NetworkSecurityGroupEnabled"):
        one = recorded(["10.11.0.0/20", "10.11.16.0/20"], "10.11.7.9", policies)
        equal(one.row("hub-vm", "10.11.7.9/32"), [HERE])
        holds(("VNetPeering", "Invalid", ()) in one.row("hub-vm", "10.11.0.0/20"), "the peer's row")
        equal(one.row("hub-vm", "10.11.16.0/20"), [("VNetPeering", "Active", ())])
        equal(one.hops("hub-vm", "store", *TCP), ["10.11.7.9"])


@rule("AZ-NIC-17", "where the endpoint's subnet lets routes count, it makes that row invalid")
def becomes_invalid():
    for policies in ("Enabled", "RouteTableEnabled"):
        one = recorded("10.11.0.0/16", "10.11.7.9", policies)
        equal(one.row("hub-vm", "10.11.7.9/32"), [OUT])
        equal(one.next_hop("hub-vm", "10.11.7.9"), ("VirtualAppliance", "10.10.2.9"))
        equal(one.hops("hub-vm", "store", *TCP), ["10.10.2.9", "10.11.7.9"])
        # The appliance's own subnet has no such route.
        equal(one.row("nva", "10.11.7.9/32"), [HERE])


@rule(
    "AZ-NIC-17",
    "a route wider than the network's range never counts, one for the address always does",
)
def lengths_of_routes():
    for prefix, policies, expected in (
        ("0.0.0.0/0", "Enabled", HERE),
        ("10.0.0.0/15", "Enabled", HERE),
        ("10.0.0.0/16", "Enabled", OUT),
        ("10.0.7.0/24", "Enabled", OUT),
        ("10.0.7.0/24", "Disabled", HERE),
    ):
        network = two_vnets()
        endpoint(network, policies=policies)
        route_table(network, "spoke/work", [(prefix, "None")])
        one = asked(network)
        equal(one.row("spoke-vm", "10.0.7.9/32"), [expected], f"{prefix}, {policies}")
        equal(one.next_hop("spoke-vm", "10.0.7.9")[0] == "None", expected == OUT, prefix)
    network = two_vnets()
    endpoint(network)
    route_table(network, "spoke/work", [("10.0.7.9/32", "None")])
    equal(asked(network).row("spoke-vm", "10.0.7.9/32"), [OUT, ("None", "Active", ())])


@rule("AZ-NIC-17, AZ-X-18", "from on premises the endpoint's route passes by the GatewaySubnet's")
def from_on_premises():
    for make, host in ((with_circuit, "dc-host"), (with_vpn, "office-host")):
        for policies, expected in ((None, False), ("Enabled", True)):
            network = make()
            nva(network)
            vnets = network["virtualNetworks"]
            vnets["hub"]["peerings"]["spoke"]["allowForwardedTraffic"] = True
            vnets["spoke"]["peerings"]["hub"]["allowForwardedTraffic"] = True
            endpoint(network, "store", "spoke/links", "10.1.7.9", policies)
            route_table(network, "hub/GatewaySubnet", [("10.1.0.0/16", "10.0.1.9")])
            one = asked(network)
            one.hops(host, "store", *TCP)
            equal("nva" in one.nodes(host, "store", *TCP), expected, f"{host}, {policies}")
            holds("nva" in one.nodes(host, "spoke-vm"), "a machine beside it is steered")


@rule("AZ-NIC-17", "what the endpoint sends passes by user routes")
def answers_pass_by():
    network = with_circuit()
    endpoint(network, policies="Enabled")
    route_table(
        network,
        "hub/links",
        [("172.20.1.0/24", "None"), ("10.1.0.0/16", "None")],
        disableBgpRoutePropagation=True,
    )
    one = asked(network)
    one.hops("dc-host", "store", *TCP)
    one.hops("spoke-vm", "store", *TCP)


@rule("AZ-NIC-17, AZ-NSG-4", "its subnet's security group counts only where policies let it")
def security_groups():
    deny = {"priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "Tcp"}
    for policies, verdict in (
        (None, "delivered"),
        ("RouteTableEnabled", "delivered"),
        ("NetworkSecurityGroupEnabled", "denied"),
        ("Enabled", "denied"),
    ):
        network = with_circuit()
        home = endpoint(network, policies=policies)
        home["networkSecurityGroup"] = "group"
        network["networkSecurityGroups"] = {
            "group": {"securityRules": {"web": {**deny, "destinationPortRange": 443}}}
        }
        one = asked(network)
        equal(one.verdict("spoke-vm", "store", *TCP), verdict, str(policies))
        inbound = one.ask("flow", "spoke-vm", "store", *TCP)["rules"][1]
        denying = ("Deny", "UserRule_web", "group")
        expected = denying if verdict == "denied" else ("Allow", "", None)
        equal((inbound["access"], inbound["rule"], inbound["group"]), expected, str(policies))
        # The default rules let in what comes from prefixes that the gateway learned.
        equal(one.verdict("dc-host", "store", "--protocol", "tcp", "--port", 22), "delivered")


@rule("AZ-NIC-17", "mistakes are named")
def mistakes():
    network = two_vnets()
    endpoint(network)
    network["privateEndpoints"]["store"]["privateIPAddress"] = "10.0.8.9"
    refused(network, "10.0.8.9 of store is outside subnet hub/links")
    network["privateEndpoints"]["store"]["privateIPAddress"] = "10.0.7.3"
    refused(network, "10.0.7.3", "AZ-NIC-20")
    network["privateEndpoints"]["store"] = {"subnet": "hub/work", "privateIPAddress": "10.0.1.4"}
    refused(network, "10.0.1.4", "in use already")
    network["privateEndpoints"]["store"] = {"subnet": "hub/works"}
    refused(network, "hub/works", 'did you mean "hub/work"?')
    network["privateEndpoints"] = {"hub-vm": {"subnet": "hub/work"}}
    refused(network, 'the name "hub-vm" is taken')
    network = two_vnets()
    endpoint(network, policies="enabled")
    refused(network, 'unknown word "enabled"', '"Enabled"?')
    network = two_vnets()
    endpoint(network)
    route_table(network, "spoke/work", [("10.0.0.0/16", "None")])
    warned(network, "endpoint-not-steered", "store", "RouteTableEnabled")


@rule("AZ-NIC-9", "a service's prefixes are rows of the subnet with the service endpoint alone")
def service_rows():
    network = two_vnets()
    network["virtualNetworks"]["hub"]["subnets"]["other"] = {"addressPrefix": "10.0.2.0/24"}
    network["virtualMachines"]["other-vm"] = {"subnet": "hub/other"}
    service(network, "hub/work", "20.60.0.0/16", "20.150.4.0/23")
    one = asked(network)
    for prefix in ("20.60.0.0/16", "20.150.4.0/23"):
        equal(one.row("hub-vm", prefix), [("VirtualNetworkServiceEndpoint", "Active", ())])
    equal(one.next_hop("hub-vm", "20.60.1.1"), ("VirtualNetworkServiceEndpoint", None))
    equal(one.verdict("hub-vm", "20.60.1.1", *TCP), "left-to-service")
    for machine in ("other-vm", "spoke-vm"):
        equal(one.row(machine, "20.60.0.0/16"), [])
        equal(one.verdict(machine, "20.60.1.1", *TCP), "left-to-internet")


@rule("AZ-NIC-5", "a longer BGP route does not beat a service endpoint, a user's route does")
def service_endpoint_holds():
    network = with_vpn()
    service(network, "hub/work", "20.60.0.0/16")
    announce(network, "office", "20.60.1.0/24", "20.61.0.0/16", "0.0.0.0/0")
    one = asked(network)
    learned = ("VirtualNetworkGateway", "Active", ("203.0.113.10",))
    equal(one.row("hub-vm", "20.60.1.0/24"), [learned])
    equal(one.next_hop("hub-vm", "20.60.1.1")[0], "VirtualNetworkServiceEndpoint")
    equal(one.next_hop("hub-vm", "20.61.1.1")[0], "VirtualNetworkGateway")
    equal(one.next_hop("spoke-vm", "20.60.1.1")[0], "VirtualNetworkGateway")
    # A default route of the user's is shorter; one for the same prefix takes its place.
    route_table(network, "hub/work", [("0.0.0.0/0", "None")])
    equal(asked(network).next_hop("hub-vm", "20.60.1.1")[0], "VirtualNetworkServiceEndpoint")
    route_table(network, "hub/work", [("20.60.0.0/16", "None"), ("20.60.9.0/24", "Internet")])
    one = asked(network)
    rows = [("None", "Active", ()), ("VirtualNetworkServiceEndpoint", "Invalid", ())]
    equal(one.row("hub-vm", "20.60.0.0/16"), rows)
    equal(one.next_hop("hub-vm", "20.60.1.1")[0], "None")
    equal(one.next_hop("hub-vm", "20.60.9.1")[0], "Internet")


@rule("AZ-NIC-9", "a service endpoint without prefixes has no rows, and says so")
def service_without_prefixes():
    network = two_vnets()
    work = network["virtualNetworks"]["hub"]["subnets"]["work"]
    work["serviceEndpoints"] = ["Microsoft.Storage", {"service": "Microsoft.Sql"}]
    warned(network, "service-endpoint-without-prefixes", "Microsoft.Sql", "hub/work")
    equal(asked(network).next_hop("hub-vm", "20.60.1.1")[0], "Internet")
    work["serviceEndpoints"] = ["Microsoft.storage"]
    refused(network, "Microsoft.storage", "Microsoft.Storage")
    service(network, "hub/work", "10.0.128.0/20")
    refused(network, "10.0.128.0/20", "overlaps range 10.0.0.0/16")


@rule("AZ-NIC-19", "the worked example's row of a service endpoint stands beside a default route")
def worked_example_row():
    network = two_vnets()
    nva(network, address="10.0.1.9")
    service(network, "hub/work", "20.60.0.0/16")
    route_table(network, "hub/work", [("0.0.0.0/0", "10.0.1.9")])
    one = asked(network)
    equal(
        one.row("hub-vm", "20.60.0.0/16"), [("VirtualNetworkServiceEndpoint", "Active", ())]
    )
    equal(one.verdict("hub-vm", "20.60.1.1", *TCP), "left-to-service")


if __name__ == "__main__":
    sys.exit(run())
