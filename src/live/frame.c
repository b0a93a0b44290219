#include "live/frame.h"

#include "net/packet_format.h"

struct ip frame_next_hop(struct world *world, uint32_t port, const uint8_t *bytes) {
	const struct topo *topo = world_topo(world);
	struct router *router = world_router(world, topo->ports[port].node);
	struct ip destination;
	if (bytes[0] >> 4 == 6)
		ip_read_v6(&destination, bytes + 24);
	else
		ip_read_v4(&destination, bytes + 16);
	struct fib_match match = fib_lookup(&router->fib, destination);
	return match.route != NULL && match.route->hop_count != 0 ? match.route->hops[0].via : IP_NONE;
}

uint32_t frame_packet_bytes(const uint8_t *bytes, size_t length) {
	size_t said = bytes[0] >> 4 == 6 ? IPV6_HEADER_BYTES + get_u16(bytes + 4) : get_u16(bytes + 2);
	return (uint32_t)(said < length ? said : length);
}
