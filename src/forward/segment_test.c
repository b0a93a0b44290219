#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/rig_int.h"
#include "forward/segment.h"
#include "forward/train.h"

#define TCP_BYTES 20
#define PAYLOAD_BYTES 5000
#define HEADERS_BYTES (IPV4_HEADER_BYTES + TCP_BYTES)

// 5,000 bytes of a stream in one packet, whose checksum is only begun.
static struct packet *large(
	struct rig *rig, struct ip destination, bool dont_fragment, uint16_t piece_bytes) {
	uint8_t tcp[TCP_BYTES + PAYLOAD_BYTES] = {0};
	struct ip source = v4(10, 0, 0, 5);
	put_u16(tcp, 40000);
	put_u16(tcp + 2, 443);
	put_u32(tcp + 4, 1000);
	tcp[12] = (TCP_BYTES / 4) << 4;
	tcp[13] = 0x10;
	for (size_t i = 0; i < PAYLOAD_BYTES; i++)
		tcp[TCP_BYTES + i] = (uint8_t)(i * 7 + i / 256);
	uint32_t pseudo = checksum_pseudo(source, destination, PROTOCOL_TCP, sizeof(tcp));
	put_u16(tcp + 16, (uint16_t)~checksum_fold(pseudo));
	struct ip_header header = {.source = source,
		.destination = destination,
		.protocol = PROTOCOL_TCP,
		.ttl = 9,
		.dont_fragment = dont_fragment};
	struct packet *packet = rig_packet(rig, &header, tcp, sizeof(tcp));
	packet->piece_bytes = piece_bytes;
	packet->checksum_due = true;
	return packet;
}

static bool is_correct(const struct packet *packet) {
	struct ip_header header;
	const uint8_t *bytes = packet->bytes + packet->start;
	return ip_header_decode(bytes, packet->length, &header) == 0 &&
		checksum_transport(header.source, header.destination, PROTOCOL_TCP,
			bytes + header.header_bytes, packet->length - header.header_bytes) == 0;
}

static void a_segment_whose_pieces_fit_passes_whole(void **state) {
	struct rig rig;
	(void)state;

	rig_open(&rig);
	rig_input(&rig, 0, large(&rig, v4(10, 2, 0, 5), true, 1500));
	assert_int_equal(rig.sent_count, 1);
	assert_int_equal(rig.sent[0].packet->length, HEADERS_BYTES + PAYLOAD_BYTES);
	assert_true(rig.sent[0].packet->checksum_due);
	rig_close(&rig);
}

static void a_segment_whose_pieces_are_too_large_is_refused(void **state) {
	struct rig rig;
	(void)state;

	rig_open(&rig);
	rig.ports[2].mtu_bytes = 1400;
	rig_input(&rig, 0, large(&rig, v4(10, 2, 0, 5), true, 1500));
	assert_int_equal(rig.dropped_count, 1);
	assert_int_equal(rig.drop, DROP_MTU);
	// Whoever sent it is told the size that fits (RFC 1191 4).
	assert_int_equal(rig.sent_count, 1);
	assert_int_equal(get_u16(packet_data(rig.sent[0].packet) + 26), 1400);
	rig_close(&rig);
}

// 5,000 bytes in pieces of 1,460, each of which becomes two fragments.
static void pieces_that_may_be_fragmented_are(void **state) {
	struct rig rig;
	size_t bytes = 0;
	(void)state;

	rig_open(&rig);
	rig.ports[2].mtu_bytes = 1000;
	rig_input(&rig, 0, large(&rig, v4(10, 2, 0, 5), false, 1500));
	assert_int_equal(rig.sent_count, 7);
	for (size_t i = 0; i < rig.sent_count; i++) {
		assert_true(rig.sent[i].packet->length <= 1000);
		bytes += rig.sent[i].packet->length - IPV4_HEADER_BYTES;
	}
	assert_int_equal(bytes, PAYLOAD_BYTES + 4 * TCP_BYTES);
	rig_close(&rig);
}

static void who_is_its_destination_gets_a_finished_checksum(void **state) {
	struct rig rig;
	(void)state;

	rig_open(&rig);
	rig_input(&rig, 0, large(&rig, v4(192, 0, 2, 1), true, 1500));
	assert_int_equal(rig.delivered_count, 1);
	assert_true(is_correct(rig.delivered[0].packet));
	rig_close(&rig);
}

