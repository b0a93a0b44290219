#include "world/world_int.h"

// Converged: nothing is being worked on. Streams with unacknowledged bytes count as updates in
// flight: over a link that silently loses everything they stay so until a timer ends the session,
// and until the longest of those timers has passed since such a fault nobody can be sure.
bool world_is_converged(const struct world *world) {
	if (loop_work_pending(world->loop) > 0)
		return false;
	if (instant_compare(loop_now(world->loop), world->settles_at) < 0)
		return false;
	for (size_t i = 0; i < world->topo->node_count; i++) {
		const struct world_node *node = &world->nodes[i];
		if (node->tcp != NULL && tcp_bytes_in_flight(node->tcp) > 0)
			return false;
		if (node->speaker != NULL && bgp_has_pending(node->speaker))
			return false;
	}
	return true;
}

static bool keep_going(void *owner) {
	return !world_is_converged(owner);
}

bool world_converge(struct world *world, int64_t limit_ns) {
	instant until = instant_add(loop_now(world->loop), limit_ns);
	return loop_run_while(world->loop, until, keep_going, world) || world_is_converged(world);
}
