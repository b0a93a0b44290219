#include "forward/forward_int.h"

#include <string.h>

#include "base/assert.h"
#include "forward/segment.h"

#define IPV4_OPTION_COPIED 0x80
#define IPV4_OPTION_END 0
#define IPV4_OPTION_NOP 1
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV6_MTU_MIN 1280
#define PROTOCOL_IPV6_FRAGMENT 44
#define DATAGRAM_MAX_BYTES 65535

// RFC 791 3.1: options without the copied flag stand in the first fragment only. No-operations take
// their place, which keeps the header's length.
static void clear_uncopied_options(uint8_t *header, size_t header_bytes) {
	size_t at = IPV4_HEADER_BYTES;
	while (at < header_bytes && header[at] != IPV4_OPTION_END) {
		size_t length = 1;
		if (header[at] != IPV4_OPTION_NOP)
			length = at + 1 < header_bytes ? header[at + 1] : 0;
		if (length == 0 || length > header_bytes - at)
			return;
		if ((header[at] & IPV4_OPTION_COPIED) == 0)
			memset(header + at, IPV4_OPTION_NOP, length);
		at += length;
	}
}

static struct packet *piece_v4(const struct step *step, size_t offset, size_t length) {
	const struct ip_header *header = &step->header;
	const uint8_t *whole = packet_data(step->packet);
	bool is_last = header->header_bytes + offset + length == step->packet->length;
	struct packet *piece = packet_get_part(step->forward->pool, step->packet);
	uint8_t *bytes = packet_data(piece);
	memcpy(bytes, whole, header->header_bytes);
	memcpy(bytes + header->header_bytes, whole + header->header_bytes + offset, length);
	piece->length = (uint32_t)(header->header_bytes + length);
	if (offset > 0)
		clear_uncopied_options(bytes, header->header_bytes);
	unsigned field = (unsigned)(header->fragment_offset + offset) / 8;
	if (!is_last || header->more_fragments)
		field |= IPV4_MORE_FRAGMENTS;
	put_u16(bytes + 2, (uint16_t)piece->length);
	put_u16(bytes + 6, (uint16_t)field);
	put_u16(bytes + 10, 0);
	put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, header->header_bytes)));
	return piece;
}

static struct packet *piece_v6(
	const struct step *step, size_t offset, size_t length, uint32_t identification) {
	const uint8_t *whole = packet_data(step->packet);
	bool is_last = IPV6_HEADER_BYTES + offset + length == step->packet->length;
	struct packet *piece = packet_get_part(step->forward->pool, step->packet);
	uint8_t *bytes = packet_data(piece);
	uint8_t *fragment = bytes + IPV6_HEADER_BYTES;
	memcpy(bytes, whole, IPV6_HEADER_BYTES);
	memcpy(fragment + IPV6_FRAGMENT_BYTES, whole + IPV6_HEADER_BYTES + offset, length);
	piece->length = (uint32_t)(IPV6_HEADER_BYTES + IPV6_FRAGMENT_BYTES + length);
	put_u16(bytes + 4, (uint16_t)(IPV6_FRAGMENT_BYTES + length));
	fragment[0] = bytes[6];
	fragment[1] = 0;
	bytes[6] = PROTOCOL_IPV6_FRAGMENT;
	put_u16(fragment + 2, (uint16_t)(offset | (is_last ? 0 : 1)));
	put_u32(fragment + 4, identification);
	return piece;
}

// Routers don't fragment IPv6 (RFC 8200 4.5); what they originate themselves they may.
static bool may_fragment(const struct step *step, const struct port *out) {
	const struct ip_header *header = &step->header;
	if (ip_is_v4(header->source))
		return !header->dont_fragment && out->mtu_bytes >= FRAGMENT_MTU_MIN;
	return step->in == NULL && !header->has_fragment_header && out->mtu_bytes >= IPV6_MTU_MIN;
}

// A large segment becomes the packets it stands for, each of which may be too large.
static void fragment_pieces(struct step *step, struct port *out) {
	struct packet *next = packet_cut(step->forward->pool, step->packet);
	while (next != NULL) {
		struct step part = *step;
		part.packet = next;
		next = next->next;
		part.packet->next = NULL;
		int decoded = ip_header_decode(packet_data(part.packet), part.packet->length, &part.header);
		assert(decoded == 0);
		if (port_fits(out, part.packet->length))
			step_transmit(&part, out);
		else
			step_fragment(&part, out);
	}
}

void step_fragment(struct step *step, struct port *out) {
	const struct ip_header *header = &step->header;
	if (!may_fragment(step, out)) {
		step->mtu_bytes = out->mtu_bytes;
		step_drop(step, DROP_MTU, 0);
		return;
	}
	if (!packet_is_finished(step->packet)) {
		fragment_pieces(step, out);
		return;
	}
	if (header->fragment_offset + (size_t)header->total_bytes > DATAGRAM_MAX_BYTES) {
		step_drop(step, DROP_MALFORMED, 0);
		return;
	}
	if (step_is_traced(step))
		step_record(step, (struct trace_record){.step = TRACE_FRAGMENTED, .port = out->id});
	bool is_v4 = ip_is_v4(header->source);
	size_t header_bytes = is_v4 ? header->header_bytes : IPV6_HEADER_BYTES + IPV6_FRAGMENT_BYTES;
	size_t payload_bytes = step->packet->length - header->header_bytes;
	size_t room = (out->mtu_bytes - header_bytes) & ~(size_t)7;
	uint32_t identification = is_v4 ? 0 : step->router->next_identification++;
	struct step part = *step;
	for (size_t offset = 0; offset < payload_bytes; offset += room) {
		size_t length = payload_bytes - offset < room ? payload_bytes - offset : room;
		part.packet =
			is_v4 ? piece_v4(step, offset, length) : piece_v6(step, offset, length, identification);
		step_transmit(&part, out);
	}
	packet_put(step->forward->pool, step->packet);
}
