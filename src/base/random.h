// Seeded random numbers: one stream per owner and purpose, so that one consumer's draws never
// shift another's. xoshiro256** seeded through SplitMix64.
#pragma once

#include <stdint.h>

struct random {
	uint64_t state[4];
};

// The stream named `purpose` of `owner` in the run `seed`; the same three give the same stream.
void random_init(struct random *random, uint64_t seed, const char *owner, const char *purpose);
uint64_t random_u64(struct random *random);
// 0 .. bound - 1, without bias. bound > 0.
uint64_t random_below(struct random *random, uint64_t bound);
// True with probability `millionths` in a million.
int random_chance(struct random *random, uint32_t millionths);
