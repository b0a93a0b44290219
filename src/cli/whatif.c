#include "view/whatif.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/copies.h"
#include "cli/print.h"
#include "cli/verb.h"

// More combinations than this are refused rather than started.
#define CASES_MAX 20000

struct cases {
	struct network *network;
	const struct options *options;
	struct matrix before;
	struct whatif *items;
	size_t count;
	size_t *again; // those that have to be asked without a plan
	size_t again_count;
	bool is_broken;
};

static void add_case(
	struct cases *cases, const struct failure *first, const struct failure *second) {
	struct whatif *item = &cases->items[cases->count++];

	item->failures[item->failure_count++] = *first;
	if (second != NULL)
		item->failures[item->failure_count++] = *second;
}

// Single failures first, then, when two are asked for, every pair.
static int list_cases(struct cases *cases) {
	size_t count;
	struct failure *failures = failure_list(cases->network->topo, cases->network->arena, &count);
	bool has_pairs = options_number(cases->options, OPTION_FAILURES, 1) == 2;
	size_t total = has_pairs ? count * (count - 1) / 2 : count;

	if (total > CASES_MAX) {
		fprintf(stderr, "interplane whatif: %zu cases, more than %d\n", total, CASES_MAX);
		return EXIT_WRONG_USE;
	}
	cases->items = ARENA_ARRAY(cases->network->arena, struct whatif, total + 1);
	cases->again = ARENA_ARRAY(cases->network->arena, size_t, total + 1);
	for (size_t i = 0; i < count; i++) {
		if (!has_pairs)
			add_case(cases, &failures[i], NULL);
		for (size_t k = i + 1; has_pairs && k < count; k++)
			add_case(cases, &failures[i], &failures[k]);
	}
	return EXIT_DONE;
}

// Of one case, in a copy of its own copy.
struct rehearsal {
	struct cases *cases;
	const struct whatif *item;
	struct whatif_plan plan;
	bool is_known;
};

static void rehearse(void *owner, size_t index, struct text *answer) {
	struct rehearsal *rehearsal = owner;
	struct whatif_plan plan;

	(void)index;
	text_add_char(answer,
		whatif_rehearse(rehearsal->cases->network->world, rehearsal->item, &plan) ? 'y' : 'n');
	whatif_plan_encode(&plan, answer);
	free(plan.items);
}

static void rehearsed(void *owner, size_t index, const char *bytes, size_t length) {
	struct rehearsal *rehearsal = owner;

	(void)index;
	rehearsal->is_known = length != 0 && bytes[0] == 'y' &&
		whatif_plan_decode(bytes + 1, length - 1, &rehearsal->plan) == 0;
}

#define ASK_AGAIN "?" // without a plan

static void run(
	struct cases *cases, size_t index, const struct whatif_plan *plan, struct text *answer) {
	struct arena *arena = arena_new();
	const struct whatif_question question = {&cases->before, &cases->options->flow, plan};

	if (whatif_run(cases->network->world, &question, arena, &cases->items[index]) || plan == NULL)
		whatif_encode(&cases->items[index], answer);
	else
		text_add(answer, ASK_AGAIN);
	arena_free(arena);
}

static void ask(void *owner, size_t index, struct text *answer) {
	struct cases *cases = owner;
	struct rehearsal rehearsal = {.cases = cases, .item = &cases->items[index]};

	// No answer breaks the whole.
	if (copies_ask(1, rehearse, rehearsed, &rehearsal) == 0)
		run(cases, index, rehearsal.is_known ? &rehearsal.plan : NULL, answer);
	free(rehearsal.plan.items);
}

// On a terminal, where one who waits sees it.
static void show_progress(const struct cases *cases, size_t done) {
	if (!isatty(STDERR_FILENO))
		return;
	if (done < cases->count)
		fprintf(stderr, "\r%zu of %zu ", done, cases->count);
	else
		fputs("\r\033[K", stderr);
}

static void told(void *owner, size_t index, const char *bytes, size_t length) {
	struct cases *cases = owner;

	if (length == sizeof(ASK_AGAIN) - 1)
		cases->again[cases->again_count++] = index;
	else if (whatif_decode(bytes, length, cases->network->arena, &cases->items[index]) < 0)
		cases->is_broken = true;
	show_progress(cases, index + 1);
}

static void ask_again(void *owner, size_t index, struct text *answer) {
	struct cases *cases = owner;

	run(cases, cases->again[index], NULL, answer);
}

static void told_again(void *owner, size_t index, const char *bytes, size_t length) {
	struct cases *cases = owner;
	struct whatif *item = &cases->items[cases->again[index]];

	if (whatif_decode(bytes, length, cases->network->arena, item) < 0)
		cases->is_broken = true;
}

static int print_cases(const struct cases *cases) {
	struct view view = print_view(cases->network, cases->options);
	struct text text;

	if (options_is_format(cases->options, "json"))
		return print_json(view_whatif_json(&view, &cases->before, cases->items, cases->count));
	text_init(&text);
	view_whatif_text(&view, &cases->before, cases->items, cases->count, &text);
	return print_text(&text);
}

static int whatif(struct network *network, const struct options *options) {
	struct cases cases = {.network = network, .options = options};
	int result = list_cases(&cases);

	if (result != EXIT_DONE)
		return result;
	matrix_run(network->world, &options->flow, network->arena, &cases.before);
	int error = copies_ask(cases.count, ask, told, &cases);
	if (error == 0)
		error = copies_ask(cases.again_count, ask_again, told_again, &cases);
	if (error < 0 || cases.is_broken) {
		fputs("interplane whatif: a copy of the network could not be asked\n", stderr);
		return EXIT_ENVIRONMENT;
	}
	return print_cases(&cases);
}

int cli_whatif(const struct options *options) {
	struct network network;
	int result = network_open(options->positional[0], options, false, &network);

	if (result == EXIT_DONE)
		result = whatif(&network, options);
	network_close(&network);
	return result;
}
