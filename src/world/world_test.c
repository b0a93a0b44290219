#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world/capture.h"
#include "world/world_test_support.h"

// a --- r1 --- r2 --- b, and r1 --- r3 --- r2 as the longer way round.
static uint32_t build_triangle(struct lab *lab) {
	lab_begin(lab);
	uint32_t r1 = lab_router(lab, "r1", "site");
	uint32_t r2 = lab_router(lab, "r2", "site");
	uint32_t r3 = lab_router(lab, "r3", "site");
	lab_link(lab, lab_host(lab, "a", "10.1.0.10/24", "10.1.0.1"),
		lab_port(lab, r1, "10.1.0.1/24", 1), 0);
	lab_link(lab, lab_host(lab, "b", "10.2.0.10/24", "10.2.0.1"),
		lab_port(lab, r2, "10.2.0.1/24", 1), 0);
	uint32_t direct = lab_link(lab, lab_port(lab, r1, "192.168.0.0/31", 1),
		lab_port(lab, r2, "192.168.0.1/31", 1), 5 * MS_NS);
	lab_link(lab, lab_port(lab, r1, "192.168.0.2/31", 1), lab_port(lab, r3, "192.168.0.3/31", 1),
		10 * MS_NS);
	lab_link(lab, lab_port(lab, r3, "192.168.0.4/31", 1), lab_port(lab, r2, "192.168.0.5/31", 1),
		10 * MS_NS);
	return direct;
}

static void assert_ip(struct ip address, const char *expected) {
	char text[IP_TEXT_BYTES];
	assert_string_equal(ip_format(address, text), expected);
}

static void an_echo_takes_the_shortest_path_and_back(void **state) {
	(void)state;
	struct lab lab;
	build_triangle(&lab);
	lab_start(&lab, 1);
	struct probe_result result = lab_ping(&lab, "a", "10.2.0.10", 0);
	assert_int_equal(result.outcome, PROBE_ANSWERED);
	assert_ip(result.answered_by, "10.2.0.10");
	assert_int_equal(instant_since(result.answered, result.sent), 10 * MS_NS);
	lab_end(&lab);
}

static void each_router_answers_from_where_the_packet_came_in(void **state) {
	(void)state;
	static const char *const expected[] = {"10.1.0.1", "192.168.0.1", "10.2.0.10"};
	struct lab lab;
	build_triangle(&lab);
	lab_start(&lab, 1);
	for (uint8_t ttl = 1; ttl <= 3; ttl++) {
		struct probe_result result = lab_ping(&lab, "a", "10.2.0.10", ttl);
		assert_int_equal(result.outcome, ttl < 3 ? PROBE_ERROR : PROBE_ANSWERED);
		assert_ip(result.answered_by, expected[ttl - 1]);
	}
	lab_end(&lab);
}

static void a_link_down_moves_traffic_within_the_flooding_time(void **state) {
	(void)state;
	struct lab lab;
	uint32_t direct = build_triangle(&lab);
	lab_start(&lab, 1);
	instant before = loop_now(lab.loop);
	assert_int_equal(world_set_link(lab.world, direct, WORLD_DOWN, TOPO_NONE), 0);
	assert_true(world_converge(lab.world, 10 * SECOND_NS));
	assert_true(instant_since(world_last_change(lab.world), before) <= 40 * MS_NS);
	struct probe_result result = lab_ping(&lab, "a", "10.2.0.10", 0);
	assert_int_equal(result.outcome, PROBE_ANSWERED);
	assert_int_equal(instant_since(result.answered, result.sent), 40 * MS_NS);
	lab_end(&lab);
}

static void a_cut_link_loses_packets_until_the_dead_interval(void **state) {
	(void)state;
	struct lab lab;
	uint32_t direct = build_triangle(&lab);
	lab_start(&lab, 1);
	world_set_link(lab.world, direct, WORLD_CUT, TOPO_NONE);
	assert_int_equal(lab_ping(&lab, "a", "10.2.0.10", 0).outcome, PROBE_LOST);
	assert_true(world_converge(lab.world, 600 * SECOND_NS));
	assert_int_equal(lab_ping(&lab, "a", "10.2.0.10", 0).outcome, PROBE_ANSWERED);
	world_set_link(lab.world, direct, WORLD_UP, TOPO_NONE);
	assert_true(world_converge(lab.world, 600 * SECOND_NS));
	struct probe_result result = lab_ping(&lab, "a", "10.2.0.10", 0);
	assert_int_equal(instant_since(result.answered, result.sent), 10 * MS_NS);
	lab_end(&lab);
}

