#include "proto/tcp/tcp_congestion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MSS 1000

static void the_first_window_follows_rfc_6928(void **state) {
	static const struct {
		uint32_t mss;
		bool syn_was_lost;
		uint32_t window;
	} cases[] = {
		{536, false, 5360},
		{1460, false, 14600},
		{4000, false, 14600},
		{8960, false, 17920},
		{1460, true, 1460},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcp_congestion c;
		tcp_congestion_init(&c, cases[i].mss, 0, cases[i].syn_was_lost);
		assert_int_equal(c.window, cases[i].window);
	}
}

static void slow_start_doubles_and_avoidance_adds_one_segment_a_round(void **state) {
	struct tcp_congestion c;
	struct tcp_flight flight = {0, 10 * MSS};

	(void)state;
	tcp_congestion_init(&c, MSS, 0, false);
	c.threshold = 20 * MSS;
	for (int i = 0; i < 10; i++)
		assert_false(tcp_congestion_acknowledged(&c, &flight, MSS));
	assert_int_equal(c.window, 20 * MSS);
	for (int i = 0; i < 20; i++)
		tcp_congestion_acknowledged(&c, &flight, MSS);
	assert_in_range(c.window, 20 * MSS + MSS * 9 / 10, 21 * MSS);
}

static void a_timeout_leaves_one_segment_and_half_the_flight_as_threshold(void **state) {
	struct tcp_congestion c;
	struct tcp_flight flight = {0, 10 * MSS};

	(void)state;
	tcp_congestion_init(&c, MSS, 0, false);
	tcp_congestion_timeout(&c, &flight);
	assert_int_equal(c.window, MSS);
	assert_int_equal(c.threshold, 5 * MSS);
	flight.unacknowledged = 9 * MSS;
	tcp_congestion_timeout(&c, &flight);
	assert_int_equal(c.threshold, 2 * MSS);
}

static void the_third_duplicate_retransmits_and_a_full_acknowledgement_ends_recovery(void **state) {
	struct tcp_congestion c;
	struct tcp_flight flight = {1, 10 * MSS + 1};

	(void)state;
	tcp_congestion_init(&c, MSS, 0, false);
	assert_false(tcp_congestion_duplicate(&c, &flight));
	assert_false(tcp_congestion_duplicate(&c, &flight));
	assert_true(tcp_congestion_duplicate(&c, &flight));
	assert_int_equal(c.window, 8 * MSS);
	assert_false(tcp_congestion_duplicate(&c, &flight));
	assert_int_equal(c.window, 9 * MSS);
	flight.unacknowledged = 10 * MSS + 1;
	assert_false(tcp_congestion_acknowledged(&c, &flight, 10 * MSS));
	assert_int_equal(c.window, 2 * MSS);
	assert_false(c.in_recovery);
}

static void a_partial_acknowledgement_asks_for_the_next_hole(void **state) {
	struct tcp_congestion c;
	struct tcp_flight flight = {1, 10 * MSS + 1};

	(void)state;
	tcp_congestion_init(&c, MSS, 0, false);
	for (int i = 0; i < 3; i++)
		tcp_congestion_duplicate(&c, &flight);
	flight.unacknowledged = 4 * MSS + 1;
	assert_true(tcp_congestion_acknowledged(&c, &flight, 4 * MSS));
	assert_true(c.in_recovery);
	assert_int_equal(c.window, 5 * MSS); // 8 - 4 + 1
}

static void duplicates_after_a_timeout_do_not_retransmit_what_it_already_has(void **state) {
	struct tcp_congestion c;
	struct tcp_flight flight = {1, 10 * MSS + 1};

	(void)state;
	tcp_congestion_init(&c, MSS, 0, false);
	tcp_congestion_timeout(&c, &flight);
	for (int i = 0; i < 10; i++)
		assert_false(tcp_congestion_duplicate(&c, &flight));
	assert_int_equal(c.window, MSS);
}

static void the_window_never_leaves_its_bounds(void **state) {
	struct tcp_congestion c;
	struct tcp_flight flight = {1, 10 * MSS + 1};

	(void)state;
	tcp_congestion_init(&c, MSS, 0, false);
	for (int i = 0; i < 5000; i++) {
		tcp_congestion_duplicate(&c, &flight);
		assert_in_range(c.window, MSS, TCP_CONGESTION_MAX);
	}
	tcp_congestion_acknowledged(&c, &flight, UINT32_MAX);
	assert_int_equal(c.window, MSS); // deflated to nothing, and one segment may go
	tcp_congestion_set_mss(&c, 5000);
	assert_int_equal(c.window, 5000);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_window_follows_rfc_6928),
		cmocka_unit_test(slow_start_doubles_and_avoidance_adds_one_segment_a_round),
		cmocka_unit_test(a_timeout_leaves_one_segment_and_half_the_flight_as_threshold),
		cmocka_unit_test(the_third_duplicate_retransmits_and_a_full_acknowledgement_ends_recovery),
		cmocka_unit_test(a_partial_acknowledgement_asks_for_the_next_hole),
		cmocka_unit_test(duplicates_after_a_timeout_do_not_retransmit_what_it_already_has),
		cmocka_unit_test(the_window_never_leaves_its_bounds),
	};
	return cmocka_run_group_tests_name("tcp_congestion", tests, NULL, NULL);
}
