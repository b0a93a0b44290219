// Next-hop tracking: each distinct BGP next hop is resolved once, not once per path.

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "route/rib_int.h"

uint32_t next_hop_track(struct rib *rib, struct ip address) {
	struct next_hops *list = &rib->next_hops;
	struct prefix host = prefix_host(address);
	uint32_t number = lpm_get(list->index, host);

	if (number != LPM_NONE) {
		list->items[number].references++;
		return number;
	}
	for (number = 0; list->live < list->count && list->items[number].references > 0; number++)
		;
	if (list->live == list->count) {
		number = (uint32_t)list->count;
		ARRAY_PUSH(list, (struct next_hop){0});
	}
	list->items[number] = (struct next_hop){.address = address, .references = 1, .is_fresh = true};
	list->live++;
	list->fresh++;
	lpm_insert(list->index, host, number);
	return number;
}

void next_hop_untrack(struct rib *rib, uint32_t number) {
	struct next_hops *list = &rib->next_hops;
	struct next_hop *next_hop = &list->items[number];

	assert(next_hop->references > 0);
	if (--next_hop->references > 0)
		return;
	lpm_remove(list->index, prefix_host(next_hop->address));
	list->fresh -= next_hop->is_fresh;
	list->live--;
	rib->hop_bytes -= next_hop->hop_count * sizeof(*next_hop->hops);
	free(next_hop->hops);
	*next_hop = (struct next_hop){0};
}

static bool hops_equal(const struct route_hop *a, const struct route_hop *b, size_t count) {
	for (size_t i = 0; i < count; i++)
		if (a[i].port != b[i].port || !ip_equal(a[i].via, b[i].via) ||
			a[i].blackhole != b[i].blackhole)
			return false;
	return true;
}

static bool is_default_length(struct ip address, unsigned bits) {
	return bits == (ip_is_v4(address) ? PREFIX_V4_BITS : 0);
}

// The longest prefix around the address with a plain route. On a connected network the next hop is
// its own neighbour; behind a static or IGP route that route's neighbour is.
static size_t resolve(const struct rib *rib, struct ip address,
	struct route_hop hops[ROUTE_HOPS_MAX], uint32_t *metric) {
	struct lpm_match match = lpm_lookup(rib->index, address);

	while (match.value != LPM_NONE) { // each round is a shorter prefix: at most 129
		const struct path *best = NULL;
		size_t count = rib_plain_hops(rib, &rib_slot(rib, match.value)->entry, hops, &best);
		if (is_default_length(address, match.bits) && !RESOLVE_THROUGH_DEFAULT)
			return 0;
		if (count > 0) {
			for (size_t i = 0; i < count; i++)
				if (ip_is_none(hops[i].via) && !hops[i].blackhole)
					hops[i].via = address;
			*metric = best->metric;
			return count;
		}
		if (match.bits == 0)
			return 0;
		match = lpm_lookup_at_most(rib->index, address, match.bits - 1U);
	}
	return 0;
}

// True when the outcome is another one than before.
static bool next_hop_resolve(struct rib *rib, struct next_hop *next_hop) {
	struct route_hop hops[ROUTE_HOPS_MAX];
	uint32_t metric = 0;
	size_t count = resolve(rib, next_hop->address, hops, &metric);

	if (count == next_hop->hop_count && metric == next_hop->metric &&
		hops_equal(hops, next_hop->hops, count))
		return false;
	rib->hop_bytes += count * sizeof(*hops);
	rib->hop_bytes -= next_hop->hop_count * sizeof(*hops);
	free(next_hop->hops);
	next_hop->hops = NULL;
	if (count > 0) {
		next_hop->hops = memory_alloc(count * sizeof(*hops));
		memcpy(next_hop->hops, hops, count * sizeof(*hops));
	}
	next_hop->hop_count = (uint16_t)count;
	next_hop->metric = metric;
	return true;
}

static bool entry_depends_on_change(const struct rib *rib, const struct rib_entry *entry) {
	for (uint16_t i = 0; i < entry->path_count; i++) {
		uint32_t number = entry->paths[i]->tracked;
		if (number != NOT_TRACKED && rib->next_hops.items[number].is_changed)
			return true;
	}
	return false;
}

bool next_hops_need_refresh(const struct rib *rib) {
	return rib->next_hops.fresh > 0 || (rib->has_plain_change && rib->next_hops.live > 0);
}

// Entries with a fresh next hop are touched already, by the update that brought it; a changed one
// costs one pass over the table, however many prefixes hang on it.
void next_hops_refresh(struct rib *rib) {
	struct next_hops *list = &rib->next_hops;
	bool has_change = false;

	if (next_hops_need_refresh(rib)) {
		for (size_t i = 0; i < list->count; i++) {
			struct next_hop *next_hop = &list->items[i];
			if (next_hop->references == 0 || !(rib->has_plain_change || next_hop->is_fresh))
				continue;
			next_hop->is_changed = next_hop_resolve(rib, next_hop) && !next_hop->is_fresh;
			next_hop->is_fresh = false;
			has_change |= next_hop->is_changed;
		}
	}
	list->fresh = 0;
	rib->has_plain_change = false;
	if (!has_change)
		return;
	for (uint32_t slot = 0; slot < rib->used_slots; slot++)
		if (entry_depends_on_change(rib, &rib_slot(rib, slot)->entry))
			rib_touch(rib, slot);
	for (size_t i = 0; i < list->count; i++)
		list->items[i].is_changed = false;
}
