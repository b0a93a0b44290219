"""Small networks for the tests of rules, as plain data: a file in JSON is a file in YAML.

`base()` is a hub with a spoke, a site behind an active-standby VPN gateway and a site behind an
ExpressRoute circuit. Each test takes a fresh one and changes what its rule is about.
"""


# A VPN gateway of one instance that has the GatewaySubnet to itself.
ALONE = "10.0.255.62"


def peer(network, one, other, ours=None, theirs=None):
    """Both halves of a peering."""
    vnets = network["virtualNetworks"]
    vnets[one].setdefault("peerings", {})[other] = ours or {}
    vnets[other].setdefault("peerings", {})[one] = theirs or {}


def add_vnet(network, name, address_space, location="west"):
    """A virtual network of one or more ranges, with a subnet `work` and a machine `NAME-vm`."""
    ranges = [address_space] if isinstance(address_space, str) else address_space
    first = ranges[0].split("/")[0].rsplit(".", 2)[0]
    network.setdefault("virtualNetworks", {})[name] = {
        "location": location,
        "addressSpace": ranges,
        "subnets": {"work": {"addressPrefix": f"{first}.1.0/24"}},
    }
    network.setdefault("virtualMachines", {})[f"{name}-vm"] = {
        "subnet": f"{name}/work",
        "privateIPAddress": f"{first}.1.4",
    }
    return network["virtualNetworks"][name]


def add_spoke(network, name, address_space, hub="hub", **halves):
    """A virtual network that uses the hub's gateways."""
    vnet = add_vnet(network, name, address_space, halves.pop("location", "west"))
    peer(network, hub, name, {"allowGatewayTransit": True}, {"useRemoteGateways": True, **halves})
    return vnet


def add_gateway(network, vnet, name, kind, **settings):
    """A gateway in the last /26 of the virtual network's first /16."""
    vnet = network["virtualNetworks"][vnet]
    first = vnet["addressSpace"][0].split("/")[0].rsplit(".", 2)[0]
    vnet["subnets"].setdefault("GatewaySubnet", {"addressPrefix": f"{first}.255.0/26"})
    vnet.setdefault("gateways", {})[name] = {"gatewayType": kind, **settings}
    return vnet["gateways"][name]


def add_circuit(network, name, number, asn):
    """A circuit whose links are 192.168.NUMBER.0/30 and .4/30, with nobody at their ends yet."""
    network.setdefault("expressRouteCircuits", {})[name] = {
        "peerings": {
            "AzurePrivatePeering": {
                "peerASN": asn,
                "primaryPeerAddressPrefix": f"192.168.{number}.0/30",
                "secondaryPeerAddressPrefix": f"192.168.{number}.4/30",
            }
        }
    }


def connect_circuit(network, gateway, circuit, **settings):
    network.setdefault("connections", {})[f"{gateway}-{circuit}"] = {
        "connectionType": "ExpressRoute",
        "virtualNetworkGateway1": gateway,
        "expressRouteCircuit": circuit,
        **settings,
    }
    return network["connections"][f"{gateway}-{circuit}"]


def add_circuit_site(network, name, circuit, number, asn, lan):
    """A site whose one router has both links of the circuit, and prefers them. The host is .10."""
    first = lan.rsplit(".", 1)[0]
    neighbors = {
        f"192.168.{number}.{host}": {
            "remoteAsn": 12076,
            "localPreference": 200,
            "prefixListOut": "own",
        }
        for host in (2, 6)
    }
    network.setdefault("sites", {})[name] = {
        "prefixLists": {"own": [lan]},
        "hosts": {f"{name}-host": {"segment": f"{name}-lan", "address": f"{first}.10"}},
        "routers": {
            f"{name}-ce": {
                "interfaces": {
                    "lan": {"address": f"{first}.1/24", "segment": f"{name}-lan"},
                    "primary": {
                        "address": f"192.168.{number}.1/30",
                        "circuit": f"{circuit}/primary",
                    },
                    "secondary": {
                        "address": f"192.168.{number}.5/30",
                        "circuit": f"{circuit}/secondary",
                    },
                },
                "bgp": {"asn": asn, "networks": [lan], "neighbors": neighbors},
            }
        },
    }
    return network["sites"][name]


