#include "analyze/whatif.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/analyze_test_support.h"
#include "analyze/ping.h"

// A network brought to life twice: to rehearse a failure, and to see it.
struct stage {
	struct lab lab;
	void (*begin)(struct lab *lab);
	struct question_flow flow;
	struct matrix before;
	struct arena *arena;
	struct whatif_plan plan;
};

static void raise_curtain(struct stage *stage) {
	stage->begin(&stage->lab);
	lab_start(&stage->lab, 1);
	matrix_run(stage->lab.world, &stage->flow, stage->arena, &stage->before);
}

// What is to fail, by name, as it is found there.
static struct whatif whatif_of(const struct lab *lab, const struct failure *failure) {
	struct whatif whatif = {.failures = {*failure}, .failure_count = 1};
	whatif.failures[0].number = failure->kind == FAILURE_LINK ? diamond_link(lab, failure->name)
															  : diamond_node(lab, failure->name);
	return whatif;
}

static void rehearse(struct stage *stage, const struct failure *failure) {
	const struct whatif_question question = {&stage->before, &stage->flow};

	raise_curtain(stage);
	struct whatif whatif = whatif_of(&stage->lab, failure);
	whatif_rehearse(stage->lab.world, &question, &whatif, stage->arena, &stage->plan);
	lab_end(&stage->lab);
}

// By the plan. The lab stays.
static bool run(struct stage *stage, const struct failure *failure, struct whatif *out) {
	const struct whatif_question question = {&stage->before, &stage->flow};

	raise_curtain(stage);
	*out = whatif_of(&stage->lab, failure);
	return whatif_run(stage->lab.world, &question, &stage->plan, stage->arena, out);
}

static struct whatif fail_and_see(struct stage *stage, const struct failure *failure) {
	struct whatif whatif;

	if (stage->begin == NULL)
		stage->begin = diamond_begin;
	stage->arena = arena_new();
	rehearse(stage, failure);
	assert_true(run(stage, failure, &whatif));
	return whatif;
}

static void stage_end(struct stage *stage) {
	lab_end(&stage->lab);
	arena_free(stage->arena);
}

static void losing_the_only_link_loses_both_pairs(void **state) {
	struct failure failure = {.kind = FAILURE_LINK, .name = "a--r1"};
	struct stage stage = {0};

	(void)state;
	struct whatif whatif = fail_and_see(&stage, &failure);
	assert_true(whatif.converged);
	assert_int_equal(whatif.lost, 2);
	assert_int_equal(whatif.pair_count, 2);
	assert_true(whatif.pairs[0].lost > 0);
	stage_end(&stage);
}

static void one_arm_of_the_diamond_takes_over_for_the_other(void **state) {
	static const char *const arms[] = {"r2", "r3"};
	size_t moved = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct failure failure = {.kind = FAILURE_NODE, .name = arms[i]};
		struct stage stage = {0};
		struct whatif whatif = fail_and_see(&stage, &failure);
		assert_int_equal(whatif.lost, 0);
		assert_int_equal(whatif.moved + whatif.unchanged, 2);
		moved += whatif.moved;
		for (size_t p = 0; p < whatif.pair_count; p++) {
			assert_int_equal(whatif.pairs[p].change, WHATIF_MOVED);
			assert_int_equal(whatif.pairs[p].rtt_after_ns, whatif.pairs[p].rtt_before_ns);
		}
		stage_end(&stage);
	}
	assert_true(moved > 0);
}

// The diamond with a third arm, r5, and with more hosts: whoever is on one arm may be hashed to
// another when there is an arm less.
static void trident_begin(struct lab *lab) {
	static const char *const hosts[][3] = {
		{"c", "10.1.0.10/24", "10.1.0.1"},
		{"d", "10.1.1.10/24", "10.1.1.1"},
		{"e", "10.1.2.10/24", "10.1.2.1"},
		{"f", "10.1.3.10/24", "10.1.3.1"},
	};

	diamond_begin(lab);
	uint32_t r1 = diamond_node(lab, "r1");
	uint32_t r4 = diamond_node(lab, "r4");
	uint32_t r5 = lab_router(lab, "r5", "site");
	lab_link(lab, lab_port(lab, r1, "10.0.5.0/31", 1), lab_port(lab, r5, "10.0.5.1/31", 1), MS_NS);
	lab_link(lab, lab_port(lab, r5, "10.0.6.0/31", 1), lab_port(lab, r4, "10.0.6.1/31", 1), MS_NS);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		char gateway[32];
		uint32_t host = lab_host(lab, hosts[i][0], hosts[i][1], hosts[i][2]);
		snprintf(gateway, sizeof(gateway), "%s/24", hosts[i][2]);
		lab_link(lab, host, lab_port(lab, r1, gateway, 1), MS_NS);
	}
}

static bool passes(const struct matrix_pair *pair, uint32_t node) {
	for (size_t i = 0; i < pair->stop_count; i++) {
		if (pair->stops[i] == node)
			return true;
	}
	for (size_t i = 0; i < pair->back_count; i++) {
		if (pair->back[i] == node)
			return true;
	}
	return false;
}

