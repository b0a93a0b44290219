#include "world/world_int.h"

#include "base/assert.h"
#include "forward/segment.h"
#include "forward/train.h"

struct world_node *world_node_of(struct world *world, const struct router *router) {
	return &world->nodes[router->id];
}

// A packet that ends outside forwarding: on a link, or at a node's own doors.
void world_drop(struct world *world, uint32_t node, struct packet *packet, enum drop drop) {
	world->nodes[node].router.drops[drop] += packet_pieces(packet);
	digest_add_u64(&world->digest, (uint64_t)drop << 32 | node);
	if (packet->trace != NULL) {
		struct trace_record record = {
			.when = loop_now(world->loop),
			.node = node,
			.port = UINT32_MAX,
			.step = TRACE_DROPPED,
			.drop = (uint8_t)drop,
		};
		trace_add(packet->trace, &record);
	}
	packet_put(world->forward.pool, packet);
}

// Is what `node` sends towards `other` lost on the link these packets ride on?
static bool ride_loses(
	const struct world *world, const struct world_link *under, uint32_t node, uint32_t other) {
	bool any = false;
	bool all = true;
	for (size_t e = 0; e < under->end_count; e++) {
		uint32_t end_node = world->ports[under->ends[e].port].node;
		if (end_node == node)
			return under->ends[e].loses;
		if (end_node == other)
			continue;
		any = true;
		all = all && under->ends[e].loses;
	}
	return any && all;
}

// The link that decides a packet's fate between two ends: the one either rides on, or its own.
static struct world_link *carrier_of(
	const struct world *world, const struct world_link *link, uint32_t from, uint32_t to) {
	const struct topo_link *topo = &world->topo->links[link->number];
	if (topo->ends[from].rides_on != TOPO_NONE)
		return &world->links[topo->ends[from].rides_on];
	if (topo->ends[to].rides_on != TOPO_NONE)
		return &world->links[topo->ends[to].rides_on];
	return &world->links[link->number];
}

// On a link of two, everything goes to the other end, but for a neighbour of the same network that
// the other end is not: nobody would answer for it.
static bool is_nobody(const struct topo_port *other, struct ip via) {
	bool in_network = false;
	for (size_t i = 0; i < other->address_count; i++) {
		if (ip_equal(other->addresses[i].address, via))
			return false;
		in_network = in_network || prefix_contains(other->addresses[i].network, via);
	}
	return in_network;
}

static uint32_t end_towards(
	const struct world *world, const struct world_link *link, uint32_t from, struct ip via) {
	if (link->end_count == 2) {
		const struct topo_port *other = &world->topo->ports[link->ends[1 - from].port];
		return is_nobody(other, via) ? TOPO_NONE : 1 - from;
	}
	if (link->owners == NULL)
		return TOPO_NONE;
	struct lpm_match match = lpm_lookup(link->owners, via);
	return match.value == LPM_NONE ? TOPO_NONE : match.value;
}

static struct world_flight *flight_get(struct world *world) {
	struct world_flight *flight = world->spare_flights;
	if (flight != NULL)
		world->spare_flights = flight->next;
	else
		flight = ARENA_NEW(world->arena, struct world_flight);
	flight->next = world->flights;
	flight->previous = &world->flights;
	if (flight->next != NULL)
		flight->next->previous = &flight->next;
	world->flights = flight;
	return flight;
}

static void flight_put(struct world *world, struct world_flight *flight) {
	*flight->previous = flight->next;
	if (flight->next != NULL)
		flight->next->previous = flight->previous;
	flight->next = world->spare_flights;
	world->spare_flights = flight;
}

void world_free_flights(struct world *world) {
	while (world->flights != NULL) {
		struct world_flight *flight = world->flights;
		timer_stop(world->loop, &flight->timer);
		packet_put(world->forward.pool, flight->packet);
		flight_put(world, flight);
	}
}

static void arrive_at(struct world *world, uint32_t number, struct packet *packet) {
	struct world_port *port = &world->ports[number];
	struct world_node *node = &world->nodes[port->node];
	if (!node->is_up) {
		world_drop(world, port->node, packet, DROP_NODE_DOWN);
		return;
	}
	if (!port->port.is_up) {
		world_drop(world, port->node, packet, DROP_LINK_DOWN);
		return;
	}
	// A recorded packet is a question of our own: the node's place in the world answers it, so that
	// asking a network with hosts outside works like asking any.
	if (port->arrived != NULL && packet->trace == NULL) {
		port->arrived(port->arrived_owner, port->number, packet);
		return;
	}
	forward_input(&world->forward, &node->router, &port->port, packet, loop_now(world->loop));
}

