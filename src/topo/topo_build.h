// Building a topo and finding things in it.
#pragma once

#include "topo/topo.h"

struct topo *topo_new(const char *file);
void topo_free(struct topo *topo); // NULL is fine

uint32_t topo_origin_add(struct topo *topo, struct place place, const char *reference,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
const struct topo_origin *topo_origin(const struct topo *topo, uint32_t origin); // never NULL

// Each returns the new thing's number; the thing starts zeroed but for what the name says
// (references to other things are TOPO_NONE). Pointers into the arrays last until the next add.
// A node's name must be new: TOPO_NONE when it is taken.
uint32_t topo_node_add(struct topo *topo, const char *name, enum topo_kind kind, uint32_t origin);
uint32_t topo_port_add(struct topo *topo, uint32_t node, const char *name, uint32_t origin);
void topo_port_set_addresses(struct topo *topo, uint32_t port, const struct topo_address *addresses,
	size_t count); // copies; also sets icmp_v4 and icmp_v6 to the first of each family
// The port itself while it is on no link, else a new port of the same node with its addresses: one
// public address has an underlay link to each peer, and a port is on one link only.
uint32_t topo_port_for_link(struct topo *topo, uint32_t port);
// Joins ports; for two ends the name is made from the nodes' names unless one is given.
uint32_t topo_link_add(struct topo *topo, const char *name, uint32_t origin);
struct topo_end *topo_end_add(struct topo *topo, uint32_t link, uint32_t port);
uint32_t topo_table_add(struct topo *topo, uint32_t node, const char *name);
void topo_table_route_add(struct topo *topo, uint32_t table, const struct topo_table_route *route);
void topo_route_add(struct topo *topo, uint32_t node, const struct topo_route *route);
uint32_t topo_tunnel_add(struct topo *topo, const char *name, uint32_t origin);
struct topo_bgp *topo_bgp_of(struct topo *topo, uint32_t node); // made when it has none
uint32_t topo_neighbor_add(
	struct topo *topo, uint32_t node, struct ip local, struct ip remote, uint32_t origin);
void topo_network_add(struct topo *topo, uint32_t node, const struct topo_network *network);
// The key must be new; the rest of the offer starts zeroed, its ports TOPO_NONE. NULL when it is
// taken.
struct topo_offer *topo_offer_add(struct topo *topo, const char *key);
// A tunnel from `start` to `end` is missing for a mistake already told; IP_NONE: not known.
void topo_doubt_tunnel(struct topo *topo, struct ip start, struct ip end);
// Copies into the arena.
void *topo_copy(struct topo *topo, const void *items, size_t bytes);

// Gives two-ended links their names ("a--b"; parallel ones "a--b#1", "a--b#2"), fills link_names
// and the neighbours' peer_node and name, indexes the addresses. Call once at the end.
void topo_finish(struct topo *topo);

struct topo_offer *topo_offer_find(const struct topo *topo, const char *key); // NULL when unknown
uint32_t topo_find_node(const struct topo *topo, const char *name);
// Either order of the two ends, "#1" optional for the first.
uint32_t topo_find_link(const struct topo *topo, const char *name);
// The host with the address, or any node that has it; TOPO_NONE.
uint32_t topo_find_address(const struct topo *topo, struct ip address);
