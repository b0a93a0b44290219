// What Azure refuses: each case breaks one rule of a network that is otherwise right, and the
// message has to name what is wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cloud/azure/azure_fixture.h"

struct network {
	struct azure_test t;
	struct azure_vnet *hub, *spoke, *other;
	struct azure_gateway *er, *vpn;
	struct azure_route_table *table;
	struct azure_connection *to_circuit, *to_site;
	struct azure_local_gateway *site;
	struct azure_circuit *circuit;
};

static void build(struct network *n) {
	azure_test_start(&n->t);
	n->hub = add_vnet(&n->t, "hub", "10.0.0.0/16");
	n->spoke = add_vnet(&n->t, "spoke", "10.1.0.0/16");
	n->other = add_vnet(&n->t, "other", "10.2.0.0/16");
	add_subnet(&n->t, n->hub, "work", "10.0.0.0/24");
	add_subnet(&n->t, n->hub, "GatewaySubnet", "10.0.255.0/27");
	add_subnet(&n->t, n->spoke, "work", "10.1.0.0/24");
	add_subnet(&n->t, n->other, "GatewaySubnet", "10.2.255.0/27");
	n->er = add_gateway(n->hub, "er", "ExpressRoute");
	n->vpn = add_gateway(n->hub, "vpn", "Vpn");
	add_gateway(n->other, "far", "Vpn")->asn = 65010;
	add_transit(n->hub, n->spoke);
	n->table = add_table(&n->t, "rt");
	n->circuit = add_circuit(&n->t, "c");
	n->to_circuit = add_connection(&n->t, "to-c", "ExpressRoute", "er");
	n->to_circuit->circuit = "c";
	n->site = add_local_gateway(&n->t, "site", "198.51.100.1");
	n->to_site = add_connection(&n->t, "to-site", "IPsec", "vpn");
	n->to_site->local_gateway = "site";
	add_machine(&n->t, "vm", "hub/work", "10.0.0.4");
}

static void nothing(struct network *n) {
	(void)n;
}

static void overlapping_ranges(struct network *n) {
	n->hub->address_space[n->hub->address_space_count++] = prefix_from("10.0.128.0/17");
}

static void overlapping_subnets(struct network *n) {
	add_subnet(&n->t, n->hub, "more", "10.0.0.128/25");
}

static void subnet_outside(struct network *n) {
	add_subnet(&n->t, n->hub, "more", "10.9.0.0/24");
}

static void overlapping_peers(struct network *n) {
	n->spoke->address_space[n->spoke->address_space_count++] = prefix_from("10.0.7.0/24");
}

static void one_sided(struct network *n) {
	add_half(n->spoke, n->other);
}

static void unknown_peer(struct network *n) {
	n->spoke->peerings[0].remote = "hubb";
}

static void two_remote_gateways(struct network *n) {
	add_transit(n->other, n->spoke);
}

static void gateway_and_remote(struct network *n) {
	add_subnet(&n->t, n->spoke, "GatewaySubnet", "10.1.255.0/27");
	add_gateway(n->spoke, "own", "Vpn");
}

static void no_transit(struct network *n) {
	n->hub->peerings[0].allow_gateway_transit = false;
}

static void hub_without_gateway(struct network *n) {
	struct azure_vnet *lone = add_vnet(&n->t, "lone", "10.3.0.0/16");
	n->spoke->peering_count = 0;
	n->hub->peering_count = 0;
	add_transit(lone, n->spoke);
}

static void two_gateways(struct network *n) {
	add_gateway(n->hub, "vpn2", "Vpn");
}

static void no_gateway_subnet(struct network *n) {
	n->other->subnets[0].name = "Gateway";
}

static void reserved_address(struct network *n) {
	n->t.model.machines[0].nics[0].addresses[0] = ip_from("10.0.0.3");
}

static void broadcast_address(struct network *n) {
	n->t.model.machines[0].nics[0].addresses[0] = ip_from("10.0.0.255");
}

static void address_elsewhere(struct network *n) {
	n->t.model.machines[0].nics[0].addresses[0] = ip_from("10.1.0.4");
}

static void address_twice(struct network *n) {
	add_machine(&n->t, "vm2", "hub/work", "10.0.0.4");
}

static void name_twice(struct network *n) {
	add_machine(&n->t, "vm", "hub/work", NULL);
}

static void name_of_an_instance(struct network *n) {
	add_machine(&n->t, "er-in0", "hub/work", NULL);
}

static void unknown_subnet(struct network *n) {
	add_machine(&n->t, "vm2", "hub/wrk", NULL);
}

static void unknown_table(struct network *n) {
	n->hub->subnets[0].route_table = "tr";
}

static void propagation_off_at_gateways(struct network *n) {
	n->table->disable_bgp_route_propagation = true;
	n->hub->subnets[1].route_table = "rt";
}

static void default_at_gateways(struct network *n) {
	add_route(n->table, "all", "0.0.0.0/0", "Internet");
	n->hub->subnets[1].route_table = "rt";
}

