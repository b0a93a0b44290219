#include "world/world_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "net/packet_format.h"

#define BFD_TTL 255 // RFC 5881 5
#define BFD_SOURCE_PORT 49152
#define BFD_DEFAULT_MULTIPLIER 3

static struct world_node *peer_node(const struct world_peer *peer) {
	return &peer->world->nodes[peer->neighbor->node];
}

static bool is_external(const struct world_node *node, struct ip local, struct ip remote) {
	const struct topo_bgp *bgp = node->topo->bgp;
	for (size_t i = 0; i < bgp->neighbor_count; i++) {
		const struct topo_neighbor *neighbor = &node->world->topo->neighbors[bgp->neighbors[i]];
		if (ip_equal(neighbor->local, local) && ip_equal(neighbor->remote, remote))
			return neighbor->remote_asn != bgp->asn;
	}
	return false;
}

// What an eBGP neighbour says has his address for a next hop, which has to resolve through plain
// routes (RFC 4271 9.1.2.1). While BGP alone knows a way to him, nothing that he says can be used,
// and the routes of his session, handed round, may be what carries it. So nothing is sent to him.
bool world_routes_carry(const struct world_node *node, struct ip local, struct ip remote) {
	const struct rib_entry *entry = rib_lookup(node->rib, remote);
	if (entry == NULL)
		return true;
	enum route_kind kind = entry->paths[0]->source->kind;
	return (kind != ROUTE_EBGP && kind != ROUTE_IBGP) || !is_external(node, local, remote);
}

static void tcp_out(
	void *owner, struct ip source, struct ip destination, const uint8_t *segment, size_t length) {
	struct world_node *node = owner;
	if (!world_routes_carry(node, source, destination))
		return;
	struct world_message message = {
		.source = source,
		.destination = destination,
		.protocol = PROTOCOL_TCP,
		.ttl = WORLD_DEFAULT_TTL,
		.dont_fragment = true,
		.payload = segment,
		.length = length,
		.port = TOPO_NONE,
	};
	world_send(node->world, node->number, &message);
}

static void tcp_accepted(void *owner, struct stream *stream, struct ip local, struct ip remote) {
	struct world_node *node = owner;
	bgp_accept(node->speaker, stream, local, remote);
}

// TCP counts 40 or 60 bytes of headers against the smallest MTU on the first link.
static uint16_t mss_towards(struct world_node *node, struct ip remote) {
	struct fib_match match = fib_lookup(&node->router.fib, remote);
	uint32_t mtu = WORLD_DEFAULT_MTU;
	if (match.route != NULL && match.route->hop_count > 0)
		mtu = node->router.ports[match.route->hops[0].port]->mtu_bytes;
	return (uint16_t)(mtu - (ip_is_v4(remote) ? 40 : 60));
}

static struct stream *connect_to(void *owner, const struct bgp_peer_config *peer,
	const struct stream_events *events, void *events_owner) {
	struct world_node *node = owner;
	if (!node->is_up || fib_lookup(&node->router.fib, peer->remote).route == NULL)
		return NULL;
	struct tcp_address to = {
		.local = peer->local,
		.remote = peer->remote,
		.remote_port = BGP_PORT,
		.mss_bytes = mss_towards(node, peer->remote),
	};
	return tcp_connect(node->tcp, &to, events, events_owner);
}

static void peer_changed(
	void *owner, const struct bgp_peer_config *peer, enum bgp_state state, const char *why) {
	(void)why;
	struct world_node *node = owner;
	struct world *world = node->world;
	digest_add_u64(&world->digest, (uint64_t)state << 32 | node->number);
	digest_add_u64(&world->digest, peer->remote.lo);
	world_note_fate(world);
	world_node_touch(node);
}

static uint32_t router_id_of(const struct world *world, const struct world_node *node) {
	if (node->topo->bgp->router_id != 0)
		return node->topo->bgp->router_id;
	uint32_t lowest = 0;
	for (size_t i = 0; i < node->router.local_count; i++) {
		struct ip address = node->router.local[i];
		if (ip_is_v4(address) && (lowest == 0 || ip_v4(address) < lowest))
			lowest = ip_v4(address);
	}
	if (lowest != 0)
		return lowest;
	// A node with IPv6 only still needs an identifier that is unique (RFC 6286 2.1).
	const char *name = world->topo->nodes[node->number].name;
	return (uint32_t)digest_of(name, strlen(name)) | 1;
}

