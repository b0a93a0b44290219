#include "analyze/whatif.h"

#include <stdlib.h>
#include <string.h>

// After so long without an end the network is said not to converge.
#define WHATIF_LIMIT_NS (3600 * SECOND_NS)
#define WHATIF_TIMEOUT_NS (2 * SECOND_NS)

struct probing;

// One pair that is probed while the network converges.
struct probed {
	struct question question;
	size_t pair; // in the matrix
	uint32_t sent;
	struct {
		instant *items; // when each that got no answer was sent
		size_t count, room;
	} lost;
};

struct probing {
	struct world *world;
	struct probed *pairs;
	size_t count;
	struct timer timer;
	uint32_t pending;
	instant start;
};

// What a probe's end is told to; freed with it.
struct sent_probe {
	struct probing *probing;
	struct probed *pair;
};

static void probe_done(void *owner, struct probe *probe) {
	struct sent_probe *sent = owner;
	struct probe_result result;

	probe_result(probe, &result);
	sent->probing->pending--;
	if (result.outcome != PROBE_ANSWERED)
		ARRAY_PUSH(&sent->pair->lost, result.sent);
	probe_free(probe);
	free(sent);
}

static void send_round(struct timer *timer, void *owner) {
	struct probing *probing = owner;

	for (size_t i = 0; i < probing->count; i++) {
		struct probed *pair = &probing->pairs[i];
		struct probe_spec spec = ask_probe(&pair->question);
		struct sent_probe *sent = memory_alloc(sizeof(*sent));
		spec.record = false;
		spec.sequence = (uint16_t)++pair->sent;
		spec.timeout_ns = WHATIF_TIMEOUT_NS;
		*sent = (struct sent_probe){probing, pair};
		probing->pending++;
		probe_send(probing->world, &spec, probe_done, sent);
	}
	timer_start(world_loop(probing->world), timer, WHATIF_PROBE_INTERVAL_NS);
}

static bool touches(const struct matrix_pair *pair, const struct whatif *whatif) {
	for (size_t f = 0; f < whatif->failure_count; f++) {
		const struct failure *failure = &whatif->failures[f];
		for (size_t i = 0; i < pair->link_count && failure->kind == FAILURE_LINK; i++) {
			if (pair->links[i] == failure->number)
				return true;
		}
		for (size_t i = 0; i < pair->stop_count && failure->kind == FAILURE_NODE; i++) {
			if (pair->stops[i] == failure->number)
				return true;
		}
		for (size_t i = 0; i < pair->back_count && failure->kind == FAILURE_NODE; i++) {
			if (pair->back[i] == failure->number)
				return true;
		}
	}
	return false;
}

static void choose_probed(const struct topo *topo, const struct matrix *before,
	const struct question_flow *flow, const struct whatif *whatif, struct probing *probing) {
	for (size_t i = 0; i < before->pair_count && probing->count < WHATIF_PROBED_PAIRS_MAX; i++) {
		const struct matrix_pair *pair = &before->pairs[i];
		struct probed *probed = &probing->pairs[probing->count];
		if (!pair->reached || !touches(pair, whatif))
			continue;
		*probed = (struct probed){.pair = i};
		if (question_between(topo, pair->from, pair->to, flow, &probed->question) == 0)
			probing->count++;
	}
}

// Fails what is to fail and lets the network converge, probing meanwhile.
static void fail_and_converge(struct probing *probing, struct whatif *out) {
	struct world *world = probing->world;
	struct loop *loop = world_loop(world);

	probing->start = loop_now(loop);
	for (size_t i = 0; i < out->failure_count; i++)
		failure_apply(world, &out->failures[i]);
	timer_init(&probing->timer, TIMER_PERIODIC, send_round, probing);
	if (probing->count != 0)
		send_round(&probing->timer, probing);
	out->converged = world_converge(world, WHATIF_LIMIT_NS);
	out->converge_ns = instant_since(world_last_change(world), probing->start);
	if (out->converge_ns < 0)
		out->converge_ns = 0;
	timer_stop(loop, &probing->timer);
	instant end = instant_add(loop_now(loop), WHATIF_TIMEOUT_NS);
	while (probing->pending != 0 && instant_compare(loop_now(loop), end) < 0)
		loop_run_until(loop, instant_add(loop_now(loop), WHATIF_PROBE_INTERVAL_NS));
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

// Counts what was sent until the network had converged: what is lost later is lost for good.
static void count_lost(
	const struct probed *probed, instant start, int64_t converge_ns, struct whatif_pair *pair) {
	instant end = instant_add(start, converge_ns);
	instant first = INSTANT_NEVER;
	instant last = start;
	uint32_t rounds = (uint32_t)(converge_ns / WHATIF_PROBE_INTERVAL_NS) + 1;

	pair->sent = rounds < probed->sent ? rounds : probed->sent;
	for (size_t i = 0; i < probed->lost.count; i++) {
		instant sent = probed->lost.items[i];
		if (instant_compare(sent, end) > 0)
			continue;
		pair->lost++;
		if (instant_compare(sent, first) < 0)
			first = sent;
		if (instant_compare(sent, last) > 0)
			last = sent;
	}
	if (pair->lost > 0)
		pair->outage_ns = instant_since(last, first) + WHATIF_PROBE_INTERVAL_NS;
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

void whatif_run(struct world *world, const struct matrix *before, const struct question_flow *flow,
	struct arena *arena, struct whatif *out) {
	struct probing probing = {.world = world};
	struct matrix after;

	probing.pairs = ARENA_ARRAY(arena, struct probed, WHATIF_PROBED_PAIRS_MAX + 1);
	choose_probed(world_topo(world), before, flow, out, &probing);
	fail_and_converge(&probing, out);
	matrix_run(world, flow, arena, &after);
	out->pairs = ARENA_ARRAY(arena, struct whatif_pair, before->pair_count + 1);
	size_t next = 0;
	for (size_t i = 0; i < before->pair_count; i++) {
		struct whatif_pair pair = compare(&before->pairs[i], &after.pairs[i]);
		if (next < probing.count && probing.pairs[next].pair == i) {
			count_lost(&probing.pairs[next], probing.start, out->converge_ns, &pair);
			free(probing.pairs[next++].lost.items);
		}
		count_change(out, pair.change);
		if (pair.change != WHATIF_UNCHANGED || pair.lost != 0)
			out->pairs[out->pair_count++] = pair;
	}
}
