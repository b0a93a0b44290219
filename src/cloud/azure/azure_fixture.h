// What a model was lowered to, for the tests of this folder. Include cmocka's headers before.
#pragma once

#include "cloud/azure/azure_model_fixture.h"

static inline struct azure_local_gateway *add_local_gateway(
	struct azure_test *t, const char *name, const char *outer) {
	struct azure_local_gateway *local = &t->model.local_gateways[t->model.local_gateway_count++];

	*local = (struct azure_local_gateway){.name = name,
		.gateway_address = ip_from(outer),
		.address_space = ROOM_FOR(t, struct prefix)};
	return local;
}

static inline void azure_test_lower(struct azure_test *t) {
	t->cloud = azure_cloud_new(&t->model);
	t->cloud->ops->lower(t->cloud, t->topo, NULL, t->mistakes);
	if (diagnostics_error_count(t->mistakes) == 0)
		topo_finish(t->topo);
}

static inline void azure_test_lower_well(struct azure_test *t) {
	azure_test_lower(t);
	if (diagnostics_error_count(t->mistakes) > 0)
		fail_msg("%s", diagnostics_at(t->mistakes, 0)->text);
}

static inline const struct azure_cloud *azure_test_cloud(const struct azure_test *t) {
	return (const struct azure_cloud *)t->cloud;
}

static inline uint32_t node_named(const struct azure_test *t, const char *name) {
	uint32_t node = topo_find_node(t->topo, name);

	if (node == TOPO_NONE)
		fail_msg("no node %s", name);
	return node;
}

static inline uint32_t port_named(const struct azure_test *t, const char *node, const char *port) {
	const struct topo_node *of = &t->topo->nodes[node_named(t, node)];

	for (size_t i = 0; i < of->port_count; i++) {
		if (text_equal(t->topo->ports[of->ports[i]].name, port))
			return of->ports[i];
	}
	fail_msg("no port %s at %s", port, node);
	return TOPO_NONE;
}

// The last row of the prefix counts, as in a forwarding table; NULL when there is none.
static inline const struct topo_table_route *row_of(
	const struct azure_test *t, uint32_t table, const char *prefix) {
	const struct topo_table_route *found = NULL;

	for (size_t i = 0; i < t->topo->tables[table].route_count; i++) {
		const struct topo_table_route *row = &t->topo->tables[table].routes[i];
		if (prefix_equal(row->prefix, prefix_from(prefix)))
			found = row;
	}
	return found;
}