static void first_addresses(const struct world_node *node, struct ip *v4, struct ip *v6) {
	*v4 = IP_NONE;
	*v6 = IP_NONE;
	for (size_t i = 0; i < node->router.local_count; i++) {
		struct ip address = node->router.local[i];
		struct ip *slot = ip_is_v4(address) ? v4 : v6;
		if (ip_is_none(*slot))
			*slot = address;
	}
}

static void init_speaker(struct world *world, struct world_node *node) {
	if (node->topo->bgp == NULL)
		return;
	struct tcp_output output = {.send = tcp_out, .owner = node};
	node->tcp = tcp_stack_new(world->loop, &output, node->topo->name);
	struct bgp_speaker_config config = {
		.name = node->topo->name,
		.loop = world->loop,
		.rib = node->rib,
		.attributes = world->attributes,
		.asn = node->topo->bgp->asn,
		.router_id = router_id_of(world, node),
		.redistribute = node->topo->bgp->redistribute,
		.connect = connect_to,
		.peer_changed = peer_changed,
		.owner = node,
	};
	first_addresses(node, &config.self_v4, &config.self_v6);
	node->speaker = bgp_speaker_new(&config);
	tcp_listen(node->tcp, BGP_PORT, tcp_accepted, node);
}

static void bfd_send(void *owner, const uint8_t packet[BFD_PACKET_BYTES]) {
	struct world_peer *peer = owner;
	const struct topo_neighbor *neighbor = peer->neighbor;
	uint8_t bytes[UDP_HEADER_BYTES + BFD_PACKET_BYTES];
	struct writer out = writer_of(bytes, sizeof(bytes));
	struct flow_key key = {
		.source = neighbor->local,
		.destination = neighbor->remote,
		.protocol = PROTOCOL_UDP,
		.source_port = BFD_SOURCE_PORT,
		.destination_port = neighbor->port != TOPO_NONE ? BFD_PORT : BFD_MULTIHOP_PORT,
	};
	udp_encode(&out, &key, packet, BFD_PACKET_BYTES);
	struct world_message message = {
		.source = neighbor->local,
		.destination = neighbor->remote,
		.protocol = PROTOCOL_UDP,
		.ttl = BFD_TTL,
		.payload = bytes,
		.length = writer_length(&out),
		.port = TOPO_NONE,
	};
	world_send(peer->world, neighbor->node, &message);
}

static void bfd_changed(void *owner, enum bfd_state state, enum bfd_diagnostic why) {
	struct world_peer *peer = owner;
	(void)why;
	if (state == BFD_UP) {
		peer->bfd_holds_down = false;
		bgp_peer_nudge(peer->peer);
	} else if (!peer->bfd_holds_down) {
		peer->bfd_holds_down = true;
		bgp_peer_fail(peer->peer, "BFD detected that the path is gone");
	}
	world_node_touch(peer_node(peer));
}

static void init_bfd(struct world_peer *peer) {
	const struct topo_neighbor *neighbor = peer->neighbor;
	if (neighbor->bfd_interval_ns == 0)
		return;
	struct bfd_config config = {
		.name =
			arena_printf(peer->world->arena, "%s>%s", peer->world->topo->nodes[neighbor->node].name,
				neighbor->name != NULL ? neighbor->name : ""),
		.desired_min_tx_ns = neighbor->bfd_interval_ns,
		.required_min_rx_ns = neighbor->bfd_interval_ns,
		.detect_multiplier =
			neighbor->bfd_multiplier != 0 ? neighbor->bfd_multiplier : BFD_DEFAULT_MULTIPLIER,
	};
	struct bfd_events events = {bfd_send, bfd_changed, peer};
	peer->bfd = bfd_session_new(peer->world->loop, &config, &events);
}

static struct policy *make_policy(const struct policy_term *terms, size_t count, bool deny) {
	struct policy *policy = NULL;
	size_t bad = 0;
	if (count == 0 && !deny)
		return NULL;
	// The loader has compiled every expression once, so this can't fail on the user's input.
	int error = policy_new(terms, count, deny ? POLICY_REJECT : POLICY_ACCEPT, &policy, &bad);
	assert(error == 0);
	return policy;
}

