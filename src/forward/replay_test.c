#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "forward/replay_int.h"

#define W ESP_WINDOW_PACKETS

// What the high half is inferred to be, around every edge of RFC 4303 A2.2.
static void the_high_half_follows_the_window(void **state) {
	(void)state;
	const struct {
		uint64_t top;
		uint32_t low;
		uint64_t expected;
	} cases[] = {
		{0, 1, 1}, {0, 0x80000000, 0x80000000}, {W - 1, 0, 0},
		{W, 0, UINT64_C(0x100000000)}, // left of the window: the next block
		{W, 1, 1}, {UINT64_C(0xffffffff), 0, UINT64_C(0x100000000)},
		{UINT64_C(0xffffffff), 5, UINT64_C(0x100000005)},
		{UINT64_C(0xffffffff), 0xffffffff, UINT64_C(0xffffffff)},
		{UINT64_C(0xffffffff), 0xffffffff - (W - 1), UINT64_C(0xffffffff) - (W - 1)},
		{UINT64_C(0xffffffff), 0xffffffff - W, UINT64_C(0x1ffffffff) - W},
		{UINT64_C(0x100000000), 0xffffffff, UINT64_C(0xffffffff)}, // still in the window
		{UINT64_C(0x100000000), (uint32_t)(0 - (W - 1)), UINT64_C(0x100000000) - (W - 1)},
		{UINT64_C(0x100000000), (uint32_t)(0 - W), UINT64_C(0x200000000) - W},
		{UINT64_C(0x100000000), 7, UINT64_C(0x100000007)},
		{5, 0xfffffff0, 0}, // before the first packet
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replay replay = {.top = cases[i].top};
		uint64_t got = replay_infer(&replay, cases[i].low);
		if (got != cases[i].expected)
			fail_msg("case %zu: got %llx", i, (unsigned long long)got);
	}
}

static void a_number_passes_once_and_only_within_the_window(void **state) {
	(void)state;
	struct replay replay = {0};
	assert_false(replay_is_new(&replay, 0));
	assert_true(replay_is_new(&replay, 1));
	replay_accept(&replay, 1);
	assert_false(replay_is_new(&replay, 1));
	replay_accept(&replay, 5000);
	assert_true(replay_is_new(&replay, 5000 - W + 1));
	assert_false(replay_is_new(&replay, 5000 - W));
	replay_accept(&replay, 5000 - W + 1);
	assert_false(replay_is_new(&replay, 5000 - W + 1));
	assert_true(replay_is_new(&replay, 5000 - W + 2));
	assert_false(replay_is_new(&replay, 5000));
	assert_true(replay_is_new(&replay, 5001));
}

// Against a list of every number seen, with steps small, about the window's size, and far.
static void random_arrivals_agree_with_a_list(void **state) {
	(void)state;
	static uint8_t seen[200000];
	struct random random;
	print_message("seed 3\n");
	random_init(&random, 3, "replay", "test");
	for (int round = 0; round < 10; round++) {
		const uint64_t base = round % 2 == 0 ? 0 : UINT64_C(0xfffff000);
		struct replay replay = {.top = base};
		uint64_t top = 0;
		memset(seen, 0, sizeof(seen));
		seen[0] = 1;
		for (int i = 0; i < 20000; i++) {
			uint64_t reach = random_below(&random, 50) == 0 ? 3000 : 3;
			uint64_t back = random_below(&random, 3) == 0 ? random_below(&random, W + 20) : 0;
			uint64_t number = top + random_below(&random, reach);
			number = number > back ? number - back : 1;
			if (number >= sizeof(seen))
				break;
			bool is_expected = !seen[number] && (number > top || top - number < W);
			assert_int_equal(replay_is_new(&replay, base + number), is_expected);
			if (is_expected) {
				assert_true(replay_infer(&replay, (uint32_t)(base + number)) == base + number);
				replay_accept(&replay, base + number);
				seen[number] = 1;
				top = number > top ? number : top;
			}
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_high_half_follows_the_window),
		cmocka_unit_test(a_number_passes_once_and_only_within_the_window),
		cmocka_unit_test(random_arrivals_agree_with_a_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