// Between real hosts, where no run has to be repeated, a link without delay needs no event. What
// comes from outside, or is due, goes on from link to link until nothing is left to do at this
// instant; whatever else a node says meanwhile waits for its turn behind it. `user` is the port.
static void walk_on(struct world *world) {
	struct packet *packet;
	while ((packet = world->walk.first) != NULL) {
		world->walk.first = packet->next;
		packet->next = NULL;
		arrive_at(world, (uint32_t)packet->user, packet);
	}
	world->walk.is_under_way = false;
}

// False when the packet has to wait for its time like any other.
static bool walk_add(struct world *world, uint32_t to_port, struct packet *packet, instant due) {
	if (!world->walk.is_under_way || instant_compare(due, loop_now(world->loop)) > 0)
		return false;
	packet->user = to_port;
	if (world->walk.first == NULL)
		world->walk.last = &world->walk.first;
	*world->walk.last = packet;
	world->walk.last = &packet->next;
	return true;
}

static void arrive(struct timer *timer, void *owner) {
	(void)timer;
	struct world_flight *flight = owner;
	struct world *world = flight->world;
	struct packet *packet = flight->packet;
	uint32_t to_port = flight->to_port;
	world->links[flight->link].ends[flight->from_end].queued--;
	flight_put(world, flight);
	world->walk.is_under_way = world->walk.is_allowed;
	arrive_at(world, to_port, packet);
	walk_on(world);
}

void world_walk(struct world *world, struct port *port, struct packet *packet) {
	struct world_port *out = (struct world_port *)port;
	world->walk.is_under_way = world->walk.is_allowed;
	world_transmit(world, &world->nodes[out->node].router, port, packet);
	walk_on(world);
}

// When a packet handed to the end now will be at the other side.
static instant arrival_time(struct world *world, struct world_link *link, struct world_end *end,
	const struct packet *packet) {
	const struct world_quality *quality = &link->quality;
	instant leaves = loop_now(world->loop);
	if (quality->rate_bits_per_s != 0) {
		if (instant_compare(leaves, end->free_at) < 0)
			leaves = end->free_at;
		uint64_t bits = (uint64_t)packet->length * 8;
		leaves =
			instant_add(leaves, (int64_t)(bits * (uint64_t)SECOND_NS / quality->rate_bits_per_s));
		end->free_at = leaves;
	}
	instant arrives = instant_add(leaves, quality->delay_ns);
	if (quality->jitter_ns > 0) {
		uint64_t spread = random_below(&link->random, (uint64_t)quality->jitter_ns + 1);
		arrives = instant_add(arrives, (int64_t)spread);
	}
	return arrives;
}

static enum drop fate(
	struct world *world, struct world_link *carrier, bool loses, const struct packet *packet) {
	(void)world;
	if (loses)
		return DROP_LINK_CUT;
	if (carrier->quality.mtu_bytes != 0 && packet_wire_bytes(packet) > carrier->quality.mtu_bytes)
		return DROP_MTU;
	if (carrier->quality.loss_millionths != 0 &&
		random_chance(&carrier->random, carrier->quality.loss_millionths))
		return DROP_LOST;
	return DROP_COUNT;
}

// Where packets are lost by chance, or wait for their turn, it matters how many there are; each
// packet of a train is early or late by itself, and who looks at a link sees it as on a wire.
static bool must_cut(const struct world *world, const struct world_link *link,
	const struct world_quality *quality, const struct packet *packet) {
	if (packet->piece_bytes == 0)
		return false;
	if (quality->loss_millionths != 0 || quality->rate_bits_per_s != 0)
		return true;
	return packet_is_train(packet) &&
		(quality->jitter_ns != 0 || world_is_captured(world, link->number));
}

static void transmit_pieces(
	struct world *world, struct router *router, struct port *port, struct packet *packet) {
	struct packet *next = packet_cut(world->forward.pool, packet);
	while (next != NULL) {
		struct packet *piece = next;
		next = piece->next;
		piece->next = NULL;
		world_transmit(world, router, port, piece);
	}
}

