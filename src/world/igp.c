// An idealised link-state IGP inside a site. Every router says what it is next to and what it can
// reach; that spreads over the site's links at 10 ms a link; everyone computes shortest paths. What
// is idealised: the flooding is not made of packets, and adjacencies form at once. What is not: it
// does not cross a link that loses everything, and a silent neighbour is given up after 40 s.
#include "world/igp_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

struct igp_flood {
	struct igp_flood *next, **previous; // among those under way
	struct timer timer;
	struct igp_node *to;
	struct igp_lsa *lsa;
};

struct igp_dead {
	struct timer timer;
	struct world *world;
	uint32_t link;
};

static void lsa_unref(struct igp_lsa *lsa) {
	if (lsa == NULL || --lsa->references > 0)
		return;
	free(lsa->adjacencies);
	free(lsa->stubs);
	free(lsa->externals);
	free(lsa);
}

static bool is_igp_port(const struct world *world, uint32_t port) {
	const struct topo_port *topo = &world->topo->ports[port];
	return topo->igp_cost > 0 && topo->link != TOPO_NONE && world->nodes[topo->node].igp != NULL &&
		world->ports[port].port.is_up;
}

// Has the link been losing everything for longer than the dead interval?
static bool is_given_up(const struct world *world, const struct world_link *link) {
	if (link->fault != WORLD_CUT && link->fault_one_way == TOPO_NONE)
		return false;
	return instant_since(loop_now(world->loop), link->fault_since) >= IGP_DEAD_NS;
}

typedef void adjacency_fn(struct igp_node *self, uint32_t port, uint32_t peer_port, void *owner);

static void each_adjacency(struct igp_node *self, adjacency_fn *visit, void *owner) {
	struct world *world = self->node->world;
	const struct topo_node *topo = self->node->topo;
	for (size_t p = 0; p < topo->port_count; p++) {
		uint32_t port = topo->ports[p];
		if (!is_igp_port(world, port))
			continue;
		const struct world_link *link = &world->links[world->ports[port].link];
		if (is_given_up(world, link))
			continue;
		for (size_t e = 0; e < link->end_count; e++) {
			uint32_t peer = link->ends[e].port;
			if (peer != port && is_igp_port(world, peer) &&
				world->nodes[world->ports[peer].node].igp->site == self->site)
				visit(self, port, peer, owner);
		}
	}
}

static void accept_lsa(struct igp_node *self, struct igp_lsa *lsa);

static void flood_free(struct world *world, struct igp_flood *flood) {
	timer_stop(world->loop, &flood->timer);
	*flood->previous = flood->next;
	if (flood->next != NULL)
		flood->next->previous = flood->previous;
	lsa_unref(flood->lsa);
	free(flood);
}

static void flood_arrives(struct timer *timer, void *owner) {
	(void)timer;
	struct igp_flood *flood = owner;
	if (flood->to->node->is_up)
		accept_lsa(flood->to, flood->lsa);
	flood_free(flood->to->node->world, flood);
}

struct flooding {
	struct igp_lsa *lsa;
	uint32_t only_port; // TOPO_NONE: all
};

static void flood_to(struct igp_node *self, uint32_t port, uint32_t peer_port, void *owner) {
	struct flooding *flooding = owner;
	struct world *world = self->node->world;
	const struct world_port *out = &world->ports[port];
	if (flooding->only_port != TOPO_NONE && flooding->only_port != port)
		return;
	if (world->links[out->link].ends[out->end].loses)
		return;
	struct igp_node *peer = world->nodes[world->ports[peer_port].node].igp;
	const struct igp_lsa *known = peer->database[flooding->lsa->router];
	if (known != NULL && known->version >= flooding->lsa->version)
		return;
	struct igp_flood *flood = memory_alloc(sizeof(*flood));
	flood->to = peer;
	flood->lsa = flooding->lsa;
	flood->lsa->references++;
	flood->next = world->floods;
	flood->previous = &world->floods;
	if (flood->next != NULL)
		flood->next->previous = &flood->next;
	world->floods = flood;
	timer_init(&flood->timer, TIMER_WORK, flood_arrives, flood);
	timer_start(world->loop, &flood->timer, IGP_FLOOD_NS);
}

