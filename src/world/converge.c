#include "world/world_int.h"

void world_note_fate(struct world *world) {
	world->fate.changes++;
	if (world->fate.changed != NULL)
		world->fate.changed(world->fate.owner);
}

void world_watch_fate(struct world *world, world_fate_changed_fn *changed, void *owner) {
	world->fate.changed = changed;
	world->fate.owner = owner;
}

// Converged: nothing is being worked on. Streams with unacknowledged bytes count as updates in
// flight: over a link that silently loses everything they stay so until a timer ends the session.
// Where somebody may be in silence, nobody can be sure until the longest of those timers has passed
// since such a fault, and since whatever changed in its wake.
bool world_is_converged(struct world *world) {
	if (loop_work_pending(world->loop) > 0)
		return false;
	for (size_t i = 0; i < world->topo->node_count; i++) {
		const struct world_node *node = &world->nodes[i];
		if (node->tcp != NULL && tcp_bytes_in_flight(node->tcp) > 0)
			return false;
		if (node->speaker != NULL && bgp_has_pending(node->speaker))
			return false;
	}
	return instant_compare(loop_now(world->loop), world->settles_at) >= 0 ||
		world_is_at_rest(world);
}

// A network that settles changes each of its routes a few times. One in which the routes changed
// this often for each there is goes round and round, however little time that takes.
#define CHANGES_PER_ROUTE_MAX 100
#define CHANGES_AT_LEAST 50000

struct converging {
	struct world *world;
	uint64_t changes_limit;
	bool is_disputed;
};

static uint64_t changes_limit(const struct world *world) {
	uint64_t routes = 0;
	for (size_t i = 0; i < world->topo->node_count; i++) {
		if (world->nodes[i].rib != NULL)
			routes += rib_count(world->nodes[i].rib);
	}
	return CHANGES_AT_LEAST + routes * CHANGES_PER_ROUTE_MAX;
}

static bool keep_going(void *owner) {
	struct converging *converging = owner;
	struct world *world = converging->world;
	if (world->route_changes > converging->changes_limit) {
		// The limit was made of the routes there were then; there may be more by now.
		uint64_t limit = world->converge_from + changes_limit(world);
		converging->is_disputed = limit <= converging->changes_limit;
		converging->changes_limit = limit;
	}
	return !converging->is_disputed && !world_is_converged(world);
}

bool world_converge(struct world *world, int64_t limit_ns) {
	instant until = instant_add(loop_now(world->loop), limit_ns);
	world->converge_from = world->route_changes;
	struct converging converging = {world, world->route_changes + changes_limit(world), false};
	bool was_ended = loop_run_while(world->loop, until, keep_going, &converging);
	return !converging.is_disputed && (was_ended || world_is_converged(world));
}
