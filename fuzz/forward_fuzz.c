// Any bytes at all into a router with stateful filters, a tunnel and a small MTU: every packet is
// sent, delivered or dropped once, and what is sent is a sound packet. The first byte picks the way
// in: its lowest bit the null cipher, the next one a sound IPv4 header put before the rest as ESP.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "forward/flow_table.h"
#include "forward/forward.h"
#include "forward/tunnel.h"
#include "net/packet_format.h"

#define LOCAL 0xc0000201
#define REMOTE 0xc0000202
#define FUZZ_PORTS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static struct packet_pool *pool;

static void transmit(void *owner, struct router *router, struct port *port, struct packet *packet) {
	(void)owner;
	(void)router;
	struct ip_header header;
	assert(ip_header_decode(packet_data(packet), packet->length, &header) == 0);
	assert(header.total_bytes == packet->length && packet->length <= port->mtu_bytes);
	packet_put(pool, packet);
}

static void deliver(void *owner, struct router *router, struct port *in, struct packet *packet) {
	(void)owner;
	(void)router;
	(void)in;
	packet_put(pool, packet);
}

static void fill(struct packet *packet, const uint8_t *data, size_t size_bytes, bool is_esp) {
	struct writer out = writer_of(packet_data(packet), PACKET_ROOM - packet->start);
	if (is_esp) {
		const struct ip_header header = {.source = ip_of_v4(REMOTE),
			.destination = ip_of_v4(LOCAL),
			.protocol = PROTOCOL_ESP,
			.ttl = 5};
		ip_header_encode(&out, &header, size_bytes);
	}
	write_bytes(&out, data, size_bytes);
	packet->length = (uint32_t)writer_length(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	if (size_bytes < 1 || size_bytes > 4000)
		return 0;
	pool = packet_pool_new();
	const struct rule rule = {.box = header_box_all_v4(), .verdict = RULE_PERMIT};
	const struct port_filter filter = {{&rule, 1}, DROP_DENIED, true};
	struct port ports[FUZZ_PORTS];
	struct port *list[FUZZ_PORTS];
	const struct ip locals[] = {ip_of_v4(LOCAL)};
	struct router router = {.is_up = true,
		.forwards = true,
		.decrements_ttl = true,
		.sends_time_exceeded = true,
		.sends_unreachable = true,
		.sends_too_big = true,
		.ports = list,
		.port_count = FUZZ_PORTS,
		.local = locals,
		.local_count = 1};
	router.fib.own = fib_layer_new();
	for (uint32_t i = 0; i < FUZZ_PORTS; i++) {
		ports[i] = (struct port){.id = i,
			.is_up = true,
			.mtu_bytes = i == 0 ? 1500 : 1280,
			.tcp_mtu_bytes = i == 0 ? 0 : 1280};
		ports[i].icmp_v4 = ip_of_v4(0x0a000001 + i);
		ports[i].icmp_v6 = (struct ip){UINT64_C(0xfd00) << 48, i + 1};
		ports[i].fib = &router.fib;
		ports[i].filters_in = &filter;
		ports[i].filter_in_count = 1;
		ports[i].flows = flow_table_new();
		list[i] = &ports[i];
	}
	ports[2].tunnel = tunnel_new(&(struct tunnel_config){.local = ip_of_v4(LOCAL),
		.remote = ip_of_v4(REMOTE),
		.underlay_port = 1,
		.null_cipher = (data[0] & 1) != 0});
	const struct tunnel_keys keys = {.inbound_spi = 0x01010101, .outbound_spi = 0x02020202};
	tunnel_install(ports[2].tunnel, &keys);
	const struct fib_hop hops[] = {{1, IP_NONE}, {2, IP_NONE}};
	const struct fib_route route = {.action = FIB_FORWARD, .hop_count = 2, .hops = hops};
	fib_layer_set(router.fib.own, prefix_default_v4(), &route);
	fib_layer_set(router.fib.own, prefix_default_v6(), &route);

	struct forward forward = {.pool = pool, .transmit = transmit, .deliver = deliver};
	struct packet *packet = packet_get(pool);
	fill(packet, data + 1, size_bytes - 1, (data[0] & 2) != 0);
	struct packet *own = packet_copy(pool, packet);
	forward_input(&forward, &router, &ports[0], packet, (instant){0});
	forward_output(&forward, &router, own, (instant){0});
	assert(packet_pool_out(pool) == 0);

	for (uint32_t i = 0; i < FUZZ_PORTS; i++)
		flow_table_free(ports[i].flows);
	tunnel_free(ports[2].tunnel);
	fib_layer_unref(router.fib.own);
	packet_pool_free(pool);
	return 0;
}
