#include "route/rib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "route/rib_int.h"

bool route_is_plain(enum route_kind kind) {
	return kind == ROUTE_CONNECTED || kind == ROUTE_STATIC || kind == ROUTE_IGP;
}

struct rib *rib_new(const struct rib_config *config) {
	struct rib *rib = memory_alloc(sizeof(*rib));

	rib->config = *config;
	rib->index = lpm_new();
	rib->next_hops.index = lpm_new();
	return rib;
}

static void path_set_next_hop(struct rib *rib, struct path *path, const struct path_spec *spec) {
	uint32_t old = path->tracked;

	path->tracked = NOT_TRACKED;
	if (spec && spec->hop_count == 0 && spec->attributes &&
		!ip_is_none(spec->attributes->spec.next_hop))
		path->tracked = next_hop_track(rib, spec->attributes->spec.next_hop);
	if (old != NOT_TRACKED)
		next_hop_untrack(rib, old);
}

static void path_set_hops(struct rib *rib, struct path *path, const struct path_spec *spec) {
	struct route_hop *hops = NULL;
	uint16_t count = spec ? spec->hop_count : 0;

	assert(count <= ROUTE_HOPS_MAX);
	if (count > 0) {
		hops = memory_alloc(count * sizeof(*hops));
		memcpy(hops, spec->hops, count * sizeof(*hops));
	}
	rib->hop_bytes += count * sizeof(*hops);
	rib->hop_bytes -= path->hop_count * sizeof(*hops);
	free(path->hops);
	path->hops = hops;
	path->hop_count = count;
}

static void path_free(struct rib *rib, struct path *path) {
	path_set_next_hop(rib, path, NULL);
	path_set_hops(rib, path, NULL);
	attributes_unref(rib->config.attributes, path->attributes);
	free(path);
	rib->path_count--;
}

void rib_free(struct rib *rib) {
	if (!rib)
		return;
	for (uint32_t number = 0; number < rib->used_slots; number++) {
		struct rib_slot *slot = rib_slot(rib, number);
		for (uint16_t i = 0; i < slot->entry.path_count; i++)
			path_free(rib, slot->entry.paths[i]);
		if (slot->entry.paths != &slot->only)
			free(slot->entry.paths);
	}
	for (size_t i = 0; i < rib->chunk_count; i++)
		free(rib->chunks[i]);
	free(rib->chunks);
	free(rib->free_slots.items);
	free(rib->touched.items);
	free(rib->next_hops.items);
	lpm_free(rib->next_hops.index);
	lpm_free(rib->index);
	free(rib);
}

void rib_touch(struct rib *rib, uint32_t slot) {
	struct rib_entry *entry = &rib_slot(rib, slot)->entry;

	if (entry->is_touched)
		return;
	entry->is_touched = true;
	ARRAY_PUSH(&rib->touched, slot);
}

static uint32_t slot_new(struct rib *rib, struct prefix prefix) {
	uint32_t number;

	if (rib->free_slots.count > 0) {
		number = rib->free_slots.items[--rib->free_slots.count];
	} else {
		number = rib->used_slots++;
		if (number / SLOTS_PER_CHUNK == rib->chunk_count) {
			rib->chunks = array_grow(
				rib->chunks, &rib->chunk_room, rib->chunk_count, sizeof(struct rib_slot *));
			rib->chunks[rib->chunk_count++] =
				memory_alloc(SLOTS_PER_CHUNK * sizeof(struct rib_slot));
		}
	}
	struct rib_slot *slot = rib_slot(rib, number);
	*slot = (struct rib_slot){.entry = {.prefix = prefix, .room = 1}};
	slot->entry.paths = &slot->only;
	lpm_insert(rib->index, prefix, number);
	rib->prefix_count++;
	return number;
}