def add_vpn_site(network, name, gateway, peerings, number, asn, lan):
    """A site with a tunnel to each of the gateway's instances, whose BGP addresses are `peerings`.

    The site's own BGP address is 172.31.NUMBER.1, its public one 198.51.100.NUMBER.
    """
    first = lan.rsplit(".", 1)[0]
    network.setdefault("localNetworkGateways", {})[name] = {
        "gatewayIpAddress": f"198.51.100.{number}",
        "bgpSettings": {"asn": asn, "bgpPeeringAddress": f"172.31.{number}.1"},
    }
    network.setdefault("connections", {})[name] = {
        "connectionType": "IPsec",
        "virtualNetworkGateway1": gateway,
        "localNetworkGateway2": name,
        "enableBgp": True,
        "sharedKey": "secret",
    }
    interfaces = {
        "lan": {"address": f"{first}.1/24", "segment": f"{name}-lan"},
        "loopback": {"address": f"172.31.{number}.1/32"},
        "internet": {"address": f"198.51.100.{number}/32", "internet": True},
    }
    routes, neighbors = [], {}
    for instance, address in enumerate(peerings):
        interfaces[f"tunnel{instance}"] = {
            "ipsec": {"connection": name, "instance": instance, "sharedKey": "secret"}
        }
        routes.append({"prefix": f"{address}/32", "interface": f"tunnel{instance}"})
        neighbors[address] = {
            "remoteAsn": 65515,
            "localAddress": f"172.31.{number}.1",
            "prefixListOut": "own",
        }
    network.setdefault("sites", {})[name] = {
        "prefixLists": {"own": [lan]},
        "hosts": {f"{name}-host": {"segment": f"{name}-lan", "address": f"{first}.10"}},
        "routers": {
            f"{name}-ce": {
                "interfaces": interfaces,
                "staticRoutes": routes,
                "bgp": {"asn": asn, "networks": [lan], "neighbors": neighbors},
            }
        },
    }
    return network["sites"][name]


def announce(network, site, *prefixes, discard=True):
    """The site announces these too; it has them as routes to nowhere."""
    place = network["sites"][site]
    router = place["routers"][f"{site}-ce"]
    for prefix in prefixes:
        place["prefixLists"]["own"].append({"prefix": prefix})
        router["bgp"]["networks"].append(prefix)
        if discard:
            router.setdefault("staticRoutes", []).append({"prefix": prefix, "discard": True})


def route_table(network, subnet, routes, **settings):
    """A route table for `network/subnet`. A route is (prefix, type) or (prefix, appliance)."""
    vnet, _, name = subnet.partition("/")
    table = network.setdefault("routeTables", {}).setdefault(f"table-{vnet}-{name}", {})
    table.update(settings)
    table["routes"] = {}
    for number, (prefix, hop) in enumerate(routes):
        is_address = hop[0].isdigit()
        table["routes"][f"route{number}"] = {
            "addressPrefix": prefix,
            "nextHopType": "VirtualAppliance" if is_address else hop,
            **({"nextHopIpAddress": hop} if is_address else {}),
        }
    subnets = network["virtualNetworks"][vnet]["subnets"]
    if isinstance(subnets[name], str):
        subnets[name] = {"addressPrefix": subnets[name]}
    subnets[name]["routeTable"] = f"table-{vnet}-{name}"


def two_vnets():
    """Two virtual networks that are peered, without gateways."""
    network = {}
    add_vnet(network, "hub", "10.0.0.0/16")
    add_vnet(network, "spoke", "10.1.0.0/16")
    peer(network, "hub", "spoke")
    return network


def with_vpn():
    """Hub, spoke and a site behind an active-standby VPN gateway."""
    network = {}
    add_vnet(network, "hub", "10.0.0.0/16")
    add_gateway(network, "hub", "vpn", "Vpn", publicIPAddress="203.0.113.10")
    add_spoke(network, "spoke", "10.1.0.0/16")
    add_vpn_site(network, "office", "vpn", [ALONE], 1, 65020, "172.21.1.0/24")
    return network


def with_circuit():
    """Hub, spoke and a site behind both links of a circuit."""
    network = {}
    add_vnet(network, "hub", "10.0.0.0/16")
    add_gateway(network, "hub", "er", "ExpressRoute")
    add_spoke(network, "spoke", "10.1.0.0/16")
    add_circuit(network, "c1", 1, 65010)
    connect_circuit(network, "er", "c1")
    add_circuit_site(network, "dc", "c1", 1, 65010, "172.20.1.0/24")
    return network


def base():
    """Hub with both gateway types, a spoke, `dc` on a circuit and `office` on a VPN."""
    network = with_circuit()
    add_gateway(network, "hub", "vpn", "Vpn", publicIPAddress="203.0.113.10")
    add_vpn_site(network, "office", "vpn", ["10.0.255.14"], 1, 65020, "172.21.1.0/24")
    return network


def active_active():
    """As with_vpn(), with two instances and a tunnel to each."""
    network = {}
    add_vnet(network, "hub", "10.0.0.0/16")
    add_gateway(
        network,
        "hub",
        "vpn",
        "Vpn",
        activeActive=True,
        publicIPAddress=["203.0.113.10", "203.0.113.11"],
    )
    add_spoke(network, "spoke", "10.1.0.0/16")
    add_vpn_site(
        network, "office", "vpn", ["10.0.255.4", "10.0.255.5"], 1, 65020, "172.21.1.0/24"
    )
    return network


def nva(network, name="nva", subnet="hub/work", address="10.0.1.9"):
    network["virtualMachines"][name] = {
        "subnet": subnet,
        "privateIPAddress": address,
        "enableIPForwarding": True,
    }
