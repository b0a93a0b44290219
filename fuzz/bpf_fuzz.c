// Any filter program over any packet: one that passes the check ends and reads nothing outside the
// packet. The input's first byte is the number of steps, then eight bytes each, then the packet.

#include <string.h>

#include "base/assert.h"
#include "base/wire.h"
#include "net/bpf.h"

#define STEPS_MAX 255

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	static struct bpf_step steps[STEPS_MAX];
	struct reader in = reader_of(data, size_bytes);
	struct bpf_filter program = {steps, read_u8(&in)};
	for (size_t i = 0; i < program.count; i++) {
		steps[i].code = read_u16(&in);
		steps[i].if_true = read_u8(&in);
		steps[i].if_false = read_u8(&in);
		steps[i].k = read_u32(&in);
	}
	if (in.short_read || bpf_check(&program) < 0)
		return 0;
	size_t left = reader_left(&in);
	uint32_t whole = (uint32_t)left;
	struct bpf_packet packet = {in.at, whole, whole};
	uint32_t wanted = bpf_run(&program, &packet);
	// The same program gives the same answer: nothing is left over between runs.
	assert(bpf_run(&program, &packet) == wanted);
	return 0;
}
