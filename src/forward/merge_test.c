#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "forward/merge.h"
#include "forward/segment.h"
#include "forward/train.h"
#include "net/packet_format.h"

#define PIECE_BYTES 1000
#define TCP_BYTES 32 // with twelve bytes of options

// What differs from a segment of 1,000 bytes in the middle of a stream.
struct shape {
	uint32_t sequence;
	size_t payload_bytes;
	uint8_t flags, ttl, option;
	uint16_t port;
	bool is_v6, is_damaged;
};

static const struct shape middle = {
	.sequence = 5000, .payload_bytes = PIECE_BYTES, .flags = 0x10, .ttl = 60, .port = 443};

static struct packet *make(struct packet_pool *pool, const struct shape *shape) {
	struct packet *packet = packet_get(pool);
	struct ip source, destination;
	uint8_t tcp[TCP_BYTES + 65000] = {0};
	size_t length = TCP_BYTES + shape->payload_bytes;
	ip_parse(shape->is_v6 ? "fd00::1" : "10.0.0.1", &source);
	ip_parse(shape->is_v6 ? "fd00::2" : "10.0.0.2", &destination);
	put_u16(tcp, 40000);
	put_u16(tcp + 2, shape->port);
	put_u32(tcp + 4, shape->sequence);
	tcp[12] = (TCP_BYTES / 4) << 4;
	tcp[13] = shape->flags;
	tcp[24] = shape->option;
	for (size_t i = 0; i < shape->payload_bytes; i++)
		tcp[TCP_BYTES + i] = (uint8_t)((shape->sequence + i) * 7);
	put_u16(tcp + 16, checksum_transport(source, destination, PROTOCOL_TCP, tcp, length));
	tcp[TCP_BYTES] ^= shape->is_damaged;
	struct ip_header ip = {.source = source,
		.destination = destination,
		.protocol = PROTOCOL_TCP,
		.ttl = shape->ttl,
		.dont_fragment = true};
	struct writer out = writer_of(packet_data(packet), PACKET_BYTES_MAX);
	ip_header_encode(&out, &ip, length);
	write_bytes(&out, tcp, length);
	packet->length = (uint32_t)writer_length(&out);
	return packet;
}

static struct packet *make_datagram(
	struct packet_pool *pool, uint32_t number, size_t payload_bytes, uint8_t ttl) {
	struct packet *packet = packet_get(pool);
	struct flow_key key = {
		.protocol = PROTOCOL_UDP, .source_port = 40000, .destination_port = 5201};
	struct ip_header ip = {.protocol = PROTOCOL_UDP, .ttl = ttl};
	uint8_t payload[200];
	assert_true(payload_bytes <= sizeof(payload));
	memset(payload, (int)number, sizeof(payload));
	ip_parse("10.0.0.1", &key.source);
	ip_parse("10.0.0.2", &key.destination);
	ip.source = key.source;
	ip.destination = key.destination;
	struct writer out = writer_of(packet_data(packet), PACKET_BYTES_MAX);
	ip_header_encode(&out, &ip, UDP_HEADER_BYTES + payload_bytes);
	udp_encode(&out, &key, payload, payload_bytes);
	packet->length = (uint32_t)writer_length(&out);
	return packet;
}

// Some packets, and those that they were merged from, compared byte for byte.
static void assert_same_pieces(
	struct packet_pool *pool, struct packet *merged, struct packet *const *pieces, size_t count) {
	struct packet *piece = packet_cut(pool, merged);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(piece);
		assert_int_equal(piece->length, pieces[i]->length);
		bool is_v4 = packet_data(piece)[0] >> 4 == 4;
		// IPv4's identification counts up when a large segment is cut, and its checksum with it.
		size_t skip = is_v4 ? 12 : 0;
		assert_memory_equal(
			packet_data(piece) + skip, packet_data(pieces[i]) + skip, piece->length - skip);
		struct packet *next = piece->next;
		packet_put(pool, piece);
		piece = next;
	}
	assert_null(piece);
}