static void slot_free(struct rib *rib, uint32_t number) {
	struct rib_slot *slot = rib_slot(rib, number);

	lpm_remove(rib->index, slot->entry.prefix);
	if (slot->entry.paths != &slot->only) {
		rib->array_bytes -= slot->entry.room * sizeof(struct path *);
		free(slot->entry.paths);
	}
	*slot = (struct rib_slot){.entry = {.paths = NULL}};
	ARRAY_PUSH(&rib->free_slots, number);
	rib->prefix_count--;
}

static void slot_add(struct rib *rib, struct rib_slot *slot, struct path *path) {
	struct rib_entry *entry = &slot->entry;

	if (entry->path_count == entry->room) {
		assert(entry->room <= UINT16_MAX / 2);
		size_t room = entry->room * 2U;
		bool was_only = entry->paths == &slot->only;
		struct path **moved =
			memory_realloc(was_only ? NULL : entry->paths, room * sizeof(struct path *));
		if (was_only)
			moved[0] = slot->only;
		rib->array_bytes += (was_only ? room : room - entry->room) * sizeof(struct path *);
		entry->paths = moved;
		entry->room = (uint16_t)room;
	}
	entry->paths[entry->path_count++] = path;
}

static uint16_t entry_index_of(const struct rib_entry *entry, const struct route_source *source) {
	uint16_t i = 0;

	while (i < entry->path_count && entry->paths[i]->source != source)
		i++;
	return i;
}

static bool hops_are(const struct path *path, const struct path_spec *spec) {
	if (path->hop_count != spec->hop_count)
		return false;
	for (size_t i = 0; i < spec->hop_count; i++)
		if (path->hops[i].port != spec->hops[i].port ||
			path->hops[i].blackhole != spec->hops[i].blackhole ||
			!ip_equal(path->hops[i].via, spec->hops[i].via))
			return false;
	return true;
}

static bool path_is(const struct path *path, const struct path_spec *spec) {
	return path->attributes == spec->attributes && path->weight == spec->weight &&
		path->tag == spec->tag && path->metric == spec->metric && path->origin == spec->origin &&
		path->never_best == spec->never_best && path->no_forwarding == spec->no_forwarding &&
		hops_are(path, spec);
}

static void path_set(struct rib *rib, struct path *path, const struct path_spec *spec) {
	struct attributes *old = path->attributes;

	path_set_next_hop(rib, path, spec);
	path_set_hops(rib, path, spec);
	path->attributes = spec->attributes ? attributes_ref(spec->attributes) : NULL;
	attributes_unref(rib->config.attributes, old);
	path->weight = spec->weight;
	path->tag = spec->tag;
	path->metric = spec->metric;
	path->origin = spec->origin;
	path->never_best = spec->never_best;
	path->no_forwarding = spec->no_forwarding;
}

bool rib_update(struct rib *rib, struct prefix prefix, const struct route_source *source,
	const struct path_spec *spec) {
	uint32_t number = lpm_get(rib->index, prefix);

	assert(!rib->is_flushing);
	if (number == LPM_NONE)
		number = slot_new(rib, prefix);
	struct rib_slot *slot = rib_slot(rib, number);
	uint16_t at = entry_index_of(&slot->entry, source);
	bool is_new = at == slot->entry.path_count;
	if (!is_new && path_is(slot->entry.paths[at], spec))
		return false;
	if (is_new) {
		struct path *path = memory_alloc(sizeof(*path));
		path->source = source;
		path->tracked = NOT_TRACKED;
		slot_add(rib, slot, path);
		rib->path_count++;
	}
	path_set(rib, slot->entry.paths[at], spec);
	rib->has_plain_change |= route_is_plain(source->kind);
	rib_touch(rib, number);
	return is_new;
}

static void slot_remove(struct rib *rib, uint32_t number, uint16_t at) {
	struct rib_entry *entry = &rib_slot(rib, number)->entry;

	rib->has_plain_change |= route_is_plain(entry->paths[at]->source->kind);
	path_free(rib, entry->paths[at]);
	entry->path_count--;
	memmove(&entry->paths[at], &entry->paths[at + 1],
		(size_t)(entry->path_count - at) * sizeof(*entry->paths));
	if (at < entry->chosen)
		entry->chosen--;
	rib_touch(rib, number);
}

