#include "analyze/whatif.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyze/analyze_test_support.h"
#include "analyze/ping.h"

static struct whatif fail_and_see(
	struct lab *lab, struct matrix *before, const struct failure *failure, struct arena *arena) {
	struct question_flow flow = {0};
	struct whatif whatif = {.failures = {*failure}, .failure_count = 1};

	diamond_begin(lab);
	lab_start(lab, 1);
	matrix_run(lab->world, &flow, arena, before);
	struct failure found = *failure;
	found.number = failure->kind == FAILURE_LINK ? diamond_link(lab, failure->name)
												 : diamond_node(lab, failure->name);
	whatif.failures[0] = found;
	const struct whatif_question question = {before, &flow, NULL};
	assert_true(whatif_run(lab->world, &question, arena, &whatif));
	return whatif;
}

static void losing_the_only_link_loses_both_pairs(void **state) {
	struct failure failure = {.kind = FAILURE_LINK, .name = "a--r1"};
	struct arena *arena = arena_new();
	struct matrix before;
	struct lab lab;

	(void)state;
	struct whatif whatif = fail_and_see(&lab, &before, &failure, arena);
	assert_true(whatif.converged);
	assert_int_equal(whatif.lost, 2);
	assert_int_equal(whatif.pair_count, 2);
	assert_true(whatif.pairs[0].lost > 0);
	lab_end(&lab);
	arena_free(arena);
}

static void one_arm_of_the_diamond_takes_over_for_the_other(void **state) {
	static const char *const arms[] = {"r2", "r3"};
	size_t moved = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct failure failure = {.kind = FAILURE_NODE, .name = arms[i]};
		struct arena *arena = arena_new();
		struct matrix before;
		struct lab lab;
		struct whatif whatif = fail_and_see(&lab, &before, &failure, arena);
		assert_int_equal(whatif.lost, 0);
		assert_int_equal(whatif.moved + whatif.unchanged, 2);
		moved += whatif.moved;
		for (size_t p = 0; p < whatif.pair_count; p++) {
			assert_int_equal(whatif.pairs[p].change, WHATIF_MOVED);
			assert_int_equal(whatif.pairs[p].rtt_after_ns, whatif.pairs[p].rtt_before_ns);
		}
		lab_end(&lab);
		arena_free(arena);
	}
	assert_true(moved > 0);
}

static void results_survive_the_pipe_and_cut_off_bytes_are_refused(void **state) {
	struct failure failure = {.kind = FAILURE_LINK, .name = "a--r1"};
	struct arena *arena = arena_new();
	struct matrix before;
	struct text bytes;
	struct lab lab;

	(void)state;
	struct whatif whatif = fail_and_see(&lab, &before, &failure, arena);
	text_init(&bytes);
	whatif_encode(&whatif, &bytes);
	for (size_t length = 0; length < bytes.length; length += 13) {
		struct whatif cut = whatif;
		assert_int_equal(whatif_decode(text_chars(&bytes), length, arena, &cut), -EBADMSG);
	}
	struct whatif read = {.failures = {whatif.failures[0]}, .failure_count = 1};
	assert_int_equal(whatif_decode(text_chars(&bytes), bytes.length, arena, &read), 0);
	assert_int_equal(read.lost, whatif.lost);
	assert_int_equal(read.pair_count, whatif.pair_count);
	assert_int_equal(read.pairs[1].to, whatif.pairs[1].to);
	assert_int_equal(read.pairs[1].after.stop_count, whatif.pairs[1].after.stop_count);
	text_done(&bytes);
	lab_end(&lab);
	arena_free(arena);
}

// The same network brought to life twice: once to learn when it changes, once to probe around that.
static void a_rehearsed_failure_says_what_one_in_full_does(void **state) {
	struct failure failure = {.kind = FAILURE_NODE, .name = "r2"};
	struct question_flow flow = {0};
	struct whatif_plan plan;
	struct whatif_plan read;
	struct arena *arena = arena_new();
	struct matrix before;
	struct text bytes;
	struct lab lab;

	(void)state;
	struct whatif full = fail_and_see(&lab, &before, &failure, arena);
	lab_end(&lab);
	diamond_begin(&lab);
	lab_start(&lab, 1);
	matrix_run(lab.world, &flow, arena, &before);
	struct whatif planned = {.failures = {full.failures[0]}, .failure_count = 1};
	assert_true(whatif_rehearse(lab.world, &planned, &plan));
	assert_true(plan.count > 0);
	lab_end(&lab);
	text_init(&bytes);
	whatif_plan_encode(&plan, &bytes);
	assert_int_equal(whatif_plan_decode(text_chars(&bytes), bytes.length - 1, &read), -EBADMSG);
	assert_int_equal(whatif_plan_decode(text_chars(&bytes), bytes.length, &read), 0);
	assert_int_equal(read.count, plan.count);
	diamond_begin(&lab);
	lab_start(&lab, 1);
	matrix_run(lab.world, &flow, arena, &before);
	const struct whatif_question question = {&before, &flow, &read};
	assert_true(whatif_run(lab.world, &question, arena, &planned));
	assert_int_equal(planned.converge_ns, full.converge_ns);
	assert_int_equal(planned.pair_count, full.pair_count);
	for (size_t i = 0; i < full.pair_count; i++) {
		assert_int_equal(planned.pairs[i].sent, full.pairs[i].sent);
		assert_int_equal(planned.pairs[i].lost, full.pairs[i].lost);
		assert_int_equal(planned.pairs[i].outage_ns, full.pairs[i].outage_ns);
	}
	lab_end(&lab);
	text_done(&bytes);
	free(plan.items);
	free(read.items);
	arena_free(arena);
}

// Where a link loses packets by chance, every round has to be sent.
static void what_chance_decides_is_not_rehearsed(void **state) {
	struct whatif whatif = {.failure_count = 1};
	struct whatif_plan plan;
	struct world_quality quality;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	world_get_quality(lab.world, 0, &quality);
	quality.loss_millionths = 1;
	world_set_quality(lab.world, 0, &quality);
	assert_false(whatif_rehearse(lab.world, &whatif, &plan));
	lab_end(&lab);
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
		cmocka_unit_test(results_survive_the_pipe_and_cut_off_bytes_are_refused),
		cmocka_unit_test(a_rehearsed_failure_says_what_one_in_full_does),
		cmocka_unit_test(what_chance_decides_is_not_rehearsed),
		cmocka_unit_test(what_is_down_or_shut_does_not_fail_again),
		cmocka_unit_test(a_ping_shows_the_move_from_path_to_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
