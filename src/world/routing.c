#include "world/world_int.h"

#include <stdlib.h>

#include "base/assert.h"

#define DISTANCE_CONNECTED 0
#define DISTANCE_STATIC 1
#define DISTANCE_IGP 110

static bool needs_rib(const struct topo_node *node) {
	if (node->kind == TOPO_FABRIC)
		return false;
	bool is_end = node->kind == TOPO_HOST || node->kind == TOPO_SERVICE;
	return !is_end || node->bgp != NULL || node->igp_site != NULL;
}

// Hops in the node's own slots; a blackhole has none.
struct installed {
	struct fib_hop hops[ROUTE_HOPS_MAX];
	size_t count;
	uint32_t origin;
	bool blackhole;
};

static void add_hops(
	const struct world *world, const struct route_hop *hops, size_t count, struct installed *out) {
	for (size_t i = 0; i < count; i++) {
		out->blackhole = out->blackhole || hops[i].blackhole;
		if (!hops[i].blackhole)
			out->hops[out->count++] =
				(struct fib_hop){world->ports[hops[i].port].port.id, hops[i].via};
	}
}

static bool is_installed(const struct fib_route *now, const struct fib_route *wanted) {
	if (now == NULL || now->action != wanted->action || now->hop_count != wanted->hop_count ||
		now->origin != wanted->origin)
		return false;
	for (uint16_t i = 0; i < now->hop_count; i++) {
		if (now->hops[i].port != wanted->hops[i].port ||
			!ip_equal(now->hops[i].via, wanted->hops[i].via))
			return false;
	}
	return true;
}

static void install(
	struct world_node *node, struct prefix prefix, const struct installed *installed) {
	const struct fib_route *now = fib_layer_get(node->router.fib.own, prefix);
	if (installed->count == 0 && !installed->blackhole) {
		if (now != NULL)
			world_note_change(node->world);
		fib_layer_remove(node->router.fib.own, prefix);
		return;
	}
	struct fib_route route = {
		.action = installed->blackhole ? FIB_DROP : FIB_FORWARD,
		.drop = DROP_NO_ROUTE,
		.hop_count = installed->blackhole ? 0 : (uint16_t)installed->count,
		.origin = installed->origin,
		.hops = installed->hops,
		// A source that only a default route covers is not known (AZ-X-12).
		.not_a_source = node->checks_sources_out && prefix_is_default(prefix),
	};
	if (is_installed(now, &route))
		return;
	fib_layer_set(node->router.fib.own, prefix, &route);
	world_note_change(node->world);
}

// A network that is originated here leads where the plain route of its prefix leads: that is the
// row.
static const struct path *leading_path(const struct rib_entry *entry) {
	for (size_t i = 0; i < entry->path_count; i++) {
		const struct path *path = entry->paths[i];
		bool is_lent = path->is_reachable && route_is_plain(path->source->kind);
		if (entry->paths[0]->source->kind == ROUTE_LOCAL && is_lent)
			return path;
	}
	return entry->paths[0];
}

static uint32_t entry_origin(const struct rib_entry *entry) {
	const struct path *best = leading_path(entry);
	return best->origin != 0 ? best->origin : best->source->origin;
}

static void install_entry(struct world_node *node, const struct rib_entry *entry) {
	struct installed installed = {0};
	if (entry->path_count > 0 && entry->chosen > 0) {
		struct route_hop hops[ROUTE_HOPS_MAX];
		size_t count = rib_entry_hops(node->rib, entry, hops);
		add_hops(node->world, hops, count, &installed);
		installed.origin = entry_origin(entry);
	}
	install(node, entry->prefix, &installed);
}

static void rib_changed(void *owner, const struct rib_entry *entry) {
	struct world_node *node = owner;
	struct world *world = node->world;
	world->route_changes++;
	digest_add_u64(&world->digest, entry->prefix.base.lo ^ node->number);
	digest_add_u64(&world->digest, (uint64_t)entry->path_count << 16 | entry->chosen);
	install_entry(node, entry);
	if (node->speaker != NULL)
		bgp_rib_changed(node->speaker, entry);
	if (node->igp != NULL)
		igp_route_changed(node, entry);
	world_sessions_route_changed(world, node->number, entry->prefix);
	for (struct world_watcher *w = world->watchers; w != NULL; w = w->next)
		w->changed(w->owner, node->number, entry);
}

// Bounds the rounds of one instant: each flush may touch the table again only through this node's
// own speaker (networks that depend on routes), which settles in two.
#define FLUSH_ROUNDS 8

static void flush(struct timer *timer, void *owner) {
	(void)timer;
	struct world_node *node = owner;
	for (int round = 0; round < FLUSH_ROUNDS && rib_has_pending(node->rib); round++)
		rib_flush(node->rib);
	if (node->speaker != NULL)
		bgp_flush(node->speaker);
}

void world_node_touch(struct world_node *node) {
	if (node->rib == NULL || timer_is_running(&node->flush))
		return;
	if (rib_has_pending(node->rib) || (node->speaker != NULL && bgp_has_pending(node->speaker)))
		timer_start(
			node->world->loop, &node->flush, pace_next(&node->pace, loop_now(node->world->loop)));
}

