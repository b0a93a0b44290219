// Forwarding: what one router does with one packet. One code for packets that cross the world, for
// packets of real hosts, and for the analysis that asks about every header at once.
//
// A packet entered at a port passes: validate, filters in, source check, local or not, TTL, lookup,
// filters out, source check out, MTU, tunnel, out. Each step is a function to an edge; no step
// logs, reads a clock, sends or allocates but packets from the pool.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "forward/drop.h"
#include "forward/packet.h"
#include "forward/router.h"

// Nodes that lower the TTL, and nodes of any kind: beyond them the verdict is `loop` (CE-TTL-1).
#define FORWARD_VISITED_MAX 255
#define FORWARD_PASSED_MAX 2048

struct forward {
	struct packet_pool *pool;
	// The packet leaves by a port towards packet->via; it belongs to the callee.
	void (*transmit)(void *owner, struct router *router, struct port *port, struct packet *packet);
	// The packet is for this router itself; it belongs to the callee.
	void (*deliver)(void *owner, struct router *router, struct port *in, struct packet *packet);
	// For counting and verdicts only; the packet goes back to the pool after it.
	void (*dropped)(
		void *owner, struct router *router, const struct packet *packet, enum drop drop);
	void *owner;
};

// A packet that came in by a port. Takes the packet. ICMP errors that are due are made and sent.
// ESP for a tunnel of the router is taken off, and the inner packet comes in by the tunnel's port;
// a fragment of ESP is delivered like any other, to be put in again once it is whole (RFC
// 4303 3.4.1).
void forward_input(struct forward *forward, struct router *router, struct port *in,
	struct packet *packet, instant now);
// A packet the router itself made: looked up in router->fib and sent, or delivered with a `in` of
// NULL when it is for the router itself. A source of IP_NONE's bytes (0.0.0.0 or ::) is filled in
// as forward_source_towards() says; the header's checksum follows, a payload's can't, so callers
// with pseudo headers set the source themselves. Its own address needs no route: check_out is not
// asked.
void forward_output(
	struct forward *forward, struct router *router, struct packet *packet, instant now);
// The address the router would use towards `destination`: of the egress port (of the first hop when
// there are several), else the first local one of the family; IP_NONE when it has none or no route.
struct ip forward_source_towards(const struct router *router, struct ip destination);
// An ICMP error about `packet` (not taken), which came in by `in`; for what local delivery finds.
// It goes out whatever the router's sends_* say, unless none is due about such a packet.
void forward_icmp_error(struct forward *forward, struct router *router, struct port *in,
	const struct packet *packet, uint8_t type, uint8_t code, instant now);

// The same steps asked about a whole box of headers. `key` stands for the box *scope and lies in
// it; *scope is narrowed to headers that meet the same answers here. No counters, no flows opened.
// TTL and MTU are not asked about, nor is ESP taken off: that is delivered, and goes on from the
// tunnel's port.
struct walk_hop {
	uint32_t port;     // leaves by this port; UINT32_MAX when it ended before a row was chosen
	struct ip via;     // to this neighbour; IP_NONE: each header's own destination
	bool is_delivered; // is for this node
	bool is_dropped;   // also when it would have left by `port`, but may not
	enum drop drop;    // DROP_COUNT unless dropped
	uint32_t origin;   // of the row or rule that decided
	bool ttl_reset;    // CE-TTL-1: the TTL starts anew behind this hop
	bool ttl_lowered;
};
// `via` is the link's next hop it came with, IP_NONE when that is each header's own destination.
// `knows` says where the flow is an established one: do the stateful filters of this port pass its
// packets that enter, or leave? NULL: nowhere. Returns how many hops (ECMP: every member), at least
// 1, at most FIB_HOPS_MAX.
struct walk_input {
	struct flow_key key;
	struct ip via;
	bool (*knows)(const void *owner, const struct port *port, bool is_leaving);
	const void *owner;
	bool originated; // made by the router itself; `in` is NULL
};
size_t forward_walk(const struct router *router, const struct port *in,
	const struct walk_input *input, struct header_box *scope, struct walk_hop hops[FIB_HOPS_MAX]);
