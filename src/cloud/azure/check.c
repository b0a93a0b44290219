// What Azure would refuse to deploy, each with the rule that says so.
#include "cloud/azure/endpoint_int.h"
#include "cloud/azure/lower_int.h"

// AZ-VPN-1, AZ-ER-3: numbers nobody outside Azure may use. 65516 is not among them.
static const uint32_t reserved_asns[] = {
	8074, 8075, 12076, 23456, 65515, 65517, 65518, 65519, 65520, UINT32_MAX};
static const struct { uint32_t low, high; } reserved_spans[] = {{64496, 64511}, {65535, 65551}};

static bool is_reserved_asn(uint32_t asn) {
	for (size_t i = 0; i < sizeof(reserved_asns) / sizeof(reserved_asns[0]); i++) {
		if (reserved_asns[i] == asn)
			return true;
	}
	for (size_t i = 0; i < sizeof(reserved_spans) / sizeof(reserved_spans[0]); i++) {
		if (asn >= reserved_spans[i].low && asn <= reserved_spans[i].high)
			return true;
	}
	return false;
}

// AZ-PEER-3: pairwise.
static void check_peers(struct azure_cloud *cloud, uint32_t v) {
	const struct lowered_vnet *vnet = &cloud->vnets[v];
	char a[PREFIX_TEXT_BYTES], b[PREFIX_TEXT_BYTES];

	for (size_t p = 0; p < vnet->peer_count; p++) {
		const struct azure_peer *peer = &vnet->peers[p];
		const struct azure_vnet *remote = cloud->vnets[peer->vnet].vnet;
		for (size_t q = 0; q < p; q++) {
			if (vnet->peers[q].vnet == peer->vnet)
				azure_mistake(cloud, azure_place(cloud, &peer->ours->remote, peer->ours->place),
					"%s has two peerings to %s", vnet->vnet->name, remote->name);
		}
		for (size_t i = 0; v < peer->vnet && i < vnet->vnet->address_space_count; i++) {
			for (size_t k = 0; k < remote->address_space_count; k++) {
				if (!prefix_overlaps(vnet->vnet->address_space[i], remote->address_space[k]))
					continue;
				azure_mistake(cloud, peer->ours->place,
					"%s (%s) and %s (%s) can't be peered: their address spaces overlap",
					vnet->vnet->name, prefix_format(vnet->vnet->address_space[i], a), remote->name,
					prefix_format(remote->address_space[k], b));
			}
		}
	}
}

static void check_gateway(struct azure_cloud *cloud, const struct lowered_gateway *lowered) {
	const struct azure_gateway *gateway = lowered->gateway;
	uint32_t asn = gateway->asn;
	struct place asn_place = azure_place(cloud, &gateway->asn, gateway->place);

	if (lowered->is_doubtful)
		return;
	if (asn && lowered->is_er && asn != AZURE_ASN)
		azure_mistake(cloud, asn_place, "%s: an ExpressRoute gateway always has AS %d, not %u",
			gateway->name, AZURE_ASN, asn);
	else if (asn && asn != AZURE_ASN && is_reserved_asn(asn)) // AZ-VPN-1
		azure_mistake(cloud, asn_place, "%s: AS %u is reserved", gateway->name, asn);
	if (lowered->is_er && gateway->active_active)
		azure_lint(cloud, gateway->place, "always-two-instances",
			"%s: an ExpressRoute gateway has two instances without activeActive", gateway->name);
}

static void check_gateway_subnet(struct azure_cloud *cloud, const struct lowered_vnet *vnet) {
	if (vnet->gateway_subnet == TOPO_NONE)
		return;
	const struct lowered_subnet *subnet = &cloud->subnets[vnet->gateway_subnet];
	const struct azure_route_table *table = subnet->route_table;
	if (table && table->disable_bgp_route_propagation) // AZ-NIC-12
		azure_mistake(cloud,
			azure_place(cloud, &subnet->subnet->route_table, subnet->subnet->place),
			"routeTable %s has disableBgpRoutePropagation, so it can't be used on GatewaySubnet",
			table->name);
	for (size_t i = 0; table && vnet->vpn != TOPO_NONE && i < table->route_count; i++) {
		const struct azure_route *route = &table->routes[i];
		if (!azure_is_doubtful(cloud, &route->address_prefix) &&
			prefix_is_default(route->address_prefix)) // AZ-NIC-13
			azure_mistake(cloud, azure_place(cloud, &route->address_prefix, route->place),
				"route %s: a default route on the GatewaySubnet of %s is not supported with a VPN "
				"gateway",
				route->name, vnet->vnet->name);
	}
	if (subnet->nsg) // AZ-NSG-8
		azure_lint(cloud, subnet->subnet->place, "nsg-on-gateway-subnet",
			"a networkSecurityGroup on the GatewaySubnet of %s is not supported", vnet->vnet->name);
}

