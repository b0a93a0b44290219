#include "format/native/tables.h"

#define ASN_MAX 4294967295

static const char *const words_gateway_type[] = {"Vpn", "ExpressRoute", NULL};
static const char *const words_ttl[] = {"transparent", "decrement", NULL};
static const char *const words_next_hop[] = {
	"VirtualAppliance", "VnetLocal", "VirtualNetworkGateway", "Internet", "None", NULL};
static const char *const words_direction[] = {"Inbound", "Outbound", NULL};
static const char *const words_access[] = {"Allow", "Deny", NULL};
static const char *const words_protocol[] = {"Tcp", "Udp", "Icmp", "Esp", "*", NULL};
static const char *const words_connection[] = {"ExpressRoute", "IPsec", "Vnet2Vnet", NULL};
static const char *const words_strip[] = {"leading", "all", "only-if-all-private", NULL};
static const char *const words_icmp[] = {"egress", "ingress", NULL};
static const char *const words_none[] = {"documented", "observed", NULL};
static const char *const words_endpoint_policies[] = {
	"Disabled", "Enabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled", NULL};
static const char *const words_link[] = {"primary", "secondary", NULL};

static const struct field subnet_fields[] = {
	LIST("addressPrefix", PREFIXES, struct azure_subnet, address_prefixes, address_prefix_count,
		.doc = "The subnet's range; a list for both address families. A subnet may also be known "
			   "only by name."),
	LIST("addressPrefixes", PREFIXES, struct azure_subnet, address_prefixes, address_prefix_count,
		.doc = "The same, as Azure spells it for more than one."),
	FIELD("routeTable", TEXT, struct azure_subnet, route_table,
		.doc = "The route table associated with the subnet."),
	FIELD("networkSecurityGroup", TEXT, struct azure_subnet, network_security_group,
		.doc = "The security group associated with the subnet."),
	LIST("serviceEndpoints", LISTED, struct azure_subnet, service_endpoints, service_endpoint_count,
		.object = &native_service_endpoint_object,
		.doc = "Services that the subnet reaches by routes of its own (AZ-NIC-9)."),
	FIELD("privateEndpointNetworkPolicies", WORD, struct azure_subnet, endpoint_policies,
		.words = words_endpoint_policies, .fallback = "Disabled",
		.doc = "Whether route tables, security groups or both (`Enabled`) count for the private "
			   "endpoints in the subnet. For route tables: a user's route that covers an endpoint, "
			   "and is at least as specific as its network's range, takes its own route's place "
			   "(AZ-NIC-17)."),
	IGNORED("privateLinkServiceNetworkPolicies", "Read and not used."),
	LATER("natGateway", ""),
	LATER("delegations", ""),
	END,
};

static const struct object subnet_object = {
	.name = "subnet",
	.title = "a subnet",
	.doc = "A subnet. Its range alone may stand for it: `workload: 10.0.0.0/24`.",
	.size = sizeof(struct azure_subnet),
	.fields = subnet_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_subnet, name),
	.place_offset = offsetof(struct azure_subnet, place),
	NO_GIVEN,
	.shorthand = "addressPrefix",
};

static const struct field peering_fields[] = {
	FIELD("allowVirtualNetworkAccess", NOT, struct azure_peering, no_virtual_network_access,
		.fallback = "true", .doc = "Whether the two networks' machines may talk (AZ-PEER-4)."),
	FIELD("allowForwardedTraffic", BOOL, struct azure_peering, allow_forwarded_traffic,
		.fallback = "false",
		.doc = "Whether this network takes what the other only forwards (AZ-PEER-5)."),
	FIELD("allowGatewayTransit", BOOL, struct azure_peering, allow_gateway_transit,
		.fallback = "false", .doc = "The hub's half: its gateways serve the other (AZ-PEER-6)."),
	FIELD("useRemoteGateways", BOOL, struct azure_peering, use_remote_gateways, .fallback = "false",
		.doc = "The spoke's half: use the other's gateways (AZ-PEER-6)."),
	FIELD("delay", DURATION_OR_UNSET, struct azure_peering, delay_ns,
		.fallback = "by region: `parameters`", .doc = "One-way delay of the peering."),
	LATER("peerCompleteVnets", "only whole networks are peered"),
	END,
};

static const struct object peering_object = {
	.name = "peering",
	.title = "a peering",
	.doc = "This network's half of a peering, under the name of the other network. Both halves "
		   "have to be there.",
	.size = sizeof(struct azure_peering),
	.fields = peering_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_peering, remote),
	.place_offset = offsetof(struct azure_peering, place),
	NO_GIVEN,
};

