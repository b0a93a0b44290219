#include "forward/packet.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

// Packets are made by the slab and then only change hands, last in first out, so that the one taken
// next is still in the cache.
#define SLAB_PACKETS 32
// What a trim leaves beside those in use.
#define RESERVE_PACKETS 256

struct packet_slab {
	struct packet_slab *next;
	// During a trim.
	size_t idle; // its packets that are not out
	bool is_doomed;
	struct packet packets[SLAB_PACKETS];
};

struct packet_pool {
	struct packet_slab *slabs;
	size_t slab_count;
	struct packet *free;
	size_t out, most_out; // now, and since the last trim
};

struct packet_pool *packet_pool_new(void) {
	return memory_alloc(sizeof(struct packet_pool));
}

void packet_pool_free(struct packet_pool *pool) {
	if (pool == NULL)
		return;
	assert(pool->out == 0);
	while (pool->slabs != NULL) {
		struct packet_slab *slab = pool->slabs;
		pool->slabs = slab->next;
		free(slab);
	}
	free(pool);
}

static void pool_grow(struct packet_pool *pool) {
	struct packet_slab *slab = memory_alloc(sizeof(*slab));
	slab->next = pool->slabs;
	pool->slabs = slab;
	pool->slab_count++;
	for (size_t i = SLAB_PACKETS; i-- > 0;) {
		slab->packets[i].slab = slab;
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
	if (pool->out > pool->most_out)
		pool->most_out = pool->out;
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

// Of slabs none of whose packets is out, at most so many.
static void doom_slabs(struct packet_pool *pool, size_t most) {
	for (struct packet *packet = pool->free; packet != NULL; packet = packet->next)
		packet->slab->idle++;
	for (struct packet_slab *slab = pool->slabs; slab != NULL; slab = slab->next) {
		slab->is_doomed = slab->idle == SLAB_PACKETS && most > 0;
		slab->idle = 0;
		most -= slab->is_doomed;
	}
}

// The order of the others stays.
static void forget_doomed_packets(struct packet_pool *pool) {
	struct packet **at = &pool->free;
	while (*at != NULL) {
		if ((*at)->slab->is_doomed)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
}

static void free_doomed_slabs(struct packet_pool *pool) {
	struct packet_slab **at = &pool->slabs;
	while (*at != NULL) {
		struct packet_slab *slab = *at;
		if (!slab->is_doomed) {
			at = &slab->next;
			continue;
		}
		*at = slab->next;
		free(slab);
		pool->slab_count--;
	}
}

void packet_pool_trim(struct packet_pool *pool) {
	size_t needed = pool->most_out + RESERVE_PACKETS;
	size_t held = pool->slab_count * SLAB_PACKETS;
	pool->most_out = pool->out;
	if (held < needed + SLAB_PACKETS)
		return;
	doom_slabs(pool, (held - needed) / SLAB_PACKETS);
	forget_doomed_packets(pool);
	free_doomed_slabs(pool);
}

size_t packet_pool_held(const struct packet_pool *pool) {
	return pool->slab_count * SLAB_PACKETS;
}
