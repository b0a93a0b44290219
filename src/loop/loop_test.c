#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/random.h"

#define TIMERS 64

struct probe {
	struct timer timer;
	struct bench *bench;
	int number;
	void (*also)(struct probe *probe);
};

// A loop on a virtual clock and a log of which probe fired when.
struct bench {
	struct clock clock;
	struct loop *loop;
	struct probe probes[TIMERS];
	int fired[4 * TIMERS];
	int64_t fired_ns[4 * TIMERS];
	size_t count;
};

static void note(struct timer *timer, void *owner) {
	struct probe *probe = owner;
	struct bench *bench = probe->bench;

	assert_ptr_equal(timer, &probe->timer);
	assert_false(timer_is_running(timer));
	assert_true(bench->count < 4 * TIMERS);
	bench->fired[bench->count] = probe->number;
	bench->fired_ns[bench->count++] = loop_now(bench->loop).ns;
	if (probe->also != NULL)
		probe->also(probe);
}

static void bench_open(struct bench *bench) {
	*bench = (struct bench){.count = 0};
	clock_init_virtual(&bench->clock);
	bench->loop = loop_new(&bench->clock, 7);
	for (int i = 0; i < TIMERS; i++) {
		bench->probes[i].bench = bench;
		bench->probes[i].number = i;
		timer_init(&bench->probes[i].timer, TIMER_WORK, note, &bench->probes[i]);
	}
}

static void start(struct bench *bench, int number, int64_t delay_ns) {
	timer_start(bench->loop, &bench->probes[number].timer, delay_ns);
}

static void begins_at_zero_with_nothing_due(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_int_equal(loop_now(b.loop).ns, 0);
	assert_int_equal(loop_seed(b.loop), 7);
	assert_int_equal(loop_next_due(b.loop).ns, INSTANT_NEVER.ns);
	assert_false(loop_step(b.loop, (instant){5}));
	assert_int_equal(loop_now(b.loop).ns, 5);
	assert_int_equal(loop_events_fired(b.loop), 0);
	loop_free(b.loop);
	loop_free(NULL);
}

static void events_come_in_time_order(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	for (int i = 0; i < TIMERS; i++)
		start(&b, i, (i * 37) % TIMERS);
	loop_run_until(b.loop, (instant){TIMERS});
	assert_int_equal(b.count, TIMERS);
	for (int i = 0; i < TIMERS; i++) {
		assert_int_equal(b.fired_ns[i], i);
		assert_int_equal((b.fired[i] * 37) % TIMERS, i);
	}
	loop_free(b.loop);
}

static void equal_times_fire_in_start_order(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	for (int i = 0; i < TIMERS; i++)
		start(&b, (i * 37) % TIMERS, 10);
	start(&b, 0, 10); // a restart is a new start: number 0 goes to the end
	loop_run_until(b.loop, (instant){10});
	assert_int_equal(b.count, TIMERS);
	for (int i = 0; i < TIMERS - 1; i++)
		assert_int_equal(b.fired[i], ((i + 1) * 37) % TIMERS);
	assert_int_equal(b.fired[TIMERS - 1], 0);
	loop_free(b.loop);
}

static void a_stopped_timer_does_not_fire(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	for (int i = 0; i < TIMERS; i++)
		start(&b, i, (i * 37) % TIMERS);
	for (int i = 0; i < TIMERS; i += 3)
		timer_stop(b.loop, &b.probes[i].timer);
	timer_stop(b.loop, &b.probes[0].timer); // twice is fine
	loop_run_until(b.loop, (instant){TIMERS});
	assert_int_equal(b.count, TIMERS - (TIMERS + 2) / 3);
	for (size_t i = 0; i < b.count; i++) {
		assert_int_not_equal(b.fired[i] % 3, 0);
		assert_true(i == 0 || b.fired_ns[i - 1] < b.fired_ns[i]);
	}
	loop_free(b.loop);
}

static void only_work_is_counted_as_pending(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	timer_init(&b.probes[1].timer, TIMER_PERIODIC, note, &b.probes[1]);
	start(&b, 0, 10);
	start(&b, 1, 20);
	start(&b, 2, 30);
	start(&b, 2, 40);
	assert_int_equal(loop_work_pending(b.loop), 2);
	timer_stop(b.loop, &b.probes[1].timer);
	assert_int_equal(loop_work_pending(b.loop), 2);
	timer_stop(b.loop, &b.probes[0].timer);
	assert_int_equal(loop_work_pending(b.loop), 1);
	loop_run_until(b.loop, (instant){40});
	assert_int_equal(loop_work_pending(b.loop), 0);
	assert_int_equal(b.count, 1);
	loop_free(b.loop);
}

