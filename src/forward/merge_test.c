#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "forward/merge.h"
#include "forward/segment.h"
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
		struct packet *held = packet_copy(pool, pieces[0]);
		assert_true(merge_can_begin(held));
		assert_true(merge_append(held, pieces[1]));
		assert_true(merge_append(held, pieces[2]));
		merge_finish(held);
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
		struct packet *held = make(pool, &middle);
		struct packet *next = make(pool, &cases[i].shape);
		if (merge_append(held, next))
			fail_msg("%s was appended", cases[i].what);
		assert_int_equal(held->piece_bytes, 0);
		packet_put(pool, held);
		packet_put(pool, next);
	}
	packet_pool_free(pool);
}

static void nothing_follows_an_end_or_a_smaller_segment(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct packet *held = make(pool, &middle);
	struct shape small = middle, after = middle;
	(void)state;

	small.sequence += PIECE_BYTES;
	small.payload_bytes = 10;
	after.sequence += PIECE_BYTES + 10;
	after.payload_bytes = 10;
	struct packet *next = make(pool, &small);
	struct packet *last = make(pool, &after);
	assert_true(merge_append(held, next));
	assert_false(merge_append(held, last));
	packet_put(pool, held);
	packet_put(pool, next);
	packet_put(pool, last);
	packet_pool_free(pool);
}

static void a_segment_grows_no_larger_than_a_length_field_can_say(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct packet *held = make(pool, &middle);
	struct shape shape = middle;
	size_t appended = 0;
	(void)state;

	for (;; appended++) {
		shape.sequence += PIECE_BYTES;
		struct packet *next = make(pool, &shape);
		bool fits = merge_append(held, next);
		packet_put(pool, next);
		if (!fits)
			break;
	}
	assert_int_equal(appended, 64);
	assert_true(held->length <= PACKET_BYTES_MAX);
	packet_put(pool, held);
	packet_pool_free(pool);
}

static void a_packet_cut_short_anywhere_is_left_alone(void **state) {
	struct packet_pool *pool = packet_pool_new();
	struct packet *held = make(pool, &middle);
	struct shape shape = middle;
	(void)state;

	shape.sequence += PIECE_BYTES;
	struct packet *next = make(pool, &shape);
	for (uint32_t length = 0; length < next->length; length++) {
		struct packet *part = packet_copy(pool, next);
		part->length = length;
		assert_false(merge_can_begin(part));
		assert_false(merge_append(held, part));
		packet_put(pool, part);
	}
	packet_put(pool, held);
	packet_put(pool, next);
	packet_pool_free(pool);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_a_stream_become_one_segment_that_cuts_into_them_again),
		cmocka_unit_test(what_does_not_follow_stays_by_itself),
		cmocka_unit_test(nothing_follows_an_end_or_a_smaller_segment),
		cmocka_unit_test(a_segment_grows_no_larger_than_a_length_field_can_say),
		cmocka_unit_test(a_packet_cut_short_anywhere_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