bool rib_withdraw(struct rib *rib, struct prefix prefix, const struct route_source *source) {
	uint32_t number = lpm_get(rib->index, prefix);

	assert(!rib->is_flushing);
	if (number == LPM_NONE)
		return false;
	const struct rib_entry *entry = &rib_slot(rib, number)->entry;
	uint16_t at = entry_index_of(entry, source);
	if (at == entry->path_count)
		return false;
	slot_remove(rib, number, at);
	return true;
}

void rib_withdraw_source(struct rib *rib, const struct route_source *source) {
	assert(!rib->is_flushing);
	for (uint32_t number = 0; number < rib->used_slots; number++) {
		const struct rib_entry *entry = &rib_slot(rib, number)->entry;
		uint16_t at = entry_index_of(entry, source);
		if (at < entry->path_count)
			slot_remove(rib, number, at);
	}
}

static int compare_slots(const void *a, const void *b, void *context) {
	const struct rib *rib = context;

	return prefix_compare(rib_slot(rib, *(const uint32_t *)a)->entry.prefix,
		rib_slot(rib, *(const uint32_t *)b)->entry.prefix);
}

// Tables mostly arrive in order.
static void touched_sort(struct rib *rib) {
	struct slot_list *list = &rib->touched;

	for (size_t i = 1; i < list->count; i++)
		if (compare_slots(&list->items[i - 1], &list->items[i], rib) > 0) {
			qsort_r(list->items, list->count, sizeof(*list->items), compare_slots, rib);
			return;
		}
}

static void entry_decide(struct rib *rib, struct rib_entry *entry) {
	for (uint16_t i = 0; i < entry->path_count; i++) {
		struct path *path = entry->paths[i];
		bool is_tracked = path->tracked != NOT_TRACKED;
		const struct next_hop *to = is_tracked ? &rib->next_hops.items[path->tracked] : NULL;
		path->is_reachable = !to || to->hop_count > 0;
		path->igp_metric = to ? to->metric : 0;
	}
	entry->chosen = decide_order(rib->config.decision, entry->paths, entry->path_count);
}

bool rib_flush(struct rib *rib) {
	assert(!rib->is_flushing);
	next_hops_refresh(rib);
	size_t count = rib->touched.count;
	if (count == 0)
		return false;
	touched_sort(rib);
	rib->is_flushing = true;
	// All are decided before any is reported, so that whoever is told sees one whole state.
	for (size_t i = 0; i < count; i++)
		entry_decide(rib, &rib_slot(rib, rib->touched.items[i])->entry);
	for (size_t i = 0; i < count; i++) {
		struct rib_entry *entry = &rib_slot(rib, rib->touched.items[i])->entry;
		entry->is_touched = false;
		if (rib->config.changed)
			rib->config.changed(rib->config.owner, entry);
	}
	for (size_t i = 0; i < count; i++)
		if (rib_slot(rib, rib->touched.items[i])->entry.path_count == 0)
			slot_free(rib, rib->touched.items[i]);
	rib->touched.count = 0;
	rib->is_flushing = false;
	return true;
}

bool rib_has_pending(const struct rib *rib) {
	return rib->touched.count > 0 || next_hops_need_refresh(rib);
}

const struct rib_entry *rib_find(const struct rib *rib, struct prefix prefix) {
	uint32_t number = lpm_get(rib->index, prefix);

	if (number == LPM_NONE || rib_slot(rib, number)->entry.path_count == 0)
		return NULL;
	return &rib_slot(rib, number)->entry;
}

