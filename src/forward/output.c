#include "forward/forward_int.h"

struct ip port_address(const struct port *port, bool is_v4) {
	return is_v4 ? port->icmp_v4 : port->icmp_v6;
}

static struct ip first_local(const struct router *router, bool is_v4) {
	for (size_t i = 0; i < router->local_count; i++)
		if (ip_is_v4(router->local[i]) == is_v4)
			return router->local[i];
	return IP_NONE;
}

// Of several hops the first stands for all: the address can't depend on a hash that it is part of.
struct ip forward_source_towards(const struct router *router, struct ip destination) {
	bool is_v4 = ip_is_v4(destination);
	if (router_has_address(router, destination))
		return destination;
	struct fib_match match;
	if (lookup_row(&router->fib, destination, &match).edge == EDGE_DROP)
		return IP_NONE;
	const struct port *port = router->ports[match.route->hops[0].port];
	struct ip address = port_address(port, is_v4);
	return ip_is_none(address) ? first_local(router, is_v4) : address;
}

static void fill_source_v4(const struct router *router, uint8_t *bytes) {
	struct ip destination;
	if (get_u32(bytes + 12) != 0)
		return;
	ip_read_v4(&destination, bytes + 16);
	struct ip source = forward_source_towards(router, destination);
	if (ip_is_none(source))
		return;
	ip_write_v4(source, bytes + 12);
	uint16_t checksum = get_u16(bytes + 10);
	checksum = checksum_update(checksum, 0, get_u16(bytes + 12));
	put_u16(bytes + 10, checksum_update(checksum, 0, get_u16(bytes + 14)));
}

static void fill_source_v6(const struct router *router, uint8_t *bytes) {
	struct ip destination;
	if ((get_u64(bytes + 8) | get_u64(bytes + 16)) != 0)
		return;
	ip_read_v6(&destination, bytes + 24);
	struct ip source = forward_source_towards(router, destination);
	if (!ip_is_none(source))
		ip_write_v6(source, bytes + 8);
}

// Before the packet is decoded, so it looks at nothing but the fixed fields.
void output_fill_source(const struct router *router, struct packet *packet) {
	uint8_t *bytes = packet_data(packet);
	if (packet->length >= IPV4_HEADER_BYTES && bytes[0] >> 4 == 4)
		fill_source_v4(router, bytes);
	else if (packet->length >= IPV6_HEADER_BYTES && bytes[0] >> 4 == 6)
		fill_source_v6(router, bytes);
}

// A packet that was left without a source: why none was found.
static enum drop no_source_drop(const struct router *router, struct ip destination) {
	struct fib_match match;
	struct verdict verdict = lookup_row(&router->fib, destination, &match);
	return verdict.edge == EDGE_DROP ? verdict.drop : DROP_NO_ADDRESS_ON_PORT;
}

void forward_output(
	struct forward *forward, struct router *router, struct packet *packet, instant now) {
	struct step step;
	step_init(&step, forward, router, packet, now);
	output_fill_source(router, packet);
	if (!step_begin(&step, TRACE_ORIGINATED))
		return;
	if (ip_is_unusable_host(step.key.source)) {
		step_drop(&step, no_source_drop(router, step.key.destination), 0);
		return;
	}
	const struct asked asked = {
		.router = router, .key = &step.key, .step = &step, .is_originated = true};
	struct verdict verdict = admit(&asked);
	if (verdict.edge == EDGE_DROP)
		step_drop(&step, verdict.drop, verdict.origin);
	else if (verdict.edge == EDGE_DELIVER)
		step_deliver(&step); // what it says to itself never leaves it
	else
		step_route(&step, &router->fib);
}
