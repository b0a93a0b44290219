// Gateways and MSEEs as nodes, links and sessions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cloud/azure/azure_fixture.h"
#include "cloud/azure/gateway_int.h"

struct network {
	struct azure_test t;
	struct azure_vnet *hub;
	struct azure_gateway *er, *vpn;
	struct azure_connection *to_circuit;
};

static void build(struct network *n) {
	azure_test_start(&n->t);
	n->hub = add_vnet(&n->t, "hub", "10.0.0.0/16");
	add_subnet(&n->t, n->hub, "GatewaySubnet", "10.0.255.0/27");
	struct azure_vnet *spoke = add_vnet(&n->t, "spoke", "10.1.0.0/16");
	add_subnet(&n->t, spoke, "work", "10.1.0.0/24");
	add_transit(n->hub, spoke);
	n->er = add_gateway(n->hub, "er", "ExpressRoute");
	n->vpn = add_gateway(n->hub, "vpn", "Vpn");
	n->vpn->active_active = true;
	add_circuit(&n->t, "c");
	n->to_circuit = add_connection(&n->t, "to-c", "ExpressRoute", "er");
	n->to_circuit->circuit = "c";
}

static const struct topo_neighbor *session(
	const struct azure_test *t, const char *node, const char *remote) {
	for (size_t i = 0; i < t->topo->neighbor_count; i++) {
		const struct topo_neighbor *neighbor = &t->topo->neighbors[i];
		if (neighbor->node == node_named(t, node) && ip_equal(neighbor->remote, ip_from(remote)))
			return neighbor;
	}
	return NULL;
}

static struct ip address_of(const struct azure_test *t, const char *node, const char *port) {
	return t->topo->ports[port_named(t, node, port)].addresses[0].address;
}

