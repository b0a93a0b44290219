#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "live/clock_epoll.h"
#include "loop/loop.h"

// A loop that first ran on the virtual clock, up to 5 s, and goes on in real time.
struct bench {
	struct clock clock;
	struct loop *loop;
	struct clock_epoll *epoll;
	struct timer timer;
	struct source source;
	struct busy_source busy;
	int ends[2];
	unsigned fired, woken, tried;
	instant when;
};

static void note_fired(struct timer *timer, void *owner) {
	struct bench *bench = owner;
	(void)timer;
	bench->fired++;
	bench->when = loop_now(bench->loop);
}

static void note_woken(void *owner, uint32_t events) {
	struct bench *bench = owner;
	char byte;
	(void)events;
	bench->tried++;
	if (read(bench->ends[0], &byte, 1) != 1)
		return;
	bench->woken++;
	bench->when = loop_now(bench->loop);
}

static void setup(struct bench *bench) {
	*bench = (struct bench){0};
	clock_init_virtual(&bench->clock);
	bench->loop = loop_new(&bench->clock, 1);
	loop_run_until(bench->loop, (instant){5 * SECOND_NS});
	bench->epoll = clock_epoll_new(&bench->clock);
	timer_init(&bench->timer, TIMER_WORK, note_fired, bench);
	assert_int_equal(pipe2(bench->ends, O_NONBLOCK), 0);
	bench->source = (struct source){bench->ends[0], note_woken, bench};
	bench->busy = (struct busy_source){.source = &bench->source, .events = EPOLLIN};
	assert_int_equal(clock_epoll_add(bench->epoll, &bench->source, EPOLLIN), 0);
}

static void teardown(struct bench *bench) {
	clock_epoll_free(bench->epoll);
	loop_free(bench->loop);
	close(bench->ends[0]);
	close(bench->ends[1]);
}

static void real_time_goes_on_where_virtual_time_stood(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	timer_start(bench.loop, &bench.timer, 2 * MS_NS);
	while (bench.fired == 0)
		loop_step(bench.loop, INSTANT_NEVER);
	assert_true(bench.when.ns >= 5 * SECOND_NS + 2 * MS_NS);
	assert_true(bench.when.ns < 8 * SECOND_NS);
	teardown(&bench);
}

static void what_comes_in_ends_the_wait_and_is_told_at_the_right_time(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	timer_start(bench.loop, &bench.timer, 3600 * SECOND_NS);
	assert_int_equal(write(bench.ends[1], "x", 1), 1);
	while (bench.woken == 0)
		loop_step(bench.loop, INSTANT_NEVER);
	assert_int_equal(bench.fired, 0);
	assert_true(bench.when.ns > 5 * SECOND_NS);
	teardown(&bench);
}

static void a_source_that_was_removed_is_told_nothing(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	assert_int_equal(write(bench.ends[1], "x", 1), 1);
	clock_epoll_remove(bench.epoll, &bench.source);
	timer_start(bench.loop, &bench.timer, MS_NS);
	while (bench.fired == 0)
		loop_step(bench.loop, INSTANT_NEVER);
	assert_int_equal(bench.woken, 0);
	teardown(&bench);
}

static void a_busy_source_is_tried_for_a_while_and_then_waited_for(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	clock_epoll_note_traffic(bench.epoll, &bench.busy);
	timer_start(bench.loop, &bench.timer, 20 * MS_NS);
	while (bench.fired == 0)
		loop_step(bench.loop, INSTANT_NEVER);
	assert_true(bench.tried > 0);
	assert_false(bench.busy.is_busy);
	unsigned tried = bench.tried;
	timer_start(bench.loop, &bench.timer, 20 * MS_NS);
	while (bench.fired == 1)
		loop_step(bench.loop, INSTANT_NEVER);
	assert_int_equal(bench.tried, tried);
	assert_int_equal(write(bench.ends[1], "x", 1), 1);
	while (bench.woken == 0)
		loop_step(bench.loop, INSTANT_NEVER);
	teardown(&bench);
}

static void a_busy_source_that_was_removed_is_told_nothing(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	clock_epoll_note_traffic(bench.epoll, &bench.busy);
	clock_epoll_remove(bench.epoll, &bench.source);
	assert_int_equal(write(bench.ends[1], "x", 1), 1);
	timer_start(bench.loop, &bench.timer, MS_NS);
	while (bench.fired == 0)
		loop_step(bench.loop, INSTANT_NEVER);
	assert_int_equal(bench.tried, 0);
	// And may come back.
	assert_int_equal(clock_epoll_add(bench.epoll, &bench.source, EPOLLIN), 0);
	while (bench.woken == 0)
		loop_step(bench.loop, INSTANT_NEVER);
	teardown(&bench);
}

static void a_clock_given_back_stands_still(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	loop_run_until(bench.loop, instant_add(loop_now(bench.loop), MS_NS));
	instant then = loop_now(bench.loop);
	clock_epoll_free(bench.epoll);
	bench.epoll = NULL;
	usleep(2000);
	assert_false(loop_step(bench.loop, INSTANT_NEVER));
	assert_int_equal(loop_now(bench.loop).ns, then.ns);
	teardown(&bench);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_time_goes_on_where_virtual_time_stood),
		cmocka_unit_test(what_comes_in_ends_the_wait_and_is_told_at_the_right_time),
		cmocka_unit_test(a_source_that_was_removed_is_told_nothing),
		cmocka_unit_test(a_busy_source_is_tried_for_a_while_and_then_waited_for),
		cmocka_unit_test(a_busy_source_that_was_removed_is_told_nothing),
		cmocka_unit_test(a_clock_given_back_stands_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
