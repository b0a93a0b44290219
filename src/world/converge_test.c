#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world/world_test_support.h"

// Longer than any timer of these networks.
#define STEADY_NS (400 * SECOND_NS)

static uint32_t lab_node(const struct lab *lab, const char *name) {
	return topo_find_node(lab->topo, name);
}

// A tunnel between two nodes, whose outside leaves by these ports.
static uint32_t lab_tunnel(struct lab *lab, uint32_t under_a, uint32_t under_b) {
	uint32_t number = topo_tunnel_add(lab->topo, "tunnel", 0);
	struct topo_tunnel *tunnel = &lab->topo->tunnels[number];
	const uint32_t under[] = {under_a, under_b};
	static const char *const inner[] = {"172.16.0.1/30", "172.16.0.2/30"};
	for (size_t i = 0; i < 2; i++) {
		tunnel->underlay_port[i] = under[i];
		tunnel->outer[i] = lab->topo->ports[under[i]].addresses[0].address;
		tunnel->shared_key[i] = "secret";
		tunnel->port[i] = lab_port(lab, lab->topo->ports[under[i]].node, inner[i], 0);
		lab->topo->ports[tunnel->port[i]].tunnel = number;
	}
	return number;
}

// gateway --- site, with a tunnel over the link.
static uint32_t build_tunnel(struct lab *lab) {
	lab_begin(lab);
	uint32_t gateway = lab_port(lab, lab_router(lab, "gateway", NULL), "192.0.2.1/30", 0);
	uint32_t site = lab_port(lab, lab_router(lab, "site", NULL), "192.0.2.2/30", 0);
	uint32_t link = lab_link(lab, gateway, site, MS_NS);
	lab_tunnel(lab, gateway, site);
	return link;
}

static void run_for(struct lab *lab, int64_t ns) {
	loop_run_until(lab->loop, instant_add(loop_now(lab->loop), ns));
}

// What has converged stays as it is.
static void assert_steady(struct lab *lab) {
	instant before = world_last_change(lab->world);
	run_for(lab, STEADY_NS);
	assert_int_equal(world_last_change(lab->world).ns, before.ns);
}

static void assert_tunnel(struct lab *lab, uint32_t tunnel, bool is_up) {
	const struct topo_tunnel *topo = &lab->topo->tunnels[tunnel];
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(world_port(lab->world, topo->port[i])->is_up, is_up);
}

// The first end notices that it hears nothing, and falls silent for the second, whose own time
// begins only then: the cut is over for both after twice that of one.
static void the_end_that_was_heard_until_the_other_gave_up_is_waited_for(void **state) {
	static const char *const senders[] = {"gateway", "site"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lab lab;
		uint32_t link = build_tunnel(&lab);
		lab_start(&lab, 1);
		assert_tunnel(&lab, 0, true);
		instant cut = loop_now(lab.loop);
		world_set_link(lab.world, link, WORLD_CUT, lab_node(&lab, senders[i]));
		assert_true(world_converge(lab.world, 600 * SECOND_NS));
		assert_tunnel(&lab, 0, false);
		assert_true(instant_since(world_last_change(lab.world), cut) > 60 * SECOND_NS);
		assert_steady(&lab);
		lab_end(&lab);
	}
}

// A link behind a router in the middle goes down: one end sees it, the other can't be told.
static void an_end_that_is_not_told_of_a_link_further_on_is_waited_for(void **state) {
	(void)state;
	struct lab lab;
	lab_begin(&lab);
	uint32_t middle = lab_router(&lab, "middle", NULL);
	uint32_t gateway = lab_port(&lab, lab_router(&lab, "gateway", NULL), "192.0.2.1/30", 0);
	uint32_t site = lab_port(&lab, lab_router(&lab, "site", NULL), "192.0.2.5/30", 0);
	lab_link(&lab, gateway, lab_port(&lab, middle, "192.0.2.2/30", 0), MS_NS);
	uint32_t far = lab_link(&lab, lab_port(&lab, middle, "192.0.2.6/30", 0), site, MS_NS);
	lab_tunnel(&lab, gateway, site);
	lab_start(&lab, 1);
	assert_tunnel(&lab, 0, true);
	world_set_link(lab.world, far, WORLD_DOWN, TOPO_NONE);
	assert_false(world_is_converged(lab.world));
	assert_true(world_converge(lab.world, 600 * SECOND_NS));
	assert_tunnel(&lab, 0, false);
	assert_steady(&lab);
	lab_end(&lab);
}

