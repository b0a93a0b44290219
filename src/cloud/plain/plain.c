#include "cloud/plain/plain.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "cloud/cloud.h"
#include "topo/topo_build.h"
#include "world/world.h"

struct plain_cloud {
	struct cloud cloud; // first: the seam sees only this
	const struct plain_model *model;
	struct topo *topo;
	struct diagnostics *mistakes;
	uint32_t *nodes; // the routers, by network
};

static struct plain_cloud *plain_of(struct cloud *cloud) {
	return (struct plain_cloud *)cloud;
}

static uint32_t find_network(struct plain_cloud *cloud, const char *name, struct place place) {
	for (uint32_t n = 0; n < cloud->model->network_count; n++) {
		if (text_equal(cloud->model->networks[n].name, name))
			return n;
	}
	diagnostics_error(cloud->mistakes, place, "there is no network \"%s\"", name);
	return TOPO_NONE;
}

static uint32_t add_node(
	struct plain_cloud *cloud, const char *name, enum topo_kind kind, struct place place) {
	uint32_t origin = topo_origin_add(cloud->topo, place, NULL, "%s", name);
	uint32_t number = topo_node_add(cloud->topo, name, kind, origin);

	if (number == TOPO_NONE) {
		diagnostics_error(cloud->mistakes, place, "the name \"%s\" is taken", name);
		return TOPO_NONE;
	}
	struct topo_node *node = &cloud->topo->nodes[number];
	node->answers_ping = true;
	node->forwards = node->decrements_ttl = node->sends_time_exceeded = kind == TOPO_ROUTER;
	return number;
}

static void link_ports(struct topo *topo, uint32_t a, uint32_t b) {
	uint32_t link = topo_link_add(topo, NULL, topo->ports[a].origin);

	topo_end_add(topo, link, a);
	topo_end_add(topo, link, b);
}

static void route_via(struct topo *topo, struct prefix prefix, uint32_t port, uint32_t origin) {
	struct route_hop hop = {.port = port};
	struct topo_route route = {.prefix = prefix, .hops = &hop, .hop_count = 1, .origin = origin};

	topo_route_add(topo, topo->ports[port].node, &route);
}

static void lower_host(struct plain_cloud *cloud, uint32_t n, const struct plain_host *host) {
	struct topo *topo = cloud->topo;
	const struct plain_network *network = &cloud->model->networks[n];
	uint32_t node = add_node(cloud, host->name, TOPO_HOST, network->place);

	if (node == TOPO_NONE)
		return;
	uint32_t origin = topo->nodes[node].origin;
	struct topo_address own = {host->address, prefix_host(host->address)};
	uint32_t port = topo_port_add(topo, node, "eth0", origin);
	uint32_t near = topo_port_add(topo, cloud->nodes[n], host->name, origin);
	topo_port_set_addresses(topo, port, &own, 1);
	topo->nodes[node].address = host->address;
	link_ports(topo, port, near);
	bool is_v4 = ip_is_v4(host->address);
	route_via(topo, is_v4 ? prefix_default_v4() : prefix_default_v6(), port, origin);
	route_via(topo, prefix_host(host->address), near, origin);
}

static void lower_network(struct plain_cloud *cloud, uint32_t n) {
	const struct plain_network *network = &cloud->model->networks[n];
	struct ip first = ip_next(prefix_first(network->prefix));
	struct topo_address own = {first, prefix_host(first)};

	cloud->nodes[n] = add_node(cloud, network->name, TOPO_ROUTER, network->place);
	if (cloud->nodes[n] == TOPO_NONE)
		return;
	uint32_t port = topo_port_add(cloud->topo, cloud->nodes[n], "self", 0);
	topo_port_set_addresses(cloud->topo, port, &own, 1);
	for (size_t h = 0; h < network->host_count; h++)
		lower_host(cloud, n, &network->hosts[h]);
}

static void join(struct plain_cloud *cloud, uint32_t n, const char *name) {
	const struct plain_network *network = &cloud->model->networks[n];
	uint32_t other = find_network(cloud, name, network->place);

	if (other == TOPO_NONE || cloud->nodes[n] == TOPO_NONE || cloud->nodes[other] == TOPO_NONE)
		return;
	uint32_t origin = cloud->topo->nodes[cloud->nodes[n]].origin;
	uint32_t here = topo_port_add(cloud->topo, cloud->nodes[n], name, origin);
	uint32_t there = topo_port_add(cloud->topo, cloud->nodes[other], network->name, origin);
	link_ports(cloud->topo, here, there);
	route_via(cloud->topo, cloud->model->networks[other].prefix, here, origin);
	route_via(cloud->topo, network->prefix, there, origin);
}

static uint32_t port_towards(const struct plain_cloud *cloud, uint32_t n, const char *name) {
	const struct topo_node *node = &cloud->topo->nodes[cloud->nodes[n]];

	for (size_t i = 0; i < node->port_count; i++) {
		if (text_equal(cloud->topo->ports[node->ports[i]].name, name))
			return node->ports[i];
	}
	return TOPO_NONE;
}

