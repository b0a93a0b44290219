// The wheel by itself, then the loop with it, against a plain search through all timers.
#include "loop/wheel_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"

#define TIMERS 1000 // far more than the heap keeps
#define ROUNDS 4000
#define SEEDS 5

struct model {
	struct wheel wheel;
	struct timer timers[TIMERS];
	uint64_t sequence;
};

static bool timer_is_before(const struct timer *a, const struct timer *b) {
	int order = instant_compare(a->due, b->due);
	return order != 0 ? order < 0 : a->sequence < b->sequence;
}

// From the next tick to many years, each order of magnitude as often as any other.
static int64_t some_delay(struct random *random) {
	unsigned bits = 1 + (unsigned)random_below(random, 61);
	return (int64_t)(random_u64(random) >> (64 - bits));
}

static const struct timer *search(const struct model *model) {
	const struct timer *least = NULL;
	for (size_t i = 0; i < TIMERS; i++) {
		const struct timer *timer = &model->timers[i];
		if (timer->place == TIMER_IN_WHEEL && (least == NULL || timer_is_before(timer, least)))
			least = timer;
	}
	return least;
}

static void add(struct model *model, struct timer *timer, int64_t delay) {
	int64_t cursor_ns = (int64_t)(model->wheel.cursor << WHEEL_TICK_BITS);
	int64_t due_ns = delay > INT64_MAX - cursor_ns ? INT64_MAX : cursor_ns + delay;
	if (wheel_tick(due_ns) <= model->wheel.cursor)
		return;
	timer->due = (instant){due_ns};
	timer->sequence = model->sequence++;
	wheel_add(&model->wheel, &(struct event){due_ns, timer->sequence, timer});
}

static void take(void *owner, const struct event *event) {
	struct model *model = owner;
	assert_int_equal(event->timer->due.ns, event->due_ns);
	assert_int_equal(wheel_tick(event->due_ns), model->wheel.cursor);
	event->timer->place = TIMER_STOPPED;
}

// Nothing is due before the bound, and what stays in the wheel is due after the cursor.
static void turn(struct model *model) {
	const struct timer *least = search(model);
	instant bound = wheel_bound(&model->wheel);
	assert_true(instant_compare(bound, least->due) <= 0);
	wheel_turn(&model->wheel, take, model);
	assert_int_equal(model->wheel.cursor, wheel_tick(bound.ns));
	least = search(model);
	assert_true(least == NULL || wheel_tick(least->due.ns) > model->wheel.cursor);
}

static void play(struct model *model, struct random *random) {
	for (int round = 0; round < ROUNDS; round++) {
		struct timer *timer = &model->timers[random_below(random, TIMERS)];
		uint64_t what = random_below(random, 8);
		if (timer->place == TIMER_IN_WHEEL && what < 4) {
			wheel_remove(&model->wheel, timer);
			timer->place = TIMER_STOPPED;
		} else if (timer->place == TIMER_STOPPED) {
			add(model, timer, some_delay(random));
		}
		if (what > 5 && model->wheel.count > 0)
			turn(model);
	}
}

static void the_wheel_agrees_with_a_plain_search(void **state) {
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct model *model = test_calloc(1, sizeof(*model));
		struct random random;
		print_message("# seed %lu\n", (unsigned long)seed);
		random_init(&random, seed, "wheel_test", "timers");
		play(model, &random);
		size_t count = 0;
		for (size_t i = 0; i < TIMERS; i++)
			count += model->timers[i].place == TIMER_IN_WHEEL;
		assert_int_equal(model->wheel.count, count);
		while (model->wheel.count > 0)
			turn(model);
		assert_null(search(model));
		assert_int_equal(model->wheel.levels_used, 0);
		wheel_done(&model->wheel);
		test_free(model);
	}
}

static void the_last_instant_has_a_slot(void **state) {
	static struct model model;
	(void)state;
	add(&model, &model.timers[0], INT64_MAX);
	add(&model, &model.timers[1], INT64_MAX - 1);
	assert_int_equal(wheel_tick(wheel_bound(&model.wheel).ns) >> 48, 31);
	for (int turns = 0; model.wheel.count > 0; turns++) {
		assert_true(turns < WHEEL_LEVELS);
		turn(&model);
	}
	wheel_done(&model.wheel);
}

// The loop: what fires next is what a search says, through starts, restarts and stops from outside
// and from the events themselves.
struct world {
	struct clock clock;
	struct loop *loop;
	struct random random;
	struct timer timers[TIMERS];
	const struct timer *expected;
	size_t fired;
};

