#include "analyze/explore.h"

#include <stdlib.h>
#include <string.h>

struct state {
	struct walk_at at;
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

static bool tell(struct exploring *exploring) {
	if (!exploring->asked->ended(exploring->asked->owner, &exploring->way) ||
		++exploring->told >= EXPLORE_WAYS_MAX)
		exploring->has_ended = true;
	return !exploring->has_ended;
}

static void tell_drop(struct exploring *exploring, uint32_t node, enum drop drop, uint32_t origin) {
	struct way *way = &exploring->way;

	way->end = WAY_DROPPED;
	way->end_node = node;
	way->drop = drop;
	way->origin = origin;
	tell(exploring);
}

static bool same_state(const struct walk_at *a, const struct walk_at *b) {
	return a->node == b->node && a->port == b->port && ip_equal(a->via, b->via);
}

static struct state *find_state(struct exploring *exploring, const struct walk_at *at) {
	for (size_t i = exploring->state_count; i-- > 0;) {
		if (same_state(&exploring->states[i].at, at))
			return &exploring->states[i];
	}
	return NULL;
}

static bool push_node(struct exploring *exploring, const struct walk_at *at) {
	struct way *way = &exploring->way;
	const struct topo_node *node = &exploring->topo->nodes[at->node];

	if (way->node_count == EXPLORE_DEPTH_MAX)
		return false;
	way->nodes[way->node_count++] = (struct way_node){
		.node = at->node,
		.is_stop = node->kind != TOPO_FABRIC,
		.row = TOPO_NONE,
		.link = TOPO_NONE,
	};
	exploring->states = array_grow(exploring->states, &exploring->state_room,
		exploring->state_count, sizeof(*exploring->states));
	exploring->states[exploring->state_count++] = (struct state){.at = *at};
	return true;
}

static void visit(struct exploring *exploring, const struct walk_at *at);

// One member of the hops: notes what is crossed, goes on behind it, and forgets it again.
static void follow(
	struct exploring *exploring, const struct walk_at *at, const struct walk_step *step) {
	struct way *way = &exploring->way;
	struct way_node *node = &way->nodes[way->node_count - 1];
	size_t rows = way->row_count;
	size_t links = way->link_count;
	size_t tunnels = way->tunnel_count;

	node->lowers_ttl = step->lowers_ttl;
	if (step->port != TOPO_NONE) {
		node->row = (uint32_t)way->row_count;
		way->rows[way->row_count++] = (struct way_row){
			.node = at->node,
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
		tell_drop(exploring, at->node, step->drop, step->origin);
	} else if (step->is_delivered) {
		way->end = WAY_DELIVERED;
		way->end_node = at->node;
		tell(exploring);
	} else {
		visit(exploring, &step->next);
	}
	node->link = node->row = TOPO_NONE;
	way->row_count = rows;
	way->link_count = links;
	way->tunnel_count = tunnels;
}

static void visit(struct exploring *exploring, const struct walk_at *at) {
	struct way *way = &exploring->way;
	const struct state *seen = find_state(exploring, at);

	if (seen != NULL && seen->is_done)
		return;
	size_t position = exploring->state_count;
	if (seen != NULL || !push_node(exploring, at)) {
		tell_drop(exploring, at->node, DROP_LOOP, 0);
		return;
	}
	struct walk_step *steps = memory_alloc(sizeof(*steps) * FIB_HOPS_MAX);
	struct walk_question question = {*at, exploring->asked->key, exploring->asked->is_reply};
	size_t count = walker_step(exploring->walker, &question, exploring->scope, steps);
	for (size_t i = 0; i < count && !exploring->has_ended; i++)
		follow(exploring, at, &steps[i]);
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
	struct walk_at start = {
		.node = exploration->from, .port = TOPO_NONE, .via = exploration->key.destination};
	visit(&exploring, &start);
	free(exploring.states);
	arena_free(arena);
	return !exploring.has_ended;
}

struct keeping {
	struct arena *arena;
	struct explored_ways *ways;
};

static bool keep(void *owner, const struct way *way) {
	struct keeping *keeping = owner;
	struct explored_ways *ways = keeping->ways;

	ways->ways = array_grow(ways->ways, &ways->room, ways->count, sizeof(*ways->ways));
	struct way *copy = &ways->ways[ways->count++];
	*copy = *way;
	copy->nodes = ARENA_ARRAY(keeping->arena, struct way_node, way->node_count + 1);
	memcpy(copy->nodes, way->nodes, memory_product(way->node_count, sizeof(*copy->nodes)));
	copy->rows = ARENA_ARRAY(keeping->arena, struct way_row, way->row_count + 1);
	memcpy(copy->rows, way->rows, memory_product(way->row_count, sizeof(*copy->rows)));
	copy->links = ARENA_ARRAY(keeping->arena, uint32_t, way->link_count + 1);
	memcpy(copy->links, way->links, memory_product(way->link_count, sizeof(*copy->links)));
	copy->tunnels = ARENA_ARRAY(keeping->arena, uint32_t, way->tunnel_count + 1);
	memcpy(copy->tunnels, way->tunnels, memory_product(way->tunnel_count, sizeof(*copy->tunnels)));
	return true;
}

void explore_ways(struct world *world, const struct exploration *exploration, struct arena *arena,
	struct explored_ways *out) {
	struct walker *walker = walker_new(world);
	struct keeping keeping = {.arena = arena, .ways = out};
	struct exploration asked = {
		.from = exploration->from,
		.key = exploration->key,
		.is_reply = exploration->is_reply,
		.ended = keep,
		.owner = &keeping,
	};
	struct header_box scope = header_box_of(&asked.key);

	*out = (struct explored_ways){0};
	out->is_cut_off = !explore(walker, &asked, &scope);
	walker_free(walker);
	struct way *moved = ARENA_ARRAY(arena, struct way, out->count + 1);
	if (out->count != 0)
		memcpy(moved, out->ways, memory_product(out->count, sizeof(*moved)));
	free(out->ways);
	out->ways = moved;
}