// AZ-NIC-10, for one subnet that uses the table.
static void check_route_gateway(struct azure_cloud *cloud, const struct lowered_subnet *subnet,
	const struct azure_route *route) {
	uint32_t from = cloud->vnets[subnet->vnet].gateway_vnet;
	const char *vnet = cloud->vnets[subnet->vnet].vnet->name;
	struct place place = azure_place(cloud, &route->next_hop_type, route->place);

	if (azure_is_doubtful(cloud, &route->next_hop_type) ||
		cloud->vnets[subnet->vnet].is_transit_doubtful ||
		(from != TOPO_NONE && azure_gateways_are_doubtful(cloud, cloud->vnets[from].vnet)) ||
		!text_equal(route->next_hop_type, "VirtualNetworkGateway"))
		return;
	if (from == TOPO_NONE || cloud->vnets[from].vpn == TOPO_NONE)
		azure_mistake(cloud, place,
			"route %s: next hop VirtualNetworkGateway, but %s has no VPN gateway to use",
			route->name, vnet);
	else if (cloud->vnets[from].er != TOPO_NONE)
		azure_mistake(cloud, place,
			"route %s: next hop VirtualNetworkGateway can't be used where %s has both gateway types",
			route->name, cloud->vnets[from].vnet->name);
}

static void check_next_hop(struct azure_cloud *cloud, const struct azure_route *route) {
	static const char *const types[] = {
		"VirtualAppliance", "VnetLocal", "VirtualNetworkGateway", "Internet", "None"};
	bool is_appliance = text_equal(route->next_hop_type, "VirtualAppliance");
	bool is_known = false;
	struct place place = azure_place(cloud, &route->next_hop_type, route->place);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		is_known = is_known || text_equal(route->next_hop_type, types[i]);
	if (!is_known)
		azure_mistake(cloud, place,
			"route %s: next hop %s can't be used in a route; it is VirtualAppliance, VnetLocal, "
			"VirtualNetworkGateway, Internet or None",
			route->name, route->next_hop_type);
	else if (is_appliance && ip_is_none(route->next_hop))
		azure_mistake(cloud, place, "route %s: next hop VirtualAppliance needs nextHopIpAddress",
			route->name);
	else if (!is_appliance && !ip_is_none(route->next_hop))
		azure_mistake(cloud, azure_place(cloud, &route->next_hop, route->place),
			"route %s: nextHopIpAddress goes with VirtualAppliance only, not with %s", route->name,
			route->next_hop_type);
}

static void check_route(
	struct azure_cloud *cloud, const struct azure_route_table *table, size_t at) {
	const struct azure_route *route = &table->routes[at];
	char text[PREFIX_TEXT_BYTES];

	if (!azure_is_doubtful(cloud, &route->next_hop_type) &&
		!azure_is_doubtful(cloud, &route->next_hop))
		check_next_hop(cloud, route);
	if (azure_is_doubtful(cloud, &route->address_prefix))
		return;
	for (size_t i = 0; i < at; i++) {
		if (!azure_is_doubtful(cloud, &table->routes[i].address_prefix) &&
			prefix_equal(table->routes[i].address_prefix, route->address_prefix))
			azure_mistake(cloud, azure_place(cloud, &route->address_prefix, route->place),
				"routes %s and %s are both for %s", table->routes[i].name, route->name,
				prefix_format(route->address_prefix, text));
	}
}

