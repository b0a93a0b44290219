#include "analyze/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/analyze_test_support.h"
#include "analyze/ask.h"

static struct header_box asked_box(void) {
	struct header_box box = header_box_all_v4();
	struct prefix source;
	struct prefix destination;

	assert_int_equal(prefix_parse("10.0.0.10/32", &source), 0);
	assert_int_equal(prefix_parse("10.0.0.0/16", &destination), 0);
	header_box_narrow_source(&box, source);
	header_box_narrow_destination(&box, destination);
	return box;
}

static void regions_are_disjoint_and_cover_the_box(void **state) {
	struct header_box box = asked_box();
	struct scope_regions regions;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	scope_run(lab.world, diamond_node(&lab, "a"), &box, &regions);
	assert_false(regions.is_cut_off);
	// Every /24 and some addresses inside: exactly one region holds each.
	for (uint32_t i = 0; i < 65536; i += 7) {
		struct flow_key key = header_box_corner(&box);
		size_t holders = 0;
		key.destination = ip_of_v4(0x0a000000u + i);
		key.protocol = PROTOCOL_ICMP;
		for (size_t r = 0; r < regions.count; r++)
			holders += header_box_contains(&regions.items[r].box, &key);
		assert_int_equal(holders, 1);
	}
	scope_done(&regions);
	lab_end(&lab);
}

static void packets_meet_the_verdict_of_their_region(void **state) {
	static const char *const destinations[] = {
		"10.0.9.10", "10.0.9.1", "10.0.1.1", "10.0.4.0", "10.0.200.1", "10.0.0.1", "10.0.5.0"};
	struct header_box box = asked_box();
	struct arena *arena = arena_new();
	struct scope_regions regions;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	scope_run(lab.world, diamond_node(&lab, "a"), &box, &regions);
	for (size_t i = 0; i < sizeof(destinations) / sizeof(destinations[0]); i++) {
		struct question_flow flow = {0};
		struct question question;
		struct round_trip trip;
		struct ip destination;
		bool is_found = false;
		assert_int_equal(ip_parse(destinations[i], &destination), 0);
		assert_int_equal(
			question_to_address(lab.topo, diamond_node(&lab, "a"), destination, &flow, &question),
			0);
		ask_one(lab.world, &question, arena, &trip);
		struct flow_key key = question_key(&question);
		for (size_t r = 0; r < regions.count; r++) {
			if (!header_box_contains(&regions.items[r].box, &key))
				continue;
			for (size_t e = 0; e < regions.items[r].end_count; e++)
				is_found = is_found || regions.items[r].ends[e].verdict == trip.verdict;
		}
		assert_true(is_found);
	}
	scope_done(&regions);
	lab_end(&lab);
	arena_free(arena);
}

static void a_denied_port_is_a_region_of_its_own(void **state) {
	struct header_box box = asked_box();
	struct rule deny = {.box = header_box_all_v4(), .verdict = RULE_DENY};
	struct topo_filter filter = {.rules = &deny, .rule_count = 1, .drop = DROP_DENIED};
	struct scope_regions regions;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	deny.box.protocol_low = deny.box.protocol_high = PROTOCOL_TCP;
	deny.box.destination_port_low = deny.box.destination_port_high = 80;
	uint32_t port = lab.topo->nodes[diamond_node(&lab, "r1")].ports[0];
	lab.topo->ports[port].filters_in = &filter;
	lab.topo->ports[port].filter_in_count = 1;
	lab_start(&lab, 1);
	struct prefix b;
	assert_int_equal(prefix_parse("10.0.9.10/32", &b), 0);
	header_box_narrow_destination(&box, b);
	scope_run(lab.world, diamond_node(&lab, "a"), &box, &regions);
	size_t denied = 0;
	for (size_t i = 0; i < regions.count; i++) {
		const struct scope_region *region = &regions.items[i];
		if (region->ends[0].verdict == VERDICT_DELIVERED)
			continue;
		denied++;
		assert_int_equal(region->ends[0].verdict, VERDICT_DENIED);
		assert_int_equal(region->box.destination_port_low, 80);
		assert_int_equal(region->box.destination_port_high, 80);
		assert_int_equal(region->box.protocol_low, PROTOCOL_TCP);
		assert_int_equal(region->box.protocol_high, PROTOCOL_TCP);
	}
	assert_int_equal(denied, 1);
	scope_done(&regions);
	lab_end(&lab);
}

