#include "world/world.h"

#include <stdlib.h>

#include "base/assert.h"
#include "world/world_int.h"

static void count_dropped(
	void *owner, struct router *router, const struct packet *packet, enum drop drop) {
	(void)packet;
	struct world *world = owner;
	digest_add_u64(&world->digest, (uint64_t)drop << 32 | router->id);
}

struct world *world_new(const struct topo *topo, struct loop *loop) {
	struct arena *arena = arena_new();
	struct world *world = ARENA_NEW(arena, struct world);
	world->topo = topo;
	world->loop = loop;
	world->arena = arena;
	world->forward = (struct forward){
		.pool = packet_pool_new(),
		.transmit = world_transmit,
		.deliver = world_deliver,
		.dropped = count_dropped,
		.owner = world,
	};
	digest_init(&world->digest);
	world->attributes = attributes_table_new();
	world_build_ports(world);
	world_build_nodes(world);
	world_build_links(world);
	world_routing_init(world);
	world_tunnels_init(world);
	igp_init(world);
	world_sessions_init(world);
	return world;
}

void world_start(struct world *world) {
	assert(!world->has_started);
	for (uint32_t i = 0; i < world->topo->link_count; i++)
		world_set_link(world, i, world->links[i].fault, TOPO_NONE);
	for (uint32_t i = 0; i < world->topo->port_count; i++)
		world_port_refresh(world, i);
	world->has_started = true;
	world_routing_start(world);
	igp_start(world);
	world_tunnels_start(world);
	world_sessions_start(world);
}

void world_free(struct world *world) {
	if (world == NULL)
		return;
	world->is_ending = true; // last words are not sent
	world_free_flights(world);
	probe_forget_all(world);
	world_sessions_free(world);
	igp_free(world);
	world_tunnels_free(world);
	world_routing_free(world);
	world_free_nodes(world);
	world_free_links(world);
	attributes_table_free(world->attributes);
	packet_pool_free(world->forward.pool);
	arena_free(world->arena);
}

const struct topo *world_topo(const struct world *world) {
	return world->topo;
}

struct loop *world_loop(struct world *world) {
	return world->loop;
}

struct arena *world_arena(struct world *world) {
	return world->arena;
}

struct router *world_router(struct world *world, uint32_t node) {
	return &world->nodes[node].router;
}

struct port *world_port(struct world *world, uint32_t port) {
	return &world->ports[port].port;
}

struct fib_layer *world_group_layer(struct world *world, uint32_t group) {
	return world->groups[group];
}

struct fib_layer *world_table_layer(struct world *world, uint32_t table) {
	return world->tables[table];
}

instant world_last_change(const struct world *world) {
	return world->last_change;
}

void world_watch_ribs(struct world *world, world_rib_changed_fn *changed, void *owner) {
	struct world_watcher *watcher = ARENA_NEW(world->arena, struct world_watcher);
	watcher->changed = changed;
	watcher->owner = owner;
	struct world_watcher **last = &world->watchers;
	while (*last != NULL)
		last = &(*last)->next;
	*last = watcher;
}

uint64_t world_digest(const struct world *world) {
	struct digest digest = world->digest;
	digest_add_u64(&digest, loop_events_fired(world->loop));
	digest_add_u64(&digest, (uint64_t)loop_now(world->loop).ns);
	return digest.value;
}
