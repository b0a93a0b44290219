#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/joined_int.h"
#include "forward/segment.h"
#include "forward/train.h"
#include "forward/tunnel.h"

#define TCP_BYTES 20
#define HEADERS_BYTES (IPV4_HEADER_BYTES + TCP_BYTES)
#define PIECE_BYTES 1400
#define PAYLOAD_BYTES 5000
#define PIECES ((PAYLOAD_BYTES + PIECE_BYTES - HEADERS_BYTES - 1) / (PIECE_BYTES - HEADERS_BYTES))
// Of the outer packet: header, SPI, number, IV; the inner packet; trailer and ICV.
#define OUTER_BYTES (IPV4_HEADER_BYTES + 16 + PIECE_BYTES + 4 + 16)

// Behind the second router 10.3.0.0/16 is at port 2.
static void open_with_route(struct joined *joined) {
	joined_open(joined);
	rig_route(&joined->b, net4(v4(10, 3, 0, 0), 16), 2);
	joined->a.ports[0].mtu_bytes = joined->b.ports[2].mtu_bytes = 1400;
}

static uint8_t payload_byte(size_t at) {
	return (uint8_t)(at * 7 + at / 256);
}

// A large segment of a stream whose checksum is only begun.
static struct packet *large(struct rig *rig, size_t payload_bytes) {
	static uint8_t tcp[PACKET_BYTES_MAX];
	struct ip_header header = {.source = v4(10, 0, 0, 5),
		.destination = v4(10, 3, 0, 5),
		.protocol = PROTOCOL_TCP,
		.ttl = 9,
		.dont_fragment = true};
	size_t length = TCP_BYTES + payload_bytes;
	memset(tcp, 0, TCP_BYTES);
	put_u16(tcp, 40000);
	put_u16(tcp + 2, 443);
	put_u32(tcp + 4, 1000);
	tcp[12] = (TCP_BYTES / 4) << 4;
	tcp[13] = 0x10;
	for (size_t i = 0; i < payload_bytes; i++)
		tcp[TCP_BYTES + i] = payload_byte(i);
	uint32_t pseudo =
		checksum_pseudo(header.source, header.destination, PROTOCOL_TCP, (uint32_t)length);
	put_u16(tcp + 16, (uint16_t)~checksum_fold(pseudo));
	struct packet *packet = rig_packet(rig, &header, tcp, length);
	packet->piece_bytes = PIECE_BYTES;
	packet->checksum_due = true;
	return packet;
}

static void cross(struct joined *joined, const struct packet *sent) {
	rig_input(&joined->b, 1, packet_copy(joined->b.forward.pool, sent));
}

// All the payload of the stream that `rig` sent is right, and so are its checksums. Gives how much
// it is.
static size_t check_sent(struct rig *rig, size_t first) {
	size_t total = 0;
	for (size_t i = first; i < rig->sent_count; i++) {
		struct packet *next =
			packet_cut(rig->forward.pool, packet_copy(rig->forward.pool, rig->sent[i].packet));
		while (next != NULL) {
			struct packet *piece = next;
			const uint8_t *bytes = packet_data(piece);
			struct ip_header header;
			next = piece->next;
			assert_int_equal(ip_header_decode(bytes, piece->length, &header), 0);
			assert_int_equal(header.ttl, 7);
			assert_true(piece->length <= PIECE_BYTES);
			assert_int_equal(checksum_transport(header.source, header.destination, PROTOCOL_TCP,
								 bytes + IPV4_HEADER_BYTES, piece->length - IPV4_HEADER_BYTES),
				0);
			size_t offset = get_u32(bytes + 24) - 1000;
			for (size_t at = HEADERS_BYTES; at < piece->length; at++)
				assert_int_equal(bytes[at], payload_byte(offset + at - HEADERS_BYTES));
			total += piece->length - HEADERS_BYTES;
			packet_put(rig->forward.pool, piece);
		}
	}
	return total;
}

