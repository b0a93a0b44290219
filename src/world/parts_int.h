// What each file of world/ offers the others. Comes in by world_int.h.
#pragma once

#include "net/packet_format.h"
#include "world/world_int.h"

// build.c: routers, ports, tables, links from the topo.
void world_build_ports(struct world *world);
void world_build_nodes(struct world *world);
void world_build_links(struct world *world);
void world_free_nodes(struct world *world);
void world_free_links(struct world *world);

// link.c
void world_free_flights(struct world *world);
void world_transmit(void *owner, struct router *router, struct port *port, struct packet *packet);
// The same, and everything that follows from it at this instant.
void world_walk(struct world *world, struct port *port, struct packet *packet);
bool world_link_carries(const struct world *world, uint32_t port); // is the carrier there?
struct world_node *world_node_of(struct world *world, const struct router *router);
void world_drop(struct world *world, uint32_t node, struct packet *packet, enum drop drop);

// faults.c
void world_port_refresh(
	struct world *world, uint32_t port); // recomputes is_up, tells whom it concerns

// routing.c
void world_routing_init(struct world *world);
void world_routing_start(struct world *world);
void world_routing_port_changed(struct world *world, uint32_t port);
void world_routing_free(struct world *world);
// Something may wait in the node's table or for its peers: flush at this same instant.
void world_node_touch(struct world_node *node);

// sessions.c
void world_sessions_init(struct world *world);
void world_sessions_start(struct world *world);
void world_sessions_stop_node(struct world *world, uint32_t node);
void world_sessions_start_node(struct world *world, uint32_t node);
void world_sessions_port_changed(struct world *world, uint32_t port);
void world_sessions_free(struct world *world);
void world_sessions_route_changed(struct world *world, uint32_t node, struct prefix prefix);
// May the node talk to this neighbour by the routes it has?
bool world_routes_carry(const struct world_node *node, struct ip local, struct ip remote);
bool world_bfd_input(struct world *world, uint32_t node, const struct flow_key *key,
	const uint8_t *bytes, size_t length);
// How long sessions may take to notice that they hear nothing: the slowest of all; and of those
// that a port going down does not tell, because routes carry them. 0 when there is none.
int64_t world_longest_hold_ns(const struct world *world);
int64_t world_longest_routed_hold_ns(const struct world *world);

// tunnels.c
void world_tunnels_init(struct world *world);
void world_tunnels_start(struct world *world);
void world_tunnels_free(struct world *world);
void world_tunnels_port_changed(struct world *world, uint32_t port);
bool world_psk_input(struct world *world, uint32_t node, const struct flow_key *key,
	const uint8_t *bytes, size_t length);

// local.c: what a node does with packets for itself.
void world_deliver(void *owner, struct router *router, struct port *in, struct packet *packet);
// An IP packet of the node's own. `payload` is what follows the IP header, checksums included.
struct world_message {
	struct ip source, destination;
	uint8_t protocol, ttl;
	bool dont_fragment;
	const void *payload;
	size_t length;
	struct trace *trace; // NULL: not recorded
	uint32_t port;       // straight out of this port; TOPO_NONE: routed
};
void world_send(struct world *world, uint32_t node, const struct world_message *message);

// local_fragments.c: RFC 791 3.2 and RFC 8200 4.5 reassembly, bounded.
struct packet *local_fragments_add(
	struct world_node *node, struct packet *packet, bool *was_in_parts);
void local_fragments_free(struct world_node *node);

// probe.c: true when the packet answered a probe of this node.
bool probe_input(
	struct world *world, uint32_t node, const struct packet *packet, const struct ip_header *ip);
void probe_forget_all(struct world *world);

// capture.c
void world_capture(struct world *world, uint32_t link, uint32_t node, const struct packet *packet);
bool world_is_captured(const struct world *world, uint32_t link);

// igp.c
void igp_init(struct world *world);
void igp_start(struct world *world);
void igp_port_changed(struct world *world, uint32_t port);
void igp_link_cut(struct world *world, uint32_t link); // or restored
void igp_route_changed(struct world_node *node, const struct rib_entry *entry);
void igp_free(struct world *world);