static const struct field gateway_bgp_fields[] = {
	FIELD("asn", NUMBER, struct azure_gateway, asn, .min = 1, .max = ASN_MAX, .fallback = "65515",
		.doc = "The gateway's AS number."),
	LIST("bgpPeeringAddress", ADDRESSES, struct azure_gateway, bgp_peering_addresses,
		bgp_peering_address_count, .fallback = "the instance's address",
		.doc = "The address BGP speaks from; a list, in the order of the instances, when "
			   "active-active."),
	IGNORED("peerWeight", "Read and not used."),
	END,
};

static const struct object gateway_bgp_object = {
	.name = "gatewayBgpSettings",
	.title = "bgpSettings of a gateway",
	.doc = "BGP of a gateway.",
	.size = 0,
	.fields = gateway_bgp_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};

static const struct field gateway_fields[] = {
	FIELD("gatewayType", WORD, struct azure_gateway, gateway_type, .words = words_gateway_type,
		.required = true, .doc = "What the gateway is for."),
	FIELD("activeActive", BOOL, struct azure_gateway, active_active, .fallback = "false",
		.doc = "VPN: two instances that both carry traffic. ExpressRoute gateways always have "
			   "two."),
	FIELD("enableBgp", NOT, struct azure_gateway, bgp_off, .fallback = "true",
		.doc = "VPN: whether the gateway speaks BGP."),
	GROUP("bgpSettings", &gateway_bgp_object, .doc = "AS number and BGP addresses."),
	LIST("instanceAddress", ADDRESSES, struct azure_gateway, instance_addresses,
		instance_address_count, .fallback = "the offsets Azure takes (AZ-GW-2)",
		.doc = "Addresses of the instances in the GatewaySubnet."),
	LIST("publicIPAddress", ADDRESSES, struct azure_gateway, public_addresses, public_address_count,
		.fallback = "made up", .doc = "VPN: public addresses, one an instance."),
	FIELD("ttl", WORD, struct azure_gateway, ttl, .words = words_ttl, .fallback = "transparent",
		.doc = "VPN: whether the gateway is a hop in a trace. Gateways of about 2018 were "
			   "(`decrement`), those since are not (AZ-TR-6, AZ-TR-7)."),
	LIST("insideAddress", ADDRESSES, struct azure_gateway, inside_addresses, inside_address_count,
		.doc = "VPN with `ttl: decrement`: what each instance answers traces from the network's "
			   "side with (AZ-X-23)."),
	FIELD("allowRemoteVnetTraffic", BOOL, struct azure_gateway, allow_remote_vnet_traffic,
		.fallback = "false",
		.doc = "ExpressRoute: traffic from networks behind other gateways of the circuit "
			   "(AZ-ER-41)."),
	FIELD("leakErToVpn", BOOL, struct azure_gateway, leak_er_to_vpn, .fallback = "false",
		.doc = "ExpressRoute: show the circuit's routes to the network's VPN gateway, which never "
			   "uses them (AZ-X-10)."),
	FIELD("mtu", NUMBER, struct azure_gateway, mtu_bytes, .min = 576, .max = 9216,
		.fallback = "1400",
		.doc = "ExpressRoute: the largest packet it takes into the network; TCP is held to it both "
			   "ways (AZ-ER-8)."),
	LIST("routerId", V4_NUMBERS, struct azure_gateway, router_ids, router_id_count,
		.fallback = "the lowest address",
		.doc = "BGP identifiers of the instances, where a recorded tie has to be matched."),
	IGNORED("sku", "Read and not used."),
	IGNORED("vpnType", "Read and not used: gateways are route-based."),
	LATER("enablePrivateIpAddress", ""),
	LATER("customRoutes", ""),
	LATER("natRules", ""),
	LATER("allowVirtualWanTraffic", "Virtual WAN is not part of the model"),
	END,
};

static const struct object gateway_object = {
	.name = "virtualNetworkGateway",
	.title = "a gateway",
	.doc = "A virtual network gateway: VPN or ExpressRoute. A network has at most one of each.",
	.size = sizeof(struct azure_gateway),
	.fields = gateway_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_gateway, name),
	.place_offset = offsetof(struct azure_gateway, place),
	NO_GIVEN,
};

