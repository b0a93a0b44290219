#include "forward/forward_int.h"

#include <string.h>

// RFC 1812 4.3.2.3 and RFC 4443 2.4 (c): as much of the packet as fits these.
#define ERROR_MAX_BYTES_V4 576
#define ERROR_MAX_BYTES_V6 1280
#define TRAFFIC_CLASS_CONTROL 0xc0 // RFC 1812 4.3.2.5: precedence 6, internetwork control

struct cause {
	uint8_t type, code;
	uint32_t word;
};

// Which drops are answered, and how. A policy's drop is silent.
struct answer {
	enum drop drop;
	struct cause v4, v6;
};

static const struct answer answers[] = {
	{DROP_TTL_EXPIRED, {ICMP_TIME_EXCEEDED, 0, 0}, {ICMPV6_TIME_EXCEEDED, 0, 0}},
	{DROP_NO_ROUTE, {ICMP_UNREACHABLE, 0, 0}, {ICMPV6_UNREACHABLE, 0, 0}},
	{DROP_NO_HOST, {ICMP_UNREACHABLE, 1, 0}, {ICMPV6_UNREACHABLE, 3, 0}},
	{DROP_MTU, {ICMP_UNREACHABLE, 4, 0}, {ICMPV6_TOO_BIG, 0, 0}},
};

static const struct answer *answer_find(enum drop drop) {
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].drop == drop)
			return &answers[i];
	return NULL;
}

static bool router_answers(const struct router *router, enum drop drop) {
	if (drop == DROP_TTL_EXPIRED)
		return router->sends_time_exceeded;
	if (drop == DROP_MTU)
		return router->sends_too_big;
	return router->sends_unreachable;
}

// RFC 792's errors and redirects are the types named in RFC 1122 3.2.2; in ICMPv6 errors are the
// types below 128, and redirect is 137 (RFC 4443 2.4 (e)).
static bool is_icmp_error(uint8_t protocol, uint8_t type) {
	if (protocol == PROTOCOL_ICMPV6)
		return type < 128 || type == 137;
	return protocol == PROTOCOL_ICMP &&
		(type == ICMP_UNREACHABLE || type == 4 || type == 5 || type == ICMP_TIME_EXCEEDED ||
			type == ICMP_PARAMETER_PROBLEM);
}

// RFC 1812 4.3.2.7, RFC 4443 2.4 (e): never about an ICMP error, a later fragment, or a packet that
// names several hosts or none. An ICMP packet too short to have a type counts as an error.
static bool error_is_due(const struct step *step) {
	const struct ip_header *header = &step->header;
	if (header->fragment_offset > 0)
		return false;
	if (ip_is_multicast(header->source) || ip_is_unusable_host(header->source) ||
		ip_is_loopback(header->source) || ip_is_multicast(header->destination) ||
		ip_is_unusable_host(header->destination))
		return false;
	if (header->protocol != PROTOCOL_ICMP && header->protocol != PROTOCOL_ICMPV6)
		return true;
	return header->total_bytes > header->header_bytes &&
		!is_icmp_error(header->protocol, packet_data(step->packet)[header->header_bytes]);
}

// The port towards the packet's source, by the router's own table. Of several, the one that the
// hash of the way back picks (AZ-X-21): the error's own hash needs the address that is sought.
static struct ip egress_address(const struct step *step) {
	const struct router *router = step->router;
	struct fib_match match;
	if (lookup_row(&router->fib, step->key.source, &match).edge == EDGE_DROP)
		return IP_NONE;
	const struct flow_key back = {
		.source = step->key.destination,
		.destination = step->key.source,
		.protocol = ip_is_v4(step->key.source) ? PROTOCOL_ICMP : PROTOCOL_ICMPV6,
	};
	size_t index = flow_hash(&back, router->hash_seed) % match.route->hop_count;
	const struct port *port = router->ports[match.route->hops[index].port];
	return port_address(port, ip_is_v4(step->key.source));
}

