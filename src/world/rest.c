// Who has something still to notice.
//
// Silence is noticed by timers only, which may take minutes. Whether anybody waits for one can be
// seen at once: what the ends of a session believe is held against what becomes of its packets. A
// session is at rest when both ends have it and both hear each other, or when neither has it and
// they can't reach each other. The forwarding code itself is asked, as analysis asks it.
//
// Where the answer is not plain (equal ways of which one is broken, filters that know a flow), the
// session is taken not to be at rest: then the longest of all timers decides, as it always could.
#include "world/world_int.h"

#include "net/packet_format.h"

// A question that needs more steps than this is one without a plain answer.
#define REST_STEPS_MAX 512
#define REST_EPHEMERAL_PORT 49152

enum certainty {
	CERTAIN,  // whichever of equal ways they take, and although no filter knows the flow
	POSSIBLE, // on one of equal ways, if the filters know the flow
};

// One packet's way through the network as it is.
struct way {
	const struct world *world;
	struct flow_key key;
	enum certainty certainty;
	unsigned *steps_left;
	unsigned passed; // nodes on the way to where it stands
	uint32_t end;    // the node it was delivered at, TOPO_NONE before
};

// About to be looked at by a node.
struct stand {
	uint32_t node, port; // port: TOPO_NONE where the packet is made
	struct ip via;
};

static bool way_leads(struct way *way, struct stand at);

static bool link_carries(struct way *way, uint32_t port, struct ip via) {
	const struct world *world = way->world;
	uint32_t far = world_other_end(world, port, ip_is_none(via) ? way->key.destination : via);

	if (!world->ports[port].port.is_up || far == TOPO_NONE ||
		world_crossing(world, port, far) != DROP_COUNT)
		return false;
	return way_leads(way, (struct stand){world->ports[far].node, far, via});
}

// The outside of a tunnel leaves by its own port, whatever the tables say.
static bool outside_leads(
	const struct world *world, const struct topo_tunnel *tunnel, int side, struct way *outer) {
	outer->world = world;
	outer->key.source = tunnel->outer[side];
	outer->key.destination = tunnel->outer[1 - side];
	outer->end = TOPO_NONE;
	return link_carries(outer, tunnel->underlay_port[side], outer->key.destination) &&
		outer->end == world->topo->ports[tunnel->underlay_port[1 - side]].node;
}

static bool tunnel_carries(struct way *way, uint32_t number, uint32_t port) {
	const struct topo_tunnel *tunnel = &way->world->topo->tunnels[number];
	int side = tunnel->port[0] == port ? 0 : 1;
	struct way outer = {
		.key.protocol = PROTOCOL_ESP,
		.certainty = way->certainty,
		.steps_left = way->steps_left,
	};
	if (!world_tunnel_is_up(way->world, number, NULL) ||
		!outside_leads(way->world, tunnel, side, &outer))
		return false;
	uint32_t far = tunnel->port[1 - side];
	return way_leads(way, (struct stand){way->world->ports[far].node, far, IP_NONE});
}

static bool hop_leads(struct way *way, uint32_t node, const struct walk_hop *hop) {
	if (hop->is_dropped)
		return false;
	if (hop->is_delivered) {
		bool is_same = way->end == TOPO_NONE || way->end == node;
		way->end = node;
		return is_same;
	}
	const struct topo *topo = way->world->topo;
	uint32_t port = topo->nodes[node].ports[hop->port];
	uint32_t tunnel = topo->ports[port].tunnel;
	return tunnel != TOPO_NONE ? tunnel_carries(way, tunnel, port)
							   : link_carries(way, port, hop->via);
}

static bool knows_every_flow(const void *owner, const struct port *port, bool is_leaving) {
	(void)owner;
	(void)port;
	(void)is_leaving;
	return true;
}

static bool way_leads(struct way *way, struct stand at) {
	const struct world_node *node = &way->world->nodes[at.node];
	bool is_certain = way->certainty == CERTAIN;
	struct header_box scope = header_box_of(&way->key);
	struct walk_hop hops[FIB_HOPS_MAX];
	struct walk_input input = {
		.key = way->key,
		.via = at.via,
		.knows = is_certain ? NULL : knows_every_flow,
		.originated = at.port == TOPO_NONE,
	};

	if (*way->steps_left == 0 || way->passed == WORLD_DEFAULT_TTL)
		return false;
	(*way->steps_left)--;
	way->passed++;
	const struct port *in = input.originated ? NULL : &way->world->ports[at.port].port;
	size_t count = forward_walk(&node->router, in, &input, &scope, hops);
	bool leads = false;
	for (size_t i = 0; i < count && (i == 0 || leads == is_certain); i++)
		leads = hop_leads(way, at.node, &hops[i]);
	way->passed--;
	return leads;
}

