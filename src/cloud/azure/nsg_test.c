// Security groups as rule lists: which rule decides about a header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cloud/azure/azure_fixture.h"
#include "cloud/azure/nsg_int.h"

struct network {
	struct azure_test t;
	struct azure_vnet *vnet, *peer;
	struct azure_security_group *nsg;
};

static void build(struct network *n) {
	azure_test_start(&n->t);
	n->vnet = add_vnet(&n->t, "v", "10.0.0.0/16");
	n->peer = add_vnet(&n->t, "p", "10.1.0.0/16");
	add_half(n->vnet, n->peer);
	add_half(n->peer, n->vnet);
	add_subnet(&n->t, n->vnet, "s", "10.0.0.0/24")->network_security_group = "nsg";
	add_machine(&n->t, "vm", "v/s", "10.0.0.4");
	n->nsg = &n->t.model.security_groups[n->t.model.security_group_count++];
	*n->nsg = (struct azure_security_group){
		.name = "nsg", .rules = ROOM_FOR(&n->t, struct azure_security_rule)};
}

static struct azure_security_rule *add_rule(struct network *n, const char *name, uint32_t priority,
	const char *direction, const char *access) {
	struct azure_security_rule *rule = &n->nsg->rules[n->nsg->rule_count++];

	*rule = (struct azure_security_rule){.name = name,
		.priority = priority,
		.direction = direction,
		.access = access,
		.protocol = "*"};
	return rule;
}

// The words behind the rule that decides about a header that is let in to or out of the machine.
static const char *decides(
	const struct network *n, bool inbound, const struct flow_key *key, bool *allowed) {
	const struct topo_port *port = &n->t.topo->ports[port_named(&n->t, "v/s", "vm")];
	const struct topo_filter *filter = inbound ? &port->filters_out[1] : &port->filters_in[1];
	struct rule_list list = {filter->rules, filter->rule_count};
	ptrdiff_t hit = rule_list_match(&list, key);

	assert_true(hit >= 0);
	assert_true(filter->is_stateful);
	*allowed = list.rules[hit].verdict == RULE_PERMIT;
	return topo_origin(n->t.topo, list.rules[hit].origin)->text;
}

static void default_rules_are_azures(void **state) {
	static const struct {
		bool inbound;
		const char *source, *destination, *rule;
		bool allowed;
	} cases[] = {
		{true, "10.0.0.9", "10.0.0.4", "AllowVnetInBound", true},
		{true, "10.1.0.9", "10.0.0.4", "AllowVnetInBound", true},
		{true, "168.63.129.16", "10.0.0.4", "AllowAzureLoadBalancerInBound", true},
		{true, "8.8.8.8", "10.0.0.4", "DenyAllInBound", false},
		{true, "10.2.0.9", "10.0.0.4", "DenyAllInBound", false},
		{true, "10.0.0.9", "20.0.0.4", "DenyAllInBound", false},
		{false, "10.0.0.4", "10.1.0.4", "AllowVnetOutBound", true},
		{false, "10.0.0.4", "8.8.8.8", "AllowInternetOutBound", true},
		{false, "10.0.0.4", "10.2.0.4", "DenyAllOutBound", false},
		{true, "2001:db8::1", "2001:db8::2", "DenyAllInBound", false},
		{false, "2001:db8::1", "2001:db8::2", "AllowInternetOutBound", true},
	};
	struct network n;
	bool allowed;

	(void)state;
	build(&n);
	azure_test_lower_well(&n.t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_key key = {
			ip_from(cases[i].source), ip_from(cases[i].destination), PROTOCOL_TCP, false, 1, 80};
		const char *text = decides(&n, cases[i].inbound, &key, &allowed);
		if (!strstr(text, cases[i].rule) || allowed != cases[i].allowed)
			fail_msg("case %zu: %s", i, text);
	}
	azure_test_done(&n.t);
}

static void the_lowest_priority_number_goes_first(void **state) {
	struct network n;
	bool allowed;
	struct flow_key key = {ip_from("10.0.0.9"), ip_from("10.0.0.4"), PROTOCOL_TCP, false, 1, 80};

	(void)state;
	build(&n);
	add_rule(&n, "late", 300, "Inbound", "Allow");
	add_rule(&n, "out", 100, "Outbound", "Allow");
	add_rule(&n, "early", 200, "Inbound", "Deny");
	azure_test_lower_well(&n.t);
	assert_string_equal(
		decides(&n, true, &key, &allowed), "rule 200, early, of networkSecurityGroup nsg");
	assert_false(allowed);
	azure_test_done(&n.t);
}