// Two ends that reach each other and have no tunnel may yet get one, for all anybody knows: that
// their keys differ they have to find out. Whom a change puts into silence has his whole time from
// then on.
static void a_change_in_the_wake_of_a_cut_begins_the_wait_anew(void **state) {
	(void)state;
	struct lab lab;
	build_tunnel(&lab);
	lab.topo->tunnels[0].shared_key[1] = "another";
	uint32_t beside = lab_link(&lab, lab_port(&lab, lab_node(&lab, "gateway"), "192.0.2.9/30", 0),
		lab_port(&lab, lab_node(&lab, "site"), "192.0.2.10/30", 0), MS_NS);
	lab_start(&lab, 1);
	world_set_link(lab.world, beside, WORLD_CUT, TOPO_NONE);
	run_for(&lab, 40 * SECOND_NS);
	assert_false(world_is_converged(lab.world));
	world_note_change(lab.world);
	run_for(&lab, 40 * SECOND_NS);
	assert_false(world_is_converged(lab.world));
	run_for(&lab, 20 * SECOND_NS);
	assert_true(world_is_converged(lab.world));
	// By now nothing is awaited, and what changes is told to whom it concerns.
	world_note_change(lab.world);
	assert_true(world_is_converged(lab.world));
	lab_end(&lab);
}

static void lab_route(struct lab *lab, uint32_t port, const char *prefix, const char *via) {
	struct route_hop hop = {.port = port};
	struct topo_route route = {.hops = &hop, .hop_count = 1, .distance = 1};
	assert_int_equal(ip_parse(via, &hop.via), 0);
	assert_int_equal(prefix_parse(prefix, &route.prefix), 0);
	topo_route_add(lab->topo, lab->topo->ports[port].node, &route);
}

// near --- middle --- far, with a BGP session from near to far that static routes carry. The link
// between middle and far goes down: near is not told, and its hold timer is what ends the session.
static void a_session_across_a_router_is_waited_for_when_a_link_goes_down(void **state) {
	(void)state;
	struct lab lab;
	lab_begin(&lab);
	uint32_t middle = lab_router(&lab, "middle", NULL);
	uint32_t near = lab_port(&lab, lab_router(&lab, "near", NULL), "192.0.2.1/30", 0);
	uint32_t far = lab_port(&lab, lab_router(&lab, "far", NULL), "192.0.2.5/30", 0);
	lab_link(&lab, near, lab_port(&lab, middle, "192.0.2.2/30", 0), MS_NS);
	uint32_t link = lab_link(&lab, lab_port(&lab, middle, "192.0.2.6/30", 0), far, MS_NS);
	lab_route(&lab, near, "192.0.2.4/30", "192.0.2.2");
	lab_route(&lab, far, "192.0.2.0/30", "192.0.2.6");
	lab_bgp(&lab, near, 65001, far, 65002);
	for (size_t i = 0; i < lab.topo->neighbor_count; i++)
		lab.topo->neighbors[i].port = TOPO_NONE;
	struct topo_network network = {.always = true};
	assert_int_equal(prefix_parse("10.2.0.0/16", &network.prefix), 0);
	topo_network_add(lab.topo, lab_node(&lab, "far"), &network);
	lab_start(&lab, 1);
	struct rib *rib = world_rib(lab.world, lab_node(&lab, "near"));
	assert_non_null(rib_lookup(rib, ip_of_v4(0x0a020001)));
	world_set_link(lab.world, link, WORLD_DOWN, TOPO_NONE);
	assert_true(world_converge(lab.world, 600 * SECOND_NS));
	assert_null(rib_lookup(rib, ip_of_v4(0x0a020001)));
	assert_steady(&lab);
	lab_end(&lab);
}

static bool is_established(const struct lab *lab, const char *node, size_t peer) {
	struct bgp_peer_status status;
	bgp_peer_status(bgp_peer_at(world_speaker(lab->world, lab_node(lab, node)), peer), &status);
	return status.state == BGP_ESTABLISHED;
}

// near --- middle --- far. Without near's static route it is middle's BGP that leads to far.
static void a_neighbour_that_only_bgp_knows_a_way_to_is_not_talked_to(void **state) {
	(void)state;
	for (int has_static = 0; has_static < 2; has_static++) {
		struct lab lab;
		lab_begin(&lab);
		uint32_t middle = lab_router(&lab, "middle", NULL);
		uint32_t near = lab_port(&lab, lab_router(&lab, "near", NULL), "192.0.2.1/30", 0);
		uint32_t far = lab_port(&lab, lab_router(&lab, "far", NULL), "192.0.2.5/30", 0);
		uint32_t middle_near = lab_port(&lab, middle, "192.0.2.2/30", 0);
		lab_link(&lab, near, middle_near, MS_NS);
		lab_link(&lab, lab_port(&lab, middle, "192.0.2.6/30", 0), far, MS_NS);
		lab_route(&lab, far, "192.0.2.0/30", "192.0.2.6");
		if (has_static)
			lab_route(&lab, near, "192.0.2.4/30", "192.0.2.2");
		lab_bgp(&lab, near, 65001, far, 65002);
		for (size_t i = 0; i < lab.topo->neighbor_count; i++)
			lab.topo->neighbors[i].port = TOPO_NONE;
		lab_bgp(&lab, near, 65001, middle_near, 65003);
		struct topo_network network = {.always = true};
		assert_int_equal(prefix_parse("192.0.2.4/30", &network.prefix), 0);
		topo_network_add(lab.topo, middle, &network);
		assert_int_equal(prefix_parse("10.2.0.0/16", &network.prefix), 0);
		topo_network_add(lab.topo, lab_node(&lab, "far"), &network);
		lab_start(&lab, 1);
		run_for(&lab, STEADY_NS);
		struct rib *rib = world_rib(lab.world, lab_node(&lab, "near"));
		assert_non_null(rib_lookup(rib, ip_of_v4(0xc0000205)));
		const struct rib_entry *heard = rib_lookup(rib, ip_of_v4(0x0a020001));
		assert_int_equal(heard != NULL, has_static);
		assert_int_equal(is_established(&lab, "near", 0), has_static);
		lab_end(&lab);
	}
}

