#include "world/igp_int.h"

#include <stdlib.h>
#include <string.h>

#define UNREACHED UINT32_MAX

struct spf_node {
	uint32_t distance;
	bool is_done;
	uint16_t hop_count;
	struct {
		uint32_t port, peer_port;
	} hops[IGP_HOPS_MAX];
};

static void add_hop(struct spf_node *node, uint32_t port, uint32_t peer_port) {
	for (uint16_t i = 0; i < node->hop_count; i++) {
		if (node->hops[i].port == port && node->hops[i].peer_port == peer_port)
			return;
	}
	if (node->hop_count == IGP_HOPS_MAX)
		return;
	node->hops[node->hop_count].port = port;
	node->hops[node->hop_count].peer_port = peer_port;
	node->hop_count++;
}

// RFC 2328 16.1 (2b): a link counts only when both ends speak of it.
static bool is_mutual(const struct igp_lsa *of, uint32_t back_to, uint32_t their_port) {
	for (size_t i = 0; of != NULL && i < of->adjacency_count; i++) {
		if (of->adjacencies[i].peer == back_to && of->adjacencies[i].port == their_port)
			return true;
	}
	return false;
}

static void relax(const struct igp_node *self, struct spf_node *nodes, uint32_t at) {
	const struct igp_lsa *lsa = self->database[at];
	for (size_t i = 0; lsa != NULL && i < lsa->adjacency_count; i++) {
		const struct igp_adjacency *link = &lsa->adjacencies[i];
		struct spf_node *peer = &nodes[link->peer];
		uint32_t distance = nodes[at].distance + link->cost;
		if (peer->is_done || distance > peer->distance ||
			!is_mutual(self->database[link->peer], at, link->peer_port))
			continue;
		if (distance < peer->distance)
			peer->hop_count = 0;
		peer->distance = distance;
		if (at == self->index) {
			add_hop(peer, link->port, link->peer_port);
			continue;
		}
		for (uint16_t h = 0; h < nodes[at].hop_count; h++)
			add_hop(peer, nodes[at].hops[h].port, nodes[at].hops[h].peer_port);
	}
}

static void shortest_paths(const struct igp_node *self, struct spf_node *nodes) {
	for (size_t i = 0; i < self->site->count; i++)
		nodes[i].distance = UNREACHED;
	nodes[self->index].distance = 0;
	for (size_t round = 0; round < self->site->count; round++) {
		uint32_t nearest = UNREACHED;
		for (uint32_t i = 0; i < self->site->count; i++) {
			if (!nodes[i].is_done && nodes[i].distance != UNREACHED &&
				(nearest == UNREACHED || nodes[i].distance < nodes[nearest].distance))
				nearest = i;
		}
		if (nearest == UNREACHED)
			return;
		nodes[nearest].is_done = true;
		relax(self, nodes, nearest);
	}
}

static struct ip address_of(const struct world *world, uint32_t port, bool v4) {
	const struct topo_port *topo = &world->topo->ports[port];
	for (size_t i = 0; i < topo->address_count; i++) {
		if (ip_is_v4(topo->addresses[i].address) == v4)
			return topo->addresses[i].address;
	}
	return IP_NONE;
}

static void put_hop(struct igp_route *route, uint32_t port, struct ip via) {
	for (uint16_t i = 0; i < route->hop_count; i++) {
		if (route->hops[i].port == port && ip_equal(route->hops[i].via, via))
			return;
	}
	if (route->hop_count < IGP_HOPS_MAX)
		route->hops[route->hop_count++] = (struct route_hop){.port = port, .via = via};
}

struct offer {
	struct prefix prefix;
	uint32_t metric, origin, router;
	bool is_external;
};

struct offers {
	struct offer *items;
	size_t count, room;
};

// Prefix order; for one prefix internal before external, then nearer first, then router.
static int compare_offers(const void *a, const void *b) {
	const struct offer *x = a;
	const struct offer *y = b;
	int order = prefix_compare(x->prefix, y->prefix);
	if (order != 0)
		return order;
	if (x->is_external != y->is_external)
		return x->is_external ? 1 : -1;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return x->router < y->router ? -1 : x->router > y->router;
}

static void gather(
	const struct igp_node *self, const struct spf_node *nodes, struct offers *offers) {
	for (uint32_t i = 0; i < self->site->count; i++) {
		const struct igp_lsa *lsa = self->database[i];
		if (i == self->index || lsa == NULL || !nodes[i].is_done)
			continue;
		for (size_t s = 0; s < lsa->stub_count; s++) {
			const struct igp_stub *stub = &lsa->stubs[s];
			struct offer offer = {
				stub->prefix, nodes[i].distance + stub->cost, stub->origin, i, false};
			ARRAY_PUSH(offers, offer);
		}
		for (size_t s = 0; s < lsa->external_count; s++) {
			const struct igp_stub *stub = &lsa->externals[s];
			// Who originates a default never installs another's: two would point at each other.
			if (prefix_is_default(stub->prefix) && self->has_own_default)
				continue;
			struct offer offer = {stub->prefix, nodes[i].distance, stub->origin, i, true};
			ARRAY_PUSH(offers, offer);
		}
	}
	if (offers->count > 1)
		qsort(offers->items, offers->count, sizeof(*offers->items), compare_offers);
}

static void add_route(const struct igp_node *self, const struct spf_node *nodes,
	const struct offer *offers, size_t count, struct igp_routes *out) {
	struct igp_route route = {
		.prefix = offers[0].prefix,
		.metric = offers[0].metric,
		.origin = offers[0].origin,
		.is_external = offers[0].is_external,
	};
	bool v4 = prefix_is_v4(route.prefix);
	for (size_t i = 0; i < count; i++) {
		if (offers[i].metric != route.metric || offers[i].is_external != route.is_external)
			break;
		const struct spf_node *to = &nodes[offers[i].router];
		for (uint16_t h = 0; h < to->hop_count; h++) {
			struct ip via = address_of(self->node->world, to->hops[h].peer_port, v4);
			if (!ip_is_none(via))
				put_hop(&route, to->hops[h].port, via);
		}
	}
	if (route.hop_count > 0)
		ARRAY_PUSH(out, route);
}

void igp_compute(const struct igp_node *self, struct igp_routes *out) {
	struct spf_node *nodes = memory_alloc(memory_product(self->site->count, sizeof(*nodes)));
	struct offers offers = {0};
	shortest_paths(self, nodes);
	gather(self, nodes, &offers);
	for (size_t i = 0; i < offers.count;) {
		size_t end = i + 1;
		while (end < offers.count && prefix_equal(offers.items[end].prefix, offers.items[i].prefix))
			end++;
		add_route(self, nodes, &offers.items[i], end - i, out);
		i = end;
	}
	free(offers.items);
	free(nodes);
}
