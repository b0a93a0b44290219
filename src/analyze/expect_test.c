#include "analyze/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/analyze_test_support.h"

static const char *star[] = {"*"};
static const char *first[] = {"10.0.0.1"};
static const char *middle[] = {"10.0.1.1", "10.0.2.1"};
static const char *third[] = {"10.0.3.1", "10.0.4.1"};
static const char *last[] = {"10.0.9.10"};
static const char *via_ends[] = {"r1", "r4"};
static const char *via_backwards[] = {"r4", "r1"};
static const char *unknown[] = {"r5"};

static const struct expect_hop right[] = {{first, 1}, {middle, 2}, {third, 2}, {last, 1}};
static const struct expect_hop wrong[] = {{first, 1}, {star, 1}, {third, 2}, {last, 1}};

static void statements_hold_or_say_what_was_found(void **state) {
	static const struct {
		struct expect expect;
		const char *why; // part of it, NULL: holds
	} cases[] = {
		{{.reaches = true}, NULL},
		{{.reaches = false}, "expected it not to arrive, found delivered"},
		{{.reaches = true, .via = via_ends, .via_count = 2}, NULL},
		{{.reaches = true, .via = via_backwards, .via_count = 2}, "to meet r1"},
		{{.reaches = true, .via = unknown, .via_count = 1}, "to meet r5"},
		{{.reaches = true, .not_via = unknown, .not_via_count = 1}, NULL},
		{{.reaches = true, .not_via = via_ends, .not_via_count = 1}, "to avoid r1"},
		{{.reaches = true, .hops = right, .hop_count = 4}, NULL},
		{{.reaches = true, .hops = wrong, .hop_count = 4}, "hop 2 to be *"},
		{{.reaches = true, .hops = right, .hop_count = 3}, "expected 3 hops, found 4"},
		{{.reaches = true, .rtt_below_ns = 9 * MS_NS}, NULL},
		{{.reaches = true, .rtt_below_ns = 8 * MS_NS}, "below 8.000 ms, found 8.000 ms"},
		{{.reaches = true, .rtt_above_ns = 8 * MS_NS}, "above 8.000 ms"},
	};
	struct question_flow flow = {0};
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct expect expect = cases[i].expect;
		struct expect_result result;
		assert_int_equal(question_between(lab.topo, diamond_node(&lab, "a"),
							 diamond_node(&lab, "b"), &flow, &expect.question),
			0);
		expect_hold(lab.world, &expect, &result);
		if (cases[i].why == NULL)
			assert_null(result.why);
		else
			assert_non_null(strstr(result.why, cases[i].why));
		assert_int_equal(result.passed, cases[i].why == NULL);
		expect_result_done(&result);
	}
	lab_end(&lab);
}

static void only_the_failures_asked_for_concern_a_statement(void **state) {
	static const struct {
		enum expect_survival survival;
		int64_t failover_below_ns;
		bool link, node;
	} cases[] = {
		{EXPECT_NO_SURVIVAL, 0, false, false},
		{EXPECT_NO_SURVIVAL, 1, true, false},
		{EXPECT_SURVIVES_LINK, 0, true, false},
		{EXPECT_SURVIVES_NODE, 0, false, true},
		{EXPECT_SURVIVES_ANY, 0, true, true},
	};
	struct failure link = {FAILURE_LINK, 3, "x--y", false};
	struct failure node = {FAILURE_NODE, 7, "x", false};
	struct failure own = {FAILURE_NODE, 1, "a", false};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct expect expect = {.question = {.from = 1, .to = 2},
			.survival = cases[i].survival,
			.failover_below_ns = cases[i].failover_below_ns};
		assert_int_equal(expect_concerns(NULL, &expect, &link), cases[i].link);
		assert_int_equal(expect_concerns(NULL, &expect, &node), cases[i].node);
		assert_false(expect_concerns(NULL, &expect, &own));
	}
}

static void survival_is_tried_and_not_assumed(void **state) {
	static const struct {
		const char *link;
		bool survives;
	} cases[] = {{"r1--r2", true}, {"r3--r4", true}, {"a--r1", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct question_flow flow = {0};
		struct expect expect = {.reaches = true, .survival = EXPECT_SURVIVES_LINK};
		struct expect_result result;
		struct lab lab;
		diamond_begin(&lab);
		lab_start(&lab, 1);
		struct failure failure = {
			FAILURE_LINK, diamond_link(&lab, cases[i].link), cases[i].link, false};
		assert_int_equal(question_between(lab.topo, diamond_node(&lab, "a"),
							 diamond_node(&lab, "b"), &flow, &expect.question),
			0);
		expect_survived(lab.world, &expect, &failure, &result);
		assert_int_equal(result.passed, cases[i].survives);
		expect_result_done(&result);
		lab_end(&lab);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_hold_or_say_what_was_found),
		cmocka_unit_test(only_the_failures_asked_for_concern_a_statement),
		cmocka_unit_test(survival_is_tried_and_not_assumed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
