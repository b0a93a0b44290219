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
	for (size_t i = 0; i < count; i++) {
		if (!has_pairs)
			add_case(cases, &failures[i], NULL);
		for (size_t k = i + 1; has_pairs && k < count; k++)
			add_case(cases, &failures[i], &failures[k]);
	}
	return EXIT_DONE;
}

// In a copy of its own, which first has copies made of itself.
struct one_case {
	struct network *network;
	struct whatif_question question;
	struct whatif *whatif;
	struct whatif_plan plan;
	struct arena *arena;
	struct text *answer;
	bool is_broken;
};

static void rehearse(void *owner, size_t index, struct text *answer) {
	struct one_case *one = owner;
	struct whatif_plan plan;

	(void)index;
	whatif_rehearse(one->network->world, &one->question, one->whatif, one->arena, &plan);
	whatif_plan_encode(&plan, answer);
}

static void rehearsed(void *owner, size_t index, const char *bytes, size_t length) {
	struct one_case *one = owner;

	(void)index;
	one->is_broken = whatif_plan_decode(bytes, length, one->arena, &one->plan) < 0;
}

// No answer: it went otherwise than rehearsed.
static void run(void *owner, size_t index, struct text *answer) {
	struct one_case *one = owner;

	(void)index;
	if (whatif_run(one->network->world, &one->question, &one->plan, one->arena, one->whatif))
		whatif_encode(one->whatif, answer);
}

static void was_run(void *owner, size_t index, const char *bytes, size_t length) {
	struct one_case *one = owner;

	(void)index;
	one->plan.sends_every_round = length == 0;
	text_add_n(one->answer, bytes, length);
}

static void ask(void *owner, size_t index, struct text *answer) {
	struct cases *cases = owner;
	struct one_case one = {
		.network = cases->network,
		.question = {&cases->before, &cases->options->flow},
		.whatif = &cases->items[index],
		.arena = arena_new(),
		.answer = answer,
	};

	// No answer breaks the whole.
	one.is_broken = copies_ask(1, rehearse, rehearsed, &one) < 0 || one.is_broken;
	if (!one.is_broken && !one.plan.sends_every_round)
		one.is_broken = copies_ask(1, run, was_run, &one) < 0;
	if (!one.is_broken && one.plan.sends_every_round)
		run(&one, index, answer);
	arena_free(one.arena);
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

	if (whatif_decode(bytes, length, cases->network->arena, &cases->items[index]) < 0)
		cases->is_broken = true;
	show_progress(cases, index + 1);
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