static void accept_lsa(struct igp_node *self, struct igp_lsa *lsa) {
	const struct igp_lsa *known = self->database[lsa->router];
	if (known != NULL && known->version >= lsa->version)
		return;
	lsa_unref(self->database[lsa->router]);
	self->database[lsa->router] = lsa;
	lsa->references++;
	if (!timer_is_running(&self->compute))
		timer_start(self->node->world->loop, &self->compute, 0);
	struct flooding flooding = {lsa, TOPO_NONE};
	each_adjacency(self, flood_to, &flooding);
}

static void say_adjacency(struct igp_node *self, uint32_t port, uint32_t peer_port, void *owner) {
	struct igp_lsa *lsa = owner;
	struct world *world = self->node->world;
	struct igp_adjacency adjacency = {
		.peer = world->nodes[world->ports[peer_port].node].igp->index,
		.cost = world->topo->ports[port].igp_cost,
		.port = port,
		.peer_port = peer_port,
	};
	lsa->adjacencies = array_grow(
		lsa->adjacencies, &lsa->adjacency_room, lsa->adjacency_count, sizeof(*lsa->adjacencies));
	lsa->adjacencies[lsa->adjacency_count++] = adjacency;
}

static void say_stub(struct igp_lsa *lsa, struct igp_stub stub) {
	lsa->stubs = array_grow(lsa->stubs, &lsa->stub_room, lsa->stub_count, sizeof(stub));
	lsa->stubs[lsa->stub_count++] = stub;
}

static void say_external(struct igp_lsa *lsa, struct igp_stub stub) {
	lsa->externals =
		array_grow(lsa->externals, &lsa->external_room, lsa->external_count, sizeof(stub));
	lsa->externals[lsa->external_count++] = stub;
}

static bool knows_default(const struct igp_node *self) {
	const struct rib_entry *entry = rib_find(self->node->rib, prefix_default_v4());
	return entry != NULL && entry->chosen > 0 && entry->paths[0]->source->kind != ROUTE_IGP;
}

static void say_default(struct igp_node *self, struct igp_lsa *lsa) {
	enum topo_default mode = self->node->topo->igp_default;
	self->has_own_default =
		mode == TOPO_DEFAULT_ALWAYS || (mode == TOPO_DEFAULT_IF_KNOWN && knows_default(self));
	if (!self->has_own_default)
		return;
	struct igp_stub stub = {prefix_default_v4(), 0, self->node->topo->origin};
	say_external(lsa, stub);
	for (size_t i = 0; i < self->node->router.local_count; i++) {
		if (ip_is_v4(self->node->router.local[i]))
			continue;
		stub.prefix = prefix_default_v6();
		say_external(lsa, stub);
		return;
	}
}

static struct igp_lsa *describe(struct igp_node *self) {
	struct world *world = self->node->world;
	struct igp_lsa *lsa = memory_alloc(sizeof(*lsa));
	lsa->router = self->index;
	each_adjacency(self, say_adjacency, lsa);
	const struct topo_node *topo = self->node->topo;
	for (size_t p = 0; p < topo->port_count; p++) {
		const struct topo_port *port = &world->topo->ports[topo->ports[p]];
		if (port->igp_cost == 0 || !world->ports[topo->ports[p]].port.is_up)
			continue;
		for (size_t a = 0; a < port->address_count; a++)
			say_stub(
				lsa, (struct igp_stub){port->addresses[a].network, port->igp_cost, port->origin});
	}
	for (size_t i = 0; i < self->redistributed_count; i++)
		say_external(lsa, self->redistributed[i]);
	say_default(self, lsa);
	return lsa;
}

static bool same_stubs(const struct igp_stub *a, const struct igp_stub *b, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (!prefix_equal(a[i].prefix, b[i].prefix) || a[i].cost != b[i].cost)
			return false;
	}
	return true;
}

static bool same_lsa(const struct igp_lsa *a, const struct igp_lsa *b) {
	return a->adjacency_count == b->adjacency_count && a->stub_count == b->stub_count &&
		a->external_count == b->external_count &&
		(a->adjacency_count == 0 ||
			memcmp(a->adjacencies, b->adjacencies, a->adjacency_count * sizeof(*a->adjacencies)) ==
				0) &&
		same_stubs(a->stubs, b->stubs, a->stub_count) &&
		same_stubs(a->externals, b->externals, a->external_count);
}