// RFC 1122 3.2.2: about a packet for the router itself, from the address it was sent to.
static struct ip error_source(const struct step *step) {
	if (router_has_address(step->router, step->key.destination))
		return step->key.destination;
	if (step->router->icmp_source == ICMP_SOURCE_EGRESS)
		return egress_address(step);
	return step->in != NULL ? port_address(step->in, ip_is_v4(step->key.source)) : IP_NONE;
}

static struct packet *error_build(
	const struct step *step, struct ip source, const struct cause *cause) {
	bool is_v4 = ip_is_v4(source);
	struct packet *packet = packet_get(step->forward->pool);
	struct ip_header header = {
		.source = source,
		.destination = step->key.source,
		.protocol = is_v4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6,
		.ttl = OWN_TTL,
		.traffic_class = TRAFFIC_CLASS_CONTROL,
		.dont_fragment = !is_v4,
		.identification = is_v4 ? step->router->next_identification++ : 0,
	};
	size_t before = (is_v4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES) + ICMP_HEADER_BYTES;
	size_t room = (is_v4 ? ERROR_MAX_BYTES_V4 : ERROR_MAX_BYTES_V6) - before;
	size_t quoted = step->packet->length < room ? step->packet->length : room;
	const struct flow_key key = {
		.source = source, .destination = header.destination, .protocol = header.protocol};
	const struct icmp_header icmp = {.type = cause->type, .code = cause->code, .word = cause->word};
	struct writer out = writer_of(packet_data(packet), PACKET_ROOM - packet->start);
	ip_header_encode(&out, &header, ICMP_HEADER_BYTES + quoted);
	icmp_encode(&out, &key, &icmp, packet_data(step->packet), quoted);
	packet->length = (uint32_t)writer_length(&out);
	return packet;
}

static void unanswered(const struct step *step, enum drop why) {
	if (step_is_traced(step))
		step_record(step,
			(struct trace_record){
				.step = TRACE_UNANSWERED,
				.drop = (uint8_t)why,
				.port = step->in != NULL ? step->in->id : UINT32_MAX,
			});
}

// The first answer's way is recorded; a second one, about another fragment, goes unrecorded.
static void error_send(const struct step *step, const struct cause *cause) {
	if (!error_is_due(step)) {
		unanswered(step, DROP_NO_ERROR_DUE);
		return;
	}
	struct ip source = error_source(step);
	if (ip_is_none(source)) {
		unanswered(step, DROP_NO_ADDRESS_ON_PORT);
		return;
	}
	struct packet *packet = error_build(step, source, cause);
	struct trace *trace = step->packet->trace;
	if (trace != NULL) {
		step_record(step,
			(struct trace_record){
				.step = TRACE_ANSWERED,
				.port = step->in != NULL ? step->in->id : UINT32_MAX,
				.via = source,
			});
		if (trace->child == NULL) {
			trace->child = trace_new();
			packet->trace = trace->child;
		}
	}
	forward_output(step->forward, step->router, packet, step->now);
}

void icmp_error_answer(const struct step *step, enum drop drop) {
	const struct answer *answer = answer_find(drop);
	if (answer == NULL)
		return;
	if (!router_answers(step->router, drop)) {
		unanswered(step, DROP_SILENT);
		return;
	}
	struct cause cause = ip_is_v4(step->key.source) ? answer->v4 : answer->v6;
	cause.word = step->mtu_bytes;
	error_send(step, &cause);
}

// The packet is only read: it stays the caller's.
void forward_icmp_error(struct forward *forward, struct router *router, struct port *in,
	const struct packet *packet, uint8_t type, uint8_t code, instant now) {
	struct step step;
	step_init(&step, forward, router, (struct packet *)packet, now);
	step.in = in;
	if (ip_header_decode(packet->bytes + packet->start, packet->length, &step.header) != 0)
		return;
	flow_key_decode(packet->bytes + packet->start, &step.header, &step.key);
	error_send(&step, &(struct cause){type, code, 0});
}
