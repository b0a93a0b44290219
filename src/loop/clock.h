// Waiting for time, the one place where virtual and real time differ.
#pragma once

#include "base/instant.h"

// wait() returns once `due` has come, or earlier when something else woke it, with the time it is
// then. The virtual clock jumps; a real one sleeps in poll (live/).
//
// A clock that is woken by other things than time has woken() too: the loop calls it after each
// wait, once loop_now() has moved on, so that what came in is handled at the right time. It may
// start and stop timers. NULL when only time passes.
//
// read() tells the time without waiting, for what came in after wait() returned; NULL when time
// stands still meanwhile.
struct clock {
	instant (*wait)(struct clock *clock, instant due);
	instant now;
	void (*woken)(struct clock *clock);
	instant (*read)(struct clock *clock);
	void *owner; // what the functions need, NULL for the virtual clock
};

// Jumps to `due` at once; stays where it is for INSTANT_NEVER.
void clock_init_virtual(struct clock *clock);
