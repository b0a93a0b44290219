// Numbers for prefixes, shared by all peers of a speaker, so that what a peer was sent is an array.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"

#define BGP_NUMBER_NONE UINT32_MAX

struct bgp_prefix_item {
	struct prefix prefix;
	uint32_t references;
	uint32_t next; // in its bucket, or in the list of free ones
};

// Zero-initialised it is empty.
struct bgp_prefixes {
	struct bgp_prefix_item *items;
	size_t count, room;
	uint32_t *buckets;
	size_t bucket_count;
	uint32_t first_free;
	size_t free_count;
};

void bgp_prefixes_done(struct bgp_prefixes *prefixes);
// The prefix's number, new when it had none; it stays while there are references.
uint32_t bgp_prefixes_ref(struct bgp_prefixes *prefixes, struct prefix prefix);
void bgp_prefixes_ref_number(struct bgp_prefixes *prefixes, uint32_t number);
void bgp_prefixes_unref(struct bgp_prefixes *prefixes, uint32_t number);

static inline struct prefix bgp_prefixes_at(const struct bgp_prefixes *prefixes, uint32_t number) {
	return prefixes->items[number].prefix;
}
