#include <errno.h>

#include "forward/flow_table.h"
#include "forward/forward_int.h"

// A flow's key in the table: TCP and UDP by ports, echo by its identifier in place of ports, the
// later fragments of anything by addresses and protocol, marked as fragments.

static bool is_icmp(uint8_t protocol) {
	return protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6;
}

static bool is_echo(uint8_t protocol, uint8_t type) {
	if (protocol == PROTOCOL_ICMPV6)
		return type == ICMPV6_ECHO || type == ICMPV6_ECHO_REPLY;
	return type == ICMP_ECHO || type == ICMP_ECHO_REPLY;
}

static bool is_quoting(uint8_t protocol, uint8_t type) {
	if (protocol == PROTOCOL_ICMPV6)
		return type < 128;
	return type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM;
}

// Ports, or what stands for them, from the first bytes behind the network header.
static void key_take_ports(struct flow_key *key, struct reader in) {
	if (key->protocol == PROTOCOL_TCP || key->protocol == PROTOCOL_UDP) {
		key->source_port = read_u16(&in);
		key->destination_port = read_u16(&in);
		return;
	}
	if (!is_icmp(key->protocol))
		return;
	uint8_t type = read_u8(&in);
	read_skip(&in, 3);
	uint16_t identifier = read_u16(&in);
	if (!in.short_read && is_echo(key->protocol, type)) {
		key->source_port = identifier;
		key->destination_port = identifier;
	}
}

static int quote_decode_v4(struct reader in, struct flow_key *out) {
	struct flow_key key = {0};
	uint8_t first = read_u8(&in);
	read_skip(&in, 5);
	uint16_t fragment = read_u16(&in);
	read_skip(&in, 1);
	key.protocol = read_u8(&in);
	read_skip(&in, 2);
	key.source = ip_of_v4(read_u32(&in));
	key.destination = ip_of_v4(read_u32(&in));
	size_t header_bytes = (size_t)(first & 15) * 4;
	if (in.short_read || header_bytes < IPV4_HEADER_BYTES)
		return -EBADMSG;
	read_skip(&in, header_bytes - IPV4_HEADER_BYTES);
	key.is_fragment = (fragment & 0x1fff) != 0;
	if (!key.is_fragment)
		key_take_ports(&key, in);
	*out = key;
	return 0;
}

static int quote_decode_v6(struct reader in, struct flow_key *out) {
	struct flow_key key = {0};
	read_skip(&in, 6);
	key.protocol = read_u8(&in);
	read_skip(&in, 1);
	const uint8_t *source = read_view(&in, 16);
	const uint8_t *destination = read_view(&in, 16);
	if (in.short_read)
		return -EBADMSG;
	ip_read_v6(&key.source, source);
	ip_read_v6(&key.destination, destination);
	if (key.protocol == 44) {
		key.protocol = read_u8(&in);
		read_skip(&in, 1);
		key.is_fragment = (read_u16(&in) & 0xfff8) != 0;
		read_skip(&in, 4);
		if (in.short_read)
			return -EBADMSG;
	}
	if (!key.is_fragment)
		key_take_ports(&key, in);
	*out = key;
	return 0;
}

int quote_decode(const uint8_t *bytes, size_t length, struct flow_key *out) {
	if (length > 0 && bytes[0] >> 4 == 4)
		return quote_decode_v4(reader_of(bytes, length), out);
	if (length > 0 && bytes[0] >> 4 == 6)
		return quote_decode_v6(reader_of(bytes, length), out);
	return -EBADMSG;
}

// The key that the packet is remembered by. False for an ICMP error, whose flow is the quoted one.
static bool own_key(const struct step *step, struct flow_key *key) {
	const struct ip_header *header = &step->header;
	const uint8_t *payload = packet_data(step->packet) + header->header_bytes;
	size_t length = step->packet->length - header->header_bytes;
	*key = step->key;
	key->is_fragment = header->fragment_offset > 0;
	if (key->is_fragment || !is_icmp(key->protocol))
		return true;
	key_take_ports(key, reader_of(payload, length));
	return length == 0 || !is_quoting(key->protocol, payload[0]);
}

// The flow's key: of its packets that enter the port. What an appliance sends on has the addresses
// of what it got, but the other direction, and so is no answer to it (AZ-NSG-2).
static struct flow_key flow_of(const struct flow_key *key, bool is_turned) {
	struct flow_key flow = *key;
	if (!is_turned)
		return flow;
	flow.source = key->destination;
	flow.destination = key->source;
	flow.source_port = key->destination_port;
	flow.destination_port = key->source_port;
	return flow;
}

// A first fragment lets the later ones through, which have no ports to be known by.
static void open_fragments(const struct step *step, const struct port *port, bool is_leaving) {
	if (!step->header.more_fragments || step->header.fragment_offset > 0)
		return;
	const struct flow_key later = {
		.source = step->key.source,
		.destination = step->key.destination,
		.protocol = step->key.protocol,
		.is_fragment = true,
	};
	struct flow_key flow = flow_of(&later, is_leaving);
	flow_table_open(port->flows, &flow, step->now);
}

// The packet that an error quotes went the other way.
static bool quote_is_known(const struct step *step, const struct port *port, bool is_leaving) {
	struct flow_key key;
	size_t before = step->header.header_bytes + (size_t)ICMP_HEADER_BYTES;
	if (step->packet->length < before)
		return false;
	const uint8_t *quote = packet_data(step->packet) + before;
	if (quote_decode(quote, step->packet->length - before, &key) != 0)
		return false;
	struct flow_key flow = flow_of(&key, !is_leaving);
	return flow_table_holds(port->flows, &flow, step->now);
}

bool flow_is_known(const struct step *step, const struct port *port, bool is_leaving) {
	struct flow_key key;
	if (!own_key(step, &key))
		return quote_is_known(step, port, is_leaving);
	struct flow_key flow = flow_of(&key, is_leaving);
	if (!flow_table_holds(port->flows, &flow, step->now))
		return false;
	open_fragments(step, port, is_leaving);
	return true;
}

void flow_open(const struct step *step, const struct port *port, bool is_leaving) {
	struct flow_key key;
	if (!own_key(step, &key))
		return;
	struct flow_key flow = flow_of(&key, is_leaving);
	flow_table_open(port->flows, &flow, step->now);
	open_fragments(step, port, is_leaving);
}
