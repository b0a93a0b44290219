#include "net/packet_format.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/assert.h"

#define V4_DONT_FRAGMENT 0x4000
#define V4_MORE_FRAGMENTS 0x2000
#define V4_OFFSET_MASK 0x1fff
#define V4_CHECKSUM_AT 10
#define V4_TTL_AT 8
#define V6_HOP_LIMIT_AT 7
#define V6_NEXT_HEADER_FRAGMENT 44
#define V6_OFFSET_MASK 0xfff8
#define V6_MORE_FRAGMENTS 1
#define UDP_CHECKSUM_AT 6
#define ICMP_CHECKSUM_AT 2
#define PORTS_BYTES 4

// Two words of 64 bits: what every x86-64 and AArch64 adds in one instruction.
typedef uint64_t lanes __attribute__((vector_size(16)));
#define BLOCK_BYTES (4 * sizeof(lanes))

// The sum of the whole blocks at the front, in lanes: one chain of carries would take as many steps
// as there are words. A lane takes 32 bits at a time, so it overflows after 16 GB.
static uint64_t sum_blocks(const uint8_t **at, size_t *length) {
	const lanes low_half = {UINT32_MAX, UINT32_MAX};
	lanes low = {0}, high = {0};
	for (; *length >= BLOCK_BYTES; *length -= BLOCK_BYTES, *at += BLOCK_BYTES) {
		lanes block[4];
		memcpy(block, *at, sizeof(block));
		low += (block[0] & low_half) + (block[1] & low_half);
		high += (block[0] >> 32) + (block[1] >> 32);
		low += (block[2] & low_half) + (block[3] & low_half);
		high += (block[2] >> 32) + (block[3] >> 32);
	}
	low += high;
	return low[0] + low[1];
}

uint32_t checksum_add(uint32_t sum, const void *bytes, size_t length) {
	const uint8_t *at = bytes;
	uint64_t total = length >= BLOCK_BYTES ? sum_blocks(&at, &length) : 0;

	// RFC 1071 2: the sum is the same in any byte order and word size until the end, so words are
	// added as the machine reads them, with the carries brought round.
	for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t), at += sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, at, sizeof(word));
		total += word;
		total += total < word;
	}
	if (length > 0) {
		uint64_t word = 0;
		memcpy(&word, at, length);
		total += word;
		total += total < word;
	}
	total = (total >> 32) + (total & UINT32_MAX);
	total = (total >> 16) + (total & UINT16_MAX);
	total = (total >> 16) + (total & UINT16_MAX);
	total = (total >> 16) + (total & UINT16_MAX);
	return sum + be16toh((uint16_t)total);
}

uint16_t checksum_fold(uint32_t sum) {
	sum = (sum >> 16) + (sum & UINT16_MAX);
	sum = (sum >> 16) + (sum & UINT16_MAX);
	return (uint16_t)~sum;
}

static uint32_t sum_words(uint64_t bytes) {
	return (uint32_t)((bytes >> 48) + (bytes >> 32 & UINT16_MAX) + (bytes >> 16 & UINT16_MAX) +
		(bytes & UINT16_MAX));
}

uint32_t checksum_pseudo(
	struct ip source, struct ip destination, uint8_t protocol, uint32_t length) {
	uint32_t sum = sum_words(length) + protocol;

	if (ip_is_v4(destination))
		return sum + sum_words(ip_v4(source)) + sum_words(ip_v4(destination));
	return sum + sum_words(source.hi) + sum_words(source.lo) + sum_words(destination.hi) +
		sum_words(destination.lo);
}

uint16_t checksum_transport(
	struct ip source, struct ip destination, uint8_t protocol, const void *bytes, size_t length) {
	uint32_t sum = checksum_pseudo(source, destination, protocol, (uint32_t)length);
	return checksum_fold(checksum_add(sum, bytes, length));
}

uint16_t checksum_update(uint16_t checksum, uint16_t old_word, uint16_t new_word) {
	uint32_t sum = (uint16_t)~checksum;
	sum += (uint16_t)~old_word;
	sum += new_word;
	return checksum_fold(sum);
}

