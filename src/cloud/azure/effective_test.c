// Tables as Azure prints them.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cloud/azure/azure_run.h"

struct row {
	const char *source, *state, *prefix, *type, *hop, *name;
};

static void check_rows(
	struct azure_run *r, const char *machine, const struct row *wanted, size_t wanted_count) {
	struct cloud_route_row *rows;
	size_t count = run_rows(r, machine, &rows);

	assert_int_equal(count, wanted_count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(rows[i].source, wanted[i].source);
		assert_string_equal(rows[i].state, wanted[i].state);
		assert_true(prefix_equal(rows[i].prefix, prefix_from(wanted[i].prefix)));
		assert_string_equal(rows[i].next_hop_type, wanted[i].type);
		assert_string_equal(rows[i].next_hop_count ? rows[i].next_hops[0] : "", wanted[i].hop);
		assert_string_equal(rows[i].name ? rows[i].name : "", wanted[i].name);
		assert_non_null(rows[i].why);
	}
}

// AZ-NIC-19: the documentation's worked example of user-defined routes, both subnets.
static void build_worked_example(struct azure_run *r) {
	static struct ip shown;

	*r = (struct azure_run){0};
	azure_test_start(&r->t);
	r->hub = add_vnet(&r->t, "VNet1", "10.0.0.0/16");
	r->spoke = add_vnet(&r->t, "VNet2", "10.1.0.0/16");
	r->spoke->address_space[r->spoke->address_space_count++] = prefix_from("10.2.0.0/16");
	add_half(r->hub, r->spoke);
	add_half(r->spoke, r->hub);
	add_subnet(&r->t, r->hub, "Subnet1", "10.0.0.0/24")->route_table = "rt1";
	add_subnet(&r->t, r->hub, "Subnet2", "10.0.1.0/24");
	add_subnet(&r->t, r->hub, "GatewaySubnet", "10.0.255.0/27");
	r->vpn = add_gateway(r->hub, "vpn", "Vpn");
	shown = ip_from("203.0.113.77");
	r->vpn->public_addresses = &shown;
	r->vpn->public_address_count = 1;
	struct azure_local_gateway *local = add_local_gateway(&r->t, "lng", "198.51.100.1");
	local->address_space[local->address_space_count++] = prefix_from("10.10.0.0/16");
	add_connection(&r->t, "s2s", "IPsec", "vpn")->local_gateway = "lng";
	add_machine(&r->t, "nic1", "VNet1/Subnet1", "10.0.0.4");
	add_machine(&r->t, "nic2", "VNet1/Subnet2", "10.0.1.4");
	struct azure_route_table *table = add_table(&r->t, "rt1");
	struct ip nva = ip_from("10.0.100.4");
	add_route(table, "Within-VNet1", "10.0.0.0/16", "VirtualAppliance")->next_hop = nva;
	add_route(table, "Within-Subnet1", "10.0.0.0/24", "VnetLocal");
	add_route(table, "ToVNet2-1-Drop", "10.1.0.0/16", "None");
	add_route(table, "ToVNet2-2-Drop", "10.2.0.0/16", "None");
	add_route(table, "To-On-Prem", "10.10.0.0/16", "VirtualAppliance")->next_hop = nva;
	add_route(table, "Default-NVA", "0.0.0.0/0", "VirtualAppliance")->next_hop = nva;
	run_power_on(r);
	run_converge(r);
}

static void the_worked_example_comes_out_row_by_row(void **state) {
	static const struct row first[] = {
		{"Default", "Invalid", "10.0.0.0/16", "VnetLocal", "", ""},
		{"Default", "Invalid", "10.1.0.0/16", "VNetPeering", "", ""},
		{"Default", "Invalid", "10.2.0.0/16", "VNetPeering", "", ""},
		{"VirtualNetworkGateway", "Invalid", "10.10.0.0/16", "VirtualNetworkGateway",
			"203.0.113.77", ""},
		{"Default", "Invalid", "0.0.0.0/0", "Internet", "", ""},
		{"User", "Active", "10.0.0.0/16", "VirtualAppliance", "10.0.100.4", "Within-VNet1"},
		{"User", "Active", "10.0.0.0/24", "VnetLocal", "", "Within-Subnet1"},
		{"User", "Active", "10.1.0.0/16", "None", "", "ToVNet2-1-Drop"},
		{"User", "Active", "10.2.0.0/16", "None", "", "ToVNet2-2-Drop"},
		{"User", "Active", "10.10.0.0/16", "VirtualAppliance", "10.0.100.4", "To-On-Prem"},
		{"User", "Active", "0.0.0.0/0", "VirtualAppliance", "10.0.100.4", "Default-NVA"},
	};
	static const struct row second[] = {
		{"Default", "Active", "10.0.0.0/16", "VnetLocal", "", ""},
		{"Default", "Active", "10.1.0.0/16", "VNetPeering", "", ""},
		{"Default", "Active", "10.2.0.0/16", "VNetPeering", "", ""},
		{"VirtualNetworkGateway", "Active", "10.10.0.0/16", "VirtualNetworkGateway", "203.0.113.77",
			""},
		{"Default", "Active", "0.0.0.0/0", "Internet", "", ""},
		{"Default", "Active", "10.0.0.0/8", "None", "", ""},
		{"Default", "Active", "100.64.0.0/10", "None", "", ""},
		{"Default", "Active", "172.16.0.0/12", "None", "", ""},
		{"Default", "Active", "192.168.0.0/16", "None", "", ""},
	};
	struct azure_run r;

	(void)state;
	build_worked_example(&r);
	check_rows(&r, "nic1", first, sizeof(first) / sizeof(first[0]));
	check_rows(&r, "nic2", second, sizeof(second) / sizeof(second[0]));
	run_done(&r);
}

