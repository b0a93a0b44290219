#include "analyze/traceroute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/analyze_test_support.h"
#include "analyze/explore.h"
#include "analyze/matrix.h"

static struct question ask(struct lab *lab, uint8_t protocol) {
	struct question_flow flow = {.protocol = protocol};
	struct question question;

	assert_int_equal(question_between(lab->topo, diamond_node(lab, "a"), diamond_node(lab, "b"),
						 &flow, &question),
		0);
	return question;
}

static void every_protocol_finds_the_same_hops(void **state) {
	static const uint8_t protocols[] = {PROTOCOL_ICMP, PROTOCOL_UDP, PROTOCOL_TCP};
	struct arena *arena = arena_new();
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	for (size_t i = 0; i < 3; i++) {
		struct question question = ask(&lab, protocols[i]);
		struct traceroute trace;
		traceroute_run(lab.world, &question, arena, &trace);
		assert_true(trace.whole.reached);
		assert_int_equal(trace.hop_count, 4);
		assert_int_equal(trace.hops[0].node, diamond_node(&lab, "r1"));
		assert_int_equal(trace.hops[2].node, diamond_node(&lab, "r4"));
		assert_true(trace.hops[3].is_destination);
		assert_int_equal(trace.hops[3].rtt_ns[2] / MS_NS, 8);
	}
	lab_end(&lab);
	arena_free(arena);
}

static void a_port_without_address_is_silent_and_said_to_be(void **state) {
	struct arena *arena = arena_new();
	struct traceroute trace;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	uint32_t r1 = diamond_node(&lab, "r1");
	for (size_t i = 0; i < lab.topo->nodes[r1].port_count; i++)
		lab.topo->ports[lab.topo->nodes[r1].ports[i]].icmp_v4 = IP_NONE;
	lab_start(&lab, 1);
	struct question question = ask(&lab, 0);
	traceroute_run(lab.world, &question, arena, &trace);
	assert_true(ip_is_none(trace.hops[0].address));
	assert_int_equal(trace.hops[0].node, r1);
	assert_true(trace.hops[0].silence.is_expired);
	assert_int_equal(trace.hops[0].silence.drop, DROP_NO_ADDRESS_ON_PORT);
	assert_false(ip_is_none(trace.hops[1].address));
	lab_end(&lab);
	arena_free(arena);
}

static void what_is_lost_on_a_cut_link_is_said_to_be(void **state) {
	struct arena *arena = arena_new();
	struct traceroute trace;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	world_set_link(lab.world, diamond_link(&lab, "a--r1"), WORLD_CUT, TOPO_NONE);
	struct question question = ask(&lab, 0);
	traceroute_run(lab.world, &question, arena, &trace);
	assert_false(trace.whole.reached);
	assert_int_equal(trace.whole.verdict, VERDICT_LOST);
	assert_int_equal(trace.whole.stopped.drop, DROP_LINK_CUT);
	assert_int_equal(trace.whole.stopped.node, diamond_node(&lab, "a"));
	assert_false(trace.whole.stopped.on_return);
	assert_int_equal(trace.hop_count, 1);
	lab_end(&lab);
	arena_free(arena);
}

static void an_answer_lost_one_way_is_a_lost_reply(void **state) {
	struct arena *arena = arena_new();
	struct round_trip trip;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	world_set_link(lab.world, diamond_link(&lab, "r4--b"), WORLD_CUT, diamond_node(&lab, "b"));
	struct question question = ask(&lab, 0);
	ask_one(lab.world, &question, arena, &trip);
	assert_true(trip.arrived);
	assert_false(trip.reached);
	assert_int_equal(trip.verdict, VERDICT_REPLY_LOST);
	assert_true(trip.stopped.on_return);
	assert_int_equal(trip.stopped.node, diamond_node(&lab, "b"));
	lab_end(&lab);
	arena_free(arena);
}

static void all_members_of_equal_routes_are_explored(void **state) {
	struct arena *arena = arena_new();
	struct explored_ways ways;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	struct question question = ask(&lab, 0);
	struct exploration asked = {.from = question.from, .key = question_key(&question)};
	explore_ways(lab.world, &asked, arena, &ways);
	assert_int_equal(ways.count, 2);
	assert_false(ways.is_cut_off);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ways.ways[i].end, WAY_DELIVERED);
		assert_int_equal(ways.ways[i].node_count, 5);
	}
	assert_false(way_is_same(&ways.ways[0], &ways.ways[1]));
	lab_end(&lab);
	arena_free(arena);
}

// r2 lets answers of b pass only to what it has seen, and that is one member of the ways there.
static void answers_are_explored_for_each_way_there(void **state) {
	struct rule deny = {.box = header_box_all_v4(), .verdict = RULE_DENY};
	struct topo_filter filter = {
		.rules = &deny, .rule_count = 1, .drop = DROP_DENIED, .is_stateful = true};
	struct arena *arena = arena_new();
	struct explored_ways ways;
	size_t delivered = 0;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	uint32_t guard = lab.topo->nodes[diamond_node(&lab, "r2")].ports[1];
	lab.topo->ports[guard].filters_in = &filter;
	lab.topo->ports[guard].filter_in_count = 1;
	lab_start(&lab, 1);
	struct question question = ask(&lab, 0);
	struct exploration there = {.from = question.from, .key = question_key(&question)};
	explore_ways_back(lab.world, &there, question.to, arena, &ways);
	assert_int_equal(ways.count, 3);
	for (size_t i = 0; i < ways.count; i++) {
		delivered += ways.ways[i].end == WAY_DELIVERED;
		assert_true(ways.ways[i].end == WAY_DELIVERED || ways.ways[i].drop == DROP_DENIED);
	}
	assert_int_equal(delivered, 2);
	lab_end(&lab);
	arena_free(arena);
}

static void the_matrix_holds_every_ordered_pair(void **state) {
	struct question_flow flow = {0};
	struct arena *arena = arena_new();
	struct matrix matrix;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	matrix_run(lab.world, &flow, arena, &matrix);
	assert_int_equal(matrix.pair_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(matrix.pairs[i].reached);
		assert_int_equal(matrix.pairs[i].hop_count, 4);
		assert_int_equal(matrix.pairs[i].stop_count, 5);
		assert_int_equal(matrix.pairs[i].rtt_ns, 8 * MS_NS);
	}
	lab_end(&lab);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_protocol_finds_the_same_hops),
		cmocka_unit_test(a_port_without_address_is_silent_and_said_to_be),
		cmocka_unit_test(what_is_lost_on_a_cut_link_is_said_to_be),
		cmocka_unit_test(an_answer_lost_one_way_is_a_lost_reply),
		cmocka_unit_test(all_members_of_equal_routes_are_explored),
		cmocka_unit_test(answers_are_explored_for_each_way_there),
		cmocka_unit_test(the_matrix_holds_every_ordered_pair),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
