#include <string.h>

#include "analyze/whatif_int.h"

// Fails what is to fail and lets the network converge, probing meanwhile.
static void fail_and_converge(struct world *world, struct probing *probing, struct whatif *out) {
	instant start = loop_now(world_loop(world));

	for (size_t i = 0; i < out->failure_count; i++)
		failure_apply(world, &out->failures[i]);
	probing_start(probing);
	out->converged = world_converge(world, WHATIF_LIMIT_NS);
	out->converge_ns = instant_since(world_last_change(world), start);
	if (out->converge_ns < 0)
		out->converge_ns = 0;
	probing_stop(probing);
}

static bool same_list(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count) {
	return a_count == b_count &&
		(a_count == 0 || memcmp(a, b, memory_product(a_count, sizeof(*a))) == 0);
}

static bool holds(const uint32_t *list, size_t count, uint32_t number) {
	for (size_t i = 0; i < count; i++) {
		if (list[i] == number)
			return true;
	}
	return false;
}

static enum whatif_change change_of(
	const struct matrix_pair *before, const struct matrix_pair *after) {
	if (before->reached != after->reached)
		return before->reached ? WHATIF_LOST : WHATIF_GAINED;
	if (!after->reached)
		return WHATIF_UNCHANGED;
	bool is_same = same_list(before->stops, before->stop_count, after->stops, after->stop_count) &&
		same_list(before->back, before->back_count, after->back, after->back_count) &&
		same_list(before->links, before->link_count, after->links, after->link_count);
	return is_same ? WHATIF_UNCHANGED : WHATIF_MOVED;
}

static struct whatif_pair compare(
	const struct matrix *old, const struct matrix *new, size_t number) {
	const struct matrix_pair *before = &old->pairs[number];
	const struct matrix_pair *after = &new->pairs[number];
	struct whatif_pair pair = {
		.number = number,
		.from = before->from,
		.to = before->to,
		.change = change_of(before, after),
		.rtt_before_ns = before->rtt_ns,
		.rtt_after_ns = after->rtt_ns,
		.after = *after,
	};
	int64_t more_ns = after->rtt_ns - before->rtt_ns;

	if (before->reached && after->reached) {
		pair.is_slower = more_ns > MS_NS && more_ns > before->rtt_ns / 10;
		pair.became_asymmetric = before->symmetric && !after->symmetric;
	}
	return pair;
}

static void count_change(struct whatif *out, enum whatif_change change) {
	switch (change) {
	case WHATIF_UNCHANGED:
		out->unchanged++;
		break;
	case WHATIF_MOVED:
		out->moved++;
		break;
	case WHATIF_LOST:
		out->lost++;
		break;
	case WHATIF_GAINED:
		out->gained++;
		break;
	}
}

static bool touches(const struct matrix_pair *pair, const struct whatif *whatif) {
	for (size_t f = 0; f < whatif->failure_count; f++) {
		const struct failure *failure = &whatif->failures[f];
		bool is_link = failure->kind == FAILURE_LINK;
		if (is_link ? holds(pair->links, pair->link_count, failure->number)
					: holds(pair->stops, pair->stop_count, failure->number) ||
					holds(pair->back, pair->back_count, failure->number))
			return true;
	}
	return false;
}

// One that reached nobody before has nothing to lose.
static void add_probed(struct probing *probing, const struct topo *topo,
	const struct whatif_question *question, size_t number) {
	const struct matrix_pair *pair = &question->before->pairs[number];
	struct probing_pair probed = {.number = number};

	if (pair->reached &&
		question_between(topo, pair->from, pair->to, question->flow, &probed.question) == 0)
		probing_add(probing, &probed);
}

static bool has_chance(struct world *world) {
	for (uint32_t i = 0; i < world_topo(world)->link_count; i++) {
		struct world_quality quality;
		world_get_quality(world, i, &quality);
		if (quality.loss_millionths != 0)
			return true;
	}
	return false;
}

static bool has_stateful(const struct topo_filter *filters, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (filters[i].is_stateful)
			return true;
	}
	return false;
}

// Is there a filter that lets a packet pass because of others before it, such as probes?
static bool has_memory(const struct topo *topo) {
	for (uint32_t i = 0; i < topo->port_count; i++) {
		const struct topo_port *port = &topo->ports[i];
		if (has_stateful(port->filters_in, port->filter_in_count) ||
			has_stateful(port->filters_out, port->filter_out_count))
			return true;
	}
	return false;
}

