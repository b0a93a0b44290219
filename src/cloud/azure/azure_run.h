// A hub with a spoke, an ExpressRoute and a VPN gateway, one circuit and its customer edge, brought
// to life: for tests of what Azure does at run time.
#pragma once

#include "cloud/azure/azure_fixture.h"
#include "loop/clock.h"
#include "loop/loop.h"
#include "topo/site.h"

#define RUN_LIMIT_NS (600 * SECOND_NS)

struct azure_run {
	struct azure_test t;
	struct azure_vnet *hub, *spoke;
	struct azure_gateway *er, *vpn;
	struct site site;
	struct site_router *ce;
	struct clock clock;
	struct loop *loop;
	struct world *world;
};

// What the customer edge announces, as discard routes it redistributes.
static inline void run_announce(struct azure_run *r, const char *prefix) {
	r->ce->statics[r->ce->static_count++] =
		(struct site_static){.prefix = prefix_from(prefix), .discard = true};
}

static inline void run_add_edge(struct azure_run *r) {
	static const char *names[] = {"c0", "c1"};
	static const char *circuits[] = {"c/primary", "c/secondary"};
	static const char *redistribute[] = {"static"};
	static const char *addresses[] = {"172.16.0.1", "172.16.0.5"};
	static const char *peers[] = {"172.16.0.2", "172.16.0.6"};
	struct arena *arena = r->t.arena;

	r->ce = ARENA_NEW(arena, struct site_router);
	*r->ce = (struct site_router){.name = "ce", .igp_off = true};
	r->ce->interfaces = ARENA_ARRAY(arena, struct site_interface, 2);
	r->ce->interface_count = 2;
	r->ce->statics = ARENA_ARRAY(arena, struct site_static, AZURE_TEST_ROOM);
	r->ce->bgp = (struct site_bgp){.given = true,
		.asn = 65001,
		.redistribute = redistribute,
		.redistribute_count = 1,
		.neighbors = ARENA_ARRAY(arena, struct site_neighbor, 2),
		.neighbor_count = 2};
	for (size_t i = 0; i < 2; i++) {
		struct topo_address *address = ARENA_NEW(arena, struct topo_address);
		address->address = ip_from(addresses[i]);
		address->network = prefix_of(address->address, PREFIX_V4_BITS + 30);
		r->ce->interfaces[i] = (struct site_interface){
			.name = names[i], .addresses = address, .address_count = 1, .circuit = circuits[i]};
		r->ce->bgp.neighbors[i] = (struct site_neighbor){.address = ip_from(peers[i]),
			.remote_asn = 12076,
			.local_preference = -1,
			.weight = -1};
	}
	r->site = (struct site){.name = "site", .routers = r->ce, .router_count = 1};
}

static inline void run_start(struct azure_run *r) {
	*r = (struct azure_run){0};
	azure_test_start(&r->t);
	r->hub = add_vnet(&r->t, "hub", "10.0.0.0/16");
	r->spoke = add_vnet(&r->t, "spoke", "10.1.0.0/16");
	add_subnet(&r->t, r->hub, "work", "10.0.0.0/24");
	add_subnet(&r->t, r->hub, "GatewaySubnet", "10.0.255.0/27");
	add_subnet(&r->t, r->spoke, "work", "10.1.0.0/24");
	add_transit(r->hub, r->spoke);
	r->er = add_gateway(r->hub, "er", "ExpressRoute");
	r->vpn = add_gateway(r->hub, "vpn", "Vpn");
	add_circuit(&r->t, "c");
	add_connection(&r->t, "to-c", "ExpressRoute", "er")->circuit = "c";
	add_machine(&r->t, "hub-vm", "hub/work", "10.0.0.4");
	add_machine(&r->t, "spoke-vm", "spoke/work", "10.1.0.4");
	run_add_edge(r);
}

static inline void run_power_on(struct azure_run *r) {
	struct names *ports = names_new();

	site_lower(&r->site, 1, r->t.topo, ports, r->t.mistakes);
	names_free(ports);
	azure_test_lower_well(&r->t);
	clock_init_virtual(&r->clock);
	r->loop = loop_new(&r->clock, 1);
	r->world = world_new(r->t.topo, r->loop);
	r->t.cloud->ops->attach(r->t.cloud, r->world);
	world_start(r->world);
}

static inline void run_converge(struct azure_run *r) {
	instant now = loop_now(r->loop);

	assert_true(world_converge(r->world, now.ns + RUN_LIMIT_NS));
}

static inline void run_done(struct azure_run *r) {
	world_free(r->world);
	azure_test_done(&r->t);
	loop_free(r->loop);
}

static inline size_t run_rows(
	struct azure_run *r, const char *machine, struct cloud_route_row **rows) {
	size_t count = 0;

	struct cloud_question at = {r->world, node_named(&r->t, machine), NULL, r->t.arena};

	assert_int_equal(r->t.cloud->ops->effective_routes(r->t.cloud, &at, rows, &count), 0);
	return count;
}

// The n-th row of the prefix, NULL when there are fewer.
static inline const struct cloud_route_row *run_row(
	struct azure_run *r, const char *machine, const char *prefix, size_t n) {
	struct cloud_route_row *rows;
	size_t count = run_rows(r, machine, &rows);

	for (size_t i = 0; i < count; i++) {
		if (prefix_equal(rows[i].prefix, prefix_from(prefix)) && n-- == 0)
			return &rows[i];
	}
	return NULL;
}
