#include <stdlib.h>

#include "analyze/whatif.h"
#include "cli/copies.h"
#include "network.h"

// One failure of a network, asked with and without a plan; each in a copy.
struct asked {
	struct network *network;
	struct matrix before;
	struct question_flow flow;
	struct failure failure;
	struct whatif_plan plan;
	bool is_planned;
	struct whatif results[2]; // 0: every round sent, 1: by plan
	bool is_known[2];
	struct verdict_of_run *out;
};

static void rehearse(void *owner, size_t index, struct text *answer) {
	struct asked *asked = owner;
	struct whatif whatif = {.failures = {asked->failure}, .failure_count = 1};
	struct whatif_plan plan;

	(void)index;
	text_add_char(answer, whatif_rehearse(asked->network->world, &whatif, &plan) ? 'y' : 'n');
	whatif_plan_encode(&plan, answer);
	free(plan.items);
}

static void rehearsed(void *owner, size_t index, const char *bytes, size_t length) {
	struct asked *asked = owner;

	(void)index;
	asked->is_planned = length != 0 && bytes[0] == 'y' &&
		whatif_plan_decode(bytes + 1, length - 1, &asked->plan) == 0;
}

static void ask(void *owner, size_t index, struct text *answer) {
	struct asked *asked = owner;
	struct whatif whatif = {.failures = {asked->failure}, .failure_count = 1};
	const struct whatif_question question = {
		&asked->before, &asked->flow, index == 1 ? &asked->plan : NULL};
	struct arena *arena = arena_new();

	if (whatif_run(asked->network->world, &question, arena, &whatif))
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
		all->pair_count == some->pair_count && all->unchanged == some->unchanged;

	for (size_t i = 0; is_same && i < all->pair_count; i++)
		is_same = same_pair(&all->pairs[i], &some->pairs[i]);
	if (!is_same)
		text_printf(answer, "%s fails: a rehearsed what-if says otherwise than one in full\n",
			asked->failure.name);
}

// "+" when a rehearsed answer was used; else, what was wrong.
static void check(void *owner, size_t index, struct text *answer) {
	struct asked *asked = owner;

	(void)index;
	matrix_run(asked->network->world, &asked->flow, asked->network->arena, &asked->before);
	if (copies_ask(1, rehearse, rehearsed, asked) != 0 || copies_ask(2, ask, told, asked) != 0 ||
		!asked->is_known[0])
		text_add(answer, "a copy of the network can't be asked\n");
	else if (asked->is_planned && asked->is_known[1])
		compare(asked, answer);
	if (answer->length == 0 && asked->is_planned && asked->is_known[1])
		text_add_char(answer, '+');
	free(asked->plan.items);
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
