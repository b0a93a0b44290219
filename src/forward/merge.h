// Packets of one flow that come together become one large one (segment.h, train.h), so that the way
// through the network, and the system call that hands it to a host, are paid for once: as they come
// from a host, at a tunnel's other end, and before the host that they are for. TCP segments that
// were cut for a tunnel are put together again; datagrams of one size become a train. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forward/packet.h"

// As many datagrams as the kernel itself would put into one train.
#define MERGE_DATAGRAMS_MAX 64

// A packet that others may still be appended to, and what was read of it. Zero-initialised: none.
struct merge {
	struct packet *held;
	struct merge_segment {
		const uint8_t *bytes;
		size_t network_bytes, header_bytes, payload_bytes;
		size_t piece_bytes; // payload of each piece but the last
		bool is_v4, is_tcp, is_due;
	} first;
	bool has_grown;
};

// Holds the packet if others may be appended to it: a TCP segment or a datagram with payload, a
// checksum that is correct or due, and nothing in its headers that has to be said at just this
// place. Nothing is held yet.
bool merge_begin(struct merge *merge, struct packet *packet);
// Appends the payload of `packet`, which stays the caller's. False when it does not follow: nothing
// is held, another flow, other headers, a gap, or no room.
bool merge_append(struct merge *merge, const struct packet *packet);
// What was held, with lengths and checksums set; NULL when nothing was.
struct packet *merge_end(struct merge *merge);
