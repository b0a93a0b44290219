// The rows of a subnet's effective routes that are known without any gateway: system routes
// (AZ-NIC-6, AZ-NIC-7, AZ-NIC-9) and the user's own (AZ-NIC-10).
#include "cloud/azure/endpoint_int.h"
#include "cloud/azure/lower_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

// AZ-NIC-6, in the order tables print them: the four documented ones, and what recorded tables show
// besides.
static const struct {
	const char *prefix;
	bool is_documented;
} none_prefixes[] = {
	{"10.0.0.0/8", true},
	{"127.0.0.0/8", false},
	{"100.64.0.0/10", true},
	{"172.16.0.0/12", true},
	{"25.176.0.0/13", false},
	{"25.152.0.0/14", false},
	{"25.184.0.0/14", false},
	{"25.4.0.0/14", false},
	{"25.148.0.0/15", false},
	{"198.18.0.0/15", false},
	{"25.150.0.0/16", false},
	{"25.156.0.0/16", false},
	{"25.159.0.0/16", false},
	{"40.109.0.0/16", false},
	{"192.168.0.0/16", true},
	{"104.147.0.0/16", false},
	{"157.59.0.0/16", false},
	{"40.108.0.0/17", false},
	{"104.146.0.0/17", false},
	{"23.103.0.0/18", false},
	{"20.35.252.0/22", false},
};
#define NONE_COUNT (sizeof(none_prefixes) / sizeof(none_prefixes[0]))

// Is the i-th in use, and which is it?
static bool none_prefix(const struct azure_cloud *cloud, size_t i, struct prefix *out) {
	const char *which = cloud->model->switches.none_routes;
	bool has_all = which && text_equal(which, "observed");
	int error = prefix_parse(none_prefixes[i].prefix, out);

	assert(error == 0);
	return has_all || none_prefixes[i].is_documented;
}

uint32_t azure_subnet_group(const struct azure_cloud *cloud, const struct lowered_subnet *subnet) {
	const struct azure_route_table *table = subnet->route_table;
	uint32_t from = cloud->vnets[subnet->vnet].gateway_vnet;

	if (from == TOPO_NONE || (table && table->disable_bgp_route_propagation)) // AZ-NIC-12
		return TOPO_NONE;
	return cloud->vnets[from].group;
}

struct lowered_subnet azure_subnet_without_user(const struct lowered_subnet *subnet) {
	struct lowered_subnet plain = *subnet;

	plain.route_table = NULL;
	plain.effective = subnet->without_user;
	return plain;
}

static void add_ranges(
	const struct azure_cloud *cloud, const struct lowered_vnet *vnet, struct azure_rows *out) {
	(void)cloud;
	for (size_t i = 0; i < vnet->vnet->address_space_count; i++) {
		struct azure_row row = {
			.prefix = vnet->vnet->address_space[i],
			.type = ROW_VNET_LOCAL,
			.preference = AZURE_PREFER_STRONG,
			.origin = vnet->range_origins[i],
		};
		ARRAY_PUSH(out, row);
	}
}

// AZ-NIC-21: whether a peering without access still shows is a switch.
static bool is_hidden(const struct azure_cloud *cloud, const struct azure_peer *peer) {
	return cloud->model->switches.hide_denied_peering_routes &&
		(peer->ours->no_virtual_network_access || peer->theirs->no_virtual_network_access);
}

static void add_peers(
	const struct azure_cloud *cloud, const struct lowered_vnet *vnet, struct azure_rows *out) {
	for (uint32_t p = 0; p < vnet->peer_count; p++) {
		const struct azure_peer *peer = &vnet->peers[p];
		const struct azure_vnet *remote = cloud->vnets[peer->vnet].vnet;
		if (is_hidden(cloud, peer))
			continue;
		for (size_t i = 0; i < remote->address_space_count; i++) { // AZ-NIC-16
			struct azure_row row = {
				.prefix = remote->address_space[i],
				.type = peer->is_global ? ROW_GLOBAL_PEERING : ROW_PEERING,
				.preference = AZURE_PREFER_STRONG,
				.peer = p,
				.origin = peer->origin,
			};
			ARRAY_PUSH(out, row);
		}
	}
}