static void init_peer(struct world *world, uint32_t number) {
	struct world_peer *peer = &world->peers[number];
	const struct topo_neighbor *neighbor = &world->topo->neighbors[number];
	peer->world = world;
	peer->neighbor = neighbor;
	peer->number = number;
	peer->import =
		make_policy(neighbor->import, neighbor->import_count, neighbor->import_default_deny);
	peer->export =
		make_policy(neighbor->export, neighbor->export_count, neighbor->export_default_deny);
	bool is_v4 = ip_is_v4(neighbor->remote);
	struct bgp_peer_config config = {
		.name = neighbor->name,
		.local = neighbor->local,
		.remote = neighbor->remote,
		.remote_asn = neighbor->remote_asn,
		.origin = neighbor->origin,
		.hold_s = neighbor->hold_s,
		.keepalive_s = neighbor->keepalive_s,
		.distance = neighbor->distance,
		.weight = neighbor->weight,
		.allow_own_as = neighbor->allow_own_as,
		.passive = neighbor->is_passive,
		.next_hop_self = neighbor->next_hop_self,
		.as_override = neighbor->as_override,
		.send_communities = neighbor->send_communities,
		.default_originate = neighbor->default_originate,
		.ipv4 = is_v4,
		.ipv6 = !is_v4,
		.strip_private = (enum strip_private)neighbor->strip_private,
		.max_prefixes = neighbor->max_prefixes,
		.import = peer->import,
		.export = peer->export,
	};
	peer->peer = bgp_peer_add(world->nodes[neighbor->node].speaker, &config);
	init_bfd(peer);
}

static void add_networks(struct world_node *node) {
	const struct topo_bgp *bgp = node->topo->bgp;
	for (size_t i = 0; bgp != NULL && i < bgp->network_count; i++) {
		struct bgp_network network = {
			.prefix = bgp->networks[i].prefix,
			.always = bgp->networks[i].always,
			.weight = bgp->networks[i].weight,
			.tag = bgp->networks[i].tag,
			.origin = bgp->networks[i].origin,
		};
		bgp_network_add(node->speaker, &network);
	}
}

void world_sessions_init(struct world *world) {
	for (size_t i = 0; i < world->topo->node_count; i++)
		init_speaker(world, &world->nodes[i]);
	world->peers = ARENA_ARRAY(world->arena, struct world_peer, world->topo->neighbor_count);
	for (uint32_t i = 0; i < world->topo->neighbor_count; i++)
		init_peer(world, i);
}

static bool may_run(const struct world_peer *peer) {
	const struct topo_neighbor *neighbor = peer->neighbor;
	if (!peer->world->nodes[neighbor->node].is_up)
		return false;
	return neighbor->port == TOPO_NONE || peer->world->ports[neighbor->port].port.is_up;
}

static void start_peer(struct world_peer *peer) {
	bgp_peer_start(peer->peer);
	if (peer->bfd != NULL && may_run(peer))
		bfd_session_start(peer->bfd);
}

void world_sessions_start(struct world *world) {
	for (size_t i = 0; i < world->topo->node_count; i++)
		add_networks(&world->nodes[i]);
	for (size_t i = 0; i < world->topo->node_count; i++)
		world_node_touch(&world->nodes[i]);
	for (size_t i = 0; i < world->topo->neighbor_count; i++)
		start_peer(&world->peers[i]);
}

void world_sessions_stop_node(struct world *world, uint32_t node) {
	const struct topo_bgp *bgp = world->topo->nodes[node].bgp;
	for (size_t i = 0; bgp != NULL && i < bgp->neighbor_count; i++) {
		struct world_peer *peer = &world->peers[bgp->neighbors[i]];
		bgp_peer_stop(peer->peer);
		if (peer->bfd != NULL)
			bfd_session_stop(peer->bfd);
		peer->bfd_holds_down = false;
	}
	world_node_touch(&world->nodes[node]);
}

void world_sessions_start_node(struct world *world, uint32_t node) {
	const struct topo_bgp *bgp = world->topo->nodes[node].bgp;
	for (size_t i = 0; bgp != NULL && i < bgp->neighbor_count; i++)
		start_peer(&world->peers[bgp->neighbors[i]]);
}

