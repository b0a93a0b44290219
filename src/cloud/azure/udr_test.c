// The effective table of a subnet, as ports will look it up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cloud/azure/azure_fixture.h"

struct network {
	struct azure_test t;
	struct azure_vnet *one, *two;
	struct azure_route_table *table;
};

// AZ-NIC-19: the network of the documentation's worked example, without its gateway.
static void build(struct network *n) {
	azure_test_start(&n->t);
	n->one = add_vnet(&n->t, "one", "10.0.0.0/16");
	n->two = add_vnet(&n->t, "two", "10.1.0.0/16");
	n->two->address_space[n->two->address_space_count++] = prefix_from("10.2.0.0/16");
	add_half(n->one, n->two);
	add_half(n->two, n->one);
	add_subnet(&n->t, n->one, "s1", "10.0.0.0/24")->route_table = "rt";
	add_subnet(&n->t, n->one, "s2", "10.0.1.0/24");
	add_subnet(&n->t, n->two, "s", "10.1.0.0/24");
	add_machine(&n->t, "vm", "one/s1", "10.0.0.4");
	add_machine(&n->t, "near", "one/s1", "10.0.0.5");
	n->table = add_table(&n->t, "rt");
}

static uint32_t table_of(const struct network *n) {
	return n->t.topo->ports[port_named(&n->t, "one/s1", "vm")].table;
}

static const struct topo_table_route *row(const struct network *n, const char *prefix) {
	return row_of(&n->t, table_of(n), prefix);
}

static void system_rows_lead_where_azure_says(void **state) {
	static const struct {
		const char *prefix, *port; // NULL: dropped
		uint8_t drop;
		bool holds, not_a_source;
	} cases[] = {
		{"10.0.0.0/16", "one", 0, true, false},
		{"10.1.0.0/16", "two", 0, true, false},
		{"10.2.0.0/16", "two", 0, true, false},
		{"0.0.0.0/0", NULL, DROP_LEFT_TO_INTERNET + 1, false, true},
		{"10.0.0.0/8", NULL, DROP_NONE_ROUTE + 1, false, true},
		{"100.64.0.0/10", NULL, DROP_NONE_ROUTE + 1, false, true},
		{"172.16.0.0/12", NULL, DROP_NONE_ROUTE + 1, false, true},
		{"192.168.0.0/16", NULL, DROP_NONE_ROUTE + 1, false, true},
		{"10.0.0.5/32", "near", 0, true, false},
	};
	struct network n;

	(void)state;
	build(&n);
	azure_test_lower_well(&n.t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct topo_table_route *found = row(&n, cases[i].prefix);
		assert_non_null(found);
		assert_int_equal(found->drop, cases[i].drop);
		assert_int_equal(found->holds, cases[i].holds);
		assert_int_equal(found->not_a_source, cases[i].not_a_source);
		if (cases[i].port)
			assert_int_equal(found->hops[0].port, port_named(&n.t, "one/s1", cases[i].port));
	}
	azure_test_done(&n.t);
}

static void a_user_route_takes_the_place_of_the_same_prefix(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_route(n.table, "drop", "10.1.0.0/16", "None");
	azure_test_lower_well(&n.t);
	const struct topo_table_route *found = row(&n, "10.1.0.0/16");
	assert_int_equal(found->drop, DROP_NONE_ROUTE + 1);
	assert_int_equal(found->preference, AZURE_PREFER_USER);
	assert_true(found->holds); // no BGP route inside a peer's range is programmed: AZ-X-14
	assert_string_equal(topo_origin(n.t.topo, found->origin)->text, "route drop of routeTable rt");
	azure_test_done(&n.t);
}

static void a_user_default_takes_the_none_routes_away(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_route(n.table, "all", "0.0.0.0/0", "Internet");
	azure_test_lower_well(&n.t);
	assert_null(row(&n, "10.0.0.0/8"));
	assert_null(row(&n, "192.168.0.0/16"));
	assert_int_equal(row(&n, "0.0.0.0/0")->preference, AZURE_PREFER_USER);
	azure_test_done(&n.t);
}

static void an_appliance_is_looked_for_in_subnet_network_and_peers(void **state) {
	static const struct {
		const char *address, *port;
	} cases[] = {
		{"10.0.0.5", "near"}, {"10.0.1.7", "one"}, {"10.2.0.9", "two"}, {"192.168.9.9", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n;
		build(&n);
		add_route(n.table, "nva", "20.0.0.0/8", "VirtualAppliance")->next_hop =
			ip_from(cases[i].address);
		azure_test_lower_well(&n.t);
		const struct topo_table_route *found = row(&n, "20.0.0.0/8");
		if (!cases[i].port) {
			assert_int_equal(found->drop, DROP_NO_HOST + 1);
		} else {
			assert_int_equal(found->hops[0].port, port_named(&n.t, "one/s1", cases[i].port));
			assert_true(ip_equal(found->hops[0].via, ip_from(cases[i].address)));
		}
		azure_test_done(&n.t);
	}
}

static void neighbors_of_the_subnet_obey_user_routes_too(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_route(n.table, "all", "10.0.0.0/16", "VirtualAppliance")->next_hop = ip_from("10.0.1.7");
	azure_test_lower_well(&n.t);
	assert_null(row(&n, "10.0.0.5/32"));
	azure_test_done(&n.t);
}

static void a_route_to_the_own_subnet_brings_neighbors_back(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_route(n.table, "all", "10.0.0.0/16", "VirtualAppliance")->next_hop = ip_from("10.0.1.7");
	add_route(n.table, "own", "10.0.0.0/24", "VnetLocal");
	azure_test_lower_well(&n.t);
	assert_int_equal(row(&n, "10.0.0.5/32")->hops[0].port, port_named(&n.t, "one/s1", "near"));
	azure_test_done(&n.t);
}

// AZ-NIC-7.
static void a_range_displaces_the_none_route_it_covers(void **state) {
	static const struct {
		const char *range;
		bool has_none_row;
	} cases[] = {{"10.0.0.0/8", false}, {"172.0.0.0/8", true}, {"10.0.0.0/12", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct azure_test t;
		azure_test_start(&t);
		struct azure_vnet *vnet = add_vnet(&t, "v", cases[i].range);
		add_subnet(&t, vnet, "s", NULL);
		azure_test_lower_well(&t);
		uint32_t table = azure_test_cloud(&t)->subnets[0].effective;
		const struct topo_table_route *found = row_of(&t, table, "10.0.0.0/8");
		assert_int_equal(found->drop == DROP_NONE_ROUTE + 1, cases[i].has_none_row);
		assert_int_equal(row_of(&t, table, "172.16.0.0/12") != NULL, i != 1);
		azure_test_done(&t);
	}
}

static void recorded_tables_have_more_none_routes(void **state) {
	struct network n;

	(void)state;
	build(&n);
	n.t.model.switches.none_routes = "observed";
	azure_test_lower_well(&n.t);
	assert_non_null(row(&n, "20.35.252.0/22"));
	azure_test_done(&n.t);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(system_rows_lead_where_azure_says),
		cmocka_unit_test(a_user_route_takes_the_place_of_the_same_prefix),
		cmocka_unit_test(a_user_default_takes_the_none_routes_away),
		cmocka_unit_test(an_appliance_is_looked_for_in_subnet_network_and_peers),
		cmocka_unit_test(neighbors_of_the_subnet_obey_user_routes_too),
		cmocka_unit_test(a_route_to_the_own_subnet_brings_neighbors_back),
		cmocka_unit_test(a_range_displaces_the_none_route_it_covers),
		cmocka_unit_test(recorded_tables_have_more_none_routes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
