#include "topo/topo_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/names.h"

#define ROOM_FIRST 4

static const struct topo_origin origin_none = {{NULL, 0, 0}, "", NULL};

// Room for one more item in an array of the arena. What an array outgrows stays in the arena, which
// at worst doubles it.
static void *room_for_one(
	struct topo *topo, void *items, size_t count, size_t *room, size_t bytes) {
	if (count < *room)
		return items;
	size_t larger = *room ? memory_product(*room, 2) : ROOM_FIRST;
	void *moved = arena_alloc(topo->arena, memory_product(larger, bytes));
	if (count)
		memcpy(moved, items, count * bytes);
	*room = larger;
	return moved;
}

#define ADD_ONE(topo, owner, list, counter, roomer)                                          \
	((owner)->list = room_for_one(                                                           \
		 (topo), (owner)->list, (owner)->counter, &(owner)->roomer, sizeof(*(owner)->list)), \
		&(owner)->list[(owner)->counter++])

struct topo *topo_new(const char *file) {
	struct arena *arena = arena_new();
	struct topo *topo = ARENA_NEW(arena, struct topo);

	topo->arena = arena;
	topo->file = file ? arena_strdup(arena, file) : NULL;
	topo->node_names = names_new();
	topo->link_names = names_new();
	topo->offer_names = names_new();
	*ADD_ONE(topo, topo, origins, origin_count, origin_room) = origin_none;
	return topo;
}

void topo_free(struct topo *topo) {
	if (!topo)
		return;
	names_free(topo->node_names);
	names_free(topo->link_names);
	names_free(topo->offer_names);
	arena_free(topo->arena);
}

uint32_t topo_origin_add(
	struct topo *topo, struct place place, const char *reference, const char *format, ...) {
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (place.file && topo->file && strcmp(place.file, topo->file) == 0)
		place.file = topo->file;
	else if (place.file)
		place.file = arena_strdup(topo->arena, place.file);
	struct topo_origin *origin = ADD_ONE(topo, topo, origins, origin_count, origin_room);
	origin->place = place;
	origin->text = arena_strdup(topo->arena, text);
	origin->reference = reference ? arena_strdup(topo->arena, reference) : NULL;
	return (uint32_t)(topo->origin_count - 1);
}

const struct topo_origin *topo_origin(const struct topo *topo, uint32_t origin) {
	return origin < topo->origin_count ? &topo->origins[origin] : &origin_none;
}

uint32_t topo_node_add(struct topo *topo, const char *name, enum topo_kind kind, uint32_t origin) {
	if (names_find(topo->node_names, name) != NAME_NONE)
		return TOPO_NONE;
	uint32_t number = names_add(topo->node_names, name);
	struct topo_node *node = ADD_ONE(topo, topo, nodes, node_count, node_room);

	assert(number == topo->node_count - 1);
	node->name = names_text(topo->node_names, number);
	node->group = node->name;
	node->kind_name = "";
	node->kind = kind;
	node->origin = origin;
	return number;
}

uint32_t topo_port_add(struct topo *topo, uint32_t node, const char *name, uint32_t origin) {
	assert(node < topo->node_count);
	uint32_t number = (uint32_t)topo->port_count;
	struct topo_port *port = ADD_ONE(topo, topo, ports, port_count, port_room);
	struct topo_node *owner = &topo->nodes[node];

	*ADD_ONE(topo, owner, ports, port_count, port_room) = number;
	port->name = arena_strdup(topo->arena, name);
	port->node = node;
	port->link = TOPO_NONE;
	port->table = TOPO_NONE;
	port->tunnel = TOPO_NONE;
	port->origin = origin;
	return number;
}

void topo_port_set_addresses(
	struct topo *topo, uint32_t number, const struct topo_address *addresses, size_t count) {
	assert(number < topo->port_count);
	struct topo_port *port = &topo->ports[number];

	port->addresses = topo_copy(topo, addresses, memory_product(count, sizeof(*addresses)));
	port->address_count = count;
	port->icmp_v4 = IP_NONE;
	port->icmp_v6 = IP_NONE;
	for (size_t i = count; i-- > 0;) {
		if (ip_is_v4(addresses[i].address))
			port->icmp_v4 = addresses[i].address;
		else
			port->icmp_v6 = addresses[i].address;
	}
}

uint32_t topo_port_for_link(struct topo *topo, uint32_t number) {
	assert(number < topo->port_count);
	if (topo->ports[number].link == TOPO_NONE)
		return number;
	struct topo_port first = topo->ports[number];
	size_t same = 1;

	for (size_t i = 0; i < topo->nodes[first.node].port_count; i++) {
		const char *name = topo->ports[topo->nodes[first.node].ports[i]].name;
		size_t length = strlen(first.name);
		same += strncmp(name, first.name, length) == 0 && name[length] == '#';
	}
	char *name = arena_printf(topo->arena, "%s#%zu", first.name, same + 1);
	uint32_t twin = topo_port_add(topo, first.node, name, first.origin);
	struct topo_port *port = &topo->ports[twin];
	first.name = port->name;
	first.link = TOPO_NONE;
	*port = first;
	return twin;
}