static size_t count_bystanders(const char *arm) {
	struct failure failure = {.kind = FAILURE_NODE, .name = arm};
	struct stage stage = {.begin = trident_begin};
	struct whatif whatif = fail_and_see(&stage, &failure);
	size_t count = 0;

	assert_int_equal(whatif.lost, 0);
	for (size_t i = 0; i < whatif.pair_count; i++) {
		const struct whatif_pair *pair = &whatif.pairs[i];
		bool is_touched = passes(&stage.before.pairs[pair->number], whatif.failures[0].number);
		count += pair->change == WHATIF_MOVED && !is_touched;
		assert_true(pair->sent > 0);
	}
	stage_end(&stage);
	return count;
}

static void who_moves_without_crossing_what_fails_is_probed_too(void **state) {
	(void)state;
	assert_true(count_bystanders("r2") + count_bystanders("r3") + count_bystanders("r5") > 0);
}

static void results_survive_the_pipe_and_cut_off_bytes_are_refused(void **state) {
	struct failure failure = {.kind = FAILURE_LINK, .name = "a--r1"};
	struct stage stage = {0};
	struct text bytes;

	(void)state;
	struct whatif whatif = fail_and_see(&stage, &failure);
	text_init(&bytes);
	whatif_encode(&whatif, &bytes);
	for (size_t length = 0; length < bytes.length; length += 13) {
		struct whatif cut = whatif;
		assert_int_equal(whatif_decode(text_chars(&bytes), length, stage.arena, &cut), -EBADMSG);
	}
	struct whatif read = {.failures = {whatif.failures[0]}, .failure_count = 1};
	assert_int_equal(whatif_decode(text_chars(&bytes), bytes.length, stage.arena, &read), 0);
	assert_int_equal(read.lost, whatif.lost);
	assert_int_equal(read.pair_count, whatif.pair_count);
	assert_int_equal(read.pairs[1].to, whatif.pairs[1].to);
	assert_int_equal(read.pairs[1].after.stop_count, whatif.pairs[1].after.stop_count);
	text_done(&bytes);
	stage_end(&stage);
}

static void plans_survive_the_pipe_and_cut_off_bytes_are_refused(void **state) {
	struct failure failure = {.kind = FAILURE_NODE, .name = "r2"};
	struct stage stage = {.begin = diamond_begin, .arena = arena_new()};
	struct whatif_plan read;
	struct text bytes;

	(void)state;
	rehearse(&stage, &failure);
	text_init(&bytes);
	whatif_plan_encode(&stage.plan, &bytes);
	for (size_t length = 0; length < bytes.length; length++)
		assert_int_equal(
			whatif_plan_decode(text_chars(&bytes), length, stage.arena, &read), -EBADMSG);
	assert_int_equal(whatif_plan_decode(text_chars(&bytes), bytes.length, stage.arena, &read), 0);
	assert_true(read.round_count > 0);
	assert_int_equal(read.round_count, stage.plan.round_count);
	assert_memory_equal(read.rounds, stage.plan.rounds, read.round_count * sizeof(*read.rounds));
	assert_int_equal(read.rehearsed.moved, stage.plan.rehearsed.moved);
	assert_int_equal(read.rehearsed.pair_count, stage.plan.rehearsed.pair_count);
	text_done(&bytes);
	arena_free(stage.arena);
}

static void a_rehearsed_failure_says_what_one_in_full_does(void **state) {
	struct failure failure = {.kind = FAILURE_NODE, .name = "r2"};
	struct stage stage = {0};
	struct whatif full;

	(void)state;
	struct whatif planned = fail_and_see(&stage, &failure);
	lab_end(&stage.lab);
	stage.plan.sends_every_round = true;
	assert_true(run(&stage, &failure, &full));
	assert_int_equal(planned.converge_ns, full.converge_ns);
	assert_int_equal(planned.moved, full.moved);
	assert_int_equal(planned.unchanged, full.unchanged);
	assert_int_equal(planned.pair_count, full.pair_count);
	for (size_t i = 0; i < full.pair_count; i++) {
		assert_int_equal(planned.pairs[i].change, full.pairs[i].change);
		assert_int_equal(planned.pairs[i].rtt_after_ns, full.pairs[i].rtt_after_ns);
		assert_int_equal(planned.pairs[i].sent, full.pairs[i].sent);
		assert_int_equal(planned.pairs[i].lost, full.pairs[i].lost);
		assert_int_equal(planned.pairs[i].outage_ns, full.pairs[i].outage_ns);
	}
	stage_end(&stage);
}

