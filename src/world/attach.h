// Ports whose node lives outside the world: a real host behind a TAP, an existing interface.
//
// The node keeps its place in the topo, but what arrives at an attached port goes to its holder
// instead of the node's own forwarding, and what the holder hands in leaves by the port's link as
// if the node had sent it: with the link's delay, loss, rate and faults.
#pragma once

#include "forward/packet.h"
#include "world/world.h"

// Takes the packet; gives it back to world_packet_pool() when done.
typedef void world_attached_fn(void *owner, uint32_t port, struct packet *packet);

// NULL detaches.
void world_attach(struct world *world, uint32_t port, world_attached_fn *arrived, void *owner);
// An IP packet from world_packet_pool(), taken. `via` in it: the link's next hop, or IP_NONE for
// the packet's own destination.
void world_inject(struct world *world, uint32_t port, struct packet *packet);
struct packet_pool *world_packet_pool(struct world *world);
