// Effective routes as Azure prints them: the system's, the gateways' and the user's rows, losers
// kept as Invalid (AZ-NIC-3), and what wins for a destination. AZ-NIC-19 is a whole table of them.
#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "cloud/azure/answer_int.h"
#include "cloud/azure/lower_int.h"

#define TEXTS_MAX FIB_HOPS_MAX

struct listing {
	const struct azure_cloud *cloud;
	struct world *world;
	struct arena *arena;
	uint32_t subnet;
	const struct fib_layer *shared; // what gateways learned, NULL: none is for this subnet
	bool has_gateway_default;       // a 0/0 from BGP (AZ-X-15)
	struct azure_rows rows;         // what the file says, in the order Azure prints it
	struct {
		struct cloud_route_row *items;
		size_t count, room;
	} out;
};

static const char *type_name(enum azure_row_type type) {
	switch (type) {
	case ROW_VNET_LOCAL:
		return "VnetLocal";
	case ROW_PEERING:
		return "VNetPeering";
	case ROW_GLOBAL_PEERING:
		return "VNetGlobalPeering";
	case ROW_INTERFACE_ENDPOINT:
		return "InterfaceEndpoint";
	case ROW_SERVICE_ENDPOINT:
		return "VirtualNetworkServiceEndpoint";
	case ROW_GATEWAY:
		return "VirtualNetworkGateway";
	case ROW_INTERNET:
		return "Internet";
	case ROW_NONE:
		return "None";
	case ROW_APPLIANCE:
		return "VirtualAppliance";
	}
	assert(false);
	return "";
}

static const char *address_text(struct arena *arena, struct ip address) {
	char text[IP_TEXT_BYTES];

	return arena_strdup(arena, ip_format(address, text));
}

// AZ-NIC-14, AZ-X-20: the provider address of the MSEE's link where it is known, else the tunnel
// endpoint; a VPN gateway's instances, or its public address when only one is active.
static struct ip printed_hop(const struct azure_cloud *cloud, uint32_t vnet, struct ip via) {
	const struct lowered_vnet *hub = &cloud->vnets[vnet];

	for (size_t c = 0; c < cloud->model->connection_count; c++) {
		const struct lowered_connection *connection = &cloud->connections[c];
		if (connection->circuit == TOPO_NONE || connection->gateway1 != hub->er)
			continue;
		for (size_t i = 0; i < AZURE_LINKS; i++) {
			struct ip provider =
				cloud->circuits[connection->circuit].circuit->links[i].provider_address;
			if (ip_equal(connection->endpoints[i], via))
				return ip_is_none(provider) ? via : provider;
		}
	}
	if (hub->vpn != TOPO_NONE) {
		const struct lowered_gateway *gateway = &cloud->gateways[hub->vpn];
		if (gateway->instance_count == 1 && ip_equal(gateway->instances[0].address, via))
			return gateway->instances[0].public_address;
	}
	return via;
}

static bool is_of_er(const struct azure_cloud *cloud, uint32_t vnet, uint32_t origin) {
	uint32_t er = cloud->vnets[vnet].er;

	return er != TOPO_NONE && cloud->gateways[er].learned_origin == origin;
}

// The user's row for exactly this prefix, which beats all others (AZ-NIC-2). One around it leaves
// them active (AZ-NIC-4).
static const struct azure_row *user_row(const struct listing *listing, struct prefix prefix) {
	for (size_t i = 0; i < listing->rows.count; i++) {
		const struct azure_row *row = &listing->rows.items[i];
		if (row->preference == AZURE_PREFER_USER && prefix_equal(row->prefix, prefix))
			return row;
	}
	return NULL;
}

static struct cloud_route_row *add_row(struct listing *listing, const char *source,
	struct prefix prefix, enum azure_row_type type, uint32_t origin) {
	struct cloud_route_row row = {
		.source = source,
		.state = "Active",
		.prefix = prefix,
		.next_hop_type = type_name(type),
		.origin = origin,
	};

	ARRAY_PUSH(&listing->out, row);
	return &listing->out.items[listing->out.count - 1];
}

static void add_hop(struct listing *listing, struct cloud_route_row *row, struct ip address) {
	const char *text = address_text(listing->arena, address);

	for (size_t i = 0; i < row->next_hop_count; i++) {
		if (text_equal(row->next_hops[i], text))
			return;
	}
	if (!row->next_hops)
		row->next_hops = ARENA_ARRAY(listing->arena, const char *, TEXTS_MAX);
	row->next_hops[row->next_hop_count++] = text;
}

