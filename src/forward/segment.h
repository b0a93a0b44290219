// Large TCP segments: what a host's kernel leaves whole for the one who has to put it on a wire.
// They cross the network as one packet and are cut where a tunnel encrypts or a link counts
// packets.
#pragma once

#include "forward/packet.h"

// How much of a wire's MTU it needs.
static inline uint32_t packet_wire_bytes(const struct packet *packet) {
	return packet->piece_bytes != 0 ? packet->piece_bytes : packet->length;
}

// An ordinary packet with nothing left to do is one that anybody may look into.
static inline bool packet_is_finished(const struct packet *packet) {
	return packet->piece_bytes == 0 && !packet->checksum_due;
}

// Completes a TCP or UDP checksum that is due.
void packet_finish_checksum(struct packet *packet);

// Cuts it into finished packets, in order, chained by `next`. Takes the packet; one that is no
// larger than its piece comes back by itself.
struct packet *packet_cut(struct packet_pool *pool, struct packet *packet);
