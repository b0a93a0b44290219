// One node of the data plane as forwarding sees it: ports with filters, tables, addresses of its
// own. Plain data that `world` fills in from topo; numbers, never reasons.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forward/drop.h"
#include "forward/fib.h"
#include "net/ip.h"
#include "net/rules.h"

struct flow_table;
struct tunnel;

// A rule list at a port, and the edge of packets it denies. A header that no rule holds passes.
struct port_filter {
	struct rule_list list;
	enum drop drop;
	bool is_stateful; // permitted packets open a flow whose replies pass unasked
};

enum source_check {
	SOURCE_CHECK_NONE,
	SOURCE_CHECK_ROUTE,  // the source needs a route that is not `not_a_source` and not a drop
	SOURCE_CHECK_STRICT, // and one that leads out of this port (RFC 3704 2.2)
};

#define PORT_ADDRESSES_MAX 8

struct port {
	uint32_t id; // index in its router
	const char *name;
	bool is_up;
	uint32_t mtu_bytes;                    // 0: no limit
	uint32_t tcp_mtu_bytes;                // SYNs that cross it offer no larger segments; 0: any
	struct ip icmp_v4, icmp_v6;            // what an ICMP error is answered from; IP_NONE: silent
	const struct fib *fib;                 // for packets that come in here
	bool by_next_hop;                      // look up the link's next hop instead of the destination
	enum source_check check_in, check_out; // check_out looks in the router's own table
	const struct port_filter *filters_in, *filters_out;
	size_t filter_in_count, filter_out_count;
	struct flow_table *flows; // NULL when no filter is stateful; owned by the router
	struct tunnel *tunnel;    // packets sent here are encapsulated; owned by the router
	uint64_t packets_in, packets_out;
};

enum icmp_source {
	ICMP_SOURCE_INGRESS, // the port the packet came in by (AZ-X-21)
	ICMP_SOURCE_EGRESS,  // the port towards the packet's source
};

struct router {
	uint32_t id; // the node's number in topo
	const char *name;
	bool is_up;
	bool forwards; // otherwise only packets for its own addresses are taken
	bool decrements_ttl;
	bool sends_time_exceeded, sends_unreachable, sends_too_big;
	enum icmp_source icmp_source;
	uint64_t hash_seed;
	struct fib fib; // the router's own table: what it originates, and most ports' table
	struct port **ports;
	size_t port_count;
	const struct ip *local; // sorted by ip_compare
	size_t local_count;
	uint16_t next_identification;
	uint64_t drops[DROP_COUNT];
};

// Is it one of the router's own addresses?
bool router_has_address(const struct router *router, struct ip address);