static void lose_to_user(struct listing *listing, struct cloud_route_row *row) {
	const struct azure_row *user = user_row(listing, row->prefix);

	if (!user)
		return;
	row->state = "Invalid";
	row->why = arena_printf(
		listing->arena, "user-defined route %s has the same prefix (AZ-NIC-2)", user->name);
}

// Only Azure's own routes can: a gateway's row at a strong one's prefix is not programmed.
static void lose_to_gateway(struct listing *listing, struct cloud_route_row *row) {
	if (!listing->shared || !fib_layer_get(listing->shared, row->prefix))
		return;
	row->state = "Invalid";
	row->why = "a gateway's route has the same prefix (AZ-NIC-2)";
}

// At one prefix the first of two system rows, the stronger, stands for both (AZ-NIC-7).
static bool is_displaced(const struct listing *listing, size_t at) {
	for (size_t i = 0; i < at; i++) {
		const struct azure_row *row = &listing->rows.items[i];
		if (row->preference != AZURE_PREFER_USER &&
			prefix_equal(row->prefix, listing->rows.items[at].prefix))
			return true;
	}
	return false;
}

// AZ-NIC-17: with privateEndpointNetworkPolicies for routes, a covering one is enough.
static void yield_to_user(
	struct listing *listing, const struct azure_row *row, struct cloud_route_row *out) {
	const struct azure_row *user = azure_row_user_instead(&listing->rows, row);

	if (row->type != ROW_INTERFACE_ENDPOINT || !user || prefix_equal(user->prefix, row->prefix))
		return;
	out->state = "Invalid";
	out->why = arena_printf(listing->arena,
		"user-defined route %s covers the private endpoint, whose subnet lets it (AZ-NIC-17)",
		user->name);
}

static const char *why_of(const struct azure_row *row) {
	if (row->preference == AZURE_PREFER_WEAK)
		return "Azure's own route (AZ-NIC-6)";
	if (row->type == ROW_INTERFACE_ENDPOINT)
		return "a private endpoint (AZ-NIC-17)";
	return "holds against longer BGP routes (AZ-NIC-5)";
}

static void add_system(struct listing *listing, uint8_t preference) {
	for (size_t i = 0; i < listing->rows.count; i++) {
		const struct azure_row *row = &listing->rows.items[i];
		bool is_gone = listing->has_gateway_default && preference == AZURE_PREFER_WEAK &&
			prefix_is_v4(row->prefix);
		if (row->preference != preference || is_displaced(listing, i) ||
			(is_gone && !user_row(listing, row->prefix)))
			continue;
		struct cloud_route_row *out =
			add_row(listing, "Default", row->prefix, row->type, row->origin);
		out->why = why_of(row);
		if (preference == AZURE_PREFER_WEAK)
			lose_to_gateway(listing, out);
		lose_to_user(listing, out);
		yield_to_user(listing, row, out);
	}
}

// AZ-X-14: inside the VNet's own or a directly peered range it is not programmed, so not shown.
// Inside a service's prefixes it is there, and never used (AZ-NIC-5).
static bool is_filtered(const struct listing *listing, struct prefix prefix) {
	for (size_t i = 0; i < listing->rows.count; i++) {
		const struct azure_row *row = &listing->rows.items[i];
		if (row->preference == AZURE_PREFER_STRONG && row->type != ROW_SERVICE_ENDPOINT &&
			prefix_covers(row->prefix, prefix))
			return true;
	}
	return false;
}

// AZ-NIC-15: ExpressRoute shows a row for each MSEE, a VPN gateway one row with all its addresses.
static bool add_learned(void *owner, struct prefix prefix, const struct fib_route *route) {
	struct listing *listing = owner;
	uint32_t hub =
		listing->cloud->vnets[listing->cloud->subnets[listing->subnet].vnet].gateway_vnet;
	size_t first = listing->out.count;

	if (is_filtered(listing, prefix))
		return true;
	bool is_er = is_of_er(listing->cloud, hub, route->origin);
	struct cloud_route_row *row = NULL;
	for (uint16_t i = 0; i < route->hop_count; i++) {
		struct ip shown = printed_hop(listing->cloud, hub, route->hops[i].via);
		const char *text = address_text(listing->arena, shown);
		bool is_shown = false;
		for (size_t k = first; is_er && k < listing->out.count; k++)
			is_shown = is_shown || text_equal(listing->out.items[k].next_hops[0], text);
		if (is_shown) // two circuits on one MSEE pair share it (AZ-X-20)
			continue;
		if (!row || is_er) {
			row = add_row(listing, "VirtualNetworkGateway", prefix, ROW_GATEWAY, route->origin);
			row->why = is_er ? "learned by the ExpressRoute gateway (AZ-ER-20)"
							 : "learned by the VPN gateway (AZ-NIC-9)";
			lose_to_user(listing, row);
		}
		add_hop(listing, row, shown);
	}
	return true;
}

