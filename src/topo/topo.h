// A network as data: nodes, ports, links, tables, sessions, and where each fact comes from.
//
// Clouds and sites are lowered to this; a world is brought to life from it. Nothing here knows why
// a number is what it is: the reason is its origin. Built once through topo_build.h, then read
// only. Everything lives in the topo's arena. Numbers index the arrays of `struct topo`.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "net/ip.h"
#include "route/rib.h"
#include "topo/link.h"
#include "topo/session.h"

#define TOPO_NONE UINT32_MAX

// Where a fact stands: a place and words for it, "rule 200 of networkSecurityGroup web". Origin 0
// is "made by no one in particular".
struct topo_origin {
	struct place place;
	const char *text;
	const char *reference; // the rule or RFC section that turns the fact into this, or NULL
};

// What a node is for people; generic code decides nothing by it.
enum topo_kind {
	TOPO_HOST,   // sends and receives: a VM, an on-premises host
	TOPO_ROUTER, // an on-premises router, a CE
	TOPO_FABRIC, // part of a cloud's own network that is no hop: a subnet
	TOPO_GATEWAY,
	TOPO_EDGE,    // an MSEE
	TOPO_SERVICE, // is asked and never asks: what a private endpoint leads to
};

// A plain route of a node's own table.
struct topo_route {
	struct prefix prefix;
	const struct route_hop *hops; // port numbers are indexes in topo->ports
	size_t hop_count;
	uint8_t drop;     // enum drop + 1 when it discards, 0 otherwise; known to forward and cloud
	uint8_t distance; // 1 unless given; of ROUTE_STATIC
	bool not_a_source;
	uint32_t origin;
};

// A forwarding table besides the node's own, for ports that look elsewhere (a delivery table of a
// subnet). What a controller fills in at run time is added to it as a shared layer.
struct topo_table {
	const char *name;
	uint32_t node;
	uint32_t group; // index of the shared layer of this number, TOPO_NONE: none
	struct topo_table_route *routes;
	size_t route_count, route_room;
};

struct topo_table_route {
	struct prefix prefix;
	const struct route_hop *hops;
	uint16_t hop_count;
	uint8_t drop; // enum drop + 1, or 0
	uint8_t preference;
	bool holds, not_a_source;
	uint32_t origin;
};

enum topo_default {
	TOPO_DEFAULT_NEVER,
	TOPO_DEFAULT_ALWAYS,
	TOPO_DEFAULT_IF_KNOWN, // while the node has a default route itself, not from the IGP
};

struct topo_node {
	const char *name;
	const char *group;     // the gateway an instance belongs to, else the name
	const char *kind_name; // "virtualMachine", "vpnGateway", … for JSON
	enum topo_kind kind;
	bool forwards, decrements_ttl;
	bool sends_time_exceeded, sends_unreachable, sends_too_big, answers_ping;
	enum topo_icmp_source icmp_source;
	bool can_fail;
	int64_t
		standby_ns; // after failing it is replaced by a standby of the same kind; 0: it stays away
	uint64_t hash_seed; // 0: from the run's seed and the name
	uint32_t *ports;
	size_t port_count, port_room;
	struct topo_route *routes;
	size_t route_count, route_room;
	struct topo_bgp *bgp; // NULL: no BGP
	const char *igp_site; // NULL: not in an IGP
	enum topo_default igp_default;
	uint32_t igp_redistribute; // 1 << enum route_kind of routes put into the IGP
	struct ip address;         // hosts: the address they are known by
	struct ip address6;
	bool is_doubtful; // a mistake about what it is, or what it joins, has been told
	uint32_t origin;
};

// A tunnel that may start at the one address and lead to the other; IP_NONE: at or to any.
struct topo_doubt {
	struct ip start, end;
};

struct topo_address_entry;

struct topo {
	struct arena *arena;
	const char *file;
	struct topo_origin *origins;
	size_t origin_count, origin_room;
	struct topo_node *nodes;
	size_t node_count, node_room;
	struct topo_port *ports;
	size_t port_count, port_room;
	struct topo_link *links;
	size_t link_count, link_room;
	struct topo_table *tables;
	size_t table_count, table_room;
	struct topo_tunnel *tunnels;
	size_t tunnel_count, tunnel_room;
	struct topo_neighbor *neighbors;
	size_t neighbor_count, neighbor_room;
	struct topo_offer *offers;
	size_t offer_count, offer_room;
	// Tunnels that were mistaken, and so are not among the offers.
	struct topo_doubt *doubts;
	size_t doubt_count, doubt_room;
	uint32_t group_count; // shared layers
	uint64_t seed;        // the file's own, 0: none
	struct names *node_names, *link_names, *offer_names;
	struct topo_address_entry *addresses; // every address by value, made by topo_finish()
	size_t address_count;
};