void world_sessions_port_changed(struct world *world, uint32_t port) {
	uint32_t node = world->topo->ports[port].node;
	const struct topo_bgp *bgp = world->topo->nodes[node].bgp;
	bool is_up = world->ports[port].port.is_up;
	for (size_t i = 0; bgp != NULL && i < bgp->neighbor_count; i++) {
		struct world_peer *peer = &world->peers[bgp->neighbors[i]];
		if (peer->neighbor->port != port)
			continue;
		if (is_up) {
			if (peer->bfd != NULL)
				bfd_session_start(peer->bfd);
			bgp_peer_nudge(peer->peer);
		} else {
			bgp_peer_fail(peer->peer, "the port went down");
			if (peer->bfd != NULL)
				bfd_session_stop(peer->bfd);
			peer->bfd_holds_down = false;
		}
	}
	world_node_touch(&world->nodes[node]);
}

// A way to a peer that is not on a port of this node may have appeared: try at once.
void world_sessions_route_changed(struct world *world, uint32_t node, struct prefix prefix) {
	const struct topo_bgp *bgp = world->topo->nodes[node].bgp;
	for (size_t i = 0; bgp != NULL && i < bgp->neighbor_count; i++) {
		struct world_peer *peer = &world->peers[bgp->neighbors[i]];
		if (prefix_contains(prefix, peer->neighbor->remote) && !prefix_is_default(prefix) &&
			fib_layer_get(world->nodes[node].router.fib.own, prefix) != NULL)
			bgp_peer_nudge(peer->peer);
	}
}

bool world_bfd_input(struct world *world, uint32_t node, const struct flow_key *key,
	const uint8_t *bytes, size_t length) {
	const struct topo_bgp *bgp = world->topo->nodes[node].bgp;
	for (size_t i = 0; bgp != NULL && i < bgp->neighbor_count; i++) {
		struct world_peer *peer = &world->peers[bgp->neighbors[i]];
		if (peer->bfd == NULL || !ip_equal(peer->neighbor->local, key->destination) ||
			!ip_equal(peer->neighbor->remote, key->source))
			continue;
		bfd_session_input(peer->bfd, bytes, length);
		return true;
	}
	return false;
}

#define DEFAULT_HOLD_S 180
#define HOLD_MARGIN_NS (5 * SECOND_NS)

static bool is_routed_tunnel(const struct topo *topo, const struct topo_tunnel *tunnel) {
	return topo->ports[tunnel->underlay_port[0]].link != topo->ports[tunnel->underlay_port[1]].link;
}

static int64_t longest_hold_ns(const struct world *world, bool only_routed) {
	const struct topo *topo = world->topo;
	int64_t longest_s = 0;
	for (size_t i = 0; i < topo->tunnel_count && longest_s == 0; i++) {
		if (!only_routed || is_routed_tunnel(topo, &topo->tunnels[i]))
			longest_s = PSK_DEAD_PEER_S;
	}
	for (size_t i = 0; i < topo->neighbor_count; i++) {
		uint16_t given = topo->neighbors[i].hold_s;
		int64_t hold_s = given != 0 ? given : DEFAULT_HOLD_S;
		if (hold_s > longest_s && (!only_routed || topo->neighbors[i].port == TOPO_NONE))
			longest_s = hold_s;
	}
	return longest_s > 0 ? longest_s * SECOND_NS + HOLD_MARGIN_NS : 0;
}

int64_t world_longest_hold_ns(const struct world *world) {
	return longest_hold_ns(world, false);
}

int64_t world_longest_routed_hold_ns(const struct world *world) {
	return longest_hold_ns(world, true);
}

struct bgp_speaker *world_speaker(struct world *world, uint32_t node) {
	return world->nodes[node].speaker;
}

void world_sessions_free(struct world *world) {
	for (size_t i = 0; i < world->topo->neighbor_count; i++) {
		bfd_session_free(world->peers[i].bfd);
		policy_unref(world->peers[i].import);
		policy_unref(world->peers[i].export);
	}
	for (size_t i = 0; i < world->topo->node_count; i++) {
		bgp_speaker_free(world->nodes[i].speaker);
		tcp_stack_free(world->nodes[i].tcp);
	}
}
