#include "cli/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/instant.h"
#include "base/text.h"
#include "cli/verb.h"

#define WORDS_MAX 8

// Reads a command line behind a verb, given as words; what is complained about goes to `errors`.
static int read(
	const char *verb, const char *const words[WORDS_MAX], struct options *out, char errors[512]) {
	char *argv[WORDS_MAX];
	int argc = 0;

	memset(errors, 0, 512);
	FILE *file = fmemopen(errors, 511, "w");
	assert_non_null(file);
	while (argc < WORDS_MAX && words[argc] != NULL) {
		argv[argc] = (char *)(uintptr_t)words[argc];
		argc++;
	}
	int result = options_read(verb_find(verb), argc, argv, out, file);
	fclose(file);
	return result;
}

static void mistakes_are_named_with_what_was_expected(void **state) {
	static const struct {
		const char *verb;
		const char *words[WORDS_MAX];
		const char *complaint;
	} cases[] = {
		{"trace", {"f", "a"}, "too few arguments\nUsage: interplane trace FILE FROM TO"},
		{"trace", {"f", "a", "b", "c"}, "one argument too many: c"},
		{"trace", {"f", "a", "b", "--fromat", "json"},
			"unknown option --fromat; did you mean --format?"},
		{"trace", {"f", "a", "b", "--format", "xml"},
			"--format xml: expected one of: text tracert traceroute json azure"},
		{"matrix", {"f", "--format", "azure"}, "--format azure: expected one of: text json"},
		{"trace", {"f", "a", "b", "--explain=1"}, "--explain takes no value"},
		{"trace", {"f", "a", "b", "--down"}, "--down needs a value: LINK"},
		{"trace", {"f", "a", "b", "--port", "70000"},
			"--port 70000: expected a number from 1 to 65535"},
		{"trace", {"f", "a", "b", "--protocol", "gre"},
			"--protocol gre: expected icmp, udp or tcp"},
		{"ping", {"f", "a", "b", "--interval", "soon"},
			"--interval soon: expected a time such as 250ms, 2s or 3m"},
		{"ping", {"f", "a", "b", "--interval", "0s"}, "--interval 0s: expected a time"},
		{"ping", {"f", "a", "b", "--count", "0"}, "--count 0: expected a number from 1 to 100000"},
		{"check", {"f", "--down", "x"}, "unknown option --down"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options options;
		char errors[512];
		assert_int_equal(read(cases[i].verb, cases[i].words, &options, errors), -EINVAL);
		assert_non_null(strstr(errors, cases[i].complaint));
	}
}

static void options_may_stand_anywhere_and_in_both_spellings(void **state) {
	static const char *const words[WORDS_MAX] = {
		"--format=json", "f", "--down", "x--y", "a", "b", "--port=80", "--explain"};
	struct options options;
	char errors[512];

	(void)state;
	assert_int_equal(read("trace", words, &options, errors), 0);
	assert_int_equal(options.positional_count, 3);
	assert_string_equal(options.positional[2], "b");
	assert_true(options_is_format(&options, "json"));
	assert_int_equal(options.down_count, 1);
	assert_string_equal(options.down[0], "x--y");
	assert_int_equal(options.flow.port, 80);
	assert_true(options_has(&options, OPTION_EXPLAIN));
	assert_false(options_has(&options, OPTION_COLD));
}

static void what_stands_behind_two_dashes_is_an_argument(void **state) {
	static const char *const words[WORDS_MAX] = {"f", "--", "--a", "-b"};
	struct options options;
	char errors[512];

	(void)state;
	assert_int_equal(read("trace", words, &options, errors), 0);
	assert_string_equal(options.positional[1], "--a");
	assert_string_equal(options.positional[2], "-b");
}

static void times_become_nanoseconds(void **state) {
	static const char *const words[WORDS_MAX] = {
		"f", "a", "b", "--at", "250ms", "--interval", "2s"};
	struct options options;
	char errors[512];

	(void)state;
	assert_int_equal(read("ping", words, &options, errors), 0);
	assert_int_equal(options_number(&options, OPTION_AT, 0), 250 * MS_NS);
	assert_int_equal(options_number(&options, OPTION_INTERVAL, 0), 2 * SECOND_NS);
	assert_int_equal(options_number(&options, OPTION_COUNT, 4), 4);
}

static void faults_are_bounded(void **state) {
	char *argv[2 * OPTIONS_FAULTS_MAX + 3];
	static char down[] = "--down";
	static char link[] = "a--b";
	struct options options;
	int argc = 0;

	(void)state;
	argv[argc++] = link;
	for (int i = 0; i <= OPTIONS_FAULTS_MAX; i++) {
		argv[argc++] = down;
		argv[argc++] = link;
	}
	FILE *errors = fopen("/dev/null", "w");
	assert_non_null(errors);
	assert_int_equal(options_read(verb_find("matrix"), argc, argv, &options, errors), -EINVAL);
	assert_int_equal(options_read(verb_find("matrix"), argc - 2, argv, &options, errors), 0);
	fclose(errors);
}

static void every_verb_has_json_or_is_no_question(void **state) {
	(void)state;
	for (size_t i = 0; i < verb_count; i++) {
		if (verbs[i].run != NULL && !text_equal(verbs[i].name, "generate"))
			assert_non_null(strstr(verbs[i].formats, "json"));
		assert_ptr_equal(verb_find(verbs[i].name), &verbs[i]);
	}
	assert_null(verb_find("trac"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_named_with_what_was_expected),
		cmocka_unit_test(options_may_stand_anywhere_and_in_both_spellings),
		cmocka_unit_test(what_stands_behind_two_dashes_is_an_argument),
		cmocka_unit_test(times_become_nanoseconds),
		cmocka_unit_test(faults_are_bounded),
		cmocka_unit_test(every_verb_has_json_or_is_no_question),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