static void keep_rounds(
	const struct probing *probing, struct arena *arena, struct whatif_plan *plan) {
	const uint32_t *rounds = probing_changes(probing, &plan->round_count);

	plan->rounds = ARENA_ARRAY(arena, uint32_t, plan->round_count + 1);
	for (size_t i = 0; i < plan->round_count; i++)
		plan->rounds[i] = rounds[i];
}

void whatif_rehearse(struct world *world, const struct whatif_question *question,
	const struct whatif *whatif, struct arena *arena, struct whatif_plan *out) {
	const struct matrix *before = question->before;
	struct probing *probing = probing_new(world, NULL);
	struct whatif *rehearsed = &out->rehearsed;
	struct matrix after;

	*out = (struct whatif_plan){
		.sends_every_round = has_chance(world),
		.asks_anew = has_memory(world_topo(world)),
		.rehearsed = *whatif,
	};
	fail_and_converge(world, probing, rehearsed);
	keep_rounds(probing, arena, out);
	probing_free(probing);
	matrix_run(world, question->flow, arena, &after);
	rehearsed->pairs = ARENA_ARRAY(arena, struct whatif_pair, before->pair_count + 1);
	for (size_t i = 0; i < before->pair_count; i++) {
		struct whatif_pair pair = compare(before, &after, i);
		count_change(rehearsed, pair.change);
		if (pair.change != WHATIF_UNCHANGED || touches(&before->pairs[i], whatif))
			rehearsed->pairs[rehearsed->pair_count++] = pair;
	}
}

// Pairs and what each lost, both in the order of the matrix.
struct merging {
	struct probing *probing;
	struct probing_loss loss;
	bool has_loss;
	struct whatif *out;
};

static void next_loss(struct merging *merging) {
	// What is lost after the last change is lost for good, and not counted.
	merging->has_loss =
		probing_next_loss(merging->probing, merging->out->converge_ns, &merging->loss);
}

static void add_pair(struct merging *merging, struct whatif_pair pair) {
	struct whatif *out = merging->out;

	if (merging->has_loss && merging->loss.number == pair.number) {
		pair.sent = merging->loss.sent;
		pair.lost = merging->loss.lost;
		pair.outage_ns = merging->loss.outage_ns;
		next_loss(merging);
	}
	if (pair.change != WHATIF_UNCHANGED || pair.lost != 0)
		out->pairs[out->pair_count++] = pair;
}

static void add_rehearsed_pairs(
	struct merging *merging, const struct whatif *rehearsed, struct arena *arena) {
	struct whatif *out = merging->out;

	out->pairs = ARENA_ARRAY(arena, struct whatif_pair, rehearsed->pair_count + 1);
	for (size_t i = 0; i < rehearsed->pair_count; i++)
		add_pair(merging, rehearsed->pairs[i]);
	out->unchanged = rehearsed->unchanged;
	out->moved = rehearsed->moved;
	out->lost = rehearsed->lost;
	out->gained = rehearsed->gained;
}

static void add_all_pairs(struct merging *merging, struct world *world,
	const struct whatif_question *question, struct arena *arena) {
	const struct matrix *before = question->before;
	struct whatif *out = merging->out;
	struct matrix after;

	matrix_run(world, question->flow, arena, &after);
	out->pairs = ARENA_ARRAY(arena, struct whatif_pair, before->pair_count + 1);
	for (size_t i = 0; i < before->pair_count; i++) {
		struct whatif_pair pair = compare(before, &after, i);
		count_change(out, pair.change);
		add_pair(merging, pair);
	}
}

bool whatif_run(struct world *world, const struct whatif_question *question,
	const struct whatif_plan *plan, struct arena *arena, struct whatif *out) {
	struct probing *probing = probing_new(world, plan);
	struct merging merging = {.probing = probing, .out = out};

	for (size_t i = 0; i < plan->rehearsed.pair_count; i++)
		add_probed(probing, world_topo(world), question, plan->rehearsed.pairs[i].number);
	fail_and_converge(world, probing, out);
	next_loss(&merging);
	if (plan->sends_every_round || plan->asks_anew)
		add_all_pairs(&merging, world, question, arena);
	else
		add_rehearsed_pairs(&merging, &plan->rehearsed, arena);
	bool is_sure = plan->sends_every_round || probing_is_sure(probing);
	probing_free(probing);
	return is_sure;
}