static void peering_as_next_hop(struct network *n) {
	add_route(n->table, "p", "10.9.0.0/16", "VNetPeering");
}

static void appliance_without_address(struct network *n) {
	add_route(n->table, "p", "10.9.0.0/16", "VirtualAppliance");
}

static void address_without_appliance(struct network *n) {
	add_route(n->table, "p", "10.9.0.0/16", "None")->next_hop = ip_from("10.0.0.9");
}

static void same_prefix_twice(struct network *n) {
	add_route(n->table, "a", "10.9.0.0/16", "None");
	add_route(n->table, "b", "10.9.0.0/16", "Internet");
}

static void gateway_of_both_types(struct network *n) {
	add_route(n->table, "g", "10.9.0.0/16", "VirtualNetworkGateway");
	n->hub->subnets[0].route_table = "rt";
}

static void reserved_asn(struct network *n) {
	n->vpn->asn = 65517;
}

static void asn_of_expressroute(struct network *n) {
	n->er->asn = 65010;
}

static void site_with_reserved_asn(struct network *n) {
	n->site->asn = 65515;
	n->site->bgp_peering_address = ip_from("192.168.0.1");
}

static void site_without_peer_address(struct network *n) {
	n->site->asn = 65010;
}

static void bgp_without_asn(struct network *n) {
	n->to_site->enable_bgp = true;
}

static void bgp_between_equal_asns(struct network *n) {
	n->vpn->asn = 65010;
	struct azure_connection *connection = add_connection(&n->t, "v", "Vnet2Vnet", "vpn");
	connection->gateway2 = "far";
	connection->enable_bgp = true;
}

static void circuit_at_vpn(struct network *n) {
	n->to_circuit->gateway1 = "vpn";
}

static void connection_without_end(struct network *n) {
	n->to_site->local_gateway = NULL;
}

static void circuit_twice(struct network *n) {
	add_connection(&n->t, "again", "ExpressRoute", "er")->circuit = "c";
}

static void wide_circuit_link(struct network *n) {
	n->circuit->links[0].peer_prefix = prefix_from("172.16.0.0/29");
}

static void wide_circuit_link6(struct network *n) {
	n->circuit->links[1].peer_prefix6 = prefix_from("fd00::/125");
}

static void circuit_link6_of_v4(struct network *n) {
	n->circuit->links[0].peer_prefix6 = prefix_from("172.16.9.0/30");
}

static void two_circuit_links6(struct network *n) {
	n->circuit->links[0].peer_prefix = prefix_from("fd00::/126");
	n->circuit->links[0].peer_prefix6 = prefix_from("fd00::4/126");
}

static struct azure_security_rule *rule(struct network *n, const char *name, uint32_t priority) {
	if (n->t.model.security_group_count == 0) {
		n->t.model.security_groups[0] = (struct azure_security_group){
			.name = "nsg", .rules = ROOM_FOR(&n->t, struct azure_security_rule)};
		n->t.model.security_group_count = 1;
	}
	struct azure_security_group *nsg = &n->t.model.security_groups[0];
	struct azure_security_rule *made = &nsg->rules[nsg->rule_count++];
	*made = (struct azure_security_rule){.name = name,
		.priority = priority,
		.direction = "Inbound",
		.access = "Allow",
		.protocol = "*"};
	return made;
}

static void priority_out_of_range(struct network *n) {
	rule(n, "a", 99);
}

static void priority_twice(struct network *n) {
	rule(n, "a", 100);
	rule(n, "b", 100);
}

static void unknown_tag(struct network *n) {
	static const char *words[] = {"Storage.WestEurope"};
	struct azure_security_rule *made = rule(n, "a", 100);
	made->sources = words;
	made->source_count = 1;
}

static void bad_port(struct network *n) {
	static const char *words[] = {"90-80"};
	struct azure_security_rule *made = rule(n, "a", 100);
	made->destination_ports = words;
	made->destination_port_count = 1;
}

