#include "forward/fib_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define SETS_FIRST 16

static bool hops_equal(const struct fib_hop *a, const struct fib_hop *b, size_t count) {
	for (size_t i = 0; i < count; i++)
		if (a[i].port != b[i].port || !ip_equal(a[i].via, b[i].via))
			return false;
	return true;
}

static uint64_t hops_hash(const struct fib_hop *hops, size_t count) {
	uint64_t hash = count;
	for (size_t i = 0; i < count; i++) {
		const uint64_t words[3] = {hops[i].port, hops[i].via.hi, hops[i].via.lo};
		for (size_t word = 0; word < 3; word++) {
			hash = (hash ^ words[word]) * UINT64_C(0x9e3779b97f4a7c15);
			hash ^= hash >> 32;
		}
	}
	return hash;
}

static void chain_insert(struct hop_sets *sets, uint32_t at) {
	uint32_t *bucket = &sets->buckets[sets->items[at].hash & (sets->room - 1)];
	sets->items[at].chain = *bucket;
	*bucket = at;
}

static void sets_grow(struct hop_sets *sets) {
	sets->room = sets->room == 0 ? SETS_FIRST : sets->room * 2;
	sets->items = memory_realloc(sets->items, memory_product(sets->room, sizeof(*sets->items)));
	free(sets->buckets);
	size_t bucket_bytes = memory_product(sets->room, sizeof(uint32_t));
	sets->buckets = memory_alloc(bucket_bytes);
	memset(sets->buckets, 0xff, bucket_bytes);
	for (uint32_t at = 0; at < sets->count; at++)
		if (sets->items[at].references > 0)
			chain_insert(sets, at);
}

static uint32_t set_place(struct hop_sets *sets) {
	if (sets->free_count > 0) {
		uint32_t at = sets->first_free;
		sets->first_free = sets->items[at].chain;
		sets->free_count--;
		return at;
	}
	if (sets->count == sets->room)
		sets_grow(sets);
	return sets->count++;
}

uint32_t hop_sets_take(struct hop_sets *sets, const struct fib_hop *hops, size_t count) {
	uint64_t hash = hops_hash(hops, count);
	uint32_t at = sets->room > 0 ? sets->buckets[hash & (sets->room - 1)] : NO_HOP_SET;
	for (; at != NO_HOP_SET; at = sets->items[at].chain) {
		struct hop_set *set = &sets->items[at];
		if (set->hash == hash && set->count == count && hops_equal(set->hops, hops, count)) {
			set->references++;
			return at;
		}
	}
	at = set_place(sets);
	struct hop_set *set = &sets->items[at];
	*set = (struct hop_set){.count = (uint16_t)count, .references = 1, .hash = hash};
	set->hops = memory_alloc(memory_product(count, sizeof(*hops)));
	memcpy(set->hops, hops, count * sizeof(*hops));
	chain_insert(sets, at);
	return at;
}

void hop_sets_drop(struct hop_sets *sets, uint32_t at) {
	struct hop_set *set = &sets->items[at];
	if (--set->references > 0)
		return;
	uint32_t *link = &sets->buckets[set->hash & (sets->room - 1)];
	while (*link != at)
		link = &sets->items[*link].chain;
	*link = set->chain;
	free(set->hops);
	set->hops = NULL;
	set->chain = sets->first_free;
	sets->first_free = at;
	sets->free_count++;
}

void hop_sets_done(struct hop_sets *sets) {
	for (uint32_t at = 0; at < sets->count; at++)
		free(sets->items[at].hops);
	free(sets->items);
	free(sets->buckets);
}

size_t hop_sets_used_bytes(const struct hop_sets *sets) {
	size_t used = sets->room * (sizeof(*sets->items) + sizeof(*sets->buckets));
	for (uint32_t at = 0; at < sets->count; at++)
		if (sets->items[at].references > 0)
			used += sets->items[at].count * sizeof(struct fib_hop);
	return used;
}