static void a_large_segment_crosses_a_tunnel_as_one_packet(void **state) {
	struct joined j;
	(void)state;
	open_with_route(&j);
	rig_input(&j.a, 0, large(&j.a, PAYLOAD_BYTES));
	assert_int_equal(j.a.sent_count, 1);
	const struct packet *train = j.a.sent[0].packet;
	assert_true(packet_is_train(train));
	assert_int_equal(train->piece_bytes, OUTER_BYTES);
	assert_ptr_equal(j.a.sent[0].port, &j.a.ports[1]);
	cross(&j, train);
	assert_int_equal(j.b.sent_count, 1);
	assert_ptr_equal(j.b.sent[0].port, &j.b.ports[2]);
	assert_int_equal(j.b.sent[0].packet->length, HEADERS_BYTES + PAYLOAD_BYTES);
	assert_int_equal(j.b.sent[0].packet->piece_bytes, PIECE_BYTES);
	assert_int_equal(check_sent(&j.b, 0), PAYLOAD_BYTES);
	joined_close(&j);
}

// What a train is cut into are ESP packets like any: numbered in order, sound, opened one by one.
static void a_train_is_the_packets_it_stands_for(void **state) {
	struct joined j;
	size_t count = 0;
	(void)state;
	open_with_route(&j);
	rig_input(&j.a, 0, large(&j.a, PAYLOAD_BYTES));
	struct packet *next =
		packet_cut(j.a.forward.pool, packet_copy(j.a.forward.pool, j.a.sent[0].packet));
	while (next != NULL) {
		struct packet *piece = next;
		struct ip_header header;
		next = piece->next;
		assert_int_equal(ip_header_decode(packet_data(piece), piece->length, &header), 0);
		assert_int_equal(header.protocol, PROTOCOL_ESP);
		assert_int_equal(header.total_bytes, piece->length);
		assert_int_equal(header.identification, count);
		assert_int_equal(get_u32(packet_data(piece) + 20), 1002);
		assert_int_equal(get_u32(packet_data(piece) + 24), ++count);
		assert_true(packet_is_finished(piece));
		cross(&j, piece);
		packet_put(j.a.forward.pool, piece);
	}
	assert_int_equal(count, PIECES);
	assert_int_equal(j.b.sent_count, PIECES);
	assert_int_equal(check_sent(&j.b, 0), PAYLOAD_BYTES);
	joined_close(&j);
}

static void a_damaged_packet_leaves_the_others(void **state) {
	struct joined j;
	(void)state;
	open_with_route(&j);
	rig_input(&j.a, 0, large(&j.a, PAYLOAD_BYTES));
	struct packet *train = j.a.sent[0].packet;
	packet_data(train)[OUTER_BYTES + 100] ^= 1; // in the second
	cross(&j, train);
	assert_int_equal(j.b.router.drops[DROP_ESP_BAD_TAG], 1);
	assert_int_equal(j.b.sent_count, 2);
	assert_int_equal(check_sent(&j.b, 0), PAYLOAD_BYTES - (PIECE_BYTES - HEADERS_BYTES));
	packet_data(train)[OUTER_BYTES + 100] ^= 1;
	cross(&j, train); // the other three have been seen
	assert_int_equal(j.b.router.drops[DROP_ESP_REPLAYED], PIECES - 1);
	assert_int_equal(j.b.sent_count, 3);
	cross(&j, train); // and now nothing is left of it
	assert_int_equal(j.b.sent_count, 3);
	joined_close(&j);
}

// What the tunnel adds to each piece makes a segment of full size too large for one packet.
static void a_segment_of_full_size_becomes_two_trains(void **state) {
	struct joined j;
	const size_t payload = PACKET_BYTES_MAX - HEADERS_BYTES;
	(void)state;
	open_with_route(&j);
	rig_input(&j.a, 0, large(&j.a, payload));
	assert_int_equal(j.a.sent_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(packet_is_train(j.a.sent[i].packet));
		cross(&j, j.a.sent[i].packet);
	}
	assert_int_equal(check_sent(&j.b, 0), payload);
	joined_close(&j);
}

