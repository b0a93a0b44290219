#include "net/packet_format.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define PACKET_MAX 256

static const struct ip v4_a = {0, IP_V4_MAPPED | 0xc0a80001};
static const struct ip v4_b = {0, IP_V4_MAPPED | 0xc0a800c7};
static const struct ip v6_a = {UINT64_C(0x20010db800000000), 1};
static const struct ip v6_b = {UINT64_C(0x20010db800000001), 2};

// A packet from another hand: an IPv4 header whose checksum is worked out in many textbooks.
static const uint8_t textbook[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8,
	0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
#define TEXTBOOK_TOTAL 0x73

// Its header in a buffer of exactly `length` bytes, so that a sanitizer sees any read behind it.
static uint8_t *exact_copy(const void *bytes, size_t length) {
	uint8_t *copy = malloc(length > 0 ? length : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, length);
	return copy;
}

static int decode_copy(const uint8_t *bytes, size_t length, struct ip_header *out) {
	uint8_t *copy = exact_copy(bytes, length);
	int result = ip_header_decode(copy, length, out);
	free(copy);
	return result;
}

static void fix_v4_checksum(uint8_t *bytes) {
	size_t header_bytes = (size_t)(bytes[0] & 15) * 4;
	put_u16(bytes + 10, 0);
	put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, header_bytes)));
}

static void a_known_ipv4_header_is_understood(void **state) {
	uint8_t packet[TEXTBOOK_TOTAL] = {0};
	struct ip_header header;
	(void)state;
	memcpy(packet, textbook, sizeof(textbook));
	assert_int_equal(ip_header_decode(packet, sizeof(packet), &header), 0);
	assert_true(ip_equal(header.source, v4_a));
	assert_true(ip_equal(header.destination, v4_b));
	assert_int_equal(header.protocol, PROTOCOL_UDP);
	assert_int_equal(header.ttl, 64);
	assert_int_equal(header.header_bytes, 20);
	assert_int_equal(header.total_bytes, TEXTBOOK_TOTAL);
	assert_true(header.dont_fragment);
	assert_false(header.more_fragments);

	uint8_t again[IPV4_HEADER_BYTES];
	struct writer out = writer_of(again, sizeof(again));
	ip_header_encode(&out, &header, TEXTBOOK_TOTAL - IPV4_HEADER_BYTES);
	assert_false(out.overflow);
	assert_memory_equal(again, textbook, sizeof(textbook));
}

struct header_case {
	struct ip_header header;
	size_t payload_bytes;
};

static const struct header_case header_cases[] = {
	{{.source = {0, IP_V4_MAPPED},
		 .destination = {0, IP_V4_MAPPED | UINT32_MAX},
		 .protocol = 17,
		 .ttl = 1},
		0},
	{{.source = {0, IP_V4_MAPPED | 1},
		 .destination = {0, IP_V4_MAPPED | 2},
		 .protocol = 6,
		 .ttl = 255,
		 .traffic_class = 0xb8,
		 .dont_fragment = true,
		 .identification = 0xffff},
		100},
	{{.source = {0, IP_V4_MAPPED | 1},
		 .destination = {0, IP_V4_MAPPED | 2},
		 .protocol = 1,
		 .ttl = 64,
		 .more_fragments = true,
		 .fragment_offset = 65528,
		 .identification = 7},
		8},
	{{.source = {1, 2}, .destination = {3, 4}, .protocol = 58, .ttl = 1, .dont_fragment = true}, 0},
	{{.source = {0, 0},
		 .destination = {UINT64_MAX, UINT64_MAX},
		 .protocol = 17,
		 .ttl = 255,
		 .traffic_class = 0xb8,
		 .dont_fragment = true},
		100},
	{{.source = {1, 2},
		 .destination = {3, 4},
		 .protocol = 17,
		 .ttl = 64,
		 .dont_fragment = true,
		 .has_fragment_header = true,
		 .more_fragments = true,
		 .fragment_offset = 65528,
		 .identification = 0xdeadbeef},
		16},
	{{.source = {1, 2},
		 .destination = {3, 4},
		 .protocol = 17,
		 .ttl = 64,
		 .dont_fragment = true,
		 .has_fragment_header = true,
		 .identification = 1},
		0},
};

