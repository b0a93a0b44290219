// For the tests of this folder: a router of four ports, a pool, and a holder that remembers what
// became of each packet.
#pragma once

#include <string.h>

#include "base/assert.h"
#include "forward/forward_int.h"

#define RIG_PORTS 4
#define RIG_PACKETS 256

struct rig_event {
	struct port *port;
	struct packet *packet; // owned by the rig
};

struct rig {
	struct forward forward;
	struct router router;
	struct port ports[RIG_PORTS];
	struct port *port_list[RIG_PORTS];
	struct ip locals[2];
	struct rig_event sent[RIG_PACKETS];
	struct rig_event delivered[RIG_PACKETS];
	size_t sent_count, delivered_count, dropped_count;
	enum drop drop; // the last
};

static inline void rig_transmit(
	void *owner, struct router *router, struct port *port, struct packet *packet) {
	struct rig *rig = owner;
	assert(router == &rig->router && rig->sent_count < RIG_PACKETS);
	rig->sent[rig->sent_count++] = (struct rig_event){port, packet};
}

static inline void rig_deliver(
	void *owner, struct router *router, struct port *in, struct packet *packet) {
	struct rig *rig = owner;
	assert(router == &rig->router && rig->delivered_count < RIG_PACKETS);
	rig->delivered[rig->delivered_count++] = (struct rig_event){in, packet};
}

static inline void rig_dropped(
	void *owner, struct router *router, const struct packet *packet, enum drop drop) {
	struct rig *rig = owner;
	assert(router == &rig->router && packet != NULL);
	rig->drop = drop;
	rig->dropped_count++;
}

// Addresses for tests: v4(10, 0, 0, 1).
static inline struct ip v4(unsigned a, unsigned b, unsigned c, unsigned d) {
	return ip_of_v4(a << 24 | b << 16 | c << 8 | d);
}

static inline struct prefix net4(struct ip base, unsigned length) {
	return prefix_of(base, PREFIX_V4_BITS + length);
}

static inline void rig_route(struct rig *rig, struct prefix prefix, uint32_t port) {
	const struct fib_hop hop = {port, IP_NONE};
	fib_layer_set(rig->router.fib.own, prefix,
		&(struct fib_route){
			.action = FIB_FORWARD, .hop_count = 1, .hops = &hop, .origin = 100 + port});
}

// 10.n.0.0/16 behind port n, which answers from 10.n.0.1 and has an MTU of 1500; the router's own
// addresses are 192.0.2.1 and 192.0.2.9.
static inline void rig_open(struct rig *rig) {
	memset(rig, 0, sizeof(*rig));
	rig->forward = (struct forward){packet_pool_new(), rig_transmit, rig_deliver, rig_dropped, rig};
	rig->router = (struct router){.id = 7, .name = "r", .is_up = true, .forwards = true};
	rig->router.decrements_ttl = true;
	rig->router.sends_time_exceeded = true;
	rig->router.sends_unreachable = true;
	rig->router.sends_too_big = true;
	rig->router.fib.own = fib_layer_new();
	rig->router.ports = rig->port_list;
	rig->router.port_count = RIG_PORTS;
	rig->router.local = rig->locals;
	rig->router.local_count = 2;
	rig->locals[0] = v4(192, 0, 2, 1);
	rig->locals[1] = v4(192, 0, 2, 9);
	for (unsigned i = 0; i < RIG_PORTS; i++) {
		rig->port_list[i] = &rig->ports[i];
		rig->ports[i] = (struct port){.id = i, .name = "p", .is_up = true, .mtu_bytes = 1500};
		rig->ports[i].icmp_v4 = v4(10, i, 0, 1);
		rig->ports[i].fib = &rig->router.fib;
		rig_route(rig, net4(v4(10, i, 0, 0), 16), i);
	}
}

// Gives the remembered packets back.
static inline void rig_clear(struct rig *rig) {
	for (size_t i = 0; i < rig->sent_count; i++)
		packet_put(rig->forward.pool, rig->sent[i].packet);
	for (size_t i = 0; i < rig->delivered_count; i++)
		packet_put(rig->forward.pool, rig->delivered[i].packet);
	rig->sent_count = 0;
	rig->delivered_count = 0;
	rig->dropped_count = 0;
}

static inline void rig_close(struct rig *rig) {
	rig_clear(rig);
	fib_layer_unref(rig->router.fib.own);
	assert(packet_pool_out(rig->forward.pool) == 0);
	packet_pool_free(rig->forward.pool);
}

// A packet with a header of `header` and a payload that begins with the key's ports.
static inline struct packet *rig_packet(
	struct rig *rig, const struct ip_header *header, const void *payload, size_t length) {
	struct packet *packet = packet_get(rig->forward.pool);
	struct writer out = writer_of(packet_data(packet), PACKET_ROOM - packet->start);
	ip_header_encode(&out, header, length);
	write_bytes(&out, payload, length);
	assert(!out.overflow);
	packet->length = (uint32_t)writer_length(&out);
	return packet;
}

// UDP of `length` bytes of payload and a TTL of 9.
static inline struct packet *rig_udp(
	struct rig *rig, struct ip source, struct ip destination, size_t length) {
	static const uint8_t zeros[9000];
	uint8_t datagram[UDP_HEADER_BYTES + sizeof(zeros)];
	const struct flow_key key = {.source = source,
		.destination = destination,
		.protocol = PROTOCOL_UDP,
		.source_port = 1000,
		.destination_port = 2000};
	struct writer out = writer_of(datagram, sizeof(datagram));
	udp_encode(&out, &key, zeros, length);
	const struct ip_header header = {.source = source,
		.destination = destination,
		.protocol = PROTOCOL_UDP,
		.dont_fragment = !ip_is_v4(source),
		.ttl = 9};
	return rig_packet(rig, &header, datagram, writer_length(&out));
}

static inline void rig_input(struct rig *rig, unsigned port, struct packet *packet) {
	forward_input(&rig->forward, &rig->router, &rig->ports[port], packet, (instant){0});
}
