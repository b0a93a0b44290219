#include "loop/loop.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "loop/wheel_int.h"

// Up to so many timers a heap is faster than a wheel, so it takes the first ones, whatever they
// are; those beyond go to the wheel and come back when their time is near
// (docs/decisions/0014-timing-wheel.md).
#define HEAP_TIMERS_KEPT 256
#define HEAP_ITEMS_FIRST 16 // the heap's first room; it doubles

// So many events may fire before the clock is asked again, lest a flood of due timers keep a real
// clock from noticing what else has come in.
#define TURN_EVENTS_MAX 64

// `items` is a binary min-heap that counts from 1: the children of i are 2i and 2i + 1.
struct loop {
	struct clock *clock;
	instant now;
	uint64_t seed;
	uint64_t next_sequence;
	uint64_t events_fired;
	size_t work_pending;
	unsigned turn_events;
	struct event *items;
	size_t count; // timers in the heap
	size_t room;
	struct wheel wheel;
};

struct loop *loop_new(struct clock *clock, uint64_t seed) {
	struct loop *loop = memory_alloc(sizeof(*loop));

	assert(clock != NULL && clock->wait != NULL);
	loop->clock = clock;
	loop->now = clock->now;
	loop->seed = seed;
	loop->wheel.cursor = wheel_tick(loop->now.ns);
	loop->room = HEAP_ITEMS_FIRST;
	loop->items = memory_alloc(memory_product(loop->room, sizeof(*loop->items)));
	return loop;
}

void loop_free(struct loop *loop) {
	if (loop == NULL)
		return;
	wheel_done(&loop->wheel);
	free(loop->items);
	free(loop);
}

instant loop_now(const struct loop *loop) {
	return loop->now;
}

static void move_on(struct loop *loop, instant now) {
	if (instant_compare(now, loop->now) > 0)
		loop->now = now;
}

void loop_catch_up(struct loop *loop) {
	if (loop->clock->read != NULL)
		move_on(loop, loop->clock->read(loop->clock));
}

uint64_t loop_seed(const struct loop *loop) {
	return loop->seed;
}

size_t loop_work_pending(const struct loop *loop) {
	return loop->work_pending;
}

uint64_t loop_events_fired(const struct loop *loop) {
	return loop->events_fired;
}

static void heap_put(struct loop *loop, size_t index, struct event event) {
	loop->items[index] = event;
	event.timer->index = index;
}

// Moves `event` from the hole at `index` towards the root, to where it belongs.
static void heap_sift_up(struct loop *loop, size_t index, struct event event) {
	while (index > 1 && event_is_before(&event, &loop->items[index / 2])) {
		heap_put(loop, index, loop->items[index / 2]);
		index /= 2;
	}
	heap_put(loop, index, event);
}

static void heap_sift_down(struct loop *loop, size_t index, struct event event) {
	for (;;) {
		size_t child = 2 * index;

		if (child > loop->count)
			break;
		if (child < loop->count && event_is_before(&loop->items[child + 1], &loop->items[child]))
			child++;
		if (!event_is_before(&loop->items[child], &event))
			break;
		heap_put(loop, index, loop->items[child]);
		index = child;
	}
	heap_put(loop, index, event);
}

// Puts `event` into the hole at `index`, whichever way it has to go.
static void heap_settle(struct loop *loop, size_t index, struct event event) {
	if (index > 1 && event_is_before(&event, &loop->items[index / 2]))
		heap_sift_up(loop, index, event);
	else
		heap_sift_down(loop, index, event);
}

static void heap_add(void *owner, const struct event *event) {
	struct loop *loop = owner;
	// One more than the timers, since slot 0 stays empty.
	loop->items = array_grow(loop->items, &loop->room, loop->count + 1, sizeof(*loop->items));
	loop->count++;
	event->timer->place = TIMER_IN_HEAP;
	heap_sift_up(loop, loop->count, *event);
}

static void heap_remove(struct loop *loop, const struct timer *timer) {
	size_t index = timer->index;
	assert(index <= loop->count && loop->items[index].timer == timer);
	struct event last = loop->items[loop->count--];
	if (last.timer != timer)
		heap_settle(loop, index, last);
}

