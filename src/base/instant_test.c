#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/instant.h"

static void adding_then_asking_since_gives_the_duration(void **state) {
	const int64_t durations_ns[] = {0, 1, -1, 3 * SECOND_NS, -7 * MS_NS};
	const instant start = {5 * US_NS};
	(void)state;

	for (size_t i = 0; i < sizeof(durations_ns) / sizeof(durations_ns[0]); i++) {
		instant later = instant_add(start, durations_ns[i]);
		assert_true(instant_since(later, start) == durations_ns[i]);
		assert_true(instant_since(start, later) == -durations_ns[i]);
	}
}

static void compare_orders_by_time(void **state) {
	const instant early = {1};
	const instant late = {2};
	(void)state;

	assert_true(instant_compare(early, late) < 0);
	assert_true(instant_compare(late, early) > 0);
	assert_int_equal(instant_compare(late, late), 0);
}

static void never_is_later_than_a_century(void **state) {
	const instant century = {SECOND_NS * 3600 * 24 * 366 * 100};
	(void)state;

	assert_true(instant_compare(INSTANT_NEVER, century) > 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_then_asking_since_gives_the_duration),
		cmocka_unit_test(compare_orders_by_time),
		cmocka_unit_test(never_is_later_than_a_century),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
