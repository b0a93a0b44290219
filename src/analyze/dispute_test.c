#include "analyze/dispute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "analyze/analyze_test_support.h"

// The best known network that has no stable state: three ASes round an origin, each of which likes
// the way through its right-hand neighbour better than its own, as long as that one goes straight.
#define RING 3

static struct policy_term through_neighbor = {
	.as_path_regex = "^[0-9]+ [0-9]+$",
	.set_flags = POLICY_SET_LOCAL_PREFERENCE,
	.local_preference = 200,
	.verdict = POLICY_ACCEPT,
};

static void join(
	struct lab *lab, const uint32_t nodes[2], const uint32_t asns[2], unsigned number) {
	char address[2][32];
	uint32_t ports[2];

	for (unsigned side = 0; side < 2; side++) {
		snprintf(address[side], sizeof(address[side]), "10.9.%u.%u/31", number, side);
		ports[side] = lab_port(lab, nodes[side], address[side], 0);
	}
	lab_link(lab, ports[0], ports[1], MS_NS);
	lab_bgp(lab, ports[0], asns[0], ports[1], asns[1]);
}

// What `node` hears from `peer` passes the ring's policy; or, without one, nothing does.
static void set_import(struct lab *lab, uint32_t asn, uint32_t node, bool likes) {
	for (size_t i = 0; i < lab->topo->neighbor_count; i++) {
		struct topo_neighbor *neighbor = &lab->topo->neighbors[i];
		if (neighbor->node != node || neighbor->remote_asn != asn)
			continue;
		neighbor->import = likes ? &through_neighbor : NULL;
		neighbor->import_count = likes;
		neighbor->import_default_deny = true;
	}
}

static void build_gadget(struct lab *lab) {
	uint32_t origin;
	uint32_t ring[RING];
	static const char *const names[] = {"one", "two", "three"};

	lab_begin(lab);
	origin = lab_router(lab, "origin", NULL);
	for (uint32_t i = 0; i < RING; i++) {
		ring[i] = lab_router(lab, names[i], NULL);
		join(lab, (uint32_t[]){ring[i], origin}, (uint32_t[]){65001 + i, 65000}, i);
	}
	for (uint32_t i = 0; i < RING; i++) {
		uint32_t right = (i + 1) % RING;
		join(lab, (uint32_t[]){ring[i], ring[right]}, (uint32_t[]){65001 + i, 65001 + right},
			RING + i);
		set_import(lab, 65001 + right, ring[i], true);
		set_import(lab, 65001 + i, ring[right], false);
	}
	struct topo_network network = {.always = true};
	assert_int_equal(prefix_parse("10.1.0.0/16", &network.prefix), 0);
	topo_network_add(lab->topo, origin, &network);
	topo_finish(lab->topo);
	lab->loop = loop_new(&lab->clock, 1);
	lab->world = world_new(lab->topo, lab->loop);
	world_start(lab->world);
}

static void a_ring_of_wishes_goes_round_and_is_named(void **state) {
	struct arena *arena = arena_new();
	struct dispute dispute;
	struct lab lab;

	(void)state;
	build_gadget(&lab);
	assert_false(world_converge(lab.world, 60 * SECOND_NS));
	assert_true(dispute_find(lab.world, arena, &dispute));
	assert_true(dispute.is_cycle);
	assert_true(dispute.period_ns > 0);
	assert_int_equal(dispute.route_count, RING);
	for (size_t i = 0; i < RING; i++) {
		assert_true(dispute.routes[i].changes > 1);
		assert_int_equal(dispute.routes[i].choice_count, 2);
	}
	lab_end(&lab);
	arena_free(arena);
}

static void a_settled_network_has_no_dispute(void **state) {
	struct arena *arena = arena_new();
	struct dispute dispute;
	struct lab lab;

	(void)state;
	diamond_begin(&lab);
	lab_start(&lab, 1);
	assert_false(dispute_find(lab.world, arena, &dispute));
	assert_int_equal(dispute.route_count, 0);
	lab_end(&lab);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_of_wishes_goes_round_and_is_named),
		cmocka_unit_test(a_settled_network_has_no_dispute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
