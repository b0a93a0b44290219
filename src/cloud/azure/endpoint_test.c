// Private endpoints (AZ-NIC-17) and service endpoints (AZ-NIC-9), as tables hold them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cloud/azure/azure_fixture.h"

// A hub with an endpoint, a spoke, and a third network that only the spoke is peered with.
struct network {
	struct azure_test t;
	struct azure_vnet *hub, *spoke, *far;
	struct azure_subnet *home, *work;
	struct azure_route_table *table;
};

static struct azure_private_endpoint *add_endpoint(
	struct azure_test *t, const char *name, const char *subnet, const char *address) {
	struct azure_private_endpoint *endpoint = &t->model.endpoints[t->model.endpoint_count++];

	*endpoint = (struct azure_private_endpoint){
		.name = name, .subnet = subnet, .addresses = ROOM_FOR(t, struct ip)};
	if (address)
		endpoint->addresses[endpoint->address_count++] = ip_from(address);
	return endpoint;
}

static void build(struct network *n) {
	azure_test_start(&n->t);
	n->hub = add_vnet(&n->t, "hub", "10.0.0.0/16");
	n->spoke = add_vnet(&n->t, "spoke", "10.1.0.0/16");
	n->far = add_vnet(&n->t, "far", "10.2.0.0/16");
	add_half(n->hub, n->spoke);
	add_half(n->spoke, n->hub)->allow_forwarded_traffic = true;
	add_half(n->spoke, n->far);
	add_half(n->far, n->spoke);
	n->home = add_subnet(&n->t, n->hub, "links", "10.0.1.0/24");
	add_subnet(&n->t, n->hub, "other", "10.0.2.0/24");
	n->work = add_subnet(&n->t, n->spoke, "work", "10.1.1.0/24");
	n->work->route_table = "rt";
	add_subnet(&n->t, n->far, "work", "10.2.1.0/24");
	n->table = add_table(&n->t, "rt");
	add_machine(&n->t, "beside", "hub/links", "10.0.1.8");
	add_machine(&n->t, "near", "hub/other", "10.0.2.4");
	add_machine(&n->t, "client", "spoke/work", "10.1.1.4");
	add_machine(&n->t, "distant", "far/work", "10.2.1.4");
	add_endpoint(&n->t, "store", "hub/links", "10.0.1.9");
}

static const struct topo_table_route *row(
	const struct network *n, const char *subnet, const char *machine, const char *prefix) {
	uint32_t port = port_named(&n->t, subnet, machine);

	return row_of(&n->t, n->t.topo->ports[port].table, prefix);
}

static void its_route_is_in_its_network_and_in_direct_peers(void **state) {
	struct network n;

	(void)state;
	build(&n);
	azure_test_lower_well(&n.t);
	assert_int_equal(row(&n, "hub/links", "beside", "10.0.1.9/32")->hops[0].port,
		port_named(&n.t, "hub/links", "store"));
	assert_int_equal(row(&n, "hub/other", "near", "10.0.1.9/32")->hops[0].port,
		port_named(&n.t, "hub/other", "hub"));
	assert_int_equal(row(&n, "spoke/work", "client", "10.0.1.9/32")->hops[0].port,
		port_named(&n.t, "spoke/work", "hub"));
	assert_null(row(&n, "far/work", "distant", "10.0.1.9/32"));
	azure_test_done(&n.t);
}

