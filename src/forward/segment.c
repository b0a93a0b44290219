#include "forward/segment.h"

#include <string.h>

#include "base/assert.h"
#include "net/packet_format.h"

#define TCP_FLAGS 13
#define TCP_FIN_PSH 0x09
#define TCP_CWR 0x80

// Where the transport header begins. Only packets without IPv6 extension headers are large or leave
// their checksum to others.
static size_t network_header_bytes(const uint8_t *bytes) {
	return bytes[0] >> 4 == 6 ? IPV6_HEADER_BYTES : (size_t)(bytes[0] & 0x0f) * 4;
}

static uint8_t protocol_of(const uint8_t *bytes) {
	return bytes[0] >> 4 == 6 ? bytes[6] : bytes[9];
}

// What each piece begins with.
static size_t all_header_bytes(const uint8_t *bytes) {
	size_t network = network_header_bytes(bytes);
	switch (protocol_of(bytes)) {
	case PROTOCOL_ESP:
		return network;
	case PROTOCOL_UDP:
		return network + UDP_HEADER_BYTES;
	default:
		return network + (size_t)(bytes[network + 12] >> 4) * 4;
	}
}

uint32_t packet_pieces(const struct packet *packet) {
	if (packet->piece_bytes == 0)
		return 1;
	uint32_t header = (uint32_t)all_header_bytes(packet->bytes + packet->start);
	uint32_t room = packet->piece_bytes - header;
	return (packet->length - header + room - 1) / room;
}

void packet_finish_checksum(struct packet *packet) {
	if (!packet->checksum_due)
		return;
	uint8_t *bytes = packet_data(packet);
	size_t header = network_header_bytes(bytes);
	bool is_udp = protocol_of(bytes) == PROTOCOL_UDP;
	size_t field = header + (is_udp ? 6 : 16);
	packet->checksum_due = false;
	assert(field + 2 <= packet->length);
	uint16_t checksum = checksum_fold(checksum_add(0, bytes + header, packet->length - header));
	// RFC 768: zero means that there is none.
	put_u16(bytes + field, is_udp && checksum == 0 ? UINT16_MAX : checksum);
}

static void write_lengths(struct packet *piece, unsigned index) {
	uint8_t *bytes = packet_data(piece);
	if (bytes[0] >> 4 == 6) {
		put_u16(bytes + 4, (uint16_t)(piece->length - IPV6_HEADER_BYTES));
		return;
	}
	put_u16(bytes + 2, (uint16_t)piece->length);
	put_u16(bytes + 4, (uint16_t)(get_u16(bytes + 4) + index));
	put_u16(bytes + 10, 0);
	put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, network_header_bytes(bytes))));
}

static struct ip address_at(const uint8_t *bytes, bool is_destination) {
	struct ip address;
	if (bytes[0] >> 4 == 6)
		ip_read_v6(&address, bytes + (is_destination ? 24 : 8));
	else
		ip_read_v4(&address, bytes + (is_destination ? 16 : 12));
	return address;
}

static void write_tcp(struct packet *piece, size_t offset, bool is_first, bool is_last) {
	uint8_t *bytes = packet_data(piece);
	size_t header = network_header_bytes(bytes);
	uint8_t *tcp = bytes + header;
	put_u32(tcp + 4, (uint32_t)(get_u32(tcp + 4) + offset));
	if (!is_last)
		tcp[TCP_FLAGS] = (uint8_t)(tcp[TCP_FLAGS] & ~TCP_FIN_PSH);
	if (!is_first)
		tcp[TCP_FLAGS] = (uint8_t)(tcp[TCP_FLAGS] & ~TCP_CWR); // RFC 3168 6.1.2: said once
	put_u16(tcp + 16, 0);
	put_u16(tcp + 16,
		checksum_transport(address_at(bytes, false), address_at(bytes, true), PROTOCOL_TCP, tcp,
			piece->length - header));
}

static void write_udp(struct packet *piece) {
	uint8_t *bytes = packet_data(piece);
	size_t header = network_header_bytes(bytes);
	size_t length = piece->length - header;
	uint8_t *udp = bytes + header;
	put_u16(udp + 4, (uint16_t)length);
	put_u16(udp + 6, 0);
	uint16_t checksum = checksum_transport(
		address_at(bytes, false), address_at(bytes, true), PROTOCOL_UDP, udp, length);
	put_u16(udp + 6, checksum == 0 ? UINT16_MAX : checksum); // RFC 768: zero means none
}

void cutter_init(struct cutter *cutter, struct packet *whole) {
	*cutter = (struct cutter){.whole = whole};
	if (whole->piece_bytes == 0 || whole->length <= whole->piece_bytes)
		return;
	const uint8_t *bytes = packet_data(whole);
	cutter->protocol = protocol_of(bytes);
	cutter->header_bytes = all_header_bytes(bytes);
	assert(cutter->header_bytes < whole->piece_bytes);
	cutter->at = cutter->header_bytes;
	cutter->room = whole->piece_bytes - cutter->header_bytes;
}

struct packet *cutter_next(struct cutter *cutter, struct packet_pool *pool) {
	struct packet *whole = cutter->whole;
	if (whole == NULL)
		return NULL;
	if (cutter->room == 0) {
		cutter->whole = NULL;
		whole->piece_bytes = 0;
		packet_finish_checksum(whole);
		return whole;
	}
	const uint8_t *bytes = packet_data(whole);
	size_t header = cutter->header_bytes;
	size_t at = cutter->at;
	size_t length = whole->length - at < cutter->room ? whole->length - at : cutter->room;
	struct packet *piece = packet_get_part(pool, whole);
	memcpy(packet_data(piece), bytes, header);
	memcpy(packet_data(piece) + header, bytes + at, length);
	piece->length = (uint32_t)(header + length);
	write_lengths(piece, cutter->index++);
	cutter->at += length;
	if (cutter->protocol == PROTOCOL_TCP)
		write_tcp(piece, at - header, at == header, cutter->at == whole->length);
	else if (cutter->protocol == PROTOCOL_UDP)
		write_udp(piece);
	if (cutter->at == whole->length) {
		cutter->whole = NULL;
		packet_put(pool, whole);
	}
	return piece;
}

struct packet *packet_cut(struct packet_pool *pool, struct packet *whole) {
	struct cutter cutter;
	struct packet *first = NULL;
	struct packet **last = &first;
	cutter_init(&cutter, whole);
	while ((*last = cutter_next(&cutter, pool)) != NULL)
		last = &(*last)->next;
	return first;
}
