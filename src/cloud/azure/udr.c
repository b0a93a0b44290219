// The effective table of a subnet: of the rows that don't come from a gateway, the preferred one of
// each prefix (AZ-NIC-2), with user-defined routes resolved to ports (AZ-NIC-10). Among prefixes
// the longest wins (AZ-NIC-1).
//
// `holds` does two rules at once. A strong system route is not overridden by a longer BGP route
// (AZ-NIC-5), and BGP prefixes inside the VNet's own or a directly peered range are never
// programmed (AZ-X-14): so a user's route inside such a range holds against them too. It also makes
// a peering win over the way through the gateways (AZ-PEER-10).
#include "cloud/azure/lower_int.h"

#include "base/assert.h"

struct hops {
	struct route_hop items[AZURE_INSTANCES];
	uint16_t count;
	uint8_t drop; // enum drop + 1
};

static void add_hop(struct hops *hops, uint32_t port, struct ip via) {
	hops->items[hops->count++] = (struct route_hop){.port = port, .via = via};
}

static void set_drop(struct hops *hops, enum drop drop) {
	hops->drop = (uint8_t)(drop + 1);
}

static uint32_t bound_port(const struct lowered_subnet *subnet, struct ip address) {
	for (size_t i = 0; i < subnet->count; i++) {
		if (ip_equal(subnet->items[i].address, address))
			return subnet->items[i].port;
	}
	return TOPO_NONE;
}

// Towards an appliance: in this subnet, in the VNet, in a directly peered one. It is not tracked
// whether anybody has the address (AZ-NVA-4).
static void hop_to_appliance(const struct azure_cloud *cloud, const struct lowered_subnet *subnet,
	struct ip address, struct hops *out) {
	const struct lowered_vnet *vnet = &cloud->vnets[subnet->vnet];
	uint32_t port = bound_port(subnet, address);

	if (port != TOPO_NONE) {
		add_hop(out, port, address);
		return;
	}
	if (azure_vnet_contains(vnet->vnet, address)) {
		add_hop(out, subnet->own_port, address);
		return;
	}
	for (size_t p = 0; p < vnet->peer_count; p++) {
		if (!azure_vnet_contains(cloud->vnets[vnet->peers[p].vnet].vnet, address))
			continue;
		add_hop(out, subnet->peer_ports[p], address);
		return;
	}
	set_drop(out, DROP_NO_HOST);
}

// AZ-VPN-17: towards the VPN gateway; ExpressRoute can't be meant (AZ-NIC-10).
static void hop_to_gateway(
	const struct azure_cloud *cloud, const struct lowered_subnet *subnet, struct hops *out) {
	uint32_t from = cloud->vnets[subnet->vnet].gateway_vnet;
	uint32_t vpn = from == TOPO_NONE ? TOPO_NONE : cloud->vnets[from].vpn;

	if (vpn == TOPO_NONE) {
		set_drop(out, DROP_NO_ROUTE);
		return;
	}
	const struct lowered_gateway *gateway = &cloud->gateways[vpn];
	for (size_t i = 0; i < gateway->instance_count; i++)
		add_hop(out, subnet->gateway_port, gateway->instances[i].address);
}

// AZ-NIC-17: in this subnet, across the network's own segment, or across a peer's.
static void hop_to_endpoint(
	const struct lowered_subnet *subnet, const struct azure_row *row, struct hops *out) {
	uint32_t port = row->peer == TOPO_NONE ? bound_port(subnet, row->prefix.base) : TOPO_NONE;

	if (row->peer != TOPO_NONE)
		port = subnet->peer_ports[row->peer];
	add_hop(out, port != TOPO_NONE ? port : subnet->own_port, IP_NONE);
}

static void resolve(const struct azure_cloud *cloud, const struct lowered_subnet *subnet,
	const struct azure_row *row, struct hops *out) {
	*out = (struct hops){0};
	switch (row->type) {
	case ROW_VNET_LOCAL:
		add_hop(out, subnet->own_port, IP_NONE);
		break;
	case ROW_PEERING:
	case ROW_GLOBAL_PEERING:
		add_hop(out, subnet->peer_ports[row->peer], IP_NONE);
		break;
	case ROW_INTERFACE_ENDPOINT:
		hop_to_endpoint(subnet, row, out);
		break;
	case ROW_SERVICE_ENDPOINT:
		set_drop(out, DROP_LEFT_TO_SERVICE);
		break;
	case ROW_GATEWAY:
		hop_to_gateway(cloud, subnet, out);
		break;
	case ROW_INTERNET:
		set_drop(out, DROP_LEFT_TO_INTERNET);
		break;
	case ROW_NONE:
		set_drop(out, DROP_NONE_ROUTE);
		break;
	case ROW_APPLIANCE:
		hop_to_appliance(cloud, subnet, row->next_hop, out);
		break;
	}
}