static int decode_v4(const uint8_t *bytes, size_t length, struct ip_header *out) {
	// RFC 1812 5.2.2, its checks in its order; the version is known by now.
	if (length < IPV4_HEADER_BYTES)
		return -EBADMSG;
	size_t header_bytes = (size_t)(bytes[0] & 15) * 4;
	if (header_bytes < IPV4_HEADER_BYTES || header_bytes > length)
		return -EBADMSG;
	if (checksum_fold(checksum_add(0, bytes, header_bytes)) != 0)
		return -EBADMSG;

	struct ip_header header = {.header_bytes = (uint16_t)header_bytes};
	struct reader in = reader_of(bytes, header_bytes);
	read_skip(&in, 1);
	header.traffic_class = read_u8(&in);
	header.total_bytes = read_u16(&in);
	header.identification = read_u16(&in);
	uint16_t fragment = read_u16(&in);
	header.ttl = read_u8(&in);
	header.protocol = read_u8(&in);
	read_skip(&in, 2);
	header.source = ip_of_v4(read_u32(&in));
	header.destination = ip_of_v4(read_u32(&in));
	header.dont_fragment = fragment & V4_DONT_FRAGMENT;
	header.more_fragments = fragment & V4_MORE_FRAGMENTS;
	header.fragment_offset = (uint16_t)((fragment & V4_OFFSET_MASK) * 8);
	if (header.total_bytes < header_bytes || header.total_bytes > length)
		return -EBADMSG;
	*out = header;
	return 0;
}

// RFC 8200 4.5.
static void read_v6_fragment(struct reader *in, struct ip_header *header) {
	header->has_fragment_header = true;
	header->protocol = read_u8(in);
	read_skip(in, 1);
	uint16_t fragment = read_u16(in);
	header->fragment_offset = fragment & V6_OFFSET_MASK;
	header->more_fragments = fragment & V6_MORE_FRAGMENTS;
	header->identification = read_u32(in);
	header->header_bytes += IPV6_FRAGMENT_BYTES;
}

static int decode_v6(const uint8_t *bytes, size_t length, struct ip_header *out) {
	struct ip_header header = {.dont_fragment = true, .header_bytes = IPV6_HEADER_BYTES};
	struct reader in = reader_of(bytes, length);

	// RFC 8200 3. The flow label is not used.
	uint32_t first = read_u32(&in);
	header.traffic_class = (uint8_t)(first >> 20);
	size_t payload_bytes = read_u16(&in);
	header.protocol = read_u8(&in);
	header.ttl = read_u8(&in);
	header.source.hi = read_u64(&in);
	header.source.lo = read_u64(&in);
	header.destination.hi = read_u64(&in);
	header.destination.lo = read_u64(&in);
	if (in.short_read || payload_bytes > reader_left(&in) ||
		payload_bytes > UINT16_MAX - IPV6_HEADER_BYTES)
		return -EBADMSG;
	header.total_bytes = (uint16_t)(IPV6_HEADER_BYTES + payload_bytes);
	if (header.protocol == V6_NEXT_HEADER_FRAGMENT) {
		struct reader payload = read_part(&in, payload_bytes);
		read_v6_fragment(&payload, &header);
		if (payload.short_read)
			return -EBADMSG;
	}
	if (ip_is_v4(header.source) || ip_is_v4(header.destination))
		return -EBADMSG;
	*out = header;
	return 0;
}

int ip_header_decode(const uint8_t *bytes, size_t length, struct ip_header *out) {
	if (length == 0)
		return -EBADMSG;
	if (bytes[0] >> 4 == 4)
		return decode_v4(bytes, length, out);
	if (bytes[0] >> 4 == 6)
		return decode_v6(bytes, length, out);
	return -EBADMSG;
}

static bool needs_v6_fragment(const struct ip_header *header) {
	return header->has_fragment_header || ip_header_is_fragment(header);
}

size_t ip_header_encoded_bytes(const struct ip_header *header) {
	if (ip_is_v4(header->destination))
		return IPV4_HEADER_BYTES;
	return IPV6_HEADER_BYTES + (needs_v6_fragment(header) ? IPV6_FRAGMENT_BYTES : 0);
}

