// What nodes are joined by: ports, the links between them, tunnels over links. Part of topo.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "net/ip.h"
#include "net/rules.h"

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

// Who takes the node's place at a port when the network runs live.
struct topo_attachment {
	const char *interface;  // an existing one; NULL: nobody
	const char *name_space; // it is in; NULL: the machine's own
	struct place place;
	bool is_doubtful; // a mistake about it has been told
};

struct topo_port {
	const char *name;
	uint32_t node;
	uint32_t link;                        // TOPO_NONE for a tunnel's port or a loopback
	const struct topo_address *addresses; // connected: each network becomes a connected route
	size_t address_count;
	struct ip icmp_v4, icmp_v6; // IP_NONE: has nothing to answer from
	uint32_t mtu_bytes;         // 0: 1500
	uint32_t tcp_mtu_bytes;     // TCP that crosses it is held to packets of this size; 0: any
	uint32_t table;             // for packets that come in, TOPO_NONE: the node's own
	bool by_next_hop;
	bool check_source_in, check_source_out;
	bool strict_source_in; // the way back to the source has to lead out of this port (RFC 3704 2.2)
	bool is_shut;          // administratively down in the file
	const struct topo_filter *filters_in, *filters_out;
	size_t filter_in_count, filter_out_count;
	uint32_t tunnel;   // TOPO_NONE unless this is a tunnel's port
	uint32_t igp_cost; // 0: not part of the site's IGP
	struct topo_attachment attach;
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
	uint64_t rate_bits_per_s; // 0: unlimited
	uint32_t queue_packets;   // 0: 1000
	uint32_t mtu_bytes;       // of what is in between: larger packets vanish; 0: no limit
	bool can_fail;            // whatif fails it
	bool is_down;             // from the start
	uint32_t origin;
};

// What the TTL of packets entering a tunnel begins with where it is reset (CE-TTL-1).
#define TOPO_INNER_TTL 255

struct topo_tunnel {
	const char *name;
	uint32_t port[2]; // the tunnel ports of both ends
	uint32_t underlay_port[2];
	struct ip outer[2];
	const char *shared_key[2];
	bool null_cipher;
	uint8_t inner_ttl_reset[2]; // 0: kept; else what packets entering at that end begin with
	int64_t lifetime_ns;        // 0: the default of proto/psk
	bool can_fail;
	uint32_t origin;
};

// One end of a thing whose other end belongs to somebody else, who takes it up: a site's end of a
// circuit link or of a tunnel to a cloud. See topo_offer_find().
struct site_ipsec;

struct topo_offer {
	const char *key; // "circuit:er1/primary", "connection:loc1", "connection:loc1#1", "tunnel:A>B"
	uint32_t port;   // the circuit port, or the tunnel's own
	uint32_t underlay_port; // tunnels: the port with the public address, TOPO_NONE otherwise
	struct ip outer;        // tunnels: that address
	const char *shared_key;
	bool inner_ttl_reset, null_cipher;
	int64_t lifetime_ns;
	const struct site_ipsec *ipsec; // of a tunnel between routers: what its first end says
	uint32_t origin;
};