static void check_local_gateway(
	struct azure_cloud *cloud, const struct azure_local_gateway *local) {
	if (local->asn && is_reserved_asn(local->asn)) // AZ-VPN-1
		azure_mistake(cloud, azure_place(cloud, &local->asn, local->place), "%s: AS %u is reserved",
			local->name, local->asn);
	if (local->asn && ip_is_none(local->bgp_peering_address) &&
		!azure_is_doubtful(cloud, &local->bgp_peering_address))
		azure_mistake(cloud, local->place, "%s has an asn but no bgpPeeringAddress", local->name);
}

static void check_circuit(struct azure_cloud *cloud, const struct azure_circuit *circuit) {
	char text[PREFIX_TEXT_BYTES];

	if (circuit->peer_asn && is_reserved_asn(circuit->peer_asn)) // AZ-ER-3
		azure_mistake(cloud, azure_place(cloud, &circuit->peer_asn, circuit->place),
			"%s: AS %u is reserved", circuit->name, circuit->peer_asn);
	for (size_t i = 0; i < AZURE_LINKS; i++) {
		const struct azure_circuit_link *link = &circuit->links[i];
		const char *which = i ? "secondary" : "primary";
		bool has = !ip_is_none(link->peer_prefix.base);
		bool has_v6 = !ip_is_none(link->peer_prefix6.base);
		unsigned wanted = prefix_is_v4(link->peer_prefix) ? 30 : 126;
		bool is_doubtful = azure_is_doubtful(cloud, &link->peer_prefix);
		struct place place = azure_place(cloud, &link->peer_prefix, link->place);
		struct place place6 = azure_place(cloud, &link->peer_prefix6, link->place);
		if (link->given && !has && !has_v6 && !is_doubtful &&
			!azure_is_doubtful(cloud, &link->peer_prefix6))
			azure_mistake(cloud, link->place, "%s: the %s link needs %sPeerAddressPrefix",
				circuit->name, which, which);
		if (has && !is_doubtful && prefix_length(link->peer_prefix) != wanted) // AZ-ER-1
			azure_mistake(cloud, place, "%s: the %s link is %s; it has to be a /%u", circuit->name,
				which, prefix_format(link->peer_prefix, text), wanted);
		if (!has_v6 || azure_is_doubtful(cloud, &link->peer_prefix6))
			continue;
		if (prefix_is_v4(link->peer_prefix6) || prefix_length(link->peer_prefix6) != 126)
			azure_mistake(cloud, place6,
				"%s: ipv6PeeringConfig of the %s link is %s; it has to be an IPv6 /126",
				circuit->name, which, prefix_format(link->peer_prefix6, text));
		else if (has && !is_doubtful && !prefix_is_v4(link->peer_prefix))
			azure_mistake(cloud, place,
				"%s: the %s link has two IPv6 prefixes; beside ipv6PeeringConfig its own is IPv4",
				circuit->name, which);
	}
}

static const char *type_of_gateway(const struct azure_cloud *cloud, uint32_t number) {
	return cloud->gateways[number].is_er ? "ExpressRoute" : "Vpn";
}

static void check_ends(struct azure_cloud *cloud, const struct lowered_connection *lowered) {
	const struct azure_connection *connection = lowered->connection;
	const char *type = connection->connection_type;
	if (azure_is_doubtful(cloud, &connection->connection_type))
		return;
	bool is_er = text_equal(type, "ExpressRoute");
	bool is_vnet = text_equal(type, "Vnet2Vnet");
	const char *needs = is_er ? "expressRouteCircuit"
		: is_vnet             ? "virtualNetworkGateway2"
							  : "localNetworkGateway2";
	const char *const *end = is_er ? &connection->circuit
		: is_vnet                  ? &connection->gateway2
								   : &connection->local_gateway;

	if (!connection->gateway1 && !azure_is_doubtful(cloud, &connection->gateway1))
		azure_mistake(cloud, connection->place, "connection %s needs virtualNetworkGateway1",
			connection->name);
	if (!*end && !azure_is_doubtful(cloud, end))
		azure_mistake(cloud, connection->place, "connection %s of type %s needs %s",
			connection->name, type, needs);
	uint32_t ends[] = {lowered->gateway1, is_vnet ? lowered->gateway2 : TOPO_NONE};
	for (size_t i = 0; i < 2; i++) {
		if (ends[i] == TOPO_NONE || cloud->gateways[ends[i]].is_er == is_er ||
			cloud->gateways[ends[i]].is_doubtful)
			continue;
		azure_mistake(cloud,
			azure_place(
				cloud, i ? &connection->gateway2 : &connection->gateway1, connection->place),
			"connection %s of type %s can't end at %s, which is a gateway of type %s",
			connection->name, type, cloud->gateways[ends[i]].gateway->name,
			type_of_gateway(cloud, ends[i]));
	}
}

