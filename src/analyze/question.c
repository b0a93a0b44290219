#include "analyze/question.h"

#include <errno.h>

uint32_t question_owner(const struct topo *topo, struct ip address) {
	uint32_t owner = TOPO_NONE;

	for (uint32_t i = 0; i < topo->node_count; i++) {
		const struct topo_node *node = &topo->nodes[i];
		if (ip_equal(node->address, address) || ip_equal(node->address6, address))
			return i;
		for (size_t p = 0; p < node->port_count && owner == TOPO_NONE; p++) {
			const struct topo_port *port = &topo->ports[node->ports[p]];
			for (size_t a = 0; a < port->address_count; a++) {
				if (ip_equal(port->addresses[a].address, address))
					owner = i;
			}
		}
	}
	return owner;
}

struct ip question_address(const struct topo *topo, uint32_t node_number, bool is_v6) {
	const struct topo_node *node = &topo->nodes[node_number];
	struct ip own = is_v6 ? node->address6 : node->address;

	if (!ip_is_none(own) && ip_is_v4(own) == !is_v6)
		return own;
	for (size_t p = 0; p < node->port_count; p++) {
		const struct topo_port *port = &topo->ports[node->ports[p]];
		for (size_t a = 0; a < port->address_count; a++) {
			if (ip_is_v4(port->addresses[a].address) == !is_v6)
				return port->addresses[a].address;
		}
	}
	return IP_NONE;
}

static void set_flow(const struct question_flow *flow, struct question *question) {
	question->protocol = flow->protocol != 0 ? flow->protocol : PROTOCOL_ICMP;
	if (question->protocol != PROTOCOL_TCP && question->protocol != PROTOCOL_UDP)
		return;
	question->source_port = flow->source_port != 0 ? flow->source_port : QUESTION_SOURCE_PORT;
	question->destination_port = flow->port;
	if (flow->port == 0)
		question->destination_port =
			question->protocol == PROTOCOL_TCP ? QUESTION_TCP_PORT : QUESTION_UDP_PORT;
}

int question_between(const struct topo *topo, uint32_t from, uint32_t to,
	const struct question_flow *flow, struct question *out) {
	for (int attempt = 0; attempt < 2; attempt++) {
		bool is_v6 = (attempt == 1) != flow->prefer_v6;
		struct question question = {.from = from, .to = to};

		question.source = question_address(topo, from, is_v6);
		question.destination = question_address(topo, to, is_v6);
		if (ip_is_none(question.source) || ip_is_none(question.destination))
			continue;
		set_flow(flow, &question);
		*out = question;
		return 0;
	}
	return -EAFNOSUPPORT;
}

int question_to_address(const struct topo *topo, uint32_t from, struct ip destination,
	const struct question_flow *flow, struct question *out) {
	struct question question = {.from = from, .destination = destination};

	question.to = question_owner(topo, destination);
	question.source = question_address(topo, from, !ip_is_v4(destination));
	if (ip_is_none(question.source))
		return -EAFNOSUPPORT;
	set_flow(flow, &question);
	*out = question;
	return 0;
}

struct flow_key question_key(const struct question *question) {
	struct flow_key key = {
		.source = question->source,
		.destination = question->destination,
		.protocol = question->protocol,
		.source_port = question->source_port,
		.destination_port = question->destination_port,
	};
	if (key.protocol == PROTOCOL_ICMP && !ip_is_v4(key.destination))
		key.protocol = PROTOCOL_ICMPV6;
	return key;
}

struct flow_key question_reply_key(const struct flow_key *key) {
	struct flow_key reply = *key;

	reply.source = key->destination;
	reply.destination = key->source;
	reply.source_port = key->destination_port;
	reply.destination_port = key->source_port;
	return reply;
}

uint32_t *question_hosts(const struct topo *topo, struct arena *arena, size_t *count) {
	uint32_t *hosts = ARENA_ARRAY(arena, uint32_t, topo->node_count + 1);
	size_t found = 0;

	for (uint32_t i = 0; i < topo->node_count; i++) {
		if (topo->nodes[i].kind == TOPO_HOST)
			hosts[found++] = i;
	}
	*count = found;
	return hosts;
}
