#include "analyze/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_drop_has_a_verdict_with_a_name(void **state) {
	(void)state;
	for (int drop = 0; drop < DROP_COUNT; drop++) {
		enum verdict verdict = verdict_of_drop((enum drop)drop);
		assert_true(verdict != VERDICT_DELIVERED);
		assert_true(verdict_name(verdict)[0] != '\0');
		assert_true(verdict_text(verdict)[0] != '\0');
	}
}

static void a_drop_of_the_same_name_keeps_it(void **state) {
	static const enum drop drops[] = {DROP_NO_ROUTE, DROP_NONE_ROUTE, DROP_DENIED,
		DROP_SOURCE_NOT_KNOWN, DROP_NOT_FORWARDING, DROP_PEERING_REFUSED, DROP_NO_HOST,
		DROP_LEFT_TO_INTERNET, DROP_TTL_EXPIRED, DROP_LOOP, DROP_MTU, DROP_LINK_DOWN,
		DROP_TUNNEL_DOWN, DROP_LOST};

	(void)state;
	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++)
		assert_string_equal(verdict_name(verdict_of_drop(drops[i])), drop_name(drops[i]));
}

static void silent_loss_is_lost(void **state) {
	(void)state;
	assert_int_equal(verdict_of_drop(DROP_LINK_CUT), VERDICT_LOST);
	assert_int_equal(verdict_of_drop(DROP_QUEUE_FULL), VERDICT_LOST);
	assert_int_equal(verdict_of_drop(DROP_NODE_DOWN), VERDICT_LINK_DOWN);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_drop_has_a_verdict_with_a_name),
		cmocka_unit_test(a_drop_of_the_same_name_keeps_it),
		cmocka_unit_test(silent_loss_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