static void one_way_cut_loses_only_that_direction(void **state) {
	(void)state;
	struct lab lab;
	uint32_t direct = build_triangle(&lab);
	lab_start(&lab, 1);
	world_set_link(lab.world, direct, WORLD_CUT, topo_find_node(lab.topo, "r2"));
	struct probe_spec spec = {
		.from = topo_find_node(lab.topo, "a"),
		.destination = lab.topo->nodes[topo_find_node(lab.topo, "b")].address,
		.protocol = PROTOCOL_ICMP,
		.record = true,
	};
	struct probe *probe = probe_send(lab.world, &spec, NULL, NULL);
	loop_run_until(lab.loop, instant_add(loop_now(lab.loop), 5 * SECOND_NS));
	struct probe_result result;
	probe_result(probe, &result);
	assert_int_equal(result.outcome, PROBE_LOST);
	assert_true(result.arrived.ns != INSTANT_NEVER.ns);
	probe_free(probe);
	lab_end(&lab);
}

static void a_node_that_is_off_is_routed_around(void **state) {
	(void)state;
	struct lab lab;
	uint32_t direct = build_triangle(&lab);
	lab_start(&lab, 1);
	world_set_link(lab.world, direct, WORLD_DOWN, TOPO_NONE);
	world_set_node(lab.world, topo_find_node(lab.topo, "r3"), false);
	world_converge(lab.world, 60 * SECOND_NS);
	struct probe_result result = lab_ping(&lab, "a", "10.2.0.10", 0);
	assert_int_equal(result.outcome, PROBE_ERROR);
	world_set_node(lab.world, topo_find_node(lab.topo, "r3"), true);
	world_converge(lab.world, 60 * SECOND_NS);
	assert_int_equal(lab_ping(&lab, "a", "10.2.0.10", 0).outcome, PROBE_ANSWERED);
	lab_end(&lab);
}

static void loss_is_counted_packet_by_packet(void **state) {
	(void)state;
	struct lab lab;
	uint32_t direct = build_triangle(&lab);
	lab_start(&lab, 7);
	struct world_quality quality;
	world_get_quality(lab.world, direct, &quality);
	quality.loss_millionths = 250000;
	world_set_quality(lab.world, direct, &quality);
	int lost = 0;
	for (int i = 0; i < 400; i++)
		lost += lab_ping(&lab, "a", "10.2.0.10", 0).outcome == PROBE_LOST;
	// A quarter each way: 43.75 % on average.
	assert_in_range(lost, 140, 210);
	lab_end(&lab);
}

// r1 (AS 1) --- r2 (AS 2) with BGP; each announces its host's network.
static uint32_t build_bgp_pair(struct lab *lab) {
	lab_begin(lab);
	uint32_t r1 = lab_router(lab, "r1", NULL);
	uint32_t r2 = lab_router(lab, "r2", NULL);
	lab_link(lab, lab_host(lab, "a", "10.1.0.10/24", "10.1.0.1"),
		lab_port(lab, r1, "10.1.0.1/24", 0), 0);
	lab_link(lab, lab_host(lab, "b", "10.2.0.10/24", "10.2.0.1"),
		lab_port(lab, r2, "10.2.0.1/24", 0), 0);
	uint32_t p1 = lab_port(lab, r1, "192.168.0.1/30", 0);
	uint32_t p2 = lab_port(lab, r2, "192.168.0.2/30", 0);
	uint32_t link = lab_link(lab, p1, p2, 2 * MS_NS);
	lab_bgp(lab, p1, 65001, p2, 65002);
	struct topo_network network = {.prefix = lab->topo->ports[1].addresses[0].network};
	topo_network_add(lab->topo, r1, &network);
	network.prefix = lab->topo->ports[3].addresses[0].network;
	topo_network_add(lab->topo, r2, &network);
	return link;
}

static void bgp_carries_routes_over_the_link(void **state) {
	(void)state;
	struct lab lab;
	uint32_t link = build_bgp_pair(&lab);
	lab_start(&lab, 1);
	assert_int_equal(lab_ping(&lab, "a", "10.2.0.10", 0).outcome, PROBE_ANSWERED);
	world_set_link(lab.world, link, WORLD_DOWN, TOPO_NONE);
	world_converge(lab.world, 600 * SECOND_NS);
	struct rib *rib = world_rib(lab.world, topo_find_node(lab.topo, "r1"));
	assert_null(rib_lookup(rib, lab.topo->nodes[topo_find_node(lab.topo, "b")].address));
	world_set_link(lab.world, link, WORLD_UP, TOPO_NONE);
	world_converge(lab.world, 600 * SECOND_NS);
	assert_int_equal(lab_ping(&lab, "a", "10.2.0.10", 0).outcome, PROBE_ANSWERED);
	lab_end(&lab);
}

static void a_cut_link_is_noticed_by_the_hold_timer(void **state) {
	(void)state;
	struct lab lab;
	uint32_t link = build_bgp_pair(&lab);
	lab_start(&lab, 1);
	instant cut = loop_now(lab.loop);
	world_set_link(lab.world, link, WORLD_CUT, TOPO_NONE);
	assert_true(world_converge(lab.world, 900 * SECOND_NS));
	int64_t noticed = instant_since(world_last_change(lab.world), cut);
	assert_true(noticed > 110 * SECOND_NS && noticed <= 185 * SECOND_NS);
	lab_end(&lab);
}