static const struct field vnet_fields[] = {
	FIELD("location", TEXT, struct azure_vnet, location,
		.doc = "The region. Peerings between regions are global and take longer."),
	LIST("addressSpace", PREFIXES, struct azure_vnet, address_space, address_space_count,
		.required = true, .doc = "The network's ranges."),
	LIST("subnets", NAMED, struct azure_vnet, subnets, subnet_count, .object = &subnet_object,
		.doc = "Subnets by name. Gateways need one called `GatewaySubnet`."),
	LIST("peerings", NAMED, struct azure_vnet, peerings, peering_count, .object = &peering_object,
		.doc = "This network's halves of its peerings, by the name of the other network."),
	LIST("gateways", NAMED, struct azure_vnet, gateways, gateway_count, .object = &gateway_object,
		.doc = "Virtual network gateways by name."),
	LIST("summarizedGatewayPrefixes", PREFIXES, struct azure_vnet, summarized_gateway_prefixes,
		summarized_gateway_prefix_count,
		.doc = "What the gateways announce in place of the ranges it covers (AZ-PEER-12)."),
	LATER("routeServer", ""),
	LATER("routeServers", ""),
	LATER("dhcpOptions", ""),
	LATER("azureFirewalls", "a virtual machine with enableIPForwarding can stand for one"),
	END,
};

const struct object native_vnet_object = {
	.name = "virtualNetwork",
	.title = "a virtual network",
	.doc = "A virtual network with its subnets, peerings and gateways.",
	.size = sizeof(struct azure_vnet),
	.fields = vnet_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_vnet, name),
	.place_offset = offsetof(struct azure_vnet, place),
	NO_GIVEN,
};

static const struct field route_fields[] = {
	FIELD("addressPrefix", PREFIX, struct azure_route, address_prefix, .required = true,
		.doc = "Destinations the route is for."),
	FIELD("nextHopType", WORD, struct azure_route, next_hop_type, .words = words_next_hop,
		.required = true, .doc = "Where they go (AZ-NIC-10)."),
	FIELD("nextHopIpAddress", ADDRESS, struct azure_route, next_hop,
		.doc = "With `VirtualAppliance`: the address of the machine that forwards."),
	END,
};

static const struct object route_object = {
	.name = "route",
	.title = "a route",
	.doc = "A user-defined route.",
	.size = sizeof(struct azure_route),
	.fields = route_fields,
	.name_kind = NAME_FREE,
	.name_offset = offsetof(struct azure_route, name),
	.place_offset = offsetof(struct azure_route, place),
	NO_GIVEN,
};

static const struct field route_table_fields[] = {
	FIELD("disableBgpRoutePropagation", BOOL, struct azure_route_table,
		disable_bgp_route_propagation, .fallback = "false",
		.doc = "Keeps the gateways' routes out of the table's subnets (AZ-NIC-12)."),
	LIST("routes", NAMED, struct azure_route_table, routes, route_count, .object = &route_object,
		.doc = "User-defined routes by name."),
	END,
};

const struct object native_route_table_object = {
	.name = "routeTable",
	.title = "a route table",
	.doc = "A route table, which subnets name.",
	.size = sizeof(struct azure_route_table),
	.fields = route_table_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_route_table, name),
	.place_offset = offsetof(struct azure_route_table, place),
	NO_GIVEN,
};

static const struct field rule_fields[] = {
	FIELD("priority", NUMBER, struct azure_security_rule, priority, .min = 0, .max = 65535,
		.required = true, .doc = "100 to 4096; the lowest that matches decides (AZ-NSG-2)."),
	FIELD("direction", WORD, struct azure_security_rule, direction, .words = words_direction,
		.required = true, .doc = "Which way, seen from the machine."),
	FIELD("access", WORD, struct azure_security_rule, access, .words = words_access,
		.required = true, .doc = "What happens then."),
	FIELD("protocol", WORD, struct azure_security_rule, protocol, .words = words_protocol,
		.fallback = "*", .doc = "The protocol."),
	LIST("sourceAddressPrefix", TEXTS, struct azure_security_rule, sources, source_count,
		.fallback = "*",
		.doc = "Prefixes, service tags (`VirtualNetwork`, `Internet`, "
			   "`AzureLoadBalancer`) or `*`."),
	LIST("sourceAddressPrefixes", TEXTS, struct azure_security_rule, sources, source_count,
		.doc = "The same, as Azure spells it for more than one."),
	LIST("destinationAddressPrefix", TEXTS, struct azure_security_rule, destinations,
		destination_count, .fallback = "*", .doc = "As sourceAddressPrefix."),
	LIST("destinationAddressPrefixes", TEXTS, struct azure_security_rule, destinations,
		destination_count, .doc = "The same, as Azure spells it for more than one."),
	LIST("sourcePortRange", TEXTS, struct azure_security_rule, source_ports, source_port_count,
		.fallback = "*", .doc = "Ports: `\"80\"`, `80-90` or `*`."),
	LIST("sourcePortRanges", TEXTS, struct azure_security_rule, source_ports, source_port_count,
		.doc = "The same, as Azure spells it for more than one."),
	LIST("destinationPortRange", TEXTS, struct azure_security_rule, destination_ports,
		destination_port_count, .fallback = "*", .doc = "As sourcePortRange."),
	LIST("destinationPortRanges", TEXTS, struct azure_security_rule, destination_ports,
		destination_port_count, .doc = "The same, as Azure spells it for more than one."),
	IGNORED("description", "Words for the reader."),
	LATER("sourceApplicationSecurityGroups", ""),
	LATER("destinationApplicationSecurityGroups", ""),
	END,
};

