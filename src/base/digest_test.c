#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/digest.h"

// Test vectors published with the FNV definition.
static void digests_match_the_published_vectors(void **state) {
	static const struct {
		const char *text;
		uint64_t digest;
	} cases[] = {
		{"", UINT64_C(0xcbf29ce484222325)},
		{"a", UINT64_C(0xaf63dc4c8601ec8c)},
		{"foobar", UINT64_C(0x85944171f73967e8)},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(digest_of(cases[i].text, strlen(cases[i].text)) == cases[i].digest);
}

static void parts_digest_as_the_whole(void **state) {
	struct digest digest;
	(void)state;

	digest_init(&digest);
	digest_add(&digest, "foo", 3);
	digest_add(&digest, "bar", 3);
	assert_true(digest.value == digest_of("foobar", 6));
}

static void numbers_are_added_in_network_order(void **state) {
	struct digest digest;
	(void)state;

	digest_init(&digest);
	digest_add_u64(&digest, UINT64_C(0x0102030405060708));
	assert_true(digest.value == digest_of("\1\2\3\4\5\6\7\10", 8));
}

static void where_one_text_ends_and_the_next_begins_matters(void **state) {
	struct digest left;
	struct digest right;
	(void)state;

	digest_init(&left);
	digest_add_text(&left, "ab");
	digest_add_text(&left, "c");
	digest_init(&right);
	digest_add_text(&right, "a");
	digest_add_text(&right, "bc");
	assert_true(left.value != right.value);
	assert_true(left.value == digest_of("ab\0c", 5));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_match_the_published_vectors),
		cmocka_unit_test(parts_digest_as_the_whole),
		cmocka_unit_test(numbers_are_added_in_network_order),
		cmocka_unit_test(where_one_text_ends_and_the_next_begins_matters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
