#include "base/random.h"

#include "base/assert.h"
#include "base/digest.h"

#define MILLION 1000000

// SplitMix64 (Steele, Lea, Flood 2014): the seeding its authors advise for xoshiro, since it never
// yields four zeros in a row.
static uint64_t splitmix_next(uint64_t *state) {
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t value, int bits) {
	return (value << bits) | (value >> (64 - bits));
}

void random_init(struct random *random, uint64_t seed, const char *owner, const char *purpose) {
	struct digest digest;

	digest_init(&digest);
	digest_add_u64(&digest, seed);
	digest_add_text(&digest, owner);
	digest_add_text(&digest, purpose);
	for (int i = 0; i < 4; i++)
		random->state[i] = splitmix_next(&digest.value);
}

// xoshiro256** 1.0 (Blackman, Vigna 2018).
uint64_t random_u64(struct random *random) {
	uint64_t *s = random->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t random_below(struct random *random, uint64_t bound) {
	assert(bound > 0);
	// 2^64 mod bound: the draws below it would make small results likelier than others. Fewer than
	// half of all draws fall there, so the loop ends as surely as a coin shows heads.
	uint64_t uneven = (0 - bound) % bound;
	uint64_t draw = random_u64(random);
	while (draw < uneven)
		draw = random_u64(random);
	return draw % bound;
}

int random_chance(struct random *random, uint32_t millionths) {
	return random_below(random, MILLION) < millionths;
}