static void encode_v4(struct writer *out, const struct ip_header *header, size_t payload_bytes) {
	uint8_t bytes[IPV4_HEADER_BYTES];
	struct writer fields = writer_of(bytes, sizeof(bytes));
	uint16_t fragment = header->fragment_offset / 8;

	if (header->dont_fragment)
		fragment |= V4_DONT_FRAGMENT;
	if (header->more_fragments)
		fragment |= V4_MORE_FRAGMENTS;
	write_u8(&fields, 4 << 4 | IPV4_HEADER_BYTES / 4);
	write_u8(&fields, header->traffic_class);
	write_u16(&fields, (uint16_t)(IPV4_HEADER_BYTES + payload_bytes));
	write_u16(&fields, (uint16_t)header->identification);
	write_u16(&fields, fragment);
	write_u8(&fields, header->ttl);
	write_u8(&fields, header->protocol);
	write_u16(&fields, 0);
	write_u32(&fields, ip_v4(header->source));
	write_u32(&fields, ip_v4(header->destination));
	put_u16(bytes + V4_CHECKSUM_AT, checksum_fold(checksum_add(0, bytes, sizeof(bytes))));
	write_bytes(out, bytes, sizeof(bytes));
}

static void encode_v6(struct writer *out, const struct ip_header *header, size_t payload_bytes) {
	bool with_fragment = needs_v6_fragment(header);

	write_u32(out, UINT32_C(6) << 28 | (uint32_t)header->traffic_class << 20);
	write_u16(out, (uint16_t)(payload_bytes + (with_fragment ? IPV6_FRAGMENT_BYTES : 0)));
	write_u8(out, with_fragment ? V6_NEXT_HEADER_FRAGMENT : header->protocol);
	write_u8(out, header->ttl);
	write_u64(out, header->source.hi);
	write_u64(out, header->source.lo);
	write_u64(out, header->destination.hi);
	write_u64(out, header->destination.lo);
	if (!with_fragment)
		return;
	write_u8(out, header->protocol);
	write_u8(out, 0);
	write_u16(out,
		(uint16_t)(header->fragment_offset | (header->more_fragments ? V6_MORE_FRAGMENTS : 0)));
	write_u32(out, header->identification);
}

void ip_header_encode(struct writer *out, const struct ip_header *header, size_t payload_bytes) {
	assert(header->fragment_offset % 8 == 0);
	if (payload_bytes > UINT16_MAX - ip_header_encoded_bytes(header)) {
		out->overflow = true;
		return;
	}
	if (ip_is_v4(header->destination)) {
		assert(ip_is_v4(header->source));
		encode_v4(out, header, payload_bytes);
	} else {
		assert(!ip_is_v4(header->source));
		encode_v6(out, header, payload_bytes);
	}
}

void flow_key_decode(const uint8_t *bytes, const struct ip_header *header, struct flow_key *out) {
	bool has_ports = header->protocol == PROTOCOL_TCP || header->protocol == PROTOCOL_UDP;

	*out = (struct flow_key){
		.source = header->source,
		.destination = header->destination,
		.protocol = header->protocol,
		.is_fragment = ip_header_is_fragment(header),
	};
	if (has_ports && header->fragment_offset == 0 &&
		header->total_bytes - header->header_bytes >= PORTS_BYTES) {
		out->source_port = get_u16(bytes + header->header_bytes);
		out->destination_port = get_u16(bytes + header->header_bytes + 2);
	}
}

static void replace_byte_of_word(uint8_t *bytes, size_t word_at, size_t at, uint8_t value) {
	uint16_t old_word = get_u16(bytes + word_at);
	bytes[at] = value;
	uint16_t checksum = get_u16(bytes + V4_CHECKSUM_AT);
	put_u16(bytes + V4_CHECKSUM_AT, checksum_update(checksum, old_word, get_u16(bytes + word_at)));
}

void ip_header_set_ttl(uint8_t *bytes, uint8_t ttl) {
	if (bytes[0] >> 4 == 4)
		replace_byte_of_word(bytes, V4_TTL_AT, V4_TTL_AT, ttl);
	else
		bytes[V6_HOP_LIMIT_AT] = ttl;
}

void ip_header_decrement_ttl(uint8_t *bytes) {
	uint8_t ttl = bytes[bytes[0] >> 4 == 4 ? V4_TTL_AT : V6_HOP_LIMIT_AT];

	assert(ttl > 0);
	ip_header_set_ttl(bytes, (uint8_t)(ttl - 1));
}

