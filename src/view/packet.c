#include "view/packet.h"

#include "net/packet_format.h"

#define TCP_HEADER_BYTES 20
#define BGP_MARKER_BYTES 16
#define BFD_BYTES 24
#define IPV6_FRAGMENT 44
#define PORT_BGP 179
#define PORT_BFD 3784
#define PORT_KEYS 500

// One packet being told: what is left of its bytes, and what stood in front.
struct telling {
	struct reader in;
	struct text *out;
	struct ip source, destination;
	uint8_t protocol;
	uint32_t payload_bytes; // behind the network header, as the packet had it
	bool is_v4;
};

static const char *icmp_word(bool is_v4, uint8_t type, uint8_t code) {
	static const struct {
		bool is_v4;
		uint8_t type;
		int code; // -1: any
		const char *word;
	} words[] = {
		{true, ICMP_ECHO, -1, "echo request"},
		{true, ICMP_ECHO_REPLY, -1, "echo reply"},
		{true, ICMP_TIME_EXCEEDED, 0, "time exceeded on the way"},
		{true, ICMP_TIME_EXCEEDED, 1, "fragments missing"},
		{true, ICMP_UNREACHABLE, 0, "network unreachable"},
		{true, ICMP_UNREACHABLE, 1, "host unreachable"},
		{true, ICMP_UNREACHABLE, 3, "port unreachable"},
		{true, ICMP_UNREACHABLE, 4, "fragmentation needed"},
		{true, ICMP_UNREACHABLE, -1, "unreachable"},
		{false, ICMPV6_ECHO, -1, "echo request"},
		{false, ICMPV6_ECHO_REPLY, -1, "echo reply"},
		{false, ICMPV6_TIME_EXCEEDED, 0, "time exceeded on the way"},
		{false, ICMPV6_TIME_EXCEEDED, 1, "fragments missing"},
		{false, ICMPV6_TOO_BIG, -1, "packet too big"},
		{false, ICMPV6_UNREACHABLE, 0, "no route"},
		{false, ICMPV6_UNREACHABLE, 3, "host unreachable"},
		{false, ICMPV6_UNREACHABLE, 4, "port unreachable"},
		{false, ICMPV6_UNREACHABLE, -1, "unreachable"},
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].is_v4 == is_v4 && words[i].type == type &&
			(words[i].code < 0 || words[i].code == code))
			return words[i].word;
	}
	return NULL;
}

static bool names_mtu(bool is_v4, uint8_t type, uint8_t code) {
	return is_v4 ? type == ICMP_UNREACHABLE && code == 4 : type == ICMPV6_TOO_BIG;
}

// The packet that an error is about, as far as it is quoted.
static void tell_quoted(struct telling *telling) {
	const uint8_t *bytes = telling->in.at;
	size_t left = reader_left(&telling->in);
	struct ip source, destination;
	char from[IP_TEXT_BYTES], to[IP_TEXT_BYTES];
	if (telling->is_v4 && left >= IPV4_HEADER_BYTES) {
		ip_read_v4(&source, bytes + 12);
		ip_read_v4(&destination, bytes + 16);
	} else if (!telling->is_v4 && left >= IPV6_HEADER_BYTES) {
		ip_read_v6(&source, bytes + 8);
		ip_read_v6(&destination, bytes + 24);
	} else {
		return;
	}
	text_printf(telling->out, ", of %s > %s", ip_format(source, from), ip_format(destination, to));
}