static const struct object rule_object = {
	.name = "securityRule",
	.title = "a security rule",
	.doc = "A rule of a network security group.",
	.size = sizeof(struct azure_security_rule),
	.fields = rule_fields,
	.name_kind = NAME_FREE,
	.name_offset = offsetof(struct azure_security_rule, name),
	.place_offset = offsetof(struct azure_security_rule, place),
	NO_GIVEN,
};

static const struct field security_group_fields[] = {
	LIST("securityRules", NAMED, struct azure_security_group, rules, rule_count,
		.object = &rule_object, .doc = "Rules by name; Azure's default rules stand behind them."),
	END,
};

const struct object native_security_group_object = {
	.name = "networkSecurityGroup",
	.title = "a network security group",
	.doc = "A network security group, which subnets and machines name.",
	.size = sizeof(struct azure_security_group),
	.fields = security_group_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_security_group, name),
	.place_offset = offsetof(struct azure_security_group, place),
	NO_GIVEN,
};

// Both a NIC of its own and the keys of a machine that has only one.
#define NIC_FIELDS(type, at)                                                                  \
	FIELD("subnet", TEXT, type, at subnet, .doc = "Where it is: `network/subnet`."),          \
		LIST("privateIPAddress", ADDRESSES, type, at addresses, at address_count,             \
			.fallback = "the first free one",                                                 \
			.doc = "Its address; a list for both address families."),                         \
		FIELD("enableIPForwarding", BOOL, type, at enable_ip_forwarding, .fallback = "false", \
			.doc = "Whether it may send and receive for addresses not its own (AZ-NVA-1)."),  \
		FIELD("networkSecurityGroup", TEXT, type, at network_security_group,                  \
			.doc = "The security group associated with the NIC."),                            \
		FIELD("publicIPAddress", ADDRESS, type, at public_address,                            \
			.doc = "The public address that tunnels of its operating system start from."),    \
		FIELD("attach", OBJECT, type, at attach, .object = &native_attach_object,             \
			.doc = "In a lab: the existing interface behind which the real machine is.")

static const struct field nic_fields[] = {
	NIC_FIELDS(struct azure_nic, ),
	LATER("applicationSecurityGroups", ""),
	END,
};

static const struct object nic_object = {
	.name = "networkInterface",
	.title = "a network interface",
	.doc = "A NIC of a machine that has several.",
	.size = sizeof(struct azure_nic),
	.fields = nic_fields,
	.name_kind = NAME_FREE,
	.name_offset = offsetof(struct azure_nic, name),
	.place_offset = offsetof(struct azure_nic, place),
	NO_GIVEN,
};

static const struct field machine_interface_fields[] = {
	LIST("address", INTERFACE_ADDRESSES, struct site_interface, addresses, address_count,
		.doc = "Address and length of the network, `10.0.0.1/30`; a list for several."),
	FIELD("ipsec", OBJECT, struct site_interface, ipsec, .object = &native_ipsec_object,
		.doc = "What makes it a tunnel; without it, it is a loopback."),
	FIELD("shutdown", BOOL, struct site_interface, shut, .fallback = "false",
		.doc = "Administratively down."),
	FIELD("mtu", NUMBER, struct site_interface, mtu_bytes, .fallback = "1500; tunnels 1400",
		.min = 576, .max = 9216, .doc = "Largest packet it sends."),
	FIELD("tcpMss", NUMBER, struct site_interface, tcp_mss_bytes, .min = 500, .max = 9176,
		.fallback = "left as it is",
		.doc = "Lowers the segment size in SYNs that cross it either way to this, for IPv6 to 20 "
			   "less (AZ-VPN-19)."),
	END,
};