// AZ-NIC-17: user routes count against an endpoint only where its own subnet lets them, and then
// those as specific as the range it lies in. A default route never does.
static uint8_t yields_from(
	const struct azure_cloud *cloud, const struct lowered_endpoint *endpoint, struct ip address) {
	const struct lowered_subnet *home = &cloud->subnets[endpoint->subnet];
	const struct azure_vnet *vnet = cloud->vnets[home->vnet].vnet;

	for (size_t i = 0; i < vnet->address_space_count; i++) {
		if (azure_policies_hold_routes(home->subnet) &&
			prefix_contains(vnet->address_space[i], address))
			return vnet->address_space[i].bits;
	}
	return 0;
}

static void add_endpoint(const struct azure_cloud *cloud, const struct lowered_endpoint *endpoint,
	uint32_t peer, struct azure_rows *out) {
	for (size_t i = 0; i < endpoint->address_count; i++) {
		struct azure_row row = {
			.prefix = prefix_host(endpoint->addresses[i]),
			.type = ROW_INTERFACE_ENDPOINT,
			.preference = AZURE_PREFER_STRONG,
			.peer = peer,
			.yields_from = yields_from(cloud, endpoint, endpoint->addresses[i]),
			.origin = endpoint->origin,
		};
		ARRAY_PUSH(out, row);
	}
}

// AZ-NIC-17: in the network and in those directly peered with it, not beyond (AZ-PEER-1).
static void add_endpoints(
	const struct azure_cloud *cloud, const struct lowered_subnet *subnet, struct azure_rows *out) {
	const struct lowered_vnet *vnet = &cloud->vnets[subnet->vnet];

	for (size_t e = 0; e < cloud->model->endpoint_count; e++) {
		const struct lowered_endpoint *endpoint = &cloud->endpoints[e];
		uint32_t home = cloud->subnets[endpoint->subnet].vnet;
		if (home == subnet->vnet)
			add_endpoint(cloud, endpoint, TOPO_NONE, out);
		for (uint32_t p = 0; p < vnet->peer_count; p++) {
			if (vnet->peers[p].vnet == home && !is_hidden(cloud, &vnet->peers[p]))
				add_endpoint(cloud, endpoint, p, out);
		}
	}
}

// AZ-NIC-9: of the subnet that has them, and of no other.
static void add_services(const struct lowered_subnet *subnet, struct azure_rows *out) {
	for (size_t s = 0; s < subnet->subnet->service_endpoint_count; s++) {
		const struct azure_service_endpoint *service = &subnet->subnet->service_endpoints[s];
		for (size_t i = 0; i < service->prefix_count; i++) {
			struct azure_row row = {
				.prefix = service->prefixes[i],
				.type = ROW_SERVICE_ENDPOINT,
				.preference = AZURE_PREFER_STRONG,
				.origin = subnet->first_service + (uint32_t)s,
			};
			ARRAY_PUSH(out, row);
		}
	}
}

// AZ-NIC-7: a range equal to a reserved prefix takes its place, one around it removes it.
static bool is_displaced(const struct azure_vnet *vnet, struct prefix none) {
	for (size_t i = 0; i < vnet->address_space_count; i++) {
		if (prefix_covers(vnet->address_space[i], none))
			return true;
	}
	return false;
}

static bool has_user_default(const struct azure_route_table *table, bool v4) {
	for (size_t i = 0; table && i < table->route_count; i++) {
		struct prefix prefix = table->routes[i].address_prefix;
		if (prefix_is_default(prefix) && prefix_is_v4(prefix) == v4)
			return true;
	}
	return false;
}

