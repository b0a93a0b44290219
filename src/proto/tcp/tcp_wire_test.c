#include "proto/tcp/tcp_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

static const char payload[] = "what BGP has to say";

static struct tcp_segment sample(uint8_t flags, uint16_t mss) {
	return (struct tcp_segment){
		.source_port = 49152,
		.destination_port = 179,
		.sequence = 0xfedcba98,
		.acknowledgement = 0x01234567,
		.flags = flags,
		.window = 65535,
		.mss = mss,
	};
}

static size_t encode(const struct tcp_segment *segment, uint8_t bytes[128], size_t payload_bytes) {
	size_t header_bytes = tcp_header_encode(segment, bytes);

	memcpy(bytes + header_bytes, payload, payload_bytes);
	return header_bytes + payload_bytes;
}

static void a_segment_survives_the_round_trip(void **state) {
	static const struct {
		uint8_t flags;
		uint16_t mss;
		size_t payload_bytes;
	} cases[] = {
		{TCP_SYN, 1460, 0},
		{TCP_SYN | TCP_ACK, 536, 0},
		{TCP_ACK, 0, 0},
		{TCP_ACK | TCP_PSH, 0, sizeof(payload)},
		{TCP_ACK | TCP_FIN, 0, 1},
		{TCP_RST, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcp_segment in = sample(cases[i].flags, cases[i].mss);
		struct tcp_segment out;
		uint8_t bytes[128];
		size_t length = encode(&in, bytes, cases[i].payload_bytes);

		assert_int_equal(tcp_segment_decode(bytes, length, &out), 0);
		assert_int_equal(out.source_port, in.source_port);
		assert_int_equal(out.destination_port, in.destination_port);
		assert_int_equal(out.sequence, in.sequence);
		assert_int_equal(out.acknowledgement, in.acknowledgement);
		assert_int_equal(out.flags, in.flags);
		assert_int_equal(out.window, in.window);
		assert_int_equal(out.mss, in.mss);
		assert_int_equal(out.payload_bytes, cases[i].payload_bytes);
		assert_memory_equal(out.payload, payload, out.payload_bytes);
	}
}

// The same bytes, worked out by hand from RFC 9293 figure 1.
static void a_syn_has_these_bytes(void **state) {
	static const uint8_t expected[] = {0xc0, 0x00, 0x00, 0xb3, 0xfe, 0xdc, 0xba, 0x98, 0x01, 0x23,
		0x45, 0x67, 0x60, 0x02, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4};
	struct tcp_segment syn = sample(TCP_SYN, 1460);
	uint8_t bytes[128];

	(void)state;
	assert_int_equal(tcp_header_encode(&syn, bytes), sizeof(expected));
	assert_memory_equal(bytes, expected, sizeof(expected));
}

static void a_cut_header_is_malformed_and_leaves_the_result_alone(void **state) {
	struct tcp_segment in = sample(TCP_SYN, 1460);
	uint8_t bytes[128];
	size_t length = encode(&in, bytes, 0);

	(void)state;
	for (size_t cut = 0; cut < length; cut++) {
		struct tcp_segment out = sample(0x55, 7);
		struct tcp_segment before = out;
		assert_int_equal(tcp_segment_decode(bytes, cut, &out), -EBADMSG);
		assert_memory_equal(&out, &before, sizeof(out));
	}
	assert_int_equal(tcp_segment_decode(bytes, length, &in), 0);
}

static void options_are_read_by_their_lengths(void **state) {
	static const struct {
		uint8_t options[8];
		int result;
		uint16_t mss;
	} cases[] = {
		{{0, 2, 4, 5, 0xb4, 0, 0, 0}, 0, 0},        // behind the end nothing counts
		{{1, 1, 2, 4, 5, 0xb4, 1, 0}, 0, 1460},     // padded with no-operations
		{{3, 3, 7, 2, 4, 5, 0xb4, 0}, 0, 1460},     // behind a window scale
		{{8, 7, 1, 2, 3, 4, 5, 1}, 0, 0},           // an unknown one
		{{2, 3, 5, 1, 1, 1, 1, 1}, -EBADMSG, 0},    // an MSS that is too short
		{{2, 5, 5, 0xb4, 0, 1, 1, 1}, -EBADMSG, 0}, // one that is too long
		{{8, 0, 1, 1, 1, 1, 1, 1}, -EBADMSG, 0},    // a length of 0
		{{8, 1, 1, 1, 1, 1, 1, 1}, -EBADMSG, 0},    // a length without itself
		{{1, 1, 1, 1, 8, 5, 1, 1}, -EBADMSG, 0},    // reaches into the payload
		{{1, 1, 1, 1, 1, 1, 1, 2}, -EBADMSG, 0},    // no room for its length
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcp_segment in = sample(TCP_SYN, 0);
		struct tcp_segment out = {0};
		uint8_t bytes[128] = {0};

		tcp_header_encode(&in, bytes);
		bytes[12] = 7 << 4;
		memcpy(bytes + TCP_HEADER_BYTES, cases[i].options, sizeof(cases[i].options));
		assert_int_equal(tcp_segment_decode(bytes, 40, &out), cases[i].result);
		assert_int_equal(out.mss, cases[i].mss);
		if (cases[i].result == 0)
			assert_int_equal(out.payload_bytes, 12);
	}
}

static void a_header_length_below_five_words_is_malformed(void **state) {
	struct tcp_segment in = sample(TCP_ACK, 0);
	struct tcp_segment out;
	uint8_t bytes[128];

	(void)state;
	tcp_header_encode(&in, bytes);
	for (unsigned words = 0; words < 16; words++) {
		bytes[12] = (uint8_t)(words << 4);
		assert_int_equal(tcp_segment_decode(bytes, 20, &out), words == 5 ? 0 : -EBADMSG);
	}
}

static void any_flipped_bit_breaks_the_checksum(void **state) {
	struct tcp_segment in = sample(TCP_ACK, 0);
	struct ip a[] = {ip_of_v4(0x0a000001), {UINT64_C(0xfd00000000000000), 1}};
	struct ip b[] = {ip_of_v4(0x0a000002), {UINT64_C(0xfd00000000000000), 2}};

	(void)state;
	for (size_t family = 0; family < 2; family++) {
		uint8_t bytes[128];
		size_t length = encode(&in, bytes, sizeof(payload));

		tcp_checksum_set(a[family], b[family], bytes, length);
		assert_true(tcp_checksum_holds(a[family], b[family], bytes, length));
		assert_false(tcp_checksum_holds(a[family], a[family], bytes, length));
		assert_false(tcp_checksum_holds(a[family], b[family], bytes, length - 1));
		for (size_t bit = 0; bit < 8 * length; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_false(tcp_checksum_holds(a[family], b[family], bytes, length));
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	}
}

static void sequence_numbers_compare_across_the_wrap(void **state) {
	(void)state;
	assert_true(sequence_before(0xfffffff0, 0x10));
	assert_false(sequence_before(0x10, 0xfffffff0));
	assert_false(sequence_before(5, 5));
	assert_true(sequence_before(5, 6));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_segment_survives_the_round_trip),
		cmocka_unit_test(a_syn_has_these_bytes),
		cmocka_unit_test(a_cut_header_is_malformed_and_leaves_the_result_alone),
		cmocka_unit_test(options_are_read_by_their_lengths),
		cmocka_unit_test(a_header_length_below_five_words_is_malformed),
		cmocka_unit_test(any_flipped_bit_breaks_the_checksum),
		cmocka_unit_test(sequence_numbers_compare_across_the_wrap),
	};
	return cmocka_run_group_tests_name("tcp_wire", tests, NULL, NULL);
}
