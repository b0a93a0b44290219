#!/usr/bin/env python3
"""Network security groups: docs/rules/nsg.md."""

import sys

from networks import active_active, announce, peer, route_table, two_vnets, with_vpn
from rules import accepted, asked, equal, holds, refused, rule, run, warned

OPTIONS = ("--protocol", "tcp", "--port", 443)


def guard(network, rules, where="hub/work", name="group"):
    """Puts a group with the rules on a subnet (`vnet/subnet`) or a machine."""
    network.setdefault("networkSecurityGroups", {})[name] = {"securityRules": rules}
    vnet, _, subnet = where.partition("/")
    if subnet:
        network["virtualNetworks"][vnet]["subnets"][subnet]["networkSecurityGroup"] = name
    else:
        network["virtualMachines"][where]["networkSecurityGroup"] = name
    return network


def entry(priority, direction, access, **more):
    return {"priority": priority, "direction": direction, "access": access, **more}


def decided(network, source, target, *options):
    """For each group that was asked: its direction and the rule that decided."""
    answer = asked(network).ask("flow", source, target, *(options or OPTIONS))
    return answer["passes"], [
        (one["node"], one["direction"], one["rule"]) for one in answer["rules"] if one["rule"]
    ]


@rule("AZ-NSG-1", "the default rules: inside and out to the Internet yes, all else no")
def default_rules():
    network = guard(with_vpn(), {})
    passes, rules = decided(network, "spoke-vm", "hub-vm")
    holds(passes and rules == [("hub-vm", "Inbound", "DefaultRule_AllowVnetInBound")], str(rules))
    passes, rules = decided(network, "hub-vm", "spoke-vm")
    holds(passes and rules == [("hub-vm", "Outbound", "DefaultRule_AllowVnetOutBound")], str(rules))
    passes, rules = decided(network, "hub-vm", "8.8.8.8")
    equal(rules, [("hub-vm", "Outbound", "DefaultRule_AllowInternetOutBound")])
    equal(asked(network).verdict("hub-vm", "8.8.8.8"), "left-to-internet")


@rule("AZ-NSG-1", "a source that is in no tag is denied inbound")
def stranger():
    network = guard(with_vpn(), {})
    network["sites"]["office"]["hosts"]["guest"] = {"segment": "guests", "address": "192.0.2.77/24"}
    network["sites"]["office"]["routers"]["office-ce"]["interfaces"]["guests"] = {
        "address": "192.0.2.1/24",
        "segment": "guests",
    }
    equal(asked(network).verdict("guest", "hub-vm", *OPTIONS), "denied")
    holds(asked(network).verdict("guest", "spoke-vm", *OPTIONS) != "denied", "no group, no denial")
    asked(network).hops("office-host", "hub-vm")


@rule("AZ-NSG-2", "the lowest priority that matches decides, in its own direction")
def priorities():
    rules = {
        "later": entry(300, "Inbound", "Allow"),
        "first": entry(200, "Inbound", "Deny", protocol="Tcp", destinationPortRange="443"),
        "outward": entry(100, "Outbound", "Deny", destinationAddressPrefix="10.1.1.99"),
    }
    network = guard(two_vnets(), rules)
    first = [("hub-vm", "Inbound", "UserRule_first")]
    equal(decided(network, "spoke-vm", "hub-vm"), (False, first))
    passes, rules_hit = decided(network, "spoke-vm", "hub-vm", "--protocol", "tcp", "--port", 80)
    equal((passes, rules_hit), (True, [("hub-vm", "Inbound", "UserRule_later")]))
    for priority in (99, 4097):
        refused(guard(two_vnets(), {"a": entry(priority, "Inbound", "Deny")}), "100 to 4096")
    twice = {"a": entry(100, "Inbound", "Deny"), "b": entry(100, "Inbound", "Allow")}
    refused(guard(two_vnets(), twice), "100", "taken")
    twice["b"]["direction"] = "Outbound"
    accepted(guard(two_vnets(), twice))


@rule("AZ-NSG-2", "an answer passes with its flow, whatever the rules say of it")
def stateful():
    rules = {"nobody-in": entry(100, "Inbound", "Deny")}
    one = asked(guard(two_vnets(), rules))
    one.hops("hub-vm", "spoke-vm", *OPTIONS)
    equal(one.verdict("spoke-vm", "hub-vm", *OPTIONS), "denied")


@rule("AZ-NSG-3", "inbound the subnet's group comes first, outbound the NIC's; both have to allow")
def two_groups():
    deny = {"deny": entry(100, "Inbound", "Deny"), "deny-out": entry(100, "Outbound", "Deny")}
    network = guard(guard(two_vnets(), deny, "hub/work", "subnets"), deny, "hub-vm", "nics")
    answer = asked(network).ask("flow", "spoke-vm", "hub-vm")
    equal(answer["rules"][-1]["group"], "subnets", "asked first inbound")
    answer = asked(network).ask("flow", "hub-vm", "spoke-vm")
    equal(answer["rules"][0]["group"], "nics", "asked first outbound")
    for pair, name in ((("spoke-vm", "hub-vm"), "subnets"), (("hub-vm", "spoke-vm"), "nics")):
        cause = asked(network).ask("trace", *pair)["stoppedAt"]["cause"]
        holds(f"networkSecurityGroup {name} " in cause, f"{pair} stopped by {cause}")
    for at, denying in (("hub/work", "subnets"), ("hub-vm", "nics")):
        one = guard(two_vnets(), deny, at, denying)
        other = "hub-vm" if at == "hub/work" else "hub/work"
        allow = {"allow": entry(100, "Inbound", "Allow")}
        guard(one, allow, other, "allows")
        equal(asked(one).verdict("spoke-vm", "hub-vm"), "denied", f"with the deny at {at}")