// Afterwards the heap's first is the first of all. The wheel turns only as far as that needs, which
// may be ahead of the clock; what is started for a time before the cursor goes to the heap.
static void find_next(struct loop *loop) {
	while (loop->wheel.count > 0 &&
		(loop->count == 0 || loop->items[1].due_ns >= wheel_bound(&loop->wheel).ns))
		wheel_turn(&loop->wheel, heap_add, loop);
}

instant loop_next_due(struct loop *loop) {
	find_next(loop);
	return loop->count == 0 ? INSTANT_NEVER : (instant){loop->items[1].due_ns};
}

void timer_init(struct timer *timer, enum timer_kind kind, timer_fn *fire, void *owner) {
	*timer = (struct timer){.fire = fire, .owner = owner, .kind = kind};
}

bool timer_is_running(const struct timer *timer) {
	return timer->place != TIMER_STOPPED;
}

void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ns) {
	assert(delay_ns >= 0);
	if (delay_ns > INT64_MAX - loop->now.ns)
		timer_start_at(loop, timer, INSTANT_NEVER);
	else
		timer_start_at(loop, timer, instant_add(loop->now, delay_ns));
}

void timer_start_at(struct loop *loop, struct timer *timer, instant due) {
	assert(timer->fire != NULL);
	timer->due = instant_compare(due, loop->now) < 0 ? loop->now : due;
	timer->sequence = loop->next_sequence++;
	struct event event = {timer->due.ns, timer->sequence, timer};
	if (timer->place == TIMER_IN_HEAP && loop->count <= HEAP_TIMERS_KEPT) {
		heap_settle(loop, timer->index, event);
		return;
	}
	timer_stop(loop, timer);
	if (timer->kind == TIMER_WORK)
		loop->work_pending++;
	if (loop->count < HEAP_TIMERS_KEPT || wheel_tick(event.due_ns) <= loop->wheel.cursor)
		heap_add(loop, &event);
	else
		wheel_add(&loop->wheel, &event);
}

void timer_stop(struct loop *loop, struct timer *timer) {
	if (timer->place == TIMER_STOPPED)
		return;
	if (timer->kind == TIMER_WORK)
		loop->work_pending--;
	if (timer->place == TIMER_IN_HEAP)
		heap_remove(loop, timer);
	else
		wheel_remove(&loop->wheel, timer);
	timer->place = TIMER_STOPPED;
}

// Lets time pass until the next event or `until`, and whatever came in meanwhile be handled.
static void loop_wait(struct loop *loop, instant until) {
	instant due = loop_next_due(loop);

	if (instant_compare(due, loop->now) <= 0 && loop->turn_events < TURN_EVENTS_MAX)
		return;
	move_on(loop, loop->clock->wait(loop->clock, instant_compare(due, until) < 0 ? due : until));
	loop->turn_events = 0;
	if (loop->clock->woken != NULL)
		loop->clock->woken(loop->clock);
}

bool loop_step(struct loop *loop, instant until) {
	loop_wait(loop, until);
	instant due = loop_next_due(loop);
	bool is_due = instant_compare(due, loop->now) <= 0 && instant_compare(due, until) <= 0;

	if (!is_due) {
		// Before `until` the wait ended early, and there is more to come; unless nothing is left
		// that could end the next one.
		if (loop->clock->woken == NULL && instant_compare(due, INSTANT_NEVER) == 0)
			return false;
		return instant_compare(loop->now, until) < 0;
	}
	struct timer *timer = loop->items[1].timer;
	timer_stop(loop, timer);
	loop->turn_events++;
	loop->events_fired++;
	timer->fire(timer, timer->owner);
	return true;
}

void loop_run_until(struct loop *loop, instant until) {
	while (loop_step(loop, until))
		continue;
}

bool loop_run_while(struct loop *loop, instant until, loop_keep_going_fn *keep_going, void *owner) {
	while (keep_going(owner)) {
		if (!loop_step(loop, until))
			return false;
	}
	return true;
}