static void a_train_that_does_not_fit_is_fragmented_packet_by_packet(void **state) {
	struct joined j;
	(void)state;
	open_with_route(&j);
	j.a.ports[1].mtu_bytes = 1000;
	rig_input(&j.a, 0, large(&j.a, PAYLOAD_BYTES));
	assert_int_equal(j.a.dropped_count, 0);
	assert_int_equal(j.a.sent_count, 2 * PIECES);
	for (size_t i = 0; i < j.a.sent_count; i++)
		assert_true(j.a.sent[i].packet->length <= 1000);
	joined_close(&j);
}

static struct packet *datagrams(struct rig *rig) {
	struct packet *train = rig_udp(rig, v4(10, 0, 0, 5), v4(10, 3, 0, 5), 250);
	train->piece_bytes = IPV4_HEADER_BYTES + UDP_HEADER_BYTES + 100;
	train->checksum_due = true;
	return train;
}

static void a_train_of_datagrams_crosses_a_tunnel_as_one_of_esp(void **state) {
	struct joined j;
	(void)state;
	open_with_route(&j);
	rig_input(&j.a, 0, datagrams(&j.a));
	assert_int_equal(j.a.sent_count, 1);
	assert_true(packet_is_esp_train(j.a.sent[0].packet));
	assert_int_equal(packet_pieces(j.a.sent[0].packet), 3);
	cross(&j, j.a.sent[0].packet);
	assert_int_equal(j.b.sent_count, 1);
	assert_true(packet_is_train(j.b.sent[0].packet));
	assert_false(packet_is_esp_train(j.b.sent[0].packet));
	assert_int_equal(packet_pieces(j.b.sent[0].packet), 3);
	joined_close(&j);
}

static void each_esp_packet_of_a_train_that_nobody_knows_is_dropped(void **state) {
	struct joined j;
	(void)state;
	open_with_route(&j);
	rig_input(&j.a, 0, datagrams(&j.a));
	put_u32(packet_data(j.a.sent[0].packet) + IPV4_HEADER_BYTES, 77); // another SPI
	cross(&j, j.a.sent[0].packet);
	assert_int_equal(j.b.router.drops[DROP_ESP_UNKNOWN_SPI], 3);
	assert_int_equal(j.b.ports[1].packets_in, 3);
	joined_close(&j);
}

static void a_longer_packet_does_not_join(void **state) {
	struct joined j;
	(void)state;
	open_with_route(&j);
	for (uint32_t id = 0; id < 3; id++)
		rig_input(&j.a, 0, rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 3, 0, 5), (uint16_t)id));
	struct packet *train = packet_copy(j.a.forward.pool, j.a.sent[0].packet);
	struct packet *longer = packet_copy(j.a.forward.pool, j.a.sent[1].packet);
	longer->length += 4;
	assert_false(packet_is_train(train));
	assert_false(train_append(train, longer));
	longer->length -= 8;
	assert_true(train_append(train, longer)); // a shorter one is the last
	assert_true(packet_is_train(train));
	assert_false(train_append(train, j.a.sent[2].packet));
	packet_put(j.a.forward.pool, train);
	packet_put(j.a.forward.pool, longer);
	joined_close(&j);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_segment_crosses_a_tunnel_as_one_packet),
		cmocka_unit_test(a_train_is_the_packets_it_stands_for),
		cmocka_unit_test(a_damaged_packet_leaves_the_others),
		cmocka_unit_test(a_segment_of_full_size_becomes_two_trains),
		cmocka_unit_test(a_train_that_does_not_fit_is_fragmented_packet_by_packet),
		cmocka_unit_test(a_train_of_datagrams_crosses_a_tunnel_as_one_of_esp),
		cmocka_unit_test(each_esp_packet_of_a_train_that_nobody_knows_is_dropped),
		cmocka_unit_test(a_longer_packet_does_not_join),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
