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
	const struct matrix_pair *before, const struct matrix_pair *after) {
	struct whatif_pair pair = {
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

bool whatif_run(struct world *world, const struct whatif_question *question, struct arena *arena,
	struct whatif *out) {
	const struct matrix *before = question->before;
	struct probing *probing = probing_new(world, question, out);
	struct probing_loss loss;
	struct matrix after;

	fail_and_converge(world, probing, out);
	matrix_run(world, question->flow, arena, &after);
	out->pairs = ARENA_ARRAY(arena, struct whatif_pair, before->pair_count + 1);
	// What is lost after the last change is lost for good, and not counted.
	bool is_probed = probing_next_loss(probing, out->converge_ns, &loss);
	for (size_t i = 0; i < before->pair_count; i++) {
		struct whatif_pair pair = compare(&before->pairs[i], &after.pairs[i]);
		pair.number = i;
		if (is_probed && loss.number == i) {
			pair.sent = loss.sent;
			pair.lost = loss.lost;
			pair.outage_ns = loss.outage_ns;
			is_probed = probing_next_loss(probing, out->converge_ns, &loss);
		}
		count_change(out, pair.change);
		if (pair.change != WHATIF_UNCHANGED || pair.lost != 0)
			out->pairs[out->pair_count++] = pair;
	}
	bool is_sure = probing_is_sure(probing);
	probing_free(probing);
	return is_sure;
}
