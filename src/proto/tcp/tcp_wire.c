#include "proto/tcp/tcp_wire.h"

#include <errno.h>

#include "base/wire.h"
#include "net/packet_format.h"

#define CHECKSUM_OFFSET 16

enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
};

static uint16_t checksum_of(
	struct ip source, struct ip destination, const uint8_t *bytes, size_t length) {
	uint32_t sum = checksum_pseudo(source, destination, PROTOCOL_TCP, (uint32_t)length);

	return checksum_fold(checksum_add(sum, bytes, length));
}

bool tcp_checksum_holds(
	struct ip source, struct ip destination, const uint8_t *bytes, size_t length) {
	// Over a segment with a right checksum in it, the sum's complement is zero.
	return length >= TCP_HEADER_BYTES && checksum_of(source, destination, bytes, length) == 0;
}

// RFC 9293 3.2. An option that doesn't fit makes the whole segment malformed (MUST-7).
static int options_decode(struct reader *in, uint16_t *mss) {
	while (reader_left(in) > 0) {
		uint8_t kind = read_u8(in);

		if (kind == OPTION_END)
			break;
		if (kind == OPTION_NOP)
			continue;
		uint8_t length = read_u8(in);
		if (length < 2)
			return -EBADMSG;
		struct reader value = read_part(in, length - 2U);
		if (kind == OPTION_MSS) {
			*mss = read_u16(&value);
			if (value.short_read || reader_left(&value) != 0)
				return -EBADMSG;
		}
	}
	return in->short_read ? -EBADMSG : 0;
}

int tcp_segment_decode(const uint8_t *bytes, size_t length, struct tcp_segment *out) {
	struct reader in = reader_of(bytes, length);
	struct tcp_segment segment = {0};

	segment.source_port = read_u16(&in);
	segment.destination_port = read_u16(&in);
	segment.sequence = read_u32(&in);
	segment.acknowledgement = read_u32(&in);
	size_t header_bytes = (read_u8(&in) >> 4) * 4U;
	segment.flags = read_u8(&in);
	segment.window = read_u16(&in);
	read_skip(&in, 4); // checksum and urgent pointer
	if (in.short_read || header_bytes < TCP_HEADER_BYTES)
		return -EBADMSG;
	struct reader options = read_part(&in, header_bytes - TCP_HEADER_BYTES);
	if (in.short_read || options_decode(&options, &segment.mss) != 0)
		return -EBADMSG;
	segment.payload_bytes = reader_left(&in);
	segment.payload = read_view(&in, segment.payload_bytes);
	*out = segment;
	return 0;
}

size_t tcp_header_encode(const struct tcp_segment *segment, uint8_t *bytes) {
	struct writer out = writer_of(bytes, TCP_HEADER_BYTES + TCP_MSS_OPTION_BYTES);
	size_t length = TCP_HEADER_BYTES + (segment->mss != 0 ? TCP_MSS_OPTION_BYTES : 0);

	write_u16(&out, segment->source_port);
	write_u16(&out, segment->destination_port);
	write_u32(&out, segment->sequence);
	write_u32(&out, segment->acknowledgement);
	write_u8(&out, (uint8_t)(length / 4 << 4));
	write_u8(&out, segment->flags);
	write_u16(&out, segment->window);
	write_u32(&out, 0);
	if (segment->mss != 0) {
		write_u8(&out, OPTION_MSS);
		write_u8(&out, TCP_MSS_OPTION_BYTES);
		write_u16(&out, segment->mss);
	}
	return length;
}

void tcp_checksum_set(struct ip source, struct ip destination, uint8_t *bytes, size_t length) {
	put_u16(bytes + CHECKSUM_OFFSET, 0);
	put_u16(bytes + CHECKSUM_OFFSET, checksum_of(source, destination, bytes, length));
}
