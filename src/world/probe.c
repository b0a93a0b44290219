#include "world/probe.h"

#include <stdlib.h>

#include "base/assert.h"
#include "net/packet_format.h"
#include "world/world_int.h"

#define PROBE_TIMEOUT_NS (4 * SECOND_NS)
#define PROBE_SIZE_BYTES 32
#define PROBE_UDP_PORT 33434
#define PROBE_TCP_PORT 80
#define PROBE_FIRST_PORT 40000
#define PROBE_PORTS 20000
#define TCP_SYN 0x02
#define TCP_HEADER_BYTES 20
#define TCP_SYN_BYTES 24 // with the one option
#define TCP_OPTION_MSS 2

struct probe {
	struct probe *next, **previous; // among the pending ones of the node that sent it
	struct world *world;
	struct probe_spec spec;
	struct probe_result result;
	struct trace *trace;
	struct timer timeout;
	uint16_t identifier; // of echoes; also the default source port
	probe_done_fn *done;
	void *owner;
};

static void link_probe(struct probe *probe, struct world_node *node) {
	probe->next = node->probes;
	probe->previous = &node->probes;
	if (node->probes != NULL)
		node->probes->previous = &probe->next;
	node->probes = probe;
}

static void unlink_probe(struct probe *probe) {
	if (probe->previous == NULL)
		return;
	*probe->previous = probe->next;
	if (probe->next != NULL)
		probe->next->previous = probe->previous;
	probe->previous = NULL;
}

static void finish(struct probe *probe, enum probe_outcome outcome) {
	timer_stop(probe->world->loop, &probe->timeout);
	unlink_probe(probe);
	probe->result.outcome = outcome;
	if (outcome != PROBE_LOST)
		probe->result.answered = loop_now(probe->world->loop);
	if (probe->done != NULL)
		probe->done(probe->owner, probe);
}

static void timed_out(struct timer *timer, void *owner) {
	(void)timer;
	finish(owner, PROBE_LOST);
}

static uint8_t wire_protocol(const struct probe *probe) {
	if (probe->spec.protocol == PROTOCOL_TCP || probe->spec.protocol == PROTOCOL_UDP)
		return probe->spec.protocol;
	return ip_is_v4(probe->spec.destination) ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
}

static void encode_tcp(struct writer *out, const struct flow_key *key, uint32_t sequence) {
	uint8_t *tcp = write_gap(out, TCP_SYN_BYTES);
	int headers_bytes =
		TCP_HEADER_BYTES + (ip_is_v4(key->source) ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES);
	put_u16(tcp, key->source_port);
	put_u16(tcp + 2, key->destination_port);
	put_u32(tcp + 4, sequence);
	tcp[12] = (TCP_SYN_BYTES / 4) << 4;
	tcp[13] = TCP_SYN;
	put_u16(tcp + 14, UINT16_MAX);
	tcp[TCP_HEADER_BYTES] = TCP_OPTION_MSS;
	tcp[TCP_HEADER_BYTES + 1] = TCP_SYN_BYTES - TCP_HEADER_BYTES;
	put_u16(tcp + TCP_HEADER_BYTES + 2, (uint16_t)(WORLD_DEFAULT_MTU - headers_bytes));
	uint32_t sum = checksum_pseudo(key->source, key->destination, PROTOCOL_TCP, TCP_SYN_BYTES);
	put_u16(tcp + 16, checksum_fold(checksum_add(sum, tcp, TCP_SYN_BYTES)));
}

static size_t encode(struct probe *probe, uint8_t *bytes, size_t room) {
	struct writer out = writer_of(bytes, room);
	uint8_t *payload = memory_alloc(probe->spec.size_bytes + 1);
	for (uint32_t i = 0; i < probe->spec.size_bytes; i++)
		payload[i] = (uint8_t)('a' + i % 23); // as Windows' ping fills it
	struct flow_key key = {
		.source = probe->result.source,
		.destination = probe->spec.destination,
		.protocol = wire_protocol(probe),
		.source_port = probe->spec.source_port,
		.destination_port = probe->spec.destination_port,
	};
	struct icmp_header icmp = {
		.type = ip_is_v4(key.source) ? ICMP_ECHO : ICMPV6_ECHO,
		.identifier = probe->identifier,
		.sequence = probe->spec.sequence,
	};
	if (key.protocol == PROTOCOL_TCP)
		encode_tcp(&out, &key, probe->identifier);
	else if (key.protocol == PROTOCOL_UDP)
		udp_encode(&out, &key, payload, probe->spec.size_bytes);
	else
		icmp_encode(&out, &key, &icmp, payload, probe->spec.size_bytes);
	free(payload);
	assert(!out.overflow);
	return writer_length(&out);
}

