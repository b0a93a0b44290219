#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/random.h"

// Worked out by hand from the definition of xoshiro256**.
static void the_generator_is_xoshiro256_starstar(void **state) {
	const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240};
	struct random random = {{1, 2, 3, 4}};
	(void)state;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_true(random_u64(&random) == expected[i]);
}

static void a_stream_is_its_seed_owner_and_purpose(void **state) {
	struct random streams[5];
	(void)state;

	random_init(&streams[0], 1, "ce1", "loss");
	random_init(&streams[1], 1, "ce1", "loss");
	random_init(&streams[2], 2, "ce1", "loss");
	random_init(&streams[3], 1, "ce2", "loss");
	random_init(&streams[4], 1, "ce1", "jitter");
	assert_memory_equal(&streams[0], &streams[1], sizeof(streams[0]));
	for (size_t i = 2; i < 5; i++)
		assert_memory_not_equal(&streams[0], &streams[i], sizeof(streams[0]));
}

static void a_bound_is_kept_and_every_value_appears(void **state) {
	const uint64_t bounds[] = {1, 2, 3, 10, 255};
	(void)state;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		struct random random;
		unsigned seen[256] = {0};
		random_init(&random, 7, "test", "bound");
		for (int draw = 0; draw < 20000; draw++) {
			uint64_t value = random_below(&random, bounds[i]);
			assert_true(value < bounds[i]);
			seen[value]++;
		}
		for (uint64_t value = 0; value < bounds[i]; value++)
			assert_in_range(seen[value], 20000 / bounds[i] / 2, 20000 / bounds[i] * 2);
	}
}

static void a_bound_above_half_the_range_is_not_biased(void **state) {
	// Plain modulo would put two thirds of the draws below half of this bound.
	const uint64_t bound = UINT64_C(3) << 62;
	struct random random;
	unsigned below_half = 0;
	(void)state;

	random_init(&random, 3, "test", "bias");
	for (int draw = 0; draw < 10000; draw++)
		below_half += random_below(&random, bound) < bound / 3;
	assert_in_range(below_half, 3100, 3570);
}

static void chance_is_none_all_or_about_right(void **state) {
	struct random random;
	int hits = 0;
	(void)state;

	random_init(&random, 9, "test", "chance");
	for (int i = 0; i < 10000; i++) {
		assert_false(random_chance(&random, 0));
		assert_true(random_chance(&random, 1000000));
		hits += random_chance(&random, 250000);
	}
	assert_in_range(hits, 2300, 2700);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_generator_is_xoshiro256_starstar),
		cmocka_unit_test(a_stream_is_its_seed_owner_and_purpose),
		cmocka_unit_test(a_bound_is_kept_and_every_value_appears),
		cmocka_unit_test(a_bound_above_half_the_range_is_not_biased),
		cmocka_unit_test(chance_is_none_all_or_about_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
