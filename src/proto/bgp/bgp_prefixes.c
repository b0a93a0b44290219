#include "proto/bgp/bgp_prefixes.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

#define BUCKETS_FIRST ((size_t)64) // a power of two, as every later count

void bgp_prefixes_done(struct bgp_prefixes *prefixes) {
	free(prefixes->items);
	free(prefixes->buckets);
	*prefixes = (struct bgp_prefixes){0};
}

static size_t bucket_of(const struct bgp_prefixes *prefixes, struct prefix prefix) {
	uint64_t hash = (prefix.base.hi ^ prefix.bits) * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ hash >> 32 ^ prefix.base.lo) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(hash >> 32) & (prefixes->bucket_count - 1);
}

static void grow(struct bgp_prefixes *prefixes) {
	size_t larger = prefixes->bucket_count ? prefixes->bucket_count * 2 : BUCKETS_FIRST;

	free(prefixes->buckets);
	prefixes->buckets = memory_alloc(memory_product(larger, sizeof(*prefixes->buckets)));
	prefixes->bucket_count = larger;
	for (size_t i = 0; i < larger; i++)
		prefixes->buckets[i] = BGP_NUMBER_NONE;
	for (uint32_t i = 0; i < prefixes->count; i++) {
		struct bgp_prefix_item *item = &prefixes->items[i];
		if (item->references == 0)
			continue;
		uint32_t *bucket = &prefixes->buckets[bucket_of(prefixes, item->prefix)];
		item->next = *bucket;
		*bucket = i;
	}
}

static uint32_t number_take(struct bgp_prefixes *prefixes) {
	if (prefixes->free_count > 0) {
		uint32_t number = prefixes->first_free;
		prefixes->first_free = prefixes->items[number].next;
		prefixes->free_count--;
		return number;
	}
	assert(prefixes->count < BGP_NUMBER_NONE);
	prefixes->items =
		array_grow(prefixes->items, &prefixes->room, prefixes->count, sizeof(*prefixes->items));
	return (uint32_t)prefixes->count++;
}

uint32_t bgp_prefixes_ref(struct bgp_prefixes *prefixes, struct prefix prefix) {
	if (prefixes->count - prefixes->free_count >= prefixes->bucket_count)
		grow(prefixes);
	uint32_t *bucket = &prefixes->buckets[bucket_of(prefixes, prefix)];
	for (uint32_t at = *bucket; at != BGP_NUMBER_NONE; at = prefixes->items[at].next)
		if (prefix_equal(prefixes->items[at].prefix, prefix)) {
			prefixes->items[at].references++;
			return at;
		}
	uint32_t number = number_take(prefixes);
	prefixes->items[number] = (struct bgp_prefix_item){prefix, 1, *bucket};
	*bucket = number;
	return number;
}

void bgp_prefixes_ref_number(struct bgp_prefixes *prefixes, uint32_t number) {
	assert(prefixes->items[number].references > 0);
	prefixes->items[number].references++;
}

void bgp_prefixes_unref(struct bgp_prefixes *prefixes, uint32_t number) {
	struct bgp_prefix_item *item = &prefixes->items[number];

	assert(item->references > 0);
	if (--item->references > 0)
		return;
	uint32_t *at = &prefixes->buckets[bucket_of(prefixes, item->prefix)];
	while (*at != number)
		at = &prefixes->items[*at].next;
	*at = item->next;
	item->next = prefixes->first_free;
	prefixes->first_free = number;
	prefixes->free_count++;
}
