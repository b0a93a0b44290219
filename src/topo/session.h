// BGP as a network describes it: speakers, what they originate, the sides of their sessions. Part
// of topo.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"
#include "route/policy.h"
#include "route/rib.h"

// One side of a BGP session.
struct topo_neighbor {
	const char *name; // of the node at the other end
	uint32_t node, peer_node;
	uint32_t port; // the session fails with this port when it is a single hop; TOPO_NONE: multihop
	struct ip local, remote;
	uint32_t remote_asn;
	uint16_t hold_s, keepalive_s; // 0: 180 and 60
	uint8_t distance, allow_own_as;
	uint32_t weight;
	bool is_passive, next_hop_self, as_override, send_communities, default_originate;
	uint8_t strip_private; // enum strip_private of proto/bgp
	uint32_t max_prefixes;
	const struct policy_term *import, *export; // 0 terms: accept all
	size_t import_count, export_count;
	bool import_default_deny, export_default_deny;
	int64_t bfd_interval_ns; // 0: no BFD
	uint8_t bfd_multiplier;
	uint32_t origin;
};

struct topo_network { // a prefix a speaker originates
	struct prefix prefix;
	bool always;
	uint32_t weight, tag, origin;
};

struct topo_bgp {
	uint32_t asn, router_id; // 0: lowest interface address
	const struct decision
		*decision; // static data of whoever lowered it; NULL: the routers' default
	struct topo_network *networks;
	size_t network_count, network_room;
	uint32_t redistribute; // 1 << enum route_kind
	uint32_t *neighbors;   // indexes of topo->neighbors
	size_t neighbor_count, neighbor_room;
};
