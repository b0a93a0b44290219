#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "live/state.h"

static void names_are_safe_as_names_of_files_and_namespaces(void **state) {
	static const struct {
		const char *name;
		bool is_valid;
	} cases[] = {
		{"interop", true},
		{"lab-2.b_c", true},
		{"2", true},
		{"", false},
		{".", false},
		{"..", false},
		{".hidden", false},
		{"-rf", false},
		{"a/b", false},
		{"a b", false},
		{"a\n", false},
		{"0123456789012345678901234567890123456789012345678", false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(state_name_is_valid(cases[i].name), cases[i].is_valid);
}

static void paths_stay_in_the_labs_folder(void **state) {
	char path[STATE_PATH_MAX];
	(void)state;

	assert_string_equal(state_path("a", "control", path), "/run/interplane/a/control");
	assert_string_equal(state_log_path("a", path), "/run/interplane/a.log");
}

static void a_lab_that_never_was_is_not_alive(void **state) {
	(void)state;

	assert_false(state_is_alive("no-such-lab-ever"));
	assert_int_equal(state_pid("no-such-lab-ever"), 0);
	assert_int_equal(state_clean("no-such-lab-ever"), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_safe_as_names_of_files_and_namespaces),
		cmocka_unit_test(paths_stay_in_the_labs_folder),
		cmocka_unit_test(a_lab_that_never_was_is_not_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
