#include "live/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 16
#define READS 8

struct bench {
	struct batch *batch;
	int ends[2];
	char bytes[READS][ROOM];
	struct batch_read reads[READS];
};

// False where the kernel has no io_uring for us.
static bool setup(struct bench *bench) {
	*bench = (struct bench){.batch = batch_new()};
	if (bench->batch == NULL)
		return false;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, bench->ends), 0);
	for (size_t i = 0; i < READS; i++)
		bench->reads[i] = (struct batch_read){.bytes = bench->bytes[i], .room = ROOM};
	return true;
}

static void teardown(struct bench *bench) {
	batch_free(bench->batch);
	close(bench->ends[0]);
	close(bench->ends[1]);
}

static void put(struct bench *bench, const char *text) {
	assert_int_equal(send(bench->ends[1], text, strlen(text), 0), strlen(text));
}

static void what_is_there_comes_in_order_and_the_rest_is_told_at_once(void **state) {
	struct bench bench;
	(void)state;
	if (!setup(&bench))
		skip();
	put(&bench, "one");
	put(&bench, "three");
	put(&bench, "fifteen");
	assert_true(batch_read(bench.batch, bench.ends[0], bench.reads, READS));
	assert_int_equal(bench.reads[0].got, 3);
	assert_memory_equal(bench.bytes[0], "one", 3);
	assert_int_equal(bench.reads[1].got, 5);
	assert_memory_equal(bench.bytes[1], "three", 5);
	assert_int_equal(bench.reads[2].got, 7);
	assert_memory_equal(bench.bytes[2], "fifteen", 7);
	for (size_t i = 3; i < READS; i++)
		assert_int_equal(bench.reads[i].got, -EAGAIN);
	teardown(&bench);
}

static void what_comes_later_is_not_taken_by_an_earlier_batch(void **state) {
	struct bench bench;
	(void)state;
	if (!setup(&bench))
		skip();
	assert_true(batch_read(bench.batch, bench.ends[0], bench.reads, READS));
	assert_int_equal(bench.reads[0].got, -EAGAIN);
	put(&bench, "late");
	assert_string_equal(bench.bytes[0], "");
	assert_true(batch_read(bench.batch, bench.ends[0], bench.reads, 1));
	assert_int_equal(bench.reads[0].got, 4);
	assert_memory_equal(bench.bytes[0], "late", 4);
	teardown(&bench);
}

static void a_closed_descriptor_is_the_callers_mistake_to_see(void **state) {
	struct bench bench;
	(void)state;
	if (!setup(&bench))
		skip();
	assert_true(batch_read(bench.batch, -1, bench.reads, 1));
	assert_int_equal(bench.reads[0].got, -EBADF);
	teardown(&bench);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_comes_in_order_and_the_rest_is_told_at_once),
		cmocka_unit_test(what_comes_later_is_not_taken_by_an_earlier_batch),
		cmocka_unit_test(a_closed_descriptor_is_the_callers_mistake_to_see),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