int udp_decode(
	const uint8_t *bytes, size_t length, const struct ip_header *ip, struct udp_header *out) {
	struct reader in = reader_of(bytes, length);
	struct udp_header header;

	header.source_port = read_u16(&in);
	header.destination_port = read_u16(&in);
	header.length_bytes = read_u16(&in);
	uint16_t checksum = read_u16(&in);
	if (in.short_read || header.length_bytes < UDP_HEADER_BYTES || header.length_bytes > length)
		return -EBADMSG;
	// RFC 768: zero is "no checksum"; RFC 8200 8.1 does away with that.
	if (checksum == 0 && !ip_is_v4(ip->destination))
		return -EBADMSG;
	if (checksum != 0 &&
		checksum_transport(ip->source, ip->destination, PROTOCOL_UDP, bytes, header.length_bytes) !=
			0)
		return -EBADMSG;
	*out = header;
	return 0;
}

void udp_encode(
	struct writer *out, const struct flow_key *key, const void *payload, size_t payload_bytes) {
	size_t length = UDP_HEADER_BYTES + payload_bytes;
	uint8_t *start = out->at;

	if (length > UINT16_MAX) {
		out->overflow = true;
		return;
	}
	write_u16(out, key->source_port);
	write_u16(out, key->destination_port);
	write_u16(out, (uint16_t)length);
	write_u16(out, 0);
	write_bytes(out, payload, payload_bytes);
	if (out->overflow)
		return;
	uint16_t checksum =
		checksum_transport(key->source, key->destination, PROTOCOL_UDP, start, length);
	// RFC 768: a computed zero is sent as all ones.
	put_u16(start + UDP_CHECKSUM_AT, checksum == 0 ? UINT16_MAX : checksum);
}

bool icmp_is_echo(struct ip address, uint8_t type) {
	if (ip_is_v4(address))
		return type == ICMP_ECHO || type == ICMP_ECHO_REPLY;
	return type == ICMPV6_ECHO || type == ICMPV6_ECHO_REPLY;
}

bool icmp_is_error(struct ip address, uint8_t type) {
	// RFC 4443 2.1: the high bit tells errors from the rest. RFC 1122 3.2.2 counts them up for IPv4
	// and RFC 1812 4.3.2.7 treats a redirect as one.
	if (!ip_is_v4(address))
		return type < 128;
	return type == ICMP_UNREACHABLE || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
		type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM;
}

static uint16_t icmp_checksum(
	struct ip source, struct ip destination, const uint8_t *bytes, size_t length) {
	if (ip_is_v4(destination))
		return checksum_fold(checksum_add(0, bytes, length));
	return checksum_transport(source, destination, PROTOCOL_ICMPV6, bytes, length);
}

int icmp_decode(
	const uint8_t *bytes, size_t length, const struct ip_header *ip, struct icmp_header *out) {
	struct reader in = reader_of(bytes, length);
	struct icmp_header header = {0};

	header.type = read_u8(&in);
	header.code = read_u8(&in);
	read_skip(&in, 2);
	uint32_t rest = read_u32(&in);
	if (in.short_read || icmp_checksum(ip->source, ip->destination, bytes, length) != 0)
		return -EBADMSG;
	if (icmp_is_echo(ip->destination, header.type)) {
		header.identifier = (uint16_t)(rest >> 16);
		header.sequence = (uint16_t)rest;
	} else {
		header.word = rest;
	}
	*out = header;
	return 0;
}

void icmp_encode(struct writer *out, const struct flow_key *key, const struct icmp_header *icmp,
	const void *payload, size_t payload_bytes) {
	uint8_t *start = out->at;

	write_u8(out, icmp->type);
	write_u8(out, icmp->code);
	write_u16(out, 0);
	if (icmp_is_echo(key->destination, icmp->type)) {
		write_u16(out, icmp->identifier);
		write_u16(out, icmp->sequence);
	} else {
		write_u32(out, icmp->word);
	}
	write_bytes(out, payload, payload_bytes);
	if (out->overflow)
		return;
	put_u16(start + ICMP_CHECKSUM_AT,
		icmp_checksum(key->source, key->destination, start, ICMP_HEADER_BYTES + payload_bytes));
}
