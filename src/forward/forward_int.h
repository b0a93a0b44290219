// Inside forwarding: what the steps share.
//
// The decisions (address, filter, source, local, lookup) only read. Each exists twice, compiled
// from one body: x() for packets and x_scope() for forward_walk(), which also narrows a scope. The
// steps proper (step_*) act on the packet.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forward/forward.h"
#include "net/header.h"
#include "net/packet_format.h"

#define BODY static inline __attribute__((always_inline))
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

// ESP inside ESP inside ESP, all for this router: more than that is someone's joke.
#define TUNNEL_DEPTH_MAX 4
// The smallest MTU an IPv4 module must forward without fragmenting (RFC 791 3.2). Below it nothing
// is fragmented, so that a fragment always carries some payload.
#define FRAGMENT_MTU_MIN 68
// The TTL of packets that the router makes itself.
#define OWN_TTL 64

enum edge {
	EDGE_ON,
	EDGE_DELIVER,
	EDGE_DROP,
};

struct verdict {
	enum edge edge;
	enum drop drop; // for EDGE_DROP
	uint32_t origin;
};

static inline struct verdict verdict_on(void) {
	return (struct verdict){.edge = EDGE_ON};
}

static inline struct verdict verdict_drop(enum drop drop, uint32_t origin) {
	return (struct verdict){EDGE_DROP, drop, origin};
}

// What every step is given: whose packet, where, when, and the packet's headers, decoded once.
struct step {
	struct forward *forward;
	struct router *router;
	struct port *in; // NULL when the router made the packet
	struct packet *packet;
	instant now;
	struct ip_header header;
	struct flow_key key;
	uint32_t mtu_bytes; // what a DROP_MTU tells the sender
};

// What a decision is asked about.
struct asked {
	const struct router *router;
	const struct port *port; // the one it came in by, or the one it would leave by
	const struct flow_key *key;
	const struct step *step; // NULL in a walk
	bool is_known;           // belongs to a flow that stateful filters have let through
	bool is_originated;
};

// Decisions. Where a scope is given, key lies in it before and after.
struct verdict address_check(const struct flow_key *key);
struct verdict address_check_scope(const struct flow_key *key, struct header_box *scope);
struct verdict filter_check(
	const struct asked *asked, const struct port_filter *filters, size_t count);
struct verdict filter_check_scope(const struct asked *asked, const struct port_filter *filters,
	size_t count, struct header_box *scope);
// Of the port that looks in `fib`.
struct verdict source_check(enum source_check check, const struct port *port, const struct fib *fib,
	const struct flow_key *key);
struct verdict source_check_scope(enum source_check check, const struct port *port,
	const struct fib *fib, const struct flow_key *key, struct header_box *scope);
// DELIVER when it is for the router itself.
struct verdict local_check(const struct asked *asked);
struct verdict local_check_scope(const struct asked *asked, struct header_box *scope);
// The row for `address`; *match is set when the verdict is ON. The scope's destinations are
// narrowed only when the address looked up is the destination.
struct verdict lookup_row(const struct fib *fib, struct ip address, struct fib_match *match);
struct verdict lookup_row_scope(const struct fib *fib, struct ip address,
	const struct flow_key *key, struct header_box *scope, struct fib_match *match);
// The two halves of a router, each the decisions above in their order.
struct verdict admit(const struct asked *asked);
struct verdict admit_scope(const struct asked *asked, struct header_box *scope);
struct verdict leave(const struct asked *asked);
struct verdict leave_scope(const struct asked *asked, struct header_box *scope);

size_t router_local_index(const struct router *router, struct ip address); // of the first >= it
// What is looked up for a packet that came in by `in` (NULL: made here).
static inline struct ip lookup_address(
	const struct port *in, struct ip via, const struct flow_key *key) {
	return in != NULL && in->by_next_hop && !ip_is_none(via) ? via : key->destination;
}
struct ip port_address(const struct port *port, bool is_v4);
void box_narrow_source(struct header_box *box, struct ip low, struct ip high);
void box_narrow_destination(struct header_box *box, struct ip low, struct ip high);
struct prefix family_prefix(struct ip address);
// Writes the router's address where a packet's source is unspecified.
void output_fill_source(const struct router *router, struct packet *packet);

static inline bool port_fits(const struct port *port, size_t length) {
	return length <= port->mtu_bytes || port->mtu_bytes == 0;
}

// Stateful filters of a port.
bool flow_is_known(const struct step *step, const struct port *port, bool is_leaving);
void flow_open(const struct step *step, const struct port *port, bool is_leaving);
// The flow of the packet that an ICMP error quotes, which is cut short and may be any bytes at all.
// -EBADMSG when too little of it is there.
int quote_decode(const uint8_t *bytes, size_t length, struct flow_key *out);

// Steps. Each takes the packet when it ends there.
static inline void step_init(struct step *step, struct forward *forward, struct router *router,
	struct packet *packet, instant now) {
	step->forward = forward;
	step->router = router;
	step->in = NULL;
	step->packet = packet;
	step->now = now;
	step->mtu_bytes = 0;
}
bool step_begin(struct step *step, enum trace_step how); // decodes; false: malformed, and dropped
bool step_pass(struct step *step);                       // TTL and loops; false: dropped
void step_route(struct step *step, const struct fib *fib);
void step_leave(struct step *step, struct port *out);
void step_clamp(struct step *step, const struct port *out); // where a port has a tcp_mtu_bytes
void step_fragment(struct step *step, struct port *out);
void step_transmit(struct step *step, struct port *out);
void step_encapsulate(struct step *step, struct port *out);
// Takes an ESP packet: *inner is the port its inner packet came in by, untouched when it was
// dropped. False when the router has no tunnels and the packet is its holder's.
bool step_decapsulate(struct step *step, struct port **inner);
void step_deliver(struct step *step);
void step_drop(struct step *step, enum drop drop, uint32_t origin);

// The ICMP error that is due for a drop, if one is.
void icmp_error_answer(const struct step *step, enum drop drop);

static inline bool step_is_traced(const struct step *step) {
	return UNLIKELY(step->packet->trace != NULL);
}
// Adds when, node and TTL to the record.
void step_record(const struct step *step, struct trace_record record);
