#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/bpf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t bytes[] = {0x45, 1, 2, 3, 4, 5, 6, 7, 0xff, 0xff, 0xff, 0xfe};

static uint32_t run(struct bpf_step *steps, size_t count) {
	struct bpf_filter program = {steps, count};
	struct bpf_packet packet = {bytes, sizeof(bytes), 100};
	assert_int_equal(bpf_check(&program), 0);
	return bpf_run(&program, &packet);
}

// One step that changes A, then A is returned.
static uint32_t value(uint32_t a, uint32_t x, struct bpf_step step) {
	struct bpf_step steps[] = {{0x01, 0, 0, x}, {0x00, 0, 0, a}, step, {0x16, 0, 0, 0}};
	return run(steps, COUNT(steps));
}

static void each_step_computes_what_it_says(void **state) {
	(void)state;
	static const struct {
		uint32_t a, x;
		struct bpf_step step;
		uint32_t expected;
	} cases[] = {
		{0, 0, {0x20, 0, 0, 1}, 0x01020304},   // ld [1]
		{0, 0, {0x28, 0, 0, 1}, 0x0102},       // ldh [1]
		{0, 0, {0x30, 0, 0, 4}, 4},            // ldb [4]
		{0, 2, {0x40, 0, 0, 1}, 0x03040506},   // ld [x + 1]
		{0, 2, {0x48, 0, 0, 1}, 0x0304},       // ldh [x + 1]
		{0, 2, {0x50, 0, 0, 1}, 3},            // ldb [x + 1]
		{0, 0, {0x80, 0, 0, 0}, 100},          // ld #pktlen: the whole one's
		{7, 0, {0x04, 0, 0, 3}, 10},           // add #3
		{7, 9, {0x1c, 0, 0, 0}, (uint32_t)-2}, // sub x
		{7, 3, {0x2c, 0, 0, 0}, 21},           // mul x
		{7, 0, {0x34, 0, 0, 2}, 3},            // div #2
		{7, 0, {0x94, 0, 0, 4}, 3},            // mod #4
		{5, 0, {0x44, 0, 0, 2}, 7},            // or #2
		{5, 0, {0x54, 0, 0, 4}, 4},            // and #4
		{5, 0, {0xa4, 0, 0, 4}, 1},            // xor #4
		{5, 0, {0x64, 0, 0, 4}, 80},           // lsh #4
		{80, 0, {0x74, 0, 0, 4}, 5},           // rsh #4
		{80, 40, {0x6c, 0, 0, 0}, 0},          // lsh x, by more than there are bits
		{80, 40, {0x7c, 0, 0, 0}, 0},          // rsh x
		{5, 0, {0x84, 0, 0, 0}, (uint32_t)-5}, // neg
		{5, 9, {0x87, 0, 0, 0}, 9},            // txa
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(value(cases[i].a, cases[i].x, cases[i].step), cases[i].expected);
}

static void words_keep_what_was_stored(void **state) {
	(void)state;
	struct bpf_step steps[] = {
		{0x00, 0, 0, 11}, // ld #11
		{0x02, 0, 0, 15}, // st M[15]
		{0xb1, 0, 0, 0},  // ldx 4 * ([0] & 0xf)
		{0x03, 0, 0, 0},  // stx M[0]
		{0x61, 0, 0, 15}, // ldx M[15]
		{0x60, 0, 0, 0},  // ld M[0]
		{0x0c, 0, 0, 0},  // add x
		{0x16, 0, 0, 0},  // ret a
	};
	assert_int_equal(run(steps, COUNT(steps)), 20 + 11);
}

static void jumps_go_where_they_should(void **state) {
	(void)state;
	static const struct {
		uint16_t code;
		uint32_t a, k;
		bool holds;
	} cases[] = {
		{0x15, 5, 5, true}, {0x15, 5, 6, false}, {0x25, 6, 5, true}, {0x25, 5, 5, false},
		{0x35, 5, 5, true}, {0x35, 4, 5, false}, {0x45, 6, 4, true}, {0x45, 6, 1, false},
		{0x25, 0xffffffff, 1, true}, // not signed
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bpf_step steps[] = {
			{0x00, 0, 0, cases[i].a},
			{cases[i].code, 1, 0, cases[i].k},
			{0x06, 0, 0, 1},
			{0x06, 0, 0, 2},
		};
		assert_int_equal(run(steps, COUNT(steps)), cases[i].holds ? 2 : 1);
	}
	struct bpf_step always[] = {{0x05, 0, 0, 1}, {0x06, 0, 0, 1}, {0x06, 0, 0, 2}};
	assert_int_equal(run(always, COUNT(always)), 2);
}

static void what_lies_behind_the_packet_ends_the_program(void **state) {
	(void)state;
	static const struct {
		uint32_t x;
		struct bpf_step step;
	} cases[] = {
		{0, {0x20, 0, 0, 9}},           // ld [9] of 12 bytes
		{0, {0x28, 0, 0, 11}},          // ldh [11]
		{0, {0x30, 0, 0, 12}},          // ldb [12]
		{0, {0x20, 0, 0, 0xffefffff}},  // far behind
		{0xfffffff0, {0x40, 0, 0, 20}}, // x + k wraps around
		{0, {0xb1, 0, 0, 12}},          // ldx 4 * ([12] & 0xf)
		{0, {0x3c, 0, 0, 0}},           // div x, x being 0
		{0, {0x9c, 0, 0, 0}},           // mod x
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(value(77, cases[i].x, cases[i].step), 0);
}

static void a_program_that_may_not_run_is_refused(void **state) {
	(void)state;
	static const struct bpf_step bad[] = {
		{0x05, 0, 0, 1},                  // ja behind the end
		{0x05, 0, 0, 0xffffffff},         // ja that wraps around
		{0x15, 1, 0, 0},                  // jeq behind the end
		{0x15, 0, 1, 0}, {0x55, 0, 0, 0}, // no such jump
		{0x60, 0, 0, 16}, {0x61, 0, 0, 16}, {0x02, 0, 0, 16}, {0x03, 0, 0, 16},
		{0x34, 0, 0, 0},                  // div #0
		{0x94, 0, 0, 0},                  // mod #0
		{0x64, 0, 0, 32},                 // lsh #32
		{0xb4, 0, 0, 0},                  // no such operation
		{0x21, 0, 0, 0},                  // ldx [0]
		{0xb0, 0, 0, 0},                  // ld 4 * ([0] & 0xf)
		{0x38, 0, 0, 0},                  // no such size
		{0x08, 0, 0, 0},                  // ldh #0
		{0xe0, 0, 0, 0}, {0x47, 0, 0, 0}, // no such transfer
		{0x100, 0, 0, 0},                 // no such class
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct bpf_step steps[] = {bad[i], {0x06, 0, 0, 0}};
		assert_int_equal(bpf_check(&(struct bpf_filter){steps, 2}), -EINVAL);
	}
	struct bpf_step no_end = {0x00, 0, 0, 0};
	assert_int_equal(bpf_check(&(struct bpf_filter){&no_end, 1}), -EINVAL);
	assert_int_equal(bpf_check(&(struct bpf_filter){&no_end, 0}), -EINVAL);
	static struct bpf_step many[BPF_STEPS_MAX + 1];
	many[BPF_STEPS_MAX - 1] = many[BPF_STEPS_MAX] = (struct bpf_step){0x06, 0, 0, 0};
	assert_int_equal(bpf_check(&(struct bpf_filter){many, BPF_STEPS_MAX}), 0);
	assert_int_equal(bpf_check(&(struct bpf_filter){many, BPF_STEPS_MAX + 1}), -EINVAL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_computes_what_it_says),
		cmocka_unit_test(words_keep_what_was_stored),
		cmocka_unit_test(jumps_go_where_they_should),
		cmocka_unit_test(what_lies_behind_the_packet_ends_the_program),
		cmocka_unit_test(a_program_that_may_not_run_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
