// Routes to appliances that Azure takes and that lose or circle what they should steer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cloud/azure/azure_fixture.h"

struct network {
	struct azure_test t;
	struct azure_vnet *hub, *spoke, *far;
	struct azure_machine *firewall;
	struct azure_route *route;
};

// far is peered with the hub only; the spoke steers to the hub's appliance.
static void build(struct network *n) {
	azure_test_start(&n->t);
	n->hub = add_vnet(&n->t, "hub", "10.0.0.0/16");
	n->spoke = add_vnet(&n->t, "spoke", "10.1.0.0/16");
	n->far = add_vnet(&n->t, "far", "10.2.0.0/16");
	add_subnet(&n->t, n->hub, "fw", "10.0.0.0/24");
	add_subnet(&n->t, n->spoke, "work", "10.1.0.0/24")->route_table = "rt";
	add_subnet(&n->t, n->far, "work", "10.2.0.0/24");
	add_half(n->hub, n->spoke);
	add_half(n->spoke, n->hub);
	add_half(n->hub, n->far);
	add_half(n->far, n->hub);
	n->firewall = add_machine(&n->t, "firewall", "hub/fw", "10.0.0.4");
	n->firewall->nics[0].enable_ip_forwarding = true;
	n->route = add_route(add_table(&n->t, "rt"), "all", "0.0.0.0/0", "VirtualAppliance");
	n->route->next_hop = ip_from("10.0.0.4");
}

// NULL: nothing.
static void assert_warned(struct network *n, const char *code, const char *says) {
	azure_test_lower_well(&n->t);
	size_t count = diagnostics_count(n->t.mistakes);
	if (code == NULL) {
		assert_int_equal(count, 0);
	} else {
		assert_int_equal(count, 1);
		const struct diagnostic *found = diagnostics_at(n->t.mistakes, 0);
		assert_string_equal(found->code, code);
		if (strstr(found->text, says) == NULL)
			fail_msg("no \"%s\" in \"%s\"", says, found->text);
	}
	azure_test_done(&n->t);
}

static void an_appliance_that_forwards_is_fine(void **state) {
	(void)state;
	struct network n;
	build(&n);
	assert_warned(&n, NULL, NULL);
}

static void a_next_hop_two_peerings_away_is_out_of_reach(void **state) {
	(void)state;
	struct network n;
	build(&n);
	n.route->next_hop = ip_from("10.2.0.4");
	assert_warned(&n, "next-hop-out-of-reach", "10.2.0.4 is neither in spoke nor in");
}

static void a_next_hop_nobody_has_is_told(void **state) {
	(void)state;
	struct network n;
	build(&n);
	n.route->next_hop = ip_from("10.0.0.5");
	assert_warned(&n, "no-appliance", "no machine in hub has the next hop 10.0.0.5");
}

static void an_appliance_without_forwarding_is_told(void **state) {
	(void)state;
	struct network n;
	build(&n);
	n.firewall->nics[0].enable_ip_forwarding = false;
	assert_warned(&n, "appliance-not-forwarding", "firewall (10.0.0.4) has no enableIPForwarding");
}

static void an_appliance_under_its_own_route_is_told(void **state) {
	(void)state;
	struct network n;
	build(&n);
	n.hub->subnets[0].route_table = "rt";
	assert_warned(
		&n, "steers-appliance-to-itself", "counts in hub/fw too, where firewall itself is");
}

static void a_table_no_subnet_has_steers_nothing(void **state) {
	(void)state;
	struct network n;
	build(&n);
	n.route->next_hop = ip_from("10.0.0.5");
	n.spoke->subnets[0].route_table = NULL;
	assert_warned(&n, NULL, NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_appliance_that_forwards_is_fine),
		cmocka_unit_test(a_next_hop_two_peerings_away_is_out_of_reach),
		cmocka_unit_test(a_next_hop_nobody_has_is_told),
		cmocka_unit_test(an_appliance_without_forwarding_is_told),
		cmocka_unit_test(an_appliance_under_its_own_route_is_told),
		cmocka_unit_test(a_table_no_subnet_has_steers_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