const struct rib_entry *rib_lookup(const struct rib *rib, struct ip address) {
	struct lpm_match match = lpm_lookup(rib->index, address);

	while (match.value != LPM_NONE) { // each round is a shorter prefix: at most 129
		const struct rib_entry *entry = &rib_slot(rib, match.value)->entry;
		if (entry->chosen > 0)
			return entry;
		if (match.bits == 0)
			return NULL;
		match = lpm_lookup_at_most(rib->index, address, match.bits - 1U);
	}
	return NULL;
}

struct walk {
	const struct rib *rib;
	rib_visit_fn *visit;
	void *owner;
};

static bool walk_visit(void *owner, struct prefix prefix, uint32_t value) {
	const struct walk *walk = owner;
	const struct rib_entry *entry = &rib_slot(walk->rib, value)->entry;

	(void)prefix;
	return entry->path_count == 0 || walk->visit(walk->owner, entry);
}

void rib_walk(const struct rib *rib, rib_visit_fn *visit, void *owner) {
	struct walk walk = {rib, visit, owner};

	lpm_walk(rib->index, walk_visit, &walk);
}

size_t hops_add(struct route_hop hops[ROUTE_HOPS_MAX], size_t count, struct route_hop hop) {
	for (size_t i = 0; i < count; i++)
		if (hops[i].port == hop.port && hops[i].blackhole == hop.blackhole &&
			ip_equal(hops[i].via, hop.via))
			return count;
	if (count < ROUTE_HOPS_MAX)
		hops[count++] = hop;
	return count;
}

static bool is_usable_plain(const struct path *path) {
	return route_is_plain(path->source->kind) && path->hop_count > 0 && !path->never_best &&
		!path->no_forwarding;
}

size_t rib_plain_hops(const struct rib *rib, const struct rib_entry *entry,
	struct route_hop hops[ROUTE_HOPS_MAX], const struct path **best) {
	const struct decision *decision = rib->config.decision;
	const struct path *first = NULL;
	size_t count = 0;

	for (uint16_t i = 0; i < entry->path_count; i++)
		if (is_usable_plain(entry->paths[i]) &&
			(!first || decide_compare(decision, entry->paths[i], first) < 0))
			first = entry->paths[i];
	for (uint16_t i = 0; first && i < first->hop_count; i++)
		count = hops_add(hops, count, first->hops[i]);
	*best = first;
	return count;
}

size_t rib_entry_hops(
	const struct rib *rib, const struct rib_entry *entry, struct route_hop hops[ROUTE_HOPS_MAX]) {
	size_t count = 0;

	for (uint16_t i = 0; i < entry->chosen; i++) {
		const struct path *path = entry->paths[i];
		const struct route_hop *from = path->hops;
		size_t from_count = path->hop_count;
		struct route_hop plain[ROUTE_HOPS_MAX];
		const struct path *best;
		if (path->no_forwarding)
			continue;
		if (path->tracked != NOT_TRACKED) {
			from = rib->next_hops.items[path->tracked].hops;
			from_count = rib->next_hops.items[path->tracked].hop_count;
		} else if (from_count == 0) {
			from = plain;
			from_count = rib_plain_hops(rib, entry, plain, &best);
		}
		for (size_t j = 0; j < from_count; j++)
			count = hops_add(hops, count, from[j]);
	}
	return count;
}

size_t rib_count(const struct rib *rib) {
	return rib->prefix_count;
}

size_t rib_path_count(const struct rib *rib) {
	return rib->path_count;
}

size_t rib_used_bytes(const struct rib *rib) {
	return sizeof(*rib) + rib->chunk_count * SLOTS_PER_CHUNK * sizeof(struct rib_slot) +
		rib->chunk_room * sizeof(struct rib_slot *) + rib->path_count * sizeof(struct path) +
		rib->hop_bytes + rib->array_bytes +
		(rib->free_slots.room + rib->touched.room) * sizeof(uint32_t) +
		rib->next_hops.room * sizeof(struct next_hop) + lpm_used_bytes(rib->index) +
		lpm_used_bytes(rib->next_hops.index);
}
