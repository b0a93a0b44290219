#include "forward/train.h"

#include <string.h>

static void write_length(struct packet *train, size_t header) {
	uint8_t *bytes = packet_data(train);
	if (bytes[0] >> 4 == 6) {
		put_u16(bytes + 4, (uint16_t)(train->length - header));
		return;
	}
	put_u16(bytes + 2, (uint16_t)train->length);
	put_u16(bytes + 10, 0);
	put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, header)));
}

bool train_append(struct packet *train, const struct packet *packet) {
	const uint8_t *from = packet->bytes + packet->start;
	size_t header = from[0] >> 4 == 6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES;
	size_t body = packet->length - header;
	size_t first = (train->piece_bytes != 0 ? train->piece_bytes : train->length) - header;
	if (body > first || (train->length - header) % first != 0 ||
		train->length + body > PACKET_BYTES_MAX ||
		train->start + train->length + body > PACKET_ROOM)
		return false;
	memcpy(packet_data(train) + train->length, from + header, body);
	train->length += (uint32_t)body;
	train->piece_bytes = (uint16_t)(header + first);
	write_length(train, header);
	return true;
}
