#include "analyze/way.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/analyze_test_support.h"

// A trace in short: who did what, by which of its ports.
struct line {
	const char *node;
	enum trace_step step;
	uint32_t slot;
	enum drop drop;
};

struct fixture {
	struct lab lab;
	struct arena *arena;
	struct trace *trace;
};

static int begin(void **state) {
	static struct fixture fixture;

	diamond_begin(&fixture.lab);
	topo_finish(fixture.lab.topo);
	*state = &fixture;
	return 0;
}

static int end(void **state) {
	struct fixture *fixture = *state;

	topo_free(fixture->lab.topo);
	return 0;
}

static struct way read(struct fixture *fixture, const struct line *lines, size_t count) {
	struct way way;

	fixture->trace = trace_new();
	fixture->arena = arena_new();
	for (size_t i = 0; i < count; i++) {
		struct trace_record record = {
			.when = {(int64_t)i},
			.node = diamond_node(&fixture->lab, lines[i].node),
			.port = lines[i].slot,
			.step = (uint8_t)lines[i].step,
			.drop = (uint8_t)lines[i].drop,
		};
		trace_add(fixture->trace, &record);
	}
	way_read(fixture->lab.topo, fixture->trace, fixture->arena, &way);
	return way;
}

static void release(struct fixture *fixture) {
	trace_free(fixture->trace);
	arena_free(fixture->arena);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct line there[] = {
	{"a", TRACE_ORIGINATED, UINT32_MAX, 0},
	{"a", TRACE_ROUTED, 0, 0},
	{"a", TRACE_SENT, 0, 0},
	{"r1", TRACE_ENTERED, 0, 0},
	{"r1", TRACE_DECREMENTED, UINT32_MAX, 0},
	{"r1", TRACE_ROUTED, 1, 0},
	{"r1", TRACE_SENT, 1, 0},
	{"r2", TRACE_ENTERED, 0, 0},
	{"r2", TRACE_DELIVERED, 0, 0},
};

static void a_delivered_packet_names_nodes_links_and_rows(void **state) {
	struct fixture *fixture = *state;
	struct way way = read(fixture, there, COUNT(there));
	uint32_t *stops;

	assert_int_equal(way.end, WAY_DELIVERED);
	assert_int_equal(way.end_node, diamond_node(&fixture->lab, "r2"));
	assert_int_equal(way_stops(&way, fixture->arena, &stops), 3);
	assert_int_equal(stops[1], diamond_node(&fixture->lab, "r1"));
	assert_int_equal(way.row_count, 2);
	assert_int_equal(way.link_count, 2);
	assert_true(way_crosses_link(&way, diamond_link(&fixture->lab, "r1--r2")));
	assert_false(way_crosses_link(&way, diamond_link(&fixture->lab, "r1--r3")));
	assert_true(way.nodes[1].lowers_ttl);
	assert_false(way.nodes[0].lowers_ttl);
	assert_true(way_is_over(fixture->trace));
	release(fixture);
}

static void a_drop_says_where_and_why_and_what_became_of_the_answer(void **state) {
	static const struct line lines[] = {
		{"a", TRACE_ORIGINATED, UINT32_MAX, 0},
		{"a", TRACE_SENT, 0, 0},
		{"r1", TRACE_ENTERED, 0, 0},
		{"r1", TRACE_DROPPED, 0, DROP_TTL_EXPIRED},
		{"r1", TRACE_UNANSWERED, 0, DROP_NO_ADDRESS_ON_PORT},
	};
	struct fixture *fixture = *state;
	struct way way = read(fixture, lines, COUNT(lines));

	assert_int_equal(way.end, WAY_DROPPED);
	assert_int_equal(way.drop, DROP_TTL_EXPIRED);
	assert_int_equal(way.unanswered, DROP_NO_ADDRESS_ON_PORT);
	assert_int_equal(way.end_node, diamond_node(&fixture->lab, "r1"));
	assert_true(way_is_over(fixture->trace));
	release(fixture);
}

static void a_packet_on_a_link_is_not_over(void **state) {
	struct fixture *fixture = *state;
	struct way way = read(fixture, there, 3);

	assert_int_equal(way.end, WAY_PENDING);
	assert_false(way_is_over(fixture->trace));
	release(fixture);
}

static void an_answer_under_way_is_not_over(void **state) {
	static const struct trace_record sent = {.step = TRACE_SENT};
	struct fixture *fixture = *state;

	read(fixture, there, COUNT(there));
	fixture->trace->child = trace_new();
	trace_add(fixture->trace->child, &sent);
	assert_false(way_is_over(fixture->trace));
	release(fixture);
}

static void the_way_back_is_the_reverse_and_another_is_not(void **state) {
	static const struct line same[] = {
		{"r2", TRACE_ORIGINATED, UINT32_MAX, 0},
		{"r2", TRACE_SENT, 0, 0},
		{"r1", TRACE_ENTERED, 1, 0},
		{"r1", TRACE_DECREMENTED, UINT32_MAX, 0},
		{"r1", TRACE_SENT, 0, 0},
		{"a", TRACE_ENTERED, 0, 0},
		{"a", TRACE_DELIVERED, 0, 0},
	};
	static const struct line other[] = {
		{"r2", TRACE_ORIGINATED, UINT32_MAX, 0},
		{"r2", TRACE_SENT, 1, 0},
		{"r4", TRACE_ENTERED, 1, 0},
		{"r4", TRACE_DELIVERED, 1, 0},
	};
	struct fixture *fixture = *state;
	const struct topo *topo = fixture->lab.topo;
	struct fixture back = {.lab = fixture->lab};
	struct way forward = read(fixture, there, COUNT(there));
	struct way way = read(&back, same, COUNT(same));

	assert_true(way_is_reverse(topo, &forward, &way));
	assert_false(way_is_same(&forward, &way));
	release(&back);
	way = read(&back, other, COUNT(other));
	assert_false(way_is_reverse(topo, &forward, &way));
	release(&back);
	release(fixture);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delivered_packet_names_nodes_links_and_rows),
		cmocka_unit_test(a_drop_says_where_and_why_and_what_became_of_the_answer),
		cmocka_unit_test(a_packet_on_a_link_is_not_over),
		cmocka_unit_test(an_answer_under_way_is_not_over),
		cmocka_unit_test(the_way_back_is_the_reverse_and_another_is_not),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
