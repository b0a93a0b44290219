// A packet in motion: its bytes from the network header on, with headroom for tunnels, and what
// travels beside it. Packets come from a pool and go back to it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forward/trace.h"
#include "net/ip.h"

#define PACKET_HEADROOM 128
#define PACKET_BYTES_MAX 65535 // what a length field can say
#define PACKET_ROOM (PACKET_HEADROOM + PACKET_BYTES_MAX)

struct packet {
	struct packet *next; // free list, or a queue of the holder's
	struct trace *trace; // NULL unless its way is recorded; not owned
	struct ip via;       // the link's next hop: which neighbour it was sent to
	uint16_t visited;    // nodes that lowered the TTL
	uint16_t passed;     // nodes that forwarded it, whether they lower the TTL or not
	// Of a large TCP segment, which travels whole until somebody has to cut it (segment.h): the
	// length of the largest packet it becomes. 0: it is an ordinary packet.
	uint16_t piece_bytes;
	bool checksum_due; // TCP or UDP: the field holds the pseudo header's sum, the rest is to be
	                   // added
	uint32_t start, length;
	uint64_t user;            // the holder's
	struct packet_slab *slab; // the pool's
	uint8_t bytes[PACKET_ROOM];
};

static inline uint8_t *packet_data(struct packet *packet) {
	return packet->bytes + packet->start;
}

struct packet_pool;

struct packet_pool *packet_pool_new(void);
void packet_pool_free(struct packet_pool *pool); // every packet must be back
// An empty packet with full headroom.
struct packet *packet_get(struct packet_pool *pool);
// An empty packet that goes the way of the one it is a part of.
struct packet *packet_get_part(struct packet_pool *pool, const struct packet *whole);
struct packet *packet_copy(struct packet_pool *pool, const struct packet *from);
void packet_put(struct packet_pool *pool, struct packet *packet);
size_t packet_pool_out(const struct packet_pool *pool);  // packets not back yet
size_t packet_pool_held(const struct packet_pool *pool); // those and what is kept for later
// Frees what nobody has needed since the last call, but for a reserve. For who runs on and on: a
// moment with many packets under way would cost its memory for ever.
void packet_pool_trim(struct packet_pool *pool);
