#include "analyze/walk.h"

#include <stdlib.h>

#include "base/assert.h"

// A tunnel's outer packets cross at most so many nodes.
#define WALK_UNDERLAY_MAX 64

struct walker {
	struct world *world;
	const struct topo *topo;
	struct lpm **owners; // per link: prefix to end, built on first use
	struct admitted_table *admitted;
};

struct walker *walker_new(struct world *world) {
	struct walker *walker = memory_alloc(sizeof(*walker));

	walker->world = world;
	walker->topo = world_topo(world);
	walker->admitted = admitted_table_new();
	walker->owners =
		memory_alloc(memory_product(walker->topo->link_count + 1, sizeof(struct lpm *)));
	return walker;
}

void walker_free(struct walker *walker) {
	if (walker == NULL)
		return;
	for (size_t i = 0; i < walker->topo->link_count; i++)
		lpm_free(walker->owners[i]);
	free(walker->owners);
	admitted_table_free(walker->admitted);
	free(walker);
}

const struct topo *walker_topo(const struct walker *walker) {
	return walker->topo;
}

static const struct lpm *owners_of(struct walker *walker, uint32_t number) {
	const struct topo_link *link = &walker->topo->links[number];

	if (walker->owners[number] != NULL)
		return walker->owners[number];
	struct lpm *lpm = walker->owners[number] = lpm_new();
	for (uint32_t e = 0; e < link->end_count; e++) {
		const struct topo_port *port = &walker->topo->ports[link->ends[e].port];
		for (size_t i = 0; i < link->ends[e].own_count; i++)
			lpm_insert(lpm, link->ends[e].owns[i], e);
		for (size_t i = 0; i < port->address_count; i++) {
			lpm_insert(lpm, prefix_host(port->addresses[i].address), e);
			// On a link of two, the rest of an end's network is nobody's.
			if (link->end_count == 2 && lpm_get(lpm, port->addresses[i].network) == LPM_NONE)
				lpm_insert(lpm, port->addresses[i].network, e);
		}
	}
	return lpm;
}

static struct prefix family_prefix(struct ip address) {
	return ip_is_v4(address) ? prefix_default_v4() : prefix_default_v6();
}

// The port a packet to `via` reaches from `port`. When `via` is the packet's own destination,
// *scope keeps only destinations that reach the same end.
static uint32_t far_port(struct walker *walker, uint32_t port, struct ip via,
	const struct flow_key *key, struct header_box *scope) {
	uint32_t number = walker->topo->ports[port].link;

	if (number == TOPO_NONE)
		return TOPO_NONE;
	bool by_destination = ip_is_none(via) || ip_equal(via, key->destination);
	if (by_destination) {
		struct prefix same = family_prefix(key->destination);
		lpm_lookup_scope(owners_of(walker, number), key->destination, &same);
		header_box_narrow_destination(scope, same);
	}
	return world_other_end(walker->world, port, by_destination ? key->destination : via);
}

static void end_dropped(struct walk_step *step, enum drop drop, uint32_t origin) {
	step->is_dropped = true;
	step->drop = drop;
	step->origin = origin;
}

// What the link itself does to the packet.
static void cross_link(struct walker *walker, const struct flow_key *key, struct header_box *scope,
	struct walk_step *step) {
	const struct topo *topo = walker->topo;
	uint32_t far = far_port(walker, step->port, step->via, key, scope);

	step->link = topo->ports[step->port].link;
	if (far == TOPO_NONE) {
		end_dropped(step, DROP_NO_HOST, step->origin);
		return;
	}
	const struct topo_link *link = &topo->links[step->link];
	uint32_t carrier = step->link;
	for (size_t e = 0; e < link->end_count; e++) {
		bool is_ours = link->ends[e].port == step->port || link->ends[e].port == far;
		if (is_ours && link->ends[e].rides_on != TOPO_NONE)
			carrier = link->ends[e].rides_on;
	}
	enum drop drop = world_crossing(walker->world, step->port, far);
	if (drop != DROP_COUNT) {
		bool is_node = drop == DROP_NODE_DOWN;
		end_dropped(step, drop,
			is_node ? topo->nodes[topo->ports[far].node].origin : topo->links[carrier].origin);
		return;
	}
	step->next = (struct walk_at){
		.node = topo->ports[far].node,
		.port = far,
		.via = step->via,
	};
}

