#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/rig_int.h"

static struct ip_header header_at(const struct rig *rig, size_t i) {
	struct ip_header header;
	memset(&header, 0, sizeof(header));
	const struct packet *packet = rig->sent[i].packet;
	assert_int_equal(ip_header_decode(packet->bytes + packet->start, packet->length, &header), 0);
	return header;
}

// Puts the pieces sent together again and holds them against the payload.
static void assert_whole(const struct rig *rig, const uint8_t *payload, size_t length,
	size_t first_offset, uint32_t mtu_bytes) {
	size_t expected = first_offset;
	for (size_t i = 0; i < rig->sent_count; i++) {
		struct ip_header header = header_at(rig, i);
		const struct packet *packet = rig->sent[i].packet;
		assert_true(packet->length <= mtu_bytes);
		assert_int_equal(header.fragment_offset, expected);
		size_t part = (size_t)(header.total_bytes - header.header_bytes);
		assert_memory_equal(packet->bytes + packet->start + header.header_bytes,
			payload + expected - first_offset, part);
		expected += part;
		if (i + 1 < rig->sent_count)
			assert_true(header.more_fragments);
	}
	assert_int_equal(expected, first_offset + length);
}

static struct packet *numbered(
	struct rig *rig, struct ip_header header, uint8_t *payload, size_t length) {
	for (size_t i = 0; i < length; i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
	header.ttl = 9;
	header.protocol = 253;
	header.identification = 0x1234;
	if (ip_is_none(header.source)) {
		header.source = v4(10, 0, 0, 5);
		header.destination = v4(10, 2, 0, 5);
	}
	return rig_packet(rig, &header, payload, length);
}

static void every_length_and_mtu_comes_together_again(void **state) {
	(void)state;
	uint8_t payload[3000];
	const uint32_t mtus[] = {68, 69, 75, 76, 576, 1500};
	for (size_t m = 0; m < sizeof(mtus) / sizeof(mtus[0]); m++)
		for (size_t length = 1; length < sizeof(payload); length += length < 200 ? 7 : 613) {
			struct rig rig;
			rig_open(&rig);
			rig.ports[2].mtu_bytes = mtus[m];
			rig_input(&rig, 0, numbered(&rig, (struct ip_header){0}, payload, length));
			assert_whole(&rig, payload, length, 0, mtus[m]);
			assert_false(header_at(&rig, rig.sent_count - 1).more_fragments);
			assert_int_equal(header_at(&rig, 0).identification, 0x1234);
			assert_int_equal(rig.sent[0].packet->visited, 1);
			rig_close(&rig);
		}
}

static void a_fragment_can_be_cut_again(void **state) {
	(void)state;
	for (int more = 0; more < 2; more++) {
		uint8_t payload[1000];
		struct rig rig;
		rig_open(&rig);
		rig.ports[2].mtu_bytes = 300;
		const struct ip_header header = {.more_fragments = more != 0, .fragment_offset = 4096};
		rig_input(&rig, 0, numbered(&rig, header, payload, sizeof(payload)));
		assert_int_equal(rig.sent_count, 4);
		assert_whole(&rig, payload, sizeof(payload), 4096, 300);
		assert_int_equal(header_at(&rig, 3).more_fragments, more);
		rig_close(&rig);
	}
}

static void df_drops_and_names_the_mtu(void **state) {
	(void)state;
	uint8_t payload[1000];
	struct rig rig;
	rig_open(&rig);
	rig.ports[2].mtu_bytes = 300;
	rig_input(&rig, 0,
		numbered(&rig, (struct ip_header){.dont_fragment = true}, payload, sizeof(payload)));
	assert_int_equal(rig.drop, DROP_MTU);
	assert_int_equal(rig.sent_count, 1); // the ICMP error
	assert_int_equal(header_at(&rig, 0).protocol, PROTOCOL_ICMP);
	rig_close(&rig);
}

static void an_mtu_too_small_for_anyone_drops(void **state) {
	(void)state;
	uint8_t payload[1000];
	struct rig rig;
	rig_open(&rig);
	rig.ports[2].mtu_bytes = 67;
	rig_input(&rig, 0, numbered(&rig, (struct ip_header){0}, payload, sizeof(payload)));
	assert_int_equal(rig.drop, DROP_MTU);
	rig_close(&rig);
}

static const struct ip near6 = {UINT64_C(0x20010db800000000), 5};
static const struct ip far6 = {UINT64_C(0x20010db800020000), 5};

// RFC 8200 4.5: only the source fragments.
static void ipv6_is_fragmented_by_its_source_only(void **state) {
	(void)state;
	for (int originated = 0; originated < 2; originated++) {
		uint8_t payload[5000];
		struct rig rig;
		rig_open(&rig);
		rig_route(&rig, prefix_of(near6, 48), 0);
		rig_route(&rig, prefix_of(far6, 48), 2);
		rig.ports[0].icmp_v6 = ip_next(near6);
		const struct ip_header header = {.source = near6, .destination = far6};
		struct packet *packet = numbered(&rig, header, payload, sizeof(payload));
		if (originated)
			forward_output(&rig.forward, &rig.router, packet, (instant){0});
		else
			rig_input(&rig, 0, packet);
		if (originated) {
			assert_int_equal(rig.sent_count, 4);
			assert_whole(&rig, payload, sizeof(payload), 0, 1500);
			assert_false(header_at(&rig, 3).more_fragments);
			assert_int_equal(header_at(&rig, 0).protocol, 253);
		} else {
			assert_int_equal(rig.drop, DROP_MTU);
			assert_int_equal(header_at(&rig, 0).protocol, PROTOCOL_ICMPV6);
		}
		rig_close(&rig);
	}
}

// 100 bytes with eight of options, which leave by an MTU of 76.
static void send_with_options(struct rig *rig, const uint8_t options[8]) {
	rig->ports[2].mtu_bytes = 76;
	struct packet *packet = rig_udp(rig, v4(10, 0, 0, 5), v4(10, 2, 0, 5), 100);
	uint8_t *bytes = packet_data(packet);
	memmove(bytes + 28, bytes + 20, packet->length - 20);
	memcpy(bytes + 20, options, 8);
	packet->length += 8;
	bytes[0] = 0x47;
	put_u16(bytes + 2, (uint16_t)packet->length);
	put_u16(bytes + 10, 0);
	put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, 28)));
	rig_input(rig, 0, packet);
}

