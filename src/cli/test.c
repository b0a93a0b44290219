#include <stdlib.h>

#include "analyze/expect.h"
#include "analyze/failure.h"
#include "cli/copies.h"
#include "cli/print.h"
#include "cli/verb.h"
#include "topo/topo_build.h"
#include "view/whatif.h"

// One thing to ask a copy of the world: a test at rest (failure NONE), or under one failure.
struct asking {
	size_t test;
	size_t failure; // index in `failures`, SIZE_MAX at rest
};

struct testing {
	struct network *network;
	const struct options *options;
	struct expect *tests;
	struct expect_result *results;
	size_t count;
	struct failure *failures;
	size_t failure_count;
	struct {
		struct asking *items;
		size_t count, room;
	} askings;
};

static int wrong_test(const struct file_test *test, const char *what, const char *name) {
	fprintf(stderr, "%s:%d: error: %s %s is not in the network\n",
		test->place.file != NULL ? test->place.file : "?", test->place.line, what, name);
	return EXIT_WRONG_USE;
}

static int read_flow(
	const struct testing *testing, const struct file_test *test, struct question_flow *out) {
	*out = testing->options->flow;
	if (test->protocol != NULL)
		out->protocol = text_equal(test->protocol, "tcp") ? PROTOCOL_TCP
			: text_equal(test->protocol, "udp")           ? PROTOCOL_UDP
														  : PROTOCOL_ICMP;
	if (test->port != 0)
		out->port = (uint16_t)test->port;
	if (test->source_port != 0)
		out->source_port = (uint16_t)test->source_port;
	return EXIT_DONE;
}

static int read_question(
	const struct testing *testing, const struct file_test *test, struct question *out) {
	const struct topo *topo = testing->network->topo;
	uint32_t from = topo_find_node(topo, test->from);
	uint32_t to = topo_find_node(topo, test->to);
	struct question_flow flow;
	struct ip address;

	read_flow(testing, test, &flow);
	if (from == TOPO_NONE && ip_parse(test->from, &address) == 0) {
		from = question_owner(topo, address);
		flow.prefer_v6 = !ip_is_v4(address);
	}
	if (from == TOPO_NONE)
		return wrong_test(test, "from:", test->from);
	int result = -1;
	if (to != TOPO_NONE)
		result = question_between(topo, from, to, &flow, out);
	else if (ip_parse(test->to, &address) == 0)
		result = question_to_address(topo, from, address, &flow, out);
	return result == 0 ? EXIT_DONE : wrong_test(test, "to:", test->to);
}

static struct expect_hop *copy_hops(struct arena *arena, const struct file_test *test) {
	struct expect_hop *hops = ARENA_ARRAY(arena, struct expect_hop, test->hop_count + 1);

	for (size_t i = 0; i < test->hop_count; i++)
		hops[i] = (struct expect_hop){test->hops[i].addresses, test->hops[i].address_count};
	return hops;
}

static enum expect_survival survival_of(enum file_survival survives) {
	switch (survives) {
	case FILE_SURVIVES_NOT_ASKED:
		return EXPECT_NO_SURVIVAL;
	case FILE_SURVIVES_LINK:
		return EXPECT_SURVIVES_LINK;
	case FILE_SURVIVES_NODE:
		return EXPECT_SURVIVES_NODE;
	case FILE_SURVIVES_FAILURE:
		return EXPECT_SURVIVES_ANY;
	}
	return EXPECT_NO_SURVIVAL;
}

static const char *test_name(struct arena *arena, const struct file_test *test) {
	if (test->description != NULL)
		return test->description;
	const char *name = arena_printf(arena, "%s %s %s", test->from,
		test->reaches_given && !test->reaches ? "does not reach" : "reaches", test->to);

	for (size_t i = 0; i < test->down_count; i++)
		name = arena_printf(arena, "%s%s %s", name, i == 0 ? " without" : ",", test->down[i]);
	for (size_t i = 0; i < test->down_node_count; i++)
		name = arena_printf(arena, "%s%s %s", name,
			i == 0 && test->down_count == 0 ? " without" : ",", test->down_nodes[i]);
	if (test->survives_text != NULL)
		name = arena_printf(arena, "%s and survives %s", name, test->survives_text);
	return name;
}