static const struct {
	void (*breaks)(struct network *);
	const char *says; // NULL: nothing
} cases[] = {
	{nothing, NULL},
	{overlapping_ranges, "ranges 10.0.0.0/16 and 10.0.128.0/17 of hub overlap"},
	{overlapping_subnets, "subnet more (10.0.0.128/25) overlaps subnet work"},
	{subnet_outside, "subnet more: 10.9.0.0/24 is outside the address space of hub"},
	{overlapping_peers, "hub (10.0.0.0/16) and spoke (10.0.7.0/24) can't be peered"},
	{one_sided, "lacks its other half: add a peering to spoke in other"},
	{unknown_peer, "there is no virtualNetwork \"hubb\" to peer with; did you mean \"hub\"?"},
	{two_remote_gateways, "spoke already uses the gateways of hub"},
	{gateway_and_remote, "spoke has a gateway of its own"},
	{no_transit, "needs allowGatewayTransit in the peering of hub to it"},
	{hub_without_gateway, "useRemoteGateways of spoke: lone has no gateway"},
	{two_gateways, "hub already has a gateway of type Vpn, vpn"},
	{no_gateway_subnet, "other has no subnet named GatewaySubnet"},
	{reserved_address, "10.0.0.3 of vm is one of the five addresses"},
	{broadcast_address, "10.0.0.255 of vm is one of the five addresses"},
	{address_elsewhere, "10.1.0.4 of vm is outside subnet hub/work (10.0.0.0/24)"},
	{address_twice, "10.0.0.4 of vm2 is in use already in hub"},
	{name_twice, "there is already a virtualMachine named \"vm\""},
	{name_of_an_instance, "the name \"er-in0\" is taken"},
	{unknown_subnet, "there is no subnet \"hub/wrk\"; did you mean \"hub/work\"?"},
	{unknown_table, "there is no routeTable \"tr\""},
	{propagation_off_at_gateways, "can't be used on GatewaySubnet"},
	{default_at_gateways, "a default route on the GatewaySubnet of hub"},
	{peering_as_next_hop, "route p: next hop VNetPeering can't be used in a route"},
	{appliance_without_address, "route p: next hop VirtualAppliance needs nextHopIpAddress"},
	{address_without_appliance, "route p: nextHopIpAddress goes with VirtualAppliance only"},
	{same_prefix_twice, "routes a and b are both for 10.9.0.0/16"},
	{gateway_of_both_types, "can't be used where hub has both gateway types"},
	{reserved_asn, "vpn: AS 65517 is reserved"},
	{asn_of_expressroute, "er: an ExpressRoute gateway always has AS 65515"},
	{site_with_reserved_asn, "site: AS 65515 is reserved"},
	{site_without_peer_address, "site has an asn but no bgpPeeringAddress"},
	{bgp_without_asn, "connection to-site has enableBgp, but localNetworkGateway site has no asn"},
	{bgp_between_equal_asns, "vpn and far both have AS 65010"},
	{circuit_at_vpn, "connection to-c of type ExpressRoute can't end at vpn"},
	{connection_without_end, "connection to-site of type IPsec needs localNetworkGateway2"},
	{circuit_twice, "connections to-c and again both join er to circuit c"},
	{wide_circuit_link, "c: the primary link is 172.16.0.0/29; it has to be a /30"},
	{wide_circuit_link6, "c: ipv6PeeringConfig of the secondary link is fd00::/125; it has to be"},
	{circuit_link6_of_v4, "c: ipv6PeeringConfig of the primary link is 172.16.9.0/30; it has to"},
	{two_circuit_links6, "c: the primary link has two IPv6 prefixes"},
	{priority_out_of_range, "rule a: priority 99 is not in 100 to 4096"},
	{priority_twice, "rule b: priority 100 is taken by rule a"},
	{unknown_tag, "rule a: \"Storage.WestEurope\" is neither a prefix nor one of"},
	{bad_port, "rule a: \"90-80\" is not a port"},
};

static bool has_message(const struct azure_test *t, const char *says) {
	for (size_t i = 0; i < diagnostics_count(t->mistakes); i++) {
		if (strstr(diagnostics_at(t->mistakes, i)->text, says))
			return true;
	}
	return false;
}

static void every_mistake_is_named(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n;
		build(&n);
		cases[i].breaks(&n);
		azure_test_lower(&n.t);
		if (!cases[i].says)
			assert_int_equal(diagnostics_error_count(n.t.mistakes), 0);
		else if (!has_message(&n.t, cases[i].says))
			fail_msg("case %zu: no message \"%s\" but \"%s\"", i, cases[i].says,
				diagnostics_count(n.t.mistakes) ? diagnostics_at(n.t.mistakes, 0)->text : "");
		azure_test_done(&n.t);
	}
}

static void a_broken_model_is_not_lowered_at_all(void **state) {
	struct network n;

	(void)state;
	build(&n);
	subnet_outside(&n);
	azure_test_lower(&n.t);
	assert_int_equal(n.t.topo->node_count, 0);
	azure_test_done(&n.t);
}

static void gateways_that_share_a_circuit_get_a_lint(void **state) {
	struct network n;

	(void)state;
	build(&n);
	n.other->gateways[0] = (struct azure_gateway){.name = "far", .gateway_type = "ExpressRoute"};
	add_connection(&n.t, "far-c", "ExpressRoute", "far")->circuit = "c";
	n.er->allow_remote_vnet_traffic = true;
	azure_test_lower_well(&n.t);
	assert_true(has_message(&n.t, "far shares circuit c with another gateway"));
	assert_false(has_message(&n.t, "er shares circuit c"));
	azure_test_done(&n.t);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_is_named),
		cmocka_unit_test(a_broken_model_is_not_lowered_at_all),
		cmocka_unit_test(gateways_that_share_a_circuit_get_a_lint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
