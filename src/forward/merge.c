#include "forward/merge.h"

#include <string.h>

#include "base/assert.h"
#include "net/packet_format.h"

#define TCP_HEADER_BYTES 20
#define TCP_FLAGS 13
#define TCP_CHECKSUM 16
#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define UDP_LENGTH 4
#define UDP_CHECKSUM 6
#define V4_FRAGMENT_MASK 0x3fff // more fragments, and the offset

static const uint8_t *transport(const struct merge_segment *segment) {
	return segment->bytes + segment->network_bytes;
}

static bool read_tcp(const struct packet *packet, struct merge_segment *segment) {
	if (packet->length < segment->network_bytes + TCP_HEADER_BYTES)
		return false;
	segment->is_tcp = true;
	size_t header_bytes = (size_t)(transport(segment)[12] >> 4) * 4;
	segment->header_bytes = segment->network_bytes + header_bytes;
	return header_bytes >= TCP_HEADER_BYTES && segment->header_bytes < packet->length;
}

// Without a checksum none may be added.
static bool read_udp(const struct packet *packet, struct merge_segment *segment) {
	segment->header_bytes = segment->network_bytes + UDP_HEADER_BYTES;
	return packet->length > segment->header_bytes &&
		get_u16(transport(segment) + UDP_LENGTH) == packet->length - segment->network_bytes &&
		get_u16(transport(segment) + UDP_CHECKSUM) != 0;
}

// Of a packet whose headers stand where they do in all but odd ones.
static bool read_segment(const struct packet *packet, struct merge_segment *segment) {
	const uint8_t *bytes = packet->bytes + packet->start;
	*segment = (struct merge_segment){.bytes = bytes, .is_due = packet->checksum_due};
	// A large one costs more to copy than it would save.
	if (packet->piece_bytes != 0 || packet->length < IPV4_HEADER_BYTES)
		return false;
	segment->is_v4 = bytes[0] == 0x45;
	if (segment->is_v4 ? (get_u16(bytes + 6) & V4_FRAGMENT_MASK) != 0
					   : bytes[0] >> 4 != 6 || packet->length < IPV6_HEADER_BYTES)
		return false;
	segment->network_bytes = segment->is_v4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
	uint8_t protocol = bytes[segment->is_v4 ? 9 : 6];
	bool is_read = protocol == PROTOCOL_TCP ? read_tcp(packet, segment)
											: protocol == PROTOCOL_UDP && read_udp(packet, segment);
	if (!is_read)
		return false;
	segment->payload_bytes = packet->length - segment->header_bytes;
	segment->piece_bytes = segment->payload_bytes;
	return true;
}

static struct ip address_of(const struct merge_segment *segment, bool is_destination) {
	struct ip address;
	if (segment->is_v4)
		ip_read_v4(&address, segment->bytes + (is_destination ? 16 : 12));
	else
		ip_read_v6(&address, segment->bytes + (is_destination ? 24 : 8));
	return address;
}

static uint8_t protocol_of(const struct merge_segment *segment) {
	return segment->is_tcp ? PROTOCOL_TCP : PROTOCOL_UDP;
}

// What is merged is believed by the receiver, so a packet that was damaged must stay by itself. One
// whose checksum is due has not been anywhere where it could have been.
static bool is_intact(const struct packet *packet, const struct merge_segment *segment) {
	return segment->is_due ||
		checksum_transport(address_of(segment, false), address_of(segment, true),
			protocol_of(segment), transport(segment), packet->length - segment->network_bytes) == 0;
}

bool merge_begin(struct merge *merge, struct packet *packet) {
	struct merge_segment segment;
	assert(merge->held == NULL);
	if (!read_segment(packet, &segment) ||
		(segment.is_tcp && transport(&segment)[TCP_FLAGS] != TCP_ACK) ||
		!is_intact(packet, &segment))
		return false;
	*merge = (struct merge){.held = packet, .first = segment};
	return true;
}