// A plain route of the node: into its table, or straight into forwarding where there is none.
static void offer(struct world_node *node, struct prefix prefix, const struct route_source *source,
	const struct path_spec *spec) {
	if (node->rib == NULL) {
		struct installed installed = {.origin = spec->origin};
		add_hops(node->world, spec->hops, spec->hop_count, &installed);
		install(node, prefix, &installed);
	} else if (spec->hop_count == 0) {
		rib_withdraw(node->rib, prefix, source);
	} else {
		rib_update(node->rib, prefix, source, spec);
	}
}

// Connected routes of a node: one a network, with every port that is up and in it.
static void refresh_connected(struct world_node *node, struct prefix network) {
	struct world *world = node->world;
	struct route_hop hops[ROUTE_HOPS_MAX];
	struct path_spec spec = {.hops = hops};
	for (size_t i = 0; i < node->topo->port_count; i++) {
		uint32_t number = node->topo->ports[i];
		const struct topo_port *port = &world->topo->ports[number];
		if (!world->ports[number].port.is_up)
			continue;
		for (size_t a = 0; a < port->address_count && spec.hop_count < ROUTE_HOPS_MAX; a++) {
			if (!prefix_equal(port->addresses[a].network, network))
				continue;
			hops[spec.hop_count++] = (struct route_hop){.port = number};
			spec.origin = port->origin;
		}
	}
	offer(node, network, &node->connected, &spec);
}

// The hops of a static route that can leave now.
static size_t usable_hops(const struct world *world, const struct topo_route *route,
	struct route_hop usable[ROUTE_HOPS_MAX]) {
	size_t found = 0;
	if (route->drop != 0)
		usable[found++] = (struct route_hop){.blackhole = true};
	for (size_t h = 0; h < route->hop_count && found < ROUTE_HOPS_MAX; h++) {
		if (route->hops[h].blackhole || world->ports[route->hops[h].port].port.is_up)
			usable[found++] = route->hops[h];
	}
	return found;
}

// Static routes to one prefix: those of the lowest distance that can leave now.
static void refresh_static(struct world_node *node, struct prefix prefix) {
	struct route_hop hops[ROUTE_HOPS_MAX];
	struct path_spec spec = {.hops = hops};
	uint8_t distance = UINT8_MAX;
	for (size_t i = 0; i < node->topo->route_count; i++) {
		const struct topo_route *route = &node->topo->routes[i];
		if (!prefix_equal(route->prefix, prefix) || route->distance > distance)
			continue;
		struct route_hop usable[ROUTE_HOPS_MAX];
		size_t found = usable_hops(node->world, route, usable);
		if (found == 0)
			continue;
		if (route->distance < distance)
			spec.hop_count = 0;
		distance = route->distance;
		spec.origin = route->origin;
		for (size_t h = 0; h < found && spec.hop_count < ROUTE_HOPS_MAX; h++)
			hops[spec.hop_count++] = usable[h];
	}
	offer(node, prefix, &node->fixed, &spec);
}

static void refresh_port_routes(struct world_node *node, uint32_t port) {
	const struct topo_port *topo = &node->world->topo->ports[port];
	for (size_t a = 0; a < topo->address_count; a++)
		refresh_connected(node, topo->addresses[a].network);
	for (size_t i = 0; i < node->topo->route_count; i++) {
		const struct topo_route *route = &node->topo->routes[i];
		for (size_t h = 0; h < route->hop_count; h++) {
			if (route->hops[h].port == port)
				refresh_static(node, route->prefix);
		}
	}
}

void world_routing_port_changed(struct world *world, uint32_t port) {
	struct world_node *node = &world->nodes[world->topo->ports[port].node];
	if (node->topo->kind == TOPO_FABRIC)
		return;
	refresh_port_routes(node, port);
	world_node_touch(node);
}

static void init_node(struct world *world, struct world_node *node) {
	node->connected = (struct route_source){
		.name = "connected", .kind = ROUTE_CONNECTED, .distance = DISTANCE_CONNECTED};
	node->fixed =
		(struct route_source){.name = "static", .kind = ROUTE_STATIC, .distance = DISTANCE_STATIC};
	node->igp_source =
		(struct route_source){.name = "igp", .kind = ROUTE_IGP, .distance = DISTANCE_IGP};
	timer_init(&node->flush, TIMER_WORK, flush, node);
	if (!needs_rib(node->topo))
		return;
	const struct topo_bgp *bgp = node->topo->bgp;
	struct rib_config config = {
		.decision = bgp != NULL && bgp->decision != NULL ? bgp->decision : &decision_of_routers,
		.attributes = world->attributes,
		.changed = rib_changed,
		.owner = node,
	};
	node->rib = rib_new(&config);
}

void world_routing_init(struct world *world) {
	for (size_t i = 0; i < world->topo->node_count; i++)
		init_node(world, &world->nodes[i]);
}

void world_routing_start(struct world *world) {
	for (size_t i = 0; i < world->topo->node_count; i++) {
		struct world_node *node = &world->nodes[i];
		if (node->topo->kind == TOPO_FABRIC)
			continue;
		for (size_t p = 0; p < node->topo->port_count; p++)
			refresh_port_routes(node, node->topo->ports[p]);
		for (size_t r = 0; r < node->topo->route_count; r++)
			refresh_static(node, node->topo->routes[r].prefix);
		world_node_touch(node);
	}
}

void world_routing_free(struct world *world) {
	for (size_t i = 0; i < world->topo->node_count; i++)
		rib_free(world->nodes[i].rib);
}

struct rib *world_rib(struct world *world, uint32_t node) {
	return world->nodes[node].rib;
}
