#include "world/world_int.h"

#include <string.h>

#include "base/assert.h"
#include "net/packet_format.h"

static struct ip source_of(struct world_node *node, const struct world_message *message) {
	if (!ip_is_none(message->source))
		return message->source;
	return forward_source_towards(&node->router, message->destination);
}

// Straight out of one port, past the tables: what runs under a tunnel.
static void send_on_port(
	struct world *world, struct world_node *node, uint32_t number, struct packet *packet) {
	struct port *port = &world->ports[number].port;
	if (!port->is_up) {
		world_drop(world, node->number, packet, DROP_LINK_DOWN);
		return;
	}
	world_transmit(world, &node->router, port, packet);
}

void world_send(struct world *world, uint32_t number, const struct world_message *message) {
	struct world_node *node = &world->nodes[number];
	if (!node->is_up || world->is_ending)
		return;
	struct packet *packet = packet_get(world->forward.pool);
	struct ip_header ip = {
		.source = source_of(node, message),
		.destination = message->destination,
		.protocol = message->protocol,
		.ttl = message->ttl != 0 ? message->ttl : WORLD_DEFAULT_TTL,
		.dont_fragment = message->dont_fragment,
		.identification = node->router.next_identification++,
	};
	struct writer out = writer_of(packet_data(packet), PACKET_ROOM - packet->start);
	ip_header_encode(&out, &ip, message->length);
	write_bytes(&out, message->payload, message->length);
	assert(!out.overflow);
	packet->length = (uint32_t)writer_length(&out);
	packet->trace = message->trace;
	packet->via = message->destination;
	if (message->port != TOPO_NONE)
		send_on_port(world, node, message->port, packet);
	else
		forward_output(&world->forward, &node->router, packet, loop_now(world->loop));
}

// The answer's own trace hangs below the packet's that caused it.
static struct trace *answer_trace(struct packet *packet, uint32_t node, instant now) {
	if (packet->trace == NULL || packet->trace->child != NULL)
		return NULL;
	struct trace_record record = {
		.when = now, .node = node, .port = UINT32_MAX, .step = TRACE_ANSWERED};
	trace_add(packet->trace, &record);
	packet->trace->child = trace_new();
	return packet->trace->child;
}

static void answer_echo(struct world *world, struct world_node *node, struct packet *packet,
	const struct ip_header *ip, const struct icmp_header *icmp) {
	uint8_t bytes[PACKET_ROOM];
	struct writer out = writer_of(bytes, sizeof(bytes));
	struct icmp_header reply = *icmp;
	reply.type = ip_is_v4(ip->source) ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY;
	struct flow_key key = {
		.source = ip->destination, .destination = ip->source, .protocol = ip->protocol};
	const uint8_t *payload = packet_data(packet) + ip->header_bytes + ICMP_HEADER_BYTES;
	size_t length = (size_t)(ip->total_bytes - ip->header_bytes - ICMP_HEADER_BYTES);
	icmp_encode(&out, &key, &reply, payload, length);
	struct world_message message = {
		.source = key.source,
		.destination = key.destination,
		.protocol = ip->protocol,
		.payload = bytes,
		.length = writer_length(&out),
		.trace = answer_trace(packet, node->number, loop_now(world->loop)),
		.port = TOPO_NONE,
	};
	world_send(world, node->number, &message);
}

// RFC 1191 and 8201: the quoted packet is one of ours; its stream learns the smaller MTU.
static void learn_path_mtu(struct world_node *node, const struct packet *packet,
	const struct ip_header *ip, const struct icmp_header *icmp) {
	bool is_v4 = ip_is_v4(ip->source);
	bool is_too_big =
		is_v4 ? icmp->type == ICMP_UNREACHABLE && icmp->code == 4 : icmp->type == ICMPV6_TOO_BIG;
	if (!is_too_big || node->tcp == NULL)
		return;
	const uint8_t *quoted = packet->bytes + packet->start + ip->header_bytes + ICMP_HEADER_BYTES;
	size_t length = (size_t)(ip->total_bytes - ip->header_bytes - ICMP_HEADER_BYTES);
	struct ip source, destination;
	if (is_v4 && length >= IPV4_HEADER_BYTES) {
		ip_read_v4(&source, quoted + 12);
		ip_read_v4(&destination, quoted + 16);
	} else if (!is_v4 && length >= IPV6_HEADER_BYTES) {
		ip_read_v6(&source, quoted + 8);
		ip_read_v6(&destination, quoted + 24);
	} else {
		return;
	}
	uint32_t mtu = is_v4 ? icmp->word & 0xffff : icmp->word;
	tcp_path_mtu(node->tcp, source, destination, mtu);
}

static void deliver_icmp(struct world *world, struct world_node *node, struct packet *packet,
	const struct ip_header *ip) {
	struct icmp_header icmp;
	const uint8_t *bytes = packet_data(packet) + ip->header_bytes;
	size_t length = (size_t)(ip->total_bytes - ip->header_bytes);
	if (icmp_decode(bytes, length, ip, &icmp) != 0) {
		world_drop(world, node->number, packet, DROP_MALFORMED);
		return;
	}
	if (probe_input(world, node->number, packet, ip)) {
		packet_put(world->forward.pool, packet);
		return;
	}
	uint8_t echo = ip_is_v4(ip->source) ? ICMP_ECHO : ICMPV6_ECHO;
	if (icmp.type == echo && !node->topo->answers_ping) {
		world_drop(world, node->number, packet, DROP_SILENT);
		return;
	}
	if (icmp.type == echo)
		answer_echo(world, node, packet, ip, &icmp);
	else
		learn_path_mtu(node, packet, ip, &icmp);
	packet_put(world->forward.pool, packet);
}