@rule("AZ-NSG-3", "groups also stand between machines of one subnet; no group allows")
def inside_a_subnet():
    network = two_vnets()
    network["virtualMachines"]["other"] = {"subnet": "hub/work", "privateIPAddress": "10.0.1.50"}
    asked(network).hops("hub-vm", "other")
    guard(network, {"deny": entry(100, "Inbound", "Deny")})
    equal(asked(network).verdict("hub-vm", "other"), "denied")


@rule(
    "AZ-NSG-4",
    "VirtualNetwork holds ranges, peers, what gateways know, and user routes' prefixes",
)
def virtual_network_tag():
    network = guard(with_vpn(), {})
    network["localNetworkGateways"]["office"]["localNetworkAddressSpace"] = ["172.29.0.0/16"]
    route_table(network, "hub/work", [("198.18.7.0/24", "None")])
    for address in ("10.0.1.77", "10.1.1.4", "172.21.1.10", "172.29.9.9", "198.18.7.7"):
        answer = asked(network).ask("flow", "hub-vm", address, *OPTIONS)
        equal(answer["rules"][0]["rule"], "DefaultRule_AllowVnetOutBound", address)
    for address in ("172.28.1.1", "10.9.9.9"):
        answer = asked(network).ask("flow", "hub-vm", address, *OPTIONS)
        equal(answer["rules"][0]["rule"], "DefaultRule_DenyAllOutBound", address)


@rule("AZ-NSG-4", "what a gateway loses leaves the tag again")
def tag_shrinks():
    network = guard(with_vpn(), {})
    options = (*OPTIONS, "--down", "vpn--office-ce")
    answer = asked(network).ask("flow", "hub-vm", "172.21.1.10", *options)
    equal(answer["rules"][0]["rule"], "DefaultRule_DenyAllOutBound")


@rule("AZ-NSG-4", "a default route widens VirtualNetwork only with the switch")
def default_in_tag():
    network = guard(with_vpn(), {})
    announce(network, "office", "0.0.0.0/0")
    for switch, name in ((False, "DenyAllOutBound"), (True, "AllowVnetOutBound")):
        network["parameters"] = {"defaultInVirtualNetworkTag": switch}
        answer = asked(network).ask("flow", "hub-vm", "10.9.9.9", *OPTIONS)
        equal(answer["rules"][0]["rule"], f"DefaultRule_{name}", f"switch {switch}")


@rule("AZ-NSG-5", "a rule with lists holds every combination; large groups are warned of")
def augmented():
    rules = {
        "some": entry(
            100,
            "Inbound",
            "Allow",
            protocol="Tcp",
            sourceAddressPrefixes=["10.1.1.4", "10.7.0.0/16"],
            destinationPortRanges=["80", "8000-8010"],
        ),
        "rest": entry(200, "Inbound", "Deny"),
    }
    one = asked(guard(two_vnets(), rules))
    for port in (80, 8005, 8011, 443):
        found = one.verdict("spoke-vm", "hub-vm", "--protocol", "tcp", "--port", port)
        equal(found, "delivered" if port in (80, 8005) else "denied", f"port {port}")
    equal(one.verdict("spoke-vm", "hub-vm", "--protocol", "udp", "--port", 80), "denied")
    many = {f"r{at}": entry(100 + at, "Inbound", "Deny") for at in range(1001)}
    warned(guard(two_vnets(), many), "limit", "1001 rules", "AZ-NSG-5")


@rule("AZ-NSG-6", "the platform's own address counts as VirtualNetwork and as AzureLoadBalancer")
def host_address():
    network = guard(two_vnets(), {})
    answer = asked(network).ask("flow", "hub-vm", "168.63.129.16", *OPTIONS)
    equal(answer["rules"][0]["rule"], "DefaultRule_AllowVnetOutBound")


@rule(
    "AZ-NSG-7",
    "rules see private addresses: what crosses a tunnel is judged by the inner packet",
)
def private_addresses():
    rules = {
        "no-public": entry(100, "Inbound", "Deny", sourceAddressPrefix="198.51.100.0/24"),
        "office": entry(110, "Inbound", "Allow", sourceAddressPrefix="172.21.1.0/24"),
        "rest": entry(120, "Inbound", "Deny"),
    }
    network = guard(active_active(), rules)
    passes, hit = decided(network, "office-host", "hub-vm")
    equal((passes, hit), (True, [("hub-vm", "Inbound", "UserRule_office")]))


@rule("AZ-NSG-8", "a group on the GatewaySubnet is warned of")
def gateway_subnet():
    network = with_vpn()
    guard(network, {}, "hub/GatewaySubnet")
    warned(network, "nsg-on-gateway-subnet", "GatewaySubnet")


@rule("AZ-NSG-2", "each direction of a peering is judged by the groups at its own end")
def own_end():
    network = two_vnets()
    guard(network, {"deny": entry(100, "Outbound", "Deny")}, "spoke/work")
    peer(network, "hub", "spoke")
    one = asked(network)
    equal(one.verdict("spoke-vm", "hub-vm"), "denied")
    one.hops("hub-vm", "spoke-vm")


if __name__ == "__main__":
    sys.exit(run())
