// The loop: a clock, timers, and the order of events.
//
// Events happen in the order (due time, start sequence): two timers due at the same instant fire
// in the order they were started. Virtual and real time differ only in the clock's wait (clock.h).
// Nothing below here knows which it is.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "loop/clock.h"

struct loop;
struct timer;

typedef void timer_fn(struct timer *timer, void *owner);

// Periodic timers (keepalive, hold, BFD, rekey) run for ever; the others are work in flight. The
// loop counts the latter, which is half of "converged".
enum timer_kind {
	TIMER_WORK,
	TIMER_PERIODIC,
};

// Embedded in its owner; zero-initialised means stopped. Private but for reading `due`.
struct timer {
	timer_fn *fire;
	void *owner;
	instant due;
	uint64_t sequence;
	size_t index; // at its place
	enum timer_kind kind;
	uint16_t slot; // of the wheel
	enum timer_place {
		TIMER_STOPPED,
		TIMER_IN_HEAP,
		TIMER_IN_WHEEL,
	} place : 16;
};

// `clock` is not owned. The loop begins at instant 0.
struct loop *loop_new(struct clock *clock, uint64_t seed);
void loop_free(struct loop *loop); // pending timers are forgotten, not fired

instant loop_now(const struct loop *loop); // read once a turn
// Reads it again, for what came in after the turn began and would otherwise be taken for earlier
// than it was: a packet would be ahead of its time at the other side of a link.
void loop_catch_up(struct loop *loop);
uint64_t loop_seed(const struct loop *loop);

void timer_init(struct timer *timer, enum timer_kind kind, timer_fn *fire, void *owner);
// (Re)starts it to fire once, `delay_ns` >= 0 from now (or at `due`, not before now).
void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ns);
void timer_start_at(struct loop *loop, struct timer *timer, instant due);
void timer_stop(struct loop *loop, struct timer *timer); // fine when stopped
bool timer_is_running(const struct timer *timer);

// How many TIMER_WORK timers are pending.
size_t loop_work_pending(const struct loop *loop);

// When the next event is due, INSTANT_NEVER when none.
instant loop_next_due(struct loop *loop);
// Waits for and fires the next event. False when there is none at or before `until`; the clock has
// then moved on to `until`.
bool loop_step(struct loop *loop, instant until);
// Steps until `until`.
void loop_run_until(struct loop *loop, instant until);
// Fires events while `keep_going` says so and there are any, never past `until`. True when
// keep_going ended it.
typedef bool loop_keep_going_fn(void *owner);
bool loop_run_while(struct loop *loop, instant until, loop_keep_going_fn *keep_going, void *owner);

uint64_t loop_events_fired(const struct loop *loop);
