// Subnets, segments and peerings as nodes, ports and links.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cloud/azure/azure_fixture.h"

struct hub_and_spoke {
	struct azure_test t;
	struct azure_vnet *hub, *spoke;
};

static void build(struct hub_and_spoke *f) {
	azure_test_start(&f->t);
	f->hub = add_vnet(&f->t, "hub", "10.0.0.0/16");
	f->spoke = add_vnet(&f->t, "spoke", "10.1.0.0/16");
	add_subnet(&f->t, f->hub, "work", "10.0.0.0/24");
	add_subnet(&f->t, f->hub, "GatewaySubnet", "10.0.255.0/27");
	add_subnet(&f->t, f->spoke, "work", "10.1.0.0/24");
	add_gateway(f->hub, "er", "ExpressRoute");
	add_transit(f->hub, f->spoke);
	add_machine(&f->t, "hub-vm", "hub/work", "10.0.0.4");
	add_machine(&f->t, "spoke-vm", "spoke/work", NULL);
}

static void slot_0_of_a_subnet_leads_towards_the_gateways(void **state) {
	static const struct {
		const char *subnet, *segment;
	} cases[] = {{"hub/work", "hub"}, {"hub/GatewaySubnet", "hub"}, {"spoke/work", "hub"}};
	struct hub_and_spoke f;

	(void)state;
	build(&f);
	azure_test_lower_well(&f.t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct topo_node *node = &f.t.topo->nodes[node_named(&f.t, cases[i].subnet)];
		const struct topo_port *port = &f.t.topo->ports[node->ports[0]];
		assert_string_equal(f.t.topo->links[port->link].name, cases[i].segment);
	}
	azure_test_done(&f.t);
}

static void a_subnet_is_no_hop(void **state) {
	struct hub_and_spoke f;

	(void)state;
	build(&f);
	azure_test_lower_well(&f.t);
	const struct topo_node *node = &f.t.topo->nodes[node_named(&f.t, "spoke/work")];
	assert_int_equal(node->kind, TOPO_FABRIC);
	assert_true(node->forwards);
	assert_false(node->decrements_ttl || node->sends_time_exceeded || node->answers_ping);
	azure_test_done(&f.t);
}

static void what_arrives_is_delivered_by_address_and_nothing_else(void **state) {
	struct hub_and_spoke f;

	(void)state;
	build(&f);
	azure_test_lower_well(&f.t);
	const struct topo_port *port = &f.t.topo->ports[port_named(&f.t, "hub/work", "hub")];
	assert_true(port->by_next_hop);
	const struct topo_table_route *row = row_of(&f.t, port->table, "10.0.0.4/32");
	assert_non_null(row);
	assert_int_equal(row->hops[0].port, port_named(&f.t, "hub/work", "hub-vm"));
	assert_int_equal(row_of(&f.t, port->table, "0.0.0.0/0")->drop, DROP_NO_HOST + 1);
	azure_test_done(&f.t);
}

static void shared_gateway_routes_are_one_layer_for_hub_and_spoke(void **state) {
	struct hub_and_spoke f;

	(void)state;
	build(&f);
	azure_test_lower_well(&f.t);
	const struct topo_port *hub = &f.t.topo->ports[port_named(&f.t, "hub/work", "hub-vm")];
	const struct topo_port *spoke = &f.t.topo->ports[port_named(&f.t, "spoke/work", "spoke-vm")];
	assert_int_equal(f.t.topo->group_count, 1);
	assert_int_equal(f.t.topo->tables[hub->table].group, 0);
	assert_int_equal(f.t.topo->tables[spoke->table].group, 0);
	azure_test_done(&f.t);
}

static void a_table_without_propagation_takes_no_gateway_routes(void **state) {
	struct hub_and_spoke f;

	(void)state;
	build(&f);
	add_table(&f.t, "rt")->disable_bgp_route_propagation = true;
	f.spoke->subnets[0].route_table = "rt";
	azure_test_lower_well(&f.t);
	const struct topo_port *port = &f.t.topo->ports[port_named(&f.t, "spoke/work", "spoke-vm")];
	assert_int_equal(f.t.topo->tables[port->table].group, TOPO_NONE);
	azure_test_done(&f.t);
}

static void a_subnet_without_prefix_owns_the_addresses_in_it(void **state) {
	struct hub_and_spoke f;

	(void)state;
	build(&f);
	f.hub->subnets[0].address_prefix_count = 0;
	azure_test_lower_well(&f.t);
	const struct topo_port *port = &f.t.topo->ports[port_named(&f.t, "hub/work", "hub")];
	const struct topo_end *end = &f.t.topo->links[port->link].ends[0];
	assert_int_equal(end->own_count, 1);
	assert_true(prefix_equal(end->owns[0], prefix_from("10.0.0.4/32")));
	azure_test_done(&f.t);
}

