// A hierarchical timing wheel: timers by when they are due, coarsely, so that starting and stopping
// one costs the same however many there are. It orders nothing within a slot: a slot whose time
// comes is handed over and sorted by the loop's heap, so the order of events stays exactly (due,
// sequence).
//
// Time is counted in ticks of 1,024 ns from `cursor`, the tick the wheel stands at. A timer stands
// on the level of the highest digit (of six bits) in which its tick differs from the cursor, in the
// slot of that digit. So everything on a level comes before everything on the next, a level's slots
// are in order, and a timer moves down at most WHEEL_LEVELS times before it is handed over.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

#define WHEEL_TICK_BITS 10
#define WHEEL_DIGIT_BITS 6
#define WHEEL_SLOTS (1 << WHEEL_DIGIT_BITS)
#define WHEEL_LEVELS 9 // 63 bits less those of a tick

// The keys stand beside the timer, so that moving and sorting don't follow pointers to every timer.
struct event {
	int64_t due_ns;
	uint64_t sequence;
	struct timer *timer;
};

static inline bool event_is_before(const struct event *a, const struct event *b) {
	if (a->due_ns != b->due_ns)
		return a->due_ns < b->due_ns;
	return a->sequence < b->sequence;
}

struct wheel {
	uint64_t cursor;
	size_t count;
	uint64_t levels_used;              // a bit for each level
	uint64_t slots_used[WHEEL_LEVELS]; // a bit for each slot
	struct wheel_slot {
		struct event *items;
		size_t count, room;
	} slots[WHEEL_LEVELS * WHEEL_SLOTS];
};

static inline uint64_t wheel_tick(int64_t ns) {
	return (uint64_t)ns >> WHEEL_TICK_BITS;
}

void wheel_done(struct wheel *wheel);

// The event is due after the cursor's tick.
void wheel_add(struct wheel *wheel, const struct event *event);
void wheel_remove(struct wheel *wheel, struct timer *timer);

// Of the first slot that holds any timer: none of all is due before this. There must be one.
instant wheel_bound(const struct wheel *wheel);
// Puts the cursor forward to the bound and opens that slot: its timers go to where they now belong,
// those of the cursor's own tick to `take`, which have then left the wheel.
typedef void wheel_take_fn(void *owner, const struct event *event);
void wheel_turn(struct wheel *wheel, wheel_take_fn *take, void *owner);