// The way of what `peer` sends over UDP or TCP. False when it leads nowhere.
static bool peer_leads(
	const struct world_peer *peer, uint8_t protocol, uint16_t port, struct way *way) {
	const struct topo_neighbor *neighbor = peer->neighbor;
	way->world = peer->world;
	way->end = TOPO_NONE;
	way->key = (struct flow_key){
		.source = neighbor->local,
		.destination = neighbor->remote,
		.protocol = protocol,
		.source_port = REST_EPHEMERAL_PORT,
		.destination_port = port,
	};
	const struct world_node *node = &peer->world->nodes[neighbor->node];
	return node->is_up && world_routes_carry(node, neighbor->local, neighbor->remote) &&
		way_leads(way, (struct stand){neighbor->node, TOPO_NONE, neighbor->remote});
}

// Whom `peer` reaches at the other end, NULL nobody.
static const struct world_peer *peer_at_end(
	const struct world_peer *peer, enum certainty certainty, unsigned *steps) {
	const struct world *world = peer->world;
	struct way way = {.certainty = certainty, .steps_left = steps};
	if (!peer_leads(peer, PROTOCOL_TCP, BGP_PORT, &way))
		return NULL;
	const struct topo_bgp *bgp = world->topo->nodes[way.end].bgp;
	for (size_t i = 0; bgp != NULL && i < bgp->neighbor_count; i++) {
		const struct world_peer *other = &world->peers[bgp->neighbors[i]];
		if (ip_equal(other->neighbor->local, peer->neighbor->remote) &&
			ip_equal(other->neighbor->remote, peer->neighbor->local))
			return other;
	}
	return NULL;
}

static bool is_established(const struct world_peer *peer) {
	struct bgp_peer_status status;
	bgp_peer_status(peer->peer, &status);
	return status.state == BGP_ESTABLISHED;
}

static bool bfd_leads(const struct world_peer *peer, unsigned *steps) {
	uint16_t port = peer->neighbor->port != TOPO_NONE ? BFD_PORT : BFD_MULTIHOP_PORT;
	struct way way = {.certainty = CERTAIN, .steps_left = steps};
	return peer->bfd == NULL || peer_leads(peer, PROTOCOL_UDP, port, &way);
}

// The other end is asked in its turn.
static bool peer_is_at_rest(const struct world_peer *peer) {
	unsigned steps = REST_STEPS_MAX;
	if (is_established(peer)) {
		const struct world_peer *other = peer_at_end(peer, CERTAIN, &steps);
		return other != NULL && is_established(other) && bfd_leads(peer, &steps);
	}
	const struct world_peer *other = peer_at_end(peer, POSSIBLE, &steps);
	bool is_apart = other == NULL || peer_at_end(other, POSSIBLE, &steps) != peer;
	return is_apart && steps != 0;
}

static bool keys_lead(
	const struct world *world, const struct topo_tunnel *tunnel, int side, struct way *outer) {
	outer->key.protocol = PROTOCOL_UDP;
	outer->key.source_port = PSK_PORT;
	outer->key.destination_port = PSK_PORT;
	return outside_leads(world, tunnel, side, outer);
}

static bool tunnel_is_at_rest(const struct world *world, uint32_t number) {
	const struct topo_tunnel *tunnel = &world->topo->tunnels[number];
	const struct world_tunnel *state = &world->tunnels[number];
	bool is_up = state->ends[0].is_up;
	unsigned steps = REST_STEPS_MAX;
	struct way outer = {.certainty = is_up ? CERTAIN : POSSIBLE, .steps_left = &steps};

	if (state->ends[1].is_up != is_up)
		return false;
	bool leads = keys_lead(world, tunnel, 0, &outer) && keys_lead(world, tunnel, 1, &outer);
	return leads == is_up && steps != 0;
}

static bool find_rest(const struct world *world) {
	for (uint32_t i = 0; i < world->topo->tunnel_count; i++) {
		if (!tunnel_is_at_rest(world, i))
			return false;
	}
	for (size_t i = 0; i < world->topo->neighbor_count; i++) {
		if (!peer_is_at_rest(&world->peers[i]))
			return false;
	}
	return true;
}

bool world_is_at_rest(struct world *world) {
	if (world->fate.asked_at != world->fate.changes) {
		world->fate.asked_at = world->fate.changes;
		world->fate.is_at_rest = find_rest(world);
	}
	return world->fate.is_at_rest;
}
