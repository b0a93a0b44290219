#include "loop/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const instant start = {7 * SECOND_NS};

static void use_up(struct pace *pace) {
	for (int i = 0; i < PACE_FREE; i++)
		assert_int_equal(pace_next(pace, start), 0);
}

static void the_first_events_are_free(void **state) {
	(void)state;
	struct pace pace = {0};
	use_up(&pace);
	assert_int_equal(pace_next(&pace, start), PACE_NS);
}

static void after_that_one_comes_each_interval(void **state) {
	(void)state;
	struct pace pace = {0};
	use_up(&pace);
	instant now = start;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(pace_next(&pace, now), PACE_NS);
		now = instant_add(now, PACE_NS);
		assert_int_equal(pace_next(&pace, now), 0);
	}
}

static void what_is_not_used_comes_back(void **state) {
	(void)state;
	struct pace pace = {0};
	use_up(&pace);
	instant later = instant_add(start, 5 * PACE_NS + 1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(pace_next(&pace, later), 0);
	assert_int_equal(pace_next(&pace, later), PACE_NS);
}

static void no_more_comes_back_than_was_used(void **state) {
	(void)state;
	struct pace pace = {0};
	assert_int_equal(pace_next(&pace, start), 0);
	instant later = instant_add(start, 1000000 * PACE_NS);
	for (int i = 0; i < PACE_FREE; i++)
		assert_int_equal(pace_next(&pace, later), 0);
	assert_int_equal(pace_next(&pace, later), PACE_NS);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_events_are_free),
		cmocka_unit_test(after_that_one_comes_each_interval),
		cmocka_unit_test(what_is_not_used_comes_back),
		cmocka_unit_test(no_more_comes_back_than_was_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