static bool lies_in_service(const struct azure_subnet *subnet, struct prefix prefix) {
	for (size_t s = 0; s < subnet->service_endpoint_count; s++) {
		for (size_t i = 0; i < subnet->service_endpoints[s].prefix_count; i++) {
			if (prefix_covers(subnet->service_endpoints[s].prefixes[i], prefix))
				return true;
		}
	}
	return false;
}

static bool lies_in_known_range(
	const struct azure_cloud *cloud, const struct lowered_subnet *subnet, struct prefix prefix) {
	const struct lowered_vnet *vnet = &cloud->vnets[subnet->vnet];

	for (size_t i = 0; i < vnet->vnet->address_space_count; i++) {
		if (prefix_covers(vnet->vnet->address_space[i], prefix))
			return true;
	}
	for (size_t p = 0; p < vnet->peer_count; p++) {
		const struct azure_vnet *remote = cloud->vnets[vnet->peers[p].vnet].vnet;
		for (size_t i = 0; i < remote->address_space_count; i++) {
			if (prefix_covers(remote->address_space[i], prefix))
				return true;
		}
	}
	return lies_in_service(subnet->subnet, prefix);
}

static struct topo_table_route route_of(const struct azure_cloud *cloud,
	const struct lowered_subnet *subnet, const struct azure_row *row) {
	return (struct topo_table_route){
		.prefix = row->prefix,
		.preference = row->preference,
		.holds = row->preference == AZURE_PREFER_STRONG ||
			(row->preference == AZURE_PREFER_USER &&
				lies_in_known_range(cloud, subnet, row->prefix)),
		// AZ-SRC-1: what only these would answer has no way back into the VNet.
		.not_a_source =
			row->type == ROW_NONE || row->type == ROW_INTERNET || row->type == ROW_SERVICE_ENDPOINT,
		.origin = row->origin,
	};
}

static void add_route(
	struct azure_cloud *cloud, const struct lowered_subnet *subnet, const struct azure_row *row) {
	struct hops hops;
	struct topo_table_route route = route_of(cloud, subnet, row);

	resolve(cloud, subnet, row, &hops);
	route.hops = hops.items;
	route.hop_count = hops.count;
	route.drop = hops.drop;
	topo_table_route_add(cloud->topo, subnet->effective, &route);
}

static const struct azure_row *longest(const struct azure_rows *winners, struct ip address) {
	const struct azure_row *best = NULL;

	for (size_t i = 0; i < winners->count; i++) {
		const struct azure_row *row = &winners->items[i];
		if (prefix_contains(row->prefix, address) &&
			(!best || row->prefix.bits > best->prefix.bits))
			best = row;
	}
	return best;
}

// An address of this very subnet that VnetLocal answers is behind one of its own ports, not across
// the segment.
static void add_neighbors(struct azure_cloud *cloud, const struct lowered_subnet *subnet,
	const struct azure_rows *winners) {
	for (size_t i = 0; i < subnet->count; i++) {
		const struct azure_row *row = longest(winners, subnet->items[i].address);
		if (!row || row->type != ROW_VNET_LOCAL)
			continue;
		struct topo_table_route route = route_of(cloud, subnet, row);
		struct route_hop hop = {.port = subnet->items[i].port};
		route.prefix = prefix_host(subnet->items[i].address);
		route.hops = &hop;
		route.hop_count = 1;
		topo_table_route_add(cloud->topo, subnet->effective, &route);
	}
}

// Sorted, the preferred row of each prefix comes first. A private endpoint's may not stand even so.
static void keep_winners(struct azure_rows *rows) {
	struct azure_rows all = *rows;
	struct azure_rows winners = {0};

	for (size_t i = 0; i < all.count; i++) {
		const struct azure_row *row = &all.items[i];
		bool is_first = i == 0 || !prefix_equal(all.items[i - 1].prefix, row->prefix);
		bool yields = row->type == ROW_INTERFACE_ENDPOINT && azure_row_user_instead(&all, row);
		if (is_first && !yields)
			ARRAY_PUSH(&winners, *row);
	}
	azure_rows_done(&all);
	*rows = winners;
}

static void lower_table(struct azure_cloud *cloud, const struct lowered_subnet *subnet) {
	struct azure_rows rows;

	azure_rows_collect(cloud, subnet, &rows);
	azure_rows_sort(&rows);
	keep_winners(&rows);
	for (size_t i = 0; i < rows.count; i++)
		add_route(cloud, subnet, &rows.items[i]);
	add_neighbors(cloud, subnet, &rows);
	cloud->topo->tables[subnet->effective].group = azure_subnet_group(cloud, subnet);
	azure_rows_done(&rows);
}

void azure_udr_lower(struct azure_cloud *cloud, uint32_t number) {
	const struct lowered_subnet *subnet = &cloud->subnets[number];

	lower_table(cloud, subnet);
	if (subnet->without_user == TOPO_NONE)
		return;
	struct lowered_subnet plain = azure_subnet_without_user(subnet);
	lower_table(cloud, &plain);
}
