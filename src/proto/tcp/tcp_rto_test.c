#include "proto/tcp/tcp_rto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void samples_move_the_timeout_as_rfc_6298_computes_it(void **state) {
	static const struct {
		int64_t sample_ms;
		int64_t timeout_ms;
	} cases[] = {
		{400, 1200}, // 400 + 4 * 200
		{400, 1000}, // 400 + 4 * 150
		{800, 1300}, // variation 150 + (400 - 150) / 4 = 212.5; smoothed 450
	};
	struct tcp_rto rto;

	(void)state;
	tcp_rto_init(&rto);
	assert_int_equal(rto.timeout_ns, SECOND_NS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tcp_rto_sample(&rto, cases[i].sample_ms * MS_NS);
		assert_int_equal(rto.timeout_ns / MS_NS, cases[i].timeout_ms);
	}
}

static void the_timeout_stays_within_its_bounds(void **state) {
	struct tcp_rto rto;

	(void)state;
	tcp_rto_init(&rto);
	tcp_rto_sample(&rto, 1 * MS_NS);
	assert_int_equal(rto.timeout_ns, TCP_RTO_MIN_NS);
	for (int i = 0; i < 20; i++) {
		int64_t before = rto.timeout_ns;
		tcp_rto_back_off(&rto);
		assert_true(rto.timeout_ns == 2 * before || rto.timeout_ns == TCP_RTO_MAX_NS);
	}
	assert_int_equal(rto.timeout_ns, TCP_RTO_MAX_NS);
	tcp_rto_sample(&rto, 1 * MS_NS);
	assert_int_equal(rto.timeout_ns, TCP_RTO_MIN_NS);
	tcp_rto_sample(&rto, 1000 * SECOND_NS);
	assert_int_equal(rto.timeout_ns, TCP_RTO_MAX_NS);
}

static void a_lost_syn_makes_the_first_data_wait_three_seconds(void **state) {
	struct tcp_rto rto;

	(void)state;
	tcp_rto_init(&rto);
	tcp_rto_back_off(&rto);
	tcp_rto_syn_was_lost(&rto);
	assert_int_equal(rto.timeout_ns, 3 * SECOND_NS);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_move_the_timeout_as_rfc_6298_computes_it),
		cmocka_unit_test(the_timeout_stays_within_its_bounds),
		cmocka_unit_test(a_lost_syn_makes_the_first_data_wait_three_seconds),
	};
	return cmocka_run_group_tests_name("tcp_rto", tests, NULL, NULL);
}
