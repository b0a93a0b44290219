#include "base/wire.h"

#include <string.h>

uint64_t read_u64(struct reader *in) {
	const uint8_t *at = read_view(in, 8);

	return at ? get_u64(at) : 0;
}

void read_bytes(struct reader *in, void *out, size_t length) {
	const uint8_t *at = read_view(in, length);

	if (length == 0)
		return;
	if (at)
		memcpy(out, at, length);
	else
		memset(out, 0, length);
}

struct reader read_part(struct reader *in, size_t length) {
	const uint8_t *at = read_view(in, length);

	// A part of a reader that was short before is short too: its length was not read truly.
	if (in->short_read)
		return (struct reader){in->end, in->end, true};
	return (struct reader){at, in->at, false};
}

size_t writer_length(const struct writer *out) {
	return (size_t)(out->at - out->start);
}

// After an overflow nothing more is written: what is there is a prefix of the whole.
static uint8_t *writer_take(struct writer *out, size_t length) {
	uint8_t *at = out->at;

	if (out->overflow || length > (size_t)(out->end - out->at)) {
		out->overflow = true;
		return NULL;
	}
	out->at += length;
	return at;
}

void write_u8(struct writer *out, uint8_t value) {
	uint8_t *at = writer_take(out, 1);

	if (at)
		*at = value;
}

void write_u16(struct writer *out, uint16_t value) {
	uint8_t *at = writer_take(out, 2);

	if (at)
		put_u16(at, value);
}

void write_u32(struct writer *out, uint32_t value) {
	uint8_t *at = writer_take(out, 4);

	if (at)
		put_u32(at, value);
}

void write_u64(struct writer *out, uint64_t value) {
	uint8_t *at = writer_take(out, 8);

	if (at)
		put_u64(at, value);
}

void write_bytes(struct writer *out, const void *bytes, size_t length) {
	uint8_t *at = writer_take(out, length);

	if (at && length > 0)
		memcpy(at, bytes, length);
}

uint8_t *write_gap(struct writer *out, size_t length) {
	uint8_t *at = writer_take(out, length);

	if (at && length > 0)
		memset(at, 0, length);
	return at;
}
