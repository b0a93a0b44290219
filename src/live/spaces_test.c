#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live/spaces.h"

static void the_last_word_on_a_name_counts(void **state) {
	static const struct {
		const char *text;
		bool is_made;
	} cases[] = {
		{"ip-a-b\n", true},
		{"ip-a-b\n-ip-a-b\n", false},
		{"ip-a-b\nip-a-c\n-ip-a-b\n", false},
		{"ip-a-b\n-ip-a-c\n", true},
		{"ip-a-b\n-ip-a-bc\n", true},
		{"ip-a-bc\n-ip-a-b\n", true},
		// Made, removed, made again: the first line's is gone, the last one counts by itself.
		{"ip-a-b\n-ip-a-b\nip-a-b\n", false},
		{"-ip-a-b\nip-a-b\n", false},
		{"\nip-a-b\n", false},
		{"ip-a-b", false},
		{"", false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(spaces_line_is_made(cases[i].text), cases[i].is_made);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_word_on_a_name_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
