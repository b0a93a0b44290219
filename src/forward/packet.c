#include "forward/packet.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

// Packets are made by the slab and then only change hands, last in first out, so that the one taken
// next is still in the cache.
#define SLAB_PACKETS 32

struct slab {
	struct slab *next;
	struct packet packets[SLAB_PACKETS];
};

struct packet_pool {
	struct slab *slabs;
	struct packet *free;
	size_t out;
};

struct packet_pool *packet_pool_new(void) {
	return memory_alloc(sizeof(struct packet_pool));
}

void packet_pool_free(struct packet_pool *pool) {
	if (pool == NULL)
		return;
	assert(pool->out == 0);
	while (pool->slabs != NULL) {
		struct slab *slab = pool->slabs;
		pool->slabs = slab->next;
		free(slab);
	}
	free(pool);
}

static void pool_grow(struct packet_pool *pool) {
	struct slab *slab = memory_alloc(sizeof(*slab));
	slab->next = pool->slabs;
	pool->slabs = slab;
	for (size_t i = SLAB_PACKETS; i-- > 0;) {
		slab->packets[i].next = pool->free;
		pool->free = &slab->packets[i];
	}
}

// The bytes are left as they are: clearing 9 kB would cost more than forwarding does.
struct packet *packet_get(struct packet_pool *pool) {
	if (pool->free == NULL)
		pool_grow(pool);
	struct packet *packet = pool->free;
	pool->free = packet->next;
	pool->out++;
	packet->next = NULL;
	packet->trace = NULL;
	packet->via = IP_NONE;
	packet->visited = 0;
	packet->passed = 0;
	packet->piece_bytes = 0;
	packet->checksum_due = false;
	packet->start = PACKET_HEADROOM;
	packet->length = 0;
	packet->user = 0;
	return packet;
}

struct packet *packet_get_part(struct packet_pool *pool, const struct packet *whole) {
	struct packet *part = packet_get(pool);
	part->trace = whole->trace;
	part->via = whole->via;
	part->visited = whole->visited;
	part->passed = whole->passed;
	part->user = whole->user;
	return part;
}

struct packet *packet_copy(struct packet_pool *pool, const struct packet *from) {
	struct packet *packet = packet_get_part(pool, from);
	packet->piece_bytes = from->piece_bytes;
	packet->checksum_due = from->checksum_due;
	packet->start = from->start;
	packet->length = from->length;
	memcpy(packet_data(packet), from->bytes + from->start, from->length);
	return packet;
}

void packet_put(struct packet_pool *pool, struct packet *packet) {
	assert(pool->out > 0);
	pool->out--;
	packet->next = pool->free;
	pool->free = packet;
}

size_t packet_pool_out(const struct packet_pool *pool) {
	return pool->out;
}
