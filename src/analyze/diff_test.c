#include "analyze/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/analyze_test_support.h"

static void only_what_differs_is_told_and_in_order(void **state) {
	struct arena *arena = arena_new();
	struct diff_facts before = {.arena = arena};
	struct diff_facts after = {.arena = arena};
	struct diff diff;

	(void)state;
	diff_add(&before, DIFF_PATH, "a", "b", "a r1 b");
	diff_add(&before, DIFF_ROUTE, "r1", "10.0.0.0/8", "via x");
	diff_add(&before, DIFF_ROUTE, "r1", "10.0.0.0/8", "via y");
	diff_add(&before, DIFF_ROUTE, "r1", "10.1.0.0/16", "via x");
	diff_add(&after, DIFF_ROUTE, "r1", "10.0.0.0/8", "via y");
	diff_add(&after, DIFF_ROUTE, "r1", "10.0.0.0/8", "via x");
	diff_add(&after, DIFF_ROUTE, "r2", "10.1.0.0/16", "via z");
	diff_add(&after, DIFF_PATH, "a", "b", "a r2 b");
	diff_compare(&before, &after, arena, &diff);
	assert_int_equal(diff.count, 3);
	assert_string_equal(diff.changes[0].where, "r1");
	assert_string_equal(diff.changes[0].before, "via x");
	assert_null(diff.changes[0].after);
	assert_string_equal(diff.changes[1].where, "r2");
	assert_null(diff.changes[1].before);
	assert_string_equal(diff.changes[2].after, "a r2 b");
	assert_int_equal(diff.by_kind[DIFF_ROUTE], 2);
	assert_int_equal(diff.by_kind[DIFF_PATH], 1);
	diff_done(&before);
	diff_done(&after);
	arena_free(arena);
}

static void a_network_differs_from_itself_without_a_link(void **state) {
	struct question_flow flow = {0};
	struct arena *arena = arena_new();
	struct diff_facts facts[2] = {{.arena = arena}, {.arena = arena}};
	struct diff diff;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct lab lab;
		diamond_begin(&lab);
		lab_start(&lab, 1);
		world_set_link(
			lab.world, diamond_link(&lab, "r1--r2"), i == 0 ? WORLD_UP : WORLD_DOWN, TOPO_NONE);
		assert_true(world_converge(lab.world, 60 * SECOND_NS));
		diff_collect(lab.world, &flow, &facts[i]);
		lab_end(&lab);
	}
	diff_compare(&facts[0], &facts[1], arena, &diff);
	assert_true(diff.by_kind[DIFF_ROUTE] > 0);
	assert_int_equal(diff.by_kind[DIFF_REACHABILITY], 0);
	diff_compare(&facts[0], &facts[0], arena, &diff);
	assert_int_equal(diff.count, 0);
	diff_done(&facts[0]);
	diff_done(&facts[1]);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_differs_is_told_and_in_order),
		cmocka_unit_test(a_network_differs_from_itself_without_a_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