static const struct timer *search_running(const struct world *world) {
	const struct timer *least = NULL;
	for (size_t i = 0; i < TIMERS; i++) {
		const struct timer *timer = &world->timers[i];
		if (timer_is_running(timer) && (least == NULL || timer_is_before(timer, least)))
			least = timer;
	}
	return least;
}

static void disturb(struct world *world) {
	struct timer *timer = &world->timers[random_below(&world->random, TIMERS)];
	if (random_below(&world->random, 8) == 0)
		timer_stop(world->loop, timer);
	else
		timer_start(world->loop, timer, some_delay(&world->random) >> 16);
}

static void fired(struct timer *timer, void *owner) {
	struct world *world = owner;
	assert_ptr_equal(timer, world->expected);
	assert_int_equal(loop_now(world->loop).ns, timer->due.ns);
	world->fired++;
	for (uint64_t i = random_below(&world->random, 4); i > 0; i--)
		disturb(world);
}

static void the_loop_agrees_with_a_plain_search(void **state) {
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		static struct world world;
		print_message("# seed %lu\n", (unsigned long)seed);
		world.fired = 0;
		clock_init_virtual(&world.clock);
		world.loop = loop_new(&world.clock, seed);
		random_init(&world.random, seed, "wheel_test", "loop");
		for (size_t i = 0; i < TIMERS; i++)
			timer_init(&world.timers[i], TIMER_WORK, fired, &world);
		for (size_t i = 0; i < TIMERS; i++)
			timer_start(world.loop, &world.timers[i], some_delay(&world.random) >> 16);
		for (int round = 0; round < ROUNDS; round++) {
			disturb(&world);
			world.expected = search_running(&world);
			assert_int_equal(loop_next_due(world.loop).ns,
				world.expected == NULL ? INSTANT_NEVER.ns : world.expected->due.ns);
			if (world.expected == NULL || loop_now(world.loop).ns > INT64_MAX / 4)
				continue;
			// Sometimes short of it, as a clock that is woken early.
			int64_t left = instant_since(world.expected->due, loop_now(world.loop));
			if (left > 0 && random_below(&world.random, 3) == 0)
				loop_run_until(world.loop,
					instant_add(loop_now(world.loop),
						(int64_t)random_below(&world.random, (uint64_t)left)));
			else
				assert_true(loop_step(world.loop, world.expected->due));
		}
		assert_true(world.fired > ROUNDS / 4);
		size_t running = 0;
		for (size_t i = 0; i < TIMERS; i++)
			running += timer_is_running(&world.timers[i]);
		assert_int_equal(loop_work_pending(world.loop), running);
		loop_free(world.loop);
	}
}

static void count_down(struct timer *timer, void *owner) {
	struct timer **next = owner;
	assert_ptr_equal(timer, *next);
	(*next)++;
}

// One that went to the wheel, since the heap was full, and one that found room in it later.
static void equal_times_fire_in_start_order_wherever_they_waited(void **state) {
	enum { FULL = 512 };
	static struct timer timers[FULL + 2];
	struct timer *next = timers;
	struct clock clock;
	(void)state;
	clock_init_virtual(&clock);
	struct loop *loop = loop_new(&clock, 1);
	for (size_t i = 0; i < FULL; i++) {
		timer_init(&timers[i], TIMER_WORK, count_down, &next);
		timer_start(loop, &timers[i], (int64_t)i);
	}
	const instant due = {1 << 20}; // where a slot begins
	timer_init(&timers[FULL], TIMER_WORK, count_down, &next);
	timer_init(&timers[FULL + 1], TIMER_WORK, count_down, &next);
	timer_start_at(loop, &timers[FULL], due);
	assert_int_equal(timers[FULL].place, TIMER_IN_WHEEL);
	loop_run_until(loop, (instant){FULL});
	timer_start_at(loop, &timers[FULL + 1], due);
	assert_int_equal(timers[FULL + 1].place, TIMER_IN_HEAP);
	loop_run_until(loop, due);
	assert_ptr_equal(next, timers + FULL + 2);
	loop_free(loop);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_instant_has_a_slot),
		cmocka_unit_test(the_wheel_agrees_with_a_plain_search),
		cmocka_unit_test(equal_times_fire_in_start_order_wherever_they_waited),
		cmocka_unit_test(the_loop_agrees_with_a_plain_search),
	};
	return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
