#include <stdlib.h>
#include <string.h>

#include "analyze/explore.h"
#include "analyze/question.h"

struct keeping {
	struct arena *arena;
	struct explored_ways *ways;
};

// Answers to flows that were let through elsewhere mostly take the same ways.
static bool is_same(const struct way *a, const struct way *b) {
	if (a->end != b->end || a->end_node != b->end_node || a->node_count != b->node_count ||
		a->row_count != b->row_count)
		return false;
	if (a->end == WAY_DROPPED && (a->drop != b->drop || a->origin != b->origin))
		return false;
	for (size_t i = 0; i < a->node_count; i++) {
		if (a->nodes[i].node != b->nodes[i].node || a->nodes[i].link != b->nodes[i].link)
			return false;
	}
	for (size_t i = 0; i < a->row_count; i++) {
		if (a->rows[i].port != b->rows[i].port || !ip_equal(a->rows[i].via, b->rows[i].via))
			return false;
	}
	return true;
}

static bool is_kept(const struct explored_ways *ways, const struct way *way) {
	for (size_t i = 0; i < ways->count; i++) {
		if (is_same(&ways->ways[i], way))
			return true;
	}
	return false;
}

static bool keep(void *owner, const struct way *way, const struct admitted *admitted) {
	struct keeping *keeping = owner;
	struct explored_ways *ways = keeping->ways;

	(void)admitted;
	if (is_kept(ways, way))
		return true;
	struct way *copy = ARENA_NEW(keeping->arena, struct way);
	*copy = *way;
	copy->nodes = ARENA_ARRAY(keeping->arena, struct way_node, way->node_count + 1);
	memcpy(copy->nodes, way->nodes, memory_product(way->node_count, sizeof(*copy->nodes)));
	copy->rows = ARENA_ARRAY(keeping->arena, struct way_row, way->row_count + 1);
	memcpy(copy->rows, way->rows, memory_product(way->row_count, sizeof(*copy->rows)));
	copy->links = ARENA_ARRAY(keeping->arena, uint32_t, way->link_count + 1);
	memcpy(copy->links, way->links, memory_product(way->link_count, sizeof(*copy->links)));
	copy->tunnels = ARENA_ARRAY(keeping->arena, uint32_t, way->tunnel_count + 1);
	memcpy(copy->tunnels, way->tunnels, memory_product(way->tunnel_count, sizeof(*copy->tunnels)));
	ways->ways = array_grow(ways->ways, &ways->room, ways->count, sizeof(*ways->ways));
	ways->ways[ways->count++] = *copy;
	return true;
}

static void keep_all(struct walker *walker, const struct exploration *exploration,
	struct arena *arena, struct explored_ways *out) {
	struct keeping keeping = {.arena = arena, .ways = out};
	struct exploration asked = *exploration;
	struct header_box scope = header_box_of(&asked.key);

	asked.ended = keep;
	asked.owner = &keeping;
	out->is_cut_off |= !explore(walker, &asked, &scope);
}

static void move_to(struct arena *arena, struct explored_ways *ways) {
	struct way *moved = ARENA_ARRAY(arena, struct way, ways->count + 1);

	if (ways->count != 0)
		memcpy(moved, ways->ways, memory_product(ways->count, sizeof(*moved)));
	free(ways->ways);
	ways->ways = moved;
}

void explore_ways(struct world *world, const struct exploration *exploration, struct arena *arena,
	struct explored_ways *out) {
	struct walker *walker = walker_new(world);
	struct exploration asked = {.from = exploration->from, .key = exploration->key};

	*out = (struct explored_ways){0};
	keep_all(walker, &asked, arena, out);
	walker_free(walker);
	move_to(arena, out);
}

struct arriving {
	uint32_t to;
	const struct admitted **items;
	size_t count, room;
};

static bool arrives(void *owner, const struct way *way, const struct admitted *admitted) {
	struct arriving *arriving = owner;

	if (way->end != WAY_DELIVERED || way->end_node != arriving->to)
		return true;
	for (size_t i = 0; i < arriving->count; i++) {
		if (arriving->items[i] == admitted)
			return true;
	}
	ARRAY_PUSH(arriving, admitted);
	return true;
}

void explore_ways_back(struct world *world, const struct exploration *there, uint32_t to,
	struct arena *arena, struct explored_ways *out) {
	struct walker *walker = walker_new(world);
	struct arriving arriving = {.to = to};
	struct exploration forward = {
		.from = there->from,
		.key = there->key,
		.each_state_once = true,
		.ended = arrives,
		.owner = &arriving,
	};
	struct header_box scope = header_box_of(&forward.key);

	*out = (struct explored_ways){0};
	explore(walker, &forward, &scope);
	if (arriving.count == 0)
		ARRAY_PUSH(&arriving, ADMITTED_EVERYWHERE);
	for (size_t i = 0; i < arriving.count; i++) {
		struct exploration back = {
			.from = to,
			.key = question_reply_key(&there->key),
			.is_reply = true,
			.admitted = arriving.items[i],
		};
		keep_all(walker, &back, arena, out);
	}
	free(arriving.items);
	walker_free(walker);
	move_to(arena, out);
}
