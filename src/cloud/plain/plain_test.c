#include "cloud/plain/plain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/names.h"
#include "cloud/cloud.h"
#include "topo/topo_build.h"

static struct prefix prefix_from(const char *text) {
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

static struct ip ip_from(const char *text) {
	struct ip address;

	assert_int_equal(ip_parse(text, &address), 0);
	return address;
}

struct fixture {
	struct topo *topo;
	struct diagnostics *mistakes;
	struct cloud *cloud;
	struct plain_network networks[2];
	struct plain_host host;
	struct plain_route route;
	const char *joined[1];
	struct plain_model model;
};

static void start(struct fixture *f, const char *behind) {
	*f = (struct fixture){
		.topo = topo_new("plain.yaml"),
		.mistakes = diagnostics_new(),
		.host = {"h", ip_from("10.0.0.4")},
		.route = {.prefix = prefix_from("192.168.0.0/16"), .network = behind},
		.joined = {"b"},
	};
	f->networks[0] = (struct plain_network){
		.name = "a",
		.prefix = prefix_from("10.0.0.0/24"),
		.hosts = &f->host,
		.host_count = 1,
		.joined = f->joined,
		.joined_count = 1,
		.routes = &f->route,
		.route_count = 1,
	};
	f->networks[1] = (struct plain_network){.name = "b", .prefix = prefix_from("10.0.1.0/24")};
	f->model = (struct plain_model){f->networks, 2};
	f->cloud = plain_cloud_new(&f->model);
	f->cloud->ops->lower(f->cloud, f->topo, NULL, f->mistakes);
	topo_finish(f->topo);
}

static void done(struct fixture *f) {
	f->cloud->ops->free(f->cloud);
	topo_free(f->topo);
	diagnostics_free(f->mistakes);
}

static void a_host_sees_its_networks_routes(void **state) {
	struct fixture f;
	struct arena *arena = arena_new();
	struct cloud_route_row *rows;
	size_t count;
	static const struct {
		const char *prefix, *hop;
	} wanted[] = {{"10.0.0.4/32", "h"}, {"10.0.1.0/24", "b"}, {"192.168.0.0/16", "b"}};

	(void)state;
	start(&f, "b");
	assert_int_equal(diagnostics_count(f.mistakes), 0);
	struct cloud_question at = {NULL, topo_find_node(f.topo, "h"), NULL, arena};
	assert_int_equal(f.cloud->ops->effective_routes(f.cloud, &at, &rows, &count), 0);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++) {
		assert_true(prefix_equal(rows[i].prefix, prefix_from(wanted[i].prefix)));
		assert_string_equal(rows[i].next_hops[0], wanted[i].hop);
	}
	arena_free(arena);
	done(&f);
}

static void the_longest_row_gives_the_next_hop(void **state) {
	struct fixture f;
	struct arena *arena = arena_new();
	struct cloud_next_hop hop;

	(void)state;
	start(&f, "b");
	struct cloud_question at = {NULL, topo_find_node(f.topo, "h"), NULL, arena};
	f.cloud->ops->next_hop(f.cloud, &at, ip_from("192.168.7.7"), &hop);
	assert_string_equal(hop.address, "b");
	f.cloud->ops->next_hop(f.cloud, &at, ip_from("8.8.8.8"), &hop);
	assert_string_equal(hop.type, "None");
	arena_free(arena);
	done(&f);
}

static void routers_are_joined_both_ways(void **state) {
	struct fixture f;

	(void)state;
	start(&f, "b");
	assert_int_not_equal(topo_find_link(f.topo, "a--b"), TOPO_NONE);
	const struct topo_node *b = &f.topo->nodes[topo_find_node(f.topo, "b")];
	assert_int_equal(b->route_count, 1);
	assert_true(prefix_equal(b->routes[0].prefix, f.networks[0].prefix));
	done(&f);
}

static void a_route_behind_an_unknown_network_is_a_mistake(void **state) {
	struct fixture f;

	(void)state;
	start(&f, "c");
	assert_int_equal(diagnostics_error_count(f.mistakes), 1);
	assert_string_equal(diagnostics_at(f.mistakes, 0)->text, "there is no network \"c\"");
	done(&f);
}

static void a_router_is_no_machine_of_the_cloud(void **state) {
	struct fixture f;
	struct arena *arena = arena_new();
	struct cloud_flow_verdict verdict;
	struct cloud_flow flow = {0};

	(void)state;
	start(&f, "b");
	struct cloud_question at = {NULL, topo_find_node(f.topo, "a"), NULL, arena};
	assert_int_equal(f.cloud->ops->flow_verify(f.cloud, &at, &flow, &verdict), -ENOENT);
	arena_free(arena);
	done(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_sees_its_networks_routes),
		cmocka_unit_test(the_longest_row_gives_the_next_hop),
		cmocka_unit_test(routers_are_joined_both_ways),
		cmocka_unit_test(a_route_behind_an_unknown_network_is_a_mistake),
		cmocka_unit_test(a_router_is_no_machine_of_the_cloud),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
