#include "live/clock_epoll.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#define EVENTS_MAX 64
// How long after the last packet the clock keeps polling.
#define BUSY_NS (200 * US_NS)
// While it polls, how often it asks for the sources that nothing has passed at.
#define ASK_NS (20 * US_NS)
// With nothing to do for so long, it lets others on its processor go first: it may be them that it
// waits for.
#define YIELD_NS (2 * US_NS)
// What is due this soon is waited for awake: going to sleep and coming back takes as long.
#define AWAKE_NS (20 * US_NS)

struct clock_epoll {
	struct clock *clock;
	int fd;
	int64_t zero_ns;            // of CLOCK_MONOTONIC, at instant 0 of the loop
	int64_t epoch_ns;           // of CLOCK_REALTIME, at the same moment
	struct busy_source *busy;   // not in the epoll set
	struct busy_source *trying; // the next of them to be tried
	instant ask_at, yield_at;
	struct epoll_event events[EVENTS_MAX];
	int event_count, event_next;
};

static int64_t read_clock(clockid_t which) {
	struct timespec time;
	clock_gettime(which, &time);
	return time.tv_sec * SECOND_NS + time.tv_nsec;
}

static instant read_now(const struct clock_epoll *epoll) {
	return (instant){read_clock(CLOCK_MONOTONIC) - epoll->zero_ns};
}

// How long the kernel may let us sleep; -1: until something comes in.
static int64_t sleep_ns(instant now, instant due) {
	if (instant_compare(due, INSTANT_NEVER) == 0)
		return -1;
	int64_t left_ns = instant_since(due, now);
	return left_ns <= AWAKE_NS ? 0 : left_ns - AWAKE_NS;
}

static void ask(struct clock_epoll *epoll, int64_t ns) {
	struct timespec timeout = {.tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS};
	int count = epoll_pwait2(epoll->fd, epoll->events, EVENTS_MAX, ns < 0 ? NULL : &timeout, NULL);
	epoll->event_count = count > 0 ? count : 0;
	epoll->event_next = 0;
}

static instant wait_until(struct clock *clock, instant due) {
	struct clock_epoll *epoll = clock->owner;
	instant now = read_now(epoll);
	if (epoll->busy == NULL) {
		do {
			ask(epoll, sleep_ns(now, due));
			now = read_now(epoll);
		} while (epoll->event_count == 0 && instant_compare(now, due) < 0);
	} else if (instant_compare(now, epoll->ask_at) >= 0) {
		ask(epoll, 0);
		epoll->ask_at = instant_add(now, ASK_NS);
	} else if (instant_compare(now, epoll->yield_at) >= 0) {
		sched_yield();
		now = read_now(epoll);
	}
	clock->now = now;
	return now;
}

static instant read_again(struct clock *clock) {
	clock->now = read_now(clock->owner);
	return clock->now;
}

static int control(
	struct clock_epoll *epoll, int operation, struct source *source, uint32_t events) {
	struct epoll_event event = {.events = events, .data.ptr = source};
	return epoll_ctl(epoll->fd, operation, source->fd, &event) < 0 ? -errno : 0;
}

static void unlink_busy(struct clock_epoll *epoll, struct busy_source *busy) {
	struct busy_source **at = &epoll->busy;
	while (*at != busy)
		at = &(*at)->next;
	*at = busy->next;
	busy->is_busy = false;
	if (epoll->trying == busy)
		epoll->trying = busy->next;
}

// Tries each busy source once; its `ready` may take any of them out.
static void try_busy(struct clock_epoll *epoll) {
	instant now = epoll->clock->now;
	struct busy_source *busy;
	epoll->trying = epoll->busy;
	while ((busy = epoll->trying) != NULL) {
		bool is_over = instant_compare(now, busy->until) >= 0;
		epoll->trying = busy->next;
		if (is_over && control(epoll, EPOLL_CTL_ADD, busy->source, busy->events) == 0)
			unlink_busy(epoll, busy);
		else
			busy->source->ready(busy->source->owner, busy->events);
	}
}

static void tell_ready(struct clock *clock) {
	struct clock_epoll *epoll = clock->owner;
	while (epoll->event_next < epoll->event_count) {
		struct epoll_event *event = &epoll->events[epoll->event_next++];
		struct source *source = event->data.ptr;
		if (source != NULL)
			source->ready(source->owner, event->events);
	}
	try_busy(epoll);
}

void clock_epoll_restart(struct clock_epoll *epoll) {
	epoll->zero_ns = read_clock(CLOCK_MONOTONIC) - epoll->clock->now.ns;
	epoll->epoch_ns = read_clock(CLOCK_REALTIME) - epoll->clock->now.ns;
}

struct clock_epoll *clock_epoll_new(struct clock *clock) {
	int fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return NULL;
	struct clock_epoll *epoll = memory_alloc(sizeof(*epoll));
	epoll->clock = clock;
	epoll->fd = fd;
	clock_epoll_restart(epoll);
	// The default slack of 50 us would be added to every sleep.
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	clock->wait = wait_until;
	clock->woken = tell_ready;
	clock->read = read_again;
	clock->owner = epoll;
	return epoll;
}

void clock_epoll_free(struct clock_epoll *epoll) {
	if (epoll == NULL)
		return;
	instant now = epoll->clock->now;
	clock_init_virtual(epoll->clock);
	epoll->clock->now = now;
	close(epoll->fd);
	free(epoll);
}

int clock_epoll_add(struct clock_epoll *epoll, struct source *source, uint32_t events) {
	return control(epoll, EPOLL_CTL_ADD, source, events);
}

int clock_epoll_change(struct clock_epoll *epoll, struct source *source, uint32_t events) {
	return control(epoll, EPOLL_CTL_MOD, source, events);
}

static void take_out(struct clock_epoll *epoll, struct source *source) {
	control(epoll, EPOLL_CTL_DEL, source, 0);
	for (int i = epoll->event_next; i < epoll->event_count; i++) {
		if (epoll->events[i].data.ptr == source)
			epoll->events[i].data.ptr = NULL;
	}
}

void clock_epoll_remove(struct clock_epoll *epoll, struct source *source) {
	for (struct busy_source *busy = epoll->busy; busy != NULL; busy = busy->next) {
		if (busy->source == source) {
			unlink_busy(epoll, busy);
			return;
		}
	}
	take_out(epoll, source);
}

void clock_epoll_note_traffic(struct clock_epoll *epoll, struct busy_source *busy) {
	busy->until = instant_add(epoll->clock->now, BUSY_NS);
	epoll->yield_at = instant_add(epoll->clock->now, YIELD_NS);
	if (busy->is_busy)
		return;
	take_out(epoll, busy->source);
	busy->is_busy = true;
	busy->next = epoll->busy;
	epoll->busy = busy;
}

int64_t clock_epoll_epoch_ns(const struct clock_epoll *epoll) {
	return epoll->epoch_ns;
}