static void fill_defaults(struct probe *probe) {
	struct probe_spec *spec = &probe->spec;
	struct world_node *node = &probe->world->nodes[spec->from];
	probe->identifier = spec->identifier;
	if (probe->identifier == 0) {
		probe->identifier = (uint16_t)(PROBE_FIRST_PORT + probe->world->next_probe);
		probe->world->next_probe = (uint16_t)((probe->world->next_probe + 1) % PROBE_PORTS);
	}
	if (spec->size_bytes == 0)
		spec->size_bytes = PROBE_SIZE_BYTES;
	if (spec->source_port == 0 && spec->protocol != PROTOCOL_ICMP)
		spec->source_port = probe->identifier;
	if (spec->destination_port == 0 && spec->protocol == PROTOCOL_UDP)
		spec->destination_port = PROBE_UDP_PORT;
	if (spec->destination_port == 0 && spec->protocol == PROTOCOL_TCP)
		spec->destination_port = PROBE_TCP_PORT;
	probe->result.source = spec->source;
	if (ip_is_none(spec->source))
		probe->result.source = forward_source_towards(&node->router, spec->destination);
	if (ip_is_none(probe->result.source))
		probe->result.source =
			ip_is_v4(spec->destination) ? node->topo->address : node->topo->address6;
}

struct probe *probe_send(
	struct world *world, const struct probe_spec *spec, probe_done_fn *done, void *owner) {
	struct probe *probe = memory_alloc(sizeof(*probe));
	probe->world = world;
	probe->spec = *spec;
	probe->done = done;
	probe->owner = owner;
	fill_defaults(probe);
	probe->result.sent = loop_now(world->loop);
	probe->result.arrived = INSTANT_NEVER;
	probe->result.answered = INSTANT_NEVER;
	link_probe(probe, &world->nodes[spec->from]);
	timer_init(&probe->timeout, TIMER_PERIODIC, timed_out, probe);
	timer_start(
		world->loop, &probe->timeout, spec->timeout_ns != 0 ? spec->timeout_ns : PROBE_TIMEOUT_NS);
	if (spec->record)
		probe->trace = trace_new();
	uint8_t bytes[PACKET_ROOM];
	struct world_message message = {
		.source = probe->result.source,
		.destination = spec->destination,
		.protocol = wire_protocol(probe),
		.ttl = spec->ttl,
		.dont_fragment = spec->dont_fragment,
		.payload = bytes,
		.length = encode(probe, bytes, sizeof(bytes)),
		.trace = probe->trace,
		.port = TOPO_NONE,
	};
	world_send(world, spec->from, &message);
	return probe;
}

static void free_old_traces(struct world *world) {
	for (size_t i = 0; i < world->old_traces.count; i++)
		trace_free(world->old_traces.items[i]);
	world->old_traces.count = 0;
}

void probe_free(struct probe *probe) {
	if (probe == NULL)
		return;
	struct world *world = probe->world;
	timer_stop(world->loop, &probe->timeout);
	unlink_probe(probe);
	// A late packet may still write to the trace: it goes once none is out.
	if (probe->trace != NULL)
		ARRAY_PUSH(&world->old_traces, probe->trace);
	if (packet_pool_out(world->forward.pool) == 0)
		free_old_traces(world);
	free(probe);
}

void probe_forget_all(struct world *world) {
	for (size_t i = 0; i < world->topo->node_count; i++) {
		struct world_node *node = &world->nodes[i];
		while (node->probes != NULL) {
			timer_stop(world->loop, &node->probes->timeout);
			unlink_probe(node->probes);
		}
	}
	free_old_traces(world);
	free(world->old_traces.items);
}

void probe_result(const struct probe *probe, struct probe_result *out) {
	*out = probe->result;
	out->trace = probe->trace;
	for (size_t i = 0; probe->trace != NULL && i < probe->trace->count; i++) {
		if (probe->trace->records[i].step == TRACE_DELIVERED)
			out->arrived = probe->trace->records[i].when;
	}
}

// What an answer says of the packet it answers: the packet's own protocol and ports as sent.
struct answer {
	struct flow_key key; // source is who sent the probe
	uint16_t identifier, sequence;
};

static void read_transport(struct answer *answer, const uint8_t *bytes, size_t length) {
	if (length < 8)
		return;
	if (answer->key.protocol == PROTOCOL_ICMP || answer->key.protocol == PROTOCOL_ICMPV6) {
		answer->identifier = get_u16(bytes + 4);
		answer->sequence = get_u16(bytes + 6);
		return;
	}
	answer->key.source_port = get_u16(bytes);
	answer->key.destination_port = get_u16(bytes + 2);
}

