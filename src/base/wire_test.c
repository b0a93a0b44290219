#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/wire.h"

struct sample {
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	uint8_t bytes[3];
};

enum { SAMPLE_BYTES = 1 + 2 + 4 + 8 + 3 };

static const struct sample SAMPLE = {
	0x01, 0x0203, 0x04050607, UINT64_C(0x08090a0b0c0d0e0f), {0x10, 0x11, 0x12}};

static void sample_write(struct writer *out) {
	write_u8(out, SAMPLE.u8);
	write_u16(out, SAMPLE.u16);
	write_u32(out, SAMPLE.u32);
	write_u64(out, SAMPLE.u64);
	write_bytes(out, SAMPLE.bytes, sizeof(SAMPLE.bytes));
}

static void sample_read(struct reader *in, struct sample *out) {
	out->u8 = read_u8(in);
	out->u16 = read_u16(in);
	out->u32 = read_u32(in);
	out->u64 = read_u64(in);
	read_bytes(in, out->bytes, sizeof(out->bytes));
}

static void what_is_written_is_in_network_order_and_read_back(void **state) {
	uint8_t buffer[SAMPLE_BYTES];
	struct sample back = {0};
	(void)state;

	struct writer out = writer_of(buffer, sizeof(buffer));
	sample_write(&out);
	assert_false(out.overflow);
	assert_int_equal(writer_length(&out), SAMPLE_BYTES);
	for (size_t i = 0; i < SAMPLE_BYTES; i++)
		assert_int_equal(buffer[i], i + 1);

	struct reader in = reader_of(buffer, sizeof(buffer));
	sample_read(&in, &back);
	assert_false(in.short_read);
	assert_int_equal(reader_left(&in), 0);
	assert_int_equal(back.u8, SAMPLE.u8);
	assert_int_equal(back.u16, SAMPLE.u16);
	assert_int_equal(back.u32, SAMPLE.u32);
	assert_true(back.u64 == SAMPLE.u64);
	assert_memory_equal(back.bytes, SAMPLE.bytes, sizeof(SAMPLE.bytes));
}

static void a_read_cut_at_any_byte_is_noticed(void **state) {
	uint8_t buffer[SAMPLE_BYTES];
	(void)state;

	struct writer out = writer_of(buffer, sizeof(buffer));
	sample_write(&out);
	for (size_t length = 0; length < SAMPLE_BYTES; length++) {
		struct reader in = reader_of(buffer, length);
		struct sample back;
		memset(&back, 0xff, sizeof(back));
		sample_read(&in, &back);
		assert_true(in.short_read);
		assert_int_equal(reader_left(&in), 0);
		// The last field is short every time, and so reads as zero.
		assert_memory_equal(back.bytes, "\0\0\0", 3);
	}
}

static void a_write_cut_at_any_byte_is_noticed_and_stays_inside(void **state) {
	uint8_t buffer[SAMPLE_BYTES + 1];
	(void)state;

	for (size_t room = 0; room < SAMPLE_BYTES; room++) {
		memset(buffer, 0xee, sizeof(buffer));
		struct writer out = writer_of(buffer, room);
		sample_write(&out);
		assert_true(out.overflow);
		size_t length = writer_length(&out);
		assert_true(length <= room);
		for (size_t i = 0; i < length; i++)
			assert_int_equal(buffer[i], i + 1);
		for (size_t i = length; i < sizeof(buffer); i++)
			assert_int_equal(buffer[i], 0xee);
	}
}

static void a_short_read_is_sticky(void **state) {
	const uint8_t bytes[] = {1, 2, 3};
	(void)state;

	struct reader in = reader_of(bytes, sizeof(bytes));
	assert_int_equal(read_u32(&in), 0);
	assert_true(in.short_read);
	// Three bytes were left, but what they mean is no longer known.
	assert_int_equal(read_u8(&in), 0);
	assert_true(in.short_read);
}

