#include "live/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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
	struct batch_item reads[READS];
};

// False where the kernel has no io_uring for us.
static bool setup(struct bench *bench) {
	*bench = (struct bench){.batch = batch_new()};
	if (bench->batch == NULL)
		return false;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, bench->ends), 0);
	for (size_t i = 0; i < READS; i++)
		bench->reads[i] =
			(struct batch_item){.fd = bench->ends[0], .bytes = bench->bytes[i], .length = ROOM};
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
	batch_read(bench.batch, bench.reads, READS);
	assert_int_equal(bench.reads[0].done, 3);
	assert_memory_equal(bench.bytes[0], "one", 3);
	assert_int_equal(bench.reads[1].done, 5);
	assert_memory_equal(bench.bytes[1], "three", 5);
	assert_int_equal(bench.reads[2].done, 7);
	assert_memory_equal(bench.bytes[2], "fifteen", 7);
	for (size_t i = 3; i < READS; i++)
		assert_int_equal(bench.reads[i].done, -EAGAIN);
	teardown(&bench);
}

static void what_comes_later_is_not_taken_by_an_earlier_batch(void **state) {
	struct bench bench;
	(void)state;
	if (!setup(&bench))
		skip();
	batch_read(bench.batch, bench.reads, READS);
	assert_int_equal(bench.reads[0].done, -EAGAIN);
	put(&bench, "late");
	assert_string_equal(bench.bytes[0], "");
	batch_read(bench.batch, bench.reads, 1);
	assert_int_equal(bench.reads[0].done, 4);
	assert_memory_equal(bench.bytes[0], "late", 4);
	teardown(&bench);
}

static void a_closed_descriptor_is_the_callers_mistake_to_see(void **state) {
	struct bench bench;
	(void)state;
	if (!setup(&bench))
		skip();
	bench.reads[0].fd = -1;
	batch_read(bench.batch, bench.reads, 1);
	assert_int_equal(bench.reads[0].done, -EBADF);
	teardown(&bench);
}

static void writes_are_done_in_order_and_each_tells_what_became_of_it(void **state) {
	struct bench bench;
	(void)state;
	if (!setup(&bench))
		skip();
	struct batch_item writes[] = {
		{.fd = bench.ends[1], .bytes = "one", .length = 3},
		{.fd = -1, .bytes = "lost", .length = 4},
		{.fd = bench.ends[1], .bytes = "fifteen", .length = 7},
	};
	batch_write(bench.batch, writes, 3);
	assert_int_equal(writes[0].done, 3);
	assert_int_equal(writes[1].done, -EBADF);
	assert_int_equal(writes[2].done, 7);
	batch_read(bench.batch, bench.reads, READS);
	assert_memory_equal(bench.bytes[0], "one", 3);
	assert_memory_equal(bench.bytes[1], "fifteen", 7);
	assert_int_equal(bench.reads[2].done, -EAGAIN);
	teardown(&bench);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_comes_in_order_and_the_rest_is_told_at_once),
		cmocka_unit_test(what_comes_later_is_not_taken_by_an_earlier_batch),
		cmocka_unit_test(a_closed_descriptor_is_the_callers_mistake_to_see),
		cmocka_unit_test(writes_are_done_in_order_and_each_tells_what_became_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