// All of the network header but lengths, checksum and IPv4's identification.
static bool same_network(const struct merge_segment *a, const struct merge_segment *b) {
	if (a->is_v4 != b->is_v4)
		return false;
	if (!a->is_v4)
		return memcmp(a->bytes, b->bytes, 4) == 0 && memcmp(a->bytes + 6, b->bytes + 6, 34) == 0;
	return a->bytes[1] == b->bytes[1] && memcmp(a->bytes + 6, b->bytes + 6, 4) == 0 &&
		memcmp(a->bytes + 12, b->bytes + 12, 8) == 0;
}

// The next of the same stream: all of the TCP header but flags and checksum is as it has to be. An
// end closes the large one.
static bool follows_tcp(const struct merge_segment *first, const struct merge_segment *next) {
	const uint8_t *a = transport(first);
	const uint8_t *b = transport(next);
	return first->header_bytes == next->header_bytes && a[TCP_FLAGS] == TCP_ACK &&
		(b[TCP_FLAGS] & ~(TCP_FIN | TCP_PSH)) == TCP_ACK && memcmp(a, b, 4) == 0 &&
		get_u32(b + 4) == (uint32_t)(get_u32(a + 4) + first->payload_bytes) &&
		memcmp(a + 8, b + 8, 5) == 0 && memcmp(a + 14, b + 14, 2) == 0 &&
		memcmp(a + 18, b + 18, first->header_bytes - first->network_bytes - 18) == 0;
}

static bool follows_udp(const struct merge_segment *first, const struct merge_segment *next) {
	return first->payload_bytes < MERGE_DATAGRAMS_MAX * first->piece_bytes &&
		memcmp(transport(first), transport(next), 4) == 0;
}

// All pieces are as large as the first one, but for the last one, which may be smaller.
static bool has_room(const struct merge *merge, const struct merge_segment *next) {
	const struct merge_segment *first = &merge->first;
	return first->payload_bytes % first->piece_bytes == 0 &&
		next->payload_bytes <= first->piece_bytes &&
		merge->held->length + next->payload_bytes <= PACKET_BYTES_MAX;
}

bool merge_append(struct merge *merge, const struct packet *packet) {
	struct merge_segment *first = &merge->first;
	struct merge_segment next;
	if (merge->held == NULL || !read_segment(packet, &next) || next.is_tcp != first->is_tcp ||
		next.is_due != first->is_due || !has_room(merge, &next) || !same_network(first, &next) ||
		!(next.is_tcp ? follows_tcp(first, &next) : follows_udp(first, &next)) ||
		!is_intact(packet, &next))
		return false;
	uint8_t *bytes = packet_data(merge->held);
	memcpy(bytes + merge->held->length, next.bytes + next.header_bytes, next.payload_bytes);
	if (next.is_tcp)
		bytes[first->network_bytes + TCP_FLAGS] |= transport(&next)[TCP_FLAGS];
	merge->held->length += (uint32_t)next.payload_bytes;
	first->payload_bytes += next.payload_bytes;
	merge->has_grown = true;
	return true;
}

static void write_lengths(struct packet *packet, const struct merge_segment *segment) {
	uint8_t *bytes = packet_data(packet);
	size_t transport_bytes = packet->length - segment->network_bytes;
	if (segment->is_v4) {
		put_u16(bytes + 2, (uint16_t)packet->length);
		put_u16(bytes + 10, 0);
		put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, IPV4_HEADER_BYTES)));
	} else {
		put_u16(bytes + 4, (uint16_t)transport_bytes);
	}
	uint32_t sum = checksum_pseudo(address_of(segment, false), address_of(segment, true),
		protocol_of(segment), (uint32_t)transport_bytes);
	uint8_t *header = bytes + segment->network_bytes;
	if (!segment->is_tcp)
		put_u16(header + UDP_LENGTH, (uint16_t)transport_bytes);
	put_u16(
		header + (segment->is_tcp ? TCP_CHECKSUM : UDP_CHECKSUM), (uint16_t)~checksum_fold(sum));
}

struct packet *merge_end(struct merge *merge) {
	struct packet *held = merge->held;
	merge->held = NULL;
	if (held == NULL || !merge->has_grown)
		return held;
	write_lengths(held, &merge->first);
	held->piece_bytes = (uint16_t)(merge->first.header_bytes + merge->first.piece_bytes);
	held->checksum_due = true;
	return held;
}
