#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/drop.h"

static void every_drop_has_a_name_of_its_own_and_a_text(void **state) {
	(void)state;
	for (int i = 0; i < DROP_COUNT; i++) {
		const char *name = drop_name((enum drop)i);
		assert_true(strlen(name) > 0 && strlen(drop_text((enum drop)i)) > 0);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name, drop_name((enum drop)j));
	}
}

static void names_that_users_know_stay(void **state) {
	(void)state;
	assert_string_equal(drop_name(DROP_NO_ROUTE), "no-route");
	assert_string_equal(drop_name(DROP_SOURCE_NOT_KNOWN), "source-not-known");
	assert_string_equal(drop_name(DROP_NODE_DOWN), "node-down");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_drop_has_a_name_of_its_own_and_a_text),
		cmocka_unit_test(names_that_users_know_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
