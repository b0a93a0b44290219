#include "world/attach.h"

#include "net/packet_format.h"
#include "world/world_int.h"

void world_attach(struct world *world, uint32_t port, world_attached_fn *arrived, void *owner) {
	world->ports[port].arrived = arrived;
	world->ports[port].arrived_owner = owner;
	world->walk.is_allowed |= arrived != NULL;
}

struct packet_pool *world_packet_pool(struct world *world) {
	return world->forward.pool;
}

void world_inject(struct world *world, uint32_t number, struct packet *packet) {
	struct world_port *port = &world->ports[number];
	struct world_node *node = &world->nodes[port->node];
	struct ip_header ip;
	if (ip_header_decode(packet_data(packet), packet->length, &ip) != 0) {
		world_drop(world, port->node, packet, DROP_MALFORMED);
		return;
	}
	if (!node->is_up || !port->port.is_up) {
		world_drop(world, port->node, packet, node->is_up ? DROP_LINK_DOWN : DROP_NODE_DOWN);
		return;
	}
	if (ip_is_none(packet->via))
		packet->via = ip.destination;
	world_walk(world, &port->port, packet);
}
