#include "proto/bfd/bfd_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

static const struct bfd_packet sample = {
	.diagnostic = BFD_NEIGHBOR_DOWN,
	.state = BFD_INIT,
	.poll = true,
	.control_plane_independent = true,
	.demand = true,
	.detect_multiplier = 3,
	.my_discriminator = 0x01020304,
	.your_discriminator = 0x05060708,
	.desired_min_tx_us = 300000,
	.required_min_rx_us = 250000,
	.required_min_echo_rx_us = 50000,
};

static void a_packet_survives_the_round_trip(void **state) {
	struct bfd_packet in = sample;
	struct bfd_packet out;
	uint8_t bytes[BFD_PACKET_BYTES];

	(void)state;
	memset(&out, 0, sizeof(out));
	for (int i = 0; i < 4; i++) {
		in.state = (enum bfd_state)i;
		in.diagnostic = (uint8_t)(31 - i);
		in.poll = i == 0;
		in.final = i == 1;
		in.demand = i == 2;
		in.control_plane_independent = i == 3;
		bfd_packet_encode(&in, bytes);
		assert_int_equal(bfd_packet_decode(bytes, sizeof(bytes), &out), 0);
		assert_int_equal(out.diagnostic, in.diagnostic);
		assert_int_equal(out.state, in.state);
		assert_int_equal(out.poll, in.poll);
		assert_int_equal(out.final, in.final);
		assert_int_equal(out.demand, in.demand);
		assert_int_equal(out.control_plane_independent, in.control_plane_independent);
		assert_int_equal(out.detect_multiplier, in.detect_multiplier);
		assert_int_equal(out.my_discriminator, in.my_discriminator);
		assert_int_equal(out.your_discriminator, in.your_discriminator);
		assert_int_equal(out.desired_min_tx_us, in.desired_min_tx_us);
		assert_int_equal(out.required_min_rx_us, in.required_min_rx_us);
		assert_int_equal(out.required_min_echo_rx_us, in.required_min_echo_rx_us);
	}
}

// Worked out by hand from RFC 5880 4.1.
static void the_packet_has_these_bytes(void **state) {
	static const uint8_t expected[BFD_PACKET_BYTES] = {0x23, 0xaa, 3, 24, 1, 2, 3, 4, 5, 6, 7, 8,
		0x00, 0x04, 0x93, 0xe0, 0x00, 0x03, 0xd0, 0x90, 0x00, 0x00, 0xc3, 0x50};
	uint8_t bytes[BFD_PACKET_BYTES];

	(void)state;
	bfd_packet_encode(&sample, bytes);
	assert_memory_equal(bytes, expected, sizeof(expected));
}

static void a_cut_packet_is_malformed_and_leaves_the_result_alone(void **state) {
	uint8_t bytes[BFD_PACKET_BYTES];

	(void)state;
	bfd_packet_encode(&sample, bytes);
	for (size_t cut = 0; cut < sizeof(bytes); cut++) {
		struct bfd_packet out = {.my_discriminator = 99};
		assert_int_equal(bfd_packet_decode(bytes, cut, &out), -EBADMSG);
		assert_int_equal(out.my_discriminator, 99);
	}
}

// RFC 5880 6.8.6, check by check.
static void each_check_of_the_rfc_rejects(void **state) {
	static const struct {
		size_t offset;
		uint8_t value;
		int result;
	} cases[] = {
		{0, 0x23, 0},        // as it is
		{0, 0x03, -EBADMSG}, // version 0
		{0, 0x43, -EBADMSG}, // version 2
		{0, 0x3f, 0},        // an unknown diagnostic is none of our business
		{1, 0xae, -EBADMSG}, // authenticated
		{1, 0xab, -EBADMSG}, // multipoint
		{1, 0xba, -EBADMSG}, // poll and final (6.5)
		{2, 0, -EBADMSG},    // no multiplier
		{3, 23, -EBADMSG},   // shorter than the mandatory section
		{3, 25, -EBADMSG},   // longer than the datagram
		{3, 255, -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bfd_packet out;
		uint8_t bytes[BFD_PACKET_BYTES];
		bfd_packet_encode(&sample, bytes);
		bytes[cases[i].offset] = cases[i].value;
		assert_int_equal(bfd_packet_decode(bytes, sizeof(bytes), &out), cases[i].result);
	}
}

static void discriminators_may_be_zero_only_where_the_rfc_allows(void **state) {
	(void)state;
	for (int i = BFD_ADMIN_DOWN; i <= BFD_UP; i++) {
		struct bfd_packet in = sample;
		struct bfd_packet out;
		uint8_t bytes[BFD_PACKET_BYTES];

		in.state = (enum bfd_state)i;
		in.your_discriminator = 0;
		bfd_packet_encode(&in, bytes);
		assert_int_equal(bfd_packet_decode(bytes, sizeof(bytes), &out),
			i == BFD_INIT || i == BFD_UP ? -EBADMSG : 0);
		in.my_discriminator = 0;
		bfd_packet_encode(&in, bytes);
		assert_int_equal(bfd_packet_decode(bytes, sizeof(bytes), &out), -EBADMSG);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_survives_the_round_trip),
		cmocka_unit_test(the_packet_has_these_bytes),
		cmocka_unit_test(a_cut_packet_is_malformed_and_leaves_the_result_alone),
		cmocka_unit_test(each_check_of_the_rfc_rejects),
		cmocka_unit_test(discriminators_may_be_zero_only_where_the_rfc_allows),
	};
	return cmocka_run_group_tests_name("bfd_wire", tests, NULL, NULL);
}