static void tell_icmp(struct telling *telling) {
	struct reader *in = &telling->in;
	uint8_t type = read_u8(in);
	uint8_t code = read_u8(in);
	read_u16(in); // checksum
	uint16_t high = read_u16(in);
	uint16_t low = read_u16(in);
	const char *word = icmp_word(telling->is_v4, type, code);
	text_add(telling->out, telling->is_v4 ? "ICMP " : "ICMPv6 ");
	if (in->short_read)
		return;
	if (word == NULL)
		text_printf(telling->out, "type %u, code %u", type, code);
	else
		text_add(telling->out, word);
	if (icmp_is_echo(telling->source, type)) {
		text_printf(telling->out, ", id %u, seq %u", high, low);
		return;
	}
	if (names_mtu(telling->is_v4, type, code))
		text_printf(telling->out, ", MTU %lu",
			telling->is_v4 ? (unsigned long)low : (unsigned long)high << 16 | low);
	if (icmp_is_error(telling->source, type))
		tell_quoted(telling);
}

static void tell_bgp(struct telling *telling) {
	static const char *const types[] = {
		"OPEN", "UPDATE", "NOTIFICATION", "KEEPALIVE", "ROUTE-REFRESH"};
	struct reader in = telling->in;
	read_view(&in, BGP_MARKER_BYTES);
	read_u16(&in);
	uint8_t type = read_u8(&in);
	if (!in.short_read && type >= 1 && type <= sizeof(types) / sizeof(types[0]))
		text_printf(telling->out, ", BGP %s", types[type - 1]);
}

static void tell_tcp(struct telling *telling) {
	static const char letters[] = "FSRP.UEW";
	struct reader *in = &telling->in;
	uint16_t source = read_u16(in);
	uint16_t destination = read_u16(in);
	uint32_t sequence = read_u32(in);
	uint32_t acknowledged = read_u32(in);
	uint8_t offset = read_u8(in);
	uint8_t flags = read_u8(in);
	uint16_t window = read_u16(in);
	uint32_t header = (uint32_t)(offset >> 4) * 4;
	text_printf(telling->out, "TCP %u > %u", source, destination);
	if (in->short_read)
		return;
	text_add(telling->out, " [");
	for (unsigned bit = 0; bit < 8; bit++) {
		if ((flags >> bit & 1) != 0)
			text_add_char(telling->out, letters[bit]);
	}
	text_printf(telling->out, "], seq %lu", (unsigned long)sequence);
	if ((flags & 0x10) != 0)
		text_printf(telling->out, ", ack %lu", (unsigned long)acknowledged);
	text_printf(telling->out, ", win %u", window);
	if (header < TCP_HEADER_BYTES || header > telling->payload_bytes)
		return;
	text_printf(telling->out, ", %lu bytes", (unsigned long)(telling->payload_bytes - header));
	// What stands in front of the payload: checksum, urgent pointer, options.
	read_view(in, header - 16);
	if (telling->payload_bytes > header && (source == PORT_BGP || destination == PORT_BGP))
		tell_bgp(telling);
}

static void tell_bfd(struct telling *telling) {
	static const char *const states[] = {"AdminDown", "Down", "Init", "Up"};
	if (reader_left(&telling->in) >= BFD_BYTES)
		text_printf(telling->out, ", BFD %s", states[telling->in.at[1] >> 6]);
}

static void tell_udp(struct telling *telling) {
	struct reader *in = &telling->in;
	uint16_t source = read_u16(in);
	uint16_t destination = read_u16(in);
	uint16_t length = read_u16(in);
	read_u16(in);
	text_printf(telling->out, "UDP %u > %u", source, destination);
	if (in->short_read)
		return;
	text_printf(
		telling->out, ", %u bytes", length < UDP_HEADER_BYTES ? 0 : length - UDP_HEADER_BYTES);
	if (destination == PORT_BFD)
		tell_bfd(telling);
	else if (source == PORT_KEYS && destination == PORT_KEYS)
		text_add(telling->out, ", key agreement");
}

static void tell_esp(struct telling *telling) {
	uint32_t spi = read_u32(&telling->in);
	uint32_t sequence = read_u32(&telling->in);
	text_printf(
		telling->out, "ESP spi 0x%08lx, seq %lu", (unsigned long)spi, (unsigned long)sequence);
}