// Packets that one end may have under way. Without a rate nothing queues for the transmitter, and
// the bound only keeps memory in bounds.
static uint32_t flights_max(const struct world_quality *quality) {
	if (quality->rate_bits_per_s != 0 || quality->queue_packets > WORLD_FLIGHTS_MAX)
		return quality->queue_packets;
	return WORLD_FLIGHTS_MAX;
}

void world_transmit(void *owner, struct router *router, struct port *port, struct packet *packet) {
	struct world *world = owner;
	struct world_port *out = (struct world_port *)port;
	uint32_t node = router->id;
	if (out->link == TOPO_NONE) {
		world_drop(world, node, packet, DROP_NO_HOST);
		return;
	}
	struct world_link *link = &world->links[out->link];
	uint32_t to = end_towards(world, link, out->end, packet->via);
	if (to == TOPO_NONE || to == out->end) {
		world_capture(world, link->number, node, packet);
		world_drop(world, node, packet, DROP_NO_HOST);
		return;
	}
	struct world_end *end = &link->ends[out->end];
	uint32_t other = world->ports[link->ends[to].port].node;
	struct world_link *carrier = carrier_of(world, link, out->end, to);
	if (must_cut(world, link, &carrier->quality, packet)) {
		transmit_pieces(world, router, port, packet);
		return;
	}
	world_capture(world, link->number, node, packet);
	bool loses = end->loses || (carrier != link && ride_loses(world, carrier, node, other));
	enum drop drop = fate(world, carrier, loses, packet);
	if (drop == DROP_COUNT && end->queued >= flights_max(&carrier->quality))
		drop = DROP_QUEUE_FULL;
	if (drop != DROP_COUNT) {
		world_drop(world, node, packet, drop);
		return;
	}
	const struct topo_link *topo = &world->topo->links[link->number];
	instant arrives = arrival_time(world, carrier, end, packet);
	arrives = instant_add(arrives, topo->ends[out->end].delay_ns + topo->ends[to].delay_ns);
	if (carrier->quality.jitter_ns > 0 && instant_compare(arrives, end->last_arrival) < 0)
		arrives = end->last_arrival;
	end->last_arrival = arrives;
	if (walk_add(world, link->ends[to].port, packet, arrives))
		return;
	end->queued++;
	struct world_flight *flight = flight_get(world);
	flight->world = world;
	flight->packet = packet;
	flight->to_port = link->ends[to].port;
	flight->link = link->number;
	flight->from_end = out->end;
	timer_init(&flight->timer, TIMER_PERIODIC, arrive, flight);
	timer_start_at(world->loop, &flight->timer, arrives);
}

uint32_t world_other_end(const struct world *world, uint32_t port, struct ip via) {
	const struct world_port *out = &world->ports[port];
	if (out->link == TOPO_NONE)
		return TOPO_NONE;
	const struct world_link *link = &world->links[out->link];
	uint32_t to = end_towards(world, link, out->end, via);
	return to == TOPO_NONE || to == out->end ? TOPO_NONE : link->ends[to].port;
}

// Does all that port `from` sends to port `to` of the same link vanish?
static bool loses(const struct world *world, uint32_t from, uint32_t to) {
	const struct world_port *out = &world->ports[from];
	const struct world_port *in = &world->ports[to];
	assert(out->link != TOPO_NONE && out->link == in->link);
	const struct world_link *link = &world->links[out->link];
	const struct world_link *carrier = carrier_of(world, link, out->end, in->end);
	return link->ends[out->end].loses ||
		(carrier != link && ride_loses(world, carrier, out->node, in->node));
}

enum drop world_crossing(const struct world *world, uint32_t from, uint32_t to) {
	const struct world_port *in = &world->ports[to];
	if (loses(world, from, to))
		return DROP_LINK_CUT;
	if (!world->nodes[in->node].is_up)
		return DROP_NODE_DOWN;
	return in->port.is_up ? DROP_COUNT : DROP_LINK_DOWN;
}

bool world_link_carries(const struct world *world, uint32_t port) {
	const struct world_port *here = &world->ports[port];
	if (here->link == TOPO_NONE)
		return true;
	const struct world_link *link = &world->links[here->link];
	if (link->ends[here->end].sees_down)
		return false;
	const struct topo_link *topo = &world->topo->links[here->link];
	for (size_t e = 0; e < topo->end_count; e++) {
		uint32_t under = topo->ends[e].rides_on;
		if (under != TOPO_NONE && (e == here->end || topo->end_count == 2) &&
			world->links[under].ends[0].sees_down)
			return false;
	}
	return true;
}
