// What gateways learn becomes routes of the NICs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cloud/azure/azure_run.h"

static const struct fib_route *programmed(struct azure_run *r, const char *prefix) {
	return fib_layer_get(world_group_layer(r->world, 0), prefix_from(prefix));
}

static uint32_t link_named(const struct azure_run *r, const char *name) {
	uint32_t link = topo_find_link(r->t.topo, name);

	assert_int_not_equal(link, TOPO_NONE);
	return link;
}

static void a_learned_route_leads_to_every_msee_that_has_it(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	run_announce(&r, "192.168.7.0/24");
	run_power_on(&r);
	run_converge(&r);
	const struct fib_route *route = programmed(&r, "192.168.7.0/24");
	assert_non_null(route);
	assert_int_equal(route->hop_count, 2);
	assert_true(ip_equal(route->hops[0].via, ip_from("10.0.255.4")));
	assert_true(ip_equal(route->hops[1].via, ip_from("10.0.255.5")));
	assert_int_equal(route->hops[0].port, 0); // slot 0 of whichever subnet looks
	run_done(&r);
}

static void an_msee_without_its_link_leaves_the_set(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	run_announce(&r, "192.168.7.0/24");
	run_power_on(&r);
	run_converge(&r);
	world_set_link(r.world, link_named(&r, "ce--c-primary"), WORLD_DOWN, TOPO_NONE);
	run_converge(&r);
	assert_int_equal(programmed(&r, "192.168.7.0/24")->hop_count, 1);
	world_set_link(r.world, link_named(&r, "ce--c-secondary"), WORLD_DOWN, TOPO_NONE);
	run_converge(&r);
	assert_null(programmed(&r, "192.168.7.0/24"));
	world_set_link(r.world, link_named(&r, "ce--c-primary"), WORLD_UP, TOPO_NONE);
	world_set_link(r.world, link_named(&r, "ce--c-secondary"), WORLD_UP, TOPO_NONE);
	run_converge(&r);
	assert_int_equal(programmed(&r, "192.168.7.0/24")->hop_count, 2);
	run_done(&r);
}

static void programming_takes_its_time(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	r.t.model.switches.programming_delay_ns = 5 * SECOND_NS;
	run_announce(&r, "192.168.7.0/24");
	run_power_on(&r);
	loop_run_until(r.loop, (instant){4 * SECOND_NS});
	assert_int_equal(world_rib(r.world, node_named(&r.t, "er-in0")) != NULL, true);
	assert_non_null(
		rib_find(world_rib(r.world, node_named(&r.t, "er-in0")), prefix_from("192.168.7.0/24")));
	assert_null(programmed(&r, "192.168.7.0/24"));
	run_converge(&r);
	assert_non_null(programmed(&r, "192.168.7.0/24"));
	run_done(&r);
}

static void prefixes_of_the_network_itself_are_not_taken(void **state) {
	static const char *const prefixes[] = {"10.0.0.0/16", "10.0.7.0/24", "10.1.0.0/16"};

	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct azure_run r;
		run_start(&r);
		run_announce(&r, prefixes[i]);
		run_power_on(&r);
		run_converge(&r);
		assert_null(programmed(&r, prefixes[i]));
		run_done(&r);
	}
}

static const struct fib_route *own_row(
	struct azure_run *r, const char *subnet_port, const char *subnet, const char *prefix) {
	uint32_t table = r->t.topo->ports[port_named(&r->t, subnet, subnet_port)].table;

	return fib_layer_get(world_table_layer(r->world, table), prefix_from(prefix));
}

// AZ-NIC-8, AZ-X-15.
static void a_default_from_bgp_takes_internet_and_none_away_and_gives_them_back(void **state) {
	static const char *const weak[] = {"0.0.0.0/0", "10.0.0.0/8", "192.168.0.0/16"};
	struct azure_run r;

	(void)state;
	run_start(&r);
	run_announce(&r, "0.0.0.0/0");
	run_power_on(&r);
	run_converge(&r);
	for (size_t i = 0; i < 3; i++)
		assert_null(own_row(&r, "spoke-vm", "spoke/work", weak[i]));
	assert_non_null(own_row(&r, "spoke-vm", "spoke/work", "10.1.0.0/16"));
	world_set_link(r.world, link_named(&r, "ce--c-primary"), WORLD_DOWN, TOPO_NONE);
	world_set_link(r.world, link_named(&r, "ce--c-secondary"), WORLD_DOWN, TOPO_NONE);
	run_converge(&r);
	for (size_t i = 0; i < 3; i++)
		assert_true(own_row(&r, "spoke-vm", "spoke/work", weak[i])->not_a_source);
	run_done(&r);
}