// RFC 791 3.1: of the options only those marked as copied stand in later fragments. Record route
// (7) is not, stream id (136) is; a length that can't be ends the reading.
static void options_that_are_not_copied_become_no_operations(void **state) {
	(void)state;
	const struct {
		uint8_t first[8], later[8];
	} cases[] = {
		{{7, 3, 4, 136, 4, 1, 2, 0}, {1, 1, 1, 136, 4, 1, 2, 0}},
		{{1, 7, 3, 4, 0, 7, 3, 4}, {1, 1, 1, 1, 0, 7, 3, 4}},
		{{7, 0, 4, 136, 4, 1, 2, 0}, {7, 0, 4, 136, 4, 1, 2, 0}},
		{{7, 9, 4, 136, 4, 1, 2, 0}, {7, 9, 4, 136, 4, 1, 2, 0}},
		{{7, 7, 4, 1, 1, 1, 1, 7}, {1, 1, 1, 1, 1, 1, 1, 7}},
	};
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct rig rig;
		rig_open(&rig);
		send_with_options(&rig, cases[c].first);
		assert_int_equal(rig.sent_count, 3);
		assert_memory_equal(packet_data(rig.sent[0].packet) + 20, cases[c].first, 8);
		for (size_t i = 1; i < 3; i++) {
			assert_int_equal(header_at(&rig, i).header_bytes, 28);
			assert_memory_equal(packet_data(rig.sent[i].packet) + 20, cases[c].later, 8);
		}
		rig_close(&rig);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_and_mtu_comes_together_again),
		cmocka_unit_test(a_fragment_can_be_cut_again),
		cmocka_unit_test(df_drops_and_names_the_mtu),
		cmocka_unit_test(an_mtu_too_small_for_anyone_drops),
		cmocka_unit_test(ipv6_is_fragmented_by_its_source_only),
		cmocka_unit_test(options_that_are_not_copied_become_no_operations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
