// A network as data: nodes, ports, links, tables, sessions, and where each fact comes from.
//
// Clouds and sites are lowered to this; a world is brought to life from it. Nothing here knows why a
// number is what it is: the reason is its origin. Built once through topo_build.h, then read only.
// Everything lives in the topo's arena. Numbers index the arrays of `struct topo`.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "net/ip.h"
#include "net/rules.h"
#include "route/policy.h"
#include "route/rib.h"

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
	TOPO_EDGE, // an MSEE
};

// A plain route of a node's own table.
struct topo_route {
	struct prefix prefix;
	const struct route_hop *hops; // port numbers are indexes in topo->ports
	size_t hop_count;
	uint8_t drop;       // enum drop + 1 when it discards, 0 otherwise; known to forward and cloud
	uint8_t distance;   // 1 unless given; of ROUTE_STATIC
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

struct topo_filter {
	const struct rule *rules;
	size_t rule_count;
	uint8_t drop; // enum drop
	bool is_stateful;
};

enum topo_icmp_source {
	TOPO_ICMP_INGRESS,
	TOPO_ICMP_EGRESS,
};

struct topo_address {
	struct ip address;
	struct prefix network;
};

struct topo_port {
	const char *name;
	uint32_t node;
	uint32_t link; // TOPO_NONE for a tunnel's port or a loopback
	const struct topo_address *addresses; // connected: each network becomes a connected route
	size_t address_count;
	struct ip icmp_v4, icmp_v6; // IP_NONE: has nothing to answer from
	uint32_t mtu_bytes;         // 0: 1500
	uint32_t table;             // for packets that come in, TOPO_NONE: the node's own
	bool by_next_hop;
	bool check_source_in, check_source_out;
	bool is_shut; // administratively down in the file
	const struct topo_filter *filters_in, *filters_out;
	size_t filter_in_count, filter_out_count;
	uint32_t tunnel; // TOPO_NONE unless this is a tunnel's port
	uint32_t igp_cost; // 0: not part of the site's IGP
	uint32_t origin;
};

// One end of a link. Ends beyond two make it a shared segment: a packet then goes to the end that
// owns the longest prefix holding its next hop.
struct topo_end {
	uint32_t port;
	const struct prefix *owns; // TOPO: besides the port's addresses
	size_t own_count;
	uint32_t rides_on; // another link whose state, delay, loss this end shares, TOPO_NONE: none
	int64_t delay_ns;  // of this end's attachment, added to the link's
};

struct topo_link {
	const char *name; // "a--b", "a--b#2", or the segment's name
	struct topo_end *ends;
	size_t end_count, end_room;
	int64_t delay_ns, jitter_ns; // one way
	uint32_t loss_millionths;
	uint64_t rate_bits_per_s;  // 0: unlimited
	uint32_t queue_packets;    // 0: 1000
	uint32_t mtu_bytes;        // of what is in between: larger packets vanish; 0: no limit
	bool can_fail; // whatif fails it
	bool is_down; // from the start
	uint32_t origin;
};

struct topo_tunnel {
	const char *name;
	uint32_t port[2]; // the tunnel ports of both ends
	uint32_t underlay_port[2];
	struct ip outer[2];
	const char *shared_key[2];
	bool null_cipher;
	uint8_t inner_ttl_reset[2]; // for packets entering at that end
	int64_t lifetime_ns;        // 0: the default of proto/psk
	bool can_fail;
	uint32_t origin;
};

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
	const struct decision *decision; // static data of whoever lowered it; NULL: the routers' default
	struct topo_network *networks;
	size_t network_count, network_room;
	uint32_t redistribute; // 1 << enum route_kind
	uint32_t *neighbors;   // indexes of topo->neighbors
	size_t neighbor_count, neighbor_room;
};

enum topo_default {
	TOPO_DEFAULT_NEVER,
	TOPO_DEFAULT_ALWAYS,
	TOPO_DEFAULT_IF_KNOWN, // while the node has a default route itself, not from the IGP
};

struct topo_node {
	const char *name;
	const char *group; // the gateway an instance belongs to, else the name
	const char *kind_name; // "virtualMachine", "vpnGateway", … for JSON
	enum topo_kind kind;
	bool forwards, decrements_ttl;
	bool sends_time_exceeded, sends_unreachable, sends_too_big, answers_ping;
	enum topo_icmp_source icmp_source;
	bool can_fail;
	uint64_t hash_seed; // 0: from the run's seed and the name
	uint32_t *ports;
	size_t port_count, port_room;
	struct topo_route *routes;
	size_t route_count, route_room;
	struct topo_bgp *bgp; // NULL: no BGP
	const char *igp_site; // NULL: not in an IGP
	enum topo_default igp_default;
	uint32_t igp_redistribute; // 1 << enum route_kind of routes put into the IGP
	struct ip address; // hosts: the address they are known by
	struct ip address6;
	uint32_t origin;
};

// One end of a thing whose other end belongs to somebody else, who takes it up: a site's end of a
// circuit link or of a tunnel to a cloud. See topo_offer_find().
struct topo_offer {
	const char *key;        // "circuit:er1/primary", "connection:loc1", "connection:loc1#1"
	uint32_t port;          // the circuit port, or the tunnel's own
	uint32_t underlay_port; // tunnels: the port with the public address, TOPO_NONE otherwise
	struct ip outer;        // tunnels: that address
	const char *shared_key;
	bool inner_ttl_reset, null_cipher;
	int64_t lifetime_ns;
	uint32_t origin;
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
	uint32_t group_count; // shared layers
	uint64_t seed;        // the file's own, 0: none
	struct names *node_names, *link_names, *offer_names;
	struct topo_address_entry *addresses; // every address by value, made by topo_finish()
	size_t address_count;
};
