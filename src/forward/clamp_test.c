// What gateways do to the SYNs that cross them (AZ-ER-8, AZ-VPN-19), and never to anything else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/rig_int.h"

#define SYN 0x02
#define ACK 0x10
#define OPTIONS_MAX 40

#define NEAR v4(10, 0, 0, 5)

// A SYN with these options, padded to whole words, and a right checksum; some payload behind it.
static size_t make_tcp(
	uint8_t *tcp, struct ip source, struct ip destination, const uint8_t *options, size_t length) {
	size_t header = 20 + (length + 3) / 4 * 4, total = header + 3;
	memset(tcp, 0, total);
	put_u16(tcp, 40000);
	put_u16(tcp + 2, 80);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = SYN;
	memcpy(tcp + 20, options, length);
	memcpy(tcp + header, "abc", 3);
	put_u16(tcp + 16, checksum_transport(source, destination, PROTOCOL_TCP, tcp, total));
	return total;
}

struct crossing {
	bool is_v6;
	uint32_t in_mtu, out_mtu;
	uint8_t flags;
	const uint8_t *options;
	size_t length;
};

// Sends it from port 0 to port 2 and gives the options that came out, its checksum held.
static void cross(const struct crossing *with, uint8_t *out) {
	struct rig rig;
	uint8_t tcp[80];
	rig_open(&rig);
	struct ip source = NEAR, destination = v4(10, 2, 0, 5);
	if (with->is_v6) {
		assert_int_equal(ip_parse("2001:db8::5", &source), 0);
		assert_int_equal(ip_parse("2001:db8:2::5", &destination), 0);
		rig_route(&rig, prefix_of(destination, 64), 2);
	}
	rig.ports[0].tcp_mtu_bytes = with->in_mtu;
	rig.ports[2].tcp_mtu_bytes = with->out_mtu;
	size_t length = make_tcp(tcp, source, destination, with->options, with->length);
	if (with->flags != SYN) {
		put_u16(tcp + 16,
			checksum_update(
				get_u16(tcp + 16), get_u16(tcp + 12), (uint16_t)(tcp[12] << 8 | with->flags)));
		tcp[13] = with->flags;
	}
	const struct ip_header header = {
		.source = source, .destination = destination, .protocol = PROTOCOL_TCP, .ttl = 9};
	rig_input(&rig, 0, rig_packet(&rig, &header, tcp, length));
	assert_int_equal(rig.sent_count, 1);
	const struct packet *packet = rig.sent[0].packet;
	const uint8_t *sent = packet->bytes + packet->start + (with->is_v6 ? 40 : 20);
	assert_int_equal(checksum_transport(source, destination, PROTOCOL_TCP, sent, length), 0);
	memcpy(out, sent + 20, with->length);
	rig_close(&rig);
}

#define MSS(value) 2, 4, (value) >> 8, (value)&0xff

static const struct {
	const char *what;
	struct crossing with;
	uint8_t options[OPTIONS_MAX], expected[OPTIONS_MAX];
} cases[] = {
	{"lowered at the port it leaves by", {.out_mtu = 1400, .length = 4}, {MSS(1460)}, {MSS(1360)}},
	{"lowered at the port it came in by", {.in_mtu = 1400, .length = 4}, {MSS(1460)}, {MSS(1360)}},
	{"the smaller of both", {.in_mtu = 1390, .out_mtu = 1400, .length = 4}, {MSS(1460)},
		{MSS(1350)}},
	{"the smaller of both, other way", {.in_mtu = 1400, .out_mtu = 1390, .length = 4}, {MSS(1460)},
		{MSS(1350)}},
	{"IPv6 has a longer header", {.is_v6 = true, .out_mtu = 1400, .length = 4}, {MSS(1440)},
		{MSS(1340)}},
	{"never raised", {.out_mtu = 1400, .length = 4}, {MSS(536)}, {MSS(536)}},
	{"equal stays", {.out_mtu = 1400, .length = 4}, {MSS(1360)}, {MSS(1360)}},
	{"one more goes", {.out_mtu = 1400, .length = 4}, {MSS(1361)}, {MSS(1360)}},
	{"SYN with ACK too", {.out_mtu = 1400, .flags = SYN | ACK, .length = 4}, {MSS(1460)},
		{MSS(1360)}},
	{"no SYN, no change", {.out_mtu = 1400, .flags = ACK, .length = 4}, {MSS(1460)}, {MSS(1460)}},
	{"no limit, no change", {.length = 4}, {MSS(1460)}, {MSS(1460)}},
	{"a limit below the headers", {.out_mtu = 40, .length = 4}, {MSS(1460)}, {MSS(1460)}},
	{"at an odd offset", {.out_mtu = 1400, .length = 8}, {1, MSS(1460), 3, 3, 7},
		{1, MSS(1360), 3, 3, 7}},
	{"at the very end", {.out_mtu = 1400, .length = 8}, {4, 2, 1, 1, MSS(8960)},
		{4, 2, 1, 1, MSS(1360)}},
	{"twice", {.out_mtu = 1400, .length = 8}, {MSS(1460), MSS(9000)}, {MSS(1360), MSS(1360)}},
	{"behind the end of options", {.out_mtu = 1400, .length = 8}, {0, 0, 0, 0, MSS(1460)},
		{0, 0, 0, 0, MSS(1460)}},
	{"a length of zero", {.out_mtu = 1400, .length = 8}, {8, 0, MSS(1460)}, {8, 0, MSS(1460)}},
	{"a length of one", {.out_mtu = 1400, .length = 8}, {8, 1, MSS(1460)}, {8, 1, MSS(1460)}},
	{"longer than the header", {.out_mtu = 1400, .length = 8}, {8, 9, MSS(1460)},
		{8, 9, MSS(1460)}},
	{"an MSS of another length", {.out_mtu = 1400, .length = 4}, {2, 3, 0x20, 1}, {2, 3, 0x20, 1}},
	{"cut off at its length", {.out_mtu = 1400, .length = 4}, {1, 1, 1, 2}, {1, 1, 1, 2}},
	{"none at all", {.out_mtu = 1400, .length = 0}, {0}, {0}},
};

