#include "world/world_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "forward/flow_table.h"
#include "forward/tunnel.h"
#include "net/header.h"

// Position of a port in its node: what forwarding tables name ports by.
static uint32_t slot_of(const struct topo *topo, uint32_t port) {
	const struct topo_node *node = &topo->nodes[topo->ports[port].node];
	for (uint32_t slot = 0; slot < node->port_count; slot++) {
		if (node->ports[slot] == port)
			return slot;
	}
	assert(false);
	return 0;
}

static struct port_filter *build_filters(
	struct world *world, const struct topo_filter *filters, size_t count) {
	struct port_filter *built = ARENA_ARRAY(world->arena, struct port_filter, count);
	for (size_t i = 0; i < count; i++) {
		built[i].list = (struct rule_list){filters[i].rules, filters[i].rule_count};
		built[i].drop = (enum drop)filters[i].drop;
		built[i].is_stateful = filters[i].is_stateful;
	}
	return built;
}

static bool has_stateful(const struct topo_port *port) {
	for (size_t i = 0; i < port->filter_in_count; i++) {
		if (port->filters_in[i].is_stateful)
			return true;
	}
	for (size_t i = 0; i < port->filter_out_count; i++) {
		if (port->filters_out[i].is_stateful)
			return true;
	}
	return false;
}

static void build_port(struct world *world, uint32_t number) {
	const struct topo_port *topo = &world->topo->ports[number];
	struct world_port *port = &world->ports[number];
	port->number = number;
	port->node = topo->node;
	port->link = topo->link;
	port->port.id = slot_of(world->topo, number);
	port->port.name = topo->name;
	port->port.mtu_bytes = topo->mtu_bytes != 0 ? topo->mtu_bytes : WORLD_DEFAULT_MTU;
	port->port.tcp_mtu_bytes = topo->tcp_mtu_bytes;
	port->port.icmp_v4 = topo->icmp_v4;
	port->port.icmp_v6 = topo->icmp_v6;
	port->port.by_next_hop = topo->by_next_hop;
	port->port.check_in = topo->check_source_in ? SOURCE_CHECK_ROUTE : SOURCE_CHECK_NONE;
	if (topo->strict_source_in)
		port->port.check_in = SOURCE_CHECK_STRICT;
	port->port.check_out = topo->check_source_out ? SOURCE_CHECK_ROUTE : SOURCE_CHECK_NONE;
	port->port.filters_in = build_filters(world, topo->filters_in, topo->filter_in_count);
	port->port.filter_in_count = topo->filter_in_count;
	port->port.filters_out = build_filters(world, topo->filters_out, topo->filter_out_count);
	port->port.filter_out_count = topo->filter_out_count;
	if (has_stateful(topo))
		port->port.flows = flow_table_new();
}

static int compare_addresses(const void *a, const void *b) {
	return ip_compare(*(const struct ip *)a, *(const struct ip *)b);
}

static void build_local(struct world *world, struct world_node *node) {
	size_t count = 0;
	for (size_t i = 0; i < node->topo->port_count; i++)
		count += world->topo->ports[node->topo->ports[i]].address_count;
	struct ip *local = ARENA_ARRAY(world->arena, struct ip, count);
	size_t filled = 0;
	for (size_t i = 0; i < node->topo->port_count; i++) {
		const struct topo_port *port = &world->topo->ports[node->topo->ports[i]];
		for (size_t a = 0; a < port->address_count; a++)
			local[filled++] = port->addresses[a].address;
	}
	qsort(local, count, sizeof(*local), compare_addresses);
	size_t unique = 0;
	for (size_t i = 0; i < count; i++) {
		if (unique == 0 || !ip_equal(local[unique - 1], local[i]))
			local[unique++] = local[i];
	}
	node->router.local = local;
	node->router.local_count = unique;
}

static uint64_t node_seed(const struct world *world, const struct topo_node *node) {
	if (node->hash_seed != 0)
		return node->hash_seed;
	struct digest digest;
	digest_init(&digest);
	digest_add_u64(&digest, loop_seed(world->loop));
	digest_add_text(&digest, node->name);
	return digest.value;
}

static void build_node(struct world *world, uint32_t number) {
	const struct topo_node *topo = &world->topo->nodes[number];
	struct world_node *node = &world->nodes[number];
	struct router *router = &node->router;
	node->world = world;
	node->number = number;
	node->topo = topo;
	node->is_up = true;
	router->id = number;
	router->name = topo->name;
	router->is_up = true;
	router->forwards = topo->forwards;
	router->decrements_ttl = topo->decrements_ttl;
	router->sends_time_exceeded = topo->sends_time_exceeded;
	router->sends_unreachable = topo->sends_unreachable;
	router->sends_too_big = topo->sends_too_big;
	router->icmp_source =
		topo->icmp_source == TOPO_ICMP_EGRESS ? ICMP_SOURCE_EGRESS : ICMP_SOURCE_INGRESS;
	router->hash_seed = node_seed(world, topo);
	router->fib.own = fib_layer_new();
	router->ports = ARENA_ARRAY(world->arena, struct port *, topo->port_count);
	router->port_count = topo->port_count;
	for (size_t i = 0; i < topo->port_count; i++) {
		struct world_port *port = &world->ports[topo->ports[i]];
		router->ports[i] = &port->port;
		port->port.fib = &router->fib;
		if (world->topo->ports[topo->ports[i]].check_source_out)
			node->checks_sources_out = true;
	}
	build_local(world, node);
}