static const struct object machine_interface_object = {
	.name = "machineInterface",
	.title = "an interface of a machine's system",
	.doc = "A tunnel or a loopback of a machine's operating system.",
	.size = sizeof(struct site_interface),
	.fields = machine_interface_fields,
	.name_kind = NAME_FREE,
	.name_offset = offsetof(struct site_interface, name),
	.place_offset = offsetof(struct site_interface, place),
	NO_GIVEN,
};

static const struct field machine_route_fields[] = {
	FIELD("prefix", PREFIX, struct azure_nva_static, prefix, .required = true,
		.doc = "Destinations."),
	FIELD("nextHop", ADDRESS, struct azure_nva_static, next_hop, .fallback = "discard",
		.doc = "Where they go; without it and an interface they are discarded."),
	FIELD("interface", TEXT, struct azure_nva_static, interface,
		.fallback = "the one towards the next hop",
		.doc = "The interface they leave by; enough alone for a tunnel."),
	END,
};

static const struct object machine_route_object = {
	.name = "machineRoute",
	.title = "a route of a machine",
	.doc = "A route of a machine's operating system.",
	.size = sizeof(struct azure_nva_static),
	.fields = machine_route_fields,
	NO_NAME,
	.place_offset = offsetof(struct azure_nva_static, place),
	NO_GIVEN,
};

static const struct field machine_fields[] = {
	NIC_FIELDS(struct azure_machine, own.),
	LIST("networkInterfaces", NAMED, struct azure_machine, nics, nic_count, .object = &nic_object,
		.doc = "NICs by name, the first being the primary, in place of the keys above."),
	LIST("routes", LISTED, struct azure_machine, statics, static_count,
		.object = &machine_route_object, .doc = "Routes of its operating system."),
	LIST("interfaces", NAMED, struct azure_machine, interfaces, interface_count,
		.object = &machine_interface_object,
		.doc = "Tunnels and loopbacks of its operating system by name, besides its NICs."),
	FIELD("bgp", OBJECT, struct azure_machine, bgp, .object = &native_bgp_object,
		.doc = "BGP, for a machine that forwards. It announces its networks always."),
	LIST("prefixLists", NAMED, struct azure_machine, prefix_lists, prefix_list_count,
		.object = &native_prefix_list_object, .doc = "Prefix lists by name."),
	LIST("routeMaps", NAMED, struct azure_machine, route_maps, route_map_count,
		.object = &native_route_map_object, .doc = "Route maps by name."),
	FIELD("icmpSource", WORD, struct azure_machine, icmp_source, .words = words_icmp,
		.fallback = "egress",
		.doc = "Which interface a forwarding machine's ICMP errors come from (AZ-X-21)."),
	FIELD("rpf", WORD, struct azure_machine, rpf, .words = native_words_rpf, .fallback = "none",
		.doc =
			"With `strict` it drops what comes in by another interface than the one its way back "
			"leaves by (RFC 3704)."),
	FIELD("hashSeed", SEED, struct azure_machine, hash_seed, .fallback = "from the seed",
		.doc = "What its choice among equal paths is drawn from."),
	IGNORED("vmSize", "Read and not used."),
	END,
};

const struct object native_machine_object = {
	.name = "virtualMachine",
	.title = "a virtual machine",
	.doc = "A virtual machine. With `enableIPForwarding` it is a network virtual appliance: it "
		   "routes.",
	.size = sizeof(struct azure_machine),
	.fields = machine_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_machine, name),
	.place_offset = offsetof(struct azure_machine, place),
	NO_GIVEN,
};

static const struct field ipv6_peering_fields[] = {
	FIELD("primaryPeerAddressPrefix", PREFIX, struct azure_circuit, links[0].peer_prefix6,
		.doc = "The primary link's /126: the customer edge has the first address, the MSEE the "
			   "second."),
	FIELD("secondaryPeerAddressPrefix", PREFIX, struct azure_circuit, links[1].peer_prefix6,
		.doc = "The secondary link's /126."),
	IGNORED("state", "Read and not used."),
	END,
};

static const struct object ipv6_peering_object = {
	.name = "ipv6PeeringConfig",
	.title = "ipv6PeeringConfig",
	.doc = "IPv6 beside IPv4 on the same links: sessions of their own, to the same customer edge. "
		   "Gateways take part whose GatewaySubnet has an IPv6 prefix besides.",
	.size = 0,
	.fields = ipv6_peering_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};