// Nobody listens on a host's ports: a SYN is refused with a reset, which shows that it arrived.
static void refuse_tcp(struct world *world, struct world_node *node, struct packet *packet,
	const struct ip_header *ip) {
	uint8_t segment[20] = {0};
	const uint8_t *tcp = packet_data(packet) + ip->header_bytes;
	if (ip->total_bytes - ip->header_bytes < 20 || (tcp[13] & 0x04) != 0) {
		packet_put(world->forward.pool, packet);
		return;
	}
	memcpy(segment, tcp + 2, 2);
	memcpy(segment + 2, tcp, 2);
	put_u32(segment + 8, get_u32(tcp + 4) + 1); // acknowledges the SYN (RFC 9293 3.5.2)
	segment[12] = 5 << 4;
	segment[13] = 0x14; // RST, ACK
	uint32_t sum = checksum_pseudo(ip->destination, ip->source, PROTOCOL_TCP, sizeof(segment));
	put_u16(segment + 16, checksum_fold(checksum_add(sum, segment, sizeof(segment))));
	struct world_message message = {
		.source = ip->destination,
		.destination = ip->source,
		.protocol = PROTOCOL_TCP,
		.dont_fragment = true,
		.payload = segment,
		.length = sizeof(segment),
		.trace = answer_trace(packet, node->number, loop_now(world->loop)),
		.port = TOPO_NONE,
	};
	world_send(world, node->number, &message);
	packet_put(world->forward.pool, packet);
}

static void deliver_tcp(struct world *world, struct world_node *node, struct packet *packet,
	const struct ip_header *ip) {
	if (probe_input(world, node->number, packet, ip)) {
		packet_put(world->forward.pool, packet);
		return;
	}
	if (node->tcp == NULL) {
		refuse_tcp(world, node, packet, ip);
		return;
	}
	tcp_input(node->tcp, ip->source, ip->destination, packet_data(packet) + ip->header_bytes,
		(size_t)(ip->total_bytes - ip->header_bytes));
	packet_put(world->forward.pool, packet);
	world_node_touch(node);
}

static void deliver_udp(struct world *world, struct world_node *node, struct port *in,
	struct packet *packet, const struct ip_header *ip) {
	const uint8_t *bytes = packet_data(packet) + ip->header_bytes;
	struct udp_header udp;
	if (udp_decode(bytes, (size_t)(ip->total_bytes - ip->header_bytes), ip, &udp) != 0) {
		world_drop(world, node->number, packet, DROP_MALFORMED);
		return;
	}
	struct flow_key key = {
		.source = ip->source,
		.destination = ip->destination,
		.protocol = PROTOCOL_UDP,
		.source_port = udp.source_port,
		.destination_port = udp.destination_port,
	};
	const uint8_t *payload = bytes + UDP_HEADER_BYTES;
	size_t length = (size_t)(udp.length_bytes - UDP_HEADER_BYTES);
	bool taken = false;
	if (udp.destination_port == BFD_PORT || udp.destination_port == BFD_MULTIHOP_PORT)
		taken = world_bfd_input(world, node->number, &key, payload, length);
	else if (udp.destination_port == PSK_PORT)
		taken = world_psk_input(world, node->number, &key, payload, length);
	if (taken) {
		packet_put(world->forward.pool, packet);
		return;
	}
	// RFC 1122 4.1.3.1, RFC 4443 3.1: port unreachable, which is what ends a UDP traceroute.
	bool is_v4 = ip_is_v4(ip->source);
	if (in != NULL)
		forward_icmp_error(&world->forward, &node->router, in, packet,
			is_v4 ? ICMP_UNREACHABLE : ICMPV6_UNREACHABLE, is_v4 ? 3 : 4, loop_now(world->loop));
	packet_put(world->forward.pool, packet);
}

void world_deliver(void *owner, struct router *router, struct port *in, struct packet *packet) {
	struct world *world = owner;
	struct world_node *node = world_node_of(world, router);
	bool was_in_parts = false;
	packet = local_fragments_add(node, packet, &was_in_parts);
	if (packet == NULL)
		return;
	struct ip_header ip;
	if (ip_header_decode(packet_data(packet), packet->length, &ip) != 0) {
		world_drop(world, node->number, packet, DROP_MALFORMED);
		return;
	}
	digest_add_u64(&world->digest, (uint64_t)node->number << 32 | packet->length);
	switch (ip.protocol) {
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		deliver_icmp(world, node, packet, &ip);
		return;
	case PROTOCOL_TCP:
		deliver_tcp(world, node, packet, &ip);
		return;
	case PROTOCOL_UDP:
		deliver_udp(world, node, in, packet, &ip);
		return;
	case PROTOCOL_ESP:
		if (was_in_parts && in != NULL) {
			forward_input(&world->forward, router, in, packet, loop_now(world->loop));
			return;
		}
		world_drop(world, node->number, packet, DROP_ESP_UNKNOWN_SPI);
		return;
	default:
		world_drop(world, node->number, packet, DROP_NO_LISTENER);
	}
}
