// Wire data, read and written in network order.
//
// A reader has a sticky error: a short read gives zero and sets `short_read`, checked once at the
// end. A nested part is a reader of its own, so a false length can't reach outside it. Write one
// read per statement: C does not order an initialiser's expressions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool short_read;
};

static inline struct reader reader_of(const void *bytes, size_t length) {
	const uint8_t *at = bytes;
	return (struct reader){at, at + length, false};
}

static inline size_t reader_left(const struct reader *in) {
	return (size_t)(in->end - in->at);
}

// The next `length` bytes in place; NULL on a short read. Nothing is left for later reads then, so
// that no field is taken from the wrong place.
static inline const uint8_t *read_view(struct reader *in, size_t length) {
	const uint8_t *at = in->at;
	if (__builtin_expect(length > reader_left(in), 0)) {
		in->at = in->end;
		in->short_read = true;
		return NULL;
	}
	in->at += length;
	return at;
}

uint64_t read_u64(struct reader *in);
// Copies `length` bytes; zeroes `out` on a short read.
void read_bytes(struct reader *in, void *out, size_t length);
// A reader over the next `length` bytes; empty and short_read when there are fewer.
struct reader read_part(struct reader *in, size_t length);

// Writes into a caller's buffer. What does not fit sets `overflow` and is dropped.
struct writer {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
	bool overflow;
};

static inline struct writer writer_of(void *bytes, size_t room) {
	uint8_t *at = bytes;
	return (struct writer){at, at, at + room, false};
}

size_t writer_length(const struct writer *out);
void write_u8(struct writer *out, uint8_t value);
void write_u16(struct writer *out, uint16_t value);
void write_u32(struct writer *out, uint32_t value);
void write_u64(struct writer *out, uint64_t value);
void write_bytes(struct writer *out, const void *bytes, size_t length);
// Leaves `length` zero bytes and returns where they are (NULL on overflow), to be filled in later.
uint8_t *write_gap(struct writer *out, size_t length);

static inline void put_u16(uint8_t *at, uint16_t value) {
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put_u32(uint8_t *at, uint32_t value) {
	put_u16(at, (uint16_t)(value >> 16));
	put_u16(at + 2, (uint16_t)value);
}

static inline void put_u64(uint8_t *at, uint64_t value) {
	put_u32(at, (uint32_t)(value >> 32));
	put_u32(at + 4, (uint32_t)value);
}

static inline uint16_t get_u16(const uint8_t *at) {
	return (uint16_t)((at[0] << 8) | at[1]);
}

static inline uint32_t get_u32(const uint8_t *at) {
	return ((uint32_t)get_u16(at) << 16) | get_u16(at + 2);
}

static inline uint64_t get_u64(const uint8_t *at) {
	return ((uint64_t)get_u32(at) << 32) | get_u32(at + 4);
}

static inline uint8_t read_u8(struct reader *in) {
	const uint8_t *at = read_view(in, 1);
	return at != NULL ? *at : 0;
}

static inline uint16_t read_u16(struct reader *in) {
	const uint8_t *at = read_view(in, 2);
	return at != NULL ? get_u16(at) : 0;
}

static inline uint32_t read_u32(struct reader *in) {
	const uint8_t *at = read_view(in, 4);
	return at != NULL ? get_u32(at) : 0;
}

static inline void read_skip(struct reader *in, size_t length) {
	(void)read_view(in, length);
}
