#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/names.h"

static void numbers_follow_the_order_of_adding(void **state) {
	struct names *names = names_new();
	(void)state;

	assert_int_equal(names_add(names, "hub"), 0);
	assert_int_equal(names_add(names, "spoke"), 1);
	assert_int_equal(names_add(names, "hub"), 0);
	assert_int_equal(names_add(names, ""), 2);
	assert_int_equal(names_count(names), 3);
	assert_string_equal(names_text(names, 1), "spoke");
	assert_int_equal(names_find(names, "spoke"), 1);
	assert_int_equal(names_find(names, "Spoke"), NAME_NONE);
	names_free(names);
	names_free(NULL);
}

static void ten_thousand_names_are_all_found(void **state) {
	enum { MANY = 10000 };
	struct names *names = names_new();
	char name[32];
	(void)state;

	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "node-%u", i);
		assert_int_equal(names_find(names, name), NAME_NONE);
		assert_int_equal(names_add(names, name), i);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "node-%u", i);
		assert_int_equal(names_find(names, name), i);
		assert_string_equal(names_text(names, i), name);
	}
	names_free(names);
}

static void nearest_is_within_a_third_and_the_first_of_equals(void **state) {
	static const struct {
		const char *asked;
		const char *nearest;
	} cases[] = {
		{"addresSpace", "addressSpace"},
		{"addressSpace", "addressSpace"},
		{"subnet", "subnets"},
		{"loc1-ce9", "loc1-ce1"},
		{"zzz", NULL},
		{"ab", NULL},
		{"", NULL},
		// "peering" is three edits away, a third of four is one.
		{"peer", NULL},
	};
	struct names *names = names_new();
	(void)state;

	assert_null(names_nearest(names, "hub"));
	names_add(names, "addressSpace");
	names_add(names, "addressPrefix");
	names_add(names, "subnets");
	names_add(names, "peering");
	names_add(names, "loc1-ce1");
	names_add(names, "loc1-ce2");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *nearest = names_nearest(names, cases[i].asked);
		if (cases[i].nearest)
			assert_string_equal(nearest, cases[i].nearest);
		else
			assert_null(nearest);
	}
	names_free(names);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_follow_the_order_of_adding),
		cmocka_unit_test(ten_thousand_names_are_all_found),
		cmocka_unit_test(nearest_is_within_a_third_and_the_first_of_equals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