static void a_machine_gets_the_first_free_address(void **state) {
	struct hub_and_spoke f;

	(void)state;
	build(&f);
	add_machine(&f.t, "second", "spoke/work", "10.1.0.4");
	azure_test_lower_well(&f.t);
	const struct topo_node *node = &f.t.topo->nodes[node_named(&f.t, "spoke-vm")];
	assert_true(ip_equal(node->address, ip_from("10.1.0.5")));
	azure_test_done(&f.t);
}

static void a_peer_in_another_region_is_far(void **state) {
	struct hub_and_spoke f;

	(void)state;
	build(&f);
	f.hub->location = "region1";
	f.spoke->location = "region2";
	azure_test_lower_well(&f.t);
	const struct topo_port *port = &f.t.topo->ports[port_named(&f.t, "hub/work", "spoke")];
	const struct topo_link *link = &f.t.topo->links[port->link];
	for (size_t i = 0; i < link->end_count; i++) {
		if (link->ends[i].port == port_named(&f.t, "hub/work", "spoke"))
			assert_int_equal(link->ends[i].delay_ns, 20 * MS_NS);
	}
	azure_test_done(&f.t);
}

static bool passes(const struct topo_port *port, const char *from, const char *to) {
	struct flow_key key = {ip_from(from), ip_from(to), PROTOCOL_ICMP, false, 0, 0};

	for (size_t i = 0; i < port->filter_out_count; i++) {
		struct rule_list list = {port->filters_out[i].rules, port->filters_out[i].rule_count};
		ptrdiff_t hit = rule_list_match(&list, &key);
		if (hit >= 0 && list.rules[hit].verdict == RULE_DENY)
			return false;
	}
	return true;
}

static void the_receiving_half_decides_what_a_peering_lets_in(void **state) {
	static const struct {
		bool no_access, forwarded;
		const char *port, *source;
		bool passes;
	} cases[] = {
		{false, false, "hub/work", "10.0.0.4", true},
		{false, false, "hub/work", "192.168.1.1", false}, // AZ-PEER-5
		{false, true, "hub/work", "192.168.1.1", true},
		{true, true, "hub/work", "10.0.0.4", false}, // AZ-PEER-4
		{true, true, "hub/work", "192.168.1.1", true},
		{false, false, "hub/GatewaySubnet", "192.168.1.1", true}, // gateway transit
		{false, false, "hub/work", "fd00::1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hub_and_spoke f;
		build(&f);
		f.spoke->peerings[0].no_virtual_network_access = cases[i].no_access;
		f.spoke->peerings[0].allow_forwarded_traffic = cases[i].forwarded;
		azure_test_lower_well(&f.t);
		const struct topo_port *port = &f.t.topo->ports[port_named(&f.t, cases[i].port, "spoke")];
		bool v4 = ip_is_v4(ip_from(cases[i].source));
		assert_int_equal(
			passes(port, cases[i].source, v4 ? "10.1.0.4" : "fd00::2"), cases[i].passes);
		azure_test_done(&f.t);
	}
}

static void a_nic_without_forwarding_only_passes_its_own_address(void **state) {
	struct hub_and_spoke f;

	(void)state;
	build(&f);
	add_machine(&f.t, "nva", "hub/work", "10.0.0.9")->nics[0].enable_ip_forwarding = true;
	azure_test_lower_well(&f.t);
	const struct topo_port *plain = &f.t.topo->ports[port_named(&f.t, "hub/work", "hub-vm")];
	const struct topo_port *nva = &f.t.topo->ports[port_named(&f.t, "hub/work", "nva")];
	assert_int_equal(plain->filters_out[0].drop, DROP_NOT_FORWARDING);
	assert_true(passes(plain, "10.1.0.4", "10.0.0.4"));
	assert_false(passes(plain, "10.1.0.4", "10.0.0.5"));
	assert_true(passes(nva, "10.1.0.4", "10.0.0.5"));
	assert_true(f.t.topo->nodes[node_named(&f.t, "nva")].decrements_ttl);
	assert_false(f.t.topo->nodes[node_named(&f.t, "hub-vm")].forwards);
	azure_test_done(&f.t);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slot_0_of_a_subnet_leads_towards_the_gateways),
		cmocka_unit_test(a_subnet_is_no_hop),
		cmocka_unit_test(what_arrives_is_delivered_by_address_and_nothing_else),
		cmocka_unit_test(shared_gateway_routes_are_one_layer_for_hub_and_spoke),
		cmocka_unit_test(a_table_without_propagation_takes_no_gateway_routes),
		cmocka_unit_test(a_subnet_without_prefix_owns_the_addresses_in_it),
		cmocka_unit_test(a_machine_gets_the_first_free_address),
		cmocka_unit_test(a_peer_in_another_region_is_far),
		cmocka_unit_test(the_receiving_half_decides_what_a_peering_lets_in),
		cmocka_unit_test(a_nic_without_forwarding_only_passes_its_own_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
