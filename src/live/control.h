// The control socket of a running lab: a line of JSON asks, a line of JSON answers. Behind an
// answer bytes may follow, of a capture for example, until either side closes.
//
// Requests are answered from a timer of the loop, one at a time, so that answering may itself run
// the loop (a trace does) while packets go on flowing.
#pragma once

#include "base/json.h"
#include "live/clock_epoll.h"
#include "loop/loop.h"

#define CONTROL_LINE_MAX 65536
#define CONTROL_CALLERS_MAX 64
// What waits to be read by a slow caller; beyond it bytes are left out.
#define CONTROL_BACKLOG_MAX (8 << 20)

struct control;
struct control_caller;

struct control_events {
	// Answer with control_answer(), now or later. `request` is an object and lasts for the call.
	void (*asked)(void *owner, struct control_caller *caller, const json_t *request);
	// The caller is gone after this.
	void (*closed)(void *owner, struct control_caller *caller);
	void *owner;
};

// Listens at `path`, for its owner only (mode 0600). 0 or -errno.
int control_open(const char *path, struct loop *loop, struct clock_epoll *clock,
	const struct control_events *events, struct control **out);
void control_close(struct control *control); // NULL is fine; what callers have to get is sent

void control_answer(struct control_caller *caller, json_t *answer); // takes over `answer`
// -ENOBUFS when the caller reads too slowly: then nothing of it is sent.
int control_send(struct control_caller *caller, const void *bytes, size_t length);
void control_hang_up(struct control_caller *caller); // `closed` is told; not from inside `closed`

// The other side: asks and waits for the answer. The descriptor stays open when `stream` isn't
// NULL. 0 or -errno: -ENOENT, -ECONNREFUSED when nobody listens.
int control_ask(const char *path, const json_t *request, json_t **answer, int *stream);