static void lower_route(struct plain_cloud *cloud, uint32_t n, const struct plain_route *route) {
	uint32_t port = TOPO_NONE;

	if (cloud->nodes[n] != TOPO_NONE &&
		find_network(cloud, route->network, route->place) != TOPO_NONE)
		port = port_towards(cloud, n, route->network);
	else
		return;
	if (port == TOPO_NONE) {
		diagnostics_error(cloud->mistakes, route->place, "%s is not joined to \"%s\"",
			cloud->model->networks[n].name, route->network);
		return;
	}
	route_via(cloud->topo, route->prefix, port,
		topo_origin_add(cloud->topo, route->place, NULL, "route to %s", route->network));
}

static void plain_lower(
	struct cloud *seam, struct topo *topo, struct names *port_names, struct diagnostics *mistakes) {
	struct plain_cloud *cloud = plain_of(seam);
	size_t count = cloud->model->network_count;

	(void)port_names;
	cloud->topo = topo;
	cloud->mistakes = mistakes;
	cloud->nodes = ARENA_ARRAY(topo->arena, uint32_t, count);
	for (uint32_t n = 0; n < count; n++)
		lower_network(cloud, n);
	for (uint32_t n = 0; n < count; n++) {
		for (size_t i = 0; i < cloud->model->networks[n].joined_count; i++)
			join(cloud, n, cloud->model->networks[n].joined[i]);
	}
	for (uint32_t n = 0; n < count; n++) {
		for (size_t i = 0; i < cloud->model->networks[n].route_count; i++)
			lower_route(cloud, n, &cloud->model->networks[n].routes[i]);
	}
}

static void plain_attach(struct cloud *cloud, struct world *world) {
	(void)cloud;
	(void)world;
}

// The network a host is in; TOPO_NONE for any other node.
static uint32_t network_of(const struct plain_cloud *cloud, uint32_t node) {
	for (uint32_t n = 0; n < cloud->model->network_count; n++) {
		const struct plain_network *network = &cloud->model->networks[n];
		for (size_t h = 0; h < network->host_count; h++) {
			if (text_equal(network->hosts[h].name, cloud->topo->nodes[node].name))
				return n;
		}
	}
	return TOPO_NONE;
}

static int plain_effective_routes(struct cloud *seam, const struct cloud_question *at,
	struct cloud_route_row **rows, size_t *count) {
	struct plain_cloud *cloud = plain_of(seam);
	uint32_t n = network_of(cloud, at->node);

	if (n == TOPO_NONE)
		return -ENOENT;
	const struct topo_node *router = &cloud->topo->nodes[cloud->nodes[n]];
	*rows = ARENA_ARRAY(at->arena, struct cloud_route_row, router->route_count);
	*count = router->route_count;
	for (size_t i = 0; i < router->route_count; i++) {
		const struct topo_route *route = &router->routes[i];
		const char **hops = ARENA_ARRAY(at->arena, const char *, 1);
		hops[0] = cloud->topo->ports[route->hops[0].port].name;
		(*rows)[i] = (struct cloud_route_row){
			.source = "Static",
			.state = "Active",
			.prefix = route->prefix,
			.next_hop_type = "Port",
			.next_hops = hops,
			.next_hop_count = 1,
			.why = "as configured",
			.origin = route->origin,
		};
	}
	return 0;
}

static int plain_next_hop(struct cloud *seam, const struct cloud_question *at,
	struct ip destination, struct cloud_next_hop *out) {
	struct cloud_route_row *rows;
	const struct cloud_route_row *best = NULL;
	size_t count;
	int error = plain_effective_routes(seam, at, &rows, &count);

	if (error < 0)
		return error;
	for (size_t i = 0; i < count; i++) {
		if (prefix_contains(rows[i].prefix, destination) &&
			(!best || rows[i].prefix.bits > best->prefix.bits))
			best = &rows[i];
	}
	*out = (struct cloud_next_hop){
		.type = best ? best->next_hop_type : "None",
		.address = best ? best->next_hops[0] : "",
		.route_table = "",
		.origin = best ? best->origin : 0,
	};
	return 0;
}

static int plain_flow_verify(struct cloud *seam, const struct cloud_question *at,
	const struct cloud_flow *flow, struct cloud_flow_verdict *out) {
	(void)flow;
	if (network_of(plain_of(seam), at->node) == TOPO_NONE)
		return -ENOENT;
	*out = (struct cloud_flow_verdict){.allowed = true, .rule = ""};
	return 0;
}

static void plain_free(struct cloud *cloud) {
	free(cloud);
}

static const struct cloud_ops plain_ops = {
	.name = "plain",
	.lower = plain_lower,
	.attach = plain_attach,
	.effective_routes = plain_effective_routes,
	.next_hop = plain_next_hop,
	.flow_verify = plain_flow_verify,
	.free = plain_free,
};

struct cloud *plain_cloud_new(const struct plain_model *model) {
	struct plain_cloud *cloud = memory_alloc(sizeof(*cloud));

	cloud->cloud.ops = &plain_ops;
	cloud->model = model;
	return &cloud->cloud;
}