uint32_t topo_link_add(struct topo *topo, const char *name, uint32_t origin) {
	struct topo_link *link = ADD_ONE(topo, topo, links, link_count, link_room);

	link->name = name ? arena_strdup(topo->arena, name) : NULL;
	link->origin = origin;
	return (uint32_t)(topo->link_count - 1);
}

struct topo_end *topo_end_add(struct topo *topo, uint32_t number, uint32_t port) {
	assert(number < topo->link_count && port < topo->port_count);
	assert(topo->ports[port].link == TOPO_NONE);
	struct topo_link *link = &topo->links[number];
	struct topo_end *end = ADD_ONE(topo, link, ends, end_count, end_room);

	end->port = port;
	end->rides_on = TOPO_NONE;
	topo->ports[port].link = number;
	return end;
}

uint32_t topo_table_add(struct topo *topo, uint32_t node, const char *name) {
	assert(node < topo->node_count);
	struct topo_table *table = ADD_ONE(topo, topo, tables, table_count, table_room);

	table->name = arena_strdup(topo->arena, name);
	table->node = node;
	table->group = TOPO_NONE;
	return (uint32_t)(topo->table_count - 1);
}

void topo_table_route_add(
	struct topo *topo, uint32_t number, const struct topo_table_route *route) {
	assert(number < topo->table_count);
	struct topo_table *table = &topo->tables[number];
	struct topo_table_route *added = ADD_ONE(topo, table, routes, route_count, route_room);

	*added = *route;
	added->hops =
		topo_copy(topo, route->hops, memory_product(route->hop_count, sizeof(*route->hops)));
}

void topo_route_add(struct topo *topo, uint32_t number, const struct topo_route *route) {
	assert(number < topo->node_count);
	struct topo_node *node = &topo->nodes[number];
	struct topo_route *added = ADD_ONE(topo, node, routes, route_count, route_room);

	*added = *route;
	added->hops =
		topo_copy(topo, route->hops, memory_product(route->hop_count, sizeof(*route->hops)));
	if (!added->distance)
		added->distance = 1;
}

uint32_t topo_tunnel_add(struct topo *topo, const char *name, uint32_t origin) {
	struct topo_tunnel *tunnel = ADD_ONE(topo, topo, tunnels, tunnel_count, tunnel_room);

	tunnel->name = arena_strdup(topo->arena, name);
	tunnel->port[0] = tunnel->port[1] = TOPO_NONE;
	tunnel->underlay_port[0] = tunnel->underlay_port[1] = TOPO_NONE;
	tunnel->origin = origin;
	return (uint32_t)(topo->tunnel_count - 1);
}

struct topo_bgp *topo_bgp_of(struct topo *topo, uint32_t number) {
	assert(number < topo->node_count);
	struct topo_node *node = &topo->nodes[number];

	if (!node->bgp)
		node->bgp = ARENA_NEW(topo->arena, struct topo_bgp);
	return node->bgp;
}

uint32_t topo_neighbor_add(
	struct topo *topo, uint32_t node, struct ip local, struct ip remote, uint32_t origin) {
	uint32_t number = (uint32_t)topo->neighbor_count;
	struct topo_bgp *bgp = topo_bgp_of(topo, node);
	struct topo_neighbor *neighbor = ADD_ONE(topo, topo, neighbors, neighbor_count, neighbor_room);

	*ADD_ONE(topo, bgp, neighbors, neighbor_count, neighbor_room) = number;
	neighbor->node = node;
	neighbor->peer_node = TOPO_NONE;
	neighbor->port = TOPO_NONE;
	neighbor->local = local;
	neighbor->remote = remote;
	neighbor->origin = origin;
	return number;
}

void topo_network_add(struct topo *topo, uint32_t node, const struct topo_network *network) {
	struct topo_bgp *bgp = topo_bgp_of(topo, node);

	*ADD_ONE(topo, bgp, networks, network_count, network_room) = *network;
}

struct topo_offer *topo_offer_add(struct topo *topo, const char *key) {
	if (names_find(topo->offer_names, key) != NAME_NONE)
		return NULL;
	uint32_t number = names_add(topo->offer_names, key);
	struct topo_offer *offer = ADD_ONE(topo, topo, offers, offer_count, offer_room);

	assert(number == topo->offer_count - 1);
	offer->key = names_text(topo->offer_names, number);
	offer->port = TOPO_NONE;
	offer->underlay_port = TOPO_NONE;
	return offer;
}

void topo_doubt_tunnel(struct topo *topo, struct ip start, struct ip end) {
	*ADD_ONE(topo, topo, doubts, doubt_count, doubt_room) = (struct topo_doubt){start, end};
}

void *topo_copy(struct topo *topo, const void *items, size_t bytes) {
	if (!bytes)
		return NULL;
	return memcpy(arena_alloc(topo->arena, bytes), items, bytes);
}
