// TCP segments: bytes to struct and back (RFC 9293 3.1). Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"

#define TCP_HEADER_BYTES 20
#define TCP_MSS_OPTION_BYTES 4

// The control bits that this TCP uses; the others are carried and ignored.
enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
};

// `payload` points into the decoded bytes.
struct tcp_segment {
	uint16_t source_port, destination_port;
	uint32_t sequence, acknowledgement;
	uint8_t flags;
	uint16_t window;
	uint16_t mss; // the option's value, 0 when there is none
	const uint8_t *payload;
	size_t payload_bytes;
};

// What every host takes, when nothing is known (RFC 9293 3.7.1).
static inline uint16_t tcp_mss_default(struct ip address) {
	return ip_is_v4(address) ? 536 : 1220;
}

// Sequence numbers wrap, so only their distance can be compared (RFC 9293 3.4).
static inline bool sequence_before(uint32_t a, uint32_t b) {
	return (int32_t)(a - b) < 0;
}

// What a segment takes of the sequence space: its payload, and one each for SYN and FIN.
static inline uint32_t tcp_segment_span(const struct tcp_segment *segment) {
	return (uint32_t)segment->payload_bytes + ((segment->flags & TCP_SYN) != 0) +
		((segment->flags & TCP_FIN) != 0);
}

// True when the checksum over pseudo header and segment holds.
bool tcp_checksum_holds(
	struct ip source, struct ip destination, const uint8_t *bytes, size_t length);
// -EBADMSG, and *out untouched, when header or options reach outside the segment or each other.
int tcp_segment_decode(const uint8_t *bytes, size_t length, struct tcp_segment *out);

// Writes the header, with the MSS option when `mss` is not 0, in front of a payload of
// `payload_bytes` that already stands (or will be copied) at bytes + the length returned here.
size_t tcp_header_encode(const struct tcp_segment *segment, uint8_t *bytes);
// Sets the checksum of a complete segment.
void tcp_checksum_set(struct ip source, struct ip destination, uint8_t *bytes, size_t length);
