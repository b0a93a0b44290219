// The real clock of a loop: waits in epoll until the next event is due or something came in.
//
// While packets flow it asks their sources without sleeping, so that a round trip does not pay for
// a wake-up at every link, and lets others have the processor while there is nothing to do; an idle
// loop sleeps to the nanosecond its next event is due.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loop/clock.h"

struct clock_epoll;

// Something with a descriptor. Embedded in its owner, who keeps it while it is added. `ready` is
// told with epoll's event bits, from the loop, once loop_now() has moved on.
struct source {
	int fd;
	void (*ready)(void *owner, uint32_t events);
	void *owner;
};

// Beside a source that packets come in by, and as long-lived. `source` and `events` are the owner's
// to set, the rest is the clock's.
struct busy_source {
	struct source *source;
	uint32_t events; // what it was added with
	bool is_busy;
	instant until;
	struct busy_source *next;
};

// Takes over a clock that stands still: from here on its time passes as the machine's does, going
// on from where it stood. NULL with errno set when the kernel has no descriptors left.
struct clock_epoll *clock_epoll_new(struct clock *clock);
// Goes on from where the clock stood once more: what was done since, at no time of the loop's own,
// took no time.
void clock_epoll_restart(struct clock_epoll *epoll);
void clock_epoll_free(struct clock_epoll *epoll); // NULL is fine; the clock stands still again

// 0 or -errno. `events` are epoll's: EPOLLIN, EPOLLOUT.
int clock_epoll_add(struct clock_epoll *epoll, struct source *source, uint32_t events);
int clock_epoll_change(struct clock_epoll *epoll, struct source *source, uint32_t events);
// Also from inside a `ready`; no event of the source follows.
void clock_epoll_remove(struct clock_epoll *epoll, struct source *source);

// A packet passed at the source: more may follow soon, so for a while the clock does not sleep, and
// tells it that it is ready each time, whether or not anything is there: to try costs less than to
// ask first, and a source that nobody waits for costs whoever fills it less, too.
void clock_epoll_note_traffic(struct clock_epoll *epoll, struct busy_source *busy);
// The machine's wall time at instant 0 of the loop, in nanoseconds since 1970: for captures.
int64_t clock_epoll_epoch_ns(const struct clock_epoll *epoll);