// Nobody's packets cross the link that fails, so nobody is in silence, whether it is told or not.
static void a_session_whose_packets_arrive_is_not_waited_for(void **state) {
	static const enum world_fault faults[] = {WORLD_CUT, WORLD_DOWN};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lab lab;
		build_tunnel(&lab);
		uint32_t beside =
			lab_link(&lab, lab_port(&lab, lab_node(&lab, "gateway"), "192.0.2.9/30", 0),
				lab_port(&lab, lab_node(&lab, "site"), "192.0.2.10/30", 0), MS_NS);
		lab_bgp(&lab, lab.topo->tunnels[0].port[0], 65001, lab.topo->tunnels[0].port[1], 65002);
		lab_start(&lab, 1);
		instant failed = loop_now(lab.loop);
		world_set_link(lab.world, beside, faults[i], TOPO_NONE);
		assert_true(world_converge(lab.world, 600 * SECOND_NS));
		assert_true(instant_since(loop_now(lab.loop), failed) < SECOND_NS);
		assert_tunnel(&lab, 0, true);
		assert_steady(&lab);
		lab_end(&lab);
	}
}

// Each attempt of the tunnel's is minutes apart by then, and the session's come after it.
static void a_session_that_can_come_up_again_is_waited_for(void **state) {
	(void)state;
	struct lab lab;
	uint32_t link = build_tunnel(&lab);
	lab_bgp(&lab, lab.topo->tunnels[0].port[0], 65001, lab.topo->tunnels[0].port[1], 65002);
	struct topo_network network = {.always = true};
	assert_int_equal(prefix_parse("10.2.0.0/16", &network.prefix), 0);
	topo_network_add(lab.topo, lab_node(&lab, "site"), &network);
	lab_start(&lab, 1);
	struct rib *rib = world_rib(lab.world, lab_node(&lab, "gateway"));
	world_set_link(lab.world, link, WORLD_CUT, TOPO_NONE);
	assert_true(world_converge(lab.world, 600 * SECOND_NS));
	assert_null(rib_lookup(rib, ip_of_v4(0x0a020001)));
	run_for(&lab, STEADY_NS);
	world_set_link(lab.world, link, WORLD_UP, TOPO_NONE);
	assert_true(world_converge(lab.world, 600 * SECOND_NS));
	assert_tunnel(&lab, 0, true);
	assert_non_null(rib_lookup(rib, ip_of_v4(0x0a020001)));
	assert_steady(&lab);
	lab_end(&lab);
}

static void nobody_waits_for_timers_after_what_everybody_saw(void **state) {
	(void)state;
	struct lab lab;
	uint32_t link = build_tunnel(&lab);
	lab_start(&lab, 1);
	instant down = loop_now(lab.loop);
	world_set_link(lab.world, link, WORLD_DOWN, TOPO_NONE);
	assert_true(world_converge(lab.world, 600 * SECOND_NS));
	assert_true(instant_since(loop_now(lab.loop), down) < SECOND_NS);
	assert_tunnel(&lab, 0, false);
	assert_steady(&lab);
	lab_end(&lab);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_that_was_heard_until_the_other_gave_up_is_waited_for),
		cmocka_unit_test(an_end_that_is_not_told_of_a_link_further_on_is_waited_for),
		cmocka_unit_test(a_change_in_the_wake_of_a_cut_begins_the_wait_anew),
		cmocka_unit_test(a_session_across_a_router_is_waited_for_when_a_link_goes_down),
		cmocka_unit_test(a_neighbour_that_only_bgp_knows_a_way_to_is_not_talked_to),
		cmocka_unit_test(a_session_whose_packets_arrive_is_not_waited_for),
		cmocka_unit_test(a_session_that_can_come_up_again_is_waited_for),
		cmocka_unit_test(nobody_waits_for_timers_after_what_everybody_saw),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