static void originate(struct timer *timer, void *owner) {
	(void)timer;
	struct igp_node *self = owner;
	struct igp_lsa *lsa = describe(self);
	lsa->references = 1;
	const struct igp_lsa *old = self->database[self->index];
	if (old == NULL || !same_lsa(old, lsa)) {
		lsa->version = ++self->version;
		accept_lsa(self, lsa);
	}
	lsa_unref(lsa);
}

static void originate_soon(struct igp_node *self) {
	struct loop *loop = self->node->world->loop;
	if (!timer_is_running(&self->originate))
		timer_start(loop, &self->originate, pace_next(&self->pace, loop_now(loop)));
}

static bool same_route(const struct igp_route *a, const struct igp_route *b) {
	if (a->metric != b->metric || a->hop_count != b->hop_count || a->origin != b->origin)
		return false;
	for (uint16_t i = 0; i < a->hop_count; i++) {
		if (a->hops[i].port != b->hops[i].port || !ip_equal(a->hops[i].via, b->hops[i].via))
			return false;
	}
	return true;
}

static void announce(struct igp_node *self, const struct igp_route *route) {
	struct path_spec spec = {
		.hops = route->hops,
		.hop_count = route->hop_count,
		.metric = route->metric,
		.origin = route->origin,
	};
	rib_update(self->node->rib, route->prefix, &self->node->igp_source, &spec);
}

// Both lists are in prefix order: what is only in the old one goes, what is new or changed comes.
static void compute(struct timer *timer, void *owner) {
	(void)timer;
	struct igp_node *self = owner;
	struct igp_routes fresh = {0};
	igp_compute(self, &fresh);
	size_t o = 0;
	size_t n = 0;
	while (o < self->installed.count || n < fresh.count) {
		int order = o == self->installed.count ? 1
			: n == fresh.count
			? -1
			: prefix_compare(self->installed.items[o].prefix, fresh.items[n].prefix);
		if (order < 0) {
			rib_withdraw(self->node->rib, self->installed.items[o].prefix, &self->node->igp_source);
			o++;
			continue;
		}
		if (order > 0 || !same_route(&self->installed.items[o], &fresh.items[n]))
			announce(self, &fresh.items[n]);
		if (order == 0)
			o++;
		n++;
	}
	free(self->installed.items);
	self->installed = fresh;
	world_node_touch(self->node);
}

