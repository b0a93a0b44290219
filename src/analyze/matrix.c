#include "analyze/matrix.h"

#include <string.h>

// The pairs that can be asked, and where their answers go.
struct filling {
	const struct topo *topo;
	struct arena *arena;
	struct matrix *matrix;
	struct question *questions;
	size_t *pairs; // per question
	size_t count;
};

static uint16_t copy_stops(struct filling *filling, const struct way *way, uint32_t **out) {
	size_t count = 0;

	for (size_t i = 0; i < way->node_count; i++)
		count += way->nodes[i].is_stop;
	*out = ARENA_ARRAY(filling->arena, uint32_t, count + 1);
	count = 0;
	for (size_t i = 0; i < way->node_count; i++) {
		if (way->nodes[i].is_stop)
			(*out)[count++] = way->nodes[i].node;
	}
	return (uint16_t)count;
}

static void add_link(struct matrix_pair *pair, uint32_t link) {
	for (size_t i = 0; i < pair->link_count; i++) {
		if (pair->links[i] == link)
			return;
	}
	pair->links[pair->link_count++] = link;
}

static void add_links(const struct topo *topo, const struct way *way, struct matrix_pair *pair) {
	for (size_t i = 0; i < way->link_count; i++) {
		const struct topo_link *link = &topo->links[way->links[i]];
		add_link(pair, way->links[i]);
		// Only links of two ends ride as a whole; a segment's ends share nothing.
		for (size_t e = 0; e < link->end_count && link->end_count == 2; e++) {
			if (link->ends[e].rides_on != TOPO_NONE)
				add_link(pair, link->ends[e].rides_on);
		}
	}
}

static void fill_pair(void *owner, size_t index, const struct round_trip *trip) {
	struct filling *filling = owner;
	struct matrix_pair *pair = &filling->matrix->pairs[filling->pairs[index]];

	pair->reached = trip->reached;
	pair->symmetric = trip->is_symmetric;
	pair->verdict = trip->verdict;
	pair->rtt_ns = trip->rtt_ns;
	pair->stop_count = copy_stops(filling, &trip->forward, &pair->stops);
	if (trip->has_back)
		pair->back_count = copy_stops(filling, &trip->back, &pair->back);
	size_t crossed = trip->forward.link_count + (trip->has_back ? trip->back.link_count : 0);
	pair->links = ARENA_ARRAY(filling->arena, uint32_t, 2 * crossed + 1);
	add_links(filling->topo, &trip->forward, pair);
	if (trip->has_back)
		add_links(filling->topo, &trip->back, pair);
	for (size_t i = 0; i < trip->forward.node_count; i++)
		pair->hop_count = (uint16_t)(pair->hop_count + trip->forward.nodes[i].lowers_ttl);
	pair->hop_count = (uint16_t)(pair->hop_count + trip->arrived);
	pair->stopped_node = trip->reached ? TOPO_NONE : trip->stopped.node;
	pair->stopped_on_return = trip->stopped.on_return;
	pair->drop = trip->reached ? DROP_COUNT : trip->stopped.drop;
	pair->origin = trip->reached ? 0 : trip->stopped.origin;
}

static void add_pair(
	struct filling *filling, uint32_t from, uint32_t to, const struct question_flow *flow) {
	struct matrix *matrix = filling->matrix;
	struct matrix_pair *pair = &matrix->pairs[matrix->pair_count];

	*pair = (struct matrix_pair){
		.from = from,
		.to = to,
		.verdict = VERDICT_NO_ROUTE,
		.rtt_ns = -1,
		.stopped_node = from,
		.drop = DROP_NO_ROUTE,
	};
	if (question_between(filling->topo, from, to, flow, &filling->questions[filling->count]) == 0)
		filling->pairs[filling->count++] = matrix->pair_count;
	matrix->pair_count++;
}

void matrix_run(struct world *world, const struct question_flow *flow, struct arena *arena,
	struct matrix *out) {
	const struct topo *topo = world_topo(world);
	struct filling filling = {.topo = topo, .arena = arena, .matrix = out};

	*out = (struct matrix){0};
	out->hosts = question_hosts(topo, arena, &out->host_count);
	size_t room = memory_product(out->host_count, out->host_count) + 1;
	out->pairs = ARENA_ARRAY(arena, struct matrix_pair, room);
	filling.questions = ARENA_ARRAY(arena, struct question, room);
	filling.pairs = ARENA_ARRAY(arena, size_t, room);
	for (size_t from = 0; from < out->host_count; from++) {
		for (size_t to = 0; to < out->host_count; to++) {
			if (from != to)
				add_pair(&filling, out->hosts[from], out->hosts[to], flow);
		}
	}
	ask_each(world, filling.questions, filling.count, fill_pair, &filling);
}
