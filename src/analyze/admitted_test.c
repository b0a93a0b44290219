#include "analyze/admitted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void an_answer_passes_where_its_flow_crossed_the_other_way(void **state) {
	struct admitted_table *table = admitted_table_new();

	(void)state;
	const struct admitted *set = admitted_with(table, NULL, 7, true);
	assert_true(admitted_passes_answer(set, 7, false));
	assert_false(admitted_passes_answer(set, 7, true));
	assert_false(admitted_passes_answer(set, 6, false));
	assert_false(admitted_passes_answer(NULL, 7, false));
	assert_true(admitted_passes_answer(ADMITTED_EVERYWHERE, 7, false));
	admitted_table_free(table);
}

static void equal_sets_are_one_however_they_came_about(void **state) {
	struct admitted_table *table = admitted_table_new();
	const struct admitted *up = NULL, *down = NULL;

	(void)state;
	for (uint32_t port = 0; port < 5; port++) {
		up = admitted_with(table, up, port, port % 2 == 0);
		down = admitted_with(table, down, 4 - port, port % 2 == 0);
	}
	assert_non_null(up);
	assert_ptr_equal(up, down);
	assert_ptr_equal(admitted_with(table, up, 3, false), up);
	assert_ptr_not_equal(admitted_with(table, up, 3, true), up);
	for (uint32_t port = 0; port < 5; port++) {
		assert_int_equal(admitted_passes_answer(up, port, false), port % 2 == 0);
		assert_int_equal(admitted_passes_answer(up, port, true), port % 2 != 0);
	}
	admitted_table_free(table);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_passes_where_its_flow_crossed_the_other_way),
		cmocka_unit_test(equal_sets_are_one_however_they_came_about),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
