#include "forward/fib.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "forward/fib_int.h"
#include "net/lpm.h"

// A route and what belongs to it; the LPM's value is its number.
struct slot {
	struct fib_route route;
	uint32_t hop_set; // NO_HOP_SET when it has no hops
	uint32_t next_free;
};

struct fib_layer {
	uint32_t references;
	struct lpm *routes;
	struct lpm *holders; // only the prefixes of routes that hold
	struct {
		struct slot *items;
		size_t count, room;
	} slots;
	uint32_t first_free, free_count;
	struct hop_sets hop_sets;
};

struct fib_layer *fib_layer_new(void) {
	struct fib_layer *layer = memory_alloc(sizeof(*layer));
	layer->references = 1;
	layer->routes = lpm_new();
	layer->holders = lpm_new();
	return layer;
}

struct fib_layer *fib_layer_ref(struct fib_layer *layer) {
	layer->references++;
	return layer;
}

void fib_layer_unref(struct fib_layer *layer) {
	if (layer == NULL || --layer->references > 0)
		return;
	lpm_free(layer->routes);
	lpm_free(layer->holders);
	free(layer->slots.items);
	hop_sets_done(&layer->hop_sets);
	free(layer);
}

static uint32_t slot_place(struct fib_layer *layer) {
	if (layer->free_count > 0) {
		uint32_t at = layer->first_free;
		layer->first_free = layer->slots.items[at].next_free;
		layer->free_count--;
		return at;
	}
	ARRAY_PUSH(&layer->slots, (struct slot){0});
	return (uint32_t)(layer->slots.count - 1);
}

void fib_layer_set(struct fib_layer *layer, struct prefix prefix, const struct fib_route *route) {
	assert(route->hop_count <= FIB_HOPS_MAX);
	// The new set is taken before the old one is dropped: `route` may point into the old one.
	uint32_t hop_set = NO_HOP_SET;
	if (route->hop_count > 0)
		hop_set = hop_sets_take(&layer->hop_sets, route->hops, route->hop_count);
	struct slot made = {.route = *route, .hop_set = hop_set};
	made.route.hops = hop_set != NO_HOP_SET ? layer->hop_sets.items[hop_set].hops : NULL;

	uint32_t at = lpm_get(layer->routes, prefix);
	if (at == LPM_NONE) {
		at = slot_place(layer);
		lpm_insert(layer->routes, prefix, at);
	} else {
		const struct slot *old = &layer->slots.items[at];
		if (old->route.holds && !made.route.holds)
			lpm_remove(layer->holders, prefix);
		if (old->hop_set != NO_HOP_SET)
			hop_sets_drop(&layer->hop_sets, old->hop_set);
	}
	if (made.route.holds)
		lpm_insert(layer->holders, prefix, at);
	layer->slots.items[at] = made;
}

void fib_layer_remove(struct fib_layer *layer, struct prefix prefix) {
	uint32_t at = lpm_get(layer->routes, prefix);
	if (at == LPM_NONE)
		return;
	struct slot *slot = &layer->slots.items[at];
	lpm_remove(layer->routes, prefix);
	if (slot->route.holds)
		lpm_remove(layer->holders, prefix);
	if (slot->hop_set != NO_HOP_SET)
		hop_sets_drop(&layer->hop_sets, slot->hop_set);
	slot->next_free = layer->first_free;
	layer->first_free = at;
	layer->free_count++;
}

const struct fib_route *fib_layer_get(const struct fib_layer *layer, struct prefix prefix) {
	uint32_t at = lpm_get(layer->routes, prefix);
	return at != LPM_NONE ? &layer->slots.items[at].route : NULL;
}

struct walk {
	const struct fib_layer *layer;
	fib_visit_fn *visit;
	void *owner;
};

static bool walk_visit(void *owner, struct prefix prefix, uint32_t at) {
	const struct walk *walk = owner;
	return walk->visit(walk->owner, prefix, &walk->layer->slots.items[at].route);
}

void fib_layer_walk(const struct fib_layer *layer, fib_visit_fn *visit, void *owner) {
	struct walk walk = {layer, visit, owner};
	lpm_walk(layer->routes, walk_visit, &walk);
}

size_t fib_layer_count(const struct fib_layer *layer) {
	return layer->slots.count - layer->free_count;
}

size_t fib_layer_used_bytes(const struct fib_layer *layer) {
	return sizeof(*layer) + lpm_used_bytes(layer->routes) + lpm_used_bytes(layer->holders) +
		layer->slots.room * sizeof(struct slot) + hop_sets_used_bytes(&layer->hop_sets);
}

#define BODY static inline __attribute__((always_inline))

BODY struct lpm_match find(const struct lpm *lpm, struct ip address, struct prefix *same) {
	return same != NULL ? lpm_lookup_scope(lpm, address, same) : lpm_lookup(lpm, address);
}

BODY struct fib_match match_of(
	const struct fib_layer *layer, struct lpm_match found, struct ip address) {
	if (found.value == LPM_NONE)
		return (struct fib_match){0};
	return (struct fib_match){
		.route = &layer->slots.items[found.value].route,
		.prefix = prefix_of(address, found.bits),
	};
}

// Does a route of the own layer hold the address against longer ones of the shared layer?
BODY bool is_held(
	const struct fib_layer *own, uint32_t longest, struct ip address, struct prefix *same) {
	if (own->slots.items[longest].route.holds)
		return true;
	if (lpm_count(own->holders) == 0)
		return false;
	return find(own->holders, address, same).value != LPM_NONE;
}

// A held address still gets a shared route no longer than the longest own one, of better
// preference. All that the scope needs was narrowed by then: within the shared prefix just refused,
// every shorter one is the same.
BODY struct fib_match lookup_body(const struct fib *fib, struct ip address, struct prefix *same) {
	struct lpm_match own = find(fib->own->routes, address, same);
	if (fib->shared == NULL)
		return match_of(fib->own, own, address);
	struct lpm_match shared = find(fib->shared->routes, address, same);
	if (own.value != LPM_NONE && shared.value != LPM_NONE && shared.bits > own.bits &&
		is_held(fib->own, own.value, address, same))
		shared = lpm_lookup_at_most(fib->shared->routes, address, own.bits);
	if (shared.value == LPM_NONE)
		return match_of(fib->own, own, address);
	bool is_shared = own.value == LPM_NONE || shared.bits > own.bits;
	if (!is_shared && shared.bits == own.bits)
		is_shared = fib->shared->slots.items[shared.value].route.preference <
			fib->own->slots.items[own.value].route.preference;
	if (!is_shared)
		return match_of(fib->own, own, address);
	struct fib_match match = match_of(fib->shared, shared, address);
	match.from_shared = true;
	return match;
}

struct fib_match fib_lookup(const struct fib *fib, struct ip address) {
	return lookup_body(fib, address, NULL);
}

struct fib_match fib_lookup_scope(const struct fib *fib, struct ip address, struct prefix *same) {
	return lookup_body(fib, address, same);
}
