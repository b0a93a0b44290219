#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live/resolve.h"

static const uint8_t mac[MAC_BYTES] = {2, 0, 0, 0, 0, 7}, other_mac[MAC_BYTES] = {2, 0, 0, 0, 0, 8};

static instant at_ms(int64_t ms) {
	return (instant){ms * MS_NS};
}

static void an_unknown_address_is_asked_for_once_a_second_and_then_given_up(void **state) {
	(void)state;
	struct resolve_entry entry = {0};
	assert_int_equal(resolve_use(&entry, at_ms(0)), RESOLVE_ASK);
	assert_int_equal(resolve_use(&entry, at_ms(0)), RESOLVE_WAIT);
	assert_int_equal(resolve_use(&entry, at_ms(999)), RESOLVE_WAIT);
	assert_int_equal(resolve_use(&entry, at_ms(1000)), RESOLVE_ASK);
	assert_int_equal(resolve_use(&entry, at_ms(2000)), RESOLVE_ASK);
	assert_int_equal(resolve_use(&entry, at_ms(2500)), RESOLVE_WAIT);
	assert_int_equal(resolve_use(&entry, at_ms(3000)), RESOLVE_GIVE_UP);
	assert_int_equal(resolve_use(&entry, at_ms(3001)), RESOLVE_ASK);
}

static void an_answer_lets_packets_go(void **state) {
	(void)state;
	struct resolve_entry entry = {0};
	resolve_use(&entry, at_ms(0));
	assert_true(resolve_learn(&entry, mac, at_ms(1)));
	assert_int_equal(resolve_use(&entry, at_ms(1)), RESOLVE_GO);
	assert_memory_equal(entry.mac, mac, MAC_BYTES);
	assert_false(resolve_learn(&entry, mac, at_ms(2)));
	assert_true(resolve_learn(&entry, other_mac, at_ms(3)));
	assert_memory_equal(entry.mac, other_mac, MAC_BYTES);
}

static void a_silent_device_is_asked_for_again_while_packets_go_on(void **state) {
	(void)state;
	struct resolve_entry entry = {0};
	resolve_learn(&entry, mac, at_ms(0));
	assert_int_equal(resolve_use(&entry, at_ms(29999)), RESOLVE_GO);
	assert_int_equal(resolve_use(&entry, at_ms(30000)), RESOLVE_GO_AND_ASK);
	assert_int_equal(resolve_use(&entry, at_ms(30001)), RESOLVE_GO);
	assert_false(resolve_learn(&entry, mac, at_ms(30002)));
	assert_int_equal(resolve_use(&entry, at_ms(60001)), RESOLVE_GO);
	assert_int_equal(resolve_use(&entry, at_ms(61000)), RESOLVE_GO_AND_ASK);
	assert_int_equal(resolve_use(&entry, at_ms(62000)), RESOLVE_GO_AND_ASK);
	assert_int_equal(resolve_use(&entry, at_ms(63000)), RESOLVE_GO_AND_ASK);
	assert_int_equal(resolve_use(&entry, at_ms(64000)), RESOLVE_GIVE_UP);
	assert_int_equal(resolve_use(&entry, at_ms(64001)), RESOLVE_ASK);
}

static void groups_and_nobody_have_no_address_to_learn(void **state) {
	(void)state;
	static const uint8_t broadcast[] = {255, 255, 255, 255, 255, 255}, none[MAC_BYTES];
	struct resolve_entry entry = {0};
	assert_false(resolve_learn(&entry, broadcast, at_ms(0)));
	assert_false(resolve_learn(&entry, none, at_ms(0)));
	assert_int_equal(resolve_use(&entry, at_ms(0)), RESOLVE_ASK);
}

static void only_the_ports_own_addresses_are_found(void **state) {
	(void)state;
	struct resolve resolve;
	struct ip own, foreign;
	ip_parse("10.0.0.4", &own);
	ip_parse("10.0.0.5", &foreign);
	resolve_init(&resolve, 1);
	resolve.entries[0].address = own;
	assert_ptr_equal(resolve_find(&resolve, own), &resolve.entries[0]);
	assert_null(resolve_find(&resolve, foreign));
	resolve_learn(&resolve.entries[0], mac, at_ms(0));
	resolve_forget(&resolve);
	assert_int_equal(resolve_use(&resolve.entries[0], at_ms(1)), RESOLVE_ASK);
	resolve_done(&resolve);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_address_is_asked_for_once_a_second_and_then_given_up),
		cmocka_unit_test(an_answer_lets_packets_go),
		cmocka_unit_test(a_silent_device_is_asked_for_again_while_packets_go_on),
		cmocka_unit_test(groups_and_nobody_have_no_address_to_learn),
		cmocka_unit_test(only_the_ports_own_addresses_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