static void segments_are_held_to_what_the_way_carries(void **state) {
	uint8_t out[OPTIONS_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct crossing with = cases[i].with;
		with.options = cases[i].options;
		if (with.flags == 0)
			with.flags = SYN;
		cross(&with, out);
		if (memcmp(out, cases[i].expected, with.length) != 0)
			fail_msg("%s", cases[i].what);
	}
}

// A header that says it is longer than the packet, and a packet shorter than any header.
static void what_is_cut_short_passes_unread(void **state) {
	static const uint8_t options[] = {MSS(1460)};
	(void)state;
	for (size_t cut = 0; cut < 24; cut++) {
		struct rig rig;
		uint8_t tcp[80];
		rig_open(&rig);
		rig.ports[2].tcp_mtu_bytes = 1400;
		make_tcp(tcp, NEAR, v4(10, 2, 0, 5), options, sizeof(options));
		const struct ip_header header = {
			.source = NEAR, .destination = v4(10, 2, 0, 5), .protocol = PROTOCOL_TCP, .ttl = 9};
		struct packet *packet = rig_packet(&rig, &header, tcp, cut);
		memset(packet_data(packet) + packet->length, 0xa5, 60); // what stood there before
		rig_input(&rig, 0, packet);
		assert_true(rig.sent_count <= 1);
		if (rig.sent_count == 1) {
			packet = rig.sent[0].packet;
			assert_memory_equal(packet_data(packet) + 20, tcp, cut);
			for (size_t i = 0; i < 60; i++)
				assert_int_equal(packet_data(packet)[packet->length + i], 0xa5);
		}
		rig_close(&rig);
	}
}

// Whoever adds the rest of a checksum that is due adds the option as it then stands.
static void a_checksum_that_is_due_stays_the_pseudo_headers(void **state) {
	static const uint8_t options[] = {MSS(1460)};
	struct rig rig;
	uint8_t tcp[80];
	(void)state;
	rig_open(&rig);
	rig.ports[2].tcp_mtu_bytes = 1400;
	size_t length = make_tcp(tcp, NEAR, v4(10, 2, 0, 5), options, sizeof(options));
	put_u16(tcp + 16, 0x1234);
	const struct ip_header header = {
		.source = NEAR, .destination = v4(10, 2, 0, 5), .protocol = PROTOCOL_TCP, .ttl = 9};
	struct packet *packet = rig_packet(&rig, &header, tcp, length);
	packet->checksum_due = true;
	rig_input(&rig, 0, packet);
	assert_int_equal(rig.sent_count, 1);
	const uint8_t *sent = packet_data(rig.sent[0].packet) + 20;
	assert_int_equal(get_u16(sent + 22), 1360);
	assert_int_equal(get_u16(sent + 16), 0x1234);
	rig_close(&rig);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_held_to_what_the_way_carries),
		cmocka_unit_test(what_is_cut_short_passes_unread),
		cmocka_unit_test(a_checksum_that_is_due_stays_the_pseudo_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
