// The headers a packet carries, as values: what rules match, what flows hash, what a scope narrows.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"

enum ip_protocol {
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	PROTOCOL_ICMPV6 = 58,
};

// The fields that forwarding decides by. Ports are 0 when the protocol has none or when the packet
// is a fragment without them.
struct flow_key {
	struct ip source, destination;
	uint8_t protocol;
	bool is_fragment; // any fragment, the first one too: hashed by addresses only
	uint16_t source_port, destination_port;
};

// The per-flow hash for ECMP: TCP and UDP by 5-tuple; ICMP and ESP by source, destination and
// protocol; fragments by addresses. The same key and seed give the same hash everywhere, so of
// equal ways a flow sees one (AZ-TR-13).
uint64_t flow_hash(const struct flow_key *key, uint64_t seed);

// A box of headers: an inclusive range per field. What a scope is.
struct header_box {
	struct ip source_low, source_high;
	struct ip destination_low, destination_high;
	uint8_t protocol_low, protocol_high;
	uint16_t source_port_low, source_port_high;
	uint16_t destination_port_low, destination_port_high;
};

struct header_box header_box_all_v4(void);
// From ::1:0:0:0 up: what lies below is the IPv4-mapped block and addresses no network routes
// (RFC 6890), so no box mixes the families.
struct header_box header_box_all_v6(void);
struct header_box header_box_of(const struct flow_key *key); // the single header
bool header_box_contains(const struct header_box *box, const struct flow_key *key);
bool header_box_intersect(const struct header_box *a, const struct header_box *b,
	struct header_box *out); // false (out untouched) when they are disjoint
bool header_box_equal(const struct header_box *a, const struct header_box *b);
// A header in the box: the low corner.
struct flow_key header_box_corner(const struct header_box *box);
// Base-2 logarithm of the number of headers in the box: for reports, never for a decision.
double header_box_log2_size(const struct header_box *box);

// A minus B as at most 10 disjoint boxes; returns how many.
#define HEADER_BOX_PIECES 10
size_t header_box_subtract(const struct header_box *a, const struct header_box *b,
	struct header_box out[HEADER_BOX_PIECES]);

// Narrows one field of a box to the addresses that `same` covers. They must overlap.
void header_box_narrow_source(struct header_box *box, struct prefix same);
void header_box_narrow_destination(struct header_box *box, struct prefix same);