static const struct field private_peering_fields[] = {
	FIELD("peerASN", NUMBER, struct azure_circuit, peer_asn, .min = 1, .max = ASN_MAX,
		.fallback = "that of the customer edge", .doc = "AS number of the customer's side."),
	FIELD("primaryPeerAddressPrefix", PREFIX, struct azure_circuit, links[0].peer_prefix,
		.doc = "The primary link's /30: the customer edge has the first address, the MSEE the "
			   "second (AZ-ER-1)."),
	FIELD("secondaryPeerAddressPrefix", PREFIX, struct azure_circuit, links[1].peer_prefix,
		.doc = "The secondary link's /30."),
	GROUP("ipv6PeeringConfig", &ipv6_peering_object, .doc = "IPv6 on the same links."),
	IGNORED("vlanId", "Read and not used."),
	IGNORED("azureASN", "Read and not used: it is 12076."),
	END,
};

static const struct object private_peering_object = {
	.name = "azurePrivatePeering",
	.title = "AzurePrivatePeering",
	.doc = "The private peering of a circuit.",
	.size = 0,
	.fields = private_peering_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};

static const struct field circuit_peering_fields[] = {
	GROUP("AzurePrivatePeering", &private_peering_object, .required = true,
		.doc = "The private peering."),
	LATER("MicrosoftPeering", "only private peering is modelled"),
	LATER("AzurePublicPeering", ""),
	END,
};

static const struct object circuit_peerings_object = {
	.name = "circuitPeerings",
	.title = "peerings of a circuit",
	.doc = "The peerings of a circuit.",
	.size = 0,
	.fields = circuit_peering_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};

static const struct field circuit_link_fields[] = {
	FIELD("delay", DURATION, struct azure_circuit_link, delay_ns, .fallback = "0ms",
		.doc = "One-way delay between customer edge and MSEE."),
	FIELD("jitter", DURATION, struct azure_circuit_link, jitter_ns, .fallback = "0ms",
		.doc = "At most this much is added to the delay, at random."),
	FIELD("loss", LOSS, struct azure_circuit_link, loss_millionths, .fallback = "0%",
		.doc = "Share of packets lost."),
	FIELD("rate", RATE, struct azure_circuit_link, rate_bits_per_s, .fallback = "unlimited",
		.doc = "What the link carries."),
	FIELD("down", BOOL, struct azure_circuit_link, down, .fallback = "false",
		.doc = "The link does not carry, from the start."),
	FIELD("providerAddress", ADDRESS, struct azure_circuit_link, provider_address,
		.fallback = "the tunnel endpoint",
		.doc = "What effective routes show as next hop for this MSEE (AZ-NIC-14)."),
	FIELD("routerId", V4_NUMBER, struct azure_circuit_link, router_id,
		.fallback = "the lowest address", .doc = "The MSEE's BGP identifier."),
	FIELD("hashSeed", SEED, struct azure_circuit_link, hash_seed, .fallback = "from the seed",
		.doc = "What the MSEE's choice among equal paths is drawn from."),
	END,
};

static const struct object circuit_link_object = {
	.name = "circuitLink",
	.title = "a circuit link",
	.doc = "One of a circuit's two links, with the MSEE at its end.",
	.size = sizeof(struct azure_circuit_link),
	.fields = circuit_link_fields,
	NO_NAME,
	.place_offset = offsetof(struct azure_circuit_link, place),
	.given_offset = offsetof(struct azure_circuit_link, given),
};

static const struct field circuit_links_fields[] = {
	FIELD("primary", OBJECT, struct azure_circuit, links[0], .object = &circuit_link_object,
		.doc = "The primary link."),
	FIELD("secondary", OBJECT, struct azure_circuit, links[1], .object = &circuit_link_object,
		.doc = "The secondary link."),
	END,
};

static const struct object circuit_links_object = {
	.name = "circuitLinks",
	.title = "links of a circuit",
	.doc = "Properties of a circuit's links that Azure has no word for.",
	.size = 0,
	.fields = circuit_links_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};