static bool read_quoted(struct answer *answer, const uint8_t *bytes, size_t length) {
	// The quoted packet is cut off, so its header is read by hand: decoding holds lengths against
	// it.
	size_t header = 0;
	if (length >= IPV4_HEADER_BYTES && bytes[0] >> 4 == 4) {
		header = (size_t)(bytes[0] & 0x0f) * 4;
		answer->key.protocol = bytes[9];
		ip_read_v4(&answer->key.source, bytes + 12);
		ip_read_v4(&answer->key.destination, bytes + 16);
	} else if (length >= IPV6_HEADER_BYTES && bytes[0] >> 4 == 6) {
		header = IPV6_HEADER_BYTES;
		answer->key.protocol = bytes[6];
		ip_read_v6(&answer->key.source, bytes + 8);
		ip_read_v6(&answer->key.destination, bytes + 24);
	}
	if (header == 0 || header > length)
		return false;
	read_transport(answer, bytes + header, length - header);
	return true;
}

static bool is_answer_to(const struct probe *probe, const struct answer *answer) {
	if (wire_protocol(probe) != answer->key.protocol ||
		!ip_equal(probe->result.source, answer->key.source) ||
		!ip_equal(probe->spec.destination, answer->key.destination))
		return false;
	if (answer->key.protocol == PROTOCOL_TCP || answer->key.protocol == PROTOCOL_UDP)
		return probe->spec.source_port == answer->key.source_port &&
			probe->spec.destination_port == answer->key.destination_port;
	return probe->identifier == answer->identifier && probe->spec.sequence == answer->sequence;
}

static struct probe *find_probe(struct world *world, uint32_t node, const struct answer *answer) {
	for (struct probe *p = world->nodes[node].probes; p != NULL; p = p->next) {
		if (is_answer_to(p, answer))
			return p;
	}
	return NULL;
}

static bool error_input(struct world *world, uint32_t node, const struct ip_header *ip,
	const uint8_t *bytes, size_t length) {
	struct answer answer = {0};
	if (!read_quoted(&answer, bytes + ICMP_HEADER_BYTES, length - ICMP_HEADER_BYTES))
		return false;
	struct probe *probe = find_probe(world, node, &answer);
	if (probe == NULL)
		return false;
	bool is_v4 = ip_is_v4(ip->source);
	probe->result.answered_by = ip->source;
	probe->result.icmp_type = bytes[0];
	probe->result.icmp_code = bytes[1];
	probe->result.mtu_bytes = get_u32(bytes + 4) & (is_v4 ? 0xffff : UINT32_MAX);
	bool port_closed = is_v4 ? bytes[0] == ICMP_UNREACHABLE && bytes[1] == 3
							 : bytes[0] == ICMPV6_UNREACHABLE && bytes[1] == 4;
	finish(probe, port_closed ? PROBE_ANSWERED : PROBE_ERROR);
	return true;
}

bool probe_input(
	struct world *world, uint32_t node, const struct packet *packet, const struct ip_header *ip) {
	if (world->nodes[node].probes == NULL)
		return false;
	const uint8_t *bytes = packet->bytes + packet->start + ip->header_bytes;
	size_t length = (size_t)(ip->total_bytes - ip->header_bytes);
	bool is_v4 = ip_is_v4(ip->source);
	struct answer answer = {
		.key = {.source = ip->destination, .destination = ip->source, .protocol = ip->protocol}};
	if (ip->protocol == PROTOCOL_TCP) {
		if (length < TCP_HEADER_BYTES)
			return false;
		answer.key.source_port = get_u16(bytes + 2);
		answer.key.destination_port = get_u16(bytes);
	} else {
		bool is_reply = bytes[0] == (is_v4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY);
		bool is_error = is_v4 ? bytes[0] == ICMP_UNREACHABLE || bytes[0] == ICMP_TIME_EXCEEDED ||
				bytes[0] == ICMP_PARAMETER_PROBLEM
							  : bytes[0] < ICMPV6_ECHO;
		if (is_error)
			return error_input(world, node, ip, bytes, length);
		if (!is_reply)
			return false;
		read_transport(&answer, bytes, length);
	}
	struct probe *probe = find_probe(world, node, &answer);
	if (probe == NULL)
		return false;
	probe->result.answered_by = ip->source;
	finish(probe, PROBE_ANSWERED);
	return true;
}
