// The reader under any order of reads: the first half of the input says which, the second is read.
// Whatever is asked, a reader never leaves its bytes, and once short it stays short and empty.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

// One read that `order` picks, of `length` bytes where a read has a length.
static void read_something(struct reader *in, uint8_t order, size_t length) {
	uint8_t copy[256];

	switch (order % 8) {
	case 0:
		(void)read_u8(in);
		break;
	case 1:
		(void)read_u16(in);
		break;
	case 2:
		(void)read_u32(in);
		break;
	case 3:
		(void)read_u64(in);
		break;
	case 4:
		memset(copy, 0xff, sizeof(copy));
		read_bytes(in, copy, length);
		assert(!in->short_read || length == 0 || (copy[0] == 0 && copy[length - 1] == 0));
		break;
	case 5:
		assert(read_view(in, length) || in->short_read || length == 0);
		break;
	case 6:
		read_skip(in, length);
		break;
	case 7:
		*in = read_part(in, length);
		assert(in->short_read || reader_left(in) == length);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	size_t half = size_bytes / 2;
	struct reader orders = reader_of(data, half);
	struct reader in = reader_of(data + half, size_bytes - half);

	while (reader_left(&orders) > 0) {
		bool was_short = in.short_read;
		size_t left = reader_left(&in);
		uint8_t order = read_u8(&orders);
		read_something(&in, order, order / 8);
		assert(in.short_read || !was_short);
		assert(reader_left(&in) <= left);
		assert(!in.short_read || reader_left(&in) == 0);
	}
	return 0;
}
