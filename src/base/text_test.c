#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void text_grows_by_every_way_of_adding(void **state) {
	struct text text;
	(void)state;

	text_init(&text);
	assert_string_equal(text_chars(&text), "");
	text_add(&text, "ab");
	text_add_n(&text, "cdef", 2);
	text_add_char(&text, 'e');
	text_printf(&text, "%d%s", 12, "x");
	assert_string_equal(text_chars(&text), "abcde12x");
	assert_int_equal(text.length, 8);
	text_clear(&text);
	assert_string_equal(text_chars(&text), "");
	assert_true(text.room > 0);
	text_done(&text);
	assert_null(text.chars);
}

static void text_of_any_length_stays_terminated(void **state) {
	struct text text;
	(void)state;

	text_init(&text);
	for (size_t i = 0; i < 3000; i++) {
		text_printf(&text, "%c", 'a' + (int)(i % 26));
		assert_int_equal(strlen(text_chars(&text)), i + 1);
	}
	text_done(&text);
}

static void padding_counts_characters_of_the_last_line(void **state) {
	static const struct {
		const char *before;
		size_t column;
		const char *after;
	} cases[] = {
		{"", 0, ""},
		{"", 3, "   "},
		{"ab", 4, "ab  "},
		{"abcdef", 4, "abcdef"},
		{"long line\nab", 4, "long line\nab  "},
		{"line\n", 2, "line\n  "},
		// An accented e and an arrow.
		{"\xc3\xa9\xe2\x86\x92", 4, "\xc3\xa9\xe2\x86\x92  "},
	};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct text text;
		text_init(&text);
		text_add(&text, cases[i].before);
		text_pad_to(&text, cases[i].column);
		assert_string_equal(text_chars(&text), cases[i].after);
		text_done(&text);
	}
}

static void equality_and_beginnings(void **state) {
	(void)state;
	assert_true(text_equal("vnet", "vnet"));
	assert_false(text_equal("vnet", "vnets"));
	assert_true(text_starts_with("vnet", ""));
	assert_true(text_starts_with("vnet", "vn"));
	assert_false(text_starts_with("vn", "vnet"));
}

static void distance_counts_edits_up_to_the_limit(void **state) {
	static const struct {
		const char *a;
		const char *b;
		size_t limit;
		size_t distance;
	} cases[] = {
		{"", "", 0, 0},
		{"abc", "abc", 0, 0},
		{"abc", "abd", 3, 1},
		{"abc", "", 5, 3},
		{"kitten", "sitting", 5, 3},
		{"kitten", "sitting", 3, 3},
		{"kitten", "sitting", 2, 3},
		{"kitten", "sitting", 1, 2},
		{"addresSpace", "addressSpace", 3, 1},
		{"abcdefgh", "hgfedcba", 3, 4},
		{"a", "abcdefgh", 2, 3},
		{"ab", "ba", 2, 1},
		{"site", "siet", 1, 1},
		{"abcd", "badc", 2, 2},
		{"abc", "ca", 3, 3},
	};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t limit = cases[i].limit;
		assert_int_equal(text_distance(cases[i].a, cases[i].b, limit), cases[i].distance);
		assert_int_equal(text_distance(cases[i].b, cases[i].a, limit), cases[i].distance);
	}
}

static void whole_numbers_are_read_exactly(void **state) {
	static const struct {
		const char *text;
		long long min;
		long long max;
		int result;
		long long value;
	} cases[] = {
		{"0", 0, 10, 0, 0},
		{"10", 0, 10, 0, 10},
		{"007", 0, 10, 0, 7},
		{"-3", -5, 5, 0, -3},
		{"4294967295", 0, UINT32_MAX, 0, UINT32_MAX},
		{"9223372036854775807", LLONG_MIN, LLONG_MAX, 0, LLONG_MAX},
		{"-9223372036854775808", LLONG_MIN, LLONG_MAX, 0, LLONG_MIN},
		{"11", 0, 10, -ERANGE, 0},
		{"-1", 0, 10, -ERANGE, 0},
		{"9223372036854775808", LLONG_MIN, LLONG_MAX, -ERANGE, 0},
		{"-9223372036854775809", LLONG_MIN, LLONG_MAX, -ERANGE, 0},
		{"99999999999999999999990", 0, 10, -ERANGE, 0},
		{"", 0, 10, -EINVAL, 0},
		{"-", 0, 10, -EINVAL, 0},
		{"+1", 0, 10, -EINVAL, 0},
		{" 1", 0, 10, -EINVAL, 0},
		{"1 ", 0, 10, -EINVAL, 0},
		{"0x1", 0, 10, -EINVAL, 0},
		{"1.0", 0, 10, -EINVAL, 0},
		{"99999999999999999999990x", 0, 10, -EINVAL, 0},
	};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		long long value = 77;
		int result = text_to_int(cases[i].text, cases[i].min, cases[i].max, &value);
		assert_int_equal(result, cases[i].result);
		assert_true(value == (result ? 77 : cases[i].value));
	}
}

static void durations_are_read_in_every_unit(void **state) {
	static const struct {
		const char *text;
		int result;
		long long ns;
	} cases[] = {
		{"7ns", 0, 7},
		{"10us", 0, 10000},
		{"250ms", 0, 250000000},
		{"2s", 0, 2000000000},
		{"1.5 s", 0, 1500000000},
		{"0.000000001s", 0, 1},
		{"0.0000000010s", 0, 1},
		{"0.5m", 0, 30000000000},
		{"3m", 0, 180000000000},
		{"1h", 0, 3600000000000},
		{"1.000000000001h", -EINVAL, 0},
		{"0s", 0, 0},
		{"9223372036854775807ns", 0, INT64_MAX},
		{"9223372036854775808ns", -ERANGE, 0},
		{"10000000h", -ERANGE, 0},
		{"0.1ns", -EINVAL, 0},
		{"5", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{".5s", -EINVAL, 0},
		{"5.s", -EINVAL, 0},
		{"-5s", -EINVAL, 0},
		{"5  s", -EINVAL, 0},
		{"5 sec", -EINVAL, 0},
		{"5s ", -EINVAL, 0},
		{"5S", -EINVAL, 0},
		{"1e3s", -EINVAL, 0},
		{"99999999999999999999x", -EINVAL, 0},
	};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		long long ns = 77;
		int result = text_to_duration(cases[i].text, &ns);
		assert_int_equal(result, cases[i].result);
		assert_true(ns == (result ? 77 : cases[i].ns));
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_grows_by_every_way_of_adding),
		cmocka_unit_test(text_of_any_length_stays_terminated),
		cmocka_unit_test(padding_counts_characters_of_the_last_line),
		cmocka_unit_test(equality_and_beginnings),
		cmocka_unit_test(distance_counts_edits_up_to_the_limit),
		cmocka_unit_test(whole_numbers_are_read_exactly),
		cmocka_unit_test(durations_are_read_in_every_unit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
