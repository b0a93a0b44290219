#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/text.h"

static void assert_formatted(const struct diagnostics *list, const char *expected) {
	struct text out;

	text_init(&out);
	diagnostics_format(list, &out);
	assert_string_equal(text_chars(&out), expected);
	text_done(&out);
}

static void an_empty_list_formats_to_nothing(void **state) {
	struct diagnostics *list = diagnostics_new();
	(void)state;

	assert_int_equal(diagnostics_count(list), 0);
	assert_int_equal(diagnostics_error_count(list), 0);
	assert_formatted(list, "");
	diagnostics_free(list);
	diagnostics_free(NULL);
}

static void messages_are_kept_as_found_and_formatted_by_place(void **state) {
	struct diagnostics *list = diagnostics_new();
	(void)state;

	diagnostics_error(list, (struct place){NULL, 0, 0}, "nothing loaded");
	diagnostics_error(list, (struct place){"b.yaml", 2, 1}, "second file");
	diagnostics_error(list, (struct place){"a.yaml", 10, 3}, "'%s' is no prefix", "10.0.0.0/33");
	diagnostics_warning(list, (struct place){"a.yaml", 9, 0}, "unused-rule", "rule %d", 200);
	diagnostics_error(list, (struct place){"a.yaml", 10, 2}, "first of two");
	diagnostics_error(list, (struct place){"a.yaml", 10, 2}, "second of two");
	diagnostics_error(list, (struct place){"a.yaml", 0, 5}, "whole file");

	assert_int_equal(diagnostics_count(list), 7);
	assert_int_equal(diagnostics_error_count(list), 6);
	const struct diagnostic *third = diagnostics_at(list, 2);
	assert_string_equal(third->text, "'10.0.0.0/33' is no prefix");
	assert_int_equal(third->place.line, 10);
	assert_int_equal(third->severity, SEVERITY_ERROR);
	assert_null(third->code);
	assert_string_equal(diagnostics_at(list, 3)->code, "unused-rule");
	assert_formatted(list,
		"a.yaml: error: whole file\n"
		"a.yaml:9: warning: rule 200 [unused-rule]\n"
		"a.yaml:10:2: error: first of two\n"
		"a.yaml:10:2: error: second of two\n"
		"a.yaml:10:3: error: '10.0.0.0/33' is no prefix\n"
		"b.yaml:2:1: error: second file\n"
		"error: nothing loaded\n");
	diagnostics_free(list);
}

static void file_names_are_copied(void **state) {
	struct diagnostics *list = diagnostics_new();
	char file[] = "main.yaml";
	(void)state;

	diagnostics_error(list, (struct place){file, 1, 1}, "wrong");
	memset(file, 'x', sizeof(file) - 1);
	assert_string_equal(diagnostics_at(list, 0)->place.file, "main.yaml");
	diagnostics_free(list);
}

static void a_full_list_counts_what_it_leaves_out(void **state) {
	struct diagnostics *list = diagnostics_new();
	struct text out;
	(void)state;

	for (int i = 0; i < DIAGNOSTICS_MAX; i++)
		diagnostics_warning(list, (struct place){"a", i + 1, 1}, "w", "warning");
	for (int i = 0; i < 3; i++)
		diagnostics_error(list, (struct place){"a", 1, 1}, "error");
	assert_int_equal(diagnostics_count(list), DIAGNOSTICS_MAX);
	// An error that is only counted still is one: the file must not load.
	assert_int_equal(diagnostics_error_count(list), 3);
	text_init(&out);
	diagnostics_format(list, &out);
	assert_non_null(strstr(text_chars(&out), "\n3 more left out\n"));
	text_done(&out);
	diagnostics_free(list);
}

static void the_same_at_the_same_place_is_told_once(void **state) {
	struct diagnostics *list = diagnostics_new();
	(void)state;

	for (int i = 0; i < 3; i++)
		diagnostics_error(list, (struct place){"a", 1, 2}, "no route \"%s\"", "x");
	diagnostics_error(list, (struct place){"a", 1, 2}, "no route \"%s\"", "y");
	diagnostics_error(list, (struct place){"a", 2, 2}, "no route \"%s\"", "x");
	assert_int_equal(diagnostics_count(list), 3);
	assert_int_equal(diagnostics_error_count(list), 3);
	diagnostics_free(list);
}

static void settled_they_stand_in_order_and_mistakes_stand_alone(void **state) {
	struct diagnostics *list = diagnostics_new();
	(void)state;

	diagnostics_warning(list, (struct place){"a", 5, 1}, "w", "late");
	diagnostics_warning(list, (struct place){"a", 1, 1}, "w", "early");
	diagnostics_settle(list);
	assert_int_equal(diagnostics_count(list), 2);
	assert_string_equal(diagnostics_at(list, 0)->text, "early");
	diagnostics_error(list, (struct place){"a", 3, 1}, "second");
	diagnostics_error(list, (struct place){"a", 2, 9}, "first");
	diagnostics_settle(list);
	assert_int_equal(diagnostics_count(list), 2);
	assert_string_equal(diagnostics_at(list, 0)->text, "first");
	assert_string_equal(diagnostics_at(list, 1)->text, "second");
	diagnostics_free(list);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_at_the_same_place_is_told_once),
		cmocka_unit_test(settled_they_stand_in_order_and_mistakes_stand_alone),
		cmocka_unit_test(an_empty_list_formats_to_nothing),
		cmocka_unit_test(messages_are_kept_as_found_and_formatted_by_place),
		cmocka_unit_test(file_names_are_copied),
		cmocka_unit_test(a_full_list_counts_what_it_leaves_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
