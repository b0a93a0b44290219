// A topo brought to life on a loop: nodes that forward, links with delay and loss, protocols that
// talk over them, all as packets.
//
// The clock is the caller's: virtual for proofs, real for labs. Everything a protocol says crosses
// the links as IP packets.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "forward/forward.h"
#include "forward/trace.h"
#include "loop/loop.h"
#include "proto/bgp/bgp.h"
#include "route/rib.h"
#include "topo/topo.h"

struct world;

// Neither topo nor loop is owned; both outlive the world. Nothing has been sent yet.
struct world *world_new(const struct topo *topo, struct loop *loop);
void world_free(struct world *world);
void world_start(struct world *world); // power on

const struct topo *world_topo(const struct world *world);
struct loop *world_loop(struct world *world);
struct arena *world_arena(struct world *world); // lives as long as the world

// Runs until converged: no update in flight, no timer pending but periodic ones, and, after a fault
// and whatever changed in its wake, every session has noticed what nobody tells it, or has had its
// time to.
// False when `limit_ns` passed first, or when the routes keep changing beyond all measure.
bool world_converge(struct world *world, int64_t limit_ns);
bool world_is_converged(struct world *world);
// Of what forwarding goes by: a table or a port. A session that ends without either is no change.
instant world_last_change(const struct world *world);

// Faults. `one_way` names the node whose sending fails, TOPO_NONE both directions. -ENOENT when no
// such end.
enum world_fault {
	WORLD_UP,
	WORLD_DOWN, // both ends see it
	WORLD_CUT,  // nobody is told
};
int world_set_link(struct world *world, uint32_t link, enum world_fault fault, uint32_t one_way);
void world_set_node(struct world *world, uint32_t node, bool is_up);
// A link's quality from now on.
struct world_quality {
	int64_t delay_ns, jitter_ns;
	uint32_t loss_millionths, mtu_bytes, queue_packets;
	uint64_t rate_bits_per_s;
};
void world_get_quality(const struct world *world, uint32_t link, struct world_quality *out);
void world_set_quality(struct world *world, uint32_t link, const struct world_quality *quality);
enum world_fault world_link_fault(const struct world *world, uint32_t link);
uint32_t world_link_one_way(const struct world *world, uint32_t link); // TOPO_NONE: both ways
bool world_node_is_up(const struct world *world, uint32_t node);

// What a node holds.
struct router *world_router(struct world *world, uint32_t node);
struct rib *world_rib(struct world *world, uint32_t node);             // NULL for fabric and hosts
struct bgp_speaker *world_speaker(struct world *world, uint32_t node); // NULL without BGP
struct port *world_port(struct world *world, uint32_t port);
bool world_tunnel_is_up(const struct world *world, uint32_t tunnel, const char **why_not);
// What the link does to all that port `from` sends to port `to` of it: DROP_COUNT when it arrives,
// DROP_LINK_CUT when it vanishes without anybody being told.
enum drop world_crossing(const struct world *world, uint32_t from, uint32_t to);
// Where a packet sent by `port` to `via` arrives: the port at the other end, TOPO_NONE nobody.
// Follows topology only, not the link's state.
uint32_t world_other_end(const struct world *world, uint32_t port, struct ip via);

// Shared layers (topo_table.group): for the cloud's controller.
struct fib_layer *world_group_layer(struct world *world, uint32_t group);
// A table of the node's ports; the layer the controller may change.
struct fib_layer *world_table_layer(struct world *world, uint32_t table);
void world_note_change(struct world *world); // a forwarding table changed

// Told when what becomes of packets may be another from now on: tables, ports, links, nodes, keys.
// One watcher at a time; NULL ends it.
typedef void world_fate_changed_fn(void *owner);
void world_watch_fate(struct world *world, world_fate_changed_fn *changed, void *owner);

// Told of every change of a node's routing table, in order.
typedef void world_rib_changed_fn(void *owner, uint32_t node, const struct rib_entry *entry);
void world_watch_ribs(struct world *world, world_rib_changed_fn *changed, void *owner);

// A digest of everything that happened so far: packets sent, delivered, dropped, routes changed.
uint64_t world_digest(const struct world *world);