static void a_rule_holds_every_combination_of_its_lists(void **state) {
	static const char *sources[] = {"192.0.2.0/24", "198.51.100.7"};
	static const char *ports[] = {"80", "8000-8080"};
	static const struct {
		const char *source;
		uint8_t protocol;
		uint16_t port;
		bool allowed;
	} cases[] = {
		{"192.0.2.1", PROTOCOL_TCP, 80, true},
		{"198.51.100.7", PROTOCOL_TCP, 8080, true},
		{"192.0.2.1", PROTOCOL_TCP, 8081, false},
		{"198.51.100.8", PROTOCOL_TCP, 80, false},
		{"192.0.2.1", PROTOCOL_UDP, 80, false},
	};
	struct network n;
	bool allowed;

	(void)state;
	build(&n);
	struct azure_security_rule *rule = add_rule(&n, "web", 100, "Inbound", "Allow");
	rule->protocol = "Tcp";
	rule->sources = sources;
	rule->source_count = 2;
	rule->destination_ports = ports;
	rule->destination_port_count = 2;
	azure_test_lower_well(&n.t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_key key = {ip_from(cases[i].source), ip_from("10.0.0.4"), cases[i].protocol,
			false, 4000, cases[i].port};
		decides(&n, true, &key, &allowed);
		assert_int_equal(allowed, cases[i].allowed);
	}
	azure_test_done(&n.t);
}

static void icmp_means_both_families(void **state) {
	static const struct {
		const char *source, *destination;
		uint8_t protocol;
		bool allowed;
	} cases[] = {
		{"8.8.8.8", "10.0.0.4", PROTOCOL_ICMP, true},
		{"2001:db8::1", "2001:db8::2", PROTOCOL_ICMPV6, true},
		{"8.8.8.8", "10.0.0.4", PROTOCOL_ICMPV6, false},
	};
	struct network n;
	bool allowed;

	(void)state;
	build(&n);
	add_rule(&n, "ping", 100, "Inbound", "Allow")->protocol = "Icmp";
	azure_test_lower_well(&n.t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_key key = {ip_from(cases[i].source), ip_from(cases[i].destination),
			cases[i].protocol, false, 0, 0};
		decides(&n, true, &key, &allowed);
		assert_int_equal(allowed, cases[i].allowed);
	}
	azure_test_done(&n.t);
}

// AZ-PEER-4, AZ-NSG-4.
static void a_peer_without_access_leaves_the_tag(void **state) {
	struct network n;
	bool allowed;
	struct flow_key key = {ip_from("10.1.0.9"), ip_from("10.0.0.4"), PROTOCOL_TCP, false, 1, 80};

	(void)state;
	build(&n);
	n.vnet->peerings[0].no_virtual_network_access = true;
	azure_test_lower_well(&n.t);
	decides(&n, true, &key, &allowed);
	assert_false(allowed);
	azure_test_done(&n.t);
}

static void prefixes_of_user_routes_join_the_tag_but_a_default_does_not(void **state) {
	static const struct {
		const char *prefix;
		bool with_default, allowed;
	} cases[] = {
		{"20.0.0.0/8", false, true}, {"0.0.0.0/0", false, false}, {"0.0.0.0/0", true, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n;
		bool allowed;
		struct flow_key key = {
			ip_from("20.0.0.9"), ip_from("10.0.0.4"), PROTOCOL_TCP, false, 1, 80};
		build(&n);
		n.t.model.switches.default_in_virtual_network_tag = cases[i].with_default;
		add_route(add_table(&n.t, "rt"), "r", cases[i].prefix, "None");
		n.vnet->subnets[0].route_table = "rt";
		azure_test_lower_well(&n.t);
		decides(&n, true, &key, &allowed);
		assert_int_equal(allowed, cases[i].allowed);
		azure_test_done(&n.t);
	}
}

static void groups_of_nic_and_subnet_stand_in_azures_order(void **state) {
	struct network n;

	(void)state;
	build(&n);
	n.t.model.security_groups[1] = (struct azure_security_group){.name = "own"};
	n.t.model.security_group_count = 2;
	n.t.model.machines[0].nics[0].network_security_group = "own";
	azure_test_lower_well(&n.t);
	const struct azure_cloud *cloud = azure_test_cloud(&n.t);
	const struct topo_port *port = &n.t.topo->ports[port_named(&n.t, "v/s", "vm")];
	assert_int_equal(port->filter_in_count, 3);
	assert_int_equal(port->filter_out_count, 3);
	// Origins of a group's rules follow each other, those of `own` behind those of `nsg`.
	assert_true(port->filters_in[1].rules[0].origin >= cloud->nsg_origins[1]);
	assert_true(port->filters_in[2].rules[0].origin < cloud->nsg_origins[1]);
	assert_true(port->filters_out[1].rules[0].origin < cloud->nsg_origins[1]);
	assert_true(port->filters_out[2].rules[0].origin >= cloud->nsg_origins[1]);
	azure_test_done(&n.t);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_rules_are_azures),
		cmocka_unit_test(the_lowest_priority_number_goes_first),
		cmocka_unit_test(a_rule_holds_every_combination_of_its_lists),
		cmocka_unit_test(icmp_means_both_families),
		cmocka_unit_test(a_peer_without_access_leaves_the_tag),
		cmocka_unit_test(prefixes_of_user_routes_join_the_tag_but_a_default_does_not),
		cmocka_unit_test(groups_of_nic_and_subnet_stand_in_azures_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