static void add_weak(
	const struct azure_cloud *cloud, const struct lowered_subnet *subnet, struct azure_rows *out) {
	const struct azure_vnet *vnet = cloud->vnets[subnet->vnet].vnet;
	struct azure_row row = {.prefix = prefix_default_v4(),
		.type = ROW_INTERNET,
		.preference = AZURE_PREFER_WEAK,
		.origin = cloud->internet_origin};

	ARRAY_PUSH(out, row);
	for (size_t i = 0; i < vnet->address_space_count; i++) {
		if (prefix_is_v4(vnet->address_space[i]))
			continue;
		row.prefix = prefix_default_v6();
		ARRAY_PUSH(out, row);
		break;
	}
	if (has_user_default(subnet->route_table, true)) // AZ-NIC-8
		return;
	row.type = ROW_NONE;
	row.origin = cloud->none_origin;
	for (size_t i = 0; i < NONE_COUNT; i++) {
		if (none_prefix(cloud, i, &row.prefix) && !is_displaced(vnet, row.prefix))
			ARRAY_PUSH(out, row);
	}
}

static enum azure_row_type type_of(const char *next_hop_type) {
	static const struct {
		const char *word;
		enum azure_row_type type;
	} words[] = {
		{"VirtualAppliance", ROW_APPLIANCE},
		{"VnetLocal", ROW_VNET_LOCAL},
		{"VirtualNetworkGateway", ROW_GATEWAY},
		{"Internet", ROW_INTERNET},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_equal(next_hop_type, words[i].word))
			return words[i].type;
	}
	return ROW_NONE;
}

static void add_user(
	const struct azure_cloud *cloud, const struct lowered_subnet *subnet, struct azure_rows *out) {
	const struct azure_route_table *table = subnet->route_table;
	size_t at = table ? (size_t)(table - cloud->model->route_tables) : 0;

	for (size_t i = 0; table && i < table->route_count; i++) {
		const struct azure_route *route = &table->routes[i];
		struct azure_row row = {
			.prefix = route->address_prefix,
			.type = type_of(route->next_hop_type),
			.preference = AZURE_PREFER_USER,
			.next_hop = route->next_hop,
			.name = route->name,
			.origin = cloud->route_origins[at] + (uint32_t)i,
		};
		ARRAY_PUSH(out, row);
	}
}

void azure_rows_collect(
	const struct azure_cloud *cloud, const struct lowered_subnet *subnet, struct azure_rows *out) {
	const struct lowered_vnet *vnet = &cloud->vnets[subnet->vnet];

	*out = (struct azure_rows){0};
	add_ranges(cloud, vnet, out);
	add_peers(cloud, vnet, out);
	add_endpoints(cloud, subnet, out);
	add_services(subnet, out);
	add_weak(cloud, subnet, out);
	add_user(cloud, subnet, out);
}

// One around it leaves a row active (AZ-NIC-4), but for a private endpoint's that yields.
const struct azure_row *azure_row_user_instead(
	const struct azure_rows *rows, const struct azure_row *row) {
	const struct azure_row *longest = NULL;

	for (size_t i = 0; i < rows->count; i++) {
		const struct azure_row *user = &rows->items[i];
		if (user->preference != AZURE_PREFER_USER || !prefix_covers(user->prefix, row->prefix))
			continue;
		bool counts = prefix_equal(user->prefix, row->prefix) ||
			(row->yields_from > 0 && user->prefix.bits >= row->yields_from);
		if (counts && (!longest || user->prefix.bits > longest->prefix.bits))
			longest = user;
	}
	return longest;
}

void azure_rows_done(struct azure_rows *rows) {
	free(rows->items);
}

static int compare_rows(const void *left, const void *right) {
	const struct azure_row *a = left;
	const struct azure_row *b = right;
	int order = prefix_compare(a->prefix, b->prefix);

	if (order == 0)
		order = a->preference - b->preference;
	if (order == 0) // a VNet's own range before a peer's, whatever else would be a mistake
		order = (int)a->type - (int)b->type;
	return order ? order : (a->origin > b->origin) - (a->origin < b->origin);
}

void azure_rows_sort(struct azure_rows *rows) {
	if (rows->count > 0)
		qsort(rows->items, rows->count, sizeof(*rows->items), compare_rows);
}
