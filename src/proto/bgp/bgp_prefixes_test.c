#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/bgp/bgp_prefixes.h"

#define COUNT 1000

static struct prefix nth(uint32_t n) {
	return prefix_of(ip_of_v4(n << 8), PREFIX_V4_BITS + 24);
}

static void a_number_lasts_as_long_as_its_references(void **state) {
	struct bgp_prefixes prefixes = {0};

	(void)state;
	uint32_t a = bgp_prefixes_ref(&prefixes, nth(1));
	assert_int_equal(bgp_prefixes_ref(&prefixes, nth(1)), a);
	bgp_prefixes_unref(&prefixes, a);
	assert_int_equal(bgp_prefixes_ref(&prefixes, nth(1)), a);
	bgp_prefixes_unref(&prefixes, a);
	bgp_prefixes_unref(&prefixes, a);
	assert_int_equal(prefixes.free_count, prefixes.count);
	assert_int_equal(bgp_prefixes_ref(&prefixes, nth(2)), a); // the place is used again
	assert_true(prefix_equal(bgp_prefixes_at(&prefixes, a), nth(2)));
	bgp_prefixes_done(&prefixes);
}

static void many_keep_their_numbers_while_it_grows(void **state) {
	struct bgp_prefixes prefixes = {0};
	uint32_t numbers[COUNT];

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		numbers[i] = bgp_prefixes_ref(&prefixes, nth(i));
	for (uint32_t i = 0; i < COUNT; i += 2)
		bgp_prefixes_unref(&prefixes, numbers[i]);
	for (uint32_t i = 1; i < COUNT; i += 2) {
		assert_int_equal(bgp_prefixes_ref(&prefixes, nth(i)), numbers[i]);
		assert_true(prefix_equal(bgp_prefixes_at(&prefixes, numbers[i]), nth(i)));
	}
	assert_int_equal(prefixes.count - prefixes.free_count, COUNT / 2);
	bgp_prefixes_done(&prefixes);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_lasts_as_long_as_its_references),
		cmocka_unit_test(many_keep_their_numbers_while_it_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