static const struct field circuit_fields[] = {
	FIELD("peeringLocation", TEXT, struct azure_circuit, peering_location,
		.doc = "Where the circuit meets Microsoft."),
	GROUP("peerings", &circuit_peerings_object, .required = true, .doc = "The circuit's peerings."),
	GROUP("links", &circuit_links_object, .doc = "Delay, loss and state of the two links."),
	FIELD("bfd", NOT, struct azure_circuit, bfd_off, .fallback = "true",
		.doc = "Whether the MSEEs run BFD with the customer edge (AZ-ER-4)."),
	FIELD("bfdInterval", DURATION, struct azure_circuit, bfd_interval_ns, .fallback = "300ms",
		.min = 1000000, .doc = "BFD's interval."),
	FIELD("bfdMultiplier", NUMBER, struct azure_circuit, bfd_multiplier, .fallback = "3", .min = 1,
		.max = 255, .doc = "Intervals without a packet until the link counts as dead."),
	FIELD("holdTime", NUMBER, struct azure_circuit, hold_s, .fallback = "180", .min = 3,
		.max = 65535, .doc = "BGP hold time towards the customer edge, in seconds."),
	FIELD("stripPrivate", WORD, struct azure_circuit, strip_private, .words = words_strip,
		.fallback = "leading",
		.doc = "Which private AS numbers the MSEEs remove towards the customer (AZ-X-1)."),
	IGNORED("serviceProviderName", "Read and not used."),
	IGNORED("bandwidthInMbps", "Read and not used; `rate` of a link limits."),
	IGNORED("sku", "Read and not used."),
	LATER("globalReach", "circuits are not joined to each other"),
	LATER("expressRoutePort", ""),
	END,
};

const struct object native_circuit_object = {
	.name = "expressRouteCircuit",
	.title = "an ExpressRoute circuit",
	.doc = "An ExpressRoute circuit: two MSEEs, called `<circuit>-primary` and "
		   "`<circuit>-secondary`, and a link from each to a customer edge.",
	.size = sizeof(struct azure_circuit),
	.fields = circuit_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_circuit, name),
	.place_offset = offsetof(struct azure_circuit, place),
	NO_GIVEN,
};

static const struct field local_gateway_bgp_fields[] = {
	FIELD("asn", NUMBER, struct azure_local_gateway, asn, .min = 1, .max = ASN_MAX,
		.required = true, .doc = "AS number of the site's router."),
	FIELD("bgpPeeringAddress", ADDRESS, struct azure_local_gateway, bgp_peering_address,
		.required = true, .doc = "The address its BGP speaks from, reached through the tunnel."),
	IGNORED("peerWeight", "Read and not used."),
	END,
};

static const struct object local_gateway_bgp_object = {
	.name = "localGatewayBgpSettings",
	.title = "bgpSettings of a local network gateway",
	.doc = "BGP of the router a local network gateway stands for.",
	.size = 0,
	.fields = local_gateway_bgp_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};

static const struct field local_gateway_fields[] = {
	FIELD("gatewayIpAddress", ADDRESS, struct azure_local_gateway, gateway_address,
		.required = true, .doc = "Public address of the site's router."),
	LIST("localNetworkAddressSpace", PREFIXES, struct azure_local_gateway, address_space,
		address_space_count, .doc = "Prefixes that are there without BGP."),
	GROUP("bgpSettings", &local_gateway_bgp_object, .doc = "BGP of the site's router."),
	LATER("fqdn", "give gatewayIpAddress"),
	END,
};

const struct object native_local_gateway_object = {
	.name = "localNetworkGateway",
	.title = "a local network gateway",
	.doc = "What Azure knows of a site's router at the other end of a VPN.",
	.size = sizeof(struct azure_local_gateway),
	.fields = local_gateway_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_local_gateway, name),
	.place_offset = offsetof(struct azure_local_gateway, place),
	NO_GIVEN,
};

