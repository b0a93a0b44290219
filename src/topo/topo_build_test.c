#include "topo/topo_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct ip ip_from(const char *text) {
	struct ip a = IP_NONE;
	if (ip_parse(text, &a) != 0)
		fail_msg("%s does not parse", text);
	return a;
}

static uint32_t port_with(struct topo *topo, uint32_t node, const char *name, const char *address) {
	struct topo_address given;
	uint32_t port = topo_port_add(topo, node, name, 0);

	assert_int_equal(prefix_parse_interface(address, &given.address, &given.network), 0);
	topo_port_set_addresses(topo, port, &given, 1);
	return port;
}

static void join(struct topo *topo, const char *name, uint32_t a, uint32_t b) {
	uint32_t link = topo_link_add(topo, name, 0);

	topo_end_add(topo, link, a);
	topo_end_add(topo, link, b);
}

static void a_name_belongs_to_one_node(void **state) {
	struct topo *topo = topo_new("x.yaml");
	(void)state;

	assert_int_equal(topo_node_add(topo, "a", TOPO_HOST, 0), 0);
	assert_int_equal(topo_node_add(topo, "a", TOPO_ROUTER, 0), TOPO_NONE);
	assert_int_equal(topo_find_node(topo, "a"), 0);
	assert_int_equal(topo_find_node(topo, "b"), TOPO_NONE);
	topo_free(topo);
	topo_free(NULL);
}

static void new_things_refer_to_nothing(void **state) {
	struct topo *topo = topo_new(NULL);
	uint32_t node = topo_node_add(topo, "a", TOPO_ROUTER, 0);
	uint32_t port = topo_port_add(topo, node, "p", 0);
	uint32_t tunnel = topo_tunnel_add(topo, "t", 0);
	uint32_t table = topo_table_add(topo, node, "delivery");
	uint32_t neighbor = topo_neighbor_add(topo, node, IP_NONE, ip_from("10.0.0.1"), 0);
	(void)state;

	assert_int_equal(topo->ports[port].link, TOPO_NONE);
	assert_int_equal(topo->ports[port].tunnel, TOPO_NONE);
	assert_int_equal(topo->ports[port].table, TOPO_NONE);
	assert_int_equal(topo->tunnels[tunnel].port[1], TOPO_NONE);
	assert_int_equal(topo->tunnels[tunnel].underlay_port[0], TOPO_NONE);
	assert_int_equal(topo->tables[table].group, TOPO_NONE);
	assert_int_equal(topo->neighbors[neighbor].port, TOPO_NONE);
	assert_int_equal(topo->neighbors[neighbor].peer_node, TOPO_NONE);
	assert_int_equal(topo->nodes[node].bgp->neighbor_count, 1);
	topo_free(topo);
}

static void ports_and_routes_stay_when_arrays_grow(void **state) {
	enum { MANY = 1000 };
	struct topo *topo = topo_new(NULL);
	char name[16];
	(void)state;

	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(topo_node_add(topo, name, TOPO_ROUTER, 0), i);
		assert_int_equal(topo_port_add(topo, i, "p", 0), i);
		struct route_hop hop = {.port = i, .via = ip_of_v4(i + 1)};
		struct topo_route route = {.prefix = prefix_default_v4(), .hops = &hop, .hop_count = 1};
		topo_route_add(topo, i, &route);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_string_equal(topo->nodes[i].name, name);
		assert_int_equal(topo->nodes[i].ports[0], i);
		assert_int_equal(topo->nodes[i].routes[0].hops[0].port, i);
		assert_int_equal(topo->nodes[i].routes[0].distance, 1);
	}
	topo_free(topo);
}

static void answers_come_from_the_first_address_of_each_family(void **state) {
	struct topo *topo = topo_new(NULL);
	uint32_t port = topo_port_add(topo, topo_node_add(topo, "a", TOPO_ROUTER, 0), "p", 0);
	struct topo_address addresses[] = {
		{ip_from("fd00::1"), prefix_host(ip_from("fd00::1"))},
		{ip_from("10.0.0.1"), prefix_host(ip_from("10.0.0.1"))},
		{ip_from("10.0.0.2"), prefix_host(ip_from("10.0.0.2"))},
	};
	(void)state;

	topo_port_set_addresses(topo, port, addresses, 3);
	assert_true(ip_equal(topo->ports[port].icmp_v4, ip_from("10.0.0.1")));
	assert_true(ip_equal(topo->ports[port].icmp_v6, ip_from("fd00::1")));
	topo_free(topo);
}

static void a_link_is_found_in_either_order_of_its_ends(void **state) {
	struct topo *topo = topo_new(NULL);
	uint32_t a = topo_node_add(topo, "a", TOPO_ROUTER, 0);
	uint32_t b = topo_node_add(topo, "b", TOPO_ROUTER, 0);
	uint32_t c = topo_node_add(topo, "c", TOPO_ROUTER, 0);
	(void)state;

	join(topo, NULL, topo_port_add(topo, a, "1", 0), topo_port_add(topo, b, "1", 0));
	join(topo, NULL, topo_port_add(topo, b, "2", 0), topo_port_add(topo, a, "2", 0));
	join(topo, NULL, topo_port_add(topo, b, "3", 0), topo_port_add(topo, c, "1", 0));
	join(topo, "gw--c", topo_port_add(topo, a, "3", 0), topo_port_add(topo, c, "2", 0));
	topo_finish(topo);
	static const struct {
		const char *name;
		uint32_t link;
	} cases[] = {
		{"a--b", 0},
		{"a--b#1", 0},
		{"b--a", 0},
		{"b--a#1", 0},
		{"b--a#2", 1},
		{"a--b#2", 1},
		{"b--c", 2},
		{"c--b", 2},
		{"c--b#1", 2},
		{"c--b#2", TOPO_NONE},
		{"gw--c", 3},
		{"c--gw", 3},
		{"a--c", TOPO_NONE},
		{"a", TOPO_NONE},
		{"", TOPO_NONE},
		{"--", TOPO_NONE},
		{"#1", TOPO_NONE},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (topo_find_link(topo, cases[i].name) != cases[i].link)
			fail_msg("%s is link %d", cases[i].name, (int)topo_find_link(topo, cases[i].name));
	}
	assert_string_equal(topo->links[0].name, "a--b#1");
	assert_string_equal(topo->links[2].name, "b--c");
	topo_free(topo);
}

