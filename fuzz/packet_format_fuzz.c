// Any bytes as a packet: what decodes stays inside its bytes and survives encoding. The first byte
// decides whether checksums are put right first, without which few inputs would get any further.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "net/packet_format.h"

#define SAME(a, b, field) assert((a).field == (b).field)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void fix_header_checksum(uint8_t *bytes, size_t length) {
	size_t header_bytes = length > 0 ? (size_t)(bytes[0] & 15) * 4 : 0;

	if (header_bytes < IPV4_HEADER_BYTES || header_bytes > length || bytes[0] >> 4 != 4)
		return;
	put_u16(bytes + 10, 0);
	put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, header_bytes)));
}

static void check_header(const struct ip_header *header) {
	size_t payload_bytes = (size_t)(header->total_bytes - header->header_bytes);
	size_t length = ip_header_encoded_bytes(header) + payload_bytes;
	uint8_t *bytes = memory_alloc(length);
	struct writer out = writer_of(bytes, length);
	struct ip_header again;

	ip_header_encode(&out, header, payload_bytes);
	assert(!out.overflow);
	assert(ip_header_decode(bytes, length, &again) == 0);
	assert(ip_equal(header->source, again.source));
	assert(ip_equal(header->destination, again.destination));
	SAME(*header, again, protocol);
	SAME(*header, again, ttl);
	SAME(*header, again, traffic_class);
	SAME(*header, again, dont_fragment);
	SAME(*header, again, more_fragments);
	SAME(*header, again, has_fragment_header);
	SAME(*header, again, fragment_offset);
	SAME(*header, again, identification);
	if (again.ttl > 0) {
		ip_header_decrement_ttl(bytes);
		assert(ip_header_decode(bytes, length, &again) == 0);
		assert(again.ttl + 1 == header->ttl);
	}
	free(bytes);
}

static void check_udp(const uint8_t *bytes, size_t length, const struct ip_header *ip) {
	struct flow_key key = {.source = ip->source, .destination = ip->destination};
	struct udp_header udp, again;

	if (udp_decode(bytes, length, ip, &udp) != 0)
		return;
	assert(udp.length_bytes >= UDP_HEADER_BYTES && udp.length_bytes <= length);
	key.source_port = udp.source_port;
	key.destination_port = udp.destination_port;
	uint8_t *copy = memory_alloc(udp.length_bytes);
	struct writer out = writer_of(copy, udp.length_bytes);
	udp_encode(&out, &key, bytes + UDP_HEADER_BYTES, udp.length_bytes - UDP_HEADER_BYTES);
	assert(!out.overflow);
	assert(udp_decode(copy, udp.length_bytes, ip, &again) == 0);
	SAME(udp, again, source_port);
	SAME(udp, again, destination_port);
	SAME(udp, again, length_bytes);
	free(copy);
}

static void check_icmp(const uint8_t *bytes, size_t length, const struct ip_header *ip) {
	struct flow_key key = {.source = ip->source, .destination = ip->destination};
	struct icmp_header icmp, again;

	if (icmp_decode(bytes, length, ip, &icmp) != 0)
		return;
	uint8_t *copy = memory_alloc(length);
	struct writer out = writer_of(copy, length);
	icmp_encode(&out, &key, &icmp, bytes + ICMP_HEADER_BYTES, length - ICMP_HEADER_BYTES);
	assert(!out.overflow);
	assert(icmp_decode(copy, length, ip, &again) == 0);
	SAME(icmp, again, type);
	SAME(icmp, again, code);
	SAME(icmp, again, identifier);
	SAME(icmp, again, sequence);
	SAME(icmp, again, word);
	free(copy);
}

// Puts the checksum at `at` right, if the payload reaches so far.
static void fix_payload_checksum(
	uint8_t *bytes, size_t length, size_t at, uint32_t pseudo_header_sum) {
	if (length < at + 2)
		return;
	put_u16(bytes + at, 0);
	put_u16(bytes + at, checksum_fold(checksum_add(pseudo_header_sum, bytes, length)));
}

static void check_payload(uint8_t *bytes, size_t length, const struct ip_header *ip, bool fix) {
	bool is_v4 = ip_is_v4(ip->destination);
	uint8_t icmp = is_v4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;

	if (fix && ip->protocol == PROTOCOL_UDP && length >= UDP_HEADER_BYTES) {
		put_u16(bytes + 4, (uint16_t)length);
		fix_payload_checksum(bytes, length, 6,
			checksum_pseudo(ip->source, ip->destination, PROTOCOL_UDP, (uint32_t)length));
	}
	if (fix && ip->protocol == icmp)
		fix_payload_checksum(bytes, length, 2,
			is_v4 ? 0 : checksum_pseudo(ip->source, ip->destination, icmp, (uint32_t)length));
	if (ip->protocol == PROTOCOL_UDP)
		check_udp(bytes, length, ip);
	else if (ip->protocol == icmp)
		check_icmp(bytes, length, ip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	struct ip_header header;
	struct flow_key key;

	if (size_bytes == 0)
		return 0;
	bool fix = data[0] & 1;
	size_t length = size_bytes - 1;
	uint8_t *bytes = memory_alloc(length > 0 ? length : 1);
	memcpy(bytes, data + 1, length);
	if (fix)
		fix_header_checksum(bytes, length);
	if (ip_header_decode(bytes, length, &header) == 0) {
		assert(header.header_bytes <= header.total_bytes && header.total_bytes <= length);
		check_header(&header);
		flow_key_decode(bytes, &header, &key);
		(void)flow_hash(&key, 1);
		// A block of its own, so that a read behind the payload is seen.
		size_t payload_bytes = (size_t)(header.total_bytes - header.header_bytes);
		uint8_t *payload = memory_alloc(payload_bytes > 0 ? payload_bytes : 1);
		memcpy(payload, bytes + header.header_bytes, payload_bytes);
		check_payload(payload, payload_bytes, &header, fix);
		free(payload);
	}
	free(bytes);
	return 0;
}
