#include "analyze/dispute.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/lpm.h"

// States that are remembered; a longer cycle is not found, only what changes.
#define STATES_MAX 65536

struct watched {
	struct dispute_route route;
	uint64_t choice; // digest of the present one
};

struct state {
	uint64_t digest;
	int64_t when_ns;
};

// Belongs to the world's arena, because a watcher stays as long as the world does.
struct watching {
	struct world *world;
	bool is_over;
	struct lpm **of_node; // per node: prefix to index in `routes`
	struct {
		struct watched *items;
		size_t count, room;
	} routes;
	uint64_t digest; // of all choices together, independent of their order
};

static uint64_t digest_choice(uint32_t node, struct prefix prefix, uint64_t choice) {
	struct digest digest;

	digest_init(&digest);
	digest_add_u64(&digest, node);
	digest_add_u64(&digest, prefix.base.hi);
	digest_add_u64(&digest, prefix.base.lo);
	digest_add_u64(&digest, prefix.bits);
	digest_add_u64(&digest, choice);
	return digest.value;
}

static uint64_t choice_of(const struct rib_entry *entry) {
	struct digest digest;

	digest_init(&digest);
	for (size_t i = 0; i < entry->chosen; i++) {
		const struct path *path = entry->paths[i];
		digest_add_text(&digest, path->source->name);
		digest_add_u64(&digest, path->attributes != NULL ? path->attributes->hash : 0);
	}
	return digest.value;
}

static void note_choice(struct dispute_route *route, const struct rib_entry *entry) {
	const char *name = entry->chosen != 0 ? entry->paths[0]->source->name : "";

	route->changes++;
	for (size_t i = 0; i < route->choice_count; i++) {
		if (text_equal(route->choices[i], name))
			return;
	}
	if (route->choice_count < DISPUTE_CHOICES_MAX)
		route->choices[route->choice_count++] = name;
}

static void route_changed(void *owner, uint32_t node, const struct rib_entry *entry) {
	struct watching *watching = owner;

	if (watching->is_over)
		return;
	if (watching->of_node[node] == NULL)
		watching->of_node[node] = lpm_new();
	uint32_t index = lpm_get(watching->of_node[node], entry->prefix);
	if (index == LPM_NONE) {
		struct watched fresh = {.route = {.node = node, .prefix = entry->prefix}};
		index = (uint32_t)watching->routes.count;
		ARRAY_PUSH(&watching->routes, fresh);
		lpm_insert(watching->of_node[node], entry->prefix, index);
	}
	struct watched *watched = &watching->routes.items[index];
	uint64_t choice = choice_of(entry);
	if (watched->choice != 0)
		watching->digest ^= digest_choice(node, entry->prefix, watched->choice);
	watching->digest ^= digest_choice(node, entry->prefix, choice);
	watched->choice = choice;
	note_choice(&watched->route, entry);
}

static int compare_routes(const void *left, const void *right) {
	const struct dispute_route *a = left;
	const struct dispute_route *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return prefix_compare(a->prefix, b->prefix);
}

static void collect(const struct watching *watching, struct arena *arena, struct dispute *out) {
	size_t count = 0;

	out->routes = ARENA_ARRAY(arena, struct dispute_route, watching->routes.count + 1);
	for (size_t i = 0; i < watching->routes.count; i++) {
		if (watching->routes.items[i].route.changes > 1)
			out->routes[count++] = watching->routes.items[i].route;
	}
	if (count > 1)
		qsort(out->routes, count, sizeof(*out->routes), compare_routes);
	out->route_count = count < DISPUTE_ROUTES_MAX ? count : DISPUTE_ROUTES_MAX;
}

// Was the network in this state before? Then one cycle lies between.
static bool came_round(const struct state *states, size_t count, uint64_t digest, int64_t now_ns,
	struct dispute *out) {
	for (size_t i = count; i-- > 0;) {
		if (states[i].digest != digest)
			continue;
		out->period_ns = now_ns - states[i].when_ns;
		return true;
	}
	return false;
}

bool dispute_find(struct world *world, struct arena *arena, struct dispute *out) {
	struct loop *loop = world_loop(world);
	struct watching *watching = ARENA_NEW(world_arena(world), struct watching);
	size_t node_count = world_topo(world)->node_count;
	struct state *states = memory_alloc(memory_product(STATES_MAX, sizeof(*states)));
	instant until = instant_add(loop_now(loop), DISPUTE_WINDOW_NS);
	size_t count = 0;
	size_t repeats = 0;

	*out = (struct dispute){0};
	watching->world = world;
	watching->of_node = ARENA_ARRAY(world_arena(world), struct lpm *, node_count);
	world_watch_ribs(world, route_changed, watching);
	while (repeats < 3 && loop_step(loop, until)) {
		uint64_t last = count != 0 ? states[count - 1].digest : 0;
		if (watching->digest == last || count == STATES_MAX)
			continue;
		repeats += came_round(states, count, watching->digest, loop_now(loop).ns, out);
		states[count++] = (struct state){watching->digest, loop_now(loop).ns};
	}
	watching->is_over = true;
	out->is_cycle = repeats >= 3;
	if (!out->is_cycle)
		out->period_ns = 0;
	collect(watching, arena, out);
	for (size_t i = 0; i < node_count; i++)
		lpm_free(watching->of_node[i]);
	free(watching->routes.items);
	free(states);
	return count != 0;
}