static void an_address_is_the_hosts_when_a_router_has_it_too(void **state) {
	struct topo *topo = topo_new(NULL);
	uint32_t router = topo_node_add(topo, "r", TOPO_ROUTER, 0);
	uint32_t host = topo_node_add(topo, "h", TOPO_HOST, 0);
	(void)state;

	port_with(topo, router, "1", "10.0.0.1/24");
	port_with(topo, router, "2", "10.0.1.1/24");
	port_with(topo, host, "1", "10.0.0.1/24");
	topo_finish(topo);
	assert_int_equal(topo_find_address(topo, ip_from("10.0.0.1")), host);
	assert_int_equal(topo_find_address(topo, ip_from("10.0.1.1")), router);
	assert_int_equal(topo_find_address(topo, ip_from("10.0.1.2")), TOPO_NONE);
	topo_free(topo);
}

static void a_neighbor_is_the_node_that_has_a_session_back(void **state) {
	struct topo *topo = topo_new(NULL);
	uint32_t a = topo_node_add(topo, "a", TOPO_ROUTER, 0);
	uint32_t other = topo_node_add(topo, "other", TOPO_ROUTER, 0);
	uint32_t b = topo_node_add(topo, "b", TOPO_ROUTER, 0);
	struct ip of_a = ip_from("10.0.0.1"), of_b = ip_from("10.0.0.2");
	(void)state;

	port_with(topo, a, "1", "10.0.0.1/30");
	port_with(topo, other, "1", "10.0.0.2/30");
	port_with(topo, b, "1", "10.0.0.2/30");
	topo_neighbor_add(topo, a, of_a, of_b, 0);
	topo_neighbor_add(topo, b, of_b, of_a, 0);
	topo_neighbor_add(topo, a, of_a, ip_from("10.9.9.9"), 0);
	topo_finish(topo);
	assert_int_equal(topo->neighbors[0].peer_node, b);
	assert_string_equal(topo->neighbors[0].name, "b");
	assert_int_equal(topo->neighbors[1].peer_node, a);
	assert_int_equal(topo->neighbors[2].peer_node, TOPO_NONE);
	assert_string_equal(topo->neighbors[2].name, "10.9.9.9");
	topo_free(topo);
}

static void a_port_that_is_on_a_link_lends_its_addresses_to_another(void **state) {
	struct topo *topo = topo_new(NULL);
	uint32_t a = topo_node_add(topo, "a", TOPO_ROUTER, 0);
	uint32_t b = topo_node_add(topo, "b", TOPO_ROUTER, 0);
	uint32_t first = port_with(topo, a, "internet", "203.0.113.1/32");
	(void)state;

	assert_int_equal(topo_port_for_link(topo, first), first);
	join(topo, NULL, first, topo_port_add(topo, b, "1", 0));
	uint32_t second = topo_port_for_link(topo, first);
	assert_int_not_equal(second, first);
	assert_string_equal(topo->ports[second].name, "internet#2");
	assert_int_equal(topo->ports[second].link, TOPO_NONE);
	assert_true(ip_equal(topo->ports[second].icmp_v4, ip_from("203.0.113.1")));
	join(topo, NULL, second, topo_port_add(topo, b, "2", 0));
	uint32_t third = topo_port_for_link(topo, first);
	assert_string_equal(topo->ports[third].name, "internet#3");
	topo_free(topo);
}

static void origins_name_place_and_words(void **state) {
	struct topo *topo = topo_new("x.yaml");
	struct place place = {"x.yaml", 4, 2};
	uint32_t origin = topo_origin_add(topo, place, "AZ-NIC-5", "rule %d", 200);
	(void)state;

	assert_string_equal(topo_origin(topo, origin)->text, "rule 200");
	assert_string_equal(topo_origin(topo, origin)->reference, "AZ-NIC-5");
	assert_int_equal(topo_origin(topo, origin)->place.line, 4);
	assert_string_equal(topo_origin(topo, 0)->text, "");
	assert_non_null(topo_origin(topo, 99));
	topo_free(topo);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_belongs_to_one_node),
		cmocka_unit_test(new_things_refer_to_nothing),
		cmocka_unit_test(ports_and_routes_stay_when_arrays_grow),
		cmocka_unit_test(answers_come_from_the_first_address_of_each_family),
		cmocka_unit_test(a_link_is_found_in_either_order_of_its_ends),
		cmocka_unit_test(an_address_is_the_hosts_when_a_router_has_it_too),
		cmocka_unit_test(a_neighbor_is_the_node_that_has_a_session_back),
		cmocka_unit_test(a_port_that_is_on_a_link_lends_its_addresses_to_another),
		cmocka_unit_test(origins_name_place_and_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
