#include "forward/merge.h"

#include <string.h>

#include "net/packet_format.h"

#define TCP_HEADER_BYTES 20
#define TCP_FLAGS 13
#define TCP_CHECKSUM 16
#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define V4_FRAGMENT_MASK 0x3fff // more fragments, and the offset

struct segment {
	const uint8_t *bytes, *tcp;
	size_t network_bytes, header_bytes, payload_bytes;
	bool is_v4;
};

// Of a packet whose headers stand where they do in all but odd ones.
static bool read_segment(const struct packet *packet, struct segment *out) {
	struct segment segment = {.bytes = packet->bytes + packet->start};
	if (packet->length < IPV4_HEADER_BYTES + TCP_HEADER_BYTES)
		return false;
	segment.is_v4 = segment.bytes[0] == 0x45;
	if (!segment.is_v4 && segment.bytes[0] >> 4 != 6)
		return false;
	segment.network_bytes = segment.is_v4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
	if (segment.bytes[segment.is_v4 ? 9 : 6] != PROTOCOL_TCP ||
		packet->length < segment.network_bytes + TCP_HEADER_BYTES ||
		(segment.is_v4 && (get_u16(segment.bytes + 6) & V4_FRAGMENT_MASK) != 0))
		return false;
	segment.tcp = segment.bytes + segment.network_bytes;
	segment.header_bytes = segment.network_bytes + (size_t)(segment.tcp[12] >> 4) * 4;
	if (segment.header_bytes < segment.network_bytes + TCP_HEADER_BYTES ||
		segment.header_bytes >= packet->length)
		return false;
	segment.payload_bytes = packet->length - segment.header_bytes;
	*out = segment;
	return true;
}

static struct ip address_of(const struct segment *segment, bool is_destination) {
	struct ip address;
	if (segment->is_v4)
		ip_read_v4(&address, segment->bytes + (is_destination ? 16 : 12));
	else
		ip_read_v6(&address, segment->bytes + (is_destination ? 24 : 8));
	return address;
}

// What is merged is believed by the receiver, so a segment that was damaged must stay by itself.
static bool is_intact(const struct packet *packet, const struct segment *segment) {
	size_t tcp_bytes = packet->length - segment->network_bytes;
	return packet->piece_bytes == 0 && !packet->checksum_due &&
		checksum_transport(address_of(segment, false), address_of(segment, true), PROTOCOL_TCP,
			segment->tcp, tcp_bytes) == 0;
}

bool merge_can_begin(const struct packet *packet) {
	struct segment segment;
	return read_segment(packet, &segment) && segment.tcp[TCP_FLAGS] == TCP_ACK &&
		is_intact(packet, &segment);
}

// All of the network header but lengths, checksum and IPv4's identification.
static bool same_network(const struct segment *a, const struct segment *b) {
	if (a->is_v4 != b->is_v4)
		return false;
	if (!a->is_v4)
		return memcmp(a->bytes, b->bytes, 4) == 0 && memcmp(a->bytes + 6, b->bytes + 6, 34) == 0;
	return a->bytes[1] == b->bytes[1] && memcmp(a->bytes + 6, b->bytes + 6, 4) == 0 &&
		memcmp(a->bytes + 12, b->bytes + 12, 8) == 0;
}

// All of the TCP header but sequence, flags and checksum.
static bool same_stream(const struct segment *a, const struct segment *b) {
	return a->header_bytes == b->header_bytes && memcmp(a->tcp, b->tcp, 4) == 0 &&
		memcmp(a->tcp + 8, b->tcp + 8, 5) == 0 && memcmp(a->tcp + 14, b->tcp + 14, 2) == 0 &&
		memcmp(a->tcp + 18, b->tcp + 18, a->header_bytes - a->network_bytes - 18) == 0;
}

bool merge_append(struct packet *held, const struct packet *packet) {
	struct segment first, next;
	if (!read_segment(held, &first) || !read_segment(packet, &next))
		return false;
	size_t piece =
		held->piece_bytes != 0 ? held->piece_bytes - first.header_bytes : first.payload_bytes;
	// An end, or a segment smaller than the first, closes the large one.
	if (first.tcp[TCP_FLAGS] != TCP_ACK || first.payload_bytes % piece != 0 ||
		next.payload_bytes > piece || held->length + next.payload_bytes > PACKET_BYTES_MAX)
		return false;
	if ((next.tcp[TCP_FLAGS] & ~(TCP_FIN | TCP_PSH)) != TCP_ACK || !same_network(&first, &next) ||
		!same_stream(&first, &next) || !is_intact(packet, &next) ||
		get_u32(next.tcp + 4) != (uint32_t)(get_u32(first.tcp + 4) + first.payload_bytes))
		return false;
	uint8_t *bytes = packet_data(held);
	memcpy(bytes + held->length, next.bytes + next.header_bytes, next.payload_bytes);
	bytes[first.network_bytes + TCP_FLAGS] |= next.tcp[TCP_FLAGS];
	held->length += (uint32_t)next.payload_bytes;
	held->piece_bytes = (uint16_t)(first.header_bytes + piece);
	return true;
}

void merge_finish(struct packet *held) {
	struct segment segment;
	if (held->piece_bytes == 0 || !read_segment(held, &segment))
		return;
	uint8_t *bytes = packet_data(held);
	if (segment.is_v4) {
		put_u16(bytes + 2, (uint16_t)held->length);
		put_u16(bytes + 10, 0);
		put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, IPV4_HEADER_BYTES)));
	} else {
		put_u16(bytes + 4, (uint16_t)(held->length - IPV6_HEADER_BYTES));
	}
	uint32_t sum = checksum_pseudo(address_of(&segment, false), address_of(&segment, true),
		PROTOCOL_TCP, (uint32_t)(held->length - segment.network_bytes));
	put_u16(bytes + segment.network_bytes + TCP_CHECKSUM, (uint16_t)~checksum_fold(sum));
	held->checksum_due = true;
}
