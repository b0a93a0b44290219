#include "analyze/explore.h"

#include <stdlib.h>
#include <string.h>

// Where a packet is and, since its answers depend on it, who let it through on its way.
struct standing {
	struct walk_at at;
	const struct admitted *admitted;
};

struct state {
	struct standing standing;
	bool is_done;
};

struct exploring {
	struct walker *walker;
	const struct topo *topo;
	const struct exploration *asked;
	struct header_box *scope;
	struct way way;       // of the nodes on the way to here
	struct state *states; // on the way to here, and done ones when each is told once
	size_t state_count, state_room;
	size_t told;
	bool has_ended;
};

static bool tell(struct exploring *exploring, const struct admitted *admitted) {
	if (!exploring->asked->ended(exploring->asked->owner, &exploring->way, admitted) ||
		++exploring->told >= EXPLORE_WAYS_MAX)
		exploring->has_ended = true;
	return !exploring->has_ended;
}

static void tell_drop(
	struct exploring *exploring, const struct standing *standing, enum drop drop, uint32_t origin) {
	struct way *way = &exploring->way;

	way->end = WAY_DROPPED;
	way->end_node = standing->at.node;
	way->drop = drop;
	way->origin = origin;
	tell(exploring, standing->admitted);
}

static bool same_standing(const struct standing *a, const struct standing *b) {
	return a->at.node == b->at.node && a->at.port == b->at.port && ip_equal(a->at.via, b->at.via) &&
		a->admitted == b->admitted;
}

static struct state *find_state(struct exploring *exploring, const struct standing *standing) {
	for (size_t i = exploring->state_count; i-- > 0;) {
		if (same_standing(&exploring->states[i].standing, standing))
			return &exploring->states[i];
	}
	return NULL;
}

static bool push_node(struct exploring *exploring, const struct standing *standing) {
	struct way *way = &exploring->way;
	const struct topo_node *node = &exploring->topo->nodes[standing->at.node];

	if (way->node_count == EXPLORE_DEPTH_MAX)
		return false;
	way->nodes[way->node_count++] = (struct way_node){
		.node = standing->at.node,
		.is_stop = node->kind != TOPO_FABRIC,
		.row = TOPO_NONE,
		.link = TOPO_NONE,
	};
	exploring->states = array_grow(exploring->states, &exploring->state_room,
		exploring->state_count, sizeof(*exploring->states));
	exploring->states[exploring->state_count++] = (struct state){.standing = *standing};
	return true;
}

static void visit(struct exploring *exploring, const struct standing *standing);

// One member of the hops: notes what is crossed, goes on behind it, and forgets it again.
static void follow(
	struct exploring *exploring, const struct standing *standing, const struct walk_step *step) {
	struct way *way = &exploring->way;
	struct way_node *node = &way->nodes[way->node_count - 1];
	size_t rows = way->row_count;
	size_t links = way->link_count;
	size_t tunnels = way->tunnel_count;

	node->lowers_ttl = step->lowers_ttl;
	if (step->port != TOPO_NONE) {
		node->row = (uint32_t)way->row_count;
		way->rows[way->row_count++] = (struct way_row){
			.node = standing->at.node,
			.via = step->via,
			.port = step->port,
			.origin = step->origin,
		};
	}
	node->link = step->link;
	if (step->link != TOPO_NONE)
		way->links[way->link_count++] = step->link;
	if (step->tunnel != TOPO_NONE)
		way->tunnels[way->tunnel_count++] = step->tunnel;
	if (step->is_dropped) {
		tell_drop(exploring, standing, step->drop, step->origin);
	} else if (step->is_delivered) {
		way->end = WAY_DELIVERED;
		way->end_node = standing->at.node;
		tell(exploring, step->admitted);
	} else {
		const struct standing next = {step->next, step->admitted};
		visit(exploring, &next);
	}
	node->link = node->row = TOPO_NONE;
	way->row_count = rows;
	way->link_count = links;
	way->tunnel_count = tunnels;
}

static void visit(struct exploring *exploring, const struct standing *standing) {
	struct way *way = &exploring->way;
	const struct state *seen = find_state(exploring, standing);

	if (seen != NULL && seen->is_done)
		return;
	size_t position = exploring->state_count;
	if (seen != NULL || !push_node(exploring, standing)) {
		tell_drop(exploring, standing, DROP_LOOP, 0);
		return;
	}
	struct walk_step *steps = memory_alloc(sizeof(*steps) * FIB_HOPS_MAX);
	struct walk_question question = {
		.at = standing->at,
		.key = exploring->asked->key,
		.is_reply = exploring->asked->is_reply,
		.admitted = standing->admitted,
	};
	size_t count = walker_step(exploring->walker, &question, exploring->scope, steps);
	for (size_t i = 0; i < count && !exploring->has_ended; i++)
		follow(exploring, standing, &steps[i]);
	free(steps);
	way->node_count--;
	if (exploring->asked->each_state_once)
		exploring->states[position].is_done = true;
	else
		exploring->state_count = position;
}

bool explore(
	struct walker *walker, const struct exploration *exploration, struct header_box *scope) {
	struct arena *arena = arena_new();
	struct exploring exploring = {
		.walker = walker,
		.topo = walker_topo(walker),
		.asked = exploration,
		.scope = scope,
	};
	struct way *way = &exploring.way;

	*way = (struct way){.end_port = TOPO_NONE, .unanswered = DROP_COUNT};
	way->nodes = ARENA_ARRAY(arena, struct way_node, EXPLORE_DEPTH_MAX);
	way->rows = ARENA_ARRAY(arena, struct way_row, EXPLORE_DEPTH_MAX);
	way->links = ARENA_ARRAY(arena, uint32_t, EXPLORE_DEPTH_MAX);
	way->tunnels = ARENA_ARRAY(arena, uint32_t, EXPLORE_DEPTH_MAX);
	const struct standing start = {
		.at = {.node = exploration->from, .port = TOPO_NONE, .via = exploration->key.destination},
		.admitted = exploration->is_reply ? exploration->admitted : NULL,
	};
	visit(&exploring, &start);
	free(exploring.states);
	arena_free(arena);
	return !exploring.has_ended;
}
