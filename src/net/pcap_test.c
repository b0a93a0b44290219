#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/pcap.h"

static const uint8_t bytes[] = {0x45, 1, 2, 3, 4};
static const struct pcap_packet packet = {.when_ns = 1700000000123456789,
	.bytes = bytes,
	.length = 5,
	.whole_length = 60,
	.interface = 1};

static void a_pcap_file_is_its_two_headers_and_the_bytes(void **state) {
	(void)state;
	static const uint8_t expected[] = {
		0x4d,
		0x3c,
		0xb2,
		0xa1,
		2,
		0,
		4,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		0,
		96,
		0,
		0,
		0,
		101,
		0,
		0,
		0,
		// 1700000000 s, 123456789 ns, 5 bytes of 60
		0x00,
		0xf1,
		0x53,
		0x65,
		0x15,
		0xcd,
		0x5b,
		0x07,
		5,
		0,
		0,
		0,
		60,
		0,
		0,
		0,
		0x45,
		1,
		2,
		3,
		4,
	};
	struct text out;
	text_init(&out);
	pcap_begin(&out, 96);
	pcap_add(&out, &packet);
	assert_int_equal(out.length, sizeof(expected));
	assert_memory_equal(out.chars, expected, sizeof(expected));
	text_done(&out);
}

static uint32_t le32(const struct text *text, size_t at) {
	const uint8_t *from = (const uint8_t *)text->chars + at;
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
		(uint32_t)from[3] << 24;
}

static void pcapng_blocks_have_their_length_at_both_ends(void **state) {
	(void)state;
	static const uint32_t types[] = {0x0a0d0d0a, 1, 1, 6, 1, 6};
	struct text out;
	text_init(&out);
	pcapng_begin(&out);
	pcapng_add_interface(&out, "a--b", "sent by a", PCAP_SNAPLEN);
	pcapng_add_interface(&out, "a--b", "", PCAP_SNAPLEN);
	pcapng_add(&out, &packet);
	pcapng_add_interface(&out, "", "x", PCAP_SNAPLEN);
	pcapng_add(&out, &(struct pcap_packet){.when_ns = 1});
	size_t at = 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_true(at + 12 <= out.length);
		uint32_t length = le32(&out, at + 4);
		assert_int_equal(le32(&out, at), types[i]);
		assert_int_equal(length % 4, 0);
		assert_true(at + length <= out.length);
		assert_int_equal(le32(&out, at + length - 4), length);
		if (i == 3) {
			assert_int_equal(le32(&out, at + 8), 1);
			uint64_t when = (uint64_t)le32(&out, at + 12) << 32 | le32(&out, at + 16);
			assert_int_equal(when, packet.when_ns);
			assert_int_equal(le32(&out, at + 20), 5);
			assert_int_equal(le32(&out, at + 24), 60);
			assert_memory_equal(out.chars + at + 28, bytes, 5);
		}
		at += length;
	}
	assert_int_equal(at, out.length);
	text_done(&out);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pcap_file_is_its_two_headers_and_the_bytes),
		cmocka_unit_test(pcapng_blocks_have_their_length_at_both_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
