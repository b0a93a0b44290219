#include "loop/loop.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

// The heap's first room; it doubles.
#define HEAP_ITEMS_FIRST 16

// So many events may fire before the clock is asked again, lest a flood of due timers keep a real
// clock from noticing what else has come in.
#define TURN_EVENTS_MAX 64

// The keys stand in the heap itself, so that sifting doesn't follow pointers to every timer.
struct slot {
	int64_t due_ns;
	uint64_t sequence;
	struct timer *timer;
};

// `items` is a binary min-heap that counts from 1: the children of i are 2i and 2i + 1.
struct loop {
	struct clock *clock;
	instant now;
	uint64_t seed;
	uint64_t next_sequence;
	uint64_t events_fired;
	size_t work_pending;
	unsigned turn_events;
	struct slot *items;
	size_t count; // timers pending
	size_t room;
};

struct loop *loop_new(struct clock *clock, uint64_t seed) {
	struct loop *loop = memory_alloc(sizeof(*loop));

	assert(clock != NULL && clock->wait != NULL);
	loop->clock = clock;
	loop->now = clock->now;
	loop->seed = seed;
	loop->room = HEAP_ITEMS_FIRST;
	loop->items = memory_alloc(memory_product(loop->room, sizeof(*loop->items)));
	return loop;
}

void loop_free(struct loop *loop) {
	if (loop == NULL)
		return;
	free(loop->items);
	free(loop);
}

instant loop_now(const struct loop *loop) {
	return loop->now;
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

instant loop_next_due(const struct loop *loop) {
	return loop->count == 0 ? INSTANT_NEVER : (instant){loop->items[1].due_ns};
}

static bool slot_is_before(const struct slot *a, const struct slot *b) {
	if (a->due_ns != b->due_ns)
		return a->due_ns < b->due_ns;
	return a->sequence < b->sequence;
}

static void heap_put(struct loop *loop, size_t index, struct slot slot) {
	loop->items[index] = slot;
	slot.timer->heap_index = index;
}

// Moves `slot` from the hole at `index` towards the root, to where it belongs.
static void heap_sift_up(struct loop *loop, size_t index, struct slot slot) {
	while (index > 1 && slot_is_before(&slot, &loop->items[index / 2])) {
		heap_put(loop, index, loop->items[index / 2]);
		index /= 2;
	}
	heap_put(loop, index, slot);
}

static void heap_sift_down(struct loop *loop, size_t index, struct slot slot) {
	for (;;) {
		size_t child = 2 * index;

		if (child > loop->count)
			break;
		if (child < loop->count && slot_is_before(&loop->items[child + 1], &loop->items[child]))
			child++;
		if (!slot_is_before(&loop->items[child], &slot))
			break;
		heap_put(loop, index, loop->items[child]);
		index = child;
	}
	heap_put(loop, index, slot);
}

// Puts `slot` into the hole at `index`, whichever way it has to go.
static void heap_settle(struct loop *loop, size_t index, struct slot slot) {
	if (index > 1 && slot_is_before(&slot, &loop->items[index / 2]))
		heap_sift_up(loop, index, slot);
	else
		heap_sift_down(loop, index, slot);
}

void timer_init(struct timer *timer, enum timer_kind kind, timer_fn *fire, void *owner) {
	*timer = (struct timer){.fire = fire, .owner = owner, .kind = kind};
}

bool timer_is_running(const struct timer *timer) {
	return timer->heap_index != 0;
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
	struct slot slot = {timer->due.ns, timer->sequence, timer};

	if (timer_is_running(timer)) {
		heap_settle(loop, timer->heap_index, slot);
		return;
	}
	if (timer->kind == TIMER_WORK)
		loop->work_pending++;
	// One more than the timers, since slot 0 stays empty.
	loop->items = array_grow(loop->items, &loop->room, loop->count + 1, sizeof(*loop->items));
	loop->count++;
	heap_sift_up(loop, loop->count, slot);
}

void timer_stop(struct loop *loop, struct timer *timer) {
	size_t index = timer->heap_index;

	if (index == 0)
		return;
	assert(index <= loop->count && loop->items[index].timer == timer);
	if (timer->kind == TIMER_WORK)
		loop->work_pending--;
	timer->heap_index = 0;
	struct slot last = loop->items[loop->count--];
	if (last.timer != timer)
		heap_settle(loop, index, last);
}

// Lets time pass until the next event or `until`, and whatever came in meanwhile be handled.
static void loop_wait(struct loop *loop, instant until) {
	instant due = loop_next_due(loop);

	if (instant_compare(due, loop->now) <= 0 && loop->turn_events < TURN_EVENTS_MAX)
		return;
	instant now = loop->clock->wait(loop->clock, instant_compare(due, until) < 0 ? due : until);
	loop->turn_events = 0;
	if (instant_compare(now, loop->now) > 0)
		loop->now = now;
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
