// The site IGP's own structures: what each router says of itself, and what each has heard.
#pragma once

#include "world/world_int.h"

#define IGP_FLOOD_NS (10 * MS_NS)    // per link, the platform parameter of azure-rules 14
#define IGP_DEAD_NS (40 * SECOND_NS) // a silent neighbour is given up (RFC 2328 C.3's usual value)
#define IGP_HOPS_MAX 16

struct igp_adjacency {
	uint32_t peer; // index in the site
	uint32_t cost;
	uint32_t port, peer_port;
};

struct igp_stub {
	struct prefix prefix;
	uint32_t cost;
	uint32_t origin;
};

// What one router says of itself. Shared by all databases that hold it, never changed.
struct igp_lsa {
	uint32_t references;
	uint32_t router, version;
	struct igp_adjacency *adjacencies;
	size_t adjacency_count, adjacency_room;
	struct igp_stub *stubs; // internal prefixes
	size_t stub_count, stub_room;
	struct igp_stub *externals; // redistributed and default
	size_t external_count, external_room;
};

struct igp_route {
	struct prefix prefix;
	uint32_t metric, origin;
	bool is_external;
	uint16_t hop_count;
	struct route_hop hops[IGP_HOPS_MAX];
};

struct igp_routes {
	struct igp_route *items;
	size_t count, room;
};

struct igp_node {
	struct world_node *node;
	struct igp_site *site;
	uint32_t index, version;
	struct igp_lsa **database; // by index in the site
	struct timer originate, compute;
	struct pace pace; // of originating
	struct igp_routes installed;
	struct igp_stub *redistributed; // sorted by prefix
	size_t redistributed_count, redistributed_room;
	bool has_own_default;
};

struct igp_site {
	const char *name;
	struct igp_node **nodes;
	size_t count, room;
};

// Shortest paths from `self` over its database, as routes in prefix order. igp_spf.c, pure.
void igp_compute(const struct igp_node *self, struct igp_routes *out);