static uint64_t digest_of_run(uint64_t seed) {
	struct lab lab;
	uint32_t link = build_bgp_pair(&lab);
	lab_start(&lab, seed);
	world_set_link(lab.world, link, WORLD_DOWN, TOPO_NONE);
	world_converge(lab.world, 600 * SECOND_NS);
	uint64_t digest = world_digest(lab.world);
	lab_end(&lab);
	return digest;
}

static void the_same_seed_gives_the_same_digest(void **state) {
	(void)state;
	assert_true(digest_of_run(3) == digest_of_run(3));
}

static void a_large_echo_is_cut_up_and_put_together(void **state) {
	(void)state;
	struct lab lab;
	build_triangle(&lab);
	lab_start(&lab, 1);
	struct probe_spec spec = {
		.from = topo_find_node(lab.topo, "a"),
		.destination = lab.topo->nodes[topo_find_node(lab.topo, "b")].address,
		.protocol = PROTOCOL_ICMP,
		.size_bytes = 6000,
	};
	struct probe *probe = probe_send(lab.world, &spec, NULL, NULL);
	loop_run_until(lab.loop, instant_add(loop_now(lab.loop), SECOND_NS));
	struct probe_result result;
	probe_result(probe, &result);
	assert_int_equal(result.outcome, PROBE_ANSWERED);
	probe_free(probe);
	lab_end(&lab);
}

struct taken {
	size_t count;
	struct capture_packet last;
};

static void take(void *owner, const struct capture_packet *packet) {
	struct taken *taken = owner;
	taken->count++;
	taken->last = *packet;
}

static void a_capture_takes_every_packet_of_the_link(void **state) {
	(void)state;
	struct lab lab;
	struct taken taken = {0};
	uint32_t direct = build_triangle(&lab);
	lab_start(&lab, 1);
	struct capture_wish wish = {.link = direct, .from = TOPO_NONE, .taken = take, .owner = &taken};
	struct capture *capture = capture_start(lab.world, &wish);
	lab_ping(&lab, "a", "10.2.0.10", 0);
	assert_int_equal(capture_packets(capture), 2);
	assert_int_equal(taken.count, 2);
	assert_int_equal(taken.last.link, direct);
	assert_int_equal(taken.last.from, topo_find_node(lab.topo, "r2"));
	assert_int_equal(taken.last.length, 60);
	capture_stop(capture);
	lab_ping(&lab, "a", "10.2.0.10", 0);
	assert_int_equal(taken.count, 2);
	lab_end(&lab);
}

static void a_capture_takes_only_what_was_wished_for(void **state) {
	(void)state;
	// icmp[0] = 0, an echo's answer, of IPv4 without options.
	struct bpf_step answers[] = {
		{0x30, 0, 0, 20}, {0x15, 0, 1, 0}, {0x06, 0, 0, 65535}, {0x06, 0, 0, 0}};
	struct bpf_filter filter = {answers, 4};
	struct lab lab;
	uint32_t direct = build_triangle(&lab);
	lab_start(&lab, 1);
	uint32_t r1 = topo_find_node(lab.topo, "r1");
	struct taken of_r1 = {0}, filtered = {0}, everywhere = {0};
	struct capture_wish wishes[] = {
		{.link = direct, .from = r1, .snaplen = 28, .taken = take, .owner = &of_r1},
		{.link = direct, .from = TOPO_NONE, .filter = &filter, .taken = take, .owner = &filtered},
		{.link = TOPO_NONE, .from = TOPO_NONE, .taken = take, .owner = &everywhere},
	};
	struct capture *captures[3];
	for (size_t i = 0; i < 3; i++)
		captures[i] = capture_start(lab.world, &wishes[i]);
	lab_ping(&lab, "a", "10.2.0.10", 0);
	assert_int_equal(of_r1.count, 1);
	assert_int_equal(of_r1.last.length, 28);
	assert_int_equal(of_r1.last.whole_length, 60);
	assert_int_equal(filtered.count, 1);
	assert_int_equal(filtered.last.from, topo_find_node(lab.topo, "r2"));
	assert_true(everywhere.count >= 6);
	for (size_t i = 0; i < 3; i++)
		capture_stop(captures[i]);
	lab_end(&lab);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_takes_the_shortest_path_and_back),
		cmocka_unit_test(each_router_answers_from_where_the_packet_came_in),
		cmocka_unit_test(a_link_down_moves_traffic_within_the_flooding_time),
		cmocka_unit_test(a_cut_link_loses_packets_until_the_dead_interval),
		cmocka_unit_test(one_way_cut_loses_only_that_direction),
		cmocka_unit_test(a_node_that_is_off_is_routed_around),
		cmocka_unit_test(loss_is_counted_packet_by_packet),
		cmocka_unit_test(bgp_carries_routes_over_the_link),
		cmocka_unit_test(a_cut_link_is_noticed_by_the_hold_timer),
		cmocka_unit_test(the_same_seed_gives_the_same_digest),
		cmocka_unit_test(a_large_echo_is_cut_up_and_put_together),
		cmocka_unit_test(a_capture_takes_every_packet_of_the_link),
		cmocka_unit_test(a_capture_takes_only_what_was_wished_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