// AZ-GW-8, AZ-ER-20: both gateways know the prefix, ExpressRoute by BGP and the VPN by its file.
static void expressroute_goes_first_and_the_vpn_takes_over(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	struct azure_local_gateway *local = add_local_gateway(&r.t, "lng", "198.51.100.1");
	local->address_space[local->address_space_count++] = prefix_from("192.168.7.0/24");
	add_connection(&r.t, "s2s", "IPsec", "vpn")->local_gateway = "lng";
	run_announce(&r, "192.168.7.0/24");
	run_power_on(&r);
	run_converge(&r);
	assert_true(ip_equal(programmed(&r, "192.168.7.0/24")->hops[0].via, ip_from("10.0.255.4")));
	world_set_link(r.world, link_named(&r, "er--c-primary"), WORLD_DOWN, TOPO_NONE);
	world_set_link(r.world, link_named(&r, "er--c-secondary"), WORLD_DOWN, TOPO_NONE);
	run_converge(&r);
	assert_int_equal(programmed(&r, "192.168.7.0/24")->hop_count, 1);
	assert_true(ip_equal(programmed(&r, "192.168.7.0/24")->hops[0].via, ip_from("10.0.255.14")));
	run_done(&r);
}

static void a_gateway_that_dies_leaves_no_routes(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	run_announce(&r, "192.168.7.0/24");
	run_power_on(&r);
	run_converge(&r);
	world_set_node(r.world, node_named(&r.t, "er-in0"), false);
	run_converge(&r);
	assert_int_equal(programmed(&r, "192.168.7.0/24")->hop_count, 2); // by the other instance
	world_set_node(r.world, node_named(&r.t, "er-in1"), false);
	run_converge(&r);
	assert_null(programmed(&r, "192.168.7.0/24"));
	run_done(&r);
}

static struct cloud_flow_verdict judge(struct azure_run *r, const char *source) {
	struct cloud_flow flow = {.source = ip_from(source),
		.destination = ip_from("10.1.0.4"),
		.protocol = PROTOCOL_TCP,
		.source_port = 1024,
		.destination_port = 80,
		.inbound = true};
	struct cloud_flow_verdict verdict;

	struct cloud_question at = {r->world, node_named(&r->t, "spoke-vm"), NULL, r->t.arena};
	assert_int_equal(r->t.cloud->ops->flow_verify(r->t.cloud, &at, &flow, &verdict), 0);
	return verdict;
}

// AZ-NSG-4.
static void what_is_learned_joins_the_tag_virtual_network(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	r.t.model.security_groups[0] = (struct azure_security_group){.name = "nsg"};
	r.t.model.security_group_count = 1;
	r.spoke->subnets[0].network_security_group = "nsg";
	run_announce(&r, "192.168.7.0/24");
	run_power_on(&r);
	assert_string_equal(judge(&r, "192.168.7.7").rule, "DefaultRule_DenyAllInBound");
	run_converge(&r);
	assert_string_equal(judge(&r, "192.168.7.7").rule, "DefaultRule_AllowVnetInBound");
	assert_true(judge(&r, "10.0.0.4").allowed);
	assert_false(judge(&r, "192.168.8.7").allowed);
	world_set_link(r.world, link_named(&r, "ce--c-primary"), WORLD_DOWN, TOPO_NONE);
	world_set_link(r.world, link_named(&r, "ce--c-secondary"), WORLD_DOWN, TOPO_NONE);
	run_converge(&r);
	assert_false(judge(&r, "192.168.7.7").allowed);
	run_done(&r);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_learned_route_leads_to_every_msee_that_has_it),
		cmocka_unit_test(an_msee_without_its_link_leaves_the_set),
		cmocka_unit_test(programming_takes_its_time),
		cmocka_unit_test(prefixes_of_the_network_itself_are_not_taken),
		cmocka_unit_test(a_default_from_bgp_takes_internet_and_none_away_and_gives_them_back),
		cmocka_unit_test(expressroute_goes_first_and_the_vpn_takes_over),
		cmocka_unit_test(a_gateway_that_dies_leaves_no_routes),
		cmocka_unit_test(what_is_learned_joins_the_tag_virtual_network),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
