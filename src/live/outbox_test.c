#include "live/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

// Every frame is a letter, and every device the same pipe.
struct bench {
	struct clock clock;
	struct loop *loop;
	struct packet_pool *pool;
	struct batch *batch;
	struct outbox *outbox;
	int ends[2];
	uint64_t refused;
};

// False where the kernel has no io_uring for us.
static bool setup(struct bench *bench) {
	*bench = (struct bench){.batch = batch_new()};
	if (bench->batch == NULL)
		return false;
	clock_init_virtual(&bench->clock);
	bench->loop = loop_new(&bench->clock, 1);
	bench->pool = packet_pool_new();
	bench->outbox = outbox_new(bench->loop, bench->pool, bench->batch);
	assert_int_equal(pipe2(bench->ends, O_NONBLOCK), 0);
	return true;
}

static void teardown(struct bench *bench) {
	outbox_free(bench->outbox);
	batch_free(bench->batch);
	packet_pool_free(bench->pool);
	loop_free(bench->loop);
	close(bench->ends[0]);
	close(bench->ends[1]);
}

static void put(struct bench *bench, int fd, char letter) {
	struct packet *packet = packet_get(bench->pool);
	const struct outbox_frame frame = {fd, packet_data(packet), 1, &bench->refused};
	packet_data(packet)[0] = (uint8_t)letter;
	outbox_put(bench->outbox, &frame, packet);
}

// What has come out until now.
static const char *taken(struct bench *bench, char text[2 * BATCH_MAX]) {
	ssize_t count = read(bench->ends[0], text, 2 * BATCH_MAX - 1);
	text[count > 0 ? count : 0] = '\0';
	return text;
}

static void the_first_frame_of_an_instant_goes_at_once_the_others_at_its_end(void **state) {
	struct bench bench;
	char text[2 * BATCH_MAX];
	(void)state;
	if (!setup(&bench))
		skip();
	put(&bench, bench.ends[1], 'a');
	assert_string_equal(taken(&bench, text), "a");
	put(&bench, bench.ends[1], 'b');
	put(&bench, bench.ends[1], 'c');
	assert_string_equal(taken(&bench, text), "");
	loop_run_until(bench.loop, loop_now(bench.loop));
	assert_string_equal(taken(&bench, text), "bc");
	put(&bench, bench.ends[1], 'd');
	assert_string_equal(taken(&bench, text), "");
	loop_run_until(bench.loop, instant_add(loop_now(bench.loop), 1));
	assert_string_equal(taken(&bench, text), "d");
	put(&bench, bench.ends[1], 'e');
	assert_string_equal(taken(&bench, text), "e");
	assert_int_equal(bench.refused, 0);
	teardown(&bench);
}

static void a_full_box_does_not_wait(void **state) {
	struct bench bench;
	char text[2 * BATCH_MAX];
	(void)state;
	if (!setup(&bench))
		skip();
	for (size_t i = 0; i < BATCH_MAX + 2; i++)
		put(&bench, bench.ends[1], 'x');
	assert_int_equal(strlen(taken(&bench, text)), BATCH_MAX + 1);
	outbox_flush(bench.outbox);
	assert_string_equal(taken(&bench, text), "x");
	teardown(&bench);
}

static void a_frame_that_a_device_refuses_is_counted_and_the_others_go_on(void **state) {
	struct bench bench;
	char text[2 * BATCH_MAX];
	(void)state;
	if (!setup(&bench))
		skip();
	put(&bench, bench.ends[1], '-');
	put(&bench, bench.ends[1], 'a');
	put(&bench, -1, 'b');
	put(&bench, bench.ends[1], 'c');
	outbox_flush(bench.outbox);
	assert_string_equal(taken(&bench, text), "-ac");
	assert_int_equal(bench.refused, 1);
	teardown(&bench);
}

static void what_is_left_at_the_end_is_written(void **state) {
	struct bench bench;
	char text[2 * BATCH_MAX];
	(void)state;
	if (!setup(&bench))
		skip();
	put(&bench, bench.ends[1], 'y');
	put(&bench, bench.ends[1], 'z');
	outbox_free(bench.outbox);
	bench.outbox = NULL;
	assert_string_equal(taken(&bench, text), "yz");
	teardown(&bench);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_frame_of_an_instant_goes_at_once_the_others_at_its_end),
		cmocka_unit_test(a_full_box_does_not_wait),
		cmocka_unit_test(a_frame_that_a_device_refuses_is_counted_and_the_others_go_on),
		cmocka_unit_test(what_is_left_at_the_end_is_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
