// Large packets, which are several on a wire, and cross the network as one. Large TCP segments:
// what a host's kernel leaves whole for the one who has to put it on a wire. They end as one packet
// does, and are cut where a tunnel encrypts or a link counts packets. And the trains of train.h.
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

// How many packets it stands for.
uint32_t packet_pieces(const struct packet *packet);

// Completes a TCP or UDP checksum that is due.
void packet_finish_checksum(struct packet *packet);

// The finished packets it stands for, in order: the next one while there is one, then NULL, once it
// has been given back. One that is no larger than its piece comes back by itself.
struct cutter {
	struct packet *whole; // NULL: nothing is left
	size_t header_bytes;  // repeated in front of each piece
	size_t at, room;
	unsigned index;
	uint8_t protocol;
};
void cutter_init(struct cutter *cutter, struct packet *whole);
struct packet *cutter_next(struct cutter *cutter, struct packet_pool *pool);

// All of them at once: cuts it into finished packets, in order, chained by `next`. Takes the
// packet; one that is no larger than its piece comes back by itself.
struct packet *packet_cut(struct packet_pool *pool, struct packet *packet);
