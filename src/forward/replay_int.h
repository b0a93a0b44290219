// The receiver's window of ESP sequence numbers (RFC 4303 3.4.3), 64 bits wide: which were seen
// among the latest, and what the high half of a packet's number is (RFC 4303 appendix A).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "forward/tunnel.h"

// A ring of words as in RFC 6479, twice the window so that a word is only cleared when no bit of it
// lies in the window.
#define REPLAY_WORDS (2 * ESP_WINDOW_PACKETS / 64)

// Zero-initialised: nothing received; the first number is 1.
struct replay {
	uint64_t top; // the highest number accepted
	uint64_t seen[REPLAY_WORDS];
};

// The whole number of a packet that carries its `low` half. 0, which no packet has, when it could
// only lie before the first.
uint64_t replay_infer(const struct replay *replay, uint32_t low);
// Not seen yet and not too old. Before the integrity check.
bool replay_is_new(const struct replay *replay, uint64_t number);
// Marks it; only after the integrity check, or anyone could move the window.
void replay_accept(struct replay *replay, uint64_t number);
