#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/packet_format.h"
#include "view/packet.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PACKET_BYTES 256

struct sample {
	const char *from, *to;
	uint8_t protocol;
	uint16_t fragment_offset;
	const uint8_t *payload;
	size_t payload_bytes;
	const char *line;
};

static size_t build(const struct sample *sample, uint8_t bytes[PACKET_BYTES]) {
	struct ip_header header = {
		.protocol = sample->protocol, .ttl = 63, .fragment_offset = sample->fragment_offset};
	struct writer out = writer_of(bytes, PACKET_BYTES);
	assert_int_equal(ip_parse(sample->from, &header.source), 0);
	assert_int_equal(ip_parse(sample->to, &header.destination), 0);
	ip_header_encode(&out, &header, sample->payload_bytes);
	write_bytes(&out, sample->payload, sample->payload_bytes);
	assert_false(out.overflow);
	return writer_length(&out);
}

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void each_kind_of_packet_has_its_line(void **state) {
	(void)state;
	const struct sample samples[] = {
		{"10.1.0.4", "10.2.0.4", PROTOCOL_ICMP, 0, BYTES(8, 0, 0, 0, 0, 7, 0, 1),
			"10.1.0.4 > 10.2.0.4: ICMP echo request, id 7, seq 1, ttl 63, length 28"},
		{"fd00::1", "fd00::2", PROTOCOL_ICMPV6, 0, BYTES(129, 0, 0, 0, 0, 7, 0, 2),
			"fd00::1 > fd00::2: ICMPv6 echo reply, id 7, seq 2, ttl 63, length 48"},
		{"10.0.0.1", "10.2.0.4", PROTOCOL_ICMP, 0,
			BYTES(11, 0, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 10, 2, 0, 4, 10,
				1, 0, 4),
			"10.0.0.1 > 10.2.0.4: ICMP time exceeded on the way, of 10.2.0.4 > 10.1.0.4, ttl 63, "
			"length 48"},
		{"10.0.0.1", "10.2.0.4", PROTOCOL_ICMP, 0, BYTES(3, 4, 0, 0, 0, 0, 5, 0x78),
			"10.0.0.1 > 10.2.0.4: ICMP fragmentation needed, MTU 1400, ttl 63, length 28"},
		{"fd00::1", "fd00::2", PROTOCOL_ICMPV6, 0, BYTES(2, 0, 0, 0, 0, 1, 0, 0),
			"fd00::1 > fd00::2: ICMPv6 packet too big, MTU 65536, ttl 63, length 48"},
		{"10.1.0.4", "10.2.0.4", PROTOCOL_ICMP, 0, BYTES(42, 9, 0, 0, 0, 0, 0, 0),
			"10.1.0.4 > 10.2.0.4: ICMP type 42, code 9, ttl 63, length 28"},
		{"10.1.0.4", "10.2.0.4", PROTOCOL_TCP, 0,
			BYTES(0x9c, 0x40, 1, 0xbb, 0, 0, 0, 5, 0, 0, 0, 6, 0x50, 0x12, 2, 0, 0, 0, 0, 0, 'x'),
			"10.1.0.4 > 10.2.0.4: TCP 40000 > 443 [S.], seq 5, ack 6, win 512, 1 bytes, ttl 63, "
			"length 41"},
		{"10.1.0.4", "10.2.0.4", PROTOCOL_TCP, 0,
			BYTES(0x9c, 0x40, 0, 179, 0, 0, 0, 5, 0, 0, 0, 6, 0x50, 0x18, 2, 0, 0, 0, 0, 0, 255,
				255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 19,
				4),
			"10.1.0.4 > 10.2.0.4: TCP 40000 > 179 [P.], seq 5, ack 6, win 512, 19 bytes, BGP "
			"KEEPALIVE, ttl 63, length 59"},
		{"10.1.0.4", "10.2.0.4", PROTOCOL_UDP, 0, BYTES(0, 53, 0x9c, 0x40, 0, 12, 0, 0, 1, 2, 3, 4),
			"10.1.0.4 > 10.2.0.4: UDP 53 > 40000, 4 bytes, ttl 63, length 32"},
		{"10.1.0.4", "10.2.0.4", PROTOCOL_UDP, 0,
			BYTES(0xc0, 0, 14, 200, 0, 32, 0, 0, 0x20, 0xc0, 3, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				0, 0, 0, 0, 0, 0, 0, 0, 0),
			"10.1.0.4 > 10.2.0.4: UDP 49152 > 3784, 24 bytes, BFD Up, ttl 63, length 52"},
		{"10.1.0.4", "10.2.0.4", PROTOCOL_ESP, 0, BYTES(0xc0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4),
			"10.1.0.4 > 10.2.0.4: ESP spi 0xc0000001, seq 9, ttl 63, length 32"},
		{"10.1.0.4", "10.2.0.4", PROTOCOL_UDP, 1480, BYTES(1, 2, 3, 4),
			"10.1.0.4 > 10.2.0.4: protocol 17, fragment at 1480, the last, ttl 63, length 24"},
		{"10.1.0.4", "10.2.0.4", 89, 0, BYTES(1, 2, 3, 4),
			"10.1.0.4 > 10.2.0.4: protocol 89, ttl 63, length 24"},
	};
	for (size_t i = 0; i < COUNT(samples); i++) {
		uint8_t bytes[PACKET_BYTES];
		uint32_t length = (uint32_t)build(&samples[i], bytes);
		struct text line;
		text_init(&line);
		view_packet(bytes, length, length, &line);
		assert_string_equal(text_chars(&line), samples[i].line);
		// Cut anywhere, it is told without reading behind its end.
		for (uint32_t cut = 0; cut < length; cut++) {
			uint8_t *exact = test_malloc(cut + 1);
			memcpy(exact, bytes, cut);
			text_clear(&line);
			view_packet(exact, cut, length, &line);
			assert_int_not_equal(line.length, 0);
			test_free(exact);
		}
		text_done(&line);
	}
}

static void what_is_missing_is_said(void **state) {
	(void)state;
	static const uint8_t bytes[] = {
		0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 80};
	static const struct {
		uint32_t length, whole_length;
		const char *line;
	} cases[] = {
		{22, 40, "10.0.0.1 > 10.0.0.2: TCP 80 > 0, ttl 64, length 40 [cut short]"},
		{22, 22, "10.0.0.1 > 10.0.0.2: TCP 80 > 0, ttl 64, length 22 [malformed]"},
		{3, 3, "no IP header, length 3"},
		{0, 0, "no IP header, length 0"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text line;
		text_init(&line);
		view_packet(bytes, cases[i].length, cases[i].whole_length, &line);
		assert_string_equal(text_chars(&line), cases[i].line);
		text_done(&line);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_packet_has_its_line),
		cmocka_unit_test(what_is_missing_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