static void pieces_of_a_stream_become_one_segment_that_cuts_into_them_again(void **state) {
	(void)state;

	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		struct packet_pool *pool = packet_pool_new();
		struct packet *pieces[3];
		for (size_t i = 0; i < 3; i++) {
			struct shape shape = middle;
			shape.is_v6 = is_v6 != 0;
			shape.sequence += (uint32_t)(i * PIECE_BYTES);
			shape.payload_bytes = i == 2 ? 17 : PIECE_BYTES;
			shape.flags = i == 2 ? 0x18 : 0x10;
			pieces[i] = make(pool, &shape);
		}
		struct merge merge = {0};
		assert_true(merge_begin(&merge, packet_copy(pool, pieces[0])));
		assert_true(merge_append(&merge, pieces[1]));
		assert_true(merge_append(&merge, pieces[2]));
		struct packet *held = merge_end(&merge);
		assert_null(merge.held);
		assert_true(held->checksum_due);
		assert_int_equal(packet_wire_bytes(held), pieces[0]->length);
		assert_same_pieces(pool, held, pieces, 3);
		for (size_t i = 0; i < 3; i++)
			packet_put(pool, pieces[i]);
		packet_pool_free(pool);
	}
}

static void what_does_not_follow_stays_by_itself(void **state) {
	static const struct {
		const char *what;
		struct shape shape;
	} cases[] = {
		{"a gap", {6001, 1000, 0x10, 60, 0, 443, false, false}},
		{"the same again", {5000, 1000, 0x10, 60, 0, 443, false, false}},
		{"another stream", {6000, 1000, 0x10, 60, 0, 444, false, false}},
		{"other options", {6000, 1000, 0x10, 60, 1, 443, false, false}},
		{"another way", {6000, 1000, 0x10, 59, 0, 443, false, false}},
		{"a larger one", {6000, 1001, 0x10, 60, 0, 443, false, false}},
		{"urgent data", {6000, 1000, 0x30, 60, 0, 443, false, false}},
		{"a damaged one", {6000, 1000, 0x10, 60, 0, 443, false, true}},
		{"the other family", {6000, 1000, 0x10, 60, 0, 443, true, false}},
		{"no payload", {6000, 0, 0x10, 60, 0, 443, false, false}},
	};
	struct packet_pool *pool = packet_pool_new();
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct merge merge = {0};
		assert_true(merge_begin(&merge, make(pool, &middle)));
		struct packet *next = make(pool, &cases[i].shape);
		if (merge_append(&merge, next))
			fail_msg("%s was appended", cases[i].what);
		struct packet *held = merge_end(&merge);
		assert_true(packet_is_finished(held));
		packet_put(pool, held);
		packet_put(pool, next);
	}
	packet_pool_free(pool);
}

// What a host's kernel left whole is as large as it was meant to be.
static void a_large_segment_is_not_made_larger(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct merge merge = {0};
	(void)state;

	struct packet *large = make(pool, &middle);
	large->piece_bytes = 500;
	large->checksum_due = true;
	assert_false(merge_begin(&merge, large));
	packet_put(pool, large);
	packet_pool_free(pool);
}

static void nothing_follows_an_end_or_a_smaller_segment(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct merge merge = {0};
	struct shape small = middle, after = middle;
	(void)state;

	small.sequence += PIECE_BYTES;
	small.payload_bytes = 10;
	after.sequence += PIECE_BYTES + 10;
	after.payload_bytes = 10;
	struct packet *next = make(pool, &small);
	struct packet *last = make(pool, &after);
	assert_true(merge_begin(&merge, make(pool, &middle)));
	assert_true(merge_append(&merge, next));
	assert_false(merge_append(&merge, last));
	packet_put(pool, merge_end(&merge));
	packet_put(pool, next);
	packet_put(pool, last);
	packet_pool_free(pool);
}

static void a_segment_grows_no_larger_than_a_length_field_can_say(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct merge merge = {0};
	struct shape shape = middle;
	size_t appended = 0;
	(void)state;

	assert_true(merge_begin(&merge, make(pool, &middle)));
	for (;; appended++) {
		shape.sequence += PIECE_BYTES;
		struct packet *next = make(pool, &shape);
		bool fits = merge_append(&merge, next);
		packet_put(pool, next);
		if (!fits)
			break;
	}
	assert_int_equal(appended, 64);
	struct packet *held = merge_end(&merge);
	assert_true(held->length <= PACKET_BYTES_MAX);
	packet_put(pool, held);
	packet_pool_free(pool);
}