static void fill_table(
	struct world *world, const struct topo_table *table, struct fib_layer *layer) {
	for (size_t i = 0; i < table->route_count; i++) {
		const struct topo_table_route *route = &table->routes[i];
		struct fib_hop hops[FIB_HOPS_MAX];
		assert(route->hop_count <= FIB_HOPS_MAX);
		for (size_t h = 0; h < route->hop_count; h++)
			hops[h] =
				(struct fib_hop){slot_of(world->topo, route->hops[h].port), route->hops[h].via};
		struct fib_route made = {
			.action = route->drop != 0 ? FIB_DROP : FIB_FORWARD,
			.drop = route->drop != 0 ? (enum drop)(route->drop - 1) : DROP_NO_ROUTE,
			.preference = route->preference,
			.holds = route->holds,
			.not_a_source = route->not_a_source,
			.hop_count = route->hop_count,
			.origin = route->origin,
			.hops = hops,
		};
		fib_layer_set(layer, route->prefix, &made);
	}
}

static void build_tables(struct world *world) {
	const struct topo *topo = world->topo;
	world->groups = ARENA_ARRAY(world->arena, struct fib_layer *, topo->group_count);
	for (uint32_t i = 0; i < topo->group_count; i++)
		world->groups[i] = fib_layer_new();
	world->tables = ARENA_ARRAY(world->arena, struct fib_layer *, topo->table_count);
	struct fib *fibs = ARENA_ARRAY(world->arena, struct fib, topo->table_count);
	for (size_t i = 0; i < topo->table_count; i++) {
		world->tables[i] = fib_layer_new();
		fill_table(world, &topo->tables[i], world->tables[i]);
		fibs[i].own = world->tables[i];
		fibs[i].shared =
			topo->tables[i].group != TOPO_NONE ? world->groups[topo->tables[i].group] : NULL;
	}
	for (uint32_t i = 0; i < topo->port_count; i++) {
		if (topo->ports[i].table == TOPO_NONE)
			continue;
		world->ports[i].fib = &fibs[topo->ports[i].table];
		world->ports[i].port.fib = world->ports[i].fib;
	}
}

void world_build_ports(struct world *world) {
	world->ports = ARENA_ARRAY(world->arena, struct world_port, world->topo->port_count);
	for (uint32_t i = 0; i < world->topo->port_count; i++)
		build_port(world, i);
}

void world_build_nodes(struct world *world) {
	world->nodes = ARENA_ARRAY(world->arena, struct world_node, world->topo->node_count);
	for (uint32_t i = 0; i < world->topo->node_count; i++)
		build_node(world, i);
	build_tables(world);
}

static void build_owners(struct world *world, struct world_link *link) {
	const struct topo_link *topo = &world->topo->links[link->number];
	if (topo->end_count <= 2)
		return;
	link->owners = lpm_new();
	for (uint32_t e = 0; e < topo->end_count; e++) {
		const struct topo_end *end = &topo->ends[e];
		const struct topo_port *port = &world->topo->ports[end->port];
		for (size_t i = 0; i < end->own_count; i++)
			lpm_insert(link->owners, end->owns[i], e);
		for (size_t i = 0; i < port->address_count; i++)
			lpm_insert(link->owners, prefix_host(port->addresses[i].address), e);
	}
}

static void build_link(struct world *world, uint32_t number) {
	const struct topo_link *topo = &world->topo->links[number];
	struct world_link *link = &world->links[number];
	link->number = number;
	link->quality = (struct world_quality){
		.delay_ns = topo->delay_ns,
		.jitter_ns = topo->jitter_ns,
		.loss_millionths = topo->loss_millionths,
		.mtu_bytes = topo->mtu_bytes,
		.queue_packets = topo->queue_packets != 0 ? topo->queue_packets : WORLD_DEFAULT_QUEUE,
		.rate_bits_per_s = topo->rate_bits_per_s,
	};
	link->fault = topo->is_down ? WORLD_DOWN : WORLD_UP;
	link->fault_one_way = TOPO_NONE;
	link->ends = ARENA_ARRAY(world->arena, struct world_end, topo->end_count);
	link->end_count = topo->end_count;
	for (uint32_t e = 0; e < topo->end_count; e++) {
		link->ends[e].port = topo->ends[e].port;
		link->ends[e].sees_down = topo->is_down;
		world->ports[topo->ends[e].port].link = number;
		world->ports[topo->ends[e].port].end = e;
		uint32_t carrier = topo->ends[e].rides_on;
		if (carrier == TOPO_NONE)
			continue;
		struct world_link *under = &world->links[carrier];
		under->riders = array_grow(
			under->riders, &under->rider_room, under->rider_count, sizeof(*under->riders));
		under->riders[under->rider_count++] = number;
	}
	random_init(
		&link->random, loop_seed(world->loop), topo->name != NULL ? topo->name : "", "link");
	build_owners(world, link);
}

void world_build_links(struct world *world) {
	world->links = ARENA_ARRAY(world->arena, struct world_link, world->topo->link_count);
	for (uint32_t i = 0; i < world->topo->link_count; i++)
		build_link(world, i);
}

void world_free_links(struct world *world) {
	for (size_t i = 0; i < world->topo->link_count; i++) {
		lpm_free(world->links[i].owners);
		free(world->links[i].riders);
	}
}

void world_free_nodes(struct world *world) {
	for (size_t i = 0; i < world->topo->port_count; i++)
		flow_table_free(world->ports[i].port.flows);
	for (size_t i = 0; i < world->topo->table_count; i++)
		fib_layer_unref(world->tables[i]);
	for (size_t i = 0; i < world->topo->group_count; i++)
		fib_layer_unref(world->groups[i]);
	for (size_t i = 0; i < world->topo->node_count; i++) {
		local_fragments_free(&world->nodes[i]);
		fib_layer_unref(world->nodes[i].router.fib.own);
	}
}
