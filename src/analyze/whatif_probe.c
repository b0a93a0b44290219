#include <stdlib.h>
#include <string.h>

#include "analyze/whatif_int.h"

// Rounds whose packets may still be out when something changes, and one to spare.
#define ROUNDS_OUT (WHATIF_TIMEOUT_NS / WHATIF_PROBE_INTERVAL_NS + 1)
#define ROUNDS_SPARE 1
// Even when nothing changes; well before a filter forgets a flow (FLOW_IDLE_NS).
#define ROUNDS_APART 600
// Apart from those of other probes: a filter that knows an echo's flow would take one of the matrix
// with the same identifier for part of it.
#define IDENTIFIERS 39999

// One pair that is probed while the network converges.
struct probed {
	struct probing_pair pair;
	struct {
		uint8_t *items; // per round that was sent
		size_t count, room;
	} is_lost;
};

struct probing {
	struct world *world;
	const struct whatif_plan *plan;
	struct {
		struct probed *items;
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
	} sent, changes; // rounds: those sent; each the first after a change
	size_t planned;  // how much of the plan is over
	uint64_t probes; // sent
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
	struct probe_spec spec = ask_probe(&pair->pair.question);
	struct sent_probe *sent = memory_alloc(sizeof(*sent));

	spec.record = false;
	spec.identifier = (uint16_t)(1 + probing->probes++ % IDENTIFIERS);
	spec.sequence = (uint16_t)(round + 1);
	spec.timeout_ns = WHATIF_TIMEOUT_NS;
	*sent = (struct sent_probe){probing, pair, pair->is_lost.count};
	ARRAY_PUSH(&pair->is_lost, false);
	probing->pending++;
	probe_send(probing->world, &spec, probe_done, sent);
}

static bool is_wanted(struct probing *probing, uint32_t round) {
	const struct whatif_plan *plan = probing->plan;

	if (plan == NULL)
		return false;
	if (plan->sends_every_round || round % ROUNDS_APART == 0)
		return true;
	while (probing->planned < plan->round_count && plan->rounds[probing->planned] < round)
		probing->planned++;
	return probing->planned < plan->round_count &&
		plan->rounds[probing->planned] - round <= ROUNDS_OUT + ROUNDS_SPARE;
}

static void next_round(struct timer *timer, void *owner) {
	struct probing *probing = owner;
	uint32_t round = probing->round++;

	if (is_wanted(probing, round)) {
		ARRAY_PUSH(&probing->sent, round);
		for (size_t i = 0; i < probing->pairs.count; i++)
			send_one(probing, &probing->pairs.items[i], round);
	}
	timer_start(world_loop(probing->world), timer, WHATIF_PROBE_INTERVAL_NS);
}

static void fate_changed(void *owner) {
	struct probing *probing = owner;
	size_t count = probing->changes.count;

	if (count == 0 || probing->changes.items[count - 1] != probing->round)
		ARRAY_PUSH(&probing->changes, probing->round);
}

struct probing *probing_new(struct world *world, const struct whatif_plan *plan) {
	struct probing *probing = memory_alloc(sizeof(*probing));

	probing->world = world;
	probing->plan = plan;
	return probing;
}

void probing_free(struct probing *probing) {
	for (size_t i = 0; i < probing->pairs.count; i++)
		free(probing->pairs.items[i].is_lost.items);
	free(probing->pairs.items);
	free(probing->sent.items);
	free(probing->changes.items);
	free(probing);
}

void probing_add(struct probing *probing, const struct probing_pair *pair) {
	struct probed probed = {.pair = *pair};

	ARRAY_PUSH(&probing->pairs, probed);
}

void probing_start(struct probing *probing) {
	probing->start = loop_now(world_loop(probing->world));
	timer_init(&probing->timer, TIMER_PERIODIC, next_round, probing);
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
	*out = (struct probing_loss){.number = pair->pair.number, .sent = counted};
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

// What changes meets the packets of the last rounds under way, so a change in a round that is not
// in the plan may have met some that were left out. One that is in the plan and did not come means
// that the network went another way.
bool probing_is_sure(const struct probing *probing) {
	const struct whatif_plan *plan = probing->plan;
	size_t count = probing->changes.count;

	return !probing->is_unsure && count == plan->round_count &&
		(count == 0 ||
			memcmp(probing->changes.items, plan->rounds,
				memory_product(count, sizeof(*plan->rounds))) == 0);
}

const uint32_t *probing_changes(const struct probing *probing, size_t *count) {
	*count = probing->changes.count;
	return probing->changes.items;
}