// Do the outer packets get from one end of the tunnel to the other? Follows the first hop of each
// node, as one flow does.
static bool underlay_carries(
	struct walker *walker, const struct topo_tunnel *tunnel, int side, struct walk_step *step) {
	const struct topo *topo = walker->topo;
	uint32_t end_node = topo->ports[tunnel->underlay_port[1 - side]].node;
	struct flow_key key = {
		.source = tunnel->outer[side],
		.destination = tunnel->outer[1 - side],
		.protocol = PROTOCOL_ESP,
	};
	struct header_box box = header_box_of(&key);
	struct walk_step outer = {
		.port = tunnel->underlay_port[side],
		.via = tunnel->outer[1 - side],
	};

	// A tunnel's outside leaves straight by its underlay port.
	if (!world_port(walker->world, outer.port)->is_up) {
		end_dropped(step, DROP_LINK_DOWN, topo->ports[outer.port].origin);
		return false;
	}
	cross_link(walker, &key, &box, &outer);
	for (int i = 0; i < WALK_UNDERLAY_MAX && !outer.is_dropped; i++) {
		struct walk_step steps[FIB_HOPS_MAX];
		if (outer.next.node == end_node)
			return true;
		struct walk_question question = {.at = outer.next, .key = key};
		size_t count = walker_step(walker, &question, &box, steps);
		if (count == 0 || steps[0].is_delivered)
			break;
		outer = steps[0];
	}
	end_dropped(step, outer.is_dropped ? outer.drop : DROP_LOOP, outer.origin);
	return false;
}

static void cross_tunnel(struct walker *walker, uint32_t number, struct walk_step *step) {
	const struct topo_tunnel *tunnel = &walker->topo->tunnels[number];
	int side = tunnel->port[0] == step->port ? 0 : 1;

	step->tunnel = number;
	if (!world_tunnel_is_up(walker->world, number, NULL)) {
		end_dropped(step, DROP_TUNNEL_DOWN, tunnel->origin);
		return;
	}
	if (!underlay_carries(walker, tunnel, side, step))
		return;
	uint32_t far = tunnel->port[1 - side];
	step->next = (struct walk_at){
		.node = walker->topo->ports[far].node,
		.port = far,
		.via = IP_NONE,
	};
}

// A packet that a port with stateful filters let through has opened its flow there.
static void note_crossing(
	struct walker *walker, struct walk_step *step, uint32_t port, bool is_leaving) {
	if (port != TOPO_NONE && world_port(walker->world, port)->flows != NULL)
		step->admitted = admitted_with(walker->admitted, step->admitted, port, is_leaving);
}

static void take_hop(struct walker *walker, const struct walk_question *question,
	const struct walk_hop *hop, struct header_box *scope, struct walk_step *step) {
	const struct topo_node *node = &walker->topo->nodes[question->at.node];

	*step = (struct walk_step){
		.is_delivered = hop->is_delivered,
		.lowers_ttl = hop->ttl_lowered,
		.origin = hop->origin,
		.link = TOPO_NONE,
		.tunnel = TOPO_NONE,
		.port = TOPO_NONE,
		.via = hop->via,
		.next = {.node = TOPO_NONE, .port = TOPO_NONE},
		.admitted = question->admitted,
	};
	if (!question->is_reply)
		note_crossing(walker, step, question->at.port, false);
	if (hop->is_dropped)
		end_dropped(step, hop->drop, hop->origin);
	if (hop->is_dropped || hop->is_delivered)
		return;
	assert(hop->port < node->port_count);
	step->port = node->ports[hop->port];
	if (!question->is_reply)
		note_crossing(walker, step, step->port, true);
	uint32_t tunnel = walker->topo->ports[step->port].tunnel;
	if (tunnel != TOPO_NONE)
		cross_tunnel(walker, tunnel, step);
	else
		cross_link(walker, &question->key, scope, step);
}

struct answering {
	const struct topo_node *node;
	const struct admitted *admitted;
};

static bool knows(const void *owner, const struct port *port, bool is_leaving) {
	const struct answering *answering = owner;

	return admitted_passes_answer(
		answering->admitted, answering->node->ports[port->id], is_leaving);
}

size_t walker_step(struct walker *walker, const struct walk_question *question,
	struct header_box *scope, struct walk_step steps[FIB_HOPS_MAX]) {
	const struct walk_at *at = &question->at;
	const struct answering answering = {
		.node = &walker->topo->nodes[at->node],
		.admitted = question->admitted,
	};
	struct walk_input input = {
		.key = question->key,
		.via = at->via,
		.knows = question->is_reply ? knows : NULL,
		.owner = &answering,
		.originated = at->port == TOPO_NONE,
	};
	struct walk_hop hops[FIB_HOPS_MAX];
	const struct port *in = input.originated ? NULL : world_port(walker->world, at->port);
	size_t count = forward_walk(world_router(walker->world, at->node), in, &input, scope, hops);

	for (size_t i = 0; i < count; i++)
		take_hop(walker, question, &hops[i], scope, &steps[i]);
	return count;
}
