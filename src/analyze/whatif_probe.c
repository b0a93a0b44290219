#include <stdlib.h>

#include "analyze/whatif_int.h"

// Rounds whose packets may still be out when something changes, and one to spare.
#define ROUNDS_OUT (WHATIF_TIMEOUT_NS / WHATIF_PROBE_INTERVAL_NS + 1)
#define ROUNDS_SPARE 1
// Even when nothing changes; well before a filter forgets a flow (FLOW_IDLE_NS).
#define ROUNDS_APART 600

// One pair that is probed while the network converges.
struct probed {
	struct question question;
	size_t number; // in the matrix
	struct {
		uint8_t *items; // per round that was sent
		size_t count, room;
	} is_lost;
};

struct probing {
	struct world *world;
	const struct whatif_plan *plan;
	struct {
		struct probed *items; // those whose path crosses what fails
		size_t count, room;
	} pairs;
	size_t next_loss;
	struct timer timer;
	uint32_t pending;
	instant start;
	uint32_t round; // the next one
	struct {
		uint32_t *items;
		size_t count, room;
	} sent;               // rounds
	uint32_t whole_since; // of the rounds sent one after the other, the first
	size_t planned;       // how much of the plan is over
	bool has_changed;     // since the last round
	bool is_unsure;
};

// What a probe's end is told to; freed with it.
struct sent_probe {
	struct probing *probing;
	struct probed *pair;
	size_t index; // of is_lost
};

static void probe_done(void *owner, struct probe *probe) {
	struct sent_probe *sent = owner;
	struct probe_result result;

	probe_result(probe, &result);
	sent->probing->pending--;
	sent->pair->is_lost.items[sent->index] = result.outcome != PROBE_ANSWERED;
	probe_free(probe);
	free(sent);
}

static void send_one(struct probing *probing, struct probed *pair, uint32_t round) {
	struct probe_spec spec = ask_probe(&pair->question);
	struct sent_probe *sent = memory_alloc(sizeof(*sent));

	spec.record = false;
	spec.sequence = (uint16_t)(round + 1);
	spec.timeout_ns = WHATIF_TIMEOUT_NS;
	*sent = (struct sent_probe){probing, pair, pair->is_lost.count};
	ARRAY_PUSH(&pair->is_lost, false);
	probing->pending++;
	probe_send(probing->world, &spec, probe_done, sent);
}

static bool is_wanted(struct probing *probing, uint32_t round) {
	const struct whatif_plan *plan = probing->plan;

	if (plan == NULL || probing->has_changed || round % ROUNDS_APART == 0)
		return true;
	while (probing->planned < plan->count && plan->items[probing->planned] < round)
		probing->planned++;
	return probing->planned < plan->count &&
		plan->items[probing->planned] - round <= ROUNDS_OUT + ROUNDS_SPARE;
}

static void next_round(struct timer *timer, void *owner) {
	struct probing *probing = owner;
	uint32_t round = probing->round++;

	if (is_wanted(probing, round)) {
		bool is_next =
			probing->sent.count != 0 && probing->sent.items[probing->sent.count - 1] + 1 == round;
		if (!is_next)
			probing->whole_since = round;
		ARRAY_PUSH(&probing->sent, round);
		for (size_t i = 0; i < probing->pairs.count; i++)
			send_one(probing, &probing->pairs.items[i], round);
		probing->has_changed = false;
	}
	timer_start(world_loop(probing->world), timer, WHATIF_PROBE_INTERVAL_NS);
}