static size_t find_redistributed(const struct igp_node *self, struct prefix prefix) {
	size_t low = 0;
	size_t high = self->redistributed_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (prefix_compare(self->redistributed[middle].prefix, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void igp_route_changed(struct world_node *node, const struct rib_entry *entry) {
	struct igp_node *self = node->igp;
	if (prefix_is_default(entry->prefix)) {
		if (node->topo->igp_default == TOPO_DEFAULT_IF_KNOWN)
			originate_soon(self);
		return; // a default is originated on purpose only, never redistributed
	}
	bool wanted = entry->path_count > 0 && entry->chosen > 0 &&
		(node->topo->igp_redistribute & (1u << entry->paths[0]->source->kind)) != 0;
	size_t at = find_redistributed(self, entry->prefix);
	bool present = at < self->redistributed_count &&
		prefix_equal(self->redistributed[at].prefix, entry->prefix);
	if (wanted == present)
		return;
	if (present) {
		memmove(&self->redistributed[at], &self->redistributed[at + 1],
			(self->redistributed_count - at - 1) * sizeof(*self->redistributed));
		self->redistributed_count--;
	} else {
		self->redistributed = array_grow(self->redistributed, &self->redistributed_room,
			self->redistributed_count, sizeof(*self->redistributed));
		memmove(&self->redistributed[at + 1], &self->redistributed[at],
			(self->redistributed_count - at) * sizeof(*self->redistributed));
		self->redistributed[at] =
			(struct igp_stub){entry->prefix, 0, entry->paths[0]->source->origin};
		self->redistributed_count++;
	}
	originate_soon(self);
}

// Everything this node knows goes to a neighbour that has just appeared.
static void send_database(struct igp_node *self, uint32_t port) {
	for (size_t i = 0; i < self->site->count; i++) {
		if (self->database[i] == NULL)
			continue;
		struct flooding flooding = {self->database[i], port};
		each_adjacency(self, flood_to, &flooding);
	}
}

static void refresh_link(struct world *world, uint32_t link) {
	for (size_t e = 0; e < world->links[link].end_count; e++) {
		uint32_t port = world->links[link].ends[e].port;
		struct igp_node *self = world->nodes[world->ports[port].node].igp;
		if (self == NULL || world->topo->ports[port].igp_cost == 0)
			continue;
		originate_soon(self);
		send_database(self, port);
	}
}

void igp_port_changed(struct world *world, uint32_t port) {
	const struct topo_port *topo = &world->topo->ports[port];
	if (topo->igp_cost == 0)
		return;
	if (world->nodes[topo->node].igp != NULL)
		originate_soon(world->nodes[topo->node].igp);
	if (topo->link != TOPO_NONE)
		refresh_link(world, topo->link);
}

static void dead_interval_over(struct timer *timer, void *owner) {
	(void)timer;
	struct igp_dead *dead = owner;
	refresh_link(dead->world, dead->link);
}

static bool has_igp(const struct world *world, uint32_t link) {
	for (size_t e = 0; e < world->links[link].end_count; e++) {
		uint32_t port = world->links[link].ends[e].port;
		if (world->topo->ports[port].igp_cost > 0)
			return true;
	}
	return false;
}

void igp_link_cut(struct world *world, uint32_t link) {
	if (!world->has_started || !has_igp(world, link))
		return;
	if (world->links[link].fault == WORLD_UP) {
		refresh_link(world, link);
		return;
	}
	struct igp_dead *dead = ARENA_NEW(world->arena, struct igp_dead);
	dead->world = world;
	dead->link = link;
	timer_init(&dead->timer, TIMER_WORK, dead_interval_over, dead);
	timer_start(world->loop, &dead->timer, IGP_DEAD_NS);
}

static struct igp_site *site_of(struct world *world, const char *name) {
	for (size_t i = 0; i < world->igp_site_count; i++) {
		if (strcmp(world->igp_sites[i].name, name) == 0)
			return &world->igp_sites[i];
	}
	struct igp_site *site = &world->igp_sites[world->igp_site_count++];
	site->name = name;
	return site;
}

static void init_node(struct world *world, struct world_node *node) {
	struct igp_node *self = ARENA_NEW(world->arena, struct igp_node);
	self->node = node;
	self->site = site_of(world, node->topo->igp_site);
	self->index = (uint32_t)self->site->count;
	self->site->nodes = array_grow(
		self->site->nodes, &self->site->room, self->site->count, sizeof(*self->site->nodes));
	self->site->nodes[self->site->count++] = self;
	timer_init(&self->originate, TIMER_WORK, originate, self);
	timer_init(&self->compute, TIMER_WORK, compute, self);
	node->igp = self;
}

void igp_init(struct world *world) {
	world->igp_sites = ARENA_ARRAY(world->arena, struct igp_site, world->topo->node_count + 1);
	for (size_t i = 0; i < world->topo->node_count; i++) {
		if (world->nodes[i].topo->igp_site != NULL && world->nodes[i].rib != NULL)
			init_node(world, &world->nodes[i]);
	}
	for (size_t s = 0; s < world->igp_site_count; s++) {
		struct igp_site *site = &world->igp_sites[s];
		for (size_t i = 0; i < site->count; i++)
			site->nodes[i]->database = ARENA_ARRAY(world->arena, struct igp_lsa *, site->count);
	}
}

void igp_start(struct world *world) {
	for (size_t i = 0; i < world->topo->node_count; i++) {
		if (world->nodes[i].igp != NULL)
			originate_soon(world->nodes[i].igp);
	}
}

void igp_free(struct world *world) {
	while (world->floods != NULL)
		flood_free(world, world->floods);
	for (size_t s = 0; s < world->igp_site_count; s++) {
		struct igp_site *site = &world->igp_sites[s];
		for (size_t i = 0; i < site->count; i++) {
			struct igp_node *self = site->nodes[i];
			for (size_t d = 0; d < site->count; d++)
				lsa_unref(self->database[d]);
			free(self->installed.items);
			free(self->redistributed);
		}
		free(site->nodes);
	}
}
