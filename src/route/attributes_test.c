#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "route/attributes.h"

static struct attributes *with_path(
	struct attributes_table *table, const struct as_hop *path, uint16_t count) {
	struct attributes_spec spec = {.as_path = path, .as_count = count};

	return attributes_intern(table, &spec);
}

static void equal_specs_share_one_object(void **state) {
	struct attributes_table *table = attributes_table_new();
	const struct as_hop path[] = {{.asn = 65001}, {.asn = 65002}};
	const struct as_hop copy[] = {{.asn = 65001}, {.asn = 65002}};
	const uint32_t communities[] = {1, 2};
	struct attributes_spec spec = {.as_path = path, .as_count = 2, .has_med = true, .med = 5};

	(void)state;
	struct attributes *a = attributes_intern(table, &spec);
	spec.as_path = copy;
	struct attributes *b = attributes_intern(table, &spec);
	assert_ptr_equal(a, b);
	assert_int_equal(a->references, 2);
	spec.communities = communities;
	spec.community_count = 2;
	struct attributes *c = attributes_intern(table, &spec);
	assert_ptr_not_equal(a, c);
	assert_int_equal(attributes_table_count(table), 2);
	attributes_unref(table, a);
	attributes_unref(table, b);
	attributes_unref(table, c);
	attributes_unref(table, NULL);
	assert_int_equal(attributes_table_count(table), 0);
	attributes_table_free(table);
}

static void a_value_behind_an_absent_attribute_does_not_count(void **state) {
	struct attributes_table *table = attributes_table_new();
	struct attributes_spec spec = {.med = 5};
	struct attributes_spec none = {.med = 6};

	(void)state;
	struct attributes *a = attributes_intern(table, &spec);
	struct attributes *b = attributes_intern(table, &none);
	assert_ptr_equal(a, b);
	attributes_unref(table, a);
	attributes_unref(table, b);
	attributes_table_free(table);
}

static void thousands_are_found_again(void **state) {
	struct attributes_table *table = attributes_table_new();
	struct attributes *all[3000];

	(void)state;
	for (uint32_t i = 0; i < 3000; i++)
		all[i] = with_path(table, &(struct as_hop){.asn = i + 1}, 1);
	assert_int_equal(attributes_table_count(table), 3000);
	for (uint32_t i = 0; i < 3000; i++) {
		struct attributes *again = with_path(table, &(struct as_hop){.asn = i + 1}, 1);
		assert_ptr_equal(again, all[i]);
		attributes_unref(table, again);
		attributes_unref(table, all[i]);
	}
	attributes_table_free(table);
}

struct path_case {
	struct as_hop path[6];
	uint16_t count;
	unsigned length;
	const char *text;
};

static void a_set_counts_as_one_hop(void **state) {
	static const struct path_case CASES[] = {
		{{{0, 0}}, 0, 0, ""},
		{{{1, 0}, {2, 0}, {2, 0}}, 3, 3, "1 2 2"},
		{{{1, 0}, {2, 1}, {3, 1}}, 3, 2, "1 {2,3}"},
		{{{2, 1}, {3, 1}, {4, 2}, {5, 0}}, 4, 3, "{2,3} {4} 5"},
	};
	struct attributes_table *table = attributes_table_new();

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct attributes *a = with_path(table, CASES[i].path, CASES[i].count);
		struct text text;
		text_init(&text);
		as_path_format(a, " ", &text);
		assert_int_equal(as_path_length(a), CASES[i].length);
		assert_string_equal(text_chars(&text), CASES[i].text);
		text_done(&text);
		attributes_unref(table, a);
	}
	attributes_table_free(table);
}

static void occurrences_are_counted(void **state) {
	const struct as_hop path[] = {{1, 0}, {2, 0}, {1, 1}};
	struct attributes_table *table = attributes_table_new();
	struct attributes *a = with_path(table, path, 3);

	(void)state;
	assert_int_equal(as_path_occurrences(a, 1), 2);
	assert_true(as_path_contains(a, 2));
	assert_false(as_path_contains(a, 3));
	attributes_unref(table, a);
	attributes_table_free(table);
}

static void private_numbers_are_those_of_rfc_6996(void **state) {
	static const uint32_t PRIVATE[] = {64512, 65515, 65534, 4200000000, 4294967294};
	static const uint32_t PUBLIC[] = {1, 12076, 64511, 65535, 65536, 4199999999, 4294967295};

	(void)state;
	for (size_t i = 0; i < sizeof(PRIVATE) / sizeof(PRIVATE[0]); i++)
		assert_true(asn_is_private(PRIVATE[i]));
	for (size_t i = 0; i < sizeof(PUBLIC) / sizeof(PUBLIC[0]); i++)
		assert_false(asn_is_private(PUBLIC[i]));
}

static void communities_are_read_and_written(void **state) {
	static const char *const BAD[] = {
		"", ":", "1", "1:", ":1", "65536:1", "1:65536", "1:2:3", "-1:2", "a:b", "1: 2", "000001:1"};
	static const char *const GOOD[] = {"65000:100", "0:0", "no-export", "no-advertise"};
	uint32_t community;

	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		assert_int_equal(community_parse(BAD[i], &community), -EINVAL);
	for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
		struct text text;
		text_init(&text);
		assert_int_equal(community_parse(GOOD[i], &community), 0);
		community_format(community, &text);
		assert_string_equal(text_chars(&text), GOOD[i]);
		text_done(&text);
	}
	assert_int_equal(community_parse("65517:65517", &community), 0);
	assert_int_equal(community, 65517u << 16 | 65517u);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_specs_share_one_object),
		cmocka_unit_test(a_value_behind_an_absent_attribute_does_not_count),
		cmocka_unit_test(thousands_are_found_again),
		cmocka_unit_test(a_set_counts_as_one_hop),
		cmocka_unit_test(occurrences_are_counted),
		cmocka_unit_test(private_numbers_are_those_of_rfc_6996),
		cmocka_unit_test(communities_are_read_and_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
