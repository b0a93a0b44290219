#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forward/trace.h"

static void records_stay_in_order_up_to_the_bound_and_the_rest_is_counted(void **state) {
	(void)state;
	struct trace *trace = trace_new();
	for (uint32_t i = 0; i < TRACE_RECORDS_MAX + 3; i++)
		trace_add(trace, &(struct trace_record){.node = i});
	assert_int_equal(trace->count, TRACE_RECORDS_MAX);
	assert_int_equal(trace->left_out, 3);
	for (uint32_t i = 0; i < TRACE_RECORDS_MAX; i++)
		assert_int_equal(trace->records[i].node, i);
	trace_free(trace);
}

static void freeing_frees_the_answers_way_too(void **state) {
	(void)state;
	struct trace *trace = trace_new();
	trace->child = trace_new();
	trace_add(trace->child, &(struct trace_record){0});
	trace_free(trace);
	trace_free(NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_stay_in_order_up_to_the_bound_and_the_rest_is_counted),
		cmocka_unit_test(freeing_frees_the_answers_way_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