static void next_hops_are_named_as_azure_names_them(void **state) {
	static const struct {
		const char *machine, *destination, *type, *address, *table;
	} cases[] = {
		{"nic1", "10.0.0.9", "VnetLocal", "", "rt1"},
		{"nic1", "10.0.1.9", "VirtualAppliance", "10.0.100.4", "rt1"},
		{"nic1", "10.1.0.9", "None", "", "rt1"},
		{"nic2", "10.1.0.9", "VNetPeering", "", "System Route"},
		{"nic2", "10.10.0.9", "VirtualNetworkGateway", "203.0.113.77", "System Route"},
		{"nic2", "10.11.0.9", "None", "", "System Route"},
		{"nic2", "8.8.8.8", "Internet", "", "System Route"},
	};
	struct azure_run r;
	struct cloud_next_hop hop;

	(void)state;
	build_worked_example(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cloud_question at = {r.world, node_named(&r.t, cases[i].machine), NULL, r.t.arena};
		r.t.cloud->ops->next_hop(r.t.cloud, &at, ip_from(cases[i].destination), &hop);
		assert_string_equal(hop.type, cases[i].type);
		assert_string_equal(hop.address, cases[i].address);
		assert_string_equal(hop.route_table, cases[i].table);
	}
	run_done(&r);
}

// AZ-NIC-14, AZ-X-20.
static void an_expressroute_row_shows_the_providers_address_once(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	r.t.model.circuits[0].links[0].provider_address = ip_from("10.63.110.248");
	run_announce(&r, "192.168.7.0/24");
	run_power_on(&r);
	run_converge(&r);
	assert_string_equal(
		run_row(&r, "spoke-vm", "192.168.7.0/24", 0)->next_hops[0], "10.63.110.248");
	assert_string_equal(run_row(&r, "spoke-vm", "192.168.7.0/24", 1)->next_hops[0], "10.0.255.5");
	r.t.model.circuits[0].links[1].provider_address = ip_from("10.63.110.248");
	assert_null(run_row(&r, "spoke-vm", "192.168.7.0/24", 1));
	run_done(&r);
}

static void an_active_active_gateway_shows_both_instances_in_one_row(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	r.vpn->active_active = true;
	struct azure_local_gateway *local = add_local_gateway(&r.t, "lng", "198.51.100.1");
	local->address_space[local->address_space_count++] = prefix_from("192.168.9.0/24");
	add_connection(&r.t, "s2s", "IPsec", "vpn")->local_gateway = "lng";
	run_power_on(&r);
	run_converge(&r);
	const struct cloud_route_row *row = run_row(&r, "hub-vm", "192.168.9.0/24", 0);
	assert_int_equal(row->next_hop_count, 2);
	assert_string_equal(row->next_hops[0], "10.0.255.14");
	assert_string_equal(row->next_hops[1], "10.0.255.15");
	assert_null(run_row(&r, "hub-vm", "192.168.9.0/24", 1));
	run_done(&r);
}

// AZ-X-14: the gateway learns a prefix inside the spoke; the hub is its peer, so the hub has no
// row.
static void a_prefix_inside_a_peers_range_is_not_shown(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	run_announce(&r, "10.1.128.0/24");
	run_announce(&r, "10.0.0.0/8");
	run_power_on(&r);
	run_converge(&r);
	assert_null(run_row(&r, "hub-vm", "10.1.128.0/24", 0));
	assert_null(run_row(&r, "spoke-vm", "10.1.128.0/24", 0));
	assert_non_null(run_row(&r, "hub-vm", "10.0.0.0/8", 0)); // a superset is taken
	run_done(&r);
}

static void a_default_from_bgp_replaces_the_internet_row(void **state) {
	struct azure_run r;

	(void)state;
	run_start(&r);
	run_announce(&r, "0.0.0.0/0");
	run_power_on(&r);
	run_converge(&r);
	assert_string_equal(
		run_row(&r, "spoke-vm", "0.0.0.0/0", 0)->next_hop_type, "VirtualNetworkGateway");
	assert_string_equal(run_row(&r, "spoke-vm", "0.0.0.0/0", 1)->next_hops[0], "10.0.255.5");
	assert_null(run_row(&r, "spoke-vm", "0.0.0.0/0", 2));
	assert_null(run_row(&r, "spoke-vm", "10.0.0.0/8", 0));
	run_done(&r);
}

static void a_gateway_is_no_machine(void **state) {
	struct azure_run r;
	struct cloud_route_row *rows;
	size_t count;

	(void)state;
	run_start(&r);
	run_power_on(&r);
	struct cloud_question at = {r.world, node_named(&r.t, "er-in0"), NULL, r.t.arena};
	assert_int_equal(r.t.cloud->ops->effective_routes(r.t.cloud, &at, &rows, &count), -ENOENT);
	run_done(&r);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worked_example_comes_out_row_by_row),
		cmocka_unit_test(next_hops_are_named_as_azure_names_them),
		cmocka_unit_test(an_expressroute_row_shows_the_providers_address_once),
		cmocka_unit_test(an_active_active_gateway_shows_both_instances_in_one_row),
		cmocka_unit_test(a_prefix_inside_a_peers_range_is_not_shown),
		cmocka_unit_test(a_default_from_bgp_replaces_the_internet_row),
		cmocka_unit_test(a_gateway_is_no_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