static void restart_self(struct probe *probe) {
	if (probe->bench->count < 3)
		timer_start(probe->bench->loop, &probe->timer, 5);
}

static void stop_next_and_start_another(struct probe *probe) {
	struct bench *bench = probe->bench;

	timer_stop(bench->loop, &bench->probes[1].timer);
	start(bench, 2, 0);
}

static void a_timer_may_restart_itself(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	b.probes[0].also = restart_self;
	start(&b, 0, 5);
	loop_run_until(b.loop, (instant){100});
	assert_int_equal(b.count, 3);
	assert_int_equal(b.fired_ns[2], 15);
	assert_int_equal(loop_now(b.loop).ns, 100);
	loop_free(b.loop);
}

static void a_callback_may_stop_and_start_others_of_the_same_instant(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	b.probes[0].also = stop_next_and_start_another;
	start(&b, 0, 5);
	start(&b, 1, 5);
	start(&b, 3, 5);
	loop_run_until(b.loop, (instant){5});
	assert_int_equal(b.count, 3);
	assert_int_equal(b.fired[1], 3);
	assert_int_equal(b.fired[2], 2);
	assert_int_equal(b.fired_ns[2], 5);
	loop_free(b.loop);
}

static void a_start_in_the_past_fires_now(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	loop_run_until(b.loop, (instant){50});
	timer_start_at(b.loop, &b.probes[0].timer, (instant){20});
	assert_int_equal(b.probes[0].timer.due.ns, 50);
	assert_true(loop_step(b.loop, (instant){50}));
	assert_int_equal(b.fired_ns[0], 50);
	loop_free(b.loop);
}

static void nothing_fires_after_until(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	start(&b, 0, 10);
	start(&b, 1, 11);
	loop_run_until(b.loop, (instant){10});
	assert_int_equal(b.count, 1);
	assert_int_equal(loop_now(b.loop).ns, 10);
	assert_int_equal(loop_next_due(b.loop).ns, 11);
	loop_free(b.loop);
}

static void a_timer_that_is_never_due_does_not_hang_an_endless_run(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	start(&b, 0, 10);
	start(&b, 1, INT64_MAX);
	loop_run_until(b.loop, INSTANT_NEVER);
	assert_int_equal(b.count, 1);
	assert_int_equal(loop_now(b.loop).ns, 10); // time stands where the last event left it
	loop_free(b.loop);
}

static bool fewer_than_two(void *owner) {
	return ((struct bench *)owner)->count < 2;
}

static void run_while_ends_by_its_condition_or_by_time(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b);
	for (int i = 0; i < 3; i++)
		start(&b, i, 10 * i);
	assert_true(loop_run_while(b.loop, (instant){100}, fewer_than_two, &b));
	assert_int_equal(loop_now(b.loop).ns, 10);
	b.count = 0;
	assert_false(loop_run_while(b.loop, (instant){100}, fewer_than_two, &b));
	assert_int_equal(b.count, 1);
	assert_int_equal(loop_now(b.loop).ns, 100);
	loop_free(b.loop);
}

// A clock as live/ has one: it is woken at 3 by something that starts probe 1.
struct woken_clock {
	struct clock clock;
	struct bench *bench;
	int waits;
};

static instant wait_until_woken(struct clock *clock, instant due) {
	struct woken_clock *woken = (struct woken_clock *)clock;

	woken->waits++;
	if (clock->now.ns < 3 && due.ns > 3)
		due.ns = 3;
	if (due.ns > clock->now.ns)
		clock->now = due;
	return clock->now;
}

static void start_probe(struct clock *clock) {
	struct woken_clock *woken = (struct woken_clock *)clock;

	if (clock->now.ns == 3 && woken->waits == 1)
		start(woken->bench, 1, 2);
}

static void what_wakes_the_clock_is_handled_at_its_time(void **state) {
	struct bench b;
	struct woken_clock woken = {.clock = {.wait = wait_until_woken, .woken = start_probe}};

	(void)state;
	bench_open(&b);
	loop_free(b.loop);
	woken.bench = &b;
	b.loop = loop_new(&woken.clock, 1);
	start(&b, 0, 10);
	loop_run_until(b.loop, (instant){20});
	assert_int_equal(b.count, 2);
	assert_int_equal(b.fired[0], 1);
	assert_int_equal(b.fired_ns[0], 5);
	assert_int_equal(b.fired_ns[1], 10);
	assert_int_equal(loop_now(b.loop).ns, 20);
	loop_free(b.loop);
}

