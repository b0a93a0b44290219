// Inside a forwarding table: sets of hops, each kept once and counted.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "forward/fib.h"

#define NO_HOP_SET UINT32_MAX

struct hop_set {
	struct fib_hop *hops;
	uint16_t count;
	uint32_t references; // 0: free
	uint64_t hash;
	uint32_t chain; // the next of the same bucket, or the next free one
};

// Zero-initialised is empty.
struct hop_sets {
	struct hop_set *items;
	uint32_t *buckets; // as many as there is room for items, a power of two
	uint32_t count, room;
	uint32_t first_free, free_count;
};

// The number of the set of these hops, referred to once more.
uint32_t hop_sets_take(struct hop_sets *sets, const struct fib_hop *hops, size_t count);
void hop_sets_drop(struct hop_sets *sets, uint32_t at);
void hop_sets_done(struct hop_sets *sets);
size_t hop_sets_used_bytes(const struct hop_sets *sets);
