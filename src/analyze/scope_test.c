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

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions_are_disjoint_and_cover_the_box),
		cmocka_unit_test(packets_meet_the_verdict_of_their_region),
		cmocka_unit_test(a_denied_port_is_a_region_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