static void the_pieces_make_up_the_whole(void **state) {
	struct rig rig;
	size_t offset = 0;
	(void)state;

	rig_open(&rig);
	struct packet *whole = large(&rig, v4(10, 2, 0, 5), true, 1500);
	struct packet *before = packet_copy(rig.forward.pool, whole);
	struct packet *piece = packet_cut(rig.forward.pool, whole);
	while (piece != NULL) {
		size_t payload = piece->length - HEADERS_BYTES;
		struct packet *next = piece->next;
		assert_true(packet_is_finished(piece) && is_correct(piece));
		assert_int_equal(get_u32(packet_data(piece) + 24), 1000 + offset);
		assert_memory_equal(packet_data(piece) + HEADERS_BYTES,
			packet_data(before) + HEADERS_BYTES + offset, payload);
		offset += payload;
		packet_put(rig.forward.pool, piece);
		piece = next;
	}
	assert_int_equal(offset, PAYLOAD_BYTES);
	packet_put(rig.forward.pool, before);
	rig_close(&rig);
}

// Three datagrams of 100 bytes, the last one of 50, whose checksum is only begun.
static struct packet *train(struct rig *rig, struct ip destination, uint8_t ttl) {
	struct packet *packet = rig_udp(rig, v4(10, 0, 0, 5), destination, 250);
	packet->piece_bytes = IPV4_HEADER_BYTES + UDP_HEADER_BYTES + 100;
	packet->checksum_due = true;
	ip_header_set_ttl(packet_data(packet), ttl);
	return packet;
}

static void each_datagram_of_a_train_is_delivered_by_itself(void **state) {
	static const uint32_t lengths[] = {128, 128, 78};
	struct rig rig;
	(void)state;

	rig_open(&rig);
	rig_input(&rig, 0, train(&rig, v4(192, 0, 2, 1), 9));
	assert_int_equal(rig.delivered_count, 3);
	for (size_t i = 0; i < 3; i++) {
		struct ip_header ip;
		struct udp_header udp;
		const uint8_t *bytes = packet_data(rig.delivered[i].packet);
		assert_int_equal(rig.delivered[i].packet->length, lengths[i]);
		assert_int_equal(ip_header_decode(bytes, lengths[i], &ip), 0);
		assert_int_equal(
			udp_decode(bytes + IPV4_HEADER_BYTES, lengths[i] - IPV4_HEADER_BYTES, &ip, &udp), 0);
		assert_int_equal(udp.length_bytes, lengths[i] - IPV4_HEADER_BYTES);
	}
	rig_close(&rig);
}

static void each_datagram_of_a_train_has_its_own_end_and_its_own_answer(void **state) {
	struct rig rig;
	(void)state;

	rig_open(&rig);
	rig_input(&rig, 0, train(&rig, v4(10, 2, 0, 5), 1));
	assert_int_equal(rig.dropped_count, 3);
	assert_int_equal(rig.drop, DROP_TTL_EXPIRED);
	assert_int_equal(rig.router.drops[DROP_TTL_EXPIRED], 3);
	assert_int_equal(rig.sent_count, 3);
	rig_close(&rig);
}

static void a_train_whose_datagrams_are_too_large_is_answered_for_each(void **state) {
	struct rig rig;
	(void)state;

	rig_open(&rig);
	rig.ports[2].mtu_bytes = 120;
	struct packet *large = train(&rig, v4(10, 2, 0, 5), 9);
	uint8_t *bytes = packet_data(large);
	bytes[6] |= 0x40; // don't fragment
	put_u16(bytes + 10, 0);
	put_u16(bytes + 10, checksum_fold(checksum_add(0, bytes, IPV4_HEADER_BYTES)));
	rig_input(&rig, 0, large);
	assert_int_equal(rig.router.drops[DROP_MTU], 3);
	rig_close(&rig);
}

static void a_train_passes_whole_and_counts_as_what_it_is(void **state) {
	struct rig rig;
	(void)state;

	rig_open(&rig);
	rig.ports[2].mtu_bytes = 200;
	rig_input(&rig, 0, train(&rig, v4(10, 2, 0, 5), 9));
	assert_int_equal(rig.sent_count, 1);
	assert_true(packet_is_train(rig.sent[0].packet));
	assert_int_equal(packet_pieces(rig.sent[0].packet), 3);
	assert_int_equal(rig.ports[0].packets_in, 3);
	assert_int_equal(rig.ports[2].packets_out, 3);
	rig_close(&rig);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_segment_whose_pieces_fit_passes_whole),
		cmocka_unit_test(a_segment_whose_pieces_are_too_large_is_refused),
		cmocka_unit_test(pieces_that_may_be_fragmented_are),
		cmocka_unit_test(who_is_its_destination_gets_a_finished_checksum),
		cmocka_unit_test(the_pieces_make_up_the_whole),
		cmocka_unit_test(each_datagram_of_a_train_is_delivered_by_itself),
		cmocka_unit_test(each_datagram_of_a_train_has_its_own_end_and_its_own_answer),
		cmocka_unit_test(a_train_whose_datagrams_are_too_large_is_answered_for_each),
		cmocka_unit_test(a_train_passes_whole_and_counts_as_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
