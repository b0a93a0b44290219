#include "forward/replay_int.h"

// RFC 4303 A2.2. With T the top and W the window: when the window lies in one 2^32 block, a low
// half below its lower edge belongs to the next block; when it spans two, one at or above the edge
// belongs to the block before.
uint64_t replay_infer(const struct replay *replay, uint32_t low) {
	uint32_t top_low = (uint32_t)replay->top;
	uint64_t block = replay->top >> 32;
	uint32_t edge = top_low - (ESP_WINDOW_PACKETS - 1); // modulo 2^32
	if (top_low >= ESP_WINDOW_PACKETS - 1) {
		if (low < edge)
			block++;
	} else if (low >= edge) {
		if (block == 0)
			return 0;
		block--;
	}
	return block << 32 | low;
}

bool replay_is_new(const struct replay *replay, uint64_t number) {
	if (number == 0)
		return false;
	if (number > replay->top)
		return true;
	if (replay->top - number >= ESP_WINDOW_PACKETS)
		return false;
	return (replay->seen[number / 64 % REPLAY_WORDS] >> number % 64 & 1) == 0;
}

void replay_accept(struct replay *replay, uint64_t number) {
	if (number > replay->top) {
		uint64_t words = number / 64 - replay->top / 64;
		if (words > REPLAY_WORDS)
			words = REPLAY_WORDS;
		for (uint64_t i = 0; i < words; i++)
			replay->seen[(number / 64 - i) % REPLAY_WORDS] = 0;
		replay->top = number;
	}
	replay->seen[number / 64 % REPLAY_WORDS] |= UINT64_C(1) << number % 64;
}