// Which way the packets and the answers prefer: by r2, by r3, or either.
enum side {
	BY_R2,
	BY_R3,
	BY_BOTH,
};

static void prefer(struct lab *lab, const char *router, enum side side) {
	// The port of r1 and of r4 towards r2 is the second, that towards r3 the third.
	const uint32_t *ports = lab->topo->nodes[diamond_node(lab, router)].ports;
	if (side != BY_BOTH)
		lab->topo->ports[ports[side == BY_R2 ? 2 : 1]].igp_cost = 5;
}

// What becomes of echoes from a to b, and of one real one, when r2 lets nothing of b in from r4 but
// what belongs to a flow it has seen.
static struct scope_region echo_past_guard(enum side there, enum side back, enum verdict *packet) {
	struct header_box box = asked_box();
	struct rule deny = {.box = header_box_all_v4(), .verdict = RULE_DENY};
	struct topo_filter filter = {
		.rules = &deny, .rule_count = 1, .drop = DROP_DENIED, .is_stateful = true};
	struct arena *arena = arena_new();
	struct scope_regions regions;
	struct question_flow flow = {0};
	struct question question;
	struct round_trip trip;
	struct lab lab;

	diamond_begin(&lab);
	struct prefix b;
	assert_int_equal(prefix_parse("10.0.9.10/32", &b), 0);
	header_box_narrow_source(&deny.box, b);
	header_box_narrow_destination(&box, b);
	box.protocol_low = box.protocol_high = PROTOCOL_ICMP;
	uint32_t guard = lab.topo->nodes[diamond_node(&lab, "r2")].ports[1];
	lab.topo->ports[guard].filters_in = &filter;
	lab.topo->ports[guard].filter_in_count = 1;
	prefer(&lab, "r1", there);
	prefer(&lab, "r4", back);
	lab_start(&lab, 1);
	uint32_t a = diamond_node(&lab, "a");
	scope_run(lab.world, a, &box, &regions);
	assert_int_equal(regions.count, 1);
	struct scope_region region = regions.items[0];
	assert_int_equal(question_between(lab.topo, a, diamond_node(&lab, "b"), &flow, &question), 0);
	ask_one(lab.world, &question, arena, &trip);
	*packet = trip.verdict;
	scope_done(&regions);
	lab_end(&lab);
	arena_free(arena);
	return region;
}

static void an_answer_passes_where_its_flow_was_let_through(void **state) {
	enum verdict packet;
	struct scope_region region = echo_past_guard(BY_R2, BY_R2, &packet);

	(void)state;
	assert_int_equal(region.end_count, 1);
	assert_int_equal(region.ends[0].verdict, VERDICT_DELIVERED);
	assert_int_equal(packet, VERDICT_DELIVERED);
}

static void an_answer_by_another_way_is_anybodys_packet(void **state) {
	enum verdict packet;
	struct scope_region region = echo_past_guard(BY_R3, BY_R2, &packet);

	(void)state;
	assert_int_equal(region.end_count, 1);
	assert_int_equal(region.ends[0].verdict, VERDICT_REPLY_LOST);
	assert_int_equal(region.ends[0].drop, DROP_DENIED);
	assert_int_equal(packet, VERDICT_REPLY_LOST);
}

static void each_member_of_equal_ways_has_its_own_answers(void **state) {
	enum verdict packet;
	struct scope_region region = echo_past_guard(BY_BOTH, BY_R2, &packet);

	(void)state;
	assert_int_equal(region.end_count, 2);
	assert_int_not_equal(region.ends[0].verdict, region.ends[1].verdict);
	assert_true(packet == region.ends[0].verdict || packet == region.ends[1].verdict);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions_are_disjoint_and_cover_the_box),
		cmocka_unit_test(packets_meet_the_verdict_of_their_region),
		cmocka_unit_test(a_denied_port_is_a_region_of_its_own),
		cmocka_unit_test(an_answer_passes_where_its_flow_was_let_through),
		cmocka_unit_test(an_answer_by_another_way_is_anybodys_packet),
		cmocka_unit_test(each_member_of_equal_ways_has_its_own_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