static void add_user(struct listing *listing) {
	for (size_t i = 0; i < listing->rows.count; i++) {
		const struct azure_row *row = &listing->rows.items[i];
		if (row->preference != AZURE_PREFER_USER)
			continue;
		struct cloud_route_row *out = add_row(listing, "User", row->prefix, row->type, row->origin);
		out->name = row->name;
		out->why = "user-defined (AZ-NIC-2)";
		if (row->type == ROW_APPLIANCE)
			add_hop(listing, out, row->next_hop);
	}
}

static const struct fib_layer *shared_layer(
	const struct azure_cloud *cloud, struct world *world, uint32_t subnet) {
	uint32_t group = azure_subnet_group(cloud, &cloud->subnets[subnet]);

	return group == TOPO_NONE ? NULL : world_group_layer(world, group);
}

static void list_subnet(struct listing *listing) {
	listing->shared = shared_layer(listing->cloud, listing->world, listing->subnet);
	azure_rows_collect(listing->cloud, &listing->cloud->subnets[listing->subnet], &listing->rows);
	listing->has_gateway_default =
		listing->shared && fib_layer_get(listing->shared, prefix_default_v4()) != NULL;
	add_system(listing, AZURE_PREFER_STRONG);
	if (listing->shared)
		fib_layer_walk(listing->shared, add_learned, listing);
	add_system(listing, AZURE_PREFER_WEAK);
	add_user(listing);
	azure_rows_done(&listing->rows);
}

const struct lowered_nic *azure_nic_of(
	const struct azure_cloud *cloud, uint32_t node, const char *name) {
	for (size_t m = 0; m < cloud->model->machine_count; m++) {
		const struct lowered_machine *machine = &cloud->machines[m];
		if (machine->node != node)
			continue;
		for (size_t n = 0; n < machine->machine->nic_count; n++) {
			const struct lowered_nic *nic = &cloud->nics[machine->first_nic + n];
			if (!name || text_equal(cloud->topo->ports[nic->port].name, name))
				return nic;
		}
	}
	return NULL;
}

int azure_effective_routes(struct cloud *seam, const struct cloud_question *at,
	struct cloud_route_row **rows, size_t *count) {
	struct azure_cloud *cloud = (struct azure_cloud *)seam;
	const struct lowered_nic *found = azure_nic_of(cloud, at->node, at->nic);

	if (!found)
		return -ENOENT;
	struct listing listing = {
		.cloud = cloud, .world = at->world, .arena = at->arena, .subnet = found->subnet};
	list_subnet(&listing);
	*rows = ARENA_ARRAY(at->arena, struct cloud_route_row, listing.out.count);
	for (size_t i = 0; i < listing.out.count; i++)
		(*rows)[i] = listing.out.items[i];
	*count = listing.out.count;
	free(listing.out.items);
	return 0;
}

// The row that stands for what the NIC's table answers: the longest active one of the layer it came
// from. (A neighbour in the same subnet is a route of its own there, but no row.)
static const struct cloud_route_row *row_of(
	const struct fib_match *match, const struct cloud_route_row *rows, size_t count) {
	const struct cloud_route_row *best = NULL;

	for (size_t i = 0; match->route && i < count; i++) {
		bool is_learned = text_equal(rows[i].source, "VirtualNetworkGateway");
		if (text_equal(rows[i].state, "Active") && is_learned == match->from_shared &&
			prefix_covers(rows[i].prefix, match->prefix) &&
			(!best || rows[i].prefix.bits > best->prefix.bits))
			best = &rows[i];
	}
	return best;
}

int azure_next_hop(struct cloud *seam, const struct cloud_question *at, struct ip destination,
	struct cloud_next_hop *out) {
	struct azure_cloud *cloud = (struct azure_cloud *)seam;
	struct cloud_route_row *rows;
	size_t count;
	int error = azure_effective_routes(seam, at, &rows, &count);

	if (error < 0)
		return error;
	const struct lowered_nic *nic = azure_nic_of(cloud, at->node, at->nic);
	struct fib_match match = fib_lookup(world_port(at->world, nic->subnet_port)->fib, destination);
	const struct cloud_route_row *row = row_of(&match, rows, count);
	*out = (struct cloud_next_hop){.type = "None", .address = "", .route_table = "System Route"};
	if (!row)
		return 0;
	out->type = row->next_hop_type;
	out->address = row->next_hop_count > 0 ? row->next_hops[0] : "";
	out->origin = row->origin;
	if (text_equal(row->source, "User"))
		out->route_table = cloud->subnets[nic->subnet].route_table->name;
	return 0;
}