static size_t encode_case(const struct header_case *test, uint8_t bytes[PACKET_MAX]) {
	struct writer out = writer_of(bytes, PACKET_MAX);
	ip_header_encode(&out, &test->header, test->payload_bytes);
	assert_int_equal(writer_length(&out), ip_header_encoded_bytes(&test->header));
	assert_non_null(write_gap(&out, test->payload_bytes));
	return writer_length(&out);
}

static void ip_headers_survive_the_round_trip(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(header_cases); i++) {
		uint8_t bytes[PACKET_MAX];
		struct ip_header wanted = header_cases[i].header;
		struct ip_header header;
		memset(&header, 0, sizeof(header));
		size_t length = encode_case(&header_cases[i], bytes);
		assert_int_equal(decode_copy(bytes, length, &header), 0);
		wanted.header_bytes = (uint16_t)ip_header_encoded_bytes(&wanted);
		wanted.total_bytes = (uint16_t)length;
		assert_true(ip_equal(header.source, wanted.source));
		assert_true(ip_equal(header.destination, wanted.destination));
		assert_int_equal(header.protocol, wanted.protocol);
		assert_int_equal(header.ttl, wanted.ttl);
		assert_int_equal(header.traffic_class, wanted.traffic_class);
		assert_int_equal(header.dont_fragment, wanted.dont_fragment);
		assert_int_equal(header.more_fragments, wanted.more_fragments);
		assert_int_equal(header.has_fragment_header, wanted.has_fragment_header);
		assert_int_equal(header.fragment_offset, wanted.fragment_offset);
		assert_int_equal(header.identification, wanted.identification);
		assert_int_equal(header.header_bytes, wanted.header_bytes);
		assert_int_equal(header.total_bytes, wanted.total_bytes);
	}
}

static void a_packet_cut_anywhere_is_refused(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(header_cases); i++) {
		uint8_t bytes[PACKET_MAX];
		size_t length = encode_case(&header_cases[i], bytes);
		for (size_t cut = 0; cut < length; cut++) {
			struct ip_header header = {.ttl = 77};
			assert_int_equal(decode_copy(bytes, cut, &header), -EBADMSG);
			assert_int_equal(header.ttl, 77);
		}
	}
}

static void padding_behind_a_packet_is_not_payload(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(header_cases); i++) {
		uint8_t bytes[PACKET_MAX + 6] = {0};
		struct ip_header header;
		size_t length = encode_case(&header_cases[i], bytes);
		assert_int_equal(decode_copy(bytes, length + 6, &header), 0);
		assert_int_equal(header.total_bytes, length);
	}
}

static void broken_ipv4_headers_are_refused(void **state) {
	static const struct {
		size_t at;
		uint8_t value;
		bool with_good_checksum;
	} cases[] = {
		{0, 0x44, true},   // a header shorter than 20 bytes
		{0, 0x55, true},   // version 5
		{0, 0x05, true},   // version 0
		{0, 0x4f, true},   // 60 bytes of header in a packet of 40
		{3, 19, true},     // total shorter than the header
		{3, 41, true},     // total beyond the bytes
		{2, 1, true},      // the same by far
		{8, 63, false},    // TTL changed without its checksum
		{15, 0x02, false}, // source changed
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t bytes[40] = {0};
		struct ip_header header;
		memcpy(bytes, textbook, sizeof(textbook));
		put_u16(bytes + 2, sizeof(bytes));
		fix_v4_checksum(bytes);
		assert_int_equal(decode_copy(bytes, sizeof(bytes), &header), 0);
		bytes[cases[i].at] = cases[i].value;
		if (cases[i].with_good_checksum && (bytes[0] & 15) <= 10)
			fix_v4_checksum(bytes);
		if (decode_copy(bytes, sizeof(bytes), &header) != -EBADMSG)
			fail_msg("case %zu was accepted", i);
	}
}