static void a_user_route_counts_against_it_as_its_subnets_policies_say(void **state) {
	static const struct {
		const char *policies, *route;
		bool stands;
	} cases[] = {
		{NULL, "10.0.0.0/16", true},
		{"Disabled", "10.0.1.0/24", true},
		{"NetworkSecurityGroupEnabled", "10.0.0.0/16", true},
		{"RouteTableEnabled", "10.0.0.0/16", false},
		{"Enabled", "10.0.0.0/16", false},
		{"Enabled", "10.0.1.0/24", false},
		{"Enabled", "10.0.0.0/15", true},
		{"Enabled", "0.0.0.0/0", true},
		{"Enabled", "10.0.2.0/24", true},
		{"Disabled", "10.0.1.9/32", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n;
		build(&n);
		n.home->endpoint_policies = cases[i].policies;
		add_route(n.table, "route", cases[i].route, "None");
		azure_test_lower_well(&n.t);
		const struct topo_table_route *found = row(&n, "spoke/work", "client", "10.0.1.9/32");
		bool stands = found && found->hop_count == 1;
		if (stands != cases[i].stands)
			fail_msg("%s with %s", cases[i].route, cases[i].policies);
		azure_test_done(&n.t);
	}
}

static void what_it_sends_passes_by_user_routes(void **state) {
	struct network n;

	(void)state;
	build(&n);
	n.home->route_table = "rt";
	n.home->endpoint_policies = "Enabled";
	add_route(n.table, "drop", "10.1.0.0/16", "None");
	azure_test_lower_well(&n.t);
	assert_int_equal(row(&n, "hub/links", "beside", "10.1.0.0/16")->hop_count, 0);
	assert_int_equal(row(&n, "hub/links", "store", "10.1.0.0/16")->hop_count, 1);
	azure_test_done(&n.t);
}

static void a_security_group_guards_it_only_by_policy(void **state) {
	static const struct {
		const char *policies;
		size_t filters;
	} cases[] = {
		{NULL, 0},
		{"RouteTableEnabled", 0},
		{"NetworkSecurityGroupEnabled", 1},
		{"Enabled", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n;
		build(&n);
		n.t.model.security_groups[n.t.model.security_group_count++] =
			(struct azure_security_group){.name = "sg"};
		n.home->network_security_group = "sg";
		n.home->endpoint_policies = cases[i].policies;
		azure_test_lower_well(&n.t);
		const struct topo_port *port = &n.t.topo->ports[port_named(&n.t, "hub/links", "store")];
		assert_int_equal(port->filter_out_count, cases[i].filters);
		assert_int_equal(port->filter_in_count, 0);
		azure_test_done(&n.t);
	}
}

static void one_without_an_address_takes_the_first_free(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_endpoint(&n.t, "vault", "hub/links", NULL);
	azure_test_lower_well(&n.t);
	assert_non_null(row(&n, "hub/other", "near", "10.0.1.4/32"));
	azure_test_done(&n.t);
}

static struct azure_service_endpoint *add_service(
	struct network *n, struct azure_subnet *subnet, const char *prefix) {
	if (!subnet->service_endpoints)
		subnet->service_endpoints = ROOM_FOR(&n->t, struct azure_service_endpoint);
	struct azure_service_endpoint *service =
		&subnet->service_endpoints[subnet->service_endpoint_count++];
	*service = (struct azure_service_endpoint){
		.service = "Microsoft.Storage", .prefixes = ROOM_FOR(&n->t, struct prefix)};
	if (prefix)
		service->prefixes[service->prefix_count++] = prefix_from(prefix);
	return service;
}

static void a_services_prefixes_are_routes_of_its_subnet_alone(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_service(&n, n.work, "20.60.0.0/16");
	azure_test_lower_well(&n.t);
	const struct topo_table_route *found = row(&n, "spoke/work", "client", "20.60.0.0/16");
	assert_non_null(found);
	assert_int_equal(found->drop, DROP_LEFT_TO_SERVICE + 1);
	assert_true(found->holds);
	assert_true(found->not_a_source);
	assert_null(row(&n, "hub/other", "near", "20.60.0.0/16"));
	azure_test_done(&n.t);
}

static void a_user_route_inside_a_services_prefix_holds_too(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_service(&n, n.work, "20.60.0.0/16");
	add_route(n.table, "some", "20.60.4.0/22", "None");
	azure_test_lower_well(&n.t);
	assert_true(row(&n, "spoke/work", "client", "20.60.4.0/22")->holds);
	azure_test_done(&n.t);
}

static void expect_mistake(struct network *n, const char *words) {
	azure_test_lower(&n->t);
	for (size_t i = 0; i < diagnostics_count(n->t.mistakes); i++) {
		if (strstr(diagnostics_at(n->t.mistakes, i)->text, words)) {
			azure_test_done(&n->t);
			return;
		}
	}
	fail_msg("nothing says %s", words);
}

static void mistakes_are_named(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_endpoint(&n.t, "vault", "hub/links", "10.0.9.9");
	expect_mistake(&n, "10.0.9.9 of vault is outside subnet hub/links");
	build(&n);
	add_endpoint(&n.t, "vault", "hub/links", "10.0.1.8");
	expect_mistake(&n, "10.0.1.8 of vault is in use already");
	build(&n);
	add_endpoint(&n.t, "vault", "hub/link", NULL);
	expect_mistake(&n, "did you mean \"hub/links\"?");
	build(&n);
	add_endpoint(&n.t, "near", "hub/links", NULL);
	expect_mistake(&n, "the name \"near\" is taken");
	build(&n);
	add_subnet(&n.t, n.hub, "GatewaySubnet", "10.0.255.0/26");
	add_endpoint(&n.t, "vault", "hub/GatewaySubnet", NULL);
	expect_mistake(&n, "can't be in the GatewaySubnet");
	build(&n);
	add_service(&n, n.work, "10.1.0.0/20");
	expect_mistake(&n, "overlaps range 10.1.0.0/16 of spoke");
	build(&n);
	add_service(&n, n.work, "0.0.0.0/0");
	expect_mistake(&n, "holds every address");
	build(&n);
	add_service(&n, n.work, "20.60.0.0/16");
	add_service(&n, n.work, "20.61.0.0/16");
	expect_mistake(&n, "twice");
}

static void what_does_not_do_what_it_seems_to_is_warned_of(void **state) {
	struct network n;

	(void)state;
	build(&n);
	add_route(n.table, "steer", "10.0.1.0/24", "None");
	expect_mistake(&n, "route steer (10.0.1.0/24) does not steer to privateEndpoint store");
	build(&n);
	add_service(&n, n.work, NULL);
	expect_mistake(&n, "has no addressPrefixes");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_route_is_in_its_network_and_in_direct_peers),
		cmocka_unit_test(a_user_route_counts_against_it_as_its_subnets_policies_say),
		cmocka_unit_test(what_it_sends_passes_by_user_routes),
		cmocka_unit_test(a_security_group_guards_it_only_by_policy),
		cmocka_unit_test(one_without_an_address_takes_the_first_free),
		cmocka_unit_test(a_services_prefixes_are_routes_of_its_subnet_alone),
		cmocka_unit_test(a_user_route_inside_a_services_prefix_holds_too),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(what_does_not_do_what_it_seems_to_is_warned_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
