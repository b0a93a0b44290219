#include "world/world_int.h"

#include <errno.h>

static bool wants_up(const struct world *world, uint32_t number) {
	const struct topo_port *topo = &world->topo->ports[number];
	if (topo->is_shut || !world->nodes[topo->node].is_up)
		return false;
	if (topo->tunnel != TOPO_NONE) {
		const struct world_tunnel *tunnel = &world->tunnels[topo->tunnel];
		uint32_t side = world->topo->tunnels[topo->tunnel].port[0] == number ? 0 : 1;
		return tunnel->ends[side].is_up;
	}
	return world_link_carries(world, number);
}

void world_port_refresh(struct world *world, uint32_t number) {
	struct port *port = &world->ports[number].port;
	bool up = wants_up(world, number);
	if (port->is_up == up)
		return;
	port->is_up = up;
	if (!world->has_started)
		return;
	world_note_change(world);
	world_routing_port_changed(world, number);
	igp_port_changed(world, number);
	world_sessions_port_changed(world, number);
	world_tunnels_port_changed(world, number);
}

static void refresh_ends(struct world *world, uint32_t link) {
	for (size_t e = 0; e < world->links[link].end_count; e++)
		world_port_refresh(world, world->links[link].ends[e].port);
}

// A neighbour that is powered off takes the carrier with it on a link of two ends.
static bool peer_is_off(const struct world *world, const struct world_link *link, size_t end) {
	if (link->end_count != 2)
		return false;
	uint32_t other = world->ports[link->ends[1 - end].port].node;
	return !world->nodes[other].is_up || world->topo->ports[link->ends[1 - end].port].is_shut;
}

static void apply_fault(struct world *world, uint32_t number) {
	struct world_link *link = &world->links[number];
	for (size_t e = 0; e < link->end_count; e++) {
		struct world_end *end = &link->ends[e];
		uint32_t node = world->ports[end->port].node;
		bool sends_badly = link->fault != WORLD_UP &&
			(link->fault_one_way == TOPO_NONE || link->fault_one_way == node);
		// One way down: the light goes out at the other end, who no longer hears this node.
		bool hears_nothing = link->fault == WORLD_DOWN &&
			(link->fault_one_way == TOPO_NONE || link->fault_one_way != node);
		end->loses = sends_badly;
		end->sees_down = hears_nothing || peer_is_off(world, link, e);
	}
	world_note_fate(world);
	refresh_ends(world, number);
	for (size_t r = 0; r < link->rider_count; r++)
		refresh_ends(world, link->riders[r]);
}

static bool link_has_node(const struct world *world, const struct world_link *link, uint32_t node) {
	for (size_t e = 0; e < link->end_count; e++) {
		if (world->ports[link->ends[e].port].node == node)
			return true;
	}
	return false;
}

// How long sessions that wait to try again may take until they do, and the tunnels below them
// first.
#define RETRY_NS (90 * SECOND_NS)

static bool has_settled(const struct world *world) {
	return instant_compare(loop_now(world->loop), world->settles_at) >= 0;
}

static void settle_later(struct world *world) {
	instant settles = instant_add(loop_now(world->loop), world->settling_ns);
	if (instant_compare(settles, world->settles_at) > 0)
		world->settles_at = settles;
}

// Only timers notice what nobody is told of, a cut as well as its end: the longest of them bounds
// how long the network may take.
static void await_timers(struct world *world, int64_t delay_ns) {
	if (has_settled(world) || delay_ns > world->settling_ns)
		world->settling_ns = delay_ns;
	settle_later(world);
}

// What the first to notice does, the next may have to notice: an end of a tunnel that gives up
// can't tell the other over a link that loses it, and only from then on is the other in silence; a
// route that moves may lead someone else's session onto a link that loses everything. So each
// change, as long as timers are awaited, has the longest of them begin anew.
void world_note_change(struct world *world) {
	world->last_change = loop_now(world->loop);
	world_note_fate(world);
	if (!has_settled(world))
		settle_later(world);
}

int world_set_link(struct world *world, uint32_t number, enum world_fault fault, uint32_t one_way) {
	if (number >= world->topo->link_count)
		return -ENOENT;
	struct world_link *link = &world->links[number];
	if (one_way != TOPO_NONE && !link_has_node(world, link, one_way))
		return -ENOENT;
	bool was_broken = link->fault != WORLD_UP;
	bool was_cut = link->fault == WORLD_CUT || link->fault_one_way != TOPO_NONE;
	link->fault = fault;
	link->fault_one_way = fault == WORLD_UP ? TOPO_NONE : one_way;
	link->fault_since = loop_now(world->loop);
	bool is_silent = fault == WORLD_CUT || link->fault_one_way != TOPO_NONE;
	bool is_mended = fault == WORLD_UP && was_broken && world->has_started;
	if (is_silent || is_mended)
		await_timers(world, world_longest_hold_ns(world) + (is_mended ? RETRY_NS : 0));
	else if (fault == WORLD_DOWN && world->has_started)
		await_timers(world, world_longest_routed_hold_ns(world));
	apply_fault(world, number);
	if (is_silent || was_cut)
		igp_link_cut(world, number);
	return 0;
}

// Nobody can tell the standby from the one that failed: it has its addresses, keys and sessions to
// set up anew (AZ-VPN-21).
static void standby_steps_in(struct timer *timer, void *owner) {
	(void)timer;
	struct world_node *node = owner;
	world_set_node(node->world, node->number, true);
}

static void await_standby(struct world_node *node) {
	timer_stop(node->world->loop, &node->standby);
	if (node->is_up || node->topo->standby_ns == 0)
		return;
	timer_init(&node->standby, TIMER_WORK, standby_steps_in, node);
	timer_start(node->world->loop, &node->standby, node->topo->standby_ns);
}

void world_set_node(struct world *world, uint32_t number, bool is_up) {
	struct world_node *node = &world->nodes[number];
	if (node->is_up == is_up)
		return;
	node->is_up = is_up;
	node->router.is_up = is_up;
	await_standby(node);
	if (!is_up)
		world_sessions_stop_node(world, number);
	for (size_t i = 0; i < node->topo->port_count; i++) {
		uint32_t port = node->topo->ports[i];
		world_port_refresh(world, port);
		if (world->ports[port].link != TOPO_NONE)
			apply_fault(world, world->ports[port].link);
	}
	if (is_up)
		world_sessions_start_node(world, number);
	await_timers(world, world_longest_hold_ns(world) + (is_up ? RETRY_NS : 0));
	world_note_change(world);
}

void world_get_quality(const struct world *world, uint32_t link, struct world_quality *out) {
	*out = world->links[link].quality;
}

void world_set_quality(struct world *world, uint32_t link, const struct world_quality *quality) {
	world->links[link].quality = *quality;
	if (world->links[link].quality.queue_packets == 0)
		world->links[link].quality.queue_packets = WORLD_DEFAULT_QUEUE;
	world_note_fate(world);
}

enum world_fault world_link_fault(const struct world *world, uint32_t link) {
	return world->links[link].fault;
}

uint32_t world_link_one_way(const struct world *world, uint32_t link) {
	return world->links[link].fault_one_way;
}

bool world_node_is_up(const struct world *world, uint32_t node) {
	return world->nodes[node].is_up;
}