static void check_bgp(struct azure_cloud *cloud, const struct lowered_connection *lowered) {
	const struct azure_connection *connection = lowered->connection;

	if (!connection->enable_bgp || lowered->gateway1 == TOPO_NONE)
		return;
	uint32_t near = cloud->gateways[lowered->gateway1].asn;
	struct place place = azure_place(cloud, &connection->enable_bgp, connection->place);
	const struct azure_local_gateway *local = lowered->local_gateway == TOPO_NONE
		? NULL
		: &cloud->model->local_gateways[lowered->local_gateway];
	if (azure_is_doubtful(cloud, &cloud->gateways[lowered->gateway1].gateway->asn) ||
		(local && azure_is_doubtful(cloud, &local->asn)) ||
		(lowered->gateway2 != TOPO_NONE &&
			azure_is_doubtful(cloud, &cloud->gateways[lowered->gateway2].gateway->asn)))
		return;
	if (lowered->gateway2 != TOPO_NONE && cloud->gateways[lowered->gateway2].asn == near)
		azure_mistake(cloud, place, // AZ-VPN-13
			"connection %s: %s and %s both have AS %u; BGP between them needs different ones",
			connection->name, connection->gateway1, connection->gateway2, near);
	if (local && local->asn == 0)
		azure_mistake(cloud, place,
			"connection %s has enableBgp, but localNetworkGateway %s has no asn", connection->name,
			local->name);
	else if (local && local->asn == near)
		azure_mistake(cloud, place, "connection %s: %s and localNetworkGateway %s both have AS %u",
			connection->name, connection->gateway1, local->name, near);
}

static void check_connection(struct azure_cloud *cloud, size_t c) {
	const struct lowered_connection *lowered = &cloud->connections[c];

	check_ends(cloud, lowered);
	check_bgp(cloud, lowered);
	for (size_t i = 0; i < c && lowered->circuit != TOPO_NONE; i++) {
		const struct lowered_connection *other = &cloud->connections[i];
		if (other->circuit == lowered->circuit && lowered->gateway1 != TOPO_NONE &&
			other->gateway1 == lowered->gateway1)
			azure_mistake(cloud, lowered->connection->place,
				"connections %s and %s both join %s to circuit %s", other->connection->name,
				lowered->connection->name, lowered->connection->gateway1,
				lowered->connection->circuit);
	}
}

void azure_check(struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;

	for (uint32_t v = 0; v < model->vnet_count; v++) {
		check_peers(cloud, v);
		check_gateway_subnet(cloud, &cloud->vnets[v]);
	}
	for (size_t g = 0; g < cloud->gateway_count; g++)
		check_gateway(cloud, &cloud->gateways[g]);
	for (size_t t = 0; t < model->route_table_count; t++) {
		for (size_t i = 0; i < model->route_tables[t].route_count; i++)
			check_route(cloud, &model->route_tables[t], i);
	}
	for (size_t s = 0; s < cloud->subnet_count; s++) {
		const struct azure_route_table *table = cloud->subnets[s].route_table;
		for (size_t i = 0; table && i < table->route_count; i++)
			check_route_gateway(cloud, &cloud->subnets[s], &table->routes[i]);
	}
	for (size_t i = 0; i < model->local_gateway_count; i++)
		check_local_gateway(cloud, &model->local_gateways[i]);
	for (size_t i = 0; i < model->circuit_count; i++)
		check_circuit(cloud, &model->circuits[i]);
	for (size_t c = 0; c < model->connection_count; c++)
		check_connection(cloud, c);
	azure_nsg_check(cloud);
	azure_endpoint_check(cloud);
	azure_limits_check(cloud);
	if (diagnostics_error_count(cloud->mistakes) == 0) // it warns only, which nobody would be told
		azure_steering_check(cloud);
}