// What changes meets the packets of the last rounds under way: none of those may have been left
// out.
static void fate_changed(void *owner) {
	struct probing *probing = owner;
	uint32_t out_since = probing->round > ROUNDS_OUT ? probing->round - ROUNDS_OUT : 0;
	size_t count = probing->sent.count;
	bool is_whole = probing->round == 0 ||
		(count != 0 && probing->sent.items[count - 1] + 1 == probing->round &&
			probing->whole_since <= out_since);

	probing->has_changed = true;
	if (!is_whole)
		probing->is_unsure = true;
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

struct probing *probing_new(
	struct world *world, const struct whatif_question *question, const struct whatif *whatif) {
	struct probing *probing = memory_alloc(sizeof(*probing));
	const struct topo *topo = world_topo(world);

	probing->world = world;
	probing->plan = question->plan;
	for (size_t i = 0; i < question->before->pair_count; i++) {
		const struct matrix_pair *pair = &question->before->pairs[i];
		struct probed probed = {.number = i};
		if (pair->reached && touches(pair, whatif) &&
			question_between(topo, pair->from, pair->to, question->flow, &probed.question) == 0)
			ARRAY_PUSH(&probing->pairs, probed);
	}
	return probing;
}

void probing_free(struct probing *probing) {
	for (size_t i = 0; i < probing->pairs.count; i++)
		free(probing->pairs.items[i].is_lost.items);
	free(probing->pairs.items);
	free(probing->sent.items);
	free(probing);
}

void probing_start(struct probing *probing) {
	probing->start = loop_now(world_loop(probing->world));
	timer_init(&probing->timer, TIMER_PERIODIC, next_round, probing);
	if (probing->pairs.count == 0)
		return;
	world_watch_fate(probing->world, fate_changed, probing);
	next_round(&probing->timer, probing);
}

void probing_stop(struct probing *probing) {
	struct loop *loop = world_loop(probing->world);
	instant end = instant_add(loop_now(loop), WHATIF_TIMEOUT_NS);

	// The round of this very instant belongs to it, whether its turn has come yet or not.
	loop_run_until(loop, loop_now(loop));
	timer_stop(loop, &probing->timer);
	while (probing->pending != 0 && instant_compare(loop_now(loop), end) < 0)
		loop_run_until(loop, instant_add(loop_now(loop), WHATIF_PROBE_INTERVAL_NS));
	world_watch_fate(probing->world, NULL, NULL);
}

// The rounds left out behind the index-th that was sent met what it met, and the next one.
static uint32_t rounds_like(
	struct probing *probing, const struct probed *pair, size_t index, uint32_t counted) {
	uint32_t round = probing->sent.items[index];
	bool is_last = index + 1 == probing->sent.count;
	uint32_t next = is_last ? counted : probing->sent.items[index + 1];

	if (next > counted)
		next = counted;
	if (next == round + 1)
		return 1;
	if (is_last || pair->is_lost.items[index] != pair->is_lost.items[index + 1])
		probing->is_unsure = true;
	return next - round;
}

bool probing_next_loss(struct probing *probing, int64_t counted_ns, struct probing_loss *out) {
	uint32_t counted = (uint32_t)(counted_ns / WHATIF_PROBE_INTERVAL_NS) + 1;
	uint32_t first = 0;
	uint32_t end = 0;

	if (probing->next_loss == probing->pairs.count)
		return false;
	const struct probed *pair = &probing->pairs.items[probing->next_loss++];
	if (counted > probing->round)
		counted = probing->round;
	*out = (struct probing_loss){.number = pair->number, .sent = counted};
	for (size_t i = 0; i < probing->sent.count && probing->sent.items[i] < counted; i++) {
		uint32_t rounds = rounds_like(probing, pair, i, counted);
		if (!pair->is_lost.items[i])
			continue;
		if (out->lost == 0)
			first = probing->sent.items[i];
		end = probing->sent.items[i] + rounds;
		out->lost += rounds;
	}
	out->outage_ns = (int64_t)(end - first) * WHATIF_PROBE_INTERVAL_NS;
	return true;
}

bool probing_is_sure(const struct probing *probing) {
	return !probing->is_unsure;
}

struct rehearsal {
	struct loop *loop;
	instant start;
	struct whatif_plan *plan;
};

static void note_round(void *owner) {
	struct rehearsal *rehearsal = owner;
	struct whatif_plan *plan = rehearsal->plan;
	int64_t since_ns = instant_since(loop_now(rehearsal->loop), rehearsal->start);
	uint32_t round = (uint32_t)(since_ns / WHATIF_PROBE_INTERVAL_NS) + 1;

	if (plan->count != 0 && plan->items[plan->count - 1] == round)
		return;
	ARRAY_PUSH(plan, round);
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

bool whatif_rehearse(struct world *world, const struct whatif *whatif, struct whatif_plan *out) {
	struct loop *loop = world_loop(world);
	struct rehearsal rehearsal = {loop, loop_now(loop), out};

	*out = (struct whatif_plan){0};
	if (has_chance(world))
		return false;
	world_watch_fate(world, note_round, &rehearsal);
	for (size_t i = 0; i < whatif->failure_count; i++)
		failure_apply(world, &whatif->failures[i]);
	world_converge(world, WHATIF_LIMIT_NS);
	world_watch_fate(world, NULL, NULL);
	return true;
}
