#include "proto/tcp/tcp_reassembly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "proto/tcp/tcp_wire.h"

static uint8_t nth(uint32_t n) {
	return (uint8_t)(n * 31 + n / 251);
}

static void add(struct tcp_reassembly *r, uint32_t next, uint32_t sequence, size_t length) {
	static uint8_t bytes[TCP_REASSEMBLY_BYTES];

	for (size_t i = 0; i < length; i++)
		bytes[i] = nth(sequence + (uint32_t)i);
	tcp_reassembly_add(r, next, sequence, bytes, length);
}

// Takes all that is ready at `next`; returns where the next gap begins.
static uint32_t take(struct tcp_reassembly *r, uint32_t next) {
	const uint8_t *bytes;
	size_t length;

	while ((length = tcp_reassembly_ready(r, next, &bytes)) > 0) {
		for (size_t i = 0; i < length; i++)
			assert_int_equal(bytes[i], nth(next + (uint32_t)i));
		next += (uint32_t)length;
	}
	return next;
}

static void pieces_join_when_the_gap_between_them_closes(void **state) {
	struct tcp_reassembly r = {0};

	(void)state;
	add(&r, 100, 200, 50);
	add(&r, 100, 300, 50);
	assert_int_equal(r.count, 2);
	assert_int_equal(take(&r, 100), 100);
	add(&r, 100, 240, 70); // overlaps both
	assert_int_equal(r.count, 1);
	add(&r, 100, 210, 10); // inside
	add(&r, 100, 350, 10); // touches
	assert_int_equal(r.count, 1);
	assert_int_equal(take(&r, 200), 360);
	assert_int_equal(r.count, 0);
	assert_null(r.ring);
	tcp_reassembly_done(&r);
}

static void what_was_passed_is_forgotten(void **state) {
	struct tcp_reassembly r = {0};

	(void)state;
	add(&r, 0, 10, 10);
	add(&r, 0, 30, 10);
	assert_int_equal(take(&r, 25), 25);
	assert_int_equal(r.count, 1);
	assert_int_equal(take(&r, 35), 40);
	assert_int_equal(r.count, 0);
	tcp_reassembly_done(&r);
}

static void sequence_numbers_may_wrap(void **state) {
	struct tcp_reassembly r = {0};
	uint32_t next = 0xffffff00;

	(void)state;
	add(&r, next, 0x10, 0x100);
	add(&r, next, 0xffffff10, 0x100);
	assert_int_equal(r.count, 1);
	add(&r, next, 0xffffff00, 0x10);
	assert_int_equal(take(&r, next), 0x110);
	tcp_reassembly_done(&r);
}

static void a_piece_too_many_is_dropped_but_growth_is_not(void **state) {
	struct tcp_reassembly r = {0};
	const uint8_t *bytes;

	(void)state;
	for (uint32_t i = 0; i < TCP_REASSEMBLY_PIECES; i++)
		add(&r, 0, 10 + 20 * i, 10);
	add(&r, 0, 10 + 20 * TCP_REASSEMBLY_PIECES, 10);
	assert_int_equal(r.count, TCP_REASSEMBLY_PIECES);
	add(&r, 0, 20, 10); // closes a gap
	assert_int_equal(r.count, TCP_REASSEMBLY_PIECES - 1);
	assert_int_equal(take(&r, 10), 40);
	assert_int_equal(tcp_reassembly_ready(&r, 40, &bytes), 0);
	tcp_reassembly_done(&r);
}

static void random_pieces_agree_with_a_plain_map(void **state) {
	(void)state;
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct tcp_reassembly r = {0};
		struct random random;
		uint8_t present[4096] = {0};
		uint32_t base = 0xfffff800;
		uint32_t next = 0;

		print_message("# seed %lu\n", (unsigned long)seed);
		random_init(&random, seed, "tcp_reassembly_test", "pieces");
		for (int round = 0; round < 200 && next < sizeof(present); round++) {
			uint32_t first = next + (uint32_t)random_below(&random, sizeof(present) - next);
			uint32_t length = (uint32_t)random_below(&random, 300);
			if (length > sizeof(present) - first)
				length = (uint32_t)sizeof(present) - first;
			add(&r, base + next, base + first, length);
			for (uint32_t i = 0; i < length; i++)
				present[first + i] = 1;
			uint32_t expected = next;
			while (expected < sizeof(present) && present[expected])
				expected++;
			next = take(&r, base + next) - base;
			assert_int_equal(next, expected);
		}
		tcp_reassembly_done(&r);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_join_when_the_gap_between_them_closes),
		cmocka_unit_test(what_was_passed_is_forgotten),
		cmocka_unit_test(sequence_numbers_may_wrap),
		cmocka_unit_test(a_piece_too_many_is_dropped_but_growth_is_not),
		cmocka_unit_test(random_pieces_agree_with_a_plain_map),
	};
	return cmocka_run_group_tests_name("tcp_reassembly", tests, NULL, NULL);
}