// AZ-GW-2.
static void gateways_share_the_gateway_subnet(void **state) {
	static const struct {
		bool has_er, has_vpn;
		const char *node, *address;
	} cases[] = {
		{true, true, "er-in0", "10.0.255.12"},
		{true, true, "er-in1", "10.0.255.13"},
		{true, true, "vpn-in0", "10.0.255.14"},
		{true, true, "vpn-in1", "10.0.255.15"},
		{true, false, "er-in1", "10.0.255.13"},
		{false, true, "vpn-in0", "10.0.255.4"},
		{false, true, "vpn-in1", "10.0.255.5"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n;
		build(&n);
		if (!cases[i].has_vpn)
			n.hub->gateway_count = 1;
		if (!cases[i].has_er) {
			n.hub->gateways[0] = n.hub->gateways[1];
			n.hub->gateway_count = 1;
			n.t.model.connection_count = 0;
		}
		azure_test_lower_well(&n.t);
		assert_true(ip_equal(address_of(&n.t, cases[i].node, "vnet"), ip_from(cases[i].address)));
		azure_test_done(&n.t);
	}
}

static void each_circuit_gets_its_pair_of_tunnel_endpoints(void **state) {
	struct network n;

	(void)state;
	build(&n);
	struct azure_circuit *second = add_circuit(&n.t, "d");
	second->links[0].peer_prefix = prefix_from("172.16.0.8/30");
	second->links[1].peer_prefix = prefix_from("172.16.0.12/30");
	add_connection(&n.t, "to-d", "ExpressRoute", "er")->circuit = "d";
	azure_test_lower_well(&n.t);
	assert_true(ip_equal(address_of(&n.t, "c-primary", "hub"), ip_from("10.0.255.4")));
	assert_true(ip_equal(address_of(&n.t, "c-secondary", "hub"), ip_from("10.0.255.5")));
	assert_true(ip_equal(address_of(&n.t, "d-primary", "hub"), ip_from("10.0.255.6")));
	azure_test_done(&n.t);
}

// AZ-ER-1, AZ-ER-2: over the same links, between addresses at the same offsets.
static void both_families_have_a_session_each(void **state) {
	struct network n;

	(void)state;
	for (int has_subnet = 0; has_subnet < 2; has_subnet++) {
		for (int has_circuit = 0; has_circuit < 2; has_circuit++) {
			build(&n);
			n.hub->address_space[n.hub->address_space_count++] = prefix_from("fd00:10::/48");
			struct azure_subnet *subnet = &n.hub->subnets[0];
			if (has_subnet)
				subnet->address_prefixes[subnet->address_prefix_count++] =
					prefix_from("fd00:10:0:ff::/64");
			if (has_circuit)
				n.t.model.circuits[0].links[0].peer_prefix6 = prefix_from("fd00:c::/126");
			azure_test_lower_well(&n.t);
			bool has = has_subnet && has_circuit;
			assert_non_null(session(&n.t, "er-in0", "10.0.255.4"));
			assert_int_equal(session(&n.t, "er-in0", "fd00:10:0:ff::4") != NULL, has);
			assert_int_equal(session(&n.t, "er-in1", "fd00:10:0:ff::5") != NULL, has);
			assert_int_equal(session(&n.t, "c-primary", "fd00:10:0:ff::c") != NULL, has);
			assert_null(session(&n.t, "vpn-in0", "fd00:10:0:ff::c"));
			bool warns = diagnostics_count(n.t.mistakes) > 0 &&
				strstr(diagnostics_at(n.t.mistakes, 0)->text, "GatewaySubnet has no IPv6 prefix");
			assert_int_equal(warns, has_circuit && !has_subnet);
			azure_test_done(&n.t);
		}
	}
}

static void a_connection_is_two_links_that_share_their_fate(void **state) {
	struct network n;

	(void)state;
	build(&n);
	azure_test_lower_well(&n.t);
	uint32_t inbound = topo_find_link(n.t.topo, "er--c-primary");
	uint32_t outbound = topo_find_link(n.t.topo, "hub/GatewaySubnet--c-primary");
	assert_int_equal(n.t.topo->links[inbound].end_count, 3);
	assert_true(n.t.topo->links[inbound].can_fail);
	assert_false(n.t.topo->links[outbound].can_fail);
	assert_int_equal(n.t.topo->links[outbound].ends[0].rides_on, inbound);
	assert_int_equal(n.t.topo->links[outbound].ends[1].rides_on, inbound);
	azure_test_done(&n.t);
}

static void sessions_are_those_azure_has(void **state) {
	static const struct {
		const char *node, *remote;
		uint32_t asn, weight;
		uint16_t hold_s;
		bool is_there;
	} cases[] = {
		{"er-in0", "10.0.255.4", 12076, 32779, 60, true},
		{"er-in1", "10.0.255.5", 12076, 32779, 60, true},
		{"er-in0", "10.0.255.14", 65515, 32768, 0, true},
		{"er-in0", "10.0.255.13", 0, 0, 0, false}, // instances of one ExpressRoute gateway
		{"vpn-in0", "10.0.255.15", 65515, 32768, 0, true},
		{"vpn-in1", "10.0.255.12", 65515, 32769, 0, true},
		{"c-primary", "10.0.255.12", 65515, 0, 60, true},
	};
	struct network n;

	(void)state;
	build(&n);
	n.to_circuit->routing_weight = 10; // AZ-GW-5
	azure_test_lower_well(&n.t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct topo_neighbor *found = session(&n.t, cases[i].node, cases[i].remote);
		assert_int_equal(found != NULL, cases[i].is_there);
		if (!found)
			continue;
		assert_int_equal(found->remote_asn, cases[i].asn);
		assert_int_equal(found->weight, cases[i].weight);
		assert_int_equal(found->hold_s, cases[i].hold_s);
	}
	assert_true(session(&n.t, "c-primary", "10.0.255.12")->as_override); // AZ-X-2
	azure_test_done(&n.t);
}

static void a_vpn_gateway_with_an_as_of_its_own_has_no_internal_session(void **state) {
	struct network n;

	(void)state;
	build(&n);
	n.vpn->asn = 65010;
	azure_test_lower_well(&n.t);
	assert_null(session(&n.t, "vpn-in0", "10.0.255.12"));
	azure_test_done(&n.t);
}

static enum policy_verdict export(const struct topo_neighbor *neighbor, enum azure_tag tag) {
	for (size_t i = 0; i < neighbor->export_count; i++){
		const struct policy_term *term = &neighbor->export[i];
		if ((term->match_flags & POLICY_MATCH_TAG) && term->match_tag == tag) return term->verdict;}
return neighbor->export_default_deny ? POLICY_REJECT : POLICY_ACCEPT;
}

// AZ-GW-6b, AZ-GW-7, AZ-X-7, AZ-X-8, AZ-X-10.
static void what_came_through_one_type_never_leaves_through_the_other(void **state) {
	static const struct {
		const char *node, *remote;
		enum azure_tag tag;
		bool leak, passes;
	} cases[] = {
		{"er-in0", "10.0.255.4", TAG_RANGE, false, true},
		{"er-in0", "10.0.255.4", TAG_OTHER, false, false},
		{"er-in0", "10.0.255.4", TAG_CIRCUIT, true, false},
		{"er-in0", "10.0.255.14", TAG_RANGE, false, true},
		{"er-in0", "10.0.255.14", TAG_CIRCUIT, false, false},
		{"er-in0", "10.0.255.14", TAG_CIRCUIT, true, true},
		{"vpn-in0", "10.0.255.12", TAG_RANGE, false, false},
		{"vpn-in0", "10.0.255.12", TAG_BRANCH, false, true},
		{"vpn-in0", "10.0.255.12", TAG_PEER_HOST, false, false},
		{"vpn-in0", "10.0.255.15", TAG_PEER_HOST, false, true},
		{"vpn-in0", "10.0.255.15", TAG_OTHER, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n;
		build(&n);
		n.er->leak_er_to_vpn = cases[i].leak;
		azure_test_lower_well(&n.t);
		const struct topo_neighbor *found = session(&n.t, cases[i].node, cases[i].remote);
		assert_int_equal(export(found, cases[i].tag) == POLICY_ACCEPT, cases[i].passes);
		azure_test_done(&n.t);
	}
}

static const struct topo_network *network_of(
	const struct azure_test *t, const char *node, const char *prefix) {
	const struct topo_bgp *bgp = t->topo->nodes[node_named(t, node)].bgp;

	for (size_t i = 0; i < bgp->network_count; i++) {
		if (prefix_equal(bgp->networks[i].prefix, prefix_from(prefix)))
			return &bgp->networks[i];
	}
	return NULL;
}

// AZ-PEER-8, AZ-X-17.
static void gateways_stand_for_hub_and_spokes(void **state) {
	static const struct {
		const char *summary, *prefix;
		int tag; // -1: not originated
	} cases[] = {
		{NULL, "10.0.0.0/16", TAG_RANGE},
		{NULL, "10.1.0.0/16", TAG_RANGE},
		{"10.1.0.0/16", "10.0.0.0/16", TAG_RANGE_HIDDEN},
		{"10.1.0.0/16", "10.1.0.0/16", TAG_RANGE},
		{"10.0.0.0/15", "10.1.0.0/16", TAG_RANGE_HIDDEN},
		{"10.0.0.0/15", "10.0.0.0/15", TAG_RANGE},
		{"192.0.2.0/24", "10.1.0.0/16", TAG_RANGE},
		{NULL, "10.0.0.0/15", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n;
		struct prefix summary;
		build(&n);
		if (cases[i].summary) {
			summary = prefix_from(cases[i].summary);
			n.hub->summarized_gateway_prefixes = &summary;
			n.hub->summarized_gateway_prefix_count = 1;
		}
		azure_test_lower_well(&n.t);
		const struct topo_network *found = network_of(&n.t, "er-in0", cases[i].prefix);
		assert_int_equal(found ? (int)found->tag : -1, cases[i].tag);
		azure_test_done(&n.t);
	}
}

static void remote_network_traffic_is_refused_unless_allowed(void **state) {
	(void)state;
	for (int allowed = 0; allowed < 2; allowed++) {
		struct network n;
		bool refuses = false;
		build(&n);
		n.er->allow_remote_vnet_traffic = allowed;
		azure_test_lower_well(&n.t);
		const struct topo_neighbor *found = session(&n.t, "er-in0", "10.0.255.4");
		for (size_t i = 0; i < found->import_count; i++)
			refuses = refuses || found->import[i].as_path_regex;
		assert_int_equal(refuses, !allowed);
		azure_test_done(&n.t);
	}
}

// AZ-TR-3, AZ-TR-6, AZ-TR-7, AZ-X-23.
static void gateways_show_in_traces_as_they_are_told(void **state) {
	struct network n;

	(void)state;
	build(&n);
	n.vpn->ttl = "decrement";
	azure_test_lower_well(&n.t);
	const struct topo_node *er = &n.t.topo->nodes[node_named(&n.t, "er-in0")];
	const struct topo_node *vpn = &n.t.topo->nodes[node_named(&n.t, "vpn-in0")];
	assert_true(er->decrements_ttl && !er->sends_time_exceeded);
	assert_true(vpn->decrements_ttl && vpn->sends_time_exceeded);
	const struct topo_port *port = &n.t.topo->ports[port_named(&n.t, "vpn-in0", "vnet")];
	assert_true(ip_equal(port->icmp_v4, ip_from("10.0.255.14")));
	port = &n.t.topo->ports[port_named(&n.t, "er-in0", "vnet")];
	assert_true(ip_is_none(port->icmp_v4));
	azure_test_done(&n.t);
	build(&n);
	azure_test_lower_well(&n.t);
	assert_false(n.t.topo->nodes[node_named(&n.t, "vpn-in0")].decrements_ttl);
	azure_test_done(&n.t);
}

static void what_leaves_expressroute_needs_a_known_source(void **state) {
	struct network n;

	(void)state;
	build(&n);
	azure_test_lower_well(&n.t);
	assert_true(n.t.topo->ports[port_named(&n.t, "hub/GatewaySubnet", "er-in0")].check_source_in);
	assert_false(n.t.topo->ports[port_named(&n.t, "hub/GatewaySubnet", "vpn-in0")].check_source_in);
	azure_test_done(&n.t);
}

static void add_far_side(struct network *n, bool with_bgp) {
	struct azure_vnet *far = add_vnet(&n->t, "far", "10.2.0.0/16");

	add_subnet(&n->t, far, "GatewaySubnet", "10.2.255.0/27");
	add_gateway(far, "far-vpn", "Vpn")->asn = 65010;
	struct azure_connection *connection = add_connection(&n->t, "v2v", "Vnet2Vnet", "vpn");
	connection->gateway2 = "far-vpn";
	connection->enable_bgp = with_bgp;
}

static void two_networks_have_a_tunnel_from_each_instance(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_far_side(&n, true);
	azure_test_lower_well(&n.t);
	assert_int_equal(n.t.topo->tunnel_count, 2);
	assert_int_not_equal(topo_find_link(n.t.topo, "vpn-in0--far-vpn"), TOPO_NONE);
	assert_int_not_equal(topo_find_link(n.t.topo, "vpn-in1--far-vpn"), TOPO_NONE);
	assert_non_null(session(&n.t, "far-vpn", "10.0.255.14"));
	assert_non_null(session(&n.t, "vpn-in1", "10.2.255.30"));
	assert_int_equal(network_of(&n.t, "vpn-in0", "10.2.255.30/32")->tag, TAG_PEER_HOST);
	const struct topo_port *port = &n.t.topo->ports[port_named(&n.t, "vpn-in0", "v2v#00")];
	assert_int_equal(port->mtu_bytes, 1400);
	assert_true(port->check_source_out); // AZ-X-12
	assert_int_equal(port->address_count, 0);
	azure_test_done(&n.t);
}

// AZ-X-8.
static void without_bgp_the_far_ranges_are_static_rows(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_far_side(&n, false);
	azure_test_lower_well(&n.t);
	assert_int_equal(network_of(&n.t, "vpn-in0", "10.2.0.0/16")->tag, TAG_STATIC);
	assert_int_equal(network_of(&n.t, "far-vpn", "10.1.0.0/16")->tag, TAG_STATIC);
	assert_null(session(&n.t, "far-vpn", "10.0.255.14"));
	azure_test_done(&n.t);
}

static void two_gateways_may_take_each_other_for_sites(void **state) {
	struct network n;
	struct ip near = ip_from("203.0.113.50");
	struct ip far = ip_from("203.0.113.60");

	(void)state;
	build(&n);
	n.vpn->active_active = false;
	n.vpn->public_addresses = &near;
	n.vpn->public_address_count = 1;
	add_far_side(&n, false);
	n.t.model.vnets[2].gateways[0].public_addresses = &far;
	n.t.model.vnets[2].gateways[0].public_address_count = 1;
	n.t.model.connection_count--;
	struct azure_local_gateway *there = add_local_gateway(&n.t, "there", "203.0.113.60");
	struct azure_local_gateway *here = add_local_gateway(&n.t, "here", "203.0.113.50");
	there->address_space[there->address_space_count++] = prefix_from("10.2.0.0/16");
	here->address_space[here->address_space_count++] = prefix_from("10.0.0.0/16");
	add_connection(&n.t, "out", "IPsec", "vpn")->local_gateway = "there";
	add_connection(&n.t, "back", "IPsec", "far-vpn")->local_gateway = "here";
	azure_test_lower_well(&n.t);
	assert_int_equal(n.t.topo->tunnel_count, 1);
	assert_int_equal(network_of(&n.t, "vpn", "10.2.0.0/16")->tag, TAG_STATIC);
	assert_int_equal(network_of(&n.t, "far-vpn", "10.0.0.0/16")->tag, TAG_STATIC);
	azure_test_done(&n.t);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gateways_share_the_gateway_subnet),
		cmocka_unit_test(each_circuit_gets_its_pair_of_tunnel_endpoints),
		cmocka_unit_test(both_families_have_a_session_each),
		cmocka_unit_test(a_connection_is_two_links_that_share_their_fate),
		cmocka_unit_test(sessions_are_those_azure_has),
		cmocka_unit_test(a_vpn_gateway_with_an_as_of_its_own_has_no_internal_session),
		cmocka_unit_test(what_came_through_one_type_never_leaves_through_the_other),
		cmocka_unit_test(gateways_stand_for_hub_and_spokes),
		cmocka_unit_test(remote_network_traffic_is_refused_unless_allowed),
		cmocka_unit_test(gateways_show_in_traces_as_they_are_told),
		cmocka_unit_test(what_leaves_expressroute_needs_a_known_source),
		cmocka_unit_test(two_networks_have_a_tunnel_from_each_instance),
		cmocka_unit_test(without_bgp_the_far_ranges_are_static_rows),
		cmocka_unit_test(two_gateways_may_take_each_other_for_sites),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