static void tell_payload(struct telling *telling) {
	switch (telling->protocol) {
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		tell_icmp(telling);
		break;
	case PROTOCOL_TCP:
		tell_tcp(telling);
		break;
	case PROTOCOL_UDP:
		tell_udp(telling);
		break;
	case PROTOCOL_ESP:
		tell_esp(telling);
		break;
	default:
		text_printf(telling->out, "protocol %u", telling->protocol);
		break;
	}
}

// `offset`: in bytes; what stands behind the first fragment's start has no header to tell.
static void tell_fragment(struct telling *telling, uint32_t offset, bool has_more) {
	if (offset == 0)
		tell_payload(telling);
	else
		text_printf(telling->out, "protocol %u", telling->protocol);
	text_printf(
		telling->out, ", fragment at %lu%s", (unsigned long)offset, has_more ? "" : ", the last");
}

static void tell_v4(struct telling *telling, uint8_t *ttl, uint32_t whole_length) {
	struct reader *in = &telling->in;
	const uint8_t *bytes = in->at;
	uint32_t header = (uint32_t)(bytes[0] & 0x0f) * 4;
	uint16_t fragment = get_u16(bytes + 6);
	char from[IP_TEXT_BYTES], to[IP_TEXT_BYTES];
	*ttl = bytes[8];
	telling->is_v4 = true;
	telling->protocol = bytes[9];
	ip_read_v4(&telling->source, bytes + 12);
	ip_read_v4(&telling->destination, bytes + 16);
	telling->payload_bytes = whole_length < header ? 0 : whole_length - header;
	text_printf(telling->out, "%s > %s: ", ip_format(telling->source, from),
		ip_format(telling->destination, to));
	read_view(in, header);
	if ((fragment & 0x3fff) != 0)
		tell_fragment(telling, (uint32_t)(fragment & 0x1fff) * 8, (fragment & 0x2000) != 0);
	else
		tell_payload(telling);
}

static void tell_v6(struct telling *telling, uint8_t *ttl, uint32_t whole_length) {
	struct reader *in = &telling->in;
	const uint8_t *bytes = in->at;
	char from[IP_TEXT_BYTES], to[IP_TEXT_BYTES];
	*ttl = bytes[7];
	telling->protocol = bytes[6];
	ip_read_v6(&telling->source, bytes + 8);
	ip_read_v6(&telling->destination, bytes + 24);
	telling->payload_bytes = whole_length - IPV6_HEADER_BYTES;
	text_printf(telling->out, "%s > %s: ", ip_format(telling->source, from),
		ip_format(telling->destination, to));
	read_view(in, IPV6_HEADER_BYTES);
	if (telling->protocol != IPV6_FRAGMENT) {
		tell_payload(telling);
		return;
	}
	telling->protocol = read_u8(in);
	read_u8(in);
	uint16_t fragment = read_u16(in);
	read_u32(in);
	telling->payload_bytes -=
		telling->payload_bytes < IPV6_FRAGMENT_BYTES ? 0 : IPV6_FRAGMENT_BYTES;
	tell_fragment(telling, fragment & 0xfff8u, (fragment & 1) != 0);
}

void view_packet(const uint8_t *bytes, uint32_t length, uint32_t whole_length, struct text *out) {
	struct telling telling = {.in = reader_of(bytes, length), .out = out};
	uint8_t ttl = 0;
	unsigned version = length != 0 ? bytes[0] >> 4 : 0;
	if (version == 4 && length >= IPV4_HEADER_BYTES)
		tell_v4(&telling, &ttl, whole_length);
	else if (version == 6 && length >= IPV6_HEADER_BYTES && whole_length >= IPV6_HEADER_BYTES)
		tell_v6(&telling, &ttl, whole_length);
	else
		text_add(out, "no IP header");
	if (ttl != 0)
		text_printf(out, ", ttl %u", ttl);
	text_printf(out, ", length %lu", (unsigned long)whole_length);
	if (telling.in.short_read)
		text_add(out, length < whole_length ? " [cut short]" : " [malformed]");
}