static void ipv4_options_are_part_of_the_header(void **state) {
	uint8_t bytes[32] = {0};
	struct ip_header header;
	struct flow_key key;
	(void)state;
	memcpy(bytes, textbook, sizeof(textbook));
	bytes[0] = 0x46;
	put_u16(bytes + 2, sizeof(bytes));
	put_u32(bytes + 20, 0x01010100); // three "no operation", then the end
	put_u16(bytes + 24, 1111);
	put_u16(bytes + 26, 2222);
	fix_v4_checksum(bytes);
	assert_int_equal(decode_copy(bytes, sizeof(bytes), &header), 0);
	assert_int_equal(header.header_bytes, 24);
	flow_key_decode(bytes, &header, &key);
	assert_int_equal(key.source_port, 1111);
	assert_int_equal(key.destination_port, 2222);
	bytes[20] = 0; // options are under the checksum
	assert_int_equal(decode_copy(bytes, sizeof(bytes), &header), -EBADMSG);
}

static void an_ipv6_header_never_carries_ipv4_addresses(void **state) {
	struct ip_header header = {
		.source = v6_a, .destination = v6_b, .protocol = PROTOCOL_UDP, .ttl = 64};
	static const size_t address_at[] = {8, 24};
	(void)state;
	for (size_t i = 0; i < COUNT(address_at); i++) {
		uint8_t bytes[IPV6_HEADER_BYTES];
		struct writer out = writer_of(bytes, sizeof(bytes));
		ip_header_encode(&out, &header, 0);
		struct ip_header again;
		assert_int_equal(decode_copy(bytes, sizeof(bytes), &again), 0);
		ip_write_v6(v4_a, bytes + address_at[i]);
		assert_int_equal(decode_copy(bytes, sizeof(bytes), &again), -EBADMSG);
	}
}

static void an_ipv6_fragment_header_must_be_inside_the_payload(void **state) {
	uint8_t bytes[IPV6_HEADER_BYTES + IPV6_FRAGMENT_BYTES];
	struct writer out = writer_of(bytes, sizeof(bytes));
	struct ip_header header = {.source = v6_a, .destination = v6_b, .has_fragment_header = true};
	(void)state;
	ip_header_encode(&out, &header, 0);
	assert_int_equal(decode_copy(bytes, sizeof(bytes), &header), 0);
	put_u16(bytes + 4, IPV6_FRAGMENT_BYTES - 1);
	assert_int_equal(decode_copy(bytes, sizeof(bytes), &header), -EBADMSG);
}

static void what_the_length_field_cannot_hold_is_an_overflow(void **state) {
	static const struct {
		struct ip_header header;
		size_t most;
	} cases[] = {
		{{.source = {0, IP_V4_MAPPED | 1}, .destination = {0, IP_V4_MAPPED | 2}}, 65515},
		{{.source = {1, 2}, .destination = {3, 4}}, 65495},
		{{.source = {1, 2}, .destination = {3, 4}, .has_fragment_header = true}, 65487},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t bytes[64];
		struct writer out = writer_of(bytes, sizeof(bytes));
		ip_header_encode(&out, &cases[i].header, cases[i].most);
		assert_false(out.overflow);
		out = writer_of(bytes, sizeof(bytes));
		ip_header_encode(&out, &cases[i].header, cases[i].most + 1);
		assert_true(out.overflow);
	}
}

static void every_encoder_overflows_instead_of_writing_on(void **state) {
	struct flow_key key = {.source = v4_a, .destination = v4_b};
	struct icmp_header icmp = {.type = ICMP_ECHO};
	struct ip_header header = {.source = v4_a, .destination = v4_b};
	(void)state;
	for (size_t room = 0; room < IPV4_HEADER_BYTES; room++) {
		uint8_t *bytes = exact_copy(textbook, room);
		struct writer out = writer_of(bytes, room);
		ip_header_encode(&out, &header, 0);
		assert_true(out.overflow);
		out = writer_of(bytes, room);
		udp_encode(&out, &key, textbook, 12);
		assert_true(out.overflow);
		out = writer_of(bytes, room);
		icmp_encode(&out, &key, &icmp, textbook, 12);
		assert_true(out.overflow);
		free(bytes);
	}
}

