#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"

// Takes over `value`.
static void assert_written(json_t *value, const char *expected) {
	struct text out;

	text_init(&out);
	json_format(value, &out);
	assert_string_equal(text_chars(&out), expected);
	text_done(&out);
	json_decref(value);
}

static void keys_stay_in_the_order_they_were_put(void **state) {
	json_t *object = json_object();
	(void)state;

	json_put_text(object, "z", "last letter first");
	json_put_int(object, "a", -7);
	json_put_bool(object, "m", 1);
	json_put_bool(object, "n", 0);
	json_put_text(object, "none", NULL);
	json_putf(object, json_integer(2), "link%s%d", "#", 2);
	json_put_int(object, "z", 1); // again: the value changes, the place doesn't
	assert_written(object,
		"{\n"
		" \"z\": 1,\n"
		" \"a\": -7,\n"
		" \"m\": true,\n"
		" \"n\": false,\n"
		" \"none\": null,\n"
		" \"link#2\": 2\n"
		"}\n");
}

static void nested_values_are_indented_by_one(void **state) {
	json_t *object = json_object();
	(void)state;

	json_t *hops = json_put_array(object, "hops");
	json_put_int(json_push_object(hops), "ttl", 1);
	json_push_array(hops);
	json_push_object(hops);
	json_push_text(hops, "x");
	json_push_int(hops, 5);
	json_put_object(object, "empty");
	assert_written(object,
		"{\n"
		" \"hops\": [\n"
		"  {\n"
		"   \"ttl\": 1\n"
		"  },\n"
		"  [],\n"
		"  {},\n"
		"  \"x\",\n"
		"  5\n"
		" ],\n"
		" \"empty\": {}\n"
		"}\n");
}

static void reals_have_at_most_three_decimals(void **state) {
	static const struct {
		double value;
		const char *written;
	} cases[] = {
		{0, "0\n"},
		{1.02, "1.02\n"},
		{2.1, "2.1\n"},
		{5, "5\n"},
		{100, "100\n"},
		{-10, "-10\n"},
		{0.0004, "0\n"},
		{-0.0004, "0\n"},
		{-0.5, "-0.5\n"},
		{0.0006, "0.001\n"},
		{1.2345678, "1.235\n"},
		{1e15, "1000000000000000\n"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_written(json_real(cases[i].value), cases[i].written);
}

static void a_real_that_is_no_number_is_null(void **state) {
	json_t *object = json_object();
	(void)state;

	json_put_real(object, "nan", NAN);
	json_put_real(object, "inf", INFINITY);
	json_put_real(object, "one", 1);
	assert_written(object, "{\n \"nan\": null,\n \"inf\": null,\n \"one\": 1\n}\n");
}

static void strings_are_escaped_and_otherwise_utf8(void **state) {
	static const struct {
		const char *text;
		const char *written;
	} cases[] = {
		{"", "\"\"\n"},
		{"a\"b\\c/d", "\"a\\\"b\\\\c/d\"\n"},
		{"line\n\ttab\r\x01\x7f", "\"line\\n\\ttab\\u000d\\u0001\\u007f\"\n"},
		{"\xe2\x86\x92 \xf0\x9f\x9a\x80", "\"\xe2\x86\x92 \xf0\x9f\x9a\x80\"\n"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_written(json_text(cases[i].text), cases[i].written);
	assert_written(json_textf("%s:%d", "main.yaml", 41), "\"main.yaml:41\"\n");
}

static void bytes_that_are_not_utf8_are_replaced(void **state) {
	static const struct {
		const char *text;
		const char *written;
	} cases[] = {
		{"a\xff"
		 "b",
			"\"a\xef\xbf\xbd"
			"b\"\n"},
		{"\xc3", "\"\xef\xbf\xbd\"\n"},                                 // cut off
		{"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"\n"},                 // overlong
		{"\xe0\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"}, // overlong
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"}, // a surrogate
		{"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"},
		{"\xc3\xa9\xff", "\"\xc3\xa9\xef\xbf\xbd\"\n"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_written(json_text(cases[i].text), cases[i].written);
	json_t *object = json_object();
	json_put_int(object, "k\xff", 1);
	assert_written(object, "{\n \"k\xef\xbf\xbd\": 1\n}\n");
}

static void what_is_written_parses_to_the_same_document(void **state) {
	json_t *object = json_object();
	char *bytes = NULL;
	size_t length = 0;
	(void)state;

	for (int i = 0; i < 50; i++)
		json_putf(object, json_pack("{s:i, s:[f, n, s]}", "i", i, "list", i / 8.0, "\t\"\x01"),
			"key%d", i);
	FILE *file = open_memstream(&bytes, &length);
	assert_int_equal(json_write(file, object), 0);
	fclose(file);
	json_t *back = json_loadb(bytes, length, 0, NULL);
	// Whole reals come back as integers, so numbers are compared after both went through once more.
	assert_non_null(back);
	struct text again;
	text_init(&again);
	json_format(back, &again);
	assert_string_equal(text_chars(&again), bytes);
	assert_int_equal(json_object_size(back), 50);
	text_done(&again);
	json_decref(back);
	json_decref(object);
	free(bytes);
}

static void a_file_that_takes_nothing_is_an_error(void **state) {
	json_t *value = json_true();
	(void)state;

	FILE *full = fopen("/dev/full", "w");
	assert_non_null(full);
	assert_int_equal(json_write(full, value), -EIO);
	fclose(full);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_stay_in_the_order_they_were_put),
		cmocka_unit_test(nested_values_are_indented_by_one),
		cmocka_unit_test(reals_have_at_most_three_decimals),
		cmocka_unit_test(a_real_that_is_no_number_is_null),
		cmocka_unit_test(strings_are_escaped_and_otherwise_utf8),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
		cmocka_unit_test(what_is_written_parses_to_the_same_document),
		cmocka_unit_test(a_file_that_takes_nothing_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
