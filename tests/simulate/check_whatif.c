#include "analyze/whatif.h"
#include "cli/copies.h"
#include "network.h"

// One failure of a network, rehearsed, then asked by the plan and with every round; each in a copy.
struct asked {
	struct network *network;
	struct matrix before;
	struct question_flow flow;
	struct failure failure;
	struct whatif_plan plan;
	bool is_rehearsed;
	struct whatif results[2]; // 0: every round sent, 1: by plan
	bool is_known[2];
	struct verdict_of_run *out;
};

static void rehearse(void *owner, size_t index, struct text *answer) {
	struct asked *asked = owner;
	struct whatif whatif = {.failures = {asked->failure}, .failure_count = 1};
	const struct whatif_question question = {&asked->before, &asked->flow};
	struct arena *arena = arena_new();
	struct whatif_plan plan;

	(void)index;
	whatif_rehearse(asked->network->world, &question, &whatif, arena, &plan);
	whatif_plan_encode(&plan, answer);
	arena_free(arena);
}

static void rehearsed(void *owner, size_t index, const char *bytes, size_t length) {
	struct asked *asked = owner;

	(void)index;
	asked->is_rehearsed =
		whatif_plan_decode(bytes, length, asked->network->arena, &asked->plan) == 0;
}

static void ask(void *owner, size_t index, struct text *answer) {
	struct asked *asked = owner;
	struct whatif whatif = {.failures = {asked->failure}, .failure_count = 1};
	const struct whatif_question question = {&asked->before, &asked->flow};
	struct whatif_plan plan = asked->plan;
	struct arena *arena = arena_new();

	plan.sends_every_round = index == 0;
	if (whatif_run(asked->network->world, &question, &plan, arena, &whatif))
		whatif_encode(&whatif, answer);
	arena_free(arena);
}

static void told(void *owner, size_t index, const char *bytes, size_t length) {
	struct asked *asked = owner;
	struct whatif *result = &asked->results[index];

	*result = (struct whatif){.failures = {asked->failure}, .failure_count = 1};
	asked->is_known[index] =
		length != 0 && whatif_decode(bytes, length, asked->network->arena, result) == 0;
}

static bool same_pair(const struct whatif_pair *a, const struct whatif_pair *b) {
	return a->number == b->number && a->change == b->change && a->sent == b->sent &&
		a->lost == b->lost && a->outage_ns == b->outage_ns && a->rtt_after_ns == b->rtt_after_ns;
}

static void compare(const struct asked *asked, struct text *answer) {
	const struct whatif *all = &asked->results[0];
	const struct whatif *some = &asked->results[1];
	bool is_same = all->converged == some->converged && all->converge_ns == some->converge_ns &&
		all->pair_count == some->pair_count && all->unchanged == some->unchanged &&
		all->moved == some->moved && all->lost == some->lost && all->gained == some->gained;

	for (size_t i = 0; is_same && i < all->pair_count; i++)
		is_same = same_pair(&all->pairs[i], &some->pairs[i]);
	if (!is_same)
		text_printf(answer, "%s fails: a rehearsed what-if says otherwise than one in full\n",
			asked->failure.name);
}

// Whoever is reported, and reached somebody before, was probed.
static void check_probed(const struct asked *asked, struct text *answer) {
	const struct whatif *some = &asked->results[1];

	for (size_t i = 0; i < some->pair_count; i++) {
		const struct whatif_pair *pair = &some->pairs[i];
		if ((pair->sent != 0) != asked->before.pairs[pair->number].reached)
			text_printf(answer, "%s fails: pair %zu was sent %u packets\n", asked->failure.name,
				pair->number, pair->sent);
	}
}

// "+" when a rehearsed answer was used; else, what was wrong.
static void check(void *owner, size_t index, struct text *answer) {
	struct asked *asked = owner;

	(void)index;
	matrix_run(asked->network->world, &asked->flow, asked->network->arena, &asked->before);
	if (copies_ask(1, rehearse, rehearsed, asked) != 0 || !asked->is_rehearsed ||
		copies_ask(2, ask, told, asked) != 0 || !asked->is_known[0]) {
		text_add(answer, "a copy of the network can't be asked\n");
		return;
	}
	if (asked->plan.sends_every_round || !asked->is_known[1])
		return;
	compare(asked, answer);
	check_probed(asked, answer);
	if (answer->length == 0)
		text_add_char(answer, '+');
}

static void checked(void *owner, size_t index, const char *bytes, size_t length) {
	struct asked *asked = owner;

	(void)index;
	if (length == 1)
		asked->out->tally.rehearsed++;
	else
		text_printf(&asked->out->failure, "%.*s", (int)length, bytes);
}

void check_whatif(struct network *network, uint64_t seed, struct verdict_of_run *out) {
	size_t count;
	struct failure *failures = failure_list(network->topo, network->arena, &count);
	struct asked asked = {.network = network, .out = out};

	if (count == 0)
		return;
	asked.failure = failures[seed % count];
	if (copies_ask(1, check, checked, &asked) != 0)
		text_add(&out->failure, "a copy of the network can't be made\n");
}