static const struct field connection_fields[] = {
	FIELD("connectionType", WORD, struct azure_connection, connection_type,
		.words = words_connection, .required = true, .doc = "What it joins."),
	FIELD("virtualNetworkGateway1", TEXT, struct azure_connection, gateway1, .required = true,
		.doc = "The gateway at this end."),
	FIELD("virtualNetworkGateway2", TEXT, struct azure_connection, gateway2,
		.doc = "Vnet2Vnet: the gateway at the other end."),
	FIELD("localNetworkGateway2", TEXT, struct azure_connection, local_gateway,
		.doc = "IPsec: the site at the other end."),
	FIELD("expressRouteCircuit", TEXT, struct azure_connection, circuit,
		.doc = "ExpressRoute: the circuit (Azure's `peer`)."),
	FIELD("routingWeight", NUMBER, struct azure_connection, routing_weight, .fallback = "0",
		.max = 32000, .doc = "Higher wins among circuits (AZ-ER-20)."),
	FIELD("enableBgp", BOOL, struct azure_connection, enable_bgp, .fallback = "false",
		.doc = "IPsec, Vnet2Vnet: whether BGP runs through the tunnel."),
	FIELD("sharedKey", TEXT, struct azure_connection, shared_key,
		.doc = "The tunnel's pre-shared key; the site's router has to have the same."),
	LIST("tunnelEndpoints", ADDRESSES, struct azure_connection, tunnel_endpoints,
		tunnel_endpoint_count, .fallback = "the offsets Azure takes (AZ-GW-2)",
		.doc = "ExpressRoute: addresses of the primary and the secondary MSEE in the "
			   "GatewaySubnet."),
	FIELD("sessionsDown", PICKS, struct azure_connection, connection_down, .words = words_link,
		.doc = "ExpressRoute: MSEEs the gateway has no session with, from the start."),
	FIELD("delay", DURATION, struct azure_connection, delay_ns, .fallback = "0ms",
		.doc = "One-way delay between the two ends."),
	FIELD("jitter", DURATION, struct azure_connection, jitter_ns, .fallback = "0ms",
		.doc = "At most this much is added to the delay, at random."),
	FIELD("loss", LOSS, struct azure_connection, loss_millionths, .fallback = "0%",
		.doc = "Share of packets lost."),
	FIELD("rate", RATE, struct azure_connection, rate_bits_per_s, .fallback = "unlimited",
		.doc = "What it carries."),
	FIELD("pathMtu", NUMBER, struct azure_connection, path_mtu_bytes, .fallback = "1500",
		.min = 576, .max = 9216, .doc = "Largest packet that what lies under a tunnel carries."),
	FIELD("lifetime", DURATION, struct azure_connection, lifetime_ns, .min = 1000000000,
		.fallback = "8h", .doc = "After which a tunnel takes new keys."),
	FIELD("nullCipher", BOOL, struct azure_connection, null_cipher, .fallback = "false",
		.doc = "Do not encrypt, so that captures show what is inside."),
	IGNORED("connectionProtocol", "Read and not used."),
	LATER("expressRouteGatewayBypass", "FastPath is not modelled"),
	LATER("fastPath", ""),
	LATER("usePolicyBasedTrafficSelectors", ""),
	END,
};

const struct object native_connection_object = {
	.name = "connection",
	.title = "a connection",
	.doc = "A connection of a gateway: to a circuit, to a site or to another gateway.",
	.size = sizeof(struct azure_connection),
	.fields = connection_fields,
	.name_kind = NAME_NODE,
	.name_offset = offsetof(struct azure_connection, name),
	.place_offset = offsetof(struct azure_connection, place),
	NO_GIVEN,
};

static const struct field parameter_fields[] = {
	FIELD("noneRoutes", WORD, struct azure_switches, none_routes, .words = words_none,
		.fallback = "documented",
		.doc = "System routes with next hop None: the four Azure documents, or all that dumps of "
			   "real networks show (AZ-NIC-6)."),
	FIELD("defaultInVirtualNetworkTag", BOOL, struct azure_switches, default_in_virtual_network_tag,
		.fallback = "false",
		.doc = "Whether a default route widens the tag VirtualNetwork to everything (AZ-NSG-4)."),
	FIELD("hideDeniedPeeringRoutes", BOOL, struct azure_switches, hide_denied_peering_routes,
		.fallback = "false",
		.doc = "Whether a peering without allowVirtualNetworkAccess has no route at all "
			   "(AZ-NIC-21)."),
	FIELD("programmingDelay", DURATION_OR_ZERO, struct azure_switches, programming_delay_ns,
		.fallback = "1s", .doc = "From a gateway's new route to the NICs that use it."),
	FIELD("gatewayMseeHoldTime", NUMBER, struct azure_switches, gateway_msee_hold_s,
		.fallback = "60", .min = 3, .max = 65535,
		.doc = "Until an ExpressRoute gateway notices a lost MSEE, in seconds."),
	FIELD("standbyTakeover", DURATION_OR_ZERO, struct azure_switches, standby_takeover_ns,
		.fallback = "60s",
		.doc = "Until the standby of an active-standby VPN gateway replaces a failed instance "
			   "(AZ-VPN-21)."),
	FIELD("peeringDelay", DURATION, struct azure_switches, peering_delay_ns, .fallback = "50us",
		.min = 1, .doc = "One-way delay of a peering inside a region."),
	FIELD("globalPeeringDelay", DURATION, struct azure_switches, global_peering_delay_ns,
		.fallback = "20ms", .min = 1, .doc = "One-way delay of a peering between regions."),
	END,
};

const struct object native_parameters_object = {
	.name = "parameters",
	.title = "parameters",
	.doc = "Where sources contradict each other, and delays of the platform.",
	.size = sizeof(struct azure_switches),
	.fields = parameter_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};