static int read_test(struct testing *testing, const struct file_test *test, struct expect *out) {
	const struct topo *topo = testing->network->topo;

	*out = (struct expect){
		.place = test->place,
		.name = test_name(testing->network->arena, test),
		.reaches = !test->reaches_given || test->reaches,
		.via = test->via,
		.via_count = test->via_count,
		.not_via = test->not_via,
		.not_via_count = test->not_via_count,
		.symmetric_given = test->symmetric_given,
		.symmetric = test->symmetric,
		.rtt_below_ns = test->rtt_below_ns,
		.rtt_above_ns = test->rtt_above_ns,
		.hops = copy_hops(testing->network->arena, test),
		.hop_count = test->hop_count,
		.down = test->down,
		.down_count = test->down_count,
		.down_nodes = test->down_nodes,
		.down_node_count = test->down_node_count,
		.survival = survival_of(test->survives),
		.failover_below_ns = test->failover_below_ns,
	};
	for (size_t i = 0; i < test->down_count; i++) {
		if (topo_find_link(topo, test->down[i]) == TOPO_NONE)
			return wrong_test(test, "down: link", test->down[i]);
	}
	for (size_t i = 0; i < test->down_node_count; i++) {
		if (topo_find_node(topo, test->down_nodes[i]) == TOPO_NONE)
			return wrong_test(test, "downNode:", test->down_nodes[i]);
	}
	return read_question(testing, test, &out->question);
}

static void plan(struct testing *testing, size_t number) {
	const struct expect *test = &testing->tests[number];
	struct asking at_rest = {number, SIZE_MAX};

	// What needs no fault is asked of the world itself, before any copy is made.
	if (test->down_count + test->down_node_count == 0)
		expect_hold(testing->network->world, test, &testing->results[number]);
	else
		ARRAY_PUSH(&testing->askings, at_rest);
	for (size_t f = 0; f < testing->failure_count; f++) {
		struct asking under = {number, f};
		if (expect_concerns(testing->network->topo, test, &testing->failures[f]))
			ARRAY_PUSH(&testing->askings, under);
	}
}

static void ask(void *owner, size_t index, struct text *answer) {
	struct testing *testing = owner;
	const struct asking *asking = &testing->askings.items[index];
	const struct expect *test = &testing->tests[asking->test];
	struct network *network = testing->network;
	struct expect_result result;

	for (size_t i = 0; i < test->down_count; i++)
		world_set_link(
			network->world, topo_find_link(network->topo, test->down[i]), WORLD_DOWN, TOPO_NONE);
	for (size_t i = 0; i < test->down_node_count; i++)
		world_set_node(network->world, topo_find_node(network->topo, test->down_nodes[i]), false);
	network_converge(network);
	if (asking->failure == SIZE_MAX)
		expect_hold(network->world, test, &result);
	else
		expect_survived(network->world, test, &testing->failures[asking->failure], &result);
	if (!result.passed)
		text_add(answer, result.why);
	expect_result_done(&result);
}

// An empty answer is a pass.
static void told(void *owner, size_t index, const char *bytes, size_t length) {
	struct testing *testing = owner;
	struct expect_result *result = &testing->results[testing->askings.items[index].test];

	if (length == 0 || !result->passed)
		return;
	result->passed = false;
	result->why = memory_strdup(bytes);
}

static int print_results(const struct testing *testing) {
	struct view view = print_view(testing->network, testing->options);
	struct text text;
	int result;

	if (options_is_format(testing->options, "json")) {
		result =
			print_json(view_tests_json(&view, testing->tests, testing->results, testing->count));
	} else {
		text_init(&text);
		view_tests_text(&view, testing->tests, testing->results, testing->count, &text);
		result = print_text(&text);
	}
	for (size_t i = 0; i < testing->count && result == EXIT_DONE; i++) {
		if (!testing->results[i].passed)
			result = EXIT_FAILED;
	}
	return result;
}

static int run_tests(struct testing *testing) {
	struct network *network = testing->network;

	testing->count = network->file->test_count;
	testing->tests = ARENA_ARRAY(network->arena, struct expect, testing->count + 1);
	testing->results = ARENA_ARRAY(network->arena, struct expect_result, testing->count + 1);
	testing->failures = failure_list(network->topo, network->arena, &testing->failure_count);
	for (size_t i = 0; i < testing->count; i++) {
		int result = read_test(testing, &network->file->tests[i], &testing->tests[i]);
		if (result != EXIT_DONE)
			return result;
		testing->results[i].passed = true;
	}
	for (size_t i = 0; i < testing->count; i++)
		plan(testing, i);
	if (copies_ask(testing->askings.count, ask, told, testing) < 0) {
		fputs("interplane test: a copy of the network could not be asked\n", stderr);
		return EXIT_ENVIRONMENT;
	}
	int result = print_results(testing);
	for (size_t i = 0; i < testing->count; i++)
		expect_result_done(&testing->results[i]);
	return result;
}

int cli_test(const struct options *options) {
	struct network network;
	struct testing testing = {.network = &network, .options = options};
	int result = network_open(options->positional[0], options, false, &network);

	if (result == EXIT_DONE)
		result = run_tests(&testing);
	free(testing.askings.items);
	network_close(&network);
	return result;
}
