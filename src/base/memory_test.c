#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

static bool all_zero(const void *bytes, size_t length) {
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++)
		if (at[i] != 0)
			return false;
	return true;
}

static void arena_memory_is_zero_aligned_and_separate(void **state) {
	const size_t sizes[] = {1, 7, 16, 17, 1000, 1024, 1025, 5000, 3, 2000000, 1, 60000};
	const size_t count = sizeof(sizes) / sizeof(sizes[0]);
	struct arena *arena = arena_new();
	unsigned char *blocks[sizeof(sizes) / sizeof(sizes[0])];
	(void)state;

	for (size_t i = 0; i < count; i++) {
		blocks[i] = arena_alloc(arena, sizes[i]);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		assert_true(all_zero(blocks[i], sizes[i]));
		memset(blocks[i], (int)i + 1, sizes[i]);
	}
	// What was written to one block is still there after all the others were written.
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(blocks[i][j], i + 1);
	arena_free(arena);
}

static void many_small_objects_keep_their_values(void **state) {
	enum { OBJECTS = 20000 };
	struct arena *arena = arena_new();
	int **objects = ARENA_ARRAY(arena, int *, OBJECTS);
	(void)state;

	for (int i = 0; i < OBJECTS; i++) {
		objects[i] = ARENA_NEW(arena, int);
		assert_int_equal(*objects[i], 0);
		*objects[i] = i;
	}
	for (int i = 0; i < OBJECTS; i++)
		assert_int_equal(*objects[i], i);
	assert_true(arena_used_bytes(arena) >= OBJECTS * (sizeof(int) + sizeof(int *)));
	arena_free(arena);
}

static void empty_objects_have_addresses_of_their_own(void **state) {
	struct arena *arena = arena_new();
	(void)state;

	void *first = arena_alloc(arena, 0);
	void *second = arena_alloc(arena, 0);
	assert_non_null(first);
	assert_ptr_not_equal(first, second);
	arena_free(arena);
}

static void arena_text_is_copied_and_terminated(void **state) {
	struct arena *arena = arena_new();
	char source[] = "gateway";
	(void)state;

	char *whole = arena_strdup(arena, source);
	char *part = arena_strndup(arena, source, 4);
	char *longer = arena_strndup(arena, source, 100);
	char *printed = arena_printf(arena, "%s#%d", source, 2);
	source[0] = 'X';
	assert_string_equal(whole, "gateway");
	assert_string_equal(part, "gate");
	assert_string_equal(longer, "gateway");
	assert_string_equal(printed, "gateway#2");
	arena_free(arena);
}

static void freeing_no_arena_does_nothing(void **state) {
	(void)state;
	arena_free(NULL);
}

static void heap_memory_is_zero_and_survives_growing(void **state) {
	(void)state;

	unsigned char *bytes = memory_alloc(100);
	assert_true(all_zero(bytes, 100));
	memset(bytes, 7, 100);
	bytes = memory_realloc(bytes, 10000);
	assert_int_equal(bytes[0], 7);
	assert_int_equal(bytes[99], 7);
	free(bytes);
	void *empty = memory_alloc(0);
	assert_non_null(empty);
	free(empty);
	char *copy = memory_strdup("msee");
	assert_string_equal(copy, "msee");
	free(copy);
}

struct numbers {
	int *items;
	size_t count;
	size_t room;
};

static void a_pushed_array_holds_all_in_order(void **state) {
	struct numbers numbers = {0};
	(void)state;

	for (int i = 0; i < 1000; i++)
		ARRAY_PUSH(&numbers, i * 3);
	assert_int_equal(numbers.count, 1000);
	assert_true(numbers.room >= 1000 && numbers.room < 2048);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(numbers.items[i], i * 3);
	free(numbers.items);
}

static void multiply_too_much(void) {
	memory_product(SIZE_MAX / 2, 3);
}

static void ask_for_too_much(void) {
	arena_alloc(arena_new(), SIZE_MAX - 4);
}

static void what_cannot_be_had_aborts(void **state) {
	void (*const attempts[])(void) = {multiply_too_much, ask_for_too_much};
	(void)state;

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int status;
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(STDERR_FILENO);
			signal(SIGABRT, SIG_DFL);
			attempts[i]();
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

static void products_that_fit_are_exact(void **state) {
	(void)state;
	assert_true(memory_product(SIZE_MAX / 2, 2) == SIZE_MAX - 1);
	assert_true(memory_product(0, SIZE_MAX) == 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_memory_is_zero_aligned_and_separate),
		cmocka_unit_test(many_small_objects_keep_their_values),
		cmocka_unit_test(empty_objects_have_addresses_of_their_own),
		cmocka_unit_test(arena_text_is_copied_and_terminated),
		cmocka_unit_test(freeing_no_arena_does_nothing),
		cmocka_unit_test(heap_memory_is_zero_and_survives_growing),
		cmocka_unit_test(a_pushed_array_holds_all_in_order),
		cmocka_unit_test(what_cannot_be_had_aborts),
		cmocka_unit_test(products_that_fit_are_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