static void a_part_cannot_be_read_past_its_end(void **state) {
	const uint8_t bytes[] = {2, 10, 11, 12};
	(void)state;

	struct reader in = reader_of(bytes, sizeof(bytes));
	struct reader part = read_part(&in, read_u8(&in));
	assert_int_equal(reader_left(&part), 2);
	assert_int_equal(read_u16(&part), 0x0a0b);
	assert_int_equal(read_u8(&part), 0);
	assert_true(part.short_read);
	assert_false(in.short_read);
	assert_int_equal(read_u8(&in), 12);
}

static void a_part_longer_than_the_whole_is_empty_and_short(void **state) {
	const uint8_t bytes[] = {1, 2};
	(void)state;

	struct reader in = reader_of(bytes, sizeof(bytes));
	struct reader part = read_part(&in, 3);
	assert_true(part.short_read);
	assert_true(in.short_read);
	assert_int_equal(reader_left(&part), 0);
}

static void a_part_whose_length_could_not_be_read_is_short(void **state) {
	const uint8_t bytes[] = {1};
	(void)state;

	struct reader in = reader_of(bytes, sizeof(bytes));
	struct reader part = read_part(&in, read_u16(&in));
	assert_true(part.short_read);
	assert_int_equal(reader_left(&part), 0);
}

static void nothing_can_be_read_from_nothing(void **state) {
	(void)state;

	struct reader in = reader_of(NULL, 0);
	struct reader part = read_part(&in, 0);
	assert_false(in.short_read);
	assert_false(part.short_read);
	read_bytes(&in, NULL, 0);
	read_skip(&in, 0);
	assert_false(in.short_read);
	assert_null(read_view(&in, 1));
	assert_true(in.short_read);
}

static void a_view_is_in_place_and_a_skip_moves_on(void **state) {
	const uint8_t bytes[] = {1, 2, 3, 4};
	(void)state;

	struct reader in = reader_of(bytes, sizeof(bytes));
	read_skip(&in, 1);
	assert_ptr_equal(read_view(&in, 2), bytes + 1);
	assert_int_equal(read_u8(&in), 4);
	assert_false(in.short_read);
	read_skip(&in, SIZE_MAX);
	assert_true(in.short_read);
}

static void a_gap_is_zero_and_can_be_filled_in_later(void **state) {
	uint8_t buffer[6];
	(void)state;

	memset(buffer, 0xee, sizeof(buffer));
	struct writer out = writer_of(buffer, sizeof(buffer));
	write_u8(&out, 1);
	uint8_t *length_at = write_gap(&out, 2);
	assert_memory_equal(length_at, "\0\0", 2);
	write_u16(&out, 0xaabb);
	put_u16(length_at, (uint16_t)writer_length(&out));
	assert_memory_equal(buffer, "\1\0\5\xaa\xbb\xee", 6);
	assert_null(write_gap(&out, 2));
	assert_true(out.overflow);
	write_u8(&out, 9);
	assert_int_equal(writer_length(&out), 5);
}

static void put_and_get_are_inverse(void **state) {
	uint8_t bytes[8];
	(void)state;

	put_u64(bytes, UINT64_C(0xfedcba9876543210));
	assert_memory_equal(bytes, "\xfe\xdc\xba\x98\x76\x54\x32\x10", 8);
	assert_true(get_u64(bytes) == UINT64_C(0xfedcba9876543210));
	assert_int_equal(get_u32(bytes), 0xfedcba98);
	assert_int_equal(get_u16(bytes + 6), 0x3210);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_in_network_order_and_read_back),
		cmocka_unit_test(a_read_cut_at_any_byte_is_noticed),
		cmocka_unit_test(a_write_cut_at_any_byte_is_noticed_and_stays_inside),
		cmocka_unit_test(a_short_read_is_sticky),
		cmocka_unit_test(a_part_cannot_be_read_past_its_end),
		cmocka_unit_test(a_part_longer_than_the_whole_is_empty_and_short),
		cmocka_unit_test(a_part_whose_length_could_not_be_read_is_short),
		cmocka_unit_test(nothing_can_be_read_from_nothing),
		cmocka_unit_test(a_view_is_in_place_and_a_skip_moves_on),
		cmocka_unit_test(a_gap_is_zero_and_can_be_filled_in_later),
		cmocka_unit_test(put_and_get_are_inverse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