static instant two_later(struct clock *clock) {
	clock->now = instant_add(clock->now, 2);
	return clock->now;
}

static void catch_up_and_start(struct clock *clock) {
	struct woken_clock *woken = (struct woken_clock *)clock;

	if (woken->waits != 1)
		return;
	loop_catch_up(woken->bench->loop);
	start(woken->bench, 1, 2);
}

static void what_came_in_during_a_turn_is_at_its_own_time(void **state) {
	struct bench b;
	struct woken_clock woken = {
		.clock = {.wait = wait_until_woken, .woken = catch_up_and_start, .read = two_later}};

	(void)state;
	bench_open(&b);
	loop_catch_up(b.loop);
	assert_int_equal(loop_now(b.loop).ns, 0); // virtual time stands still
	loop_free(b.loop);
	woken.bench = &b;
	b.loop = loop_new(&woken.clock, 1);
	start(&b, 0, 4);
	loop_run_until(b.loop, (instant){20});
	// Woken at 3, caught up to 5: what was due at 4 is late, what waits 2 comes at 7.
	assert_int_equal(b.count, 2);
	assert_int_equal(b.fired[0], 0);
	assert_int_equal(b.fired_ns[0], 5);
	assert_int_equal(b.fired[1], 1);
	assert_int_equal(b.fired_ns[1], 7);
	loop_free(b.loop);
}

// A few hundred random starts, stops and restarts against a plain search for the least.
static uint64_t run_randomly(uint64_t seed) {
	struct bench b;
	struct random random;
	struct digest digest;

	bench_open(&b);
	random_init(&random, seed, "loop_test", "starts");
	digest_init(&digest);
	for (int round = 0; round < 500; round++) {
		struct timer *timer = &b.probes[random_below(&random, TIMERS)].timer;
		const struct timer *least = NULL;

		if (random_below(&random, 3) == 0)
			timer_stop(b.loop, timer);
		else
			timer_start(b.loop, timer, (int64_t)random_below(&random, 20));
		for (int i = 0; i < TIMERS; i++) {
			const struct timer *t = &b.probes[i].timer;
			if (timer_is_running(t) &&
				(least == NULL || t->due.ns < least->due.ns ||
					(t->due.ns == least->due.ns && t->sequence < least->sequence)))
				least = t;
		}
		assert_int_equal(
			loop_next_due(b.loop).ns, least == NULL ? INSTANT_NEVER.ns : least->due.ns);
		if (least == NULL || random_below(&random, 2) == 0)
			continue;
		b.count = 0;
		assert_true(loop_step(b.loop, INSTANT_NEVER));
		assert_ptr_equal(&b.probes[b.fired[0]].timer, least);
		digest_add_u64(&digest, (uint64_t)b.fired[0]);
		digest_add_u64(&digest, (uint64_t)b.fired_ns[0]);
	}
	loop_free(b.loop);
	return digest.value;
}

static void the_heap_agrees_with_a_plain_search(void **state) {
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		print_message("# seed %lu\n", (unsigned long)seed);
		run_randomly(seed);
	}
}

static void the_same_seed_gives_the_same_events(void **state) {
	(void)state;
	assert_true(run_randomly(1) == run_randomly(1));
	assert_true(run_randomly(1) != run_randomly(2));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_at_zero_with_nothing_due),
		cmocka_unit_test(events_come_in_time_order),
		cmocka_unit_test(equal_times_fire_in_start_order),
		cmocka_unit_test(a_stopped_timer_does_not_fire),
		cmocka_unit_test(only_work_is_counted_as_pending),
		cmocka_unit_test(a_timer_may_restart_itself),
		cmocka_unit_test(a_callback_may_stop_and_start_others_of_the_same_instant),
		cmocka_unit_test(a_start_in_the_past_fires_now),
		cmocka_unit_test(nothing_fires_after_until),
		cmocka_unit_test(a_timer_that_is_never_due_does_not_hang_an_endless_run),
		cmocka_unit_test(run_while_ends_by_its_condition_or_by_time),
		cmocka_unit_test(what_wakes_the_clock_is_handled_at_its_time),
		cmocka_unit_test(what_came_in_during_a_turn_is_at_its_own_time),
		cmocka_unit_test(the_heap_agrees_with_a_plain_search),
		cmocka_unit_test(the_same_seed_gives_the_same_events),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
