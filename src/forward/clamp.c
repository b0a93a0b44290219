// TCP's segment size held to what the way carries: the MSS option of a SYN that crosses a port
// which says so is lowered, never raised (AZ-ER-8, AZ-VPN-19; RFC 9293 3.7.1; what the option
// counts: RFC 6691). It changes no decision: where a packet goes does not depend on it, so a walk
// does not ask.
#include "forward/forward_int.h"

#define TCP_HEADER_BYTES 20
#define TCP_SYN 0x02
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_MSS_BYTES 4

// RFC 1624 for a word at any offset: at an odd one its bytes count in each other's place. A
// checksum that is due is only the pseudo header's so far, which does not know the option.
static void set_mss(struct packet *packet, uint8_t *tcp, size_t at, uint16_t mss) {
	uint16_t old = get_u16(tcp + at);
	uint16_t new = mss;

	put_u16(tcp + at, mss);
	if (packet->checksum_due)
		return;
	if (at % 2 != 0) {
		old = __builtin_bswap16(old);
		new = __builtin_bswap16(new);
	}
	put_u16(tcp + 16, checksum_update(get_u16(tcp + 16), old, new));
}

// Options that are cut short or count wrong end the search: what is behind can't be known.
// True when one was lowered.
static bool clamp_options(struct packet *packet, uint8_t *tcp, size_t header_bytes, uint16_t most) {
	size_t at = TCP_HEADER_BYTES;
	bool is_lowered = false;

	while (at < header_bytes && tcp[at] != OPTION_END) {
		size_t length = 1;
		if (tcp[at] != OPTION_NOP)
			length = at + 1 < header_bytes ? tcp[at + 1] : 0;
		if (length == 0 || (length == 1 && tcp[at] != OPTION_NOP) || length > header_bytes - at)
			break;
		if (tcp[at] == OPTION_MSS && length == OPTION_MSS_BYTES && get_u16(tcp + at + 2) > most) {
			set_mss(packet, tcp, at + 2, most);
			is_lowered = true;
		}
		at += length;
	}
	return is_lowered;
}

// Both ports count, as on routers: what comes in by the one and what leaves by the other.
static uint32_t tcp_mtu_between(const struct port *in, const struct port *out) {
	if (in->tcp_mtu_bytes == 0 ||
		(out->tcp_mtu_bytes != 0 && out->tcp_mtu_bytes < in->tcp_mtu_bytes))
		return out->tcp_mtu_bytes;
	return in->tcp_mtu_bytes;
}

void step_clamp(struct step *step, const struct port *out) {
	const struct ip_header *header = &step->header;
	struct packet *packet = step->packet;
	size_t length = packet->length;
	uint32_t mtu_bytes = tcp_mtu_between(step->in, out);
	uint32_t headers_bytes =
		TCP_HEADER_BYTES + (ip_is_v4(header->source) ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES);

	if (header->protocol != PROTOCOL_TCP || header->fragment_offset != 0 ||
		length < (size_t)header->header_bytes + TCP_HEADER_BYTES || mtu_bytes <= headers_bytes)
		return;
	uint8_t *tcp = packet_data(packet) + header->header_bytes;
	size_t tcp_bytes = (size_t)(tcp[12] >> 4) * 4;
	if ((tcp[13] & TCP_SYN) == 0 || tcp_bytes < TCP_HEADER_BYTES ||
		tcp_bytes > length - header->header_bytes)
		return;
	uint16_t most = (uint16_t)(mtu_bytes - headers_bytes);
	if (clamp_options(packet, tcp, tcp_bytes, most) && step_is_traced(step))
		step_record(
			step, (struct trace_record){.step = TRACE_CLAMPED, .port = out->id, .mss_bytes = most});
}