static void a_packet_cut_short_anywhere_is_left_alone(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct merge merge = {0}, other = {0};
	struct shape shape = middle;
	(void)state;

	assert_true(merge_begin(&merge, make(pool, &middle)));
	shape.sequence += PIECE_BYTES;
	for (int is_udp = 0; is_udp < 2; is_udp++) {
		struct packet *next = is_udp ? make_datagram(pool, 1, 100, 64) : make(pool, &shape);
		for (uint32_t length = 0; length < next->length; length++) {
			struct packet *part = packet_copy(pool, next);
			part->length = length;
			assert_false(merge_begin(&other, part));
			assert_false(merge_append(&merge, part));
			packet_put(pool, part);
		}
		packet_put(pool, next);
	}
	packet_put(pool, merge_end(&merge));
	packet_pool_free(pool);
}

static void datagrams_of_a_flow_become_a_train_that_cuts_into_them_again(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct packet *pieces[3] = {make_datagram(pool, 1, 100, 64), make_datagram(pool, 2, 100, 64),
		make_datagram(pool, 3, 7, 64)};
	struct merge merge = {0};
	(void)state;

	assert_true(merge_begin(&merge, packet_copy(pool, pieces[0])));
	assert_true(merge_append(&merge, pieces[1]));
	assert_true(merge_append(&merge, pieces[2]));
	assert_false(merge_append(&merge, pieces[0])); // behind a smaller one
	struct packet *train = merge_end(&merge);
	assert_true(packet_is_train(train));
	assert_int_equal(packet_pieces(train), 3);
	assert_int_equal(packet_wire_bytes(train), pieces[0]->length);
	assert_same_pieces(pool, train, pieces, 3);
	for (size_t i = 0; i < 3; i++)
		packet_put(pool, pieces[i]);
	packet_pool_free(pool);
}

static void datagrams_that_differ_in_more_than_their_payload_make_no_train(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct packet *larger = make_datagram(pool, 2, 101, 64);
	struct packet *elsewhere = make_datagram(pool, 2, 100, 63);
	struct packet *unchecked = make_datagram(pool, 2, 100, 64);
	struct packet *damaged = make_datagram(pool, 2, 100, 64);
	struct packet *due = make_datagram(pool, 2, 100, 64);
	struct packet *const others[] = {larger, elsewhere, unchecked, damaged, due};
	struct merge merge = {0};
	(void)state;

	put_u16(packet_data(unchecked) + 26, 0);
	packet_data(damaged)[40] ^= 1;
	due->checksum_due = true; // and the first one's is not
	assert_true(merge_begin(&merge, make_datagram(pool, 1, 100, 64)));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(merge_append(&merge, others[i]));
		packet_put(pool, others[i]);
	}
	packet_put(pool, merge_end(&merge));
	packet_pool_free(pool);
}

static void a_train_is_no_longer_than_the_kernels_own(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct merge merge = {0};
	(void)state;

	assert_true(merge_begin(&merge, make_datagram(pool, 0, 10, 64)));
	for (uint32_t i = 1; i <= MERGE_DATAGRAMS_MAX; i++) {
		struct packet *next = make_datagram(pool, i, 10, 64);
		assert_int_equal(merge_append(&merge, next), i < MERGE_DATAGRAMS_MAX);
		packet_put(pool, next);
	}
	struct packet *train = merge_end(&merge);
	assert_int_equal(packet_pieces(train), MERGE_DATAGRAMS_MAX);
	packet_put(pool, train);
	packet_pool_free(pool);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_a_stream_become_one_segment_that_cuts_into_them_again),
		cmocka_unit_test(what_does_not_follow_stays_by_itself),
		cmocka_unit_test(a_large_segment_is_not_made_larger),
		cmocka_unit_test(nothing_follows_an_end_or_a_smaller_segment),
		cmocka_unit_test(a_segment_grows_no_larger_than_a_length_field_can_say),
		cmocka_unit_test(a_packet_cut_short_anywhere_is_left_alone),
		cmocka_unit_test(datagrams_of_a_flow_become_a_train_that_cuts_into_them_again),
		cmocka_unit_test(datagrams_that_differ_in_more_than_their_payload_make_no_train),
		cmocka_unit_test(a_train_is_no_longer_than_the_kernels_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