static void flow_keys_have_ports_where_the_packet_has(void **state) {
	static const struct {
		uint8_t protocol;
		bool more_fragments;
		uint16_t fragment_offset;
		size_t payload_bytes;
		bool has_fragment_header;
		bool has_ports, is_fragment;
	} cases[] = {
		{PROTOCOL_UDP, false, 0, 8, false, true, false},
		{PROTOCOL_TCP, false, 0, 4, false, true, false},
		{PROTOCOL_TCP, false, 0, 3, false, false, false},
		{PROTOCOL_TCP, false, 0, 0, false, false, false},
		{PROTOCOL_ICMP, false, 0, 8, false, false, false},
		{PROTOCOL_ESP, false, 0, 8, false, false, false},
		{PROTOCOL_UDP, true, 0, 8, true, true, true}, {PROTOCOL_UDP, true, 8, 8, true, false, true},
		{PROTOCOL_UDP, false, 8, 8, true, false, true},
		{PROTOCOL_UDP, false, 0, 8, true, true, false}, // RFC 6946
	};
	(void)state;
	for (unsigned i = 0; i < 2 * COUNT(cases); i++) {
		unsigned n = i / 2;
		bool is_v4 = i % 2;
		uint8_t bytes[PACKET_MAX];
		struct writer out = writer_of(bytes, sizeof(bytes));
		struct ip_header header = {
			.source = is_v4 ? v4_a : v6_a,
			.destination = is_v4 ? v4_b : v6_b,
			.protocol = cases[n].protocol,
			.more_fragments = cases[n].more_fragments,
			.fragment_offset = cases[n].fragment_offset,
			.has_fragment_header = cases[n].has_fragment_header,
		};
		ip_header_encode(&out, &header, cases[n].payload_bytes);
		write_bytes(&out, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
		struct flow_key key;
		assert_int_equal(ip_header_decode(bytes, writer_length(&out), &header), 0);
		flow_key_decode(bytes, &header, &key);
		assert_true(ip_equal(key.source, header.source));
		assert_true(ip_equal(key.destination, header.destination));
		assert_int_equal(key.protocol, cases[n].protocol);
		assert_int_equal(key.is_fragment, cases[n].is_fragment);
		assert_int_equal(key.source_port, cases[n].has_ports ? 0x1122 : 0);
		assert_int_equal(key.destination_port, cases[n].has_ports ? 0x3344 : 0);
	}
}

// RFC 1071 3's own numbers, then what the fast sum must agree with at every length and alignment.
static void checksums_agree_with_a_sum_word_by_word(void **state) {
	static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	uint8_t bytes[80];
	(void)state;
	assert_int_equal(checksum_fold(checksum_add(0, example, sizeof(example))), 0x220d);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i % 3 == 0 ? 0xff : (uint8_t)(i * 37);
	for (size_t start = 0; start < 8; start++) {
		for (size_t length = 0; start + length <= sizeof(bytes); length++) {
			uint32_t sum = 0;
			for (size_t i = 0; i < length; i++)
				sum += (uint32_t)bytes[start + i] << (i % 2 == 0 ? 8 : 0);
			uint16_t wanted = checksum_fold(sum);
			assert_int_equal(checksum_fold(checksum_add(0, bytes + start, length)), wanted);
			size_t first = length / 2 & ~(size_t)1;
			uint32_t parts = checksum_add(0, bytes + start, first);
			parts = checksum_add(parts, bytes + start + first, length - first);
			assert_int_equal(checksum_fold(parts), wanted);
		}
	}
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(checksum_fold(checksum_add(0, bytes, sizeof(bytes))), 0);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(checksum_fold(checksum_add(0, bytes, sizeof(bytes))), 0xffff);
}

static void an_updated_checksum_equals_a_fresh_one(void **state) {
	uint8_t bytes[IPV4_HEADER_BYTES];
	(void)state;
	// RFC 1624 4's example, where the older equation gives 0xffff.
	assert_int_equal(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
	memcpy(bytes, textbook, sizeof(bytes));
	for (unsigned word = 0; word <= UINT16_MAX; word += 13) {
		uint16_t checksum = get_u16(bytes + 10);
		uint16_t old_word = get_u16(bytes + 4);
		put_u16(bytes + 4, (uint16_t)word);
		fix_v4_checksum(bytes);
		assert_int_equal(checksum_update(checksum, old_word, (uint16_t)word), get_u16(bytes + 10));
	}
}

static void a_lowered_ttl_keeps_the_header_valid(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(header_cases); i++) {
		uint8_t bytes[PACKET_MAX];
		struct ip_header header;
		size_t length = encode_case(&header_cases[i], bytes);
		ip_header_set_ttl(bytes, 255);
		for (unsigned ttl = 255; ttl > 0; ttl--) {
			assert_int_equal(decode_copy(bytes, length, &header), 0);
			assert_int_equal(header.ttl, ttl);
			ip_header_decrement_ttl(bytes);
		}
		assert_int_equal(decode_copy(bytes, length, &header), 0);
		assert_int_equal(header.ttl, 0);
	}
}

static void udp_survives_the_round_trip_and_no_cut(void **state) {
	(void)state;
	for (unsigned is_v4 = 0; is_v4 < 2; is_v4++) {
		for (size_t payload_bytes = 0; payload_bytes < 20; payload_bytes++) {
			struct flow_key key = {.source = is_v4 ? v4_a : v6_a,
				.destination = is_v4 ? v4_b : v6_b,
				.source_port = 49152,
				.destination_port = 3784};
			struct ip_header ip = {.source = key.source, .destination = key.destination};
			uint8_t bytes[64];
			struct writer out = writer_of(bytes, sizeof(bytes));
			struct udp_header udp = {7, 7, 7};
			udp_encode(&out, &key, textbook, payload_bytes);
			size_t length = writer_length(&out);
			assert_int_equal(length, UDP_HEADER_BYTES + payload_bytes);
			for (size_t cut = 0; cut < length; cut++) {
				uint8_t *copy = exact_copy(bytes, cut);
				assert_int_equal(udp_decode(copy, cut, &ip, &udp), -EBADMSG);
				free(copy);
			}
			assert_int_equal(udp.length_bytes, 7);
			assert_int_equal(udp_decode(bytes, length, &ip, &udp), 0);
			assert_int_equal(udp.source_port, 49152);
			assert_int_equal(udp.destination_port, 3784);
			assert_int_equal(udp.length_bytes, length);
			ip.source = ip_next(ip.source);
			assert_int_equal(udp_decode(bytes, length, &ip, &udp), -EBADMSG);
		}
	}
}

static void only_ipv4_may_leave_out_the_udp_checksum(void **state) {
	static const uint8_t bytes[] = {0, 1, 0, 2, 0, 8, 0, 0};
	struct ip_header v4 = {.source = v4_a, .destination = v4_b};
	struct ip_header v6 = {.source = v6_a, .destination = v6_b};
	struct udp_header udp;
	(void)state;
	assert_int_equal(udp_decode(bytes, sizeof(bytes), &v4, &udp), 0);
	assert_int_equal(udp_decode(bytes, sizeof(bytes), &v6, &udp), -EBADMSG);
}

static void a_udp_checksum_of_zero_is_sent_as_all_ones(void **state) {
	struct flow_key key = {.source = v4_a, .destination = v4_b};
	struct ip_header ip = {.source = v4_a, .destination = v4_b};
	uint8_t bytes[UDP_HEADER_BYTES];
	struct udp_header udp;
	(void)state;
	struct writer out = writer_of(bytes, sizeof(bytes));
	udp_encode(&out, &key, NULL, 0);
	// With the checksum itself as a port the sum becomes all ones, its complement zero.
	key.source_port = get_u16(bytes + 6);
	out = writer_of(bytes, sizeof(bytes));
	udp_encode(&out, &key, NULL, 0);
	assert_int_equal(get_u16(bytes + 6), 0xffff);
	assert_int_equal(udp_decode(bytes, sizeof(bytes), &ip, &udp), 0);
}

static void a_udp_length_below_its_header_is_refused(void **state) {
	static const uint8_t bytes[] = {0, 1, 0, 2, 0, 7, 0, 0};
	struct ip_header ip = {.source = v4_a, .destination = v4_b};
	struct udp_header udp;
	(void)state;
	assert_int_equal(udp_decode(bytes, sizeof(bytes), &ip, &udp), -EBADMSG);
}

static void icmp_survives_the_round_trip_and_no_cut(void **state) {
	static const struct {
		bool is_v4;
		struct icmp_header icmp;
	} cases[] = {
		{true, {.type = ICMP_ECHO, .identifier = 0x1234, .sequence = 0xfffe}},
		{true, {.type = ICMP_ECHO_REPLY, .identifier = 1, .sequence = 2}},
		{true, {.type = ICMP_UNREACHABLE, .code = 4, .word = 1400}},
		{true, {.type = ICMP_TIME_EXCEEDED}},
		{false, {.type = ICMPV6_ECHO, .identifier = 0x1234, .sequence = 0xfffe}},
		{false, {.type = ICMPV6_ECHO_REPLY, .identifier = 1, .sequence = 2}},
		{false, {.type = ICMPV6_TOO_BIG, .word = 0x10000}},
		{false, {.type = ICMPV6_UNREACHABLE, .code = 1}},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct flow_key key = {
			.source = cases[i].is_v4 ? v4_a : v6_a, .destination = cases[i].is_v4 ? v4_b : v6_b};
		struct ip_header ip = {.source = key.source, .destination = key.destination};
		uint8_t bytes[64];
		struct writer out = writer_of(bytes, sizeof(bytes));
		icmp_encode(&out, &key, &cases[i].icmp, "payload!x", 9);
		size_t length = writer_length(&out);
		assert_int_equal(length, ICMP_HEADER_BYTES + 9);
		struct icmp_header icmp = {.type = 77};
		for (size_t cut = 0; cut < length; cut++) {
			uint8_t *copy = exact_copy(bytes, cut);
			assert_int_equal(icmp_decode(copy, cut, &ip, &icmp), -EBADMSG);
			free(copy);
		}
		assert_int_equal(icmp.type, 77);
		assert_int_equal(icmp_decode(bytes, length, &ip, &icmp), 0);
		assert_int_equal(icmp.type, cases[i].icmp.type);
		assert_int_equal(icmp.code, cases[i].icmp.code);
		assert_int_equal(icmp.identifier, cases[i].icmp.identifier);
		assert_int_equal(icmp.sequence, cases[i].icmp.sequence);
		assert_int_equal(icmp.word, cases[i].icmp.word);
		bytes[8] ^= 1;
		assert_int_equal(icmp_decode(bytes, length, &ip, &icmp), -EBADMSG);
	}
}

static void icmp_errors_and_echoes_are_told_apart_by_family(void **state) {
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		bool v4_error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
		assert_int_equal(icmp_is_error(v4_a, (uint8_t)type), v4_error);
		assert_int_equal(icmp_is_error(v6_a, (uint8_t)type), type < 128);
		assert_int_equal(icmp_is_echo(v4_a, (uint8_t)type), type == 0 || type == 8);
		assert_int_equal(icmp_is_echo(v6_a, (uint8_t)type), type == 128 || type == 129);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_ipv4_header_is_understood),
		cmocka_unit_test(ip_headers_survive_the_round_trip),
		cmocka_unit_test(a_packet_cut_anywhere_is_refused),
		cmocka_unit_test(padding_behind_a_packet_is_not_payload),
		cmocka_unit_test(broken_ipv4_headers_are_refused),
		cmocka_unit_test(ipv4_options_are_part_of_the_header),
		cmocka_unit_test(an_ipv6_header_never_carries_ipv4_addresses),
		cmocka_unit_test(an_ipv6_fragment_header_must_be_inside_the_payload),
		cmocka_unit_test(what_the_length_field_cannot_hold_is_an_overflow),
		cmocka_unit_test(every_encoder_overflows_instead_of_writing_on),
		cmocka_unit_test(flow_keys_have_ports_where_the_packet_has),
		cmocka_unit_test(checksums_agree_with_a_sum_word_by_word),
		cmocka_unit_test(an_updated_checksum_equals_a_fresh_one),
		cmocka_unit_test(a_lowered_ttl_keeps_the_header_valid),
		cmocka_unit_test(udp_survives_the_round_trip_and_no_cut),
		cmocka_unit_test(only_ipv4_may_leave_out_the_udp_checksum),
		cmocka_unit_test(a_udp_checksum_of_zero_is_sent_as_all_ones),
		cmocka_unit_test(a_udp_length_below_its_header_is_refused),
		cmocka_unit_test(icmp_survives_the_round_trip_and_no_cut),
		cmocka_unit_test(icmp_errors_and_echoes_are_told_apart_by_family),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