// A change that the rehearsal did not see may have met rounds that were left out, and one that
// does not come leads elsewhere.
static void what_goes_otherwise_than_rehearsed_is_not_sure(void **state) {
	struct failure failure = {.kind = FAILURE_NODE, .name = "r2"};
	struct stage stage = {.begin = diamond_begin, .arena = arena_new()};
	struct whatif whatif;

	(void)state;
	rehearse(&stage, &failure);
	assert_true(stage.plan.round_count > 0);
	const struct whatif_plan plan = stage.plan;
	uint32_t *more = ARENA_ARRAY(stage.arena, uint32_t, plan.round_count + 1);
	memcpy(more, plan.rounds, plan.round_count * sizeof(*more));
	more[plan.round_count] = plan.rounds[plan.round_count - 1] + 1;
	for (size_t count = plan.round_count - 1; count <= plan.round_count + 1; count++) {
		stage.plan = plan;
		stage.plan.rounds = more;
		stage.plan.round_count = count;
		assert_int_equal(run(&stage, &failure, &whatif), count == plan.round_count);
		lab_end(&stage.lab);
	}
	arena_free(stage.arena);
}

static void lossy_diamond_begin(struct lab *lab) {
	diamond_begin(lab);
	lab->topo->links[0].loss_millionths = 1;
}

static void what_chance_decides_is_sent_every_round(void **state) {
	struct failure failure = {.kind = FAILURE_NODE, .name = "r2"};
	struct stage stage = {.begin = lossy_diamond_begin};

	(void)state;
	struct whatif whatif = fail_and_see(&stage, &failure);
	assert_true(stage.plan.sends_every_round);
	assert_int_equal(whatif.moved + whatif.unchanged, 2);
	for (size_t i = 0; i < whatif.pair_count; i++)
		assert_true(whatif.pairs[i].sent > 0);
	stage_end(&stage);
}

static void remembering_diamond_begin(struct lab *lab) {
	static const struct topo_filter filter = {.is_stateful = true};

	diamond_begin(lab);
	lab->topo->ports[0].filters_in = &filter;
	lab->topo->ports[0].filter_in_count = 1;
}

static void where_filters_know_flows_the_pairs_are_compared_anew(void **state) {
	struct failure failure = {.kind = FAILURE_NODE, .name = "r2"};
	struct stage plain = {.begin = diamond_begin, .arena = arena_new()};
	struct stage remembering = {.begin = remembering_diamond_begin, .arena = arena_new()};

	(void)state;
	rehearse(&plain, &failure);
	rehearse(&remembering, &failure);
	assert_false(plain.plan.asks_anew);
	assert_true(remembering.plan.asks_anew);
	arena_free(plain.arena);
	arena_free(remembering.arena);
}

static void what_is_down_or_shut_does_not_fail_again(void **state) {
	struct arena *arena = arena_new();
	struct lab lab;
	size_t all;
	size_t some;

	(void)state;
	diamond_begin(&lab);
	topo_finish(lab.topo);
	failure_list(lab.topo, arena, &all);
	lab.topo->links[0].is_down = true;
	lab.topo->ports[lab.topo->links[1].ends[0].port].is_shut = true;
	failure_list(lab.topo, arena, &some);
	assert_int_equal(all, 6);
	assert_int_equal(some, 4);
	topo_free(lab.topo);
	arena_free(arena);
}

static void a_ping_shows_the_move_from_path_to_path(void **state) {
	struct ping_options options = {.count = 40, .interval_ns = 100 * MS_NS};
	struct question_flow flow = {0};
	struct arena *arena = arena_new();
	struct question question;
	struct ping ping;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	assert_int_equal(question_between(lab.topo, diamond_node(&lab, "a"), diamond_node(&lab, "b"),
						 &flow, &question),
		0);
	struct round_trip before;
	ask_one(lab.world, &question, arena, &before);
	uint32_t arm = before.forward.nodes[2].node;
	world_set_node(lab.world, arm, false);
	ping_run(lab.world, &question, &options, arena, &ping);
	assert_int_equal(ping.row_count, 40);
	assert_true(ping.rows[39].answered);
	const struct ping_path *last = &ping.paths[ping.rows[39].path];
	assert_int_not_equal(last->stops[2], arm);
	size_t packets = 0;
	for (size_t i = 0; i < ping.path_count; i++)
		packets += ping.paths[i].packets;
	assert_int_equal(packets, 40);
	lab_end(&lab);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losing_the_only_link_loses_both_pairs),
		cmocka_unit_test(one_arm_of_the_diamond_takes_over_for_the_other),
		cmocka_unit_test(who_moves_without_crossing_what_fails_is_probed_too),
		cmocka_unit_test(results_survive_the_pipe_and_cut_off_bytes_are_refused),
		cmocka_unit_test(plans_survive_the_pipe_and_cut_off_bytes_are_refused),
		cmocka_unit_test(a_rehearsed_failure_says_what_one_in_full_does),
		cmocka_unit_test(what_goes_otherwise_than_rehearsed_is_not_sure),
		cmocka_unit_test(what_chance_decides_is_sent_every_round),
		cmocka_unit_test(where_filters_know_flows_the_pairs_are_compared_anew),
		cmocka_unit_test(what_is_down_or_shut_does_not_fail_again),
		cmocka_unit_test(a_ping_shows_the_move_from_path_to_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
